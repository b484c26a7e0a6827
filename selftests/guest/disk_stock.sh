#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:64M,lun1=ram:8M" drivers=stock timeout=400 kernels="6.1 6.12" days="6.1"
# proves: the kernel's own hv_vmbus and hv_storvsc pass the same disk test on the same host, so the host is right
. ./disk_tests.sh
disk_tests

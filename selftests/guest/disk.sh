#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:64M,lun1=ram:8M" drivers=kit timeout=400 kernels="6.1 6.12 small 7.3"
# proves: our drivers carry a disk: files, flush, discard, errors, odd sizes, completions late and out of order
. ./disk_tests.sh
disk_tests

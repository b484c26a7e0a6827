#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:64M,utils=all" drivers=stock timeout=400 kernels="6.1 6.12" days="6.1"
# proves: the kernel's own hv_utils, with the unmodified daemons, passes the services' test, so the host is right
. ./utils_lib.sh
utils_tests

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:64M,utils=all" drivers=kit timeout=400 kernels="6.1 6.12 7.3"
# proves: our integration services pass the test that the kernel's own pass, with the unmodified daemons
. ./utils_lib.sh

# As the kernel's do, wait to be asked; what ours do by themselves is for utils_faults.sh.
mkdir -p /etc/modprobe.d
echo "options vmbus_utils time_behind=0" >/etc/modprobe.d/utils.conf
utils_tests

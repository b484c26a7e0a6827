#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="utils=all" drivers=stock kernels="6.1 6.12" expect="answered ok to off; user space: going down for off" days="6.1"
# proves: the kernel's own hv_utils goes down when this host asks, having answered, so the host asks rightly
. ./utils_shutdown_lib.sh
shutdown_tests off force

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="utils=all" kernels="6.1 6.12" days="6.1" qemu="-global PIIX4_PM.disable_s4=1" expect="answered ok to off force; reboot: Power down"
# proves: with no user space to ask, what is not forced leaves the guest up, and what is forced turns it off;
#         and where there is no hibernation it is refused
. ./utils_shutdown_lib.sh
forced_shutdown_tests

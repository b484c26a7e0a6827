#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="utils=all" kernels="6.1 6.12" days="6.1" expect="answered ok to reboot; user space: going down for reboot; reboot: Restarting system"
# proves: the host asks for a restart: answered first, then user space is told, and restarts the machine
. ./utils_shutdown_lib.sh
shutdown_tests reboot

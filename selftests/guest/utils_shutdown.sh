#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="utils=all" kernels="6.1 6.12" days="6.1" expect="answered ok to off; user space: going down for off; reboot: Power down"
# proves: the host asks for power-off: answered first, then user space is told, and turns the machine off
. ./utils_shutdown_lib.sh
shutdown_tests off

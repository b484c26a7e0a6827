#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:64M" timeout=240 expect="unload with 1 channels open" days="6.1"
# proves: a restart without unloading anything, under load, ends and has the host forget the guest
. ./ktap.sh
. ./lib.sh
ktap_plan 2

ktap_check drivers_load load_drivers
ktap_check load_runs start_load 100
reboot -f

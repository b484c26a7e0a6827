#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:64M" timeout=240 expect="unload with 1 channels open; has forgotten this kernel" days="6.1"
# proves: a kernel that panics under load, on another CPU than the host sends its messages to, has the host forget it
. ./ktap.sh
. ./lib.sh
ktap_plan 2

ktap_check drivers_load load_drivers
ktap_check load_runs start_load 100
taskset -c 1 sh -c 'echo c >/proc/sysrq-trigger'

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:64M,fault=unload_response:never" timeout=240 expect="did not confirm within 700 ms" days="6.1"
# proves: a panic waits no longer than it may for a host that does not answer
. ./ktap.sh
. ./lib.sh
ktap_plan 2

load() { modprobe sd_mod && modprobe vmbus_client unload_timeout=700 && modprobe storvsc; }

ktap_check drivers_load load
ktap_check load_runs start_load 100
echo c >/proc/sysrq-trigger

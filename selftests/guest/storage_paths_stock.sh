#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:16M,scsi1.lun0=same:scsi0/0" drivers=stock timeout=400 days="6.1"
# proves: the kernel's own hv_storvsc passes reservations and port groups on as ours does, so the host has them right
. ./storage_paths_tests.sh
ktap_plan 12

ktap_check drivers_load load_drivers
paths_tests
ktap_check drivers_unload unload_drivers
ktap_check host_saw_no_violation no_violations
ktap_done

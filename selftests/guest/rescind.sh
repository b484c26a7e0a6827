#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:64M,sub_channels=1" drivers=kit timeout=400
# proves: a disk that the host takes away under load ends every command with an error, comes back when
#         offered again, and the modules unload whatever state that leaves
. ./ktap.sh
. ./lib.sh
ktap_plan 9

no_device() { ! ls /sys/bus/vmbus/devices/* >/dev/null 2>&1; }
released() { ctl ledger | grep -q 'unreleased=0'; }

taken_away() { ctl rescind scsi0 && wait_for 60 no_device && wait_for 60 load_ended; }
comes_back() {
	ctl offer scsi0 && disk=$(disk_of_lun 0) &&
		dd if="/dev/$disk" of=/dev/null bs=64k count=16 iflag=direct
}

five_times() {
	for round in 1 2 3 4 5; do
		ctl reset-counters
		{ start_load 200 && taken_away && wait_for 20 released && comes_back; } ||
			{ echo "round $round"; return 1; }
	done
}

# The host rescinds at the moment the modules go.
unload_races() {
	ctl rescind scsi0
	rmmod storvsc && rmmod vmbus_client
}

ktap_check drivers_load load_drivers
ktap_check load_runs start_load 200
ktap_check every_command_ends_when_the_host_takes_the_disk taken_away
ktap_check relid_is_given_back wait_for 20 released
ktap_check disk_comes_back comes_back
ktap_check five_times_under_load five_times
ktap_check modules_unload_during_a_rescind unload_races
ktap_check nothing_left_with_the_host wait_for 10 ledger_empty
ktap_check host_saw_no_violation no_violations
ktap_done

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:32M,sub_channels=1,fresh_relids=on,echo=1" drivers=kit timeout=900
# proves: a hibernation that ends half-way, for there is nowhere to write the image, leaves a disk under load at
#         work, under new numbers; devices that vanished or came while the guest slept are removed or added;
#         a host that does not say good-bye keeps the guest awake, and one that talks to a sleeper wakes nobody
. ./ktap.sh
. ./lib.sh
. ./sleep_lib.sh
ktap_plan 14

contacts() { host messages_in.initiate_contact; }

# sleeps CONTACTS: devices and connection freeze, the image is made, and they thaw. Then the kernel finds no swap.
sleeps() {
	contacts_before=$(contacts)
	echo shutdown >/sys/power/disk
	dmesg -C
	! echo disk >/sys/power/state || return 1
	dmesg
	echo "contacts went from $contacts_before to $(contacts)"
	[ $(($(contacts) - contacts_before)) -eq "$1" ]
}

thaws() { sleeps 1 && in_log 'Image created' && in_log 'Cannot find swap device'; }

relids_are_new() {
	ctl channels
	[ "$(ctl channels | grep -c 'label=scsi0 .*state=open')" -eq 2 ] && ! ctl channels | grep -E 'relid=[123] '
}

same_disk() { [ "$(disk_of_lun 0)" = "$disk" ]; }
no_disk() { ! disk_at 0; }
devices() { find /sys/bus/vmbus/devices/ -type l | wc -l; }
has_devices() { [ "$(devices)" -eq "$1" ]; }

vanishes() {
	ctl at-contact remove scsi0 && ctl at-contact remove echo0 && thaws && wait_for 30 has_devices 0 && no_disk &&
		[ "$(dmesg | grep -c 'does not offer this device any more')" -eq 2 ]
}

comes() {
	ctl at-contact add scsi0 && ctl at-contact add echo0 && thaws && wait_for 30 has_devices 2 && reads
}

reads() { disk=$(disk_of_lun 0) && dd if="/dev/$disk" of=/dev/null bs=64k count=16 iflag=direct; }

# The host has forgotten us without saying so: one more contact, and no image.
refuses() {
	echo 3000 >/sys/module/vmbus_client/parameters/unload_timeout
	ctl fault unload_response:drop && sleeps 1 && in_log 'did not confirm that it forgets us' &&
		! in_log 'Image created' && same_disk && goes_on
}

# Every message there is, as we fall asleep and when we sleep.
talks_to_a_sleeper() {
	ctl before unload_response barrage && ctl on unload_response barrage && thaws && has_devices 2 && reads &&
		[ "$(state rejected_message_unknown)" -gt 0 ]
}

ktap_check drivers_load load_drivers
ktap_check load_runs verified_load
ktap_check hibernation_fails_for_want_of_swap thaws
ktap_check load_goes_on goes_on
ktap_check disk_has_its_name same_disk
ktap_check channels_have_new_numbers relids_are_new
ktap_check silent_host_keeps_the_guest_awake refuses
ktap_check nothing_was_lost load_was_right
ktap_check devices_that_vanished_are_removed vanishes
ktap_check devices_that_came_are_there comes
ktap_check nothing_rejected nothing_rejected
ktap_check every_message_while_asleep talks_to_a_sleeper
ktap_check drivers_unload unload_drivers
ktap_check nothing_left_with_the_host ledger_empty
ktap_done

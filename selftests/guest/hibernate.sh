#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M,fresh_relids=on" memory=256 timeout=900 kernels="6.1 6.12 small" disk=200M qemu="-action reboot=reset -drive file=%D/disk.img,format=raw,if=none,id=swap -device virtio-blk-pci,drive=swap"
# proves: a guest that hibernates under load and restarts is restored by a kernel that has its own connection to the
#         host, and goes on with its disk under a new number; one that is idle stays connected; nothing it wrote is lost
. ./ktap.sh
. ./lib.sh
. ./sleep_lib.sh

hibernated() { [ "$(dd if=/dev/vdb bs=1 skip=4086 count=9 2>/dev/null)" = S1SUSPEND ]; }

# The less there is in memory, the smaller is the image.
hibernates() {
	mkswap /dev/vdb && swapon /dev/vdb || return 1
	rm -rf /modules/*/kernel
	echo 3 >/proc/sys/vm/drop_caches
	echo reboot >/sys/power/disk
	echo disk >/sys/power/state || return 1
	# Here we are restored.
	dmesg | tail -n 60
	ctl counters | grep '^messages_in'
	in_log 'hibernation exit'
}

# Suspended to idle, the machine runs on, and we stay connected. Nothing but its power button could wake it, so the
# kernel is told to come back by itself once all devices sleep.
sleeps_idle() {
	echo 1 >/sys/module/suspend/parameters/pm_test_delay && echo devices >/sys/power/pm_test || return 1
	echo freeze >/sys/power/state && echo none >/sys/power/pm_test && in_log 'PM: suspend exit' &&
		[ "$(host messages_in.initiate_contact)" -eq 1 ] && [ -z "$(host messages_in.unload)" ] && goes_on
}

# Load, thaw, the boot kernel, restore. Good-bye was said before all but the first.
connected_four_times() {
	[ "$(host messages_in.initiate_contact)" -eq 4 ] && [ "$(host messages_in.unload)" -eq 3 ]
}

relid_is_new() { ctl channels | grep 'label=scsi0 .*state=open' && ! ctl channels | grep -E 'relid=[123] '; }
same_disk() { [ "$(disk_of_lun 0)" = "${disk-}" ]; }

if hibernated; then
	load_drivers && disk_of_lun 0 >/dev/null
	cat /sys/class/block/vdb/dev >/sys/power/resume
	ktap_not_ok restored "$(dmesg | tail -n 40)"
	ktap_done
fi
ktap_plan 12
ktap_check drivers_load load_drivers
ktap_check load_runs verified_load
if [ -w /sys/power/pm_test ]; then
	ktap_check idle_guest_stays_connected sleeps_idle
else
	ktap_skip idle_guest_stays_connected "this kernel does not wake by itself"
fi
ktap_check hibernates_and_is_restored hibernates
ktap_check load_goes_on goes_on
ktap_check nothing_was_lost load_was_right
ktap_check disk_has_its_name same_disk
ktap_check channel_has_a_new_number relid_is_new
ktap_check every_connection_ended_with_a_good_bye connected_four_times
ktap_check nothing_rejected nothing_rejected
ktap_check drivers_unload unload_drivers
ktap_check nothing_left_with_the_host ledger_empty
ktap_done

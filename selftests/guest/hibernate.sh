#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:32M,sub_channels=1,fresh_relids=on" drivers=kit timeout=600 disk=300M qemu="-drive file=%D/disk.img,format=raw,if=none,id=swap -device virtio-blk-pci,drive=swap"
# proves: a guest that hibernates and is restored, under load, goes on with its disks under new numbers; a device
#         that vanished meanwhile is removed, one that came is there
. ./ktap.sh
. ./lib.sh
ktap_plan 12

verify_load() {
	disk=$(disk_of_lun 0) || return 1
	fio --name=load --filename="/dev/$disk" --direct=1 --ioengine=libaio --iodepth=8 --bs=4k --size=16M \
		--rw=randwrite --verify=crc32c --verify_backlog=32 --verify_fatal=1 --time_based --runtime=3600 \
		>/tmp/fio.out 2>&1 &
	load=$!
	goes_on
}

# As little memory as possible: an image is written and read back once, and three connections are made.
hibernate() {
	echo 0 >/sys/power/image_size
	echo test_resume >/sys/power/disk
	echo disk >/sys/power/state
}

swap_on() { mkswap /dev/vdb && swapon /dev/vdb; }
contacts() { host messages_in.initiate_contact; }

# Freeze and thaw, then the boot kernel's freeze and our restore: two sleeps for each hibernation.
hibernates() {
	before=$(contacts)
	hibernate || return 1
	dmesg | tail -n 40
	echo "contacts went from $before to $(contacts)"
	[ $(($(contacts) - before)) -eq 2 ]
}

more_reads() { [ "$(host scsi0.reads)" -gt "$reads_wanted" ]; }
goes_on() {
	reads_wanted=$(($(host scsi0.reads) + 50))
	wait_for 30 more_reads
}

load_was_right() {
	kill -INT "$load"
	wait "$load"
	cat /tmp/fio.out
	grep -q 'err= 0' /tmp/fio.out
}

relids_are_new() {
	ctl channels
	[ "$(ctl channels | grep -c 'state=open')" -eq 2 ] && ! ctl channels | grep -E 'relid=[12] '
}

same_disk() { [ "$(disk_of_lun 0)" = "$disk" ]; }
disk_gone() { wait_for 30 no_disk && in_log 'does not offer this device any more'; }
no_disk() { ! disk_at 0; }

vanishes() { ctl at-contact remove scsi0 && hibernate && disk_gone; }
comes() {
	ctl at-contact add scsi0 && hibernate && disk=$(disk_of_lun 0) &&
		dd if="/dev/$disk" of=/dev/null bs=64k count=16 iflag=direct
}

ktap_check drivers_load load_drivers
ktap_check swap_is_on swap_on
ktap_check load_runs verify_load
ktap_check hibernates hibernates
ktap_check load_goes_on goes_on
ktap_check nothing_was_lost load_was_right
ktap_check disk_has_its_name same_disk
ktap_check channels_have_new_numbers relids_are_new
ktap_check device_that_vanished_is_removed vanishes
ktap_check device_that_came_is_there comes
ktap_check nothing_rejected nothing_rejected
unload_drivers
ktap_check nothing_left_with_the_host ledger_empty
ktap_done

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:64M,lun62=file:%D/disk.img,lun61=file:%D/disk.img,,ro,lun63=cd:%D/disk.img" disk=4M drivers=kit timeout=600 days="6.1"
# proves: units come, go, grow, are replaced and change their nature while another one is being written to
. ./ktap.sh
. ./lib.sh
ktap_plan 19

ORDER="37 4 51 12 60 23 9 44 1 30 17 58 6 39 26 48 2 15 33 54"

units() { find /sys/bus/vmbus/devices/*/host*/target*/*:*:*:* -maxdepth 0 2>/dev/null | wc -l; }
units_are() { [ "$(units)" -eq "$1" ]; }
sys_of_lun() { echo /sys/bus/vmbus/devices/*/host*/target*/*:"$1"; }
size_is() { [ "$(cat "/sys/block/$1/size")" -eq $(($2 * 2048)) ]; }
touch_disk() { dd if="/dev/$1" of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null; }

start_verify() {
	disk=$(disk_of_lun 0) || return 1
	fio --name=background --filename="/dev/$disk" --direct=1 --ioengine=libaio --iodepth=4 \
		--rw=randwrite --bs=16k --size=16m --verify=crc32c --verify_fatal=1 --randrepeat=1 \
		--loops=10000 --rate_iops=400 >/tmp/verify.out 2>&1 &
	verify=$!
	wait_for 20 written 100
}
written() { [ "$(host scsi0.writes)" -gt "$1" ]; }
still_running() { kill -0 "$verify" && counted scsi0.writes 20 wait_for 30 written $(($(host scsi0.writes) + 20)); }
ends_without_error() { kill -INT "$verify"; wait "$verify"; ! grep -iE 'verify: bad|error=|err= *[1-9]' /tmp/verify.out; }

# One after the other with a scan for each, or several at once with one.
all_come() {
	count=0
	for lun in $ORDER; do
		count=$((count + 1))
		if [ $((count % 5)) -eq 0 ]; then
			ctl scsi0 add "$lun" ram:1M || return 1
		else
			ctl scsi0 add "$lun" ram:1M quiet || return 1
		fi
	done
	wait_for 120 units_are 24 && [ "$(lsblk -dn -o NAME | grep -c '^sd')" -eq 23 ]
}

all_go() {
	count=0
	for lun in $ORDER; do
		count=$((count + 1))
		if [ $((count % 4)) -eq 0 ]; then
			ctl scsi0 remove "$lun" || return 1
		else
			ctl scsi0 remove "$lun" quiet || return 1
		fi
	done
	wait_for 120 units_are 4
}

# Nobody was told; the first command to it says so.
vanished_unit_is_removed() {
	ctl scsi0 add 5 ram:1M && gone=$(disk_of_lun 5) && ctl scsi0 remove 5 quiet || return 1
	! touch_disk "$gone" && wait_for 30 units_are 4
}

grows() { ctl scsi0 resize 0 96M && touch_disk "$disk"; wait_for 30 size_is "$disk" 96; }
shrinks() {
	ctl scsi0 add 5 ram:8M && small=$(disk_of_lun 5) && ctl scsi0 resize 5 4M && touch_disk "$small"
	wait_for 30 size_is "$small" 4 || return 1
	# What lies behind the new end is not there any more.
	[ "$(dd if="/dev/$small" bs=4k count=1 skip=1023 iflag=direct 2>/dev/null | wc -c)" -eq 4096 ] &&
		[ "$(dd if="/dev/$small" bs=4k count=1 skip=1024 iflag=direct 2>/dev/null | wc -c)" -eq 0 ]
}

# The old disk's name, and what is cached of it, must not stick to the new one.
another_disk_in_its_place() {
	before=$(cat "$(sys_of_lun 5)/wwid") && ctl scsi0 remove 5 quiet && ctl scsi0 add 5 ram:2M && wait_for 30 new_name
}
new_name() {
	now=$(cat "$(sys_of_lun 5)/wwid") && [ -n "$now" ] && [ "$now" != "$before" ] && new=$(disk_at 5) && size_is "$new" 2
}

# The list of units changed, says a unit attention of one of them, and nothing else.
told_by_attention() { ctl scsi0 add 6 ram:1M quiet && ctl scsi0 attention 0 3f/0e && wait_for 30 disk_at 6; }

granularity_is() { [ "$(cat "/sys/block/$disk/queue/discard_granularity")" -eq "$1" ]; }
granularity_changes() {
	granularity_is 512 && ctl scsi0 granularity 0 2M && touch_disk "$disk"
	wait_for 30 granularity_is 2097152 && ctl scsi0 granularity 0 32M && touch_disk "$disk"
	wait_for 30 granularity_is 33554432
}

read_only() {
	ro=$(disk_of_lun 61) && [ "$(blockdev --getro "/dev/$ro")" = 1 ] &&
		! dd if=/dev/zero of="/dev/$ro" bs=4k count=1 oflag=direct 2>/dev/null && touch_disk "$ro"
}

# The disc is the image that is also a disk, so what is written here is read there.
cd_rom() {
	modprobe sr_mod && wait_for 30 test -b /dev/sr0 || return 1
	rw=$(disk_of_lun 62) && dd if=/dev/urandom of="/dev/$rw" bs=64k count=4 oflag=direct 2>/dev/null &&
		dd if="/dev/$rw" of=/tmp/written bs=64k count=4 iflag=direct 2>/dev/null &&
		dd if=/dev/sr0 of=/tmp/read bs=64k count=4 iflag=direct 2>/dev/null && cmp /tmp/written /tmp/read &&
		[ "$(cat /sys/block/sr0/size)" -eq 8192 ] && ! dd if=/dev/zero of=/dev/sr0 bs=2k count=1 2>/dev/null
}
empty_drive() {
	ctl scsi0 eject 63 && ! dd if=/dev/sr0 of=/dev/null bs=2k count=1 2>/dev/null &&
		ctl scsi0 insert 63 && dd if=/dev/sr0 of=/dev/null bs=2k count=1
}

# Notices in a burst cost a few scans, unknown ones a count; nothing else happens.
rejected() { cat /sys/class/scsi_host/host*/rejected; }
flood() {
	before=$(rejected)
	ctl scsi0 notify 11 500 && ctl scsi0 notify 2 500 && ctl scsi0 notify 99 3 || return 1
	wait_for 10 rejected_three && touch_disk "$disk" && units_are 6
}
rejected_three() { [ "$(rejected)" -eq $((before + 3)) ]; }

ktap_check drivers_load load_drivers
ktap_check writes_run_all_the_time start_verify
ktap_check read_only_disk read_only
ktap_check cd_rom_reads_what_the_disk_has cd_rom
ktap_check drive_without_disc empty_drive
ktap_check twenty_units_come_in_any_order all_come
ktap_check twenty_units_go_in_any_order all_go
ktap_check vanished_unit_is_removed_when_used vanished_unit_is_removed
ktap_check disk_grows_under_load grows
ktap_check disk_shrinks shrinks
ktap_check another_disk_in_its_place_is_another_disk another_disk_in_its_place
ktap_check unit_attention_about_the_list_of_units told_by_attention
ktap_check granularity_of_discards_changes granularity_changes
ktap_check notices_in_a_burst flood
ktap_check writes_never_stopped still_running
ktap_check nothing_written_was_lost ends_without_error
ktap_check drivers_unload unload_drivers
ktap_check nothing_left_with_the_host ledger_empty
ktap_check host_saw_no_violation no_violations
ktap_done

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:16M,sub_channels=1" timeout=400
# proves: ids and overrides written by hand decide which driver takes a device, with the errors scripts rely on,
#         and whoever reads or writes the files while channels come and go gets an error at worst
. ./ktap.sh
. ./lib.sh
ktap_plan 17

scsi=ba6163d9-04a1-4d29-b605-72e2ffb1dc7f
driver=/sys/bus/vmbus/drivers/hv_storvsc

# refused ERROR VALUE FILE: writing there fails so; dd says the error's name, the shell does not
refused() {
	! echo "$2" | dd of="$3" 2>/tmp/said || return 1
	cat /tmp/said
	grep -q "$1" /tmp/said
}

write() { echo "$1" >"$2"; }

bound() { readlink "$dev/driver" | grep '/bus/vmbus/drivers/hv_storvsc$'; }
unbound() { ! readlink "$dev/driver"; }

override_keeps_it_free() {
	write "$name" $driver/unbind && write nobody "$dev/driver_override" &&
		[ "$(cat "$dev/driver_override")" = nobody ] &&
		refused 'No such device' "$name" $driver/bind &&
		write "$name" /sys/bus/vmbus/drivers_probe && unbound
}

override_names_the_driver() {
	write hv_storvsc "$dev/driver_override" && write "$name" /sys/bus/vmbus/drivers_probe && bound
}

override_can_be_taken_back() {
	write '' "$dev/driver_override" && [ "$(cat "$dev/driver_override")" = '(null)' ]
}

moved_nowhere() {
	refused 'Input/output error' one "$dev/channels/1/cpu" &&
		refused 'Invalid argument' 99 "$dev/channels/1/cpu"
}

# Every file below the device, again and again, until told to stop.
read_all() {
	until [ -e /tmp/stop ]; do
		find /sys/bus/vmbus/devices/*/ -maxdepth 3 -type f -exec cat {} + >>/tmp/read 2>/dev/null
		echo "round" >>/tmp/rounds
	done
}

write_all() {
	until [ -e /tmp/stop ]; do
		for file in /sys/bus/vmbus/devices/*/channels/*/cpu; do
			echo 1 >"$file"
		done
		write hv_storvsc "$dev/driver_override"
		write "$scsi" $driver/new_id
		write "$scsi" $driver/remove_id
		write '' "$dev/driver_override"
	done 2>/dev/null
}

no_device() { ! ls /sys/bus/vmbus/devices/* >/dev/null 2>&1; }
sub_channel_there() { [ -e "$dev/channels/$1/subchannel_id" ]; }
has_sub_channel() { grep -qx 1 "$dev"/channels/*/subchannel_id; }

come_and_go() {
	for round in 1 2 3; do
		if ! { ctl rescind scsi0 && wait_for 30 no_device && ctl offer scsi0 && disk_of_lun 0 &&
		       wait_for 10 has_sub_channel && write "$name" $driver/unbind; }; then
			echo "round $round"
			return 1
		fi
		# Unless the new id has done it already.
		write "$name" $driver/bind
		disk_of_lun 0 || return 1
	done
}

everybody_at_once() {
	read_all &
	reader=$!
	write_all &
	writer=$!
	come_and_go
	went=$?
	touch /tmp/stop
	wait "$reader" "$writer"
	echo "$(wc -l </tmp/rounds) rounds of reading, $(wc -l </tmp/read) lines"
	return "$went"
}

ktap_check load load_drivers
ktap_check disk disk_of_lun 0
dev=$(ls -d /sys/bus/vmbus/devices/*)
name=${dev##*/}
ktap_check sub_channel_has_a_directory wait_for 10 has_sub_channel
ktap_check new_id write $scsi $driver/new_id
ktap_check new_id_twice refused 'File exists' $scsi $driver/new_id
ktap_check new_id_in_braces refused 'Invalid argument' "{$scsi}" $driver/new_id
ktap_check remove_id write $scsi $driver/remove_id
ktap_check remove_id_twice refused 'No such device' $scsi $driver/remove_id
ktap_check remove_id_garbage refused 'Invalid argument' xyz $driver/remove_id
ktap_check override_keeps_it_free override_keeps_it_free
ktap_check override_names_the_driver override_names_the_driver
ktap_check override_can_be_taken_back override_can_be_taken_back
ktap_check cpu_must_be_a_number_of_one moved_nowhere
ktap_check files_are_read_and_written_while_channels_come_and_go everybody_at_once
ktap_check drivers_unload unload_drivers
ktap_check nothing_left_with_the_host ledger_empty
ktap_check loads_once_more load_drivers
ktap_done

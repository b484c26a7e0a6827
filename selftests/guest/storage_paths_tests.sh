# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# One disk that two controllers of the host see, which to each other are two machines that share it. What they say to
# each other with reservations, and what the host says of its paths, our drivers and the kernel's own pass on alike.
. ./ktap.sh
. ./lib.sh

KEY_A=0xa1a2a3a4a5a6a7a8
KEY_B=0xb1b2b3b4b5b6b7b8

# unit DIGIT: the disk of the controller whose id begins so, as sda; a is scsi0, b is scsi1
unit() {
	wait_for 30 unit_at "$1" >/dev/null || return 1
	unit_at "$1"
}
unit_at() {
	for unit_dir in /sys/bus/vmbus/devices/f8b3781"$1"-*/host*/target*/*:0/block/*; do
		[ -d "$unit_dir" ] && basename "$unit_dir" && return
	done
	return 1
}
same_disk() {
	a=$(unit a) && b=$(unit b) && [ "$a" != "$b" ] &&
		[ "$(cat "/sys/block/$a/device/wwid")" = "$(cat "/sys/block/$b/device/wwid")" ]
}

reads() { dd if="/dev/$1" of=/dev/null bs=4k count=1 iflag=direct; }
writes() { dd if=/dev/zero of="/dev/$1" bs=4k count=1 oflag=direct; }
# persist DISK OPTION...: the option that says what to do comes first
persist() {
	persist_disk=$1
	shift
	sg_persist --no-inquiry "$@" "/dev/$persist_disk"
}
out() {
	out_disk=$1
	shift
	persist "$out_disk" --out "$@"
}

# The kernel's own driver makes an error of the transport of a conflict, which sg_persist takes for success.
stranger() { [ "$DRIVERS" = stock ] || ! out "$a" --reserve --param-rk=$KEY_A --prout-type=1; }
keys() {
	stranger && out "$a" --register --param-sark=$KEY_A && out "$b" --register --param-sark=$KEY_B &&
		persist "$a" --in --read-keys >/tmp/keys && cat /tmp/keys && grep -q $KEY_A /tmp/keys &&
		grep -q $KEY_B /tmp/keys
}

# It is no failure of the disk, and nobody tries again: not the driver, not the kernel. The program is told why.
conflict() {
	writes_before=$(host scsi1.op_2a)
	out "$a" --reserve --param-rk=$KEY_A --prout-type=1 && writes "$a" && reads "$b" || return 1
	! writes "$b" 2>/tmp/dd.err || return 1
	cat /tmp/dd.err
	grep -i 'invalid exchange' /tmp/dd.err &&
		[ "$(($(host scsi1.op_2a) - ${writes_before:-0}))" -eq 1 ] && in_log 'reservation conflict'
}
exclusive() {
	out "$a" --release --param-rk=$KEY_A --prout-type=1 && out "$b" --reserve --param-rk=$KEY_B --prout-type=3 &&
		! reads "$a" 2>/tmp/dd.err && grep -i 'invalid exchange' /tmp/dd.err && reads "$b" && writes "$b"
}
preempted() {
	out "$a" --preempt --param-rk=$KEY_A --param-sark=$KEY_B --prout-type=5 && writes "$a" && ! writes "$b" &&
		persist "$b" --in --read-reservation >/tmp/reservation && cat /tmp/reservation &&
		grep -q "Key=$KEY_A" /tmp/reservation && grep -qi 'write exclusive, registrants only' /tmp/reservation
}
told() {
	persist "$a" --in --report-capabilities && persist "$a" --in --read-full-status >/tmp/status &&
		cat /tmp/status && grep -q $KEY_A /tmp/status
}
cleared() { out "$a" --clear --param-rk=$KEY_A && writes "$a" && writes "$b" && ! persist "$a" --in --read-keys | grep $KEY_A; }

# groups DISK STATE STATE: of both port groups, sorted
groups() {
	sg_rtpg --decode "/dev/$1" >/tmp/groups || return 1
	cat /tmp/groups
	[ "$(grep -o 'asymmetric access state : 0x[0-9a-f]*' /tmp/groups | sort | awk '{ printf "%s ", $NF }')" = "$2 $3 " ]
}
states() {
	! sg_rtpg "/dev/$a" && ctl scsi1 path 0 nonoptimized && reads "$a" && reads "$b" && groups "$a" 0x00 0x01 &&
		groups "$b" 0x00 0x01 && sg_vpd -p di "/dev/$b" >/tmp/names && cat /tmp/names &&
		grep -qi 'target port group: 0x2' /tmp/names
}
# The other one works on; this one says at once that it cannot.
standby() {
	ctl scsi1 path 0 standby && reads "$a" && groups "$a" 0x00 0x02 || return 1
	# The first is told that something has changed.
	sg_turs "/dev/$b"
	! sg_turs --verbose "/dev/$b" >/tmp/turs 2>&1 && cat /tmp/turs && grep -i 'standby' /tmp/turs &&
		ctl scsi1 path 0 optimized && reads "$b" && groups "$b" 0x00 0x00
}

paths_tests() {
	ktap_check both_see_one_disk same_disk
	ktap_check keys_are_registered_and_read keys
	ktap_check conflict_is_told_as_one_and_not_tried_again conflict
	ktap_check exclusive_keeps_readers_out exclusive
	ktap_check holder_is_preempted preempted
	ktap_check capabilities_and_full_status told
	ktap_check keys_are_cleared cleared
	ktap_check port_groups_and_their_states states
	ktap_check path_on_standby standby
}

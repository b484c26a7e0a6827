#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:16M,scsi1.lun0=same:scsi0/0" drivers=kit timeout=600 days="6.1"
# proves: two controllers share a disk with persistent reservations, whose conflicts programs are told as such; the
#         state of paths is passed on; a program on a multipath device does not notice that paths refuse, fall silent
#         or go, and each of them comes back
. ./storage_paths_tests.sh
ktap_plan 18

load_impatient() {
	modprobe sd_mod && modprobe vmbus_client && modprobe storvsc timeout=2 reply_timeout=1 drain_timeout=1
}

# As wait_for, but looking costs more than waiting here, and everything takes its seconds.
await() {
	await_left=$1
	shift
	until "$@" >/dev/null 2>&1; do
		await_left=$((await_left - 1))
		[ "$await_left" -gt 0 ] || { echo "gave up waiting for: $*"; dmesg | tail -n 40; return 1; }
		sleep 1
	done
}

number() { cat "/sys/block/$1/dev"; }
table() { echo "0 $(cat "/sys/block/$1/size") multipath 0 0 1 1 round-robin 0 2 1 $(number "$1") 1 $(number "$2") 1"; }
assemble() {
	a=$(unit a) b=$(unit b)
	# There is no udev here; without it dmsetup makes its own nodes.
	export DM_DISABLE_UDEV=1
	modprobe dm_multipath && modprobe dm_round_robin && table "$a" "$b" | dmsetup create paths || return 1
	fio --name=paths --filename=/dev/mapper/paths --direct=1 --ioengine=libaio --iodepth=8 --bsrange=4k-64k \
		--rw=randrw --size=8M --verify=crc32c --verify_backlog=32 --verify_fatal=1 --time_based --runtime=600 \
		--rate_iops=20,20 >/tmp/paths.out 2>&1 &
	program=$!
	goes_on
}
# path DISK STATE: A it works, F it has failed
path() { dmsetup status paths | grep -q "$(number "$1") $2"; }
goes_on() {
	kill -0 "$program" && writes_now=$(($(host scsi0.writes) + $(host scsi1.writes))) && await 60 written_more
}
written_more() { [ "$(($(host scsi0.writes) + $(host scsi1.writes)))" -gt $((writes_now + 20)) ]; }
reinstate() { dmsetup message paths 0 reinstate_path "$(number "$1")" && await 10 path "$1" A; }

# Its link is down: the mid-layer tries a few times, and then the other path is taken.
link_down() {
	ctl scsi0 fail 100000 25 00 - && await 30 path "$a" F && goes_on && path "$b" A &&
		ctl scsi0 fail 0 25 00 - && reads "$a" && reinstate "$a" && goes_on
}
# Nothing is answered any more: the adapter is given up, and its commands with it; then it comes back.
silent() {
	ctl scsi1 mute on && await 60 path "$b" F && goes_on && path "$a" A && ctl scsi1 mute off &&
		await 60 in_log 'in service again' && reads "$b" && reinstate "$b" && goes_on
}
goes() {
	ctl rescind scsi0 && await 30 test ! -e "/sys/block/$a" && goes_on && ctl offer scsi0 && a=$(unit a) &&
		table "$a" "$b" | dmsetup load paths && dmsetup suspend --nolockfs paths && dmsetup resume paths &&
		path "$a" A && goes_on
}
# Who has no business here is not helped by another path: this error goes to the program, and no path is taken for bad.
no_path_error() {
	kill "$program" && wait "$program"
	! grep -E 'verify:|err= *[1-9]' /tmp/paths.out || return 1
	ctl scsi0 fail 100 04 18 - 2a && ctl scsi1 fail 100 04 18 - 2a && ! writes mapper/paths 2>/tmp/dd.err &&
		cat /tmp/dd.err && grep -i 'invalid exchange' /tmp/dd.err && path "$a" A && path "$b" A &&
		ctl scsi0 fail 0 04 18 - && ctl scsi1 fail 0 04 18 - && dmsetup remove paths
}

ktap_check drivers_load load_impatient
paths_tests
ktap_check multipath_device_of_both assemble
ktap_check path_with_its_link_down link_down
ktap_check path_that_falls_silent silent
ktap_check path_that_goes_and_comes goes
ktap_check program_noticed_nothing_but_a_conflict no_path_error
ktap_check drivers_unload unload_drivers
ktap_check nothing_left_with_the_host ledger_empty
ktap_check host_saw_no_violation no_violations
ktap_done

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M" drivers=kit timeout=400 kernels="6.1 6.12 small 7.3"
# proves: the drivers load, do I/O and unload 20 times, and leave nothing with the host nor in memory
. ./ktap.sh
. ./lib.sh
ktap_plan 6

one_round() {
	load_drivers && disk=$(disk_of_lun 0) &&
		dd if=/dev/urandom of=/tmp/random bs=64k count=4 2>/dev/null &&
		dd if=/tmp/random of="/dev/$disk" bs=64k oflag=direct 2>/dev/null &&
		dd if="/dev/$disk" bs=64k count=4 iflag=direct 2>/dev/null | cmp - /tmp/random &&
		unload_drivers && ctl ledger | grep -q 'gpadls=0 open=0 unreleased=0 requests=0 connected=0'
}

rounds() {
	round=0
	while [ "$round" -lt "$1" ]; do
		round=$((round + 1))
		one_round || { echo "round $round failed"; return 1; }
	done
}

free_kb() { echo 3 >/proc/sys/vm/drop_caches; sleep 0.1; awk '/^MemFree/ { print $2 }' /proc/meminfo; }

# Twenty rounds give back what the first two did not leave: each leaks less than a ring.
leak_free() {
	before=$(free_kb)
	rounds 18 || return 1
	after=$(free_kb)
	echo "free memory went from $before to $after KiB in 18 rounds"
	[ $((before - after)) -lt 1800 ]
}

ktap_check first_rounds rounds 2
ktap_check twenty_rounds_leave_no_memory_behind leak_free
ktap_check nothing_left_with_the_host ledger_empty
ktap_check loads_once_more load_drivers
ktap_check nothing_rejected nothing_rejected
ktap_check host_saw_no_violation no_violations
ktap_done

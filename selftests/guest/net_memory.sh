#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="net0=echo" drivers=kit timeout=300 kernels="6.1 6.12 7.3" days="6.1"
# proves: frames for which there is no memory are dropped and counted, short ones and long ones; what the host lent for
#         them goes back to it, and when there is memory again every frame arrives
# shellcheck disable=SC2015,SC2154
. ./ktap.sh
. ./lib.sh
. ./net_lib.sh

set_up() { load_net && nic0=$(nic 0) && addressed "$nic0" 0 2 && pings "" 10.7.0.1; }

mem() { awk -v f="$1:" '$1 == f { print $2 }' /proc/meminfo; }
no_memory() { ethtool -S "$nic0" | awk '$1 == "rx_no_memory:" { print $2 }'; }

# What is free becomes a file without a name that only the holder has open: it goes with it, and nobody has to be
# given memory for that.
use_up() {
	rm /tmp/hog/file && umount -l /tmp/hog
	echo 3 >/proc/sys/vm/drop_caches
	dd if=/dev/zero bs=1M count=$(($(mem MemAvailable) / 1024 - 16)) >>"/proc/$holder/fd/3"
	dd if=/dev/zero bs=64k count=$((($(mem MemFree) - 6144) / 64)) >>"/proc/$holder/fd/3"
	free_left=$(mem MemFree)
}

# starved COUNT BYTES: so many frames for a program that does not read them, and memory for a part of them. While it is
# used up no program does anything; the one that has it all is killed by its alarm.
starved() {
	missed=$(no_memory)
	mkdir -p /tmp/hog && mount -t tmpfs -o size=100% none /tmp/hog || return 1
	datagrams hold 20 3>/tmp/hog/file &
	holder=$!
	wait_for 20 port_9_is_open && ctl "after 8000 net0 source $1 $2 1" && use_up
	used_up=$?
	wait "$holder"
	missed=$(($(no_memory) - missed))
	echo "$free_left KiB were free, $missed frames missed"
	[ "$used_up" = 0 ] && [ "$missed" -gt 0 ] && wait_for 20 host_is net0.pieces_out 0
}
told() { ktap_note "$missed frames found no memory, of $free_left KiB that were free"; }

all_arrive() {
	missed=$(no_memory)
	datagrams receive 3000 60 >/tmp/receive.out 2>&1 &
	receiver=$!
	wait_for 20 port_9_is_open && ctl net0 source 3000 "$1" 4 && wait "$receiver" || { cat /tmp/receive.out; return 1; }
	[ "$(no_memory)" = "$missed" ] && pings "" 10.7.0.1 -s 1400
}

# The kernel tells, each time with a trace, that it had no memory; anything else would be said at the end.
nothing_else_in_the_log() {
	dmesg >/tmp/log
	awk '/page allocation failure/ { told++ } /Call Trace:/ { traces++ }
		/WARNING: |BUG: |Oops|Out of memory/ { print; bad++ }
		END { print told + 0, "failures,", traces + 0, "traces"; exit bad || traces > told }' /tmp/log &&
		dmesg -c >/dev/null
}

ktap_plan 8
ktap_check nic_comes_up set_up
ktap_check short_frames_without_memory starved 30000 18
told
ktap_check short_frames_with_memory all_arrive 18
ktap_check long_frames_without_memory starved 20000 1400
told
ktap_check long_frames_with_memory all_arrive 1400
ktap_check nothing_but_that_in_the_log nothing_else_in_the_log
ktap_check drivers_unload unload_net
ktap_check nothing_left_with_the_host ledger_empty
ktap_done

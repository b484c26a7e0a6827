#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:64M,sub_channels=1" drivers=kit timeout=400
# proves: channels are spread over CPUs; a CPU goes offline ten times under load and takes no interrupt with it, and
#         the spread is back whenever it is; a channel moved by hand stays where it was put
. ./ktap.sh
. ./lib.sh
. ./cpus_lib.sh

spread() { on_cpus "0 1" && host_agrees; }

ten_times() {
	for round in 1 2 3 4 5 6 7 8 9 10; do
		echo "round $round"
		cpu1 offline && on_cpus "0 0" && reads_go_on || return 1
		cpu1 online && wait_for 20 on_cpus "0 1" || return 1
	done
	[ "$(state channels_moved)" -eq 20 ]
}

# By hand, there and back: no CPU that comes takes it from where it was put, one that goes has it again later.
by_hand() {
	move 1 1 && on_cpus "1 1" && host_agrees && reads_go_on && wait_for 20 heard_where_they_are || return 1
	cpu1 offline && on_cpus "0 0" && move_fails 'Invalid argument' 1 1 && cpu1 online || return 1
	# The one that was put there returns; the other makes use of the room that leaves.
	wait_for 20 on_cpus "1 0" && move 1 0 && move 2 0 && on_cpus "0 0" && reads_go_on || return 1
	cpu1 offline && cpu1 online && reads_go_on && on_cpus "0 0" || return 1
	move 2 1 && on_cpus "0 1" && host_agrees && move_fails 'Invalid argument' 1 99 && on_cpus "0 1"
}

start_fio() {
	disk=$(disk_of_lun 0) || return 1
	# Slow on purpose: a CPU that comes and goes is much work for an emulated machine.
	fio --name=load --filename="/dev/$disk" --direct=1 --ioengine=libaio --iodepth=4 --bs=4k --numjobs=2 \
		--rw=randrw --rate_iops=100,100 --time_based --runtime=600 >/tmp/fio.out 2>&1 &
	load=$!
	reads_go_on
}

no_errors() {
	kill -INT "$load" && wait_for 20 load_ended
	cat /tmp/fio.out
	grep -q 'err= 0' /tmp/fio.out && ! grep -q 'io_u error' /tmp/fio.out
}

ktap_plan 9
ktap_check drivers_load load_drivers
ktap_check load_runs start_fio
ktap_check channels_are_spread spread
ktap_check cpu_leaves_and_comes_ten_times ten_times
ktap_check spread_is_back eval 'spread && wait_for 20 heard_where_they_are && reads_go_on'
ktap_check moved_by_hand by_hand
ktap_check load_saw_no_error no_errors
ktap_check nothing_rejected nothing_rejected
ktap_check drivers_unload unload_drivers
ktap_done

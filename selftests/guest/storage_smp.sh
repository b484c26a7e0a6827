#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:32M,lun1=ram:8M,sub_channels=2" drivers=kit timeout=600 days="6.1"
# proves: how many hardware queues and how many commands at once a disk has is changed while it is written to, with
#         and without a queue for programs that poll, and nothing is lost; the one disk's depth is not the other's;
#         of many commands at once a CPU that runs nothing has the answers, and one that runs something has not
. ./ktap.sh
. ./lib.sh
. ./sleep_lib.sh
ktap_plan 19

load() {
	modprobe sd_mod && modprobe vmbus_client && modprobe storvsc "$@" && disk=$(disk_of_lun 0) &&
		other=$(disk_of_lun 1)
}
use_queues() { echo "$1" >"$(echo /sys/class/scsi_host/host*/hw_queues)"; }
queues_are() { find "/sys/block/$disk/mq/" -mindepth 1 -maxdepth 1 -type d | wc -l | grep -qx "$1"; }
# reads_for N: a program on the CPU of that queue, or the second of those it has, reads a little; how much went where?
reads_for() {
	cpu=$(sed 's/.*, *//' "/sys/block/$other/mq/$1/cpu_list")
	sent_0=$(queue 0 sent) sent_1=$(queue 1 sent)
	taskset -c "$cpu" fio --name=cpu --filename="/dev/$other" --direct=1 --ioengine=libaio --iodepth=4 --bs=4k \
		--size=1M --rw=randread >/dev/null || return 1
	sent_0=$(($(queue 0 sent) - sent_0)) sent_1=$(($(queue 1 sent) - sent_1))
	echo "CPU $cpu: $sent_0 commands on queue 0, $sent_1 on queue 1"
}

# deep OPTION...: a program on CPU 0 has 32 requests out all the time; how much went where?
deep() {
	sent_0=$(queue 0 sent) sent_1=$(queue 1 sent) lent=$(queue 0 lent)
	taskset -c 0 fio --name=deep --filename="/dev/$other" --direct=1 --ioengine=libaio --iodepth=32 --bs=4k \
		--thread --size=8M "$@" >/tmp/deep.out || { cat /tmp/deep.out; return 1; }
	sent_0=$(($(queue 0 sent) - sent_0)) sent_1=$(($(queue 1 sent) - sent_1)) lent=$(($(queue 0 lent) - lent))
	echo "$sent_0 commands on queue 0, $sent_1 on queue 1, $lent lent"
}
# beside PROGRAM COMMAND...: while CPU 1 runs that program, to the end
beside() {
	taskset -c 1 sh -c "$1" &
	beside_pid=$!
	shift
	"$@"
	beside_status=$?
	kill "$beside_pid"
	! wait "$beside_pid" && return "$beside_status"
}

# It takes a moment until it is seen that a CPU runs nothing.
idle_cpu_answers() {
	deep --rw=randread --io_size=32M && [ "$lent" -ge 4096 ] && [ "$lent" -eq "$sent_1" ]
}
# A CPU that the host itself does not run looks idle, so on a machine with much to do some go there.
few_are_lent() { deep --rw=randread --io_size=32M && [ "$sent_1" -lt "$sent_0" ]; }
busy_cpu_is_left_alone() { beside 'while :; do :; done' few_are_lent; }
not_shared() {
	echo 0 >/sys/module/storvsc/parameters/share && deep --rw=randread --io_size=32M && [ "$lent" -eq 0 ] &&
		echo 1 >/sys/module/storvsc/parameters/share
}
# While the one works by fits and starts, whose channel takes a batch changes in its midst.
batches() {
	deep --rw=randwrite --io_size=32M --iodepth_batch_submit=8 --iodepth_batch_complete_min=4 --verify=crc32c \
		--verify_fatal=1 --loops=3 && [ "$lent" -ge 512 ] && [ "$sent_0" -ge 512 ] &&
		[ "$(storvsc held)" -ge 4096 ]
}
batches_arrive() {
	beside 'while :; do timeout 0.1 sh -c "while :; do :; done"; sleep 0.1; done' batches
}

# Nor does one come by itself; who wants one can have it.
no_scheduler() {
	for each in "$disk" "$other"; do
		file=/sys/block/$each/queue/scheduler
		echo "$each: $(cat "$file")"
		grep -qF '[none]' "$file" || return 1
	done
	# A part of some kernels, a module for others.
	modprobe -q mq-deadline
	echo mq-deadline >"$file" && grep -qF '[mq-deadline]' "$file" && echo none >"$file"
}

each_cpu_has_one() {
	queues_are 2 && reads_for 0 && [ "$sent_0" -ge 200 ] && [ "$sent_1" -lt 64 ] &&
		reads_for 1 && [ "$sent_1" -ge 200 ] && [ "$sent_0" -lt 64 ]
}
one_for_both() {
	use_queues 1 && queues_are 1 && reads_for 0 && [ "$sent_0" -ge 200 ] && [ "$sent_1" -eq 0 ] && use_queues 2 &&
		each_cpu_has_one
}
bad_numbers() { ! use_queues 0 && ! use_queues 3 && ! use_queues x && queues_are 2; }
under_load() {
	for _ in $(seq 10); do
		use_queues 1 && sleep 0.2 && use_queues 2 && sleep 0.2 || return 1
	done
	goes_on
}
depth() { echo "$2" >"/sys/block/$1/device/queue_depth" && [ "$(cat "/sys/block/$1/device/queue_depth")" -eq "$2" ]; }
depth_under_load() {
	for _ in $(seq 10); do
		depth "$disk" 1 && sleep 0.1 && depth "$disk" 200 && sleep 0.1 || return 1
	done
	depth "$disk" 2 && [ "$(cat "/sys/block/$other/device/queue_depth")" -gt 2 ] && goes_on
}
again() { unload_drivers && load poll_queues=1 && queues_are 3; }
polled() {
	fio --name=polled --filename="/dev/$other" --direct=1 --ioengine=io_uring --hipri=1 --iodepth=4 --bs=4k --size=1M \
		--rw=randwrite --verify=crc32c --verify_fatal=1
}
polled_stays() {
	polls=$(queue 2 sent)
	queues_are 3 && use_queues 1 && polled && reads_for 0 && [ "$sent_0" -ge 200 ] && [ "$sent_1" -eq 0 ] &&
		[ $(($(queue 2 sent) - polls)) -ge 300 ] && use_queues 2 && polled && each_of_three
}
each_of_three() { reads_for 1 && [ "$sent_1" -ge 200 ]; }

# Its commands are asked again over another channel, and the program sees nothing of it.
lends() { [ "$(queue 0 lent)" -ge "$lent_wanted" ]; }
lent_channel_goes() {
	lent_wanted=$(($(queue 0 lent) + 512))
	taskset -c 0 fio --name=gone --filename="/dev/$other" --direct=1 --ioengine=libaio --iodepth=32 --bs=4k --thread \
		--size=8M --rw=randwrite --verify=crc32c --verify_fatal=1 --loops=10 >/tmp/gone.out 2>&1 &
	load=$!
	wait_for 20 lends && ctl rescind "$(queue 1 relid)" || return 1
	wait "$load" || { cat /tmp/gone.out; return 1; }
	grep -q ' dead' /sys/kernel/debug/storvsc-host* && deep --rw=randread --io_size=16M && [ "$lent" -eq 0 ]
}

ktap_check drivers_load load
ktap_check each_cpu_has_a_queue each_cpu_has_one
ktap_check order_is_left_to_the_host no_scheduler
ktap_check one_queue_for_both_and_back one_for_both
ktap_check numbers_that_cannot_be bad_numbers
ktap_check cpu_that_runs_nothing_has_the_answers_of_many idle_cpu_answers
ktap_check cpu_that_runs_something_is_left_alone busy_cpu_is_left_alone
ktap_check answers_come_where_they_were_asked_if_so_wished not_shared
ktap_check batches_arrive_while_the_choice_changes batches_arrive
ktap_check load_runs verified_load
ktap_check number_of_queues_changes_under_load under_load
ktap_check depth_changes_under_load depth_under_load
ktap_check nothing_was_lost load_was_right
ktap_check drivers_load_again_with_a_polled_queue again
ktap_check polled_queue_stays_what_it_is polled_stays
ktap_check lent_channel_goes_and_nothing_is_lost lent_channel_goes
ktap_check drivers_unload unload_drivers
ktap_check nothing_left_with_the_host ledger_empty
ktap_check host_saw_no_violation no_violations
ktap_done

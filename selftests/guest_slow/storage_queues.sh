#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:32M,sub_channels=3" drivers=kit timeout=600
# proves: programs that poll get their answers without one interrupt, whatever becomes of host and channel;
#         commands that come together cost one signal; a full ring and a full host hold commands back and lose none
. ./ktap.sh
. ./lib.sh
ktap_plan 13

relid() { queue "$1" relid; }
load() { modprobe sd_mod && modprobe vmbus_client && modprobe storvsc "$@" && disk=$(disk_of_lun 0); }
queues_are() {
	grep -c '^queue' /sys/kernel/debug/storvsc-host* | grep -qx "$1" &&
		[ "$(grep -c '^queue.* polled' /sys/kernel/debug/storvsc-host*)" -eq "$2" ] &&
		[ "$(find "/sys/block/$disk/mq/" -mindepth 1 -maxdepth 1 -type d | wc -l)" -eq "$1" ]
}

# run NAME OPTION...: fio on the disk, 256 blocks of it
run() {
	name=$1
	shift
	fio --name="$name" --filename="/dev/$disk" --direct=1 --bs=4k --size=1M "$@" >"/tmp/$name.out" && return
	cat "/tmp/$name.out"
	return 1
}
polled() { run polled --ioengine=io_uring --hipri=1 "$@"; }
grown() { echo "$1: $(($(queue "$2" "$1") - $3))" && [ "$(($(queue "$2" "$1") - $3))" -ge "$4" ]; }

no_interrupts() {
	sent=$(queue 1 sent) polls=$(queue 1 polls) others=$(queue 0 sent) interrupts=$(host "chan$(relid 1).interrupts")
	polled --rw=randwrite --iodepth=8 --verify=crc32c --verify_fatal=1 && grown sent 1 "$sent" 512 &&
		grown polls 1 "$polls" 1 && [ "$(host "chan$(relid 1).interrupts")" -eq "$interrupts" ] &&
		[ "$(($(queue 0 sent) - others))" -lt 64 ]
}
others_interrupt() {
	sent=$(queue 1 sent) others=$(queue 0 sent)
	run libaio --ioengine=libaio --iodepth=8 --rw=randread && [ "$(queue 1 sent)" -eq "$sent" ] &&
		grown sent 0 "$others" 256
}
# The host loses one, and ends it when told to reset the unit; nobody but the error handler looks then.
polled_errors() {
	errors=$(queue 1 late)
	ctl scsi0 reset finish && ctl scsi0 withhold 1 28 && polled --rw=read --iodepth=4 &&
		in_log 'resetting the unit' && grown late 1 "$errors" 1
}
opened_again() {
	ctl scsi0 reset ok && ctl scsi0 withhold 1 28 && polled --rw=read --iodepth=4 && in_log 'opened again'
}

batches() {
	held=$(queue 0 held) signals=$(host "chan$(relid 0).signals")
	run batch --ioengine=io_uring --iodepth=16 --iodepth_batch_submit=16 --iodepth_batch_complete_min=16 \
		--rw=randread &&
		grown held 0 "$held" 200 && signals=$(($(host "chan$(relid 0).signals") - signals)) &&
		echo "$signals signals for 256 commands" && [ "$signals" -le 64 ]
}

# 32 transfers of 256 KiB need more than the ring has.
full_ring() {
	unload_drivers && ctl offer scsi0 && load ring_kib=32 && ctl scsi0 delay 2000 && full=$(queue 0 full) &&
		run full --ioengine=libaio --iodepth=64 --bs=256k --size=24M --rw=write --verify=crc32c \
			--verify_fatal=1 &&
		ctl scsi0 delay 0 && grown full 0 "$full" 1
}
depth() { cat "/sys/block/$disk/device/queue_depth"; }
# TASK SET FULL is no error: the unit gets fewer at once.
full_host() {
	device=/sys/block/$disk/device before=$(depth)
	ctl scsi0 fail 40 04 28 - 28 && run busy --ioengine=libaio --iodepth=32 --rw=randread &&
		ctl scsi0 fail 0 04 28 - && echo "depth was $before, is $(depth)" && [ "$(depth)" -lt 32 ] && less=$(depth) &&
		echo 1 >"$device/queue_ramp_up_period" && sleep 1 && run idle --ioengine=libaio --iodepth=32 --rw=randread &&
		echo "then $(depth)" && [ "$(depth)" -gt "$less" ]
}
depth_by_hand() {
	echo 3 >"/sys/block/$disk/device/queue_depth" && ctl reset-counters &&
		run depth --ioengine=libaio --iodepth=16 --rw=randread && [ "$(host scsi0.max_outstanding)" -le 3 ]
}
poller() { polled --rw=randread --iodepth=4 --time_based --runtime=600; }
many_polled() { [ "$(queue 1 sent)" -gt "$1" ]; }
taken_away() {
	poller &
	poller=$!
	wait_for 30 many_polled "$(($(queue 1 sent) + 100))" && ctl rescind scsi0 && ! wait "$poller" &&
		wait_for 30 test ! -e "/sys/block/$disk"
}

ktap_check one_queue_of_two_is_polled load poll_queues=1 timeout=1 reply_timeout=1 drain_timeout=1
ktap_check queues_of_both_kinds queues_are 2 1
ktap_check polling_without_interrupts no_interrupts
ktap_check others_still_interrupt others_interrupt
ktap_check one_signal_for_a_batch batches
ktap_check polled_command_is_lost polled_errors
ktap_check polled_channel_is_opened_again opened_again
ktap_check full_host_is_given_less full_host
ktap_check depth_changes_by_hand depth_by_hand
ktap_check adapter_is_taken_from_who_polls taken_away
ktap_check full_ring_loses_nothing full_ring
ktap_check drivers_unload unload_drivers
ktap_check host_saw_no_violation no_violations
ktap_done

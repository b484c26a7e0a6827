#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M,echo=2,echo_sub_channels=3" drivers=kit timeout=900 append="panic_on_warn=1" days="6.1"
# proves: a ring that lies stops its channel, which says so and can be bound again, and no other; packets, completions
#         and interrupts that make no sense are counted and stop nothing
. ./ktap.sh
. ./lib.sh
. ./echo_lib.sh
. ./fault_lib.sh

# NAME | what the host does | what the guest says
cat >/tmp/breaks <<'END'
write_index_between_units | ring echo0 write_index=5 | impossible index or length
write_index_at_the_end | ring echo0 write_index=16384 | impossible index or length
write_index_beyond_all | ring echo0 write_index=0xfffffff8 | impossible index or length
write_index_backwards | ring echo0 write_index=16376 | impossible index or length
write_index_half_a_packet_on | ring echo0 write_index=8 | impossible index or length
read_index_between_units | ring echo0 read_index=3 | impossible read index
read_index_at_the_end | ring echo0 read_index=16384 | impossible read index
read_index_beyond_all | ring echo0 read_index=0xffffffff | impossible read index
packet_without_length | packet echo0 len8=0 | impossible index or length
packet_shorter_than_its_head | packet echo0 len8=1 offset8=1 | impossible index or length
packet_longer_than_what_is_there | packet echo0 len=16 len8=5 | impossible index or length
packet_longer_than_the_ring | packet echo0 len=16 len8=0xffff | impossible index or length
payload_inside_the_head | packet echo0 len=16 offset8=1 | impossible index or length
payload_behind_the_packet | packet echo0 len=16 offset8=5 | impossible index or length
payload_far_behind_the_packet | packet echo0 len=16 offset8=0xffff | impossible index or length
END

# NAME | what the host does | what is counted; with a dot, of the channel
cat >/tmp/harmless <<'END'
type_0 | packet echo0 type=0 len=16 | .packets_in
type_of_a_later_protocol | packet echo0 type=12 len=16 | .packets_in
type_beyond_reason | packet echo0 type=0xffff len=16 | .packets_in
type_only_guests_send | packet echo0 type=9 len=40 | .packets_in
transfer_pages_without_ranges | packet echo0 type=7 | .packets_in
transfer_pages_with_too_many_ranges | packet echo0 type=7 offset8=4 hex=0200000000000000ffffffff00000000 | .packets_in
flags_nobody_knows | packet echo0 flags=0xfffe len=16 | .packets_in
question_without_a_number | packet echo0 flags=1 id=0 len=16 | .packets_in
packet_without_payload | packet echo0 len=0 | .packets_in
packet_all_head | packet echo0 len=16 offset8=4 | .packets_in
completion_of_id_0 | packet echo0 type=11 id=0 | rejected_completion_unmatched
completion_of_nothing | packet echo0 type=11 id=0x100000001 | rejected_completion_unmatched
completion_of_everything | packet echo0 type=11 id=0xffffffffffffffff len=64 | rejected_completion_unmatched
completions_twice | fault packet:dup:5 | rejected_completion_unmatched
host_waits_for_more_than_there_is | ring echo0 pending_send_size=0xffffffff | -
host_waits_for_a_byte | ring echo0 pending_send_size=1 | -
features_nobody_knows | ring echo0 feature_bits=0xffffffff | -
no_features | ring echo0 feature_bits=0 | -
spurious_interrupts | repeat 50 100 interrupt echo0 | .interrupts
storm_of_interrupts | repeat 2000 10 interrupt echo0 | .interrupts
interrupts_for_nobody | interrupt 0 & interrupt 63 | rejected_event_unknown
interrupt_beyond_all_channels | interrupt 2047 | -
storm_for_nobody | repeat 2000 10 interrupt 63 | rejected_event_unknown
interrupts_twice | fault interrupt:dup:* | -
interrupts_late | fault interrupt:delay:20:* | .interrupts
ring_filled_again_and_again | repeat 50 200 refill echo0 | .refills
END

happened() { [ -z "$(ctl hooks)" ]; }
others_go_on() { all_good echo1 ping 5 64 && reads_disk; }
echoes() { all_good echo0 ping 10 64; }

drivers=/sys/bus/vmbus/drivers/vmbus_echo_test
guid=e7c65ac8-0fa5-4c22-ac7b-ea32812c4b00
binds_again() { echo $guid >$drivers/unbind && echo $guid >$drivers/bind && echoes; }

# Whoever uses it hears that it is over; the others notice nothing; bound again it works.
breaks() {
	# Log lines are rationed by time.
	sleep 0.5
	on echo0 reopen 16 16 >/dev/null && dmesg -C && snapshot && orders "$2" || return 1
	! on echo0 ping 1 8 && all_grown channels_broken && in_log "channel $relid: $3.*, channel stopped" &&
		! on echo0 ping 1 8 && others_go_on && binds_again
}

# Nothing breaks, and the channel goes on when the host has done its worst.
harmless() {
	snapshot
	orders "$2" && wait_for 10 others_go_on && wait_for 20 happened && echoes &&
		all_grown "$(echo "$3" | sed "s/^\./chan$relid./")" && ! grown channels_broken && ctl behave
}

early_data() { ctl before open_result packet echo0 len=64 && on echo0 reopen 16 64 && echoes && others_go_on; }
early_lie() {
	snapshot
	ctl before open_result ring echo0 write_index=5 || return 1
	on echo0 reopen 16 16
	all_grown channels_broken && others_go_on && binds_again
}

waits() { sleep 0.3; kill -0 "$1"; }

# The first request after an open has this number. In the host's answer it counts on its own channel alone; there it
# does, whatever the answer says, and once.
first_id=0x100000001
completion_elsewhere() {
	snapshot
	on echo1 reopen 16 16 && ctl echo1 hold || return 1
	all_good echo1 ping 1 8 &
	waits $! && ctl packet echo0 type=11 id=$first_id len=16 && all_grown rejected_completion_unmatched &&
		waits $! && ctl echo1 release && wait $! && echoes
}
completion_before_the_real_one() {
	snapshot
	on echo1 reopen 16 16 && ctl echo1 hold || return 1
	all_good echo1 ping 1 8 &
	waits $! && ctl packet echo1 type=11 id=$first_id len=16 && wait $! && ctl echo1 release &&
		all_grown rejected_completion_unmatched && echoes && others_go_on
}

# What an interrupt should have told is found at the next one.
lost_interrupt() {
	ctl fault interrupt:drop:1
	all_good echo0 ping 1 8 &
	waits $! && others_go_on && ctl interrupt echo0 && wait $! && echoes
}

no_signals_wanted() {
	ctl ring echo0 interrupt_mask=1
	all_good echo0 ping 1 8 &
	waits $! && others_go_on && orders "ring echo0 interrupt_mask=0 & stall echo0 & resume echo0" && wait $! && echoes
}

# The guest's ring is full, it asks to be told of room, and is not.
full_and_not_told() {
	snapshot
	ctl stall echo0
	on echo0 sink 300 500 1 &
	all_grown "chan$relid.tx_full" && others_go_on && orders "fault interrupt:drop:1 & resume echo0" && waits $! &&
		ctl interrupt echo0 && wait $! && echoes
}

# A driver that waits for a host that does not read any more can be taken away.
full_and_never_read() {
	snapshot
	ctl stall echo0
	on echo0 sink 300 500 1 &
	all_grown "chan$relid.tx_full" && binds_again && ! wait $! && others_go_on
}

# A lie that stays: an index would be put right with the host's next packet.
sub_channel_breaks() {
	snapshot
	on echo0 reopen 16 16 && ctl before packet@200 packet echo0/2 len8=0 && ! on echo0 subs 3 &&
		all_grown channels_broken && echoes && on echo0 reopen 16 16 && all_good echo0 subs 3
}

# Its sub-channels are closed before it: the host looks after that.
primary_breaks() {
	snapshot
	on echo0 reopen 16 16 && ctl before packet@200 packet echo0 len8=0 && ! all_good echo0 subs 3 &&
		all_grown channels_broken && others_go_on && on echo0 reopen 16 16 && all_good echo0 subs 3
}

# Reads go on all the time, now and then.
disk=
read_on() { while dd if="/dev/$disk" of=/dev/null bs=64k count=2 iflag=direct 2>/dev/null; do sleep 0.2; done; }
reads_never_failed() { kill "$reader"; }

unloads_broken() {
	ctl ring echo0 write_index=5 && ctl ring echo1 write_index=5 && rmmod vmbus_echo_test && unloads && ledger_empty
}

ktap_plan $(($(each_case </tmp/breaks | wc -l) + $(each_case </tmp/harmless | wc -l) + 16))
modprobe sd_mod
ktap_check drivers_load try_load
modprobe vmbus_echo_test
ktap_check disk_is_there reads_disk
relid=$(awk -v g="{$guid}" '$2 == g { sub(/^chan/, ""); sub(/[.].*/, ""); print }' /sys/kernel/debug/vmbus_client/state)
read_on &
reader=$!
run_cases breaks </tmp/breaks
ktap_check data_before_the_open_is_answered early_data
run_cases harmless </tmp/harmless
ktap_check lie_before_the_open_is_answered early_lie
ktap_check completion_on_another_channel completion_elsewhere
ktap_check completion_before_the_real_one completion_before_the_real_one
ktap_check lost_interrupt lost_interrupt
ktap_check host_that_wants_no_signals no_signals_wanted
ktap_check ring_full_and_nobody_told full_and_not_told
ktap_check ring_full_and_never_read full_and_never_read
ktap_check sub_channel_breaks_alone sub_channel_breaks
ktap_check primary_breaks_with_its_sub_channels primary_breaks
note_rejected
ktap_check reads_never_failed reads_never_failed
ktap_check unloads_with_broken_channels unloads_broken
ktap_check works_afterwards works
ktap_check host_saw_no_violation no_violations
ktap_done

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="echo=2,echo_sub_channels=4" drivers=kit timeout=400
# proves: a driver built on the installed kit alone talks to its device: every size, wrapped everywhere, by the
#         thousand, with memory, sub-channels and the number of signals that the ring's rules allow
. ./ktap.sh
. ./lib.sh
. ./echo_lib.sh
ktap_plan 26

attribute() { ls -d /sys/bus/vmbus/drivers/vmbus_echo/*/say; }
first() { attribute | head -n 1; }

both_have_it() { [ "$(attribute | wc -l)" = 2 ]; }
says() { printf %s "$1" >"$(first)" && [ "$(cat "$(first)")" = "$1" ]; }
longest() { says "$(seq -s. 100 163)"; }
too_long() { ! says "$(seq -s. 100 164)"; }
each_in_turn() { for text in a b cc "d d" "e
e"; do says "$text" || return 1; done; }

bind_again() {
	dev=$(basename "$(dirname "$(first)")")
	echo "$dev" >/sys/bus/vmbus/drivers/vmbus_echo/unbind && ! [ -e "/sys/bus/vmbus/devices/$dev/say" ] &&
		echo "$dev" >/sys/bus/vmbus/drivers/vmbus_echo/bind && says again
}

# No answer comes: the write gives up after a while, the next one is refused, and the late answer is harmless.
late_answer() {
	ctl echo0 hold && ctl echo1 hold
	! says never && ! says more
	ctl echo0 release && ctl echo1 release && wait_for 5 says later
}

# The smallest ring holds 4088 bytes: descriptor, trailer and header leave 4056 for the body, all of which wrap.
every_size() { all_good echo0 reopen 4 4 && all_good echo0 sizes 0 4056 1 && [ "$(result echoed)" = 4057 ]; }
too_large() { ! on echo0 sizes 4057 4057 1; }
large_ones() { all_good echo0 reopen 256 256 && all_good echo0 sizes 4057 65536 997; }
thousands() { all_good echo0 reopen 16 16 && all_good echo0 stream 10000 900 64 && [ "$(result full)" -gt 0 ]; }

# At most one signal and one interrupt a round: fewer when one still looks as the other sends.
ping_pong() {
	signals=$(spent signals all_good echo0 ping 500 64) && interrupts=$(spent interrupts all_good echo0 ping 500 64)
	echo "$signals signals, $interrupts interrupts"
	[ "$signals" -gt 0 ] && [ "$signals" -le 500 ] && [ "$interrupts" -gt 0 ] && [ "$interrupts" -le 500 ]
}

# Shown at once they are one change from idle to busy.
one_batch() { spent signals all_good echo0 sink 100 64 100 | tee /dev/stderr | grep -qx 1; }

# What does not fit waits for room, and is not asked for packet by packet.
back_to_back() {
	interrupts=$(spent interrupts all_good echo0 source 5000 64) &&
		echo "$interrupts interrupts for 5000 packets" && [ "$interrupts" -lt 500 ]
}

answered_back() { all_good echo0 source 1000 16 1 && wait_for 5 confirmed; }
confirmed() { [ "$(host echo0.confirmed)" = 1000 ]; }

# no_more COUNTER COMMAND...: it does not move
no_more() { spent "$@" | tee /dev/stderr | grep -qx 0; }
everything() {
	all_good "$1" stream 2000 900 64 && all_good "$1" ping 200 64 && all_good "$1" source 1000 64 &&
		all_good "$1" sink 1000 64 8
}
as_napi_would() {
	all_good echo0 drain 1 && everything echo0 &&
		interrupts=$(spent interrupts all_good echo0 source 2000 64) &&
		echo "$interrupts interrupts for 2000 packets" && [ "$interrupts" -gt 0 ] && [ "$interrupts" -lt 200 ]
}
never_rung() { all_good echo0 drain 2 && no_more interrupts everything echo0; }
polled_closing() { all_good echo0 close 40 && [ "$(result waited)" -gt 0 ] && all_good echo0 drain 0 && everything echo0; }

polled_and_gone() {
	all_good echo1 drain 2 || return 1
	on echo1 ping 100000000 64 >/tmp/other 2>&1 &
	sleep 0.3
	ctl rescind echo1
	! wait $! && wait_for 10 no_echo1 && ctl offer echo1 && wait_for 10 echo1_works
}
no_echo1() { ! [ -e /sys/kernel/debug/vmbus_echo_test/echo1 ]; }
echo1_works() { all_good echo1 ping 10 64; }

# same WHAT...: the host saw what we have
same() { all_good echo0 "$@" && [ "$(result same)" = 1 ]; }
memory() { same checksum 0 1 && same checksum 4095 2 && same checksum 100 50000 && same checksum 0 262144; }
lent() { same buffer 1 && same buffer 4096 && same buffer 1000000; }

sub_channels() { all_good echo1 subs 4 && [ "$(result there)" = 4 ]; }

both_at_once() {
	on echo0 stream 3000 500 32 >/tmp/other &
	all_good echo1 stream 3000 500 32 && wait $! && grep -qx 'bad 0' /tmp/other
}

ktap_check driver_loads modprobe vmbus_echo
ktap_check each_device_has_its_attribute both_have_it
ktap_check host_says_it_back says hello
ktap_check longest_text longest
ktap_check longer_text_is_refused too_long
ktap_check each_text_in_turn each_in_turn
ktap_check driver_binds_again bind_again
ktap_check late_answer_is_harmless late_answer
rmmod vmbus_echo
ktap_check test_driver_loads modprobe vmbus_echo_test
ktap_check every_size_of_the_smallest_ring every_size
ktap_check what_never_fits_is_refused too_large
ktap_check large_packets large_ones
ktap_check ten_thousand_of_all_sizes thousands
ktap_check a_signal_and_an_interrupt_a_round_at_most ping_pong
ktap_check one_signal_for_a_batch one_batch
ktap_check few_interrupts_back_to_back back_to_back
ktap_check host_gets_its_completions answered_back
ktap_check driver_polls_as_napi_would as_napi_would
ktap_check polled_without_any_interrupt never_rung
ktap_check close_waits_for_who_polls polled_closing
ktap_check polled_when_the_host_takes_it polled_and_gone
ktap_check host_reads_memory_named_in_packets memory
ktap_check host_reads_a_lent_buffer lent
ktap_check sub_channels_echo sub_channels
ktap_check two_devices_at_once both_at_once
ends_clean() { rmmod vmbus_echo_test && nothing_rejected && rmmod vmbus_client && ledger_empty && no_violations; }
ktap_check nothing_is_left ends_clean
ktap_done

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="echo=1,echo_sub_channels=40,echo_monitor=on,monitor_us=1000" drivers=kit timeout=200 days="6.1"
# proves: where the host looks through a page for signals, we set bits in it and call nobody
. ./ktap.sh
. ./lib.sh
. ./echo_lib.sh
ktap_plan 8

# What the client says it did is what the host saw.
agreed() { awk -v n="[.]$1\$" '$1 ~ n { all += $2 } END { print all }' /sys/kernel/debug/vmbus_client/state; }

# by_page COMMAND...: all good, without a hypercall
by_page() {
	calls=$(host signals) bits=$(host signals_monitor)
	all_good "$@" || return 1
	echo "$(($(host signals) - calls)) calls, $(($(host signals_monitor) - bits)) bits"
	[ "$(host signals)" = "$calls" ] && [ "$(host signals_monitor)" -gt "$bits" ]
}
# by_call COMMAND...: the opposite
by_call() {
	calls=$(host signals) bits=$(host signals_monitor)
	all_good "$@" || return 1
	[ "$(host signals)" -gt "$calls" ] && [ "$(host signals_monitor)" = "$bits" ]
}

streams() { by_page echo0 stream 1000 900 64 && by_page echo0 ping 50 64 && by_page echo0 source 1000 64; }
# More than the 32 bits of one group.
sub_channels() { by_page echo0 subs 40 && [ "$(result there)" = 40 ]; }
polled() {
	all_good echo0 drain 1 && by_page echo0 stream 500 900 64 &&
		all_good echo0 drain 2 && by_page echo0 stream 500 900 64 && all_good echo0 drain 0
}
at_once() {
	all_good echo0 now 1 && by_call echo0 stream 200 900 64 &&
		all_good echo0 now 0 && by_page echo0 stream 200 900 64
}
same_numbers() {
	echo "signals $(agreed signals) $(host signals), by page $(agreed signals_monitor) $(host signals_monitor)"
	[ "$(agreed signals)" = "$(host signals)" ] && [ "$(agreed signals_monitor)" = "$(host signals_monitor)" ]
}
switched_off() {
	rmmod vmbus_echo_test vmbus_client && modprobe vmbus_client monitor=0 && modprobe vmbus_echo_test &&
		by_call echo0 stream 200 900 64
}
ends_clean() { rmmod vmbus_echo_test && nothing_rejected && rmmod vmbus_client && ledger_empty && no_violations; }

ktap_check driver_loads modprobe vmbus_echo_test
ktap_check signals_are_bits_in_a_page streams
ktap_check both_sides_count_the_same same_numbers
ktap_check each_sub_channel_has_its_bit sub_channels
ktap_check polled_channels_signal_so_too polled
ktap_check who_cannot_wait_calls at_once
ktap_check switched_off_by_parameter switched_off
ktap_check nothing_is_left ends_clean
ktap_done

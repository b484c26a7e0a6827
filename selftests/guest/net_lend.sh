#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="net0=echo,net1=pair:net2,net2=sink" drivers=kit timeout=400 kernels="6.1 6.12 7.3" days="6.1"
# proves: long frames reach programs without a copy by the driver; the host writes to no piece that is still read,
#         whatever becomes of the NIC meanwhile, and has room left whoever leaves lying what he has got
# shellcheck disable=SC2154
. ./ktap.sh
. ./lib.sh
. ./net_lib.sh

set_up() {
	load_net && nic0=$(nic 0) && nic1=$(nic 1) && nic2=$(nic 2) && ip netns add a && ip netns add b &&
		addressed "$nic0" 0 2 && addressed "$nic1" 1 1 a && addressed "$nic2" 1 2 b && pings "" 10.7.0.1
}

# stat NAME: of the NIC with the station
stat() { ethtool -S "$nic0" | awk -v s="$1:" '$1 == s { print $2 }'; }

note() { lent=$(stat rx_lent) copied=$(stat rx_copied_bytes) packets=$(stat rx_queue_0_packets); }
since() {
	lent=$(($(stat rx_lent) - lent)) copied=$(($(stat rx_copied_bytes) - copied))
	echo "$lent frames were lent, $copied bytes copied"
}

# receiver COUNT: a program that checks what it gets, and what goes before
receiver() {
	datagrams receive "$1" 60 >/tmp/receive.out 2>&1 &
	receiver=$!
	wait_for 20 port_9_is_open || return 1
	note
}

received() {
	wait "$receiver" || { cat /tmp/receive.out; return 1; }
	since
	# All of it is the host's again, though nothing more comes.
	wait_for 20 host_is net0.pieces_out 0
}

# sourced COUNT BYTES
sourced() { receiver "$1" && ctl net0 source "$1" "$2" 4 && received; }

# A neighbour may ask who we are meanwhile, which is short.
long_frames() { sourced 600 1400 && [ "$lent" -ge 600 ] && [ "$copied" -lt 1000 ]; }
short_frames() { sourced 600 60 && [ "$lent" = 0 ] && [ "$copied" -ge 36000 ]; }

copybreak() {
	ethtool --get-tunable "$nic0" rx-copybreak | grep -qx 'rx-copybreak: 256' &&
		ethtool --set-tunable "$nic0" rx-copybreak 65536 && sourced 300 1400 && [ "$lent" = 0 ] &&
		[ "$copied" -ge 420000 ] && ethtool --set-tunable "$nic0" rx-copybreak 256
}

# Streams, whole and in segments, and frames of many pages.
streams() {
	in_ns b ethtool -K "$nic2" lro off && iperf 10.7.1.2 2M && in_ns b ethtool -K "$nic2" lro on &&
		iperf 10.7.1.2 4M && in_ns b ethtool -S "$nic2" | grep -E 'rx_(lent|copied_bytes|coalesced)' &&
		[ "$(in_ns b ethtool -S "$nic2" | awk '$1 == "rx_lent:" { print $2 }')" -gt 100 ] &&
		wait_for 20 host_is net2.pieces_out 0
}

all_came() { [ "$(stat rx_queue_0_packets)" -ge $((packets + $1)) ]; }

# asleep COUNT: a receiver that sleeps while so many come
asleep() {
	receiver "$1" && kill -STOP "$receiver" && ctl net0 source "$1" 1400 4 && wait_for 20 all_came "$1"
}

awake() { kill -CONT "$receiver" && received; }

# More than there are pieces: it gets those that may be lent, and copies.
left_lying() {
	asleep 3000 || return 1
	grep -h '^lent' /sys/kernel/debug/netvsc-*
	pieces=$(net_state 0 recv_pieces) out=$(net 0 pieces_out)
	echo "of $pieces pieces the host misses $out"
	[ "$out" -gt $((pieces / 2)) ] && [ "$out" -le $((pieces * 7 / 8 + 1)) ] && pings "" 10.7.0.1 -s 1400 &&
		awake && [ "$lent" -ge $((pieces / 2)) ] && [ "$copied" -ge 1400000 ]
}

# The buffer is used again, and what has been lent is not written to.
brought_up_anew() {
	asleep 600 && [ "$(net 0 pieces_out)" -ge 600 ] &&
		ethtool -G "$nic0" tx 32 && pings "" 10.7.0.1 &&
		ping -n -q -f -c 1200 -s 1400 10.7.0.1 >/tmp/ping.out && grep -q ' 0% packet loss' /tmp/ping.out && awake
}

removed() {
	asleep 600 && [ "$(net 0 pieces_out)" -ge 600 ] && ip netns del a && ip netns del b && unload_net &&
		kill -CONT "$receiver" || return 1
	wait "$receiver" || { cat /tmp/receive.out; return 1; }
}

ktap_check drivers_load_and_the_station_answers set_up
ktap_check long_frames_are_not_copied long_frames
ktap_check short_frames_are_copied short_frames
ktap_check what_is_short_can_be_chosen copybreak
ktap_check streams_without_a_copy streams
ktap_check what_is_left_lying_starves_nobody left_lying
ktap_check a_nic_brought_up_anew_leaves_what_it_lent brought_up_anew
ktap_check a_nic_that_is_removed_leaves_what_it_lent removed
ktap_done

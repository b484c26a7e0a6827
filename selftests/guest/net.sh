#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="net0=echo,net1=pair:net2,net2=sink" drivers=kit timeout=900 kernels="6.1 6.12 7.3"
# proves: our drivers carry a NIC: frames, streams and files over all offloads and MTUs, what ethtool shows,
#         and every change of configuration, reload and loss of the device under traffic
# shellcheck disable=SC2015,SC2034,SC2154
. ./net_tests.sh
ktap_plan $(($(net_tests_cnt) + 18))

in_a() { in_ns a "$@"; }

ethtool_shows() {
	for what in -i -k -l -g -c -x -S -d -T; do
		in_a ethtool "$what" "$nic1" >"/tmp/ethtool$what" 2>&1 ||
			{ echo "ethtool $what"; cat "/tmp/ethtool$what"; return 1; }
	done
	cat /tmp/ethtool-i /tmp/ethtool-l /tmp/ethtool-g /tmp/ethtool-S
	in_a ethtool -n "$nic1" rx-flow-hash tcp4 && in_a ethtool "$nic1" &&
		grep -qE '^bus-info: [0-9a-f]{8}-' /tmp/ethtool-i && grep -q 'tx_send_full: ' /tmp/ethtool-S &&
		grep -q 'rx_queue_0_packets: ' /tmp/ethtool-S && grep -q 'software-transmit' /tmp/ethtool-T
}

says() { in_a ethtool "$1" "$nic1" | tee /tmp/says | grep -qE "$2" || { cat /tmp/says; return 1; }; }

# What is set is shown again; a speed until the host says another.
settings_are_shown() {
	in_a ethtool -C "$nic1" tx-frames 4 && says -c '^tx-frames:[[:space:]]*4$' &&
		in_a ethtool -C "$nic1" tx-frames 8 && says -c '^tx-frames:[[:space:]]*8$' || return 1
	in_a ethtool -s "$nic1" msglvl 0x5 && in_a ethtool "$nic1" | grep -q 'Current message level: 0x00000005' &&
		in_a ethtool -s "$nic1" msglvl 0x37 || return 1
	# Sixteen words, each a channel: there is but one.
	[ "$(in_a ethtool -d "$nic1" | grep -oE '(00 ){16}' | wc -l)" = 4 ] || { in_a ethtool -d "$nic1"; return 1; }
	in_a ethtool -s "$nic1" speed 25000 duplex full && in_a ethtool "$nic1" | grep -q 'Speed: 25000Mb/s' &&
		! in_a ethtool -s "$nic1" autoneg on && ctl net1 speed 10000000000 &&
		wait_for 20 speed_is 10000
}

speed_is() { [ "$(in_a cat "/sys/class/net/$nic1/speed")" = "$1" ]; }

hash_fields() {
	in_a ethtool -N "$nic1" rx-flow-hash udp4 sd && in_a ethtool -n "$nic1" rx-flow-hash udp4 | tee /tmp/fields &&
		! grep -q 'L4 bytes' /tmp/fields && in_a ethtool -N "$nic1" rx-flow-hash udp4 sdfn
}

# What the kernel says of queues over netlink: who polls them, and what they have carried.
queues_are_told() {
	in_a bin/queues "$nic1"
	queues_said=$?
	# Only newer kernels say anything.
	[ "$queues_said" != 2 ] || { uname -r | grep -q '^6\.1\.'; return; }
	in_a bin/queues "$nic1" >/tmp/queues && awk '
		$1 == "all" { rx = $4; tx = $9 }
		$1 == "rx" && $4 > 0 { rx_sum += $6; napi = $4 }
		$1 == "tx" && $4 == napi { tx_sum += $6 }
		END { exit !(napi && rx_sum && tx_sum && rx_sum <= rx && tx_sum <= tx) }' /tmp/queues
}

# The kernel's messages over the cable, far more of them than there are slots for frames.
netconsole() {
	in_ns b bin/datagrams print 6666 >/tmp/netconsole.out &
	printer=$!
	wait_for 20 port_6666_is_open || return 1
	in_a modprobe netconsole netconsole=6665@10.7.1.1/"$nic1",6666@10.7.1.2/00:15:5d:0a:00:02 || return 1
	for n in $(seq 1 300); do echo "<0>over the cable $n" >/dev/kmsg; done
	wait_for 20 grep -q 'over the cable 300$' /tmp/netconsole.out
	rmmod netconsole
	kill "$printer"
	echo "$(grep -c 'over the cable' /tmp/netconsole.out) lines"
	[ "$(grep -c 'over the cable' /tmp/netconsole.out)" = 300 ] && pings a 10.7.1.2
}

port_6666_is_open() { in_ns b grep -q ':1A0A ' /proc/net/udp; }

# Another name, and another namespace and back; it keeps what it counts.
renamed_and_moved() {
	moved_before=$(in_a cat "/sys/class/net/$nic1/statistics/rx_packets")
	in_a ip link set "$nic1" down && in_a ip link set "$nic1" name moved0 && ip netns add c &&
		in_a ip link set moved0 netns c && ip netns del c && wait_for 20 ip link show moved0 &&
		ip link set moved0 name "$nic1" && addressed "$nic1" 1 1 a && pings a 10.7.1.2 &&
		[ "$(in_a cat "/sys/class/net/$nic1/statistics/rx_packets")" -gt "$moved_before" ]
}

# While it is up and frames flow, if the kernel lets any NIC be renamed then.
renamed_in_use() {
	case $(uname -r) in
	6.[01].*) ! in_a ip link set "$nic1" name moved0 && wait_for 30 flowing ;;
	*) in_a ip link set "$nic1" name moved0 && wait_for 30 flowing && in_a ip link set moved0 name "$nic1" &&
		wait_for 30 flowing ;;
	esac
}

# Another namespace takes it out of use: the stream waits for it.
moved_in_use() {
	ip netns add c && in_a ip link set "$nic1" netns c && in_ns c ip link set "$nic1" up &&
		in_ns c ip link set "$nic1" netns a && ip netns del c && in_ns a ip link set "$nic1" up &&
		in_a ip addr add 10.7.1.1/24 dev "$nic1" && wait_for 30 pings a 10.7.1.2 && wait_for 60 flowing
}

# Small frames share messages when the stack has several at once.
batches() {
	before=$(net 1 tx_batched)
	in_a ethtool -K "$nic1" tso off && iperf 10.7.1.2 "$iperf_size" && in_a ethtool -K "$nic1" tso on &&
		[ "$(net 1 tx_batched)" -gt "$before" ]
}

rx_pieces() { in_a ethtool -g "$nic1" | awk '$1 == "RX:" { n = $2 } END { print n }'; }

# Twenty times all there is to change, while frames flow; each one counts, and the stream goes on.
reconfigured() {
	start_traffic || return 1
	for round in 1 2 3 4 5; do
		for pieces in 300 600; do
			in_a ethtool -G "$nic1" rx "$pieces" tx 40 && [ "$(rx_pieces)" -ge "$((pieces - 5))" ] ||
				{ echo "pieces, round $round"; return 1; }
		done
		in_a ip link set "$nic1" mtu 1400 && in_a ip link set "$nic1" mtu 1500 &&
			in_ns b ethtool -K "$nic2" lro on && in_ns b ethtool -K "$nic2" lro off &&
			in_a ethtool -C "$nic1" tx-frames 4 && in_a ethtool -C "$nic1" tx-frames 8 ||
			{ echo "round $round"; return 1; }
		wait_for 30 flowing || return 1
	done
	in_a ip -s link show "$nic1"
	[ "$(in_a cat "/sys/class/net/$nic1/carrier_changes")" = "$carrier_changes" ]
}

# Frames that the host is slow to complete, and those behind them, arrive however often the NIC is changed.
lossless() {
	good=$(net 0 sunk_good)
	ctl net0 recount && ctl net0 delay 5000 || return 1
	datagrams send 10.7.0.1 6000 1400 1 &
	sender=$!
	changes=0
	while kill -0 "$sender" 2>/dev/null; do
		changes=$((changes + 1))
		ethtool -G "$nic0" rx $((300 + changes % 2 * 100)) || return 1
	done
	wait "$sender" && ctl net0 delay 0 && echo "$changes changes" && [ "$changes" -ge 3 ] &&
		wait_for 20 host_is net0.sunk_good $((good + 6000)) && host_is net0.sunk_bad 0 &&
		host_is net0.sunk_lost 0
}

# What the host refuses leaves everything as it was.
refused() {
	! in_a ethtool -G "$nic1" rx 5 && ! in_a ethtool -L "$nic1" combined 99 &&
		! in_a ip link set "$nic1" mtu 70000 && wait_for 30 flowing
}

one_nic_less() { ! nic_there 1 >/dev/null && ! ip netns exec a ls "/sys/class/net/$nic1" 2>/dev/null; }

# The host takes the NIC away, and gives it back.
rescinded() {
	for round in 1 2 3; do
		ctl rescind net1 && wait_for 60 one_nic_less && ctl offer net1 && nic1=$(nic 1) &&
			addressed "$nic1" 1 1 a && wait_for 30 pings a 10.7.1.2 || { echo "round $round"; return 1; }
	done
}

given_back() { ctl offer net1 && nic1=$(nic 1) && addressed "$nic1" 1 1 a; }

# The driver goes while both ends are sending. NICs return to the first namespace when theirs are gone.
reloaded() {
	for round in 1 2 3; do
		start_traffic && rmmod netvsc && stop_traffic && modprobe netvsc && nic1=$(nic 1) && nic2=$(nic 2) &&
			nic0=$(nic 0) && addressed "$nic0" 0 2 && addressed "$nic1" 1 1 a &&
			addressed "$nic2" 1 2 b && wait_for 30 pings a 10.7.1.2 || { echo "round $round"; return 1; }
		flow_before=0
	done
}

rejects_are_counted() {
	grep -h '^rejected' /sys/kernel/debug/netvsc-* | grep -v ': 0$' &&
		[ "$(ethtool -S "$nic0" | awk '$1 == "rejected:" { print $2 }')" -gt 0 ]
}

net_more() {
	ktap_check ethtool_shows_what_there_is ethtool_shows
	ktap_check settings_are_shown_as_they_were_made settings_are_shown
	ktap_check fields_that_are_hashed hash_fields
	ktap_check small_frames_go_together batches
	ktap_check queues_and_who_polls_them queues_are_told
	check_with netconsole kernel_messages_over_netconsole netconsole
	ktap_check renamed_and_moved_to_another_namespace renamed_and_moved
	carrier_changes=$(in_a cat "/sys/class/net/$nic1/carrier_changes")
	ktap_check changes_under_traffic_keep_the_link reconfigured
	ktap_check no_frame_is_lost_by_a_change lossless
	ktap_check what_cannot_be_changes_nothing refused
	ktap_check renamed_under_traffic renamed_in_use
	ktap_check moved_under_traffic moved_in_use
	stop_traffic
	flow_before=0
	ktap_check what_the_host_sent_wrong_was_counted rejects_are_counted
	ktap_check taken_away_and_given_back rescinded
	ktap_check traffic_runs start_traffic
	ctl rescind net1
	ktap_check taken_away_under_traffic wait_for 60 one_nic_less
	stop_traffic
	flow_before=0
	ktap_check given_back given_back
	ktap_check reloaded_under_traffic reloaded
}

net_tests 1M
ktap_done

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="net0=echo,net1=pair:net2,net2=sink" drivers=kit timeout=600 kernels="6.1 6.12 7.3" days="6.1 7.3"
# proves: XDP programs get every frame and every verdict is carried out and counted; the filter follows multicast
#         groups; a NIC whose host completes nothing, or that slept, is brought up anew as it was
# shellcheck disable=SC2154
. ./ktap.sh
. ./lib.sh
. ./net_lib.sh

set_up() {
	load_net && nic0=$(nic 0) && nic1=$(nic 1) && nic2=$(nic 2) && ip netns add a && ip netns add b &&
		addressed "$nic0" 0 2 && addressed "$nic1" 1 1 a && addressed "$nic2" 1 2 b && pings a 10.7.1.2 &&
		in_ns b ethtool -K "$nic2" lro off
}

# XDP ----------------------------------------------------------------------------------

# program NAME: of the NIC in b
program() { in_ns b ip -force link set dev "$nic2" xdpdrv obj bin/xdp.o sec "xdp/$1"; }
no_program() { in_ns b ip link set dev "$nic2" xdpdrv off; }

# stat NAME: of the NIC in b
stat() { in_ns b ethtool -S "$nic2" | awk -v s="$1:" '$1 == s { print $2 }'; }

# grows STATISTIC LEAST COMMAND...
grows() {
	grows_stat=$1 grows_least=$2
	shift 2
	grows_before=$(stat "$grows_stat")
	"$@" || return 1
	echo "$grows_stat grew by $(($(stat "$grows_stat") - grows_before))"
	[ "$(($(stat "$grows_stat") - grows_before))" -ge "$grows_least" ]
}

unanswered() { ! ip netns exec a ping -n -c 3 -i 0.02 -W 1 10.7.1.2; }

passes() { program pass && pings a 10.7.1.2 && pings a 10.7.1.2 -s 1472 && iperf 10.7.1.2 1M && iperf 10.7.1.2 1M -R; }

# With nobody else to answer them: the address is not b's own.
stranger() {
	in_ns a ip neigh replace 10.7.1.77 lladdr 00:15:5d:0a:00:02 dev "$nic1" && pings a 10.7.1.77
}

dropped() { program drop && grows rx_queue_0_xdp_drop 3 unanswered; }
aborted() { program aborted && grows rx_queue_0_xdp_drop 3 unanswered; }
sent_back() { program tx && grows rx_queue_0_xdp_tx 5 stranger; }

redirected() {
	program redirect && before=$(stat tx_queue_0_xdp_xmit) && grows rx_queue_0_xdp_redirect 5 stranger &&
		[ "$(($(stat tx_queue_0_xdp_xmit) - before))" -ge 5 ]
}

# None of many pings is lost while the program changes.
exchanged() {
	in_ns a ping -n -q -f -c 400 -s 1400 10.7.1.77 >/tmp/flood.out &
	flood=$!
	for name in tx redirect tx redirect tx redirect; do program "$name" || return 1; done
	wait "$flood"
	cat /tmp/flood.out
	grep -q ' 400 received' /tmp/flood.out
}

# Neither what a program cannot see as a whole, nor such a program for what is there.
excluded() {
	! in_ns b ip link set "$nic2" mtu 9000 && ! in_ns b ethtool -K "$nic2" lro on && no_program &&
		in_ns b ip link set "$nic2" mtu 9000 && ! program pass && in_ns b ip link set "$nic2" mtu 1500 &&
		in_ns b ethtool -K "$nic2" lro on && ! program pass && in_ns b ethtool -K "$nic2" lro off
}

# Frames in several pages, for programs that know of them: MTU 9000, and what the host has put together.
all_program() { in_ns b ip -force link set dev "$nic2" xdpdrv obj bin/xdp.o program "$1_all"; }
mtu_9000() { in_ns b ip link set "$nic2" mtu "${1-9000}" && in_ns a ip link set "$nic1" mtu "${1-9000}"; }
large_stranger() { pings a 10.7.1.77 -s 8000 && pings a 10.7.1.77 -s 5000 && pings a 10.7.1.77; }
large_unanswered() { ! ip netns exec a ping -n -c 3 -i 0.02 -W 1 -s 8900 10.7.1.2; }

large_passed() {
	no_program && mtu_9000 && all_program pass && pings a 10.7.1.2 -s 8972 -M "do" && iperf 10.7.1.2 1M &&
		in_ns b ethtool -K "$nic2" lro on && iperf 10.7.1.2 1M && iperf 10.7.1.2 1M -R
}

large_sent_back() { all_program tx && grows rx_queue_0_xdp_tx 15 large_stranger; }
# Before 6.3 no kernel redirects frames in several pages: the program's failure is counted.
large_redirected() {
	all_program redirect || return 1
	case $(uname -r) in
	5.* | 6.[0-2].*)
		grows rx_queue_0_xdp_drop 3 large_lost && grows rx_queue_0_xdp_redirect 5 stranger ;;
	*) grows rx_queue_0_xdp_redirect 15 large_stranger ;;
	esac
}
large_lost() { ! ip netns exec a ping -n -c 3 -i 0.02 -W 1 -s 8000 10.7.1.77; }
large_dropped() { all_program drop && grows rx_queue_0_xdp_drop 3 large_unanswered; }
# Cut short they are no IP any more, but a program may do it, and the rest goes on.
large_cut() { all_program cut && large_unanswered && pings a 10.7.1.2 -s 7000 && pings a 10.7.1.2; }

# The way back to programs that know of one page.
large_no_more() {
	! program pass && mtu_9000 1500 && ! program pass && in_ns b ethtool -K "$nic2" lro off && program pass &&
		pings a 10.7.1.2 && no_program
}

# A program in user space answers, over a socket that every frame goes to and comes from.
af_xdp() {
	in_ns b bin/xsk "$nic2" 10 >/tmp/xsk.out 2>&1 &
	xsk=$!
	wait_for 20 grep -q ready /tmp/xsk.out && grows rx_queue_0_xdp_redirect 10 ten_pings && wait "$xsk" &&
		cat /tmp/xsk.out && pings a 10.7.1.2
}

ten_pings() { pings a 10.7.1.77 && pings a 10.7.1.77 -s 1400; }

# It stays when the host is brought down and up, and goes with the driver.
survives() {
	program tx && in_ns b ip link set "$nic2" mtu 1400 && grows rx_queue_0_xdp_tx 5 stranger &&
		in_ns b ip link set "$nic2" mtu 1500
}

# Filter -------------------------------------------------------------------------------

filter_is() { state_is 0 filter "$1"; }

multicast() {
	ip link set "$nic0" promisc on && wait_for 10 filter_is 0x20 && ip link set "$nic0" promisc off &&
		wait_for 10 filter_is 0xd && ip link set "$nic0" allmulticast on && wait_for 10 filter_is 0xd &&
		ip link set "$nic0" allmulticast off && ip maddr add 33:33:00:00:12:34 dev "$nic0" &&
		ip maddr show dev "$nic0" && wait_for 10 filter_is 0xd && ip maddr del 33:33:00:00:12:34 dev "$nic0"
}

# Recovery -----------------------------------------------------------------------------

recoveries() { awk '$1 == "recoveries:" { print $2 }' "/sys/kernel/debug/netvsc-$dev0"; }
recovered() { [ "$(recoveries)" -gt "$recoveries_before" ]; }

set_mac() {
	ip link set "$nic0" down && ip link set "$nic0" address 02:00:00:ab:cd:ef && ip link set "$nic0" up &&
		addr_again && pings "" 10.7.0.1
}
addr_again() { ip addr replace 10.7.0.2/24 dev "$nic0"; }
mac_is_kept() { state_is 0 mac 02:00:00:ab:cd:ef; }

# What the host never completes: the stack's watchdog says so, and everything begins again.
stuck() {
	dev0=$(basename "$(readlink "/sys/class/net/$nic0/device")")
	recoveries_before=$(recoveries)
	ctl net0 spoil tx_never '*' && ping -n -c 3 -i 0.02 -W 1 10.7.0.1
	# The watchdog looks at queues that are stopped: so much that the rest must wait.
	datagrams send 10.7.0.1 600 1400 4 &
	sender=$!
	wait_for 60 recovered && ctl net0 behave && wait_for 20 pings "" 10.7.0.1
	stuck=$?
	kill "$sender" 2>/dev/null
	return "$stuck"
}

# Hibernation that finds no swap: devices freeze and thaw.
sleeps() {
	before=$(host messages_in.initiate_contact)
	echo shutdown >/sys/power/disk
	! echo disk >/sys/power/state || return 1
	[ "$(host messages_in.initiate_contact)" -gt "$before" ] && wait_for 20 pings "" 10.7.0.1 &&
		wait_for 20 pings a 10.7.1.2 && iperf 10.7.1.2 1M
}

end() { ip netns del a && ip netns del b && unload_net; }

ktap_plan 24
ktap_check nics_come_up set_up
ktap_check xdp_pass passes
ktap_check xdp_drop dropped
ktap_check xdp_aborted_drops aborted
ktap_check xdp_tx sent_back
ktap_check xdp_redirect redirected
ktap_check programs_change_under_traffic exchanged
ktap_check program_survives_a_change survives
ktap_check programs_exclude_what_they_cannot_see excluded
ktap_check large_frames_pass_programs large_passed
ktap_check large_frames_sent_back large_sent_back
ktap_check large_frames_redirected large_redirected
ktap_check large_frames_dropped large_dropped
ktap_check large_frames_cut_short large_cut
ktap_check programs_that_know_one_page_again large_no_more
ktap_check sockets_of_af_xdp af_xdp
ktap_check filter_follows_multicast_groups multicast
ktap_check mac_address_changes set_mac
ktap_check host_that_completes_nothing stuck
ktap_check mac_address_is_kept mac_is_kept
case $(uname -r) in
# Nor does one without any module of ours.
7.*) ktap_skip suspended_and_resumed "this kernel does not come back to its virtio console from a hibernation that failed" ;;
*) ktap_check suspended_and_resumed sleeps ;;
esac
ktap_check drivers_unload end
ktap_check nothing_left_with_the_host ledger_empty
ktap_check host_saw_no_violation no_violations
ktap_done

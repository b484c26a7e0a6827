#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="net1=pair:net2,net1.sub_channels=1,net2=sink,net2.sub_channels=1" drivers=kit timeout=3000 kernels="6.1"
# proves: two hundred changes of all that can be changed, CPUs that go and come, and a storm of the link, while frames
#         flow: the stream goes on, nothing is left over, and there is as much memory as before
# shellcheck disable=SC2015,SC2154
. ./ktap.sh
. ./lib.sh
. ./net_lib.sh

in_a() { in_ns a "$@"; }

set_up() {
	load_net && nic1=$(nic 1) && nic2=$(nic 2) && ip netns add a && ip netns add b &&
		addressed "$nic1" 1 1 a && addressed "$nic2" 1 2 b && pings a 10.7.1.2
}

# change N: the Nth of all kinds in turn
change() {
	case $(($1 % 8)) in
	0) in_a ethtool -G "$nic1" rx $((300 + $1)) tx 40 ;;
	1) in_a ethtool -L "$nic1" combined 1 ;;
	2) in_a ip link set "$nic1" mtu $((1300 + $1)) ;;
	3) in_a ethtool -L "$nic1" combined 2 ;;
	4) in_ns b ethtool -G "$nic2" rx $((400 + $1)) tx 60 ;;
	5) in_a ip link set "$nic1" mtu 1500 ;;
	6) if [ $(($1 % 16)) = 6 ]; then lro=off; else lro=on; fi
		in_ns b ethtool -K "$nic2" lro "$lro" ;;
	7) in_a ethtool -C "$nic1" tx-frames $((1 + $1 / 8 % 8)) ;;
	esac
}

cycles() {
	carrier_before=$(in_a cat "/sys/class/net/$nic1/carrier_changes")
	for n in $(seq 0 199); do
		change "$n" || { echo "change $n"; return 1; }
		[ $((n % 10)) != 9 ] || wait_for 60 flowing || { echo "after change $n"; return 1; }
	done
	[ "$(in_a cat "/sys/class/net/$nic1/carrier_changes")" = "$carrier_before" ]
}

cpu1() { echo "$1" >/sys/devices/system/cpu/cpu1/online; }

cpus() {
	for n in 1 2 3 4 5 6 7 8 9 10; do
		cpu1 0 && wait_for 60 flowing && cpu1 1 && wait_for 60 flowing || { echo "round $n"; return 1; }
	done
}

# Two hundred words of the host in a moment are no two hundred changes.
link_storm() {
	storm_before=$(in_a cat "/sys/class/net/$nic1/carrier_changes")
	for _ in $(seq 1 100); do ctl net1 link down && ctl net1 link up || return 1; done
	wait_for 60 carrier_is_on && wait_for 60 flowing &&
		echo "$(($(in_a cat "/sys/class/net/$nic1/carrier_changes") - storm_before)) changes" &&
		[ "$(($(in_a cat "/sys/class/net/$nic1/carrier_changes") - storm_before))" -lt 150 ]
}

carrier_is_on() { [ "$(in_a cat "/sys/class/net/$nic1/carrier")" = 1 ]; }

memory() { awk '$1 == "MemFree:" || $1 == "Buffers:" || $1 == "Cached:" { n += $2 } END { print n }' /proc/meminfo; }

# Less than 8 MiB: a receive buffer that was forgotten each time would be forty times that.
memory_is_back() {
	echo "$memory_before before, $(memory) now"
	[ "$(memory)" -gt "$((memory_before - 8192))" ]
}

end() {
	stop_traffic
	ip netns del a && ip netns del b && unload_net
}

ktap_plan 9
ktap_check nics_come_up set_up
ktap_check traffic_runs start_traffic
memory_before=$(memory)
ktap_check two_hundred_changes_under_traffic cycles
ktap_check nothing_is_forgotten memory_is_back
ktap_check processors_go_and_come_under_traffic cpus
ktap_check storm_of_the_link_is_bounded link_storm
ktap_check drivers_unload end
ktap_check nothing_left_with_the_host ledger_empty
ktap_check host_saw_no_violation no_violations
ktap_done

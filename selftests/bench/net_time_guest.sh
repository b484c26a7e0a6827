#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="net0=echo,net0.sub_channels=1,net1=pair:net2,net1.sub_channels=1,net2=sink,net2.sub_channels=1" drivers=kit timeout=400
# The guest's half of selftests/bench/net where time is measured: questions to the host and streams over a cable, on one
# of the drivers.
# shellcheck disable=SC2034,SC2154

. ./ktap.sh
. ./lib.sh
. ./net_lib.sh

# How many in a second, and the microseconds in which half and 99 of 100 are answered.
questions() {
	datagrams ask 10.7.0.1 200 0 >/dev/null && datagrams ask 10.7.0.1 4000 0 >/tmp/asked || return 1
	awk '{ print "@time ask", $2, $4, $6 }' /tmp/asked >>/tmp/bench
}

# streams NUMBER: Mbit/s that arrive
streams() {
	iperf 10.7.1.2 8M -P "$1" >/dev/null && iperf 10.7.1.2 64M -P "$1" -f m >/dev/null || return 1
	awk -v row="tcp.$1" '
		/receiver/ && (!/SUM/ || row != "tcp.1") { for (i = 2; i <= NF; i++) if ($i ~ /^Mbits/) rate = $(i - 1) }
		END { if (rate) print "@time", row, rate, 0, 0; exit !rate }' /tmp/iperf.out >>/tmp/bench
}

by_the_clock() {
	load_net && nic0=$(nic 0) && nic1=$(nic 1) && nic2=$(nic 2) && ip netns add a && ip netns add b &&
		addressed "$nic0" 0 2 && addressed "$nic1" 1 1 a && addressed "$nic2" 1 2 b || return 1
	wait_for 20 state_is 1 channels 2 && wait_for 20 pings a 10.7.1.2 && wait_for 20 pings "" 10.7.0.1 &&
		questions && streams 1 && streams 4 && ip netns del a && ip netns del b && unload_net
}

ktap_check by_the_clock by_the_clock
cat /tmp/bench
ktap_done

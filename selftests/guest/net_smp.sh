#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="net0=echo,net0.sub_channels=1,net0.sub_channels_late=300000,net1=pair:net2,net1.sub_channels=1,net2=sink,net2.sub_channels=1" drivers=kit timeout=600 kernels="6.1 6.12 7.3" days="6.1 6.12"
# proves: our drivers use sub-channels when they come, the RSS table and any number of channels under traffic
# shellcheck disable=SC2034,SC2154
. ./net_smp_tests.sh

sent_by() { in_ns a ethtool -S "$nic1" | awk -v s="tx_queue_$1_packets:" '$1 == s { print $2 }'; }

# xps CPU QUEUE: frames of a program on this CPU are sent by that queue, all of them
xps() {
	in_ns a sh -c "echo $((1 << $1)) >/sys/class/net/$nic1/queues/tx-$2/xps_cpus" &&
		in_ns a sh -c "echo $((2 >> $1)) >/sys/class/net/$nic1/queues/tx-$((1 - $2))/xps_cpus" || return 1
	sent=$(sent_by "$2")
	for i in 11 12 13 14; do
		in_ns a taskset -c "$1" ping -n -q -c 5 -i 0.02 -W 5 -I "10.7.1.$i" 10.7.1.2 >/tmp/ping.out || return 1
	done
	echo "queue $2 sent $(($(sent_by "$2") - sent)) of 20 frames from CPU $1"
	[ "$(($(sent_by "$2") - sent))" -ge 20 ]
}

no_xps() { for i in 0 1; do in_ns a sh -c "echo 0 >/sys/class/net/$nic1/queues/tx-$i/xps_cpus" || return 1; done; }
xps_decides() { xps 0 0 && xps 1 1 && xps 0 1 && xps 1 0 && no_xps; }

# Who waits for an answer polls the NIC for it, on another processor than the one that takes interrupts, or on that one.
busy_polled() { awk '$1 == "TcpExt:" && !names { names = $0; next }
	$1 == "TcpExt:" { n = split(names, name); for (i = 2; i <= n; i++) if (name[i] == "BusyPollRxPackets") print $i }' \
	/proc/net/netstat; }
busy_poll() {
	polled=$(busy_polled)
	for cpu in 0 1; do taskset -c "$cpu" datagrams ask 10.7.0.1 100 200000 || return 1; done
	echo "$(($(busy_polled) - polled)) of 200 answers were found by polling"
	# How many depends on who is faster.
	[ "$(($(busy_polled) - polled))" -ge 1 ] && pings "" 10.7.0.1
}

ours_alone() {
	ktap_check map_of_cpus_decides_who_sends xps_decides
	ktap_check programs_poll_for_their_answers busy_poll
}
net_smp_tests 2 ours_alone

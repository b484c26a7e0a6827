#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="net0=socket:@RUN@.w.host:@RUN@.w.nic" drivers=kit timeout=300 kernels="6.1 6.12" days="6.1" qemu="-netdev dgram,id=w,local.type=unix,local.path=@RUN@.w.nic,remote.type=unix,remote.path=@RUN@.w.host -device virtio-net-pci,netdev=w,mac=52:54:00:00:00:99,romfile="
# proves: a cable that leaves the host: our NIC and one that QEMU emulates talk over two sockets
# shellcheck disable=SC2034,SC2154
. ./net_tests.sh

other_there() { other=$(grep -l 52:54:00:00:00:99 /sys/class/net/*/address | cut -d/ -f5) && [ -n "$other" ]; }

set_up() {
	load_net && modprobe virtio_net && nic1=$(nic 0) && wait_for 20 other_there && other_there && nic2=$other &&
		ip netns add a && ip netns add b && addressed "$nic1" 1 1 a && addressed "$nic2" 1 2 b &&
		wait_for 20 pings a 10.7.1.2
}

both_pings() { pings a 10.7.1.2 -s 1472 -M "do" && pings b fd07:1::1 && pings b 10.7.1.1 -s 8000; }
streams() { iperf 10.7.1.2 2M && iperf 10.7.1.2 2M -R && iperf fd07:1::2 1M -P 4; }

tags() {
	in_ns a ip link add link "$nic1" name v1 type vlan id 42 && in_ns b ip link add link "$nic2" name v2 type vlan id 42 ||
		return 1
	in_ns a ip addr add 10.8.0.1/24 dev v1 && in_ns b ip addr add 10.8.0.2/24 dev v2 &&
		in_ns a ip link set v1 up && in_ns b ip link set v2 up && pings a 10.8.0.2 && iperf 10.8.0.2 1M
}

all_sent() { [ "$(net 0 wire_sent)" -gt 1000 ] && host_is net0.wire_lost 0 && host_is net0.tx_bad_sums 0; }

ktap_plan 9
ktap_check both_nics_come_up set_up
ktap_check pings_both_ways both_pings
ktap_check streams_both_ways streams
ktap_check files_with_checksums http 10.7.1.2
check_with 8021q tags_go_out_and_in tags
ktap_check nothing_was_lost_on_the_way all_sent
ktap_check drivers_unload end
ktap_check nothing_left_with_the_host ledger_empty
ktap_check host_saw_no_violation no_violations
ktap_done

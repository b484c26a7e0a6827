# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The test of NICs: the same for our drivers and for the kernel's own, so that the two judge one host.
# machine: net0=echo is a station, net1=pair:net2 a cable between two NICs in namespaces a and b.
. ./ktap.sh
. ./lib.sh
. ./net_lib.sh

nics_appear() {
	nic0=$(nic 0) && nic1=$(nic 1) && nic2=$(nic 2) && echo "$nic0 $nic1 $nic2"
}

namespaces() {
	ip netns add a && ip netns add b && addressed "$nic0" 0 2 && addressed "$nic1" 1 1 a &&
		addressed "$nic2" 1 2 b
}

link_is_up() {
	ip link show "$nic0"
	[ "$(cat "/sys/class/net/$nic0/carrier")" = 1 ] && [ "$(cat "/sys/class/net/$nic0/mtu")" = 1500 ] &&
		[ "$(net_state 0 state)" = ready ] && [ "$((0x$(net_state 0 filter | cut -c3-) & 9))" = 9 ]
}

driver_name() { ethtool -i "$nic0" | tee /dev/stderr | grep -qx 'driver: hv_netvsc'; }

station() {
	pings "" 10.7.0.1 && pings "" fd07::1 && pings "" 10.7.0.1 -s 1472 -M "do" &&
		pings "" fd07::1 -s 1400
}

cable() { pings a 10.7.1.2 && pings b fd07:1::1 && pings a 10.7.1.2 -s 9000; }

tcp() {
	iperf 10.7.1.2 "$iperf_size" && iperf 10.7.1.2 "$iperf_size" -R && iperf fd07:1::2 "$iperf_size" -P 4
}

udp() {
	iperf 10.7.1.2 200K -u -b 0 -l 64 && iperf 10.7.1.2 500K -u -b 0 -l 1400 &&
		iperf 10.7.1.2 500K -u -b 0 -l 20000
}

# http ADDRESS: a program's own files, from b to a over HTTP, with the same checksums
http() {
	mkdir -p /tmp/www /tmp/got && cp /usr/bin/bash /usr/bin/iperf3 /tmp/www/
	ip netns exec b busybox httpd -f -p 80 -h /tmp/www &
	httpd=$!
	wait_for 20 listens b 80 || return 1
	for file in bash iperf3; do
		ip netns exec a wget -q -O "/tmp/got/$file" "http://$1/$file"
	done
	kill "$httpd"
	(cd /tmp/www && sha256sum bash iperf3) >/tmp/sums && cat /tmp/sums && (cd /tmp/got && sha256sum -c /tmp/sums) ||
		return 1
	rm -r /tmp/www /tmp/got
}

# mtu N: of both ends
mtu() {
	in_ns a ip link set "$nic1" mtu "$1" && in_ns b ip link set "$nic2" mtu "$1" &&
		in_ns a ip link set "$nic1" up && in_ns b ip link set "$nic2" up && wait_for 20 pings a 10.7.1.2
}

jumbo() {
	mtu 9000 && pings a 10.7.1.2 -s 8972 -M "do" && iperf 10.7.1.2 "$iperf_size" &&
		iperf 10.7.1.2 "$iperf_size" -R && [ "$(net_state 1 mtu)" = 9014 ]
}

small_mtu() { mtu 576 && pings a 10.7.1.2 -s 2000 && iperf 10.7.1.2 200K && mtu 1500; }

vlan() {
	before=$(net 1 tx_tagged)
	in_ns a ip link add link "$nic1" name v1 type vlan id 42 &&
		in_ns b ip link add link "$nic2" name v2 type vlan id 42 || return 1
	in_ns a ip addr add 10.8.0.1/24 dev v1 && in_ns b ip addr add 10.8.0.2/24 dev v2
	in_ns a ip link set v1 up && in_ns b ip link set v2 up
	pings a 10.8.0.2 && iperf 10.8.0.2 "$iperf_size" && iperf 10.8.0.2 "$iperf_size" -R &&
		[ "$(net 1 tx_tagged)" -gt "$((before + 5))" ]
}

vlan_http() { http 10.8.0.2 && in_ns a ip link del v1 && in_ns b ip link del v2; }

offloads() {
	in_ns a ethtool -k "$nic1" | grep -E '^(tcp-seg|tx-checksumming|rx-checksumming|large-rec|rx-vlan)'
	in_ns a ethtool -k "$nic1" | grep -qx 'tcp-segmentation-offload: on' &&
		in_ns a ethtool -k "$nic1" | grep -qx 'tx-checksumming: on' &&
		in_ns a ethtool -k "$nic1" | grep -qx 'rx-checksumming: on' &&
		[ "$(net 1 tx_lso)" -gt 0 ] && [ "$(net 1 tx_csum)" -gt 0 ]
}

# off FEATURE COUNTER: traffic goes on without it, and the host is not asked for it any more
off() {
	in_ns a ethtool -K "$nic1" "$1" off || return 1
	before=$(net 1 "$2")
	iperf 10.7.1.2 400K && [ "$(net 1 "$2")" = "$before" ] || return 1
	in_ns a ethtool -K "$nic1" "$1" on
}

# With it large sends arrive whole, without it in segments.
coalescing() {
	in_ns b ethtool -K "$nic2" lro on && [ "$(net_state 2 rsc)" = "2 2" ] &&
		counted net2.rx_rsc 1 iperf 10.7.1.2 400K && in_ns b ethtool -K "$nic2" lro off &&
		[ "$(net_state 2 rsc)" = "1 1" ] && counted net2.rx_segments 1 iperf 10.7.1.2 400K
}

carrier_is() { [ "$(cat "/sys/class/net/$nic0/carrier")" = "$1" ]; }

carrier() {
	ctl net0 link down && wait_for 20 carrier_is 0 && ctl net0 link up && wait_for 20 carrier_is 1 &&
		pings "" 10.7.0.1
}

# However often it changes, what counts is how it ends.
link_storm() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		ctl net0 link down && ctl net0 link up || return 1
	done
	ctl net0 link down && wait_for 60 carrier_is 0 && ctl net0 link up && wait_for 60 carrier_is 1 &&
		wait_for 20 pings "" 10.7.0.1
}

# A frame that is not what it says costs itself and nothing else.
malformed_frames() {
	for lie in set_id=1 nvsp_type=99 nvsp_type=0xffffffff range_count=100000 range_offset=0x7ffffff8 \
		range_offset=0xfffffff8 range_len=0xffffffff range_len=8 len=0 len=0xffffffff type=99 \
		data_offset=0xfffffff8 data_offset=0x7fffffff data_len=0xffffffff data_len=0x10000 \
		ppi_offset=0xfffffff0 ppi_len=0xfffffff0; do
		lie_costs_one "$lie" || { echo "$lie"; return 1; }
	done
}

lie_costs_one() {
	before=$(net 0 lies)
	ctl net0 spoil "$1" && ping -n -c 1 -W 0.2 10.7.0.1 >/dev/null
	host_is net0.lies $((before + 1)) || { echo "it was told $(($(net 0 lies) - before)) times"; return 1; }
	pings "" 10.7.0.1 >/tmp/lie.out || { cat /tmp/lie.out; return 1; }
}

# Far more than the receive buffer holds: the host waits, and nothing is lost, changed or out of order.
burst() {
	datagrams receive 5000 60 &
	receiver=$!
	wait_for 20 port_9_is_open || return 1
	ctl net0 source 5000 1200 8 && wait "$receiver" && [ "$(net 0 rx_full)" = 0 ] &&
		wait_for 10 host_is net0.pieces_out 0
}

# The same the other way, in all sizes.
numbered_frames() {
	good=$(net 0 sunk_good)
	datagrams send 10.7.0.1 2000 10 1 && ctl net0 recount && datagrams send 10.7.0.1 2000 1400 4 &&
		wait_for 20 host_is net0.sunk_good $((good + 4000)) && host_is net0.sunk_bad 0 &&
		host_is net0.sunk_lost 0
}

ring_sizes() {
	ethtool -g "$nic0"
	[ "$(ethtool -g "$nic0" | awk '$1 == "RX:" { n = $2 } END { print n }')" = "$(net_state 0 recv_pieces)" ]
}

mac_change() {
	ip link set "$nic0" down && ip link set "$nic0" address 02:00:00:ab:cd:ef &&
		ip link set "$nic0" up && [ "$(net_state 0 mac)" = 02:00:00:ab:cd:ef ] &&
		pings "" 10.7.0.1 && ip link set "$nic0" down && ip link set "$nic0" address 00:15:5d:0a:00:00 &&
		ip link set "$nic0" up
}

filters() {
	ip link set "$nic0" promisc on && wait_for 10 state_is 0 filter 0x20 &&
		ip link set "$nic0" promisc off && wait_for 10 state_is 0 filter 0xd
}

down_and_up() { ip link set "$nic0" down && ip link set "$nic0" up && pings "" 10.7.0.1; }

end() {
	ip netns del a && ip netns del b && unload_net
}

net_more() { :; }

# net_tests SIZE: with so much in each stream
net_tests() {
	iperf_size=$1
	ktap_check drivers_load load_net
	ktap_check every_nic_appears nics_appear
	nic0=$(nic 0) nic1=$(nic 1) nic2=$(nic 2)
	ktap_check namespaces_and_addresses namespaces
	ktap_check link_is_up link_is_up
	ktap_check user_space_knows_the_driver driver_name
	ktap_check station_answers_pings station
	ktap_check pings_over_the_cable cable
	ktap_check tcp_both_ways_and_over_ipv6 tcp
	ktap_check udp_small_large_and_in_fragments udp
	ktap_check files_over_http http 10.7.1.2
	ktap_check files_over_ipv6 http "[fd07:1::2]"
	ktap_check offloads_are_used offloads
	ktap_check without_segmentation off tso tx_lso
	ktap_check without_checksums off tx tx_csum
	ktap_check coalesced_receive coalescing
	ktap_check mtu_9000 jumbo
	ktap_check files_at_mtu_9000 http 10.7.1.2
	ktap_check mtu_576 small_mtu
	check_with 8021q vlan_tags vlan
	check_with 8021q files_over_a_vlan vlan_http
	ktap_check carrier_follows_the_host carrier
	ktap_check burst_loses_nothing burst
	ktap_check numbered_frames_arrive_in_order numbered_frames
	ktap_check link_storm_ends_as_it_should link_storm
	ktap_check ring_sizes_are_those_of_the_host ring_sizes
	ktap_check mac_address_changes mac_change
	ktap_check promiscuous_mode_reaches_the_host filters
	ktap_check down_and_up_again down_and_up
	ktap_check nothing_lost_or_refused nothing_wrong
	ktap_check malformed_frames_cost_themselves malformed_frames
	# A driver's own tests, if the machine has any.
	net_more
	ktap_check drivers_unload end
	ktap_check nothing_left_with_the_host ledger_empty
	ktap_check host_saw_no_violation no_violations
}

# How many results that makes.
net_tests_cnt() { echo 33; }

# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# What tests of NICs share. The host's net0 is 00:15:5d:0a:00:00, its station 10.7.0.1 and fd07::1, and so on.

if [ "${DRIVERS-}" = stock ]; then
	NET_MODULE=hv_netvsc
else
	NET_MODULE=netvsc
fi

load_net() { modprobe "$BUS_MODULE" && modprobe "$NET_MODULE"; }
unload_net() { wait_for 20 rmmod "$NET_MODULE" && wait_for 20 rmmod "$BUS_MODULE"; }

# check_with MODULE NAME COMMAND...: if the kernel has that; ours, which look for bugs, lack some of what Debian's have
check_with() {
	check_module=$1
	shift
	if modprobe -n "$check_module" 2>/dev/null; then
		ktap_check "$@"
	else
		ktap_skip "$1" "this kernel has no $check_module"
	fi
}

# nic N: the name of the host's netN, as eth0; waits for it
nic() {
	wait_for 30 nic_there "$1" >/dev/null || return 1
	nic_there "$1"
}

nic_there() {
	for nic_dir in /sys/bus/vmbus/devices/*/net/*; do
		[ "$(cat "$nic_dir/address" 2>/dev/null)" = "00:15:5d:0a:00:0$1" ] || continue
		basename "$nic_dir"
		return 0
	done
	return 1
}

# addressed NAME N HOST [NETNS]: it is up, with addresses HOST in the net of the host's netN
addressed() {
	[ -z "${4-}" ] || ip link set "$1" netns "$4" || return 1
	in_ns "${4-}" ip link set "$1" up &&
		in_ns "${4-}" ip addr add "10.7.$2.$3/24" dev "$1" &&
		in_ns "${4-}" ip addr add "fd07:$2::$3/64" dev "$1" nodad
}

# in_ns NETNS COMMAND...: there, or here if it is empty
in_ns() {
	in_ns_name=$1
	shift
	if [ -n "$in_ns_name" ]; then ip netns exec "$in_ns_name" "$@"; else "$@"; fi
}

# pings NETNS ADDRESS [OPTION...]: every single one is answered. The last gets from ping no more than twice the time
# that the others took: where the clock is real and the machine busy, each has a ping of its own, which waits.
pings() {
	pings_ns=$1 pings_to=$2 pings_each=5 pings_left=1
	[ -n "$COUNTED" ] || pings_each=1 pings_left=5
	shift 2
	while [ "$pings_left" -gt 0 ]; do
		in_ns "$pings_ns" ping -n -c "$pings_each" -i 0.02 -W 20 "$@" "$pings_to" >/tmp/ping.out 2>&1 ||
			{ cat /tmp/ping.out; return 1; }
		cat /tmp/ping.out
		grep -q " $pings_each received" /tmp/ping.out || return 1
		pings_left=$((pings_left - 1))
	done
}

# net N COUNTER: of the host's netN
net() { host "net$1.$2"; }

# net_state N NAME: what the host knows of its netN
net_state() { ctl "net$1" state | awk -v f="$2" '$1 == f { $1 = ""; print substr($0, 2) }'; }

# iperf ADDRESS BYTES [OPTION...]: from a to b, which has that address
iperf() {
	iperf_to=$1 iperf_bytes=$2
	shift 2
	ip netns exec b iperf3 -s -1 >/tmp/iperf-s.out 2>&1 &
	iperf_server=$!
	wait_for 20 listens b 5201 || return 1
	ip netns exec a iperf3 -c "$iperf_to" -n "$iperf_bytes" "$@" >/tmp/iperf.out 2>&1 ||
		{ cat /tmp/iperf.out; kill "$iperf_server"; return 1; }
	wait "$iperf_server" && tail -n 4 /tmp/iperf.out
}

# listens NETNS PORT
listens() {
	in_ns "$1" cat /proc/net/tcp /proc/net/tcp6 |
		awk -v p=":$(printf '%04X' "$2")" '$4 == "0A" && index($2, p) { found = 1 } END { exit !found }'
}

# A program waits for the station's numbered datagrams.
port_9_is_open() { grep -q ':0009 ' /proc/net/udp; }

host_is() { [ "$(host "$1")" = "$2" ]; }
state_is() { [ "$(net_state "$1" "$2")" = "$3" ]; }

# The host's three NICs have refused nothing and dropped nothing that was meant to arrive.
nothing_wrong() {
	for n in 0 1 2; do
		for what in tx_refused tx_bad_sums rx_failed rx_full rx_too_long; do
			host_is "net$n.$what" 0 || { echo "net$n.$what is $(host "net$n.$what")"; return 1; }
		done
	done
}

# Traffic from $nic1 in namespace a to $nic2 in b that outlives what is done to the NICs; its speed is of no interest.
start_traffic() {
	ip netns exec b iperf3 -s -p 5300 >/tmp/traffic-s.out 2>&1 &
	traffic_server=$!
	wait_for 20 listens b 5300 || return 1
	ip netns exec a iperf3 -c 10.7.1.2 -p 5300 -t 36000 -b 2M -l 8K >/tmp/traffic.out 2>&1 &
	traffic=$!
	wait_for 20 flowing
}

# More has arrived since the last look.
# shellcheck disable=SC2154 # the test's own
flowing() {
	flow_now=$(in_ns b cat "/sys/class/net/$nic2/statistics/rx_bytes") || return 1
	flow_was=${flow_before-0} flow_before=$flow_now
	[ "$flow_now" -gt "$((flow_was + 5000))" ]
}

stop_traffic() {
	kill "$traffic" "$traffic_server" 2>/dev/null
	wait "$traffic" "$traffic_server" || :
}

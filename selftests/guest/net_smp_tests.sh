# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# NICs with a channel for each of two CPUs: the same for our drivers and for the kernel's own.
# machine: net0=echo, whose sub-channel comes late; net1=pair:net2 a cable between namespaces a and b; each
# has one sub-channel.
. ./ktap.sh
. ./lib.sh
. ./net_lib.sh

set_up() {
	load_net && nic0=$(nic 0) && nic1=$(nic 1) && nic2=$(nic 2) && ip netns add a && ip netns add b &&
		addressed "$nic0" 0 2 && addressed "$nic1" 1 1 a && addressed "$nic2" 1 2 b
}

# combined NIC NETNS: how many channels there are, and may be
combined() { in_ns "$2" ethtool -l "$1" | awk '$1 == "Combined:" { printf "%s ", $2 }'; }
channels_are() { [ "$(combined "$1" "$2")" = "$3 $4 " ]; }

# chan N INDEX FIELD: a counter of one channel of the host's netN
chan() {
	chan_relid=$(ctl channels | sed -n "s/^relid=\([0-9]*\) label=net$1 index=$2 state=open.*/\1/p")
	host "chan$chan_relid.$3"
}

two_channels() {
	wait_for 20 channels_are "$nic1" a 2 2 && wait_for 20 channels_are "$nic2" b 2 2 &&
		wait_for 20 state_is 1 channels 2 && ls -d "/sys/class/net/$nic0/queues"/*
}

late_one() { wait_for 20 channels_are "$nic0" "" 2 2 && pings "" 10.7.0.1; }

# Addresses enough for hashes of both kinds; which channel each comes in on is the same every time.
many_addresses() {
	for i in 11 12 13 14 15 16 17 18; do
		in_ns a ip addr add "10.7.1.$i/24" dev "$nic1" || return 1
	done
}

ping_from_all() {
	for i in 11 12 13 14 15 16 17 18; do
		pings a 10.7.1.2 -I "10.7.1.$i" >/tmp/pings || { cat /tmp/pings; return 1; }
	done
}

# Received on both channels of net2, sent on both of net1.
both_used() {
	many_addresses || return 1
	primary=$(chan 2 0 packets_out) sub=$(chan 2 1 packets_out) sent=$(chan 1 1 packets_in)
	ping_from_all || return 1
	echo "net2 sent $(($(chan 2 0 packets_out) - primary)) and $(($(chan 2 1 packets_out) - sub))"
	[ "$(chan 2 0 packets_out)" -gt "$((primary + 5))" ] && [ "$(chan 2 1 packets_out)" -gt "$((sub + 5))" ] &&
		[ "$(chan 1 1 packets_in)" -gt "$sent" ]
}

# A table of the administrator's keeps its channels: the last step gives it back to the driver.
# With a table that names only the first channel nothing is received on the other.
one_in_the_table() {
	in_ns b ethtool -X "$nic2" equal 1 && in_ns b ethtool -x "$nic2" || return 1
	before=$(chan 2 1 packets_out) done=$(chan 2 1 packets_in)
	ping_from_all || return 1
	# All there is on it are completions of what b has sent.
	[ "$(($(chan 2 1 packets_out) - before))" -le "$(($(chan 2 1 packets_in) - done))" ] &&
		in_ns b ethtool -X "$nic2" default
}

load() { iperf 10.7.1.2 2M -P 8 && iperf fd07:1::2 2M -P 8 -R; }

# channel_count N: of both ends, under way
channel_count() {
	in_ns a ethtool -L "$nic1" combined "$1" && in_ns b ethtool -L "$nic2" combined "$1" &&
		wait_for 20 channels_are "$nic1" a 2 "$1" && wait_for 20 channels_are "$nic2" b 2 "$1" &&
		wait_for 20 pings a 10.7.1.2 && wait_for 20 state_is 1 channels "$1"
}

one_and_two() { channel_count 1 && iperf 10.7.1.2 1M && channel_count 2 && iperf 10.7.1.2 1M -P 4; }

end() { ip netns del a && ip netns del b && unload_net; }

# net_smp_tests [N COMMAND]: and so many more, which that does
net_smp_tests() {
	ktap_plan $((11 + ${1-0}))
	ktap_check nics_come_up set_up
	ktap_check a_channel_for_each_cpu two_channels
	ktap_check late_sub_channel_is_used late_one
	ktap_check both_channels_carry_traffic both_used
	ktap_check table_decides_where_frames_go one_in_the_table
	ktap_check eight_streams_each_way load
	${2-:}
	ktap_check one_channel_and_two_again one_and_two
	ktap_check nothing_lost_or_refused nothing_wrong
	ktap_check drivers_unload end
	ktap_check nothing_left_with_the_host ledger_empty
	ktap_check host_saw_no_violation no_violations
	ktap_done
}

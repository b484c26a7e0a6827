# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Lies of the host's NIC, for a driver that does not believe everything. The kernel's own hangs on many of
# them: it waits for answers without a bound, and its parser of per-packet information stands still.
# machine: net0=echo

one_ping() { ping -n -c 1 -W 0.2 10.7.0.1 >/dev/null; }

# What comes back has a checksum's element, as no ping has. Nobody here waits for it.
one_datagram() { bash -c 'echo > /dev/udp/10.7.0.1/7' && sleep 0.1; }

# each_costs_one PROVOKE LIE...: an answer may be lost with each, and then all is well
each_costs_one() {
	provoke=$1
	shift
	for lie; do
		lies=$(net 0 lies)
		ctl net0 spoil "$lie" && "$provoke"
		{ [ "$(net 0 lies)" = $((lies + 1)) ] && pings "" 10.7.0.1 >/tmp/lie.out; } ||
			{ echo "after $lie, told $(($(net 0 lies) - lies)) times"; cat /tmp/lie.out; return 1; }
	done
}

range_lies() {
	each_costs_one one_ping set_id=1 nvsp_type=99 nvsp_type=0xffffffff nvsp_channel=7 \
		range_count=0 range_count=100000 range_count=0xffffffff range_offset=0x7ffffff8 \
		range_offset=0xfffffff8 range_len=0 range_len=8 range_len=0xffffffff
}

header_lies() {
	each_costs_one one_ping type=99 type=0 len=0 len=8 len=0xffffffff data_offset=0 data_offset=0x7fffffff \
		data_offset=0xfffffff8 data_len=0 data_len=13 data_len=0x10000 data_len=0xffffffff \
		ppi_offset=4 ppi_offset=0xfffffff0 ppi_len=4 ppi_len=0xfffffff0
}

element_lies() {
	each_costs_one one_datagram ppi_size=0 ppi_size=4 ppi_size=12 ppi_size=13 ppi_size=0x1000 ppi_size=0xfffffff0 \
		ppi_data_offset=0 ppi_data_offset=16 ppi_data_offset=0xfffffffc ppi_type=0x80000001 ppi_type=99 \
		ppi_type=8 ppi_type=6
}

# A request that is answered wrongly, twice, or not at all: it ends, and the next is answered rightly.
REPLY_LIES="reply_id=0xdead reply_type=99 reply_len=4 reply_len=0xffffffff reply_status=0xc0000001 reply_never
	reply_twice"

# The driver's lock is held as long as it waits for an answer.
request_is_over() { [ "$(net 0 lies)" -gt "$lies" ] && grep -q '^attached: 1' /sys/kernel/debug/netvsc-*; }

requests_end() {
	for lie in $REPLY_LIES; do
		lies=$(net 0 lies)
		ctl net0 spoil "$lie" || return 1
		# It may fail; it may not take for ever.
		ip link set "$nic0" promisc on
		{ wait_for 20 request_is_over && ctl net0 behave && ip link set "$nic0" promisc off &&
			wait_for 20 state_is 0 filter 0xd && pings "" 10.7.0.1 >/dev/null; } || { echo "after $lie"; return 1; }
	done
}

# Filter -------------------------------------------------------------------------------

# debugfs NAME: of the driver's only NIC
debugfs() { sed -n "s/^$1: //p" /sys/kernel/debug/netvsc-*; }

# What the host refuses twice it gets a third time.
filter_is_tried_again() {
	refused=$(debugfs "filter, refused")
	ctl net0 spoil reply_status=0xc0000001 2 && ip link set "$nic0" promisc on && wait_for 20 state_is 0 filter 0x20 &&
		wait_for 10 filter_refused "$((refused + 2))" && ip link set "$nic0" promisc off &&
		wait_for 20 state_is 0 filter 0xd
}

filter_refused() { [ "$(debugfs "filter, refused")" = "$1" ]; }

# Time ---------------------------------------------------------------------------------

# It answers only what it must, three questions and four requests: five more would be waited for in vain.
only_the_necessary() {
	unload_net && modprobe "$BUS_MODULE" && ctl net0 spoil reply_never '*@7' && timeout 25 modprobe "$NET_MODULE" &&
		ctl net0 behave && nic0=$(nic 0) && addressed "$nic0" 0 2 && pings "" 10.7.0.1
}

# Silence in the midst of a change: the change fails, and what was comes back when the host does.
silent_while_changing() {
	ctl net0 spoil reply_never '*' || return 1
	timeout 40 ethtool -G "$nic0" rx 300 && return 1
	[ $? != 124 ] && timeout 40 ip link show "$nic0" && ctl net0 behave &&
		wait_for 60 pings "" 10.7.0.1 && [ "$(debugfs attached)" = 1 ]
}

# Handshake ----------------------------------------------------------------------------

# Answers of the handshake, and of what is asked while the driver starts.
HANDSHAKE_LIES="nvsp0=1 nvsp0=0xffffffff nvsp1=0 nvsp1=2 nvsp2=0 nvsp2=5 nvsp2=0xffffffff nvsp3=8 nvsp3=0xffffffff
	nvsp4=0 nvsp4=0xffffffff nvsp5=0 nvsp5=0xffffffff nvsp6=0xffffffff reply_never reply_twice reply_id=7
	reply_status=0xc0000001 reply_info_len=0xffffffff reply_info_len=0 reply_info_offset=0xfffffff0
	reply_info_offset=0 reply_info=0 reply_info=0xffffffff reply_len=8"

# starts_in_spite LIE SKIP: the driver is loaded, whether it takes the NIC or not; without the lie it does
starts_in_spite() {
	ctl net0 spoil "$1" "1@$2" && timeout 150 modprobe "$NET_MODULE" reply_timeout=1 || return 1
	sleep 1
	ctl net0 behave && timeout 60 rmmod "$NET_MODULE" && ledger_of_the_nic
}

# Nothing is lent and no channel is open once the driver has gone.
ledger_of_the_nic() { wait_for 20 state_is 0 state closed; }

handshake_lies() {
	for lie in $HANDSHAKE_LIES; do
		for skip in 0 1 2 3; do
			starts_in_spite "$lie" "$skip" || { echo "with $lie at $skip"; return 1; }
		done
	done
	modprobe "$NET_MODULE" && nic0=$(nic 0) && addressed "$nic0" 0 2 && pings "" 10.7.0.1
}

# What was sent is completed twice, with an error, or with nonsense.
completion_lies() {
	for lie in tx_twice tx_status=2 tx_status=0xffffffff; do
		ctl net0 spoil "$lie" 3 && ping -n -c 5 -i 0.02 -W 1 10.7.0.1 >/dev/null
		{ ctl net0 behave && pings "" 10.7.0.1 >/dev/null; } || { echo "after $lie"; return 1; }
	done
}

# Notices that point beyond themselves, or mean nothing.
notice_lies() {
	for lie in notice_len=0xffffffff notice_offset=0xfffffff0 notice_status=0x40019999 reply_type=0x77 \
		reply_len=9; do
		{ ctl net0 spoil "$lie" && ctl net0 speed 10000000000 && pings "" 10.7.0.1 >/dev/null; } ||
			{ echo "after $lie"; return 1; }
	done
}

# Tables of another size, beyond the message, with channels there are not.
table_lies() {
	ctl net0 table 12 0 0 0 && ctl net0 table 4000000000 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 &&
		ctl net0 table 12 9 9 9 9 9 9 9 9 9 9 9 9 9 9 4294967295 && ctl net0 table 40 0 1 &&
		pings "" 10.7.0.1
}

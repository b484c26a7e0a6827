#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="net0=pair:net1,net1=sink,net0.vf_cable=@RUN@.vf" drivers=kit timeout=900 kernels="6.1 6.12 7.3" days="6.1 7.3" qemu="-netdev dgram,id=vf,local.type=unix,local.path=@RUN@.vf.nic,remote.type=unix,remote.path=@RUN@.vf.host -netdev hubport,id=vf2,hubid=2 -netdev hubport,id=vf3,hubid=3 -device vmxnet3,netdev=vf,mac=00:15:5d:0a:00:00,addr=0x9 -device vmxnet3,netdev=vf2,mac=00:15:5d:0a:00:00,addr=0xa -device vmxnet3,netdev=vf3,mac=00:15:5d:0a:00:99,addr=0xb"
# proves: a virtual function with our MAC address becomes ours in whatever order things come and go, carries frames
#         only while the host has confirmed that, and no frame is lost on the way that no counter shows
# shellcheck disable=SC2015,SC2034,SC2154
. ./ktap.sh
. ./lib.sh
. ./net_lib.sh
. ./net_vf_lib.sh

# come and go WHAT: N the NIC, V the function, A the host's word of it
come() {
	case $1 in
	N) nics_up ;;
	V) vf_bind 9 ;;
	A) ctl net0 vf add 9 ;;
	esac
}
go() {
	case $1 in
	N) nics_down ;;
	V) vf_unbind 9 ;;
	A) ctl net0 vf remove ;;
	esac
}

# order COMING GOING: all three come, and go again; whenever the NIC is there it carries frames
order() {
	here=
	for what in $1; do
		come "$what" && here="$here$what" || return 1
		case $here in
		???) by_vf ;;
		*N*) by_channel ;;
		esac || { echo "came: $here"; return 1; }
	done
	slave_is 9 || return 1
	for what in $2; do
		go "$what" && here=$(echo "$here" | tr -d "$what") || return 1
		case $here in
		*N*) by_channel ;;
		esac || { echo "left: $here"; return 1; }
	done
}

shown() {
	ip -d link show dev "$(vf_name 9)" | tee /tmp/link
	grep -q 'SLAVE' /tmp/link && grep -q "master $nic0 " /tmp/link &&
		! ip addr show dev "$(vf_name 9)" | grep inet
}

counted_as_ours() {
	rx=$(cat "/sys/class/net/$nic0/statistics/rx_packets") && pings_b &&
		[ "$(cat "/sys/class/net/$nic0/statistics/rx_packets")" -ge $((rx + 5)) ] &&
		ethtool -S "$nic0" | grep vf_ && [ "$(vf_stat vf_rx_packets)" -ge 5 ] &&
		[ "$(vf_stat vf_tx_packets)" -ge 5 ] && [ "$(vf_stat vf_rx_bytes)" -ge 490 ] &&
		[ "$(vf_stat vf_tx_dropped)" = 0 ] && cat /sys/kernel/debug/netvsc-*
}

flags_of() { ip -d link show dev "$1"; }

# MTU, hearing, address and VLANs are the function's, too.
configured_alike() {
	vf=$(vf_name 9)
	ip link set "$nic0" mtu 1400 && [ "$(cat "/sys/class/net/$vf/mtu")" = 1400 ] && by_vf &&
		ip link set "$nic0" mtu 1500 && [ "$(cat "/sys/class/net/$vf/mtu")" = 1500 ] && by_vf || return 1
	ip link set "$nic0" promisc on && flags_of "$vf" | grep -q 'promiscuity 1 ' &&
		ip link set "$nic0" promisc off && flags_of "$vf" | grep -q 'promiscuity 0 ' || return 1
	ip maddr add 01:00:5e:01:02:03 dev "$nic0" && ip maddr show dev "$vf" | grep -q 01:00:5e:01:02:03 &&
		ip maddr del 01:00:5e:01:02:03 dev "$nic0" && ! ip maddr show dev "$vf" | grep 01:00:5e:01:02:03
}

# Ours changes only while we are down, as the stack has it. The emulated device forgets an address it was given while
# it was down, and hears no frames to it; so they are looked at again when it has its own.
renumber() {
	ip link set "$nic0" down && ip link set "$nic0" address "$1" && ip link set "$nic0" up &&
		[ "$(cat "/sys/class/net/$(vf_name 9)/address")" = "$1" ] && wait_for 20 path_is vf
}
address_changes() {
	! ip link set "$nic0" address 02:00:00:ab:cd:ef && by_vf && renumber 02:00:00:ab:cd:ef &&
		renumber 00:15:5d:0a:00:00 && by_vf
}

tagged() {
	ip link add link "$nic0" name v1 type vlan id 42 && ip addr add 10.8.0.1/24 dev v1 && ip link set v1 up &&
		in_ns b ip link add link "$nic1" name v2 type vlan id 42 && in_ns b ip addr add 10.8.0.2/24 dev v2 &&
		in_ns b ip link set v2 up && went vf pings "" 10.8.0.2 &&
		ip link del v1 && in_ns b ip link del v2
}

# The administrator takes the function down, or the NIC.
down_and_up() {
	vf=$(vf_name 9)
	ip link set "$vf" down && by_channel && ip link set "$vf" up && by_vf &&
		ip link set "$nic0" down && [ "$(cat "/sys/class/net/$vf/flags")" = 0x1802 ] &&
		ip link set "$nic0" up && by_vf
}

# The channel is closed and opened again: that host begins with the channel.
reconfigured() {
	switches=$(net 0 vf_switches)
	ethtool -G "$nic0" rx 300 && by_vf && [ "$(net 0 vf_switches)" -gt "$switches" ]
}

# Nothing goes by the function before the host says that it has switched.
late() {
	ctl net0 vf remove && by_channel && ctl net0 vf hold && ctl net0 vf add 9 && wait_for 20 path_is vf &&
		stays vf_tx_frames pings_b && ctl net0 vf release && by_vf
}

# And if it never says so nothing ever does; the other way round nobody waits for ever.
ignored() {
	echo 1 >/sys/module/netvsc/parameters/reply_timeout
	ctl net0 vf remove && by_channel && ctl net0 vf ignore && ctl net0 vf add 9 &&
		wait_for 20 unconfirmed_is 1 && by_channel && vf_unbind 9 && by_channel &&
		ctl net0 vf release && vf_bind 9 && by_channel || return 1
	cat /sys/kernel/debug/netvsc-*
	# What it never answered it never will: bringing it up anew helps.
	ethtool -G "$nic0" rx 310 && by_vf && echo 10 >/sys/module/netvsc/parameters/reply_timeout
}
unconfirmed_is() { grep -h 'not confirmed in time: ' /sys/kernel/debug/netvsc-* | grep -q ": $1\$"; }

stranger() {
	vf_bind 11 && sleep 0.5 && [ ! -e "/sys/class/net/$(vf_name 11)/master" ] && by_vf && vf_unbind 11
}

# Of two the one that the host means; without a word, the one that was there.
two() {
	vf_bind 10 && sleep 0.5 && slave_is 9 && by_vf && ctl net0 vf add 10 && wait_for 20 slave_is 10 &&
		[ ! -e "/sys/class/net/$(vf_name 9)/master" ] && ctl net0 vf add 9 && wait_for 20 slave_is 9 && by_vf &&
		vf_unbind 9 && wait_for 20 slave_is 10 && vf_bind 9 && wait_for 20 slave_is 9 && by_vf && vf_unbind 10
}

there_is_in() { in_ns "$1" ip -o link show master "$nic0" | grep -q .; }

# It goes where the NIC goes; and where a namespace ends both come back.
namespaces() {
	ip netns add c && ip link set "$nic0" netns c && wait_for 20 there_is_in c && in_ns c ip link set "$nic0" up &&
		in_ns c ip addr add 10.7.0.1/24 dev "$nic0" && wait_for 20 path_is vf &&
		wait_for 20 went vf pings c 10.7.0.2 || return 1
	ip netns del c && wait_for 20 vf_back && addressed "$nic0" 0 1 && by_vf
}
vf_back() { slave_is 9; }

# However often it changes under way.
toggled() {
	start_transfers && start_pings 400 || return 1
	for round in 1 2 3 4; do
		ctl net0 vf remove && wait_for 20 path_is synthetic && ctl net0 vf add 9 && wait_for 20 path_is vf &&
			vf_unbind 9 && wait_for 20 path_is synthetic && vf_bind 9 && wait_for 20 path_is vf &&
			ip link set "$(vf_name 9)" down && ip link set "$(vf_name 9)" up && wait_for 20 path_is vf ||
			{ echo "round $round"; touch /tmp/stop; return 1; }
	done
	answered_or_counted 400 || { touch /tmp/stop; return 1; }
	transfers_were_good
}

nic_gone() { ! nic_there 0 >/dev/null; }
withdrawn() {
	ctl rescind net0 && wait_for 60 nic_gone && [ ! -e "/sys/class/net/$(vf_name 9)/master" ] &&
		ctl offer net0 && nic0=$(nic 0) && addressed "$nic0" 0 1 && by_vf
}

ktap_plan 25
ktap_check functions_wait_to_be_bound vf_prepare
ktap_check order_nic_function_word order "N V A" "A V N"
ktap_check order_nic_word_function order "N A V" "V A N"
ktap_check order_function_nic_word order "V N A" "N V A"
ktap_check order_function_word_nic order "V A N" "A N V"
ktap_check order_word_nic_function order "A N V" "V N A"
ktap_check order_word_function_nic order "A V N" "N A V"
ktap_check all_are_there come N
ktap_check the_function_too come V
ktap_check and_the_word_of_it come A
ktap_check frames_go_by_it by_vf
ktap_check shown_as_a_port shown
ktap_check frames_count_as_ours counted_as_ours
ktap_check configured_as_we_are configured_alike
ktap_check address_changes_both address_changes
ktap_check vlan_tags_go_by_it tagged
ktap_check down_and_up_again down_and_up
ktap_check channel_opened_anew reconfigured
ktap_check host_that_confirms_late late
ktap_check host_that_never_confirms ignored
ktap_check another_address_is_not_ours stranger
ktap_check of_two_the_one_the_host_means two
ktap_check it_follows_into_namespaces namespaces
ktap_check switched_under_traffic toggled
ktap_check nic_taken_away_and_given_back withdrawn
ktap_done

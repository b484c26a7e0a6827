#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="net0=echo,net1=pair:net2,net2=sink" drivers=none timeout=900 qemu="-netdev hubport,id=h1,hubid=1 -netdev hubport,id=h2,hubid=1 -device virtio-net-pci,netdev=h1,mac=52:54:00:00:01:01,romfile= -device virtio-net-pci,netdev=h2,mac=52:54:00:00:01:02,romfile="
# The guest's half of selftests/bench/net: the same packets through one stack after the other. Which stacks and rows
# is in bench-net.env, written by the other half.
#
# Each row is run with few and with many packets. What a program does besides is in both and cancels out. Around
# each run the counters are noted and instructions counted (vm/guest_mark.c).
# shellcheck disable=SC2015,SC2034,SC2154

. ./ktap.sh
. ./lib.sh
. ./net_lib.sh
. bench-net.env

# Signals and interrupts of all channels; those of other NICs are interrupts that the kernel counts.
note() {
	echo "@bench $* $( { ctl counters; cat /proc/interrupts; } | awk -v irq="$irq" '
		$1 == "signals" { signals = $2 }
		$1 == "interrupts" { interrupts += $2 }
		irq != "" && $NF ~ irq { interrupts += $2 }
		END { print signals + 0, interrupts + 0 }')" >>/tmp/bench
}

# measured NAME COMMAND...
measured() {
	measured_name=$1
	shift
	note before "$measured_name"
	mark 1
	"$@" || return 1
	mark 2
	note behind "$measured_name"
}

# What a row does; each begins with what shall not be measured.
udp_send() { measured "$1" datagrams send 10.7.0.1 "$2" 18 1; }

udp_receive() {
	datagrams receive "$2" 60 >/tmp/receive.out &
	receiver=$!
	wait_for 20 port_9_is_open || return 1
	measured "$1" sourced "$2" || { cat /tmp/receive.out; return 1; }
}
sourced() { ctl net0 source "$1" 18 1 && wait "$receiver"; }

# A program drops them before the stack has seen them, but for every five-hundredth.
xdp_drop() {
	ethtool -K "$nic0" lro off && ip -force link set dev "$nic0" xdpdrv obj bin/xdp.o sec xdp/sift || return 1
	datagrams receive $(($2 / 500)) 60 >/tmp/receive.out &
	receiver=$!
	wait_for 20 port_9_is_open || return 1
	# Those it gets are not in a row, and it says so.
	measured "$1" sifted "$2" && ip link set dev "$nic0" xdpdrv off || return 1
	grep "^good $(($2 / 500)) " /tmp/receive.out || { cat /tmp/receive.out; return 1; }
}
sifted() { ctl net0 source "$1" 18 1 && { wait "$receiver" || :; }; }

ping_station() { measured "$1" pinged "" 10.7.0.1 "$2"; }
ping_cable() { measured "$1" pinged a 10.9.0.2 "$2"; }
pinged() { in_ns "$1" ping -n -q -f -c "$3" -W 5 "$2" >/tmp/ping.out && grep -q ' 0% packet loss' /tmp/ping.out; }

# tcp NAME MIB STREAMS
tcp() {
	ip netns exec b iperf3 -s -1 >/tmp/iperf-s.out 2>&1 &
	iperf_server=$!
	wait_for 20 listens b 5201 || return 1
	tcp_copied=$(copied)
	measured "$1" streamed "$2" "$3" || { cat /tmp/iperf.out /tmp/iperf-s.out; return 1; }
	[ -z "$tcp_copied" ] || echo "@copied $1 $(($(copied) - tcp_copied))" >>/tmp/bench
}
# Bytes that the driver has copied, if it says so; both ends', of which one receives what is sent.
copied() {
	for copied_ns in a b; do
		for copied_nic in "$nic1" "$nic2"; do in_ns "$copied_ns" ethtool -S "$copied_nic" 2>/dev/null; done
	done | awk '$1 == "rx_copied_bytes:" { n += $2; said = 1 } END { if (said) print n }'
}
streamed() { ip netns exec a iperf3 -c 10.9.0.2 -n "$1M" -P "$2" >/tmp/iperf.out 2>&1 && wait "$iperf_server"; }
tcp_1() { tcp "$1" "$2" 1; }
tcp_4() { tcp "$1" "$2" 4; }

# The first run of a program reads it from the disk, and libraries, and the stack makes its caches.
warm() {
	iperf 10.9.0.2 1M >/dev/null || return 1
	case $1 in kit | in-tree) datagrams send 10.7.0.1 100 18 1 ;; esac
}

run_rows() {
	warm "$1" || return 1
	while read -r name only few many what; do
		# shellcheck disable=SC2254 # a pattern
		case $1 in $only) ;; *) continue ;; esac
		# Neighbours are known.
		pinged "" 10.7.0.1 5 || [ "$1" = virtio ] || return 1
		for count in $few $many; do
			"$what" "$1.$name.$count" "$count" || { echo "$name $count"; return 1; }
		done
	done <<-END
		$BENCH_ROWS
	END
}

# cable NAME NAME: between namespaces a and b
cable() {
	ip netns add a && ip netns add b && ip link set "$1" netns a && ip link set "$2" netns b || return 1
	in_ns a ip addr add 10.9.0.1/24 dev "$1" && in_ns b ip addr add 10.9.0.2/24 dev "$2" &&
		in_ns a ip link set "$1" up && in_ns b ip link set "$2" up &&
		wait_for 30 ip netns exec a ping -c 1 -W 1 10.9.0.2
}

free_kib() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '$1 == "nr_free_pages" { all += $2 } $1 == "count:" { all += $2 } END { print all * 4 }' /proc/zoneinfo
}

# What three NICs take that are up and idle, and without a driver do not
memory() {
	memory_before=$(free_kib)
	modprobe "$NET_MODULE" && nic0=$(nic 0) && nic1=$(nic 1) && nic2=$(nic 2) || return 1
	for n in "$nic0" "$nic1" "$nic2"; do ip link set "$n" up || return 1; done
	sleep 1
	echo "@memory $1 $(((memory_before - $(free_kib)) / 3))" >>/tmp/bench
}

# For the other half, which has blocks of code by address; modules have one while they are loaded.
symbols() {
	echo "@symbols $1" >>/tmp/bench
	awk '$2 == "t" || $2 == "T" { print "@sym", $1, $3, $4 }' /proc/kallsyms | sort -k2,2 >>/tmp/bench
}

# through STACK BUS DRIVER: NICs of the provider
through() {
	BUS_MODULE=$2 NET_MODULE=$3 irq=''
	# Read once, so that the file is not what the memory goes to.
	modprobe "$BUS_MODULE" && modprobe "$NET_MODULE" && nic 2 && rmmod "$NET_MODULE" && memory "$1" &&
		ip addr add 10.7.0.2/24 dev "$nic0" && wait_for 20 pinged "" 10.7.0.1 1 &&
		cable "$nic1" "$nic2" && run_rows "$1" || return 1
	[ -z "${BENCH_SYMBOLS-}" ] || symbols "$1"
	ip netns del a && ip netns del b && unload_net
}

by_mac() { grep -l "$1" /sys/class/net/*/address | cut -d/ -f5; }
both_there() { [ -n "$(by_mac "$1:01")" ] && [ -n "$(by_mac "$1:02")" ]; }

# other STACK MODULE MAC INTERRUPT: two NICs of QEMU's own on one hub
other() {
	modprobe "$2" && wait_for 20 both_there "$3" || return 1
	irq=$4
	cable "$(by_mac "$3:01")" "$(by_mac "$3:02")" && run_rows "$1" && ip netns del a && ip netns del b
}

for stack in $BENCH_STACKS; do
	case $stack in
	kit) ktap_check "$stack" through kit vmbus_client netvsc ;;
	in-tree) ktap_check in_tree through in-tree hv_vmbus hv_netvsc ;;
	virtio) ktap_check virtio other virtio virtio_net 52:54:00:00:01 '^virtio[0-9]+-(input|output)' ;;
	esac
done
cat /tmp/bench
ktap_done

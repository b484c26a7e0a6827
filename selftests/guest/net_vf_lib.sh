# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2015
# What tests of virtual functions share. net0 has one, and a cable to net1, which is in namespace b.
# The function is an emulated vmxnet3 in slot 9 with net0's MAC address, and the other end of its cable the host's
# (@RUN@.vf). Slot 10 has another with the same address, slot 11 one with another address; both have no cable.

vf_slot() { printf '0000:00:%02x.0' "$1"; }

# vf_name SLOT: what the kernel calls the function in that slot
vf_name() {
	for vf_dir in "/sys/bus/pci/devices/$(vf_slot "$1")"/net/*; do
		[ -d "$vf_dir" ] || continue
		basename "$vf_dir"
		return 0
	done
	return 1
}

# Functions appear when they are bound, and not by themselves.
vf_prepare() { echo 0 >/sys/bus/pci/drivers_autoprobe && modprobe vmxnet3 && ip netns add b; }

vf_bind() { vf_slot "$1" >/sys/bus/pci/drivers/vmxnet3/bind && vf_name "$1"; }
vf_unbind() { vf_slot "$1" >/sys/bus/pci/drivers/vmxnet3/unbind; }

# net0 here, net1 in b
nics_up() {
	modprobe "$BUS_MODULE" && modprobe "$NET_MODULE" && nic0=$(nic 0) && nic1=$(nic 1) &&
		addressed "$nic0" 0 1 && addressed "$nic1" 0 2 b
}
nics_down() { wait_for 20 rmmod "$NET_MODULE" && wait_for 20 rmmod "$BUS_MODULE"; }

# slave_is SLOT: the function there is net0's
slave_is() { [ "$(basename "$(readlink -f "/sys/class/net/$(vf_name "$1")/master")")" = "$nic0" ]; }

path_is() { state_is 0 path "$1"; }

# stat NAME: of ethtool -S
vf_stat() { ethtool -S "$nic0" | awk -v f="$1:" '$1 == f { print $2 }'; }

# stays COUNTER COMMAND...: it does not
stays() (
	what=$1 was=$(net 0 "$1")
	shift
	"$@" && [ "$(net 0 "$what")" = "$was" ] || { echo "$what went from $was to $(net 0 "$what")"; exit 1; }
)

pings_b() { pings "" 10.7.0.2; }

# went WAY COMMAND...: while it runs, 5 frames at least go and come that way, and none go the other
went() {
	went_way=$1
	shift
	ctl net0 counters >/tmp/before && "$@" && ctl net0 counters >/tmp/after || return 1
	awk -v way="$went_way" '
		NR == FNR { was[$1] = $2; next }
		{ more[$1] = $2 - was[$1] }
		END {
			by = more["vf_tx_frames"]; back = more["vf_rx_frames"]; over = more["tx_frames"]
			print "by the function " by ", from it " more["vf_tx_wrong"] " wrong, to it " back ", by the channel " over
			if (way == "vf")
				exit !(by >= 5 && back >= 5 && !over)
			exit !(over >= 5 && !by && !back && !more["vf_tx_wrong"])
		}' /tmp/before /tmp/after
}

# The host has switched before the guest knows: the first frames may still go the old way.
by_vf() { wait_for 20 path_is vf && wait_for 20 went vf pings_b; }
by_channel() { wait_for 20 path_is synthetic && went synthetic pings_b; }

# What is between two looks at the counters of all who may lose a frame, in frames.
lost_frames() {
	echo $(($(net 0 vf_tx_wrong) + $(net 0 vf_rx_lost) + $(net 0 rx_full) + $(net 0 rx_no_carrier) +
		$(cat "/sys/class/net/$nic0/statistics/tx_dropped")))
}

# start_pings COUNT: in the background, while something else goes on
start_pings() {
	lost_before=$(lost_frames)
	ping -n -q -c "$1" -i 0.01 -W 5 10.7.0.2 >/tmp/ping-long.out 2>&1 &
	pinging=$!
}

# answered_or_counted COUNT: each of them was answered, or a counter says why not
answered_or_counted() {
	wait "$pinging" || :
	cat /tmp/ping-long.out
	got=$(awk '/received/ { print $4 }' /tmp/ping-long.out)
	lost_after=$(lost_frames)
	echo "$1 sent, $got answered, $((lost_after - lost_before)) frames counted as lost"
	[ "$got" -gt 0 ] && [ $((got + lost_after - lost_before)) -ge "$1" ]
}

# A file over HTTP, bit for bit, as often as it takes until /tmp/stop is there.
start_transfers() {
	rm -f /tmp/stop /tmp/transfers
	mkdir -p /tmp/www && cp /usr/bin/bash /tmp/www/file
	ip netns exec b busybox httpd -p 80 -h /tmp/www || return 1
	while [ ! -e /tmp/stop ]; do
		wget -q -O /tmp/got http://10.7.0.2/file && cmp /tmp/got /tmp/www/file && echo good || echo bad
	done >/tmp/transfers 2>&1 &
	transfers=$!
}

transfers_were_good() {
	touch /tmp/stop
	wait "$transfers"
	sort /tmp/transfers | uniq -c
	grep -q good /tmp/transfers && ! grep -v good /tmp/transfers
}

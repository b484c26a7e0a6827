# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Which CPUs the channels of the disk interrupt, in the order of their relids: what we think and what the host does.

# cpu1 online|offline: nothing if it is so already
cpu1() {
	case $1 in
	online) cpu1_wanted=1 ;;
	offline) cpu1_wanted=0 ;;
	esac
	echo "$cpu1_wanted" >/sys/devices/system/cpu/cpu1/online
}

# A new process is dear in an emulated machine, and these are called often: the shell reads by itself.
look() {
	ours='' heard=''
	while read -r field value; do
		case $field in
		chan*.cpu) ours="$ours${ours:+ }$value" ;;
		chan*.heard_on) heard="$heard${heard:+ }$value" ;;
		esac
	done </sys/kernel/debug/vmbus_client/state
}

# on_cpus LIST: the channels interrupt these CPUs, as "0 1"
on_cpus() {
	look
	echo "channels interrupt CPUs $ours, wanted $1"
	[ "$ours" = "$1" ]
}

host_agrees() {
	look
	theirs=$(ctl channels | sed -n 's/.* state=open vp=\([0-9]*\) .*/\1/p' | xargs)
	echo "the host interrupts VPs $theirs"
	[ "$ours" = "$theirs" ]
}

# heard_on LIST: the latest interrupt of each channel came on these CPUs
heard_on() {
	look
	echo "interrupted last $heard, wanted $1"
	[ "$heard" = "$1" ]
}

# The latest interrupt of each channel came where it belongs now.
heard_where_they_are() {
	look
	echo "interrupted last $heard, belong on $ours"
	[ "$heard" = "$ours" ]
}

# move RELID CPU: by the file for it. What dd says names the error; what the shell's echo says does not.
move() { echo "$2" | dd of="$(echo /sys/bus/vmbus/devices/*/channels/"$1"/cpu)"; }

# move_fails ERROR RELID CPU: with this error
move_fails() {
	! move "$2" "$3" 2>/tmp/move.err || return 1
	cat /tmp/move.err
	grep -q "$1" /tmp/move.err
}

# ios: requests that $disk has completed, reads and writes
ios() {
	read -r done_reads _ _ _ done_writes _ <"/sys/block/${disk-}/stat"
	ios=$((done_reads + done_writes))
}

# More end than can have been under way before.
reads_go_on() {
	ios
	ios_wanted=$((ios + 30))
	wait_for 30 enough_ios
}

enough_ios() {
	ios
	[ "$ios" -ge "$ios_wanted" ]
}

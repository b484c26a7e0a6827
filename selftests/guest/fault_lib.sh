# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Tests of a host at fault, a line each:
#
#   NAME | what the host does | what the guest counts
#
# The host's orders (docs/provider.md) are separated by " & ". The third column names counters of the client
# that must grow, "-" for none. Blank lines do not count.

# Whatever is never answered shall not cost much.
BRIEF="reply_timeout=1500 unload_timeout=1500"

# As the program of that name, without a process for it: these tests have much to say.
ctl() { ctl_ask "$*" 8<>/dev/port/ctl; }

ctl_ask() {
	printf '%s\n' "$1" >&8
	while read -r ctl_line <&8; do
		case $ctl_line in
		ok) return 0 ;;
		error:*) printf '%s\n' "$ctl_line"; return 1 ;;
		esac
		printf '%s\n' "$ctl_line"
	done
	return 1
}

each_case() { grep '|'; }

# run_cases RUNNER: a result for each line of stdin; RUNNER NAME ORDERS COUNTERS fails with what went wrong on stdout
run_cases() {
	while IFS='|' read -r case_name case_orders case_counters; do
		case_name=${case_name%% *} case_counters=${case_counters# }
		[ -n "$case_name" ] || continue
		if "$1" "$case_name" "$case_orders" "$case_counters" >/tmp/case.out 2>&1 </dev/null; then
			ktap_ok "$case_name"
		else
			ktap_not_ok "$case_name" "$(cat /tmp/case.out; ctl behave; dmesg | tail -n 15)"
		fi
	done
}

# orders TEXT: tells the host all of them
orders() {
	orders_left=$1
	while [ -n "$orders_left" ]; do
		case $orders_left in
		*' & '*) order=${orders_left%%' & '*} orders_left=${orders_left#*' & '} ;;
		*) order=$orders_left orders_left= ;;
		esac
		# shellcheck disable=SC2086 # words
		ctl $order || { echo "the host does not take '$order'"; return 1; }
	done
}

# gone MODULE: it is not loaded any more. A disk that is still being looked at keeps its driver for a moment.
gone() {
	rmmod "$1" 2>/dev/null
	! grep -q "^$1 " /proc/modules
}

unloads() {
	wait_for 30 gone storvsc && wait_for 30 gone vmbus_client && return
	echo "the modules do not unload: $(lsmod)"
	return 1
}

reads_disk() {
	disk=$(disk_of_lun 0) && dd if="/dev/$disk" of=/dev/null bs=64k count=4 iflag=direct 2>/dev/null && return
	echo "the disk cannot be read"
	return 1
}

# shellcheck disable=SC2086 # words
try_load() { modprobe vmbus_client $BRIEF && modprobe storvsc; }

snapshot() { cp /sys/kernel/debug/vmbus_client/state /tmp/state.before; }

# grown COUNTER: since the snapshot
grown() {
	awk -v f="$1" '$1 == f { if (NR == FNR) old = $2; else new = $2 } END { exit !(new > old) }' \
		/tmp/state.before /sys/kernel/debug/vmbus_client/state
}

all_grown() {
	for counter in $1; do
		[ "$counter" = - ] || wait_for 5 grown "$counter" || { echo "$counter has not grown"; return 1; }
	done
}

# Drivers are loaded: whatever the host does now, or as soon as there is a packet, it is counted, and the disk goes on.
goes_on() {
	snapshot
	orders "$2" && reads_disk && all_grown "$3" && reads_disk && ctl behave
}

# Loading ends, well or not; then it unloads, nothing is left, and with a correct host all is well.
survives() {
	orders "$2" || return 1
	echo none 0 >/tmp/state.before
	try_load
	echo "loading ended with $?"
	counted_enough "$3"
	survived=$?
	unloads && ctl behave && ledger_empty && works && return $survived
}

counted_enough() {
	[ "$1" != - ] || return 0
	[ -e /sys/kernel/debug/vmbus_client/state ] || { echo "the client is not loaded"; return 1; }
	all_grown "$1"
}

# With a correct host, from nothing to nothing.
works() {
	dmesg -C
	try_load && reads_disk && nothing_rejected && unloads && ledger_empty
}

# What was refused so far, for people.
note_rejected() {
	ktap_note "refused: $(awk '$1 ~ /^rejected_|^channels_broken/ && $2 { printf "%s %s, ", $1, $2 }' \
		/sys/kernel/debug/vmbus_client/state)"
}

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="echo=16" drivers=none timeout=1500
# The guest's half of selftests/bench/vmbus: the same commands to the echo device through our bus and the
# kernel's own, in turns. What it shall do is in bench-vmbus.env, written by the other half.
#
# Each row is run twice, with few and with many packets. What a command costs besides its packets is in both
# and cancels out. Around each one the host's counters are noted and instructions counted (vm/guest_mark.c).

. ./ktap.sh
. ./lib.sh
. bench-vmbus.env

mount -t debugfs none /sys/kernel/debug 2>/dev/null
dir=/sys/kernel/debug/vmbus_echo_test

note() { echo "@bench $* $(ctl counters | awk '$1 == "signals" || $1 == "interrupts" { printf " %s", $2 }')" >>/tmp/bench; }

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

tell() { echo "$*" >"$dir/echo0/run" || { cat "$dir/echo0/run"; return 1; }; }
well() { ! awk '$1 == "bad" && $2 || $1 == "error" && $2' "$dir/echo0/run" | grep .; }

# command NAME COUNT WHAT...: WHAT with COUNT in it, measured
command_row() {
	row_name=$1.$2 row_count=$2
	shift 2
	row=$(echo "$*" | sed "s/@/$row_count/")
	measured "$row_name" tell "$row" && well &&
		awk -v n="$row_name" '$1 == "ns" { print "@bench ns", n, $2 }' "$dir/echo0/run" >>/tmp/bench
}

all_there() { [ "$(find "$dir" -name run 2>/dev/null | wc -l)" = 16 ]; }
load() {
	modprobe "$1" && modprobe "$2" || return 1
	until all_there; do :; done
}

# Pages that a CPU keeps for itself are free, too.
free_kib() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '$1 == "nr_free_pages" { all += $2 } $1 == "count:" { all += $2 } END { print all * 4 }' /proc/zoneinfo
}

# What fifteen open channels take, that closed ones do not.
memory() {
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do echo reopen 16 16 4096 >"$dir/echo$n/run" || return 1; done
	memory_open=$(free_kib)
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do echo shut >"$dir/echo$n/run" || return 1; done
	memory_shut=$(free_kib)
	echo "@bench memory $1 $((memory_shut - memory_open))" >>/tmp/bench
}

# For the other half, which has blocks of code by address; modules have one while they are loaded.
symbols() { awk '$2 == "t" || $2 == "T" { print "@sym", $1, $3, $4 }' /proc/kallsyms | sort -k2,2 >>/tmp/bench; }

# on_bus NAME BUS DRIVER
on_bus() {
	bus=$1
	measured "$bus.load.16" load "$2" "$3" || return 1
	memory "$bus" && memory "$bus" && tell reopen 16 16 4096 || return 1
	while read -r name only few many what; do
		case $only in "$bus" | both) ;; *) continue ;; esac
		case $name in
		*.polled) tell drain 2 || return 1 ;;
		esac
		command_row "$bus.$name" "$few" "$what" && command_row "$bus.$name" "$many" "$what" || return 1
		case $name in
		*.polled) tell drain 0 || return 1 ;;
		esac
	done <<-END
		$BENCH_ROWS
	END
	[ "$turn" != profile ] || symbols
	wait_for 20 rmmod "$3" && wait_for 20 rmmod "$2"
}

# shellcheck disable=SC2086 # words
set -- $BENCH_TURNS
for turn; do
	case $turn in
	kit) ktap_check kit on_bus kit vmbus_client vmbus_echo_test ;;
	profile) ktap_check kit on_bus kit vmbus_client vmbus_echo_test ;;
	in-tree) ktap_check in_tree on_bus in-tree hv_vmbus intree_echo ;;
	esac
done
cat /tmp/bench
ktap_done

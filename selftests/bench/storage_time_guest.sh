#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:32M,sub_channels=1" drivers=kit timeout=400
# The guest's half of selftests/bench/storage where time is measured: fio on one of the drivers.

. ./ktap.sh
. ./lib.sh

# Of fio's terse line: requests a second and, in microseconds, what half and what 99 of 100 take at most.
terse() {
	awk -F ';' -v row="$1" '
		{
			for (i = 18; i <= 37; i++) {
				split($i, part, "%=")
				if (part[1] + 0 == 50) half = part[2]
				if (part[1] + 0 == 99) most = part[2]
			}
			print "@time", row, $8, half, most
		}'
}

# Signals and interrupts so far.
calls() { ctl counters | awk '$1 == "signals" { s = $2 } $1 == "interrupts" { i = $2 } END { print s, i }'; }

# timed ROW REQUESTS OPTION...: for a second or more
timed() {
	timed_row=$1 timed_count=$2
	shift 2
	timed_calls=$(calls)
	fio --name=timed --filename="/dev/$disk" --direct=1 --ioengine=libaio --bs=4k --size=32m --norandommap \
		--randrepeat=1 --thread --disk_util=0 --rw=randread --io_size="$((timed_count * 4))k" \
		--output-format=terse --terse-version=3 "$@" >/tmp/terse || return 1
	terse "$timed_row" </tmp/terse >>/tmp/bench
	# Of a thousand requests.
	echo "$timed_row.calls $timed_calls $(calls) $timed_count" |
		awk '{ print "@time", $1, ($4 - $2) * 1000 / $6, ($5 - $3) * 1000 / $6, 0 }' >>/tmp/bench
}

by_the_clock() {
	load_drivers && disk=$(disk_of_lun 0) || return 1
	for depth in 1 4; do
		timed "$depth" 12000 --iodepth="$depth" || return 1
	done
	for depth in 32 64; do
		timed "$depth" 48000 --iodepth="$depth" || return 1
	done
	# One for each processor, and there it stays.
	timed 32x2 48000 --io_size=96000k --iodepth=32 --numjobs=2 --group_reporting --cpus_allowed=0,1 \
		--cpus_allowed_policy=split &&
		unload_drivers
}

ktap_check by_the_clock by_the_clock
cat /tmp/bench
ktap_done

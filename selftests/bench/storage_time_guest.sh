#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:32M,sub_channels=1" drivers=none timeout=400
# The guest's half of selftests/bench/storage where time is measured: fio on one of the drivers.

. ./ktap.sh
. ./lib.sh
. bench-time.env

# Of fio's terse line: requests a second and, in microseconds, what half and what 99 of 100 take at most.
terse() {
	awk -F ';' -v stack="$1" -v row="$2" '
		{
			for (i = 18; i <= 37; i++) {
				split($i, part, "%=")
				if (part[1] + 0 == 50) half = part[2]
				if (part[1] + 0 == 99) most = part[2]
			}
			print "@time", stack, row, $8, half, most
		}'
}

# timed STACK ROW OPTION...: so many requests that a second or more is measured
timed() {
	timed_stack=$1 timed_row=$2
	shift 2
	fio --name=timed --filename="/dev/$disk" --direct=1 --ioengine=libaio --bs=4k --size=32m --norandommap \
		--randrepeat=1 --thread --disk_util=0 --rw=randread --io_size=48000k --output-format=terse \
		--terse-version=3 "$@" >/tmp/terse && terse "$timed_stack" "$timed_row" </tmp/terse >>/tmp/bench
}

# through STACK BUS DRIVER
through() {
	BUS_MODULE=$2 DISK_MODULE=$3
	modprobe sd_mod && modprobe "$BUS_MODULE" && modprobe "$DISK_MODULE" && disk=$(disk_of_lun 0) || return 1
	for depth in 1 4 32 64; do
		timed "$1" "$depth" --iodepth="$depth" || return 1
	done
	# One for each processor, and there it stays.
	timed "$1" 32x2 --iodepth=32 --numjobs=2 --group_reporting --cpus_allowed=0,1 --cpus_allowed_policy=split ||
		return 1
	unload_drivers
}

case $BENCH_STACK in
kit) ktap_check kit through kit vmbus_client storvsc ;;
in-tree) ktap_check in_tree through in-tree hv_vmbus hv_storvsc ;;
esac
cat /tmp/bench
ktap_done

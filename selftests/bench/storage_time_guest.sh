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

# through STACK BUS DRIVER
through() {
	BUS_MODULE=$2 DISK_MODULE=$3
	modprobe sd_mod && modprobe "$BUS_MODULE" && modprobe "$DISK_MODULE" && disk=$(disk_of_lun 0) || return 1
	for depth in 1 4 32 64; do
		fio --name="depth$depth" --filename="/dev/$disk" --direct=1 --ioengine=libaio --bs=4k --size=32m \
			--norandommap --randrepeat=1 --thread --disk_util=0 --rw=randread --iodepth="$depth" \
			--io_size="16000k" --ramp_time=0 --output-format=terse --terse-version=3 \
			>/tmp/terse || return 1
		terse "$1" "$depth" </tmp/terse >>/tmp/bench
	done
	unload_drivers
}

case $BENCH_STACK in
kit) ktap_check kit through kit vmbus_client storvsc ;;
in-tree) ktap_check in_tree through in-tree hv_vmbus hv_storvsc ;;
esac
cat /tmp/bench
ktap_done

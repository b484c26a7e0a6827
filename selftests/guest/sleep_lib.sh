# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# A load that reads back all it writes, to go through a sleep of the machine and be asked afterwards.

# How long it would run is of no matter: load_was_right ends it.
verified_load() {
	disk=$(disk_of_lun 0) || return 1
	fio --name=load --filename="/dev/$disk" --direct=1 --ioengine=libaio --iodepth=8 --bs=4k --size=8M \
		--rw=randwrite --verify=crc32c --verify_backlog=32 --verify_fatal=1 --time_based --runtime=36000 \
		>/tmp/fio.out 2>&1 &
	load=$!
	goes_on
}

more_reads() { [ "$(host scsi0.reads)" -gt "$reads_wanted" ]; }
goes_on() {
	reads_wanted=$(($(host scsi0.reads) + 50))
	wait_for 30 more_reads
}

load_was_right() {
	kill -INT "$load"
	wait "$load"
	cat /tmp/fio.out
	grep -q 'err= 0' /tmp/fio.out
}

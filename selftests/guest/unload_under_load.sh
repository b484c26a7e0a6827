#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:64M" drivers=kit timeout=400
# proves: taking the driver away while a program does I/O ends every command, with an error or not, and hangs nothing
. ./ktap.sh
. ./lib.sh
ktap_plan 7

start_load() {
	disk=$(disk_of_lun 0) || return 1
	fio --name=load --filename="/dev/$disk" --direct=1 --ioengine=libaio --iodepth=16 --bs=4k \
		--rw=randrw --time_based --runtime=600 >/tmp/fio.out 2>&1 &
	load=$!
	wait_for 20 reads_seen
}

reads_seen() { [ "$(host scsi0.reads)" -gt 100 ]; }

# The program sees errors and ends: nothing waits for ever.
load_ends() {
	wait_for 60 sh -c "! kill -0 $load" || return 1
	cat /tmp/fio.out
	grep -q -i 'input/output error\|err= *5\|err= *19\|no such device' /tmp/fio.out
}

unbind() { echo "$guid" >/sys/bus/vmbus/drivers/hv_storvsc/unbind; }
bind() { echo "$guid" >/sys/bus/vmbus/drivers/hv_storvsc/bind; }

works_again() {
	bind && disk=$(disk_of_lun 0) && dd if=/dev/zero of="/dev/$disk" bs=64k count=16 oflag=direct
}

ktap_check drivers_load load_drivers
guid=$(basename "$(ls -d /sys/bus/vmbus/devices/*)")
ktap_check load_runs start_load
ktap_check unbind_under_load unbind
ktap_check program_ends_with_an_error load_ends
ktap_check device_works_after_bind works_again
ktap_check drivers_unload unload_drivers
ktap_check nothing_left_with_the_host ledger_empty
ktap_done

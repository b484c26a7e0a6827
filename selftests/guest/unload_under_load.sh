#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:64M" drivers=kit timeout=400
# proves: taking the driver away while a program does I/O ends every command, with an error or not, and hangs nothing
. ./ktap.sh
. ./lib.sh
ktap_plan 7

# The program sees errors and ends: nothing waits for ever.
load_ends() {
	wait_for 60 load_ended || return 1
	cat /tmp/fio.out
	# Which error depends on how far the removal had come: the disk may have no size any more.
	grep -q 'io_u error' /tmp/fio.out
}

unbind() { echo "$guid" >/sys/bus/vmbus/drivers/hv_storvsc/unbind; }
bind() { echo "$guid" >/sys/bus/vmbus/drivers/hv_storvsc/bind; }

works_again() {
	bind && disk=$(disk_of_lun 0) && dd if=/dev/zero of="/dev/$disk" bs=64k count=16 oflag=direct
}

ktap_check drivers_load load_drivers
guid=$(basename "$(ls -d /sys/bus/vmbus/devices/*)")
ktap_check load_runs start_load 100
ktap_check unbind_under_load unbind
ktap_check program_ends_with_an_error load_ends
ktap_check device_works_after_bind works_again
ktap_check drivers_unload unload_drivers
ktap_check nothing_left_with_the_host ledger_empty
ktap_done

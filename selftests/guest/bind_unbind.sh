#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M,echo=1" drivers=kit timeout=400 days="6.1"
# proves: drivers are taken from their devices and given back 200 times through sysfs, an echo device each time and
#         a disk every fourth time, and work; nothing is left with the host, in memory, or in modules' use counts
. ./ktap.sh
. ./lib.sh
. ./own_lib.sh
ktap_plan 12

drivers=/sys/bus/vmbus/drivers

# device_of DRIVER: the one it has
device_of() { basename "$(ls -d $drivers/"$1"/*-*)"; }

# again DRIVER DEVICE
again() { echo "$2" >"$drivers/$1/unbind" && echo "$2" >"$drivers/$1/bind"; }

says() { echo "$1" >"$say" && read -r said <"$say" && [ "$said" = "$1" ]; }

# round NUMBER: the disk does not always get the time to be looked at before it goes again
round() {
	again vmbus_echo "$echo_dev" && says "$1" || return 1
	[ $(($1 % 4)) -ne 0 ] || again hv_storvsc "$disk_dev" || return 1
	[ $(($1 % 40)) -ne 0 ] || disk_works
}

# rounds FROM TO: the host sees as many opens and closes as there are
rounds() {
	opens=$(host messages_in.open) closes=$(host messages_in.close)
	number=$1
	while [ "$number" -le "$2" ]; do
		round "$number" || { echo "round $number failed"; return 1; }
		number=$((number + 1))
	done
	opens=$(($(host messages_in.open) - opens)) closes=$(($(host messages_in.close) - closes))
	due=$(($2 - $1 + 1 + $2 / 4 - ($1 - 1) / 4))
	echo "the host saw $opens opens and $closes closes of $due"
	[ "$opens $closes" = "$due $due" ]
}

free_kb() { echo 3 >/proc/sys/vm/drop_caches; sleep 0.2; awk '/^MemFree/ { print $2 }' /proc/meminfo; }
uses() { cat /sys/module/vmbus_client/refcnt /sys/module/storvsc/refcnt /sys/module/vmbus_echo/refcnt | xargs; }

# The smaller of the rings has 16 KiB: one that stayed each time would be 2.5 MiB. A kernel that looks for lost memory
# itself keeps notes of what was freed, too; its own verdict comes at the end.
rounds_leave_no_memory_behind() {
	before=$(free_kb)
	rounds "$@" || return 1
	after=$(free_kb)
	echo "free memory went from $before to $after KiB"
	[ $((before - after)) -lt 1200 ] || [ -e /sys/kernel/debug/kmemleak ]
}

same_ledger() { ctl ledger >/tmp/ledger.now && diff /tmp/ledger /tmp/ledger.now; }
same_uses() { echo "$uses, then $(uses)" && [ "$(uses)" = "$uses" ]; }
all_unload() { rmmod vmbus_echo && unload_drivers; }

ktap_check drivers_load eval 'load_drivers && modprobe vmbus_echo'
ktap_check disk disk_works
disk_dev=$(device_of hv_storvsc)
echo_dev=$(device_of vmbus_echo)
say=$drivers/vmbus_echo/$echo_dev/say
ktap_check forty_rounds rounds 1 40
ctl ledger >/tmp/ledger
uses=$(uses)
ktap_check two_hundred_rounds_leave_no_memory_behind rounds_leave_no_memory_behind 41 200
ktap_check host_has_what_it_had same_ledger
ktap_check modules_are_used_as_before same_uses
ktap_check disk_works_at_the_end disk_works
ktap_check nothing_rejected nothing_rejected
ktap_check all_unload all_unload
ktap_check nothing_left_with_the_host ledger_empty
ktap_check loads_once_more load_drivers
ktap_check host_saw_no_violation no_violations
ktap_done

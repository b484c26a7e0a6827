#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider=none qemu="-device vmbus-bridge -device hv-balloon,id=b0" acpi=no timeout=240
# proves: the client makes a device of an offer of another host (QEMU, from 10.0 on) and leaves that host in order
. ./ktap.sh
. ./lib.sh

BALLOON='{525074dc-8985-46e2-8057-a307dc18a502}'

# How many there are on the bus
devices() { find /sys/bus/vmbus/devices -mindepth 1 2>/dev/null | wc -l; }

only_the_balloon() {
	cat /sys/bus/vmbus/devices/*/class_id
	[ "$(devices)" -eq 1 ] && [ "$(cat /sys/bus/vmbus/devices/*/class_id)" = "$BALLOON" ]
}

leave() { rmmod vmbus_client && [ "$(devices)" -eq 0 ]; }

again() { modprobe vmbus_client && wait_for 10 only_the_balloon && leave; }

ktap_plan 6
ktap_check load modprobe vmbus_client
ktap_check agrees_on_4_0 in_log 'vmbus_client: connected to the host, VMBus 4\.0'
ktap_check offer_is_a_device wait_for 10 only_the_balloon
ktap_check nothing_rejected nothing_rejected
ktap_check unload_takes_it_away leave
ktap_check offered_again_on_reload again
ktap_done

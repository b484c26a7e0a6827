#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider=none qemu="-device vmbus-bridge" acpi=no timeout=240 days="6.1"
# proves: the client agrees on a version with an independent host (QEMU's own), sees its offers and leaves it in order
. ./ktap.sh
. ./lib.sh
ktap_plan 6

ktap_check load modprobe vmbus_client
ktap_check agrees_on_4_0 in_log 'vmbus_client: connected to the host, VMBus 4\.0'
ktap_check asked_newer_first test "$(state messages_out)" -ge 2
ktap_check nothing_rejected nothing_rejected
ktap_check unload rmmod vmbus_client
ktap_check loads_again load_and_unload
ktap_done

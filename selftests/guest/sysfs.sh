#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M" drivers=kit timeout=240
# proves: user space finds the bus, the device, its attributes, its path and its driver's alias where it
#         expects them
. ./ktap.sh
. ./lib.sh
ktap_plan 9

guid='[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

# attribute NAME PATTERN
attribute() {
	cat "$dev/$1"
	grep -q -x -E "$2" "$dev/$1"
}

name_is_the_instance() { attribute device_id "\{$guid\}" && [ "{${dev##*/}}" = "$(cat "$dev/device_id")" ]; }

# udev names disks by this path: the device hangs from the firmware's node.
hangs_from_firmware_node() { readlink -f "$dev" | grep '/LNXSYSTM:.*/VMBUS:00/'; }

# What udev would load by the alias. The in-tree driver is there too: its bus cannot be registered beside
# ours, and the kernel says so with a stack, so here we load our own by name.
alias_names_our_driver() { modprobe --resolve-alias "$(cat "$dev/modalias")" | grep -x storvsc; }

driver_takes_it() { modprobe sd_mod && modprobe storvsc && disk_of_lun 0; }

ktap_check load modprobe vmbus_client
dev=$(ls -d /sys/bus/vmbus/devices/*)
ktap_check name_is_the_instance name_is_the_instance
ktap_check class_id attribute class_id '\{ba6163d9-04a1-4d29-b605-72e2ffb1dc7f\}'
ktap_check modalias attribute modalias 'vmbus:d96361baa104294db60572e2ffb1dc7f'
ktap_check vendor attribute vendor 0x1414
ktap_check hangs_from_firmware_node hangs_from_firmware_node
ktap_check alias_names_our_driver alias_names_our_driver
ktap_check driver_takes_it driver_takes_it
ktap_check relid_and_cpu attribute channel_vp_mapping '[0-9]+:[0-9]+'
ktap_done

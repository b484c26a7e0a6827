#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M" drivers=kit timeout=240
# proves: user space finds the bus, the device, its attributes and its path where it expects them, and the
#         device brings its driver by its alias
. ./ktap.sh
. ./lib.sh
ktap_plan 8

guid='[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

# attribute NAME PATTERN
attribute() {
	cat "$dev/$1"
	grep -q -x -E "$2" "$dev/$1"
}

name_is_the_instance() { attribute device_id "\{$guid\}" && [ "{${dev##*/}}" = "$(cat "$dev/device_id")" ]; }

# udev names disks by this path: the device hangs from the firmware's node.
hangs_from_firmware_node() { readlink -f "$dev" | grep '/LNXSYSTM:.*/VMBUS:00/'; }

brings_its_driver() {
	modprobe sd_mod && modprobe -r hv_storvsc 2>/dev/null
	# The in-tree driver has the same alias; it needs the in-tree bus and fails, as it should.
	modprobe "$(cat "$dev/modalias")"
	grep '^storvsc ' /proc/modules && disk_of_lun 0
}

ktap_check load modprobe vmbus_client
dev=$(ls -d /sys/bus/vmbus/devices/*)
ktap_check name_is_the_instance name_is_the_instance
ktap_check class_id attribute class_id '\{ba6163d9-04a1-4d29-b605-72e2ffb1dc7f\}'
ktap_check modalias attribute modalias 'vmbus:d96361baa104294db60572e2ffb1dc7f'
ktap_check vendor attribute vendor 0x1414
ktap_check hangs_from_firmware_node hangs_from_firmware_node
ktap_check device_brings_its_driver brings_its_driver
ktap_check relid_and_cpu attribute channel_vp_mapping '[0-9]+:[0-9]+'
ktap_done

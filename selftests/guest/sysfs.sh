#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M" drivers=kit timeout=240
# proves: user space finds the bus, the device, its attributes, its path and its driver's alias where it
#         expects them
. ./ktap.sh
. ./lib.sh
ktap_plan 12

scsi=ba6163d9-04a1-4d29-b605-72e2ffb1dc7f
guid='[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'

# attribute NAME PATTERN
attribute() {
	cat "$dev/$1"
	grep -q -x -E "$2" "$dev/$1"
}

name_is_the_instance() { attribute device_id "\{$guid\}" && [ "{${dev##*/}}" = "$(cat "$dev/device_id")" ]; }

# udev names disks by this path: the device hangs from the firmware's node.
hangs_from_firmware_node() { readlink -f "$dev" | grep '/LNXSYSTM:.*/VMBUS:00/'; }

# A driver of quite another class, told to take it: it opens the channel, and says nothing that the host would mind.
foreign_driver_takes_it() {
	modprobe vmbus_echo && ! readlink "$dev/driver" &&
		echo $scsi >/sys/bus/vmbus/drivers/vmbus_echo/new_id &&
		readlink "$dev/driver" | grep '/vmbus_echo$' && [ "$(cat "$dev/state")" = 3 ]
}

# Without the id it may keep what it has, and take nothing more.
foreign_driver_gives_it_back() {
	echo $scsi >/sys/bus/vmbus/drivers/vmbus_echo/remove_id &&
		readlink "$dev/driver" | grep '/vmbus_echo$' &&
		echo "${dev##*/}" >/sys/bus/vmbus/drivers/vmbus_echo/unbind &&
		echo "${dev##*/}" >/sys/bus/vmbus/drivers_probe && ! readlink "$dev/driver" &&
		[ "$(cat "$dev/state")" = 2 ] && rmmod vmbus_echo
}

# As udev does, by the alias: the in-tree driver has it too, and is turned away.
alias_loads_our_driver() {
	modprobe sd_mod
	modprobe "$(cat "$dev/modalias")"
	grep '^storvsc ' /proc/modules && ! grep '^hv_vmbus ' /proc/modules
}

# The tool as it comes with the kernel: it reads the files of every device, and crashes if one is not as it should be.
tool_lists_it() {
	lsvmbus -vv | tee /tmp/lsvmbus
	[ "$(lsvmbus)" = 'VMBUS ID  1: Synthetic SCSI Controller' ] &&
		grep -x 'VMBUS ID  1: Class_ID = {'"$scsi"'} - Synthetic SCSI Controller' /tmp/lsvmbus &&
		grep -F "Device_ID = {${dev##*/}}" /tmp/lsvmbus &&
		grep -x '.Rel_ID=1, target_cpu=0' /tmp/lsvmbus
}

driver_takes_it() { readlink "$dev/driver" | grep '/hv_storvsc$' && disk_of_lun 0; }

ktap_check load modprobe vmbus_client
dev=$(ls -d /sys/bus/vmbus/devices/*)
ktap_check name_is_the_instance name_is_the_instance
ktap_check class_id attribute class_id "\{$scsi\}"
ktap_check modalias attribute modalias 'vmbus:d96361baa104294db60572e2ffb1dc7f'
ktap_check vendor attribute vendor 0x1414
ktap_check hangs_from_firmware_node hangs_from_firmware_node
ktap_check foreign_driver_takes_it foreign_driver_takes_it
ktap_check foreign_driver_gives_it_back foreign_driver_gives_it_back
ktap_check alias_loads_our_driver alias_loads_our_driver
ktap_check driver_takes_it driver_takes_it
ktap_check tool_lists_it tool_lists_it
ktap_check relid_and_cpu attribute channel_vp_mapping '[0-9]+:[0-9]+'
ktap_done

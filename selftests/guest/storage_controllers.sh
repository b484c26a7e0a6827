#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:16M,scsi1.lun0=ram:8M,scsi1.vstor_max=6.0,scsi2.lun3=ram:8M,scsi2.vstor_max=5.1,ide00.lun0=ram:8M,ide01.lun0=ram:4M,fc0.lun0=ram:8M,fc0.lun1=ram:8M,fc0.max_transfer=1M,fc0.wwpn=c003ff1234567890,fc0.wwnn=c003ff00ffff0001" drivers=kit timeout=400
# proves: adapters of every class and protocol beside each other, each with limits, names and state of its own
. ./ktap.sh
. ./lib.sh
ktap_plan 14

# adapter PATTERN: the SCSI host of the device whose instance id matches, as host3
adapter() { basename "$(find /sys/bus/vmbus/devices/*/ -maxdepth 1 -path "/sys/bus/vmbus/devices/$1/host*")"; }
scsi() { adapter "f8b3781$1-1e82-4818-a1c3-63d806ec15bb"; }
# disk_of HOST ADDRESS: as sda
disk_of() { ls "/sys/class/scsi_host/$1/device/target"*"/${1#host}:$2/block"; }
works() {
	dd if=/dev/urandom of=/tmp/w bs=64k count=16 2>/dev/null &&
		dd if=/tmp/w of="/dev/$1" bs=64k oflag=direct 2>/dev/null &&
		dd if="/dev/$1" of=/tmp/r bs=64k count=16 iflag=direct 2>/dev/null && cmp /tmp/w /tmp/r
}

disks_are() { [ "$(find /sys/class/block -name 'sd*' | wc -l)" -eq "$1" ]; }
version_is() { [ "$(cat "/sys/class/scsi_host/$1/protocol_version")" = "$2" ]; }
versions() {
	version_is "$(scsi a)" 6.2 && version_is "$(scsi b)" 6.0 && version_is "$(scsi c)" 5.1
}
# An older host's disks are asked for their pages, but are not trusted with WRITE SAME.
level_is() { [ "$(cat "/sys/class/scsi_host/$1/device/target"*/*/scsi_level)" = 6 ]; }
each_works() {
	works "$(disk_of "$(scsi a)" 0:0:0)" && works "$(disk_of "$(scsi b)" 0:0:0)" && works "$(disk_of "$(scsi c)" 0:0:3)" &&
		level_is "$(scsi b)"
}
ide_disks() {
	first=$(adapter '00000000-0000-8899-*') && second=$(adapter '00000000-0001-8899-*') &&
		works "$(disk_of "$first" 0:0:0)" && works "$(disk_of "$second" 0:1:0)" &&
		[ "$(cat "/sys/block/$(disk_of "$second" 0:1:0)/size")" -eq 8192 ]
}
# As the udev rules of clouds look for them.
ide_names() {
	grep -qx '{00000000-0000-8899-0000-000000000000}' /sys/bus/vmbus/devices/00000000-0000-8899-*/device_id &&
		grep -qx '{00000000-0001-8899-0000-000000000000}' /sys/bus/vmbus/devices/00000000-0001-8899-*/device_id
}

fc() { adapter '7c6e1f40-*'; }
fc_names() {
	[ "$(cat "/sys/class/fc_host/$(fc)/port_name")" = 0xc003ff1234567890 ] &&
		[ "$(cat "/sys/class/fc_host/$(fc)/node_name")" = 0xc003ff00ffff0001 ] &&
		ls -d "/sys/class/fc_remote_ports/rport-$(fc | sed s/host//):0-0"
}
fc_limit() { [ "$(cat "/sys/block/$(disk_of "$(fc)" 0:0:1)/queue/max_hw_sectors_kb")" = 512 ]; }
fc_scan() {
	ctl fc0 add 5 ram:1M quiet && echo '- - -' >"/sys/class/scsi_host/$(fc)/scan" && disk_of "$(fc)" 0:0:5
}
limits_are_each_ones_own() {
	[ "$(cat "/sys/block/$(disk_of "$(scsi a)" 0:0:0)/queue/max_hw_sectors_kb")" = 256 ]
}
one_goes() {
	ctl rescind scsi1 && wait_for 30 disks_are 7 &&
		works "$(disk_of "$(scsi a)" 0:0:0)" && works "$(disk_of "$(fc)" 0:0:0)"
}

ktap_check drivers_load load_drivers
ktap_check every_disk_is_there wait_for 60 disks_are 7
ktap_check protocol_is_each_ones_own versions
ktap_check scsi_disks_of_every_protocol each_works
ktap_check ide_disks_are_where_their_id_says ide_disks
ktap_check ide_disks_have_the_names_of_clouds ide_names
ktap_check fibre_channel_names fc_names
ktap_check fibre_channel_disk works "$(disk_of "$(fc)" 0:0:0)"
ktap_check fibre_channel_transfers_are_limited fc_limit
ktap_check fibre_channel_scan_by_hand fc_scan
ktap_check limits_are_each_ones_own limits_are_each_ones_own
ktap_check one_goes_and_the_others_stay one_goes
ktap_check drivers_unload unload_drivers
ktap_check host_saw_no_violation no_violations
ktap_done

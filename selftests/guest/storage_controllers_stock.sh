#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:8M,ide00.lun0=ram:8M,ide01.lun0=ram:4M,fc0.lun0=ram:8M,fc0.wwpn=c003ff1234567890,fc0.wwnn=c003ff00ffff0001,fc0.names=secondary" drivers=stock timeout=400 days="6.1"
# proves: the kernel's own hv_storvsc takes the host's IDE disks and Fibre Channel adapter for what they are, too
. ./ktap.sh
. ./lib.sh
ktap_plan 6

# host_of PATTERN: the SCSI host of the device whose instance id matches, as host3
host_of() { basename "$(find /sys/bus/vmbus/devices/*/ -maxdepth 1 -path "/sys/bus/vmbus/devices/$1/host*")"; }
disk_of() { ls "/sys/class/scsi_host/$1/device/target"*"/${1#host}:$2/block"; }
works() {
	dd if=/dev/urandom of=/tmp/w bs=64k count=16 2>/dev/null &&
		dd if=/tmp/w of="/dev/$1" bs=64k oflag=direct 2>/dev/null &&
		dd if="/dev/$1" of=/tmp/r bs=64k count=16 iflag=direct 2>/dev/null && cmp /tmp/w /tmp/r
}
disks_are() { [ "$(find /sys/class/block -name 'sd*' | wc -l)" -eq "$1" ]; }
ide_disks() {
	works "$(disk_of "$(host_of '00000000-0000-8899-*')" 0:0:0)" &&
		works "$(disk_of "$(host_of '00000000-0001-8899-*')" 0:1:0)"
}
fibre_channel() {
	fc=$(host_of '7c6e1f40-*') && works "$(disk_of "$fc" 0:0:0)" &&
		[ "$(cat "/sys/class/fc_host/$fc/port_name")" = 0xc003ff1234567890 ] &&
		[ "$(cat "/sys/class/fc_host/$fc/node_name")" = 0xc003ff00ffff0001 ]
}

ktap_check drivers_load load_drivers
ktap_check every_disk_is_there wait_for 60 disks_are 4
ktap_check ide_disks ide_disks
ktap_check fibre_channel fibre_channel
ktap_check drivers_unload unload_drivers
ktap_check host_saw_no_violation no_violations
ktap_done

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:16M,sub_channels=1" drivers=kit append="isolcpus=managed_irq,0" timeout=400 days="6.1"
# proves: an isolated CPU gets neither channels nor the host's messages, and the CPU that gets the messages stays online
. ./ktap.sh
. ./lib.sh
. ./cpus_lib.sh

elsewhere() { on_cpus "1 1" && host_agrees && [ "$(state target_vp)" -eq 1 ]; }

contact_stays() {
	! echo 0 | dd of=/sys/devices/system/cpu/cpu1/online 2>/tmp/offline.err && cat /tmp/offline.err &&
		grep -q 'Device or resource busy' /tmp/offline.err &&
		in_log 'CPU 1 stays online: it takes the messages of the host'
}

works() { dd if="/dev/$disk" of=/dev/null bs=64k iflag=direct; }

ktap_plan 6
ktap_check drivers_load load_drivers
disk=$(disk_of_lun 0)
ktap_check channels_go_elsewhere elsewhere
ktap_check not_by_hand_either move_fails 'Invalid argument' 1 0
ktap_check contact_cpu_stays_online contact_stays
ktap_check disk_works works
ktap_check drivers_unload unload_drivers
ktap_done

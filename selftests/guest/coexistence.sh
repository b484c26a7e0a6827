#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M" timeout=300 kernels="6.1 6.12"
# proves: whoever has the bus first keeps it, the other fails to load and says so, in both orders, with nothing but
#         a line in the log
. ./ktap.sh
. ./lib.sh
. ./own_lib.sh
ktap_plan 17

scsi_alias=vmbus:d96361baa104294db60572e2ffb1dc7f

# turned_away MODULE...: each fails to load for the reason given
turned_away() {
	for module; do
		! modprobe "$module" 2>/tmp/err && grep -i 'busy' /tmp/err || return 1
	done
}

stays_off() { ! modprobe vmbus_client off=1 2>/tmp/err && grep 'No such device' /tmp/err; }
stock_is_away() { ! grep '^hv_' /proc/modules; }
stock_alive_again() { modprobe hv_vmbus && stock_alive; }
stock_alive() { modprobe hv_storvsc && disk_works && wait_for 20 rmmod hv_storvsc && rmmod hv_vmbus; }
kit_alive() { modprobe storvsc && disk_works; }
kit_unloads() { wait_for 20 rmmod storvsc && rmmod vmbus_client; }

# What udev does for a device: every module that knows the alias is tried, and one of them is refused.
kit_by_alias() {
	wait_for 20 rmmod storvsc
	modprobe --resolve-alias $scsi_alias | tee /tmp/modules
	modprobe $scsi_alias
	[ "$(sort /tmp/modules | tr '\n' ' ')" = 'hv_storvsc storvsc ' ] && disk_works
}

modprobe sd_mod
ktap_check stock_first modprobe hv_vmbus
ktap_check kit_is_told_busy turned_away vmbus_client vmbus_client vmbus_client
ktap_check kit_says_what_to_do in_log \
	'vmbus_client: the in-tree driver \(hv_vmbus\) is connected to the host; unload it'
ktap_check stock_is_not_disturbed stock_alive
ktap_check kit_loads_when_stock_is_gone modprobe vmbus_client
ktap_check kit_works kit_alive
dmesg -C
ktap_check stock_is_told_busy turned_away hv_vmbus hv_vmbus hv_vmbus
ktap_check its_drivers_are_too turned_away hv_storvsc hv_netvsc hv_utils
ktap_check kit_says_why in_log \
	'vmbus_client: the in-tree driver \(hv_vmbus\) must not be loaded.*; unload vmbus_client'
ktap_check kit_is_not_disturbed disk_works
ktap_check alias_loads_ours kit_by_alias
ktap_check stock_is_away stock_is_away
ktap_check kit_unloads kit_unloads
ktap_check kit_can_be_switched_off stays_off
ktap_check kit_says_it_is_off in_log 'vmbus_client: switched off by the parameter off'
ktap_check stock_loads_when_kit_is_gone stock_alive_again
ktap_check nothing_left_with_the_host ledger_empty
ktap_done

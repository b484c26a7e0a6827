#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M" timeout=300 kernels="6.1 6.12"
# proves: whoever has the bus first keeps it, the other fails to load and says so, in both orders
. ./ktap.sh
. ./lib.sh
ktap_plan 8

busy() { ! modprobe vmbus_client 2>/tmp/err && grep -i 'busy' /tmp/err; }
stock_alive_again() { modprobe hv_vmbus && stock_alive; }
stock_alive() { modprobe hv_storvsc && disk_of_lun 0 && rmmod hv_storvsc && rmmod hv_vmbus; }
kit_alive() { modprobe storvsc && disk_of_lun 0; }
kit_unloads() { rmmod storvsc && rmmod vmbus_client; }

modprobe sd_mod
ktap_check stock_first modprobe hv_vmbus
ktap_check kit_is_told_busy busy
ktap_check kit_says_what_to_do in_log \
	'vmbus_client: the in-tree driver \(hv_vmbus\) is connected to the host; unload it'
ktap_check stock_is_not_disturbed stock_alive
ktap_check kit_loads_when_stock_is_gone modprobe vmbus_client
ktap_check kit_works kit_alive
ktap_check kit_unloads kit_unloads
ktap_check stock_loads_when_kit_is_gone stock_alive_again
ktap_done

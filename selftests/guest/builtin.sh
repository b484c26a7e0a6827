#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M" drivers=stock timeout=300 kernels="7.3"
# proves: beside a bus driver that is built in, ours does not load, says what helps, and disturbs nothing
. ./ktap.sh
. ./lib.sh
ktap_plan 5

built_in() { ! grep '^hv_vmbus ' /proc/modules && grep -x 'kernel/drivers/hv/hv_vmbus.ko' /lib/modules/*/modules.builtin; }
busy() { ! modprobe vmbus_client 2>/tmp/err && grep -i 'busy' /tmp/err; }
stock_alive() { modprobe sd_mod && modprobe hv_storvsc && disk_of_lun 0; }

ktap_check stock_is_built_in built_in
ktap_check kit_is_told_busy busy
ktap_check kit_says_what_to_do in_log 'vmbus_client: the in-tree driver \(hv_vmbus\) is connected to the host; .*initcall_blacklist=hv_acpi_init'
ktap_check stock_is_not_disturbed stock_alive
ktap_check host_saw_no_violation no_violations
ktap_done

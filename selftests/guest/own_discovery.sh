#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M" hypervisor=kvm timeout=300
# proves: in a kernel that took itself for a KVM guest the disk works, and unloading leaves every register as it was
. ./ktap.sh
. ./lib.sh
. ./own_lib.sh
ktap_plan 10

one_way() {
	in_log 'using a hypercall page of our own and interrupt vectors of our own, for the kernel has set up no'
	[ "$(dmesg | grep -c 'vmbus_client: using')" = 1 ]
}

one_round() {
	load_drivers && disk_works && unload_drivers && registers_restored && ledger_empty
}

again() {
	round=0
	while [ "$round" -lt 10 ]; do
		round=$((round + 1))
		one_round || { echo "round $round failed"; return 1; }
	done
}

modprobe msr
registers_at_rest >/tmp/registers
ktap_check kernel_took_itself_for_a_kvm_guest in_log 'Hypervisor detected: KVM'
ktap_check nobody_has_enabled_hypercalls grep -qx '0x40000001 0000000000000000' /tmp/registers
ktap_check loads load_drivers
ktap_check says_how_it_gets_there one_way
ktap_check disk_works disk_works
ktap_check interrupts_come_by_a_vector_of_our_own has_vectors 1
ktap_check nothing_rejected nothing_rejected
ktap_check unloads unload_drivers
ktap_check every_register_as_it_was registers_restored
ktap_check ten_times_more again
ktap_done

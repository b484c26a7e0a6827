#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M" hypervisor=kvm timeout=600 kernels="6.1 6.12 small 7.3"
# proves: in a kernel that took itself for a KVM guest, or has no Hyper-V support, the disk works, and unloading leaves
# every register as it was; what a dead kernel left in them is no obstacle
. ./ktap.sh
. ./lib.sh
. ./own_lib.sh
ktap_plan 12

one_way() {
	in_log 'using a hypercall page of our own and interrupt vectors of our own, for the kernel has set up no'
	[ "$(dmesg | grep -c 'vmbus_client: using')" = 1 ]
}

in_and_out() { load_drivers && disk_works && unload_drivers && ledger_empty; }
one_round() { in_and_out && registers_restored; }

again() {
	round=0
	while [ "$round" -lt 10 ]; do
		round=$((round + 1))
		one_round || { echo "round $round failed"; return 1; }
	done
}

# The project's own kernel knows no hypervisor at all.
found_something_else() { [ "$KERNEL" = small ] || in_log 'Hypervisor detected: KVM'; }

# As after a crash. The pages are below 1 MiB, where a kernel uses nothing that it need not.
die_and_boot() {
	set_msr 0x40000000 0x1234
	set_msr 0x40000001 0x9d001
	set_msr 0x40000083 0x9e001
	set_msr 0x40000092 0x20041
	set_msr 0x40000080 1
	registers
	registers | grep -q '0x40000083 000000000009e001' && registers | grep -q '0x40000001 000000000009d001'
}

# Nobody's page, which we use and leave; SINT 2 masked and its pages off.
works_all_the_same() {
	in_and_out && in_log 'using vmm?call .the hypercall page is not ours' || return 1
	registers_at_rest
	[ "$(registers_at_rest)" = "0x40000000 0000000000001234
0x40000001 000000000009d001
0x40000080 0000000000000001
0x40000082 0000000000000000
0x40000083 0000000000000000
0x40000092 00000000000100--" ]
}

modprobe msr
registers_at_rest >/tmp/registers
ktap_check kernel_did_not_find_hyperv found_something_else
ktap_check nobody_has_enabled_hypercalls grep -qx '0x40000001 0000000000000000' /tmp/registers
ktap_check loads load_drivers
ktap_check says_how_it_gets_there one_way
ktap_check disk_works disk_works
ktap_check interrupts_come_by_a_vector_of_our_own has_vectors 1
ktap_check nothing_rejected nothing_rejected
ktap_check unloads unload_drivers
ktap_check every_register_as_it_was registers_restored
ktap_check ten_times_more again
ktap_check as_a_dead_kernel_leaves_it die_and_boot
ktap_check dead_kernels_registers_are_no_obstacle works_all_the_same
ktap_done

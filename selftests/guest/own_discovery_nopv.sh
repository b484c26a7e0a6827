#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M" append="nopv" timeout=300 kernels="6.12"
# proves: a kernel told to look for no hypervisor has its disk all the same
. ./ktap.sh
. ./lib.sh
. ./own_lib.sh
ktap_plan 7

found_none() { ! in_log 'Hypervisor detected'; }

modprobe msr
registers_at_rest >/tmp/registers
ktap_check kernel_looked_for_no_hypervisor found_none
ktap_check loads load_drivers
ktap_check interrupts_come_by_a_vector_of_our_own has_vectors 1
ktap_check disk_works disk_works
ktap_check unloads unload_drivers
ktap_check every_register_as_it_was registers_restored
ktap_check no_vector_left has_vectors 0
ktap_done

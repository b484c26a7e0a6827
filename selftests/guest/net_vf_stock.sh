#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="net0=pair:net1,net1=sink,net0.vf_cable=@RUN@.vf" drivers=stock timeout=600 kernels="6.1 6.12" days="6.1" qemu="-netdev dgram,id=vf,local.type=unix,local.path=@RUN@.vf.nic,remote.type=unix,remote.path=@RUN@.vf.host -device vmxnet3,netdev=vf,mac=00:15:5d:0a:00:00,addr=0x9"
# proves: the kernel's own hv_netvsc finds its virtual function on this host, by the number of its PCI slot, and both
#         agree on the data path, so the host is right
# shellcheck disable=SC2015,SC2034,SC2154
. ./ktap.sh
. ./lib.sh
. ./net_lib.sh
. ./net_vf_lib.sh

word() { ctl net0 vf add 9 && by_vf; }
slot_is_known() { ls -l /sys/bus/pci/slots && [ "$(cat /sys/bus/pci/slots/9/address)" = 0000:00:09 ]; }

ktap_plan 13
ktap_check functions_wait_to_be_bound vf_prepare
ktap_check slot_has_a_number slot_is_known
ktap_check nics nics_up
ktap_check frames_go_by_the_channel by_channel
ktap_check function_is_found vf_bind 9
ktap_check function_is_a_port wait_for 20 slave_is 9
ktap_check the_hosts_word_of_it word
ktap_check function_leaves vf_unbind 9
ktap_check frames_go_by_the_channel_again by_channel
ktap_check function_is_back vf_bind 9
ktap_check frames_go_by_the_function_again by_vf
in_log 'hv_netvsc|VF'
ktap_check function_leaves_for_good vf_unbind 9
ktap_check drivers_unload nics_down
ktap_done

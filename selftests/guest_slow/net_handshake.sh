#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="net0=echo" drivers=kit timeout=3000 kernels="6.1"
# proves: whatever a host answers while a NIC is brought up, the driver gets over it in bounded time, gives
#         everything back, and takes the NIC when the host has come to its senses
. ./ktap.sh
. ./lib.sh
. ./net_lib.sh
. ./net_faults_lib.sh

ktap_plan 4
ktap_check bus_loads modprobe "$BUS_MODULE"
ktap_check handshakes_that_lie handshake_lies
ktap_check drivers_unload unload_net
ktap_check nothing_left_with_the_host ledger_empty
ktap_done

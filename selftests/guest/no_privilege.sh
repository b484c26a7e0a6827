#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider=none qemu="-cpu Nehalem,kvm=off,hv-relaxed,hv-vapic,hv-time,hv-vpindex" acpi=no timeout=240 days="6.1"
# proves: a guest without a synthetic interrupt controller is told which privilege is missing
. ./ktap.sh
. ./lib.sh
ktap_plan 2

declines() { ! modprobe vmbus_client 2>/tmp/err && grep -i 'no such device' /tmp/err; }

ktap_check declines_with_enodev declines
ktap_check names_the_privilege in_log \
	'vmbus_client: the host does not grant this guest the synthetic interrupt controller'
ktap_done

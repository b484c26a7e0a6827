#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# dracut calls it when it has waited long for the root file system, and again: in-tree drivers get their turn, once.

if [ -d /sys/module/vmbus_client ] && [ ! -e /run/modprobe.d/vmbus-kit-off.conf ]; then
	echo "vmbus-kit: no root file system, leaving the VMBus to the in-tree drivers" >/dev/kmsg
	mkdir -p /run/modprobe.d
	echo "options vmbus_client off=1" >/run/modprobe.d/vmbus-kit-off.conf
	for module in vmbus_utils netvsc storvsc vmbus_client; do
		[ ! -d /sys/module/$module ] || modprobe -r $module
	done
	modprobe hv_vmbus
	modprobe hv_storvsc
fi

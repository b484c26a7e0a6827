#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# dracut: all modules of the kit or none, and the in-tree ones always.
# shellcheck disable=SC2154

check() { return 0; }

depends() { return 0; }

installkernel() {
	local module
	hostonly='' instmods hv_vmbus hv_storvsc hv_netvsc hv_utils
	if [ -z "$(vmbus-kit missing "$kernel")" ]; then
		# shellcheck disable=SC2046
		hostonly='' instmods $(cat /usr/share/vmbus-kit/modules)
		return
	fi
	# A soft dependency may have brought some of ours.
	while read -r module; do
		find "$initdir/" -path "*/modules/$kernel/*" -name "$module.ko*" -delete
	done </usr/share/vmbus-kit/modules
}

install() {
	inst_simple /lib/modprobe.d/vmbus-kit.conf
	[ ! -e /etc/modprobe.d/vmbus-kit-off.conf ] || inst_simple /etc/modprobe.d/vmbus-kit-off.conf
	inst_hook initqueue/timeout 50 "$moddir/fallback.sh"
}

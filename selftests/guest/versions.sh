#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M,min_version=4.0,unasked_features=0xff" drivers=kit timeout=400 days="6.1"
# proves: every version from 6.0 down to 4.0 is agreed on and carries a disk; one the host does not know is refused;
#         features the host claims to grant though nobody asked change nothing
. ./ktap.sh
. ./lib.sh
ktap_plan 9

works_with() {
	modprobe vmbus_client "max_version=$1" && modprobe storvsc && disk=$(disk_of_lun 0) &&
		[ "$(state version)" = "$1" ] && ctl version | grep -qx "version $1" &&
		dd if="/dev/$disk" of=/dev/null bs=64k count=16 iflag=direct && unload_drivers
}

refused() { ! modprobe vmbus_client max_version=3.0 2>/tmp/err && dmesg | grep 'no VMBus in a version we know'; }

modprobe sd_mod
for version in 6.0 5.3 5.2 5.1 5.0 4.1 4.0; do
	ktap_check "version_$version" works_with "$version"
done
ktap_check unknown_version_is_refused refused
ktap_check host_saw_no_violation no_violations
ktap_done

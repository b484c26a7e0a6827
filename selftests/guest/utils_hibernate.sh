#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="utils=all" memory=256 timeout=900 disk=200M days="6.1" qemu="-action reboot=reset -drive file=%D/disk.img,format=raw,if=none,id=swap -device virtio-blk-pci,drive=swap"
# proves: a guest that the host asks to hibernate says yes, does so by the event that user space has a rule for, is
#         restored, and serves the host as before
. ./utils_lib.sh

hibernated() { [ "$(dd if=/dev/vdb bs=1 skip=4086 count=9 2>/dev/null)" = S1SUSPEND ]; }

# What a udev rule does in a distribution: see docs/integration-services.md. What the control socket has not said yet
# would be lost with the machine that goes, so it waits for that. The less is in memory, the smaller is the image.
user_space_for_hibernation() {
	cat >/tmp/on_event <<-'END'
		#!/bin/sh
		[ "$SUBSYSTEM $ACTION $DRIVER $EVENT" = "vmbus change hv_utils hibernate" ] || exit 0
		echo "$DEVPATH" >>/tmp/events
		while [ ! -e /tmp/asked ]; do sleep 0.1; done
		echo disk >/sys/power/state
		echo $? >/tmp/restored
	END
	chmod +x /tmp/on_event
	busybox uevent /tmp/on_event &
	mkswap /dev/vdb && swapon /dev/vdb && echo reboot >/sys/power/disk && rm -rf /modules/*/kernel &&
		echo 3 >/proc/sys/vm/drop_caches
}

asked_to_hibernate() {
	wait_for 20 is_ready shutdown && ctl shutdown hibernate 'text="maintenance"' && : >/tmp/asked &&
		wait_for 60 test -e /tmp/restored
	# Here we are restored.
	cat /tmp/events
	in_log 'vmbus_utils|hv_utils|Restarting tasks|hibernation'
	[ "$(cat /tmp/restored)" = 0 ] && [ "$(wc -l </tmp/events)" = 1 ] && in_log 'the host asks for hibernation' &&
		in_log 'Restarting tasks'
}

# Its counters outlive the guest's restart.
answered_before() { [ "$(host shutdown.failed)" = 0 ] && [ "$(host shutdown.answered)" -ge 1 ]; }

serves_as_before() {
	for service in shutdown timesync heartbeat; do
		wait_for 20 is_ready "$service" || return 1
	done
	beats 3 && told fail shutdown off flags=8 && told ok timesync sync && wait_for 10 near 0
}

if hibernated; then
	load_utils && wait_for 20 is_ready shutdown
	cat /sys/class/block/vdb/dev >/sys/power/resume
	ktap_not_ok restored "$(dmesg | tail -n 40)"
	ktap_done
fi
ktap_plan 6
ktap_check services_load load_utils
ktap_check user_space_for_hibernation user_space_for_hibernation
ktap_check hibernates_when_asked_and_is_restored asked_to_hibernate
ktap_check answered_before_it answered_before
ktap_check serves_as_before serves_as_before
ktap_check no_violations no_violations
ktap_done

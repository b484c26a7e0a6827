#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:16M,sub_channels=1,echo=1,echo_monitor=on" timeout=400 days="6.1"
# proves: what the kernel's own drivers show of bus, driver, device and channels, in files, modes, formats,
#         values and events, ours show too
. ./ktap.sh
. ./lib.sh
ktap_plan 10

# found PREFIX DIR [DEPTH]: the files directly in a directory, or so deep below it, with their modes
found() { find -H "$2" -mindepth "${3-1}" -maxdepth "${3-1}" -type f -printf "$1/%f %m\n" | sort -u; }

files() {
	found bus /sys/bus/vmbus
	found driver /sys/bus/vmbus/drivers/hv_storvsc
	found device "$dev"
	found channel "$dev/channels" 2
	found monitored "$spare"
	found monitored_channel "$spare/channels" 2
}

# What the host or the table of numbers decides.
values() {
	(cd "$dev" && tail -n 2 id class_id device_id modalias vendor device state driver_override numa_node)
	for dir in "$dev"/channels/*; do
		echo "channel ${dir##*/} is number $(cat "$dir/subchannel_id")"
	done
	(cd "$spare" && tail -n 2 id class_id device_id modalias vendor device state driver_override \
		monitor_id ./*_monitor_* channels/*/monitor_id channels/*/pending channels/*/latency)
	cat /sys/bus/vmbus/hibernation
	cut -d: -f1 "$dev/channel_vp_mapping"
	readlink -f "$dev"
	readlink "$dev/driver"
	cat "$dev/uevent"
}

# What traffic decides: the form alone.
forms() {
	for file in "$dev"/*_index "$dev"/*_avail "$dev"/*_mask "$dev/channel_vp_mapping" \
		"$dev"/channels/*/*; do
		[ ! -f "$file" ] || echo "${file#"$dev/"} $(sed 's/[0-9][0-9]*/N/g' "$file")"
	done
}

# Without rings there is nothing to read in these.
no_rings() {
	echo "${dev##*/}" >"$dev/driver/unbind"
	cat "$dev/state"
	for file in "$dev"/*_index "$dev"/*_avail "$dev"/*_mask "$dev"/channels/*/*_mask \
		"$dev"/channels/*/*_avail; do
		tail "$file" 2>&1 | sed 's/.*: /not readable: /'
	done
}

# What was said of the bus while the snapshot's drivers were there. The kernel's own has one more for the
# firmware's node. What goes is said in no certain order.
events() {
	awk -v RS= '/\nSUBSYSTEM=(vmbus|channels|drivers|bus)\n/ && !/DEVPATH=.bus.(acpi|platform)/ &&
		    !/ACTION=(remove|unbind)/ {
		event = ""
		for (i = 1; i <= NF; i++)
			if ($i ~ /^(ACTION|DEVPATH|SUBSYSTEM|MODALIAS|DRIVER)=/)
				event = event " " $i
		print event
	}' /tmp/events | sort
}

# device_of CLASS: the path of the device of that class; only the beginning need be given
device_of() { dirname "$(grep -l "$1" /sys/bus/vmbus/devices/*/class_id)"; }

# snapshot NAME BUS DISK: with these drivers
snapshot() {
	uevent >/tmp/events &
	listener=$!
	sleep 0.5
	modprobe "$2" && modprobe "$3" && disk_of_lun 0 || return 1
	dev=$(device_of ba6163d9) spare=$(device_of e7c65ac8)
	wait_for 20 test -e "$dev/channels/3" || return 1
	for what in files values forms no_rings; do
		$what >"/tmp/$1.$what"
	done
	rmmod "$3" && rmmod "$2" || return 1
	kill "$listener"
	events >"/tmp/$1.events"
}

same() { [ -s "/tmp/stock.$1" ] && diff "/tmp/stock.$1" "/tmp/kit.$1"; }

modprobe sd_mod
ktap_check stock_drivers_load_and_unload snapshot stock hv_vmbus hv_storvsc
ktap_check ours_load_and_unload snapshot kit vmbus_client storvsc
ktap_check files_and_modes same files
ktap_check values same values
ktap_check forms same forms
ktap_check without_rings same no_rings
ktap_check events same events
ktap_check channels_have_files grep -q '^channel/cpu 644' /tmp/kit.files
ktap_check monitored_devices_have_more grep -q '^monitored/client_monitor_conn_id 444' /tmp/kit.files
ktap_check channels_are_announced grep 'ACTION=add.*channels/3 SUBSYSTEM=channels' \
	/tmp/kit.events
ktap_done

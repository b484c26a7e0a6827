#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:64M,lun1=ram:32M,utils=all" drivers=kit timeout=900 days="6.1"
# shellcheck disable=SC2034 # some variables are for functions of the library
# proves: daemons that die, hang or are missing, hosts that go silent or send nonsense: all is answered, nothing frozen
. ./utils_lib.sh

param() { echo "$2" >"/sys/module/vmbus_utils/parameters/$1"; }

# seen SERVICE COUNTER: what our side counted
seen() { awk -v f="$2" '$1 == f { print $2 }' "/sys/kernel/debug/vmbus_utils/$1"; }

all_ready() {
	for service in shutdown timesync heartbeat kvp vss fcopy; do
		wait_for 20 is_ready "$service" || return 1
	done
}

# Daemons ---------------------------------------------------------------------------------

daemon_is() { [ "$(seen "$1" daemon)" = "$2" ]; }

# Nobody is there, and will not be: the host hears so, and the channel goes on.
missing_daemon() {
	told fail kvp enumerate auto && [ "$(seen kvp no_daemon)" -ge 1 ] && told fail vss freeze &&
		told ok vss op 0 && told fail fcopy put gen:10 /tmp f
}

# A daemon went, and a request comes before the next one: it waits for it.
restarted_daemon() {
	param daemon_grace 30
	start_daemons && wait_for 10 daemon_is kvp ready && kill "$(cat /tmp/kvp.pid)" || return 1
	wait_for 10 daemon_is kvp absent && ctl kvp enumerate auto >/tmp/waiting || return 1
	sleep 1
	# It asks for something itself, and that is answered after ours.
	start_daemon kvp || return 1
	ask_service=kvp ask_number=$(awk '$1 == "number" { print $2 }' /tmp/waiting)
	wait_for 20 is_answered
	cat /tmp/result
	grep -q '^item 5 string "OSName"' /tmp/result
}

# What a daemon does up to its first request, and then something else.
odd_daemon() {
	# To open /dev/fd/3 would be to open the device a second time.
	{ printf '\144'; head -c 7431 /dev/zero; } | dd bs=7432 count=1 iflag=fullblock 2>/dev/null >&3
	dd bs=7432 count=1 of=/dev/null 2>/dev/null <&3
	: >/tmp/odd
	dd bs=7432 count=1 of=/tmp/request 2>/dev/null <&3
	"$@"
}

# with_odd_daemon WHAT...: as the one there is
with_odd_daemon() {
	kill "$(cat /tmp/kvp.pid)"
	wait_for 10 daemon_is kvp absent || return 1
	rm -f /tmp/odd
	odd_daemon "$@" 3<>/dev/vmbus/hv_kvp &
	odd=$!
	wait_for 10 daemon_is kvp ready
}

# It has read the request, and dies with it: the host hears at once. The next one serves as if nothing was.
killed_with_request() {
	with_odd_daemon true && told fail kvp enumerate auto && [ "$(seen kvp daemon_died)" = 1 ] || return 1
	wait "$odd"
	start_daemon kvp && told no-more-items kvp enumerate auto
}

late_reply() {
	while [ ! -e /tmp/late ]; do sleep 0.1; done
	if dd if=/tmp/request bs=7432 count=1 2>/dev/null >&3; then
		echo taken
	else
		echo refused
	fi >/tmp/late
	sleep 1
}

# A slow one: a failure in time, its late reply is nobody's, and the next daemon serves.
slow_daemon() {
	param daemon_timeout 2
	rm -f /tmp/late
	with_odd_daemon late_reply && told fail kvp get auto OSName && daemon_is kvp late || return 1
	param daemon_timeout 30
	: >/tmp/late
	wait "$odd"
	[ "$(cat /tmp/late)" = refused ] && [ "$(seen kvp daemon_slow)" = 1 ] && start_daemon kvp &&
		told no-more-items kvp enumerate auto
}

# File systems ----------------------------------------------------------------------------

start_writer() {
	: >/tmp/written
	writer &
	writer=$!
	written_before=2
	wait_for 20 wrote_more
}

stop_writer() {
	touch /tmp/stop
	wait "$writer"
	rm /tmp/stop
}

still() {
	written_before=$(($(written) + 1))
	! wait_for 1 wrote_more
}

# The daemon dies between freeze and thaw: the kernel thaws, and the host learns that its backup is none.
killed_while_frozen() {
	start_writer && told ok vss freeze && still || return 1
	kill -KILL "$(cat /tmp/vss.pid)"
	wait_for 10 wrote_more && wait_for 10 thawed && [ "$(seen vss thawed_supers)" -ge 1 ] && start_daemon vss || return 1
	told fail vss thaw && stop_writer && told ok vss check
}

# The host does not come back.
silent_host() {
	param vss_frozen_max 3
	start_writer && told ok vss freeze && still && wait_for 20 wrote_more && [ "$(seen vss expired)" = 1 ] &&
		told fail vss thaw && stop_writer || return 1
	param vss_frozen_max 60
	start_writer && told ok vss freeze && still && told ok vss thaw && wait_for 10 wrote_more && stop_writer
}

frozen_only_once() { told ok vss freeze && told fail vss freeze && told ok vss thaw; }

# What somebody else froze stays so when the kernel thaws.
foreign_freeze_stays() {
	foreign=$(disk_of_lun 1)
	mkdir -p /mnt2 && mkfs.ext4 -q "/dev/$foreign" && mount "/dev/$foreign" /mnt2 && fsfreeze --freeze /mnt2 &&
		told ok vss freeze || return 1
	kill -KILL "$(cat /tmp/vss.pid)"
	wait_for 10 thawed && ! fsfreeze --freeze /mnt2 2>/dev/null && fsfreeze --unfreeze /mnt2 &&
		umount /mnt2 && start_daemon vss
}

# The host takes the service away, and nobody is left who could ask for a thaw.
rescinded_while_frozen() {
	start_writer && told ok vss freeze && still || return 1
	ctl rescind vss && wait_for 20 wrote_more && stop_writer && vss_comes_back
}

vss_comes_back() {
	kill -KILL "$(cat /tmp/vss.pid)"
	wait_for 20 ctl offer vss && wait_for 20 is_ready vss && start_daemon vss && told ok vss freeze &&
		told ok vss thaw
}

# Has read that it shall freeze, has done so, and takes its time to say it.
slow_freezer() {
	{ printf '\201'; head -c 11 /dev/zero; } | dd bs=12 count=1 iflag=fullblock 2>/dev/null >&3
	dd bs=4 count=1 of=/dev/null 2>/dev/null <&3
	: >/tmp/odd
	dd bs=12 count=1 of=/tmp/request 2>/dev/null <&3
	fsfreeze --freeze /mnt
	: >/tmp/frozen
	while [ ! -e /tmp/replies ]; do sleep 0.1; done
	if head -c 12 /dev/zero | dd bs=12 count=1 iflag=fullblock 2>/dev/null >&3; then
		echo taken
	else
		echo refused
	fi >/tmp/replies
}

rescinded_while_freezing() {
	kill "$(cat /tmp/vss.pid)"
	wait_for 10 daemon_is vss absent || return 1
	slow_freezer 3<>/dev/vmbus/hv_vss &
	odd=$!
	wait_for 10 daemon_is vss ready && start_writer && ctl vss freeze && wait_for 10 test -e /tmp/frozen &&
		still || return 1
	ctl rescind vss && wait_for 20 wrote_more && stop_writer || return 1
	: >/tmp/replies
	wait "$odd"
	[ "$(cat /tmp/replies)" = refused ] && vss_comes_back
}

# A disk is mounted below a file system whose server is gone. The daemon stands still when it looks at the mounts, as
# it would itself; the host is told, and nothing else waits.
server_of_mount_is_gone() {
	mkdir -p /net && modprobe fuse || return 1
	silent_fs /net /tmp/silent &
	server=$!
	wait_for 10 test -d /net/sub && mount "/dev/$(disk_of_lun 1)" /net/sub || return 1
	param vss_freeze_timeout 3
	: >/tmp/silent
	told fail vss freeze && [ "$(seen vss daemon_slow)" = 1 ] && thawed && told ok vss op 0 || return 1
	param vss_freeze_timeout 900
	kill -KILL "$server"
	wait_for 20 told ok vss check && umount -l /net && told ok vss freeze && told ok vss thaw
}

thawed() { [ "$(seen vss state)" = thawed ]; }

# Unmounted while frozen, a file system is thawed and shut down by us, and its disk answers nothing: the host is told
# all the same, and then the disk is free. The daemon is left nothing that it would have to wait for.
disk_stands_still() {
	dead=/dev/$(disk_of_lun 1)
	umount /mnt && mkfs.ext4 -q "$dead" && mount "$dead" /mnt2 && echo x >/mnt2/file && told ok vss freeze &&
		umount -l /mnt2 && ctl scsi0 hold || return 1
	told ok vss thaw && told ok vss check && wait_for 10 disk_was_asked
	still_told=$?
	ctl scsi0 release
	cat /sys/kernel/debug/vmbus_utils/vss
	[ "$still_told" = 0 ] && wait_for 20 thawed && wait_for 20 mkfs.ext4 -q "$dead" &&
		mount "/dev/$(disk_of_lun 0)" /mnt
}
disk_was_asked() { ! ctl ledger | grep -q ' requests=0 '; }

# Time ------------------------------------------------------------------------------------

# A sample alone, of a host that slept and does not say so.
far_behind() {
	ctl timesync off
	ctl timesync jump 600
	told ok timesync sample && wait_for 10 near 0
}

# An hour passes while the guest does not run; then the host says so.
host_slept() {
	ctl timesync off
	ctl timesync sleep 3600 && wait_for 10 near 0 && in_log 'stepped by (3599|3600)[0-9]* ms'
}

steps_forbidden() {
	param time_step 0
	ctl timesync jump 600
	told ok timesync sync && sleep 0.5 && near 600 && [ "$(seen timesync not_allowed)" -ge 1 ] || return 1
	param time_step 1
	told ok timesync sync && wait_for 10 near 0
}

steps_bounded() {
	param time_back_max 3600
	ctl timesync jump -28800
	told ok timesync sync && sleep 0.5 && near -28800 && [ "$(seen timesync too_far)" -ge 1 ] || return 1
	param time_back_max 86400
	told ok timesync sync && wait_for 10 near 0
}

# Ten seconds are too old; but the guest was there already.
stale_samples() {
	ask timesync sample age=12 && [ "$(seen timesync rejected_stale)" -ge 1 ] && near 0
}

# Policies and states -------------------------------------------------------------------------

health_told() {
	for state_file in /sys/bus/vmbus/devices/*/application_state; do
		[ "$(cat "$state_file")" = unset ] && echo critical >"$state_file" && ! echo nonsense >"$state_file"
	done
	[ "$(cat "$state_file")" = critical ] && ctl heartbeat ask && wait_for 5 critical_told
}

critical_told() { ctl heartbeat status | grep -qx 'app_state critical'; }

places_for_files() {
	param fcopy_root /tmp/in
	for place in /tmp /tmp/in/../ /tmp/inner/; do
		told invalid-argument fcopy put gen:10 $place f mkdir || return 1
	done
	told ok fcopy put gen:10 /tmp/in/ f mkdir && [ -s /tmp/in/f ] && [ ! -e /tmp/f ] || return 1
	param fcopy_root /
}

# It announced more than it sends: what there is of it is taken away.
partial_file() {
	ask fcopy put gen:10000 /tmp/in half size=20000
	! grep -q '^status .* ok$' /tmp/result && [ ! -e /tmp/in/half ]
}

second_instance() {
	ctl utils add kvp && wait_for 10 second_refused && told no-more-items kvp enumerate auto
}

second_refused() { [ "$(cat /sys/kernel/debug/vmbus_utils/second_instances)" -ge 1 ]; }

# Nonsense --------------------------------------------------------------------------------

# spoiled SERVICE COUNTER WHAT... -- COMMAND...: a wrong message is counted, and the next one is served
spoiled() {
	spoiled_service=$1 spoiled_counter=$2 spoiled_what=
	shift 2
	while [ "$1" != -- ]; do
		spoiled_what="$spoiled_what $1"
		shift
	done
	shift
	spoiled_before=$(seen "$spoiled_service" "$spoiled_counter")
	# shellcheck disable=SC2086 # these are words
	ctl "$spoiled_service" spoil $spoiled_what && ctl "$spoiled_service" "$@" >/dev/null || return 1
	wait_for 10 spoiled_seen
}

spoiled_seen() { [ "$(seen "$spoiled_service" "$spoiled_counter")" -gt "$spoiled_before" ]; }

nonsense_refused() {
	spoiled kvp refused poke=1:09 -- get external x && spoiled kvp refused poke=0:77 -- get external x &&
		spoiled kvp rejected_type type=5 -- get external x &&
		spoiled kvp rejected_version version=9.9 -- get external x &&
		spoiled heartbeat rejected_pipe pipe_len=99999 -- ask &&
		spoiled heartbeat rejected_body body_len=65535 -- ask &&
		spoiled heartbeat rejected_short len=16 fit -- ask && spoiled heartbeat refused len=28 fit -- ask &&
		spoiled fcopy refused fill=36:520:41 -- put gen:10 /tmp f
}

served_after_nonsense() { told no-more-items kvp enumerate auto && told ok vss check && beats 2; }

# Hosts of old ------------------------------------------------------------------------------

# agreed SERVICE FRAMEWORK VERSION: with a host that has these alone
agreed() {
	ctl "$1" versions "$3" / "$2" && ctl "$1" negotiate && wait_for 10 negotiated "$@"
}

old_shutdown() {
	for version in 1.0 3.0 3.1; do
		agreed shutdown 3.0 $version && told fail shutdown hibernate || return 1
	done
}

# Their messages do not say when the time was so.
old_timesync() {
	for version in 1.0 3.0; do
		agreed timesync $version $version && follows_sync 600 && follows_sync -600 || return 1
	done
}

old_heartbeat() { agreed heartbeat 1.0 1.0 && beats 2 && agreed heartbeat 3.0 3.0 && beats 2; }

# Before 5.0 addresses are text; before 4.0 there are none.
old_kvp() {
	with_addresses
	for version in 1.0 3.0 4.0; do
		agreed kvp 3.0 $version && told ok kvp set external old $version &&
			has_item external '"old"' "\"$version\"" && told ok kvp get external old || return 1
	done
	addresses_read && agreed kvp 3.0 5.0 && addresses_read
}

mkdir -p /etc/modprobe.d
echo "options vmbus_utils daemon_grace=1" >/etc/modprobe.d/utils.conf

ktap_plan 33
ktap_check user_space user_space
ktap_check drivers_load load_drivers
ktap_check services_load load_utils
ktap_check all_ready_without_daemons all_ready
ktap_check missing_daemon missing_daemon
ktap_check restarted_daemon restarted_daemon
ktap_check killed_with_request killed_with_request
ktap_check slow_daemon slow_daemon
ktap_check file_system_mounted file_system
ktap_check frozen_only_once frozen_only_once
ktap_check killed_while_frozen killed_while_frozen
ktap_check silent_host silent_host
ktap_check foreign_freeze_stays foreign_freeze_stays
ktap_check rescinded_while_frozen rescinded_while_frozen
ktap_check rescinded_while_freezing rescinded_while_freezing
ktap_check disk_stands_still disk_stands_still
ktap_check server_of_mount_is_gone server_of_mount_is_gone
ktap_check clock_far_behind_is_set far_behind
ktap_check host_slept_an_hour host_slept
ktap_check steps_forbidden steps_forbidden
ktap_check steps_bounded steps_bounded
ktap_check stale_samples stale_samples
ktap_check health_told health_told
ktap_check places_for_files places_for_files
ktap_check partial_file_is_gone partial_file
ktap_check second_instance_refused second_instance
ktap_check nonsense_refused nonsense_refused
ktap_check served_after_nonsense served_after_nonsense
ktap_check old_shutdown old_shutdown
ktap_check old_timesync old_timesync
ktap_check old_heartbeat old_heartbeat
ktap_check old_kvp old_kvp
ktap_check no_violations no_violations
ktap_done

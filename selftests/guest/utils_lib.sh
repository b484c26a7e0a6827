# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The integration services' test: the same for our module and for the kernel's own, with the unmodified daemons,
# so that the two judge one host. The host asks; both its view and the guest's are looked at.
. ./ktap.sh
. ./lib.sh

if [ "${DRIVERS-}" = stock ]; then
	UTILS_MODULE=hv_utils
else
	UTILS_MODULE=vmbus_utils
fi

# Before anything is loaded: what a system has that the daemons look at.
user_space() {
	mkdir -p /var/lib /var/log /etc
	hostname guest.example.org
	echo '127.0.0.1 guest.example.org guest localhost' >/etc/hosts
	printf 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n' >/etc/os-release
	syslogd -O /tmp/daemons.log
}

load_utils() { modprobe "$BUS_MODULE" && modprobe ptp && modprobe "$UTILS_MODULE"; }

# The daemons, as the distribution's services start them. That for files has no device in newer kernels.
start_daemons() {
	start_daemon kvp && start_daemon vss || return 1
	has_fcopy || return 0
	start_daemon fcopy
}

# Since 6.10 the kernel's own has left that to a driver in user space.
has_fcopy() {
	[ "$DRIVERS" != stock ] && return
	case $(uname -r) in
	5.* | 6.[0-9].*) return 0 ;;
	*) return 1 ;;
	esac
}

start_daemon() {
	wait_for 20 test -e "/dev/vmbus/hv_$1" || return 1
	"hv_$1_daemon" -n >"/tmp/$1.out" 2>&1 &
	echo $! >"/tmp/$1.pid"
	wait_for 20 is_registered "$1"
}

# Its last step is to read the kernel's word that it is registered.
is_registered() {
	case $1 in
	kvp) is_ready kvp && told no-more-items kvp enumerate auto-external ;;
	vss) told ok vss check ;;
	fcopy) told ok fcopy put gen:1 /tmp probe overwrite ;;
	esac
}

daemons_alive() {
	cat /tmp/daemons.log
	cat /tmp/*.out
	for pid_file in /tmp/*.pid; do
		kill -0 "$(cat "$pid_file")" || return 1
	done
}

# status_of SERVICE FIELD: state, framework, version
status_of() { ctl "$1" status | awk -v f="$2" '$1 == f { print $2 }'; }

is_ready() { [ "$(status_of "$1" state)" = ready ]; }

# negotiated SERVICE FRAMEWORK VERSION
negotiated() {
	wait_for 20 is_ready "$1"
	echo "$1: $(status_of "$1" framework) and $(status_of "$1" version)"
	[ "$(status_of "$1" framework)" = "$2" ] && [ "$(status_of "$1" version)" = "$3" ]
}

all_negotiated() {
	negotiated shutdown 3.0 3.2 && negotiated timesync 3.0 4.0 && negotiated heartbeat 3.0 3.0 &&
		negotiated kvp 3.0 "$KVP_VERSION" && negotiated vss 3.0 5.0 || return 1
	! has_fcopy || negotiated fcopy 3.0 1.1
}

# ask SERVICE COMMAND...: the result is in /tmp/result when it is there; fails if it does not come
ask() {
	ask_service=$1
	ctl "$@" >/tmp/number || { cat /tmp/number; return 1; }
	ask_number=$(awk '$1 == "number" { print $2 }' /tmp/number)
	wait_for "${ASK_PATIENCE:-40}" is_answered
	cat /tmp/result
	is_answered
}

is_answered() {
	ctl "$ask_service" result "$ask_number" >/tmp/result
	grep -qx 'state answered' /tmp/result
}

# told STATUS SERVICE COMMAND...: the guest answers with this status
told() {
	told_status=$1
	shift
	ask "$@" && grep -q "^status .* $told_status\$" /tmp/result
}

# Heartbeats ------------------------------------------------------------------------------

# beats N: so many more, all answered well
beats() {
	ctl heartbeat every 300 || return 1
	beats_least=$(($(host heartbeat.answered) + $1))
	beats_failed=$(host heartbeat.failed)
	wait_for 30 enough_beats
	ctl heartbeat every 2000
	ctl heartbeat counters
	[ "$(host heartbeat.answered)" -ge "$beats_least" ] && [ "$(host heartbeat.failed)" = "$beats_failed" ]
}

enough_beats() { [ "$(host heartbeat.answered)" -ge "$beats_least" ]; }

# Time ------------------------------------------------------------------------------------

host_time() { ctl timesync clock | awk '$1 == "unix" { print int($2) }'; }

# How far the guest's clock is behind the host's, or, with a device, that clock.
behind() {
	if [ $# -eq 0 ]; then behind_now=$(date +%s); else behind_now=$(ptp_time "$1") || return 1; fi
	echo $(($(host_time) - ${behind_now%.*}))
}

# near SECONDS [DEVICE]: the clock is behind by this, give or take what reading it may need
near() {
	near_wanted=$1
	shift
	near_is=$(behind "$@") || return 1
	echo "behind by $near_is s, wanted $near_wanted s"
	[ "$near_is" -ge $((near_wanted - 20)) ] && [ "$near_is" -le $((near_wanted + 20)) ]
}

# The host slept, or its clock was set, by so many seconds: a sync follows, and the guest's clock is right again.
follows_sync() {
	ctl timesync off
	ctl timesync jump "$1"
	near "$1" || return 1
	told ok timesync sync && wait_for 10 near 0
}

# A sample is for those who discipline a clock: it sets nothing, but the PTP clock knows the new time.
sample_sets_nothing() {
	ctl timesync jump 600
	told ok timesync sample && sleep 0.5 && near 600 && near 0 "$ptp_device" || return 1
	told ok timesync sync && wait_for 10 near 0
}

ptp_clock() {
	for ptp_dir in /sys/class/ptp/*; do
		[ "$(cat "$ptp_dir/clock_name")" = hyperv ] || continue
		ptp_device=/dev/${ptp_dir##*/}
		near 0 "$ptp_device"
		return
	done
	return 1
}

# Keys ------------------------------------------------------------------------------------

# has_item POOL KEY VALUE: as the host enumerates them, both in quotes already
has_item() {
	ask kvp enumerate "$1" && grep -q "^item [0-9]* string $2 $3\$" /tmp/result
}

lacks_item() {
	ask kvp enumerate "$1" && ! grep -q "^item [0-9]* string $2 " /tmp/result
}

about_the_guest() {
	has_item auto '"FullyQualifiedDomainName"' '"guest.example.org"' && [ "$(grep -c ^item /tmp/result)" -eq 10 ] &&
		grep -qx 'item 5 string "OSName" "Debian GNU/Linux"' /tmp/result &&
		grep -qx 'item 8 string "OSVersion" ".*"' /tmp/result &&
		grep -qx "item 9 string \"ProcessorArchitecture\" \"$(uname -m)\"" /tmp/result &&
		grep -q '^status .* no-more-items$' /tmp/result
}

# text_at FILE OFFSET LENGTH: up to its NUL; the daemon leaves in its records what was in its memory behind that
text_at() {
	dd if="$1" iflag=skip_bytes,count_bytes skip="$2" count="$3" bs=4096 2>/dev/null | tr '\0' '\n' | sed 1q
}

# pool_has POOL KEY VALUE: in the daemon's file, as the first record
pool_has() {
	pool_file=/var/lib/hyperv/.kvp_pool_$1
	[ "$(text_at "$pool_file" 0 512)" = "$2" ] && [ "$(text_at "$pool_file" 512 2048)" = "$3" ]
}

set_and_changed() {
	told ok kvp set external color blue && has_item external '"color"' '"blue"' && pool_has 0 color blue &&
		told ok kvp set external color '"light green"' && has_item external '"color"' '"light green"' &&
		[ "$(grep -c ^item /tmp/result)" -eq 1 ]
}

set_other_types() {
	told ok kvp set external n32 305419896 u32 && has_item external '"n32"' '"305419896"' &&
		told ok kvp set external n64 81985529216486895 u64 && has_item external '"n64"' '"81985529216486895"' &&
		told ok kvp set external word '"Gr\u00fc\u00dfe"' && has_item external '"word"' '"Grüße"'
}

# What the guest itself puts into its pool: a record is a key of 512 and a value of 2048 bytes.
guest_to_host() {
	{ printf %s fromguest | dd bs=512 count=1 conv=sync; printf %s hello | dd bs=2048 count=1 conv=sync; } \
		2>/dev/null >>/var/lib/hyperv/.kvp_pool_1
	has_item guest '"fromguest"' '"hello"'
}

# The kernel's own answers with an empty value, which no host minds: they enumerate.
get_key() {
	told ok kvp get external color || return 1
	[ "$DRIVERS" = stock ] || grep -qx 'value string "light green"' /tmp/result
}

deleted() {
	told ok kvp delete external color && lacks_item external '"color"' &&
		told no-more-items kvp delete external color && told no-more-items kvp get external nothing
}

# Addresses -------------------------------------------------------------------------------

with_addresses() {
	modprobe veth && ip link add v0 address 02:00:5e:10:00:01 type veth peer name v1 &&
		ip addr add 192.0.2.7/24 dev v0 && ip addr add 2001:db8::7/64 dev v0 nodad && ip link set v0 up &&
		ip link set v1 up && ip route add default via 192.0.2.1 dev v0
}

addresses_read() {
	told ok kvp ip get 02:00:5E:10:00:01 both && grep -q '^addresses ".*192\.0\.2\.7;' /tmp/result &&
		grep -q '^addresses ".*2001:db8::7;' /tmp/result && grep -q '^subnets ".*255\.255\.255\.0;' /tmp/result &&
		grep -q '^gateways "192\.0\.2\.1;' /tmp/result && grep -qx 'dhcp 0' /tmp/result
}

unknown_adapters() {
	told fail kvp ip get 02:00:5E:FF:FF:FF both &&
		told not-found kvp ip set '{00000000-1111-2222-3333-444444444444}' addresses=10.0.0.1 subnets=255.0.0.0
}

# Backup ----------------------------------------------------------------------------------

file_system() {
	disk=$(disk_of_lun 0) && mkfs.ext4 -q "/dev/$disk" && mount "/dev/$disk" /mnt && sync
}

# Each of its files is on the disk before the next one begins.
writer() {
	while [ ! -e /tmp/stop ]; do
		echo x >"/mnt/file" && sync /mnt/file
		echo x >>/tmp/written
	done
}

written() { wc -l </tmp/written; }
wrote_more() { [ "$(written)" -gt "$written_before" ]; }

# Between freeze and thaw the disk is still, whatever the writer wants; then it goes on.
frozen_and_thawed() {
	: >/tmp/written
	writer &
	writer=$!
	written_before=2
	wait_for 20 wrote_more || return 1
	told ok vss check && told ok vss freeze || return 1
	frozen_writes=$(host scsi0.writes)
	written_before=$(($(written) + 1))
	! wait_for 2 wrote_more || return 1
	[ "$(host scsi0.writes)" = "$frozen_writes" ] || { echo "the disk was written to while frozen"; return 1; }
	told ok vss thaw && wait_for 20 wrote_more || return 1
	touch /tmp/stop
	wait "$writer"
	rm /tmp/stop
}

other_backup_requests() { told ok vss op 0 && told ok vss op 1 && told ok vss op 3 && told ok vss op 4; }

# File copy -------------------------------------------------------------------------------

crc_on_host() { awk '$1 == "crc32" { print $2 }' /tmp/result; }

# gzip keeps the CRC-32 of what it packed, little endian, eight bytes from its end.
crc_of() { gzip -1 -c "$1" | tail -c 8 | od -An -tx1 -N4 | awk '{ print $4 $3 $2 $1 }'; }

file_copied() {
	# The daemon makes those directories that a slash follows.
	told ok fcopy put gen:300001:1 /tmp/copies/ file mkdir || return 1
	[ "$(crc_of /tmp/copies/file)" = "$(crc_on_host)" ] && [ "$(stat -c %s /tmp/copies/file)" = 300001 ]
}

overwritten_only_if_wanted() {
	told exists fcopy put gen:10:2 /tmp/copies file && [ "$(stat -c %s /tmp/copies/file)" = 300001 ] &&
		told ok fcopy put gen:10:2 /tmp/copies file overwrite && [ "$(stat -c %s /tmp/copies/file)" = 10 ] &&
		[ "$(crc_of /tmp/copies/file)" = "$(crc_on_host)" ]
}

no_directory_unless_wanted() { told fail fcopy put gen:10 /tmp/nowhere/ file && [ ! -e /tmp/nowhere ]; }

cancelled() {
	ask fcopy put gen:100000 /tmp/copies half cancel=20000 && grep -qx 'sent 24576' /tmp/result &&
		grep -qx 'messages 6' /tmp/result && [ ! -e /tmp/copies/half ]
}

# Without a device for the daemon there is nothing to test.
fcopy_check() {
	if has_fcopy; then ktap_check "$@"; else ktap_skip "$1" "this kernel has no hv_fcopy"; fi
}

refused_shutdowns() { told fail shutdown off flags=8 && told fail shutdown off flags=64; }

utils_tests() {
	KVP_VERSION=4.0
	[ "$DRIVERS" = stock ] || KVP_VERSION=5.0
	ktap_check user_space user_space
	ktap_check drivers_load load_drivers
	ktap_check services_load load_utils
	ktap_check daemons_start start_daemons
	ktap_check all_negotiated all_negotiated
	ktap_check heartbeats_answered beats 5
	ktap_check clock_right_at_start wait_for 10 near 0
	ktap_check clock_follows_second follows_sync 1
	ktap_check clock_follows_ten_minutes follows_sync 600
	ktap_check clock_follows_eight_hours_back follows_sync -28800
	ktap_check ptp_clock_has_the_hosts_time ptp_clock
	ktap_check sample_sets_nothing sample_sets_nothing
	ktap_check guest_describes_itself about_the_guest
	ktap_check keys_set_and_changed set_and_changed
	ktap_check numbers_and_other_letters set_other_types
	ktap_check guest_to_host_pool guest_to_host
	ktap_check key_got get_key
	ktap_check key_deleted deleted
	ktap_check network_with_addresses with_addresses
	ktap_check addresses_read addresses_read
	ktap_check unknown_adapters_refused unknown_adapters
	ktap_check file_system_mounted file_system
	ktap_check frozen_and_thawed frozen_and_thawed
	ktap_check other_backup_requests other_backup_requests
	fcopy_check file_copied file_copied
	fcopy_check overwritten_only_if_wanted overwritten_only_if_wanted
	fcopy_check no_directory_unless_wanted no_directory_unless_wanted
	fcopy_check cancelled_file_is_gone cancelled
	ktap_check senseless_shutdowns_refused refused_shutdowns
	ktap_check heartbeats_still_answered beats 3
	ktap_check daemons_alive daemons_alive
	ktap_check no_violations no_violations
	ktap_done
}

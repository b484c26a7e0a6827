# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# The host's integration services at fault. After each wrong request a right one has its right answer, on every service.
. ./utils_lib.sh

serves() { told ok vss check && told ok kvp set external alive yes && has_item external '"alive"' '"yes"'; }

# spoilt SERVICE "HOW" COMMAND...: one wrong request. It may have an answer; it must not be a yes, unless yes is right.
spoilt() {
	spoilt_service=$1
	ctl "$1" spoil "$2" || return 1
	shift 2
	ctl "$spoilt_service" "$@" >/tmp/number || { cat /tmp/number; return 1; }
	sleep 0.3
	ctl "$spoilt_service" result "$(awk '$1 == "number" { print $2 }' /tmp/number)" >/tmp/result
	cat /tmp/result
}

refused() { spoilt "$@" && ! grep -q '^status .* ok$' /tmp/result; }

# Lengths of the packet, the pipe and the body, each wrong in turn, for every service.
wrong_lengths() {
	for how in len=8 len=20 len=27 len=28 "len=28 fit" "len=29 fit" pipe_len=4294967295 pipe_len=0 body_len=65535 pipe_type=7 \
		"len=12000 pipe_len=13000 body_len=13000"; do
		refused vss "$how" check && refused kvp "$how" set external bad bad && refused shutdown "$how" off || return 1
		spoilt fcopy "$how" put gen:10 /tmp/bad file mkdir && [ ! -e /tmp/bad/file ] || return 1
	done
	for how in len=8 "len=28 fit" "len=35 fit" pipe_len=4294967295 body_len=65535; do
		ctl heartbeat spoil "$how" && ctl heartbeat ask && spoilt timesync "$how" sync off=+9999999 || return 1
	done
	wait_for 10 near 0 && serves && lacks_item external '"bad"'
}

unknown_types() {
	refused vss type=99 check && refused kvp type=8 set external bad bad && refused shutdown type=6 off &&
		refused kvp poke=0:63 get external alive && refused vss poke=0:ff check && serves &&
		lacks_item external '"bad"'
}

wrong_pools() {
	for pool in 04 05 80 ff; do
		refused kvp poke=1:$pool set external bad bad && refused kvp poke=1:$pool get external alive || return 1
	done
	serves
}

# Offsets in the body: 4 type, 8 key size, 12 value size, 16 key, 528 value.
wrong_strings() {
	for how in poke=8:00000000 poke=8:ffffffff poke=8:02020000 "fill=16:512:65 poke=8:00020000" \
		poke=12:ffffffff poke=12:02080000 "fill=528:2048:65 poke=12:00080000"; do
		refused kvp "$how" set external bad bad || return 1
	done
	# Half of a character is no text; an odd length or an unknown type may be forgiven.
	spoilt kvp poke=16:00d8 set external bad bad && spoilt kvp poke=12:03000000 set external odd bad &&
		spoilt kvp poke=4:63000000 set external odd bad || return 1
	serves && lacks_item external '"bad"'
}

# Counts beyond the message or beyond reason, and versions nobody has: then it is negotiated as before.
wrong_negotiations() {
	for how in poke=0:ffff poke=2:ffff poke=0:ffffffff poke=0:0000 poke=2:0000 "len=30 fit" "len=36 fit"; do
		ctl vss spoil "$how" && ctl vss negotiate && sleep 0.2 || return 1
	done
	ctl vss versions 99.0 65535.65535 && ctl vss negotiate && wait_for 10 is_refused || return 1
	ctl vss versions 5.0 && ctl vss negotiate && negotiated vss 3.0 5.0 && serves
}

is_refused() { [ "$(status_of vss state)" = refused ]; }

# Asked in versions that were never agreed on.
version_never_agreed_on() {
	spoilt kvp "version=9.9 framework=7.7" set external alive yes && spoilt timesync version=1.0 sample &&
		spoilt timesync version=9.0 sample && serves
}

sent_twice() {
	for service in vss kvp; do
		ctl "$service" spoil twice || return 1
	done
	told ok vss check && told ok kvp set external alive yes && wait_for 10 answered_twice && serves
}

answered_twice() { [ "$(host vss.twice)" = 1 ] && [ "$(host kvp.twice)" = 1 ]; }

# A burst: as many requests as the host likes, without waiting.
burst() {
	before=$(host heartbeat.answered) failed=$(host heartbeat.failed)
	ctl heartbeat ask 64 && ctl heartbeat ask 64 && wait_for 20 burst_answered &&
		[ "$(host heartbeat.failed)" = "$failed" ]
}

burst_answered() { [ "$(host heartbeat.answered)" -ge $((before + 128)) ]; }

second_instance() {
	ctl utils add kvp && ctl utils add vss && sleep 1 && serves || return 1
	ctl rescind kvp1 && ctl rescind vss1 && sleep 1 && serves
}

daemon_of() { cat "/tmp/$1.pid"; }

# The daemon is stopped and does not reply: the host is told so in time, and the late reply harms nobody.
slow_daemon() {
	kill -STOP "$(daemon_of kvp)"
	ASK_PATIENCE=90 told fail kvp enumerate auto || return 1
	kill -CONT "$(daemon_of kvp)"
	wait_for 20 serves
}

dead_daemon() {
	kill -STOP "$(daemon_of kvp)"
	ctl kvp enumerate auto && sleep 0.5 && kill -KILL "$(daemon_of kvp)" || return 1
	wait_for 90 last_failed && start_daemon kvp && serves
}

last_failed() { ctl kvp result | grep -q '^status .* fail$'; }

# The channel goes while the daemon has a request: nothing is written to it after that, and it comes again.
reply_after_close() {
	kill -STOP "$(daemon_of kvp)"
	ctl kvp enumerate auto && sleep 0.5 && ctl rescind kvp && sleep 1 && kill -CONT "$(daemon_of kvp)" && sleep 1 &&
		ctl offer kvp || return 1
	kill -KILL "$(daemon_of kvp)"
	wait_for 20 start_daemon kvp && serves
}

frozen() {
	: >/tmp/written
	writer &
	writer=$!
	written_before=2
	wait_for 20 wrote_more && told ok vss freeze || return 1
	export written_before=$(($(written) + 1))
	! wait_for 1 wrote_more
}

goes_on() {
	wait_for "$1" wrote_more || return 1
	touch /tmp/stop
	wait "$writer"
	rm /tmp/stop
}

thawed_when_daemon_dies() {
	frozen && kill -KILL "$(daemon_of vss)" && goes_on 30 && start_daemon vss && serves
}

thawed_when_channel_goes() {
	frozen && ctl rescind vss && goes_on 30 && ctl offer vss || return 1
	kill -KILL "$(daemon_of vss)"
	wait_for 20 start_daemon vss && serves
}

# The host says nothing more after the freeze. When it comes back it hears that what it has is no backup.
thawed_when_host_is_silent() {
	echo 5 >/sys/module/vmbus_utils/parameters/vss_frozen_max
	frozen && goes_on 60 && told fail vss thaw && serves
}

size_of() { stat -c %s "$1" 2>/dev/null || echo 0; }

wrong_copies() {
	# More than was announced, and beyond it.
	ask fcopy put gen:100000 /tmp long size=10 overwrite && ! grep -q '^status .* ok$' /tmp/result &&
		ask fcopy put gen:10 /tmp far from=1099511627776 && ! grep -q '^status .* ok$' /tmp/result || return 1
	# Names that lead elsewhere, or end nowhere.
	ask fcopy put gen:10 /tmp/x ../../etc/evil mkdir && [ ! -e /etc/evil ] && [ ! -e /tmp/etc/evil ] || return 1
	refused fcopy fill=36:520:65 put gen:10 /tmp y && refused fcopy fill=556:520:65 put gen:10 /tmp y || return 1
	# Left in the middle, and another begun.
	ask fcopy put gen:100000 /tmp left abandon=30000 && told ok fcopy put gen:100000 /tmp next &&
		[ "$(size_of /tmp/next)" = 100000 ] && serves
}

utils_faults_tests() {
	ktap_check user_space user_space
	ktap_check drivers_load load_drivers
	ktap_check services_load load_utils
	ktap_check daemons_start start_daemons
	ktap_check file_system_mounted file_system
	ktap_check all_served serves
	ktap_check wrong_lengths wrong_lengths
	ktap_check unknown_types unknown_types
	ktap_check wrong_pools wrong_pools
	ktap_check wrong_strings wrong_strings
	ktap_check wrong_negotiations wrong_negotiations
	ktap_check version_never_agreed_on version_never_agreed_on
	ktap_check sent_twice sent_twice
	ktap_check burst_of_heartbeats burst
	ktap_check second_instance second_instance
	ktap_check slow_daemon slow_daemon
	ktap_check dead_daemon dead_daemon
	ktap_check reply_after_close reply_after_close
	ktap_check thawed_when_daemon_dies thawed_when_daemon_dies
	ktap_check thawed_when_channel_goes thawed_when_channel_goes
	ktap_check thawed_when_host_is_silent thawed_when_host_is_silent
	ktap_check wrong_copies wrong_copies
	ktap_check heartbeats_still_answered beats 3
	ktap_check no_violations no_violations
	ktap_done
}

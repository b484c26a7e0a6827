#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="utils=timesync" drivers=kit timeout=600 kernels="6.1 6.12"
# shellcheck disable=SC2154 # what functions of the library set
# proves: the unmodified chronyd takes the PTP clock as its source, by cross timestamps where there are any, and follows
#         the host's jumps whenever they come, with steps left to it or made by us
. ./utils_lib.sh

# What docs/integration-services.md has for chrony alone: a jump is stepped over whenever it comes, the samples from
# before it, which make chrony unsure, are soon forgotten, and a poll that it came in the middle of is not used at all:
# chrony would take the jump for noise of the clock, and not trust it until the mean of many polls says otherwise.
chrony_runs() {
	mkdir -p /var/lib/chrony /run/chrony && chmod 750 /run/chrony && wait_for 20 ptp_clock || return 1
	cat >/tmp/chrony.conf <<-END
		refclock PHC $ptp_device poll 0 dpoll -2 offset 0 stratum 2 maxsamples 8 maxdispersion 0.05
		makestep 0.1 -1
		port 0
		cmdport 0
		driftfile /var/lib/chrony/drift
		bindcmdaddress $socket
		pidfile /run/chronyd.pid
	END
	cat /tmp/chrony.conf
	chronyd -d -u root -f /tmp/chrony.conf >/tmp/chronyd.log 2>&1 &
	wait_for 20 test -S "$socket" || { cat /tmp/chronyd.log; return 1; }
}

ask_chrony() { chronyc -n -h "$socket" "$@"; }
selected() { ask_chrony sources | grep -q '^#\* PHC0 '; }

# What chrony did since the last time, and what it makes of it.
show_chrony() {
	ask_chrony sources -v
	ask_chrony tracking | grep -E 'System time|Last offset|Reference ID'
	tail -n +$((${log_lines:-0} + 1)) /tmp/chronyd.log
	log_lines=$(wc -l </tmp/chronyd.log)
}

ptp_selected() {
	wait_for 60 selected
	show_chrony
	selected
}

# microseconds: how far the host's clock, as the PTP clock has it, is ahead of ours
microseconds() {
	offset=$(ptp_offset "$ptp_device" extended) || { echo "$offset"; return 1; }
	echo $((offset / 1000))
}

# within MICROSECONDS, one way or the other
within() {
	offset=$(microseconds) && [ "$offset" -ge "-$1" ] && [ "$offset" -le "$1" ]
}

# ahead_by SECONDS: as the host has jumped, give or take what reading it needs
ahead_by() {
	offset=$(microseconds)
	echo "the host's clock is ahead by $offset us"
	[ "$offset" -ge $(($1 * 1000000 - 300000)) ] && [ "$offset" -le $(($1 * 1000000 + 300000)) ]
}

# What the host's clock does, chrony does; the module looks on. Until the sample the PTP clock knows of no jump.
follows_jump() {
	ctl timesync jump "$1" && told ok timesync sample && wait_for 90 within 50000 && wait_for 60 selected
	echo "the host jumped by $1 s; now its clock is ahead by $(microseconds) us"
	show_chrony
	within 50000 && selected
}

# chrony reads the clock four times in a second and makes one sample of them: each jump comes a quarter later in that
# second than the one before it, so one or the other finds two readings before it and two behind.
follows_between_readings() {
	for quarter in 0 25 50 75; do
		wait_for_uptime "$quarter"
		ctl timesync jump -28800 && told ok timesync sample && wait_for 30 within 50000 && wait_for 30 selected
		echo "jumped at .$quarter; now the host's clock is ahead by $(microseconds) us"
		within 50000 || break
	done
	show_chrony
	within 50000 && selected
}

# wait_for_uptime HUNDREDTHS: until so much of a second of the uptime, which no step changes, is over
wait_for_uptime() {
	uptime_now=$(cut -d ' ' -f 1 /proc/uptime)
	uptime_now=${uptime_now#*.}
	uptime_left=$(((100 + $1 - ${uptime_now#0}) % 100))
	sleep "0.$(printf %02d "$uptime_left")"
}

seen() { awk -v f="$1" '$1 == f { print $2 }' /sys/kernel/debug/vmbus_utils/timesync; }
only_chrony_stepped() { [ "$(seen steps)" = 0 ] && [ "$(grep -c 'System clock was stepped' /tmp/chronyd.log)" -ge 3 ]; }

# The system's clock source must be the host's counter for the two to be read in one moment.
cross_timestamps() {
	clock_source=$(cat "$clock_sources/current_clocksource")
	cross_before=$(seen cross_given)
	wait_for 20 cross_grew
	echo "clock source $clock_source: cross timestamps $(seen cross_given), refused $(seen cross_refused)"
	[ "$(seen cross_refused)" = 0 ] && cross_grew && ptp_offset "$ptp_device" precise
}
cross_grew() { [ "$(seen cross_given)" -gt "$cross_before" ]; }

# A clock that runs half a millisecond in a second faster than ours: chrony finds out by how much, and stays near it.
follows_drift() {
	ctl timesync drift 500 && ctl timesync every 1000 || return 1
	wait_for 60 frequency_found && wait_for 30 within 5000
	show_chrony
	ask_chrony tracking | grep Frequency
	frequency_found && within 5000
}

# By one sample in a second chrony's view of it has teeth of 500 us; that is some 100 ppm of its 8 samples.
frequency_found() {
	ask_chrony tracking | awk '/^Frequency/ { exit !($3 > 300 && $3 < 700 && $5 == "slow") }'
}

# Steps allowed to both: we are told by the host and step at once; chrony keeps its source.
both_step() {
	echo 1 >/sys/module/vmbus_utils/parameters/time_step
	ctl timesync jump 600 && told ok timesync sync && wait_for 20 within 50000 && [ "$(seen steps)" -ge 1 ] || return 1
	sleep 3
	wait_for 60 selected
	show_chrony
	selected && wait_for 60 within 50000
}

# chrony takes its readings always as it took the first, so it is started anew; it finds that there are no cross
# timestamps any more, and reads the clock the other way.
without_cross_timestamps() {
	tr ' ' '\n' <"$clock_sources/available_clocksource" | grep -v -e hyperv -e '^$' | head -n 1 >/tmp/source
	cat /tmp/source
	chrony_ends && cat /tmp/source >"$clock_sources/current_clocksource" && ! ptp_offset "$ptp_device" precise || return 1
	cross_before=$(seen cross_given)
	chrony_runs && wait_for 60 selected
	show_chrony
	selected && ! cross_grew && [ "$(seen cross_refused)" -ge 2 ]
}

chrony_ends() {
	kill "$(cat /run/chronyd.pid)"
	wait_for 20 grep -q 'chronyd exiting' /tmp/chronyd.log
}

# What chrony says of it is worth reading when all is well, too.
shown() {
	! ktap_check "$@" || ktap_note "$(cat "$KTAP_OUT")"
}

command -v chronyd >/dev/null || ktap_skip_all "chrony is not installed"
socket=/run/chrony/chronyd.sock
# chronyc is not a thing to be run ten times in a second.
export WAIT_TENTHS=10
clock_sources=/sys/devices/system/clocksource/clocksource0
mkdir -p /etc/modprobe.d
echo "options vmbus_utils time_step=0" >/etc/modprobe.d/utils.conf
ktap_plan 14
ktap_check services_load load_utils
ktap_check service_ready wait_for 20 is_ready timesync
ktap_check chrony_runs chrony_runs
shown ptp_clock_selected ptp_selected
shown follows_a_second follows_jump 1
shown follows_ten_minutes follows_jump 600
shown follows_eight_hours_back follows_jump -28800
shown follows_between_readings follows_between_readings
ktap_check only_chrony_stepped only_chrony_stepped
shown both_may_step both_step
shown follows_drift follows_drift
case $(cat "$clock_sources/current_clocksource") in
hyperv_*)
	shown cross_timestamps_are_what_it_uses cross_timestamps
	shown does_without_cross_timestamps without_cross_timestamps
	;;
*)
	ktap_skip cross_timestamps_are_what_it_uses "the clock source is not the host's counter"
	ktap_skip does_without_cross_timestamps "the same"
	;;
esac
ktap_check no_violations no_violations
ktap_done

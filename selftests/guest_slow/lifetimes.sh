#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M,echo=8,echo_sub_channels=3" drivers=kit timeout=900 append="panic_on_warn=1"
# proves: a channel may be taken away at any step of its life, once or twice, be offered again after its release or
#         at once, alone or with all others; drivers and bus unload at each of these steps; nothing is left
. ./ktap.sh
. ./lib.sh
. ./echo_lib.sh
. ./fault_lib.sh

DEVICES="scsi0 echo0 echo1 echo2 echo3 echo4 echo5 echo6 echo7"

# When a disk's channel is taken away. Its driver is unbound, which writes the disk's cache, and bound again.
cat >/tmp/steps <<'END'
as_the_disk_writes_its_cache | before packet
before_close | before close
after_close | on close
before_revoking_memory | before gpadl_teardown
as_memory_comes_back | before gpadl_torndown
after_memory_came_back | on gpadl_torndown
before_granting_memory | before gpadl_header
as_memory_is_granted | before gpadl_created
after_memory_was_granted | on gpadl_created
before_open | before open
as_it_is_opened | before open_result
after_open | on open_result
at_the_first_word_of_the_driver | before packet@2
in_the_handshake | on packet@4
at_the_first_command | before packet@7
as_disks_are_looked_for | on packet@9
END

# What else the host does as drivers and bus go. Unless it is a rescind, the host is only slow.
cat >/tmp/unloads <<'END'
memory_is_granted | fault gpadl_created:never | -
memory_is_granted_and_it_is_taken_away | fault gpadl_created:never | rescind
it_is_opened | fault open_result:never | -
it_is_opened_and_taken_away | fault open_result:never | rescind
the_driver_speaks | fault packet:never | -
the_driver_speaks_and_it_is_taken_away | fault packet:never | rescind
memory_does_not_come_back | fault gpadl_torndown:never | -
memory_does_not_come_back_and_it_is_taken_away | fault gpadl_torndown:never | rescind
it_is_taken_away_twice | on open_result rescind scsi0;inject rescind relid=scsi0 | -
it_is_offered_again | on open_result reoffer scsi0 | -
it_is_offered_again_and_again | repeat 20 5000 reoffer scsi0 | -
END

driver=/sys/bus/vmbus/drivers/hv_storvsc
unbind() { echo "$guid" >$driver/unbind; }
bind() { echo "$guid" >$driver/bind; }
guid_of_disk() { disk_of_lun 0 && guid=$(basename "$(dirname "$(ls -d /sys/bus/vmbus/devices/*/host*)")"); }

# The device is there, on a channel the host has not taken away, and its disk can be read.
disk_lives() { reads_disk && ctl ledger | grep -q 'unreleased=0'; }

# lost STEP VERB: the channel goes at that step, and in the end the disk is there
lost() {
	ctl "$1 $2" || return 1
	unbind 2>/dev/null
	bind 2>/dev/null
	# The step has come: the host's script is not waiting any more.
	wait_for 10 happened && wait_for 60 disk_lives && ctl behave
}

happened() { [ -z "$(ctl hooks)" ]; }

released_then_offered() { lost "$2" "rescind scsi0;offer scsi0"; }
offered_at_once() { lost "$2" "reoffer scsi0"; }
taken_away_twice() { lost "$2" "rescind scsi0;inject rescind relid=scsi0;offer scsi0"; }

# each_step HOW: one result for all steps, naming those that fail
each_step() {
	failed_steps=
	while IFS='|' read -r step_name step; do
		step=${step# }
		"$1" "$step_name" "$step" >/tmp/step.out 2>&1 && continue
		failed_steps="$failed_steps $step_name"
		cat /tmp/step.out
		ctl hooks
		ctl behave
		ctl offer scsi0
		wait_for 60 disk_lives
	done </tmp/steps
	[ -z "$failed_steps" ] || { echo "failed:$failed_steps"; return 1; }
}

before_probe() {
	modprobe vmbus_client && ctl rescind scsi0 && modprobe storvsc && wait_for 20 released && ctl offer scsi0 &&
		wait_for 60 disk_lives
}
released() { ctl ledger | grep -q 'unreleased=0'; }

# Taken away and offered before the driver comes, which finds the second one.
replaced_before_probe() {
	unloads && modprobe vmbus_client && ctl reoffer scsi0 && modprobe storvsc && wait_for 60 disk_lives
}
overtakes_its_offer() {
	unloads && ctl before offer rescind scsi0 && modprobe vmbus_client && modprobe storvsc && ctl behave &&
		ctl inject rescind relid=scsi0 && ctl offer scsi0 && wait_for 60 disk_lives
}

load_runs() { ctl reset-counters && start_load 50; }

# With a program at work: it ends, with errors.
in_steady_io() {
	load_runs && ctl "$@" && wait_for 60 load_ended && wait_for 60 disk_lives
}
under_load() {
	in_steady_io after 5 "rescind scsi0;offer scsi0" && in_steady_io after 5 reoffer scsi0 &&
		in_steady_io after 5 "rescind scsi0;inject rescind relid=scsi0;offer scsi0"
}

# unloads_as NAME ORDERS RESCIND: the device comes, and drivers and bus go without waiting for it
unloads_as() {
	# shellcheck disable=SC2086 # words
	modprobe vmbus_client $BRIEF && modprobe storvsc reply_timeout=2 drain_timeout=3 && wait_for 60 disk_lives &&
		ctl rescind scsi0 && wait_for 20 released && orders "$2" || return 1
	ctl offer scsi0
	[ "$3" = - ] || ctl after 300 "$3" scsi0
	unloads && ctl behave && ledger_empty && ctl offer scsi0
}

# Sub-channels ------------------------------------------------------------------

echoes() { all_good "$1" ping 20 64; }
echo_back() { [ -e "/sys/kernel/debug/vmbus_echo_test/$1/run" ] && echoes "$1"; }

# subs_lost ORDERS: while they are all at work; then the device is there again
subs_lost() {
	orders "$1" && ! on echo0 subs 3 && wait_for 10 happened && ctl behave && wait_for 20 released &&
		wait_for 20 echo_back echo0
}

# Its sub-channels and it in the order of hosts, and the other way round.
with_primary() { subs_lost "before packet@200 rescind echo0;offer echo0"; }
primary_first() { subs_lost "fault rescind:hold:* & before packet@200 rescind echo0;release reversed;offer echo0"; }
primary_first_offered_at_once() { subs_lost "fault rescind:hold:* & before packet@200 reoffer echo0;release reversed"; }

# One alone: the others and the primary go on, and the next three are as good as these were.
sub_alone() {
	orders "before packet@200 rescind echo0/2" && ! on echo0 subs 3 && echoes echo0 && on echo0 reopen 16 16 &&
		all_good echo0 subs 3 && [ "$(result there)" = 3 ]
}
as_they_are_offered() {
	on echo0 reopen 16 16 && ctl on offer@2 rescind echo0/1 && on echo0 subs 3
	echoes echo0 && on echo0 reopen 16 16 && all_good echo0 subs 3
}
as_one_is_opened() {
	on echo0 reopen 16 16 && ctl before open@3 rescind echo0/2 && ! on echo0 subs 3 && echoes echo0 &&
		on echo0 reopen 16 16 && all_good echo0 subs 3
}

# All at once ---------------------------------------------------------------------

none_left() { ! ls /sys/bus/vmbus/devices/* >/dev/null 2>&1; }
all_back() {
	for n in 0 1 2 3 4 5 6 7; do echo_back echo$n || return 1; done
	disk_lives
}

busy() {
	load_runs || return 1
	for n in 0 1 2 3; do on echo$n stream 100000 100 16 >/dev/null 2>&1 & done
	on echo4 subs 3 >/dev/null 2>&1 &
}

each_device() { for label in $DEVICES; do printf '%s %s;' "$1" "$label"; done; }

all_taken_away() {
	busy && ctl after 50 rescind all && wait_for 60 none_left && wait_for 60 load_ended && wait &&
		wait_for 20 released || return 1
	for label in $DEVICES; do ctl offer "$label" || return 1; done
	wait_for 60 all_back
}

all_replaced() {
	busy && ctl after 50 "$(each_device reoffer)" && wait_for 60 load_ended && wait && wait_for 20 released &&
		wait_for 60 all_back
}

# The bus goes as the host takes everything away; and as it offers everything anew.
unload_as_all_go() {
	# A driver that is just being given a device is in use for that long.
	busy && ctl after 1 "$1" && wait_for 20 rmmod vmbus_echo_test && unloads && wait && ctl behave && ledger_empty
}

ktap_plan $(($(each_case </tmp/unloads | wc -l) + 18))
modprobe sd_mod
ktap_check before_probe before_probe
ktap_check replaced_before_probe replaced_before_probe
ktap_check rescind_overtakes_its_offer overtakes_its_offer
guid_of_disk >/dev/null
ktap_check at_each_step_and_offered_after_its_release each_step released_then_offered
ktap_check at_each_step_and_offered_at_once each_step offered_at_once
ktap_check twice_at_each_step each_step taken_away_twice
ktap_check under_load under_load
modprobe vmbus_echo_test
ktap_check sub_channels_with_their_primary with_primary
ktap_check primary_before_sub_channels primary_first
ktap_check primary_before_sub_channels_and_offered_at_once primary_first_offered_at_once
ktap_check sub_channel_alone sub_alone
ktap_check sub_channel_as_it_is_offered as_they_are_offered
ktap_check sub_channel_as_it_is_opened as_one_is_opened
ktap_check all_at_once all_taken_away
ktap_check all_offered_again_at_once all_replaced
ktap_check unloads_as_all_are_taken_away unload_as_all_go "rescind all"
for label in $DEVICES; do ctl offer "$label"; done >/dev/null
run_cases unloads_as </tmp/unloads
ktap_check works_afterwards works
ktap_check host_saw_no_violation no_violations
ktap_done

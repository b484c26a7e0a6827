#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M,echo=2" drivers=kit timeout=900 append="panic_on_warn=1" days="6.1"
# proves: offers in any order, number and state of repair make devices or are counted, never both; a relid belongs to
#         one channel at a time; answers that come minutes late find nobody waiting and harm nobody
. ./ktap.sh
. ./lib.sh
. ./echo_lib.sh
. ./fault_lib.sh

# The drivers are loaded and the disk is there.
cat >/tmp/live <<'END'
relid_0 | inject offer relid=0 instance=1 | rejected_offer_bad
relid_beyond_all_channels | inject offer relid=2048 instance=1 | rejected_offer_bad
relid_beyond_reason | inject offer relid=0xffffffff instance=1 | rejected_offer_bad
relid_in_use | inject offer relid=scsi0 instance=1 | rejected_offer_duplicate
device_there_already | inject offer relid=99 like=scsi0 | rejected_offer_duplicate
sub_channel_of_no_device | inject offer relid=99 sub_channel_index=1 instance=1 | rejected_offer_orphan
flags_of_other_guests | inject offer relid=96 instance=2 flags=0xffff & inject rescind relid=96 | -
device_nobody_drives | inject offer relid=97 instance=1 & inject rescind relid=97 | -
END

# While loading: then it unloads, and all is well.
cat >/tmp/loads <<'END'
sub_channel_first | before offer inject offer relid=99 like=scsi0 sub_channel_index=1 | rejected_offer_orphan
each_offer_about_relid_0 | fault offer:relid:0:* | rejected_offer_bad
each_offer_about_a_relid_beyond_all | fault offer:relid:2048:* | rejected_offer_bad
interrupts_before_channels | on initiate_contact interrupt 1 & before offer interrupt 5 | rejected_event_unknown
offers_end_twice | fault all_offers_delivered:dup | -
END

# The host takes its time, and the guest has its usual patience; NAME | host | refused | seconds until it has answered
cat >/tmp/late <<'END'
offers_after_half_a_minute | fault offer:delay:30000:* | - | 31
end_of_offers_after_two_minutes | fault all_offers_delivered:delay:120000 | - | 115
memory_granted_after_half_a_minute | fault gpadl_created:delay:30000 | rejected_reply_unmatched | 25
memory_granted_after_two_minutes | fault gpadl_created:delay:120000 | rejected_reply_unmatched | 115
opened_after_half_a_minute | fault open_result:delay:30000 | rejected_reply_unmatched | 25
opened_after_two_minutes | fault open_result:delay:120000 | rejected_reply_unmatched | 115
END

devices() {
	set -- /sys/bus/vmbus/devices/*
	[ -e "$1" ] || shift
	echo $#
}
there_are() { [ "$(devices)" = "$1" ]; }

# ordered HOW: every device is found, whatever came first
ordered() { orders "fault offer:hold:* & before all_offers_delivered release $1" && works && ctl behave; }

# The host says that was all, and then offers.
after_the_last() {
	orders "fault offer:hold:* & on all_offers_delivered after 300 release" && works && ctl behave
}

hundreds() {
	snapshot
	ctl phantoms 400 && wait_for 60 there_are $((before + 400)) && reads_disk && nothing_new_rejected &&
		ctl phantoms 0 && wait_for 60 there_are "$before"
}
nothing_new_rejected() {
	! grown rejected_offer_bad && ! grown rejected_offer_duplicate && ! grown rejected_offer_orphan
}

# Two sub-channels of one number: the first is kept until the host takes it away.
sub_channel_there_already() {
	sub="like=scsi0 sub_channel_index=1"
	goes_on - "inject offer relid=98 $sub & inject offer relid=99 $sub & inject rescind relid=98" \
		rejected_offer_duplicate
}

# They come and go faster than they can be made devices of.
come_and_go() {
	ctl repeat 20 500 "phantoms 60;phantoms 0" && reads_disk && wait_for 60 happened && wait_for 60 there_are "$before" &&
		reads_disk
}
happened() { [ -z "$(ctl hooks)" ]; }

# The disk's channel is taken away while it is open, and its relid is offered, wrongly, to another. The host says no
# more of the memory either: of a channel that is rescinded that is nothing to keep it for. Of one that is not, it is.
relid_of_a_rescinded_channel() {
	snapshot
	relid=$(relid_of scsi0)
	orders "fault gpadl_torndown:never & after 1 rescind scsi0;inject offer relid=scsi0 instance=1" &&
		wait_for 5 grown rejected_offer_duplicate || return 1
	[ "$(state "chan$relid.state")" = rescinded ] || { echo "it is $(state "chan$relid.state")"; return 1; }
	wait_for 5 there_are $((before - 1)) && ! grown gpadl_parked && ctl behave && ctl offer scsi0 && reads_disk
}
relid_of() { ctl channels | sed -n "s/^relid=\([0-9]*\) label=$1 index=0 .*/\1/p"; }

# trade FIRST SECOND: the first gets the lower relid of the second the moment that is given back, the second that of
# the first
trade() {
	first=$(relid_of "$1") second=$(relid_of "$2")
	ctl rescind "$1" && wait_for 20 released && orders "on relid_released offer $1 & rescind $2" &&
		wait_for 20 has_relid "$1" "$second" && ctl offer "$2" && has_relid "$2" "$first" && both_work
}
released() { ctl ledger | grep -q 'unreleased=0'; }
has_relid() { [ "$(relid_of "$1")" = "$2" ]; }
both_work() { reads_disk && wait_for 20 [ -e /sys/kernel/debug/vmbus_echo_test/echo0 ] && all_good echo0 ping 5 64; }

relids_change_hands() {
	modprobe vmbus_echo_test && snapshot && trade echo0 scsi0 && trade scsi0 echo0 && trade echo0 scsi0 &&
		trade scsi0 echo0 && nothing_new_rejected && wait_for 20 rmmod vmbus_echo_test
}

unload_under_offers() {
	ctl repeat 20 500 "phantoms 60;phantoms 0" && unloads && ctl behave && ledger_empty && ctl phantoms 0
}

# late NAME ORDERS COUNTERS: the answer finds nobody; bound anew the driver has its disk
late() {
	late_counters=${3%% |*} late_wait=${3##* | }
	orders "$2" || return 1
	echo none 0 >/tmp/state.before
	try_load || return 1
	sleep "$late_wait"
	all_grown "$late_counters" && ctl behave || return 1
	disk_at 0 >/dev/null || bind_disk || return 1
	reads_disk && unloads && ledger_empty
}
bind_disk() {
	for late_device in /sys/bus/vmbus/devices/*; do
		[ -e "$late_device/driver" ] || echo "${late_device##*/}" >/sys/bus/vmbus/drivers/hv_storvsc/bind
	done 2>/dev/null
	disk_at 0 >/dev/null || wait_for 20 disk_at 0
}

# Its answer comes when nobody is connected any more; the next contact finds a host that listens.
contact_answered_late() {
	ctl fault version_response:delay:30000 || return 1
	! try_load && sleep 25 && works
}

memory_given_back_late() {
	ctl fault gpadl_torndown:delay:30000:* && try_load && reads_disk && unloads && ledger_empty && sleep 25 &&
		ctl behave && works
}

# unload_answered MS: within its patience, which is long, it waits; beyond, the host forgets all the same
unload_answered() {
	ctl fault "unload_response:delay:$1" && try_load && reads_disk && unloads && ledger_empty && works
}

ktap_plan $(($(cat /tmp/live /tmp/loads /tmp/late | each_case | wc -l) + 17))
modprobe sd_mod
ktap_check offered_backwards ordered reversed
ktap_check offered_in_no_order ordered shuffled
ktap_check offered_after_the_last after_the_last
ktap_check drivers_load try_load
ktap_check disk_is_there reads_disk
before=$(devices)
run_cases goes_on </tmp/live
ktap_check sub_channel_there_already sub_channel_there_already
ktap_check hundreds_of_devices hundreds
ktap_check devices_come_and_go come_and_go
ktap_check a_refused_offer_does_not_un_rescind_a_channel relid_of_a_rescinded_channel
ktap_check relids_change_hands_as_they_are_given_back relids_change_hands
note_rejected
ktap_check unloads_under_offers unload_under_offers
run_cases survives </tmp/loads
# shellcheck disable=SC2034 # in fault_lib.sh
BRIEF=
run_cases late </tmp/late
ktap_check contact_answered_after_half_a_minute contact_answered_late
ktap_check memory_given_back_after_half_a_minute memory_given_back_late
ktap_check unload_confirmed_after_a_minute unload_answered 60000
ktap_check unload_confirmed_after_two_minutes unload_answered 120000
ktap_check works_afterwards works
ktap_check host_saw_no_violation no_violations
ktap_done

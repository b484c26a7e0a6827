#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M" drivers=kit timeout=900 days="6.1"
# proves: a host that answers late, never, twice or with nonsense costs a bounded wait and a message;
#         the modules unload and work again
. ./ktap.sh
. ./lib.sh

offer_again=

clean() {
	wait_for 20 gone storvsc && wait_for 20 gone vmbus_client && ctl fault clear
}

# gone MODULE: it is not loaded any more. A disk that is still being looked at keeps its driver for a moment.
gone() {
	rmmod "$1" 2>/dev/null
	! grep -q "^$1 " /proc/modules
}

try_load() {
	modprobe vmbus_client reply_timeout=1500 unload_timeout=1500 && modprobe storvsc
}

# Whatever happened before: with a correct host it all works.
works() {
	try_load && disk=$(disk_of_lun 0) &&
		dd if="/dev/$disk" of=/dev/null bs=64k count=4 iflag=direct 2>/dev/null && clean
}

# survives NAME FAULT...: with these faults loading ends, well or not; then it unloads, then it works
survives() {
	name=$1
	shift
	{
		for fault; do ctl fault "$fault" || exit 1; done
		try_load
		echo "loading ended with $?"
	} >/tmp/load.out 2>&1
	if ! clean >/tmp/clean.out 2>&1; then
		ktap_not_ok "$name" "the modules do not unload: $(cat /tmp/load.out /tmp/clean.out)"
	elif [ -n "$offer_again" ] && ! ctl offer scsi0; then
		ktap_not_ok "$name" "the host has not taken the device away"
	elif ! works >/tmp/works.out 2>&1; then
		ktap_not_ok "$name" "afterwards it does not work: $(cat /tmp/works.out)"
	else
		ktap_ok "$name"
	fi
}

# fails_to_load NAME PATTERN FAULT...: with these faults the client must not load, and must say why
fails_to_load() {
	name=$1 pattern=$2
	shift 2
	dmesg -C
	for fault; do ctl fault "$fault" || ktap_note "the host did not take $fault"; done
	if modprobe vmbus_client reply_timeout=1500 unload_timeout=1500 2>/dev/null; then
		ktap_not_ok "$name" "it loaded"
	elif ! dmesg | grep -q -E "$pattern"; then
		ktap_not_ok "$name" "it did not say '$pattern' but: $(dmesg)"
	elif ! { clean && works; } >/tmp/works.out 2>&1; then
		ktap_not_ok "$name" "afterwards it does not work: $(cat /tmp/works.out)"
	else
		ktap_ok "$name"
	fi
}

# The controller shakes hands, and then answers no command: not the first INQUIRY, nothing.
disk_silent() {
	ctl scsi0 hold && modprobe vmbus_client && modprobe storvsc reply_timeout=2 drain_timeout=3 &&
		in_log 'scsi host.*channels were closed and opened again' &&
		in_log 'scsi host.*no command answered since .* adapter given up' &&
		clean && ctl scsi0 release && works
}

ktap_plan 26
modprobe sd_mod
fails_to_load contact_never_answered 'did not answer our contact .* within 1500 ms' version_response:never
fails_to_load contact_refused 'speaks VMBus 6.0 but could not connect us' version_response:status:1
survives contact_answered_late version_response:delay:500
survives contact_answered_twice version_response:dup
survives contact_answered_with_garbage version_response:garbage
survives contact_answered_short version_response:short
survives post_says_no_buffers post:status:0x13:20
survives offer_dropped offer:drop
survives offer_twice offer:dup
survives offer_garbage offer:garbage
survives offer_short offer:short
survives all_offers_never_delivered all_offers_delivered:never
survives gpadl_never_created gpadl_created:never
survives gpadl_refused gpadl_created:status:0x8000ffff
survives gpadl_created_late gpadl_created:delay:2500
survives gpadl_created_twice gpadl_created:dup
survives gpadl_created_garbage gpadl_created:garbage
survives open_never_answered open_result:never
survives open_refused open_result:status:1
survives open_answered_late open_result:delay:2500
survives open_answered_twice open_result:dup
# A device taken away stays away, until the host offers it again.
offer_again=yes
survives rescinded_while_opening open_result:rescind
offer_again=
survives teardown_never_answered gpadl_torndown:never
survives unload_never_answered unload_response:never
ktap_check no_command_ever_answered disk_silent
ktap_check host_saw_no_violation no_violations
ktap_done

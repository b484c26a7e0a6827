#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=2 provider="lun0=ram:64M,sub_channels=1" drivers=kit timeout=400 days="6.1"
# proves: a move that the host refuses, answers late, twice or never, or cannot do, costs a bounded wait and a message;
#         the CPU stays online if it must, and requests go on; so they do when interrupts come to the wrong CPU
. ./ktap.sh
. ./lib.sh
. ./cpus_lib.sh

spread() { on_cpus "0 1" && host_agrees; }
comes_back() { cpu1 online && wait_for 20 spread && reads_go_on; }

# begin PARAMETER...: the client anew, with a reader on each CPU
begin() {
	modprobe vmbus_client reply_timeout=1500 "$@" && modprobe storvsc && disk=$(disk_of_lun 0) || return 1
	rm -f /tmp/stop /tmp/errors
	taskset 1 sh -c "$reader" reader "/dev/$disk" &
	reader0=$!
	taskset 2 sh -c "$reader" reader "/dev/$disk" &
	reader1=$!
	reads_go_on
}

# One request at a time, until it is told to stop or one fails.
# shellcheck disable=SC2016
reader='until [ -e /tmp/stop ]; do
	dd if="$1" of=/dev/null bs=4k iflag=direct count=500 2>/tmp/dd.$$ || { cat /tmp/dd.$$ >>/tmp/errors; exit 1; }
done'

# finish: the readers saw no error, and the host's answers were all in order but for what $1 says
finish() {
	touch /tmp/stop
	wait "$reader0" "$reader1"
	! cat /tmp/errors 2>/dev/null && [ "$(state rejected_reply_unmatched)" -eq "${1-0}" ] && unload_drivers
}

# stays WHY: CPU 1 does not go offline, and the log says why
stays() {
	dmesg -C
	! cpu1 offline 2>/dev/null && in_log "CPU 1 stays online: channel [0-9]+ of device [-0-9a-f]+ interrupts it: $1" &&
		reads_go_on
}

refused() {
	begin && ctl fault modify_channel_response:status:0x8000ffff && stays 'the host refused' &&
		in_log 'refused the move to CPU 0 with status 0x8000ffff' && [ "$(state moves_refused)" -eq 1 ] &&
		ctl fault modify_channel_response:status:5 && move_fails 'Input/output error' 1 1 &&
		on_cpus "0 1" && cpu1 offline && on_cpus "0 0" && comes_back && finish
}

answered_twice() {
	begin && ctl fault modify_channel_response:dup && cpu1 offline && on_cpus "0 0" && comes_back && finish 1
}

never_answered() {
	begin && ctl fault modify_channel_response:never && stays 'the host does not answer' &&
		in_log 'did not answer the move to CPU 0 within 1500 ms' && [ "$(state moves_unanswered)" -eq 1 ] &&
		ctl fault clear && stays 'the host has not answered an earlier move' && finish
}

# The answer that came too late tells where the channel is; then it goes home, and is free to move again.
answered_late() {
	begin && ctl fault modify_channel_response:delay:2500 && stays 'the host does not answer' &&
		wait_for 20 moved_once && on_cpus "0 1" && cpu1 offline && on_cpus "0 0" && comes_back && finish
}

moved_once() { [ "$(state channels_moved)" -eq 1 ]; }

# The channel is taken away instead of an answer: what is no more keeps no CPU.
rescinded() {
	begin && ctl fault modify_channel_response:rescind && cpu1 offline && reads_go_on && cpu1 online &&
		reads_go_on && wait_for 20 on_cpus 0 && finish
}

version_4_0() {
	begin max_version=4.0 && stays 'this version of the protocol moves no channels' &&
		move_fails 'Input/output error' 1 1 && on_cpus "0 1" && finish
}

# Version 5.2 acknowledges no move. It may be late, or not happen at all: then nobody hears the host. The block layer
# lets the CPU go when its last request has ended, which here ends after we have let go of it.
version_5_2() {
	begin max_version=5.2 && cpu1 offline && on_cpus "0 0" && reads_go_on && comes_back &&
		ctl fault modify_channel_response:delay:700 && ctl scsi0 delay 300000 && cpu1 offline &&
		ctl scsi0 delay 0 && reads_go_on && comes_back &&
		ctl fault modify_channel_response:never && ctl scsi0 delay 300000 && cpu1 offline &&
		ctl scsi0 delay 0 && reads_go_on && cpu1 online && reads_go_on && ctl fault clear && finish
}

# Interrupts of each channel come to the other one's CPU, all of them; then to both CPUs at once, and for no channel.
misdirected() {
	begin && on_cpus "0 1" || return 1
	for vp in 0 1; do
		ctl fault "interrupt:vp:$vp:*" && wait_for 20 heard_on "$vp $vp" && reads_go_on && ctl fault clear || return 1
	done
	ctl repeat 1000 100 "interrupt scsi0 vp=1;interrupt scsi0/1 vp=0;interrupt 63 vp=1" && reads_go_on &&
		wait_for 30 happened && [ "$(state rejected_event_unknown)" -gt 0 ] && reads_go_on && on_cpus "0 1" &&
		host_agrees && finish
}

happened() { [ -z "$(ctl hooks)" ]; }

ktap_plan 8
modprobe sd_mod
ktap_check move_refused refused
ktap_check move_answered_twice answered_twice
ktap_check move_never_answered never_answered
ktap_check move_answered_late answered_late
ktap_check rescinded_instead_of_moved rescinded
ktap_check version_4_0_moves_nothing version_4_0
ktap_check version_5_2_moves_in_silence version_5_2
ktap_check interrupts_on_the_wrong_cpu misdirected
ktap_done

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: smp=1 provider="lun0=ram:16M,lun1=ram:8M" drivers=kit timeout=900 days="6.1"
# proves: whatever the host does not answer, every command ends, the smallest reset that helps is the one that is
#         used, an adapter that was given up comes back with its host, and late answers do no harm
. ./ktap.sh
. ./lib.sh
ktap_plan 15

load_impatient() {
	modprobe sd_mod && modprobe vmbus_client && modprobe storvsc timeout=2 reply_timeout=2 drain_timeout=3
}
read_block() { timeout 120 dd if="/dev/$1" of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null; }
resets() { host scsi0.resets; }

lost() { [ "$(host scsi0.outstanding)" -eq 1 ]; }
disks() { disk=$(disk_of_lun 0) && other=$(disk_of_lun 1) && read_block "$disk" && read_block "$other"; }

# The host loses one read, and ends it when told to reset the unit.
unit_reset_helps() {
	ctl scsi0 reset finish && ctl scsi0 withhold 1 28 && before=$(storvsc restarts) &&
		read_block "$disk" && [ "$(resets)" -ge 1 ] && [ "$(storvsc restarts)" -eq "$before" ] &&
		in_log 'resetting the unit, 1 commands with the host' && ! in_log 'resetting the (bus|adapter)'
}

# Others are answered meanwhile: the unit beside it does not even notice.
others_go_on() {
	ctl scsi0 withhold 1 28 && { read_block "$disk" & } && wait_for 10 lost && reads=0
	while [ "$reads" -lt 20 ]; do
		read_block "$other" || return 1
		reads=$((reads + 1))
		sleep 0.2
	done
	wait
	in_log 'without answer for [0-9]+ s, host answers others, waiting on'
}

# The host says yes to every reset and does nothing, as real ones do: only closing the channels gets it back.
opened_again() {
	ctl scsi0 reset ok && ctl scsi0 withhold 1 28 && before=$(storvsc restarts) && read_block "$disk" &&
		[ "$(storvsc restarts)" -eq $((before + 1)) ] && in_log 'channels were closed and opened again' &&
		read_block "$other"
}

# It comes after the time was over, but before anything was reset.
late_in_time() {
	dmesg -C
	late=$(storvsc late) && ctl scsi0 reset refuse && ctl scsi0 withhold 1 28 && { read_block "$disk" & }
	reader=$!
	wait_for 30 in_log 'resetting the unit' && sleep 0.3 && ctl scsi0 answer && wait "$reader" &&
		ctl scsi0 reset ok && [ "$(storvsc late)" -gt "$late" ]
}

# Nothing is answered any more, not even the handshake: commands end with errors, in bounded time.
host_falls_silent() { ctl scsi0 mute on && ! read_block "$disk" && wait_for 60 in_log 'adapter did not come back'; }
host_comes_back() { ctl scsi0 mute off && wait_for 120 read_block "$disk" && wait_for 60 read_block "$other"; }

# Errors in words, with unit and operation; and not more of them than anybody can read.
decoded() {
	dmesg -C && ctl scsi0 fail 6 30 00 - 28 && ! read_block "$disk"
	ctl scsi0 fail 0 30 00 -
	in_log 'sd [0-9]+:0:0:0: .*channel [0-9]+: read \(0x28\) failed: internal error \(srb status 0x30'
}
flood() {
	dmesg -C && ctl scsi0 fail 400 30 00 - 28
	i=0
	while [ $i -lt 20 ]; do
		read_block "$disk"
		i=$((i + 1))
	done
	ctl scsi0 fail 0 30 00 -
	[ "$(dmesg | grep -c 'failed: internal error')" -le 30 ]
}

by_hand() {
	sleep 5
	for what in device bus host; do sg_reset "--$what" "/dev/$disk" || return 1; done
	read_block "$disk" && [ "$(resets)" -ge 3 ]
}

measured() {
	echo 1 >"$(ls -d /sys/kernel/debug/storvsc-latency*)" && read_block "$disk" &&
		awk '$1 ~ /^[0-9]/ { n += $NF } END { exit n < 1 }' /sys/kernel/debug/storvsc-latency*
}

# A read that fails and is tried again: two go out, two come back, one of them an error.
traced() {
	events=/sys/kernel/tracing/events/storvsc
	echo 1 >$events/enable && ctl scsi0 fail 1 30 00 - 28 && read_block "$disk"
	echo 0 >$events/enable
	grep 'storvsc_' /sys/kernel/tracing/trace
	traced_as 2 'storvsc_submit: host=[0-9]* relid=[0-9]* unit=0:0:0 tag=[0-9]* opcode=0x28 len=4096 pages=1' &&
		traced_as 2 'storvsc_complete: .* unit=0:0:0 .* opcode=0x28 ' && traced_as 1 'storvsc_complete: .*0x28 outcome=ok' &&
		traced_as 1 'storvsc_error: .*0x28 outcome=failed srb=0x30'
}
traced_as() { [ "$(grep -c "$2" /sys/kernel/tracing/trace)" -eq "$1" ]; }

ktap_check drivers_load load_impatient
ktap_check disks_are_there disks
ktap_check reset_of_the_unit_helps unit_reset_helps
ktap_check other_units_go_on others_go_on
ktap_check channels_are_opened_again opened_again
ktap_check late_answer_to_the_error_handler late_in_time
ktap_check commands_end_when_the_host_falls_silent host_falls_silent
ktap_check adapter_comes_back_with_its_host host_comes_back
ktap_check errors_in_words decoded
ktap_check errors_without_flood flood
ktap_check resets_by_hand by_hand
ktap_check latency_is_measured measured
ktap_check commands_are_traced traced
ktap_check drivers_unload unload_drivers
ktap_check host_saw_no_violation no_violations
ktap_done

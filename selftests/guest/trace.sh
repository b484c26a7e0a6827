#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M,echo=1" drivers=kit timeout=300 days="6.1"
# proves: tracepoints tell by name every message, move of state, open, close, grant and signal, and the counters of
#         the snapshot every kind of host input that was refused
. ./ktap.sh
. ./lib.sh
. ./echo_lib.sh
ktap_plan 24

tracing=/sys/kernel/tracing
drivers=/sys/bus/vmbus/drivers

# traced COMMAND...: what was traced meanwhile is in /tmp/trace, a line "EVENT FIELDS" each
traced() {
	echo >$tracing/trace
	echo 1 >$tracing/events/vmbus_client/enable
	"$@"
	traced_status=$?
	echo 0 >$tracing/events/vmbus_client/enable
	sed -n 's/.*: \(vmbus_[a-z_]*\): /\1 /p' $tracing/trace >/tmp/trace
	return $traced_status
}

# shows PATTERN: a line begins so
shows() { grep -E "^$1" /tmp/trace || { cat /tmp/trace; return 1; }; }

# in_order PATTERN...: lines that begin so, one after the other
in_order() {
	order_line=1
	for pattern; do
		order_found=$(tail -n +"$order_line" /tmp/trace | grep -n -m 1 -E "^$pattern") ||
			{ echo "no $pattern from line $order_line on in:"; cat /tmp/trace; return 1; }
		order_line=$((order_line + ${order_found%%:*}))
	done
}

no_device() { ! [ -e "/sys/bus/vmbus/devices/$dev" ]; }
device_says() { printf hi >"$drivers/vmbus_echo/$dev/say"; }
goes_and_comes() { ctl rescind echo0 && wait_for 20 no_device && ctl offer echo0 && wait_for 20 device_says; }
bind_again() { echo "$dev" >$drivers/vmbus_echo/unbind && echo "$dev" >$drivers/vmbus_echo/bind && device_says; }

# grows COUNTER COMMAND...: by one
grows() {
	grown_name=$1 grown_before=$(state "$1")
	shift
	"$@" && wait_for 5 grown_by_one
}
grown_by_one() { [ "$(state "$grown_name")" = $((grown_before + 1)) ]; }

# breaks COUNTER COMMAND...: the echo device's channel, and it works when it is bound again
breaks() {
	grows "$1" traced_break "$@" && shows 'vmbus_chan_broke relid=[0-9]+ why=' && bind_again
}
traced_break() { shift; traced wait_broken "$@"; }
wait_broken() { broken_before=$(state channels_broken) && "$@" && wait_for 5 more_broken; }
more_broken() { [ "$(state channels_broken)" -gt "$broken_before" ]; }
breaks_when_sending() { ctl ring echo0 read_index=5 && ! device_says; }

unanswered_unbind() {
	ctl fault gpadl_torndown:drop && echo 500 >/sys/module/vmbus_client/parameters/reply_timeout &&
		bind_again
	unanswered_status=$?
	echo 10000 >/sys/module/vmbus_client/parameters/reply_timeout
	return $unanswered_status
}

ktap_check drivers_load eval 'load_drivers && modprobe vmbus_echo'
ktap_check disk disk_of_lun 0
dev=$(basename "$(ls -d $drivers/vmbus_echo/*-*)")

ktap_check bind_is_traced traced bind_again
ktap_check close_in_order in_order 'vmbus_chan_state relid=[0-9]+ from=open to=closing event=close' \
	'vmbus_msg_out close type=7 len=12 bytes=0700000000000000' 'vmbus_msg_out gpadl-teardown ' \
	'vmbus_msg_in gpadl-torndown ' 'vmbus_gpadl_revoke relid=[0-9]+ gpadl=0x76[0-9a-f]+ pages=4 err=0' \
	'vmbus_chan_state relid=[0-9]+ from=closing to=offered event=closed' 'vmbus_chan_close relid='
ktap_check open_in_order in_order 'vmbus_chan_close' \
	'vmbus_chan_state relid=[0-9]+ from=offered to=opening event=open' 'vmbus_msg_out gpadl-header type=8 ' \
	'vmbus_msg_in gpadl-created ' 'vmbus_gpadl_grant relid=[0-9]+ gpadl=0x76[0-9a-f]+ pages=4 err=0' \
	'vmbus_msg_out open type=5 ' 'vmbus_msg_in open-result type=6 ' \
	'vmbus_chan_open relid=[0-9]+ cpu=0 tx_bytes=4096 rx_bytes=4096 err=0'
ktap_check signals_both_ways in_order 'vmbus_chan_open' 'vmbus_signal relid=' 'vmbus_interrupt relid='
ktap_check going_and_coming_is_traced traced goes_and_comes
ktap_check rescind_in_order in_order 'vmbus_chan_state relid=[0-9]+ from=open to=rescinded event=rescind' \
	'vmbus_msg_in rescind type=2 len=12' \
	'vmbus_chan_state relid=[0-9]+ from=rescinded to=released event=release' 'vmbus_msg_out relid-released ' \
	'vmbus_msg_in offer type=1 len=196 bytes=01000000' 'vmbus_chan_open '

ktap_check rejected_message_is_traced traced grows rejected_message_short ctl inject rescind len=11
ktap_check rejected_message_by_name shows 'vmbus_msg_rejected rescind why=short type=2 len=11 bytes=02000000'
ktap_check too_long_message_is_traced traced grows rejected_message_long ctl inject rescind relid=77 len=255
ktap_check too_long_message_by_name shows 'vmbus_msg_rejected rescind why=long type=2 len=255 bytes=02000000'
ktap_check empty_message_is_traced traced grows rejected_message_short ctl inject len=0
ktap_check empty_message_by_name shows 'vmbus_msg_rejected unknown why=short type=0 len=0 bytes='
ktap_check stray_message_is_traced traced grows rejected_message_stray ctl inject kind=0x80000010 type=2 len=12
ktap_check stray_message_by_name shows 'vmbus_msg_rejected rescind why=stray type=2 len=12'

ktap_check broken_by_rx_ring breaks broken_by_rx_ring ctl ring echo0 write_index=4096
ktap_check broken_by_packet_size breaks broken_by_packet_size ctl packet echo0 len=2000
ktap_check broken_by_tx_index breaks broken_by_tx_index breaks_when_sending
ktap_check unanswered_revocation_is_traced traced grows reply_timeouts unanswered_unbind
ktap_check unanswered_revocation_is_parked in_order 'vmbus_gpadl_revoke relid=[0-9]+ gpadl=0x76.* err=-110' \
	'vmbus_gpadl_park relid=[0-9]+ gpadl=0x76.* pages=4 err=-110'
echo "$dev" >$drivers/vmbus_echo/unbind
ktap_check event_of_a_closed_channel grows events_while_closed ctl interrupt echo0 vp=0
ktap_check event_of_no_channel grows rejected_event_unknown ctl interrupt 40
ktap_check all_unload eval 'rmmod vmbus_echo && unload_drivers && ledger_empty'
ktap_done

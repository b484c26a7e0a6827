#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# machine: provider="lun0=ram:16M" drivers=kit timeout=900 append="panic_on_warn=1" days="6.1"
# proves: any message at any time, of any length and content, is counted and harms nothing
. ./ktap.sh
. ./lib.sh
. ./fault_lib.sh

cat >/tmp/live <<'END'
answer_to_no_open | inject open_result relid=scsi0 open_id=77 | rejected_reply_unmatched
answer_to_no_grant | inject gpadl_created relid=scsi0 gpadl=0x76000001 | rejected_reply_unmatched
answer_to_no_revocation | inject gpadl_torndown gpadl=0x76000001 | rejected_reply_unmatched
answer_to_no_contact | inject version_response supported=1 | rejected_reply_unmatched
answer_to_no_unload | inject unload_response | rejected_reply_unmatched
answer_to_no_move | inject modify_channel_response relid=scsi0 | rejected_reply_unmatched
all_offers_delivered_again | inject all_offers_delivered & inject all_offers_delivered | -
rescind_of_channel_0 | inject rescind relid=0 | rejected_rescind_unknown
rescind_of_no_channel | inject rescind relid=2047 | rejected_rescind_unknown
rescind_beyond_all_channels | inject rescind relid=0xffffffff | rejected_rescind_unknown
no_message_at_all | inject len=0 | rejected_message_short
half_a_type | inject hex=0200 | rejected_message_short
offer_one_byte_short | inject offer len=195 | rejected_message_short
rescind_one_byte_short | inject rescind len=11 | rejected_message_short
reply_without_its_status | inject open_result len=16 | rejected_message_short
longer_than_a_message_can_be | inject rescind relid=scsi0 len=255 | rejected_message_long
type_0 | inject type=0 len=8 | rejected_message_unknown
type_of_a_later_protocol | inject type=30 len=40 | rejected_message_unknown
type_beyond_reason | inject type=0xffffffff len=240 | rejected_message_unknown
our_own_messages | inject open & inject close & inject unload & inject initiate_contact | rejected_message_wrong-way
answer_for_a_socket | inject tl_connect_result | rejected_message_ignored
message_of_the_hypervisor | inject kind=0x80000010 type=2 len=12 | rejected_message_stray
every_message_there_is | barrage | rejected_message_unknown rejected_message_short rejected_message_wrong-way
every_message_during_io | before packet barrage & before packet@4 barrage | rejected_message_unknown
every_message_twenty_times | repeat 20 200 barrage | rejected_message_unknown
END

cat >/tmp/loads <<'END'
every_message_while_connecting | on initiate_contact barrage | -
every_message_while_asking_for_offers | on request_offers barrage | rejected_message_unknown
every_message_while_granting_memory | before gpadl_header barrage | rejected_message_unknown
every_message_while_opening | before open barrage | rejected_message_unknown
every_message_in_the_handshake | before packet@3 barrage | rejected_message_unknown
every_message_while_closing | before close barrage | -
every_message_while_revoking_memory | before gpadl_teardown barrage | -
every_message_while_unloading | before unload_response barrage | -
every_message_after_unloading | on unload_response barrage | -
late_unload_response_to_the_next_contact | on initiate_contact inject unload_response | rejected_message_too-new
late_open_result_to_the_next_contact | on initiate_contact inject open_result relid=1 | rejected_message_too-new
answer_about_another_channel | fault gpadl_created:relid:9 & fault open_result:relid:9 | rejected_reply_unmatched
answer_about_no_memory_of_ours | fault gpadl_created:id:0xffffffff | rejected_reply_unmatched
answer_to_an_older_open | fault open_result:id:0xffffffff | rejected_reply_unmatched
END

# What is dirty where zeros should be, or longer than need be, is understood all the same.
understood() {
	for answer in version_response offer all_offers_delivered gpadl_created open_result gpadl_torndown \
		unload_response; do
		ctl fault "$answer:$1:*" || return 1
	done
	works && ctl behave
}

ktap_plan $(($(each_case </tmp/live | wc -l) + $(each_case </tmp/loads | wc -l) + 7))
modprobe sd_mod
ktap_check drivers_load try_load
ktap_check disk_is_there reads_disk
run_cases goes_on </tmp/live
note_rejected
ktap_check drivers_unload unloads
ktap_check nothing_left_with_the_host ledger_empty
run_cases survives </tmp/loads
ktap_check dirty_answers_are_answers understood dirty
ktap_check long_answers_are_answers understood long
ktap_check host_saw_no_violation no_violations
ktap_done

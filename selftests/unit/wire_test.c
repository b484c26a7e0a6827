// SPDX-License-Identifier: GPL-2.0
/*
 * wire_test.c - sizes, offsets and constants of include/wire, told a second time
 *
 * The headers assert some of this themselves. Here every field is listed again
 * from the tables of the protocols and from other implementations, so that a
 * slip in a header has to be made twice to go unnoticed.
 */
#include "ktap.h"

#include <stddef.h>

#include "wire/guid.h"
#include "wire/hvic.h"
#include "wire/msg.h"
#include "wire/pkt.h"
#include "wire/tlfs.h"
#include "wire/vstor.h"

#define SIZE(type, bytes)		EXPECT_EQ(sizeof(type), bytes)
#define AT(type, field, offset, bytes) do { \
	EXPECT_EQ(offsetof(type, field), offset); \
	EXPECT_EQ(sizeof(((type *)0)->field), bytes); \
} while (0)

/* The header of every control message: type and padding. */
TEST(control_message_header)
{
	SIZE(struct vmbus_msg_hdr, 8);
	AT(struct vmbus_msg_hdr, type, 0, 4);
	AT(struct vmbus_msg_hdr, padding, 4, 4);
}

TEST(contact_messages)
{
	SIZE(struct vmbus_msg_initiate_contact, 40);
	AT(struct vmbus_msg_initiate_contact, version, 8, 4);
	AT(struct vmbus_msg_initiate_contact, target_vp, 12, 4);
	AT(struct vmbus_msg_initiate_contact, interrupt_page, 16, 8);
	AT(struct vmbus_msg_initiate_contact, sint, 16, 1);
	AT(struct vmbus_msg_initiate_contact, vtl, 17, 1);
	AT(struct vmbus_msg_initiate_contact, reserved, 18, 2);
	AT(struct vmbus_msg_initiate_contact, feature_flags, 20, 4);
	AT(struct vmbus_msg_initiate_contact, monitor_page_to_guest, 24, 8);
	AT(struct vmbus_msg_initiate_contact, monitor_page_to_host, 32, 8);

	SIZE(struct vmbus_msg_version_response, 16);
	AT(struct vmbus_msg_version_response, supported, 8, 1);
	AT(struct vmbus_msg_version_response, connection_state, 9, 1);
	AT(struct vmbus_msg_version_response, message_connection_id, 12, 4);
	SIZE(struct vmbus_msg_version_response_features, 20);
	AT(struct vmbus_msg_version_response_features, feature_flags, 16, 4);
	SIZE(struct vmbus_msg_version_response_pages, 40);
	AT(struct vmbus_msg_version_response_pages, monitor_page_to_guest, 24, 8);
	AT(struct vmbus_msg_version_response_pages, monitor_page_to_host, 32, 8);
	SIZE(struct vmbus_msg_initiate_contact_id, 56);
	AT(struct vmbus_msg_initiate_contact_id, client_id, 40, 16);
}

TEST(offer_messages)
{
	SIZE(struct vmbus_msg_offer, 196);
	AT(struct vmbus_msg_offer, class_id, 8, 16);
	AT(struct vmbus_msg_offer, instance_id, 24, 16);
	AT(struct vmbus_msg_offer, reserved1, 40, 16);
	AT(struct vmbus_msg_offer, flags, 56, 2);
	AT(struct vmbus_msg_offer, mmio_megabytes, 58, 2);
	AT(struct vmbus_msg_offer, user, 60, 120);
	AT(struct vmbus_msg_offer, sub_channel_index, 180, 2);
	AT(struct vmbus_msg_offer, reserved2, 182, 2);
	AT(struct vmbus_msg_offer, relid, 184, 4);
	AT(struct vmbus_msg_offer, monitor_id, 188, 1);
	AT(struct vmbus_msg_offer, monitor_allocated, 189, 1);
	AT(struct vmbus_msg_offer, dedicated_interrupt, 190, 2);
	AT(struct vmbus_msg_offer, connection_id, 192, 4);

	SIZE(struct vmbus_msg_rescind, 12);
	AT(struct vmbus_msg_rescind, relid, 8, 4);
	SIZE(struct vmbus_msg_relid_released, 12);
	AT(struct vmbus_msg_relid_released, relid, 8, 4);
}

TEST(open_and_close_messages)
{
	SIZE(struct vmbus_msg_open, 148);
	AT(struct vmbus_msg_open, relid, 8, 4);
	AT(struct vmbus_msg_open, open_id, 12, 4);
	AT(struct vmbus_msg_open, ring_gpadl, 16, 4);
	AT(struct vmbus_msg_open, target_vp, 20, 4);
	AT(struct vmbus_msg_open, rx_ring_page, 24, 4);
	AT(struct vmbus_msg_open, user, 28, 120);

	SIZE(struct vmbus_msg_open_result, 20);
	AT(struct vmbus_msg_open_result, relid, 8, 4);
	AT(struct vmbus_msg_open_result, open_id, 12, 4);
	AT(struct vmbus_msg_open_result, status, 16, 4);

	SIZE(struct vmbus_msg_close, 12);
	AT(struct vmbus_msg_close, relid, 8, 4);

	SIZE(struct vmbus_msg_modify_channel, 16);
	AT(struct vmbus_msg_modify_channel, relid, 8, 4);
	AT(struct vmbus_msg_modify_channel, target_vp, 12, 4);
	SIZE(struct vmbus_msg_modify_channel_response, 16);
	AT(struct vmbus_msg_modify_channel_response, relid, 8, 4);
	AT(struct vmbus_msg_modify_channel_response, status, 12, 4);
}

TEST(gpadl_messages)
{
	SIZE(struct vmbus_gpa_range, 8);
	AT(struct vmbus_gpa_range, byte_count, 0, 4);
	AT(struct vmbus_gpa_range, byte_offset, 4, 4);
	EXPECT_EQ(offsetof(struct vmbus_gpa_range, pfn), 8);

	SIZE(struct vmbus_msg_gpadl_header, 20);
	AT(struct vmbus_msg_gpadl_header, relid, 8, 4);
	AT(struct vmbus_msg_gpadl_header, gpadl, 12, 4);
	AT(struct vmbus_msg_gpadl_header, range_len, 16, 2);
	AT(struct vmbus_msg_gpadl_header, range_count, 18, 2);
	EXPECT_EQ(offsetof(struct vmbus_msg_gpadl_header, range), 20);

	SIZE(struct vmbus_msg_gpadl_body, 16);
	AT(struct vmbus_msg_gpadl_body, number, 8, 4);
	AT(struct vmbus_msg_gpadl_body, gpadl, 12, 4);
	EXPECT_EQ(offsetof(struct vmbus_msg_gpadl_body, pfn), 16);

	SIZE(struct vmbus_msg_gpadl_created, 20);
	AT(struct vmbus_msg_gpadl_created, relid, 8, 4);
	AT(struct vmbus_msg_gpadl_created, gpadl, 12, 4);
	AT(struct vmbus_msg_gpadl_created, status, 16, 4);

	SIZE(struct vmbus_msg_gpadl_teardown, 16);
	AT(struct vmbus_msg_gpadl_teardown, relid, 8, 4);
	AT(struct vmbus_msg_gpadl_teardown, gpadl, 12, 4);
	SIZE(struct vmbus_msg_gpadl_torndown, 12);
	AT(struct vmbus_msg_gpadl_torndown, gpadl, 8, 4);

	/* What fits: 240 bytes a message, 16 bits of length. */
	EXPECT_EQ(VMBUS_GPADL_HEADER_PFNS, (240 - 20 - 8) / 8);
	EXPECT_EQ(VMBUS_GPADL_BODY_PFNS, (240 - 16) / 8);
	EXPECT_EQ(VMBUS_GPADL_MAX_PFNS, (65535 - 8) / 8);
}

TEST(control_message_numbers)
{
	EXPECT_EQ(VMBUS_MSG_OFFER, 1);
	EXPECT_EQ(VMBUS_MSG_RESCIND, 2);
	EXPECT_EQ(VMBUS_MSG_REQUEST_OFFERS, 3);
	EXPECT_EQ(VMBUS_MSG_ALL_OFFERS_DELIVERED, 4);
	EXPECT_EQ(VMBUS_MSG_OPEN, 5);
	EXPECT_EQ(VMBUS_MSG_OPEN_RESULT, 6);
	EXPECT_EQ(VMBUS_MSG_CLOSE, 7);
	EXPECT_EQ(VMBUS_MSG_GPADL_HEADER, 8);
	EXPECT_EQ(VMBUS_MSG_GPADL_BODY, 9);
	EXPECT_EQ(VMBUS_MSG_GPADL_CREATED, 10);
	EXPECT_EQ(VMBUS_MSG_GPADL_TEARDOWN, 11);
	EXPECT_EQ(VMBUS_MSG_GPADL_TORNDOWN, 12);
	EXPECT_EQ(VMBUS_MSG_RELID_RELEASED, 13);
	EXPECT_EQ(VMBUS_MSG_INITIATE_CONTACT, 14);
	EXPECT_EQ(VMBUS_MSG_VERSION_RESPONSE, 15);
	EXPECT_EQ(VMBUS_MSG_UNLOAD, 16);
	EXPECT_EQ(VMBUS_MSG_UNLOAD_RESPONSE, 17);
	EXPECT_EQ(VMBUS_MSG_TL_CONNECT_REQUEST, 21);
	EXPECT_EQ(VMBUS_MSG_MODIFY_CHANNEL, 22);
	EXPECT_EQ(VMBUS_MSG_TL_CONNECT_RESULT, 23);
	EXPECT_EQ(VMBUS_MSG_MODIFY_CHANNEL_RESPONSE, 24);

	EXPECT_EQ(VMBUS_VERSION_4_0, 0x00040000);
	EXPECT_EQ(VMBUS_VERSION_4_1, 0x00040001);
	EXPECT_EQ(VMBUS_VERSION_5_0, 0x00050000);
	EXPECT_EQ(VMBUS_VERSION_5_3, 0x00050003);
	EXPECT_EQ(VMBUS_VERSION_6_0, 0x00060000);
}

TEST(ring_page)
{
	SIZE(struct vmbus_ring_page, 4096);
	AT(struct vmbus_ring_page, write_index, 0x00, 4);
	AT(struct vmbus_ring_page, read_index, 0x04, 4);
	AT(struct vmbus_ring_page, interrupt_mask, 0x08, 4);
	AT(struct vmbus_ring_page, pending_send_size, 0x0c, 4);
	AT(struct vmbus_ring_page, reserved1, 0x10, 48);
	AT(struct vmbus_ring_page, feature_bits, 0x40, 4);
	EXPECT_EQ(VMBUS_RING_FEATURE_PENDING_SEND, 1);
}

TEST(packets)
{
	SIZE(struct vmbus_pkt_hdr, 16);
	AT(struct vmbus_pkt_hdr, type, 0, 2);
	AT(struct vmbus_pkt_hdr, offset8, 2, 2);
	AT(struct vmbus_pkt_hdr, len8, 4, 2);
	AT(struct vmbus_pkt_hdr, flags, 6, 2);
	AT(struct vmbus_pkt_hdr, id, 8, 8);

	SIZE(struct vmbus_pkt_trailer, 8);
	AT(struct vmbus_pkt_trailer, reserved, 0, 4);
	AT(struct vmbus_pkt_trailer, start, 4, 4);

	SIZE(struct vmbus_pkt_gpa_direct, 8);
	AT(struct vmbus_pkt_gpa_direct, range_count, 4, 4);

	SIZE(struct vmbus_pkt_transfer_pages, 8);
	AT(struct vmbus_pkt_transfer_pages, set_id, 0, 2);
	AT(struct vmbus_pkt_transfer_pages, sender_owns_set, 2, 1);
	AT(struct vmbus_pkt_transfer_pages, range_count, 4, 4);
	SIZE(struct vmbus_transfer_range, 8);
	AT(struct vmbus_transfer_range, byte_count, 0, 4);
	AT(struct vmbus_transfer_range, byte_offset, 4, 4);

	EXPECT_EQ(VMBUS_PKT_INBAND, 6);
	EXPECT_EQ(VMBUS_PKT_TRANSFER_PAGES, 7);
	EXPECT_EQ(VMBUS_PKT_GPA_DIRECT, 9);
	EXPECT_EQ(VMBUS_PKT_COMPLETION, 11);
	EXPECT_EQ(VMBUS_PKT_FLAG_COMPLETION, 1);
}

TEST(synic_pages_and_hypercall_input)
{
	SIZE(struct tlfs_post_message, 256);
	AT(struct tlfs_post_message, connection_id, 0, 4);
	AT(struct tlfs_post_message, message_type, 8, 4);
	AT(struct tlfs_post_message, payload_size, 12, 4);
	AT(struct tlfs_post_message, payload, 16, 240);

	SIZE(struct tlfs_message, 256);
	AT(struct tlfs_message, type, 0, 4);
	AT(struct tlfs_message, payload_size, 4, 1);
	AT(struct tlfs_message, flags, 5, 1);
	AT(struct tlfs_message, origin, 8, 8);
	AT(struct tlfs_message, payload, 16, 240);
	SIZE(struct tlfs_message_page, 4096);
	/* The slot of SINT 2 */
	EXPECT_EQ(offsetof(struct tlfs_message_page, slot[2]), 0x200);

	SIZE(struct tlfs_event_flags, 256);
	SIZE(struct tlfs_monitor_page, 4096);
	EXPECT_EQ(offsetof(struct tlfs_monitor_page, parameter), 0x440);
	SIZE(struct tlfs_event_page, 4096);
	EXPECT_EQ(offsetof(struct tlfs_event_page, sint[2]), 0x200);
}

TEST(hypervisor_numbers)
{
	EXPECT_EQ(TLFS_CALL_POST_MESSAGE, 0x5c);
	EXPECT_EQ(TLFS_CALL_SIGNAL_EVENT, 0x5d);
	/* The control word of a fast SignalEvent */
	EXPECT_EQ(TLFS_CALL_SIGNAL_EVENT | TLFS_CALL_FAST, 0x1005d);
	EXPECT_EQ(TLFS_MSR_VP_INDEX, 0x40000002);
	EXPECT_EQ(TLFS_MSR_SCONTROL, 0x40000080);
	EXPECT_EQ(TLFS_MSR_SIEFP, 0x40000082);
	EXPECT_EQ(TLFS_MSR_SIMP, 0x40000083);
	EXPECT_EQ(TLFS_MSR_EOM, 0x40000084);
	EXPECT_EQ(TLFS_MSR_SINT0 + TLFS_SINT_VMBUS, 0x40000092);
	/* "Hv#1" and "Microsoft Hv" as CPUID spells them */
	EXPECT_EQ(TLFS_INTERFACE_HV1, 'H' | 'v' << 8 | '#' << 16 | '1' << 24);
	EXPECT_EQ(TLFS_VENDOR_EBX, 'M' | 'i' << 8 | 'c' << 16 | 'r' << 24);
	EXPECT_EQ(TLFS_VENDOR_ECX, 'o' | 's' << 8 | 'o' << 16 | 'f' << 24);
	EXPECT_EQ(TLFS_VENDOR_EDX, 't' | ' ' << 8 | 'H' << 16 | 'v' << 24);
}

TEST(storage_packets)
{
	SIZE(struct vstor_packet, 64);
	AT(struct vstor_packet, op, 0, 4);
	AT(struct vstor_packet, flags, 4, 4);
	AT(struct vstor_packet, status, 8, 4);
	AT(struct vstor_packet, srb, 12, 52);
	AT(struct vstor_packet, version, 12, 4);
	AT(struct vstor_packet, properties, 12, 24);
	AT(struct vstor_packet, sub_channels, 12, 2);

	SIZE(struct vstor_srb, 52);
	AT(struct vstor_srb, length, 0, 2);
	AT(struct vstor_srb, srb_status, 2, 1);
	AT(struct vstor_srb, scsi_status, 3, 1);
	AT(struct vstor_srb, port, 4, 1);
	AT(struct vstor_srb, path, 5, 1);
	AT(struct vstor_srb, target, 6, 1);
	AT(struct vstor_srb, lun, 7, 1);
	AT(struct vstor_srb, cdb_len, 8, 1);
	AT(struct vstor_srb, sense_len, 9, 1);
	AT(struct vstor_srb, data_in, 10, 1);
	AT(struct vstor_srb, transfer_len, 12, 4);
	AT(struct vstor_srb, cdb, 16, 16);
	AT(struct vstor_srb, sense, 16, 20);
	AT(struct vstor_srb, queue_tag, 38, 1);
	AT(struct vstor_srb, queue_action, 39, 1);
	AT(struct vstor_srb, flags, 40, 4);
	AT(struct vstor_srb, timeout_s, 44, 4);
	AT(struct vstor_srb, sort_key, 48, 4);

	SIZE(struct vstor_properties, 24);
	AT(struct vstor_properties, max_sub_channels, 4, 2);
	AT(struct vstor_properties, flags, 8, 4);
	AT(struct vstor_properties, max_transfer_bytes, 12, 4);
}

/* Offsets counted from the header's end, as the tables of the protocol have them. */
TEST(service_messages)
{
	SIZE(struct hvic_hdr, 28);
	AT(struct hvic_hdr, pipe_type, 0, 4);
	AT(struct hvic_hdr, pipe_len, 4, 4);
	AT(struct hvic_hdr, framework, 8, 4);
	AT(struct hvic_hdr, type, 12, 2);
	AT(struct hvic_hdr, version, 14, 4);
	AT(struct hvic_hdr, body_len, 18, 2);
	AT(struct hvic_hdr, status, 20, 4);
	AT(struct hvic_hdr, transaction, 24, 1);
	AT(struct hvic_hdr, flags, 25, 1);
	SIZE(struct hvic_negotiate, 8);
	AT(struct hvic_negotiate, framework_cnt, 0, 2);
	AT(struct hvic_negotiate, version_cnt, 2, 2);
	EXPECT_EQ(offsetof(struct hvic_negotiate, versions), 8);

	SIZE(struct hvic_shutdown, 3 * 4 + 2048);
	AT(struct hvic_shutdown, reason, 0, 4);
	AT(struct hvic_shutdown, timeout_s, 4, 4);
	AT(struct hvic_shutdown, flags, 8, 4);
	AT(struct hvic_shutdown, text, 12, 2048);

	SIZE(struct hvic_timesync, 28);
	AT(struct hvic_timesync, host_time, 0, 8);
	AT(struct hvic_timesync, guest_time, 8, 8);
	AT(struct hvic_timesync, round_trip, 16, 8);
	AT(struct hvic_timesync, flags, 24, 1);
	SIZE(struct hvic_timesync_ref, 24);
	AT(struct hvic_timesync_ref, host_time, 0, 8);
	AT(struct hvic_timesync_ref, reference_time, 8, 8);
	AT(struct hvic_timesync_ref, flags, 16, 1);
	AT(struct hvic_timesync_ref, leap, 17, 1);
	AT(struct hvic_timesync_ref, stratum, 18, 1);
	/* Seconds between the two epochs: 369 years, 89 of them leap years. */
	EXPECT_EQ(HVIC_TIME_UNIX_EPOCH, (369ull * 365 + 89) * 86400 * HVIC_TIME_PER_SECOND);

	SIZE(struct hvic_heartbeat, 16);
	AT(struct hvic_heartbeat, sequence, 0, 8);
	AT(struct hvic_heartbeat, app_state, 8, 4);
}

TEST(service_key_values)
{
	SIZE(struct hvic_kvp_value, 3 * 4 + 512 + 2048);
	AT(struct hvic_kvp_value, type, 0, 4);
	AT(struct hvic_kvp_value, key_size, 4, 4);
	AT(struct hvic_kvp_value, value_size, 8, 4);
	AT(struct hvic_kvp_value, key, 12, 512);
	AT(struct hvic_kvp_value, value, 524, 2048);
	AT(struct hvic_kvp_exchange, value, 4, 2572);
	AT(struct hvic_kvp_enumerate, index, 4, 4);
	AT(struct hvic_kvp_enumerate, value, 8, 2572);
	SIZE(struct hvic_kvp_enumerate, HVIC_KVP_EXCHANGE_LEN);
	AT(struct hvic_kvp_delete, key_size, 4, 4);
	AT(struct hvic_kvp_delete, key, 8, 512);

	SIZE(struct hvic_kvp_ip_info, 7428);
	AT(struct hvic_kvp_ip_info, op, 0, 1);
	AT(struct hvic_kvp_ip_info, pool, 1, 1);
	AT(struct hvic_kvp_ip_info, adapter, 2, 256);
	AT(struct hvic_kvp_ip_info, family, 258, 1);
	AT(struct hvic_kvp_ip_info, dhcp, 259, 1);
	AT(struct hvic_kvp_ip_info, addresses, 260, 2048);
	AT(struct hvic_kvp_ip_info, subnets, 2308, 2048);
	AT(struct hvic_kvp_ip_info, gateways, 4356, 1024);
	AT(struct hvic_kvp_ip_info, dns, 5380, 2048);

	/* The binary form starts behind the four bytes of operation and pool. */
	SIZE(struct hvic_kvp_ip_binary, 4 + 3712);
	AT(struct hvic_kvp_ip_binary, v4_address_cnt, 4, 4);
	AT(struct hvic_kvp_ip_binary, v6_dns_cnt, 4 + 20, 4);
	AT(struct hvic_kvp_ip_binary, adapter, 4 + 24, 256);
	AT(struct hvic_kvp_ip_binary, family, 4 + 280, 1);
	AT(struct hvic_kvp_ip_binary, dhcp, 4 + 281, 1);
	AT(struct hvic_kvp_ip_binary, v4_addresses, 4 + 284, 64 * 4);
	AT(struct hvic_kvp_ip_binary, v6_addresses, 4 + 540, 64 * 16);
	AT(struct hvic_kvp_ip_binary, v4_subnets, 4 + 1564, 64 * 4);
	AT(struct hvic_kvp_ip_binary, v6_subnets, 4 + 1820, 64 * 4);
	AT(struct hvic_kvp_ip_binary, v4_gateways, 4 + 2076, 5 * 4);
	AT(struct hvic_kvp_ip_binary, v6_gateways, 4 + 2096, 5 * 16);
	AT(struct hvic_kvp_ip_binary, v4_dns, 4 + 2176, 64 * 4);
	AT(struct hvic_kvp_ip_binary, v6_dns, 4 + 2432, 64 * 16);
	AT(struct hvic_kvp_ip_binary, origins, 4 + 3456, 128 * 2);
}

TEST(service_backup_and_file_copy)
{
	SIZE(struct hvic_vss, 12);
	AT(struct hvic_vss, op, 0, 1);
	AT(struct hvic_vss, flags, 8, 4);
	SIZE(struct hvic_vss_lun, 24);
	AT(struct hvic_vss_lun, controller, 4, 16);
	AT(struct hvic_vss_lun, port, 20, 1);
	AT(struct hvic_vss_lun, target, 21, 1);
	AT(struct hvic_vss_lun, lun, 22, 1);
	SIZE(struct hvic_vss_freeze, 8 + 12 + 260 * 24);
	AT(struct hvic_vss_freeze, lun_cnt, 16, 4);
	AT(struct hvic_vss_freeze, luns, 20, 260 * 24);
	SIZE(struct hvic_vss_auto_recover, 8 + 12 + 2 * 260 * 24);

	SIZE(struct hvic_fcopy_hdr, 4 + 2 * 16);
	SIZE(struct hvic_fcopy_start, 1088);
	AT(struct hvic_fcopy_start, name, 36, 2 * 260);
	AT(struct hvic_fcopy_start, path, 556, 2 * 260);
	AT(struct hvic_fcopy_start, flags, 1076, 4);
	AT(struct hvic_fcopy_start, size, 1080, 8);
	SIZE(struct hvic_fcopy_write, 6196);
	AT(struct hvic_fcopy_write, offset, 40, 8);
	AT(struct hvic_fcopy_write, size, 48, 4);
	AT(struct hvic_fcopy_write, data, 52, 6144);
}

/* The first three fields travel little endian, the last eight bytes as printed. */
TEST(class_ids_in_wire_order)
{
	static const struct {
		struct wire_guid guid;
		unsigned char bytes[16];
	} classes[] = {
		{ WIRE_GUID_NIC, { 0x63, 0x51, 0x61, 0xf8, 0x3e, 0xdf, 0xc5, 0x46,
				   0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e } },
		{ WIRE_GUID_SCSI, { 0xd9, 0x63, 0x61, 0xba, 0xa1, 0x04, 0x29, 0x4d,
				    0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1, 0xdc, 0x7f } },
		{ WIRE_GUID_IDE, { 0x32, 0x26, 0x41, 0x32, 0xcb, 0x86, 0xa2, 0x44,
				   0x9b, 0x5c, 0x50, 0xd1, 0x41, 0x73, 0x54, 0xf5 } },
		{ WIRE_GUID_FC, { 0x4a, 0xcc, 0x9b, 0x2f, 0x69, 0x00, 0xf3, 0x4a,
				  0xb7, 0x6b, 0x6f, 0xd0, 0xbe, 0x52, 0x8c, 0xda } },
		{ WIRE_GUID_RDMA, { 0x3d, 0xaf, 0x2e, 0x8c, 0xa7, 0x32, 0x09, 0x4b,
				    0xab, 0x99, 0xbd, 0x1f, 0x1c, 0x86, 0xb5, 0x01 } },
		{ WIRE_GUID_SHUTDOWN, { 0x31, 0x60, 0x0b, 0x0e, 0x13, 0x52, 0x34, 0x49,
					0x81, 0x8b, 0x38, 0xd9, 0x0c, 0xed, 0x39, 0xdb } },
		{ WIRE_GUID_TIMESYNC, { 0x30, 0xe6, 0x27, 0x95, 0xae, 0xd0, 0x7b, 0x49,
					0xad, 0xce, 0xe8, 0x0a, 0xb0, 0x17, 0x5c, 0xaf } },
		{ WIRE_GUID_HEARTBEAT, { 0x39, 0x4f, 0x16, 0x57, 0x15, 0x91, 0x78, 0x4e,
					 0xab, 0x55, 0x38, 0x2f, 0x3b, 0xd5, 0x42, 0x2d } },
		{ WIRE_GUID_KVP, { 0xe7, 0xf4, 0xa0, 0xa9, 0x45, 0x5a, 0x96, 0x4d,
				   0xb8, 0x27, 0x8a, 0x84, 0x1e, 0x8c, 0x03, 0xe6 } },
		{ WIRE_GUID_VSS, { 0x29, 0x2e, 0xfa, 0x35, 0x23, 0xea, 0x36, 0x42,
				   0x96, 0xae, 0x3a, 0x6e, 0xba, 0xcb, 0xa4, 0x40 } },
		{ WIRE_GUID_FCOPY, { 0xe3, 0x4b, 0xd1, 0x34, 0xe4, 0xde, 0xc8, 0x41,
				     0x9a, 0xe7, 0x6b, 0x17, 0x49, 0x77, 0xc1, 0x92 } },
	};
	unsigned int i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		EXPECT_MEM(&classes[i].guid, classes[i].bytes, 16);
}

KTAP_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * net_wire_test.c - sizes, offsets and constants of the network's wire headers, told a second time
 *
 * As wire_test.c does it for the others: from the tables of the protocols and
 * from other implementations. Offsets count from the first byte of a message,
 * but for RNDIS bodies, where the protocol itself counts from byte 8.
 */
#include "ktap.h"

#include <stddef.h>

#include "wire/nvsp.h"
#include "wire/rndis.h"

#define SIZE(type, bytes)		EXPECT_EQ(sizeof(type), bytes)
#define AT(type, field, offset, bytes) do { \
	EXPECT_EQ(offsetof(type, field), offset); \
	EXPECT_EQ(sizeof(((type *)0)->field), bytes); \
} while (0)
#define BODY(type, field, offset, bytes) AT(type, field, 8 + (offset), bytes)

TEST(handshake_of_the_network_protocol)
{
	AT(struct nvsp_hdr, type, 0, 4);
	AT(struct nvsp_init, version_min, 4, 4);
	AT(struct nvsp_init, version_max, 8, 4);
	AT(struct nvsp_init_complete, version, 4, 4);
	AT(struct nvsp_init_complete, mdl_chain_max, 8, 4);
	AT(struct nvsp_init_complete, status, 12, 4);
	AT(struct nvsp_ndis_version, major, 4, 4);
	AT(struct nvsp_ndis_version, minor, 8, 4);
	AT(struct nvsp_ndis_config, mtu, 4, 4);
	AT(struct nvsp_ndis_config, capabilities, 12, 8);
	AT(struct nvsp_lend_buf, gpadl, 4, 4);
	AT(struct nvsp_lend_buf, id, 8, 2);
	AT(struct nvsp_revoke_buf, id, 4, 2);
	AT(struct nvsp_recv_buf_complete, status, 4, 4);
	AT(struct nvsp_recv_buf_complete, section_cnt, 8, 4);
	AT(struct nvsp_recv_buf_complete, sections[0].offset, 12, 4);
	AT(struct nvsp_recv_buf_complete, sections[0].piece_len, 16, 4);
	AT(struct nvsp_recv_buf_complete, sections[0].piece_cnt, 20, 4);
	AT(struct nvsp_recv_buf_complete, sections[0].end, 24, 4);
	AT(struct nvsp_send_buf_complete, status, 4, 4);
	AT(struct nvsp_send_buf_complete, section_len, 8, 4);
	/* 0xMMMMmmmm, but for the first, which is 0.2 */
	EXPECT_EQ(NVSP_VERSION_1, 2);
	EXPECT_EQ(NVSP_VERSION_2, 3 << 16 | 2);
	EXPECT_EQ(NVSP_VERSION_4, 4 << 16);
	EXPECT_EQ(NVSP_VERSION_5, 5 << 16);
	EXPECT_EQ(NVSP_VERSION_6, 6 << 16);
	EXPECT_EQ(NVSP_VERSION_6_1, 6 << 16 | 1);
}

TEST(messages_of_the_network_protocol)
{
	AT(struct nvsp_rndis_packet, channel_type, 4, 4);
	AT(struct nvsp_rndis_packet, section, 8, 4);
	AT(struct nvsp_rndis_packet, section_len, 12, 4);
	AT(struct nvsp_rndis_packet_complete, status, 4, 4);
	AT(struct nvsp_vf_association, allocated, 4, 4);
	AT(struct nvsp_vf_association, serial, 8, 4);
	AT(struct nvsp_switch_data_path, path, 4, 4);
	AT(struct nvsp_sub_channels, operation, 4, 4);
	AT(struct nvsp_sub_channels, count, 8, 4);
	AT(struct nvsp_sub_channels_complete, status, 4, 4);
	AT(struct nvsp_sub_channels_complete, count, 8, 4);
	AT(struct nvsp_indirection_table, count, 4, 4);
	AT(struct nvsp_indirection_table, offset, 8, 4);
	/* The largest but for the table fits the short size; the table with its gap has 104. */
	EXPECT(sizeof(struct nvsp_recv_buf_complete) <= NVSP_MSG_LEN);
	EXPECT_EQ(NVSP_INDIRECTION_PADDED_LEN, 104);
	/* The first and the last of each range of numbers. */
	EXPECT_EQ(NVSP_MSG_INIT_COMPLETE, 2);
	EXPECT_EQ(NVSP_MSG_NDIS_VERSION, 100);
	EXPECT_EQ(NVSP_MSG_RNDIS_PACKET_COMPLETE, 108);
	EXPECT_EQ(NVSP_MSG_CHIMNEY_DELEGATED_BUF, 109);
	EXPECT_EQ(NVSP_MSG_POST_CHIMNEY_RECV_COMPLETE, 119);
	EXPECT_EQ(NVSP_MSG_VMQ_PACKET_COMPLETE, 124);
	EXPECT_EQ(NVSP_MSG_NDIS_CONFIG, 125);
	EXPECT_EQ(NVSP_MSG_VF_ASSOCIATION, 128);
	EXPECT_EQ(NVSP_MSG_UPLINK_STATE, 130);
	EXPECT_EQ(NVSP_MSG_OID_QUERY_EX, 131);
	EXPECT_EQ(NVSP_MSG_INDIRECTION_TABLE, 134);
	EXPECT_EQ(NVSP_MSG_PD_POST_BATCH, 136);
}

TEST(rndis_requests_and_replies)
{
	SIZE(struct rndis_initialize, 8 + 16);
	BODY(struct rndis_initialize, request_id, 0, 4);
	BODY(struct rndis_initialize, transfer_max, 12, 4);
	SIZE(struct rndis_initialize_complete, 8 + 44);
	BODY(struct rndis_initialize_complete, status, 4, 4);
	BODY(struct rndis_initialize_complete, device_flags, 16, 4);
	BODY(struct rndis_initialize_complete, medium, 20, 4);
	BODY(struct rndis_initialize_complete, packets_max, 24, 4);
	BODY(struct rndis_initialize_complete, transfer_max, 28, 4);
	BODY(struct rndis_initialize_complete, alignment, 32, 4);
	BODY(struct rndis_initialize_complete, af_list_offset, 36, 4);
	BODY(struct rndis_halt, request_id, 0, 4);
	SIZE(struct rndis_request, 8 + 20);
	BODY(struct rndis_request, request_id, 0, 4);
	BODY(struct rndis_request, oid, 4, 4);
	BODY(struct rndis_request, info_len, 8, 4);
	BODY(struct rndis_request, info_offset, 12, 4);
	SIZE(struct rndis_query_complete, 8 + 16);
	BODY(struct rndis_query_complete, status, 4, 4);
	BODY(struct rndis_query_complete, info_len, 8, 4);
	BODY(struct rndis_query_complete, info_offset, 12, 4);
	SIZE(struct rndis_set_complete, 8 + 8);
	BODY(struct rndis_set_complete, status, 4, 4);
	SIZE(struct rndis_reset_complete, 8 + 8);
	BODY(struct rndis_reset_complete, addressing_reset, 4, 4);
	SIZE(struct rndis_keepalive_complete, 8 + 8);
	SIZE(struct rndis_indicate, 8 + 12);
	BODY(struct rndis_indicate, info_len, 4, 4);
	BODY(struct rndis_indicate, info_offset, 8, 4);
}

TEST(rndis_packets)
{
	SIZE(struct rndis_packet, 8 + 36);
	BODY(struct rndis_packet, data_offset, 0, 4);
	BODY(struct rndis_packet, data_len, 4, 4);
	BODY(struct rndis_packet, oob_offset, 8, 4);
	BODY(struct rndis_packet, oob_cnt, 16, 4);
	BODY(struct rndis_packet, ppi_offset, 20, 4);
	BODY(struct rndis_packet, ppi_len, 24, 4);
	BODY(struct rndis_packet, vc, 28, 4);
	AT(struct rndis_ppi, type, 4, 4);
	AT(struct rndis_ppi, data_offset, 8, 4);
	AT(struct rndis_packet_id, flags, 1, 1);
	AT(struct rndis_packet_id, id, 2, 2);
}

TEST(offload_structures_of_ndis)
{
	SIZE(struct ndis_offload, 156);
	AT(struct ndis_offload, checksum, 4, 32);
	AT(struct ndis_offload, checksum.v4_tx, 8, 4);
	AT(struct ndis_offload, checksum.v6_tx, 24, 4);
	AT(struct ndis_offload, lso_v1, 36, 16);
	AT(struct ndis_offload, ipsec_v1, 52, 28);
	AT(struct ndis_offload, lso_v2.v4_encap, 80, 4);
	AT(struct ndis_offload, lso_v2.v4_max, 84, 4);
	AT(struct ndis_offload, lso_v2.v6_encap, 92, 4);
	AT(struct ndis_offload, lso_v2.v6_options, 104, 4);
	AT(struct ndis_offload, flags, 108, 4);
	AT(struct ndis_offload, ipsec_v2, 112, 32);
	AT(struct ndis_offload, rsc_v4, 144, 1);
	AT(struct ndis_offload, rsc_v6, 145, 1);
	AT(struct ndis_offload, gre, 148, 8);
	SIZE(struct ndis_offload_parameters, 28);
	AT(struct ndis_offload_parameters, ip_v4_csum, 4, 1);
	AT(struct ndis_offload_parameters, udp_v6_csum, 8, 1);
	AT(struct ndis_offload_parameters, lso_v1, 9, 1);
	AT(struct ndis_offload_parameters, lso_v2_v4, 11, 1);
	AT(struct ndis_offload_parameters, lso_v2_v6, 12, 1);
	AT(struct ndis_offload_parameters, flags, 16, 4);
	AT(struct ndis_offload_parameters, rsc_v4, 22, 1);
	AT(struct ndis_offload_parameters, rsc_v6, 23, 1);
	AT(struct ndis_encapsulation, v6_enabled, 16, 4);
}

TEST(rss_and_link_structures_of_ndis)
{
	AT(struct ndis_rss_capabilities, caps, 4, 4);
	AT(struct ndis_rss_capabilities, interrupt_cnt, 8, 4);
	AT(struct ndis_rss_capabilities, queue_cnt, 12, 4);
	AT(struct ndis_rss_capabilities, table_cnt, 16, 2);
	SIZE(struct ndis_rss_parameters, 40);
	AT(struct ndis_rss_parameters, flags, 4, 2);
	AT(struct ndis_rss_parameters, hash, 8, 4);
	AT(struct ndis_rss_parameters, table_len, 12, 2);
	AT(struct ndis_rss_parameters, table_offset, 16, 4);
	AT(struct ndis_rss_parameters, key_len, 20, 2);
	AT(struct ndis_rss_parameters, key_offset, 24, 4);
	AT(struct ndis_rss_parameters, masks_offset, 28, 4);
	/* What Linux asks for: addresses and TCP ports of both families. */
	EXPECT_EQ(NDIS_HASH_TOEPLITZ | NDIS_HASH_IPV4 | NDIS_HASH_TCP4 | NDIS_HASH_IPV6 |
		  NDIS_HASH_TCP6, 0x1701);
	AT(struct ndis_link_state, connected, 4, 4);
	AT(struct ndis_link_state, tx_speed, 16, 8);
	AT(struct ndis_link_state, rx_speed, 24, 8);
	AT(struct rndis_config_parameter, type, 8, 4);
	AT(struct rndis_config_parameter, value_len, 16, 4);
}

KTAP_MAIN

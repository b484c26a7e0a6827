// SPDX-License-Identifier: GPL-2.0
/*
 * nvsp_test.c - the handshake of a synthetic NIC ends with any host, and no piece of
 * a buffer, channel number or count that a host names lies outside what it was lent
 */
#include "ktap.h"

#include "netvsc/proto/nvsp.h"

#define BUF_LEN		65536u

static struct nvsp_recv_buf_complete recv_reply(u32 status, u32 sections, u32 offset,
						u32 len, u32 cnt)
{
	struct nvsp_recv_buf_complete reply = {
		.hdr.type = cpu_to_le32(NVSP_MSG_RECV_BUF_COMPLETE),
		.status = cpu_to_le32(status),
		.section_cnt = cpu_to_le32(sections),
		.sections[0] = {
			.offset = cpu_to_le32(offset),
			.piece_len = cpu_to_le32(len),
			.piece_cnt = cpu_to_le32(cnt),
		},
	};

	return reply;
}

static int parse_recv(struct nvsp_recv_buf_complete reply, struct nvsp_pieces *pieces)
{
	return nvsp_parse_recv_buf(&reply, sizeof(reply), BUF_LEN, pieces);
}

TEST(latest_version_is_proposed_first_and_the_ladder_ends)
{
	static const u32 order[] = { 0x60001, 0x60000, 0x50000, 0x40000, 0x30002, 0x2, 0, 0 };
	struct nvsp_ladder ladder = { 0 };
	union nvsp_msg msg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		memset(&msg, 0xa5, sizeof(msg));
		EXPECT_EQ(nvsp_ladder_next(&ladder, &msg), order[i]);
		if (!order[i])
			continue;
		EXPECT_EQ(le32_to_cpu(msg.hdr.type), 1);
		EXPECT_EQ(le32_to_cpu(msg.init.version_min), order[i]);
		EXPECT_EQ(le32_to_cpu(msg.init.version_max), order[i]);
		EXPECT_EQ(msg.bytes[12] | msg.bytes[39], 0);
	}
}

TEST(only_success_in_a_whole_answer_is_acceptance)
{
	struct nvsp_init_complete reply = { .hdr.type = cpu_to_le32(NVSP_MSG_INIT_COMPLETE) };
	u32 status;

	for (status = 0; status < 9; status++) {
		reply.status = cpu_to_le32(status);
		EXPECT_EQ(nvsp_parse_init(&reply, sizeof(reply)),
			  status == 1 ? 0 : -EPROTONOSUPPORT);
	}
	reply.status = cpu_to_le32(1);
	EXPECT_EQ(nvsp_parse_init(&reply, sizeof(reply) - 1), -EPROTO);
	EXPECT_EQ(nvsp_parse_init(&reply, 0), -EPROTO);
	reply.hdr.type = cpu_to_le32(NVSP_MSG_INIT);
	EXPECT_EQ(nvsp_parse_init(&reply, sizeof(reply)), -EPROTO);
}

TEST(capabilities_go_with_the_version)
{
	static const struct { u32 version; bool sriov; u64 caps; } rows[] = {
		{ NVSP_VERSION_2, true, 0x08 }, { NVSP_VERSION_4, true, 0x08 },
		{ NVSP_VERSION_5, true, 0x2c }, { NVSP_VERSION_5, false, 0x28 },
		{ NVSP_VERSION_6, true, 0x2c }, { NVSP_VERSION_6_1, true, 0xac },
	};
	union nvsp_msg msg;
	unsigned int i;
	u64 caps;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&msg, 0xa5, sizeof(msg));
		nvsp_put_ndis_config(&msg, rows[i].version, 1514, rows[i].sriov);
		EXPECT_EQ(le32_to_cpu(msg.hdr.type), 125);
		EXPECT_EQ(le32_to_cpu(msg.ndis_config.mtu), 1514);
		memcpy(&caps, msg.bytes + 12, sizeof(caps));
		EXPECT_EQ(caps, rows[i].caps);
	}
	nvsp_put_ndis_version(&msg, NVSP_VERSION_4);
	EXPECT_EQ(le32_to_cpu(msg.ndis_version.minor), 1);
	nvsp_put_ndis_version(&msg, NVSP_VERSION_5);
	EXPECT_EQ(le32_to_cpu(msg.ndis_version.major), 6);
	EXPECT_EQ(le32_to_cpu(msg.ndis_version.minor), 30);
	EXPECT_EQ(nvsp_offload_revision(NVSP_VERSION_1), 1);
	EXPECT_EQ(nvsp_offload_revision(NVSP_VERSION_2), 1);
	EXPECT_EQ(nvsp_offload_revision(NVSP_VERSION_4), 2);
	EXPECT_EQ(nvsp_offload_revision(NVSP_VERSION_6_1), 3);
}

TEST(pieces_of_the_receive_buffer_lie_in_it)
{
	struct nvsp_recv_buf_complete refusal = recv_reply(2, 0, 0, 0, 0);
	struct nvsp_pieces pieces;

	EXPECT_EQ(parse_recv(recv_reply(1, 1, 0, 2048, 32), &pieces), 0);
	EXPECT_EQ(pieces.len, 2048);
	EXPECT_EQ(pieces.cnt, 32);
	EXPECT_EQ(parse_recv(recv_reply(1, 1, 0, 2048, 33), &pieces), -EPROTO);
	EXPECT_EQ(parse_recv(recv_reply(1, 1, 0, 65536, 65537), &pieces), -EPROTO);
	EXPECT_EQ(parse_recv(recv_reply(1, 1, 0, 0x80000000u, 2), &pieces), -EPROTO);
	EXPECT_EQ(parse_recv(recv_reply(1, 1, 0, 0xffffffffu, 0xffffffffu), &pieces), -EPROTO);
	EXPECT_EQ(parse_recv(recv_reply(1, 1, 0, 2048, 0), &pieces), -EPROTO);
	EXPECT_EQ(parse_recv(recv_reply(1, 1, 0, 127, 2), &pieces), -EPROTO);
	EXPECT_EQ(parse_recv(recv_reply(1, 1, 8, 2048, 1), &pieces), -EPROTO);
	EXPECT_EQ(parse_recv(recv_reply(1, 0, 0, 2048, 1), &pieces), -EPROTO);
	EXPECT_EQ(parse_recv(recv_reply(1, 2, 0, 2048, 1), &pieces), -EPROTO);
	EXPECT_EQ(parse_recv(recv_reply(2, 1, 0, 2048, 1), &pieces), -EIO);
	EXPECT_EQ(nvsp_parse_recv_buf(&refusal, 8, BUF_LEN, &pieces), -EIO);
	refusal = recv_reply(1, 1, 0, 2048, 1);
	EXPECT_EQ(nvsp_parse_recv_buf(&refusal, sizeof(refusal) - 1, BUF_LEN, &pieces), -EPROTO);
	EXPECT_EQ(nvsp_parse_recv_buf(&refusal, 7, BUF_LEN, &pieces), -EPROTO);
}

TEST(sections_of_the_send_buffer_lie_in_it)
{
	static const struct { u32 status, len; int err; u32 cnt; } rows[] = {
		{ 1, 6144, 0, 10 }, { 1, 65536, 0, 1 }, { 1, 65544, -EPROTO, 0 },
		{ 1, 0, -EPROTO, 0 }, { 1, 120, -EPROTO, 0 }, { 1, 6145, -EPROTO, 0 },
		{ 1, 0xfffffff8u, -EPROTO, 0 }, { 0, 6144, -EIO, 0 }, { 2, 6144, -EIO, 0 },
	};
	struct nvsp_send_buf_complete reply = {
		.hdr.type = cpu_to_le32(NVSP_MSG_SEND_BUF_COMPLETE),
	};
	struct nvsp_pieces pieces;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		reply.status = cpu_to_le32(rows[i].status);
		reply.section_len = cpu_to_le32(rows[i].len);
		EXPECT_EQ(nvsp_parse_send_buf(&reply, sizeof(reply), BUF_LEN, &pieces),
			  rows[i].err);
		if (!rows[i].err)
			EXPECT_EQ(pieces.cnt, rows[i].cnt);
	}
	EXPECT_EQ(nvsp_parse_send_buf(&reply, sizeof(reply) - 1, BUF_LEN, &pieces), -EPROTO);
}

TEST(never_more_sub_channels_than_asked_for)
{
	struct nvsp_sub_channels_complete reply = {
		.hdr.type = cpu_to_le32(NVSP_MSG_SUB_CHANNELS),
	};
	u32 granted = 77;

	reply.status = cpu_to_le32(1);
	reply.count = cpu_to_le32(3);
	EXPECT_EQ(nvsp_parse_sub_channels(&reply, sizeof(reply), 3, &granted), 0);
	EXPECT_EQ(granted, 3);
	EXPECT_EQ(nvsp_parse_sub_channels(&reply, sizeof(reply), 2, &granted), -EPROTO);
	reply.count = cpu_to_le32(0);
	EXPECT_EQ(nvsp_parse_sub_channels(&reply, sizeof(reply), 3, &granted), 0);
	EXPECT_EQ(granted, 0);
	reply.status = cpu_to_le32(2);
	EXPECT_EQ(nvsp_parse_sub_channels(&reply, sizeof(reply), 3, &granted), -EIO);
	EXPECT_EQ(nvsp_parse_sub_channels(&reply, sizeof(reply) - 4, 3, &granted), -EPROTO);
}

/* A transfer-page packet as the host sends it. */
struct rx_packet {
	struct vmbus_pkt_transfer_pages xfer;
	struct vmbus_transfer_range ranges[3];
	union nvsp_msg msg;
};

static struct rx_packet rx_packet(u32 offset, u32 len)
{
	struct rx_packet p = {
		.xfer = { .set_id = cpu_to_le16(0xcafe), .range_count = cpu_to_le32(3) },
	};
	unsigned int i;

	for (i = 0; i < 3; i++)
		p.ranges[i] = (struct vmbus_transfer_range){ cpu_to_le32(len),
							     cpu_to_le32(offset) };
	nvsp_put_rndis(&p.msg, NVSP_CHANNEL_DATA, NVSP_SECTION_NONE, 0);
	return p;
}

static int parse(struct rx_packet *p, u32 ext_len, u32 payload_len, struct nvsp_rx *rx)
{
	return nvsp_parse_rx(p, ext_len, &p->msg, payload_len, rx);
}

TEST(ranges_of_a_packet_are_those_it_has)
{
	struct rx_packet p = rx_packet(0, 100);
	const u32 ext = offsetof(struct rx_packet, msg);
	struct nvsp_rx rx;

	EXPECT_EQ(parse(&p, ext, 40, &rx), 0);
	EXPECT_EQ(rx.cnt, 3);
	EXPECT(!rx.control);
	EXPECT_EQ(parse(&p, ext - 1, 40, &rx), -EPROTO);
	EXPECT_EQ(parse(&p, 7, 40, &rx), -EPROTO);
	EXPECT_EQ(parse(&p, ext, 7, &rx), -EPROTO);
	p.msg.rndis_packet.channel_type = cpu_to_le32(1);
	EXPECT_EQ(parse(&p, ext, 40, &rx), 0);
	EXPECT(rx.control);
	p.msg.rndis_packet.channel_type = cpu_to_le32(2);
	EXPECT_EQ(parse(&p, ext, 40, &rx), -EPROTO);

	p = rx_packet(0, 100);
	p.xfer.range_count = cpu_to_le32(0);
	EXPECT_EQ(parse(&p, ext, 40, &rx), -EPROTO);
	p.xfer.range_count = cpu_to_le32(0xffffffffu);
	EXPECT_EQ(parse(&p, ext, 40, &rx), -EPROTO);
	p.xfer.range_count = cpu_to_le32(4);
	EXPECT_EQ(parse(&p, ext, 40, &rx), -EPROTO);
	p = rx_packet(0, 100);
	p.xfer.set_id = cpu_to_le16(0xcaff);
	EXPECT_EQ(parse(&p, ext, 40, &rx), -EPROTO);
	p = rx_packet(0, 100);
	p.msg.hdr.type = cpu_to_le32(108);
	EXPECT_EQ(parse(&p, ext, 40, &rx), -EPROTO);
}

TEST(a_range_lies_in_the_buffer_and_may_be_longer_than_a_piece)
{
	static const struct { u32 offset, len; int err; } rows[] = {
		{ 0, 1806, 0 }, { 1806, 9014, 0 }, { 16254, 1806, 0 }, { 16255, 1806, -EPROTO },
		{ 0, 18060, 0 }, { 1, 18060, -EPROTO }, { 0, 18061, -EPROTO },
		{ 18060, 0, 0 }, { 18061, 0, -EPROTO }, { 0xffffffffu, 1, -EPROTO },
		{ 0xffffff00u, 0x200, -EPROTO }, { 1, 0xffffffffu, -EPROTO },
	};
	struct nvsp_pieces pieces = { .len = 1806, .cnt = 10 };
	u32 offset, len;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rx_packet p = rx_packet(rows[i].offset, rows[i].len);
		struct nvsp_rx rx;

		EXPECT_EQ(parse(&p, offsetof(struct rx_packet, msg), 40, &rx), 0);
		EXPECT_EQ(nvsp_rx_range(&rx, 2, &pieces, &offset, &len), rows[i].err);
	}
}

TEST(an_indirection_table_names_channels_there_may_be)
{
	struct { struct nvsp_indirection_table table; u32 pad[7]; u32 entries[16]; } msg = { 0 };
	struct nvsp_note note;
	unsigned int i;

	msg.table.hdr.type = cpu_to_le32(NVSP_MSG_INDIRECTION_TABLE);
	msg.table.count = cpu_to_le32(16);
	msg.table.offset = cpu_to_le32(40);
	for (i = 0; i < 16; i++)
		msg.entries[i] = i;
	EXPECT_EQ(nvsp_parse_notice(&msg, sizeof(msg), NVSP_VERSION_6_1, &note), NVSP_NOTICE_TABLE);
	EXPECT_EQ(note.table[15], 15);
	/* A host that says 12 and means 40: up to 6 only. */
	msg.table.offset = cpu_to_le32(12);
	EXPECT_EQ(nvsp_parse_notice(&msg, sizeof(msg), NVSP_VERSION_6, &note), NVSP_NOTICE_TABLE);
	EXPECT_EQ(note.table[15], 15);
	EXPECT_EQ(nvsp_parse_notice(&msg, sizeof(msg), NVSP_VERSION_6_1, &note), NVSP_NOTICE_TABLE);
	EXPECT_EQ(note.table[15], 8);
	/* And an honest one, without padding. */
	memmove(msg.pad, msg.entries, sizeof(msg.entries));
	EXPECT_EQ(nvsp_parse_notice(&msg, 12 + 64, NVSP_VERSION_5, &note), NVSP_NOTICE_TABLE);
	EXPECT_EQ(note.table[15], 15);
	EXPECT_EQ(nvsp_parse_notice(&msg, 12 + 63, NVSP_VERSION_5, &note), NVSP_NOTICE_BAD);
	msg.table.offset = cpu_to_le32(0xfffffff0u);
	EXPECT_EQ(nvsp_parse_notice(&msg, 12 + 64, NVSP_VERSION_5, &note), NVSP_NOTICE_BAD);
	msg.table.offset = cpu_to_le32(4);
	EXPECT_EQ(nvsp_parse_notice(&msg, 12 + 64, NVSP_VERSION_5, &note), NVSP_NOTICE_BAD);
	msg.table.offset = cpu_to_le32(12);
	msg.pad[3] = 64;
	EXPECT_EQ(nvsp_parse_notice(&msg, 12 + 64, NVSP_VERSION_5, &note), NVSP_NOTICE_BAD);
	msg.pad[3] = 63;
	EXPECT_EQ(nvsp_parse_notice(&msg, 12 + 64, NVSP_VERSION_5, &note), NVSP_NOTICE_TABLE);
	msg.table.count = cpu_to_le32(15);
	EXPECT_EQ(nvsp_parse_notice(&msg, 12 + 64, NVSP_VERSION_5, &note), NVSP_NOTICE_BAD);
}

TEST(other_notices)
{
	struct nvsp_vf_association vf = {
		.hdr.type = cpu_to_le32(NVSP_MSG_VF_ASSOCIATION),
		.allocated = cpu_to_le32(1), .serial = cpu_to_le32(7),
	};
	u32 types[] = { 0, 1, 107, 130, 135, 0xffffffffu };
	struct nvsp_note note;
	union nvsp_msg msg;
	unsigned int i;

	EXPECT_EQ(nvsp_parse_notice(&vf, sizeof(vf), NVSP_VERSION_5, &note), NVSP_NOTICE_VF);
	EXPECT(note.allocated);
	EXPECT_EQ(note.serial, 7);
	EXPECT_EQ(nvsp_parse_notice(&vf, sizeof(vf) - 1, NVSP_VERSION_5, &note), NVSP_NOTICE_BAD);
	vf.allocated = cpu_to_le32(2);
	EXPECT_EQ(nvsp_parse_notice(&vf, sizeof(vf), NVSP_VERSION_5, &note), NVSP_NOTICE_BAD);

	nvsp_put_switch_data_path(&msg, NVSP_PATH_VF);
	EXPECT_EQ(nvsp_parse_notice(&msg, sizeof(msg), NVSP_VERSION_5, &note), NVSP_NOTICE_PATH);
	EXPECT_EQ(note.path, NVSP_PATH_VF);
	nvsp_put_switch_data_path(&msg, 2);
	EXPECT_EQ(nvsp_parse_notice(&msg, sizeof(msg), NVSP_VERSION_5, &note), NVSP_NOTICE_BAD);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		EXPECT_EQ(nvsp_parse_notice(&types[i], 4, NVSP_VERSION_5, &note),
			  types[i] == 130 ? NVSP_NOTICE_OTHER : NVSP_NOTICE_BAD);
	EXPECT_EQ(nvsp_parse_notice(types, 3, NVSP_VERSION_5, &note), NVSP_NOTICE_BAD);
}

TEST(buffers_and_frames_are_named_as_hosts_want_them)
{
	struct nvsp_rndis_packet_complete done;
	union nvsp_msg msg;

	nvsp_put_recv_buf(&msg, 0xe1e10);
	EXPECT_EQ(le32_to_cpu(msg.hdr.type), 101);
	EXPECT_EQ(le32_to_cpu(msg.lend_buf.gpadl), 0xe1e10);
	EXPECT_EQ(le16_to_cpu(msg.lend_buf.id), 0xcafe);
	nvsp_put_send_buf(&msg, 5);
	EXPECT_EQ(le32_to_cpu(msg.hdr.type), 104);
	EXPECT_EQ(le16_to_cpu(msg.lend_buf.id), 0);
	nvsp_put_revoke_recv_buf(&msg);
	EXPECT_EQ(le32_to_cpu(msg.hdr.type), 103);
	EXPECT_EQ(le16_to_cpu(msg.revoke_buf.id), 0xcafe);
	nvsp_put_revoke_send_buf(&msg);
	EXPECT_EQ(le32_to_cpu(msg.hdr.type), 106);
	nvsp_put_sub_channels(&msg, 3);
	EXPECT_EQ(le32_to_cpu(msg.hdr.type), 133);
	EXPECT_EQ(le32_to_cpu(msg.sub_channels.operation), 1);
	EXPECT_EQ(le32_to_cpu(msg.sub_channels.count), 3);
	nvsp_put_rndis(&msg, NVSP_CHANNEL_DATA, 9, 1000);
	EXPECT_EQ(le32_to_cpu(msg.hdr.type), 107);
	EXPECT_EQ(le32_to_cpu(msg.rndis_packet.section), 9);
	EXPECT_EQ(le32_to_cpu(msg.rndis_packet.section_len), 1000);

	nvsp_put_received(&done, true);
	EXPECT_EQ(nvsp_parse_sent(&done, sizeof(done)), 1);
	nvsp_put_received(&done, false);
	EXPECT_EQ(nvsp_parse_sent(&done, sizeof(done)), 2);
	EXPECT_EQ(nvsp_parse_sent(&done, sizeof(done) - 1), -EPROTO);
	done.status = cpu_to_le32(0xffffffffu);
	EXPECT(nvsp_parse_sent(&done, sizeof(done)) > 1);
	done.hdr.type = cpu_to_le32(107);
	EXPECT_EQ(nvsp_parse_sent(&done, sizeof(done)), -EPROTO);
}

KTAP_MAIN

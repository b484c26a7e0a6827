// SPDX-License-Identifier: GPL-2.0
/*
 * rndis_test.c - frames and requests go out as hosts want them; nothing a host says
 * about what comes in leads outside of it, and every walk over it ends
 */
#include "ktap.h"

#include "netvsc/proto/rndis.h"

/* Out ---------------------------------------------------------------------------------*/

TEST(a_plain_frame_has_44_bytes_before_it)
{
	static const u32 want[11] = { 1, 44 + 60, 36, 60, 0, 0, 0, 0, 0, 0, 0 };
	struct rndis_tx tx = { .len = 60 };
	u32 to[64];

	memset(to, 0xa5, sizeof(to));
	EXPECT_EQ(rndis_put_packet(to, &tx), 44);
	EXPECT_MEM(to, want, sizeof(want));
	EXPECT_EQ(to[11], 0xa5a5a5a5u);
	rndis_pad_packet((void *)to, 4);
	EXPECT_EQ(to[1], 44 + 64);
	EXPECT_EQ(to[3], 60);
}

TEST(elements_come_as_hash_vlan_offload)
{
	static const u32 want[] = {
		1, 92 + 3000, 84, 3000, 0, 0, 0, 36, 48, 0, 0,
		16, 8, 12, 0x12345678, 16, 6, 12, 0x00640005, 16, 2, 12, 0x422005b4,
	};
	struct rndis_tx tx = {
		.len = 3000, .with_hash = true, .hash = 0x12345678,
		.with_vlan = true, .vlan = 0x00640005,
		.offload = RNDIS_TX_LSO, .word = rndis_lso_word(false, 1460, 34),
	};
	u32 to[64];

	EXPECT_EQ(rndis_put_packet(to, &tx), RNDIS_TX_HDR_MAX);
	EXPECT_MEM(to, want, sizeof(want));
	tx.offload = RNDIS_TX_CHECKSUM;
	tx.with_hash = false;
	tx.word = rndis_checksum_word(true, true, 54);
	EXPECT_EQ(rndis_put_packet(to, &tx), 76);
	EXPECT_EQ(to[16], 0);
	EXPECT_EQ(to[18], 0x0036000a);
}

TEST(words_of_elements)
{
	EXPECT_EQ(rndis_checksum_word(false, false, 34), 0x00220005);
	EXPECT_EQ(rndis_lso_word(true, 1440, 54), 0xc0000000u | 54u << 20 | 1440);
	/* Priority 5, CFI, id 100. */
	EXPECT_EQ(rndis_vlan_word(5 << 13 | 1 << 12 | 100), 5 | 8 | 100 << 4);
	EXPECT_EQ(rndis_vlan_word(0xffff), 0xffff);
}

/* In ------------------------------------------------------------------------------------*/

#define FRAME	60u

static u32 msg[512];

/* A frame with elements of @words words in front of it; returns the length. */
static u32 frame(const u32 *ppi, u32 words)
{
	struct rndis_packet *p = (void *)msg;

	memset(msg, 0, sizeof(msg));
	p->hdr.type = cpu_to_le32(1);
	p->data_offset = cpu_to_le32(36 + words * 4);
	p->data_len = cpu_to_le32(FRAME);
	p->ppi_offset = cpu_to_le32(words ? 36 : 0);
	p->ppi_len = cpu_to_le32(words * 4);
	p->hdr.len = cpu_to_le32(44 + words * 4 + FRAME);
	if (words)
		memcpy(p + 1, ppi, words * 4);
	return le32_to_cpu(p->hdr.len);
}

static int parse(u32 len, struct rndis_rx *rx)
{
	/* Exactly so long, that a read beyond is seen. */
	u8 *copy = malloc(len ? len : 1);
	int ret;

	memcpy(copy, msg, len);
	memset(rx, 0xa5, sizeof(*rx));
	ret = rndis_parse_packet(copy, len, len, rx);
	free(copy);
	return ret;
}

TEST(a_frame_and_what_is_said_of_it)
{
	static const u32 ppi[] = {
		16, 0, 12, 0x28, 16, 6, 12, 0x643 | 8, 16, 8, 12, 0xdeadbeef, 16, 11, 12, 1,
	};
	struct rndis_rx rx;
	u32 len = frame(NULL, 0);

	EXPECT_EQ(parse(len, &rx), 0);
	EXPECT_EQ(rx.data_offset, 44);
	EXPECT_EQ(rx.data_len, FRAME);
	EXPECT_EQ(rx.present, 0);

	len = frame(ppi, 16);
	EXPECT_EQ(parse(len, &rx), 0);
	EXPECT_EQ(rx.data_offset, 44 + 64);
	EXPECT_EQ(rx.present, RNDIS_RX_CHECKSUM | RNDIS_RX_VLAN | RNDIS_RX_HASH);
	EXPECT_EQ(rx.checksum, RNDIS_CSUM_RX_TCP_OK | RNDIS_CSUM_RX_IP_OK);
	EXPECT_EQ(rx.vlan, 3 << 13 | 1 << 12 | 100);
	EXPECT_EQ(rx.hash, 0xdeadbeefu);
}

TEST(pieces_of_a_coalesced_frame)
{
	static const u32 first[] = { 16, 0x80000001u, 12, 0x00070301 };
	static const u32 last[] = { 16, 0x80000001u, 12, 0x00070501 };
	static const u32 whole[] = { 16, 0x80000001u, 12, 0x00070601 };
	struct rndis_packet *p = (void *)msg;
	struct rndis_rx rx;
	u32 len = frame(first, 4);

	EXPECT_EQ(parse(len, &rx), 0);
	EXPECT_EQ(rx.present, RNDIS_RX_PART);
	EXPECT_EQ(rx.part & (RNDIS_PACKET_ID_FIRST | RNDIS_PACKET_ID_LAST), RNDIS_PACKET_ID_FIRST);
	len = frame(last, 4);
	p->data_len = cpu_to_le32(1);
	EXPECT_EQ(parse(len, &rx), 0);
	EXPECT_EQ(rx.part & (RNDIS_PACKET_ID_FIRST | RNDIS_PACKET_ID_LAST), RNDIS_PACKET_ID_LAST);
	p->data_len = cpu_to_le32(0);
	EXPECT_EQ(parse(len, &rx), -EPROTO);
	len = frame(whole, 4);
	EXPECT_EQ(parse(len, &rx), 0);
	EXPECT_EQ(rx.present, 0);
}

TEST(lengths_and_offsets_of_a_frame_stay_inside)
{
	static const u32 values[] = {
		0, 1, 7, 8, 13, 14, 35, 36, 37, 59, 60, 61, 95, 96, 97, 0x7fffffff, 0x80000000u,
		0xffffff00u, 0xfffffff7u, 0xfffffff8u, 0xfffffffcu, 0xffffffffu,
	};
	/* Of the header: each word but those that nobody looks at. */
	static const unsigned int words[] = { 1, 2, 3, 7, 8 };
	unsigned int i, j, k, l;
	struct rndis_rx rx;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		for (j = 0; j < ARRAY_SIZE(words); j++)
			for (k = 0; k < ARRAY_SIZE(values); k++)
				for (l = 0; l < ARRAY_SIZE(values); l++) {
					len = frame(NULL, 0);
					msg[words[i]] = values[k];
					msg[words[j]] = values[l];
					if (parse(len, &rx))
						continue;
					EXPECT(rx.data_len >= 14 && rx.data_offset >= 44);
					EXPECT((u64)rx.data_offset + rx.data_len <= len);
				}
	len = frame(NULL, 0);
	EXPECT_EQ(parse(43, &rx), -EPROTO);
	EXPECT_EQ(parse(len - 1, &rx), -EPROTO);
	msg[0] = 7;
	EXPECT_EQ(parse(len, &rx), -EPROTO);
}

TEST(walk_over_elements_ends_at_the_first_that_lies)
{
	static const u32 bad[][8] = {
		{ 0, 0, 12, 0, 16, 8, 12, 1 },		/* would go nowhere */
		{ 8, 0, 12, 0, 16, 8, 12, 1 },
		{ 20 + 16, 0, 12, 0, 16, 8, 12, 1 },	/* beyond the end */
		{ 0xffffffffu, 0, 12, 0, 16, 8, 12, 1 },
		{ 17, 0, 12, 0, 16, 8, 12, 1 },
		{ 16, 0, 20, 0, 16, 8, 12, 1 },		/* its data beyond it */
		{ 16, 0, 0xfffffffcu, 0, 16, 8, 12, 1 },
		{ 16, 0, 8, 0, 16, 8, 12, 1 },		/* or in its header */
		{ 16, 0, 13, 0, 16, 8, 12, 1 },
	};
	static const u32 tiny[] = { 16, 8, 12, 5, 16, 8, 16, 7, 0 };
	struct rndis_rx rx;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT_EQ(parse(frame(bad[i], 8), &rx), -EPROTO);
	/* An element without data says nothing, and a rest too short for one is padding. */
	EXPECT_EQ(parse(frame(tiny, 9), &rx), 0);
	EXPECT_EQ(rx.hash, 5);
}

TEST(a_longer_copy_is_asked_for_when_elements_lie_beyond_it)
{
	static const u32 ppi[64] = { 256, 8, 252, [63] = 0xabcdef };
	u32 len = frame(ppi, 64);
	struct rndis_rx rx;

	EXPECT_EQ(rndis_parse_packet(msg, 128, len, &rx), 44 + 256);
	EXPECT_EQ(rndis_parse_packet(msg, 44 + 256, len, &rx), 0);
	EXPECT_EQ(rx.hash, 0xabcdef);
	/* But not a copy of any length. */
	((struct rndis_packet *)msg)->ppi_len = cpu_to_le32(RNDIS_MAX_PPI_LEN + 4);
	((struct rndis_packet *)msg)->data_offset = cpu_to_le32(RNDIS_MAX_PPI_LEN + 40);
	((struct rndis_packet *)msg)->hdr.len = cpu_to_le32(sizeof(msg));
	EXPECT_EQ(rndis_parse_packet(msg, 128, sizeof(msg), &rx), -EPROTO);
}

/* Requests --------------------------------------------------------------------------*/

TEST(requests_as_hosts_want_them)
{
	static const u32 init[] = { 2, 24, 9, 1, 0, 0x4000 };
	static const u32 query[] = { 4, 28, 10, 0x01010101, 0, 20, 0 };
	static const u32 set[] = { 5, 32, 11, 0x0001010e, 4, 20, 0, 0xd };
	static const u32 halt[] = { 3, 12, 12 };
	u32 filter = 0xd, to[16];

	EXPECT_EQ(rndis_put_initialize(to, sizeof(to), 9), 24);
	EXPECT_MEM(to, init, 24);
	EXPECT_EQ(rndis_put_query(to, sizeof(to), 10, RNDIS_OID_PERMANENT_ADDRESS, NULL, 0), 28);
	EXPECT_MEM(to, query, 28);
	EXPECT_EQ(rndis_put_set(to, sizeof(to), 11, RNDIS_OID_PACKET_FILTER, &filter, 4), 32);
	EXPECT_MEM(to, set, 32);
	EXPECT_EQ(rndis_put_halt(to, sizeof(to), 12), 12);
	EXPECT_MEM(to, halt, 12);
	EXPECT_EQ(rndis_put_initialize(to, 23, 9), 0);
	EXPECT_EQ(rndis_put_set(to, 31, 11, 1, &filter, 4), 0);
	EXPECT_EQ(rndis_put_query(to, 27, 11, 1, NULL, 0), 0);
	EXPECT_EQ(rndis_put_set(to, 64, 11, 1, &filter, 0xfffffff0u), 0);
	EXPECT_EQ(rndis_put_halt(to, 11, 12), 0);
}

static enum rndis_control control(const u32 *words, u32 len, struct rndis_answer *a)
{
	static u8 *copy;
	enum rndis_control what;

	/* The answer points into it: kept until the next. */
	free(copy);
	copy = malloc(len ? len : 1);
	memcpy(copy, words, len);
	what = rndis_parse_control(copy, len, a);
	return what;
}

TEST(answers_to_requests)
{
	static const u32 query[] = { 0x80000004u, 32, 7, 0, 6, 16 + 0, 0x55443322, 0x7766 };
	static const u32 set[] = { 0x80000005u, 16, 8, 0xc00000bbu };
	struct rndis_answer a;

	EXPECT_EQ(control(query, 32, &a), RNDIS_CONTROL_ANSWER);
	EXPECT_EQ(a.id, 7);
	EXPECT_EQ(a.info_len, 6);
	EXPECT_MEM(a.info, &query[6], 6);
	EXPECT_EQ(control(query, 31, &a), RNDIS_CONTROL_BAD);
	EXPECT_EQ(control(set, 16, &a), RNDIS_CONTROL_ANSWER);
	EXPECT_EQ(a.id, 8);
	EXPECT_EQ(a.status, RNDIS_STATUS_NOT_SUPPORTED);
	EXPECT_EQ(a.info_len, 0);
	EXPECT_EQ(control(set, 12, &a), RNDIS_CONTROL_BAD);
	EXPECT_EQ(control(set, 7, &a), RNDIS_CONTROL_BAD);
	EXPECT_EQ(control(set, 0, &a), RNDIS_CONTROL_BAD);
}

TEST(what_a_query_returns_lies_in_its_answer)
{
	static const u32 values[] = { 0, 1, 4, 8, 12, 15, 16, 17, 20, 24, 25, 0x80000000u,
				      0xfffffff0u, 0xfffffff8u, 0xffffffffu };
	static const u32 lens[] = { 0, 7, 8, 15, 16, 20, 23, 24, 28, 31, 32, 33, 0xffffffffu };
	static const u32 types[] = { 0x80000002u, 0x80000004u, 0x80000005u, 0x80000006u,
				     0x80000008u, 7, 8, 0, 1, 0xffffffffu };
	unsigned int i, j, k, l;
	struct rndis_answer a;

	for (l = 0; l < ARRAY_SIZE(types); l++)
		for (i = 0; i < ARRAY_SIZE(values); i++)
			for (j = 0; j < ARRAY_SIZE(values); j++)
				for (k = 0; k < ARRAY_SIZE(lens); k++) {
					u32 words[8] = { types[l], lens[k], values[i], values[j],
							 values[i], values[j], 1, 2 };
					enum rndis_control what = control(words, 32, &a);

					EXPECT(types[l] > 1 || what == RNDIS_CONTROL_BAD);
					EXPECT(lens[k] <= 32 || what == RNDIS_CONTROL_BAD);
					EXPECT(what == RNDIS_CONTROL_BAD || a.info_len <= 32);
				}
}

TEST(notices_of_the_host)
{
	static const u32 plug[] = { 7, 20, RNDIS_INDICATE_CONNECT, 0, 0 };
	/* The buffer is not counted in the length. */
	static const u32 speed[] = { 7, 20, RNDIS_INDICATE_LINK_SPEED, 4, 12, 100000000 };
	struct rndis_answer a;

	EXPECT_EQ(control(plug, 20, &a), RNDIS_CONTROL_NOTICE);
	EXPECT_EQ(a.status, RNDIS_INDICATE_CONNECT);
	EXPECT_EQ(a.info_len, 0);
	EXPECT_EQ(control(speed, 24, &a), RNDIS_CONTROL_NOTICE);
	EXPECT_EQ(a.info_len, 4);
	EXPECT_MEM(a.info, &speed[5], 4);
	EXPECT_EQ(control(speed, 23, &a), RNDIS_CONTROL_BAD);
	EXPECT_EQ(control(speed, 19, &a), RNDIS_CONTROL_BAD);
}

TEST(limits_are_usable_whatever_the_host_says)
{
	static const struct { u32 packets, shift, want_packets, want_align; } rows[] = {
		{ 8, 3, 8, 8 }, { 8, 0, 8, 4 }, { 1, 2, 1, 4 }, { 0, 3, 1, 4 },
		{ 8, 10, 1, 4 }, { 8, 32, 1, 4 }, { 8, 0xffffffffu, 1, 4 }, { 8, 9, 8, 512 },
	};
	u32 words[13] = { 0x80000002u, 52, 1, 0, 1, 0, 1, 0, 8, 0x4000, 3, 0, 0 };
	struct rndis_limits limits;
	struct rndis_answer a;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		words[8] = rows[i].packets;
		words[10] = rows[i].shift;
		EXPECT_EQ(control(words, 52, &a), RNDIS_CONTROL_ANSWER);
		EXPECT_EQ(rndis_parse_initialize(&a, &limits), 0);
		EXPECT_EQ(limits.packets, rows[i].want_packets);
		EXPECT_EQ(limits.align, rows[i].want_align);
	}
	words[7] = 1;
	control(words, 52, &a);
	EXPECT_EQ(rndis_parse_initialize(&a, &limits), -EPROTO);
	words[3] = 0xc0000001u;
	control(words, 52, &a);
	EXPECT_EQ(rndis_parse_initialize(&a, &limits), -EIO);
	words[1] = 48;
	words[3] = 0;
	control(words, 52, &a);
	EXPECT_EQ(rndis_parse_initialize(&a, &limits), -EPROTO);
	words[0] = 0x80000005u;
	control(words, 52, &a);
	EXPECT_EQ(rndis_parse_initialize(&a, &limits), -EPROTO);
}

/* Offloads, RSS, MAC ---------------------------------------------------------------------*/

static struct ndis_offload all_offloads(void)
{
	struct ndis_offload caps = {
		.hdr = { .type = 0xa7, .revision = 3, .size = cpu_to_le16(156) },
		.checksum = { .v4_tx = cpu_to_le32(0x155), .v4_rx = cpu_to_le32(0x155),
			      .v6_tx = cpu_to_le32(0x55), .v6_rx = cpu_to_le32(0x55) },
		.lso_v2 = { .v4_encap = cpu_to_le32(2), .v4_max = cpu_to_le32(62780),
			    .v6_encap = cpu_to_le32(2), .v6_max = cpu_to_le32(60000),
			    .v6_options = cpu_to_le32(5) },
		.rsc_v4 = 1, .rsc_v6 = 1,
	};

	return caps;
}

TEST(offloads_need_all_they_need)
{
	struct ndis_offload caps = all_offloads();
	struct rndis_offloads can;

	EXPECT_EQ(rndis_parse_offloads(&caps, 156, &can), 0);
	EXPECT(can.csum4_tcp && can.csum4_udp && can.csum6_tcp && can.csum6_udp);
	EXPECT(can.rsc);
	EXPECT_EQ(can.tso4_max, 62780);
	EXPECT_EQ(can.tso6_max, 60000);
	/* An older structure has no word on coalescing. */
	caps.hdr.size = cpu_to_le16(112);
	EXPECT_EQ(rndis_parse_offloads(&caps, 112, &can), 0);
	EXPECT(can.csum4_tcp && !can.rsc);
	caps.hdr.size = cpu_to_le16(113);
	EXPECT_EQ(rndis_parse_offloads(&caps, 112, &can), -EPROTO);
	EXPECT(!can.csum4_tcp && !can.tso4_max);
	caps.hdr.size = cpu_to_le16(111);
	EXPECT_EQ(rndis_parse_offloads(&caps, 156, &can), -EPROTO);
	EXPECT_EQ(rndis_parse_offloads(&caps, 111, &can), -EPROTO);
	caps = all_offloads();
	caps.hdr.type = 0x80;
	EXPECT_EQ(rndis_parse_offloads(&caps, 156, &can), -EPROTO);
	caps = all_offloads();
	caps.checksum.v4_tx = cpu_to_le32(0x150);
	caps.lso_v2.v6_options = cpu_to_le32(1);
	EXPECT_EQ(rndis_parse_offloads(&caps, 156, &can), 0);
	EXPECT(!can.csum4_tcp && !can.csum4_udp && !can.tso4_max && can.csum6_tcp && !can.tso6_max);
}

/* The stack takes its headers off, and has no negative sizes. */
TEST(a_host_that_cuts_next_to_nothing_cuts_nothing)
{
	struct ndis_offload caps = all_offloads();
	struct rndis_offloads can;
	u32 max;

	for (max = 0; max < 8192; max += 13) {
		caps.lso_v2.v4_max = cpu_to_le32(max);
		caps.lso_v2.v6_max = cpu_to_le32(max);
		EXPECT_EQ(rndis_parse_offloads(&caps, 156, &can), 0);
		EXPECT(!can.tso4_max && !can.tso6_max && can.csum4_tcp);
	}
	caps.lso_v2.v4_max = cpu_to_le32(8192);
	EXPECT_EQ(rndis_parse_offloads(&caps, 156, &can), 0);
	EXPECT_EQ(can.tso4_max, 8192);
}

TEST(offloads_are_turned_on_as_wished)
{
	static const u8 all[28] = { 0x80, 3, 28, 0, 1, 4, 4, 4, 4, 0, 0, 2, 2, [22] = 2, 2 };
	static const u8 none[22] = { 0x80, 3, 22, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1 };
	struct ndis_offload caps = all_offloads();
	struct ndis_offload_parameters set;
	struct rndis_offloads use;

	rndis_parse_offloads(&caps, 156, &use);
	EXPECT_EQ(rndis_put_offloads(&set, &use, true), 28);
	EXPECT_MEM(&set, all, 28);
	memset(&use, 0, sizeof(use));
	EXPECT_EQ(rndis_put_offloads(&set, &use, false), 22);
	EXPECT_MEM(&set, none, 22);
	EXPECT_EQ(rndis_put_offload_query(&caps, 3), 156);
	EXPECT_EQ(rndis_put_offload_query(&caps, 2), 144);
	EXPECT_EQ(rndis_put_offload_query(&caps, 1), 112);
	EXPECT_EQ(le16_to_cpu(caps.hdr.size), 112);
}

TEST(rss_of_the_host_and_ours)
{
	struct ndis_rss_capabilities caps;
	struct rndis_rss_caps can;
	static struct rndis_rss_set set;
	u16 table[4] = { 0, 1, 2, 3 };
	u8 key[40];
	unsigned int i;

	rndis_put_rss_query(&caps);
	EXPECT_EQ(le16_to_cpu(caps.hdr.size), 18);
	EXPECT_EQ(rndis_parse_rss(&caps, 18, &can), -EPROTO);
	caps.queue_cnt = cpu_to_le32(8);
	caps.table_cnt = cpu_to_le16(64);
	caps.caps = cpu_to_le32(0x1b01);
	EXPECT_EQ(rndis_parse_rss(&caps, 18, &can), 0);
	EXPECT_EQ(can.queues, 8);
	EXPECT_EQ(can.table, 64);
	EXPECT(can.udp);
	EXPECT_EQ(rndis_parse_rss(&caps, 16, &can), 0);
	EXPECT_EQ(can.table, 128);
	caps.table_cnt = cpu_to_le16(257);
	EXPECT_EQ(rndis_parse_rss(&caps, 18, &can), 0);
	EXPECT_EQ(can.table, 128);
	EXPECT_EQ(rndis_parse_rss(&caps, 15, &can), -EPROTO);

	for (i = 0; i < 40; i++)
		key[i] = i;
	EXPECT_EQ(rndis_put_rss(&set, table, 4, key, 0x1700, 0), 96);
	EXPECT_EQ(le32_to_cpu(set.param.hash), 0x1701);
	EXPECT_EQ(le16_to_cpu(set.param.table_len), 16);
	EXPECT_EQ(le32_to_cpu(set.param.key_offset), 56);
	EXPECT_MEM((u8 *)&set + 56, key, 40);
	EXPECT_EQ(le32_to_cpu(set.table[3]), 3);
}

TEST(a_name_becomes_text_that_is_safe_to_show)
{
	static const u16 name[] = { 'e', 0xe9, 0x20ac, 7, 0xd83d, 0xffff, 'z', 0, 'x' };
	char text[32];

	EXPECT_EQ(rndis_parse_name(name, sizeof(name), text, sizeof(text)), 10);
	EXPECT_STREQ(text, "e\xc3\xa9\xe2\x82\xac???z");
	/* Never half a character, and never beyond the room. */
	EXPECT_EQ(rndis_parse_name(name, sizeof(name), text, 6), 3);
	EXPECT_STREQ(text, "e\xc3\xa9");
	EXPECT_EQ(rndis_parse_name(name, 1, text, sizeof(text)), 0);
	EXPECT_STREQ(text, "");
	EXPECT_EQ(rndis_parse_name(name, 2, text, 1), 0);
}

TEST(mac_is_set_in_capitals_of_utf_16)
{
	static const u8 mac[6] = { 0x00, 0x15, 0x5d, 0xab, 0xcd, 0xef };
	static const char digits[] = "00155DABCDEF", name[] = "NetworkAddress";
	struct rndis_mac_set set;
	unsigned int i;

	rndis_put_mac(&set, mac);
	EXPECT_EQ(le32_to_cpu(set.param.name_offset), 20);
	EXPECT_EQ(le32_to_cpu(set.param.value_offset), 48);
	for (i = 0; i < 12; i++)
		EXPECT_EQ(le16_to_cpu(set.value[i]), digits[i]);
	for (i = 0; i < 14; i++)
		EXPECT_EQ(le16_to_cpu(set.name[i]), name[i]);
}

KTAP_MAIN

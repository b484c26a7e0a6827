// SPDX-License-Identifier: GPL-2.0
/*
 * pkt_test.c - descriptors out and in
 */
#include "ktap.h"

#include "vmbus_client/proto/pkt.h"

static struct vmbus_pkt_hdr descriptor(u16 type, u16 offset8, u16 len8)
{
	return (struct vmbus_pkt_hdr) {
		.type = cpu_to_le16(type),
		.offset8 = cpu_to_le16(offset8),
		.len8 = cpu_to_le16(len8),
		.flags = cpu_to_le16(0x1234),
		.id = cpu_to_le64(0x1122334455667788),
	};
}

TEST(inband_descriptor_counts_in_eights_rounded_up)
{
	struct vmbus_pkt_hdr hdr;
	u32 len;

	for (len = 0; len <= 64; len++) {
		memset(&hdr, 0xee, sizeof(hdr));
		pkt_put_inband(&hdr, len, 0xfffffffffffffffd, true);
		EXPECT_EQ(le16_to_cpu(hdr.type), 6);
		EXPECT_EQ(le16_to_cpu(hdr.offset8), 2);
		EXPECT_EQ(le16_to_cpu(hdr.len8), 2 + (len + 7) / 8);
		EXPECT_EQ(le16_to_cpu(hdr.flags), 1);
		EXPECT(le64_to_cpu(hdr.id) == 0xfffffffffffffffd);
	}
	pkt_put_inband(&hdr, 1, 0, false);
	EXPECT_EQ(le16_to_cpu(hdr.flags), 0);
	EXPECT_EQ(le64_to_cpu(hdr.id), 0);
}

TEST(completion_descriptor_asks_for_nothing)
{
	struct vmbus_pkt_hdr hdr;

	pkt_put_completion(&hdr, 0, 0x42);
	EXPECT_EQ(le16_to_cpu(hdr.type), 11);
	EXPECT_EQ(le16_to_cpu(hdr.offset8), 2);
	EXPECT_EQ(le16_to_cpu(hdr.len8), 2);
	EXPECT_EQ(le16_to_cpu(hdr.flags), 0);
	EXPECT_EQ(le64_to_cpu(hdr.id), 0x42);
	pkt_put_completion(&hdr, 64, 0x42);
	EXPECT_EQ(le16_to_cpu(hdr.len8), 10);
}

TEST(gpa_direct_counts_the_frames_it_touches)
{
	static const struct {
		u32 offset, count;
		int pfns;
	} cases[] = {
		{ 0, 1, 1 }, { 0, 4096, 1 }, { 0, 4097, 2 }, { 4095, 1, 1 }, { 4095, 2, 2 },
		{ 512, 8192, 3 }, { 1, 4095, 1 }, { 1, 4096, 2 }, { 0, 1 << 20, 256 },
	};
	struct pkt_gpa_hdr gpa;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(&gpa, 0xee, sizeof(gpa));
		EXPECT_EQ(pkt_put_gpa_direct(&gpa, cases[i].offset, cases[i].count, 64, 9),
			  cases[i].pfns);
		EXPECT_EQ(le16_to_cpu(gpa.hdr.type), 9);
		EXPECT_EQ(le16_to_cpu(gpa.hdr.offset8), 4 + cases[i].pfns);
		EXPECT_EQ(le16_to_cpu(gpa.hdr.len8), 4 + cases[i].pfns + 8);
		EXPECT_EQ(le16_to_cpu(gpa.hdr.flags), 1);
		EXPECT_EQ(le64_to_cpu(gpa.hdr.id), 9);
		EXPECT_EQ(le32_to_cpu(gpa.gpa.reserved), 0);
		EXPECT_EQ(le32_to_cpu(gpa.gpa.range_count), 1);
		EXPECT_EQ(le32_to_cpu(gpa.range.byte_count), cases[i].count);
		EXPECT_EQ(le32_to_cpu(gpa.range.byte_offset), cases[i].offset);
	}
}

TEST(gpa_direct_that_cannot_be_expressed_is_refused)
{
	struct pkt_gpa_hdr gpa;
	u32 most = 65535 - 4;	/* frames that leave no room for a payload */

	EXPECT_EQ(pkt_put_gpa_direct(&gpa, 0, 0, 64, 1), -EINVAL);
	EXPECT_EQ(pkt_put_gpa_direct(&gpa, 4096, 1, 64, 1), -EINVAL);
	EXPECT_EQ(pkt_put_gpa_direct(&gpa, 0xffffffff, 1, 64, 1), -EINVAL);
	EXPECT_EQ(pkt_put_gpa_direct(&gpa, 0, most * 4096, 0, 1), most);
	EXPECT_EQ(le16_to_cpu(gpa.hdr.len8), 65535);
	EXPECT_EQ(pkt_put_gpa_direct(&gpa, 0, most * 4096, 1, 1), -EINVAL);
	EXPECT_EQ(pkt_put_gpa_direct(&gpa, 0, (most - 1) * 4096, 8, 1), most - 1);
	EXPECT_EQ(pkt_put_gpa_direct(&gpa, 0, (most - 1) * 4096, 9, 1), -EINVAL);
	EXPECT_EQ(pkt_put_gpa_direct(&gpa, 0, most * 4096 + 1, 0, 1), -EINVAL);
	EXPECT_EQ(pkt_put_gpa_direct(&gpa, 4095, 0xffffffff, 0, 1), -EINVAL);
	EXPECT_EQ(pkt_put_gpa_direct(&gpa, 0, 4096, 0xffffffff, 1), -EINVAL);
}

/* Pieces of memory anywhere, each with the frames it touches, one after the other. */
TEST(several_ranges_in_one_packet)
{
	static const struct {
		u64 addr;
		u32 len;
		int words;
	} cases[] = {
		{ 0x1000, 1, 2 }, { 0x1fff, 1, 2 }, { 0x1fff, 2, 3 },
		{ 0x123456789abcull, 0x2000, 4 },
		{ 0x5000, 0x3000, 4 }, { 0x5800, 0x3000, 5 },
	};
	struct pkt_ranges_hdr hdr;
	u64 words[8], i;
	unsigned int c;

	for (c = 0; c < ARRAY_SIZE(cases); c++) {
		memset(words, 0xee, sizeof(words));
		EXPECT_EQ(pkt_put_range(words, 8, cases[c].addr, cases[c].len), cases[c].words);
		EXPECT_EQ((u32)words[0], cases[c].len);
		EXPECT_EQ(words[0] >> 32, cases[c].addr & 0xfff);
		for (i = 1; i < (u64)cases[c].words; i++)
			EXPECT_EQ(words[i], (cases[c].addr >> 12) + i - 1);
		EXPECT(words[cases[c].words] == 0xeeeeeeeeeeeeeeee);
		EXPECT_EQ(pkt_put_range(words, cases[c].words, cases[c].addr, cases[c].len),
			  cases[c].words);
		EXPECT_EQ(pkt_put_range(words, cases[c].words - 1, cases[c].addr, cases[c].len),
			  -EINVAL);
	}
	EXPECT_EQ(pkt_put_range(words, 8, 0x1000, 0), -EINVAL);
	EXPECT_EQ(pkt_put_range(words, 8, 0xfff, 0xffffffff), -EINVAL);
	EXPECT_EQ(pkt_put_range(words, 0, 0x1000, 1), -EINVAL);

	memset(&hdr, 0xee, sizeof(hdr));
	EXPECT_EQ(pkt_put_ranges(&hdr, 2, 5, 40, 9), 0);
	EXPECT_EQ(le16_to_cpu(hdr.hdr.type), 9);
	EXPECT_EQ(le16_to_cpu(hdr.hdr.offset8), 3 + 5);
	EXPECT_EQ(le16_to_cpu(hdr.hdr.len8), 3 + 5 + 5);
	EXPECT_EQ(le16_to_cpu(hdr.hdr.flags), 1);
	EXPECT_EQ(le64_to_cpu(hdr.hdr.id), 9);
	EXPECT_EQ(le32_to_cpu(hdr.gpa.reserved), 0);
	EXPECT_EQ(le32_to_cpu(hdr.gpa.range_count), 2);
	EXPECT_EQ(pkt_put_ranges(&hdr, 0, 0, 40, 9), -EINVAL);
	EXPECT_EQ(pkt_put_ranges(&hdr, 1, 65535 - 3, 0, 9), 0);
	EXPECT_EQ(pkt_put_ranges(&hdr, 1, 65535 - 3, 1, 9), -EINVAL);
	EXPECT_EQ(pkt_put_ranges(&hdr, 1, 0xffffffff, 0, 9), -EINVAL);
}

/* Every descriptor against every length of a small packet: either all agrees or it is refused. */
TEST(packet_is_taken_apart_only_if_all_lengths_agree)
{
	u32 len, offset8, len8;
	struct pkt_view view;

	for (len = 0; len <= 48; len++) {
		for (offset8 = 0; offset8 <= 8; offset8++) {
			for (len8 = 0; len8 <= 8; len8++) {
				struct vmbus_pkt_hdr hdr = descriptor(6, offset8, len8);
				/* Exactly as long as said. */
				u8 *pkt = malloc(len + !len);
				bool good = len >= 16 && len8 * 8 == len && offset8 >= 2 &&
					    offset8 <= len8;

				memset(pkt, 0, len);
				memcpy(pkt, &hdr, len < 16 ? len : 16);
				EXPECT_EQ(pkt_parse(pkt, len, &view), good ? 0 : -EPROTO);
				if (good) {
					EXPECT_EQ(view.type, 6);
					EXPECT_EQ(view.flags, 0x1234);
					EXPECT(view.id == 0x1122334455667788);
					EXPECT((const u8 *)view.ext == pkt + 16);
					EXPECT_EQ(view.ext_len, offset8 * 8 - 16);
					EXPECT((const u8 *)view.payload == pkt + offset8 * 8);
					EXPECT_EQ(view.payload_len, (len8 - offset8) * 8);
				}
				free(pkt);
			}
		}
	}
}

TEST(types_unknown_to_us_are_passed_on)
{
	struct vmbus_pkt_hdr hdr = descriptor(0xffff, 2, 2);
	struct pkt_view view;

	EXPECT_EQ(pkt_parse(&hdr, 16, &view), 0);
	EXPECT_EQ(view.type, 0xffff);
}

/* A transfer-page packet of exactly as many bytes as it has, saying it holds @claim ranges. */
static u8 *transfer(u32 ext_len, u32 claim, u32 offset, u32 count, struct pkt_view *view)
{
	struct vmbus_pkt_hdr hdr = descriptor(7, 2 + ext_len / 8, 2 + ext_len / 8);
	struct vmbus_pkt_transfer_pages xfer = { .range_count = cpu_to_le32(claim) };
	struct vmbus_transfer_range range = {
		.byte_count = cpu_to_le32(count),
		.byte_offset = cpu_to_le32(offset),
	};
	u8 *pkt = malloc(16 + ext_len);
	u32 at;

	memcpy(pkt, &hdr, 16);
	if (ext_len >= 8)
		memcpy(pkt + 16, &xfer, 8);
	for (at = 24; at < 16 + ext_len; at += 8)
		memcpy(pkt + at, &range, 8);
	EXPECT_EQ(pkt_parse(pkt, 16 + ext_len, view), 0);
	return pkt;
}

TEST(transfer_pages_claiming_more_ranges_than_they_hold_are_refused)
{
	static const u32 far[] = { 0x20000000, 0x20000001, 0x7fffffff, 0x80000000, 0xffffffff };
	u32 ext_len, claim, i, offset, len;
	struct pkt_view view;
	u8 *pkt;

	for (ext_len = 0; ext_len <= 64; ext_len += 8) {
		for (claim = 0; claim < 10 + ARRAY_SIZE(far); claim++) {
			u32 says = claim < 10 ? claim : far[claim - 10];
			u32 room = ext_len < 8 ? 0 : (ext_len - 8) / 8;
			bool good = ext_len >= 8 && says <= room;

			pkt = transfer(ext_len, says, 0, 16, &view);
			EXPECT_EQ(pkt_transfer_count(&view), good ? (int)says : -EPROTO);
			for (i = 0; i < 10; i++)
				EXPECT_EQ(pkt_transfer_range(&view, i, 4096, &offset, &len),
					  i < room ? 0 : -EPROTO);
			EXPECT_EQ(pkt_transfer_range(&view, 0xffffffff, 4096, &offset, &len),
				  -EPROTO);
			free(pkt);
		}
	}
}

TEST(transfer_range_stays_inside_the_shared_buffer)
{
	static const struct {
		u32 offset, count;
		int result;
	} cases[] = {
		{ 0, 0, 0 }, { 0, 4096, 0 }, { 0, 4097, -EPROTO }, { 1, 4096, -EPROTO },
		{ 4096, 0, 0 }, { 4097, 0, -EPROTO }, { 4095, 1, 0 }, { 4095, 2, -EPROTO },
		{ 0xffffffff, 1, -EPROTO }, { 1, 0xffffffff, -EPROTO },
		{ 0x80000000, 0x80000000, -EPROTO }, { 0xfffff000, 0x1000, -EPROTO },
		{ 0xffffffff, 0xffffffff, -EPROTO },
	};
	u32 offset, len;
	struct pkt_view view;
	unsigned int i;
	u8 *pkt;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		offset = len = 0xdead;
		pkt = transfer(16, 1, cases[i].offset, cases[i].count, &view);
		EXPECT_EQ(pkt_transfer_range(&view, 0, 4096, &offset, &len), cases[i].result);
		EXPECT_EQ(offset, cases[i].result ? 0xdead : cases[i].offset);
		EXPECT_EQ(len, cases[i].result ? 0xdead : cases[i].count);
		free(pkt);
	}
}

KTAP_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * gpadl_test.c - a page list survives being cut into messages
 */
#include "ktap.h"

#include "vmbus_client/proto/gpadl.h"

static u64 pfns[VMBUS_GPADL_MAX_PFNS];

static u64 pfn_of(u32 i)
{
	return 0x123456789ull * (i + 1);
}

static u32 u32_at(const u8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
}

static u64 u64_at(const u8 *p)
{
	return u32_at(p) | (u64)u32_at(p + 4) << 32;
}

/* Puts the messages together again as a host would, and compares. */
static void round_trip(u32 byte_offset, u32 byte_count, u32 expected_pfns)
{
	u32 i, at, len, got = 0, messages = 0;
	const struct gpadl_range range = { pfns, byte_offset, byte_count };
	struct gpadl_cut cut;
	int count;

	for (i = 0; i < expected_pfns; i++)
		pfns[i] = pfn_of(i);
	count = gpadl_cut_start(&cut, 77, 0xe1e10, &range, 1);
	EXPECT_EQ(count, expected_pfns <= 26 ? 1 : 1 + (expected_pfns - 26 + 27) / 28);

	for (;;) {
		/* As long as a message may be and not a byte more, for the sanitizer. */
		u8 *msg = malloc(VMBUS_MSG_MAX_LEN);

		memset(msg, 0xee, VMBUS_MSG_MAX_LEN);
		len = gpadl_cut_next(&cut, msg);
		if (!len) {
			free(msg);
			break;
		}
		EXPECT(len <= 240);
		EXPECT_EQ(u32_at(msg + 4), 0);
		EXPECT_EQ(u32_at(msg + 12), 0xe1e10);
		if (!messages++) {
			EXPECT_EQ(u32_at(msg), 8);
			EXPECT_EQ(u32_at(msg + 8), 77);
			EXPECT_EQ(msg[16] | msg[17] << 8, 8 + 8 * expected_pfns);
			EXPECT_EQ(msg[18] | msg[19] << 8, 1);
			EXPECT_EQ(u32_at(msg + 20), byte_count);
			EXPECT_EQ(u32_at(msg + 24), byte_offset);
			at = 28;
		} else {
			EXPECT_EQ(u32_at(msg), 9);
			EXPECT_EQ(u32_at(msg + 8), 0);
			at = 16;
		}
		EXPECT(len > at || !messages);
		EXPECT_EQ((len - at) % 8, 0);
		for (; at < len; at += 8)
			EXPECT_EQ(u64_at(msg + at), pfn_of(got++));
		if (len < 240)
			EXPECT_EQ(msg[len], 0xee);
		free(msg);
	}
	EXPECT_EQ(messages, count);
	EXPECT_EQ(got, expected_pfns);
	EXPECT_EQ(gpadl_cut_next(&cut, pfns), 0);
}

/* Around every place where one more message is needed. */
TEST(every_page_count_is_cut_and_put_together_again)
{
	u32 pages;

	for (pages = 1; pages <= 26 + 5 * 28 + 1; pages++)
		round_trip(0, pages * 4096, pages);
	round_trip(0, 8190u * 4096, 8190);
	round_trip(0, 8189u * 4096, 8189);
}

TEST(offset_and_odd_length_count_the_pages_they_touch)
{
	round_trip(0, 1, 1);
	round_trip(4095, 1, 1);
	round_trip(4095, 2, 2);
	round_trip(1, 4096, 2);
	round_trip(1, 4095, 1);
	round_trip(512, 8192, 3);
	round_trip(4095, 8190u * 4096 - 4095, 8190);
}

static int start_one(u32 byte_offset, u32 byte_count)
{
	const struct gpadl_range range = { pfns, byte_offset, byte_count };
	struct gpadl_cut cut;

	return gpadl_cut_start(&cut, 1, 1, &range, 1);
}

TEST(range_that_cannot_be_named_is_refused)
{
	EXPECT_EQ(start_one(0, 0), -EINVAL);
	EXPECT_EQ(start_one(100, 0), -EINVAL);
	EXPECT_EQ(start_one(4096, 1), -EINVAL);
	EXPECT_EQ(start_one(0xffffffff, 1), -EINVAL);
	/* The length of the range has 16 bits: 8190 pages and no more. */
	EXPECT_EQ(start_one(0, 8190u * 4096 + 1), -EINVAL);
	EXPECT_EQ(start_one(1, 8190u * 4096), -EINVAL);
	EXPECT_EQ(start_one(4095, 0xffffffff), -EINVAL);
	EXPECT_EQ(start_one(0, 0xffffffff), -EINVAL);
}

/* The bytes behind the headers of all messages, one after the other, are the ranges. */
static void ranges_round_trip(const struct gpadl_range *ranges, u32 count)
{
	static u8 stream[65536];
	u32 have = 0, messages = 0, len, at = 0, total = 0, i, j;
	struct gpadl_cut cut;
	u64 msg[240 / 8];
	int expected;

	expected = gpadl_cut_start(&cut, 5, 6, ranges, count);
	REQUIRE(expected > 0);
	while ((len = gpadl_cut_next(&cut, msg))) {
		u32 head = messages++ ? 16 : 20;

		REQUIRE(have + len - head <= sizeof(stream));
		memcpy(stream + have, (u8 *)msg + head, len - head);
		have += len - head;
		if (messages == 1) {
			EXPECT_EQ(u32_at((u8 *)msg + 16) >> 16, count);
			total = u32_at((u8 *)msg + 16) & 0xffff;
		}
	}
	EXPECT_EQ(messages, expected);
	EXPECT_EQ(have, total);
	for (i = 0; i < count; i++) {
		EXPECT_EQ(u32_at(stream + at), ranges[i].byte_count);
		EXPECT_EQ(u32_at(stream + at + 4), ranges[i].byte_offset);
		at += 8;
		for (j = 0; j * 4096 < ranges[i].byte_offset + ranges[i].byte_count; j++, at += 8)
			EXPECT_EQ(u64_at(stream + at), ranges[i].pfns[j]);
	}
	EXPECT_EQ(at, have);
}

/* Wherever a message ends: among the numbers, before a range's head, behind it. */
TEST(several_ranges_are_cut_anywhere)
{
	struct gpadl_range ranges[60];
	u32 i, first;

	for (i = 0; i < ARRAY_SIZE(pfns); i++)
		pfns[i] = pfn_of(i);
	for (first = 1; first < 90; first++) {
		ranges[0] = (struct gpadl_range) { pfns, 0, first * 4096 };
		ranges[1] = (struct gpadl_range) { pfns + first, 4095, 2 };
		ranges[2] = (struct gpadl_range) { pfns + 500, 512, 60 * 4096 };
		ranges_round_trip(ranges, 3);
	}
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		ranges[i] = (struct gpadl_range) { pfns + i, i, 17 };
	for (i = 1; i <= ARRAY_SIZE(ranges); i++)
		ranges_round_trip(ranges, i);
}

TEST(ranges_together_have_16_bits_of_length)
{
	struct gpadl_range ranges[3] = {
		{ pfns, 0, 4096 * 4096 }, { pfns, 0, 4093 * 4096 }, { pfns, 0, 4095 },
	};
	struct gpadl_cut cut;

	EXPECT_EQ(gpadl_cut_start(&cut, 1, 1, ranges, 0), -EINVAL);
	/* 4097 + 4094 units are all there is; the third does not fit. */
	ranges_round_trip(ranges, 2);
	EXPECT_EQ(gpadl_cut_start(&cut, 1, 1, ranges, 3), -EINVAL);
	ranges[1].byte_count = 0;
	EXPECT_EQ(gpadl_cut_start(&cut, 1, 1, ranges, 2), -EINVAL);
	ranges[1].byte_count = 0xffffffff;
	ranges[2].byte_count = 0xffffffff;
	EXPECT_EQ(gpadl_cut_start(&cut, 1, 1, ranges, 3), -EINVAL);
}

KTAP_MAIN

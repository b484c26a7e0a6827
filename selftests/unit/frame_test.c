// SPDX-License-Identifier: GPL-2.0
/*
 * frame_test.c - what is copied of a frame before anybody looks at it are its headers,
 * all of them, and never more than there is
 */
#include "ktap.h"

#include "netvsc/proto/frame.h"

#include <stdlib.h>

struct head {
	u8 bytes[128];
	u32 len;
};

static void put16(struct head *h, u32 value)
{
	h->bytes[h->len++] = value >> 8;
	h->bytes[h->len++] = value;
}

static void ether(struct head *h, bool tagged, u32 type)
{
	memset(h, 0, sizeof(*h));
	h->len = 12;
	if (tagged) {
		put16(h, 0x8100);
		put16(h, 5);
	}
	put16(h, type);
}

static void ip4(struct head *h, bool tagged, u32 words, u8 protocol)
{
	ether(h, tagged, 0x0800);
	h->bytes[h->len] = 0x40 | words;
	h->bytes[h->len + 9] = protocol;
	h->len += words * 4;
}

static void ip6(struct head *h, bool tagged, u8 next)
{
	ether(h, tagged, 0x86dd);
	h->bytes[h->len] = 0x60;
	h->bytes[h->len + 6] = next;
	h->len += 40;
}

static void tcp(struct head *h, u32 words)
{
	h->bytes[h->len + 12] = words << 4;
	h->len += words * 4;
}

static u32 of(const struct head *h)
{
	return frame_header_len(h->bytes, sizeof(h->bytes));
}

TEST(headers_end_where_data_begin)
{
	struct head h;
	int tagged;

	for (tagged = 0; tagged < 2; tagged++) {
		ip4(&h, tagged, 5, 6);
		tcp(&h, 5);
		EXPECT_EQ(of(&h), 54 + 4 * tagged);
		ip4(&h, tagged, 7, 6);
		tcp(&h, 8);
		EXPECT_EQ(of(&h), 74 + 4 * tagged);
		ip4(&h, tagged, 5, 17);
		EXPECT_EQ(of(&h), 42 + 4 * tagged);
		ip6(&h, tagged, 6);
		tcp(&h, 8);
		EXPECT_EQ(of(&h), 86 + 4 * tagged);
		ip6(&h, tagged, 17);
		EXPECT_EQ(of(&h), 62 + 4 * tagged);
	}
}

TEST(what_is_not_known_is_all_header)
{
	struct head h;

	ether(&h, false, 0x0806);
	EXPECT_EQ(of(&h), sizeof(h.bytes));
	ip4(&h, false, 5, 1);
	EXPECT_EQ(of(&h), sizeof(h.bytes));
	ip4(&h, true, 5, 132);
	EXPECT_EQ(of(&h), sizeof(h.bytes));
	/* Extension headers. */
	ip6(&h, false, 0);
	EXPECT_EQ(of(&h), sizeof(h.bytes));
	/* A tag within a tag. */
	ether(&h, true, 0x8100);
	EXPECT_EQ(of(&h), sizeof(h.bytes));
}

/* Of garbage, and of what ends anywhere: in memory of just that size, so that ASan watches. */
/* Else what follows would be parsed where the host can still write to it. */
TEST(headers_shorter_than_any_are_not_believed)
{
	struct head h;
	u32 words;

	for (words = 0; words < 5; words++) {
		ip4(&h, false, words, 6);
		h.bytes[26] = 10;
		EXPECT_EQ(of(&h), sizeof(h.bytes));
		ip4(&h, true, words, 17);
		EXPECT_EQ(of(&h), sizeof(h.bytes));
		ip4(&h, false, 5, 6);
		tcp(&h, words);
		EXPECT_EQ(of(&h), sizeof(h.bytes));
		ip6(&h, false, 6);
		tcp(&h, words);
		EXPECT_EQ(of(&h), sizeof(h.bytes));
	}
}

TEST(no_more_is_read_or_told_than_there_is)
{
	static const u8 next[] = { 0, 6, 17 };
	u32 len, i, n;
	u8 *head;

	for (len = 14; len <= 128; len++)
		for (n = 0; n < 6000; n++) {
			head = malloc(len);
			for (i = 0; i < len; i++)
				head[i] = rand();
			head[12] = n & 1 ? 0x08 : 0x86;
			head[13] = n & 1 ? 0x00 : 0xdd;
			if (len > 23)
				head[n & 1 ? 23 : 20] = next[n % 3];
			i = frame_header_len(head, len);
			if (i < 14 || i > len)
				EXPECT_EQ(i, len);
			free(head);
		}
}

KTAP_MAIN

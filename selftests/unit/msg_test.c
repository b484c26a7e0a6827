// SPDX-License-Identifier: GPL-2.0
/*
 * msg_test.c - which control messages are looked at, and what is read from them
 *
 * What we send is compared byte by byte in golden_test.c.
 */
#include "ktap.h"

#include "vmbus_client/proto/msg.h"

static enum msg_verdict check(u32 type, u32 len, u32 version)
{
	struct vmbus_msg_hdr hdr = { .type = cpu_to_le32(type) };
	u32 got = 0xdead;
	u8 *msg = calloc(1, len > sizeof(hdr) ? len : sizeof(hdr));
	enum msg_verdict verdict;

	memcpy(msg, &hdr, sizeof(hdr));
	verdict = msg_check(msg, len, version, &got);
	EXPECT_EQ(got, verdict == MSG_OK ? type : 0xdead);
	free(msg);
	return verdict;
}

/* What a host may send, how short it may be, and since when. */
static const struct {
	u32 type;
	u32 len;
	u32 since;
} from_host[] = {
	{ 1, 196, 0x0000d },
	{ 2, 12, 0x0000d },
	{ 4, 8, 0x0000d },
	{ 6, 20, 0x0000d },
	{ 10, 20, 0x0000d },
	{ 12, 12, 0x0000d },
	{ 15, 16, 0 },
	{ 17, 8, 0x10001 },
	{ 24, 16, 0x50003 },
};

/* Every length is tried with every message: one byte too few is too few. */
TEST(length_decides_for_every_message_of_the_host)
{
	unsigned int i, len;

	for (i = 0; i < ARRAY_SIZE(from_host); i++)
		for (len = 0; len <= 240; len++)
			EXPECT_EQ(check(from_host[i].type, len, 0x50003),
				  len < from_host[i].len ? MSG_SHORT : MSG_OK);
}

/* Firmware pads to 240 bytes, QEMU to a multiple of 8; neither is an error. */
TEST(longer_than_its_structure_is_fine_but_240_is_the_end)
{
	EXPECT_EQ(check(VMBUS_MSG_OPEN_RESULT, 24, 0x50003), MSG_OK);
	EXPECT_EQ(check(VMBUS_MSG_OPEN_RESULT, 240, 0x50003), MSG_OK);
	EXPECT_EQ(check(VMBUS_MSG_OPEN_RESULT, 241, 0x50003), MSG_LONG);
	EXPECT_EQ(check(VMBUS_MSG_OPEN_RESULT, 4096, 0x50003), MSG_LONG);
	EXPECT_EQ(check(99, 241, 0x50003), MSG_LONG);
}

TEST(header_is_not_read_from_less_than_a_header)
{
	u32 type = 7, len;

	/* Exactly as many bytes as said: the address sanitizer sees one read too many. */
	for (len = 0; len < 8; len++) {
		u8 *msg = malloc(len + !len);

		EXPECT_EQ(msg_check(msg, len, 0x50003, &type), MSG_SHORT);
		EXPECT_EQ(type, 7);
		free(msg);
	}
}

/* All 2^16 low numbers and some from the far end: only the table's rows are known. */
TEST(unknown_types_are_unknown)
{
	static const u32 far[] = { 0x10001, 0x80000001, 0xffffffff, 0x01000000 };
	static const u8 gaps[] = { 0, 30 };
	unsigned int i;

	for (i = 30; i < 0x10000; i++)
		EXPECT_EQ(check(i, 240, 0x60000), MSG_UNKNOWN);
	for (i = 0; i < ARRAY_SIZE(far); i++)
		EXPECT_EQ(check(far[i], 240, 0x60000), MSG_UNKNOWN);
	for (i = 0; i < ARRAY_SIZE(gaps); i++) {
		EXPECT_EQ(check(gaps[i], 240, 0x60000), MSG_UNKNOWN);
		EXPECT(!msg_info(gaps[i]));
		EXPECT_STREQ(msg_name(gaps[i]), "unknown");
	}
}

/* A host that sends what only guests send is not answered, however well formed it is. */
TEST(guest_messages_from_the_host_go_the_wrong_way)
{
	static const u8 ours[] = { 3, 5, 7, 8, 9, 11, 13, 14, 16, 18, 19, 21, 22, 25, 27, 29 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ours); i++) {
		EXPECT_EQ(check(ours[i], 240, 0x50003), MSG_WRONG_WAY);
		EXPECT_EQ(check(ours[i], 8, 0), MSG_WRONG_WAY);
		REQUIRE(msg_info(ours[i]));
		EXPECT_EQ(msg_info(ours[i])->from_host, false);
	}
}

TEST(message_newer_than_the_agreed_version_is_refused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(from_host); i++) {
		if (from_host[i].since)
			EXPECT_EQ(check(from_host[i].type, 240, from_host[i].since - 1),
				  MSG_TOO_NEW);
		EXPECT_EQ(check(from_host[i].type, 240, from_host[i].since), MSG_OK);
	}
	EXPECT_EQ(check(VMBUS_MSG_MODIFY_CHANNEL_RESPONSE, 16, VMBUS_VERSION_5_2), MSG_TOO_NEW);
	EXPECT_EQ(check(VMBUS_MSG_TL_CONNECT_RESULT, 44, VMBUS_VERSION_4_0), MSG_TOO_NEW);
}

/* Before a version is agreed on, a host has one thing to say. */
TEST(only_the_version_response_passes_before_there_is_a_version)
{
	u32 type;

	for (type = 0; type < 64; type++)
		EXPECT_EQ(check(type, 240, 0) == MSG_OK, type == VMBUS_MSG_VERSION_RESPONSE);
}

/* Sockets, reserved channels, features of 6.0: we never ask, so no answer is ours. */
TEST(answers_to_what_is_never_asked_are_known_and_of_no_use)
{
	static const struct { u32 type, len, since; } answers[] = {
		{ 20, 12, VMBUS_VERSION_4_0 }, { 23, 44, VMBUS_VERSION_4_1 },
		{ 26, 9, VMBUS_VERSION_6_0 }, { 28, 8, VMBUS_VERSION_6_0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(answers); i++) {
		EXPECT_EQ(check(answers[i].type, answers[i].len, answers[i].since), MSG_IGNORED);
		EXPECT_EQ(check(answers[i].type, answers[i].len, answers[i].since - 1),
			  MSG_TOO_NEW);
	}
}

/* 16 bytes, 20 or 40, and whatever padding: every form of the answer is taken. */
TEST(version_response_of_every_length_is_taken)
{
	u32 len;

	for (len = 8; len < 16; len++)
		EXPECT_EQ(check(VMBUS_MSG_VERSION_RESPONSE, len, 0), MSG_SHORT);
	for (len = 16; len <= 240; len++)
		EXPECT_EQ(check(VMBUS_MSG_VERSION_RESPONSE, len, 0), MSG_OK);
}

TEST(names_are_distinct)
{
	u32 a, b;

	for (a = 0; a < 32; a++)
		for (b = 0; b < a; b++)
			if (msg_info(a) && msg_info(b))
				EXPECT(strcmp(msg_name(a), msg_name(b)));
	for (a = 0; a < MSG_VERDICT_COUNT; a++)
		for (b = 0; b < a; b++)
			EXPECT(strcmp(msg_verdict_name(a), msg_verdict_name(b)));
	EXPECT_STREQ(msg_name(VMBUS_MSG_OFFER), "offer");
	EXPECT_STREQ(msg_name(0xffffffff), "unknown");
}

static struct vmbus_msg_offer offer_of(u32 relid, u32 connection_id)
{
	return (struct vmbus_msg_offer) {
		.hdr.type = cpu_to_le32(1),
		.relid = cpu_to_le32(relid),
		.connection_id = cpu_to_le32(connection_id),
	};
}

TEST(offer_with_an_impossible_relid_is_refused)
{
	static const u32 bad[] = { 0, 2048, 4095, 0x10001, 0x80000001, 0xffffffff };
	struct vmbus_msg_offer msg;
	struct msg_offer offer;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		msg = offer_of(bad[i], 5);
		EXPECT_EQ(msg_parse_offer(&msg, &offer), -EPROTO);
	}
	for (i = 1; i <= 2047; i++) {
		msg = offer_of(i, 5);
		EXPECT_EQ(msg_parse_offer(&msg, &offer), 0);
		EXPECT_EQ(offer.relid, i);
	}
}

/* Connection ids have 24 bits; 0 is none. */
TEST(offer_with_an_impossible_connection_id_is_refused)
{
	static const struct {
		u32 id;
		int result;
	} ids[] = {
		{ 0, -EPROTO }, { 1, 0 }, { 0x2001, 0 }, { 0xffffff, 0 },
		{ 0x1000000, -EPROTO }, { 0xffffffff, -EPROTO },
	};
	struct vmbus_msg_offer msg;
	struct msg_offer offer;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		msg = offer_of(1, ids[i].id);
		EXPECT_EQ(msg_parse_offer(&msg, &offer), ids[i].result);
	}
}

TEST(offer_is_read_field_by_field)
{
	struct vmbus_msg_offer msg = offer_of(0x123, 0x45678);
	struct msg_offer offer;
	unsigned int i;

	for (i = 0; i < 16; i++) {
		msg.class_id.b[i] = 0x10 + i;
		msg.instance_id.b[i] = 0x30 + i;
	}
	for (i = 0; i < 120; i++)
		msg.user[i] = 0x80 ^ i;
	msg.flags = cpu_to_le16(0x2011);
	msg.mmio_megabytes = cpu_to_le16(64);
	msg.sub_channel_index = cpu_to_le16(3);
	msg.monitor_id = 127;
	msg.monitor_allocated = 0xff;
	msg.dedicated_interrupt = cpu_to_le16(0xfffe);

	REQUIRE(msg_parse_offer(&msg, &offer) == 0);
	EXPECT_MEM(&offer.class_id, &msg.class_id, 16);
	EXPECT_MEM(&offer.instance_id, &msg.instance_id, 16);
	EXPECT_MEM(offer.user, msg.user, 120);
	EXPECT_EQ(offer.relid, 0x123);
	EXPECT_EQ(offer.connection_id, 0x45678);
	EXPECT_EQ(offer.flags, 0x2011);
	EXPECT_EQ(offer.mmio_megabytes, 64);
	EXPECT_EQ(offer.sub_channel_index, 3);
	EXPECT_EQ(offer.monitor_id, 127);
	EXPECT_EQ(offer.monitored, true);
	/* Only bit 0 counts; the rest is reserved. */
	EXPECT_EQ(offer.dedicated, false);
}

/* QEMU offers monitor id 0 without the bit that would make it mean something. */
TEST(monitor_needs_its_bit_and_a_place_in_the_page)
{
	struct vmbus_msg_offer msg = offer_of(1, 1);
	struct msg_offer offer;

	REQUIRE(msg_parse_offer(&msg, &offer) == 0);
	EXPECT_EQ(offer.monitored, false);
	msg.monitor_allocated = 1;
	REQUIRE(msg_parse_offer(&msg, &offer) == 0);
	EXPECT_EQ(offer.monitored, true);
	msg.monitor_id = 128;
	REQUIRE(msg_parse_offer(&msg, &offer) == 0);
	EXPECT_EQ(offer.monitored, false);
	msg.monitor_allocated = 2;
	msg.monitor_id = 1;
	REQUIRE(msg_parse_offer(&msg, &offer) == 0);
	EXPECT_EQ(offer.monitored, false);
}

/* Nothing of what lay in the memory before goes to the host. */
TEST(builders_leave_no_old_byte)
{
	u8 msg[VMBUS_MSG_MAX_LEN] __attribute__((aligned(8)));
	static const u8 zeros[120];
	u32 len;

	memset(msg, 0xff, sizeof(msg));
	len = msg_put_open((void *)msg, 1, 2, 3, 4, 5, NULL, 0);
	EXPECT_EQ(len, 148);
	EXPECT_MEM(msg + 28, zeros, 120);
	EXPECT_EQ(msg[148], 0xff);

	memset(msg, 0xff, sizeof(msg));
	len = msg_put_open((void *)msg, 1, 2, 3, 4, 5, "abc", 3);
	EXPECT_MEM(msg + 28, "abc\0\0", 5);
	EXPECT_MEM(msg + 31, zeros, 117);
	EXPECT_EQ(msg[len], 0xff);

	memset(msg, 0xff, sizeof(msg));
	EXPECT_EQ(msg_put_simple((void *)msg, VMBUS_MSG_UNLOAD), 8);
	EXPECT_MEM(msg, "\x10\0\0\0\0\0\0\0\xff", 9);
}

KTAP_MAIN

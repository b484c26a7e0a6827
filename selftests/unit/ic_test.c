// SPDX-License-Identifier: GPL-2.0
/*
 * ic_test.c - headers and negotiations of hosts, honest and not
 */
#include "ktap.h"

#include "hv_utils/proto/ic.h"

#include <stdlib.h>

static const u32 framework[] = { IC_VERSION(3, 0), IC_VERSION(1, 0), 0 };
static const u32 message[] = { IC_VERSION(4, 0), IC_VERSION(3, 0), IC_VERSION(1, 0), 0 };
static const struct ic_versions ours = { framework, message };

/* In memory that ends where it does, so that the sanitizer sees what reads past it. */
static u8 *packet;
static u32 packet_len;

static struct hvic_hdr *make(u16 type, u32 body_len)
{
	struct hvic_hdr *hdr;

	free(packet);
	packet_len = (u32)sizeof(*hdr) + body_len;
	packet = calloc(1, packet_len);
	hdr = (struct hvic_hdr *)packet;
	hdr->pipe_type = cpu_to_le32(HVIC_PIPE_DATA);
	hdr->pipe_len = cpu_to_le32(packet_len - HVIC_PIPE_LEN);
	hdr->framework.major = cpu_to_le16(3);
	hdr->type = cpu_to_le16(type);
	hdr->version.major = cpu_to_le16(3);
	hdr->body_len = cpu_to_le16(body_len);
	hdr->transaction = 7;
	hdr->flags = HVIC_FLAG_TRANSACTION | HVIC_FLAG_REQUEST;
	return hdr;
}

/* A negotiation that claims so many versions and has so many. */
static void make_negotiation(u16 framework_cnt, u16 version_cnt, const u32 *versions, u32 count)
{
	struct hvic_hdr *hdr = make(HVIC_TYPE_NEGOTIATE, sizeof(struct hvic_negotiate) + 4 * count);
	struct hvic_negotiate *body = (struct hvic_negotiate *)(hdr + 1);
	u32 i;

	body->framework_cnt = cpu_to_le16(framework_cnt);
	body->version_cnt = cpu_to_le16(version_cnt);
	for (i = 0; i < count; i++) {
		body->versions[i].major = cpu_to_le16(IC_MAJOR(versions[i]));
		body->versions[i].minor = cpu_to_le16(IC_MINOR(versions[i]));
	}
}

static enum ic_fault negotiate(struct ic_agreed *agreed)
{
	struct ic_msg msg;

	if (ic_parse(packet, packet_len, &msg) != IC_FAULT_NONE)
		return IC_FAULT_COUNT;
	return ic_negotiate(&msg, &ours, agreed);
}

TEST(a_request_is_seen_as_it_is)
{
	struct ic_msg msg;

	make(HVIC_TYPE_HEARTBEAT, 16);
	EXPECT_EQ(ic_parse(packet, packet_len, &msg), IC_FAULT_NONE);
	EXPECT_EQ(msg.type, HVIC_TYPE_HEARTBEAT);
	EXPECT_EQ(msg.version, IC_VERSION(3, 0));
	EXPECT_EQ(msg.body_len, 16);
	EXPECT(msg.body == packet + 28);
}

TEST(padding_is_not_body)
{
	struct hvic_hdr *hdr = make(HVIC_TYPE_HEARTBEAT, 16);
	struct ic_msg msg;

	/* The sender rounds packets up to 8, and a body may be less than what follows. */
	hdr->pipe_len = cpu_to_le32(packet_len - HVIC_PIPE_LEN - 4);
	hdr->body_len = cpu_to_le16(8);
	EXPECT_EQ(ic_parse(packet, packet_len, &msg), IC_FAULT_NONE);
	EXPECT_EQ(msg.body_len, 12);
}

TEST(short_packets_cannot_be_answered)
{
	struct ic_msg msg;
	u32 len;

	for (len = 0; len < sizeof(struct hvic_hdr); len++) {
		u8 *some = malloc(len ? len : 1);

		memset(some, 1, len);
		EXPECT_EQ(ic_parse(some, len, &msg), IC_FAULT_SHORT);
		EXPECT(!msg.hdr);
		free(some);
	}
}

TEST(the_pipe_header_must_fit)
{
	static const u32 bad[] = { 0, 19, 37, 0x80000000u, ~0u, ~0u - 7 };
	struct hvic_hdr *hdr;
	struct ic_msg msg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		hdr = make(HVIC_TYPE_HEARTBEAT, 16);
		hdr->pipe_len = cpu_to_le32(bad[i]);
		EXPECT_EQ(ic_parse(packet, packet_len, &msg), IC_FAULT_PIPE);
		EXPECT(!msg.hdr);
	}
	hdr = make(HVIC_TYPE_HEARTBEAT, 16);
	hdr->pipe_type = cpu_to_le32(2);
	EXPECT_EQ(ic_parse(packet, packet_len, &msg), IC_FAULT_PIPE);
}

TEST(a_body_that_is_not_there_is_refused)
{
	struct hvic_hdr *hdr = make(HVIC_TYPE_HEARTBEAT, 16);
	struct ic_msg msg;

	hdr->body_len = cpu_to_le16(17);
	EXPECT_EQ(ic_parse(packet, packet_len, &msg), IC_FAULT_BODY);
	EXPECT(msg.hdr == hdr);
	EXPECT(!msg.body && !msg.body_len);
}

TEST(answers_are_no_requests)
{
	struct hvic_hdr *hdr = make(HVIC_TYPE_HEARTBEAT, 16);
	struct ic_msg msg;

	hdr->flags = HVIC_FLAG_TRANSACTION | HVIC_FLAG_RESPONSE;
	EXPECT_EQ(ic_parse(packet, packet_len, &msg), IC_FAULT_FLAGS);
	/* A host that sets no flags at all is an old one. */
	hdr->flags = 0;
	EXPECT_EQ(ic_parse(packet, packet_len, &msg), IC_FAULT_NONE);
}

TEST(the_best_common_versions_are_chosen_whatever_their_order)
{
	static const u32 theirs[] = {
		IC_VERSION(1, 0), IC_VERSION(3, 0),
		IC_VERSION(1, 0), IC_VERSION(4, 0), IC_VERSION(5, 0), IC_VERSION(3, 0),
	};
	struct hvic_negotiate *body;
	struct ic_agreed agreed;

	make_negotiation(2, 4, theirs, 6);
	EXPECT_EQ(negotiate(&agreed), IC_FAULT_NONE);
	EXPECT_EQ(agreed.framework, IC_VERSION(3, 0));
	EXPECT_EQ(agreed.message, IC_VERSION(4, 0));
	body = (struct hvic_negotiate *)(packet + 28);
	EXPECT_EQ(le16_to_cpu(body->framework_cnt), 1);
	EXPECT_EQ(le16_to_cpu(body->version_cnt), 1);
	EXPECT_EQ(le16_to_cpu(body->versions[0].major), 3);
	EXPECT_EQ(le16_to_cpu(body->versions[1].major), 4);
	EXPECT_EQ(le16_to_cpu(((struct hvic_hdr *)packet)->body_len), 16);
}

TEST(nothing_in_common_is_said_so)
{
	/* Each list may be the one without; a framework version does not count as the other. */
	static const u32 no_message[] = { IC_VERSION(3, 0), IC_VERSION(9, 9) };
	static const u32 no_framework[] = { IC_VERSION(4, 0), IC_VERSION(4, 0) };
	struct ic_agreed agreed = { 1, 1 };

	make_negotiation(1, 1, no_message, 2);
	EXPECT_EQ(negotiate(&agreed), IC_FAULT_NONE);
	EXPECT(!agreed.framework && !agreed.message);
	EXPECT_EQ(packet[28] | packet[29] | packet[30] | packet[31], 0);
	make_negotiation(1, 1, no_framework, 2);
	EXPECT_EQ(negotiate(&agreed), IC_FAULT_NONE);
	EXPECT(!agreed.framework && !agreed.message);
	make_negotiation(0, 0, NULL, 0);
	EXPECT_EQ(negotiate(&agreed), IC_FAULT_NONE);
	EXPECT(!agreed.framework && !agreed.message);
	make_negotiation(2, 0, no_message, 2);
	EXPECT_EQ(negotiate(&agreed), IC_FAULT_NONE);
	EXPECT(!agreed.framework && !agreed.message);
}

TEST(lists_that_do_not_fit_are_refused)
{
	static const u32 theirs[] = { IC_VERSION(3, 0), IC_VERSION(4, 0) };
	static const u16 bad[][2] = {
		{ 1, 2 }, { 2, 1 }, { 0xffff, 0xffff }, { 0xffff, 3 }, { 0, 3 }, { 3, 0 },
	};
	struct ic_agreed agreed;
	struct ic_msg msg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		make_negotiation(bad[i][0], bad[i][1], theirs, 2);
		EXPECT_EQ(negotiate(&agreed), IC_FAULT_VERSIONS);
		EXPECT(!agreed.framework && !agreed.message);
		EXPECT_EQ(packet[28] | packet[29] | packet[30] | packet[31], 0);
	}
	make(HVIC_TYPE_NEGOTIATE, 7);
	EXPECT_EQ(ic_parse(packet, packet_len, &msg), IC_FAULT_NONE);
	EXPECT_EQ(ic_negotiate(&msg, &ours, &agreed), IC_FAULT_VERSIONS);
}

TEST(a_hundred_versions_are_read_and_no_more)
{
	static u32 theirs[202];
	struct ic_agreed agreed;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(theirs); i++)
		theirs[i] = IC_VERSION(7, i);
	theirs[99] = IC_VERSION(3, 0);
	theirs[199] = IC_VERSION(1, 0);
	make_negotiation(100, 100, theirs, 200);
	EXPECT_EQ(negotiate(&agreed), IC_FAULT_NONE);
	EXPECT_EQ(agreed.framework, IC_VERSION(3, 0));
	EXPECT_EQ(agreed.message, IC_VERSION(1, 0));
	make_negotiation(101, 100, theirs, 202);
	EXPECT_EQ(negotiate(&agreed), IC_FAULT_VERSIONS);
	make_negotiation(100, 101, theirs, 202);
	EXPECT_EQ(negotiate(&agreed), IC_FAULT_VERSIONS);
}

TEST(requests_must_be_for_the_service_and_of_a_version_it_has)
{
	struct ic_agreed agreed = { IC_VERSION(3, 0), IC_VERSION(3, 0) }, none = { 0 };
	struct hvic_hdr *hdr = make(HVIC_TYPE_KVP, 8);
	struct ic_msg msg;

	EXPECT_EQ(ic_parse(packet, packet_len, &msg), IC_FAULT_NONE);
	EXPECT_EQ(ic_check(&msg, HVIC_TYPE_KVP, &ours, &agreed), IC_FAULT_NONE);
	EXPECT_EQ(ic_check(&msg, HVIC_TYPE_VSS, &ours, &agreed), IC_FAULT_TYPE);
	EXPECT_EQ(ic_check(&msg, HVIC_TYPE_KVP, &ours, &none), IC_FAULT_EARLY);
	hdr->version.major = cpu_to_le16(0xffff);
	EXPECT_EQ(ic_parse(packet, packet_len, &msg), IC_FAULT_NONE);
	EXPECT_EQ(ic_check(&msg, HVIC_TYPE_KVP, &ours, &agreed), IC_FAULT_VERSION);
}

TEST(an_answer_is_the_request_with_status_and_flags)
{
	struct hvic_hdr *hdr = make(HVIC_TYPE_KVP, 8), before = *hdr;

	ic_answer(hdr, HVIC_STATUS_NO_MORE_ITEMS);
	EXPECT_EQ(le32_to_cpu(hdr->status), HVIC_STATUS_NO_MORE_ITEMS);
	EXPECT_EQ(hdr->flags, HVIC_FLAG_TRANSACTION | HVIC_FLAG_RESPONSE);
	hdr->status = before.status;
	hdr->flags = before.flags;
	EXPECT_MEM(hdr, &before, sizeof(before));
}

TEST(every_fault_has_a_name_and_a_status)
{
	int fault, other;

	EXPECT_EQ(ic_fault_status(IC_FAULT_NONE), HVIC_STATUS_OK);
	for (fault = IC_FAULT_NONE + 1; fault < IC_FAULT_COUNT; fault++) {
		EXPECT(ic_fault_status(fault) & 0x80000000u);
		for (other = 0; other < fault; other++)
			EXPECT(strcmp(ic_fault_name(fault), ic_fault_name(other)));
	}
	EXPECT_STREQ(ic_fault_name(IC_FAULT_COUNT), "unknown");
}

__attribute__((destructor)) static void tidy(void)
{
	free(packet);
}

KTAP_MAIN

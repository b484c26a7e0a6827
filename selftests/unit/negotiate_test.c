// SPDX-License-Identifier: GPL-2.0
/*
 * negotiate_test.c - the version ladder against hosts of every kind
 */
#include "ktap.h"

#include "vmbus_client/proto/negotiate.h"

static const u32 newest_first[] = {
	0x60000, 0x50003, 0x50002, 0x50001, 0x50000, 0x40001, 0x40000,
};

static struct vmbus_msg_version_response_features answer(u8 supported, u8 state, u32 id)
{
	return (struct vmbus_msg_version_response_features) {
		.base = {
			.hdr.type = cpu_to_le32(15),
			.supported = supported,
			.connection_state = state,
			.message_connection_id = cpu_to_le32(id),
		},
	};
}

/* A host: the versions it knows on each port, and the id it hands out. */
struct host {
	u32 oldest, newest;
	bool has_v5_port;
	u32 id;
};

/* The loop a caller runs. Returns the number of questions; the last verdict in @verdict. */
static unsigned int talk(const struct host *host, u32 max, struct negotiate *n,
			 enum negotiate_verdict *verdict)
{
	struct vmbus_msg_version_response_features rsp;
	struct vmbus_msg_initiate_contact msg;
	unsigned int asked = 0;
	u32 version;

	*verdict = NEGOTIATE_FAILED;
	negotiate_start(n, max);
	while (negotiate_ask(n, 0, 0, 0, &msg)) {
		asked++;
		version = le32_to_cpu(msg.version);
		EXPECT_EQ(version, n->version);
		EXPECT_EQ(n->connection_id, version >= 0x50000 ? 4 : 1);
		if (n->connection_id == 4 && !host->has_v5_port) {
			*verdict = negotiate_no_port(n);
		} else {
			bool known = version >= host->oldest && version <= host->newest;

			rsp = answer(known, 0, known ? host->id : 0);
			*verdict = negotiate_answer(n, &rsp);
		}
		if (*verdict != NEGOTIATE_NEXT)
			break;
	}
	return asked;
}

TEST(asks_newest_first_and_each_version_once)
{
	struct vmbus_msg_initiate_contact msg;
	struct negotiate n;
	unsigned int i;

	negotiate_start(&n, 0);
	for (i = 0; i < ARRAY_SIZE(newest_first); i++) {
		EXPECT_EQ(negotiate_ask(&n, 0, 0, 0, &msg), 40);
		EXPECT_EQ(le32_to_cpu(msg.version), newest_first[i]);
		EXPECT_EQ(negotiate_no_port(&n), NEGOTIATE_NEXT);
	}
	EXPECT_EQ(negotiate_ask(&n, 0, 0, 0, &msg), 0);
	EXPECT_EQ(negotiate_ask(&n, 0, 0, 0, &msg), 0);
}

TEST(question_from_5_0_on_names_the_sint_on_port_4)
{
	static const u8 expected[40] = {
		14, 0, 0, 0, 0, 0, 0, 0,  3, 0, 5, 0, 7, 0, 0, 0,
		2, 0, 0, 0, 0, 0, 0, 0,  0, 0x10, 0, 0, 1, 0, 0, 0,  0, 0x20, 0, 0, 2, 0, 0, 0,
	};
	struct vmbus_msg_initiate_contact msg;
	struct negotiate n;

	memset(&msg, 0xee, sizeof(msg));
	negotiate_start(&n, VMBUS_VERSION_5_3);
	EXPECT_EQ(negotiate_ask(&n, 7, 0x100001000, 0x200002000, &msg), 40);
	EXPECT_EQ(n.connection_id, 4);
	EXPECT_MEM(&msg, expected, 40);
}

/* A guest that needs none of the features asks for none, in the short form. */
TEST(question_for_6_0_asks_for_no_feature)
{
	static const u8 expected[40] = {
		14, 0, 0, 0, 0, 0, 0, 0,  0, 0, 6, 0, 7, 0, 0, 0,
		2, 0, 0, 0, 0, 0, 0, 0,  0, 0x10, 0, 0, 1, 0, 0, 0,  0, 0x20, 0, 0, 2, 0, 0, 0,
	};
	struct vmbus_msg_initiate_contact msg;
	struct negotiate n;

	memset(&msg, 0xee, sizeof(msg));
	negotiate_start(&n, 0);
	EXPECT_EQ(negotiate_ask(&n, 7, 0x100001000, 0x200002000, &msg), 40);
	EXPECT_EQ(n.connection_id, 4);
	EXPECT_MEM(&msg, expected, 40);
}

/* Whatever a host of any version puts where 6.0 has its flags: not asked for, not granted. */
TEST(features_not_asked_for_are_not_granted)
{
	struct vmbus_msg_version_response_features rsp = answer(1, 0, 1);
	struct vmbus_msg_initiate_contact msg;
	struct negotiate n;
	unsigned int i;

	rsp.feature_flags = cpu_to_le32(0xffffffff);
	for (i = 0; i < ARRAY_SIZE(newest_first); i++) {
		negotiate_start(&n, newest_first[i]);
		negotiate_ask(&n, 0, 0, 0, &msg);
		EXPECT_EQ(negotiate_answer(&n, &rsp), NEGOTIATE_AGREED);
		EXPECT_EQ(n.features, 0);
	}
}

/* After a sleep: the version that was, or none. */
TEST(reconnecting_asks_for_one_version_only)
{
	struct vmbus_msg_version_response_features no = answer(0, 0, 0);
	struct vmbus_msg_initiate_contact msg;
	struct negotiate n;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(newest_first); i++) {
		negotiate_again(&n, newest_first[i]);
		EXPECT_EQ(negotiate_ask(&n, 0, 0, 0, &msg), 40);
		EXPECT_EQ(n.version, newest_first[i]);
		EXPECT_EQ(negotiate_answer(&n, &no), NEGOTIATE_NEXT);
		EXPECT_EQ(negotiate_ask(&n, 0, 0, 0, &msg), 0);
	}
}

TEST(question_below_5_0_names_no_interrupt_page_on_port_1)
{
	static const u8 expected[40] = {
		14, 0, 0, 0, 0, 0, 0, 0,  1, 0, 4, 0, 7, 0, 0, 0,
	};
	struct vmbus_msg_initiate_contact msg;
	struct negotiate n;

	memset(&msg, 0xee, sizeof(msg));
	negotiate_start(&n, VMBUS_VERSION_4_1);
	EXPECT_EQ(negotiate_ask(&n, 7, 0, 0, &msg), 40);
	EXPECT_EQ(n.connection_id, 1);
	EXPECT_MEM(&msg, expected, 40);
}

TEST(current_host_agrees_at_once)
{
	static const struct host host = { 0xd, 0x60000, true, 1 };
	enum negotiate_verdict verdict;
	struct negotiate n;

	EXPECT_EQ(talk(&host, 0, &n, &verdict), 1);
	EXPECT_EQ(verdict, NEGOTIATE_AGREED);
	EXPECT_EQ(n.version, VMBUS_VERSION_6_0);
	EXPECT_EQ(n.connection_id, 1);
}

/* QEMU has no port 4 and knows nothing above 4.0. */
TEST(qemu_is_reached_at_4_0)
{
	static const struct host host = { 1, 0x40000, false, 0 };
	enum negotiate_verdict verdict;
	struct negotiate n;

	EXPECT_EQ(talk(&host, 0, &n, &verdict), 7);
	EXPECT_EQ(verdict, NEGOTIATE_AGREED);
	EXPECT_EQ(n.version, VMBUS_VERSION_4_0);
	EXPECT_EQ(n.connection_id, 1);
}

/* Every host that stops at one of our versions is met there. */
TEST(highest_common_version_is_found)
{
	enum negotiate_verdict verdict;
	struct negotiate n;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(newest_first); i++) {
		for (j = 0; j < ARRAY_SIZE(newest_first); j++) {
			struct host host = { 0xd, newest_first[i], true, 0x800074 };
			u32 common = newest_first[i > j ? i : j];

			talk(&host, newest_first[j], &n, &verdict);
			EXPECT_EQ(verdict, NEGOTIATE_AGREED);
			EXPECT_EQ(n.version, common);
			EXPECT_EQ(n.connection_id, common >= 0x50000 ? 0x800074 : 1);
		}
	}
}

TEST(host_of_another_age_leaves_nothing_to_ask)
{
	static const struct host older = { 0xd, 0x30000, true, 1 };
	static const struct host newer = { 0x70000, 0x80000, true, 1 };
	enum negotiate_verdict verdict;
	struct negotiate n;

	EXPECT_EQ(talk(&older, 0, &n, &verdict), 7);
	EXPECT_EQ(verdict, NEGOTIATE_NEXT);
	EXPECT_EQ(talk(&newer, 0, &n, &verdict), 7);
	EXPECT_EQ(verdict, NEGOTIATE_NEXT);
}

TEST(limit_is_honoured)
{
	struct vmbus_msg_initiate_contact msg;
	struct negotiate n;

	negotiate_start(&n, VMBUS_VERSION_5_1);
	EXPECT_EQ(negotiate_ask(&n, 0, 0, 0, &msg), 40);
	EXPECT_EQ(n.version, VMBUS_VERSION_5_1);
	/* Between two rungs: the lower one. */
	negotiate_start(&n, VMBUS_VERSION(4u, 7u));
	EXPECT_EQ(negotiate_ask(&n, 0, 0, 0, &msg), 40);
	EXPECT_EQ(n.version, VMBUS_VERSION_4_1);
	/* Above the ladder: its top. */
	negotiate_start(&n, 0xffffffff);
	EXPECT_EQ(negotiate_ask(&n, 0, 0, 0, &msg), 40);
	EXPECT_EQ(n.version, VMBUS_VERSION_6_0);
	/* Below it: nothing to ask. */
	negotiate_start(&n, VMBUS_VERSION(3u, 0u));
	EXPECT_EQ(negotiate_ask(&n, 0, 0, 0, &msg), 0);
}

/* "Supported" and yet not connected: asking for less would not help. */
TEST(host_that_cannot_connect_us_fails_the_ladder)
{
	struct vmbus_msg_version_response_features rsp;
	struct vmbus_msg_initiate_contact msg;
	struct negotiate n;
	unsigned int state;

	for (state = 1; state < 256; state++) {
		negotiate_start(&n, 0);
		negotiate_ask(&n, 0, 0, 0, &msg);
		rsp = answer(1, state, 1);
		EXPECT_EQ(negotiate_answer(&n, &rsp), NEGOTIATE_FAILED);
	}
	/* The state of a version that is not supported says nothing. */
	negotiate_start(&n, 0);
	negotiate_ask(&n, 0, 0, 0, &msg);
	rsp = answer(0, 2, 1);
	EXPECT_EQ(negotiate_answer(&n, &rsp), NEGOTIATE_NEXT);
}

TEST(impossible_connection_id_fails_the_ladder)
{
	static const u32 bad[] = { 0, 0x1000000, 0x80000001, 0xffffffff };
	struct vmbus_msg_version_response_features rsp;
	struct vmbus_msg_initiate_contact msg;
	struct negotiate n;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		negotiate_start(&n, 0);
		negotiate_ask(&n, 0, 0, 0, &msg);
		rsp = answer(1, 0, bad[i]);
		EXPECT_EQ(negotiate_answer(&n, &rsp), NEGOTIATE_FAILED);
		/* Below 5.0 nobody looks at it. */
		negotiate_start(&n, VMBUS_VERSION_4_1);
		negotiate_ask(&n, 0, 0, 0, &msg);
		EXPECT_EQ(negotiate_answer(&n, &rsp), NEGOTIATE_AGREED);
		EXPECT_EQ(n.connection_id, 1);
	}
	/* Any non-zero byte means yes, and all 24 bits may be used. */
	negotiate_start(&n, 0);
	negotiate_ask(&n, 0, 0, 0, &msg);
	rsp = answer(0x80, 0, 0xffffff);
	EXPECT_EQ(negotiate_answer(&n, &rsp), NEGOTIATE_AGREED);
	EXPECT_EQ(n.connection_id, 0xffffff);
}

KTAP_MAIN

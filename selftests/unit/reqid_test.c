// SPDX-License-Identifier: GPL-2.0
/*
 * reqid_test.c - an id finds its request once, and nothing else finds it at all
 */
#include "ktap.h"

#include "vmbus_client/proto/reqid.h"

#define CAP	8

static struct reqid_slot slots[CAP];
static int cookies[CAP + 1];

static void fresh(struct reqid_table *t, u32 cap)
{
	memset(slots, 0xee, sizeof(slots));
	reqid_init(t, slots, cap);
}

TEST(id_gives_its_cookie_back_once)
{
	struct reqid_table t;
	u64 id;

	fresh(&t, CAP);
	id = reqid_bind(&t, &cookies[0]);
	EXPECT(id != 0);
	EXPECT_EQ(t.busy, 1);
	EXPECT(reqid_take(&t, id) == &cookies[0]);
	EXPECT_EQ(t.busy, 0);
	/* The host completes it again. */
	EXPECT(!reqid_take(&t, id));
	EXPECT_EQ(t.busy, 0);
}

/* A slot is used again at once; the answer to the request before must not find the new one. */
TEST(late_answer_does_not_find_the_next_request)
{
	struct reqid_table t;
	u64 first, second;

	fresh(&t, 1);
	first = reqid_bind(&t, &cookies[0]);
	EXPECT(reqid_take(&t, first) == &cookies[0]);
	second = reqid_bind(&t, &cookies[1]);
	EXPECT(first != second);
	EXPECT(!reqid_take(&t, first));
	EXPECT_EQ(t.busy, 1);
	EXPECT(reqid_take(&t, second) == &cookies[1]);
}

TEST(table_fills_and_empties)
{
	struct reqid_table t;
	u64 ids[CAP];
	unsigned int i, j;

	fresh(&t, CAP);
	for (i = 0; i < CAP; i++) {
		ids[i] = reqid_bind(&t, &cookies[i]);
		EXPECT(ids[i] != 0);
		for (j = 0; j < i; j++)
			EXPECT(ids[j] != ids[i]);
	}
	EXPECT_EQ(reqid_bind(&t, &cookies[CAP]), 0);
	EXPECT_EQ(t.busy, CAP);
	for (i = 0; i < CAP; i++)
		EXPECT(reqid_take(&t, ids[(i * 3) % CAP]) == &cookies[(i * 3) % CAP]);
	EXPECT_EQ(t.busy, 0);
	EXPECT(reqid_bind(&t, &cookies[0]) != 0);
}

TEST(invented_ids_find_nothing)
{
	struct reqid_table t;
	unsigned int bit;
	u64 id, low;

	fresh(&t, CAP);
	EXPECT(!reqid_take(&t, 0));
	id = reqid_bind(&t, &cookies[0]);
	EXPECT(!reqid_take(&t, 0));
	EXPECT(!reqid_take(&t, ~0ull));
	EXPECT(!reqid_take(&t, ~0ull - 2));
	/* Every single bit of an id matters. */
	for (bit = 0; bit < 64; bit++)
		EXPECT(!reqid_take(&t, id ^ 1ull << bit));
	/* Slots never used, and those beyond the table, with any likely generation. */
	for (low = 0; low < 2 * CAP; low++) {
		EXPECT(!reqid_take(&t, low));
		EXPECT(!reqid_take(&t, 2ull << 32 | low));
	}
	EXPECT(reqid_take(&t, id) == &cookies[0]);
}

TEST(whatever_is_out_can_be_taken_without_its_id)
{
	struct reqid_table t;
	bool seen[CAP] = { false };
	unsigned int i, count = 0;
	u64 ids[CAP];
	int *cookie;

	fresh(&t, CAP);
	EXPECT(!reqid_take_any(&t));
	for (i = 0; i < CAP; i++)
		ids[i] = reqid_bind(&t, &cookies[i]);
	reqid_take(&t, ids[0]);
	reqid_take(&t, ids[4]);
	while ((cookie = reqid_take_any(&t))) {
		EXPECT(!seen[cookie - cookies]);
		seen[cookie - cookies] = true;
		count++;
	}
	EXPECT_EQ(count, CAP - 2);
	EXPECT(!seen[0] && !seen[4]);
	EXPECT_EQ(t.busy, 0);
	for (i = 0; i < CAP; i++)
		EXPECT(!reqid_take(&t, ids[i]));
	/* All slots are of use again. */
	for (i = 0; i < CAP; i++)
		EXPECT(reqid_bind(&t, &cookies[i]) != 0);
}

/* Random use against a plain list of what is out. */
TEST(random_use_agrees_with_a_list)
{
	struct { u64 id; int *cookie; } out[CAP];
	static int many[100000];
	unsigned int i, n = 0, pick;
	struct reqid_table t;
	u64 old = 0;

	srand(1);
	fresh(&t, CAP);
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		EXPECT_EQ(t.busy, n);
		if (rand() & 1) {
			u64 id = reqid_bind(&t, &many[i]);

			EXPECT_EQ(id == 0, n == CAP);
			if (id)
				out[n++] = (typeof(out[0])){ id, &many[i] };
		} else if (n) {
			pick = (unsigned int)rand() % n;
			EXPECT(reqid_take(&t, out[pick].id) == out[pick].cookie);
			old = out[pick].id;
			out[pick] = out[--n];
		}
		EXPECT(!reqid_take(&t, old));
	}
}

KTAP_MAIN

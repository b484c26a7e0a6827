// SPDX-License-Identifier: GPL-2.0
/*
 * pair_test.c - the guest's pure code against the provider, which shares no
 * function with it, from first contact to unload
 */
#include "ktap.h"

/* Each test is linked from one object; the guest is shared with fuzz_pair.c. */
#include "unit/miniguest.c"

static struct pair pair;

static void begin(void)
{
	if (!pair_start(&pair))
		abort();
}

/* A host and a guest that both kept the rules. */
static void end(void)
{
	EXPECT_EQ(pair.lb->violations, 0);
	if (pair.lb->violations)
		KTAP_FAIL("%s", pair.lb->violation);
	EXPECT_EQ(pair.guest.strange, 0);
	EXPECT_EQ(pair.guest.broken, 0);
	EXPECT_EQ(pair.garbled, 0);
	pair_end(&pair);
}

static void connect_up_to(uint32_t max_version)
{
	mg_contact(&pair.guest, max_version);
	pair_settle(&pair);
}

/* Connected, and its one channel open. */
static bool get_open(void)
{
	connect_up_to(0);
	mg_open(&pair.guest, 0);
	pair_settle(&pair);
	return mg_is_open(&pair.guest, 0);
}

static void unload(void)
{
	EXPECT(mg_unload(&pair.guest));
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.conn, MG_ALONE);
	EXPECT(pair_ledger_empty(&pair));
}

static uint64_t counter(const char *name)
{
	char out[8192], *at, wanted[64];

	loopback_command(pair.lb, "counters", out, sizeof(out));
	snprintf(wanted, sizeof(wanted), "\n%s ", name);
	at = strstr(out, wanted);
	return at ? strtoull(at + strlen(wanted), NULL, 10) : 0;
}

TEST(the_straight_line)
{
	uint32_t i;

	begin();
	REQUIRE(get_open());
	EXPECT_EQ(pair.guest.negotiate.version, VMBUS_VERSION_6_0);
	for (i = 0; i < 1000; i++) {
		EXPECT(mg_send(&pair.guest, 0, 1 + i % 600, i & 1));
		pair_settle(&pair);
	}
	EXPECT_EQ(pair.guest.answered, 1000);
	EXPECT_EQ(pair.requests, 1000);
	/* One at a time: a signal and an interrupt for each, and none too many. */
	EXPECT_EQ(counter("signals"), 1000);
	EXPECT_EQ(counter("signals_spurious"), 0);
	EXPECT_EQ(counter("interrupts"), 1000);
	EXPECT(mg_close(&pair.guest, 0));
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.chan[0].state, CHAN_OFFERED);
	unload();
	EXPECT_EQ(pair.guest.unmatched, 0);
	end();
}

/* A buffer in pieces, whose ends lie within pages: the host puts it together as it was meant. */
TEST(memory_in_several_ranges_is_lent_and_given_back)
{
	struct gpadl_range ranges[8];
	struct vmbus_msg_gpadl_teardown teardown;
	u64 msg[VMBUS_MSG_MAX_LEN / 8];
	struct gpadl_cut cut;
	uint64_t pfns[20];
	uint32_t i, len, relid;
	char out[256];

	begin();
	REQUIRE(get_open());
	relid = pair.guest.chan[0].offer.relid;
	for (i = 0; i < ARRAY_SIZE(pfns); i++)
		pfns[i] = pair.guest.chan[0].first_pfn + i % 2;
	for (i = 0; i < ARRAY_SIZE(ranges); i++)
		ranges[i] = (struct gpadl_range) { pfns, 500 * i, 4096 * (1 + 2 * i) + i };
	EXPECT_EQ(gpadl_cut_start(&cut, relid, 0xabcd, ranges, ARRAY_SIZE(ranges)), 3);
	while ((len = gpadl_cut_next(&cut, msg)))
		loopback_post(pair.lb, pair.guest.negotiate.connection_id, msg, len);
	loopback_command(pair.lb, "ledger", out, sizeof(out));
	EXPECT(strstr(out, "gpadls=2 "));
	len = msg_put_gpadl_teardown(&teardown, relid, 0xabcd);
	loopback_post(pair.lb, pair.guest.negotiate.connection_id, &teardown, len);
	pair_settle(&pair);
	/* CREATED and TORNDOWN: the miniguest's code did not ask for them. */
	EXPECT_EQ(pair.guest.unmatched, 2);
	loopback_command(pair.lb, "ledger", out, sizeof(out));
	EXPECT(strstr(out, "gpadls=1 "));
	end();
}

TEST(every_version_of_host_and_guest)
{
	static const struct { const char *name; uint32_t version; } rungs[] = {
		{ "4.0", VMBUS_VERSION_4_0 }, { "4.1", VMBUS_VERSION_4_1 },
		{ "5.0", VMBUS_VERSION_5_0 }, { "5.1", VMBUS_VERSION_5_1 },
		{ "5.2", VMBUS_VERSION_5_2 }, { "5.3", VMBUS_VERSION_5_3 },
		{ "6.0", VMBUS_VERSION_6_0 },
	};
	char err[64];
	int host, guest;

	for (host = 0; host < 7; host++) {
		for (guest = 0; guest < 7; guest++) {
			begin();
			vsp_option(pair.lb->vsp, "max_version", rungs[host].name, err, sizeof(err));
			connect_up_to(rungs[guest].version);
			EXPECT_EQ(pair.guest.conn, MG_ENUMERATED);
			EXPECT_EQ(pair.guest.negotiate.version,
				  rungs[host < guest ? host : guest].version);
			mg_open(&pair.guest, 0);
			pair_settle(&pair);
			EXPECT(mg_is_open(&pair.guest, 0));
			unload();
			end();
		}
	}
}

TEST(no_version_in_common)
{
	char err[64];

	begin();
	vsp_option(pair.lb->vsp, "min_version", "5.2", err, sizeof(err));
	connect_up_to(VMBUS_VERSION_5_1);
	EXPECT_EQ(pair.guest.conn, MG_ALONE);
	end();
}

TEST(a_batch_costs_one_signal)
{
	uint32_t i;

	begin();
	REQUIRE(get_open());
	for (i = 0; i < 12; i++)
		EXPECT(mg_send(&pair.guest, 0, 100, false));
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.answered, 12);
	EXPECT_EQ(counter("signals"), 1);
	EXPECT_EQ(counter("interrupts"), 1);
	EXPECT_EQ(counter("interrupts_suppressed"), 11);
	end();
}

TEST(a_full_ring_wakes_its_writer)
{
	uint32_t sent = 0;

	begin();
	REQUIRE(get_open());
	while (mg_send(&pair.guest, 0, 2000, false))
		sent++;
	EXPECT_EQ(pair.guest.full, 1);
	EXPECT(sent >= 3 && sent < MG_REQUESTS);
	/* The host drains, and says so although it has no packet for us. */
	pair.hold = true;
	loopback_deliver(pair.lb);
	EXPECT(pair.lb->vp[0].flags[0] & 2);
	EXPECT(mg_send(&pair.guest, 0, 2000, false));
	pair.hold = false;
	pair_release_held(&pair);
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.answered, sent + 1);
	end();
}

TEST(the_host_waits_for_a_slow_reader)
{
	uint32_t i, round;

	begin();
	REQUIRE(get_open());
	for (round = 0; round < 50; round++) {
		for (i = 0; i < 30; i++)
			pair_ask(&pair, 0);
		for (i = 0; i < MG_REQUESTS; i++)
			mg_send(&pair.guest, 0, 300, false);
		pair_settle(&pair);
		EXPECT_EQ(pair.confirmed, pair.asked);
		EXPECT_EQ(pair.guest.answered, pair.guest.sent);
	}
	end();
}

TEST(answers_in_any_order)
{
	uint32_t i;

	begin();
	REQUIRE(get_open());
	pair.hold = true;
	for (i = 0; i < MG_REQUESTS; i++) {
		EXPECT(mg_send(&pair.guest, 0, 200, i & 1));
		pair_settle(&pair);
	}
	EXPECT(!mg_send(&pair.guest, 0, 200, false));
	pair_release_held(&pair);
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.answered, MG_REQUESTS);
	end();
}

TEST(rescind_at_every_step_of_an_open)
{
	static const char *const faults[] = { "gpadl_created:rescind", "open_result:rescind" };
	char line[64];
	int i;

	for (i = 0; i < 2; i++) {
		begin();
		connect_up_to(0);
		snprintf(line, sizeof(line), "fault %s", faults[i]);
		REQUIRE(pair_command(&pair, line));
		EXPECT(mg_open(&pair.guest, 0));
		pair_settle(&pair);
		EXPECT_EQ(pair.guest.chan[0].state, CHAN_RESCINDED);
		EXPECT(mg_release(&pair.guest, 0));
		EXPECT(pair_ledger_empty(&pair));
		EXPECT(pair_command(&pair, "offer pair0"));
		pair_settle(&pair);
		EXPECT(mg_open(&pair.guest, 0));
		pair_settle(&pair);
		EXPECT(mg_is_open(&pair.guest, 0));
		end();
	}
}

TEST(rescind_crosses_a_close)
{
	begin();
	REQUIRE(get_open());
	EXPECT(pair_command(&pair, "rescind pair0"));
	EXPECT(mg_close(&pair.guest, 0));	/* it has not heard yet */
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.chan[0].state, CHAN_RESCINDED);
	EXPECT(mg_release(&pair.guest, 0));
	EXPECT(pair_ledger_empty(&pair));
	end();
}

TEST(refusals_are_undone)
{
	static const char *const faults[] = {
		"fault gpadl_created:status:1", "fault open_result:status:1",
	};
	int i;

	for (i = 0; i < 2; i++) {
		begin();
		connect_up_to(0);
		REQUIRE(pair_command(&pair, faults[i]));
		mg_open(&pair.guest, 0);
		pair_settle(&pair);
		EXPECT_EQ(pair.guest.chan[0].state, CHAN_OFFERED);
		EXPECT(pair_ledger_empty(&pair));
		mg_open(&pair.guest, 0);
		pair_settle(&pair);
		EXPECT(mg_is_open(&pair.guest, 0));
		end();
	}
}

TEST(sub_channels)
{
	uint32_t i;

	begin();
	REQUIRE(get_open());
	EXPECT_EQ(vsp_device_offer_sub_channels(pair.device, 2), 0);
	pair_settle(&pair);
	for (i = 1; i < 3; i++) {
		EXPECT_EQ(pair.guest.chan[i].offer.sub_channel_index, i);
		EXPECT(mg_open(&pair.guest, i));
	}
	pair_settle(&pair);
	for (i = 0; i < 3; i++)
		EXPECT(mg_send(&pair.guest, i, 64, false));
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.answered, 3);
	EXPECT(!mg_close(&pair.guest, 0));	/* not before its sub-channels */
	for (i = 2; i <= 2; i--) {
		EXPECT(mg_close(&pair.guest, i));
		pair_settle(&pair);
		if (i)
			EXPECT(mg_release(&pair.guest, i));
	}
	unload();
	end();
}

TEST(twenty_loads)
{
	uint32_t i;

	begin();
	for (i = 0; i < 20; i++) {
		REQUIRE(get_open());
		EXPECT(mg_send(&pair.guest, 0, 64, true));
		pair_settle(&pair);
		if (i & 1) {
			EXPECT(mg_close(&pair.guest, 0));
			pair_settle(&pair);
		}
		unload();
	}
	EXPECT_EQ(pair.guest.answered, 20);
	end();
}

/*
 * Whatever a correct guest and a host that misbehaves within the protocol do,
 * in whatever order, the referee finds nothing, the rings stay sound, and an
 * unload leaves nothing behind.
 */
TEST(random_walks)
{
	uint32_t seed, step, opened = 0, answered = 0, rescinded = 0;
	uint64_t rng;

	for (seed = 1; seed <= 300; seed++) {
		begin();
		rng = seed * 0x9e3779b97f4a7c15u;
		for (step = 0; step < 1500; step++) {
			rng = rng * 6364136223846793005u + 1442695040888963407u;
			pair_step(&pair, (uint8_t)(rng >> 56), (uint16_t)(rng >> 33), PAIR_LEGAL);
			if (pair.lb->violations || pair.guest.strange || pair.guest.broken) {
				KTAP_FAIL("seed %u, step %u: %s, strange %u, broken %u", seed, step,
					  pair.lb->violation, pair.guest.strange,
					  pair.guest.broken);
				break;
			}
		}
		opened += counter("messages_out.open_result");
		answered += pair.guest.answered;
		rescinded += counter("messages_out.rescind");
		pair_command(&pair, "fault clear");
		/* An old answer may still lie in the slot and be taken for the new one. */
		connect_up_to(0);
		if (pair.guest.conn != MG_ENUMERATED)
			connect_up_to(0);
		EXPECT_EQ(pair.guest.conn, MG_ENUMERATED);
		unload();
		end();
	}
	printf("# %u opens answered, %u requests, %u rescinds\n", opened, answered, rescinded);
	EXPECT(opened > 1000);
	EXPECT(answered > 5000);
	EXPECT(rescinded > 100);
}

KTAP_MAIN

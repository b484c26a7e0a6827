// SPDX-License-Identifier: GPL-2.0
/*
 * misbehaviour_test.c - the host at fault does what its script says, and the
 * guest's pure code refuses what it must and goes on
 */
#include "ktap.h"

#include "unit/miniguest.c"

static struct pair pair;

static void begin(void)
{
	if (!pair_start(&pair))
		abort();
}

static void end(void)
{
	EXPECT_EQ(pair.lb->violations, 0);
	if (pair.lb->violations)
		KTAP_FAIL("%s", pair.lb->violation);
	pair_end(&pair);
}

static void order(const char *line)
{
	if (!pair_command(&pair, line))
		KTAP_FAIL("the host does not take '%s'", line);
}

static void refuse(const char *line)
{
	if (pair_command(&pair, line))
		KTAP_FAIL("the host takes '%s'", line);
}

static void connect_guest(void)
{
	mg_contact(&pair.guest, 0);
	pair_settle(&pair);
}

static bool get_open(void)
{
	connect_guest();
	mg_open(&pair.guest, 0);
	pair_settle(&pair);
	return mg_is_open(&pair.guest, 0);
}

/* A request goes and comes back. */
static bool talks(uint32_t chan)
{
	uint32_t answered = pair.guest.answered;

	if (!mg_send(&pair.guest, chan, 64, false))
		return false;
	pair_settle(&pair);
	return pair.guest.answered == answered + 1;
}

static uint32_t refused(void)
{
	uint32_t i, sum = pair.guest.unmatched;

	for (i = 0; i < MSG_VERDICT_COUNT; i++)
		sum += pair.guest.refused[i];
	return sum;
}

/* Hooks -------------------------------------------------------------------------*/

TEST(a_hook_runs_once_and_at_the_message_it_names)
{
	begin();
	order("on gpadl_created@2 rescind pair0");
	REQUIRE(get_open());
	EXPECT(mg_close(&pair.guest, 0));
	pair_settle(&pair);
	EXPECT(mg_open(&pair.guest, 0));
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.chan[0].state, CHAN_RESCINDED);
	EXPECT(mg_release(&pair.guest, 0));
	order("offer pair0");
	pair_settle(&pair);
	EXPECT(mg_open(&pair.guest, 0));
	pair_settle(&pair);
	EXPECT(mg_is_open(&pair.guest, 0));
	end();
}

TEST(before_means_the_host_has_not_looked_at_it)
{
	char out[4096];

	begin();
	connect_guest();
	order("before open rescind pair0");
	EXPECT(mg_open(&pair.guest, 0));
	/* The open comes to a channel that is no more; there is no result. */
	mg_receive(&pair.guest);
	loopback_command(pair.lb, "counters", out, sizeof(out));
	EXPECT(!strstr(out, "messages_out.open_result"));
	EXPECT_EQ(pair.guest.chan[0].state, CHAN_RESCINDED);
	end();
}

TEST(rescind_at_every_message_of_a_life)
{
	static const char *const steps[] = {
		"before offer", "on offer", "on all_offers_delivered", "before gpadl_header",
		"before gpadl_created", "on gpadl_created", "before open", "before open_result",
		"on open_result", "before packet", "on packet", "before close", "on close",
		"before gpadl_teardown", "before gpadl_torndown", "on gpadl_torndown",
	};
	char line[64];
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		begin();
		snprintf(line, sizeof(line), "%s rescind pair0", steps[i]);
		order(line);
		connect_guest();
		if (mg_open(&pair.guest, 0))
			pair_settle(&pair);
		if (mg_send(&pair.guest, 0, 64, false))
			pair_settle(&pair);
		if (mg_close(&pair.guest, 0))
			pair_settle(&pair);
		/* One that overtook its offer was about nothing the guest knew. */
		if (i)
			EXPECT_EQ(pair.guest.chan[0].state, CHAN_RESCINDED);
		if (pair.guest.chan[0].state == CHAN_RESCINDED)
			EXPECT(mg_release(&pair.guest, 0));
		if (i)
			EXPECT(pair_ledger_empty(&pair));
		EXPECT(mg_unload(&pair.guest));
		pair_settle(&pair);
		EXPECT(pair_ledger_empty(&pair));
		end();
	}
}

TEST(scripts_may_be_late_repeat_and_be_forgotten)
{
	char out[256];

	begin();
	connect_guest();
	order("after 50 inject rescind relid=99");
	order("repeat 3 1000 inject rescind relid=98");
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.unmatched, 1);
	loopback_advance(pair.lb, 10000000);
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.unmatched, 3);
	loopback_advance(pair.lb, 40000000);
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.unmatched, 4);
	order("on open@3 log x; log y");
	order("before packet@* ping");
	order("after 1000 ping");
	EXPECT(loopback_command(pair.lb, "hooks", out, sizeof(out)));
	EXPECT_STREQ(out, "on open@3 log x; log y\nbefore packet@* ping\n"
		     "later, 1 times: ping\nok\n");
	order("behave");
	EXPECT(loopback_command(pair.lb, "hooks", out, sizeof(out)));
	EXPECT_STREQ(out, "ok\n");
	end();
}

TEST(scripts_that_call_each_other_come_to_an_end)
{
	begin();
	connect_guest();
	order("on rescind@* inject rescind relid=77");
	order("before packet@* before packet ping; ping");
	order("inject rescind relid=77");
	pair_settle(&pair);
	EXPECT(pair.guest.unmatched > 1);
	order("behave");
	pair_settle(&pair);
	mg_open(&pair.guest, 0);
	pair_settle(&pair);
	EXPECT(talks(0));
	end();
}

TEST(commands_that_make_no_sense)
{
	static const char *const bad[] = {
		"on", "on nothing ping", "on open", "on open@0 ping", "on open@x ping",
		"before post ping", "after", "after x ping", "after 5", "repeat 0 1 ping",
		"repeat 1 ping", "release sideways", "inject nothing",
		"inject offer nonsense=1", "inject offer like=nobody", "inject hex=0", "inject hex=xx",
		"inject rescind relid=nobody", "packet", "packet nobody", "packet pair0",
		"phantoms", "refill pair0", "ring pair0 read_index=1", "interrupt nobody",
		"interrupt 2048", "interrupt 5 vp=99", "reoffer nobody", "fault offer:hold:x",
		"fault interrupt:short", "fault packet:delay:1", "fault gpadl_torndown:relid:1",
		"fault all_offers_delivered:id:4",
	};
	uint32_t i;

	begin();
	connect_guest();
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		refuse(bad[i]);
	end();
}

/* Messages --------------------------------------------------------------------------*/

TEST(whatever_comes_out_of_nowhere_is_refused)
{
	static const char *const stray[] = {
		"inject open_result relid=pair0 open_id=1 status=0",
		"inject gpadl_created relid=pair0 gpadl=0x100", "inject gpadl_torndown gpadl=0x100",
		"inject version_response supported=1", "inject rescind relid=0",
		"inject rescind relid=2047", "inject rescind relid=0xffffffff",
		"inject offer relid=0", "inject offer relid=2048", "inject offer relid=0xffffffff",
		"inject offer relid=pair0", "inject open relid=1 len=20", "inject type=0",
		"inject type=29", "inject type=0x7fffffff", "inject rescind len=4", "inject offer len=195",
		"inject rescind len=255", "inject hex=02", "inject initiate_contact",
	};
	uint32_t i, before;

	begin();
	REQUIRE(get_open());
	for (i = 0; i < ARRAY_SIZE(stray); i++) {
		before = refused();
		if (!pair_command(&pair, stray[i])) {
			/* Fields of the guest's messages have no names here. */
			EXPECT(strstr(stray[i], "inject open "));
			continue;
		}
		pair_settle(&pair);
		if (refused() != before + 1)
			KTAP_FAIL("'%s' was not refused", stray[i]);
	}
	EXPECT(talks(0));
	end();
}

TEST(every_message_in_every_state)
{
	static const struct { const char *when; bool comes_up; } states[] = {
		/* While it waits for one of these, a stray one is as good as the real one. */
		{ "on initiate_contact barrage", false }, { "on request_offers barrage", true },
		{ "before gpadl_header barrage", true }, { "before open barrage", true },
		{ "on open_result barrage", true }, { "before packet barrage", true },
		{ "before close barrage", true }, { "before gpadl_teardown barrage", true },
		{ "before unload_response barrage", true }, { "on unload_response barrage", true },
	};
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		begin();
		order(states[i].when);
		connect_guest();
		if (states[i].comes_up) {
			EXPECT_EQ(pair.guest.conn, MG_ENUMERATED);
			EXPECT(mg_open(&pair.guest, 0));
			pair_settle(&pair);
			EXPECT(talks(0));
			EXPECT(mg_close(&pair.guest, 0));
			pair_settle(&pair);
			EXPECT(mg_unload(&pair.guest));
			pair_settle(&pair);
			EXPECT_EQ(pair.guest.conn, MG_ALONE);
			EXPECT(pair_ledger_empty(&pair));
			EXPECT(refused() > 100);
		}
		order("behave");
		/* A new life, whatever has been. */
		loopback_reset(pair.lb);
		mg_init(&pair.guest, pair.lb);
		REQUIRE(get_open());
		EXPECT(talks(0));
		end();
	}
}

TEST(dirty_long_and_misdirected_answers_are_answers)
{
	static const char *const ways[] = { "dirty", "long", "vp:3" };
	static const char *const answers[] = {
		"version_response", "offer", "all_offers_delivered", "gpadl_created", "open_result",
		"gpadl_torndown", "unload_response",
	};
	char line[64];
	uint32_t i, j;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		begin();
		for (j = 0; j < ARRAY_SIZE(answers); j++) {
			snprintf(line, sizeof(line), "fault %s:%s:*", answers[j], ways[i]);
			order(line);
		}
		REQUIRE(get_open());
		EXPECT(talks(0));
		EXPECT(mg_close(&pair.guest, 0));
		pair_settle(&pair);
		EXPECT(mg_unload(&pair.guest));
		pair_settle(&pair);
		EXPECT_EQ(pair.guest.conn, MG_ALONE);
		EXPECT_EQ(refused(), 0);
		EXPECT(pair_ledger_empty(&pair));
		end();
	}
}

TEST(answers_about_something_else_answer_nobody)
{
	static const char *const wrong[] = {
		"fault gpadl_created:relid:9", "fault gpadl_created:id:0", "fault open_result:relid:0",
		"fault open_result:id:0xffffffff",
	};
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		begin();
		connect_guest();
		order(wrong[i]);
		EXPECT(mg_open(&pair.guest, 0));
		pair_settle(&pair);
		EXPECT(!mg_is_open(&pair.guest, 0));
		EXPECT_EQ(pair.guest.unmatched, 1);
		end();
	}
}

TEST(held_messages_go_out_in_another_order)
{
	begin();
	order("phantoms 2");
	order("fault offer:hold:*");
	order("before all_offers_delivered release reversed");
	connect_guest();
	EXPECT_EQ(pair.guest.conn, MG_ENUMERATED);
	EXPECT_EQ(pair.guest.chan[0].offer.relid, 3);
	EXPECT_EQ(pair.guest.chan[1].offer.relid, 2);
	EXPECT_EQ(pair.guest.chan[2].offer.relid, 1);
	order("behave");
	order("fault rescind:hold:*");
	order("rescind all");
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.chan[0].state, CHAN_OFFERED);
	order("release shuffled");
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.chan[0].state, CHAN_RESCINDED);
	EXPECT_EQ(pair.guest.chan[2].state, CHAN_RESCINDED);
	end();
}

/* Offers ------------------------------------------------------------------------------*/

TEST(a_device_offered_again_before_its_channel_is_released)
{
	begin();
	REQUIRE(get_open());
	order("reoffer pair0");
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.chan[0].state, CHAN_RESCINDED);
	EXPECT_EQ(pair.guest.chan[1].offer.relid, 2);
	EXPECT(mg_open(&pair.guest, 1));
	pair_settle(&pair);
	EXPECT(talks(1));
	EXPECT(mg_release(&pair.guest, 0));
	EXPECT(talks(1));
	end();
}

TEST(a_relid_goes_to_another_device_the_moment_it_is_released)
{
	begin();
	REQUIRE(get_open());
	order("on relid_released phantoms 1");
	order("rescind pair0");
	pair_settle(&pair);
	EXPECT(mg_release(&pair.guest, 0));
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.chan[0].offer.relid, 1);
	EXPECT_EQ(pair.guest.chan[0].offer.class_id.b[0], 0xfa);
	order("phantoms 0");
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.chan[0].state, CHAN_RESCINDED);
	end();
}

/* The host offers a relid that it has taken away and that nobody has given back. */
TEST(a_refused_offer_does_not_un_rescind_a_channel)
{
	begin();
	REQUIRE(get_open());
	order("rescind pair0");
	order("inject offer relid=pair0 instance=1");
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.unmatched, 1);
	EXPECT_EQ(pair.guest.chan[0].state, CHAN_RESCINDED);
	EXPECT(!mg_send(&pair.guest, 0, 64, false));
	EXPECT(mg_release(&pair.guest, 0));
	/* Now that it is free, the same offer is as good as any. */
	order("inject offer relid=1 instance=1");
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.unmatched, 1);
	EXPECT_EQ(pair.guest.chan[0].state, CHAN_OFFERED);
	EXPECT(mg_release(&pair.guest, 0));
	end();
}

TEST(a_made_up_relid_may_be_given_back_once)
{
	begin();
	connect_guest();
	order("inject offer relid=900");
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.chan[1].offer.relid, 900);
	EXPECT(mg_release(&pair.guest, 1));
	EXPECT_EQ(pair.lb->violations, 0);
	release_relid(&pair.guest, 900);
	EXPECT_EQ(pair.lb->violations, 1);
	pair_end(&pair);
}

/* Interrupts ---------------------------------------------------------------------------*/

TEST(interrupts_are_lost_late_doubled_and_misdirected)
{
	begin();
	REQUIRE(get_open());
	order("fault interrupt:drop");
	EXPECT(!talks(0));
	/* The next one finds both. */
	EXPECT(mg_send(&pair.guest, 0, 64, false));
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.answered, 0);
	order("interrupt pair0");
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.answered, 2);

	order("fault interrupt:delay:5");
	EXPECT(!talks(0));
	loopback_advance(pair.lb, 5000000);
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.answered, 3);

	order("fault interrupt:vp:2");
	EXPECT(mg_send(&pair.guest, 0, 64, false));
	loopback_deliver(pair.lb);
	EXPECT(pair.lb->vp[2].flags[0] & 2);
	EXPECT(!(pair.lb->vp[0].flags[0] & 2));
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.answered, 4);

	order("fault interrupt:dup");
	EXPECT(talks(0));
	order("interrupt 2047");
	EXPECT(loopback_take_event(pair.lb, 0, 2047));
	order("interrupt 0 vp=1");
	EXPECT(loopback_take_event(pair.lb, 1, 0));
	end();
}

/* What a fault sends late or again is not late or doubled itself, or it would never end. */
TEST(a_fault_of_every_interrupt_spoils_each_once)
{
	char out[4096];
	uint32_t i;

	begin();
	REQUIRE(get_open());
	order("fault interrupt:delay:5:*");
	for (i = 0; i < 3; i++) {
		EXPECT(!talks(0));
		loopback_advance(pair.lb, 5000000);
		pair_settle(&pair);
		EXPECT_EQ(pair.guest.answered, i + 1);
	}
	order("fault clear");
	order("fault interrupt:dup:*");
	EXPECT(talks(0));
	loopback_advance(pair.lb, 1000);
	loopback_command(pair.lb, "hooks", out, sizeof(out));
	EXPECT(!strstr(out, "later"));
	end();
}

/* Nobody would ring again for what is in the ring already. */
TEST(what_is_late_comes_when_the_host_behaves_again)
{
	char out[256];

	begin();
	REQUIRE(get_open());
	order("fault interrupt:delay:5:*");
	EXPECT(!talks(0));
	order("after 1 rescind pair0");
	order("behave");
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.answered, 1);
	EXPECT(loopback_command(pair.lb, "hooks", out, sizeof(out)));
	EXPECT_STREQ(out, "ok\n");
	EXPECT(talks(0));
	end();
}

/* Packets -------------------------------------------------------------------------------*/

static const char *const descriptors_that_lie[] = {
	"packet pair0 len8=0", "packet pair0 len8=1", "packet pair0 len8=0xffff", "packet pair0 offset8=0",
	"packet pair0 offset8=1", "packet pair0 offset8=3", "packet pair0 offset8=0xffff len=64",
	"packet pair0 len8=9 len=8", "packet pair0 len8=4 len=8",
};

TEST(descriptors_that_lie_break_the_channel)
{
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(descriptors_that_lie); i++) {
		begin();
		REQUIRE(get_open());
		order(descriptors_that_lie[i]);
		pair_settle(&pair);
		if (pair.guest.broken != 1)
			KTAP_FAIL("'%s' did not break it", descriptors_that_lie[i]);
		EXPECT(mg_close(&pair.guest, 0));
		pair_settle(&pair);
		EXPECT(mg_unload(&pair.guest));
		pair_settle(&pair);
		EXPECT(pair_ledger_empty(&pair));
		end();
	}
}

TEST(indices_that_lie_break_the_channel)
{
	static const char *const indices[] = {
		"ring pair0 write_index=4", "ring pair0 write_index=8192", "ring pair0 write_index=0xfffffff8",
		"ring pair0 write_index=8", "ring pair0 write_index=0xffffffff",
	};
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(indices); i++) {
		begin();
		REQUIRE(get_open());
		order(indices[i]);
		pair_settle(&pair);
		EXPECT_EQ(pair.guest.broken, 1);
		EXPECT(mg_close(&pair.guest, 0));
		pair_settle(&pair);
		end();
	}
	begin();
	REQUIRE(get_open());
	order("ring pair0 read_index=0x7fffffff");
	EXPECT(!mg_send(&pair.guest, 0, 64, false));
	EXPECT_EQ(pair.guest.broken, 1);
	end();
}

TEST(other_fields_of_the_ring_that_lie_break_nothing)
{
	static const char *const fields[] = {
		"ring pair0 pending_send_size=0xffffffff", "ring pair0 pending_send_size=1",
		"ring pair0 feature_bits=0xffffffff", "ring pair0 feature_bits=0",
	};
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		begin();
		REQUIRE(get_open());
		order(fields[i]);
		pair_settle(&pair);
		EXPECT(talks(0));
		EXPECT_EQ(pair.guest.broken, 0);
		end();
	}
}

TEST(completions_of_nothing_are_strange_and_no_more)
{
	static const char *const completions[] = {
		"packet pair0 type=11 id=0", "packet pair0 type=11 id=1",
		"packet pair0 type=11 id=0xffffffffffffffff len=64", "fault packet:dup",
		"fault packet:id:0",
	};
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(completions); i++) {
		begin();
		REQUIRE(get_open());
		order(completions[i]);
		mg_send(&pair.guest, 0, 64, false);
		pair_settle(&pair);
		EXPECT_EQ(pair.guest.strange, 1);
		EXPECT_EQ(pair.guest.broken, 0);
		EXPECT(talks(0));
		end();
	}
}

TEST(packets_before_the_open_is_answered_are_read_after_it)
{
	begin();
	connect_guest();
	order("before open_result packet pair0 len=8");
	EXPECT(mg_open(&pair.guest, 0));
	pair_settle(&pair);
	EXPECT(mg_is_open(&pair.guest, 0));
	mg_poll(&pair.guest, 0, true);
	EXPECT(talks(0));
	end();
}

TEST(a_stalled_host_reads_nothing_until_it_goes_on)
{
	begin();
	REQUIRE(get_open());
	refuse("resume pair0");
	order("stall pair0");
	EXPECT(!talks(0));
	EXPECT(!talks(0));
	EXPECT_EQ(pair.requests, 0);
	order("resume pair0");
	pair_settle(&pair);
	EXPECT_EQ(pair.requests, 2);
	EXPECT_EQ(pair.guest.answered, 2);
	end();
}

TEST(a_sub_channel_is_named_by_its_number)
{
	begin();
	REQUIRE(get_open());
	refuse("packet pair0/1 len=8");
	REQUIRE(!vsp_device_offer_sub_channels(pair.device, 2));
	pair_settle(&pair);
	refuse("rescind pair0/3");
	refuse("rescind pair0/");
	order("rescind pair0/2");
	pair_settle(&pair);
	EXPECT_EQ(pair.guest.chan[0].state, CHAN_OPEN);
	EXPECT_EQ(pair.guest.chan[1].state, CHAN_OFFERED);
	EXPECT_EQ(pair.guest.chan[2].state, CHAN_RESCINDED);
	refuse("rescind pair0/2");
	end();
}

TEST(a_ring_refilled_as_fast_as_it_is_read)
{
	uint32_t i;

	begin();
	REQUIRE(get_open());
	order("repeat 200 10 refill pair0");
	for (i = 0; i < 200; i++) {
		loopback_advance(pair.lb, 10000);
		pair_settle(&pair);
	}
	EXPECT_EQ(pair.guest.broken, 0);
	EXPECT(talks(0));
	end();
}

KTAP_MAIN

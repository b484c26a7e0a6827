// SPDX-License-Identifier: GPL-2.0
/*
 * clock_test.c - a host's clock that drifts, jumps, sleeps and lies
 */
#include "ktap.h"

#include "hv_utils/proto/clock.h"

#define SEC		10000000ull		/* ticks */
#define EPOCH		116444736000000000ull
#define NOON		(EPOCH + 1700000000ull * SEC)	/* a day in 2023 */
#define NS		CLOCK_NSEC_PER_SEC

static struct clock_sample at(u64 host, u64 ref)
{
	return (struct clock_sample){ .host = host, .ref = ref, .leap = 1, .stratum = 3 };
}

static const struct clock_policy usual = {
	.step = true,
	.least_ns = NS / 10,
	.ahead_ns = 31 * 86400 * NS,
	.back_ns = 86400 * NS,
	.behind_ns = 5 * NS,
};

TEST(nothing_is_known_before_the_first_sample)
{
	struct clock clock = { 0 };
	s64 ns;

	EXPECT(!clock_read(&clock, 0, &ns));
	EXPECT(!clock_read(&clock, ~0ull, &ns));
}

TEST(time_goes_on_from_a_sample)
{
	struct clock_sample s = at(NOON, 5 * SEC);
	struct clock clock = { 0 };
	s64 ns = 0;

	EXPECT_EQ(clock_take(&clock, &s, 6 * SEC), CLOCK_TAKEN);
	EXPECT(clock_read(&clock, 7 * SEC + 3, &ns));
	EXPECT_EQ(ns, 1700000002ll * NS + 300);
	EXPECT_EQ(clock.leap, 1);
	EXPECT_EQ(clock.stratum, 3);
	EXPECT_EQ(clock.jump_ns, 0);
}

TEST(a_sample_that_waited_in_the_ring_is_as_good)
{
	struct clock_sample early = at(NOON, 100 * SEC);
	struct clock_sample late = at(NOON + 4 * SEC, 104 * SEC);
	struct clock clock = { 0 };
	s64 ns = 0;

	EXPECT_EQ(clock_take(&clock, &early, 109 * SEC), CLOCK_TAKEN);
	EXPECT_EQ(clock_take(&clock, &late, 109 * SEC), CLOCK_TAKEN);
	EXPECT_EQ(clock.jump_ns, 0);
	EXPECT(clock_read(&clock, 109 * SEC, &ns));
	EXPECT_EQ(ns, 1700000009ll * NS);
}

TEST(trust_ends_after_ten_minutes)
{
	struct clock_sample s = at(NOON, 0);
	struct clock clock = { 0 };
	s64 ns;

	EXPECT_EQ(clock_take(&clock, &s, 0), CLOCK_TAKEN);
	EXPECT(clock_read(&clock, 600 * SEC, &ns));
	EXPECT(!clock_read(&clock, 600 * SEC + 1, &ns));
	EXPECT(!clock_read(&clock, ~0ull, &ns));
}

TEST(old_samples_are_stale)
{
	struct clock_sample s = at(NOON, 100 * SEC);
	struct clock_sample older = at(NOON - SEC, 99 * SEC);
	struct clock clock = { 0 }, before;

	EXPECT_EQ(clock_take(&clock, &s, 110 * SEC + 1), CLOCK_STALE);
	EXPECT(!clock.known);
	EXPECT_EQ(clock_take(&clock, &s, 110 * SEC), CLOCK_TAKEN);
	before = clock;
	EXPECT_EQ(clock_take(&clock, &older, 105 * SEC), CLOCK_STALE);
	EXPECT_MEM(&clock, &before, sizeof(clock));
	/* The same one again tells nothing new, and does no harm. */
	EXPECT_EQ(clock_take(&clock, &s, 105 * SEC), CLOCK_TAKEN);
	EXPECT_EQ(clock.jump_ns, 0);
}

TEST(a_sample_from_the_future_is_refused)
{
	struct clock_sample s = at(NOON, 100 * SEC);
	struct clock clock = { 0 };
	s64 ns = 0;

	EXPECT_EQ(clock_take(&clock, &s, 99 * SEC), CLOCK_FUTURE);
	s.ref = ~0ull;
	EXPECT_EQ(clock_take(&clock, &s, 99 * SEC), CLOCK_FUTURE);
	EXPECT(!clock.known);
	/* But another CPU may be a little behind. */
	s.ref = 99 * SEC + 9999;
	EXPECT_EQ(clock_take(&clock, &s, 99 * SEC), CLOCK_TAKEN);
	EXPECT(clock_read(&clock, 99 * SEC - 9999, &ns));
	EXPECT_EQ(ns, 1700000000ll * NS);
}

TEST(a_counter_that_began_anew_is_believed)
{
	struct clock_sample s = at(NOON, 1000 * SEC), anew = at(NOON + 60 * SEC, 2 * SEC);
	struct clock clock = { 0 };
	s64 ns = 0;

	EXPECT_EQ(clock_take(&clock, &s, 1000 * SEC), CLOCK_TAKEN);
	EXPECT(!clock_read(&clock, 2 * SEC, &ns));
	EXPECT_EQ(clock_take(&clock, &anew, 3 * SEC), CLOCK_TAKEN);
	EXPECT_EQ(clock.jump_ns, 0);
	EXPECT(clock_read(&clock, 3 * SEC, &ns));
	EXPECT_EQ(ns, 1700000061ll * NS);
}

TEST(times_no_clock_shows_are_nonsense)
{
	static const u64 bad[] = {
		0, 1, EPOCH - 1, EPOCH + 7300000000ull * SEC, 1ull << 63, ~0ull,
	};
	struct clock clock = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct clock_sample s = at(bad[i], 0);

		EXPECT_EQ(clock_take(&clock, &s, 0), CLOCK_NONSENSE);
	}
	EXPECT(!clock.known);
}

TEST(jumps_and_sleep_are_seen)
{
	/* The host sleeps for eight hours: the counter stands still meanwhile. */
	static const s64 seconds[] = { 1, 600, 8 * 3600, -8 * 3600 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(seconds); i++) {
		struct clock_sample s = at(NOON, 100 * SEC);
		struct clock_sample next = at(NOON + 5 * SEC + (u64)seconds[i] * SEC, 105 * SEC);
		struct clock clock = { 0 };

		EXPECT_EQ(clock_take(&clock, &s, 100 * SEC), CLOCK_TAKEN);
		EXPECT_EQ(clock_take(&clock, &next, 105 * SEC), CLOCK_TAKEN);
		EXPECT_EQ(clock.jump_ns, seconds[i] * NS);
	}
}

TEST(the_clock_is_set_when_the_host_asks)
{
	EXPECT_EQ(clock_correct(&usual, true, NS), CLOCK_STEP);
	EXPECT_EQ(clock_correct(&usual, true, -NS), CLOCK_STEP);
	EXPECT_EQ(clock_correct(&usual, true, 600 * NS), CLOCK_STEP);
	EXPECT_EQ(clock_correct(&usual, true, -8 * 3600 * NS), CLOCK_STEP);
}

TEST(small_differences_are_left_alone)
{
	EXPECT_EQ(clock_correct(&usual, true, 0), CLOCK_CLOSE);
	EXPECT_EQ(clock_correct(&usual, true, NS / 10 - 1), CLOCK_CLOSE);
	EXPECT_EQ(clock_correct(&usual, true, -NS / 10 + 1), CLOCK_CLOSE);
	EXPECT_EQ(clock_correct(&usual, true, NS / 10), CLOCK_STEP);
	EXPECT_EQ(clock_correct(&usual, true, -NS / 10), CLOCK_STEP);
}

TEST(without_being_asked_only_a_clock_far_behind_is_set)
{
	struct clock_policy never = usual;

	EXPECT_EQ(clock_correct(&usual, false, 5 * NS - 1), CLOCK_NOT_ASKED);
	EXPECT_EQ(clock_correct(&usual, false, 5 * NS), CLOCK_STEP);
	EXPECT_EQ(clock_correct(&usual, false, 8 * 3600 * NS), CLOCK_STEP);
	EXPECT_EQ(clock_correct(&usual, false, -8 * 3600 * NS), CLOCK_NOT_ASKED);
	never.behind_ns = 0;
	EXPECT_EQ(clock_correct(&never, false, 8 * 3600 * NS), CLOCK_NOT_ASKED);
}

TEST(steps_are_bounded)
{
	EXPECT_EQ(clock_correct(&usual, true, usual.ahead_ns), CLOCK_STEP);
	EXPECT_EQ(clock_correct(&usual, true, usual.ahead_ns + 1), CLOCK_TOO_FAR);
	EXPECT_EQ(clock_correct(&usual, true, -usual.back_ns), CLOCK_STEP);
	EXPECT_EQ(clock_correct(&usual, true, -usual.back_ns - 1), CLOCK_TOO_FAR);
	EXPECT_EQ(clock_correct(&usual, false, usual.ahead_ns + 1), CLOCK_TOO_FAR);
}

TEST(small_steps_lead_no_further_than_a_large_one)
{
	struct clock_budget budget = { 0 };
	u64 now = 100 * (u64)NS;
	unsigned int steps;

	for (steps = 0; clock_affords(&budget, &usual, usual.ahead_ns / 10, now); steps++) {
		budget.sum_ns += usual.ahead_ns / 10;
		now += NS;
	}
	EXPECT_EQ(steps, 10);
	/* The way back is open, as far as it would be from the beginning. */
	EXPECT(clock_affords(&budget, &usual, -usual.ahead_ns - usual.back_ns, now));
	EXPECT(!clock_affords(&budget, &usual, -usual.ahead_ns - usual.back_ns - 1, now));
	/* A day later it begins anew. */
	now += CLOCK_WINDOW_NSEC;
	EXPECT(clock_affords(&budget, &usual, usual.ahead_ns, now));
	budget.sum_ns += usual.ahead_ns;
	EXPECT(!clock_affords(&budget, &usual, 1, now + CLOCK_WINDOW_NSEC - 1));
	EXPECT(clock_affords(&budget, &usual, 1, now + CLOCK_WINDOW_NSEC));
}

TEST(who_forbids_steps_gets_none)
{
	struct clock_policy hands_off = usual;

	hands_off.step = false;
	EXPECT_EQ(clock_correct(&hands_off, true, 600 * NS), CLOCK_NOT_ALLOWED);
	EXPECT_EQ(clock_correct(&hands_off, false, 600 * NS), CLOCK_NOT_ALLOWED);
	EXPECT_EQ(clock_correct(&hands_off, true, 0), CLOCK_CLOSE);
}

KTAP_MAIN

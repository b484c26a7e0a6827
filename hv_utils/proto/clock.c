// SPDX-License-Identifier: GPL-2.0
/*
 * clock.c - the host's clock: samples in, the time and a correction out
 */
#include "clock.h"

/* 1970-01-01, and a day in 2200: the kernel's clock ends in 2232. In 100 ns since 1601. */
#define HOST_EPOCH	116444736000000000ull
#define HOST_END	(HOST_EPOCH + 72581184000000000ull)

enum clock_verdict clock_take(struct clock *clock, const struct clock_sample *sample, u64 now)
{
	s64 host_ns, was_ns;
	u64 ref = sample->ref;

	if (sample->host < HOST_EPOCH || sample->host >= HOST_END)
		return CLOCK_NONSENSE;
	if (ref > now) {
		if (ref - now > CLOCK_SKEW_TICKS)
			return CLOCK_FUTURE;
		ref = now;
	}
	if (now - ref > CLOCK_FRESH_TICKS)
		return CLOCK_STALE;
	/* But a counter that began anew, as after hibernation, makes all we have worthless. */
	if (clock->known && ref < clock->ref && clock->ref <= now)
		return CLOCK_STALE;

	host_ns = (s64)(sample->host - HOST_EPOCH) * CLOCK_TICK_NSEC;
	clock->jump_ns = 0;
	if (clock_read(clock, ref, &was_ns))
		clock->jump_ns = host_ns - was_ns;
	clock->host_ns = host_ns;
	clock->ref = ref;
	clock->leap = sample->leap;
	clock->stratum = sample->stratum;
	clock->known = true;
	return CLOCK_TAKEN;
}

bool clock_read(const struct clock *clock, u64 now, s64 *ns)
{
	u64 ticks;

	if (!clock->known)
		return false;
	/* Read a little before the sample, on a CPU whose counter is a little behind. */
	if (now < clock->ref) {
		if (clock->ref - now > CLOCK_SKEW_TICKS)
			return false;
		now = clock->ref;
	}
	ticks = now - clock->ref;
	if (ticks > CLOCK_TRUST_TICKS)
		return false;
	*ns = clock->host_ns + (s64)ticks * CLOCK_TICK_NSEC;
	return true;
}

enum clock_move clock_correct(const struct clock_policy *policy, bool sync, s64 off_ns)
{
	bool behind = policy->behind_ns && off_ns >= policy->behind_ns;

	if (off_ns < policy->least_ns && off_ns > -policy->least_ns)
		return CLOCK_CLOSE;
	if (!sync && !behind)
		return CLOCK_NOT_ASKED;
	if (!policy->step)
		return CLOCK_NOT_ALLOWED;
	if (off_ns > policy->ahead_ns || off_ns < -policy->back_ns)
		return CLOCK_TOO_FAR;
	return CLOCK_STEP;
}

bool clock_affords(struct clock_budget *budget, const struct clock_policy *policy, s64 off_ns,
		   u64 now_ns)
{
	s64 sum;

	if (now_ns - budget->since_ns >= CLOCK_WINDOW_NSEC) {
		budget->since_ns = now_ns;
		budget->sum_ns = 0;
	}
	sum = budget->sum_ns + off_ns;
	return sum <= policy->ahead_ns && sum >= -policy->back_ns;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * clock.h - the host's clock: samples in, the time and a correction out
 *
 * A sample is the host's time together with what the partition's reference
 * counter said at that moment, so that it keeps its worth while it waits in a
 * ring. The counter runs with the guest: while the host sleeps or the guest is
 * saved it stands still, and the next sample is the first to tell. Nothing here
 * reads a clock; who calls says what the counter and the guest's clock show.
 */
#ifndef VMBUS_KIT_PROTO_CLOCK_H
#define VMBUS_KIT_PROTO_CLOCK_H

#include "env.h"

#define CLOCK_NSEC_PER_SEC	1000000000ll
#define CLOCK_TICK_NSEC		100		/* of the counter, and of the host's time */

/* Without a fresh sample the clock is not shown any more after so many ticks: 600 s. */
#define CLOCK_TRUST_TICKS	(600ull * 10000000)
/* A sample that is older than this when it is read was kept from us: 10 s. */
#define CLOCK_FRESH_TICKS	(10ull * 10000000)
/* A counter read later on another CPU may be behind by a little: 1 ms. */
#define CLOCK_SKEW_TICKS	10000ull

/**
 * struct clock_sample - what the host says
 * @host: its time, 100 ns since 1601-01-01
 * @ref: the counter when it said so
 * @sync: it wants the guest's clock to be set
 * @leap: NTP leap indicator
 * @stratum: NTP stratum of the host
 */
struct clock_sample {
	u64 host;
	u64 ref;
	bool sync;
	u8 leap;
	u8 stratum;
};

/**
 * struct clock - what is known of the host's clock
 * @known: there was a sample
 * @host_ns: the host's time in ns since 1970 ...
 * @ref: ... when the counter said this
 * @jump_ns: by how much the last sample did not fit to the one before: the host's
 *	clock was set, or the guest stood still
 * @leap: NTP leap indicator
 * @stratum: NTP stratum
 */
struct clock {
	bool known;
	s64 host_ns;
	u64 ref;
	s64 jump_ns;
	u8 leap;
	u8 stratum;
};

enum clock_verdict {
	CLOCK_TAKEN,
	CLOCK_NONSENSE,		/* a time no clock shows */
	CLOCK_FUTURE,		/* the counter has not been there yet */
	CLOCK_STALE,		/* too old, or older than one we have */
};

/**
 * clock_take() - a sample has come
 * @clock: what is known; unchanged unless the sample is taken
 * @sample: as it came
 * @now: what the counter says
 *
 * Return: what became of it.
 */
enum clock_verdict clock_take(struct clock *clock, const struct clock_sample *sample, u64 now);

/**
 * clock_read() - the host's time now
 * @clock: what is known
 * @now: what the counter says
 * @ns: its time in ns since 1970
 *
 * Return: true; false if that is not known, or not known well enough any more.
 */
bool clock_read(const struct clock *clock, u64 now, s64 *ns);

/**
 * struct clock_policy - what may be done to the guest's clock
 * @step: it may be set at all
 * @least_ns: smaller differences are left to who disciplines it
 * @ahead_ns: the largest step forward
 * @back_ns: the largest step back
 * @behind_ns: if it is behind by so much it is set even if the host did not ask, because
 *	some do not after they slept; 0 for never
 */
struct clock_policy {
	bool step;
	s64 least_ns;
	s64 ahead_ns;
	s64 back_ns;
	s64 behind_ns;
};

enum clock_move {
	CLOCK_STEP,		/* set it */
	CLOCK_CLOSE,		/* it is near enough */
	CLOCK_NOT_ASKED,	/* the host did not ask for it */
	CLOCK_NOT_ALLOWED,	/* the administrator does not want it set */
	CLOCK_TOO_FAR,		/* further than he allows */
};

/**
 * clock_correct() - what to do with the guest's clock
 * @policy: what may be done
 * @sync: the host wants it set
 * @off_ns: the host's time less the guest's
 *
 * Return: what to do; CLOCK_STEP means by @off_ns.
 */
enum clock_move clock_correct(const struct clock_policy *policy, bool sync, s64 off_ns);

/* Steps are added up for so long: a day. */
#define CLOCK_WINDOW_NSEC	(86400 * CLOCK_NSEC_PER_SEC)

/**
 * struct clock_budget - how far the guest's clock has been set of late
 * @since_ns: from when on that is counted, by a clock that nobody sets
 * @sum_ns: the steps since then, forward less back
 */
struct clock_budget {
	u64 since_ns;
	s64 sum_ns;
};

/**
 * clock_affords() - is a step within bounds together with those before it?
 * @budget: of the steps so far; begins anew after a day
 * @policy: what one step, and the sum of a day's, may be
 * @off_ns: the step
 * @now_ns: by a clock that nobody sets
 *
 * Small steps, one after the other, shall lead no further than a large one may.
 *
 * Return: true if it is; the caller adds it to @budget once it is made.
 */
bool clock_affords(struct clock_budget *budget, const struct clock_policy *policy, s64 off_ns,
		   u64 now_ns);

#endif

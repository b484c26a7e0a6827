// SPDX-License-Identifier: GPL-2.0
/*
 * util_time.c - the host tells the guest what time it is, rightly or not
 *
 * The host's clock is a model: it begins at the time given by an option, runs
 * with the transport's clock, and can be told to drift and to jump.
 *
 * Control commands, behind the label:
 *   clock                      what time the host has, and the reference counter
 *   jump S                     the host's clock is set, by so many seconds; nobody is told
 *   drift PPM                  it runs faster, or slower, by so many millionths
 *   sleep S                    the guest was stopped for so long: a jump, then a sync
 *   sync | sample [KEY=VALUE...]   a message: off=S lies about the time, age=S about when
 *                              it was taken, leap=N, stratum=N, flags=N
 *   every MS | off             samples by itself
 */
#include "util.h"

#include <stdlib.h>
#include <string.h>

#define V(major, minor)	{ cpu_to_le16(major), cpu_to_le16(minor) }
#define SAMPLE_MS	5000u

static const struct hvic_version frameworks[] = { V(1, 0), V(3, 0) };
static const struct hvic_version versions[] = { V(1, 0), V(3, 0), V(4, 0) };

struct timesync {
	struct vsp_timer_event timer;
	uint64_t period;		/* ns; 0: not by itself */
	int64_t base;			/* the host's clock, 100 ns since 1601... */
	uint64_t since;			/* ...when the transport's was this, ns */
	int64_t drift;			/* millionths */
	uint64_t syncs, samples;
};

static int64_t host_clock(struct util *u)
{
	struct timesync *ts = u->own;
	int64_t ran = (int64_t)(vsp_now(u->vsp) - ts->since) / 100;

	return ts->base + ran + ran / 1000000 * ts->drift;
}

static void set_clock(struct util *u, int64_t jump, int64_t drift)
{
	struct timesync *ts = u->own;

	ts->base = host_clock(u) + jump;
	ts->since = vsp_now(u->vsp);
	ts->drift = drift;
}

/* A message to be sent: its lies, and what NTP would say. */
struct telling {
	int64_t off, age;
	uint32_t flags, leap, stratum;
};

static struct util_request *tell(struct util *u, const struct telling *t, bool kept)
{
	int64_t time = host_clock(u) + t->off;
	int64_t reference = (int64_t)vsp_reference_time(u->vsp) - t->age;
	bool has_reference = util_at_least(u, 4, 0);
	struct hvic_timesync_ref with = {
		.host_time = cpu_to_le64((uint64_t)time),
		.reference_time = cpu_to_le64((uint64_t)reference),
		.flags = (uint8_t)t->flags,
		.leap = (uint8_t)t->leap,
		.stratum = (uint8_t)t->stratum,
	};
	struct hvic_timesync without = {
		.host_time = cpu_to_le64((uint64_t)time),
		.flags = (uint8_t)t->flags,
	};
	struct util_request *rq = util_request(u, has_reference ? sizeof(with) :
					       sizeof(without), kept);
	struct timesync *ts = u->own;

	if (!rq)
		return NULL;
	if (has_reference)
		memcpy(rq->body, &with, sizeof(with));
	else
		memcpy(rq->body, &without, sizeof(without));
	ts->syncs += t->flags & HVIC_TIMESYNC_SYNC;
	ts->samples += !!(t->flags & HVIC_TIMESYNC_SAMPLE);
	return rq;
}

static void tell_now(struct util *u, uint32_t flags)
{
	const struct telling t = { .flags = flags, .stratum = 1 };
	struct util_request *rq = tell(u, &t, false);

	if (rq)
		util_ask(u, rq, true);
}

static void arm(struct util *u)
{
	struct timesync *ts = u->own;

	if (ts->period)
		vsp_timer_set(u->vsp, &ts->timer, vsp_now(u->vsp) + ts->period);
}

static void tick(void *arg)
{
	tell_now(arg, HVIC_TIMESYNC_SAMPLE);
	arm(arg);
}

static void timesync_begin(struct util *u)
{
	struct timesync *ts = u->own;

	ts->base = (int64_t)(HVIC_TIME_UNIX_EPOCH + util_epoch * HVIC_TIME_PER_SECOND);
	ts->since = 0;			/* the machine was made then, or will be */
	ts->period = SAMPLE_MS * 1000000ull;
	ts->timer.fn = tick;
	ts->timer.arg = u;
}

static void timesync_stop(struct util *u)
{
	struct timesync *ts = u->own;

	vsp_timer_cancel(u->vsp, &ts->timer);
}

static void timesync_ready(struct util *u)
{
	tell_now(u, HVIC_TIMESYNC_SYNC);
	arm(u);
}

static bool timesync_answered(struct util *u, struct util_request *rq, const uint8_t *body,
			      uint32_t len)
{
	(void)body, (void)len;
	if (!rq->spoiled && rq->status != HVIC_STATUS_OK)
		vsp_violation(u->vsp, "%s: answered with status %#x", u->label, rq->status);
	return false;
}

static bool telling_word(struct telling *t, char *word)
{
	char *value = strchr(word, '=');
	uint64_t n = 0;

	if (!value)
		return false;
	*value++ = '\0';
	if (!strcmp(word, "off"))
		return util_seconds(value, &t->off);
	if (!strcmp(word, "age"))
		return util_seconds(value, &t->age);
	if (!util_number(value, 255, &n))
		return false;
	if (!strcmp(word, "leap"))
		t->leap = (uint32_t)n;
	else if (!strcmp(word, "stratum"))
		t->stratum = (uint32_t)n;
	else if (!strcmp(word, "flags"))
		t->flags = (uint32_t)n;
	else
		return false;
	return true;
}

static const char *command_tell(struct util *u, int argc, char **argv, struct util_request **rq)
{
	struct telling t = { .flags = HVIC_TIMESYNC_SAMPLE, .stratum = 1 };
	int i;

	if (!strcmp(argv[0], "sync"))
		t.flags = HVIC_TIMESYNC_SYNC;
	for (i = 1; i < argc; i++)
		if (!telling_word(&t, argv[i]))
			return "off=S, age=S, leap=N, stratum=N, flags=N";
	if (u->state != UTIL_READY)
		return "the channel is not open, or nothing is agreed on";
	*rq = tell(u, &t, true);
	return *rq ? NULL : "out of memory";
}

static void put_clock(struct util *u, vsp_put_line put, void *ctx)
{
	struct timesync *ts = u->own;
	uint64_t unix_time = (uint64_t)host_clock(u) - HVIC_TIME_UNIX_EPOCH;

	util_put(put, ctx, "unix %llu.%07llu",
		 (unsigned long long)(unix_time / HVIC_TIME_PER_SECOND),
		 (unsigned long long)(unix_time % HVIC_TIME_PER_SECOND));
	util_put(put, ctx, "reference %llu", (unsigned long long)vsp_reference_time(u->vsp));
	util_put(put, ctx, "drift %lld", (long long)ts->drift);
}

static const char *timesync_command(struct util *u, int argc, char **argv,
				    struct util_request **rq, vsp_put_line put, void *ctx)
{
	struct timesync *ts = u->own;
	int64_t seconds;
	uint64_t n;

	if (!strcmp(argv[0], "sync") || !strcmp(argv[0], "sample"))
		return command_tell(u, argc, argv, rq);
	if (!strcmp(argv[0], "clock") && argc == 1) {
		put_clock(u, put, ctx);
	} else if (!strcmp(argv[0], "off") && argc == 1) {
		ts->period = 0;
		timesync_stop(u);
	} else if (!strcmp(argv[0], "every") && argc == 2 && util_number(argv[1], 3600000, &n) &&
		   n) {
		ts->period = n * 1000000;
		if (u->state == UTIL_READY)
			tick(u);
	} else if (argc == 2 && !strcmp(argv[0], "jump") && util_seconds(argv[1], &seconds)) {
		set_clock(u, seconds, ts->drift);
	} else if (argc == 2 && !strcmp(argv[0], "sleep") && util_seconds(argv[1], &seconds)) {
		set_clock(u, seconds, ts->drift);
		if (u->state == UTIL_READY)
			tell_now(u, HVIC_TIMESYNC_SYNC);
	} else if (argc == 2 && !strcmp(argv[0], "drift") && util_seconds(argv[1], &seconds)) {
		set_clock(u, 0, seconds / (int64_t)HVIC_TIME_PER_SECOND);
	} else {
		return "timesync clock, jump S, drift PPM, sleep S, sync, sample, every MS, off";
	}
	return NULL;
}

static void timesync_counters(struct util *u, vsp_put_line put, void *ctx)
{
	struct timesync *ts = u->own;

	util_put(put, ctx, "syncs %llu", (unsigned long long)ts->syncs);
	util_put(put, ctx, "samples %llu", (unsigned long long)ts->samples);
}

const struct util_service util_timesync_service = {
	.ops = UTIL_DEVICE("timesync", WIRE_GUID_TIMESYNC),
	.instance_id = WIRE_GUID(0x2dd1ce17, 0x079e, 0x403c, 0xb3, 0x52, 0xa1, 0x92, 0x1e, 0xe2,
				 0x07, 0xee),
	.type = HVIC_TYPE_TIMESYNC,
	.frameworks = frameworks,
	.framework_cnt = ARRAY_SIZE(frameworks),
	.versions = versions,
	.version_cnt = ARRAY_SIZE(versions),
	.state_len = sizeof(struct timesync),
	.begin = timesync_begin,
	.ready = timesync_ready,
	.closed = timesync_stop,
	.answered = timesync_answered,
	.command = timesync_command,
	.counters = timesync_counters,
	.end = timesync_stop,
};

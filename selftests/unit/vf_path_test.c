// SPDX-License-Identifier: GPL-2.0
/*
 * vf_path_test.c - whatever happens in whatever order, frames go by a virtual function
 * only while the host has one for us, ours is ready, and the host has confirmed
 */
#include "ktap.h"

#include "netvsc/proto/vf_path.h"

/* A host that takes the messages in order, and answers when told to. */
static struct host {
	u32 path;
	u32 queue[8];
	unsigned int head, tail;
	unsigned int same_twice;
} host;

static struct vf_path path;

static void begin(void)
{
	memset(&path, 0, sizeof(path));
	memset(&host, 0, sizeof(host));
}

static void settle(void)
{
	int to;

	while ((to = vf_path_next(&path)) != VF_PATH_NONE) {
		unsigned int i;

		for (i = host.head; i != host.tail; i++)
			host.same_twice += host.queue[i % 8] == (u32)to;
		host.queue[host.tail++ % 8] = to;
		vf_path_asked(&path, to);
	}
}

static void event(enum vf_path_event what)
{
	vf_path_happened(&path, what);
	settle();
}

/* The host does the oldest thing it was asked for, and says so. */
static bool confirm(void)
{
	if (host.head == host.tail)
		return false;
	host.path = host.queue[host.head++ % 8];
	event(host.path == NVSP_PATH_VF ? VF_PATH_VF_CONFIRMED : VF_PATH_SYNTHETIC_CONFIRMED);
	return true;
}

/* The channel is closed: what was asked is forgotten on both sides. */
static void close_channel(void)
{
	event(VF_PATH_DOWN);
	host.head = host.tail;
	host.path = NVSP_PATH_SYNTHETIC;
	event(VF_PATH_SYNTHETIC_CONFIRMED);
	event(VF_PATH_VF_CONFIRMED);
}

TEST(all_six_orders_of_arrival_end_on_the_function)
{
	static const enum vf_path_event orders[6][3] = {
		{ VF_PATH_UP, VF_PATH_ASSOCIATED, VF_PATH_READY },
		{ VF_PATH_UP, VF_PATH_READY, VF_PATH_ASSOCIATED },
		{ VF_PATH_ASSOCIATED, VF_PATH_UP, VF_PATH_READY },
		{ VF_PATH_ASSOCIATED, VF_PATH_READY, VF_PATH_UP },
		{ VF_PATH_READY, VF_PATH_UP, VF_PATH_ASSOCIATED },
		{ VF_PATH_READY, VF_PATH_ASSOCIATED, VF_PATH_UP },
	};
	unsigned int i, j;

	for (i = 0; i < 6; i++) {
		begin();
		for (j = 0; j < 3; j++) {
			EXPECT_EQ(host.tail, 0);
			event(orders[i][j]);
			EXPECT(!vf_path_is_open(&path));
		}
		EXPECT_EQ(host.tail, 1);
		EXPECT(vf_path_is_pending(&path));
		EXPECT(confirm());
		EXPECT(vf_path_is_open(&path));
		EXPECT(!vf_path_is_pending(&path));
	}
}

static void open_path(void)
{
	begin();
	event(VF_PATH_UP);
	event(VF_PATH_ASSOCIATED);
	event(VF_PATH_READY);
	confirm();
}

TEST(whichever_goes_first_frames_stop_going_by_the_function_at_once)
{
	static const enum vf_path_event ends[] = {
		VF_PATH_WITHDRAWN, VF_PATH_UNREADY, VF_PATH_DOWN,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		open_path();
		EXPECT(vf_path_is_open(&path));
		EXPECT(!vf_path_is_left(&path));
		event(ends[i]);
		EXPECT(!vf_path_is_open(&path));
		if (ends[i] != VF_PATH_DOWN) {
			EXPECT(!vf_path_is_left(&path));
			EXPECT(confirm());
		}
		EXPECT(vf_path_is_left(&path));
		EXPECT_EQ(host.path, ends[i] == VF_PATH_DOWN ? NVSP_PATH_VF : NVSP_PATH_SYNTHETIC);
	}
}

TEST(host_that_never_confirms_gets_no_frame_by_the_function)
{
	begin();
	event(VF_PATH_UP);
	event(VF_PATH_ASSOCIATED);
	event(VF_PATH_READY);
	EXPECT(vf_path_is_pending(&path));
	EXPECT(!vf_path_is_open(&path));
	/* The way back does not wait for it: the host may have switched all the same. */
	event(VF_PATH_UNREADY);
	EXPECT_EQ(host.tail, 2);
	EXPECT_EQ(host.queue[1], NVSP_PATH_SYNTHETIC);
	/* But there is no second question of the same kind before the first is answered. */
	event(VF_PATH_READY);
	EXPECT_EQ(host.tail, 2);
	EXPECT(!vf_path_is_open(&path));
	confirm();
	EXPECT_EQ(host.tail, 3);
	EXPECT(!vf_path_is_open(&path));
	confirm();
	EXPECT(!vf_path_is_open(&path));
	confirm();
	EXPECT(vf_path_is_open(&path));
}

TEST(host_that_begins_anew_is_asked_again)
{
	open_path();
	close_channel();
	EXPECT(vf_path_is_left(&path));
	EXPECT_EQ(host.head, host.tail);
	event(VF_PATH_UP);
	EXPECT_EQ(host.tail - host.head, 1);
	EXPECT(!vf_path_is_open(&path));
	confirm();
	EXPECT(vf_path_is_open(&path));
}

/* A host that lies, or is late, may confirm anything at any time. */
TEST(confirmations_of_nothing_open_nothing)
{
	begin();
	event(VF_PATH_VF_CONFIRMED);
	event(VF_PATH_SYNTHETIC_CONFIRMED);
	event(VF_PATH_UP);
	event(VF_PATH_VF_CONFIRMED);
	event(VF_PATH_READY);
	event(VF_PATH_VF_CONFIRMED);
	EXPECT(!vf_path_is_open(&path));
	EXPECT_EQ(host.tail, 0);
}

/* Every sequence of seven events, with a host that answers, or not, after each. */
TEST(no_sequence_of_events_opens_it_wrongly_or_gets_stuck)
{
	unsigned int sequence, step, what;
	bool wrong = false, stuck = false;

	for (sequence = 0; sequence < 7 * 7 * 7 * 7 * 7 * 7 * 7; sequence++) {
		unsigned int rest = sequence;

		begin();
		for (step = 0; step < 7; step++, rest /= 7) {
			what = rest % 7;
			if (what == 6)
				confirm();
			else if (what == VF_PATH_DOWN)
				close_channel();
			else
				event(what);
			/* Open: both have said yes to it, and the host is there already. */
			wrong |= vf_path_is_open(&path) &&
				 !(path.able && path.associated && path.ready &&
				   host.path == NVSP_PATH_VF && host.head == host.tail);
		}
		while (confirm())
			;
		wrong |= host.same_twice;
		stuck |= path.able && host.path != (u32)(path.associated && path.ready);
		stuck |= path.able && vf_path_is_open(&path) != (path.associated && path.ready);
		stuck |= !path.able && !vf_path_is_left(&path);
	}
	EXPECT(!wrong);
	EXPECT(!stuck);
}

KTAP_MAIN

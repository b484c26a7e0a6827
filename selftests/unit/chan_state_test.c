// SPDX-License-Identifier: GPL-2.0
/*
 * chan_state_test.c - walks the table of moves exhaustively
 */
#include "ktap.h"

#include "vmbus_client/proto/chan_state.h"

static int after(const enum chan_event *events, unsigned int count)
{
	int state = CHAN_OFFERED;
	unsigned int i;

	for (i = 0; i < count && state != CHAN_ILLEGAL; i++)
		state = chan_state_next(state, events[i]);
	return state;
}

#define AFTER(...) \
	after((const enum chan_event[]){ __VA_ARGS__ }, \
	      sizeof((const enum chan_event[]){ __VA_ARGS__ }) / sizeof(enum chan_event))

/* The whole table, told again; a dot is a move that must not be. */
TEST(every_cell_is_as_written_here)
{
	static const char letters[] = "fOobcsrX";	/* in the order of enum chan_state */
	/* open, opened, open failed, broke, close, closed, rescind, release, sleep, wake */
	static const char * const table[CHAN_STATE_COUNT] = {
		[CHAN_OFFERED]		= "O..f..rXs.",
		[CHAN_OPENING]		= ".ofb..r...",
		[CHAN_OPEN]		= "...bc.r...",
		[CHAN_BROKEN]		= ".bfbc.r...",
		[CHAN_CLOSING]		= "...c.fr...",
		[CHAN_ASLEEP]		= "s..s..rXsf",
		[CHAN_RESCINDED]	= "rrrrrrrXrr",
		[CHAN_RELEASED]		= "X..X..X...",
	};
	int state, event, next;
	char is;

	for (state = 0; state < CHAN_STATE_COUNT; state++) {
		for (event = 0; event < CHAN_EVENT_COUNT; event++) {
			next = chan_state_next(state, event);
			is = next == CHAN_ILLEGAL ? '.' : letters[next];
			if (is != table[state][event])
				KTAP_FAIL("%s + %s leads to %s", chan_state_name(state),
					  chan_event_name(event), chan_state_name(next));
		}
	}
}

TEST(open_and_close_lead_back_to_offered)
{
	EXPECT_EQ(AFTER(CHAN_EV_OPEN), CHAN_OPENING);
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_OPENED), CHAN_OPEN);
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_OPENED, CHAN_EV_CLOSE, CHAN_EV_CLOSED),
		  CHAN_OFFERED);
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_OPEN_FAILED, CHAN_EV_OPEN, CHAN_EV_OPENED),
		  CHAN_OPEN);
}

/* The host never answers an open it has overtaken with a rescind; the opener unwinds. */
TEST(rescind_while_opening)
{
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_RESCIND), CHAN_RESCINDED);
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_RESCIND, CHAN_EV_OPEN_FAILED), CHAN_RESCINDED);
	/* The answer was under way when it was taken back. */
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_RESCIND, CHAN_EV_OPENED), CHAN_RESCINDED);
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_RESCIND, CHAN_EV_OPEN_FAILED, CHAN_EV_RELEASE),
		  CHAN_RELEASED);
}

TEST(rescind_while_open_or_closing)
{
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_OPENED, CHAN_EV_RESCIND, CHAN_EV_CLOSE,
			CHAN_EV_CLOSED, CHAN_EV_RELEASE), CHAN_RELEASED);
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_OPENED, CHAN_EV_CLOSE, CHAN_EV_RESCIND,
			CHAN_EV_CLOSED, CHAN_EV_RELEASE), CHAN_RELEASED);
}

TEST(second_rescind_changes_nothing)
{
	EXPECT_EQ(AFTER(CHAN_EV_RESCIND, CHAN_EV_RESCIND), CHAN_RESCINDED);
}

/* Whatever else is heard of its relid: it is gone, and stays so until its relid is given back. */
TEST(nothing_un_rescinds_a_channel)
{
	int event;

	for (event = 0; event < CHAN_EVENT_COUNT; event++)
		EXPECT_EQ(chan_state_next(CHAN_RESCINDED, event),
			  event == CHAN_EV_RELEASE ? CHAN_RELEASED : CHAN_RESCINDED);
}

/* A ring may lie before the host's answer to the open is heard. */
TEST(channel_that_broke_while_opening_stays_broken)
{
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_BROKE, CHAN_EV_OPENED), CHAN_BROKEN);
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_BROKE, CHAN_EV_OPEN_FAILED), CHAN_OFFERED);
}

TEST(broken_channel_can_only_be_closed_or_taken)
{
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_OPENED, CHAN_EV_BROKE, CHAN_EV_OPEN),
		  CHAN_ILLEGAL);
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_OPENED, CHAN_EV_BROKE, CHAN_EV_RELEASE),
		  CHAN_ILLEGAL);
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_OPENED, CHAN_EV_BROKE, CHAN_EV_CLOSE,
			CHAN_EV_CLOSED), CHAN_OFFERED);
}

/* Only a closed channel sleeps, and it is not opened before the host has offered it again. */
TEST(channel_that_sleeps_wakes_as_offered_or_is_gone)
{
	EXPECT_EQ(AFTER(CHAN_EV_OPEN, CHAN_EV_OPENED, CHAN_EV_SLEEP), CHAN_ILLEGAL);
	EXPECT_EQ(AFTER(CHAN_EV_SLEEP, CHAN_EV_OPEN), CHAN_ASLEEP);
	EXPECT_EQ(AFTER(CHAN_EV_SLEEP, CHAN_EV_WAKE, CHAN_EV_OPEN), CHAN_OPENING);
	EXPECT_EQ(AFTER(CHAN_EV_SLEEP, CHAN_EV_RESCIND, CHAN_EV_RELEASE), CHAN_RELEASED);
	EXPECT_EQ(AFTER(CHAN_EV_RESCIND, CHAN_EV_SLEEP, CHAN_EV_WAKE), CHAN_RESCINDED);
}

/* From every state that can be reached there is a way to RELEASED: nothing is stuck. */
TEST(every_state_is_reached_and_left)
{
	bool reached[CHAN_STATE_COUNT] = { [CHAN_OFFERED] = true };
	bool leaves[CHAN_STATE_COUNT] = { [CHAN_RELEASED] = true };
	int round, state, event, next;

	for (round = 0; round < CHAN_STATE_COUNT; round++) {
		for (state = 0; state < CHAN_STATE_COUNT; state++) {
			for (event = 0; event < CHAN_EVENT_COUNT; event++) {
				next = chan_state_next(state, event);
				if (next == CHAN_ILLEGAL)
					continue;
				reached[next] |= reached[state];
				leaves[state] |= leaves[next];
			}
		}
	}
	for (state = 0; state < CHAN_STATE_COUNT; state++) {
		EXPECT(reached[state]);
		EXPECT(leaves[state]);
	}
}

/* What the host does on its own, at any time, is never an error of ours. */
TEST(host_events_are_legal_while_we_know_the_channel)
{
	int state;

	for (state = 0; state < CHAN_RELEASED; state++)
		EXPECT_EQ(chan_state_next(state, CHAN_EV_RESCIND), CHAN_RESCINDED);
}

TEST(names_are_distinct_and_any_value_has_one)
{
	int a, b;

	for (a = 0; a < CHAN_STATE_COUNT; a++)
		for (b = 0; b < a; b++)
			EXPECT(strcmp(chan_state_name(a), chan_state_name(b)));
	for (a = 0; a < CHAN_EVENT_COUNT; a++)
		for (b = 0; b < a; b++)
			EXPECT(strcmp(chan_event_name(a), chan_event_name(b)));
	EXPECT_STREQ(chan_state_name(CHAN_ILLEGAL), "illegal");
	EXPECT_STREQ(chan_state_name(CHAN_STATE_COUNT), "illegal");
	EXPECT_STREQ(chan_event_name(-1), "unknown");
	EXPECT_STREQ(chan_event_name(CHAN_EVENT_COUNT), "unknown");
}

KTAP_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * chan_state.c - the states of a channel and the table of legal moves
 */
#include "chan_state.h"

/* One more than the state, so that a cell left empty reads as illegal. */
#define TO(state)	(CHAN_##state + 1)

static const u8 moves[CHAN_STATE_COUNT][CHAN_EVENT_COUNT] = {
	[CHAN_OFFERED] = {
		[CHAN_EV_OPEN]		= TO(OPENING),
		/* A sender that lost the race with the close finds out last. */
		[CHAN_EV_BROKE]		= TO(OFFERED),
		[CHAN_EV_RESCIND]	= TO(RESCINDED),
		[CHAN_EV_RELEASE]	= TO(RELEASED),
		[CHAN_EV_SLEEP]		= TO(ASLEEP),
	},
	[CHAN_OPENING] = {
		[CHAN_EV_OPENED]	= TO(OPEN),
		[CHAN_EV_OPEN_FAILED]	= TO(OFFERED),
		/* Packets may come, and lie, before the host has said that it is open. */
		[CHAN_EV_BROKE]		= TO(BROKEN),
		[CHAN_EV_RESCIND]	= TO(RESCINDED),
	},
	[CHAN_OPEN] = {
		[CHAN_EV_BROKE]		= TO(BROKEN),
		[CHAN_EV_CLOSE]		= TO(CLOSING),
		[CHAN_EV_RESCIND]	= TO(RESCINDED),
	},
	[CHAN_BROKEN] = {
		/* It broke while opening, and the opener hears of the host's answer only now. */
		[CHAN_EV_OPENED]	= TO(BROKEN),
		[CHAN_EV_OPEN_FAILED]	= TO(OFFERED),
		/* The sender and the receiver may each find out. */
		[CHAN_EV_BROKE]		= TO(BROKEN),
		[CHAN_EV_CLOSE]		= TO(CLOSING),
		[CHAN_EV_RESCIND]	= TO(RESCINDED),
	},
	[CHAN_CLOSING] = {
		/* A last look at the ring may still be under way. */
		[CHAN_EV_BROKE]		= TO(CLOSING),
		[CHAN_EV_CLOSED]	= TO(OFFERED),
		[CHAN_EV_RESCIND]	= TO(RESCINDED),
	},
	[CHAN_ASLEEP] = {
		/* A driver that tries learns that it is not there. */
		[CHAN_EV_OPEN]		= TO(ASLEEP),
		[CHAN_EV_BROKE]		= TO(ASLEEP),
		/* The host did not offer it again. */
		[CHAN_EV_RESCIND]	= TO(RESCINDED),
		[CHAN_EV_RELEASE]	= TO(RELEASED),
		/* The waking failed, and nobody was told. */
		[CHAN_EV_SLEEP]		= TO(ASLEEP),
		[CHAN_EV_WAKE]		= TO(OFFERED),
	},
	[CHAN_RESCINDED] = {
		[CHAN_EV_OPEN]		= TO(RESCINDED),
		[CHAN_EV_OPENED]	= TO(RESCINDED),
		[CHAN_EV_OPEN_FAILED]	= TO(RESCINDED),
		[CHAN_EV_BROKE]		= TO(RESCINDED),
		[CHAN_EV_CLOSE]		= TO(RESCINDED),
		[CHAN_EV_CLOSED]	= TO(RESCINDED),
		[CHAN_EV_RESCIND]	= TO(RESCINDED),
		[CHAN_EV_RELEASE]	= TO(RELEASED),
		[CHAN_EV_SLEEP]		= TO(RESCINDED),
		[CHAN_EV_WAKE]		= TO(RESCINDED),
	},
	/* Whoever still holds a reference may try, or be told again what is known; it stays so. */
	[CHAN_RELEASED] = {
		[CHAN_EV_OPEN]		= TO(RELEASED),
		[CHAN_EV_BROKE]		= TO(RELEASED),
		[CHAN_EV_RESCIND]	= TO(RELEASED),
	},
};

int chan_state_next(enum chan_state state, enum chan_event event)
{
	return (int)moves[state][event] - 1;
}

const char *chan_state_name(int state)
{
	static const char * const names[CHAN_STATE_COUNT] = {
		[CHAN_OFFERED]		= "offered",
		[CHAN_OPENING]		= "opening",
		[CHAN_OPEN]		= "open",
		[CHAN_BROKEN]		= "broken",
		[CHAN_CLOSING]		= "closing",
		[CHAN_ASLEEP]		= "asleep",
		[CHAN_RESCINDED]	= "rescinded",
		[CHAN_RELEASED]		= "released",
	};

	if (state < 0 || state >= CHAN_STATE_COUNT)
		return "illegal";
	return names[state];
}

const char *chan_event_name(int event)
{
	static const char * const names[CHAN_EVENT_COUNT] = {
		[CHAN_EV_OPEN]		= "open",
		[CHAN_EV_OPENED]	= "opened",
		[CHAN_EV_OPEN_FAILED]	= "open failed",
		[CHAN_EV_BROKE]		= "broke",
		[CHAN_EV_CLOSE]		= "close",
		[CHAN_EV_CLOSED]	= "closed",
		[CHAN_EV_RESCIND]	= "rescind",
		[CHAN_EV_RELEASE]	= "release",
		[CHAN_EV_SLEEP]		= "sleep",
		[CHAN_EV_WAKE]		= "wake",
	};

	if (event < 0 || event >= CHAN_EVENT_COUNT)
		return "unknown";
	return names[event];
}

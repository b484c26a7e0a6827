/* SPDX-License-Identifier: GPL-2.0 */
/*
 * chan_state.h - the states of a channel and the table of legal moves
 */
#ifndef VMBUS_KIT_PROTO_CHAN_STATE_H
#define VMBUS_KIT_PROTO_CHAN_STATE_H

#include "env.h"

enum chan_state {
	CHAN_OFFERED,		/* the host has it for us; nothing is shared */
	CHAN_OPENING,		/* rings granted or being granted, OPEN not answered */
	CHAN_OPEN,		/* packets flow */
	CHAN_BROKEN,		/* open, but its ring lied: nothing is read or written any more */
	CHAN_CLOSING,		/* CLOSE posted, rings not yet ours again */
	CHAN_ASLEEP,		/* the connection ended for a sleep; it has no relid now */
	CHAN_RESCINDED,		/* the host took it away; only release is left */
	CHAN_RELEASED,		/* the host has its relid back; nobody may name it */
	CHAN_STATE_COUNT
};

/* What happened to it. */
enum chan_event {
	CHAN_EV_OPEN,		/* a driver asked for it */
	CHAN_EV_OPENED,		/* the host said yes */
	CHAN_EV_OPEN_FAILED,	/* it said no, or nothing, and all is undone */
	CHAN_EV_BROKE,		/* an index or length in its ring was impossible */
	CHAN_EV_CLOSE,		/* a driver is done with it */
	CHAN_EV_CLOSED,		/* rings revoked or parked */
	CHAN_EV_RESCIND,	/* the host took it away */
	CHAN_EV_RELEASE,	/* relid given back, or the connection is gone */
	CHAN_EV_SLEEP,		/* the host was asked to forget us for a while */
	CHAN_EV_WAKE,		/* it has offered the same device again */
	CHAN_EVENT_COUNT
};

#define CHAN_ILLEGAL	(-1)

/**
 * chan_state_next() - where an event leads
 * @state: current state
 * @event: what happened
 *
 * RESCINDED swallows every event but RELEASE, so that whoever was in the middle
 * of opening or closing unwinds without asking who was first.
 *
 * Return: the new state (possibly the same), or CHAN_ILLEGAL.
 */
int chan_state_next(enum chan_state state, enum chan_event event);

/**
 * chan_state_name() - for logs and debugfs
 * @state: any value
 *
 * Return: never NULL.
 */
const char *chan_state_name(int state);

/**
 * chan_event_name() - for traces
 * @event: any value
 *
 * Return: never NULL.
 */
const char *chan_event_name(int event);

#endif

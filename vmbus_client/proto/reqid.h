/* SPDX-License-Identifier: GPL-2.0 */
/*
 * reqid.h - transaction ids: a slot and its generation, bound to a cookie
 *
 * The host echoes an id in its completion. It may echo one twice, late, or
 * invent one; each use of a slot has a new generation, so that only the answer
 * to the request now in the slot finds its cookie, and finds it once.
 *
 * Not locked: the caller's transmit lock covers a table.
 */
#ifndef VMBUS_KIT_PROTO_REQID_H
#define VMBUS_KIT_PROTO_REQID_H

#include "env.h"

#define REQID_NONE	(~0u)

struct reqid_slot {
	void *cookie;		/* NULL: free */
	u32 generation;
	u32 next_free;
};

struct reqid_table {
	struct reqid_slot *slots;
	u32 cap;
	u32 used;		/* slots that were ever bound; the others are not touched */
	u32 free_head;		/* of those, index of a free one, or REQID_NONE */
	u32 busy;
};

/**
 * reqid_init() - an empty table
 * @t: to fill in
 * @slots: memory for @cap slots, any content
 * @cap: at least 1, below 2^31
 */
void reqid_init(struct reqid_table *t, struct reqid_slot *slots, u32 cap);

/**
 * reqid_bind() - take an id for a request
 * @t: table
 * @cookie: what the completion shall give back; not NULL
 *
 * Return: the id, never 0 otherwise; 0 when every slot is busy.
 */
u64 reqid_bind(struct reqid_table *t, void *cookie);

/**
 * reqid_take() - the request an id stands for, once
 * @t: table
 * @id: from the host, any value
 *
 * Return: its cookie, and the slot is free again; NULL if the id is unknown,
 * stale or was taken before.
 */
void *reqid_take(struct reqid_table *t, u64 id);

/**
 * reqid_take_any() - any request that is still out
 * @t: table
 *
 * For a channel that is gone: call until it says NULL.
 *
 * Return: its cookie, and the slot is free again; NULL when none is busy.
 */
void *reqid_take_any(struct reqid_table *t);

#endif

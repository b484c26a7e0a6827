// SPDX-License-Identifier: GPL-2.0
/*
 * reqid.c - transaction ids: a slot and its generation, bound to a cookie
 *
 * An id is generation << 32 | slot + 1. It is never 0, which a host would not
 * answer, and names no kernel address, which a host should not learn.
 */
#include "reqid.h"

void reqid_init(struct reqid_table *t, struct reqid_slot *slots, u32 cap)
{
	/* A slot is made when it is needed: tables are large, and most of them used a little. */
	*t = (struct reqid_table) { .slots = slots, .cap = cap, .free_head = REQID_NONE };
}

/* The index of a free slot, or REQID_NONE. */
static u32 free_slot(struct reqid_table *t)
{
	u32 index = t->free_head;

	if (likely(index != REQID_NONE)) {
		t->free_head = t->slots[index].next_free;
		return index;
	}
	if (t->used == t->cap)
		return REQID_NONE;
	t->slots[t->used].generation = 0;
	return t->used++;
}

u64 reqid_bind(struct reqid_table *t, void *cookie)
{
	u32 index = free_slot(t);
	struct reqid_slot *slot;

	if (unlikely(index == REQID_NONE))
		return 0;
	slot = &t->slots[index];
	t->busy++;
	slot->cookie = cookie;
	slot->generation++;
	return (u64)slot->generation << 32 | (index + 1);
}

static void *take_slot(struct reqid_table *t, u32 index)
{
	struct reqid_slot *slot = &t->slots[index];
	void *cookie = slot->cookie;

	slot->cookie = NULL;
	slot->next_free = t->free_head;
	t->free_head = index;
	t->busy--;
	return cookie;
}

void *reqid_take(struct reqid_table *t, u64 id)
{
	u32 index = (u32)id - 1;	/* 0 becomes the largest of all */

	if (unlikely(index >= t->used))
		return NULL;
	if (unlikely(t->slots[index].generation != id >> 32 || !t->slots[index].cookie))
		return NULL;
	return take_slot(t, index);
}

void *reqid_take_any(struct reqid_table *t)
{
	u32 index;

	if (!t->busy)
		return NULL;
	for (index = 0; !t->slots[index].cookie; index++)
		;
	return take_slot(t, index);
}

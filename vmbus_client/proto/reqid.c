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
	u32 i;

	for (i = 0; i < cap; i++)
		slots[i] = (struct reqid_slot) { .next_free = i + 1 };
	*t = (struct reqid_table) { .slots = slots, .cap = cap };
}

u64 reqid_bind(struct reqid_table *t, void *cookie)
{
	u32 index = t->free_head;
	struct reqid_slot *slot;

	if (unlikely(index >= t->cap))
		return 0;
	slot = &t->slots[index];
	t->free_head = slot->next_free;
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

	if (unlikely(index >= t->cap))
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

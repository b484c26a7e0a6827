// SPDX-License-Identifier: GPL-2.0
/*
 * xact.c - one control request and its reply: register, wait with a bound, match, fail
 */
#include "xact.h"

#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include <linux/string.h>

void xact_table_init(struct xact_table *t)
{
	spin_lock_init(&t->lock);
	INIT_LIST_HEAD(&t->pending);
}

void xact_begin(struct xact_table *t, struct xact *x, u32 type, u32 relid, u32 key,
		void *reply, u32 room)
{
	unsigned long flags;

	x->type = type;
	x->relid = relid;
	x->key = key;
	x->reply = reply;
	x->room = room;
	x->err = 0;
	init_completion(&x->done);

	spin_lock_irqsave(&t->lock, flags);
	list_add_tail(&x->link, &t->pending);
	spin_unlock_irqrestore(&t->lock, flags);
}

/* Take it off the list, if no reply or failure has done so. True if it was still there. */
static bool unlist(struct xact_table *t, struct xact *x)
{
	unsigned long flags;
	bool listed;

	spin_lock_irqsave(&t->lock, flags);
	listed = !list_empty(&x->link);
	list_del_init(&x->link);
	spin_unlock_irqrestore(&t->lock, flags);
	return listed;
}

int xact_wait(struct xact_table *t, struct xact *x, u32 timeout_ms)
{
	bool in_time = wait_for_completion_timeout(&x->done, msecs_to_jiffies(timeout_ms));

	/*
	 * Whoever took it off the list completes it under the lock, so once we
	 * hold the lock and find it gone, nobody touches our stack any more.
	 */
	if (unlist(t, x) && !in_time)
		return -ETIMEDOUT;
	return x->err;
}

void xact_cancel(struct xact_table *t, struct xact *x)
{
	unlist(t, x);
}

static void finish(struct xact *x, int err)
{
	x->err = err;
	list_del_init(&x->link);
	complete(&x->done);
}

bool xact_reply(struct xact_table *t, u32 type, u32 relid, u32 key, const void *msg, u32 len)
{
	unsigned long flags;
	struct xact *x;
	bool found = false;

	spin_lock_irqsave(&t->lock, flags);
	list_for_each_entry(x, &t->pending, link) {
		if (x->type != type || x->relid != relid || x->key != key)
			continue;
		if (x->reply)
			memcpy(x->reply, msg, min(len, x->room));
		finish(x, 0);
		found = true;
		break;
	}
	spin_unlock_irqrestore(&t->lock, flags);
	return found;
}

void xact_fail_relid(struct xact_table *t, u32 relid)
{
	struct xact *x, *next;
	unsigned long flags;

	spin_lock_irqsave(&t->lock, flags);
	list_for_each_entry_safe(x, next, &t->pending, link)
		if (x->relid == relid)
			finish(x, -ENODEV);
	spin_unlock_irqrestore(&t->lock, flags);
}

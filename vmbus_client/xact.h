/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xact.h - one control request and its reply: register, wait with a bound, match, fail
 *
 * A request lives on the waiter's stack. It is listed before it is posted and
 * unlisted before the waiter returns, so a reply finds either the waiter or
 * nothing; what finds nothing is counted and dropped.
 */
#ifndef VMBUS_KIT_XACT_H
#define VMBUS_KIT_XACT_H

#include "wire/msg.h"

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/types.h>

/**
 * struct xact - a request waiting for its reply
 * @link: in the table's list
 * @type: message type of the reply
 * @relid: channel it concerns, 0 for none; a rescind of it ends the wait
 * @key: what the reply must carry besides (GPADL handle, open id), or 0
 * @reply: where the reply is copied
 * @room: bytes there
 * @err: 0, or why there is no reply
 * @done: the waiter sleeps on it
 */
struct xact {
	struct list_head link;
	u32 type;
	u32 relid;
	u32 key;
	void *reply;
	u32 room;
	int err;
	struct completion done;
};

/* All requests in flight on a connection. */
struct xact_table {
	spinlock_t lock;	/* leaf; taken in interrupts */
	struct list_head pending;
};

/**
 * xact_table_init() - no requests
 * @t: to fill in
 */
void xact_table_init(struct xact_table *t);

/**
 * xact_begin() - expect a reply
 * @t: table
 * @x: on the caller's stack; xact_wait() or xact_cancel() must follow
 * @type: of the reply
 * @relid: channel, or 0
 * @key: what tells this reply from others of its type, or 0
 * @reply: copy it here, or NULL
 * @room: bytes at @reply
 */
void xact_begin(struct xact_table *t, struct xact *x, u32 type, u32 relid, u32 key,
		void *reply, u32 room);

/**
 * xact_wait() - sleep until the reply is here
 * @t: table
 * @x: begun
 * @timeout_ms: longest wait
 *
 * Context: Process context.
 * Return: 0; -ETIMEDOUT; -ENODEV if the channel was rescinded or the connection ended.
 */
int xact_wait(struct xact_table *t, struct xact *x, u32 timeout_ms);

/**
 * xact_cancel() - the request could not be posted: expect nothing
 * @t: table
 * @x: begun
 */
void xact_cancel(struct xact_table *t, struct xact *x);

/**
 * xact_reply() - hand a reply to whoever waits for it
 * @t: table
 * @type: of the message
 * @relid: it names, or 0
 * @key: it carries, or 0
 * @msg: checked private copy
 * @len: bytes of it
 *
 * Context: Any.
 * Return: true if somebody waited.
 */
bool xact_reply(struct xact_table *t, u32 type, u32 relid, u32 key, const void *msg, u32 len);

/**
 * xact_fail_relid() - a channel is gone: nobody shall wait for it
 * @t: table
 * @relid: channel
 *
 * Context: Any.
 */
void xact_fail_relid(struct xact_table *t, u32 relid);

#endif

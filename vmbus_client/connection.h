/* SPDX-License-Identifier: GPL-2.0 */
/*
 * connection.h - the one connection to the host: contact, dispatch, unload
 */
#ifndef VMBUS_KIT_CONNECTION_H
#define VMBUS_KIT_CONNECTION_H

#include "proto/msg.h"
#include "xact.h"

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#define CONN_INBOX_SLOTS	64

/* What a host said that we refused, or that answered nobody; debugfs shows them. */
enum conn_count {
	COUNT_MSG_IN,
	COUNT_MSG_OUT,
	COUNT_POST_RETRIES,
	COUNT_REPLY_TIMEOUT,		/* answers we stopped waiting for */
	COUNT_MSG_STRAY,		/* in our slot, but not a VMBus message */
	COUNT_REPLY_UNMATCHED,		/* late, invented, or for somebody who gave up */
	COUNT_OFFER_BAD,		/* impossible relid or connection id */
	COUNT_OFFER_DUPLICATE,		/* relid or sub-channel we already have */
	COUNT_OFFER_ORPHAN,		/* sub-channel without a primary */
	COUNT_RESCIND_UNKNOWN,
	COUNT_EVENT_UNKNOWN,		/* flag of no channel */
	COUNT_EVENT_CLOSED,		/* flag of a channel not open; a late one is legal */
	COUNT_INBOX_FULL,		/* a message was left with the host for a while */
	COUNT_GPADL_PARKED,		/* memory the host never let go of */
	COUNT_CHANNEL_BROKEN,		/* rings that lied; of these, by what: */
	COUNT_BROKEN_TX_INDEX,
	COUNT_BROKEN_RX_RING,		/* an index, or a length that ends outside */
	COUNT_BROKEN_PACKET_SIZE,	/* more than the driver said its device sends */
	COUNT_COMPLETION_UNMATCHED,	/* completions of no request */
	COUNT_CHANNEL_MOVED,		/* to another CPU, as asked */
	COUNT_MOVE_REFUSED,		/* the host said no */
	COUNT_MOVE_UNANSWERED,		/* it said nothing in time */
	CONN_COUNTS
};

/**
 * struct conn_ops - what the connection tells the channels
 * @offer: a device or sub-channel appeared; ordered context, may sleep
 * @rescind_now: a channel went; interrupt context. Marks it
 * @rescind: the same, in order with offers; may sleep
 * @moved: the host says whether it moved a channel; interrupt context. False if
 *	nobody had asked
 */
struct conn_ops {
	void (*offer)(const struct msg_offer *offer);
	void (*rescind_now)(u32 relid);
	void (*rescind)(u32 relid);
	bool (*moved)(u32 relid, u32 status);
};

/**
 * struct vmbus_conn - the connection
 * @mutex: guards the channel lists; never held while waiting for the host or across drivers
 * @xacts: requests in flight
 * @version: negotiated, 0 while there is none; written before offers are asked for
 * @connection_id: where messages are posted; 0 while the host knows nothing of us
 * @target_vp: VP that gets the host's messages
 * @control: ordered queue for offers and rescinds
 * @inbox_work: drains @inbox there
 * @inbox: copies of messages not yet looked at
 * @inbox_head: next to drain
 * @inbox_tail: next free
 * @inbox_lock: guards @inbox and its indices; leaf, taken in interrupts
 * @inbox_stalled: a message was left with the host for want of room
 * @offers_delivered: the host has said that was all
 * @rescinded: bit per relid: the host took that channel away, and has let go of its memory
 * @silent: the last wait was in vain and nothing has come since; waits are short
 * @next_gpadl: handle for the next GPADL
 * @parked: buffers the host has not let go of; freed by its unload reply
 * @parked_lock: guards @parked
 * @monitor_pages: given with the contact; the host's until its unload reply
 * @pages_lost: it never gave that, so they are never freed
 * @asleep: offers and rescinds are not looked at: all of them will be void
 * @slept_version: version before the sleep, and after it
 * @unload_answered: the host has said good-bye
 * @crashed: bit 0: UNLOAD was said in a panic
 * @rejected: messages refused, by verdict
 * @count: other counters
 */
struct vmbus_conn {
	struct mutex mutex;
	struct xact_table xacts;
	u32 version;
	u32 connection_id;
	u32 target_vp;

	struct workqueue_struct *control;
	struct work_struct inbox_work;
	struct tlfs_message_copy {
		u32 len;
		u8 bytes[VMBUS_MSG_MAX_LEN] __aligned(8);
	} inbox[CONN_INBOX_SLOTS];
	unsigned int inbox_head;
	unsigned int inbox_tail;
	spinlock_t inbox_lock;
	bool inbox_stalled;

	struct completion offers_delivered;
	DECLARE_BITMAP(rescinded, VMBUS_RELID_MAX + 1);
	bool silent;
	atomic_t next_gpadl;
	struct list_head parked;
	spinlock_t parked_lock;
	void *monitor_pages[2];
	bool pages_lost;
	bool asleep;
	u32 slept_version;
	bool unload_answered;
	unsigned long crashed;

	atomic64_t rejected[MSG_VERDICT_COUNT];
	atomic64_t count[CONN_COUNTS];
};

static inline void conn_count(struct vmbus_conn *conn, enum conn_count which)
{
	atomic64_inc(&conn->count[which]);
}

/**
 * vmbus_conn_init() - the connection object, SynIC on, nothing said to the host yet
 * @ops: where offers and rescinds go
 *
 * Context: Process context.
 * Return: the connection or ERR_PTR.
 */
struct vmbus_conn *vmbus_conn_init(const struct conn_ops *ops);

/**
 * vmbus_conn_exit() - SynIC off, memory back
 * @conn: unloaded, without channels
 */
void vmbus_conn_exit(struct vmbus_conn *conn);

/**
 * vmbus_conn_contact() - agree on a version
 * @conn: connection
 *
 * Context: Process context, waits for the host with a bound.
 * Return: 0; -ENODEV if the host has no VMBus for us; -ETIMEDOUT if it does not
 * answer; -EIO or -EBUSY if it cannot or will not.
 */
int vmbus_conn_contact(struct vmbus_conn *conn);

/**
 * vmbus_conn_request_offers() - ask what there is, and wait until the host has said so
 * @conn: connection that agreed on a version
 *
 * A host that never says "that was all" costs a bounded wait and a line in the log.
 *
 * Context: Process context.
 * Return: 0 or a negative errno if the question could not be posted.
 */
int vmbus_conn_request_offers(struct vmbus_conn *conn);

/**
 * vmbus_conn_unload() - tell the host to forget us
 * @conn: connection
 *
 * Afterwards the host touches none of our memory; if it does not answer, what
 * it was given stays allocated for ever, and a line says how much.
 *
 * Context: Process context, waits for the host with a bound.
 */
void vmbus_conn_unload(struct vmbus_conn *conn);

/**
 * vmbus_conn_ignore() - heed no further offer and no rescind
 * @conn: connection that is about to sleep or to end
 *
 * Returns when those that came before have been dealt with.
 *
 * Context: Process context.
 */
void vmbus_conn_ignore(struct vmbus_conn *conn);

/**
 * vmbus_conn_sleep() - have the host forget us, and switch the SynIC off
 * @conn: connection that ignores offers, without open channels
 *
 * After an error the host may or may not know us, and the SynIC is on;
 * vmbus_conn_wake() puts it in order.
 *
 * Context: Process context, waits for the host with a bound.
 * Return: 0 or a negative errno.
 */
int vmbus_conn_sleep(struct vmbus_conn *conn);

/**
 * vmbus_conn_wake() - SynIC on, the same version again, every offer anew
 * @conn: connection after vmbus_conn_sleep()
 *
 * When this returns the offers have been handed on.
 *
 * Context: Process context, waits for the host with a bound.
 * Return: 0; after a negative errno nothing is connected.
 */
int vmbus_conn_wake(struct vmbus_conn *conn);

/**
 * vmbus_conn_silence() - no interrupt on any CPU, no page of ours written, no call made
 *
 * vmbus_conn_wake() ends it.
 *
 * Context: Process context.
 */
void vmbus_conn_silence(void);

/**
 * vmbus_conn_crash() - have the host forget a kernel that panicked
 * @conn: connection in any state
 *
 * Takes no lock and waits by counting, at most unload_timeout.
 *
 * Context: Panic; interrupts off, other CPUs stopped or not.
 */
void vmbus_conn_crash(struct vmbus_conn *conn);

/**
 * vmbus_conn_post() - post one message, again and again while the host has no buffer for it
 * @conn: connection
 * @msg: message
 * @len: bytes
 *
 * Context: Process context, may sleep.
 * Return: 0; -ENODEV if we are not connected; -EBUSY if the host stayed busy; -EIO
 * if it refused.
 */
int vmbus_conn_post(struct vmbus_conn *conn, const void *msg, u32 len);

/**
 * vmbus_conn_flush() - wait until every message received so far has been dealt with
 * @conn: connection
 *
 * Context: Process context; not from the control queue.
 */
void vmbus_conn_flush(struct vmbus_conn *conn);

/**
 * vmbus_conn_event_unknown() - count an event flag that belongs to nobody
 */
void vmbus_conn_event_unknown(void);

/**
 * vmbus_conn_wait() - wait for the reply to a request that was posted
 * @conn: connection
 * @x: begun
 *
 * As long as the host gives no sign of life after a wait in vain, further waits
 * are short: an unload does not pay for every channel of a dead host.
 *
 * Context: Process context.
 * Return: as xact_wait().
 */
int vmbus_conn_wait(struct vmbus_conn *conn, struct xact *x);

/**
 * vmbus_conn_rescinded() - has the host taken this channel away?
 * @conn: connection
 * @relid: channel
 *
 * Context: Any.
 * Return: true from the interrupt that said so until the relid is offered again.
 */
static inline bool vmbus_conn_rescinded(const struct vmbus_conn *conn, u32 relid)
{
	return test_bit(relid, conn->rescinded);
}

/**
 * vmbus_conn_offered() - a relid is a new channel's; what the host took away was an older one
 * @conn: connection
 * @relid: its relid, which no channel has
 *
 * Not for an offer that is refused: the channel that has the relid stays as rescinded as it is.
 */
static inline void vmbus_conn_offered(struct vmbus_conn *conn, u32 relid)
{
	clear_bit(relid, conn->rescinded);
}

/* How long we wait for one answer of the host, milliseconds (module parameter). */
u32 vmbus_reply_timeout(void);

/* The same for the answer to UNLOAD, before which hosts flush disks. */
u32 vmbus_unload_timeout(void);

#endif

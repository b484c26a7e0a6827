/* SPDX-License-Identifier: GPL-2.0 */
/*
 * channel.h - the channel object: offered, opened, closed, rescinded, released
 */
#ifndef VMBUS_KIT_CHANNEL_H
#define VMBUS_KIT_CHANNEL_H

#include "connection.h"
#include "cpus.h"
#include "proto/chan_state.h"
#include "proto/msg.h"
#include "proto/reqid.h"
#include "proto/ring.h"
#include "vmbus.h"

#include <linux/interrupt.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* Who hears of an interrupt. */
enum chan_live {
	LIVE_NOBODY,	/* not open, or about to close */
	LIVE_BELL,	/* our tasklet, which calls the driver */
	LIVE_DRIVER,	/* the driver at once; it polls from where it likes */
};

#define CHAN_POLLED	0	/* bit of @polling */

/* What a channel has seen; shown by sysfs and debugfs. Each has one writer at a time. */
struct chan_stats {
	/* under tx_lock */
	u64 signals_data;	/* because the host had seen its ring empty */
	u64 packets_out;
	u64 tx_full;		/* sends refused for want of space */
	u64 tx_full_first;	/* of these, the first since a send succeeded */
	u64 tx_full_at;		/* packets_out at the last refusal */
	u64 ids_full;		/* sends refused for want of a request slot */
	/* by the bell, or whoever polls */
	u64 signals_space;	/* because the host waited for space */
	u64 packets_in;
	u64 refills;		/* event callbacks that used up their share */
	/* by the interrupt */
	u64 interrupts;
};

/**
 * struct vmbus_chan - a channel
 * @ref: the channel lists hold one reference, each user of a sub-channel one
 * @rcu: freed after interrupts that may have found it by relid
 * @conn: connection
 * @offer: as it came; constant
 * @node: in the list of primaries or in the primary's @subs; conn->mutex
 * @primary: of a sub-channel; holds a reference on it
 * @subs: sub-channels in order of arrival; conn->mutex
 * @vdev: of a primary, the device; only @dev_work
 * @dirs: of a primary with a device, channels/ in sysfs; sysfs.c's lock
 * @dir: the channel's own below it, or NULL; the same lock
 * @dev_work: makes the device, or takes it away, by looking at the state
 * @listed: in a channel list and in the relid table; conn->mutex
 * @lock: guards @state; irq-safe
 * @state: written by vmbus_chan_set_state() alone
 * @wq: woken at every state change and at every new sub-channel
 * @open_mutex: one open, close or stop at a time; taken before every other lock
 * @cfg: as given to vmbus_chan_open()
 * @buf: both rings while granted; @open_mutex
 * @open_id: number of the latest open, so that a late result is recognised
 * @place: which CPU it interrupts
 * @broke: its ring lied since it was opened last
 * @telling: the driver's gone callback is due or running; set under @open_mutex
 * @live: enum chan_live; unless LIVE_NOBODY, the event path may use what follows
 * @bell: handles interrupts, one at a time
 * @polling: CHAN_POLLED while somebody polls in place of @bell
 * @polled_from: packets received before he began
 * @budget: packets the running event callback or poll may still take
 * @rx: host-to-guest ring; only @bell, or who polls
 * @rx_buf: private copy of the packet being handled; likewise
 * @tx_lock: guards the next four; irq-safe, leaf
 * @tx_open: sends are allowed
 * @tx: guest-to-host ring
 * @ids: requests without completion; outlives the open channel until reaped
 * @slots: memory of @ids
 * @monitor: page in which this channel's signals are bits, or NULL if they are
 *	hypercalls; set before anything is sent
 * @signals_monitor: signals of that kind
 * @gone_work: stops a broken or rescinded channel and tells the driver
 * @stats: counters
 */
struct vmbus_chan {
	struct kref ref;
	struct rcu_head rcu;
	struct vmbus_conn *conn;
	struct msg_offer offer;

	struct list_head node;
	struct vmbus_chan *primary;
	struct list_head subs;
	struct vmbus_dev *vdev;
	struct kset *dirs;
	struct chan_dir *dir;
	struct work_struct dev_work;
	bool listed;

	spinlock_t lock;
	enum chan_state state;
	wait_queue_head_t wq;

	struct mutex open_mutex;
	struct vmbus_chan_config cfg;
	struct vmbus_buf *buf;
	u32 open_id;
	struct chan_place place;
	bool broke;
	bool telling;

	enum chan_live live;
	struct tasklet_struct bell;
	unsigned long polling;
	u64 polled_from;
	int budget;
	struct ring_rx rx;
	void *rx_buf;

	spinlock_t tx_lock ____cacheline_aligned_in_smp;
	bool tx_open;
	struct ring_tx tx;
	struct reqid_table ids;
	struct reqid_slot *slots;

	struct tlfs_monitor_page *monitor;
	atomic64_t signals_monitor;

	struct work_struct gone_work;
	struct chan_stats stats;
};

/**
 * vmbus_chan_set_state() - the only writer of chan->state
 * @chan: channel
 * @event: what happened
 *
 * Traces, wakes chan->wq. An illegal move changes nothing and is reported once:
 * it is our mistake, not the host's.
 *
 * Context: Any.
 * Return: the state after the event.
 */
enum chan_state vmbus_chan_set_state(struct vmbus_chan *chan, enum chan_event event);

/**
 * vmbus_chan_state() - the state now
 * @chan: channel
 *
 * Return: state; it may be another when the caller looks at it.
 */
enum chan_state vmbus_chan_state(struct vmbus_chan *chan);

/**
 * vmbus_chan_queue_gone() - stop this channel and tell its driver, soon
 * @chan: channel that broke or was rescinded
 *
 * Context: Any; the caller holds a reference or is in the channel's bell.
 */
void vmbus_chan_queue_gone(struct vmbus_chan *chan);

/**
 * vmbus_chans_init() - make the channel code known to a connection
 * @conn: connection, before it asks for offers
 *
 * Return: 0 or a negative errno.
 */
int vmbus_chans_init(struct vmbus_conn *conn);

/**
 * vmbus_chans_exit() - every device and channel away; the drivers are gone already
 */
void vmbus_chans_exit(void);

/**
 * vmbus_chans_settle() - wait until every device offered so far has been added
 */
void vmbus_chans_settle(void);

/**
 * vmbus_chans_quiet() - wait until what is broken or rescinded has been stopped
 *
 * Context: Process context; as long as closing takes.
 */
void vmbus_chans_quiet(void);

/**
 * vmbus_chans_in_use() - has a driver left a channel open that should sleep?
 *
 * Context: Process context.
 * Return: true if so; a line says which.
 */
bool vmbus_chans_in_use(void);

/**
 * vmbus_chans_sleep() - forget every relid and every sub-channel
 *
 * Primaries stay, with their devices, and wait to be offered again.
 *
 * Context: Process context; none is in use, and the connection ignores offers and rescinds.
 */
void vmbus_chans_sleep(void);

/**
 * vmbus_chans_wake() - what has not been offered again is gone
 *
 * Context: Process context; the offers have been dealt with.
 */
void vmbus_chans_wake(void);

/**
 * vmbus_chan_event() - an event flag was set
 * @relid: its number
 *
 * Context: Interrupt.
 */
void vmbus_chan_event(u32 relid);

/**
 * vmbus_chan_set_cpu() - have an open channel interrupt another CPU
 * @chan: channel
 * @cpu: where the administrator wants it, now and when it is opened again
 *
 * Context: Process context; waits for the host, with a bound.
 * Return: 0; -EIO if the version of the protocol moves no channels, this one is
 * not open, or the host refuses or does not answer; -EINVAL if there is no such
 * CPU, it is offline, or it is isolated from managed interrupts.
 */
int vmbus_chan_set_cpu(struct vmbus_chan *chan, unsigned int cpu);

/**
 * vmbus_chan_find() - the first channel that has what somebody looks for
 * @match: called under conn->mutex; must not wait for the host
 * @arg: handed on
 *
 * Context: Process context.
 * Return: the channel with a reference for vmbus_chan_put(), or NULL.
 */
struct vmbus_chan *vmbus_chan_find(bool (*match)(struct vmbus_chan *chan, void *arg), void *arg);

/**
 * vmbus_chans_for_each() - call a function for every channel, primaries before their subs
 * @fn: called under conn->mutex; must not wait for the host
 * @arg: handed on
 *
 * Context: Process context.
 */
void vmbus_chans_for_each(void (*fn)(struct vmbus_chan *chan, void *arg), void *arg);

extern const struct conn_ops vmbus_chan_conn_ops;

/* io.c ---------------------------------------------------------------------*/

/**
 * io_init() - the parts of a new channel that io.c owns
 * @chan: zeroed
 */
void io_init(struct vmbus_chan *chan);

/**
 * io_start() - rings and ids ready for traffic; the host has not opened them yet
 * @chan: being opened, chan->buf granted
 *
 * Return: 0 or -ENOMEM.
 */
int io_start(struct vmbus_chan *chan);

/**
 * io_allow() - sends and events from now on
 * @chan: started
 */
void io_allow(struct vmbus_chan *chan);

/**
 * io_refuse() - sends fail from now on
 * @chan: channel
 *
 * Context: Any.
 */
void io_refuse(struct vmbus_chan *chan);

/**
 * io_stop() - no event callback and no poll runs nor will run; nobody touches the rings any more
 * @chan: channel
 *
 * Context: Process context, sleeps.
 */
void io_stop(struct vmbus_chan *chan);

/**
 * io_free() - the memory of a stopped channel
 * @chan: channel
 */
void io_free(struct vmbus_chan *chan);

/**
 * io_look() - do as if the host had rung
 * @chan: channel; io_stop() is not running, or an RCU read section is
 *
 * Context: Any.
 */
void io_look(struct vmbus_chan *chan);

/**
 * io_interrupt() - the host rang
 * @chan: channel
 *
 * Context: Interrupt.
 */
void io_interrupt(struct vmbus_chan *chan);

#endif

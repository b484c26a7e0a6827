/* SPDX-License-Identifier: GPL-2.0 */
/*
 * storvsc.h - the adapter and its queues, who may touch which field, and what
 * the files of this module owe each other
 *
 * A command is the host's from a successful send until its cookie comes back,
 * and the bus hands every cookie back exactly once: in a completion, or when a
 * closed channel is reaped. Nothing else completes a command that was sent. So
 * none is lost, none is completed twice, and no page is used again that the
 * host may still write.
 */
#ifndef STORVSC_H
#define STORVSC_H

#include "proto/vstor.h"
#include "vmbus.h"

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <scsi/scsi_host.h>

struct scsi_cmnd;
struct scsi_device;
struct Scsi_Host;
struct dentry;

/* Frame numbers of transfers up to 128 KiB are listed on the stack. */
#define STORVSC_FEW_PAGES	33

/* While an adapter is removed, the host must give back something in so many jiffies. */
#define STORVSC_WATCH_PERIOD	(30u * HZ)

/* Channels of an adapter: the primary and what else there may be. */
#define STORVSC_MAX_QUEUES	(1 + VSTOR_MAX_SUB_CHANNELS)

/* Classes of durations; the last one is "half a minute or more". */
#define STORVSC_TIMES		26

/**
 * struct storvsc_queue - a channel and the blk-mq hardware queue it serves
 * @host: whose
 * @chan: open from probe until it is shut; a reference if @index is not 0
 * @index: hardware queue number; 0 is the primary channel
 * @dead: nothing is sent here any more, queue 0 does its work. Set under
 *	@host->shut_lock, read without
 * @gone: the bus said so; storvsc_gone_work() shuts it
 * @sent: commands that were given to the host
 * @polled: the channel never interrupts; whoever waits for a command looks for it
 * @held: those of @sent that were not shown to it at once
 * @lent: commands of this hardware queue that another's channel took
 * @unshown: by index, in whose channel commands of this hardware queue may lie that the
 *	host was not shown yet
 * @via: whose channel takes the commands; share.c has this and the next five
 * @deep: many were with the host at once, since @chosen_at
 * @chosen_at: when @via was chosen, in jiffies
 * @quiet: the CPU the channel interrupts has little else to do
 * @ran: for how long it had run tasks when that was seen, in ns
 * @ran_at: when it was, in jiffies
 * @full: sends that found no room
 * @unmapped: commands put off because no bounce buffer was free
 * @bounced: commands whose data went through a bounce buffer
 * @pfn_lock: @pfns
 * @pfns: frame numbers of one large transfer, while it is being sent
 * @done: commands the host has given back and we have completed. One writer: the event
 *	callback, or after the channel was closed whoever shuts the queue
 * @answered: when the host last gave one back, in jiffies
 * @polls: times somebody looked for commands here, in vain or not
 * @late: those of @done that came when the error handler had them
 * @errors: those that did not end well
 * @times: commands by the time they took, if that is measured: the first took less
 *	than a microsecond, each next one up to twice as long as the one before
 */
struct storvsc_queue {
	struct storvsc_host *host;
	struct vmbus_chan *chan;
	u16 index;
	bool polled;
	bool dead;
	bool gone;
	atomic_long_t sent;
	atomic_long_t held;
	atomic_long_t lent;
	DECLARE_BITMAP(unshown, STORVSC_MAX_QUEUES);
	struct storvsc_queue *via;
	bool deep;
	unsigned long chosen_at;
	bool quiet;
	u64 ran;
	unsigned long ran_at;
	atomic_long_t full;
	atomic_long_t unmapped;
	atomic_long_t bounced;
	spinlock_t pfn_lock;
	u64 *pfns __guarded_by(&pfn_lock);

	unsigned long done ____cacheline_aligned_in_smp;
	unsigned long answered;
	unsigned long polls;
	unsigned long late;
	unsigned long errors;
	unsigned long times[STORVSC_TIMES];
};

/* What the host sent that a correct one would not have. First the VSTOR_ODD_ bits, in order. */
enum storvsc_reject {
	STORVSC_REJECT_SHORT,
	STORVSC_REJECT_OP,
	STORVSC_REJECT_MOVED,
	STORVSC_REJECT_CONTRADICTION,
	STORVSC_REJECT_SENSE,
	STORVSC_REJECT_NOTICE,
	STORVSC_REJECT_TYPE,
	STORVSC_REJECT_COUNT
};

/* Addresses below an adapter, whatever its class; and the bit of one in storvsc_host.scan. */
#define STORVSC_CHANNELS	8
#define STORVSC_IDS		128
#define STORVSC_SCAN_BIT(channel, id)	((channel) * STORVSC_IDS + (id))

/**
 * struct storvsc_class - what adapters of a device class have in common
 * @what: for messages
 * @channels: SCSI channels, at most STORVSC_CHANNELS
 * @ids: targets on each, at most STORVSC_IDS
 * @luns: units of each
 * @max_transfer: bytes of a command, whatever the host says
 * @one_disk: the adapter is one disk of an IDE controller, whose place is in the
 *	instance id
 * @fibre: a Fibre Channel adapter, with names of its own
 */
struct storvsc_class {
	const char *what;
	unsigned int channels;
	unsigned int ids;
	unsigned int luns;
	u32 max_transfer;
	bool one_disk;
	bool fibre;
};

/**
 * struct storvsc_host - a host adapter, in the private part of its Scsi_Host
 * @shost: the rest of it
 * @vdev: device it is made of
 * @class: of what kind it is
 * @found: what the handshake found
 * @queues: room for @queue_room; set up before the first channel opens, freed after the last
 *	has closed
 * @queue_room: most channels it may have
 * @queue_count: those it has
 * @first_polled: the first that is polled; those that interrupt come before. No less than 1
 * @queues_used: those of them that interrupt and that the block layer gives commands to
 * @map_lock: changing that. May sleep, as long as commands are out
 * @depth: most commands the host may have at once
 * @dead: no command is sent any more, each ends at once. Set under @shut_lock
 * @asleep: no channel is open, but will be again; commands wait. Every queue is dead, too
 * @removing: no new scan is begun
 * @reset_lock: a reset is going on; outside @shut_lock. May sleep
 * @shut_lock: closing and reaping channels, and @queue_count. May sleep
 * @wait: for commands to come back, and for the end
 * @setup: the handshake's questions
 * @reset: the error handler's
 * @bus_changed: units came or went somewhere
 * @scan: they did at these addresses; STORVSC_SCAN_BIT()
 * @scan_work: looks at units
 * @gone_work: shuts queues whose channel the bus lost
 * @revive: asks a host that was given up, or units that were, whether they are back
 * @revive_wait: jiffies until then
 * @restarts: how often the channels were closed and opened to get commands back
 * @restarted_at: jiffies; what the host answers since it was done last is later
 * @measure: how long commands take
 * @watchdog: while the adapter is removed: gives up on a host that is silent
 * @watched_busy: commands were in flight when it last looked
 * @rejects: by enum storvsc_reject
 * @silences: times a command waited in vain for the whole of its timeout
 * @log_limit: what the host causes us to log
 * @debugfs: counters
 * @debugfs_latency: how long commands took
 */
struct storvsc_host {
	struct Scsi_Host *shost;
	struct vmbus_dev *vdev;
	const struct storvsc_class *class;
	struct vstor_init found;
	struct storvsc_queue *queues;
	unsigned int queue_room;
	unsigned int queue_count;
	unsigned int first_polled;
	unsigned int queues_used;
	struct mutex map_lock;
	unsigned int depth;
	bool dead;
	bool asleep;
	bool removing;
	struct mutex reset_lock;
	struct mutex shut_lock;
	wait_queue_head_t wait;
	struct vmbus_ask setup;
	struct vmbus_ask reset;
	unsigned long bus_changed;
	DECLARE_BITMAP(scan, STORVSC_CHANNELS * STORVSC_IDS);
	struct work_struct scan_work;
	struct work_struct gone_work;
	struct delayed_work revive;
	unsigned long revive_wait;
	unsigned int restarts;
	unsigned long restarted_at;
	bool measure;
	struct delayed_work watchdog;
	bool watched_busy;
	atomic_t rejects[STORVSC_REJECT_COUNT];
	atomic_t silences;
	struct ratelimit_state log_limit;
	struct dentry *debugfs;
	struct dentry *debugfs_latency;
};

/*
 * Whose a command is. Whoever moves it from STORVSC_CMD_SENT owns its end: the
 * completion, which gives it back, or the timeout, after which the error
 * handler does, and a completion that comes only then is late.
 */
enum storvsc_cmd_state {
	STORVSC_CMD_IDLE,	/* not with the host */
	STORVSC_CMD_SENT,	/* with the host */
	STORVSC_CMD_EXPIRED,	/* with the host, but the error handler's */
};

/**
 * struct storvsc_cmd - private part of a command
 * @state: enum storvsc_cmd_state
 * @expired: how often its time was over since it was sent
 * @since: when it was sent, or last seen waiting by the timeout, in jiffies
 * @began: when it was sent, in ns, if times are measured; else 0
 */
struct storvsc_cmd {
	int state;
	unsigned int expired;
	unsigned long since;
	u64 began;
};

/* Bits of storvsc_lun.flags. */
#define STORVSC_LUN_ABSENT	0	/* the host says that it is not there */
#define STORVSC_LUN_CHANGED	1	/* it says that it changed */
#define STORVSC_LUN_LOST	2	/* it was usable before the adapter was reset */

/* Private part of a SCSI device. */
struct storvsc_lun {
	struct kref ref;	/* the unit's, and one for who sleeps meanwhile */
	struct rcu_head rcu;
	unsigned long flags;
	unsigned long full_at;	/* when it had more than it can take, in jiffies */
	bool deaf;		/* it has ignored a reset... */
	unsigned long deaf_at;	/* at this time, in jiffies; both under reset_lock */
};

/* main.c */
extern struct workqueue_struct *storvsc_wq;	/* for what ends commands */
unsigned int storvsc_ring_bytes(void);
unsigned int storvsc_queue_limit(void);		/* channels that interrupt */
unsigned int storvsc_poll_limit(void);		/* those that do not, beside them */
bool storvsc_sharing(void);			/* of answers, see share.c */
unsigned int storvsc_depth(unsigned int queues);
unsigned int storvsc_depth_limit(void);
unsigned long storvsc_timeout(void);		/* jiffies: for a command */
unsigned long storvsc_reply_timeout(void);	/* jiffies: for an answer that needs no disk */
unsigned long storvsc_drain_timeout(void);	/* jiffies: after a reset */

/* fc.c: attributes of Fibre Channel adapters. A kernel without the class shows none. */
#if IS_ENABLED(CONFIG_SCSI_FC_ATTRS)
int storvsc_fc_init(void);
void storvsc_fc_exit(void);
void storvsc_fc_prepare(struct storvsc_host *host);	/* before the adapter is added */
void storvsc_fc_added(struct storvsc_host *host);
void storvsc_fc_remove(struct storvsc_host *host);	/* before the adapter is removed */
#else
static inline int storvsc_fc_init(void) { return 0; }
static inline void storvsc_fc_exit(void) { }
static inline void storvsc_fc_prepare(struct storvsc_host *host) { }
static inline void storvsc_fc_added(struct storvsc_host *host) { }
static inline void storvsc_fc_remove(struct storvsc_host *host) { }
#endif

/* host.c */
int storvsc_host_probe(struct vmbus_dev *vdev, const struct hv_vmbus_device_id *id);
void storvsc_host_remove(struct vmbus_dev *vdev);
int storvsc_host_suspend(struct vmbus_dev *vdev);
int storvsc_host_resume(struct vmbus_dev *vdev);
/* The host says something about a unit; atomic context. */
void storvsc_unit_absent(struct storvsc_host *host, struct scsi_device *sdev);
void storvsc_unit_changed(struct storvsc_host *host, struct scsi_device *sdev);
void storvsc_target_changed(struct storvsc_host *host, struct scsi_device *sdev);
void storvsc_bus_changed(struct storvsc_host *host);
/*
 * Get every command back by closing the channels, and begin anew; 0, or the adapter
 * is dead. reset_lock held. Sleeps, with a bound.
 */
int storvsc_restart(struct storvsc_host *host);
/* NULL: the unit is being taken away. */
struct storvsc_lun *storvsc_lun_get(struct scsi_device *sdev);
void storvsc_lun_put(struct storvsc_lun *lun);
/* Count it, and log it if there is room; any context. */
void storvsc_reject(struct storvsc_queue *q, enum storvsc_reject why);

/* queue.c */
extern const struct vmbus_chan_ops storvsc_chan_ops;
extern const struct vmbus_chan_ops storvsc_polled_ops;
compat_ret(struct scsi_host_template, queuecommand, NULL, NULL)
storvsc_queuecommand(struct Scsi_Host *shost, struct scsi_cmnd *cmd);
void storvsc_commit(struct Scsi_Host *shost, u16 hwq);
int storvsc_poll(struct Scsi_Host *shost, unsigned int hwq);
/* For who waits for commands but cannot know that anybody polls for them. Process context. */
void storvsc_poll_all(struct storvsc_host *host);
int storvsc_init_cmd(struct Scsi_Host *shost, struct scsi_cmnd *cmd);
/* Ask and wait, with a bound. Sleeps. Bytes of @ask->reply, or a negative errno. */
int storvsc_ask(struct storvsc_host *host, struct vmbus_ask *ask, const struct vstor_packet *pkt);
/* Close a queue's channel and complete what it had with @host_byte. shut_lock held. */
void storvsc_shut_queue(struct storvsc_queue *q, int host_byte);
/* Commands the host has. */
unsigned long storvsc_in_flight(struct storvsc_host *host);
/* Has the host given any command back after @since? */
bool storvsc_answered_since(struct storvsc_host *host, unsigned long since);

/* share.c: whose channel takes a command of this hardware queue now. Any context. */
struct storvsc_queue *storvsc_via(struct storvsc_queue *q);

/* eh.c */
compat_ret(struct scsi_host_template, eh_timed_out, NULL)
storvsc_timed_out(struct scsi_cmnd *cmd);
int storvsc_abort(struct scsi_cmnd *cmd);
int storvsc_unit_reset(struct scsi_cmnd *cmd);
int storvsc_bus_reset(struct scsi_cmnd *cmd);
int storvsc_host_reset(struct scsi_cmnd *cmd);
void storvsc_revive(struct work_struct *work);
/* Ask an adapter that was given up again, after @revive_wait. reset_lock held. */
void storvsc_revive_later(struct storvsc_host *host);
/* Close all channels for good: every command ends, now and from now on. Sleeps. */
void storvsc_give_up(struct storvsc_host *host);
void storvsc_gone_work(struct work_struct *work);
void storvsc_watchdog(struct work_struct *work);

#endif

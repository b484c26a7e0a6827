/* SPDX-License-Identifier: GPL-2.0 */
/*
 * utils.h - a service of the host's, its requests, and what the files of this
 * module owe each other
 *
 * The host asks, one channel for each service, and every request is answered
 * exactly once: at once by main.c, or later by whoever took it. An answer is the
 * request's own bytes again; so a request that is taken is a copy of its packet.
 */
#ifndef HV_UTILS_UTILS_H
#define HV_UTILS_UTILS_H

#include "proto/ic.h"
#include "vmbus.h"

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/ratelimit.h>
#include <linux/seq_file.h>
#include <linux/workqueue.h>

struct dentry;
struct util;
struct util_daemon;

/* A status no host knows: the request will be answered by util_answer(). */
#define UTIL_LATER	0xffffffffu

/**
 * struct util_request - a request that is answered later
 * @node: for its owner
 * @id: of its packet
 * @version: of the messages when it came; the host may negotiate anew meanwhile
 * @own: the kernel asks, not the host: nobody waits for the answer
 * @body: behind the header, in @packet
 * @body_len: bytes of it
 * @len: bytes of @packet
 * @packet: payload of the packet
 */
struct util_request {
	struct list_head node;
	u64 id;
	u32 version;
	bool own;
	void *body;
	u32 body_len;
	u32 len;
	u8 packet[] __aligned(8);
};

/* What went wrong, beside enum ic_fault. */
enum util_count {
	UTIL_REQUESTS,
	UTIL_NEGOTIATIONS,
	UTIL_NOT_INBAND,	/* a packet of another kind */
	UTIL_REFUSED,		/* a request that was answered with a failure by us */
	UTIL_NO_MEMORY,
	UTIL_UNSENT,		/* an answer there was no room or no channel for */
	UTIL_CROWDED,		/* more requests at once than are kept */
	UTIL_NO_DAEMON,		/* answered with a failure: nobody there */
	UTIL_DAEMON_FAILED,	/* it said so */
	UTIL_DAEMON_SLOW,	/* it did not reply in time */
	UTIL_DAEMON_DIED,	/* it went with a request */
	UTIL_DAEMON_ODD,	/* it wrote what nobody asked for, or too little */
	UTIL_COUNT
};

/**
 * struct util_service - one kind of service
 * @name: for messages, and of its file in debugfs
 * @type: enum hvic_type of its messages
 * @versions: what we speak
 * @start: make what the service needs, before the channel opens. Sleeps. Optional
 * @stop: undo it, after the channel has closed. Sleeps. Optional
 * @request: one request; change the body into that of the answer and say its status,
 *	or UTIL_LATER for those that @take gets a copy of. Softirq
 * @take: the copy, to be answered with util_answer(). Softirq. Only with UTIL_LATER
 * @answered: the answer of a request that was not left for later is with the host.
 *	Softirq. Optional
 * @suspend: the channel is closed, and will be opened again. Sleeps. Optional
 * @resume: it is about to be. Sleeps. Optional
 * @show: lines for debugfs. Optional
 */
struct util_service {
	const char *name;
	u16 type;
	struct ic_versions versions;
	int (*start)(struct util *u);
	void (*stop)(struct util *u);
	u32 (*request)(struct util *u, void *body, u32 len);
	void (*take)(struct util *u, struct util_request *req);
	void (*answered)(struct util *u);
	void (*suspend)(struct util *u);
	void (*resume)(struct util *u);
	void (*show)(struct util *u, struct seq_file *file);
};

/**
 * struct util - a service the host offers this guest
 * @service: which
 * @vdev: device
 * @agreed: versions; written and read by the channel's callback, shown by others
 * @priv: the service's
 * @daemon: its daemon's device, if it has one
 * @packet: the payload being looked at; the channel's callback's
 * @faults: messages refused, by enum ic_fault
 * @counts: by enum util_count
 * @log_limit: what the host causes us to log
 * @debugfs: file
 */
struct util {
	const struct util_service *service;
	struct vmbus_dev *vdev;
	struct ic_agreed agreed;
	void *priv;
	struct util_daemon *daemon;
	u8 *packet;
	atomic_t faults[IC_FAULT_COUNT];
	atomic_t counts[UTIL_COUNT];
	struct ratelimit_state log_limit;
	struct dentry *debugfs;
};

/* main.c */
extern struct workqueue_struct *utils_wq;	/* nothing in it waits for memory or file systems */

/* Answers a request that was taken, and frees it. Any context. */
void util_answer(struct util *u, struct util_request *req, u32 status);

static inline void util_count(struct util *u, enum util_count what)
{
	atomic_inc(&u->counts[what]);
}

/* What the host can make us say. */
#define util_log(u, level, fmt, ...) do { \
	if (__ratelimit(&(u)->log_limit)) \
		dev_##level(&(u)->vdev->dev, fmt, ##__VA_ARGS__); \
} while (0)

extern const struct util_service heartbeat_service;	/* heartbeat.c */
extern const struct util_service shutdown_service;	/* shutdown.c */
extern const struct util_service timesync_service;	/* timesync.c */
extern const struct util_service kvp_service;		/* kvp.c */
extern const struct util_service vss_service;		/* vss.c */
extern const struct util_service fcopy_service;		/* fcopy.c */

/* heartbeat.c: the one attribute a service has */
extern struct device_attribute dev_attr_application_state;

#endif

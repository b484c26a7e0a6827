/* SPDX-License-Identifier: GPL-2.0 */
/*
 * daemon.h - a conversation with a user-space daemon about the host's requests
 *
 * The daemon opens /dev/vmbus/..., says hello, and then gets one request at a time.
 * It may be missing, slow, dead or odd: no request waits for it longer than a bound,
 * and the channel never does.
 */
#ifndef HV_UTILS_DAEMON_H
#define HV_UTILS_DAEMON_H

#include "utils.h"
#include "wire/hvdaemon.h"

/**
 * struct daemon_ops - what a service's daemon is told and asked
 * @node: name of its device below /dev
 * @most: bytes of the largest message to it
 * @least: bytes a write of its must have
 * @exact: and not more
 * @hello: its first write. Bytes of the answer put at @to; 0 for none; or -EINVAL
 * @ask: a request: make a message. If @to_len stays 0 the daemon need not
 *	hear of it, and the status is the answer's. Otherwise, unless it is
 *	HVIC_STATUS_OK, it is so whatever the daemon replies
 * @wants_prepared: whether something is to be found out in the daemon's context before it gets this
 *	message. Optional; the next three come with it
 * @prepare: does that. No lock is held, nothing waits for it but the daemon, the service may
 *	stop meanwhile. NULL if there is no memory
 * @reading: the daemon is now given the message for @req. What was prepared for it the service
 *	may take, and leave something else
 * @discard: what is left then
 * @reply: what it replied; the answer's status
 * @lost: it went, or, @alive, took too long and may be at it still. The service may stop
 *	next. Optional
 * @seconds: longest time for a request
 */
struct daemon_ops {
	const char *node;
	u32 most;
	u32 least;
	bool exact;
	int (*hello)(struct util *u, const void *msg, void *to);
	u32 (*ask)(struct util *u, struct util_request *req, void *to, u32 *to_len);
	bool (*wants_prepared)(const void *sent);
	void *(*prepare)(void);
	void (*reading)(struct util *u, const struct util_request *req, void **prepared);
	void (*discard)(void *prepared);
	u32 (*reply)(struct util *u, struct util_request *req, const void *sent, const void *msg);
	void (*lost)(struct util *u, bool alive);
	unsigned int (*seconds)(struct util *u, const struct util_request *req);
};

/**
 * daemon_start() - make the device
 * @u: service; gets @u->daemon
 * @ops: what to say
 *
 * Return: 0 or a negative errno.
 */
int daemon_start(struct util *u, const struct daemon_ops *ops);

/**
 * daemon_stop() - the device goes; whoever has it open is told so
 * @u: service, its channel closed; no request remains
 */
void daemon_stop(struct util *u);

/**
 * daemon_suspend() - forget all requests: their channel is closed
 * @u: service
 */
void daemon_suspend(struct util *u);

/**
 * daemon_resume() - the daemon has time again to come back
 * @u: service
 */
void daemon_resume(struct util *u);

/**
 * daemon_take() - a request for the daemon; for util_service.take
 * @u: service
 * @req: request
 */
void daemon_take(struct util *u, struct util_request *req);

/**
 * daemon_tell() - have the daemon do what the host did not ask for
 * @u: service
 *
 * @ask sees a request that is the kernel's own, and without a body. Nobody gets an
 * answer. May sleep, but waits for no file system.
 */
void daemon_tell(struct util *u);

/**
 * daemon_tell_first() - the same, before the request that is being looked at
 * @u: service
 *
 * Only for @ask, which then says UTIL_LATER, and is asked again.
 *
 * Return: false if there is no memory.
 */
bool daemon_tell_first(struct util *u);

/* For util_service.show. */
void daemon_show(struct util *u, struct seq_file *file);

/* For services that leave everything to their daemon: util_service.request. */
static inline u32 daemon_request(struct util *u, void *body, u32 len)
{
	return UTIL_LATER;
}

/* The usual daemon_ops.seconds. */
unsigned int daemon_seconds(struct util *u, const struct util_request *req);

#endif

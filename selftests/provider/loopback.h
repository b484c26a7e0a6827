/* SPDX-License-Identifier: GPL-2.0 */
/*
 * loopback.h - the provider and its guest in one process, for tests
 *
 * An array is the guest's memory, one slot for each VP its message page, a
 * bitmap its event flags. Nothing happens by itself: the test says when the
 * guest looks, when the host sees a signal, and when time passes.
 */
#ifndef VMBUS_KIT_LOOPBACK_H
#define VMBUS_KIT_LOOPBACK_H

#include "vsp.h"

#define LOOPBACK_VPS		4u
#define LOOPBACK_LISTENERS	64u

struct loopback {
	struct vsp *vsp;
	uint8_t *memory;		/* guest address 0 */
	uint32_t page_count;

	struct loopback_vp {
		struct tlfs_message slot;
		uint8_t flags[TLFS_EVENT_FLAG_COUNT / 8];
	} vp[LOOPBACK_VPS];

	struct loopback_listener {
		uint32_t connection_id;	/* 0: not in use */
		uint64_t signals;	/* not yet seen by the host */
	} listener[LOOPBACK_LISTENERS];

	struct loopback_watched {	/* a device's descriptor, one at most */
		int fd;
		void (*readable)(void *arg);
		void (*writable)(void *arg);
		void *arg;
	} watched;

	uint64_t now, timer;
	uint64_t events;		/* flags newly set, ever */
	bool refuse_events;		/* as if the VP's SynIC were off */
	uint32_t violations;
	char violation[512];		/* the last one */
	bool verbose;			/* the host's log goes to stdout as "# ..." */
};

/* NULL when out of memory. The host is complete but for its devices. */
struct loopback *loopback_new(uint32_t page_count);
void loopback_free(struct loopback *lb);

/* The guest's side */

/* PostMessage. Returns a TLFS status. */
uint16_t loopback_post(struct loopback *lb, uint32_t connection_id, const void *msg, uint32_t len);
/* SignalEvent. Returns a TLFS status; the host sees it at loopback_deliver(). */
uint16_t loopback_signal(struct loopback *lb, uint32_t connection_id);
/* Take the message out of a VP's slot, which frees it. False: it is empty. */
bool loopback_receive(struct loopback *lb, uint32_t vp, struct tlfs_message *msg);
/* Test and clear an event flag. */
bool loopback_take_event(struct loopback *lb, uint32_t vp, uint32_t flag);
/* A page as the guest has it. */
void *loopback_page(struct loopback *lb, uint64_t pfn);

/* The world's side */

/* Let the host see the signals sent so far. */
void loopback_deliver(struct loopback *lb);
/* Let a device look at its descriptor. */
void loopback_look(struct loopback *lb);
/* Let time pass, and the host's timers with it. */
void loopback_advance(struct loopback *lb, uint64_t ns);
/* The guest machine is reset: its memory stays, all else goes. */
void loopback_reset(struct loopback *lb);
/* A control command; true if it ended with "ok". Lines are put into @out, each with a newline. */
bool loopback_command(struct loopback *lb, const char *line, char *out, size_t out_len);

#endif

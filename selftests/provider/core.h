/* SPDX-License-Identifier: GPL-2.0 */
/*
 * core.h - what the provider's own files share: the host, its channels, the
 * memory it was granted
 *
 * Transports and devices see vsp.h alone.
 */
#ifndef VMBUS_KIT_VSP_CORE_H
#define VMBUS_KIT_VSP_CORE_H

#include <stdio.h>

#include "ring.h"
#include "vsp.h"

#define VSP_STATUS_UNSUCCESSFUL	0x8000ffffu	/* what Hyper-V says when it means "no" */
#define VSP_NO_MONITOR		0xffu
#define VSP_EVENT_CONN_ID_BASE	0x2000u		/* event connection id: this + relid */

/* Counted for the host as a whole and for each channel. */
struct vsp_traffic {
	uint64_t signals;		/* SignalEvent hypercalls */
	uint64_t signals_spurious;	/* those that found nothing to do; races are legal */
	uint64_t signals_monitor;	/* bits of the monitor page instead */
	uint64_t interrupts;		/* event flags newly set */
	uint64_t interrupts_coalesced;	/* event flags set that still were */
	uint64_t interrupts_suppressed;	/* packets the ring's rules let us send silently */
	uint64_t packets_in, packets_out;
	uint64_t bytes_in, bytes_out;
	uint64_t ring_full;		/* packets that had to wait for the guest to read */
};

/* Ids of requests not answered yet. */
struct vsp_ids {
	uint64_t *slot;			/* open addressing; 0 is free, ids are never 0 */
	uint32_t mask, count;
};

/* Memory the guest lent us. */
struct vsp_gpadl {
	struct vsp_gpadl *next;
	uint32_t handle, relid;
	uint8_t *ranges;		/* as sent, until complete */
	uint32_t ranges_len, ranges_have;
	uint16_t range_count;
	bool complete;
	bool revoked;			/* its channel went away before the last body came */
	bool in_use;			/* an open channel has its rings here */
	bool torn;			/* teardown asked for, answered when no longer in use */
	struct vsp_gpa_list *lists;	/* range_count of them, when complete */
};

/* A packet that found the ring full. */
struct vsp_backlog {
	struct vsp_backlog *next;
	uint64_t id;
	uint32_t len;
	uint16_t type, flags;
	uint8_t payload[];
};

enum vsp_chan_state {
	VSP_CHAN_OFFERED,		/* or closed again */
	VSP_CHAN_OPEN,
	VSP_CHAN_REVOKED,		/* rescinded; the relid stays taken until released */
};

struct vsp_chan {
	struct vsp *vsp;
	struct vsp_device *device;
	struct vsp_chan *next;		/* of vsp->chans, oldest first */
	uint32_t relid, index, connection_id;
	uint32_t monitor_id;		/* VSP_NO_MONITOR: none */
	enum vsp_chan_state state;

	/* While open */
	uint32_t target_vp;
	bool broken;			/* the guest lied in the ring: we stopped reading it */
	struct vsp_gpadl *gpadl;
	uint8_t **pages;		/* host pointers of the GPADL's pages */
	uint32_t page_count, in_pages;
	struct vsp_ring in, out;
	struct vsp_backlog *backlog, **backlog_end;
	struct vsp_ids asked;		/* by the guest, which waits for our completions */
	struct vsp_ids asking;		/* by us */
	struct vsp_timer_event again;	/* the rest of a long drain */
	bool draining;

	struct vsp_traffic traffic;
};

struct vsp_device {
	struct vsp *vsp;
	struct vsp_device *next;
	const struct vsp_device_ops *ops;
	void *dev;
	struct wire_guid instance_id;
	char label[32];
	struct vsp_chan *primary;	/* offered to this guest, or NULL */
	uint32_t sub_count;		/* sub-channels offered, released ones included */
	bool monitor;			/* channels may be signalled through the monitor page */
	bool gone;			/* rescinded and not offered again */
	bool offer_again;		/* as soon as the old relid is released */
};

/* A message on its way to the guest. */
struct vsp_out {
	struct vsp_out *next;
	struct vsp *vsp;
	uint32_t vp;
	struct tlfs_message msg;
	struct vsp_timer_event late;
};

enum vsp_fault_action {
	VSP_FAULT_NONE,
	VSP_FAULT_DROP,
	VSP_FAULT_DELAY,
	VSP_FAULT_DUP,
	VSP_FAULT_STATUS,
	VSP_FAULT_GARBAGE,
	VSP_FAULT_SHORT,
	VSP_FAULT_RESCIND,
};

struct vsp_fault {
	struct vsp_fault *next;
	uint32_t type;			/* enum vmbus_msg_type; 0: the post itself */
	enum vsp_fault_action action;
	uint32_t arg;			/* milliseconds or status */
	uint32_t skip, count;		/* UINT32_MAX: for ever */
};

struct vsp {
	const struct vsp_transport *transport;
	void *ctx;

	/* Options */
	uint32_t min_version, max_version;
	uint32_t first_relid;
	uint32_t message_conn_id;	/* told to guests from 5.0 on */
	uint32_t monitor_us;		/* between two looks at the monitor page */
	FILE *capture;
	bool dump_messages;

	/* The connection */
	uint32_t version;		/* 0: none */
	uint32_t vp;			/* where messages go */
	uint32_t conn_id;		/* where they must come from */
	uint64_t monitor_gpa;		/* page in which the guest signals, or 0 */
	struct vsp_timer_event monitor_timer;
	bool offers_requested;
	bool unloaded;			/* by its own wish, not for want of contact */
	struct vsp_out *out, **out_end;
	struct vsp_out *late;		/* held back by a fault */

	struct vsp_device *devices, **devices_end;
	struct vsp_chan *chans, **chans_end;
	struct vsp_chan *by_relid[VMBUS_RELID_MAX + 1];
	struct vsp_gpadl *gpadls;
	struct vsp_fault *faults;

	struct vsp_timer_event *timers;	/* soonest first */
	uint64_t armed;
	uint64_t rng;

	/* Judgement and counters */
	uint64_t violations;
	uint32_t odd_seen;		/* VSP_ODD_* already logged */
	uint64_t messages_in[VMBUS_MSG_TYPE_COUNT], messages_out[VMBUS_MSG_TYPE_COUNT];
	uint64_t messages_in_total, messages_out_total;
	struct vsp_traffic traffic;
};

/* Things no rule forbids but no known guest does; each is logged once. */
#define VSP_ODD_PADDING		0x1u
#define VSP_ODD_RESERVED	0x2u
#define VSP_ODD_RELEASE		0x4u
void vsp_odd(struct vsp *vsp, uint32_t which, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define VSP_COUNT(chan, what, n) do { \
	(chan)->traffic.what += (n); \
	(chan)->vsp->traffic.what += (n); \
} while (0)

/* server.c */
const char *vsp_message_name(uint32_t type);
bool vsp_message_from_guest(uint32_t type);
struct vsp_chan *vsp_chan_find(struct vsp *vsp, uint32_t relid);
void vsp_chan_rescind(struct vsp_chan *chan);
int vsp_device_offer(struct vsp_device *device);
void vsp_deliver(struct vsp *vsp, struct vsp_out *out);
void vsp_forget_guest(struct vsp *vsp);
void vsp_server_free(struct vsp *vsp);
void vsp_capture(struct vsp *vsp, const char *way, uint32_t conn_or_vp, const void *bytes,
		 uint32_t len);

/* channel.c: the traffic of an open channel */
int vsp_chan_start(struct vsp_chan *chan, struct vsp_gpadl *gpadl, uint32_t out_page);
void vsp_chan_stop(struct vsp_chan *chan);
void vsp_chan_look(struct vsp_chan *chan, uint64_t signals);

/* monitor.c: signals by a bit in a page */
uint32_t vsp_monitor_id(struct vsp *vsp);	/* a free one, or VSP_NO_MONITOR */
void vsp_monitor_watch(struct vsp *vsp);	/* a channel was opened, or closed */

/* gpa.c */
/*
 * Cut @count ranges that stand within @len bytes into lists, and say how many
 * bytes they took. NULL if they lie, with the reason in *why.
 */
struct vsp_gpa_list *vsp_gpa_parse(struct vsp *vsp, const uint8_t *ranges, uint32_t len,
				   uint32_t count, uint32_t *used, const char **why);
void vsp_gpa_free(struct vsp_gpa_list *lists, uint32_t count);

/* fault.c */
int vsp_fault_add(struct vsp *vsp, const char *text, char *err, size_t err_len);
void vsp_fault_clear(struct vsp *vsp);
void vsp_fault_list(struct vsp *vsp, vsp_put_line put, void *ctx);
/*
 * Is a fault due for the next answer of this type? Uses it up. Status faults
 * are asked for before the host acts, so that a refusal is a real one; all
 * others when the answer leaves.
 */
bool vsp_fault_status(struct vsp *vsp, uint32_t type, uint32_t *status);
enum vsp_fault_action vsp_fault_sending(struct vsp *vsp, uint32_t type, uint32_t *arg);

/* script.c */
void vsp_put(vsp_put_line put, void *ctx, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif

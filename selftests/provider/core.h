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
	struct vmbus_pkt_hdr hdr;
	uint32_t len;			/* of what follows it */
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
	bool move_due;			/* asked to move it and not answered yet */
	uint32_t move_vp;		/* where it goes late; by a fault, before 5.3 */
	struct vsp_timer_event move_late;
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
	bool stalled;			/* told not to read the guest's ring */

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
	bool leaves, comes;		/* at the next contact, without a word */
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
	VSP_FAULT_HOLD,
	VSP_FAULT_DUP,
	VSP_FAULT_STATUS,
	VSP_FAULT_GARBAGE,
	VSP_FAULT_SHORT,
	VSP_FAULT_LONG,
	VSP_FAULT_DIRTY,
	VSP_FAULT_RELID,
	VSP_FAULT_ID,
	VSP_FAULT_VP,
	VSP_FAULT_RESCIND,
};

/* What a fault or a hook is about: enum vmbus_msg_type, or one of these. */
#define VSP_ABOUT_POST		0u	/* the guest's hypercall */
#define VSP_ABOUT_INTERRUPT	(VMBUS_MSG_TYPE_COUNT + 0u)
#define VSP_ABOUT_PACKET	(VMBUS_MSG_TYPE_COUNT + 1u)

struct vsp_fault {
	struct vsp_fault *next;
	uint32_t about;
	enum vsp_fault_action action;
	uint32_t arg;			/* milliseconds, status, number of something */
	uint32_t skip, count;		/* UINT32_MAX: for ever */
};

/* A command for when something happens. */
struct vsp_hook {
	struct vsp_hook *next;
	bool before;			/* the host looks at it, or sends it */
	bool always;
	uint32_t about;
	uint32_t skip;
	char *script;
};

/* A command for later, perhaps again and again. */
struct vsp_later {
	struct vsp_later *next;
	struct vsp *vsp;
	struct vsp_timer_event timer;
	uint64_t period;		/* ns */
	uint32_t left;
	bool owed;			/* late, but it must come */
	char *script;
};

struct vsp {
	const struct vsp_transport *transport;
	void *ctx;

	/* Options */
	uint32_t min_version, max_version;
	uint32_t first_relid;
	bool fresh_relids;		/* a connection does not use the numbers of the last one */
	uint32_t message_conn_id;	/* told to guests from 5.0 on */
	uint32_t monitor_us;		/* between two looks at the monitor page */
	uint32_t features_had;		/* VMBUS_FEATURE_ granted to who asks for them */
	uint32_t features_pushed;	/* claimed to be granted though nobody asked */
	FILE *capture;
	bool dump_messages;

	/* The connection */
	uint32_t version;		/* 0: none */
	uint32_t features;		/* granted; from 6.0 on */
	uint32_t vp;			/* where messages go */
	uint32_t conn_id;		/* where they must come from */
	uint64_t monitor_gpa;		/* page in which the guest signals, or 0 */
	struct vsp_timer_event monitor_timer;
	uint32_t relid_base;		/* where this connection begins to number, if not 0 */
	uint32_t relid_top;		/* the highest number used since it was 0 */
	bool offers_requested;
	bool unloaded;			/* by its own wish, not for want of contact */
	struct vsp_out *out, **out_end;
	struct vsp_out *late;		/* delayed by a fault */
	struct vsp_out *held, **held_end;	/* until released by a command */

	struct vsp_device *devices, **devices_end;
	struct vsp_chan *chans, **chans_end;
	struct vsp_chan *by_relid[VMBUS_RELID_MAX + 1];
	struct vsp_gpadl *gpadls;
	/* Relids in offers that only pretend: the guest may give these back. */
	uint8_t made_up[(VMBUS_RELID_MAX + 8) / 8];

	/* Misbehaviour */
	struct vsp_fault *faults;
	struct vsp_hook *hooks, **hooks_end;
	struct vsp_hook *due, **due_end;	/* fired, to be run when the host has time */
	struct vsp_later *laters;
	uint32_t script_depth;

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
struct vsp_device *vsp_device_find(struct vsp *vsp, const char *label);
/* A message out of nowhere, which passes no fault: to @vp, of @len bytes whatever that may be. */
struct vsp_out *vsp_new_message(struct vsp *vsp, uint32_t vp, const void *payload, uint32_t len);
void vsp_deliver(struct vsp *vsp, struct vsp_out *out);
enum vsp_order { VSP_IN_ORDER, VSP_REVERSED, VSP_SHUFFLED };
void vsp_release_held(struct vsp *vsp, enum vsp_order order);
void vsp_forget_guest(struct vsp *vsp);
void vsp_server_free(struct vsp *vsp);
void vsp_capture(struct vsp *vsp, const char *way, uint32_t conn_or_vp, const void *bytes,
		 uint32_t len);

/* channel.c: the traffic of an open channel */
int vsp_chan_start(struct vsp_chan *chan, struct vsp_gpadl *gpadl, uint32_t out_page);
void vsp_chan_stop(struct vsp_chan *chan);
void vsp_chan_look(struct vsp_chan *chan, uint64_t signals);
/*
 * Put a packet with any descriptor into the ring; @len bytes of @payload follow
 * it, whatever it says. 0, -EAGAIN if the ring is full, -EINVAL if there is none.
 */
int vsp_chan_put_raw(struct vsp_chan *chan, const struct vmbus_pkt_hdr *hdr, const void *payload,
		     uint32_t len);
/* Write one of the host's fields of the control pages. False: no such field. */
bool vsp_chan_scribble(struct vsp_chan *chan, const char *field, uint32_t value);
void vsp_chan_interrupt(struct vsp_chan *chan);

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
 * Is a fault due for the next one of these? Uses it up. Status faults are asked
 * for before the host acts, so that a refusal is a real one; all others when
 * the answer leaves.
 */
bool vsp_fault_status(struct vsp *vsp, uint32_t about, uint32_t *status);
enum vsp_fault_action vsp_fault_sending(struct vsp *vsp, uint32_t about, uint32_t *arg);
bool vsp_about(const char *name, size_t len, uint32_t *about);
const char *vsp_about_name(uint32_t about);
bool vsp_number(const char *text, uint32_t *value);

/* hook.c */
int vsp_hook_add(struct vsp *vsp, bool before, const char *text, char *err, size_t err_len);
void vsp_hook_list(struct vsp *vsp, vsp_put_line put, void *ctx);
void vsp_hook_clear(struct vsp *vsp);
/* Run @script @count times, the first time after @delay ns, then every @period ns. */
int vsp_later(struct vsp *vsp, uint64_t delay, uint32_t count, uint64_t period,
	      const char *script);
/* The same once, for what the host owes: it is not forgotten with the scripts. */
void vsp_put_off(struct vsp *vsp, uint64_t delay, const char *script);
/* All that was put off, now. */
void vsp_hurry(struct vsp *vsp);
/* Something is about to happen: run what is to be run before it. */
void vsp_before(struct vsp *vsp, uint32_t about);
/* It has happened: what is to be run after it waits for vsp_run_due(). */
void vsp_happened(struct vsp *vsp, uint32_t about);
/* Nobody is in the middle of anything. */
void vsp_run_due(struct vsp *vsp);

/* inject.c */
/* Where a field of a message stands. False: it has none of that name. */
bool vsp_message_field(uint32_t type, const char *name, uint32_t *at, uint32_t *size);
uint32_t vsp_message_len(uint32_t type);
int vsp_inject(struct vsp *vsp, const char *args, char *err, size_t err_len);
int vsp_inject_packet(struct vsp *vsp, const char *args, char *err, size_t err_len);
void vsp_barrage(struct vsp *vsp);
int vsp_phantoms(struct vsp *vsp, uint32_t count);

/* script.c */
struct vsp_chan *vsp_chan_named(struct vsp *vsp, const char *name);
void vsp_put(vsp_put_line put, void *ctx, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vsp.h - the host-side provider: what a transport must give, what it may call,
 * and what a device must implement
 *
 * One struct vsp is one host with one guest. Nothing here blocks or starts a
 * thread; time passes only through the transport. The provider shares
 * include/wire and include/env.h with the guest and no function.
 */
#ifndef VMBUS_KIT_VSP_H
#define VMBUS_KIT_VSP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/guid.h"
#include "wire/msg.h"
#include "wire/pkt.h"
#include "wire/tlfs.h"

struct vsp;
struct vsp_chan;

/* Transport ----------------------------------------------------------------*/

/*
 * What a transport gives. All calls come from the one context in which the
 * transport calls the provider.
 */
struct vsp_transport {
	/* Put a message into (vp, SINT 2). -EAGAIN: slot busy, vsp_slot_free() will follow. */
	int (*post_message)(void *ctx, uint32_t vp, const struct tlfs_message *msg);
	/*
	 * Set an event flag of SINT 2 and interrupt if it was clear. 1: interrupted,
	 * 0: the flag was still set, -errno: that VP cannot take it.
	 */
	int (*set_event)(void *ctx, uint32_t vp, uint32_t flag);
	/* A guest may SignalEvent this id from now on; vsp_event() reports it. */
	int (*listen_event)(void *ctx, uint32_t connection_id);
	void (*unlisten_event)(void *ctx, uint32_t connection_id);
	/* Is there such a VP? */
	bool (*vp_exists)(void *ctx, uint32_t vp);
	/*
	 * Host pointer to guest memory [gpa, gpa + len), within one 4 KiB page;
	 * NULL if it is not RAM. Valid until vsp_reset().
	 */
	void *(*map)(void *ctx, uint64_t gpa, uint32_t len, bool write);
	/* Nanoseconds of a monotonic clock. */
	uint64_t (*now)(void *ctx);
	/* The partition's reference counter, in 100 ns. NULL: made from now(). */
	uint64_t (*reference_time)(void *ctx);
	/* Call vsp_timer() at or after this time, which replaces any before; UINT64_MAX disarms. */
	void (*arm_timer)(void *ctx, uint64_t when);
	/*
	 * Call @readable and @writable with @arg, as far as they are not NULL, when this
	 * descriptor is so; both NULL ends that. May be missing: there are none then.
	 */
	void (*watch)(void *ctx, int fd, void (*readable)(void *arg), void (*writable)(void *arg),
		      void *arg);
	/* One line, without newline, for people. */
	void (*log)(void *ctx, const char *line);
};

/* What a transport calls. */
struct vsp *vsp_new(const struct vsp_transport *transport, void *ctx);
void vsp_free(struct vsp *vsp);
/* "name=value" from the command line. 0, or -EINVAL with one line written to @err. */
int vsp_option(struct vsp *vsp, const char *name, const char *value, char *err, size_t err_len);
/* PostMessage hypercall; the transport has copied @input. Returns a TLFS status. */
uint16_t vsp_message(struct vsp *vsp, uint32_t connection_id, uint32_t message_type,
		     const void *payload, uint32_t len);
/* The guest signalled an id listened to, @count times since the last call. */
void vsp_event(struct vsp *vsp, uint32_t connection_id, uint64_t count);
void vsp_slot_free(struct vsp *vsp, uint32_t vp);
void vsp_timer(struct vsp *vsp);
/* The guest machine was reset: every page, relid and request is forgotten. */
void vsp_reset(struct vsp *vsp);

/* One control command (script.c); output lines go to @put, the last one is "ok" or "error: ...". */
typedef void (*vsp_put_line)(void *ctx, const char *line);
void vsp_command(struct vsp *vsp, const char *line, vsp_put_line put, void *ctx);

/* Guest memory ---------------------------------------------------------------*/

/* A list of guest bytes: pages with an offset into the first and a total length. */
struct vsp_gpa_list {
	uint64_t *pfns;
	uint32_t pfn_count;
	uint32_t offset;		/* into the first page */
	uint32_t len;
};

/*
 * Copy between a list and memory, starting @at bytes into the list. Return
 * bytes copied; fewer than @len when the list ends or a page is not RAM.
 */
size_t vsp_gpa_read(struct vsp *vsp, const struct vsp_gpa_list *list, size_t at,
		    void *buf, size_t len);
size_t vsp_gpa_write(struct vsp *vsp, const struct vsp_gpa_list *list, size_t at,
		     const void *buf, size_t len);

/* Devices --------------------------------------------------------------------*/

/* A packet from the guest, validated and copied out of the ring. */
struct vsp_pkt {
	uint16_t type;			/* enum vmbus_pkt_type */
	bool wants_completion;
	uint64_t id;
	const uint8_t *payload;
	uint32_t payload_len;		/* multiple of 8 */
	/* Of VMBUS_PKT_GPA_DIRECT; the device may take pfns away, leaving NULL. */
	struct vsp_gpa_list *ranges;
	uint32_t range_count;
};

/* A device end. One struct vsp_device per offer; sub-channels belong to the same device. */
struct vsp_device_ops {
	const char *name;
	struct wire_guid class_id;
	uint16_t offer_flags;
	uint32_t pipe_mode;		/* of VMBUS_OFFER_NAMED_PIPE: first of the user's bytes */
	void (*chan_opened)(void *dev, struct vsp_chan *chan);
	/*
	 * The rings go away after this: no vsp_chan_* call on @chan until it is
	 * opened again. Outstanding work is dropped.
	 */
	void (*chan_closed)(void *dev, struct vsp_chan *chan);
	void (*packet)(void *dev, struct vsp_chan *chan, struct vsp_pkt *pkt);
	/* Control command, the "delay 1000" of "scsi0 delay 1000"; replies as vsp_command(). */
	void (*command)(void *dev, const char *line, vsp_put_line put, void *ctx);
	/* "name value" lines for the counters command. */
	void (*counters)(void *dev, vsp_put_line put, void *ctx);
	void (*reset_counters)(void *dev);
	void (*destroy)(void *dev);
};

struct vsp_device;

/* Add a device: offered on the next REQUEST_OFFERS, or at once if that was before. */
struct vsp_device *vsp_device_add(struct vsp *vsp, const struct vsp_device_ops *ops, void *dev,
				  const struct wire_guid *instance_id, const char *label);
/* Offer @count sub-channels of a device whose primary channel is open. */
int vsp_device_offer_sub_channels(struct vsp_device *device, uint32_t count);

/*
 * Let the guest signal this device's channels through the monitor page, where
 * it has given one. Before the device is offered.
 */
void vsp_device_monitor(struct vsp_device *device);

/* Which channel of its device: 0 is the primary. */
uint32_t vsp_chan_index(const struct vsp_chan *chan);

/*
 * Send a packet to the guest. Never fails for want of ring space: what does not
 * fit waits in the provider, in order, until the guest has read. Signals by the
 * ring's rules. @len need not be a multiple of 8.
 */
void vsp_chan_complete(struct vsp_chan *chan, uint64_t id, const void *payload, uint32_t len);
void vsp_chan_send_inband(struct vsp_chan *chan, uint64_t id, bool want_completion,
			  const void *payload, uint32_t len);

/*
 * The same for pieces of a buffer the guest has lent, which are its own until it
 * completes this; @len bytes of @payload say what they are. What @pages says of
 * the number of ranges need not be @count.
 */
void vsp_chan_send_transfer(struct vsp_chan *chan, uint64_t id,
			    const struct vmbus_pkt_transfer_pages *pages,
			    const struct vmbus_transfer_range *ranges, uint32_t count,
			    const void *payload, uint32_t len);

/* The memory a guest has lent on this channel under a handle, or NULL. */
const struct vsp_gpa_list *vsp_chan_gpadl(struct vsp_chan *chan, uint32_t handle);

/* Time and chance -------------------------------------------------------------*/

struct vsp_timer_event {
	uint64_t when;			/* ns; managed by vsp_timer_set() */
	void (*fn)(void *arg);
	void *arg;
	struct vsp_timer_event *next;
	bool armed;
};
uint64_t vsp_now(struct vsp *vsp);
uint64_t vsp_reference_time(struct vsp *vsp);
void vsp_timer_set(struct vsp *vsp, struct vsp_timer_event *ev, uint64_t when);
void vsp_timer_cancel(struct vsp *vsp, struct vsp_timer_event *ev);
/* Deterministic pseudo-random number, seeded by the "seed" option. */
uint32_t vsp_random(struct vsp *vsp);

/* A file descriptor of a device; as the transport has it. */
void vsp_watch(struct vsp *vsp, int fd, void (*readable)(void *arg), void (*writable)(void *arg),
	       void *arg);

/* Judgement ------------------------------------------------------------------*/

void vsp_log(struct vsp *vsp, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The guest did what a correct guest never does: printed as "VIOLATION: ...", counted. */
void vsp_violation(struct vsp *vsp, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* storage.c: options like "lun0=ram:64M", "lun1=file:/path[,ro]". */
int vsp_storage_option(struct vsp *vsp, const char *name, const char *value, char *err,
		       size_t err_len);
/* Add the controller(s) the options asked for; called once after all options are read. */
int vsp_storage_start(struct vsp *vsp, char *err, size_t err_len);

/* echo.c: options "echo=N", "echo_...". 1: not one of them; otherwise as above. */
int vsp_echo_option(struct vsp *vsp, const char *name, const char *value, char *err,
		    size_t err_len);
int vsp_echo_start(struct vsp *vsp, char *err, size_t err_len);

/* net_ctl.c: options "net0=BACKEND", "net0.NAME=VALUE". As those of echo.c. */
int vsp_net_option(struct vsp *vsp, const char *name, const char *value, char *err,
		   size_t err_len);
int vsp_net_start(struct vsp *vsp, char *err, size_t err_len);

/* util_ctl.c: options "utils=...", "clock=..."; as above. */
int vsp_util_option(struct vsp *vsp, const char *name, const char *value, char *err,
		    size_t err_len);
int vsp_util_start(struct vsp *vsp, char *err, size_t err_len);
/* "add NAME": one more of a service, while the guest runs. What is wrong, or NULL. */
const char *vsp_util_add(struct vsp *vsp, const char *args);

#endif

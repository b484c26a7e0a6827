/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ring.h - the host's ends of a channel's two rings
 *
 * Written from the protocol description, not from the guest's code, so that a
 * misreading on one side shows. "In" is guest to host, where we consume; "out"
 * is host to guest, where we produce. The guest may write anything anywhere at
 * any time; an index that makes no sense gives -EPROTO and nothing worse.
 */
#ifndef VMBUS_KIT_VSP_RING_H
#define VMBUS_KIT_VSP_RING_H

#include "env.h"
#include "wire/pkt.h"

struct vsp_ring {
	struct vmbus_ring_page *ctl;	/* shared with the guest */
	u8 **pages;			/* data pages, shared; the array is ours */
	u32 size;			/* bytes of data, multiple of 4096 */
	u32 index;			/* ours: next byte to read or to write */
	u32 published;			/* what the guest can see of it */
	u32 used;			/* bytes in the ring when the guest's index was last read */
	u32 mask;			/* in: interrupt mask as we wrote it */
	u32 pending;			/* out: pending send size as we wrote it */
};

/* @pages[0] is the control page; takes no ownership. */
void vsp_ring_init_in(struct vsp_ring *ring, u8 **pages, u32 page_count);
void vsp_ring_init_out(struct vsp_ring *ring, u8 **pages, u32 page_count);

/* Indices as found at open. 0, or -EPROTO. */
int vsp_ring_start_in(struct vsp_ring *ring);
int vsp_ring_start_out(struct vsp_ring *ring);

/* The name of a field of ours that the guest has overwritten, or NULL. */
const char *vsp_ring_tampered_in(const struct vsp_ring *ring);
const char *vsp_ring_tampered_out(const struct vsp_ring *ring);

/* Consuming ------------------------------------------------------------------*/

void vsp_ring_mask(struct vsp_ring *ring);
/* Ask for signals again. True: data came meanwhile, mask and drain once more. */
bool vsp_ring_unmask(struct vsp_ring *ring);

/* Bytes ready, 0 for none, -EPROTO if the guest's write index lies. */
int vsp_ring_ready(struct vsp_ring *ring);
/* Copy without consuming, starting @at bytes after the read position. */
void vsp_ring_peek(const struct vsp_ring *ring, u32 at, void *to, u32 len);
void vsp_ring_consume(struct vsp_ring *ring, u32 len);
/*
 * Let the guest have the room. True: it waits for that much and must be
 * interrupted. *bad is set when what it waits for can never come.
 */
bool vsp_ring_commit(struct vsp_ring *ring, bool *bad);

/* Producing ------------------------------------------------------------------*/

/*
 * Write one packet, padded to 8 bytes, and publish it. 0; -EAGAIN: no room;
 * -EMSGSIZE: never room; -EPROTO: the guest's read index lies. *kick is set
 * when the guest must be interrupted.
 */
int vsp_ring_put(struct vsp_ring *ring, u16 type, u16 flags, u64 id,
		 const void *payload, u32 len, bool *kick);
/* The same with a descriptor that need not be true; @len bytes follow it. */
int vsp_ring_put_raw(struct vsp_ring *ring, const struct vmbus_pkt_hdr *hdr,
		     const void *payload, u32 len, bool *kick);
/*
 * Tell the guest that we wait for room for a packet of @len payload bytes.
 * True: there is room by now, try again.
 */
bool vsp_ring_wait(struct vsp_ring *ring, u32 len);
void vsp_ring_wait_over(struct vsp_ring *ring);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ring.h - the two rings of a channel over plain memory
 *
 * Says whether the other party must be signalled; never signals. The host may
 * rewrite every byte of a ring at any time: indices are copied and checked,
 * packets are copied whole and only the copy is looked at.
 */
#ifndef VMBUS_KIT_PROTO_RING_H
#define VMBUS_KIT_PROTO_RING_H

#include "env.h"
#include "wire/pkt.h"

/* The ring we write. One writer at a time: the caller holds a lock. */
struct ring_tx {
	struct vmbus_ring_page *page;
	u8 *data;
	u32 size;		/* of data in bytes: a multiple of 4096 */
	u32 write;		/* where the next packet goes; ours alone, never read back */
	u32 published;		/* what the host has been shown of it */
	u32 wanted;		/* space asked for and not yet had, 0: none */
};

/* The ring we read. One reader at a time. */
struct ring_rx {
	struct vmbus_ring_page *page;
	const u8 *data;
	u32 size;
	u32 read;		/* next unread packet; ours alone, never read back */
	u32 published;		/* what the host has been shown of it */
	u32 write;		/* the host's index when last looked at, validated */
};

/* One piece of an outgoing packet. */
struct ring_vec {
	const void *base;
	u32 len;
};

/**
 * ring_packet_space() - ring bytes a packet takes
 * @len: packet length without trailer, in bytes
 *
 * Return: @len rounded up to 8, plus the trailer.
 */
static inline u32 ring_packet_space(u32 len)
{
	return ((len + 7) & ~7u) + sizeof(struct vmbus_pkt_trailer);
}

/**
 * ring_tx_init() - start an empty ring for writing
 * @tx: to fill in
 * @page: control page, zeroed here and our feature bit set
 * @data: data area
 * @size: bytes of @data, a multiple of 4096
 *
 * Call before the host may look at the ring.
 */
void ring_tx_init(struct ring_tx *tx, void *page, void *data, u32 size);

/**
 * ring_tx_put() - copy one packet in, without showing it to the host yet
 * @tx: ring
 * @vec: pieces, the first begins with struct vmbus_pkt_hdr
 * @count: number of pieces
 *
 * Pads the last piece to 8 bytes with zeros and appends the trailer.
 *
 * Ends a wait begun with ring_tx_want_space(), if this packet is as large as
 * that asked for.
 *
 * Return: 0; -EAGAIN when it does not fit now; -EMSGSIZE when it never can;
 * -EPROTO when the host's read index is impossible.
 */
int ring_tx_put(struct ring_tx *tx, const struct ring_vec *vec, unsigned int count);

/**
 * ring_tx_publish() - show the host everything put so far
 * @tx: ring
 *
 * Return: true if the host must be signalled (it had seen the ring empty and
 * has not masked us).
 */
bool ring_tx_publish(struct ring_tx *tx);

/**
 * ring_tx_want_space() - ask to be interrupted when space is free
 * @tx: ring that has just said -EAGAIN
 * @bytes: ring_packet_space() of the packet that did not fit, which is less than
 *         the size of the ring; 0 withdraws what was asked before
 *
 * Publish first: the host frees no space it has not been shown in use. There is
 * one wish per ring; the last one counts, and stands until a packet as large
 * has been put or it is withdrawn.
 *
 * Return: true if the space is there already; the request is withdrawn and the
 * caller should put again at once. False: wait for the channel's event.
 */
bool ring_tx_want_space(struct ring_tx *tx, u32 bytes);

/**
 * ring_tx_free() - free bytes as the host's read index says now
 * @tx: ring
 *
 * Return: bytes usable by ring_tx_put(), trailers included; 0 if the index is impossible.
 */
u32 ring_tx_free(const struct ring_tx *tx);

/**
 * ring_rx_init() - start reading an empty ring
 * @rx: to fill in
 * @page: control page, zeroed here; the feature bit is set on behalf of the host
 * @data: data area
 * @size: bytes of @data, a multiple of 4096
 */
void ring_rx_init(struct ring_rx *rx, void *page, const void *data, u32 size);

/**
 * ring_rx_next() - copy the next packet out
 * @rx: ring
 * @buf: 8-byte aligned, private memory
 * @room: bytes at @buf, at least sizeof(struct vmbus_pkt_hdr)
 *
 * The lengths in the copied descriptor are those that were checked, whatever
 * the host has made of the original since.
 *
 * Return: length of the packet without trailer; 0 if the ring is empty;
 * -EPROTO if an index or length is impossible; -EMSGSIZE if the packet exceeds
 * @room. After an error the ring cannot be trusted and must not be read again.
 */
int ring_rx_next(struct ring_rx *rx, void *buf, u32 room);

/**
 * ring_rx_commit() - give the space of all packets read back to the host
 * @rx: ring
 *
 * Return: true if the host must be signalled: it waits for space and has it now.
 */
bool ring_rx_commit(struct ring_rx *rx);

/**
 * ring_rx_mask() - tell the host that new data needs no interrupt
 * @rx: ring
 */
void ring_rx_mask(struct ring_rx *rx);

/**
 * ring_rx_unmask() - ask for interrupts again
 * @rx: ring, drained and committed (the host signals only if it sees the ring empty)
 *
 * If the interrupt can set another reader to work at once, the answer may be a
 * "true" that is not so any more.
 *
 * Return: true if data arrived meanwhile and may have come without an
 * interrupt: mask and read again.
 */
bool ring_rx_unmask(struct ring_rx *rx);

/* What a ring's control page says, as people and tools want to see it. */
struct ring_view {
	u32 read;		/* the two indices as they stand there, possible or not */
	u32 write;
	u32 mask;
	u32 pending;		/* space the producer waits for, 0: does not */
	u32 readable;		/* bytes; both 0 if an index is impossible */
	u32 writable;
};

/**
 * ring_look() - read a control page without taking part in the traffic
 * @page: control page of either ring
 * @size: bytes of its data area
 * @view: to fill in; the fields need not be of the same moment
 */
void ring_look(const struct vmbus_ring_page *page, u32 size, struct ring_view *view);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pkt.h - build and check packets: in-band, GPA-direct, transfer pages, completion
 */
#ifndef VMBUS_KIT_PROTO_PKT_H
#define VMBUS_KIT_PROTO_PKT_H

#include "env.h"
#include "wire/msg.h"
#include "wire/pkt.h"

/* A received packet taken apart; the pointers lead into the caller's private copy. */
struct pkt_view {
	u16 type;		/* enum vmbus_pkt_type; others are passed on */
	u16 flags;
	u64 id;
	const void *ext;	/* between descriptor and payload */
	u32 ext_len;
	const void *payload;
	u32 payload_len;	/* a multiple of 8; the true length is inside the payload */
};

/* Everything in front of the frame numbers of a GPA-direct packet with one range. */
struct pkt_gpa_hdr {
	struct vmbus_pkt_hdr hdr;
	struct vmbus_pkt_gpa_direct gpa;
	struct vmbus_gpa_range range;
};
WIRE_SIZE(struct pkt_gpa_hdr, 32);

#define PKT_MAX_LEN	(65535u * 8)	/* len8 has 16 bits */

/**
 * pkt_put_inband() - descriptor of an in-band packet
 * @hdr: to fill in
 * @payload_len: bytes that will follow
 * @id: transaction id; without @want_completion 0, or that of the packet answered
 * @want_completion: ask the host to answer
 */
void pkt_put_inband(struct vmbus_pkt_hdr *hdr, u32 payload_len, u64 id, bool want_completion);

/**
 * pkt_put_completion() - descriptor of the answer to a host packet
 * @hdr: to fill in
 * @payload_len: bytes that will follow
 * @id: the id of the packet answered
 */
void pkt_put_completion(struct vmbus_pkt_hdr *hdr, u32 payload_len, u64 id);

/**
 * pkt_put_gpa_direct() - descriptor and range of a packet that names guest pages
 * @gpa: to fill in; the frame numbers, then the payload, follow it in the ring
 * @byte_offset: into the first page, below 4096
 * @byte_count: bytes of the range, not 0
 * @payload_len: bytes that will follow the frame numbers
 * @id: transaction id
 *
 * Always asks for a completion: until it comes the pages are the host's.
 *
 * Return: number of frame numbers that must follow, or -EINVAL if the packet
 * cannot be expressed.
 */
int pkt_put_gpa_direct(struct pkt_gpa_hdr *gpa, u32 byte_offset, u32 byte_count,
		       u32 payload_len, u64 id);

/* In front of the ranges of a GPA-direct packet with several. */
struct pkt_ranges_hdr {
	struct vmbus_pkt_hdr hdr;
	struct vmbus_pkt_gpa_direct gpa;
};
WIRE_SIZE(struct pkt_ranges_hdr, 24);

/**
 * pkt_put_range() - one range of a GPA-direct packet
 * @words: where to write it
 * @room: 64-bit words there
 * @addr: of its first byte, as the host sees memory
 * @len: bytes, contiguous, not 0
 *
 * Return: words written, or -EINVAL if it does not fit.
 */
int pkt_put_range(u64 *words, u32 room, u64 addr, u32 len);

/**
 * pkt_put_ranges() - descriptor of a packet that names several ranges
 * @gpa: to fill in; the ranges, then the payload, follow it in the ring
 * @count: of ranges
 * @words: 64-bit words they take together
 * @payload_len: bytes that will follow them
 * @id: transaction id
 *
 * Always asks for a completion, as pkt_put_gpa_direct().
 *
 * Return: 0, or -EINVAL if the packet cannot be expressed.
 */
int pkt_put_ranges(struct pkt_ranges_hdr *gpa, u32 count, u32 words, u32 payload_len, u64 id);

/**
 * pkt_parse() - take a received packet apart
 * @pkt: private copy, as ring_rx_next() left it
 * @len: its length without trailer
 * @view: to fill in
 *
 * Return: 0, or -EPROTO if the descriptor contradicts @len.
 */
int pkt_parse(const void *pkt, u32 len, struct pkt_view *view);

/**
 * pkt_transfer_count() - number of ranges of a transfer-page packet
 * @view: parsed packet of type VMBUS_PKT_TRANSFER_PAGES
 *
 * Return: the count, or -EPROTO if the packet is too short for it.
 */
int pkt_transfer_count(const struct pkt_view *view);

/**
 * pkt_transfer_range() - one range of a transfer-page packet
 * @view: parsed packet
 * @index: below pkt_transfer_count()
 * @buf_len: bytes of the shared buffer the ranges lie in
 * @offset: where the range starts
 * @len: bytes of it
 *
 * Return: 0, or -EPROTO if the range leaves the buffer.
 */
int pkt_transfer_range(const struct pkt_view *view, u32 index, u32 buf_len,
		       u32 *offset, u32 *len);

#endif

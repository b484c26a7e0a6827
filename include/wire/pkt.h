/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pkt.h - the ring page and the packets in a ring
 *
 * A channel has two rings, each one control page and a data area. The producer
 * owns the write index, the pending-send size and the feature bits; the
 * consumer owns the read index and the interrupt mask. Either party may change
 * its fields at any time, so the other copies before it looks.
 */
#ifndef VMBUS_KIT_WIRE_PKT_H
#define VMBUS_KIT_WIRE_PKT_H

#include "wire.h"

#define VMBUS_RING_FEATURE_PENDING_SEND	0x1u	/* pending_send_size is honoured */

struct vmbus_ring_page {
	__le32 write_index;		/* producer: byte offset, a multiple of 8 */
	__le32 read_index;		/* consumer: same */
	__le32 interrupt_mask;		/* consumer: non-zero, do not signal new data */
	__le32 pending_send_size;	/* producer: bytes it waits for, 0 not waiting */
	__le32 reserved1[12];
	__le32 feature_bits;		/* producer */
	__u8 reserved2[4096 - 68];
};
WIRE_SIZE(struct vmbus_ring_page, 4096);
WIRE_AT(struct vmbus_ring_page, feature_bits, 64);

enum vmbus_pkt_type {
	VMBUS_PKT_INBAND		= 0x6,	/* both ways */
	VMBUS_PKT_TRANSFER_PAGES	= 0x7,	/* host to guest; answered by a completion */
	VMBUS_PKT_GPA_DIRECT		= 0x9,	/* guest to host */
	VMBUS_PKT_COMPLETION		= 0xb,	/* both ways, same id as the request */
};

#define VMBUS_PKT_FLAG_COMPLETION	0x1u	/* the sender wants a completion */

/* In front of every packet; lengths in units of 8 bytes. */
struct vmbus_pkt_hdr {
	__le16 type;
	__le16 offset8;			/* to the payload, at least 2 */
	__le16 len8;			/* of the packet without its trailer */
	__le16 flags;
	__le64 id;			/* the sender's; 0: unsolicited, never completed */
};
WIRE_SIZE(struct vmbus_pkt_hdr, 16);

/* Behind every packet, not counted in len8. Written by all, read by nobody. */
struct vmbus_pkt_trailer {
	__le32 reserved;
	__le32 start;			/* ring offset at which the packet began */
};
WIRE_SIZE(struct vmbus_pkt_trailer, 8);

/* Follows vmbus_pkt_hdr in a VMBUS_PKT_GPA_DIRECT; struct vmbus_gpa_range follow it. */
struct vmbus_pkt_gpa_direct {
	__le32 reserved;
	__le32 range_count;
};
WIRE_SIZE(struct vmbus_pkt_gpa_direct, 8);

/* Follows vmbus_pkt_hdr in a VMBUS_PKT_TRANSFER_PAGES; the ranges follow it. */
struct vmbus_pkt_transfer_pages {
	__le16 set_id;
	__u8 sender_owns_set;
	__u8 reserved;
	__le32 range_count;
};
WIRE_SIZE(struct vmbus_pkt_transfer_pages, 8);

/* A piece of the buffer shared beforehand by GPADL. */
struct vmbus_transfer_range {
	__le32 byte_count;
	__le32 byte_offset;		/* into the shared buffer */
};
WIRE_SIZE(struct vmbus_transfer_range, 8);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * echo.h - the echo device: a device class of our own, for tests and examples
 *
 * No Hyper-V host has one; the provider of the selftests does. It gives back
 * what it is sent, counts, sends as much as it is asked to, and looks at memory
 * named by packets or lent as a buffer.
 *
 * The guest asks, in band, or, for ECHO_OP_CHECKSUM, with a GPA-direct packet.
 * If it wants a completion, that is the answer; else what ECHO_OP_ECHO gives
 * back is a packet in band, and the other requests stay without an answer.
 */
#ifndef VMBUS_KIT_WIRE_ECHO_H
#define VMBUS_KIT_WIRE_ECHO_H

#include "guid.h"
#include "wire.h"

/* e7c65ac8-0fa5-4c22-ac7b-ea32812c4a6e */
#define WIRE_GUID_ECHO \
	WIRE_GUID(0xe7c65ac8, 0x0fa5, 0x4c22, 0xac, 0x7b, 0xea, 0x32, 0x81, 0x2c, 0x4a, 0x6e)

enum echo_op {
	ECHO_OP_ECHO		= 1,	/* guest; the answer is the whole packet */
	ECHO_OP_SINK		= 2,	/* guest; counted and forgotten */
	ECHO_OP_SOURCE		= 3,	/* guest; struct echo_source */
	ECHO_OP_SUB_CHANNELS	= 4,	/* guest; struct echo_sub_channels, primary only */
	ECHO_OP_CHECKSUM	= 5,	/* guest; the answer is of all memory the packet names */
	ECHO_OP_BUFFER		= 6,	/* guest; struct echo_buffer */
	ECHO_OP_DATA		= 7,	/* host; struct echo_data, as ECHO_OP_SOURCE asked for */
};

/* In front of every packet, both ways; a ring pads to 8 bytes, this says where it ends. */
struct echo_hdr {
	__le32 op;
	__le32 len;			/* bytes behind this header */
};
WIRE_SIZE(struct echo_hdr, 8);

#define ECHO_SOURCE_WANT_COMPLETION	0x1u	/* each packet wants one, id is number + 1 */

#define ECHO_SOURCE_MAX_PACKETS	65536u
#define ECHO_SOURCE_MAX_BYTES	(64u << 20)	/* in all: the host may have to keep them */

/* Guest to host: send @count packets back to back, then answer with struct echo_reply. */
struct echo_source {
	struct echo_hdr hdr;
	__le32 count;
	__le32 body_len;		/* of each, behind struct echo_data */
	__le32 flags;			/* ECHO_SOURCE_* */
	__le32 reserved;
};
WIRE_SIZE(struct echo_source, 24);

/* Host to guest. Byte i of the body is the low byte of number + i. */
struct echo_data {
	struct echo_hdr hdr;
	__le32 number;			/* 0 for the first */
	__le32 count;			/* of how many */
};
WIRE_SIZE(struct echo_data, 16);

/* Guest to host: offer so many sub-channels. They are offered after the reply. */
struct echo_sub_channels {
	struct echo_hdr hdr;
	__le32 count;
	__le32 reserved;
};
WIRE_SIZE(struct echo_sub_channels, 16);

/* Guest to host: the checksum of a piece of a buffer lent on this channel. */
struct echo_buffer {
	struct echo_hdr hdr;
	__le32 gpadl;
	__le32 at;
	__le32 bytes;
	__le32 reserved;
};
WIRE_SIZE(struct echo_buffer, 24);

#define ECHO_STATUS_OK		0u
#define ECHO_STATUS_INVALID	1u

/* Host to guest: answers all but ECHO_OP_ECHO and ECHO_OP_SINK. */
struct echo_reply {
	struct echo_hdr hdr;		/* op of the request */
	__le32 status;			/* ECHO_STATUS_* */
	__le32 value;			/* packets sent, channels granted, CRC-32 as gzip has it */
};
WIRE_SIZE(struct echo_reply, 16);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * msg.h - VMBus control messages
 *
 * They travel as the payload of one SynIC message (host to guest) or of one
 * PostMessage hypercall (guest to host), at most 240 bytes. A message may be
 * longer than its structure (firmware pads to 240, QEMU to 8); it must not be
 * shorter. The control plane is in no specification: sources are the Linux,
 * OpenVMM and QEMU implementations.
 */
#ifndef VMBUS_KIT_WIRE_MSG_H
#define VMBUS_KIT_WIRE_MSG_H

#include "guid.h"
#include "wire.h"

#define VMBUS_MSG_MAX_LEN		240u

/* Versions: major << 16 | minor ------------------------------------------- */

#define VMBUS_VERSION(major, minor)	(((major) << 16) | (minor))
#define VMBUS_VERSION_4_0		VMBUS_VERSION(4u, 0u)	/* Windows 10, Server 2016 */
#define VMBUS_VERSION_4_1		VMBUS_VERSION(4u, 1u)	/* + MODIFYCHANNEL */
#define VMBUS_VERSION_5_0		VMBUS_VERSION(5u, 0u)	/* + contact on id 4 */
#define VMBUS_VERSION_5_1		VMBUS_VERSION(5u, 1u)
#define VMBUS_VERSION_5_2		VMBUS_VERSION(5u, 2u)
#define VMBUS_VERSION_5_3		VMBUS_VERSION(5u, 3u)	/* + MODIFYCHANNEL_RESPONSE */
#define VMBUS_VERSION_6_0		VMBUS_VERSION(6u, 0u)	/* + feature flags */
#define VMBUS_VERSION_MAJOR(v)		((v) >> 16)
#define VMBUS_VERSION_MINOR(v)		((v) & 0xffffu)

/* Connection ids for PostMessage and SignalEvent */
#define VMBUS_CONN_ID_MESSAGE		1u	/* contact below 5.0 and all that follows it */
#define VMBUS_CONN_ID_EVENT		2u	/* event port of channels without their own */
#define VMBUS_CONN_ID_MESSAGE_V5	4u	/* contact from 5.0 on */

/* A relid is an event-flag number; flag 0 is reserved. */
#define VMBUS_RELID_MAX			2047u

#define VMBUS_VP_NO_INTERRUPT		0xffffffffu	/* OPEN: "do not interrupt me" */

enum vmbus_msg_type {
	VMBUS_MSG_INVALID		= 0,
	VMBUS_MSG_OFFER			= 1,	/* host */
	VMBUS_MSG_RESCIND		= 2,	/* host */
	VMBUS_MSG_REQUEST_OFFERS	= 3,	/* guest */
	VMBUS_MSG_ALL_OFFERS_DELIVERED	= 4,	/* host */
	VMBUS_MSG_OPEN			= 5,	/* guest */
	VMBUS_MSG_OPEN_RESULT		= 6,	/* host */
	VMBUS_MSG_CLOSE			= 7,	/* guest, no reply */
	VMBUS_MSG_GPADL_HEADER		= 8,	/* guest */
	VMBUS_MSG_GPADL_BODY		= 9,	/* guest */
	VMBUS_MSG_GPADL_CREATED		= 10,	/* host */
	VMBUS_MSG_GPADL_TEARDOWN	= 11,	/* guest */
	VMBUS_MSG_GPADL_TORNDOWN	= 12,	/* host */
	VMBUS_MSG_RELID_RELEASED	= 13,	/* guest, no reply */
	VMBUS_MSG_INITIATE_CONTACT	= 14,	/* guest */
	VMBUS_MSG_VERSION_RESPONSE	= 15,	/* host */
	VMBUS_MSG_UNLOAD		= 16,	/* guest */
	VMBUS_MSG_UNLOAD_RESPONSE	= 17,	/* host */
	VMBUS_MSG_OPEN_RESERVED		= 18,	/* guest; reserved channels, not used here */
	VMBUS_MSG_CLOSE_RESERVED	= 19,	/* guest */
	VMBUS_MSG_CLOSE_RESERVED_RESPONSE = 20,	/* host */
	VMBUS_MSG_TL_CONNECT_REQUEST	= 21,	/* guest; sockets, not used here */
	VMBUS_MSG_MODIFY_CHANNEL	= 22,	/* guest, since 4.1 */
	VMBUS_MSG_TL_CONNECT_RESULT	= 23,	/* host; sockets, not used here */
	VMBUS_MSG_MODIFY_CHANNEL_RESPONSE = 24,	/* host, since 5.3 */
	/* Since 6.0, each only if its feature was agreed on */
	VMBUS_MSG_MODIFY_CONNECTION	= 25,	/* guest */
	VMBUS_MSG_MODIFY_CONNECTION_RESPONSE = 26,	/* host */
	VMBUS_MSG_PAUSE			= 27,	/* guest */
	VMBUS_MSG_PAUSE_RESPONSE	= 28,	/* host */
	VMBUS_MSG_RESUME		= 29,	/* guest, no reply */
	VMBUS_MSG_TYPE_COUNT		= 30,	/* one past the newest known (6.0) */
};

/* First bytes of every message; also the whole of the messages without a body. */
struct vmbus_msg_hdr {
	__le32 type;
	__le32 padding;
};
WIRE_SIZE(struct vmbus_msg_hdr, 8);

/*
 * Features, from 6.0 on: the contact asks for some, the answer grants those of
 * them that the host has. None is needed; a host must accept 0.
 */
#define VMBUS_FEATURE_GUEST_SIGNAL_PARAMS	0x01u	/* longer OPEN */
#define VMBUS_FEATURE_INTERRUPT_REDIRECTION	0x02u	/* likewise */
#define VMBUS_FEATURE_MODIFY_CONNECTION		0x04u	/* 25 and 26 */
#define VMBUS_FEATURE_CLIENT_ID			0x08u	/* longer contact */
#define VMBUS_FEATURE_CONFIDENTIAL_CHANNELS	0x10u	/* offer flags */
#define VMBUS_FEATURE_PAUSE_RESUME		0x20u	/* 27 to 29 */
#define VMBUS_FEATURE_HOST_MONITOR_PAGES	0x40u	/* longer answer */
#define VMBUS_FEATURE_GPA_PINNING		0x80u	/* an offer flag */

/*
 * Guest to host, any version. Reply: VMBUS_MSG_VERSION_RESPONSE. Acts as
 * "forget me and start again": whatever was open is closed first, so the reply
 * may be late. The pages named stay the host's until UNLOAD_RESPONSE.
 */
struct vmbus_msg_initiate_contact {
	struct vmbus_msg_hdr hdr;
	__le32 version;
	__le32 target_vp;		/* where host messages go */
	union {
		__le64 interrupt_page;	/* below 5.0; byte address, may be 0 from 2.4 on */
		struct {		/* 5.0 and later */
			__u8 sint;	/* 2 */
			__u8 vtl;
			__le16 reserved;
			__le32 feature_flags;	/* 6.0 and later, else 0 */
		};
	};
	__le64 monitor_page_to_guest;	/* byte address; both or none */
	__le64 monitor_page_to_host;
};
WIRE_SIZE(struct vmbus_msg_initiate_contact, 40);
WIRE_AT(struct vmbus_msg_initiate_contact, feature_flags, 20);

/* The form that VMBUS_FEATURE_CLIENT_ID asks for. */
struct vmbus_msg_initiate_contact_id {
	struct vmbus_msg_initiate_contact contact;
	struct wire_guid client_id;
};
WIRE_SIZE(struct vmbus_msg_initiate_contact_id, 56);

#define VMBUS_CONTACT_OK		0
#define VMBUS_CONTACT_LOW_RESOURCES	1
#define VMBUS_CONTACT_FAILED		2

/* Host to guest. Answers INITIATE_CONTACT; longer from 6.0 on when it agrees. */
struct vmbus_msg_version_response {
	struct vmbus_msg_hdr hdr;
	__u8 supported;			/* 0: not this version */
	__u8 connection_state;		/* VMBUS_CONTACT_*; supported but failed is possible */
	__le16 padding;
	__le32 message_connection_id;	/* from 5.0: post here from now on */
};
WIRE_SIZE(struct vmbus_msg_version_response, 16);

/* Host to guest. The answer of a host that agrees to 6.0; without the flags it means 0. */
struct vmbus_msg_version_response_features {
	struct vmbus_msg_version_response base;
	__le32 feature_flags;		/* granted, of those asked for */
};
WIRE_SIZE(struct vmbus_msg_version_response_features, 20);

/* Host to guest. The form with VMBUS_FEATURE_HOST_MONITOR_PAGES. */
struct vmbus_msg_version_response_pages {
	struct vmbus_msg_version_response_features base;
	__le32 padding;
	__le64 monitor_page_to_guest;	/* byte address, may be 0 */
	__le64 monitor_page_to_host;
};
WIRE_SIZE(struct vmbus_msg_version_response_pages, 40);
WIRE_AT(struct vmbus_msg_version_response_pages, monitor_page_to_guest, 24);

/* Offer flags */
#define VMBUS_OFFER_ENUMERATE_INTERFACE	0x0001u
#define VMBUS_OFFER_NAMED_PIPE		0x0010u	/* packets carry a pipe header */
#define VMBUS_OFFER_LOOPBACK		0x0100u
#define VMBUS_OFFER_PARENT		0x0200u
#define VMBUS_OFFER_MONITOR_REQUESTED	0x0400u
#define VMBUS_OFFER_TLNPI		0x2000u	/* a socket, not a device */

#define VMBUS_OFFER_USER_LEN		120

/* Host to guest. One per channel after REQUEST_OFFERS, and later for hot-added ones. */
struct vmbus_msg_offer {
	struct vmbus_msg_hdr hdr;
	struct wire_guid class_id;
	struct wire_guid instance_id;
	__le32 reserved1[4];
	__le16 flags;			/* VMBUS_OFFER_* */
	__le16 mmio_megabytes;
	__u8 user[VMBUS_OFFER_USER_LEN];	/* belongs to the device class */
	__le16 sub_channel_index;	/* 0: primary */
	__le16 reserved2;
	__le32 relid;			/* 1..2047; also the event flag number */
	__u8 monitor_id;		/* 0..127, 0xff none */
	__u8 monitor_allocated;		/* bit 0 */
	__le16 dedicated_interrupt;	/* bit 0; set: signal by connection_id alone */
	__le32 connection_id;		/* for SignalEvent */
};
WIRE_SIZE(struct vmbus_msg_offer, 196);
WIRE_AT(struct vmbus_msg_offer, user, 60);
WIRE_AT(struct vmbus_msg_offer, relid, 184);
WIRE_AT(struct vmbus_msg_offer, connection_id, 192);

/* Host to guest, no reply as such: the guest answers with RELID_RELEASED when it has let go. */
struct vmbus_msg_rescind {
	struct vmbus_msg_hdr hdr;
	__le32 relid;
};
WIRE_SIZE(struct vmbus_msg_rescind, 12);

/* Guest to host, no reply. The host may reuse the relid at once. */
struct vmbus_msg_relid_released {
	struct vmbus_msg_hdr hdr;
	__le32 relid;
};
WIRE_SIZE(struct vmbus_msg_relid_released, 12);

#define VMBUS_OPEN_USER_LEN		120

/* Guest to host. Reply: VMBUS_MSG_OPEN_RESULT, none if the channel was rescinded meanwhile. */
struct vmbus_msg_open {
	struct vmbus_msg_hdr hdr;
	__le32 relid;
	__le32 open_id;			/* echoed in the result */
	__le32 ring_gpadl;		/* guest-to-host ring first, then host-to-guest */
	__le32 target_vp;		/* where its interrupts go, or VMBUS_VP_NO_INTERRUPT */
	__le32 rx_ring_page;		/* first page of the host-to-guest ring, in 4 KiB pages */
	__u8 user[VMBUS_OPEN_USER_LEN];
};
WIRE_SIZE(struct vmbus_msg_open, 148);
WIRE_AT(struct vmbus_msg_open, user, 28);

/* Host to guest. The event connection is live before this is sent. */
struct vmbus_msg_open_result {
	struct vmbus_msg_hdr hdr;
	__le32 relid;
	__le32 open_id;
	__le32 status;			/* 0: open */
};
WIRE_SIZE(struct vmbus_msg_open_result, 20);

/* Guest to host, no reply. The rings stay the host's until their GPADL is torn down. */
struct vmbus_msg_close {
	struct vmbus_msg_hdr hdr;
	__le32 relid;
};
WIRE_SIZE(struct vmbus_msg_close, 12);

/* One range of a GPADL or of a GPA-direct packet; frame numbers follow it. */
struct vmbus_gpa_range {
	__le32 byte_count;
	__le32 byte_offset;		/* into the first page, 0..4095 */
	__le64 pfn[];
};
WIRE_SIZE(struct vmbus_gpa_range, 8);

/*
 * Guest to host. Reply: VMBUS_MSG_GPADL_CREATED, once, after the last body.
 * The pages named are the host's until GPADL_TORNDOWN.
 */
struct vmbus_msg_gpadl_header {
	struct vmbus_msg_hdr hdr;
	__le32 relid;
	__le32 gpadl;			/* chosen by the guest, unique on the connection */
	__le16 range_len;		/* bytes of all ranges in all messages of this GPADL */
	__le16 range_count;
	__u8 range[];			/* the first part of them; 4-byte aligned only */
};
WIRE_SIZE(struct vmbus_msg_gpadl_header, 20);

/* Guest to host, no reply of its own. Must follow its header in order. */
struct vmbus_msg_gpadl_body {
	struct vmbus_msg_hdr hdr;
	__le32 number;			/* ignored by hosts */
	__le32 gpadl;
	__le64 pfn[];
};
WIRE_SIZE(struct vmbus_msg_gpadl_body, 16);

#define VMBUS_GPADL_HEADER_PFNS		26u	/* with one range */
#define VMBUS_GPADL_BODY_PFNS		28u
#define VMBUS_GPADL_MAX_PFNS		8190u	/* range_len has 16 bits */

/* Host to guest. Answers the last message of a GPADL. */
struct vmbus_msg_gpadl_created {
	struct vmbus_msg_hdr hdr;
	__le32 relid;
	__le32 gpadl;
	__le32 status;			/* 0: the host has it */
};
WIRE_SIZE(struct vmbus_msg_gpadl_created, 20);

/* Guest to host. Reply: VMBUS_MSG_GPADL_TORNDOWN. The pages stay the host's until it comes. */
struct vmbus_msg_gpadl_teardown {
	struct vmbus_msg_hdr hdr;
	__le32 relid;
	__le32 gpadl;
};
WIRE_SIZE(struct vmbus_msg_gpadl_teardown, 16);

/* Host to guest. The host no longer touches the pages. */
struct vmbus_msg_gpadl_torndown {
	struct vmbus_msg_hdr hdr;
	__le32 gpadl;
};
WIRE_SIZE(struct vmbus_msg_gpadl_torndown, 12);

/* Guest to host, since 4.1. Reply from 5.3 on: VMBUS_MSG_MODIFY_CHANNEL_RESPONSE. */
struct vmbus_msg_modify_channel {
	struct vmbus_msg_hdr hdr;
	__le32 relid;
	__le32 target_vp;
};
WIRE_SIZE(struct vmbus_msg_modify_channel, 16);

/* Host to guest, since 5.3. Flags already set in the old VP's page must still be drained. */
struct vmbus_msg_modify_channel_response {
	struct vmbus_msg_hdr hdr;
	__le32 relid;
	__le32 status;
};
WIRE_SIZE(struct vmbus_msg_modify_channel_response, 16);

#endif

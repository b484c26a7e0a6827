/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nvsp.h - the network virtual service protocol: what a synthetic NIC's channel carries
 *
 * The guest proposes one version after another until the host takes one, says
 * what it can, and lends two buffers: one the host puts received frames into,
 * one the guest copies small frames to send into. From then on each message is
 * NVSP_MSG_RNDIS_PACKET, which says where a message of RNDIS (wire/rndis.h) is.
 *
 * Every message begins with its type and is padded to a size that the version
 * fixes (NVSP_MSG_LEN, NVSP_MSG_LEN_6_1); only an indirection table is longer.
 * Replies come in completion packets. Sub-channels carry data only. Sources: the
 * Linux and OpenVMM implementations.
 */
#ifndef VMBUS_KIT_WIRE_NVSP_H
#define VMBUS_KIT_WIRE_NVSP_H

#include "wire.h"

#define NVSP_VERSION_1		0x00000002u
#define NVSP_VERSION_2		0x00030002u
#define NVSP_VERSION_4		0x00040000u
#define NVSP_VERSION_5		0x00050000u
#define NVSP_VERSION_6		0x00060000u
#define NVSP_VERSION_6_1	0x00060001u
#define NVSP_VERSION_INVALID	0xffffffffu

/* Bytes of a message, its type included, before they are rounded up to 8 for the ring. */
#define NVSP_MSG_LEN		28u	/* up to version 6 */
#define NVSP_MSG_LEN_6_1	40u	/* Linux sends so many always; hosts take them always */

enum nvsp_msg_type {
	NVSP_MSG_INIT			= 1,	/* guest */
	NVSP_MSG_INIT_COMPLETE		= 2,	/* host, in a completion */

	/* since version 1 */
	NVSP_MSG_NDIS_VERSION		= 100,	/* guest, no reply */
	NVSP_MSG_RECV_BUF		= 101,	/* guest */
	NVSP_MSG_RECV_BUF_COMPLETE	= 102,	/* host, in a completion */
	NVSP_MSG_REVOKE_RECV_BUF	= 103,	/* guest, no reply */
	NVSP_MSG_SEND_BUF		= 104,	/* guest */
	NVSP_MSG_SEND_BUF_COMPLETE	= 105,	/* host, in a completion */
	NVSP_MSG_REVOKE_SEND_BUF	= 106,	/* guest, no reply */
	NVSP_MSG_RNDIS_PACKET		= 107,	/* both ways */
	NVSP_MSG_RNDIS_PACKET_COMPLETE	= 108,	/* both ways, in a completion */

	/* since version 2; but for NDIS_CONFIG no host of today knows them */
	NVSP_MSG_CHIMNEY_DELEGATED_BUF		= 109,
	NVSP_MSG_CHIMNEY_DELEGATED_BUF_COMPLETE	= 110,
	NVSP_MSG_REVOKE_CHIMNEY_DELEGATED_BUF	= 111,
	NVSP_MSG_RESUME_CHIMNEY_RX_INDICATION	= 112,
	NVSP_MSG_TERMINATE_CHIMNEY		= 113,
	NVSP_MSG_TERMINATE_CHIMNEY_COMPLETE	= 114,
	NVSP_MSG_INDICATE_CHIMNEY_EVENT		= 115,
	NVSP_MSG_CHIMNEY_PACKET			= 116,
	NVSP_MSG_CHIMNEY_PACKET_COMPLETE	= 117,
	NVSP_MSG_POST_CHIMNEY_RECV		= 118,
	NVSP_MSG_POST_CHIMNEY_RECV_COMPLETE	= 119,
	NVSP_MSG_ALLOC_RECV_BUF			= 120,
	NVSP_MSG_ALLOC_RECV_BUF_COMPLETE	= 121,
	NVSP_MSG_FREE_RECV_BUF			= 122,
	NVSP_MSG_VMQ_PACKET			= 123,
	NVSP_MSG_VMQ_PACKET_COMPLETE		= 124,
	NVSP_MSG_NDIS_CONFIG			= 125,	/* guest, no reply */
	NVSP_MSG_ALLOC_CHIMNEY_HANDLE		= 126,
	NVSP_MSG_ALLOC_CHIMNEY_HANDLE_COMPLETE	= 127,

	/* since version 4 */
	NVSP_MSG_VF_ASSOCIATION		= 128,	/* host, in band, no reply */
	NVSP_MSG_SWITCH_DATA_PATH	= 129,	/* guest; an empty completion */
	NVSP_MSG_UPLINK_STATE		= 130,	/* host; not used any more */

	/* since version 5 */
	NVSP_MSG_OID_QUERY_EX		= 131,	/* guest */
	NVSP_MSG_OID_QUERY_EX_COMPLETE	= 132,	/* host */
	NVSP_MSG_SUB_CHANNELS		= 133,	/* guest; the completion has the same number */
	NVSP_MSG_INDIRECTION_TABLE	= 134,	/* host, in band, no reply */

	/* since version 6: PacketDirect, which is not described here */
	NVSP_MSG_PD_API			= 135,
	NVSP_MSG_PD_POST_BATCH		= 136,
};

/* Not NTSTATUS: success is 1. */
enum nvsp_status {
	NVSP_STATUS_NONE		= 0,
	NVSP_STATUS_SUCCESS		= 1,
	NVSP_STATUS_FAILURE		= 2,
	NVSP_STATUS_TOO_NEW		= 3,
	NVSP_STATUS_TOO_OLD		= 4,
	NVSP_STATUS_INVALID_RNDIS	= 5,
	NVSP_STATUS_BUSY		= 6,
	NVSP_STATUS_UNSUPPORTED		= 7,
};

/* In front of everything, both ways. */
struct nvsp_hdr {
	__le32 type;			/* enum nvsp_msg_type */
};
WIRE_SIZE(struct nvsp_hdr, 4);

/*
 * Guest to host, first of all, once for each version proposed. Both fields say
 * the same: hosts look at the first only. Reply: struct nvsp_init_complete.
 */
struct nvsp_init {
	struct nvsp_hdr hdr;
	__le32 version_min;
	__le32 version_max;
};
WIRE_SIZE(struct nvsp_init, 12);

/* Host to guest. Anything but NVSP_STATUS_SUCCESS: not this version, try another. */
struct nvsp_init_complete {
	struct nvsp_hdr hdr;
	__le32 version;			/* of no use: NVSP_VERSION_INVALID from any but the first */
	__le32 mdl_chain_max;
	__le32 status;
};
WIRE_SIZE(struct nvsp_init_complete, 16);

/* Guest to host. No reply. 6.1 where NVSP is 4 or older, 6.30 otherwise. */
struct nvsp_ndis_version {
	struct nvsp_hdr hdr;
	__le32 major;
	__le32 minor;
};
WIRE_SIZE(struct nvsp_ndis_version, 12);

#define NVSP_CAP_VMQ		(1ull << 0)
#define NVSP_CAP_CHIMNEY	(1ull << 1)
#define NVSP_CAP_SRIOV		(1ull << 2)	/* send NVSP_MSG_VF_ASSOCIATION; since 5 */
#define NVSP_CAP_8021Q		(1ull << 3)
#define NVSP_CAP_CORRELATION	(1ull << 4)
#define NVSP_CAP_TEAMING	(1ull << 5)	/* needed for indications of link speed; since 5 */
#define NVSP_CAP_SUBNET		(1ull << 6)
#define NVSP_CAP_RSC		(1ull << 7)	/* coalesce what I receive; since 6.1 */

/* Guest to host, since 2. No reply. Before the buffers: the host sizes their pieces by it. */
struct nvsp_ndis_config {
	struct nvsp_hdr hdr;
	__le32 mtu;			/* with the 14 bytes of Ethernet header */
	__le32 reserved;
	__le64 capabilities;		/* NVSP_CAP_* */
} __attribute__((packed, aligned(4)));	/* the 64-bit field is at 12 */
WIRE_SIZE(struct nvsp_ndis_config, 20);
WIRE_AT(struct nvsp_ndis_config, capabilities, 12);

/* Names the receive buffer in its lending, in its revoking, and in transfer-page packets. */
#define NVSP_RECV_BUF_ID	0xcafeu
/* The host keeps what the guest says and looks at it no more. */
#define NVSP_SEND_BUF_ID	0u

/*
 * Guest to host: memory granted before by GPADL. Reply: struct
 * nvsp_recv_buf_complete, struct nvsp_send_buf_complete. The memory is the
 * host's until the revoking, the closing of the channel, and the teardown.
 */
struct nvsp_lend_buf {
	struct nvsp_hdr hdr;		/* NVSP_MSG_RECV_BUF, NVSP_MSG_SEND_BUF */
	__le32 gpadl;
	__le16 id;
	__le16 reserved;
};
WIRE_SIZE(struct nvsp_lend_buf, 12);

/* How the host divides the receive buffer: count pieces of piece_len bytes, from offset on. */
struct nvsp_recv_section {
	__le32 offset;
	__le32 piece_len;
	__le32 piece_cnt;
	__le32 end;			/* offset + piece_len * piece_cnt */
};
WIRE_SIZE(struct nvsp_recv_section, 16);

/* Host to guest. Sections follow each other; hosts have always made one, at offset 0. */
struct nvsp_recv_buf_complete {
	struct nvsp_hdr hdr;
	__le32 status;			/* enum nvsp_status */
	__le32 section_cnt;
	struct nvsp_recv_section sections[1];
};
WIRE_SIZE(struct nvsp_recv_buf_complete, 28);
WIRE_AT(struct nvsp_recv_buf_complete, sections, 12);

/* Host to guest: the send buffer is as many sections of this size as it holds. */
struct nvsp_send_buf_complete {
	struct nvsp_hdr hdr;
	__le32 status;
	__le32 section_len;
};
WIRE_SIZE(struct nvsp_send_buf_complete, 12);

/* Guest to host. No reply. Nothing is received, or sent from the buffer, after it. */
struct nvsp_revoke_buf {
	struct nvsp_hdr hdr;		/* NVSP_MSG_REVOKE_RECV_BUF, NVSP_MSG_REVOKE_SEND_BUF */
	__le16 id;
	__le16 reserved;
};
WIRE_SIZE(struct nvsp_revoke_buf, 8);

#define NVSP_CHANNEL_DATA	0u	/* RNDIS packets */
#define NVSP_CHANNEL_CONTROL	1u	/* all else of RNDIS; primary channel only */

#define NVSP_SECTION_NONE	0xffffffffu

/*
 * Both ways. Guest to host, the bytes of RNDIS are in a section of the send
 * buffer (in-band packet), in the ranges of a GPA-direct packet, or begin in
 * the one and go on in the other. Host to guest they are in the ranges of a
 * transfer-page packet, one RNDIS message in each, and no section is named.
 * Reply: struct nvsp_rndis_packet_complete, until when the memory is lent.
 */
struct nvsp_rndis_packet {
	struct nvsp_hdr hdr;
	__le32 channel_type;		/* NVSP_CHANNEL_* */
	__le32 section;			/* which, or NVSP_SECTION_NONE */
	__le32 section_len;		/* bytes used of it, 0 if none */
};
WIRE_SIZE(struct nvsp_rndis_packet, 16);

/* Both ways; needs no padding beyond these 8 bytes. */
struct nvsp_rndis_packet_complete {
	struct nvsp_hdr hdr;
	__le32 status;			/* enum nvsp_status */
};
WIRE_SIZE(struct nvsp_rndis_packet_complete, 8);

/*
 * Host to guest, in band, since 4; only to a guest with NVSP_CAP_SRIOV. No
 * reply, though the host may ask for a completion.
 */
struct nvsp_vf_association {
	struct nvsp_hdr hdr;
	__le32 allocated;		/* 1: there is one, 0: not any more */
	__le32 serial;			/* which: the slot number of the PCI device */
};
WIRE_SIZE(struct nvsp_vf_association, 12);

#define NVSP_PATH_SYNTHETIC	0u
#define NVSP_PATH_VF		1u

/* Guest to host, since 4. Reply: a completion without payload, when the host has switched. */
struct nvsp_switch_data_path {
	struct nvsp_hdr hdr;
	__le32 path;			/* NVSP_PATH_* */
};
WIRE_SIZE(struct nvsp_switch_data_path, 8);

#define NVSP_SUB_CHANNELS_ALLOCATE	1u

/* Guest to host, since 5. Reply: struct nvsp_sub_channels_complete, then the offers. */
struct nvsp_sub_channels {
	struct nvsp_hdr hdr;
	__le32 operation;		/* NVSP_SUB_CHANNELS_ALLOCATE */
	__le32 count;			/* beyond the primary */
};
WIRE_SIZE(struct nvsp_sub_channels, 12);

/* Host to guest. So many will be offered; they may be fewer than asked for. */
struct nvsp_sub_channels_complete {
	struct nvsp_hdr hdr;
	__le32 status;
	__le32 count;
};
WIRE_SIZE(struct nvsp_sub_channels_complete, 12);

#define NVSP_INDIRECTION_CNT	16u

/*
 * Host to guest, in band, since 5. No reply. Which channel the guest sends on,
 * for each residue of its hash. The table of __le32, 0 being the primary
 * channel, is at @offset from the start of the message: 12 if it follows at
 * once. Some hosts up to version 6 say another offset than the 40 at which they put it.
 */
struct nvsp_indirection_table {
	struct nvsp_hdr hdr;
	__le32 count;			/* NVSP_INDIRECTION_CNT */
	__le32 offset;
};
WIRE_SIZE(struct nvsp_indirection_table, 12);

/* Where the table is if a host up to version 6 sends this much or more, whatever it says. */
#define NVSP_INDIRECTION_PADDED_OFFSET	40u
#define NVSP_INDIRECTION_PADDED_LEN	(NVSP_INDIRECTION_PADDED_OFFSET + 4 * NVSP_INDIRECTION_CNT)

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vstor.h - the synthetic storage protocol: SCSI requests over a channel
 *
 * The guest sends struct vstor_packet in a GPA-direct packet (one range) or,
 * without data, in an in-band one; the host answers each with one completion
 * of the same size. From protocol 5.1 on packets have 64 bytes. Sources: the
 * Linux and OpenVMM implementations.
 */
#ifndef VMBUS_KIT_WIRE_VSTOR_H
#define VMBUS_KIT_WIRE_VSTOR_H

#include "wire.h"

enum vstor_op {
	VSTOR_OP_COMPLETE_IO		= 1,	/* host: every completion carries it */
	VSTOR_OP_REMOVE_DEVICE		= 2,	/* host, unsolicited */
	VSTOR_OP_EXECUTE_SRB		= 3,
	VSTOR_OP_RESET_LUN		= 4,
	VSTOR_OP_RESET_ADAPTER		= 5,
	VSTOR_OP_RESET_BUS		= 6,
	VSTOR_OP_BEGIN_INIT		= 7,
	VSTOR_OP_END_INIT		= 8,
	VSTOR_OP_QUERY_VERSION		= 9,
	VSTOR_OP_QUERY_PROPERTIES	= 10,
	VSTOR_OP_ENUMERATE_BUS		= 11,	/* host, unsolicited: the set of LUNs changed */
	VSTOR_OP_FCHBA_DATA		= 12,	/* Fibre Channel adapters: their names */
	VSTOR_OP_CREATE_SUB_CHANNELS	= 13,
};

#define VSTOR_FLAG_COMPLETION		0x1u

#define VSTOR_VERSION(major, minor)	(((major) << 8) | (minor))
#define VSTOR_VERSION_WIN8		VSTOR_VERSION(5u, 1u)
#define VSTOR_VERSION_WIN8_1		VSTOR_VERSION(6u, 0u)
#define VSTOR_VERSION_WIN10		VSTOR_VERSION(6u, 2u)

/* NTSTATUS values a host answers with */
#define VSTOR_STATUS_OK			0x00000000u
#define VSTOR_STATUS_REVISION_MISMATCH	0xc0000059u	/* to QUERY_VERSION: not this one */
#define VSTOR_STATUS_INVALID_PARAMETER	0xc000000du
#define VSTOR_STATUS_INVALID_STATE	0xc0000184u
#define VSTOR_STATUS_IO_ERROR		0xc0000185u

#define VSTOR_CDB_LEN			16
#define VSTOR_SENSE_LEN			20

/* srb_status: a code in the low six bits, two flags above */
#define VSTOR_SRB_CODE			0x3fu
#define VSTOR_SRB_QUEUE_FROZEN		0x40u
#define VSTOR_SRB_AUTOSENSE_VALID	0x80u

enum vstor_srb_status {
	VSTOR_SRB_PENDING		= 0x00,
	VSTOR_SRB_SUCCESS		= 0x01,
	VSTOR_SRB_ABORTED		= 0x02,
	VSTOR_SRB_ABORT_FAILED		= 0x03,
	VSTOR_SRB_ERROR			= 0x04,
	VSTOR_SRB_BUSY			= 0x05,
	VSTOR_SRB_INVALID_REQUEST	= 0x06,
	VSTOR_SRB_INVALID_PATH		= 0x07,
	VSTOR_SRB_NO_DEVICE		= 0x08,
	VSTOR_SRB_TIMEOUT		= 0x09,
	VSTOR_SRB_SELECTION_TIMEOUT	= 0x0a,
	VSTOR_SRB_COMMAND_TIMEOUT	= 0x0b,
	VSTOR_SRB_MESSAGE_REJECTED	= 0x0d,
	VSTOR_SRB_BUS_RESET		= 0x0e,
	VSTOR_SRB_PARITY_ERROR		= 0x0f,
	VSTOR_SRB_SENSE_FAILED		= 0x10,
	VSTOR_SRB_NO_HBA		= 0x11,
	VSTOR_SRB_DATA_OVERRUN		= 0x12,
	VSTOR_SRB_BUS_FREE		= 0x13,
	VSTOR_SRB_PHASE_FAILURE		= 0x14,
	VSTOR_SRB_BAD_BLOCK_LENGTH	= 0x15,
	VSTOR_SRB_FLUSHED		= 0x16,
	VSTOR_SRB_INVALID_LUN		= 0x20,
	VSTOR_SRB_INVALID_TARGET	= 0x21,
	VSTOR_SRB_BAD_FUNCTION		= 0x22,
	VSTOR_SRB_ERROR_RECOVERY	= 0x23,
	VSTOR_SRB_NOT_POWERED		= 0x24,
	VSTOR_SRB_LINK_DOWN		= 0x25,
	VSTOR_SRB_INTERNAL_ERROR	= 0x30,
};

/* data_in */
#define VSTOR_DATA_OUT			0	/* guest to host */
#define VSTOR_DATA_IN			1
#define VSTOR_DATA_NONE			2

/* srb_flags */
#define VSTOR_SRBF_QUEUE_ACTION		0x00000002u
#define VSTOR_SRBF_NO_SYNC_TRANSFER	0x00000008u
#define VSTOR_SRBF_DATA_IN		0x00000040u
#define VSTOR_SRBF_DATA_OUT		0x00000080u
#define VSTOR_SRBF_NO_QUEUE_FREEZE	0x00000100u

#define VSTOR_QUEUE_TAG_NONE		0xffu
#define VSTOR_QUEUE_SIMPLE_TAG		0x20u

struct vstor_srb {
	__le16 length;			/* 52 */
	__u8 srb_status;		/* completion */
	__u8 scsi_status;		/* completion: SAM status */
	__u8 port;
	__u8 path;
	__u8 target;
	__u8 lun;
	__u8 cdb_len;
	__u8 sense_len;			/* request: room; completion: valid bytes */
	__u8 data_in;			/* VSTOR_DATA_* */
	__u8 reserved1;
	__le32 transfer_len;		/* request: wanted; completion: moved */
	union {
		__u8 cdb[VSTOR_CDB_LEN];	/* request */
		__u8 sense[VSTOR_SENSE_LEN];	/* completion */
	};
	__le16 reserved2;
	__u8 queue_tag;
	__u8 queue_action;
	__le32 flags;			/* VSTOR_SRBF_* */
	__le32 timeout_s;
	__le32 sort_key;
};
WIRE_SIZE(struct vstor_srb, 52);
WIRE_AT(struct vstor_srb, cdb, 16);
WIRE_AT(struct vstor_srb, flags, 40);

struct vstor_version {
	__le16 version;			/* VSTOR_VERSION() */
	__le16 revision;
};
WIRE_SIZE(struct vstor_version, 4);

#define VSTOR_PROP_MULTI_CHANNEL	0x1u

/* In the reply to QUERY_PROPERTIES. */
struct vstor_properties {
	__le32 reserved1;
	__le16 max_sub_channels;	/* beyond the primary */
	__le16 reserved2;
	__le32 flags;			/* VSTOR_PROP_* */
	__le32 max_transfer_bytes;
	__le64 reserved3;
} __attribute__((packed, aligned(4)));	/* at offset 12 of the packet: not 8-aligned */
WIRE_SIZE(struct vstor_properties, 24);

/* The reply to FCHBA_DATA; the names' bytes stand as they are spoken, the first one first. */
struct vstor_fc_names {
	__u8 primary_active;		/* else the secondary pair counts */
	__u8 reserved[3];
	__u8 primary_port[8];
	__u8 primary_node[8];
	__u8 secondary_port[8];
	__u8 secondary_node[8];
};
WIRE_SIZE(struct vstor_fc_names, 36);

struct vstor_packet {
	__le32 op;			/* enum vstor_op */
	__le32 flags;			/* VSTOR_FLAG_COMPLETION in requests */
	__le32 status;			/* completions: NTSTATUS */
	union {
		struct vstor_srb srb;
		struct vstor_version version;
		struct vstor_properties properties;
		struct vstor_fc_names fc_names;
		__le16 sub_channels;	/* CREATE_SUB_CHANNELS: how many */
		__u8 body[52];
	};
};
WIRE_SIZE(struct vstor_packet, 64);
WIRE_AT(struct vstor_packet, srb, 12);

#endif

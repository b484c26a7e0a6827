/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nvsp.h - network virtual service protocol: handshake, buffers, where frames lie
 *
 * Builders fill in whole messages, padding included. Parsers take a private copy
 * of what the host sent and check all of it: a length, an index or a count that
 * comes out of here lies within what the guest has lent.
 */
#ifndef VMBUS_KIT_PROTO_NVSP_H
#define VMBUS_KIT_PROTO_NVSP_H

#include "env.h"
#include "wire/nvsp.h"
#include "wire/pkt.h"

/* A message as it is sent. All hosts take this length, whatever the version. */
union nvsp_msg {
	struct nvsp_hdr hdr;
	struct nvsp_init init;
	struct nvsp_ndis_version ndis_version;
	struct nvsp_ndis_config ndis_config;
	struct nvsp_lend_buf lend_buf;
	struct nvsp_revoke_buf revoke_buf;
	struct nvsp_rndis_packet rndis_packet;
	struct nvsp_sub_channels sub_channels;
	struct nvsp_switch_data_path switch_data_path;
	u8 bytes[NVSP_MSG_LEN_6_1];
};
WIRE_SIZE(union nvsp_msg, NVSP_MSG_LEN_6_1);

/* Channels beyond the primary that are ever asked for. */
#define NVSP_MAX_SUB_CHANNELS	63u
/* A piece of a buffer below this cannot hold a frame and what goes before it. */
#define NVSP_MIN_PIECE_LEN	128u
/* Ranges in one packet: as many fit into the longest packet hosts send. */
#define NVSP_MAX_RANGES		562u
/* Longest packet a host sends: descriptor, ranges, message. */
#define NVSP_MAX_PACKET		(16u + 8u + NVSP_MAX_RANGES * 8u + 104u)

/* Versions --------------------------------------------------------------------*/

/**
 * struct nvsp_ladder - versions proposed one after another, the latest first
 * @rung: which is next
 */
struct nvsp_ladder {
	unsigned int rung;
};

/**
 * nvsp_ladder_next() - propose the next version
 * @ladder: state, zero at first
 * @msg: to fill in; the answer comes in its completion
 *
 * Return: the version, or 0 when the host has refused all of them.
 */
u32 nvsp_ladder_next(struct nvsp_ladder *ladder, union nvsp_msg *msg);

/**
 * nvsp_parse_init() - does the host take the version?
 * @payload: of the completion
 * @len: bytes of it
 *
 * Return: 0; -EPROTONOSUPPORT if not; -EPROTO if that is no answer.
 */
int nvsp_parse_init(const void *payload, u32 len);

/**
 * nvsp_put_ndis_config() - what we can
 * @msg: to fill in; no answer
 * @version: agreed on, at least 2
 * @frame_len: longest frame, Ethernet header included
 * @sriov: a virtual function may be paired with this NIC
 */
void nvsp_put_ndis_config(union nvsp_msg *msg, u32 version, u32 frame_len, bool sriov);

/**
 * nvsp_ndis_minor() - of NDIS version 6, what goes with a protocol version
 * @version: agreed on
 *
 * Return: 1 or 30.
 */
u32 nvsp_ndis_minor(u32 version);

/**
 * nvsp_offload_revision() - of struct ndis_offload, what goes with a protocol version
 * @version: agreed on
 *
 * Return: 1 to 3.
 */
u8 nvsp_offload_revision(u32 version);

/**
 * nvsp_put_ndis_version() - which structures of NDIS we speak
 * @msg: to fill in; no answer
 * @version: agreed on
 */
void nvsp_put_ndis_version(union nvsp_msg *msg, u32 version);

/* Buffers -----------------------------------------------------------------------*/

/**
 * struct nvsp_pieces - how a buffer is divided
 * @len: bytes of each, at least NVSP_MIN_PIECE_LEN
 * @cnt: pieces that lie in the buffer, at least 1
 */
struct nvsp_pieces {
	u32 len;
	u32 cnt;
};

void nvsp_put_recv_buf(union nvsp_msg *msg, u32 gpadl);
void nvsp_put_send_buf(union nvsp_msg *msg, u32 gpadl);
void nvsp_put_revoke_recv_buf(union nvsp_msg *msg);
void nvsp_put_revoke_send_buf(union nvsp_msg *msg);

/**
 * nvsp_parse_recv_buf() - how the host divides the receive buffer
 * @payload: of the completion
 * @len: bytes of it
 * @buf_len: bytes that were lent
 * @pieces: to fill in
 *
 * Return: 0; -EIO if the host refused the buffer; -EPROTO if that is no answer,
 * or its pieces do not lie in the buffer.
 */
int nvsp_parse_recv_buf(const void *payload, u32 len, u32 buf_len, struct nvsp_pieces *pieces);

/**
 * nvsp_parse_send_buf() - how we are to divide the send buffer
 * @payload: of the completion
 * @len: bytes of it
 * @buf_len: bytes that were lent
 * @pieces: to fill in
 *
 * Return: as nvsp_parse_recv_buf().
 */
int nvsp_parse_send_buf(const void *payload, u32 len, u32 buf_len, struct nvsp_pieces *pieces);

/* Sub-channels and the other path ------------------------------------------------*/

void nvsp_put_sub_channels(union nvsp_msg *msg, u32 count);

/**
 * nvsp_parse_sub_channels() - how many will be offered
 * @payload: of the completion
 * @len: bytes of it
 * @asked: how many were asked for
 * @granted: to fill in, at most @asked
 *
 * Return: 0; -EIO if the host refused; -EPROTO if that is no answer.
 */
int nvsp_parse_sub_channels(const void *payload, u32 len, u32 asked, u32 *granted);

void nvsp_put_switch_data_path(union nvsp_msg *msg, u32 path);

/* Frames ---------------------------------------------------------------------------*/

/**
 * nvsp_put_rndis() - say where a message of RNDIS is
 * @msg: to fill in
 * @channel_type: NVSP_CHANNEL_DATA or NVSP_CHANNEL_CONTROL
 * @section: of the send buffer, or NVSP_SECTION_NONE
 * @section_len: bytes used of it, 0 without
 */
static inline void nvsp_put_rndis(union nvsp_msg *msg, u32 channel_type, u32 section,
				  u32 section_len)
{
	memset(msg, 0, sizeof(*msg));
	msg->rndis_packet.hdr.type = cpu_to_le32(NVSP_MSG_RNDIS_PACKET);
	msg->rndis_packet.channel_type = cpu_to_le32(channel_type);
	msg->rndis_packet.section = cpu_to_le32(section);
	msg->rndis_packet.section_len = cpu_to_le32(section_len);
}

/**
 * nvsp_parse_sent() - how the host liked what we sent
 * @payload: of the completion
 * @len: bytes of it
 *
 * Return: enum nvsp_status, or -EPROTO if that is no answer.
 */
static inline int nvsp_parse_sent(const void *payload, u32 len)
{
	const struct nvsp_rndis_packet_complete *done = payload;

	if (len < sizeof(*done) || done->hdr.type != cpu_to_le32(NVSP_MSG_RNDIS_PACKET_COMPLETE))
		return -EPROTO;
	return le32_to_cpu(done->status) & 0x7fffffff;
}

/**
 * nvsp_put_received() - give pieces of the receive buffer back
 * @done: to fill in
 * @ok: all of the packet was understood
 */
static inline void nvsp_put_received(struct nvsp_rndis_packet_complete *done, bool ok)
{
	done->hdr.type = cpu_to_le32(NVSP_MSG_RNDIS_PACKET_COMPLETE);
	done->status = cpu_to_le32(ok ? NVSP_STATUS_SUCCESS : NVSP_STATUS_FAILURE);
}

/**
 * struct nvsp_rx - a packet that names pieces of the receive buffer
 * @ranges: in the caller's private copy
 * @cnt: how many, 1 to NVSP_MAX_RANGES
 * @control: RNDIS control messages, else frames
 */
struct nvsp_rx {
	const struct vmbus_transfer_range *ranges;
	u32 cnt;
	bool control;
};

/**
 * nvsp_parse_rx() - take a transfer-page packet apart
 * @ext: what stands between descriptor and payload
 * @ext_len: bytes of it
 * @payload: the message
 * @payload_len: bytes of it
 * @rx: to fill in
 *
 * Return: 0, or -EPROTO.
 */
int nvsp_parse_rx(const void *ext, u32 ext_len, const void *payload, u32 payload_len,
		  struct nvsp_rx *rx);

/**
 * nvsp_rx_range() - one of the ranges
 * @rx: packet
 * @index: below rx->cnt
 * @pieces: of the receive buffer
 * @offset: where it starts
 * @len: bytes of it
 *
 * A frame of a large MTU may be longer than a piece: the host then takes as many side by
 * side as it needs, and names them as one range. No guest driver asks for more than that
 * it lies in the buffer.
 *
 * Return: 0, or -EPROTO if it leaves the buffer.
 */
static inline int nvsp_rx_range(const struct nvsp_rx *rx, u32 index,
				const struct nvsp_pieces *pieces, u32 *offset, u32 *len)
{
	u32 end = pieces->len * pieces->cnt;

	*offset = le32_to_cpu(rx->ranges[index].byte_offset);
	*len = le32_to_cpu(rx->ranges[index].byte_count);
	if (*len > end || *offset > end - *len)
		return -EPROTO;
	return 0;
}

/* Notices ----------------------------------------------------------------------------*/

enum nvsp_notice {
	NVSP_NOTICE_TABLE,	/* @table is what to send on */
	NVSP_NOTICE_VF,		/* @allocated and @serial */
	NVSP_NOTICE_PATH,	/* the host has switched by itself: @path */
	NVSP_NOTICE_OTHER,	/* known, and of no use */
	NVSP_NOTICE_BAD,	/* nothing a host may send */
};

/**
 * struct nvsp_note - what the host tells unasked, in band
 * @table: channel numbers, each at most NVSP_MAX_SUB_CHANNELS
 * @allocated: there is a virtual function
 * @serial: its slot
 * @path: NVSP_PATH_*
 */
struct nvsp_note {
	u8 table[NVSP_INDIRECTION_CNT];
	bool allocated;
	u32 serial;
	u32 path;
};

/**
 * nvsp_parse_notice() - read an in-band packet of the host
 * @payload: its payload
 * @len: bytes of it
 * @version: agreed on
 * @note: to fill in
 *
 * Return: what it is.
 */
enum nvsp_notice nvsp_parse_notice(const void *payload, u32 len, u32 version,
				   struct nvsp_note *note);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rndis.h - RNDIS: frames with what is to be said of them, requests and their answers
 *
 * A parser gets a private copy and its length, and believes no offset, length or
 * count in it that leads outside. A walk over elements always goes forward.
 */
#ifndef VMBUS_KIT_PROTO_RNDIS_H
#define VMBUS_KIT_PROTO_RNDIS_H

#include "env.h"
#include "wire/rndis.h"

/* Frames out ----------------------------------------------------------------------*/

/* An element with a value of 32 bits, as all are that we send. */
struct rndis_ppi_u32 {
	struct rndis_ppi ppi;
	__le32 value;
};
WIRE_SIZE(struct rndis_ppi_u32, 16);

/* Longest header we write: hash, VLAN, and one of checksum and segmentation. */
#define RNDIS_TX_HDR_MAX	(sizeof(struct rndis_packet) + 3 * sizeof(struct rndis_ppi_u32))

enum rndis_tx_offload {
	RNDIS_TX_PLAIN,
	RNDIS_TX_CHECKSUM,	/* @word from rndis_checksum_word() */
	RNDIS_TX_LSO,		/* @word from rndis_lso_word() */
};

/**
 * struct rndis_tx - a frame to be sent
 * @len: bytes of it
 * @offload: what the host shall do to it
 * @word: and how
 * @with_vlan: @vlan from rndis_vlan_word() is to be inserted
 * @with_hash: the host gets to know @hash
 * @vlan: tag
 * @hash: of its flow
 */
struct rndis_tx {
	u32 len;
	enum rndis_tx_offload offload;
	u32 word;
	bool with_vlan;
	bool with_hash;
	u32 vlan;
	u32 hash;
};

/**
 * rndis_put_packet() - write what goes before a frame
 * @to: room for RNDIS_TX_HDR_MAX bytes, a multiple of 4 in memory
 * @tx: the frame, which follows directly
 *
 * Return: bytes written, a multiple of 4.
 */
u32 rndis_put_packet(void *to, const struct rndis_tx *tx);

/**
 * rndis_pad_packet() - let the next message begin later
 * @packet: written by rndis_put_packet()
 * @bytes: to add behind the frame
 */
static inline void rndis_pad_packet(struct rndis_packet *packet, u32 bytes)
{
	packet->hdr.len = cpu_to_le32(le32_to_cpu(packet->hdr.len) + bytes);
}

/* @transport: where the TCP or UDP header begins in the frame, at most RNDIS_CSUM_TX_OFFSET_MASK */
static inline u32 rndis_checksum_word(bool v6, bool udp, u32 transport)
{
	return (v6 ? RNDIS_CSUM_TX_IPV6 : RNDIS_CSUM_TX_IPV4) |
	       (udp ? RNDIS_CSUM_TX_UDP : RNDIS_CSUM_TX_TCP) |
	       transport << RNDIS_CSUM_TX_OFFSET_SHIFT;
}

static inline u32 rndis_lso_word(bool v6, u32 mss, u32 transport)
{
	return (v6 ? RNDIS_LSO_IPV6 : 0) | RNDIS_LSO_V2 | (mss & RNDIS_LSO_MSS_MASK) |
	       transport << RNDIS_LSO_OFFSET_SHIFT;
}

/* @tci: as in the frame: priority, CFI, id from high to low */
static inline u32 rndis_vlan_word(u16 tci)
{
	return tci >> 13 | (tci >> 12 & 1 ? RNDIS_8021Q_CFI : 0) |
	       (u32)(tci & RNDIS_8021Q_ID_MASK) << RNDIS_8021Q_ID_SHIFT;
}

/* Frames in ---------------------------------------------------------------------------*/

#define RNDIS_RX_CHECKSUM	0x1u	/* @checksum is valid */
#define RNDIS_RX_VLAN		0x2u	/* @vlan */
#define RNDIS_RX_HASH		0x4u	/* @hash */
#define RNDIS_RX_PART		0x8u	/* @part: of a frame the host has coalesced */

/* Elements in front of a frame are not looked at beyond this many bytes. */
#define RNDIS_MAX_PPI_LEN	1024u

/**
 * struct rndis_rx - a frame that came
 * @data_offset: from the start of the message
 * @data_len: bytes of it, at least 14; all of them within the message
 * @present: RNDIS_RX_*
 * @checksum: RNDIS_CSUM_RX_*
 * @hash: of its flow
 * @vlan: tag as in a frame: priority, CFI, id
 * @part: RNDIS_PACKET_ID_FIRST, RNDIS_PACKET_ID_LAST
 */
struct rndis_rx {
	u32 data_offset;
	u32 data_len;
	u32 present;
	u32 checksum;
	u32 hash;
	u16 vlan;
	u8 part;
};

/**
 * rndis_parse_packet() - take a message with a frame apart
 * @head: private copy of its first bytes
 * @head_len: how many
 * @msg_len: of the piece of memory that has all of it, at least @head_len
 * @rx: to fill in
 *
 * Parts of a coalesced frame after the first may be shorter than an Ethernet header.
 *
 * Return: 0; -EPROTO; or the number of bytes the copy must have at least, if
 * that is more than @head_len, never more than RNDIS_MAX_HEAD.
 */
int rndis_parse_packet(const void *head, u32 head_len, u32 msg_len, struct rndis_rx *rx);

/* The longest copy rndis_parse_packet() may ask for. */
#define RNDIS_MAX_HEAD	(sizeof(struct rndis_packet) + 256u + RNDIS_MAX_PPI_LEN)

/* Requests --------------------------------------------------------------------------*/

/* Writers return the length of the message, or 0 if it does not fit into @room. */
u32 rndis_put_initialize(void *to, u32 room, u32 id);
u32 rndis_put_halt(void *to, u32 room, u32 id);
u32 rndis_put_query(void *to, u32 room, u32 id, u32 oid, const void *info, u32 info_len);
u32 rndis_put_set(void *to, u32 room, u32 id, u32 oid, const void *info, u32 info_len);

enum rndis_control {
	RNDIS_CONTROL_ANSWER,	/* to request @id: @status, and @info of it if it was a query */
	RNDIS_CONTROL_NOTICE,	/* @status says what, @info is its buffer */
	RNDIS_CONTROL_OTHER,	/* known, and of no use */
	RNDIS_CONTROL_BAD,
};

/**
 * struct rndis_answer - a control message of the host
 * @type: of the message
 * @id: of the request, in an answer
 * @status: RNDIS_STATUS_* in an answer, RNDIS_INDICATE_* in a notice
 * @info: what came with it, in the caller's copy. Of an answer to INITIALIZE
 *	the whole message
 * @info_len: bytes of it
 */
struct rndis_answer {
	u32 type;
	u32 id;
	u32 status;
	const void *info;
	u32 info_len;
};

/**
 * rndis_parse_control() - read a control message
 * @msg: private copy
 * @len: bytes of the piece of memory it was in
 * @answer: to fill in
 *
 * Return: what it is.
 */
enum rndis_control rndis_parse_control(const void *msg, u32 len, struct rndis_answer *answer);

/**
 * struct rndis_limits - what the host takes at once
 * @packets: messages in one section, at least 1
 * @bytes: of them all
 * @align: where each but the first begins, a power of 2 from 4 on
 */
struct rndis_limits {
	u32 packets;
	u32 bytes;
	u32 align;
};

/**
 * rndis_parse_initialize() - what the host said to INITIALIZE
 * @answer: of that request
 * @limits: to fill in
 *
 * Return: 0, -EIO if it refused, -EPROTO if that is no answer.
 */
int rndis_parse_initialize(const struct rndis_answer *answer, struct rndis_limits *limits);

/* Offloads and RSS ---------------------------------------------------------------------*/

/**
 * struct rndis_offloads - what the host can do
 * @csum4_tcp: it computes checksums of TCP over IPv4
 * @csum4_udp: of UDP over IPv4
 * @csum6_tcp: of TCP over IPv6
 * @csum6_udp: of UDP over IPv6
 * @tso4_max: bytes of a TCP frame it cuts, 0 if it does not
 * @tso6_max: the same of IPv6
 * @rsc: it coalesces
 */
struct rndis_offloads {
	bool csum4_tcp;
	bool csum4_udp;
	bool csum6_tcp;
	bool csum6_udp;
	u32 tso4_max;
	u32 tso6_max;
	bool rsc;
};

/* The question for them, in an NDIS_OFFLOAD_REVISION_*: how many bytes of @ask are sent. */
u32 rndis_put_offload_query(struct ndis_offload *ask, u8 revision);
/* 0, or -EPROTO. */
int rndis_parse_offloads(const void *info, u32 len, struct rndis_offloads *can);

/**
 * rndis_put_offloads() - turn on what the host can
 * @set: to fill in
 * @use: what to use; a subset of what the host can
 * @with_rsc: the structure has room for that, from NVSP 5 on
 *
 * Return: bytes of @set that are sent.
 */
u32 rndis_put_offloads(struct ndis_offload_parameters *set, const struct rndis_offloads *use,
		       bool with_rsc);

#define RNDIS_MAX_RSS_TABLE	256u

/**
 * struct rndis_rss_caps - what the host can do with many channels
 * @queues: channels it can receive on, at least 1
 * @table: entries of the table, 1 to RNDIS_MAX_RSS_TABLE
 * @udp: it can hash UDP ports, too
 */
struct rndis_rss_caps {
	u32 queues;
	u32 table;
	bool udp;
};

void rndis_put_rss_query(struct ndis_rss_capabilities *ask);
/* 0, or -EPROTO. */
int rndis_parse_rss(const void *info, u32 len, struct rndis_rss_caps *caps);

/* A request to set RSS, as long as it can be. */
struct rndis_rss_set {
	struct ndis_rss_parameters param;
	__le32 table[RNDIS_MAX_RSS_TABLE];
	u8 key[NDIS_RSS_KEY_LEN];
};

/**
 * rndis_put_rss() - table, key and what to hash
 * @set: to fill in
 * @table: channel of each residue
 * @entries: of the table, at most RNDIS_MAX_RSS_TABLE
 * @key: NDIS_RSS_KEY_LEN bytes
 * @hash: NDIS_HASH_* types
 * @flags: NDIS_RSS_*
 *
 * Return: bytes of @set that are sent.
 */
u32 rndis_put_rss(struct rndis_rss_set *set, const u16 *table, u32 entries, const u8 *key,
		  u32 hash, u16 flags);

/**
 * rndis_parse_name() - a name of the host as UTF-8
 * @info: UTF-16, up to a NUL or its end
 * @len: bytes of it
 * @text: to fill in, ended by a NUL
 * @room: bytes there, at least 1
 *
 * What is no printable character of the first plane becomes a question mark.
 *
 * Return: bytes written, without the NUL.
 */
u32 rndis_parse_name(const void *info, u32 len, char *text, u32 room);

/* A request to change the MAC address. */
struct rndis_mac_set {
	struct rndis_config_parameter param;
	__le16 name[14];
	__le16 value[12];
};
WIRE_SIZE(struct rndis_mac_set, 72);

void rndis_put_mac(struct rndis_mac_set *set, const u8 *mac);

#endif

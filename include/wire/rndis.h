/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rndis.h - RNDIS: frames, requests and notices inside the network protocol
 *
 * A message begins with its type and its length, this header included. Every
 * offset in a body counts from the byte behind that header (RNDIS_BODY), not
 * from the message. Requests (OIDs) carry what NDIS defines for them; those
 * structures follow below. Sources: the Linux and OpenVMM implementations.
 */
#ifndef VMBUS_KIT_WIRE_RNDIS_H
#define VMBUS_KIT_WIRE_RNDIS_H

#include "wire.h"

/* Messages --------------------------------------------------------------------------*/

#define RNDIS_COMPLETE		0x80000000u	/* in the type of a reply */

enum rndis_msg_type {
	RNDIS_MSG_PACKET	= 0x00000001,	/* both ways, on the data channel type */
	RNDIS_MSG_INITIALIZE	= 0x00000002,	/* guest */
	RNDIS_MSG_HALT		= 0x00000003,	/* guest, no reply */
	RNDIS_MSG_QUERY		= 0x00000004,	/* guest */
	RNDIS_MSG_SET		= 0x00000005,	/* guest */
	RNDIS_MSG_RESET		= 0x00000006,	/* guest; current hosts take it for an error */
	RNDIS_MSG_INDICATE	= 0x00000007,	/* host, no reply */
	RNDIS_MSG_KEEPALIVE	= 0x00000008,	/* guest */
	RNDIS_MSG_SET_EX	= 0x00000009,	/* not used */
};

#define RNDIS_MSG_INITIALIZE_COMPLETE	(RNDIS_COMPLETE | 0x2u)
#define RNDIS_MSG_QUERY_COMPLETE	(RNDIS_COMPLETE | 0x4u)
#define RNDIS_MSG_SET_COMPLETE		(RNDIS_COMPLETE | 0x5u)
#define RNDIS_MSG_RESET_COMPLETE	(RNDIS_COMPLETE | 0x6u)
#define RNDIS_MSG_KEEPALIVE_COMPLETE	(RNDIS_COMPLETE | 0x8u)
#define RNDIS_MSG_SET_EX_COMPLETE	(RNDIS_COMPLETE | 0x9u)

#define RNDIS_STATUS_SUCCESS		0x00000000u
#define RNDIS_STATUS_PENDING		0x00000103u
#define RNDIS_STATUS_BUFFER_OVERFLOW	0x80000005u
#define RNDIS_STATUS_FAILURE		0xc0000001u
#define RNDIS_STATUS_RESOURCES		0xc000009au
#define RNDIS_STATUS_NOT_SUPPORTED	0xc00000bbu
#define RNDIS_STATUS_BAD_VERSION	0xc0010004u
#define RNDIS_STATUS_INVALID_LENGTH	0xc0010014u
#define RNDIS_STATUS_INVALID_DATA	0xc0010015u
#define RNDIS_STATUS_BUFFER_TOO_SHORT	0xc0010016u
#define RNDIS_STATUS_INVALID_OID	0xc0010017u

/* Codes of RNDIS_MSG_INDICATE */
#define RNDIS_INDICATE_CONNECT		0x4001000bu
#define RNDIS_INDICATE_DISCONNECT	0x4001000cu
#define RNDIS_INDICATE_LINK_SPEED	0x40010013u	/* buffer: __le32, in 100 bit/s */
#define RNDIS_INDICATE_NETWORK_CHANGE	0x40010018u	/* another network */
#define RNDIS_INDICATE_OFFLOAD_CONFIG	0x40020006u	/* buffer: struct ndis_offload */

struct rndis_hdr {
	__le32 type;			/* enum rndis_msg_type, or RNDIS_MSG_*_COMPLETE */
	__le32 len;			/* of the message, with this header */
};
WIRE_SIZE(struct rndis_hdr, 8);

/* What offsets in bodies count from: the byte this far into the message. */
#define RNDIS_BODY	8u

#define RNDIS_VERSION_MAJOR	1u
#define RNDIS_VERSION_MINOR	0u

/* Guest to host, first. Reply: struct rndis_initialize_complete. */
struct rndis_initialize {
	struct rndis_hdr hdr;
	__le32 request_id;
	__le32 major;
	__le32 minor;
	__le32 transfer_max;
};
WIRE_SIZE(struct rndis_initialize, 24);

#define RNDIS_DEVICE_CONNECTIONLESS	0x1u
#define RNDIS_MEDIUM_802_3		0u

/* Host to guest. */
struct rndis_initialize_complete {
	struct rndis_hdr hdr;
	__le32 request_id;
	__le32 status;			/* RNDIS_STATUS_* */
	__le32 major;
	__le32 minor;
	__le32 device_flags;		/* RNDIS_DEVICE_* */
	__le32 medium;			/* RNDIS_MEDIUM_* */
	__le32 packets_max;		/* RNDIS packets in one section or packet of the channel */
	__le32 transfer_max;		/* bytes in one packet of the channel */
	__le32 alignment;		/* exponent of 2: where each but the first packet begins */
	__le32 af_list_offset;		/* 0 */
	__le32 af_list_len;		/* 0 */
};
WIRE_SIZE(struct rndis_initialize_complete, 52);

/* Guest to host. No reply but the completion of the packet. Everything set is forgotten. */
struct rndis_halt {
	struct rndis_hdr hdr;
	__le32 request_id;
};
WIRE_SIZE(struct rndis_halt, 12);

/*
 * Guest to host: RNDIS_MSG_QUERY, RNDIS_MSG_SET. Reply: struct
 * rndis_query_complete, struct rndis_set_complete. A query may carry a
 * structure that says which revision of it is wanted.
 */
struct rndis_request {
	struct rndis_hdr hdr;
	__le32 request_id;
	__le32 oid;			/* RNDIS_OID_* */
	__le32 info_len;
	__le32 info_offset;		/* from RNDIS_BODY */
	__le32 vc;			/* 0 */
};
WIRE_SIZE(struct rndis_request, 28);

/* Host to guest. */
struct rndis_query_complete {
	struct rndis_hdr hdr;
	__le32 request_id;
	__le32 status;			/* RNDIS_STATUS_* */
	__le32 info_len;
	__le32 info_offset;		/* from RNDIS_BODY; 16, or 0 if there is nothing */
};
WIRE_SIZE(struct rndis_query_complete, 24);

/* Host to guest. */
struct rndis_set_complete {
	struct rndis_hdr hdr;
	__le32 request_id;
	__le32 status;
};
WIRE_SIZE(struct rndis_set_complete, 16);

/* Guest to host. Reply: struct rndis_reset_complete. */
struct rndis_reset {
	struct rndis_hdr hdr;
	__le32 reserved;
};
WIRE_SIZE(struct rndis_reset, 12);

/* Host to guest; the only reply that names no request. */
struct rndis_reset_complete {
	struct rndis_hdr hdr;
	__le32 status;
	__le32 addressing_reset;	/* 1: set filter and multicast list again */
};
WIRE_SIZE(struct rndis_reset_complete, 16);

/* Guest to host. Reply: struct rndis_keepalive_complete. */
struct rndis_keepalive {
	struct rndis_hdr hdr;
	__le32 request_id;
};
WIRE_SIZE(struct rndis_keepalive, 12);

/* Host to guest. */
struct rndis_keepalive_complete {
	struct rndis_hdr hdr;
	__le32 request_id;
	__le32 status;
};
WIRE_SIZE(struct rndis_keepalive_complete, 16);

/*
 * Host to guest, unasked for. No reply. Some hosts leave the buffer out of
 * hdr.len, though it is there.
 */
struct rndis_indicate {
	struct rndis_hdr hdr;
	__le32 status;			/* RNDIS_INDICATE_* */
	__le32 info_len;
	__le32 info_offset;		/* from RNDIS_BODY */
};
WIRE_SIZE(struct rndis_indicate, 20);

/*
 * Both ways: one Ethernet frame without its FCS, and what is to be said of it.
 * hdr.len may have padding at its end, which only data_len tells from the frame.
 */
struct rndis_packet {
	struct rndis_hdr hdr;
	__le32 data_offset;		/* from RNDIS_BODY */
	__le32 data_len;
	__le32 oob_offset;		/* 0 */
	__le32 oob_len;			/* 0 */
	__le32 oob_cnt;			/* 0 */
	__le32 ppi_offset;		/* from RNDIS_BODY: 36, or 0 if there is none */
	__le32 ppi_len;			/* all elements together */
	__le32 vc;			/* 0 */
	__le32 reserved;
};
WIRE_SIZE(struct rndis_packet, 44);
WIRE_AT(struct rndis_packet, ppi_offset, 28);

/* Per-packet information ------------------------------------------------------------*/

enum rndis_ppi_type {
	RNDIS_PPI_CHECKSUM	= 0,		/* both ways: RNDIS_CSUM_* */
	RNDIS_PPI_IPSEC		= 1,
	RNDIS_PPI_LSO		= 2,		/* guest: RNDIS_LSO_* */
	RNDIS_PPI_CLASS		= 3,
	RNDIS_PPI_RESERVED	= 4,
	RNDIS_PPI_SG_LIST	= 5,
	RNDIS_PPI_8021Q		= 6,		/* both ways: RNDIS_8021Q_* */
	RNDIS_PPI_ORIGINAL	= 7,
	RNDIS_PPI_HASH		= 8,		/* both ways: __le32, the hash of RSS */
	RNDIS_PPI_ORIGINAL_LIST	= 9,
	RNDIS_PPI_CACHED_LIST	= 10,
	RNDIS_PPI_SHORT_PADDING	= 11,
};

/* In the type of an element: another set of numbers, of which one is known. */
#define RNDIS_PPI_INTERNAL	0x80000000u
#define RNDIS_PPI_PACKET_ID	(RNDIS_PPI_INTERNAL | 1u)	/* host: struct rndis_packet_id */

/* One element; the next follows after @size bytes. */
struct rndis_ppi {
	__le32 size;			/* with this header; a multiple of 4 */
	__le32 type;			/* enum rndis_ppi_type, or RNDIS_PPI_PACKET_ID */
	__le32 data_offset;		/* from this header: 12 */
};
WIRE_SIZE(struct rndis_ppi, 12);

/* RNDIS_PPI_CHECKSUM, guest to host, is a __le32: what the host shall compute. */
#define RNDIS_CSUM_TX_IPV4		0x00000001u
#define RNDIS_CSUM_TX_IPV6		0x00000002u
#define RNDIS_CSUM_TX_TCP		0x00000004u
#define RNDIS_CSUM_TX_UDP		0x00000008u
#define RNDIS_CSUM_TX_IP_HEADER		0x00000010u
#define RNDIS_CSUM_TX_OFFSET_SHIFT	16	/* of the TCP header in the frame */
#define RNDIS_CSUM_TX_OFFSET_MASK	0x3ffu

/* RNDIS_PPI_CHECKSUM, host to guest: what the host has found. */
#define RNDIS_CSUM_RX_TCP_FAILED	0x00000001u
#define RNDIS_CSUM_RX_UDP_FAILED	0x00000002u
#define RNDIS_CSUM_RX_IP_FAILED		0x00000004u
#define RNDIS_CSUM_RX_TCP_OK		0x00000008u
#define RNDIS_CSUM_RX_UDP_OK		0x00000010u
#define RNDIS_CSUM_RX_IP_OK		0x00000020u
#define RNDIS_CSUM_RX_LOOPBACK		0x00000040u
#define RNDIS_CSUM_RX_TCP_INVALID	0x00000080u	/* the value in the frame is of no use */
#define RNDIS_CSUM_RX_IP_INVALID	0x00000100u

/*
 * RNDIS_PPI_LSO, a __le32: cut the frame into segments. The guest leaves the
 * IPv4 length and header checksum 0 and puts the sum of the pseudo header, with
 * a length of 0, where the TCP checksum belongs. No checksum element beside it.
 */
#define RNDIS_LSO_MSS_MASK		0x000fffffu
#define RNDIS_LSO_OFFSET_SHIFT		20	/* of the TCP header in the frame */
#define RNDIS_LSO_OFFSET_MASK		0x3ffu
#define RNDIS_LSO_V2			0x40000000u
#define RNDIS_LSO_IPV6			0x80000000u	/* else IPv4 */

/* RNDIS_PPI_8021Q, a __le32 */
#define RNDIS_8021Q_PRIORITY_MASK	0x7u
#define RNDIS_8021Q_CFI			0x8u
#define RNDIS_8021Q_ID_SHIFT		4
#define RNDIS_8021Q_ID_MASK		0xfffu

#define RNDIS_PACKET_ID_VERSION		1u
#define RNDIS_PACKET_ID_PART		0x1u	/* one of several pieces of one large frame */
#define RNDIS_PACKET_ID_FIRST		0x2u	/* its checksum, VLAN and hash hold for all */
#define RNDIS_PACKET_ID_LAST		0x4u	/* in the same transfer-page packet */

/* RNDIS_PPI_PACKET_ID, since NVSP 6.1: frames the host has coalesced (RSC). */
struct rndis_packet_id {
	__u8 version;			/* RNDIS_PACKET_ID_VERSION */
	__u8 flags;			/* RNDIS_PACKET_ID_* */
	__le16 id;
};
WIRE_SIZE(struct rndis_packet_id, 4);

/* What may be asked and set ---------------------------------------------------------*/

enum rndis_oid {
	RNDIS_OID_SUPPORTED_LIST	= 0x00010101,	/* query: __le32 each */
	RNDIS_OID_HARDWARE_STATUS	= 0x00010102,	/* query: __le32, 0 ready */
	RNDIS_OID_MEDIA_SUPPORTED	= 0x00010103,	/* query: __le32 each, RNDIS_MEDIUM_* */
	RNDIS_OID_MEDIA_IN_USE		= 0x00010104,
	RNDIS_OID_LOOKAHEAD_MAX		= 0x00010105,
	RNDIS_OID_FRAME_MAX		= 0x00010106,	/* query: __le32, without Ethernet header */
	RNDIS_OID_LINK_SPEED		= 0x00010107,	/* query: __le32, 100 bit/s */
	RNDIS_OID_TX_BUFFER_SPACE	= 0x00010108,
	RNDIS_OID_RX_BUFFER_SPACE	= 0x00010109,
	RNDIS_OID_TX_BLOCK_SIZE		= 0x0001010a,
	RNDIS_OID_RX_BLOCK_SIZE		= 0x0001010b,
	RNDIS_OID_VENDOR_ID		= 0x0001010c,	/* query: __le32 */
	RNDIS_OID_VENDOR_DESCRIPTION	= 0x0001010d,	/* query: ASCII */
	RNDIS_OID_PACKET_FILTER		= 0x0001010e,	/* both: __le32, RNDIS_FILTER_* */
	RNDIS_OID_LOOKAHEAD		= 0x0001010f,
	RNDIS_OID_DRIVER_VERSION	= 0x00010110,	/* query: __le16 */
	RNDIS_OID_TOTAL_MAX		= 0x00010111,	/* query: __le32, with Ethernet header */
	RNDIS_OID_MAC_OPTIONS		= 0x00010113,
	RNDIS_OID_MEDIA_CONNECT		= 0x00010114,	/* query: __le32, RNDIS_MEDIA_* */
	RNDIS_OID_SEND_PACKETS_MAX	= 0x00010115,
	RNDIS_OID_VENDOR_VERSION	= 0x00010116,
	RNDIS_OID_LAYER_ADDRESSES	= 0x00010118,	/* set; taken and forgotten */
	RNDIS_OID_RSS_CAPABILITIES	= 0x00010203,	/* query: struct ndis_rss_capabilities */
	RNDIS_OID_RSS_PARAMETERS	= 0x00010204,	/* set: struct ndis_rss_parameters */
	RNDIS_OID_LINK_SPEED_MAX	= 0x00010206,	/* query: __le64 out, in, bit/s */
	RNDIS_OID_LINK_STATE		= 0x00010207,	/* query: struct ndis_link_state */
	RNDIS_OID_LINK_PARAMETERS	= 0x00010208,
	RNDIS_OID_MODERATION		= 0x00010209,
	RNDIS_OID_MACHINE_NAME		= 0x0001021a,
	RNDIS_OID_CONFIG_PARAMETER	= 0x0001021b,	/* set: struct rndis_config_parameter */
	RNDIS_OID_TX_OK			= 0x00020101,	/* query: __le32 or __le64, as all counts */
	RNDIS_OID_RX_OK			= 0x00020102,
	RNDIS_OID_TX_ERROR		= 0x00020103,
	RNDIS_OID_RX_ERROR		= 0x00020104,
	RNDIS_OID_RX_NO_BUFFER		= 0x00020105,
	RNDIS_OID_FRIENDLY_NAME		= 0x00020216,	/* query: 512 bytes of UTF-16, NUL padded */
	RNDIS_OID_PERMANENT_ADDRESS	= 0x01010101,	/* query: 6 bytes */
	RNDIS_OID_CURRENT_ADDRESS	= 0x01010102,	/* query: 6 bytes */
	RNDIS_OID_MULTICAST_LIST	= 0x01010103,	/* both: 6 bytes each */
	RNDIS_OID_MULTICAST_MAX		= 0x01010104,	/* query: __le32, addresses */
	RNDIS_OID_ENCAPSULATION		= 0x0101010a,	/* both: struct ndis_encapsulation */
	RNDIS_OID_802_3_RX_ALIGNMENT	= 0x01020101,	/* query: __le32 */
	RNDIS_OID_802_3_TX_ONE_COLLISION = 0x01020102,
	RNDIS_OID_802_3_TX_COLLISIONS	= 0x01020103,
};

/* Those above 31 bits, which an enum of C has no room for. */
#define RNDIS_OID_OFFLOAD_CONFIG	0xfc01020bu	/* query: struct ndis_offload */
#define RNDIS_OID_OFFLOAD_PARAMETERS	0xfc01020cu	/* set: struct ndis_offload_parameters */
#define RNDIS_OID_OFFLOAD_CAPABILITIES	0xfc01020du	/* query: struct ndis_offload */

#define RNDIS_FILTER_DIRECTED		0x00000001u
#define RNDIS_FILTER_MULTICAST		0x00000002u	/* those in the list */
#define RNDIS_FILTER_ALL_MULTICAST	0x00000004u
#define RNDIS_FILTER_BROADCAST		0x00000008u
#define RNDIS_FILTER_PROMISCUOUS	0x00000020u

#define RNDIS_MEDIA_CONNECTED		0u
#define RNDIS_MEDIA_DISCONNECTED	1u

#define RNDIS_FRIENDLY_NAME_LEN		512u

#define RNDIS_PARAMETER_INTEGER		0u
#define RNDIS_PARAMETER_HEX		1u
#define RNDIS_PARAMETER_STRING		2u	/* UTF-16, no NUL */
#define RNDIS_PARAMETER_STRINGS		3u
#define RNDIS_PARAMETER_BINARY		4u

/*
 * RNDIS_OID_CONFIG_PARAMETER: name and value in UTF-16, no NUL. A change of the
 * MAC address is "NetworkAddress", its value a string of 12 hexadecimal digits.
 */
struct rndis_config_parameter {
	__le32 name_offset;		/* from the start of this structure */
	__le32 name_len;		/* bytes */
	__le32 type;			/* RNDIS_PARAMETER_* */
	__le32 value_offset;		/* from the start of this structure */
	__le32 value_len;		/* bytes */
};
WIRE_SIZE(struct rndis_config_parameter, 20);

/* Structures of NDIS ----------------------------------------------------------------*/

#define NDIS_TYPE_DEFAULT		0x80u
#define NDIS_TYPE_RSS_CAPABILITIES	0x88u
#define NDIS_TYPE_RSS_PARAMETERS	0x89u
#define NDIS_TYPE_OID_REQUEST		0x96u
#define NDIS_TYPE_OFFLOAD		0xa7u
#define NDIS_TYPE_ENCAPSULATION		0xa8u

/* In front of each: a later revision only adds fields at the end. */
struct ndis_hdr {
	__u8 type;			/* NDIS_TYPE_* */
	__u8 revision;
	__le16 size;			/* of the structure, with this */
};
WIRE_SIZE(struct ndis_hdr, 4);

#define NDIS_ENCAP_802_3		0x2u

/* struct ndis_checksum_caps, fields called v4_ */
#define NDIS_CSUM4_IP_OPTIONS		0x001u
#define NDIS_CSUM4_TCP_OPTIONS		0x004u
#define NDIS_CSUM4_TCP			0x010u
#define NDIS_CSUM4_UDP			0x040u
#define NDIS_CSUM4_IP			0x100u
/* struct ndis_checksum_caps, fields called v6_ */
#define NDIS_CSUM6_IP_EXTENSIONS	0x001u
#define NDIS_CSUM6_TCP_OPTIONS		0x004u
#define NDIS_CSUM6_TCP			0x010u
#define NDIS_CSUM6_UDP			0x040u

struct ndis_checksum_caps {
	__le32 v4_tx_encap;		/* NDIS_ENCAP_* */
	__le32 v4_tx;			/* NDIS_CSUM4_* */
	__le32 v4_rx_encap;
	__le32 v4_rx;
	__le32 v6_tx_encap;
	__le32 v6_tx;			/* NDIS_CSUM6_* */
	__le32 v6_rx_encap;
	__le32 v6_rx;
};
WIRE_SIZE(struct ndis_checksum_caps, 32);

#define NDIS_LSO6_IP_EXTENSIONS		0x1u
#define NDIS_LSO6_TCP_OPTIONS		0x4u

struct ndis_lso_v2_caps {
	__le32 v4_encap;
	__le32 v4_max;			/* bytes of a frame to be cut */
	__le32 v4_segments_min;
	__le32 v6_encap;
	__le32 v6_max;
	__le32 v6_segments_min;
	__le32 v6_options;		/* NDIS_LSO6_* */
};
WIRE_SIZE(struct ndis_lso_v2_caps, 28);

#define NDIS_OFFLOAD_REVISION_1		1u	/* NDIS 6.0 */
#define NDIS_OFFLOAD_REVISION_2		2u	/* NDIS 6.1 */
#define NDIS_OFFLOAD_REVISION_3		3u	/* NDIS 6.30 */
#define NDIS_OFFLOAD_LEN_1		112u
#define NDIS_OFFLOAD_LEN_2		144u
#define NDIS_OFFLOAD_LEN_3		156u

/* Host to guest; the question carries one of which only the header is filled. */
struct ndis_offload {
	struct ndis_hdr hdr;		/* NDIS_TYPE_OFFLOAD */
	struct ndis_checksum_caps checksum;
	__le32 lso_v1[4];
	__le32 ipsec_v1[7];
	struct ndis_lso_v2_caps lso_v2;
	__le32 flags;
	/* since revision 2 */
	__le32 ipsec_v2[8];
	/* since revision 3 */
	__u8 rsc_v4;
	__u8 rsc_v6;
	__le16 reserved;
	__le32 gre[2];
};
WIRE_SIZE(struct ndis_offload, 156);
WIRE_AT(struct ndis_offload, lso_v2, 80);
WIRE_AT(struct ndis_offload, flags, 108);
WIRE_AT(struct ndis_offload, ipsec_v2, NDIS_OFFLOAD_LEN_1);
WIRE_AT(struct ndis_offload, rsc_v4, NDIS_OFFLOAD_LEN_2);

#define NDIS_OFFLOAD_NO_CHANGE		0u
#define NDIS_OFFLOAD_CSUM_OFF		1u
#define NDIS_OFFLOAD_CSUM_TX		2u
#define NDIS_OFFLOAD_CSUM_RX		3u
#define NDIS_OFFLOAD_CSUM_BOTH		4u
#define NDIS_OFFLOAD_OFF		1u	/* LSO and RSC */
#define NDIS_OFFLOAD_ON			2u

#define NDIS_OFFLOAD_PARAMETERS_REVISION	3u
#define NDIS_OFFLOAD_PARAMETERS_LEN_4		22u	/* up to NVSP 4: without RSC */
#define NDIS_OFFLOAD_PARAMETERS_LEN		28u

/* Guest to host: what of the capabilities shall be in use. */
struct ndis_offload_parameters {
	struct ndis_hdr hdr;		/* NDIS_TYPE_DEFAULT */
	__u8 ip_v4_csum;		/* NDIS_OFFLOAD_CSUM_* */
	__u8 tcp_v4_csum;
	__u8 udp_v4_csum;
	__u8 tcp_v6_csum;
	__u8 udp_v6_csum;
	__u8 lso_v1;
	__u8 ipsec_v1;
	__u8 lso_v2_v4;			/* NDIS_OFFLOAD_ON, _OFF */
	__u8 lso_v2_v6;
	__u8 tcp_connection_v4;
	__u8 tcp_connection_v6;
	__u8 reserved1;
	__le32 flags;
	__u8 ipsec_v2;
	__u8 ipsec_v2_v4;
	__u8 rsc_v4;			/* NDIS_OFFLOAD_ON, _OFF */
	__u8 rsc_v6;
	__u8 encap;
	__u8 encap_types;
	__u8 reserved2[2];
};
WIRE_SIZE(struct ndis_offload_parameters, NDIS_OFFLOAD_PARAMETERS_LEN);
WIRE_AT(struct ndis_offload_parameters, flags, 16);
WIRE_AT(struct ndis_offload_parameters, rsc_v4, NDIS_OFFLOAD_PARAMETERS_LEN_4);

#define NDIS_HASH_FUNCTION_MASK		0x000000ffu
#define NDIS_HASH_TOEPLITZ		0x00000001u

#define NDIS_RSS_CAPS_TCP4		0x00000100u
#define NDIS_RSS_CAPS_TCP6		0x00000200u
#define NDIS_RSS_CAPS_TCP6_EX		0x00000400u
#define NDIS_RSS_CAPS_UDP4		0x00000800u
#define NDIS_RSS_CAPS_UDP6		0x00001000u
#define NDIS_RSS_CAPS_UDP6_EX		0x00002000u

#define NDIS_RSS_CAPABILITIES_REVISION	2u
#define NDIS_RSS_CAPABILITIES_LEN	18u	/* what hdr.size says; 2 bytes of padding follow */

/* Host to guest; the question carries one of which only the header is filled. */
struct ndis_rss_capabilities {
	struct ndis_hdr hdr;		/* NDIS_TYPE_RSS_CAPABILITIES */
	__le32 caps;			/* NDIS_RSS_CAPS_*, low byte the hash function */
	__le32 interrupt_cnt;
	__le32 queue_cnt;		/* channels that can receive */
	__le16 table_cnt;		/* entries of the indirection table */
	__le16 reserved;
};
WIRE_SIZE(struct ndis_rss_capabilities, 20);
WIRE_AT(struct ndis_rss_capabilities, reserved, NDIS_RSS_CAPABILITIES_LEN);

#define NDIS_RSS_BASE_CPU_UNCHANGED	0x01u
#define NDIS_RSS_HASH_UNCHANGED		0x02u
#define NDIS_RSS_TABLE_UNCHANGED	0x04u
#define NDIS_RSS_KEY_UNCHANGED		0x08u
#define NDIS_RSS_DISABLE		0x10u
#define NDIS_RSS_DEFAULT_CPU_UNCHANGED	0x20u

#define NDIS_HASH_IPV4			0x00000100u
#define NDIS_HASH_TCP4			0x00000200u
#define NDIS_HASH_IPV6			0x00000400u
#define NDIS_HASH_IPV6_EX		0x00000800u
#define NDIS_HASH_TCP6			0x00001000u
#define NDIS_HASH_TCP6_EX		0x00002000u
#define NDIS_HASH_UDP4			0x00004000u
#define NDIS_HASH_UDP6			0x00008000u
#define NDIS_HASH_UDP6_EX		0x00010000u

#define NDIS_RSS_KEY_LEN		40u
#define NDIS_RSS_PARAMETERS_REVISION	2u
#define NDIS_RSS_PARAMETERS_LEN		40u

/* Guest to host; table and key lie behind it. Entry: __le32, number of a channel. */
struct ndis_rss_parameters {
	struct ndis_hdr hdr;		/* NDIS_TYPE_RSS_PARAMETERS */
	__le16 flags;			/* NDIS_RSS_* */
	__le16 base_cpu;		/* 0 */
	__le32 hash;			/* NDIS_HASH_*; low byte 0: no RSS */
	__le16 table_len;		/* bytes */
	__le16 reserved1;
	__le32 table_offset;		/* from the start of this structure */
	__le16 key_len;			/* NDIS_RSS_KEY_LEN */
	__le16 reserved2;
	__le32 key_offset;		/* from the start of this structure */
	__le32 masks_offset;		/* 0 */
	__le32 masks_cnt;		/* 0 */
	__le32 masks_entry_len;		/* 0 */
};
WIRE_SIZE(struct ndis_rss_parameters, NDIS_RSS_PARAMETERS_LEN);
WIRE_AT(struct ndis_rss_parameters, table_offset, 16);
WIRE_AT(struct ndis_rss_parameters, key_offset, 24);

/* Host to guest. */
struct ndis_link_state {
	struct ndis_hdr hdr;		/* NDIS_TYPE_DEFAULT */
	__le32 connected;		/* 1 yes, 2 no */
	__le32 duplex;			/* 2 full */
	__le32 reserved;
	__le64 tx_speed;		/* bit/s */
	__le64 rx_speed;
	__le32 pause;
	__le32 autonegotiation;
};
WIRE_SIZE(struct ndis_link_state, 40);
WIRE_AT(struct ndis_link_state, tx_speed, 16);

#define NDIS_ENCAPSULATION_LEN		28u

/* Both ways. */
struct ndis_encapsulation {
	struct ndis_hdr hdr;		/* NDIS_TYPE_ENCAPSULATION */
	__le32 v4_enabled;		/* 1 */
	__le32 v4_encap;		/* NDIS_ENCAP_* */
	__le32 v4_header_len;		/* 14 */
	__le32 v6_enabled;
	__le32 v6_encap;
	__le32 v6_header_len;
};
WIRE_SIZE(struct ndis_encapsulation, NDIS_ENCAPSULATION_LEN);

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * net_rndis.c - what a guest asks of its NIC and sets, and what it is told
 */
#include "net.h"

#include <stdlib.h>
#include <string.h>

#define TRANSFER_MAX		0xefffffffu
#define VENDOR_ID		0x155du
#define DRIVER_VERSION		0x0100u
#define MAC_OPTIONS		0x24du	/* copies lookahead, no loopback, 802.1p and 802.1Q */
#define BUFFER_SPACE		(256u * 1024)
#define LSO_SEGMENTS_MIN	2u

/* An answer in the making. */
struct reply {
	uint32_t status;
	uint32_t len;
	uint8_t info[1024];
};

/* Notices ---------------------------------------------------------------------------*/

bool net_indicate(struct net *net, uint32_t status, const void *info, uint32_t len)
{
	struct {
		struct rndis_indicate hdr;
		uint8_t info[sizeof(struct ndis_offload)];
	} msg = {
		.hdr.hdr.type = cpu_to_le32(RNDIS_MSG_INDICATE),
		.hdr.hdr.len = cpu_to_le32((uint32_t)sizeof(msg.hdr) + len),
		.hdr.status = cpu_to_le32(status),
		.hdr.info_len = cpu_to_le32(len),
		.hdr.info_offset = cpu_to_le32(len ? sizeof(msg.hdr) - RNDIS_BODY : 0),
	};

	if (!net->rndis_up || len > sizeof(msg.info))
		return false;
	if (len)
		memcpy(msg.info, info, len);
	net_lie_words(net, NET_LIE_REPLY, &msg, (uint32_t)sizeof(msg.hdr) + len);
	net_rx_notice(net, &msg, (uint32_t)sizeof(msg.hdr) + len);
	return true;
}

static void send_answer(struct net *net, void *msg, uint32_t len)
{
	uint32_t unused;

	net_lie_words(net, NET_LIE_REPLY, msg, len);
	if (net_lie(net, NET_LIE_REPLY_NEVER, &unused))
		return;
	net_rx_notice(net, msg, len);
	if (net_lie(net, NET_LIE_REPLY_TWICE, &unused))
		net_rx_notice(net, msg, len);
}

/* Questions -------------------------------------------------------------------------*/

static void put_bytes(struct reply *reply, const void *bytes, uint32_t len)
{
	memcpy(reply->info, bytes, len);
	reply->len = len;
}

static void put_number(struct reply *reply, uint32_t value)
{
	value = cpu_to_le32(value);
	put_bytes(reply, &value, sizeof(value));
}

static void put_offloads(const struct net *net, struct reply *reply)
{
	static const struct {
		uint8_t revision;
		uint8_t len;
	} of[] = {
		{ NDIS_OFFLOAD_REVISION_1, NDIS_OFFLOAD_LEN_1 },
		{ NDIS_OFFLOAD_REVISION_2, NDIS_OFFLOAD_LEN_2 },
		{ NDIS_OFFLOAD_REVISION_3, NDIS_OFFLOAD_LEN_3 },
	};
	uint32_t n = net->version >= NVSP_VERSION_5 ? 2 : net->version >= NVSP_VERSION_4;
	struct ndis_offload msg = {
		.hdr.type = NDIS_TYPE_OFFLOAD,
		.hdr.revision = of[n].revision,
		.hdr.size = cpu_to_le16(of[n].len),
	};

	if (net->can_csum) {
		msg.checksum.v4_tx_encap = cpu_to_le32(NDIS_ENCAP_802_3);
		msg.checksum.v4_tx = cpu_to_le32(NDIS_CSUM4_IP_OPTIONS | NDIS_CSUM4_TCP_OPTIONS |
						 NDIS_CSUM4_TCP | NDIS_CSUM4_UDP |
						 NDIS_CSUM4_IP);
		msg.checksum.v4_rx_encap = msg.checksum.v4_tx_encap;
		msg.checksum.v4_rx = msg.checksum.v4_tx;
		msg.checksum.v6_tx_encap = msg.checksum.v4_tx_encap;
		msg.checksum.v6_tx = cpu_to_le32(NDIS_CSUM6_IP_EXTENSIONS |
						 NDIS_CSUM6_TCP_OPTIONS | NDIS_CSUM6_TCP |
						 NDIS_CSUM6_UDP);
		msg.checksum.v6_rx_encap = msg.checksum.v4_tx_encap;
		msg.checksum.v6_rx = msg.checksum.v6_tx;
	}
	if (net->can_lso) {
		msg.lso_v2.v4_encap = cpu_to_le32(NDIS_ENCAP_802_3);
		msg.lso_v2.v4_max = cpu_to_le32(NET_LSO_MAX);
		msg.lso_v2.v4_segments_min = cpu_to_le32(LSO_SEGMENTS_MIN);
		msg.lso_v2.v6_encap = msg.lso_v2.v4_encap;
		msg.lso_v2.v6_max = msg.lso_v2.v4_max;
		msg.lso_v2.v6_segments_min = msg.lso_v2.v4_segments_min;
		msg.lso_v2.v6_options = cpu_to_le32(NDIS_LSO6_IP_EXTENSIONS |
						    NDIS_LSO6_TCP_OPTIONS);
	}
	if (net->can_rsc && (net->capabilities & NVSP_CAP_RSC)) {
		msg.rsc_v4 = 1;
		msg.rsc_v6 = 1;
	}
	put_bytes(reply, &msg, of[n].len);
}

static void put_rss_capabilities(const struct net *net, struct reply *reply)
{
	struct ndis_rss_capabilities msg = {
		.hdr.type = NDIS_TYPE_RSS_CAPABILITIES,
		.hdr.revision = NDIS_RSS_CAPABILITIES_REVISION,
		.hdr.size = cpu_to_le16(NDIS_RSS_CAPABILITIES_LEN),
		.caps = cpu_to_le32(NDIS_HASH_TOEPLITZ | NDIS_RSS_CAPS_TCP4 | NDIS_RSS_CAPS_TCP6),
		.interrupt_cnt = cpu_to_le32(1),
		.queue_cnt = cpu_to_le32(net->sub_channels_max + 1),
		.table_cnt = cpu_to_le16((uint16_t)net->table_cnt),
	};

	put_bytes(reply, &msg, NDIS_RSS_CAPABILITIES_LEN);
}

static void put_link_state(const struct net *net, struct reply *reply)
{
	struct ndis_link_state msg = {
		.hdr.type = NDIS_TYPE_DEFAULT,
		.hdr.revision = 1,
		.hdr.size = cpu_to_le16(sizeof(msg)),
		.connected = cpu_to_le32(net->carrier ? 1 : 2),
		.duplex = cpu_to_le32(2),
		.tx_speed = cpu_to_le64(net->speed),
		.rx_speed = cpu_to_le64(net->speed),
	};

	put_bytes(reply, &msg, sizeof(msg));
}

static void put_speeds(const struct net *net, struct reply *reply)
{
	uint64_t speeds[2] = { cpu_to_le64(net->speed), cpu_to_le64(net->speed) };

	put_bytes(reply, speeds, sizeof(speeds));
}

static void put_encapsulation(struct reply *reply)
{
	struct ndis_encapsulation msg = {
		.hdr.type = NDIS_TYPE_ENCAPSULATION,
		.hdr.revision = 1,
		.hdr.size = cpu_to_le16(NDIS_ENCAPSULATION_LEN),
		.v4_enabled = cpu_to_le32(1),
		.v4_encap = cpu_to_le32(NDIS_ENCAP_802_3),
		.v4_header_len = cpu_to_le32(NET_HEADER_LEN),
		.v6_enabled = cpu_to_le32(1),
		.v6_encap = cpu_to_le32(NDIS_ENCAP_802_3),
		.v6_header_len = cpu_to_le32(NET_HEADER_LEN),
	};

	put_bytes(reply, &msg, sizeof(msg));
}

static void put_name(struct reply *reply)
{
	static const char name[] = "Network Device";
	uint32_t i;

	memset(reply->info, 0, RNDIS_FRIENDLY_NAME_LEN);
	for (i = 0; name[i]; i++)
		reply->info[2 * i] = (uint8_t)name[i];
	reply->len = RNDIS_FRIENDLY_NAME_LEN;
}

static void put_supported(struct reply *reply)
{
	static const uint32_t oids[] = {
		RNDIS_OID_SUPPORTED_LIST, RNDIS_OID_HARDWARE_STATUS, RNDIS_OID_MEDIA_SUPPORTED,
		RNDIS_OID_MEDIA_IN_USE, RNDIS_OID_LOOKAHEAD_MAX, RNDIS_OID_FRAME_MAX,
		RNDIS_OID_LINK_SPEED, RNDIS_OID_TX_BUFFER_SPACE, RNDIS_OID_RX_BUFFER_SPACE,
		RNDIS_OID_TX_BLOCK_SIZE, RNDIS_OID_RX_BLOCK_SIZE, RNDIS_OID_VENDOR_ID,
		RNDIS_OID_VENDOR_DESCRIPTION, RNDIS_OID_PACKET_FILTER, RNDIS_OID_LOOKAHEAD,
		RNDIS_OID_DRIVER_VERSION, RNDIS_OID_TOTAL_MAX, RNDIS_OID_MAC_OPTIONS,
		RNDIS_OID_MEDIA_CONNECT, RNDIS_OID_SEND_PACKETS_MAX, RNDIS_OID_VENDOR_VERSION,
		RNDIS_OID_LAYER_ADDRESSES, RNDIS_OID_RSS_CAPABILITIES, RNDIS_OID_RSS_PARAMETERS,
		RNDIS_OID_LINK_SPEED_MAX, RNDIS_OID_LINK_STATE, RNDIS_OID_CONFIG_PARAMETER,
		RNDIS_OID_FRIENDLY_NAME, RNDIS_OID_PERMANENT_ADDRESS, RNDIS_OID_CURRENT_ADDRESS,
		RNDIS_OID_MULTICAST_LIST, RNDIS_OID_MULTICAST_MAX, RNDIS_OID_ENCAPSULATION,
		RNDIS_OID_OFFLOAD_CONFIG, RNDIS_OID_OFFLOAD_PARAMETERS,
		RNDIS_OID_OFFLOAD_CAPABILITIES,
	};
	uint32_t i, oid;

	for (i = 0; i < ARRAY_SIZE(oids); i++) {
		oid = cpu_to_le32(oids[i]);
		memcpy(reply->info + 4 * i, &oid, sizeof(oid));
	}
	reply->len = sizeof(oids);
}

/* How many the adapter has carried; 32 bits, as long as they hold them. */
static void put_count(struct reply *reply, uint64_t count)
{
	uint64_t value = cpu_to_le64(count);

	put_bytes(reply, &value, count > UINT32_MAX ? 8 : 4);
}

static void query(const struct net *net, uint32_t oid, struct reply *reply)
{
	static const char vendor[] = "Microsoft Corporation";
	uint16_t version = cpu_to_le16(DRIVER_VERSION);

	switch (oid) {
	case RNDIS_OID_SUPPORTED_LIST:
		put_supported(reply);
		break;
	case RNDIS_OID_HARDWARE_STATUS:
	case RNDIS_OID_MEDIA_SUPPORTED:
	case RNDIS_OID_MEDIA_IN_USE:
	case RNDIS_OID_802_3_RX_ALIGNMENT:
	case RNDIS_OID_802_3_TX_ONE_COLLISION:
	case RNDIS_OID_802_3_TX_COLLISIONS:
	case RNDIS_OID_TX_ERROR:
	case RNDIS_OID_RX_ERROR:
		put_number(reply, 0);
		break;
	case RNDIS_OID_LOOKAHEAD_MAX:
	case RNDIS_OID_LOOKAHEAD:
	case RNDIS_OID_FRAME_MAX:
		put_number(reply, net->mtu - NET_HEADER_LEN);
		break;
	case RNDIS_OID_LINK_SPEED:
		put_number(reply, (uint32_t)(net->speed / 100));
		break;
	case RNDIS_OID_TX_BUFFER_SPACE:
	case RNDIS_OID_RX_BUFFER_SPACE:
		put_number(reply, BUFFER_SPACE);
		break;
	case RNDIS_OID_TX_BLOCK_SIZE:
	case RNDIS_OID_RX_BLOCK_SIZE:
	case RNDIS_OID_TOTAL_MAX:
		put_number(reply, net->mtu);
		break;
	case RNDIS_OID_VENDOR_ID:
		put_number(reply, VENDOR_ID);
		break;
	case RNDIS_OID_VENDOR_DESCRIPTION:
		put_bytes(reply, vendor, sizeof(vendor));
		break;
	case RNDIS_OID_PACKET_FILTER:
		put_number(reply, net->filter);
		break;
	case RNDIS_OID_DRIVER_VERSION:
	case RNDIS_OID_VENDOR_VERSION:
		put_bytes(reply, &version, sizeof(version));
		break;
	case RNDIS_OID_MAC_OPTIONS:
		put_number(reply, MAC_OPTIONS);
		break;
	case RNDIS_OID_MEDIA_CONNECT:
		put_number(reply, net->carrier ? RNDIS_MEDIA_CONNECTED :
						 RNDIS_MEDIA_DISCONNECTED);
		break;
	case RNDIS_OID_SEND_PACKETS_MAX:
		put_number(reply, UINT32_MAX);
		break;
	case RNDIS_OID_RSS_CAPABILITIES:
		put_rss_capabilities(net, reply);
		break;
	case RNDIS_OID_LINK_SPEED_MAX:
		put_speeds(net, reply);
		break;
	case RNDIS_OID_LINK_STATE:
		put_link_state(net, reply);
		break;
	case RNDIS_OID_TX_OK:
		put_count(reply, net->count.tx_frames);
		break;
	case RNDIS_OID_RX_OK:
		put_count(reply, net->count.rx_frames);
		break;
	case RNDIS_OID_RX_NO_BUFFER:
		put_count(reply, net->count.rx_full);
		break;
	case RNDIS_OID_FRIENDLY_NAME:
		put_name(reply);
		break;
	case RNDIS_OID_PERMANENT_ADDRESS:
		put_bytes(reply, net->mac, sizeof(net->mac));
		break;
	case RNDIS_OID_CURRENT_ADDRESS:
		put_bytes(reply, net->current_mac, sizeof(net->current_mac));
		break;
	case RNDIS_OID_MULTICAST_LIST:
		put_bytes(reply, net->multicast, net->multicast_cnt * NET_MAC_LEN);
		break;
	case RNDIS_OID_MULTICAST_MAX:
		put_number(reply, NET_MULTICAST_MAX);
		break;
	case RNDIS_OID_ENCAPSULATION:
		put_encapsulation(reply);
		break;
	case RNDIS_OID_OFFLOAD_CONFIG:
	case RNDIS_OID_OFFLOAD_CAPABILITIES:
		put_offloads(net, reply);
		break;
	default:
		reply->status = RNDIS_STATUS_NOT_SUPPORTED;
		break;
	}
}

/* Orders ----------------------------------------------------------------------------*/

static uint32_t set_filter(struct net *net, const uint8_t *info, uint32_t len)
{
	static const uint32_t known = RNDIS_FILTER_DIRECTED | RNDIS_FILTER_MULTICAST |
				      RNDIS_FILTER_ALL_MULTICAST | RNDIS_FILTER_BROADCAST |
				      RNDIS_FILTER_PROMISCUOUS;
	uint32_t filter;

	if (len < sizeof(filter))
		return RNDIS_STATUS_INVALID_DATA;
	memcpy(&filter, info, sizeof(filter));
	filter = le32_to_cpu(filter);
	if (filter & ~known) {
		net_breach(net, "a packet filter of %#x", filter);
		return RNDIS_STATUS_NOT_SUPPORTED;
	}
	net->filter = filter;
	return RNDIS_STATUS_SUCCESS;
}

/* 0 leaves what was there. */
static void change(uint8_t *now, uint8_t wanted)
{
	if (wanted)
		*now = wanted;
}

static uint32_t set_offloads(struct net *net, const uint8_t *info, uint32_t len)
{
	struct ndis_offload_parameters want = { 0 }, *now = &net->offloads;

	if (len < 20 || info[0] != NDIS_TYPE_DEFAULT)
		return RNDIS_STATUS_INVALID_DATA;
	memcpy(&want, info, len < sizeof(want) ? len : sizeof(want));
	if (le16_to_cpu(want.hdr.size) > len) {
		net_breach(net, "offload parameters of %u bytes that say %u", len,
			   le16_to_cpu(want.hdr.size));
		return RNDIS_STATUS_INVALID_DATA;
	}
	if ((want.lso_v2_v4 == NDIS_OFFLOAD_ON || want.lso_v2_v6 == NDIS_OFFLOAD_ON) &&
	    !net->can_lso)
		net_breach(net, "large sends turned on, which were not offered");
	if ((want.rsc_v4 == NDIS_OFFLOAD_ON || want.rsc_v6 == NDIS_OFFLOAD_ON) &&
	    !(net->can_rsc && (net->capabilities & NVSP_CAP_RSC)))
		net_breach(net, "receive coalescing turned on, which was not offered");
	if ((want.ip_v4_csum > 1 || want.tcp_v4_csum > 1 || want.udp_v4_csum > 1 ||
	     want.tcp_v6_csum > 1 || want.udp_v6_csum > 1) && !net->can_csum)
		net_breach(net, "checksums turned on, which were not offered");
	change(&now->ip_v4_csum, want.ip_v4_csum);
	change(&now->tcp_v4_csum, want.tcp_v4_csum);
	change(&now->udp_v4_csum, want.udp_v4_csum);
	change(&now->tcp_v6_csum, want.tcp_v6_csum);
	change(&now->udp_v6_csum, want.udp_v6_csum);
	change(&now->lso_v2_v4, want.lso_v2_v4);
	change(&now->lso_v2_v6, want.lso_v2_v6);
	change(&now->rsc_v4, want.rsc_v4);
	change(&now->rsc_v6, want.rsc_v6);
	return RNDIS_STATUS_SUCCESS;
}

static bool inside(uint32_t offset, uint32_t part, uint32_t len)
{
	return offset <= len && part <= len - offset;
}

static uint32_t set_rss(struct net *net, const uint8_t *info, uint32_t len)
{
	struct ndis_rss_parameters msg;
	struct net_rss new = net->rss;
	uint32_t flags, table, table_len, key, i;

	if (len < sizeof(msg))
		return RNDIS_STATUS_INVALID_LENGTH;
	memcpy(&msg, info, sizeof(msg));
	if (msg.hdr.type != NDIS_TYPE_RSS_PARAMETERS)
		return RNDIS_STATUS_INVALID_DATA;
	flags = le16_to_cpu(msg.flags);
	if (flags & NDIS_RSS_DISABLE || !(le32_to_cpu(msg.hash) & NDIS_HASH_FUNCTION_MASK)) {
		net->rss.on = false;
		return RNDIS_STATUS_SUCCESS;
	}
	new.on = true;
	if (!(flags & NDIS_RSS_HASH_UNCHANGED))
		new.hash = le32_to_cpu(msg.hash);
	key = le32_to_cpu(msg.key_offset);
	if (!(flags & NDIS_RSS_KEY_UNCHANGED)) {
		if (le16_to_cpu(msg.key_len) != NDIS_RSS_KEY_LEN ||
		    !inside(key, NDIS_RSS_KEY_LEN, len)) {
			net_breach(net, "an RSS key of %u bytes at %u of %u",
				   le16_to_cpu(msg.key_len), key, len);
			return RNDIS_STATUS_INVALID_DATA;
		}
		memcpy(new.key, info + key, NDIS_RSS_KEY_LEN);
	}
	table = le32_to_cpu(msg.table_offset);
	table_len = le16_to_cpu(msg.table_len);
	if (!(flags & NDIS_RSS_TABLE_UNCHANGED)) {
		if (!table_len || table_len % 4 || table_len / 4 > net->table_cnt ||
		    !inside(table, table_len, len)) {
			net_breach(net, "an RSS table of %u bytes at %u of %u", table_len, table,
				   len);
			return RNDIS_STATUS_INVALID_DATA;
		}
		new.table_cnt = table_len / 4;
		memcpy(new.table, info + table, table_len);
		for (i = 0; i < new.table_cnt; i++) {
			new.table[i] = le32_to_cpu(new.table[i]);
			if (new.table[i] <= net->sub_channels)
				continue;
			net_breach(net, "an RSS table that names channel %u of %u", new.table[i],
				   net->sub_channels + 1);
			return RNDIS_STATUS_INVALID_DATA;
		}
	}
	net->rss = new;
	return RNDIS_STATUS_SUCCESS;
}

static int hex_digit(uint16_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One 16-bit letter of a name or a value. */
static uint16_t letter(const uint8_t *text, uint32_t i)
{
	return (uint16_t)(text[2 * i] | text[2 * i + 1] << 8);
}

static bool is_name(const uint8_t *text, uint32_t len, const char *name)
{
	uint32_t i;

	for (i = 0; name[i]; i++)
		if (2 * i + 1 >= len || letter(text, i) != (uint8_t)name[i])
			return false;
	return 2 * i == len;
}

/* Names this host does not know are taken and forgotten, as others do it. */
static uint32_t set_parameter(struct net *net, const uint8_t *info, uint32_t len)
{
	struct rndis_config_parameter msg;
	uint32_t name, name_len, value, value_len, i;
	uint8_t mac[NET_MAC_LEN];

	if (len < sizeof(msg))
		return RNDIS_STATUS_INVALID_LENGTH;
	memcpy(&msg, info, sizeof(msg));
	name = le32_to_cpu(msg.name_offset);
	name_len = le32_to_cpu(msg.name_len);
	value = le32_to_cpu(msg.value_offset);
	value_len = le32_to_cpu(msg.value_len);
	if (!inside(name, name_len, len) || !inside(value, value_len, len)) {
		net_breach(net, "a configuration parameter beyond its message");
		return RNDIS_STATUS_INVALID_DATA;
	}
	if (!is_name(info + name, name_len, "NetworkAddress"))
		return RNDIS_STATUS_SUCCESS;
	if (le32_to_cpu(msg.type) != RNDIS_PARAMETER_STRING || value_len != 4 * NET_MAC_LEN)
		return RNDIS_STATUS_INVALID_DATA;
	for (i = 0; i < NET_MAC_LEN; i++) {
		int high = hex_digit(letter(info + value, 2 * i));
		int low = hex_digit(letter(info + value, 2 * i + 1));

		if (high < 0 || low < 0)
			return RNDIS_STATUS_INVALID_DATA;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(net->current_mac, mac, sizeof(mac));
	return RNDIS_STATUS_SUCCESS;
}

static uint32_t set_multicast(struct net *net, const uint8_t *info, uint32_t len)
{
	if (len % NET_MAC_LEN || len > sizeof(net->multicast))
		return RNDIS_STATUS_INVALID_LENGTH;
	if (len)
		memcpy(net->multicast, info, len);
	net->multicast_cnt = len / NET_MAC_LEN;
	return RNDIS_STATUS_SUCCESS;
}

static uint32_t set(struct net *net, uint32_t oid, const uint8_t *info, uint32_t len)
{
	switch (oid) {
	case RNDIS_OID_PACKET_FILTER:
		return set_filter(net, info, len);
	case RNDIS_OID_OFFLOAD_PARAMETERS:
		return set_offloads(net, info, len);
	case RNDIS_OID_RSS_PARAMETERS:
		return set_rss(net, info, len);
	case RNDIS_OID_CONFIG_PARAMETER:
		return set_parameter(net, info, len);
	case RNDIS_OID_MULTICAST_LIST:
		return set_multicast(net, info, len);
	case RNDIS_OID_ENCAPSULATION:
		return len < NDIS_ENCAPSULATION_LEN ? RNDIS_STATUS_INVALID_LENGTH :
						      RNDIS_STATUS_SUCCESS;
	case RNDIS_OID_LAYER_ADDRESSES:
	case RNDIS_OID_LOOKAHEAD:
		return RNDIS_STATUS_SUCCESS;
	default:
		return RNDIS_STATUS_NOT_SUPPORTED;
	}
}

/* Messages --------------------------------------------------------------------------*/

void net_rndis_reset(struct net *net)
{
	struct ndis_offload_parameters *offloads = &net->offloads;

	net->rndis_up = false;
	net->filter = 0;
	net->multicast_cnt = 0;
	memcpy(net->current_mac, net->mac, sizeof(net->mac));
	memset(&net->rss, 0, sizeof(net->rss));
	/* Until it says otherwise a guest has what any NIC has: nothing. */
	memset(offloads, 0, sizeof(*offloads));
	offloads->ip_v4_csum = NDIS_OFFLOAD_CSUM_OFF;
	offloads->tcp_v4_csum = NDIS_OFFLOAD_CSUM_OFF;
	offloads->udp_v4_csum = NDIS_OFFLOAD_CSUM_OFF;
	offloads->tcp_v6_csum = NDIS_OFFLOAD_CSUM_OFF;
	offloads->udp_v6_csum = NDIS_OFFLOAD_CSUM_OFF;
	offloads->lso_v2_v4 = NDIS_OFFLOAD_OFF;
	offloads->lso_v2_v6 = NDIS_OFFLOAD_OFF;
	offloads->rsc_v4 = NDIS_OFFLOAD_OFF;
	offloads->rsc_v6 = NDIS_OFFLOAD_OFF;
}

static void initialize(struct net *net, const uint8_t *bytes)
{
	struct rndis_initialize_complete reply = {
		.hdr.type = cpu_to_le32(RNDIS_MSG_INITIALIZE_COMPLETE),
		.hdr.len = cpu_to_le32(sizeof(reply)),
		.status = cpu_to_le32(RNDIS_STATUS_SUCCESS),
		.major = cpu_to_le32(RNDIS_VERSION_MAJOR),
		.minor = cpu_to_le32(RNDIS_VERSION_MINOR),
		.device_flags = cpu_to_le32(RNDIS_DEVICE_CONNECTIONLESS),
		.medium = cpu_to_le32(RNDIS_MEDIUM_802_3),
		.packets_max = cpu_to_le32(NET_PACKETS_MAX),
		.transfer_max = cpu_to_le32(TRANSFER_MAX),
		.alignment = cpu_to_le32(NET_ALIGNMENT),
	};
	struct rndis_initialize msg;

	memcpy(&msg, bytes, sizeof(msg));
	if (net->rndis_up) {
		net_breach(net, "RNDIS is initialized already");
		return;
	}
	if (le32_to_cpu(msg.major) != RNDIS_VERSION_MAJOR)
		reply.status = cpu_to_le32(RNDIS_STATUS_BAD_VERSION);
	else
		net->rndis_up = true;
	reply.request_id = msg.request_id;
	send_answer(net, &reply, sizeof(reply));
	if (net->vf)
		net_announce_vf(net);
}

static void request(struct net *net, const uint8_t *bytes, uint32_t len)
{
	struct {
		struct rndis_query_complete hdr;
		uint8_t info[sizeof(((struct reply *)0)->info)];
	} answer = { 0 };
	struct rndis_set_complete done = {
		.hdr.type = cpu_to_le32(RNDIS_MSG_SET_COMPLETE),
		.hdr.len = cpu_to_le32(sizeof(done)),
	};
	struct reply reply = { 0 };
	struct rndis_request msg;
	uint32_t offset, info_len, oid;

	memcpy(&msg, bytes, sizeof(msg));
	offset = le32_to_cpu(msg.info_offset);
	info_len = le32_to_cpu(msg.info_len);
	oid = le32_to_cpu(msg.oid);
	if (info_len && !inside(offset, info_len, len - RNDIS_BODY)) {
		net_breach(net, "request %#x with %u bytes at %u of %u", oid, info_len, offset,
			   len - RNDIS_BODY);
		info_len = 0;
		reply.status = RNDIS_STATUS_INVALID_DATA;
	}
	if (msg.vc)
		net_breach(net, "request %#x for a virtual circuit", oid);
	if (le32_to_cpu(msg.hdr.type) == RNDIS_MSG_SET) {
		if (!reply.status)
			reply.status = set(net, oid, bytes + RNDIS_BODY + offset, info_len);
		done.request_id = msg.request_id;
		done.status = cpu_to_le32(reply.status);
		send_answer(net, &done, sizeof(done));
		return;
	}
	if (!reply.status)
		query(net, oid, &reply);
	answer.hdr.hdr.type = cpu_to_le32(RNDIS_MSG_QUERY_COMPLETE);
	answer.hdr.hdr.len = cpu_to_le32((uint32_t)sizeof(answer.hdr) + reply.len);
	answer.hdr.request_id = msg.request_id;
	answer.hdr.status = cpu_to_le32(reply.status);
	answer.hdr.info_len = cpu_to_le32(reply.len);
	answer.hdr.info_offset = cpu_to_le32(reply.len ? sizeof(answer.hdr) - RNDIS_BODY : 0);
	memcpy(answer.info, reply.info, reply.len);
	send_answer(net, &answer, (uint32_t)sizeof(answer.hdr) + reply.len);
}

static void keepalive(struct net *net, const uint8_t *bytes)
{
	struct rndis_keepalive_complete reply = {
		.hdr.type = cpu_to_le32(RNDIS_MSG_KEEPALIVE_COMPLETE),
		.hdr.len = cpu_to_le32(sizeof(reply)),
		.status = cpu_to_le32(RNDIS_STATUS_SUCCESS),
	};
	struct rndis_keepalive msg;

	memcpy(&msg, bytes, sizeof(msg));
	reply.request_id = msg.request_id;
	send_answer(net, &reply, sizeof(reply));
}

/* The least a message must have; 0: no guest sends it. */
static uint32_t least(uint32_t type)
{
	switch (type) {
	case RNDIS_MSG_INITIALIZE:
		return sizeof(struct rndis_initialize);
	case RNDIS_MSG_HALT:
		return sizeof(struct rndis_halt);
	case RNDIS_MSG_QUERY:
	case RNDIS_MSG_SET:
		return sizeof(struct rndis_request);
	case RNDIS_MSG_KEEPALIVE:
		return sizeof(struct rndis_keepalive);
	default:
		return 0;
	}
}

void net_control(struct net *net, const uint8_t *bytes, uint32_t len)
{
	struct rndis_hdr hdr = { 0 };
	uint32_t type;

	if (len >= sizeof(hdr))
		memcpy(&hdr, bytes, sizeof(hdr));
	type = le32_to_cpu(hdr.type);
	if (!least(type) || le32_to_cpu(hdr.len) < least(type) || le32_to_cpu(hdr.len) > len ||
	    len > NET_CONTROL_MAX) {
		net_breach(net, "a request of type %#x, of %u bytes in %u", type,
			   le32_to_cpu(hdr.len), len);
		return;
	}
	if (type != RNDIS_MSG_INITIALIZE && !net->rndis_up) {
		net_breach(net, "a request of type %#x while RNDIS is not initialized", type);
		return;
	}
	net->count.control++;
	len = le32_to_cpu(hdr.len);
	switch (type) {
	case RNDIS_MSG_INITIALIZE:
		initialize(net, bytes);
		break;
	case RNDIS_MSG_HALT:
		net_rndis_reset(net);
		break;
	case RNDIS_MSG_KEEPALIVE:
		keepalive(net, bytes);
		break;
	default:
		request(net, bytes, len);
		break;
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * rndis.c - RNDIS: frames with what is to be said of them, requests and their answers
 */
#include "rndis.h"

/* From so many bytes on it is worth while to have the host cut a send into segments. */
#define LSO_LEAST	8192u

#define ETH_HEADER	14u

/* Aligned further than this, hardly two frames would go into one section. */
#define MAX_ALIGN_SHIFT	9u

/* Frames out ----------------------------------------------------------------------*/

static struct rndis_ppi_u32 *put_ppi(struct rndis_ppi_u32 *at, u32 type, u32 value)
{
	at->ppi.size = cpu_to_le32(sizeof(*at));
	at->ppi.type = cpu_to_le32(type);
	at->ppi.data_offset = cpu_to_le32(sizeof(at->ppi));
	at->value = cpu_to_le32(value);
	return at + 1;
}

u32 rndis_put_packet(void *to, const struct rndis_tx *tx)
{
	struct rndis_packet *packet = to;
	struct rndis_ppi_u32 *first = (void *)(packet + 1), *ppi = first;
	u32 ppi_len;

	if (tx->with_hash)
		ppi = put_ppi(ppi, RNDIS_PPI_HASH, tx->hash);
	if (tx->with_vlan)
		ppi = put_ppi(ppi, RNDIS_PPI_8021Q, tx->vlan);
	if (tx->offload == RNDIS_TX_LSO)
		ppi = put_ppi(ppi, RNDIS_PPI_LSO, tx->word);
	else if (tx->offload == RNDIS_TX_CHECKSUM)
		ppi = put_ppi(ppi, RNDIS_PPI_CHECKSUM, tx->word);
	ppi_len = (ppi - first) * sizeof(*ppi);

	packet->hdr.type = cpu_to_le32(RNDIS_MSG_PACKET);
	packet->hdr.len = cpu_to_le32(sizeof(*packet) + ppi_len + tx->len);
	packet->data_offset = cpu_to_le32(sizeof(*packet) - RNDIS_BODY + ppi_len);
	packet->data_len = cpu_to_le32(tx->len);
	packet->oob_offset = 0;
	packet->oob_len = 0;
	packet->oob_cnt = 0;
	packet->ppi_offset = ppi_len ? cpu_to_le32(sizeof(*packet) - RNDIS_BODY) : 0;
	packet->ppi_len = cpu_to_le32(ppi_len);
	packet->vc = 0;
	packet->reserved = 0;
	return sizeof(*packet) + ppi_len;
}

/* Frames in ---------------------------------------------------------------------------*/

static void take_ppi(u32 type, const u8 *data, u32 len, struct rndis_rx *rx)
{
	const struct rndis_packet_id *id;
	__le32 le;
	u32 word;

	/* Of all we know none is shorter. */
	if (len < sizeof(le))
		return;
	memcpy(&le, data, sizeof(le));
	word = le32_to_cpu(le);
	switch (type) {
	case RNDIS_PPI_CHECKSUM:
		rx->checksum = word;
		rx->present |= RNDIS_RX_CHECKSUM;
		break;
	case RNDIS_PPI_8021Q:
		rx->vlan = (word & RNDIS_8021Q_PRIORITY_MASK) << 13 |
			   (word & RNDIS_8021Q_CFI ? 1 << 12 : 0) |
			   (word >> RNDIS_8021Q_ID_SHIFT & RNDIS_8021Q_ID_MASK);
		rx->present |= RNDIS_RX_VLAN;
		break;
	case RNDIS_PPI_HASH:
		rx->hash = word;
		rx->present |= RNDIS_RX_HASH;
		break;
	case RNDIS_PPI_PACKET_ID:
		id = (const void *)data;
		if (id->flags & RNDIS_PACKET_ID_PART) {
			rx->part = id->flags;
			rx->present |= RNDIS_RX_PART;
		}
		break;
	}
}

/* Each step is at least a header long, so the walk ends. */
static int walk_ppi(const u8 *at, u32 left, struct rndis_rx *rx)
{
	const struct rndis_ppi *ppi;
	u32 size, offset;

	while (left >= sizeof(*ppi)) {
		ppi = (const void *)at;
		size = le32_to_cpu(ppi->size);
		offset = le32_to_cpu(ppi->data_offset);
		if (size < sizeof(*ppi) || size > left || size % 4 ||
		    offset < sizeof(*ppi) || offset > size || offset % 4)
			return -EPROTO;
		take_ppi(le32_to_cpu(ppi->type), at + offset, size - offset, rx);
		at += size;
		left -= size;
	}
	/* What is too short for an element is padding. */
	return 0;
}

int rndis_parse_packet(const void *head, u32 head_len, u32 msg_len, struct rndis_rx *rx)
{
	const struct rndis_packet *packet = head;
	u32 ppi_offset, ppi_len, least, body;
	int err;

	if (head_len < sizeof(*packet) || msg_len < head_len ||
	    packet->hdr.type != cpu_to_le32(RNDIS_MSG_PACKET))
		return -EPROTO;
	body = le32_to_cpu(packet->hdr.len);
	if (body < sizeof(*packet) || body > msg_len)
		return -EPROTO;
	body -= RNDIS_BODY;

	rx->data_offset = le32_to_cpu(packet->data_offset);
	rx->data_len = le32_to_cpu(packet->data_len);
	rx->present = 0;
	rx->part = 0;
	if (rx->data_offset < sizeof(*packet) - RNDIS_BODY || rx->data_offset > body ||
	    rx->data_len > body - rx->data_offset)
		return -EPROTO;

	ppi_offset = le32_to_cpu(packet->ppi_offset);
	ppi_len = le32_to_cpu(packet->ppi_len);
	if (ppi_len) {
		if (ppi_offset < sizeof(*packet) - RNDIS_BODY || ppi_offset % 4 ||
		    ppi_len > RNDIS_MAX_PPI_LEN || ppi_offset > rx->data_offset ||
		    ppi_len > rx->data_offset - ppi_offset)
			return -EPROTO;
		least = RNDIS_BODY + ppi_offset + ppi_len;
		if (least > RNDIS_MAX_HEAD)
			return -EPROTO;
		if (unlikely(least > head_len))
			return least;
		err = walk_ppi((const u8 *)head + RNDIS_BODY + ppi_offset, ppi_len, rx);
		if (err)
			return err;
	}
	least = ETH_HEADER;
	if (unlikely(rx->present & RNDIS_RX_PART) && !(rx->part & RNDIS_PACKET_ID_FIRST))
		least = 1;
	if (rx->data_len < least)
		return -EPROTO;
	rx->data_offset += RNDIS_BODY;
	return 0;
}

/* Requests --------------------------------------------------------------------------*/

static void put_hdr(struct rndis_hdr *hdr, u32 type, u32 len)
{
	hdr->type = cpu_to_le32(type);
	hdr->len = cpu_to_le32(len);
}

u32 rndis_put_initialize(void *to, u32 room, u32 id)
{
	struct rndis_initialize msg = {
		.request_id = cpu_to_le32(id),
		.major = cpu_to_le32(RNDIS_VERSION_MAJOR),
		.minor = cpu_to_le32(RNDIS_VERSION_MINOR),
		.transfer_max = cpu_to_le32(0x4000),
	};

	if (room < sizeof(msg))
		return 0;
	put_hdr(&msg.hdr, RNDIS_MSG_INITIALIZE, sizeof(msg));
	memcpy(to, &msg, sizeof(msg));
	return sizeof(msg);
}

u32 rndis_put_halt(void *to, u32 room, u32 id)
{
	struct rndis_halt msg = { .request_id = cpu_to_le32(id) };

	if (room < sizeof(msg))
		return 0;
	put_hdr(&msg.hdr, RNDIS_MSG_HALT, sizeof(msg));
	memcpy(to, &msg, sizeof(msg));
	return sizeof(msg);
}

static u32 put_request(void *to, u32 room, u32 type, u32 id, u32 oid,
		       const void *info, u32 info_len)
{
	struct rndis_request msg = {
		.request_id = cpu_to_le32(id),
		.oid = cpu_to_le32(oid),
		.info_len = cpu_to_le32(info_len),
		.info_offset = cpu_to_le32(sizeof(msg) - RNDIS_BODY),
	};

	if (room < sizeof(msg) || info_len > room - sizeof(msg))
		return 0;
	put_hdr(&msg.hdr, type, sizeof(msg) + info_len);
	memcpy(to, &msg, sizeof(msg));
	if (info_len)
		memcpy((u8 *)to + sizeof(msg), info, info_len);
	return sizeof(msg) + info_len;
}

u32 rndis_put_query(void *to, u32 room, u32 id, u32 oid, const void *info, u32 info_len)
{
	return put_request(to, room, RNDIS_MSG_QUERY, id, oid, info, info_len);
}

u32 rndis_put_set(void *to, u32 room, u32 id, u32 oid, const void *info, u32 info_len)
{
	return put_request(to, room, RNDIS_MSG_SET, id, oid, info, info_len);
}

/* Bytes at @offset of the body; nothing at all may have any offset. */
static bool take_info(const void *msg, u32 len, u32 fixed, u32 offset, u32 info_len,
		      struct rndis_answer *answer)
{
	answer->info = NULL;
	answer->info_len = 0;
	if (!info_len)
		return true;
	if (offset < fixed - RNDIS_BODY || offset > len - RNDIS_BODY ||
	    info_len > len - RNDIS_BODY - offset)
		return false;
	answer->info = (const u8 *)msg + RNDIS_BODY + offset;
	answer->info_len = info_len;
	return true;
}

static enum rndis_control parse_query(const void *msg, u32 len, struct rndis_answer *answer)
{
	const struct rndis_query_complete *reply = msg;

	if (len < sizeof(*reply))
		return RNDIS_CONTROL_BAD;
	answer->id = le32_to_cpu(reply->request_id);
	answer->status = le32_to_cpu(reply->status);
	return take_info(msg, len, sizeof(*reply), le32_to_cpu(reply->info_offset),
			 le32_to_cpu(reply->info_len), answer) ?
	       RNDIS_CONTROL_ANSWER : RNDIS_CONTROL_BAD;
}

static enum rndis_control parse_notice(const void *msg, u32 len, struct rndis_answer *answer)
{
	const struct rndis_indicate *notice = msg;

	if (len < sizeof(*notice))
		return RNDIS_CONTROL_BAD;
	answer->status = le32_to_cpu(notice->status);
	return take_info(msg, len, sizeof(*notice), le32_to_cpu(notice->info_offset),
			 le32_to_cpu(notice->info_len), answer) ?
	       RNDIS_CONTROL_NOTICE : RNDIS_CONTROL_BAD;
}

enum rndis_control rndis_parse_control(const void *msg, u32 len, struct rndis_answer *answer)
{
	const struct rndis_initialize_complete *init = msg;
	const struct rndis_set_complete *set = msg;
	const struct rndis_hdr *hdr = msg;
	u32 said;

	*answer = (struct rndis_answer){ 0 };
	if (len < sizeof(*hdr))
		return RNDIS_CONTROL_BAD;
	said = le32_to_cpu(hdr->len);
	if (said < sizeof(*hdr) || said > len)
		return RNDIS_CONTROL_BAD;
	answer->type = le32_to_cpu(hdr->type);
	switch (answer->type) {
	case RNDIS_MSG_INITIALIZE_COMPLETE:
		if (said < 16)
			return RNDIS_CONTROL_BAD;
		answer->id = le32_to_cpu(init->request_id);
		answer->status = le32_to_cpu(init->status);
		answer->info = msg;
		answer->info_len = said;
		return RNDIS_CONTROL_ANSWER;
	case RNDIS_MSG_QUERY_COMPLETE:
		return parse_query(msg, said, answer);
	case RNDIS_MSG_SET_COMPLETE:
	case RNDIS_MSG_KEEPALIVE_COMPLETE:
		if (said < sizeof(*set))
			return RNDIS_CONTROL_BAD;
		answer->id = le32_to_cpu(set->request_id);
		answer->status = le32_to_cpu(set->status);
		return RNDIS_CONTROL_ANSWER;
	case RNDIS_MSG_INDICATE:
		/* Some hosts do not count the buffer in the length. */
		return parse_notice(msg, len, answer);
	case RNDIS_MSG_RESET_COMPLETE:
	case RNDIS_MSG_KEEPALIVE:
		return RNDIS_CONTROL_OTHER;
	default:
		return RNDIS_CONTROL_BAD;
	}
}

int rndis_parse_initialize(const struct rndis_answer *answer, struct rndis_limits *limits)
{
	const struct rndis_initialize_complete *init = answer->info;
	u32 shift;

	if (answer->type != RNDIS_MSG_INITIALIZE_COMPLETE)
		return -EPROTO;
	if (answer->status != RNDIS_STATUS_SUCCESS)
		return -EIO;
	if (answer->info_len < sizeof(*init) || le32_to_cpu(init->medium) != RNDIS_MEDIUM_802_3)
		return -EPROTO;
	limits->packets = le32_to_cpu(init->packets_max);
	limits->bytes = le32_to_cpu(init->transfer_max);
	shift = le32_to_cpu(init->alignment);
	if (shift < 2)
		shift = 2;
	/* Nothing we can use: one message at a time has no alignment. */
	if (!limits->packets || shift > MAX_ALIGN_SHIFT) {
		limits->packets = 1;
		shift = 2;
	}
	limits->align = 1u << shift;
	return 0;
}

/* Offloads and RSS ---------------------------------------------------------------------*/

static void put_ndis(struct ndis_hdr *hdr, u8 type, u8 revision, u16 size)
{
	hdr->type = type;
	hdr->revision = revision;
	hdr->size = cpu_to_le16(size);
}

u32 rndis_put_offload_query(struct ndis_offload *ask, u8 revision)
{
	static const u16 lengths[] = {
		[NDIS_OFFLOAD_REVISION_1] = NDIS_OFFLOAD_LEN_1,
		[NDIS_OFFLOAD_REVISION_2] = NDIS_OFFLOAD_LEN_2,
		[NDIS_OFFLOAD_REVISION_3] = NDIS_OFFLOAD_LEN_3,
	};

	memset(ask, 0, sizeof(*ask));
	put_ndis(&ask->hdr, NDIS_TYPE_OFFLOAD, revision, lengths[revision]);
	return lengths[revision];
}

static bool all_of(__le32 caps, u32 wanted)
{
	return (le32_to_cpu(caps) & wanted) == wanted;
}

int rndis_parse_offloads(const void *info, u32 len, struct rndis_offloads *can)
{
	struct ndis_offload caps = { 0 };
	u32 size;

	memset(can, 0, sizeof(*can));
	if (len < NDIS_OFFLOAD_LEN_1)
		return -EPROTO;
	memcpy(&caps, info, len < sizeof(caps) ? len : sizeof(caps));
	size = le16_to_cpu(caps.hdr.size);
	if (caps.hdr.type != NDIS_TYPE_OFFLOAD || !caps.hdr.revision ||
	    size < NDIS_OFFLOAD_LEN_1 || size > len)
		return -EPROTO;

	can->csum4_tcp = all_of(caps.checksum.v4_tx, NDIS_CSUM4_TCP | NDIS_CSUM4_TCP_OPTIONS);
	can->csum4_udp = can->csum4_tcp && all_of(caps.checksum.v4_tx, NDIS_CSUM4_UDP);
	can->csum6_tcp = all_of(caps.checksum.v6_tx, NDIS_CSUM6_TCP | NDIS_CSUM6_TCP_OPTIONS |
						     NDIS_CSUM6_IP_EXTENSIONS);
	can->csum6_udp = can->csum6_tcp && all_of(caps.checksum.v6_tx, NDIS_CSUM6_UDP);
	if (can->csum4_tcp && all_of(caps.lso_v2.v4_encap, NDIS_ENCAP_802_3))
		can->tso4_max = le32_to_cpu(caps.lso_v2.v4_max);
	if (can->csum6_tcp && all_of(caps.lso_v2.v6_encap, NDIS_ENCAP_802_3) &&
	    all_of(caps.lso_v2.v6_options, NDIS_LSO6_IP_EXTENSIONS | NDIS_LSO6_TCP_OPTIONS))
		can->tso6_max = le32_to_cpu(caps.lso_v2.v6_max);
	/* The stack reckons with such limits, and takes its own headers off. */
	if (can->tso4_max < LSO_LEAST)
		can->tso4_max = 0;
	if (can->tso6_max < LSO_LEAST)
		can->tso6_max = 0;
	can->rsc = size >= NDIS_OFFLOAD_LEN_3 && caps.hdr.revision >= NDIS_OFFLOAD_REVISION_3 &&
		   caps.rsc_v4 && caps.rsc_v6;
	return 0;
}

static u8 csum_mode(bool on)
{
	return on ? NDIS_OFFLOAD_CSUM_BOTH : NDIS_OFFLOAD_CSUM_OFF;
}

u32 rndis_put_offloads(struct ndis_offload_parameters *set, const struct rndis_offloads *use,
		       bool with_rsc)
{
	u32 len = with_rsc ? NDIS_OFFLOAD_PARAMETERS_LEN : NDIS_OFFLOAD_PARAMETERS_LEN_4;

	memset(set, 0, sizeof(*set));
	put_ndis(&set->hdr, NDIS_TYPE_DEFAULT, NDIS_OFFLOAD_PARAMETERS_REVISION, len);
	set->ip_v4_csum = NDIS_OFFLOAD_CSUM_OFF;
	set->tcp_v4_csum = csum_mode(use->csum4_tcp);
	set->udp_v4_csum = csum_mode(use->csum4_udp);
	set->tcp_v6_csum = csum_mode(use->csum6_tcp);
	set->udp_v6_csum = csum_mode(use->csum6_udp);
	set->lso_v2_v4 = use->tso4_max ? NDIS_OFFLOAD_ON : NDIS_OFFLOAD_OFF;
	set->lso_v2_v6 = use->tso6_max ? NDIS_OFFLOAD_ON : NDIS_OFFLOAD_OFF;
	set->rsc_v4 = use->rsc ? NDIS_OFFLOAD_ON : NDIS_OFFLOAD_OFF;
	set->rsc_v6 = set->rsc_v4;
	return len;
}

void rndis_put_rss_query(struct ndis_rss_capabilities *ask)
{
	memset(ask, 0, sizeof(*ask));
	put_ndis(&ask->hdr, NDIS_TYPE_RSS_CAPABILITIES, NDIS_RSS_CAPABILITIES_REVISION,
		 NDIS_RSS_CAPABILITIES_LEN);
}

int rndis_parse_rss(const void *info, u32 len, struct rndis_rss_caps *caps)
{
	struct ndis_rss_capabilities reply = { 0 };
	u32 hash;

	/* The table's size came with a later revision. */
	if (len < 16)
		return -EPROTO;
	memcpy(&reply, info, len < sizeof(reply) ? len : sizeof(reply));
	if (reply.hdr.type != NDIS_TYPE_RSS_CAPABILITIES || !reply.queue_cnt)
		return -EPROTO;
	hash = le32_to_cpu(reply.caps);
	caps->queues = le32_to_cpu(reply.queue_cnt);
	caps->table = len >= NDIS_RSS_CAPABILITIES_LEN ? le16_to_cpu(reply.table_cnt) : 0;
	if (!caps->table || caps->table > RNDIS_MAX_RSS_TABLE)
		caps->table = 128;
	caps->udp = (hash & (NDIS_RSS_CAPS_UDP4 | NDIS_RSS_CAPS_UDP6)) ==
		    (NDIS_RSS_CAPS_UDP4 | NDIS_RSS_CAPS_UDP6);
	return 0;
}

u32 rndis_put_rss(struct rndis_rss_set *set, const u16 *table, u32 entries, const u8 *key,
		  u32 hash, u16 flags)
{
	u32 table_len = entries * sizeof(__le32), i;

	memset(&set->param, 0, sizeof(set->param));
	put_ndis(&set->param.hdr, NDIS_TYPE_RSS_PARAMETERS, NDIS_RSS_PARAMETERS_REVISION,
		 NDIS_RSS_PARAMETERS_LEN);
	set->param.flags = cpu_to_le16(flags);
	set->param.hash = cpu_to_le32(hash | NDIS_HASH_TOEPLITZ);
	set->param.table_len = cpu_to_le16(table_len);
	set->param.table_offset = cpu_to_le32(sizeof(set->param));
	set->param.key_len = cpu_to_le16(NDIS_RSS_KEY_LEN);
	set->param.key_offset = cpu_to_le32(sizeof(set->param) + table_len);
	for (i = 0; i < entries; i++)
		set->table[i] = cpu_to_le32(table[i]);
	memcpy((u8 *)set + sizeof(set->param) + table_len, key, NDIS_RSS_KEY_LEN);
	return sizeof(set->param) + table_len + NDIS_RSS_KEY_LEN;
}

/* Bytes written, 0 if there is no room. */
static u32 put_utf8(char *to, u32 room, u16 c)
{
	/* Control characters, halves of what lies beyond the first plane, and none at all. */
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c < 0xe000) || c >= 0xfffe)
		c = '?';
	if (c < 0x80) {
		if (room < 1)
			return 0;
		to[0] = c;
		return 1;
	}
	if (c < 0x800) {
		if (room < 2)
			return 0;
		to[0] = 0xc0 | c >> 6;
		to[1] = 0x80 | (c & 0x3f);
		return 2;
	}
	if (room < 3)
		return 0;
	to[0] = 0xe0 | c >> 12;
	to[1] = 0x80 | (c >> 6 & 0x3f);
	to[2] = 0x80 | (c & 0x3f);
	return 3;
}

u32 rndis_parse_name(const void *info, u32 len, char *text, u32 room)
{
	u32 at, used = 0, more;
	__le16 c;

	for (at = 0; at + sizeof(c) <= len; at += sizeof(c)) {
		memcpy(&c, (const u8 *)info + at, sizeof(c));
		if (!c)
			break;
		more = put_utf8(text + used, room - 1 - used, le16_to_cpu(c));
		if (!more)
			break;
		used += more;
	}
	text[used] = 0;
	return used;
}

void rndis_put_mac(struct rndis_mac_set *set, const u8 *mac)
{
	static const char name[] = "NetworkAddress", hex[] = "0123456789ABCDEF";
	u32 i;

	memset(set, 0, sizeof(*set));
	set->param.name_offset = cpu_to_le32(offsetof(struct rndis_mac_set, name));
	set->param.name_len = cpu_to_le32(sizeof(set->name));
	set->param.type = cpu_to_le32(RNDIS_PARAMETER_STRING);
	set->param.value_offset = cpu_to_le32(offsetof(struct rndis_mac_set, value));
	set->param.value_len = cpu_to_le32(sizeof(set->value));
	for (i = 0; i < ARRAY_SIZE(set->name); i++)
		set->name[i] = cpu_to_le16(name[i]);
	for (i = 0; i < ARRAY_SIZE(set->value); i++)
		set->value[i] = cpu_to_le16(hex[mac[i / 2] >> (i % 2 ? 0 : 4) & 0xf]);
}

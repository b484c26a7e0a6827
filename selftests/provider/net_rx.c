// SPDX-License-Identifier: GPL-2.0
/*
 * net_rx.c - frames to the guest: who gets them, on which channel, in which
 * pieces of the receive buffer
 *
 * A piece belongs to the guest from the packet that names it to the completion
 * of that packet. Then it is overwritten before it is used again, so that a
 * guest that still reads it gets nonsense.
 */
#include "net.h"

#include <stdlib.h>
#include <string.h>

#define HEADERS			256u	/* roomy: where the frame begins */
#define PPI_MAX			(4 * (sizeof(struct rndis_ppi) + 4))
#define WAITING_MAX		4096u	/* frames that may wait for pieces */
#define CONTROL_PIECES		16u	/* kept back for what is no frame */
#define POISON			0xdb

/* Pieces ----------------------------------------------------------------------------*/

static const struct vsp_gpa_list *buffer(struct net *net)
{
	const struct vsp_gpa_list *list = NULL;

	if (net->recv.lent && net->chans[0])
		list = vsp_chan_gpadl(net->chans[0], net->recv.gpadl);
	if (net->recv.lent && !list && net->chans[0]) {
		net_breach(net, "the receive buffer is gone while it is lent");
		net->recv.lent = false;
	}
	return list;
}

void net_rx_start(struct net *net)
{
	uint32_t i;

	for (i = 0; i < net->recv.piece_cnt; i++)
		net->pieces[i].next = i + 1 < net->recv.piece_cnt ? i + 1 : NET_NO_PIECE;
	net->free_piece = 0;
	net->free_cnt = net->recv.piece_cnt;
}

void net_rx_stop(struct net *net)
{
	struct net_notice *notice;

	vsp_timer_cancel(net->vsp, &net->flush);
	while ((notice = net->notices)) {
		net->notices = notice->next;
		free(notice);
	}
	net->notices_end = &net->notices;
	net_frames_free(net->waiting);
	net->waiting = NULL;
	net->waiting_end = &net->waiting;
	net->waiting_cnt = 0;
	net->source_left = 0;
	free(net->pieces);
	net->pieces = NULL;
	net->free_cnt = 0;
	net->free_piece = NET_NO_PIECE;
}

static uint32_t take_piece(struct net *net, uint32_t chan)
{
	uint32_t piece = net->free_piece;

	net->free_piece = net->pieces[piece].next;
	net->free_cnt--;
	net->pieces[piece].next = NET_NO_PIECE;
	net->pieces[piece].chan = (uint16_t)chan;
	net->pieces[piece].busy = true;
	return piece;
}

static void free_piece(struct net *net, uint32_t piece)
{
	net->pieces[piece].busy = false;
	net->pieces[piece].next = net->free_piece;
	net->free_piece = piece;
	net->free_cnt++;
}

static void poison_piece(struct net *net, uint32_t piece)
{
	const struct vsp_gpa_list *list = buffer(net);
	uint32_t at = piece * net->recv.piece_len, left = net->pieces[piece].used, part;
	static uint8_t bytes[4096];

	if (!list)
		return;
	if (!bytes[0])
		memset(bytes, POISON, sizeof(bytes));
	for (; left; at += part, left -= part) {
		part = left < sizeof(bytes) ? left : (uint32_t)sizeof(bytes);
		vsp_gpa_write(net->vsp, list, at, bytes, part);
	}
}

uint32_t net_rx_room(const struct net *net)
{
	return net->free_cnt > CONTROL_PIECES ? net->free_cnt - CONTROL_PIECES : 0;
}

/* Packets ---------------------------------------------------------------------------*/

/* A packet in the making: ranges of one channel. */
struct batch {
	uint32_t chan, count, first, last;
	uint32_t channel_type;
	struct vmbus_transfer_range ranges[NET_RANGES_MAX];
};

/* Put a message into a piece of its own, as the next range. */
static void add_range(struct net *net, struct batch *batch, const void *head, uint32_t head_len,
		      const void *body, uint32_t body_len, uint32_t say_len)
{
	const struct vsp_gpa_list *list = buffer(net);
	uint32_t piece = take_piece(net, batch->chan), at = piece * net->recv.piece_len;
	struct vmbus_transfer_range *range = &batch->ranges[batch->count];
	uint32_t offset = at, len = say_len;

	if (list) {
		vsp_gpa_write(net->vsp, list, at, head, head_len);
		if (body_len)
			vsp_gpa_write(net->vsp, list, at + head_len, body, body_len);
	}
	net->pieces[piece].used = head_len + body_len;
	net_lie(net, NET_LIE_RANGE_OFFSET, &offset);
	net_lie(net, NET_LIE_RANGE_LEN, &len);
	range->byte_offset = cpu_to_le32(offset);
	range->byte_count = cpu_to_le32(len);
	if (batch->count)
		net->pieces[batch->last].next = piece;
	else
		batch->first = piece;
	batch->last = piece;
	batch->count++;
}

static void send_batch(struct net *net, struct batch *batch)
{
	uint32_t type = NVSP_MSG_RNDIS_PACKET, channel = batch->channel_type;
	uint32_t count = batch->count, set_id = net->recv.id;
	struct vmbus_pkt_transfer_pages pages = { 0 };
	struct nvsp_rndis_packet msg = { 0 };
	uint8_t bytes[NVSP_MSG_LEN_6_1] = { 0 };

	if (!batch->count)
		return;
	net_lie(net, NET_LIE_NVSP_TYPE, &type);
	net_lie(net, NET_LIE_NVSP_CHANNEL, &channel);
	net_lie(net, NET_LIE_SET_ID, &set_id);
	net_lie(net, NET_LIE_RANGE_COUNT, &count);
	msg.hdr.type = cpu_to_le32(type);
	msg.channel_type = cpu_to_le32(channel);
	msg.section = cpu_to_le32(NVSP_SECTION_NONE);
	memcpy(bytes, &msg, sizeof(msg));
	pages.set_id = cpu_to_le16((uint16_t)set_id);
	pages.range_count = cpu_to_le32(count);
	net->count.rx_packets++;
	vsp_chan_send_transfer(net->chans[batch->chan], (uint64_t)batch->first + 1, &pages,
			       batch->ranges, batch->count, bytes, net_message_len(net));
	batch->count = 0;
}

void net_rx_completed(struct net *net, struct vsp_chan *chan, const struct vsp_pkt *pkt)
{
	struct nvsp_rndis_packet_complete msg = { 0 };
	uint32_t piece = (uint32_t)(pkt->id - 1), next;

	/* What was no request of ours the channel has complained of already. */
	if (!net->pieces || !pkt->id || pkt->id > net->recv.piece_cnt ||
	    !net->pieces[piece].busy || net->pieces[piece].chan != vsp_chan_index(chan))
		return;
	if (pkt->payload_len < sizeof(msg))
		net_breach(net, "a completion of %u bytes", pkt->payload_len);
	else
		memcpy(&msg, pkt->payload, sizeof(msg));
	if (le32_to_cpu(msg.hdr.type) != NVSP_MSG_RNDIS_PACKET_COMPLETE)
		net_breach(net, "a completion with message %u", le32_to_cpu(msg.hdr.type));
	net->count.rx_failed += le32_to_cpu(msg.status) != NVSP_STATUS_SUCCESS;
	for (; piece != NET_NO_PIECE; piece = next) {
		next = net->pieces[piece].next;
		if (net->poison)
			poison_piece(net, piece);
		free_piece(net, piece);
	}
	if (net->waiting || net->notices || net->source_left)
		vsp_timer_set(net->vsp, &net->flush, vsp_now(net->vsp));
}

void net_rx_forget(struct net *net, uint32_t index)
{
	uint32_t i;

	for (i = 0; net->pieces && i < net->recv.piece_cnt; i++)
		if (net->pieces[i].busy && net->pieces[i].chan == index)
			free_piece(net, i);
}

/* Messages that are no frames -------------------------------------------------------*/

static void send_notice(struct net *net, const void *msg, uint32_t len)
{
	struct batch batch = { .channel_type = NVSP_CHANNEL_CONTROL };

	net->count.notices++;
	add_range(net, &batch, msg, len, NULL, 0, len);
	send_batch(net, &batch);
}

void net_rx_notice(struct net *net, const void *msg, uint32_t len)
{
	struct net_notice *notice;

	if (!net->pieces || len > net->recv.piece_len) {
		net_note(net, "no room for a message of %u bytes", len);
		return;
	}
	if (net->free_cnt && !net->notices) {
		send_notice(net, msg, len);
		return;
	}
	notice = malloc(sizeof(*notice) + len);
	if (!notice)
		return;
	notice->next = NULL;
	notice->len = len;
	memcpy(notice->bytes, msg, len);
	*net->notices_end = notice;
	net->notices_end = &notice->next;
}

static void send_notices(struct net *net)
{
	struct net_notice *notice;

	while (net->free_cnt && (notice = net->notices)) {
		net->notices = notice->next;
		if (!net->notices)
			net->notices_end = &net->notices;
		send_notice(net, notice->bytes, notice->len);
		free(notice);
	}
}

/* Frames ----------------------------------------------------------------------------*/

static bool is_multicast(const struct net *net, const uint8_t *mac)
{
	uint32_t i;

	for (i = 0; i < net->multicast_cnt; i++)
		if (!memcmp(net->multicast[i], mac, NET_MAC_LEN))
			return true;
	return false;
}

static bool wanted(const struct net *net, const uint8_t *mac)
{
	static const uint8_t broadcast[NET_MAC_LEN] = { 255, 255, 255, 255, 255, 255 };

	if (net->filter & RNDIS_FILTER_PROMISCUOUS)
		return true;
	if (!memcmp(mac, broadcast, NET_MAC_LEN))
		return net->filter & RNDIS_FILTER_BROADCAST;
	if (mac[0] & 1)
		return net->filter & RNDIS_FILTER_ALL_MULTICAST ||
		       (net->filter & RNDIS_FILTER_MULTICAST && is_multicast(net, mac));
	return net->filter & RNDIS_FILTER_DIRECTED && !memcmp(mac, net->current_mac, NET_MAC_LEN);
}

/* The hash this guest has asked for; false: none of this frame. */
static bool hash_of(const struct net *net, const struct net_frame *frame,
		    const struct net_layout *at, uint32_t *hash)
{
	uint32_t types = net->rss.hash;
	bool ports = false;

	if (!net->rss.on || !at->ip)
		return false;
	if (at->l4 && at->proto == NET_PROTO_TCP)
		ports = types & (at->ip == 4 ? NDIS_HASH_TCP4 : NDIS_HASH_TCP6);
	else if (at->l4 && at->proto == NET_PROTO_UDP)
		ports = types & (at->ip == 4 ? NDIS_HASH_UDP4 : NDIS_HASH_UDP6);
	if (!ports && !(types & (at->ip == 4 ? NDIS_HASH_IPV4 : NDIS_HASH_IPV6)))
		return false;
	*hash = net_hash(frame->data, at, net->rss.key, ports);
	return true;
}

static uint32_t pick_channel(const struct net *net, bool hashed, uint32_t hash)
{
	uint32_t index;

	if (!hashed || !net->rss.table_cnt)
		return 0;
	index = net->rss.table[hash % net->rss.table_cnt];
	return net->chans[index] ? index : 0;
}

static bool csum_on(uint8_t setting)
{
	return setting == NDIS_OFFLOAD_CSUM_RX || setting == NDIS_OFFLOAD_CSUM_BOTH;
}

/* What the host has found out about a frame, as far as the guest wants to know it. */
static uint32_t found(const struct net *net, const struct net_frame *frame,
		      const struct net_layout *at)
{
	const struct ndis_offload_parameters *on = &net->offloads;
	bool good = frame->verdict == NET_GOOD;
	uint32_t bits = 0;

	if (!net->can_csum || !at->ip)
		return 0;
	if (at->ip == 4 && csum_on(on->ip_v4_csum))
		bits |= good ? RNDIS_CSUM_RX_IP_OK : 0;
	if (at->l4 && at->proto == NET_PROTO_TCP &&
	    csum_on(at->ip == 4 ? on->tcp_v4_csum : on->tcp_v6_csum))
		bits |= good ? RNDIS_CSUM_RX_TCP_OK : RNDIS_CSUM_RX_TCP_FAILED;
	if (at->l4 && at->proto == NET_PROTO_UDP && net_get16(frame->data + at->l4 + 6) &&
	    csum_on(at->ip == 4 ? on->udp_v4_csum : on->udp_v6_csum))
		bits |= good ? RNDIS_CSUM_RX_UDP_OK : RNDIS_CSUM_RX_UDP_FAILED;
	return bits;
}

static uint8_t *put_ppi(uint8_t *at, uint32_t type, uint32_t value)
{
	struct rndis_ppi ppi = {
		.size = cpu_to_le32(sizeof(ppi) + sizeof(value)),
		.type = cpu_to_le32(type),
		.data_offset = cpu_to_le32(sizeof(ppi)),
	};

	value = cpu_to_le32(value);
	memcpy(at, &ppi, sizeof(ppi));
	memcpy(at + sizeof(ppi), &value, sizeof(value));
	return at + sizeof(ppi) + sizeof(value);
}

/* What stands before a frame. */
struct head {
	uint8_t bytes[HEADERS];
	uint32_t len;
};

static void put_head(struct net *net, struct head *head, const struct net_frame *frame,
		     uint32_t data_len, uint32_t csum, bool hashed, uint32_t hash,
		     const struct rndis_packet_id *id, uint32_t *say_len)
{
	struct rndis_packet pkt = { 0 };
	uint8_t *end = head->bytes + sizeof(pkt);
	uint32_t ppi_len, word;

	memset(head->bytes, 0, sizeof(head->bytes));
	if (csum)
		end = put_ppi(end, RNDIS_PPI_CHECKSUM, csum);
	if (frame->tagged)
		end = put_ppi(end, RNDIS_PPI_8021Q, (uint32_t)(frame->tci & 0xfff) <<
			      RNDIS_8021Q_ID_SHIFT | (frame->tci & 0x1000 ? RNDIS_8021Q_CFI : 0) |
			      frame->tci >> 13);
	if (hashed)
		end = put_ppi(end, RNDIS_PPI_HASH, hash);
	if (id) {
		memcpy(&word, id, sizeof(word));
		end = put_ppi(end, RNDIS_PPI_PACKET_ID, le32_to_cpu(word));
	}
	ppi_len = (uint32_t)(end - head->bytes - sizeof(pkt));
	head->len = net->roomy ? HEADERS : (uint32_t)(end - head->bytes);
	*say_len = net->roomy ? net->recv.piece_len : head->len + data_len;
	pkt.hdr.type = cpu_to_le32(RNDIS_MSG_PACKET);
	pkt.hdr.len = cpu_to_le32(*say_len);
	pkt.data_offset = cpu_to_le32(head->len - RNDIS_BODY);
	pkt.data_len = cpu_to_le32(data_len);
	pkt.ppi_offset = cpu_to_le32(ppi_len ? sizeof(pkt) - RNDIS_BODY : 0);
	pkt.ppi_len = cpu_to_le32(ppi_len);
	memcpy(head->bytes, &pkt, sizeof(pkt));
	net_lie_words(net, NET_LIE_DATA, head->bytes, (uint32_t)(end - head->bytes));
}

/* The most that stands before a frame. */
static uint32_t head_max(const struct net *net)
{
	return net->roomy ? HEADERS : (uint32_t)(sizeof(struct rndis_packet) + PPI_MAX);
}

static bool rsc_on(const struct net *net, const struct net_layout *at)
{
	return net->can_rsc && (net->capabilities & NVSP_CAP_RSC) &&
	       net->mtu + head_max(net) <= net->recv.piece_len &&
	       (at->ip == 4 ? net->offloads.rsc_v4 : net->offloads.rsc_v6) == NDIS_OFFLOAD_ON;
}

/* How many pieces it takes if it is not cut. */
static uint32_t parts_of(const struct net *net, const struct net_frame *frame)
{
	return (frame->len + net->mtu - 1) / net->mtu;
}

/* A large frame as it is, in consecutive slices that the guest puts together. */
static void put_coalesced(struct net *net, struct batch *batch, struct net_frame *frame,
			  const struct net_layout *layout, uint32_t csum, bool hashed,
			  uint32_t hash)
{
	struct rndis_packet_id id = { .version = RNDIS_PACKET_ID_VERSION };
	uint32_t at, part, say_len;
	struct head head;

	net->count.rx_rsc++;
	net_fill_l4_sum(frame->data, layout);
	for (at = 0; at < frame->len; at += part) {
		part = frame->len - at < net->mtu ? frame->len - at : net->mtu;
		id.flags = RNDIS_PACKET_ID_PART;
		if (!at)
			id.flags |= RNDIS_PACKET_ID_FIRST;
		if (at + part == frame->len)
			id.flags |= RNDIS_PACKET_ID_LAST;
		put_head(net, &head, frame, part, csum, hashed, hash, &id, &say_len);
		add_range(net, batch, head.bytes, head.len, frame->data + at, part, say_len);
		net->count.rx_rsc_parts++;
	}
}

static void put_one(struct net *net, struct batch *batch, const struct net_frame *frame,
		    uint32_t csum, bool hashed, uint32_t hash)
{
	struct head head;
	uint32_t say_len;

	put_head(net, &head, frame, frame->len, csum, hashed, hash, NULL, &say_len);
	add_range(net, batch, head.bytes, head.len, frame->data, frame->len, say_len);
}

/*
 * The next frame that waits into the batch. False: it does not fit in there, or
 * there is no room for it now.
 */
static bool put_next(struct net *net, struct batch *batch)
{
	struct net_frame *frame = net->waiting;
	uint32_t parts = 1, hash = 0, chan, csum;
	struct net_layout at;
	bool hashed;

	net_parse(frame->data, frame->len, false, &at);
	if (frame->mss)
		parts = parts_of(net, frame);
	hashed = hash_of(net, frame, &at, &hash);
	chan = pick_channel(net, hashed, hash);
	if (net_rx_room(net) < parts)
		return false;
	if (batch->count && (batch->chan != chan || batch->count + parts > NET_RANGES_MAX))
		return false;
	batch->chan = chan;
	csum = found(net, frame, &at);
	net->waiting = frame->next;
	if (!net->waiting)
		net->waiting_end = &net->waiting;
	net->waiting_cnt--;
	net->count.rx_frames++;
	net->count.rx_bytes += frame->len;
	if (frame->mss)
		put_coalesced(net, batch, frame, &at, csum, hashed, hash);
	else
		put_one(net, batch, frame, csum, hashed, hash);
	free(frame);
	return true;
}

static void send_waiting(struct net *net)
{
	struct batch batch = { .channel_type = NVSP_CHANNEL_DATA };
	uint32_t frames;

	do {
		for (frames = 0; net->waiting && frames < net->batch; frames++)
			if (!put_next(net, &batch))
				break;
		send_batch(net, &batch);
	} while (frames && net->waiting);
}

void net_rx_flush(void *arg)
{
	struct net *net = arg;

	if (!net->pieces || net->flushing)
		return;
	net->flushing = true;
	send_notices(net);
	do {
		send_waiting(net);
	} while (!net->waiting && net_rx_room(net) && net_source_run(net));
	net->flushing = false;
}

static void enqueue(struct net *net, struct net_frame *frame)
{
	if (net->waiting_cnt == WAITING_MAX) {
		net->count.rx_full++;
		free(frame);
		return;
	}
	frame->next = NULL;
	*net->waiting_end = frame;
	net->waiting_end = &frame->next;
	net->waiting_cnt++;
}

/* As many frames as it takes: the guest does not want to have them in one. */
static void enqueue_cut(struct net *net, struct net_frame *frame)
{
	struct net_frame *list = net_cut(frame), *next;

	for (; list; list = next) {
		next = list->next;
		net->count.rx_segments++;
		enqueue(net, list);
	}
	free(frame);
}

static bool fits(const struct net *net, const struct net_frame *frame,
		 const struct net_layout *at)
{
	uint32_t tag = at->l3 > NET_HEADER_LEN ? NET_TAG_LEN : 0;
	uint32_t longest = frame->mss ? at->payload + frame->mss : frame->len;

	return longest <= net->mtu + tag && longest + head_max(net) <= net->recv.piece_len;
}

void net_receive(struct net *net, struct net_frame *frame)
{
	struct net_layout at;
	uint64_t *drop = NULL;

	net_parse(frame->data, frame->len, false, &at);
	if (!net->carrier || !net->pieces || !net->rndis_up)
		drop = &net->count.rx_no_carrier;
	else if (!wanted(net, frame->data))
		drop = &net->count.rx_filtered;
	else if (net->path != NVSP_PATH_VF && !fits(net, frame, &at))
		drop = &net->count.rx_too_long;
	if (drop) {
		++*drop;
		free(frame);
		return;
	}
	if (net->path == NVSP_PATH_VF) {
		net_vf_receive(net, frame);
		return;
	}
	if (frame->verdict == NET_UNKNOWN)
		frame->verdict = net_check(frame->data, &at) ? NET_BAD : NET_GOOD;
	if (frame->mss && !rsc_on(net, &at))
		enqueue_cut(net, frame);
	else
		enqueue(net, frame);
	if (net->waiting_cnt > 1 && !net_rx_room(net))
		net->count.rx_waited++;
	/* What comes in one go leaves in one go. */
	if (net->batch > 1)
		vsp_timer_set(net->vsp, &net->flush, vsp_now(net->vsp));
	else
		net_rx_flush(net);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * rx.c - NAPI poll: packets to skbs, acknowledgements back
 *
 * What stands before a frame is copied, then parsed from the copy, once: the host
 * can change the receive buffer while we look. Long frames are lent to the stack
 * (lend.c), others copied.
 *
 * Acknowledgements are written together at the end of the poll, and the host is
 * not rung for them: it has enough of the buffer left, and sees them with the next
 * frame that we send. If none is sent it is rung when many wait, or a while later.
 */
#include "netvsc.h"

#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <linux/slab.h>

/* First copy of what stands before a frame: mostly all of it. */
#define HEAD_COPY	128u

/* Frames beyond this are put into pages, but for so much of their beginning. */
#define LINEAR_MAX	3072u
#define LINEAR_HEAD	256u

/* So long the host waits at most for acknowledgements that nothing else has shown it. */
#define ACK_DELAY	(HZ / 50)

/* And so often we look, while nothing comes, if what was lent is back. */
#define LEND_DELAY	HZ

/* No frame is longer, put together or not. */
#define FRAME_MAX	(65535u + ETH_HLEN)

static void show_acks(struct work_struct *work)
{
	struct netvsc_queue *q = container_of(to_delayed_work(work), struct netvsc_queue,
					      ack_work);

	/*
	 * The poll shows what there is, and looks for what is back. If the host has seen
	 * everything meanwhile it is not rung.
	 */
	WRITE_ONCE(q->ack_now, true);
	local_bh_disable();
	napi_schedule(&q->napi);
	local_bh_enable();
}

int netvsc_rx_alloc(struct netvsc_queue *q)
{
	INIT_DELAYED_WORK(&q->ack_work, show_acks);
	q->acks = kvcalloc(NETVSC_ACKS, sizeof(*q->acks), GFP_KERNEL);
	q->ack_ids = kvcalloc(NETVSC_ACKS, sizeof(*q->ack_ids), GFP_KERNEL);
	q->parts = kvcalloc(NVSP_MAX_RANGES, sizeof(*q->parts), GFP_KERNEL);
	q->head = kmalloc(RNDIS_MAX_HEAD, GFP_KERNEL);
	if (!q->acks || !q->ack_ids || !q->parts || !q->head || netvsc_xdp_alloc(q)) {
		netvsc_rx_free(q);
		return -ENOMEM;
	}
	q->ack_head = 0;
	q->ack_tail = 0;
	q->acks_unshown = 0;
	q->ack_now = false;
	q->hold = NULL;
	INIT_LIST_HEAD(&q->held);
	q->part_cnt = 0;
	return 0;
}

void netvsc_rx_free(struct netvsc_queue *q)
{
	/* Nobody polls any more, so nobody starts it again. */
	cancel_delayed_work_sync(&q->ack_work);
	netvsc_xdp_free(q);
	kvfree(q->acks);
	kvfree(q->ack_ids);
	kvfree(q->parts);
	kfree(q->head);
	q->acks = NULL;
	q->ack_ids = NULL;
	q->parts = NULL;
	q->head = NULL;
}

/* Acknowledge ---------------------------------------------------------------------*/

bool netvsc_ack_room(const struct netvsc_queue *q)
{
	return q->ack_tail - q->ack_head < NETVSC_ACKS;
}

void netvsc_ack(struct netvsc_queue *q, u64 id, bool ok, u32 pieces)
{
	u32 at = q->ack_tail++ % NETVSC_ACKS;

	q->ack_ids[at] = id;
	q->acks[at].pieces = pieces;
	q->acks[at].ok = ok;
}

/* What is no frame the host may be waiting for. */
static void ack_now(struct netvsc_queue *q, u64 id, bool ok)
{
	netvsc_ack(q, id, ok, 0);
	WRITE_ONCE(q->ack_now, true);
}

/* The oldest ones that say the same and lie side by side; how many. */
static u32 like_acks(const struct netvsc_queue *q)
{
	u32 at = q->ack_head % NETVSC_ACKS, cnt = 1;
	u32 most = min(q->ack_tail - q->ack_head, NETVSC_ACKS - at);

	while (cnt < most && q->acks[at + cnt].ok == q->acks[at].ok)
		cnt++;
	return cnt;
}

/* False: some are left, and an event will come when there is room for them. */
static bool write_acks(struct netvsc_queue *q)
{
	struct nvsp_rndis_packet_complete done;
	u32 at, cnt;
	int put;

	while (q->ack_head != q->ack_tail) {
		at = q->ack_head % NETVSC_ACKS;
		cnt = like_acks(q);
		nvsp_put_received(&done, q->acks[at].ok);
		put = vmbus_chan_send_completions(q->chan, &q->ack_ids[at], cnt, &done,
						  sizeof(done));
		/* Of a channel that is gone nothing is owed any more. */
		if (unlikely(put < 0)) {
			q->ack_head = q->ack_tail;
			return true;
		}
		q->ack_head += put;
		cnt -= put;
		while (put--)
			q->acks_unshown += q->acks[at++].pieces;
		if (likely(!cnt))
			continue;
		q->rx.ack_busy++;
		if (!vmbus_chan_want_space(q->chan, sizeof(done), 0))
			return false;
	}
	return true;
}

static void flush_acks(struct netvsc_queue *q)
{
	bool waits = !write_acks(q);

	/* What was not written has shown the host what was. */
	if (unlikely(waits))
		q->acks_unshown = 0;
	/* The ring has one wish for room: sender and poller may have overwritten each other's. */
	waits |= READ_ONCE(q->blocked);
	if (READ_ONCE(q->ack_now) || q->acks_unshown > READ_ONCE(q->nv->acks_most)) {
		WRITE_ONCE(q->ack_now, false);
		q->acks_unshown = 0;
		vmbus_chan_kick(q->chan);
	}
	if (unlikely(waits))
		mod_delayed_work(system_wq, &q->ack_work, ACK_DELAY);
	else if ((q->acks_unshown || !list_empty(&q->held)) && !delayed_work_pending(&q->ack_work))
		schedule_delayed_work(&q->ack_work, q->acks_unshown ? ACK_DELAY : LEND_DELAY);
}

/* Frames ----------------------------------------------------------------------------*/

static bool copy_to_pages(struct sk_buff *skb, const u8 *from, u32 len, u32 *filled)
{
	struct skb_shared_info *shared = skb_shinfo(skb);

	while (len) {
		u32 at = *filled % PAGE_SIZE, some = min_t(u32, len, PAGE_SIZE - at);
		struct page *page;

		if (!at) {
			if (shared->nr_frags == MAX_SKB_FRAGS)
				return false;
			page = dev_alloc_page();
			if (!page)
				return false;
			skb_add_rx_frag(skb, shared->nr_frags, page, 0, 0, PAGE_SIZE);
		}
		memcpy(skb_frag_address(&shared->frags[shared->nr_frags - 1]) + at, from, some);
		skb_frag_size_add(&shared->frags[shared->nr_frags - 1], some);
		skb->len += some;
		skb->data_len += some;
		*filled += some;
		from += some;
		len -= some;
	}
	return true;
}

static struct sk_buff *copy_large(struct netvsc_queue *q, const struct netvsc_part *parts,
				  u32 cnt)
{
	struct sk_buff *skb = napi_alloc_skb(&q->napi, LINEAR_HEAD);
	u32 i, filled = 0;

	if (unlikely(!skb))
		return NULL;
	for (i = 0; i < cnt; i++) {
		const u8 *from = q->nv->recv + parts[i].offset;
		u32 len = parts[i].len, room = LINEAR_HEAD - skb_headlen(skb);

		if (!skb->data_len && room) {
			room = min(room, len);
			skb_put_data(skb, from, room);
			from += room;
			len -= room;
		}
		if (!copy_to_pages(skb, from, len, &filled)) {
			kfree_skb(skb);
			return NULL;
		}
	}
	return skb;
}

static struct sk_buff *copy_small(struct netvsc_queue *q, const struct netvsc_part *parts,
				  u32 cnt, u32 bytes)
{
	struct sk_buff *skb = napi_alloc_skb(&q->napi, bytes);
	u32 i;

	if (unlikely(!skb))
		return NULL;
	for (i = 0; i < cnt; i++)
		skb_put_data(skb, q->nv->recv + parts[i].offset, parts[i].len);
	return skb;
}

static struct sk_buff *copy(struct netvsc_queue *q, const struct netvsc_part *parts, u32 cnt,
			    u32 bytes)
{
	q->rx.copied += bytes;
	if (likely(bytes <= LINEAR_MAX))
		return copy_small(q, parts, cnt, bytes);
	return copy_large(q, parts, cnt);
}

void netvsc_rx_count(struct netvsc_queue *q, u32 bytes, bool multicast)
{
	u64_stats_update_begin(&q->rx.syncp);
	q->rx.packets++;
	q->rx.bytes += bytes;
	q->rx.multicast += multicast;
	u64_stats_update_end(&q->rx.syncp);
}

/*
 * TCP measures segments: it wants to know how long those were that the host put
 * together. A size without a type is how the stack knows a frame that must not be
 * forwarded.
 */
static void tell_segments(struct sk_buff *skb, const struct netvsc_part *parts, u32 cnt)
{
	skb_shinfo(skb)->gso_size = min_t(u32, parts[1].len, U16_MAX);
	skb_shinfo(skb)->gso_segs = cnt;
}

static void deliver(struct netvsc_queue *q, const struct netvsc_part *parts, u32 cnt, u32 bytes,
		    const struct rndis_rx *rx)
{
	struct net_device *ndev = q->nv->ndev;
	struct bpf_prog *prog = rcu_dereference_bh(q->nv->xdp_prog);
	struct sk_buff *skb;

	if (unlikely(!netif_running(ndev))) {
		q->rx.dropped++;
		return;
	}
	if (unlikely(prog)) {
		skb = netvsc_xdp_run(q, prog, parts, cnt, bytes);
		if (!skb)
			return;
	} else {
		skb = bytes > READ_ONCE(q->nv->rx_copybreak) ? netvsc_lend(q, parts, cnt) : NULL;
		if (!skb)
			skb = copy(q, parts, cnt, bytes);
		if (unlikely(!skb)) {
			q->rx.no_memory++;
			q->rx.dropped++;
			return;
		}
		netvsc_rx_count(q, bytes, is_multicast_ether_addr(skb->data));
	}
	skb->protocol = eth_type_trans(skb, ndev);
	if (unlikely(cnt > 1 && skb_is_nonlinear(skb)))
		tell_segments(skb, parts, cnt);
	if (rx->present & RNDIS_RX_CHECKSUM && ndev->features & NETIF_F_RXCSUM &&
	    rx->checksum & (RNDIS_CSUM_RX_TCP_OK | RNDIS_CSUM_RX_UDP_OK))
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	if (rx->present & RNDIS_RX_HASH && ndev->features & NETIF_F_RXHASH)
		skb_set_hash(skb, rx->hash, PKT_HASH_TYPE_L4);
	if (rx->present & RNDIS_RX_VLAN)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), rx->vlan);
	/* A channel may be open before the stack has been told of its queue. */
	if (likely(q->index < READ_ONCE(ndev->real_num_rx_queues)))
		skb_record_rx_queue(skb, q->index);
	napi_gro_receive(&q->napi, skb);
}

/* Pieces of a frame the host has coalesced follow each other in one packet. */
static bool add_part(struct netvsc_queue *q, const struct netvsc_part *part,
		     const struct rndis_rx *rx)
{
	if (rx->part & RNDIS_PACKET_ID_FIRST) {
		if (unlikely(q->part_cnt))
			netvsc_reject(q, NETVSC_REJECT_PART);
		q->part_cnt = 0;
		q->part_bytes = 0;
		q->part_rx = *rx;
	} else if (unlikely(!q->part_cnt)) {
		return false;
	}
	/* As many as a packet has ranges fit, so only the bytes can be too many. */
	q->parts[q->part_cnt++] = *part;
	q->part_bytes += part->len;
	if (unlikely(q->part_bytes > FRAME_MAX)) {
		q->part_cnt = 0;
		return false;
	}
	if (rx->part & RNDIS_PACKET_ID_LAST) {
		q->rx.coalesced++;
		deliver(q, q->parts, q->part_cnt, q->part_bytes, &q->part_rx);
		q->part_cnt = 0;
	}
	return true;
}

static bool parse(struct netvsc_queue *q, const u8 *msg, u32 len, struct rndis_rx *rx)
{
	u32 some = min(len, HEAD_COPY);
	int more;

	memcpy(q->head, msg, some);
	more = rndis_parse_packet(q->head, some, len, rx);
	if (unlikely(more > 0)) {
		memcpy(q->head, msg, more);
		/* From this copy alone: another host's word may be in it. */
		more = rndis_parse_packet(q->head, more, len, rx);
	}
	return likely(!more);
}

static bool frame(struct netvsc_queue *q, u32 offset, u32 len)
{
	struct netvsc_part part;
	struct rndis_rx rx;

	if (unlikely(!parse(q, q->nv->recv + offset, len, &rx) || rx.data_len > FRAME_MAX)) {
		netvsc_reject(q, NETVSC_REJECT_FRAME);
		q->rx.errors++;
		return false;
	}
	part.offset = offset + rx.data_offset;
	part.len = rx.data_len;
	if (unlikely(rx.present & RNDIS_RX_PART)) {
		if (add_part(q, &part, &rx))
			return true;
		netvsc_reject(q, NETVSC_REJECT_PART);
		q->rx.errors++;
		return false;
	}
	deliver(q, &part, 1, part.len, &rx);
	return true;
}

static bool control(struct netvsc_queue *q, u32 offset, u32 len)
{
	/* Answers are short; what is longer is not for us. */
	len = min_t(u32, len, RNDIS_MAX_HEAD);
	memcpy(q->head, q->nv->recv + offset, len);
	netvsc_control(q, q->head, len);
	return true;
}

static void received(struct netvsc_queue *q, const struct vmbus_pkt *pkt)
{
	struct netvsc *nv = q->nv;
	u32 i, offset, len;
	struct nvsp_rx rx;
	bool ok = true;

	if (unlikely(nvsp_parse_rx(pkt->ext, pkt->ext_len, pkt->payload, pkt->payload_len, &rx))) {
		netvsc_reject(q, NETVSC_REJECT_TRANSFER);
		if (pkt->wants_completion)
			ack_now(q, pkt->id, false);
		return;
	}
	if (unlikely(rx.control && q->index)) {
		netvsc_reject(q, NETVSC_REJECT_CHANNEL);
		ack_now(q, pkt->id, false);
		return;
	}
	q->frames += rx.cnt;
	netvsc_lend_packet(q, rx.cnt);
	for (i = 0; i < rx.cnt; i++) {
		if (unlikely(nvsp_rx_range(&rx, i, &nv->recv_pieces, &offset, &len))) {
			netvsc_reject(q, NETVSC_REJECT_RANGE);
			ok = false;
		} else if (unlikely(rx.control)) {
			ok &= control(q, offset, len);
		} else {
			ok &= frame(q, offset, len);
		}
	}
	if (unlikely(q->part_cnt)) {
		netvsc_reject(q, NETVSC_REJECT_PART);
		q->part_cnt = 0;
		ok = false;
	}
	if (unlikely(rx.control))
		ack_now(q, pkt->id, ok);
	else if (!netvsc_lend_packet_end(q, pkt->id, ok, rx.cnt))
		netvsc_ack(q, pkt->id, ok, rx.cnt);
}

/* Notices ------------------------------------------------------------------------------*/

static void noticed(struct netvsc_queue *q, const struct vmbus_pkt *pkt)
{
	struct netvsc *nv = q->nv;
	struct nvsp_note note;

	if (unlikely(q->index)) {
		netvsc_reject(q, NETVSC_REJECT_CHANNEL);
		return;
	}
	switch (nvsp_parse_notice(pkt->payload, pkt->payload_len, nv->version, &note)) {
	case NVSP_NOTICE_TABLE:
		memcpy(nv->host_table, note.table, sizeof(nv->host_table));
		WRITE_ONCE(nv->host_table_valid, true);
		netvsc_spread_table(nv);
		break;
	case NVSP_NOTICE_VF:
		netvsc_vf_noticed(nv, note.allocated, note.serial);
		break;
	case NVSP_NOTICE_PATH:
		/* It has left the function, so what we know of it counts no more. */
		if (note.path == NVSP_PATH_SYNTHETIC)
			netvsc_vf_noticed(nv, false, 0);
		break;
	case NVSP_NOTICE_BAD:
		netvsc_reject(q, NETVSC_REJECT_NOTICE);
		break;
	case NVSP_NOTICE_OTHER:
		break;
	}
	/* A host that wants to know that we have seen it is told. */
	if (pkt->wants_completion)
		ack_now(q, pkt->id, true);
}

/* Poll -------------------------------------------------------------------------------*/

static void completed(struct netvsc_queue *q, const struct vmbus_pkt *pkt)
{
	struct netvsc_cookie *cookie = pkt->cookie;

	if (likely(cookie->kind == NETVSC_COOKIE_SLOT))
		netvsc_tx_done(q, container_of(cookie, struct netvsc_slot, cookie), pkt);
	else
		netvsc_completed(q, pkt);
}

static void handle(struct netvsc_queue *q, const struct vmbus_pkt *pkt)
{
	switch (pkt->type) {
	case VMBUS_PKT_COMPLETION:
		completed(q, pkt);
		break;
	case VMBUS_PKT_TRANSFER_PAGES:
		received(q, pkt);
		break;
	case VMBUS_PKT_INBAND:
		noticed(q, pkt);
		break;
	default:
		netvsc_reject(q, NETVSC_REJECT_TYPE);
	}
}

int netvsc_poll(struct napi_struct *napi, int budget)
{
	struct netvsc_queue *q = container_of(napi, struct netvsc_queue, napi);
	struct vmbus_pkt pkt;
	int done;

	/* Netpoll, perhaps in the midst of a send: neither packets nor locks are for it. */
	if (unlikely(!budget))
		return 0;
	if (unlikely(!vmbus_chan_poll_begin(q->chan, budget))) {
		napi_complete_done(napi, 0);
		return 0;
	}
	q->budget = budget;
	q->frames = 0;
	if (unlikely(!netvsc_ack_room(q)))
		flush_acks(q);
	/* A packet may have hundreds of frames, and the budget is one of frames. */
	while (netvsc_ack_room(q) && q->frames < (u32)budget && vmbus_chan_recv(q->chan, &pkt))
		handle(q, &pkt);
	netvsc_xdp_poll_end(q);
	netvsc_tx_poll_end(q);
	if (!list_empty(&q->held))
		netvsc_lend_take_back(q);
	flush_acks(q);
	done = vmbus_chan_poll_end(q->chan);
	if (done >= budget || q->frames >= (u32)budget)
		return budget;
	if (unlikely(!netvsc_ack_room(q))) {
		/* Packets may be left; the event that announces room goes on with them. */
		napi_complete_done(napi, done);
		return done;
	}
	if (napi_complete_done(napi, done) && vmbus_chan_poll_rearm(q->chan))
		napi_schedule(napi);
	return done;
}

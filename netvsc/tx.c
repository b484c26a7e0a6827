// SPDX-License-Identifier: GPL-2.0
/*
 * tx.c - a frame to the host: copied to a section, or listed where it is; stop and wake
 *
 * Small frames are copied, and as long as the stack says that more follow they
 * share a section and one message. Others are named piece by piece, after a
 * header in memory of ours. What was accepted is kept until it is sent: if the
 * ring is full the queue stops, and the poll that hears of room sends it.
 */
#include "netvsc.h"

#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>

/* Free slots at which a stopped queue goes on. */
#define WAKE_SLOTS	(NETVSC_DIRECT_SLOTS / 4)

/* Header, linear part, fragments. */
#define MAX_MAPS	(MAX_SKB_FRAGS + 2)

/* Slots ------------------------------------------------------------------------*/

static int alloc_pool(struct netvsc_pool *pool, u32 count, u32 maps)
{
	u32 room = roundup_pow_of_two(count + 1), i;
	struct vmbus_range *list = NULL;

	memset(pool, 0, sizeof(*pool));
	pool->cnt = count;
	pool->mask = room - 1;
	if (!count)
		return 0;
	pool->slots = kvcalloc(count, sizeof(*pool->slots), GFP_KERNEL);
	pool->ring = kvcalloc(room, sizeof(*pool->ring), GFP_KERNEL);
	if (maps)
		list = kvcalloc(count * maps, sizeof(*list), GFP_KERNEL);
	if (!pool->slots || !pool->ring || (maps && !list)) {
		kvfree(list);
		return -ENOMEM;
	}
	for (i = 0; i < count; i++) {
		pool->slots[i].cookie.kind = NETVSC_COOKIE_SLOT;
		pool->slots[i].index = i;
		pool->slots[i].direct = maps;
		if (maps)
			pool->slots[i].maps = list + i * maps;
		pool->ring[i] = i;
	}
	pool->tail = count;
	return 0;
}

static void free_pool(struct netvsc_pool *pool)
{
	if (pool->slots)
		kvfree(pool->slots[0].maps);
	kvfree(pool->slots);
	kvfree(pool->ring);
	memset(pool, 0, sizeof(*pool));
}

static u32 free_slots(const struct netvsc_pool *pool)
{
	/* Pairs with give_back(): whoever sees the index sees the slot it names. */
	return smp_load_acquire(&pool->tail) - pool->head + !!pool->spare;
}

static struct netvsc_slot *take_slot(struct netvsc_pool *pool)
{
	struct netvsc_slot *slot = pool->spare;

	if (unlikely(slot)) {
		pool->spare = NULL;
		return slot;
	}
	if (unlikely(smp_load_acquire(&pool->tail) == pool->head))
		return NULL;
	return &pool->slots[pool->ring[pool->head++ & pool->mask]];
}

static void give_back(struct netvsc_queue *q, struct netvsc_slot *slot)
{
	struct netvsc_pool *pool = slot->direct ? &q->direct : &q->copy;

	pool->ring[pool->tail & pool->mask] = slot->index;
	smp_store_release(&pool->tail, pool->tail + 1);
}

int netvsc_tx_alloc(struct netvsc_queue *q)
{
	struct netvsc *nv = q->nv;
	u32 share = nv->tx_share, i;
	int err;

	q->pending = NULL;
	q->unshown = false;
	q->blocked = false;
	q->headers = dma_alloc_coherent(&nv->vdev->dev, NETVSC_DIRECT_SLOTS * NETVSC_HDR_ROOM,
					&q->headers_dma, GFP_KERNEL);
	if (!q->headers)
		return -ENOMEM;
	err = alloc_pool(&q->direct, NETVSC_DIRECT_SLOTS, MAX_MAPS);
	if (!err)
		err = alloc_pool(&q->copy, share, 0);
	/* Each queue has sections of its own: nobody has to share out. */
	for (i = 0; !err && i < share; i++)
		q->copy.slots[i].section = q->index * share + i;
	if (err)
		netvsc_tx_free(q);
	return err;
}

void netvsc_tx_free(struct netvsc_queue *q)
{
	free_pool(&q->direct);
	free_pool(&q->copy);
	if (q->headers)
		dma_free_coherent(&q->nv->vdev->dev, NETVSC_DIRECT_SLOTS * NETVSC_HDR_ROOM,
				  q->headers, q->headers_dma);
	q->headers = NULL;
}

/* The frame of a slot --------------------------------------------------------------*/

static void unmap(struct netvsc_queue *q, struct netvsc_slot *slot)
{
	struct device *dev = &q->nv->vdev->dev;
	u32 i, linear = skb_headlen(slot->skb) ? 1 : 0;

	/* The first range is the header, which stays mapped. */
	for (i = 1; i < slot->map_cnt; i++) {
		if (i <= linear)
			dma_unmap_single(dev, slot->maps[i].addr, slot->maps[i].len, DMA_TO_DEVICE);
		else
			dma_unmap_page(dev, slot->maps[i].addr, slot->maps[i].len, DMA_TO_DEVICE);
	}
	slot->map_cnt = 0;
}

static bool map_piece(struct netvsc_queue *q, struct netvsc_slot *slot, dma_addr_t addr, u32 len)
{
	if (unlikely(dma_mapping_error(&q->nv->vdev->dev, addr)))
		return false;
	slot->maps[slot->map_cnt].addr = addr;
	slot->maps[slot->map_cnt].len = len;
	slot->map_cnt++;
	return true;
}

static bool map_frame(struct netvsc_queue *q, struct netvsc_slot *slot, struct sk_buff *skb)
{
	struct device *dev = &q->nv->vdev->dev;
	u32 i, len = skb_headlen(skb);

	slot->maps[0].addr = q->headers_dma + slot->index * NETVSC_HDR_ROOM;
	slot->maps[0].len = slot->used;
	slot->map_cnt = 1;
	slot->skb = skb;
	if (len && !map_piece(q, slot, dma_map_single(dev, skb->data, len, DMA_TO_DEVICE), len))
		goto err;
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		len = skb_frag_size(frag);
		if (!len)
			continue;
		if (!map_piece(q, slot, skb_frag_dma_map(dev, frag, 0, len, DMA_TO_DEVICE), len))
			goto err;
	}
	return true;
err:
	unmap(q, slot);
	slot->skb = NULL;
	return false;
}

/* Header -----------------------------------------------------------------------------*/

static bool ask_segments(const struct netvsc *nv, struct sk_buff *skb, struct rndis_tx *tx)
{
	bool v6 = skb_shinfo(skb)->gso_type & SKB_GSO_TCPV6;
	struct tcphdr *tcp;

	/* Made for the host before the last recovery, if this one does not cut. */
	if (unlikely(!(v6 ? nv->offloads.tso6_max : nv->offloads.tso4_max)))
		return false;
	if (skb_cow_head(skb, 0))
		return false;
	tcp = tcp_hdr(skb);
	if (v6) {
		struct ipv6hdr *ip = ipv6_hdr(skb);

		ip->payload_len = 0;
		tcp->check = ~csum_ipv6_magic(&ip->saddr, &ip->daddr, 0, IPPROTO_TCP, 0);
	} else {
		struct iphdr *ip = ip_hdr(skb);

		ip->tot_len = 0;
		ip->check = 0;
		tcp->check = ~csum_tcpudp_magic(ip->saddr, ip->daddr, 0, IPPROTO_TCP, 0);
	}
	tx->offload = RNDIS_TX_LSO;
	tx->word = rndis_lso_word(v6, skb_shinfo(skb)->gso_size, skb_transport_offset(skb));
	return true;
}

static bool ask_checksum(const struct netvsc *nv, struct sk_buff *skb, struct rndis_tx *tx)
{
	const struct rndis_offloads *can = &nv->offloads;
	u32 offset = skb_checksum_start_offset(skb);
	bool v6, udp, able = false;

	v6 = vlan_get_protocol(skb) == htons(ETH_P_IPV6);
	udp = skb->csum_offset == offsetof(struct udphdr, check);
	if (udp || skb->csum_offset == offsetof(struct tcphdr, check)) {
		if (v6)
			able = udp ? can->csum6_udp : can->csum6_tcp;
		else if (vlan_get_protocol(skb) == htons(ETH_P_IP))
			able = udp ? can->csum4_udp : can->csum4_tcp;
	}
	if (unlikely(!able || offset > RNDIS_CSUM_TX_OFFSET_MASK))
		return !skb_checksum_help(skb);
	tx->offload = RNDIS_TX_CHECKSUM;
	tx->word = rndis_checksum_word(v6, udp, offset);
	return true;
}

/* What the host has to know of a frame. False: it cannot be sent. */
static bool describe(struct netvsc_queue *q, struct sk_buff *skb, struct rndis_tx *tx)
{
	struct netvsc *nv = q->nv;

	tx->offload = RNDIS_TX_PLAIN;
	if (skb_is_gso(skb)) {
		if (unlikely(!ask_segments(nv, skb, tx)))
			return false;
	} else if (skb->ip_summed == CHECKSUM_PARTIAL) {
		if (unlikely(!ask_checksum(nv, skb, tx)))
			return false;
	}
	tx->len = skb->len;
	tx->with_vlan = skb_vlan_tag_present(skb);
	if (tx->with_vlan)
		tx->vlan = rndis_vlan_word(skb_vlan_tag_get(skb));
	/* So that the host has answers come back on the same channel. */
	tx->with_hash = nv->queue_cnt > 1;
	if (tx->with_hash)
		tx->hash = skb_get_hash_raw(skb);
	return true;
}

/* Sending ------------------------------------------------------------------------------*/

static int send_slot(struct netvsc_queue *q, struct netvsc_slot *slot, unsigned int flags)
{
	union nvsp_msg msg;

	if (slot->direct) {
		nvsp_put_rndis(&msg, NVSP_CHANNEL_DATA, NVSP_SECTION_NONE, 0);
		return vmbus_chan_send_ranges(q->chan, slot->maps, slot->map_cnt, &msg, sizeof(msg),
					      &slot->cookie, flags);
	}
	nvsp_put_rndis(&msg, NVSP_CHANNEL_DATA, slot->section, slot->used);
	return vmbus_chan_send(q->chan, &msg, sizeof(msg), &slot->cookie, flags);
}

static void drop_slot(struct netvsc_queue *q, struct netvsc_slot *slot)
{
	if (slot->skb) {
		unmap(q, slot);
		dev_kfree_skb_any(slot->skb);
		slot->skb = NULL;
	}
	u64_stats_update_begin(&q->tx.syncp);
	q->tx.dropped += slot->packets;
	u64_stats_update_end(&q->tx.syncp);
}

static void stop(struct netvsc_queue *q)
{
	netif_tx_stop_queue(q->txq);
	u64_stats_update_begin(&q->tx.syncp);
	q->tx.stop++;
	u64_stats_update_end(&q->tx.syncp);
}

/*
 * Send what is pending. Transmit lock held. False: there is no room, the queue is
 * stopped, and the poll will send it when the host says that there is some.
 */
static bool flush(struct netvsc_queue *q, unsigned int flags)
{
	struct netvsc_slot *slot = q->pending;
	u32 pages = slot->direct ? VMBUS_RANGE_WORDS : 0;
	bool again = false;
	int err;

	for (;;) {
		err = send_slot(q, slot, flags);
		if (likely(err != -EAGAIN))
			break;
		/*
		 * Twice in vain with room in the ring: no id is free, or the host plays
		 * with us. A completion makes room, and the poll that takes it goes on.
		 */
		if (!vmbus_chan_want_space(q->chan, sizeof(union nvsp_msg), pages) || again) {
			WRITE_ONCE(q->blocked, true);
			q->unshown = false;
			/* Who sees the queue stopped sees why. */
			smp_mb__before_atomic();
			stop(q);
			return false;
		}
		again = true;
	}
	q->pending = NULL;
	q->blocked = false;
	q->unshown = flags & VMBUS_SEND_MORE;
	if (unlikely(err)) {
		/* The channel is gone: a slot never sent is never completed. */
		drop_slot(q, slot);
		(slot->direct ? &q->direct : &q->copy)->spare = slot;
	}
	return true;
}

void netvsc_tx_show(struct netvsc_queue *q)
{
	if (unlikely(!q->live))
		return;
	if (q->pending) {
		if (!q->blocked)
			flush(q, 0);
	} else if (q->unshown) {
		q->unshown = false;
		vmbus_chan_kick(q->chan);
	}
}

static u8 *section_addr(const struct netvsc *nv, const struct netvsc_slot *slot)
{
	return nv->send + (size_t)slot->section * nv->send_pieces.len;
}

/* Where in the section the next message would begin. */
static u32 next_message(const struct netvsc *nv, const struct netvsc_slot *slot)
{
	return ALIGN(slot->used, nv->limits.align);
}

static bool fits(const struct netvsc *nv, const struct netvsc_slot *slot, u32 bytes)
{
	u32 end = next_message(nv, slot) + bytes;

	return slot->packets < READ_ONCE(nv->tx_batch) && slot->packets < nv->limits.packets &&
	       end <= nv->send_pieces.len && end <= nv->limits.bytes;
}

static bool copyable(const struct netvsc_queue *q, const struct sk_buff *skb)
{
	const struct netvsc *nv = q->nv;
	u32 bytes = RNDIS_TX_HDR_MAX + skb->len;

	return skb->len <= netvsc_copy_limit() && bytes <= nv->send_pieces.len && !skb_is_gso(skb);
}

/* The next message of the section, and where its frame belongs. */
static void *begin_message(struct netvsc_queue *q, struct netvsc_slot *slot,
			   const struct rndis_tx *tx)
{
	struct netvsc *nv = q->nv;
	u8 *section = section_addr(nv, slot);
	u32 at = 0, hdr;

	if (slot->packets) {
		struct rndis_packet *last = (void *)(section + slot->last);

		/* The one before goes on to where this one begins. */
		at = next_message(nv, slot);
		WRITE_ONCE(last->hdr.len, cpu_to_le32(at - slot->last));
	}
	hdr = rndis_put_packet(section + at, tx);
	slot->last = at;
	slot->used = at + hdr + tx->len;
	return section + at + hdr;
}

static void copy_frame(struct netvsc_queue *q, struct netvsc_slot *slot, struct sk_buff *skb,
		       const struct rndis_tx *tx)
{
	void *to = begin_message(q, slot, tx);

	if (skb_is_nonlinear(skb))
		skb_copy_bits(skb, 0, to, skb->len);
	else
		memcpy(to, skb->data, skb->len);
}

static void count_sent(struct netvsc_queue *q, struct netvsc_slot *slot, u32 len, u32 packets,
		       u32 bytes)
{
	slot->packets++;
	slot->bytes += len;
	u64_stats_update_begin(&q->tx.syncp);
	q->tx.packets += packets;
	q->tx.bytes += bytes;
	u64_stats_update_end(&q->tx.syncp);
}

/* Frames and bytes on the wire: each segment has headers. */
static void count_frame(struct netvsc_queue *q, struct netvsc_slot *slot,
			const struct sk_buff *skb)
{
	u32 packets = 1, bytes = skb->len;

	if (skb_is_gso(skb)) {
		packets = skb_shinfo(skb)->gso_segs ?: 1;
		bytes += (packets - 1) * (skb_transport_offset(skb) + tcp_hdrlen(skb));
	}
	count_sent(q, slot, skb->len, packets, bytes);
}

static void begin_slot(struct netvsc_queue *q, struct netvsc_slot *slot)
{
	slot->packets = 0;
	slot->bytes = 0;
	slot->used = 0;
	slot->skb = NULL;
	q->pending = slot;
}

/* A section the frame may go to, in q->pending. False if it has to go another way. */
static bool find_room(struct netvsc_queue *q, u32 bytes)
{
	struct netvsc_slot *slot = q->pending;

	if (slot && fits(q->nv, slot, bytes))
		return true;
	if (slot) {
		q->tx.send_full++;
		if (!flush(q, VMBUS_SEND_MORE))
			return false;
	}
	slot = take_slot(&q->copy);
	if (unlikely(!slot)) {
		q->tx.no_space++;
		return false;
	}
	begin_slot(q, slot);
	q->tx.batches++;
	return true;
}

static bool list_frame(struct netvsc_queue *q, struct sk_buff *skb, const struct rndis_tx *tx)
{
	struct netvsc_slot *slot = take_slot(&q->direct);

	/* The queue is stopped before it comes to that. */
	if (unlikely(!slot))
		return false;
	slot->used = rndis_put_packet(q->headers + slot->index * NETVSC_HDR_ROOM, tx);
	if (unlikely(!map_frame(q, slot, skb))) {
		q->direct.spare = slot;
		return false;
	}
	slot->packets = 0;
	slot->bytes = 0;
	q->pending = slot;
	if (slot->map_cnt > 2)
		q->tx.scattered++;
	return true;
}

static void stop_if_full(struct netvsc_queue *q)
{
	if (likely(free_slots(&q->direct) > 1))
		return;
	stop(q);
	/* Pairs with netvsc_tx_poll_end(): it sees the queue stopped, or we see what it freed. */
	smp_mb();
	if (free_slots(&q->direct) >= WAKE_SLOTS)
		netif_tx_start_queue(q->txq);
}

static netdev_tx_t drop(struct netvsc_queue *q, struct sk_buff *skb, u64 *why)
{
	u64_stats_update_begin(&q->tx.syncp);
	q->tx.dropped++;
	(*why)++;
	u64_stats_update_end(&q->tx.syncp);
	dev_kfree_skb_any(skb);
	if (!netdev_xmit_more())
		netvsc_tx_show(q);
	return NETDEV_TX_OK;
}

/* The NIC is being changed, or gone: whoever brings it up wakes its queues. */
static netdev_tx_t not_now(struct netvsc_queue *q)
{
	q->tx.busy++;
	netif_tx_stop_queue(q->txq);
	/* Pairs with the waking: it sees the queue stopped, or we see that it is live. */
	smp_mb__after_atomic();
	if (READ_ONCE(q->live))
		netif_tx_start_queue(q->txq);
	return NETDEV_TX_BUSY;
}

netdev_tx_t netvsc_start_xmit(struct sk_buff *skb, struct net_device *ndev)
{
	struct netvsc *nv = netdev_priv(ndev);
	struct netvsc_queue *q = &nv->queues[skb_get_queue_mapping(skb)];
	struct net_device *vf = rcu_dereference_bh(nv->vf.tx);
	struct rndis_tx tx;
	bool copied, now;

	if (unlikely(vf) && netvsc_vf_xmit(nv, vf, skb)) {
		/* What came before it may have been waiting for more. */
		netvsc_tx_show(q);
		return NETDEV_TX_OK;
	}
	if (unlikely(!READ_ONCE(q->live)))
		return not_now(q);
	if (unlikely(q->blocked)) {
		/* Somebody has woken all queues; the poll that sends what blocks wakes this one. */
		netif_tx_stop_queue(q->txq);
		q->tx.busy++;
		return NETDEV_TX_BUSY;
	}
	copied = copyable(q, skb);
	if (unlikely(!copied && !free_slots(&q->direct))) {
		stop_if_full(q);
		q->tx.busy++;
		return NETDEV_TX_BUSY;
	}
	/* What is pending has a section: this frame goes after it. */
	if (!copied && q->pending && !flush(q, VMBUS_SEND_MORE)) {
		q->tx.busy++;
		return NETDEV_TX_BUSY;
	}
	if (unlikely(!describe(q, skb, &tx)))
		return drop(q, skb, &q->tx.no_memory);
	if (copied && unlikely(!find_room(q, RNDIS_TX_HDR_MAX + skb->len))) {
		if (q->blocked) {
			q->tx.busy++;
			return NETDEV_TX_BUSY;
		}
		copied = false;
	}

	skb_tx_timestamp(skb);
	if (copied) {
		copy_frame(q, q->pending, skb, &tx);
	} else if (unlikely(!list_frame(q, skb, &tx))) {
		return drop(q, skb, &q->tx.no_memory);
	}
	count_frame(q, q->pending, skb);
	/* Count it, then send: it may be complete before the send returns. */
	now = __netdev_tx_sent_queue(q->txq, skb->len, netdev_xmit_more());
	if (copied)
		dev_consume_skb_any(skb);
	stop_if_full(q);
	if (netif_xmit_stopped(q->txq))
		now = true;
	if (now)
		flush(q, 0);
	else if (!copied)
		flush(q, VMBUS_SEND_MORE);
	return NETDEV_TX_OK;
}

/*
 * Programs' frames are always copied: their page is free again at once, so nobody
 * has to be told when. They count in the queue limits like others, because they
 * are completed like others, but a limit does not stop them.
 */
bool netvsc_tx_copy(struct netvsc_queue *q, const void *data, u32 len)
{
	const struct rndis_tx tx = { .len = len, .offload = RNDIS_TX_PLAIN };

	if (unlikely(!q->live || q->blocked || netif_tx_queue_stopped(q->txq)))
		return false;
	if (unlikely(RNDIS_TX_HDR_MAX + len > q->nv->send_pieces.len))
		return false;
	if (unlikely(!find_room(q, RNDIS_TX_HDR_MAX + len)))
		return false;
	memcpy(begin_message(q, q->pending, &tx), data, len);
	count_sent(q, q->pending, len, 1, len);
	__netdev_tx_sent_queue(q->txq, len, true);
	txq_trans_cond_update(q->txq);
	return true;
}

/* Back --------------------------------------------------------------------------------*/

void netvsc_tx_done(struct netvsc_queue *q, struct netvsc_slot *slot, const struct vmbus_pkt *pkt)
{
	int status = nvsp_parse_sent(pkt->payload, pkt->payload_len);

	if (unlikely(status != NVSP_STATUS_SUCCESS)) {
		if (status < 0)
			netvsc_reject(q, NETVSC_REJECT_SENT);
		else
			q->tx.errors += slot->packets;
	}
	q->done_packets += slot->packets;
	q->done_bytes += slot->bytes;
	if (slot->skb) {
		unmap(q, slot);
		napi_consume_skb(slot->skb, q->budget);
		slot->skb = NULL;
	}
	give_back(q, slot);
}

bool netvsc_tx_is_done(const struct netvsc_queue *q)
{
	return !READ_ONCE(q->pending) && free_slots(&q->direct) == q->direct.cnt &&
	       free_slots(&q->copy) == q->copy.cnt;
}

/* It has been accepted, so it is sent even if nothing may follow. */
static void try_blocked(struct netvsc_queue *q)
{
	__netif_tx_lock(q->txq, smp_processor_id());
	if (q->blocked)
		flush(q, 0);
	__netif_tx_unlock(q->txq);
}

/* Under the lock that who stops the queue for a change has held last. */
static void wake(struct netvsc_queue *q)
{
	__netif_tx_lock(q->txq, smp_processor_id());
	if (q->live && !q->blocked && netif_running(q->nv->ndev)) {
		netif_tx_wake_queue(q->txq);
		u64_stats_update_begin(&q->tx.syncp);
		q->tx.wake++;
		u64_stats_update_end(&q->tx.syncp);
	}
	__netif_tx_unlock(q->txq);
}

void netvsc_tx_poll_end(struct netvsc_queue *q)
{
	if (q->done_packets) {
		netdev_tx_completed_queue(q->txq, q->done_packets, q->done_bytes);
		q->done_packets = 0;
		q->done_bytes = 0;
	}
	if (unlikely(READ_ONCE(q->blocked)))
		try_blocked(q);
	/* Pairs with stop_if_full(). */
	smp_mb();
	if (unlikely(netif_tx_queue_stopped(q->txq)) && free_slots(&q->direct) >= WAKE_SLOTS)
		wake(q);
}

void netvsc_tx_reaped(struct netvsc_queue *q, struct netvsc_slot *slot)
{
	drop_slot(q, slot);
}

void netvsc_tx_drop_pending(struct netvsc_queue *q)
{
	if (q->pending)
		drop_slot(q, q->pending);
	q->pending = NULL;
	q->blocked = false;
	q->unshown = false;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * xdp.c - programs that see frames before the stack does
 *
 * A program gets a page of its own with the frame copied to it, so the host cannot
 * change what it looks at. What it drops or sends back leaves the page for the next
 * frame: nothing is allocated then. What does not fit there is in more pages, if the
 * program can do with that.
 */
#include "netvsc.h"

#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>

/* The first page has room for so much, beside what programs put before and skbs behind. */
#define XDP_FRAME_MAX	SKB_WITH_OVERHEAD(PAGE_SIZE - XDP_PACKET_HEADROOM)

int netvsc_xdp_alloc(struct netvsc_queue *q)
{
	int err;

	err = __xdp_rxq_info_reg(&q->xdp_rxq, q->nv->ndev, q->index, q->napi.napi_id, PAGE_SIZE);
	if (err)
		return err;
	err = xdp_rxq_info_reg_mem_model(&q->xdp_rxq, MEM_TYPE_PAGE_SHARED, NULL);
	if (err)
		xdp_rxq_info_unreg(&q->xdp_rxq);
	q->xdp_sent = false;
	q->xdp_redirected = false;
	return err;
}

void netvsc_xdp_free(struct netvsc_queue *q)
{
	if (xdp_rxq_info_is_reg(&q->xdp_rxq))
		xdp_rxq_info_unreg(&q->xdp_rxq);
	if (q->xdp_page)
		put_page(q->xdp_page);
	q->xdp_page = NULL;
}

/* Run ----------------------------------------------------------------------------*/

/* What the first page has no room for. A program that does not know of it never gets it. */
static void put_more(struct xdp_buff *xdp)
{
	struct skb_shared_info *shared = xdp_get_shared_info_from_buff(xdp);

	if (likely(!xdp_buff_has_frags(xdp)))
		return;
	while (shared->nr_frags)
		put_page(skb_frag_page(&shared->frags[--shared->nr_frags]));
}

static bool get_more(struct xdp_buff *xdp, u32 bytes)
{
	struct skb_shared_info *shared = xdp_get_shared_info_from_buff(xdp);

	shared->nr_frags = 0;
	shared->xdp_frags_size = bytes;
	xdp_buff_set_frags_flag(xdp);
	while (bytes) {
		u32 some = min_t(u32, bytes, PAGE_SIZE);
		struct page *page = NULL;

		if (likely(shared->nr_frags < MAX_SKB_FRAGS))
			page = dev_alloc_page();
		if (unlikely(!page)) {
			put_more(xdp);
			return false;
		}
		compat_frag_set(&shared->frags[shared->nr_frags++], page, 0, some);
		bytes -= some;
	}
	compat_frags_truesize(shared, shared->nr_frags * PAGE_SIZE);
	return true;
}

/* There is room for all of it: get_frame() has seen to that. */
static void copy_frame(struct xdp_buff *xdp, const u8 *recv, const struct netvsc_part *parts,
		       u32 cnt)
{
	struct skb_shared_info *shared = xdp_get_shared_info_from_buff(xdp);
	u32 room = xdp->data_end - xdp->data, next = 0, i;
	u8 *to = xdp->data;

	for (i = 0; i < cnt; i++) {
		const u8 *from = recv + parts[i].offset;
		u32 len = parts[i].len, some;

		for (; len; len -= some, from += some, to += some, room -= some) {
			if (unlikely(!room)) {
				to = skb_frag_address(&shared->frags[next]);
				room = skb_frag_size(&shared->frags[next++]);
			}
			some = min(len, room);
			memcpy(to, from, some);
		}
	}
}

static bool get_frame(struct netvsc_queue *q, const struct bpf_prog *prog, struct xdp_buff *xdp,
		      const struct netvsc_part *parts, u32 cnt, u32 bytes)
{
	u32 first = min_t(u32, bytes, XDP_FRAME_MAX);

	if (unlikely(bytes > first && !prog->aux->xdp_has_frags))
		return false;
	if (!q->xdp_page)
		q->xdp_page = dev_alloc_page();
	if (unlikely(!q->xdp_page)) {
		q->rx.no_memory++;
		return false;
	}
	xdp_init_buff(xdp, PAGE_SIZE, &q->xdp_rxq);
	xdp_prepare_buff(xdp, page_address(q->xdp_page), XDP_PACKET_HEADROOM, first, true);
	if (bytes > first && unlikely(!get_more(xdp, bytes - first))) {
		q->rx.no_memory++;
		return false;
	}
	copy_frame(xdp, q->nv->recv, parts, cnt);
	return true;
}

/* The pages are the skb's; on failure they are ours still. */
static struct sk_buff *pass(struct netvsc_queue *q, struct xdp_buff *xdp)
{
	struct skb_shared_info *shared = xdp_get_shared_info_from_buff(xdp);
	u32 meta = xdp->data - xdp->data_meta, more = 0, more_bytes = 0;
	struct sk_buff *skb;

	/* The program may have cut it short. */
	if (unlikely(xdp->data_end - xdp->data < ETH_HLEN))
		return NULL;
	if (unlikely(xdp_buff_has_frags(xdp))) {
		more = shared->nr_frags;
		more_bytes = shared->xdp_frags_size;
	}
	/* Clears what is before the list of pages. */
	skb = napi_build_skb(xdp->data_hard_start, PAGE_SIZE);
	if (unlikely(!skb)) {
		q->rx.no_memory++;
		return NULL;
	}
	q->xdp_page = NULL;
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	skb_put(skb, xdp->data_end - xdp->data);
	if (meta)
		skb_metadata_set(skb, meta);
	if (unlikely(more)) {
		skb_shinfo(skb)->nr_frags = more;
		skb->len += more_bytes;
		skb->data_len += more_bytes;
		skb->truesize += more * PAGE_SIZE;
	}
	return skb;
}

/* Large frames go where the stack's do: their pages are listed. Transmit lock held. */
static bool send_large(struct netvsc_queue *q, struct sk_buff *skb)
{
	bool sent = false;

	skb->dev = q->nv->ndev;
	skb_set_queue_mapping(skb, q->index);
	if (q->live && !netif_xmit_frozen_or_stopped(q->txq))
		sent = netvsc_start_xmit(skb, q->nv->ndev) == NETDEV_TX_OK;
	if (unlikely(!sent))
		kfree_skb(skb);
	return sent;
}

static bool send_back(struct netvsc_queue *q, struct xdp_buff *xdp)
{
	struct sk_buff *skb = NULL;
	bool sent;

	if (unlikely(xdp_buff_has_frags(xdp))) {
		skb = pass(q, xdp);
		if (!skb)
			return false;
		/* They are in the skb now. */
		xdp_buff_clear_frags_flag(xdp);
	}
	__netif_tx_lock(q->txq, smp_processor_id());
	sent = skb ? send_large(q, skb) :
		     netvsc_tx_copy(q, xdp->data, xdp->data_end - xdp->data);
	__netif_tx_unlock(q->txq);
	q->xdp_sent |= sent;
	return sent;
}

static bool redirect(struct netvsc_queue *q, struct xdp_buff *xdp, struct bpf_prog *prog)
{
	/* The page goes with it; on failure it is ours still. */
	if (xdp_do_redirect(q->nv->ndev, xdp, prog))
		return false;
	q->xdp_page = NULL;
	q->xdp_redirected = true;
	return true;
}

static void count_verdict(struct netvsc_queue *q, u64 *verdict)
{
	u64_stats_update_begin(&q->rx.syncp);
	(*verdict)++;
	u64_stats_update_end(&q->rx.syncp);
}

struct sk_buff *netvsc_xdp_run(struct netvsc_queue *q, struct bpf_prog *prog,
			       const struct netvsc_part *parts, u32 cnt, u32 bytes)
{
	struct net_device *ndev = q->nv->ndev;
	struct sk_buff *skb;
	struct xdp_buff xdp;
	u32 act;

	/* No frame passes that the program has not seen. */
	if (unlikely(!get_frame(q, prog, &xdp, parts, cnt, bytes))) {
		q->rx.dropped++;
		return NULL;
	}
	netvsc_rx_count(q, bytes, is_multicast_ether_addr(xdp.data));
	act = bpf_prog_run_xdp(prog, &xdp);
	switch (act) {
	case XDP_PASS:
		skb = pass(q, &xdp);
		if (unlikely(!skb)) {
			put_more(&xdp);
			q->rx.dropped++;
		}
		return skb;
	case XDP_TX:
		if (send_back(q, &xdp)) {
			count_verdict(q, &q->rx.xdp_tx);
			return NULL;
		}
		break;
	case XDP_REDIRECT:
		if (redirect(q, &xdp, prog)) {
			count_verdict(q, &q->rx.xdp_redirect);
			return NULL;
		}
		break;
	case XDP_DROP:
		put_more(&xdp);
		count_verdict(q, &q->rx.xdp_drop);
		return NULL;
	default:
		bpf_warn_invalid_xdp_action(ndev, prog, act);
		fallthrough;
	case XDP_ABORTED:
		break;
	}
	put_more(&xdp);
	trace_xdp_exception(ndev, prog, act);
	count_verdict(q, &q->rx.xdp_drop);
	return NULL;
}

void netvsc_xdp_poll_end(struct netvsc_queue *q)
{
	if (q->xdp_redirected) {
		q->xdp_redirected = false;
		xdp_do_flush();
	}
	if (q->xdp_sent) {
		q->xdp_sent = false;
		__netif_tx_lock(q->txq, smp_processor_id());
		if (q->live)
			netvsc_tx_show(q);
		__netif_tx_unlock(q->txq);
	}
}

/* Frames of others -------------------------------------------------------------------*/

/* On success the frame is not the caller's any more. Transmit lock held. */
static bool send_frame(struct netvsc_queue *q, struct xdp_frame *frame)
{
	struct sk_buff *skb;

	if (likely(!xdp_frame_has_frags(frame))) {
		if (unlikely(!netvsc_tx_copy(q, frame->data, frame->len)))
			return false;
		xdp_return_frame_rx_napi(frame);
		return true;
	}
	if (unlikely(!q->live || netif_xmit_frozen_or_stopped(q->txq)))
		return false;
	skb = xdp_build_skb_from_frame(frame, q->nv->ndev);
	if (unlikely(!skb))
		return false;
	skb_push(skb, ETH_HLEN);
	/* It is gone in any case; one that is not sent was dropped by us. */
	if (unlikely(!send_large(q, skb)))
		q->tx.dropped++;
	return true;
}

int netvsc_xdp_xmit(struct net_device *ndev, int cnt, struct xdp_frame **frames, u32 flags)
{
	u32 count = READ_ONCE(ndev->real_num_tx_queues);
	struct netvsc *nv = netdev_priv(ndev);
	struct netvsc_queue *q;
	int sent;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;
	q = &nv->queues[smp_processor_id() % count];
	__netif_tx_lock(q->txq, smp_processor_id());
	for (sent = 0; sent < cnt; sent++) {
		if (unlikely(!send_frame(q, frames[sent])))
			break;
	}
	q->tx.xdp_xmit += sent;
	if (flags & XDP_XMIT_FLUSH && q->live)
		netvsc_tx_show(q);
	__netif_tx_unlock(q->txq);
	return sent;
}

/* Setup --------------------------------------------------------------------------------*/

bool netvsc_xdp_fits(u32 mtu)
{
	return mtu + VLAN_ETH_HLEN <= XDP_FRAME_MAX;
}

bool netvsc_xdp_is_small(const struct bpf_prog *prog)
{
	return prog && !prog->aux->xdp_has_frags;
}

static int set_prog(struct net_device *ndev, struct bpf_prog *prog,
		    struct netlink_ext_ack *extack)
{
	struct netvsc *nv = netdev_priv(ndev);
	struct bpf_prog *old;

	if (netvsc_xdp_is_small(prog) && !netvsc_xdp_fits(ndev->mtu)) {
		NL_SET_ERR_MSG_MOD(extack, "MTU is too large for XDP");
		return -EINVAL;
	}
	if (netvsc_xdp_is_small(prog) && ndev->features & NETIF_F_LRO) {
		NL_SET_ERR_MSG_MOD(extack, "LRO needs a program for frames in several pages");
		return -EOPNOTSUPP;
	}
	/* It is freed when the polls that have seen it are over: the core waits for them. */
	old = rtnl_dereference(nv->xdp_prog);
	rcu_assign_pointer(nv->xdp_prog, prog);
	if (old)
		bpf_prog_put(old);
	netvsc_vf_reconsider(nv);
	/* LRO that was wanted all the while may be on again. */
	if (!netvsc_xdp_is_small(prog) && ndev->reg_state == NETREG_REGISTERED)
		netdev_update_features(ndev);
	return 0;
}

int netvsc_xdp_setup(struct net_device *ndev, struct netdev_bpf *bpf)
{
	switch (bpf->command) {
	case XDP_SETUP_PROG:
		return set_prog(ndev, bpf->prog, bpf->extack);
	default:
		return -EINVAL;
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * xdp.c - programs that see frames before the stack does
 *
 * A program gets a page of its own with the frame copied to it, so the host cannot
 * change what it looks at. What it drops or sends back leaves the page for the next
 * frame: nothing is allocated then.
 */
#include "netvsc.h"

#include <linux/bpf.h>
#include <linux/bpf_trace.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>

/* A page has room for so much, with what programs put before a frame and skbs have behind it. */
#define XDP_FRAME_MAX	SKB_WITH_OVERHEAD(PAGE_SIZE - XDP_PACKET_HEADROOM)

int netvsc_xdp_alloc(struct netvsc_queue *q)
{
	int err;

	err = xdp_rxq_info_reg(&q->xdp_rxq, q->nv->ndev, q->index, q->napi.napi_id);
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

static bool get_frame(struct netvsc_queue *q, struct xdp_buff *xdp,
		      const struct netvsc_part *parts, u32 cnt, u32 bytes)
{
	u8 *to;
	u32 i;

	if (unlikely(bytes > XDP_FRAME_MAX))
		return false;
	if (!q->xdp_page)
		q->xdp_page = dev_alloc_page();
	if (unlikely(!q->xdp_page)) {
		q->rx.no_memory++;
		return false;
	}
	xdp_init_buff(xdp, PAGE_SIZE, &q->xdp_rxq);
	xdp_prepare_buff(xdp, page_address(q->xdp_page), XDP_PACKET_HEADROOM, bytes, true);
	to = xdp->data;
	for (i = 0; i < cnt; i++) {
		memcpy(to, q->nv->recv + parts[i].offset, parts[i].len);
		to += parts[i].len;
	}
	return true;
}

static struct sk_buff *pass(struct netvsc_queue *q, const struct xdp_buff *xdp)
{
	u32 meta = xdp->data - xdp->data_meta;
	struct sk_buff *skb;

	/* The program may have cut it short. */
	if (unlikely(xdp->data_end - xdp->data < ETH_HLEN))
		return NULL;
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
	return skb;
}

static bool send_back(struct netvsc_queue *q, const struct xdp_buff *xdp)
{
	bool sent;

	__netif_tx_lock(q->txq, smp_processor_id());
	sent = netvsc_tx_copy(q, xdp->data, xdp->data_end - xdp->data);
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
	if (unlikely(!get_frame(q, &xdp, parts, cnt, bytes))) {
		q->rx.dropped++;
		return NULL;
	}
	netvsc_rx_count(q, bytes, is_multicast_ether_addr(xdp.data));
	act = bpf_prog_run_xdp(prog, &xdp);
	switch (act) {
	case XDP_PASS:
		skb = pass(q, &xdp);
		q->rx.dropped += !skb;
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
		count_verdict(q, &q->rx.xdp_drop);
		return NULL;
	default:
		bpf_warn_invalid_xdp_action(ndev, prog, act);
		fallthrough;
	case XDP_ABORTED:
		break;
	}
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
		if (unlikely(!netvsc_tx_copy(q, frames[sent]->data, frames[sent]->len)))
			break;
	}
	q->tx.xdp_xmit += sent;
	if (flags & XDP_XMIT_FLUSH && q->live)
		netvsc_tx_show(q);
	__netif_tx_unlock(q->txq);
	/* Those not sent are the caller's. */
	for (cnt = 0; cnt < sent; cnt++)
		xdp_return_frame_rx_napi(frames[cnt]);
	return sent;
}

/* Setup --------------------------------------------------------------------------------*/

bool netvsc_xdp_fits(u32 mtu)
{
	return mtu + VLAN_ETH_HLEN <= XDP_FRAME_MAX;
}

static int set_prog(struct net_device *ndev, struct bpf_prog *prog,
		    struct netlink_ext_ack *extack)
{
	struct netvsc *nv = netdev_priv(ndev);
	struct bpf_prog *old;

	if (prog && !netvsc_xdp_fits(ndev->mtu)) {
		NL_SET_ERR_MSG_MOD(extack, "MTU is too large for XDP");
		return -EINVAL;
	}
	if (prog && ndev->features & NETIF_F_LRO) {
		NL_SET_ERR_MSG_MOD(extack, "XDP and LRO exclude each other");
		return -EOPNOTSUPP;
	}
	/* It is freed when the polls that have seen it are over: the core waits for them. */
	old = rtnl_dereference(nv->xdp_prog);
	rcu_assign_pointer(nv->xdp_prog, prog);
	if (old)
		bpf_prog_put(old);
	/* LRO that was wanted all the while may be on again. */
	if (!prog && ndev->reg_state == NETREG_REGISTERED)
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

// SPDX-License-Identifier: GPL-2.0
/*
 * setup.c - bring-up: version, buffers, RNDIS, sub-channels, queues; and the way back
 *
 * Every wait has a bound and ends when the channel is lost. What the host need not
 * have, a send buffer, sub-channels, a name, is done without.
 */
#include "netvsc.h"

#include <linux/etherdevice.h>
#include <linux/slab.h>

/* Beside the frames: a request, a question, and what was given up and is still owed. */
#define SPARE_REQUESTS	8u

/* What the host has been sent it mostly completes at once. */
#define DRAIN_TIME	HZ

/* Promised sub-channels mostly come at once; those that do not are taken later. */
#define SUBS_WAIT_MS	1000u
#define SUBS_LATER	(2 * HZ)
#define SUBS_DOUBLINGS	5u

/* Time --------------------------------------------------------------------------------*/

void netvsc_deadline_begin(struct netvsc *nv)
{
	/* 0 says that there is none. */
	nv->deadline = (jiffies + netvsc_attach_timeout()) ?: 1;
}

void netvsc_deadline_end(struct netvsc *nv)
{
	nv->deadline = 0;
}

/*
 * A host that answers only what it must shall not use up the time of what it must:
 * of what is left, a question that need not be answered has a quarter.
 */
unsigned long netvsc_patience(const struct netvsc *nv)
{
	unsigned long left;

	if (!nv->deadline)
		return netvsc_reply_timeout();
	if (!time_before(jiffies, nv->deadline))
		return 0;
	left = nv->deadline - jiffies;
	return min(nv->optional ? left / 4 : left, netvsc_reply_timeout());
}

/* Questions -----------------------------------------------------------------------*/

/* A question with an answer, in nv->ask.reply. Bytes of it, or a negative errno. */
static int ask(struct netvsc *nv, const union nvsp_msg *msg)
{
	unsigned long patience = netvsc_patience(nv);

	if (!patience)
		return -ETIMEDOUT;
	return vmbus_ask_host(nv->vdev->chan, &nv->ask, msg, sizeof(*msg), patience);
}

static int tell(struct netvsc *nv, const union nvsp_msg *msg)
{
	return vmbus_chan_send(nv->vdev->chan, msg, sizeof(*msg), NULL, 0);
}

void netvsc_completed(struct netvsc_queue *q, const struct vmbus_pkt *pkt)
{
	struct netvsc_cookie *cookie = pkt->cookie;

	if (cookie->kind == NETVSC_COOKIE_ASK)
		vmbus_ask_answered(&q->nv->ask, pkt);
	else if (cookie->kind == NETVSC_COOKIE_SWITCH)
		netvsc_vf_switched(q->nv, cookie);
	else
		netvsc_request_sent(q->nv, cookie, pkt);
}

/* Channels ------------------------------------------------------------------------*/

static void on_event(struct vmbus_chan *chan, void *ctx)
{
	struct netvsc_queue *q = ctx;

	napi_schedule_irqoff(&q->napi);
}

static void on_gone(struct vmbus_chan *chan, void *ctx)
{
	struct netvsc_queue *q = ctx;
	struct netvsc *nv = q->nv;

	WRITE_ONCE(q->gone, true);
	if (!q->index) {
		WRITE_ONCE(nv->gone, true);
		vmbus_ask_dropped(&nv->ask);
		wake_up_all(&nv->wait);
	}
	/* What the channel had is reaped when the queue is closed, which is not for here. */
	netvsc_recover(nv);
}

const struct vmbus_chan_ops netvsc_chan_ops = {
	.event = on_event,
	.gone = on_gone,
};

static int open_queue(struct netvsc_queue *q, struct vmbus_chan *chan)
{
	const struct vmbus_chan_config config = {
		.ops = &netvsc_chan_ops,
		.ctx = q,
		.events = VMBUS_EVENTS_DRIVER,
		.tx_bytes = netvsc_ring_bytes(),
		.rx_bytes = netvsc_ring_bytes(),
		.max_packet = NVSP_MAX_PACKET,
		/* Slots that list frames, those that copy, and what is asked. */
		.max_requests = NETVSC_DIRECT_SLOTS + 4096 / 8 + SPARE_REQUESTS,
		.cpu = -1,
	};
	int err;

	err = netvsc_rx_alloc(q);
	if (err)
		return err;
	q->chan = chan;
	q->gone = false;
	q->done_packets = 0;
	q->done_bytes = 0;
	/* First: an event that finds it disabled would be the last. */
	napi_enable(&q->napi);
	err = vmbus_chan_open(chan, &config);
	if (err) {
		napi_disable(&q->napi);
		netvsc_rx_free(q);
		q->chan = NULL;
		return err;
	}
	q->open = true;
	return 0;
}

static void reap(struct netvsc_queue *q)
{
	struct netvsc_cookie *cookie;

	while ((cookie = vmbus_chan_reap(q->chan))) {
		switch (cookie->kind) {
		case NETVSC_COOKIE_SLOT:
			netvsc_tx_reaped(q, container_of(cookie, struct netvsc_slot, cookie));
			break;
		case NETVSC_COOKIE_REQUEST:
			netvsc_request_sent(q->nv, cookie, NULL);
			break;
		case NETVSC_COOKIE_ASK:
			vmbus_ask_dropped(&q->nv->ask);
			break;
		case NETVSC_COOKIE_SWITCH:
			netvsc_vf_switched(q->nv, cookie);
			break;
		}
	}
}

/*
 * When the channel is closed no completion can come and no send succeeds, and the
 * host was told, and waited for, to let go of it. So what it had is ours again.
 */
static void close_queue(struct netvsc_queue *q)
{
	if (!q->open)
		return;
	q->open = false;
	WRITE_ONCE(q->live, false);
	vmbus_chan_close(q->chan);
	napi_disable(&q->napi);
	reap(q);
	netvsc_tx_drop_pending(q);
	netvsc_tx_free(q);
	netvsc_rx_free(q);
	if (q->index)
		vmbus_chan_put(q->chan);
	q->chan = NULL;
}

/* Version and buffers ----------------------------------------------------------------*/

static int negotiate(struct netvsc *nv)
{
	struct nvsp_ladder ladder = { 0 };
	union nvsp_msg msg;
	int err, len;
	u32 version;

	for (;;) {
		version = nvsp_ladder_next(&ladder, &msg);
		if (!version) {
			netdev_err(nv->ndev, "host takes no version of the protocol\n");
			return -EPROTONOSUPPORT;
		}
		len = ask(nv, &msg);
		if (len < 0)
			return len;
		err = nvsp_parse_init(nv->ask.reply, len);
		if (!err)
			break;
		if (err != -EPROTONOSUPPORT)
			return err;
	}
	nv->version = version;
	if (version >= NVSP_VERSION_2) {
		nvsp_put_ndis_config(&msg, version, nv->cfg.mtu + ETH_HLEN, true);
		err = tell(nv, &msg);
		if (err)
			return err;
	}
	nvsp_put_ndis_version(&msg, version);
	return tell(nv, &msg);
}

static int lend_recv_buf(struct netvsc *nv)
{
	struct nvsp_pieces pieces;
	union nvsp_msg msg;
	int err, len;

	nvsp_put_recv_buf(&msg, vmbus_buf_gpadl(nv->recv_buf));
	len = ask(nv, &msg);
	if (len < 0)
		return len;
	err = nvsp_parse_recv_buf(nv->ask.reply, len, nv->recv_len, &pieces);
	if (!err)
		err = netvsc_lend_start(nv, &pieces);
	/* Published by the request that brings the first packet. */
	if (!err)
		nv->recv_pieces = pieces;
	return err;
}

/* What the stack still has from the last time is its own for good: the host gets other pages. */
static int renew_recv_buf(struct netvsc *nv)
{
	int err = vmbus_buf_renew(nv->vdev->chan, nv->recv_buf);

	nv->recv = vmbus_buf_addr(nv->recv_buf);
	nv->recv_pages = vmbus_buf_pages(nv->recv_buf);
	return err;
}

static int lend_send_buf(struct netvsc *nv)
{
	union nvsp_msg msg;
	int err, len;

	if (!nv->send_buf)
		return 0;
	nvsp_put_send_buf(&msg, vmbus_buf_gpadl(nv->send_buf));
	len = ask(nv, &msg);
	if (len < 0)
		return len;
	err = nvsp_parse_send_buf(nv->ask.reply, len, nv->send_len, &nv->send_pieces);
	if (err) {
		netdev_warn(nv->ndev, "host does not take the send buffer, error %d: nothing is copied\n",
			    err);
		memset(&nv->send_pieces, 0, sizeof(nv->send_pieces));
	}
	return 0;
}

static void revoke_buffers(struct netvsc *nv)
{
	union nvsp_msg msg;

	nvsp_put_revoke_recv_buf(&msg);
	tell(nv, &msg);
	if (nv->send_pieces.cnt) {
		nvsp_put_revoke_send_buf(&msg);
		tell(nv, &msg);
	}
}

void netvsc_free_buffers(struct netvsc *nv)
{
	vmbus_buf_free(nv->vdev->chan, nv->recv_buf);
	vmbus_buf_free(nv->vdev->chan, nv->send_buf);
	nv->recv_buf = NULL;
	nv->send_buf = NULL;
}

/* What the host says of the NIC -----------------------------------------------------------*/

/* 0 if it has not said; else an error only if it must not be. */
static int query_u32(struct netvsc *nv, u32 oid, u32 *value)
{
	__le32 le;
	u32 got;
	int err = netvsc_query(nv, oid, NULL, 0, &le, sizeof(le), &got);

	if (!err && got < sizeof(le))
		err = -EPROTO;
	if (!err)
		*value = le32_to_cpu(le);
	return err;
}

/* The administrator's address, which a host that begins anew need not remember. */
static void tell_address(struct netvsc *nv)
{
	struct rndis_mac_set set;

	if (ether_addr_equal(nv->ndev->dev_addr, nv->ndev->perm_addr))
		return;
	rndis_put_mac(&set, nv->ndev->dev_addr);
	if (netvsc_set(nv, RNDIS_OID_CONFIG_PARAMETER, &set, sizeof(set)))
		netdev_warn(nv->ndev, "host does not take the MAC address\n");
}

static int learn_address(struct netvsc *nv)
{
	u8 mac[ETH_ALEN];
	u32 got;
	int err;

	if (nv->ndev->reg_state != NETREG_UNINITIALIZED) {
		tell_address(nv);
		return 0;
	}
	err = netvsc_query(nv, RNDIS_OID_PERMANENT_ADDRESS, NULL, 0, mac, sizeof(mac), &got);
	if (err)
		return err;
	if (got < sizeof(mac) || !is_valid_ether_addr(mac)) {
		netdev_err(nv->ndev, "host gave no usable MAC address\n");
		return -EPROTO;
	}
	eth_hw_addr_set(nv->ndev, mac);
	memcpy(nv->ndev->perm_addr, mac, sizeof(mac));
	return 0;
}

/* A mandatory question: without an answer nothing is known of checksums. */
static int learn_offloads(struct netvsc *nv)
{
	struct ndis_offload caps;
	struct rndis_offloads use;
	u32 len, got;
	int err;

	len = rndis_put_offload_query(&caps, nvsp_offload_revision(nv->version));
	err = netvsc_query(nv, RNDIS_OID_OFFLOAD_CAPABILITIES, &caps, len, &caps, sizeof(caps),
			   &got);
	if (!err)
		err = rndis_parse_offloads(&caps, got, &nv->offloads);
	if (err)
		return err;
	if (nv->version < NVSP_VERSION_6_1)
		nv->offloads.rsc = false;
	use = nv->offloads;
	/* A new NIC has no features yet, and will have all there are. */
	use.rsc = use.rsc && (nv->ndev->reg_state == NETREG_UNINITIALIZED ||
			      nv->ndev->features & NETIF_F_LRO);
	return netvsc_set_offloads(nv, &use);
}

static void learn_link(struct netvsc *nv)
{
	u32 value;

	nv->link_up = true;
	if (!query_u32(nv, RNDIS_OID_MEDIA_CONNECT, &value))
		nv->link_up = value == RNDIS_MEDIA_CONNECTED;
	if (nv->version >= NVSP_VERSION_5 && !query_u32(nv, RNDIS_OID_LINK_SPEED, &value))
		WRITE_ONCE(nv->speed, value / 10000);
}

static int learn_mtu(struct netvsc *nv)
{
	u32 most;

	if (query_u32(nv, RNDIS_OID_FRAME_MAX, &most) || most >= nv->cfg.mtu)
		return 0;
	if (most < ETH_MIN_MTU)
		return -EPROTO;
	/* At first we take what it gives; a change that it does not follow has failed. */
	if (nv->ndev->reg_state != NETREG_UNINITIALIZED)
		return -EINVAL;
	nv->cfg.mtu = most;
	return 0;
}

static void learn_name(struct netvsc *nv)
{
	char text[IFALIASZ];
	u32 got, len;
	void *name;

	if (nv->ndev->reg_state != NETREG_UNINITIALIZED)
		return;
	name = kzalloc(RNDIS_FRIENDLY_NAME_LEN, GFP_KERNEL);
	if (!name)
		return;
	if (!netvsc_query(nv, RNDIS_OID_FRIENDLY_NAME, NULL, 0, name, RNDIS_FRIENDLY_NAME_LEN,
			  &got)) {
		len = rndis_parse_name(name, got, text, sizeof(text));
		/* What every NIC is called at first tells nothing. */
		if (len && strcmp(text, "Network Adapter"))
			dev_set_alias(nv->ndev, text, len);
	}
	kfree(name);
}

static void learn_rss(struct netvsc *nv)
{
	struct ndis_rss_capabilities caps;
	u32 got;

	nv->rss = (struct rndis_rss_caps){ .queues = 1 };
	if (nv->version < NVSP_VERSION_5)
		return;
	rndis_put_rss_query(&caps);
	if (netvsc_query(nv, RNDIS_OID_RSS_CAPABILITIES, &caps, NDIS_RSS_CAPABILITIES_LEN,
			 &caps, sizeof(caps), &got) ||
	    rndis_parse_rss(&caps, got, &nv->rss))
		nv->rss = (struct rndis_rss_caps){ .queues = 1 };
}

/* First what must be known. */
static int learn(struct netvsc *nv)
{
	int err;

	err = learn_address(nv);
	if (!err)
		err = learn_offloads(nv);
	if (err)
		return err;
	nv->optional = true;
	err = learn_mtu(nv);
	if (err)
		return err;
	learn_link(nv);
	learn_rss(nv);
	learn_name(nv);
	return netvsc_is_gone(nv) ? -ENODEV : 0;
}

/* Sub-channels -------------------------------------------------------------------------*/

static bool is_used(const struct netvsc *nv, const struct vmbus_chan *chan)
{
	u32 i;

	for (i = 1; i < nv->queue_cnt; i++)
		if (nv->queues[i].chan == chan)
			return true;
	return false;
}

bool netvsc_take_subs(struct netvsc *nv, unsigned int wait_ms)
{
	struct vmbus_chan *primary = nv->vdev->chan, *chan;
	u32 had = nv->queue_cnt, promised = had - 1 + nv->subs_missing, i, there;

	if (!nv->subs_missing)
		return false;
	there = vmbus_subchans_wait(primary, promised, wait_ms);
	for (i = 0; i < there && nv->queue_cnt < nv->queue_room; i++) {
		chan = vmbus_subchan_get(primary, i);
		if (!chan)
			break;
		if (is_used(nv, chan) || open_queue(&nv->queues[nv->queue_cnt], chan)) {
			vmbus_chan_put(chan);
			continue;
		}
		nv->queue_cnt++;
		nv->subs_missing--;
	}
	return nv->queue_cnt != had;
}

void netvsc_expect_subs(struct netvsc *nv)
{
	if (nv->subs_missing && !READ_ONCE(nv->removing))
		schedule_delayed_work(&nv->subs_work,
				      SUBS_LATER << min(nv->subs_tries++, SUBS_DOUBLINGS));
}

static u32 ask_for_subs(struct netvsc *nv)
{
	u32 want = min3(nv->cfg.queues, nv->queue_room, nv->rss.queues) - 1, granted = 0;
	union nvsp_msg msg;
	int err;

	if (!want || nv->version < NVSP_VERSION_5)
		return 0;
	nvsp_put_sub_channels(&msg, want);
	err = ask(nv, &msg);
	if (err >= 0)
		err = nvsp_parse_sub_channels(nv->ask.reply, err, want, &granted);
	if (err)
		netdev_warn(nv->ndev, "host gives no sub-channels, error %d: using one channel\n",
			    err);
	return granted;
}

static void default_rss_table(struct netvsc *nv)
{
	u32 i;

	for (i = 0; i < nv->rss.table; i++)
		if (!netif_is_rxfh_configured(nv->ndev) || nv->rss_table[i] >= nv->queue_cnt)
			nv->rss_table[i] = i % nv->queue_cnt;
}

/* Who sends on what, and receives where, with as many queues as there are. */
static void share_out(struct netvsc *nv)
{
	netvsc_spread_table(nv);
	if (nv->rss.queues < 2 || !nv->rss.table)
		return;
	default_rss_table(nv);
	if (nv->queue_cnt > 1 && netvsc_set_rss(nv, nv->rss_table, nv->rss_key))
		netdev_warn(nv->ndev, "host does not spread what it sends over %u channels\n",
			    nv->queue_cnt);
}

static int start_queues(struct netvsc *nv, u32 from)
{
	u32 i;
	int err;

	for (i = from; i < nv->queue_cnt; i++) {
		err = netvsc_tx_alloc(&nv->queues[i]);
		if (err)
			return err;
	}
	for (i = from; i < nv->queue_cnt; i++) {
		netdev_tx_reset_queue(nv->queues[i].txq);
		WRITE_ONCE(nv->queues[i].live, true);
	}
	return 0;
}

/* Up and down ------------------------------------------------------------------------------*/

static void close_all(struct netvsc *nv)
{
	u32 i;

	for (i = nv->queue_cnt; i--;)
		close_queue(&nv->queues[i]);
	nv->queue_cnt = 0;
	netvsc_lend_stop(nv);
	nv->acks_most = 0;
	memset(&nv->recv_pieces, 0, sizeof(nv->recv_pieces));
	memset(&nv->send_pieces, 0, sizeof(nv->send_pieces));
}

int netvsc_attach(struct netvsc *nv, const struct netvsc_config *cfg)
{
	const char *step = "receive buffer";
	int err;

	lockdep_assert_held(&nv->lock);
	nv->cfg = *cfg;
	nv->optional = false;
	nv->filter = 0;
	nv->subs_missing = 0;
	nv->subs_tries = 0;
	nv->host_table_valid = false;
	WRITE_ONCE(nv->gone, false);
	err = renew_recv_buf(nv);
	if (err)
		goto err;
	step = "channel";
	err = open_queue(&nv->queues[0], nv->vdev->chan);
	if (err)
		goto err;
	nv->queue_cnt = 1;
	step = "version";
	err = negotiate(nv);
	if (err)
		goto err_close;
	step = "receive buffer";
	err = lend_recv_buf(nv);
	if (err)
		goto err_close;
	step = "send buffer";
	err = lend_send_buf(nv);
	if (err)
		goto err_close;
	step = "RNDIS";
	err = netvsc_initialize(nv);
	if (err)
		goto err_close;
	step = "properties";
	err = learn(nv);
	if (err)
		goto err_halt;

	nv->subs_missing = ask_for_subs(nv);
	nv->tx_share = min(nv->send_pieces.cnt / (1 + nv->subs_missing), 4096u / 8);
	/* An eighth of the receive buffer the host can do without. */
	WRITE_ONCE(nv->acks_most, nv->recv_pieces.cnt / 8 / (1 + nv->subs_missing));
	netvsc_take_subs(nv, SUBS_WAIT_MS);
	if (nv->subs_missing) {
		netdev_info(nv->ndev, "%u of the promised channels are not there yet\n",
			    nv->subs_missing);
		netvsc_expect_subs(nv);
	}
	step = "queues";
	share_out(nv);
	err = start_queues(nv, 0);
	if (err)
		goto err_halt;
	nv->attached = true;
	nv->optional = false;
	netvsc_vf_attached(nv);
	return 0;

err_halt:
	netvsc_halt(nv);
err_close:
	close_all(nv);
err:
	netdev_err(nv->ndev, "%s: host and driver do not get together, error %d\n", step, err);
	return err;
}

/*
 * A host reads each channel by itself: what lies in another than the primary it would find
 * after it has been told that the NIC is halted and the buffers are its no more, and drop.
 * One that completes nothing is not waited for longer.
 */
static void drain(struct netvsc *nv)
{
	unsigned long end = jiffies + DRAIN_TIME;
	u32 i;

	for (i = 0; i < nv->queue_cnt; i++)
		while (!netvsc_tx_is_done(&nv->queues[i]) && !netvsc_is_gone(nv) &&
		       time_before(jiffies, end))
			usleep_range(100, 500);
}

void netvsc_detach(struct netvsc *nv)
{
	lockdep_assert_held(&nv->lock);
	if (!nv->attached)
		return;
	nv->attached = false;
	netvsc_vf_detached(nv);
	if (!netvsc_is_gone(nv)) {
		drain(nv);
		netvsc_halt(nv);
		revoke_buffers(nv);
	}
	close_all(nv);
}

/* After netvsc_take_subs(): the new queues send and receive as the others do. */
int netvsc_start_new(struct netvsc *nv, u32 from)
{
	int err = start_queues(nv, from);

	share_out(nv);
	return err;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * netdev.c - the net_device: open, stop, features, MTU, statistics, carrier, remove
 *
 * A change of configuration brings the host down and up again, because the
 * protocol has no other way. The administrator's link stays up meanwhile, the
 * transmit queues wait; and if the new configuration does not work out, the old
 * one comes back.
 */
#include "netvsc.h"

#include <linux/debugfs.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/jhash.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <net/sock.h>
#include COMPAT_NETDEV_LOCK_HEADER

/* Nothing has moved for so long: bring the NIC up anew. */
#define WATCHDOG_PERIOD		(10 * HZ)

/* A NIC that cannot be brought up again so often in a row is left alone. */
#define RECOVER_TRIES		6u

/* If it has been well for so long, the next trouble is a new one. */
#define RECOVER_PEACE		(60 * HZ)

/* Nor is a host that refuses so often asked again to let frames through. */
#define FILTER_TRIES		6u

/* The receive buffer: pieces for one channel, more for each further one, bytes at most. */
#define RECV_PIECES		1024u
#define RECV_PIECES_MORE	128u
#define RECV_DEFAULT_MAX	(4u << 20)
#define RECV_MAX		(31u << 20)
#define RECV_MAX_V2		(15u << 20)
/* What hosts put before a frame and behind it. */
#define RECV_AROUND		292u

/* The send buffer: sections as hosts make them. */
#define SEND_SECTION		6144u
#define SEND_SECTIONS		64u
#define SEND_SECTIONS_MORE	32u
#define SEND_MAX		(15u << 20)

#define PIECES_MIN		10u

/* Frames in one message, unless the host takes fewer. */
#define BATCH_DEFAULT		32u

#define DEFAULT_MSG_ENABLE	(NETIF_MSG_DRV | NETIF_MSG_PROBE | NETIF_MSG_LINK | \
				 NETIF_MSG_IFUP | NETIF_MSG_IFDOWN | NETIF_MSG_TX_ERR)

/* The key everybody starts with, so that flows go to the queues the documentation says. */
static const u8 default_key[NDIS_RSS_KEY_LEN] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* Rejects -------------------------------------------------------------------------*/

static const char *const reject_names[NETVSC_REJECT_COUNT] = {
	[NETVSC_REJECT_TYPE] = "packet of unknown type",
	[NETVSC_REJECT_TRANSFER] = "transfer-page packet that is none",
	[NETVSC_REJECT_RANGE] = "range outside the receive buffer",
	[NETVSC_REJECT_FRAME] = "frame with an impossible header",
	[NETVSC_REJECT_PART] = "coalesced frame out of order",
	[NETVSC_REJECT_CONTROL] = "control message that is none",
	[NETVSC_REJECT_ANSWER] = "answer to nothing that was asked",
	[NETVSC_REJECT_NOTICE] = "notice of unknown kind",
	[NETVSC_REJECT_SENT] = "completion of a frame that is none",
	[NETVSC_REJECT_CHANNEL] = "message on the wrong channel",
};

void netvsc_reject(struct netvsc_queue *q, enum netvsc_reject why)
{
	struct netvsc *nv = q->nv;

	atomic_inc(&nv->rejects[why]);
	if (__ratelimit(&nv->log_limit))
		netdev_warn(nv->ndev, "queue %u: from the host, %s: rejected\n", q->index, reject_names[why]);
}

static int debugfs_show(struct seq_file *file, void *unused)
{
	struct netvsc *nv = file->private;
	u32 i;

	mutex_lock(&nv->lock);
	seq_printf(file, "version: %u.%u\n", nv->version >> 16, nv->version & 0xffff);
	seq_printf(file, "attached: %d\n", nv->attached);
	seq_printf(file, "recoveries: %u\n", nv->recoveries);
	seq_printf(file, "receive buffer: %u bytes in %u pieces of %u\n", nv->recv_len,
		   nv->recv_pieces.cnt, nv->recv_pieces.len);
	seq_printf(file, "lent: %d pieces of at most %u; frames up to %u bytes are copied\n",
		   atomic_read(&nv->lent), nv->lent_most, nv->rx_copybreak);
	seq_printf(file, "send buffer: %u bytes in %u sections of %u, %u for each queue\n",
		   nv->send_len, nv->send_pieces.cnt, nv->send_pieces.len, nv->tx_share);
	seq_printf(file, "limits: %u frames of %u bytes in all, aligned to %u\n",
		   nv->limits.packets, nv->limits.bytes, nv->limits.align);
	if (nv->filter == NETVSC_FILTER_UNKNOWN)
		seq_puts(file, "filter: unknown\n");
	else
		seq_printf(file, "filter: 0x%x\n", nv->filter);
	seq_printf(file, "filter, refused: %u\n", nv->filter_failures);
	for (i = 0; i < nv->queue_cnt; i++) {
		struct netvsc_queue *q = &nv->queues[i];

		seq_printf(file, "queue %u: relid %u cpu %d sent %llu in %llu batches, received %llu, coalesced %llu\n",
			   i, vmbus_chan_relid(q->chan), vmbus_chan_cpu(q->chan), q->tx.packets,
			   q->tx.batches, q->rx.packets, q->rx.coalesced);
	}
	for (i = 0; i < NETVSC_REJECT_COUNT; i++)
		seq_printf(file, "rejected, %s: %d\n", reject_names[i],
			   atomic_read(&nv->rejects[i]));
	mutex_unlock(&nv->lock);
	netvsc_vf_show(nv, file);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(debugfs);

/* Buffers ---------------------------------------------------------------------------*/

static u32 recv_bytes(const struct netvsc *nv, const struct netvsc_config *cfg)
{
	u32 piece = cfg->mtu + ETH_HLEN + RECV_AROUND, most = RECV_DEFAULT_MAX;
	u64 pieces = RECV_PIECES + RECV_PIECES_MORE * (cfg->queues - 1);

	if (cfg->rx_pieces) {
		pieces = cfg->rx_pieces;
		most = nv->version && nv->version <= NVSP_VERSION_2 ? RECV_MAX_V2 : RECV_MAX;
	}
	return PAGE_ALIGN(clamp_t(u64, pieces * piece, PIECES_MIN * piece, most));
}

static u32 send_bytes(const struct netvsc *nv, const struct netvsc_config *cfg)
{
	u32 sections = cfg->tx_sections;

	if (!sections)
		sections = SEND_SECTIONS + SEND_SECTIONS_MORE * (cfg->queues - 1);
	return PAGE_ALIGN(min(sections, SEND_MAX / SEND_SECTION) * SEND_SECTION);
}

/* What a configuration needs; a buffer of the right size is used again. */
struct buffers {
	struct vmbus_buf *recv, *send;
	u32 recv_len, send_len;
};

static struct buffers own_buffers(const struct netvsc *nv)
{
	return (struct buffers){ nv->recv_buf, nv->send_buf, nv->recv_len, nv->send_len };
}

static void use_buffers(struct netvsc *nv, const struct buffers *b)
{
	nv->recv_buf = b->recv;
	nv->recv_len = b->recv_len;
	nv->recv = b->recv ? vmbus_buf_addr(b->recv) : NULL;
	nv->send_buf = b->send;
	nv->send_len = b->send_len;
	nv->send = b->send ? vmbus_buf_addr(b->send) : NULL;
}

/* Frees of @b what is not also in @keep. */
static void free_buffers(struct netvsc *nv, const struct buffers *b, const struct buffers *keep)
{
	if (b->recv != keep->recv)
		vmbus_buf_free(nv->vdev->chan, b->recv);
	if (b->send != keep->send)
		vmbus_buf_free(nv->vdev->chan, b->send);
}

static int get_buffers(struct netvsc *nv, const struct netvsc_config *cfg, struct buffers *b)
{
	struct buffers own = own_buffers(nv);

	*b = own;
	b->recv_len = recv_bytes(nv, cfg);
	b->send_len = send_bytes(nv, cfg);
	if (!own.recv || b->recv_len != own.recv_len) {
		b->recv = vmbus_buf_alloc(nv->vdev->chan, b->recv_len);
		if (IS_ERR(b->recv))
			return PTR_ERR(b->recv);
	}
	if (!own.send || b->send_len != own.send_len) {
		b->send = vmbus_buf_alloc(nv->vdev->chan, b->send_len);
		/* Frames can be sent without. */
		if (IS_ERR(b->send)) {
			b->send = NULL;
			b->send_len = 0;
		}
	}
	return 0;
}

/* What the host cuts at once: of both kinds, for the stack has one number. */
static void limit_segments(struct netvsc *nv)
{
	u32 v4 = nv->offloads.tso4_max ?: U32_MAX, v6 = nv->offloads.tso6_max ?: U32_MAX;

	netif_set_tso_max_size(nv->ndev, min3(v4, v6, (u32)GSO_LEGACY_MAX_SIZE));
}

/* Configuration -----------------------------------------------------------------------*/

void netvsc_spread_table(struct netvsc *nv)
{
	u32 i, count = max(READ_ONCE(nv->queue_cnt), 1u);

	for (i = 0; i < NVSP_INDIRECTION_CNT; i++) {
		u32 entry = READ_ONCE(nv->host_table_valid) ? nv->host_table[i] : i;

		WRITE_ONCE(nv->send_table[i], entry % count);
	}
}

static u32 wanted_filter(const struct net_device *ndev)
{
	u32 filter = RNDIS_FILTER_DIRECTED;

	if (ndev->flags & IFF_PROMISC)
		return RNDIS_FILTER_PROMISCUOUS;
	if (ndev->flags & IFF_BROADCAST)
		filter |= RNDIS_FILTER_BROADCAST;
	if (ndev->flags & IFF_ALLMULTI || !netdev_mc_empty(ndev))
		filter |= RNDIS_FILTER_ALL_MULTICAST;
	return filter;
}

static void show_carrier(struct netvsc *nv)
{
	if (nv->attached && READ_ONCE(nv->link_up))
		netif_carrier_on(nv->ndev);
	else
		netif_carrier_off(nv->ndev);
}

/* No frame is being sent when this returns, nor will one be before the queues are live. */
static void quiesce(struct netvsc *nv)
{
	u32 i;

	for (i = 0; i < nv->queue_cnt; i++)
		WRITE_ONCE(nv->queues[i].live, false);
	netif_tx_disable(nv->ndev);
}

static int set_queue_numbers(struct netvsc *nv)
{
	int err = netif_set_real_num_tx_queues(nv->ndev, nv->queue_cnt);
	u32 i;

	for (i = 0; i < nv->queue_room; i++)
		compat_queue_set_napi(nv->ndev, i, i < nv->queue_cnt ? &nv->queues[i].napi : NULL);
	return err ?: netif_set_real_num_rx_queues(nv->ndev, nv->queue_cnt);
}

static void set_filter_later(struct netvsc *nv, unsigned long delay)
{
	if (!READ_ONCE(nv->removing))
		mod_delayed_work(system_freezable_wq, &nv->rx_mode_work, delay);
}

/* What the stack wants to be let through; if the host does not do it, once more later. */
static int set_filter(struct netvsc *nv)
{
	int err = netvsc_set_filter(nv, wanted_filter(nv->ndev));

	if (!err) {
		nv->filter_tries = 0;
		return 0;
	}
	nv->filter_failures++;
	if (nv->filter_tries < FILTER_TRIES)
		set_filter_later(nv, HZ << nv->filter_tries++);
	else
		netdev_warn(nv->ndev, "host does not let through what it should, error %d\n", err);
	return err;
}

/* What the stack knows is true again. RTNL and lock held. */
static void go_on(struct netvsc *nv)
{
	if (!nv->attached)
		return;
	if (set_queue_numbers(nv))
		netdev_warn(nv->ndev, "%u queues not announced\n", nv->queue_cnt);
	if (netif_running(nv->ndev)) {
		set_filter(nv);
		netif_tx_wake_all_queues(nv->ndev);
	}
	show_carrier(nv);
}

int netvsc_reconfigure(struct netvsc *nv, const struct netvsc_config *want)
{
	struct netvsc_config had = nv->cfg;
	struct buffers old, new;
	int err;

	ASSERT_RTNL();
	mutex_lock(&nv->lock);
	if (!nv->attached) {
		/* Nothing to change yet; it counts when the NIC comes back. */
		nv->cfg = *want;
		mutex_unlock(&nv->lock);
		return 0;
	}
	old = own_buffers(nv);
	/* What may fail for want of memory comes before anything is stopped. */
	err = get_buffers(nv, want, &new);
	if (err)
		goto out;
	quiesce(nv);
	netvsc_detach(nv);
	use_buffers(nv, &new);
	/* Also for the way back: a host that is silent now will be waited for without RTNL. */
	netvsc_deadline_begin(nv);
	err = netvsc_attach(nv, want);
	if (!err) {
		free_buffers(nv, &old, &new);
	} else {
		use_buffers(nv, &old);
		free_buffers(nv, &new, &old);
		netdev_warn(nv->ndev, "going back to the configuration that was\n");
		if (netvsc_attach(nv, &had)) {
			nv->cfg = had;
			show_carrier(nv);
			netvsc_recover(nv);
		}
	}
	go_on(nv);
	netvsc_deadline_end(nv);
out:
	mutex_unlock(&nv->lock);
	return err;
}

/* Another host, or the same after a while, may do less for us than before. RTNL held. */
static void renew_features(struct netvsc *nv)
{
	limit_segments(nv);
	netdev_update_features(nv->ndev);
}

/* Recovery -----------------------------------------------------------------------------*/

/* At once; if it has come to that before, each time later: RTNL is held meanwhile. */
static unsigned long recover_delay(const struct netvsc *nv)
{
	u32 tries = min(READ_ONCE(nv->recover_tries), RECOVER_TRIES);

	return tries ? HZ << (tries - 1) : 0;
}

void netvsc_recover(struct netvsc *nv)
{
	if (READ_ONCE(nv->recoveries) && time_after(jiffies, READ_ONCE(nv->up_at) + RECOVER_PEACE))
		WRITE_ONCE(nv->recover_tries, 0);
	if (!READ_ONCE(nv->removing))
		queue_delayed_work(system_freezable_wq, &nv->recover_work, recover_delay(nv));
}

static bool all_open(const struct netvsc *nv)
{
	u32 i;

	for (i = 0; i < nv->queue_cnt; i++)
		if (READ_ONCE(nv->queues[i].gone))
			return false;
	return true;
}

static void recover_work(struct work_struct *work)
{
	struct netvsc *nv = container_of(to_delayed_work(work), struct netvsc, recover_work);
	struct buffers old, need;
	int err = -ENODEV;

	rtnl_lock();
	mutex_lock(&nv->lock);
	if (nv->removing || nv->ndev->reg_state != NETREG_REGISTERED ||
	    !netif_device_present(nv->ndev))
		goto out;
	nv->recoveries++;
	netdev_warn(nv->ndev, "%s: bringing the NIC up anew\n",
		    !nv->attached ? "not in use" : all_open(nv) ? "nothing moves" : "channel lost");
	quiesce(nv);
	netvsc_detach(nv);
	netif_carrier_off(nv->ndev);
	/* They differ if the configuration was changed while the NIC was not in use. */
	old = own_buffers(nv);
	netvsc_deadline_begin(nv);
	err = get_buffers(nv, &nv->cfg, &need);
	if (!err) {
		use_buffers(nv, &need);
		free_buffers(nv, &old, &need);
		err = netvsc_attach(nv, &nv->cfg);
	}
	WRITE_ONCE(nv->up_at, jiffies);
	if (nv->recover_tries < RECOVER_TRIES)
		WRITE_ONCE(nv->recover_tries, nv->recover_tries + 1);
	if (!err) {
		nv->recover_failures = 0;
		go_on(nv);
	} else if (nv->recover_failures++ < RECOVER_TRIES && !nv->removing) {
		/* If the host has taken the NIC away, remove follows and ends this. */
		queue_delayed_work(system_freezable_wq, &nv->recover_work, recover_delay(nv));
	}
	netvsc_deadline_end(nv);
out:
	mutex_unlock(&nv->lock);
	if (!err)
		renew_features(nv);
	rtnl_unlock();
}

static void tx_timeout(struct net_device *ndev, unsigned int index)
{
	struct netvsc *nv = netdev_priv(ndev);

	/* While it is being reconfigured nothing moves either. */
	if (!READ_ONCE(nv->queues[index].live))
		return;
	netdev_warn(ndev, "queue %u: host has not completed a frame for %u s\n", index,
		    WATCHDOG_PERIOD / HZ);
	netvsc_recover(nv);
}

static void subs_work(struct work_struct *work)
{
	struct netvsc *nv = container_of(to_delayed_work(work), struct netvsc, subs_work);
	u32 had;

	rtnl_lock();
	mutex_lock(&nv->lock);
	had = nv->queue_cnt;
	if (nv->attached && !nv->removing && netvsc_take_subs(nv, 0)) {
		if (netvsc_start_new(nv, had))
			netvsc_recover(nv);
		else
			go_on(nv);
		netdev_info(nv->ndev, "%u channels\n", nv->queue_cnt);
	}
	if (nv->attached)
		netvsc_expect_subs(nv);
	mutex_unlock(&nv->lock);
	rtnl_unlock();
}

/* Link ---------------------------------------------------------------------------------*/

static void link_work(struct work_struct *work)
{
	struct netvsc *nv = container_of(to_delayed_work(work), struct netvsc, link_work);
	unsigned long next = nv->link_at + netvsc_link_delay();
	bool was = netif_carrier_ok(nv->ndev);

	/* However often the host says something, only the last word counts. */
	if (nv->link_at && time_before(jiffies, next)) {
		schedule_delayed_work(&nv->link_work, next - jiffies);
		return;
	}
	mutex_lock(&nv->lock);
	if (test_and_clear_bit(NETVSC_LINK_DOWN, &nv->link_events))
		WRITE_ONCE(nv->link_up, false);
	if (test_and_clear_bit(NETVSC_LINK_UP, &nv->link_events))
		WRITE_ONCE(nv->link_up, true);
	if (test_and_clear_bit(NETVSC_LINK_CHANGE, &nv->link_events) && nv->link_up && was) {
		/* Another network: who is configured by it shall ask anew. */
		netif_carrier_off(nv->ndev);
		set_bit(NETVSC_LINK_UP, &nv->link_events);
		if (!READ_ONCE(nv->removing))
			schedule_delayed_work(&nv->link_work, max(netvsc_link_delay(), 1ul));
	} else {
		show_carrier(nv);
	}
	if (netif_carrier_ok(nv->ndev) != was)
		nv->link_at = jiffies ?: 1;
	mutex_unlock(&nv->lock);
}

/* Operations ------------------------------------------------------------------------------*/

static int open_nic(struct net_device *ndev)
{
	struct netvsc *nv = netdev_priv(ndev);
	int err = 0;

	mutex_lock(&nv->lock);
	if (nv->attached) {
		nv->filter_tries = 0;
		err = netvsc_set_filter(nv, wanted_filter(ndev));
		if (err)
			netdev_err(ndev, "host does not let frames through, error %d\n", err);
	}
	if (!err) {
		netif_tx_start_all_queues(ndev);
		show_carrier(nv);
	}
	mutex_unlock(&nv->lock);
	if (!err)
		netvsc_vf_open(nv);
	return err;
}

static int stop_nic(struct net_device *ndev)
{
	struct netvsc *nv = netdev_priv(ndev);

	netvsc_vf_close(nv);
	netif_tx_disable(ndev);
	mutex_lock(&nv->lock);
	/* If it does not listen the frames are dropped here. */
	if (nv->attached)
		netvsc_set_filter(nv, 0);
	mutex_unlock(&nv->lock);
	return 0;
}

static void rx_mode_work(struct work_struct *work)
{
	struct netvsc *nv = container_of(to_delayed_work(work), struct netvsc, rx_mode_work);

	mutex_lock(&nv->lock);
	if (nv->attached && netif_running(nv->ndev))
		set_filter(nv);
	mutex_unlock(&nv->lock);
}

static void set_rx_mode(struct net_device *ndev)
{
	struct netvsc *nv = netdev_priv(ndev);

	netvsc_vf_set_rx_mode(nv);
	/* Another wish, another try. */
	WRITE_ONCE(nv->filter_tries, 0);
	set_filter_later(nv, 0);
}

static void change_rx_flags(struct net_device *ndev, int change)
{
	netvsc_vf_set_flags(netdev_priv(ndev));
}

static int add_vlan(struct net_device *ndev, __be16 proto, u16 id)
{
	return netvsc_vf_add_vlan(netdev_priv(ndev), proto, id);
}

static int del_vlan(struct net_device *ndev, __be16 proto, u16 id)
{
	netvsc_vf_del_vlan(netdev_priv(ndev), proto, id);
	return 0;
}

static int set_mac(struct net_device *ndev, void *addr)
{
	struct netvsc *nv = netdev_priv(ndev);
	struct sockaddr *sa = addr;
	struct rndis_mac_set set;
	int err;

	err = eth_prepare_mac_addr_change(ndev, addr);
	if (!err)
		err = netvsc_vf_set_address(nv, (u8 *)sa->sa_data);
	if (err)
		return err;
	rndis_put_mac(&set, (u8 *)sa->sa_data);
	mutex_lock(&nv->lock);
	err = nv->attached ? netvsc_set(nv, RNDIS_OID_CONFIG_PARAMETER, &set, sizeof(set)) :
			     -ENODEV;
	mutex_unlock(&nv->lock);
	if (!err)
		eth_commit_mac_addr_change(ndev, addr);
	else
		netvsc_vf_set_address(nv, ndev->dev_addr);
	return err;
}

static int change_mtu(struct net_device *ndev, int mtu)
{
	struct netvsc *nv = netdev_priv(ndev);
	struct netvsc_config want = nv->cfg;
	int err;

	if (netvsc_xdp_is_small(rtnl_dereference(nv->xdp_prog)) && !netvsc_xdp_fits(mtu))
		return -EINVAL;
	err = netvsc_vf_set_mtu(nv, mtu);
	if (err)
		return err;
	want.mtu = mtu;
	err = netvsc_reconfigure(nv, &want);
	if (!err)
		WRITE_ONCE(ndev->mtu, mtu);
	else
		netvsc_vf_set_mtu(nv, ndev->mtu);
	netvsc_vf_reconsider(nv);
	return err;
}

static int set_features(struct net_device *ndev, netdev_features_t features)
{
	netdev_features_t changed = ndev->features ^ features;
	struct netvsc *nv = netdev_priv(ndev);
	struct rndis_offloads use;
	int err = 0;

	if (!(changed & NETIF_F_LRO))
		return 0;
	mutex_lock(&nv->lock);
	use = nv->offloads;
	use.rsc = use.rsc && features & NETIF_F_LRO;
	if (nv->attached)
		err = netvsc_set_offloads(nv, &use);
	mutex_unlock(&nv->lock);
	return err;
}

/*
 * Frames that the host has put together are more than every program can see. And who is the
 * host now may not cut large ones.
 */
static netdev_features_t fix_features(struct net_device *ndev, netdev_features_t features)
{
	struct netvsc *nv = netdev_priv(ndev);

	if (netvsc_xdp_is_small(rtnl_dereference(nv->xdp_prog)))
		features &= ~NETIF_F_LRO;
	if (!nv->offloads.tso4_max)
		features &= ~NETIF_F_TSO;
	if (!nv->offloads.tso6_max)
		features &= ~NETIF_F_TSO6;
	return features;
}

/* The place of the transport header has ten bits. */
static netdev_features_t features_check(struct sk_buff *skb, struct net_device *ndev,
					netdev_features_t features)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    unlikely(skb_checksum_start_offset(skb) > RNDIS_CSUM_TX_OFFSET_MASK))
		features &= ~(NETIF_F_CSUM_MASK | NETIF_F_GSO_MASK);
	return vlan_features_check(skb, features);
}

static bool hashes_ports(const struct netvsc *nv, const struct flow_keys *keys)
{
	bool v4 = keys->basic.n_proto == htons(ETH_P_IP);

	switch (keys->basic.ip_proto) {
	case IPPROTO_TCP:
		return nv->l4_hash & (v4 ? NETVSC_L4_TCP4 : NETVSC_L4_TCP6);
	case IPPROTO_UDP:
		return nv->l4_hash & (v4 ? NETVSC_L4_UDP4 : NETVSC_L4_UDP6);
	default:
		return true;
	}
}

/* As the stack does, or of the addresses alone if the administrator wants that. */
static u32 flow_hash(const struct netvsc *nv, struct sk_buff *skb)
{
	struct flow_keys keys;

	if (likely(nv->l4_hash == (NETVSC_L4_TCP4 | NETVSC_L4_TCP6 | NETVSC_L4_UDP4 |
				   NETVSC_L4_UDP6)))
		return skb_get_hash(skb);
	if (!skb_flow_dissect_flow_keys(skb, &keys, 0) || hashes_ports(nv, &keys))
		return skb_get_hash(skb);
	skb_get_hash(skb);
	return keys.basic.n_proto == htons(ETH_P_IP) ?
	       jhash(&keys.addrs.v4addrs, sizeof(keys.addrs.v4addrs), 0) :
	       jhash(&keys.addrs.v6addrs, sizeof(keys.addrs.v6addrs), 0);
}

static bool has_xps(const struct net_device *ndev)
{
#ifdef CONFIG_XPS
	return rcu_access_pointer(ndev->xps_maps[XPS_CPUS]) ||
	       rcu_access_pointer(ndev->xps_maps[XPS_RXQS]);
#else
	return false;
#endif
}

/* By the administrator's map, if there is one; else by the host's table. */
static u16 select_queue(struct net_device *ndev, struct sk_buff *skb, struct net_device *sb_dev)
{
	const struct netvsc *nv = netdev_priv(ndev);
	struct sock *sk = skb->sk;
	int queue;

	if (unlikely(has_xps(ndev)))
		return netdev_pick_tx(ndev, skb, sb_dev) % ndev->real_num_tx_queues;
	queue = sk_tx_queue_get(sk);
	if (likely(queue >= 0 && queue < ndev->real_num_tx_queues && !skb->ooo_okay))
		return queue;
	queue = READ_ONCE(nv->send_table[flow_hash(nv, skb) % NVSP_INDIRECTION_CNT]);
	if (unlikely(queue >= ndev->real_num_tx_queues))
		queue = 0;
	if (sk && sk_fullsock(sk) && rcu_access_pointer(sk->sk_dst_cache))
		sk_tx_queue_set(sk, queue);
	return queue;
}

static void get_stats(struct net_device *ndev, struct rtnl_link_stats64 *sum)
{
	struct netvsc *nv = netdev_priv(ndev);
	struct netvsc_tx_stats tx;
	struct netvsc_rx_stats rx;
	struct netvsc_vf_stats vf;
	unsigned int start;
	u32 i;

	netvsc_vf_sum(nv, &vf);
	sum->tx_packets = vf.tx_packets;
	sum->tx_bytes = vf.tx_bytes;
	sum->tx_dropped = vf.tx_dropped;
	sum->rx_packets = vf.rx_packets;
	sum->rx_bytes = vf.rx_bytes;
	sum->rx_dropped = vf.rx_dropped;
	/* Queues that are not open have counted, too. */
	for (i = 0; i < nv->queue_room; i++) {
		const struct netvsc_queue *q = &nv->queues[i];

		do {
			start = u64_stats_fetch_begin(&q->tx.syncp);
			tx = q->tx;
		} while (u64_stats_fetch_retry(&q->tx.syncp, start));
		do {
			start = u64_stats_fetch_begin(&q->rx.syncp);
			rx = q->rx;
		} while (u64_stats_fetch_retry(&q->rx.syncp, start));
		sum->tx_packets += tx.packets;
		sum->tx_bytes += tx.bytes;
		sum->tx_dropped += tx.dropped;
		sum->tx_errors += tx.errors;
		sum->rx_packets += rx.packets;
		sum->rx_bytes += rx.bytes;
		sum->rx_dropped += rx.dropped;
		sum->rx_errors += rx.errors;
		sum->multicast += rx.multicast;
	}
}

static const struct net_device_ops netdev_ops = {
	.ndo_open = open_nic,
	.ndo_stop = stop_nic,
	.ndo_start_xmit = netvsc_start_xmit,
	.ndo_select_queue = select_queue,
	.ndo_features_check = features_check,
	.ndo_set_rx_mode = set_rx_mode,
	.ndo_change_rx_flags = change_rx_flags,
	.ndo_vlan_rx_add_vid = add_vlan,
	.ndo_vlan_rx_kill_vid = del_vlan,
	.ndo_set_mac_address = set_mac,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_change_mtu = change_mtu,
	.ndo_fix_features = fix_features,
	.ndo_set_features = set_features,
	.ndo_get_stats64 = get_stats,
	.ndo_tx_timeout = tx_timeout,
	.ndo_bpf = netvsc_xdp_setup,
	.ndo_xdp_xmit = netvsc_xdp_xmit,
};

/* Probe and remove ----------------------------------------------------------------------*/

static void init_features(struct netvsc *nv)
{
	const struct rndis_offloads *can = &nv->offloads;
	struct net_device *ndev = nv->ndev;

	ndev->hw_features = NETIF_F_RXCSUM | NETIF_F_SG | NETIF_F_RXHASH;
	if (can->csum4_tcp)
		ndev->hw_features |= NETIF_F_IP_CSUM;
	if (can->csum6_tcp)
		ndev->hw_features |= NETIF_F_IPV6_CSUM;
	if (can->tso4_max)
		ndev->hw_features |= NETIF_F_TSO;
	if (can->tso6_max)
		ndev->hw_features |= NETIF_F_TSO6;
	ndev->vlan_features = ndev->hw_features | NETIF_F_HIGHDMA;
	/* On, as setup has it on. The stack turns it off where it forwards. */
	if (can->rsc)
		ndev->hw_features |= NETIF_F_LRO;
	ndev->features = ndev->hw_features | NETIF_F_HIGHDMA | NETIF_F_HW_VLAN_CTAG_TX |
			 NETIF_F_HW_VLAN_CTAG_RX | NETIF_F_HW_VLAN_CTAG_FILTER;
	limit_segments(nv);
}

static struct netvsc *alloc_nic(struct vmbus_dev *vdev)
{
	u32 room = min(num_possible_cpus(), NETVSC_MAX_QUEUES), i;
	struct net_device *ndev;
	struct netvsc *nv;

	ndev = alloc_etherdev_mq(sizeof(*nv), room);
	if (!ndev)
		return NULL;
	SET_NETDEV_DEV(ndev, &vdev->dev);
	nv = netdev_priv(ndev);
	nv->ndev = ndev;
	nv->vdev = vdev;
	nv->queue_room = room;
	nv->queues = kvcalloc(room, sizeof(*nv->queues), GFP_KERNEL);
	if (!nv->queues || netvsc_vf_init(nv)) {
		kvfree(nv->queues);
		free_netdev(ndev);
		return NULL;
	}
	for (i = 0; i < room; i++) {
		struct netvsc_queue *q = &nv->queues[i];

		q->nv = nv;
		q->index = i;
		q->txq = netdev_get_tx_queue(ndev, i);
		u64_stats_init(&q->tx.syncp);
		u64_stats_init(&q->rx.syncp);
		netif_napi_add(ndev, &q->napi, netvsc_poll);
	}
	mutex_init(&nv->lock);
	init_waitqueue_head(&nv->wait);
	spin_lock_init(&nv->request_lock);
	nv->ask_cookie.kind = NETVSC_COOKIE_ASK;
	vmbus_ask_init(&nv->ask, &nv->ask_cookie);
	INIT_DELAYED_WORK(&nv->rx_mode_work, rx_mode_work);
	INIT_DELAYED_WORK(&nv->link_work, link_work);
	INIT_DELAYED_WORK(&nv->subs_work, subs_work);
	INIT_DELAYED_WORK(&nv->recover_work, recover_work);
	ratelimit_state_init(&nv->log_limit, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);
	memcpy(nv->rss_key, default_key, sizeof(nv->rss_key));
	nv->l4_hash = NETVSC_L4_TCP4 | NETVSC_L4_TCP6 | NETVSC_L4_UDP4 | NETVSC_L4_UDP6;
	nv->msg_enable = DEFAULT_MSG_ENABLE;
	nv->duplex = DUPLEX_FULL;
	nv->tx_batch = BATCH_DEFAULT;
	nv->rx_copybreak = netvsc_rx_copybreak();
	nv->cfg.mtu = ETH_DATA_LEN;
	nv->cfg.queues = min(netvsc_default_queues(), room);
	ndev->netdev_ops = &netdev_ops;
	ndev->ethtool_ops = &netvsc_ethtool_ops;
	compat_set_stat_ops(ndev, &netvsc_stat_ops);
	ndev->watchdog_timeo = WATCHDOG_PERIOD;
	return nv;
}

static void free_nic(struct netvsc *nv)
{
	u32 i;

	for (i = 0; i < nv->queue_room; i++)
		netif_napi_del(&nv->queues[i].napi);
	kvfree(nv->queues);
	netvsc_vf_free(nv);
	free_netdev(nv->ndev);
}

static void stop_work(struct netvsc *nv)
{
	WRITE_ONCE(nv->removing, true);
	cancel_delayed_work_sync(&nv->rx_mode_work);
	cancel_delayed_work_sync(&nv->link_work);
	cancel_delayed_work_sync(&nv->subs_work);
	cancel_delayed_work_sync(&nv->recover_work);
	netvsc_vf_stop_work(nv);
}

static int bring_up(struct netvsc *nv)
{
	struct buffers need;
	int err;

	mutex_lock(&nv->lock);
	netvsc_deadline_begin(nv);
	err = get_buffers(nv, &nv->cfg, &need);
	if (!err) {
		use_buffers(nv, &need);
		err = netvsc_attach(nv, &nv->cfg);
		if (err)
			netvsc_free_buffers(nv);
	}
	netvsc_deadline_end(nv);
	mutex_unlock(&nv->lock);
	return err;
}

static void take_down(struct netvsc *nv)
{
	mutex_lock(&nv->lock);
	quiesce(nv);
	netvsc_detach(nv);
	netvsc_free_buffers(nv);
	mutex_unlock(&nv->lock);
}

static int register_nic(struct netvsc *nv)
{
	struct net_device *ndev = nv->ndev;
	int err;

	init_features(nv);
	ndev->mtu = nv->cfg.mtu;
	ndev->min_mtu = ETH_MIN_MTU;
	ndev->max_mtu = nv->version >= NVSP_VERSION_2 ? ETH_MAX_MTU - ETH_HLEN : ETH_DATA_LEN;
	netif_carrier_off(ndev);
	/* Our transmit lock is held when a VF's is taken, which is of another class. */
	netdev_lockdep_set_classes(ndev);
	compat_xdp_features(ndev, NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT |
				  NETDEV_XDP_ACT_NDO_XMIT | NETDEV_XDP_ACT_RX_SG |
				  NETDEV_XDP_ACT_NDO_XMIT_SG);

	rtnl_lock();
	err = set_queue_numbers(nv);
	if (!err)
		err = register_netdevice(ndev);
	if (!err) {
		show_carrier(nv);
		netvsc_vf_registered(nv);
	}
	rtnl_unlock();
	return err;
}

int netvsc_probe(struct vmbus_dev *vdev, const struct hv_vmbus_device_id *id)
{
	char name[64];
	struct netvsc *nv;
	int err;

	nv = alloc_nic(vdev);
	if (!nv)
		return -ENOMEM;
	dev_set_drvdata(&vdev->dev, nv);
	err = bring_up(nv);
	if (err)
		goto err_free;
	err = register_nic(nv);
	if (err)
		goto err_down;
	snprintf(name, sizeof(name), "netvsc-%s", dev_name(&vdev->dev));
	nv->debugfs = debugfs_create_file(name, 0400, NULL, nv, &debugfs_fops);
	/* A channel that was lost before there was a NIC to bring up. */
	if (!all_open(nv))
		netvsc_recover(nv);
	netdev_info(nv->ndev, "network protocol %u.%u, %u channel(s), %u pieces of %u to receive, %u sections of %u to send\n",
		    nv->version >> 16, nv->version & 0xffff, nv->queue_cnt, nv->recv_pieces.cnt,
		    nv->recv_pieces.len, nv->send_pieces.cnt, nv->send_pieces.len);
	return 0;

err_down:
	stop_work(nv);
	take_down(nv);
err_free:
	stop_work(nv);
	dev_set_drvdata(&vdev->dev, NULL);
	free_nic(nv);
	return err;
}

void netvsc_remove(struct vmbus_dev *vdev)
{
	struct netvsc *nv = dev_get_drvdata(&vdev->dev);

	debugfs_remove(nv->debugfs);
	stop_work(nv);
	rtnl_lock();
	netvsc_vf_unregister(nv);
	unregister_netdevice(nv->ndev);
	rtnl_unlock();
	take_down(nv);
	/* A channel that was lost meanwhile may have begun one. */
	stop_work(nv);
	dev_set_drvdata(&vdev->dev, NULL);
	free_nic(nv);
}

int netvsc_suspend(struct vmbus_dev *vdev)
{
	struct netvsc *nv = dev_get_drvdata(&vdev->dev);

	rtnl_lock();
	netif_device_detach(nv->ndev);
	mutex_lock(&nv->lock);
	quiesce(nv);
	netvsc_detach(nv);
	netvsc_free_buffers(nv);
	mutex_unlock(&nv->lock);
	rtnl_unlock();
	return 0;
}

int netvsc_resume(struct vmbus_dev *vdev)
{
	struct netvsc *nv = dev_get_drvdata(&vdev->dev);
	int err;

	rtnl_lock();
	err = bring_up(nv);
	netif_device_attach(nv->ndev);
	mutex_lock(&nv->lock);
	if (err) {
		netdev_err(nv->ndev, "NIC did not come back, error %d\n", err);
		nv->recover_tries = 0;
		nv->recover_failures = 0;
		netvsc_recover(nv);
	} else {
		go_on(nv);
	}
	show_carrier(nv);
	mutex_unlock(&nv->lock);
	if (!err)
		renew_features(nv);
	rtnl_unlock();
	return err;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * ethtool.c - what ethtool shows and changes
 *
 * Names of statistics, and their order, are those user space knows.
 */
#include "netvsc.h"

#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

static void get_drvinfo(struct net_device *ndev, struct ethtool_drvinfo *info)
{
	struct netvsc *nv = netdev_priv(ndev);

	strscpy(info->driver, "hv_netvsc", sizeof(info->driver));
	strscpy(info->fw_version, "N/A", sizeof(info->fw_version));
	strscpy(info->bus_info, dev_name(&nv->vdev->dev), sizeof(info->bus_info));
}

/* Registers: the table that says what to send on. */
static int get_regs_len(struct net_device *ndev)
{
	return NVSP_INDIRECTION_CNT * sizeof(u32);
}

static void get_regs(struct net_device *ndev, struct ethtool_regs *regs, void *to)
{
	struct netvsc *nv = netdev_priv(ndev);
	u32 *words = to, i;

	regs->version = 0;
	for (i = 0; i < NVSP_INDIRECTION_CNT; i++)
		words[i] = READ_ONCE(nv->send_table[i]);
}

static u32 get_msglevel(struct net_device *ndev)
{
	struct netvsc *nv = netdev_priv(ndev);

	return nv->msg_enable;
}

static void set_msglevel(struct net_device *ndev, u32 value)
{
	struct netvsc *nv = netdev_priv(ndev);

	nv->msg_enable = value;
}

/* What the host or the administrator says of them: frames go as fast as they go. */
static int get_link_ksettings(struct net_device *ndev, struct ethtool_link_ksettings *link)
{
	struct netvsc *nv = netdev_priv(ndev);

	link->base.speed = READ_ONCE(nv->speed) ?: SPEED_UNKNOWN;
	link->base.duplex = nv->duplex;
	link->base.port = PORT_OTHER;
	return 0;
}

/* For a host that says nothing, or nothing useful: others reckon with the speed (bonding, tc). */
static int set_link_ksettings(struct net_device *ndev, const struct ethtool_link_ksettings *link)
{
	struct netvsc *nv = netdev_priv(ndev);

	return ethtool_virtdev_set_link_ksettings(ndev, link, &nv->speed, &nv->duplex);
}

/* Statistics --------------------------------------------------------------------------*/

struct counter {
	char name[ETH_GSTRING_LEN];
	u16 at;
	bool rx;
	bool vf;
};

#define TX_STAT(name, field) { name, offsetof(struct netvsc_tx_stats, field), false }
#define RX_STAT(name, field) { name, offsetof(struct netvsc_rx_stats, field), true }
#define VF_STAT(name, field) \
	{ name, offsetof(struct netvsc_vf_stats, field), .vf = true }

/* No field: something this driver does not do, under a name tools know. */
#define NO_STAT		U16_MAX

static const struct counter global_stats[] = {
	TX_STAT("tx_scattered", scattered),
	TX_STAT("tx_no_memory", no_memory),
	TX_STAT("tx_no_space", no_space),
	TX_STAT("tx_too_big", too_big),
	TX_STAT("tx_busy", busy),
	TX_STAT("tx_send_full", send_full),
	RX_STAT("rx_comp_busy", ack_busy),
	RX_STAT("rx_no_memory", no_memory),
	TX_STAT("stop_queue", stop),
	TX_STAT("wake_queue", wake),
	{ "vlan_error", NO_STAT },
	VF_STAT("vf_rx_packets", rx_packets),
	VF_STAT("vf_rx_bytes", rx_bytes),
	VF_STAT("vf_tx_packets", tx_packets),
	VF_STAT("vf_tx_bytes", tx_bytes),
	VF_STAT("vf_tx_dropped", tx_dropped),
	TX_STAT("tx_batches", batches),
	RX_STAT("rx_coalesced", coalesced),
	RX_STAT("rx_lent", lent),
	RX_STAT("rx_copied_bytes", copied),
};

static const struct counter queue_stats[] = {
	TX_STAT("tx_queue_%u_packets", packets),
	TX_STAT("tx_queue_%u_bytes", bytes),
	TX_STAT("tx_queue_%u_xdp_xmit", xdp_xmit),
	RX_STAT("rx_queue_%u_packets", packets),
	RX_STAT("rx_queue_%u_bytes", bytes),
	RX_STAT("rx_queue_%u_xdp_drop", xdp_drop),
	RX_STAT("rx_queue_%u_xdp_redirect", xdp_redirect),
	RX_STAT("rx_queue_%u_xdp_tx", xdp_tx),
};

static u64 stat_of(const struct netvsc_queue *q, const struct counter *stat)
{
	const void *stats = stat->rx ? (const void *)&q->rx : (const void *)&q->tx;

	return stat->at == NO_STAT ? 0 : READ_ONCE(*(const u64 *)(stats + stat->at));
}

/* A global counter: of all queues, or of the function. */
static u64 sum_of(const struct netvsc *nv, const struct netvsc_vf_stats *vf,
		  const struct counter *stat)
{
	u64 sum = 0;
	u32 i;

	if (stat->vf)
		return *(const u64 *)((const void *)vf + stat->at);
	for (i = 0; i < nv->queue_room; i++)
		sum += stat_of(&nv->queues[i], stat);
	return sum;
}

/* Global counters, those of each queue, and what the host should not have sent. */
static int get_sset_count(struct net_device *ndev, int set)
{
	if (set != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return ARRAY_SIZE(global_stats) + ndev->real_num_tx_queues * ARRAY_SIZE(queue_stats) + 1;
}

static void get_strings(struct net_device *ndev, u32 set, u8 *to)
{
	u32 i, j;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < ARRAY_SIZE(global_stats); i++)
		ethtool_sprintf(&to, "%s", global_stats[i].name);
	for (i = 0; i < ndev->real_num_tx_queues; i++)
		for (j = 0; j < ARRAY_SIZE(queue_stats); j++)
			ethtool_sprintf(&to, queue_stats[j].name, i);
	ethtool_sprintf(&to, "%s", "rejected");
}

static void get_stats(struct net_device *ndev, struct ethtool_stats *stats, u64 *to)
{
	struct netvsc *nv = netdev_priv(ndev);
	struct netvsc_vf_stats vf;
	u32 i, j;

	netvsc_vf_sum(nv, &vf);
	for (i = 0; i < ARRAY_SIZE(global_stats); i++)
		*to++ = sum_of(nv, &vf, &global_stats[i]);
	for (i = 0; i < ndev->real_num_tx_queues; i++)
		for (j = 0; j < ARRAY_SIZE(queue_stats); j++)
			*to++ = stat_of(&nv->queues[i], &queue_stats[j]);
	for (i = 0, *to = 0; i < NETVSC_REJECT_COUNT; i++)
		*to += atomic_read(&nv->rejects[i]);
}

/* Channels, rings, batches ---------------------------------------------------------------*/

static u32 most_queues(const struct netvsc *nv)
{
	return max(min3(nv->rss.queues, nv->queue_room, num_online_cpus()), 1u);
}

static void get_channels(struct net_device *ndev, struct ethtool_channels *ch)
{
	struct netvsc *nv = netdev_priv(ndev);

	ch->max_combined = most_queues(nv);
	ch->combined_count = nv->queue_cnt;
}

static int set_channels(struct net_device *ndev, struct ethtool_channels *ch)
{
	struct netvsc *nv = netdev_priv(ndev);
	struct netvsc_config want = nv->cfg;

	if (!ch->combined_count || ch->rx_count || ch->tx_count || ch->other_count)
		return -EINVAL;
	if (ch->combined_count > most_queues(nv))
		return -EINVAL;
	if (ch->combined_count == nv->queue_cnt)
		return 0;
	want.queues = ch->combined_count;
	return netvsc_reconfigure(nv, &want);
}

static void get_ringparam(struct net_device *ndev, struct ethtool_ringparam *ring,
			  struct kernel_ethtool_ringparam *kernel_ring,
			  struct netlink_ext_ack *extack)
{
	struct netvsc *nv = netdev_priv(ndev);

	ring->rx_pending = nv->recv_pieces.cnt;
	ring->tx_pending = nv->send_pieces.cnt;
	ring->rx_max_pending = nv->recv_pieces.len ? (31u << 20) / nv->recv_pieces.len : 0;
	ring->tx_max_pending = nv->send_pieces.len ? (15u << 20) / nv->send_pieces.len : 0;
}

static int set_ringparam(struct net_device *ndev, struct ethtool_ringparam *ring,
			 struct kernel_ethtool_ringparam *kernel_ring,
			 struct netlink_ext_ack *extack)
{
	struct netvsc *nv = netdev_priv(ndev);
	struct netvsc_config want = nv->cfg;

	if (ring->rx_pending < 10 || ring->tx_pending < 10)
		return -EINVAL;
	if (ring->rx_pending == nv->recv_pieces.cnt && ring->tx_pending == nv->send_pieces.cnt)
		return 0;
	if (ring->rx_pending != nv->recv_pieces.cnt)
		want.rx_pieces = ring->rx_pending;
	if (ring->tx_pending != nv->send_pieces.cnt)
		want.tx_sections = ring->tx_pending;
	return netvsc_reconfigure(nv, &want);
}

/* Frames that go to the host in one message: that is all there is to coalesce. */
static int get_coalesce(struct net_device *ndev, struct ethtool_coalesce *coalesce,
			struct kernel_ethtool_coalesce *kernel_coalesce,
			struct netlink_ext_ack *extack)
{
	struct netvsc *nv = netdev_priv(ndev);

	coalesce->tx_max_coalesced_frames = min(nv->tx_batch, nv->limits.packets);
	return 0;
}

static int set_coalesce(struct net_device *ndev, struct ethtool_coalesce *coalesce,
			struct kernel_ethtool_coalesce *kernel_coalesce,
			struct netlink_ext_ack *extack)
{
	struct netvsc *nv = netdev_priv(ndev);

	if (!coalesce->tx_max_coalesced_frames ||
	    coalesce->tx_max_coalesced_frames > nv->limits.packets)
		return -EINVAL;
	WRITE_ONCE(nv->tx_batch, coalesce->tx_max_coalesced_frames);
	return 0;
}

/* RSS --------------------------------------------------------------------------------*/

static u32 get_key_size(struct net_device *ndev)
{
	return NDIS_RSS_KEY_LEN;
}

static u32 get_table_size(struct net_device *ndev)
{
	struct netvsc *nv = netdev_priv(ndev);

	return nv->rss.queues > 1 ? nv->rss.table : 0;
}

static u32 get_ring_count(struct net_device *ndev)
{
	struct netvsc *nv = netdev_priv(ndev);

	return nv->queue_cnt;
}

static int read_rss(struct net_device *ndev, u32 *table, u8 *key, u8 *function)
{
	struct netvsc *nv = netdev_priv(ndev);
	u32 i;

	if (function)
		*function = ETH_RSS_HASH_TOP;
	if (table)
		for (i = 0; i < get_table_size(ndev); i++)
			table[i] = nv->rss_table[i];
	if (key)
		memcpy(key, nv->rss_key, NDIS_RSS_KEY_LEN);
	return 0;
}

/* The new one counts when the host has taken it; else it gets the old one back. */
static int write_rss(struct net_device *ndev, const u32 *table, const u8 *key, u8 function)
{
	struct netvsc *nv = netdev_priv(ndev);
	u16 new_table[RNDIS_MAX_RSS_TABLE];
	u8 new_key[NDIS_RSS_KEY_LEN];
	int err = -ENODEV;
	u32 i;

	if (function != ETH_RSS_HASH_NO_CHANGE && function != ETH_RSS_HASH_TOP)
		return -EOPNOTSUPP;
	if (!get_table_size(ndev))
		return -EOPNOTSUPP;
	memcpy(new_table, nv->rss_table, sizeof(new_table));
	memcpy(new_key, nv->rss_key, sizeof(new_key));
	for (i = 0; table && i < nv->rss.table; i++) {
		if (table[i] >= nv->queue_cnt)
			return -EINVAL;
		new_table[i] = table[i];
	}
	if (key)
		memcpy(new_key, key, sizeof(new_key));

	mutex_lock(&nv->lock);
	if (nv->attached)
		err = netvsc_set_rss(nv, new_table, new_key);
	if (!err) {
		memcpy(nv->rss_table, new_table, sizeof(new_table));
		memcpy(nv->rss_key, new_key, sizeof(new_key));
	} else if (nv->attached) {
		netvsc_set_rss(nv, nv->rss_table, nv->rss_key);
	}
	mutex_unlock(&nv->lock);
	return err;
}

static u32 l4_bit(u32 flow)
{
	switch (flow) {
	case TCP_V4_FLOW:
		return NETVSC_L4_TCP4;
	case TCP_V6_FLOW:
		return NETVSC_L4_TCP6;
	case UDP_V4_FLOW:
		return NETVSC_L4_UDP4;
	case UDP_V6_FLOW:
		return NETVSC_L4_UDP6;
	default:
		return 0;
	}
}

static int read_fields(struct net_device *ndev, u32 flow, u64 *fields)
{
	struct netvsc *nv = netdev_priv(ndev);
	u32 bit = l4_bit(flow);

	*fields = RXH_IP_SRC | RXH_IP_DST;
	if (bit) {
		if (nv->l4_hash & bit)
			*fields |= RXH_L4_B_0_1 | RXH_L4_B_2_3;
		return 0;
	}
	if (flow == IPV4_FLOW || flow == IPV6_FLOW)
		return 0;
	*fields = 0;
	return 0;
}

static int write_fields(struct net_device *ndev, u32 flow, u64 fields)
{
	struct netvsc *nv = netdev_priv(ndev);
	u32 bit = l4_bit(flow);

	if (!bit)
		return -EOPNOTSUPP;
	if (fields == (RXH_IP_SRC | RXH_IP_DST | RXH_L4_B_0_1 | RXH_L4_B_2_3))
		nv->l4_hash |= bit;
	else if (fields == (RXH_IP_SRC | RXH_IP_DST))
		nv->l4_hash &= ~bit;
	else
		return -EOPNOTSUPP;
	return 0;
}

/* Whatever form this kernel wants them in. */
compat_rxfh_ops(read_rss, write_rss)
compat_rxnfc_ops(get_ring_count, read_fields, write_fields)

/* Tunables -----------------------------------------------------------------------------*/

static int get_tunable(struct net_device *ndev, const struct ethtool_tunable *tuna, void *data)
{
	struct netvsc *nv = netdev_priv(ndev);

	if (tuna->id != ETHTOOL_RX_COPYBREAK)
		return -EOPNOTSUPP;
	*(u32 *)data = nv->rx_copybreak;
	return 0;
}

static int set_tunable(struct net_device *ndev, const struct ethtool_tunable *tuna,
		       const void *data)
{
	struct netvsc *nv = netdev_priv(ndev);

	if (tuna->id != ETHTOOL_RX_COPYBREAK)
		return -EOPNOTSUPP;
	WRITE_ONCE(nv->rx_copybreak, *(const u32 *)data);
	return 0;
}

const struct ethtool_ops netvsc_ethtool_ops = {
	.supported_coalesce_params = ETHTOOL_COALESCE_TX_MAX_FRAMES,
	.get_drvinfo = get_drvinfo,
	.get_regs_len = get_regs_len,
	.get_regs = get_regs,
	.get_msglevel = get_msglevel,
	.set_msglevel = set_msglevel,
	.get_link = ethtool_op_get_link,
	.get_link_ksettings = get_link_ksettings,
	.set_link_ksettings = set_link_ksettings,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_stats,
	.get_channels = get_channels,
	.set_channels = set_channels,
	.get_ringparam = get_ringparam,
	.set_ringparam = set_ringparam,
	.get_coalesce = get_coalesce,
	.set_coalesce = set_coalesce,
	.get_tunable = get_tunable,
	.set_tunable = set_tunable,
	.get_rxfh_key_size = get_key_size,
	.get_rxfh_indir_size = get_table_size,
	.get_rxfh = compat_get_rxfh,
	.set_rxfh = compat_set_rxfh,
	compat_rxnfc_members
	.get_ts_info = ethtool_op_get_ts_info,
};

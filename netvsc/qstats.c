// SPDX-License-Identifier: GPL-2.0
/*
 * qstats.c - statistics of queues, as user space asks for them over netlink
 *
 * Queues that are closed have counted, too: what they have is of the NIC and of no
 * queue. Built where the kernel has this interface.
 */
#include "netvsc.h"

#include <net/netdev_queues.h>

static void add_rx(const struct netvsc_queue *q, struct netdev_queue_stats_rx *sum)
{
	unsigned int start;
	u64 bytes, packets;

	do {
		start = u64_stats_fetch_begin(&q->rx.syncp);
		bytes = q->rx.bytes;
		packets = q->rx.packets;
	} while (u64_stats_fetch_retry(&q->rx.syncp, start));
	sum->bytes += bytes;
	sum->packets += packets;
	sum->alloc_fail += READ_ONCE(q->rx.no_memory);
}

static void add_tx(const struct netvsc_queue *q, struct netdev_queue_stats_tx *sum)
{
	unsigned int start;
	u64 bytes, packets;

	do {
		start = u64_stats_fetch_begin(&q->tx.syncp);
		bytes = q->tx.bytes;
		packets = q->tx.packets;
	} while (u64_stats_fetch_retry(&q->tx.syncp, start));
	sum->bytes += bytes;
	sum->packets += packets;
	sum->stop += READ_ONCE(q->tx.stop);
	sum->wake += READ_ONCE(q->tx.wake);
}

/* What is not counted must be left as it is, which says so. */
static void begin_rx(struct netdev_queue_stats_rx *sum)
{
	sum->bytes = 0;
	sum->packets = 0;
	sum->alloc_fail = 0;
}

static void begin_tx(struct netdev_queue_stats_tx *sum)
{
	sum->bytes = 0;
	sum->packets = 0;
	sum->stop = 0;
	sum->wake = 0;
}

static void of_rx_queue(struct net_device *ndev, int index, struct netdev_queue_stats_rx *sum)
{
	struct netvsc *nv = netdev_priv(ndev);

	begin_rx(sum);
	add_rx(&nv->queues[index], sum);
}

static void of_tx_queue(struct net_device *ndev, int index, struct netdev_queue_stats_tx *sum)
{
	struct netvsc *nv = netdev_priv(ndev);

	begin_tx(sum);
	add_tx(&nv->queues[index], sum);
}

static void of_no_queue(struct net_device *ndev, struct netdev_queue_stats_rx *rx,
			struct netdev_queue_stats_tx *tx)
{
	struct netvsc *nv = netdev_priv(ndev);
	u32 i;

	begin_rx(rx);
	begin_tx(tx);
	for (i = ndev->real_num_rx_queues; i < nv->queue_room; i++)
		add_rx(&nv->queues[i], rx);
	for (i = ndev->real_num_tx_queues; i < nv->queue_room; i++)
		add_tx(&nv->queues[i], tx);
}

const struct netdev_stat_ops netvsc_stat_ops = {
	.get_queue_stats_rx = of_rx_queue,
	.get_queue_stats_tx = of_tx_queue,
	.get_base_stats = of_no_queue,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * vf.c - a virtual function with our MAC address: found, made ours, used while the host agrees
 *
 * It is a port of ours that nobody sees: configured as we are, its frames arrive
 * as ours, and ours leave by it once the host has confirmed that it expects them
 * there. proto/vf_path.c decides; here is who tells it, and what follows.
 *
 * Pairing is one work item that looks at what there is, so it does not matter who
 * came first: the NIC, the function, or the host's word of it. The host is asked
 * for the other way at once wherever something happens, under vf->lock; nobody
 * waits for its answer but who takes the function away, and he not for long.
 */
#include "netvsc.h"

#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/netpoll.h>
#include <linux/pci.h>
#include <linux/rtnetlink.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <net/sch_generic.h>

/* User space gets so long to name a new function: it cannot once that is up. */
#define NAMING_TIME	(HZ / 10)

/* Who takes a function away waits so long for the host to leave it. RTNL is held. */
#define LEAVE_TIME	HZ

/* And so long for what is in its queues. */
#define DRAIN_TRIES	20u

/* The ring was full: ask again so soon. */
#define ASK_AGAIN	2

/* All NICs there are; RTNL. */
static LIST_HEAD(nics);

/* Which way ----------------------------------------------------------------------*/

static const char *way_name(u32 way)
{
	return way == NVSP_PATH_VF ? "VF" : "synthetic";
}

static void look_later(struct netvsc_vf *vf, struct netvsc *nv, unsigned long delay)
{
	if (!READ_ONCE(nv->removing))
		mod_delayed_work(system_wq, &vf->path_work, delay);
}

static bool ask_host(struct netvsc *nv, u32 way)
{
	struct netvsc_vf *vf = &nv->vf;
	union nvsp_msg msg;
	int err;

	nvsp_put_switch_data_path(&msg, way);
	err = vmbus_chan_send(nv->vdev->chan, &msg, sizeof(msg), &vf->cookies[way], 0);
	if (err) {
		/* A channel that is gone says so elsewhere; a full one has room soon. */
		if (err == -EAGAIN)
			look_later(vf, nv, ASK_AGAIN);
		return false;
	}
	vf_path_asked(&vf->path, way);
	vf->asked[way]++;
	vf->due = jiffies + netvsc_reply_timeout();
	vf->told = false;
	look_later(vf, nv, netvsc_reply_timeout());
	return true;
}

/* Frames go the way both sides know of, and the host is asked for the one we want. */
static void settle(struct netvsc *nv)
{
	struct netvsc_vf *vf = &nv->vf;
	struct net_device *to = NULL;
	int way;

	lockdep_assert_held(&vf->lock);
	while ((way = vf_path_next(&vf->path)) != VF_PATH_NONE && ask_host(nv, way))
		;
	if (vf_path_is_open(&vf->path))
		to = vf->slave;
	if (rcu_access_pointer(vf->tx) == to)
		return;
	rcu_assign_pointer(vf->tx, to);
	if (__ratelimit(&nv->log_limit))
		netdev_info(nv->ndev, "Data path switched %s VF: %s\n", to ? "to" : "from",
			    vf->slave->name);
}

static void happened(struct netvsc *nv, enum vf_path_event event)
{
	spin_lock_bh(&nv->vf.lock);
	vf_path_happened(&nv->vf.path, event);
	settle(nv);
	spin_unlock_bh(&nv->vf.lock);
}

void netvsc_vf_attached(struct netvsc *nv)
{
	if (nv->version >= NVSP_VERSION_4)
		happened(nv, VF_PATH_UP);
}

void netvsc_vf_detached(struct netvsc *nv)
{
	happened(nv, VF_PATH_DOWN);
}

/* The host has done it; or the channel is closed, and it never will. */
void netvsc_vf_switched(struct netvsc *nv, struct netvsc_cookie *cookie)
{
	bool by_vf = cookie == &nv->vf.cookies[NVSP_PATH_VF];

	happened(nv, by_vf ? VF_PATH_VF_CONFIRMED : VF_PATH_SYNTHETIC_CONFIRMED);
	wake_up_all(&nv->wait);
}

static bool is_left(struct netvsc *nv)
{
	bool left;

	spin_lock_bh(&nv->vf.lock);
	left = vf_path_is_left(&nv->vf.path);
	spin_unlock_bh(&nv->vf.lock);
	return left || netvsc_is_gone(nv);
}

/* What was not sent yet when we came here, or not confirmed when it should have been. */
static void path_work(struct work_struct *work)
{
	struct netvsc_vf *vf = container_of(to_delayed_work(work), struct netvsc_vf, path_work);
	struct netvsc *nv = container_of(vf, struct netvsc, vf);
	u32 late = VF_PATH_CNT;

	spin_lock_bh(&vf->lock);
	settle(nv);
	if (vf_path_is_pending(&vf->path) && !vf->told && time_after_eq(jiffies, vf->due)) {
		vf->told = true;
		vf->unconfirmed++;
		late = vf->path.asked;
	}
	spin_unlock_bh(&vf->lock);
	if (late < VF_PATH_CNT)
		netdev_warn(nv->ndev, "host has not confirmed that it switched to the %s data path: nothing is sent by a VF before it does\n",
			    way_name(late));
}

/* The host's word ------------------------------------------------------------------*/

static void look_for_pair(struct netvsc *nv, unsigned long delay)
{
	if (!READ_ONCE(nv->removing))
		mod_delayed_work(system_wq, &nv->vf.pair_work, delay);
}

void netvsc_vf_noticed(struct netvsc *nv, bool allocated, u32 serial)
{
	spin_lock_bh(&nv->vf.lock);
	nv->vf.serial = serial;
	vf_path_happened(&nv->vf.path, allocated ? VF_PATH_ASSOCIATED : VF_PATH_WITHDRAWN);
	settle(nv);
	spin_unlock_bh(&nv->vf.lock);
	/* There may be two, and we have the wrong one. */
	look_for_pair(nv, 0);
}

/* Frames -----------------------------------------------------------------------------*/

static void count_sent(struct netvsc *nv, unsigned int len, bool sent)
{
	struct netvsc_vf_stats *stats = this_cpu_ptr(nv->vf.stats);

	u64_stats_update_begin(&stats->syncp);
	if (likely(sent)) {
		stats->tx_packets++;
		stats->tx_bytes += len;
	} else {
		stats->tx_dropped++;
	}
	u64_stats_update_end(&stats->syncp);
}

bool netvsc_vf_xmit(struct netvsc *nv, struct net_device *to, struct sk_buff *skb)
{
	unsigned int len = skb->len;
	int result;

	/* Its link may be lost, and we not told yet. A console wants one driver, not two. */
	if (unlikely(!netif_running(to) || !netif_carrier_ok(to) || netpoll_tx_running(nv->ndev)))
		return false;
	skb->dev = to;
	/* Our queue is not one of its. */
	skb_set_queue_mapping(skb, 0);
	result = dev_queue_xmit(skb);
	count_sent(nv, len, likely(result == NET_XMIT_SUCCESS || result == NET_XMIT_CN));
	return true;
}

/* What the function receives is ours. Whoever asks for the function's own frames has seen it. */
static rx_handler_result_t received(struct sk_buff **pskb)
{
	struct sk_buff *skb = skb_share_check(*pskb, GFP_ATOMIC);
	struct netvsc_vf_stats *stats;
	struct net_device *ndev;
	struct netvsc *nv;

	if (unlikely(!skb))
		return RX_HANDLER_CONSUMED;
	*pskb = skb;
	ndev = rcu_dereference(skb->dev->rx_handler_data);
	nv = netdev_priv(ndev);
	stats = this_cpu_ptr(nv->vf.stats);
	u64_stats_update_begin(&stats->syncp);
	if (likely(netif_running(ndev))) {
		stats->rx_packets++;
		stats->rx_bytes += skb->len;
	} else {
		stats->rx_dropped++;
	}
	u64_stats_update_end(&stats->syncp);
	if (unlikely(!netif_running(ndev))) {
		kfree_skb(skb);
		return RX_HANDLER_CONSUMED;
	}
	skb->dev = ndev;
	return RX_HANDLER_ANOTHER;
}

void netvsc_vf_sum(struct netvsc *nv, struct netvsc_vf_stats *sum)
{
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct netvsc_vf_stats *stats = per_cpu_ptr(nv->vf.stats, cpu);
		struct netvsc_vf_stats now;
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			now = *stats;
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		sum->rx_packets += now.rx_packets;
		sum->rx_bytes += now.rx_bytes;
		sum->rx_dropped += now.rx_dropped;
		sum->tx_packets += now.tx_packets;
		sum->tx_bytes += now.tx_bytes;
		sum->tx_dropped += now.tx_dropped;
	}
}

/* As we are configured ---------------------------------------------------------------*/

static struct net_device *slave_of(struct netvsc *nv)
{
	ASSERT_RTNL();
	return nv->vf.configured ? nv->vf.slave : NULL;
}

/*
 * Can it carry what we send, and may it bring what we receive? A program of ours sees
 * what comes over the channel, and would not see the rest. RTNL held.
 */
static void refresh(struct netvsc *nv)
{
	struct net_device *slave = slave_of(nv);

	happened(nv, slave && netif_running(slave) && netif_carrier_ok(slave) &&
		     netif_device_present(slave) && slave->mtu >= nv->ndev->mtu &&
		     !rcu_access_pointer(nv->xdp_prog) ?
		     VF_PATH_READY : VF_PATH_UNREADY);
}

static int set_address(struct net_device *slave, const u8 *mac)
{
	struct compat_mac_addr addr = { .compat_mac_family = slave->type };

	if (ether_addr_equal(slave->dev_addr, mac))
		return 0;
	memcpy(addr.compat_mac_data, mac, ETH_ALEN);
	return dev_set_mac_address(slave, &addr, NULL);
}

int netvsc_vf_set_address(struct netvsc *nv, const u8 *mac)
{
	struct net_device *slave = slave_of(nv);

	return slave ? set_address(slave, mac) : 0;
}

int netvsc_vf_set_mtu(struct netvsc *nv, int mtu)
{
	struct net_device *slave = slave_of(nv);
	int err = slave ? dev_set_mtu(slave, mtu) : 0;

	if (err)
		netdev_warn(nv->ndev, "VF %s does not take an MTU of %d, error %d\n", slave->name,
			    mtu, err);
	return err;
}

/* It hears what we want to hear. */
static void set_flags(struct netvsc_vf *vf, unsigned int flags)
{
	bool promisc = flags & IFF_PROMISC, allmulti = flags & IFF_ALLMULTI;

	if (promisc != vf->promisc && !dev_set_promiscuity(vf->slave, promisc ? 1 : -1))
		vf->promisc = promisc;
	if (allmulti != vf->allmulti && !dev_set_allmulti(vf->slave, allmulti ? 1 : -1))
		vf->allmulti = allmulti;
}

void netvsc_vf_set_flags(struct netvsc *nv)
{
	if (slave_of(nv))
		set_flags(&nv->vf, nv->ndev->flags);
}

/* Under the lock of our addresses. */
void netvsc_vf_set_rx_mode(struct netvsc *nv)
{
	struct net_device *slave;

	rcu_read_lock();
	slave = rcu_dereference(nv->vf.listener);
	if (slave) {
		dev_uc_sync(slave, nv->ndev);
		dev_mc_sync(slave, nv->ndev);
	}
	rcu_read_unlock();
}

int netvsc_vf_add_vlan(struct netvsc *nv, __be16 proto, u16 id)
{
	struct net_device *slave = slave_of(nv);

	return slave ? vlan_vid_add(slave, proto, id) : 0;
}

void netvsc_vf_del_vlan(struct netvsc *nv, __be16 proto, u16 id)
{
	struct net_device *slave = slave_of(nv);

	if (slave)
		vlan_vid_del(slave, proto, id);
}

void netvsc_vf_open(struct netvsc *nv)
{
	struct net_device *slave = slave_of(nv);
	int err;

	if (!slave)
		return;
	err = dev_open(slave, NULL);
	if (err)
		netdev_warn(nv->ndev, "VF %s does not open, error %d\n", slave->name, err);
	refresh(nv);
}

void netvsc_vf_close(struct netvsc *nv)
{
	struct net_device *slave = slave_of(nv);

	if (slave)
		dev_close(slave);
}

static void configure(struct netvsc *nv)
{
	struct net_device *slave = nv->vf.slave, *ndev = nv->ndev;

	nv->vf.configured = true;
	if (dev_set_mtu(slave, ndev->mtu))
		netdev_warn(ndev, "VF %s does not take our MTU of %u: not used\n", slave->name,
			    ndev->mtu);
	if (set_address(slave, ndev->dev_addr))
		netdev_warn(ndev, "VF %s does not take our address\n", slave->name);
	if (vlan_vids_add_by_dev(slave, ndev))
		netdev_warn(ndev, "VF %s does not take our VLANs\n", slave->name);
	set_flags(&nv->vf, ndev->flags);
	rcu_assign_pointer(nv->vf.listener, slave);
	netif_addr_lock_bh(ndev);
	netvsc_vf_set_rx_mode(nv);
	netif_addr_unlock_bh(ndev);
	if (netif_running(ndev))
		netvsc_vf_open(nv);
}

static void unconfigure(struct netvsc *nv)
{
	struct net_device *slave = nv->vf.slave, *ndev = nv->ndev;

	if (!nv->vf.configured)
		return;
	nv->vf.configured = false;
	/* Whoever is adding addresses to it has done so before we take them away again. */
	netif_addr_lock_bh(ndev);
	rcu_assign_pointer(nv->vf.listener, NULL);
	netif_addr_unlock_bh(ndev);
	/* These take that lock themselves; dev_uc_sync() wants it held. */
	dev_uc_unsync(slave, ndev);
	dev_mc_unsync(slave, ndev);
	set_flags(&nv->vf, 0);
	vlan_vids_del_by_dev(slave, ndev);
}

/* Ours, and ours no more -------------------------------------------------------------*/

/*
 * The function will stop. The host is to leave it while it still receives, and what
 * we gave it is to leave before its queues are thrown away. Both mostly take no time.
 */
static void leave(struct netvsc *nv)
{
	struct net_device *slave = nv->vf.slave;
	unsigned int i;

	happened(nv, VF_PATH_UNREADY);
	/* Who still saw it open has put his frame into its queue. */
	synchronize_net();
	if (!wait_event_timeout(nv->wait, is_left(nv), LEAVE_TIME))
		netdev_warn(nv->ndev, "host has not left VF %s in time: frames may be lost\n",
			    slave->name);
	for (i = 0; i < DRAIN_TRIES && netif_running(slave) && !qdisc_all_tx_empty(slave); i++)
		msleep(1);
}

void netvsc_vf_reconsider(struct netvsc *nv)
{
	refresh(nv);
	/* What is on its way to the function has not been seen by a new program. */
	if (slave_of(nv) && rcu_access_pointer(nv->xdp_prog))
		leave(nv);
}

static void mark(struct net_device *dev)
{
	/* Before anybody brings it up: it shall get no addresses of its own. */
	dev->flags |= IFF_SLAVE;
	dev->priv_flags |= IFF_NO_ADDRCONF;
}

static void unmark(struct net_device *dev)
{
	dev->flags &= ~IFF_SLAVE;
	dev->priv_flags &= ~IFF_NO_ADDRCONF;
}

static void set_slave(struct netvsc *nv, struct net_device *slave)
{
	spin_lock_bh(&nv->vf.lock);
	nv->vf.slave = slave;
	spin_unlock_bh(&nv->vf.lock);
}

static bool take(struct netvsc *nv, struct net_device *dev)
{
	int err;

	err = netdev_rx_handler_register(dev, received, nv->ndev);
	if (err)
		goto err;
	err = netdev_master_upper_dev_link(dev, nv->ndev, NULL, NULL, NULL);
	if (err) {
		netdev_rx_handler_unregister(dev);
		goto err;
	}
	mark(dev);
	set_slave(nv, dev);
	nv->vf.taken++;
	call_netdevice_notifiers(NETDEV_JOIN, dev);
	netdev_info(dev, "joined to %s\n", nv->ndev->name);
	return true;
err:
	unmark(dev);
	netdev_warn(nv->ndev, "VF %s cannot be used, error %d\n", dev->name, err);
	return false;
}

static void release(struct netvsc *nv)
{
	struct net_device *slave = nv->vf.slave;

	if (!slave)
		return;
	leave(nv);
	unconfigure(nv);
	netdev_rx_handler_unregister(slave);
	netdev_upper_dev_unlink(slave, nv->ndev);
	unmark(slave);
	set_slave(nv, NULL);
	netdev_info(slave, "released from %s\n", nv->ndev->name);
}

/* Who belongs to whom ------------------------------------------------------------------*/

/* The PCI device something is: what virtio makes is below it. */
static struct pci_dev *pci_of(const struct net_device *dev)
{
	struct device *parent = dev->dev.parent;

	if (parent && parent->bus && !strcmp(parent->bus->name, "virtio"))
		parent = parent->parent;
	return parent && dev_is_pci(parent) ? to_pci_dev(parent) : NULL;
}

/* In its first moments it has no permanent address yet. */
static bool could_be(const struct netvsc *nv, const struct net_device *dev)
{
	const u8 *mac = nv->ndev->perm_addr;

	return dev->type == ARPHRD_ETHER && pci_of(dev) &&
	       (ether_addr_equal(dev->perm_addr, mac) || ether_addr_equal(dev->dev_addr, mac));
}

/* Hosts number the slots, and mean these numbers. */
static bool is_in_slot(const struct net_device *dev, u32 serial)
{
	struct pci_dev *pci = pci_of(dev);
	u32 slot;

	return pci && pci->slot && !kstrtou32(pci_slot_name(pci->slot), 10, &slot) &&
	       slot == serial;
}

/* What the host names is best, then what we have; 0: not at all. */
static unsigned int rank(const struct netvsc *nv, struct net_device *dev)
{
	bool have = dev == nv->vf.slave;

	if (dev->reg_state != NETREG_REGISTERED || !could_be(nv, dev))
		return 0;
	if (!have && (netdev_master_upper_dev_get(dev) || netdev_is_rx_handler_busy(dev)))
		return 0;
	return 1 + have + 2 * (READ_ONCE(nv->vf.path.associated) &&
			       is_in_slot(dev, READ_ONCE(nv->vf.serial)));
}

static struct net_device *find_best(const struct netvsc *nv)
{
	struct net_device *dev, *best = NULL;
	unsigned int most = 0;
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net)
		for_each_netdev(net, dev)
			if (rank(nv, dev) > most) {
				most = rank(nv, dev);
				best = dev;
			}
	up_read(&net_rwsem);
	return best;
}

/* False: it was elsewhere, and comes as a new device; or it cannot come. */
static bool is_here(struct netvsc *nv, struct net_device *dev)
{
	struct net *net = dev_net(nv->ndev);
	int err;

	if (net_eq(dev_net(dev), net))
		return true;
	if (!check_net(net))
		return false;
	err = dev_change_net_namespace(dev, net, "eth%d");
	if (err)
		netdev_warn(nv->ndev, "VF %s does not follow into our network namespace, error %d\n",
			    dev->name, err);
	return false;
}

static void pair_work(struct work_struct *work)
{
	struct netvsc_vf *vf = container_of(to_delayed_work(work), struct netvsc_vf, pair_work);
	struct netvsc *nv = container_of(vf, struct netvsc, vf);
	struct net_device *best;

	rtnl_lock();
	if (nv->removing || nv->ndev->reg_state != NETREG_REGISTERED)
		goto out;
	best = find_best(nv);
	if (best && !is_here(nv, best))
		goto out;
	if (best == vf->slave) {
		if (vf->slave && !vf->configured)
			configure(nv);
		goto out;
	}
	if (vf->slave) {
		struct net_device *old = vf->slave;

		dev_close(old);
		release(nv);
	}
	if (best && take(nv, best))
		look_for_pair(nv, NAMING_TIME);
out:
	rtnl_unlock();
}

static void to_all_that_fit(const struct net_device *dev, unsigned long event)
{
	struct netvsc *nv;

	list_for_each_entry(nv, &nics, vf.nics) {
		if (nv->ndev == dev && event == NETDEV_REGISTER)
			/* Moved to another namespace: the function follows. */
			look_for_pair(nv, 0);
		else if (nv->ndev != dev && could_be(nv, dev))
			look_for_pair(nv, 0);
	}
}

static struct netvsc *master_of(const struct net_device *dev)
{
	struct netvsc *nv;

	list_for_each_entry(nv, &nics, vf.nics)
		if (nv->vf.slave == dev)
			return nv;
	return NULL;
}

static bool is_wanted(const struct net_device *dev)
{
	struct netvsc *nv;

	list_for_each_entry(nv, &nics, vf.nics)
		if (nv->ndev != dev && could_be(nv, dev))
			return true;
	return false;
}

static int on_event(struct notifier_block *nb, unsigned long event, void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);
	struct netvsc *nv;

	switch (event) {
	case NETDEV_POST_INIT:
		if (is_wanted(dev))
			mark(dev);
		return NOTIFY_DONE;
	case NETDEV_REGISTER:
		to_all_that_fit(dev, event);
		return NOTIFY_DONE;
	case NETDEV_UNREGISTER:
		nv = master_of(dev);
		if (nv)
			release(nv);
		/* Another one may be waiting. */
		to_all_that_fit(dev, event);
		return NOTIFY_DONE;
	}
	nv = master_of(dev);
	if (!nv)
		return NOTIFY_DONE;
	switch (event) {
	case NETDEV_GOING_DOWN:
		leave(nv);
		break;
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGE:
	case NETDEV_CHANGEMTU:
		refresh(nv);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = on_event };

int netvsc_vf_listen(void)
{
	return register_netdevice_notifier(&notifier);
}

void netvsc_vf_listen_no_more(void)
{
	unregister_netdevice_notifier(&notifier);
}

/* With the NIC -------------------------------------------------------------------------*/

int netvsc_vf_init(struct netvsc *nv)
{
	struct netvsc_vf *vf = &nv->vf;
	u32 way;

	vf->stats = netdev_alloc_pcpu_stats(struct netvsc_vf_stats);
	if (!vf->stats)
		return -ENOMEM;
	INIT_LIST_HEAD(&vf->nics);
	spin_lock_init(&vf->lock);
	INIT_DELAYED_WORK(&vf->path_work, path_work);
	INIT_DELAYED_WORK(&vf->pair_work, pair_work);
	for (way = 0; way < VF_PATH_CNT; way++)
		vf->cookies[way].kind = NETVSC_COOKIE_SWITCH;
	return 0;
}

void netvsc_vf_free(struct netvsc *nv)
{
	free_percpu(nv->vf.stats);
}

void netvsc_vf_stop_work(struct netvsc *nv)
{
	cancel_delayed_work_sync(&nv->vf.path_work);
	cancel_delayed_work_sync(&nv->vf.pair_work);
}

void netvsc_vf_registered(struct netvsc *nv)
{
	ASSERT_RTNL();
	list_add(&nv->vf.nics, &nics);
	look_for_pair(nv, 0);
}

void netvsc_vf_unregister(struct netvsc *nv)
{
	ASSERT_RTNL();
	if (nv->vf.slave)
		dev_close(nv->vf.slave);
	release(nv);
	list_del_init(&nv->vf.nics);
}

void netvsc_vf_show(struct netvsc *nv, struct seq_file *file)
{
	struct netvsc_vf *vf = &nv->vf;
	struct netvsc_vf_stats sum;

	netvsc_vf_sum(nv, &sum);
	spin_lock_bh(&vf->lock);
	seq_printf(file, "VF: %s, host has %s (serial %u), %s\n",
		   vf->slave ? vf->slave->name : "none", vf->path.associated ? "one" : "none",
		   vf->serial, vf->path.ready ? "ready" : "not ready");
	seq_printf(file, "data path: %s, asked for %s%s\n",
		   way_name(rcu_access_pointer(vf->tx) ? NVSP_PATH_VF : NVSP_PATH_SYNTHETIC),
		   way_name(vf->path.asked),
		   vf_path_is_pending(&vf->path) ? ", not confirmed" : "");
	seq_printf(file, "VF taken: %u times, data path asked for: VF %u, synthetic %u, not confirmed in time: %u\n",
		   vf->taken, vf->asked[NVSP_PATH_VF], vf->asked[NVSP_PATH_SYNTHETIC],
		   vf->unconfirmed);
	spin_unlock_bh(&vf->lock);
	seq_printf(file, "VF frames: sent %llu, not sent %llu, received %llu, received while down %llu\n",
		   sum.tx_packets, sum.tx_dropped, sum.rx_packets, sum.rx_dropped);
}

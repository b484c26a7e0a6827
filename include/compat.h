/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - teaches older kernels the words of newer ones
 *
 * Forced in by Kbuild; no source includes it. The COMPAT_ flags come from
 * compat-detect.sh. Each entry names the release that makes it needless.
 */
#ifndef VMBUS_KIT_COMPAT_H
#define VMBUS_KIT_COMPAT_H

#ifndef __ASSEMBLY__

/*
 * Nothing is included here: this file comes before a source's own pr_fmt, and
 * before it has chosen its headers.
 */

/* Driver core ----------------------------------------------------------------*/

/* 6.11: bus_type.match takes a const driver */
#ifdef COMPAT_BUS_MATCH_CONST
#define compat_match_driver const struct device_driver
#else
#define compat_match_driver struct device_driver
#endif

/* 6.3: bus_type.uevent takes a const device */
#ifdef COMPAT_BUS_UEVENT_CONST
#define compat_uevent_device const struct device
#else
#define compat_uevent_device struct device
#endif

/* 6.4: a bus attribute's show takes a const bus_type */
#ifdef COMPAT_BUS_ATTR_CONST
#define compat_attr_bus const struct bus_type
#else
#define compat_attr_bus struct bus_type
#endif

/* Tracing ----------------------------------------------------------------------*/

/* 6.10: __assign_str() knows what __string() was given */
#ifdef COMPAT_ASSIGN_STR_DST
#define compat_assign_str(dst, src)	__assign_str(dst)
#else
#define compat_assign_str(dst, src)	__assign_str(dst, src)
#endif

/* x86 --------------------------------------------------------------------------*/

/* 6.16: rdmsrl/wrmsrl became rdmsrq/wrmsrq */
#ifndef COMPAT_RDMSRQ
#define rdmsrq(msr, val)	rdmsrl(msr, val)
#define wrmsrq(msr, val)	wrmsrl(msr, val)
#endif

/* 6.16: cpuid() moved; for use in #include */
#ifdef COMPAT_CPUID_API_H
#define COMPAT_CPUID_HEADER	<asm/cpuid/api.h>
#else
#define COMPAT_CPUID_HEADER	<asm/processor.h>
#endif

/* SCSI -------------------------------------------------------------------------*/

/* 6.16: slave_alloc, _configure and _destroy are called sdev_, and configure gets the limits */
#ifdef COMPAT_SDEV_CONFIGURE
#define compat_sdev_init		sdev_init
#define compat_sdev_configure		sdev_configure
#define compat_sdev_destroy		sdev_destroy
#define compat_sdev_configure_limits	, struct queue_limits *lim
#else
#define compat_sdev_init		slave_alloc
#define compat_sdev_configure		slave_configure
#define compat_sdev_destroy		slave_destroy
#define compat_sdev_configure_limits
#endif

/* 6.2: eh_timed_out has its own answers; before, DONE meant that the mid-layer shall go on */
#ifndef COMPAT_SCSI_TIMEOUT_ACTION
#define SCSI_EH_NOT_HANDLED		BLK_EH_DONE
#define SCSI_EH_RESET_TIMER		BLK_EH_RESET_TIMER
#endif

/* 6.6: takes the scsi_device, not its struct device */
#ifdef COMPAT_RESCAN_DEVICE_SDEV
#define compat_scsi_rescan_device(sdev)	scsi_rescan_device(sdev)
#else
#define compat_scsi_rescan_device(sdev)	scsi_rescan_device(&(sdev)->sdev_gendev)
#endif

/* Time ------------------------------------------------------------------------*/

/* 7.2: a snapshot is of the clock that the caller of a cross timestamp names */
#ifdef COMPAT_SNAPSHOT_ID
#define compat_time_snapshot(cross, snap)	ktime_get_snapshot_id((cross)->clock_id, snap)
#define compat_snapshot_system			systime
#define compat_snapshot_raw			monoraw
#define compat_cross_system			sys_systime
#else
#define compat_time_snapshot(cross, snap)	ktime_get_snapshot(snap)
#define compat_snapshot_system			real
#define compat_snapshot_raw			raw
#define compat_cross_system			sys_realtime
#endif

/* File systems -----------------------------------------------------------------*/

/* 6.6: a freeze has a holder; 6.17: and an owner. By ioctl, it is user space's and nobody's */
#ifdef COMPAT_THAW_OWNER
#define compat_thaw_args	, FREEZE_HOLDER_USERSPACE, NULL
#elif defined(COMPAT_THAW_HOLDER)
#define compat_thaw_args	, FREEZE_HOLDER_USERSPACE
#else
#define compat_thaw_args
#endif

/* Network ----------------------------------------------------------------------*/

/* 6.3: user space is told what programs can do on a NIC */
#ifdef COMPAT_XDP_FEATURES
#define compat_xdp_features(ndev, features)	xdp_set_features_flag(ndev, features)
#else
#define compat_xdp_features(ndev, features)	((void)(ndev))
#endif

/* 6.5: a fragment is filled in at once */
#ifdef COMPAT_FRAG_FILL
#define compat_frag_set(frag, page, offset, size) skb_frag_fill_page_desc(frag, page, offset, size)
#else
#define compat_frag_set(frag, page, offset, size)						\
	do {											\
		skb_frag_t *__frag = (frag);							\
												\
		__skb_frag_set_page(__frag, page);						\
		skb_frag_off_set(__frag, offset);						\
		skb_frag_size_set(__frag, size);						\
	} while (0)
#endif

/* 6.14: frames in several pages say what memory they take */
#ifdef COMPAT_FRAGS_TRUESIZE
#define compat_frags_truesize(shared, bytes)	((shared)->xdp_frags_truesize = (bytes))
#else
#define compat_frags_truesize(shared, bytes)	((void)(shared))
#endif

/* 6.8: user space is told who polls a queue */
#ifdef COMPAT_QUEUE_NAPI
#define compat_queue_set_napi(ndev, index, napi)						\
	do {											\
		netif_queue_set_napi(ndev, index, NETDEV_QUEUE_TYPE_RX, napi);			\
		netif_queue_set_napi(ndev, index, NETDEV_QUEUE_TYPE_TX, napi);			\
	} while (0)
#else
#define compat_queue_set_napi(ndev, index, napi)	((void)(napi))
#endif

/* 6.9, in this form 6.11: queues have statistics of their own over netlink */
#ifdef COMPAT_QSTATS
#define compat_set_stat_ops(ndev, ops)	((ndev)->stat_ops = (ops))
#else
#define compat_set_stat_ops(ndev, ops)	((void)(ndev))
#endif

/* 6.8: get_rxfh and set_rxfh take one structure; here both forms of (table, key, function) */
#ifdef COMPAT_RXFH_PARAM
#define compat_rxfh_ops(read, write)							\
	static int compat_get_rxfh(struct net_device *ndev, struct ethtool_rxfh_param *p) \
	{										\
		return read(ndev, p->indir, p->key, &p->hfunc);				\
	}										\
	static int compat_set_rxfh(struct net_device *ndev, struct ethtool_rxfh_param *p, \
				   struct netlink_ext_ack *extack)			\
	{										\
		return write(ndev, p->indir, p->key, p->hfunc);				\
	}
#else
#define compat_rxfh_ops(read, write)							\
	static int compat_get_rxfh(struct net_device *ndev, u32 *indir, u8 *key, u8 *hfunc) \
	{										\
		return read(ndev, indir, key, hfunc);					\
	}										\
	static int compat_set_rxfh(struct net_device *ndev, const u32 *indir,		\
				   const u8 *key, const u8 hfunc)			\
	{										\
		return write(ndev, indir, key, hfunc);					\
	}
#endif

/* 6.17: fields of the hash, and 6.19: the number of rings, have callbacks of their own */
#ifdef COMPAT_RXFH_FIELDS
#define compat_fields_ops(read, write)							\
	static int compat_get_fields(struct net_device *ndev, struct ethtool_rxfh_fields *f) \
	{										\
		u64 fields;								\
		int err = read(ndev, f->flow_type, &fields);				\
											\
		f->data = fields;							\
		return err;								\
	}										\
	static int compat_set_fields(struct net_device *ndev,				\
				     const struct ethtool_rxfh_fields *f,		\
				     struct netlink_ext_ack *extack)			\
	{										\
		return write(ndev, f->flow_type, f->data);				\
	}
#define compat_fields_members								\
	.get_rxfh_fields = compat_get_fields, .set_rxfh_fields = compat_set_fields,
#define compat_get_old_fields(read, ndev, info)	(-EOPNOTSUPP)
#define compat_set_old_fields(write, ndev, info)	(-EOPNOTSUPP)
#else
#define compat_fields_ops(read, write)
#define compat_fields_members
#define compat_get_old_fields(read, ndev, info)	read(ndev, (info)->flow_type, &(info)->data)
#define compat_set_old_fields(write, ndev, info) write(ndev, (info)->flow_type, (info)->data)
#endif

#ifdef COMPAT_RX_RING_COUNT
#define compat_rxnfc_ops(count, read, write)	compat_fields_ops(read, write)
#define compat_rxnfc_members	.get_rx_ring_count = get_ring_count, compat_fields_members
#else
#define compat_rxnfc_ops(count, read, write)						\
	compat_fields_ops(read, write)							\
	static int compat_get_rxnfc(struct net_device *ndev, struct ethtool_rxnfc *info, \
				    u32 *rules)						\
	{										\
		switch (info->cmd) {							\
		case ETHTOOL_GRXRINGS:							\
			info->data = count(ndev);					\
			return 0;							\
		case ETHTOOL_GRXFH:							\
			return compat_get_old_fields(read, ndev, info);			\
		default:								\
			return -EOPNOTSUPP;						\
		}									\
	}										\
	static int compat_set_rxnfc(struct net_device *ndev, struct ethtool_rxnfc *info) \
	{										\
		if (info->cmd != ETHTOOL_SRXFH)						\
			return -EOPNOTSUPP;						\
		return compat_set_old_fields(write, ndev, info);			\
	}
#define compat_rxnfc_members								\
	.get_rxnfc = compat_get_rxnfc, .set_rxnfc = compat_set_rxnfc, compat_fields_members
#endif

/* 7.2: an address comes in a structure that has room for any */
#ifdef COMPAT_MAC_STORAGE
#define compat_mac_addr		sockaddr_storage
#define compat_mac_family	ss_family
#define compat_mac_data		__data
#else
#define compat_mac_addr		sockaddr
#define compat_mac_family	sa_family
#define compat_mac_data		sa_data
#endif

/* 6.15: the NIC's lock, and its class, moved out of linux/netdevice.h; for use in #include */
#ifdef COMPAT_NETDEV_LOCK_H
#define COMPAT_NETDEV_LOCK_HEADER	<net/netdev_lock.h>
#else
#define COMPAT_NETDEV_LOCK_HEADER	<net/sock.h>
#endif

/* 6.2: a port that shall get no IPv6 addresses; before, IFF_SLAVE alone says so */
#ifndef COMPAT_NO_ADDRCONF
#define IFF_NO_ADDRCONF		0
#endif

/* Annotations ------------------------------------------------------------------*/

/* 7.0: members say which lock guards them; before, the reader is told and nobody else */
#ifndef __guarded_by
#define __guarded_by(...)
#endif

/* A function's return type taken from the callback it is assigned to. */
#define compat_ret(type, member, ...) typeof(((type *)0)->member(__VA_ARGS__))

#endif /* __ASSEMBLY__ */
#endif

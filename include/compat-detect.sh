#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Ask the kernel's headers and export list which form of an interface they have,
# and print the answers as -D flags for compat.h. Stable and distribution kernels
# carry interfaces back, so a version number would tell less.
#
# Usage: compat-detect.sh SRCTREE OBJTREE
inc=$1/include
syms=$2/Module.symvers

flag() { printf ' -D%s=1' "$1"; }
# One blank for every run of non-identifier characters: patterns need not know line breaks or stars.
words() { tr -cs 'A-Za-z0-9_' ' '; }
# hdr FLAG FILE WORDS: the words stand in a header
hdr() { if { words <"$inc/$2"; } 2>/dev/null | grep -Eq " $3 "; then flag "$1"; fi; }
# str FLAG FILE STRUCT WORDS: the words stand in a structure's definition
str() {
	if sed -n "/^struct $3 {/,/^}/p" "$inc/$2" 2>/dev/null | words | grep -Eq " $4 "; then
		flag "$1"
	fi
}
# sym FLAG SYMBOL: exported
sym() { if grep -q "	$2	" "$syms" 2>/dev/null; then flag "$1"; fi; }
# file FLAG FILE: the header exists
file() { if [ -e "$1" ]; then flag "$2"; fi; }

str COMPAT_BUS_MATCH_CONST linux/device/bus.h bus_type 'int match struct device dev const struct device_driver'
str COMPAT_BUS_UEVENT_CONST linux/device/bus.h bus_type 'int uevent const struct device'
str COMPAT_BUS_ATTR_CONST linux/device/bus.h bus_attribute 'show const struct bus_type'
hdr COMPAT_ASSIGN_STR_DST trace/stages/stage6_event_callback.h 'define __assign_str dst do'
str COMPAT_SDEV_CONFIGURE scsi/scsi_host.h scsi_host_template 'sdev_configure'
hdr COMPAT_SCSI_TIMEOUT_ACTION scsi/scsi_host.h 'enum scsi_timeout_action'
hdr COMPAT_RESCAN_DEVICE_SDEV scsi/scsi_host.h 'scsi_rescan_device struct scsi_device'
hdr COMPAT_SNAPSHOT_ID linux/timekeeping.h 'ktime_get_snapshot_id'
for header in linux/fs.h linux/fs/super.h; do
	hdr COMPAT_THAW_HOLDER $header 'int thaw_super struct super_block super enum freeze_holder who'
	hdr COMPAT_THAW_OWNER $header 'int thaw_super struct super_block super enum freeze_holder who const void'
done
str COMPAT_RXFH_PARAM linux/ethtool.h ethtool_ops 'int set_rxfh struct net_device struct ethtool_rxfh_param'
str COMPAT_RXFH_FIELDS linux/ethtool.h ethtool_ops 'int get_rxfh_fields'
hdr COMPAT_FRAG_FILL linux/skbuff.h 'void skb_frag_fill_page_desc skb_frag_t'
hdr COMPAT_FRAGS_TRUESIZE linux/skbuff.h 'u32 xdp_frags_truesize'
hdr COMPAT_XDP_FEATURES net/xdp.h 'xdp_set_features_flag struct net_device'
str COMPAT_QSTATS net/netdev_queues.h netdev_queue_stats_tx 'u64 stop u64 wake'
hdr COMPAT_QUEUE_NAPI linux/netdevice.h 'void netif_queue_set_napi struct net_device'
hdr COMPAT_MAC_STORAGE linux/netdevice.h 'dev_set_mac_address struct net_device dev struct sockaddr_storage'
hdr COMPAT_NO_ADDRCONF linux/netdevice.h 'IFF_NO_ADDRCONF BIT_ULL'
str COMPAT_RX_RING_COUNT linux/ethtool.h ethtool_ops 'u32 get_rx_ring_count'
file "$inc/net/netdev_lock.h" COMPAT_NETDEV_LOCK_H
file "$1/arch/x86/include/asm/cpuid/api.h" COMPAT_CPUID_API_H
if grep -q "define rdmsrq" "$1/arch/x86/include/asm/msr.h" 2>/dev/null; then flag COMPAT_RDMSRQ; fi
sym COMPAT_HYPERV hv_setup_vmbus_handler

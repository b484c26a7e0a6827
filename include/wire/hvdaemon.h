/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hvdaemon.h - what the kernel and the daemons of the integration services say
 * to each other, through /dev/vmbus/hv_kvp, hv_vss and hv_fcopy
 *
 * Laid out by the daemons that distributions ship; in the machine's byte order.
 * A read gives a whole message, a write takes one. The daemon begins: it writes
 * which form of the protocol it speaks, reads the kernel's answer, and from then
 * on reads requests and writes a reply to each.
 */
#ifndef VMBUS_KIT_WIRE_HVDAEMON_H
#define VMBUS_KIT_WIRE_HVDAEMON_H

#include "hvic.h"

/* Key-value exchange ----------------------------------------------------------*/

/* op of the first write, beside enum hvic_kvp_op for requests */
#define HVDAEMON_KVP_REGISTER_OLD	4u	/* no status: an empty key ends a list */
#define HVDAEMON_KVP_REGISTER		100u

#define HVDAEMON_KVP_TEXT_MAX		512

/* As struct hvic_kvp_value, in UTF-8. */
struct hvdaemon_kvp_value {
	__u32 type;
	__u32 key_size;			/* with the NUL */
	__u32 value_size;
	__u8 key[HVIC_KVP_KEY_LEN];
	__u8 value[HVIC_KVP_VALUE_LEN];
};
WIRE_SIZE(struct hvdaemon_kvp_value, 2572);

/* As struct hvic_kvp_ip_info, in UTF-8, in fields of the same bytes. */
struct hvdaemon_kvp_ip {
	__u8 adapter[HVIC_KVP_ADAPTER_LEN];
	__u8 family;
	__u8 dhcp;
	__u8 addresses[HVIC_KVP_ADDRESSES_LEN];
	__u8 subnets[HVIC_KVP_ADDRESSES_LEN];
	__u8 gateways[HVIC_KVP_GATEWAYS_LEN];
	__u8 dns[HVIC_KVP_ADDRESSES_LEN];
};
WIRE_SIZE(struct hvdaemon_kvp_ip, 7426);

/* Both ways, always whole. */
struct hvdaemon_kvp {
	union {
		struct {		/* to the daemon, and in its first write */
			__u8 op;	/* enum hvic_kvp_op */
			__u8 pool;
			__u16 pad;
		};
		__u32 error;		/* from the daemon: HVIC_STATUS_* */
	};
	union {
		__u8 version[HVDAEMON_KVP_TEXT_MAX];	/* the answer to its first write */
		struct hvdaemon_kvp_value value;	/* GET, SET */
		struct {
			__u32 key_size;
			__u8 key[HVIC_KVP_KEY_LEN];
		} del;
		struct {
			__u32 index;
			struct hvdaemon_kvp_value value;
		} list;					/* ENUMERATE */
		struct hvdaemon_kvp_ip ip;
	};
};
WIRE_SIZE(struct hvdaemon_kvp, 7432);
WIRE_AT(struct hvdaemon_kvp, ip, 4);
WIRE_AT(struct hvdaemon_kvp, list.value, 8);

/* Backup ------------------------------------------------------------------------*/

/* op of the first write, beside enum hvic_vss_op for requests */
#define HVDAEMON_VSS_REGISTER_OLD	128u	/* gets no answer */
#define HVDAEMON_VSS_REGISTER		129u	/* gets the same number, in four bytes */

/* Both ways. */
struct hvdaemon_vss {
	union {
		__u8 op;		/* to the daemon, and in its first write */
		__u32 error;		/* from the daemon: HVIC_STATUS_* */
		__u8 header[8];
	};
	__u32 flags;
};
WIRE_SIZE(struct hvdaemon_vss, 12);
WIRE_AT(struct hvdaemon_vss, flags, 8);

/* File copy ---------------------------------------------------------------------*/

/* The first write, and each reply, is one number of four bytes. */
#define HVDAEMON_FCOPY_REGISTER_OLD	0u	/* gets no answer */
#define HVDAEMON_FCOPY_REGISTER		1u	/* gets the same number */

/* As struct hvic_fcopy_start, names in UTF-8 in fields of the same bytes. */
struct hvdaemon_fcopy_start {
	__u32 op;			/* HVIC_FCOPY_START */
	struct wire_guid service[2];
	__u8 name[2 * HVIC_FCOPY_NAME];
	__u8 path[2 * HVIC_FCOPY_NAME];
	__u32 flags;
	__u64 size;
} __attribute__((packed, aligned(4)));	/* size is at a multiple of 8; the whole is not */
WIRE_SIZE(struct hvdaemon_fcopy_start, 1088);
WIRE_AT(struct hvdaemon_fcopy_start, path, 556);

#endif

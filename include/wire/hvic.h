/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hvic.h - integration services: shutdown, time, heartbeat, key-value exchange,
 * backup, file copy
 *
 * Each service is a channel of its own, a pipe in message mode. The host asks,
 * the guest answers; the first request after each opening is the negotiation.
 * An answer is the request's bytes again, as long as they came, in a packet in
 * band (not a completion) with the request's packet id, the header's status and
 * flags changed and the body filled in. Only the daemon that copies files
 * through uio uses packet ids of its own: a host matches by the header.
 *
 * There is no specification. Sources: the Linux, OpenVMM and FreeBSD
 * implementations; a comment says where they differ.
 */
#ifndef VMBUS_KIT_WIRE_HVIC_H
#define VMBUS_KIT_WIRE_HVIC_H

#include "guid.h"
#include "wire.h"

/* Framing ----------------------------------------------------------------- */

#define HVIC_PIPE_DATA			1u	/* pipe_type; there is no other */
#define HVIC_PIPE_LEN			8u	/* of the two fields of the pipe */

/* The user-defined bytes of an offer of ours begin with this word. */
#define HVIC_PIPE_MODE_MESSAGE		4u

/* The largest request any host is known to send, with its header. */
#define HVIC_MAX_LEN			13312u

enum hvic_type {
	HVIC_TYPE_NEGOTIATE		= 0,
	HVIC_TYPE_HEARTBEAT		= 1,
	HVIC_TYPE_KVP			= 2,
	HVIC_TYPE_SHUTDOWN		= 3,
	HVIC_TYPE_TIMESYNC		= 4,
	HVIC_TYPE_VSS			= 5,
	HVIC_TYPE_RDV			= 6,	/* not used here */
	HVIC_TYPE_FCOPY			= 7,
	HVIC_TYPE_VM_SESSION		= 8,	/* not used here */
};

/* flags */
#define HVIC_FLAG_TRANSACTION		0x1u	/* request and answer carry it */
#define HVIC_FLAG_REQUEST		0x2u
#define HVIC_FLAG_RESPONSE		0x4u

/* status: HRESULT values; 0 in requests */
#define HVIC_STATUS_OK			0x00000000u
#define HVIC_STATUS_FAIL		0x80004005u
#define HVIC_STATUS_NOT_FOUND		0x80041002u	/* SET_IP_INFO: no such adapter */
#define HVIC_STATUS_NOT_SUPPORTED	0x80070032u
#define HVIC_STATUS_EXISTS		0x80070050u
#define HVIC_STATUS_INVALID_ARGUMENT	0x80070057u
#define HVIC_STATUS_DISK_FULL		0x80070070u
#define HVIC_STATUS_NO_MORE_ITEMS	0x80070103u	/* ENUMERATE: the end; GET: no such key */
#define HVIC_STATUS_NOT_CONNECTED	0x8007048fu
#define HVIC_STATUS_MACHINE_LOCKED	0x800704f7u

struct hvic_version {
	__le16 major;
	__le16 minor;
};
WIRE_SIZE(struct hvic_version, 4);

/*
 * In front of every message, both ways. Bodies start behind it, at a multiple
 * of 4 and not of 8. body_len may be less than what follows (padding), not more.
 */
struct hvic_hdr {
	__le32 pipe_type;		/* HVIC_PIPE_DATA */
	__le32 pipe_len;		/* bytes behind this field */
	struct hvic_version framework;	/* as agreed; in a negotiation, the host's own */
	__le16 type;			/* enum hvic_type */
	struct hvic_version version;	/* of the service's messages, as agreed */
	__le16 body_len;		/* bytes behind this header */
	__le32 status;			/* HVIC_STATUS_* */
	__u8 transaction;		/* the host's, given back */
	__u8 flags;			/* HVIC_FLAG_* */
	__le16 reserved;
};
WIRE_SIZE(struct hvic_hdr, 28);
WIRE_AT(struct hvic_hdr, framework, 8);
WIRE_AT(struct hvic_hdr, type, 12);
WIRE_AT(struct hvic_hdr, version, 14);
WIRE_AT(struct hvic_hdr, body_len, 18);
WIRE_AT(struct hvic_hdr, status, 20);
WIRE_AT(struct hvic_hdr, transaction, 24);
WIRE_AT(struct hvic_hdr, flags, 25);

/*
 * HVIC_TYPE_NEGOTIATE, host to guest after every opening of the channel. The
 * versions follow, those of the framework first, in no particular order. The
 * answer has one of each, in the same places, or counts of 0 if there is none
 * in common; what stood behind them may stay as it was.
 */
struct hvic_negotiate {
	__le16 framework_cnt;
	__le16 version_cnt;
	__le32 reserved;
	struct hvic_version versions[];
};
WIRE_SIZE(struct hvic_negotiate, 8);
WIRE_AT(struct hvic_negotiate, versions, 8);

#define HVIC_NEGOTIATE_ANSWER_LEN	16u	/* body_len of the answer */

/* Shutdown: versions 1.0, 3.0, 3.1, 3.2; framework 1.0, 3.0 ---------------- */

#define HVIC_SHUTDOWN_FORCE		0x1u
#define HVIC_SHUTDOWN_RESTART		0x2u	/* power off without it */
#define HVIC_SHUTDOWN_HIBERNATE		0x4u	/* from 3.2 on */

#define HVIC_SHUTDOWN_PLANNED		0x80000000u	/* reason */

#define HVIC_SHUTDOWN_TEXT		2048

/* Host to guest. Answered before the guest begins to go down, or with a failure if it cannot. */
struct hvic_shutdown {
	__le32 reason;
	__le32 timeout_s;
	__le32 flags;			/* HVIC_SHUTDOWN_* */
	__u8 text[HVIC_SHUTDOWN_TEXT];	/* UTF-8 for whoever reads the log; need not end in NUL */
};
WIRE_SIZE(struct hvic_shutdown, 2060);

/* Time: versions 1.0, 3.0, 4.0; framework 1.0, 3.0 ------------------------- */

/* Units of 100 ns since 1601-01-01 00:00 UTC; this is what 1970-01-01 is. */
#define HVIC_TIME_UNIX_EPOCH		116444736000000000ull
#define HVIC_TIME_PER_SECOND		10000000ull

#define HVIC_TIMESYNC_PROBE		0x0u
#define HVIC_TIMESYNC_SYNC		0x1u	/* set the clock: at start, after the host slept */
#define HVIC_TIMESYNC_SAMPLE		0x2u	/* for those who discipline a clock */

/* Host to guest, below 4.0. The last three bytes need not come. */
struct hvic_timesync {
	__le64 host_time;
	__le64 guest_time;		/* not used */
	__le64 round_trip;		/* 100 ns; what the host measured, may be 0 */
	__u8 flags;			/* HVIC_TIMESYNC_* */
	__u8 reserved[3];
} __attribute__((packed, aligned(4)));	/* bodies are not 8-aligned */
WIRE_SIZE(struct hvic_timesync, 28);
WIRE_AT(struct hvic_timesync, flags, 24);

#define HVIC_TIMESYNC_MIN_LEN		25u

/* Host to guest, 4.0. Reserved bytes may be fewer: Linux asks for 22 in all, OpenVMM sends 24. */
struct hvic_timesync_ref {
	__le64 host_time;
	__le64 reference_time;		/* the partition's reference counter at that moment */
	__u8 flags;			/* HVIC_TIMESYNC_* */
	__u8 leap;			/* as in NTP: 0 none, 1, 2 a second more, less, 3 unknown */
	__u8 stratum;			/* as in NTP */
	__u8 reserved[5];
} __attribute__((packed, aligned(4)));	/* bodies are not 8-aligned */
WIRE_SIZE(struct hvic_timesync_ref, 24);
WIRE_AT(struct hvic_timesync_ref, flags, 16);

#define HVIC_TIMESYNC_REF_MIN_LEN	19u

/* Heartbeat: versions 1.0, 3.0; framework 1.0, 3.0 ------------------------- */

enum hvic_app_state {
	HVIC_APP_UNKNOWN		= 0,
	HVIC_APP_HEALTHY		= 1,
	HVIC_APP_CRITICAL		= 2,
	HVIC_APP_STOPPED		= 3,
};

/* Host to guest, about every two seconds. Answer: the number plus one. 8 bytes may be all. */
struct hvic_heartbeat {
	__le64 sequence;
	__le32 app_state;		/* answer: enum hvic_app_state; Linux leaves the host's */
	__le32 reserved;
} __attribute__((packed, aligned(4)));	/* bodies are not 8-aligned */
WIRE_SIZE(struct hvic_heartbeat, 16);

#define HVIC_HEARTBEAT_MIN_LEN		8u

/* Key-value exchange: versions 1.0, 3.0, 4.0, 5.0; framework 1.0, 3.0 ------ */

enum hvic_kvp_op {
	HVIC_KVP_GET			= 0,
	HVIC_KVP_SET			= 1,
	HVIC_KVP_DELETE			= 2,
	HVIC_KVP_ENUMERATE		= 3,	/* until HVIC_STATUS_NO_MORE_ITEMS */
	HVIC_KVP_GET_IP_INFO		= 4,
	HVIC_KVP_SET_IP_INFO		= 5,
	HVIC_KVP_OP_COUNT		= 6,
};

enum hvic_kvp_pool {
	HVIC_KVP_EXTERNAL		= 0,	/* the host's, for the guest to read */
	HVIC_KVP_GUEST			= 1,	/* the guest's, for the host to read */
	HVIC_KVP_AUTO			= 2,	/* what the guest says about itself */
	HVIC_KVP_AUTO_EXTERNAL		= 3,	/* what the host says about itself */
	HVIC_KVP_AUTO_INTERNAL		= 4,	/* never on the wire */
	HVIC_KVP_POOL_COUNT		= 5,
};

enum hvic_kvp_value_type {
	HVIC_KVP_STRING			= 1,	/* UTF-16 */
	HVIC_KVP_EXPAND_STRING		= 2,
	HVIC_KVP_U32			= 4,
	HVIC_KVP_U64			= 8,	/* Linux */
	HVIC_KVP_QWORD			= 11,	/* OpenVMM, and Windows' registry */
};

#define HVIC_KVP_KEY_LEN		512	/* bytes */
#define HVIC_KVP_VALUE_LEN		2048

/* First bytes of every body; IP information up to 4.0 starts at @pad already. */
struct hvic_kvp_hdr {
	__u8 op;			/* enum hvic_kvp_op */
	__u8 pool;			/* enum hvic_kvp_pool */
	__le16 pad;
};
WIRE_SIZE(struct hvic_kvp_hdr, 4);

/* Sizes are in bytes and count the NUL. */
struct hvic_kvp_value {
	__le32 type;			/* enum hvic_kvp_value_type */
	__le32 key_size;
	__le32 value_size;
	__le16 key[HVIC_KVP_KEY_LEN / 2];
	__u8 value[HVIC_KVP_VALUE_LEN];	/* UTF-16, or a number at its start */
};
WIRE_SIZE(struct hvic_kvp_value, 2572);
WIRE_AT(struct hvic_kvp_value, key, 12);
WIRE_AT(struct hvic_kvp_value, value, 524);

/* Host to guest: GET (answer: value.value and its size and type) and SET (answer: status alone). */
struct hvic_kvp_exchange {
	struct hvic_kvp_hdr hdr;
	struct hvic_kvp_value value;
};
WIRE_SIZE(struct hvic_kvp_exchange, 2576);

/* Host to guest. Answer: status alone. */
struct hvic_kvp_delete {
	struct hvic_kvp_hdr hdr;
	__le32 key_size;
	__le16 key[HVIC_KVP_KEY_LEN / 2];
};
WIRE_SIZE(struct hvic_kvp_delete, 520);

/* Host to guest. Answer: the whole value, its key too, or HVIC_STATUS_NO_MORE_ITEMS. */
struct hvic_kvp_enumerate {
	struct hvic_kvp_hdr hdr;
	__le32 index;			/* 0, 1, 2, ... */
	struct hvic_kvp_value value;
};
WIRE_SIZE(struct hvic_kvp_enumerate, 2580);
WIRE_AT(struct hvic_kvp_enumerate, value, 8);

/* Bodies of GET, SET, DELETE and ENUMERATE: hosts send this much for each of them. */
#define HVIC_KVP_EXCHANGE_LEN		2580u

/* family: bits */
#define HVIC_KVP_FAMILY_NONE		0u
#define HVIC_KVP_FAMILY_IPV4		1u
#define HVIC_KVP_FAMILY_IPV6		2u

#define HVIC_KVP_ADAPTER_LEN		256	/* bytes of UTF-16, as of the lists below */
#define HVIC_KVP_ADDRESSES_LEN		2048
#define HVIC_KVP_GATEWAYS_LEN		1024

/*
 * Host to guest, up to 4.0. GET_IP_INFO names the adapter by its MAC address
 * (upper case, colons) and says which family it wants; the answer is the rest.
 * SET_IP_INFO names it by the braced instance GUID of its device. Lists are
 * UTF-16, their elements end in ';'.
 */
struct hvic_kvp_ip_info {
	__u8 op;			/* HVIC_KVP_GET_IP_INFO or HVIC_KVP_SET_IP_INFO */
	__u8 pool;
	__le16 adapter[HVIC_KVP_ADAPTER_LEN / 2];
	__u8 family;			/* HVIC_KVP_FAMILY_* */
	__u8 dhcp;			/* 0 or 1 */
	__le16 addresses[HVIC_KVP_ADDRESSES_LEN / 2];
	__le16 subnets[HVIC_KVP_ADDRESSES_LEN / 2];	/* masks; prefix lengths for IPv6 */
	__le16 gateways[HVIC_KVP_GATEWAYS_LEN / 2];
	__le16 dns[HVIC_KVP_ADDRESSES_LEN / 2];
};
WIRE_SIZE(struct hvic_kvp_ip_info, 7428);
WIRE_AT(struct hvic_kvp_ip_info, family, 258);
WIRE_AT(struct hvic_kvp_ip_info, addresses, 260);
WIRE_AT(struct hvic_kvp_ip_info, gateways, 4356);
WIRE_AT(struct hvic_kvp_ip_info, dns, 5380);

#define HVIC_KVP_IP_ADDRESSES		64
#define HVIC_KVP_IP_GATEWAYS		5

#define HVIC_KVP_ORIGIN_UNKNOWN		0u
#define HVIC_KVP_ORIGIN_OTHER		1u	/* DHCP, for one */
#define HVIC_KVP_ORIGIN_STATIC		2u

/* Both ways, 5.0: as above, in binary. Addresses are in network order. */
struct hvic_kvp_ip_binary {
	struct hvic_kvp_hdr hdr;
	__le32 v4_address_cnt;
	__le32 v6_address_cnt;
	__le32 v4_gateway_cnt;
	__le32 v6_gateway_cnt;
	__le32 v4_dns_cnt;
	__le32 v6_dns_cnt;
	__le16 adapter[HVIC_KVP_ADAPTER_LEN / 2];
	__u8 family;			/* HVIC_KVP_FAMILY_* */
	__u8 dhcp;
	__le16 pad;
	__u8 v4_addresses[HVIC_KVP_IP_ADDRESSES][4];
	__u8 v6_addresses[HVIC_KVP_IP_ADDRESSES][16];
	__u8 v4_subnets[HVIC_KVP_IP_ADDRESSES][4];	/* masks */
	__le32 v6_subnets[HVIC_KVP_IP_ADDRESSES];	/* prefix lengths */
	__u8 v4_gateways[HVIC_KVP_IP_GATEWAYS][4];
	__u8 v6_gateways[HVIC_KVP_IP_GATEWAYS][16];
	__u8 v4_dns[HVIC_KVP_IP_ADDRESSES][4];
	__u8 v6_dns[HVIC_KVP_IP_ADDRESSES][16];
	__le16 origins[2 * HVIC_KVP_IP_ADDRESSES];	/* IPv4 addresses, then the others */
};
WIRE_SIZE(struct hvic_kvp_ip_binary, 3716);
WIRE_AT(struct hvic_kvp_ip_binary, adapter, 28);
WIRE_AT(struct hvic_kvp_ip_binary, family, 284);
WIRE_AT(struct hvic_kvp_ip_binary, v4_addresses, 288);
WIRE_AT(struct hvic_kvp_ip_binary, v4_gateways, 2080);
WIRE_AT(struct hvic_kvp_ip_binary, v4_dns, 2180);
WIRE_AT(struct hvic_kvp_ip_binary, origins, 3460);

/* Backup: versions 4.0 to 7.0, Linux speaks 5.0; framework 3.0 ------------- */

enum hvic_vss_op {
	HVIC_VSS_CREATE			= 0,
	HVIC_VSS_DELETE			= 1,
	HVIC_VSS_HOT_BACKUP		= 2,	/* can you? The answer's status says */
	HVIC_VSS_GET_DM_INFO		= 3,	/* directly mapped disks; answer: flags 0, none */
	HVIC_VSS_BU_COMPLETE		= 4,
	HVIC_VSS_FREEZE			= 5,
	HVIC_VSS_THAW			= 6,
	HVIC_VSS_AUTO_RECOVER		= 7,
	HVIC_VSS_QUERY_CLUSTER		= 8,	/* from 6.0 on */
};

/* flags of the answer to HVIC_VSS_HOT_BACKUP */
#define HVIC_VSS_HBU_NO_AUTO_RECOVERY	0x00000005u

/* Host to guest; FREEZE and what follows it in the list are longer. Answer: status and flags. */
struct hvic_vss {
	__u8 op;			/* enum hvic_vss_op */
	__u8 reserved[7];
	__le32 flags;			/* HOT_BACKUP, GET_DM_INFO, THAW: also of the answer */
};
WIRE_SIZE(struct hvic_vss, 12);
WIRE_AT(struct hvic_vss, flags, 8);

/* Bodies of the operations that name no disks are this long. */
#define HVIC_VSS_SHORT_LEN		39u

#define HVIC_VSS_LUNS			260

struct hvic_vss_lun {
	__u8 bus_type;
	__u8 pad1[3];
	struct wire_guid controller;
	__u8 port;
	__u8 target;
	__u8 lun;
	__u8 pad2;
};
WIRE_SIZE(struct hvic_vss_lun, 24);
WIRE_AT(struct hvic_vss_lun, controller, 4);
WIRE_AT(struct hvic_vss_lun, port, 20);

/* Host to guest: the disks that the backup is about. Answer: status alone. */
struct hvic_vss_freeze {
	__u8 op;			/* HVIC_VSS_FREEZE */
	__u8 reserved[7];
	__le32 backup_type;
	__le32 flags;
	__le32 lun_cnt;
	struct hvic_vss_lun luns[HVIC_VSS_LUNS];
};
WIRE_SIZE(struct hvic_vss_freeze, 6260);
WIRE_AT(struct hvic_vss_freeze, luns, 20);

/* Host to guest, after the thaw: the disks and their shadows. Answer: status alone. */
struct hvic_vss_auto_recover {
	struct hvic_vss_freeze freeze;	/* op is HVIC_VSS_AUTO_RECOVER */
	struct hvic_vss_lun shadows[HVIC_VSS_LUNS];
};
WIRE_SIZE(struct hvic_vss_auto_recover, 12500);

/* File copy: version 1.1; framework 3.0 ------------------------------------ */

enum hvic_fcopy_op {
	HVIC_FCOPY_START		= 0,
	HVIC_FCOPY_WRITE		= 1,
	HVIC_FCOPY_COMPLETE		= 2,
	HVIC_FCOPY_CANCEL		= 3,
};

/* In front of every body, and all of it for COMPLETE and CANCEL. Answers are status alone. */
struct hvic_fcopy_hdr {
	__le32 op;			/* enum hvic_fcopy_op */
	struct wire_guid service[2];	/* not used */
};
WIRE_SIZE(struct hvic_fcopy_hdr, 36);

#define HVIC_FCOPY_NAME			260	/* characters of UTF-16, with the NUL */

#define HVIC_FCOPY_OVERWRITE		0x1u
#define HVIC_FCOPY_CREATE_PATH		0x2u

/* Host to guest: a file named @path/@name begins. */
struct hvic_fcopy_start {
	struct hvic_fcopy_hdr hdr;
	__le16 name[HVIC_FCOPY_NAME];
	__le16 path[HVIC_FCOPY_NAME];
	__le32 flags;			/* HVIC_FCOPY_OVERWRITE, HVIC_FCOPY_CREATE_PATH */
	__le64 size;			/* of the file */
} __attribute__((packed, aligned(4)));	/* bodies are not 8-aligned */
WIRE_SIZE(struct hvic_fcopy_start, 1088);
WIRE_AT(struct hvic_fcopy_start, path, 556);
WIRE_AT(struct hvic_fcopy_start, flags, 1076);
WIRE_AT(struct hvic_fcopy_start, size, 1080);

#define HVIC_FCOPY_DATA			6144

/* Host to guest: a piece of it. The whole body comes, however little of it counts. */
struct hvic_fcopy_write {
	struct hvic_fcopy_hdr hdr;
	__le32 pad;
	__le64 offset;
	__le32 size;
	__u8 data[HVIC_FCOPY_DATA];
} __attribute__((packed, aligned(4)));	/* bodies are not 8-aligned */
WIRE_SIZE(struct hvic_fcopy_write, 6196);
WIRE_AT(struct hvic_fcopy_write, offset, 40);
WIRE_AT(struct hvic_fcopy_write, size, 48);
WIRE_AT(struct hvic_fcopy_write, data, 52);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * tlfs.h - what the hypervisor itself defines: CPUID leaves, MSRs, hypercalls,
 * and the two SynIC pages
 *
 * Source of every number: Hyper-V Top Level Functional Specification; where
 * KVM or Linux differ from the text, the comment says so.
 */
#ifndef VMBUS_KIT_WIRE_TLFS_H
#define VMBUS_KIT_WIRE_TLFS_H

#include "wire.h"

/* CPUID ------------------------------------------------------------------ */

/*
 * The leaves start at TLFS_CPUID_BASE. Another hypervisor that offers this
 * interface beside its own may put them elsewhere; like everybody's, they then
 * start at a multiple of TLFS_CPUID_STEP, and the registers below do not move.
 */
#define TLFS_CPUID_BASE			0x40000000u
#define TLFS_CPUID_STEP			0x100u
#define TLFS_CPUID_END			0x40010000u

/* Leaves, counted from the first */
#define TLFS_LEAF_VENDOR		0x0u	/* eax: highest leaf */
#define TLFS_LEAF_INTERFACE		0x1u	/* eax: TLFS_INTERFACE_HV1 */
#define TLFS_LEAF_VERSION		0x2u
#define TLFS_LEAF_FEATURES		0x3u
#define TLFS_LEAF_HINTS			0x4u
#define TLFS_LEAF_HIGHEST_LEAST		0x5u	/* a lower maximum is not Hyper-V */

#define TLFS_INTERFACE_HV1		0x31237648u	/* "Hv#1", the interface promise */
#define TLFS_VENDOR_EBX			0x7263694du	/* "Microsoft Hv" */
#define TLFS_VENDOR_ECX			0x666f736fu
#define TLFS_VENDOR_EDX			0x76482074u

/* TLFS_LEAF_FEATURES, eax: access to MSRs */
#define TLFS_ACCESS_REF_COUNT		(1u << 1)
#define TLFS_ACCESS_SYNIC		(1u << 2)
#define TLFS_ACCESS_HYPERCALL_MSRS	(1u << 5)
#define TLFS_ACCESS_VP_INDEX		(1u << 6)
/* TLFS_LEAF_FEATURES, ebx: hypercall privileges */
#define TLFS_PRIV_POST_MESSAGES		(1u << 4)
#define TLFS_PRIV_SIGNAL_EVENTS		(1u << 5)
/* TLFS_LEAF_HINTS, eax */
#define TLFS_HINT_NO_AUTO_EOI		(1u << 9)

/* MSRs ------------------------------------------------------------------- */

#define TLFS_MSR_GUEST_OS_ID		0x40000000u	/* 0: no hypercalls, no hypercall page */
#define TLFS_MSR_HYPERCALL		0x40000001u
#define TLFS_MSR_VP_INDEX		0x40000002u
#define TLFS_MSR_TIME_REF_COUNT		0x40000020u	/* 100 ns since the partition began */
#define TLFS_MSR_SCONTROL		0x40000080u
#define TLFS_MSR_SVERSION		0x40000081u
#define TLFS_MSR_SIEFP			0x40000082u
#define TLFS_MSR_SIMP			0x40000083u
#define TLFS_MSR_EOM			0x40000084u	/* any write: "slot emptied, rescan" */
#define TLFS_MSR_SINT0			0x40000090u

/* Bit 63: an open-source system; 62:56: 1 is Linux. Below, version and build as one likes. */
#define TLFS_OS_ID_LINUX		0x8100000000000000ull

#define TLFS_HYPERCALL_ENABLE		0x1ull	/* ignored while GUEST_OS_ID is 0 */
#define TLFS_HYPERCALL_LOCKED		0x2ull	/* nobody can change it before a reset */
/* Of registers that name a page: its frame. The bits below that have no name are the host's. */
#define TLFS_FRAME_MASK			0xfffffffffffff000ull
#define TLFS_SCONTROL_ENABLE		0x1ull
#define TLFS_SIEFP_ENABLE		0x1ull
#define TLFS_SIMP_ENABLE		0x1ull
#define TLFS_PAGE_SHIFT			12	/* every frame number on the wire is 4 KiB */
#define TLFS_PAGE_SIZE			4096u

#define TLFS_SINT_VECTOR		0xffull
#define TLFS_SINT_MASKED		(1ull << 16)
#define TLFS_SINT_AUTO_EOI		(1ull << 17)
#define TLFS_SINT_POLLING		(1ull << 18)

#define TLFS_SINT_COUNT			16
#define TLFS_SINT_VMBUS			2	/* VMBus messages and channel events */

/* Hypercalls --------------------------------------------------------------*/

#define TLFS_CALL_NONE			0x0000u	/* no call: TLFS_STATUS_INVALID_CODE */
#define TLFS_CALL_POST_MESSAGE		0x005cu
#define TLFS_CALL_SIGNAL_EVENT		0x005du
#define TLFS_CALL_FAST			(1ull << 16)

#define TLFS_STATUS_MASK		0xffffu
#define TLFS_STATUS_SUCCESS		0x0000u
#define TLFS_STATUS_INVALID_CODE	0x0002u
#define TLFS_STATUS_INVALID_INPUT	0x0003u
#define TLFS_STATUS_INVALID_ALIGNMENT	0x0004u
#define TLFS_STATUS_INVALID_PARAMETER	0x0005u
#define TLFS_STATUS_ACCESS_DENIED	0x0006u
#define TLFS_STATUS_INSUFFICIENT_MEMORY	0x000bu
#define TLFS_STATUS_INVALID_PORT_ID	0x0011u
#define TLFS_STATUS_INVALID_CONNECTION_ID 0x0012u
#define TLFS_STATUS_INSUFFICIENT_BUFFERS 0x0013u
#define TLFS_STATUS_INVALID_SYNIC_STATE	0x0018u
#define TLFS_STATUS_TIME_OUT		0x0078u

#define TLFS_CONNECTION_ID_MASK		0x00ffffffu	/* ids have 24 bits */
#define TLFS_MESSAGE_PAYLOAD_MAX	240u

/*
 * Input of TLFS_CALL_POST_MESSAGE: 8-byte aligned, within one page. The host
 * may read all 256 bytes whatever payload_size says, so the guest gives it a
 * whole aligned slot.
 */
struct tlfs_post_message {
	__le32 connection_id;
	__le32 reserved;
	__le32 message_type;
	__le32 payload_size;
	__u8 payload[TLFS_MESSAGE_PAYLOAD_MAX];
};
WIRE_SIZE(struct tlfs_post_message, 256);

/* SynIC pages -------------------------------------------------------------*/

#define TLFS_MSG_NONE			0x00000000u
#define TLFS_MSG_VMBUS			0x00000001u	/* a VMBus control message */
#define TLFS_MSG_TIMER_EXPIRED		0x80000010u	/* 6.1/6.12 kernels put stimer0 on SINT 2 */

#define TLFS_MSG_FLAG_PENDING		0x01u	/* more are queued: write EOM after emptying */

/* One slot of the message page; slot n belongs to SINT n. Host writes, guest empties. */
struct tlfs_message {
	__le32 type;		/* TLFS_MSG_NONE: the slot is free; written last by the host */
	__u8 payload_size;	/* 0..240 */
	__u8 flags;
	__le16 reserved;
	__le64 origin;
	__u8 payload[TLFS_MESSAGE_PAYLOAD_MAX];
};
WIRE_SIZE(struct tlfs_message, 256);
WIRE_AT(struct tlfs_message, flags, 5);
WIRE_AT(struct tlfs_message, payload, 16);

struct tlfs_message_page {
	struct tlfs_message slot[TLFS_SINT_COUNT];
};
WIRE_SIZE(struct tlfs_message_page, 4096);

#define TLFS_EVENT_FLAG_COUNT		2048	/* flag n: byte n/8, bit n%8 */

/* Flags of one SINT. Host sets bits atomically, guest clears them atomically. */
struct tlfs_event_flags {
	__u8 flags[TLFS_EVENT_FLAG_COUNT / 8];
};
WIRE_SIZE(struct tlfs_event_flags, 256);

struct tlfs_event_page {
	struct tlfs_event_flags sint[TLFS_SINT_COUNT];
};
WIRE_SIZE(struct tlfs_event_page, 4096);

/* Monitor page ------------------------------------------------------------*/

#define TLFS_MONITOR_ID_COUNT		128	/* id n: group n/32, bit n%32 */

/*
 * A guest that sets the bit of a channel here need not call SignalEvent: the
 * hypervisor looks every now and then, clears what it finds, and signals.
 * Guest sets bits atomically, host clears them atomically. Of the parameters
 * nothing is for the guest.
 */
struct tlfs_monitor_page {
	__le32 trigger_state;		/* bit n: group n is looked at */
	__le32 reserved1;
	struct {
		__le32 pending;
		__le32 armed;
	} group[TLFS_MONITOR_ID_COUNT / 32];
	__u8 reserved2[24];
	__le32 next_check_time[TLFS_MONITOR_ID_COUNT];
	__le16 latency[TLFS_MONITOR_ID_COUNT];
	__u8 reserved3[256];
	__le64 parameter[TLFS_MONITOR_ID_COUNT];
	__u8 reserved4[1984];
};
WIRE_SIZE(struct tlfs_monitor_page, 4096);
WIRE_AT(struct tlfs_monitor_page, group, 8);
WIRE_AT(struct tlfs_monitor_page, next_check_time, 0x40);
WIRE_AT(struct tlfs_monitor_page, latency, 0x240);
WIRE_AT(struct tlfs_monitor_page, parameter, 0x440);

#endif

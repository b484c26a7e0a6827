/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trace.h - tracepoints: every message in and out, every state change, every signal
 *
 * Names go into the record as text: whoever reads it, in the guest or from a file
 * elsewhere, needs no table of ours, and can filter by them.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmbus_client

#if !defined(VMBUS_KIT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VMBUS_KIT_TRACE_H

#include "proto/msg.h"

#include <linux/minmax.h>
#include <linux/tracepoint.h>

#ifndef VMBUS_KIT_TRACE_ONCE
#define VMBUS_KIT_TRACE_ONCE
/* Of a message that may be too short to have one. */
static inline u32 trace_msg_type(const struct vmbus_msg_hdr *msg, u32 len)
{
	return len < sizeof(msg->type) ? 0 : le32_to_cpu(msg->type);
}
#endif

/* Control messages ---------------------------------------------------------------*/

DECLARE_EVENT_CLASS(vmbus_msg,
	TP_PROTO(const void *msg, u32 len),
	TP_ARGS(msg, len),
	TP_STRUCT__entry(
		__field(u32, type)
		__field(u32, len)
		__string(name, msg_name(trace_msg_type(msg, len)))
		__dynamic_array(u8, bytes, len)
	),
	TP_fast_assign(
		__entry->type = trace_msg_type(msg, len);
		__entry->len = len;
		compat_assign_str(name, msg_name(trace_msg_type(msg, len)));
		memcpy(__get_dynamic_array(bytes), msg, len);
	),
	TP_printk("%s type=%u len=%u bytes=%s", __get_str(name), __entry->type, __entry->len,
		  __print_hex_str(__get_dynamic_array(bytes),
				  __get_dynamic_array_len(bytes)))
);

DEFINE_EVENT(vmbus_msg, vmbus_msg_in,
	TP_PROTO(const void *msg, u32 len),
	TP_ARGS(msg, len)
);

/* Before the host has it, so that its answer comes after it. */
DEFINE_EVENT(vmbus_msg, vmbus_msg_out,
	TP_PROTO(const void *msg, u32 len),
	TP_ARGS(msg, len)
);

/* @len is what the host says; of what is longer than a message can be, the rest is not there. */
TRACE_EVENT(vmbus_msg_rejected,
	TP_PROTO(const void *msg, u32 len, const char *why),
	TP_ARGS(msg, len, why),
	TP_STRUCT__entry(
		__field(u32, type)
		__field(u32, len)
		__string(name, msg_name(trace_msg_type(msg, len)))
		__string(why, why)
		__dynamic_array(u8, bytes, min(len, VMBUS_MSG_MAX_LEN))
	),
	TP_fast_assign(
		__entry->type = trace_msg_type(msg, len);
		__entry->len = len;
		compat_assign_str(name, msg_name(trace_msg_type(msg, len)));
		compat_assign_str(why, why);
		memcpy(__get_dynamic_array(bytes), msg, min(len, VMBUS_MSG_MAX_LEN));
	),
	TP_printk("%s why=%s type=%u len=%u bytes=%s", __get_str(name), __get_str(why),
		  __entry->type, __entry->len,
		  __print_hex_str(__get_dynamic_array(bytes),
				  __get_dynamic_array_len(bytes)))
);

/* Channels -----------------------------------------------------------------------*/

TRACE_EVENT(vmbus_chan_state,
	TP_PROTO(u32 relid, const char *from, const char *to, const char *event),
	TP_ARGS(relid, from, to, event),
	TP_STRUCT__entry(
		__field(u32, relid)
		__string(from, from)
		__string(to, to)
		__string(event, event)
	),
	TP_fast_assign(
		__entry->relid = relid;
		compat_assign_str(from, from);
		compat_assign_str(to, to);
		compat_assign_str(event, event);
	),
	TP_printk("relid=%u from=%s to=%s event=%s", __entry->relid, __get_str(from),
		  __get_str(to), __get_str(event))
);

/* How opening it ended. */
TRACE_EVENT(vmbus_chan_open,
	TP_PROTO(u32 relid, int cpu, u32 tx_bytes, u32 rx_bytes, int err),
	TP_ARGS(relid, cpu, tx_bytes, rx_bytes, err),
	TP_STRUCT__entry(
		__field(u32, relid)
		__field(int, cpu)
		__field(u32, tx_bytes)
		__field(u32, rx_bytes)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->relid = relid;
		__entry->cpu = cpu;
		__entry->tx_bytes = tx_bytes;
		__entry->rx_bytes = rx_bytes;
		__entry->err = err;
	),
	TP_printk("relid=%u cpu=%d tx_bytes=%u rx_bytes=%u err=%d", __entry->relid,
		  __entry->cpu, __entry->tx_bytes, __entry->rx_bytes, __entry->err)
);

/* To another CPU, or not. */
TRACE_EVENT(vmbus_chan_move,
	TP_PROTO(u32 relid, int from, int to, int err),
	TP_ARGS(relid, from, to, err),
	TP_STRUCT__entry(
		__field(u32, relid)
		__field(int, from)
		__field(int, to)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->relid = relid;
		__entry->from = from;
		__entry->to = to;
		__entry->err = err;
	),
	TP_printk("relid=%u from=%d to=%d err=%d", __entry->relid, __entry->from,
		  __entry->to, __entry->err)
);

TRACE_EVENT(vmbus_chan_broke,
	TP_PROTO(u32 relid, const char *why),
	TP_ARGS(relid, why),
	TP_STRUCT__entry(
		__field(u32, relid)
		__string(why, why)
	),
	TP_fast_assign(
		__entry->relid = relid;
		compat_assign_str(why, why);
	),
	TP_printk("relid=%u why=%s", __entry->relid, __get_str(why))
);

DECLARE_EVENT_CLASS(vmbus_chan,
	TP_PROTO(u32 relid),
	TP_ARGS(relid),
	TP_STRUCT__entry(
		__field(u32, relid)
	),
	TP_fast_assign(
		__entry->relid = relid;
	),
	TP_printk("relid=%u", __entry->relid)
);

/* It is closed, and its rings are ours again or parked. */
DEFINE_EVENT(vmbus_chan, vmbus_chan_close,
	TP_PROTO(u32 relid),
	TP_ARGS(relid)
);

/* We ring for the host. */
DEFINE_EVENT(vmbus_chan, vmbus_signal,
	TP_PROTO(u32 relid),
	TP_ARGS(relid)
);

/* The host rings for us. */
DEFINE_EVENT(vmbus_chan, vmbus_interrupt,
	TP_PROTO(u32 relid),
	TP_ARGS(relid)
);

/* Memory the host can see ----------------------------------------------------------*/

DECLARE_EVENT_CLASS(vmbus_gpadl,
	TP_PROTO(u32 relid, u32 gpadl, u32 pages, int err),
	TP_ARGS(relid, gpadl, pages, err),
	TP_STRUCT__entry(
		__field(u32, relid)
		__field(u32, gpadl)
		__field(u32, pages)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->relid = relid;
		__entry->gpadl = gpadl;
		__entry->pages = pages;
		__entry->err = err;
	),
	TP_printk("relid=%u gpadl=0x%x pages=%u err=%d", __entry->relid, __entry->gpadl,
		  __entry->pages, __entry->err)
);

DEFINE_EVENT(vmbus_gpadl, vmbus_gpadl_grant,
	TP_PROTO(u32 relid, u32 gpadl, u32 pages, int err),
	TP_ARGS(relid, gpadl, pages, err)
);

DEFINE_EVENT(vmbus_gpadl, vmbus_gpadl_revoke,
	TP_PROTO(u32 relid, u32 gpadl, u32 pages, int err),
	TP_ARGS(relid, gpadl, pages, err)
);

/* The host did not let go: @err says how we know. */
DEFINE_EVENT(vmbus_gpadl, vmbus_gpadl_park,
	TP_PROTO(u32 relid, u32 gpadl, u32 pages, int err),
	TP_ARGS(relid, gpadl, pages, err)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

/* SPDX-License-Identifier: GPL-2.0 */
/* trace.h - tracepoints: every message in and out, every state change, every signal */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmbus_client

#if !defined(VMBUS_KIT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VMBUS_KIT_TRACE_H

#include "proto/chan_state.h"
#include "proto/msg.h"

#include <linux/tracepoint.h>

DECLARE_EVENT_CLASS(vmbus_msg,
	TP_PROTO(u32 type, u32 len),
	TP_ARGS(type, len),
	TP_STRUCT__entry(
		__field(u32, type)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->type = type;
		__entry->len = len;
	),
	TP_printk("type=%u len=%u", __entry->type, __entry->len)
);

DEFINE_EVENT(vmbus_msg, vmbus_msg_in,
	TP_PROTO(u32 type, u32 len),
	TP_ARGS(type, len)
);

DEFINE_EVENT(vmbus_msg, vmbus_msg_out,
	TP_PROTO(u32 type, u32 len),
	TP_ARGS(type, len)
);

TRACE_EVENT(vmbus_msg_rejected,
	TP_PROTO(u32 len, int verdict),
	TP_ARGS(len, verdict),
	TP_STRUCT__entry(
		__field(u32, len)
		__field(int, verdict)
	),
	TP_fast_assign(
		__entry->len = len;
		__entry->verdict = verdict;
	),
	TP_printk("len=%u verdict=%d", __entry->len, __entry->verdict)
);

TRACE_EVENT(vmbus_chan_state,
	TP_PROTO(u32 relid, int from, int event, int to),
	TP_ARGS(relid, from, event, to),
	TP_STRUCT__entry(
		__field(u32, relid)
		__field(int, from)
		__field(int, event)
		__field(int, to)
	),
	TP_fast_assign(
		__entry->relid = relid;
		__entry->from = from;
		__entry->event = event;
		__entry->to = to;
	),
	TP_printk("relid=%u from=%d event=%d to=%d", __entry->relid, __entry->from,
		  __entry->event, __entry->to)
);

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

TRACE_EVENT(vmbus_signal,
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

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

/* SPDX-License-Identifier: GPL-2.0 */
/* trace.h - tracepoints: a command out, a command back, what the host did wrong */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM storvsc

#if !defined(STORVSC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define STORVSC_TRACE_H

#include "storvsc.h"

#include <linux/tracepoint.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>

TRACE_EVENT(storvsc_submit,
	TP_PROTO(const struct storvsc_queue *q, struct scsi_cmnd *cmd, u32 len, u32 pages),
	TP_ARGS(q, cmd, len, pages),
	TP_STRUCT__entry(
		__field(unsigned int, host_no)
		__field(u32, relid)
		__field(unsigned int, channel)
		__field(unsigned int, id)
		__field(u64, lun)
		__field(int, tag)
		__field(u8, opcode)
		__field(bool, last)
		__field(u32, len)
		__field(u32, pages)
	),
	TP_fast_assign(
		__entry->host_no = cmd->device->host->host_no;
		__entry->relid = vmbus_chan_relid(q->chan);
		__entry->channel = cmd->device->channel;
		__entry->id = cmd->device->id;
		__entry->lun = cmd->device->lun;
		__entry->tag = scsi_cmd_to_rq(cmd)->tag;
		__entry->opcode = cmd->cmnd[0];
		__entry->last = cmd->flags & SCMD_LAST;
		__entry->len = len;
		__entry->pages = pages;
	),
	TP_printk("host=%u relid=%u unit=%u:%u:%llu tag=%d opcode=0x%02x len=%u pages=%u last=%d",
		  __entry->host_no, __entry->relid, __entry->channel, __entry->id,
		  __entry->lun, __entry->tag, __entry->opcode, __entry->len,
		  __entry->pages, __entry->last)
);

DECLARE_EVENT_CLASS(storvsc_verdict,
	TP_PROTO(const struct storvsc_queue *q, struct scsi_cmnd *cmd,
		 const struct vstor_verdict *v),
	TP_ARGS(q, cmd, v),
	TP_STRUCT__entry(
		__field(unsigned int, host_no)
		__field(u32, relid)
		__field(unsigned int, channel)
		__field(unsigned int, id)
		__field(u64, lun)
		__field(int, tag)
		__field(u8, opcode)
		__field(u8, outcome)
		__field(u8, srb_status)
		__field(u8, scsi_status)
		__field(u32, nt_status)
		__field(u32, odd)
		__field(u32, moved)
		__field(u32, residual)
	),
	TP_fast_assign(
		__entry->host_no = cmd->device->host->host_no;
		__entry->relid = vmbus_chan_relid(q->chan);
		__entry->channel = cmd->device->channel;
		__entry->id = cmd->device->id;
		__entry->lun = cmd->device->lun;
		__entry->tag = scsi_cmd_to_rq(cmd)->tag;
		__entry->opcode = cmd->cmnd[0];
		__entry->outcome = v->outcome;
		__entry->srb_status = v->srb_status;
		__entry->scsi_status = v->host_scsi_status;
		__entry->nt_status = v->nt_status;
		__entry->odd = v->odd;
		__entry->moved = v->moved;
		__entry->residual = v->residual;
	),
	TP_printk("host=%u relid=%u unit=%u:%u:%llu tag=%d opcode=0x%02x outcome=%s srb=0x%02x scsi=0x%02x nt=0x%08x odd=0x%x moved=%u residual=%u",
		  __entry->host_no, __entry->relid, __entry->channel, __entry->id,
		  __entry->lun, __entry->tag, __entry->opcode,
		  __print_symbolic(__entry->outcome,
				   { VSTOR_OK, "ok" },
				   { VSTOR_STATUS, "status" },
				   { VSTOR_FAILED, "failed" },
				   { VSTOR_NO_DEVICE, "no-device" }),
		  __entry->srb_status, __entry->scsi_status, __entry->nt_status,
		  __entry->odd, __entry->moved, __entry->residual)
);

/* Every command that the host completes. */
DEFINE_EVENT(storvsc_verdict, storvsc_complete,
	TP_PROTO(const struct storvsc_queue *q, struct scsi_cmnd *cmd,
		 const struct vstor_verdict *v),
	TP_ARGS(q, cmd, v)
);

/* Those of them that did not end well. */
DEFINE_EVENT(storvsc_verdict, storvsc_error,
	TP_PROTO(const struct storvsc_queue *q, struct scsi_cmnd *cmd,
		 const struct vstor_verdict *v),
	TP_ARGS(q, cmd, v)
);

/* A packet that is none, or a completion that says what it should not; enum storvsc_reject. */
TRACE_EVENT(storvsc_reject,
	TP_PROTO(const struct storvsc_queue *q, int why),
	TP_ARGS(q, why),
	TP_STRUCT__entry(
		__field(unsigned int, host_no)
		__field(u32, relid)
		__field(int, why)
	),
	TP_fast_assign(
		__entry->host_no = q->host->shost->host_no;
		__entry->relid = vmbus_chan_relid(q->chan);
		__entry->why = why;
	),
	TP_printk("host=%u relid=%u why=%d", __entry->host_no, __entry->relid, __entry->why)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

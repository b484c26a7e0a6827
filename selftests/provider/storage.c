// SPDX-License-Identifier: GPL-2.0
/*
 * storage.c - the host end of the synthetic SCSI controller: handshake, SRBs,
 * and when each of them is answered
 *
 * A request is executed at the moment it is answered, not when it arrives. A
 * guest that gives pages back too early is thereby found out when answers are
 * delayed, because the disk still writes to them.
 *
 * Control commands, each behind the controller's label:
 *   counters                    "name value" lines
 *   delay US                    answer SRBs so many microseconds late
 *   reorder on [US] | off       answer in random order, each up to US (300) late
 *   hold | release              answer no SRB until released
 *   fail N SRB SCSI SENSE [OP]  the next N SRBs other than INQUIRY (or only those
 *                               with operation code OP) are not executed but
 *                               answered with these two status bytes and the
 *                               sense KEY/ASC/ASCQ (hex), "-" for none
 *   checksum LUN [AT LEN]       CRC-32 as gzip and zlib have it, of the medium
 *   lun LUN                     what stands behind it
 */
#include "vsp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "scsi_disk.h"
#include "wire/vstor.h"

#define LUN_MAX			64
#define SUB_CHANNELS_MAX	255
#define LABEL			"scsi0"

#define DEFAULT_MAX_TRANSFER	0x40000u
#define MAX_MAX_TRANSFER	(64u << 20)
#define DEFAULT_REORDER_US	300u
#define MAX_DELAY_US		(60u * 1000 * 1000)
#define CHECKSUM_MAX		(4ull << 30)	/* more would stop the guest for seconds */

/* The older packet, without the fields behind the CDB; guests of our versions never send it. */
#define OLD_PACKET_LEN		48
#define OLD_SRB_LEN		36

/* NTSTATUS values paired with SRB codes, beyond those in vstor.h */
#define NT_REQUEST_ABORTED	0xc0000120u
#define NT_DEVICE_BUSY		0x80000011u
#define NT_NO_SUCH_DEVICE	0xc00000c0u
#define NT_IO_TIMEOUT		0xc00000b5u
#define NT_NOT_CONNECTED	0xc000009du
#define NT_BUFFER_OVERFLOW	0x80000005u
#define NT_INVALID_REQUEST	0xc0000010u
#define NT_UNSUCCESSFUL		0xc0000001u

/* What the guest has to do next; the order is the protocol's. */
enum storage_state {
	STORAGE_BEGIN,
	STORAGE_VERSION,
	STORAGE_PROPERTIES,
	STORAGE_END,
	STORAGE_READY,
};

/* An SRB from its arrival to its answer. */
struct srb_job {
	struct vsp_chan *chan;
	uint64_t id;
	bool wants_completion;
	uint32_t reply_len;
	uint8_t path;
	uint8_t target;
	uint8_t lun;
	uint8_t data_in;
	uint8_t cdb_len;
	uint8_t cdb[VSTOR_CDB_LEN];
	uint32_t data_len;
	bool has_data;
	struct vsp_gpa_list data;	/* only with has_data; the pfns are a waiting job's own */

	/* Only while it waits */
	uint64_t due;
	struct srb_job *next;
};

struct scripted_failure {
	uint32_t left;
	uint8_t srb_status;
	uint8_t scsi_status;
	bool has_sense;
	uint8_t key, asc, ascq;
	int opcode;			/* -1: any but INQUIRY */
};

struct storage {
	struct vsp *vsp;
	struct vsp_device *device;
	struct storage *next;		/* among the controllers not started yet */

	struct scsi_disk *luns[LUN_MAX];
	uint32_t block_size;
	uint16_t max_version;
	uint32_t max_transfer;
	uint32_t max_sub_channels;

	enum storage_state state;
	uint16_t version;
	bool sub_channels_asked;	/* before END_INIT only once */
	uint32_t sub_channels;		/* offered since the primary channel was opened */
	bool long_range_logged;

	uint64_t delay;			/* ns, as all times */
	uint64_t reorder_window;	/* 0: in order */
	bool hold;
	struct scripted_failure fail;
	struct srb_job *waiting;	/* by due time; among equals the older first */
	struct vsp_timer_event timer;

	struct scsi_stats stats;
	uint64_t errors;
	uint64_t outstanding;
	uint64_t max_outstanding;
	uint64_t opcodes[256];
};

/* Azure's first controller, whose name user space knows. */
static const struct wire_guid instance_id =
	WIRE_GUID(0xf8b3781a, 0x1e82, 0x4818, 0xa1, 0xc3, 0x63, 0xd8, 0x06, 0xec, 0x15, 0xbb);

/* Answers --------------------------------------------------------------------------*/

static void send_reply(const struct srb_job *job, struct vstor_packet *reply)
{
	reply->op = cpu_to_le32(VSTOR_OP_COMPLETE_IO);
	if (job->wants_completion)
		vsp_chan_complete(job->chan, job->id, reply, job->reply_len);
}

static void reply_status(const struct srb_job *job, uint32_t status)
{
	struct vstor_packet reply = { .status = cpu_to_le32(status) };

	send_reply(job, &reply);
}

static uint32_t nt_status(uint8_t srb_status)
{
	switch (srb_status & VSTOR_SRB_CODE) {
	case VSTOR_SRB_SUCCESS:
		return VSTOR_STATUS_OK;
	case VSTOR_SRB_ABORTED:
		return NT_REQUEST_ABORTED;
	case VSTOR_SRB_BUSY:
		return NT_DEVICE_BUSY;
	case VSTOR_SRB_NO_DEVICE:
	case VSTOR_SRB_NO_HBA:
	case VSTOR_SRB_INVALID_LUN:
	case VSTOR_SRB_INVALID_TARGET:
		return NT_NO_SUCH_DEVICE;
	case VSTOR_SRB_TIMEOUT:
	case VSTOR_SRB_COMMAND_TIMEOUT:
		return NT_IO_TIMEOUT;
	case VSTOR_SRB_SELECTION_TIMEOUT:
		return NT_NOT_CONNECTED;
	case VSTOR_SRB_DATA_OVERRUN:
		return NT_BUFFER_OVERFLOW;
	case VSTOR_SRB_BAD_BLOCK_LENGTH:
	case VSTOR_SRB_BAD_FUNCTION:
		return NT_INVALID_REQUEST;
	case VSTOR_SRB_FLUSHED:
		return NT_UNSUCCESSFUL;
	default:
		return VSTOR_STATUS_IO_ERROR;
	}
}

/* The real host echoes no address, and says 20 bytes of sense whether there are any or not. */
static void reply_srb(const struct srb_job *job, const struct scsi_cmd *cmd)
{
	bool is_old = job->reply_len < sizeof(struct vstor_packet);
	struct vstor_packet reply = {
		.status = cpu_to_le32(nt_status(cmd->srb_status)),
		.srb = {
			.length = cpu_to_le16(is_old ? OLD_SRB_LEN : sizeof(reply.srb)),
			.srb_status = cmd->srb_status,
			.scsi_status = cmd->scsi_status,
			.cdb_len = VSTOR_CDB_LEN,
			.sense_len = VSTOR_SENSE_LEN,
			.transfer_len = cpu_to_le32(cmd->moved),
		},
	};

	if (cmd->srb_status & VSTOR_SRB_AUTOSENSE_VALID)
		memcpy(reply.srb.sense, cmd->sense, SCSI_SENSE_LEN);
	send_reply(job, &reply);
}

/* Executing --------------------------------------------------------------------------*/

/* The controller answers for every path and target; all disks are at 0:0. */
static void report_luns(struct storage *s, const struct srb_job *job, struct scsi_cmd *cmd)
{
	const uint8_t *cdb = job->cdb;
	uint32_t alloc = (uint32_t)cdb[6] << 24 | cdb[7] << 16 | cdb[8] << 8 | cdb[9];
	uint8_t list[8 + 8 * LUN_MAX] = { 0 };
	uint32_t len = 8;
	uint32_t i;

	scsi_cmd_good(cmd);
	if (!scsi_cmd_whole(cmd))
		return;
	if (cdb[2] > 2 || alloc < 16) {
		scsi_cmd_bad_field(cmd);
		return;
	}
	/* Report 1 asks for well-known units only, and there are none. */
	for (i = 0; i < LUN_MAX && !job->path && !job->target && cdb[2] != 1; i++) {
		if (!s->luns[i])
			continue;
		list[len + 1] = i;
		len += 8;
	}
	list[2] = (len - 8) >> 8;
	list[3] = len - 8;
	scsi_cmd_reply(cmd, list, len, alloc);
}

static bool scripted(struct storage *s, struct scsi_cmd *cmd)
{
	struct scripted_failure *f = &s->fail;

	if (!f->left || cmd->cdb[0] == SCSI_INQUIRY ||
	    (f->opcode >= 0 && f->opcode != cmd->cdb[0]))
		return false;
	f->left--;
	/* First for the sense bytes; the status bytes are the script's own, sensible or not. */
	scsi_cmd_check(cmd, f->srb_status, f->key, f->asc, f->ascq);
	if (!f->has_sense)
		memset(cmd->sense, 0, sizeof(cmd->sense));
	scsi_cmd_refuse(cmd, f->srb_status, f->scsi_status);
	return true;
}

static void execute(struct storage *s, const struct srb_job *job)
{
	struct scsi_disk *disk = NULL;
	struct scsi_cmd cmd;

	cmd.vsp = s->vsp;
	cmd.stats = &s->stats;
	cmd.cdb = job->cdb;
	cmd.cdb_len = job->cdb_len;
	cmd.data_in = job->data_in;
	cmd.data = job->has_data ? &job->data : NULL;
	cmd.data_len = job->data_len;

	if (!job->path && !job->target && job->lun < LUN_MAX)
		disk = s->luns[job->lun];

	if (scripted(s, &cmd))
		;
	else if (job->cdb[0] == SCSI_REPORT_LUNS)
		report_luns(s, job, &cmd);
	else if (disk)
		scsi_disk_execute(disk, &cmd);
	else
		scsi_absent_execute(&cmd, !job->lun);

	s->outstanding--;
	s->errors += cmd.srb_status != VSTOR_SRB_SUCCESS;
	reply_srb(job, &cmd);
}

/* Waiting ------------------------------------------------------------------------------*/

static void free_job(struct srb_job *job)
{
	if (job->has_data)
		free(job->data.pfns);
	free(job);
}

static void arm(struct storage *s)
{
	if (s->waiting && !s->hold)
		vsp_timer_set(s->vsp, &s->timer, s->waiting->due);
	else
		vsp_timer_cancel(s->vsp, &s->timer);
}

/* Answering may close the channel under us, so the list is looked at anew each time. */
static void answer_due(void *arg)
{
	struct storage *s = arg;
	uint64_t now = vsp_now(s->vsp);

	while (s->waiting && !s->hold && s->waiting->due <= now) {
		struct srb_job *job = s->waiting;

		s->waiting = job->next;
		execute(s, job);
		free_job(job);
	}
	arm(s);
}

/* Returns false when there is no memory for waiting. */
static bool wait_for_turn(struct storage *s, const struct srb_job *arrived, struct vsp_pkt *pkt)
{
	struct srb_job *job = malloc(sizeof(*job));
	struct srb_job **at;

	if (!job)
		return false;
	*job = *arrived;
	if (job->has_data)
		pkt->ranges[0].pfns = NULL;	/* ours now */
	job->due = vsp_now(s->vsp) + s->delay;
	if (s->reorder_window)
		job->due += vsp_random(s->vsp) % s->reorder_window;

	for (at = &s->waiting; *at && (*at)->due <= job->due; at = &(*at)->next)
		;
	job->next = *at;
	*at = job;
	if (s->waiting == job)
		arm(s);
	return true;
}

static void drop_jobs(struct storage *s, const struct vsp_chan *chan)
{
	struct srb_job **at = &s->waiting;

	while (*at) {
		struct srb_job *job = *at;

		if (chan && job->chan != chan) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		s->outstanding--;
		free_job(job);
	}
	arm(s);
}

/* SRBs -----------------------------------------------------------------------------------*/

static void reject_srb(struct storage *s, const struct srb_job *job)
{
	struct vstor_packet reply = {
		.status = cpu_to_le32(VSTOR_STATUS_INVALID_PARAMETER),
		.srb.length = cpu_to_le16(sizeof(reply.srb)),
		.srb.srb_status = VSTOR_SRB_INVALID_REQUEST,
	};

	s->errors++;
	send_reply(job, &reply);
}

/* Does data_in agree with the two direction flags? The guest says it twice and means it once. */
static bool direction_agrees(const struct vstor_srb *srb)
{
	uint32_t flags = le32_to_cpu(srb->flags) & (VSTOR_SRBF_DATA_IN | VSTOR_SRBF_DATA_OUT);

	switch (srb->data_in) {
	case VSTOR_DATA_IN:
		return flags == VSTOR_SRBF_DATA_IN;
	case VSTOR_DATA_OUT:
		return flags == VSTOR_SRBF_DATA_OUT;
	case VSTOR_DATA_NONE:
		return !flags;
	default:
		return false;
	}
}

/* What a correct guest never writes into an SRB, and what is served all the same. */
static void judge_srb(struct storage *s, const struct srb_job *job, const struct vstor_srb *srb,
		      uint32_t transfer_len)
{
	unsigned long long id = job->id;
	uint8_t op = job->cdb[0];

	if (job->reply_len != sizeof(struct vstor_packet)) {
		vsp_violation(s->vsp, LABEL ": request %llx of %u bytes, not 64", id,
			      job->reply_len);
		return;
	}
	if (le16_to_cpu(srb->length) != sizeof(*srb))
		vsp_violation(s->vsp, LABEL ": command %02x (%llx): SRB length %u, not 52", op, id,
			      le16_to_cpu(srb->length));
	if (!direction_agrees(srb))
		vsp_violation(s->vsp, LABEL ": command %02x (%llx): data_in %u against flags %x",
			      op, id, srb->data_in, le32_to_cpu(srb->flags));
	if (srb->data_in == VSTOR_DATA_NONE && transfer_len)
		vsp_violation(s->vsp, LABEL ": command %02x (%llx): %u bytes without a direction",
			      op, id, transfer_len);
	if (srb->srb_status || srb->scsi_status || srb->reserved1 || srb->reserved2)
		vsp_violation(s->vsp, LABEL ": command %02x (%llx): host's or reserved fields not 0",
			      op, id);
	if (srb->sense_len > VSTOR_SENSE_LEN)
		vsp_violation(s->vsp, LABEL ": command %02x (%llx): %u bytes for sense, 20 exist",
			      op, id, srb->sense_len);
	if (transfer_len > s->max_transfer)
		vsp_violation(s->vsp, LABEL ": command %02x (%llx): %u bytes, the limit is %u", op,
			      id, transfer_len, s->max_transfer);
}

/* Data comes as one range or not at all. False: a page list that no request can be made of. */
static bool take_data(struct storage *s, struct srb_job *job, const struct vsp_pkt *pkt,
		      uint32_t transfer_len)
{
	unsigned long long id = job->id;

	if (pkt->type != VMBUS_PKT_GPA_DIRECT) {
		if (transfer_len)
			vsp_violation(s->vsp, LABEL ": command %02x (%llx): %u bytes, no pages",
				      job->cdb[0], id, transfer_len);
		return !transfer_len;
	}
	if (pkt->range_count != 1) {
		vsp_violation(s->vsp, LABEL ": command %02x (%llx): %u ranges, not 1", job->cdb[0],
			      id, pkt->range_count);
		return false;
	}
	if (transfer_len > pkt->ranges[0].len) {
		vsp_violation(s->vsp, LABEL ": command %02x (%llx): %u bytes, but pages for %u",
			      job->cdb[0], id, transfer_len, pkt->ranges[0].len);
		return false;
	}
	if (transfer_len != pkt->ranges[0].len && !s->long_range_logged) {
		s->long_range_logged = true;
		vsp_log(s->vsp, LABEL ": command %02x: pages for %u bytes, used %u (said once)",
			job->cdb[0], pkt->ranges[0].len, transfer_len);
	}
	job->data = pkt->ranges[0];
	job->data_len = transfer_len;
	job->has_data = true;
	return true;
}

static void execute_srb(struct storage *s, struct srb_job *job, struct vsp_pkt *pkt,
			const struct vstor_packet *request)
{
	const struct vstor_srb *srb = &request->srb;
	uint32_t transfer_len = le32_to_cpu(srb->transfer_len);

	memcpy(job->cdb, srb->cdb, sizeof(job->cdb));
	job->cdb_len = srb->cdb_len;
	job->path = srb->path;
	job->target = srb->target;
	job->lun = srb->lun;
	job->data_in = srb->data_in;
	job->data_len = 0;
	job->has_data = false;

	judge_srb(s, job, srb, transfer_len);
	if (srb->cdb_len > VSTOR_CDB_LEN) {
		vsp_violation(s->vsp, LABEL ": command %02x (%llx): CDB of %u bytes, 16 exist",
			      job->cdb[0], (unsigned long long)job->id, srb->cdb_len);
		reject_srb(s, job);
		return;
	}
	if (!take_data(s, job, pkt, transfer_len)) {
		reject_srb(s, job);
		return;
	}

	s->opcodes[job->cdb[0]]++;
	s->outstanding++;
	if (s->outstanding > s->max_outstanding)
		s->max_outstanding = s->outstanding;

	if ((s->delay || s->reorder_window || s->hold) && wait_for_turn(s, job, pkt))
		return;
	execute(s, job);
}

/* The handshake --------------------------------------------------------------------------*/

static void query_version(struct storage *s, const struct srb_job *job,
			  const struct vstor_packet *request)
{
	uint16_t version = le16_to_cpu(request->version.version);

	if ((version != VSTOR_VERSION_WIN8 && version != VSTOR_VERSION_WIN8_1 &&
	     version != VSTOR_VERSION_WIN10) || version > s->max_version) {
		reply_status(job, VSTOR_STATUS_REVISION_MISMATCH);
		return;
	}
	s->version = version;
	s->state = STORAGE_PROPERTIES;
	vsp_log(s->vsp, LABEL ": protocol %u.%u", version >> 8, version & 0xff);
	reply_status(job, VSTOR_STATUS_OK);
}

static void query_properties(struct storage *s, const struct srb_job *job)
{
	struct vstor_packet reply = {
		.properties = {
			.max_sub_channels = cpu_to_le16(s->max_sub_channels),
			.flags = cpu_to_le32(VSTOR_PROP_MULTI_CHANNEL),
			.max_transfer_bytes = cpu_to_le32(s->max_transfer),
		},
	};

	s->state = STORAGE_END;
	send_reply(job, &reply);
}

/* Legal on either side of END_INIT: Windows asks before it, Linux after. */
static void create_sub_channels(struct storage *s, const struct srb_job *job,
				const struct vstor_packet *request)
{
	uint32_t count = le16_to_cpu(request->sub_channels);

	if (count > s->max_sub_channels - s->sub_channels) {
		reply_status(job, VSTOR_STATUS_INVALID_PARAMETER);
		return;
	}
	if (count && vsp_device_offer_sub_channels(s->device, count)) {
		vsp_log(s->vsp, LABEL ": %u sub-channels cannot be offered", count);
		reply_status(job, VSTOR_STATUS_INVALID_PARAMETER);
		return;
	}
	s->sub_channels_asked = true;
	s->sub_channels += count;
	reply_status(job, VSTOR_STATUS_OK);
}

static bool is_legal_now(const struct storage *s, uint32_t op)
{
	switch (op) {
	case VSTOR_OP_BEGIN_INIT:
		return s->state == STORAGE_BEGIN;
	case VSTOR_OP_QUERY_VERSION:
		return s->state == STORAGE_VERSION;
	case VSTOR_OP_QUERY_PROPERTIES:
		return s->state == STORAGE_PROPERTIES;
	case VSTOR_OP_END_INIT:
		return s->state == STORAGE_END;
	case VSTOR_OP_CREATE_SUB_CHANNELS:
		return s->state == STORAGE_READY ||
		       (s->state == STORAGE_END && !s->sub_channels_asked);
	default:
		return s->state == STORAGE_READY;
	}
}

static bool is_request(uint32_t op)
{
	return (op >= VSTOR_OP_EXECUTE_SRB && op <= VSTOR_OP_QUERY_PROPERTIES) ||
	       op == VSTOR_OP_CREATE_SUB_CHANNELS;
}

static const char *state_name(enum storage_state state)
{
	static const char * const names[] = {
		[STORAGE_BEGIN] = "begin",
		[STORAGE_VERSION] = "query version",
		[STORAGE_PROPERTIES] = "query properties",
		[STORAGE_END] = "end",
		[STORAGE_READY] = "ready",
	};

	return names[state];
}

static void dispatch(struct storage *s, struct srb_job *job, struct vsp_pkt *pkt,
		     const struct vstor_packet *request)
{
	switch (le32_to_cpu(request->op)) {
	case VSTOR_OP_EXECUTE_SRB:
		execute_srb(s, job, pkt, request);
		break;
	case VSTOR_OP_RESET_LUN:
	case VSTOR_OP_RESET_ADAPTER:
	case VSTOR_OP_RESET_BUS:
		reply_status(job, VSTOR_STATUS_OK);
		break;
	case VSTOR_OP_BEGIN_INIT:
		s->state = STORAGE_VERSION;
		reply_status(job, VSTOR_STATUS_OK);
		break;
	case VSTOR_OP_QUERY_VERSION:
		query_version(s, job, request);
		break;
	case VSTOR_OP_QUERY_PROPERTIES:
		query_properties(s, job);
		break;
	case VSTOR_OP_END_INIT:
		s->state = STORAGE_READY;
		reply_status(job, VSTOR_STATUS_OK);
		break;
	case VSTOR_OP_CREATE_SUB_CHANNELS:
		create_sub_channels(s, job, request);
		break;
	}
}

static void storage_packet(void *dev, struct vsp_chan *chan, struct vsp_pkt *pkt)
{
	struct storage *s = dev;
	unsigned long long id = pkt->id;
	struct vstor_packet request = { 0 };
	struct srb_job job;
	uint32_t index = vsp_chan_index(chan);
	uint32_t op;

	job.chan = chan;
	job.id = pkt->id;
	job.wants_completion = pkt->wants_completion;
	job.reply_len = pkt->payload_len < sizeof(request) ? pkt->payload_len : sizeof(request);
	memcpy(&request, pkt->payload, job.reply_len);
	op = le32_to_cpu(request.op);

	if (pkt->type != VMBUS_PKT_INBAND && pkt->type != VMBUS_PKT_GPA_DIRECT) {
		vsp_violation(s->vsp, LABEL ": packet type %u (%llx) on channel %u", pkt->type, id,
			      index);
		return;
	}
	if (pkt->payload_len != sizeof(request) && pkt->payload_len != OLD_PACKET_LEN) {
		vsp_violation(s->vsp, LABEL ": request %llx of %u bytes", id, pkt->payload_len);
		reply_status(&job, VSTOR_STATUS_INVALID_PARAMETER);
		return;
	}
	if (!pkt->id || !pkt->wants_completion ||
	    !(le32_to_cpu(request.flags) & VSTOR_FLAG_COMPLETION))
		vsp_violation(s->vsp, LABEL ": operation %u (%llx) does not ask for its completion",
			      op, id);
	if (!is_request(op)) {
		vsp_violation(s->vsp, LABEL ": operation %u (%llx) is not a request", op, id);
		reply_status(&job, VSTOR_STATUS_INVALID_PARAMETER);
		return;
	}
	/* Only SRBs may travel on a sub-channel, and only when the primary has finished. */
	if (index && op != VSTOR_OP_EXECUTE_SRB) {
		vsp_violation(s->vsp, LABEL ": operation %u (%llx) on sub-channel %u", op, id,
			      index);
		reply_status(&job, VSTOR_STATUS_INVALID_STATE);
		return;
	}
	if (!is_legal_now(s, op)) {
		vsp_violation(s->vsp, LABEL ": operation %u (%llx) on channel %u in state \"%s\"",
			      op, id, index, state_name(s->state));
		reply_status(&job, VSTOR_STATUS_INVALID_STATE);
		return;
	}
	dispatch(s, &job, pkt, &request);
}

static void storage_opened(void *dev, struct vsp_chan *chan)
{
	(void)dev;
	(void)chan;		/* the guest speaks first */
}

static void storage_closed(void *dev, struct vsp_chan *chan)
{
	struct storage *s = dev;

	drop_jobs(s, chan);
	if (vsp_chan_index(chan))
		return;
	s->state = STORAGE_BEGIN;
	s->sub_channels_asked = false;
	s->sub_channels = 0;
}

/* Counters and commands ---------------------------------------------------------------------*/

static void put_counter(vsp_put_line put, void *ctx, const char *name, uint64_t value)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %llu", name, (unsigned long long)value);
	put(ctx, line);
}

static void storage_counters(void *dev, vsp_put_line put, void *ctx)
{
	struct storage *s = dev;
	char name[8];
	int op;

	put_counter(put, ctx, "reads", s->stats.reads);
	put_counter(put, ctx, "writes", s->stats.writes);
	put_counter(put, ctx, "read_bytes", s->stats.read_bytes);
	put_counter(put, ctx, "write_bytes", s->stats.write_bytes);
	put_counter(put, ctx, "flushes", s->stats.flushes);
	put_counter(put, ctx, "fua_writes", s->stats.fua_writes);
	put_counter(put, ctx, "unmaps", s->stats.unmaps);
	put_counter(put, ctx, "unmapped_blocks", s->stats.unmapped_blocks);
	put_counter(put, ctx, "write_sames", s->stats.write_sames);
	put_counter(put, ctx, "errors", s->errors);
	put_counter(put, ctx, "outstanding", s->outstanding);
	put_counter(put, ctx, "max_outstanding", s->max_outstanding);
	for (op = 0; op < 256; op++) {
		if (!s->opcodes[op])
			continue;
		snprintf(name, sizeof(name), "op_%02x", op);
		put_counter(put, ctx, name, s->opcodes[op]);
	}
}

static void storage_reset_counters(void *dev)
{
	struct storage *s = dev;

	memset(&s->stats, 0, sizeof(s->stats));
	memset(s->opcodes, 0, sizeof(s->opcodes));
	s->errors = 0;
	s->max_outstanding = s->outstanding;	/* a state, not a count */
}

static bool parse_u32(const char *text, int base, uint32_t max, uint32_t *value)
{
	unsigned long n;
	char *end;

	/* Neither a sign nor blanks, which strtoul() would take. */
	if (!strchr("0123456789abcdefABCDEF", text[0]) || !text[0])
		return false;
	errno = 0;
	n = strtoul(text, &end, base);
	if (*end || errno || n > max)
		return false;
	*value = n;
	return true;
}

/* The functions for commands return NULL, or what is wrong. */

static const char *command_delay(struct storage *s, int argc, char **argv)
{
	uint32_t us;

	if (argc != 2 || !parse_u32(argv[1], 10, MAX_DELAY_US, &us))
		return "delay US, up to 60000000";
	s->delay = us * 1000ull;
	return NULL;
}

static const char *command_reorder(struct storage *s, int argc, char **argv)
{
	uint32_t us = DEFAULT_REORDER_US;

	if (argc == 2 && !strcmp(argv[1], "off")) {
		s->reorder_window = 0;
		return NULL;
	}
	if (argc < 2 || argc > 3 || strcmp(argv[1], "on") ||
	    (argc == 3 && (!parse_u32(argv[2], 10, MAX_DELAY_US, &us) || !us)))
		return "reorder on [US] | off";
	s->reorder_window = us * 1000ull;
	return NULL;
}

static bool parse_sense(const char *text, struct scripted_failure *f)
{
	unsigned int key, asc, ascq;
	char rest;

	if (!strcmp(text, "-"))
		return true;
	if (sscanf(text, "%2x/%2x/%2x%c", &key, &asc, &ascq, &rest) != 3 || key > 0xf)
		return false;
	f->has_sense = true;
	f->key = key;
	f->asc = asc;
	f->ascq = ascq;
	return true;
}

static const char *command_fail(struct storage *s, int argc, char **argv)
{
	struct scripted_failure f = { .opcode = -1 };
	uint32_t srb_status, scsi_status, opcode;

	if (argc < 5 || argc > 6 || !parse_u32(argv[1], 10, UINT32_MAX, &f.left) ||
	    !parse_u32(argv[2], 16, 0xff, &srb_status) ||
	    !parse_u32(argv[3], 16, 0xff, &scsi_status) || !parse_sense(argv[4], &f))
		return "fail N SRB_STATUS SCSI_STATUS KEY/ASC/ASCQ|- [OPCODE], all but N in hex";
	if (argc == 6) {
		if (!parse_u32(argv[5], 16, 0xff, &opcode))
			return "fail: OPCODE is two hex digits";
		f.opcode = opcode;
	}
	f.srb_status = srb_status;
	f.scsi_status = scsi_status;
	s->fail = f;
	return NULL;
}

static struct scsi_disk *find_disk(struct storage *s, const char *text)
{
	uint32_t lun;

	return parse_u32(text, 10, LUN_MAX - 1, &lun) ? s->luns[lun] : NULL;
}

static const char *command_checksum(struct storage *s, int argc, char **argv, vsp_put_line put,
				    void *ctx)
{
	struct scsi_disk *disk = argc > 1 ? find_disk(s, argv[1]) : NULL;
	uint64_t at = 0, len;
	char line[32];

	if (!disk || (argc != 2 && argc != 4))
		return "checksum LUN [AT LEN] of a disk that exists";
	len = scsi_disk_size(disk);
	if (argc == 4) {
		if (!scsi_parse_size(argv[2], &at) || at > len ||
		    !scsi_parse_size(argv[3], &len) || len > scsi_disk_size(disk) - at)
			return "checksum: that range is not on the disk";
	}
	if (len > CHECKSUM_MAX)
		return "checksum: at most 4G at a time";
	snprintf(line, sizeof(line), "crc32 %08x", scsi_disk_crc32(disk, at, len));
	put(ctx, line);
	return NULL;
}

static const char *command_lun(struct storage *s, int argc, char **argv, vsp_put_line put,
			       void *ctx)
{
	struct scsi_disk *disk = argc == 2 ? find_disk(s, argv[1]) : NULL;

	if (!disk)
		return "lun LUN of a disk that exists";
	scsi_disk_info(disk, put, ctx);
	return NULL;
}

static const char *run_command(struct storage *s, int argc, char **argv, vsp_put_line put,
			       void *ctx)
{
	if (!argc)
		return "no command";
	if (!strcmp(argv[0], "delay"))
		return command_delay(s, argc, argv);
	if (!strcmp(argv[0], "reorder"))
		return command_reorder(s, argc, argv);
	if (!strcmp(argv[0], "fail"))
		return command_fail(s, argc, argv);
	if (!strcmp(argv[0], "checksum"))
		return command_checksum(s, argc, argv, put, ctx);
	if (!strcmp(argv[0], "lun"))
		return command_lun(s, argc, argv, put, ctx);
	if (argc != 1)
		return "unknown command";
	if (!strcmp(argv[0], "counters")) {
		storage_counters(s, put, ctx);
	} else if (!strcmp(argv[0], "hold")) {
		s->hold = true;
		arm(s);
	} else if (!strcmp(argv[0], "release")) {
		s->hold = false;
		answer_due(s);
	} else {
		return "unknown command";
	}
	return NULL;
}

static void storage_command(void *dev, const char *line, vsp_put_line put, void *ctx)
{
	char copy[256], reply[128];
	char *argv[8];
	int argc = 0;
	char *save, *word;
	const char *wrong;

	if (strlen(line) >= sizeof(copy)) {
		put(ctx, "error: the line is too long");
		return;
	}
	strcpy(copy, line);
	for (word = strtok_r(copy, " \t\r\n", &save); word && argc < (int)ARRAY_SIZE(argv);
	     word = strtok_r(NULL, " \t\r\n", &save))
		argv[argc++] = word;

	wrong = word ? "too many words" : run_command(dev, argc, argv, put, ctx);
	if (wrong) {
		snprintf(reply, sizeof(reply), "error: %s", wrong);
		put(ctx, reply);
	} else {
		put(ctx, "ok");
	}
}

/* Making and unmaking ------------------------------------------------------------------------*/

static void storage_destroy(void *dev)
{
	struct storage *s = dev;
	uint32_t i;

	drop_jobs(s, NULL);
	for (i = 0; i < LUN_MAX; i++)
		scsi_disk_close(s->luns[i]);
	free(s);
}

static const struct vsp_device_ops storage_ops = {
	.name = "storage",
	.class_id = WIRE_GUID_SCSI,
	.chan_opened = storage_opened,
	.chan_closed = storage_closed,
	.packet = storage_packet,
	.command = storage_command,
	.counters = storage_counters,
	.reset_counters = storage_reset_counters,
	.destroy = storage_destroy,
};

/*
 * Controllers between their first option and vsp_storage_start(). There is no
 * device yet for the core to keep them by.
 */
static struct storage *unstarted;

static struct storage **find_unstarted(const struct vsp *vsp)
{
	struct storage **at = &unstarted;

	while (*at && (*at)->vsp != vsp)
		at = &(*at)->next;
	return at;
}

static struct storage *storage_new(struct vsp *vsp)
{
	struct storage *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->vsp = vsp;
	s->block_size = 512;
	s->max_version = VSTOR_VERSION_WIN10;
	s->max_transfer = DEFAULT_MAX_TRANSFER;
	s->fail.opcode = -1;
	s->timer.fn = answer_due;
	s->timer.arg = s;
	return s;
}

static int option_lun(struct storage *s, const char *name, const char *value, char *err,
		      size_t err_len)
{
	struct wire_guid id = instance_id;
	char why[384];
	uint32_t lun;

	if (!parse_u32(name + 3, 10, LUN_MAX - 1, &lun)) {
		snprintf(err, err_len, "%s: LUNs are 0 to %u", name, LUN_MAX - 1);
		return -EINVAL;
	}
	if (s->luns[lun]) {
		snprintf(err, err_len, "%s: given twice", name);
		return -EINVAL;
	}
	id.b[15] ^= lun;
	if (scsi_disk_open(&s->luns[lun], value, &id, why, sizeof(why))) {
		snprintf(err, err_len, "%s: %s", name, why);
		return -EINVAL;
	}
	return 0;
}

static bool option_vstor_max(struct storage *s, const char *value)
{
	if (!strcmp(value, "5.1"))
		s->max_version = VSTOR_VERSION_WIN8;
	else if (!strcmp(value, "6.0"))
		s->max_version = VSTOR_VERSION_WIN8_1;
	else if (!strcmp(value, "6.2"))
		s->max_version = VSTOR_VERSION_WIN10;
	else
		return false;
	return true;
}

/* Options that are one value; returns NULL, or what the value should have been. */
static const char *option_value(struct storage *s, const char *name, const char *value)
{
	uint64_t size;
	uint32_t n;

	if (!strcmp(name, "block_size")) {
		if (!parse_u32(value, 10, 4096, &n) || (n != 512 && n != 4096))
			return "512 or 4096";
		s->block_size = n;
	} else if (!strcmp(name, "vstor_max")) {
		if (!option_vstor_max(s, value))
			return "5.1, 6.0 or 6.2";
	} else if (!strcmp(name, "max_transfer")) {
		if (!scsi_parse_size(value, &size) || !size || size % 4096 ||
		    size > MAX_MAX_TRANSFER)
			return "a multiple of 4096, up to 64M";
		s->max_transfer = size;
	} else if (!strcmp(name, "sub_channels")) {
		if (!parse_u32(value, 10, SUB_CHANNELS_MAX, &s->max_sub_channels))
			return "a number up to 255";
	} else if (!strcmp(name, "delay")) {
		if (!parse_u32(value, 10, MAX_DELAY_US, &n))
			return "microseconds, up to 60000000";
		s->delay = n * 1000ull;
	} else if (!strcmp(name, "reorder")) {
		if (strcmp(value, "on") && strcmp(value, "off"))
			return "on or off";
		s->reorder_window = value[1] == 'n' ? DEFAULT_REORDER_US * 1000ull : 0;
	}
	return NULL;
}

static bool is_lun_option(const char *name)
{
	return !strncmp(name, "lun", 3) && name[3] >= '0' && name[3] <= '9';
}

static bool is_option(const char *name)
{
	static const char * const names[] = {
		"block_size", "vstor_max", "max_transfer", "sub_channels", "delay", "reorder",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return is_lun_option(name);
}

int vsp_storage_option(struct vsp *vsp, const char *name, const char *value, char *err,
		       size_t err_len)
{
	struct storage **at = find_unstarted(vsp);
	const char *expected;

	if (!is_option(name)) {
		snprintf(err, err_len, "%s: no such option", name);
		return -EINVAL;
	}
	if (!*at) {
		*at = storage_new(vsp);
		if (!*at) {
			snprintf(err, err_len, "out of memory");
			return -EINVAL;
		}
	}
	if (is_lun_option(name))
		return option_lun(*at, name, value, err, err_len);
	expected = option_value(*at, name, value);
	if (expected) {
		snprintf(err, err_len, "%s=%s: must be %s", name, value, expected);
		return -EINVAL;
	}
	return 0;
}

static int apply_block_size(struct storage *s, char *err, size_t err_len)
{
	char why[128];
	uint32_t i;

	for (i = 0; i < LUN_MAX; i++) {
		if (!s->luns[i])
			continue;
		if (scsi_disk_set_block_size(s->luns[i], s->block_size, why, sizeof(why))) {
			snprintf(err, err_len, "lun%u: %s", i, why);
			return -EINVAL;
		}
	}
	return 0;
}

/* Without any storage option there is no controller. */
int vsp_storage_start(struct vsp *vsp, char *err, size_t err_len)
{
	struct storage **at = find_unstarted(vsp);
	struct storage *s = *at;

	if (!s)
		return 0;
	*at = s->next;
	s->next = NULL;
	if (apply_block_size(s, err, err_len)) {
		storage_destroy(s);
		return -EINVAL;
	}
	s->device = vsp_device_add(vsp, &storage_ops, s, &instance_id, LABEL);
	if (!s->device) {
		snprintf(err, err_len, LABEL ": the device cannot be added");
		storage_destroy(s);
		return -EINVAL;
	}
	return 0;
}

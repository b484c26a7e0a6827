// SPDX-License-Identifier: GPL-2.0
/*
 * storage.c - the host end of a synthetic storage controller: handshake, SRBs,
 * and when each of them is answered
 *
 * A request is executed at the moment it is answered, not when it arrives. A
 * guest that gives pages back too early is thereby found out when answers are
 * delayed, because the disk still writes to them.
 */
#include "storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

#define breach(s, fmt, ...)	vsp_violation((s)->vsp, "%s: " fmt, (s)->label, __VA_ARGS__)
#define note(s, fmt, ...)	vsp_log((s)->vsp, "%s: " fmt, (s)->label, __VA_ARGS__)

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

static bool has_units(const struct storage *s, const struct srb_job *job)
{
	return !job->path && job->target == s->target;
}

/* The controller answers for every path and target; its disks are at one. */
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
	for (i = 0; i < LUN_MAX && has_units(s, job) && cdb[2] != 1; i++) {
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
	struct scsi_lun *lun = NULL;
	struct scsi_cmd cmd;

	cmd.vsp = s->vsp;
	cmd.stats = &s->stats;
	cmd.cdb = job->cdb;
	cmd.cdb_len = job->cdb_len;
	cmd.data_in = job->data_in;
	cmd.data = job->has_data ? &job->data : NULL;
	cmd.data_len = job->data_len;

	if (has_units(s, job) && job->lun < LUN_MAX)
		lun = s->luns[job->lun];

	if (scripted(s, &cmd))
		;
	else if (job->cdb[0] == SCSI_REPORT_LUNS)
		report_luns(s, job, &cmd);
	else if (lun)
		scsi_lun_execute(lun, &cmd);
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

void storage_look(struct storage *s)
{
	answer_due(s);
}

/* A job that outlives its packet. NULL when there is no memory for waiting. */
static struct srb_job *keep(const struct srb_job *arrived, struct vsp_pkt *pkt)
{
	struct srb_job *job = malloc(sizeof(*job));

	if (!job)
		return NULL;
	*job = *arrived;
	if (job->has_data)
		pkt->ranges[0].pfns = NULL;	/* ours now */
	job->next = NULL;
	return job;
}

static bool wait_for_turn(struct storage *s, const struct srb_job *arrived, struct vsp_pkt *pkt)
{
	struct srb_job *job = keep(arrived, pkt);
	struct srb_job **at;

	if (!job)
		return false;
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

/* Scripted: this one is not answered before people say so, perhaps never. */
static bool withheld(struct storage *s, const struct srb_job *arrived, struct vsp_pkt *pkt)
{
	struct srb_job *job;

	if (!s->withhold ||
	    (s->withhold_opcode >= 0 && s->withhold_opcode != arrived->cdb[0]))
		return false;
	job = keep(arrived, pkt);
	if (!job)
		return false;
	s->withhold--;
	*s->withheld_end = job;
	s->withheld_end = &job->next;
	return true;
}

/* Take the first job out of a list that @wanted says yes to. */
static struct srb_job *take_job(struct srb_job **list, const struct srb_job *like,
				bool (*wanted)(const struct srb_job *job,
					       const struct srb_job *like))
{
	struct srb_job **at, *job;

	for (at = list; (job = *at); at = &job->next)
		if (wanted(job, like)) {
			*at = job->next;
			return job;
		}
	return NULL;
}

static struct srb_job *take_any(struct storage *s, const struct srb_job *like,
				bool (*wanted)(const struct srb_job *job,
					       const struct srb_job *like))
{
	struct srb_job *job = take_job(&s->withheld, like, wanted), **end;

	for (end = &s->withheld; *end; end = &(*end)->next)
		;
	s->withheld_end = end;
	return job ? job : take_job(&s->waiting, like, wanted);
}

static bool is_any(const struct srb_job *job, const struct srb_job *like)
{
	(void)job;
	(void)like;
	return true;
}

static bool same_chan(const struct srb_job *job, const struct srb_job *like)
{
	return job->chan == like->chan;
}

static bool same_bus(const struct srb_job *job, const struct srb_job *like)
{
	return job->path == like->path;
}

static bool same_unit(const struct srb_job *job, const struct srb_job *like)
{
	return same_bus(job, like) && job->target == like->target && job->lun == like->lun;
}

void storage_answer_withheld(struct storage *s)
{
	struct srb_job *job;

	while ((job = take_job(&s->withheld, NULL, is_any))) {
		execute(s, job);
		free_job(job);
	}
	s->withheld_end = &s->withheld;
}

/* NULL: of every channel */
static void drop_jobs(struct storage *s, struct vsp_chan *chan)
{
	const struct srb_job like = { .chan = chan };
	struct srb_job *job;

	while ((job = take_any(s, &like, chan ? same_chan : is_any))) {
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
		breach(s, "request %llx of %u bytes, not 64", id,
			      job->reply_len);
		return;
	}
	if (le16_to_cpu(srb->length) != sizeof(*srb))
		breach(s, "command %02x (%llx): SRB length %u, not 52", op, id,
			      le16_to_cpu(srb->length));
	if (!direction_agrees(srb))
		breach(s, "command %02x (%llx): data_in %u against flags %x",
			      op, id, srb->data_in, le32_to_cpu(srb->flags));
	if (srb->data_in == VSTOR_DATA_NONE && transfer_len)
		breach(s, "command %02x (%llx): %u bytes without a direction",
			      op, id, transfer_len);
	if (srb->srb_status || srb->scsi_status || srb->reserved1 || srb->reserved2)
		breach(s, "command %02x (%llx): host's or reserved fields not 0",
			      op, id);
	if (srb->sense_len > VSTOR_SENSE_LEN)
		breach(s, "command %02x (%llx): %u bytes for sense, 20 exist",
			      op, id, srb->sense_len);
	if (transfer_len > s->max_transfer)
		breach(s, "command %02x (%llx): %u bytes, the limit is %u", op,
			      id, transfer_len, s->max_transfer);
}

/* Data comes as one range or not at all. False: a page list that no request can be made of. */
static bool take_data(struct storage *s, struct srb_job *job, const struct vsp_pkt *pkt,
		      uint32_t transfer_len)
{
	unsigned long long id = job->id;

	if (pkt->type != VMBUS_PKT_GPA_DIRECT) {
		if (transfer_len)
			breach(s, "command %02x (%llx): %u bytes, no pages",
				      job->cdb[0], id, transfer_len);
		return !transfer_len;
	}
	if (pkt->range_count != 1) {
		breach(s, "command %02x (%llx): %u ranges, not 1", job->cdb[0],
			      id, pkt->range_count);
		return false;
	}
	if (transfer_len > pkt->ranges[0].len) {
		breach(s, "command %02x (%llx): %u bytes, but pages for %u",
			      job->cdb[0], id, transfer_len, pkt->ranges[0].len);
		return false;
	}
	if (transfer_len != pkt->ranges[0].len && !s->long_range_logged) {
		s->long_range_logged = true;
		note(s, "command %02x: pages for %u bytes, used %u (said once)",
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
		breach(s, "command %02x (%llx): CDB of %u bytes, 16 exist",
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

	if (withheld(s, job, pkt))
		return;
	if ((s->delay || s->reorder_window || s->hold) && wait_for_turn(s, job, pkt))
		return;
	execute(s, job);
}

/* Resets -------------------------------------------------------------------------------*/

static void finish_by_reset(struct storage *s, const struct srb_job *reset, uint32_t op)
{
	struct scsi_cmd cmd = { .srb_status = VSTOR_SRB_BUS_RESET };
	struct srb_job *job;

	while ((job = take_any(s, reset, op == VSTOR_OP_RESET_LUN ? same_unit :
					 op == VSTOR_OP_RESET_BUS ? same_bus : is_any))) {
		s->outstanding--;
		s->errors++;
		reply_srb(job, &cmd);
		free_job(job);
	}
	arm(s);
}

static void reset(struct storage *s, struct srb_job *job, const struct vstor_packet *request)
{
	uint32_t op = le32_to_cpu(request->op);

	job->path = request->srb.path;
	job->target = request->srb.target;
	job->lun = request->srb.lun;
	s->resets++;
	note(s, "reset of %s %u:%u:%u", op == VSTOR_OP_RESET_LUN ? "unit" :
	     op == VSTOR_OP_RESET_BUS ? "bus" : "adapter", job->path, job->target, job->lun);
	switch (s->reset) {
	case STORAGE_RESET_FINISH:
		finish_by_reset(s, job, op);
		reply_status(job, VSTOR_STATUS_OK);
		break;
	case STORAGE_RESET_REFUSE:
		reply_status(job, VSTOR_STATUS_IO_ERROR);
		break;
	case STORAGE_RESET_SILENT:
		break;
	default:
		reply_status(job, VSTOR_STATUS_OK);
		break;
	}
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
	note(s, "protocol %u.%u", version >> 8, version & 0xff);
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

static void put_name(uint8_t *p, uint64_t name)
{
	int i;

	for (i = 7; i >= 0; i--, name >>= 8)
		p[i] = name;
}

/* The pair that counts is ours; in the other there is what no guest may believe. */
static void fc_names(struct storage *s, const struct srb_job *job)
{
	struct vstor_packet reply = { .fc_names.primary_active = !s->secondary };
	struct vstor_fc_names *names = &reply.fc_names;

	put_name(s->secondary ? names->secondary_port : names->primary_port, s->port_name);
	put_name(s->secondary ? names->secondary_node : names->primary_node, s->node_name);
	memset(s->secondary ? names->primary_port : names->secondary_port, 0xff, 8);
	memset(s->secondary ? names->primary_node : names->secondary_node, 0xff, 8);
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
		note(s, "%u sub-channels cannot be offered", count);
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
	case VSTOR_OP_FCHBA_DATA:
		return s->state == STORAGE_END;
	case VSTOR_OP_CREATE_SUB_CHANNELS:
		return s->state == STORAGE_READY ||
		       (s->state == STORAGE_END && !s->sub_channels_asked);
	default:
		return s->state == STORAGE_READY;
	}
}

static bool is_request(const struct storage *s, uint32_t op)
{
	if (op == VSTOR_OP_FCHBA_DATA)
		return s->kind->fibre;
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
		reset(s, job, request);
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
	case VSTOR_OP_FCHBA_DATA:
		fc_names(s, job);
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

	if (s->mute)
		return;
	if (pkt->type != VMBUS_PKT_INBAND && pkt->type != VMBUS_PKT_GPA_DIRECT) {
		breach(s, "packet type %u (%llx) on channel %u", pkt->type, id,
			      index);
		return;
	}
	if (pkt->payload_len != sizeof(request) && pkt->payload_len != OLD_PACKET_LEN) {
		breach(s, "request %llx of %u bytes", id, pkt->payload_len);
		reply_status(&job, VSTOR_STATUS_INVALID_PARAMETER);
		return;
	}
	if (!pkt->id || !pkt->wants_completion ||
	    !(le32_to_cpu(request.flags) & VSTOR_FLAG_COMPLETION))
		breach(s, "operation %u (%llx) does not ask for its completion",
			      op, id);
	if (!is_request(s, op)) {
		breach(s, "operation %u (%llx) is not a request", op, id);
		reply_status(&job, VSTOR_STATUS_INVALID_PARAMETER);
		return;
	}
	/* Only SRBs may travel on a sub-channel, and only when the primary has finished. */
	if (index && op != VSTOR_OP_EXECUTE_SRB) {
		breach(s, "operation %u (%llx) on sub-channel %u", op, id,
			      index);
		reply_status(&job, VSTOR_STATUS_INVALID_STATE);
		return;
	}
	if (!is_legal_now(s, op)) {
		breach(s, "operation %u (%llx) on channel %u in state \"%s\"",
			      op, id, index, state_name(s->state));
		reply_status(&job, VSTOR_STATUS_INVALID_STATE);
		return;
	}
	dispatch(s, &job, pkt, &request);
}

/* Life ---------------------------------------------------------------------------------*/

static void storage_opened(void *dev, struct vsp_chan *chan)
{
	struct storage *s = dev;

	/* The guest speaks first. */
	if (!vsp_chan_index(chan))
		s->primary = chan;
}

static void storage_closed(void *dev, struct vsp_chan *chan)
{
	struct storage *s = dev;

	drop_jobs(s, chan);
	if (vsp_chan_index(chan))
		return;
	s->primary = NULL;
	s->state = STORAGE_BEGIN;
	s->sub_channels_asked = false;
	s->sub_channels = 0;
}

bool storage_notify(struct storage *s, uint32_t op)
{
	struct vstor_packet pkt = { .op = cpu_to_le32(op) };

	/* What changes before the guest is ready it sees by itself. */
	if (!s->primary || s->state != STORAGE_READY)
		return false;
	vsp_chan_send_inband(s->primary, 0, false, &pkt, sizeof(pkt));
	return true;
}

void storage_init(struct storage *s)
{
	s->withheld_end = &s->withheld;
	s->timer.fn = answer_due;
	s->timer.arg = s;
}

void storage_free(struct storage *s)
{
	uint32_t i;

	drop_jobs(s, NULL);
	for (i = 0; i < LUN_MAX; i++)
		scsi_lun_free(s->luns[i]);
	free(s);
}

static void storage_destroy(void *dev)
{
	storage_forget(dev);
	storage_free(dev);
}

/* The same to us in all but what the guest takes them for. */
#define STORAGE_OPS(id)					\
	{						\
		.name = "storage",			\
		.class_id = id,				\
		.chan_opened = storage_opened,		\
		.chan_closed = storage_closed,		\
		.packet = storage_packet,		\
		.command = storage_command,		\
		.counters = storage_counters,		\
		.reset_counters = storage_reset_counters,	\
		.destroy = storage_destroy,		\
	}

const struct vsp_device_ops storage_scsi_ops = STORAGE_OPS(WIRE_GUID_SCSI);
const struct vsp_device_ops storage_ide_ops = STORAGE_OPS(WIRE_GUID_IDE);
const struct vsp_device_ops storage_fc_ops = STORAGE_OPS(WIRE_GUID_FC);

// SPDX-License-Identifier: GPL-2.0
/*
 * vstor.c - storage protocol: the handshake, a command out, a completion to a verdict
 */
#include "vstor.h"

#define HEADER_LEN	offsetof(struct vstor_packet, body)

static const u16 ladder[] = { VSTOR_VERSION_WIN10, VSTOR_VERSION_WIN8_1, VSTOR_VERSION_WIN8 };

/* A request with nothing in it but its name. Zero first: what is not set is not leaked. */
static void put_header(struct vstor_packet *pkt, enum vstor_op op)
{
	memset(pkt, 0, sizeof(*pkt));
	pkt->op = cpu_to_le32(op);
	pkt->flags = cpu_to_le32(VSTOR_FLAG_COMPLETION);
}

/* Handshake ------------------------------------------------------------------*/

void vstor_init_start(struct vstor_init *in, u16 want_sub_channels, bool fibre)
{
	memset(in, 0, sizeof(*in));
	in->step = VSTOR_STEP_BEGIN;
	in->fibre = fibre;
	in->want_sub_channels = want_sub_channels < VSTOR_MAX_SUB_CHANNELS ?
				want_sub_channels : VSTOR_MAX_SUB_CHANNELS;
}

bool vstor_init_next(struct vstor_init *in, struct vstor_packet *pkt)
{
	switch (in->step) {
	case VSTOR_STEP_BEGIN:
		put_header(pkt, VSTOR_OP_BEGIN_INIT);
		return true;
	case VSTOR_STEP_VERSION:
		put_header(pkt, VSTOR_OP_QUERY_VERSION);
		pkt->version.version = cpu_to_le16(ladder[in->rung]);
		return true;
	case VSTOR_STEP_PROPERTIES:
		put_header(pkt, VSTOR_OP_QUERY_PROPERTIES);
		return true;
	case VSTOR_STEP_FC_NAMES:
		put_header(pkt, VSTOR_OP_FCHBA_DATA);
		return true;
	case VSTOR_STEP_END:
		put_header(pkt, VSTOR_OP_END_INIT);
		return true;
	case VSTOR_STEP_SUB_CHANNELS:
		put_header(pkt, VSTOR_OP_CREATE_SUB_CHANNELS);
		pkt->sub_channels = cpu_to_le16(in->want_sub_channels);
		return true;
	case VSTOR_STEP_DONE:
		break;
	}
	return false;
}

/* The step decides how much of the answer must be there. */
static u32 needed_len(enum vstor_step step)
{
	switch (step) {
	case VSTOR_STEP_PROPERTIES:
		return HEADER_LEN + sizeof(struct vstor_properties);
	case VSTOR_STEP_FC_NAMES:
		return HEADER_LEN + sizeof(struct vstor_fc_names);
	default:
		return HEADER_LEN;
	}
}

static enum vstor_init_verdict answer_version(struct vstor_init *in)
{
	if (in->status == VSTOR_STATUS_OK) {
		in->version = ladder[in->rung];
		in->step = VSTOR_STEP_PROPERTIES;
		return VSTOR_INIT_NEXT;
	}
	/* Hosts differ in the status they refuse a version with. */
	if (in->rung + 1 == ARRAY_SIZE(ladder))
		return VSTOR_INIT_FAILED;
	in->rung++;
	return VSTOR_INIT_NEXT;
}

static enum vstor_init_verdict answer_properties(struct vstor_init *in,
						 const struct vstor_properties *prop)
{
	u16 subs = le16_to_cpu(prop->max_sub_channels);
	u32 max = le32_to_cpu(prop->max_transfer_bytes);

	in->offered_transfer = max;
	if (max < VSTOR_MIN_TRANSFER) {
		in->fault = VSTOR_INIT_FAULT_TRANSFER;
		return VSTOR_INIT_FAILED;
	}
	if (max > VSTOR_MAX_TRANSFER)
		max = VSTOR_MAX_TRANSFER;
	/* Whole pages, so that a transfer of any alignment has at most one page more. */
	in->max_transfer = max - max % VSTOR_MIN_TRANSFER;

	if (!(le32_to_cpu(prop->flags) & VSTOR_PROP_MULTI_CHANNEL))
		subs = 0;
	in->max_sub_channels = subs;
	if (in->want_sub_channels > subs)
		in->want_sub_channels = subs;
	in->step = in->fibre ? VSTOR_STEP_FC_NAMES : VSTOR_STEP_END;
	return VSTOR_INIT_NEXT;
}

static u64 name_of(const u8 *bytes)
{
	u64 name = 0;
	int i;

	for (i = 0; i < 8; i++)
		name = name << 8 | bytes[i];
	return name;
}

static enum vstor_init_verdict answer_fc_names(struct vstor_init *in,
					       const struct vstor_fc_names *names)
{
	bool primary = names->primary_active;

	in->port_name = name_of(primary ? names->primary_port : names->secondary_port);
	in->node_name = name_of(primary ? names->primary_node : names->secondary_node);
	in->step = VSTOR_STEP_END;
	return VSTOR_INIT_NEXT;
}

bool vstor_init_without_subs(struct vstor_init *in)
{
	if (in->step != VSTOR_STEP_SUB_CHANNELS)
		return false;
	in->sub_channels = 0;
	in->step = VSTOR_STEP_DONE;
	return true;
}

enum vstor_init_verdict vstor_init_answer(struct vstor_init *in, const void *payload, u32 len)
{
	struct vstor_packet pkt = { 0 };

	if (in->step == VSTOR_STEP_DONE)
		return VSTOR_INIT_FAILED;

	in->fault = VSTOR_INIT_FAULT_NONE;
	in->status = VSTOR_STATUS_OK;
	memcpy(&pkt, payload, len < sizeof(pkt) ? len : sizeof(pkt));
	if (len < needed_len(in->step))
		in->fault = VSTOR_INIT_FAULT_SHORT;
	else if (le32_to_cpu(pkt.op) != VSTOR_OP_COMPLETE_IO)
		in->fault = VSTOR_INIT_FAULT_OP;
	else
		in->status = le32_to_cpu(pkt.status);

	if (in->step == VSTOR_STEP_SUB_CHANNELS) {
		if (!in->fault && in->status == VSTOR_STATUS_OK)
			in->sub_channels = in->want_sub_channels;
		in->step = VSTOR_STEP_DONE;
		return VSTOR_INIT_READY;
	}
	if (in->fault)
		return VSTOR_INIT_FAILED;
	if (in->step == VSTOR_STEP_VERSION)
		return answer_version(in);
	if (in->status != VSTOR_STATUS_OK)
		return VSTOR_INIT_FAILED;

	if (in->step == VSTOR_STEP_PROPERTIES)
		return answer_properties(in, &pkt.properties);
	if (in->step == VSTOR_STEP_FC_NAMES)
		return answer_fc_names(in, &pkt.fc_names);
	if (in->step == VSTOR_STEP_BEGIN) {
		in->step = VSTOR_STEP_VERSION;
		return VSTOR_INIT_NEXT;
	}
	/* VSTOR_STEP_END */
	if (in->want_sub_channels) {
		in->step = VSTOR_STEP_SUB_CHANNELS;
		return VSTOR_INIT_NEXT;
	}
	in->step = VSTOR_STEP_DONE;
	return VSTOR_INIT_READY;
}

const char *vstor_step_name(int step)
{
	static const char *const names[] = {
		[VSTOR_STEP_BEGIN] = "begin of initialisation",
		[VSTOR_STEP_VERSION] = "protocol version",
		[VSTOR_STEP_PROPERTIES] = "query of properties",
		[VSTOR_STEP_FC_NAMES] = "names of the adapter",
		[VSTOR_STEP_END] = "end of initialisation",
		[VSTOR_STEP_SUB_CHANNELS] = "request for sub-channels",
		[VSTOR_STEP_DONE] = "nothing",
	};

	return step >= 0 && step < (int)ARRAY_SIZE(names) ? names[step] : "unknown step";
}

/* Requests ---------------------------------------------------------------------*/

int vstor_put_execute(struct vstor_packet *pkt, const struct vstor_request *req)
{
	struct vstor_srb *srb = &pkt->srb;
	u32 flags = VSTOR_SRBF_NO_SYNC_TRANSFER;

	if (!req->cdb_len || req->cdb_len > VSTOR_CDB_LEN || req->data > VSTOR_DATA_NONE ||
	    (req->data == VSTOR_DATA_NONE) != (req->len == 0))
		return -EINVAL;

	put_header(pkt, VSTOR_OP_EXECUTE_SRB);
	srb->length = cpu_to_le16(sizeof(*srb));
	srb->port = req->port;
	srb->path = req->path;
	srb->target = req->target;
	srb->lun = req->lun;
	srb->cdb_len = req->cdb_len;
	srb->sense_len = VSTOR_SENSE_LEN;
	srb->data_in = req->data;
	srb->transfer_len = cpu_to_le32(req->len);
	memcpy(srb->cdb, req->cdb, req->cdb_len);
	srb->timeout_s = cpu_to_le32(req->timeout_s);

	if (req->data == VSTOR_DATA_IN)
		flags |= VSTOR_SRBF_DATA_IN;
	else if (req->data == VSTOR_DATA_OUT)
		flags |= VSTOR_SRBF_DATA_OUT;
	if (req->tagged) {
		flags |= VSTOR_SRBF_QUEUE_ACTION | VSTOR_SRBF_NO_QUEUE_FREEZE;
		srb->queue_tag = VSTOR_QUEUE_TAG_NONE;
		srb->queue_action = VSTOR_QUEUE_SIMPLE_TAG;
	}
	srb->flags = cpu_to_le32(flags);
	return 0;
}

void vstor_put_reset(struct vstor_packet *pkt, enum vstor_op op, u8 path, u8 target, u8 lun)
{
	put_header(pkt, op);
	pkt->srb.length = cpu_to_le16(sizeof(pkt->srb));
	pkt->srb.path = path;
	pkt->srb.target = target;
	pkt->srb.lun = lun;
}

/* Completions ------------------------------------------------------------------*/

/* SAM status */
#define SAM_GOOD			0x00
#define SAM_CHECK_CONDITION		0x02
#define SAM_CONDITION_MET		0x04
#define SAM_BUSY			0x08
#define SAM_RESERVATION_CONFLICT	0x18
#define SAM_TASK_SET_FULL		0x28
#define SAM_ACA_ACTIVE			0x30
#define SAM_TASK_ABORTED		0x40

#define CDB_INQUIRY			0x12
#define INQUIRY_EVPD			0x01
/* Fewer bytes than these do not say what, if anything, is there. */
#define INQUIRY_LEAST			5

/* What in a completion with this code may be believed. */
#define SENSE	0x1	/* CHECK CONDITION with sense data */
#define STATUS	0x2	/* the other statuses of a device that does not want now */
#define DEVICE	(SENSE | STATUS)
#define GOOD	0x4	/* status GOOD, for every command */
#define GOOD_NO_BLOCKS 0x8	/* status GOOD, for commands that may move less than asked */

/* What the command is when nothing of that is there. */
enum fallback {
	IS_FAILED,
	IS_BUSY,
	IS_NO_DEVICE,
	IS_REMOVED,		/* no device, and the unit can go */
};

/*
 * The whole mapping. A code that is not listed is not known, so nothing that
 * comes with it is believed, and the command has failed.
 *
 * DATA_OVERRUN is what hosts answer to management commands whose allocation
 * length is not the length of the data: the data that fit are there. For a
 * block read or write there is no such thing, and it is an error.
 *
 * Only an address that is said not to exist lets the unit be removed: NO_DEVICE
 * and NO_HBA may be a path that comes back.
 */
static const struct srb_rule {
	u8 believe;
	u8 otherwise;		/* enum fallback */
} srb_rules[VSTOR_SRB_CODE + 1] = {
	[VSTOR_SRB_PENDING]		= { 0, IS_FAILED },
	[VSTOR_SRB_SUCCESS]		= { GOOD | DEVICE, IS_FAILED },
	[VSTOR_SRB_ABORTED]		= { DEVICE, IS_FAILED },
	[VSTOR_SRB_ABORT_FAILED]	= { DEVICE, IS_FAILED },
	[VSTOR_SRB_ERROR]		= { DEVICE, IS_FAILED },
	[VSTOR_SRB_BUSY]		= { DEVICE, IS_BUSY },
	[VSTOR_SRB_INVALID_REQUEST]	= { DEVICE, IS_FAILED },
	[VSTOR_SRB_INVALID_PATH]	= { 0, IS_NO_DEVICE },
	[VSTOR_SRB_NO_DEVICE]		= { 0, IS_NO_DEVICE },
	[VSTOR_SRB_TIMEOUT]		= { DEVICE, IS_FAILED },
	[VSTOR_SRB_SELECTION_TIMEOUT]	= { DEVICE, IS_FAILED },
	[VSTOR_SRB_COMMAND_TIMEOUT]	= { DEVICE, IS_FAILED },
	[VSTOR_SRB_MESSAGE_REJECTED]	= { DEVICE, IS_FAILED },
	[VSTOR_SRB_BUS_RESET]		= { DEVICE, IS_FAILED },
	[VSTOR_SRB_PARITY_ERROR]	= { DEVICE, IS_FAILED },
	[VSTOR_SRB_SENSE_FAILED]	= { STATUS, IS_FAILED },
	[VSTOR_SRB_NO_HBA]		= { 0, IS_NO_DEVICE },
	[VSTOR_SRB_DATA_OVERRUN]	= { GOOD_NO_BLOCKS | DEVICE, IS_FAILED },
	[VSTOR_SRB_BUS_FREE]		= { DEVICE, IS_FAILED },
	[VSTOR_SRB_PHASE_FAILURE]	= { DEVICE, IS_FAILED },
	[VSTOR_SRB_BAD_BLOCK_LENGTH]	= { DEVICE, IS_FAILED },
	[VSTOR_SRB_FLUSHED]		= { DEVICE, IS_FAILED },
	[VSTOR_SRB_INVALID_LUN]		= { 0, IS_REMOVED },
	[VSTOR_SRB_INVALID_TARGET]	= { 0, IS_REMOVED },
	[VSTOR_SRB_BAD_FUNCTION]	= { DEVICE, IS_FAILED },
	[VSTOR_SRB_ERROR_RECOVERY]	= { DEVICE, IS_FAILED },
	[VSTOR_SRB_NOT_POWERED]		= { DEVICE, IS_FAILED },
	[VSTOR_SRB_LINK_DOWN]		= { DEVICE, IS_FAILED },
	[VSTOR_SRB_INTERNAL_ERROR]	= { DEVICE, IS_FAILED },
};

struct sense {
	bool deferred;		/* about an earlier command */
	u8 key;
	u8 asc;
	u8 ascq;
};

/* Copy the sense data if they are some. */
static bool take_sense(struct vstor_verdict *v, const struct vstor_srb *srb, struct sense *sense)
{
	u8 len = srb->sense_len < VSTOR_SENSE_LEN ? srb->sense_len : VSTOR_SENSE_LEN;
	u8 format = srb->sense[0] & 0x7f;
	bool descriptors = format >= 0x72;

	if (!(srb->srb_status & VSTOR_SRB_AUTOSENSE_VALID))
		return false;
	/* As far as the key must be there: byte 2 of fixed format, byte 1 of the other. */
	if (format < 0x70 || format > 0x73 || len < (descriptors ? 2 : 3)) {
		v->odd |= VSTOR_ODD_SENSE;
		return false;
	}
	v->sense_len = len;
	memcpy(v->sense, srb->sense, len);
	/* Read from the copy, which is zero where the host sent nothing. */
	sense->deferred = format & 1;
	sense->key = v->sense[descriptors ? 1 : 2] & 0x0f;
	sense->asc = v->sense[descriptors ? 2 : 12];
	sense->ascq = v->sense[descriptors ? 3 : 13];
	return true;
}

/*
 * What news the sense data bring. A host reports a new capacity as 2A/09, a disk
 * put on top of another, or merged with it, as 3F/02, and any other change of
 * what a unit is in the same group; 3F/0E says that there are more or fewer
 * units at its address.
 */
static enum vstor_action news(const struct sense *sense)
{
	if (sense->asc == 0x3f)
		return sense->ascq == 0x0e ? VSTOR_ACT_SCAN : VSTOR_ACT_RESCAN;
	if (sense->asc == 0x2a && sense->ascq == 0x09)
		return VSTOR_ACT_RESCAN;
	return VSTOR_ACT_NONE;
}

static void set_moved(struct vstor_verdict *v, const struct vstor_expect *expect, u32 moved)
{
	if (moved > expect->asked) {
		/* Where nothing was asked for, hosts need not clear the field. */
		if (expect->asked)
			v->odd |= VSTOR_ODD_MOVED;
		moved = expect->asked;
	}
	v->moved = moved;
	v->residual = expect->asked - moved;
}

static void fail(struct vstor_verdict *v, const struct vstor_expect *expect)
{
	v->outcome = VSTOR_FAILED;
	v->scsi_status = SAM_GOOD;
	v->sense_len = 0;
	memset(v->sense, 0, sizeof(v->sense));
	v->moved = 0;
	v->residual = expect->asked;
}

static void fall_back(struct vstor_verdict *v, const struct srb_rule *rule)
{
	switch ((enum fallback)rule->otherwise) {
	case IS_BUSY:
		v->outcome = VSTOR_STATUS;
		v->scsi_status = SAM_BUSY;
		break;
	case IS_REMOVED:
		v->action = VSTOR_ACT_REMOVE;
		v->outcome = VSTOR_NO_DEVICE;
		break;
	case IS_NO_DEVICE:
		v->outcome = VSTOR_NO_DEVICE;
		break;
	case IS_FAILED:
		v->outcome = VSTOR_FAILED;
		break;
	}
}

/* The device is said to be content. */
static void judge_good(struct vstor_verdict *v, const struct vstor_srb *srb,
		       const struct vstor_expect *expect, const struct srb_rule *rule)
{
	bool inquiry = expect->cdb[0] == CDB_INQUIRY && !(expect->cdb[1] & INQUIRY_EVPD);
	u32 moved = le32_to_cpu(srb->transfer_len);

	if (rule->believe & GOOD_NO_BLOCKS) {
		if (expect->least) {
			fail(v, expect);
			return;
		}
		/* Here "moved" may be what there was rather than what fitted. */
		moved = moved < expect->asked ? moved : expect->asked;
	} else if (!(rule->believe & GOOD)) {
		fall_back(v, rule);
		return;
	}

	v->outcome = VSTOR_OK;
	v->scsi_status = srb->scsi_status;
	set_moved(v, expect, moved);
	if (v->moved < expect->least) {
		fail(v, expect);
	} else if (inquiry && expect->asked >= INQUIRY_LEAST && v->moved < INQUIRY_LEAST) {
		/* An empty buffer would read as "a disk is here": the ghost of a unit. */
		fail(v, expect);
		v->outcome = VSTOR_NO_DEVICE;
	}
}

static void judge_check(struct vstor_verdict *v, const struct vstor_srb *srb,
			const struct vstor_expect *expect, const struct srb_rule *rule)
{
	struct sense sense = { 0 };

	/* Without sense data the mid-layer would stop the whole host to fetch them. */
	if (!(rule->believe & SENSE) || !take_sense(v, srb, &sense)) {
		fall_back(v, rule);
		return;
	}
	v->outcome = VSTOR_STATUS;
	v->scsi_status = SAM_CHECK_CONDITION;
	if (sense.deferred)
		return;
	v->action = news(&sense);
	/*
	 * NO SENSE and RECOVERED ERROR report on a command that was carried out, and
	 * are taken for success above us. After any other key nothing is sure.
	 */
	if (sense.key <= 1) {
		set_moved(v, expect, le32_to_cpu(srb->transfer_len));
		if (v->moved < expect->least)
			fail(v, expect);
	}
}

static void judge(struct vstor_verdict *v, const struct vstor_srb *srb,
		  const struct vstor_expect *expect)
{
	u8 code = srb->srb_status & VSTOR_SRB_CODE;
	const struct srb_rule *rule = &srb_rules[code];
	bool good = srb->scsi_status == SAM_GOOD || srb->scsi_status == SAM_CONDITION_MET;

	if (code == VSTOR_SRB_PENDING || (code == VSTOR_SRB_SUCCESS && !good))
		v->odd |= VSTOR_ODD_CONTRADICTION;

	/* The severity in the two top bits: 3 is an error. */
	if (code == VSTOR_SRB_SUCCESS && good && v->nt_status >> 30 == 3) {
		v->odd |= VSTOR_ODD_CONTRADICTION;
		fail(v, expect);
		return;
	}

	switch (srb->scsi_status) {
	case SAM_GOOD:
	case SAM_CONDITION_MET:
		judge_good(v, srb, expect, rule);
		break;
	case SAM_CHECK_CONDITION:
		judge_check(v, srb, expect, rule);
		break;
	case SAM_BUSY:
	case SAM_RESERVATION_CONFLICT:
	case SAM_TASK_SET_FULL:
	case SAM_ACA_ACTIVE:
	case SAM_TASK_ABORTED:
		if (rule->believe & STATUS) {
			v->outcome = VSTOR_STATUS;
			v->scsi_status = srb->scsi_status;
			break;
		}
		fall_back(v, rule);
		break;
	default:
		fall_back(v, rule);
		break;
	}
}

void vstor_parse_completion(const void *payload, u32 len, const struct vstor_expect *expect,
			    struct vstor_verdict *v)
{
	struct vstor_packet pkt;

	/* Until shown otherwise: failed, nothing moved, nothing to do. */
	memset(v, 0, sizeof(*v));
	fail(v, expect);

	if (len < sizeof(pkt)) {
		v->odd = VSTOR_ODD_SHORT;
		return;
	}
	memcpy(&pkt, payload, sizeof(pkt));
	v->nt_status = le32_to_cpu(pkt.status);
	if (le32_to_cpu(pkt.op) != VSTOR_OP_COMPLETE_IO) {
		v->odd = VSTOR_ODD_OP;
		return;
	}
	v->srb_status = pkt.srb.srb_status;
	v->host_scsi_status = pkt.srb.scsi_status;
	judge(v, &pkt.srb, expect);
}

int vstor_parse_reset(const void *payload, u32 len)
{
	struct vstor_packet pkt = { 0 };

	if (len < HEADER_LEN)
		return -EPROTO;
	memcpy(&pkt, payload, HEADER_LEN);
	if (le32_to_cpu(pkt.op) != VSTOR_OP_COMPLETE_IO)
		return -EPROTO;
	return le32_to_cpu(pkt.status) == VSTOR_STATUS_OK ? 0 : -EIO;
}

enum vstor_notice vstor_parse_notice(const void *payload, u32 len)
{
	__le32 op;

	if (len < sizeof(op))
		return VSTOR_NOTICE_BAD;
	memcpy(&op, payload, sizeof(op));
	switch (le32_to_cpu(op)) {
	case VSTOR_OP_ENUMERATE_BUS:
	case VSTOR_OP_REMOVE_DEVICE:
		return VSTOR_NOTICE_BUS_CHANGED;
	default:
		return VSTOR_NOTICE_BAD;
	}
}

/* Names ------------------------------------------------------------------------*/

#define DESIGNATOR_HEADER	4
#define DESIGNATOR_OF		0x30	/* in byte 1; 0: the unit */

/* The next designator of the unit itself that is all there, from @at on; NULL: no more. */
static const u8 *next_name(const u8 *page, u32 len, u32 *at, u32 *name_len)
{
	while (*at < len && len - *at >= DESIGNATOR_HEADER) {
		const u8 *name = page + *at;

		*name_len = DESIGNATOR_HEADER + name[3];
		if (*name_len > len - *at)
			break;
		*at += *name_len;
		if (!(name[1] & DESIGNATOR_OF))
			return name;
	}
	return NULL;
}

bool vstor_same_unit(const u8 *was, u32 was_len, const u8 *now, u32 now_len)
{
	u32 was_at = 4, now_at = 4, a_len, b_len;
	const u8 *a, *b;

	do {
		a = next_name(was, was_len, &was_at, &a_len);
		b = next_name(now, now_len, &now_at, &b_len);
		if (!a || !b)
			return a == b;
	} while (a_len == b_len && !memcmp(a, b, a_len));
	return false;
}

const char *vstor_srb_name(u8 srb_status)
{
	static const char *const names[VSTOR_SRB_CODE + 1] = {
		[VSTOR_SRB_PENDING] = "pending",
		[VSTOR_SRB_SUCCESS] = "success",
		[VSTOR_SRB_ABORTED] = "aborted",
		[VSTOR_SRB_ABORT_FAILED] = "abort failed",
		[VSTOR_SRB_ERROR] = "error",
		[VSTOR_SRB_BUSY] = "busy",
		[VSTOR_SRB_INVALID_REQUEST] = "invalid request",
		[VSTOR_SRB_INVALID_PATH] = "invalid path",
		[VSTOR_SRB_NO_DEVICE] = "no device",
		[VSTOR_SRB_TIMEOUT] = "timeout",
		[VSTOR_SRB_SELECTION_TIMEOUT] = "selection timeout",
		[VSTOR_SRB_COMMAND_TIMEOUT] = "command timeout",
		[VSTOR_SRB_MESSAGE_REJECTED] = "message rejected",
		[VSTOR_SRB_BUS_RESET] = "bus reset",
		[VSTOR_SRB_PARITY_ERROR] = "parity error",
		[VSTOR_SRB_SENSE_FAILED] = "sense data lost",
		[VSTOR_SRB_NO_HBA] = "no adapter",
		[VSTOR_SRB_DATA_OVERRUN] = "data overrun",
		[VSTOR_SRB_BUS_FREE] = "bus free",
		[VSTOR_SRB_PHASE_FAILURE] = "phase failure",
		[VSTOR_SRB_BAD_BLOCK_LENGTH] = "bad block length",
		[VSTOR_SRB_FLUSHED] = "flushed",
		[VSTOR_SRB_INVALID_LUN] = "invalid unit",
		[VSTOR_SRB_INVALID_TARGET] = "invalid target",
		[VSTOR_SRB_BAD_FUNCTION] = "bad function",
		[VSTOR_SRB_ERROR_RECOVERY] = "error recovery",
		[VSTOR_SRB_NOT_POWERED] = "not powered",
		[VSTOR_SRB_LINK_DOWN] = "link down",
		[VSTOR_SRB_INTERNAL_ERROR] = "internal error",
	};
	const char *name = names[srb_status & VSTOR_SRB_CODE];

	return name ? name : "unknown status";
}

const char *vstor_command_name(u8 opcode)
{
	static const struct {
		u8 opcode;
		const char *name;
	} commands[] = {
		{ 0x00, "test unit ready" }, { 0x03, "request sense" }, { 0x08, "read" },
		{ 0x0a, "write" }, { 0x12, "inquiry" }, { 0x1a, "mode sense" },
		{ 0x1b, "start stop unit" }, { 0x25, "read capacity" }, { 0x28, "read" },
		{ 0x2a, "write" }, { 0x2f, "verify" }, { 0x35, "flush" }, { 0x41, "write same" },
		{ 0x42, "unmap" }, { 0x5a, "mode sense" }, { 0x5e, "reservation in" },
		{ 0x5f, "reservation out" }, { 0x88, "read" }, { 0x8a, "write" },
		{ 0x8f, "verify" }, { 0x91, "flush" }, { 0x93, "write same" },
		{ 0x9e, "service action" }, { 0xa0, "report units" }, { 0xa8, "read" },
		{ 0xaa, "write" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].opcode == opcode)
			return commands[i].name;
	return "command";
}

const char *vstor_outcome_name(int outcome)
{
	static const char *const names[VSTOR_OUTCOME_COUNT] = {
		[VSTOR_OK] = "ok",
		[VSTOR_STATUS] = "status",
		[VSTOR_FAILED] = "failed",
		[VSTOR_NO_DEVICE] = "no device",
	};

	return outcome >= 0 && outcome < VSTOR_OUTCOME_COUNT ? names[outcome] : "unknown";
}

// SPDX-License-Identifier: GPL-2.0
/*
 * vstor_test.c - no answer of a host makes an error look like a success, or a
 * transfer longer than it was; and a handshake with any host ends
 *
 * What each completion must become is written down twice: rules that hold for all
 * of them, tried on every combination, and a row of letters for each status code.
 */
#include "golden.h"
#include "ktap.h"

#include "storvsc/proto/vstor.h"

/* Handshake ------------------------------------------------------------------*/

static struct vstor_packet reply_ok(void)
{
	struct vstor_packet pkt = { .op = cpu_to_le32(VSTOR_OP_COMPLETE_IO) };

	return pkt;
}

static struct vstor_packet reply_status(u32 status)
{
	struct vstor_packet pkt = reply_ok();

	pkt.status = cpu_to_le32(status);
	return pkt;
}

static struct vstor_packet reply_properties(u16 subs, u32 flags, u32 max_transfer)
{
	struct vstor_packet pkt = reply_ok();

	pkt.properties.max_sub_channels = cpu_to_le16(subs);
	pkt.properties.flags = cpu_to_le32(flags);
	pkt.properties.max_transfer_bytes = cpu_to_le32(max_transfer);
	return pkt;
}

static enum vstor_init_verdict answer(struct vstor_init *in, struct vstor_packet pkt)
{
	return vstor_init_answer(in, &pkt, sizeof(pkt));
}

/* The next question, which must be @op. */
static struct vstor_packet asked(struct vstor_init *in, enum vstor_op op)
{
	struct vstor_packet pkt;

	memset(&pkt, 0xa5, sizeof(pkt));
	EXPECT(vstor_init_next(in, &pkt));
	EXPECT_EQ(le32_to_cpu(pkt.op), op);
	EXPECT_EQ(le32_to_cpu(pkt.flags), VSTOR_FLAG_COMPLETION);
	EXPECT_EQ(pkt.status, 0);
	return pkt;
}

/* Brings a handshake to the question for properties. */
static void until_properties(struct vstor_init *in, u16 want)
{
	vstor_init_start(in, want, false);
	asked(in, VSTOR_OP_BEGIN_INIT);
	EXPECT_EQ(answer(in, reply_ok()), VSTOR_INIT_NEXT);
	asked(in, VSTOR_OP_QUERY_VERSION);
	EXPECT_EQ(answer(in, reply_ok()), VSTOR_INIT_NEXT);
	asked(in, VSTOR_OP_QUERY_PROPERTIES);
}

TEST(handshake_with_sub_channels)
{
	struct vstor_packet pkt;
	struct vstor_init in;

	vstor_init_start(&in, 7, false);
	asked(&in, VSTOR_OP_BEGIN_INIT);
	EXPECT_EQ(answer(&in, reply_ok()), VSTOR_INIT_NEXT);
	pkt = asked(&in, VSTOR_OP_QUERY_VERSION);
	EXPECT_EQ(le16_to_cpu(pkt.version.version), 0x0602);
	EXPECT_EQ(pkt.version.revision, 0);
	EXPECT_EQ(answer(&in, reply_ok()), VSTOR_INIT_NEXT);
	asked(&in, VSTOR_OP_QUERY_PROPERTIES);
	EXPECT_EQ(answer(&in, reply_properties(3, VSTOR_PROP_MULTI_CHANNEL, 0x40000)),
		  VSTOR_INIT_NEXT);
	asked(&in, VSTOR_OP_END_INIT);
	EXPECT_EQ(answer(&in, reply_ok()), VSTOR_INIT_NEXT);
	pkt = asked(&in, VSTOR_OP_CREATE_SUB_CHANNELS);
	EXPECT_EQ(le16_to_cpu(pkt.sub_channels), 3);
	EXPECT_EQ(answer(&in, reply_ok()), VSTOR_INIT_READY);
	EXPECT(!vstor_init_next(&in, &pkt));

	EXPECT_EQ(in.version, VSTOR_VERSION_WIN10);
	EXPECT_EQ(in.max_transfer, 0x40000);
	EXPECT_EQ(in.max_sub_channels, 3);
	EXPECT_EQ(in.sub_channels, 3);
	/* Nothing more is asked; an answer now answers nothing. */
	EXPECT_EQ(answer(&in, reply_ok()), VSTOR_INIT_FAILED);
	EXPECT_EQ(in.sub_channels, 3);
}

TEST(driver_wants_fewer_sub_channels_than_there_are)
{
	struct vstor_packet pkt;
	struct vstor_init in;

	until_properties(&in, 2);
	EXPECT_EQ(answer(&in, reply_properties(9, VSTOR_PROP_MULTI_CHANNEL, 65536)),
		  VSTOR_INIT_NEXT);
	asked(&in, VSTOR_OP_END_INIT);
	EXPECT_EQ(answer(&in, reply_ok()), VSTOR_INIT_NEXT);
	pkt = asked(&in, VSTOR_OP_CREATE_SUB_CHANNELS);
	EXPECT_EQ(le16_to_cpu(pkt.sub_channels), 2);

	/* And never more than the driver could ever use. */
	vstor_init_start(&in, 0xffff, false);
	EXPECT_EQ(in.want_sub_channels, VSTOR_MAX_SUB_CHANNELS);
}

TEST(no_sub_channels_without_the_flag_or_the_wish)
{
	struct vstor_init in;

	until_properties(&in, 7);
	EXPECT_EQ(answer(&in, reply_properties(3, ~VSTOR_PROP_MULTI_CHANNEL, 65536)),
		  VSTOR_INIT_NEXT);
	asked(&in, VSTOR_OP_END_INIT);
	EXPECT_EQ(answer(&in, reply_ok()), VSTOR_INIT_READY);
	EXPECT_EQ(in.max_sub_channels, 0);
	EXPECT_EQ(in.sub_channels, 0);

	until_properties(&in, 0);
	EXPECT_EQ(answer(&in, reply_properties(3, VSTOR_PROP_MULTI_CHANNEL, 65536)),
		  VSTOR_INIT_NEXT);
	asked(&in, VSTOR_OP_END_INIT);
	EXPECT_EQ(answer(&in, reply_ok()), VSTOR_INIT_READY);
	EXPECT_EQ(in.sub_channels, 0);
}

/* Sub-channels are a wish: refusal, nonsense and silence leave a working primary. */
TEST(sub_channels_refused)
{
	struct vstor_packet bad = reply_ok(), pkt;
	struct vstor_init in, ready;

	until_properties(&ready, 7);
	answer(&ready, reply_properties(3, VSTOR_PROP_MULTI_CHANNEL, 65536));
	EXPECT(!vstor_init_without_subs(&ready));	/* END_INIT is no wish */
	EXPECT_EQ(answer(&ready, reply_ok()), VSTOR_INIT_NEXT);

	in = ready;
	EXPECT_EQ(answer(&in, reply_status(VSTOR_STATUS_INVALID_PARAMETER)), VSTOR_INIT_READY);
	EXPECT_EQ(in.sub_channels, 0);
	EXPECT_EQ(in.status, VSTOR_STATUS_INVALID_PARAMETER);

	in = ready;
	bad.op = cpu_to_le32(VSTOR_OP_CREATE_SUB_CHANNELS);
	EXPECT_EQ(answer(&in, bad), VSTOR_INIT_READY);
	EXPECT_EQ(in.sub_channels, 0);

	in = ready;
	EXPECT_EQ(vstor_init_answer(&in, &bad, 4), VSTOR_INIT_READY);
	EXPECT_EQ(in.sub_channels, 0);

	in = ready;
	EXPECT(vstor_init_without_subs(&in));
	EXPECT(!vstor_init_next(&in, &pkt));
	EXPECT_EQ(in.sub_channels, 0);
}

static struct vstor_packet reply_names(bool primary)
{
	struct vstor_packet pkt = reply_ok();
	struct vstor_fc_names *names = &pkt.fc_names;
	u8 i;

	names->primary_active = primary;
	for (i = 0; i < 8; i++) {
		names->primary_port[i] = 0x10 + i;
		names->primary_node[i] = 0x20 + i;
		names->secondary_port[i] = 0xc0 + i;
		names->secondary_node[i] = 0xd0 + i;
	}
	return pkt;
}

/* A Fibre Channel adapter is asked for its names, between its properties and the end. */
TEST(names_of_a_fibre_channel_adapter)
{
	struct vstor_packet pkt = reply_names(true);
	struct vstor_init in, asking;
	u32 len;

	vstor_init_start(&asking, 0, true);
	answer(&asking, reply_ok());
	answer(&asking, reply_ok());
	answer(&asking, reply_properties(0, 0, 65536));
	asked(&asking, VSTOR_OP_FCHBA_DATA);

	in = asking;
	EXPECT_EQ(answer(&in, pkt), VSTOR_INIT_NEXT);
	EXPECT_EQ(in.port_name, 0x1011121314151617ull);
	EXPECT_EQ(in.node_name, 0x2021222324252627ull);
	asked(&in, VSTOR_OP_END_INIT);
	EXPECT_EQ(answer(&in, reply_ok()), VSTOR_INIT_READY);

	in = asking;
	EXPECT_EQ(answer(&in, reply_names(false)), VSTOR_INIT_NEXT);
	EXPECT_EQ(in.port_name, 0xc0c1c2c3c4c5c6c7ull);
	EXPECT_EQ(in.node_name, 0xd0d1d2d3d4d5d6d7ull);

	for (len = 0; len < 48; len++) {
		u8 *copy = malloc(len ? len : 1);

		memcpy(copy, &pkt, len);
		in = asking;
		EXPECT_EQ(vstor_init_answer(&in, copy, len), VSTOR_INIT_FAILED);
		EXPECT_EQ(in.fault, VSTOR_INIT_FAULT_SHORT);
		free(copy);
	}
	in = asking;
	EXPECT_EQ(answer(&in, reply_status(VSTOR_STATUS_INVALID_PARAMETER)), VSTOR_INIT_FAILED);
}

TEST(version_ladder)
{
	static const u16 versions[] = { 0x0602, 0x0600, 0x0501 };
	struct vstor_packet pkt;
	struct vstor_init in;
	unsigned int agree, i;

	for (agree = 0; agree <= ARRAY_SIZE(versions); agree++) {
		vstor_init_start(&in, 0, false);
		answer(&in, reply_ok());
		for (i = 0; i < agree; i++) {
			pkt = asked(&in, VSTOR_OP_QUERY_VERSION);
			EXPECT_EQ(le16_to_cpu(pkt.version.version), versions[i]);
			EXPECT_EQ(answer(&in, reply_status(i & 1 ? VSTOR_STATUS_INVALID_STATE :
								   VSTOR_STATUS_REVISION_MISMATCH)),
				  i + 1 < ARRAY_SIZE(versions) ? VSTOR_INIT_NEXT :
								 VSTOR_INIT_FAILED);
			EXPECT_EQ(in.version, 0);
		}
		if (agree == ARRAY_SIZE(versions))
			break;
		pkt = asked(&in, VSTOR_OP_QUERY_VERSION);
		EXPECT_EQ(le16_to_cpu(pkt.version.version), versions[agree]);
		EXPECT_EQ(answer(&in, reply_ok()), VSTOR_INIT_NEXT);
		EXPECT_EQ(in.version, versions[agree]);
	}
}

TEST(refusals_and_nonsense_end_the_handshake)
{
	static const enum vstor_step steps[] = {
		VSTOR_STEP_BEGIN, VSTOR_STEP_PROPERTIES, VSTOR_STEP_END,
	};
	struct vstor_packet pkt;
	struct vstor_init in;
	unsigned int i, step;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		vstor_init_start(&in, 1, false);
		in.step = steps[i];
		EXPECT_EQ(answer(&in, reply_status(VSTOR_STATUS_IO_ERROR)), VSTOR_INIT_FAILED);
		EXPECT_EQ(in.status, VSTOR_STATUS_IO_ERROR);
		EXPECT_EQ(in.fault, VSTOR_INIT_FAULT_NONE);
		EXPECT_EQ(in.step, steps[i]);
	}
	for (step = VSTOR_STEP_BEGIN; step < VSTOR_STEP_SUB_CHANNELS; step++) {
		vstor_init_start(&in, 1, false);
		in.step = step;
		pkt = reply_properties(0, 0, 65536);
		pkt.op = cpu_to_le32(VSTOR_OP_QUERY_PROPERTIES);
		EXPECT_EQ(answer(&in, pkt), VSTOR_INIT_FAILED);
		EXPECT_EQ(in.fault, VSTOR_INIT_FAULT_OP);

		for (len = 0; len < (step == VSTOR_STEP_PROPERTIES ? 36 : 12); len++) {
			/* A copy of just that length, so that a read past it is seen. */
			u8 *copy = malloc(len ? len : 1);

			pkt = reply_properties(0, 0, 65536);
			memcpy(copy, &pkt, len);
			vstor_init_start(&in, 1, false);
			in.step = step;
			EXPECT_EQ(vstor_init_answer(&in, copy, len), VSTOR_INIT_FAILED);
			EXPECT_EQ(in.fault, VSTOR_INIT_FAULT_SHORT);
			free(copy);
		}
	}
}

TEST(maximum_transfer)
{
	static const struct { u32 offered, used; } cases[] = {
		{ 0, 0 }, { 1, 0 }, { 4095, 0 }, { 4096, 4096 }, { 4097, 4096 },
		{ 8191, 4096 }, { 0x40000, 0x40000 }, { 0x400000, 0x400000 },
		{ 0x400001, 0x400000 }, { 0x7fffffff, 0x400000 }, { 0xffffffff, 0x400000 },
	};
	struct vstor_init in;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		until_properties(&in, 0);
		EXPECT_EQ(answer(&in, reply_properties(0, 0, cases[i].offered)),
			  cases[i].used ? VSTOR_INIT_NEXT : VSTOR_INIT_FAILED);
		EXPECT_EQ(in.max_transfer, cases[i].used);
		EXPECT_EQ(in.offered_transfer, cases[i].offered);
		EXPECT_EQ(in.fault, cases[i].used ? VSTOR_INIT_FAULT_NONE :
						    VSTOR_INIT_FAULT_TRANSFER);
	}
}

/* Requests ---------------------------------------------------------------------*/

static const u8 read_10[10] = { 0x28, 0, 0, 0, 0, 0x08, 0, 0, 0x10, 0 };

TEST(first_packet_is_that_of_linux)
{
	static struct golden g;
	struct vstor_packet pkt;
	struct vstor_init in;

	REQUIRE(golden_load(&g, "vstor_begin_init"));
	vstor_init_start(&in, 0, false);
	memset(&pkt, 0xa5, sizeof(pkt));
	REQUIRE(vstor_init_next(&in, &pkt));
	EXPECT_EQ(g.record[0].len, 16 + sizeof(pkt));
	EXPECT_MEM(&pkt, g.record[0].bytes + 16, sizeof(pkt));
}

/* Queue tag, action, flags and time-out as stock Linux sets them; the rest from the golden file. */
TEST(tagged_read_to_the_byte)
{
	static const u8 tail[16] = {
		0, 0, 0xff, 0x20, 0x4a, 0x01, 0, 0, 60, 0, 0, 0, 0, 0, 0, 0,
	};
	struct vstor_request req = {
		.cdb = read_10, .cdb_len = sizeof(read_10), .data = VSTOR_DATA_IN,
		.tagged = true, .timeout_s = 60, .len = 8192,
	};
	static struct golden g;
	struct vstor_packet pkt;

	REQUIRE(golden_load(&g, "vstor_read_8k"));
	REQUIRE(g.record[0].len == 32 + 3 * 8 + sizeof(pkt));
	memset(&pkt, 0xa5, sizeof(pkt));
	EXPECT_EQ(vstor_put_execute(&pkt, &req), 0);
	EXPECT_MEM(&pkt, g.record[0].bytes + 56, 48);
	EXPECT_MEM((u8 *)&pkt + 48, tail, sizeof(tail));
}

TEST(address_direction_and_flags)
{
	static const u8 tur[6];
	struct vstor_request req = {
		.port = 3, .path = 7, .target = 1, .lun = 63,
		.cdb = tur, .cdb_len = sizeof(tur), .data = VSTOR_DATA_NONE, .timeout_s = 1,
	};
	struct vstor_packet pkt;

	memset(&pkt, 0xa5, sizeof(pkt));
	EXPECT_EQ(vstor_put_execute(&pkt, &req), 0);
	EXPECT_EQ(le32_to_cpu(pkt.op), 3);
	EXPECT_EQ(le16_to_cpu(pkt.srb.length), 52);
	EXPECT_EQ(pkt.srb.port, 3);
	EXPECT_EQ(pkt.srb.path, 7);
	EXPECT_EQ(pkt.srb.target, 1);
	EXPECT_EQ(pkt.srb.lun, 63);
	EXPECT_EQ(pkt.srb.cdb_len, 6);
	EXPECT_EQ(pkt.srb.sense_len, 20);
	EXPECT_EQ(pkt.srb.data_in, 2);
	EXPECT_EQ(pkt.srb.srb_status, 0);
	EXPECT_EQ(le32_to_cpu(pkt.srb.transfer_len), 0);
	EXPECT_EQ(le32_to_cpu(pkt.srb.flags), 0x8);
	EXPECT_EQ(pkt.srb.queue_tag, 0);
	EXPECT_EQ(pkt.srb.queue_action, 0);

	req.data = VSTOR_DATA_OUT;
	req.len = 512;
	req.tagged = true;
	EXPECT_EQ(vstor_put_execute(&pkt, &req), 0);
	EXPECT_EQ(pkt.srb.data_in, 0);
	EXPECT_EQ(le32_to_cpu(pkt.srb.transfer_len), 512);
	EXPECT_EQ(le32_to_cpu(pkt.srb.flags), 0x18a);
}

/* A length left over from an earlier command in one without data corrupts memory. */
TEST(data_if_and_only_if_there_are_some)
{
	struct vstor_request req = {
		.cdb = read_10, .cdb_len = 10, .data = VSTOR_DATA_NONE, .len = 1
	};
	struct vstor_packet pkt;

	EXPECT_EQ(vstor_put_execute(&pkt, &req), -EINVAL);
	req.data = VSTOR_DATA_IN;
	EXPECT_EQ(vstor_put_execute(&pkt, &req), 0);
	req.len = 0;
	EXPECT_EQ(vstor_put_execute(&pkt, &req), -EINVAL);
	req.data = VSTOR_DATA_OUT;
	EXPECT_EQ(vstor_put_execute(&pkt, &req), -EINVAL);
	req.data = VSTOR_DATA_NONE;
	EXPECT_EQ(vstor_put_execute(&pkt, &req), 0);
	req.data = 3;
	EXPECT_EQ(vstor_put_execute(&pkt, &req), -EINVAL);
}

TEST(command_lengths)
{
	static const u8 cdb[VSTOR_CDB_LEN + 1] = {
		0x88, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0xee,
	};
	struct vstor_request req = { .cdb = cdb, .data = VSTOR_DATA_NONE };
	struct vstor_packet pkt;
	unsigned int len, i;

	for (len = 0; len <= 0xff; len++) {
		req.cdb_len = (u8)len;
		memset(&pkt, 0xa5, sizeof(pkt));
		EXPECT_EQ(vstor_put_execute(&pkt, &req),
			  len >= 1 && len <= VSTOR_CDB_LEN ? 0 : -EINVAL);
		if (len < 1 || len > VSTOR_CDB_LEN)
			continue;
		/* Nothing of what stood in the packet is left, and nothing behind the command. */
		for (i = 0; i < VSTOR_SENSE_LEN; i++)
			EXPECT_EQ(pkt.srb.sense[i], i < len ? cdb[i] : 0);
	}
}

TEST(reset)
{
	struct vstor_packet pkt, ok = reply_ok(), no = reply_status(VSTOR_STATUS_IO_ERROR);
	struct vstor_packet other = reply_ok();

	memset(&pkt, 0xa5, sizeof(pkt));
	vstor_put_reset(&pkt, VSTOR_OP_RESET_BUS, 5, 0, 0);
	EXPECT_EQ(le32_to_cpu(pkt.op), 6);
	EXPECT_EQ(le32_to_cpu(pkt.flags), 1);
	EXPECT_EQ(pkt.srb.path, 5);
	EXPECT_EQ(pkt.srb.target, 0);
	vstor_put_reset(&pkt, VSTOR_OP_RESET_LUN, 1, 2, 63);
	EXPECT_EQ(le32_to_cpu(pkt.op), 4);
	EXPECT_EQ(pkt.srb.path, 1);
	EXPECT_EQ(pkt.srb.target, 2);
	EXPECT_EQ(pkt.srb.lun, 63);
	vstor_put_reset(&pkt, VSTOR_OP_RESET_ADAPTER, 0, 0, 0);
	EXPECT_EQ(le32_to_cpu(pkt.op), 5);

	EXPECT_EQ(vstor_parse_reset(&ok, sizeof(ok)), 0);
	EXPECT_EQ(vstor_parse_reset(&no, sizeof(no)), -EIO);
	other.op = cpu_to_le32(VSTOR_OP_RESET_BUS);
	EXPECT_EQ(vstor_parse_reset(&other, sizeof(other)), -EPROTO);
	EXPECT_EQ(vstor_parse_reset(&ok, 12), 0);
	EXPECT_EQ(vstor_parse_reset(&ok, 11), -EPROTO);
	EXPECT_EQ(vstor_parse_reset(&ok, 0), -EPROTO);
}

/* Completions ------------------------------------------------------------------*/

#define ASKED 8192u

static const struct vstor_expect block_read = { read_10, ASKED, ASKED };
static const struct vstor_expect any_length = {
	(const u8[6]){ 0xa0 }, ASKED, 0,	/* REPORT LUNS */
};

/* Sense data a completion may carry. */
enum sense_kind {
	SENSE_NONE,
	SENSE_MEDIUM,		/* 3/11/00 */
	SENSE_CAPACITY,		/* 6/2A/09 */
	SENSE_RECOVERED,	/* 1/17/00 */
	SENSE_GARBAGE,		/* promised, but not sense data */
	SENSE_EMPTY,		/* promised, of no length */
	SENSE_KINDS
};

static struct vstor_packet completion(u8 srb_status, u8 scsi_status, enum sense_kind sense,
				      u32 moved)
{
	struct vstor_packet pkt = reply_ok();
	struct vstor_srb *srb = &pkt.srb;

	srb->length = cpu_to_le16(52);
	srb->srb_status = srb_status;
	srb->scsi_status = scsi_status;
	srb->transfer_len = cpu_to_le32(moved);
	srb->sense_len = 20;
	srb->sense[0] = 0x70;
	srb->sense[7] = 10;
	switch (sense) {
	case SENSE_NONE:
		memset(srb->sense, 0, sizeof(srb->sense));
		return pkt;
	case SENSE_MEDIUM:
		srb->sense[2] = 3;
		srb->sense[12] = 0x11;
		break;
	case SENSE_CAPACITY:
		srb->sense[2] = 6;
		srb->sense[12] = 0x2a;
		srb->sense[13] = 0x09;
		break;
	case SENSE_RECOVERED:
		srb->sense[2] = 1;
		srb->sense[12] = 0x17;
		break;
	case SENSE_GARBAGE:
		srb->sense[0] = 0x28;
		break;
	case SENSE_EMPTY:
		srb->sense_len = 0;
		break;
	default:
		break;
	}
	srb->srb_status |= VSTOR_SRB_AUTOSENSE_VALID;
	return pkt;
}

static struct vstor_verdict judge_pkt(const struct vstor_packet *pkt,
				      const struct vstor_expect *expect)
{
	struct vstor_verdict v;

	memset(&v, 0xa5, sizeof(v));
	vstor_parse_completion(pkt, sizeof(*pkt), expect, &v);
	return v;
}

/* What the layers above us take for success: nothing but these. */
static bool looks_like_success(const struct vstor_verdict *v)
{
	if (v->outcome == VSTOR_OK)
		return true;
	return v->outcome == VSTOR_STATUS &&
	       (v->scsi_status == 0 || v->scsi_status == 4 ||
		(v->scsi_status == 2 && v->sense_len && !(v->sense[0] & 1) &&
		 (v->sense[2] & 0xf) <= 1));
}

static bool usable(enum sense_kind sense)
{
	return sense == SENSE_MEDIUM || sense == SENSE_CAPACITY || sense == SENSE_RECOVERED;
}

/* The rules that hold whatever the host sends. */
static void check_rules(u8 srb_status, u8 scsi_status, enum sense_kind sense, u32 moved,
			const struct vstor_expect *expect)
{
	struct vstor_packet pkt = completion(srb_status, scsi_status, sense, moved);
	struct vstor_verdict v = judge_pkt(&pkt, expect);
	u8 code = srb_status & 0x3f;
	bool content = scsi_status == 0 || scsi_status == 4;
	unsigned int before = ktap_failures, i;

	EXPECT(v.moved <= expect->asked);
	EXPECT_EQ(v.moved + v.residual, expect->asked);
	EXPECT(v.moved <= moved);
	EXPECT_EQ(v.srb_status, pkt.srb.srb_status);
	EXPECT_EQ(v.host_scsi_status, scsi_status);

	/* Success needs a host that says so in both fields, and all the bytes. */
	EXPECT_EQ(v.outcome == VSTOR_OK,
		  content && moved >= expect->least &&
		  (code == 0x01 || (code == 0x12 && !expect->least)));
	if (looks_like_success(&v))
		EXPECT(v.moved >= expect->least);
	if (v.outcome == VSTOR_OK)
		EXPECT_EQ(v.moved, moved < expect->asked ? moved : expect->asked);

	/* A status of a device is one the mid-layer knows what to do with. */
	if (v.outcome == VSTOR_STATUS)
		EXPECT(v.scsi_status == 2 || v.scsi_status == 8 || v.scsi_status == 0x18 ||
		       v.scsi_status == 0x28 || v.scsi_status == 0x30 || v.scsi_status == 0x40);
	else if (v.outcome != VSTOR_OK)
		EXPECT_EQ(v.scsi_status, 0);

	/* CHECK CONDITION and sense data: both or neither. */
	EXPECT_EQ(v.sense_len != 0, v.outcome == VSTOR_STATUS && v.scsi_status == 2);
	if (v.sense_len) {
		EXPECT(usable(sense) && scsi_status == 2);
		EXPECT_EQ(v.sense_len, 20);
		EXPECT_MEM(v.sense, pkt.srb.sense, 20);
	} else {
		for (i = 0; i < VSTOR_SENSE_LEN; i++)
			EXPECT_EQ(v.sense[i], 0);
	}

	/* Nobody there, and only an address that does not exist is taken away. */
	EXPECT_EQ(v.outcome == VSTOR_NO_DEVICE,
		  code == 0x07 || code == 0x08 || code == 0x11 || code == 0x20 || code == 0x21);
	EXPECT_EQ(v.action == VSTOR_ACT_REMOVE, code == 0x20 || code == 0x21);
	if (v.action == VSTOR_ACT_RESCAN)
		EXPECT(sense == SENSE_CAPACITY && scsi_status == 2);

	EXPECT_EQ(!!(v.odd & VSTOR_ODD_CONTRADICTION),
		  code == 0x00 || (code == 0x01 && !content));
	EXPECT(!(v.odd & (VSTOR_ODD_SHORT | VSTOR_ODD_OP)));
	if (ktap_failures != before && ktap_failures <= KTAP_SHOWN_FAILURES)
		printf("# with srb 0x%02x scsi 0x%02x sense kind %d moved %u least %u\n",
		       srb_status, scsi_status, sense, moved, expect->least);
}

TEST(every_completion_keeps_the_rules)
{
	static const u32 moved[] = { 0, 1, ASKED / 2, ASKED - 1, ASKED, ASKED + 1, 0xffffffff };
	unsigned int srb, scsi, sense, i;

	for (srb = 0; srb <= 0xff; srb++)
		for (scsi = 0; scsi <= 0xff; scsi++)
			for (sense = 0; sense < SENSE_KINDS; sense++) {
				/* completion() sets the bit for those that promise sense data. */
				if (sense == SENSE_NONE && srb & 0x80)
					continue;
				for (i = 0; i < ARRAY_SIZE(moved); i++) {
					check_rules((u8)srb, (u8)scsi, sense, moved[i],
						    &block_read);
					check_rules((u8)srb, (u8)scsi, sense, moved[i],
						    &any_length);
				}
			}
}

/*
 * One row for each status code. The columns are completions with
 * 1 status GOOD and all bytes moved,  2 the same with half of them,
 * 3 CHECK CONDITION with sense data,  4 CHECK CONDITION without,
 * 5 BUSY,  6 RESERVATION CONFLICT,  7 a status that does not exist,
 * first for a block read, then for a command that may move less. The letters:
 * o ok, c CHECK CONDITION, b BUSY, r RESERVATION CONFLICT, f failed,
 * n nobody there, R nobody there and the unit is to be removed.
 */
static const struct {
	u8 code;
	const char *block, *any;
} rows[] = {
	{ 0x00, "fffffff", "fffffff" },	/* pending */
	{ 0x01, "ofcfbrf", "oocfbrf" },	/* success */
	{ 0x02, "ffcfbrf", "ffcfbrf" },	/* aborted */
	{ 0x03, "ffcfbrf", "ffcfbrf" },	/* abort failed */
	{ 0x04, "ffcfbrf", "ffcfbrf" },	/* error */
	{ 0x05, "bbcbbrb", "bbcbbrb" },	/* busy */
	{ 0x06, "ffcfbrf", "ffcfbrf" },	/* invalid request */
	{ 0x07, "nnnnnnn", "nnnnnnn" },	/* invalid path */
	{ 0x08, "nnnnnnn", "nnnnnnn" },	/* no device */
	{ 0x09, "ffcfbrf", "ffcfbrf" },	/* timeout */
	{ 0x0a, "ffcfbrf", "ffcfbrf" },	/* selection timeout */
	{ 0x0b, "ffcfbrf", "ffcfbrf" },	/* command timeout */
	{ 0x0d, "ffcfbrf", "ffcfbrf" },	/* message rejected */
	{ 0x0e, "ffcfbrf", "ffcfbrf" },	/* bus reset */
	{ 0x0f, "ffcfbrf", "ffcfbrf" },	/* parity error */
	{ 0x10, "ffffbrf", "ffffbrf" },	/* request sense failed */
	{ 0x11, "nnnnnnn", "nnnnnnn" },	/* no adapter */
	{ 0x12, "ffcfbrf", "oocfbrf" },	/* data overrun */
	{ 0x13, "ffcfbrf", "ffcfbrf" },	/* unexpected bus free */
	{ 0x14, "ffcfbrf", "ffcfbrf" },	/* phase failure */
	{ 0x15, "ffcfbrf", "ffcfbrf" },	/* bad block length */
	{ 0x16, "ffcfbrf", "ffcfbrf" },	/* flushed */
	{ 0x20, "RRRRRRR", "RRRRRRR" },	/* invalid LUN */
	{ 0x21, "RRRRRRR", "RRRRRRR" },	/* invalid target */
	{ 0x22, "ffcfbrf", "ffcfbrf" },	/* bad function */
	{ 0x23, "ffcfbrf", "ffcfbrf" },	/* error recovery */
	{ 0x24, "ffcfbrf", "ffcfbrf" },	/* not powered */
	{ 0x25, "ffcfbrf", "ffcfbrf" },	/* link down */
	{ 0x30, "ffcfbrf", "ffcfbrf" },	/* internal error */
};

static char letter(const struct vstor_verdict *v)
{
	switch (v->outcome) {
	case VSTOR_OK:
		return 'o';
	case VSTOR_STATUS:
		return v->scsi_status == 0x02 ? 'c' : v->scsi_status == 0x08 ? 'b' :
		       v->scsi_status == 0x18 ? 'r' : '?';
	case VSTOR_FAILED:
		return v->action == VSTOR_ACT_NONE ? 'f' : '?';
	case VSTOR_NO_DEVICE:
		return v->action == VSTOR_ACT_REMOVE ? 'R' : 'n';
	default:
		return '?';
	}
}

TEST(the_table_row_by_row)
{
	static const struct { u8 scsi; enum sense_kind sense; u32 moved; } columns[] = {
		{ 0x00, SENSE_NONE, ASKED },
		{ 0x00, SENSE_NONE, ASKED / 2 },
		{ 0x02, SENSE_MEDIUM, 0 },
		{ 0x02, SENSE_NONE, 0 },
		{ 0x08, SENSE_NONE, 0 },
		{ 0x18, SENSE_NONE, 0 },
		{ 0x77, SENSE_NONE, ASKED },
	};
	unsigned int status, i, column, kind;

	for (status = 0; status <= 0xff; status++) {
		const char *want[2] = { "fffffff", "fffffff" };

		for (i = 0; i < ARRAY_SIZE(rows); i++)
			if (rows[i].code == (status & 0x3f)) {
				want[0] = rows[i].block;
				want[1] = rows[i].any;
			}
		for (kind = 0; kind < 2; kind++) {
			char got[ARRAY_SIZE(columns) + 1] = "";

			for (column = 0; column < ARRAY_SIZE(columns); column++) {
				/* With the bit set, an empty area is no sense data either. */
				struct vstor_packet pkt =
					completion((u8)status, columns[column].scsi,
								     columns[column].sense,
								     columns[column].moved);
				struct vstor_verdict v =
					judge_pkt(&pkt, kind ? &any_length : &block_read);

				got[column] = letter(&v);
			}
			if (strcmp(got, want[kind]))
				KTAP_FAIL("srb status 0x%02x, kind %u: is %s, should be %s",
					  status, kind, got, want[kind]);
		}
	}
}

TEST(moved_and_residual)
{
	static const struct { u32 moved, is; bool odd; } cases[] = {
		{ 0, 0, false }, { 1, 1, false }, { 4096, 4096, false }, { ASKED, ASKED, false },
		{ ASKED + 1, ASKED, true }, { 0xffffffff, ASKED, true },
	};
	struct vstor_expect nothing = { (const u8[6]){ 0 }, 0, 0 };
	struct vstor_packet pkt;
	struct vstor_verdict v;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pkt = completion(0x01, 0, SENSE_NONE, cases[i].moved);
		v = judge_pkt(&pkt, &any_length);
		EXPECT_EQ(v.outcome, VSTOR_OK);
		EXPECT_EQ(v.moved, cases[i].is);
		EXPECT_EQ(v.residual, ASKED - cases[i].is);
		EXPECT_EQ(!!(v.odd & VSTOR_ODD_MOVED), cases[i].odd);
	}
	/* Where nothing was asked for, the field means nothing. */
	pkt = completion(0x01, 0, SENSE_NONE, 8192);
	v = judge_pkt(&pkt, &nothing);
	EXPECT_EQ(v.outcome, VSTOR_OK);
	EXPECT_EQ(v.moved, 0);
	EXPECT_EQ(v.residual, 0);
	EXPECT_EQ(v.odd, 0);
	/* An overrun counts what there was; only what fits was moved. */
	pkt = completion(0x12, 0, SENSE_NONE, 0xffffffff);
	v = judge_pkt(&pkt, &any_length);
	EXPECT_EQ(v.outcome, VSTOR_OK);
	EXPECT_EQ(v.residual, 0);
	EXPECT_EQ(v.odd, 0);
}

/* The host reported success and nothing was in the buffer: a retry, not silent zeros. */
TEST(read_that_moved_too_little)
{
	struct vstor_packet pkt = completion(0x01, 0, SENSE_NONE, ASKED - 1);
	struct vstor_verdict v = judge_pkt(&pkt, &block_read);

	EXPECT_EQ(v.outcome, VSTOR_FAILED);
	EXPECT_EQ(v.residual, ASKED);
	/* RECOVERED ERROR is a success to the mid-layer, so the same holds for it. */
	pkt = completion(0x04, 2, SENSE_RECOVERED, ASKED - 1);
	v = judge_pkt(&pkt, &block_read);
	EXPECT_EQ(v.outcome, VSTOR_FAILED);
	pkt = completion(0x04, 2, SENSE_RECOVERED, ASKED);
	v = judge_pkt(&pkt, &block_read);
	EXPECT_EQ(v.outcome, VSTOR_STATUS);
	EXPECT_EQ(v.residual, 0);
	/* After a real error nothing is sure, whatever the count says. */
	pkt = completion(0x04, 2, SENSE_MEDIUM, ASKED);
	v = judge_pkt(&pkt, &block_read);
	EXPECT_EQ(v.outcome, VSTOR_STATUS);
	EXPECT_EQ(v.residual, ASKED);
}

TEST(success_with_a_failed_request_is_no_success)
{
	static const struct { u32 status; bool ok; } cases[] = {
		{ 0, true }, { 0x40000000, true }, { 0x80000005, true },
		{ VSTOR_STATUS_IO_ERROR, false }, { 0xc0000001, false }, { 0xffffffff, false },
	};
	struct vstor_packet pkt;
	struct vstor_verdict v;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pkt = completion(0x01, 0, SENSE_NONE, ASKED);
		pkt.status = cpu_to_le32(cases[i].status);
		v = judge_pkt(&pkt, &block_read);
		EXPECT_EQ(v.outcome, cases[i].ok ? VSTOR_OK : VSTOR_FAILED);
		EXPECT_EQ(!!(v.odd & VSTOR_ODD_CONTRADICTION), !cases[i].ok);
		EXPECT_EQ(v.nt_status, cases[i].status);
	}
	/* Of an error it is only a second opinion. */
	pkt = completion(0x04, 2, SENSE_MEDIUM, 0);
	pkt.status = cpu_to_le32(VSTOR_STATUS_IO_ERROR);
	v = judge_pkt(&pkt, &block_read);
	EXPECT_EQ(v.outcome, VSTOR_STATUS);
	EXPECT_EQ(v.odd, 0);
}

static u8 sense_action(u8 format, u8 key, u8 asc, u8 ascq)
{
	struct vstor_packet pkt = completion(0x04, 2, SENSE_MEDIUM, 0);
	struct vstor_verdict v;

	memset(pkt.srb.sense, 0, sizeof(pkt.srb.sense));
	pkt.srb.sense[0] = format;
	if (format >= 0x72 && format < 0x80) {
		pkt.srb.sense[1] = key;
		pkt.srb.sense[2] = asc;
		pkt.srb.sense[3] = ascq;
	} else {
		pkt.srb.sense[2] = key;
		pkt.srb.sense[12] = asc;
		pkt.srb.sense[13] = ascq;
	}
	v = judge_pkt(&pkt, &any_length);
	EXPECT_EQ(v.outcome, VSTOR_STATUS);
	return v.action;
}

TEST(news_about_a_unit)
{
	static const u8 formats[] = { 0x70, 0x72, 0xf0 };
	unsigned int i, asc, ascq;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		for (asc = 0; asc <= 0xff; asc++)
			for (ascq = 0; ascq <= 0xff; ascq++) {
				bool news = (asc == 0x2a && ascq == 0x09) || asc == 0x3f;
				bool list = asc == 0x3f && ascq == 0x0e;

				EXPECT_EQ(sense_action(formats[i], 6, (u8)asc, (u8)ascq),
					  list ? VSTOR_ACT_SCAN :
					  news ? VSTOR_ACT_RESCAN : VSTOR_ACT_NONE);
			}
	/* Deferred: it is about another command, and that one is past. */
	EXPECT_EQ(sense_action(0x71, 6, 0x2a, 0x09), VSTOR_ACT_NONE);
	EXPECT_EQ(sense_action(0x73, 6, 0x2a, 0x09), VSTOR_ACT_NONE);
	EXPECT_EQ(sense_action(0x71, 6, 0x3f, 0x0e), VSTOR_ACT_NONE);
}

TEST(length_of_sense_data)
{
	struct vstor_verdict v;
	unsigned int len, i;

	for (len = 0; len <= 0xff; len++) {
		struct vstor_packet pkt = completion(0x04, 2, SENSE_CAPACITY, 0);

		pkt.srb.sense_len = (u8)len;
		memset(pkt.srb.sense + 14, 0xcc, 6);
		v = judge_pkt(&pkt, &any_length);
		if (len < 3) {
			EXPECT_EQ(v.outcome, VSTOR_FAILED);
			EXPECT_EQ(v.odd, VSTOR_ODD_SENSE);
			continue;
		}
		EXPECT_EQ(v.outcome, VSTOR_STATUS);
		EXPECT_EQ(v.sense_len, len < 20 ? len : 20);
		for (i = 0; i < VSTOR_SENSE_LEN; i++)
			EXPECT_EQ(v.sense[i], i < v.sense_len ? pkt.srb.sense[i] : 0);
		/* Codes behind the end are not read. */
		EXPECT_EQ(v.action, len >= 14 ? VSTOR_ACT_RESCAN : VSTOR_ACT_NONE);
	}
}

/* An INQUIRY that brought no bytes must not become a disk made of zeros. */
TEST(no_ghost_units)
{
	static const u8 standard[6] = { 0x12, 0, 0, 0, 36, 0 };
	static const u8 vital[6] = { 0x12, 1, 0x80, 0, 255, 0 };
	struct vstor_expect inquiry = { standard, 36, 0 }, page = { vital, 255, 0 };
	struct vstor_expect tiny = { standard, 4, 0 };
	struct vstor_packet pkt;
	struct vstor_verdict v;
	u32 moved;

	for (moved = 0; moved <= 36; moved++) {
		pkt = completion(0x01, 0, SENSE_NONE, moved);
		v = judge_pkt(&pkt, &inquiry);
		EXPECT_EQ(v.outcome, moved < 5 ? VSTOR_NO_DEVICE : VSTOR_OK);
		EXPECT_EQ(v.action, VSTOR_ACT_NONE);
		EXPECT_EQ(v.residual, moved < 5 ? 36 : 36 - moved);
		v = judge_pkt(&pkt, &page);
		EXPECT_EQ(v.outcome, VSTOR_OK);
		v = judge_pkt(&pkt, &tiny);
		EXPECT_EQ(v.outcome, VSTOR_OK);
	}
	/* Nor one that failed in any way; in-tree drivers take these for success. */
	pkt = completion(0x04, 2, SENSE_MEDIUM, 36);
	EXPECT_EQ(judge_pkt(&pkt, &inquiry).outcome, VSTOR_STATUS);
	pkt = completion(0x20, 2, SENSE_NONE, 0);
	EXPECT_EQ(judge_pkt(&pkt, &inquiry).outcome, VSTOR_NO_DEVICE);
}

TEST(what_is_no_completion)
{
	struct vstor_packet pkt = completion(0x01, 0, SENSE_NONE, ASKED);
	struct vstor_verdict v;
	u32 len, op;

	for (len = 0; len < sizeof(pkt); len++) {
		u8 *copy = malloc(len ? len : 1);

		memcpy(copy, &pkt, len);
		memset(&v, 0xa5, sizeof(v));
		vstor_parse_completion(copy, len, &block_read, &v);
		EXPECT_EQ(v.outcome, VSTOR_FAILED);
		EXPECT_EQ(v.odd, VSTOR_ODD_SHORT);
		EXPECT_EQ(v.residual, ASKED);
		EXPECT_EQ(v.action, VSTOR_ACT_NONE);
		free(copy);
	}
	/* Longer is as good as whole. */
	{
		u8 *copy = calloc(1, 128);

		memcpy(copy, &pkt, sizeof(pkt));
		vstor_parse_completion(copy, 128, &block_read, &v);
		EXPECT_EQ(v.outcome, VSTOR_OK);
		free(copy);
	}
	for (op = 0; op < 32; op++) {
		pkt.op = cpu_to_le32(op);
		v = judge_pkt(&pkt, &block_read);
		EXPECT_EQ(v.outcome, op == 1 ? VSTOR_OK : VSTOR_FAILED);
		EXPECT_EQ(v.odd, op == 1 ? 0 : VSTOR_ODD_OP);
	}
}

TEST(notices)
{
	struct vstor_packet pkt = { 0 };
	u32 op, len;

	for (op = 0; op < 256; op++) {
		pkt.op = cpu_to_le32(op);
		EXPECT_EQ(vstor_parse_notice(&pkt, sizeof(pkt)),
			  op == 2 || op == 11 ? VSTOR_NOTICE_BUS_CHANGED : VSTOR_NOTICE_BAD);
	}
	pkt.op = cpu_to_le32(11);
	for (len = 0; len <= 8; len++)
		EXPECT_EQ(vstor_parse_notice(&pkt, len),
			  len < 4 ? VSTOR_NOTICE_BAD : VSTOR_NOTICE_BUS_CHANGED);
	pkt.op = cpu_to_le32(0x10b);
	EXPECT_EQ(vstor_parse_notice(&pkt, sizeof(pkt)), VSTOR_NOTICE_BAD);
}

/* Another name of the unit, or one less: another unit. Of ports: the same. What is cut is none. */
TEST(names_of_a_unit)
{
	static const u8 unit[] = {
		0, 0x83, 0, 14, 1, 3, 0, 4, 1, 2, 3, 4, 1, 1, 0, 2, 5, 6,
	};
	static const u8 ports[] = {
		0, 0x83, 0, 30, 1, 0x14, 0, 4, 0, 0, 0, 1, 1, 3, 0, 4, 1, 2, 3, 4,
		1, 0x15, 0, 4, 0, 0, 0, 1, 1, 1, 0, 2, 5, 6,
	};
	u8 other[sizeof(unit)];
	u32 i;

	EXPECT(vstor_same_unit(unit, sizeof(unit), unit, sizeof(unit)));
	EXPECT(vstor_same_unit(unit, sizeof(unit), ports, sizeof(ports)));
	EXPECT(vstor_same_unit(ports, sizeof(ports), unit, sizeof(unit)));
	for (i = 4; i < sizeof(unit); i++) {
		memcpy(other, unit, sizeof(unit));
		other[i] ^= i == 5 || i == 13 ? 0x01 : 0x80;
		EXPECT(!vstor_same_unit(unit, sizeof(unit), other, sizeof(other)));
	}
	/* Whatever there is of it, nothing behind it is read. */
	for (i = 0; i < sizeof(unit); i++) {
		u8 *cut = malloc(i ? i : 1);

		memcpy(cut, unit, i);
		EXPECT_EQ(vstor_same_unit(cut, i, unit, sizeof(unit)), false);
		EXPECT(vstor_same_unit(cut, i, cut, i));
		free(cut);
	}
}

TEST(words_for_messages)
{
	unsigned int i, known = 0;

	for (i = 0; i <= 0xff; i++) {
		EXPECT(vstor_srb_name((u8)i) && *vstor_srb_name((u8)i));
		EXPECT_STREQ(vstor_srb_name((u8)i), vstor_srb_name((u8)(i & 0x3f)));
		known += i < 0x40 && strcmp(vstor_srb_name((u8)i), "unknown status");
		EXPECT(vstor_command_name((u8)i) && *vstor_command_name((u8)i));
	}
	EXPECT_EQ(known, ARRAY_SIZE(rows));
	EXPECT_STREQ(vstor_srb_name(0x30), "internal error");
	EXPECT_STREQ(vstor_command_name(0x28), "read");
	EXPECT_STREQ(vstor_command_name(0x35), "flush");
	EXPECT_STREQ(vstor_command_name(0xff), "command");
}

TEST(names)
{
	int i;

	for (i = -2; i < 12; i++) {
		EXPECT(vstor_step_name(i) && *vstor_step_name(i));
		EXPECT(vstor_outcome_name(i) && *vstor_outcome_name(i));
	}
	EXPECT_STREQ(vstor_outcome_name(VSTOR_NO_DEVICE), "no device");
	EXPECT_STREQ(vstor_outcome_name(VSTOR_OUTCOME_COUNT), "unknown");
	EXPECT_STREQ(vstor_step_name(VSTOR_STEP_VERSION), "protocol version");
}

KTAP_MAIN

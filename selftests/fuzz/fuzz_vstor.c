// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_vstor.c - everything a storage host can answer or say unasked
 *
 * First byte: what the rest is given to. Every copy is exactly as long as it is
 * said to be, so that a read past a length is seen.
 */
#include <stdlib.h>

#include "storvsc/proto/vstor.h"

#define MUST(condition) do { \
	if (!(condition)) \
		abort(); \
} while (0)

static u8 *copy_of(const u8 *data, size_t len)
{
	u8 *copy = malloc(len ? len : 1);

	MUST(copy);
	memcpy(copy, data, len);
	return copy;
}

static void completion(const u8 *data, size_t len)
{
	u8 cdb[16], *copy;
	struct vstor_expect expect = { .cdb = cdb };
	struct vstor_verdict v;

	/* What was asked for, then what came back. */
	if (len < sizeof(cdb) + 8)
		return;
	memcpy(cdb, data, sizeof(cdb));
	memcpy(&expect.asked, data + sizeof(cdb), 4);
	memcpy(&expect.least, data + sizeof(cdb) + 4, 4);
	if (expect.least > expect.asked)
		expect.least = expect.asked;
	data += sizeof(cdb) + 8;
	len -= sizeof(cdb) + 8;
	copy = copy_of(data, len);

	memset(&v, 0xa5, sizeof(v));
	vstor_parse_completion(copy, (u32)len, &expect, &v);
	MUST(v.outcome < VSTOR_OUTCOME_COUNT);
	MUST(v.moved <= expect.asked && v.moved + v.residual == expect.asked);
	MUST(v.sense_len <= VSTOR_SENSE_LEN);
	MUST(!v.sense_len == !(v.outcome == VSTOR_STATUS && v.scsi_status == 0x02));
	MUST(v.outcome != VSTOR_OK || v.moved >= expect.least);
	MUST(v.outcome != VSTOR_OK || (v.scsi_status & ~0x04) == 0);
	MUST(v.outcome != VSTOR_STATUS || (v.scsi_status & ~0x04) != 0);
	MUST(v.outcome == VSTOR_OK || v.outcome == VSTOR_STATUS || !v.scsi_status);
	MUST(v.odd < 1u << VSTOR_ODD_COUNT);
	if (len < sizeof(struct vstor_packet))
		MUST(v.outcome == VSTOR_FAILED && v.odd == VSTOR_ODD_SHORT);
	/* Success takes a success or an overrun, and nothing else. */
	if (v.outcome == VSTOR_OK)
		MUST((copy[14] & 0x3f) == 0x01 || ((copy[14] & 0x3f) == 0x12 && !expect.least));
	free(copy);
}

/* A byte of length, then so many bytes of answer, until the data or the questions end. */
static void handshake(const u8 *data, size_t len)
{
	struct vstor_packet pkt;
	struct vstor_init in;
	unsigned int asked = 0;

	if (!len)
		return;
	vstor_init_start(&in, data[0] & 0x7f, data[0] & 0x80);
	data++;
	len--;
	while (vstor_init_next(&in, &pkt)) {
		enum vstor_init_verdict verdict;
		size_t some;
		u8 *copy;

		MUST(++asked <= 8);
		if (!len)
			return;
		some = data[0] < len ? data[0] : len - 1;
		copy = copy_of(data + 1, some);
		verdict = vstor_init_answer(&in, copy, (u32)some);
		free(copy);
		data += 1 + some;
		len -= 1 + some;
		MUST(vstor_step_name(in.step));
		if (verdict == VSTOR_INIT_FAILED)
			return;
	}
	MUST(in.step == VSTOR_STEP_DONE && in.version >= VSTOR_VERSION_WIN8);
	MUST(in.max_transfer >= VSTOR_MIN_TRANSFER && in.max_transfer <= VSTOR_MAX_TRANSFER);
	MUST(!(in.max_transfer % VSTOR_MIN_TRANSFER));
	MUST(in.sub_channels <= in.max_sub_channels && in.sub_channels <= VSTOR_MAX_SUB_CHANNELS);
}

static void unasked(const u8 *data, size_t len)
{
	u8 *copy = copy_of(data, len);
	enum vstor_notice notice = vstor_parse_notice(copy, (u32)len);

	MUST(notice == VSTOR_NOTICE_BAD || len >= 4);
	if (!vstor_parse_reset(copy, (u32)len))
		MUST(len >= 12 && copy[0] == VSTOR_OP_COMPLETE_IO);
	free(copy);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);
int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	if (!len)
		return 0;
	switch (data[0] % 3) {
	case 0:
		completion(data + 1, len - 1);
		break;
	case 1:
		handshake(data + 1, len - 1);
		break;
	case 2:
		unasked(data + 1, len - 1);
		break;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_rndis.c - everything a network host can answer, deliver or say unasked
 *
 * First byte: what the rest is given to. Every copy is exactly as long as it is
 * said to be, so that a read past a length is seen.
 */
#include <stdlib.h>

#include "netvsc/proto/nvsp.h"
#include "netvsc/proto/rndis.h"

#define MUST(condition) do { \
	if (!(condition)) \
		abort(); \
} while (0)

#define BUF_LEN		(1u << 20)

static void packet(const u8 *data, u32 len)
{
	u32 head = len < 128 ? len : 128;
	struct rndis_rx rx;
	u8 *copy;
	int ret;

	for (;;) {
		copy = malloc(head ? head : 1);
		MUST(copy);
		memcpy(copy, data, head);
		ret = rndis_parse_packet(copy, head, len, &rx);
		free(copy);
		if (ret <= 0)
			break;
		/* It asks once, for what there is. */
		MUST((u32)ret > head && (u32)ret <= len && (u32)ret <= RNDIS_MAX_HEAD);
		head = ret;
	}
	if (ret)
		return;
	MUST(rx.data_len && rx.data_offset >= sizeof(struct rndis_packet));
	MUST((u64)rx.data_offset + rx.data_len <= len);
	MUST(rx.data_len >= 14 || (rx.present & RNDIS_RX_PART));
}

static void control(const u8 *data, u32 len)
{
	struct rndis_limits limits;
	struct rndis_answer a;
	struct rndis_offloads can;
	struct rndis_rss_caps rss;

	switch (rndis_parse_control(data, len, &a)) {
	case RNDIS_CONTROL_ANSWER:
	case RNDIS_CONTROL_NOTICE:
		break;
	default:
		return;
	}
	if (a.info_len) {
		MUST((const u8 *)a.info >= data && (const u8 *)a.info + a.info_len <= data + len);
		rndis_parse_offloads(a.info, a.info_len, &can);
		rndis_parse_rss(a.info, a.info_len, &rss);
	}
	if (!rndis_parse_initialize(&a, &limits))
		MUST(limits.packets && limits.align >= 4 && !(limits.align & (limits.align - 1)));
}

/* A length of what stands before the payload, then both. */
static void transfer(const u8 *data, u32 len)
{
	struct nvsp_pieces pieces = { .len = 1806, .cnt = BUF_LEN / 1806 };
	struct nvsp_rx rx;
	u32 ext_len, i, offset, bytes;
	u8 *ext, *payload;

	if (!len)
		return;
	ext_len = data[0];
	data++;
	len--;
	if (ext_len > len)
		ext_len = len;
	ext = malloc(ext_len + 1);
	payload = malloc(len - ext_len + 1);
	MUST(ext && payload);
	memcpy(ext, data, ext_len);
	memcpy(payload, data + ext_len, len - ext_len);
	if (!nvsp_parse_rx(ext, ext_len, payload, len - ext_len, &rx))
		for (i = 0; i < rx.cnt; i++)
			if (!nvsp_rx_range(&rx, i, &pieces, &offset, &bytes))
				MUST((u64)offset + bytes <= BUF_LEN);
	free(ext);
	free(payload);
}

static void setup(const u8 *data, u32 len)
{
	struct nvsp_pieces pieces;
	struct nvsp_note note;
	u32 granted, i;

	nvsp_parse_init(data, len);
	if (!nvsp_parse_recv_buf(data, len, BUF_LEN, &pieces))
		MUST(pieces.cnt && (u64)pieces.len * pieces.cnt <= BUF_LEN);
	if (!nvsp_parse_send_buf(data, len, BUF_LEN, &pieces))
		MUST(pieces.cnt && (u64)pieces.len * pieces.cnt <= BUF_LEN);
	if (!nvsp_parse_sub_channels(data, len, 5, &granted))
		MUST(granted <= 5);
	if (nvsp_parse_notice(data, len, NVSP_VERSION_6, &note) == NVSP_NOTICE_TABLE)
		for (i = 0; i < NVSP_INDIRECTION_CNT; i++)
			MUST(note.table[i] <= NVSP_MAX_SUB_CHANNELS);
	nvsp_parse_notice(data, len, NVSP_VERSION_6_1, &note);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *copy;
	u8 what;

	if (!size)
		return 0;
	what = data[0];
	copy = malloc(size);
	MUST(copy);
	memcpy(copy, data + 1, size - 1);
	copy = realloc(copy, size - 1 ? size - 1 : 1);
	MUST(copy);
	switch (what % 4) {
	case 0:
		packet(copy, size - 1);
		break;
	case 1:
		control(copy, size - 1);
		break;
	case 2:
		transfer(copy, size - 1);
		break;
	case 3:
		setup(copy, size - 1);
		break;
	}
	free(copy);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_msg.c - everything a host can say in a control message or a packet's header
 *
 * First byte: what the rest is given to. Every copy is exactly as long as it is
 * said to be, so that a read past a length is seen.
 */
#include <stdlib.h>

#include "vmbus_client/proto/msg.h"
#include "vmbus_client/proto/negotiate.h"
#include "vmbus_client/proto/pkt.h"
#include "vmbus_client/proto/reqid.h"

#define MUST(condition) do { \
	if (!(condition)) \
		abort(); \
} while (0)

static void control_message(const u8 *msg, size_t len, u32 version)
{
	struct vmbus_msg_version_response_features answer = { 0 };
	struct vmbus_msg_initiate_contact contact;
	struct msg_offer offer;
	struct negotiate n;
	u32 type = ~0u;

	MUST(msg_verdict_name(msg_check(msg, (u32)len, version, &type)));
	if (msg_check(msg, (u32)len, version, &type) != MSG_OK)
		return;
	MUST(msg_info(type) && len >= msg_info(type)->min_len && len <= VMBUS_MSG_MAX_LEN);
	MUST(msg_info(type)->from_host && msg_info(type)->since <= version);
	switch (type) {
	case VMBUS_MSG_OFFER:
		if (!msg_parse_offer((const void *)msg, &offer))
			MUST(offer.relid && offer.relid <= VMBUS_RELID_MAX &&
			     offer.connection_id && offer.connection_id <= 0xffffff);
		break;
	case VMBUS_MSG_VERSION_RESPONSE:
		memcpy(&answer, msg, len < sizeof(answer) ? len : sizeof(answer));
		negotiate_start(&n, version);
		if (negotiate_ask(&n, 0, 0, 0, &contact) &&
		    negotiate_answer(&n, &answer) == NEGOTIATE_AGREED)
			MUST(n.connection_id && n.connection_id <= 0xffffff);
		break;
	}
}

static void packet(const u8 *pkt, size_t len)
{
	u32 i, offset, bytes;
	struct pkt_view view;
	int count;

	if (pkt_parse(pkt, (u32)len, &view))
		return;
	MUST((const u8 *)view.payload + view.payload_len == pkt + len);
	MUST((const u8 *)view.ext + view.ext_len == view.payload);
	count = pkt_transfer_count(&view);
	MUST(count == -EPROTO || (u32)count * 8 + 8 <= view.ext_len);
	for (i = 0; (int)i <= count && i < 10000; i++)
		if (!pkt_transfer_range(&view, i, 0x10000, &offset, &bytes))
			MUST(offset <= 0x10000 && bytes <= 0x10000 - offset);
}

/* A host completes what it likes while requests come and go. */
static void completions(const u8 *bytes, size_t len)
{
	struct reqid_slot slots[4];
	u64 ids[4] = { 0 }, id;
	struct reqid_table t;
	bool full;
	size_t at;

	reqid_init(&t, slots, 4);
	for (at = 0; at < len; at++) {
		u8 which = bytes[at] & 3;

		switch (bytes[at] >> 2 & 3) {
		case 0:
			full = t.busy == 4;
			id = reqid_bind(&t, &ids[which]);
			MUST(!id == full);
			if (id)
				ids[which] = id;
			break;
		case 1:
			reqid_take(&t, ids[which]);
			MUST(!reqid_take(&t, ids[which]));
			break;
		case 2:
			for (id = 0; at + 1 < len && id < 1ull << 56;)
				id = id << 8 | bytes[++at];
			reqid_take(&t, id);
			break;
		case 3:
			reqid_take_any(&t);
			break;
		}
		MUST(t.busy <= 4);
	}
	while (reqid_take_any(&t))
		;
	MUST(!t.busy);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len)
{
	static const u32 versions[] = {
		0, VMBUS_VERSION_4_0, VMBUS_VERSION_4_1, VMBUS_VERSION_5_0,
		VMBUS_VERSION_5_3, VMBUS_VERSION_6_0,
	};
	u8 *exact;
	u32 what;

	if (!len)
		return 0;
	what = *bytes++;
	len--;
	exact = malloc(len + !len);
	memcpy(exact, bytes, len);
	if (what < 8)
		control_message(exact, len, versions[what % ARRAY_SIZE(versions)]);
	else if (what < 16)
		packet(exact, len);
	else
		completions(exact, len);
	free(exact);
	return 0;
}

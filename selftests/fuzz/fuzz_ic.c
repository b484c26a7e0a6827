// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_ic.c - everything the hosts and the daemons of the integration services can say
 *
 * First byte: what the rest is given to. Every copy is exactly as long as it is
 * said to be, so that a read past a length is seen.
 */
#include <stdlib.h>

#include "hv_utils/proto/clock.h"
#include "hv_utils/proto/fcopy_file.h"
#include "hv_utils/proto/ic.h"
#include "hv_utils/proto/kvp_record.h"

#define MUST(condition) do { \
	if (!(condition)) \
		abort(); \
} while (0)

static const u32 versions[] = { IC_VERSION(5, 0), IC_VERSION(3, 0), IC_VERSION(1, 0), 0 };
static const struct ic_versions ours = { versions, versions };

static u8 *copy_of(const u8 *data, size_t len)
{
	u8 *copy = malloc(len ? len : 1);

	MUST(copy);
	memcpy(copy, data, len);
	return copy;
}

static bool is_ours(u32 version)
{
	const u32 *v;

	for (v = versions; *v; v++)
		if (*v == version)
			return true;
	return false;
}

static void packet(const u8 *data, size_t len)
{
	u8 *copy = copy_of(data, len);
	struct ic_agreed agreed;
	struct ic_msg msg;
	enum ic_fault fault = ic_parse(copy, (u32)len, &msg);

	MUST(fault < IC_FAULT_COUNT);
	MUST(!msg.hdr == (fault == IC_FAULT_SHORT || fault == IC_FAULT_PIPE));
	MUST(!msg.body_len || (u8 *)msg.body + msg.body_len <= copy + len);
	MUST(fault == IC_FAULT_NONE || !msg.body_len);
	if (fault == IC_FAULT_NONE && msg.type == HVIC_TYPE_NEGOTIATE) {
		fault = ic_negotiate(&msg, &ours, &agreed);
		MUST(!agreed.framework == !agreed.message);
		MUST(!agreed.message || (is_ours(agreed.framework) && is_ours(agreed.message)));
		MUST(fault == IC_FAULT_NONE || !agreed.message);
	} else if (fault == IC_FAULT_NONE) {
		agreed = (struct ic_agreed){ versions[0], versions[0] };
		fault = ic_check(&msg, HVIC_TYPE_KVP, &ours, &agreed);
		MUST(fault != IC_FAULT_NONE || (msg.type == HVIC_TYPE_KVP && is_ours(msg.version)));
	}
	if (msg.hdr)
		ic_answer(msg.hdr, ic_fault_status(fault));
	free(copy);
}

/* No text field the daemon takes for a string may be without an end. */
static void check_for_daemon(const struct hvdaemon_kvp *msg)
{
	MUST(msg->op < HVIC_KVP_OP_COUNT && msg->pool <= HVIC_KVP_AUTO_EXTERNAL);
	switch (msg->op) {
	case HVIC_KVP_SET:
		MUST(msg->value.value_size && msg->value.value_size <= HVIC_KVP_VALUE_LEN);
		MUST(!msg->value.value[msg->value.value_size - 1]);
		/* fall through */
	case HVIC_KVP_GET:
		MUST(msg->value.key_size > 1 && msg->value.key_size <= HVIC_KVP_KEY_LEN);
		MUST(!msg->value.key[msg->value.key_size - 1]);
		break;
	case HVIC_KVP_DELETE:
		MUST(msg->del.key_size > 1 && msg->del.key_size <= HVIC_KVP_KEY_LEN);
		MUST(!msg->del.key[msg->del.key_size - 1]);
		break;
	case HVIC_KVP_GET_IP_INFO:
	case HVIC_KVP_SET_IP_INFO:
		MUST(memchr(msg->ip.adapter, 0, sizeof(msg->ip.adapter)));
		MUST(memchr(msg->ip.addresses, 0, sizeof(msg->ip.addresses)));
		MUST(memchr(msg->ip.subnets, 0, sizeof(msg->ip.subnets)));
		MUST(memchr(msg->ip.gateways, 0, sizeof(msg->ip.gateways)));
		MUST(memchr(msg->ip.dns, 0, sizeof(msg->ip.dns)));
		break;
	}
}

/* A request, some of them filled up with zeroes; its first bytes then start the daemon's reply. */
static void record(const u8 *data, size_t len)
{
	static struct hvdaemon_kvp msg, reply;
	u32 version = len && data[0] & 1 ? IC_VERSION(5, 0) : IC_VERSION(4, 0);
	size_t body_len = len && data[0] & 4 && len < 7429 ? 7428 : len - 1;
	u8 *copy;

	if (!len)
		return;
	copy = calloc(1, body_len ? body_len : 1);
	memcpy(copy, data + 1, len - 1);
	if (kvp_to_daemon(copy, (u32)body_len, version, &msg) == HVIC_STATUS_OK) {
		check_for_daemon(&msg);
		memset(&reply, data[0], sizeof(reply));
		memcpy(&reply, data, len < sizeof(reply) ? len : sizeof(reply));
		if (data[0] & 2)
			reply.error = 0;
		kvp_to_host(&reply, version, copy);
	}
	free(copy);
}

/* Requests of 37 bytes or more, one after the other; the daemon's mood comes with each. */
static void transfer(const u8 *data, size_t len)
{
	static const struct fcopy_policy policy = { "/srv", 1 << 20 };
	static const u32 sizes[] = {
		36, sizeof(struct hvic_fcopy_start), sizeof(struct hvic_fcopy_write)
	};
	static u32 to[(FCOPY_DAEMON_MAX + 3) / 4];
	struct fcopy_file file = { 0 };

	while (len > 1) {
		size_t want = sizes[data[0] % 3], some = len - 1 < want ? len - 1 : want;
		bool was_open = file.open;
		u8 *copy = calloc(1, want);
		u32 to_len = 1, status;

		memcpy(copy, data + 1, some);
		status = fcopy_request(&file, &policy, copy, (u32)want, to, &to_len);
		MUST(to_len <= FCOPY_DAEMON_MAX && (was_open || to_len != FCOPY_DAEMON_MAX));
		MUST(status == HVIC_STATUS_OK || to_len == 0 || to[0] == HVIC_FCOPY_CANCEL);
		if (to_len)
			fcopy_reply(&file, to, data[0] & 0x80 ? HVIC_STATUS_FAIL : 0);
		MUST(!file.open || (file.have <= file.size && file.size <= policy.most));
		free(copy);
		data += 1 + some;
		len -= 1 + some;
	}
}

/* Samples of three numbers. */
static void samples(const u8 *data, size_t len)
{
	static const struct clock_policy policy = { true, 1000, 1ll << 50, 1ll << 50, 1ll << 33 };
	struct clock clock = { 0 };

	for (; len >= 24; data += 24, len -= 24) {
		struct clock_sample sample;
		enum clock_verdict verdict;
		u64 now;
		s64 ns;

		memcpy(&sample.host, data, 8);
		memcpy(&sample.ref, data + 8, 8);
		memcpy(&now, data + 16, 8);
		sample.sync = now & 1;
		sample.leap = sample.stratum = 0;
		verdict = clock_take(&clock, &sample, now);
		MUST(verdict <= CLOCK_STALE);
		if (verdict == CLOCK_TAKEN) {
			MUST(clock_read(&clock, now, &ns));
			MUST(ns >= 0);
			MUST(clock_correct(&policy, sample.sync, ns) <= CLOCK_TOO_FAR);
		}
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);
int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	if (!len)
		return 0;
	switch (data[0] % 4) {
	case 0:
		packet(data + 1, len - 1);
		break;
	case 1:
		record(data + 1, len - 1);
		break;
	case 2:
		transfer(data + 1, len - 1);
		break;
	case 3:
		samples(data + 1, len - 1);
		break;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * util_basic.c - the host asks the guest to go down, and whether it is alive
 *
 * Control commands, behind the label:
 *   shutdown off | reboot | hibernate [force] [reason=N] [timeout=S] [text=T] [flags=N]
 *   heartbeat every MS | off   ask by itself
 *   heartbeat ask [COUNT]      ask now
 *   heartbeat state N          the state that requests carry: Linux gives it back
 */
#include "util.h"

#include <stdlib.h>
#include <string.h>

#define V(major, minor)	{ cpu_to_le16(major), cpu_to_le16(minor) }

static const struct hvic_version frameworks[] = { V(1, 0), V(3, 0) };

/* Shutdown -----------------------------------------------------------------------------*/

static const struct hvic_version shutdown_versions[] = { V(1, 0), V(3, 0), V(3, 1), V(3, 2) };

/* False: it is none of these. */
static bool shutdown_word(struct hvic_shutdown *msg, const char *word, uint32_t *flags)
{
	uint64_t n;

	if (!strcmp(word, "force")) {
		*flags |= HVIC_SHUTDOWN_FORCE;
	} else if (!strncmp(word, "reason=", 7) && util_number(word + 7, UINT32_MAX, &n)) {
		msg->reason = cpu_to_le32((uint32_t)n);
	} else if (!strncmp(word, "timeout=", 8) && util_number(word + 8, UINT32_MAX, &n)) {
		msg->timeout_s = cpu_to_le32((uint32_t)n);
	} else if (!strncmp(word, "flags=", 6) && util_number(word + 6, UINT32_MAX, &n)) {
		*flags = (uint32_t)n;
	} else if (!strncmp(word, "text=", 5) && strlen(word + 5) <= sizeof(msg->text)) {
		memcpy(msg->text, word + 5, strlen(word + 5));
	} else {
		return false;
	}
	return true;
}

static const char *shutdown_command(struct util *u, int argc, char **argv,
				    struct util_request **rq, vsp_put_line put, void *ctx)
{
	struct hvic_shutdown msg = {
		.reason = cpu_to_le32(HVIC_SHUTDOWN_PLANNED),
		.timeout_s = cpu_to_le32(300),
	};
	uint32_t flags = 0;
	int i;

	(void)put, (void)ctx;
	if (!strcmp(argv[0], "reboot"))
		flags = HVIC_SHUTDOWN_RESTART;
	else if (!strcmp(argv[0], "hibernate"))
		flags = HVIC_SHUTDOWN_HIBERNATE;
	else if (strcmp(argv[0], "off"))
		return "shutdown off, reboot or hibernate?";
	for (i = 1; i < argc; i++)
		if (!shutdown_word(&msg, argv[i], &flags))
			return "force, reason=N, timeout=S, text=T, flags=N";
	msg.flags = cpu_to_le32(flags);
	*rq = util_request(u, sizeof(msg), true);
	if (!*rq)
		return "out of memory";
	memcpy((*rq)->body, &msg, sizeof(msg));
	return NULL;
}

static bool shutdown_answered(struct util *u, struct util_request *rq, const uint8_t *body,
			      uint32_t len)
{
	const char *name = util_status_name(rq->status);

	(void)body, (void)len;
	/* The guest may be gone before anybody can ask for the result. */
	vsp_log(u->vsp, "shutdown: answered %s to %s", name ? name : "nonsense", rq->what);
	return false;
}

const struct util_service util_shutdown_service = {
	.ops = UTIL_DEVICE("shutdown", WIRE_GUID_SHUTDOWN),
	.instance_id = WIRE_GUID(0xb6650ff7, 0x33bc, 0x4840, 0x80, 0x48, 0xe0, 0x67, 0x67, 0x86,
				 0xf3, 0x93),
	.type = HVIC_TYPE_SHUTDOWN,
	.frameworks = frameworks,
	.framework_cnt = ARRAY_SIZE(frameworks),
	.versions = shutdown_versions,
	.version_cnt = ARRAY_SIZE(shutdown_versions),
	.answered = shutdown_answered,
	.command = shutdown_command,
};

/* Heartbeat ----------------------------------------------------------------------------*/

#define HEARTBEAT_MS		2000u
#define HEARTBEAT_LEN		40u	/* known hosts send reserved bytes behind the 16 */

static const struct hvic_version heartbeat_versions[] = { V(1, 0), V(3, 0) };

struct heartbeat {
	struct vsp_timer_event timer;
	uint64_t period;		/* ns; 0: not by itself */
	uint64_t sequence;
	uint32_t state;			/* in requests */
	uint32_t app_state;		/* in the last answer */
};

static void heartbeat_ask(struct util *u)
{
	struct util_request *rq = util_request(u, HEARTBEAT_LEN, false);
	struct heartbeat *hb = u->own;
	struct hvic_heartbeat msg = {
		.sequence = cpu_to_le64(hb->sequence),
		.app_state = cpu_to_le32(hb->state),
	};

	if (!rq)
		return;
	memcpy(rq->body, &msg, sizeof(msg));
	hb->sequence += 2;		/* the answer has the number between */
	util_ask(u, rq, true);
}

static void heartbeat_tick(void *arg)
{
	struct util *u = arg;
	struct heartbeat *hb = u->own;

	heartbeat_ask(u);
	if (hb->period)
		vsp_timer_set(u->vsp, &hb->timer, vsp_now(u->vsp) + hb->period);
}

static void heartbeat_begin(struct util *u)
{
	struct heartbeat *hb = u->own;

	hb->period = HEARTBEAT_MS * 1000000ull;
	hb->timer.fn = heartbeat_tick;
	hb->timer.arg = u;
}

static void heartbeat_stop(struct util *u)
{
	struct heartbeat *hb = u->own;

	vsp_timer_cancel(u->vsp, &hb->timer);
}

static void heartbeat_ready(struct util *u)
{
	struct heartbeat *hb = u->own;

	if (hb->period)
		heartbeat_tick(u);
}

static bool heartbeat_answered(struct util *u, struct util_request *rq, const uint8_t *body,
			       uint32_t len)
{
	struct heartbeat *hb = u->own;
	struct hvic_heartbeat asked, got;

	if (len < sizeof(got))
		return false;
	memcpy(&asked, rq->body, sizeof(asked));
	memcpy(&got, body, sizeof(got));
	if (!rq->spoiled && le64_to_cpu(got.sequence) != le64_to_cpu(asked.sequence) + 1)
		vsp_violation(u->vsp, "%s: number %llu answered with %llu", u->label,
			      (unsigned long long)le64_to_cpu(asked.sequence),
			      (unsigned long long)le64_to_cpu(got.sequence));
	if (!rq->spoiled && rq->status != HVIC_STATUS_OK)
		vsp_violation(u->vsp, "%s: answered with status %#x", u->label, rq->status);
	hb->app_state = le32_to_cpu(got.app_state);
	return false;
}

static const char *heartbeat_command(struct util *u, int argc, char **argv,
				     struct util_request **rq, vsp_put_line put, void *ctx)
{
	struct heartbeat *hb = u->own;
	uint64_t n = 1;

	(void)rq, (void)put, (void)ctx;
	if (!strcmp(argv[0], "off") && argc == 1) {
		hb->period = 0;
		heartbeat_stop(u);
	} else if (!strcmp(argv[0], "every") && argc == 2 && util_number(argv[1], 3600000, &n) &&
		   n) {
		hb->period = n * 1000000;
		if (u->state == UTIL_READY)
			heartbeat_tick(u);
	} else if (!strcmp(argv[0], "state") && argc == 2 &&
		   util_number(argv[1], UINT32_MAX, &n)) {
		hb->state = (uint32_t)n;
	} else if (!strcmp(argv[0], "ask") && (argc == 1 ||
		   (argc == 2 && util_number(argv[1], 64, &n)))) {
		if (u->state != UTIL_READY)
			return "the channel is not open, or nothing is agreed on";
		while (n--)
			heartbeat_ask(u);
	} else {
		return "heartbeat every MS, off, ask [COUNT], state N";
	}
	return NULL;
}

static void heartbeat_status(struct util *u, vsp_put_line put, void *ctx)
{
	static const char *const names[] = { "unknown", "healthy", "critical", "stopped" };
	struct heartbeat *hb = u->own;

	util_put(put, ctx, "app_state %s",
		 hb->app_state < ARRAY_SIZE(names) ? names[hb->app_state] : "nonsense");
}

const struct util_service util_heartbeat_service = {
	.ops = UTIL_DEVICE("heartbeat", WIRE_GUID_HEARTBEAT),
	.instance_id = WIRE_GUID(0xfd149e91, 0x82e0, 0x4a7d, 0xaf, 0xa6, 0x2a, 0x41, 0x66, 0xcb,
				 0xd7, 0x20),
	.type = HVIC_TYPE_HEARTBEAT,
	.frameworks = frameworks,
	.framework_cnt = ARRAY_SIZE(frameworks),
	.versions = heartbeat_versions,
	.version_cnt = ARRAY_SIZE(heartbeat_versions),
	.state_len = sizeof(struct heartbeat),
	.begin = heartbeat_begin,
	.ready = heartbeat_ready,
	.closed = heartbeat_stop,
	.answered = heartbeat_answered,
	.command = heartbeat_command,
	.status = heartbeat_status,
	.end = heartbeat_stop,
};

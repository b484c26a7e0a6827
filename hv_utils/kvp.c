// SPDX-License-Identifier: GPL-2.0
/*
 * kvp.c - keys and values, and the guest's addresses, of which a daemon knows
 */
#include "daemon.h"

#include "proto/kvp_record.h"

#include <linux/string.h>

static const u32 framework[] = { IC_VERSION(3, 0), IC_VERSION(1, 0), 0 };
static const u32 message[] = {
	IC_VERSION(5, 0), IC_VERSION(4, 0), IC_VERSION(3, 0), IC_VERSION(1, 0), 0
};

/* What the daemon passes on as the version of integration services; hosts know this one. */
#define SERVICES_VERSION	"3.1"

static int hello(struct util *u, const void *msg, void *to)
{
	const struct hvdaemon_kvp *from = msg;
	struct hvdaemon_kvp *answer = to;

	if (from->op != HVDAEMON_KVP_REGISTER && from->op != HVDAEMON_KVP_REGISTER_OLD)
		return -EINVAL;
	memset(answer, 0, sizeof(*answer));
	answer->op = from->op;
	strscpy(answer->version, SERVICES_VERSION, sizeof(answer->version));
	return sizeof(*answer);
}

static u32 ask(struct util *u, struct util_request *req, void *to, u32 *to_len)
{
	u32 status = kvp_to_daemon(req->body, req->body_len, req->version, to);

	if (status == HVIC_STATUS_OK)
		*to_len = sizeof(struct hvdaemon_kvp);
	return status;
}

static u32 reply(struct util *u, struct util_request *req, const void *sent, const void *msg)
{
	return kvp_to_host(msg, req->version, req->body);
}

static const struct daemon_ops daemon_ops = {
	.node = "vmbus/hv_kvp",
	.most = sizeof(struct hvdaemon_kvp),
	.least = sizeof(struct hvdaemon_kvp),
	.hello = hello,
	.ask = ask,
	.reply = reply,
	.seconds = daemon_seconds,
};

static int start(struct util *u)
{
	return daemon_start(u, &daemon_ops);
}

const struct util_service kvp_service = {
	.name = "kvp",
	.type = HVIC_TYPE_KVP,
	.versions = { framework, message },
	.start = start,
	.stop = daemon_stop,
	.request = daemon_request,
	.take = daemon_take,
	.suspend = daemon_suspend,
	.resume = daemon_resume,
	.show = daemon_show,
};

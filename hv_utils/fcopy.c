// SPDX-License-Identifier: GPL-2.0
/*
 * fcopy.c - the host copies a file into the guest; a daemon writes it
 */
#include "daemon.h"

#include "proto/fcopy_file.h"

#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>

#define ROOT_MAX	256

static char root[ROOT_MAX] = "/";
static struct kparam_string root_string = { .maxlen = sizeof(root), .string = root };

/* Who writes it with "echo" does not mean the end of the line. */
static int set_root(const char *text, const struct kernel_param *param)
{
	int err = param_set_copystring(text, param);

	if (!err)
		root[strcspn(root, "\n")] = 0;
	return err;
}

static const struct kernel_param_ops root_ops = {
	.set = set_root,
	.get = param_get_string,
};
module_param_cb(fcopy_root, &root_ops, &root_string, 0644);
__MODULE_PARM_TYPE(fcopy_root, "string");
MODULE_PARM_DESC(fcopy_root,
		 "the host may copy files to this directory and below, nowhere if empty (default /)");

static unsigned long fcopy_most_mib = 1ul << 20;
module_param(fcopy_most_mib, ulong, 0644);
MODULE_PARM_DESC(fcopy_most_mib, "largest file, in MiB (default 1 TiB)");

static const u32 framework[] = { IC_VERSION(3, 0), 0 };
static const u32 message[] = { IC_VERSION(1, 1), 0 };

static int hello(struct util *u, const void *msg, void *to)
{
	u32 version = *(const u32 *)msg;

	if (version == HVDAEMON_FCOPY_REGISTER_OLD)
		return 0;
	if (version != HVDAEMON_FCOPY_REGISTER)
		return -EINVAL;
	memcpy(to, &version, sizeof(version));
	return sizeof(version);
}

/* The host has left a file in the middle, and begins another. */
static bool abandons(struct util *u, const struct util_request *req)
{
	const struct fcopy_file *file = u->priv;
	const struct hvic_fcopy_hdr *hdr = req->body;

	return file->open && req->body_len >= sizeof(*hdr) &&
	       le32_to_cpu(hdr->op) == HVIC_FCOPY_START;
}

static u32 ask(struct util *u, struct util_request *req, void *to, u32 *to_len)
{
	struct fcopy_file *file = u->priv;
	struct fcopy_policy policy = {
		.root = root,
		.most = (u64)min(READ_ONCE(fcopy_most_mib), 1ul << 43) << 20,
	};
	u32 status;

	if (req->own) {
		*to_len = fcopy_cancel(to);
		return HVIC_STATUS_OK;
	}
	/* The daemon takes away what it has of the first; asked again, there is none open. */
	if (abandons(u, req) && daemon_tell_first(u)) {
		file->open = false;
		return UTIL_LATER;
	}
	/* Writers hold the lock of all parameters; the text has an end at any moment. */
	kernel_param_lock(THIS_MODULE);
	status = fcopy_request(file, &policy, req->body, req->body_len, to, to_len);
	kernel_param_unlock(THIS_MODULE);
	return status;
}

static u32 reply(struct util *u, struct util_request *req, const void *sent, const void *msg)
{
	return fcopy_reply(u->priv, sent, *(const u32 *)msg);
}

/* What it had begun is not to be ended; what comes next must not be taken for more of it. */
static void lost(struct util *u, bool alive)
{
	struct fcopy_file *file = u->priv;

	if (!file->open)
		return;
	util_log(u, warn, "fcopy: a file of %llu bytes stays incomplete: %llu came\n", file->size,
		 file->have);
	file->open = false;
	/* Should it come round, it shall take the file away. */
	if (alive)
		daemon_tell(u);
}

static const struct daemon_ops daemon_ops = {
	.node = "vmbus/hv_fcopy",
	.most = FCOPY_DAEMON_MAX,
	.least = sizeof(u32),
	.exact = true,
	.hello = hello,
	.ask = ask,
	.reply = reply,
	.lost = lost,
	.seconds = daemon_seconds,
};

static int start(struct util *u)
{
	int err;

	u->priv = kzalloc(sizeof(struct fcopy_file), GFP_KERNEL);
	if (!u->priv)
		return -ENOMEM;
	err = daemon_start(u, &daemon_ops);
	if (err)
		kfree(u->priv);
	return err;
}

static void stop(struct util *u)
{
	daemon_stop(u);
	kfree(u->priv);
}

const struct util_service fcopy_service = {
	.name = "fcopy",
	.type = HVIC_TYPE_FCOPY,
	.versions = { framework, message },
	.start = start,
	.stop = stop,
	.request = daemon_request,
	.take = daemon_take,
	.suspend = daemon_suspend,
	.resume = daemon_resume,
	.show = daemon_show,
};

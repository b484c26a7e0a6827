// SPDX-License-Identifier: GPL-2.0
/*
 * util_vss.c - the host asks the guest to hold its file systems still for a backup
 *
 * Control commands, behind the label:
 *   check                      can it?
 *   freeze [LUNS]              hold still; so many disks are named
 *   thaw [FLAGS]               go on
 *   op N [FLAGS]               any other of the short operations
 *   recover                    the long one, which not every ring has room for
 * Results have "flags N".
 */
#include "util.h"

#include <stdlib.h>
#include <string.h>

#define V(major, minor)	{ cpu_to_le16(major), cpu_to_le16(minor) }

static const struct hvic_version frameworks[] = { V(1, 0), V(3, 0) };
static const struct hvic_version versions[] = { V(4, 0), V(5, 0), V(6, 0), V(7, 0) };

static const char *short_op(struct util *u, uint64_t op, uint64_t flags,
			    struct util_request **rq)
{
	struct hvic_vss msg = { .op = (uint8_t)op, .flags = cpu_to_le32((uint32_t)flags) };

	*rq = util_request(u, HVIC_VSS_SHORT_LEN, true);
	if (!*rq)
		return "out of memory";
	memcpy((*rq)->body, &msg, sizeof(msg));
	return NULL;
}

static const char *long_op(struct util *u, uint8_t op, uint64_t luns, struct util_request **rq)
{
	bool shadows = op == HVIC_VSS_AUTO_RECOVER;
	struct hvic_vss_freeze *msg;
	uint32_t i;

	*rq = util_request(u, shadows ? sizeof(struct hvic_vss_auto_recover) : sizeof(*msg),
			   true);
	if (!*rq)
		return "out of memory";
	msg = (void *)(*rq)->body;
	msg->op = op;
	msg->lun_cnt = cpu_to_le32((uint32_t)luns);
	for (i = 0; i < luns; i++)
		msg->luns[i].lun = (uint8_t)i;
	return NULL;
}

static const char *vss_command(struct util *u, int argc, char **argv, struct util_request **rq,
			       vsp_put_line put, void *ctx)
{
	uint64_t n = 0, flags = 0;

	(void)put, (void)ctx;
	if (argc > 1 && !util_number(argv[1], UINT32_MAX, &n))
		return "a number is expected";
	if (!strcmp(argv[0], "check") && argc == 1)
		return short_op(u, HVIC_VSS_HOT_BACKUP, 0, rq);
	if (!strcmp(argv[0], "thaw") && argc <= 2)
		return short_op(u, HVIC_VSS_THAW, n, rq);
	if (!strcmp(argv[0], "freeze") && argc <= 2 && n <= HVIC_VSS_LUNS)
		return long_op(u, HVIC_VSS_FREEZE, n, rq);
	if (!strcmp(argv[0], "recover") && argc == 1)
		return long_op(u, HVIC_VSS_AUTO_RECOVER, 0, rq);
	if (!strcmp(argv[0], "op") && n <= 255 && argc >= 2 && argc <= 3 &&
	    (argc == 2 || util_number(argv[2], UINT32_MAX, &flags)))
		return short_op(u, n, flags, rq);
	return "check, freeze [LUNS], thaw [FLAGS], op N [FLAGS], recover";
}

static bool vss_answered(struct util *u, struct util_request *rq, const uint8_t *body,
			 uint32_t len)
{
	const char *name = util_status_name(rq->status);
	struct hvic_vss msg;

	/* Freezing may be what keeps the asker from asking for the result. */
	vsp_log(u->vsp, "%s: answered %s to %s", u->label, name ? name : "nonsense", rq->what);
	if (len < sizeof(msg))
		return false;
	memcpy(&msg, body, sizeof(msg));
	if (!rq->spoiled && msg.op != rq->body[0])
		vsp_violation(u->vsp, "%s: an answer about another operation than the request",
			      u->label);
	util_note(rq, "flags %u", le32_to_cpu(msg.flags));
	return false;
}

const struct util_service util_vss_service = {
	.ops = UTIL_DEVICE("vss", WIRE_GUID_VSS),
	.instance_id = WIRE_GUID(0x29c33d1c, 0x6a37, 0x4a35, 0x8e, 0x9b, 0xc0, 0x8d, 0x57, 0x14,
				 0xe2, 0x30),
	.type = HVIC_TYPE_VSS,
	.frameworks = frameworks,
	.framework_cnt = ARRAY_SIZE(frameworks),
	.versions = versions,
	.version_cnt = ARRAY_SIZE(versions),
	.answered = vss_answered,
	.command = vss_command,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * fault.c - the host at fault, on script, to see the guest survive
 *
 * A fault is WHAT:ACTION[:ARG][:COUNT][@SKIP], for instance
 * "version_response:drop:2", "open_result:delay:5000", "gpadl_created:status:1@3"
 * (the fourth one fails), "unload_response:never", "post:status:0x13:5" (the
 * hypercall itself says "no buffers" five times), "interrupt:drop:*".
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

/* What an action can be done to. */
#define TO_MESSAGE	0x1u
#define TO_POST		0x2u
#define TO_INTERRUPT	0x4u
#define TO_PACKET	0x8u

static const struct {
	const char *name;
	enum vsp_fault_action action;
	bool has_arg;
	uint32_t to;
	const char *field;		/* which a message must have */
} actions[] = {
	{ "drop", VSP_FAULT_DROP, false, TO_MESSAGE | TO_INTERRUPT | TO_PACKET, NULL },
	{ "never", VSP_FAULT_DROP, false, TO_MESSAGE | TO_INTERRUPT | TO_PACKET, NULL },
	{ "delay", VSP_FAULT_DELAY, true, TO_MESSAGE | TO_INTERRUPT, NULL },
	{ "hold", VSP_FAULT_HOLD, false, TO_MESSAGE, NULL },
	{ "dup", VSP_FAULT_DUP, false, TO_MESSAGE | TO_INTERRUPT | TO_PACKET, NULL },
	{ "status", VSP_FAULT_STATUS, true, TO_MESSAGE | TO_POST, "status" },
	{ "garbage", VSP_FAULT_GARBAGE, false, TO_MESSAGE | TO_PACKET, NULL },
	{ "short", VSP_FAULT_SHORT, false, TO_MESSAGE | TO_PACKET, NULL },
	{ "long", VSP_FAULT_LONG, false, TO_MESSAGE, NULL },
	{ "dirty", VSP_FAULT_DIRTY, false, TO_MESSAGE, NULL },
	{ "relid", VSP_FAULT_RELID, true, TO_MESSAGE, "relid" },
	{ "id", VSP_FAULT_ID, true, TO_MESSAGE | TO_PACKET, "id" },
	{ "vp", VSP_FAULT_VP, true, TO_MESSAGE | TO_INTERRUPT, NULL },
	{ "rescind", VSP_FAULT_RESCIND, false, TO_MESSAGE, "relid" },
};

static const struct {
	const char *name;
	uint32_t about, to;
} others[] = {
	{ "post", VSP_ABOUT_POST, TO_POST },
	{ "interrupt", VSP_ABOUT_INTERRUPT, TO_INTERRUPT },
	{ "packet", VSP_ABOUT_PACKET, TO_PACKET },
};

/* Names -----------------------------------------------------------------------*/

bool vsp_about(const char *name, size_t len, uint32_t *about)
{
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		*about = others[i].about;
		if (strlen(others[i].name) == len && !strncmp(name, others[i].name, len))
			return true;
	}
	for (*about = 1; *about < VMBUS_MSG_TYPE_COUNT; (*about)++) {
		const char *known = vsp_message_name(*about);

		if (vsp_message_len(*about) && strlen(known) == len && !strncmp(name, known, len))
			return true;
	}
	return false;
}

const char *vsp_about_name(uint32_t about)
{
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].about == about)
			return others[i].name;
	return vsp_message_name(about);
}

/* What can be done to this; 0 if it is the guest's to send. */
static uint32_t can_be_done_to(uint32_t about)
{
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].about == about)
			return others[i].to;
	return vsp_message_from_guest(about) ? 0 : TO_MESSAGE;
}

bool vsp_number(const char *text, uint32_t *value)
{
	char *end;
	unsigned long long n;

	if (!text || *text < '0' || *text > '9')
		return false;
	n = strtoull(text, &end, 0);
	*value = (uint32_t)n;
	return !*end && n <= UINT32_MAX;
}

/* Scripts ---------------------------------------------------------------------*/

static int refuse(char *err, size_t err_len, const char *text, const char *why)
{
	snprintf(err, err_len, "fault '%s': %s", text, why);
	return -EINVAL;
}

/* Why this action cannot be done to that, or NULL. */
static const char *mismatch(size_t action, uint32_t about)
{
	const char *field = actions[action].field;
	uint32_t at, size;

	if (!(actions[action].to & can_be_done_to(about)))
		return about == VSP_ABOUT_POST ? "a post can only return a status" :
						 "this cannot be done to it";
	if (!(can_be_done_to(about) & TO_MESSAGE) || !field)
		return NULL;
	if (!strcmp(field, "status"))
		return about == VMBUS_MSG_VERSION_RESPONSE ||
		       vsp_message_field(about, "status", &at, &size) ? NULL :
			"this answer has no status";
	/* The offer itself is no question about a channel. */
	if (!vsp_message_field(about, field, &at, &size) ||
	    (actions[action].action == VSP_FAULT_RESCIND &&
	     (about == VMBUS_MSG_OFFER || about == VMBUS_MSG_RESCIND)))
		return "this answer names no channel";
	return NULL;
}

int vsp_fault_add(struct vsp *vsp, const char *text, char *err, size_t err_len)
{
	struct vsp_fault fault = { .count = 1 }, *new, **link;
	char copy[96], *name, *action, *rest, *at;
	const char *why;
	size_t i;

	if (strlen(text) >= sizeof(copy))
		return refuse(err, err_len, text, "too long");
	strcpy(copy, text);
	at = strchr(copy, '@');
	if (at) {
		*at++ = '\0';
		if (!vsp_number(at, &fault.skip))
			return refuse(err, err_len, text, "no number behind '@'");
	}
	name = strtok_r(copy, ":", &rest);
	action = strtok_r(NULL, ":", &rest);
	if (!name || !vsp_about(name, strlen(name), &fault.about) || !can_be_done_to(fault.about))
		return refuse(err, err_len, text, "no such answer of the host");
	for (i = 0; action && i < ARRAY_SIZE(actions); i++)
		if (!strcmp(action, actions[i].name))
			break;
	if (!action || i == ARRAY_SIZE(actions))
		return refuse(err, err_len, text,
			      "what? drop, never, delay, hold, dup, status, garbage, short, long, dirty, relid, id, vp or rescind");
	fault.action = actions[i].action;
	if (!strcmp(action, "never"))
		fault.count = UINT32_MAX;
	if (actions[i].has_arg && !vsp_number(strtok_r(NULL, ":", &rest), &fault.arg))
		return refuse(err, err_len, text, "needs a number");
	at = strtok_r(NULL, ":", &rest);
	if (at && !strcmp(at, "*"))
		fault.count = UINT32_MAX;
	else if (at && (!vsp_number(at, &fault.count) || !fault.count))
		return refuse(err, err_len, text, "count must be a number above zero, or *");
	if (strtok_r(NULL, ":", &rest))
		return refuse(err, err_len, text, "something left over");
	why = mismatch(i, fault.about);
	if (why)
		return refuse(err, err_len, text, why);

	new = malloc(sizeof(*new));
	if (!new)
		return refuse(err, err_len, text, "out of memory");
	*new = fault;
	for (link = &vsp->faults; *link; link = &(*link)->next)
		;
	*link = new;
	return 0;
}

void vsp_fault_clear(struct vsp *vsp)
{
	while (vsp->faults) {
		struct vsp_fault *fault = vsp->faults;

		vsp->faults = fault->next;
		free(fault);
	}
}

void vsp_fault_list(struct vsp *vsp, vsp_put_line put, void *ctx)
{
	const struct vsp_fault *fault;
	const char *action;
	size_t i;

	for (fault = vsp->faults; fault; fault = fault->next) {
		action = "";
		for (i = 0; i < ARRAY_SIZE(actions); i++)
			if (actions[i].action == fault->action) {
				action = actions[i].name;
				break;
			}
		vsp_put(put, ctx, "%s %s arg=%u count=%u skip=%u", vsp_about_name(fault->about),
			action, fault->arg, fault->count, fault->skip);
	}
}

/* The oldest fault for this answer; each answer passes one fault of its kind at most. */
static enum vsp_fault_action take(struct vsp *vsp, uint32_t about, bool status, uint32_t *arg)
{
	struct vsp_fault **link, *fault;
	enum vsp_fault_action action;

	for (link = &vsp->faults; (fault = *link); link = &fault->next) {
		if (fault->about != about || (fault->action == VSP_FAULT_STATUS) != status)
			continue;
		if (fault->skip) {
			fault->skip--;
			return VSP_FAULT_NONE;
		}
		action = fault->action;
		*arg = fault->arg;
		if (fault->count != UINT32_MAX && !--fault->count) {
			*link = fault->next;
			free(fault);
		}
		return action;
	}
	return VSP_FAULT_NONE;
}

bool vsp_fault_status(struct vsp *vsp, uint32_t about, uint32_t *status)
{
	return take(vsp, about, true, status) != VSP_FAULT_NONE;
}

enum vsp_fault_action vsp_fault_sending(struct vsp *vsp, uint32_t about, uint32_t *arg)
{
	return take(vsp, about, false, arg);
}

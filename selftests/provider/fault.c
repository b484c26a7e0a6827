// SPDX-License-Identifier: GPL-2.0
/*
 * fault.c - the host at fault, on script, to see the guest survive
 *
 * A fault is ANSWER:ACTION[:ARG][:COUNT][@SKIP], for instance
 * "version_response:drop:2", "open_result:delay:5000", "gpadl_created:status:1@3"
 * (the fourth one fails), "unload_response:never", "post:status:0x13:5" (the
 * hypercall itself says "no buffers" five times).
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum vsp_fault_action action;
	bool has_arg;
} actions[] = {
	{ "drop", VSP_FAULT_DROP, false },
	{ "never", VSP_FAULT_DROP, false },
	{ "delay", VSP_FAULT_DELAY, true },
	{ "dup", VSP_FAULT_DUP, false },
	{ "status", VSP_FAULT_STATUS, true },
	{ "garbage", VSP_FAULT_GARBAGE, false },
	{ "short", VSP_FAULT_SHORT, false },
	{ "rescind", VSP_FAULT_RESCIND, false },
};

#define POST_NAME "post"

/* Which answers name a channel, which a status. */
static bool has_status(uint32_t type)
{
	switch (type) {
	case 0:
	case VMBUS_MSG_VERSION_RESPONSE:
	case VMBUS_MSG_GPADL_CREATED:
	case VMBUS_MSG_OPEN_RESULT:
	case VMBUS_MSG_MODIFY_CHANNEL_RESPONSE:
		return true;
	default:
		return false;
	}
}

static bool has_relid(uint32_t type)
{
	switch (type) {
	case VMBUS_MSG_GPADL_CREATED:
	case VMBUS_MSG_OPEN_RESULT:
	case VMBUS_MSG_MODIFY_CHANNEL_RESPONSE:
		return true;
	default:
		return false;
	}
}

static bool find_answer(const char *name, uint32_t *type)
{
	if (!strcmp(name, POST_NAME)) {
		*type = 0;
		return true;
	}
	for (*type = 1; *type < VMBUS_MSG_TYPE_COUNT; (*type)++)
		if (!vsp_message_from_guest(*type) && !strcmp(name, vsp_message_name(*type)))
			return true;
	return false;
}

static bool number(const char *text, uint32_t *value)
{
	char *end;
	unsigned long long n;

	if (!text || *text < '0' || *text > '9')
		return false;
	n = strtoull(text, &end, 0);
	*value = (uint32_t)n;
	return !*end && n <= UINT32_MAX;
}

static int refuse(char *err, size_t err_len, const char *text, const char *why)
{
	snprintf(err, err_len, "fault '%s': %s", text, why);
	return -EINVAL;
}

int vsp_fault_add(struct vsp *vsp, const char *text, char *err, size_t err_len)
{
	struct vsp_fault fault = { .count = 1 }, *new, **link;
	char copy[96], *name, *action, *rest, *at;
	size_t i;

	if (strlen(text) >= sizeof(copy))
		return refuse(err, err_len, text, "too long");
	strcpy(copy, text);
	at = strchr(copy, '@');
	if (at) {
		*at++ = '\0';
		if (!number(at, &fault.skip))
			return refuse(err, err_len, text, "no number behind '@'");
	}
	name = strtok_r(copy, ":", &rest);
	action = strtok_r(NULL, ":", &rest);
	if (!name || !find_answer(name, &fault.type))
		return refuse(err, err_len, text, "no such answer of the host");
	for (i = 0; action && i < ARRAY_SIZE(actions); i++)
		if (!strcmp(action, actions[i].name))
			break;
	if (!action || i == ARRAY_SIZE(actions))
		return refuse(err, err_len, text,
			      "what? drop, never, delay, dup, status, garbage, short or rescind");
	fault.action = actions[i].action;
	if (!strcmp(action, "never"))
		fault.count = UINT32_MAX;
	if (actions[i].has_arg && !number(strtok_r(NULL, ":", &rest), &fault.arg))
		return refuse(err, err_len, text, "needs a number");
	at = strtok_r(NULL, ":", &rest);
	if (at && (!number(at, &fault.count) || !fault.count))
		return refuse(err, err_len, text, "count must be a number above zero");
	if (strtok_r(NULL, ":", &rest))
		return refuse(err, err_len, text, "something left over");
	if (fault.action == VSP_FAULT_STATUS && !has_status(fault.type))
		return refuse(err, err_len, text, "this answer has no status");
	if (fault.action == VSP_FAULT_RESCIND && !has_relid(fault.type))
		return refuse(err, err_len, text, "this answer names no channel");
	if (!fault.type && fault.action != VSP_FAULT_STATUS)
		return refuse(err, err_len, text, "a post can only return a status");

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
		vsp_put(put, ctx, "%s %s arg=%u count=%u skip=%u",
			fault->type ? vsp_message_name(fault->type) : POST_NAME, action,
			fault->arg, fault->count, fault->skip);
	}
}

/* The oldest fault for this answer; each answer passes one fault of its kind at most. */
static enum vsp_fault_action take(struct vsp *vsp, uint32_t type, bool status, uint32_t *arg)
{
	struct vsp_fault **link, *fault;
	enum vsp_fault_action action;

	for (link = &vsp->faults; (fault = *link); link = &fault->next) {
		if (fault->type != type || (fault->action == VSP_FAULT_STATUS) != status)
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

bool vsp_fault_status(struct vsp *vsp, uint32_t type, uint32_t *status)
{
	return take(vsp, type, true, status) != VSP_FAULT_NONE;
}

enum vsp_fault_action vsp_fault_sending(struct vsp *vsp, uint32_t type, uint32_t *arg)
{
	return take(vsp, type, false, arg);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * loopback.c - the provider and its guest in one process, for tests
 */
#include "loopback.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u

/* What the provider calls ---------------------------------------------------------*/

static bool vp_exists(void *ctx, uint32_t vp)
{
	(void)ctx;
	return vp < LOOPBACK_VPS;
}

static int post_message(void *ctx, uint32_t vp, const struct tlfs_message *msg)
{
	struct loopback *lb = ctx;

	if (vp >= LOOPBACK_VPS)
		return -ENXIO;
	if (lb->vp[vp].slot.type) {
		lb->vp[vp].slot.flags |= TLFS_MSG_FLAG_PENDING;
		return -EAGAIN;
	}
	lb->vp[vp].slot = *msg;
	return 0;
}

static int set_event(void *ctx, uint32_t vp, uint32_t flag)
{
	struct loopback *lb = ctx;
	uint8_t *byte, bit = (uint8_t)(1u << flag % 8);

	if (vp >= LOOPBACK_VPS || flag >= TLFS_EVENT_FLAG_COUNT || lb->refuse_events)
		return -ENXIO;
	byte = &lb->vp[vp].flags[flag / 8];
	if (*byte & bit)
		return 0;
	*byte |= bit;
	lb->events++;
	return 1;
}

static struct loopback_listener *find_listener(struct loopback *lb, uint32_t connection_id)
{
	uint32_t i;

	for (i = 0; i < LOOPBACK_LISTENERS; i++)
		if (lb->listener[i].connection_id == connection_id)
			return &lb->listener[i];
	return NULL;
}

static int listen_event(void *ctx, uint32_t connection_id)
{
	struct loopback_listener *l;

	if (find_listener(ctx, connection_id))
		return -EEXIST;
	l = find_listener(ctx, 0);
	if (!l)
		return -ENOSPC;
	l->connection_id = connection_id;
	l->signals = 0;
	return 0;
}

static void unlisten_event(void *ctx, uint32_t connection_id)
{
	struct loopback_listener *l = find_listener(ctx, connection_id);

	if (l)
		l->connection_id = 0;
}

static void *map(void *ctx, uint64_t gpa, uint32_t len, bool write)
{
	struct loopback *lb = ctx;

	(void)write;
	if (gpa / PAGE >= lb->page_count || gpa % PAGE + len > PAGE)
		return NULL;
	return lb->memory + gpa;
}

static uint64_t now(void *ctx)
{
	struct loopback *lb = ctx;

	return lb->now;
}

static void arm_timer(void *ctx, uint64_t when)
{
	struct loopback *lb = ctx;

	lb->timer = when;
}

static void log_line(void *ctx, const char *line)
{
	struct loopback *lb = ctx;

	if (!strncmp(line, "VIOLATION", 9)) {
		lb->violations++;
		snprintf(lb->violation, sizeof(lb->violation), "%s", line);
	}
	if (lb->verbose)
		printf("# host: %s\n", line);
}

static void watch(void *ctx, int fd, void (*readable)(void *arg), void (*writable)(void *arg),
		  void *arg)
{
	struct loopback *lb = ctx;

	lb->watched = (struct loopback_watched){ fd, readable, writable, arg };
}

static const struct vsp_transport transport = {
	.post_message = post_message,
	.set_event = set_event,
	.listen_event = listen_event,
	.unlisten_event = unlisten_event,
	.vp_exists = vp_exists,
	.map = map,
	.now = now,
	.arm_timer = arm_timer,
	.watch = watch,
	.log = log_line,
};

/* What the test calls ---------------------------------------------------------------*/

struct loopback *loopback_new(uint32_t page_count)
{
	struct loopback *lb = calloc(1, sizeof(*lb));

	if (!lb)
		return NULL;
	lb->page_count = page_count;
	lb->timer = UINT64_MAX;
	lb->verbose = getenv("LOOPBACK_VERBOSE");
	lb->memory = aligned_alloc(PAGE, (size_t)page_count * PAGE);
	lb->vsp = vsp_new(&transport, lb);
	if (!lb->memory || !lb->vsp) {
		loopback_free(lb);
		return NULL;
	}
	memset(lb->memory, 0, (size_t)page_count * PAGE);
	return lb;
}

void loopback_free(struct loopback *lb)
{
	if (!lb)
		return;
	vsp_free(lb->vsp);
	free(lb->memory);
	free(lb);
}

uint16_t loopback_post(struct loopback *lb, uint32_t connection_id, const void *msg, uint32_t len)
{
	return vsp_message(lb->vsp, connection_id, TLFS_MSG_VMBUS, msg, len);
}

uint16_t loopback_signal(struct loopback *lb, uint32_t connection_id)
{
	struct loopback_listener *l = connection_id ? find_listener(lb, connection_id) : NULL;

	if (!l)
		return TLFS_STATUS_INVALID_CONNECTION_ID;
	l->signals++;
	return TLFS_STATUS_SUCCESS;
}

bool loopback_receive(struct loopback *lb, uint32_t vp, struct tlfs_message *msg)
{
	struct tlfs_message *slot = &lb->vp[vp].slot;

	if (!slot->type)
		return false;
	*msg = *slot;
	slot->type = 0;
	/* The guest writes EOM if it finds the flag, and only then. */
	if (msg->flags & TLFS_MSG_FLAG_PENDING)
		vsp_slot_free(lb->vsp, vp);
	return true;
}

bool loopback_take_event(struct loopback *lb, uint32_t vp, uint32_t flag)
{
	uint8_t *byte = &lb->vp[vp].flags[flag / 8], bit = (uint8_t)(1u << flag % 8);
	bool was_set = *byte & bit;

	*byte &= (uint8_t)~bit;
	return was_set;
}

void *loopback_page(struct loopback *lb, uint64_t pfn)
{
	return lb->memory + pfn * PAGE;
}

void loopback_deliver(struct loopback *lb)
{
	uint32_t i, connection_id;
	uint64_t signals;

	for (i = 0; i < LOOPBACK_LISTENERS; i++) {
		connection_id = lb->listener[i].connection_id;
		signals = lb->listener[i].signals;
		if (!connection_id || !signals)
			continue;
		lb->listener[i].signals = 0;
		vsp_event(lb->vsp, connection_id, signals);
	}
}

void loopback_look(struct loopback *lb)
{
	struct loopback_watched *w = &lb->watched;

	if (w->readable)
		w->readable(w->arg);
	if (w->writable)
		w->writable(w->arg);
}

void loopback_advance(struct loopback *lb, uint64_t ns)
{
	uint64_t end = lb->now + ns;
	uint32_t turns = 0;

	/* Bounded, in case a device arms a timer for "now" again and again. */
	while (lb->timer <= end && turns++ < 100000) {
		if (lb->now < lb->timer)
			lb->now = lb->timer;
		lb->timer = UINT64_MAX;
		vsp_timer(lb->vsp);
	}
	lb->now = end;
}

void loopback_reset(struct loopback *lb)
{
	vsp_reset(lb->vsp);
	memset(lb->vp, 0, sizeof(lb->vp));
}

struct answer {
	char *out;
	size_t room;
	bool ok;
};

static void put_line(void *ctx, const char *line)
{
	struct answer *answer = ctx;
	int n;

	answer->ok = !strcmp(line, "ok");
	if (!answer->out)
		return;
	n = snprintf(answer->out, answer->room, "%s\n", line);
	if (n > 0 && (size_t)n < answer->room) {
		answer->out += n;
		answer->room -= (size_t)n;
	}
}

bool loopback_command(struct loopback *lb, const char *line, char *out, size_t out_len)
{
	struct answer answer = { .out = out, .room = out_len };

	vsp_command(lb->vsp, line, put_line, &answer);
	return answer.ok;
}

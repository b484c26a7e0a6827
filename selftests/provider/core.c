// SPDX-License-Identifier: GPL-2.0
/*
 * core.c - the provider's frame: birth and death, options, time, chance, log
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

#define MAX_PRINTED_VIOLATIONS	200

struct vsp *vsp_new(const struct vsp_transport *transport, void *ctx)
{
	struct vsp *vsp = calloc(1, sizeof(*vsp));

	if (!vsp)
		return NULL;
	vsp->transport = transport;
	vsp->ctx = ctx;
	vsp->min_version = VMBUS_VERSION_4_0;
	vsp->max_version = VMBUS_VERSION_6_0;
	vsp->first_relid = 1;
	vsp->message_conn_id = VMBUS_CONN_ID_MESSAGE;
	vsp->out_end = &vsp->out;
	vsp->held_end = &vsp->held;
	vsp->hooks_end = &vsp->hooks;
	vsp->due_end = &vsp->due;
	vsp->devices_end = &vsp->devices;
	vsp->chans_end = &vsp->chans;
	vsp->monitor_us = 100;
	vsp->armed = UINT64_MAX;
	vsp->rng = 0x9e3779b97f4a7c15u;
	return vsp;
}

void vsp_free(struct vsp *vsp)
{
	if (!vsp)
		return;
	vsp_fault_clear(vsp);
	vsp_hook_clear(vsp);
	vsp_server_free(vsp);
	if (vsp->capture)
		fclose(vsp->capture);
	free(vsp);
}

/* Options -------------------------------------------------------------------*/

static int bad_option(char *err, size_t err_len, const char *name, const char *value,
		      const char *wanted)
{
	snprintf(err, err_len, "%s=%s: expected %s", name, value, wanted);
	return -EINVAL;
}

static bool parse_version(const char *text, uint32_t *version)
{
	static const uint32_t known[] = {
		VMBUS_VERSION_4_0, VMBUS_VERSION_4_1, VMBUS_VERSION_5_0,
		VMBUS_VERSION_5_1, VMBUS_VERSION_5_2, VMBUS_VERSION_5_3,
		VMBUS_VERSION_6_0,
	};
	unsigned int major, minor, i;
	char rest;

	if (sscanf(text, "%u.%u%c", &major, &minor, &rest) != 2)
		return false;
	*version = VMBUS_VERSION(major, minor);
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i] == *version)
			return true;
	return false;
}

static bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return *text >= '0' && *text <= '9' && !*end && !errno && *value >= min && *value <= max;
}

int vsp_option(struct vsp *vsp, const char *name, const char *value, char *err, size_t err_len)
{
	static const char version_wanted[] = "4.0, 4.1, 5.0, 5.1, 5.2, 5.3 or 6.0";
	uint64_t number;
	int r;

	if (!strcmp(name, "max_version"))
		return parse_version(value, &vsp->max_version) ? 0 :
			bad_option(err, err_len, name, value, version_wanted);
	if (!strcmp(name, "min_version"))
		return parse_version(value, &vsp->min_version) ? 0 :
			bad_option(err, err_len, name, value, version_wanted);
	if (!strcmp(name, "version")) {
		if (!parse_version(value, &vsp->max_version))
			return bad_option(err, err_len, name, value, version_wanted);
		vsp->min_version = vsp->max_version;
		return 0;
	}
	if (!strcmp(name, "seed")) {
		if (!parse_number(value, 0, UINT64_MAX, &number))
			return bad_option(err, err_len, name, value, "a number");
		vsp->rng = number * 2 + 1;
		return 0;
	}
	if (!strcmp(name, "first_relid")) {
		if (!parse_number(value, 1, VMBUS_RELID_MAX, &number))
			return bad_option(err, err_len, name, value, "1 to 2047");
		vsp->first_relid = (uint32_t)number;
		return 0;
	}
	if (!strcmp(name, "fresh_relids")) {
		vsp->fresh_relids = !strcmp(value, "on");
		return vsp->fresh_relids || !strcmp(value, "off") ? 0 :
			bad_option(err, err_len, name, value, "on or off");
	}
	if (!strcmp(name, "message_id")) {
		if (!parse_number(value, 1, 4, &number) || (number != 1 && number != 4))
			return bad_option(err, err_len, name, value, "1 or 4");
		vsp->message_conn_id = (uint32_t)number;
		return 0;
	}
	if (!strcmp(name, "features") || !strcmp(name, "unasked_features")) {
		if (!parse_number(value, 0, 0xff, &number))
			return bad_option(err, err_len, name, value, "0 to 0xff");
		if (*name == 'f')
			vsp->features_had = (uint32_t)number;
		else
			vsp->features_pushed = (uint32_t)number;
		return 0;
	}
	if (!strcmp(name, "fault"))
		return vsp_fault_add(vsp, value, err, err_len);
	if (!strcmp(name, "on") || !strcmp(name, "before"))
		return vsp_hook_add(vsp, *name == 'b', value, err, err_len);
	if (!strcmp(name, "capture")) {
		if (vsp->capture)
			fclose(vsp->capture);
		vsp->capture = fopen(value, "w");
		if (vsp->capture)
			return 0;
		snprintf(err, err_len, "capture=%s: %s", value, strerror(errno));
		return -EINVAL;
	}
	if (!strcmp(name, "monitor_us")) {
		if (!parse_number(value, 10, 1000000, &number))
			return bad_option(err, err_len, name, value, "10 to 1000000");
		vsp->monitor_us = (uint32_t)number;
		return 0;
	}
	r = vsp_echo_option(vsp, name, value, err, err_len);
	if (r > 0)
		r = vsp_util_option(vsp, name, value, err, err_len);
	if (r <= 0)
		return r;
	r = vsp_net_option(vsp, name, value, err, err_len);
	if (r <= 0)
		return r;
	return vsp_storage_option(vsp, name, value, err, err_len);
}

/* Time ----------------------------------------------------------------------*/

void vsp_watch(struct vsp *vsp, int fd, void (*readable)(void *arg), void (*writable)(void *arg),
	       void *arg)
{
	if (vsp->transport->watch)
		vsp->transport->watch(vsp->ctx, fd, readable, writable, arg);
}

uint64_t vsp_now(struct vsp *vsp)
{
	return vsp->transport->now(vsp->ctx);
}

uint64_t vsp_reference_time(struct vsp *vsp)
{
	if (vsp->transport->reference_time)
		return vsp->transport->reference_time(vsp->ctx);
	return vsp_now(vsp) / 100;
}

static void arm(struct vsp *vsp)
{
	uint64_t when = vsp->timers ? vsp->timers->when : UINT64_MAX;

	if (when == vsp->armed)
		return;
	vsp->armed = when;
	vsp->transport->arm_timer(vsp->ctx, when);
}

static void unlink_timer(struct vsp *vsp, struct vsp_timer_event *ev)
{
	struct vsp_timer_event **link = &vsp->timers;

	while (*link != ev)
		link = &(*link)->next;
	*link = ev->next;
	ev->armed = false;
}

void vsp_timer_set(struct vsp *vsp, struct vsp_timer_event *ev, uint64_t when)
{
	struct vsp_timer_event **link = &vsp->timers;

	if (ev->armed)
		unlink_timer(vsp, ev);
	while (*link && (*link)->when <= when)
		link = &(*link)->next;
	ev->when = when;
	ev->next = *link;
	ev->armed = true;
	*link = ev;
	arm(vsp);
}

void vsp_timer_cancel(struct vsp *vsp, struct vsp_timer_event *ev)
{
	if (!ev->armed)
		return;
	unlink_timer(vsp, ev);
	arm(vsp);
}

void vsp_timer(struct vsp *vsp)
{
	uint64_t now = vsp_now(vsp);
	struct vsp_timer_event *ev;
	uint32_t due = 0;

	vsp->armed = UINT64_MAX;
	/* What the callbacks arm for "at once" waits for the next call, or we would stay here. */
	for (ev = vsp->timers; ev && ev->when <= now; ev = ev->next)
		due++;
	while (due-- && vsp->timers && vsp->timers->when <= now) {
		ev = vsp->timers;
		vsp->timers = ev->next;
		ev->armed = false;
		ev->fn(ev->arg);
	}
	vsp_run_due(vsp);
	/* The transport forgot its timer when it fired, so tell it even the same time again. */
	vsp->armed = UINT64_MAX;
	arm(vsp);
}

/* Chance: splitmix64, enough to reorder and to garble --------------------------*/

uint32_t vsp_random(struct vsp *vsp)
{
	uint64_t z = vsp->rng += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) >> 32);
}

/* Log -----------------------------------------------------------------------*/

static void log_line(struct vsp *vsp, const char *prefix, const char *fmt, va_list args)
{
	char line[512];
	size_t len = strlen(prefix);

	memcpy(line, prefix, len);
	vsnprintf(line + len, sizeof(line) - len, fmt, args);
	vsp->transport->log(vsp->ctx, line);
}

void vsp_log(struct vsp *vsp, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(vsp, "", fmt, args);
	va_end(args);
}

void vsp_violation(struct vsp *vsp, const char *fmt, ...)
{
	va_list args;

	if (++vsp->violations > MAX_PRINTED_VIOLATIONS)
		return;
	va_start(args, fmt);
	log_line(vsp, "VIOLATION: ", fmt, args);
	va_end(args);
	if (vsp->violations == MAX_PRINTED_VIOLATIONS)
		vsp_log(vsp, "further violations are counted, not printed");
}

void vsp_odd(struct vsp *vsp, uint32_t which, const char *fmt, ...)
{
	va_list args;

	if (vsp->odd_seen & which)
		return;
	vsp->odd_seen |= which;
	va_start(args, fmt);
	log_line(vsp, "odd, said once: ", fmt, args);
	va_end(args);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * hook.c - commands for when something happens, and for later
 *
 * "before open rescind scsi0" runs when the next OPEN has come, ahead of the
 * host's looking at it; "on gpadl_created@2 inject ..." after the second
 * GPADL_CREATED has left. What is to be run after something waits until the host
 * is in the middle of nothing. Several commands are separated by ';'.
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

/* Scripts start scripts; a loop among them must end. */
#define MAX_DEPTH	8u
#define MAX_ROUNDS	64u

static void say(void *ctx, const char *line)
{
	struct vsp *vsp = ctx;

	if (strcmp(line, "ok"))
		vsp_log(vsp, "script: %s", line);
}

static void run(struct vsp *vsp, const char *script)
{
	char line[512];
	size_t len;

	if (vsp->script_depth == MAX_DEPTH) {
		vsp_log(vsp, "script: '%s' not run, it is started by too many others", script);
		return;
	}
	vsp->script_depth++;
	for (;; script += len + 1) {
		len = strcspn(script, ";");
		if (len < sizeof(line)) {
			memcpy(line, script, len);
			line[len] = '\0';
			vsp_log(vsp, "script: %s", line + strspn(line, " \t"));
			vsp_command(vsp, line, say, vsp);
		}
		if (!script[len])
			break;
	}
	vsp->script_depth--;
}

/* Hooks ---------------------------------------------------------------------*/

static int refuse(char *err, size_t err_len, const char *text, const char *why)
{
	snprintf(err, err_len, "hook '%s': %s", text, why);
	return -EINVAL;
}

int vsp_hook_add(struct vsp *vsp, bool before, const char *text, char *err, size_t err_len)
{
	size_t name = strcspn(text, " \t"), what = strcspn(text, "@ \t");
	const char *script = text + name + strspn(text + name, " \t");
	struct vsp_hook *hook;
	uint32_t about, nth = 1;
	bool always = false;
	char number[16];

	if (!vsp_about(text, what, &about) || about == VSP_ABOUT_POST ||
	    about == VSP_ABOUT_INTERRUPT)
		return refuse(err, err_len, text, "nothing of that name happens");
	if (!*script)
		return refuse(err, err_len, text, "what is to be done?");
	if (what < name) {
		snprintf(number, sizeof(number), "%.*s", (int)(name - what - 1), text + what + 1);
		always = !strcmp(number, "*");
		if (!always && (!vsp_number(number, &nth) || !nth))
			return refuse(err, err_len, text, "no number above zero behind '@'");
	}
	hook = calloc(1, sizeof(*hook));
	if (hook)
		hook->script = strdup(script);
	if (!hook || !hook->script) {
		free(hook);
		return refuse(err, err_len, text, "out of memory");
	}
	hook->before = before;
	hook->always = always;
	hook->about = about;
	hook->skip = nth - 1;
	*vsp->hooks_end = hook;
	vsp->hooks_end = &hook->next;
	return 0;
}

void vsp_hook_list(struct vsp *vsp, vsp_put_line put, void *ctx)
{
	const struct vsp_hook *hook;
	const struct vsp_later *later;

	for (hook = vsp->hooks; hook; hook = hook->next)
		if (hook->always)
			vsp_put(put, ctx, "%s %s@* %s", hook->before ? "before" : "on",
				vsp_about_name(hook->about), hook->script);
		else
			vsp_put(put, ctx, "%s %s@%u %s", hook->before ? "before" : "on",
				vsp_about_name(hook->about), hook->skip + 1, hook->script);
	for (later = vsp->laters; later; later = later->next)
		vsp_put(put, ctx, "later, %u times: %s", later->left, later->script);
}

static void free_hook(struct vsp_hook *hook)
{
	free(hook->script);
	free(hook);
}

static void free_later(struct vsp_later *later)
{
	struct vsp_later **link = &later->vsp->laters;

	while (*link != later)
		link = &(*link)->next;
	*link = later->next;
	vsp_timer_cancel(later->vsp, &later->timer);
	free(later->script);
	free(later);
}

void vsp_hook_clear(struct vsp *vsp)
{
	struct vsp_hook *hook;

	while ((hook = vsp->hooks)) {
		vsp->hooks = hook->next;
		free_hook(hook);
	}
	vsp->hooks_end = &vsp->hooks;
	while ((hook = vsp->due)) {
		vsp->due = hook->next;
		free_hook(hook);
	}
	vsp->due_end = &vsp->due;
	while (vsp->laters)
		free_later(vsp->laters);
}

static bool fires(struct vsp_hook *hook, bool before, uint32_t about)
{
	if (hook->before != before || hook->about != about)
		return false;
	if (hook->always || !hook->skip)
		return true;
	hook->skip--;
	return false;
}

/* Take those that fire out of the list, or copies of those that stay. */
static struct vsp_hook *fire(struct vsp *vsp, bool before, uint32_t about)
{
	struct vsp_hook **link = &vsp->hooks, *fired = NULL, **end = &fired, *hook, *copy;

	while ((hook = *link)) {
		if (!fires(hook, before, about)) {
			link = &hook->next;
			continue;
		}
		if (hook->always) {
			link = &hook->next;
			copy = calloc(1, sizeof(*copy));
			if (!copy)
				continue;
			copy->script = strdup(hook->script);
			hook = copy;
		} else {
			*link = hook->next;
			if (!*link)
				vsp->hooks_end = link;
		}
		hook->next = NULL;
		*end = hook;
		end = &hook->next;
	}
	return fired;
}

static void run_all(struct vsp *vsp, struct vsp_hook *hook)
{
	struct vsp_hook *next;

	for (; hook; hook = next) {
		next = hook->next;
		if (hook->script)
			run(vsp, hook->script);
		free_hook(hook);
	}
}

void vsp_before(struct vsp *vsp, uint32_t about)
{
	if (vsp->hooks)
		run_all(vsp, fire(vsp, true, about));
}

void vsp_happened(struct vsp *vsp, uint32_t about)
{
	if (!vsp->hooks)
		return;
	*vsp->due_end = fire(vsp, false, about);
	while (*vsp->due_end)
		vsp->due_end = &(*vsp->due_end)->next;
}

void vsp_run_due(struct vsp *vsp)
{
	uint32_t round;

	if (vsp->script_depth)
		return;
	/* What these bring about is due at once; a ring of them has to wait for the next turn. */
	for (round = 0; vsp->due && round < MAX_ROUNDS; round++) {
		struct vsp_hook *due = vsp->due;

		vsp->due = NULL;
		vsp->due_end = &vsp->due;
		run_all(vsp, due);
	}
}

/* Later ---------------------------------------------------------------------*/

static void later_now(void *arg)
{
	struct vsp_later *later = arg;
	struct vsp *vsp = later->vsp;
	char *script;

	if (--later->left) {
		vsp_timer_set(vsp, &later->timer, vsp_now(vsp) + later->period);
		script = strdup(later->script);
	} else {
		script = later->script;
		later->script = NULL;
		free_later(later);
	}
	/* The script may forget all that is left of itself. */
	if (script)
		run(vsp, script);
	free(script);
}

static struct vsp_later *add_later(struct vsp *vsp, uint64_t delay, const char *script)
{
	struct vsp_later *later = calloc(1, sizeof(*later));

	if (!later)
		return NULL;
	later->script = strdup(script);
	if (!later->script) {
		free(later);
		return NULL;
	}
	later->vsp = vsp;
	later->left = 1;
	later->timer.fn = later_now;
	later->timer.arg = later;
	later->next = vsp->laters;
	vsp->laters = later;
	vsp_timer_set(vsp, &later->timer, vsp_now(vsp) + delay);
	return later;
}

int vsp_later(struct vsp *vsp, uint64_t delay, uint32_t count, uint64_t period,
	      const char *script)
{
	struct vsp_later *later = add_later(vsp, delay, script);

	if (!later)
		return -ENOMEM;
	later->left = count;
	later->period = period;
	return 0;
}

void vsp_put_off(struct vsp *vsp, uint64_t delay, const char *script)
{
	struct vsp_later *later = add_later(vsp, delay, script);

	if (later)
		later->owed = true;
}

static struct vsp_later *find_owed(struct vsp *vsp)
{
	struct vsp_later *later;

	for (later = vsp->laters; later; later = later->next)
		if (later->owed)
			break;
	return later;
}

void vsp_hurry(struct vsp *vsp)
{
	struct vsp_later *later;

	while ((later = find_owed(vsp)))
		later_now(later);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * shutdown.c - the host wants this machine off, restarted or hibernated
 *
 * User space is asked to go down, as if by the administrator. If it cannot even be
 * asked, a forced request ends the machine all the same, and one without force
 * leaves it up. The answer is with the host before anything begins.
 */
#include "utils.h"

#include <linux/acpi.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/moduleparam.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/umh.h>

/* Asked again after so long, user space has not gone down, and may be asked anew. */
#define GOING_DOWN	(10 * 60 * HZ)
/* Of the host's text, for the log. */
#define TEXT_SHOWN	200

static bool shutdown_allowed = true;
module_param(shutdown_allowed, bool, 0644);
MODULE_PARM_DESC(shutdown_allowed,
		 "do what the host says about power; without, it is told that we do not (default on)");

static const u32 framework[] = { IC_VERSION(3, 0), IC_VERSION(1, 0), 0 };
static const u32 message[] = {
	IC_VERSION(3, 2), IC_VERSION(3, 1), IC_VERSION(3, 0), IC_VERSION(1, 0), 0
};

/* Bits of struct shutdown.asked, beside the wire's. */
#define ASKED	BIT(31)

struct shutdown {
	struct util *u;
	struct work_struct work;
	bool can_hibernate;
	u32 pending;		/* flags of the request being answered; the callback's */
	u32 asked;		/* for the work: flags, and ASKED */
	bool going;		/* one was accepted ... */
	bool forced;		/* ... with force ... */
	unsigned long since;	/* ... in jiffies */
};

/* A host that lets its guests hibernate gives them a virtual S4. */
static bool can_hibernate(void)
{
#if defined(CONFIG_ACPI) && defined(CONFIG_HIBERNATION)
	u8 a, b;

	return ACPI_SUCCESS(acpi_get_sleep_type_data(ACPI_STATE_S4, &a, &b));
#else
	return false;
#endif
}

static bool is_known(const struct util *u, u32 flags)
{
	const struct shutdown *s = u->priv;

	switch (flags & ~HVIC_SHUTDOWN_FORCE) {
	case 0:
	case HVIC_SHUTDOWN_RESTART:
		return true;
	case HVIC_SHUTDOWN_HIBERNATE:
		return u->agreed.message >= IC_VERSION(3, 2) && s->can_hibernate;
	default:
		return false;
	}
}

/* Is what was accepted before still under way? Force may follow a request without it. */
static bool going_down(const struct shutdown *s, u32 flags)
{
	if (system_state > SYSTEM_RUNNING)
		return true;
	if (!s->going || time_after(jiffies, s->since + GOING_DOWN))
		return false;
	return s->forced || !(flags & HVIC_SHUTDOWN_FORCE);
}

static const char *word_for(u32 flags)
{
	if (flags & HVIC_SHUTDOWN_HIBERNATE)
		return "hibernation";
	return flags & HVIC_SHUTDOWN_RESTART ? "restart" : "power-off";
}

static u32 request(struct util *u, void *body, u32 len)
{
	struct shutdown *s = u->priv;
	struct hvic_shutdown *req = body;
	u32 flags, reason;
	int text_len;

	if (len < sizeof(*req))
		return HVIC_STATUS_INVALID_ARGUMENT;
	flags = le32_to_cpu(req->flags);
	reason = le32_to_cpu(req->reason);
	if (!is_known(u, flags)) {
		util_log(u, warn, "shutdown: the host asked for what we cannot do (flags %#x)\n", flags);
		return HVIC_STATUS_FAIL;
	}
	if (!READ_ONCE(shutdown_allowed)) {
		util_log(u, warn, "shutdown: the host asked for %s; this guest does not allow it\n",
			 word_for(flags));
		return HVIC_STATUS_FAIL;
	}
	if (going_down(s, flags)) {
		util_log(u, info, "shutdown: the host asked for %s; we are going down already\n",
			 word_for(flags));
		return HVIC_STATUS_FAIL;
	}
	/* Hosts say it in their own words; what is not printable must not reach the log. */
	text_len = strnlen(req->text, TEXT_SHOWN);
	util_log(u, notice, "shutdown: the host asks for %s%s, %splanned, reason %#x: \"%*pE\"\n",
		 flags & HVIC_SHUTDOWN_FORCE ? "forced " : "", word_for(flags),
		 reason & HVIC_SHUTDOWN_PLANNED ? "" : "not ", reason & ~HVIC_SHUTDOWN_PLANNED,
		 text_len, req->text);
	s->pending = flags | ASKED;
	return HVIC_STATUS_OK;
}

static void answered(struct util *u)
{
	struct shutdown *s = u->priv;

	if (!(s->pending & ASKED))
		return;
	/* To hibernate is not to go down: we will be here again. */
	s->going = !(s->pending & HVIC_SHUTDOWN_HIBERNATE);
	s->forced = s->pending & HVIC_SHUTDOWN_FORCE;
	s->since = jiffies;
	WRITE_ONCE(s->asked, s->pending);
	s->pending = 0;
	/* Not the services' own queue: what runs a program waits for memory and file systems. */
	queue_work(system_long_wq, &s->work);
}

/* The kernel's own way has no form that stays up if user space cannot be asked. */
static void restart(struct util *u, bool force)
{
	static char reboot[] = "/sbin/reboot", home[] = "HOME=/";
	static char path[] = "PATH=/sbin:/bin:/usr/sbin:/usr/bin";
	char *argv[] = { reboot, NULL }, *env[] = { home, path, NULL };
	int err;

	if (force) {
		orderly_reboot();
		return;
	}
	err = call_usermodehelper(reboot, argv, env, UMH_WAIT_EXEC);
	if (err)
		util_log(u, err, "shutdown: %s cannot be run (%d), staying up\n", reboot, err);
}

static void work(struct work_struct *work)
{
	struct shutdown *s = container_of(work, struct shutdown, work);
	static char event[] = "EVENT=hibernate";
	char *env[] = { event, NULL };
	u32 asked = READ_ONCE(s->asked);
	bool force = asked & HVIC_SHUTDOWN_FORCE;

	if (asked & HVIC_SHUTDOWN_HIBERNATE)
		/* A udev rule does the rest. */
		kobject_uevent_env(&s->u->vdev->dev.kobj, KOBJ_CHANGE, env);
	else if (asked & HVIC_SHUTDOWN_RESTART)
		restart(s->u, force);
	else
		orderly_poweroff(force);
}

static int start(struct util *u)
{
	struct shutdown *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return -ENOMEM;
	s->u = u;
	s->can_hibernate = can_hibernate();
	INIT_WORK(&s->work, work);
	u->priv = s;
	return 0;
}

static void stop(struct util *u)
{
	struct shutdown *s = u->priv;

	flush_work(&s->work);
	kfree(s);
}

static void resume(struct util *u)
{
	struct shutdown *s = u->priv;

	s->going = false;
}

const struct util_service shutdown_service = {
	.name = "shutdown",
	.type = HVIC_TYPE_SHUTDOWN,
	.versions = { framework, message },
	.start = start,
	.stop = stop,
	.request = request,
	.answered = answered,
	.resume = resume,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * vss.c - the host makes a backup; file systems stand still meanwhile, and not for longer
 *
 * The daemon freezes and thaws. If it dies, hangs or says it failed, or if the host
 * does not come back to thaw, the kernel thaws what the daemon was told to freeze; the
 * host learns then that its backup is not consistent.
 */
#include "daemon.h"
#include "supers.h"

#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/suspend.h>

/* As long as writers may be kept waiting on other systems of this host's, too. */
static unsigned int vss_frozen_max = 60;
module_param(vss_frozen_max, uint, 0644);
MODULE_PARM_DESC(vss_frozen_max,
		 "seconds file systems may stay frozen before they are thawed without the host (default 60)");

/* To write back what is dirty, before a file system can stand still, takes as long as it takes. */
static unsigned int vss_freeze_timeout = 900;
module_param(vss_freeze_timeout, uint, 0644);
MODULE_PARM_DESC(vss_freeze_timeout, "seconds the daemon has to freeze them (default 900)");

static const u32 framework[] = { IC_VERSION(3, 0), 0 };
static const u32 message[] = { IC_VERSION(5, 0), 0 };

enum vss_state {
	VSS_THAWED,
	VSS_FREEZING,		/* the daemon was told to */
	VSS_FROZEN,		/* it said that it has */
	VSS_THAWING,		/* we do, or will when what is about to be frozen is so */
};

/*
 * struct vss - the service
 * @u: whose
 * @lock: all that follows; inside the daemon's
 * @state: of the file systems
 * @stopping: nothing more is for the daemon
 * @broken: they were thawed before the host said so
 * @busy: @limit is thawing, with @supers and without the lock
 * @again: there was another reason to, meanwhile
 * @forget: once all is thawed, nobody will freeze more of @supers
 * @supers: those that were told to be frozen, or NULL
 * @limit: ends it
 * @pm: the machine goes to sleep
 * @forced: times the kernel had to thaw
 * @supers_forced: file systems it thawed then
 * @expired: times the host did not come back
 */
struct vss {
	struct util *u;
	struct mutex lock;
	enum vss_state state __guarded_by(&lock);
	bool stopping __guarded_by(&lock);
	bool broken __guarded_by(&lock);
	bool busy __guarded_by(&lock);
	bool again __guarded_by(&lock);
	bool forget __guarded_by(&lock);
	struct supers *supers __guarded_by(&lock);
	struct delayed_work limit;
	struct notifier_block pm;
	unsigned int forced __guarded_by(&lock);
	unsigned int supers_forced __guarded_by(&lock);
	unsigned int expired __guarded_by(&lock);
};

static void all_thawed(struct vss *vss)
{
	lockdep_assert_held(&vss->lock);
	vss->state = VSS_THAWED;
	if (vss->forget && vss->supers) {
		supers_drop(vss->supers);
		vss->supers = NULL;
	}
	vss->forget = false;
}

/* Have thawed what is frozen of what was noted. With @forget nobody will freeze more of it. */
static void force_thaw(struct vss *vss, bool forget)
{
	lockdep_assert_held(&vss->lock);
	vss->forget |= forget;
	vss->again = vss->busy;
	if (!vss->busy && (!vss->supers || !supers_are_frozen(vss->supers))) {
		all_thawed(vss);
		return;
	}
	vss->state = VSS_THAWING;
	/* The holders of locks answer the host, and must not wait for disks. */
	if (!vss->busy)
		mod_delayed_work(utils_wq, &vss->limit, 0);
}

/* Only this thaws, and nobody else takes the list away meanwhile. */
static void thaw_noted(struct vss *vss)
{
	struct supers *supers;
	unsigned int thawed;
	bool frozen;

	mutex_lock(&vss->lock);
	supers = vss->state == VSS_THAWING ? vss->supers : NULL;
	vss->busy = supers;
	mutex_unlock(&vss->lock);
	if (!supers)
		return;
	thawed = supers_thaw(supers, &frozen);

	mutex_lock(&vss->lock);
	vss->busy = false;
	if (thawed) {
		vss->forced++;
		vss->supers_forced += thawed;
		util_log(vss->u, warn, "vss: thawed %u file systems that were left frozen\n", thawed);
	}
	if (vss->again || frozen)
		mod_delayed_work(utils_wq, &vss->limit, frozen ? HZ : 0);
	else
		all_thawed(vss);
	vss->again = false;
	mutex_unlock(&vss->lock);
}

/* The host was silent for too long; or there is to be thawed. */
static void limit(struct work_struct *work)
{
	struct vss *vss = container_of(work, struct vss, limit.work);
	bool tell = false;

	mutex_lock(&vss->lock);
	if (vss->state == VSS_FROZEN) {
		vss->expired++;
		vss->broken = true;
		vss->forget = true;
		vss->state = VSS_THAWING;
		util_log(vss->u, warn, "vss: the host does not come back to thaw; thawing\n");
		tell = !vss->stopping;
	}
	mutex_unlock(&vss->lock);
	thaw_noted(vss);
	/* It may know of file systems that we do not. */
	if (tell)
		daemon_tell(vss->u);
}

static int hello(struct util *u, const void *msg, void *to)
{
	const struct hvdaemon_vss *from = msg;
	u32 version = from->op;

	if (version == HVDAEMON_VSS_REGISTER_OLD)
		return 0;
	if (version != HVDAEMON_VSS_REGISTER)
		return -EINVAL;
	memcpy(to, &version, sizeof(version));
	return sizeof(version);
}

static u32 tell(struct hvdaemon_vss *to, u8 op, u32 flags, u32 *to_len)
{
	memset(to, 0, sizeof(*to));
	to->op = op;
	to->flags = flags;
	*to_len = sizeof(*to);
	return HVIC_STATUS_OK;
}

static u32 ask(struct util *u, struct util_request *req, void *to, u32 *to_len)
{
	struct vss *vss = u->priv;
	struct hvic_vss *body = req->body;
	enum vss_state state;
	bool broken;

	if (req->own)
		return tell(to, HVIC_VSS_THAW, 0, to_len);
	if (req->body_len < sizeof(*body))
		return HVIC_STATUS_INVALID_ARGUMENT;
	mutex_lock(&vss->lock);
	state = vss->state;
	broken = vss->broken;
	mutex_unlock(&vss->lock);
	switch (body->op) {
	case HVIC_VSS_FREEZE:
		/* Frozen is frozen: whose thaw would it be? */
		if (state != VSS_THAWED)
			return HVIC_STATUS_FAIL;
		return tell(to, body->op, le32_to_cpu(body->flags), to_len);
	case HVIC_VSS_THAW:
		/* Also if we know of nothing frozen: this module may have been loaded since. */
		tell(to, body->op, le32_to_cpu(body->flags), to_len);
		return broken ? HVIC_STATUS_FAIL : HVIC_STATUS_OK;
	case HVIC_VSS_HOT_BACKUP:
		return tell(to, body->op, le32_to_cpu(body->flags), to_len);
	case HVIC_VSS_GET_DM_INFO:
		body->flags = 0;
		return HVIC_STATUS_OK;
	case HVIC_VSS_CREATE:
	case HVIC_VSS_DELETE:
	case HVIC_VSS_BU_COMPLETE:
	case HVIC_VSS_AUTO_RECOVER:
		return HVIC_STATUS_OK;
	default:
		return HVIC_STATUS_NOT_SUPPORTED;
	}
}

static u8 op_of(const struct util_request *req)
{
	const struct hvic_vss *body = req->body;

	return req->own ? HVIC_VSS_THAW : body->op;
}

static bool wants_prepared(const void *sent)
{
	const struct hvdaemon_vss *to = sent;

	return to->op == HVIC_VSS_FREEZE;
}

/* A mount below another that does not answer: only the daemon waits for that. */
static void *prepare(void)
{
	struct supers *supers = kzalloc(sizeof(*supers), GFP_KERNEL);

	/* What is not known to be frozen nobody would thaw: then the daemon is not told to. */
	if (supers && supers_note(supers)) {
		supers_drop(supers);
		return NULL;
	}
	return supers;
}

static void discard(void *prepared)
{
	supers_drop(prepared);
}

/* Of the list before it nothing is frozen, or the host could not ask for this. */
static void reading(struct util *u, const struct util_request *req, void **prepared)
{
	struct supers *list = *prepared;
	struct vss *vss = u->priv;

	mutex_lock(&vss->lock);
	*prepared = vss->supers;
	vss->supers = list;
	vss->broken = false;
	vss->state = VSS_FREEZING;
	mutex_unlock(&vss->lock);
}

static u32 reply(struct util *u, struct util_request *req, const void *sent, const void *msg)
{
	const struct hvdaemon_vss *from = msg;
	struct hvic_vss *body = req->body;
	struct vss *vss = u->priv;
	u32 error = from->error;

	if (error && !(error & 0x80000000u))
		error = HVIC_STATUS_FAIL;
	mutex_lock(&vss->lock);
	switch (op_of(req)) {
	case HVIC_VSS_FREEZE:
		if (error) {
			force_thaw(vss, true);
		} else {
			vss->state = VSS_FROZEN;
			mod_delayed_work(utils_wq, &vss->limit, READ_ONCE(vss_frozen_max) * HZ);
		}
		break;
	case HVIC_VSS_THAW:
		cancel_delayed_work(&vss->limit);
		force_thaw(vss, true);
		vss->broken = vss->broken && req->own;
		break;
	case HVIC_VSS_HOT_BACKUP:
		if (!error)
			body->flags = cpu_to_le32(HVIC_VSS_HBU_NO_AUTO_RECOVERY);
		break;
	}
	mutex_unlock(&vss->lock);
	return error;
}

static void lost(struct util *u, bool alive)
{
	struct vss *vss = u->priv;
	bool was_freezing;

	mutex_lock(&vss->lock);
	was_freezing = vss->state == VSS_FREEZING;
	if (vss->state == VSS_FROZEN)
		vss->broken = true;
	cancel_delayed_work(&vss->limit);
	/* One that is slow may freeze more; then it goes, or is told to thaw, and we look again. */
	force_thaw(vss, !alive || !was_freezing);
	mutex_unlock(&vss->lock);
	if (alive && was_freezing)
		daemon_tell(u);
}

static unsigned int seconds(struct util *u, const struct util_request *req)
{
	return op_of(req) == HVIC_VSS_FREEZE ? READ_ONCE(vss_freeze_timeout) :
					       daemon_seconds(u, req);
}

static const struct daemon_ops daemon_ops = {
	.node = "vmbus/hv_vss",
	.most = sizeof(struct hvdaemon_vss),
	.least = sizeof(struct hvdaemon_vss),
	.exact = true,
	.hello = hello,
	.ask = ask,
	.wants_prepared = wants_prepared,
	.prepare = prepare,
	.reading = reading,
	.discard = discard,
	.reply = reply,
	.lost = lost,
	.seconds = seconds,
};

/* Asleep, nobody thaws; and while devices go to sleep nobody can. */
static int before_sleep(struct notifier_block *nb, unsigned long what, void *unused)
{
	struct vss *vss = container_of(nb, struct vss, pm);
	bool thawing;

	if (what != PM_SUSPEND_PREPARE && what != PM_HIBERNATION_PREPARE &&
	    what != PM_RESTORE_PREPARE)
		return NOTIFY_DONE;
	mutex_lock(&vss->lock);
	if (vss->state == VSS_FROZEN) {
		vss->broken = true;
		cancel_delayed_work(&vss->limit);
		force_thaw(vss, true);
	}
	thawing = vss->state == VSS_THAWING;
	mutex_unlock(&vss->lock);
	if (thawing)
		flush_delayed_work(&vss->limit);
	return NOTIFY_DONE;
}

static int start(struct util *u)
{
	struct vss *vss = kzalloc(sizeof(*vss), GFP_KERNEL);
	int err;

	if (!vss)
		return -ENOMEM;
	vss->u = u;
	mutex_init(&vss->lock);
	INIT_DELAYED_WORK(&vss->limit, limit);
	u->priv = vss;
	vss->pm.notifier_call = before_sleep;
	err = register_pm_notifier(&vss->pm);
	if (err)
		goto err_free;
	err = daemon_start(u, &daemon_ops);
	if (!err)
		return 0;
	unregister_pm_notifier(&vss->pm);
err_free:
	kfree(vss);
	return err;
}

static void stop(struct util *u)
{
	struct vss *vss = u->priv;

	unregister_pm_notifier(&vss->pm);
	mutex_lock(&vss->lock);
	vss->stopping = true;
	mutex_unlock(&vss->lock);
	/* One that did not see this may be telling the daemon something. */
	cancel_delayed_work_sync(&vss->limit);
	daemon_stop(u);
	flush_delayed_work(&vss->limit);
	/* What is being frozen at this moment is left to the daemon, who may be at it. */
	cancel_delayed_work_sync(&vss->limit);
	if (vss->supers)
		supers_drop(vss->supers);
	kfree(vss);
}

/* To thaw is to write, and disks sleep already: what was frozen since is thawed after. */
static void suspend(struct util *u)
{
	daemon_suspend(u);
}

static void show(struct util *u, struct seq_file *file)
{
	static const char * const states[] = {
		[VSS_THAWED] = "thawed", [VSS_FREEZING] = "freezing", [VSS_FROZEN] = "frozen",
		[VSS_THAWING] = "thawing",
	};
	struct vss *vss = u->priv;

	daemon_show(u, file);
	mutex_lock(&vss->lock);
	seq_printf(file, "state %s\nnoted %u\nmissed %u\nforced_thaws %u\nthawed_supers %u\nexpired %u\n",
		   states[vss->state], vss->supers ? vss->supers->count : 0,
		   vss->supers ? vss->supers->missed : 0, vss->forced, vss->supers_forced,
		   vss->expired);
	mutex_unlock(&vss->lock);
}

const struct util_service vss_service = {
	.name = "vss",
	.type = HVIC_TYPE_VSS,
	.versions = { framework, message },
	.start = start,
	.stop = stop,
	.request = daemon_request,
	.take = daemon_take,
	.suspend = suspend,
	.resume = daemon_resume,
	.show = show,
};

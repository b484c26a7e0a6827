// SPDX-License-Identifier: GPL-2.0
/*
 * daemon.c - the character device a user-space daemon reads
 *
 * What the daemon sees is older than this driver and must not change: one whole
 * message per read and write, one opener, EINVAL for a reply nobody waits for, after
 * which the daemon opens the device anew.
 *
 * Requests wait in a queue; one is with the daemon. There are three clocks. A request
 * waits for a daemon only during a grace of some seconds after the start, or after a
 * daemon went: it is being started, or restarted. A daemon has so long for a reply.
 * And one that was too late for a reply gets no further request until it has shown
 * itself again: its late reply would be taken for that of the next.
 */
#include "daemon.h"

#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/miscdevice.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

/* Hosts ask for one thing at a time; some, when they lose patience, for another. */
#define QUEUE_MAX	8

static unsigned int daemon_grace = 30;
module_param(daemon_grace, uint, 0644);
MODULE_PARM_DESC(daemon_grace,
		 "seconds a request waits for a daemon after the start, or after one went (default 30)");

static unsigned int daemon_timeout = 30;
module_param(daemon_timeout, uint, 0644);
MODULE_PARM_DESC(daemon_timeout, "seconds a daemon has for a reply (default 30)");

enum daemon_state {
	DAEMON_ABSENT,
	DAEMON_SILENT,		/* has the device open, and has not said hello */
	DAEMON_GREETED,		/* has not read our answer to it */
	DAEMON_READY,
	DAEMON_LATE,		/* owes a reply nobody waits for any more */
};

/*
 * struct util_daemon - the device, and the conversation
 * @u: service; valid while not @gone
 * @ops: what to say
 * @misc: the device
 * @refs: one for the service, one for whoever has it open
 * @lock: all that follows; may sleep
 * @gone: the service has stopped
 * @state: of the daemon
 * @grace_until: jiffies
 * @current_req: with the daemon, or about to be read by it
 * @serial: of @current_req
 * @status: of its answer, if a failure
 * @deadline: of the reply, jiffies
 * @out_len: bytes to be read
 * @sent: what was last to be read; kept until its reply
 * @in: what is being written
 * @wait: for something to read
 * @queue_lock: @queue and @queued; softirq takes it, too
 * @queue: requests not yet looked at
 * @queued: how many
 * @work: looks at them, and at the clocks
 */
struct util_daemon {
	struct util *u;
	const struct daemon_ops *ops;
	struct miscdevice misc;
	struct kref refs;
	struct mutex lock;
	bool gone __guarded_by(&lock);
	enum daemon_state state __guarded_by(&lock);
	unsigned long grace_until __guarded_by(&lock);
	struct util_request *current_req __guarded_by(&lock);
	u32 serial __guarded_by(&lock);
	u32 status __guarded_by(&lock);
	unsigned long deadline __guarded_by(&lock);
	u32 out_len __guarded_by(&lock);
	void *sent __guarded_by(&lock);
	void *in __guarded_by(&lock);
	wait_queue_head_t wait;
	spinlock_t queue_lock;
	struct list_head queue __guarded_by(&queue_lock);
	unsigned int queued __guarded_by(&queue_lock);
	struct delayed_work work;
};

static void release_daemon(struct kref *refs)
{
	struct util_daemon *d = container_of(refs, struct util_daemon, refs);

	kfree(d->sent);
	kfree(d->in);
	kfree(d);
}

unsigned int daemon_seconds(struct util *u, const struct util_request *req)
{
	return READ_ONCE(daemon_timeout);
}

/* The queue ---------------------------------------------------------------------------*/

void daemon_take(struct util *u, struct util_request *req)
{
	struct util_daemon *d = u->daemon;
	unsigned long irq;
	bool room;

	spin_lock_irqsave(&d->queue_lock, irq);
	room = d->queued < QUEUE_MAX || req->own;
	if (room) {
		list_add_tail(&req->node, &d->queue);
		d->queued++;
	}
	spin_unlock_irqrestore(&d->queue_lock, irq);
	if (room) {
		mod_delayed_work(utils_wq, &d->work, 0);
		return;
	}
	util_count(u, UTIL_CROWDED);
	util_answer(u, req, HVIC_STATUS_FAIL);
}

static struct util_request *first(struct util_daemon *d)
{
	struct util_request *req;
	unsigned long irq;

	spin_lock_irqsave(&d->queue_lock, irq);
	req = list_first_entry_or_null(&d->queue, struct util_request, node);
	spin_unlock_irqrestore(&d->queue_lock, irq);
	return req;
}

/* Only the holder of d->lock takes requests out, so the first one stays. */
static void unqueue(struct util_daemon *d, struct util_request *req)
{
	unsigned long irq;

	spin_lock_irqsave(&d->queue_lock, irq);
	list_del(&req->node);
	d->queued--;
	spin_unlock_irqrestore(&d->queue_lock, irq);
}

static void requeue(struct util_daemon *d, struct util_request *req)
{
	unsigned long irq;

	spin_lock_irqsave(&d->queue_lock, irq);
	list_add(&req->node, &d->queue);
	d->queued++;
	spin_unlock_irqrestore(&d->queue_lock, irq);
}

static struct util_request *own_request(void)
{
	struct util_request *req = kzalloc(struct_size(req, packet, 0), GFP_NOIO);

	if (req)
		req->own = true;
	return req;
}

void daemon_tell(struct util *u)
{
	struct util_request *req = own_request();

	if (req)
		daemon_take(u, req);
}

bool daemon_tell_first(struct util *u)
{
	struct util_request *req = own_request();

	if (req)
		requeue(u->daemon, req);
	return req;
}

static void wake_at(struct util_daemon *d, unsigned long when)
{
	long left = (long)(when - jiffies);

	mod_delayed_work(utils_wq, &d->work, left > 0 ? left + 1 : 1);
}

static void start_grace(struct util_daemon *d)
{
	lockdep_assert_held(&d->lock);
	d->grace_until = jiffies + READ_ONCE(daemon_grace) * HZ;
}

/* What is to be read, and maybe waits to be replied to, is nobody's any more. */
static void take_back(struct util_daemon *d)
{
	lockdep_assert_held(&d->lock);
	d->out_len = 0;
	d->current_req = NULL;
}

/* The request with the daemon has had its time. */
static void give_up(struct util_daemon *d)
{
	struct util_request *req = d->current_req;
	bool unread = d->out_len;

	util_count(d->u, UTIL_DAEMON_SLOW);
	util_log(d->u, warn, "%s: the daemon did not %s a request in time\n", d->u->service->name,
		 unread ? "read" : "reply to");
	take_back(d);
	/* One that did not even read owes nothing; but it will have to read the next in time. */
	if (!unread)
		d->state = DAEMON_LATE;
	if (d->ops->lost)
		d->ops->lost(d->u, true);
	util_answer(d->u, req, HVIC_STATUS_FAIL);
}

/* One request: to the daemon, answered, or left in the queue. True if the next can be looked at. */
static bool look_at(struct util_daemon *d, struct util_request *req)
{
	u32 len = 0, status = HVIC_STATUS_FAIL;

	/* Where messages are made lies the answer to its hello, until the daemon has read it. */
	if (d->state != DAEMON_GREETED) {
		status = d->ops->ask(d->u, req, d->sent, &len);
		/* Something of the kernel's own stands before it now. */
		if (status == UTIL_LATER)
			return true;
		if (!len) {
			unqueue(d, req);
			if (status != HVIC_STATUS_OK)
				util_count(d->u, UTIL_REFUSED);
			util_answer(d->u, req, status);
			return true;
		}
	}
	if (d->state == DAEMON_READY) {
		unqueue(d, req);
		d->current_req = req;
		d->serial++;
		d->status = status;
		d->out_len = len;
		d->deadline = jiffies + d->ops->seconds(d->u, req) * HZ;
		wake_at(d, d->deadline);
		wake_up_interruptible(&d->wait);
		return false;
	}
	if (time_before(jiffies, d->grace_until)) {
		wake_at(d, d->grace_until);
		return false;
	}
	unqueue(d, req);
	util_count(d->u, UTIL_NO_DAEMON);
	util_log(d->u, warn, "%s: no daemon for a request of the host's\n", d->u->service->name);
	util_answer(d->u, req, HVIC_STATUS_FAIL);
	return true;
}

static void look(struct util_daemon *d)
{
	struct util_request *req;

	lockdep_assert_held(&d->lock);
	if (d->gone)
		return;
	if (d->current_req) {
		if (time_before(jiffies, d->deadline)) {
			wake_at(d, d->deadline);
			return;
		}
		give_up(d);
	}
	while ((req = first(d)))
		if (!look_at(d, req))
			return;
}

static void work(struct work_struct *work)
{
	struct util_daemon *d = container_of(work, struct util_daemon, work.work);

	mutex_lock(&d->lock);
	look(d);
	mutex_unlock(&d->lock);
}

/* The device -----------------------------------------------------------------------------*/

static int dev_open(struct inode *inode, struct file *file)
{
	/* The misc device is there: its deregistration waits for opens. */
	struct util_daemon *d = container_of(file->private_data, struct util_daemon, misc);
	int err = 0;

	mutex_lock(&d->lock);
	if (d->gone)
		err = -EBADF;
	else if (d->state != DAEMON_ABSENT)
		err = -EBUSY;
	else
		d->state = DAEMON_SILENT;
	if (!err) {
		kref_get(&d->refs);
		file->private_data = d;
	}
	mutex_unlock(&d->lock);
	return err;
}

/* The daemon went: what it had read it will not reply to; what it had not, another may have. */
static int dev_release(struct inode *inode, struct file *file)
{
	struct util_daemon *d = file->private_data;
	struct util_request *req;
	bool unread;

	mutex_lock(&d->lock);
	req = d->current_req;
	unread = d->out_len;
	take_back(d);
	d->state = DAEMON_ABSENT;
	if (!d->gone) {
		start_grace(d);
		if (d->ops->lost)
			d->ops->lost(d->u, false);
		if (req && unread) {
			requeue(d, req);
		} else if (req) {
			util_count(d->u, UTIL_DAEMON_DIED);
			util_log(d->u, warn, "%s: the daemon went without a reply\n",
				 d->u->service->name);
			util_answer(d->u, req, HVIC_STATUS_FAIL);
		}
		mod_delayed_work(utils_wq, &d->work, 0);
	}
	mutex_unlock(&d->lock);
	kref_put(&d->refs, release_daemon);
	return 0;
}

/*
 * struct preparation - what is found out for a message, while nobody holds the lock
 * @serial: of the request whose message it is
 * @found: or NULL
 */
struct preparation {
	u32 serial;
	void *found;
};

static bool is_to_be_prepared(const struct util_daemon *d)
{
	lockdep_assert_held(&d->lock);
	return !d->gone && d->out_len && d->current_req && d->ops->wants_prepared &&
	       d->ops->wants_prepared(d->sent);
}

/* Whatever stands still here is what the daemon would stand at; the request has its bound. */
static int prepare(struct util_daemon *d, struct preparation *p)
{
	bool wanted;

	*p = (struct preparation){ 0 };
	mutex_lock(&d->lock);
	wanted = is_to_be_prepared(d);
	p->serial = d->serial;
	mutex_unlock(&d->lock);
	if (!wanted)
		return 0;
	p->found = d->ops->prepare();
	return p->found ? 0 : -ENOMEM;
}

static ssize_t give(struct util_daemon *d, struct preparation *p, char __user *to,
		    size_t room)
{
	u32 len = d->out_len;

	lockdep_assert_held(&d->lock);
	if (d->gone)
		return -EBADF;
	if (!len)
		return -EAGAIN;
	if (room < len)
		return -EINVAL;
	if (is_to_be_prepared(d)) {
		/* Another message than the one we saw. */
		if (!p->found || p->serial != d->serial)
			return -EAGAIN;
		d->ops->reading(d->u, d->current_req, &p->found);
	}
	if (copy_to_user(to, d->sent, len))
		return -EFAULT;
	d->out_len = 0;
	if (d->state == DAEMON_GREETED) {
		d->state = DAEMON_READY;
		mod_delayed_work(utils_wq, &d->work, 0);
	}
	return len;
}

static ssize_t dev_read(struct file *file, char __user *to, size_t room, loff_t *pos)
{
	struct util_daemon *d = file->private_data;
	bool waits = !(file->f_flags & O_NONBLOCK);
	struct preparation p;
	ssize_t ret;

	do {
		if (waits && wait_event_interruptible(d->wait, READ_ONCE(d->out_len) ||
								READ_ONCE(d->gone)))
			return -EINTR;
		ret = prepare(d, &p);
		if (ret)
			return ret;
		mutex_lock(&d->lock);
		ret = give(d, &p, to, room);
		mutex_unlock(&d->lock);
		if (p.found)
			d->ops->discard(p.found);
	} while (waits && ret == -EAGAIN);
	return ret;
}

static ssize_t hello(struct util_daemon *d)
{
	int len = d->ops->hello(d->u, d->in, d->sent);

	if (len < 0) {
		util_count(d->u, UTIL_DAEMON_ODD);
		return len;
	}
	d->out_len = len;
	d->state = len ? DAEMON_GREETED : DAEMON_READY;
	/* Time enough to read it, should there be requests already. */
	start_grace(d);
	mod_delayed_work(utils_wq, &d->work, 0);
	wake_up_interruptible(&d->wait);
	return 0;
}

static ssize_t reply(struct util_daemon *d)
{
	struct util_request *req = d->current_req;
	u32 status;

	/* Nothing asked, or not read yet: it answers something we know nothing of. */
	if (!req || d->out_len) {
		util_count(d->u, UTIL_DAEMON_ODD);
		if (d->state == DAEMON_LATE) {
			d->state = DAEMON_READY;
			mod_delayed_work(utils_wq, &d->work, 0);
		}
		return -EINVAL;
	}
	status = d->ops->reply(d->u, req, d->sent, d->in);
	if (status != HVIC_STATUS_OK && status != HVIC_STATUS_NO_MORE_ITEMS)
		util_count(d->u, UTIL_DAEMON_FAILED);
	take_back(d);
	util_answer(d->u, req, d->status != HVIC_STATUS_OK ? d->status : status);
	look(d);
	return 0;
}

static ssize_t dev_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct util_daemon *d = file->private_data;
	ssize_t ret = -EBADF;

	if (len < d->ops->least || (d->ops->exact && len != d->ops->least))
		return -EINVAL;
	mutex_lock(&d->lock);
	if (d->gone)
		goto out;
	ret = -EFAULT;
	if (copy_from_user(d->in, from, d->ops->least))
		goto out;
	ret = d->state == DAEMON_SILENT ? hello(d) : reply(d);
out:
	mutex_unlock(&d->lock);
	return ret ?: (ssize_t)len;
}

static __poll_t dev_poll(struct file *file, poll_table *table)
{
	struct util_daemon *d = file->private_data;

	poll_wait(file, &d->wait, table);
	if (READ_ONCE(d->gone))
		return EPOLLERR | EPOLLHUP;
	return READ_ONCE(d->out_len) ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = dev_open,
	.release = dev_release,
	.read = dev_read,
	.write = dev_write,
	.poll = dev_poll,
	.llseek = noop_llseek,
};

/* The service ------------------------------------------------------------------------------*/

int daemon_start(struct util *u, const struct daemon_ops *ops)
{
	struct util_daemon *d = kzalloc(sizeof(*d), GFP_KERNEL);
	int err = -ENOMEM;

	if (!d)
		return -ENOMEM;
	d->u = u;
	d->ops = ops;
	kref_init(&d->refs);
	mutex_init(&d->lock);
	init_waitqueue_head(&d->wait);
	spin_lock_init(&d->queue_lock);
	INIT_LIST_HEAD(&d->queue);
	INIT_DELAYED_WORK(&d->work, work);
	d->grace_until = jiffies + READ_ONCE(daemon_grace) * HZ;
	d->sent = kzalloc(ops->most, GFP_KERNEL);
	d->in = kzalloc(ops->least, GFP_KERNEL);
	if (!d->sent || !d->in)
		goto err_put;
	u->daemon = d;
	d->misc = (struct miscdevice){
		.minor = MISC_DYNAMIC_MINOR,
		.name = ops->node,
		.fops = &dev_fops,
		.mode = 0600,
	};
	err = misc_register(&d->misc);
	if (err)
		goto err_put;
	return 0;

err_put:
	u->daemon = NULL;
	kref_put(&d->refs, release_daemon);
	return err;
}

/* Nobody asks any more and nobody can be answered; what is left is freed. */
static void drop_all(struct util_daemon *d)
{
	struct util_request *req;

	lockdep_assert_held(&d->lock);
	req = d->current_req;
	if (req) {
		if (!d->out_len)
			d->state = DAEMON_LATE;
		take_back(d);
		util_answer(d->u, req, HVIC_STATUS_FAIL);
	}
	while ((req = first(d))) {
		unqueue(d, req);
		util_answer(d->u, req, HVIC_STATUS_FAIL);
	}
}

void daemon_stop(struct util *u)
{
	struct util_daemon *d = u->daemon;

	misc_deregister(&d->misc);
	mutex_lock(&d->lock);
	if (d->ops->lost)
		d->ops->lost(u, false);
	drop_all(d);
	WRITE_ONCE(d->gone, true);
	mutex_unlock(&d->lock);
	wake_up_interruptible(&d->wait);
	cancel_delayed_work_sync(&d->work);
	kref_put(&d->refs, release_daemon);
}

void daemon_suspend(struct util *u)
{
	struct util_daemon *d = u->daemon;

	cancel_delayed_work_sync(&d->work);
	mutex_lock(&d->lock);
	if (d->ops->lost)
		d->ops->lost(u, true);
	drop_all(d);
	mutex_unlock(&d->lock);
}

void daemon_resume(struct util *u)
{
	struct util_daemon *d = u->daemon;

	mutex_lock(&d->lock);
	start_grace(d);
	mutex_unlock(&d->lock);
}

void daemon_show(struct util *u, struct seq_file *file)
{
	static const char * const states[] = {
		[DAEMON_ABSENT] = "absent", [DAEMON_SILENT] = "silent",
		[DAEMON_GREETED] = "greeted", [DAEMON_READY] = "ready", [DAEMON_LATE] = "late",
	};
	struct util_daemon *d = u->daemon;

	mutex_lock(&d->lock);
	seq_printf(file, "daemon %s\nbusy %d\nwaiting %u\n", states[d->state], !!d->current_req,
		   READ_ONCE(d->queued));
	mutex_unlock(&d->lock);
}

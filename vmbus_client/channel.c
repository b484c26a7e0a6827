// SPDX-License-Identifier: GPL-2.0
/*
 * channel.c - the channel object: create, open, close, rescind, sub-channels, lifetime
 *
 * Who may hold a channel: the lists (until it is retired), the device of a
 * primary (until its last put), a driver that got a sub-channel, and an
 * interrupt that found it by relid, inside an RCU read section. Retiring
 * unlinks it from the relid table first and tells the host last, because the
 * host may give the relid to another channel at once.
 *
 * Offers and rescinds come from the connection's ordered queue and only create,
 * mark and unlink. Drivers run from dev_work, which looks at the state and does
 * what is due, so that nobody waits for anybody else's callback.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "channel.h"

#include "buf.h"
#include "bus.h"
#include "synic.h"
#include "sysfs.h"
#include "trace.h"

#include <linux/err.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

static struct vmbus_conn *conn;
static struct workqueue_struct *dev_wq;		/* runs drivers' probe and remove */
static struct workqueue_struct *gone_wq;	/* ends lost channels' I/O: reclaim waits for it */
static LIST_HEAD(primaries);			/* conn->mutex */
static struct vmbus_chan __rcu *by_relid[VMBUS_RELID_MAX + 1];	/* conn->mutex to write */
static bool leaving;				/* no new channel is taken; conn->mutex */
static atomic_t open_ids;
static atomic_t alive;				/* channel objects, referenced by whomever */
static DECLARE_WAIT_QUEUE_HEAD(none_alive);

/* State ------------------------------------------------------------------------*/

enum chan_state vmbus_chan_state(struct vmbus_chan *chan)
{
	return READ_ONCE(chan->state);
}

enum chan_state vmbus_chan_set_state(struct vmbus_chan *chan, enum chan_event event)
{
	enum chan_state from;
	unsigned long flags;
	int to;

	spin_lock_irqsave(&chan->lock, flags);
	from = chan->state;
	to = chan_state_next(from, event);
	if (to != CHAN_ILLEGAL)
		WRITE_ONCE(chan->state, to);
	spin_unlock_irqrestore(&chan->lock, flags);

	trace_vmbus_chan_state(chan->offer.relid, chan_state_name(from), chan_state_name(to),
			       chan_event_name(event));
	if (to == CHAN_ILLEGAL) {
		pr_err_once("channel %u: %s while %s, ignored; please report this\n",
			    chan->offer.relid, chan_event_name(event), chan_state_name(from));
		return from;
	}
	wake_up_all(&chan->wq);
	return to;
}

/* Nothing more will come on this channel, and sending is over. */
static bool lost(const struct vmbus_chan *chan)
{
	enum chan_state state = READ_ONCE(chan->state);

	return state == CHAN_BROKEN || state == CHAN_RESCINDED;
}

bool vmbus_chan_gone(const struct vmbus_chan *chan)
{
	return lost(chan) || READ_ONCE(chan->state) == CHAN_RELEASED || READ_ONCE(chan->broke);
}
EXPORT_SYMBOL_GPL(vmbus_chan_gone);

u32 vmbus_chan_relid(const struct vmbus_chan *chan)
{
	return chan->offer.relid;
}
EXPORT_SYMBOL_GPL(vmbus_chan_relid);

int vmbus_chan_cpu(const struct vmbus_chan *chan)
{
	return READ_ONCE(chan->place.cpu);
}
EXPORT_SYMBOL_GPL(vmbus_chan_cpu);

/* Lifetime ---------------------------------------------------------------------*/

static void release(struct kref *ref)
{
	struct vmbus_chan *chan = container_of(ref, struct vmbus_chan, ref);

	io_free(chan);
	if (chan->primary)
		vmbus_chan_put(chan->primary);
	kfree_rcu(chan, rcu);
	if (atomic_dec_and_test(&alive))
		wake_up_all(&none_alive);
}

void vmbus_chan_put(struct vmbus_chan *chan)
{
	kref_put(&chan->ref, release);
}
EXPORT_SYMBOL_GPL(vmbus_chan_put);

static void gone_work(struct work_struct *work);
static void dev_work(struct work_struct *work);

/* A queued work item holds a reference; whoever finds it queued already drops his. */
static void queue_with_ref(struct vmbus_chan *chan, struct workqueue_struct *wq,
			   struct work_struct *work)
{
	kref_get(&chan->ref);
	if (!queue_work(wq, work))
		vmbus_chan_put(chan);
}

void vmbus_chan_queue_gone(struct vmbus_chan *chan)
{
	queue_with_ref(chan, gone_wq, &chan->gone_work);
}

static void queue_dev(struct vmbus_chan *chan)
{
	queue_with_ref(chan, dev_wq, &chan->dev_work);
}

static struct vmbus_chan *alloc_chan(const struct msg_offer *offer)
{
	/* A rescind that ends somebody's I/O may wait behind this offer. */
	struct vmbus_chan *chan = kzalloc(sizeof(*chan), GFP_NOIO);

	if (!chan)
		return NULL;
	atomic_inc(&alive);
	kref_init(&chan->ref);
	chan->conn = conn;
	chan->offer = *offer;
	INIT_LIST_HEAD(&chan->node);
	INIT_LIST_HEAD(&chan->subs);
	INIT_WORK(&chan->dev_work, dev_work);
	INIT_WORK(&chan->gone_work, gone_work);
	spin_lock_init(&chan->lock);
	init_waitqueue_head(&chan->wq);
	mutex_init(&chan->open_mutex);
	chan->state = CHAN_OFFERED;
	cpus_init_place(chan);
	io_init(chan);
	return chan;
}

/* CLOSE or RELID_RELEASED: the host answers neither. */
static void post_relid(u32 type, u32 relid)
{
	struct vmbus_msg_close msg;

	vmbus_conn_post(conn, &msg, msg_put_relid(&msg, type, relid));
}

/*
 * The host gets its relid back. Nobody finds the channel by relid any more when
 * the message is posted; whoever still holds a reference sees it RELEASED.
 */
static void retire(struct vmbus_chan *chan)
{
	bool listed, has_relid = false;

	mutex_lock(&conn->mutex);
	listed = chan->listed;
	chan->listed = false;
	if (listed) {
		/* One that slept has no relid; what was its may be another's now. */
		has_relid = rcu_access_pointer(by_relid[chan->offer.relid]) == chan;
		if (has_relid)
			RCU_INIT_POINTER(by_relid[chan->offer.relid], NULL);
		list_del_init(&chan->node);
	}
	mutex_unlock(&conn->mutex);
	if (!listed)
		return;

	vmbus_chan_set_state(chan, CHAN_EV_RELEASE);
	/* On the way out UNLOAD says the same for all of them. */
	if (has_relid && !READ_ONCE(leaving))
		post_relid(VMBUS_MSG_RELID_RELEASED, chan->offer.relid);
	vmbus_chan_put(chan);
}

/* The channel with this relid, with a reference; or NULL. */
static struct vmbus_chan *get_by_relid(u32 relid)
{
	struct vmbus_chan *chan;

	mutex_lock(&conn->mutex);
	chan = rcu_dereference_protected(by_relid[relid], lockdep_is_held(&conn->mutex));
	if (chan)
		kref_get(&chan->ref);
	mutex_unlock(&conn->mutex);
	return chan;
}

/* Offers -----------------------------------------------------------------------*/

/* The instance alone: it names the device in sysfs, whatever class the host says it has. */
static bool same_device(const struct vmbus_chan *chan, const struct msg_offer *offer)
{
	return !memcmp(&chan->offer.instance_id, &offer->instance_id, sizeof(struct wire_guid));
}

/* The live primary of a device. */
static struct vmbus_chan *find_primary(const struct msg_offer *offer)
{
	struct vmbus_chan *chan;

	lockdep_assert_held(&conn->mutex);
	list_for_each_entry(chan, &primaries, node)
		if (same_device(chan, offer) && vmbus_chan_state(chan) != CHAN_RESCINDED)
			return chan;
	return NULL;
}

/* One that was rescinded may still be listed when its successor comes, or is asked for. */
static struct vmbus_chan *find_sub(struct vmbus_chan *primary, u16 index)
{
	struct vmbus_chan *sub;

	list_for_each_entry(sub, &primary->subs, node)
		if (sub->offer.sub_channel_index == index &&
		    vmbus_chan_state(sub) != CHAN_RESCINDED)
			return sub;
	return NULL;
}

/* From here on its relid leads to it: events, rescinds, answers. conn->mutex held. */
static void make_findable(struct vmbus_chan *chan)
{
	u32 relid = chan->offer.relid;

	/* Before it can be found: a rescind by interrupt marks what it finds. */
	vmbus_conn_offered(conn, relid);
	synic_watch_flag(relid);
	rcu_assign_pointer(by_relid[relid], chan);
}

/* Put a new channel into the lists. True if it has a place. */
static bool place(struct vmbus_chan *chan)
{
	const struct msg_offer *offer = &chan->offer;
	struct vmbus_chan *primary = find_primary(offer);

	if (leaving)
		return false;
	if (rcu_access_pointer(by_relid[offer->relid])) {
		conn_count(conn, COUNT_OFFER_DUPLICATE);
		return false;
	}
	if (!offer->sub_channel_index) {
		if (primary) {
			conn_count(conn, COUNT_OFFER_DUPLICATE);
			return false;
		}
		list_add_tail(&chan->node, &primaries);
	} else {
		if (!primary) {
			conn_count(conn, COUNT_OFFER_ORPHAN);
			return false;
		}
		if (find_sub(primary, offer->sub_channel_index)) {
			conn_count(conn, COUNT_OFFER_DUPLICATE);
			return false;
		}
		kref_get(&primary->ref);
		chan->primary = primary;
		list_add_tail(&chan->node, &primary->subs);
	}
	chan->listed = true;
	make_findable(chan);
	return true;
}

/* An offer without a place: the host may have its relid back at once, if nobody else has it. */
static void refuse(const struct msg_offer *offer, const char *why)
{
	bool taken;

	if (READ_ONCE(leaving))
		return;
	mutex_lock(&conn->mutex);
	taken = rcu_access_pointer(by_relid[offer->relid]);
	mutex_unlock(&conn->mutex);

	pr_warn_ratelimited("channel %u offered but not used: %s\n", offer->relid, why);
	if (!taken)
		post_relid(VMBUS_MSG_RELID_RELEASED, offer->relid);
}

/* A device that slept is offered again: its channel gets the new number. False: none did. */
static bool wake_primary(const struct msg_offer *offer)
{
	struct vmbus_chan *chan;
	bool woken = false;

	mutex_lock(&conn->mutex);
	chan = offer->sub_channel_index ? NULL : find_primary(offer);
	if (!chan || vmbus_chan_state(chan) != CHAN_ASLEEP ||
	    rcu_access_pointer(by_relid[offer->relid])) {
		;
	} else if (memcmp(&chan->offer.class_id, &offer->class_id, sizeof(offer->class_id))) {
		/* Another device of the same name; it waits until this one is gone. */
		vmbus_chan_set_state(chan, CHAN_EV_RESCIND);
	} else {
		chan->offer = *offer;
		cpus_forget(chan);
		vmbus_chan_set_state(chan, CHAN_EV_WAKE);
		make_findable(chan);
		woken = true;
	}
	mutex_unlock(&conn->mutex);
	return woken;
}

static void chan_offer(const struct msg_offer *offer)
{
	struct vmbus_chan *chan;
	bool placed;

	if (wake_primary(offer))
		return;
	chan = alloc_chan(offer);
	if (!chan) {
		refuse(offer, "out of memory");
		return;
	}
	mutex_lock(&conn->mutex);
	placed = place(chan);
	mutex_unlock(&conn->mutex);
	if (!placed) {
		vmbus_chan_put(chan);
		refuse(offer, "a duplicate, or a sub-channel without its primary");
		return;
	}
	if (chan->primary)
		wake_up_all(&chan->primary->wq);
	queue_dev(chan);
}

/* Rescind ----------------------------------------------------------------------*/

static void chan_rescind_now(u32 relid)
{
	struct vmbus_chan *chan;

	if (relid > VMBUS_RELID_MAX)
		return;
	rcu_read_lock();
	chan = rcu_dereference(by_relid[relid]);
	if (chan) {
		vmbus_chan_set_state(chan, CHAN_EV_RESCIND);
		io_refuse(chan);
		/* The host answers nothing more about it: nobody shall wait. */
		xact_fail_relid(&conn->xacts, relid);
	}
	rcu_read_unlock();
}

static void chan_rescind(u32 relid)
{
	struct vmbus_chan *chan = NULL;

	if (relid <= VMBUS_RELID_MAX)
		chan = get_by_relid(relid);
	if (!chan) {
		conn_count(conn, COUNT_RESCIND_UNKNOWN);
		return;
	}
	/* Its offer may have been in the inbox when the interrupt looked for it. */
	chan_rescind_now(relid);
	/* A sub-channel is retired there, once its rings are revoked; a primary with its device. */
	vmbus_chan_queue_gone(chan);
	if (!chan->primary)
		queue_dev(chan);
	vmbus_chan_put(chan);
}

static bool chan_moved(u32 relid, u32 status)
{
	struct vmbus_chan *chan = NULL;
	bool due = false;

	rcu_read_lock();
	if (relid <= VMBUS_RELID_MAX)
		chan = rcu_dereference(by_relid[relid]);
	if (chan)
		due = cpus_answer(chan, status);
	rcu_read_unlock();
	return due;
}

const struct conn_ops vmbus_chan_conn_ops = {
	.offer = chan_offer,
	.moved = chan_moved,
	.rescind_now = chan_rescind_now,
	.rescind = chan_rescind,
};

/* A primary that waits for a rescinded one of the same device to be gone. */
static void wake_successor(const struct msg_offer *offer)
{
	struct vmbus_chan *next;

	mutex_lock(&conn->mutex);
	next = find_primary(offer);
	if (next)
		queue_dev(next);
	mutex_unlock(&conn->mutex);
}

/* Is an older channel of the same device still there? */
static bool has_predecessor(struct vmbus_chan *chan)
{
	struct vmbus_chan *other;

	lockdep_assert_held(&conn->mutex);
	list_for_each_entry(other, &primaries, node) {
		if (other == chan)
			return false;
		if (same_device(other, &chan->offer))
			return true;
	}
	return false;
}

static void remove_primary(struct vmbus_chan *chan)
{
	struct msg_offer offer = chan->offer;

	if (chan->vdev)
		bus_remove_device(chan->vdev);
	chan->vdev = NULL;
	/* Sub-channels that are still offered are useless now, and say so themselves. */
	retire(chan);
	wake_successor(&offer);
}

static void add_primary(struct vmbus_chan *chan)
{
	struct vmbus_dev *vdev;
	bool wait;

	mutex_lock(&conn->mutex);
	wait = has_predecessor(chan);
	mutex_unlock(&conn->mutex);
	if (chan->vdev || wait)
		return;

	vdev = bus_add_device(chan);
	if (IS_ERR(vdev)) {
		pr_err_ratelimited("channel %u: no device could be made for it, error %ld; not used\n",
		       chan->offer.relid, PTR_ERR(vdev));
		retire(chan);
		return;
	}
	chan->vdev = vdev;
}

/*
 * Runs drivers: make the device of a primary, or take it away. Never twice at
 * once for one channel; a rescind that comes while it runs queues it again. Of
 * a sub-channel it keeps the directory in sysfs true.
 */
static void dev_work(struct work_struct *work)
{
	struct vmbus_chan *chan = container_of(work, struct vmbus_chan, dev_work);
	enum chan_state state = vmbus_chan_state(chan);

	if (chan->primary)
		chan_dir_sync(chan);
	else if (state == CHAN_RELEASED)
		;	/* removed already */
	else if (state == CHAN_RESCINDED || READ_ONCE(leaving))
		remove_primary(chan);
	else
		add_primary(chan);
	vmbus_chan_put(chan);
}

/* Open and close -----------------------------------------------------------------*/

static bool config_valid(const struct vmbus_chan_config *cfg)
{
	return cfg->ops && (cfg->ops->event || cfg->events == VMBUS_EVENTS_DRIVER) &&
	       cfg->events <= VMBUS_EVENTS_DRIVER &&
	       cfg->tx_bytes && !(cfg->tx_bytes % TLFS_PAGE_SIZE) &&
	       cfg->rx_bytes && !(cfg->rx_bytes % TLFS_PAGE_SIZE) &&
	       cfg->max_packet >= sizeof(struct vmbus_pkt_hdr) &&
	       cfg->user_len <= VMBUS_OPEN_USER_LEN;
}

/* Post OPEN and wait for the result. */
static int ask_open(struct vmbus_chan *chan)
{
	const struct vmbus_chan_config *cfg = &chan->cfg;
	u32 relid = chan->offer.relid;
	struct vmbus_msg_open_result reply;
	struct vmbus_msg_open msg;
	struct xact x;
	u32 len;
	int err;

	chan->open_id = atomic_inc_return(&open_ids);
	len = msg_put_open(&msg, relid, chan->open_id, vmbus_buf_gpadl(chan->buf),
			   synic_vp_index(chan->place.cpu), 1 + cfg->tx_bytes / TLFS_PAGE_SIZE,
			   cfg->user, cfg->user_len);

	xact_begin(&conn->xacts, &x, VMBUS_MSG_OPEN_RESULT, relid, chan->open_id,
		   &reply, sizeof(reply));
	/* A rescind that came before we were listed found nobody to wake. */
	err = vmbus_chan_gone(chan) ? -ENODEV : vmbus_conn_post(conn, &msg, len);
	if (err) {
		xact_cancel(&conn->xacts, &x);
		return err;
	}
	err = vmbus_conn_wait(conn, &x);
	if (err == -ETIMEDOUT)
		pr_err_ratelimited("channel %u: host did not answer the open within %u ms\n",
		       relid, vmbus_reply_timeout());
	if (!err && reply.status) {
		pr_err_ratelimited("channel %u: host refused the open with status 0x%x\n",
		       relid, le32_to_cpu(reply.status));
		err = -EIO;
	}
	return err;
}

/* State OPENING. */
static int open_locked(struct vmbus_chan *chan)
{
	const struct vmbus_chan_config *cfg = &chan->cfg;
	bool may_be_open = false;
	int err;

	lockdep_assert_held(&chan->open_mutex);
	chan->buf = buf_create(conn, chan->offer.relid,
			       2 * TLFS_PAGE_SIZE + (size_t)cfg->tx_bytes + cfg->rx_bytes,
			       cpu_to_node(chan->place.cpu));
	if (IS_ERR(chan->buf)) {
		err = PTR_ERR(chan->buf);
		goto err_no_buf;
	}
	io_free(chan);
	err = io_start(chan);
	if (err)
		goto err_buf;

	err = ask_open(chan);
	if (err) {
		may_be_open = err == -ETIMEDOUT;
		goto err_stop;
	}
	if (vmbus_chan_set_state(chan, CHAN_EV_OPENED) != CHAN_OPEN) {
		/* Rescinded, or its ring has lied already. */
		may_be_open = true;
		err = -ENODEV;
		goto err_stop;
	}
	io_allow(chan);
	/* A rescind between the last two lines refused sends before we allowed them. */
	if (vmbus_chan_state(chan) != CHAN_OPEN)
		io_refuse(chan);
	return 0;

err_stop:
	io_stop(chan);
	/* A host that thinks it open must hear that it is not. */
	if (may_be_open)
		post_relid(VMBUS_MSG_CLOSE, chan->offer.relid);
err_buf:
	buf_destroy(chan->buf);
err_no_buf:
	chan->buf = NULL;
	io_free(chan);
	return err;
}

int vmbus_chan_open(struct vmbus_chan *chan, const struct vmbus_chan_config *cfg)
{
	int err;

	if (!config_valid(cfg))
		return -EINVAL;

	mutex_lock(&chan->open_mutex);
	if (chan->buf) {
		err = -EBUSY;
		goto out;
	}
	if (vmbus_chan_set_state(chan, CHAN_EV_OPEN) != CHAN_OPENING) {
		err = -ENODEV;
		goto out;
	}
	chan->cfg = *cfg;
	chan->broke = false;
	cpus_place(chan, cfg->cpu);
	err = open_locked(chan);
	if (err) {
		cpus_leave(chan);
		vmbus_chan_set_state(chan, CHAN_EV_OPEN_FAILED);
	}
	trace_vmbus_chan_open(chan->offer.relid, vmbus_chan_cpu(chan), cfg->tx_bytes, cfg->rx_bytes,
			      err);
out:
	mutex_unlock(&chan->open_mutex);
	return err;
}
EXPORT_SYMBOL_GPL(vmbus_chan_open);

/* Stop an open channel and take its memory back; what was never completed stays for reaping. */
static void stop(struct vmbus_chan *chan)
{
	lockdep_assert_held(&chan->open_mutex);
	vmbus_chan_set_state(chan, CHAN_EV_CLOSE);
	io_stop(chan);
	/* To a rescinded channel hosts do not listen; it does no harm. */
	post_relid(VMBUS_MSG_CLOSE, chan->offer.relid);
	buf_destroy(chan->buf);
	chan->buf = NULL;
	cpus_leave(chan);
	vmbus_chan_set_state(chan, CHAN_EV_CLOSED);
	trace_vmbus_chan_close(chan->offer.relid);
}

void vmbus_chan_close(struct vmbus_chan *chan)
{
	mutex_lock(&chan->open_mutex);
	if (chan->buf)
		stop(chan);
	mutex_unlock(&chan->open_mutex);
	/*
	 * The driver's gone callback may be running, for a sub-channel also on behalf of
	 * its primary; afterwards it will not. Acquire: what it did is seen.
	 */
	wait_event(chan->wq, !smp_load_acquire(&chan->telling));
}
EXPORT_SYMBOL_GPL(vmbus_chan_close);

/* Stop a channel under its driver's hands and tell the driver. @why is asked under the lock. */
static void stop_and_tell(struct vmbus_chan *chan, const struct vmbus_chan *why)
{
	const struct vmbus_chan_ops *ops = NULL;
	void *ctx = NULL;

	mutex_lock(&chan->open_mutex);
	if (chan->buf && lost(why)) {
		ops = chan->cfg.ops;
		ctx = chan->cfg.ctx;
		stop(chan);
		WRITE_ONCE(chan->telling, !!ops->gone);
	}
	mutex_unlock(&chan->open_mutex);
	if (!ops || !ops->gone)
		return;
	ops->gone(chan, ctx);
	/* The driver may be gone itself from here on; the channel has a reference. */
	smp_store_release(&chan->telling, false);
	wake_up_all(&chan->wq);
}

static bool any(const struct vmbus_chan *sub)
{
	return true;
}

/* One that was rescinded is listed until its own work item has run, but nobody's to use. */
static bool usable(const struct vmbus_chan *sub)
{
	return READ_ONCE(sub->state) != CHAN_RESCINDED;
}

static u32 count_subs(struct vmbus_chan *primary, bool (*counts)(const struct vmbus_chan *sub))
{
	struct vmbus_chan *sub;
	u32 count = 0;

	mutex_lock(&conn->mutex);
	list_for_each_entry(sub, &primary->subs, node)
		count += counts(sub);
	mutex_unlock(&conn->mutex);
	return count;
}

/* With a reference, or NULL. */
static struct vmbus_chan *get_sub(struct vmbus_chan *primary, u32 index,
				  bool (*counts)(const struct vmbus_chan *sub))
{
	struct vmbus_chan *sub, *found = NULL;

	mutex_lock(&conn->mutex);
	list_for_each_entry(sub, &primary->subs, node)
		if (counts(sub) && !index--) {
			kref_get(&sub->ref);
			found = sub;
			break;
		}
	mutex_unlock(&conn->mutex);
	return found;
}

/* A channel broke or was rescinded while a driver may be using it. */
static void gone_work(struct work_struct *work)
{
	struct vmbus_chan *chan = container_of(work, struct vmbus_chan, gone_work);
	struct vmbus_chan *sub;
	u32 i;

	/*
	 * Without its primary a sub-channel is of no use, and it must be closed first.
	 * From the last to the first: those retired meanwhile change no place before theirs.
	 */
	for (i = count_subs(chan, any); lost(chan) && i--;) {
		sub = get_sub(chan, i, any);
		if (!sub)
			continue;
		stop_and_tell(sub, chan);
		vmbus_chan_put(sub);
	}
	stop_and_tell(chan, chan);
	if (chan->primary &&
	    (vmbus_chan_state(chan) == CHAN_RESCINDED || READ_ONCE(leaving))) {
		retire(chan);
		/* Its directory must not be taken away from here: that wants memory. */
		queue_dev(chan);
	}
	vmbus_chan_put(chan);
}

/* Sub-channels -------------------------------------------------------------------*/

u32 vmbus_subchans_wait(struct vmbus_chan *primary, u32 count, u32 timeout_ms)
{
	unsigned long left = msecs_to_jiffies(timeout_ms);
	DEFINE_WAIT_FUNC(wait, woken_wake_function);

	add_wait_queue(&primary->wq, &wait);
	while (count_subs(primary, usable) < count && !vmbus_chan_gone(primary) && left)
		left = wait_woken(&wait, TASK_UNINTERRUPTIBLE, left);
	remove_wait_queue(&primary->wq, &wait);
	return min(count_subs(primary, usable), count);
}
EXPORT_SYMBOL_GPL(vmbus_subchans_wait);

struct vmbus_chan *vmbus_subchan_get(struct vmbus_chan *primary, u32 index)
{
	return get_sub(primary, index, usable);
}
EXPORT_SYMBOL_GPL(vmbus_subchan_get);

/* Shared buffers of a driver -------------------------------------------------------*/

struct vmbus_buf *vmbus_buf_alloc(struct vmbus_chan *chan, size_t len)
{
	return buf_create(conn, chan->offer.relid, len,
			  chan->place.cpu >= 0 ? cpu_to_node(chan->place.cpu) : NUMA_NO_NODE);
}
EXPORT_SYMBOL_GPL(vmbus_buf_alloc);

void vmbus_buf_free(struct vmbus_chan *chan, struct vmbus_buf *buf)
{
	if (!IS_ERR_OR_NULL(buf))
		buf_destroy(buf);
}
EXPORT_SYMBOL_GPL(vmbus_buf_free);

int vmbus_buf_renew(struct vmbus_chan *chan, struct vmbus_buf *buf)
{
	return buf_renew(buf);
}
EXPORT_SYMBOL_GPL(vmbus_buf_renew);

/* Events -----------------------------------------------------------------------*/

void vmbus_chan_event(u32 relid)
{
	struct vmbus_chan *chan;

	rcu_read_lock();
	chan = rcu_dereference(by_relid[relid]);
	if (likely(chan))
		io_interrupt(chan);
	else
		vmbus_conn_event_unknown();
	rcu_read_unlock();
}

/* Sleep ------------------------------------------------------------------------*/

static bool in_use(struct vmbus_chan *chan)
{
	switch (vmbus_chan_state(chan)) {
	case CHAN_OPENING:
	case CHAN_OPEN:
	case CHAN_BROKEN:
	case CHAN_CLOSING:
		return true;
	default:
		return false;
	}
}

/* conn->mutex held */
static struct vmbus_chan *find_in_use(void)
{
	struct vmbus_chan *chan, *sub;

	list_for_each_entry(chan, &primaries, node) {
		if (in_use(chan))
			return chan;
		list_for_each_entry(sub, &chan->subs, node)
			if (in_use(sub))
				return sub;
	}
	return NULL;
}

/* A driver that did not close its channel would lose it unawares. */
bool vmbus_chans_in_use(void)
{
	struct vmbus_chan *chan;

	flush_workqueue(gone_wq);
	mutex_lock(&conn->mutex);
	chan = find_in_use();
	if (chan)
		pr_err("channel %u is still open\n", chan->offer.relid);
	mutex_unlock(&conn->mutex);
	return chan;
}

/* conn->mutex held. They come back only if their driver asks the host for them. */
static void drop_subs(struct vmbus_chan *primary)
{
	struct vmbus_chan *sub, *next;

	list_for_each_entry_safe(sub, next, &primary->subs, node) {
		list_del_init(&sub->node);
		sub->listed = false;
		vmbus_chan_set_state(sub, CHAN_EV_RELEASE);
		vmbus_chan_put(sub);
	}
}

void vmbus_chans_quiet(void)
{
	flush_workqueue(gone_wq);
}

void vmbus_chans_sleep(void)
{
	struct vmbus_chan *chan;
	u32 relid;

	mutex_lock(&conn->mutex);
	for (relid = 1; relid <= VMBUS_RELID_MAX; relid++)
		RCU_INIT_POINTER(by_relid[relid], NULL);
	list_for_each_entry(chan, &primaries, node) {
		drop_subs(chan);
		vmbus_chan_set_state(chan, CHAN_EV_SLEEP);
	}
	mutex_unlock(&conn->mutex);
}

void vmbus_chans_wake(void)
{
	struct vmbus_chan *chan;

	mutex_lock(&conn->mutex);
	list_for_each_entry(chan, &primaries, node) {
		if (vmbus_chan_state(chan) == CHAN_ASLEEP) {
			pr_warn("{%pUl}: the host does not offer this device any more\n",
				chan->offer.instance_id.b);
			vmbus_chan_set_state(chan, CHAN_EV_RESCIND);
		}
		/* When the system is awake; until then its driver finds it gone. */
		if (vmbus_chan_state(chan) == CHAN_RESCINDED)
			queue_dev(chan);
	}
	mutex_unlock(&conn->mutex);
}

/* All of them ------------------------------------------------------------------*/

void vmbus_chans_for_each(void (*fn)(struct vmbus_chan *chan, void *arg), void *arg)
{
	struct vmbus_chan *chan, *sub;

	mutex_lock(&conn->mutex);
	list_for_each_entry(chan, &primaries, node) {
		fn(chan, arg);
		list_for_each_entry(sub, &chan->subs, node)
			fn(sub, arg);
	}
	mutex_unlock(&conn->mutex);
}

struct vmbus_chan *vmbus_chan_find(bool (*match)(struct vmbus_chan *chan, void *arg), void *arg)
{
	struct vmbus_chan *chan, *sub, *found = NULL;

	if (!conn)
		return NULL;	/* asked before there was a connection */
	mutex_lock(&conn->mutex);
	list_for_each_entry(chan, &primaries, node) {
		if (match(chan, arg))
			found = chan;
		list_for_each_entry(sub, &chan->subs, node)
			if (!found && match(sub, arg))
				found = sub;
		if (found)
			break;
	}
	if (found)
		kref_get(&found->ref);
	mutex_unlock(&conn->mutex);
	return found;
}

int vmbus_chans_init(struct vmbus_conn *connection)
{
	conn = connection;
	leaving = false;
	/*
	 * Not for reclaim: drivers' remove waits there for all sorts of work. And
	 * while the system goes to sleep or wakes, no device may come or go.
	 */
	dev_wq = alloc_workqueue("vmbus-devices", WQ_UNBOUND | WQ_FREEZABLE, 0);
	gone_wq = alloc_workqueue("vmbus-gone", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (dev_wq && gone_wq)
		return 0;
	if (dev_wq)
		destroy_workqueue(dev_wq);
	if (gone_wq)
		destroy_workqueue(gone_wq);
	return -ENOMEM;
}

void vmbus_chans_settle(void)
{
	vmbus_conn_flush(conn);
	flush_workqueue(dev_wq);
}

/*
 * Interrupts and the control queue are still at work; the host may rescind what
 * we are taking down. So we go the way of a rescind ourselves: the same work
 * items, which never run twice at once, look at @leaving.
 */
void vmbus_chans_exit(void)
{
	struct vmbus_chan *chan;
	u32 relid;

	mutex_lock(&conn->mutex);
	leaving = true;
	mutex_unlock(&conn->mutex);
	/* No offer is half placed. */
	vmbus_conn_flush(conn);

	for (relid = 1; relid <= VMBUS_RELID_MAX; relid++) {
		chan = get_by_relid(relid);
		if (!chan)
			continue;
		if (chan->primary)
			vmbus_chan_queue_gone(chan);
		else
			queue_dev(chan);
		vmbus_chan_put(chan);
	}
	flush_workqueue(gone_wq);
	flush_workqueue(dev_wq);
	/* Nothing is listed now; a rescind that had found something before has queued its work. */
	vmbus_conn_flush(conn);
	/* In this order: a gone_work queues a dev_work. */
	destroy_workqueue(gone_wq);
	destroy_workqueue(dev_wq);
	/* Devices and directories hold their channel to the end, which others may put off. */
	while (!wait_event_timeout(none_alive, !atomic_read(&alive), 10 * HZ))
		pr_warn("waiting for whoever still uses %d channels\n", atomic_read(&alive));
}

// SPDX-License-Identifier: GPL-2.0
/*
 * cpus.c - which CPU a channel interrupts: spreading, moving, CPUs that come and go
 *
 * A channel has a home, where it is whenever that CPU is online. To move it the
 * host must be asked; from version 5.3 on it answers, and interrupts the old CPU
 * no more once it has. So a CPU goes offline in three steps: nothing is placed
 * there any more, what is there moves away, and only then its SynIC goes off.
 *
 * Locks: a move, an open and a close of one channel exclude each other by its
 * open_mutex, which is held while the host is asked. @lock guards who is where,
 * and is held for a few instructions. Nothing here, and nothing under an
 * open_mutex, takes the CPU hotplug lock: a CPU on its way out holds that, and
 * waits for open_mutex.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "cpus.h"

#include "channel.h"
#include "proto/spread.h"
#include "synic.h"
#include "trace.h"

#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched/isolation.h>
#include <linux/spinlock.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

static struct vmbus_conn *conn;
static struct workqueue_struct *wq;		/* ordered */
static DEFINE_SPINLOCK(lock);			/* irq-safe, leaf */
static struct cpumask usable;			/* have a SynIC and are not leaving; @lock */
static DEFINE_PER_CPU(u32, channels_on);	/* that interrupt it or may be about to; @lock */
static u32 channels_on_node[MAX_NUMNODES];	/* @lock */
static int contact = -1;			/* gets the host's messages */
static unsigned int round;			/* of trying all channels; written on @wq */

/* Counting, @lock held ---------------------------------------------------------*/

static unsigned int node_of(unsigned int cpu)
{
	return max(cpu_to_node(cpu), 0);
}

static void count(int cpu)
{
	per_cpu(channels_on, cpu)++;
	channels_on_node[node_of(cpu)]++;
}

static void uncount(int cpu)
{
	per_cpu(channels_on, cpu)--;
	channels_on_node[node_of(cpu)]--;
}

/* The host was asked and does nothing of it, or has done it. */
static void settle(struct chan_place *place, bool moved)
{
	int to = place->asked;

	WRITE_ONCE(place->asked, -1);
	if (to < 0)
		return;
	if (moved) {
		uncount(place->cpu);
		WRITE_ONCE(place->cpu, to);
	} else {
		uncount(to);
	}
}

/* Choosing ------------------------------------------------------------------------*/

static enum spread_isolation isolation(unsigned int cpu)
{
	enum spread_isolation level = SPREAD_OPEN_TO_ALL;

	/* The masks may be replaced while the system runs. */
	rcu_read_lock();
	if (!housekeeping_test_cpu(cpu, HK_TYPE_MANAGED_IRQ))
		level = SPREAD_NO_INTERRUPTS;
	else if (!housekeeping_test_cpu(cpu, HK_TYPE_DOMAIN))
		level = SPREAD_NO_SCHEDULING;
	rcu_read_unlock();
	return level;
}

static bool interrupts(const struct vmbus_chan *chan, int cpu)
{
	const struct chan_place *place = &chan->place;

	return READ_ONCE(place->counted) &&
	       (READ_ONCE(place->cpu) == cpu || READ_ONCE(place->asked) == cpu);
}

/* Others of the same device on this CPU. */
static u32 siblings_on(struct vmbus_chan *chan, int cpu)
{
	struct vmbus_chan *primary = chan->primary ?: chan;
	struct vmbus_chan *sub;
	u32 found = primary != chan && interrupts(primary, cpu);

	lockdep_assert_held(&conn->mutex);
	list_for_each_entry(sub, &primary->subs, node)
		found += sub != chan && interrupts(sub, cpu);
	return found;
}

static struct spread_cost cost_of(struct vmbus_chan *chan, int cpu)
{
	return (struct spread_cost) {
		.isolation = isolation(cpu),
		.siblings = siblings_on(chan, cpu),
		.channels = per_cpu(channels_on, cpu),
		.node_channels = channels_on_node[node_of(cpu)],
	};
}

/*
 * The best CPU for a channel. conn->mutex makes those who choose do so one after
 * another; a CPU may leave meanwhile, which occupy() finds.
 */
static int choose(struct vmbus_chan *chan)
{
	struct spread_cost cost, least = {};
	int cpu, best = -1;

	if (!spread_wanted(&chan->offer.class_id) && cpumask_test_cpu(contact, &usable))
		return contact;
	for_each_cpu(cpu, &usable) {
		cost = cost_of(chan, cpu);
		if (best < 0 || spread_better(&cost, &least)) {
			best = cpu;
			least = cost;
		}
	}
	return best < 0 ? contact : best;
}

/* Opening and closing ---------------------------------------------------------------*/

void cpus_init_place(struct vmbus_chan *chan)
{
	chan->place.cpu = -1;
	chan->place.home = -1;
	chan->place.asked = -1;
	chan->place.heard = -1;
}

/* False if the CPU left since it was chosen. */
static bool occupy(struct vmbus_chan *chan, int cpu)
{
	struct chan_place *place = &chan->place;
	unsigned long flags;
	bool there;

	spin_lock_irqsave(&lock, flags);
	there = cpumask_test_cpu(cpu, &usable);
	if (there) {
		WRITE_ONCE(place->cpu, cpu);
		if (place->home < 0)
			place->home = cpu;
		WRITE_ONCE(place->counted, true);
		WRITE_ONCE(place->blind, false);
		WRITE_ONCE(place->heard, -1);
		count(cpu);
	}
	spin_unlock_irqrestore(&lock, flags);
	return there;
}

static bool possible(int cpu)
{
	return cpu >= 0 && cpu < nr_cpu_ids && cpu_possible(cpu);
}

void cpus_place(struct vmbus_chan *chan, int wanted)
{
	struct chan_place *place = &chan->place;

	lockdep_assert_held(&chan->open_mutex);
	if (!place->chosen) {
		place->kept = possible(wanted);
		place->home = place->kept ? wanted : -1;
	}
	mutex_lock(&conn->mutex);
	if (place->home < 0 || !occupy(chan, place->home))
		while (!occupy(chan, choose(chan)))
			;	/* CPUs leave one at a time, and the contact's never */
	mutex_unlock(&conn->mutex);
}

void cpus_leave(struct vmbus_chan *chan)
{
	struct chan_place *place = &chan->place;
	unsigned long flags;

	lockdep_assert_held(&chan->open_mutex);
	spin_lock_irqsave(&lock, flags);
	settle(place, false);
	uncount(place->cpu);
	WRITE_ONCE(place->counted, false);
	spin_unlock_irqrestore(&lock, flags);
}

void cpus_forget(struct vmbus_chan *chan)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	chan->place.answer_due = false;
	spin_unlock_irqrestore(&lock, flags);
}

/* Moving ------------------------------------------------------------------------------*/

static bool can_move(void)
{
	return conn->version >= VMBUS_VERSION_4_1;
}

static bool acknowledged(void)
{
	return conn->version >= VMBUS_VERSION_5_3;
}

/* From here on both CPUs may be interrupted. */
static int begin_move(struct vmbus_chan *chan, int to)
{
	struct chan_place *place = &chan->place;
	unsigned long flags;
	int err = 0;

	spin_lock_irqsave(&lock, flags);
	if (place->answer_due) {
		err = -EALREADY;
	} else if (!cpumask_test_cpu(to, &usable)) {
		err = -EINVAL;
	} else {
		WRITE_ONCE(place->asked, to);
		place->answer_due = acknowledged();
		WRITE_ONCE(place->heard, -1);
		count(to);
	}
	spin_unlock_irqrestore(&lock, flags);
	return err;
}

static void bring_home(struct work_struct *work);
static void spread_anew(struct work_struct *work);
static DECLARE_WORK(home_work, bring_home);
static DECLARE_WORK(spread_work, spread_anew);

/* It could not even be asked, or need not answer. */
static void end_move(struct vmbus_chan *chan, bool moved)
{
	struct chan_place *place = &chan->place;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	settle(place, moved);
	place->answer_due = false;
	if (moved)
		WRITE_ONCE(place->blind, true);
	spin_unlock_irqrestore(&lock, flags);
}

bool cpus_answer(struct vmbus_chan *chan, u32 status)
{
	struct chan_place *place = &chan->place;
	unsigned long flags;
	bool due;

	spin_lock_irqsave(&lock, flags);
	due = place->answer_due;
	if (due) {
		place->answer_due = false;
		settle(place, !status);
	}
	spin_unlock_irqrestore(&lock, flags);
	/* If it came too late, this is not where the channel is wanted any more. */
	if (due)
		queue_work(wq, &home_work);
	return due;
}

/* Ask the host and, if it speaks 5.3, wait for its answer. */
static int ask_host(struct vmbus_chan *chan, int to)
{
	struct vmbus_msg_modify_channel_response reply;
	u32 relid = chan->offer.relid;
	struct vmbus_msg_modify_channel msg;
	struct xact x;
	int err;

	xact_begin(&conn->xacts, &x, VMBUS_MSG_MODIFY_CHANNEL_RESPONSE, relid, 0,
		   &reply, sizeof(reply));
	/* A rescind that came before we were listed found nobody to wake. */
	err = vmbus_chan_gone(chan) ? -ENODEV :
	      vmbus_conn_post(conn, &msg, msg_put_modify_channel(&msg, relid, synic_vp_index(to)));
	if (err || !acknowledged()) {
		xact_cancel(&conn->xacts, &x);
		end_move(chan, !err);
		return err;
	}
	err = vmbus_conn_wait(conn, &x);
	if (err == -ETIMEDOUT) {
		conn_count(conn, COUNT_MOVE_UNANSWERED);
		pr_warn_ratelimited("channel %u: host did not answer the move to CPU %d within %u ms\n",
				    relid, to, vmbus_reply_timeout());
	}
	if (!err && reply.status) {
		conn_count(conn, COUNT_MOVE_REFUSED);
		pr_warn_ratelimited("channel %u: host refused the move to CPU %d with status 0x%x\n",
				    relid, to, le32_to_cpu(reply.status));
		err = -EIO;
	}
	return err;
}

/* open_mutex held. -EALREADY: the host still owes an answer; -EOPNOTSUPP: it cannot. */
static int move(struct vmbus_chan *chan, int to)
{
	int from = chan->place.cpu, err;

	lockdep_assert_held(&chan->open_mutex);
	if (!can_move())
		return -EOPNOTSUPP;
	err = begin_move(chan, to);
	if (err)
		return err;
	err = ask_host(chan, to);
	trace_vmbus_chan_move(chan->offer.relid, from, to, err);
	if (!err)
		conn_count(conn, COUNT_CHANNEL_MOVED);
	/* Whatever it did: a signal that came in between must not be the one we wait for. */
	io_look(chan);
	return err;
}

int vmbus_chan_set_cpu(struct vmbus_chan *chan, unsigned int cpu)
{
	struct chan_place *place = &chan->place;
	int err = 0;

	if (!can_move())
		return -EIO;
	if (cpu >= nr_cpu_ids || !cpu_possible(cpu) || isolation(cpu) == SPREAD_NO_INTERRUPTS)
		return -EINVAL;

	mutex_lock(&chan->open_mutex);
	if (!cpu_online(cpu))
		err = -EINVAL;
	else if (vmbus_chan_state(chan) != CHAN_OPEN)
		err = -EIO;
	else if (place->cpu != cpu || place->asked >= 0)
		err = move(chan, cpu);
	if (!err) {
		place->home = cpu;
		place->kept = true;
		place->chosen = true;
	}
	mutex_unlock(&chan->open_mutex);
	return err && err != -EINVAL ? -EIO : err;
}

/* CPUs come and go --------------------------------------------------------------------*/

static void set_usable(unsigned int cpu, bool yes)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	if (yes)
		cpumask_set_cpu(cpu, &usable);
	else
		cpumask_clear_cpu(cpu, &usable);
	spin_unlock_irqrestore(&lock, flags);
}

unsigned int cpus_contact(void)
{
	unsigned int cpu, best = cpumask_first(cpu_online_mask);

	for_each_online_cpu(cpu)
		if (isolation(cpu) < isolation(best))
			best = cpu;
	contact = best;
	return best;
}

/* A channel that is of use only if the CPU is. */
static bool needs(struct vmbus_chan *chan, void *arg)
{
	enum chan_state state = vmbus_chan_state(chan);
	unsigned int cpu = *(unsigned int *)arg;

	return interrupts(chan, cpu) && (state == CHAN_OPENING || state == CHAN_OPEN);
}

static int move_away(struct vmbus_chan *chan, unsigned int cpu)
{
	int err = 0, to;

	/* An open in flight ends first, as does a move; both are bounded. */
	mutex_lock(&chan->open_mutex);
	if (needs(chan, &cpu)) {
		mutex_lock(&conn->mutex);
		to = choose(chan);
		mutex_unlock(&conn->mutex);
		err = move(chan, to);
		/* Rescinded meanwhile: it will not interrupt any more. */
		if (err && !needs(chan, &cpu))
			err = 0;
	}
	mutex_unlock(&chan->open_mutex);
	return err;
}

static const char *reason(int err)
{
	switch (err) {
	case -EOPNOTSUPP:
		return "this version of the protocol moves no channels";
	case -EALREADY:
		return "the host has not answered an earlier move";
	case -ETIMEDOUT:
		return "the host does not answer";
	default:
		return "the host refused";
	}
}

/*
 * Before 5.3 the host acknowledges no move, and interrupts where the channel was
 * for as long as it likes: also when that CPU is offline, and then nobody hears
 * it. So we look, less and less often, until the new CPU has been interrupted.
 */
#define WATCH_FIRST_MS	10
#define WATCH_MOST_MS	1000u

static unsigned int watch_ms;

static void look_if_unheard(struct vmbus_chan *chan, void *arg)
{
	const struct chan_place *place = &chan->place;
	bool *any = arg;

	if (vmbus_chan_state(chan) != CHAN_OPEN || !READ_ONCE(place->blind) ||
	    READ_ONCE(place->heard) == READ_ONCE(place->cpu))
		return;
	*any = true;
	rcu_read_lock();
	io_look(chan);
	rcu_read_unlock();
}

static void watch(struct work_struct *work)
{
	bool any = false;

	vmbus_chans_for_each(look_if_unheard, &any);
	if (!any)
		return;
	watch_ms = min(watch_ms * 2, WATCH_MOST_MS);
	queue_delayed_work(wq, to_delayed_work(work), msecs_to_jiffies(watch_ms));
}
static DECLARE_DELAYED_WORK(watch_work, watch);

static void start_watch(void)
{
	if (!can_move() || acknowledged())
		return;
	WRITE_ONCE(watch_ms, WATCH_FIRST_MS);
	mod_delayed_work(wq, &watch_work, msecs_to_jiffies(WATCH_FIRST_MS));
}

int cpus_down(unsigned int cpu)
{
	struct vmbus_chan *chan;
	int err = 0;

	/* The whole system goes to sleep; the connection has been closed before. */
	if (READ_ONCE(conn->asleep)) {
		set_usable(cpu, false);
		return 0;
	}
	if (contact == (int)cpu) {
		pr_warn("CPU %u stays online: it takes the messages of the host, which cannot be told another while connected\n",
			cpu);
		return -EBUSY;
	}
	/* Nobody is placed there from now on, so the list of those who are gets shorter. */
	set_usable(cpu, false);
	while (!err && (chan = vmbus_chan_find(needs, &cpu))) {
		err = move_away(chan, cpu);
		if (err)
			pr_warn("CPU %u stays online: channel %u of device %pUl interrupts it: %s (error %d)\n",
				cpu, vmbus_chan_relid(chan), chan->offer.instance_id.b,
				reason(err), err);
		vmbus_chan_put(chan);
	}
	if (!err) {
		start_watch();
		return 0;
	}
	set_usable(cpu, true);
	/* Those that had moved already. */
	queue_work(wq, &home_work);
	return -EBUSY;
}

void cpus_up(unsigned int cpu)
{
	set_usable(cpu, true);
	/* First those that belong there; then whoever gains may have the room that is left. */
	queue_work(wq, &home_work);
	queue_work(wq, &spread_work);
}

static int way_home(struct vmbus_chan *chan)
{
	const struct chan_place *place = &chan->place;

	return place->cpu != place->home && cpumask_test_cpu(place->home, &usable) ?
	       place->home : -1;
}

static int better_home(struct vmbus_chan *chan)
{
	const struct chan_place *place = &chan->place;
	struct spread_cost from, to;
	int best;

	if (place->kept || !spread_wanted(&chan->offer.class_id))
		return -1;
	best = choose(chan);
	if (best == place->cpu)
		return -1;
	from = cost_of(chan, place->cpu);
	from.siblings++;
	to = cost_of(chan, best);
	return spread_gains(&from, &to) ? best : -1;
}

/* Where an open channel wants to go, now that a CPU has come; -1 if it is well where it is. */
typedef int (*where_to)(struct vmbus_chan *chan);

static bool wants_to_move(struct vmbus_chan *chan, void *arg)
{
	where_to where = *(where_to *)arg;

	return chan->place.round != round && READ_ONCE(chan->place.counted) &&
	       vmbus_chan_state(chan) == CHAN_OPEN && where(chan) >= 0;
}

static void move_if_wanted(struct vmbus_chan *chan, where_to where)
{
	struct chan_place *place = &chan->place;
	int to = -1;

	mutex_lock(&chan->open_mutex);
	mutex_lock(&conn->mutex);
	if (wants_to_move(chan, &where))
		to = where(chan);
	place->round = round;
	mutex_unlock(&conn->mutex);
	if (to >= 0 && !move(chan, to))
		place->home = to;
	mutex_unlock(&chan->open_mutex);
}

/* Each channel is tried once: a host that refuses is not asked for ever. */
static void move_all(where_to where)
{
	struct vmbus_chan *chan;

	round++;
	while ((chan = vmbus_chan_find(wants_to_move, &where))) {
		move_if_wanted(chan, where);
		vmbus_chan_put(chan);
	}
}

static void bring_home(struct work_struct *work)
{
	if (can_move())
		move_all(way_home);
}

static void spread_anew(struct work_struct *work)
{
	if (can_move())
		move_all(better_home);
}

int cpus_init(struct vmbus_conn *connection)
{
	/* A disk may wait for a channel that is looked at. */
	wq = alloc_ordered_workqueue("vmbus-cpus", WQ_MEM_RECLAIM);
	if (!wq)
		return -ENOMEM;
	conn = connection;
	return 0;
}

void cpus_exit(void)
{
	cancel_delayed_work_sync(&watch_work);
	destroy_workqueue(wq);
	conn = NULL;
}

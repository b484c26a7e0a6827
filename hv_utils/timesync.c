// SPDX-License-Identifier: GPL-2.0
/*
 * timesync.c - the host's clock: shown as a PTP clock, and the guest's set by it
 *
 * Two ways to a right clock, and an administrator chooses. The PTP clock
 * "hyperv" is for who disciplines the guest's clock gently (chrony). Steps are
 * for what no discipline mends soon: the start, and after the host or the guest
 * has slept. They are bounded, and can be left to others altogether.
 */
#include "utils.h"

#include "proto/clock.h"

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>

static bool time_step = true;
module_param(time_step, bool, 0644);
MODULE_PARM_DESC(time_step, "set the guest's clock; without, that is left to others (default on)");

static unsigned int time_least_ms = 100;
module_param(time_least_ms, uint, 0644);
MODULE_PARM_DESC(time_least_ms, "smaller differences are not stepped over (default 100 ms)");

static unsigned int time_ahead_max = 31 * 86400;
module_param(time_ahead_max, uint, 0644);
MODULE_PARM_DESC(time_ahead_max, "largest step forward, and sum of a day's, in seconds (default 31 days)");

static unsigned int time_back_max = 86400;
module_param(time_back_max, uint, 0644);
MODULE_PARM_DESC(time_back_max, "largest step back, and sum of a day's, in seconds (default a day)");

static unsigned int time_behind = 5;
module_param(time_behind, uint, 0644);
MODULE_PARM_DESC(time_behind,
		 "step also without being asked by the host if so many seconds behind it, 0 for never (default 5)");

static const u32 framework[] = { IC_VERSION(3, 0), IC_VERSION(1, 0), 0 };
static const u32 message[] = { IC_VERSION(4, 0), IC_VERSION(3, 0), IC_VERSION(1, 0), 0 };

/* Times the clock is read for a cross timestamp; more than one only if an NMI came between. */
#define CROSS_TRIES	5

/*
 * struct timesync - the service
 * @u: whose
 * @lock: @clock and @asked; softirq and process context
 * @clock: what is known of the host's
 * @asked: it wants ours set
 * @work: sets it
 * @budget: of that; only the work's
 * @info: PTP clock
 * @ptp: registered, or NULL
 * @verdicts: samples, by enum clock_verdict
 * @moves: decisions, by enum clock_move
 * @jumps: samples that did not fit to the one before
 * @cross_given: cross timestamps
 * @cross_refused: those that were asked for, and could not be had
 */
struct timesync {
	struct util *u;
	spinlock_t lock;
	struct clock clock __guarded_by(&lock);
	bool asked __guarded_by(&lock);
	struct work_struct work;
	struct clock_budget budget;
	struct ptp_clock_info info;
	struct ptp_clock *ptp;
	atomic_t verdicts[CLOCK_STALE + 1];
	atomic_t moves[CLOCK_TOO_FAR + 1];
	atomic_t jumps;
	atomic_t cross_given;
	atomic_t cross_refused;
};

/* A host without the counter still sends samples, and the time since boot does for their age. */
static u64 counter_now(struct timesync *ts)
{
	u64 ticks;

	if (vmbus_dev_ref_time(ts->u->vdev, &ticks))
		return ticks;
	return div_u64(ktime_get_boottime_ns(), CLOCK_TICK_NSEC);
}

static bool host_now(struct timesync *ts, u64 counter, s64 *ns)
{
	unsigned long irq;
	bool known;

	spin_lock_irqsave(&ts->lock, irq);
	known = clock_read(&ts->clock, counter, ns);
	spin_unlock_irqrestore(&ts->lock, irq);
	return known;
}

/* Samples --------------------------------------------------------------------------*/

/* The body of a request as a sample; false if it is too short, or says only that the host lives. */
static u32 read_sample(struct util *u, const void *body, u32 len, u64 now,
		       struct clock_sample *sample, u8 *flags)
{
	const struct hvic_timesync_ref *with = body;
	const struct hvic_timesync *without = body;

	if (u->agreed.message >= IC_VERSION(4, 0)) {
		if (len < HVIC_TIMESYNC_REF_MIN_LEN)
			return HVIC_STATUS_INVALID_ARGUMENT;
		*flags = with->flags;
		*sample = (struct clock_sample){
			.host = le64_to_cpu(with->host_time),
			.ref = le64_to_cpu(with->reference_time),
			.leap = with->leap,
			.stratum = with->stratum,
		};
	} else {
		if (len < HVIC_TIMESYNC_MIN_LEN)
			return HVIC_STATUS_INVALID_ARGUMENT;
		*flags = without->flags;
		/* When it was taken nobody says: now. */
		*sample = (struct clock_sample){
			.host = le64_to_cpu(without->host_time),
			.ref = now,
			.leap = 3,
		};
	}
	sample->sync = *flags & HVIC_TIMESYNC_SYNC;
	return HVIC_STATUS_OK;
}

static u32 request(struct util *u, void *body, u32 len)
{
	struct timesync *ts = u->priv;
	struct clock_sample sample;
	enum clock_verdict verdict;
	u64 now = counter_now(ts);
	u8 flags;

	if (read_sample(u, body, len, now, &sample, &flags))
		return HVIC_STATUS_INVALID_ARGUMENT;
	if (!(flags & (HVIC_TIMESYNC_SYNC | HVIC_TIMESYNC_SAMPLE)))
		return HVIC_STATUS_OK;

	spin_lock(&ts->lock);
	verdict = clock_take(&ts->clock, &sample, now);
	if (verdict == CLOCK_TAKEN) {
		ts->asked |= sample.sync;
		if (ts->clock.jump_ns > NSEC_PER_SEC / 2 || ts->clock.jump_ns < -NSEC_PER_SEC / 2)
			atomic_inc(&ts->jumps);
	}
	spin_unlock(&ts->lock);
	atomic_inc(&ts->verdicts[verdict]);
	if (verdict != CLOCK_TAKEN) {
		/* What is merely late was good once. */
		return verdict == CLOCK_STALE ? HVIC_STATUS_OK : HVIC_STATUS_INVALID_ARGUMENT;
	}
	queue_work(utils_wq, &ts->work);
	return HVIC_STATUS_OK;
}

/* The guest's clock -------------------------------------------------------------------*/

static struct clock_policy policy(void)
{
	return (struct clock_policy){
		.step = READ_ONCE(time_step),
		.least_ns = (s64)READ_ONCE(time_least_ms) * NSEC_PER_MSEC,
		.ahead_ns = (s64)READ_ONCE(time_ahead_max) * NSEC_PER_SEC,
		.back_ns = (s64)READ_ONCE(time_back_max) * NSEC_PER_SEC,
		.behind_ns = (s64)READ_ONCE(time_behind) * NSEC_PER_SEC,
	};
}

/* How far our clock is from the host's, and what it was asked to do about that. */
static bool look(struct timesync *ts, bool *asked, s64 *off_ns)
{
	unsigned long irq;
	bool known;
	s64 host;

	spin_lock_irqsave(&ts->lock, irq);
	*asked = ts->asked;
	ts->asked = false;
	known = clock_read(&ts->clock, counter_now(ts), &host);
	*off_ns = host - (s64)ktime_get_real_ns();
	spin_unlock_irqrestore(&ts->lock, irq);
	return known;
}

static void correct(struct work_struct *work)
{
	struct timesync *ts = container_of(work, struct timesync, work);
	const struct clock_policy allowed = policy();
	enum clock_move move;
	struct timespec64 to;
	long long ms;
	bool asked;
	s64 off;

	if (!look(ts, &asked, &off))
		return;
	move = clock_correct(&allowed, asked, off);
	if (move == CLOCK_STEP &&
	    !clock_affords(&ts->budget, &allowed, off, ktime_get_boottime_ns()))
		move = CLOCK_TOO_FAR;
	atomic_inc(&ts->moves[move]);
	ms = div_s64(off, NSEC_PER_MSEC);
	if (move == CLOCK_TOO_FAR) {
		util_log(ts->u, warn, "time: the host is %lld ms ahead of us; that is further than we may step\n",
			 ms);
		return;
	}
	if (move != CLOCK_STEP)
		return;
	to = ns_to_timespec64(ktime_get_real_ns() + off);
	if (do_settimeofday64(&to))
		return;
	ts->budget.sum_ns += off;
	util_log(ts->u, info, "time: stepped by %lld ms to the host's clock\n", ms);
}

/* PTP ----------------------------------------------------------------------------------*/

static struct timesync *ts_of(struct ptp_clock_info *info)
{
	return container_of(info, struct timesync, info);
}

static int ptp_adjfine(struct ptp_clock_info *info, long delta)
{
	return -EOPNOTSUPP;
}

static int ptp_adjtime(struct ptp_clock_info *info, s64 delta)
{
	return -EOPNOTSUPP;
}

static int ptp_settime(struct ptp_clock_info *info, const struct timespec64 *to)
{
	return -EOPNOTSUPP;
}

static int ptp_enable(struct ptp_clock_info *info, struct ptp_clock_request *request, int on)
{
	return -EOPNOTSUPP;
}

static int ptp_gettime(struct ptp_clock_info *info, struct timespec64 *to,
		       struct ptp_system_timestamp *around)
{
	struct timesync *ts = ts_of(info);
	u64 counter;
	s64 ns;

	ptp_read_system_prets(around);
	counter = counter_now(ts);
	ptp_read_system_postts(around);
	if (!host_now(ts, counter, &ns))
		return -ESTALE;
	*to = ns_to_timespec64(ns);
	return 0;
}

/*
 * The system's time and the counter at the very same moment. That exists where the
 * system's clock source is the counter: then what the snapshot read of it lies
 * between two readings of ours. Where it does not, the clock source is another one,
 * and no precise answer is better than a wrong one.
 */
static int take_cross(struct timesync *ts, struct system_device_crosststamp *cross)
{
	struct system_time_snapshot snap;
	u64 before, after;
	unsigned int try;
	s64 ns;

	for (try = 0; try < CROSS_TRIES; try++) {
		if (!vmbus_dev_ref_time(ts->u->vdev, &before))
			return -EOPNOTSUPP;
		compat_time_snapshot(cross, &snap);
		vmbus_dev_ref_time(ts->u->vdev, &after);
		if (snap.cycles < before || snap.cycles > after)
			continue;
		if (!host_now(ts, snap.cycles, &ns))
			return -ESTALE;
		cross->device = ns_to_ktime(ns);
		cross->compat_cross_system = snap.compat_snapshot_system;
		cross->sys_monoraw = snap.compat_snapshot_raw;
		return 0;
	}
	return -EOPNOTSUPP;
}

static int ptp_cross(struct ptp_clock_info *info, struct system_device_crosststamp *cross)
{
	struct timesync *ts = ts_of(info);
	int err = take_cross(ts, cross);

	atomic_inc(err ? &ts->cross_refused : &ts->cross_given);
	return err;
}

static const struct ptp_clock_info ptp_info = {
	.owner = THIS_MODULE,
	.name = "hyperv",	/* user space makes /dev/ptp_hyperv of it */
	.adjfine = ptp_adjfine,
	.adjtime = ptp_adjtime,
	.gettimex64 = ptp_gettime,
	.getcrosststamp = ptp_cross,
	.settime64 = ptp_settime,
	.enable = ptp_enable,
};

/* The service ----------------------------------------------------------------------------*/

static int start(struct util *u)
{
	struct timesync *ts = kzalloc(sizeof(*ts), GFP_KERNEL);

	if (!ts)
		return -ENOMEM;
	ts->u = u;
	spin_lock_init(&ts->lock);
	INIT_WORK(&ts->work, correct);
	u->priv = ts;
	ts->info = ptp_info;
	ts->ptp = ptp_clock_register(&ts->info, &u->vdev->dev);
	if (IS_ERR_OR_NULL(ts->ptp)) {
		dev_warn(&u->vdev->dev, "time: no PTP clock (%d); the guest's clock is set all the same\n",
			 PTR_ERR_OR_ZERO(ts->ptp));
		ts->ptp = NULL;
	}
	return 0;
}

static void stop(struct util *u)
{
	struct timesync *ts = u->priv;

	if (ts->ptp)
		ptp_clock_unregister(ts->ptp);
	cancel_work_sync(&ts->work);
	kfree(ts);
}

/* The counter may begin anew while we sleep, and what it said means nothing then. */
static void suspend(struct util *u)
{
	struct timesync *ts = u->priv;
	unsigned long irq;

	cancel_work_sync(&ts->work);
	spin_lock_irqsave(&ts->lock, irq);
	ts->clock = (struct clock){ 0 };
	ts->asked = false;
	spin_unlock_irqrestore(&ts->lock, irq);
}

/* The host asks after every start of the service; should it not, its first sample counts. */
static void resume(struct util *u)
{
	struct timesync *ts = u->priv;
	unsigned long irq;

	spin_lock_irqsave(&ts->lock, irq);
	ts->asked = true;
	spin_unlock_irqrestore(&ts->lock, irq);
}

static void show(struct util *u, struct seq_file *file)
{
	static const char * const verdicts[] = {
		[CLOCK_TAKEN] = "samples", [CLOCK_NONSENSE] = "rejected_nonsense",
		[CLOCK_FUTURE] = "rejected_future", [CLOCK_STALE] = "rejected_stale",
	};
	static const char * const moves[] = {
		[CLOCK_STEP] = "steps", [CLOCK_CLOSE] = "close_enough",
		[CLOCK_NOT_ASKED] = "not_asked", [CLOCK_NOT_ALLOWED] = "not_allowed",
		[CLOCK_TOO_FAR] = "too_far",
	};
	struct timesync *ts = u->priv;
	struct clock clock;
	unsigned long irq;
	unsigned int i;

	spin_lock_irqsave(&ts->lock, irq);
	clock = ts->clock;
	spin_unlock_irqrestore(&ts->lock, irq);
	for (i = 0; i < ARRAY_SIZE(verdicts); i++)
		seq_printf(file, "%s %d\n", verdicts[i], atomic_read(&ts->verdicts[i]));
	for (i = 0; i < ARRAY_SIZE(moves); i++)
		seq_printf(file, "%s %d\n", moves[i], atomic_read(&ts->moves[i]));
	seq_printf(file, "jumps %d\n", atomic_read(&ts->jumps));
	seq_printf(file, "cross_given %d\ncross_refused %d\n", atomic_read(&ts->cross_given),
		   atomic_read(&ts->cross_refused));
	seq_printf(file, "leap %u\nstratum %u\n", clock.leap, clock.stratum);
}

const struct util_service timesync_service = {
	.name = "timesync",
	.type = HVIC_TYPE_TIMESYNC,
	.versions = { framework, message },
	.start = start,
	.stop = stop,
	.request = request,
	.suspend = suspend,
	.resume = resume,
	.show = show,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * eh.c - time, reset and the end
 *
 * The host cannot be told to forget one command. What there is, from the least
 * to the last: a host that answers others is given the same time once more; the
 * unit is reset, while the others go on; then everything stops, and the unit,
 * the bus and the adapter are reset in turn. Each of these the host may refuse,
 * or grant without doing anything: what counts is whether the commands come
 * back. When they do not, the channels are closed and opened again, because
 * that the host cannot ignore: only the return of every cookie lets a command
 * end and its memory be used again. An adapter that cannot be opened again is
 * given up, its commands end with errors, and the host is asked now and then
 * whether it is back.
 */
#include "storvsc.h"

#include <linux/blk-mq.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <scsi/scsi.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

/* How often the drain after a reset looks. */
#define DRAIN_POLL_MS	20

/* A unit that was out of service is asked once, and an adapter at least so often. */
#define REVIVE_TIMEOUT		(10 * HZ)
#define REVIVE_WAIT_MOST	(120ul * HZ)

void storvsc_give_up(struct storvsc_host *host)
{
	unsigned int i;

	mutex_lock(&host->shut_lock);
	/* First: whoever sees the mutex free, or a command ended, sees this. */
	WRITE_ONCE(host->dead, true);
	/* Sub-channels before the primary, and so in the reverse order of opening. */
	for (i = host->queue_count; i--;)
		storvsc_shut_queue(&host->queues[i], DID_NO_CONNECT);
	mutex_unlock(&host->shut_lock);
	wake_up_all(&host->wait);
}

/* The bus lost channels. Without the primary there is no adapter; without another, fewer queues. */
void storvsc_gone_work(struct work_struct *work)
{
	struct storvsc_host *host = container_of(work, struct storvsc_host, gone_work);
	unsigned int i;

	if (READ_ONCE(host->asleep))
		return;
	if (READ_ONCE(host->queues[0].gone)) {
		storvsc_give_up(host);
		return;
	}
	mutex_lock(&host->shut_lock);
	for (i = 1; i < host->queue_count; i++) {
		struct storvsc_queue *q = &host->queues[i];

		if (!READ_ONCE(q->gone) || q->dead)
			continue;
		if (__ratelimit(&host->log_limit))
			shost_printk(KERN_WARNING, host->shost,
				     "channel %u is gone, its commands go over channel %u\n",
				     vmbus_chan_relid(q->chan),
				     vmbus_chan_relid(host->queues[0].chan));
		storvsc_shut_queue(q, DID_REQUEUE);
	}
	mutex_unlock(&host->shut_lock);
}

void storvsc_watchdog(struct work_struct *work)
{
	struct storvsc_host *host = container_of(to_delayed_work(work), struct storvsc_host,
						 watchdog);
	unsigned long waiting;

	if (READ_ONCE(host->dead))
		return;
	waiting = storvsc_in_flight(host);
	/* Busy then, busy now, and nothing came in between: it owes us one for that long. */
	if (host->watched_busy && waiting &&
	    !storvsc_answered_since(host, jiffies - STORVSC_WATCH_PERIOD)) {
		shost_printk(KERN_ERR, host->shost,
			     "host silent for %u s while the adapter is removed, %lu commands end unanswered\n",
			     STORVSC_WATCH_PERIOD / HZ, waiting);
		storvsc_give_up(host);
		return;
	}
	host->watched_busy = waiting;
	queue_delayed_work(storvsc_wq, &host->watchdog, STORVSC_WATCH_PERIOD);
}

/* Time ---------------------------------------------------------------------------*/

compat_ret(struct scsi_host_template, eh_timed_out, NULL)
storvsc_timed_out(struct scsi_cmnd *cmd)
{
	struct storvsc_host *host = shost_priv(cmd->device->host);
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	unsigned long since = READ_ONCE(sc->since);
	bool answers;

	storvsc_poll_all(host);
	/* Its cookie is on the way, or was not ours to wait for. */
	if (READ_ONCE(host->dead) || READ_ONCE(sc->state) == STORVSC_CMD_IDLE)
		return SCSI_EH_RESET_TIMER;
	answers = storvsc_answered_since(host, since);
	/* Once only: of an answer that is lost, the others say nothing. */
	if (answers && !sc->expired++ && !scsi_host_in_recovery(cmd->device->host)) {
		WRITE_ONCE(sc->since, jiffies);
		if (__ratelimit(&host->log_limit))
			sdev_printk(KERN_WARNING, cmd->device,
				    "%s (0x%02x) without answer for %u s, host answers others, waiting on\n",
				    vstor_command_name(cmd->cmnd[0]), cmd->cmnd[0],
				    jiffies_to_msecs(jiffies - since) / 1000);
		return SCSI_EH_RESET_TIMER;
	}
	/* Not sent, or complete: then somebody else is ending it right now. */
	if (cmpxchg(&sc->state, STORVSC_CMD_SENT, STORVSC_CMD_EXPIRED) != STORVSC_CMD_SENT)
		return SCSI_EH_RESET_TIMER;
	if (!answers)
		atomic_inc(&host->silences);
	return SCSI_EH_NOT_HANDLED;
}

/* What the host still has ---------------------------------------------------------*/

/* Whose commands: of one unit, of one bus, or all. */
struct whose {
	const struct scsi_device *sdev;
	bool bus;
	unsigned int count;
};

static bool count_one(struct scsi_cmnd *cmd, void *arg)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	struct whose *whose = arg;

	/* Pairs with claim() in queue.c. */
	if (smp_load_acquire(&sc->state) != STORVSC_CMD_IDLE &&
	    (cmd->device == whose->sdev ||
	     (whose->bus && cmd->device->channel == whose->sdev->channel)))
		whose->count++;
	return true;
}

static unsigned long still_there(struct storvsc_host *host, u32 op, const struct scsi_device *sdev)
{
	struct whose whose = { .sdev = sdev, .bus = op == VSTOR_OP_RESET_BUS };

	if (op == VSTOR_OP_RESET_ADAPTER)
		return storvsc_in_flight(host);
	scsi_host_busy_iter(host->shost, count_one, &whose);
	return whose.count;
}

/* Wait until the host has given back everything that was reset. */
static bool drain(struct storvsc_host *host, u32 op, const struct scsi_device *sdev,
		  unsigned long patience)
{
	unsigned long end = jiffies + patience;

	while (still_there(host, op, sdev)) {
		if (READ_ONCE(host->dead) || time_after(jiffies, end))
			return false;
		msleep(DRAIN_POLL_MS);
		storvsc_poll_all(host);
	}
	/* The last of them may be on their way through scsi_done(). */
	synchronize_rcu();
	return !READ_ONCE(host->dead);
}

/* Resets ----------------------------------------------------------------------------*/

static const char *level(u32 op)
{
	return op == VSTOR_OP_RESET_LUN ? "unit" :
	       op == VSTOR_OP_RESET_BUS ? "bus" : "adapter";
}

static int ask_reset(struct storvsc_host *host, u32 op, const struct scsi_device *sdev)
{
	struct vstor_packet pkt;
	int len;

	vstor_put_reset(&pkt, op, sdev->channel, sdev->id, sdev->lun);
	len = storvsc_ask(host, &host->reset, &pkt);
	return len < 0 ? len : vstor_parse_reset(host->reset.reply, len);
}

static void say_reset(struct storvsc_host *host, u32 op, const struct scsi_device *sdev)
{
	if (__ratelimit(&host->log_limit))
		sdev_printk(KERN_WARNING, sdev, "resetting the %s, %lu commands with the host\n",
			    level(op), still_there(host, op, sdev));
}

/* True: the host has let go of every command that is concerned. */
static bool reset(struct storvsc_host *host, u32 op, const struct scsi_device *sdev,
		  unsigned long patience)
{
	bool done;
	int err;

	lockdep_assert_held(&host->reset_lock);
	say_reset(host, op, sdev);
	err = ask_reset(host, op, sdev);
	/* A host that says no is there, and may yet give the commands back. */
	done = (!err || err == -EIO) && drain(host, op, sdev, patience);
	if (!done && __ratelimit(&host->log_limit))
		sdev_printk(KERN_WARNING, sdev,
			    "reset of the %s %s (error %d), %lu commands with the host\n", level(op),
			    err ? "failed" : "was no use", err, still_there(host, op, sdev));
	return done;
}

/* Has the unit ignored a reset just now? Then it need not be asked again for each command. */
static bool deaf(const struct storvsc_lun *lun)
{
	return lun->deaf && time_before(jiffies, lun->deaf_at + 2 * storvsc_reply_timeout());
}

static bool reset_unit(struct storvsc_host *host, struct scsi_device *sdev)
{
	struct storvsc_lun *lun = storvsc_lun_get(sdev);
	bool done = false;

	if (!lun)
		return false;
	if (!deaf(lun)) {
		done = reset(host, VSTOR_OP_RESET_LUN, sdev, storvsc_reply_timeout());
		lun->deaf = !done;
		lun->deaf_at = jiffies;
	}
	storvsc_lun_put(lun);
	return done;
}

static bool is_back(struct scsi_cmnd *cmd)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);

	/* Pairs with claim() in queue.c. */
	return smp_load_acquire(&sc->state) == STORVSC_CMD_IDLE;
}

static bool comes_back(struct storvsc_host *host, struct scsi_cmnd *cmd)
{
	unsigned long end = jiffies + storvsc_reply_timeout();

	while (!is_back(cmd)) {
		if (READ_ONCE(host->dead) || time_after(jiffies, end))
			return false;
		msleep(DRAIN_POLL_MS);
		storvsc_poll_all(host);
	}
	return true;
}

/* Commands go to the unit all the time, so it is this one that is waited for. */
static void reset_unit_for(struct storvsc_host *host, struct scsi_cmnd *cmd)
{
	struct scsi_device *sdev = cmd->device;
	struct storvsc_lun *lun = sdev->hostdata;
	int err;

	if (!lun || deaf(lun))
		return;
	say_reset(host, VSTOR_OP_RESET_LUN, sdev);
	err = ask_reset(host, VSTOR_OP_RESET_LUN, sdev);
	/* A host that says no is there, and may yet give the command back. */
	lun->deaf = (err && err != -EIO) || !comes_back(host, cmd);
	lun->deaf_at = jiffies;
}

/* The others go on meanwhile. SUCCESS promises that the host has let go of this command. */
int storvsc_abort(struct scsi_cmnd *cmd)
{
	struct storvsc_host *host = shost_priv(cmd->device->host);
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);

	/* One that the error handler has borrowed knows no timeout of ours. */
	cmpxchg(&sc->state, STORVSC_CMD_SENT, STORVSC_CMD_EXPIRED);
	mutex_lock(&host->reset_lock);
	if (!is_back(cmd) && !READ_ONCE(host->dead) && !READ_ONCE(host->asleep))
		reset_unit_for(host, cmd);
	mutex_unlock(&host->reset_lock);
	if (!is_back(cmd))
		return FAILED;
	/* A command that was borrowed may be on its way through scsi_done(). */
	synchronize_rcu();
	return SUCCESS;
}

int storvsc_unit_reset(struct scsi_cmnd *cmd)
{
	struct storvsc_host *host = shost_priv(cmd->device->host);
	int result = FAILED;

	mutex_lock(&host->reset_lock);
	if (READ_ONCE(host->asleep))
		result = SUCCESS;
	else if (!READ_ONCE(host->dead) && reset_unit(host, cmd->device))
		result = SUCCESS;
	mutex_unlock(&host->reset_lock);
	return result;
}

int storvsc_bus_reset(struct scsi_cmnd *cmd)
{
	struct storvsc_host *host = shost_priv(cmd->device->host);
	int result = FAILED;

	mutex_lock(&host->reset_lock);
	if (READ_ONCE(host->asleep))
		result = SUCCESS;
	else if (!READ_ONCE(host->dead) &&
		 reset(host, VSTOR_OP_RESET_BUS, cmd->device, storvsc_reply_timeout()))
		result = SUCCESS;
	mutex_unlock(&host->reset_lock);
	return result;
}

/* Units the mid-layer may take out of service now; whoever did so before had his reasons. */
static void mark_units(struct storvsc_host *host)
{
	struct scsi_device *sdev;

	shost_for_each_device(sdev, host->shost) {
		struct storvsc_lun *lun = storvsc_lun_get(sdev);

		if (!lun)
			continue;
		if (sdev->sdev_state == SDEV_RUNNING)
			set_bit(STORVSC_LUN_LOST, &lun->flags);
		storvsc_lun_put(lun);
	}
}

/* Not on our own queue: it waits for commands that only the work there ends. */
void storvsc_revive_later(struct storvsc_host *host)
{
	if (!READ_ONCE(host->removing))
		queue_delayed_work(system_freezable_wq, &host->revive, host->revive_wait);
}

/*
 * What the host does not do when it is told, it cannot but do when its channels
 * close. Once: a host that has answered no command since it was opened again is
 * no disk, and a scan would climb this ladder for each unit there might be.
 */
static bool reset_adapter(struct storvsc_host *host, const struct scsi_device *sdev)
{
	if (host->restarts && !storvsc_answered_since(host, host->restarted_at)) {
		shost_printk(KERN_ERR, host->shost,
			     "no command answered since the channels were opened again, adapter given up\n");
		storvsc_give_up(host);
		return false;
	}
	return reset(host, VSTOR_OP_RESET_ADAPTER, sdev, storvsc_drain_timeout()) ||
	       !storvsc_restart(host);
}

/*
 * The mid-layer's last resort. SUCCESS promises that the commands may be started
 * again, FAILED that they may be ended: for both the host must have let go of them.
 */
int storvsc_host_reset(struct scsi_cmnd *cmd)
{
	struct storvsc_host *host = shost_priv(cmd->device->host);
	int result = FAILED;

	/* User space may ask for a reset at any time; remove waits for it here. */
	mutex_lock(&host->reset_lock);
	if (READ_ONCE(host->asleep)) {
		/* Its channels are closed: the host has let go of all. */
		result = SUCCESS;
	} else if (READ_ONCE(host->dead)) {
		/* Whoever gives it up holds this until every command is back. */
		mutex_lock(&host->shut_lock);
		mutex_unlock(&host->shut_lock);
	} else {
		mark_units(host);
		host->revive_wait = storvsc_reply_timeout();
		if (READ_ONCE(host->removing))
			storvsc_give_up(host);
		else if (reset_adapter(host, cmd->device))
			result = SUCCESS;
		storvsc_revive_later(host);
	}
	mutex_unlock(&host->reset_lock);
	return result;
}

/* Back again ------------------------------------------------------------------------*/

/* True: the adapter works, as far as opening it can tell. */
static bool adapter_is_back(struct storvsc_host *host)
{
	bool back = false;

	mutex_lock(&host->reset_lock);
	if (READ_ONCE(host->removing) || vmbus_chan_gone(host->vdev->chan))
		;
	else if (READ_ONCE(host->asleep))
		storvsc_revive_later(host);
	else if (!READ_ONCE(host->dead) || !storvsc_restart(host))
		back = true;
	else
		storvsc_revive_later(host);
	mutex_unlock(&host->reset_lock);
	return back;
}

/* Put a unit back into service that was taken out with the adapter, and ask it. */
static bool call_back(struct scsi_device *sdev, struct storvsc_lun *lun)
{
	struct scsi_sense_hdr sense;
	int err;

	if (!test_and_clear_bit(STORVSC_LUN_LOST, &lun->flags))
		return true;
	if (sdev->sdev_state != SDEV_OFFLINE)
		return true;
	mutex_lock(&sdev->state_mutex);
	err = scsi_device_set_state(sdev, SDEV_RUNNING);
	mutex_unlock(&sdev->state_mutex);
	if (err)
		return true;
	blk_mq_run_hw_queues(sdev->request_queue, true);
	scsi_test_unit_ready(sdev, REVIVE_TIMEOUT, 0, &sense);
	/* Silence has taken it out again; an answer, be it an error, is none. */
	if (sdev->sdev_state != SDEV_OFFLINE) {
		sdev_printk(KERN_INFO, sdev, "in service again\n");
		return true;
	}
	set_bit(STORVSC_LUN_LOST, &lun->flags);
	return false;
}

static bool unit_is_back(struct scsi_device *sdev)
{
	struct storvsc_lun *lun = storvsc_lun_get(sdev);
	bool back = true;

	if (lun) {
		back = call_back(sdev, lun);
		storvsc_lun_put(lun);
	}
	return back;
}

void storvsc_revive(struct work_struct *work)
{
	struct storvsc_host *host = container_of(to_delayed_work(work), struct storvsc_host,
						 revive);
	struct scsi_device *sdev;
	bool all = true;

	/* Less and less often. */
	host->revive_wait = min(host->revive_wait * 2, REVIVE_WAIT_MOST);
	if (scsi_host_in_recovery(host->shost)) {
		storvsc_revive_later(host);
		return;
	}
	if (!adapter_is_back(host))
		return;
	shost_for_each_device(sdev, host->shost) {
		if (!READ_ONCE(host->removing) && !unit_is_back(sdev))
			all = false;
	}
	if (all)
		storvsc_bus_changed(host);
	else
		storvsc_revive_later(host);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * eh.c - time, reset and the end
 *
 * The host cannot be told to forget one command, so a command that takes long is
 * waited for as long as the host shows that it lives. If it is silent for the
 * whole of a command's timeout, the error handler asks it to reset the bus. No
 * answer: it is gone. An answer: what is in flight gets a last, long time to come
 * back. In both cases, when the commands still do not come, the channels are
 * closed, and only that, the return of every cookie, lets the commands end and
 * their memory be used again.
 */
#include "storvsc.h"

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <scsi/scsi.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

/* How often the drain after a reset looks. */
#define DRAIN_POLL_MS	20


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

compat_ret(struct scsi_host_template, eh_timed_out, NULL)
storvsc_timed_out(struct scsi_cmnd *cmd)
{
	struct storvsc_host *host = shost_priv(cmd->device->host);
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	unsigned long since = READ_ONCE(sc->since);

	/* Its cookie is on the way. */
	if (READ_ONCE(host->dead))
		return SCSI_EH_RESET_TIMER;
	/* The error handler waits for all commands to end or to be its own. */
	if (scsi_host_in_recovery(cmd->device->host))
		return SCSI_EH_NOT_HANDLED;

	WRITE_ONCE(sc->since, jiffies);
	if (storvsc_answered_since(host, since)) {
		if (__ratelimit(&host->log_limit))
			sdev_printk(KERN_WARNING, cmd->device,
				    "command 0x%02x without answer for %u s, host answers others, waiting on\n",
				    cmd->cmnd[0], jiffies_to_msecs(jiffies - since) / 1000);
		return SCSI_EH_RESET_TIMER;
	}
	atomic_inc(&host->silences);
	return SCSI_EH_NOT_HANDLED;
}

/* Wait until the host has given back everything. */
static bool drain(struct storvsc_host *host, unsigned long patience)
{
	unsigned long end = jiffies + patience;

	while (storvsc_in_flight(host)) {
		if (READ_ONCE(host->dead) || time_after(jiffies, end))
			return false;
		msleep(DRAIN_POLL_MS);
	}
	return !READ_ONCE(host->dead);
}

static int reset_bus(struct storvsc_host *host, u8 path)
{
	struct vstor_packet pkt, reply;
	u32 len;
	int err;

	vstor_put_reset_bus(&pkt, path);
	err = storvsc_ask(host, &host->reset, &pkt, &reply, &len);
	return err ? err : vstor_parse_reset(&reply, len);
}

/* True: the host has let go of every command. */
static bool reset_and_drain(struct storvsc_host *host, u8 path)
{
	unsigned long patience = READ_ONCE(host->removing) ? storvsc_reply_timeout() :
							     storvsc_drain_timeout();
	struct Scsi_Host *shost = host->shost;
	int err;

	shost_printk(KERN_WARNING, shost, "resetting the bus, %lu commands in flight\n",
		     storvsc_in_flight(host));
	err = reset_bus(host, path);
	/* A host that answers no is there, and may yet give the commands back. */
	if ((!err || err == -EIO) && drain(host, patience)) {
		shost_printk(KERN_INFO, shost, "all commands are back\n");
		return true;
	}
	if (READ_ONCE(host->dead))
		return false;
	if (!err || err == -EIO)
		shost_printk(KERN_ERR, shost,
			     "%lu commands did not come back after the reset, adapter given up\n",
			     storvsc_in_flight(host));
	else
		shost_printk(KERN_ERR, shost, "no answer to the reset (error %d), adapter given up\n",
			     err);
	return false;
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
	} else if (!READ_ONCE(host->dead)) {
		if (reset_and_drain(host, cmd->device->channel))
			result = SUCCESS;
		else
			storvsc_give_up(host);
	}
	mutex_unlock(&host->reset_lock);
	return result;
}

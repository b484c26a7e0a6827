// SPDX-License-Identifier: GPL-2.0
/*
 * queue.c - a command out, a completion in
 */
#include "storvsc.h"
#include "trace.h"

#include <linux/bitmap.h>
#include <linux/blk-mq.h>
#include <linux/dma-mapping.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>
#include <scsi/scsi.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#define PAGE_BITS	12	/* the host's pages, whatever ours are */
#define PAGE_BYTES	(1u << PAGE_BITS)

/* For the host's own supervision of its disks; what Linux does is another matter. */
#define HOST_TIMEOUT_S	60

/* In so many jiffies a unit's depth shrinks once; see give_less(). */
#define FULL_MOMENT	(HZ / 16)

/* Most completions one look at a polled channel takes: whoever waits wants to go on. */
#define POLL_BUDGET	64

int storvsc_init_cmd(struct Scsi_Host *shost, struct scsi_cmnd *cmd)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);

	/* Once per request, not per use: that it is with the host must outlive a retry. */
	memset(sc, 0, sizeof(*sc));
	return 0;
}

/* Requests that are not commands --------------------------------------------------*/

static struct vmbus_ask *as_ask(struct storvsc_host *host, void *cookie)
{
	return cookie == &host->setup || cookie == &host->reset ? cookie : NULL;
}

int storvsc_ask(struct storvsc_host *host, struct vmbus_ask *ask, const struct vstor_packet *pkt)
{
	return vmbus_ask_host(host->queues[0].chan, ask, pkt, sizeof(*pkt),
			      storvsc_reply_timeout());
}

/* Out ---------------------------------------------------------------------------*/

/*
 * List the 4 KiB frames of a mapped command. The host takes a range for one run
 * of bytes from its offset on, so every seam must lie on a page boundary; the
 * block layer keeps that (virt_boundary_mask), and here it is seen to.
 *
 * Return: number of frames, or -EINVAL.
 */
static int list_frames(struct scsi_cmnd *cmd, int segments, u64 *pfns, u32 room)
{
	struct scatterlist *sg;
	u64 end = 0;
	u32 count = 0;
	int i;

	scsi_for_each_sg(cmd, sg, segments, i) {
		u64 at = sg_dma_address(sg);

		if (i && ((at | end) & (PAGE_BYTES - 1)))
			return -EINVAL;
		end = at + sg_dma_len(sg);
		for (at >>= PAGE_BITS; at <= (end - 1) >> PAGE_BITS; at++) {
			if (count == room)
				return -EINVAL;
			pfns[count++] = at;
		}
	}
	return count;
}

static int send_listed(struct storvsc_queue *q, struct scsi_cmnd *cmd, int segments,
		       const struct vstor_packet *pkt, unsigned int flags, u64 *pfns, u32 room)
{
	struct vmbus_pages pages = {
		.pfns = pfns,
		.offset = sg_dma_address(scsi_sglist(cmd)) & (PAGE_BYTES - 1),
		.len = scsi_bufflen(cmd),
	};
	int count = list_frames(cmd, segments, pfns, room);

	if (unlikely(count != DIV_ROUND_UP(pages.offset + pages.len, PAGE_BYTES)))
		return -EINVAL;
	trace_storvsc_submit(q, cmd, pages.len, count);
	return vmbus_chan_send_pages(q->chan, &pages, pkt, sizeof(*pkt), cmd, flags);
}

/* After success the command is the host's and may be complete already: do not touch it. */
static int send(struct storvsc_queue *q, struct scsi_cmnd *cmd, int segments,
		const struct vstor_packet *pkt, unsigned int flags)
{
	u64 few[STORVSC_FEW_PAGES];
	unsigned long irq;
	int err;

	if (!segments) {
		trace_storvsc_submit(q, cmd, 0, 0);
		return vmbus_chan_send(q->chan, pkt, sizeof(*pkt), cmd, flags);
	}
	/* One page more than the length says, because of its offset. */
	if (scsi_bufflen(cmd) <= (STORVSC_FEW_PAGES - 1) * PAGE_BYTES)
		return send_listed(q, cmd, segments, pkt, flags, few, STORVSC_FEW_PAGES);

	/* The bus copies the list into the ring, so one array a queue is enough. */
	spin_lock_irqsave(&q->pfn_lock, irq);
	err = send_listed(q, cmd, segments, pkt, flags, q->pfns,
			  q->host->found.max_transfer / PAGE_BYTES + 1);
	spin_unlock_irqrestore(&q->pfn_lock, irq);
	return err;
}

/*
 * What a hardware queue was given of a batch may lie in several rings, for the choice
 * of one can change meanwhile. A ring is noted after the command was put there and
 * struck out before it is shown, so whoever ends a batch finds it noted, or somebody
 * else is about to show it.
 */
static void note_unshown(struct storvsc_queue *q, const struct storvsc_queue *via)
{
	if (!test_bit(via->index, q->unshown))
		set_bit(via->index, q->unshown);
}

static void strike_out(struct storvsc_queue *q, const struct storvsc_queue *via)
{
	if (test_bit(via->index, q->unshown)) {
		clear_bit(via->index, q->unshown);
		/* Before the ring's lock is taken. */
		smp_mb__after_atomic();
	}
}

static void show_all(struct storvsc_queue *q)
{
	unsigned int i;

	for_each_set_bit(i, q->unshown, STORVSC_MAX_QUEUES) {
		strike_out(q, &q->host->queues[i]);
		vmbus_chan_kick(q->host->queues[i].chan);
	}
}

/*
 * The block layer takes a command that we end ourselves for one that was sent,
 * and so the last of a batch for the kick the others wait for.
 */
static void show_if_last(struct storvsc_queue *q, const struct scsi_cmnd *cmd)
{
	if (cmd->flags & SCMD_LAST)
		show_all(q);
}

static int end_unsent(struct storvsc_queue *q, struct scsi_cmnd *cmd, int host_byte)
{
	show_if_last(q, cmd);
	scsi_set_resid(cmd, scsi_bufflen(cmd));
	cmd->result = host_byte << 16;
	scsi_done(cmd);
	return 0;
}

static int busy(struct storvsc_queue *q, const struct scsi_cmnd *cmd)
{
	show_if_last(q, cmd);
	return SCSI_MLQUEUE_HOST_BUSY;
}

/* False: a command that no driver of ours should have been given. */
static bool put_command(struct vstor_packet *pkt, struct scsi_cmnd *cmd)
{
	struct scsi_device *sdev = cmd->device;
	struct vstor_request req = {
		.port = sdev->host->host_no,
		.path = sdev->channel,
		.target = sdev->id,
		.lun = sdev->lun,
		.cdb = cmd->cmnd,
		.cdb_len = cmd->cmd_len,
		.data = VSTOR_DATA_NONE,
		.tagged = sdev->tagged_supported,
		.timeout_s = HOST_TIMEOUT_S,
		.len = scsi_bufflen(cmd),
	};

	if (sdev->lun > U8_MAX || sdev->id > U8_MAX || sdev->channel > U8_MAX ||
	    req.len > sdev->host->max_sectors << SECTOR_SHIFT)
		return false;
	if (req.len && cmd->sc_data_direction == DMA_FROM_DEVICE)
		req.data = VSTOR_DATA_IN;
	else if (req.len && cmd->sc_data_direction == DMA_TO_DEVICE)
		req.data = VSTOR_DATA_OUT;
	return !vstor_put_execute(pkt, &req);
}

/* The error handler borrows a command of a program that polls, and waits for an interrupt. */
static bool nobody_polls(const struct storvsc_queue *q, const struct scsi_cmnd *cmd)
{
	return q->polled && cmd->submitter == SUBMITTED_BY_SCSI_ERROR_HANDLER;
}

static bool is_bounced(struct scsi_cmnd *cmd)
{
	struct scatterlist *sg = scsi_sglist(cmd);

	return sg_dma_address(sg) != sg_phys(sg);
}

/* Over the channel of @via. After success the command is the host's: do not touch it. */
static int give(struct storvsc_queue *q, struct storvsc_queue *via, struct scsi_cmnd *cmd,
		int segments, const struct vstor_packet *pkt, unsigned int flags)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	int err;

	/* Count it, then send: it may be back before the send returns. */
	WRITE_ONCE(sc->state, STORVSC_CMD_SENT);
	atomic_long_inc(&via->sent);
	if (!(flags & VMBUS_SEND_MORE))
		strike_out(q, via);
	err = send(via, cmd, segments, pkt, flags);
	if (unlikely(err)) {
		atomic_long_dec(&via->sent);
		WRITE_ONCE(sc->state, STORVSC_CMD_IDLE);
		note_unshown(q, via);
		if (err == -EAGAIN)
			atomic_long_inc(&via->full);
		return err;
	}
	if (via != q)
		atomic_long_inc(&q->lent);
	if (flags & VMBUS_SEND_MORE) {
		note_unshown(q, via);
		atomic_long_inc(&via->held);
	} else if (unlikely(!bitmap_empty(q->unshown, STORVSC_MAX_QUEUES))) {
		show_all(q);
	}
	return 0;
}

static int submit(struct storvsc_host *host, struct storvsc_queue *q, struct scsi_cmnd *cmd)
{
	unsigned int flags = cmd->flags & SCMD_LAST ? 0 : VMBUS_SEND_MORE;
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	struct storvsc_queue *own = q, *via;
	struct vstor_packet pkt;
	int segments, err;

	if (unlikely(READ_ONCE(host->dead)))
		return end_unsent(q, cmd, DID_NO_CONNECT);
	/* Only an error handler in a hurry could reuse a command: not while the host has it. */
	if (WARN_ON_ONCE(READ_ONCE(sc->state) != STORVSC_CMD_IDLE))
		return busy(q, cmd);
	if (unlikely(!put_command(&pkt, cmd)))
		return end_unsent(q, cmd, DID_BAD_TARGET);
	if (unlikely(READ_ONCE(q->dead) && READ_ONCE(host->asleep)))
		return busy(q, cmd);
	if (unlikely(READ_ONCE(q->dead) || nobody_polls(q, cmd))) {
		own = &host->queues[0];
		/* Nobody will ask to show it what of this queue lies there. */
		flags = 0;
	}

	segments = scsi_dma_map(cmd);
	/* Bounce buffers are all in use: those in flight will free some. */
	if (unlikely(segments < 0)) {
		atomic_long_inc(&q->unmapped);
		return busy(q, cmd);
	}

	if (unlikely(segments && is_bounced(cmd)))
		atomic_long_inc(&q->bounced);

	sc->expired = 0;
	sc->began = unlikely(READ_ONCE(host->measure)) ? ktime_get_ns() : 0;
	WRITE_ONCE(sc->since, jiffies);
	via = likely(own == q) ? storvsc_via(q) : own;
	for (;;) {
		err = give(q, via, cmd, segments, &pkt, flags);
		if (likely(!err))
			return 0;
		if (via == own)
			break;
		/* The other is full, or going; of its own a queue has room. */
		via = own;
	}

	scsi_dma_unmap(cmd);
	switch (err) {
	case -EAGAIN:
		/*
		 * What fills ring and table are commands of ours, and the block
		 * layer tries again whenever one of them ends. So the host need
		 * not signal free space: that would cost an interrupt and gain nothing.
		 */
		return busy(q, cmd);
	case -ENODEV:
		/* Without a sub-channel the primary does its work, as soon as it is known. */
		if (own->index)
			return busy(q, cmd);
		return end_unsent(q, cmd, DID_NO_CONNECT);
	default:
		if (__ratelimit(&host->log_limit))
			sdev_printk(KERN_ERR, cmd->device,
				    "command 0x%02x with %u bytes in %d segments cannot be sent, error %d\n",
				    cmd->cmnd[0], scsi_bufflen(cmd), segments, err);
		return end_unsent(q, cmd, DID_ERROR);
	}
}

compat_ret(struct scsi_host_template, queuecommand, NULL, NULL)
storvsc_queuecommand(struct Scsi_Host *shost, struct scsi_cmnd *cmd)
{
	struct storvsc_host *host = shost_priv(shost);
	u32 tag = blk_mq_unique_tag(scsi_cmd_to_rq(cmd));
	int result;

	/* Who replaces channels waits for us, whoever we are: the error handler sends, too. */
	rcu_read_lock();
	result = submit(host, &host->queues[blk_mq_unique_tag_to_hwq(tag)], cmd);
	rcu_read_unlock();
	return result;
}

void storvsc_commit(struct Scsi_Host *shost, u16 hwq)
{
	struct storvsc_host *host = shost_priv(shost);

	show_all(&host->queues[hwq]);
}

/* In ------------------------------------------------------------------------------*/

/* How much a command must move to be a success. */
static u32 least(struct scsi_cmnd *cmd)
{
	enum req_op op = req_op(scsi_cmd_to_rq(cmd));

	/* Whoever sent it can do with less; so can the error handler, in what it borrows. */
	if (!cmd->underflow)
		return 0;
	/* A file system's read or write is all or an error; sd's hint counts 512-byte blocks only. */
	if (op == REQ_OP_READ || op == REQ_OP_WRITE)
		return scsi_bufflen(cmd);
	return min(cmd->underflow, scsi_bufflen(cmd));
}

/*
 * A command's cookie came back. True: its end is ours. False: its time was over
 * before, so it is the error handler's, and only learns that the host has let go
 * of it; it may be started again at once, so nothing touches it afterwards.
 *
 * The error handler may see a command idle that is still being ended: whoever
 * promises that the host has let go of commands waits for these callbacks first
 * (synchronize_rcu() in eh.c).
 */
static bool claim(struct storvsc_queue *q, struct scsi_cmnd *cmd)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);

	RCU_LOCKDEP_WARN(!rcu_read_lock_any_held(), "nobody could wait for the end of this command");
	if (likely(cmpxchg(&sc->state, STORVSC_CMD_SENT, STORVSC_CMD_IDLE) == STORVSC_CMD_SENT)) {
		scsi_dma_unmap(cmd);
		return true;
	}
	scsi_dma_unmap(cmd);
	/* Pairs with is_back() and count_one() in eh.c. */
	smp_store_release(&sc->state, STORVSC_CMD_IDLE);
	wake_up_all(&q->host->wait);
	return false;
}

/*
 * One more is back, and what had to be done for it is done: the error handler
 * starts commands again when it sees none in flight. Pairs with
 * storvsc_in_flight().
 */
static void count_done(struct storvsc_queue *q)
{
	smp_store_release(&q->done, q->done + 1);
}

/* Which class of durations; see STORVSC_TIMES. */
static void note_time(struct storvsc_queue *q, struct scsi_cmnd *cmd)
{
	struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	u64 us;

	if (likely(!sc->began))
		return;
	us = (ktime_get_ns() - sc->began) / NSEC_PER_USEC;
	q->times[min_t(u64, fls64(us), STORVSC_TIMES - 1)]++;
}

static void note_odd(struct storvsc_queue *q, u32 odd)
{
	int i;

	for (i = 0; i < VSTOR_ODD_COUNT; i++)
		if (odd & BIT(i))
			storvsc_reject(q, i);
}

static void note_failure(struct storvsc_queue *q, struct scsi_cmnd *cmd,
			 const struct vstor_verdict *v)
{
	if (__ratelimit(&q->host->log_limit))
		sdev_printk(KERN_WARNING, cmd->device,
			    "channel %u: %s (0x%02x) failed: %s (srb status 0x%02x, scsi status 0x%02x, host status 0x%08x)\n",
			    vmbus_chan_relid(q->chan), vstor_command_name(cmd->cmnd[0]),
			    cmd->cmnd[0], vstor_srb_name(v->srb_status), v->srb_status,
			    v->host_scsi_status, v->nt_status);
}

static void note_action(struct storvsc_host *host, struct scsi_device *sdev,
			enum vstor_action action)
{
	switch (action) {
	case VSTOR_ACT_REMOVE:
		storvsc_unit_absent(host, sdev);
		break;
	case VSTOR_ACT_RESCAN:
		storvsc_unit_changed(host, sdev);
		break;
	case VSTOR_ACT_SCAN:
		storvsc_target_changed(host, sdev);
		break;
	case VSTOR_ACT_NONE:
		break;
	}
}

/*
 * The unit has more than it can take: a quarter less. Many answers may come of one
 * such moment, so one of them counts. The mid-layer would take away a single
 * command the eleventh time; giving back, one by one after a while, is left to it.
 */
static void give_less(struct scsi_device *sdev)
{
	struct storvsc_lun *lun = sdev->hostdata;
	int busy = scsi_device_busy(sdev);

	if (!lun || time_before(jiffies, READ_ONCE(lun->full_at) + FULL_MOMENT))
		return;
	WRITE_ONCE(lun->full_at, jiffies);
	/* The mid-layer gives nothing back for a while. */
	sdev->last_queue_full_time = jiffies;
	if (busy <= sdev->queue_depth)
		scsi_change_queue_depth(sdev, max(busy - busy / 4 - 1, 1));
}

static void command_done(struct storvsc_queue *q, struct scsi_cmnd *cmd,
			 const struct vmbus_pkt *pkt)
{
	static const u8 host_bytes[VSTOR_OUTCOME_COUNT] = {
		[VSTOR_OK] = DID_OK,
		[VSTOR_STATUS] = DID_OK,
		/* The mid-layer tries again, a few times. */
		[VSTOR_FAILED] = DID_ERROR,
		[VSTOR_NO_DEVICE] = DID_NO_CONNECT,
	};
	struct vstor_expect expect = {
		.cdb = cmd->cmnd,
		.asked = scsi_bufflen(cmd),
		.least = least(cmd),
	};
	struct vstor_verdict v;

	vstor_parse_completion(pkt->payload, pkt->payload_len, &expect, &v);
	trace_storvsc_complete(q, cmd, &v);
	if (unlikely(v.odd))
		note_odd(q, v.odd);
	note_time(q, cmd);
	if (unlikely(v.outcome != VSTOR_OK)) {
		q->errors++;
		trace_storvsc_error(q, cmd, &v);
		if (v.outcome == VSTOR_FAILED)
			note_failure(q, cmd, &v);
		note_action(q->host, cmd->device, v.action);
		if (v.scsi_status == SAM_STAT_TASK_SET_FULL)
			give_less(cmd->device);
	}

	if (likely(claim(q, cmd))) {
		/* The mid-layer has cleared the rest of the buffer. */
		if (v.sense_len)
			memcpy(cmd->sense_buffer, v.sense, v.sense_len);
		scsi_set_resid(cmd, v.residual);
		cmd->result = host_bytes[v.outcome] << 16 | v.scsi_status;
		scsi_done(cmd);
	} else {
		q->late++;
	}
	count_done(q);
}

static void noticed(struct storvsc_queue *q, const struct vmbus_pkt *pkt)
{
	if (pkt->type != VMBUS_PKT_INBAND) {
		storvsc_reject(q, STORVSC_REJECT_TYPE);
		return;
	}
	switch (vstor_parse_notice(pkt->payload, pkt->payload_len)) {
	case VSTOR_NOTICE_BUS_CHANGED:
		storvsc_bus_changed(q->host);
		break;
	case VSTOR_NOTICE_BAD:
		storvsc_reject(q, STORVSC_REJECT_NOTICE);
		break;
	}
}

/* Everything the host has sent. One at a time: the event callback, or whoever polls. */
static void receive(struct vmbus_chan *chan, struct storvsc_queue *q)
{
	struct vmbus_ask *ask;
	struct vmbus_pkt pkt;
	bool answered = false;

	while (vmbus_chan_recv(chan, &pkt)) {
		if (pkt.type != VMBUS_PKT_COMPLETION) {
			noticed(q, &pkt);
			continue;
		}
		ask = as_ask(q->host, pkt.cookie);
		if (unlikely(ask)) {
			vmbus_ask_answered(ask, &pkt);
		} else {
			command_done(q, pkt.cookie, &pkt);
			answered = true;
		}
	}
	if (answered)
		WRITE_ONCE(q->answered, jiffies);
}

static void on_event(struct vmbus_chan *chan, void *ctx)
{
	receive(chan, ctx);
}

int storvsc_poll(struct Scsi_Host *shost, unsigned int hwq)
{
	struct storvsc_host *host = shost_priv(shost);
	struct storvsc_queue *q = &host->queues[hwq];
	struct vmbus_chan *chan;
	int done = 0;

	/* The channel may be replaced; and see claim(). */
	rcu_read_lock();
	chan = READ_ONCE(q->chan);
	if (vmbus_chan_poll_begin(chan, POLL_BUDGET)) {
		q->polls++;
		receive(chan, q);
		done = vmbus_chan_poll_end(chan);
	}
	rcu_read_unlock();
	return done;
}

void storvsc_poll_all(struct storvsc_host *host)
{
	unsigned int i;

	for (i = host->first_polled; i < host->queue_count; i++)
		storvsc_poll(host->shost, i);
}

static void on_gone(struct vmbus_chan *chan, void *ctx)
{
	struct storvsc_queue *q = ctx;

	WRITE_ONCE(q->gone, true);
	if (!q->index) {
		vmbus_ask_dropped(&q->host->setup);
		vmbus_ask_dropped(&q->host->reset);
	}
	/* Closing is not for here: it waits for this very callback. */
	queue_work(storvsc_wq, &q->host->gone_work);
	wake_up_all(&q->host->wait);
}

const struct vmbus_chan_ops storvsc_chan_ops = {
	.event = on_event,
	.gone = on_gone,
};

/* Such a channel is never rearmed, so the host interrupts nobody. */
const struct vmbus_chan_ops storvsc_polled_ops = {
	.gone = on_gone,
};

static void end_unanswered(struct storvsc_queue *q, struct scsi_cmnd *cmd, int host_byte)
{
	rcu_read_lock();
	if (claim(q, cmd)) {
		scsi_set_resid(cmd, scsi_bufflen(cmd));
		cmd->result = host_byte << 16;
		scsi_done(cmd);
	}
	rcu_read_unlock();
	count_done(q);
}

/*
 * The channel is closed before anything is reaped: no completion can come any
 * more, no send succeeds, and the host was told, and waited for, to let go of
 * the channel and with it of the commands on it. If it did not answer, or the
 * channel was rescinded, there is nobody left to ask; the data pages go back to
 * their owners because the alternative is to hang these for ever.
 */
void storvsc_shut_queue(struct storvsc_queue *q, int host_byte)
{
	struct vmbus_ask *ask;
	void *cookie;

	lockdep_assert_held(&q->host->shut_lock);
	WRITE_ONCE(q->dead, true);
	vmbus_chan_close(q->chan);
	while ((cookie = vmbus_chan_reap(q->chan))) {
		struct scsi_cmnd *cmd = cookie;

		ask = as_ask(q->host, cookie);
		if (ask) {
			vmbus_ask_dropped(ask);
			continue;
		}
		end_unanswered(q, cmd, host_byte);
	}
}

/* Account ---------------------------------------------------------------------------*/

/* Exact when nothing is being sent, as in the error handler; else a recent value. */
unsigned long storvsc_in_flight(struct storvsc_host *host)
{
	unsigned long done = 0, sent = 0;
	unsigned int i;

	/* In this order: what is counted as done was counted as sent before. */
	for (i = 0; i < host->queue_count; i++)
		done += smp_load_acquire(&host->queues[i].done);
	for (i = 0; i < host->queue_count; i++)
		sent += atomic_long_read(&host->queues[i].sent);
	return sent - done;
}

bool storvsc_answered_since(struct storvsc_host *host, unsigned long since)
{
	unsigned int i;

	for (i = 0; i < host->queue_count; i++)
		if (time_after(READ_ONCE(host->queues[i].answered), since))
			return true;
	return false;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * io.c - send and receive on an open channel: locks, ids, the bell (hot path)
 *
 * The ring says when the host must be signalled; this file does it, after the
 * lock is dropped. The receive side has one reader: the bell, a tasklet that
 * the interrupt schedules with the ring masked, and that unmasks when it is done;
 * or, if the driver prefers, whoever it lets poll.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "channel.h"
#include "hypercall.h"
#include "proto/pkt.h"
#include "trace.h"
#include "wire/tlfs.h"

#include <linux/export.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/wait_bit.h>

/* Packets an event callback may take before others get the CPU. */
#define EVENT_BUDGET	256

static bool monitor = true;
module_param(monitor, bool, 0644);
MODULE_PARM_DESC(monitor,
		 "signal by a bit in memory where the host offers it; read when a channel is opened (default on)");

/* The rings say when; here is how. */
static void ring_host(struct vmbus_chan *chan)
{
	trace_vmbus_signal(chan->offer.relid);
	if (!chan->monitor) {
		hypercall_signal_event(chan->offer.connection_id);
		return;
	}
	hypercall_signal_page(chan->monitor, chan->offer.monitor_id);
	atomic64_inc(&chan->signals_monitor);
}

/* By the page the host looks through, if it offers that and the driver can wait. */
static void choose_signal(struct vmbus_chan *chan)
{
	bool by_page = monitor && chan->offer.monitored && !chan->cfg.signal_now;

	chan->monitor = by_page ? chan->conn->monitor_pages[1] : NULL;
}

/* A ring that lied is not looked at again: no repair, the others go on. */
static void broke(struct vmbus_chan *chan, enum conn_count by, const char *what)
{
	/* Sender and receiver may find out at once; one of them says so. */
	if (vmbus_chan_set_state(chan, CHAN_EV_BROKE) != CHAN_BROKEN || xchg(&chan->broke, true))
		return;
	io_refuse(chan);
	conn_count(chan->conn, COUNT_CHANNEL_BROKEN);
	conn_count(chan->conn, by);
	trace_vmbus_chan_broke(chan->offer.relid, what);
	pr_err_ratelimited("channel %u: %s, channel stopped\n", chan->offer.relid, what);
	vmbus_chan_queue_gone(chan);
}

/* Send -----------------------------------------------------------------------*/

/* Show the host what was put. tx_lock held; true: ring once it is dropped. */
static bool publish(struct vmbus_chan *chan)
{
	bool kick = ring_tx_publish(&chan->tx);

	chan->stats.signals_data += kick;
	return kick;
}

static void count_full(struct chan_stats *stats)
{
	/* Nothing was put since the last time: it is still full, and not again. */
	if (!stats->tx_full++ || stats->tx_full_at != stats->packets_out)
		stats->tx_full_first++;
	stats->tx_full_at = stats->packets_out;
}

/* Put one packet and, unless more follow, show it. tx_lock held. */
static int put(struct vmbus_chan *chan, const struct ring_vec *vec, unsigned int count,
	       unsigned int flags, bool *kick)
{
	int err = ring_tx_put(&chan->tx, vec, count);

	if (!err) {
		chan->stats.packets_out++;
		if (!(flags & VMBUS_SEND_MORE))
			*kick = publish(chan);
	} else if (err == -EAGAIN) {
		count_full(&chan->stats);
		/* The host must see what was held back, or space would never come. */
		*kick = publish(chan);
	}
	return err;
}

static void after_send(struct vmbus_chan *chan, int err, bool kick)
{
	if (kick)
		ring_host(chan);
	if (unlikely(err == -EPROTO))
		broke(chan, COUNT_BROKEN_TX_INDEX, "impossible read index in the transmit ring");
}

/* An id for a request that wants a completion. tx_lock held. 0 if the table is full. */
static u64 bind_id(struct vmbus_chan *chan, void *cookie, bool *kick)
{
	u64 id = reqid_bind(&chan->ids, cookie);

	if (unlikely(!id)) {
		chan->stats.ids_full++;
		*kick = publish(chan);
	}
	return id;
}

/*
 * The one way into the ring. @hdr is at the start of @vec and complete but for its
 * id, which a packet gets that wants a completion.
 */
static int send_packet(struct vmbus_chan *chan, struct vmbus_pkt_hdr *hdr,
		       const struct ring_vec *vec, unsigned int count, void *cookie,
		       unsigned int flags)
{
	unsigned long irq;
	bool kick = false;
	u64 id = 0;
	int err;

	spin_lock_irqsave(&chan->tx_lock, irq);
	if (unlikely(!chan->tx_open)) {
		err = -ENODEV;
		goto out;
	}
	if (hdr->flags & cpu_to_le16(VMBUS_PKT_FLAG_COMPLETION)) {
		id = bind_id(chan, cookie, &kick);
		if (!id) {
			err = -EAGAIN;
			goto out;
		}
		hdr->id = cpu_to_le64(id);
	}
	err = put(chan, vec, count, flags, &kick);
	if (err && id)
		reqid_take(&chan->ids, id);
out:
	spin_unlock_irqrestore(&chan->tx_lock, irq);
	after_send(chan, err, kick);
	return err == -EPROTO ? -ENODEV : err;
}

int vmbus_chan_send(struct vmbus_chan *chan, const void *payload, u32 len,
		    void *cookie, unsigned int flags)
{
	struct vmbus_pkt_hdr hdr;
	struct ring_vec vec[2] = { { &hdr, sizeof(hdr) }, { payload, len } };

	pkt_put_inband(&hdr, len, 0, cookie);
	return send_packet(chan, &hdr, vec, ARRAY_SIZE(vec), cookie, flags);
}
EXPORT_SYMBOL_GPL(vmbus_chan_send);

int vmbus_chan_send_pages(struct vmbus_chan *chan, const struct vmbus_pages *pages,
			  const void *payload, u32 len, void *cookie, unsigned int flags)
{
	struct ring_vec vec[3];
	struct pkt_gpa_hdr hdr;
	int count;

	count = pkt_put_gpa_direct(&hdr, pages->offset, pages->len, len, 0);
	if (unlikely(count <= 0))
		return -EMSGSIZE;
	vec[0] = (struct ring_vec){ &hdr, sizeof(hdr) };
	vec[1] = (struct ring_vec){ pages->pfns, count * sizeof(u64) };
	vec[2] = (struct ring_vec){ payload, len };
	return send_packet(chan, &hdr.hdr, vec, ARRAY_SIZE(vec), cookie, flags);
}
EXPORT_SYMBOL_GPL(vmbus_chan_send_pages);

/* Words written, or -EMSGSIZE. */
static int list_ranges(u64 *words, const struct vmbus_range *ranges, u32 count)
{
	int used = 0, err;
	u32 i;

	for (i = 0; i < count; i++) {
		err = pkt_put_range(words + used, VMBUS_RANGE_WORDS - used, ranges[i].addr,
				    ranges[i].len);
		if (unlikely(err < 0))
			return -EMSGSIZE;
		used += err;
	}
	return used;
}

int vmbus_chan_send_ranges(struct vmbus_chan *chan, const struct vmbus_range *ranges, u32 count,
			   const void *payload, u32 len, void *cookie, unsigned int flags)
{
	u64 words[VMBUS_RANGE_WORDS];
	struct pkt_ranges_hdr hdr;
	struct ring_vec vec[3];
	int used;

	used = list_ranges(words, ranges, count);
	if (unlikely(used < 0))
		return used;
	if (unlikely(pkt_put_ranges(&hdr, count, used, len, 0)))
		return -EMSGSIZE;
	vec[0] = (struct ring_vec){ &hdr, sizeof(hdr) };
	vec[1] = (struct ring_vec){ words, used * sizeof(u64) };
	vec[2] = (struct ring_vec){ payload, len };
	return send_packet(chan, &hdr.hdr, vec, ARRAY_SIZE(vec), cookie, flags);
}
EXPORT_SYMBOL_GPL(vmbus_chan_send_ranges);

/* A packet that answers one of the host's; its id is the host's, and in no table of ours. */
static int send_answer(struct vmbus_chan *chan, struct vmbus_pkt_hdr *hdr, const void *payload,
		       u32 len, unsigned int flags)
{
	struct ring_vec vec[2] = { { hdr, sizeof(*hdr) }, { payload, len } };

	return send_packet(chan, hdr, vec, len ? 2 : 1, NULL, flags);
}

int vmbus_chan_send_completion(struct vmbus_chan *chan, u64 id, const void *payload,
			       u32 len, unsigned int flags)
{
	struct vmbus_pkt_hdr hdr;

	pkt_put_completion(&hdr, len, id);
	return send_answer(chan, &hdr, payload, len, flags);
}
EXPORT_SYMBOL_GPL(vmbus_chan_send_completion);

int vmbus_chan_send_completions(struct vmbus_chan *chan, const u64 *ids, u32 count,
				const void *payload, u32 len)
{
	/* In one piece, as it will lie in the ring. */
	struct {
		struct vmbus_pkt_hdr hdr;
		u8 payload[VMBUS_ANSWER_MAX];
	} answer;
	struct ring_vec vec = { &answer, sizeof(answer.hdr) + len };
	int err = -ENODEV;
	bool kick = false;
	unsigned long irq;
	u32 done = 0;

	if (WARN_ON_ONCE(len > sizeof(answer.payload)))
		return -ENODEV;
	pkt_put_completion(&answer.hdr, len, 0);
	memcpy(answer.payload, payload, len);
	spin_lock_irqsave(&chan->tx_lock, irq);
	while (likely(chan->tx_open)) {
		if (done == count) {
			err = 0;
			break;
		}
		answer.hdr.id = cpu_to_le64(ids[done]);
		err = put(chan, &vec, 1, VMBUS_SEND_MORE, &kick);
		if (unlikely(err))
			break;
		done++;
	}
	spin_unlock_irqrestore(&chan->tx_lock, irq);
	after_send(chan, err, kick);
	return !err || err == -EAGAIN ? (int)done : -ENODEV;
}
EXPORT_SYMBOL_GPL(vmbus_chan_send_completions);

int vmbus_chan_send_reply(struct vmbus_chan *chan, u64 id, const void *payload, u32 len,
			  unsigned int flags)
{
	struct vmbus_pkt_hdr hdr;

	pkt_put_inband(&hdr, len, id, false);
	return send_answer(chan, &hdr, payload, len, flags);
}
EXPORT_SYMBOL_GPL(vmbus_chan_send_reply);

void vmbus_chan_kick(struct vmbus_chan *chan)
{
	bool kick = false;
	unsigned long irq;

	spin_lock_irqsave(&chan->tx_lock, irq);
	if (chan->tx_open)
		kick = publish(chan);
	spin_unlock_irqrestore(&chan->tx_lock, irq);
	if (kick)
		ring_host(chan);
}
EXPORT_SYMBOL_GPL(vmbus_chan_kick);

bool vmbus_chan_want_space(struct vmbus_chan *chan, u32 payload_len, u32 pages)
{
	u32 head = pages ? sizeof(struct pkt_gpa_hdr) + pages * sizeof(u64) :
			   sizeof(struct vmbus_pkt_hdr);
	u32 bytes = ring_packet_space(head + payload_len);
	bool there = true;
	unsigned long irq;

	spin_lock_irqsave(&chan->tx_lock, irq);
	/* What can never fit is the next send's error, not a wait. */
	if (chan->tx_open && bytes < chan->tx.size)
		there = ring_tx_want_space(&chan->tx, bytes);
	spin_unlock_irqrestore(&chan->tx_lock, irq);
	return there;
}
EXPORT_SYMBOL_GPL(vmbus_chan_want_space);

/* Receive --------------------------------------------------------------------*/

/* False: the completion answers nothing we asked. */
static bool resolve(struct vmbus_chan *chan, u64 id, void **cookie)
{
	unsigned long irq;

	spin_lock_irqsave(&chan->tx_lock, irq);
	*cookie = reqid_take(&chan->ids, id);
	spin_unlock_irqrestore(&chan->tx_lock, irq);
	if (likely(*cookie))
		return true;
	conn_count(chan->conn, COUNT_COMPLETION_UNMATCHED);
	return false;
}

static void bad_packet(struct vmbus_chan *chan, int err)
{
	if (err == -EMSGSIZE)
		broke(chan, COUNT_BROKEN_PACKET_SIZE, "packet longer than this device sends");
	else
		broke(chan, COUNT_BROKEN_RX_RING,
		      "impossible index or length in the receive ring");
	chan->budget = 0;
}

/* The descriptor is as the ring has checked it, and nobody else's any more. */
static void take_apart(const struct vmbus_pkt_hdr *hdr, u32 len, struct vmbus_pkt *pkt)
{
	u32 offset = le16_to_cpu(hdr->offset8) * 8u;

	pkt->type = le16_to_cpu(hdr->type);
	pkt->wants_completion = hdr->flags & cpu_to_le16(VMBUS_PKT_FLAG_COMPLETION);
	pkt->cookie = NULL;
	pkt->id = le64_to_cpu(hdr->id);
	pkt->ext = hdr + 1;
	pkt->ext_len = offset - (u32)sizeof(*hdr);
	pkt->payload = (const u8 *)hdr + offset;
	pkt->payload_len = len - offset;
}

bool vmbus_chan_recv(struct vmbus_chan *chan, struct vmbus_pkt *pkt)
{
	int len;

	while (chan->budget > 0) {
		len = ring_rx_next(&chan->rx, chan->rx_buf, chan->cfg.max_packet);
		if (!len)
			return false;
		if (unlikely(len < 0)) {
			bad_packet(chan, len);
			return false;
		}
		chan->budget--;
		chan->stats.packets_in++;
		take_apart(chan->rx_buf, len, pkt);
		if (pkt->type != VMBUS_PKT_COMPLETION || resolve(chan, pkt->id, &pkt->cookie))
			return true;
	}
	return false;
}
EXPORT_SYMBOL_GPL(vmbus_chan_recv);

/* Give back the space of what was read. False: the ring is not to be touched any more. */
static bool commit(struct vmbus_chan *chan)
{
	if (unlikely(vmbus_chan_state(chan) == CHAN_BROKEN))
		return false;
	if (ring_rx_commit(&chan->rx)) {
		chan->stats.signals_space++;
		ring_host(chan);
	}
	return true;
}

static void bell(struct tasklet_struct *t)
{
	struct vmbus_chan *chan = from_tasklet(chan, t, bell);

	if (!READ_ONCE(chan->live) || vmbus_chan_state(chan) == CHAN_BROKEN)
		return;

	chan->budget = EVENT_BUDGET;
	chan->cfg.ops->event(chan, chan->cfg.ctx);
	if (!commit(chan))
		return;
	if (unlikely(chan->budget <= 0)) {
		/* A host that refills as fast as we drain shares the CPU with everybody. */
		chan->stats.refills++;
		tasklet_schedule(&chan->bell);
		return;
	}
	if (ring_rx_unmask(&chan->rx)) {
		ring_rx_mask(&chan->rx);
		tasklet_schedule(&chan->bell);
	}
}

static void tell_driver(struct vmbus_chan *chan)
{
	if (chan->cfg.ops->event)
		chan->cfg.ops->event(chan, chan->cfg.ctx);
}

void io_interrupt(struct vmbus_chan *chan)
{
	/* Pairs with io_allow(): whoever sees it live sees the ring it is live with. */
	enum chan_live live = smp_load_acquire(&chan->live);

	if (unlikely(live == LIVE_NOBODY)) {
		conn_count(chan->conn, COUNT_EVENT_CLOSED);
		return;
	}
	trace_vmbus_interrupt(chan->offer.relid);
	chan->stats.interrupts++;
	WRITE_ONCE(chan->place.heard, raw_smp_processor_id());
	ring_rx_mask(&chan->rx);
	if (likely(live == LIVE_BELL))
		tasklet_schedule(&chan->bell);
	else
		tell_driver(chan);
}

void io_look(struct vmbus_chan *chan)
{
	enum chan_live live = smp_load_acquire(&chan->live);
	unsigned long irq;

	if (live == LIVE_NOBODY)
		return;
	ring_rx_mask(&chan->rx);
	if (live == LIVE_BELL) {
		tasklet_schedule(&chan->bell);
		return;
	}
	local_irq_save(irq);
	tell_driver(chan);
	local_irq_restore(irq);
}

/* The driver polls ---------------------------------------------------------------*/

static bool pollable(const struct vmbus_chan *chan)
{
	/* Pairs with io_allow(), as in io_interrupt(). */
	return smp_load_acquire(&chan->live) == LIVE_DRIVER &&
	       READ_ONCE(chan->state) != CHAN_BROKEN;
}

static void stop_polling(struct vmbus_chan *chan)
{
	chan->budget = 0;
	clear_bit_unlock(CHAN_POLLED, &chan->polling);
	/* Pairs with io_stop(): it sees that nobody polls, or we see that it may be waiting. */
	smp_mb__after_atomic();
	if (unlikely(READ_ONCE(chan->live) != LIVE_DRIVER))
		wake_up_bit(&chan->polling, CHAN_POLLED);
}

bool vmbus_chan_poll_begin(struct vmbus_chan *chan, int budget)
{
	/* Whoever finds nothing to poll, in a busy loop perhaps, disturbs nobody. */
	if (!pollable(chan) || test_bit(CHAN_POLLED, &chan->polling))
		return false;
	/* A full barrier. Pairs with io_stop(): it sees that we poll, or we see that we may not. */
	if (test_and_set_bit(CHAN_POLLED, &chan->polling))
		return false;
	if (unlikely(!pollable(chan))) {
		stop_polling(chan);
		return false;
	}
	chan->budget = budget;
	chan->polled_from = chan->stats.packets_in;
	return true;
}
EXPORT_SYMBOL_GPL(vmbus_chan_poll_begin);

int vmbus_chan_poll_end(struct vmbus_chan *chan)
{
	int taken = chan->stats.packets_in - chan->polled_from;

	commit(chan);
	stop_polling(chan);
	return taken;
}
EXPORT_SYMBOL_GPL(vmbus_chan_poll_end);

bool vmbus_chan_poll_rearm(struct vmbus_chan *chan)
{
	bool more = false;

	/*
	 * As soon as the ring is unmasked an event may have somebody else poll, and
	 * be done before we look: then we see too much and have it polled in vain. As
	 * long as we look io_stop() waits for us.
	 */
	rcu_read_lock();
	if (likely(pollable(chan))) {
		more = ring_rx_unmask(&chan->rx);
		if (more)
			ring_rx_mask(&chan->rx);
	}
	rcu_read_unlock();
	return more;
}
EXPORT_SYMBOL_GPL(vmbus_chan_poll_rearm);

/* Start and stop ---------------------------------------------------------------*/

void io_init(struct vmbus_chan *chan)
{
	spin_lock_init(&chan->tx_lock);
	tasklet_setup(&chan->bell, bell);
}

int io_start(struct vmbus_chan *chan)
{
	const struct vmbus_chan_config *cfg = &chan->cfg;
	u8 *mem = vmbus_buf_addr(chan->buf);
	u32 rx_page = TLFS_PAGE_SIZE + cfg->tx_bytes;

	chan->rx_buf = kmalloc(cfg->max_packet, GFP_KERNEL);
	if (!chan->rx_buf)
		return -ENOMEM;
	if (cfg->max_requests) {
		chan->slots = kvmalloc_array(cfg->max_requests, sizeof(*chan->slots), GFP_KERNEL);
		if (!chan->slots) {
			kfree(chan->rx_buf);
			chan->rx_buf = NULL;
			return -ENOMEM;
		}
		reqid_init(&chan->ids, chan->slots, cfg->max_requests);
	}
	choose_signal(chan);
	ring_tx_init(&chan->tx, mem, mem + TLFS_PAGE_SIZE, cfg->tx_bytes);
	ring_rx_init(&chan->rx, mem + rx_page, mem + rx_page + TLFS_PAGE_SIZE, cfg->rx_bytes);
	return 0;
}

static void set_tx_open(struct vmbus_chan *chan, bool open)
{
	unsigned long irq;

	spin_lock_irqsave(&chan->tx_lock, irq);
	chan->tx_open = open;
	spin_unlock_irqrestore(&chan->tx_lock, irq);
}

void io_allow(struct vmbus_chan *chan)
{
	/* In this order: the first event may want to answer. */
	set_tx_open(chan, true);
	smp_store_release(&chan->live, chan->cfg.events == VMBUS_EVENTS_DRIVER ? LIVE_DRIVER :
									   LIVE_BELL);
	/* What the host sent before, and what interrupts we did not heed. */
	io_look(chan);
}

void io_refuse(struct vmbus_chan *chan)
{
	set_tx_open(chan, false);
}

void io_stop(struct vmbus_chan *chan)
{
	io_refuse(chan);
	WRITE_ONCE(chan->live, LIVE_NOBODY);
	/* An interrupt that saw it live may be about to schedule the bell, or a driver to rearm. */
	synchronize_rcu();
	tasklet_kill(&chan->bell);
	wait_on_bit(&chan->polling, CHAN_POLLED, TASK_UNINTERRUPTIBLE);
}

void io_free(struct vmbus_chan *chan)
{
	kfree(chan->rx_buf);
	chan->rx_buf = NULL;
	kvfree(chan->slots);
	chan->slots = NULL;
	memset(&chan->ids, 0, sizeof(chan->ids));
}

void *vmbus_chan_reap(struct vmbus_chan *chan)
{
	void *cookie = NULL;
	unsigned long irq;

	spin_lock_irqsave(&chan->tx_lock, irq);
	if (chan->slots)
		cookie = reqid_take_any(&chan->ids);
	spin_unlock_irqrestore(&chan->tx_lock, irq);
	return cookie;
}
EXPORT_SYMBOL_GPL(vmbus_chan_reap);

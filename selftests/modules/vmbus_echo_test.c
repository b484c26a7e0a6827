// SPDX-License-Identifier: GPL-2.0
/*
 * vmbus_echo_test.c - the driver API put to the test, and measured, on an echo device
 *
 * For each device there is a directory in debugfs, vmbus_echo_test/echo<n>. A
 * command written to "run" is carried out before the write returns; what came of
 * it is then read as "name value" lines. selftests/bench/intree_echo.c knows some
 * of the commands as well, for the kernel's own bus.
 *
 *   reopen TX RX [MAX]     with rings of so many KiB of data, and packets up to MAX bytes
 *   shut                   close until the next reopen
 *   drain WHO              0: the bus calls us, 1: we poll in a tasklet, as NAPI would, when
 *                          the host has rung, 2: who waits polls, and the host never rings
 *   now YES                1: signals reach the host at once, 0: by monitor page if it offers that
 *   close COUNT            close and open again while another thread polls
 *   cycle COUNT            close and open again, so many times
 *   sizes FIRST LAST STEP  an echo of each size of body, one at a time, compared
 *   stream COUNT BODY DEPTH  echoes, up to DEPTH at once, each compared; sizes vary up to BODY
 *   ping COUNT BODY        echo after echo, the next one sent by the event callback
 *   sink COUNT BODY BATCH  packets to the host, shown to it BATCH at a time
 *   source COUNT BODY ASK  packets from the host; with ASK 1 each gets a completion
 *   checksum OFFSET BYTES  memory named in a packet, as the host sees it
 *   buffer BYTES           memory lent to the host
 *   subs COUNT             ask for sub-channels, send echoes on all of them at once, close them
 */
#include <linux/completion.h>
#include <linux/crc32.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <vmbus.h>
#include <wire/echo.h>

#define MSG_MAX		(65536 + (u32)sizeof(struct echo_hdr))
#define RESULT_MAX	4096
#define REQUESTS_MAX	1024
#define SUBS_MAX	40
#define PAGES_MAX	64
#define PATIENCE	(60 * HZ)
#define SUB_ECHOES	200
#define POLL_BUDGET	64

struct tester;
struct lane;

/* What a lane does with what comes. */
struct lane_mode {
	void (*packet)(struct lane *lane, const struct vmbus_pkt *pkt);
	void (*drained)(struct lane *lane);
};

struct request {
	u32 number, len;
	bool busy;
};

enum drain { DRAIN_BUS, DRAIN_TASKLET, DRAIN_WAITER, DRAIN_COUNT };

/* A channel and what it is doing. Written by whoever drains it alone while a run lasts. */
struct lane {
	struct tester *t;
	struct vmbus_chan *chan;
	const struct lane_mode *mode;
	struct completion done;
	struct completion space;
	enum drain drain;
	struct tasklet_struct poll;
	bool polling, closing;		/* run_close() and its thread */
	u64 waited;			/* closes that a poll made wait */
	u32 to_send, to_come;
	u32 number, body;
	u32 depth, out;
	bool answered;			/* something has come */
	u64 bad;			/* answers that were not what they should be */
	u64 full;			/* sends that found no room */
	struct echo_reply reply;
	u8 *msg;			/* MSG_MAX bytes */
	struct request request[REQUESTS_MAX];
};

struct tester {
	struct vmbus_dev *vdev;
	struct mutex lock;		/* one command at a time */
	struct vmbus_chan_config cfg;
	enum drain drain;
	struct lane *lane;		/* of the primary channel */
	struct dentry *dir;
	u64 ns;				/* what the last run took */
	char result[RESULT_MAX];
	int result_len;
};

static struct dentry *root;

__printf(2, 3)
static void tell(struct tester *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	t->result_len += vscnprintf(t->result + t->result_len, RESULT_MAX - t->result_len,
				    fmt, args);
	va_end(args);
}

/* Channels -----------------------------------------------------------------------------*/

static void on_event(struct vmbus_chan *chan, void *ctx)
{
	struct lane *lane = ctx;
	const struct lane_mode *mode = READ_ONCE(lane->mode);
	struct vmbus_pkt pkt;

	while (vmbus_chan_recv(chan, &pkt))
		if (mode)
			mode->packet(lane, &pkt);
	if (mode && mode->drained)
		mode->drained(lane);
}

/* Less than 0 if nothing can be polled. */
static int poll_once(struct lane *lane)
{
	if (!vmbus_chan_poll_begin(lane->chan, POLL_BUDGET))
		return -1;
	on_event(lane->chan, lane);
	return vmbus_chan_poll_end(lane->chan);
}

/* A NAPI context is nothing else, but for the name. */
static void on_poll(struct tasklet_struct *t)
{
	struct lane *lane = from_tasklet(lane, t, poll);
	int taken = poll_once(lane);

	if (taken < 0)
		return;
	if (taken >= POLL_BUDGET || vmbus_chan_poll_rearm(lane->chan))
		tasklet_schedule(&lane->poll);
}

static void on_ring(struct vmbus_chan *chan, void *ctx)
{
	struct lane *lane = ctx;

	tasklet_schedule(&lane->poll);
}

static void on_gone(struct vmbus_chan *chan, void *ctx)
{
	struct lane *lane = ctx;

	while (vmbus_chan_reap(chan))
		lane->bad++;
	complete(&lane->space);
	complete(&lane->done);
}

static const struct vmbus_chan_ops drained_by[DRAIN_COUNT] = {
	[DRAIN_BUS]	= { .event = on_event, .gone = on_gone },
	[DRAIN_TASKLET]	= { .event = on_ring, .gone = on_gone },
	[DRAIN_WAITER]	= { .gone = on_gone },
};

static struct lane *new_lane(struct tester *t, struct vmbus_chan *chan)
{
	struct lane *lane = kvzalloc(sizeof(*lane), GFP_KERNEL);

	if (!lane)
		return NULL;
	lane->msg = kvmalloc(MSG_MAX, GFP_KERNEL);
	if (!lane->msg) {
		kvfree(lane);
		return NULL;
	}
	lane->t = t;
	lane->chan = chan;
	init_completion(&lane->done);
	init_completion(&lane->space);
	tasklet_setup(&lane->poll, on_poll);
	return lane;
}

static void free_lane(struct lane *lane)
{
	kvfree(lane->msg);
	kvfree(lane);
}

static int open_lane(struct lane *lane)
{
	struct vmbus_chan_config cfg = lane->t->cfg;

	lane->drain = lane->t->drain;
	cfg.ops = &drained_by[lane->drain];
	cfg.events = lane->drain == DRAIN_BUS ? VMBUS_EVENTS_BUS : VMBUS_EVENTS_DRIVER;
	cfg.ctx = lane;
	return vmbus_chan_open(lane->chan, &cfg);
}

static void close_lane(struct lane *lane)
{
	vmbus_chan_close(lane->chan);
	/* It may be scheduled still, and finds nothing. */
	tasklet_kill(&lane->poll);
	while (vmbus_chan_reap(lane->chan))
		lane->bad++;
}

/* Messages -----------------------------------------------------------------------------*/

static u32 put_echo(u8 *msg, enum echo_op op, u32 number, u32 body)
{
	struct echo_hdr hdr = { .op = cpu_to_le32(op), .len = cpu_to_le32(body) };
	u32 i;

	memcpy(msg, &hdr, sizeof(hdr));
	for (i = 0; i < body; i++)
		msg[sizeof(hdr) + i] = number * 7 + i;
	return sizeof(hdr) + body;
}

static bool same_echo(const struct vmbus_pkt *pkt, u32 number, u32 body)
{
	const struct echo_hdr *hdr = pkt->payload;
	const u8 *bytes = pkt->payload;
	u32 i;

	if (pkt->payload_len != round_up(sizeof(*hdr) + body, 8))
		return false;
	if (le32_to_cpu(hdr->op) != ECHO_OP_ECHO || le32_to_cpu(hdr->len) != body)
		return false;
	for (i = 0; i < body; i++)
		if (bytes[sizeof(*hdr) + i] != (u8)(number * 7 + i))
			return false;
	for (i += sizeof(*hdr); i < pkt->payload_len; i++)
		if (bytes[i])
			return false;
	return true;
}

static void keep_reply(struct lane *lane, const struct vmbus_pkt *pkt)
{
	memset(&lane->reply, 0xff, sizeof(lane->reply));
	if (pkt->payload_len == sizeof(lane->reply))
		memcpy(&lane->reply, pkt->payload, sizeof(lane->reply));
	else
		lane->bad++;
}

static void begin(struct lane *lane, const struct lane_mode *mode)
{
	reinit_completion(&lane->done);
	reinit_completion(&lane->space);
	lane->bad = 0;
	lane->full = 0;
	lane->number = 0;
	lane->out = 0;
	lane->answered = false;
	/* The callback, which may be running, sees the fields above with the mode they are for. */
	smp_store_release(&lane->mode, mode);
}

/* False if it takes too long. */
static bool wait_or_poll(struct lane *lane, struct completion *what)
{
	unsigned long end = jiffies + PATIENCE;

	if (lane->drain != DRAIN_WAITER)
		return wait_for_completion_timeout(what, PATIENCE);
	while (!try_wait_for_completion(what)) {
		if (time_after(jiffies, end))
			return false;
		if (poll_once(lane) <= 0)
			cond_resched();
	}
	return true;
}

static int await(struct lane *lane)
{
	if (!wait_or_poll(lane, &lane->done))
		return -ETIMEDOUT;
	return vmbus_chan_gone(lane->chan) ? -ENODEV : 0;
}

static void has_space(struct lane *lane)
{
	complete(&lane->space);
}

/* Waits for room if there is none; @cookie as for vmbus_chan_send(). */
static int send_waiting(struct lane *lane, u32 len, void *cookie, unsigned int flags)
{
	int err;

	for (;;) {
		err = vmbus_chan_send(lane->chan, lane->msg, len, cookie, flags);
		if (err != -EAGAIN)
			return err;
		lane->full++;
		/* The host rings for a wish, so who polls has none. */
		if (lane->drain != DRAIN_WAITER && vmbus_chan_want_space(lane->chan, len, 0))
			continue;
		if (!wait_or_poll(lane, &lane->space))
			return -ETIMEDOUT;
	}
}

/* One request whose answer is a struct echo_reply, or an echo ----------------------------*/

static void one_packet(struct lane *lane, const struct vmbus_pkt *pkt)
{
	if (pkt->type != VMBUS_PKT_COMPLETION || pkt->cookie != lane) {
		lane->bad++;
		return;
	}
	if (lane->body == U32_MAX)
		keep_reply(lane, pkt);
	else if (!same_echo(pkt, lane->number, lane->body))
		lane->bad++;
	complete(&lane->done);
}

static const struct lane_mode one_mode = { .packet = one_packet, .drained = has_space };

static int ask(struct lane *lane, const void *msg, u32 len, u32 *value)
{
	int err;

	begin(lane, &one_mode);
	lane->body = U32_MAX;
	err = vmbus_chan_send(lane->chan, msg, len, lane, 0) ?: await(lane);
	if (!err && (lane->bad || lane->reply.status))
		err = -EIO;
	*value = le32_to_cpu(lane->reply.value);
	return err;
}

static int run_sizes(struct tester *t, u32 first, u32 last, u32 step)
{
	struct lane *lane = t->lane;
	u32 body, count = 0, len;
	u64 bad = 0;
	int err;

	if (!step || first > last || last > MSG_MAX - sizeof(struct echo_hdr))
		return -EINVAL;
	for (body = first; body <= last; body += step) {
		begin(lane, &one_mode);
		lane->body = body;
		lane->number = body;
		len = put_echo(lane->msg, ECHO_OP_ECHO, body, body);
		err = send_waiting(lane, len, lane, 0) ?: await(lane);
		if (err)
			return err;
		bad += lane->bad;
		count++;
	}
	tell(t, "echoed %u\nbad %llu\n", count, bad);
	return 0;
}

/* Many at once ---------------------------------------------------------------------------*/

static u32 stream_body(struct lane *lane, u32 number)
{
	/* All sizes in no particular order, so that packets wrap everywhere. */
	return number * 2654435761u % (lane->body + 1);
}

/* As many as may be out. Until the first answer, whoever begins the run sends. */
static void stream_pump(struct lane *lane)
{
	struct request *r;
	u32 i, len;
	int err;

	if (!lane->answered)
		return;
	while (lane->to_send && lane->out < lane->depth) {
		for (i = 0; lane->request[i].busy; i++)
			;
		r = &lane->request[i];
		r->number = lane->number;
		r->len = stream_body(lane, r->number);
		r->busy = true;
		len = put_echo(lane->msg, ECHO_OP_ECHO, r->number, r->len);
		err = vmbus_chan_send(lane->chan, lane->msg, len, r, VMBUS_SEND_MORE);
		if (err) {
			r->busy = false;
			if (err != -EAGAIN)
				break;
			lane->full++;
			if (lane->drain != DRAIN_WAITER &&
			    vmbus_chan_want_space(lane->chan, len, 0))
				continue;
			break;
		}
		lane->number++;
		lane->to_send--;
		lane->out++;
	}
	vmbus_chan_kick(lane->chan);
}

static void stream_packet(struct lane *lane, const struct vmbus_pkt *pkt)
{
	struct request *r = pkt->cookie;

	lane->answered = true;
	if (pkt->type != VMBUS_PKT_COMPLETION || !r->busy ||
	    !same_echo(pkt, r->number, r->len)) {
		lane->bad++;
		return;
	}
	r->busy = false;
	lane->out--;
	if (!--lane->to_come)
		complete(&lane->done);
}

static const struct lane_mode stream_mode = { .packet = stream_packet, .drained = stream_pump };

static void start_stream(struct lane *lane, u32 count, u32 body, u32 depth)
{
	begin(lane, NULL);
	lane->to_send = count;
	lane->to_come = count;
	lane->body = body;
	lane->depth = depth;
	memset(lane->request, 0, sizeof(lane->request));
	smp_store_release(&lane->mode, &stream_mode);
}

/* From here on the callback sends: it is woken by an echo that it takes for its own. */
static int wake_lane(struct lane *lane)
{
	struct request *r = &lane->request[0];

	r->number = lane->number++;
	r->len = stream_body(lane, r->number);
	r->busy = true;
	lane->out++;
	lane->to_send--;
	return vmbus_chan_send(lane->chan, lane->msg,
			       put_echo(lane->msg, ECHO_OP_ECHO, r->number, r->len), r, 0);
}

static int run_stream(struct tester *t, u32 count, u32 body, u32 depth)
{
	struct lane *lane = t->lane;
	int err;

	if (!count || !depth || depth > REQUESTS_MAX || body > MSG_MAX - sizeof(struct echo_hdr))
		return -EINVAL;
	start_stream(lane, count, body, depth);
	t->ns = ktime_get_ns();
	err = wake_lane(lane) ?: await(lane);
	t->ns = ktime_get_ns() - t->ns;
	if (err)
		return err;
	tell(t, "echoed %u\nbad %llu\nfull %llu\n", count, lane->bad, lane->full);
	return 0;
}

/* Measured ones: nothing is compared, next to nothing done ---------------------------------*/

static void ping_packet(struct lane *lane, const struct vmbus_pkt *pkt)
{
	if (!--lane->to_come) {
		complete(&lane->done);
		return;
	}
	if (vmbus_chan_send(lane->chan, lane->msg, sizeof(struct echo_hdr) + lane->body, lane, 0))
		lane->bad++;
}

static const struct lane_mode ping_mode = { .packet = ping_packet };

static int run_ping(struct tester *t, u32 count, u32 body)
{
	struct lane *lane = t->lane;
	int err;

	if (!count || body > MSG_MAX - sizeof(struct echo_hdr))
		return -EINVAL;
	begin(lane, NULL);
	lane->to_come = count;
	lane->body = body;
	put_echo(lane->msg, ECHO_OP_ECHO, 0, body);
	smp_store_release(&lane->mode, &ping_mode);
	t->ns = ktime_get_ns();
	err = vmbus_chan_send(lane->chan, lane->msg, sizeof(struct echo_hdr) + body, lane, 0) ?:
		await(lane);
	t->ns = ktime_get_ns() - t->ns;
	tell(t, "packets %u\nbad %llu\n", count, lane->bad);
	return err;
}

static void sink_packet(struct lane *lane, const struct vmbus_pkt *pkt)
{
	complete(&lane->done);
}

static const struct lane_mode sink_mode = { .packet = sink_packet, .drained = has_space };

static int run_sink(struct tester *t, u32 count, u32 body, u32 batch)
{
	struct lane *lane = t->lane;
	u32 len, i;
	int err;

	if (!count || !batch || body > MSG_MAX - sizeof(struct echo_hdr))
		return -EINVAL;
	begin(lane, &sink_mode);
	len = put_echo(lane->msg, ECHO_OP_SINK, 0, body);
	t->ns = ktime_get_ns();
	for (i = 1; i < count; i++) {
		err = send_waiting(lane, len, NULL, i % batch ? VMBUS_SEND_MORE : 0);
		if (err)
			return err;
	}
	/* The answer to the last one says that all have been taken. */
	err = send_waiting(lane, len, lane, 0) ?: await(lane);
	t->ns = ktime_get_ns() - t->ns;
	tell(t, "packets %u\nfull %llu\n", count, lane->full);
	return err;
}

static void source_packet(struct lane *lane, const struct vmbus_pkt *pkt)
{
	const struct echo_data *data = pkt->payload;

	if (pkt->type == VMBUS_PKT_COMPLETION) {
		keep_reply(lane, pkt);
		complete(&lane->done);
		return;
	}
	if (pkt->payload_len < sizeof(*data) || le32_to_cpu(data->number) != lane->number)
		lane->bad++;
	lane->number++;
	if (pkt->wants_completion &&
	    vmbus_chan_send_completion(lane->chan, pkt->id, NULL, 0, VMBUS_SEND_MORE))
		lane->bad++;
}

static void source_drained(struct lane *lane)
{
	vmbus_chan_kick(lane->chan);
}

static const struct lane_mode source_mode = { .packet = source_packet, .drained = source_drained };

static int run_source(struct tester *t, u32 count, u32 body, u32 want_completion)
{
	struct echo_source msg = {
		.hdr.op = cpu_to_le32(ECHO_OP_SOURCE),
		.hdr.len = cpu_to_le32(sizeof(msg) - sizeof(msg.hdr)),
		.count = cpu_to_le32(count),
		.body_len = cpu_to_le32(body),
		.flags = cpu_to_le32(want_completion ? ECHO_SOURCE_WANT_COMPLETION : 0),
	};
	struct lane *lane = t->lane;
	int err;

	begin(lane, &source_mode);
	t->ns = ktime_get_ns();
	err = vmbus_chan_send(lane->chan, &msg, sizeof(msg), lane, 0) ?: await(lane);
	t->ns = ktime_get_ns() - t->ns;
	if (!err && (lane->reply.status || lane->number != count))
		err = -EIO;
	tell(t, "packets %u\nbad %llu\n", lane->number, lane->bad);
	return err;
}

static int run_cycle(struct tester *t, u32 count)
{
	u32 i;
	int err = 0;

	t->ns = ktime_get_ns();
	for (i = 0; i < count && !err; i++) {
		close_lane(t->lane);
		err = open_lane(t->lane);
	}
	t->ns = ktime_get_ns() - t->ns;
	tell(t, "cycles %u\n", i);
	return err;
}

static int run_reopen(struct tester *t, u32 tx_kib, u32 rx_kib, u32 max_packet)
{
	close_lane(t->lane);
	t->cfg.tx_bytes = tx_kib * 1024;
	t->cfg.rx_bytes = rx_kib * 1024;
	if (max_packet)
		t->cfg.max_packet = max_packet;
	return open_lane(t->lane);
}

static int run_drain(struct tester *t, u32 who)
{
	if (who >= DRAIN_COUNT)
		return -EINVAL;
	close_lane(t->lane);
	t->drain = who;
	return open_lane(t->lane);
}

static int run_now(struct tester *t, u32 yes)
{
	close_lane(t->lane);
	t->cfg.signal_now = yes;
	return open_lane(t->lane);
}

/* Polls as often as it can, and sometimes takes its time about it. */
static int poll_thread(void *arg)
{
	struct lane *lane = arg;
	u32 n;

	for (n = 0; !kthread_should_stop(); n++) {
		if (!vmbus_chan_poll_begin(lane->chan, POLL_BUDGET)) {
			usleep_range(50, 100);
			continue;
		}
		WRITE_ONCE(lane->polling, true);
		on_event(lane->chan, lane);
		if (n % 8 == 0) {
			usleep_range(1000, 2000);
			lane->waited += READ_ONCE(lane->closing);
		}
		WRITE_ONCE(lane->polling, false);
		vmbus_chan_poll_end(lane->chan);
		usleep_range(50, 100);
	}
	return 0;
}

/* When close returns nobody polls, nor can begin to; and polls were waited for. */
static int run_close(struct tester *t, u32 count)
{
	struct lane *lane = t->lane;
	struct task_struct *thread;
	u64 bad = 0;
	int err = 0;
	u32 i;

	if (t->drain != DRAIN_WAITER)
		return -EINVAL;
	begin(lane, NULL);
	lane->waited = 0;
	thread = kthread_run(poll_thread, lane, "echo-poll");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	for (i = 0; i < count && !err; i++) {
		usleep_range(500, 1500);
		WRITE_ONCE(lane->closing, true);
		close_lane(lane);
		bad += READ_ONCE(lane->polling);
		bad += vmbus_chan_poll_begin(lane->chan, POLL_BUDGET);
		bad += vmbus_chan_poll_rearm(lane->chan);
		WRITE_ONCE(lane->closing, false);
		err = open_lane(lane);
	}
	kthread_stop(thread);
	tell(t, "closed %u\nwaited %llu\nbad %llu\n", i, lane->waited, bad);
	return err;
}

/* Memory -----------------------------------------------------------------------------------*/

static u32 crc_as_gzip(const void *bytes, size_t len)
{
	return ~crc32_le(~0u, bytes, len);
}

static void scribble(u8 *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = i * 31 + (i >> 8);
}

static int run_checksum(struct tester *t, u32 offset, u32 len)
{
	struct echo_hdr msg = { .op = cpu_to_le32(ECHO_OP_CHECKSUM) };
	u32 page_cnt = PAGE_ALIGN(offset + len) / PAGE_SIZE, i;
	struct vmbus_pages pages = { .offset = offset, .len = len };
	struct device *dev = &t->vdev->dev;
	struct lane *lane = t->lane;
	u64 pfns[PAGES_MAX];
	dma_addr_t addr;
	u8 *mem;
	int err;

	if (!len || offset >= PAGE_SIZE || page_cnt > PAGES_MAX)
		return -EINVAL;
	mem = alloc_pages_exact(page_cnt * PAGE_SIZE, GFP_KERNEL);
	if (!mem)
		return -ENOMEM;
	scribble(mem, page_cnt * PAGE_SIZE);
	addr = dma_map_single(dev, mem, page_cnt * PAGE_SIZE, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, addr)) {
		free_pages_exact(mem, page_cnt * PAGE_SIZE);
		return -ENOMEM;
	}
	for (i = 0; i < page_cnt; i++)
		pfns[i] = (addr >> PAGE_SHIFT) + i;
	pages.pfns = pfns;
	begin(lane, &one_mode);
	lane->body = U32_MAX;
	err = vmbus_chan_send_pages(lane->chan, &pages, &msg, sizeof(msg), lane, 0) ?: await(lane);
	if (!err && (lane->bad || lane->reply.status))
		err = -EIO;
	tell(t, "same %d\n", le32_to_cpu(lane->reply.value) == crc_as_gzip(mem + offset, len));
	/* Not answered: the host may still read there. */
	if (err == -ETIMEDOUT)
		return err;
	dma_unmap_single(dev, addr, page_cnt * PAGE_SIZE, DMA_TO_DEVICE);
	free_pages_exact(mem, page_cnt * PAGE_SIZE);
	return err;
}

static int run_buffer(struct tester *t, u32 len)
{
	struct echo_buffer msg = {
		.hdr.op = cpu_to_le32(ECHO_OP_BUFFER),
		.hdr.len = cpu_to_le32(sizeof(msg) - sizeof(msg.hdr)),
		.bytes = cpu_to_le32(len),
	};
	struct vmbus_buf *buf;
	u32 value;
	int err;

	buf = vmbus_buf_alloc(t->lane->chan, len);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	scribble(vmbus_buf_addr(buf), len);
	msg.gpadl = cpu_to_le32(vmbus_buf_gpadl(buf));
	err = ask(t->lane, &msg, sizeof(msg), &value);
	tell(t, "same %d\n", value == crc_as_gzip(vmbus_buf_addr(buf), len));
	vmbus_buf_free(t->lane->chan, buf);
	return err;
}

/* Sub-channels -------------------------------------------------------------------------------*/

static int use_subs(struct tester *t, struct lane **lanes, u32 count)
{
	u32 i;
	int err = 0;

	for (i = 0; i < count && !err; i++)
		err = open_lane(lanes[i]);
	for (i = 0; i < count && !err; i++) {
		start_stream(lanes[i], SUB_ECHOES, 1000, 8);
		err = wake_lane(lanes[i]);
	}
	for (i = 0; i < count && !err; i++) {
		err = await(lanes[i]);
		tell(t, "sub%u.cpu %d\nsub%u.bad %llu\n", i, vmbus_chan_cpu(lanes[i]->chan), i,
		     lanes[i]->bad);
	}
	for (i = 0; i < count; i++)
		close_lane(lanes[i]);
	return err;
}

static int run_subs(struct tester *t, u32 count)
{
	struct echo_sub_channels msg = {
		.hdr.op = cpu_to_le32(ECHO_OP_SUB_CHANNELS),
		.hdr.len = cpu_to_le32(sizeof(msg) - sizeof(msg.hdr)),
		.count = cpu_to_le32(count),
	};
	struct lane *lanes[SUBS_MAX] = {};
	struct vmbus_chan *chan;
	u32 granted, there, i;
	int err;

	if (!count || count > SUBS_MAX)
		return -EINVAL;
	err = ask(t->lane, &msg, sizeof(msg), &granted);
	if (err)
		return err;
	there = vmbus_subchans_wait(t->lane->chan, min_t(u32, granted, SUBS_MAX), 10000);
	tell(t, "granted %u\nthere %u\n", granted, there);
	for (i = 0; i < there; i++) {
		chan = vmbus_subchan_get(t->lane->chan, i);
		lanes[i] = chan ? new_lane(t, chan) : NULL;
		if (!lanes[i]) {
			if (chan)
				vmbus_chan_put(chan);
			break;
		}
	}
	there = i;
	err = use_subs(t, lanes, there);
	for (i = 0; i < there; i++) {
		vmbus_chan_put(lanes[i]->chan);
		free_lane(lanes[i]);
	}
	return err;
}

/* Commands -----------------------------------------------------------------------------------*/

static int run(struct tester *t, char *line)
{
	char *word = strsep(&line, " \n");
	u32 a = 0, b = 0, c = 0;

	if (line)
		sscanf(line, "%u %u %u", &a, &b, &c);
	if (!strcmp(word, "reopen"))
		return run_reopen(t, a, b, c);
	if (!strcmp(word, "shut")) {
		close_lane(t->lane);
		return 0;
	}
	if (!strcmp(word, "drain"))
		return run_drain(t, a);
	if (!strcmp(word, "now"))
		return run_now(t, a);
	if (!strcmp(word, "close"))
		return run_close(t, a);
	if (!strcmp(word, "cycle"))
		return run_cycle(t, a);
	if (!strcmp(word, "sizes"))
		return run_sizes(t, a, b, c);
	if (!strcmp(word, "stream"))
		return run_stream(t, a, b, c);
	if (!strcmp(word, "ping"))
		return run_ping(t, a, b);
	if (!strcmp(word, "sink"))
		return run_sink(t, a, b, c);
	if (!strcmp(word, "source"))
		return run_source(t, a, b, c);
	if (!strcmp(word, "checksum"))
		return run_checksum(t, a, b);
	if (!strcmp(word, "buffer"))
		return run_buffer(t, a);
	if (!strcmp(word, "subs"))
		return run_subs(t, a);
	return -EINVAL;
}

static ssize_t run_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct tester *t = file->private_data;
	char line[64];
	int err;

	if (len >= sizeof(line))
		return -EINVAL;
	if (copy_from_user(line, from, len))
		return -EFAULT;
	line[len] = 0;
	mutex_lock(&t->lock);
	t->result_len = 0;
	t->ns = 0;
	err = run(t, line);
	WRITE_ONCE(t->lane->mode, NULL);
	tell(t, "ns %llu\nerror %d\n", t->ns, err);
	mutex_unlock(&t->lock);
	return err ?: len;
}

static ssize_t run_read(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	struct tester *t = file->private_data;
	ssize_t n;

	mutex_lock(&t->lock);
	n = simple_read_from_buffer(to, len, pos, t->result, t->result_len);
	mutex_unlock(&t->lock);
	return n;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = run_read,
	.write = run_write,
};

/* Driver -------------------------------------------------------------------------------------*/

static int test_probe(struct vmbus_dev *vdev, const struct hv_vmbus_device_id *id)
{
	struct tester *t = devm_kzalloc(&vdev->dev, sizeof(*t), GFP_KERNEL);
	char name[16];
	int err;

	if (!t)
		return -ENOMEM;
	t->vdev = vdev;
	mutex_init(&t->lock);
	t->cfg = (struct vmbus_chan_config) {
		.tx_bytes = 16384,
		.rx_bytes = 16384,
		.max_packet = MSG_MAX + 64,
		.max_requests = REQUESTS_MAX,
		.cpu = -1,
	};
	t->lane = new_lane(t, vdev->chan);
	if (!t->lane)
		return -ENOMEM;
	err = open_lane(t->lane);
	if (err) {
		free_lane(t->lane);
		return err;
	}
	dev_set_drvdata(&vdev->dev, t);
	/* The provider numbers its devices there. */
	snprintf(name, sizeof(name), "echo%u", vdev->instance_id.b[15]);
	t->dir = debugfs_create_dir(name, root);
	debugfs_create_file("run", 0600, t->dir, t, &run_fops);
	return 0;
}

static void test_remove(struct vmbus_dev *vdev)
{
	struct tester *t = dev_get_drvdata(&vdev->dev);

	/* Waits for a command that is being run; a rescind ends it. */
	debugfs_remove_recursive(t->dir);
	close_lane(t->lane);
	free_lane(t->lane);
}

static const struct hv_vmbus_device_id ids[] = {
	{ .guid = WIRE_GUID_ECHO },
	{ }
};
MODULE_DEVICE_TABLE(vmbus, ids);

static struct vmbus_drv drv = {
	.name = "vmbus_echo_test",
	.ids = ids,
	.probe = test_probe,
	.remove = test_remove,
};

static int __init test_init(void)
{
	int err;

	root = debugfs_create_dir("vmbus_echo_test", NULL);
	err = vmbus_drv_register(&drv);
	if (err)
		debugfs_remove_recursive(root);
	return err;
}

static void __exit test_exit(void)
{
	vmbus_drv_unregister(&drv);
	debugfs_remove_recursive(root);
}

module_init(test_init);
module_exit(test_exit);

MODULE_DESCRIPTION("Test and benchmark of the VMBus driver API on an echo device");
MODULE_LICENSE("GPL");

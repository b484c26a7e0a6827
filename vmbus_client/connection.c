// SPDX-License-Identifier: GPL-2.0
/*
 * connection.c - the one connection to the host: contact, dispatch of messages, unload
 *
 * A message comes in by interrupt. A reply completes whoever waits for it, and
 * a rescind marks its channel, at once; then offers and rescinds go, in the
 * order of arrival, through one ordered queue. A full inbox leaves the message
 * in its slot, and so the host waits for us and nothing is dropped. Only a
 * connection that is about to end does not care what comes and goes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "connection.h"

#include "buf.h"
#include "channel.h"
#include "cpus.h"
#include "hypercall.h"
#include "proto/negotiate.h"
#include "synic.h"
#include "trace.h"

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/moduleparam.h>
#include <linux/nmi.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>

static unsigned int reply_timeout = 10000;
module_param(reply_timeout, uint, 0644);
MODULE_PARM_DESC(reply_timeout, "longest wait for one answer of the host, in ms (default 10000)");

static unsigned int unload_timeout = 100000;
module_param(unload_timeout, uint, 0644);
MODULE_PARM_DESC(unload_timeout,
		 "longest wait for the answer to UNLOAD, in ms (default 100000: hosts flush disks first)");

static char *max_version;
module_param(max_version, charp, 0444);
MODULE_PARM_DESC(max_version, "newest protocol version to ask for, as in 5.2 (default: newest known)");

/* How often a crashing kernel looks for its last answer. */
#define CRASH_POLL_MS	10u

/* Reached from interrupts, which carry no pointer of ours. */
static struct vmbus_conn *the_conn;
static const struct conn_ops *conn_ops;

u32 vmbus_reply_timeout(void)
{
	return clamp(reply_timeout, 10u, 600000u);
}

u32 vmbus_unload_timeout(void)
{
	return clamp(unload_timeout, 10u, 600000u);
}

void vmbus_conn_event_unknown(void)
{
	conn_count(the_conn, COUNT_EVENT_UNKNOWN);
}

/* Messages in ----------------------------------------------------------------*/

static bool inbox_put(struct vmbus_conn *conn, const void *msg, u32 len)
{
	unsigned long flags;
	bool room;

	spin_lock_irqsave(&conn->inbox_lock, flags);
	room = conn->inbox_tail - conn->inbox_head < CONN_INBOX_SLOTS;
	if (room) {
		struct tlfs_message_copy *slot = &conn->inbox[conn->inbox_tail % CONN_INBOX_SLOTS];

		slot->len = len;
		memcpy(slot->bytes, msg, len);
		conn->inbox_tail++;
	} else {
		conn->inbox_stalled = true;
	}
	spin_unlock_irqrestore(&conn->inbox_lock, flags);

	if (!room)
		conn_count(conn, COUNT_INBOX_FULL);
	return room;
}

/* True if a message was taken out; @stalled tells that the host was kept waiting. */
static bool inbox_get(struct vmbus_conn *conn, struct tlfs_message_copy *copy, bool *stalled)
{
	bool found;

	spin_lock_irq(&conn->inbox_lock);
	found = conn->inbox_head != conn->inbox_tail;
	if (found)
		*copy = conn->inbox[conn->inbox_head++ % CONN_INBOX_SLOTS];
	*stalled = conn->inbox_stalled;
	conn->inbox_stalled = false;
	spin_unlock_irq(&conn->inbox_lock);
	return found;
}

static void handle_offer(struct vmbus_conn *conn, const void *msg)
{
	struct msg_offer offer;

	if (msg_parse_offer(msg, &offer)) {
		conn_count(conn, COUNT_OFFER_BAD);
		pr_warn_ratelimited("the host offered a channel with an impossible id; not used\n");
		return;
	}
	conn_ops->offer(&offer);
}

static u32 rescinded_relid(const void *msg)
{
	return le32_to_cpu(((const struct vmbus_msg_rescind *)msg)->relid);
}

static void mark_rescinded(struct vmbus_conn *conn, u32 relid)
{
	if (relid <= VMBUS_RELID_MAX)
		set_bit(relid, conn->rescinded);
}

static void handle(struct vmbus_conn *conn, const struct tlfs_message_copy *copy)
{
	const struct vmbus_msg_hdr *hdr = (const void *)copy->bytes;

	switch (le32_to_cpu(hdr->type)) {
	case VMBUS_MSG_OFFER:
		handle_offer(conn, copy->bytes);
		break;
	case VMBUS_MSG_RESCIND:
		/* Again: placing an offer may have cleared what the interrupt had marked. */
		mark_rescinded(conn, rescinded_relid(hdr));
		conn_ops->rescind(rescinded_relid(hdr));
		break;
	case VMBUS_MSG_ALL_OFFERS_DELIVERED:
		complete_all(&conn->offers_delivered);
		break;
	}
}

static void drain_inbox(struct work_struct *work)
{
	struct vmbus_conn *conn = container_of(work, struct vmbus_conn, inbox_work);
	unsigned int left = CONN_INBOX_SLOTS;
	struct tlfs_message_copy copy;
	bool stalled;

	while (inbox_get(conn, &copy, &stalled)) {
		if (stalled)
			synic_poll_messages();
		handle(conn, &copy);
		/* A host that refills it for ever must not keep whoever flushes us. */
		if (!--left) {
			queue_work(conn->control, &conn->inbox_work);
			break;
		}
	}
}

/* Hand a reply to its waiter. False if the type is not a reply. */
static bool deliver_reply(struct vmbus_conn *conn, u32 type, const void *msg, u32 len)
{
	u32 relid = 0, key = 0;
	bool known = false;

	switch (type) {
	case VMBUS_MSG_OPEN_RESULT: {
		const struct vmbus_msg_open_result *m = msg;

		relid = le32_to_cpu(m->relid);
		key = le32_to_cpu(m->open_id);
		break;
	}
	case VMBUS_MSG_GPADL_CREATED: {
		const struct vmbus_msg_gpadl_created *m = msg;

		relid = le32_to_cpu(m->relid);
		key = le32_to_cpu(m->gpadl);
		break;
	}
	case VMBUS_MSG_GPADL_TORNDOWN:
		/* Carries no relid; handles are unique on the connection. */
		key = le32_to_cpu(((const struct vmbus_msg_gpadl_torndown *)msg)->gpadl);
		break;
	case VMBUS_MSG_MODIFY_CHANNEL_RESPONSE: {
		const struct vmbus_msg_modify_channel_response *m = msg;

		relid = le32_to_cpu(m->relid);
		/* Before the waiter wakes; and it is good to know when it comes late. */
		known = conn_ops->moved(relid, le32_to_cpu(m->status));
		break;
	}
	case VMBUS_MSG_UNLOAD_RESPONSE:
		/* A crashing CPU waits without a place in the table. */
		WRITE_ONCE(conn->unload_answered, true);
		break;
	case VMBUS_MSG_VERSION_RESPONSE:
		break;
	default:
		return false;
	}
	if (!xact_reply(&conn->xacts, type, relid, key, msg, len) && !known)
		conn_count(conn, COUNT_REPLY_UNMATCHED);
	return true;
}

/* Interrupt context. False leaves the message with the host. */
static bool conn_message(const struct tlfs_message *slot)
{
	struct vmbus_conn *conn = the_conn;
	const void *msg = slot->payload;
	enum msg_verdict verdict;
	u32 type;

	/* The slot is the hypervisor's too; for timers on old kernels, say. */
	if (slot->type != cpu_to_le32(TLFS_MSG_VMBUS)) {
		conn_count(conn, COUNT_MSG_STRAY);
		trace_vmbus_msg_rejected(msg, slot->payload_size, "stray");
		return true;
	}
	verdict = msg_check(msg, slot->payload_size, READ_ONCE(conn->version), &type);
	if (verdict != MSG_OK) {
		atomic64_inc(&conn->rejected[verdict]);
		trace_vmbus_msg_rejected(msg, slot->payload_size, msg_verdict_name(verdict));
		return true;
	}

	if (!deliver_reply(conn, type, msg, slot->payload_size)) {
		/* What there is now is of no interest any more; what will be is asked for. */
		if (READ_ONCE(conn->asleep))
			return true;
		/* Marked before it is queued; without room it comes again and is marked twice. */
		if (type == VMBUS_MSG_RESCIND) {
			mark_rescinded(conn, rescinded_relid(msg));
			conn_ops->rescind_now(rescinded_relid(msg));
		}
		if (!inbox_put(conn, msg, slot->payload_size))
			return false;
		queue_work(conn->control, &conn->inbox_work);
	}
	WRITE_ONCE(conn->silent, false);
	conn_count(conn, COUNT_MSG_IN);
	trace_vmbus_msg_in(msg, slot->payload_size);
	return true;
}

void vmbus_conn_flush(struct vmbus_conn *conn)
{
	flush_workqueue(conn->control);
}

/* Waiting ----------------------------------------------------------------------*/

#define SILENT_WAIT_MS	500u

static u32 patience_ms(const struct vmbus_conn *conn)
{
	return READ_ONCE(conn->silent) ? min(vmbus_reply_timeout(), SILENT_WAIT_MS) :
					 vmbus_reply_timeout();
}

int vmbus_conn_wait(struct vmbus_conn *conn, struct xact *x)
{
	int err = xact_wait(&conn->xacts, x, patience_ms(conn));

	if (err == -ETIMEDOUT) {
		conn_count(conn, COUNT_REPLY_TIMEOUT);
		WRITE_ONCE(conn->silent, true);
	}
	return err;
}

/* Messages out ---------------------------------------------------------------*/

/* The host has sixteen buffers; a big GPADL fills them. Its own word for "slower" varies. */
static bool worth_retrying(u32 status, u32 type)
{
	switch (status) {
	case TLFS_STATUS_INSUFFICIENT_BUFFERS:
	case TLFS_STATUS_INSUFFICIENT_MEMORY:
	case TLFS_STATUS_TIME_OUT:
		return true;
	case TLFS_STATUS_INVALID_CONNECTION_ID:
		/* To a contact it means "no such port"; later, some hosts mean "too fast". */
		return type != VMBUS_MSG_INITIATE_CONTACT;
	default:
		return false;
	}
}

static int post_status(struct vmbus_conn *conn, u32 connection_id, const void *msg, u32 len,
		       u32 *status)
{
	u32 type = le32_to_cpu(((const struct vmbus_msg_hdr *)msg)->type);
	unsigned long end = jiffies + msecs_to_jiffies(patience_ms(conn));
	unsigned int pause_us = 50;

	trace_vmbus_msg_out(msg, len);
	for (;;) {
		*status = hypercall_post_message(connection_id, msg, len);
		if (*status == TLFS_STATUS_SUCCESS) {
			conn_count(conn, COUNT_MSG_OUT);
			return 0;
		}
		if (!worth_retrying(*status, type))
			return -EIO;
		if (time_after(jiffies, end)) {
			WRITE_ONCE(conn->silent, true);
			return -EBUSY;
		}
		conn_count(conn, COUNT_POST_RETRIES);
		usleep_range(pause_us, pause_us * 2);
		pause_us = min(pause_us * 2, 20000u);
	}
}

int vmbus_conn_post(struct vmbus_conn *conn, const void *msg, u32 len)
{
	u32 status, id = READ_ONCE(conn->connection_id);
	int err;

	/* The host has forgotten us, or never heard of us. */
	if (!id)
		return -ENODEV;
	err = post_status(conn, id, msg, len, &status);
	if (err)
		pr_err_ratelimited("host refused message %s with status 0x%x\n",
				   msg_name(le32_to_cpu(((const struct vmbus_msg_hdr *)msg)->type)),
				   status);
	return err;
}

/* Contact --------------------------------------------------------------------*/

static u32 version_cap(void)
{
	unsigned int major, minor;

	if (!max_version)
		return 0;
	if (sscanf(max_version, "%u.%u", &major, &minor) == 2)
		return VMBUS_VERSION(major, minor);
	pr_warn("max_version=%s is not a version like 5.2; ignored\n", max_version);
	return 0;
}

/* Ask one question and wait. The verdict, or a negative errno. */
static int ask(struct vmbus_conn *conn, struct negotiate *n, u32 timeout_ms)
{
	struct vmbus_msg_version_response_features rsp = {};
	struct vmbus_msg_initiate_contact msg;
	struct xact x;
	u32 len, status;
	int err;

	len = negotiate_ask(n, conn->target_vp, virt_to_phys(conn->monitor_pages[0]),
			    virt_to_phys(conn->monitor_pages[1]), &msg);
	if (!len)
		return -ENODEV;

	xact_begin(&conn->xacts, &x, VMBUS_MSG_VERSION_RESPONSE, 0, 0, &rsp, sizeof(rsp));
	err = post_status(conn, n->connection_id, &msg, len, &status);
	if (err) {
		xact_cancel(&conn->xacts, &x);
		if (status == TLFS_STATUS_INVALID_CONNECTION_ID)
			return negotiate_no_port(n);
		pr_err("the hypervisor refused to pass on our contact, status 0x%x\n", status);
		return err;
	}
	err = xact_wait(&conn->xacts, &x, timeout_ms);
	if (err)
		return err;
	/* It names no version: a second "no" to the last question passes for one to this. */
	return negotiate_answer(n, &rsp);
}

/*
 * Ask until it is settled. If we give up, the host may think us connected and use
 * the pages we named. It would have told us where to post a good-bye, so we cannot
 * say one; the next contact, ours or another driver's, makes it forget us. Until
 * then the pages are not reused.
 */
static int settle(struct vmbus_conn *conn, struct negotiate *n, u32 timeout_ms)
{
	int verdict;

	do {
		verdict = ask(conn, n, timeout_ms);
	} while (verdict == NEGOTIATE_NEXT);

	switch (verdict) {
	case NEGOTIATE_AGREED:
		WRITE_ONCE(conn->connection_id, n->connection_id);
		WRITE_ONCE(conn->version, n->version);
		pr_info("connected to the host, VMBus %u.%u\n",
			VMBUS_VERSION_MAJOR(n->version), VMBUS_VERSION_MINOR(n->version));
		conn->pages_lost = false;
		return 0;
	case NEGOTIATE_FAILED:
		pr_err("the host speaks VMBus %u.%u but could not connect us; giving up\n",
		       VMBUS_VERSION_MAJOR(n->version), VMBUS_VERSION_MINOR(n->version));
		conn->pages_lost = true;
		return -EIO;
	case -ETIMEDOUT:
		/*
		 * Its answer may still come. It names no version, so asking on
		 * could take it for the answer to a later question.
		 */
		pr_err("the host did not answer our contact (VMBus %u.%u) within %u ms; giving up\n",
		       VMBUS_VERSION_MAJOR(n->version), VMBUS_VERSION_MINOR(n->version),
		       timeout_ms);
		conn->pages_lost = true;
		return -ETIMEDOUT;
	case -ENODEV:
		pr_err("the host has no VMBus in a version we know\n");
		return -ENODEV;
	default:
		return verdict;
	}
}

int vmbus_conn_contact(struct vmbus_conn *conn)
{
	struct negotiate n;

	negotiate_start(&n, version_cap());
	return settle(conn, &n, vmbus_reply_timeout());
}

int vmbus_conn_request_offers(struct vmbus_conn *conn)
{
	struct vmbus_msg_hdr msg = {};
	int err;

	err = vmbus_conn_post(conn, &msg, msg_put_simple(&msg, VMBUS_MSG_REQUEST_OFFERS));
	if (err)
		return err;
	if (!wait_for_completion_timeout(&conn->offers_delivered,
					 msecs_to_jiffies(vmbus_reply_timeout()))) {
		conn_count(conn, COUNT_REPLY_TIMEOUT);
		pr_warn("the host did not say within %u ms that all devices are offered; going on with those that are\n",
			vmbus_reply_timeout());
	}
	return 0;
}

/* Say UNLOAD and wait. 0: the host has forgotten us, and everything we lent it is ours again. */
static int disconnect(struct vmbus_conn *conn)
{
	struct vmbus_msg_hdr msg = {};
	struct xact x;
	int err;

	if (!conn->connection_id)
		return 0;	/* the host never heard of us */

	xact_begin(&conn->xacts, &x, VMBUS_MSG_UNLOAD_RESPONSE, 0, 0, NULL, 0);
	err = vmbus_conn_post(conn, &msg, msg_put_simple(&msg, VMBUS_MSG_UNLOAD));
	if (err)
		xact_cancel(&conn->xacts, &x);
	else
		err = xact_wait(&conn->xacts, &x, vmbus_unload_timeout());
	if (err)
		return err;

	WRITE_ONCE(conn->connection_id, 0);
	WRITE_ONCE(conn->version, 0);
	vmbus_buf_free_parked(conn);
	return 0;
}

void vmbus_conn_unload(struct vmbus_conn *conn)
{
	int err = disconnect(conn);

	/* After a good-bye there is nothing parked. */
	vmbus_buf_abandon_parked(conn);
	if (!err)
		return;
	pr_warn("the host did not confirm that it forgets us (error %d); the memory it knows stays allocated\n",
		err);
	conn->pages_lost = true;
}

/* Sleep ------------------------------------------------------------------------*/

void vmbus_conn_ignore(struct vmbus_conn *conn)
{
	WRITE_ONCE(conn->asleep, true);
	/* A message that saw it awake is in the inbox when the interrupt is over. */
	synchronize_rcu();
	vmbus_conn_flush(conn);
}

static void quiesce_cpu(void *unused)
{
	synic_quiesce_this_cpu();
}

static void restore_cpu(void *unused)
{
	synic_restore_this_cpu();
}

void vmbus_conn_silence(void)
{
	on_each_cpu(quiesce_cpu, NULL, 1);
	hypercall_disable();
}

int vmbus_conn_sleep(struct vmbus_conn *conn)
{
	int err;

	/* After a waking that failed it is still the one before. */
	if (conn->version)
		conn->slept_version = conn->version;
	err = disconnect(conn);
	if (err) {
		pr_err("the host did not confirm that it forgets us (error %d)\n", err);
		return err;
	}
	vmbus_conn_silence();
	return 0;
}

/*
 * The contact makes the host forget whatever it may still remember of us, so that
 * what an UNLOAD without answer has left with it is ours again.
 */
int vmbus_conn_wake(struct vmbus_conn *conn)
{
	struct negotiate n;
	int err;

	if (!hypercall_enable())
		return -EIO;
	on_each_cpu(restore_cpu, NULL, 1);
	WRITE_ONCE(conn->version, 0);
	WRITE_ONCE(conn->connection_id, 0);
	WRITE_ONCE(conn->silent, false);
	bitmap_zero(conn->rescinded, VMBUS_RELID_MAX + 1);
	reinit_completion(&conn->offers_delivered);
	clear_page(conn->monitor_pages[0]);
	clear_page(conn->monitor_pages[1]);

	negotiate_again(&n, conn->slept_version);
	/* It may have disks to flush first, and without it we have none. */
	err = settle(conn, &n, vmbus_unload_timeout());
	if (err)
		return err;
	vmbus_buf_free_parked(conn);
	WRITE_ONCE(conn->asleep, false);
	err = vmbus_conn_request_offers(conn);
	vmbus_conn_flush(conn);
	return err;
}

/* Panic ------------------------------------------------------------------------*/

static void crash_message(const struct tlfs_message *msg)
{
	const struct vmbus_msg_hdr *hdr = (const void *)msg->payload;

	if (msg->payload_size >= sizeof(*hdr) &&
	    hdr->type == cpu_to_le32(VMBUS_MSG_UNLOAD_RESPONSE))
		WRITE_ONCE(the_conn->unload_answered, true);
}

static void crash_pause(u32 *left_ms)
{
	mdelay(CRASH_POLL_MS);
	touch_nmi_watchdog();
	*left_ms -= min(*left_ms, CRASH_POLL_MS);
}

/* 0 when it is posted. A hypervisor without a free buffer may have one a little later. */
static int crash_post(u32 id, u32 *left_ms)
{
	struct vmbus_msg_hdr msg = {};
	u32 len = msg_put_simple(&msg, VMBUS_MSG_UNLOAD), status;

	while ((status = hypercall_post_message(id, &msg, len)) != TLFS_STATUS_SUCCESS) {
		if (!worth_retrying(status, VMBUS_MSG_UNLOAD) || !*left_ms)
			return -EIO;
		/* It may wait for us to take what it has sent. */
		synic_poll_all_pages(crash_message);
		crash_pause(left_ms);
	}
	return 0;
}

/*
 * Whoever panicked may hold any lock, and no other CPU may run: nothing here waits
 * for anybody but the host. Its answer may come on any CPU's page; if that CPU still
 * runs, its interrupt may be faster than our look and says so.
 */
void vmbus_conn_crash(struct vmbus_conn *conn)
{
	u32 id = READ_ONCE(conn->connection_id), left_ms = vmbus_unload_timeout();

	/* Once, though both the crash hook and the panic notifier may call. */
	if (!id || test_and_set_bit(0, &conn->crashed))
		return;
	WRITE_ONCE(conn->asleep, true);
	WRITE_ONCE(conn->unload_answered, false);
	if (crash_post(id, &left_ms)) {
		pr_emerg("the host takes no message; it will not know that this kernel is gone\n");
		return;
	}
	for (;;) {
		synic_poll_all_pages(crash_message);
		if (READ_ONCE(conn->unload_answered) || !left_ms)
			break;
		crash_pause(&left_ms);
	}
	if (READ_ONCE(conn->unload_answered))
		pr_emerg("the host has forgotten this kernel\n");
	else
		pr_emerg("the host did not confirm within %u ms that it forgets this kernel\n",
			 vmbus_unload_timeout());
	synic_quiesce_this_cpu();
	hypercall_disable();
}

/* Init and exit ---------------------------------------------------------------*/

static const struct synic_ops synic_ops = {
	.message = conn_message,
	.event = vmbus_chan_event,
	.cpu_up = cpus_up,
	.cpu_down = cpus_down,
};

static void free_monitor_pages(struct vmbus_conn *conn)
{
	if (conn->pages_lost)
		return;
	free_page((unsigned long)conn->monitor_pages[0]);
	free_page((unsigned long)conn->monitor_pages[1]);
}

struct vmbus_conn *vmbus_conn_init(const struct conn_ops *ops)
{
	struct vmbus_conn *conn = kzalloc(sizeof(*conn), GFP_KERNEL);
	int err = -ENOMEM;

	if (!conn)
		return ERR_PTR(-ENOMEM);
	mutex_init(&conn->mutex);
	xact_table_init(&conn->xacts);
	spin_lock_init(&conn->inbox_lock);
	spin_lock_init(&conn->parked_lock);
	INIT_LIST_HEAD(&conn->parked);
	INIT_WORK(&conn->inbox_work, drain_inbox);
	init_completion(&conn->offers_delivered);
	/* Any number but 0 will do; this one is easy to spot in a dump. */
	atomic_set(&conn->next_gpadl, 0x76000000);

	conn->monitor_pages[0] = (void *)get_zeroed_page(GFP_KERNEL);
	conn->monitor_pages[1] = (void *)get_zeroed_page(GFP_KERNEL);
	if (!conn->monitor_pages[0] || !conn->monitor_pages[1])
		goto err_free;

	conn->control = alloc_ordered_workqueue("vmbus-control", WQ_MEM_RECLAIM);
	if (!conn->control)
		goto err_free;

	the_conn = conn;
	conn_ops = ops;
	err = cpus_init(conn);
	if (err)
		goto err_free_wq;
	err = synic_init(&synic_ops);
	if (err)
		goto err_cpus;
	/* None leaves between the choice and its being known. */
	cpus_read_lock();
	conn->target_vp = synic_vp_index(cpus_contact());
	cpus_read_unlock();
	return conn;

err_cpus:
	cpus_exit();
err_free_wq:
	destroy_workqueue(conn->control);
	the_conn = NULL;
err_free:
	free_monitor_pages(conn);
	kfree(conn);
	return ERR_PTR(err);
}

void vmbus_conn_exit(struct vmbus_conn *conn)
{
	synic_exit();
	cpus_exit();
	destroy_workqueue(conn->control);
	the_conn = NULL;
	free_monitor_pages(conn);
	kfree(conn);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * intree_echo.c - the measured part of vmbus_echo_test.c, for the kernel's own bus
 *
 * The same commands in the same place (vmbus_echo_test/echo<n>/run in debugfs),
 * the same sizes and the same work per packet, so that what differs is the bus:
 *
 *   reopen TX RX MAX | shut | cycle COUNT | ping COUNT BODY | sink COUNT BODY |
 *   source COUNT BODY
 */
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/hyperv.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <wire/echo.h>

#define MSG_MAX		65544
#define RESULT_MAX	1024
#define REQUESTS_MAX	1024
#define PATIENCE	(60 * HZ)

struct tester;

struct mode {
	void (*packet)(struct tester *t, const struct vmpacket_descriptor *desc);
};

struct tester {
	struct hv_device *hdev;
	struct vmbus_channel *chan;
	struct mutex lock;
	bool open;
	u32 tx_bytes, rx_bytes, max_packet;
	const struct mode *mode;
	struct completion done, space;
	u32 to_come, number, body;
	u64 bad, full, ns;
	u8 *msg;
	struct dentry *dir;
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

/* Channel ------------------------------------------------------------------------------*/

static void on_event(void *ctx)
{
	struct tester *t = ctx;
	const struct mode *mode = READ_ONCE(t->mode);
	struct vmpacket_descriptor *desc;

	foreach_vmbus_pkt(desc, t->chan)
		if (mode)
			mode->packet(t, desc);
	complete(&t->space);
}

/* Who asked is looked up, as every driver of this bus does by now. */
static void *asker(struct tester *t, const struct vmpacket_descriptor *desc)
{
	u64 addr = vmbus_request_addr(t->chan, desc->trans_id);

	return addr == VMBUS_RQST_ERROR ? NULL : (void *)(unsigned long)addr;
}

static int open_chan(struct tester *t)
{
	int err;

	t->chan->max_pkt_size = t->max_packet;
	t->chan->rqstor_size = REQUESTS_MAX;
	t->chan->next_request_id_callback = vmbus_next_request_id;
	t->chan->request_addr_callback = vmbus_request_addr;
	err = vmbus_open(t->chan, PAGE_SIZE + t->tx_bytes, PAGE_SIZE + t->rx_bytes, NULL, 0,
			 on_event, t);
	t->open = !err;
	return err;
}

static void close_chan(struct tester *t)
{
	if (t->open)
		vmbus_close(t->chan);
	t->open = false;
}

static void begin(struct tester *t, const struct mode *mode)
{
	reinit_completion(&t->done);
	reinit_completion(&t->space);
	t->bad = 0;
	t->full = 0;
	t->number = 0;
	smp_store_release(&t->mode, mode);
}

static int await(struct tester *t)
{
	return wait_for_completion_timeout(&t->done, PATIENCE) ? 0 : -ETIMEDOUT;
}

static u32 put_echo(u8 *msg, enum echo_op op, u32 body)
{
	struct echo_hdr hdr = { .op = cpu_to_le32(op), .len = cpu_to_le32(body) };
	u32 i;

	memcpy(msg, &hdr, sizeof(hdr));
	for (i = 0; i < body; i++)
		msg[sizeof(hdr) + i] = i;
	return sizeof(hdr) + body;
}

static int send(struct tester *t, const void *msg, u32 len, bool ask)
{
	return vmbus_sendpacket(t->chan, (void *)msg, len, ask ? (unsigned long)t : 0,
				VM_PKT_DATA_INBAND,
				ask ? VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED : 0);
}

static int send_waiting(struct tester *t, u32 len, bool ask)
{
	int err;

	for (;;) {
		err = send(t, t->msg, len, ask);
		if (err != -EAGAIN)
			return err;
		t->full++;
		set_channel_pending_send_size(t->chan, round_up(len, 8) + 24);
		virt_mb();
		err = send(t, t->msg, len, ask);
		if (err == -EAGAIN && !wait_for_completion_timeout(&t->space, PATIENCE))
			return -ETIMEDOUT;
		set_channel_pending_send_size(t->chan, 0);
		if (err != -EAGAIN)
			return err;
	}
}

/* Commands -----------------------------------------------------------------------------*/

static void ping_packet(struct tester *t, const struct vmpacket_descriptor *desc)
{
	if (asker(t, desc) != t)
		t->bad++;
	if (!--t->to_come) {
		complete(&t->done);
		return;
	}
	if (send(t, t->msg, sizeof(struct echo_hdr) + t->body, true))
		t->bad++;
}

static const struct mode ping_mode = { ping_packet };

static int run_ping(struct tester *t, u32 count, u32 body)
{
	int err;

	begin(t, NULL);
	t->to_come = count;
	t->body = body;
	put_echo(t->msg, ECHO_OP_ECHO, body);
	smp_store_release(&t->mode, &ping_mode);
	t->ns = ktime_get_ns();
	err = send(t, t->msg, sizeof(struct echo_hdr) + body, true) ?: await(t);
	t->ns = ktime_get_ns() - t->ns;
	tell(t, "packets %u\nbad %llu\n", count, t->bad);
	return err;
}

static void sink_packet(struct tester *t, const struct vmpacket_descriptor *desc)
{
	if (asker(t, desc) != t)
		t->bad++;
	complete(&t->done);
}

static const struct mode sink_mode = { sink_packet };

static int run_sink(struct tester *t, u32 count, u32 body)
{
	u32 len, i;
	int err;

	begin(t, &sink_mode);
	len = put_echo(t->msg, ECHO_OP_SINK, body);
	t->ns = ktime_get_ns();
	for (i = 1; i < count; i++) {
		err = send_waiting(t, len, false);
		if (err)
			return err;
	}
	err = send_waiting(t, len, true) ?: await(t);
	t->ns = ktime_get_ns() - t->ns;
	tell(t, "packets %u\nbad %llu\nfull %llu\n", count, t->bad, t->full);
	return err;
}

static void source_packet(struct tester *t, const struct vmpacket_descriptor *desc)
{
	const struct echo_data *data = (void *)desc + (desc->offset8 << 3);

	if (desc->type == VM_PKT_COMP) {
		if (asker(t, desc) != t)
			t->bad++;
		complete(&t->done);
		return;
	}
	if (le32_to_cpu(data->number) != t->number)
		t->bad++;
	t->number++;
}

static const struct mode source_mode = { source_packet };

static int run_source(struct tester *t, u32 count, u32 body)
{
	struct echo_source msg = {
		.hdr.op = cpu_to_le32(ECHO_OP_SOURCE),
		.hdr.len = cpu_to_le32(sizeof(msg) - sizeof(msg.hdr)),
		.count = cpu_to_le32(count),
		.body_len = cpu_to_le32(body),
	};
	int err;

	begin(t, &source_mode);
	t->ns = ktime_get_ns();
	err = send(t, &msg, sizeof(msg), true) ?: await(t);
	t->ns = ktime_get_ns() - t->ns;
	if (!err && t->number != count)
		err = -EIO;
	tell(t, "packets %u\nbad %llu\n", t->number, t->bad);
	return err;
}

static int run_cycle(struct tester *t, u32 count)
{
	int err = 0;
	u32 i;

	t->ns = ktime_get_ns();
	for (i = 0; i < count && !err; i++) {
		close_chan(t);
		err = open_chan(t);
	}
	t->ns = ktime_get_ns() - t->ns;
	tell(t, "cycles %u\n", i);
	return err;
}

static int run_reopen(struct tester *t, u32 tx_kib, u32 rx_kib, u32 max_packet)
{
	close_chan(t);
	t->tx_bytes = tx_kib * 1024;
	t->rx_bytes = rx_kib * 1024;
	if (max_packet)
		t->max_packet = max_packet;
	return open_chan(t);
}

static int run(struct tester *t, char *line)
{
	char *word = strsep(&line, " \n");
	u32 a = 0, b = 0, c = 0;

	if (line)
		sscanf(line, "%u %u %u", &a, &b, &c);
	if (!strcmp(word, "reopen"))
		return run_reopen(t, a, b, c);
	if (!strcmp(word, "shut")) {
		close_chan(t);
		return 0;
	}
	if (!strcmp(word, "cycle"))
		return run_cycle(t, a);
	if (!a || b > MSG_MAX - sizeof(struct echo_hdr))
		return -EINVAL;
	if (!strcmp(word, "ping"))
		return run_ping(t, a, b);
	if (!strcmp(word, "sink"))
		return run_sink(t, a, b);
	if (!strcmp(word, "source"))
		return run_source(t, a, b);
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
	WRITE_ONCE(t->mode, NULL);
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

/* Driver -------------------------------------------------------------------------------*/

static int test_probe(struct hv_device *hdev, const struct hv_vmbus_device_id *id)
{
	struct tester *t = devm_kzalloc(&hdev->device, sizeof(*t), GFP_KERNEL);
	char name[16];
	int err;

	if (!t)
		return -ENOMEM;
	t->hdev = hdev;
	t->chan = hdev->channel;
	mutex_init(&t->lock);
	init_completion(&t->done);
	init_completion(&t->space);
	t->tx_bytes = 16384;
	t->rx_bytes = 16384;
	t->max_packet = MSG_MAX + 64;
	t->msg = kvmalloc(MSG_MAX, GFP_KERNEL);
	if (!t->msg)
		return -ENOMEM;
	err = open_chan(t);
	if (err) {
		kvfree(t->msg);
		return err;
	}
	hv_set_drvdata(hdev, t);
	snprintf(name, sizeof(name), "echo%u", hdev->dev_instance.b[15]);
	t->dir = debugfs_create_dir(name, root);
	debugfs_create_file("run", 0600, t->dir, t, &run_fops);
	return 0;
}

/* What remove returns has changed from kernel to kernel; this is called by either. */
static void take_away(struct hv_device *hdev)
{
	struct tester *t = hv_get_drvdata(hdev);

	debugfs_remove_recursive(t->dir);
	close_chan(t);
	kvfree(t->msg);
}

#ifdef INTREE_REMOVE_IS_VOID
static void test_remove(struct hv_device *hdev)
{
	take_away(hdev);
}
#else
static int test_remove(struct hv_device *hdev)
{
	take_away(hdev);
	return 0;
}
#endif

static const struct hv_vmbus_device_id ids[] = {
	{ .guid = GUID_INIT(0xe7c65ac8, 0x0fa5, 0x4c22, 0xac, 0x7b, 0xea, 0x32, 0x81, 0x2c,
			    0x4a, 0x6e) },
	{ }
};

static struct hv_driver drv = {
	.name = "intree_echo",
	.id_table = ids,
	.probe = test_probe,
	.remove = test_remove,
};

static int __init test_init(void)
{
	int err;

	root = debugfs_create_dir("vmbus_echo_test", NULL);
	err = vmbus_driver_register(&drv);
	if (err)
		debugfs_remove_recursive(root);
	return err;
}

static void __exit test_exit(void)
{
	vmbus_driver_unregister(&drv);
	debugfs_remove_recursive(root);
}

module_init(test_init);
module_exit(test_exit);

MODULE_DESCRIPTION("Benchmark of the kernel's own VMBus driver on an echo device");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/*
 * vmbus_echo.c - a whole driver for a device on the VMBus, to learn from
 *
 * The device (wire/echo.h) gives back what it is sent. What is written to the
 * attribute "say" goes to the host and comes back; reading it shows what came.
 * docs/writing-a-driver.md explains the steps.
 */
#include <linux/completion.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <vmbus.h>
#include <wire/echo.h>

#define TEXT_MAX	256

struct echo {
	struct vmbus_chan *chan;
	struct mutex lock;		/* one text at a time */
	struct completion answered;
	bool owed;			/* the host has not answered the last one yet */
	u32 len;
	char text[TEXT_MAX];
};

/* Atomic context. The packet is a private copy, its length is true, and nothing else is. */
static void take_answer(struct echo *echo, const struct vmbus_pkt *pkt)
{
	const struct echo_hdr *hdr = pkt->payload;
	u32 len = pkt->payload_len < sizeof(*hdr) ? 0 : le32_to_cpu(hdr->len);

	echo->len = min3(len, pkt->payload_len - (u32)sizeof(*hdr), (u32)TEXT_MAX);
	memcpy(echo->text, hdr + 1, echo->len);
	complete(&echo->answered);
}

static void on_event(struct vmbus_chan *chan, void *ctx)
{
	struct vmbus_pkt pkt;

	while (vmbus_chan_recv(chan, &pkt))
		if (pkt.type == VMBUS_PKT_COMPLETION)
			take_answer(pkt.cookie, &pkt);
}

/* The channel broke or was taken away: nobody shall wait for an answer that will not come. */
static void on_gone(struct vmbus_chan *chan, void *ctx)
{
	struct echo *echo;

	while ((echo = vmbus_chan_reap(chan))) {
		echo->len = 0;
		complete(&echo->answered);
	}
}

static const struct vmbus_chan_ops echo_ops = { .event = on_event, .gone = on_gone };

static ssize_t say_store(struct device *dev, struct device_attribute *attr, const char *buf,
			 size_t len)
{
	struct echo *echo = dev_get_drvdata(dev);
	struct { struct echo_hdr hdr; char text[TEXT_MAX]; } msg = {};
	int err;

	if (len > TEXT_MAX)
		return -EMSGSIZE;
	msg.hdr.op = cpu_to_le32(ECHO_OP_ECHO);
	msg.hdr.len = cpu_to_le32(len);
	memcpy(msg.text, buf, len);

	mutex_lock(&echo->lock);
	/* An answer we gave up waiting for may have come since; until then the request is out. */
	if (echo->owed && !try_wait_for_completion(&echo->answered)) {
		err = -EBUSY;
		goto out;
	}
	err = vmbus_chan_send(echo->chan, &msg, sizeof(msg.hdr) + len, echo, 0);
	echo->owed = !err;
	if (!err && !wait_for_completion_timeout(&echo->answered, 2 * HZ))
		err = -ETIMEDOUT;
	else
		echo->owed = false;
out:
	mutex_unlock(&echo->lock);
	return err ?: len;
}

static ssize_t say_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct echo *echo = dev_get_drvdata(dev);
	ssize_t len;

	mutex_lock(&echo->lock);
	len = sysfs_emit(buf, "%.*s", echo->owed ? 0 : echo->len, echo->text);
	mutex_unlock(&echo->lock);
	return len;
}
static DEVICE_ATTR_RW(say);

static struct attribute *echo_attrs[] = { &dev_attr_say.attr, NULL };
ATTRIBUTE_GROUPS(echo);

static int echo_probe(struct vmbus_dev *vdev, const struct hv_vmbus_device_id *id)
{
	struct echo *echo = devm_kzalloc(&vdev->dev, sizeof(*echo), GFP_KERNEL);
	struct vmbus_chan_config cfg = {
		.ops = &echo_ops,
		.ctx = echo,
		.tx_bytes = 4096,
		.rx_bytes = 4096,
		.max_packet = sizeof(struct vmbus_pkt_hdr) + sizeof(struct echo_hdr) + TEXT_MAX,
		.max_requests = 1,
		.cpu = -1,
	};

	if (!echo)
		return -ENOMEM;
	mutex_init(&echo->lock);
	init_completion(&echo->answered);
	echo->chan = vdev->chan;
	dev_set_drvdata(&vdev->dev, echo);
	return vmbus_chan_open(echo->chan, &cfg);
}

/* The attribute is gone and nobody is in say_store(): that is the driver core's promise. */
static void echo_remove(struct vmbus_dev *vdev)
{
	struct echo *echo = dev_get_drvdata(&vdev->dev);

	vmbus_chan_close(echo->chan);
	on_gone(echo->chan, echo);
}

static const struct hv_vmbus_device_id ids[] = { { .guid = WIRE_GUID_ECHO }, { } };
MODULE_DEVICE_TABLE(vmbus, ids);

static struct vmbus_drv echo_drv = {
	.name = "vmbus_echo",
	.ids = ids,
	.probe = echo_probe,
	.remove = echo_remove,
	.driver = { .dev_groups = echo_groups },
};
module_vmbus_drv(echo_drv);

MODULE_DESCRIPTION("Sample driver for an echo device on the VMBus");
MODULE_LICENSE("GPL");

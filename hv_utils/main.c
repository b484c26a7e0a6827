// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - the table of services, and the one channel callback for all of them
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "supers.h"
#include "utils.h"

#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/slab.h>

/* Hosts send up to 13 KiB at a time; the rest of a ring is for descriptors. */
#define RING_BYTES	16384u
#define PACKET_MAX	RING_BYTES

static const struct util_service * const services[] = {
	&shutdown_service,
	&timesync_service,
	&heartbeat_service,
	&kvp_service,
	&vss_service,
	&fcopy_service,
};

/* Which service a device is, in the order above. */
static const struct hv_vmbus_device_id ids[] = {
	{ .guid = WIRE_GUID_SHUTDOWN },
	{ .guid = WIRE_GUID_TIMESYNC },
	{ .guid = WIRE_GUID_HEARTBEAT },
	{ .guid = WIRE_GUID_KVP },
	{ .guid = WIRE_GUID_VSS },
	{ .guid = WIRE_GUID_FCOPY },
	{ }
};
MODULE_DEVICE_TABLE(vmbus, ids);

static unsigned long served;		/* services that have a device */
static atomic_t second_instances;
static struct dentry *debugfs_dir;
struct workqueue_struct *utils_wq;

/* Answers ------------------------------------------------------------------------*/

static void send_answer(struct util *u, u64 id, void *packet, u32 len, u32 status)
{
	ic_answer(packet, status);
	if (vmbus_chan_send_reply(u->vdev->chan, id, packet, len, 0))
		util_count(u, UTIL_UNSENT);
}

void util_answer(struct util *u, struct util_request *req, u32 status)
{
	if (!req->own)
		send_answer(u, req->id, req->packet, req->len, status);
	kfree(req);
}

/* Requests -----------------------------------------------------------------------*/

/* A request that cannot be answered now, in memory of its own; NULL if there is none. */
static struct util_request *keep(struct util *u, const struct vmbus_pkt *pkt,
				 const struct ic_msg *msg)
{
	struct util_request *req = kmalloc(struct_size(req, packet, pkt->payload_len), GFP_ATOMIC);

	if (!req)
		return NULL;
	memcpy(req->packet, u->packet, pkt->payload_len);
	req->id = pkt->id;
	req->version = u->agreed.message;
	req->own = false;
	req->len = pkt->payload_len;
	req->body = req->packet + ((u8 *)msg->body - u->packet);
	req->body_len = msg->body_len;
	return req;
}

static void serve(struct util *u, const struct vmbus_pkt *pkt, const struct ic_msg *msg)
{
	u32 status = u->service->request(u, msg->body, msg->body_len);
	struct util_request *req;

	util_count(u, UTIL_REQUESTS);
	if (status == UTIL_LATER) {
		req = keep(u, pkt, msg);
		if (req) {
			u->service->take(u, req);
			return;
		}
		util_count(u, UTIL_NO_MEMORY);
		status = HVIC_STATUS_FAIL;
	}
	if (status != HVIC_STATUS_OK)
		util_count(u, UTIL_REFUSED);
	send_answer(u, pkt->id, u->packet, pkt->payload_len, status);
	if (u->service->answered)
		u->service->answered(u);
}

static enum ic_fault negotiate(struct util *u, const struct vmbus_pkt *pkt,
			       const struct ic_msg *msg)
{
	enum ic_fault fault = ic_negotiate(msg, &u->service->versions, &u->agreed);

	util_count(u, UTIL_NEGOTIATIONS);
	if (fault != IC_FAULT_NONE)
		return fault;
	if (u->agreed.message)
		util_log(u, info, "%s %u.%u, framework %u.%u\n", u->service->name,
			 IC_MAJOR(u->agreed.message), IC_MINOR(u->agreed.message),
			 IC_MAJOR(u->agreed.framework), IC_MINOR(u->agreed.framework));
	else
		util_log(u, warn, "%s: the host offers no version we speak; it is not served\n",
			 u->service->name);
	send_answer(u, pkt->id, u->packet, pkt->payload_len, HVIC_STATUS_OK);
	return IC_FAULT_NONE;
}

/* Whatever the host sends gets an answer if it has a header to make one of. */
static void take(struct util *u, const struct vmbus_pkt *pkt)
{
	enum ic_fault fault;
	struct ic_msg msg;

	if (pkt->type != VMBUS_PKT_INBAND) {
		util_count(u, UTIL_NOT_INBAND);
		return;
	}
	/* A private copy already; but of the bus, and the answer is made in place. */
	memcpy(u->packet, pkt->payload, pkt->payload_len);
	fault = ic_parse(u->packet, pkt->payload_len, &msg);
	if (fault == IC_FAULT_NONE) {
		if (msg.type == HVIC_TYPE_NEGOTIATE) {
			fault = negotiate(u, pkt, &msg);
		} else {
			fault = ic_check(&msg, u->service->type, &u->service->versions, &u->agreed);
			if (fault == IC_FAULT_NONE)
				serve(u, pkt, &msg);
		}
	}
	if (fault == IC_FAULT_NONE)
		return;
	atomic_inc(&u->faults[fault]);
	util_log(u, warn, "%s: refused a message of the host's, its fault: %s\n",
		 u->service->name, ic_fault_name(fault));
	if (msg.hdr)
		send_answer(u, pkt->id, u->packet, pkt->payload_len, ic_fault_status(fault));
}

static void on_event(struct vmbus_chan *chan, void *ctx)
{
	struct vmbus_pkt pkt;

	while (vmbus_chan_recv(chan, &pkt))
		take(ctx, &pkt);
}

static const struct vmbus_chan_ops chan_ops = { .event = on_event };

static int open_channel(struct util *u)
{
	const struct vmbus_chan_config cfg = {
		.ops = &chan_ops,
		.ctx = u,
		.events = VMBUS_EVENTS_BUS,
		.tx_bytes = RING_BYTES,
		.rx_bytes = RING_BYTES,
		.max_packet = PACKET_MAX,
		.cpu = -1,
		.signal_now = true,
	};

	u->agreed = (struct ic_agreed){ 0 };
	return vmbus_chan_open(u->vdev->chan, &cfg);
}

/* What user space sees -------------------------------------------------------------*/

static const char *count_name(enum util_count what)
{
	static const char * const names[UTIL_COUNT] = {
		[UTIL_REQUESTS] = "requests",
		[UTIL_NEGOTIATIONS] = "negotiations",
		[UTIL_NOT_INBAND] = "rejected_not_inband",
		[UTIL_REFUSED] = "refused",
		[UTIL_NO_MEMORY] = "no_memory",
		[UTIL_UNSENT] = "answers_unsent",
		[UTIL_CROWDED] = "crowded",
		[UTIL_NO_DAEMON] = "no_daemon",
		[UTIL_DAEMON_FAILED] = "daemon_failed",
		[UTIL_DAEMON_SLOW] = "daemon_slow",
		[UTIL_DAEMON_DIED] = "daemon_died",
		[UTIL_DAEMON_ODD] = "daemon_odd",
	};

	return names[what];
}

static int debugfs_show(struct seq_file *file, void *unused)
{
	struct util *u = file->private;
	struct ic_agreed agreed = u->agreed;
	unsigned int i;

	seq_printf(file, "version %u.%u\n", IC_MAJOR(agreed.message), IC_MINOR(agreed.message));
	seq_printf(file, "framework %u.%u\n", IC_MAJOR(agreed.framework),
		   IC_MINOR(agreed.framework));
	for (i = 0; i < UTIL_COUNT; i++)
		seq_printf(file, "%s %d\n", count_name(i), atomic_read(&u->counts[i]));
	for (i = IC_FAULT_NONE + 1; i < IC_FAULT_COUNT; i++)
		seq_printf(file, "rejected_%s %d\n", ic_fault_name(i), atomic_read(&u->faults[i]));
	if (u->service->show)
		u->service->show(u, file);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(debugfs);

static struct attribute *attrs[] = { &dev_attr_application_state.attr, NULL };

static umode_t is_visible(struct kobject *kobj, struct attribute *attr, int index)
{
	struct util *u = dev_get_drvdata(kobj_to_dev(kobj));

	return u->service == &heartbeat_service ? attr->mode : 0;
}

static const struct attribute_group group = { .attrs = attrs, .is_visible = is_visible };
static const struct attribute_group *groups[] = { &group, NULL };

/* A device comes, goes and sleeps ----------------------------------------------------*/

/* Place in the table; user space can give us devices of other classes, which have none. */
static unsigned int index_of(const struct vmbus_dev *vdev)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(services); i++)
		if (!memcmp(&ids[i].guid, &vdev->class_id, sizeof(vdev->class_id)))
			break;
	return i;
}

static int probe(struct vmbus_dev *vdev, const struct hv_vmbus_device_id *id)
{
	const struct util_service *service;
	unsigned int index = index_of(vdev);
	struct util *u;
	int err;

	if (index == ARRAY_SIZE(services))
		return -ENODEV;
	service = services[index];
	/* Two would answer for each other's daemon, and set the clock by turns. */
	if (test_and_set_bit(index, &served)) {
		atomic_inc(&second_instances);
		dev_warn(&vdev->dev, "there is a %s service already; this one is not used\n",
			 service->name);
		return -EBUSY;
	}

	err = -ENOMEM;
	u = kzalloc(sizeof(*u), GFP_KERNEL);
	if (!u)
		goto err_unclaim;
	u->packet = kmalloc(PACKET_MAX, GFP_KERNEL);
	if (!u->packet)
		goto err_free;
	u->service = service;
	u->vdev = vdev;
	ratelimit_state_init(&u->log_limit, 5 * HZ, 10);
	dev_set_drvdata(&vdev->dev, u);
	err = service->start ? service->start(u) : 0;
	if (err)
		goto err_free_packet;
	err = open_channel(u);
	if (err)
		goto err_stop;
	u->debugfs = debugfs_create_file(service->name, 0400, debugfs_dir, u, &debugfs_fops);
	return 0;

err_stop:
	if (service->stop)
		service->stop(u);
err_free_packet:
	kfree(u->packet);
err_free:
	kfree(u);
err_unclaim:
	clear_bit(index, &served);
	return err;
}

static void remove(struct vmbus_dev *vdev)
{
	struct util *u = dev_get_drvdata(&vdev->dev);

	debugfs_remove(u->debugfs);
	vmbus_chan_close(vdev->chan);
	if (u->service->stop)
		u->service->stop(u);
	kfree(u->packet);
	kfree(u);
	clear_bit(index_of(vdev), &served);
}

static int suspend(struct vmbus_dev *vdev)
{
	struct util *u = dev_get_drvdata(&vdev->dev);

	vmbus_chan_close(vdev->chan);
	if (u->service->suspend)
		u->service->suspend(u);
	return 0;
}

static int resume(struct vmbus_dev *vdev)
{
	struct util *u = dev_get_drvdata(&vdev->dev);

	if (u->service->resume)
		u->service->resume(u);
	return open_channel(u);
}

static struct vmbus_drv drv = {
	.name = "hv_utils",
	.ids = ids,
	.probe = probe,
	.remove = remove,
	.suspend = suspend,
	.resume = resume,
	.driver = {
		.dev_groups = groups,
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
};

static int __init utils_init(void)
{
	int err;

	err = supers_start();
	if (err)
		return err;
	/* While file systems are frozen, reclaim may wait for what this queue has to do. */
	utils_wq = alloc_workqueue("vmbus_utils", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!utils_wq) {
		supers_stop();
		return -ENOMEM;
	}
	debugfs_dir = debugfs_create_dir("vmbus_utils", NULL);
	debugfs_create_atomic_t("second_instances", 0400, debugfs_dir, &second_instances);
	err = vmbus_drv_register(&drv);
	if (err) {
		debugfs_remove(debugfs_dir);
		destroy_workqueue(utils_wq);
		supers_stop();
	}
	return err;
}

static void __exit utils_exit(void)
{
	vmbus_drv_unregister(&drv);
	debugfs_remove(debugfs_dir);
	destroy_workqueue(utils_wq);
	supers_stop();
}

module_init(utils_init);
module_exit(utils_exit);

MODULE_DESCRIPTION("Hyper-V integration services");
MODULE_LICENSE("GPL");

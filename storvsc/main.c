// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - module, parameters and the driver for SCSI controllers on the VMBus
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "storvsc.h"
#include "param.h"

#include <linux/cpumask.h>
#include <linux/jiffies.h>

static unsigned int ring_kib = 128;
BOUNDED_PARAM(ring_kib, 32, 4096, 0444,
	      "KiB of each ring of a channel, 32 to 4096 (default 128)");

static unsigned int max_queues;
BOUNDED_PARAM(max_queues, 0, STORVSC_MAX_QUEUES, 0444,
	      "Most channels of an adapter, 1 to 64, or 0 for one per CPU (default 0)");

static unsigned int poll_queues;
BOUNDED_PARAM(poll_queues, 0, VSTOR_MAX_SUB_CHANNELS, 0444,
	      "Most further channels of an adapter that never interrupt, for programs that poll, 0 to 63 (default 0)");

static bool share = true;
module_param(share, bool, 0644);
MODULE_PARM_DESC(share,
		 "Let a CPU that has little to do take the answers when another has many commands out (default on)");

static unsigned int queue_depth;
BOUNDED_PARAM(queue_depth, 0, 2048, 0444,
	      "Most commands an adapter gives the host at once, or 0 to let the number of channels decide (default 0)");

static unsigned int timeout = 180;
BOUNDED_PARAM(timeout, 1, 86400, 0644,
	      "Seconds after which a command without answer is looked at; for devices found from then on (default 180)");

static unsigned int reply_timeout = 30;
BOUNDED_PARAM(reply_timeout, 1, 600, 0644,
	      "Seconds the host may take to answer what needs no disk (default 30)");

static unsigned int drain_timeout = 300;
BOUNDED_PARAM(drain_timeout, 1, 86400, 0644,
	      "Seconds the host may take to give commands back after a reset of the adapter, before its channels are closed (default 300)");

struct workqueue_struct *storvsc_wq;

unsigned int storvsc_ring_bytes(void)
{
	/* The bus wants whole pages of 4 KiB, whatever ours are. */
	return round_up(ring_kib, 4) * 1024;
}

unsigned int storvsc_queue_limit(void)
{
	unsigned int limit = num_online_cpus();

	if (max_queues)
		limit = min(limit, max_queues);
	return min(limit, STORVSC_MAX_QUEUES);
}

unsigned int storvsc_poll_limit(void)
{
	return min(poll_queues, STORVSC_MAX_QUEUES - storvsc_queue_limit());
}

bool storvsc_sharing(void)
{
	return READ_ONCE(share);
}

/* 512 for one channel, a little more for each further one. */
unsigned int storvsc_depth(unsigned int queues)
{
	return queue_depth ? queue_depth : min(256 * (queues + 1), storvsc_depth_limit());
}

unsigned int storvsc_depth_limit(void)
{
	return queue_depth ? queue_depth : 1024;
}

unsigned long storvsc_timeout(void)
{
	return READ_ONCE(timeout) * HZ;
}

unsigned long storvsc_reply_timeout(void)
{
	return READ_ONCE(reply_timeout) * HZ;
}

unsigned long storvsc_drain_timeout(void)
{
	return READ_ONCE(drain_timeout) * HZ;
}

static const struct hv_vmbus_device_id ids[] = {
	{ .guid = WIRE_GUID_SCSI },
	{ .guid = WIRE_GUID_IDE },
	{ .guid = WIRE_GUID_FC },
	{ }
};
MODULE_DEVICE_TABLE(vmbus, ids);

static struct vmbus_drv drv = {
	.name = "hv_storvsc",
	.ids = ids,
	.probe = storvsc_host_probe,
	.remove = storvsc_host_remove,
	.suspend = storvsc_host_suspend,
	.resume = storvsc_host_resume,
	.driver = {
		/* A controller that is slow must not hold up the others. */
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
};

static int __init storvsc_init(void)
{
	int err;

	/* What ends the commands of a dead adapter must not wait for memory. */
	storvsc_wq = alloc_workqueue("storvsc", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!storvsc_wq)
		return -ENOMEM;
	err = storvsc_fc_init();
	if (err)
		goto err_wq;
	err = vmbus_drv_register(&drv);
	if (err)
		goto err_fc;
	return 0;

err_fc:
	storvsc_fc_exit();
err_wq:
	destroy_workqueue(storvsc_wq);
	return err;
}

static void __exit storvsc_exit(void)
{
	vmbus_drv_unregister(&drv);
	storvsc_fc_exit();
	destroy_workqueue(storvsc_wq);
}

module_init(storvsc_init);
module_exit(storvsc_exit);

MODULE_DESCRIPTION("SCSI controllers on the VMBus");
MODULE_LICENSE("GPL");

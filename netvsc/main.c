// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - module, parameters and the driver for synthetic NICs on the VMBus
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "netvsc.h"
#include "param.h"

#include <linux/cpumask.h>
#include <linux/jiffies.h>

static unsigned int ring_kib = 128;
BOUNDED_PARAM(ring_kib, 64, 4096, 0444,
	      "KiB of each ring of a channel, 64 to 4096 (default 128)");

static unsigned int max_queues = 16;
BOUNDED_PARAM(max_queues, 1, NETVSC_MAX_QUEUES, 0444,
	      "Channels a NIC has at first, if there are so many CPUs, 1 to 64 (default 16)");

static unsigned int tx_copybreak = 2048;
BOUNDED_PARAM(tx_copybreak, 0, 65536, 0644,
	      "Frames up to so many bytes are copied to be sent together, longer ones are sent from where they are (default 2048)");

static unsigned int rx_copybreak = 256;
BOUNDED_PARAM(rx_copybreak, 0, 65536, 0444,
	      "Frames up to so many bytes are copied, longer ones the stack reads in the receive buffer, to which the host can write; 65536: all are copied (default 256, and by ethtool --set-tunable)");

static unsigned int reply_timeout = 10;
BOUNDED_PARAM(reply_timeout, 1, 600, 0644,
	      "Seconds the host may take to answer a request (default 10)");

static unsigned int attach_timeout = 10;
BOUNDED_PARAM(attach_timeout, 1, 600, 0644,
	      "Seconds the host may take for all it is asked while a NIC is brought up or changed (default 10)");

static unsigned int link_delay = 200;
BOUNDED_PARAM(link_delay, 0, 60000, 0644,
	      "Milliseconds between two changes of the carrier, at least (default 200)");

unsigned int netvsc_ring_bytes(void)
{
	/* The bus wants whole pages of 4 KiB, whatever ours are. */
	return round_up(ring_kib, 4) * 1024;
}

unsigned int netvsc_default_queues(void)
{
	return min(num_online_cpus(), max_queues);
}

unsigned int netvsc_copy_limit(void)
{
	return READ_ONCE(tx_copybreak);
}

unsigned int netvsc_rx_copybreak(void)
{
	return rx_copybreak;
}

unsigned long netvsc_reply_timeout(void)
{
	return READ_ONCE(reply_timeout) * HZ;
}

unsigned long netvsc_attach_timeout(void)
{
	return READ_ONCE(attach_timeout) * HZ;
}

unsigned long netvsc_link_delay(void)
{
	return msecs_to_jiffies(READ_ONCE(link_delay));
}

static const struct hv_vmbus_device_id ids[] = {
	{ .guid = WIRE_GUID_NIC },
	{ }
};
MODULE_DEVICE_TABLE(vmbus, ids);

static struct vmbus_drv drv = {
	.name = "hv_netvsc",
	.ids = ids,
	.probe = netvsc_probe,
	.remove = netvsc_remove,
	.suspend = netvsc_suspend,
	.resume = netvsc_resume,
	.driver = {
		/* Names are given in the order of probes: the same order at each boot. */
		.probe_type = PROBE_FORCE_SYNCHRONOUS,
	},
};

static int __init netvsc_init(void)
{
	int err = netvsc_vf_listen();

	if (err)
		return err;
	err = vmbus_drv_register(&drv);
	if (err)
		netvsc_vf_listen_no_more();
	return err;
}

static void __exit netvsc_exit(void)
{
	vmbus_drv_unregister(&drv);
	netvsc_vf_listen_no_more();
}

module_init(netvsc_init);
module_exit(netvsc_exit);

MODULE_DESCRIPTION("Synthetic NICs on the VMBus");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/*
 * main.c - init and exit in order, as a ladder; nothing else
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "bus.h"
#include "channel.h"
#include "connection.h"
#include "debugfs.h"
#include "hypercall.h"
#include "pm.h"
#include "synic.h"

#include <linux/err.h>
#include <linux/module.h>
#include <linux/printk.h>

static bool off;
module_param(off, bool, 0444);
MODULE_PARM_DESC(off, "do not load, so that the in-tree drivers take the bus (default: no)");

static struct vmbus_conn *conn;

static int __init vmbus_client_init(void)
{
	int err;

	/* modprobe takes it from the kernel's command line, in the initramfs too. */
	if (off) {
		pr_info("switched off by the parameter off; leaving the bus to the in-tree drivers\n");
		return -ENODEV;
	}
	err = hypercall_init();
	if (err)
		return err;

	/* Quiet where bus_register() would be noisy: it prints a stack when the name is taken. */
	if (synic_owned()) {
		/* Where user space tries both, this happens at every boot for every device. */
		pr_info("the in-tree driver (hv_vmbus) is connected to the host; unload it, or boot with initcall_blacklist=hv_acpi_init where it is built in\n");
		err = -EBUSY;
		goto err_hypercall;
	}
	err = bus_init();
	if (err)
		goto err_hypercall;

	conn = vmbus_conn_init(&vmbus_chan_conn_ops);
	if (IS_ERR(conn)) {
		err = PTR_ERR(conn);
		goto err_bus;
	}
	err = pm_init(conn);
	if (err)
		goto err_conn;
	err = vmbus_chans_init(conn);
	if (err)
		goto err_pm;
	err = vmbus_conn_contact(conn);
	if (err)
		goto err_unload;
	debugfs_init(conn);
	err = vmbus_conn_request_offers(conn);
	if (err)
		goto err_debugfs;
	/* Whoever loads a driver next finds its devices there. */
	vmbus_chans_settle();
	return 0;

err_debugfs:
	debugfs_exit();
err_unload:
	vmbus_chans_exit();
	vmbus_conn_unload(conn);
err_pm:
	pm_exit();
err_conn:
	vmbus_conn_exit(conn);
err_bus:
	bus_exit();
err_hypercall:
	hypercall_exit();
	return err;
}
module_init(vmbus_client_init);

static void __exit vmbus_client_exit(void)
{
	debugfs_exit();
	vmbus_chans_exit();
	vmbus_conn_unload(conn);
	pm_exit();
	vmbus_conn_exit(conn);
	bus_exit();
	hypercall_exit();
}
module_exit(vmbus_client_exit);

MODULE_DESCRIPTION("VMBus client: channels between this guest and its Hyper-V host");
MODULE_AUTHOR("The vmbus-kit authors");
MODULE_LICENSE("GPL");
MODULE_ALIAS("acpi*:VMBUS:*");
MODULE_ALIAS("acpi*:VMBus:*");
MODULE_ALIAS("acpi*:MSFT1000:*");

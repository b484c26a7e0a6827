// SPDX-License-Identifier: GPL-2.0
/*
 * pm.c - suspend, kexec, panic: leave the host in order
 *
 * The connection has a platform device of its own, made before any device of the
 * bus. The kernel shuts down and suspends in reverse order of making, so that the
 * connection is the last to go and the first to come back. Besides, drivers close
 * their channels in the first phase of a suspend and the connection ends in the
 * second, "late", which begins when all of the first is over; interrupts that
 * belong to devices still come in it.
 *
 * While suspended to idle the machine runs on, and we stay connected. In every
 * other sleep the SynIC loses its registers, and after hibernation the host may
 * have been restarted: so the host is asked to forget us before, and met anew after.
 *
 * Hibernation goes through this twice: freeze and thaw around the snapshot, then
 * the image is written, through our disks perhaps; poweroff or shutdown; and restore,
 * after the boot kernel has been through freeze itself.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "pm.h"

#include "channel.h"
#include "connection.h"
#include "synic.h"
#include "vmbus.h"

#include <linux/err.h>
#include <linux/limits.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/platform_device.h>
#include <linux/printk.h>
#include <linux/suspend.h>

static struct vmbus_conn *conn;
static struct platform_device *connection_device;

static bool stays_connected(void)
{
	return pm_suspend_target_state == PM_SUSPEND_TO_IDLE;
}

/* A device of the bus ------------------------------------------------------------*/

static struct vmbus_drv *driver_of(struct device *dev)
{
	return dev->driver ? container_of(dev->driver, struct vmbus_drv, driver) : NULL;
}

static int dev_suspend(struct device *dev)
{
	struct vmbus_drv *drv = driver_of(dev);

	if (!drv || stays_connected())
		return 0;
	if (!drv->suspend || !drv->resume) {
		dev_err(dev, "driver %s cannot be suspended\n", drv->name);
		return -EOPNOTSUPP;
	}
	return drv->suspend(to_vmbus_dev(dev));
}

static int dev_resume(struct device *dev)
{
	struct vmbus_drv *drv = driver_of(dev);

	if (!drv || !drv->resume || stays_connected())
		return 0;
	return drv->resume(to_vmbus_dev(dev));
}

const struct dev_pm_ops vmbus_dev_pm = {
	.suspend = dev_suspend,
	.resume = dev_resume,
	.freeze = dev_suspend,
	.thaw = dev_resume,
	.poweroff = dev_suspend,
	.restore = dev_resume,
};

/* The connection -----------------------------------------------------------------*/

static int connection_resume(struct device *dev)
{
	int err;

	if (stays_connected())
		return 0;
	err = vmbus_conn_wake(conn);
	if (err)
		pr_err("not connected any more (error %d), all devices are gone\n", err);
	vmbus_chans_wake();
	return err;
}

static int connection_suspend(struct device *dev)
{
	int err;

	if (stays_connected())
		return 0;
	if (vmbus_chans_in_use())
		return -EBUSY;
	vmbus_conn_ignore(conn);
	vmbus_chans_quiet();
	vmbus_chans_sleep();
	err = vmbus_conn_sleep(conn);
	/* What was ignored meanwhile is asked for again. */
	if (err)
		connection_resume(dev);
	return err;
}

static const struct dev_pm_ops connection_pm = {
	.suspend_late = connection_suspend,
	.resume_early = connection_resume,
	.freeze_late = connection_suspend,
	.thaw_early = connection_resume,
	.poweroff_late = connection_suspend,
	.restore_early = connection_resume,
};

/*
 * Restart, power-off, kexec. Drivers have had their shutdown. A channel that is
 * still open ends with the connection, and what waits on it waits for ever: an
 * error would only upset a file system that has nobody left to tell.
 */
static void connection_shutdown(struct platform_device *pdev)
{
	vmbus_conn_ignore(conn);
	vmbus_chans_quiet();
	if (vmbus_conn_sleep(conn))
		vmbus_conn_silence();
}

static struct platform_driver connection_driver = {
	.shutdown = connection_shutdown,
	.driver = {
		.name = KBUILD_MODNAME,
		.pm = &connection_pm,
		.suppress_bind_attrs = true,
	},
};

/* Panic --------------------------------------------------------------------------*/

/* Before a crash kernel is started, where the kernel has a hook for it. */
static void on_crash(void)
{
	vmbus_conn_crash(conn);
}

static int on_panic(struct notifier_block *nb, unsigned long event, void *unused)
{
	vmbus_conn_crash(conn);
	return NOTIFY_DONE;
}

/* Late, but not last: others may still want to tell the host, or a disk, what happened. */
static struct notifier_block panic_block = {
	.notifier_call = on_panic,
	.priority = INT_MIN + 1,
};

int pm_init(struct vmbus_conn *connection)
{
	int err;

	conn = connection;
	err = platform_driver_register(&connection_driver);
	if (err)
		return err;
	connection_device = platform_device_register_simple(KBUILD_MODNAME, PLATFORM_DEVID_NONE,
							    NULL, 0);
	if (IS_ERR(connection_device)) {
		platform_driver_unregister(&connection_driver);
		return PTR_ERR(connection_device);
	}
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	irq_on_crash(on_crash);
	return 0;
}

void pm_exit(void)
{
	irq_on_crash(NULL);
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_block);
	platform_device_unregister(connection_device);
	platform_driver_unregister(&connection_driver);
}

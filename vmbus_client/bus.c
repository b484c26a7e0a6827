// SPDX-License-Identifier: GPL-2.0
/*
 * bus.c - the vmbus bus type: match, probe, remove, shutdown, uevent
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "bus.h"

#include "channel.h"
#include "hypercall.h"
#include "match.h"
#include "pm.h"
#include "sysfs.h"

#include <linux/acpi.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#define VENDOR_MICROSOFT	0x1414	/* what user space expects to read */

/* Devices hang from the firmware's node when there is one: user space names disks by that path. */
static struct device *firmware_node;
static struct acpi_device *acpi_node;
static bool registered;

static int bus_match(struct device *dev, compat_match_driver *driver)
{
	const struct vmbus_drv *drv = container_of(driver, struct vmbus_drv, driver);
	struct hv_vmbus_device_id made_up;

	return !!match_id(drv, to_vmbus_dev(dev), &made_up);
}

static int bus_uevent(compat_uevent_device *dev, struct kobj_uevent_env *env)
{
	const struct vmbus_dev *vdev = container_of(dev, const struct vmbus_dev, dev);

	return add_uevent_var(env, "MODALIAS=vmbus:%16phN", vdev->class_id.b);
}

static int bus_probe(struct device *dev)
{
	struct vmbus_drv *drv = container_of(dev->driver, struct vmbus_drv, driver);
	struct vmbus_dev *vdev = to_vmbus_dev(dev);
	const struct hv_vmbus_device_id *id;
	struct hv_vmbus_device_id made_up;

	/*
	 * Since it was matched, user space may have changed its mind, or the host taken it away.
	 * A channel that broke under its last driver is one that another may open.
	 */
	id = match_id(drv, vdev, &made_up);
	if (!id || vmbus_chan_state(vdev->chan) == CHAN_RESCINDED)
		return -ENODEV;
	return drv->probe(vdev, id);
}

static void bus_remove(struct device *dev)
{
	struct vmbus_drv *drv = container_of(dev->driver, struct vmbus_drv, driver);

	if (drv->remove)
		drv->remove(to_vmbus_dev(dev));
}

static void bus_shutdown(struct device *dev)
{
	struct vmbus_drv *drv;

	if (!dev->driver)
		return;
	drv = container_of(dev->driver, struct vmbus_drv, driver);
	if (drv->shutdown)
		drv->shutdown(to_vmbus_dev(dev));
}

static struct bus_type vmbus_bus = {
	.name = "vmbus",
	.match = bus_match,
	.uevent = bus_uevent,
	.probe = bus_probe,
	.remove = bus_remove,
	.shutdown = bus_shutdown,
	.pm = &vmbus_dev_pm,
	.bus_groups = vmbus_bus_groups,
	.dev_groups = vmbus_dev_groups,
	.drv_groups = match_drv_groups,
};

int __vmbus_drv_register(struct vmbus_drv *drv, struct module *owner, const char *mod_name)
{
	if (!registered)
		return -ENODEV;
	drv->driver.name = drv->name;
	drv->driver.owner = owner;
	drv->driver.mod_name = mod_name;
	drv->driver.bus = &vmbus_bus;
	return driver_register(&drv->driver);
}
EXPORT_SYMBOL_GPL(__vmbus_drv_register);

void vmbus_drv_unregister(struct vmbus_drv *drv)
{
	driver_unregister(&drv->driver);
	match_forget_driver(drv);
}
EXPORT_SYMBOL_GPL(vmbus_drv_unregister);

bool vmbus_dev_ref_time(const struct vmbus_dev *vdev, u64 *ticks)
{
	return hypercall_ref_time(ticks);
}
EXPORT_SYMBOL_GPL(vmbus_dev_ref_time);

/* Devices ------------------------------------------------------------------------*/

static void dev_release(struct device *dev)
{
	struct vmbus_dev *vdev = to_vmbus_dev(dev);
	struct vmbus_chan *chan = vdev->chan;

	match_forget_device(vdev);
	kfree(vdev);
	/* Last: this module's exit waits for it. */
	vmbus_chan_put(chan);
}

/*
 * The directories of the channels are there before user space hears of the
 * device and before a driver does, and go before either is told that it goes.
 */
static int bus_notify(struct notifier_block *nb, unsigned long event, void *data)
{
	if (event == BUS_NOTIFY_ADD_DEVICE)
		chan_dirs_add(to_vmbus_dev(data));
	else if (event == BUS_NOTIFY_DEL_DEVICE)
		chan_dirs_remove(to_vmbus_dev(data));
	return NOTIFY_DONE;
}

static struct notifier_block bus_nb = {
	.notifier_call = bus_notify,
};

struct vmbus_dev *bus_add_device(struct vmbus_chan *chan)
{
	struct vmbus_dev *vdev = kzalloc(sizeof(*vdev), GFP_KERNEL);
	struct device *dev;
	int err;

	if (!vdev)
		return ERR_PTR(-ENOMEM);
	vdev->class_id = chan->offer.class_id;
	vdev->instance_id = chan->offer.instance_id;
	vdev->vendor = VENDOR_MICROSOFT;
	vdev->chan = chan;
	kref_get(&chan->ref);

	dev = &vdev->dev;
	dev->bus = &vmbus_bus;
	dev->parent = firmware_node;
	dev->release = dev_release;
	dev->dma_mask = &vdev->dma_mask;
	dev->dma_parms = &vdev->dma_parms;
	device_initialize(dev);
	/* The host reads and writes any guest page. */
	dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	err = dev_set_name(dev, "%pUl", vdev->instance_id.b);
	if (!err)
		err = device_add(dev);
	if (err) {
		put_device(dev);
		return ERR_PTR(err);
	}
	return vdev;
}

void bus_remove_device(struct vmbus_dev *vdev)
{
	device_unregister(&vdev->dev);
}

/* The bus --------------------------------------------------------------------------*/

static void find_firmware_node(void)
{
	static const char * const spellings[] = { "VMBUS", "VMBus", "MSFT1000" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spellings) && !acpi_node; i++)
		acpi_node = acpi_dev_get_first_match_dev(spellings[i], NULL, -1);
	firmware_node = acpi_node ? &acpi_node->dev : NULL;
}

/*
 * The name of the bus keeps the in-tree driver out before it reaches the host, but
 * the kernel prints a stack then. So it is turned away before it runs; the name is
 * for one whose loading had begun before ours.
 */
static int module_notify(struct notifier_block *nb, unsigned long event, void *data)
{
	const struct module *mod = data;

	if (event != MODULE_STATE_COMING || strcmp(mod->name, "hv_vmbus"))
		return NOTIFY_DONE;
	pr_info_ratelimited("the in-tree driver (hv_vmbus) must not be loaded: the bus is ours; unload vmbus_client first\n");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block module_nb = {
	.notifier_call = module_notify,
};

static int register_bus(void)
{
	int err = bus_register(&vmbus_bus);

	if (err == -EEXIST) {
		pr_err("another driver owns the bus named vmbus; unload hv_vmbus first\n");
		return -EBUSY;
	}
	if (err)
		return err;
	err = bus_register_notifier(&vmbus_bus, &bus_nb);
	if (err)
		bus_unregister(&vmbus_bus);
	return err;
}

int bus_init(void)
{
	int err = register_module_notifier(&module_nb);

	if (err)
		return err;
	err = register_bus();
	if (err) {
		unregister_module_notifier(&module_nb);
		return err;
	}
	find_firmware_node();
	registered = true;
	return 0;
}

void bus_exit(void)
{
	registered = false;
	acpi_dev_put(acpi_node);
	acpi_node = NULL;
	firmware_node = NULL;
	bus_unregister_notifier(&vmbus_bus, &bus_nb);
	bus_unregister(&vmbus_bus);
	unregister_module_notifier(&module_nb);
}

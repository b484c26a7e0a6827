// SPDX-License-Identifier: GPL-2.0
/*
 * match.c - which driver takes which device: its table, ids added by hand, an override
 *
 * The driver core asks without the device's lock, so what user space may change
 * meanwhile has a lock of its own, and nobody keeps a pointer into it.
 */
#include "match.h"

#include <linux/list.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uuid.h>

/* The kernel's GUID type names the classes in driver tables; ours names them on the wire. */
static_assert(sizeof(guid_t) == sizeof(struct wire_guid));

/* A class that user space has given to a driver. */
struct added_id {
	struct list_head node;
	const struct vmbus_drv *drv;
	guid_t class_id;
};

static DEFINE_SPINLOCK(lock);	/* guards the list and every vdev->override */
static LIST_HEAD(added_ids);

static bool same_class(const guid_t *class_id, const struct vmbus_dev *vdev)
{
	return !memcmp(class_id, &vdev->class_id, sizeof(*class_id));
}

static struct added_id *find_added(const struct vmbus_drv *drv, const guid_t *class_id)
{
	struct added_id *added;

	lockdep_assert_held(&lock);
	list_for_each_entry(added, &added_ids, node)
		if (added->drv == drv && guid_equal(&added->class_id, class_id))
			return added;
	return NULL;
}

static const struct hv_vmbus_device_id *find_in_table(const struct vmbus_drv *drv,
						      const struct vmbus_dev *vdev)
{
	const struct hv_vmbus_device_id *id;

	for (id = drv->ids; id && !guid_is_null(&id->guid); id++)
		if (same_class(&id->guid, vdev))
			return id;
	return NULL;
}

const struct hv_vmbus_device_id *match_id(const struct vmbus_drv *drv,
					  const struct vmbus_dev *vdev,
					  struct hv_vmbus_device_id *room)
{
	const struct hv_vmbus_device_id *id = find_in_table(drv, vdev);
	bool others_only, by_hand;

	*room = (struct hv_vmbus_device_id) { };
	memcpy(&room->guid, &vdev->class_id, sizeof(room->guid));

	spin_lock(&lock);
	others_only = vdev->override && strcmp(vdev->override, drv->name);
	by_hand = vdev->override || find_added(drv, &room->guid);
	spin_unlock(&lock);

	if (others_only)
		return NULL;
	if (id)
		return id;
	return by_hand ? room : NULL;
}

/* Ids of a driver ----------------------------------------------------------------*/

static struct vmbus_drv *to_vmbus_drv(struct device_driver *driver)
{
	return container_of(driver, struct vmbus_drv, driver);
}

static ssize_t new_id_store(struct device_driver *driver, const char *buf, size_t count)
{
	struct vmbus_drv *drv = to_vmbus_drv(driver);
	struct added_id *added;
	guid_t class_id;
	bool known;
	int err;

	err = guid_parse(buf, &class_id);
	if (err)
		return err;
	added = kzalloc(sizeof(*added), GFP_KERNEL);
	if (!added)
		return -ENOMEM;
	added->drv = drv;
	added->class_id = class_id;

	spin_lock(&lock);
	known = find_added(drv, &class_id);
	if (!known)
		list_add_tail(&added->node, &added_ids);
	spin_unlock(&lock);
	if (known) {
		kfree(added);
		return -EEXIST;
	}
	/* Devices of that class may have been waiting for a driver. */
	err = driver_attach(driver);
	return err ?: count;
}
static DRIVER_ATTR_WO(new_id);

static ssize_t remove_id_store(struct device_driver *driver, const char *buf, size_t count)
{
	struct added_id *added;
	guid_t class_id;
	int err;

	err = guid_parse(buf, &class_id);
	if (err)
		return err;

	spin_lock(&lock);
	added = find_added(to_vmbus_drv(driver), &class_id);
	if (added)
		list_del(&added->node);
	spin_unlock(&lock);
	kfree(added);
	/* What it has taken already it keeps. */
	return added ? count : -ENODEV;
}
static DRIVER_ATTR_WO(remove_id);

static struct attribute *drv_attrs[] = {
	&driver_attr_new_id.attr,
	&driver_attr_remove_id.attr,
	NULL
};

static const struct attribute_group drv_group = {
	.attrs = drv_attrs,
};

const struct attribute_group *match_drv_groups[] = {
	&drv_group,
	NULL
};

void match_forget_driver(const struct vmbus_drv *drv)
{
	struct added_id *added, *next;
	LIST_HEAD(his);

	spin_lock(&lock);
	list_for_each_entry_safe(added, next, &added_ids, node)
		if (added->drv == drv)
			list_move(&added->node, &his);
	spin_unlock(&lock);
	list_for_each_entry_safe(added, next, &his, node)
		kfree(added);
}

/* Override of a device -------------------------------------------------------------*/

static char *set_override(struct vmbus_dev *vdev, char *name)
{
	char *old;

	spin_lock(&lock);
	old = vdev->override;
	vdev->override = name;
	spin_unlock(&lock);
	return old;
}

static ssize_t driver_override_store(struct device *dev, struct device_attribute *attr,
				     const char *buf, size_t count)
{
	size_t len = strcspn(buf, "\n");
	char *name = NULL;

	/* It must fit when it is shown, with its newline. */
	if (count >= PAGE_SIZE - 1)
		return -EINVAL;
	if (len) {
		name = kstrndup(buf, len, GFP_KERNEL);
		if (!name)
			return -ENOMEM;
	}
	kfree(set_override(to_vmbus_dev(dev), name));
	return count;
}

static ssize_t driver_override_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const char *name;
	ssize_t len;

	spin_lock(&lock);
	name = to_vmbus_dev(dev)->override;
	/* The word for "none" that driverctl and others look for. */
	len = sysfs_emit(buf, "%s\n", name ?: "(null)");
	spin_unlock(&lock);
	return len;
}
static DEVICE_ATTR_RW(driver_override);

static struct attribute *dev_attrs[] = {
	&dev_attr_driver_override.attr,
	NULL
};

const struct attribute_group match_dev_group = {
	.attrs = dev_attrs,
};

void match_forget_device(struct vmbus_dev *vdev)
{
	kfree(set_override(vdev, NULL));
}

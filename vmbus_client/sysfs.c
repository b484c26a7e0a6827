// SPDX-License-Identifier: GPL-2.0
/*
 * sysfs.c - attributes of a device, with the names and formats user space knows
 */
#include "bus.h"
#include "channel.h"
#include "match.h"

#include <linux/device.h>
#include <linux/sysfs.h>

/* What tools print for a state: 0 offered, 1 opening, 2 open. */
static int state_number(enum chan_state state)
{
	switch (state) {
	case CHAN_OPENING:
		return 1;
	case CHAN_OPEN:
		return 2;
	default:
		return 0;
	}
}

static ssize_t id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", vmbus_chan_relid(to_vmbus_dev(dev)->chan));
}
static DEVICE_ATTR_RO(id);

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", state_number(vmbus_chan_state(to_vmbus_dev(dev)->chan)));
}
static DEVICE_ATTR_RO(state);

static ssize_t class_id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "{%pUl}\n", to_vmbus_dev(dev)->class_id.b);
}
static DEVICE_ATTR_RO(class_id);

static ssize_t device_id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "{%pUl}\n", to_vmbus_dev(dev)->instance_id.b);
}
static DEVICE_ATTR_RO(device_id);

static ssize_t modalias_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct vmbus_dev *vdev = to_vmbus_dev(dev);

	return sysfs_emit(buf, "vmbus:%*phN\n", (int)sizeof(vdev->class_id.b), vdev->class_id.b);
}
static DEVICE_ATTR_RO(modalias);

static ssize_t vendor_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "0x%x\n", to_vmbus_dev(dev)->vendor);
}
static DEVICE_ATTR_RO(vendor);

struct mapping {
	const struct vmbus_chan *primary;
	char *buf;
	int len;
};

static void add_mapping(struct vmbus_chan *chan, void *arg)
{
	struct mapping *m = arg;

	if (chan != m->primary && chan->primary != m->primary)
		return;
	m->len += sysfs_emit_at(m->buf, m->len, "%u:%d\n", vmbus_chan_relid(chan),
				max(vmbus_chan_cpu(chan), 0));
}

static ssize_t channel_vp_mapping_show(struct device *dev, struct device_attribute *attr,
				       char *buf)
{
	struct mapping m = { .primary = to_vmbus_dev(dev)->chan, .buf = buf };

	vmbus_chans_for_each(add_mapping, &m);
	return m.len;
}
static DEVICE_ATTR_RO(channel_vp_mapping);

static struct attribute *vmbus_dev_attrs[] = {
	&dev_attr_id.attr,
	&dev_attr_state.attr,
	&dev_attr_class_id.attr,
	&dev_attr_device_id.attr,
	&dev_attr_modalias.attr,
	&dev_attr_vendor.attr,
	&dev_attr_channel_vp_mapping.attr,
	NULL
};

static const struct attribute_group vmbus_dev_group = {
	.attrs = vmbus_dev_attrs,
};

const struct attribute_group *vmbus_dev_groups[] = {
	&vmbus_dev_group,
	&match_dev_group,
	NULL
};

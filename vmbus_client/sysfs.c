// SPDX-License-Identifier: GPL-2.0
/*
 * sysfs.c - what user space reads of bus, devices and channels, under the names it knows
 *
 * Names and formats are those of the kernel's own driver; docs/sysfs.md lists
 * them. A file is an item: one function from a channel to a line. A device's
 * files are about its primary channel.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "sysfs.h"

#include "channel.h"
#include "match.h"
#include "wire/tlfs.h"

#include <linux/acpi.h>
#include <linux/device.h>
#include <linux/kobject.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/topology.h>

/* Items ------------------------------------------------------------------------*/

struct item {
	struct device_attribute dev;
	ssize_t (*show)(struct vmbus_chan *chan, char *buf);
	ssize_t (*store)(struct vmbus_chan *chan, const char *buf, size_t count);
};

#define to_item(_attr)	container_of(_attr, struct item, dev.attr)

static ssize_t dev_item_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return to_item(&attr->attr)->show(to_vmbus_dev(dev)->chan, buf);
}

#define ITEM(_group, _name)								\
	static struct item _group##_##_name = {						\
		.dev = __ATTR(_name, 0444, dev_item_show, NULL),			\
		.show = _group##_##_name##_show,					\
	}

/* A value of the channel. */
#define VALUE(_group, _name, _format, _value)						\
	static ssize_t _group##_##_name##_show(struct vmbus_chan *chan, char *buf)	\
	{										\
		return sysfs_emit(buf, _format "\n", _value);				\
	}										\
	ITEM(_group, _name)

/* What a ring's control page says. */
#define RING(_group, _name, _format, _ring, _field)					\
	static ssize_t _group##_##_name##_show(struct vmbus_chan *chan, char *buf)	\
	{										\
		struct ring_view tx, rx;						\
											\
		if (!look_at_rings(chan, &tx, &rx))					\
			return -EINVAL;							\
		return sysfs_emit(buf, _format "\n", (_ring)._field);			\
	}										\
	ITEM(_group, _name)

/* What a monitor page, the one to us or the one to the host, says about a channel. */
#define MONITOR(_group, _name, _page, _format, _value)					\
	static ssize_t _group##_##_name##_show(struct vmbus_chan *chan, char *buf)	\
	{										\
		const struct tlfs_monitor_page *page = chan->conn->monitor_pages[_page]; \
		u32 id = chan->offer.monitor_id;					\
											\
		return sysfs_emit(buf, _format "\n", _value);				\
	}										\
	ITEM(_group, _name)

enum { TO_US, TO_HOST };

/* Of the whole group of 32, as people are used to. */
static u32 pending(const struct tlfs_monitor_page *page, u32 id)
{
	return le32_to_cpu(READ_ONCE(page->group[id / 32].pending));
}

static u32 latency(const struct tlfs_monitor_page *page, u32 id)
{
	return le16_to_cpu(READ_ONCE(page->latency[id]));
}

static u32 connection(const struct tlfs_monitor_page *page, u32 id)
{
	return le64_to_cpu(READ_ONCE(page->parameter[id])) & TLFS_CONNECTION_ID_MASK;
}

/* The files about it are there if the host gave the channel a place in it. */
static umode_t if_monitored(const struct vmbus_chan *chan, const struct attribute *attr)
{
	return chan->offer.monitored ? attr->mode : 0;
}

/*
 * False if there are none. A close waits for the host, and nobody who reads a
 * file shall wait for that: whoever finds the channel live in a read section
 * finds its rings mapped, because io_stop() waits for the section to end.
 */
static bool look_at_rings(struct vmbus_chan *chan, struct ring_view *tx, struct ring_view *rx)
{
	bool live;

	rcu_read_lock();
	/* Pairs with io_allow(). */
	live = smp_load_acquire(&chan->live);
	if (live) {
		ring_look(chan->tx.page, chan->tx.size, tx);
		ring_look(chan->rx.page, chan->rx.size, rx);
	}
	rcu_read_unlock();
	return live;
}

/* Of a device --------------------------------------------------------------------*/

/* As the kernel's own driver counts: 1 opening, 3 open, and 2 for what is there to be opened. */
static int state_number(enum chan_state state)
{
	switch (state) {
	case CHAN_OPENING:
		return 1;
	case CHAN_OPEN:
	case CHAN_BROKEN:
		return 3;
	default:
		return 2;
	}
}

/* The place in this list is the number; one past its end is "unknown". */
static const struct wire_guid numbered[] = {
	WIRE_GUID_IDE, WIRE_GUID_SCSI, WIRE_GUID_FC, WIRE_GUID_NIC, WIRE_GUID_ND, WIRE_GUID_PCI,
	WIRE_GUID_VIDEO, WIRE_GUID_KEYBOARD, WIRE_GUID_MOUSE, WIRE_GUID_KVP, WIRE_GUID_TIMESYNC,
	WIRE_GUID_HEARTBEAT, WIRE_GUID_SHUTDOWN, WIRE_GUID_FCOPY, WIRE_GUID_VSS, WIRE_GUID_BALLOON,
};

static unsigned int class_number(const struct wire_guid *class_id)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbered); i++)
		if (!memcmp(&numbered[i], class_id, sizeof(*class_id)))
			break;
	return i;
}

/* One that is not open yet has none; CPU 0 is what people expect to read then. */
static unsigned int cpu_of(const struct vmbus_chan *chan)
{
	return max(vmbus_chan_cpu(chan), 0);
}

VALUE(dev, id, "%u", vmbus_chan_relid(chan));
VALUE(dev, state, "%d", state_number(vmbus_chan_state(chan)));
VALUE(dev, class_id, "{%pUl}", chan->offer.class_id.b);
VALUE(dev, device_id, "{%pUl}", chan->offer.instance_id.b);
VALUE(dev, modalias, "vmbus:%16phN", chan->offer.class_id.b);
VALUE(dev, device, "0x%x", class_number(&chan->offer.class_id));
VALUE(dev, numa_node, "%d", cpu_to_node(cpu_of(chan)));
RING(dev, out_intr_mask, "%u", tx, mask);
RING(dev, out_read_index, "%u", tx, read);
RING(dev, out_write_index, "%u", tx, write);
RING(dev, out_read_bytes_avail, "%u", tx, readable);
RING(dev, out_write_bytes_avail, "%u", tx, writable);
RING(dev, in_intr_mask, "%u", rx, mask);
RING(dev, in_read_index, "%u", rx, read);
RING(dev, in_write_index, "%u", rx, write);
RING(dev, in_read_bytes_avail, "%u", rx, readable);
RING(dev, in_write_bytes_avail, "%u", rx, writable);

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

	if (chan == m->primary || chan->primary == m->primary)
		m->len += sysfs_emit_at(m->buf, m->len, "%u:%u\n", vmbus_chan_relid(chan),
					cpu_of(chan));
}

static ssize_t dev_channel_vp_mapping_show(struct vmbus_chan *chan, char *buf)
{
	struct mapping m = { .primary = chan, .buf = buf };

	vmbus_chans_for_each(add_mapping, &m);
	return m.len;
}
ITEM(dev, channel_vp_mapping);

static struct attribute *dev_attrs[] = {
	&dev_id.dev.attr,
	&dev_state.dev.attr,
	&dev_class_id.dev.attr,
	&dev_device_id.dev.attr,
	&dev_modalias.dev.attr,
	&dev_attr_vendor.attr,
	&dev_device.dev.attr,
	&dev_channel_vp_mapping.dev.attr,
	&dev_out_intr_mask.dev.attr,
	&dev_out_read_index.dev.attr,
	&dev_out_write_index.dev.attr,
	&dev_out_read_bytes_avail.dev.attr,
	&dev_out_write_bytes_avail.dev.attr,
	&dev_in_intr_mask.dev.attr,
	&dev_in_read_index.dev.attr,
	&dev_in_write_index.dev.attr,
	&dev_in_read_bytes_avail.dev.attr,
	&dev_in_write_bytes_avail.dev.attr,
	/* Last: a kernel without NUMA has no such files anywhere. */
	IS_ENABLED(CONFIG_NUMA) ? &dev_numa_node.dev.attr : NULL,
	NULL
};

static const struct attribute_group dev_group = {
	.attrs = dev_attrs,
};

VALUE(dev, monitor_id, "%u", chan->offer.monitor_id);
MONITOR(dev, server_monitor_pending, TO_US, "%d", pending(page, id));
MONITOR(dev, server_monitor_latency, TO_US, "%d", latency(page, id));
MONITOR(dev, server_monitor_conn_id, TO_US, "%d", connection(page, id));
MONITOR(dev, client_monitor_pending, TO_HOST, "%d", pending(page, id));
MONITOR(dev, client_monitor_latency, TO_HOST, "%d", latency(page, id));
MONITOR(dev, client_monitor_conn_id, TO_HOST, "%d", connection(page, id));

static struct attribute *dev_monitor_attrs[] = {
	&dev_monitor_id.dev.attr,
	&dev_server_monitor_pending.dev.attr,
	&dev_server_monitor_latency.dev.attr,
	&dev_server_monitor_conn_id.dev.attr,
	&dev_client_monitor_pending.dev.attr,
	&dev_client_monitor_latency.dev.attr,
	&dev_client_monitor_conn_id.dev.attr,
	NULL
};

static umode_t dev_monitor_visible(struct kobject *kobj, struct attribute *attr, int unused)
{
	return if_monitored(to_vmbus_dev(kobj_to_dev(kobj))->chan, attr);
}

static const struct attribute_group dev_monitor_group = {
	.attrs = dev_monitor_attrs,
	.is_visible = dev_monitor_visible,
};

const struct attribute_group *vmbus_dev_groups[] = {
	&dev_group,
	&dev_monitor_group,
	&match_dev_group,
	NULL
};

/* Of the bus -----------------------------------------------------------------------*/

/* A host that lets its guests hibernate gives them a virtual S4. */
static bool may_hibernate(void)
{
#ifdef CONFIG_ACPI
	u8 a, b;

	return ACPI_SUCCESS(acpi_get_sleep_type_data(ACPI_STATE_S4, &a, &b));
#else
	return false;
#endif
}

static ssize_t hibernation_show(compat_attr_bus *bus, char *buf)
{
	return sysfs_emit(buf, "%d\n", may_hibernate());
}
static BUS_ATTR_RO(hibernation);

static struct attribute *bus_attrs[] = {
	&bus_attr_hibernation.attr,
	NULL
};

static const struct attribute_group bus_group = {
	.attrs = bus_attrs,
};

const struct attribute_group *vmbus_bus_groups[] = {
	&bus_group,
	NULL
};

/* Of a channel ---------------------------------------------------------------------*/

RING(chan, out_mask, "%u", tx, mask);
RING(chan, in_mask, "%u", rx, mask);
RING(chan, read_avail, "%u", rx, readable);
RING(chan, write_avail, "%u", tx, writable);
VALUE(chan, interrupts, "%llu", chan->stats.interrupts);
VALUE(chan, events, "%llu", chan->stats.signals_data + chan->stats.signals_space);
VALUE(chan, intr_in_full, "%llu", chan->stats.signals_space);
VALUE(chan, intr_out_empty, "%llu", chan->stats.signals_data);
VALUE(chan, out_full_first, "%llu", chan->stats.tx_full_first);
VALUE(chan, out_full_total, "%llu", chan->stats.tx_full);
VALUE(chan, subchannel_id, "%u", chan->offer.sub_channel_index);

static ssize_t chan_cpu_show(struct vmbus_chan *chan, char *buf)
{
	return sysfs_emit(buf, "%u\n", cpu_of(chan));
}

static ssize_t chan_cpu_store(struct vmbus_chan *chan, const char *buf, size_t count)
{
	unsigned int cpu;
	int err;

	if (kstrtouint(buf, 0, &cpu))
		return -EIO;
	err = vmbus_chan_set_cpu(chan, cpu);
	return err ?: count;
}

static struct item chan_cpu = {
	.dev.attr = { .name = "cpu", .mode = 0644 },
	.show = chan_cpu_show,
	.store = chan_cpu_store,
};

static struct attribute *chan_attrs[] = {
	&chan_out_mask.dev.attr,
	&chan_in_mask.dev.attr,
	&chan_read_avail.dev.attr,
	&chan_write_avail.dev.attr,
	&chan_cpu.dev.attr,
	&chan_interrupts.dev.attr,
	&chan_events.dev.attr,
	&chan_intr_in_full.dev.attr,
	&chan_intr_out_empty.dev.attr,
	&chan_out_full_first.dev.attr,
	&chan_out_full_total.dev.attr,
	&chan_subchannel_id.dev.attr,
	NULL
};

static const struct attribute_group chan_group = {
	.attrs = chan_attrs,
};

VALUE(chan, monitor_id, "%u", chan->offer.monitor_id);
MONITOR(chan, pending, TO_HOST, "%d", pending(page, id));
MONITOR(chan, latency, TO_HOST, "%d", latency(page, id));

static struct attribute *chan_monitor_attrs[] = {
	&chan_monitor_id.dev.attr,
	&chan_pending.dev.attr,
	&chan_latency.dev.attr,
	NULL
};

static umode_t chan_monitor_visible(struct kobject *kobj, struct attribute *attr, int unused);

static const struct attribute_group chan_monitor_group = {
	.attrs = chan_monitor_attrs,
	.is_visible = chan_monitor_visible,
};

static const struct attribute_group *chan_groups[] = {
	&chan_group,
	&chan_monitor_group,
	NULL
};

/* Directories of channels ------------------------------------------------------------*/

/*
 * A directory is an object of its own and holds its channel: whoever has it open
 * when the channel goes reads an error, and neither waits for the other. Readers
 * inside a file's function are waited for when the directory is deleted.
 */
struct chan_dir {
	struct kobject kobj;
	struct vmbus_chan *chan;
};

/* Guards chan->dirs and chan->dir; taken before conn->mutex, never by readers. */
static DEFINE_MUTEX(dirs_mutex);

static struct chan_dir *to_dir(struct kobject *kobj)
{
	return container_of(kobj, struct chan_dir, kobj);
}

static umode_t chan_monitor_visible(struct kobject *kobj, struct attribute *attr, int unused)
{
	return if_monitored(to_dir(kobj)->chan, attr);
}

static ssize_t dir_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	return to_item(attr)->show(to_dir(kobj)->chan, buf);
}

static ssize_t dir_store(struct kobject *kobj, struct attribute *attr, const char *buf,
			 size_t count)
{
	/* Only those whose mode allows it get here. */
	return to_item(attr)->store(to_dir(kobj)->chan, buf, count);
}

static const struct sysfs_ops dir_sysfs_ops = {
	.show = dir_show,
	.store = dir_store,
};

static void dir_release(struct kobject *kobj)
{
	struct chan_dir *dir = to_dir(kobj);
	struct vmbus_chan *chan = dir->chan;

	kfree(dir);
	/* Last: this module's exit waits for it. */
	vmbus_chan_put(chan);
}

static struct kobj_type dir_type = {
	.sysfs_ops = &dir_sysfs_ops,
	.release = dir_release,
	.default_groups = chan_groups,
};

static void remove_dir(struct vmbus_chan *chan)
{
	struct chan_dir *dir = chan->dir;

	lockdep_assert_held(&dirs_mutex);
	if (!dir)
		return;
	chan->dir = NULL;
	kobject_del(&dir->kobj);
	kobject_put(&dir->kobj);
}

/* The host may give the number of a channel that is gone to the next one of the same device. */
static void remove_namesake(struct kset *dirs, u32 relid)
{
	char name[sizeof("4294967295")];
	struct kobject *kobj;

	snprintf(name, sizeof(name), "%u", relid);
	kobj = kset_find_obj(dirs, name);
	if (!kobj)
		return;
	remove_dir(to_dir(kobj)->chan);
	kobject_put(kobj);
}

static void add_dir(struct vmbus_chan *chan, struct kset *dirs)
{
	u32 relid = vmbus_chan_relid(chan);
	struct chan_dir *dir;
	int err;

	lockdep_assert_held(&dirs_mutex);
	if (chan->dir)
		return;
	remove_namesake(dirs, relid);
	dir = kzalloc(sizeof(*dir), GFP_KERNEL);
	if (!dir)
		return;
	kref_get(&chan->ref);
	dir->chan = chan;
	dir->kobj.kset = dirs;
	err = kobject_init_and_add(&dir->kobj, &dir_type, NULL, "%u", relid);
	if (err) {
		pr_warn_ratelimited("channel %u: no directory in sysfs, error %d\n", relid, err);
		kobject_put(&dir->kobj);
		return;
	}
	chan->dir = dir;
	kobject_uevent(&dir->kobj, KOBJ_ADD);
}

static bool has_left(struct vmbus_chan *chan)
{
	enum chan_state state = vmbus_chan_state(chan);

	return state == CHAN_RESCINDED || state == CHAN_RELEASED;
}

/* Whatever changes after we have looked at the state comes here again. */
static void sync_dir(struct vmbus_chan *chan, struct kset *dirs)
{
	if (dirs && !has_left(chan))
		add_dir(chan, dirs);
	else
		remove_dir(chan);
}

void chan_dir_sync(struct vmbus_chan *sub)
{
	mutex_lock(&dirs_mutex);
	sync_dir(sub, sub->primary->dirs);
	mutex_unlock(&dirs_mutex);
}

void chan_dirs_add(struct vmbus_dev *vdev)
{
	struct vmbus_chan *primary = vdev->chan, *sub;
	u32 i;

	mutex_lock(&dirs_mutex);
	primary->dirs = kset_create_and_add("channels", NULL, &vdev->dev.kobj);
	if (!primary->dirs) {
		dev_warn(&vdev->dev, "no memory for the directories of its channels\n");
		goto out;
	}
	add_dir(primary, primary->dirs);
	/* Those that were offered before their device was there. */
	for (i = 0; (sub = vmbus_subchan_get(primary, i)); i++) {
		sync_dir(sub, primary->dirs);
		vmbus_chan_put(sub);
	}
out:
	mutex_unlock(&dirs_mutex);
}

void chan_dirs_remove(struct vmbus_dev *vdev)
{
	struct vmbus_chan *primary = vdev->chan;
	struct kset *dirs = primary->dirs;
	struct kobject *kobj;

	mutex_lock(&dirs_mutex);
	primary->dirs = NULL;
	/* Also those of sub-channels in no list any more; under our lock none comes. */
	while (dirs && !list_empty(&dirs->list)) {
		kobj = list_first_entry(&dirs->list, struct kobject, entry);
		remove_dir(to_dir(kobj)->chan);
	}
	mutex_unlock(&dirs_mutex);
	if (dirs)
		kset_unregister(dirs);
}

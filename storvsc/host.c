// SPDX-License-Identifier: GPL-2.0
/*
 * host.c - the Scsi_Host: probe, limits, scan, hot-add, remove
 */
#include "storvsc.h"
#include "trace.h"

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/jiffies.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <scsi/scsi.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_devinfo.h>
#include <scsi/scsi_host.h>

#define PAGE_BYTES	4096u	/* the host's */

/* No packet of the host is longer than 80 bytes; a later protocol's might be, a little. */
#define MAX_PACKET	128

/* Beside the commands: a question of the handshake, a reset. */
#define SPARE_REQUESTS	2

/* Promised sub-channels come at once or not at all; the disk need not wait long for them. */
#define SUB_CHANNELS_WAIT_MS	5000

/* After it, a unit that was full gets one command more at once, and so on. */
#define DEPTH_BACK_PERIOD	HZ

/* Names of a unit; more than this of them are not compared. */
#define DEVICE_ID_PAGE	0x83
#define DEVICE_ID_LEN	252

/* While looking at units. */
#define TUR_TIMEOUT	(30 * HZ)
#define TUR_RETRIES	3

/* Classes ----------------------------------------------------------------------*/

/* What they can address, as user space has always seen it. */
static const struct storvsc_class classes[] = {
	{
		.what = "SCSI", .channels = 8, .ids = 2, .luns = 255,
		.max_transfer = VSTOR_MAX_TRANSFER,
	}, {
		.what = "IDE", .channels = 1, .ids = 2, .luns = 64,
		.max_transfer = VSTOR_MAX_TRANSFER, .one_disk = true,
	}, {
		/* More than this at once virtual Fibre Channel cannot move. */
		.what = "Fibre Channel", .channels = STORVSC_CHANNELS, .ids = STORVSC_IDS,
		.luns = 255, .max_transfer = 512 * 1024, .fibre = true,
	},
};

/* By the class the host says; what user space gave us by hand is taken for SCSI. */
static const struct storvsc_class *class_of(const struct vmbus_dev *vdev)
{
	static const struct wire_guid ide = WIRE_GUID_IDE, fc = WIRE_GUID_FC;

	if (!memcmp(&vdev->class_id, &ide, sizeof(ide)))
		return &classes[1];
	if (!memcmp(&vdev->class_id, &fc, sizeof(fc)))
		return &classes[2];
	return &classes[0];
}

/* An IDE disk's place, 0 or 1, is in the second field of its instance id. */
static unsigned int only_id(const struct storvsc_host *host)
{
	return host->vdev->instance_id.b[4] | host->vdev->instance_id.b[5] << 8;
}

/* Units ------------------------------------------------------------------------*/

static void look_at_units(struct storvsc_host *host)
{
	/*
	 * Not on our own queue: a scan may wait for commands that only the work
	 * there ends. And not while the system sleeps, when no disk may come or go.
	 */
	if (!READ_ONCE(host->removing))
		queue_work(system_freezable_wq, &host->scan_work);
}

void storvsc_unit_absent(struct storvsc_host *host, struct scsi_device *sdev)
{
	struct storvsc_lun *lun = sdev->hostdata;

	/* A scan asks everywhere and hears this often; it draws its own conclusions. */
	if (sdev->sdev_state == SDEV_CREATED || !lun)
		return;
	if (!test_and_set_bit(STORVSC_LUN_ABSENT, &lun->flags))
		look_at_units(host);
}

void storvsc_unit_changed(struct storvsc_host *host, struct scsi_device *sdev)
{
	struct storvsc_lun *lun = sdev->hostdata;

	if (sdev->sdev_state == SDEV_CREATED || !lun)
		return;
	if (!test_and_set_bit(STORVSC_LUN_CHANGED, &lun->flags))
		look_at_units(host);
}

void storvsc_target_changed(struct storvsc_host *host, struct scsi_device *sdev)
{
	if (sdev->channel >= STORVSC_CHANNELS || sdev->id >= STORVSC_IDS)
		return;
	if (!test_and_set_bit(STORVSC_SCAN_BIT(sdev->channel, sdev->id), host->scan))
		look_at_units(host);
}

void storvsc_bus_changed(struct storvsc_host *host)
{
	if (!test_and_set_bit(0, &host->bus_changed))
		look_at_units(host);
}

/* What was true of the unit when a command failed may be so no more: ask before removing it. */
static bool absent(struct scsi_device *sdev, struct storvsc_lun *lun)
{
	struct scsi_sense_hdr sense;

	clear_bit(STORVSC_LUN_ABSENT, &lun->flags);
	scsi_test_unit_ready(sdev, TUR_TIMEOUT, TUR_RETRIES, &sense);
	return test_bit(STORVSC_LUN_ABSENT, &lun->flags);
}

/*
 * Does the unit give another name than the one it was found with? Then the host
 * has put a different disk in its place, and what is cached of the old one must
 * not be written to it.
 */
static bool replaced(struct scsi_device *sdev)
{
	const struct scsi_vpd *known;
	bool differs = false;
	u32 len;
	u8 *now;

	now = kzalloc(DEVICE_ID_LEN, GFP_KERNEL);
	if (!now || scsi_get_vpd_page(sdev, DEVICE_ID_PAGE, now, DEVICE_ID_LEN))
		goto out;
	len = min_t(u32, (now[2] << 8 | now[3]) + 4, DEVICE_ID_LEN);
	rcu_read_lock();
	known = rcu_dereference(sdev->vpd_pg83);
	if (known)
		differs = !vstor_same_unit(known->data, min_t(u32, known->len, DEVICE_ID_LEN),
					   now, len);
	rcu_read_unlock();
out:
	kfree(now);
	return differs;
}

static void remove_unit(struct scsi_device *sdev, const char *why)
{
	sdev_printk(KERN_INFO, sdev, "the host has %s\n", why);
	scsi_remove_device(sdev);
}

static void look_at(struct storvsc_host *host, struct scsi_device *sdev, struct storvsc_lun *lun,
		    bool bus)
{
	bool changed;

	if ((bus || test_bit(STORVSC_LUN_ABSENT, &lun->flags)) && absent(sdev, lun)) {
		remove_unit(sdev, "taken the unit away");
		return;
	}
	changed = test_and_clear_bit(STORVSC_LUN_CHANGED, &lun->flags);
	if (!changed && !bus)
		return;
	if (replaced(sdev)) {
		storvsc_target_changed(host, sdev);
		remove_unit(sdev, "put another unit in this one's place");
		return;
	}
	if (changed)
		compat_scsi_rescan_device(sdev);
}

static void look_at_unit(struct storvsc_host *host, struct scsi_device *sdev, bool bus)
{
	struct storvsc_lun *lun;

	if (sdev->sdev_state == SDEV_CREATED)
		return;
	lun = storvsc_lun_get(sdev);
	if (!lun)
		return;
	look_at(host, sdev, lun, bus);
	storvsc_lun_put(lun);
}

static void scan_target(struct storvsc_host *host, unsigned int channel, unsigned int id)
{
	bool one = host->class->one_disk;

	/* An IDE disk does not list units. */
	if (!one || id == only_id(host))
		scsi_scan_target(&host->shost->shost_gendev, channel, id,
				 one ? 0 : SCAN_WILD_CARD, SCSI_SCAN_RESCAN);
}

static void scan_work(struct work_struct *work)
{
	struct storvsc_host *host = container_of(work, struct storvsc_host, scan_work);
	bool bus = test_and_clear_bit(0, &host->bus_changed);
	struct Scsi_Host *shost = host->shost;
	unsigned int channel, id;
	struct scsi_device *sdev;

	shost_for_each_device(sdev, shost) {
		if (!READ_ONCE(host->removing))
			look_at_unit(host, sdev, bus);
	}
	for (channel = 0; channel < host->class->channels; channel++)
		for (id = 0; id < host->class->ids && !READ_ONCE(host->removing); id++)
			if (test_and_clear_bit(STORVSC_SCAN_BIT(channel, id), host->scan) || bus)
				scan_target(host, channel, id);
}

/* Everything there is, when the adapter is new. */
static void scan(struct storvsc_host *host)
{
	if (host->class->one_disk)
		scan_target(host, 0, only_id(host));
	else
		scsi_scan_host(host->shost);
}

static int init_unit(struct scsi_device *sdev)
{
	struct storvsc_lun *lun = kzalloc(sizeof(*lun), GFP_KERNEL);

	if (!lun)
		return -ENOMEM;
	lun->full_at = jiffies - HZ;
	kref_init(&lun->ref);
	sdev->hostdata = lun;
	/* The host's disks say less of themselves than they can. */
	sdev->sdev_bflags = BLIST_REPORTLUN2 | BLIST_TRY_VPD_PAGES;
	return 0;
}

static int configure_unit(struct scsi_device *sdev compat_sdev_configure_limits)
{
	struct storvsc_host *host = shost_priv(sdev->host);
	bool of_host = sdev->inquiry_len >= 16 && !strncmp(sdev->vendor, "Msft", 4);

	blk_queue_rq_timeout(sdev->request_queue, storvsc_timeout());

	/* Older hosts claim SPC-2 for disks that have the commands and pages of SPC-3. */
	if (of_host && host->found.version < VSTOR_VERSION_WIN10 && sdev->scsi_level < SCSI_SPC_3)
		sdev->scsi_level = SCSI_SPC_3;
	sdev->no_report_opcodes = 1;
	/* What TASK SET FULL has taken comes back one by one; at two minutes each, in hours. */
	sdev->queue_ramp_up_period = DEPTH_BACK_PERIOD;
	sdev->no_write_same = !of_host || host->found.version < VSTOR_VERSION_WIN10;
	return 0;
}

static void destroy_unit(struct scsi_device *sdev)
{
	struct storvsc_lun *lun = sdev->hostdata;

	WRITE_ONCE(sdev->hostdata, NULL);
	if (lun)
		storvsc_lun_put(lun);
}

/* The mid-layer takes a unit away while others hold it, and wait for its answer perhaps. */
struct storvsc_lun *storvsc_lun_get(struct scsi_device *sdev)
{
	struct storvsc_lun *lun;

	rcu_read_lock();
	lun = READ_ONCE(sdev->hostdata);
	if (lun && !kref_get_unless_zero(&lun->ref))
		lun = NULL;
	rcu_read_unlock();
	return lun;
}

static void free_lun(struct kref *ref)
{
	kfree_rcu(container_of(ref, struct storvsc_lun, ref), rcu);
}

void storvsc_lun_put(struct storvsc_lun *lun)
{
	kref_put(&lun->ref, free_lun);
}

/* Counters and attributes -----------------------------------------------------------*/

static const char *const reject_names[STORVSC_REJECT_COUNT] = {
	[STORVSC_REJECT_SHORT] = "completion too short",
	[STORVSC_REJECT_OP] = "completion that is none",
	[STORVSC_REJECT_MOVED] = "more bytes moved than asked for",
	[STORVSC_REJECT_CONTRADICTION] = "success and error at once",
	[STORVSC_REJECT_SENSE] = "sense data that are none",
	[STORVSC_REJECT_NOTICE] = "notice of unknown kind",
	[STORVSC_REJECT_TYPE] = "packet of unknown type",
};

static const char *reject_name(int why)
{
	return reject_names[why];
}

static unsigned int rejects(struct storvsc_host *host)
{
	unsigned int i, sum = 0;

	for (i = 0; i < STORVSC_REJECT_COUNT; i++)
		sum += atomic_read(&host->rejects[i]);
	return sum;
}

static ssize_t protocol_version_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct storvsc_host *host = shost_priv(class_to_shost(dev));

	return sysfs_emit(buf, "%u.%u\n", host->found.version >> 8, host->found.version & 0xff);
}
static DEVICE_ATTR_RO(protocol_version);

static ssize_t rejected_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", rejects(shost_priv(class_to_shost(dev))));
}
static DEVICE_ATTR_RO(rejected);

static unsigned int interrupting(const struct storvsc_host *host)
{
	return min(host->first_polled, host->queue_count);
}

static ssize_t hw_queues_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct storvsc_host *host = shost_priv(class_to_shost(dev));

	return sysfs_emit(buf, "%u\n", READ_ONCE(host->queues_used));
}

/*
 * How many of the channels that interrupt commands are shared out among. The
 * block layer waits until no command is out, maps CPUs anew, and goes on. What
 * is not used stays open and quiet, and can be taken back.
 */
static ssize_t hw_queues_store(struct device *dev, struct device_attribute *attr, const char *buf,
			       size_t len)
{
	struct Scsi_Host *shost = class_to_shost(dev);
	struct storvsc_host *host = shost_priv(shost);
	bool polled = host->queue_count > interrupting(host);
	unsigned int wanted;
	int err = kstrtouint(buf, 0, &wanted);

	if (err)
		return err;
	if (!wanted || wanted > interrupting(host))
		return -EINVAL;
	mutex_lock(&host->map_lock);
	WRITE_ONCE(host->queues_used, wanted);
	/* Those for programs that poll have numbers behind all others, and keep them. */
	shost->nr_hw_queues = polled ? host->queue_count : wanted;
	blk_mq_update_nr_hw_queues(&shost->tag_set, shost->nr_hw_queues);
	/* It keeps what it had when memory is short. */
	shost->nr_hw_queues = shost->tag_set.nr_hw_queues;
	if (!polled)
		WRITE_ONCE(host->queues_used, shost->nr_hw_queues);
	err = host->queues_used == wanted ? 0 : -ENOMEM;
	mutex_unlock(&host->map_lock);
	return err ? err : len;
}
static DEVICE_ATTR_RW(hw_queues);

static struct attribute *host_attrs[] = {
	&dev_attr_protocol_version.attr,
	&dev_attr_rejected.attr,
	&dev_attr_hw_queues.attr,
	NULL
};
ATTRIBUTE_GROUPS(host);

static int debugfs_show(struct seq_file *file, void *unused)
{
	struct storvsc_host *host = file->private;
	unsigned int i;

	seq_printf(file, "version: %u.%u\n", host->found.version >> 8, host->found.version & 0xff);
	seq_printf(file, "max_transfer: %u\n", host->found.max_transfer);
	seq_printf(file, "depth: %u\n", host->depth);
	seq_printf(file, "dead: %d\n", READ_ONCE(host->dead));
	seq_printf(file, "silences: %d\n", atomic_read(&host->silences));
	seq_printf(file, "restarts: %u\n", host->restarts);
	/* A sub-channel that is replaced meanwhile is freed behind readers only. */
	rcu_read_lock();
	for (i = 0; i < host->queue_count; i++) {
		struct storvsc_queue *q = &host->queues[i];

		seq_printf(file, "queue %u: relid %u cpu %d sent %lu done %lu held %lu lent %lu full %lu bounced %lu unmapped %lu polls %lu errors %lu late %lu%s%s\n",
			   i, vmbus_chan_relid(q->chan), vmbus_chan_cpu(q->chan),
			   atomic_long_read(&q->sent), READ_ONCE(q->done),
			   atomic_long_read(&q->held), atomic_long_read(&q->lent),
			   atomic_long_read(&q->full), atomic_long_read(&q->bounced),
			   atomic_long_read(&q->unmapped),
			   READ_ONCE(q->polls), READ_ONCE(q->errors), READ_ONCE(q->late),
			   q->polled ? " polled" : "", READ_ONCE(q->dead) ? " dead" : "");
	}
	rcu_read_unlock();
	for (i = 0; i < STORVSC_REJECT_COUNT; i++)
		seq_printf(file, "rejected, %s: %d\n", reject_name(i),
			   atomic_read(&host->rejects[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(debugfs);

/* One line for each class of durations that occurs, over all queues. */
static int latency_show(struct seq_file *file, void *unused)
{
	struct storvsc_host *host = file->private;
	unsigned int i, class;
	unsigned long sum;

	seq_printf(file, "# measuring: %d; write 1 or 0. Microseconds, commands\n",
		   READ_ONCE(host->measure));
	for (class = 0; class < STORVSC_TIMES; class++) {
		for (sum = 0, i = 0; i < host->queue_count; i++)
			sum += READ_ONCE(host->queues[i].times[class]);
		if (sum)
			seq_printf(file, "%lu- %lu\n", class ? BIT(class - 1) : 0, sum);
	}
	return 0;
}

static int latency_open(struct inode *inode, struct file *file)
{
	return single_open(file, latency_show, inode->i_private);
}

static ssize_t latency_write(struct file *file, const char __user *from, size_t len, loff_t *at)
{
	struct storvsc_host *host = file_inode(file)->i_private;
	bool on;
	int err = kstrtobool_from_user(from, len, &on);

	if (err)
		return err;
	WRITE_ONCE(host->measure, on);
	return len;
}

static const struct file_operations latency_fops = {
	.owner = THIS_MODULE,
	.open = latency_open,
	.read = seq_read,
	.write = latency_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static void add_debugfs(struct storvsc_host *host)
{
	char name[32];

	snprintf(name, sizeof(name), "storvsc-host%u", host->shost->host_no);
	host->debugfs = debugfs_create_file(name, 0400, NULL, host, &debugfs_fops);
	snprintf(name, sizeof(name), "storvsc-latency%u", host->shost->host_no);
	host->debugfs_latency = debugfs_create_file(name, 0600, NULL, host, &latency_fops);
}

/* The template ----------------------------------------------------------------------*/

/* A queue serves the CPU its channel interrupts; the other CPUs are shared out. */
static void map_interrupting(struct storvsc_host *host, struct blk_mq_queue_map *map)
{
	unsigned int i, j;
	int cpu;

	/* No more than there are, when there was no memory for all that were asked for. */
	map->nr_queues = min(host->queues_used, host->shost->tag_set.nr_hw_queues);
	map->queue_offset = 0;
	blk_mq_map_queues(map);
	/* What a queue had chosen may be out of use now. */
	for (i = 0; i < host->queue_count; i++)
		WRITE_ONCE(host->queues[i].via, &host->queues[i]);
	/* A restart may be replacing channels. */
	rcu_read_lock();
	for (i = 0; i < map->nr_queues; i++) {
		cpu = vmbus_chan_cpu(host->queues[i].chan);
		if (cpu < 0 || cpu >= nr_cpu_ids || !cpu_possible(cpu))
			continue;
		/* The first to interrupt it has it. */
		for (j = 0; j < i; j++)
			if (vmbus_chan_cpu(host->queues[j].chan) == cpu)
				break;
		if (j == i)
			map->mq_map[cpu] = i;
	}
	rcu_read_unlock();
}

static void map_queues(struct Scsi_Host *shost)
{
	struct blk_mq_queue_map *maps = shost->tag_set.map;
	struct storvsc_host *host = shost_priv(shost);

	map_interrupting(host, &maps[HCTX_TYPE_DEFAULT]);
	if (shost->nr_maps <= HCTX_TYPE_POLL)
		return;
	/* Reads are not apart from the rest. */
	maps[HCTX_TYPE_READ].nr_queues = 0;
	maps[HCTX_TYPE_POLL].nr_queues = host->queue_count - host->first_polled;
	maps[HCTX_TYPE_POLL].queue_offset = host->first_polled;
	blk_mq_map_queues(&maps[HCTX_TYPE_POLL]);
}

static struct scsi_host_template template = {
	.module = THIS_MODULE,
	.name = "storvsc_host_t",
	.proc_name = "storvsc_host",
	.queuecommand = storvsc_queuecommand,
	.commit_rqs = storvsc_commit,
	.mq_poll = storvsc_poll,
	.map_queues = map_queues,
	.init_cmd_priv = storvsc_init_cmd,
	.cmd_size = sizeof(struct storvsc_cmd),
	.eh_timed_out = storvsc_timed_out,
	.eh_abort_handler = storvsc_abort,
	.eh_device_reset_handler = storvsc_unit_reset,
	.eh_bus_reset_handler = storvsc_bus_reset,
	.eh_host_reset_handler = storvsc_host_reset,
	.compat_sdev_init = init_unit,
	.compat_sdev_configure = configure_unit,
	.compat_sdev_destroy = destroy_unit,
	.change_queue_depth = scsi_change_queue_depth,
	.track_queue_depth = 1,
	.host_tagset = 1,
	.this_id = -1,
	/* A range is one run of bytes over whole pages but at its ends. */
	.virt_boundary_mask = PAGE_BYTES - 1,
	/* A full ring is empty soon: one try, not seven, after the block layer's pause. */
	.max_host_blocked = 1,
	/* No cable needs to settle after a reset. */
	.skip_settle_delay = 1,
	.shost_groups = host_groups,
};

void storvsc_reject(struct storvsc_queue *q, enum storvsc_reject why)
{
	struct storvsc_host *host = q->host;

	atomic_inc(&host->rejects[why]);
	trace_storvsc_reject(q, why);
	if (__ratelimit(&host->log_limit))
		shost_printk(KERN_WARNING, host->shost, "channel %u: host sent a %s\n",
			     vmbus_chan_relid(q->chan), reject_name(why));
}

/* Handshake ------------------------------------------------------------------------*/

static void explain_failure(struct storvsc_host *host, const struct vstor_init *in)
{
	static const char *const faults[] = {
		[VSTOR_INIT_FAULT_SHORT] = "an answer that is too short",
		[VSTOR_INIT_FAULT_OP] = "an answer that is none",
		[VSTOR_INIT_FAULT_TRANSFER] = "a maximum transfer below one page",
	};
	struct device *dev = &host->vdev->dev;

	if (in->fault)
		dev_err(dev, "%s: host gave %s (transfer %u), device not used\n",
			vstor_step_name(in->step), faults[in->fault], in->offered_transfer);
	else
		dev_err(dev, "%s: host refused with status 0x%08x, device not used\n",
			vstor_step_name(in->step), in->status);
}

/* Shake hands over the primary channel; @in tells what was found. */
static int handshake(struct storvsc_host *host, struct vstor_init *in, unsigned int max_subs)
{
	struct vstor_packet pkt;
	enum vstor_init_verdict verdict;
	int len;

	vstor_init_start(in, max_subs, host->class->fibre);
	while (vstor_init_next(in, &pkt)) {
		len = storvsc_ask(host, &host->setup, &pkt);
		if (len == -ETIMEDOUT && vstor_init_without_subs(in)) {
			dev_warn(&host->vdev->dev, "%s: no answer, going on without\n",
				 vstor_step_name(VSTOR_STEP_SUB_CHANNELS));
			return 0;
		}
		if (len < 0) {
			dev_err(&host->vdev->dev, "%s: no answer from the host (error %d), device not used\n",
				vstor_step_name(in->step), len);
			return len;
		}
		verdict = vstor_init_answer(in, host->setup.reply, len);
		if (verdict == VSTOR_INIT_FAILED) {
			explain_failure(host, in);
			return in->fault ? -EPROTO : -EIO;
		}
	}
	return 0;
}

/* Channels -------------------------------------------------------------------------*/

static int open_chan(struct storvsc_queue *q, struct vmbus_chan *chan)
{
	const struct vmbus_chan_config config = {
		.ops = q->polled ? &storvsc_polled_ops : &storvsc_chan_ops,
		.ctx = q,
		.events = q->polled ? VMBUS_EVENTS_DRIVER : VMBUS_EVENTS_BUS,
		.tx_bytes = storvsc_ring_bytes(),
		.rx_bytes = storvsc_ring_bytes(),
		.max_packet = MAX_PACKET,
		/* The tag set is the adapter's: all of it may come over one channel. */
		.max_requests = storvsc_depth_limit() + SPARE_REQUESTS,
		.cpu = -1,
	};

	return vmbus_chan_open(chan, &config);
}

static int open_queue(struct storvsc_host *host, struct vmbus_chan *chan)
{
	struct storvsc_queue *q = &host->queues[host->queue_count];
	int err;

	/* Another channel may have failed to open in this place. */
	q->gone = false;
	q->polled = host->queue_count >= host->first_polled;
	q->chan = chan;
	err = open_chan(q, chan);
	if (err) {
		q->chan = NULL;
		return err;
	}
	mutex_lock(&host->shut_lock);
	host->queue_count++;
	mutex_unlock(&host->shut_lock);
	/* Lost already, before storvsc_gone_work() could know of it? */
	if (READ_ONCE(q->gone))
		queue_work(storvsc_wq, &host->gone_work);
	return 0;
}

/* Of so many channels. Those for programs that poll come first, but for the primary. */
static unsigned int first_polled(const struct storvsc_host *host, unsigned int channels)
{
	unsigned int polled = host->class->one_disk ? 0 : storvsc_poll_limit();

	channels = min(channels, host->queue_room);
	return polled < channels ? channels - polled : 1;
}

/* As many as come and open; none is needed. */
static void open_sub_channels(struct storvsc_host *host)
{
	struct vmbus_chan *primary = host->vdev->chan;
	unsigned int promised = host->found.sub_channels;
	struct vmbus_chan *chan;
	unsigned int i, there;

	if (!promised)
		return;
	there = vmbus_subchans_wait(primary, promised, SUB_CHANNELS_WAIT_MS);
	host->first_polled = first_polled(host, 1 + there);
	for (i = 0; i < there && host->queue_count < host->queue_room; i++) {
		chan = vmbus_subchan_get(primary, i);
		if (!chan)
			break;
		if (open_queue(host, chan))
			vmbus_chan_put(chan);
	}
	if (host->queue_count <= promised)
		dev_warn(&host->vdev->dev, "host gave %u of %u sub-channels, using %u\n",
			 there, promised, host->queue_count - 1);
}

static int alloc_queues(struct storvsc_host *host)
{
	unsigned int i;

	/* Of IDE disks hosts have one channel each. */
	host->queue_room = host->class->one_disk ? 1 : storvsc_queue_limit() + storvsc_poll_limit();
	host->first_polled = host->queue_room;
	host->queues = kcalloc(host->queue_room, sizeof(*host->queues), GFP_KERNEL);
	if (!host->queues)
		return -ENOMEM;
	for (i = 0; i < host->queue_room; i++) {
		host->queues[i].host = host;
		host->queues[i].index = i;
		host->queues[i].via = &host->queues[i];
		host->queues[i].answered = jiffies;
		spin_lock_init(&host->queues[i].pfn_lock);
	}
	return 0;
}

/* For the transfers the host has allowed meanwhile, and that do not fit on the stack. */
static int alloc_frame_lists(struct storvsc_host *host)
{
	u32 frames = host->found.max_transfer / PAGE_BYTES + 1;
	unsigned int i;

	for (i = 0; i < host->queue_count; i++) {
		host->queues[i].pfns = kvmalloc_array(frames, sizeof(u64), GFP_KERNEL);
		if (!host->queues[i].pfns)
			return -ENOMEM;
	}
	return 0;
}

/* Every channel is closed, or was never open. */
static void free_queues(struct storvsc_host *host)
{
	unsigned int i;

	for (i = 0; i < host->queue_count; i++) {
		/* The primary is the device's. */
		if (i)
			vmbus_chan_put(host->queues[i].chan);
		kvfree(host->queues[i].pfns);
	}
	kfree(host->queues);
	host->queues = NULL;
}

/* Probe and remove -----------------------------------------------------------------*/

static struct storvsc_host *alloc_host(struct vmbus_dev *vdev)
{
	struct Scsi_Host *shost = scsi_host_alloc(&template, sizeof(struct storvsc_host));
	struct storvsc_host *host;

	if (!shost)
		return NULL;
	host = shost_priv(shost);
	host->shost = shost;
	host->vdev = vdev;
	host->class = class_of(vdev);
	mutex_init(&host->reset_lock);
	mutex_init(&host->shut_lock);
	mutex_init(&host->map_lock);
	init_waitqueue_head(&host->wait);
	vmbus_ask_init(&host->setup, &host->setup);
	vmbus_ask_init(&host->reset, &host->reset);
	INIT_WORK(&host->scan_work, scan_work);
	INIT_WORK(&host->gone_work, storvsc_gone_work);
	INIT_DELAYED_WORK(&host->watchdog, storvsc_watchdog);
	INIT_DELAYED_WORK(&host->revive, storvsc_revive);
	ratelimit_state_init(&host->log_limit, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);
	return host;
}

static void set_limits(struct storvsc_host *host)
{
	struct Scsi_Host *shost = host->shost;
	u32 transfer;

	host->found.max_transfer = min(host->found.max_transfer, host->class->max_transfer);
	transfer = host->found.max_transfer;
	host->depth = storvsc_depth(host->queue_count);
	host->queues_used = interrupting(host);
	shost->can_queue = host->depth;
	shost->cmd_per_lun = host->depth;
	shost->nr_hw_queues = host->queue_count;
	if (host->queue_count > host->first_polled)
		shost->nr_maps = HCTX_MAX_TYPES;
	shost->max_channel = host->class->channels - 1;
	shost->max_id = host->class->ids;
	shost->max_lun = host->class->luns;
	shost->max_cmd_len = VSTOR_CDB_LEN;
	shost->max_sectors = transfer >> SECTOR_SHIFT;
	/* A segment is at least a page, but the first and the last. */
	shost->sg_tablesize = transfer / PAGE_BYTES + 1;
	shost->no_write_same = host->found.version < VSTOR_VERSION_WIN10;
}

int storvsc_host_probe(struct vmbus_dev *vdev, const struct hv_vmbus_device_id *id)
{
	struct storvsc_host *host;
	int err;

	/* A bounce buffer keeps the offset in the page, or a transfer would get holes. */
	dma_set_min_align_mask(&vdev->dev, PAGE_BYTES - 1);
	host = alloc_host(vdev);
	if (!host)
		return -ENOMEM;
	err = alloc_queues(host);
	if (err)
		goto err_put;
	err = open_queue(host, vdev->chan);
	if (err) {
		dev_err(&vdev->dev, "channel not opened, error %d\n", err);
		goto err_queues;
	}
	err = handshake(host, &host->found, host->queue_room - 1);
	if (err)
		goto err_close;
	open_sub_channels(host);
	set_limits(host);
	err = alloc_frame_lists(host);
	if (err)
		goto err_close;

	storvsc_fc_prepare(host);
	dev_set_drvdata(&vdev->dev, host);
	err = scsi_add_host(host->shost, &vdev->dev);
	if (err) {
		dev_err(&vdev->dev, "SCSI host not added, error %d\n", err);
		goto err_close;
	}
	/* No disk is there yet. What order suits the media the host knows, and only it. */
	host->shost->tag_set.flags |= BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	storvsc_fc_added(host);
	add_debugfs(host);
	shost_printk(KERN_INFO, host->shost,
		     "%s, storage protocol %u.%u, %u channel(s), %u commands at once, %u KiB each\n",
		     host->class->what, host->found.version >> 8, host->found.version & 0xff,
		     host->queue_count, host->depth, host->found.max_transfer / 1024);
	scan(host);
	return 0;

err_close:
	WRITE_ONCE(host->removing, true);
	storvsc_give_up(host);
	cancel_work_sync(&host->gone_work);
	cancel_work_sync(&host->scan_work);
err_queues:
	free_queues(host);
err_put:
	scsi_host_put(host->shost);
	return err;
}

void storvsc_host_remove(struct vmbus_dev *vdev)
{
	struct storvsc_host *host = dev_get_drvdata(&vdev->dev);

	WRITE_ONCE(host->removing, true);
	/*
	 * Disks flush their caches now, and the host may be silent. If the channel
	 * is gone, gone_work ends every command; if not, the watchdog does. So
	 * neither of the next two waits for ever.
	 */
	queue_delayed_work(storvsc_wq, &host->watchdog, STORVSC_WATCH_PERIOD);
	cancel_delayed_work_sync(&host->revive);
	cancel_work_sync(&host->scan_work);
	storvsc_fc_remove(host);
	scsi_remove_host(host->shost);
	cancel_delayed_work_sync(&host->watchdog);
	debugfs_remove(host->debugfs);
	debugfs_remove(host->debugfs_latency);

	/* A reset that user space asked for ends now. */
	storvsc_give_up(host);
	/* Perhaps it was opening the channels again; a later one sees that we are being removed. */
	mutex_lock(&host->reset_lock);
	storvsc_give_up(host);
	mutex_unlock(&host->reset_lock);
	cancel_delayed_work_sync(&host->revive);
	/* After the channels are closed, no callback queues them again. */
	cancel_work_sync(&host->gone_work);
	cancel_work_sync(&host->scan_work);
	free_queues(host);
	dev_set_drvdata(&vdev->dev, NULL);
	scsi_host_put(host->shost);
}

/* Sleep ------------------------------------------------------------------------------*/

/*
 * The mid-layer has stopped the units before. A command that comes all the same,
 * from an error handler for instance, waits until the adapter is awake; one that
 * the host still has is sent again then.
 */
static void close_channels(struct storvsc_host *host)
{
	unsigned int i;

	WRITE_ONCE(host->asleep, true);
	mutex_lock(&host->shut_lock);
	for (i = 0; i < host->queue_count; i++)
		WRITE_ONCE(host->queues[i].dead, true);
	/* A command that saw its queue alive has been sent when this returns. */
	synchronize_rcu();
	for (i = host->queue_count; i--;)
		storvsc_shut_queue(&host->queues[i], DID_REQUEUE);
	mutex_unlock(&host->shut_lock);
	/* That a channel is gone is known now, and on waking it is looked for anew. */
	cancel_work_sync(&host->gone_work);
}

int storvsc_host_suspend(struct vmbus_dev *vdev)
{
	struct storvsc_host *host = dev_get_drvdata(&vdev->dev);

	mutex_lock(&host->reset_lock);
	close_channels(host);
	mutex_unlock(&host->reset_lock);
	return 0;
}

/* What was promised to the block layer must still hold. */
static int same_adapter(struct storvsc_host *host, const struct vstor_init *now)
{
	if (now->version >= host->found.version && now->max_transfer >= host->found.max_transfer)
		return 0;
	dev_err(&host->vdev->dev,
		"not the adapter it was: version %u.%u, transfers of %u KiB; was %u.%u, %u KiB\n",
		now->version >> 8, now->version & 0xff, now->max_transfer / 1024,
		host->found.version >> 8, host->found.version & 0xff,
		host->found.max_transfer / 1024);
	return -EPROTO;
}

/* Sub-channels have come anew. A queue that gets none leaves its work to the primary. */
static void reopen_sub_channels(struct storvsc_host *host, unsigned int promised)
{
	struct vmbus_chan *primary = host->vdev->chan, *chan;
	unsigned int i, there;

	there = promised ? vmbus_subchans_wait(primary, promised, SUB_CHANNELS_WAIT_MS) : 0;
	for (i = 1; i < host->queue_count; i++) {
		struct storvsc_queue *q = &host->queues[i];

		chan = i <= there ? vmbus_subchan_get(primary, i - 1) : NULL;
		q->gone = false;
		if (!chan || open_chan(q, chan)) {
			dev_warn(&host->vdev->dev, "queue %u has lost its channel\n", i);
			if (chan)
				vmbus_chan_put(chan);
			continue;
		}
		vmbus_chan_put(q->chan);
		q->chan = chan;
		WRITE_ONCE(q->dead, false);
	}
}

static int reopen(struct storvsc_host *host)
{
	struct storvsc_queue *primary = &host->queues[0];
	struct vstor_init now;
	int err;

	primary->gone = false;
	err = open_chan(primary, primary->chan);
	if (err)
		return err;
	err = handshake(host, &now, host->queue_count - 1);
	if (!err)
		err = same_adapter(host, &now);
	if (err)
		return err;
	reopen_sub_channels(host, now.sub_channels);
	WRITE_ONCE(primary->dead, false);
	return 0;
}

/* 0, or the adapter is dead. */
static int wake(struct storvsc_host *host)
{
	int err = reopen(host);

	if (err) {
		dev_err(&host->vdev->dev, "adapter did not come back, error %d\n", err);
		storvsc_give_up(host);
	}
	WRITE_ONCE(host->asleep, false);
	/* Has a channel been lost again meanwhile? The work has looked away so far. */
	queue_work(storvsc_wq, &host->gone_work);
	return err;
}

int storvsc_host_resume(struct vmbus_dev *vdev)
{
	struct storvsc_host *host = dev_get_drvdata(&vdev->dev);
	int err = 0;

	mutex_lock(&host->reset_lock);
	if (READ_ONCE(host->dead))
		WRITE_ONCE(host->asleep, false);
	else
		err = wake(host);
	/* A host that is slow to wake up itself is asked again. */
	if (err && !vmbus_chan_gone(host->vdev->chan)) {
		host->revive_wait = storvsc_reply_timeout();
		storvsc_revive_later(host);
	}
	mutex_unlock(&host->reset_lock);
	return err;
}

/* Closing the primary made the host take the old ones back; new ones have their numbers. */
static void wait_for_old_sub_channels(struct storvsc_host *host)
{
	unsigned long end = jiffies + msecs_to_jiffies(SUB_CHANNELS_WAIT_MS);
	struct vmbus_chan *old;

	while ((old = vmbus_subchan_get(host->vdev->chan, 0))) {
		vmbus_chan_put(old);
		if (time_after(jiffies, end))
			break;
		msleep(20);
	}
}

/*
 * An answer may come in the very jiffy in which the channels are open again, and
 * counts; one in that jiffy from before does not. No channel is open now.
 */
static void note_restart(struct storvsc_host *host)
{
	unsigned int i;

	host->restarted_at = jiffies - 1;
	for (i = 0; i < host->queue_count; i++)
		WRITE_ONCE(host->queues[i].answered, host->restarted_at);
}

int storvsc_restart(struct storvsc_host *host)
{
	unsigned int noio;
	int err;

	lockdep_assert_held(&host->reset_lock);
	if (READ_ONCE(host->removing)) {
		/* An error promises that the host has nothing of ours: end it, or wait. */
		storvsc_give_up(host);
		return -ENODEV;
	}
	/* Memory must not be looked for on the disks that wait for this. */
	noio = memalloc_noio_save();
	close_channels(host);
	wait_for_old_sub_channels(host);
	/* From here on commands wait; before, if it was given up, they ended. */
	WRITE_ONCE(host->dead, false);
	host->restarts++;
	note_restart(host);
	err = wake(host);
	memalloc_noio_restore(noio);
	if (!err)
		shost_printk(KERN_WARNING, host->shost, "channels were closed and opened again\n");
	return err;
}

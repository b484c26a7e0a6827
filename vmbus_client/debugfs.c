// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs.c - a snapshot of connection and channels, one line a field
 *
 * "name value" lines, so that a script reads a field with one awk. Every kind
 * of host input we refuse has its counter here.
 */
#include "debugfs.h"

#include "channel.h"

#include <linux/debugfs.h>
#include <linux/seq_file.h>

static struct dentry *dir;

static const char * const count_names[CONN_COUNTS] = {
	[COUNT_MSG_IN]			= "messages_in",
	[COUNT_MSG_OUT]			= "messages_out",
	[COUNT_POST_RETRIES]		= "post_retries",
	[COUNT_REPLY_TIMEOUT]		= "reply_timeouts",
	[COUNT_MSG_STRAY]		= "rejected_message_stray",
	[COUNT_REPLY_UNMATCHED]		= "rejected_reply_unmatched",
	[COUNT_OFFER_BAD]		= "rejected_offer_bad",
	[COUNT_OFFER_DUPLICATE]		= "rejected_offer_duplicate",
	[COUNT_OFFER_ORPHAN]		= "rejected_offer_orphan",
	[COUNT_RESCIND_UNKNOWN]		= "rejected_rescind_unknown",
	[COUNT_EVENT_UNKNOWN]		= "rejected_event_unknown",
	[COUNT_EVENT_CLOSED]		= "events_while_closed",
	[COUNT_INBOX_FULL]		= "inbox_full",
	[COUNT_GPADL_PARKED]		= "gpadl_parked",
	[COUNT_CHANNEL_BROKEN]		= "channels_broken",
	[COUNT_BROKEN_TX_INDEX]		= "broken_by_tx_index",
	[COUNT_BROKEN_RX_RING]		= "broken_by_rx_ring",
	[COUNT_BROKEN_PACKET_SIZE]	= "broken_by_packet_size",
	[COUNT_COMPLETION_UNMATCHED]	= "rejected_completion_unmatched",
	[COUNT_CHANNEL_MOVED]		= "channels_moved",
	[COUNT_MOVE_REFUSED]		= "moves_refused",
	[COUNT_MOVE_UNANSWERED]		= "moves_unanswered",
};

static void show_chan(struct vmbus_chan *chan, void *arg)
{
	const struct chan_stats *s = &chan->stats;
	u64 monitor = atomic64_read(&chan->signals_monitor);
	struct seq_file *m = arg;
	u32 id = vmbus_chan_relid(chan);

	seq_printf(m, "chan%u.device {%pUl}\n", id, chan->offer.instance_id.b);
	seq_printf(m, "chan%u.index %u\n", id, chan->offer.sub_channel_index);
	seq_printf(m, "chan%u.state %s\n", id, chan_state_name(vmbus_chan_state(chan)));
	seq_printf(m, "chan%u.cpu %d\n", id, vmbus_chan_cpu(chan));
	seq_printf(m, "chan%u.home %d\n", id, chan->place.home);
	seq_printf(m, "chan%u.heard_on %d\n", id, READ_ONCE(chan->place.heard));
	seq_printf(m, "chan%u.signals %llu\n", id, s->signals_data + s->signals_space - monitor);
	seq_printf(m, "chan%u.signals_monitor %llu\n", id, monitor);
	seq_printf(m, "chan%u.interrupts %llu\n", id, s->interrupts);
	seq_printf(m, "chan%u.packets_out %llu\n", id, s->packets_out);
	seq_printf(m, "chan%u.packets_in %llu\n", id, s->packets_in);
	seq_printf(m, "chan%u.tx_full %llu\n", id, s->tx_full);
	seq_printf(m, "chan%u.ids_full %llu\n", id, s->ids_full);
	seq_printf(m, "chan%u.refills %llu\n", id, s->refills);
}

static int state_show(struct seq_file *m, void *unused)
{
	struct vmbus_conn *conn = m->private;
	unsigned int i;

	seq_printf(m, "version %u.%u\n", VMBUS_VERSION_MAJOR(conn->version),
		   VMBUS_VERSION_MINOR(conn->version));
	seq_printf(m, "connection_id %u\n", conn->connection_id);
	seq_printf(m, "target_vp %u\n", conn->target_vp);
	for (i = 0; i < CONN_COUNTS; i++)
		seq_printf(m, "%s %lld\n", count_names[i], atomic64_read(&conn->count[i]));
	for (i = 0; i < MSG_VERDICT_COUNT; i++)
		if (i != MSG_OK)
			seq_printf(m, "rejected_message_%s %lld\n", msg_verdict_name(i),
				   atomic64_read(&conn->rejected[i]));
	vmbus_chans_for_each(show_chan, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

void debugfs_init(struct vmbus_conn *conn)
{
	dir = debugfs_create_dir("vmbus_client", NULL);
	debugfs_create_file("state", 0400, dir, conn, &state_fops);
}

void debugfs_exit(void)
{
	debugfs_remove_recursive(dir);
}

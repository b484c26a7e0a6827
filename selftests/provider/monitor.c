// SPDX-License-Identifier: GPL-2.0
/*
 * monitor.c - signals by a bit in a page, which we look at every now and then
 *
 * Only the guest-to-host page is used. As long as a monitored channel is open a
 * timer takes all bits and treats each as a signal.
 */
#include "core.h"

#include <string.h>

#define GROUPS	(TLFS_MONITOR_ID_COUNT / 32)

static struct vsp_chan *find(struct vsp *vsp, uint32_t id)
{
	struct vsp_chan *chan;

	for (chan = vsp->chans; chan; chan = chan->next)
		if (chan->monitor_id == id)
			return chan;
	return NULL;
}

uint32_t vsp_monitor_id(struct vsp *vsp)
{
	uint32_t id;

	for (id = 0; id < TLFS_MONITOR_ID_COUNT; id++)
		if (!find(vsp, id))
			return id;
	return VSP_NO_MONITOR;
}

static void signalled(struct vsp *vsp, uint32_t id)
{
	struct vsp_chan *chan = find(vsp, id);

	if (!chan) {
		vsp_violation(vsp, "monitor bit %u set, which was given to no channel", id);
		return;
	}
	/* Closed since: the bit was set before. */
	if (chan->state != VSP_CHAN_OPEN)
		return;
	VSP_COUNT(chan, signals_monitor, 1);
	vsp_chan_look(chan, 0);
}

static void take_group(struct vsp *vsp, __le32 *pending, uint32_t first_id)
{
	uint32_t bits, i;

	if (!__atomic_load_n(pending, __ATOMIC_RELAXED))
		return;
	bits = le32_to_cpu(__atomic_exchange_n(pending, 0, __ATOMIC_SEQ_CST));
	for (i = 0; i < 32; i++)
		if (bits & 1u << i)
			signalled(vsp, first_id + i);
}

static void scan(void *arg)
{
	struct tlfs_monitor_page *page;
	struct vsp *vsp = arg;
	uint32_t i;

	for (i = 0; i < GROUPS && vsp->monitor_gpa; i++) {
		/* Looked up each time: what a signal led to may have ended the connection. */
		page = vsp->transport->map(vsp->ctx, vsp->monitor_gpa, sizeof(*page), true);
		if (!page) {
			vsp_violation(vsp, "the monitor page is not memory");
			vsp->monitor_gpa = 0;
			return;
		}
		take_group(vsp, &page->group[i].pending, i * 32);
	}
	vsp_monitor_watch(vsp);
}

void vsp_monitor_watch(struct vsp *vsp)
{
	struct vsp_timer_event *timer = &vsp->monitor_timer;
	struct vsp_chan *chan;

	for (chan = vsp->chans; chan; chan = chan->next)
		if (chan->monitor_id != VSP_NO_MONITOR && chan->state == VSP_CHAN_OPEN)
			break;
	if (!chan || !vsp->monitor_gpa) {
		vsp_timer_cancel(vsp, timer);
		return;
	}
	if (timer->armed)
		return;
	timer->fn = scan;
	timer->arg = vsp;
	vsp_timer_set(vsp, timer, vsp_now(vsp) + vsp->monitor_us * 1000ull);
}

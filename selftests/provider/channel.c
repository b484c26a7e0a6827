// SPDX-License-Identifier: GPL-2.0
/*
 * channel.c - the traffic of an open channel: packets out of one ring, packets
 * into the other, and the bookkeeping of who owes whom an answer
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define COMMIT_EVERY	64	/* packets: give the guest room while we are still at it */
#define DRAIN_MAX	4096	/* packets: then let the rest of the host have a turn */

/* Ids: a set with open addressing and backward-shift deletion ----------------------*/

static uint32_t id_home(const struct vsp_ids *ids, uint64_t id)
{
	return (uint32_t)((id * 0x9e3779b97f4a7c15u) >> 32) & ids->mask;
}

static bool ids_has(const struct vsp_ids *ids, uint64_t id)
{
	uint32_t at;

	if (!ids->slot)
		return false;
	for (at = id_home(ids, id); ids->slot[at]; at = (at + 1) & ids->mask)
		if (ids->slot[at] == id)
			return true;
	return false;
}

static void ids_put(struct vsp_ids *ids, uint64_t id)
{
	uint32_t at = id_home(ids, id);

	while (ids->slot[at])
		at = (at + 1) & ids->mask;
	ids->slot[at] = id;
}

static bool ids_add(struct vsp_ids *ids, uint64_t id)
{
	if (!ids->slot || ids->count * 2 > ids->mask) {
		struct vsp_ids bigger = { .mask = ids->slot ? ids->mask * 2 + 1 : 63 };
		uint32_t i;

		bigger.slot = calloc(bigger.mask + 1u, sizeof(*bigger.slot));
		if (!bigger.slot)
			return false;
		for (i = 0; ids->slot && i <= ids->mask; i++)
			if (ids->slot[i])
				ids_put(&bigger, ids->slot[i]);
		bigger.count = ids->count;
		free(ids->slot);
		*ids = bigger;
	}
	ids_put(ids, id);
	ids->count++;
	return true;
}

static bool ids_remove(struct vsp_ids *ids, uint64_t id)
{
	uint32_t at, next;

	if (!ids_has(ids, id))
		return false;
	for (at = id_home(ids, id); ids->slot[at] != id; at = (at + 1) & ids->mask)
		;
	/* Close the gap with whatever probed past it. */
	for (next = (at + 1) & ids->mask; ids->slot[next]; next = (next + 1) & ids->mask) {
		uint32_t home = id_home(ids, ids->slot[next]);

		if (((next - home) & ids->mask) >= ((next - at) & ids->mask)) {
			ids->slot[at] = ids->slot[next];
			at = next;
		}
	}
	ids->slot[at] = 0;
	ids->count--;
	return true;
}

static void ids_free(struct vsp_ids *ids)
{
	free(ids->slot);
	memset(ids, 0, sizeof(*ids));
}

/* Opening and closing ---------------------------------------------------------------*/

static void drain_rest(void *arg)
{
	vsp_chan_look(arg, 0);
}

int vsp_chan_start(struct vsp_chan *chan, struct vsp_gpadl *gpadl, uint32_t out_page)
{
	const struct vsp_gpa_list *list = gpadl->lists;
	struct vsp *vsp = chan->vsp;
	uint32_t i;

	chan->pages = calloc(list->pfn_count, sizeof(*chan->pages));
	if (!chan->pages)
		return -ENOMEM;
	for (i = 0; i < list->pfn_count; i++) {
		chan->pages[i] = vsp->transport->map(vsp->ctx, list->pfns[i] * PAGE, PAGE, true);
		if (!chan->pages[i])
			goto err_free_pages;
	}
	chan->page_count = list->pfn_count;
	chan->in_pages = out_page;
	vsp_ring_init_in(&chan->in, chan->pages, out_page);
	vsp_ring_init_out(&chan->out, chan->pages + out_page, list->pfn_count - out_page);
	if (vsp_ring_start_in(&chan->in) || vsp_ring_start_out(&chan->out)) {
		vsp_violation(vsp, "channel %u opened with ring indices that make no sense",
			      chan->relid);
		goto err_free_pages;
	}
	chan->gpadl = gpadl;
	chan->broken = false;
	chan->draining = false;
	chan->stalled = false;
	chan->backlog = NULL;
	chan->backlog_end = &chan->backlog;
	chan->again.fn = drain_rest;
	chan->again.arg = chan;
	memset(&chan->traffic, 0, sizeof(chan->traffic));
	return 0;

err_free_pages:
	free(chan->pages);
	chan->pages = NULL;
	return -EFAULT;
}

void vsp_chan_stop(struct vsp_chan *chan)
{
	vsp_timer_cancel(chan->vsp, &chan->again);
	while (chan->backlog) {
		struct vsp_backlog *packet = chan->backlog;

		chan->backlog = packet->next;
		free(packet);
	}
	chan->backlog_end = &chan->backlog;
	ids_free(&chan->asked);
	ids_free(&chan->asking);
	free(chan->pages);
	chan->pages = NULL;
	chan->gpadl = NULL;
}

/* The guest wrote what no guest writes. Stop reading; the channel can still be closed. */
static void break_chan(struct vsp_chan *chan, const char *why)
{
	vsp_violation(chan->vsp, "channel %u (%s): %s", chan->relid, chan->device->label, why);
	chan->broken = true;
}

/* To the guest ------------------------------------------------------------------------*/

/* As it should be, or a fault's way. False: not now. */
static bool where_to(struct vsp_chan *chan, uint32_t *vp)
{
	char script[32];
	uint32_t arg;

	switch (vsp_fault_sending(chan->vsp, VSP_ABOUT_INTERRUPT, &arg)) {
	case VSP_FAULT_DROP:
		return false;
	case VSP_FAULT_DELAY:
		snprintf(script, sizeof(script), "interrupt %u", chan->relid);
		vsp_put_off(chan->vsp, arg * 1000000ull, script);
		return false;
	case VSP_FAULT_DUP:
		snprintf(script, sizeof(script), "interrupt %u", chan->relid);
		vsp_put_off(chan->vsp, 0, script);
		break;
	case VSP_FAULT_VP:
		*vp = arg;
		break;
	default:
		break;
	}
	return true;
}

static void set_event(struct vsp_chan *chan, uint32_t vp)
{
	int r = chan->vsp->transport->set_event(chan->vsp->ctx, vp, chan->relid);

	if (r > 0)
		VSP_COUNT(chan, interrupts, 1);
	else if (!r)
		VSP_COUNT(chan, interrupts_coalesced, 1);
	else
		vsp_log(chan->vsp, "channel %u: VP %u takes no events (%d)", chan->relid, vp, r);
}

static void interrupt(struct vsp_chan *chan)
{
	uint32_t vp = chan->target_vp;

	if (vp != VMBUS_VP_NO_INTERRUPT && where_to(chan, &vp))
		set_event(chan, vp);
}

/* No fault spoils this one: a fault that delays or doubles an interrupt ends here. */
void vsp_chan_interrupt(struct vsp_chan *chan)
{
	if (chan->state == VSP_CHAN_OPEN && chan->target_vp != VMBUS_VP_NO_INTERRUPT)
		set_event(chan, chan->target_vp);
}

/* 0, or -EAGAIN when the guest has to read first. */
static int put_packet(struct vsp_chan *chan, const struct vmbus_pkt_hdr *hdr, const void *payload,
		      uint32_t len)
{
	bool kick = false;
	int r = vsp_ring_put_raw(&chan->out, hdr, payload, len, &kick);

	if (r == -EAGAIN)
		return r;
	if (r == -EPROTO) {
		break_chan(chan, "read index of the host-to-guest ring makes no sense");
		return 0;
	}
	if (r) {
		vsp_log(chan->vsp, "channel %u: a packet of %u bytes fits in no ring", chan->relid,
			len);
		return 0;
	}
	VSP_COUNT(chan, packets_out, 1);
	VSP_COUNT(chan, bytes_out, len);
	if (kick)
		interrupt(chan);
	else
		VSP_COUNT(chan, interrupts_suppressed, 1);
	return 0;
}

static void send_backlog(struct vsp_chan *chan)
{
	while (chan->backlog) {
		struct vsp_backlog *packet = chan->backlog;

		if (!chan->broken && put_packet(chan, &packet->hdr, packet->payload,
						packet->len)) {
			if (!vsp_ring_wait(&chan->out, packet->len))
				return;
			continue;	/* the guest read in the meantime */
		}
		chan->backlog = packet->next;
		if (!chan->backlog)
			chan->backlog_end = &chan->backlog;
		free(packet);
	}
	vsp_ring_wait_over(&chan->out);
}

static void queue_packet(struct vsp_chan *chan, const struct vmbus_pkt_hdr *hdr,
			 const void *payload, uint32_t len)
{
	struct vsp_backlog *packet;

	if (!chan->backlog && !put_packet(chan, hdr, payload, len))
		return;
	VSP_COUNT(chan, ring_full, 1);
	packet = malloc(sizeof(*packet) + len);
	if (!packet) {
		vsp_log(chan->vsp, "out of memory, a packet is lost");
		return;
	}
	packet->next = NULL;
	packet->hdr = *hdr;
	packet->len = len;
	if (len)
		memcpy(packet->payload, payload, len);
	*chan->backlog_end = packet;
	chan->backlog_end = &packet->next;
	if (chan->backlog == packet)
		send_backlog(chan);
}

static void set_len(struct vmbus_pkt_hdr *hdr, uint32_t len)
{
	hdr->len8 = cpu_to_le16((uint16_t)((sizeof(*hdr) + len + 7) / 8));
}

/* The first @lead bytes of @payload belong to the descriptor: ranges, for instance. */
static void send_packet(struct vsp_chan *chan, uint16_t type, uint16_t flags, uint64_t id,
			const void *payload, uint32_t lead, uint32_t len)
{
	struct vmbus_pkt_hdr hdr = {
		.type = cpu_to_le16(type),
		.offset8 = cpu_to_le16((uint16_t)((sizeof(hdr) + lead) / 8)),
		.flags = cpu_to_le16(flags),
		.id = cpu_to_le64(id),
	};
	uint8_t noise[64];
	uint32_t arg, i;

	if (chan->state != VSP_CHAN_OPEN || chan->broken)
		return;
	if (len > UINT16_MAX * 8u - sizeof(hdr)) {
		vsp_log(chan->vsp, "channel %u: no packet has %u bytes", chan->relid, len);
		return;
	}
	set_len(&hdr, len);
	switch (vsp_fault_sending(chan->vsp, VSP_ABOUT_PACKET, &arg)) {
	case VSP_FAULT_DROP:
		return;
	case VSP_FAULT_DUP:
		queue_packet(chan, &hdr, payload, len);
		break;
	case VSP_FAULT_GARBAGE:
		for (i = 0; i < sizeof(noise); i++)
			noise[i] = (uint8_t)vsp_random(chan->vsp);
		len = len < sizeof(noise) ? len : (uint32_t)sizeof(noise);
		set_len(&hdr, len);
		queue_packet(chan, &hdr, noise, len);
		return;
	case VSP_FAULT_SHORT:
		len = len < 8 ? len : 8;
		set_len(&hdr, len);
		break;
	case VSP_FAULT_ID:
		hdr.id = cpu_to_le64(arg);
		break;
	default:
		break;
	}
	queue_packet(chan, &hdr, payload, len);
}

int vsp_chan_put_raw(struct vsp_chan *chan, const struct vmbus_pkt_hdr *hdr, const void *payload,
		     uint32_t len)
{
	bool kick = false;
	int r;

	if (chan->state != VSP_CHAN_OPEN)
		return -EINVAL;
	r = vsp_ring_put_raw(&chan->out, hdr, payload, len, &kick);
	if (r)
		return r == -EAGAIN ? r : -EINVAL;
	VSP_COUNT(chan, packets_out, 1);
	VSP_COUNT(chan, bytes_out, len);
	if (kick)
		interrupt(chan);
	return 0;
}

bool vsp_chan_scribble(struct vsp_chan *chan, const char *field, uint32_t value)
{
	struct vmbus_ring_page *in, *out;

	if (chan->state != VSP_CHAN_OPEN)
		return false;
	in = chan->in.ctl;
	out = chan->out.ctl;
	/* What we keep of our own fields changes with them, or the guest would be blamed. */
	if (!strcmp(field, "write_index")) {
		chan->out.published = value;
		WRITE_ONCE(out->write_index, cpu_to_le32(value));
	} else if (!strcmp(field, "read_index")) {
		chan->in.published = value;
		WRITE_ONCE(in->read_index, cpu_to_le32(value));
	} else if (!strcmp(field, "interrupt_mask")) {
		chan->in.mask = value;
		WRITE_ONCE(in->interrupt_mask, cpu_to_le32(value));
	} else if (!strcmp(field, "pending_send_size")) {
		chan->out.pending = value;
		WRITE_ONCE(out->pending_send_size, cpu_to_le32(value));
	} else if (!strcmp(field, "feature_bits")) {
		WRITE_ONCE(out->feature_bits, cpu_to_le32(value));
	} else {
		return false;
	}
	return true;
}

void vsp_chan_complete(struct vsp_chan *chan, uint64_t id, const void *payload, uint32_t len)
{
	/* A device told to misbehave completes twice; that is its business, we only keep count. */
	ids_remove(&chan->asked, id);
	send_packet(chan, VMBUS_PKT_COMPLETION, 0, id, payload, 0, len);
}

void vsp_chan_send_inband(struct vsp_chan *chan, uint64_t id, bool want_completion,
			  const void *payload, uint32_t len)
{
	if (want_completion && !ids_add(&chan->asking, id))
		return;
	send_packet(chan, VMBUS_PKT_INBAND, want_completion ? VMBUS_PKT_FLAG_COMPLETION : 0, id,
		    payload, 0, len);
}

void vsp_chan_send_transfer(struct vsp_chan *chan, uint64_t id,
			    const struct vmbus_pkt_transfer_pages *pages,
			    const struct vmbus_transfer_range *ranges, uint32_t count,
			    const void *payload, uint32_t len)
{
	uint32_t lead = (uint32_t)(sizeof(*pages) + count * sizeof(*ranges));
	uint8_t *packet;

	if (!ids_add(&chan->asking, id))
		return;
	packet = malloc(lead + len);
	if (!packet) {
		vsp_log(chan->vsp, "out of memory, a packet is lost");
		return;
	}
	memcpy(packet, pages, sizeof(*pages));
	memcpy(packet + sizeof(*pages), ranges, count * sizeof(*ranges));
	memcpy(packet + lead, payload, len);
	send_packet(chan, VMBUS_PKT_TRANSFER_PAGES, VMBUS_PKT_FLAG_COMPLETION, id, packet, lead,
		    lead + len);
	free(packet);
}

/* From the guest ----------------------------------------------------------------------*/

/* Why the descriptor cannot be true, or NULL. */
static const char *check_descriptor(const struct vmbus_pkt_hdr *hdr, uint32_t ready)
{
	uint32_t offset = le16_to_cpu(hdr->offset8) * 8u, len = le16_to_cpu(hdr->len8) * 8u;
	uint16_t type = le16_to_cpu(hdr->type);

	if (type != VMBUS_PKT_INBAND && type != VMBUS_PKT_GPA_DIRECT &&
	    type != VMBUS_PKT_COMPLETION)
		return "packet of a type no guest sends";
	if (le16_to_cpu(hdr->flags) & ~VMBUS_PKT_FLAG_COMPLETION)
		return "packet with unknown flags";
	if (offset < sizeof(*hdr) || len < offset)
		return "packet whose payload begins outside it";
	if (type == VMBUS_PKT_GPA_DIRECT &&
	    offset < sizeof(*hdr) + sizeof(struct vmbus_pkt_gpa_direct))
		return "GPA-direct packet without its ranges";
	if (len + sizeof(struct vmbus_pkt_trailer) > ready)
		return "packet longer than what the ring holds";
	return NULL;
}

/* Keep account of who waits for what. Why that is wrong, or NULL. */
static const char *account(struct vsp_chan *chan, uint16_t type, bool wants_completion,
			   uint64_t id)
{
	if (type == VMBUS_PKT_COMPLETION)
		return ids_remove(&chan->asking, id) ? NULL : "completion of what was not asked";
	if (!wants_completion)
		return NULL;
	if (!id)
		return "completion wanted for transaction id 0, which nobody completes";
	if (ids_has(&chan->asked, id))
		return "transaction id in use twice";
	ids_add(&chan->asked, id);
	return NULL;
}

static void hand_over(struct vsp_chan *chan, const uint8_t *bytes)
{
	struct vmbus_pkt_hdr hdr;
	struct vmbus_pkt_gpa_direct direct;
	struct vsp_pkt pkt = { 0 };
	uint32_t offset, len, used;
	const char *why;

	memcpy(&hdr, bytes, sizeof(hdr));
	offset = le16_to_cpu(hdr.offset8) * 8u;
	len = le16_to_cpu(hdr.len8) * 8u;
	pkt.type = le16_to_cpu(hdr.type);
	pkt.id = le64_to_cpu(hdr.id);
	pkt.wants_completion = le16_to_cpu(hdr.flags) & VMBUS_PKT_FLAG_COMPLETION;
	pkt.payload = bytes + offset;
	pkt.payload_len = len - offset;

	why = account(chan, pkt.type, pkt.wants_completion, pkt.id);
	if (why)
		vsp_violation(chan->vsp, "channel %u (%s): %s (%#llx)", chan->relid,
			      chan->device->label, why, (unsigned long long)pkt.id);
	if (pkt.type == VMBUS_PKT_GPA_DIRECT) {
		memcpy(&direct, bytes + sizeof(hdr), sizeof(direct));
		pkt.range_count = le32_to_cpu(direct.range_count);
		why = NULL;
		/* The header area may be longer than the ranges: Linux has it of fixed size. */
		pkt.ranges = vsp_gpa_parse(chan->vsp, bytes + sizeof(hdr) + sizeof(direct),
					   offset - (uint32_t)(sizeof(hdr) + sizeof(direct)),
					   pkt.range_count, &used, &why);
		if (!pkt.ranges) {
			break_chan(chan, why);
			return;
		}
	}
	chan->device->ops->packet(chan->device->dev, chan, &pkt);
	vsp_gpa_free(pkt.ranges, pkt.range_count);
}

/* Take one packet. False: there is none, or none to be trusted. */
static bool take_packet(struct vsp_chan *chan)
{
	struct vmbus_pkt_trailer trailer;
	struct vmbus_pkt_hdr hdr;
	uint32_t start = chan->in.index, len;
	const char *why;
	uint8_t *copy;
	int ready = vsp_ring_ready(&chan->in);

	if (!ready)
		return false;
	if (ready < 0) {
		break_chan(chan, "write index of the guest-to-host ring makes no sense");
		return false;
	}
	if ((uint32_t)ready < sizeof(hdr) + sizeof(trailer)) {
		break_chan(chan, "less in the ring than the smallest packet");
		return false;
	}
	vsp_ring_peek(&chan->in, 0, &hdr, sizeof(hdr));
	why = check_descriptor(&hdr, (uint32_t)ready);
	if (why) {
		break_chan(chan, why);
		return false;
	}
	len = le16_to_cpu(hdr.len8) * 8u;
	copy = malloc(len);
	if (!copy)
		return false;
	vsp_ring_peek(&chan->in, 0, copy, len);
	/* The guest may have changed the descriptor since: what we checked counts. */
	memcpy(copy, &hdr, sizeof(hdr));
	vsp_ring_peek(&chan->in, len, &trailer, sizeof(trailer));
	if (trailer.reserved || le32_to_cpu(trailer.start) != start)
		vsp_violation(chan->vsp, "channel %u (%s): packet at %u has trailer %u:%u",
			      chan->relid, chan->device->label, start,
			      le32_to_cpu(trailer.reserved), le32_to_cpu(trailer.start));
	vsp_ring_consume(&chan->in, len + (uint32_t)sizeof(trailer));
	VSP_COUNT(chan, packets_in, 1);
	VSP_COUNT(chan, bytes_in, len - le16_to_cpu(hdr.offset8) * 8u);
	vsp_before(chan->vsp, VSP_ABOUT_PACKET);
	if (chan->state == VSP_CHAN_OPEN) {
		hand_over(chan, copy);
		vsp_happened(chan->vsp, VSP_ABOUT_PACKET);
	}
	free(copy);
	return true;
}

static void commit(struct vsp_chan *chan)
{
	bool bad = false;

	if (vsp_ring_commit(&chan->in, &bad))
		interrupt(chan);
	if (bad)
		break_chan(chan, "waits for more room than the ring has");
}

static bool check_own_fields(struct vsp_chan *chan)
{
	const char *field = vsp_ring_tampered_in(&chan->in);

	if (!field)
		field = vsp_ring_tampered_out(&chan->out);
	if (!field)
		return true;
	vsp_violation(chan->vsp, "channel %u (%s): the guest wrote the host's %s", chan->relid,
		      chan->device->label, field);
	chan->broken = true;
	return false;
}

/*
 * The guest signalled, or might have something for us. One signal may mean new
 * packets, room in the other ring, or both.
 */
void vsp_chan_look(struct vsp_chan *chan, uint64_t signals)
{
	uint32_t relid = chan->relid, taken = 0;
	struct vsp *vsp = chan->vsp;
	bool useful = chan->backlog;

	VSP_COUNT(chan, signals, signals);
	if (chan->broken || chan->draining || chan->stalled || !check_own_fields(chan))
		return;
	chan->draining = true;
	send_backlog(chan);
	vsp_ring_mask(&chan->in);
	for (;;) {
		while (!chan->broken && taken < DRAIN_MAX && take_packet(chan)) {
			/* What the device did may have ended the channel, or revoked it. */
			if (vsp_chan_find(vsp, relid) != chan || chan->state != VSP_CHAN_OPEN)
				return;
			if (++taken % COMMIT_EVERY == 0)
				commit(chan);
		}
		if (chan->broken)
			break;
		commit(chan);
		if (taken >= DRAIN_MAX) {
			/* Still masked: the guest need not signal, we come back by ourselves. */
			vsp_timer_set(vsp, &chan->again, vsp_now(vsp));
			break;
		}
		if (!vsp_ring_unmask(&chan->in))
			break;
		vsp_ring_mask(&chan->in);
	}
	chan->draining = false;
	if (signals > (uint64_t)(useful + (taken > 0)))
		VSP_COUNT(chan, signals_spurious, signals - useful - (taken > 0));
}

// SPDX-License-Identifier: GPL-2.0
/*
 * server.c - the control plane: contact, offers, opens, memory grants, unload;
 * and the referee of what a guest may ask for
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

union guest_message {
	struct vmbus_msg_hdr hdr;
	struct vmbus_msg_initiate_contact contact;
	struct vmbus_msg_open open;
	struct vmbus_msg_close close;
	struct vmbus_msg_gpadl_header gpadl;
	struct vmbus_msg_gpadl_body body;
	struct vmbus_msg_gpadl_teardown teardown;
	struct vmbus_msg_relid_released released;
	struct vmbus_msg_modify_channel modify;
	uint8_t bytes[VMBUS_MSG_MAX_LEN];
};

static const char *const message_names[VMBUS_MSG_TYPE_COUNT] = {
	[VMBUS_MSG_OFFER] = "offer",
	[VMBUS_MSG_RESCIND] = "rescind",
	[VMBUS_MSG_REQUEST_OFFERS] = "request_offers",
	[VMBUS_MSG_ALL_OFFERS_DELIVERED] = "all_offers_delivered",
	[VMBUS_MSG_OPEN] = "open",
	[VMBUS_MSG_OPEN_RESULT] = "open_result",
	[VMBUS_MSG_CLOSE] = "close",
	[VMBUS_MSG_GPADL_HEADER] = "gpadl_header",
	[VMBUS_MSG_GPADL_BODY] = "gpadl_body",
	[VMBUS_MSG_GPADL_CREATED] = "gpadl_created",
	[VMBUS_MSG_GPADL_TEARDOWN] = "gpadl_teardown",
	[VMBUS_MSG_GPADL_TORNDOWN] = "gpadl_torndown",
	[VMBUS_MSG_RELID_RELEASED] = "relid_released",
	[VMBUS_MSG_INITIATE_CONTACT] = "initiate_contact",
	[VMBUS_MSG_VERSION_RESPONSE] = "version_response",
	[VMBUS_MSG_UNLOAD] = "unload",
	[VMBUS_MSG_UNLOAD_RESPONSE] = "unload_response",
	[VMBUS_MSG_OPEN_RESERVED] = "open_reserved",
	[VMBUS_MSG_CLOSE_RESERVED] = "close_reserved",
	[VMBUS_MSG_CLOSE_RESERVED_RESPONSE] = "close_reserved_response",
	[VMBUS_MSG_TL_CONNECT_REQUEST] = "tl_connect_request",
	[VMBUS_MSG_MODIFY_CHANNEL] = "modify_channel",
	[VMBUS_MSG_TL_CONNECT_RESULT] = "tl_connect_result",
	[VMBUS_MSG_MODIFY_CHANNEL_RESPONSE] = "modify_channel_response",
	[VMBUS_MSG_MODIFY_CONNECTION] = "modify_connection",
	[VMBUS_MSG_MODIFY_CONNECTION_RESPONSE] = "modify_connection_response",
	[VMBUS_MSG_PAUSE] = "pause",
	[VMBUS_MSG_PAUSE_RESPONSE] = "pause_response",
	[VMBUS_MSG_RESUME] = "resume",
};

const char *vsp_message_name(uint32_t type)
{
	if (type < VMBUS_MSG_TYPE_COUNT && message_names[type])
		return message_names[type];
	return "unknown";
}

void vsp_capture(struct vsp *vsp, const char *way, uint32_t conn_or_vp, const void *bytes,
		 uint32_t len)
{
	const uint8_t *b = bytes;
	char line[64 + 2 * VMBUS_MSG_MAX_LEN];
	uint32_t type, at, i;

	if (!vsp->capture && !vsp->dump_messages)
		return;
	memcpy(&type, bytes, sizeof(type));
	at = (uint32_t)snprintf(line, sizeof(line), "%s %u %s ", way, conn_or_vp,
				vsp_message_name(le32_to_cpu(type)));
	for (i = 0; i < len; i++)
		at += (uint32_t)snprintf(line + at, sizeof(line) - at, "%02x", b[i]);
	if (vsp->capture) {
		fprintf(vsp->capture, "%s\n", line);
		fflush(vsp->capture);
	}
	if (vsp->dump_messages)
		vsp_log(vsp, "%s", line);
}

/* To the guest ----------------------------------------------------------------*/

static void drain_out(struct vsp *vsp)
{
	while (vsp->out) {
		struct vsp_out *out = vsp->out;
		int r = vsp->transport->post_message(vsp->ctx, out->vp, &out->msg);

		if (r == -EAGAIN)
			return;
		if (r)
			vsp_log(vsp, "VP %u takes no messages (%d), one is lost", out->vp, r);
		vsp->out = out->next;
		if (!vsp->out)
			vsp->out_end = &vsp->out;
		free(out);
	}
}

void vsp_slot_free(struct vsp *vsp, uint32_t vp)
{
	(void)vp;	/* one queue, in posting order: whatever is first decides */
	drain_out(vsp);
}

/* The guest will know of its move: it may ask for another. */
static void note_move_answered(struct vsp *vsp, const struct vsp_out *out)
{
	struct vmbus_msg_modify_channel_response msg;
	struct vsp_chan *chan;

	if (out->msg.payload_size < sizeof(msg))
		return;
	memcpy(&msg, out->msg.payload, sizeof(msg));
	chan = vsp_chan_find(vsp, le32_to_cpu(msg.relid));
	if (chan)
		chan->move_due = false;
}

void vsp_deliver(struct vsp *vsp, struct vsp_out *out)
{
	uint32_t type, len = out->msg.payload_size;

	memcpy(&type, out->msg.payload, sizeof(type));
	type = le32_to_cpu(type);
	if (type == VMBUS_MSG_MODIFY_CHANNEL_RESPONSE)
		note_move_answered(vsp, out);
	vsp->messages_out_total++;
	if (type < VMBUS_MSG_TYPE_COUNT)
		vsp->messages_out[type]++;
	vsp_capture(vsp, "out", out->vp, out->msg.payload,
		    len < VMBUS_MSG_MAX_LEN ? len : VMBUS_MSG_MAX_LEN);
	out->next = NULL;
	*vsp->out_end = out;
	vsp->out_end = &out->next;
	drain_out(vsp);
	if (type && type < VMBUS_MSG_TYPE_COUNT)
		vsp_happened(vsp, type);
}

static void deliver_late(void *arg)
{
	struct vsp_out *out = arg, **link = &out->vsp->late;

	while (*link != out)
		link = &(*link)->next;
	*link = out->next;
	vsp_deliver(out->vsp, out);
}

static void hold(struct vsp *vsp, struct vsp_out *out)
{
	out->next = NULL;
	*vsp->held_end = out;
	vsp->held_end = &out->next;
}

void vsp_release_held(struct vsp *vsp, enum vsp_order order)
{
	struct vsp_out *held = vsp->held, *out, **link;
	uint32_t count = 0, at;

	for (out = held; out; out = out->next)
		count++;
	vsp->held = NULL;
	vsp->held_end = &vsp->held;
	for (; count; count--) {
		at = order == VSP_IN_ORDER ? 0 :
		     order == VSP_REVERSED ? count - 1 : vsp_random(vsp) % count;
		for (link = &held; at; at--)
			link = &(*link)->next;
		out = *link;
		*link = out->next;
		vsp_deliver(vsp, out);
	}
}

struct vsp_out *vsp_new_message(struct vsp *vsp, uint32_t vp, const void *payload, uint32_t len)
{
	struct vsp_out *out = calloc(1, sizeof(*out));

	if (!out)
		return NULL;
	out->vsp = vsp;
	out->vp = vp;
	out->msg.type = cpu_to_le32(TLFS_MSG_VMBUS);
	out->msg.payload_size = (uint8_t)len;
	memcpy(out->msg.payload, payload, len < VMBUS_MSG_MAX_LEN ? len : VMBUS_MSG_MAX_LEN);
	return out;
}

static void free_messages(struct vsp_out **list)
{
	while (*list) {
		struct vsp_out *out = *list;

		*list = out->next;
		vsp_timer_cancel(out->vsp, &out->late);
		free(out);
	}
}

static void set_field(struct vsp_out *out, uint32_t type, const char *name, uint32_t value)
{
	uint32_t at, size;

	value = cpu_to_le32(value);
	if (vsp_message_field(type, name, &at, &size) && size == sizeof(value))
		memcpy(out->msg.payload + at, &value, sizeof(value));
}

/* Where the protocol wants zeros, there are none. */
static void make_dirty(struct vsp_out *out, uint32_t type)
{
	struct vmbus_msg_hdr *hdr = (void *)out->msg.payload;
	struct vmbus_msg_version_response *version = (void *)out->msg.payload;
	struct vmbus_msg_offer *offer = (void *)out->msg.payload;

	hdr->padding = cpu_to_le32(0xdeadbeefu);
	if (type == VMBUS_MSG_VERSION_RESPONSE)
		version->padding = cpu_to_le16(0xdeadu);
	if (type == VMBUS_MSG_OFFER) {
		memset(offer->reserved1, 0xde, sizeof(offer->reserved1));
		offer->reserved2 = cpu_to_le16(0xdeadu);
		offer->monitor_allocated |= 0xfe;
		offer->dedicated_interrupt |= cpu_to_le16(0xfffe);
	}
}

static void scramble(struct vsp_out *out, uint32_t from, uint32_t to)
{
	for (; from < to; from++)
		out->msg.payload[from] = (uint8_t)vsp_random(out->vsp);
}

/* What has become of a message on its way out: NULL if it does not go now. */
static struct vsp_out *mistreat(struct vsp *vsp, struct vsp_out *out, struct vsp_chan *chan,
				uint32_t type)
{
	uint32_t arg = 0, len = out->msg.payload_size;
	struct vsp_out *twin;
	enum vsp_fault_action action = vsp_fault_sending(vsp, type, &arg);

	if (action != VSP_FAULT_NONE)
		vsp_log(vsp, "fault: %s mistreated", vsp_message_name(type));
	switch (action) {
	case VSP_FAULT_DROP:
		free(out);
		return NULL;
	case VSP_FAULT_DELAY:
		out->next = vsp->late;
		vsp->late = out;
		out->late.fn = deliver_late;
		out->late.arg = out;
		vsp_timer_set(vsp, &out->late, vsp_now(vsp) + arg * 1000000ull);
		return NULL;
	case VSP_FAULT_HOLD:
		hold(vsp, out);
		return NULL;
	case VSP_FAULT_DUP:
		twin = vsp_new_message(vsp, out->vp, out->msg.payload, len);
		if (twin)
			vsp_deliver(vsp, twin);
		break;
	case VSP_FAULT_GARBAGE:
		scramble(out, sizeof(struct vmbus_msg_hdr), len);
		break;
	case VSP_FAULT_SHORT:
		out->msg.payload_size = len > sizeof(struct vmbus_msg_hdr) ?
					sizeof(struct vmbus_msg_hdr) : 4;
		break;
	case VSP_FAULT_LONG:
		scramble(out, len, VMBUS_MSG_MAX_LEN);
		out->msg.payload_size = VMBUS_MSG_MAX_LEN;
		break;
	case VSP_FAULT_DIRTY:
		make_dirty(out, type);
		break;
	case VSP_FAULT_RELID:
		set_field(out, type, "relid", arg);
		break;
	case VSP_FAULT_ID:
		set_field(out, type, "id", arg);
		break;
	case VSP_FAULT_VP:
		out->vp = arg;
		break;
	case VSP_FAULT_RESCIND:
		free(out);
		if (chan && chan->state != VSP_CHAN_REVOKED)
			vsp_chan_rescind(chan);
		return NULL;
	default:
		break;
	}
	return out;
}

/* @chan: the channel the message is about, if it is about one. */
static void send_message(struct vsp *vsp, uint32_t vp, struct vsp_chan *chan,
			 const void *payload, uint32_t len)
{
	const struct vmbus_msg_hdr *hdr = payload;
	uint32_t type = le32_to_cpu(hdr->type);
	struct vsp_out *out;

	vsp_before(vsp, type);
	out = vsp_new_message(vsp, vp, payload, len);
	if (!out) {
		vsp_log(vsp, "out of memory, a message is lost");
		return;
	}
	out = mistreat(vsp, out, chan, type);
	if (out)
		vsp_deliver(vsp, out);
}

#define HDR(kind) { .type = cpu_to_le32(kind) }

static void send_gpadl_created(struct vsp *vsp, uint32_t relid, uint32_t handle, uint32_t status)
{
	struct vmbus_msg_gpadl_created msg = {
		.hdr = HDR(VMBUS_MSG_GPADL_CREATED),
		.relid = cpu_to_le32(relid),
		.gpadl = cpu_to_le32(handle),
		.status = cpu_to_le32(status),
	};

	send_message(vsp, vsp->vp, vsp_chan_find(vsp, relid), &msg, sizeof(msg));
}

static void send_gpadl_torndown(struct vsp *vsp, uint32_t handle)
{
	struct vmbus_msg_gpadl_torndown msg = {
		.hdr = HDR(VMBUS_MSG_GPADL_TORNDOWN),
		.gpadl = cpu_to_le32(handle),
	};

	send_message(vsp, vsp->vp, NULL, &msg, sizeof(msg));
}

static void send_open_result(struct vsp_chan *chan, uint32_t open_id, uint32_t status)
{
	struct vmbus_msg_open_result msg = {
		.hdr = HDR(VMBUS_MSG_OPEN_RESULT),
		.relid = cpu_to_le32(chan->relid),
		.open_id = cpu_to_le32(open_id),
		.status = cpu_to_le32(status),
	};

	send_message(chan->vsp, chan->vsp->vp, chan, &msg, sizeof(msg));
}

/* Channels --------------------------------------------------------------------*/

struct vsp_chan *vsp_chan_find(struct vsp *vsp, uint32_t relid)
{
	return relid <= VMBUS_RELID_MAX ? vsp->by_relid[relid] : NULL;
}

uint32_t vsp_chan_index(const struct vsp_chan *chan)
{
	return chan->index;
}

static struct vsp_chan *new_chan(struct vsp_device *device, uint32_t index)
{
	struct vsp *vsp = device->vsp;
	uint32_t relid = vsp->relid_base ? vsp->relid_base : vsp->first_relid;
	struct vsp_chan *chan;

	while (relid <= VMBUS_RELID_MAX && vsp->by_relid[relid])
		relid++;
	if (relid > VMBUS_RELID_MAX) {
		vsp_log(vsp, "no relid left for %s", device->label);
		return NULL;
	}
	chan = calloc(1, sizeof(*chan));
	if (!chan)
		return NULL;
	if (vsp->relid_top < relid)
		vsp->relid_top = relid;
	chan->vsp = vsp;
	chan->device = device;
	chan->relid = relid;
	chan->index = index;
	chan->connection_id = VSP_EVENT_CONN_ID_BASE + relid;
	chan->monitor_id = device->monitor && vsp->monitor_gpa ? vsp_monitor_id(vsp) :
			   VSP_NO_MONITOR;
	vsp->by_relid[relid] = chan;
	*vsp->chans_end = chan;
	vsp->chans_end = &chan->next;
	return chan;
}

static void free_chan(struct vsp_chan *chan)
{
	struct vsp *vsp = chan->vsp;
	struct vsp_chan **link = &vsp->chans;

	while (*link != chan)
		link = &(*link)->next;
	*link = chan->next;
	if (!*link)
		vsp->chans_end = link;
	vsp->by_relid[chan->relid] = NULL;
	if (chan->device->primary == chan)
		chan->device->primary = NULL;
	free(chan);
}

static void send_offer(struct vsp_chan *chan)
{
	struct vsp_device *device = chan->device;
	bool monitored = chan->monitor_id != VSP_NO_MONITOR;
	struct vmbus_msg_offer msg = {
		.hdr = HDR(VMBUS_MSG_OFFER),
		.class_id = device->ops->class_id,
		.instance_id = device->instance_id,
		.flags = cpu_to_le16((uint16_t)(device->ops->offer_flags |
			(monitored ? VMBUS_OFFER_MONITOR_REQUESTED : 0))),
		.sub_channel_index = cpu_to_le16((uint16_t)chan->index),
		.relid = cpu_to_le32(chan->relid),
		.monitor_id = (uint8_t)chan->monitor_id,
		.monitor_allocated = monitored,
		.dedicated_interrupt = cpu_to_le16(1),
		.connection_id = cpu_to_le32(chan->connection_id),
	};
	__le32 mode = cpu_to_le32(device->ops->pipe_mode);

	memcpy(msg.user, &mode, sizeof(mode));
	send_message(chan->vsp, chan->vsp->vp, chan, &msg, sizeof(msg));
}

static int offer_now(struct vsp_device *device)
{
	struct vsp_chan *chan = new_chan(device, 0);

	if (!chan)
		return -ENOSPC;
	device->primary = chan;
	device->sub_count = 0;
	send_offer(chan);
	return 0;
}

int vsp_device_offer(struct vsp_device *device)
{
	device->gone = false;
	device->offer_again = false;
	/* Before they are asked for, it goes out with the others. */
	return device->vsp->offers_requested ? offer_now(device) : 0;
}

struct vsp_device *vsp_device_find(struct vsp *vsp, const char *label)
{
	struct vsp_device *device;

	for (device = vsp->devices; device; device = device->next)
		if (!strcmp(device->label, label))
			return device;
	return NULL;
}

struct vsp_device *vsp_device_add(struct vsp *vsp, const struct vsp_device_ops *ops, void *dev,
				  const struct wire_guid *instance_id, const char *label)
{
	struct vsp_device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	device->vsp = vsp;
	device->ops = ops;
	device->dev = dev;
	device->instance_id = *instance_id;
	snprintf(device->label, sizeof(device->label), "%s", label);
	*vsp->devices_end = device;
	vsp->devices_end = &device->next;
	if (vsp->offers_requested)
		vsp_device_offer(device);
	return device;
}

void vsp_device_monitor(struct vsp_device *device)
{
	device->monitor = true;
}

int vsp_device_offer_sub_channels(struct vsp_device *device, uint32_t count)
{
	if (!device->primary || device->primary->state != VSP_CHAN_OPEN)
		return -EINVAL;
	while (count--) {
		struct vsp_chan *chan = new_chan(device, device->sub_count + 1);

		if (!chan)
			return -ENOSPC;
		device->sub_count++;
		send_offer(chan);
	}
	return 0;
}

static void free_gpadl(struct vsp *vsp, struct vsp_gpadl *gpadl)
{
	struct vsp_gpadl **link = &vsp->gpadls;

	while (*link != gpadl)
		link = &(*link)->next;
	*link = gpadl->next;
	vsp_gpa_free(gpadl->lists, gpadl->range_count);
	free(gpadl->ranges);
	free(gpadl);
}

/* The device lets go of the channel, then the host of its rings. */
static void close_chan(struct vsp_chan *chan)
{
	struct vsp *vsp = chan->vsp;
	struct vsp_gpadl *gpadl = chan->gpadl;

	chan->device->ops->chan_closed(chan->device->dev, chan);
	vsp->transport->unlisten_event(vsp->ctx, chan->connection_id);
	vsp_timer_cancel(vsp, &chan->move_late);
	vsp_chan_stop(chan);
	chan->state = VSP_CHAN_OFFERED;
	vsp_monitor_watch(vsp);
	gpadl->in_use = false;
	if (gpadl->torn) {
		uint32_t handle = gpadl->handle;

		free_gpadl(vsp, gpadl);
		send_gpadl_torndown(vsp, handle);
	}
}

/* What the guest lent for a channel is no longer of use; drop it without a word. */
static void drop_gpadls(struct vsp_chan *chan)
{
	struct vsp_gpadl *gpadl = chan->vsp->gpadls, *next;

	for (; gpadl; gpadl = next) {
		next = gpadl->next;
		if (gpadl->relid != chan->relid)
			continue;
		if (gpadl->complete)
			free_gpadl(chan->vsp, gpadl);
		else
			gpadl->revoked = true;	/* bodies are under way: answered after the last */
	}
}

static void revoke(struct vsp_chan *chan)
{
	struct vmbus_msg_rescind msg = {
		.hdr = HDR(VMBUS_MSG_RESCIND),
		.relid = cpu_to_le32(chan->relid),
	};

	/* Device first, memory second, the news last: when it arrives the pages are the guest's. */
	if (chan->state == VSP_CHAN_OPEN)
		close_chan(chan);
	drop_gpadls(chan);
	chan->state = VSP_CHAN_REVOKED;
	send_message(chan->vsp, chan->vsp->vp, chan, &msg, sizeof(msg));
}

/* Revoke the sub-channels of a device; their primary is closed or about to go. */
static void revoke_subs(struct vsp_device *device)
{
	struct vsp_chan *chan;

	for (chan = device->vsp->chans; chan; chan = chan->next)
		if (chan->device == device && chan->index && chan->state != VSP_CHAN_REVOKED)
			revoke(chan);
	device->sub_count = 0;
}

void vsp_chan_rescind(struct vsp_chan *chan)
{
	if (!chan->index) {
		revoke_subs(chan->device);
		chan->device->gone = true;
	}
	revoke(chan);
}

/* Number the next connection's channels where this one's end: a guest must not remember any. */
static void renumber(struct vsp *vsp)
{
	vsp->relid_base = vsp->relid_top ? vsp->relid_top + 1 : 0;
	/* Room for any machine. */
	if (vsp->relid_base > VMBUS_RELID_MAX - 512)
		vsp->relid_base = vsp->relid_top = 0;
}

/* The guest is gone or wants to begin anew: nothing it said holds any more. */
void vsp_forget_guest(struct vsp *vsp)
{
	struct vsp_device *device;

	vsp->version = 0;
	vsp->monitor_gpa = 0;
	vsp->features = 0;
	vsp->offers_requested = false;
	if (vsp->fresh_relids)
		renumber(vsp);
	while (vsp->chans) {
		struct vsp_chan *chan = vsp->chans;

		if (chan->state == VSP_CHAN_OPEN)
			close_chan(chan);
		free_chan(chan);
	}
	while (vsp->gpadls)
		free_gpadl(vsp, vsp->gpadls);
	free_messages(&vsp->out);
	vsp->out_end = &vsp->out;
	free_messages(&vsp->late);
	free_messages(&vsp->held);
	vsp->held_end = &vsp->held;
	memset(vsp->made_up, 0, sizeof(vsp->made_up));
	for (device = vsp->devices; device; device = device->next) {
		device->sub_count = 0;
		if (device->offer_again)
			device->gone = false;
		device->offer_again = false;
	}
}

void vsp_reset(struct vsp *vsp)
{
	vsp_forget_guest(vsp);
	vsp->unloaded = false;
}

void vsp_server_free(struct vsp *vsp)
{
	vsp_forget_guest(vsp);
	while (vsp->devices) {
		struct vsp_device *device = vsp->devices;

		vsp->devices = device->next;
		if (device->ops->destroy)
			device->ops->destroy(device->dev);
		free(device);
	}
}

/* From the guest: the connection ------------------------------------------------*/

/* What has been taken away or added while no guest was connected. */
static void move_devices(struct vsp *vsp)
{
	struct vsp_device *device;

	for (device = vsp->devices; device; device = device->next) {
		if (device->leaves || device->comes)
			device->gone = device->leaves;
		device->leaves = false;
		device->comes = false;
	}
}

static bool version_known(const struct vsp *vsp, uint32_t version)
{
	switch (version) {
	case VMBUS_VERSION_4_0:
	case VMBUS_VERSION_4_1:
	case VMBUS_VERSION_5_0:
	case VMBUS_VERSION_5_1:
	case VMBUS_VERSION_5_2:
	case VMBUS_VERSION_5_3:
	case VMBUS_VERSION_6_0:
		return version >= vsp->min_version && version <= vsp->max_version;
	default:
		return false;
	}
}

/* Both monitor pages or none, each a page. */
static bool monitor_pages_sane(const struct vmbus_msg_initiate_contact *msg)
{
	uint64_t in, out;

	memcpy(&in, &msg->monitor_page_to_guest, sizeof(in));
	memcpy(&out, &msg->monitor_page_to_host, sizeof(out));
	return !in == !out && !(in & (TLFS_PAGE_SIZE - 1)) && !(out & (TLFS_PAGE_SIZE - 1));
}

/*
 * The answer to a contact that succeeded, in the form of its version. Returns its
 * length: 16 bytes before 6.0, then 20, or 40 with pages of ours, of which we have none.
 */
static uint32_t put_agreement(struct vsp *vsp, struct vmbus_msg_version_response_pages *reply,
			      uint32_t asked)
{
	if (vsp->version >= VMBUS_VERSION_5_0)
		reply->base.base.message_connection_id = cpu_to_le32(vsp->conn_id);
	if (vsp->version < VMBUS_VERSION_6_0)
		return sizeof(reply->base.base);
	vsp->features = asked & vsp->features_had;
	reply->base.feature_flags = cpu_to_le32(vsp->features | vsp->features_pushed);
	if ((vsp->features | vsp->features_pushed) & VMBUS_FEATURE_HOST_MONITOR_PAGES)
		return sizeof(*reply);
	return sizeof(reply->base);
}

static void on_contact(struct vsp *vsp, const union guest_message *m, uint32_t len,
		       uint32_t conn_id)
{
	const struct vmbus_msg_initiate_contact *msg = &m->contact;
	uint32_t version = le32_to_cpu(msg->version), vp = le32_to_cpu(msg->target_vp);
	struct vmbus_msg_version_response_pages reply = {
		.base.base.hdr = HDR(VMBUS_MSG_VERSION_RESPONSE),
	};
	uint32_t reply_len = sizeof(reply.base.base), status = VMBUS_CONTACT_OK, asked = 0;

	if (vsp->version)
		vsp_log(vsp, "contact while connected: everything starts again");
	vsp_forget_guest(vsp);
	move_devices(vsp);
	vsp->unloaded = false;
	if (!vsp->transport->vp_exists(vsp->ctx, vp)) {
		vsp_violation(vsp, "contact names VP %u, which does not exist", vp);
		return;
	}
	vsp->vp = vp;
	if ((version >= VMBUS_VERSION_5_0) != (conn_id == VMBUS_CONN_ID_MESSAGE_V5))
		vsp_violation(vsp, "contact for version %u.%u on connection id %u",
			      VMBUS_VERSION_MAJOR(version), VMBUS_VERSION_MINOR(version), conn_id);
	if (version == VMBUS_VERSION_6_0) {
		asked = le32_to_cpu(msg->feature_flags);
		if ((asked & VMBUS_FEATURE_CLIENT_ID) &&
		    len < sizeof(struct vmbus_msg_initiate_contact_id)) {
			vsp_violation(vsp, "contact promises a client id and has none");
			return;
		}
	}
	if (version >= VMBUS_VERSION_5_0) {
		if (msg->sint != TLFS_SINT_VMBUS) {
			vsp_violation(vsp, "contact asks for SINT %u", msg->sint);
			version = 0;
		}
		if (msg->vtl) {
			vsp_violation(vsp, "contact asks for VTL %u", msg->vtl);
			version = 0;
		}
		if ((version < VMBUS_VERSION_6_0 && msg->feature_flags) || msg->reserved)
			vsp_odd(vsp, VSP_ODD_RESERVED, "contact with reserved bytes set");
	}
	if (!monitor_pages_sane(msg)) {
		vsp_violation(vsp, "contact names one monitor page of two, or half a page");
		status = VMBUS_CONTACT_FAILED;
	}
	vsp_fault_status(vsp, VMBUS_MSG_VERSION_RESPONSE, &status);

	if (version_known(vsp, version)) {
		reply.base.base.supported = 1;
		reply.base.base.connection_state = (uint8_t)status;
		if (status == VMBUS_CONTACT_OK) {
			vsp->version = version;
			memcpy(&vsp->monitor_gpa, &msg->monitor_page_to_host,
			       sizeof(vsp->monitor_gpa));
			vsp->conn_id = version >= VMBUS_VERSION_5_0 ? vsp->message_conn_id :
								      VMBUS_CONN_ID_MESSAGE;
			reply_len = put_agreement(vsp, &reply, asked);
		}
	}
	vsp_log(vsp, "contact for version %u.%u, messages to VP %u: %s",
		VMBUS_VERSION_MAJOR(version), VMBUS_VERSION_MINOR(version), vp,
		vsp->version ? "connected" : "refused");
	send_message(vsp, vp, NULL, &reply, reply_len);
}

static void on_request_offers(struct vsp *vsp, const union guest_message *m, uint32_t len,
			      uint32_t conn_id)
{
	struct vmbus_msg_hdr done = HDR(VMBUS_MSG_ALL_OFFERS_DELIVERED);
	struct vsp_device *device;

	(void)m, (void)len, (void)conn_id;
	if (vsp->offers_requested) {
		vsp_violation(vsp, "offers requested twice on one connection");
		return;
	}
	/* Hooks may add devices, or take them away, while we are at it. */
	for (device = vsp->devices; device; device = device->next)
		if (!device->gone)
			offer_now(device);
	vsp->offers_requested = true;
	send_message(vsp, vsp->vp, NULL, &done, sizeof(done));
}

static void on_unload(struct vsp *vsp, const union guest_message *m, uint32_t len,
		      uint32_t conn_id)
{
	struct vmbus_msg_hdr reply = HDR(VMBUS_MSG_UNLOAD_RESPONSE);
	struct vsp_chan *chan;
	uint32_t open = 0, lent = 0;
	struct vsp_gpadl *gpadl;

	(void)m, (void)len, (void)conn_id;
	for (chan = vsp->chans; chan; chan = chan->next)
		open += chan->state == VSP_CHAN_OPEN;
	for (gpadl = vsp->gpadls; gpadl; gpadl = gpadl->next)
		lent++;
	/* Legal (a crashing kernel does it), but an orderly exit closes first. */
	vsp_log(vsp, "unload with %u channels open and %u GPADLs", open, lent);
	vsp_forget_guest(vsp);
	vsp->unloaded = true;
	send_message(vsp, vsp->vp, NULL, &reply, sizeof(reply));
}

static void on_tl_connect(struct vsp *vsp, const union guest_message *m, uint32_t len,
			  uint32_t conn_id)
{
	(void)m, (void)len, (void)conn_id;
	vsp_log(vsp, "a socket connect request: this host has no sockets");
}

/* From the guest: memory ----------------------------------------------------------*/

static struct vsp_gpadl *find_gpadl(struct vsp *vsp, uint32_t handle)
{
	struct vsp_gpadl *gpadl;

	for (gpadl = vsp->gpadls; gpadl; gpadl = gpadl->next)
		if (gpadl->handle == handle)
			return gpadl;
	return NULL;
}

const struct vsp_gpa_list *vsp_chan_gpadl(struct vsp_chan *chan, uint32_t handle)
{
	struct vsp_gpadl *gpadl = find_gpadl(chan->vsp, handle);

	if (!gpadl || !gpadl->complete || gpadl->torn || gpadl->relid != chan->relid ||
	    gpadl->range_count != 1)
		return NULL;
	return gpadl->lists;
}

/* Take what this message brings of the ranges; answer when that was the last. */
static void add_ranges(struct vsp *vsp, struct vsp_gpadl *gpadl, const uint8_t *bytes,
		       uint32_t len)
{
	uint32_t relid = gpadl->relid, handle = gpadl->handle, used, status = 0;
	const char *why = NULL;

	if (len > gpadl->ranges_len - gpadl->ranges_have)
		len = gpadl->ranges_len - gpadl->ranges_have;	/* messages may be padded */
	memcpy(gpadl->ranges + gpadl->ranges_have, bytes, len);
	gpadl->ranges_have += len;
	if (gpadl->ranges_have < gpadl->ranges_len)
		return;

	if (gpadl->revoked) {
		/* Nothing is mapped for a revoked channel; the guest only needs its answer. */
		free_gpadl(vsp, gpadl);
		send_gpadl_created(vsp, relid, handle, 0);
		return;
	}
	gpadl->lists = vsp_gpa_parse(vsp, gpadl->ranges, gpadl->ranges_len, gpadl->range_count,
				     &used, &why);
	if (gpadl->lists && used != gpadl->ranges_len)
		why = "bytes left over behind the ranges";
	if (why)
		vsp_violation(vsp, "GPADL %#x of channel %u: %s", handle, relid, why);
	if (why)
		status = VSP_STATUS_UNSUCCESSFUL;
	else
		vsp_fault_status(vsp, VMBUS_MSG_GPADL_CREATED, &status);
	free(gpadl->ranges);
	gpadl->ranges = NULL;
	gpadl->complete = true;
	if (status)
		free_gpadl(vsp, gpadl);
	send_gpadl_created(vsp, relid, handle, status);
}

static void on_gpadl_header(struct vsp *vsp, const union guest_message *m, uint32_t len,
			    uint32_t conn_id)
{
	const struct vmbus_msg_gpadl_header *msg = &m->gpadl;
	uint32_t relid = le32_to_cpu(msg->relid), handle = le32_to_cpu(msg->gpadl);
	uint32_t range_len = le16_to_cpu(msg->range_len), count = le16_to_cpu(msg->range_count);
	struct vsp_chan *chan = vsp_chan_find(vsp, relid);
	const char *why = NULL;
	struct vsp_gpadl *gpadl;

	(void)conn_id;
	if (!chan)
		why = "no such channel";
	else if (!handle)
		why = "handle 0";
	else if (find_gpadl(vsp, handle))
		why = "handle in use";
	else if (!count)
		why = "no range";
	else if (range_len < count * 16u)
		why = "more ranges than bytes for them";
	if (why) {
		vsp_violation(vsp, "GPADL %#x of channel %u: %s", handle, relid, why);
		send_gpadl_created(vsp, relid, handle, VSP_STATUS_UNSUCCESSFUL);
		return;
	}
	gpadl = calloc(1, sizeof(*gpadl));
	if (gpadl)
		gpadl->ranges = malloc(range_len);
	if (!gpadl || !gpadl->ranges) {
		free(gpadl);
		send_gpadl_created(vsp, relid, handle, VSP_STATUS_UNSUCCESSFUL);
		return;
	}
	gpadl->handle = handle;
	gpadl->relid = relid;
	gpadl->range_count = (uint16_t)count;
	gpadl->ranges_len = range_len;
	gpadl->revoked = chan->state == VSP_CHAN_REVOKED;
	gpadl->next = vsp->gpadls;
	vsp->gpadls = gpadl;
	add_ranges(vsp, gpadl, m->bytes + sizeof(*msg), len - (uint32_t)sizeof(*msg));
}

static void on_gpadl_body(struct vsp *vsp, const union guest_message *m, uint32_t len,
			  uint32_t conn_id)
{
	const struct vmbus_msg_gpadl_body *msg = &m->body;
	struct vsp_gpadl *gpadl = find_gpadl(vsp, le32_to_cpu(msg->gpadl));

	(void)conn_id;
	if (!gpadl) {
		vsp_violation(vsp, "GPADL body for handle %#x, which has no header",
			      le32_to_cpu(msg->gpadl));
		return;
	}
	if (gpadl->complete) {
		vsp_violation(vsp, "GPADL body for handle %#x, which is complete", gpadl->handle);
		return;
	}
	if (len == sizeof(*msg)) {
		vsp_violation(vsp, "GPADL body for handle %#x brings nothing", gpadl->handle);
		return;
	}
	add_ranges(vsp, gpadl, m->bytes + sizeof(*msg), len - (uint32_t)sizeof(*msg));
}

static void on_gpadl_teardown(struct vsp *vsp, const union guest_message *m, uint32_t len,
			      uint32_t conn_id)
{
	const struct vmbus_msg_gpadl_teardown *msg = &m->teardown;
	uint32_t relid = le32_to_cpu(msg->relid), handle = le32_to_cpu(msg->gpadl);
	struct vsp_chan *chan = vsp_chan_find(vsp, relid);
	struct vsp_gpadl *gpadl = find_gpadl(vsp, handle);

	(void)len, (void)conn_id;
	if (!gpadl && chan && chan->state == VSP_CHAN_REVOKED) {
		send_gpadl_torndown(vsp, handle);	/* the rescind dropped it */
		return;
	}
	if (!gpadl || !gpadl->complete || gpadl->relid != relid || gpadl->torn) {
		vsp_violation(vsp, "teardown of GPADL %#x of channel %u: %s", handle, relid,
			      !gpadl ? "no such GPADL" :
			      !gpadl->complete ? "not created yet" :
			      gpadl->torn ? "asked for already" : "belongs to another channel");
		return;
	}
	if (gpadl->in_use) {
		vsp_log(vsp, "teardown of GPADL %#x while channel %u is open: after its close",
			handle, relid);
		gpadl->torn = true;
		return;
	}
	free_gpadl(vsp, gpadl);
	send_gpadl_torndown(vsp, handle);
}

/* From the guest: channels ---------------------------------------------------------*/

/* Why these rings cannot be, or NULL. */
static const char *check_rings(const struct vsp_chan *chan, const struct vsp_gpadl *gpadl,
			       uint32_t out_page)
{
	const struct vsp_gpa_list *list;

	if (!gpadl || !gpadl->complete)
		return "no such GPADL";
	if (gpadl->relid != chan->relid)
		return "GPADL of another channel";
	if (gpadl->in_use || gpadl->torn)
		return "GPADL in use";
	list = gpadl->lists;
	if (gpadl->range_count != 1 || list->offset || list->len % TLFS_PAGE_SIZE)
		return "GPADL is not one range of whole pages";
	/* A control page and at least one data page each. */
	if (out_page < 2 || out_page > list->pfn_count || list->pfn_count - out_page < 2)
		return "host-to-guest ring begins where none fits";
	return NULL;
}

static void on_open(struct vsp *vsp, const union guest_message *m, uint32_t len,
		    uint32_t conn_id)
{
	const struct vmbus_msg_open *msg = &m->open;
	uint32_t relid = le32_to_cpu(msg->relid), open_id = le32_to_cpu(msg->open_id);
	uint32_t vp = le32_to_cpu(msg->target_vp), out_page = le32_to_cpu(msg->rx_ring_page);
	struct vsp_chan *chan = vsp_chan_find(vsp, relid);
	struct vsp_gpadl *gpadl;
	uint32_t status = 0;
	const char *why;

	(void)len, (void)conn_id;
	if (!chan) {
		vsp_violation(vsp, "open of relid %u, which is not offered", relid);
		return;
	}
	if (chan->state == VSP_CHAN_REVOKED)
		return;		/* the rescind is under way; the host does not answer */
	if (chan->state == VSP_CHAN_OPEN) {
		vsp_violation(vsp, "open of channel %u, which is open", relid);
		return;
	}
	gpadl = find_gpadl(vsp, le32_to_cpu(msg->ring_gpadl));
	why = check_rings(chan, gpadl, out_page);
	if (!why && vp != VMBUS_VP_NO_INTERRUPT && !vsp->transport->vp_exists(vsp->ctx, vp))
		why = "no such VP";
	if (!why && chan->index && chan->device->primary &&
	    chan->device->primary->state != VSP_CHAN_OPEN)
		why = "sub-channel before its primary";
	if (why) {
		vsp_violation(vsp, "open of channel %u: %s", relid, why);
		status = VSP_STATUS_UNSUCCESSFUL;
	}
	if (!status)
		vsp_fault_status(vsp, VMBUS_MSG_OPEN_RESULT, &status);
	if (!status) {
		chan->target_vp = vp;
		if (vsp_chan_start(chan, gpadl, out_page))
			status = VSP_STATUS_UNSUCCESSFUL;
	}
	if (status) {
		send_open_result(chan, open_id, status);
		return;
	}
	if (vsp->transport->listen_event(vsp->ctx, chan->connection_id)) {
		vsp_log(vsp, "channel %u: no event port", relid);
		vsp_chan_stop(chan);
		send_open_result(chan, open_id, VSP_STATUS_UNSUCCESSFUL);
		return;
	}
	gpadl->in_use = true;
	chan->state = VSP_CHAN_OPEN;
	vsp_monitor_watch(vsp);
	chan->device->ops->chan_opened(chan->device->dev, chan);
	send_open_result(chan, open_id, 0);
	/* A fault may have rescinded it instead of answering; or the ring has data already. */
	if (chan->state == VSP_CHAN_OPEN)
		vsp_chan_look(chan, 0);
}

static void on_close(struct vsp *vsp, const union guest_message *m, uint32_t len,
		     uint32_t conn_id)
{
	uint32_t relid = le32_to_cpu(m->close.relid);
	struct vsp_chan *chan = vsp_chan_find(vsp, relid), *sub;

	(void)len, (void)conn_id;
	if (!chan) {
		vsp_violation(vsp, "close of relid %u, which is not offered", relid);
		return;
	}
	if (chan->state == VSP_CHAN_REVOKED)
		return;
	if (chan->state != VSP_CHAN_OPEN) {
		vsp_violation(vsp, "close of channel %u, which is not open", relid);
		return;
	}
	if (!chan->index) {
		for (sub = vsp->chans; sub; sub = sub->next)
			if (sub->device == chan->device && sub->index &&
			    sub->state == VSP_CHAN_OPEN)
				vsp_violation(vsp, "close of channel %u before its sub-channel %u",
					      relid, sub->relid);
		/* They exist by a request made on the primary, and end with it. */
		revoke_subs(chan->device);
	}
	close_chan(chan);
}

static void on_relid_released(struct vsp *vsp, const union guest_message *m, uint32_t len,
			      uint32_t conn_id)
{
	uint32_t relid = le32_to_cpu(m->released.relid);
	struct vsp_chan *chan = vsp_chan_find(vsp, relid);
	struct vsp_gpadl *gpadl, *next;
	struct vsp_device *device;
	bool primary, revoked;

	(void)len, (void)conn_id;
	if (!chan && relid <= VMBUS_RELID_MAX && vsp->made_up[relid / 8] & 1u << relid % 8) {
		vsp->made_up[relid / 8] &= (uint8_t)~(1u << relid % 8);
		return;
	}
	if (!chan) {
		vsp_violation(vsp, "release of relid %u, which is not offered", relid);
		return;
	}
	if (chan->state == VSP_CHAN_OPEN) {
		vsp_violation(vsp, "release of channel %u, which is open", relid);
		return;
	}
	revoked = chan->state == VSP_CHAN_REVOKED;
	for (gpadl = vsp->gpadls; gpadl; gpadl = next) {
		next = gpadl->next;
		if (gpadl->relid != relid)
			continue;
		if (!revoked)
			vsp_violation(vsp, "release of channel %u, which still has GPADL %#x",
				      relid, gpadl->handle);
		free_gpadl(vsp, gpadl);
	}
	device = chan->device;
	primary = device->primary == chan;
	free_chan(chan);
	if (primary && device->offer_again)
		vsp_device_offer(device);
}

/*
 * From now on the new VP. Until this moment the old one may be interrupted, so
 * we do: a guest must neither lose that nor mind an interrupt for nothing. The
 * new one hears nothing before there is something to hear.
 */
static void switch_vp(struct vsp_chan *chan, uint32_t vp)
{
	chan->vsp->transport->set_event(chan->vsp->ctx, chan->target_vp, chan->relid);
	chan->target_vp = vp;
}

static void switch_vp_late(void *arg)
{
	struct vsp_chan *chan = arg;

	switch_vp(chan, chan->move_vp);
}

/* Before 5.3 there is no answer to mistreat: it is the move itself that is late, or never is. */
static void switch_vp_silently(struct vsp_chan *chan, uint32_t vp)
{
	struct vsp *vsp = chan->vsp;
	uint32_t ms = 0;

	vsp_timer_cancel(vsp, &chan->move_late);	/* the newest request counts */
	switch (vsp_fault_sending(vsp, VMBUS_MSG_MODIFY_CHANNEL_RESPONSE, &ms)) {
	case VSP_FAULT_DROP:
		break;
	case VSP_FAULT_DELAY:
		chan->move_vp = vp;
		chan->move_late.fn = switch_vp_late;
		chan->move_late.arg = chan;
		vsp_timer_set(vsp, &chan->move_late, vsp_now(vsp) + ms * 1000000ull);
		break;
	default:
		switch_vp(chan, vp);
	}
}

static void on_modify_channel(struct vsp *vsp, const union guest_message *m, uint32_t len,
			      uint32_t conn_id)
{
	uint32_t relid = le32_to_cpu(m->modify.relid), vp = le32_to_cpu(m->modify.target_vp);
	struct vsp_chan *chan = vsp_chan_find(vsp, relid);
	struct vmbus_msg_modify_channel_response reply = {
		.hdr = HDR(VMBUS_MSG_MODIFY_CHANNEL_RESPONSE),
		.relid = cpu_to_le32(relid),
	};
	uint32_t status = 0;
	const char *why = NULL;

	(void)len, (void)conn_id;
	if (chan && chan->state == VSP_CHAN_REVOKED)
		return;
	if (!chan)
		why = "not offered";
	else if (chan->state != VSP_CHAN_OPEN)
		why = "not open";
	else if (chan->target_vp == VMBUS_VP_NO_INTERRUPT)
		why = "opened without interrupts";
	else if (!vsp->transport->vp_exists(vsp->ctx, vp))
		why = "no such VP";
	else if (chan->move_due)
		why = "asked for before the last move was answered";
	if (why) {
		vsp_violation(vsp, "channel %u to VP %u: %s", relid, vp, why);
		status = VSP_STATUS_UNSUCCESSFUL;
	} else {
		vsp_fault_status(vsp, VMBUS_MSG_MODIFY_CHANNEL_RESPONSE, &status);
	}
	if (vsp->version < VMBUS_VERSION_5_3) {
		if (!status)
			switch_vp_silently(chan, vp);
		return;
	}
	if (!status)
		switch_vp(chan, vp);
	if (chan)
		chan->move_due = true;
	reply.status = cpu_to_le32(status);
	send_message(vsp, vsp->vp, chan, &reply, sizeof(reply));
}

/* The door ------------------------------------------------------------------------*/

static const struct guest_rule {
	uint32_t min_len;
	uint32_t since;
	bool any_time;			/* also while not connected */
	void (*fn)(struct vsp *vsp, const union guest_message *m, uint32_t len, uint32_t conn_id);
} rules[VMBUS_MSG_TYPE_COUNT] = {
	[VMBUS_MSG_REQUEST_OFFERS] = { sizeof(struct vmbus_msg_hdr), 0, false, on_request_offers },
	[VMBUS_MSG_OPEN] = { sizeof(struct vmbus_msg_open), 0, false, on_open },
	[VMBUS_MSG_CLOSE] = { sizeof(struct vmbus_msg_close), 0, false, on_close },
	[VMBUS_MSG_GPADL_HEADER] = {
		sizeof(struct vmbus_msg_gpadl_header), 0, false, on_gpadl_header },
	[VMBUS_MSG_GPADL_BODY] = { sizeof(struct vmbus_msg_gpadl_body), 0, false, on_gpadl_body },
	[VMBUS_MSG_GPADL_TEARDOWN] = {
		sizeof(struct vmbus_msg_gpadl_teardown), 0, false, on_gpadl_teardown },
	[VMBUS_MSG_RELID_RELEASED] = {
		sizeof(struct vmbus_msg_relid_released), 0, false, on_relid_released },
	[VMBUS_MSG_INITIATE_CONTACT] = {
		sizeof(struct vmbus_msg_initiate_contact), 0, true, on_contact },
	[VMBUS_MSG_UNLOAD] = { sizeof(struct vmbus_msg_hdr), 0, false, on_unload },
	[VMBUS_MSG_TL_CONNECT_REQUEST] = { 40, VMBUS_VERSION_4_0, false, on_tl_connect },
	[VMBUS_MSG_MODIFY_CHANNEL] = {
		sizeof(struct vmbus_msg_modify_channel), VMBUS_VERSION_4_1, false,
		on_modify_channel },
};

bool vsp_message_from_guest(uint32_t type)
{
	return type < VMBUS_MSG_TYPE_COUNT && rules[type].fn;
}

static bool port_exists(const struct vsp *vsp, uint32_t conn_id)
{
	/* An older host has no such port, which is how a guest learns its age. */
	if (conn_id == VMBUS_CONN_ID_MESSAGE_V5)
		return vsp->max_version >= VMBUS_VERSION_5_0;
	return conn_id == VMBUS_CONN_ID_MESSAGE;
}

uint16_t vsp_message(struct vsp *vsp, uint32_t connection_id, uint32_t message_type,
		     const void *payload, uint32_t len)
{
	const struct guest_rule *rule;
	union guest_message m;
	uint32_t type, status;

	connection_id &= TLFS_CONNECTION_ID_MASK;
	if (!port_exists(vsp, connection_id))
		return TLFS_STATUS_INVALID_CONNECTION_ID;
	if (vsp_fault_status(vsp, VSP_ABOUT_POST, &status))
		return (uint16_t)status;
	if (message_type != TLFS_MSG_VMBUS) {
		vsp_violation(vsp, "post with message type %#x", message_type);
		return TLFS_STATUS_INVALID_PARAMETER;
	}
	if (len < sizeof(struct vmbus_msg_hdr) || len > VMBUS_MSG_MAX_LEN) {
		vsp_violation(vsp, "post of %u bytes", len);
		return TLFS_STATUS_INVALID_PARAMETER;
	}
	memset(&m, 0, sizeof(m));
	memcpy(&m, payload, len);
	type = le32_to_cpu(m.hdr.type);
	vsp->messages_in_total++;
	vsp_capture(vsp, "in", connection_id, &m, len);
	if (!vsp_message_from_guest(type)) {
		vsp_violation(vsp, "message type %u is none a guest sends", type);
		return TLFS_STATUS_SUCCESS;
	}
	vsp->messages_in[type]++;
	rule = &rules[type];
	if (len < rule->min_len) {
		vsp_violation(vsp, "%s of %u bytes", vsp_message_name(type), len);
		return TLFS_STATUS_SUCCESS;
	}
	if (m.hdr.padding)
		vsp_odd(vsp, VSP_ODD_PADDING, "%s with padding set in its header",
			vsp_message_name(type));
	if (!rule->any_time && !vsp->version) {
		if (type == VMBUS_MSG_RELID_RELEASED && vsp->unloaded)
			vsp_odd(vsp, VSP_ODD_RELEASE, "relid released after unload");
		else
			vsp_violation(vsp, "%s before contact", vsp_message_name(type));
		return TLFS_STATUS_SUCCESS;
	}
	if (!rule->any_time && connection_id != vsp->conn_id)
		vsp_violation(vsp, "%s on connection id %u, told to use %u",
			      vsp_message_name(type), connection_id, vsp->conn_id);
	if (vsp->version && vsp->version < rule->since) {
		vsp_violation(vsp, "%s is not part of version %u.%u", vsp_message_name(type),
			      VMBUS_VERSION_MAJOR(vsp->version), VMBUS_VERSION_MINOR(vsp->version));
		return TLFS_STATUS_SUCCESS;
	}
	vsp_before(vsp, type);
	rule->fn(vsp, &m, len, connection_id);
	vsp_happened(vsp, type);
	vsp_run_due(vsp);
	return TLFS_STATUS_SUCCESS;
}

void vsp_event(struct vsp *vsp, uint32_t connection_id, uint64_t count)
{
	struct vsp_chan *chan;

	if (connection_id <= VSP_EVENT_CONN_ID_BASE)
		return;
	chan = vsp_chan_find(vsp, connection_id - VSP_EVENT_CONN_ID_BASE);
	if (chan && chan->state == VSP_CHAN_OPEN)
		vsp_chan_look(chan, count);
	vsp_run_due(vsp);
}

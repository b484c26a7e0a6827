// SPDX-License-Identifier: GPL-2.0
/*
 * inject.c - what no host says: messages and packets out of nowhere, offers of
 * devices that are none
 *
 *   inject open_result relid=scsi0 open_id=77 status=1
 *   inject type=29 len=40
 *   inject offer relid=5 sub_channel_index=3 like=scsi0
 *   inject hex=0200000000000000ffffffff
 *   packet scsi0 type=11 id=0 len=64
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

/* Messages, field by field ------------------------------------------------------*/

static const struct field {
	uint32_t type;
	const char *name;
	uint16_t at, size;
} fields[] = {
#define FIELD(TYPE, kind, what, member) \
	{ VMBUS_MSG_##TYPE, what, offsetof(struct vmbus_msg_##kind, member), \
	  sizeof(((struct vmbus_msg_##kind *)0)->member) }
	FIELD(OFFER, offer, "relid", relid),
	FIELD(OFFER, offer, "flags", flags),
	FIELD(OFFER, offer, "sub_channel_index", sub_channel_index),
	FIELD(OFFER, offer, "monitor_id", monitor_id),
	FIELD(OFFER, offer, "monitor_allocated", monitor_allocated),
	FIELD(OFFER, offer, "dedicated_interrupt", dedicated_interrupt),
	FIELD(OFFER, offer, "connection_id", connection_id),
	FIELD(RESCIND, rescind, "relid", relid),
	FIELD(OPEN_RESULT, open_result, "relid", relid),
	FIELD(OPEN_RESULT, open_result, "open_id", open_id),
	FIELD(OPEN_RESULT, open_result, "id", open_id),
	FIELD(OPEN_RESULT, open_result, "status", status),
	FIELD(GPADL_CREATED, gpadl_created, "relid", relid),
	FIELD(GPADL_CREATED, gpadl_created, "gpadl", gpadl),
	FIELD(GPADL_CREATED, gpadl_created, "id", gpadl),
	FIELD(GPADL_CREATED, gpadl_created, "status", status),
	FIELD(GPADL_TORNDOWN, gpadl_torndown, "gpadl", gpadl),
	FIELD(GPADL_TORNDOWN, gpadl_torndown, "id", gpadl),
	FIELD(VERSION_RESPONSE, version_response, "supported", supported),
	FIELD(VERSION_RESPONSE, version_response, "connection_state", connection_state),
	FIELD(VERSION_RESPONSE, version_response, "message_connection_id", message_connection_id),
	FIELD(MODIFY_CHANNEL_RESPONSE, modify_channel_response, "relid", relid),
	FIELD(MODIFY_CHANNEL_RESPONSE, modify_channel_response, "status", status),
#undef FIELD
};

/* 0: no message known here. */
static const uint8_t lengths[VMBUS_MSG_TYPE_COUNT] = {
	[VMBUS_MSG_OFFER] = sizeof(struct vmbus_msg_offer),
	[VMBUS_MSG_RESCIND] = sizeof(struct vmbus_msg_rescind),
	[VMBUS_MSG_REQUEST_OFFERS] = sizeof(struct vmbus_msg_hdr),
	[VMBUS_MSG_ALL_OFFERS_DELIVERED] = sizeof(struct vmbus_msg_hdr),
	[VMBUS_MSG_OPEN] = sizeof(struct vmbus_msg_open),
	[VMBUS_MSG_OPEN_RESULT] = sizeof(struct vmbus_msg_open_result),
	[VMBUS_MSG_CLOSE] = sizeof(struct vmbus_msg_close),
	[VMBUS_MSG_GPADL_HEADER] = sizeof(struct vmbus_msg_gpadl_header),
	[VMBUS_MSG_GPADL_BODY] = sizeof(struct vmbus_msg_gpadl_body),
	[VMBUS_MSG_GPADL_CREATED] = sizeof(struct vmbus_msg_gpadl_created),
	[VMBUS_MSG_GPADL_TEARDOWN] = sizeof(struct vmbus_msg_gpadl_teardown),
	[VMBUS_MSG_GPADL_TORNDOWN] = sizeof(struct vmbus_msg_gpadl_torndown),
	[VMBUS_MSG_RELID_RELEASED] = sizeof(struct vmbus_msg_relid_released),
	[VMBUS_MSG_INITIATE_CONTACT] = sizeof(struct vmbus_msg_initiate_contact),
	[VMBUS_MSG_VERSION_RESPONSE] = sizeof(struct vmbus_msg_version_response),
	[VMBUS_MSG_UNLOAD] = sizeof(struct vmbus_msg_hdr),
	[VMBUS_MSG_UNLOAD_RESPONSE] = sizeof(struct vmbus_msg_hdr),
	[VMBUS_MSG_TL_CONNECT_REQUEST] = 40,
	[VMBUS_MSG_MODIFY_CHANNEL] = sizeof(struct vmbus_msg_modify_channel),
	[VMBUS_MSG_TL_CONNECT_RESULT] = 44,
	[VMBUS_MSG_MODIFY_CHANNEL_RESPONSE] = sizeof(struct vmbus_msg_modify_channel_response),
};

uint32_t vsp_message_len(uint32_t type)
{
	return type < VMBUS_MSG_TYPE_COUNT ? lengths[type] : 0;
}

bool vsp_message_field(uint32_t type, const char *name, uint32_t *at, uint32_t *size)
{
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		if (fields[i].type != type || strcmp(fields[i].name, name))
			continue;
		*at = fields[i].at;
		*size = fields[i].size;
		return true;
	}
	return false;
}

/* Little-endian, of @size bytes. */
static void put_number(uint8_t *to, uint32_t size, uint64_t value)
{
	while (size--) {
		*to++ = (uint8_t)value;
		value >>= 8;
	}
}

/* Words ---------------------------------------------------------------------------*/

/* Cut the next "name=value" out of @text. False: there is none; NULL value: no '='. */
static bool next_word(char **text, char **name, char **value)
{
	*name = strtok_r(NULL, " \t", text);
	if (!*name)
		return false;
	*value = strchr(*name, '=');
	if (*value)
		*(*value)++ = '\0';
	return true;
}

/* A number of up to 64 bits, or the name of a device for its relid. */
static bool value_of(struct vsp *vsp, const char *text, uint64_t *value)
{
	struct vsp_chan *chan = vsp_chan_named(vsp, text);
	char *end;

	if (*text >= '0' && *text <= '9') {
		errno = 0;
		*value = strtoull(text, &end, 0);
		return !*end && !errno;
	}
	if (chan)
		*value = chan->relid;
	return chan;
}

/* Bytes, or -1. */
static int from_hex(const char *hex, uint8_t *bytes, size_t room)
{
	size_t len = strlen(hex) / 2, i;
	unsigned int byte;

	if (strlen(hex) % 2 || len > room)
		return -1;
	for (i = 0; i < len; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return -1;
		bytes[i] = (uint8_t)byte;
	}
	return (int)len;
}

static int refuse(char *err, size_t err_len, const char *what, const char *why)
{
	snprintf(err, err_len, "'%s': %s", what, why);
	return -EINVAL;
}

/* Messages ------------------------------------------------------------------------*/

/* An offer nobody has anything behind: of a class without drivers, unless told otherwise. */
static void pretend_offer(struct vmbus_msg_offer *offer)
{
	memset(&offer->class_id, 0xc1, sizeof(offer->class_id));
	memset(&offer->instance_id, 0xd2, sizeof(offer->instance_id));
	offer->monitor_id = 0xff;
	offer->dedicated_interrupt = cpu_to_le16(1);
}

static void finish_offer(struct vsp *vsp, struct vmbus_msg_offer *offer)
{
	uint32_t relid = le32_to_cpu(offer->relid);

	if (!offer->connection_id)
		offer->connection_id = cpu_to_le32(VSP_EVENT_CONN_ID_BASE + (relid & 0xfff));
	if (relid && relid <= VMBUS_RELID_MAX && !vsp_chan_find(vsp, relid))
		vsp->made_up[relid / 8] |= (uint8_t)(1u << relid % 8);
}

int vsp_inject(struct vsp *vsp, const char *args, char *err, size_t err_len)
{
	union {
		struct vmbus_msg_hdr hdr;
		struct vmbus_msg_offer offer;
		uint8_t bytes[VMBUS_MSG_MAX_LEN];
	} msg = { 0 };
	uint32_t type = VMBUS_MSG_TYPE_COUNT, vp = vsp->vp, kind = TLFS_MSG_VMBUS, len = 0;
	char copy[600], *rest, *name, *value;
	uint32_t at, size;
	struct vsp_out *out;
	uint64_t number;
	int bytes;

	snprintf(copy, sizeof(copy), "x %s", args);
	strtok_r(copy, " ", &rest);
	while (next_word(&rest, &name, &value)) {
		if (!value) {
			if (!vsp_about(name, strlen(name), &type) || !vsp_message_len(type))
				return refuse(err, err_len, name, "no such message");
			len = vsp_message_len(type);
			if (type == VMBUS_MSG_OFFER)
				pretend_offer(&msg.offer);
			msg.hdr.type = cpu_to_le32(type);
			continue;
		}
		if (!strcmp(name, "hex")) {
			bytes = from_hex(value, msg.bytes, sizeof(msg.bytes));
			if (bytes < 0)
				return refuse(err, err_len, value, "not up to 240 bytes in hex");
			len = (uint32_t)bytes;
			continue;
		}
		if (!strcmp(name, "like")) {
			struct vsp_device *device = vsp_device_find(vsp, value);

			if (!device || type != VMBUS_MSG_OFFER)
				return refuse(err, err_len, value, "no device, or no offer");
			msg.offer.class_id = device->ops->class_id;
			msg.offer.instance_id = device->instance_id;
			continue;
		}
		if (!value_of(vsp, value, &number))
			return refuse(err, err_len, value, "no number and no device");
		if (!strcmp(name, "vp"))
			vp = (uint32_t)number;
		else if (!strcmp(name, "kind"))
			kind = (uint32_t)number;
		else if (!strcmp(name, "len"))
			len = (uint8_t)number;
		else if (!strcmp(name, "padding"))
			msg.hdr.padding = cpu_to_le32((uint32_t)number);
		else if (!strcmp(name, "instance") && type == VMBUS_MSG_OFFER)
			put_number(msg.offer.instance_id.b, 8, number);
		else if (!strcmp(name, "type"))
			msg.hdr.type = cpu_to_le32((uint32_t)number);
		else if (vsp_message_field(type, name, &at, &size))
			put_number(msg.bytes + at, size, number);
		else
			return refuse(err, err_len, name, "the message has no such field");
	}
	if (type == VMBUS_MSG_OFFER)
		finish_offer(vsp, &msg.offer);
	out = vsp_new_message(vsp, vp, msg.bytes, len);
	if (!out)
		return refuse(err, err_len, args, "out of memory");
	out->msg.type = cpu_to_le32(kind);
	vsp_deliver(vsp, out);
	return 0;
}

static void barrage_one(struct vsp *vsp, uint32_t type, uint32_t fill, uint32_t len)
{
	uint8_t msg[VMBUS_MSG_MAX_LEN];
	struct vmbus_msg_hdr hdr = { .type = cpu_to_le32(type) };
	struct vsp_out *out;
	uint32_t i;

	for (i = 0; i < sizeof(msg); i++)
		msg[i] = fill > 0xff ? (uint8_t)vsp_random(vsp) : (uint8_t)fill;
	if (fill && fill <= 0xff)
		hdr.padding = cpu_to_le32(0xffffffffu);
	memcpy(msg, &hdr, sizeof(hdr));
	out = vsp_new_message(vsp, vsp->vp, msg, len);
	if (out)
		vsp_deliver(vsp, out);
}

/*
 * Every type of message, also those that do not exist or are the guest's: about
 * channel 0, about ids nobody has, too short, as long as can be, and longer.
 */
void vsp_barrage(struct vsp *vsp)
{
	uint32_t type, len;

	for (type = 0; type <= VMBUS_MSG_TYPE_COUNT; type++) {
		len = vsp_message_len(type);
		if (!len)
			len = 16;
		barrage_one(vsp, type, 0, len);
		barrage_one(vsp, type, 0xff, len);
		barrage_one(vsp, type, 0xff, len - 1);
		barrage_one(vsp, type, 0, 4);
		barrage_one(vsp, type, 0x100, VMBUS_MSG_MAX_LEN);
		barrage_one(vsp, type, 0, 255);
	}
}

/* Packets -------------------------------------------------------------------------*/

int vsp_inject_packet(struct vsp *vsp, const char *args, char *err, size_t err_len)
{
	uint8_t payload[8192];
	uint64_t type = VMBUS_PKT_INBAND, flags = 0, id = 0, offset8 = 2, len8 = 0, number;
	char copy[1024], *rest, *name, *value;
	struct vmbus_pkt_hdr hdr;
	struct vsp_chan *chan;
	bool len8_given = false;
	uint32_t len = 0;
	int bytes, r;

	snprintf(copy, sizeof(copy), "x %s", args);
	strtok_r(copy, " ", &rest);
	name = strtok_r(NULL, " \t", &rest);
	chan = name ? vsp_chan_named(vsp, name) : NULL;
	if (!chan)
		return refuse(err, err_len, args, "no such channel");
	memset(payload, 0xee, sizeof(payload));
	while (next_word(&rest, &name, &value)) {
		if (!value)
			return refuse(err, err_len, name, "is what?");
		if (!strcmp(name, "hex")) {
			bytes = from_hex(value, payload, sizeof(payload));
			if (bytes < 0)
				return refuse(err, err_len, value, "not bytes in hex");
			len = (uint32_t)bytes;
			continue;
		}
		if (!value_of(vsp, value, &number))
			return refuse(err, err_len, value, "not a number");
		if (!strcmp(name, "type")) {
			type = number;
		} else if (!strcmp(name, "flags")) {
			flags = number;
		} else if (!strcmp(name, "id")) {
			id = number;
		} else if (!strcmp(name, "offset8")) {
			offset8 = number;
		} else if (!strcmp(name, "len8")) {
			len8 = number;
			len8_given = true;
		} else if (!strcmp(name, "len") && number <= sizeof(payload)) {
			len = (uint32_t)number;
		} else {
			return refuse(err, err_len, name, "a packet has no such field");
		}
	}
	if (!len8_given)
		len8 = (sizeof(hdr) + len + 7) / 8;
	hdr = (struct vmbus_pkt_hdr) {
		.type = cpu_to_le16((uint16_t)type),
		.offset8 = cpu_to_le16((uint16_t)offset8),
		.len8 = cpu_to_le16((uint16_t)len8),
		.flags = cpu_to_le16((uint16_t)flags),
		.id = cpu_to_le64(id),
	};
	r = vsp_chan_put_raw(chan, &hdr, payload, len);
	if (r)
		return refuse(err, err_len, args, r == -EAGAIN ? "the ring is full" :
								 "the channel is not open");
	return 0;
}

/* Devices that are none --------------------------------------------------------------*/

static void phantom_channel(void *dev, struct vsp_chan *chan)
{
	(void)dev, (void)chan;
}

static void phantom_packet(void *dev, struct vsp_chan *chan, struct vsp_pkt *pkt)
{
	(void)dev, (void)chan, (void)pkt;
}

/* No driver has this class. */
static const struct vsp_device_ops phantom_ops = {
	.name = "phantom",
	.class_id = { { 0xfa, 0x11, 0xab, 0x1e } },
	.chan_opened = phantom_channel,
	.chan_closed = phantom_channel,
	.packet = phantom_packet,
};

static int phantom_offer(struct vsp *vsp, uint32_t number)
{
	struct wire_guid instance = { { 0xfa, 0x17 } };
	struct vsp_device *device;
	char label[32];

	snprintf(label, sizeof(label), "phantom%u", number);
	device = vsp_device_find(vsp, label);
	if (device)
		return device->gone ? vsp_device_offer(device) : 0;
	put_number(instance.b + 8, 4, number);
	return vsp_device_add(vsp, &phantom_ops, NULL, &instance, label) ? 0 : -ENOMEM;
}

int vsp_phantoms(struct vsp *vsp, uint32_t count)
{
	struct vsp_device *device;
	uint32_t i;

	for (i = 0; i < count; i++)
		if (phantom_offer(vsp, i))
			return -ENOSPC;
	for (device = vsp->devices; device; device = device->next) {
		if (device->ops != &phantom_ops || device->gone)
			continue;
		if (strtoul(device->label + strlen("phantom"), NULL, 10) < count)
			continue;
		device->gone = true;
		if (device->primary && device->primary->state != VSP_CHAN_REVOKED)
			vsp_chan_rescind(device->primary);
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * msg.c - the table of control messages, and how each is built and checked
 */
#include "msg.h"
#include "wire/tlfs.h"

/*
 * The first version of the protocol. A message that came with it still needs
 * a connection, which is what tells it from a version of 0, "always".
 */
#define FIRST_VERSION	VMBUS_VERSION(0u, 13u)

#define ROW(TYPE, words, type, way, first) \
	[VMBUS_MSG_##TYPE] = { .name = words, .min_len = sizeof(type), \
			       .from_host = way, .since = first }
#define FROM_HOST(TYPE, words, type, first)	ROW(TYPE, words, type, true, first)
#define FROM_GUEST(TYPE, words, type, first)	ROW(TYPE, words, type, false, first)
#define UNASKED(TYPE, words, first) \
	[VMBUS_MSG_##TYPE] = { .name = words, .min_len = sizeof(struct vmbus_msg_hdr), \
			       .from_host = true, .ignored = true, .since = first }

/* A row without a name is a number no message has. */
static const struct msg_info table[VMBUS_MSG_TYPE_COUNT] = {
	FROM_HOST(OFFER, "offer", struct vmbus_msg_offer, FIRST_VERSION),
	FROM_HOST(RESCIND, "rescind", struct vmbus_msg_rescind, FIRST_VERSION),
	FROM_GUEST(REQUEST_OFFERS, "request-offers", struct vmbus_msg_hdr, FIRST_VERSION),
	FROM_HOST(ALL_OFFERS_DELIVERED, "all-offers-delivered", struct vmbus_msg_hdr,
		  FIRST_VERSION),
	FROM_GUEST(OPEN, "open", struct vmbus_msg_open, FIRST_VERSION),
	FROM_HOST(OPEN_RESULT, "open-result", struct vmbus_msg_open_result, FIRST_VERSION),
	FROM_GUEST(CLOSE, "close", struct vmbus_msg_close, FIRST_VERSION),
	FROM_GUEST(GPADL_HEADER, "gpadl-header", struct vmbus_msg_gpadl_header, FIRST_VERSION),
	FROM_GUEST(GPADL_BODY, "gpadl-body", struct vmbus_msg_gpadl_body, FIRST_VERSION),
	FROM_HOST(GPADL_CREATED, "gpadl-created", struct vmbus_msg_gpadl_created, FIRST_VERSION),
	FROM_GUEST(GPADL_TEARDOWN, "gpadl-teardown", struct vmbus_msg_gpadl_teardown,
		   FIRST_VERSION),
	FROM_HOST(GPADL_TORNDOWN, "gpadl-torndown", struct vmbus_msg_gpadl_torndown,
		  FIRST_VERSION),
	FROM_GUEST(RELID_RELEASED, "relid-released", struct vmbus_msg_relid_released,
		   FIRST_VERSION),
	FROM_GUEST(INITIATE_CONTACT, "initiate-contact", struct vmbus_msg_initiate_contact, 0),
	FROM_HOST(VERSION_RESPONSE, "version-response", struct vmbus_msg_version_response, 0),
	FROM_GUEST(UNLOAD, "unload", struct vmbus_msg_hdr, FIRST_VERSION),
	FROM_HOST(UNLOAD_RESPONSE, "unload-response", struct vmbus_msg_hdr,
		  VMBUS_VERSION(1u, 1u)),
	FROM_GUEST(TL_CONNECT_REQUEST, "tl-connect-request", struct vmbus_msg_hdr,
		   VMBUS_VERSION_4_0),
	FROM_GUEST(MODIFY_CHANNEL, "modify-channel", struct vmbus_msg_modify_channel,
		   VMBUS_VERSION_4_1),
	/* Sockets are not ours; nobody has asked for one, so a result is of no use. */
	UNASKED(TL_CONNECT_RESULT, "tl-connect-result", VMBUS_VERSION_4_1),
	FROM_HOST(MODIFY_CHANNEL_RESPONSE, "modify-channel-response",
		  struct vmbus_msg_modify_channel_response, VMBUS_VERSION_5_3),
	/* What follows answers questions that we have no use for and never ask. */
	FROM_GUEST(OPEN_RESERVED, "open-reserved", struct vmbus_msg_hdr, VMBUS_VERSION_4_0),
	FROM_GUEST(CLOSE_RESERVED, "close-reserved", struct vmbus_msg_hdr, 0),
	UNASKED(CLOSE_RESERVED_RESPONSE, "close-reserved-response", VMBUS_VERSION_4_0),
	FROM_GUEST(MODIFY_CONNECTION, "modify-connection", struct vmbus_msg_hdr,
		   VMBUS_VERSION_6_0),
	UNASKED(MODIFY_CONNECTION_RESPONSE, "modify-connection-response", VMBUS_VERSION_6_0),
	FROM_GUEST(PAUSE, "pause", struct vmbus_msg_hdr, VMBUS_VERSION_6_0),
	UNASKED(PAUSE_RESPONSE, "pause-response", VMBUS_VERSION_6_0),
	FROM_GUEST(RESUME, "resume", struct vmbus_msg_hdr, VMBUS_VERSION_6_0),
};

const struct msg_info *msg_info(u32 type)
{
	if (type >= ARRAY_SIZE(table) || !table[type].name)
		return NULL;
	return &table[type];
}

const char *msg_name(u32 type)
{
	const struct msg_info *info = msg_info(type);

	return info ? info->name : "unknown";
}

const char *msg_verdict_name(enum msg_verdict verdict)
{
	static const char * const names[MSG_VERDICT_COUNT] = {
		[MSG_OK]	= "ok",
		[MSG_SHORT]	= "short",
		[MSG_LONG]	= "long",
		[MSG_UNKNOWN]	= "unknown",
		[MSG_WRONG_WAY]	= "wrong-way",
		[MSG_TOO_NEW]	= "too-new",
		[MSG_IGNORED]	= "ignored",
	};

	return names[verdict];
}

enum msg_verdict msg_check(const void *msg, u32 len, u32 version, u32 *type)
{
	const struct vmbus_msg_hdr *hdr = msg;
	const struct msg_info *info;
	u32 number;

	if (len > VMBUS_MSG_MAX_LEN)
		return MSG_LONG;
	if (len < sizeof(*hdr))
		return MSG_SHORT;

	number = le32_to_cpu(hdr->type);
	info = msg_info(number);
	if (!info)
		return MSG_UNKNOWN;
	if (!info->from_host)
		return MSG_WRONG_WAY;
	if (info->since > version)
		return MSG_TOO_NEW;
	if (len < info->min_len)
		return MSG_SHORT;
	if (info->ignored)
		return MSG_IGNORED;

	*type = number;
	return MSG_OK;
}

int msg_parse_offer(const struct vmbus_msg_offer *msg, struct msg_offer *offer)
{
	u32 relid = le32_to_cpu(msg->relid);
	u32 connection_id = le32_to_cpu(msg->connection_id);

	if (!relid || relid > VMBUS_RELID_MAX)
		return -EPROTO;
	if (!connection_id || connection_id & ~TLFS_CONNECTION_ID_MASK)
		return -EPROTO;

	offer->class_id = msg->class_id;
	offer->instance_id = msg->instance_id;
	offer->relid = relid;
	offer->connection_id = connection_id;
	offer->flags = le16_to_cpu(msg->flags);
	offer->mmio_megabytes = le16_to_cpu(msg->mmio_megabytes);
	offer->sub_channel_index = le16_to_cpu(msg->sub_channel_index);
	offer->monitor_id = msg->monitor_id;
	/* QEMU sends id 0 without the bit, others 0xff; the page has 128 places. */
	offer->monitored = msg->monitor_allocated & 1 && msg->monitor_id < 128;
	offer->dedicated = le16_to_cpu(msg->dedicated_interrupt) & 1;
	memcpy(offer->user, msg->user, sizeof(offer->user));
	return 0;
}

u32 msg_put_simple(struct vmbus_msg_hdr *hdr, u32 type)
{
	*hdr = (struct vmbus_msg_hdr) {
		.type = cpu_to_le32(type),
	};
	return sizeof(*hdr);
}

u32 msg_put_relid(struct vmbus_msg_close *msg, u32 type, u32 relid)
{
	*msg = (struct vmbus_msg_close) {
		.hdr.type = cpu_to_le32(type),
		.relid = cpu_to_le32(relid),
	};
	return sizeof(*msg);
}

u32 msg_put_open(struct vmbus_msg_open *msg, u32 relid, u32 open_id, u32 ring_gpadl,
		 u32 target_vp, u32 rx_ring_page, const void *user, u32 user_len)
{
	*msg = (struct vmbus_msg_open) {
		.hdr.type = cpu_to_le32(VMBUS_MSG_OPEN),
		.relid = cpu_to_le32(relid),
		.open_id = cpu_to_le32(open_id),
		.ring_gpadl = cpu_to_le32(ring_gpadl),
		.target_vp = cpu_to_le32(target_vp),
		.rx_ring_page = cpu_to_le32(rx_ring_page),
	};
	if (user)
		memcpy(msg->user, user, user_len);
	return sizeof(*msg);
}

u32 msg_put_gpadl_teardown(struct vmbus_msg_gpadl_teardown *msg, u32 relid, u32 gpadl)
{
	*msg = (struct vmbus_msg_gpadl_teardown) {
		.hdr.type = cpu_to_le32(VMBUS_MSG_GPADL_TEARDOWN),
		.relid = cpu_to_le32(relid),
		.gpadl = cpu_to_le32(gpadl),
	};
	return sizeof(*msg);
}

u32 msg_put_modify_channel(struct vmbus_msg_modify_channel *msg, u32 relid, u32 target_vp)
{
	*msg = (struct vmbus_msg_modify_channel) {
		.hdr.type = cpu_to_le32(VMBUS_MSG_MODIFY_CHANNEL),
		.relid = cpu_to_le32(relid),
		.target_vp = cpu_to_le32(target_vp),
	};
	return sizeof(*msg);
}

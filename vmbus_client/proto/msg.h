/* SPDX-License-Identifier: GPL-2.0 */
/*
 * msg.h - the table of control messages, and how each is built and checked
 */
#ifndef VMBUS_KIT_PROTO_MSG_H
#define VMBUS_KIT_PROTO_MSG_H

#include "env.h"
#include "wire/msg.h"

/* Why a message from the host is not looked at; each is counted apart. */
enum msg_verdict {
	MSG_OK,
	MSG_SHORT,		/* shorter than its structure */
	MSG_LONG,		/* longer than any message can be */
	MSG_UNKNOWN,		/* no such type */
	MSG_WRONG_WAY,		/* a type only guests send */
	MSG_TOO_NEW,		/* not part of the negotiated version */
	MSG_IGNORED,		/* known, harmless, answers nothing we ever ask */
	MSG_VERDICT_COUNT
};

/* One row of the message table. */
struct msg_info {
	const char *name;
	u16 min_len;		/* bytes, header included */
	bool from_host;
	bool ignored;
	u32 since;		/* first version, 0 for all */
};

/* An offer, checked and in native byte order. */
struct msg_offer {
	struct wire_guid class_id;
	struct wire_guid instance_id;
	u32 relid;
	u32 connection_id;
	u16 flags;
	u16 mmio_megabytes;
	u16 sub_channel_index;
	u8 monitor_id;
	bool monitored;
	bool dedicated;
	u8 user[VMBUS_OFFER_USER_LEN];
};

/**
 * msg_info() - the row of a message type
 * @type: enum vmbus_msg_type
 *
 * Return: the row, or NULL if there is no such message.
 */
const struct msg_info *msg_info(u32 type);

/**
 * msg_name() - a message's name for logs and traces
 * @type: any value
 *
 * Return: never NULL.
 */
const char *msg_name(u32 type);

/**
 * msg_verdict_name() - a verdict's name for counters
 * @verdict: below MSG_VERDICT_COUNT
 *
 * Return: short lower-case word.
 */
const char *msg_verdict_name(enum msg_verdict verdict);

/**
 * msg_check() - may this message from the host be looked at?
 * @msg: private copy, at least 8-byte aligned
 * @len: its length as the SynIC slot said
 * @version: negotiated version, 0 while there is none
 * @type: set to the type when the verdict is MSG_OK
 *
 * The only place where the length of a control message is checked.
 *
 * Return: verdict.
 */
enum msg_verdict msg_check(const void *msg, u32 len, u32 version, u32 *type);

/**
 * msg_parse_offer() - read an offer
 * @msg: passed msg_check()
 * @offer: to fill in
 *
 * Return: 0, or -EPROTO if the relid or the connection id cannot be.
 */
int msg_parse_offer(const struct vmbus_msg_offer *msg, struct msg_offer *offer);

/*
 * Builders. Each fills a zeroed message and returns its length in bytes.
 */

/**
 * msg_put_simple() - a message without a body
 * @hdr: to fill in
 * @type: REQUEST_OFFERS or UNLOAD
 *
 * Return: length.
 */
u32 msg_put_simple(struct vmbus_msg_hdr *hdr, u32 type);

/**
 * msg_put_relid() - a message whose body is a relid
 * @msg: to fill in (CLOSE, RELID_RELEASED and RESCIND share this layout)
 * @type: CLOSE or RELID_RELEASED
 * @relid: channel
 *
 * Return: length.
 */
u32 msg_put_relid(struct vmbus_msg_close *msg, u32 type, u32 relid);

/**
 * msg_put_open() - open a channel
 * @msg: to fill in
 * @relid: channel
 * @open_id: comes back in the result
 * @ring_gpadl: both rings
 * @target_vp: VP index to interrupt, or VMBUS_VP_NO_INTERRUPT
 * @rx_ring_page: first page of the host-to-guest ring
 * @user: device data, may be NULL
 * @user_len: bytes, at most VMBUS_OPEN_USER_LEN
 *
 * Return: length.
 */
u32 msg_put_open(struct vmbus_msg_open *msg, u32 relid, u32 open_id, u32 ring_gpadl,
		 u32 target_vp, u32 rx_ring_page, const void *user, u32 user_len);

/**
 * msg_put_gpadl_teardown() - take pages back
 * @msg: to fill in
 * @relid: channel the GPADL was made on
 * @gpadl: handle
 *
 * Return: length.
 */
u32 msg_put_gpadl_teardown(struct vmbus_msg_gpadl_teardown *msg, u32 relid, u32 gpadl);

/**
 * msg_put_modify_channel() - move a channel's interrupts
 * @msg: to fill in
 * @relid: an open channel
 * @target_vp: VP index
 *
 * Return: length.
 */
u32 msg_put_modify_channel(struct vmbus_msg_modify_channel *msg, u32 relid, u32 target_vp);

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * net.c - the host end of a synthetic NIC: handshake, buffers, sub-channels,
 * and who gets which message
 */
#include "net.h"

#include <stdlib.h>
#include <string.h>

#define PAGE			4096u
/* Other hosts leave that much of a piece for headers, and some behind the frame. */
#define PIECE_HEADERS		256u
#define PIECE_TAIL		36u
#define MTU_MIN			1514u
#define MDL_CHAIN_MAX		34u
#define VF_ID			0x8000000000000000ull

/* To the guest ----------------------------------------------------------------------*/

uint32_t net_message_len(const struct net *net)
{
	return net->version >= NVSP_VERSION_6_1 ? NVSP_MSG_LEN_6_1 : NVSP_MSG_LEN;
}

void net_complete(struct net *net, struct vsp_chan *chan, uint64_t id, const void *msg,
		  uint32_t len)
{
	uint8_t bytes[NVSP_MSG_LEN_6_1] = { 0 };
	uint32_t padded = net_message_len(net);

	if (!len) {
		vsp_chan_complete(chan, id, NULL, 0);
		return;
	}
	memcpy(bytes, msg, len);
	vsp_chan_complete(chan, id, bytes, padded);
}

/* In an answer of the handshake anything may be a lie. */
static void answer(struct net *net, struct vsp_chan *chan, const struct vsp_pkt *pkt, void *msg,
		   uint32_t len)
{
	uint32_t unused;

	net_lie_words(net, NET_LIE_NVSP_REPLY, msg, len);
	if (net_lie(net, NET_LIE_REPLY_NEVER, &unused))
		return;
	if (!pkt->wants_completion) {
		net_breach(net, "message %u asks for no answer",
			   le32_to_cpu(((struct nvsp_hdr *)msg)->type));
		return;
	}
	net_complete(net, chan, pkt->id, msg, len);
	if (net_lie(net, NET_LIE_REPLY_TWICE, &unused))
		net_complete(net, chan, pkt->id, msg, len);
}

bool net_send_inband(struct net *net, uint64_t id, bool ask, const void *msg, uint32_t len)
{
	uint8_t bytes[NVSP_INDIRECTION_PADDED_LEN + 4 * NET_TABLE_MAX] = { 0 };

	if (!net->chans[0] || len > sizeof(bytes))
		return false;
	memcpy(bytes, msg, len);
	if (len < net_message_len(net))
		len = net_message_len(net);
	vsp_chan_send_inband(net->chans[0], id, ask, bytes, len);
	return true;
}

void net_announce_vf(struct net *net)
{
	struct nvsp_vf_association msg = {
		.hdr.type = cpu_to_le32(NVSP_MSG_VF_ASSOCIATION),
		.allocated = cpu_to_le32(net->vf),
		.serial = cpu_to_le32(net->vf_serial),
	};

	if (net->rndis_up && net->version >= NVSP_VERSION_4 &&
	    (net->capabilities & NVSP_CAP_SRIOV))
		net_send_inband(net, 0, false, &msg, sizeof(msg));
}

/* @count and @offset need not be what a guest expects. */
bool net_send_table(struct net *net, const uint32_t *table, uint32_t count, uint32_t offset)
{
	struct nvsp_indirection_table msg = {
		.hdr.type = cpu_to_le32(NVSP_MSG_INDIRECTION_TABLE),
		.count = cpu_to_le32(count),
		.offset = cpu_to_le32(offset),
	};
	uint8_t bytes[NVSP_INDIRECTION_PADDED_OFFSET + 4 * NET_TABLE_MAX] = { 0 };
	uint32_t i, at = offset, entry;

	if (net->state != NET_READY || net->version < NVSP_VERSION_5)
		return false;
	if (at < sizeof(msg) || at > NVSP_INDIRECTION_PADDED_OFFSET)
		at = sizeof(msg);
	memcpy(bytes, &msg, sizeof(msg));
	for (i = 0; i < count && i < NET_TABLE_MAX; i++) {
		entry = cpu_to_le32(table[i]);
		memcpy(bytes + at + 4 * i, &entry, sizeof(entry));
	}
	return net_send_inband(net, 0, false, bytes, at + 4 * i);
}

/* Which of its channels the guest shall send on: all alike. */
static void send_default_table(struct net *net)
{
	uint32_t table[NVSP_INDIRECTION_CNT], i;

	for (i = 0; i < NVSP_INDIRECTION_CNT; i++)
		table[i] = i % net->open_cnt;
	net_send_table(net, table, NVSP_INDIRECTION_CNT, sizeof(struct nvsp_indirection_table));
}

/* Handshake -------------------------------------------------------------------------*/

static bool known_version(const struct net *net, uint32_t version)
{
	static const uint32_t known[] = {
		NVSP_VERSION_1, NVSP_VERSION_2, NVSP_VERSION_4,
		NVSP_VERSION_5, NVSP_VERSION_6, NVSP_VERSION_6_1,
	};
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i] == version)
			return version <= net->max_version;
	return false;
}

static void init(struct net *net, struct vsp_chan *chan, const struct vsp_pkt *pkt)
{
	struct nvsp_init_complete reply = {
		.hdr.type = cpu_to_le32(NVSP_MSG_INIT_COMPLETE),
		.version = cpu_to_le32(NVSP_VERSION_INVALID),
		.mdl_chain_max = cpu_to_le32(MDL_CHAIN_MAX),
		.status = cpu_to_le32(NVSP_STATUS_NONE),
	};
	struct nvsp_init msg;
	uint32_t version;

	memcpy(&msg, pkt->payload, sizeof(msg));
	version = le32_to_cpu(msg.version_min);
	if (net->state != NET_NEW) {
		net_breach(net, "a version proposed when one was agreed on already");
		return;
	}
	if (msg.version_min != msg.version_max)
		net_breach(net, "proposes %#x to %#x; a host looks at one", version,
			   le32_to_cpu(msg.version_max));
	if (known_version(net, version)) {
		reply.status = cpu_to_le32(NVSP_STATUS_SUCCESS);
		if (version == NVSP_VERSION_1)
			reply.version = cpu_to_le32(version);
	}
	/* The answer still has the size of before. */
	answer(net, chan, pkt, &reply, sizeof(reply));
	if (le32_to_cpu(reply.status) != NVSP_STATUS_SUCCESS)
		return;
	net->version = version;
	net->state = NET_CONFIGURING;
}

static void ndis_config(struct net *net, const struct vsp_pkt *pkt)
{
	struct nvsp_ndis_config msg;
	uint32_t mtu;

	memcpy(&msg, pkt->payload, sizeof(msg));
	if (net->version < NVSP_VERSION_2 || net->config_seen || net->recv.lent) {
		net_breach(net, "NDIS configuration sent twice, too late, or in version 1");
		return;
	}
	net->config_seen = true;
	net->capabilities = le64_to_cpu(msg.capabilities);
	mtu = le32_to_cpu(msg.mtu);
	net->mtu = mtu >= MTU_MIN && mtu <= net->max_mtu ? mtu : MTU_MIN;
	if ((net->capabilities & NVSP_CAP_SRIOV && net->version < NVSP_VERSION_4) ||
	    (net->capabilities & NVSP_CAP_RSC && net->version < NVSP_VERSION_6_1))
		net_breach(net, "capabilities %#llx, which version %#x does not have",
			   (unsigned long long)net->capabilities, net->version);
}

static void ndis_version(struct net *net, const struct vsp_pkt *pkt)
{
	struct nvsp_ndis_version msg;

	memcpy(&msg, pkt->payload, sizeof(msg));
	if (net->ndis_seen || net->recv.lent)
		net_breach(net, "NDIS version sent twice, or too late");
	net->ndis_seen = true;
	net->ndis_minor = le32_to_cpu(msg.minor);
	if (le32_to_cpu(msg.major) != 6)
		net_breach(net, "NDIS %u.%u, and not 6", le32_to_cpu(msg.major), net->ndis_minor);
}

/* Take what the guest lends. False: that is not possible. */
static bool take_buf(struct net *net, struct vsp_chan *chan, const struct vsp_pkt *pkt,
		     struct net_buf *buf)
{
	const struct vsp_gpa_list *list;
	struct nvsp_lend_buf msg;

	memcpy(&msg, pkt->payload, sizeof(msg));
	if (buf->lent) {
		net_breach(net, "a buffer lent where one is lent already");
		return false;
	}
	if (!net->ndis_seen || (net->version >= NVSP_VERSION_2 && !net->config_seen)) {
		net_breach(net, "a buffer lent before NDIS version and configuration are said");
		return false;
	}
	list = vsp_chan_gpadl(chan, le32_to_cpu(msg.gpadl));
	if (!list || list->offset) {
		net_breach(net, "a buffer lent under handle %#x, which is none",
			   le32_to_cpu(msg.gpadl));
		return false;
	}
	buf->gpadl = le32_to_cpu(msg.gpadl);
	buf->id = le16_to_cpu(msg.id);
	buf->len = list->len;
	return true;
}

static void become_ready(struct net *net)
{
	if (net->state == NET_CONFIGURING && net->recv.lent && net->send.lent)
		net->state = NET_READY;
}

static void recv_buf(struct net *net, struct vsp_chan *chan, const struct vsp_pkt *pkt)
{
	struct nvsp_recv_buf_complete reply = {
		.hdr.type = cpu_to_le32(NVSP_MSG_RECV_BUF_COMPLETE),
		.status = cpu_to_le32(NVSP_STATUS_FAILURE),
	};
	struct net_buf *buf = &net->recv;

	if (take_buf(net, chan, pkt, buf)) {
		if (buf->id != NVSP_RECV_BUF_ID)
			net_breach(net, "the receive buffer is called %#x", buf->id);
		buf->piece_len = net->piece_wanted;
		if (!buf->piece_len)
			buf->piece_len = (net->mtu + PIECE_HEADERS + PIECE_TAIL + 7) & ~7u;
		buf->piece_cnt = buf->len / buf->piece_len;
		net->pieces = calloc(buf->piece_cnt + 1u, sizeof(*net->pieces));
		buf->lent = buf->piece_cnt && net->pieces;
	}
	if (buf->lent) {
		net_rx_start(net);
		reply.status = cpu_to_le32(NVSP_STATUS_SUCCESS);
		reply.section_cnt = cpu_to_le32(1);
		reply.sections[0].piece_len = cpu_to_le32(buf->piece_len);
		reply.sections[0].piece_cnt = cpu_to_le32(buf->piece_cnt);
		reply.sections[0].end = cpu_to_le32(buf->piece_len * buf->piece_cnt);
	}
	answer(net, chan, pkt, &reply, sizeof(reply));
	become_ready(net);
}

static void send_buf(struct net *net, struct vsp_chan *chan, const struct vsp_pkt *pkt)
{
	struct nvsp_send_buf_complete reply = {
		.hdr.type = cpu_to_le32(NVSP_MSG_SEND_BUF_COMPLETE),
		.status = cpu_to_le32(NVSP_STATUS_FAILURE),
	};
	struct net_buf *buf = &net->send;

	if (take_buf(net, chan, pkt, buf)) {
		buf->piece_len = net->section_len;
		buf->piece_cnt = buf->len / buf->piece_len;
		net->sections = calloc(buf->piece_cnt + 1u, sizeof(*net->sections));
		buf->lent = buf->piece_cnt && net->sections;
	}
	if (buf->lent) {
		reply.status = cpu_to_le32(NVSP_STATUS_SUCCESS);
		reply.section_len = cpu_to_le32(buf->piece_len);
	}
	answer(net, chan, pkt, &reply, sizeof(reply));
	become_ready(net);
}

static void revoke_buf(struct net *net, const struct vsp_pkt *pkt, struct net_buf *buf)
{
	struct nvsp_revoke_buf msg;

	memcpy(&msg, pkt->payload, sizeof(msg));
	if (!buf->lent || le16_to_cpu(msg.id) != buf->id) {
		net_breach(net, "a buffer %#x taken back that was not lent",
			   le16_to_cpu(msg.id));
		return;
	}
	if (buf == &net->recv)
		net_rx_stop(net);
	buf->lent = false;
	net->state = NET_ENDING;
}

/* Sub-channels ----------------------------------------------------------------------*/

static void offer_sub_channels(void *arg)
{
	struct net *net = arg;
	uint32_t count = net->sub_channels;

	if (count > net->sub_channels_given)
		count = net->sub_channels_given;
	if (count && vsp_device_offer_sub_channels(net->device, count))
		net_note(net, "no relid is left for %u sub-channels", count);
}

static void sub_channels(struct net *net, struct vsp_chan *chan, const struct vsp_pkt *pkt)
{
	struct nvsp_sub_channels_complete reply = {
		.hdr.type = cpu_to_le32(NVSP_MSG_SUB_CHANNELS),
		.status = cpu_to_le32(NVSP_STATUS_FAILURE),
	};
	struct nvsp_sub_channels msg;
	uint32_t count;

	memcpy(&msg, pkt->payload, sizeof(msg));
	count = le32_to_cpu(msg.count);
	if (net->version < NVSP_VERSION_5 || net->state != NET_READY || net->sub_channels ||
	    !count || le32_to_cpu(msg.operation) != NVSP_SUB_CHANNELS_ALLOCATE)
		net_breach(net, "sub-channels asked for twice, at the wrong time, or none");
	else if (net->sub_channels_max)
		reply.status = cpu_to_le32(NVSP_STATUS_SUCCESS);
	if (count > net->sub_channels_max)
		count = net->sub_channels_max;
	if (le32_to_cpu(reply.status) == NVSP_STATUS_SUCCESS) {
		net->sub_channels = count;
		reply.count = cpu_to_le32(count);
	}
	answer(net, chan, pkt, &reply, sizeof(reply));
	if (!net->sub_channels)
		return;
	if (net->sub_channels_late)
		vsp_timer_set(net->vsp, &net->offer_late,
			      vsp_now(net->vsp) + net->sub_channels_late);
	else
		offer_sub_channels(net);
}

/* Data path -------------------------------------------------------------------------*/

/* In the order in which they came. */
void net_answer_switches(struct net *net)
{
	uint32_t i;

	for (i = 0; i < net->vf_due_cnt; i++)
		net_complete(net, net->chans[0], net->vf_due[i].id, NULL, 0);
	net->vf_due_cnt = 0;
}

/* A guest may want to go back before it knows that it has got there. */
static bool is_due(const struct net *net, uint32_t path)
{
	uint32_t i;

	for (i = 0; i < net->vf_due_cnt; i++)
		if (net->vf_due[i].path == path)
			return true;
	return false;
}

static void switch_path(struct net *net, const struct vsp_pkt *pkt)
{
	struct nvsp_switch_data_path msg;
	uint32_t path;

	memcpy(&msg, pkt->payload, sizeof(msg));
	path = le32_to_cpu(msg.path);
	if (net->version < NVSP_VERSION_4 || path > NVSP_PATH_VF || is_due(net, path)) {
		net_breach(net, "data path switched to %u, or before the last such switch is over",
			   path);
		return;
	}
	if (net->vf_switches == NET_SWITCHES_IGNORED) {
		net->count.vf_ignored++;
		return;
	}
	net->count.vf_switches++;
	/* A guest may have heard late of a function that is gone. */
	net->path = net->vf ? path : NVSP_PATH_SYNTHETIC;
	if (!pkt->wants_completion)
		return;
	net->vf_due[net->vf_due_cnt++] = (struct net_switch){ pkt->id, path };
	if (net->vf_switches == NET_SWITCHES_CONFIRMED)
		net_answer_switches(net);
}

/* Packets ---------------------------------------------------------------------------*/

static void message(struct net *net, struct vsp_chan *chan, uint32_t type, struct vsp_pkt *pkt)
{
	if (net->state == NET_NEW && type != NVSP_MSG_INIT) {
		net_breach(net, "message %u before a version is agreed on", type);
		return;
	}
	switch (type) {
	case NVSP_MSG_INIT:
		init(net, chan, pkt);
		break;
	case NVSP_MSG_NDIS_CONFIG:
		ndis_config(net, pkt);
		break;
	case NVSP_MSG_NDIS_VERSION:
		ndis_version(net, pkt);
		break;
	case NVSP_MSG_RECV_BUF:
		recv_buf(net, chan, pkt);
		return;
	case NVSP_MSG_SEND_BUF:
		send_buf(net, chan, pkt);
		return;
	case NVSP_MSG_REVOKE_RECV_BUF:
		revoke_buf(net, pkt, &net->recv);
		break;
	case NVSP_MSG_REVOKE_SEND_BUF:
		revoke_buf(net, pkt, &net->send);
		break;
	case NVSP_MSG_SUB_CHANNELS:
		sub_channels(net, chan, pkt);
		return;
	case NVSP_MSG_SWITCH_DATA_PATH:
		switch_path(net, pkt);
		return;
	default:
		net_breach(net, "message %u, which this host does not know", type);
		break;
	}
	/* These have no answer, but one may be asked for. */
	if (pkt->wants_completion && type != NVSP_MSG_INIT)
		net_complete(net, chan, pkt->id, NULL, 0);
}

static void net_packet(void *dev, struct vsp_chan *chan, struct vsp_pkt *pkt)
{
	struct net *net = dev;
	struct nvsp_hdr hdr;
	uint32_t type;

	if (pkt->type == VMBUS_PKT_COMPLETION) {
		net_rx_completed(net, chan, pkt);
		return;
	}
	if (pkt->payload_len < net_message_len(net)) {
		net_breach(net, "a message of %u bytes", pkt->payload_len);
		return;
	}
	memcpy(&hdr, pkt->payload, sizeof(hdr));
	type = le32_to_cpu(hdr.type);
	if (type == NVSP_MSG_RNDIS_PACKET)
		net_tx_arrived(net, chan, pkt);
	else if (vsp_chan_index(chan) || pkt->type != VMBUS_PKT_INBAND)
		net_breach(net, "message %u on a sub-channel, or with ranges", type);
	else
		message(net, chan, type, pkt);
}

/* Opening and closing ---------------------------------------------------------------*/

static void net_opened(void *dev, struct vsp_chan *chan)
{
	uint32_t index = vsp_chan_index(chan);
	struct net *net = dev;

	if (index > NET_CHANNELS_MAX)
		return;
	net->chans[index] = chan;
	net->open_cnt++;
	if (!index) {
		net->state = NET_NEW;
		net->mtu = MTU_MIN;
	} else if (net->open_cnt == net->sub_channels + 1) {
		send_default_table(net);
	}
}

/* Everything the guest has said is forgotten. */
static void begin_anew(struct net *net)
{
	vsp_timer_cancel(net->vsp, &net->offer_late);
	net_rx_stop(net);
	net->state = NET_CLOSED;
	net->version = 0;
	net->config_seen = false;
	net->ndis_seen = false;
	net->capabilities = 0;
	memset(&net->recv, 0, sizeof(net->recv));
	memset(&net->send, 0, sizeof(net->send));
	free(net->sections);
	net->sections = NULL;
	net->sub_channels = 0;
	net->path = NVSP_PATH_SYNTHETIC;
	net->vf_due_cnt = 0;
	net_rndis_reset(net);
}

static void net_closed(void *dev, struct vsp_chan *chan)
{
	uint32_t index = vsp_chan_index(chan);
	struct net *net = dev;

	if (index > NET_CHANNELS_MAX || net->chans[index] != chan)
		return;
	net_tx_drop(net, chan);
	net_rx_forget(net, index);
	net->chans[index] = NULL;
	net->open_cnt--;
	if (!index)
		begin_anew(net);
}

const struct vsp_device_ops net_ops = {
	.name = "net",
	.class_id = WIRE_GUID_NIC,
	.chan_opened = net_opened,
	.chan_closed = net_closed,
	.packet = net_packet,
	.command = net_command,
	.counters = net_put_counters,
	.reset_counters = net_reset_counters,
	.destroy = net_destroy,
};

void net_init(struct net *net)
{
	net->offer_late.fn = offer_sub_channels;
	net->offer_late.arg = net;
	net->timer.fn = net_tx_timer;
	net->timer.arg = net;
	net->flush.fn = net_rx_flush;
	net->flush.arg = net;
	net->jobs_end = &net->jobs;
	net->notices_end = &net->notices;
	net->waiting_end = &net->waiting;
	net_peer_init(net);
	net_vf_init(net);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * nvsp.c - network virtual service protocol: handshake, buffers, where frames lie
 */
#include "nvsp.h"

static void start(union nvsp_msg *msg, enum nvsp_msg_type type)
{
	memset(msg, 0, sizeof(*msg));
	msg->hdr.type = cpu_to_le32(type);
}

static bool is_reply(const void *payload, u32 len, enum nvsp_msg_type type, u32 least)
{
	const struct nvsp_hdr *hdr = payload;

	return len >= least && le32_to_cpu(hdr->type) == type;
}

/* Versions --------------------------------------------------------------------*/

static const u32 rungs[] = {
	NVSP_VERSION_6_1, NVSP_VERSION_6, NVSP_VERSION_5,
	NVSP_VERSION_4, NVSP_VERSION_2, NVSP_VERSION_1,
};

u32 nvsp_ladder_next(struct nvsp_ladder *ladder, union nvsp_msg *msg)
{
	u32 version;

	if (ladder->rung >= ARRAY_SIZE(rungs))
		return 0;
	version = rungs[ladder->rung++];
	start(msg, NVSP_MSG_INIT);
	msg->init.version_min = cpu_to_le32(version);
	msg->init.version_max = cpu_to_le32(version);
	return version;
}

int nvsp_parse_init(const void *payload, u32 len)
{
	const struct nvsp_init_complete *reply = payload;

	if (!is_reply(payload, len, NVSP_MSG_INIT_COMPLETE, sizeof(*reply)))
		return -EPROTO;
	return le32_to_cpu(reply->status) == NVSP_STATUS_SUCCESS ? 0 : -EPROTONOSUPPORT;
}

void nvsp_put_ndis_config(union nvsp_msg *msg, u32 version, u32 frame_len, bool sriov)
{
	u64 caps = NVSP_CAP_8021Q;

	if (version >= NVSP_VERSION_5)
		caps |= NVSP_CAP_TEAMING | (sriov ? NVSP_CAP_SRIOV : 0);
	if (version >= NVSP_VERSION_6_1)
		caps |= NVSP_CAP_RSC;
	start(msg, NVSP_MSG_NDIS_CONFIG);
	msg->ndis_config.mtu = cpu_to_le32(frame_len);
	env_put_le64(&msg->ndis_config.capabilities, caps);
}

u32 nvsp_ndis_minor(u32 version)
{
	return version <= NVSP_VERSION_4 ? 1 : 30;
}

u8 nvsp_offload_revision(u32 version)
{
	if (version >= NVSP_VERSION_5)
		return 3;
	return version == NVSP_VERSION_4 ? 2 : 1;
}

void nvsp_put_ndis_version(union nvsp_msg *msg, u32 version)
{
	start(msg, NVSP_MSG_NDIS_VERSION);
	msg->ndis_version.major = cpu_to_le32(6);
	msg->ndis_version.minor = cpu_to_le32(nvsp_ndis_minor(version));
}

/* Buffers -----------------------------------------------------------------------*/

static void lend(union nvsp_msg *msg, enum nvsp_msg_type type, u32 gpadl, u16 id)
{
	start(msg, type);
	msg->lend_buf.gpadl = cpu_to_le32(gpadl);
	msg->lend_buf.id = cpu_to_le16(id);
}

void nvsp_put_recv_buf(union nvsp_msg *msg, u32 gpadl)
{
	lend(msg, NVSP_MSG_RECV_BUF, gpadl, NVSP_RECV_BUF_ID);
}

void nvsp_put_send_buf(union nvsp_msg *msg, u32 gpadl)
{
	lend(msg, NVSP_MSG_SEND_BUF, gpadl, NVSP_SEND_BUF_ID);
}

void nvsp_put_revoke_recv_buf(union nvsp_msg *msg)
{
	start(msg, NVSP_MSG_REVOKE_RECV_BUF);
	msg->revoke_buf.id = cpu_to_le16(NVSP_RECV_BUF_ID);
}

void nvsp_put_revoke_send_buf(union nvsp_msg *msg)
{
	start(msg, NVSP_MSG_REVOKE_SEND_BUF);
	msg->revoke_buf.id = cpu_to_le16(NVSP_SEND_BUF_ID);
}

int nvsp_parse_recv_buf(const void *payload, u32 len, u32 buf_len, struct nvsp_pieces *pieces)
{
	const struct nvsp_recv_buf_complete *reply = payload;
	u32 piece_len, piece_cnt;

	/* A refusal may do without a section. */
	if (!is_reply(payload, len, NVSP_MSG_RECV_BUF_COMPLETE, 8))
		return -EPROTO;
	if (le32_to_cpu(reply->status) != NVSP_STATUS_SUCCESS)
		return -EIO;
	if (len < sizeof(*reply))
		return -EPROTO;
	piece_len = le32_to_cpu(reply->sections[0].piece_len);
	piece_cnt = le32_to_cpu(reply->sections[0].piece_cnt);
	if (le32_to_cpu(reply->section_cnt) != 1 || reply->sections[0].offset ||
	    piece_len < NVSP_MIN_PIECE_LEN || !piece_cnt ||
	    (u64)piece_len * piece_cnt > buf_len)
		return -EPROTO;
	pieces->len = piece_len;
	pieces->cnt = piece_cnt;
	return 0;
}

int nvsp_parse_send_buf(const void *payload, u32 len, u32 buf_len, struct nvsp_pieces *pieces)
{
	const struct nvsp_send_buf_complete *reply = payload;
	u32 piece_len;

	if (!is_reply(payload, len, NVSP_MSG_SEND_BUF_COMPLETE, sizeof(*reply)))
		return -EPROTO;
	if (le32_to_cpu(reply->status) != NVSP_STATUS_SUCCESS)
		return -EIO;
	piece_len = le32_to_cpu(reply->section_len);
	/* Messages of RNDIS begin at multiples of 8 at least. */
	if (piece_len < NVSP_MIN_PIECE_LEN || piece_len > buf_len || piece_len % 8)
		return -EPROTO;
	pieces->len = piece_len;
	pieces->cnt = buf_len / piece_len;
	return 0;
}

/* Sub-channels and the other path ------------------------------------------------*/

void nvsp_put_sub_channels(union nvsp_msg *msg, u32 count)
{
	start(msg, NVSP_MSG_SUB_CHANNELS);
	msg->sub_channels.operation = cpu_to_le32(NVSP_SUB_CHANNELS_ALLOCATE);
	msg->sub_channels.count = cpu_to_le32(count);
}

int nvsp_parse_sub_channels(const void *payload, u32 len, u32 asked, u32 *granted)
{
	const struct nvsp_sub_channels_complete *reply = payload;
	u32 count;

	if (!is_reply(payload, len, NVSP_MSG_SUB_CHANNELS, sizeof(*reply)))
		return -EPROTO;
	if (le32_to_cpu(reply->status) != NVSP_STATUS_SUCCESS)
		return -EIO;
	count = le32_to_cpu(reply->count);
	if (count > asked)
		return -EPROTO;
	*granted = count;
	return 0;
}

void nvsp_put_switch_data_path(union nvsp_msg *msg, u32 path)
{
	start(msg, NVSP_MSG_SWITCH_DATA_PATH);
	msg->switch_data_path.path = cpu_to_le32(path);
}

/* Frames ---------------------------------------------------------------------------*/

int nvsp_parse_rx(const void *ext, u32 ext_len, const void *payload, u32 payload_len,
		  struct nvsp_rx *rx)
{
	const struct vmbus_pkt_transfer_pages *xfer = ext;
	const struct nvsp_rndis_packet *msg = payload;
	u32 cnt, type;

	if (ext_len < sizeof(*xfer) || payload_len < 8 ||
	    msg->hdr.type != cpu_to_le32(NVSP_MSG_RNDIS_PACKET) ||
	    xfer->set_id != cpu_to_le16(NVSP_RECV_BUF_ID))
		return -EPROTO;
	cnt = le32_to_cpu(xfer->range_count);
	type = le32_to_cpu(msg->channel_type);
	if (!cnt || cnt > NVSP_MAX_RANGES || type > NVSP_CHANNEL_CONTROL ||
	    cnt > (ext_len - sizeof(*xfer)) / sizeof(struct vmbus_transfer_range))
		return -EPROTO;
	rx->ranges = (const void *)(xfer + 1);
	rx->cnt = cnt;
	rx->control = type == NVSP_CHANNEL_CONTROL;
	return 0;
}

/* Notices ----------------------------------------------------------------------------*/

static enum nvsp_notice parse_table(const void *payload, u32 len, u32 version,
				    struct nvsp_note *note)
{
	const struct nvsp_indirection_table *table = payload;
	const u32 bytes = NVSP_INDIRECTION_CNT * sizeof(__le32);
	u32 i, offset, entry;

	if (len < sizeof(*table) || le32_to_cpu(table->count) != NVSP_INDIRECTION_CNT)
		return NVSP_NOTICE_BAD;
	offset = le32_to_cpu(table->offset);
	/* Older hosts that pad the table say where it is not. */
	if (version <= NVSP_VERSION_6 && len >= NVSP_INDIRECTION_PADDED_LEN)
		offset = NVSP_INDIRECTION_PADDED_OFFSET;
	if (offset < sizeof(*table) || len < bytes || offset > len - bytes)
		return NVSP_NOTICE_BAD;
	for (i = 0; i < NVSP_INDIRECTION_CNT; i++) {
		__le32 le;

		memcpy(&le, (const u8 *)payload + offset + i * sizeof(le), sizeof(le));
		entry = le32_to_cpu(le);
		if (entry > NVSP_MAX_SUB_CHANNELS)
			return NVSP_NOTICE_BAD;
		note->table[i] = entry;
	}
	return NVSP_NOTICE_TABLE;
}

enum nvsp_notice nvsp_parse_notice(const void *payload, u32 len, u32 version,
				   struct nvsp_note *note)
{
	const struct nvsp_vf_association *vf = payload;
	const struct nvsp_switch_data_path *path = payload;
	const struct nvsp_hdr *hdr = payload;

	if (len < sizeof(*hdr))
		return NVSP_NOTICE_BAD;
	switch (le32_to_cpu(hdr->type)) {
	case NVSP_MSG_INDIRECTION_TABLE:
		return parse_table(payload, len, version, note);
	case NVSP_MSG_VF_ASSOCIATION:
		if (len < sizeof(*vf) || le32_to_cpu(vf->allocated) > 1)
			return NVSP_NOTICE_BAD;
		note->allocated = vf->allocated;
		note->serial = le32_to_cpu(vf->serial);
		return NVSP_NOTICE_VF;
	case NVSP_MSG_SWITCH_DATA_PATH:
		if (len < sizeof(*path) || le32_to_cpu(path->path) > NVSP_PATH_VF)
			return NVSP_NOTICE_BAD;
		note->path = le32_to_cpu(path->path);
		return NVSP_NOTICE_PATH;
	case NVSP_MSG_UPLINK_STATE:
		return NVSP_NOTICE_OTHER;
	default:
		return NVSP_NOTICE_BAD;
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * gpadl.c - a page list cut into one header and as many body messages as it takes
 */
#include "gpadl.h"
#include "wire/tlfs.h"

int gpadl_cut_start(struct gpadl_cut *cut, u32 relid, u32 gpadl, const u64 *pfns,
		    u32 byte_offset, u32 byte_count)
{
	u64 end = (u64)byte_offset + byte_count;
	u32 count = (end + TLFS_PAGE_SIZE - 1) >> TLFS_PAGE_SHIFT;
	u32 rest;

	if (!byte_count || byte_offset >= TLFS_PAGE_SIZE || count > VMBUS_GPADL_MAX_PFNS)
		return -EINVAL;

	*cut = (struct gpadl_cut) {
		.pfns = pfns,
		.count = count,
		.relid = relid,
		.gpadl = gpadl,
		.byte_offset = byte_offset,
		.byte_count = byte_count,
	};
	rest = count > VMBUS_GPADL_HEADER_PFNS ? count - VMBUS_GPADL_HEADER_PFNS : 0;
	return 1 + (rest + VMBUS_GPADL_BODY_PFNS - 1) / VMBUS_GPADL_BODY_PFNS;
}

/* As many frame numbers as fit. Returns their bytes. */
static u32 put_pfns(struct gpadl_cut *cut, u8 *to, u32 room)
{
	u32 left = cut->count - cut->done;
	u32 n = left < room ? left : room;
	u32 i;

	for (i = 0; i < n; i++)
		env_put_le64(to + i * sizeof(__le64), cut->pfns[cut->done + i]);
	cut->done += n;
	return n * sizeof(__le64);
}

static u32 put_header(struct gpadl_cut *cut, u8 *msg)
{
	const struct vmbus_msg_gpadl_header header = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_GPADL_HEADER),
		.relid = cpu_to_le32(cut->relid),
		.gpadl = cpu_to_le32(cut->gpadl),
		.range_len = cpu_to_le16(sizeof(struct vmbus_gpa_range) +
					 cut->count * sizeof(__le64)),
		.range_count = cpu_to_le16(1),
	};
	const struct vmbus_gpa_range range = {
		.byte_count = cpu_to_le32(cut->byte_count),
		.byte_offset = cpu_to_le32(cut->byte_offset),
	};

	/* The range stands at offset 20, its 64-bit numbers at 28. */
	memcpy(msg, &header, sizeof(header));
	memcpy(msg + sizeof(header), &range, sizeof(range));
	return sizeof(header) + sizeof(range) +
	       put_pfns(cut, msg + sizeof(header) + sizeof(range), VMBUS_GPADL_HEADER_PFNS);
}

static u32 put_body(struct gpadl_cut *cut, u8 *msg)
{
	const struct vmbus_msg_gpadl_body body = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_GPADL_BODY),
		.gpadl = cpu_to_le32(cut->gpadl),
	};

	memcpy(msg, &body, sizeof(body));
	return sizeof(body) + put_pfns(cut, msg + sizeof(body), VMBUS_GPADL_BODY_PFNS);
}

u32 gpadl_cut_next(struct gpadl_cut *cut, void *msg)
{
	if (!cut->begun) {
		cut->begun = true;
		return put_header(cut, msg);
	}
	if (cut->done == cut->count)
		return 0;
	return put_body(cut, msg);
}

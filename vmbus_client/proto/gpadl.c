// SPDX-License-Identifier: GPL-2.0
/*
 * gpadl.c - a page list cut into one header and as many body messages as it takes
 */
#include "gpadl.h"
#include "wire/tlfs.h"

/* What travels is cut at any multiple of 8 bytes, a range's head like a frame number. */
#define HEADER_UNITS	(1 + VMBUS_GPADL_HEADER_PFNS)
#define BODY_UNITS	VMBUS_GPADL_BODY_PFNS
#define MAX_UNITS	(1 + VMBUS_GPADL_MAX_PFNS)

static u32 pages(const struct gpadl_range *range)
{
	u64 end = (u64)range->byte_offset + range->byte_count;

	return (end + TLFS_PAGE_SIZE - 1) >> TLFS_PAGE_SHIFT;
}

int gpadl_cut_start(struct gpadl_cut *cut, u32 relid, u32 gpadl,
		    const struct gpadl_range *ranges, u32 range_count)
{
	u32 units = 0, rest, i;

	for (i = 0; i < range_count; i++) {
		if (!ranges[i].byte_count || ranges[i].byte_offset >= TLFS_PAGE_SIZE)
			return -EINVAL;
		units += 1 + pages(&ranges[i]);
		/* In the loop: the sum of many would overflow. */
		if (units > MAX_UNITS)
			return -EINVAL;
	}
	if (!units)
		return -EINVAL;

	*cut = (struct gpadl_cut) {
		.ranges = ranges,
		.range_count = range_count,
		.units = units,
		.relid = relid,
		.gpadl = gpadl,
	};
	rest = units > HEADER_UNITS ? units - HEADER_UNITS : 0;
	return 1 + (rest + BODY_UNITS - 1) / BODY_UNITS;
}

/* As many units as fit. Returns their bytes. */
static u32 put_units(struct gpadl_cut *cut, u8 *to, u32 room)
{
	u32 n;

	for (n = 0; n < room && cut->range < cut->range_count; n++, to += sizeof(__le64)) {
		const struct gpadl_range *range = &cut->ranges[cut->range];
		const struct vmbus_gpa_range head = {
			.byte_count = cpu_to_le32(range->byte_count),
			.byte_offset = cpu_to_le32(range->byte_offset),
		};

		if (!cut->unit)
			memcpy(to, &head, sizeof(head));
		else
			env_put_le64(to, range->pfns[cut->unit - 1]);
		if (cut->unit++ == pages(range)) {
			cut->range++;
			cut->unit = 0;
		}
	}
	return n * sizeof(__le64);
}

static u32 put_header(struct gpadl_cut *cut, u8 *msg)
{
	const struct vmbus_msg_gpadl_header header = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_GPADL_HEADER),
		.relid = cpu_to_le32(cut->relid),
		.gpadl = cpu_to_le32(cut->gpadl),
		.range_len = cpu_to_le16(cut->units * sizeof(__le64)),
		.range_count = cpu_to_le16(cut->range_count),
	};

	/* The first range stands at offset 20, its 64-bit numbers at 28. */
	memcpy(msg, &header, sizeof(header));
	return sizeof(header) + put_units(cut, msg + sizeof(header), HEADER_UNITS);
}

static u32 put_body(struct gpadl_cut *cut, u8 *msg)
{
	const struct vmbus_msg_gpadl_body body = {
		.hdr.type = cpu_to_le32(VMBUS_MSG_GPADL_BODY),
		.gpadl = cpu_to_le32(cut->gpadl),
	};

	memcpy(msg, &body, sizeof(body));
	return sizeof(body) + put_units(cut, msg + sizeof(body), BODY_UNITS);
}

u32 gpadl_cut_next(struct gpadl_cut *cut, void *msg)
{
	if (!cut->begun) {
		cut->begun = true;
		return put_header(cut, msg);
	}
	if (cut->range == cut->range_count)
		return 0;
	return put_body(cut, msg);
}

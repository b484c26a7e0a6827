/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gpadl.h - a page list cut into one header and as many body messages as it takes
 */
#ifndef VMBUS_KIT_PROTO_GPADL_H
#define VMBUS_KIT_PROTO_GPADL_H

#include "env.h"
#include "wire/msg.h"

/**
 * struct gpadl_range - a run of bytes over pages
 * @pfns: 4 KiB frame numbers, ceil((@byte_offset + @byte_count) / 4096) of them
 * @byte_offset: into the first frame, below 4096
 * @byte_count: bytes, not 0
 */
struct gpadl_range {
	const u64 *pfns;
	u32 byte_offset;
	u32 byte_count;
};

struct gpadl_cut {
	const struct gpadl_range *ranges;
	u32 range_count;
	u32 units;		/* of 8 bytes: all ranges' heads and frame numbers */
	u32 range;		/* to go on with */
	u32 unit;		/* of that range */
	u32 relid;
	u32 gpadl;
	bool begun;
};

/**
 * gpadl_cut_start() - begin
 * @cut: to fill in
 * @relid: channel that owns the memory
 * @gpadl: handle, unique on the connection, not 0
 * @ranges: what to name; it and the numbers must stay valid until the last message is made
 * @range_count: how many; rings and most buffers are one
 *
 * Return: number of messages it will take, or -EINVAL if there is none, one is
 * empty, or they are longer than one GPADL can name (VMBUS_GPADL_MAX_PFNS, less
 * one for each range but the first).
 */
int gpadl_cut_start(struct gpadl_cut *cut, u32 relid, u32 gpadl,
		    const struct gpadl_range *ranges, u32 range_count);

/**
 * gpadl_cut_next() - the next message
 * @cut: state
 * @msg: VMBUS_MSG_MAX_LEN bytes
 *
 * Return: length of the message, 0 after the last.
 */
u32 gpadl_cut_next(struct gpadl_cut *cut, void *msg);

#endif

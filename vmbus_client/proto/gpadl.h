/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gpadl.h - a page list cut into one header and as many body messages as it takes
 */
#ifndef VMBUS_KIT_PROTO_GPADL_H
#define VMBUS_KIT_PROTO_GPADL_H

#include "env.h"
#include "wire/msg.h"

struct gpadl_cut {
	const u64 *pfns;
	u32 count;		/* frame numbers in all */
	u32 done;		/* already in messages */
	u32 relid;
	u32 gpadl;
	u32 byte_offset;
	u32 byte_count;
	bool begun;
};

/**
 * gpadl_cut_start() - begin with one range
 * @cut: to fill in
 * @relid: channel that owns the memory
 * @gpadl: handle, unique on the connection, not 0
 * @pfns: 4 KiB frame numbers, ceil((@byte_offset + @byte_count) / 4096) of them;
 *        must stay valid until the last message is made
 * @byte_offset: into the first frame, below 4096
 * @byte_count: bytes
 *
 * Return: number of messages it will take, or -EINVAL if the range is empty or
 * longer than one GPADL can name (VMBUS_GPADL_MAX_PFNS).
 */
int gpadl_cut_start(struct gpadl_cut *cut, u32 relid, u32 gpadl, const u64 *pfns,
		    u32 byte_offset, u32 byte_count);

/**
 * gpadl_cut_next() - the next message
 * @cut: state
 * @msg: VMBUS_MSG_MAX_LEN bytes
 *
 * Return: length of the message, 0 after the last.
 */
u32 gpadl_cut_next(struct gpadl_cut *cut, void *msg);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vf_path.h - which way frames go: over the channel, or by a virtual function
 *
 * The host sends everything one way, and the guest says which. It may say so
 * again before the host has confirmed the last one, because the host takes these
 * messages in order; but never the same twice, or a confirmation would be
 * anybody's. What the guest sends goes by the function only while both are sure.
 */
#ifndef NETVSC_PROTO_VF_PATH_H
#define NETVSC_PROTO_VF_PATH_H

#include "env.h"
#include "wire/nvsp.h"

/* A host begins with NVSP_PATH_SYNTHETIC, and so does a struct that is all zero. */
#define VF_PATH_CNT	2u

/**
 * struct vf_path - what is known of the two ways
 * @able: the host is up, and its version has the other way
 * @associated: the host has said that there is a function
 * @ready: ours can carry frames
 * @asked: NVSP_PATH_*, of the last message to the host
 * @owed: the host has not confirmed a message, by NVSP_PATH_*
 */
struct vf_path {
	bool able;
	bool associated;
	bool ready;
	u32 asked;
	bool owed[VF_PATH_CNT];
};

enum vf_path_event {
	VF_PATH_UP,			/* the host has been brought up */
	VF_PATH_DOWN,			/* it has not, any more: it will begin anew */
	VF_PATH_ASSOCIATED,
	VF_PATH_WITHDRAWN,
	VF_PATH_READY,
	VF_PATH_UNREADY,
	VF_PATH_SYNTHETIC_CONFIRMED,	/* or it never will be, as the channel is closed */
	VF_PATH_VF_CONFIRMED,
};

/**
 * vf_path_happened() - take note of something
 * @path: to change
 * @event: what it was; it may come at any time, and more than once
 */
void vf_path_happened(struct vf_path *path, enum vf_path_event event);

/* What vf_path_next() says if there is nothing to ask for. */
#define VF_PATH_NONE	(-1)

/**
 * vf_path_next() - what to ask the host for now
 * @path: what is known
 *
 * Return: NVSP_PATH_*, or VF_PATH_NONE. To be called again after each event.
 */
int vf_path_next(const struct vf_path *path);

/**
 * vf_path_asked() - the host was asked for what vf_path_next() said
 * @path: to change
 * @to: NVSP_PATH_*
 */
void vf_path_asked(struct vf_path *path, u32 to);

/* What is sent may go by the function. */
bool vf_path_is_open(const struct vf_path *path);

/* The host sends nothing by the function any more. */
bool vf_path_is_left(const struct vf_path *path);

/* The host owes an answer to the last message. */
bool vf_path_is_pending(const struct vf_path *path);

#endif

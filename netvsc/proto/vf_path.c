// SPDX-License-Identifier: GPL-2.0
/*
 * vf_path.c - which way frames go: over the channel, or by a virtual function
 */
#include "vf_path.h"

static u32 wanted(const struct vf_path *path)
{
	return path->associated && path->ready ? NVSP_PATH_VF : NVSP_PATH_SYNTHETIC;
}

void vf_path_happened(struct vf_path *path, enum vf_path_event event)
{
	switch (event) {
	case VF_PATH_UP:
		path->able = true;
		break;
	case VF_PATH_DOWN:
		path->able = false;
		path->asked = NVSP_PATH_SYNTHETIC;
		break;
	case VF_PATH_ASSOCIATED:
		path->associated = true;
		break;
	case VF_PATH_WITHDRAWN:
		path->associated = false;
		break;
	case VF_PATH_READY:
		path->ready = true;
		break;
	case VF_PATH_UNREADY:
		path->ready = false;
		break;
	case VF_PATH_SYNTHETIC_CONFIRMED:
		path->owed[NVSP_PATH_SYNTHETIC] = false;
		break;
	case VF_PATH_VF_CONFIRMED:
		path->owed[NVSP_PATH_VF] = false;
		break;
	}
}

int vf_path_next(const struct vf_path *path)
{
	u32 to = wanted(path);

	if (!path->able || path->asked == to || path->owed[to])
		return VF_PATH_NONE;
	return to;
}

void vf_path_asked(struct vf_path *path, u32 to)
{
	path->asked = to;
	path->owed[to] = true;
}

bool vf_path_is_open(const struct vf_path *path)
{
	return path->able && wanted(path) == NVSP_PATH_VF && path->asked == NVSP_PATH_VF &&
	       !path->owed[NVSP_PATH_VF];
}

bool vf_path_is_left(const struct vf_path *path)
{
	return path->asked == NVSP_PATH_SYNTHETIC && !path->owed[NVSP_PATH_SYNTHETIC];
}

bool vf_path_is_pending(const struct vf_path *path)
{
	return path->owed[path->asked];
}

// SPDX-License-Identifier: GPL-2.0
/*
 * fcopy_file.c - a file that the host copies into the guest: may it, and is it whole?
 */
#include "fcopy_file.h"
#include "text.h"

/* Is there a component ".." or "." in it? */
static bool climbs(const u8 *path)
{
	u32 len, dots;

	while (*path) {
		for (len = 0, dots = 0; path[len] && path[len] != '/'; len++)
			dots += path[len] == '.';
		if (len && len <= 2 && dots == len)
			return true;
		path += len;
		while (*path == '/')
			path++;
	}
	return false;
}

static bool is_control(const u8 *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/* Is @path @root or below it? Several strokes count as one. */
static bool below(const u8 *path, const char *root)
{
	if (*root != '/')
		return false;
	for (;;) {
		while (*root == '/')
			root++;
		if (*path == '/')
			while (*path == '/')
				path++;
		else if (*path)
			return false;
		if (!*root)
			return true;
		while (*root && *root != '/')
			if (*root++ != (char)*path++)
				return false;
	}
}

static bool name_is_good(const u8 *name)
{
	u32 i;

	for (i = 0; name[i]; i++)
		if (name[i] == '/')
			return false;
	return i && !climbs(name) && !is_control(name);
}

static bool path_is_good(const u8 *path, const struct fcopy_policy *policy)
{
	return path[0] == '/' && !climbs(path) && !is_control(path) && below(path, policy->root);
}

static u32 start(const struct fcopy_file *file, const struct fcopy_policy *policy,
		 const struct hvic_fcopy_start *from, struct hvdaemon_fcopy_start *to, u32 *to_len)
{
	u32 flags = le32_to_cpu(from->flags);

	/* The daemon has one file at a time: the first one is not complete, and never will be. */
	if (file->open) {
		*to_len = fcopy_cancel(to);
		return HVIC_STATUS_FAIL;
	}
	memset(to, 0, sizeof(*to));
	to->op = HVIC_FCOPY_START;
	if (!text_utf8(to->name, sizeof(to->name), from->name, ARRAY_SIZE(from->name)) ||
	    !text_utf8(to->path, sizeof(to->path), from->path, ARRAY_SIZE(from->path)) ||
	    !name_is_good(to->name) || !path_is_good(to->path, policy))
		return HVIC_STATUS_INVALID_ARGUMENT;
	to->flags = flags & (HVIC_FCOPY_OVERWRITE | HVIC_FCOPY_CREATE_PATH);
	to->size = le64_to_cpu(from->size);
	if (to->size > policy->most)
		return HVIC_STATUS_DISK_FULL;
	*to_len = sizeof(*to);
	return HVIC_STATUS_OK;
}

static u32 piece(const struct fcopy_file *file, const struct hvic_fcopy_write *from,
		 struct hvic_fcopy_write *to, u32 *to_len)
{
	u64 offset = le64_to_cpu(from->offset);
	u32 size = le32_to_cpu(from->size);

	if (!file->open)
		return HVIC_STATUS_FAIL;
	if (size > HVIC_FCOPY_DATA || offset > file->have || size > file->size - offset) {
		*to_len = fcopy_cancel(to);
		return HVIC_STATUS_INVALID_ARGUMENT;
	}
	memcpy(to, from, sizeof(*to));
	*to_len = sizeof(*to);
	return HVIC_STATUS_OK;
}

u32 fcopy_cancel(void *to)
{
	struct hvic_fcopy_hdr hdr = { .op = cpu_to_le32(HVIC_FCOPY_CANCEL) };

	memcpy(to, &hdr, sizeof(hdr));
	return sizeof(hdr);
}

u32 fcopy_request(const struct fcopy_file *file, const struct fcopy_policy *policy,
		  const void *body, u32 len, void *to, u32 *to_len)
{
	const struct hvic_fcopy_hdr *hdr = body;

	*to_len = 0;
	if (len < sizeof(*hdr))
		return HVIC_STATUS_INVALID_ARGUMENT;
	switch (le32_to_cpu(hdr->op)) {
	case HVIC_FCOPY_START:
		if (len < sizeof(struct hvic_fcopy_start))
			return HVIC_STATUS_INVALID_ARGUMENT;
		return start(file, policy, body, to, to_len);
	case HVIC_FCOPY_WRITE:
		if (len < sizeof(struct hvic_fcopy_write))
			return HVIC_STATUS_INVALID_ARGUMENT;
		return piece(file, body, to, to_len);
	case HVIC_FCOPY_COMPLETE:
		if (!file->open)
			return HVIC_STATUS_FAIL;
		if (file->have < file->size) {
			*to_len = fcopy_cancel(to);
			return HVIC_STATUS_FAIL;
		}
		memcpy(to, hdr, sizeof(*hdr));
		*to_len = sizeof(*hdr);
		return HVIC_STATUS_OK;
	case HVIC_FCOPY_CANCEL:
		/* Also of what is not there: the host wants to be sure. */
		if (file->open)
			*to_len = fcopy_cancel(to);
		return HVIC_STATUS_OK;
	default:
		return HVIC_STATUS_NOT_SUPPORTED;
	}
}

u32 fcopy_reply(struct fcopy_file *file, const void *sent, u32 error)
{
	const struct hvic_fcopy_hdr *hdr = sent;
	const struct hvdaemon_fcopy_start *start = sent;
	const struct hvic_fcopy_write *piece = sent;
	u64 end;

	switch (le32_to_cpu(hdr->op)) {
	case HVIC_FCOPY_START:
		*file = (struct fcopy_file){ .open = !error, .size = start->size };
		break;
	case HVIC_FCOPY_WRITE:
		end = le64_to_cpu(piece->offset) + le32_to_cpu(piece->size);
		if (!error && end > file->have)
			file->have = end;
		break;
	default:
		file->open = false;
	}
	if (!error)
		return HVIC_STATUS_OK;
	return error & 0x80000000u ? error : HVIC_STATUS_FAIL;
}

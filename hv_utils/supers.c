// SPDX-License-Identifier: GPL-2.0
/*
 * supers.c - the file systems a daemon is going to freeze, for whoever must thaw them
 *
 * The kernel keeps no list of its own that a module may walk; the daemon takes
 * what it freezes from /proc/self/mounts, and so do we, as the daemon, at the
 * moment it is told. What was frozen before is somebody else's and is left out.
 */
#include "supers.h"

#include "proto/mounts.h"

#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/slab.h>

/* A line of mounts with the longest of directories, every byte of it escaped, is not expected. */
#define TEXT_MAX	8192u

static bool can_freeze(const struct super_block *sb)
{
	return !sb_rdonly(sb) && (sb->s_op->freeze_fs || sb->s_op->freeze_super);
}

static bool is_listed(const struct supers *s, const struct super_block *sb)
{
	unsigned int i;

	for (i = 0; i < s->count; i++)
		if (s->sb[i] == sb)
			return true;
	return false;
}

static void note(struct supers *s, const char *dir)
{
	struct super_block *sb;
	struct path path;

	if (kern_path(dir, LOOKUP_FOLLOW, &path))
		return;
	sb = path.dentry->d_sb;
	if (can_freeze(sb) && READ_ONCE(sb->s_writers.frozen) == SB_UNFROZEN && !is_listed(s, sb)) {
		if (s->count < SUPERS_MAX) {
			/* It is mounted, so it is active; and stays so. */
			atomic_inc(&sb->s_active);
			s->sb[s->count++] = sb;
		} else {
			s->missed++;
		}
	}
	path_put(&path);
}

/* Whole lines of @text; bytes of the one that has no end yet. */
static size_t note_lines(struct supers *s, char *text, size_t len)
{
	char *end, *dir;

	while ((end = memchr(text, '\n', len))) {
		*end = 0;
		if (mounts_line(text, &dir))
			note(s, dir);
		len -= end + 1 - text;
		text = end + 1;
	}
	return len;
}

void supers_note(struct supers *s)
{
	char *text = kmalloc(TEXT_MAX, GFP_KERNEL);
	struct file *mounts;
	size_t have = 0;
	ssize_t got;
	loff_t pos = 0;

	s->missed = 0;
	if (!text)
		return;
	mounts = filp_open("/proc/self/mounts", O_RDONLY, 0);
	if (IS_ERR(mounts))
		goto out;
	while ((got = kernel_read(mounts, text + have, TEXT_MAX - have, &pos)) > 0) {
		size_t left = note_lines(s, text, have + got);

		memmove(text, text + have + got - left, left);
		have = left;
		if (have == TEXT_MAX) {
			s->missed++;
			have = 0;
		}
	}
	filp_close(mounts, NULL);
out:
	kfree(text);
}

/* As the FITHAW ioctl does. */
static int thaw(struct super_block *sb)
{
	if (sb->s_op->thaw_super)
		return sb->s_op->thaw_super(sb compat_thaw_args);
	return thaw_super(sb compat_thaw_args);
}

unsigned int supers_thaw(struct supers *s, unsigned int *frozen)
{
	unsigned int i, thawed = 0;

	*frozen = 0;
	/* The root was frozen last, and everybody waits for it. */
	for (i = s->count; i--;) {
		if (READ_ONCE(s->sb[i]->s_writers.frozen) == SB_UNFROZEN)
			continue;
		if (!thaw(s->sb[i]))
			thawed++;
		else if (READ_ONCE(s->sb[i]->s_writers.frozen) != SB_UNFROZEN)
			(*frozen)++;
	}
	return thawed;
}

void supers_forget(struct supers *s)
{
	while (s->count)
		deactivate_super(s->sb[--s->count]);
}

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

/* Apart from the services' own queue: shutting file systems down takes memory and time. */
static struct workqueue_struct *unmount_wq;

/* A line of mounts with the longest of directories, every byte of it escaped, is not expected. */
#define TEXT_MAX	8192u

static bool can_freeze(const struct super_block *sb)
{
	return !sb_rdonly(sb) && (sb->s_op->freeze_fs || sb->s_op->freeze_super);
}

static bool is_frozen(const struct super_block *sb)
{
	return READ_ONCE(sb->s_writers.frozen) != SB_UNFROZEN;
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
	if (can_freeze(sb) && !is_frozen(sb) && !is_listed(s, sb)) {
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

int supers_note(struct supers *s)
{
	char *text = kmalloc(TEXT_MAX, GFP_KERNEL);
	struct file *mounts;
	size_t have = 0;
	ssize_t got;
	loff_t pos = 0;

	s->missed = 0;
	if (!text)
		return -ENOMEM;
	mounts = filp_open("/proc/self/mounts", O_RDONLY, 0);
	if (IS_ERR(mounts)) {
		got = PTR_ERR(mounts);
		goto out;
	}
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
	return got;
}

/* As the FITHAW ioctl does. */
static int thaw(struct super_block *sb)
{
	if (sb->s_op->thaw_super)
		return sb->s_op->thaw_super(sb compat_thaw_args);
	return thaw_super(sb compat_thaw_args);
}

bool supers_are_frozen(const struct supers *s)
{
	unsigned int i;

	for (i = 0; i < s->count; i++)
		if (is_frozen(s->sb[i]))
			return true;
	return false;
}

unsigned int supers_thaw(struct supers *s, bool *frozen)
{
	unsigned int i, thawed = 0;

	/* The root was frozen last, and everybody waits for it. */
	for (i = s->count; i--;)
		if (is_frozen(s->sb[i]) && !thaw(s->sb[i]))
			thawed++;
	*frozen = supers_are_frozen(s);
	return thawed;
}

static void unmount(struct work_struct *work)
{
	struct supers *s = container_of(work, struct supers, unmount);

	while (s->count)
		deactivate_super(s->sb[--s->count]);
	kfree(s);
}

void supers_drop(struct supers *s)
{
	unsigned int i, last = 0;

	for (i = 0; i < s->count; i++)
		if (!atomic_add_unless(&s->sb[i]->s_active, -1, 1))
			s->sb[last++] = s->sb[i];
	s->count = last;
	if (!last) {
		kfree(s);
		return;
	}
	INIT_WORK(&s->unmount, unmount);
	queue_work(unmount_wq, &s->unmount);
}

int supers_start(void)
{
	unmount_wq = alloc_workqueue("vmbus_unmount", WQ_UNBOUND, 0);
	return unmount_wq ? 0 : -ENOMEM;
}

void supers_stop(void)
{
	destroy_workqueue(unmount_wq);
}

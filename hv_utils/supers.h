/* SPDX-License-Identifier: GPL-2.0 */
/*
 * supers.h - the file systems a daemon is going to freeze, for whoever must thaw them
 */
#ifndef HV_UTILS_SUPERS_H
#define HV_UTILS_SUPERS_H

#include <linux/types.h>
#include <linux/workqueue.h>

struct super_block;

#define SUPERS_MAX	256

/**
 * struct supers - file systems, each held so that it stays while it is listed
 * @unmount: of supers_drop()
 * @count: how many
 * @missed: more there were
 * @sb: they
 */
struct supers {
	struct work_struct unmount;
	unsigned int count;
	unsigned int missed;
	struct super_block *sb[SUPERS_MAX];
};

/**
 * supers_note() - list the file systems on disks that are mounted here and not frozen
 * @s: empty
 *
 * Context: A process that sees the mounts that are meant. Sleeps.
 * Return: 0, or -errno: there are others, which are not in the list.
 */
int supers_note(struct supers *s);

/**
 * supers_are_frozen() - is any of them?
 * @s: list
 *
 * Context: Any.
 */
bool supers_are_frozen(const struct supers *s);

/**
 * supers_thaw() - thaw those that are frozen
 * @s: list
 * @frozen: whether some are frozen still, because somebody is just about to freeze them
 *
 * Context: Process context without locks: this waits for disks. Allocates nothing.
 * Return: how many it thawed.
 */
unsigned int supers_thaw(struct supers *s, bool *frozen);

/**
 * supers_drop() - free the list
 * @s: list, from kzalloc()
 *
 * What was unmounted while it was listed is only now to be shut down. That waits for disks,
 * so somebody else does it.
 *
 * Context: Any.
 */
void supers_drop(struct supers *s);

/**
 * supers_start() - before everything else
 *
 * Return: 0 or a negative errno.
 */
int supers_start(void);

/**
 * supers_stop() - all that was dropped is shut down
 */
void supers_stop(void);

#endif

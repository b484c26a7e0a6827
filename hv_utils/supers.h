/* SPDX-License-Identifier: GPL-2.0 */
/*
 * supers.h - the file systems a daemon is going to freeze, for whoever must thaw them
 */
#ifndef HV_UTILS_SUPERS_H
#define HV_UTILS_SUPERS_H

#include <linux/types.h>

struct super_block;

#define SUPERS_MAX	256

/**
 * struct supers - file systems, each held so that it stays while it is listed
 * @count: how many
 * @missed: more there were
 * @sb: they
 */
struct supers {
	unsigned int count;
	unsigned int missed;
	struct super_block *sb[SUPERS_MAX];
};

/**
 * supers_note() - list the file systems on disks that are mounted here and not frozen
 * @s: empty
 *
 * Context: A process that sees the mounts that are meant. Sleeps.
 */
void supers_note(struct supers *s);

/**
 * supers_thaw() - thaw those that are frozen
 * @s: list
 * @frozen: how many are frozen still, because somebody is just about to freeze them
 *
 * Context: Process context, sleeps; allocates nothing.
 * Return: how many it thawed.
 */
unsigned int supers_thaw(struct supers *s, unsigned int *frozen);

/**
 * supers_forget() - empty the list
 * @s: list
 *
 * Context: Process context, sleeps.
 */
void supers_forget(struct supers *s);

#endif

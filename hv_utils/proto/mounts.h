/* SPDX-License-Identifier: GPL-2.0 */
/*
 * mounts.h - a line of /proc/self/mounts
 */
#ifndef VMBUS_KIT_PROTO_MOUNTS_H
#define VMBUS_KIT_PROTO_MOUNTS_H

#include "env.h"

/**
 * mounts_line() - take a line apart
 * @line: its text without the end of line, then a NUL; changed
 * @dir: where it is mounted
 *
 * Return: true if what is mounted lies on a device below /dev.
 */
bool mounts_line(char *line, char **dir);

#endif

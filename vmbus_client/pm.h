/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pm.h - suspend, kexec, panic: leave the host in order
 */
#ifndef VMBUS_KIT_PM_H
#define VMBUS_KIT_PM_H

#include <linux/pm.h>

struct vmbus_conn;

/* For the bus: what a sleep means for one device. */
extern const struct dev_pm_ops vmbus_dev_pm;

/**
 * pm_init() - be told of suspend, restart and panic
 * @conn: connection, before the first device is made
 *
 * Context: Process context.
 * Return: 0 or a negative errno.
 */
int pm_init(struct vmbus_conn *conn);

/**
 * pm_exit() - be told no more
 *
 * Context: Process context; no device is left.
 */
void pm_exit(void);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debugfs.h - a snapshot of connection and channels, one line a field
 */
#ifndef VMBUS_KIT_DEBUGFS_H
#define VMBUS_KIT_DEBUGFS_H

struct vmbus_conn;

/**
 * debugfs_init() - make /sys/kernel/debug/vmbus_client/state
 * @conn: connection
 */
void debugfs_init(struct vmbus_conn *conn);

/**
 * debugfs_exit() - remove it
 */
void debugfs_exit(void);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * buf.h - memory the host can see: allocate, grant (GPADL), revoke, park
 *
 * A buffer owns its pages. It frees them only when the host has said that it
 * let go, or when the whole connection is over; else it parks them.
 */
#ifndef VMBUS_KIT_BUF_H
#define VMBUS_KIT_BUF_H

#include "connection.h"

/**
 * buf_create() - pages, mapped and granted to the host
 * @conn: connection
 * @relid: channel on whose behalf
 * @len: bytes, rounded up to pages
 * @node: NUMA node to prefer
 *
 * Context: Process context, waits for the host with a bound.
 * Return: buffer or ERR_PTR: -ENOMEM, -EINVAL (longer than a GPADL can name),
 * -EIO (refused), -ENODEV (channel rescinded), -ETIMEDOUT.
 */
struct vmbus_buf *buf_create(struct vmbus_conn *conn, u32 relid, size_t len, int node);

/**
 * buf_destroy() - revoke and free, or park
 * @buf: buffer
 *
 * After a rescind the wait is short and its outcome does not matter: the host
 * revoked the channel's memory before it said so.
 *
 * Context: Process context, waits for the host with a bound.
 */
void buf_destroy(struct vmbus_buf *buf);

/**
 * buf_renew() - have no page in it that others use
 * @buf: buffer that the host does not write to
 *
 * Such a page is replaced, and freed by whoever is the last to use it. The buffer
 * is granted anew then, if not in the same place, under another handle.
 *
 * Context: Process context, waits for the host with a bound.
 * Return: 0, or as buf_create(). After an error the buffer is good for nothing
 * but another try, or the end.
 */
int buf_renew(struct vmbus_buf *buf);

/**
 * vmbus_buf_free_parked() - the host has forgotten us: everything parked is ours again
 * @conn: connection
 */
void vmbus_buf_free_parked(struct vmbus_conn *conn);

/**
 * vmbus_buf_abandon_parked() - the host never let go: say so and forget the pages
 * @conn: connection
 */
void vmbus_buf_abandon_parked(struct vmbus_conn *conn);

#endif

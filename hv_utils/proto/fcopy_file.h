/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fcopy_file.h - a file that the host copies into the guest: may it, and is it whole?
 *
 * The daemon that writes the file believes what it is told. So names are checked
 * here, a piece must belong to the file that was announced, and a file that the
 * host calls complete before all of it came is taken away again.
 */
#ifndef VMBUS_KIT_PROTO_FCOPY_FILE_H
#define VMBUS_KIT_PROTO_FCOPY_FILE_H

#include "env.h"
#include "wire/hvdaemon.h"
#include "wire/hvic.h"

/* The largest message for the daemon: a piece of file goes on as it came. */
#define FCOPY_DAEMON_MAX	sizeof(struct hvic_fcopy_write)

/**
 * struct fcopy_file - the transfer under way
 * @open: there is one: the daemon has a file of that name open
 * @size: of the whole file, as announced
 * @have: bytes that came, without a gap
 */
struct fcopy_file {
	bool open;
	u64 size;
	u64 have;
};

/**
 * struct fcopy_policy - where files may go
 * @root: files may be put below this directory; "" for nowhere
 * @most: bytes a file may have
 */
struct fcopy_policy {
	const char *root;
	u64 most;
};

/**
 * fcopy_request() - a host's request, for the daemon
 * @file: the transfer; fcopy_reply() moves it on
 * @policy: where files may go
 * @body: behind the header
 * @len: bytes of it
 * @to: FCOPY_DAEMON_MAX bytes for the daemon's message, a multiple of 4 aligned
 * @to_len: how many it has; 0 if the daemon need not hear of it
 *
 * A request that ends a transfer it should not end makes a message that has the
 * daemon cancel it; the status is a failure then, whatever the daemon replies.
 *
 * Return: HVIC_STATUS_OK, or what the host shall be told.
 */
u32 fcopy_request(const struct fcopy_file *file, const struct fcopy_policy *policy,
		  const void *body, u32 len, void *to, u32 *to_len);

/**
 * fcopy_cancel() - make a message that has the daemon cancel
 * @to: room for it
 *
 * Return: its bytes.
 */
u32 fcopy_cancel(void *to);

/**
 * fcopy_reply() - the daemon replied to what fcopy_request() made
 * @file: the transfer; changed accordingly
 * @sent: what the daemon was sent
 * @error: what it said
 *
 * Return: the status for the host.
 */
u32 fcopy_reply(struct fcopy_file *file, const void *sent, u32 error);

#endif

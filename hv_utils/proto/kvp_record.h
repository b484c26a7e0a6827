/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kvp_record.h - keys, values and addresses between host and daemon
 *
 * The host speaks UTF-16 and, from version 5.0 on, binary addresses; the daemon
 * speaks UTF-8 and lists of text. Sizes, terminators, pools and types are
 * checked on the way to the daemon, and nothing of the host's reaches it
 * unchecked; what comes back is cut to what the host has room for.
 */
#ifndef VMBUS_KIT_PROTO_KVP_RECORD_H
#define VMBUS_KIT_PROTO_KVP_RECORD_H

#include "env.h"
#include "wire/hvdaemon.h"
#include "wire/hvic.h"

/* Versions, major in the high half. From this one on addresses are binary. */
#define KVP_VERSION_BINARY_IP	0x00050000u

/**
 * kvp_to_daemon() - a host's request, for the daemon
 * @body: behind the header
 * @len: bytes of it
 * @version: agreed on
 * @to: filled in whole if all is well
 *
 * Return: HVIC_STATUS_OK, or what the host shall be told.
 */
u32 kvp_to_daemon(const void *body, u32 len, u32 version, struct hvdaemon_kvp *to);

/**
 * kvp_to_host() - a daemon's reply, for the host
 * @reply: as it wrote it
 * @version: agreed on
 * @body: the request kvp_to_daemon() found good; becomes the answer
 *
 * Return: the status of the answer.
 */
u32 kvp_to_host(const struct hvdaemon_kvp *reply, u32 version, void *body);

#endif

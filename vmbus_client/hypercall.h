/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hypercall.h - are we on Hyper-V, what may we do, and the two calls we make
 */
#ifndef VMBUS_KIT_HYPERCALL_H
#define VMBUS_KIT_HYPERCALL_H

#include <linux/types.h>

/**
 * hypercall_init() - find the hypervisor and the privileges VMBus needs
 *
 * Says once, in one line, what is missing.
 *
 * Context: Process context.
 * Return: 0, -ENODEV, or -ENOMEM.
 */
int hypercall_init(void);

/**
 * hypercall_exit() - free what hypercall_init() allocated
 */
void hypercall_exit(void);

/**
 * hypercall_auto_eoi() - must SINT2 be programmed with AutoEOI?
 *
 * Return: true if the hypervisor does not ask us to do without.
 */
bool hypercall_auto_eoi(void);

/**
 * hypercall_post_message() - send one control message
 * @connection_id: where
 * @payload: bytes to copy
 * @len: at most TLFS_MESSAGE_PAYLOAD_MAX
 *
 * Context: Any, the caller may not be in NMI.
 * Return: a TLFS_STATUS_ value.
 */
u32 hypercall_post_message(u32 connection_id, const void *payload, u32 len);

/**
 * hypercall_signal_event() - ring a channel's bell
 * @connection_id: which
 *
 * The status is not looked at: it says nothing but that a rescinded channel has
 * no port any more.
 *
 * Context: Any.
 */
void hypercall_signal_event(u32 connection_id);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * hypercall.h - are we on Hyper-V, what may we do, and the two calls we make
 */
#ifndef VMBUS_KIT_HYPERCALL_H
#define VMBUS_KIT_HYPERCALL_H

#include <linux/types.h>

struct tlfs_monitor_page;

/**
 * hypercall_init() - find the hypervisor, the privileges VMBus needs and a way to call
 *
 * Decides, once, whether the kernel's Hyper-V support is used or our own, and
 * says which in one line; or says, in one line, what is missing.
 *
 * Context: Process context.
 * Return: 0, -ENODEV, or -ENOMEM.
 */
int hypercall_init(void);

/**
 * hypercall_exit() - leave the hypervisor's registers as hypercall_init() found them
 *
 * Context: Process context; nobody may call any more.
 */
void hypercall_exit(void);

/**
 * hypercall_own() - do we do without the kernel's Hyper-V support?
 *
 * Return: true if the kernel's interrupt for Hyper-V cannot or shall not be used.
 */
bool hypercall_own(void);

/**
 * hypercall_auto_eoi() - does the hypervisor acknowledge the kernel's interrupt itself?
 *
 * Return: true if the kernel's handler counts on it, and SINT2 must ask for it.
 */
bool hypercall_auto_eoi(void);

/**
 * hypercall_disable() - take a hypercall page of our own away from the hypervisor
 *
 * For those who will not come back (kexec, a crash) and those who will
 * (hibernation). Calls made now fail. Does nothing where the page is not ours.
 *
 * Context: Any, on any one CPU; takes no lock.
 */
void hypercall_disable(void);

/**
 * hypercall_enable() - give it back, after the machine was off or hypercall_disable()
 *
 * Context: Any, on any one CPU; takes no lock.
 * Return: true if calls can be made.
 */
bool hypercall_enable(void);

/**
 * hypercall_ref_time() - the partition's reference counter
 * @ticks: 100 ns each since the partition was made
 *
 * Read as the kernel reads it, if it does, so that its clock source of that name
 * shows the same number.
 *
 * Context: Any.
 * Return: true; false if the host grants us none.
 */
bool hypercall_ref_time(u64 *ticks);

/**
 * hypercall_post_message() - send one control message
 * @connection_id: where
 * @payload: bytes to copy
 * @len: at most TLFS_MESSAGE_PAYLOAD_MAX
 *
 * Context: Any. In an NMI only if what it interrupted does not go on (a crash).
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

/**
 * hypercall_signal_page() - the same without a call, where the hypervisor looks by itself
 * @page: the page it looks through
 * @id: monitor id of the channel, below TLFS_MONITOR_ID_COUNT
 *
 * Context: Any.
 */
void hypercall_signal_page(struct tlfs_monitor_page *page, u32 id);

#endif

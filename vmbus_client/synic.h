/* SPDX-License-Identifier: GPL-2.0 */
/*
 * synic.h - per-CPU message and event pages, and the interrupt that announces them
 */
#ifndef VMBUS_KIT_SYNIC_H
#define VMBUS_KIT_SYNIC_H

#include "wire/tlfs.h"

#include <linux/types.h>

/**
 * struct synic_ops - what the SynIC delivers
 * @message: a message, of the hypervisor's or a control message; a private copy.
 *	False leaves it with the host, which waits: call synic_poll_messages()
 *	when there is room again
 * @event: a channel's event flag was set
 * @cpu_up: a CPU can be interrupted from now on; its own thread
 * @cpu_down: a CPU wants to go offline; the same thread, may sleep. 0, or a
 *	negative errno if it must stay
 *
 * @message and @event run in interrupt context on the CPU of the page.
 */
struct synic_ops {
	bool (*message)(const struct tlfs_message *msg);
	void (*event)(u32 flag);
	void (*cpu_up)(unsigned int cpu);
	int (*cpu_down)(unsigned int cpu);
};

/**
 * synic_owned() - does a living in-tree driver use VMBus's interrupt source?
 *
 * What a dead kernel left in the registers before it started this one does not count.
 *
 * Context: Process context.
 * Return: true if hv_vmbus of this kernel is connected.
 */
bool synic_owned(void);

/**
 * synic_init() - enable the SynIC on every CPU, now and as they come online
 * @ops: where to deliver; must stay until synic_exit()
 *
 * Context: Process context.
 * Return: 0 or a negative errno.
 */
int synic_init(const struct synic_ops *ops);

/**
 * synic_exit() - disable it again; no delivery after this returns
 *
 * Context: Process context.
 */
void synic_exit(void);

/**
 * synic_vp_index() - the hypervisor's number of a CPU
 * @cpu: a CPU that has been online since synic_init()
 *
 * Return: VP index.
 */
u32 synic_vp_index(unsigned int cpu);

/**
 * synic_watch_flag() - look for this event flag from now on
 * @flag: a channel's relid, at most VMBUS_RELID_MAX
 *
 * Interrupts scan no further than the highest flag ever named here.
 *
 * Context: one caller at a time.
 */
void synic_watch_flag(u32 flag);

/**
 * synic_poll_messages() - look at every CPU's message slot again
 *
 * Context: Process context, interrupts on.
 */
void synic_poll_messages(void);

/* For those who must stop it all: suspend, kexec, a crash --------------------------*/

/**
 * synic_quiesce_this_cpu() - the host neither interrupts this CPU nor writes to its pages
 *
 * May be repeated. What lies in the pages stays there, and is forgotten by
 * synic_restore_this_cpu().
 *
 * Context: Any, on the CPU, which must not change: an IPI (on_each_cpu() will
 * do), a syscore callback, a crash. Takes no lock.
 */
void synic_quiesce_this_cpu(void);

/**
 * synic_restore_this_cpu() - undo that, also if the machine was off in between
 *
 * Does nothing on a CPU that was not quiesced.
 *
 * Context: As synic_quiesce_this_cpu(). Messages come at once if interrupts are on.
 */
void synic_restore_this_cpu(void);

/**
 * synic_poll_all_pages() - take what lies in every CPU's message slot, once
 * @message: gets each VMBus message, a private copy; others are thrown away
 *
 * For a crash, when no interrupt comes any more: call it again and again. Only
 * the CPU that polls can tell the host that its slot is free; of what other
 * CPUs have queued behind their slots, no more than the first will be seen.
 * A message that its CPU was about to handle when it was stopped comes again.
 *
 * Context: Any, also NMI. The other CPUs must stand still. Takes no lock.
 */
void synic_poll_all_pages(void (*message)(const struct tlfs_message *msg));

/* irq.c: who interrupts us */

/**
 * irq_init() - have a function called for every SINT 2 interrupt
 * @handler: runs in interrupt context on the CPU interrupted
 *
 * Return: 0 or a negative errno.
 */
int irq_init(void (*handler)(void));

/**
 * irq_on_crash() - have a function called before a crashed kernel starts its crash kernel
 * @handler: called with other CPUs still running; NULL for none
 *
 * Panic notifiers are not called then. Where the kernel did not find Hyper-V
 * there is no such hook, and this does nothing.
 */
void irq_on_crash(void (*handler)(void));

/**
 * irq_exit_vmbus() - stop calling it; it is not running when this returns
 */
void irq_exit_vmbus(void);

/**
 * irq_cpu_up() - have this CPU interrupted
 * @cpu: this one, in its online callback
 * @sint: set to vector and mode for its SINT 2; another one each time
 *
 * Return: 0 or a negative errno.
 */
int irq_cpu_up(unsigned int cpu, u64 *sint);

/**
 * irq_cpu_down() - no more; the handler is not running on @cpu when this returns
 * @cpu: whose SINT 2 is masked; nothing happens if irq_cpu_up() failed or was not called
 */
void irq_cpu_down(unsigned int cpu);

#endif

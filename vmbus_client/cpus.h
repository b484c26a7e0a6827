/* SPDX-License-Identifier: GPL-2.0 */
/*
 * cpus.h - which CPU a channel interrupts: spreading, moving, CPUs that come and go
 */
#ifndef VMBUS_KIT_CPUS_H
#define VMBUS_KIT_CPUS_H

#include <linux/types.h>

struct vmbus_chan;
struct vmbus_conn;

/**
 * struct chan_place - where a channel's interrupts go
 * @cpu: CPU interrupted while open, and the latest one else; -1 before the first open
 * @home: CPU it belongs to; it is elsewhere only while that one is offline
 * @kept: @home is somebody's choice: it is not spread anew when a CPU comes
 * @chosen: the administrator's choice: a later open goes there, too
 * @counted: open or opening: @cpu, and @asked, may not go offline without it
 * @asked: CPU the host was asked for and has not answered about, or -1. It may
 *	interrupt either
 * @answer_due: the host owes an answer, maybe about an open channel of the past;
 *	until it comes nothing more may be asked
 * @blind: moved by a host that acknowledges no move: the old CPU may still be interrupted
 * @heard: CPU of the latest interrupt, -1 for none since open or move
 * @round: the latest round of trying all channels that tried this one
 *
 * Written by cpus.c alone, under its lock, but @heard: that is the interrupt's.
 */
struct chan_place {
	int cpu;
	int home;
	bool kept;
	bool chosen;
	bool counted;
	int asked;
	bool answer_due;
	bool blind;
	int heard;
	unsigned int round;
};

/**
 * cpus_init_place() - a new channel interrupts no CPU
 * @chan: zeroed
 */
void cpus_init_place(struct vmbus_chan *chan);

/**
 * cpus_contact() - pick the CPU that gets the host's messages
 *
 * It cannot be changed while connected, and so it stays online from now on.
 *
 * Context: Process context, cpus_read_lock() held, SynIC on.
 * Return: CPU.
 */
unsigned int cpus_contact(void);

/**
 * cpus_init() - channels may be placed from now on
 * @conn: connection
 *
 * Return: 0 or -ENOMEM.
 */
int cpus_init(struct vmbus_conn *conn);

/**
 * cpus_exit() - CPUs come and go unheeded; there are no channels any more
 *
 * Context: Process context, after synic_exit().
 */
void cpus_exit(void);

/**
 * cpus_place() - pick a CPU for a channel that is about to be opened
 * @chan: with open_mutex held
 * @wanted: CPU its driver asks for, or -1
 *
 * The CPU stays online until the channel has left it.
 *
 * Context: Process context.
 */
void cpus_place(struct vmbus_chan *chan, int wanted);

/**
 * cpus_leave() - a channel interrupts nobody any more
 * @chan: closed, or never opened after all; open_mutex held
 */
void cpus_leave(struct vmbus_chan *chan);

/**
 * cpus_forget() - the host remembers nothing of this channel's moves: a new connection
 * @chan: closed
 */
void cpus_forget(struct vmbus_chan *chan);

/**
 * cpus_answer() - the host has answered a move
 * @chan: channel
 * @status: 0 if it is done
 *
 * Also when nobody waits any more: a late answer tells where the channel is.
 *
 * Context: Any.
 * Return: false if no answer was due.
 */
bool cpus_answer(struct vmbus_chan *chan, u32 status);

/**
 * cpus_up() - a CPU can be interrupted from now on
 * @cpu: CPU
 *
 * Channels that belong there come back soon; nobody waits for it.
 *
 * Context: CPU hotplug, the CPU's own thread.
 */
void cpus_up(unsigned int cpu);

/**
 * cpus_down() - a CPU wants to go offline: no channel may interrupt it any more
 * @cpu: CPU, still online and interrupted as before
 *
 * Context: CPU hotplug, the CPU's own thread; waits for the host, with a bound.
 * Return: 0; -EBUSY if something stays there, and the log says what and why.
 */
int cpus_down(unsigned int cpu);

#endif

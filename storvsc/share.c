// SPDX-License-Identifier: GPL-2.0
/*
 * share.c - which channel takes a command, and so which CPU has its answer
 *
 * By itself each queue uses its own channel, which interrupts the CPU that asks:
 * a program that waits is woken where it is. But a CPU that has many commands out
 * is stopped by each interrupt while it could ask for more, and then the host
 * stands still until it does. If another CPU has nothing to do, its channel takes
 * the commands instead: one asks, the other ends, and more come together on both
 * ways. Who has nothing to do is looked at now and then, not for each command.
 */
#include "storvsc.h"

#include <linux/jiffies.h>
#include <linux/kernel_stat.h>
#include <linux/smp.h>
#include <linux/topology.h>

/* From so many commands with the host on it is worth while. */
#define DEEP		8

/* Jiffies a choice stays. */
#define PERIOD		(HZ / 125 > 2 ? HZ / 125 : 2)

/* In ns: what runs in tasks, not what interrupts, and so not the answers it has taken. */
static u64 tasks_ran(int cpu)
{
	const u64 *spent = kcpustat_cpu(cpu).cpustat;

	return spent[CPUTIME_USER] + spent[CPUTIME_NICE] + spent[CPUTIME_SYSTEM];
}

/*
 * Had tasks no more than half of the CPU, of late? A look that is too long ago says
 * nothing of today, so then it is not yet known.
 */
static bool is_quiet(struct storvsc_queue *q, int cpu)
{
	unsigned long since = jiffies - READ_ONCE(q->ran_at);
	u64 ran;

	if (since >= PERIOD) {
		ran = tasks_ran(cpu);
		WRITE_ONCE(q->quiet, since <= 3 * PERIOD &&
			   ran - READ_ONCE(q->ran) <= jiffies_to_nsecs(since) / 2);
		WRITE_ONCE(q->ran, ran);
		WRITE_ONCE(q->ran_at, jiffies);
	}
	return READ_ONCE(q->quiet);
}

/* The next queue whose CPU is quiet, on this CPU's node; or this one. */
static struct storvsc_queue *find_quiet(struct storvsc_queue *q)
{
	struct storvsc_host *host = q->host;
	unsigned int i, count = READ_ONCE(host->queues_used);
	int here = raw_smp_processor_id();
	struct storvsc_queue *other;
	int cpu;

	/* Of several CPUs this queue serves all but one have their answers elsewhere already. */
	if (vmbus_chan_cpu(q->chan) != here)
		return q;
	/* So that it is known when the program has moved, and asks from another CPU. */
	is_quiet(q, here);
	for (i = 1; i < count; i++) {
		other = &host->queues[(q->index + i) % count];
		cpu = vmbus_chan_cpu(other->chan);
		if (cpu >= 0 && cpu != here && cpu_to_node(cpu) == cpu_to_node(here) &&
		    !READ_ONCE(other->dead) && is_quiet(other, cpu))
			return other;
	}
	return q;
}

/*
 * Several CPUs may be here at once for one queue. Each field is right by itself, and
 * a choice that is not the best is made anew soon.
 */
static void choose(struct storvsc_queue *q)
{
	WRITE_ONCE(q->chosen_at, jiffies);
	WRITE_ONCE(q->via, READ_ONCE(q->deep) ? find_quiet(q) : q);
	WRITE_ONCE(q->deep, false);
}

/* In this order, as in storvsc_in_flight(): what is done was sent before. */
static bool has_many(struct storvsc_queue *via)
{
	unsigned long done = smp_load_acquire(&via->done);

	return atomic_long_read(&via->sent) - done >= DEEP;
}

struct storvsc_queue *storvsc_via(struct storvsc_queue *q)
{
	struct storvsc_queue *via = READ_ONCE(q->via);

	if (q->polled || READ_ONCE(q->host->queues_used) < 2 || !storvsc_sharing())
		return q;
	/* What another CPU counts is asked for until it is enough, and then no more. */
	if (!READ_ONCE(q->deep) && has_many(via))
		WRITE_ONCE(q->deep, true);
	/* Nothing to choose for a program that waits for each answer. */
	if ((READ_ONCE(q->deep) || via != q) && jiffies - READ_ONCE(q->chosen_at) >= PERIOD) {
		choose(q);
		via = READ_ONCE(q->via);
	}
	return likely(!READ_ONCE(via->dead)) ? via : q;
}

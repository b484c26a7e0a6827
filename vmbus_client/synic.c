// SPDX-License-Identifier: GPL-2.0
/*
 * synic.c - per-CPU message and event pages, SINT 2, end-of-message, CPU hotplug
 *
 * Each CPU shares two pages with the hypervisor: sixteen message slots and
 * sixteen arrays of event flags, of which VMBus has number 2. Both are the
 * host's to write at any time: a slot is copied before it is looked at, a flag
 * is cleared before the channel is.
 */
#include "synic.h"

#include "hypercall.h"

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm/io.h>
#include <asm/msr.h>

struct synic_cpu {
	struct tlfs_message_page *messages;
	struct tlfs_event_page *events;
	u32 vp_index;
	u64 sint;		/* vector and mode of SINT 2 while enabled */
	u64 scontrol_before;	/* restored on disable: timers may use the SynIC too */
	bool enabled;
	bool quiesced;		/* disabled for a time, by synic_quiesce_this_cpu() */
};

static DEFINE_PER_CPU(struct synic_cpu, synic_cpu);
static const struct synic_ops *ops;
static enum cpuhp_state cpuhp;
static bool may_refuse;		/* a busy CPU may stay online; not in set-up, roll-back and exit */
static unsigned int event_words;	/* of an event array that can hold a channel's flag */

static u32 sint_msr(void)
{
	return TLFS_MSR_SINT0 + TLFS_SINT_VMBUS;
}

/*
 * The registers alone do not tell: after kexec they may still be as a dead
 * kernel left them. Nor does the module: built in, it is there without having
 * started. Newer kernels can be asked; in older ones, who has the driver and
 * the registers of its connection has its connection.
 */
bool synic_owned(void)
{
	bool (*exists)(void) = __symbol_get("hv_vmbus_exists");
	u64 scontrol, simp, sint;
	bool owned;

	if (exists) {
		owned = exists();
		__symbol_put("hv_vmbus_exists");
		return owned;
	}
	if (!__symbol_get("vmbus_driver_unregister"))
		return false;
	__symbol_put("vmbus_driver_unregister");
	/* The reference point is any one CPU: the in-tree driver claims all or none. */
	rdmsrq(TLFS_MSR_SCONTROL, scontrol);
	rdmsrq(TLFS_MSR_SIMP, simp);
	rdmsrq(sint_msr(), sint);
	return (scontrol & TLFS_SCONTROL_ENABLE) && (simp & TLFS_SIMP_ENABLE) &&
	       !(sint & TLFS_SINT_MASKED);
}

u32 synic_vp_index(unsigned int cpu)
{
	return per_cpu(synic_cpu, cpu).vp_index;
}

void synic_watch_flag(u32 flag)
{
	unsigned int words = flag / BITS_PER_LONG + 1;

	if (words > READ_ONCE(event_words))
		WRITE_ONCE(event_words, words);
}

/* Messages -------------------------------------------------------------------*/

/* False if the slot is empty. */
static bool copy_message(const struct tlfs_message *slot, struct tlfs_message *copy)
{
	if (READ_ONCE(slot->type) == cpu_to_le32(TLFS_MSG_NONE))
		return false;
	/* Pairs with the host's store of the type, its last. */
	virt_rmb();
	memcpy(copy, slot, sizeof(*copy));
	return true;
}

/* True if the host waits to be told. The order is the hypervisor's (TLFS, SIM page). */
static bool empty_slot(struct tlfs_message *slot)
{
	WRITE_ONCE(slot->type, cpu_to_le32(TLFS_MSG_NONE));
	/* Pairs with the host: it sets PENDING only after it has seen the slot full. */
	virt_mb();
	return READ_ONCE(slot->flags) & TLFS_MSG_FLAG_PENDING;
}

static void take_message(struct synic_cpu *sc)
{
	struct tlfs_message *slot = &sc->messages->slot[TLFS_SINT_VMBUS];
	struct tlfs_message copy;

	if (!copy_message(slot, &copy))
		return;
	if (!ops->message(&copy))
		return;
	if (empty_slot(slot))
		wrmsrq(TLFS_MSR_EOM, 0);
}

static void poll_this_cpu(void *unused)
{
	struct synic_cpu *sc = this_cpu_ptr(&synic_cpu);

	/* As in the interrupt: our locks are spinlocks, and this never runs in a thread. */
	lockdep_hardirq_threaded();
	if (sc->enabled)
		take_message(sc);
}

void synic_poll_messages(void)
{
	on_each_cpu(poll_this_cpu, NULL, 1);
}

/* Events ---------------------------------------------------------------------*/

static void take_events(struct synic_cpu *sc)
{
	unsigned long *word = (unsigned long *)sc->events->sint[TLFS_SINT_VMBUS].flags;
	unsigned int i, bit;

	for (i = 0; i < READ_ONCE(event_words); i++) {
		unsigned long set;

		if (!READ_ONCE(word[i]))
			continue;
		/* Cleared before the ring is looked at, so a later signal is never lost. */
		set = xchg(&word[i], 0);
		for_each_set_bit(bit, &set, BITS_PER_LONG)
			ops->event(i * BITS_PER_LONG + bit);
	}
}

static void sint_interrupt(void)
{
	struct synic_cpu *sc = this_cpu_ptr(&synic_cpu);

	/* What we deliver to takes spinlocks, which with PREEMPT_RT would have to be a thread's. */
	lockdep_hardirq_threaded();
	if (!sc->enabled)
		return;
	take_events(sc);
	take_message(sc);
}

/* Interrupts come no more: what the host had left before that is taken now. */
static void last_look(struct synic_cpu *sc)
{
	unsigned long flags;

	local_irq_save(flags);
	lockdep_hardirq_threaded();
	take_events(sc);
	take_message(sc);
	local_irq_restore(flags);
}

void synic_poll_all_pages(void (*message)(const struct tlfs_message *msg))
{
	unsigned int cpu, this = raw_smp_processor_id();

	for_each_possible_cpu(cpu) {
		struct synic_cpu *sc = per_cpu_ptr(&synic_cpu, cpu);
		struct tlfs_message *slot, copy;

		if (!READ_ONCE(sc->enabled))
			continue;
		slot = &sc->messages->slot[TLFS_SINT_VMBUS];
		if (!copy_message(slot, &copy))
			continue;
		if (copy.type == cpu_to_le32(TLFS_MSG_VMBUS))
			message(&copy);
		/* The register is this CPU's own, and so is the host's queue that it starts. */
		if (empty_slot(slot) && cpu == this)
			wrmsrq(TLFS_MSR_EOM, 0);
	}
}

/* A CPU comes and goes ---------------------------------------------------------*/

static int alloc_pages_of(struct synic_cpu *sc, unsigned int cpu)
{
	struct page *messages, *events;

	if (sc->messages)
		return 0;
	messages = alloc_pages_node(cpu_to_node(cpu), GFP_KERNEL | __GFP_ZERO, 0);
	events = alloc_pages_node(cpu_to_node(cpu), GFP_KERNEL | __GFP_ZERO, 0);
	if (!messages || !events) {
		if (messages)
			__free_page(messages);
		if (events)
			__free_page(events);
		return -ENOMEM;
	}
	sc->messages = page_address(messages);
	sc->events = page_address(events);
	return 0;
}

static void set_page(u32 msr, u64 value)
{
	u64 old;

	/* The bits between are the hypervisor's. */
	rdmsrq(msr, old);
	wrmsrq(msr, (old & ~(TLFS_FRAME_MASK | TLFS_SIMP_ENABLE)) | value);
}

static void set_sint(u64 value)
{
	u64 old;

	rdmsrq(sint_msr(), old);
	old &= ~(TLFS_SINT_VECTOR | TLFS_SINT_MASKED | TLFS_SINT_AUTO_EOI | TLFS_SINT_POLLING);
	wrmsrq(sint_msr(), old | value);
}

static void enable_this_cpu(struct synic_cpu *sc)
{
	/* A kernel before this one may have gone without masking it. */
	set_sint(sc->sint | TLFS_SINT_MASKED);
	set_page(TLFS_MSR_SIMP, virt_to_phys(sc->messages) | TLFS_SIMP_ENABLE);
	set_page(TLFS_MSR_SIEFP, virt_to_phys(sc->events) | TLFS_SIEFP_ENABLE);
	/* The host lays its own page over ours; what an earlier owner left there is not for us. */
	memset(&sc->events->sint[TLFS_SINT_VMBUS], 0, sizeof(sc->events->sint[0]));
	WRITE_ONCE(sc->messages->slot[TLFS_SINT_VMBUS].type, cpu_to_le32(TLFS_MSG_NONE));
	WRITE_ONCE(sc->enabled, true);

	set_sint(sc->sint);
	rdmsrq(TLFS_MSR_SCONTROL, sc->scontrol_before);
	wrmsrq(TLFS_MSR_SCONTROL, sc->scontrol_before | TLFS_SCONTROL_ENABLE);
	/* A message that waited behind the stale one comes on this. */
	wrmsrq(TLFS_MSR_EOM, 0);
}

static void mask_this_cpu(struct synic_cpu *sc)
{
	set_sint(sc->sint | TLFS_SINT_MASKED);
}

static void disable_this_cpu(struct synic_cpu *sc)
{
	/* Without AutoEOI, which slows down all interrupts of the machine as long as it is set. */
	set_sint((sc->sint & TLFS_SINT_VECTOR) | TLFS_SINT_MASKED);
	WRITE_ONCE(sc->enabled, false);
	set_page(TLFS_MSR_SIMP, 0);
	set_page(TLFS_MSR_SIEFP, 0);
	wrmsrq(TLFS_MSR_SCONTROL, sc->scontrol_before);
}

static int synic_cpu_online(unsigned int cpu)
{
	struct synic_cpu *sc = this_cpu_ptr(&synic_cpu);
	u64 vp;
	int err;

	err = alloc_pages_of(sc, cpu);
	if (!err)
		err = irq_cpu_up(cpu, &sc->sint);
	if (err)
		return err;
	rdmsrq(TLFS_MSR_VP_INDEX, vp);
	sc->vp_index = vp;
	/* It went down while it was quiet, as in hibernation; now it is as new. */
	sc->quiesced = false;
	enable_this_cpu(sc);
	ops->cpu_up(cpu);
	return 0;
}

static int synic_cpu_offline(unsigned int cpu)
{
	struct synic_cpu *sc = this_cpu_ptr(&synic_cpu);
	int err = may_refuse && sc->enabled ? ops->cpu_down(cpu) : 0;

	if (err)
		return err;
	if (sc->enabled) {
		mask_this_cpu(sc);
		last_look(sc);
		disable_this_cpu(sc);
	}
	irq_cpu_down(cpu);
	return 0;
}

void synic_quiesce_this_cpu(void)
{
	struct synic_cpu *sc = this_cpu_ptr(&synic_cpu);

	if (!sc->enabled)
		return;
	mask_this_cpu(sc);
	disable_this_cpu(sc);
	sc->quiesced = true;
}

void synic_restore_this_cpu(void)
{
	struct synic_cpu *sc = this_cpu_ptr(&synic_cpu);

	if (!sc->quiesced)
		return;
	sc->quiesced = false;
	enable_this_cpu(sc);
}

static void free_all_pages(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct synic_cpu *sc = per_cpu_ptr(&synic_cpu, cpu);

		free_page((unsigned long)sc->messages);
		free_page((unsigned long)sc->events);
		sc->messages = NULL;
		sc->events = NULL;
	}
}

int synic_init(const struct synic_ops *deliver_to)
{
	int err;

	ops = deliver_to;
	may_refuse = false;
	event_words = 1;
	err = irq_init(sint_interrupt);
	if (err)
		return err;

	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "vmbus_client:online",
				synic_cpu_online, synic_cpu_offline);
	if (err < 0) {
		irq_exit_vmbus();
		free_all_pages();
		return err;
	}
	cpuhp = err;
	may_refuse = true;
	return 0;
}

void synic_exit(void)
{
	may_refuse = false;
	cpuhp_remove_state(cpuhp);
	irq_exit_vmbus();
	free_all_pages();
}

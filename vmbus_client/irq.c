// SPDX-License-Identifier: GPL-2.0
/*
 * irq.c - who interrupts us, and on which CPU
 *
 * A kernel that found Hyper-V at boot has an interrupt gate for it and calls
 * one registered function. That function pointer is shared with the in-tree
 * driver; the bus name, which only one of us can register, keeps us apart.
 *
 * Without it, each CPU gets a vector of its own from the kernel's allocator,
 * through an interrupt domain that exists for nothing else.
 */
#include "synic.h"

#include "hypercall.h"

#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <asm/hw_irq.h>
#include <asm/irq_vectors.h>
#include <asm/irqdomain.h>
#ifdef COMPAT_HYPERV
#include <asm/mshyperv.h>
#else
/* Never called: without it in the kernel, hypercall_own() is true. */
static void hv_setup_vmbus_handler(void (*handler)(void)) { }
static void hv_remove_vmbus_handler(void) { }
static void hv_setup_crash_handler(void (*handler)(struct pt_regs *regs)) { }
static void hv_remove_crash_handler(void) { }
#endif

static void (*sint_handler)(void);
static DEFINE_PER_CPU(unsigned int, virq);
static struct fwnode_handle *fwnode;
static struct irq_domain *domain;

/* Vectors of our own -----------------------------------------------------------------*/

/* The vector domain neither masks nor unmasks: SINT 2 has a bit for that. */
static struct irq_chip sint_chip = {
	.name = "VMBUS-SINT",
	.irq_ack = irq_chip_ack_parent,
	.irq_set_affinity = irq_chip_set_affinity_parent,
	.irq_retrigger = irq_chip_retrigger_hierarchy,
};

static int sint_alloc(struct irq_domain *d, unsigned int irq, unsigned int count, void *arg)
{
	const struct irq_fwspec *fwspec = arg;
	unsigned int cpu = fwspec->param[0];
	struct irq_alloc_info info = { .mask = cpumask_of(cpu) };
	int err;

	err = irq_domain_alloc_irqs_parent(d, irq, count, &info);
	if (err)
		return err;
	irq_domain_set_info(d, irq, cpu, &sint_chip, NULL, handle_edge_irq, NULL, "edge");
	return 0;
}

static void sint_free(struct irq_domain *d, unsigned int irq, unsigned int count)
{
	irq_domain_free_irqs_common(d, irq, count);
}

static const struct irq_domain_ops sint_domain_ops = {
	.alloc = sint_alloc,
	.free = sint_free,
};

static irqreturn_t sint_interrupt(int irq, void *unused)
{
	sint_handler();
	return IRQ_HANDLED;
}

static int domain_init(void)
{
	fwnode = irq_domain_alloc_named_fwnode("VMBUS-SINT");
	if (!fwnode)
		return -ENOMEM;
	domain = irq_domain_create_hierarchy(x86_vector_domain, 0, nr_cpu_ids, fwnode,
					     &sint_domain_ops, NULL);
	if (domain)
		return 0;
	irq_domain_free_fwnode(fwnode);
	return -ENOMEM;
}

static int own_vector(unsigned int cpu)
{
	struct irq_fwspec fwspec = { .fwnode = fwnode, .param_count = 1, .param = { cpu } };
	unsigned int irq = irq_create_fwspec_mapping(&fwspec);
	int err;

	if (!irq)
		return -ENOSPC;
	/*
	 * Bound to its CPU for good, and in hard interrupt context whatever the
	 * kernel does with others: its vector stands in that CPU's SINT 2. Needed
	 * in suspend, when the host is told good-bye after other interrupts are off.
	 */
	err = request_irq(irq, sint_interrupt, IRQF_PERCPU | IRQF_NOBALANCING | IRQF_NO_SUSPEND,
			  "vmbus", &domain);
	if (err) {
		irq_dispose_mapping(irq);
		return err;
	}
	per_cpu(virq, cpu) = irq;
	return irqd_cfg(irq_domain_get_irq_data(x86_vector_domain, irq))->vector;
}

int irq_cpu_up(unsigned int cpu, u64 *sint)
{
	int vector;

	if (!hypercall_own()) {
		*sint = HYPERVISOR_CALLBACK_VECTOR;
		if (hypercall_auto_eoi())
			*sint |= TLFS_SINT_AUTO_EOI;
		return 0;
	}
	vector = own_vector(cpu);
	if (vector < 0)
		return vector;
	*sint = vector;
	return 0;
}

void irq_cpu_down(unsigned int cpu)
{
	unsigned int irq = per_cpu(virq, cpu);

	if (!irq)
		return;
	/* The CPU's vectors are built anew when it comes back; one that we kept would be dead. */
	free_irq(irq, &domain);
	irq_dispose_mapping(irq);
	per_cpu(virq, cpu) = 0;
}

/* Init and exit ------------------------------------------------------------------------*/

int irq_init(void (*handler)(void))
{
	sint_handler = handler;
	if (hypercall_own())
		return domain_init();
	hv_setup_vmbus_handler(handler);
	return 0;
}

void irq_exit_vmbus(void)
{
	if (hypercall_own()) {
		irq_domain_remove(domain);
		irq_domain_free_fwnode(fwnode);
		return;
	}
	hv_remove_vmbus_handler();
	/* The gate calls the pointer it read: an interrupt elsewhere may still be inside. */
	synchronize_rcu();
}

/* A crash ------------------------------------------------------------------------------*/

static void (*crash_handler)(void);

static void on_crash(struct pt_regs *regs)
{
	crash_handler();
}

void irq_on_crash(void (*handler)(void))
{
	if (hypercall_own())
		return;
	if (handler) {
		crash_handler = handler;
		hv_setup_crash_handler(on_crash);
	} else {
		hv_remove_crash_handler();
	}
}

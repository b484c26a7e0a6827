// SPDX-License-Identifier: GPL-2.0
/*
 * irq.c - who interrupts us, and on which CPU
 *
 * A kernel that found Hyper-V at boot has an interrupt gate for it and calls
 * one registered function. That function pointer is shared with the in-tree
 * driver; the bus name, which only one of us can register, keeps us apart.
 */
#include "synic.h"

#include <linux/rcupdate.h>
#include <asm/irq_vectors.h>
#include <asm/mshyperv.h>

int irq_init(void (*handler)(void))
{
	hv_setup_vmbus_handler(handler);
	return 0;
}

void irq_exit_vmbus(void)
{
	hv_remove_vmbus_handler();
	/* The gate calls the pointer it read: an interrupt elsewhere may still be inside. */
	synchronize_rcu();
}

u8 irq_vector(void)
{
	return HYPERVISOR_CALLBACK_VECTOR;
}

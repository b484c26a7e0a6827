// SPDX-License-Identifier: GPL-2.0
/*
 * hypercall.c - are we on Hyper-V, what may we do, and the two calls we make
 *
 * With irq.c the only file that knows <asm/mshyperv.h>. The kernel that has
 * found Hyper-V at boot owns the guest OS id and the hypercall page; we call
 * through its wrapper and write neither register.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "hypercall.h"

#include "wire/tlfs.h"

#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <asm/mshyperv.h>
#include <asm/processor.h>
#include COMPAT_CPUID_HEADER

/* A message is copied here before the call: the host reads it by guest physical address. */
static DEFINE_PER_CPU(struct tlfs_post_message *, post_input);
static bool auto_eoi;

static bool on_hyperv(void)
{
	u32 eax, ebx, ecx, edx;

	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return false;
	cpuid(TLFS_CPUID_VENDOR, &eax, &ebx, &ecx, &edx);
	if (eax < TLFS_CPUID_MIN_LEAF || eax > TLFS_CPUID_MAX_LEAF)
		return false;
	return cpuid_eax(TLFS_CPUID_INTERFACE) == TLFS_INTERFACE_HV1;
}

/* What is missing for VMBus, in words; NULL if nothing. */
static const char *missing_privilege(void)
{
	u32 msrs, calls, ecx, edx;

	cpuid(TLFS_CPUID_FEATURES, &msrs, &calls, &ecx, &edx);
	if (!(msrs & TLFS_ACCESS_HYPERCALL_MSRS))
		return "hypercalls";
	if (!(msrs & TLFS_ACCESS_VP_INDEX))
		return "the virtual processor index";
	if (!(msrs & TLFS_ACCESS_SYNIC))
		return "the synthetic interrupt controller";
	if (!(calls & TLFS_PRIV_POST_MESSAGES))
		return "posting messages";
	if (!(calls & TLFS_PRIV_SIGNAL_EVENTS))
		return "signalling events";
	return NULL;
}

static int alloc_inputs(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		/* A power of two is naturally aligned, so no input crosses a page. */
		struct tlfs_post_message *input = kzalloc_node(sizeof(*input), GFP_KERNEL,
							       cpu_to_node(cpu));

		if (!input)
			return -ENOMEM;
		per_cpu(post_input, cpu) = input;
	}
	return 0;
}

int hypercall_init(void)
{
	const char *missing;
	int err;

	if (!on_hyperv()) {
		pr_info("not running on Hyper-V: no hypervisor announces the Hv#1 interface; nothing to do\n");
		return -ENODEV;
	}
	missing = missing_privilege();
	if (missing) {
		pr_err("the host does not grant this guest %s; VMBus cannot be used\n", missing);
		return -ENODEV;
	}
	if (!hv_is_hyperv_initialized()) {
		pr_err("this kernel did not set up its Hyper-V interface (booted as another hypervisor's guest?); VMBus cannot be used\n");
		return -ENODEV;
	}

	auto_eoi = !(cpuid_eax(TLFS_CPUID_HINTS) & TLFS_HINT_NO_AUTO_EOI);
	err = alloc_inputs();
	if (err)
		hypercall_exit();
	return err;
}

void hypercall_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		kfree(per_cpu(post_input, cpu));
		per_cpu(post_input, cpu) = NULL;
	}
}

bool hypercall_auto_eoi(void)
{
	return auto_eoi;
}

u32 hypercall_post_message(u32 connection_id, const void *payload, u32 len)
{
	struct tlfs_post_message *input;
	unsigned long flags;
	u64 result;

	if (WARN_ON_ONCE(len > sizeof(input->payload)))
		return TLFS_STATUS_INVALID_PARAMETER;

	/* Interrupts stay off: the buffer is this CPU's, and an interrupt may post too. */
	local_irq_save(flags);
	input = this_cpu_read(post_input);
	input->connection_id = cpu_to_le32(connection_id);
	input->reserved = 0;
	input->message_type = cpu_to_le32(TLFS_MSG_VMBUS);
	input->payload_size = cpu_to_le32(len);
	memcpy(input->payload, payload, len);
	result = hv_do_hypercall(TLFS_CALL_POST_MESSAGE, input, NULL);
	local_irq_restore(flags);

	return result & TLFS_STATUS_MASK;
}

void hypercall_signal_event(u32 connection_id)
{
	hv_do_fast_hypercall8(TLFS_CALL_SIGNAL_EVENT, connection_id);
}

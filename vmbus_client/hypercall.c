// SPDX-License-Identifier: GPL-2.0
/*
 * hypercall.c - are we on Hyper-V, what may we do, and the two calls we make
 *
 * A kernel that found Hyper-V at boot has told the host its guest OS id and
 * enabled the hypercall page; we call through its wrapper and write neither
 * register. Other kernels, built without Hyper-V support or booted as another
 * hypervisor's guest, have left both alone: then we identify ourselves and
 * enable a page that lies in this module's text. A page that somebody else has
 * enabled is never moved. Where its owner lends us no wrapper, we execute the
 * instruction that stands in it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "hypercall.h"

#include "wire/tlfs.h"

#include <linux/cpumask.h>
#include <linux/jump_label.h>
#include <linux/linkage.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <asm/asm.h>
#include <asm/ibt.h>
#include <asm/io.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/sync_bitops.h>
#include COMPAT_CPUID_HEADER
#ifdef COMPAT_HYPERV
#include <asm/mshyperv.h>
#endif

static bool own;
module_param(own, bool, 0444);
MODULE_PARM_DESC(own,
		 "use our own interrupts and hypercalls even where the kernel has Hyper-V support (default: no)");

/* A message is copied here before the call: the host reads it by guest physical address. */
static DEFINE_PER_CPU(struct tlfs_post_message *, post_input);
static u32 leaves;		/* the first CPUID leaf of Hyper-V's */

/* How a call is made. The kernel's wrapper must not be slower for there being others. */
static DEFINE_STATIC_KEY_FALSE(own_calls);
static bool vmcall_works;	/* otherwise vmmcall does */

/* What hypercall_init() wrote, and hypercall_exit() takes back. */
static bool os_id_is_ours, page_is_ours;

/* The kernel's Hyper-V support, if it has any -----------------------------------*/

#ifdef COMPAT_HYPERV
static bool kernel_has_hyperv(void)
{
	return hv_is_hyperv_initialized();
}

static u64 kernel_call(u32 code, void *input)
{
	return hv_do_hypercall(code, input, NULL);
}

static void kernel_fast_call(u32 code, u64 input)
{
	hv_do_fast_hypercall8(code, input);
}

static bool kernel_ref_time(u64 *ticks)
{
	if (!hv_is_hyperv_initialized() || !hv_read_reference_counter)
		return false;
	*ticks = hv_read_reference_counter();
	return true;
}
#else
static bool kernel_has_hyperv(void)
{
	return false;
}

static u64 kernel_call(u32 code, void *input)
{
	return U64_MAX;
}

static void kernel_fast_call(u32 code, u64 input)
{
}

static bool kernel_ref_time(u64 *ticks)
{
	return false;
}
#endif

/* Ways to call without it --------------------------------------------------------*/

/*
 * The page: text of this module, because a module can make no other memory
 * executable. Hyper-V lays its own page over it, KVM writes an instruction and a
 * return at its start; until then it returns a status that no hypervisor does.
 * The room before it is for what the kernel patches in front of a call's target.
 */
asm(".pushsection .text, \"ax\", @progbits\n"
    "	.balign 4096, 0xcc\n"
    "	.skip 4096 - 64, 0xcc\n"
    "	.skip 64, 0x90\n"
    "	.globl vmbus_hypercall_page\n"
    "	.type vmbus_hypercall_page, @function\n"
    "vmbus_hypercall_page:\n"
    ASM_ENDBR
    "	movl $-1, %eax\n"
    ASM_RET
    "	.balign 4096, 0xcc\n"
    "	.size vmbus_hypercall_page, . - vmbus_hypercall_page\n"
    ".popsection\n");

void vmbus_hypercall_page(void);

static u64 call_page(u64 control, u64 input)
{
	register u64 output asm("r8") = 0;
	u64 result;

	asm volatile("call vmbus_hypercall_page"
		     : "=a" (result), ASM_CALL_CONSTRAINT, "+c" (control), "+d" (input), "+r" (output)
		     : : "r9", "r10", "r11", "cc", "memory");
	return result;
}

/* A processor that does not know the instruction leaves the result as it was. */
#define CALL_BY(instruction)									\
static u64 call_##instruction(u64 control, u64 input)						\
{												\
	register u64 output asm("r8") = 0;							\
	u64 result = U64_MAX;									\
												\
	asm volatile("1: " #instruction "\n"							\
		     "2:\n"									\
		     _ASM_EXTABLE(1b, 2b)							\
		     : "+a" (result), "+c" (control), "+d" (input), "+r" (output)		\
		     : : "r9", "r10", "r11", "cc", "memory");					\
	return result;										\
}
CALL_BY(vmcall)
CALL_BY(vmmcall)

static u64 own_call(u64 control, u64 input)
{
	if (page_is_ours)
		return call_page(control, input);
	return vmcall_works ? call_vmcall(control, input) : call_vmmcall(control, input);
}

/* Hyper-V knows what no call is; KVM, before it takes us for a Hyper-V guest, does not. */
static bool own_call_answers(void)
{
	u32 status = own_call(TLFS_CALL_NONE, 0) & TLFS_STATUS_MASK;

	return status == TLFS_STATUS_INVALID_CODE || status == TLFS_STATUS_ACCESS_DENIED;
}

static u64 read_hypercall_msr(void)
{
	u64 msr;

	rdmsrq(TLFS_MSR_HYPERCALL, msr);
	return msr;
}

bool hypercall_enable(void)
{
	u64 os_id, msr;

	if (!page_is_ours)
		return true;
	rdmsrq(TLFS_MSR_GUEST_OS_ID, os_id);
	if (!os_id) {
		/* Without a version: who knows what a host makes of one it has never met. */
		os_id = TLFS_OS_ID_LINUX;
		wrmsrq(TLFS_MSR_GUEST_OS_ID, os_id);
		os_id_is_ours = true;
	}
	msr = read_hypercall_msr() & ~TLFS_FRAME_MASK;
	msr |= (u64)vmalloc_to_pfn(vmbus_hypercall_page) << TLFS_PAGE_SHIFT;
	wrmsrq(TLFS_MSR_HYPERCALL, msr | TLFS_HYPERCALL_ENABLE);
	return (read_hypercall_msr() & TLFS_HYPERCALL_ENABLE) && own_call_answers();
}

void hypercall_disable(void)
{
	if (!page_is_ours)
		return;
	wrmsrq(TLFS_MSR_HYPERCALL,
	       read_hypercall_msr() & ~(TLFS_FRAME_MASK | TLFS_HYPERCALL_ENABLE));
	if (os_id_is_ours)
		wrmsrq(TLFS_MSR_GUEST_OS_ID, 0);
	os_id_is_ours = false;
}

/* Finds a way to call without the kernel; its name, or NULL. */
static const char *find_own_call(void)
{
	if (!(read_hypercall_msr() & TLFS_HYPERCALL_ENABLE)) {
		page_is_ours = true;
		return hypercall_enable() ? "a hypercall page of our own" : NULL;
	}
	if (own_call_answers())
		return "vmmcall (the hypercall page is not ours)";
	vmcall_works = true;
	return own_call_answers() ? "vmcall (the hypercall page is not ours)" : NULL;
}

static int choose_call(void)
{
	bool kernels = kernel_has_hyperv();
	const char *how;

	if (kernels && !own) {
		pr_info("using the kernel's Hyper-V support for hypercalls and interrupts\n");
		return 0;
	}
	how = find_own_call();
	if (!how) {
		pr_err("the hypervisor announces hypercalls but answers none; VMBus cannot be used\n");
		return -ENODEV;
	}
	static_branch_enable(&own_calls);
	pr_info("using %s and interrupt vectors of our own, %s\n", how,
		kernels ? "as asked" : "for the kernel has set up no Hyper-V support");
	return 0;
}

/* Discovery ------------------------------------------------------------------------*/

static bool on_hyperv(void)
{
	u32 eax, ebx, ecx, edx;

	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return false;
	for (leaves = TLFS_CPUID_BASE; leaves < TLFS_CPUID_END; leaves += TLFS_CPUID_STEP) {
		cpuid(leaves + TLFS_LEAF_VENDOR, &eax, &ebx, &ecx, &edx);
		if (eax < leaves + TLFS_LEAF_HIGHEST_LEAST || eax >= TLFS_CPUID_END)
			continue;
		/* The vendor's name is informational; this is the promise. */
		if (cpuid_eax(leaves + TLFS_LEAF_INTERFACE) == TLFS_INTERFACE_HV1)
			return true;
	}
	return false;
}

/* What is missing for VMBus, in words; NULL if nothing. */
static const char *missing_privilege(void)
{
	u32 msrs, calls, ecx, edx;

	cpuid(leaves + TLFS_LEAF_FEATURES, &msrs, &calls, &ecx, &edx);
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

	err = alloc_inputs();
	if (!err)
		err = choose_call();
	if (err)
		hypercall_exit();
	return err;
}

void hypercall_exit(void)
{
	int cpu;

	hypercall_disable();
	for_each_possible_cpu(cpu) {
		kfree(per_cpu(post_input, cpu));
		per_cpu(post_input, cpu) = NULL;
	}
}

bool hypercall_own(void)
{
	return static_key_enabled(&own_calls);
}

bool hypercall_auto_eoi(void)
{
	return !(cpuid_eax(leaves + TLFS_LEAF_HINTS) & TLFS_HINT_NO_AUTO_EOI);
}

bool hypercall_ref_time(u64 *ticks)
{
	if (kernel_ref_time(ticks))
		return true;
	if (!(cpuid_eax(leaves + TLFS_LEAF_FEATURES) & TLFS_ACCESS_REF_COUNT))
		return false;
	rdmsrq(TLFS_MSR_TIME_REF_COUNT, *ticks);
	return true;
}

/* The calls --------------------------------------------------------------------------*/

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
	if (static_branch_unlikely(&own_calls))
		result = own_call(TLFS_CALL_POST_MESSAGE, virt_to_phys(input));
	else
		result = kernel_call(TLFS_CALL_POST_MESSAGE, input);
	local_irq_restore(flags);

	return result & TLFS_STATUS_MASK;
}

void hypercall_signal_event(u32 connection_id)
{
	if (static_branch_unlikely(&own_calls))
		own_call(TLFS_CALL_SIGNAL_EVENT | TLFS_CALL_FAST, connection_id);
	else
		kernel_fast_call(TLFS_CALL_SIGNAL_EVENT, connection_id);
}

void hypercall_signal_page(struct tlfs_monitor_page *page, u32 id)
{
	unsigned long *groups = (unsigned long *)page->group;

	/*
	 * A group is 32 pending bits and, above them, as many others. Locked even where
	 * the kernel has found but one CPU: the host has its own. And so a full barrier,
	 * behind which it finds what the signal is about.
	 */
	sync_set_bit(id / 32 * 64 + id % 32, groups);
}

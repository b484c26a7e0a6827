// SPDX-License-Identifier: GPL-2.0
/*
 * Loaded into the QEMU of the outer machine: mends three faults of its emulation.
 *
 * An interrupt for the inner guest is delivered twice, now and then.
 *
 * When a hypervisor enters its guest with an interrupt to inject, QEMU (7.2, the one this was
 * found in) delivers it at once, but leaves its vector behind in CPUState.exception_index.
 * Normally nobody looks. But if the emulator has to leave its loop before the guest's first
 * instruction (a timer is due, which under instruction counting can be any time), it takes the
 * vector for an exception still to be delivered. The guest finds itself in the same interrupt
 * handler twice, with interrupts disabled, and in the end spins on a lock that it holds itself.
 * Some 35 second deliveries were counted in a boot; most did no harm, but one boot in ten or so
 * hung.
 *
 * The second delivery comes through x86_cpu_do_interrupt(), which is for exceptions only: real
 * external interrupts do not pass there. So a vector above 31 that does is the one left behind,
 * and is dropped. (Except for 0x80, which is a system call of old programs.)
 *
 * And a CPU loses its global interrupt flag (GIF): the hypervisor clears it around a stay in the
 * guest, sets it afterwards, and finds it cleared all the same when it has nothing more to do and
 * halts. Interrupts then wait for ever, its own timer's and other CPUs', and these wait with
 * them. Seen on machines with two threads only: one start in twenty or so hung, with this state
 * in the halted CPU (7.2, too). How it comes to that is not known.
 *
 * Linux does not halt with the flag clear, so a CPU that does is given it back when it falls
 * idle, and is woken.
 *
 * And code that one CPU rewrites while the other's thread translates it can stay as it was read
 * (until 8.1). A kernel, the outer one or a guest's, puts a breakpoint there while it rewrites, so
 * a CPU can hit one without end that is no longer there: both CPUs of a machine that hung did.
 * So many breakpoints in a row are no kernel's intention, and all that was translated is
 * forgotten. (See keep_vm.c for what is done about the rest.)
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#define __USE_GNU
#include <link.h>

#define EXPORT __attribute__((visibility("default")))

/* What QEMU exports and we use; the real prototypes differ only in types of no interest here. */
extern void x86_cpu_do_interrupt(void *cpu);
extern void cpu_loop_exit_noexc(void *cpu);
extern int x86_cpu_pending_interrupt(void *cpu, int request);
extern bool runstate_is_running(void);
extern void tb_flush(void *cpu) __attribute__((weak));
extern void *qemu_get_cpu(int index);
extern void qemu_cpu_kick(void *cpu);
extern void qemu_plugin_register_vcpu_idle_cb(uint64_t id, void (*cb)(uint64_t, unsigned int));
extern void bql_lock_impl(const char *file, int line) __attribute__((weak));
extern void hyperv_enable_synic(void) __attribute__((weak));

/* QEMU reads this before it calls us, and no one value suits every release. */
EXPORT int qemu_plugin_version = 1;

static unsigned int exception_index_offset;
static unsigned long dropped;

static void __attribute__((constructor)) choose_version(void)
{
	if (hyperv_enable_synic)
		qemu_plugin_version = 7;	/* 11.x */
	else if (bql_lock_impl)
		qemu_plugin_version = 4;	/* 10.x */
}

/* Rewriting a place costs a CPU one breakpoint or two; a second has room for a few such places. */
#define BREAKPOINT	3
#define TOO_MANY	1000

static void count_breakpoint(void *cpu)
{
	static unsigned long count;
	static time_t second;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (__atomic_exchange_n(&second, now.tv_sec, __ATOMIC_RELAXED) != now.tv_sec)
		__atomic_store_n(&count, 0, __ATOMIC_RELAXED);
	if (__atomic_add_fetch(&count, 1, __ATOMIC_RELAXED) != TOO_MANY || !tb_flush)
		return;
	fprintf(stderr, "outer_fix: %u breakpoints within a second, code is translated anew\n", TOO_MANY);
	tb_flush(cpu);
}

static void do_interrupt(void *cpu)
{
	int vector = *(int *)((char *)cpu + exception_index_offset);

	if (vector == BREAKPOINT)
		count_breakpoint(cpu);
	if (vector > 31 && vector < 256 && vector != 0x80) {
		if (!dropped++ || !(dropped & (dropped - 1)))
			fprintf(stderr, "outer_fix: dropped interrupt %#x, delivered before (%lu so far)\n",
				vector, dropped);
		return;
	}
	x86_cpu_do_interrupt(cpu);
}

/* The offset in the first instruction within @len bytes of @function that begins and goes on so. */
static int find_offset(const void *function, int len, const char begin[2], const char *behind,
		       size_t behind_len, unsigned int *offset)
{
	const uint8_t *code = function;
	int i;

	for (i = 0; i < len; i++) {
		if (!memcmp(code + i, begin, 2) && !memcmp(code + i + 6, behind, behind_len)) {
			memcpy(offset, code + i + 2, sizeof(*offset));
			return 0;
		}
	}
	return -1;
}

/* cpu_loop_exit_noexc() begins with cpu->exception_index = -1: "movl $-1, offset(%rdi)" */
static int find_exception_index(void)
{
	return find_offset(cpu_loop_exit_noexc, 24, "\xc7\x87", "\xff\xff\xff\xff", 4,
			   &exception_index_offset);
}

/* The table of the CPU model's operations is constant, hence in memory that is read-only by now. */
static int replace_in(uintptr_t start, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), p;
	int found = 0;

	for (p = start; p + sizeof(void *) <= start + len; p += sizeof(void *)) {
		if (*(uintptr_t *)p != (uintptr_t)x86_cpu_do_interrupt)
			continue;
		if (mprotect((void *)(p & -page), page, PROT_READ | PROT_WRITE))
			return -1;
		*(uintptr_t *)p = (uintptr_t)do_interrupt;
		mprotect((void *)(p & -page), page, PROT_READ);
		found++;
	}
	return found;
}

static int replace_in_program(struct dl_phdr_info *info, size_t size, void *found)
{
	int i;

	(void)size;
	/* The first object is the program itself. */
	for (i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO)
			*(int *)found = replace_in(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr,
						   info->dlpi_phdr[i].p_memsz & ~7UL);
	}
	return 1;
}

/* The flag that is lost -----------------------------------------------------------------*/

#define CPU_INTERRUPT_NMI	0x200
#define HF2_GIF			1u

static unsigned int hflags2_offset;
static unsigned long restored;

/* First it asks whether the flag is set: "mov offset(%rax),%ecx; test $1,%cl" */
static int find_hflags2(void)
{
	return find_offset(x86_cpu_pending_interrupt, 128, "\x8b\x88", "\xf6\xc1\x01", 3,
			   &hflags2_offset);
}

/* It is about to wait for a condition, and what is signalled before it does is lost. */
static void *wake(void *cpu)
{
	int i;

	for (i = 0; i < 20; i++) {
		usleep(1000);
		qemu_cpu_kick(cpu);
	}
	return NULL;
}

/* In the CPU's thread. A NMI waits only for the flag, and for the end of another. */
static void on_idle(uint64_t id, unsigned int index)
{
	void *cpu = qemu_get_cpu((int)index);
	uint32_t *hflags2 = (uint32_t *)((char *)cpu + hflags2_offset);
	pthread_t thread;

	(void)id;
	/* Before its first reset a CPU has no flags at all. */
	if (!runstate_is_running())
		return;
	if (x86_cpu_pending_interrupt(cpu, CPU_INTERRUPT_NMI) || *hflags2 & HF2_GIF)
		return;
	*hflags2 |= HF2_GIF;
	fprintf(stderr, "outer_fix: CPU %u halted without its global interrupt flag (%lu so far)\n",
		index, __atomic_add_fetch(&restored, 1, __ATOMIC_RELAXED));
	if (!pthread_create(&thread, NULL, wake, cpu))
		pthread_detach(thread);
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	int found = 0;

	(void)info;
	(void)argc;
	(void)argv;
	if (find_hflags2())
		fprintf(stderr, "outer_fix: this QEMU's x86_cpu_pending_interrupt() is not as expected, "
				"a CPU may stay halted\n");
	else
		qemu_plugin_register_vcpu_idle_cb(id, on_idle);
	if (find_exception_index()) {
		fprintf(stderr, "outer_fix: this QEMU's cpu_loop_exit_noexc() is not as expected, "
				"interrupts are not mended\n");
		return 0;
	}
	dl_iterate_phdr(replace_in_program, &found);
	if (found != 1)
		fprintf(stderr, "outer_fix: %d tables with x86_cpu_do_interrupt() instead of one, "
				"interrupts are not mended\n", found);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Loaded into the QEMU of the outer machine: mends its emulation of SVM, which now and then
 * delivers an interrupt to the inner guest twice.
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
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#define __USE_GNU
#include <link.h>

#define EXPORT __attribute__((visibility("default")))

/* What QEMU exports and we use; the real prototypes differ only in types of no interest here. */
extern void x86_cpu_do_interrupt(void *cpu);
extern void cpu_loop_exit_noexc(void *cpu);
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

static void do_interrupt(void *cpu)
{
	int vector = *(int *)((char *)cpu + exception_index_offset);

	if (vector > 31 && vector < 256 && vector != 0x80) {
		if (!dropped++ || !(dropped & (dropped - 1)))
			fprintf(stderr, "outer_fix: dropped interrupt %#x, delivered before (%lu so far)\n",
				vector, dropped);
		return;
	}
	x86_cpu_do_interrupt(cpu);
}

/* cpu_loop_exit_noexc() begins with cpu->exception_index = -1: "movl $-1, offset(%rdi)" */
static int find_exception_index(void)
{
	const uint8_t *code = (const uint8_t *)cpu_loop_exit_noexc;
	static const uint8_t minus_one[4] = { 0xff, 0xff, 0xff, 0xff };
	int i;

	for (i = 0; i < 24; i++) {
		if (code[i] == 0xc7 && code[i + 1] == 0x87 && !memcmp(code + i + 6, minus_one, 4)) {
			memcpy(&exception_index_offset, code + i + 2, 4);
			return 0;
		}
	}
	return -1;
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

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	int found = 0;

	(void)id;
	(void)info;
	(void)argc;
	(void)argv;
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

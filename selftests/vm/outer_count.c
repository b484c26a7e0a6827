// SPDX-License-Identifier: GPL-2.0
/*
 * Loaded into the QEMU of the outer machine: counts the instructions of the guest and those of
 * everything else (hypervisor, QEMU, provider) apart, and tells where the guest spends them.
 *
 * The emulator translates code in blocks, and keeps those of a nested guest apart from the others,
 * because what an instruction means depends on the mode. So a block belongs to the guest or it does
 * not, and which is known when it is translated: between a VMRUN and the instruction behind it.
 *
 * A program in the guest says "now" with a no-op that nobody else uses (see guest_mark.c); each
 * one is a line "mark NUMBER GUEST OTHER" in the file given as "marks=". With "profile=FILE",
 * blocks are counted one by one between mark 1 and mark 2: "ADDRESS INSTRUCTIONS RUNS".
 *
 * For an emulator with one thread, as under instruction counting.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* What QEMU's plugin interface has of it, version 1. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*tb_trans_fn)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*exec_fn)(unsigned int cpu, void *arg);
enum { OP_ADD_U64 = 0 };
enum { NO_REGS = 0 };
extern void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, tb_trans_fn fn);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *ptr,
						     uint64_t value);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_fn fn,
						   int flags, void *arg);

EXPORT int qemu_plugin_version = 1;

struct block {
	uint64_t addr;
	uint64_t insns;
	uint64_t runs;
	uint64_t runs_at_mark;
	struct block *next;
};

static uint64_t guest_insns, other_insns;
static bool in_guest;
static uint64_t behind_vmrun;
static struct block *blocks;
static FILE *marks;
static const char *profile;

static void entered(unsigned int cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	in_guest = true;
}

static void left(unsigned int cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	in_guest = false;
}

static void start_profile(void)
{
	struct block *b;

	for (b = blocks; b; b = b->next)
		b->runs_at_mark = b->runs;
}

static void write_profile_to(const char *name)
{
	FILE *f = fopen(name, "w");
	struct block *b;

	if (!f)
		return;
	for (b = blocks; b; b = b->next)
		if (b->runs != b->runs_at_mark)
			fprintf(f, "%016llx %llu %llu\n", (unsigned long long)b->addr,
				(unsigned long long)b->insns,
				(unsigned long long)(b->runs - b->runs_at_mark));
	fclose(f);
}

/* FILE has the last one, FILE.1 the first, and so on. */
static void write_profile(void)
{
	static unsigned int number;
	char name[4096];

	write_profile_to(profile);
	snprintf(name, sizeof(name), "%s.%u", profile, ++number);
	write_profile_to(name);
}

static void mark(unsigned int cpu, void *arg)
{
	unsigned long number = (unsigned long)(uintptr_t)arg;

	(void)cpu;
	fprintf(marks, "mark %lu %llu %llu\n", number, (unsigned long long)guest_insns,
		(unsigned long long)other_insns);
	fflush(marks);
	if (profile && number == 1)
		start_profile();
	if (profile && number == 2)
		write_profile();
}

static bool is_vmrun(const uint8_t *code, size_t len)
{
	return len >= 3 && code[len - 3] == 0x0f && code[len - 2] == 0x01 && code[len - 1] == 0xd8;
}

/* nopl 0x6b5600NN(%rax,%rax) */
static int mark_number(const uint8_t *code, size_t len)
{
	static const uint8_t ours[] = { 0x0f, 0x1f, 0x84, 0x00 }, high[] = { 0x00, 0x56, 0x6b };

	if (len != 8 || memcmp(code, ours, 4) || memcmp(code + 5, high, 3))
		return -1;
	return code[4];
}

static void count_block(struct qemu_plugin_tb *tb, size_t insns)
{
	struct block *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	b->addr = qemu_plugin_tb_vaddr(tb);
	b->insns = insns;
	b->next = blocks;
	blocks = b;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, OP_ADD_U64, &b->runs, 1);
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t i, insns = qemu_plugin_tb_n_insns(tb);
	/* That one runs when the guest has been left, but nobody has said so yet. */
	bool guest = in_guest && qemu_plugin_tb_vaddr(tb) != behind_vmrun;

	(void)id;
	for (i = 0; i < insns; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		const uint8_t *code = qemu_plugin_insn_data(insn);
		size_t len = qemu_plugin_insn_size(insn);
		uint64_t addr = qemu_plugin_insn_vaddr(insn);
		int number;

		if (guest) {
			number = mark_number(code, len);
			if (number >= 0)
				qemu_plugin_register_vcpu_insn_exec_cb(insn, mark, NO_REGS,
								       (void *)(uintptr_t)number);
		} else if (is_vmrun(code, len)) {
			behind_vmrun = addr + len;
			qemu_plugin_register_vcpu_insn_exec_cb(insn, entered, NO_REGS, NULL);
		} else if (addr == behind_vmrun) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, left, NO_REGS, NULL);
		}
	}
	qemu_plugin_register_vcpu_tb_exec_inline(tb, OP_ADD_U64,
						 guest ? &guest_insns : &other_insns, insns);
	if (guest && profile)
		count_block(tb, insns);
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "marks=", 6))
			marks = fopen(argv[i] + 6, "w");
		else if (!strncmp(argv[i], "profile=", 8))
			profile = strdup(argv[i] + 8);
	}
	if (!marks) {
		fprintf(stderr, "outer_count: no file for marks\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}

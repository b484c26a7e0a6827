// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_pair.c - the guest's pure code and the provider, in a world the fuzzer runs
 *
 * The input is a list of actions, three bytes each: what happens, and a number
 * to vary it. The guest acts by the rules, the host also by faults on script,
 * and somebody corrupts messages and ring pages. Neither side may touch memory
 * that is not its own or get stuck; and as long as nothing was corrupted, the
 * referee must have nothing to say and unload must leave nothing behind.
 */
#include <stdlib.h>

#include "unit/miniguest.c"

#define MUST(condition) do { \
	if (!(condition)) \
		abort(); \
} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pair pair;
	enum pair_kind kind;

	if (!size || !pair_start(&pair))
		return 0;
	/* The first byte says whether the rules hold today. */
	kind = data[0] & 1 ? PAIR_ANYTHING : PAIR_LEGAL;
	for (data++, size--; size >= 3; data += 3, size -= 3) {
		pair_step(&pair, data[0], (uint16_t)(data[1] | data[2] << 8), kind);
		if (kind == PAIR_LEGAL) {
			MUST(!pair.lb->violations);
			MUST(!pair.guest.strange && !pair.guest.broken && !pair.garbled);
		}
	}
	/* Whatever happened, a guest that begins anew gets a clean start. */
	pair_command(&pair, "fault clear");
	loopback_reset(pair.lb);
	mg_init(&pair.guest, pair.lb);
	MUST(pair_ledger_empty(&pair));
	pair_command(&pair, "offer pair0");
	mg_contact(&pair.guest, 0);
	pair_settle(&pair);
	MUST(pair.guest.conn == MG_ENUMERATED);
	MUST(mg_open(&pair.guest, 0));
	pair_settle(&pair);
	MUST(mg_is_open(&pair.guest, 0));
	MUST(mg_unload(&pair.guest));
	pair_settle(&pair);
	MUST(pair.guest.conn == MG_ALONE && pair_ledger_empty(&pair));
	pair_end(&pair);
	return 0;
}

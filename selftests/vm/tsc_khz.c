// SPDX-License-Identifier: GPL-2.0
/*
 * Prints how fast this machine's time stamp counter runs, in kHz.
 *
 * On a busy machine a process may lose its processor at any point. That does no harm between two
 * readings, for counter and clock both go on, but within one, between the one and the other. So of
 * several readings that counts whose counter moved least.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct reading {
	uint64_t tsc;
	int64_t ns;
};

static struct reading now(void)
{
	uint64_t least = UINT64_MAX;
	struct reading best = { 0 };
	int i;

	for (i = 0; i < 50; i++) {
		uint64_t before = __rdtsc(), after;
		struct timespec t;

		clock_gettime(CLOCK_MONOTONIC_RAW, &t);
		after = __rdtsc();
		if (after - before < least) {
			least = after - before;
			best.tsc = before + least / 2;
			best.ns = t.tv_sec * 1000000000LL + t.tv_nsec;
		}
	}
	return best;
}

int main(void)
{
	const struct timespec while_it_counts = { .tv_nsec = 100 * 1000 * 1000 };
	struct reading begin = now(), end;

	nanosleep(&while_it_counts, NULL);
	end = now();
	printf("%.0f\n", (double)(end.tsc - begin.tsc) * 1e6 / (double)(end.ns - begin.ns));
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ktap.h - KTAP for tests written in C
 *
 *	TEST(rescind_while_opening)
 *	{
 *		REQUIRE(thing_start(&thing) == 0);
 *		EXPECT_EQ(thing_count(&thing), 3);
 *	}
 *
 *	KTAP_MAIN
 *
 * A test registers itself, so none can be forgotten. EXPECT notes a failure
 * and goes on; REQUIRE ends the test (use it in the test function or in any
 * void function whose caller can live with an early return). Exit codes are
 * those of kselftest: 0 all passed, 1 something failed, 4 all skipped.
 */
#ifndef VMBUS_KIT_KTAP_H
#define VMBUS_KIT_KTAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ktap_test {
	const char *name;
	void (*run)(void);
	struct ktap_test *next;
};

static struct ktap_test *ktap_first, **ktap_last = &ktap_first;
static unsigned int ktap_test_cnt, ktap_failures;
static const char *ktap_skipped;

#define TEST(title) \
	static void title(void); \
	__attribute__((constructor)) static void ktap_add_##title(void) \
	{ \
		static struct ktap_test test = { .name = #title, .run = title }; \
		*ktap_last = &test; \
		ktap_last = &test.next; \
		ktap_test_cnt++; \
	} \
	static void title(void)

/* A loop over thousands of cases must not print thousands of lines. */
#define KTAP_SHOWN_FAILURES	10

#define KTAP_FAIL(...) do { \
	if (++ktap_failures <= KTAP_SHOWN_FAILURES) { \
		printf("# %s:%d: ", __FILE__, __LINE__); \
		printf(__VA_ARGS__); \
		putchar('\n'); \
	} \
} while (0)

#define EXPECT(condition) do { \
	if (!(condition)) \
		KTAP_FAIL("not true: %s", #condition); \
} while (0)

#define EXPECT_EQ(is, should) do { \
	long long ktap_is = (long long)(is), ktap_should = (long long)(should); \
	if (ktap_is != ktap_should) \
		KTAP_FAIL("%s is %lld (0x%llx), should be %lld (0x%llx)", #is, \
			  ktap_is, (unsigned long long)ktap_is, \
			  ktap_should, (unsigned long long)ktap_should); \
} while (0)

#define EXPECT_STREQ(is, should) do { \
	const char *ktap_is = (is), *ktap_should = (should); \
	if (!ktap_is || strcmp(ktap_is, ktap_should)) \
		KTAP_FAIL("%s is \"%s\", should be \"%s\"", #is, \
			  ktap_is ? ktap_is : "(null)", ktap_should); \
} while (0)

#define EXPECT_MEM(is, should, len) do { \
	const unsigned char *ktap_is = (const void *)(is); \
	const unsigned char *ktap_should = (const void *)(should); \
	size_t ktap_at = ktap_differ(ktap_is, ktap_should, len); \
	if (ktap_at < (size_t)(len)) \
		KTAP_FAIL("%s: byte %zu is 0x%02x, should be 0x%02x", #is, \
			  ktap_at, ktap_is[ktap_at], ktap_should[ktap_at]); \
} while (0)

#define REQUIRE(condition) do { \
	if (!(condition)) { \
		KTAP_FAIL("not true: %s", #condition); \
		return; \
	} \
} while (0)

/* Ends the test; the reason is shown. */
#define SKIP(reason) do { \
	ktap_skipped = (reason); \
	return; \
} while (0)

/* Where two blocks of memory differ first; @len if they do not. */
__attribute__((unused))
static size_t ktap_differ(const unsigned char *a, const unsigned char *b, size_t len)
{
	size_t at = 0;

	while (at < len && a[at] == b[at])
		at++;
	return at;
}

static int ktap_run(void)
{
	unsigned int number = 0, failed = 0, skipped = 0;
	struct ktap_test *test;

	/* What was said before a crash must not be lost in a buffer. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("KTAP version 1\n1..%u\n", ktap_test_cnt);
	for (test = ktap_first; test; test = test->next) {
		ktap_failures = 0;
		ktap_skipped = NULL;
		test->run();
		number++;
		if (ktap_failures > KTAP_SHOWN_FAILURES)
			printf("# and %u more\n", ktap_failures - KTAP_SHOWN_FAILURES);
		if (ktap_failures) {
			failed++;
			printf("not ok %u %s\n", number, test->name);
		} else if (ktap_skipped) {
			skipped++;
			printf("ok %u %s # SKIP %s\n", number, test->name, ktap_skipped);
		} else {
			printf("ok %u %s\n", number, test->name);
		}
	}
	if (failed || !number)
		return 1;
	return skipped == number ? 4 : 0;
}

#define KTAP_MAIN	int main(void) { return ktap_run(); }

#endif

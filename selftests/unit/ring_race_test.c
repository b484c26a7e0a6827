// SPDX-License-Identifier: GPL-2.0
/*
 * ring_race_test.c - the host acts between any two steps of ours
 *
 * ring.c is compiled into this file with its loads, copies and barriers
 * replaced by ones that first let "the host" run. So every interleaving of the
 * two parties' steps can be tried, one after the other, without threads. What
 * this cannot show is a missing barrier on a weakly ordered machine; that the
 * barriers stand where they should is visible as the points at which the host
 * may act.
 */
#include "env.h"
#include "ktap.h"

/* Called at every point where the other party may act. */
static void point(void);
/* Called after a load or copy from shared memory. */
static void loaded(const void *from, u32 len);

static void *copy(void *to, const void *from, size_t len)
{
	unsigned char *t = to;
	const unsigned char *f = from;
	size_t i;

	for (i = 0; i < len; i++)
		t[i] = f[i];
	loaded(from, (u32)len);
	return to;
}

#undef READ_ONCE
#undef env_mb
#undef env_rmb
#undef env_load_acquire
#define LOADED(p) ({ \
	__auto_type loaded_value = *(p); \
	loaded((p), sizeof(*(p))); \
	loaded_value; \
})
#define READ_ONCE(x)		LOADED(&(x))
#define env_load_acquire(p)	LOADED(p)
#define env_mb()		point()
#define env_rmb()		point()
#define memcpy(to, from, len)	copy(to, from, len)

#include "vmbus_client/proto/ring.c"

#undef memcpy

#define SIZE	64

static struct vmbus_ring_page page;
static u8 data[SIZE] __attribute__((aligned(8)));

static void set(__le32 *field, u32 value)
{
	*field = cpu_to_le32(value);
}

static u32 get(__le32 field)
{
	return le32_to_cpu(field);
}

/* The host's steps and the points at which it takes them ------------------------*/

#define STEPS	4

static void (*step[STEPS])(void);	/* in order; NULL: no more */
static unsigned int when[STEPS];	/* the point at which each is taken */
static unsigned int points;		/* passed so far; 0 is before our call */

static void point(void)
{
	unsigned int i;

	for (i = 0; i < STEPS && step[i]; i++)
		if (when[i] == points)
			step[i]();
	points++;
}

/* What the hostile host does after each load; NULL in tests of a host that is honest. */
static void (*mutate)(const void *from, u32 len);

static void loaded(const void *from, u32 len)
{
	if (mutate)
		mutate(from, len);
}

/*
 * Runs @once for every way to spread @count steps, in order, over the points
 * of our call: before it, at each of its barriers, and after it.
 */
static void every_interleaving(unsigned int count, unsigned int last_point, void (*once)(void))
{
	unsigned int i;

	memset(when, 0, sizeof(when));
	for (;;) {
		once();
		/* The next non-decreasing sequence. */
		for (i = count; i > 0 && when[i - 1] == last_point; i--)
			;
		if (!i)
			return;
		when[i - 1]++;
		for (; i < count; i++)
			when[i] = when[i - 1];
	}
}

static struct ring_tx tx;
static struct ring_rx rx;
static bool host_signalled, host_sleeps, host_saw;
static u32 host_old;

static void put_16(void)
{
	static const u64 pkt[2] = { 6 | 2 << 16 | 2ull << 32, 1 };
	struct ring_vec vec = { pkt, sizeof(pkt) };

	EXPECT_EQ(ring_tx_put(&tx, &vec, 1), 0);
}

/* 1. We write while the host goes to sleep ---------------------------------------*/

static void host_frees_all(void)
{
	set(&page.read_index, get(page.write_index));
}

static void host_unmasks(void)
{
	set(&page.interrupt_mask, 0);
}

static void host_looks_again(void)
{
	host_sleeps = get(page.write_index) == get(page.read_index);
}

static void write_to_a_host_going_to_sleep(void)
{
	bool signal;

	mutate = NULL;
	host_sleeps = false;
	ring_tx_init(&tx, &page, data, SIZE);
	put_16();
	points = 99;
	ring_tx_publish(&tx);
	set(&page.interrupt_mask, 1);	/* it is awake, reading the first packet */
	put_16();

	points = 0;
	point();
	signal = ring_tx_publish(&tx);
	/* The call may have returned early; what is left comes after it. */
	while (points <= 3)
		point();
	EXPECT(!host_sleeps || signal || get(page.read_index) == get(page.write_index));
}

/* Forbids: the host sleeps on a packet it was neither shown in time nor signalled. */
TEST(host_going_to_sleep_while_we_write_is_woken)
{
	step[0] = host_frees_all;
	step[1] = host_unmasks;
	step[2] = host_looks_again;
	step[3] = NULL;
	every_interleaving(3, 3, write_to_a_host_going_to_sleep);
}

/* 2. We go to sleep while the host writes ------------------------------------------*/

static void host_writes(void)
{
	host_old = get(page.write_index);
	set(&page.write_index, (host_old + 24) % SIZE);
}

static void host_loads_mask(void)
{
	host_signalled = !get(page.interrupt_mask);
}

static void host_loads_read_index(void)
{
	host_signalled = host_signalled && get(page.read_index) == host_old;
}

static void sleep_while_the_host_writes(void)
{
	bool again;

	mutate = NULL;
	host_signalled = false;
	ring_rx_init(&rx, &page, data, SIZE);
	points = 99;
	ring_rx_mask(&rx);

	points = 0;
	point();
	again = ring_rx_unmask(&rx);
	while (points <= 2)
		point();
	EXPECT(again || host_signalled);
}

/* Forbids: we sleep on data that came under the mask. */
TEST(data_arriving_while_we_unmask_is_not_slept_on)
{
	step[0] = host_writes;
	step[1] = host_loads_mask;
	step[2] = host_loads_read_index;
	step[3] = NULL;
	every_interleaving(3, 2, sleep_while_the_host_writes);
}

/* 3. We wait for space while the host frees some ------------------------------------*/

static u32 host_wanted;

static void host_frees(void)
{
	host_old = get(page.read_index);
	set(&page.read_index, get(page.write_index));
}

static void host_loads_pending(void)
{
	host_wanted = get(page.pending_send_size);
}

static void host_decides(void)
{
	u32 write = get(page.write_index);
	u32 before = host_old > write ? host_old - write : SIZE - write + host_old;

	host_signalled = host_wanted && before <= host_wanted && SIZE > host_wanted;
}

static void want_space_while_the_host_frees(void)
{
	bool there;

	mutate = NULL;
	host_signalled = false;
	ring_tx_init(&tx, &page, data, SIZE);
	put_16();
	put_16();
	points = 99;
	ring_tx_publish(&tx);

	points = 0;
	point();
	there = ring_tx_want_space(&tx, 24);
	EXPECT_EQ(points, 2);	/* the full barrier is there */
	while (points <= 2)
		point();
	EXPECT(there || host_signalled);
	if (there)
		EXPECT_EQ(get(page.pending_send_size), 0);
}

/* Forbids: we wait for space that is there, and the host does not know that we wait. */
TEST(space_freed_while_we_ask_for_it_is_not_waited_for)
{
	step[0] = host_frees;
	step[1] = host_loads_pending;
	step[2] = host_decides;
	step[3] = NULL;
	every_interleaving(3, 2, want_space_while_the_host_frees);
}

/* 4. We free space while the host starts to wait for some ----------------------------*/

static void host_asks(void)
{
	set(&page.pending_send_size, 24);
}

static void host_looks_for_space(void)
{
	u32 read = get(page.read_index), write = get(page.write_index);

	host_saw = SIZE - (write >= read ? write - read : SIZE - read + write) > 24;
}

static void commit_while_the_host_asks(void)
{
	bool signal;

	mutate = NULL;
	host_saw = false;
	ring_rx_init(&rx, &page, data, SIZE);
	/* 48 of 64 in use, of which we have read 24. */
	set(&page.write_index, 48);
	rx.write = 48;
	rx.read = 24;

	points = 0;
	point();
	signal = ring_rx_commit(&rx);
	while (points <= 3)
		point();
	EXPECT(signal || host_saw);
}

/* Forbids: the host waits for space that we have freed, and we do not know that it waits. */
TEST(host_asking_for_space_while_we_free_it_is_told)
{
	step[0] = host_asks;
	step[1] = host_looks_for_space;
	step[2] = NULL;
	every_interleaving(2, 3, commit_while_the_host_asks);
}

/* 5. The host rewrites what we have just read ------------------------------------------*/

static unsigned int fetched[SIZE / 8];

static void count_and_scribble(const void *from, u32 len)
{
	const u8 *at = from;
	u32 i;

	if (at >= data && at < data + SIZE)
		for (i = 0; i < len; i += 8)
			fetched[(at - data + i) / 8]++;
	memset(data, 0xff, SIZE);
	memset(&page, 0xff, sizeof(page));
}

static void lay_packet(u32 at, u32 len, u64 filler)
{
	u64 desc = 6 | 2 << 16 | (u64)(len / 8) << 32;
	u32 i;

	for (i = 0; i < len; i += 8) {
		u64 word = i == 0 ? desc : filler + i;

		memcpy(data + (at + i) % SIZE, &word, 8);
	}
	set(&page.write_index, (at + len + 8) % SIZE);
}

/* Nothing is fetched twice, so nothing can change between the check and the use. */
TEST(descriptor_rewritten_while_it_is_read_changes_nothing)
{
	u64 buf[SIZE / 8];
	u32 at, len, i;

	memset(step, 0, sizeof(step));
	for (at = 0; at < SIZE; at += 8) {
		for (len = 16; len <= SIZE - 16; len += 8) {
			mutate = NULL;
			ring_rx_init(&rx, &page, data, SIZE);
			rx.read = rx.published = at;
			/* Seen before: the scribble after the index load is not the one tested. */
			rx.write = (at + len + 8) % SIZE;
			lay_packet(at, len, 0x1111111100000000);
			memset(fetched, 0, sizeof(fetched));
			mutate = count_and_scribble;

			EXPECT_EQ(ring_rx_next(&rx, buf, sizeof(buf)), len);
			/* The length handed out is the one in the copy. */
			EXPECT_EQ((buf[0] >> 32) * 8, len);
			EXPECT_EQ(buf[0] & 0xffffffff, 6 | 2 << 16);
			for (i = 0; i < SIZE / 8; i++)
				EXPECT(fetched[i] <= 1);
			EXPECT_EQ(rx.read, (at + len + 8) % SIZE);
		}
	}
	mutate = NULL;
}

static u32 dice(u32 sides)
{
	static u32 state = 1;

	state = state * 1664525u + 1013904223u;
	return (state >> 8) % sides;
}

/* Likely and unlikely descriptors everywhere, likely and unlikely indices. */
static void randomise(const void *from, u32 len)
{
	u32 i;

	(void)from;
	(void)len;
	for (i = 0; i < SIZE; i += 8) {
		u16 desc[4] = { 6, (u16)(1 + dice(4)), (u16)(1 + dice(7)), 1 };

		if (!dice(16))
			desc[1 + dice(2)] = (u16)dice(0x10000);
		memcpy(data + i, desc, 8);
	}
	set(&page.write_index, dice(64) ? dice(8) * 8 : dice(2 * SIZE));
	set(&page.read_index, dice(64) ? dice(8) * 8 : dice(2 * SIZE));
	set(&page.pending_send_size, dice(2 * SIZE));
	set(&page.feature_bits, dice(4));
}

/* Whatever the host does at whatever moment, our copy is consistent and our indices are ours. */
TEST(memory_that_never_holds_still_yields_consistent_packets)
{
	u64 buf[5];
	int len, packets = 0, refused = 0;
	u32 i;

	memset(step, 0, sizeof(step));
	for (i = 0; i < 200000; i++) {
		if (i % 16 == 0) {
			mutate = NULL;
			ring_rx_init(&rx, &page, data, SIZE);
			ring_tx_init(&tx, &page, data, SIZE);
			mutate = randomise;
			randomise(NULL, 0);
		}
		len = ring_rx_next(&rx, buf, sizeof(buf));
		EXPECT(len <= (int)sizeof(buf));
		if (len > 0) {
			u32 offset8 = buf[0] >> 16 & 0xffff, len8 = buf[0] >> 32 & 0xffff;

			packets++;
			EXPECT_EQ(len8 * 8, len);
			EXPECT(offset8 >= 2 && offset8 <= len8);
		} else if (len < 0) {
			refused++;
			EXPECT(len == -EPROTO || len == -EMSGSIZE);
			rx.read = rx.write;
		}
		ring_rx_commit(&rx);
		ring_rx_unmask(&rx);
		EXPECT(index_ok(rx.read, SIZE) && index_ok(rx.write, SIZE));
		if (ring_tx_free(&tx) >= 24) {
			static const u64 pkt[2];
			struct ring_vec vec = { pkt, sizeof(pkt) };

			ring_tx_put(&tx, &vec, 1);
		}
		ring_tx_publish(&tx);
		EXPECT(index_ok(tx.write, SIZE));
		EXPECT_EQ(tx.write, tx.published);
	}
	mutate = NULL;
	/* The test is worth something only if both happened. */
	EXPECT(packets > 1000);
	EXPECT(refused > 1000);
	printf("# %d packets, %d refused\n", packets, refused);
}

KTAP_MAIN

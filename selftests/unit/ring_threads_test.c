// SPDX-License-Identifier: GPL-2.0
/*
 * ring_threads_test.c - a guest and a host in two threads, under ThreadSanitizer
 *
 * The host is written here from the protocol and shares no code with ring.c.
 * Each side sleeps whenever the protocol allows it and is woken only by the
 * other's signal: a signal that is missing makes the test hang, and a hang is
 * ended by an alarm. The race detector watches every byte of the data area.
 */
#include "ktap.h"

#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include "vmbus_client/proto/ring.h"

#define SIZE		256	/* small: full and empty all the time */
#define PACKETS		200000
#define SECONDS		120

static struct vmbus_ring_page page;
static u8 data[SIZE] __attribute__((aligned(8)));

/* An event: any number of signals before a wait count as one. */
struct event {
	sem_t sem;
	unsigned int signals;
};

static struct event guest_event, host_event;

static void event_reset(struct event *e)
{
	sem_init(&e->sem, 0, 0);
	e->signals = 0;
}

static void event_signal(struct event *e)
{
	__atomic_fetch_add(&e->signals, 1, __ATOMIC_RELAXED);
	sem_post(&e->sem);
}

static void event_wait(struct event *e)
{
	while (sem_wait(&e->sem))
		;
	while (!sem_trywait(&e->sem))
		;
}

static u32 load(const __le32 *field, int order)
{
	return le32_to_cpu(__atomic_load_n(field, order));
}

static void store(__le32 *field, u32 value, int order)
{
	__atomic_store_n(field, cpu_to_le32(value), order);
}

/* Length of packet number @n, and its bytes. */
static u32 len_of(u32 n)
{
	return 16 + (n * 2654435761u >> 16) % 14 * 8;
}

static void fill(u64 *pkt, u32 n)
{
	u32 len = len_of(n), i;

	pkt[0] = 6 | 2 << 16 | (u64)(len / 8) << 32;
	for (i = 1; i < len / 8; i++)
		pkt[i] = (u64)n << 32 | i;
}

static bool right(const u64 *pkt, u32 len, u32 n)
{
	u64 should[16];

	fill(should, n);
	return len == len_of(n) && !memcmp(pkt, should, len);
}

/* Guest writes, host reads ------------------------------------------------------*/

static unsigned int wrong;

static void *host_reads(void *unused)
{
	u32 read = 0, write, n = 0, len, i, old, before, now, pending;
	u64 pkt[SIZE / 8];

	(void)unused;
	while (n < PACKETS) {
		store(&page.interrupt_mask, 1, __ATOMIC_RELAXED);
		for (;;) {
			write = load(&page.write_index, __ATOMIC_ACQUIRE);
			if (read == write)
				break;
			/* A batch of at most three, then give the space back. */
			old = read;
			for (i = 0; i < 3 && read != write; i++, n++) {
				u32 at, got = 0;

				memcpy(pkt, data + read, 8);
				len = (u32)(pkt[0] >> 32 & 0xffff) * 8;
				for (at = read; got < len && got < sizeof(pkt); got += 8) {
					memcpy(&pkt[got / 8], data + at, 8);
					at = (at + 8) % SIZE;
				}
				if (!right(pkt, len, n))
					wrong++;
				read = (read + len + 8) % SIZE;
			}
			store(&page.read_index, read, __ATOMIC_RELEASE);
			__atomic_thread_fence(__ATOMIC_SEQ_CST);
			pending = load(&page.pending_send_size, __ATOMIC_RELAXED);
			if (pending) {
				write = load(&page.write_index, __ATOMIC_RELAXED);
				now = SIZE - (write + SIZE - read) % SIZE;
				before = SIZE - (write + SIZE - old) % SIZE;
				if (before <= pending && now > pending)
					event_signal(&guest_event);
			}
		}
		if (n == PACKETS)
			break;
		store(&page.interrupt_mask, 0, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (load(&page.write_index, __ATOMIC_RELAXED) == read)
			event_wait(&host_event);
	}
	return NULL;
}

static void guest_writes(bool batched)
{
	struct ring_tx tx;
	pthread_t host;
	u64 pkt[16];
	u32 n;

	event_reset(&guest_event);
	event_reset(&host_event);
	wrong = 0;
	ring_tx_init(&tx, &page, data, SIZE);
	pthread_create(&host, NULL, host_reads, NULL);
	alarm(SECONDS);
	for (n = 0; n < PACKETS;) {
		struct ring_vec vec[2] = { { pkt, 16 }, { pkt + 2, len_of(n) - 16 } };
		int ret;

		fill(pkt, n);
		ret = ring_tx_put(&tx, vec, 2);
		if (!ret)
			n++;
		if (!batched || ret || n % 4 == 0 || n == PACKETS)
			if (ring_tx_publish(&tx))
				event_signal(&host_event);
		if (!ret)
			continue;
		if (ret != -EAGAIN) {
			KTAP_FAIL("packet %u: %d", n, ret);
			break;
		}
		if (!ring_tx_want_space(&tx, ring_packet_space(len_of(n))))
			event_wait(&guest_event);
	}
	pthread_join(host, NULL);
	alarm(0);
	EXPECT_EQ(wrong, 0);
	printf("# %u packets, %u signals to the host, %u back for space\n", n,
	       host_event.signals, guest_event.signals);
	/* One for every packet would mean that the rules do not work. */
	EXPECT(host_event.signals < PACKETS);
}

TEST(guest_writes_one_by_one)
{
	guest_writes(false);
}

TEST(guest_writes_in_batches)
{
	guest_writes(true);
}

/* Host writes, guest reads --------------------------------------------------------*/

static void *host_writes(void *unused)
{
	u32 write = 0, read, n = 0, i, len, total, old, at;
	u64 pkt[16], word;

	(void)unused;
	while (n < PACKETS) {
		len = len_of(n);
		total = len + 8;
		read = load(&page.read_index, __ATOMIC_ACQUIRE);
		if (SIZE - (write + SIZE - read) % SIZE <= total) {
			store(&page.pending_send_size, total, __ATOMIC_RELAXED);
			__atomic_thread_fence(__ATOMIC_SEQ_CST);
			read = load(&page.read_index, __ATOMIC_ACQUIRE);
			if (SIZE - (write + SIZE - read) % SIZE <= total)
				event_wait(&host_event);
			store(&page.pending_send_size, 0, __ATOMIC_RELAXED);
			continue;
		}
		fill(pkt, n++);
		old = at = write;
		for (i = 0; i <= len / 8; i++) {
			word = i < len / 8 ? pkt[i] : (u64)old << 32;
			memcpy(data + at, &word, 8);
			at = (at + 8) % SIZE;
		}
		write = at;
		store(&page.write_index, write, __ATOMIC_RELEASE);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (!load(&page.interrupt_mask, __ATOMIC_RELAXED) &&
		    load(&page.read_index, __ATOMIC_RELAXED) == old)
			event_signal(&guest_event);
	}
	return NULL;
}

static void guest_reads(bool lazy)
{
	struct ring_rx rx;
	pthread_t host;
	u64 buf[16];
	u32 n = 0;
	int len = 0;

	event_reset(&guest_event);
	event_reset(&host_event);
	ring_rx_init(&rx, &page, data, SIZE);
	pthread_create(&host, NULL, host_writes, NULL);
	alarm(SECONDS);
	while (n < PACKETS && len >= 0) {
		ring_rx_mask(&rx);
		while ((len = ring_rx_next(&rx, buf, sizeof(buf))) > 0) {
			if (!right(buf, (u32)len, n))
				KTAP_FAIL("packet %u is not as sent", n);
			n++;
			if (!lazy && ring_rx_commit(&rx))
				event_signal(&host_event);
		}
		if (ring_rx_commit(&rx))
			event_signal(&host_event);
		if (!ring_rx_unmask(&rx) && n < PACKETS && len >= 0)
			event_wait(&guest_event);
	}
	EXPECT_EQ(len, 0);
	pthread_join(host, NULL);
	alarm(0);
	EXPECT_EQ(n, PACKETS);
	printf("# %u packets, %u signals to the guest, %u back for space\n", n,
	       guest_event.signals, host_event.signals);
	EXPECT(guest_event.signals < PACKETS);
}

TEST(guest_reads_and_frees_one_by_one)
{
	guest_reads(false);
}

TEST(guest_reads_and_frees_in_batches)
{
	guest_reads(true);
}

KTAP_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * ring_pair_threads_test.c - a guest and the provider's rings in two threads, under
 * ThreadSanitizer: requests one way, their echoes the other, both rings small
 *
 * Each side sleeps when the protocol allows it. A missing signal hangs the
 * test, and an alarm ends it.
 */
#include "ktap.h"

#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include "selftests/provider/ring.h"
#include "vmbus_client/proto/pkt.h"
#include "vmbus_client/proto/ring.h"

#define SIZE		4096u
#define PACKETS		100000u
#define WINDOW		40u	/* requests out at a time; more than either ring holds */
#define ROOM		512u
#define SECONDS		120

static u8 to_host[4096 + SIZE] __attribute__((aligned(4096)));
static u8 to_guest[4096 + SIZE] __attribute__((aligned(4096)));
static sem_t guest_event, host_event;
static unsigned int guest_signals, host_signals, wrong;

static void signal_guest(void)
{
	guest_signals++;	/* by the host's thread alone */
	sem_post(&guest_event);
}

static void signal_host(void)
{
	host_signals++;		/* by the guest's thread alone */
	sem_post(&host_event);
}

static void wait_for(sem_t *event)
{
	while (sem_wait(event))
		;
	while (!sem_trywait(event))
		;
}

static u32 fill(u8 *payload, u32 n)
{
	u32 len = (n * 2654435761u >> 16) % (ROOM / 8) * 8;

	memset(payload, (int)(n | 1), len);
	return len;
}

static void *host(void *unused)
{
	u8 *in_pages[2] = { to_host, to_host + 4096 };
	u8 *out_pages[2] = { to_guest, to_guest + 4096 };
	struct vsp_ring in, out;
	struct vmbus_pkt_hdr hdr;
	u8 payload[ROOM];
	u32 len, echoed = 0;
	bool kick, bad = false;
	int ready, ret;

	(void)unused;
	vsp_ring_init_in(&in, in_pages, 2);
	vsp_ring_init_out(&out, out_pages, 2);
	if (vsp_ring_start_in(&in) || vsp_ring_start_out(&out)) {
		wrong++;
		return NULL;
	}
	for (;;) {
		vsp_ring_mask(&in);
		while ((ready = vsp_ring_ready(&in)) > 0) {
			vsp_ring_peek(&in, 0, &hdr, sizeof(hdr));
			len = le16_to_cpu(hdr.len8) * 8u;
			if (len < 16 || (int)len + 8 > ready || len - 16 > ROOM) {
				wrong++;
				return NULL;
			}
			vsp_ring_peek(&in, 16, payload, len - 16);
			kick = false;
			ret = vsp_ring_put(&out, VMBUS_PKT_COMPLETION, 0, le64_to_cpu(hdr.id),
					   payload, len - 16, &kick);
			if (kick)
				signal_guest();
			if (ret == -EAGAIN) {
				/* The guest may wait for what we have read so far. */
				if (vsp_ring_commit(&in, &bad))
					signal_guest();
				if (!vsp_ring_wait(&out, len - 16))
					wait_for(&host_event);
				continue;
			}
			vsp_ring_wait_over(&out);
			if (ret)
				wrong++;
			vsp_ring_consume(&in, len + 8);
			echoed++;
			if (echoed % 3 == 0 && vsp_ring_commit(&in, &bad))
				signal_guest();
		}
		if (vsp_ring_commit(&in, &bad))
			signal_guest();
		if (ready < 0 || bad || vsp_ring_tampered_in(&in) || vsp_ring_tampered_out(&out)) {
			wrong++;
			return NULL;
		}
		if (echoed == PACKETS)
			return NULL;
		if (!vsp_ring_unmask(&in))
			wait_for(&host_event);
	}
}

TEST(requests_and_echoes_cross_without_a_race_or_a_lost_signal)
{
	struct ring_vec vec[2] = { { NULL, 16 } };
	u8 payload[ROOM], should[ROOM];
	u32 sent = 0, done = 0;
	struct vmbus_pkt_hdr hdr;
	struct pkt_view view;
	u64 buf[ROOM / 8 + 2];
	struct ring_tx tx;
	struct ring_rx rx;
	pthread_t thread;
	int ret, len;

	sem_init(&guest_event, 0, 0);
	sem_init(&host_event, 0, 0);
	ring_tx_init(&tx, to_host, to_host + 4096, SIZE);
	ring_rx_init(&rx, to_guest, to_guest + 4096, SIZE);
	alarm(SECONDS);
	pthread_create(&thread, NULL, host, NULL);
	vec[0].base = &hdr;
	vec[1].base = payload;
	while (done < PACKETS) {
		ring_rx_mask(&rx);
		while ((len = ring_rx_next(&rx, buf, sizeof(buf))) > 0) {
			if (pkt_parse(buf, (u32)len, &view) || view.id != done + 1 ||
			    view.payload_len != fill(should, done) ||
			    memcmp(view.payload, should, view.payload_len))
				KTAP_FAIL("echo %u is not as sent", done);
			done++;
		}
		REQUIRE(len == 0);
		if (ring_rx_commit(&rx))
			signal_host();

		for (ret = 0; !ret && sent < PACKETS && sent - done < WINDOW;) {
			vec[1].len = fill(payload, sent);
			pkt_put_inband(&hdr, vec[1].len, sent + 1, true);
			ret = ring_tx_put(&tx, vec, 2);
			if (!ret)
				sent++;
		}
		if (ring_tx_publish(&tx))
			signal_host();
		if (ret) {
			REQUIRE(ret == -EAGAIN);
			if (ring_tx_want_space(&tx, ring_packet_space(16 + vec[1].len)))
				continue;
		}
		if (!ring_rx_unmask(&rx) && done < PACKETS)
			wait_for(&guest_event);
	}
	pthread_join(thread, NULL);
	alarm(0);
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(done, PACKETS);
	printf("# %u echoes, %u signals to the host, %u to the guest\n", done, host_signals,
	       guest_signals);
}

KTAP_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * ring_pair_test.c - our rings against the provider's, which share no code
 *
 * One thread, random turns: both sides write, read, mask, wait and are woken in
 * every mixture. A mistake that both made in the same way would go unnoticed
 * here; ring_test.c has a third opinion.
 */
#include "ktap.h"

#include "selftests/provider/ring.h"
#include "vmbus_client/proto/pkt.h"
#include "vmbus_client/proto/ring.h"

#define PAGES		2u
#define SIZE		(PAGES * 4096u)
#define PACKETS		30000u
#define ROOM		2048u

static struct {
	struct vmbus_ring_page page;
	u8 data[SIZE];
} shared __attribute__((aligned(4096)));

static u8 *pages[PAGES + 1];

static void share(void)
{
	unsigned int i;

	for (i = 0; i <= PAGES; i++)
		pages[i] = (u8 *)&shared + i * 4096;
}

static u32 dice(u32 sides)
{
	static u32 state = 1;

	state = state * 1664525u + 1013904223u;
	return (state >> 8) % sides;
}

/* Payload of packet @n; any length, also none. */
static u32 fill(u8 *payload, u32 n)
{
	u32 len = n * 2654435761u >> 16, i;

	len = len % 8 ? len % 64 : len % (ROOM - 64);
	for (i = 0; i < len; i++)
		payload[i] = (u8)(n + i * 3) | 1;
	return len;
}

/* The receiver knows the length in eights only; what was padded must be zero. */
static bool right(const u8 *payload, u32 padded, u32 n)
{
	static u8 should[ROOM];
	u32 len = fill(should, n), i;

	if (padded != (len + 7) / 8 * 8 || memcmp(payload, should, len))
		return false;
	for (i = len; i < padded; i++)
		if (payload[i])
			return false;
	return true;
}

/* Guest to host --------------------------------------------------------------------*/

TEST(guest_to_host)
{
	u32 sent = 0, got = 0, idle = 0, signals = 0, back = 0;
	bool host_awake = true, guest_waits = false, bad = false;
	u8 payload[ROOM], copy[ROOM];
	struct vmbus_pkt_hdr hdr;
	struct vsp_ring in;
	struct ring_tx tx;
	int ready, ret;

	share();
	ring_tx_init(&tx, &shared.page, shared.data, SIZE);
	vsp_ring_init_in(&in, pages, PAGES + 1);
	REQUIRE(!vsp_ring_start_in(&in));
	while (got < PACKETS && ++idle < 100000) {
		/* Writing is more frequent than reading, so that rings fill up. */
		switch (dice(40)) {
		default:
			if (sent == PACKETS || guest_waits)
				break;
			struct ring_vec vec[2] = { { &hdr, sizeof(hdr) }, { payload, 0 } };

			vec[1].len = fill(payload, sent);
			pkt_put_inband(&hdr, vec[1].len, sent + 1, sent & 1);
			ret = ring_tx_put(&tx, vec, 2);
			if (!ret) {
				sent++;
				idle = 0;
			} else {
				REQUIRE(ret == -EAGAIN);
				if (ring_tx_publish(&tx)) {
					EXPECT(!host_awake);
					host_awake = true;
					signals++;
				}
				guest_waits = !ring_tx_want_space(&tx,
					ring_packet_space(sizeof(hdr) + vec[1].len));
			}
			break;
		case 0:
			if (ring_tx_publish(&tx)) {
				EXPECT(!host_awake);
				host_awake = true;
				signals++;
			}
			break;
		case 1:
			if (!host_awake)
				break;
			vsp_ring_mask(&in);
			while ((ready = vsp_ring_ready(&in)) > 0 && dice(64)) {
				vsp_ring_peek(&in, 0, &hdr, sizeof(hdr));
				u32 len = le16_to_cpu(hdr.len8) * 8u;

				REQUIRE(len >= 16 && (int)len + 8 <= ready);
				EXPECT_EQ(le16_to_cpu(hdr.type), VMBUS_PKT_INBAND);
				EXPECT_EQ(le16_to_cpu(hdr.offset8), 2);
				EXPECT_EQ(le16_to_cpu(hdr.flags), got & 1);
				EXPECT_EQ(le64_to_cpu(hdr.id), got + 1);
				vsp_ring_peek(&in, 16, copy, len - 16);
				EXPECT(right(copy, len - 16, got));
				vsp_ring_consume(&in, len + 8);
				got++;
			}
			REQUIRE(ready >= 0);
			if (vsp_ring_commit(&in, &bad)) {
				EXPECT(guest_waits);
				guest_waits = false;
				back++;
			}
			EXPECT(!bad);
			EXPECT(!vsp_ring_tampered_in(&in));
			if (!ready)
				host_awake = vsp_ring_unmask(&in);
			break;
		}
	}
	EXPECT_EQ(got, PACKETS);
	printf("# %u packets, %u signals, %u back for space\n", got, signals, back);
	EXPECT(signals && back);
}

/* Host to guest --------------------------------------------------------------------*/

TEST(host_to_guest)
{
	u32 sent = 0, got = 0, idle = 0, signals = 0, back = 0, len;
	bool guest_awake = false, host_waits = false, kick;
	u64 buf[ROOM / 8];
	u8 payload[ROOM];
	struct pkt_view view;
	struct vsp_ring out;
	struct ring_rx rx;
	int ret;

	share();
	ring_rx_init(&rx, &shared.page, shared.data, SIZE);
	vsp_ring_init_out(&out, pages, PAGES + 1);
	REQUIRE(!vsp_ring_start_out(&out));
	while (got < PACKETS && ++idle < 100000) {
		switch (dice(40)) {
		default:
			if (sent == PACKETS || host_waits)
				break;
			len = fill(payload, sent);
			kick = false;
			ret = vsp_ring_put(&out, VMBUS_PKT_COMPLETION, 0, sent + 1, payload, len,
					   &kick);
			if (kick) {
				EXPECT(!guest_awake);
				guest_awake = true;
				signals++;
			}
			if (!ret) {
				vsp_ring_wait_over(&out);
				sent++;
				idle = 0;
			} else {
				REQUIRE(ret == -EAGAIN);
				host_waits = !vsp_ring_wait(&out, len);
			}
			EXPECT(!vsp_ring_tampered_out(&out));
			break;
		case 0:
			if (!guest_awake)
				break;
			ring_rx_mask(&rx);
			ret = 1;
			while (dice(64) && (ret = ring_rx_next(&rx, buf, sizeof(buf))) > 0) {
				REQUIRE(!pkt_parse(buf, (u32)ret, &view));
				EXPECT_EQ(view.type, VMBUS_PKT_COMPLETION);
				EXPECT_EQ(view.id, got + 1);
				EXPECT(right(view.payload, view.payload_len, got));
				got++;
			}
			REQUIRE(ret >= 0);
			if (ring_rx_commit(&rx)) {
				EXPECT(host_waits);
				host_waits = false;
				back++;
			}
			if (!ret)
				guest_awake = ring_rx_unmask(&rx);
			break;
		}
	}
	EXPECT_EQ(got, PACKETS);
	printf("# %u packets, %u signals, %u back for space\n", got, signals, back);
	EXPECT(signals && back);
}

KTAP_MAIN

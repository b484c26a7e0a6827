// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz_ring.c - both rings in the hands of a host that writes anything anywhere
 *
 * The input is a list of actions. Some are ours, some put bytes of the input
 * into the shared pages between ours. Checked on the way: no access outside of
 * what we own (sanitizers), indices of ours in range, packets handed out
 * consistent with their descriptor, and what we write is where it should be.
 */
#include <stdlib.h>

#include "vmbus_client/proto/pkt.h"
#include "vmbus_client/proto/ring.h"

#define SIZE	4096u

struct input {
	const u8 *at;
	size_t left;
};

static u32 take(struct input *in, unsigned int bytes)
{
	u32 value = 0;

	while (bytes-- && in->left) {
		value = value << 8 | *in->at++;
		in->left--;
	}
	return value;
}

#define MUST(condition) do { \
	if (!(condition)) \
		abort(); \
} while (0)

static void scribble(struct input *in, void *to, u32 room)
{
	u32 at = take(in, 2) % room, len = take(in, 1);

	if (len > in->left)
		len = in->left;
	if (len > room - at)
		len = room - at;
	memcpy((u8 *)to + at, in->at, len);
	in->at += len;
	in->left -= len;
}

static void receive(struct ring_rx *rx, u32 room)
{
	u8 *buf = malloc(room);
	struct pkt_view view;
	u32 i, offset, len;
	int got, count;

	got = ring_rx_next(rx, buf, room);
	if (got > 0) {
		MUST((u32)got <= room);
		/* The ring has checked all that the packet's own parser checks. */
		MUST(!pkt_parse(buf, (u32)got, &view));
		MUST(view.ext_len + view.payload_len + 16 == (u32)got);
		count = pkt_transfer_count(&view);
		for (i = 0; (int)i < count; i++)
			if (!pkt_transfer_range(&view, i, 10000, &offset, &len))
				MUST(offset <= 10000 && len <= 10000 - offset);
	} else if (got < 0) {
		rx->read = rx->write;	/* a driver would stop; we go on */
	}
	MUST(rx->read < SIZE && rx->read % 8 == 0);
	MUST(rx->write < SIZE && rx->write % 8 == 0);
	free(buf);
}

static void send(struct ring_tx *tx, const u8 *data, struct input *in)
{
	u32 first = take(in, 1), second = take(in, 2) % (SIZE + 64), before = tx->write, i;
	u8 *bytes = malloc(first + second + 1);
	struct ring_vec vec[2] = { { bytes, first }, { bytes + first, second } };

	for (i = 0; i < first + second; i++)
		bytes[i] = (u8)i;
	if (!ring_tx_put(tx, vec, 2)) {
		for (i = 0; i < first + second; i++)
			MUST(data[(before + i) % SIZE] == (u8)i);
		for (; i % 8; i++)
			MUST(!data[(before + i) % SIZE]);
		MUST(tx->write == (before + ring_packet_space(first + second)) % SIZE);
	} else {
		MUST(tx->write == before);
	}
	MUST(tx->write < SIZE && tx->write % 8 == 0);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t len)
{
	struct vmbus_ring_page *tx_page = malloc(sizeof(*tx_page));
	struct vmbus_ring_page *rx_page = malloc(sizeof(*rx_page));
	u8 *tx_data = calloc(1, SIZE), *rx_data = calloc(1, SIZE);
	struct input in = { bytes, len };
	struct ring_tx tx;
	struct ring_rx rx;
	bool news;

	ring_tx_init(&tx, tx_page, tx_data, SIZE);
	ring_rx_init(&rx, rx_page, rx_data, SIZE);
	while (in.left) {
		switch (take(&in, 1) % 14) {
		case 0:
			send(&tx, tx_data, &in);
			break;
		case 1:
			news = tx.write != tx.published;
			ring_tx_publish(&tx);
			MUST(!news || le32_to_cpu(tx_page->write_index) == tx.write);
			break;
		case 2:
			ring_tx_want_space(&tx, take(&in, 2));
			break;
		case 3:
			MUST(ring_tx_free(&tx) <= SIZE - 8);
			break;
		case 4:
			receive(&rx, 16 + take(&in, 2) % SIZE);
			break;
		case 5:
			news = rx.read != rx.published;
			ring_rx_commit(&rx);
			MUST(!news || le32_to_cpu(rx_page->read_index) == rx.read);
			break;
		case 6:
			ring_rx_mask(&rx);
			break;
		case 7:
			ring_rx_unmask(&rx);
			break;
		case 8:
			scribble(&in, tx_page, 68);
			break;
		case 9:
			scribble(&in, rx_page, 68);
			break;
		case 10:
			scribble(&in, rx_data, SIZE);
			break;
		case 11:
			tx_page->read_index = cpu_to_le32(take(&in, 2) % (SIZE / 8) * 8);
			break;
		case 12:
			rx_page->write_index = cpu_to_le32(take(&in, 2) % (SIZE / 8) * 8);
			break;
		case 13: {
			/* A descriptor where we read next, or it would seldom be met. */
			u16 desc[4] = { (u16)(6 + take(&in, 1) % 6), (u16)take(&in, 1),
					(u16)take(&in, 2), 1 };

			memcpy(rx_data + rx.read, desc, sizeof(desc));
			break;
		}
		}
	}
	free(tx_page);
	free(rx_page);
	free(tx_data);
	free(rx_data);
	return 0;
}

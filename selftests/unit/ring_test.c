// SPDX-License-Identifier: GPL-2.0
/*
 * ring_test.c - the two rings against a host written here, byte by byte, from the protocol
 *
 * Real rings have whole pages of data. Nothing in the arithmetic depends on
 * that, so most tests use rings of a few packets, small enough to try every
 * position. Data areas come from malloc() with no byte to spare: the address
 * sanitizer is the guard at both ends.
 */
#include "ktap.h"

#include "vmbus_client/proto/ring.h"

static struct vmbus_ring_page page;

static void set(__le32 *field, u32 value)
{
	*field = cpu_to_le32(value);
}

static u32 get(__le32 field)
{
	return le32_to_cpu(field);
}

/* The host's end, one byte at a time ----------------------------------------*/

static u32 used(u32 read, u32 write, u32 size)
{
	u32 n = 0;

	while (read != write) {
		read = (read + 1) % size;
		n++;
	}
	return n;
}

static void peek(const u8 *data, u32 size, u32 at, void *to, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		((u8 *)to)[i] = data[(at + i) % size];
}

static void poke(u8 *data, u32 size, u32 at, const void *from, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		data[(at + i) % size] = ((const u8 *)from)[i];
}

/* Descriptor and recognisable bytes; @len a multiple of 8 from 16 on. */
static void make_packet(u8 *pkt, u32 len, u32 seed)
{
	struct vmbus_pkt_hdr hdr = {
		.type = cpu_to_le16(6),
		.offset8 = cpu_to_le16(2),
		.len8 = cpu_to_le16((len + 7) / 8),
		.id = cpu_to_le64(0x0101010101010101ull * (seed & 0xff)),
	};
	u32 i;

	memcpy(pkt, &hdr, sizeof(hdr));
	for (i = sizeof(hdr); i < len; i++)
		pkt[i] = (u8)(seed * 31 + i * 7 + 1) | 1;	/* never 0, which is padding */
}

/* The host writes a packet and its trailer and shows them. */
static void host_put(u8 *data, u32 size, const u8 *pkt, u32 len)
{
	u32 write = get(page.write_index);
	u32 trailer[2] = { 0, write };

	poke(data, size, write, pkt, len);
	poke(data, size, write + len, trailer, sizeof(trailer));
	set(&page.write_index, (write + len + 8) % size);
}

/* Writing -------------------------------------------------------------------*/

/* A tx ring that has come round to @at with everything read. */
static void tx_at(struct ring_tx *tx, u8 *data, u32 size, u32 at)
{
	ring_tx_init(tx, &page, data, size);
	tx->write = tx->published = at;
	set(&page.write_index, at);
	set(&page.read_index, at);
}

static int put(struct ring_tx *tx, const void *pkt, u32 len)
{
	struct ring_vec vec = { pkt, len };

	return ring_tx_put(tx, &vec, 1);
}

TEST(fresh_tx_ring_is_empty_and_promises_pending_send_size)
{
	struct vmbus_ring_page expected = { .feature_bits = cpu_to_le32(1) };
	struct ring_tx tx;
	u8 *data = malloc(4096);

	memset(&page, 0xee, sizeof(page));
	ring_tx_init(&tx, &page, data, 4096);
	EXPECT_MEM(&page, &expected, sizeof(page));
	EXPECT_EQ(ring_tx_free(&tx), 4096 - 8);
	EXPECT(!ring_tx_publish(&tx));
	free(data);
}

/* Every length at every start: bytes, zero padding, trailer, index, and nothing beside them. */
TEST(packet_is_written_whole_wherever_it_wraps)
{
	const u32 size = 128;
	u8 pkt[128], is[128], should[128];
	u8 *data = malloc(size);
	u32 at, len, padded, total;
	struct ring_tx tx;

	for (at = 0; at < size; at += 8) {
		for (len = 16; len <= size - 16; len++) {
			padded = (len + 7) / 8 * 8;
			total = padded + 8;
			make_packet(pkt, len, at + len);
			tx_at(&tx, data, size, at);
			memset(data, 0xee, size);

			EXPECT_EQ(put(&tx, pkt, len), 0);
			EXPECT_EQ(get(page.write_index), at);
			EXPECT(ring_tx_publish(&tx));
			EXPECT_EQ(get(page.write_index), (at + total) % size);

			memset(should, 0xee, size);
			memcpy(should, pkt, len);
			memset(should + len, 0, padded - len + 8);
			memcpy(should + padded + 4, &at, 4);
			peek(data, size, at, is, size);
			EXPECT_MEM(is, should, size);
		}
	}
	free(data);
}

/* The same bytes come out however they were cut. */
TEST(pieces_of_a_packet_join_without_gaps)
{
	const u32 size = 64;
	u32 at, first, second, len = 37;
	u8 pkt[40] = { 0 }, is[48], should[48];
	u8 *data = malloc(size);
	struct ring_tx tx;

	make_packet(pkt, len, 5);
	for (at = 0; at < size; at += 8) {
		memset(should, 0, sizeof(should));
		memcpy(should, pkt, len);
		memcpy(should + 44, &at, 4);
		for (first = 0; first <= len; first++) {
			for (second = 0; second <= len - first; second++) {
				struct ring_vec vec[] = {
					{ pkt, first },
					{ NULL, 0 },
					{ pkt + first, second },
					{ pkt + first + second, len - first - second },
				};

				tx_at(&tx, data, size, at);
				memset(data, 0xee, size);
				EXPECT_EQ(ring_tx_put(&tx, vec, 4), 0);
				peek(data, size, at, is, sizeof(is));
				EXPECT_MEM(is, should, sizeof(should));
			}
		}
	}
	free(data);
}

/* A full ring would look like an empty one, so 8 bytes always stay free. */
TEST(packet_fits_only_if_a_byte_stays_free)
{
	const u32 size = 64;
	u32 read, write, len, gross, total;
	u8 pkt[64], *data = malloc(size);
	struct ring_tx tx;

	for (read = 0; read < size; read += 8) {
		for (write = 0; write < size; write += 8) {
			for (len = 16; len <= size - 16; len += 8) {
				gross = size - used(read, write, size);
				total = len + 8;
				make_packet(pkt, len, 1);
				tx_at(&tx, data, size, write);
				set(&page.read_index, read);
				memset(data, 0xee, size);

				EXPECT_EQ(ring_tx_free(&tx), gross - 8);
				EXPECT_EQ(put(&tx, pkt, len), gross > total ? 0 : -EAGAIN);
				if (gross <= total) {
					EXPECT_EQ(tx.write, write);
					EXPECT_EQ(ktap_differ(data, (u8[64]){ [0 ... 63] = 0xee },
							      size), size);
				} else {
					EXPECT(tx.write != read);
				}
			}
		}
	}
	free(data);
}

TEST(packet_that_can_never_fit_is_told_from_one_that_does_not_fit_now)
{
	u8 *big = calloc(1, 65535u * 8 + 1), *data = malloc(1u << 20);
	struct ring_vec vec[2] = { { big, 0xffffffff }, { big, 17 } };
	struct ring_tx tx;

	ring_tx_init(&tx, &page, data, 4096);
	EXPECT_EQ(put(&tx, big, 4096 - 16), 0);
	EXPECT_EQ(put(&tx, big, 16), -EAGAIN);
	EXPECT_EQ(put(&tx, big, 4096 - 15), -EMSGSIZE);
	EXPECT_EQ(put(&tx, big, 4096), -EMSGSIZE);
	/* The sum is 16 in 32 bits. */
	EXPECT_EQ(ring_tx_put(&tx, vec, 2), -EMSGSIZE);

	/* A ring large enough: the descriptor's 16 bits are the limit. */
	ring_tx_init(&tx, &page, data, 1u << 20);
	EXPECT_EQ(put(&tx, big, 65535u * 8), 0);
	ring_tx_init(&tx, &page, data, 1u << 20);
	EXPECT_EQ(put(&tx, big, 65535u * 8 + 1), -EMSGSIZE);
	free(data);
	free(big);
}

static const u32 impossible[] = {
	64, 72, 0xfffffff8, 0xffffffff, 0x80000000, 1, 7, 9, 63, 65, 0x7ffffff8,
};

/* Any index that cannot be stops the write before the first byte. */
TEST(impossible_read_index_writes_nothing)
{
	u8 pkt[16], *data = malloc(64);
	struct ring_tx tx;
	unsigned int i;

	make_packet(pkt, 16, 1);
	for (i = 0; i < ARRAY_SIZE(impossible); i++) {
		tx_at(&tx, data, 64, 24);
		set(&page.read_index, impossible[i]);
		memset(data, 0xee, 64);
		EXPECT_EQ(put(&tx, pkt, 16), -EPROTO);
		EXPECT_EQ(ring_tx_free(&tx), 0);
		EXPECT(!ring_tx_want_space(&tx, 24));
		EXPECT_EQ(tx.write, 24);
		EXPECT_EQ(ktap_differ(data, (u8[64]){ [0 ... 63] = 0xee }, 64), 64);
		EXPECT(!ring_tx_publish(&tx));
		EXPECT_EQ(get(page.write_index), 24);
	}
	free(data);
}

/* What the host writes over our own fields changes nothing we do. */
TEST(own_indices_are_never_read_back)
{
	u8 pkt[16], is[24], *data = malloc(64);
	struct ring_tx tx;

	make_packet(pkt, 16, 3);
	tx_at(&tx, data, 64, 16);
	set(&page.write_index, 0xffffffff);
	set(&page.pending_send_size, 0xffffffff);
	set(&page.feature_bits, 0);
	EXPECT_EQ(put(&tx, pkt, 16), 0);
	set(&page.write_index, 8);
	EXPECT(ring_tx_publish(&tx));
	EXPECT_EQ(get(page.write_index), 40);
	EXPECT_EQ(get(page.pending_send_size), 0xffffffff);
	peek(data, 64, 16, is, 16);
	EXPECT_MEM(is, pkt, 16);
	free(data);
}

/* The host is signalled if and only if it had read all there was and has not masked us. */
TEST(signal_is_due_only_when_the_host_may_sleep)
{
	const u32 size = 128;
	u32 before, batch, mask, read, i;
	u8 pkt[16], *data = malloc(size);
	struct ring_tx tx;
	bool due;

	make_packet(pkt, 16, 1);
	for (before = 0; before <= 2; before++) {
		for (batch = 0; batch <= 2; batch++) {
			for (mask = 0; mask <= 2; mask++) {
				for (read = 0; read <= before + batch; read++) {
					ring_tx_init(&tx, &page, data, size);
					for (i = 0; i < before; i++)
						EXPECT_EQ(put(&tx, pkt, 16), 0);
					ring_tx_publish(&tx);
					for (i = 0; i < batch; i++)
						EXPECT_EQ(put(&tx, pkt, 16), 0);
					/* Read before it saw the batch, or else after. */
					set(&page.read_index, read * 24);
					set(&page.interrupt_mask, mask);
					due = batch && !mask && read == before;
					EXPECT_EQ(ring_tx_publish(&tx), due);
					EXPECT(!ring_tx_publish(&tx));
					EXPECT_EQ(get(page.write_index), (before + batch) * 24);
				}
			}
		}
	}
	free(data);
}

/* Asking for space -----------------------------------------------------------*/

TEST(space_asked_for_is_left_with_the_host_until_had)
{
	u8 pkt[64], *data = malloc(128);
	struct ring_tx tx;

	make_packet(pkt, 64, 1);
	ring_tx_init(&tx, &page, data, 128);
	EXPECT_EQ(put(&tx, pkt, 64), 0);		/* 72 of 128 */
	ring_tx_publish(&tx);
	EXPECT_EQ(put(&tx, pkt, 64), -EAGAIN);
	EXPECT(!ring_tx_want_space(&tx, ring_packet_space(64)));
	EXPECT_EQ(get(page.pending_send_size), 72);
	EXPECT_EQ(put(&tx, pkt, 64), -EAGAIN);
	EXPECT_EQ(get(page.pending_send_size), 72);

	/* A smaller packet slips through: the larger one still waits. */
	EXPECT_EQ(put(&tx, pkt, 16), 0);
	EXPECT_EQ(get(page.pending_send_size), 72);
	ring_tx_publish(&tx);

	set(&page.read_index, 72);
	EXPECT_EQ(put(&tx, pkt, 64), 0);
	EXPECT_EQ(get(page.pending_send_size), 0);
	free(data);
}

TEST(space_that_is_there_already_is_not_waited_for)
{
	u32 read, bytes, gross;
	u8 pkt[64], *data = malloc(128);
	struct ring_tx tx;

	make_packet(pkt, 64, 1);
	for (read = 0; read <= 72; read += 8) {
		for (bytes = 24; bytes < 128; bytes += 8) {
			ring_tx_init(&tx, &page, data, 128);
			EXPECT_EQ(put(&tx, pkt, 64), 0);
			ring_tx_publish(&tx);
			set(&page.read_index, read);
			gross = 128 - used(read, 72, 128);
			EXPECT_EQ(ring_tx_want_space(&tx, bytes), gross > bytes);
			EXPECT_EQ(get(page.pending_send_size), gross > bytes ? 0 : bytes);
			/* The answer is the truth: a packet of that size fits, or does not. */
			memset(&page.pending_send_size, 0, 4);
			make_packet(pkt, 16, 2);
			if (bytes <= 72)
				EXPECT_EQ(put(&tx, pkt, bytes - 8) == 0, gross > bytes);
		}
	}
	free(data);
}

TEST(wish_for_space_can_be_withdrawn)
{
	u8 pkt[112], *data = malloc(128);
	struct ring_tx tx;

	make_packet(pkt, 112, 1);
	ring_tx_init(&tx, &page, data, 128);
	EXPECT_EQ(put(&tx, pkt, 112), 0);
	ring_tx_publish(&tx);
	EXPECT(!ring_tx_want_space(&tx, 64));
	EXPECT_EQ(get(page.pending_send_size), 64);
	EXPECT(ring_tx_want_space(&tx, 0));
	EXPECT_EQ(get(page.pending_send_size), 0);
	free(data);
}

/* Reading --------------------------------------------------------------------*/

/* An empty rx ring that has come round to @at. */
static void rx_at(struct ring_rx *rx, u8 *data, u32 size, u32 at)
{
	ring_rx_init(rx, &page, data, size);
	rx->read = rx->published = rx->write = at;
	set(&page.write_index, at);
	set(&page.read_index, at);
}

TEST(fresh_rx_ring_is_empty_and_promises_pending_send_size)
{
	struct vmbus_ring_page expected = { .feature_bits = cpu_to_le32(1) };
	struct ring_rx rx;
	u8 *data = calloc(1, 4096);
	u64 buf[2];

	memset(&page, 0xee, sizeof(page));
	ring_rx_init(&rx, &page, data, 4096);
	EXPECT_MEM(&page, &expected, sizeof(page));
	EXPECT_EQ(ring_rx_next(&rx, buf, sizeof(buf)), 0);
	EXPECT(!ring_rx_commit(&rx));
	free(data);
}

TEST(packet_is_read_whole_wherever_it_wraps)
{
	const u32 size = 128;
	u8 pkt[128], *data = malloc(size), *buf;
	struct ring_rx rx;
	u32 at, len;

	for (at = 0; at < size; at += 8) {
		for (len = 16; len <= size - 16; len += 8) {
			buf = malloc(len);	/* room for it and no more */
			make_packet(pkt, len, at + len);
			rx_at(&rx, data, size, at);
			host_put(data, size, pkt, len);

			EXPECT_EQ(ring_rx_next(&rx, buf, len), len);
			EXPECT_MEM(buf, pkt, len);
			EXPECT_EQ(get(page.read_index), at);
			EXPECT_EQ(ring_rx_next(&rx, buf, len), 0);
			EXPECT(!ring_rx_commit(&rx));
			EXPECT_EQ(get(page.read_index), (at + len + 8) % size);
			free(buf);
		}
	}
	free(data);
}

/*
 * Every descriptor of small numbers, with every amount of data behind it, at
 * every position: a packet comes out only if all of it is really there.
 */
TEST(lying_lengths_are_refused)
{
	const u32 size = 64;
	u32 at, avail, offset8, len8, room;
	u8 *data = malloc(size), *buf;
	struct ring_rx rx;
	int expected;

	for (at = 0; at < size; at += 8)
	for (avail = 8; avail < size; avail += 8)
	for (offset8 = 0; offset8 <= 9; offset8++)
	for (len8 = 0; len8 <= 9; len8++)
	for (room = 16; room <= 64; room += 24) {
		u16 desc[8] = { 6, (u16)offset8, (u16)len8 };

		expected = len8 * 8;
		if (avail < 24 || offset8 < 2 || offset8 > len8 || len8 * 8 + 8 > avail)
			expected = -EPROTO;
		else if (len8 * 8 > room)
			expected = -EMSGSIZE;

		buf = malloc(room);
		rx_at(&rx, data, size, at);
		memset(data, 0xee, size);
		poke(data, size, at, desc, 16);
		set(&page.write_index, (at + avail) % size);
		EXPECT_EQ(ring_rx_next(&rx, buf, room), expected);
		EXPECT_EQ(rx.read, expected < 0 ? at : (at + expected + 8) % size);
		free(buf);
	}
	free(data);
}

TEST(largest_lies_are_refused)
{
	static const u16 lies[][2] = {
		{ 2, 0xffff }, { 0xffff, 0xffff }, { 0xffff, 2 }, { 0x8000, 0x8000 },
		{ 2, 0x2000 }, { 2, 0x1fff },
	};
	u8 *data = malloc(4096), *buf = malloc(4096);
	struct ring_rx rx;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		u16 desc[8] = { 6, lies[i][0], lies[i][1] };

		rx_at(&rx, data, 4096, 4088);
		poke(data, 4096, 4088, desc, 16);
		set(&page.write_index, 4080);
		EXPECT_EQ(ring_rx_next(&rx, buf, 4096), -EPROTO);
	}
	free(buf);
	free(data);
}

TEST(impossible_write_index_is_refused)
{
	u8 *data = malloc(64);
	struct ring_rx rx;
	unsigned int i;
	u64 buf[8];

	for (i = 0; i < ARRAY_SIZE(impossible); i++) {
		rx_at(&rx, data, 64, 16);
		set(&page.write_index, impossible[i]);
		EXPECT_EQ(ring_rx_next(&rx, buf, sizeof(buf)), -EPROTO);
		EXPECT_EQ(rx.read, 16);
		EXPECT(ring_rx_unmask(&rx));	/* look again, and meet the error */
	}
	free(data);
}

/* Packets already seen are delivered even if the host then moves its index anywhere. */
TEST(index_is_looked_at_again_only_when_its_packets_are_used_up)
{
	u8 pkt[16], *data = malloc(128);
	struct ring_rx rx;
	u64 buf[2];

	make_packet(pkt, 16, 1);
	rx_at(&rx, data, 128, 104);
	host_put(data, 128, pkt, 16);
	host_put(data, 128, pkt, 16);
	EXPECT_EQ(ring_rx_next(&rx, buf, 16), 16);
	set(&page.write_index, 0xffffffff);
	EXPECT_EQ(ring_rx_next(&rx, buf, 16), 16);
	EXPECT_EQ(ring_rx_next(&rx, buf, 16), -EPROTO);
	free(data);
}

/* Own fields of the page are never read back. */
TEST(own_read_index_and_mask_may_be_scribbled_over)
{
	u8 pkt[16], *data = malloc(64);
	struct ring_rx rx;
	u64 buf[2];

	make_packet(pkt, 16, 1);
	rx_at(&rx, data, 64, 48);
	host_put(data, 64, pkt, 16);
	set(&page.read_index, 0xffffffff);
	set(&page.interrupt_mask, 0xffffffff);
	EXPECT_EQ(ring_rx_next(&rx, buf, 16), 16);
	EXPECT(!ring_rx_commit(&rx));
	EXPECT_EQ(get(page.read_index), 8);
	EXPECT(!ring_rx_unmask(&rx));
	EXPECT_EQ(get(page.interrupt_mask), 0);
	free(data);
}

/*
 * The host waits for P bytes and is signalled at the one commit with which
 * there are more than P. Every read step, fill and wish in a small ring.
 */
TEST(host_waiting_for_space_is_signalled_at_the_crossing)
{
	const u32 size = 64;
	u32 old, new, write, wanted, feature, before, now;
	u8 *data = malloc(size);
	struct ring_rx rx;
	bool due;

	for (old = 0; old < size; old += 8)
	for (write = 0; write < size; write += 8)
	for (new = old; new != write; new = (new + 8) % size)
	for (wanted = 0; wanted <= 72; wanted++)
	for (feature = 0; feature < 4; feature++) {
		u32 read = (new + 8) % size;	/* at least one step on, at most to write */

		before = size - used(old, write, size);
		now = size - used(read, write, size);
		rx_at(&rx, data, size, old);
		rx.read = read;
		rx.write = write;
		set(&page.write_index, write);
		set(&page.pending_send_size, wanted);
		set(&page.feature_bits, feature);
		due = (feature & 1) && wanted && before <= wanted && now > wanted;
		EXPECT_EQ(ring_rx_commit(&rx), due);
		EXPECT_EQ(get(page.read_index), read);
		/* Once is enough. */
		EXPECT(!ring_rx_commit(&rx));
	}
	free(data);
}

/* Some hosts ask for the size of the ring less one, meaning "when all of it is free". */
TEST(host_waiting_for_an_empty_ring_is_signalled_when_it_is_empty)
{
	u8 pkt[16], *data = malloc(64);
	struct ring_rx rx;
	u64 buf[2];

	make_packet(pkt, 16, 1);
	rx_at(&rx, data, 64, 56);
	host_put(data, 64, pkt, 16);
	host_put(data, 64, pkt, 16);
	set(&page.pending_send_size, 63);
	EXPECT_EQ(ring_rx_next(&rx, buf, 16), 16);
	EXPECT(!ring_rx_commit(&rx));
	EXPECT_EQ(ring_rx_next(&rx, buf, 16), 16);
	EXPECT(ring_rx_commit(&rx));
	free(data);
}

TEST(impossible_write_index_at_commit_signals_nobody)
{
	u8 pkt[16], *data = malloc(64);
	struct ring_rx rx;
	unsigned int i;
	u64 buf[2];

	make_packet(pkt, 16, 1);
	for (i = 0; i < ARRAY_SIZE(impossible); i++) {
		rx_at(&rx, data, 64, 0);
		host_put(data, 64, pkt, 16);
		EXPECT_EQ(ring_rx_next(&rx, buf, 16), 16);
		set(&page.write_index, impossible[i]);
		set(&page.pending_send_size, 24);
		EXPECT(!ring_rx_commit(&rx));
	}
	free(data);
}

TEST(unmasking_tells_of_data_that_came_under_the_mask)
{
	u8 pkt[16], *data = malloc(64);
	struct ring_rx rx;
	u64 buf[2];

	make_packet(pkt, 16, 1);
	rx_at(&rx, data, 64, 0);
	ring_rx_mask(&rx);
	EXPECT_EQ(get(page.interrupt_mask), 1);
	EXPECT(!ring_rx_unmask(&rx));
	EXPECT_EQ(get(page.interrupt_mask), 0);
	ring_rx_mask(&rx);
	host_put(data, 64, pkt, 16);
	EXPECT(ring_rx_unmask(&rx));
	EXPECT_EQ(ring_rx_next(&rx, buf, 16), 16);
	ring_rx_commit(&rx);
	EXPECT(!ring_rx_unmask(&rx));

	/* Two packets, of which one is left unread: it is not forgotten. */
	host_put(data, 64, pkt, 16);
	host_put(data, 64, pkt, 16);
	EXPECT_EQ(ring_rx_next(&rx, buf, 16), 16);
	ring_rx_commit(&rx);
	EXPECT(ring_rx_unmask(&rx));
	free(data);
}

/* Long random runs against a plain queue -----------------------------------------*/

static u32 random_state;

static u32 dice(u32 sides)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % sides;
}

struct queue {
	u8 packet[64][256];
	u32 len[64];
	u32 head, tail;
};

static void push(struct queue *q, const u8 *pkt, u32 len)
{
	memcpy(q->packet[q->tail % 64], pkt, len);
	q->len[q->tail++ % 64] = len;
}

TEST(random_writing_agrees_with_a_queue)
{
	static const u32 sizes[] = { 32, 64, 120, 256, 4096 };
	u8 pkt[256], got[256], *data;
	u32 s, step, size, len, read, most;
	static struct queue q;
	struct ring_tx tx;
	bool sleeping;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		random_state = s;
		size = sizes[s];
		data = malloc(size);
		most = size - 16 < 256 ? size - 16 : 256;
		memset(&q, 0, sizeof(q));
		ring_tx_init(&tx, &page, data, size);
		read = 0;
		sleeping = true;
		for (step = 0; step < 50000; step++) {
			switch (dice(4)) {
			case 0:
			case 1:		/* put one */
				len = 16 + dice(most - 15);
				make_packet(pkt, len, step);
				if (q.tail - q.head < 64) {
					u32 fits = ring_tx_free(&tx) >= ring_packet_space(len);

					EXPECT_EQ(put(&tx, pkt, len), fits ? 0 : -EAGAIN);
					if (fits)
						push(&q, pkt, len);
				}
				break;
			case 2:		/* show */
				if (ring_tx_publish(&tx)) {
					EXPECT(sleeping);
					sleeping = false;
				}
				break;
			case 3:		/* the host drains, if it was told to, as far as it likes */
				set(&page.interrupt_mask, dice(2));
				while (!sleeping && read != get(page.write_index) && dice(8)) {
					len = q.len[q.head % 64];
					peek(data, size, read, got, len);
					EXPECT_MEM(got, q.packet[q.head++ % 64], len);
					read = (read + ring_packet_space(len)) % size;
					set(&page.read_index, read);
				}
				if (read == get(page.write_index)) {
					/* It unmasks, looks once more, and sleeps. */
					set(&page.interrupt_mask, 0);
					sleeping = true;
				}
				break;
			}
			/* Forbidden: data shown to a host that sleeps and was not signalled. */
			if (sleeping)
				EXPECT_EQ(read, get(page.write_index));
		}
		free(data);
	}
}

TEST(random_reading_agrees_with_a_queue)
{
	static const u32 sizes[] = { 32, 64, 120, 256, 4096 };
	u8 pkt[256], *data;
	u32 s, step, size, len, most, wanted = 0;
	static struct queue q;
	struct ring_rx rx;
	u64 buf[32];
	int got;

	for (s = 0; s < ARRAY_SIZE(sizes); s++) {
		random_state = s;
		size = sizes[s];
		data = malloc(size);
		most = (size - 16 < 256 ? size - 16 : 256) / 8;
		memset(&q, 0, sizeof(q));
		ring_rx_init(&rx, &page, data, size);
		wanted = 0;
		for (step = 0; step < 50000; step++) {
			switch (dice(3)) {
			case 0:		/* the host writes, or waits for space */
				len = wanted ? wanted - 8 : (2 + dice(most - 1)) * 8;
				if (q.tail - q.head == 64)
					break;
				if (size - used(get(page.read_index), get(page.write_index), size)
				    > len + 8) {
					/* It must not have had to find this out by itself. */
					EXPECT(!wanted);
					make_packet(pkt, len, step);
					host_put(data, size, pkt, len);
					push(&q, pkt, len);
				} else if (!wanted) {
					wanted = len + 8;
					set(&page.pending_send_size, wanted);
				}
				break;
			case 1:
				got = ring_rx_next(&rx, buf, sizeof(buf));
				if (!got) {
					EXPECT_EQ(q.head, q.tail);
					break;
				}
				REQUIRE(got > 0);
				EXPECT_EQ(got, q.len[q.head % 64]);
				EXPECT_MEM(buf, q.packet[q.head % 64], got);
				q.head++;
				break;
			case 2:
				if (ring_rx_commit(&rx)) {
					EXPECT(wanted);
					wanted = 0;
					set(&page.pending_send_size, 0);
				}
				break;
			}
		}
		free(data);
	}
}

/* Onlookers ------------------------------------------------------------------*/

TEST(onlooker_counts_what_is_readable_and_writable)
{
	static const u32 positions[][2] = { { 0, 0 }, { 0, 64 }, { 64, 0 }, { 56, 8 }, { 88, 88 } };
	const u32 size = 96;
	struct ring_view view;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(positions); i++) {
		set(&page.read_index, positions[i][0]);
		set(&page.write_index, positions[i][1]);
		set(&page.interrupt_mask, i);
		set(&page.pending_send_size, 8 * i);
		ring_look(&page, size, &view);
		EXPECT_EQ(view.read, positions[i][0]);
		EXPECT_EQ(view.write, positions[i][1]);
		EXPECT_EQ(view.mask, i);
		EXPECT_EQ(view.pending, 8 * i);
		EXPECT_EQ(view.readable, used(positions[i][0], positions[i][1], size));
		EXPECT_EQ(view.writable, size - view.readable);
	}
}

TEST(onlooker_shows_impossible_indices_and_computes_nothing_from_them)
{
	static const u32 impossible[] = { 4, 96, 104, 0x80000000, 0xffffffff };
	struct ring_view view;
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(impossible); i++) {
		set(&page.read_index, i & 1 ? impossible[i / 2] : 8);
		set(&page.write_index, i & 1 ? 8 : impossible[i / 2]);
		ring_look(&page, 96, &view);
		EXPECT_EQ(i & 1 ? view.read : view.write, impossible[i / 2]);
		EXPECT_EQ(view.readable, 0);
		EXPECT_EQ(view.writable, 0);
	}
}

KTAP_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * ring.c - the two rings of a channel over plain memory
 *
 * An index is a byte offset into the data area: a multiple of 8, below its
 * size. Equal indices mean an empty ring, so a ring is never filled completely.
 * The area is a multiple of 8 as well, and packets start and end on multiples
 * of 8: a packet may wrap anywhere inside it, but never inside one such unit.
 *
 * Pairing of the barriers, here and at the host:
 *
 *   ring_tx_publish()  release of write_index  -> host's acquire before it copies a packet
 *   ring_tx_put()      acquire of read_index   <- host's release after it has copied
 *   ring_rx_next()     acquire of write_index  <- host's release after it has written
 *   ring_rx_commit()   release of read_index   -> host's acquire before it overwrites
 *
 * and four full barriers, each between a store of ours and a load of what the
 * host stores, where the host does the same the other way round, so that at
 * least one of the two sees the other's store:
 *
 *   ring_tx_publish()     write_index, then interrupt_mask and read_index
 *   ring_rx_unmask()      interrupt_mask, then write_index
 *   ring_tx_want_space()  pending_send_size, then read_index
 *   ring_rx_commit()      read_index, then pending_send_size
 */
#include "ring.h"

#define TRAILER_LEN	((u32)sizeof(struct vmbus_pkt_trailer))
#define HDR_LEN		((u32)sizeof(struct vmbus_pkt_hdr))
#define PACKET_MAX	(0xffffu * 8)	/* len8 has 16 bits */

static bool index_ok(u32 index, u32 size)
{
	return index < size && !(index & 7);
}

static u32 advance(u32 index, u32 by, u32 size)
{
	index += by;
	return index >= size ? index - size : index;
}

/* Bytes from one index forward to another; 0 if they are equal. */
static u32 distance(u32 from, u32 to, u32 size)
{
	return to >= from ? to - from : size - from + to;
}

/* All free bytes, of which the last 8 can never be used. */
static u32 free_space(u32 read, u32 write, u32 size)
{
	return size - distance(read, write, size);
}

static void init_page(struct vmbus_ring_page *page)
{
	memset(page, 0, sizeof(*page));
	page->feature_bits = cpu_to_le32(VMBUS_RING_FEATURE_PENDING_SEND);
}

/* The ring we write --------------------------------------------------------*/

void ring_tx_init(struct ring_tx *tx, void *page, void *data, u32 size)
{
	tx->page = page;
	tx->data = data;
	tx->size = size;
	tx->write = 0;
	tx->published = 0;
	tx->wanted = 0;
	init_page(tx->page);
}

/* Acquire: what the host has read must be read before we overwrite it. */
static u32 load_read_index(const struct ring_tx *tx)
{
	return le32_to_cpu(env_load_acquire(&tx->page->read_index));
}

static u32 copy_in(const struct ring_tx *tx, u32 at, const void *from, u32 len)
{
	u32 room = tx->size - at;

	if (likely(len < room)) {
		memcpy(tx->data + at, from, len);
		return at + len;
	}
	memcpy(tx->data + at, from, room);
	memcpy(tx->data, (const u8 *)from + room, len - room);
	return len - room;
}

static void set_wanted(struct ring_tx *tx, u32 bytes)
{
	tx->wanted = bytes;
	WRITE_ONCE(tx->page->pending_send_size, cpu_to_le32(bytes));
}

int ring_tx_put(struct ring_tx *tx, const struct ring_vec *vec, unsigned int count)
{
	u32 read, pad, space, at = tx->write;
	unsigned int i;
	u64 len = 0;

	for (i = 0; i < count; i++)
		len += vec[i].len;
	if (unlikely(len > PACKET_MAX))
		return -EMSGSIZE;
	space = ring_packet_space(len);
	if (unlikely(space >= tx->size))
		return -EMSGSIZE;

	read = load_read_index(tx);
	if (unlikely(!index_ok(read, tx->size)))
		return -EPROTO;
	if (free_space(read, tx->write, tx->size) <= space)
		return -EAGAIN;

	for (i = 0; i < count; i++)
		if (vec[i].len)
			at = copy_in(tx, at, vec[i].base, vec[i].len);

	/* The padding is the host's to see: it must not be what lay here before. */
	pad = -at & 7;
	if (pad) {
		memset(tx->data + at, 0, pad);
		at = advance(at, pad, tx->size);
	}
	*(struct vmbus_pkt_trailer *)(tx->data + at) = (struct vmbus_pkt_trailer) {
		.start = cpu_to_le32(tx->write),
	};
	tx->write = advance(at, TRAILER_LEN, tx->size);

	/*
	 * Whoever waited for this much has it now. A smaller packet slipping
	 * through does not end the wait of a larger one.
	 */
	if (unlikely(tx->wanted) && space >= tx->wanted)
		set_wanted(tx, 0);
	return 0;
}

bool ring_tx_publish(struct ring_tx *tx)
{
	struct vmbus_ring_page *page = tx->page;
	u32 old = tx->published;

	if (tx->write == old)
		return false;
	tx->published = tx->write;
	env_store_release(&page->write_index, cpu_to_le32(tx->write));

	/*
	 * Forbids: the host unmasks, finds the ring empty and sleeps, while we
	 * still see its mask set and do not signal.
	 */
	env_mb();
	if (READ_ONCE(page->interrupt_mask))
		return false;

	/*
	 * The host drains a ring before it sleeps, so it needs a signal only if
	 * it had read everything there was. One more would be held against us:
	 * Hyper-V suspends guests that signal without need.
	 */
	env_rmb();
	return le32_to_cpu(READ_ONCE(page->read_index)) == old;
}

bool ring_tx_want_space(struct ring_tx *tx, u32 bytes)
{
	if (!bytes) {
		set_wanted(tx, 0);
		return true;
	}

	set_wanted(tx, bytes);
	/* Forbids: the host frees space unaware of our wish, and we miss that it did. */
	env_mb();
	if (ring_tx_free(tx) < bytes)
		return false;
	set_wanted(tx, 0);
	return true;
}

u32 ring_tx_free(const struct ring_tx *tx)
{
	u32 read = load_read_index(tx);

	if (unlikely(!index_ok(read, tx->size)))
		return 0;
	return free_space(read, tx->write, tx->size) - 8;
}

/* The ring we read ---------------------------------------------------------*/

void ring_rx_init(struct ring_rx *rx, void *page, const void *data, u32 size)
{
	rx->page = page;
	rx->data = data;
	rx->size = size;
	rx->read = 0;
	rx->published = 0;
	rx->write = 0;
	init_page(rx->page);
}

/* One load: the compiler may not look at the original again. */
static __le64 load_unit(const struct ring_rx *rx, u32 at)
{
	return READ_ONCE(*(const __le64 *)(rx->data + at));
}

static void copy_out(const struct ring_rx *rx, u32 at, void *to, u32 len)
{
	u32 room = rx->size - at;

	if (likely(len <= room)) {
		memcpy(to, rx->data + at, len);
		return;
	}
	memcpy(to, rx->data + at, room);
	memcpy((u8 *)to + room, rx->data, len - room);
}

int ring_rx_next(struct ring_rx *rx, void *buf, u32 room)
{
	u32 at = rx->read, size = rx->size;
	u32 write, avail, offset, len;
	__le64 *copy = buf;
	u64 desc;

	if (at == rx->write) {
		write = le32_to_cpu(env_load_acquire(&rx->page->write_index));
		if (write == at)
			return 0;
		if (unlikely(!index_ok(write, size)))
			return -EPROTO;
		rx->write = write;
	}

	avail = distance(at, rx->write, size);
	if (unlikely(avail < HDR_LEN + TRAILER_LEN))
		return -EPROTO;

	/*
	 * The descriptor is loaded once, judged, and handed on as judged; its
	 * two units are never fetched again.
	 */
	copy[0] = load_unit(rx, at);
	at = advance(at, 8, size);
	copy[1] = load_unit(rx, at);
	at = advance(at, 8, size);

	desc = le64_to_cpu(copy[0]);
	offset = (desc >> 16 & 0xffff) * 8;
	len = (desc >> 32 & 0xffff) * 8;
	if (unlikely(offset < HDR_LEN || offset > len || len > avail - TRAILER_LEN))
		return -EPROTO;
	if (unlikely(len > room))
		return -EMSGSIZE;

	copy_out(rx, at, copy + 2, len - HDR_LEN);
	WRITE_ONCE(rx->read, advance(rx->read, len + TRAILER_LEN, size));
	return len;
}

bool ring_rx_commit(struct ring_rx *rx)
{
	struct vmbus_ring_page *page = rx->page;
	u32 size = rx->size, old = rx->published;
	u32 wanted, write, before, now;

	if (rx->read == old)
		return false;
	rx->published = rx->read;
	env_store_release(&page->read_index, cpu_to_le32(rx->read));

	/* A host without the feature polls when its ring is full. */
	if (!(READ_ONCE(page->feature_bits) & cpu_to_le32(VMBUS_RING_FEATURE_PENDING_SEND)))
		return false;

	/* Forbids: the host asks for space, does not see what we free here, and sleeps. */
	env_mb();
	wanted = le32_to_cpu(READ_ONCE(page->pending_send_size));
	if (likely(!wanted))
		return false;

	/* The host writes nothing between its wish and our signal, unless it lies. */
	env_rmb();
	write = le32_to_cpu(READ_ONCE(page->write_index));
	if (unlikely(!index_ok(write, size)))
		return false;	/* ring_rx_next() will meet it and say so */

	/* Signal at the crossing only: neither before it suffices nor ever after. */
	now = free_space(rx->read, write, size);
	before = free_space(old, write, size);
	return before <= wanted && now > wanted;
}

void ring_rx_mask(struct ring_rx *rx)
{
	/* No barrier: a host that does not see this yet sends one interrupt too many. */
	WRITE_ONCE(rx->page->interrupt_mask, cpu_to_le32(1));
}

bool ring_rx_unmask(struct ring_rx *rx)
{
	WRITE_ONCE(rx->page->interrupt_mask, cpu_to_le32(0));
	/* Forbids: the host sees the mask and stays silent, and we miss what it wrote. */
	env_mb();
	return le32_to_cpu(READ_ONCE(rx->page->write_index)) != READ_ONCE(rx->read);
}

/* Onlookers ------------------------------------------------------------------*/

void ring_look(const struct vmbus_ring_page *page, u32 size, struct ring_view *view)
{
	view->read = le32_to_cpu(READ_ONCE(page->read_index));
	view->write = le32_to_cpu(READ_ONCE(page->write_index));
	view->mask = le32_to_cpu(READ_ONCE(page->interrupt_mask));
	view->pending = le32_to_cpu(READ_ONCE(page->pending_send_size));
	view->readable = 0;
	view->writable = 0;
	if (!index_ok(view->read, size) || !index_ok(view->write, size))
		return;
	view->readable = distance(view->read, view->write, size);
	view->writable = size - view->readable;
}

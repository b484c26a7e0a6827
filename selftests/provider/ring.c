// SPDX-License-Identifier: GPL-2.0
/*
 * ring.c - the host's ends of a channel's two rings
 */
#include "ring.h"

#define PAGE 4096u

static u32 round8(u32 len)
{
	return (len + 7) & ~7u;
}

/* Room a packet takes: descriptor, padded payload, trailer. */
static u32 packet_room(u32 payload_len)
{
	return sizeof(struct vmbus_pkt_hdr) + round8(payload_len) +
	       sizeof(struct vmbus_pkt_trailer);
}

static bool sane_index(const struct vsp_ring *ring, u32 index)
{
	return index < ring->size && index % 8 == 0;
}

static u32 wrap(const struct vsp_ring *ring, u32 index)
{
	return index >= ring->size ? index - ring->size : index;
}

/* Bytes from @from forward to @to. */
static u32 distance(const struct vsp_ring *ring, u32 from, u32 to)
{
	return to >= from ? to - from : ring->size - from + to;
}

static void init(struct vsp_ring *ring, u8 **pages, u32 page_count)
{
	memset(ring, 0, sizeof(*ring));
	ring->ctl = (struct vmbus_ring_page *)pages[0];
	ring->pages = pages + 1;
	ring->size = (page_count - 1) * PAGE;
}

void vsp_ring_init_in(struct vsp_ring *ring, u8 **pages, u32 page_count)
{
	init(ring, pages, page_count);
}

void vsp_ring_init_out(struct vsp_ring *ring, u8 **pages, u32 page_count)
{
	init(ring, pages, page_count);
}

int vsp_ring_start_in(struct vsp_ring *ring)
{
	u32 read = le32_to_cpu(READ_ONCE(ring->ctl->read_index));

	if (!sane_index(ring, read) ||
	    !sane_index(ring, le32_to_cpu(READ_ONCE(ring->ctl->write_index))))
		return -EPROTO;
	ring->index = read;
	ring->published = read;
	ring->used = 0;
	vsp_ring_mask(ring);
	return 0;
}

int vsp_ring_start_out(struct vsp_ring *ring)
{
	u32 write = le32_to_cpu(READ_ONCE(ring->ctl->write_index));
	u32 read = le32_to_cpu(READ_ONCE(ring->ctl->read_index));
	u32 features = le32_to_cpu(READ_ONCE(ring->ctl->feature_bits));

	if (!sane_index(ring, write) || !sane_index(ring, read))
		return -EPROTO;
	ring->index = write;
	ring->published = write;
	ring->used = distance(ring, read, write);
	ring->pending = 0;
	WRITE_ONCE(ring->ctl->pending_send_size, 0);
	WRITE_ONCE(ring->ctl->feature_bits,
		   cpu_to_le32(features | VMBUS_RING_FEATURE_PENDING_SEND));
	env_mb();
	return 0;
}

const char *vsp_ring_tampered_in(const struct vsp_ring *ring)
{
	if (le32_to_cpu(READ_ONCE(ring->ctl->read_index)) != ring->published)
		return "read index";
	if (le32_to_cpu(READ_ONCE(ring->ctl->interrupt_mask)) != ring->mask)
		return "interrupt mask";
	return NULL;
}

const char *vsp_ring_tampered_out(const struct vsp_ring *ring)
{
	if (le32_to_cpu(READ_ONCE(ring->ctl->write_index)) != ring->published)
		return "write index";
	if (le32_to_cpu(READ_ONCE(ring->ctl->pending_send_size)) != ring->pending)
		return "pending send size";
	return NULL;
}

/* Consuming ------------------------------------------------------------------*/

void vsp_ring_mask(struct vsp_ring *ring)
{
	ring->mask = 1;
	WRITE_ONCE(ring->ctl->interrupt_mask, cpu_to_le32(1));
	env_mb();
}

bool vsp_ring_unmask(struct vsp_ring *ring)
{
	ring->mask = 0;
	WRITE_ONCE(ring->ctl->interrupt_mask, 0);
	/*
	 * The guest publishes, then looks at the mask; we clear the mask, then
	 * look at what it published. With a full barrier on both sides at
	 * least one of us sees the other.
	 */
	env_mb();
	return le32_to_cpu(READ_ONCE(ring->ctl->write_index)) != ring->index;
}

int vsp_ring_ready(struct vsp_ring *ring)
{
	/* Pairs with the guest's release store: the packets before the index. */
	u32 write = le32_to_cpu(env_load_acquire(&ring->ctl->write_index));
	u32 used;

	if (!sane_index(ring, write))
		return -EPROTO;
	used = distance(ring, ring->index, write);
	/* Only we take bytes out, so their number cannot have dropped. */
	if (used < ring->used)
		return -EPROTO;
	ring->used = used;
	return (int)used;
}

void vsp_ring_peek(const struct vsp_ring *ring, u32 at, void *to, u32 len)
{
	u32 from = wrap(ring, ring->index + at);
	u8 *dst = to;

	while (len) {
		u32 chunk = PAGE - from % PAGE;

		if (chunk > len)
			chunk = len;
		memcpy(dst, ring->pages[from / PAGE] + from % PAGE, chunk);
		dst += chunk;
		len -= chunk;
		from = wrap(ring, from + chunk);
	}
}

void vsp_ring_consume(struct vsp_ring *ring, u32 len)
{
	ring->index = wrap(ring, ring->index + len);
	ring->used -= len;
}

bool vsp_ring_commit(struct vsp_ring *ring, bool *bad)
{
	u32 consumed = distance(ring, ring->published, ring->index);
	u32 pending, write, free_now;

	if (!consumed)
		return false;
	/* Our reads of the packets come before the guest may overwrite them. */
	env_store_release(&ring->ctl->read_index, cpu_to_le32(ring->index));
	ring->published = ring->index;

	if (!(le32_to_cpu(READ_ONCE(ring->ctl->feature_bits)) & VMBUS_RING_FEATURE_PENDING_SEND))
		return false;
	/* The guest stores what it waits for, then looks at our index; we the other way round. */
	env_mb();
	pending = le32_to_cpu(READ_ONCE(ring->ctl->pending_send_size));
	if (!pending)
		return false;
	if (pending >= ring->size) {
		*bad = true;
		return false;
	}
	env_rmb();
	write = le32_to_cpu(READ_ONCE(ring->ctl->write_index));
	if (!sane_index(ring, write))
		return false;
	free_now = ring->size - distance(ring, ring->index, write);
	/* Only the step that crosses the line is worth an interrupt. */
	return free_now > pending && (free_now < consumed || free_now - consumed <= pending);
}

/* Producing ------------------------------------------------------------------*/

/* Free bytes, or -EPROTO. The ring is never filled to the last byte. */
static int room(struct vsp_ring *ring)
{
	/* Pairs with the guest's release store: it has read what it gives back. */
	u32 read = le32_to_cpu(env_load_acquire(&ring->ctl->read_index));
	u32 used;

	if (!sane_index(ring, read))
		return -EPROTO;
	used = distance(ring, read, ring->index);
	/* Only we put bytes in, so their number cannot have grown. */
	if (used > ring->used)
		return -EPROTO;
	ring->used = used;
	return (int)(ring->size - used);
}

static u32 put_bytes(struct vsp_ring *ring, u32 at, const void *from, u32 len)
{
	const u8 *src = from;

	while (len) {
		u32 chunk = PAGE - at % PAGE;

		if (chunk > len)
			chunk = len;
		memcpy(ring->pages[at / PAGE] + at % PAGE, src, chunk);
		src += chunk;
		len -= chunk;
		at = wrap(ring, at + chunk);
	}
	return at;
}

int vsp_ring_put_raw(struct vsp_ring *ring, const struct vmbus_pkt_hdr *hdr,
		     const void *payload, u32 len, bool *kick)
{
	static const u8 zeros[8];
	u32 total = packet_room(len), old = ring->index, at = old;
	struct vmbus_pkt_trailer trailer = { .start = cpu_to_le32(old) };
	int free;

	if (total >= ring->size)
		return -EMSGSIZE;
	free = room(ring);
	if (free < 0)
		return free;
	if ((u32)free <= total)
		return -EAGAIN;

	at = put_bytes(ring, at, hdr, sizeof(*hdr));
	at = put_bytes(ring, at, payload, len);
	at = put_bytes(ring, at, zeros, round8(len) - len);
	at = put_bytes(ring, at, &trailer, sizeof(trailer));
	ring->index = at;
	ring->used += total;

	env_store_release(&ring->ctl->write_index, cpu_to_le32(at));
	ring->published = at;
	/* Publish before asking whether the guest sleeps; it unmasks before it looks again. */
	env_mb();
	if (READ_ONCE(ring->ctl->interrupt_mask))
		return 0;
	env_rmb();
	/* Empty before this packet: nobody else has told the guest. */
	if (le32_to_cpu(READ_ONCE(ring->ctl->read_index)) == old)
		*kick = true;
	return 0;
}

int vsp_ring_put(struct vsp_ring *ring, u16 type, u16 flags, u64 id,
		 const void *payload, u32 len, bool *kick)
{
	u32 len8 = (sizeof(struct vmbus_pkt_hdr) + round8(len)) / 8;
	struct vmbus_pkt_hdr hdr = {
		.type = cpu_to_le16(type),
		.offset8 = cpu_to_le16(sizeof(hdr) / 8),
		.len8 = cpu_to_le16((u16)len8),
		.flags = cpu_to_le16(flags),
		.id = cpu_to_le64(id),
	};

	return len8 > 0xffff ? -EMSGSIZE :
			       vsp_ring_put_raw(ring, &hdr, payload, len, kick);
}

bool vsp_ring_wait(struct vsp_ring *ring, u32 len)
{
	u32 total = packet_room(len), want = (ring->size - 8) / 4 & ~7u;
	int free;

	/* A quarter of the ring rather than one packet: fewer wake-ups while it stays busy. */
	if (want < total)
		want = total;
	ring->pending = want;
	WRITE_ONCE(ring->ctl->pending_send_size, cpu_to_le32(want));
	env_mb();
	free = room(ring);
	return free > 0 && (u32)free > total;
}

void vsp_ring_wait_over(struct vsp_ring *ring)
{
	if (!ring->pending)
		return;
	ring->pending = 0;
	WRITE_ONCE(ring->ctl->pending_send_size, 0);
}

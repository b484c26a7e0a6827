// SPDX-License-Identifier: GPL-2.0
/*
 * lend.c - frames the stack reads where the host has put them, and when the host may
 * write there again
 *
 * The receive buffer is made of single pages with one reference each, ours. A frame
 * that is lent takes one more of each page it lies in, and whatever the stack does
 * with it, a page has one reference again only when nobody reads it any more. Then
 * the packet that brought the frame is acknowledged, and not before. We look for that
 * when we poll; a host that sends nothing has no need of the room.
 *
 * Some of the buffer is never lent, so that the host always has room for what comes,
 * however long sockets leave lying what they have got; frames are copied then.
 *
 * What the stack parses is copied before anybody looks at it: Ethernet, IP and
 * transport headers here, and what lies deeper by the stack itself, which pulls
 * whatever it is about to parse out of the pages of a frame. So no header changes under
 * a parser, though the host can write to what is lent. Data can: a host that does
 * that has changed them on the way, as it always could, and a check of the payload
 * alone (a checksum in software, a filter for strings) is worth what its word is worth.
 * No memory but frames is in these pages. Who wants it otherwise has all frames
 * copied (rx_copybreak).
 *
 * Pieces share pages, and are not free before all of them are; but each waits
 * only for what was lent before, so none waits for ever.
 */
#include "netvsc.h"

#include "proto/frame.h"

#include <linux/mm.h>
#include <linux/slab.h>

/* Room for headers. */
#define HEAD_MAX	128u

/* So many that are still read are looked at in one poll; and if room gets scarce. */
#define LOOKS		8u
#define LOOKS_PRESSED	64u

/* The host always has a quarter, and what it takes to coalesce a frame. */
#define KEEP_LEAST	128u

/* In the table of pieces: not lent, or the last of its packet. */
#define PIECE_FREE	0xffffffffu
#define PIECE_LAST	0xfffffffeu

/* The NIC ----------------------------------------------------------------------------*/

int netvsc_lend_start(struct netvsc *nv, const struct nvsp_pieces *pieces)
{
	u32 i, keep = max(pieces->cnt / 4, KEEP_LEAST);

	nv->holds = kvmalloc_array(pieces->cnt, sizeof(*nv->holds), GFP_KERNEL);
	if (!nv->holds)
		return -ENOMEM;
	for (i = 0; i < pieces->cnt; i++)
		nv->holds[i].next = PIECE_FREE;
	atomic_set(&nv->lent, 0);
	nv->lent_most = pieces->cnt > keep ? pieces->cnt - keep : 0;
	return 0;
}

/* What is lent now is never acknowledged: who closes the channel takes everything back. */
void netvsc_lend_stop(struct netvsc *nv)
{
	nv->lent_most = 0;
	kvfree(nv->holds);
	nv->holds = NULL;
}

/* Lend -----------------------------------------------------------------------------------*/

void netvsc_lend_packet(struct netvsc_queue *q, u32 pieces)
{
	struct netvsc *nv = q->nv;

	q->may_lend = atomic_read(&nv->lent) + pieces <= nv->lent_most;
}

/*
 * The packet's first piece speaks for it, and is the last of the chain. False: the
 * host names a piece for the second time, here or in another queue, or it is none.
 */
static bool claim(struct netvsc_queue *q, const struct netvsc_part *part)
{
	struct netvsc *nv = q->nv;
	u32 len = nv->recv_pieces.len, piece = part->offset / len;
	u32 next = q->hold ? q->hold->piece : PIECE_LAST;

	if (unlikely(part->offset - piece * len + part->len > len))
		return false;
	/* Pairs with netvsc_lend_take_back(): who gets it may write to all of it. */
	if (unlikely(cmpxchg(&nv->holds[piece].next, PIECE_FREE, next) != PIECE_FREE))
		return false;
	if (!q->hold)
		q->hold = &nv->holds[piece];
	q->hold->piece = piece;
	return true;
}

static bool claim_all(struct netvsc_queue *q, const struct netvsc_part *parts, u32 cnt)
{
	u32 i;

	for (i = 0; i < cnt; i++)
		if (!claim(q, &parts[i]))
			return false;
	return true;
}

/* A copy of the headers, and in @part what follows them. */
static struct sk_buff *take_head(struct netvsc_queue *q, struct netvsc_part *part)
{
	struct sk_buff *skb = napi_alloc_skb(&q->napi, HEAD_MAX);
	u32 some;

	if (unlikely(!skb))
		return NULL;
	memcpy(skb->data, q->nv->recv + part->offset, HEAD_MAX);
	some = frame_header_len(skb->data, HEAD_MAX);
	__skb_put(skb, some);
	part->offset += some;
	part->len -= some;
	return skb;
}

/* What is longer than one has room for becomes a list. */
static struct sk_buff *add_link(struct netvsc_queue *q, struct sk_buff *skb, struct sk_buff *last)
{
	struct sk_buff *link = napi_alloc_skb(&q->napi, 0);

	if (unlikely(!link))
		return NULL;
	if (last == skb)
		skb_shinfo(skb)->frag_list = link;
	else
		last->next = link;
	skb->truesize += link->truesize;
	return link;
}

/* The pages of a piece; the memory is counted with the first. */
static struct sk_buff *add_piece(struct netvsc_queue *q, struct sk_buff *skb, struct sk_buff *last,
				 u32 offset, u32 len)
{
	struct page *const *pages = q->nv->recv_pages;
	u32 size = q->nv->recv_pieces.len;

	while (len) {
		struct page *page = pages[offset / PAGE_SIZE];
		u32 at = offset % PAGE_SIZE, some = min_t(u32, len, PAGE_SIZE - at);

		if (unlikely(skb_shinfo(last)->nr_frags == MAX_SKB_FRAGS)) {
			last = add_link(q, skb, last);
			if (!last)
				return NULL;
		}
		get_page(page);
		skb_add_rx_frag(last, skb_shinfo(last)->nr_frags, page, at, some, size);
		if (last != skb) {
			skb->len += some;
			skb->data_len += some;
			skb->truesize += size;
		}
		size = 0;
		offset += some;
		len -= some;
	}
	return last;
}

struct sk_buff *netvsc_lend(struct netvsc_queue *q, const struct netvsc_part *parts, u32 cnt)
{
	struct netvsc_part first = parts[0];
	struct sk_buff *skb, *last;
	u32 i;

	/* Headers that begin in one piece and go on in another would be parsed where they lie. */
	if (!q->may_lend || parts[0].len < HEAD_MAX || unlikely(!claim_all(q, parts, cnt)))
		return NULL;
	skb = take_head(q, &first);
	if (unlikely(!skb))
		return NULL;
	last = add_piece(q, skb, skb, first.offset, first.len);
	for (i = 1; likely(last) && i < cnt; i++)
		last = add_piece(q, skb, last, parts[i].offset, parts[i].len);
	if (unlikely(!last)) {
		kfree_skb(skb);
		return NULL;
	}
	/* Another may write there: nobody decrypts in place, or sums what is not his alone. */
	skb_shinfo(skb)->flags |= SKBFL_SHARED_FRAG;
	q->rx.lent++;
	return skb;
}

bool netvsc_lend_packet_end(struct netvsc_queue *q, u64 id, bool ok, u32 pieces)
{
	struct netvsc_hold *hold = q->hold;

	if (!hold)
		return false;
	hold->id = id;
	hold->ok = ok;
	hold->pieces = pieces;
	list_add_tail(&hold->list, &q->held);
	atomic_add(pieces, &q->nv->lent);
	q->hold = NULL;
	return true;
}

/* Take back --------------------------------------------------------------------------------*/

static bool is_unread(const struct netvsc *nv, u32 piece)
{
	u32 start = piece * nv->recv_pieces.len, last = start + nv->recv_pieces.len - 1, i;

	/*
	 * Whoever had references gave them back with a full barrier, after its last
	 * look; what we tell the host depends on what we see here.
	 */
	for (i = start / PAGE_SIZE; i <= last / PAGE_SIZE; i++)
		if (page_ref_count(nv->recv_pages[i]) != 1)
			return false;
	return true;
}

/* What was unread once is so for good: only who has a reference can take another. */
static bool is_back(struct netvsc *nv, struct netvsc_hold *hold)
{
	for (;;) {
		struct netvsc_hold *piece = &nv->holds[hold->piece];

		if (!is_unread(nv, hold->piece))
			return false;
		/* The one that speaks for all is kept until it has. */
		if (piece == hold)
			return true;
		hold->piece = piece->next;
		smp_store_release(&piece->next, PIECE_FREE);
	}
}

void netvsc_lend_take_back(struct netvsc_queue *q)
{
	struct netvsc *nv = q->nv;
	bool pressed = atomic_read(&nv->lent) > nv->lent_most / 2;
	u32 looks = pressed ? LOOKS_PRESSED : LOOKS;
	struct netvsc_hold *hold, *next;

	list_for_each_entry_safe(hold, next, &q->held, list) {
		if (unlikely(!netvsc_ack_room(q)))
			return;
		if (!is_back(nv, hold)) {
			if (!--looks)
				return;
			/* Who does not read keeps us from nobody behind him. */
			if (pressed)
				list_move_tail(&hold->list, &q->held);
			continue;
		}
		list_del(&hold->list);
		atomic_sub(hold->pieces, &nv->lent);
		netvsc_ack(q, hold->id, hold->ok, hold->pieces);
		smp_store_release(&hold->next, PIECE_FREE);
	}
}

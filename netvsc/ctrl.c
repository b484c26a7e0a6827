// SPDX-License-Identifier: GPL-2.0
/*
 * ctrl.c - requests of RNDIS: one at a time, each with a bound
 *
 * A request lives in a page of its own until the host has given its cookie back
 * and nobody waits any more, whichever comes last. An answer that comes too late
 * names a request that is not waited for, and is counted.
 */
#include "netvsc.h"

#include <linux/slab.h>

/**
 * struct netvsc_request - a request, and room for its answer
 * @cookie: first
 * @ref: the waiter's and the host's
 * @nv: whose
 * @id: number that its answer names
 * @answered: the rest is valid
 * @type: of the answer
 * @status: RNDIS_STATUS_*
 * @reply_len: bytes of @reply
 * @reply: what came with it
 * @dma: of @msg
 * @msg: a page
 */
struct netvsc_request {
	struct netvsc_cookie cookie;
	struct kref ref;
	struct netvsc *nv;
	u32 id;
	bool answered;
	u32 type;
	u32 status;
	u32 reply_len;
	u8 reply[RNDIS_MAX_HEAD];
	dma_addr_t dma;
	void *msg;
};

/* Longest message: none crosses the page. */
#define MSG_ROOM	4096u

static struct netvsc_request *new_request(struct netvsc *nv)
{
	struct netvsc_request *req = kzalloc(sizeof(*req), GFP_KERNEL);

	if (!req)
		return NULL;
	req->cookie.kind = NETVSC_COOKIE_REQUEST;
	kref_init(&req->ref);
	req->nv = nv;
	req->id = ++nv->request_id;
	req->msg = dma_alloc_coherent(&nv->vdev->dev, MSG_ROOM, &req->dma, GFP_KERNEL);
	if (!req->msg) {
		kfree(req);
		return NULL;
	}
	return req;
}

static void release(struct kref *ref)
{
	struct netvsc_request *req = container_of(ref, struct netvsc_request, ref);

	dma_free_coherent(&req->nv->vdev->dev, MSG_ROOM, req->msg, req->dma);
	kfree(req);
}

static void put_request(struct netvsc_request *req)
{
	kref_put(&req->ref, release);
}

static void expect(struct netvsc *nv, struct netvsc_request *req)
{
	unsigned long irq;

	spin_lock_irqsave(&nv->request_lock, irq);
	nv->request = req;
	spin_unlock_irqrestore(&nv->request_lock, irq);
}

/* The host has the message no more. If it did not even take it there will be no answer. */
void netvsc_request_sent(struct netvsc *nv, struct netvsc_cookie *cookie,
			 const struct vmbus_pkt *pkt)
{
	struct netvsc_request *req = container_of(cookie, struct netvsc_request, cookie);
	unsigned long irq;

	if (pkt && nvsp_parse_sent(pkt->payload, pkt->payload_len) != NVSP_STATUS_SUCCESS) {
		spin_lock_irqsave(&nv->request_lock, irq);
		if (nv->request == req && !req->answered) {
			req->status = RNDIS_STATUS_FAILURE;
			req->answered = true;
		}
		spin_unlock_irqrestore(&nv->request_lock, irq);
		wake_up_all(&nv->wait);
	}
	put_request(req);
}

static bool is_over(struct netvsc *nv, struct netvsc_request *req)
{
	unsigned long irq;
	bool answered;

	spin_lock_irqsave(&nv->request_lock, irq);
	answered = req->answered;
	spin_unlock_irqrestore(&nv->request_lock, irq);
	return answered || netvsc_is_gone(nv);
}

static int send_request(struct netvsc *nv, struct netvsc_request *req, u32 len)
{
	struct vmbus_range range = { .addr = req->dma, .len = len };
	union nvsp_msg msg;
	int err;

	nvsp_put_rndis(&msg, NVSP_CHANNEL_CONTROL, NVSP_SECTION_NONE, 0);
	kref_get(&req->ref);
	err = vmbus_chan_send_ranges(nv->vdev->chan, &range, 1, &msg, sizeof(msg),
				     &req->cookie, 0);
	if (err)
		put_request(req);
	return err;
}

/* Send and wait. On success the answer is in @req, which is the caller's alone. */
static int carry_out(struct netvsc *nv, struct netvsc_request *req, u32 len)
{
	unsigned long limit = netvsc_patience(nv);
	int err;

	lockdep_assert_held(&nv->lock);
	if (!len)
		return -EMSGSIZE;
	if (!limit)
		return -ETIMEDOUT;
	expect(nv, req);
	err = send_request(nv, req, len);
	/* The ring is full of frames: they make room, or the host is silent anyway. */
	while (err == -EAGAIN && limit && !netvsc_is_gone(nv)) {
		unsigned long left = schedule_timeout_uninterruptible(1);

		limit -= min(limit, 1 + left);
		err = send_request(nv, req, len);
	}
	if (!err)
		wait_event_timeout(nv->wait, is_over(nv, req), limit);
	/* From here on nobody writes to it. */
	expect(nv, NULL);
	if (err)
		return err;
	if (!req->answered)
		return netvsc_is_gone(nv) ? -ENODEV : -ETIMEDOUT;
	return 0;
}

int netvsc_query(struct netvsc *nv, u32 oid, const void *info, u32 info_len,
		 void *reply, u32 room, u32 *got)
{
	struct netvsc_request *req = new_request(nv);
	int err;

	if (!req)
		return -ENOMEM;
	err = carry_out(nv, req, rndis_put_query(req->msg, MSG_ROOM, req->id, oid, info, info_len));
	if (!err && (req->type != RNDIS_MSG_QUERY_COMPLETE || req->status != RNDIS_STATUS_SUCCESS))
		err = -EIO;
	if (!err) {
		*got = min(room, req->reply_len);
		memcpy(reply, req->reply, *got);
	}
	put_request(req);
	return err;
}

int netvsc_set(struct netvsc *nv, u32 oid, const void *info, u32 info_len)
{
	struct netvsc_request *req = new_request(nv);
	int err;

	if (!req)
		return -ENOMEM;
	err = carry_out(nv, req, rndis_put_set(req->msg, MSG_ROOM, req->id, oid, info, info_len));
	if (!err && (req->type != RNDIS_MSG_SET_COMPLETE || req->status != RNDIS_STATUS_SUCCESS))
		err = -EIO;
	put_request(req);
	return err;
}

int netvsc_initialize(struct netvsc *nv)
{
	struct netvsc_request *req = new_request(nv);
	int err;

	if (!req)
		return -ENOMEM;
	err = carry_out(nv, req, rndis_put_initialize(req->msg, MSG_ROOM, req->id));
	if (!err) {
		struct rndis_answer answer = {
			.type = req->type,
			.status = req->status,
			.info = req->reply,
			.info_len = req->reply_len,
		};

		err = rndis_parse_initialize(&answer, &nv->limits);
	}
	put_request(req);
	return err;
}

/* Has no answer, so nobody waits. */
void netvsc_halt(struct netvsc *nv)
{
	struct netvsc_request *req = new_request(nv);

	if (!req)
		return;
	send_request(nv, req, rndis_put_halt(req->msg, MSG_ROOM, req->id));
	put_request(req);
}

int netvsc_set_filter(struct netvsc *nv, u32 filter)
{
	__le32 info = cpu_to_le32(filter);
	int err;

	if (nv->filter == filter)
		return 0;
	err = netvsc_set(nv, RNDIS_OID_PACKET_FILTER, &info, sizeof(info));
	/* It may have done it all the same. */
	nv->filter = err ? NETVSC_FILTER_UNKNOWN : filter;
	return err;
}

int netvsc_set_offloads(struct netvsc *nv, const struct rndis_offloads *use)
{
	struct ndis_offload_parameters set;
	u32 len = rndis_put_offloads(&set, use, nv->version >= NVSP_VERSION_5);

	return netvsc_set(nv, RNDIS_OID_OFFLOAD_PARAMETERS, &set, len);
}

int netvsc_set_rss(struct netvsc *nv, const u16 *table, const u8 *key)
{
	u32 hash = NDIS_HASH_IPV4 | NDIS_HASH_TCP4 | NDIS_HASH_IPV6 | NDIS_HASH_TCP6;
	struct rndis_rss_set *set;
	u32 len;
	int err;

	set = kzalloc(sizeof(*set), GFP_KERNEL);
	if (!set)
		return -ENOMEM;
	if (nv->rss.udp)
		hash |= NDIS_HASH_UDP4 | NDIS_HASH_UDP6;
	/* Hosts want it off before it is changed; if that fails the next says so. */
	len = rndis_put_rss(set, table, nv->rss.table, key, hash, NDIS_RSS_DISABLE);
	netvsc_set(nv, RNDIS_OID_RSS_PARAMETERS, set, len);
	len = rndis_put_rss(set, table, nv->rss.table, key, hash, 0);
	err = netvsc_set(nv, RNDIS_OID_RSS_PARAMETERS, set, len);
	kfree(set);
	return err;
}

/* In -----------------------------------------------------------------------------------*/

static void answered(struct netvsc_queue *q, const struct rndis_answer *answer)
{
	struct netvsc *nv = q->nv;
	struct netvsc_request *req;
	unsigned long irq;
	bool wanted;

	spin_lock_irqsave(&nv->request_lock, irq);
	req = nv->request;
	wanted = req && req->id == answer->id && !req->answered;
	if (wanted) {
		req->type = answer->type;
		req->status = answer->status;
		req->reply_len = min_t(u32, answer->info_len, sizeof(req->reply));
		if (req->reply_len)
			memcpy(req->reply, answer->info, req->reply_len);
		req->answered = true;
	}
	spin_unlock_irqrestore(&nv->request_lock, irq);
	if (wanted)
		wake_up_all(&nv->wait);
	else
		netvsc_reject(q, NETVSC_REJECT_ANSWER);
}

static void indicated(struct netvsc_queue *q, const struct rndis_answer *answer)
{
	struct netvsc *nv = q->nv;
	__le32 speed;

	switch (answer->status) {
	case RNDIS_INDICATE_CONNECT:
		clear_bit(NETVSC_LINK_DOWN, &nv->link_events);
		set_bit(NETVSC_LINK_UP, &nv->link_events);
		break;
	case RNDIS_INDICATE_DISCONNECT:
		clear_bit(NETVSC_LINK_UP, &nv->link_events);
		set_bit(NETVSC_LINK_DOWN, &nv->link_events);
		break;
	case RNDIS_INDICATE_NETWORK_CHANGE:
		set_bit(NETVSC_LINK_CHANGE, &nv->link_events);
		break;
	case RNDIS_INDICATE_LINK_SPEED:
		if (answer->info_len < sizeof(speed)) {
			netvsc_reject(q, NETVSC_REJECT_CONTROL);
			return;
		}
		memcpy(&speed, answer->info, sizeof(speed));
		WRITE_ONCE(nv->speed, le32_to_cpu(speed) / 10000);
		return;
	default:
		return;
	}
	if (!READ_ONCE(nv->removing))
		schedule_delayed_work(&nv->link_work, 0);
}

void netvsc_control(struct netvsc_queue *q, const void *msg, u32 len)
{
	struct rndis_answer answer;

	switch (rndis_parse_control(msg, len, &answer)) {
	case RNDIS_CONTROL_ANSWER:
		answered(q, &answer);
		break;
	case RNDIS_CONTROL_NOTICE:
		indicated(q, &answer);
		break;
	case RNDIS_CONTROL_OTHER:
		break;
	case RNDIS_CONTROL_BAD:
		netvsc_reject(q, NETVSC_REJECT_CONTROL);
		break;
	}
}

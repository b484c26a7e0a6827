// SPDX-License-Identifier: GPL-2.0
/*
 * miniguest.c - a guest made only of the pure code, and a pair of it and the
 * provider
 */
#include "unit/miniguest.h"

#include <stdio.h>
#include <stdlib.h>

#include "vmbus_client/proto/gpadl.h"
#include "vmbus_client/proto/pkt.h"

#define PAGE		4096u
#define FIRST_PFN	16u
#define CHAN_PFNS	(2 * MG_RING_PAGES + MG_REQUESTS)
#define GUEST_PAGES	(FIRST_PFN + MG_CHANS * CHAN_PFNS)
#define DATA_SIZE	((MG_RING_PAGES - 1) * PAGE)
#define POST_TRIES	100
#define GPADL_FIRST	0x100u

/* Messages ---------------------------------------------------------------------------*/

static uint16_t post(struct miniguest *mg, const void *msg, uint32_t len)
{
	uint16_t status = TLFS_STATUS_TIME_OUT;
	int tries;

	for (tries = 0; tries < POST_TRIES; tries++) {
		status = loopback_post(mg->lb, mg->negotiate.connection_id, msg, len);
		if (status != TLFS_STATUS_INSUFFICIENT_BUFFERS)
			break;
	}
	if (status)
		mg->lost_posts++;
	return status;
}

static void forget(struct miniguest *mg)
{
	memset(mg->chan, 0, sizeof(mg->chan));
}

void mg_init(struct miniguest *mg, struct loopback *lb)
{
	memset(mg, 0, sizeof(*mg));
	mg->lb = lb;
	mg->next_gpadl = GPADL_FIRST;
}

/* Ask for one version after another until the host knows the port and, later, the version. */
static bool ask(struct miniguest *mg)
{
	struct vmbus_msg_initiate_contact msg;
	uint32_t len;

	while ((len = negotiate_ask(&mg->negotiate, 0, mg->monitor_pages[0],
				    mg->monitor_pages[1], &msg))) {
		if (post(mg, &msg, len) != TLFS_STATUS_INVALID_CONNECTION_ID)
			return true;
		negotiate_no_port(&mg->negotiate);
	}
	mg->conn = MG_ALONE;
	return false;
}

bool mg_contact(struct miniguest *mg, uint32_t max_version)
{
	forget(mg);
	negotiate_start(&mg->negotiate, max_version);
	mg->conn = MG_CONTACTING;
	return ask(mg);
}

bool mg_unload(struct miniguest *mg)
{
	struct vmbus_msg_hdr msg;

	if (mg->conn != MG_CONNECTED && mg->conn != MG_ENUMERATED)
		return false;
	mg->conn = MG_UNLOADING;
	post(mg, &msg, msg_put_simple(&msg, VMBUS_MSG_UNLOAD));
	return true;
}

static void on_version(struct miniguest *mg,
		       const struct vmbus_msg_version_response_features *msg)
{
	struct vmbus_msg_hdr request;

	if (mg->conn != MG_CONTACTING) {
		mg->unmatched++;
		return;
	}
	switch (negotiate_answer(&mg->negotiate, msg)) {
	case NEGOTIATE_NEXT:
		ask(mg);
		break;
	case NEGOTIATE_AGREED:
		mg->conn = MG_CONNECTED;
		post(mg, &request, msg_put_simple(&request, VMBUS_MSG_REQUEST_OFFERS));
		break;
	default:
		mg->conn = MG_ALONE;
	}
}

/* Channels -----------------------------------------------------------------------------*/

static bool move(struct mg_chan *chan, enum chan_event event)
{
	int next = chan_state_next(chan->state, event);

	if (next == CHAN_ILLEGAL)
		return false;
	chan->state = next;
	return true;
}

static struct mg_chan *find(struct miniguest *mg, uint32_t relid)
{
	uint32_t i;

	for (i = 0; i < MG_CHANS; i++)
		if (mg->chan[i].used && mg->chan[i].offer.relid == relid)
			return &mg->chan[i];
	return NULL;
}

static void release_relid(struct miniguest *mg, uint32_t relid)
{
	struct vmbus_msg_close msg;

	post(mg, &msg, msg_put_relid(&msg, VMBUS_MSG_RELID_RELEASED, relid));
}

static void on_offer(struct miniguest *mg, const struct vmbus_msg_offer *msg)
{
	struct msg_offer offer;
	struct mg_chan *chan;
	uint32_t i;

	if (msg_parse_offer(msg, &offer) || find(mg, offer.relid)) {
		mg->unmatched++;
		return;
	}
	for (i = 0; i < MG_CHANS && mg->chan[i].used; i++)
		;
	if (i == MG_CHANS)
		return;		/* one too many: nothing needs to be said */
	chan = &mg->chan[i];
	memset(chan, 0, sizeof(*chan));
	chan->used = true;
	chan->offer = offer;
	chan->state = CHAN_OFFERED;
	chan->first_pfn = FIRST_PFN + (uint64_t)i * CHAN_PFNS;
	reqid_init(&chan->ids, chan->slots, MG_REQUESTS);
}

bool mg_open(struct miniguest *mg, uint32_t index)
{
	struct mg_chan *chan = &mg->chan[index];
	uint64_t pfns[2 * MG_RING_PAGES];
	const struct gpadl_range range = { pfns, 0, sizeof(pfns) / 8 * PAGE };
	uint8_t msg[VMBUS_MSG_MAX_LEN] __attribute__((aligned(8)));
	struct gpadl_cut cut;
	uint32_t i, len;

	if (mg->conn != MG_ENUMERATED || !chan->used || chan->state != CHAN_OFFERED)
		return false;
	/* A sub-channel is opened while its primary is. */
	if (chan->offer.sub_channel_index) {
		for (i = 0; i < MG_CHANS; i++)
			if (mg_is_open(mg, i) && !mg->chan[i].offer.sub_channel_index)
				break;
		if (i == MG_CHANS)
			return false;
	}
	move(chan, CHAN_EV_OPEN);
	chan->gpadl = mg->next_gpadl++;
	chan->wait = MG_WAIT_GPADL;
	for (i = 0; i < 2 * MG_RING_PAGES; i++)
		pfns[i] = chan->first_pfn + i;
	gpadl_cut_start(&cut, chan->offer.relid, chan->gpadl, &range, 1);
	while ((len = gpadl_cut_next(&cut, msg)))
		post(mg, msg, len);
	return true;
}

static void tear_down(struct miniguest *mg, struct mg_chan *chan)
{
	struct vmbus_msg_gpadl_teardown msg;

	chan->wait = MG_WAIT_TORNDOWN;
	post(mg, &msg, msg_put_gpadl_teardown(&msg, chan->offer.relid, chan->gpadl));
}

static void on_created(struct miniguest *mg, const struct vmbus_msg_gpadl_created *msg)
{
	struct mg_chan *chan = find(mg, le32_to_cpu(msg->relid));
	struct vmbus_msg_open open;
	uint8_t *page;

	if (!chan || chan->wait != MG_WAIT_GPADL || chan->gpadl != le32_to_cpu(msg->gpadl)) {
		mg->unmatched++;
		return;
	}
	if (msg->status) {
		chan->wait = MG_WAIT_NONE;
		move(chan, CHAN_EV_OPEN_FAILED);
		return;
	}
	page = loopback_page(mg->lb, chan->first_pfn);
	ring_tx_init(&chan->tx, page, page + PAGE, DATA_SIZE);
	page += MG_RING_PAGES * PAGE;
	ring_rx_init(&chan->rx, page, page + PAGE, DATA_SIZE);
	reqid_init(&chan->ids, chan->slots, MG_REQUESTS);
	chan->owed_cnt = 0;
	chan->wait = MG_WAIT_OPEN;
	post(mg, &open, msg_put_open(&open, chan->offer.relid, chan->offer.relid, chan->gpadl, 0,
				     MG_RING_PAGES, NULL, 0));
}

static void on_open_result(struct miniguest *mg, const struct vmbus_msg_open_result *msg)
{
	struct mg_chan *chan = find(mg, le32_to_cpu(msg->relid));

	if (!chan || chan->wait != MG_WAIT_OPEN || msg->open_id != msg->relid) {
		mg->unmatched++;
		return;
	}
	chan->wait = MG_WAIT_NONE;
	if (msg->status)
		tear_down(mg, chan);
	else
		move(chan, CHAN_EV_OPENED);
}

static void on_torndown(struct miniguest *mg, const struct vmbus_msg_gpadl_torndown *msg)
{
	struct mg_chan *chan;

	for (chan = mg->chan; chan < mg->chan + MG_CHANS; chan++)
		if (chan->used && chan->wait == MG_WAIT_TORNDOWN &&
		    chan->gpadl == le32_to_cpu(msg->gpadl))
			break;
	if (chan == mg->chan + MG_CHANS) {
		mg->unmatched++;
		return;
	}
	chan->wait = MG_WAIT_NONE;
	while (reqid_take_any(&chan->ids))
		;
	if (!move(chan, CHAN_EV_CLOSED))
		move(chan, CHAN_EV_OPEN_FAILED);
}

bool mg_close(struct miniguest *mg, uint32_t index)
{
	struct mg_chan *chan = &mg->chan[index], *sub;
	struct vmbus_msg_close msg;

	if (mg->conn != MG_ENUMERATED || !chan->used || chan->wait != MG_WAIT_NONE ||
	    (chan->state != CHAN_OPEN && chan->state != CHAN_BROKEN))
		return false;
	if (!chan->offer.sub_channel_index)
		for (sub = mg->chan; sub < mg->chan + MG_CHANS; sub++)
			if (sub->used && sub->offer.sub_channel_index &&
			    sub->state != CHAN_OFFERED && sub->state != CHAN_RESCINDED)
				return false;
	move(chan, CHAN_EV_CLOSE);
	post(mg, &msg, msg_put_relid(&msg, VMBUS_MSG_CLOSE, chan->offer.relid));
	tear_down(mg, chan);
	return true;
}

bool mg_release(struct miniguest *mg, uint32_t index)
{
	struct mg_chan *chan = &mg->chan[index];

	if (mg->conn != MG_ENUMERATED || !chan->used || !move(chan, CHAN_EV_RELEASE))
		return false;
	/* Unmapped first: the host may use the relid again at once. */
	chan->used = false;
	release_relid(mg, chan->offer.relid);
	return true;
}

bool mg_modify(struct miniguest *mg, uint32_t index, uint32_t vp)
{
	struct mg_chan *chan = &mg->chan[index];
	struct vmbus_msg_modify_channel msg;

	if (!mg_is_open(mg, index) || mg->negotiate.version < VMBUS_VERSION_4_1)
		return false;
	post(mg, &msg, msg_put_modify_channel(&msg, chan->offer.relid, vp));
	return true;
}

static void on_rescind(struct miniguest *mg, const struct vmbus_msg_rescind *msg)
{
	struct mg_chan *chan = find(mg, le32_to_cpu(msg->relid));

	if (!chan) {
		mg->unmatched++;
		return;
	}
	/* Whoever waited for the host waits no more, and nothing that was sent comes back. */
	move(chan, CHAN_EV_RESCIND);
	chan->wait = MG_WAIT_NONE;
	while (reqid_take_any(&chan->ids))
		;
}

bool mg_receive(struct miniguest *mg)
{
	struct tlfs_message slot;
	bool any = false;
	uint8_t msg[VMBUS_MSG_MAX_LEN] __attribute__((aligned(8)));
	enum msg_verdict verdict;
	uint32_t vp, type, version;

	for (vp = 0; vp < LOOPBACK_VPS; vp++) {
		while (loopback_receive(mg->lb, vp, &slot)) {
			any = true;
			memset(msg, 0, sizeof(msg));
			memcpy(msg, slot.payload, sizeof(msg));
			version = mg->conn >= MG_CONNECTED ? mg->negotiate.version : 0;
			verdict = msg_check(msg, slot.payload_size, version, &type);
			if (verdict != MSG_OK) {
				mg->refused[verdict]++;
				continue;
			}
			/* Before and after the connection only its own messages matter. */
			if (mg->conn != MG_CONNECTED && mg->conn != MG_ENUMERATED &&
			    type != VMBUS_MSG_VERSION_RESPONSE &&
			    type != VMBUS_MSG_UNLOAD_RESPONSE) {
				mg->unmatched++;
				continue;
			}
			switch (type) {
			case VMBUS_MSG_VERSION_RESPONSE: on_version(mg, (void *)msg); break;
			case VMBUS_MSG_OFFER: on_offer(mg, (void *)msg); break;
			case VMBUS_MSG_RESCIND: on_rescind(mg, (void *)msg); break;
			case VMBUS_MSG_GPADL_CREATED: on_created(mg, (void *)msg); break;
			case VMBUS_MSG_GPADL_TORNDOWN: on_torndown(mg, (void *)msg); break;
			case VMBUS_MSG_OPEN_RESULT: on_open_result(mg, (void *)msg); break;
			case VMBUS_MSG_ALL_OFFERS_DELIVERED:
				if (mg->conn == MG_CONNECTED)
					mg->conn = MG_ENUMERATED;
				break;
			case VMBUS_MSG_UNLOAD_RESPONSE:
				if (mg->conn == MG_UNLOADING) {
					forget(mg);
					mg->conn = MG_ALONE;
				}
				break;
			default:
				break;
			}
		}
	}
	return any;
}

void mg_settle(struct miniguest *mg)
{
	int turns;

	for (turns = 0; turns < 50; turns++) {
		loopback_deliver(mg->lb);
		loopback_advance(mg->lb, 0);
		mg_receive(mg);
	}
}

/* Traffic ------------------------------------------------------------------------------*/

bool mg_is_open(const struct miniguest *mg, uint32_t index)
{
	const struct mg_chan *chan = &mg->chan[index];

	return mg->conn == MG_ENUMERATED && chan->used && chan->state == CHAN_OPEN;
}

static void fill(uint8_t *to, uint8_t seed, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		to[i] = (uint8_t)(seed + i * 7);
}

static bool filled(const uint8_t *bytes, uint8_t seed, uint32_t len, uint8_t twist)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		if ((uint8_t)(bytes[i] ^ twist) != (uint8_t)(seed + i * 7))
			return false;
	return true;
}

static uint8_t *data_page(struct miniguest *mg, struct mg_chan *chan, uint32_t request)
{
	return loopback_page(mg->lb, chan->first_pfn + 2 * MG_RING_PAGES + request);
}

static void bell(struct miniguest *mg, struct mg_chan *chan)
{
	loopback_signal(mg->lb, chan->offer.connection_id);
}

/* Put, publish, ring if it must be. False: no room now, the host will say when. */
static bool put(struct miniguest *mg, struct mg_chan *chan, const struct ring_vec *vec,
		unsigned int count)
{
	uint32_t len = 0, i;
	int r;

	for (i = 0; i < count; i++)
		len += vec[i].len;
	r = ring_tx_put(&chan->tx, vec, count);
	while (r == -EAGAIN && ring_tx_want_space(&chan->tx, ring_packet_space(len)))
		r = ring_tx_put(&chan->tx, vec, count);
	if (r == -EPROTO) {
		mg->broken++;
		move(chan, CHAN_EV_BROKE);
	}
	if (r) {
		mg->full += r == -EAGAIN;
		return false;
	}
	if (ring_tx_publish(&chan->tx))
		bell(mg, chan);
	return true;
}

bool mg_send(struct miniguest *mg, uint32_t index, uint32_t len, bool direct)
{
	struct mg_chan *chan = &mg->chan[index];
	struct mg_request *request;
	struct pkt_gpa_hdr gpa;
	struct vmbus_pkt_hdr hdr;
	uint8_t payload[PAGE];
	struct ring_vec vec[3];
	uint32_t n, i;
	uint64_t id, pfn;
	bool done;

	if (!mg_is_open(mg, index) || !len || len > PAGE)
		return false;
	/* A request whose slot is free; the table has as many. */
	for (i = 0; i < MG_REQUESTS; i++) {
		n = (chan->next_request + i) % MG_REQUESTS;
		if (!chan->requests[n].len)
			break;
	}
	request = &chan->requests[n];
	id = i < MG_REQUESTS ? reqid_bind(&chan->ids, request) : 0;
	if (!id)
		return false;
	chan->next_request = n + 1;
	request->direct = direct;
	request->seed = (uint8_t)(mg->sent * 13);
	request->len = len;
	if (direct) {
		fill(data_page(mg, chan, n), request->seed, len);
		memcpy(payload, &len, sizeof(len));
		pfn = chan->first_pfn + 2 * MG_RING_PAGES + n;
		pkt_put_gpa_direct(&gpa, 0, len, sizeof(len), id);
		vec[0] = (struct ring_vec) { &gpa, sizeof(gpa) };
		vec[1] = (struct ring_vec) { &pfn, sizeof(pfn) };
		vec[2] = (struct ring_vec) { payload, sizeof(len) };
		done = put(mg, chan, vec, 3);
	} else {
		fill(payload, request->seed, len);
		pkt_put_inband(&hdr, len, id, true);
		vec[0] = (struct ring_vec) { &hdr, sizeof(hdr) };
		vec[1] = (struct ring_vec) { payload, len };
		done = put(mg, chan, vec, 2);
	}
	if (!done) {
		reqid_take(&chan->ids, id);
		request->len = 0;
		return false;
	}
	mg->sent++;
	return true;
}

static void on_completion(struct miniguest *mg, struct mg_chan *chan, const struct pkt_view *view)
{
	struct mg_request *request = reqid_take(&chan->ids, view->id);
	uint32_t len, shown;
	bool good;

	if (!request) {
		mg->strange++;
		return;
	}
	len = request->len;
	if (request->direct) {
		good = filled(data_page(mg, chan, (uint32_t)(request - chan->requests)),
			      request->seed, len, 0xff);
	} else {
		/* The device gives back the beginning. */
		shown = len < 64 ? len : 64;
		good = view->payload_len >= shown &&
		       filled(view->payload, request->seed, shown, 0);
	}
	mg->strange += !good;
	mg->answered++;
	request->len = 0;
}

static void pay_debts(struct miniguest *mg, struct mg_chan *chan)
{
	struct vmbus_pkt_hdr hdr;
	struct ring_vec vec = { &hdr, sizeof(hdr) };

	while (chan->owed_cnt && chan->state == CHAN_OPEN) {
		pkt_put_completion(&hdr, 0, chan->owed[chan->owed_cnt - 1]);
		if (!put(mg, chan, &vec, 1))
			return;
		chan->owed_cnt--;
	}
}

bool mg_poll(struct miniguest *mg, uint32_t index, bool always)
{
	struct mg_chan *chan = &mg->chan[index];
	uint8_t packet[8192] __attribute__((aligned(8)));
	struct pkt_view view;
	bool any = false;
	uint32_t vp;
	int len;

	if (!mg_is_open(mg, index))
		return false;
	/* Any VP: the channel may have been moved a moment ago. */
	for (vp = 0; vp < LOOPBACK_VPS; vp++)
		if (loopback_take_event(mg->lb, vp, chan->offer.relid))
			always = any = true;
	if (!always)
		return false;
	pay_debts(mg, chan);
	do {
		ring_rx_mask(&chan->rx);
		while ((len = ring_rx_next(&chan->rx, packet, sizeof(packet))) > 0) {
			any = true;
			if (pkt_parse(packet, (u32)len, &view)) {
				len = -EPROTO;
				break;
			}
			if (view.type == VMBUS_PKT_COMPLETION) {
				on_completion(mg, chan, &view);
			} else if (view.flags & VMBUS_PKT_FLAG_COMPLETION) {
				if (chan->owed_cnt < MG_OWED)
					chan->owed[chan->owed_cnt++] = view.id;
			}
		}
		if (len < 0) {
			mg->broken++;
			move(chan, CHAN_EV_BROKE);
			return true;
		}
		if (ring_rx_commit(&chan->rx))
			bell(mg, chan);
	} while (ring_rx_unmask(&chan->rx));
	pay_debts(mg, chan);
	return any;
}

/* The device at the other end ------------------------------------------------------------*/

static void device_opened(void *dev, struct vsp_chan *chan)
{
	struct pair *pair = dev;

	if (vsp_chan_index(chan) < ARRAY_SIZE(pair->chan))
		pair->chan[vsp_chan_index(chan)] = chan;
}

static void device_closed(void *dev, struct vsp_chan *chan)
{
	struct pair *pair = dev;
	uint32_t i, kept = 0;

	for (i = 0; i < ARRAY_SIZE(pair->chan); i++)
		if (pair->chan[i] == chan)
			pair->chan[i] = NULL;
	for (i = 0; i < pair->held_cnt; i++)
		if (pair->held[i].chan != chan)
			pair->held[kept++] = pair->held[i];
	pair->held_cnt = kept;
}

static void device_packet(void *dev, struct vsp_chan *chan, struct vsp_pkt *pkt)
{
	struct pair *pair = dev;
	uint8_t page[PAGE];
	uint32_t i, len = pkt->payload_len < 64 ? pkt->payload_len : 64;
	struct pair_held *held;

	if (pkt->type == VMBUS_PKT_COMPLETION) {
		pair->confirmed++;
		return;
	}
	pair->requests++;
	if (pkt->range_count && pkt->ranges[0].len <= PAGE) {
		/* Turn every bit round, so that the guest sees that the host was there. */
		size_t got = vsp_gpa_read(pair->lb->vsp, pkt->ranges, 0, page, pkt->ranges[0].len);

		for (i = 0; i < got; i++)
			page[i] ^= 0xff;
		if (vsp_gpa_write(pair->lb->vsp, pkt->ranges, 0, page, got) != got)
			pair->garbled++;
	}
	if (!pkt->wants_completion || !pkt->id)
		return;
	if (pair->hold && pair->held_cnt < ARRAY_SIZE(pair->held)) {
		held = &pair->held[pair->held_cnt++];
		held->chan = chan;
		held->id = pkt->id;
		held->len = len;
		memcpy(held->payload, pkt->payload, len);
		return;
	}
	vsp_chan_complete(chan, pkt->id, pkt->payload, len);
}

static const struct vsp_device_ops device_ops = {
	.name = "pair",
	.class_id = WIRE_GUID_SCSI,
	.chan_opened = device_opened,
	.chan_closed = device_closed,
	.packet = device_packet,
};

bool pair_start(struct pair *pair)
{
	static const struct wire_guid instance = WIRE_GUID_FCOPY;

	memset(pair, 0, sizeof(*pair));
	pair->lb = loopback_new(GUEST_PAGES);
	if (!pair->lb)
		return false;
	pair->device = vsp_device_add(pair->lb->vsp, &device_ops, pair, &instance, "pair0");
	mg_init(&pair->guest, pair->lb);
	return pair->device;
}

void pair_end(struct pair *pair)
{
	loopback_free(pair->lb);
}

void pair_settle(struct pair *pair)
{
	bool busy = true;
	uint32_t i, turns;

	for (turns = 0; busy && turns < 10000; turns++) {
		busy = false;
		for (i = 0; i < LOOPBACK_LISTENERS; i++)
			busy |= pair->lb->listener[i].signals != 0;
		loopback_deliver(pair->lb);
		loopback_advance(pair->lb, 0);
		busy |= mg_receive(&pair->guest);
		for (i = 0; i < MG_CHANS; i++)
			busy |= mg_poll(&pair->guest, i, false);
	}
}

bool pair_ask(struct pair *pair, uint32_t index)
{
	struct vsp_chan *chan = pair->chan[index];

	/* No more than the guest can remember. */
	if (!chan || pair->asked - pair->confirmed >= MG_OWED / 2)
		return false;
	pair->asked++;
	pair->next_ask++;
	vsp_chan_send_inband(chan, pair->next_ask, true, &pair->next_ask, sizeof(pair->next_ask));
	return true;
}

void pair_release_held(struct pair *pair)
{
	uint32_t cnt = pair->held_cnt;
	struct pair_held held;

	while (cnt-- && pair->held_cnt) {
		/* The last one first: answers come in any order. */
		held = pair->held[--pair->held_cnt];
		vsp_chan_complete(held.chan, held.id, held.payload, held.len);
	}
}

bool pair_command(struct pair *pair, const char *line)
{
	return loopback_command(pair->lb, line, NULL, 0);
}

bool pair_ledger_empty(struct pair *pair)
{
	char out[256];

	loopback_command(pair->lb, "ledger", out, sizeof(out));
	if (!strncmp(out, "ledger gpadls=0 open=0 unreleased=0 requests=0 ", 47))
		return true;
	printf("# %s", out);
	return false;
}

/* One step of many -------------------------------------------------------------------------*/

/* Faults a correct guest survives without a foul of its own. */
static const char *const fair_faults[] = {
	"version_response:drop", "version_response:dup", "version_response:delay:20",
	"version_response:status:1", "version_response:short",
	"gpadl_created:drop", "gpadl_created:dup", "gpadl_created:delay:20",
	"gpadl_created:status:1", "gpadl_created:short", "gpadl_created:rescind",
	"open_result:drop", "open_result:dup", "open_result:delay:20", "open_result:status:1",
	"open_result:short", "open_result:rescind",
	"gpadl_torndown:drop", "gpadl_torndown:dup", "gpadl_torndown:delay:20",
	"offer:dup", "offer:delay:20", "all_offers_delivered:drop", "all_offers_delivered:dup",
	"unload_response:drop", "unload_response:dup", "unload_response:delay:20",
	"rescind:dup", "post:status:0x13:3",
};

static const char *const unfair_faults[] = {
	"version_response:garbage", "offer:garbage", "gpadl_created:garbage", "open_result:garbage",
	"gpadl_torndown:garbage", "rescind:garbage", "offer:short", "rescind:drop", "rescind:short",
};

static void corrupt(struct pair *pair, uint16_t arg)
{
	struct tlfs_message *slot = &pair->lb->vp[0].slot;
	uint8_t *bytes;

	if (arg & 0x8000) {
		bytes = (uint8_t *)slot;
		bytes[(arg >> 4) % sizeof(*slot)] ^= (uint8_t)(1 + (arg & 15) * 17);
		return;
	}
	/* The control pages and the beginnings of the rings; offsets in steps of two. */
	bytes = loopback_page(pair->lb, FIRST_PFN + (arg & 1) * MG_RING_PAGES);
	bytes[(arg >> 4) * 2 % (2 * PAGE)] ^= (uint8_t)(1 << (arg >> 1 & 7));
}

void pair_step(struct pair *pair, uint8_t what, uint16_t arg, enum pair_kind kind)
{
	static const uint32_t versions[] = {
		0, 0, 0, 0, VMBUS_VERSION_5_2, VMBUS_VERSION_5_0, VMBUS_VERSION_4_1,
		VMBUS_VERSION_4_0,
	};
	struct miniguest *mg = &pair->guest;
	uint32_t chan = arg % MG_CHANS, i;
	char line[64];

	/* Traffic goes where there can be any. */
	if (what % 24 >= 8 && what % 24 <= 14)
		for (i = 0; i < MG_CHANS && !mg_is_open(mg, chan); i++)
			chan = (chan + 1) % MG_CHANS;

	switch (what % 24) {
	case 0:
		if (mg->conn == MG_ALONE || arg % 16 == 0)
			mg_contact(mg, versions[arg >> 8 & 7]);
		break;
	case 1: case 2:
		mg_receive(mg);
		break;
	case 3: case 4:
		loopback_deliver(pair->lb);
		break;
	case 5:
		for (i = 0; i < MG_CHANS && !mg_open(mg, (chan + i) % MG_CHANS); i++)
			;
		break;
	case 6:
		if (arg < 0x4000)
			mg_close(mg, chan);
		break;
	case 7:
		/* What is not rescinded is seldom given back. */
		if (mg->chan[chan].state == CHAN_RESCINDED || arg >> 8 == 0)
			mg_release(mg, chan);
		break;
	case 8: case 9: case 10:
		mg_send(mg, chan, 1 + (arg >> 3) % 500, false);
		break;
	case 11:
		mg_send(mg, chan, 1 + (arg >> 3) % PAGE, true);
		break;
	case 12: case 13:
		mg_poll(mg, chan, arg & 0x100);
		break;
	case 14:
		for (i = 0; i < 1 + (arg >> 8) % 16u; i++)
			mg_send(mg, chan, 1 + (arg >> 4) % 2000, false);
		break;
	case 15:
		pair_ask(pair, arg % ARRAY_SIZE(pair->chan));
		break;
	case 16:
		pair->hold = arg & 1;
		pair_release_held(pair);
		break;
	case 17:
		loopback_advance(pair->lb, (uint64_t)arg * 1000);
		break;
	case 18:
		snprintf(line, sizeof(line), arg & 1 ? "rescind pair0" : "rescind %u",
			 1 + (arg >> 4) % 4u);
		if (arg & 0x3c00)
			break;
		pair_command(pair, line);
		break;
	case 19:
		pair_command(pair, "offer pair0");
		break;
	case 20:
		if (arg < 0x2000)
			vsp_device_offer_sub_channels(pair->device, 1 + (arg & 1));
		break;
	case 21:
		if (arg & 0xc000)
			break;
		snprintf(line, sizeof(line), "fault %s",
			 fair_faults[(arg >> 3) % ARRAY_SIZE(fair_faults)]);
		pair_command(pair, line);
		if (arg & 1)
			pair_command(pair, "fault clear");
		if (kind == PAIR_ANYTHING && arg & 2) {
			snprintf(line, sizeof(line), "fault %s",
				 unfair_faults[(arg >> 3) % ARRAY_SIZE(unfair_faults)]);
			pair_command(pair, line);
		}
		break;
	case 22:
		if (arg & 0x30)
			mg_modify(mg, chan, arg >> 8 & 3);
		else if (arg & 0x40)
			mg_unload(mg);
		else if (arg & 0x80) {
			loopback_reset(pair->lb);
			mg_init(mg, pair->lb);
		}
		break;
	case 23:
		if (kind == PAIR_ANYTHING)
			corrupt(pair, arg);
		break;
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * util.c - the host end of an integration service: framing, negotiation, and
 * what was asked and answered
 *
 * The host asks and the guest answers, each request with the bytes of the
 * request; here is checked that it does just that.
 */
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hvic_version version_1_0 = { cpu_to_le16(1), cpu_to_le16(0) };

const char *util_status_name(uint32_t status)
{
	static const struct {
		uint32_t status;
		const char *name;
	} names[] = {
		{ HVIC_STATUS_OK, "ok" },
		{ HVIC_STATUS_FAIL, "fail" },
		{ HVIC_STATUS_NOT_FOUND, "not-found" },
		{ HVIC_STATUS_NOT_SUPPORTED, "not-supported" },
		{ HVIC_STATUS_EXISTS, "exists" },
		{ HVIC_STATUS_INVALID_ARGUMENT, "invalid-argument" },
		{ HVIC_STATUS_DISK_FULL, "disk-full" },
		{ HVIC_STATUS_NO_MORE_ITEMS, "no-more-items" },
		{ HVIC_STATUS_NOT_CONNECTED, "not-connected" },
		{ HVIC_STATUS_MACHINE_LOCKED, "machine-locked" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].status == status)
			return names[i].name;
	return NULL;
}

bool util_at_least(const struct util *u, unsigned int major, unsigned int minor)
{
	unsigned int has = le16_to_cpu(u->version.major);

	return u->state == UTIL_READY &&
	       (has > major || (has == major && le16_to_cpu(u->version.minor) >= minor));
}

/* Requests -----------------------------------------------------------------------------*/

struct util_request *util_request(struct util *u, uint32_t body_len, bool kept)
{
	struct util_request *rq = calloc(1, sizeof(*rq));

	if (!rq)
		return NULL;
	rq->body = calloc(1, body_len ? body_len : 1);
	if (!rq->body) {
		free(rq);
		return NULL;
	}
	rq->body_len = body_len;
	rq->type = u->service->type;
	if (kept)
		rq->number = ++u->next_number;
	return rq;
}

void util_drop(struct util_request *rq)
{
	free(rq->job);
	free(rq->body);
	free(rq->notes);
	free(rq);
}

void util_note(struct util_request *rq, const char *fmt, ...)
{
	char line[8192], *notes;
	va_list args;
	size_t len;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line) - 1, fmt, args);
	va_end(args);
	strcat(line, "\n");
	len = strlen(line);
	notes = realloc(rq->notes, rq->notes_len + len + 1);
	if (!notes)
		return;
	memcpy(notes + rq->notes_len, line, len + 1);
	rq->notes = notes;
	rq->notes_len += len;
}

static bool is_over(const struct util_request *rq)
{
	return rq->state > UTIL_ASKED;
}

static void unlink_request(struct util *u, struct util_request *rq)
{
	struct util_request **at = &u->requests;

	while (*at != rq)
		at = &(*at)->next;
	*at = rq->next;
	if (!rq->next)
		u->requests_end = at;
	if (u->by_transaction[rq->transaction] == rq)
		u->by_transaction[rq->transaction] = NULL;
	util_drop(rq);
}

static void give_up(struct util *u, struct util_request *rq)
{
	rq->state = UTIL_GIVEN_UP;
	if (u->by_transaction[rq->transaction] != rq)
		return;
	u->by_transaction[rq->transaction] = NULL;
	u->was_given_up[rq->transaction] = true;
}

/* Results nobody asks for, and the oldest of the others, go. */
static void tidy(struct util *u)
{
	struct util_request *rq, *next;
	uint32_t kept = 0, open = 0;

	for (rq = u->requests; rq; rq = rq->next) {
		kept += is_over(rq) && rq->number;
		open += !is_over(rq) && !rq->number;
	}
	for (rq = u->requests; rq; rq = next) {
		next = rq->next;
		/* A guest that does not answer gets heartbeats all the same. */
		if (!is_over(rq) && !rq->number && open > UTIL_KEPT_MAX) {
			open--;
			give_up(u, rq);
		}
		if (!is_over(rq))
			continue;
		if (!rq->number && !rq->twice) {
			unlink_request(u, rq);
		} else if (kept > UTIL_KEPT_MAX) {
			kept--;
			unlink_request(u, rq);
		}
	}
}

/* Sending ------------------------------------------------------------------------------*/

static uint32_t spoil_len(const struct util *u, uint32_t len)
{
	const struct util_spoil *s = &u->spoil;

	return s->armed && s->has_len && s->len <= 2 * HVIC_MAX_LEN ? s->len : len;
}

static void spoil(struct util *u, struct util_request *rq, struct hvic_hdr *hdr, uint8_t *msg,
		  uint32_t len)
{
	const struct util_spoil *s = &u->spoil;
	uint32_t i;

	for (i = 0; i < s->poke_cnt; i++) {
		const struct util_poke *poke = &s->poke[i];
		uint32_t at = (uint32_t)sizeof(*hdr) + poke->at;

		if (at > len || poke->len > len - at)
			vsp_log(u->vsp, "%s: nothing to spoil at %u", u->label, poke->at);
		else if (poke->fill)
			memset(msg + at, poke->bytes[0], poke->len);
		else
			memcpy(msg + at, poke->bytes, poke->len);
	}
	if (s->fit) {
		hdr->pipe_len = cpu_to_le32(len - HVIC_PIPE_LEN);
		hdr->body_len = cpu_to_le16((uint16_t)(len - sizeof(*hdr)));
	}
	if (s->has_pipe_type)
		hdr->pipe_type = cpu_to_le32(s->pipe_type);
	if (s->has_pipe_len)
		hdr->pipe_len = cpu_to_le32(s->pipe_len);
	if (s->has_framework)
		hdr->framework = s->framework;
	if (s->has_type)
		hdr->type = cpu_to_le16((uint16_t)s->type);
	if (s->has_version)
		hdr->version = s->version;
	if (s->has_body_len)
		hdr->body_len = cpu_to_le16((uint16_t)s->body_len);
	if (s->has_status)
		hdr->status = cpu_to_le32(s->status);
	if (s->has_flags)
		hdr->flags = (uint8_t)s->flags;
	if (s->has_transaction)
		rq->transaction = hdr->transaction = (uint8_t)s->transaction;
	if (s->has_packet_id)
		rq->packet_id = s->packet_id;
	rq->twice = s->twice;
	rq->spoiled = true;
}

static void send_message(struct util *u, struct util_request *rq)
{
	uint32_t whole = (uint32_t)sizeof(struct hvic_hdr) + rq->body_len;
	uint32_t len = spoil_len(u, whole), room = len > whole ? len : whole;
	bool negotiation = rq->type == HVIC_TYPE_NEGOTIATE;
	struct hvic_hdr hdr = {
		.pipe_type = cpu_to_le32(HVIC_PIPE_DATA),
		.pipe_len = cpu_to_le32(whole - HVIC_PIPE_LEN),
		.framework = negotiation ? version_1_0 : u->framework,
		.type = cpu_to_le16(rq->type),
		.version = negotiation ? version_1_0 : u->version,
		.body_len = cpu_to_le16((uint16_t)rq->body_len),
		.flags = HVIC_FLAG_TRANSACTION | HVIC_FLAG_REQUEST,
	};
	uint8_t *msg = calloc(1, room + sizeof(hdr));

	if (!msg) {
		vsp_log(u->vsp, "%s: out of memory, a request is lost", u->label);
		return;
	}
	hdr.transaction = rq->transaction = u->next_transaction++;
	rq->packet_id = ++u->next_packet_id;
	memcpy(msg + sizeof(hdr), rq->body, rq->body_len);
	if (u->spoil.armed) {
		if (len < room)
			memset(msg + len, 0, room - len);
		/* A message shorter than its header has no more than its beginning. */
		spoil(u, rq, &hdr, msg, len > sizeof(hdr) ? len : (uint32_t)sizeof(hdr));
		u->spoil.armed = false;
	}
	memcpy(msg, &hdr, sizeof(hdr));
	rq->state = UTIL_ASKED;
	rq->messages++;
	u->by_transaction[rq->transaction] = rq;
	u->was_given_up[rq->transaction] = false;
	u->asked++;
	vsp_chan_send_inband(u->chan, rq->packet_id, false, msg, len);
	if (rq->twice)
		vsp_chan_send_inband(u->chan, rq->packet_id, false, msg, len);
	free(msg);
}

static bool may_ask(const struct util *u, const struct util_request *rq)
{
	return u->chan && (rq->type == HVIC_TYPE_NEGOTIATE || u->state == UTIL_READY ||
			   u->impatient);
}

/* What waits and may go. A request asked wrongly may have no answer: none waits for it. */
static void send_next(struct util *u)
{
	struct util_request *rq;
	bool busy = false;

	for (rq = u->requests; rq; rq = rq->next)
		busy |= rq->state == UTIL_ASKED && !rq->spoiled && rq->number;
	for (rq = u->requests; rq && !busy; rq = rq->next) {
		if (rq->state != UTIL_WAITING || !may_ask(u, rq))
			continue;
		send_message(u, rq);
		busy = !rq->spoiled;
	}
	if (busy && u->patience && !u->patience_timer.armed)
		vsp_timer_set(u->vsp, &u->patience_timer, vsp_now(u->vsp) + u->patience);
}

void util_ask(struct util *u, struct util_request *rq, bool at_once)
{
	rq->next = NULL;
	rq->asked_at = vsp_now(u->vsp);
	*u->requests_end = rq;
	u->requests_end = &rq->next;
	if (at_once && may_ask(u, rq))
		send_message(u, rq);
	else if (at_once && !rq->number)
		unlink_request(u, rq);	/* nobody will miss it */
	else
		send_next(u);
	tidy(u);
}

/* The host does not wait for these any longer. */
void util_give_up(struct util *u)
{
	struct util_request *rq;

	for (rq = u->requests; rq; rq = rq->next)
		if (rq->state == UTIL_ASKED && rq->number)
			give_up(u, rq);
	vsp_timer_cancel(u->vsp, &u->patience_timer);
	send_next(u);
	tidy(u);
}

static void patience_over(void *arg)
{
	util_give_up(arg);
}

/*
 * Not from within an answer: its room in the ring must be the guest's again first,
 * or there may be none for the answer to what we ask now.
 */
static void next_due(void *arg)
{
	struct util *u = arg;

	send_next(u);
	tidy(u);
}

/* Negotiation --------------------------------------------------------------------------*/

void util_negotiate(struct util *u)
{
	uint32_t count = u->framework_cnt + u->version_cnt;
	uint32_t len = (uint32_t)(sizeof(struct hvic_negotiate) +
				  count * sizeof(struct hvic_version));
	struct util_request *rq = util_request(u, len, false);
	struct hvic_negotiate *msg;

	if (!rq)
		return;
	rq->type = HVIC_TYPE_NEGOTIATE;
	msg = (void *)rq->body;
	msg->framework_cnt = cpu_to_le16((uint16_t)u->framework_cnt);
	msg->version_cnt = cpu_to_le16((uint16_t)u->version_cnt);
	memcpy(msg->versions, u->frameworks, u->framework_cnt * sizeof(*u->frameworks));
	memcpy(msg->versions + u->framework_cnt, u->versions,
	       u->version_cnt * sizeof(*u->versions));
	u->state = UTIL_NEGOTIATING;
	u->negotiations++;
	util_ask(u, rq, true);
}

static bool is_among(const struct hvic_version *version, const uint8_t *list, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (!memcmp(version, list + i * sizeof(*version), sizeof(*version)))
			return true;
	return false;
}

static void agreed(struct util *u, const struct util_request *rq, const uint8_t *body,
		   uint32_t len)
{
	struct hvic_negotiate asked, got;
	struct hvic_version version[2];
	const uint8_t *list = rq->body + sizeof(asked);

	memcpy(&asked, rq->body, sizeof(asked));
	if (len < sizeof(got) + sizeof(version)) {
		if (!rq->spoiled)
			vsp_violation(u->vsp, "%s: an answer of %u bytes to the negotiation",
				      u->label, len);
		return;
	}
	memcpy(&got, body, sizeof(got));
	memcpy(version, body + sizeof(got), sizeof(version));
	if (!le16_to_cpu(got.framework_cnt) && !le16_to_cpu(got.version_cnt)) {
		u->state = UTIL_REFUSED;
		vsp_log(u->vsp, "%s: no version in common", u->label);
		return;
	}
	if (le16_to_cpu(got.framework_cnt) != 1 || le16_to_cpu(got.version_cnt) != 1) {
		if (!rq->spoiled)
			vsp_violation(u->vsp, "%s: negotiation answered with %u and %u versions",
				      u->label, le16_to_cpu(got.framework_cnt),
				      le16_to_cpu(got.version_cnt));
		return;
	}
	if (!rq->spoiled &&
	    (!is_among(&version[0], list, le16_to_cpu(asked.framework_cnt)) ||
	     !is_among(&version[1], list + le16_to_cpu(asked.framework_cnt) * sizeof(*version),
		       le16_to_cpu(asked.version_cnt)))) {
		vsp_violation(u->vsp, "%s: framework %u.%u, messages %u.%u were never offered",
			      u->label, le16_to_cpu(version[0].major),
			      le16_to_cpu(version[0].minor), le16_to_cpu(version[1].major),
			      le16_to_cpu(version[1].minor));
		return;
	}
	u->framework = version[0];
	u->version = version[1];
	u->state = UTIL_READY;
	vsp_log(u->vsp, "%s: framework %u.%u, messages %u.%u", u->label,
		le16_to_cpu(version[0].major), le16_to_cpu(version[0].minor),
		le16_to_cpu(version[1].major), le16_to_cpu(version[1].minor));
	if (u->service->ready)
		u->service->ready(u);
}

/* Answers ------------------------------------------------------------------------------*/

/* What is wrong with an answer, whatever it is about; or NULL. */
static const char *check_framing(const struct vsp_pkt *pkt, const struct hvic_hdr *hdr)
{
	if (pkt->type != VMBUS_PKT_INBAND)
		return "an answer that is no packet in band";
	if (pkt->wants_completion)
		return "an answer that wants a completion";
	if (pkt->payload_len < sizeof(*hdr))
		return "an answer shorter than its header";
	if (le32_to_cpu(hdr->pipe_type) != HVIC_PIPE_DATA)
		return "an answer of an unknown type of pipe message";
	if (le32_to_cpu(hdr->pipe_len) > pkt->payload_len - HVIC_PIPE_LEN)
		return "an answer whose pipe length is beyond its packet";
	if (le16_to_cpu(hdr->body_len) > pkt->payload_len - sizeof(*hdr))
		return "an answer whose body is beyond its packet";
	if (!(hdr->flags & HVIC_FLAG_RESPONSE) || !(hdr->flags & HVIC_FLAG_TRANSACTION) ||
	    (hdr->flags & HVIC_FLAG_REQUEST))
		return "an answer not marked as such";
	return NULL;
}

/* The same, of one that belongs to a request asked as it should be. */
static const char *check_answer(const struct util *u, const struct util_request *rq,
				const struct vsp_pkt *pkt, const struct hvic_hdr *hdr)
{
	uint32_t len = (uint32_t)sizeof(*hdr) + rq->body_len;

	if (le16_to_cpu(hdr->type) != rq->type)
		return "an answer of another type than the request";
	if (pkt->id != rq->packet_id && !u->service->own_packet_ids)
		return "an answer with another packet id than the request";
	if (pkt->payload_len != ((len + 7) & ~7u))
		return "an answer of another length than the request";
	if (!util_status_name(le32_to_cpu(hdr->status)))
		return "an answer with a status of no meaning";
	return NULL;
}

static void finish(struct util *u, struct util_request *rq)
{
	rq->state = UTIL_ANSWERED;
	rq->took = vsp_now(u->vsp) - rq->asked_at;
	if (rq->number)
		vsp_timer_cancel(u->vsp, &u->patience_timer);
	vsp_timer_set(u->vsp, &u->next_timer, vsp_now(u->vsp));
	tidy(u);
}

static void take_answer(struct util *u, struct util_request *rq, const struct vsp_pkt *pkt,
			const struct hvic_hdr *hdr)
{
	const uint8_t *body = pkt->payload + sizeof(*hdr);
	uint32_t len = pkt->payload_len - (uint32_t)sizeof(*hdr);
	const char *why = rq->spoiled ? NULL : check_answer(u, rq, pkt, hdr);

	if (why) {
		vsp_violation(u->vsp, "%s: %s (%s)", u->label, why,
			      *rq->what ? rq->what : "unasked");
		len = 0;
	}
	u->answers++;
	rq->status = le32_to_cpu(hdr->status);
	u->failed += rq->status != HVIC_STATUS_OK;
	if (rq->type == HVIC_TYPE_NEGOTIATE) {
		agreed(u, rq, body, len);
	} else if (!why && u->service->answered && u->service->answered(u, rq, body, len)) {
		rq->state = UTIL_WAITING;
		vsp_timer_set(u->vsp, &u->next_timer, vsp_now(u->vsp));
		return;
	}
	finish(u, rq);
}

void util_packet(void *dev, struct vsp_chan *chan, struct vsp_pkt *pkt)
{
	struct hvic_hdr hdr = { 0 };
	struct util_request *rq;
	struct util *u = dev;
	const char *why;

	(void)chan;
	if (pkt->payload_len >= sizeof(hdr))
		memcpy(&hdr, pkt->payload, sizeof(hdr));
	why = check_framing(pkt, &hdr);
	rq = u->by_transaction[hdr.transaction];
	if (why && !(rq && rq->spoiled)) {
		vsp_violation(u->vsp, "%s: %s", u->label, why);
		return;
	}
	if (rq && rq->state == UTIL_ASKED) {
		take_answer(u, rq, pkt, &hdr);
	} else if (u->was_given_up[hdr.transaction]) {
		u->was_given_up[hdr.transaction] = false;
		u->late++;
	} else if (rq && rq->twice) {
		rq->twice = false;
		u->twice++;
	} else {
		vsp_violation(u->vsp, "%s: an answer to nothing that was asked (transaction %u)",
			      u->label, hdr.transaction);
	}
}

/* The device ---------------------------------------------------------------------------*/

void util_opened(void *dev, struct vsp_chan *chan)
{
	struct util *u = dev;

	u->chan = chan;
	util_negotiate(u);
	send_next(u);
}

void util_closed(void *dev, struct vsp_chan *chan)
{
	struct util_request *rq;
	struct util *u = dev;

	(void)chan;
	u->chan = NULL;
	u->state = UTIL_CLOSED;
	vsp_timer_cancel(u->vsp, &u->patience_timer);
	vsp_timer_cancel(u->vsp, &u->next_timer);
	memset(u->by_transaction, 0, sizeof(u->by_transaction));
	memset(u->was_given_up, 0, sizeof(u->was_given_up));
	for (rq = u->requests; rq; rq = rq->next)
		if (rq->state == UTIL_ASKED || (rq->state == UTIL_WAITING && rq->messages))
			rq->state = UTIL_LOST;
	if (u->service->closed)
		u->service->closed(u);
	tidy(u);
}

void util_counters(void *dev, vsp_put_line put, void *ctx)
{
	struct util *u = dev;

#define ONE(name, field) util_put(put, ctx, name " %llu", (unsigned long long)u->field)
	ONE("asked", asked);
	ONE("answered", answers);
	ONE("failed", failed);
	ONE("late", late);
	ONE("twice", twice);
	ONE("negotiations", negotiations);
#undef ONE
	if (u->service->counters)
		u->service->counters(u, put, ctx);
}

void util_init(struct util *u)
{
	const struct util_service *service = u->service;

	u->requests_end = &u->requests;
	u->patience_timer.fn = patience_over;
	u->patience_timer.arg = u;
	u->next_timer.fn = next_due;
	u->next_timer.arg = u;
	memcpy(u->frameworks, service->frameworks,
	       service->framework_cnt * sizeof(*u->frameworks));
	memcpy(u->versions, service->versions, service->version_cnt * sizeof(*u->versions));
	u->framework_cnt = service->framework_cnt;
	u->version_cnt = service->version_cnt;
	if (service->begin)
		service->begin(u);
}

void util_destroy(void *dev)
{
	struct util_request *rq;
	struct util *u = dev;

	util_forget(u);
	vsp_timer_cancel(u->vsp, &u->patience_timer);
	vsp_timer_cancel(u->vsp, &u->next_timer);
	if (u->service->end)
		u->service->end(u);
	while ((rq = u->requests)) {
		u->requests = rq->next;
		util_drop(rq);
	}
	free(u->own);
	free(u);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * util_fcopy.c - the host puts a file into the guest
 *
 * Control commands, behind the label:
 *   put SOURCE PATH NAME [WORD...]   SOURCE is a file of the host's, or bytes made up:
 *                                    gen:SIZE[:SEED]
 * Words: overwrite, mkdir; size=N, the size announced; piece=N, bytes of one message;
 * cancel=N, abandon=N: after so many bytes the host cancels, or says nothing more;
 * from=N, the first piece is for this place; nocomplete, it does not say that it was all.
 * Results have "sent BYTES", and "crc32 X" of what was to be sent, as gzip has it.
 */
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define V(major, minor)	{ cpu_to_le16(major), cpu_to_le16(minor) }
#define SOURCE_MAX	(256u << 20)

static const struct hvic_version frameworks[] = { V(1, 0), V(3, 0) };
static const struct hvic_version versions[] = { V(1, 1) };

struct fcopy {
	uint64_t bytes;
};

/* A transfer under way. */
struct transfer {
	uint64_t size, seed, place;
	uint64_t sent;
	uint64_t cancel_at, abandon_at;
	uint32_t piece;
	bool complete, generated;
	uint32_t last_op;
	char path[512];
};

/* What is at @at of the bytes made up: text nobody can compress into a mistake. */
static uint8_t made_up(uint64_t seed, uint64_t at)
{
	uint64_t x = (at + 1) * 0x9e3779b97f4a7c15u ^ seed * 0xbf58476d1ce4e5b9u;

	return (uint8_t)(x >> 29 ^ x >> 51);
}

/* False if the source does not have them. */
static bool read_source(const struct transfer *t, uint64_t at, uint8_t *to, uint32_t len)
{
	uint32_t i;
	bool good;
	FILE *f;

	if (t->generated) {
		for (i = 0; i < len; i++)
			to[i] = made_up(t->seed, at + i);
		return true;
	}
	f = fopen(t->path, "r");
	if (!f)
		return false;
	good = !fseeko(f, (off_t)at, SEEK_SET) && fread(to, 1, len, f) == len;
	fclose(f);
	return good;
}

static bool checksum(const struct transfer *t, uint32_t *crc)
{
	uint8_t part[4096];
	uint64_t at;
	uint32_t len;

	*crc = 0;
	for (at = 0; at < t->size; at += len) {
		len = t->size - at < sizeof(part) ? (uint32_t)(t->size - at) : sizeof(part);
		if (!read_source(t, at, part, len))
			return false;
		*crc = util_crc32(*crc, part, len);
	}
	return true;
}

/* Put what comes next into the request's body. False: nothing does. */
static bool next_message(struct util_request *rq)
{
	struct transfer *t = rq->job;
	struct hvic_fcopy_write msg = { 0 };
	uint64_t left = t->size - t->sent;
	uint32_t len;

	if (t->last_op >= HVIC_FCOPY_COMPLETE || t->sent >= t->abandon_at)
		return false;
	if (t->sent >= t->cancel_at || (!left && t->complete)) {
		t->last_op = t->sent >= t->cancel_at ? HVIC_FCOPY_CANCEL : HVIC_FCOPY_COMPLETE;
		rq->body_len = sizeof(msg.hdr);
		memset(rq->body, 0, rq->body_len);
		rq->body[0] = (uint8_t)t->last_op;
		return true;
	}
	if (!left)
		return false;
	len = left < t->piece ? (uint32_t)left : t->piece;
	msg.hdr.op = cpu_to_le32(HVIC_FCOPY_WRITE);
	msg.offset = cpu_to_le64(t->place + t->sent);
	msg.size = cpu_to_le32(len);
	if (!read_source(t, t->sent, msg.data, len))
		return false;
	t->last_op = HVIC_FCOPY_WRITE;
	t->sent += len;
	rq->body_len = sizeof(msg);
	memcpy(rq->body, &msg, sizeof(msg));
	return true;
}

static bool fcopy_answered(struct util *u, struct util_request *rq, const uint8_t *body,
			   uint32_t len)
{
	struct transfer *t = rq->job;
	struct fcopy *fcopy = u->own;
	struct hvic_fcopy_hdr msg;

	if (len < sizeof(msg) || !t)
		return false;
	memcpy(&msg, body, sizeof(msg));
	if (!rq->spoiled && le32_to_cpu(msg.op) != t->last_op)
		vsp_violation(u->vsp, "%s: an answer about another operation than the request",
			      u->label);
	if (rq->status == HVIC_STATUS_OK && next_message(rq))
		return true;
	fcopy->bytes += t->sent;
	util_note(rq, "sent %llu", (unsigned long long)t->sent);
	return false;
}

static const char *parse_source(struct transfer *t, const char *source)
{
	unsigned long long size, seed = 0;
	char rest;
	FILE *f;
	int n;

	if (!strncmp(source, "gen:", 4)) {
		n = sscanf(source + 4, "%llu:%llu%c", &size, &seed, &rest);
		if (n < 1 || n > 2 || size > SOURCE_MAX)
			return "gen:SIZE[:SEED]";
		t->generated = true;
		t->size = size;
		t->seed = seed;
		return NULL;
	}
	snprintf(t->path, sizeof(t->path), "%s", source);
	f = fopen(t->path, "r");
	if (!f || fseeko(f, 0, SEEK_END)) {
		if (f)
			fclose(f);
		return "the source cannot be read";
	}
	t->size = (uint64_t)ftello(f);
	fclose(f);
	return t->size <= SOURCE_MAX ? NULL : "the source is too large";
}

static bool put_word(struct transfer *t, const char *word, uint32_t *flags, uint64_t *announced)
{
	uint64_t n;

	if (!strcmp(word, "overwrite")) {
		*flags |= HVIC_FCOPY_OVERWRITE;
	} else if (!strcmp(word, "mkdir")) {
		*flags |= HVIC_FCOPY_CREATE_PATH;
	} else if (!strcmp(word, "nocomplete")) {
		t->complete = false;
	} else if (!strncmp(word, "size=", 5)) {
		return util_number(word + 5, UINT64_MAX, announced);
	} else if (!strncmp(word, "cancel=", 7)) {
		return util_number(word + 7, UINT64_MAX, &t->cancel_at);
	} else if (!strncmp(word, "abandon=", 8)) {
		return util_number(word + 8, UINT64_MAX, &t->abandon_at);
	} else if (!strncmp(word, "from=", 5)) {
		return util_number(word + 5, UINT64_MAX, &t->place);
	} else if (!strncmp(word, "piece=", 6) && util_number(word + 6, HVIC_FCOPY_DATA, &n) && n) {
		t->piece = (uint32_t)n;
	} else {
		return false;
	}
	return true;
}

static const char *fill_request(struct util_request *rq, int argc, char **argv)
{
	struct transfer *t = rq->job;
	struct hvic_fcopy_start msg = { 0 };
	const char *wrong = parse_source(t, argv[1]);
	uint32_t flags = 0, crc;
	uint64_t announced;
	int i;

	if (wrong)
		return wrong;
	announced = t->size;
	t->cancel_at = t->abandon_at = UINT64_MAX;
	t->piece = HVIC_FCOPY_DATA;
	t->complete = true;
	for (i = 4; i < argc; i++)
		if (!put_word(t, argv[i], &flags, &announced))
			return "put: unknown word";
	if (!util_to_utf16(msg.path, sizeof(msg.path), argv[2]) ||
	    !util_to_utf16(msg.name, sizeof(msg.name), argv[3]))
		return "the name is too long";
	if (!checksum(t, &crc))
		return "the source cannot be read";
	msg.hdr.op = cpu_to_le32(HVIC_FCOPY_START);
	msg.flags = cpu_to_le32(flags);
	msg.size = cpu_to_le64(announced);
	memcpy(rq->body, &msg, sizeof(msg));
	rq->body_len = sizeof(msg);
	util_note(rq, "crc32 %08x", crc);
	return NULL;
}

static const char *fcopy_command(struct util *u, int argc, char **argv,
				 struct util_request **out, vsp_put_line put, void *ctx)
{
	struct util_request *rq;
	const char *wrong;

	(void)put, (void)ctx;
	if (strcmp(argv[0], "put") || argc < 4)
		return "put SOURCE PATH NAME [WORD...]";
	/* Room for the longest of its messages. */
	rq = util_request(u, sizeof(struct hvic_fcopy_write), true);
	if (!rq)
		return "out of memory";
	rq->job = calloc(1, sizeof(struct transfer));
	wrong = rq->job ? fill_request(rq, argc, argv) : "out of memory";
	if (wrong) {
		util_drop(rq);
		return wrong;
	}
	*out = rq;
	return NULL;
}

static void fcopy_counters(struct util *u, vsp_put_line put, void *ctx)
{
	struct fcopy *fcopy = u->own;

	util_put(put, ctx, "bytes %llu", (unsigned long long)fcopy->bytes);
}

const struct util_service util_fcopy_service = {
	.ops = UTIL_DEVICE("fcopy", WIRE_GUID_FCOPY),
	.instance_id = WIRE_GUID(0xeb765408, 0x105f, 0x49b6, 0xb4, 0xaa, 0xc1, 0x23, 0xb6, 0x4d,
				 0x17, 0xd4),
	.type = HVIC_TYPE_FCOPY,
	.own_packet_ids = true,
	.frameworks = frameworks,
	.framework_cnt = ARRAY_SIZE(frameworks),
	.versions = versions,
	.version_cnt = ARRAY_SIZE(versions),
	.state_len = sizeof(struct fcopy),
	.answered = fcopy_answered,
	.command = fcopy_command,
	.counters = fcopy_counters,
};

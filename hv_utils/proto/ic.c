// SPDX-License-Identifier: GPL-2.0
/*
 * ic.c - integration services: framing, version negotiation, answers
 */
#include "ic.h"

/* Bytes of a header that the pipe's length counts. */
#define HDR_IN_PIPE	((u32)sizeof(struct hvic_hdr) - HVIC_PIPE_LEN)

static u32 version_of(const struct hvic_version *v)
{
	return IC_VERSION(le16_to_cpu(v->major), le16_to_cpu(v->minor));
}

static void put_version(struct hvic_version *v, u32 version)
{
	v->major = cpu_to_le16(IC_MAJOR(version));
	v->minor = cpu_to_le16(IC_MINOR(version));
}

enum ic_fault ic_parse(void *payload, u32 len, struct ic_msg *msg)
{
	struct hvic_hdr *hdr = payload;
	u32 pipe_len;

	*msg = (struct ic_msg){ 0 };
	if (len < sizeof(*hdr))
		return IC_FAULT_SHORT;
	pipe_len = le32_to_cpu(hdr->pipe_len);
	if (le32_to_cpu(hdr->pipe_type) != HVIC_PIPE_DATA || pipe_len < HDR_IN_PIPE ||
	    pipe_len > len - HVIC_PIPE_LEN)
		return IC_FAULT_PIPE;

	msg->hdr = hdr;
	msg->type = le16_to_cpu(hdr->type);
	msg->version = version_of(&hdr->version);
	if (le16_to_cpu(hdr->body_len) > pipe_len - HDR_IN_PIPE)
		return IC_FAULT_BODY;
	if ((hdr->flags & HVIC_FLAG_RESPONSE) && !(hdr->flags & HVIC_FLAG_REQUEST))
		return IC_FAULT_FLAGS;
	msg->body = hdr + 1;
	msg->body_len = pipe_len - HDR_IN_PIPE;
	return IC_FAULT_NONE;
}

static bool offers(const struct hvic_version *theirs, u32 count, u32 version)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (version_of(&theirs[i]) == version)
			return true;
	return false;
}

/* The best of ours that the host has; 0 if it has none. */
static u32 best(const u32 *ours, const struct hvic_version *theirs, u32 count)
{
	for (; *ours; ours++)
		if (offers(theirs, count, *ours))
			return *ours;
	return 0;
}

enum ic_fault ic_negotiate(const struct ic_msg *msg, const struct ic_versions *ours,
			   struct ic_agreed *agreed)
{
	struct hvic_negotiate *body = msg->body;
	u32 room, framework_cnt, version_cnt;

	*agreed = (struct ic_agreed){ 0 };
	if (msg->body_len < sizeof(*body))
		return IC_FAULT_VERSIONS;
	room = (msg->body_len - (u32)sizeof(*body)) / sizeof(body->versions[0]);
	framework_cnt = le16_to_cpu(body->framework_cnt);
	version_cnt = le16_to_cpu(body->version_cnt);
	/* Whatever comes of it, the host shall not find its own counts in the answer. */
	body->framework_cnt = 0;
	body->version_cnt = 0;
	if (framework_cnt > IC_VERSIONS_MAX || version_cnt > IC_VERSIONS_MAX ||
	    framework_cnt + version_cnt > room)
		return IC_FAULT_VERSIONS;

	if (msg->body_len >= HVIC_NEGOTIATE_ANSWER_LEN)
		msg->hdr->body_len = cpu_to_le16(HVIC_NEGOTIATE_ANSWER_LEN);
	agreed->framework = best(ours->framework, body->versions, framework_cnt);
	agreed->message = best(ours->message, body->versions + framework_cnt, version_cnt);
	if (!agreed->framework || !agreed->message) {
		*agreed = (struct ic_agreed){ 0 };
		return IC_FAULT_NONE;
	}
	/* There was at least one of each, so there is room for one of each. */
	body->framework_cnt = cpu_to_le16(1);
	body->version_cnt = cpu_to_le16(1);
	put_version(&body->versions[0], agreed->framework);
	put_version(&body->versions[1], agreed->message);
	return IC_FAULT_NONE;
}

enum ic_fault ic_check(const struct ic_msg *msg, u16 type, const struct ic_versions *ours,
		       const struct ic_agreed *agreed)
{
	const u32 *known;

	if (msg->type != type)
		return IC_FAULT_TYPE;
	if (!agreed->message)
		return IC_FAULT_EARLY;
	for (known = ours->message; *known; known++)
		if (*known == msg->version)
			return IC_FAULT_NONE;
	return IC_FAULT_VERSION;
}

void ic_answer(struct hvic_hdr *hdr, u32 status)
{
	hdr->status = cpu_to_le32(status);
	hdr->flags = HVIC_FLAG_TRANSACTION | HVIC_FLAG_RESPONSE;
}

u32 ic_fault_status(enum ic_fault fault)
{
	switch (fault) {
	case IC_FAULT_NONE:
		return HVIC_STATUS_OK;
	case IC_FAULT_BODY:
	case IC_FAULT_VERSIONS:
		return HVIC_STATUS_INVALID_ARGUMENT;
	case IC_FAULT_VERSION:
		return HVIC_STATUS_NOT_SUPPORTED;
	default:
		return HVIC_STATUS_FAIL;
	}
}

const char *ic_fault_name(enum ic_fault fault)
{
	static const char * const names[IC_FAULT_COUNT] = {
		[IC_FAULT_NONE] = "none",
		[IC_FAULT_SHORT] = "short",
		[IC_FAULT_PIPE] = "pipe",
		[IC_FAULT_BODY] = "body",
		[IC_FAULT_FLAGS] = "flags",
		[IC_FAULT_VERSIONS] = "versions",
		[IC_FAULT_TYPE] = "type",
		[IC_FAULT_EARLY] = "early",
		[IC_FAULT_VERSION] = "version",
	};

	return (unsigned int)fault < IC_FAULT_COUNT ? names[fault] : "unknown";
}

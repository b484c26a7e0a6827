/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ic.h - integration services: framing, version negotiation, answers
 *
 * The only code that looks into a header. An answer is made of the request, in
 * place: what a request was checked for, its answer has too.
 */
#ifndef VMBUS_KIT_PROTO_IC_H
#define VMBUS_KIT_PROTO_IC_H

#include "env.h"
#include "wire/hvic.h"

#define IC_VERSION(major, minor)	((u32)(major) << 16 | (minor))
#define IC_MAJOR(version)		((version) >> 16)
#define IC_MINOR(version)		((version) & 0xffff)

/* More versions than this no host has; it would be looking for the end of our buffer. */
#define IC_VERSIONS_MAX			100

/* What is wrong with a message. */
enum ic_fault {
	IC_FAULT_NONE,
	IC_FAULT_SHORT,		/* no header: nothing that could be answered */
	IC_FAULT_PIPE,		/* not data, or more than came */
	IC_FAULT_BODY,		/* the header claims a body that is not there */
	IC_FAULT_FLAGS,		/* an answer, not a request */
	IC_FAULT_VERSIONS,	/* a negotiation whose lists do not fit into it */
	IC_FAULT_TYPE,		/* a message of another service */
	IC_FAULT_EARLY,		/* before versions were agreed on */
	IC_FAULT_VERSION,	/* of a version never offered */
	IC_FAULT_COUNT
};

/**
 * struct ic_msg - a message that was looked at
 * @hdr: its header, in the caller's buffer
 * @body: what follows it
 * @body_len: how much that is; the header does not claim more
 * @type: enum hvic_type
 * @version: of the message, IC_VERSION()
 */
struct ic_msg {
	struct hvic_hdr *hdr;
	void *body;
	u32 body_len;
	u16 type;
	u32 version;
};

/**
 * ic_parse() - look at a packet's payload
 * @payload: a private copy
 * @len: bytes of it; may count padding
 * @msg: to fill in; unless the fault is IC_FAULT_SHORT or IC_FAULT_PIPE, @msg->hdr is valid
 *	and can be answered
 *
 * Return: IC_FAULT_NONE, SHORT, PIPE, BODY or FLAGS.
 */
enum ic_fault ic_parse(void *payload, u32 len, struct ic_msg *msg);

/**
 * struct ic_versions - what a service can speak
 * @framework: IC_VERSION(), best first, ended by 0
 * @message: the same for the service's own messages
 */
struct ic_versions {
	const u32 *framework;
	const u32 *message;
};

/**
 * struct ic_agreed - what guest and host speak on a channel
 * @framework: IC_VERSION(), 0 before the first negotiation or if nothing was in common
 * @message: the same
 */
struct ic_agreed {
	u32 framework;
	u32 message;
};

/**
 * ic_negotiate() - choose versions and make the answer, in place
 * @msg: a message of type HVIC_TYPE_NEGOTIATE
 * @ours: what the service can speak
 * @agreed: what was chosen
 *
 * Return: IC_FAULT_NONE, also if nothing is in common; or IC_FAULT_VERSIONS. Both are
 * to be sent back.
 */
enum ic_fault ic_negotiate(const struct ic_msg *msg, const struct ic_versions *ours,
			   struct ic_agreed *agreed);

/**
 * ic_check() - is this a request for that service, and may it come now?
 * @msg: a parsed message, not a negotiation
 * @type: enum hvic_type of the service
 * @ours: what it can speak
 * @agreed: what was agreed on
 *
 * Return: IC_FAULT_NONE, TYPE, EARLY or VERSION.
 */
enum ic_fault ic_check(const struct ic_msg *msg, u16 type, const struct ic_versions *ours,
		       const struct ic_agreed *agreed);

/**
 * ic_answer() - make the request its own answer; the body is as the caller left it
 * @hdr: its header
 * @status: HVIC_STATUS_*
 */
void ic_answer(struct hvic_hdr *hdr, u32 status);

/**
 * ic_fault_status() - what a faulty message is answered with
 * @fault: what is wrong
 *
 * Return: HVIC_STATUS_*.
 */
u32 ic_fault_status(enum ic_fault fault);

/**
 * ic_fault_name() - one word for counters
 * @fault: what is wrong
 *
 * Return: the word.
 */
const char *ic_fault_name(enum ic_fault fault);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * negotiate.h - the version ladder, one question at a time
 *
 * The caller's loop: ask, post, wait; then tell us the answer, or that the
 * host has no such port; until a version is agreed on or none is left.
 */
#ifndef VMBUS_KIT_PROTO_NEGOTIATE_H
#define VMBUS_KIT_PROTO_NEGOTIATE_H

#include "env.h"
#include "wire/msg.h"

enum negotiate_verdict {
	NEGOTIATE_AGREED,	/* version and connection id are settled */
	NEGOTIATE_NEXT,		/* ask the next one */
	NEGOTIATE_FAILED,	/* the host knows the version but cannot connect us */
};

struct negotiate {
	unsigned int rung;	/* in the ladder; past its end when exhausted */
	u32 version;		/* asked last; the agreed one after NEGOTIATE_AGREED */
	u32 connection_id;	/* to post to: for the question, then for all that follows */
	u32 oldest;		/* do not go below this one */
	u32 features;		/* VMBUS_FEATURE_ agreed on; only these may be used */
};

/**
 * negotiate_start() - stand on the top rung
 * @n: to fill in
 * @max_version: newest version to ask for, 0 for the newest we know
 */
void negotiate_start(struct negotiate *n, u32 max_version);

/**
 * negotiate_again() - ask for the version agreed on before, and no other
 * @n: to fill in
 * @version: of the connection that was
 */
void negotiate_again(struct negotiate *n, u32 version);

/**
 * negotiate_ask() - write the next question
 * @n: state; connection_id says where to post it
 * @target_vp: VP index that shall receive the host's messages
 * @monitor_to_guest: byte address of the page, or 0 for both
 * @monitor_to_host: likewise
 * @msg: to fill in
 *
 * Return: length of the message, 0 when no version is left.
 */
u32 negotiate_ask(struct negotiate *n, u32 target_vp, u64 monitor_to_guest,
		  u64 monitor_to_host, struct vmbus_msg_initiate_contact *msg);

/**
 * negotiate_no_port() - the hypervisor knows no such connection id
 * @n: state
 *
 * Return: NEGOTIATE_NEXT; the caller asks again.
 */
enum negotiate_verdict negotiate_no_port(struct negotiate *n);

/**
 * negotiate_answer() - judge the host's answer
 * @n: state
 * @rsp: passed msg_check(); zero where the message was shorter
 *
 * The length is no guide to the form, hosts round it up: what a version has no
 * field for is not looked at, and features nobody asked for are not granted.
 *
 * Return: what to do next.
 */
enum negotiate_verdict
negotiate_answer(struct negotiate *n, const struct vmbus_msg_version_response_features *rsp);

#endif

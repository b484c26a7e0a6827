/* SPDX-License-Identifier: GPL-2.0 */
/*
 * util.h - what the host ends of the integration services share
 *
 * Each service is a device with one channel. util.c does what all have in
 * common: framing, negotiation, who was asked what, and whether the answer is
 * one a correct guest gives. A service makes the bodies and reads them.
 */
#ifndef VMBUS_KIT_UTIL_H
#define VMBUS_KIT_UTIL_H

#include "env.h"
#include "vsp.h"
#include "wire/hvic.h"

#define UTIL_VERSIONS_MAX	128u
#define UTIL_KEPT_MAX		64u	/* requests whose results can still be asked for */
#define UTIL_WORDS_MAX		24

struct util;

enum util_state {
	UTIL_CLOSED,
	UTIL_NEGOTIATING,
	UTIL_READY,
	UTIL_REFUSED,			/* the guest has none of our versions */
};

enum util_request_state {
	UTIL_WAITING,			/* for the channel, the negotiation, or those before it */
	UTIL_ASKED,
	UTIL_ANSWERED,
	UTIL_GIVEN_UP,			/* the host's patience was over */
	UTIL_LOST,			/* the channel was closed first */
};

/* One thing asked of the guest; the same may take several messages. */
struct util_request {
	struct util_request *next;
	uint32_t number;		/* by which a command asks for the result; 0: nobody will */
	enum util_request_state state;
	uint8_t transaction;
	uint64_t packet_id;
	uint16_t type;			/* enum hvic_type */
	bool spoiled;			/* asked wrongly, so any answer will do, or none */
	bool twice;			/* sent twice: may be answered twice */
	uint64_t asked_at, took;	/* ns */
	uint32_t status;
	uint32_t messages;		/* sent for it */
	uint32_t body_len;
	uint8_t *body;
	char *notes;			/* lines for the result */
	size_t notes_len;
	void *job;			/* the service's, freed with the request */
	char what[64];
};

/* How the next message shall be wrong. */
struct util_spoil {
	bool armed, fit, twice;
	bool has_pipe_type, has_pipe_len, has_framework, has_type, has_version, has_body_len;
	bool has_status, has_transaction, has_flags, has_len, has_packet_id;
	uint32_t pipe_type, pipe_len, type, body_len, status, transaction, flags, len;
	uint64_t packet_id;
	struct hvic_version framework, version;
	uint32_t poke_cnt;
	struct util_poke {
		uint32_t at, len;
		uint8_t bytes[64];
		bool fill;		/* bytes[0], len times */
	} poke[4];
};

struct util_service {
	struct vsp_device_ops ops;	/* name is the service's, and the device's label */
	struct wire_guid instance_id;
	uint16_t type;
	bool own_packet_ids;		/* answers may have any packet id */
	const struct hvic_version *frameworks, *versions;
	uint32_t framework_cnt, version_cnt;
	size_t state_len;		/* of what hangs from util->own */

	void (*begin)(struct util *u);
	void (*ready)(struct util *u);
	void (*closed)(struct util *u);
	/* True: the request goes on with another message, its body changed. */
	bool (*answered)(struct util *u, struct util_request *rq, const uint8_t *body,
			 uint32_t len);
	/* What is wrong, or NULL. *@rq, if set, is a request that this command makes. */
	const char *(*command)(struct util *u, int argc, char **argv, struct util_request **rq,
			       vsp_put_line put, void *ctx);
	void (*counters)(struct util *u, vsp_put_line put, void *ctx);
	void (*status)(struct util *u, vsp_put_line put, void *ctx);
	void (*end)(struct util *u);
};

/* What each service is to the host. */
#define UTIL_DEVICE(service, class) { \
	.name = (service), \
	.class_id = class, \
	.offer_flags = VMBUS_OFFER_NAMED_PIPE, \
	.pipe_mode = HVIC_PIPE_MODE_MESSAGE, \
	.chan_opened = util_opened, \
	.chan_closed = util_closed, \
	.packet = util_packet, \
	.command = util_command, \
	.counters = util_counters, \
	.destroy = util_destroy, \
}

struct util {
	struct util *next;
	struct vsp *vsp;
	const struct util_service *service;
	struct vsp_device *device;
	char label[24];
	struct vsp_chan *chan;		/* while it is open */
	enum util_state state;
	struct hvic_version frameworks[UTIL_VERSIONS_MAX], versions[UTIL_VERSIONS_MAX];
	uint32_t framework_cnt, version_cnt;	/* to offer */
	struct hvic_version framework, version;	/* agreed on */
	bool impatient;			/* asks without waiting for the negotiation */
	struct util_spoil spoil;

	struct util_request *requests, **requests_end;
	struct util_request *by_transaction[256];
	bool was_given_up[256];
	uint32_t next_number;
	uint8_t next_transaction;
	uint64_t next_packet_id;
	uint64_t patience;		/* ns; 0: for ever */
	struct vsp_timer_event patience_timer;
	struct vsp_timer_event next_timer;	/* what follows an answer */

	uint64_t asked, answers, failed, late, twice, negotiations;
	void *own;
};

extern const struct util_service util_shutdown_service, util_heartbeat_service,
	util_timesync_service, util_kvp_service, util_vss_service, util_fcopy_service;

/* util.c */
void util_opened(void *dev, struct vsp_chan *chan);
void util_closed(void *dev, struct vsp_chan *chan);
void util_packet(void *dev, struct vsp_chan *chan, struct vsp_pkt *pkt);
void util_counters(void *dev, vsp_put_line put, void *ctx);
void util_destroy(void *dev);
void util_init(struct util *u);
/*
 * A request with a body of zeros, not asked yet. NULL: out of memory. One with
 * @kept can be asked for by its number.
 */
struct util_request *util_request(struct util *u, uint32_t body_len, bool kept);
/* One that was not asked. */
void util_drop(struct util_request *rq);
/* Ask; the request is the host's from here on. One is out at a time, unless @at_once. */
void util_ask(struct util *u, struct util_request *rq, bool at_once);
void util_note(struct util_request *rq, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The first message on a channel, and whenever a command wants it. */
void util_negotiate(struct util *u);
bool util_at_least(const struct util *u, unsigned int major, unsigned int minor);
void util_give_up(struct util *u);
const char *util_status_name(uint32_t status);

/* util_text.c */
/* Cut a line into words; "..." is one, with the escapes of JSON. -1: too many, or no end. */
int util_words(char *line, char **words, int max);
/* UTF-8 to UTF-16 with its NUL: bytes used, or 0 if there is no room. */
uint32_t util_to_utf16(__le16 *to, uint32_t room, const char *text);
/* Up to a NUL, quoted as in JSON; false if there is no NUL in @bytes or it is no UTF-16. */
bool util_from_utf16(char *to, size_t room, const void *from, uint32_t bytes);
bool util_number(const char *text, uint64_t most, uint64_t *value);
/* Seconds with decimals and a sign, in units of 100 ns. */
bool util_seconds(const char *text, int64_t *value);
bool util_version(const char *text, struct hvic_version *version);
uint32_t util_crc32(uint32_t crc, const uint8_t *bytes, size_t len);
void util_put(vsp_put_line put, void *ctx, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* util_ctl.c */
extern uint64_t util_epoch;		/* seconds since 1970: when hosts are made */
void util_forget(struct util *u);
void util_command(void *dev, const char *line, vsp_put_line put, void *ctx);

#endif

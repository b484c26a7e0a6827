/* SPDX-License-Identifier: GPL-2.0 */
/*
 * miniguest.h - a guest made only of the pure code, and a pair of it and the
 * provider
 *
 * Every call does what a driver would do next and returns at once: there is no
 * waiting, the answer is acted upon when it is received. A call that makes no
 * sense now does nothing and returns false. So any sequence of calls is one a
 * correct guest may make, and the referee must not find fault with it.
 */
#ifndef VMBUS_KIT_MINIGUEST_H
#define VMBUS_KIT_MINIGUEST_H

#include "provider/loopback.h"
#include "vmbus_client/proto/chan_state.h"
#include "vmbus_client/proto/msg.h"
#include "vmbus_client/proto/negotiate.h"
#include "vmbus_client/proto/reqid.h"
#include "vmbus_client/proto/ring.h"

#define MG_CHANS	4u
#define MG_REQUESTS	16u		/* out at a time, each with a page for data */
#define MG_RING_PAGES	3u		/* control page and two of data, each way */
#define MG_OWED		64u

enum mg_conn { MG_ALONE, MG_CONTACTING, MG_CONNECTED, MG_ENUMERATED, MG_UNLOADING };
enum mg_wait { MG_WAIT_NONE, MG_WAIT_GPADL, MG_WAIT_OPEN, MG_WAIT_TORNDOWN };

struct mg_request {
	bool direct;			/* data by page */
	uint8_t seed;
	uint32_t len;
};

struct mg_chan {
	bool used;
	struct msg_offer offer;
	int state;			/* enum chan_state */
	enum mg_wait wait;
	uint32_t gpadl;
	uint64_t first_pfn;		/* rings, then the data pages */
	struct ring_tx tx;
	struct ring_rx rx;
	struct reqid_table ids;
	struct reqid_slot slots[MG_REQUESTS];
	struct mg_request requests[MG_REQUESTS];
	uint32_t next_request;
	uint64_t owed[MG_OWED];		/* host requests to be completed when there is room */
	uint32_t owed_cnt;
};

struct miniguest {
	struct loopback *lb;
	enum mg_conn conn;
	struct negotiate negotiate;
	uint64_t monitor_pages[2];	/* byte addresses given with the contact; 0: none */
	uint32_t next_gpadl;
	struct mg_chan chan[MG_CHANS];

	/* What the host did wrong, as the pure code saw it */
	uint32_t refused[MSG_VERDICT_COUNT];
	uint32_t unmatched;		/* answers nobody waited for */
	uint32_t broken;		/* rings that lied */
	uint32_t strange;		/* completions of no request, or with the wrong content */

	uint32_t sent, answered, full, lost_posts;
};

void mg_init(struct miniguest *mg, struct loopback *lb);

/* Everything there is to receive. False: nothing was. */
bool mg_receive(struct miniguest *mg);
/* Host and guest by turns, as often as a test needs; rings are left to the test. */
void mg_settle(struct miniguest *mg);
/* Look at a channel's ring; @always: even if its flag is not set. */
bool mg_poll(struct miniguest *mg, uint32_t chan, bool always);

bool mg_contact(struct miniguest *mg, uint32_t max_version);
bool mg_unload(struct miniguest *mg);
bool mg_open(struct miniguest *mg, uint32_t chan);
bool mg_close(struct miniguest *mg, uint32_t chan);
/* Give the relid back, of a channel rescinded or not wanted. */
bool mg_release(struct miniguest *mg, uint32_t chan);
bool mg_modify(struct miniguest *mg, uint32_t chan, uint32_t vp);
/* A request of @len bytes, in the packet or (up to a page) by page. */
bool mg_send(struct miniguest *mg, uint32_t chan, uint32_t len, bool direct);
bool mg_is_open(const struct miniguest *mg, uint32_t chan);

/* The other end: a device that answers what it is sent, and both together ------------*/

struct pair {
	struct loopback *lb;
	struct miniguest guest;
	struct vsp_device *device;
	struct vsp_chan *chan[MG_CHANS + 8];	/* open at the host, by index */
	uint64_t next_ask;
	uint32_t requests, asked, confirmed, garbled;
	bool hold;			/* the device answers later */
	struct pair_held {
		struct vsp_chan *chan;
		uint64_t id;
		uint32_t len;
		uint8_t payload[64];
	} held[MG_CHANS * MG_REQUESTS];
	uint32_t held_cnt;
};

bool pair_start(struct pair *pair);
void pair_end(struct pair *pair);
/* Deliver and receive until neither side has anything left to do. */
void pair_settle(struct pair *pair);
/* The host sends a request of its own; the guest completes it. */
bool pair_ask(struct pair *pair, uint32_t index);
void pair_release_held(struct pair *pair);
bool pair_command(struct pair *pair, const char *line);
/* True if the host's books are empty; else what they say is printed. */
bool pair_ledger_empty(struct pair *pair);

/* One of many things that may happen, chosen by @what, with @arg to vary it. */
enum pair_kind {
	PAIR_LEGAL,			/* the host may misbehave, but nobody corrupts memory */
	PAIR_ANYTHING,
};
void pair_step(struct pair *pair, uint8_t what, uint16_t arg, enum pair_kind kind);

#endif

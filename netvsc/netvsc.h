/* SPDX-License-Identifier: GPL-2.0 */
/*
 * netvsc.h - the NIC and its queues, who may touch which field, and what the files
 * of this module owe each other
 *
 * A frame is the host's from a successful send until its slot comes back as a
 * cookie, and the bus hands every cookie back exactly once: in a completion, or
 * when a closed channel is reaped. A piece of the receive buffer is ours from the
 * packet that names it until that packet is acknowledged, and that is not before
 * the stack has done with what it was lent of it. So nothing is sent
 * twice, and no memory is used again that the host may still read or write.
 *
 * RTNL is taken before struct netvsc.lock, and that before a transmit lock.
 */
#ifndef NETVSC_H
#define NETVSC_H

#include "proto/nvsp.h"
#include "proto/rndis.h"
#include "proto/vf_path.h"
#include "vmbus.h"

#include <linux/atomic.h>
#include <linux/dma-mapping.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/ratelimit.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/u64_stats_sync.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/xdp.h>

struct bpf_prog;
struct dentry;
struct ethtool_ops;
struct netdev_bpf;
struct netdev_stat_ops;
struct seq_file;
struct netvsc;

#define NETVSC_MAX_QUEUES	(1u + NVSP_MAX_SUB_CHANNELS)

/* Room for one header before a frame; a whole part of a page, so that none crosses one. */
#define NETVSC_HDR_ROOM		128u

/* Frames under way that are not copied, for each queue. */
#define NETVSC_DIRECT_SLOTS	128u

/* Packets taken and not acknowledged, at most; a power of 2. No more are taken before. */
#define NETVSC_ACKS		512u

/* What a request that wants a completion was sent with. */
struct netvsc_cookie {
	enum netvsc_cookie_kind {
		NETVSC_COOKIE_SLOT,
		NETVSC_COOKIE_REQUEST,
		NETVSC_COOKIE_ASK,
		NETVSC_COOKIE_SWITCH,
	} kind;
};

/**
 * struct netvsc_slot - something that is being sent
 * @cookie: first, as in everything that can come back
 * @direct: the frame is listed, not copied
 * @index: of the slot in its pool
 * @packets: frames in it, for the queue limits
 * @bytes: of them
 * @section: of the send buffer, if copied
 * @used: bytes of the section, or of the header
 * @last: where in the section the last message begins
 * @skb: the frame, if listed
 * @map_cnt: pieces of it
 * @maps: where they are, as the host sees memory
 */
struct netvsc_slot {
	struct netvsc_cookie cookie;
	bool direct;
	u16 index;
	u16 packets;
	u16 map_cnt;
	u32 bytes;
	u32 section;
	u32 used;
	u32 last;
	struct sk_buff *skb;
	struct vmbus_range *maps;
};

/**
 * struct netvsc_pool - free slots: taken by who sends, given back by who polls
 * @slots: all of them
 * @cnt: how many
 * @ring: indices of the free ones
 * @mask: of @ring
 * @head: next to be taken; the sender's
 * @spare: taken, and not used after all; the sender's
 * @tail: where the next goes; the poller's
 *
 * One takes, under the transmit lock, and one gives back, in NAPI: no lock of its own.
 */
struct netvsc_pool {
	struct netvsc_slot *slots;
	u16 *ring;
	u32 cnt;
	u32 mask;
	u32 head;
	struct netvsc_slot *spare;
	u32 tail ____cacheline_aligned_in_smp;
};

struct netvsc_tx_stats {
	u64 packets;
	u64 bytes;
	u64 dropped;
	u64 scattered;		/* listed in more than one piece */
	u64 no_memory;
	u64 no_space;		/* small enough to be copied, but no section was free */
	u64 too_big;
	u64 busy;		/* given back to the stack */
	u64 send_full;		/* batches closed because the section was full */
	u64 stop;
	u64 wake;
	u64 batches;		/* sections sent */
	u64 errors;		/* the host says that it could not send */
	u64 xdp_xmit;		/* frames other devices redirected to here */
	struct u64_stats_sync syncp;
};

struct netvsc_rx_stats {
	u64 packets;
	u64 bytes;
	u64 multicast;
	u64 dropped;
	u64 no_memory;
	u64 coalesced;		/* frames the host had put together */
	u64 lent;		/* frames the stack reads where the host has put them */
	u64 copied;		/* bytes of the others */
	u64 ack_busy;		/* no room to acknowledge */
	u64 errors;
	u64 xdp_drop;
	u64 xdp_redirect;
	u64 xdp_tx;
	struct u64_stats_sync syncp;
};

/* A packet of the host that is to be acknowledged. */
struct netvsc_ack {
	u16 pieces;
	bool ok;
};

/**
 * struct netvsc_hold - a piece of the receive buffer, and the packet it speaks for if that is lent
 * @list: in netvsc_queue.held
 * @id: of the packet
 * @piece: first of its pieces that may still be read
 * @pieces: that it gives back
 * @next: piece of the same packet; or that it is the last, or free
 * @ok: what to say of the packet
 */
struct netvsc_hold {
	struct list_head list;
	u64 id;
	u32 piece;
	u32 pieces;
	u32 next;
	bool ok;
};

/* A piece of a frame in the receive buffer. */
struct netvsc_part {
	u32 offset;
	u32 len;
};

/**
 * struct netvsc_queue - a channel, and the queues of both directions it serves
 * @nv: whose
 * @chan: open while the queue is; a reference if @index is not 0
 * @index: 0 is the primary channel
 * @open: @chan is
 * @live: frames may be sent. Written with the transmit lock held or the queue stopped
 * @gone: the bus said so
 * @napi: who polls
 * @txq: transmit queue of the stack
 * @direct: slots of frames that are listed
 * @copy: slots with a section of the send buffer
 * @headers: NETVSC_HDR_ROOM for each of @direct
 * @headers_dma: where the host sees them
 * @pending: filled, but not sent: it waits for more frames, or for room
 * @unshown: something was sent that the host need not have seen
 * @blocked: @pending waits for room in the ring
 * @tx: statistics of the sender
 * @budget: of the poll going on
 * @frames: received in it
 * @done_packets: completed in this poll, for the queue limits
 * @done_bytes: likewise
 * @acks: what is to be acknowledged; a ring of NETVSC_ACKS
 * @ack_ids: the packets' ids, likewise
 * @ack_head: oldest
 * @ack_tail: where the next goes
 * @acks_unshown: pieces given back that the host may not have seen yet
 * @ack_now: there is one that shall not wait; @ack_work says so, too
 * @ack_work: shows them if nothing else does
 * @held: packets that are lent, the oldest first while there is room
 * @hold: of the packet that is being taken apart, if any of it was lent
 * @may_lend: that packet may be
 * @parts: of a frame that is being put together
 * @part_cnt: how many
 * @part_bytes: of them all
 * @part_rx: what was said of the first
 * @head: private copy of what stands before a frame
 * @xdp_page: for the next frame that a program sees
 * @xdp_rxq: what programs know of the queue
 * @xdp_sent: frames were sent back, but not shown to the host
 * @xdp_redirected: frames went to other devices, which may not have been told
 * @rx: statistics of the poller
 *
 * From @direct to @tx the transmit lock guards it, what follows is the poller's.
 */
struct netvsc_queue {
	struct netvsc *nv;
	struct vmbus_chan *chan;
	u16 index;
	bool open;
	bool live;
	bool gone;
	struct napi_struct napi;
	struct netdev_queue *txq;

	struct netvsc_pool direct ____cacheline_aligned_in_smp;
	struct netvsc_pool copy;
	void *headers;
	dma_addr_t headers_dma;
	struct netvsc_slot *pending;
	bool unshown;
	bool blocked;
	struct netvsc_tx_stats tx;

	int budget ____cacheline_aligned_in_smp;
	u32 frames;
	u32 done_packets;
	u32 done_bytes;
	struct netvsc_ack *acks;
	u64 *ack_ids;
	u32 ack_head;
	u32 ack_tail;
	u32 acks_unshown;
	bool ack_now;
	bool may_lend;
	struct delayed_work ack_work;
	struct list_head held;
	struct netvsc_hold *hold;
	struct netvsc_part *parts;
	u32 part_cnt;
	u32 part_bytes;
	struct rndis_rx part_rx;
	void *head;
	struct page *xdp_page;
	struct xdp_rxq_info xdp_rxq;
	bool xdp_sent;
	bool xdp_redirected;
	struct netvsc_rx_stats rx;
};

/**
 * struct netvsc_config - what the administrator may choose
 * @mtu: of the frames' payload
 * @queues: channels wanted
 * @rx_pieces: of the receive buffer; 0: as many as fit
 * @tx_sections: of the send buffer; 0: likewise
 */
struct netvsc_config {
	u32 mtu;
	u32 queues;
	u32 rx_pieces;
	u32 tx_sections;
};

/* What the host sent that a correct one would not have. */
enum netvsc_reject {
	NETVSC_REJECT_TYPE,		/* of packet */
	NETVSC_REJECT_TRANSFER,		/* transfer-page packet that is none */
	NETVSC_REJECT_RANGE,		/* outside the receive buffer */
	NETVSC_REJECT_FRAME,		/* header or elements before a frame */
	NETVSC_REJECT_PART,		/* order of the pieces of a frame */
	NETVSC_REJECT_CONTROL,		/* control message */
	NETVSC_REJECT_ANSWER,		/* to nothing that was asked */
	NETVSC_REJECT_NOTICE,		/* in band */
	NETVSC_REJECT_SENT,		/* completion of a frame */
	NETVSC_REJECT_CHANNEL,		/* only the primary channel may carry that */
	NETVSC_REJECT_COUNT
};

struct netvsc_vf_stats {
	u64 rx_packets;
	u64 rx_bytes;
	u64 rx_dropped;		/* we are down, and it is not yet */
	u64 tx_packets;
	u64 tx_bytes;
	u64 tx_dropped;
	struct u64_stats_sync syncp;
};

/**
 * struct netvsc_vf - a virtual function that is ours, or room for one
 * @tx: what we send goes there; NULL: to the host. Written under @lock
 * @listener: it gets our lists of addresses; written under the lock of these
 * @stats: what went by it, for each CPU
 * @slave: the function's net_device, or NULL; RTNL and @lock
 * @configured: @slave is as we are; RTNL
 * @promisc: so is its hearing; RTNL
 * @allmulti: likewise
 * @nics: in the list of all; RTNL
 * @lock: @path and what follows; taken in NAPI
 * @path: which way frames go
 * @serial: what the host calls its function
 * @cookies: of messages that ask for the one way and for the other
 * @due: the last one should be confirmed by then
 * @told: that it was not
 * @asked: how often for each way
 * @unconfirmed: how often too late, or not at all
 * @taken: how often there was a new @slave
 * @path_work: asks again, looks whether the host has answered
 * @pair_work: looks for the function that belongs to us
 */
struct netvsc_vf {
	struct net_device __rcu *tx;
	struct net_device __rcu *listener;
	struct netvsc_vf_stats __percpu *stats;
	struct net_device *slave;
	bool configured;
	bool promisc;
	bool allmulti;
	struct list_head nics;
	spinlock_t lock;
	struct vf_path path __guarded_by(&lock);
	u32 serial __guarded_by(&lock);
	struct netvsc_cookie cookies[VF_PATH_CNT];
	unsigned long due __guarded_by(&lock);
	bool told __guarded_by(&lock);
	u32 asked[VF_PATH_CNT] __guarded_by(&lock);
	u32 unconfirmed __guarded_by(&lock);
	u32 taken;
	struct delayed_work path_work;
	struct delayed_work pair_work;
};

/**
 * struct netvsc - a NIC, in the private part of its net_device
 * @ndev: the rest of it
 * @vdev: device it is made of
 * @lock: what the host is asked and told, and every change of configuration. May sleep
 * @cfg: as it is; @lock
 * @version: of the protocol; NVSP_VERSION_*
 * @offloads: what the host can do
 * @limits: what it takes at once
 * @rss: what it can do with many channels; one queue if it has said nothing
 * @attached: the host has been brought up; @lock
 * @queues: room for @queue_room, for as long as the NIC
 * @queue_room: most channels it may have
 * @queue_cnt: those that are open; RTNL once it is registered
 * @subs_missing: promised by the host, not there yet
 * @subs_tries: how often we have looked for them since
 * @recv_buf: receive buffer
 * @recv: where it is mapped
 * @recv_len: its bytes
 * @recv_pieces: how it is divided
 * @recv_pages: what it is made of
 * @holds: one for each piece
 * @lent_most: pieces that may be lent at once
 * @lent: pieces that are
 * @rx_copybreak: no frame up to so many bytes is lent
 * @acks_most: pieces that each queue may have given back without showing it to the host
 * @send_buf: send buffer, NULL without
 * @send: where it is mapped
 * @send_len: its bytes
 * @send_pieces: how it is divided
 * @tx_share: of them each queue has
 * @send_table: channels to send on, by hash; from the host, or even
 * @host_table: the last one the host sent
 * @host_table_valid: it has sent one
 * @rss_table: what the host receives on; RTNL
 * @rss_key: RTNL
 * @l4_hash: NETVSC_L4_*: ports are hashed, too
 * @xdp_prog: sees every frame received, or NULL; written under RTNL
 * @filter: as the host has it; @lock
 * @deadline: of what is going on, in jiffies; 0: each question has its own; @lock
 * @optional: what is asked now can be done without; @lock
 * @wait: for answers of RNDIS, and for the end
 * @ask: the handshake's questions; @lock
 * @ask_cookie: that they are sent with
 * @request_lock: @request
 * @request: the one being waited for
 * @request_id: number of the last; @lock
 * @gone: a channel was lost
 * @removing: no new work is begun
 * @link_up: last word of the host; NETVSC_LINK_* bits
 * @link_events: what came since the link work ran
 * @speed: Mbit/s; the last word of host or administrator
 * @duplex: of ethtool, for the administrator's word
 * @msg_enable: of ethtool
 * @tx_batch: frames in one message at most
 * @rx_mode_work: tells the host what to let through
 * @filter_tries: how often it has refused that in a row
 * @filter_failures: how often at all
 * @link_work: carrier on and off
 * @link_at: when it did last, in jiffies
 * @subs_work: takes sub-channels that came late
 * @recover_work: brings the NIC up anew after a channel was lost, or nothing moved
 * @recoveries: how often, for statistics
 * @recover_tries: in a row, with no minute of peace between two
 * @recover_failures: that did not succeed, in a row
 * @up_at: when the last one ended, in jiffies
 * @vf: a virtual function beside the channels
 * @rejects: by enum netvsc_reject
 * @log_limit: what the host causes us to log
 * @debugfs: file
 */
struct netvsc {
	struct net_device *ndev;
	struct vmbus_dev *vdev;
	struct mutex lock;
	struct netvsc_config cfg;
	u32 version;
	struct rndis_offloads offloads;
	struct rndis_limits limits;
	struct rndis_rss_caps rss;
	bool attached;
	struct netvsc_queue *queues;
	u32 queue_room;
	u32 queue_cnt;
	u32 subs_missing;
	u32 subs_tries;

	struct vmbus_buf *recv_buf;
	u8 *recv;
	u32 recv_len;
	struct nvsp_pieces recv_pieces;
	struct page *const *recv_pages;
	struct netvsc_hold *holds;
	u32 lent_most;
	atomic_t lent;
	u32 rx_copybreak;
	u32 acks_most;
	struct vmbus_buf *send_buf;
	u8 *send;
	u32 send_len;
	struct nvsp_pieces send_pieces;
	u32 tx_share;

	u8 send_table[NVSP_INDIRECTION_CNT];
	u8 host_table[NVSP_INDIRECTION_CNT];
	bool host_table_valid;
	u16 rss_table[RNDIS_MAX_RSS_TABLE];
	u8 rss_key[NDIS_RSS_KEY_LEN];
	u32 l4_hash;
	struct bpf_prog __rcu *xdp_prog;
	u32 filter;

	unsigned long deadline;
	bool optional;
	wait_queue_head_t wait;
	struct vmbus_ask ask;
	struct netvsc_cookie ask_cookie;
	spinlock_t request_lock;
	struct netvsc_request *request __guarded_by(&request_lock);
	u32 request_id;
	bool gone;
	bool removing;

	bool link_up;
	unsigned long link_events;
	u32 speed;
	u8 duplex;
	u32 msg_enable;
	u32 tx_batch;
	struct delayed_work rx_mode_work;
	u32 filter_tries;
	u32 filter_failures;
	struct delayed_work link_work;
	unsigned long link_at;
	struct delayed_work subs_work;
	struct delayed_work recover_work;
	u32 recoveries;
	u32 recover_tries;
	u32 recover_failures;
	unsigned long up_at;

	struct netvsc_vf vf;

	atomic_t rejects[NETVSC_REJECT_COUNT];
	struct ratelimit_state log_limit;
	struct dentry *debugfs;
};

/* In netvsc.filter: nobody knows what the host lets through. */
#define NETVSC_FILTER_UNKNOWN	0xffffffffu

/* Bits of netvsc.l4_hash. */
#define NETVSC_L4_TCP4		0x1u
#define NETVSC_L4_TCP6		0x2u
#define NETVSC_L4_UDP4		0x4u
#define NETVSC_L4_UDP6		0x8u

/* Bits of netvsc.link_events. */
#define NETVSC_LINK_UP		0
#define NETVSC_LINK_DOWN	1
#define NETVSC_LINK_CHANGE	2	/* another network */

/* main.c */
unsigned int netvsc_ring_bytes(void);
unsigned int netvsc_default_queues(void);
unsigned int netvsc_copy_limit(void);
unsigned int netvsc_rx_copybreak(void);
unsigned long netvsc_reply_timeout(void);	/* jiffies */
unsigned long netvsc_attach_timeout(void);	/* jiffies, for all that is asked meanwhile */
unsigned long netvsc_link_delay(void);		/* jiffies, between changes of carrier */

/* netdev.c */
int netvsc_probe(struct vmbus_dev *vdev, const struct hv_vmbus_device_id *id);
void netvsc_remove(struct vmbus_dev *vdev);
int netvsc_suspend(struct vmbus_dev *vdev);
int netvsc_resume(struct vmbus_dev *vdev);
/* Work under another configuration, or under the old one if that fails. RTNL held. */
int netvsc_reconfigure(struct netvsc *nv, const struct netvsc_config *want);
/* Have the NIC brought up anew, soon. Any context. */
void netvsc_recover(struct netvsc *nv);
/* Count it, and log it if there is room; any context. */
void netvsc_reject(struct netvsc_queue *q, enum netvsc_reject why);
/* Sections of the transmit table for so many queues. */
void netvsc_spread_table(struct netvsc *nv);

/* setup.c */
extern const struct vmbus_chan_ops netvsc_chan_ops;
/* Bring the host up; lock held, no channel open. On failure everything is down again. */
int netvsc_attach(struct netvsc *nv, const struct netvsc_config *cfg);
/* And down; lock held, transmit queues stopped. */
void netvsc_detach(struct netvsc *nv);
/* Take sub-channels that have come since; lock held. True if the number of queues changed. */
bool netvsc_take_subs(struct netvsc *nv, unsigned int wait_ms);
/* Look for those that are missing once more, each time later; lock held. */
void netvsc_expect_subs(struct netvsc *nv);
/* And let those from @from on send and receive. */
int netvsc_start_new(struct netvsc *nv, u32 from);
void netvsc_free_buffers(struct netvsc *nv);
/* A completion that is no frame's. */
void netvsc_completed(struct netvsc_queue *q, const struct vmbus_pkt *pkt);

/* tx.c */
int netvsc_tx_alloc(struct netvsc_queue *q);
void netvsc_tx_free(struct netvsc_queue *q);
netdev_tx_t netvsc_start_xmit(struct sk_buff *skb, struct net_device *ndev);
/* In NAPI: a slot came back; and what is due at the end of the poll. */
void netvsc_tx_done(struct netvsc_queue *q, struct netvsc_slot *slot,
		    const struct vmbus_pkt *pkt);
void netvsc_tx_poll_end(struct netvsc_queue *q);
/* The host has everything back that it was sent. Only while no frame can be sent. */
bool netvsc_tx_is_done(const struct netvsc_queue *q);
/* After the channel was closed: a slot that nobody will complete, and the pending one. */
void netvsc_tx_reaped(struct netvsc_queue *q, struct netvsc_slot *slot);
void netvsc_tx_drop_pending(struct netvsc_queue *q);
/* A frame of a program, copied; transmit lock held. False: there is no room for it now. */
bool netvsc_tx_copy(struct netvsc_queue *q, const void *data, u32 len);
/* Everything so far is the host's, and it knows; transmit lock held. */
void netvsc_tx_show(struct netvsc_queue *q);

/* rx.c */
int netvsc_rx_alloc(struct netvsc_queue *q);
void netvsc_rx_free(struct netvsc_queue *q);
int netvsc_poll(struct napi_struct *napi, int budget);
void netvsc_rx_count(struct netvsc_queue *q, u32 bytes, bool multicast);
/* A packet need not be held longer: tell the host, at the end of the poll, if there is room. */
void netvsc_ack(struct netvsc_queue *q, u64 id, bool ok, u32 pieces);
bool netvsc_ack_room(const struct netvsc_queue *q);

/* lend.c */
int netvsc_lend_start(struct netvsc *nv, const struct nvsp_pieces *pieces);
void netvsc_lend_stop(struct netvsc *nv);
/* In NAPI: a packet of so many pieces begins; and ends. True if it is acknowledged later. */
void netvsc_lend_packet(struct netvsc_queue *q, u32 pieces);
bool netvsc_lend_packet_end(struct netvsc_queue *q, u64 id, bool ok, u32 pieces);
/* A frame of that packet as it lies in the buffer, or NULL: copy it. */
struct sk_buff *netvsc_lend(struct netvsc_queue *q, const struct netvsc_part *parts, u32 cnt);
/* Acknowledge what nobody reads any more. */
void netvsc_lend_take_back(struct netvsc_queue *q);

/* xdp.c */
int netvsc_xdp_alloc(struct netvsc_queue *q);
void netvsc_xdp_free(struct netvsc_queue *q);
/* A frame as the program wants it, or NULL if it went elsewhere, which is counted. In NAPI. */
struct sk_buff *netvsc_xdp_run(struct netvsc_queue *q, struct bpf_prog *prog,
			       const struct netvsc_part *parts, u32 cnt, u32 bytes);
void netvsc_xdp_poll_end(struct netvsc_queue *q);
/* Frames of this MTU fit in the first page, where every program sees them. */
bool netvsc_xdp_fits(u32 mtu);
/* There is a program, and it knows of no page but the first. */
bool netvsc_xdp_is_small(const struct bpf_prog *prog);
int netvsc_xdp_setup(struct net_device *ndev, struct netdev_bpf *bpf);
int netvsc_xdp_xmit(struct net_device *ndev, int cnt, struct xdp_frame **frames, u32 flags);

/*
 * setup.c: many questions in a row have one deadline together, since RTNL may be held
 * all the while; lock held. And how long the next one may take, 0 if none may.
 */
void netvsc_deadline_begin(struct netvsc *nv);
void netvsc_deadline_end(struct netvsc *nv);
unsigned long netvsc_patience(const struct netvsc *nv);

/* vf.c */
int netvsc_vf_listen(void);
void netvsc_vf_listen_no_more(void);
int netvsc_vf_init(struct netvsc *nv);
void netvsc_vf_free(struct netvsc *nv);
void netvsc_vf_stop_work(struct netvsc *nv);
/* RTNL held, like all that follow up to set_flags: the stack knows the NIC, or soon will not. */
void netvsc_vf_registered(struct netvsc *nv);
void netvsc_vf_unregister(struct netvsc *nv);
/* What we are told goes for the function, too. Those that cannot be carried out change nothing. */
void netvsc_vf_open(struct netvsc *nv);
void netvsc_vf_close(struct netvsc *nv);
int netvsc_vf_set_address(struct netvsc *nv, const u8 *mac);
int netvsc_vf_set_mtu(struct netvsc *nv, int mtu);
/* The MTU has changed, or there is a program, or none any more. */
void netvsc_vf_reconsider(struct netvsc *nv);
int netvsc_vf_add_vlan(struct netvsc *nv, __be16 proto, u16 id);
void netvsc_vf_del_vlan(struct netvsc *nv, __be16 proto, u16 id);
void netvsc_vf_set_flags(struct netvsc *nv);
/* Under the lock of the NIC's addresses. */
void netvsc_vf_set_rx_mode(struct netvsc *nv);
/* The host is up, or will be so no more; lock held. */
void netvsc_vf_attached(struct netvsc *nv);
void netvsc_vf_detached(struct netvsc *nv);
/* In NAPI: it has a function for us, or not any more. */
void netvsc_vf_noticed(struct netvsc *nv, bool allocated, u32 serial);
/* A switch of the data path was confirmed, or never will be. */
void netvsc_vf_switched(struct netvsc *nv, struct netvsc_cookie *cookie);
/* False: not by the function after all. */
bool netvsc_vf_xmit(struct netvsc *nv, struct net_device *to, struct sk_buff *skb);
void netvsc_vf_sum(struct netvsc *nv, struct netvsc_vf_stats *sum);
void netvsc_vf_show(struct netvsc *nv, struct seq_file *file);

/* ctrl.c: all with lock held and the primary channel open; all wait with a bound. */
int netvsc_initialize(struct netvsc *nv);
void netvsc_halt(struct netvsc *nv);
/* At most @room bytes of answer; @got says how many. */
int netvsc_query(struct netvsc *nv, u32 oid, const void *info, u32 info_len,
		 void *reply, u32 room, u32 *got);
int netvsc_set(struct netvsc *nv, u32 oid, const void *info, u32 info_len);
int netvsc_set_filter(struct netvsc *nv, u32 filter);
int netvsc_set_offloads(struct netvsc *nv, const struct rndis_offloads *use);
int netvsc_set_rss(struct netvsc *nv, const u16 *table, const u8 *key);
/* In NAPI: a control message of the host, in a private copy. */
void netvsc_control(struct netvsc_queue *q, const void *msg, u32 len);
struct netvsc_request;
void netvsc_request_sent(struct netvsc *nv, struct netvsc_cookie *cookie,
			 const struct vmbus_pkt *pkt);

/* ethtool.c */
extern const struct ethtool_ops netvsc_ethtool_ops;

/* qstats.c: where the kernel knows them */
extern const struct netdev_stat_ops netvsc_stat_ops;

static inline bool netvsc_is_gone(struct netvsc *nv)
{
	return READ_ONCE(nv->gone) || vmbus_chan_gone(nv->vdev->chan);
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net.h - a synthetic NIC of the host: what its files share
 *
 * net.c       the channels: handshake, buffers, who gets which message
 * net_rndis.c requests of the guest, notices to it
 * net_tx.c    frames from the guest, looked at closely
 * net_rx.c    frames to the guest
 * net_peer.c  what is at the other end of the cable
 * net_wire.c  a cable that leaves the host
 * net_vf.c    the other way: a virtual function
 * net_spoil.c lies in what goes to the guest
 * net_ctl.c   options, commands, counters
 */
#ifndef VMBUS_KIT_PROVIDER_NET_H
#define VMBUS_KIT_PROVIDER_NET_H

#include "vsp.h"

#include "env.h"
#include "net_frame.h"
#include "wire/nvsp.h"
#include "wire/rndis.h"

#define NET_CHANNELS_MAX	64u
#define NET_TABLE_MAX		256u
#define NET_MULTICAST_MAX	64u
#define NET_NO_PIECE		UINT32_MAX
#define NET_RANGES_MAX		375u	/* in one packet, as other hosts have it */
#define NET_PACKETS_MAX		8u	/* RNDIS packets in one from the guest */
#define NET_ALIGNMENT		3u	/* exponent: where each of them begins */
#define NET_LSO_MAX		62780u

/* Bytes a request or a reply may have. */
#define NET_CONTROL_MAX		4096u

enum net_state {
	NET_CLOSED,
	NET_NEW,			/* open, no version agreed on */
	NET_CONFIGURING,		/* version agreed on */
	NET_READY,			/* both buffers lent: RNDIS may be spoken */
	NET_ENDING,			/* a buffer taken back: nothing more is carried */
};

enum net_peer {
	NET_PEER_ECHO,			/* a station that answers ARP, ping and UDP */
	NET_PEER_SINK,
	NET_PEER_REFLECT,		/* everything comes back, addresses swapped */
	NET_PEER_PAIR,			/* another NIC of this host */
	NET_PEER_TAP,			/* a network device of the system we run on */
	NET_PEER_SOCKET,		/* whoever has the other of two sockets */
};

/* A buffer the guest has lent. */
struct net_buf {
	bool lent;
	uint32_t gpadl;
	uint16_t id;
	uint32_t len;
	uint32_t piece_len, piece_cnt;
};

/* A piece of the receive buffer, or a section of the send buffer. */
struct net_piece {
	uint32_t next;			/* of a list of free ones, or of those of one packet */
	uint16_t chan;			/* index of the channel whose guest has it */
	bool busy;
	uint32_t used;			/* bytes written to it */
};

/* A packet from the guest that is not dealt with yet. */
struct net_job {
	struct net_job *next;
	struct vsp_chan *chan;
	uint64_t id;
	bool wants_completion;
	bool gpa;			/* it has ranges, and may have a section */
	struct nvsp_rndis_packet msg;
	struct vsp_gpa_list *ranges;
	uint32_t range_count;
	uint64_t due;
};

/* A message for the guest that waits for a piece. */
struct net_notice {
	struct net_notice *next;
	uint32_t len;
	uint8_t bytes[];
};

/* Lies to be told: one field of what goes to the guest. */
struct net_lie {
	struct net_lie *next;
	uint32_t where;			/* of net_spoil.c */
	uint32_t value;
	uint32_t skip, count;
};

struct net_rss {
	bool on;
	uint32_t hash;			/* NDIS_HASH_* */
	uint32_t table_cnt;
	uint32_t table[NET_TABLE_MAX];
	uint8_t key[NDIS_RSS_KEY_LEN];
};

struct net_counters {
	uint64_t tx_frames, tx_bytes, tx_packets, tx_batched, tx_copied, tx_direct, tx_mixed;
	uint64_t tx_lso, tx_csum, tx_tagged, tx_hashed, tx_vf_path;
	uint64_t tx_refused, tx_bad_sums;
	uint64_t rx_frames, rx_bytes, rx_packets, rx_rsc, rx_rsc_parts, rx_segments;
	uint64_t rx_filtered, rx_no_carrier, rx_too_long, rx_full, rx_waited, rx_vf_path;
	uint64_t rx_failed;		/* packets the guest completed with another status */
	uint64_t vf_tx_frames, vf_tx_wrong, vf_rx_frames, vf_rx_lost;
	uint64_t vf_switches, vf_ignored;
	uint64_t wire_sent, wire_lost;
	uint64_t control, notices, lies;
	uint64_t sunk_good, sunk_bad, sunk_lost, answered;
};

struct net;

/* A cable that leaves the host. */
struct net_wire {
	struct net *net;
	int fd;				/* -1: it is not plugged in */
	char local[108], remote[108];	/* paths of the sockets; empty: it has none */
	void (*arrived)(struct net *net, struct net_frame *frame);	/* takes it */
	uint64_t *sent, *lost;
	struct net_frame *waiting, **waiting_end;
	uint32_t waiting_cnt;
};

struct net {
	struct vsp *vsp;
	struct vsp_device *device;
	struct net *next;		/* of all there are */
	char label[16];
	uint32_t number;

	/* Options */
	uint32_t max_version;
	uint8_t mac[NET_MAC_LEN];
	uint32_t max_mtu;		/* with the Ethernet header */
	uint32_t sub_channels_max;
	uint32_t sub_channels_given;	/* the most that are granted, whatever is promised */
	uint64_t sub_channels_late;	/* ns from the answer to the offers */
	uint32_t table_cnt;		/* of the RSS table we speak of */
	uint64_t speed;			/* bit/s */
	uint32_t batch;			/* frames in one packet to the guest, at most */
	uint32_t piece_wanted;		/* 0: as the MTU needs */
	uint32_t section_len;
	bool roomy;			/* frames 256 bytes into their piece, lengths rounded up */
	bool poison;			/* what the guest gives back is overwritten */
	bool can_rsc, can_csum, can_lso;
	bool monitor;
	bool lax_sums;			/* wrong checksums are counted and no violation */

	/* The cable */
	enum net_peer peer;
	char pair_label[16];
	struct net *pair;
	char wire_name[216];			/* of a tap device, or "LOCAL:REMOTE" */
	struct net_wire wire;
	uint8_t peer_mac[NET_MAC_LEN];
	uint8_t peer4[4];
	uint8_t peer6[16];
	bool carrier;

	/* What the guest has said */
	enum net_state state;
	uint32_t version;
	bool config_seen, ndis_seen;
	uint32_t ndis_minor;
	uint32_t mtu;			/* with the Ethernet header */
	uint64_t capabilities;
	struct net_buf recv, send;
	bool rndis_up;
	uint32_t filter;
	uint8_t current_mac[NET_MAC_LEN];
	uint8_t multicast[NET_MULTICAST_MAX][NET_MAC_LEN];
	uint32_t multicast_cnt;
	struct ndis_offload_parameters offloads;	/* 0 on the wire never gets here */
	struct net_rss rss;

	/* Channels by index; 0 is the primary */
	struct vsp_chan *chans[NET_CHANNELS_MAX + 1];
	uint32_t open_cnt;
	uint32_t sub_channels;		/* granted */
	struct vsp_timer_event offer_late;

	/* From the guest */
	struct net_piece *sections;
	struct net_job *jobs, **jobs_end;
	uint64_t delay;
	bool hold;
	struct vsp_timer_event timer;

	/* To the guest */
	struct net_piece *pieces;
	uint32_t free_piece, free_cnt;
	struct net_notice *notices, **notices_end;
	struct net_frame *waiting, **waiting_end;
	uint32_t waiting_cnt;
	bool flushing;
	struct vsp_timer_event flush;

	/* What it asked a station to send */
	uint32_t source_left, source_len, source_flows, source_seq;
	uint8_t guest4[4], guest_mac[NET_MAC_LEN];
	uint32_t sunk_next[NET_CHANNELS_MAX];
	uint16_t ip_id;

	/* The virtual function */
	bool vf;
	uint32_t vf_serial;
	uint32_t path;
	enum net_switches {
		NET_SWITCHES_CONFIRMED,
		NET_SWITCHES_HELD,		/* confirmed when somebody says so */
		NET_SWITCHES_IGNORED,
	} vf_switches;
	struct net_switch {			/* waits to be confirmed */
		uint64_t id;
		uint32_t path;
	} vf_due[NVSP_PATH_VF + 1];
	uint32_t vf_due_cnt;
	char vf_cable[96];			/* prefix of the sockets; empty: none */
	struct net_wire vf_wire;

	struct net_lie *lies;
	struct net_counters count;
};

#define net_breach(net, fmt, ...) \
	vsp_violation((net)->vsp, "%s: " fmt, (net)->label, ##__VA_ARGS__)
#define net_note(net, fmt, ...)	vsp_log((net)->vsp, "%s: " fmt, (net)->label, ##__VA_ARGS__)

/* net.c */
extern const struct vsp_device_ops net_ops;
/* Once, when it is made. */
void net_init(struct net *net);
uint32_t net_message_len(const struct net *net);
/* Host to guest, padded to the size of the version; never for want of room. */
void net_complete(struct net *net, struct vsp_chan *chan, uint64_t id, const void *msg,
		  uint32_t len);
bool net_send_inband(struct net *net, uint64_t id, bool ask, const void *msg, uint32_t len);
void net_answer_switches(struct net *net);
void net_announce_vf(struct net *net);
bool net_send_table(struct net *net, const uint32_t *table, uint32_t count, uint32_t offset);

/* net_rndis.c */
void net_control(struct net *net, const uint8_t *msg, uint32_t len);
void net_rndis_reset(struct net *net);
bool net_indicate(struct net *net, uint32_t status, const void *info, uint32_t len);

/* net_tx.c */
void net_tx_arrived(struct net *net, struct vsp_chan *chan, struct vsp_pkt *pkt);
void net_tx_look(struct net *net);
void net_tx_drop(struct net *net, const struct vsp_chan *chan);
void net_tx_timer(void *arg);

/* net_rx.c */
/* A frame has come over the cable. Takes it. */
void net_receive(struct net *net, struct net_frame *frame);
/* A message of RNDIS that is no frame. */
void net_rx_notice(struct net *net, const void *msg, uint32_t len);
void net_rx_completed(struct net *net, struct vsp_chan *chan, const struct vsp_pkt *pkt);
void net_rx_start(struct net *net);
void net_rx_stop(struct net *net);
/* The guest has closed this channel: what it held of the buffer is ours again. */
void net_rx_forget(struct net *net, uint32_t index);
void net_rx_flush(void *arg);
uint32_t net_rx_room(const struct net *net);

/* net_peer.c */
/* A frame from the guest goes out. Takes it. */
void net_transmit(struct net *net, struct net_frame *frame);
/* There is room for what a source has to send. False: it has nothing. */
bool net_source_run(struct net *net);
void net_source_start(struct net *net, uint32_t count, uint32_t len, uint32_t flows);

/* 0, or -errno: what is out there cannot be had. */
int net_peer_plug_in(struct net *net);
void net_peer_init(struct net *net);

/* net_wire.c */
void net_wire_init(struct net_wire *wire, struct net *net,
		   void (*frame_arrived)(struct net *net, struct net_frame *frame), uint64_t *sent,
		   uint64_t *lost);
/* Each 0, or -errno. */
int net_wire_open_sockets(struct net_wire *wire, const char *local, const char *remote);
int net_wire_open_tap(struct net_wire *wire, const char *name);
/* Takes the frame, cut if it is to be. */
void net_wire_send(struct net_wire *wire, struct net_frame *frame);
void net_wire_close(struct net_wire *wire);

/* net_vf.c */
void net_vf_init(struct net *net);
/* A frame for the guest that goes by its function. Takes it. */
void net_vf_receive(struct net *net, struct net_frame *frame);
/* 0, or -errno: its cable cannot be had. */
int net_vf_plug_in(struct net *net);
void net_vf_unplug(struct net *net);

/* net_spoil.c */
/* Why there is no such lie, or NULL. */
const char *net_lie_add(struct net *net, const char *args);
void net_lie_clear(struct net *net);
/* What may be lied about. */
enum net_where {
	NET_LIE_SET_ID,
	NET_LIE_RANGE_COUNT,
	NET_LIE_RANGE_OFFSET,
	NET_LIE_RANGE_LEN,
	NET_LIE_NVSP_TYPE,
	NET_LIE_NVSP_CHANNEL,
	NET_LIE_DATA,			/* from here on: __le32 at 4 * n of a data message */
	NET_LIE_REPLY = NET_LIE_DATA + 64,	/* of an answer, or a notice */
	NET_LIE_NVSP_REPLY = NET_LIE_REPLY + 64,	/* of a completion in the handshake */
	NET_LIE_TX_STATUS = NET_LIE_NVSP_REPLY + 64,
	NET_LIE_TX_TWICE,
	NET_LIE_TX_NEVER,
	NET_LIE_REPLY_NEVER,
	NET_LIE_REPLY_TWICE,
	NET_LIE_COUNT
};
/* Is a lie due? Then the value to say, and it is used up. */
bool net_lie(struct net *net, uint32_t where, uint32_t *value);
/* Spoil the 32-bit words of a message. */
void net_lie_words(struct net *net, uint32_t first, void *msg, uint32_t len);

/* net_ctl.c */
void net_command(void *dev, const char *line, vsp_put_line put, void *ctx);
void net_put_counters(void *dev, vsp_put_line put, void *ctx);
void net_reset_counters(void *dev);
void net_destroy(void *dev);

#endif

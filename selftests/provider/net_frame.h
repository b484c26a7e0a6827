/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net_frame.h - Ethernet frames in the host: what is in them, their checksums,
 * their hash, and cutting them up
 *
 * Written from the standards. Every function takes any bytes: what does not
 * parse has no layer 3 or no layer 4, and nothing to be checked.
 */
#ifndef VMBUS_KIT_PROVIDER_NET_FRAME_H
#define VMBUS_KIT_PROVIDER_NET_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NET_MAC_LEN		6u
#define NET_HEADER_LEN		14u	/* of Ethernet */
#define NET_TAG_LEN		4u	/* 802.1Q */
#define NET_FRAME_MAX		65600u	/* a large send, its headers included */

#define NET_TYPE_IPV4		0x0800u
#define NET_TYPE_ARP		0x0806u
#define NET_TYPE_8021Q		0x8100u
#define NET_TYPE_8021AD		0x88a8u
#define NET_TYPE_IPV6		0x86ddu

#define NET_PROTO_ICMP		1u
#define NET_PROTO_TCP		6u
#define NET_PROTO_UDP		17u
#define NET_PROTO_ICMPV6	58u

enum net_verdict {
	NET_UNKNOWN,			/* nobody has looked */
	NET_GOOD,			/* every checksum in it is right */
	NET_BAD,
};

/* A frame on its way between two ports, without FCS. Its owner frees it with free(). */
struct net_frame {
	struct net_frame *next;
	uint32_t len;
	bool tagged;			/* with a tag that is not among the bytes */
	uint16_t tci;
	uint32_t mss;			/* not 0: to be cut into segments with so much payload */
	enum net_verdict verdict;
	uint8_t data[];
};

struct net_frame *net_frame_new(uint32_t len);
struct net_frame *net_frame_copy(const struct net_frame *frame);
void net_frames_free(struct net_frame *list);

/* Where things are in a frame. */
struct net_layout {
	uint16_t type;			/* of the innermost tag */
	uint32_t l3;			/* 0: neither IPv4 nor IPv6 */
	uint8_t ip;			/* 4, 6 or 0 */
	uint8_t proto;
	bool fragment;			/* a part of a datagram: no layer 4 to be seen */
	uint32_t l4;			/* 0: none that can be looked at */
	uint32_t payload;		/* behind a TCP or UDP header */
	uint32_t end;			/* of the datagram; Ethernet pads behind it */
};

/* @any_len: the IP header need not say the length; it is that of the frame. */
void net_parse(const uint8_t *data, uint32_t len, bool any_len, struct net_layout *at);

uint16_t net_get16(const uint8_t *at);
uint32_t net_get32(const uint8_t *at);
void net_put16(uint8_t *at, uint16_t value);
void net_put32(uint8_t *at, uint32_t value);

/* The sum of 16-bit words, folded, not inverted; @sum is what to begin with. */
uint16_t net_sum(const uint8_t *data, uint32_t len, uint32_t sum);
/* Of the pseudo header, with this length in it. */
uint16_t net_pseudo_sum(const uint8_t *data, const struct net_layout *at, uint32_t l4_len);
/* Where the checksum of layer 4 stands; 0: this protocol has none. */
uint32_t net_sum_at(const struct net_layout *at);

/* What checksum is wrong, or NULL. */
const char *net_check(const uint8_t *data, const struct net_layout *at);
void net_fill_ip_sum(uint8_t *data, const struct net_layout *at);
void net_fill_l4_sum(uint8_t *data, const struct net_layout *at);

/* Cut a TCP frame with mss into as many frames as it takes, in a list. NULL: out of memory. */
struct net_frame *net_cut(const struct net_frame *frame);

#define NET_KEY_LEN		40u

/* The hash of RSS over addresses, and ports if @ports; 0 if there is no IP in it. */
uint32_t net_hash(const uint8_t *data, const struct net_layout *at, const uint8_t *key,
		  bool ports);
uint32_t net_toeplitz(const uint8_t *key, const uint8_t *input, uint32_t len);

#endif

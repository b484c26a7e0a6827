// SPDX-License-Identifier: GPL-2.0
/*
 * net_frame.c - Ethernet frames in the host: what is in them, their checksums,
 * their hash, and cutting them up
 */
#include "net_frame.h"

#include <stdlib.h>
#include <string.h>

#define TCP_HEADER_LEN		20u
#define UDP_HEADER_LEN		8u
#define TCP_FLAGS		13u	/* offset in the header */
#define TCP_FIN			0x01u
#define TCP_PUSH		0x08u
#define TCP_CWR			0x80u

struct net_frame *net_frame_new(uint32_t len)
{
	struct net_frame *frame = malloc(sizeof(*frame) + len);

	if (!frame)
		return NULL;
	memset(frame, 0, sizeof(*frame));
	frame->len = len;
	return frame;
}

struct net_frame *net_frame_copy(const struct net_frame *frame)
{
	struct net_frame *copy = malloc(sizeof(*copy) + frame->len);

	if (!copy)
		return NULL;
	memcpy(copy, frame, sizeof(*copy) + frame->len);
	copy->next = NULL;
	return copy;
}

void net_frames_free(struct net_frame *list)
{
	struct net_frame *next;

	for (; list; list = next) {
		next = list->next;
		free(list);
	}
}

uint16_t net_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

uint32_t net_get32(const uint8_t *at)
{
	return (uint32_t)net_get16(at) << 16 | net_get16(at + 2);
}

void net_put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

void net_put32(uint8_t *at, uint32_t value)
{
	net_put16(at, (uint16_t)(value >> 16));
	net_put16(at + 2, (uint16_t)value);
}

/* What is in it ---------------------------------------------------------------------*/

static void parse_ipv4(const uint8_t *data, uint32_t len, bool any_len, struct net_layout *at)
{
	const uint8_t *ip = data + at->l3;
	uint32_t header, total;

	if (len - at->l3 < 20 || ip[0] >> 4 != 4)
		return;
	header = (ip[0] & 15u) * 4;
	total = any_len ? len - at->l3 : net_get16(ip + 2);
	if (header < 20 || header > total || total > len - at->l3)
		return;
	at->ip = 4;
	at->proto = ip[9];
	at->end = at->l3 + total;
	at->fragment = net_get16(ip + 6) & 0x3fff;
	if (!at->fragment)
		at->l4 = at->l3 + header;
}

static void parse_ipv6(const uint8_t *data, uint32_t len, bool any_len, struct net_layout *at)
{
	const uint8_t *ip = data + at->l3;
	uint32_t pos = at->l3 + 40, total;
	uint8_t next;

	if (len - at->l3 < 40 || ip[0] >> 4 != 6)
		return;
	total = any_len ? len - at->l3 : 40u + net_get16(ip + 4);
	if (total > len - at->l3)
		return;
	at->end = at->l3 + total;
	next = ip[6];
	/* Hop-by-hop, routing and destination options say their length. */
	while (next == 0 || next == 43 || next == 60) {
		if (at->end - pos < 8)
			return;
		next = data[pos];
		pos += 8 + data[pos + 1] * 8u;
		if (pos > at->end)
			return;
	}
	at->ip = 6;
	at->proto = next;
	at->fragment = next == 44;
	if (!at->fragment)
		at->l4 = pos;
}

static void parse_l4(const uint8_t *data, struct net_layout *at)
{
	uint32_t room = at->end - at->l4, header = 8;

	if (at->proto == NET_PROTO_TCP)
		header = room < TCP_HEADER_LEN ? TCP_HEADER_LEN :
						 (data[at->l4 + 12] >> 4) * 4u;
	if (at->proto == NET_PROTO_TCP && header < TCP_HEADER_LEN)
		header = room + 1;
	if (at->proto == NET_PROTO_ICMP || at->proto == NET_PROTO_ICMPV6)
		header = 4;
	if (header > room)
		at->l4 = 0;
	else
		at->payload = at->l4 + header;
}

void net_parse(const uint8_t *data, uint32_t len, bool any_len, struct net_layout *at)
{
	uint32_t pos = 12;

	memset(at, 0, sizeof(*at));
	if (len < NET_HEADER_LEN)
		return;
	at->type = net_get16(data + pos);
	while ((at->type == NET_TYPE_8021Q || at->type == NET_TYPE_8021AD) && len >= pos + 6) {
		pos += NET_TAG_LEN;
		at->type = net_get16(data + pos);
	}
	at->l3 = pos + 2;
	at->end = len;
	if (at->type == NET_TYPE_IPV4)
		parse_ipv4(data, len, any_len, at);
	else if (at->type == NET_TYPE_IPV6)
		parse_ipv6(data, len, any_len, at);
	if (!at->ip)
		at->l3 = 0;
	if (at->l4)
		parse_l4(data, at);
}

/* Checksums -------------------------------------------------------------------------*/

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/*
 * The order of bytes does not matter to such a sum, as long as it is the same for all:
 * it is taken as the machine has it, and turned round at the end.
 */
uint16_t net_sum(const uint8_t *data, uint32_t len, uint32_t sum)
{
	uint64_t total = 0;
	uint16_t folded;
	uint32_t word, i;

	for (i = 0; i + 4 <= len; i += 4) {
		memcpy(&word, data + i, 4);
		total += word;
	}
	word = 0;
	memcpy(&word, data + i, len - i);
	folded = fold(total + word);
	return fold(net_get16((const uint8_t *)&folded) + (uint64_t)sum);
}

uint16_t net_pseudo_sum(const uint8_t *data, const struct net_layout *at, uint32_t l4_len)
{
	uint32_t sum = at->proto + (l4_len >> 16) + (l4_len & 0xffff);

	if (at->ip == 4)
		return net_sum(data + at->l3 + 12, 8, sum);
	return net_sum(data + at->l3 + 8, 32, sum);
}

uint32_t net_sum_at(const struct net_layout *at)
{
	if (!at->l4)
		return 0;
	switch (at->proto) {
	case NET_PROTO_TCP:
		return at->l4 + 16;
	case NET_PROTO_UDP:
		return at->l4 + 6;
	case NET_PROTO_ICMP:
		return at->ip == 4 ? at->l4 + 2 : 0;
	case NET_PROTO_ICMPV6:
		return at->ip == 6 ? at->l4 + 2 : 0;
	default:
		return 0;
	}
}

/* The sum over layer 4 with its pseudo header, if it has one: 0xffff when it is right. */
static uint16_t l4_sum(const uint8_t *data, const struct net_layout *at)
{
	uint32_t len = at->end - at->l4;
	uint16_t sum = at->proto == NET_PROTO_ICMP ? 0 : net_pseudo_sum(data, at, len);

	return net_sum(data + at->l4, len, sum);
}

const char *net_check(const uint8_t *data, const struct net_layout *at)
{
	uint32_t where = net_sum_at(at);

	if (at->ip == 4 && net_sum(data + at->l3, (data[at->l3] & 15u) * 4, 0) != 0xffff)
		return "IPv4 header checksum";
	if (!where)
		return NULL;
	/* Over IPv4 a datagram need not have one. */
	if (at->proto == NET_PROTO_UDP && at->ip == 4 && !net_get16(data + where))
		return NULL;
	if (at->proto == NET_PROTO_UDP && net_get16(data + at->l4 + 4) != at->end - at->l4)
		return "UDP length";
	if (l4_sum(data, at) == 0xffff)
		return NULL;
	switch (at->proto) {
	case NET_PROTO_TCP:
		return "TCP checksum";
	case NET_PROTO_UDP:
		return "UDP checksum";
	default:
		return "ICMP checksum";
	}
}

void net_fill_ip_sum(uint8_t *data, const struct net_layout *at)
{
	if (at->ip != 4)
		return;
	net_put16(data + at->l3 + 10, 0);
	net_put16(data + at->l3 + 10,
		  (uint16_t)~net_sum(data + at->l3, (data[at->l3] & 15u) * 4, 0));
}

void net_fill_l4_sum(uint8_t *data, const struct net_layout *at)
{
	uint32_t where = net_sum_at(at);
	uint16_t sum;

	if (!where)
		return;
	net_put16(data + where, 0);
	sum = (uint16_t)~l4_sum(data, at);
	/* 0 would mean that there is none. */
	if (!sum && at->proto == NET_PROTO_UDP)
		sum = 0xffff;
	net_put16(data + where, sum);
}

/* Cutting up ------------------------------------------------------------------------*/

static struct net_frame *segment(const struct net_frame *frame, const struct net_layout *at,
				 uint32_t number)
{
	uint32_t from = number * frame->mss, all = at->end - at->payload;
	uint32_t len = all - from < frame->mss ? all - from : frame->mss;
	struct net_frame *part = net_frame_new(at->payload + len);
	struct net_layout now = *at;
	uint8_t *tcp, *ip;

	if (!part)
		return NULL;
	part->tagged = frame->tagged;
	part->tci = frame->tci;
	part->verdict = NET_GOOD;
	memcpy(part->data, frame->data, at->payload);
	memcpy(part->data + at->payload, frame->data + at->payload + from, len);
	now.end = at->payload + len;
	ip = part->data + at->l3;
	tcp = part->data + at->l4;
	if (at->ip == 4) {
		net_put16(ip + 2, (uint16_t)(now.end - at->l3));
		net_put16(ip + 4, (uint16_t)(net_get16(ip + 4) + number));
	} else {
		net_put16(ip + 4, (uint16_t)(now.end - at->l3 - 40));
	}
	net_put32(tcp + 4, net_get32(tcp + 4) + from);
	if (from + len < all)
		tcp[TCP_FLAGS] &= (uint8_t)~(TCP_FIN | TCP_PUSH);
	if (number)
		tcp[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
	net_fill_ip_sum(part->data, &now);
	net_fill_l4_sum(part->data, &now);
	return part;
}

struct net_frame *net_cut(const struct net_frame *frame)
{
	struct net_frame *list = NULL, **end = &list;
	struct net_layout at;
	uint32_t number = 0, all;

	net_parse(frame->data, frame->len, false, &at);
	if (!frame->mss || at.proto != NET_PROTO_TCP || !at.l4)
		return net_frame_copy(frame);
	all = at.end - at.payload;
	do {
		*end = segment(frame, &at, number);
		if (!*end) {
			net_frames_free(list);
			return NULL;
		}
		end = &(*end)->next;
	} while (++number * (uint64_t)frame->mss < all);
	return list;
}

/* The hash --------------------------------------------------------------------------*/

uint32_t net_toeplitz(const uint8_t *key, const uint8_t *input, uint32_t len)
{
	uint32_t window = net_get32(key), hash = 0, i;
	int bit;

	for (i = 0; i < len; i++)
		for (bit = 7; bit >= 0; bit--) {
			if (input[i] >> bit & 1)
				hash ^= window;
			window = window << 1 | (key[i + 4] >> bit & 1);
		}
	return hash;
}

uint32_t net_hash(const uint8_t *data, const struct net_layout *at, const uint8_t *key,
		  bool ports)
{
	uint32_t addresses = at->ip == 4 ? 8 : 32;
	uint8_t input[36];

	if (!at->ip)
		return 0;
	memcpy(input, data + at->l3 + (at->ip == 4 ? 12 : 8), addresses);
	if (!ports || !at->l4)
		return net_toeplitz(key, input, addresses);
	memcpy(input + addresses, data + at->l4, 4);
	return net_toeplitz(key, input, addresses + 4);
}

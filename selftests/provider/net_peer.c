// SPDX-License-Identifier: GPL-2.0
/*
 * net_peer.c - what is at the other end of the cable
 *
 * A pair is two NICs with a cable between them; a tap device or a socket is a cable
 * that leaves the host. Else there is a station: it
 * answers ARP, ping and neighbour solicitations for its own addresses, and gives
 * back what comes to UDP port 7. It sends numbered datagrams when asked to, and
 * looks at those it gets:
 *
 *   0  4  "vkit", 4  4  flow, 8  4  number, 12  bytes (number + i) & 255
 *
 * all big endian, to UDP port 9.
 */
#include "net.h"

#include <stdlib.h>
#include <string.h>

#define ARP_LEN			28u
#define ECHO_PORT		7u
#define DISCARD_PORT		9u
#define SOURCE_PORT		10000u	/* plus the number of the flow */
#define STAMP			0x766b6974u	/* "vkit" */
#define STAMP_LEN		12u
#define SOURCE_TURN		64u	/* frames at a time */
#define IPV4_LEN		20u
#define UDP_LEN			8u
#define ICMP_ECHO		8u
#define ICMPV6_ECHO		128u
#define ICMPV6_ECHO_REPLY	129u
#define ICMPV6_SOLICIT		135u
#define ICMPV6_ADVERTISE	136u
#define SOLICIT_LEN		24u

/* Who is there ----------------------------------------------------------------------*/

/* From the last frame it has sent. */
static void learn(struct net *net, const uint8_t *data, uint32_t len)
{
	struct net_layout at;
	const uint8_t *from = NULL;

	net_parse(data, len, false, &at);
	if (at.type == NET_TYPE_ARP && len >= NET_HEADER_LEN + ARP_LEN)
		from = data + NET_HEADER_LEN + 14;
	else if (at.ip == 4)
		from = data + at.l3 + 12;
	memcpy(net->guest_mac, data + NET_MAC_LEN, NET_MAC_LEN);
	if (from && net_get32(from))
		memcpy(net->guest4, from, 4);
}

static void swap(uint8_t *a, uint8_t *b, uint32_t len)
{
	uint8_t kept;

	while (len--) {
		kept = *a;
		*a++ = *b;
		*b++ = kept;
	}
}

/* The station's answers -------------------------------------------------------------*/

/* To whom it came from, from the station. */
static void turn_round(const struct net *net, struct net_frame *frame)
{
	memcpy(frame->data, frame->data + NET_MAC_LEN, NET_MAC_LEN);
	memcpy(frame->data + NET_MAC_LEN, net->peer_mac, NET_MAC_LEN);
}

static bool answer_arp(const struct net *net, struct net_frame *frame, uint32_t l3)
{
	uint8_t *arp = frame->data + l3;

	if (frame->len < l3 + ARP_LEN || net_get16(arp + 6) != 1 || memcmp(arp + 24, net->peer4, 4))
		return false;
	net_put16(arp + 6, 2);
	memcpy(arp + 18, arp + 8, NET_MAC_LEN + 4);
	memcpy(arp + 8, net->peer_mac, NET_MAC_LEN);
	memcpy(arp + 14, net->peer4, 4);
	return true;
}

static bool answer_ipv4(const struct net *net, struct net_frame *frame,
			const struct net_layout *at)
{
	uint8_t *ip = frame->data + at->l3, *l4 = frame->data + at->l4;

	if (memcmp(ip + 16, net->peer4, 4))
		return false;
	if (at->proto == NET_PROTO_ICMP && l4[0] == ICMP_ECHO)
		l4[0] = 0;
	else if (at->proto == NET_PROTO_UDP && net_get16(l4 + 2) == ECHO_PORT)
		swap(l4, l4 + 2, 2);
	else
		return false;
	swap(ip + 12, ip + 16, 4);
	return true;
}

/*
 * The solicitation becomes an advertisement, its option the address of the link. One
 * without an option comes from who has no address yet and only looks for his own.
 */
static bool advertise(const struct net *net, struct net_frame *frame, struct net_layout *at)
{
	uint8_t *ip = frame->data + at->l3, *icmp = frame->data + at->l4;
	uint32_t len = at->l4 + SOLICIT_LEN + 8;

	if (at->end - at->l4 < SOLICIT_LEN || frame->len < len ||
	    memcmp(icmp + 8, net->peer6, 16))
		return false;
	memcpy(ip + 24, ip + 8, 16);
	memcpy(ip + 8, net->peer6, 16);
	icmp[0] = ICMPV6_ADVERTISE;
	net_put32(icmp + 4, 0x60000000);	/* solicited, override */
	icmp[SOLICIT_LEN] = 2;
	icmp[SOLICIT_LEN + 1] = 1;
	memcpy(icmp + SOLICIT_LEN + 2, net->peer_mac, NET_MAC_LEN);
	net_put16(ip + 4, SOLICIT_LEN + 8);
	at->end = len;
	frame->len = len;
	return true;
}

static bool answer_ipv6(const struct net *net, struct net_frame *frame, struct net_layout *at)
{
	uint8_t *ip = frame->data + at->l3, *l4 = frame->data + at->l4;

	if (at->proto == NET_PROTO_ICMPV6 && l4[0] == ICMPV6_SOLICIT)
		return advertise(net, frame, at);
	if (memcmp(ip + 24, net->peer6, 16))
		return false;
	if (at->proto == NET_PROTO_ICMPV6 && l4[0] == ICMPV6_ECHO)
		l4[0] = ICMPV6_ECHO_REPLY;
	else if (at->proto == NET_PROTO_UDP && net_get16(l4 + 2) == ECHO_PORT)
		swap(l4, l4 + 2, 2);
	else
		return false;
	swap(ip + 8, ip + 24, 16);
	return true;
}

/* Make an answer of it. False: there is none. */
static bool answer(struct net *net, struct net_frame *frame)
{
	struct net_layout at;

	net_parse(frame->data, frame->len, false, &at);
	if (at.type == NET_TYPE_ARP) {
		if (!answer_arp(net, frame, NET_HEADER_LEN +
				(net_get16(frame->data + 12) == NET_TYPE_ARP ? 0 : NET_TAG_LEN)))
			return false;
	} else if (!at.l4 || net_check(frame->data, &at)) {
		return false;
	} else {
		if (!(at.ip == 4 ? answer_ipv4(net, frame, &at) : answer_ipv6(net, frame, &at)))
			return false;
		net_fill_ip_sum(frame->data, &at);
		net_fill_l4_sum(frame->data, &at);
	}
	turn_round(net, frame);
	frame->verdict = NET_UNKNOWN;
	net->count.answered++;
	return true;
}

/* Numbered datagrams ----------------------------------------------------------------*/

static bool body_is_right(const uint8_t *body, uint32_t len, uint32_t number)
{
	uint32_t i;

	for (i = STAMP_LEN; i < len; i++)
		if (body[i] != (uint8_t)(number + i - STAMP_LEN))
			return false;
	return true;
}

static void look_at(struct net *net, const struct net_frame *frame)
{
	uint32_t flow, number, len;
	struct net_layout at;
	const uint8_t *body;

	net_parse(frame->data, frame->len, false, &at);
	if (!at.l4 || at.proto != NET_PROTO_UDP || at.end - at.payload < STAMP_LEN)
		return;
	body = frame->data + at.payload;
	len = at.end - at.payload;
	if (net_get32(body) != STAMP)
		return;
	flow = net_get32(body + 4);
	number = net_get32(body + 8);
	if (flow >= NET_CHANNELS_MAX || !body_is_right(body, len, number) ||
	    number < net->sunk_next[flow]) {
		net->count.sunk_bad++;
		return;
	}
	net->count.sunk_lost += number - net->sunk_next[flow];
	net->sunk_next[flow] = number + 1;
	net->count.sunk_good++;
}

static struct net_frame *datagram(struct net *net, uint32_t flow, uint32_t number, uint32_t len)
{
	uint32_t total = IPV4_LEN + UDP_LEN + STAMP_LEN + len, i;
	struct net_frame *frame = net_frame_new(NET_HEADER_LEN + total);
	uint8_t *ip, *udp, *body;
	struct net_layout at;

	if (!frame)
		return NULL;
	memcpy(frame->data, net->guest_mac, NET_MAC_LEN);
	memcpy(frame->data + NET_MAC_LEN, net->peer_mac, NET_MAC_LEN);
	net_put16(frame->data + 12, NET_TYPE_IPV4);
	ip = frame->data + NET_HEADER_LEN;
	memset(ip, 0, IPV4_LEN + UDP_LEN);
	ip[0] = 0x45;
	net_put16(ip + 2, (uint16_t)total);
	net_put16(ip + 4, net->ip_id++);
	ip[8] = 64;
	ip[9] = NET_PROTO_UDP;
	memcpy(ip + 12, net->peer4, 4);
	memcpy(ip + 16, net->guest4, 4);
	udp = ip + IPV4_LEN;
	net_put16(udp, (uint16_t)(SOURCE_PORT + flow));
	net_put16(udp + 2, DISCARD_PORT);
	net_put16(udp + 4, (uint16_t)(total - IPV4_LEN));
	body = udp + UDP_LEN;
	net_put32(body, STAMP);
	net_put32(body + 4, flow);
	net_put32(body + 8, number);
	for (i = 0; i < len; i++)
		body[STAMP_LEN + i] = (uint8_t)(number + i);
	net_parse(frame->data, frame->len, false, &at);
	net_fill_ip_sum(frame->data, &at);
	net_fill_l4_sum(frame->data, &at);
	frame->verdict = NET_GOOD;
	return frame;
}

bool net_source_run(struct net *net)
{
	struct net_frame *frame;
	uint32_t turn;

	for (turn = 0; net->source_left && turn < SOURCE_TURN; turn++) {
		net->source_left--;
		frame = datagram(net, net->source_seq % net->source_flows,
				 net->source_seq / net->source_flows, net->source_len);
		net->source_seq++;
		if (frame)
			net_receive(net, frame);
	}
	return turn;
}

void net_source_start(struct net *net, uint32_t count, uint32_t len, uint32_t flows)
{
	net->source_left = count;
	net->source_len = len;
	net->source_flows = flows;
	net->source_seq = 0;
	net_rx_flush(net);
}

/* The cable -------------------------------------------------------------------------*/

static void reflect(struct net *net, struct net_frame *frame)
{
	swap(frame->data, frame->data + NET_MAC_LEN, NET_MAC_LEN);
	net_receive(net, frame);
}

static void to_station(struct net *net, struct net_frame *frame)
{
	look_at(net, frame);
	if (net->peer == NET_PEER_ECHO && answer(net, frame))
		net_receive(net, frame);
	else
		free(frame);
}

void net_transmit(struct net *net, struct net_frame *frame)
{
	if (!net->carrier || (net->peer == NET_PEER_PAIR && !net->pair)) {
		free(frame);
		return;
	}
	if (net->peer == NET_PEER_PAIR) {
		net_receive(net->pair, frame);
		return;
	}
	if (net->peer == NET_PEER_TAP || net->peer == NET_PEER_SOCKET) {
		net_wire_send(&net->wire, frame);
		return;
	}
	learn(net, frame->data, frame->len);
	if (net->peer == NET_PEER_REFLECT)
		reflect(net, frame);
	else
		to_station(net, frame);
}

void net_peer_init(struct net *net)
{
	net_wire_init(&net->wire, net, net_receive, &net->count.wire_sent, &net->count.wire_lost);
}

int net_peer_plug_in(struct net *net)
{
	char local[sizeof(net->wire_name)], *remote;

	if (net->peer == NET_PEER_TAP)
		return net_wire_open_tap(&net->wire, net->wire_name);
	if (net->peer != NET_PEER_SOCKET)
		return 0;
	strcpy(local, net->wire_name);
	remote = strchr(local, ':');
	*remote++ = 0;
	return net_wire_open_sockets(&net->wire, local, remote);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * frame.c - how much of an Ethernet frame is headers
 */
#include "frame.h"

#define ETHER_LEN	14u
#define VLAN_LEN	4u
#define IP4_LEN		20u	/* at least */
#define IP6_LEN		40u
#define TCP_LEN		20u	/* at least */
#define UDP_LEN		8u

#define TYPE_IP4	0x0800u
#define TYPE_IP6	0x86ddu
#define TYPE_VLAN	0x8100u
#define NEXT_TCP	6u
#define NEXT_UDP	17u

static u32 be16(const u8 *at)
{
	return at[0] << 8 | at[1];
}

/* Of both, bits of four count words of 4 bytes. */
static u32 words(u8 count)
{
	return (count & 15u) * 4u;
}

u32 frame_header_len(const u8 *head, u32 len)
{
	u32 type = be16(head + ETHER_LEN - 2), at = ETHER_LEN;
	u8 next;

	if (type == TYPE_VLAN && len >= ETHER_LEN + VLAN_LEN) {
		at += VLAN_LEN;
		type = be16(head + at - 2);
	}
	if (type == TYPE_IP4 && len >= at + IP4_LEN) {
		if (words(head[at]) < IP4_LEN)
			return len;
		next = head[at + 9];
		at += words(head[at]);
	} else if (type == TYPE_IP6 && len >= at + IP6_LEN) {
		next = head[at + 6];
		at += IP6_LEN;
	} else {
		return len;
	}
	if (next == NEXT_UDP)
		at += UDP_LEN;
	else if (next == NEXT_TCP && len >= at + TCP_LEN && words(head[at + 12] >> 4) >= TCP_LEN)
		at += words(head[at + 12] >> 4);
	else
		return len;
	return at < len ? at : len;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * frame.h - how much of an Ethernet frame is headers
 */
#ifndef NETVSC_PROTO_FRAME_H
#define NETVSC_PROTO_FRAME_H

#include "env.h"

/**
 * frame_header_len() - where the data of a frame begin
 * @head: its first bytes, in memory that nobody else writes to
 * @len: how many, at least an Ethernet header
 *
 * Knows what is common: one VLAN tag, IP of either version, TCP or UDP. Says nothing of
 * whether the headers are right.
 *
 * Return: at most @len; all of it if the frame is something else.
 */
u32 frame_header_len(const u8 *head, u32 len);

#endif

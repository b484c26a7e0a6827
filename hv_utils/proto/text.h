/* SPDX-License-Identifier: GPL-2.0 */
/*
 * text.h - UTF-16 of hosts to UTF-8, and back
 */
#ifndef VMBUS_KIT_PROTO_TEXT_H
#define VMBUS_KIT_PROTO_TEXT_H

#include "env.h"

/**
 * text_utf8() - text of a host's
 * @to: for UTF-8 and a NUL
 * @room: bytes there
 * @from: UTF-16; half of a pair becomes U+FFFD
 * @units: 16-bit units there
 *
 * Return: bytes put, with the NUL; 0 if @from has no end or @to no room.
 */
u32 text_utf8(u8 *to, u32 room, const __le16 *from, u32 units);

/**
 * text_utf16() - text for a host
 * @to: for UTF-16 and a NUL
 * @units: 16-bit units there, at least one
 * @from: UTF-8; what is none becomes U+FFFD
 * @len: bytes there; the text ends there, or at a NUL
 *
 * Text that is too long is cut between characters.
 *
 * Return: units put, with the NUL.
 */
u32 text_utf16(__le16 *to, u32 units, const u8 *from, u32 len);

#endif

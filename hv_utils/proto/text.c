// SPDX-License-Identifier: GPL-2.0
/*
 * text.c - UTF-16 of hosts to UTF-8, and back
 */
#include "text.h"

#define UNKNOWN_CHAR	0xfffdu

static bool is_high(u32 unit)
{
	return (unit & 0xfc00) == 0xd800;
}

static bool is_low(u32 unit)
{
	return (unit & 0xfc00) == 0xdc00;
}

/* One character in UTF-8; its bytes, or 0 if there is no room. */
static u32 put_utf8(u8 *to, u32 room, u32 c)
{
	u32 more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	u32 i;

	if (room <= more)
		return 0;
	if (!more) {
		to[0] = (u8)c;
		return 1;
	}
	for (i = more; i; i--, c >>= 6)
		to[i] = 0x80 | (c & 0x3f);
	to[0] = (u8)(0xf0 << (3 - more) | c);
	return more + 1;
}

u32 text_utf8(u8 *to, u32 room, const __le16 *from, u32 units)
{
	u32 at = 0, i;

	for (i = 0; i < units; i++) {
		u32 c = le16_to_cpu(from[i]), put;

		if (is_high(c) && i + 1 < units && is_low(le16_to_cpu(from[i + 1]))) {
			c = 0x10000 + ((c & 0x3ff) << 10) + (le16_to_cpu(from[i + 1]) & 0x3ff);
			i++;
		} else if (is_high(c) || is_low(c)) {
			c = UNKNOWN_CHAR;
		}
		put = put_utf8(to + at, room - at, c);
		if (!put)
			return 0;
		at += put;
		if (!c)
			return at;
	}
	return 0;
}

/* One character of UTF-8; its bytes, at least one, also of what is none. */
static u32 get_utf8(const u8 *from, u32 len, u32 *c)
{
	static const u32 least[] = { 0, 0x80, 0x800, 0x10000 };
	u32 more, value, i;

	*c = from[0];
	if (from[0] < 0x80)
		return 1;
	more = from[0] >= 0xf0 ? 3 : from[0] >= 0xe0 ? 2 : 1;
	value = from[0] & (0x3f >> more);
	*c = UNKNOWN_CHAR;
	if (from[0] < 0xc0 || from[0] >= 0xf8 || len <= more)
		return 1;
	for (i = 1; i <= more; i++) {
		if ((from[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (from[i] & 0x3f);
	}
	if (value < least[more] || value > 0x10ffff || is_high(value) || is_low(value))
		return 1;
	*c = value;
	return more + 1;
}

u32 text_utf16(__le16 *to, u32 units, const u8 *from, u32 len)
{
	u32 at = 0, i = 0, c;

	while (i < len && from[i]) {
		i += get_utf8(from + i, len - i, &c);
		if (at + (c < 0x10000 ? 1 : 2) >= units)
			break;
		if (c < 0x10000) {
			to[at++] = cpu_to_le16(c);
		} else {
			c -= 0x10000;
			to[at++] = cpu_to_le16(0xd800 | c >> 10);
			to[at++] = cpu_to_le16(0xdc00 | (c & 0x3ff));
		}
	}
	to[at++] = 0;
	return at;
}

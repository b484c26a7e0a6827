// SPDX-License-Identifier: GPL-2.0
/*
 * util_text.c - words, numbers and UTF-16 for the integration services
 */
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void util_put(vsp_put_line put, void *ctx, const char *fmt, ...)
{
	char line[8192];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	put(ctx, line);
}

/* Words --------------------------------------------------------------------------------*/

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* Behind a backslash; what it stands for is never longer than how it is written. */
static char *unescape(char **from, char *to)
{
	unsigned int code;

	switch (*(*from)++) {
	case 'n':
		*to++ = '\n';
		return to;
	case 't':
		*to++ = '\t';
		return to;
	case 'u':
		if (sscanf(*from, "%4x", &code) != 1 || strspn(*from, "0123456789abcdefABCDEF") < 4)
			return NULL;
		*from += 4;
		return put_utf8(to, code);
	case '\0':
		return NULL;
	default:
		*to++ = (*from)[-1];
		return to;
	}
}

int util_words(char *line, char **words, int max)
{
	char *from = line, *to;
	bool quoted;
	int count = 0;

	for (;;) {
		from += strspn(from, " \t\r\n");
		if (!*from)
			return count;
		if (count == max)
			return -1;
		words[count++] = to = from;
		for (quoted = false; *from && (quoted || !strchr(" \t\r\n", *from));) {
			if (*from == '"') {
				quoted = !quoted;
				from++;
			} else if (quoted && *from == '\\') {
				from++;
				to = unescape(&from, to);
				if (!to)
					return -1;
			} else {
				*to++ = *from++;
			}
		}
		if (quoted)
			return -1;
		from += *from != '\0';
		*to = '\0';
	}
}

/* UTF-16 -------------------------------------------------------------------------------*/

/* The next character, or -1. */
static int32_t take_utf8(const unsigned char **at)
{
	const unsigned char *p = *at;
	int more = *p < 0x80 ? 0 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : 1;
	int32_t c = more ? *p & (0x3f >> more) : *p;

	if (*p >= 0x80 && (*p < 0xc0 || *p > 0xf4))
		return -1;
	for (p++; more; more--, p++) {
		if ((*p & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (*p & 0x3f);
	}
	*at = p;
	return c;
}

uint32_t util_to_utf16(__le16 *to, uint32_t room, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	uint32_t used = 0;
	int32_t c;

	room /= 2;
	do {
		c = take_utf8(&at);
		if (c < 0 || used + (c > 0xffff) >= room)
			return 0;
		if (c > 0xffff) {
			to[used++] = cpu_to_le16((uint16_t)(0xd800 + ((c - 0x10000) >> 10)));
			to[used++] = cpu_to_le16((uint16_t)(0xdc00 + (c & 0x3ff)));
		} else {
			to[used++] = cpu_to_le16((uint16_t)c);
		}
	} while (c);
	return used * 2;
}

static uint16_t unit(const uint8_t *bytes, uint32_t index)
{
	return (uint16_t)(bytes[2 * index] | bytes[2 * index + 1] << 8);
}

bool util_from_utf16(char *to, size_t room, const void *from, uint32_t bytes)
{
	const char *end = to + room - 8;	/* the longest character, a quote, a NUL */
	uint32_t i, c, next;

	*to++ = '"';
	for (i = 0; i < bytes / 2 && unit(from, i); i++) {
		c = unit(from, i);
		if (c >= 0xdc00 && c < 0xe000)
			return false;
		if (c >= 0xd800 && c < 0xdc00) {
			next = i + 1 < bytes / 2 ? unit(from, i + 1) : 0;
			if (next < 0xdc00 || next >= 0xe000)
				return false;
			c = 0x10000 + ((c - 0xd800) << 10) + (next - 0xdc00);
			i++;
		}
		if (to >= end)
			return false;
		if (c < ' ') {
			to += sprintf(to, "\\u%04x", c);
		} else {
			if (c == '"' || c == '\\')
				*to++ = '\\';
			to = put_utf8(to, c);
		}
	}
	*to++ = '"';
	*to = '\0';
	return i < bytes / 2;
}

/* Numbers ------------------------------------------------------------------------------*/

bool util_number(const char *text, uint64_t most, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 0);
	return !*end && !errno && *value <= most;
}

bool util_seconds(const char *text, int64_t *value)
{
	bool minus = *text == '-';
	double seconds;
	char *end;

	text += minus || *text == '+';
	if (*text < '0' || *text > '9')
		return false;
	seconds = strtod(text, &end);
	if (*end || seconds > 1e10)
		return false;
	*value = (int64_t)(seconds * (double)HVIC_TIME_PER_SECOND + 0.5);
	if (minus)
		*value = -*value;
	return true;
}

bool util_version(const char *text, struct hvic_version *version)
{
	unsigned int major, minor;
	char rest;

	if (sscanf(text, "%5u.%5u%c", &major, &minor, &rest) != 2 || major > 0xffff ||
	    minor > 0xffff)
		return false;
	version->major = cpu_to_le16((uint16_t)major);
	version->minor = cpu_to_le16((uint16_t)minor);
	return true;
}

uint32_t util_crc32(uint32_t crc, const uint8_t *bytes, size_t len)
{
	int bit;

	for (crc = ~crc; len--; bytes++) {
		crc ^= *bytes;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * mounts.c - a line of /proc/self/mounts
 */
#include "mounts.h"

/* Blanks, tabs, ends of lines and backslashes stand there as three octal digits. */
static void unescape(char *text)
{
	const char *from = text;

	while (*from) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*text++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*text++ = *from++;
		}
	}
	*text = 0;
}

bool mounts_line(char *line, char **dir)
{
	static const char dev[] = "/dev/";
	char *blank;

	if (strncmp(line, dev, sizeof(dev) - 1))
		return false;
	blank = strchr(line, ' ');
	if (!blank)
		return false;
	*dir = blank + 1;
	blank = strchr(*dir, ' ');
	if (!blank || blank == *dir)
		return false;
	*blank = 0;
	unescape(*dir);
	return true;
}

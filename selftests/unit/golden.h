/* SPDX-License-Identifier: GPL-2.0 */
/*
 * golden.h - read the files in unit/golden/: bytes exactly as a party sends them
 *
 * The format, made to be dropped in as captured:
 *
 *	# SPDX-License-Identifier: GPL-2.0
 *	# carrier: guest-message
 *	# origin: where the bytes come from
 *	0e 00 00 00 00 00 00 00		bytes; what follows a '#' is comment
 *	--				the next record: the bodies of a GPADL
 *
 * Carriers: guest-message and host-message (a control message, without the
 * padding a transport may add), guest-packet and host-packet (descriptor to
 * payload, without the trailer).
 */
#ifndef VMBUS_KIT_GOLDEN_H
#define VMBUS_KIT_GOLDEN_H

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN_RECORDS		64
#define GOLDEN_RECORD_LEN	4096

struct golden_record {
	unsigned int len;
	/* Aligned as the private copy of a message is. */
	unsigned char bytes[GOLDEN_RECORD_LEN] __attribute__((aligned(8)));
};

struct golden {
	char name[128];			/* of the file, without .hex */
	char carrier[32];
	unsigned int count;
	struct golden_record record[GOLDEN_RECORDS];
};

/* Bytes of one line, appended. False if it is not hexadecimal or too much. */
static bool golden_line(struct golden *g, char *line)
{
	struct golden_record *record = &g->record[g->count - 1];
	char *word, *rest = line, *end;
	unsigned long byte;

	line[strcspn(line, "#")] = '\0';
	for (word = strtok_r(line, " \t\n", &rest); word; word = strtok_r(NULL, " \t\n", &rest)) {
		if (!strcmp(word, "--")) {
			if (g->count == GOLDEN_RECORDS)
				return false;
			record = &g->record[g->count++];
			continue;
		}
		byte = strtoul(word, &end, 16);
		if (*end || end - word != 2 || record->len == GOLDEN_RECORD_LEN)
			return false;
		record->bytes[record->len++] = (unsigned char)byte;
	}
	return true;
}

/* Reads one file by its name without directory and .hex. False, with a note, if it is no good. */
static bool golden_load(struct golden *g, const char *name)
{
	char path[512], line[512];
	bool good = true;
	FILE *file;

	memset(g, 0, sizeof(*g));
	snprintf(g->name, sizeof(g->name), "%s", name);
	snprintf(path, sizeof(path), "%s/%s.hex", GOLDEN_DIR, name);
	file = fopen(path, "r");
	if (!file) {
		printf("# cannot read %s\n", path);
		return false;
	}
	g->count = 1;
	while (good && fgets(line, sizeof(line), file)) {
		sscanf(line, "# carrier: %31s", g->carrier);
		good = golden_line(g, line);
	}
	fclose(file);
	if (!good || !g->carrier[0] || !g->record[0].len) {
		printf("# %s: not a golden file\n", path);
		return false;
	}
	return true;
}

/* Calls @use with every file in the directory; returns how many there were. */
__attribute__((unused))
static unsigned int golden_each(void (*use)(struct golden *g))
{
	static struct golden g;
	unsigned int i, used = 0;
	struct dirent **entries;
	int count = scandir(GOLDEN_DIR, &entries, NULL, alphasort);
	char *dot;

	for (i = 0; (int)i < count; i++) {
		dot = strrchr(entries[i]->d_name, '.');
		if (dot && !strcmp(dot, ".hex")) {
			*dot = '\0';
			if (!golden_load(&g, entries[i]->d_name))
				g.carrier[0] = '\0';	/* the user sees an unknown carrier */
			use(&g);
			used++;
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return used;
}

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * storage_ctl.c - what people say to the host's storage controllers: options
 * before the guest starts, commands while it runs
 *
 * Control commands, each behind the controller's label:
 *   counters                    "name value" lines
 *   delay US                    answer SRBs so many microseconds late
 *   reorder on [US] | off       answer in random order, each up to US (300) late
 *   hold | release              answer no SRB until released
 *   withhold N [OP] | answer    answer the next N SRBs (or those with operation
 *                               code OP) not before "answer"
 *   mute on | off               look at nothing that comes; what came is lost
 *   reset ok|finish|refuse|silent   what to do when asked to reset
 *   fail N SRB SCSI SENSE [OP]  the next N SRBs other than INQUIRY (or only those
 *                               with operation code OP) are not executed but
 *                               answered with these two status bytes and the
 *                               sense KEY/ASC/ASCQ (hex), "-" for none
 *   add LUN DISK [quiet]        a disk comes, DISK as in the options
 *   remove LUN [quiet]          it goes; quiet: the guest is not told
 *   resize LUN SIZE             it grows or shrinks
 *   granularity LUN SIZE        of UNMAP
 *   eject LUN | insert LUN [PATH]   of a drive; without a path what was in it last
 *   attention LUN ASC/ASCQ      the next command is told this
 *   path LUN STATE              to the disk: optimized, nonoptimized, standby ...
 *   notify [OP [TIMES]]         "look at the bus", or any other operation
 *   checksum LUN [AT LEN]       CRC-32 as gzip and zlib have it, of the medium
 *   lun LUN                     what stands behind it
 */
#include "storage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUB_CHANNELS_MAX	255
#define DEFAULT_MAX_TRANSFER	0x40000u
#define MAX_MAX_TRANSFER	(64u << 20)
#define CHECKSUM_MAX		(4ull << 30)	/* more would stop the guest for seconds */

/* Controllers of all hosts, from their first option to their end. */
static struct storage *all;

void storage_forget(struct storage *s)
{
	struct storage **at;

	for (at = &all; *at != s; at = &(*at)->next)
		;
	*at = s->next;
}

/* Counters and commands ---------------------------------------------------------------------*/

static void put_counter(vsp_put_line put, void *ctx, const char *name, uint64_t value)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %llu", name, (unsigned long long)value);
	put(ctx, line);
}

void storage_counters(void *dev, vsp_put_line put, void *ctx)
{
	struct storage *s = dev;
	char name[8];
	int op;

	put_counter(put, ctx, "reads", s->stats.reads);
	put_counter(put, ctx, "writes", s->stats.writes);
	put_counter(put, ctx, "read_bytes", s->stats.read_bytes);
	put_counter(put, ctx, "write_bytes", s->stats.write_bytes);
	put_counter(put, ctx, "flushes", s->stats.flushes);
	put_counter(put, ctx, "fua_writes", s->stats.fua_writes);
	put_counter(put, ctx, "unmaps", s->stats.unmaps);
	put_counter(put, ctx, "unmapped_blocks", s->stats.unmapped_blocks);
	put_counter(put, ctx, "write_sames", s->stats.write_sames);
	put_counter(put, ctx, "errors", s->errors);
	put_counter(put, ctx, "resets", s->resets);
	put_counter(put, ctx, "outstanding", s->outstanding);
	put_counter(put, ctx, "max_outstanding", s->max_outstanding);
	for (op = 0; op < 256; op++) {
		if (!s->opcodes[op])
			continue;
		snprintf(name, sizeof(name), "op_%02x", op);
		put_counter(put, ctx, name, s->opcodes[op]);
	}
}

void storage_reset_counters(void *dev)
{
	struct storage *s = dev;

	memset(&s->stats, 0, sizeof(s->stats));
	memset(s->opcodes, 0, sizeof(s->opcodes));
	s->errors = 0;
	s->resets = 0;
	s->max_outstanding = s->outstanding;	/* a state, not a count */
}

static bool parse_u32(const char *text, int base, uint32_t max, uint32_t *value)
{
	unsigned long n;
	char *end;

	/* Neither a sign nor blanks, which strtoul() would take. */
	if (!strchr("0123456789abcdefABCDEF", text[0]) || !text[0])
		return false;
	errno = 0;
	n = strtoul(text, &end, base);
	if (*end || errno || n > max)
		return false;
	*value = n;
	return true;
}

/* The functions for commands return NULL, or what is wrong. */

static const char *command_delay(struct storage *s, int argc, char **argv)
{
	uint32_t us;

	if (argc != 2 || !parse_u32(argv[1], 10, MAX_DELAY_US, &us))
		return "delay US, up to 60000000";
	s->delay = us * 1000ull;
	return NULL;
}

static const char *command_reorder(struct storage *s, int argc, char **argv)
{
	uint32_t us = DEFAULT_REORDER_US;

	if (argc == 2 && !strcmp(argv[1], "off")) {
		s->reorder_window = 0;
		return NULL;
	}
	if (argc < 2 || argc > 3 || strcmp(argv[1], "on") ||
	    (argc == 3 && (!parse_u32(argv[2], 10, MAX_DELAY_US, &us) || !us)))
		return "reorder on [US] | off";
	s->reorder_window = us * 1000ull;
	return NULL;
}

static bool parse_sense(const char *text, struct scripted_failure *f)
{
	unsigned int key, asc, ascq;
	char rest;

	if (!strcmp(text, "-"))
		return true;
	if (sscanf(text, "%2x/%2x/%2x%c", &key, &asc, &ascq, &rest) != 3 || key > 0xf)
		return false;
	f->has_sense = true;
	f->key = key;
	f->asc = asc;
	f->ascq = ascq;
	return true;
}

static const char *command_fail(struct storage *s, int argc, char **argv)
{
	struct scripted_failure f = { .opcode = -1 };
	uint32_t srb_status, scsi_status, opcode;

	if (argc < 5 || argc > 6 || !parse_u32(argv[1], 10, UINT32_MAX, &f.left) ||
	    !parse_u32(argv[2], 16, 0xff, &srb_status) ||
	    !parse_u32(argv[3], 16, 0xff, &scsi_status) || !parse_sense(argv[4], &f))
		return "fail N SRB_STATUS SCSI_STATUS KEY/ASC/ASCQ|- [OPCODE], all but N in hex";
	if (argc == 6) {
		if (!parse_u32(argv[5], 16, 0xff, &opcode))
			return "fail: OPCODE is two hex digits";
		f.opcode = opcode;
	}
	f.srb_status = srb_status;
	f.scsi_status = scsi_status;
	s->fail = f;
	return NULL;
}

/* LUN_MAX: no number, or one that cannot be. */
static uint32_t parse_lun(const struct storage *s, const char *text)
{
	uint32_t lun;

	return parse_u32(text, 10, s->kind->luns - 1, &lun) ? lun : LUN_MAX;
}

static struct scsi_disk *find_disk(struct storage *s, const char *text)
{
	uint32_t lun = parse_lun(s, text);

	return lun < LUN_MAX && s->luns[lun] ? scsi_lun_disk(s->luns[lun]) : NULL;
}

static const char *command_checksum(struct storage *s, int argc, char **argv, vsp_put_line put,
				    void *ctx)
{
	struct scsi_disk *disk = argc > 1 ? find_disk(s, argv[1]) : NULL;
	uint64_t at = 0, len;
	char line[32];

	if (!disk || (argc != 2 && argc != 4))
		return "checksum LUN [AT LEN] of a disk that exists";
	len = scsi_disk_size(disk);
	if (argc == 4) {
		if (!scsi_parse_size(argv[2], &at) || at > len ||
		    !scsi_parse_size(argv[3], &len) || len > scsi_disk_size(disk) - at)
			return "checksum: that range is not on the disk";
	}
	if (len > CHECKSUM_MAX)
		return "checksum: at most 4G at a time";
	snprintf(line, sizeof(line), "crc32 %08x", scsi_disk_crc32(disk, at, len));
	put(ctx, line);
	return NULL;
}

static const char *command_lun(struct storage *s, int argc, char **argv, vsp_put_line put,
			       void *ctx)
{
	struct scsi_disk *disk = argc == 2 ? find_disk(s, argv[1]) : NULL;

	if (!disk)
		return "lun LUN of a disk that exists";
	scsi_disk_info(disk, put, ctx);
	return NULL;
}

/* Units that come, go and change -------------------------------------------------------------*/

/* What functions that can say more write their reason to; one command runs at a time. */
static char why[400];

/* "LABEL/LUN": a disk that another controller has already; NULL if there is none. */
static struct scsi_disk *find_shared(const struct storage *s, const char *name)
{
	const char *slash = strchr(name, '/');
	struct storage *other;

	for (other = all; slash && other; other = other->next)
		if (other->vsp == s->vsp && strlen(other->label) == (size_t)(slash - name) &&
		    !strncmp(other->label, name, slash - name))
			return find_disk(other, slash + 1);
	return NULL;
}

/* Every disk has a name of its own: the next one at this place is another disk. */
static struct wire_guid disk_id(struct storage *s, uint32_t lun)
{
	struct wire_guid id = s->instance_id;

	id.b[15] ^= lun;
	id.b[14] ^= s->added >> 8;
	id.b[13] ^= s->added;
	return id;
}

/* 0, or -1 with the reason in @why. */
static int add_lun(struct storage *s, uint32_t lun, const char *spec)
{
	struct wire_guid id = disk_id(s, lun);
	struct scsi_disk *disk;

	if (!strncmp(spec, "same:", 5)) {
		disk = find_shared(s, spec + 5);
		if (!disk) {
			snprintf(why, sizeof(why), "\"%s\": no such disk yet", spec);
			return -1;
		}
		s->luns[lun] = scsi_lun_new(disk);
		return s->luns[lun] ? 0 : -1;
	}
	if (scsi_disk_open(&disk, spec, &id, why, sizeof(why)))
		return -1;
	/* While options are read the block size may still be to come; see apply_block_size(). */
	if (s->device && scsi_disk_set_block_size(disk, s->block_size, why, sizeof(why))) {
		scsi_disk_put(disk);
		return -1;
	}
	s->luns[lun] = scsi_lun_new(disk);
	scsi_disk_put(disk);
	return s->luns[lun] ? 0 : -1;
}

static bool is_quiet(int argc, char **argv, int words)
{
	return argc == words + 1 && !strcmp(argv[words], "quiet");
}

static const char *command_add(struct storage *s, int argc, char **argv)
{
	bool quiet = is_quiet(argc, argv, 3);
	uint32_t lun = argc > 1 ? parse_lun(s, argv[1]) : LUN_MAX;

	if ((argc != 3 && !quiet) || lun == LUN_MAX)
		return "add LUN DISK [quiet]";
	if (s->luns[lun])
		return "add: there is one";
	s->added++;
	strcpy(why, "out of memory");
	if (add_lun(s, lun, argv[2]))
		return why;
	if (!quiet)
		storage_notify(s, VSTOR_OP_ENUMERATE_BUS);
	return NULL;
}

static const char *command_remove(struct storage *s, int argc, char **argv)
{
	bool quiet = is_quiet(argc, argv, 2);
	uint32_t lun = argc > 1 ? parse_lun(s, argv[1]) : LUN_MAX;

	if ((argc != 2 && !quiet) || lun == LUN_MAX || !s->luns[lun])
		return "remove LUN [quiet] of a disk that exists";
	scsi_lun_free(s->luns[lun]);
	s->luns[lun] = NULL;
	if (!quiet)
		storage_notify(s, VSTOR_OP_ENUMERATE_BUS);
	return NULL;
}

static const char *command_resize(struct storage *s, int argc, char **argv)
{
	struct scsi_disk *disk = argc == 3 ? find_disk(s, argv[1]) : NULL;
	uint64_t size;

	if (!disk || !scsi_parse_size(argv[2], &size))
		return "resize LUN SIZE of a disk that exists";
	return scsi_disk_resize(disk, size, why, sizeof(why)) ? why : NULL;
}

static const char *command_granularity(struct storage *s, int argc, char **argv)
{
	struct scsi_disk *disk = argc == 3 ? find_disk(s, argv[1]) : NULL;
	uint64_t size;

	if (!disk || !scsi_parse_size(argv[2], &size))
		return "granularity LUN SIZE of a disk that exists";
	return scsi_disk_set_granularity(disk, size, why, sizeof(why)) ? why : NULL;
}

static const char *command_insert(struct storage *s, int argc, char **argv)
{
	struct scsi_disk *disk = argc == 2 || argc == 3 ? find_disk(s, argv[1]) : NULL;

	if (!disk)
		return "insert LUN [PATH] into a drive that exists";
	return scsi_disk_insert(disk, argc == 3 ? argv[2] : NULL, why, sizeof(why)) ? why : NULL;
}

static const char *command_eject(struct storage *s, int argc, char **argv)
{
	struct scsi_disk *disk = argc == 2 ? find_disk(s, argv[1]) : NULL;

	if (!disk)
		return "eject LUN of a drive that exists";
	return scsi_disk_eject(disk, why, sizeof(why)) ? why : NULL;
}

static const char *command_attention(struct storage *s, int argc, char **argv)
{
	uint32_t lun = argc == 3 ? parse_lun(s, argv[1]) : LUN_MAX;
	unsigned int asc, ascq;
	char rest;

	if (lun == LUN_MAX || !s->luns[lun] ||
	    sscanf(argv[2], "%2x/%2x%c", &asc, &ascq, &rest) != 2)
		return "attention LUN ASC/ASCQ (hex) of a disk that exists";
	scsi_lun_attention(s->luns[lun], asc, ascq);
	return NULL;
}

static const char *command_path(struct storage *s, int argc, char **argv)
{
	uint32_t lun = argc == 3 ? parse_lun(s, argv[1]) : LUN_MAX;

	if (lun == LUN_MAX || !s->luns[lun] || !scsi_lun_set_path(s->luns[lun], argv[2]))
		return "path LUN optimized | nonoptimized | standby | unavailable | transitioning";
	return NULL;
}

static const char *command_notify(struct storage *s, int argc, char **argv)
{
	uint32_t op = VSTOR_OP_ENUMERATE_BUS, times = 1;

	if (argc > 3 || (argc > 1 && !parse_u32(argv[1], 10, UINT32_MAX, &op)) ||
	    (argc > 2 && !parse_u32(argv[2], 10, 1000, &times)))
		return "notify [OPERATION [TIMES]]";
	while (times--)
		if (!storage_notify(s, op))
			return "notify: the guest is not listening";
	return NULL;
}

/* Answers that do not come -------------------------------------------------------------------*/

static const char *command_withhold(struct storage *s, int argc, char **argv)
{
	uint32_t n, opcode;

	s->withhold_opcode = -1;
	if (argc < 2 || argc > 3 || !parse_u32(argv[1], 10, UINT32_MAX, &n) ||
	    (argc == 3 && !parse_u32(argv[2], 16, 0xff, &opcode)))
		return "withhold N [OPCODE]";
	if (argc == 3)
		s->withhold_opcode = opcode;
	s->withhold = n;
	return NULL;
}

static const char *command_reset(struct storage *s, int argc, char **argv)
{
	static const char * const modes[STORAGE_RESET_MODES] = {
		[STORAGE_RESET_OK] = "ok",
		[STORAGE_RESET_FINISH] = "finish",
		[STORAGE_RESET_REFUSE] = "refuse",
		[STORAGE_RESET_SILENT] = "silent",
	};
	int mode;

	for (mode = 0; argc == 2 && mode < STORAGE_RESET_MODES; mode++)
		if (!strcmp(argv[1], modes[mode])) {
			s->reset = mode;
			return NULL;
		}
	return "reset ok | finish | refuse | silent";
}

static const char *command_mute(struct storage *s, int argc, char **argv)
{
	if (argc != 2 || (strcmp(argv[1], "on") && strcmp(argv[1], "off")))
		return "mute on | off";
	s->mute = argv[1][1] == 'n';
	return NULL;
}

/* Dispatch ---------------------------------------------------------------------------------*/

static const struct {
	const char *name;
	const char *(*run)(struct storage *s, int argc, char **argv);
} commands[] = {
	{ "delay", command_delay },
	{ "reorder", command_reorder },
	{ "fail", command_fail },
	{ "add", command_add },
	{ "remove", command_remove },
	{ "resize", command_resize },
	{ "granularity", command_granularity },
	{ "insert", command_insert },
	{ "eject", command_eject },
	{ "attention", command_attention },
	{ "path", command_path },
	{ "notify", command_notify },
	{ "withhold", command_withhold },
	{ "reset", command_reset },
	{ "mute", command_mute },
};

static const char *run_command(struct storage *s, int argc, char **argv, vsp_put_line put,
			       void *ctx)
{
	size_t i;

	if (!argc)
		return "no command";
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[0], commands[i].name))
			return commands[i].run(s, argc, argv);
	if (!strcmp(argv[0], "checksum"))
		return command_checksum(s, argc, argv, put, ctx);
	if (!strcmp(argv[0], "lun"))
		return command_lun(s, argc, argv, put, ctx);
	if (argc != 1)
		return "unknown command";
	if (!strcmp(argv[0], "counters")) {
		storage_counters(s, put, ctx);
	} else if (!strcmp(argv[0], "hold")) {
		s->hold = true;
		storage_look(s);
	} else if (!strcmp(argv[0], "release")) {
		s->hold = false;
		storage_look(s);
	} else if (!strcmp(argv[0], "answer")) {
		storage_answer_withheld(s);
	} else {
		return "unknown command";
	}
	return NULL;
}

void storage_command(void *dev, const char *line, vsp_put_line put, void *ctx)
{
	char copy[256], reply[512];
	char *argv[8];
	int argc = 0;
	char *save, *word;
	const char *wrong;

	if (strlen(line) >= sizeof(copy)) {
		put(ctx, "error: the line is too long");
		return;
	}
	strcpy(copy, line);
	for (word = strtok_r(copy, " \t\r\n", &save); word && argc < (int)ARRAY_SIZE(argv);
	     word = strtok_r(NULL, " \t\r\n", &save))
		argv[argc++] = word;

	wrong = word ? "too many words" : run_command(dev, argc, argv, put, ctx);
	if (wrong) {
		snprintf(reply, sizeof(reply), "error: %s", wrong);
		put(ctx, reply);
	} else {
		put(ctx, "ok");
	}
}

/* Kinds of controllers ---------------------------------------------------------------------*/

/* Azure's controllers have consecutive ids, which user space knows; more are numbered on. */
static void name_scsi(struct storage *s, const char *digits)
{
	static const struct wire_guid first = WIRE_GUID(0xf8b3781a, 0x1e82, 0x4818, 0xa1, 0xc3,
							0x63, 0xd8, 0x06, 0xec, 0x15, 0xbb);

	s->instance_id = first;
	s->instance_id.b[0] += digits[0] - '0';
}

/* Of IDE disks the id says where they are: controller and place on it. */
static void name_ide(struct storage *s, const char *digits)
{
	static const struct wire_guid none = WIRE_GUID(0, 0, 0x8899, 0, 0, 0, 0, 0, 0, 0, 0);

	s->instance_id = none;
	s->instance_id.b[0] = digits[0] - '0';
	s->instance_id.b[4] = digits[1] - '0';
	s->target = digits[1] - '0';
}

static void name_fc(struct storage *s, const char *digits)
{
	static const struct wire_guid first = WIRE_GUID(0x7c6e1f40, 0x53b2, 0x4e0d, 0x9a, 0x61,
							0x0f, 0x84, 0x2b, 0xd7, 0x33, 0x1c);

	s->instance_id = first;
	s->instance_id.b[0] += digits[0] - '0';
	s->port_name = 0xc003ff0000000000ull | (uint32_t)(digits[0] - '0');
	s->node_name = 0xc003ff00ffff0000ull | (uint32_t)(digits[0] - '0');
}

static const struct storage_kind kinds[] = {
	{ "scsi", 1, 7, LUN_MAX, false, &storage_scsi_ops, name_scsi },
	{ "ide", 2, 1, 1, false, &storage_ide_ops, name_ide },
	{ "fc", 1, 7, LUN_MAX, true, &storage_fc_ops, name_fc },
};

/* Options ------------------------------------------------------------------------------------*/

static struct storage *storage_new(struct vsp *vsp, const struct storage_kind *kind,
				   const char *label)
{
	struct storage *s = calloc(1, sizeof(*s)), **at;

	if (!s)
		return NULL;
	s->vsp = vsp;
	s->kind = kind;
	snprintf(s->label, sizeof(s->label), "%s", label);
	kind->name(s, label + strlen(kind->prefix));
	s->block_size = 512;
	s->max_version = VSTOR_VERSION_WIN10;
	s->max_transfer = DEFAULT_MAX_TRANSFER;
	s->fail.opcode = -1;
	s->withhold_opcode = -1;
	storage_init(s);
	for (at = &all; *at; at = &(*at)->next)
		;
	*at = s;
	return s;
}

static int option_lun(struct storage *s, const char *name, const char *value, char *err,
		      size_t err_len)
{
	uint32_t lun = parse_lun(s, name + 3);

	if (lun == LUN_MAX) {
		snprintf(err, err_len, "%s: LUNs are 0 to %u", name, s->kind->luns - 1);
		return -EINVAL;
	}
	if (s->luns[lun]) {
		snprintf(err, err_len, "%s: given twice", name);
		return -EINVAL;
	}
	strcpy(why, "out of memory");
	if (add_lun(s, lun, value)) {
		snprintf(err, err_len, "%s: %s", name, why);
		return -EINVAL;
	}
	return 0;
}

static bool option_vstor_max(struct storage *s, const char *value)
{
	if (!strcmp(value, "5.1"))
		s->max_version = VSTOR_VERSION_WIN8;
	else if (!strcmp(value, "6.0"))
		s->max_version = VSTOR_VERSION_WIN8_1;
	else if (!strcmp(value, "6.2"))
		s->max_version = VSTOR_VERSION_WIN10;
	else
		return false;
	return true;
}

static bool parse_name(const char *text, uint64_t *name)
{
	if (strlen(text) != 16 || strspn(text, "0123456789abcdefABCDEF") != 16)
		return false;
	*name = strtoull(text, NULL, 16);
	return true;
}

/* Options that are one value; returns NULL, or what the value should have been. */
static const char *option_value(struct storage *s, const char *name, const char *value)
{
	uint64_t size;
	uint32_t n;

	if (!strcmp(name, "block_size")) {
		if (!parse_u32(value, 10, 4096, &n) || (n != 512 && n != 4096))
			return "512 or 4096";
		s->block_size = n;
	} else if (!strcmp(name, "vstor_max")) {
		if (!option_vstor_max(s, value))
			return "5.1, 6.0 or 6.2";
	} else if (!strcmp(name, "max_transfer")) {
		if (!scsi_parse_size(value, &size) || !size || size % 4096 ||
		    size > MAX_MAX_TRANSFER)
			return "a multiple of 4096, up to 64M";
		s->max_transfer = size;
	} else if (!strcmp(name, "sub_channels")) {
		if (!parse_u32(value, 10, SUB_CHANNELS_MAX, &s->max_sub_channels))
			return "a number up to 255";
	} else if (!strcmp(name, "delay")) {
		if (!parse_u32(value, 10, MAX_DELAY_US, &n))
			return "microseconds, up to 60000000";
		s->delay = n * 1000ull;
	} else if (!strcmp(name, "wwpn") || !strcmp(name, "wwnn")) {
		if (!parse_name(value, name[2] == 'p' ? &s->port_name : &s->node_name))
			return "16 hex digits";
	} else if (!strcmp(name, "names")) {
		if (strcmp(value, "primary") && strcmp(value, "secondary"))
			return "primary or secondary";
		s->secondary = value[0] == 's';
	} else if (!strcmp(name, "reorder")) {
		if (strcmp(value, "on") && strcmp(value, "off"))
			return "on or off";
		s->reorder_window = value[1] == 'n' ? DEFAULT_REORDER_US * 1000ull : 0;
	}
	return NULL;
}

static bool is_lun_option(const char *name)
{
	return !strncmp(name, "lun", 3) && name[3] >= '0' && name[3] <= '9';
}

static bool is_option(const struct storage_kind *kind, const char *name)
{
	static const char * const fibre[] = { "wwpn", "wwnn", "names" };
	static const char * const names[] = {
		"block_size", "vstor_max", "max_transfer", "sub_channels", "delay", "reorder",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	for (i = 0; kind->fibre && i < ARRAY_SIZE(fibre); i++)
		if (!strcmp(name, fibre[i]))
			return true;
	return is_lun_option(name);
}

/* The kind of controller a label stands for, or NULL. */
static const struct storage_kind *kind_of(const char *label, size_t len)
{
	size_t i, d, prefix;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		prefix = strlen(kinds[i].prefix);
		if (len != prefix + kinds[i].digits || strncmp(label, kinds[i].prefix, prefix))
			continue;
		for (d = prefix; d < len; d++)
			if (label[d] < '0' || label[d] > '0' + (int)kinds[i].most)
				return NULL;
		return &kinds[i];
	}
	return NULL;
}

static struct storage *find_storage(const struct vsp *vsp, const char *label, size_t len)
{
	struct storage *s;

	for (s = all; s; s = s->next)
		if (s->vsp == vsp && !s->device && strlen(s->label) == len &&
		    !strncmp(s->label, label, len))
			return s;
	return NULL;
}

int vsp_storage_option(struct vsp *vsp, const char *option, const char *value, char *err,
		       size_t err_len)
{
	const char *dot = strchr(option, '.'), *name = dot ? dot + 1 : option;
	const char *label = dot ? option : "scsi0";
	size_t len = dot ? (size_t)(dot - option) : strlen(label);
	const struct storage_kind *kind = kind_of(label, len);
	const char *expected;
	char text[16];
	struct storage *s;

	if (!kind || !is_option(kind, name)) {
		snprintf(err, err_len, "%s: no such option", option);
		return -EINVAL;
	}
	s = find_storage(vsp, label, len);
	if (!s) {
		snprintf(text, sizeof(text), "%.*s", (int)len, label);
		s = storage_new(vsp, kind, text);
	}
	if (!s) {
		snprintf(err, err_len, "out of memory");
		return -EINVAL;
	}
	if (is_lun_option(name))
		return option_lun(s, name, value, err, err_len);
	expected = option_value(s, name, value);
	if (expected) {
		snprintf(err, err_len, "%s=%s: must be %s", option, value, expected);
		return -EINVAL;
	}
	return 0;
}

static int apply_block_size(struct storage *s, char *err, size_t err_len)
{
	uint32_t i;

	for (i = 0; i < LUN_MAX; i++) {
		if (!s->luns[i])
			continue;
		if (scsi_disk_set_block_size(scsi_lun_disk(s->luns[i]), s->block_size, why,
					     sizeof(why))) {
			snprintf(err, err_len, "lun%u: %s", i, why);
			return -EINVAL;
		}
	}
	return 0;
}

static int start(struct storage *s, char *err, size_t err_len)
{
	if (apply_block_size(s, err, err_len))
		return -EINVAL;
	s->device = vsp_device_add(s->vsp, s->kind->ops, s, &s->instance_id, s->label);
	if (s->device)
		return 0;
	snprintf(err, err_len, "%s: the device cannot be added", s->label);
	return -EINVAL;
}

/* Without any storage option there is no controller. */
int vsp_storage_start(struct vsp *vsp, char *err, size_t err_len)
{
	struct storage *s, *next;

	for (s = all; s; s = next) {
		next = s->next;
		if (s->vsp != vsp || s->device || !start(s, err, err_len))
			continue;
		storage_forget(s);
		storage_free(s);
		return -EINVAL;
	}
	return 0;
}

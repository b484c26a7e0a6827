// SPDX-License-Identifier: GPL-2.0
/*
 * scsi_reserve.c - what who shares a disk says to the others: persistent
 * reservations (SPC-4 5.12), and which path to it is the good one (5.11)
 *
 * A controller that sees the disk is an initiator and a target port at once, in
 * a port group of its own. Nothing persists through a loss of power, for there
 * is none.
 */
#include "scsi_unit.h"

#include <string.h>

#include "env.h"

#define PERSISTENT_RESERVE_IN	0x5e
#define PERSISTENT_RESERVE_OUT	0x5f
#define MAINTENANCE_IN		0xa3
#define REPORT_TARGET_GROUPS	0x0a	/* its service action */

/* Service actions */
#define IN_KEYS			0x00
#define IN_RESERVATION		0x01
#define IN_CAPABILITIES		0x02
#define IN_FULL_STATUS		0x03
#define OUT_REGISTER		0x00
#define OUT_RESERVE		0x01
#define OUT_RELEASE		0x02
#define OUT_CLEAR		0x03
#define OUT_PREEMPT		0x04
#define OUT_PREEMPT_ABORT	0x05
#define OUT_REGISTER_ANYHOW	0x06

/* Types */
#define WRITE_EXCLUSIVE		1
#define EXCLUSIVE		3
#define WRITE_EXCLUSIVE_MEMBERS	5
#define EXCLUSIVE_MEMBERS	6
#define WRITE_EXCLUSIVE_ALL	7
#define EXCLUSIVE_ALL		8

#define OUT_PARAMETERS		24
#define MAX_LISTED		32u	/* of those who see a disk */
#define TRANSPORT_ID_LEN	24

/* News for the others */
#define ATTENTION_RESERVATIONS	0x2a
#define PREEMPTED		0x03
#define RELEASED		0x04
#define REGISTRATION_PREEMPTED	0x05
#define ACCESS_STATE_CHANGED	0x06

static void conflict(struct scsi_cmd *cmd)
{
	scsi_cmd_refuse(cmd, VSTOR_SRB_ERROR, SCSI_RESERVATION_CONFLICT);
}

/* Who has what -----------------------------------------------------------------------*/

static bool is_type(uint8_t type)
{
	return type == WRITE_EXCLUSIVE || type == EXCLUSIVE ||
	       (type >= WRITE_EXCLUSIVE_MEMBERS && type <= EXCLUSIVE_ALL);
}

/* Every member holds it. */
static bool of_all(const struct scsi_disk *disk)
{
	return disk->reserved == WRITE_EXCLUSIVE_ALL || disk->reserved == EXCLUSIVE_ALL;
}

static bool for_members(const struct scsi_disk *disk)
{
	return of_all(disk) || disk->reserved == WRITE_EXCLUSIVE_MEMBERS ||
	       disk->reserved == EXCLUSIVE_MEMBERS;
}

static bool holds(const struct scsi_lun *lun)
{
	const struct scsi_disk *disk = lun->disk;

	return disk->reserved && lun->key && (of_all(disk) || disk->holder == lun);
}

static void tell_members(struct scsi_disk *disk, const struct scsi_lun *but, uint8_t ascq)
{
	struct scsi_lun *lun;

	for (lun = disk->luns; lun; lun = lun->next)
		if (lun != but && lun->key)
			scsi_lun_attention(lun, ATTENTION_RESERVATIONS, ascq);
}

/* @by tells the others where members might have relied on it. */
static void release(struct scsi_disk *disk, const struct scsi_lun *by)
{
	if (disk->reserved && for_members(disk))
		tell_members(disk, by, RELEASED);
	disk->reserved = 0;
	disk->holder = NULL;
}

static bool any_member(const struct scsi_disk *disk)
{
	const struct scsi_lun *lun;

	for (lun = disk->luns; lun; lun = lun->next)
		if (lun->key)
			return true;
	return false;
}

static void unregister(struct scsi_lun *lun)
{
	struct scsi_disk *disk = lun->disk;

	lun->key = 0;
	if (of_all(disk) ? !any_member(disk) : disk->holder == lun)
		release(disk, lun);
}

void scsi_reserve_forget(struct scsi_lun *lun)
{
	unregister(lun);
}

/* What a reservation of somebody else keeps us from ----------------------------------*/

enum access { ANY, READS, WRITES };

static enum access access_of(const uint8_t *cdb)
{
	switch (cdb[0]) {
	case 0x00:	/* TEST UNIT READY */
	case 0x25:	/* READ CAPACITY */
	case 0x9e:
	case SCSI_INQUIRY:
	case SCSI_REPORT_LUNS:
	case PERSISTENT_RESERVE_IN:
	case PERSISTENT_RESERVE_OUT:	/* has rules of its own */
	case MAINTENANCE_IN:
		return ANY;
	case 0x08:	/* READ */
	case 0x28:
	case 0x88:
	case 0xa8:
	case 0x2f:	/* VERIFY */
	case 0x8f:
	case 0xaf:
	case 0x1a:	/* MODE SENSE */
	case 0x5a:
		return READS;
	default:
		return WRITES;
	}
}

static bool kept_out(const struct scsi_lun *lun, enum access access)
{
	const struct scsi_disk *disk = lun->disk;

	if (!disk->reserved || access == ANY || holds(lun) || (lun->key && for_members(disk)))
		return false;
	return access == WRITES || disk->reserved == EXCLUSIVE ||
	       disk->reserved == EXCLUSIVE_MEMBERS || disk->reserved == EXCLUSIVE_ALL;
}

/* Paths --------------------------------------------------------------------------------*/

static const struct {
	const char *name;
	uint8_t state;
	uint8_t ascq;		/* of NOT READY, 0: it works */
} paths[] = {
	{ "optimized", 0x0, 0 },
	{ "nonoptimized", 0x1, 0 },
	{ "standby", 0x2, 0x0b },
	{ "unavailable", 0x3, 0x0c },
	{ "transitioning", 0xf, 0x0a },
};

bool scsi_lun_set_path(struct scsi_lun *lun, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		if (strcmp(paths[i].name, name))
			continue;
		lun->disk->has_paths = true;
		lun->path = i;
		scsi_disk_attention(lun->disk, NULL, ATTENTION_RESERVATIONS, ACCESS_STATE_CHANGED);
		return true;
	}
	return false;
}

static void report_target_groups(struct scsi_lun *lun, struct scsi_cmd *cmd)
{
	uint8_t buf[4 + MAX_LISTED * 12] = { 0 };
	const struct scsi_lun *other;
	uint32_t len = 4;

	if ((cmd->cdb[1] & 0xe0) || !lun->disk->has_paths) {
		scsi_cmd_bad_field(cmd);
		return;
	}
	for (other = lun->disk->luns; other && len < sizeof(buf); other = other->next) {
		uint8_t *group = buf + len;

		group[0] = paths[other->path].state;
		group[1] = 0x8f;		/* every state but offline can be */
		put_be16(group + 2, other->port);
		group[5] = 0x02;		/* the device has changed it by itself */
		group[7] = 1;
		put_be16(group + 10, other->port);
		len += 12;
	}
	put_be32(buf, len - 4);
	scsi_cmd_reply(cmd, buf, len, get_be32(cmd->cdb + 6));
}

/* A port that cannot be used answers what does not touch the medium. */
static bool path_works(struct scsi_lun *lun, struct scsi_cmd *cmd)
{
	uint8_t ascq = paths[lun->path].ascq;

	if (!ascq || cmd->cdb[0] == SCSI_INQUIRY || cmd->cdb[0] == MAINTENANCE_IN ||
	    cmd->cdb[0] == PERSISTENT_RESERVE_IN || cmd->cdb[0] == PERSISTENT_RESERVE_OUT)
		return true;
	scsi_cmd_check(cmd, VSTOR_SRB_ERROR, KEY_NOT_READY, 0x04, ascq);
	return false;
}

uint32_t scsi_path_designators(const struct scsi_lun *lun, uint8_t *p)
{
	int type;

	if (!lun->disk->has_paths)
		return 0;
	/* Relative target port, target port group: binary, of the port */
	for (type = 4; type <= 5; type++, p += 8) {
		p[0] = 1;
		p[1] = 0x10 | type;
		p[3] = 4;
		put_be16(p + 6, lun->port);
	}
	return 16;
}

/* PERSISTENT RESERVE IN ------------------------------------------------------------------*/

static void put_full_status(const struct scsi_lun *lun, uint8_t *p)
{
	put_be64(p, lun->key);
	if (holds(lun)) {
		p[12] = 0x01;
		p[13] = lun->disk->reserved;
	}
	put_be16(p + 18, lun->port);
	put_be32(p + 20, TRANSPORT_ID_LEN);
	/* A Fibre Channel name; any kind will do. */
	p[24 + 15] = lun->port;
}

static void reserve_in(struct scsi_lun *lun, struct scsi_cmd *cmd)
{
	uint8_t buf[8 + MAX_LISTED * (24 + TRANSPORT_ID_LEN)] = { 0 };
	const struct scsi_disk *disk = lun->disk;
	uint8_t action = cmd->cdb[1] & 0x1f;
	const struct scsi_lun *other;
	uint32_t len = 8, listed = 0;

	put_be32(buf, disk->generation);
	for (other = disk->luns; other && listed < MAX_LISTED; other = other->next) {
		if (!other->key || (action != IN_KEYS && action != IN_FULL_STATUS))
			continue;
		listed++;
		if (action == IN_KEYS) {
			put_be64(buf + len, other->key);
			len += 8;
		} else {
			put_full_status(other, buf + len);
			len += 24 + TRANSPORT_ID_LEN;
		}
	}
	switch (action) {
	case IN_KEYS:
	case IN_FULL_STATUS:
		break;
	case IN_RESERVATION:
		if (!disk->reserved)
			break;
		/* That of all has no key. */
		put_be64(buf + 8, of_all(disk) ? 0 : disk->holder->key);
		buf[8 + 13] = disk->reserved;
		len += 16;
		break;
	case IN_CAPABILITIES:
		put_be16(buf, 8);
		buf[2] = 0;
		buf[3] = 0x80;		/* the types that follow */
		buf[4] = 0xea;
		buf[5] = 0x01;
		scsi_cmd_reply(cmd, buf, 8, get_be16(cmd->cdb + 7));
		return;
	default:
		scsi_cmd_bad_field(cmd);
		return;
	}
	put_be32(buf + 4, len - 8);
	scsi_cmd_reply(cmd, buf, len, get_be16(cmd->cdb + 7));
}

/* PERSISTENT RESERVE OUT -----------------------------------------------------------------*/

static void register_key(struct scsi_lun *lun, struct scsi_cmd *cmd, uint64_t key, uint64_t new_key)
{
	if ((cmd->cdb[1] & 0x1f) == OUT_REGISTER && key != lun->key) {
		conflict(cmd);
		return;
	}
	if (new_key)
		lun->key = new_key;
	else if (lun->key)
		unregister(lun);
	lun->disk->generation++;
}

static void reserve(struct scsi_lun *lun, struct scsi_cmd *cmd, uint8_t type)
{
	struct scsi_disk *disk = lun->disk;

	if (!disk->reserved) {
		disk->reserved = type;
		disk->holder = lun;
	} else if (!holds(lun) || disk->reserved != type) {
		conflict(cmd);
	}
}

static void release_own(struct scsi_lun *lun, struct scsi_cmd *cmd, uint8_t type)
{
	struct scsi_disk *disk = lun->disk;

	if (!holds(lun))
		return;
	if (disk->reserved != type)
		scsi_cmd_bad_parameter(cmd);
	else
		release(disk, lun);
}

static void clear(struct scsi_lun *lun)
{
	struct scsi_disk *disk = lun->disk;
	struct scsi_lun *other;

	tell_members(disk, lun, PREEMPTED);
	for (other = disk->luns; other; other = other->next)
		other->key = 0;
	disk->reserved = 0;
	disk->holder = NULL;
	disk->generation++;
}

/* Everyone with this key but @by is a member no more. How many? */
static uint32_t remove_members(struct scsi_disk *disk, struct scsi_lun *by, uint64_t key, bool all)
{
	struct scsi_lun *other;
	uint32_t removed = 0;

	for (other = disk->luns; other; other = other->next) {
		if (other == by || !other->key || (!all && other->key != key))
			continue;
		scsi_lun_attention(other, ATTENTION_RESERVATIONS, REGISTRATION_PREEMPTED);
		other->key = 0;
		removed++;
	}
	return removed;
}

static void preempt(struct scsi_lun *lun, struct scsi_cmd *cmd, uint64_t victim, uint8_t type)
{
	struct scsi_disk *disk = lun->disk;
	bool takes_over = disk->reserved &&
			  (of_all(disk) ? !victim : disk->holder->key == victim);

	if (!victim && !takes_over) {
		scsi_cmd_bad_parameter(cmd);
		return;
	}
	/* Before: the holder's key is gone afterwards. */
	if (!remove_members(disk, lun, victim, !victim) && !takes_over) {
		conflict(cmd);
		return;
	}
	if (takes_over) {
		disk->reserved = type;
		disk->holder = lun;
	}
	disk->generation++;
}

static void reserve_out(struct scsi_lun *lun, struct scsi_cmd *cmd)
{
	uint8_t action = cmd->cdb[1] & 0x1f, type = cmd->cdb[2] & 0x0f;
	uint32_t len = get_be32(cmd->cdb + 5);
	uint8_t param[OUT_PARAMETERS];
	uint64_t key, service_key;

	if (action > OUT_REGISTER_ANYHOW) {
		scsi_cmd_bad_field(cmd);
		return;
	}
	if (len != sizeof(param)) {
		scsi_cmd_bad_parameter_length(cmd);
		return;
	}
	if (!scsi_cmd_may_move_out(cmd, len) || !scsi_cmd_fetch(cmd, 0, param, len))
		return;
	key = get_be64(param);
	service_key = get_be64(param + 8);
	/* For other ports, and through a loss of power: neither can be. */
	if (param[20] & 0x0d) {
		scsi_cmd_bad_parameter(cmd);
		return;
	}
	cmd->moved = len;
	if (action == OUT_REGISTER || action == OUT_REGISTER_ANYHOW) {
		register_key(lun, cmd, key, service_key);
		return;
	}
	if (!lun->key || lun->key != key) {
		conflict(cmd);
		return;
	}
	if (action != OUT_CLEAR && (cmd->cdb[2] >> 4 || !is_type(type))) {
		scsi_cmd_bad_field(cmd);
		return;
	}
	switch (action) {
	case OUT_RESERVE:
		reserve(lun, cmd, type);
		break;
	case OUT_RELEASE:
		release_own(lun, cmd, type);
		break;
	case OUT_CLEAR:
		clear(lun);
		break;
	case OUT_PREEMPT:
	case OUT_PREEMPT_ABORT:
		preempt(lun, cmd, service_key, type);
		break;
	}
}

/* False: the disk itself has nothing to do any more. */
bool scsi_reserve_execute(struct scsi_lun *lun, struct scsi_cmd *cmd)
{
	if (!path_works(lun, cmd))
		return false;
	if (kept_out(lun, access_of(cmd->cdb))) {
		conflict(cmd);
		return false;
	}
	switch (cmd->cdb[0]) {
	case PERSISTENT_RESERVE_IN:
		reserve_in(lun, cmd);
		return false;
	case PERSISTENT_RESERVE_OUT:
		reserve_out(lun, cmd);
		return false;
	case MAINTENANCE_IN:
		if ((cmd->cdb[1] & 0x1f) == REPORT_TARGET_GROUPS)
			report_target_groups(lun, cmd);
		else
			scsi_cmd_bad_field(cmd);
		return false;
	default:
		return true;
	}
}

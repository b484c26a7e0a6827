// SPDX-License-Identifier: GPL-2.0
/*
 * scsi_cd.c - the commands of a CD-ROM drive (MMC-3) that reads data discs of
 * one track
 */
#include "scsi_unit.h"

#include <string.h>

#define TEST_UNIT_READY		0x00
#define START_STOP_UNIT		0x1b
#define PREVENT_ALLOW		0x1e
#define READ_CAPACITY		0x25
#define READ_10			0x28
#define READ_TOC		0x43
#define GET_CONFIGURATION	0x46
#define GET_EVENT_STATUS	0x4a
#define MODE_SENSE_6		0x1a
#define MODE_SENSE_10		0x5a
#define READ_12			0xa8

#define STD_INQUIRY_LEN		36
#define LEAD_OUT		0xaa
#define PROFILE_CD_ROM		0x0008

/* Media events, and the status beside them */
#define MEDIA_CLASS		4
#define MEDIA_PRESENT		0x02
#define TRAY_OPEN		0x01

static void not_ready(struct scsi_cmd *cmd)
{
	/* MEDIUM NOT PRESENT */
	scsi_cmd_check(cmd, VSTOR_SRB_ERROR, KEY_NOT_READY, 0x3a, 0x00);
}

static void inquiry(struct scsi_cmd *cmd)
{
	uint8_t std[STD_INQUIRY_LEN] = { 0x05, 0x80, 5, 2, STD_INQUIRY_LEN - 5, 0, 0, 0x02 };

	/* No pages of vital product data. */
	if (cmd->cdb[1] & 0x01 || cmd->cdb[2]) {
		scsi_cmd_bad_field(cmd);
		return;
	}
	scsi_put_names(std, "Virtual DVD-ROM");
	scsi_cmd_reply(cmd, std, sizeof(std), get_be16(cmd->cdb + 3));
}

static void read_capacity(const struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	uint8_t buf[8];

	put_be32(buf, disk->blocks - 1);
	put_be32(buf + 4, disk->block_size);
	scsi_cmd_reply(cmd, buf, sizeof(buf), sizeof(buf));
}

static void cd_read(const struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	const uint8_t *cdb = cmd->cdb;
	uint64_t lba = get_be32(cdb + 2);
	uint64_t count = cdb[0] == READ_12 ? get_be32(cdb + 6) : get_be16(cdb + 7);
	uint64_t len = count * disk->block_size;

	if (!scsi_medium_has(disk, lba, count)) {
		scsi_cmd_bad_lba(cmd);
		return;
	}
	if (!scsi_cmd_may_move_in(cmd, len) ||
	    !scsi_cmd_move_in(cmd, disk->map + lba * disk->block_size, len))
		return;
	cmd->stats->reads++;
	cmd->stats->read_bytes += len;
}

/* As a block number, or as minute, second and frame, 75 frames a second, from two seconds on. */
static void put_address(uint8_t *p, uint32_t lba, bool msf)
{
	put_be32(p, lba);
	if (!msf)
		return;
	lba += 150;
	p[0] = 0;
	p[1] = lba / 75 / 60;
	p[2] = lba / 75 % 60;
	p[3] = lba % 75;
}

static void read_toc(const struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	bool msf = cmd->cdb[1] & 0x02;
	uint8_t format = cmd->cdb[2] & 0x0f, first = cmd->cdb[6];
	uint8_t toc[20] = { 0, 0, 1, 1 };
	uint32_t len = 4;

	if (format > 1 || (format == 0 && first > 1 && first != LEAD_OUT)) {
		scsi_cmd_bad_field(cmd);
		return;
	}
	/* Format 1, sessions: the first track of the only one. */
	if (format == 1 || first <= 1) {
		toc[len + 1] = 0x14;	/* a data track */
		toc[len + 2] = 1;
		put_address(toc + len + 4, 0, msf);
		len += 8;
	}
	if (format == 0) {
		toc[len + 1] = 0x14;
		toc[len + 2] = LEAD_OUT;
		put_address(toc + len + 4, disk->blocks, msf);
		len += 8;
	}
	put_be16(toc, len - 2);
	scsi_cmd_reply(cmd, toc, len, get_be16(cmd->cdb + 7));
}

/* Only what is current; features nobody asks for here. */
static void get_configuration(const struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	uint8_t buf[8] = { 0 };

	put_be32(buf, sizeof(buf) - 4);
	put_be16(buf + 6, scsi_medium_loaded(disk) ? PROFILE_CD_ROM : 0);
	scsi_cmd_reply(cmd, buf, sizeof(buf), get_be16(cmd->cdb + 7));
}

static void get_event_status(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	uint8_t buf[8] = { 0, 4, MEDIA_CLASS, 1 << MEDIA_CLASS };

	/* There is no waiting for events, only asking. */
	if (!(cmd->cdb[1] & 0x01)) {
		scsi_cmd_bad_field(cmd);
		return;
	}
	if (!(cmd->cdb[4] & 1 << MEDIA_CLASS)) {
		buf[1] = 2;
		buf[2] = 0x80;		/* none of these */
		scsi_cmd_reply(cmd, buf, 4, get_be16(cmd->cdb + 7));
		return;
	}
	buf[1] = sizeof(buf) - 2;
	buf[4] = disk->media_event;
	buf[5] = scsi_medium_loaded(disk) ? MEDIA_PRESENT : TRAY_OPEN;
	disk->media_event = SCSI_MEDIA_NO_CHANGE;
	scsi_cmd_reply(cmd, buf, sizeof(buf), get_be16(cmd->cdb + 7));
}

/* Capabilities: reads discs, has a tray that can be locked and opened. @head as in scsi_disk.c. */
static void mode_sense(struct scsi_cmd *cmd, uint32_t head, uint32_t alloc)
{
	uint8_t buf[8 + 20] = { 0 };
	uint8_t *page = buf + head;
	uint8_t wanted = cmd->cdb[2] & 0x3f;

	if (wanted != 0x2a && wanted != 0x3f) {
		scsi_cmd_bad_field(cmd);
		return;
	}
	page[0] = 0x2a;
	page[1] = 18;
	page[2] = 0x03;
	page[4] = 0x70;
	page[6] = 1 << 5 | 0x08 | 0x01;
	if (head == 4)
		buf[0] = head + 20 - 1;
	else
		put_be16(buf, head + 20 - 2);
	scsi_cmd_reply(cmd, buf, head + 20, alloc);
}

/* LoEj without Start opens the tray; with it, what was taken out is not put back by magic. */
static void start_stop(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	if ((cmd->cdb[4] & 0x03) != 0x02)
		return;
	if (disk->locked) {
		/* MEDIUM REMOVAL PREVENTED */
		scsi_cmd_check(cmd, VSTOR_SRB_ERROR, KEY_ILLEGAL_REQUEST, 0x53, 0x02);
		return;
	}
	scsi_medium_eject(disk);
	disk->media_event = SCSI_MEDIA_REMOVED;
}

static bool needs_medium(uint8_t op)
{
	return op == TEST_UNIT_READY || op == READ_CAPACITY || op == READ_10 || op == READ_12 ||
	       op == READ_TOC;
}

void scsi_cd_execute(struct scsi_lun *lun, struct scsi_cmd *cmd)
{
	struct scsi_disk *disk = lun->disk;
	const uint8_t *cdb = cmd->cdb;

	if (needs_medium(cdb[0]) && !scsi_medium_loaded(disk)) {
		not_ready(cmd);
		return;
	}
	switch (cdb[0]) {
	case TEST_UNIT_READY:
		break;
	case SCSI_INQUIRY:
		inquiry(cmd);
		break;
	case READ_CAPACITY:
		read_capacity(disk, cmd);
		break;
	case READ_10:
	case READ_12:
		cd_read(disk, cmd);
		break;
	case READ_TOC:
		read_toc(disk, cmd);
		break;
	case GET_CONFIGURATION:
		get_configuration(disk, cmd);
		break;
	case GET_EVENT_STATUS:
		get_event_status(disk, cmd);
		break;
	case MODE_SENSE_6:
		mode_sense(cmd, 4, cdb[4]);
		break;
	case MODE_SENSE_10:
		mode_sense(cmd, 8, get_be16(cdb + 7));
		break;
	case PREVENT_ALLOW:
		disk->locked = cdb[4] & 0x01;
		break;
	case START_STOP_UNIT:
		start_stop(disk, cmd);
		break;
	default:
		scsi_cmd_bad_opcode(cmd);
		break;
	}
}

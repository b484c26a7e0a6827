// SPDX-License-Identifier: GPL-2.0
/*
 * scsi_disk.c - the commands of a thin-provisioned direct-access disk (SPC-3,
 * SBC-3)
 */
#include "scsi_unit.h"

#include <stdio.h>
#include <string.h>

/* Operation codes */
#define TEST_UNIT_READY		0x00
#define READ_6			0x08
#define WRITE_6			0x0a
#define MODE_SELECT_6		0x15
#define MODE_SENSE_6		0x1a
#define START_STOP_UNIT		0x1b
#define SEND_DIAGNOSTIC		0x1d
#define PREVENT_ALLOW		0x1e
#define READ_CAPACITY_10	0x25
#define READ_10			0x28
#define WRITE_10		0x2a
#define WRITE_VERIFY_10		0x2e
#define VERIFY_10		0x2f
#define SYNCHRONIZE_CACHE_10	0x35
#define WRITE_SAME_10		0x41
#define UNMAP			0x42
#define MODE_SELECT_10		0x55
#define MODE_SENSE_10		0x5a
#define READ_16			0x88
#define WRITE_16		0x8a
#define WRITE_VERIFY_16		0x8e
#define VERIFY_16		0x8f
#define SYNCHRONIZE_CACHE_16	0x91
#define WRITE_SAME_16		0x93
#define SERVICE_ACTION_IN_16	0x9e
#define READ_CAPACITY_16	0x10	/* its service action */
#define READ_12			0xa8
#define WRITE_12		0xaa
#define WRITE_VERIFY_12		0xae
#define VERIFY_12		0xaf

#define MAX_UNMAP_DESCRIPTORS	4096	/* more cannot be said in the 16-bit lengths */
#define MAX_WRITE_SAME_BYTES	(8u << 20)

static void write_protected(struct scsi_cmd *cmd)
{
	scsi_cmd_check(cmd, VSTOR_SRB_ERROR, KEY_DATA_PROTECT, 0x27, 0);
}

static void write_error(struct scsi_cmd *cmd)
{
	scsi_cmd_check(cmd, VSTOR_SRB_ERROR, KEY_MEDIUM_ERROR, 0x0c, 0);
}

static void miscompare(struct scsi_cmd *cmd)
{
	scsi_cmd_check(cmd, VSTOR_SRB_ERROR, KEY_MISCOMPARE, 0x1d, 0);
}

static bool writable(const struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	if (disk->read_only)
		write_protected(cmd);
	return !disk->read_only;
}

/* INQUIRY ------------------------------------------------------------------------*/

#define STD_INQUIRY_LEN		104

static void inquiry_standard(const struct scsi_disk *disk, struct scsi_cmd *cmd, uint32_t alloc)
{
	uint8_t std[STD_INQUIRY_LEN] = { 0 };

	std[2] = 5;			/* SPC-3: then it asks for VPD and READ CAPACITY(16) */
	std[3] = 2;
	std[4] = sizeof(std) - 5;
	std[5] = disk->has_paths ? 0x10 : 0;	/* TPGS: states change by themselves */
	std[7] = 0x02;			/* command queueing; no tags without it */
	scsi_put_names(std, "Virtual Disk");
	scsi_cmd_reply(cmd, std, sizeof(std), alloc);
}

/* Designators: "Msft" with the disk's id, and the NAA form that user space names disks by. */
static uint32_t put_designators(const struct scsi_lun *lun, uint8_t *p)
{
	static const uint8_t naa_prefix[4] = { 0x60, 0x02, 0x24, 0x80 };
	const uint8_t *id = lun->disk->id.b;

	p[0] = 1;			/* binary */
	p[1] = 1;			/* T10 vendor */
	p[3] = 24;
	memcpy(p + 4, "Msft    ", 8);
	memcpy(p + 12, id, 16);
	p += 28;
	p[0] = 1;
	p[1] = 3;			/* NAA */
	p[3] = 16;
	memcpy(p + 4, naa_prefix, 4);
	memcpy(p + 8, id, 6);
	memcpy(p + 14, id + 10, 6);
	return 28 + 20 + scsi_path_designators(lun, p + 20);
}

static uint32_t put_serial(const struct scsi_disk *disk, uint8_t *p)
{
	char text[33];
	int i;

	for (i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", disk->id.b[i]);
	memcpy(p, text, 32);
	return 32;
}

static uint32_t put_block_limits(const struct scsi_disk *disk, uint8_t *page)
{
	page[4] = 0x01;			/* WSNZ: a WRITE SAME of 0 blocks is refused, not "all" */
	put_be32(page + 20, UINT32_MAX);
	put_be32(page + 24, MAX_UNMAP_DESCRIPTORS);
	put_be32(page + 28, disk->granularity);
	put_be32(page + 32, 0x80000000u);
	put_be64(page + 36, MAX_WRITE_SAME_BYTES / disk->block_size);
	return 0x3c;			/* shorter, and Linux ignores the UNMAP fields */
}

static void inquiry_vpd(struct scsi_lun *lun, struct scsi_cmd *cmd, uint32_t alloc)
{
	static const uint8_t pages[] = { 0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2 };
	struct scsi_disk *disk = lun->disk;
	uint8_t page[128] = { 0 };
	uint32_t len;

	switch (cmd->cdb[2]) {
	case 0x00:
		memcpy(page + 4, pages, sizeof(pages));
		len = sizeof(pages);
		break;
	case 0x80:
		len = put_serial(disk, page + 4);
		break;
	case 0x83:
		len = put_designators(lun, page + 4);
		break;
	case 0xb0:
		len = put_block_limits(disk, page);
		break;
	case 0xb1:
		put_be16(page + 4, 1);	/* does not rotate */
		len = 0x3c;
		break;
	case 0xb2:
		/* UNMAP, both WRITE SAMEs with UNMAP, unmapped blocks read as zero; thin. */
		page[5] = 0x80 | 0x40 | 0x20 | 1 << 2;
		page[6] = 2;
		len = 4;
		break;
	default:
		scsi_cmd_bad_field(cmd);
		return;
	}
	page[1] = cmd->cdb[2];
	put_be16(page + 2, len);
	scsi_cmd_reply(cmd, page, 4 + len, alloc);
}

static void inquiry(struct scsi_lun *lun, struct scsi_cmd *cmd)
{
	uint32_t alloc = get_be16(cmd->cdb + 3);

	if (cmd->cdb[1] & 0x01)
		inquiry_vpd(lun, cmd, alloc);
	else if (cmd->cdb[2])
		scsi_cmd_bad_field(cmd);
	else
		inquiry_standard(lun->disk, cmd, alloc);
}

/* Parameters -------------------------------------------------------------------*/

static void read_capacity_10(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	uint64_t last = disk->blocks - 1;
	uint8_t buf[8];

	put_be32(buf, last > UINT32_MAX ? UINT32_MAX : last);
	put_be32(buf + 4, disk->block_size);
	scsi_cmd_reply(cmd, buf, sizeof(buf), sizeof(buf));
}

static void read_capacity_16(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	uint8_t buf[32] = { 0 };

	put_be64(buf, disk->blocks - 1);
	put_be32(buf + 8, disk->block_size);
	buf[14] = 0x80 | 0x40;		/* LBPME, LBPRZ */
	scsi_cmd_reply(cmd, buf, sizeof(buf), get_be32(cmd->cdb + 10));
}

#define CACHING_PAGE		0x08
#define CACHING_PAGE_LEN	12
#define CACHING_WCE		0x04
#define ALL_PAGES		0x3f

static void put_caching_page(uint8_t *page)
{
	memset(page, 0, CACHING_PAGE_LEN);
	page[0] = CACHING_PAGE;
	page[1] = CACHING_PAGE_LEN - 2;
	page[2] = CACHING_WCE;
}

/* @head: 4 bytes for MODE SENSE(6), 8 for (10). */
static void mode_sense(struct scsi_disk *disk, struct scsi_cmd *cmd, uint32_t head, uint32_t alloc)
{
	uint8_t buf[8 + CACHING_PAGE_LEN] = { 0 };
	uint8_t control = cmd->cdb[2] >> 6;
	uint8_t page = cmd->cdb[2] & 0x3f;
	uint8_t subpage = cmd->cdb[3];
	uint8_t device = 0x10 | (disk->read_only ? 0x80 : 0);	/* DPOFUA, write protect */

	if (control == 3 || (page != CACHING_PAGE && page != ALL_PAGES) ||
	    (subpage && (page != ALL_PAGES || subpage != 0xff))) {
		scsi_cmd_bad_field(cmd);
		return;
	}
	put_caching_page(buf + head);
	if (control == 1)
		buf[head + 2] = 0;	/* nothing in it can be changed */
	if (head == 4) {
		buf[0] = head + CACHING_PAGE_LEN - 1;
		buf[2] = device;
	} else {
		put_be16(buf, head + CACHING_PAGE_LEN - 2);
		buf[3] = device;
	}
	scsi_cmd_reply(cmd, buf, head + CACHING_PAGE_LEN, alloc);
}

/* Accepts what MODE SENSE says, and no change to it. */
static void mode_select(struct scsi_cmd *cmd, uint32_t head, uint32_t len)
{
	uint8_t want[CACHING_PAGE_LEN];
	uint8_t buf[8 + CACHING_PAGE_LEN];
	uint32_t descriptors;

	if (!(cmd->cdb[1] & 0x10) || cmd->cdb[1] & 0x01) {	/* PF must be set, SP must not */
		scsi_cmd_bad_field(cmd);
		return;
	}
	if (!len || !scsi_cmd_may_move_out(cmd, len))
		return;
	if (len < head) {
		scsi_cmd_bad_parameter_length(cmd);
		return;
	}
	if (!scsi_cmd_fetch(cmd, 0, buf, len < sizeof(buf) ? len : sizeof(buf)))
		return;
	descriptors = head == 4 ? buf[3] : get_be16(buf + 6);
	if (descriptors) {
		scsi_cmd_bad_parameter(cmd);
		return;
	}
	if (len != head && len != head + CACHING_PAGE_LEN) {
		scsi_cmd_bad_parameter_length(cmd);
		return;
	}
	put_caching_page(want);
	if (len > head && memcmp(buf + head, want, sizeof(want))) {
		scsi_cmd_bad_parameter(cmd);
		return;
	}
	cmd->moved = len;
}

/* Reading and writing ---------------------------------------------------------*/

struct extent {
	uint64_t lba;
	uint64_t count;
};

/* LBA and length of the transfer commands, all forms. */
static struct extent get_extent(const uint8_t *cdb)
{
	switch (cdb[0] >> 5) {
	case 0:
		return (struct extent){ (cdb[1] & 0x1fu) << 16 | get_be16(cdb + 2),
					cdb[4] ? cdb[4] : 256 };
	case 4:
		return (struct extent){ get_be64(cdb + 2), get_be32(cdb + 10) };
	case 5:
		return (struct extent){ get_be32(cdb + 2), get_be32(cdb + 6) };
	default:
		return (struct extent){ get_be32(cdb + 2), get_be16(cdb + 7) };
	}
}

/* No protection information here, so the field that asks for it must be 0. */
static bool unprotected(struct scsi_cmd *cmd)
{
	if (cmd->cdb[0] >> 5 && cmd->cdb[1] >> 5) {
		scsi_cmd_bad_field(cmd);
		return false;
	}
	return true;
}

static bool get_checked_extent(struct scsi_disk *disk, struct scsi_cmd *cmd, struct extent *e)
{
	*e = get_extent(cmd->cdb);
	if (!unprotected(cmd))
		return false;
	if (!scsi_medium_has(disk, e->lba, e->count)) {
		scsi_cmd_bad_lba(cmd);
		return false;
	}
	return true;
}

static void disk_read(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	struct extent e;
	uint64_t at, len;

	if (!get_checked_extent(disk, cmd, &e))
		return;
	at = e.lba * disk->block_size;
	len = e.count * disk->block_size;
	if (!scsi_cmd_may_move_in(cmd, len) || !scsi_cmd_move_in(cmd, disk->map + at, len))
		return;
	cmd->stats->reads++;
	cmd->stats->read_bytes += len;
}

static void disk_write(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	bool fua = cmd->cdb[0] == WRITE_10 || cmd->cdb[0] == WRITE_12 || cmd->cdb[0] == WRITE_16;
	struct extent e;
	uint64_t at, len;

	if (!get_checked_extent(disk, cmd, &e) || !writable(disk, cmd))
		return;
	at = e.lba * disk->block_size;
	len = e.count * disk->block_size;
	if (!scsi_cmd_may_move_out(cmd, len) || !scsi_cmd_fetch(cmd, 0, disk->map + at, len))
		return;
	fua = fua && cmd->cdb[1] & 0x08;
	if (fua && !scsi_medium_flush(disk, at, len)) {
		write_error(cmd);
		return;
	}
	cmd->moved = len;
	cmd->stats->writes++;
	cmd->stats->write_bytes += len;
	cmd->stats->fua_writes += fua;
}

/* Compare @count blocks at @at with the guest's: as many of his, or one that all must equal. */
static void compare(struct scsi_disk *disk, struct scsi_cmd *cmd, const struct extent *e, bool one)
{
	uint32_t bs = disk->block_size;
	uint64_t len = one && e->count ? bs : e->count * bs;
	uint8_t block[MAX_BLOCK_SIZE];
	uint64_t i;

	if (!scsi_cmd_may_move_out(cmd, len))
		return;
	for (i = 0; i < e->count; i++) {
		if ((!one || !i) && !scsi_cmd_fetch(cmd, i * bs, block, bs))
			return;
		if (memcmp(disk->map + (e->lba + i) * bs, block, bs)) {
			miscompare(cmd);
			return;
		}
	}
	cmd->moved = len;
}

static void verify(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	uint8_t bytchk = cmd->cdb[1] >> 1 & 3;
	struct extent e;

	if (!get_checked_extent(disk, cmd, &e))
		return;
	if (bytchk == 2)
		scsi_cmd_bad_field(cmd);
	else if (bytchk)
		compare(disk, cmd, &e, bytchk == 3);
}

static void synchronize_cache(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	struct extent e = get_extent(cmd->cdb);

	if (!scsi_medium_has(disk, e.lba, e.count)) {
		scsi_cmd_bad_lba(cmd);
		return;
	}
	if (!e.count)			/* to the end */
		e.count = disk->blocks - e.lba;
	if (!scsi_medium_flush(disk, e.lba * disk->block_size, e.count * disk->block_size)) {
		write_error(cmd);
		return;
	}
	cmd->stats->flushes++;
}

static void start_stop(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	/* IMMED, a power condition, or load/eject of what cannot be removed */
	if (cmd->cdb[1] & 0x01 || cmd->cdb[4] >> 4 || cmd->cdb[4] & 0x02)
		scsi_cmd_bad_field(cmd);
	else if (!(cmd->cdb[4] & 0x01) && !scsi_medium_flush(disk, 0, disk->size))
		write_error(cmd);
}

static bool is_zero(const uint8_t *p, uint32_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

/* Doubling, so that a long run costs few calls. */
static void fill(uint8_t *to, uint64_t len, const uint8_t *block, uint32_t block_size)
{
	uint64_t done = block_size;

	memcpy(to, block, block_size);
	while (done < len) {
		uint64_t n = len - done < done ? len - done : done;

		memcpy(to + done, to, n);
		done += n;
	}
}

static void write_same(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	bool unmap = cmd->cdb[1] & 0x08;
	bool no_data = cmd->cdb[0] == WRITE_SAME_16 && cmd->cdb[1] & 0x01;
	uint8_t block[MAX_BLOCK_SIZE];
	uint32_t bs = disk->block_size;
	struct extent e;

	if (!get_checked_extent(disk, cmd, &e))
		return;
	/* ANCHOR, obsolete PBDATA and LBDATA; then WSNZ and the limit, as page B0 has them. */
	if (cmd->cdb[1] & 0x16 || !e.count || e.count > MAX_WRITE_SAME_BYTES / bs) {
		scsi_cmd_bad_field(cmd);
		return;
	}
	if (!writable(disk, cmd))
		return;
	if (!no_data && (!scsi_cmd_may_move_out(cmd, bs) || !scsi_cmd_fetch(cmd, 0, block, bs)))
		return;
	/* Blocks that are to read as something else than zero cannot be unmapped. */
	if (no_data || is_zero(block, bs)) {
		if (unmap) {
			scsi_medium_discard(disk, e.lba * bs, e.count * bs);
			cmd->stats->unmapped_blocks += e.count;
		} else {
			memset(disk->map + e.lba * bs, 0, e.count * bs);
		}
	} else {
		fill(disk->map + e.lba * bs, e.count * bs, block, bs);
	}
	cmd->moved = no_data ? 0 : bs;
	cmd->stats->write_sames++;
}

/* One pass to check all descriptors, one to act: a bad one must not leave half of the work done. */
static bool unmap_pass(struct scsi_disk *disk, struct scsi_cmd *cmd, uint32_t end, bool act)
{
	uint8_t d[16];
	uint32_t at;

	for (at = 8; at < end; at += sizeof(d)) {
		uint64_t lba, count;

		if (!scsi_cmd_fetch(cmd, at, d, sizeof(d)))
			return false;
		lba = get_be64(d);
		count = get_be32(d + 8);
		/* Again in the second pass: the guest can change its pages meanwhile. */
		if (!scsi_medium_has(disk, lba, count)) {
			scsi_cmd_bad_lba(cmd);
			return false;
		}
		if (!act)
			continue;
		scsi_medium_discard(disk, lba * disk->block_size, count * disk->block_size);
		cmd->stats->unmapped_blocks += count;
	}
	return true;
}

static void unmap(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	uint32_t len = get_be16(cmd->cdb + 7);
	uint32_t descriptors;
	uint8_t head[8];

	if (cmd->cdb[1] & 0x01) {	/* ANCHOR */
		scsi_cmd_bad_field(cmd);
		return;
	}
	if (!writable(disk, cmd) || !scsi_cmd_may_move_out(cmd, len))
		return;
	if (len) {
		if (len < sizeof(head)) {
			scsi_cmd_bad_parameter_length(cmd);
			return;
		}
		if (!scsi_cmd_fetch(cmd, 0, head, sizeof(head)))
			return;
		descriptors = get_be16(head + 2);
		if (get_be16(head) + 2u > len || descriptors + 8 > len || descriptors % 16) {
			scsi_cmd_bad_parameter_length(cmd);
			return;
		}
		if (!unmap_pass(disk, cmd, 8 + descriptors, false) ||
		    !unmap_pass(disk, cmd, 8 + descriptors, true))
			return;
	}
	cmd->moved = len;
	cmd->stats->unmaps++;
}

/* Dispatch ------------------------------------------------------------------------*/

void scsi_direct_execute(struct scsi_lun *lun, struct scsi_cmd *cmd)
{
	struct scsi_disk *disk = lun->disk;
	const uint8_t *cdb = cmd->cdb;

	switch (cdb[0]) {
	case READ_6:
	case READ_10:
	case READ_12:
	case READ_16:
		disk_read(disk, cmd);
		break;
	case WRITE_6:
	case WRITE_10:
	case WRITE_12:
	case WRITE_16:
	case WRITE_VERIFY_10:
	case WRITE_VERIFY_12:
	case WRITE_VERIFY_16:
		disk_write(disk, cmd);
		break;
	case SYNCHRONIZE_CACHE_10:
	case SYNCHRONIZE_CACHE_16:
		synchronize_cache(disk, cmd);
		break;
	case UNMAP:
		unmap(disk, cmd);
		break;
	case WRITE_SAME_10:
	case WRITE_SAME_16:
		write_same(disk, cmd);
		break;
	case VERIFY_10:
	case VERIFY_12:
	case VERIFY_16:
		verify(disk, cmd);
		break;
	case TEST_UNIT_READY:
	case PREVENT_ALLOW:
		break;
	case SEND_DIAGNOSTIC:		/* only the default self-test, which has no parameters */
		if (!(cdb[1] & 0x04) || get_be16(cdb + 3))
			scsi_cmd_bad_field(cmd);
		break;
	case SCSI_INQUIRY:
		inquiry(lun, cmd);
		break;
	case READ_CAPACITY_10:
		read_capacity_10(disk, cmd);
		break;
	case SERVICE_ACTION_IN_16:
		if ((cdb[1] & 0x1f) == READ_CAPACITY_16)
			read_capacity_16(disk, cmd);
		else
			scsi_cmd_bad_field(cmd);
		break;
	case MODE_SENSE_6:
		mode_sense(disk, cmd, 4, cdb[4]);
		break;
	case MODE_SENSE_10:
		mode_sense(disk, cmd, 8, get_be16(cdb + 7));
		break;
	case MODE_SELECT_6:
		mode_select(cmd, 4, cdb[4]);
		break;
	case MODE_SELECT_10:
		mode_select(cmd, 8, get_be16(cdb + 7));
		break;
	case START_STOP_UNIT:
		start_stop(disk, cmd);
		break;
	default:
		scsi_cmd_bad_opcode(cmd);
		break;
	}
}

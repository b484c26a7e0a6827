// SPDX-License-Identifier: GPL-2.0
/*
 * scsi_disk.c - a thin-provisioned direct-access disk (SPC-3, SBC-3) whose
 * medium is a mapping: anonymous memory or a raw image
 *
 * Data goes straight between the guest's pages and the mapping, without a
 * buffer between. An image that somebody else truncates while it is mapped
 * ends the process with SIGBUS; who serves an image must leave it alone.
 */
#include "scsi_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Operation codes */
#define TEST_UNIT_READY		0x00
#define REQUEST_SENSE		0x03
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

/* Sense keys */
#define KEY_MEDIUM_ERROR	0x3
#define KEY_HARDWARE_ERROR	0x4
#define KEY_ILLEGAL_REQUEST	0x5
#define KEY_DATA_PROTECT	0x7
#define KEY_MISCOMPARE		0xe

#define MAX_BLOCK_SIZE		4096
#define MAX_UNMAP_DESCRIPTORS	4096	/* more cannot be said in the 16-bit lengths */
#define MAX_WRITE_SAME_BYTES	(8u << 20)
#define MAX_MEDIUM_BYTES	(16ull << 40)

struct scsi_disk {
	uint8_t *map;
	uint64_t size;			/* bytes; a multiple of block_size */
	uint64_t blocks;
	uint32_t block_size;
	int fd;				/* -1: memory */
	bool read_only;
	struct wire_guid id;
};

/* Big-endian fields ---------------------------------------------------------*/

static uint16_t get_be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

static uint64_t get_be64(const uint8_t *p)
{
	return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}

static void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v);
}

static void put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, v >> 32);
	put_be32(p + 4, v);
}

/* Results --------------------------------------------------------------------*/

void scsi_cmd_good(struct scsi_cmd *cmd)
{
	cmd->srb_status = VSTOR_SRB_SUCCESS;
	cmd->scsi_status = SCSI_GOOD;
	cmd->moved = 0;
}

void scsi_cmd_check(struct scsi_cmd *cmd, uint8_t srb_code, uint8_t key, uint8_t asc, uint8_t ascq)
{
	cmd->srb_status = srb_code | VSTOR_SRB_AUTOSENSE_VALID;
	cmd->scsi_status = SCSI_CHECK_CONDITION;
	cmd->moved = 0;
	memset(cmd->sense, 0, sizeof(cmd->sense));
	cmd->sense[0] = 0x70;
	cmd->sense[2] = key;
	cmd->sense[7] = SCSI_SENSE_LEN - 8;
	cmd->sense[12] = asc;
	cmd->sense[13] = ascq;
}

void scsi_cmd_refuse(struct scsi_cmd *cmd, uint8_t srb_code, uint8_t scsi_status)
{
	cmd->srb_status = srb_code;
	cmd->scsi_status = scsi_status;
	cmd->moved = 0;
}

static void illegal(struct scsi_cmd *cmd, uint8_t asc)
{
	scsi_cmd_check(cmd, VSTOR_SRB_INVALID_REQUEST, KEY_ILLEGAL_REQUEST, asc, 0);
}

static void bad_opcode(struct scsi_cmd *cmd)
{
	illegal(cmd, 0x20);
}

static void bad_lba(struct scsi_cmd *cmd)
{
	illegal(cmd, 0x21);
}

void scsi_cmd_bad_field(struct scsi_cmd *cmd)
{
	illegal(cmd, 0x24);
}

static void bad_parameter(struct scsi_cmd *cmd)
{
	illegal(cmd, 0x26);
}

static void bad_parameter_length(struct scsi_cmd *cmd)
{
	illegal(cmd, 0x1a);
}

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

/* The guest listed a page it does not have, or fewer pages than bytes. */
static void bad_guest_memory(struct scsi_cmd *cmd)
{
	vsp_violation(cmd->vsp, "scsi: data of command %02x is not in guest memory", cmd->cdb[0]);
	scsi_cmd_check(cmd, VSTOR_SRB_ERROR, KEY_HARDWARE_ERROR, 0x44, 0);
}

bool scsi_cmd_whole(struct scsi_cmd *cmd)
{
	/* By the group code; vendor groups (3, 6, 7) have no length, and no command here. */
	static const uint8_t group_len[8] = { 6, 10, 10, 0, 16, 12, 0, 0 };

	if (cmd->cdb_len >= group_len[cmd->cdb[0] >> 5])
		return true;
	scsi_cmd_bad_field(cmd);
	return false;
}

/* Data -------------------------------------------------------------------------*/

/* Like the real host: whatever is not "to the host" may be written to. */
static bool may_move_in(struct scsi_cmd *cmd, uint64_t len)
{
	if (len && cmd->data && cmd->data_in == VSTOR_DATA_OUT) {
		scsi_cmd_bad_field(cmd);
		return false;
	}
	if (len > cmd->data_len) {
		scsi_cmd_refuse(cmd, VSTOR_SRB_DATA_OVERRUN, SCSI_GOOD);
		return false;
	}
	return true;
}

static bool may_move_out(struct scsi_cmd *cmd, uint64_t len)
{
	if (len && cmd->data && cmd->data_in != VSTOR_DATA_OUT) {
		scsi_cmd_bad_field(cmd);
		return false;
	}
	if (len > cmd->data_len) {
		scsi_cmd_refuse(cmd, VSTOR_SRB_DATA_OVERRUN, SCSI_GOOD);
		return false;
	}
	return true;
}

/* Both expect that may_move_*() said yes to at least @at + @len. */
static bool move_in(struct scsi_cmd *cmd, const void *from, uint32_t len)
{
	if (len && vsp_gpa_write(cmd->vsp, cmd->data, 0, from, len) != len) {
		bad_guest_memory(cmd);
		return false;
	}
	cmd->moved = len;
	return true;
}

static bool fetch(struct scsi_cmd *cmd, uint32_t at, void *to, uint32_t len)
{
	if (len && vsp_gpa_read(cmd->vsp, cmd->data, at, to, len) != len) {
		bad_guest_memory(cmd);
		return false;
	}
	return true;
}

void scsi_cmd_reply(struct scsi_cmd *cmd, const void *buf, uint32_t len, uint32_t alloc)
{
	if (len > alloc)
		len = alloc;
	if (may_move_in(cmd, len))
		move_in(cmd, buf, len);
}

/* The medium --------------------------------------------------------------------*/

static bool blocks_exist(const struct scsi_disk *disk, uint64_t lba, uint64_t count)
{
	return lba <= disk->blocks && count <= disk->blocks - lba;
}

static bool writable(const struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	if (disk->read_only)
		write_protected(cmd);
	return !disk->read_only;
}

/* fdatasync() would leave it to the kernel's good will that a mapping's dirty pages are seen. */
static bool flush(struct scsi_disk *disk, uint64_t at, uint64_t len)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	uint64_t start = at & ~(page - 1);

	if (disk->fd < 0 || disk->read_only || !len)
		return true;
	return !msync(disk->map + start, len + (at - start), MS_SYNC);
}

/* Make bytes read as zero and give their storage back where that is possible. */
static void discard(struct scsi_disk *disk, uint64_t at, uint64_t len)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	uint64_t first = (at + page - 1) & ~(page - 1);
	uint64_t last = (at + len) & ~(page - 1);

	if (!len)
		return;
	if (disk->fd >= 0) {
		/* Not every file system has holes; zeros are the promise, room is not. */
		if (fallocate(disk->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, len))
			memset(disk->map + at, 0, len);
		return;
	}
	if (first >= last || madvise(disk->map + first, last - first, MADV_DONTNEED)) {
		memset(disk->map + at, 0, len);
		return;
	}
	memset(disk->map + at, 0, first - at);
	memset(disk->map + last, 0, at + len - last);
}

/* INQUIRY ------------------------------------------------------------------------*/

#define STD_INQUIRY_LEN		104
#define ABSENT_INQUIRY_LEN	36

static void put_names(uint8_t *std)
{
	memcpy(std + 8, "Msft    ", 8);
	memcpy(std + 16, "Virtual Disk    ", 16);
	memcpy(std + 32, "1.0 ", 4);
}

static void inquiry_standard(struct scsi_cmd *cmd, uint32_t alloc)
{
	uint8_t std[STD_INQUIRY_LEN] = { 0 };

	std[2] = 5;			/* SPC-3: then it asks for VPD and READ CAPACITY(16) */
	std[3] = 2;
	std[4] = sizeof(std) - 5;
	std[7] = 0x02;			/* command queueing; no tags without it */
	put_names(std);
	scsi_cmd_reply(cmd, std, sizeof(std), alloc);
}

/* Designators: "Msft" with the disk's id, and the NAA form that user space names disks by. */
static uint32_t put_designators(const struct scsi_disk *disk, uint8_t *p)
{
	static const uint8_t naa_prefix[4] = { 0x60, 0x02, 0x24, 0x80 };
	const uint8_t *id = disk->id.b;

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
	return 28 + 20;
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
	put_be32(page + 28, 1);
	put_be32(page + 32, 0x80000000u);
	put_be64(page + 36, MAX_WRITE_SAME_BYTES / disk->block_size);
	return 0x3c;			/* shorter, and Linux ignores the UNMAP fields */
}

static void inquiry_vpd(struct scsi_disk *disk, struct scsi_cmd *cmd, uint32_t alloc)
{
	static const uint8_t pages[] = { 0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2 };
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
		len = put_designators(disk, page + 4);
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

static void inquiry(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	uint32_t alloc = get_be16(cmd->cdb + 3);

	if (cmd->cdb[1] & 0x01)
		inquiry_vpd(disk, cmd, alloc);
	else if (cmd->cdb[2])
		scsi_cmd_bad_field(cmd);
	else
		inquiry_standard(cmd, alloc);
}

/*
 * The guest's driver hides errors of INQUIRY from its SCSI layer, which would
 * then make a disk of the zeros in its buffer: an absent LUN has to be told as
 * data. Its text fields are blank except at LUN 0, which stands for the target.
 */
void scsi_absent_execute(struct scsi_cmd *cmd, bool lun_0)
{
	uint8_t std[ABSENT_INQUIRY_LEN] = { 0x7f, 0, 5, 2, ABSENT_INQUIRY_LEN - 5 };
	uint32_t alloc = get_be16(cmd->cdb + 3);

	scsi_cmd_good(cmd);
	if (cmd->cdb[0] != SCSI_INQUIRY || cmd->cdb_len < 6) {
		scsi_cmd_refuse(cmd, VSTOR_SRB_INVALID_LUN, SCSI_CHECK_CONDITION);
		return;
	}
	if (cmd->cdb[1] & 0x01 || cmd->cdb[2]) {
		scsi_cmd_bad_field(cmd);
		return;
	}
	if (alloc < 5 || alloc > cmd->data_len || cmd->data_in != VSTOR_DATA_IN) {
		scsi_cmd_refuse(cmd, VSTOR_SRB_INVALID_LUN, SCSI_CHECK_CONDITION);
		return;
	}
	if (lun_0)
		put_names(std);
	scsi_cmd_reply(cmd, std, sizeof(std), alloc);
}

/* Parameters -------------------------------------------------------------------*/

static void request_sense(struct scsi_cmd *cmd)
{
	uint8_t none[SCSI_SENSE_LEN] = { 0x70 };

	if (cmd->cdb[1] & 0x01) {	/* descriptor format */
		scsi_cmd_bad_field(cmd);
		return;
	}
	/* Sense travels with the completion, so there is never any left to ask for. */
	none[7] = SCSI_SENSE_LEN - 8;
	scsi_cmd_reply(cmd, none, sizeof(none), cmd->cdb[4]);
}

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
	if (!len || !may_move_out(cmd, len))
		return;
	if (len < head) {
		bad_parameter_length(cmd);
		return;
	}
	if (!fetch(cmd, 0, buf, len < sizeof(buf) ? len : sizeof(buf)))
		return;
	descriptors = head == 4 ? buf[3] : get_be16(buf + 6);
	if (descriptors) {
		bad_parameter(cmd);
		return;
	}
	if (len != head && len != head + CACHING_PAGE_LEN) {
		bad_parameter_length(cmd);
		return;
	}
	put_caching_page(want);
	if (len > head && memcmp(buf + head, want, sizeof(want))) {
		bad_parameter(cmd);
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
	if (!blocks_exist(disk, e->lba, e->count)) {
		bad_lba(cmd);
		return false;
	}
	return true;
}

static void disk_read(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	struct extent e;
	uint64_t len;

	if (!get_checked_extent(disk, cmd, &e))
		return;
	len = e.count * disk->block_size;
	if (!may_move_in(cmd, len) || !move_in(cmd, disk->map + e.lba * disk->block_size, len))
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
	if (!may_move_out(cmd, len) || !fetch(cmd, 0, disk->map + at, len))
		return;
	fua = fua && cmd->cdb[1] & 0x08;
	if (fua && !flush(disk, at, len)) {
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

	if (!may_move_out(cmd, len))
		return;
	for (i = 0; i < e->count; i++) {
		if ((!one || !i) && !fetch(cmd, i * bs, block, bs))
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

	if (!blocks_exist(disk, e.lba, e.count)) {
		bad_lba(cmd);
		return;
	}
	if (!e.count)			/* to the end */
		e.count = disk->blocks - e.lba;
	if (!flush(disk, e.lba * disk->block_size, e.count * disk->block_size)) {
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
	else if (!(cmd->cdb[4] & 0x01) && !flush(disk, 0, disk->size))
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
	if (!no_data && (!may_move_out(cmd, bs) || !fetch(cmd, 0, block, bs)))
		return;
	/* Blocks that are to read as something else than zero cannot be unmapped. */
	if (no_data || is_zero(block, bs)) {
		if (unmap) {
			discard(disk, e.lba * bs, e.count * bs);
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

		if (!fetch(cmd, at, d, sizeof(d)))
			return false;
		lba = get_be64(d);
		count = get_be32(d + 8);
		/* Again in the second pass: the guest can change its pages meanwhile. */
		if (!blocks_exist(disk, lba, count)) {
			bad_lba(cmd);
			return false;
		}
		if (!act)
			continue;
		discard(disk, lba * disk->block_size, count * disk->block_size);
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
	if (!writable(disk, cmd) || !may_move_out(cmd, len))
		return;
	if (len) {
		if (len < sizeof(head)) {
			bad_parameter_length(cmd);
			return;
		}
		if (!fetch(cmd, 0, head, sizeof(head)))
			return;
		descriptors = get_be16(head + 2);
		if (get_be16(head) + 2u > len || descriptors + 8 > len || descriptors % 16) {
			bad_parameter_length(cmd);
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

void scsi_disk_execute(struct scsi_disk *disk, struct scsi_cmd *cmd)
{
	const uint8_t *cdb = cmd->cdb;

	scsi_cmd_good(cmd);
	if (!scsi_cmd_whole(cmd))
		return;

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
	case REQUEST_SENSE:
		request_sense(cmd);
		break;
	case SCSI_INQUIRY:
		inquiry(disk, cmd);
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
		bad_opcode(cmd);
		break;
	}
}

/* Opening -------------------------------------------------------------------------*/

bool scsi_parse_size(const char *text, uint64_t *value)
{
	static const char suffixes[] = "KMGT";
	const char *suffix;
	uint64_t n;
	char *end;
	int shift;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 0);
	if (errno)
		return false;
	if (*end) {
		suffix = strchr(suffixes, *end);
		if (!suffix || end[1])
			return false;
		shift = 10 * (suffix - suffixes + 1);
		if (n > UINT64_MAX >> shift)
			return false;
		n <<= shift;
	}
	*value = n;
	return true;
}

static int open_ram(struct scsi_disk *disk, const char *size, char *err, size_t err_len)
{
	if (!scsi_parse_size(size, &disk->size) || !disk->size || disk->size % 512 ||
	    disk->size > MAX_MEDIUM_BYTES) {
		snprintf(err, err_len,
			 "ram:%s: the size must be a multiple of 512 bytes, up to 16T", size);
		return -EINVAL;
	}
	disk->map = mmap(NULL, disk->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (disk->map == MAP_FAILED) {
		snprintf(err, err_len, "ram:%s: %s", size, strerror(errno));
		return -EINVAL;
	}
	return 0;
}

static int map_file(struct scsi_disk *disk, const char *path, char *err, size_t err_len)
{
	struct stat st;

	if (fstat(disk->fd, &st)) {
		snprintf(err, err_len, "%s: %s", path, strerror(errno));
		return -EINVAL;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(err, err_len, "%s: not a regular file", path);
		return -EINVAL;
	}
	if (!st.st_size) {
		snprintf(err, err_len, "%s: the image is empty", path);
		return -EINVAL;
	}
	if (st.st_size % 512) {
		snprintf(err, err_len, "%s: %lld bytes are no whole 512-byte blocks: truncated?",
			 path, (long long)st.st_size);
		return -EINVAL;
	}
	disk->size = st.st_size;
	disk->map = mmap(NULL, disk->size, PROT_READ | (disk->read_only ? 0 : PROT_WRITE),
			 MAP_SHARED, disk->fd, 0);
	if (disk->map == MAP_FAILED) {
		snprintf(err, err_len, "%s: %s", path, strerror(errno));
		return -EINVAL;
	}
	return 0;
}

static int open_file(struct scsi_disk *disk, const char *spec, char *err, size_t err_len)
{
	size_t len = strlen(spec);
	char *path = strdup(spec);
	int ret;

	if (!path) {
		snprintf(err, err_len, "out of memory");
		return -EINVAL;
	}
	if (len > 3 && !strcmp(path + len - 3, ",ro")) {
		disk->read_only = true;
		path[len - 3] = 0;
	}
	disk->fd = open(path, (disk->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (disk->fd < 0) {
		snprintf(err, err_len, "%s: %s", path, strerror(errno));
		ret = -EINVAL;
	} else {
		ret = map_file(disk, path, err, err_len);
	}
	free(path);
	return ret;
}

int scsi_disk_open(struct scsi_disk **out, const char *spec, const struct wire_guid *id,
		   char *err, size_t err_len)
{
	struct scsi_disk *disk = calloc(1, sizeof(*disk));
	int ret;

	if (!disk) {
		snprintf(err, err_len, "out of memory");
		return -EINVAL;
	}
	disk->fd = -1;
	disk->map = MAP_FAILED;
	disk->id = *id;
	if (!strncmp(spec, "ram:", 4)) {
		ret = open_ram(disk, spec + 4, err, err_len);
	} else if (!strncmp(spec, "file:", 5)) {
		ret = open_file(disk, spec + 5, err, err_len);
	} else {
		snprintf(err, err_len, "\"%s\": a disk is ram:SIZE or file:PATH[,ro]", spec);
		ret = -EINVAL;
	}
	if (ret) {
		scsi_disk_close(disk);
		return ret;
	}
	disk->block_size = 512;
	disk->blocks = disk->size / 512;
	*out = disk;
	return 0;
}

void scsi_disk_close(struct scsi_disk *disk)
{
	if (!disk)
		return;
	if (disk->map != MAP_FAILED)
		munmap(disk->map, disk->size);
	if (disk->fd >= 0)
		close(disk->fd);
	free(disk);
}

int scsi_disk_set_block_size(struct scsi_disk *disk, uint32_t block_size, char *err,
			     size_t err_len)
{
	if (disk->size % block_size) {
		snprintf(err, err_len, "%llu bytes are no whole number of %u-byte blocks",
			 (unsigned long long)disk->size, block_size);
		return -EINVAL;
	}
	disk->block_size = block_size;
	disk->blocks = disk->size / block_size;
	return 0;
}

/* For control commands -----------------------------------------------------------*/

uint64_t scsi_disk_size(const struct scsi_disk *disk)
{
	return disk->size;
}

void scsi_disk_info(const struct scsi_disk *disk, vsp_put_line put, void *ctx)
{
	char line[64];

	put(ctx, disk->fd < 0 ? "backing ram" : "backing file");
	put(ctx, disk->read_only ? "access ro" : "access rw");
	snprintf(line, sizeof(line), "bytes %llu", (unsigned long long)disk->size);
	put(ctx, line);
	snprintf(line, sizeof(line), "blocks %llu", (unsigned long long)disk->blocks);
	put(ctx, line);
	snprintf(line, sizeof(line), "block_size %u", disk->block_size);
	put(ctx, line);
}

uint32_t scsi_disk_crc32(const struct scsi_disk *disk, uint64_t at, uint64_t len)
{
	const uint8_t *p = disk->map + at;
	uint32_t table[8][256];
	uint32_t crc = UINT32_MAX;
	uint32_t i, k;

	/* Eight tables, eight bytes a step: a disk is long. */
	for (i = 0; i < 256; i++) {
		uint32_t c = i;

		for (k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
		table[0][i] = c;
	}
	for (i = 0; i < 256; i++)
		for (k = 1; k < 8; k++)
			table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xff];

	for (; len >= 8; len -= 8, p += 8) {
		crc ^= p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
		crc = table[7][crc & 0xff] ^ table[6][crc >> 8 & 0xff] ^
		      table[5][crc >> 16 & 0xff] ^ table[4][crc >> 24] ^
		      table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
	}
	for (; len; len--, p++)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
	return ~crc;
}

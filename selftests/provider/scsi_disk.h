/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scsi_disk.h - logical units: disks and CD-ROM drives over raw images or over
 * memory, and what a controller does with them
 */
#ifndef VMBUS_KIT_SCSI_DISK_H
#define VMBUS_KIT_SCSI_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vsp.h"
#include "wire/vstor.h"

/* Operation codes that are named in more than one place; the rest stand in scsi_disk.c. */
#define SCSI_INQUIRY			0x12
#define SCSI_REPORT_LUNS		0xa0

/* SAM status */
#define SCSI_GOOD			0x00
#define SCSI_CHECK_CONDITION		0x02
#define SCSI_RESERVATION_CONFLICT	0x18

#define SCSI_SENSE_LEN			18	/* fixed format, as written here */

/* Counted per controller, over all its disks. */
struct scsi_stats {
	uint64_t reads;
	uint64_t writes;
	uint64_t read_bytes;
	uint64_t write_bytes;
	uint64_t flushes;
	uint64_t fua_writes;
	uint64_t unmaps;		/* UNMAP commands */
	uint64_t unmapped_blocks;	/* by UNMAP and by WRITE SAME with the UNMAP bit */
	uint64_t write_sames;
};

/* A command on its way through a disk. */
struct scsi_cmd {
	struct vsp *vsp;
	struct scsi_stats *stats;
	const uint8_t *cdb;			/* VSTOR_CDB_LEN bytes */
	uint32_t cdb_len;			/* how many of them the guest vouches for */
	uint8_t data_in;			/* VSTOR_DATA_* */
	const struct vsp_gpa_list *data;	/* NULL: none */
	uint32_t data_len;			/* usable bytes of @data */

	/* The result. scsi_cmd_good() is the state before anything went wrong. */
	uint8_t srb_status;
	uint8_t scsi_status;
	uint32_t moved;				/* bytes, in whichever direction */
	uint8_t sense[SCSI_SENSE_LEN];		/* valid with VSTOR_SRB_AUTOSENSE_VALID */
};

void scsi_cmd_good(struct scsi_cmd *cmd);
/* CHECK CONDITION with fixed-format sense; nothing has moved. */
void scsi_cmd_check(struct scsi_cmd *cmd, uint8_t srb_code, uint8_t key, uint8_t asc, uint8_t ascq);
/* An SRB status alone, without sense. */
void scsi_cmd_refuse(struct scsi_cmd *cmd, uint8_t srb_code, uint8_t scsi_status);
/* 5/24/00: a field of the CDB is not acceptable. */
void scsi_cmd_bad_field(struct scsi_cmd *cmd);
/* Does the CDB have the bytes its operation code asks for? If not, 5/24/00 is set. */
bool scsi_cmd_whole(struct scsi_cmd *cmd);
/*
 * Answer with @len bytes of parameter data, cut to @alloc. What then does not
 * fit into the guest's buffer is a data overrun, and nothing moves.
 */
void scsi_cmd_reply(struct scsi_cmd *cmd, const void *buf, uint32_t len, uint32_t alloc);

struct scsi_disk;
struct scsi_lun;

/*
 * Open what "ram:SIZE", "file:PATH[,ro]" or "cd:[PATH]" asks for. Returns 0 and
 * a reference, or -EINVAL with one line in @err. @id makes the names in INQUIRY
 * data unique.
 */
int scsi_disk_open(struct scsi_disk **disk, const char *spec, const struct wire_guid *id,
		   char *err, size_t err_len);
void scsi_disk_put(struct scsi_disk *disk);
/* 512 or 4096; -EINVAL when the medium is not a whole number of such blocks. */
int scsi_disk_set_block_size(struct scsi_disk *disk, uint32_t block_size, char *err,
			     size_t err_len);

/*
 * What may change while the guest uses it; who sees the disk gets a unit
 * attention where the standard asks for one. 0, or -EINVAL with a line in @err.
 */
int scsi_disk_resize(struct scsi_disk *disk, uint64_t size, char *err, size_t err_len);
int scsi_disk_set_granularity(struct scsi_disk *disk, uint64_t bytes, char *err, size_t err_len);
/* NULL: what was in the drive last. */
int scsi_disk_insert(struct scsi_disk *disk, const char *path, char *err, size_t err_len);
int scsi_disk_eject(struct scsi_disk *disk, char *err, size_t err_len);

/* A disk as one controller sees it; has a reference of its own. NULL: no memory. */
struct scsi_lun *scsi_lun_new(struct scsi_disk *disk);
void scsi_lun_free(struct scsi_lun *lun);
struct scsi_disk *scsi_lun_disk(const struct scsi_lun *lun);
/*
 * How good this way to its disk is from now on: optimized, nonoptimized, standby, unavailable,
 * transitioning. From the first time on the disk reports target port groups. False: no such word.
 */
bool scsi_lun_set_path(struct scsi_lun *lun, const char *state);
/* News that the next command but INQUIRY will be told instead of being executed. */
void scsi_lun_attention(struct scsi_lun *lun, uint8_t asc, uint8_t ascq);
/* Everything but REPORT LUNS, which the controller answers. */
void scsi_lun_execute(struct scsi_lun *lun, struct scsi_cmd *cmd);
/* Standard INQUIRY data of an address without a disk; everything else is refused. */
void scsi_absent_execute(struct scsi_cmd *cmd, bool lun_0);

/* For the control commands. */
void scsi_disk_info(const struct scsi_disk *disk, vsp_put_line put, void *ctx);
uint64_t scsi_disk_size(const struct scsi_disk *disk);
/* CRC-32 (ISO 3309, as gzip and zlib have it) of a range of the medium, in bytes. */
uint32_t scsi_disk_crc32(const struct scsi_disk *disk, uint64_t at, uint64_t len);

/* "64M", "0x1000": a whole number with an optional suffix K, M, G or T. */
bool scsi_parse_size(const char *text, uint64_t *value);

#endif

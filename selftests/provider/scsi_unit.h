/* SPDX-License-Identifier: GPL-2.0 */
/*
 * scsi_unit.h - what the files of a logical unit share: the disk behind it, the
 * unit as one controller sees it, and the tools to execute a command with
 *
 * Controllers see scsi_disk.h alone.
 */
#ifndef VMBUS_KIT_SCSI_UNIT_H
#define VMBUS_KIT_SCSI_UNIT_H

#include "scsi_disk.h"

/* Sense keys */
#define KEY_NOT_READY		0x2
#define KEY_MEDIUM_ERROR	0x3
#define KEY_HARDWARE_ERROR	0x4
#define KEY_ILLEGAL_REQUEST	0x5
#define KEY_UNIT_ATTENTION	0x6
#define KEY_DATA_PROTECT	0x7
#define KEY_MISCOMPARE		0xe

#define MAX_BLOCK_SIZE		4096
#define MAX_ATTENTIONS		8

enum scsi_kind {
	SCSI_KIND_DISK,
	SCSI_KIND_CDROM,
};

/* Media events of a drive, as the guest is told of them */
#define SCSI_MEDIA_NO_CHANGE	0
#define SCSI_MEDIA_NEW		2
#define SCSI_MEDIA_REMOVED	3

/* What is the same for all who see the disk. */
struct scsi_disk {
	enum scsi_kind kind;
	unsigned int refs;
	struct scsi_lun *luns;		/* who sees it */
	uint8_t *map;			/* MAP_FAILED: no medium in the drive */
	uint64_t size;			/* bytes; a multiple of block_size */
	uint64_t blocks;
	uint32_t block_size;
	uint32_t granularity;		/* of UNMAP, in blocks */
	int fd;				/* -1: memory */
	char *path;			/* of the image opened last */
	bool read_only;
	bool locked;			/* the guest forbids that the medium is taken out */
	uint8_t media_event;		/* not reported yet */
	struct wire_guid id;
	uint16_t ports;			/* numbers given to who sees it, so far */
	bool has_paths;			/* good and bad ones */
	uint8_t reserved;		/* type of the persistent reservation, 0: none */
	struct scsi_lun *holder;	/* who made it */
	uint32_t generation;		/* of the registrations */
};

/* A disk as one controller sees it. */
struct scsi_lun {
	struct scsi_disk *disk;
	struct scsi_lun *next;		/* of disk->luns */
	uint16_t port;			/* where it is seen, as number of port and port group */
	uint8_t path;			/* how good this one is; scsi_reserve.c */
	uint64_t key;			/* registered for reservations, 0: none */
	struct {
		uint8_t asc, ascq;
	} attention[MAX_ATTENTIONS];	/* to be reported, oldest first */
	uint32_t attentions;
};

/* Big-endian fields ---------------------------------------------------------*/

static inline uint16_t get_be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

static inline uint64_t get_be64(const uint8_t *p)
{
	return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}

static inline void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static inline void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v);
}

static inline void put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, v >> 32);
	put_be32(p + 4, v);
}

/* scsi_cmd.c: results and data ------------------------------------------------*/

/* 5/@asc/00 */
void scsi_cmd_illegal(struct scsi_cmd *cmd, uint8_t asc);
void scsi_cmd_bad_opcode(struct scsi_cmd *cmd);
void scsi_cmd_bad_lba(struct scsi_cmd *cmd);
void scsi_cmd_bad_parameter(struct scsi_cmd *cmd);
void scsi_cmd_bad_parameter_length(struct scsi_cmd *cmd);
/* Is the buffer one that @len bytes can go to, or come from? If not, the result is set. */
bool scsi_cmd_may_move_in(struct scsi_cmd *cmd, uint64_t len);
bool scsi_cmd_may_move_out(struct scsi_cmd *cmd, uint64_t len);
/* Both expect that the above said yes to at least @at + @len. */
bool scsi_cmd_move_in(struct scsi_cmd *cmd, const void *from, uint32_t len);
bool scsi_cmd_fetch(struct scsi_cmd *cmd, uint32_t at, void *to, uint32_t len);

/* "Msft" and the product in standard INQUIRY data of 36 bytes at least. */
void scsi_put_names(uint8_t *std, const char *product);

/* scsi_medium.c: the mapping ----------------------------------------------------*/

bool scsi_medium_has(const struct scsi_disk *disk, uint64_t lba, uint64_t count);
/* To stable storage; false: the medium cannot. */
bool scsi_medium_flush(struct scsi_disk *disk, uint64_t at, uint64_t len);
/* Make bytes read as zero and give their storage back where that is possible. */
void scsi_medium_discard(struct scsi_disk *disk, uint64_t at, uint64_t len);
/* Is anything in the drive? Always so for a disk. */
bool scsi_medium_loaded(const struct scsi_disk *disk);

void scsi_medium_eject(struct scsi_disk *disk);

/* scsi_lun.c: a unit attention for all who see the disk, except one perhaps. */
void scsi_disk_attention(struct scsi_disk *disk, const struct scsi_lun *but, uint8_t asc,
			 uint8_t ascq);

/* scsi_reserve.c: false: refused, or done. */
bool scsi_reserve_execute(struct scsi_lun *lun, struct scsi_cmd *cmd);
/* It is going, and what it has reserved with it. */
void scsi_reserve_forget(struct scsi_lun *lun);
/* For VPD page 83: bytes written, at most 16. */
uint32_t scsi_path_designators(const struct scsi_lun *lun, uint8_t *p);

/* One kind of unit each; scsi_lun_execute() has prepared the command. */
void scsi_direct_execute(struct scsi_lun *lun, struct scsi_cmd *cmd);
void scsi_cd_execute(struct scsi_lun *lun, struct scsi_cmd *cmd);

#endif

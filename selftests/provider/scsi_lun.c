// SPDX-License-Identifier: GPL-2.0
/*
 * scsi_lun.c - a disk as one controller sees it: what it has to be told, and
 * what comes before any command
 */
#include "scsi_unit.h"

#include <stdlib.h>
#include <string.h>

#define REQUEST_SENSE		0x03
#define GET_EVENT_STATUS	0x4a
#define ABSENT_INQUIRY_LEN	36

struct scsi_lun *scsi_lun_new(struct scsi_disk *disk)
{
	struct scsi_lun *lun = calloc(1, sizeof(*lun));

	if (!lun)
		return NULL;
	lun->disk = disk;
	lun->port = ++disk->ports;
	lun->next = disk->luns;
	disk->luns = lun;
	disk->refs++;
	return lun;
}

void scsi_lun_free(struct scsi_lun *lun)
{
	struct scsi_lun **at;

	if (!lun)
		return;
	scsi_reserve_forget(lun);
	for (at = &lun->disk->luns; *at != lun; at = &(*at)->next)
		;
	*at = lun->next;
	scsi_disk_put(lun->disk);
	free(lun);
}

struct scsi_disk *scsi_lun_disk(const struct scsi_lun *lun)
{
	return lun->disk;
}

/* Unit attentions -----------------------------------------------------------------*/

void scsi_lun_attention(struct scsi_lun *lun, uint8_t asc, uint8_t ascq)
{
	uint32_t i;

	/* The same news twice is no news, and of too much the latest is lost. */
	for (i = 0; i < lun->attentions; i++)
		if (lun->attention[i].asc == asc && lun->attention[i].ascq == ascq)
			return;
	if (i == MAX_ATTENTIONS)
		return;
	lun->attention[i].asc = asc;
	lun->attention[i].ascq = ascq;
	lun->attentions++;
}

void scsi_disk_attention(struct scsi_disk *disk, const struct scsi_lun *but, uint8_t asc,
			 uint8_t ascq)
{
	struct scsi_lun *lun;

	for (lun = disk->luns; lun; lun = lun->next)
		if (lun != but)
			scsi_lun_attention(lun, asc, ascq);
}

static void take_attention(struct scsi_lun *lun, uint8_t *asc, uint8_t *ascq)
{
	*asc = lun->attention[0].asc;
	*ascq = lun->attention[0].ascq;
	lun->attentions--;
	memmove(lun->attention, lun->attention + 1,
		lun->attentions * sizeof(lun->attention[0]));
}

/* Sense travels with the completion; what is left to ask for is a pending attention. */
static void request_sense(struct scsi_lun *lun, struct scsi_cmd *cmd)
{
	uint8_t sense[SCSI_SENSE_LEN] = { 0x70 };

	if (cmd->cdb[1] & 0x01) {	/* descriptor format */
		scsi_cmd_bad_field(cmd);
		return;
	}
	sense[7] = SCSI_SENSE_LEN - 8;
	if (lun->attentions) {
		sense[2] = KEY_UNIT_ATTENTION;
		take_attention(lun, &sense[12], &sense[13]);
	}
	scsi_cmd_reply(cmd, sense, sizeof(sense), cmd->cdb[4]);
}

/* Executing ----------------------------------------------------------------------------*/

void scsi_lun_execute(struct scsi_lun *lun, struct scsi_cmd *cmd)
{
	uint8_t asc, ascq;

	scsi_cmd_good(cmd);
	if (!scsi_cmd_whole(cmd))
		return;
	if (cmd->cdb[0] == REQUEST_SENSE) {
		request_sense(lun, cmd);
		return;
	}
	/* These two go through; so does REPORT LUNS, which does not come here. */
	if (lun->attentions && cmd->cdb[0] != SCSI_INQUIRY && cmd->cdb[0] != GET_EVENT_STATUS) {
		take_attention(lun, &asc, &ascq);
		scsi_cmd_check(cmd, VSTOR_SRB_ERROR, KEY_UNIT_ATTENTION, asc, ascq);
		return;
	}
	switch (lun->disk->kind) {
	case SCSI_KIND_DISK:
		if (scsi_reserve_execute(lun, cmd))
			scsi_direct_execute(lun, cmd);
		break;
	case SCSI_KIND_CDROM:
		scsi_cd_execute(lun, cmd);
		break;
	}
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
		scsi_put_names(std, "Virtual Disk");
	scsi_cmd_reply(cmd, std, sizeof(std), alloc);
}

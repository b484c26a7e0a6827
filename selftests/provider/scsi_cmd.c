// SPDX-License-Identifier: GPL-2.0
/*
 * scsi_cmd.c - a command's result, and its data between us and the guest
 */
#include "scsi_unit.h"

#include <string.h>

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

void scsi_cmd_illegal(struct scsi_cmd *cmd, uint8_t asc)
{
	scsi_cmd_check(cmd, VSTOR_SRB_INVALID_REQUEST, KEY_ILLEGAL_REQUEST, asc, 0);
}

void scsi_cmd_bad_opcode(struct scsi_cmd *cmd)
{
	scsi_cmd_illegal(cmd, 0x20);
}

void scsi_cmd_bad_lba(struct scsi_cmd *cmd)
{
	scsi_cmd_illegal(cmd, 0x21);
}

void scsi_cmd_bad_field(struct scsi_cmd *cmd)
{
	scsi_cmd_illegal(cmd, 0x24);
}

void scsi_cmd_bad_parameter(struct scsi_cmd *cmd)
{
	scsi_cmd_illegal(cmd, 0x26);
}

void scsi_cmd_bad_parameter_length(struct scsi_cmd *cmd)
{
	scsi_cmd_illegal(cmd, 0x1a);
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
bool scsi_cmd_may_move_in(struct scsi_cmd *cmd, uint64_t len)
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

bool scsi_cmd_may_move_out(struct scsi_cmd *cmd, uint64_t len)
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

bool scsi_cmd_move_in(struct scsi_cmd *cmd, const void *from, uint32_t len)
{
	if (len && vsp_gpa_write(cmd->vsp, cmd->data, 0, from, len) != len) {
		bad_guest_memory(cmd);
		return false;
	}
	cmd->moved = len;
	return true;
}

bool scsi_cmd_fetch(struct scsi_cmd *cmd, uint32_t at, void *to, uint32_t len)
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
	if (scsi_cmd_may_move_in(cmd, len))
		scsi_cmd_move_in(cmd, buf, len);
}

void scsi_put_names(uint8_t *std, const char *product)
{
	memcpy(std + 8, "Msft    ", 8);
	memset(std + 16, ' ', 16);
	memcpy(std + 16, product, strlen(product));
	memcpy(std + 32, "1.0 ", 4);
}

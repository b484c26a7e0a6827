/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vstor.h - storage protocol: the handshake, a command out, a completion to a verdict
 *
 * Nothing the host says is used before it was checked here, and nothing checked
 * here needs a second look. Three lines hold whatever the host sends: an error
 * never becomes a success, a command never seems to have moved more bytes than
 * it asked for, and a read or write that moved fewer has failed.
 */
#ifndef VMBUS_KIT_PROTO_VSTOR_H
#define VMBUS_KIT_PROTO_VSTOR_H

#include "env.h"
#include "wire/vstor.h"

/* Larger transfers than this are not asked for, whatever the host offers. */
#define VSTOR_MAX_TRANSFER	(4u << 20)
/* A host that cannot move one page per command is of no use. */
#define VSTOR_MIN_TRANSFER	4096u
/* Sub-channels beyond this are not asked for. */
#define VSTOR_MAX_SUB_CHANNELS	63u

/* Handshake ------------------------------------------------------------------*/

enum vstor_step {
	VSTOR_STEP_BEGIN,
	VSTOR_STEP_VERSION,
	VSTOR_STEP_PROPERTIES,
	VSTOR_STEP_FC_NAMES,	/* of Fibre Channel adapters only */
	VSTOR_STEP_END,
	VSTOR_STEP_SUB_CHANNELS,
	VSTOR_STEP_DONE,
};

enum vstor_init_verdict {
	VSTOR_INIT_NEXT,	/* ask the next question */
	VSTOR_INIT_READY,	/* all is known; commands may be sent */
	VSTOR_INIT_FAILED,	/* step and status say where and what the host answered */
};

/* What is wrong with an answer that is not a plain refusal. */
enum vstor_init_fault {
	VSTOR_INIT_FAULT_NONE,
	VSTOR_INIT_FAULT_SHORT,		/* the payload ends before the fields do */
	VSTOR_INIT_FAULT_OP,		/* not the completion of a request */
	VSTOR_INIT_FAULT_TRANSFER,	/* cannot move a page at a time */
};

/**
 * struct vstor_init - the handshake, and what it found
 * @step: question asked last, or to be asked next
 * @rung: of the version ladder
 * @fault: why the last answer could not be used
 * @status: NTSTATUS of the last answer
 * @version: agreed on, VSTOR_VERSION()
 * @max_transfer: bytes a command may move, whole pages, at most VSTOR_MAX_TRANSFER
 * @offered_transfer: what the host said, for messages only
 * @max_sub_channels: the host can give beside the primary
 * @want_sub_channels: the driver can use
 * @sub_channels: the host has promised
 * @fibre: the adapter has names
 * @node_name: these, 0 if the host does not tell
 * @port_name: likewise
 */
struct vstor_init {
	enum vstor_step step;
	unsigned int rung;
	enum vstor_init_fault fault;
	u32 status;
	u16 version;
	u32 max_transfer;
	u32 offered_transfer;
	u16 max_sub_channels;
	u16 want_sub_channels;
	u16 sub_channels;
	bool fibre;
	u64 node_name;
	u64 port_name;
};

/**
 * vstor_init_start() - before the first question
 * @in: to fill in
 * @want_sub_channels: how many the driver can use beside the primary channel
 * @fibre: it is a Fibre Channel adapter
 */
void vstor_init_start(struct vstor_init *in, u16 want_sub_channels, bool fibre);

/**
 * vstor_init_next() - write the next question
 * @in: state
 * @pkt: to fill in; every answer is a completion of the same size
 *
 * Return: false when there is nothing left to ask.
 */
bool vstor_init_next(struct vstor_init *in, struct vstor_packet *pkt);

/**
 * vstor_init_answer() - judge the host's answer
 * @in: state
 * @payload: private copy of the completion's payload
 * @len: bytes of it
 *
 * A host that refuses sub-channels is ready with one channel.
 *
 * Return: what to do next.
 */
enum vstor_init_verdict vstor_init_answer(struct vstor_init *in, const void *payload, u32 len);

/**
 * vstor_init_without_subs() - stop waiting for an answer about sub-channels
 * @in: state
 *
 * They are a wish: a host that does not answer it has a working channel all the same.
 *
 * Return: true if that was the question, and the handshake is done; false if the
 * unanswered question was another one.
 */
bool vstor_init_without_subs(struct vstor_init *in);

/**
 * vstor_step_name() - for messages
 * @step: any value
 *
 * Return: never NULL.
 */
const char *vstor_step_name(int step);

/* Requests ---------------------------------------------------------------------*/

/**
 * struct vstor_request - a SCSI command on its way out
 * @port: number of the adapter; hosts ignore it
 * @path: SCSI channel
 * @target: SCSI target
 * @lun: logical unit
 * @cdb_len: bytes of @cdb, at most VSTOR_CDB_LEN
 * @data: VSTOR_DATA_*
 * @tagged: the device queues commands
 * @timeout_s: hint for the host
 * @len: bytes to move; 0 if and only if @data is VSTOR_DATA_NONE
 * @cdb: the command
 */
struct vstor_request {
	u8 port;
	u8 path;
	u8 target;
	u8 lun;
	u8 cdb_len;
	u8 data;
	bool tagged;
	u32 timeout_s;
	u32 len;
	const u8 *cdb;
};

/**
 * vstor_put_execute() - write a command
 * @pkt: to fill in, every byte of it
 * @req: the command
 *
 * Return: 0, or -EINVAL if it cannot be expressed.
 */
int vstor_put_execute(struct vstor_packet *pkt, const struct vstor_request *req);

/**
 * vstor_put_reset() - write the request to reset something
 * @pkt: to fill in
 * @op: VSTOR_OP_RESET_LUN, VSTOR_OP_RESET_BUS or VSTOR_OP_RESET_ADAPTER
 * @path: SCSI channel
 * @target: SCSI target
 * @lun: logical unit
 *
 * Each reads as much of the address as it needs. There is none to abort one command.
 */
void vstor_put_reset(struct vstor_packet *pkt, enum vstor_op op, u8 path, u8 target, u8 lun);

/* Completions ------------------------------------------------------------------*/

/* How a command ended. */
enum vstor_outcome {
	VSTOR_OK,		/* as asked; @residual bytes were not needed */
	VSTOR_STATUS,		/* the device answered with @scsi_status, perhaps with sense data */
	VSTOR_FAILED,		/* it did not work, and no device said why */
	VSTOR_NO_DEVICE,	/* nobody is at that address */
	VSTOR_OUTCOME_COUNT
};

/* What the driver owes besides. */
enum vstor_action {
	VSTOR_ACT_NONE,
	VSTOR_ACT_RESCAN,	/* something about the device changed: look at it again */
	VSTOR_ACT_SCAN,		/* devices came or went at its address: ask for the list */
	VSTOR_ACT_REMOVE,	/* it is not there any more: make sure, and remove it */
};

/* What a correct host would not have sent. */
#define VSTOR_ODD_SHORT		0x1u	/* the completion ends before its fields do */
#define VSTOR_ODD_OP		0x2u	/* it is not one */
#define VSTOR_ODD_MOVED		0x4u	/* more bytes moved than asked for */
#define VSTOR_ODD_CONTRADICTION	0x8u	/* success here, an error there */
#define VSTOR_ODD_SENSE		0x10u	/* promised sense data that is none */
#define VSTOR_ODD_COUNT		5

/**
 * struct vstor_expect - what the driver knows about a command that completes
 * @cdb: the command, at least 6 bytes
 * @asked: bytes it wanted to move
 * @least: bytes it must move to be a success: all for a block read or write, else mostly 0
 */
struct vstor_expect {
	const u8 *cdb;
	u32 asked;
	u32 least;
};

/**
 * struct vstor_verdict - what a completion means
 * @outcome: how the command ended
 * @action: what else is to be done
 * @odd: VSTOR_ODD_*
 * @scsi_status: SAM status for the mid-layer; 0 unless @outcome is VSTOR_STATUS or VSTOR_OK
 * @srb_status: as the host gave it, for messages
 * @host_scsi_status: likewise
 * @nt_status: likewise
 * @moved: bytes that are surely where they belong, never more than asked
 * @residual: asked - @moved
 * @sense_len: valid bytes of @sense, 0 without
 * @sense: zero behind sense_len
 */
struct vstor_verdict {
	enum vstor_outcome outcome;
	enum vstor_action action;
	u32 odd;
	u8 scsi_status;
	u8 srb_status;
	u8 host_scsi_status;
	u32 nt_status;
	u32 moved;
	u32 residual;
	u8 sense_len;
	u8 sense[VSTOR_SENSE_LEN];
};

/**
 * vstor_parse_completion() - judge the completion of a command
 * @payload: private copy of its payload
 * @len: bytes of it
 * @expect: what was asked for
 * @v: to fill in, always
 */
void vstor_parse_completion(const void *payload, u32 len, const struct vstor_expect *expect,
			    struct vstor_verdict *v);

/**
 * vstor_parse_reset() - did the host do the reset?
 * @payload: private copy of the completion's payload
 * @len: bytes of it
 *
 * Return: 0; -EPROTO if it is no answer; -EIO if the host refused.
 */
int vstor_parse_reset(const void *payload, u32 len);

/* What the host tells unasked. */
enum vstor_notice {
	VSTOR_NOTICE_BUS_CHANGED,	/* units came or went */
	VSTOR_NOTICE_BAD,		/* nothing a host may send */
};

/**
 * vstor_parse_notice() - read a packet that answers nothing
 * @payload: private copy of its payload
 * @len: bytes of it
 *
 * Return: what it says.
 */
enum vstor_notice vstor_parse_notice(const void *payload, u32 len);

/**
 * vstor_same_unit() - is it one unit that gave these two lists of names?
 * @was: page 83h of vital product data, with its header
 * @was_len: bytes of it
 * @now: the same, later
 * @now_len: bytes of it
 *
 * Names of its ports and port groups do not count: they come and go with paths.
 *
 * Return: false if the names of the unit itself differ.
 */
bool vstor_same_unit(const u8 *was, u32 was_len, const u8 *now, u32 now_len);

/**
 * vstor_srb_name() - what a status code says, for messages
 * @srb_status: any value, flags included
 *
 * Return: never NULL.
 */
const char *vstor_srb_name(u8 srb_status);

/**
 * vstor_command_name() - what a command does, for messages
 * @opcode: any value
 *
 * Return: never NULL.
 */
const char *vstor_command_name(u8 opcode);

/**
 * vstor_outcome_name() - for traces and messages
 * @outcome: any value
 *
 * Return: never NULL.
 */
const char *vstor_outcome_name(int outcome);

#endif

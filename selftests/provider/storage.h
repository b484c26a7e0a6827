/* SPDX-License-Identifier: GPL-2.0 */
/*
 * storage.h - a storage controller of the host: what its protocol (storage.c)
 * and what people say to it (storage_ctl.c) share
 */
#ifndef VMBUS_KIT_PROVIDER_STORAGE_H
#define VMBUS_KIT_PROVIDER_STORAGE_H

#include "vsp.h"

#include "env.h"
#include "scsi_disk.h"
#include "wire/vstor.h"

#define LUN_MAX			64
#define DEFAULT_REORDER_US	300u
#define MAX_DELAY_US		(60u * 1000 * 1000)

/* What the guest has to do next; the order is the protocol's. */
enum storage_state {
	STORAGE_BEGIN,
	STORAGE_VERSION,
	STORAGE_PROPERTIES,
	STORAGE_END,
	STORAGE_READY,
};

/* What the host does when it is asked to reset something. */
enum storage_reset {
	STORAGE_RESET_OK,		/* says yes and does nothing, as hosts do */
	STORAGE_RESET_FINISH,		/* answers what it has with BUS RESET, then says yes */
	STORAGE_RESET_REFUSE,
	STORAGE_RESET_SILENT,
	STORAGE_RESET_MODES
};

/* An SRB from its arrival to its answer. */
struct srb_job {
	struct vsp_chan *chan;
	uint64_t id;
	bool wants_completion;
	uint32_t reply_len;
	uint8_t path;
	uint8_t target;
	uint8_t lun;
	uint8_t data_in;
	uint8_t cdb_len;
	uint8_t cdb[VSTOR_CDB_LEN];
	uint32_t data_len;
	bool has_data;
	struct vsp_gpa_list data;	/* only with has_data; the pfns are a waiting job's own */

	/* Only while it waits */
	uint64_t due;
	struct srb_job *next;
};

struct scripted_failure {
	uint32_t left;
	uint8_t srb_status;
	uint8_t scsi_status;
	bool has_sense;
	uint8_t key, asc, ascq;
	int opcode;			/* -1: any but INQUIRY */
};

struct storage {
	struct vsp *vsp;
	struct vsp_device *device;
	struct storage *next;		/* of all there are, in the order they were named */
	const struct storage_kind *kind;
	char label[16];
	struct wire_guid instance_id;
	struct vsp_chan *primary;	/* while it is open */

	struct scsi_lun *luns[LUN_MAX];
	uint8_t target;			/* where they are; the path is always 0 */
	uint32_t added;			/* units added while running, to name each anew */
	uint32_t block_size;
	uint16_t max_version;
	uint32_t max_transfer;
	uint32_t max_sub_channels;

	uint64_t port_name, node_name;	/* of a Fibre Channel adapter */
	bool secondary;			/* they are its second pair */

	enum storage_state state;
	uint16_t version;
	bool sub_channels_asked;	/* before END_INIT only once */
	uint32_t sub_channels;		/* offered since the primary channel was opened */
	bool long_range_logged;

	uint64_t delay;			/* ns, as all times */
	uint64_t reorder_window;	/* 0: in order */
	bool hold;
	bool mute;			/* what comes is not even looked at */
	enum storage_reset reset;
	struct scripted_failure fail;
	uint32_t withhold;		/* of the next requests */
	int withhold_opcode;		/* -1: any */
	struct srb_job *withheld, **withheld_end;	/* oldest first */
	struct srb_job *waiting;	/* by due time; among equals the older first */
	struct vsp_timer_event timer;

	struct scsi_stats stats;
	uint64_t errors;
	uint64_t resets;
	uint64_t outstanding;
	uint64_t max_outstanding;
	uint64_t opcodes[256];
};

/* A class of controllers. */
struct storage_kind {
	const char *prefix;		/* of labels, before the number */
	uint32_t digits;		/* of that number */
	uint32_t most;			/* largest digit */
	uint32_t luns;
	bool fibre;
	const struct vsp_device_ops *ops;
	void (*name)(struct storage *s, const char *digits);	/* sets its instance id */
};

/* storage.c */
extern const struct vsp_device_ops storage_scsi_ops;
extern const struct vsp_device_ops storage_ide_ops;
extern const struct vsp_device_ops storage_fc_ops;
void storage_init(struct storage *s);
void storage_free(struct storage *s);
/* Look at what waits again: a hold or a delay has changed. */
void storage_look(struct storage *s);
/* Answer what was withheld, late. */
void storage_answer_withheld(struct storage *s);
/* Tell the guest something it did not ask for. False: it is not listening. */
bool storage_notify(struct storage *s, uint32_t op);

/* storage_ctl.c */
/* It is going: nobody shall find it any more. */
void storage_forget(struct storage *s);
void storage_command(void *dev, const char *line, vsp_put_line put, void *ctx);
void storage_counters(void *dev, vsp_put_line put, void *ctx);
void storage_reset_counters(void *dev);

#endif

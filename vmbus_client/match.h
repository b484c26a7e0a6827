/* SPDX-License-Identifier: GPL-2.0 */
/*
 * match.h - which driver takes which device: its table, ids added by hand, an override
 */
#ifndef VMBUS_KIT_MATCH_H
#define VMBUS_KIT_MATCH_H

#include "vmbus.h"

extern const struct attribute_group match_dev_group;		/* driver_override */
extern const struct attribute_group *match_drv_groups[];	/* new_id, remove_id */

/**
 * match_id() - the id by which a driver takes a device
 * @drv: driver
 * @vdev: device
 * @room: filled in if the driver's own table has no such class: a device that is
 *	given by hand is of the class it is, with no driver data
 *
 * Context: Process context.
 * Return: an entry of the driver's table, or @room, or NULL: not this driver's.
 */
const struct hv_vmbus_device_id *match_id(const struct vmbus_drv *drv,
					  const struct vmbus_dev *vdev,
					  struct hv_vmbus_device_id *room);

/**
 * match_forget_driver() - drop the ids that were added by hand
 * @drv: driver that has been unregistered
 */
void match_forget_driver(const struct vmbus_drv *drv);

/**
 * match_forget_device() - drop a device's override
 * @vdev: device that nobody uses any more
 */
void match_forget_device(struct vmbus_dev *vdev);

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sysfs.h - what user space reads of bus, devices and channels
 */
#ifndef VMBUS_KIT_SYSFS_H
#define VMBUS_KIT_SYSFS_H

struct attribute_group;
struct vmbus_chan;
struct vmbus_dev;

extern const struct attribute_group *vmbus_bus_groups[];
extern const struct attribute_group *vmbus_dev_groups[];

/**
 * chan_dirs_add() - make channels/ in a device's directory, and one below it for each channel
 * @vdev: device whose own directory is there
 *
 * Without memory there are none, and a line says so: the device works all the same.
 *
 * Context: Process context.
 */
void chan_dirs_add(struct vmbus_dev *vdev);

/**
 * chan_dirs_remove() - take them away; nobody is reading there when this returns
 * @vdev: device
 *
 * Context: Process context; waits for a write to a channel's cpu file.
 */
void chan_dirs_remove(struct vmbus_dev *vdev);

/**
 * chan_dir_sync() - a sub-channel has a directory as long as the host offers it
 * @sub: sub-channel that came or went
 *
 * Context: Process context, not for reclaim: allocates and tells user space.
 */
void chan_dir_sync(struct vmbus_chan *sub);

#endif

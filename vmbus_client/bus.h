/* SPDX-License-Identifier: GPL-2.0 */
/*
 * bus.h - the vmbus bus type: match, probe, remove, uevent
 */
#ifndef VMBUS_KIT_BUS_H
#define VMBUS_KIT_BUS_H

#include "vmbus.h"

struct vmbus_chan;

/**
 * bus_init() - register the bus, before anything is said to the host
 *
 * The name is also a lock: while it is ours the in-tree driver cannot start,
 * and the other way round. While ours is registered hv_vmbus is refused with
 * -EBUSY, and a line says why.
 *
 * Context: Process context.
 * Return: 0; -EBUSY if the in-tree driver has the bus; another negative errno.
 */
int bus_init(void);

/**
 * bus_exit() - unregister it; no device is left
 */
void bus_exit(void);

/**
 * bus_add_device() - make a device for a primary channel
 * @chan: channel; the device holds a reference on it until released
 *
 * Context: Process context; may run a driver's probe.
 * Return: the device or ERR_PTR.
 */
struct vmbus_dev *bus_add_device(struct vmbus_chan *chan);

/**
 * bus_remove_device() - take it away; its driver has been removed when this returns
 * @vdev: device
 *
 * Context: Process context; runs a driver's remove.
 */
void bus_remove_device(struct vmbus_dev *vdev);

#endif

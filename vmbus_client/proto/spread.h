/* SPDX-License-Identifier: GPL-2.0 */
/*
 * spread.h - on which CPU one more channel would be best
 */
#ifndef VMBUS_KIT_PROTO_SPREAD_H
#define VMBUS_KIT_PROTO_SPREAD_H

#include "env.h"
#include "wire/guid.h"

/* How much a CPU's owner wants to be left alone there; more is worse. */
enum spread_isolation {
	SPREAD_OPEN_TO_ALL,
	SPREAD_NO_SCHEDULING,	/* taken from the scheduler's domains */
	SPREAD_NO_INTERRUPTS,	/* and from managed interrupts */
};

/**
 * struct spread_cost - what is on a CPU already
 * @isolation: enum spread_isolation
 * @siblings: open channels of the same device that interrupt it
 * @channels: all open channels that interrupt it
 * @node_channels: all open channels that interrupt its NUMA node
 *
 * Compared in this order: two channels of one device share a CPU only when
 * every CPU has one, which is what a device has several channels for.
 */
struct spread_cost {
	u32 isolation;
	u32 siblings;
	u32 channels;
	u32 node_channels;
};

/**
 * spread_better() - is a channel better placed here than there?
 * @here: a CPU, without that channel
 * @there: another, without it
 *
 * Return: true if it is; false also if there is nothing to choose.
 */
bool spread_better(const struct spread_cost *here, const struct spread_cost *there);

/**
 * spread_gains() - would a channel gain by a move?
 * @from: its CPU; it is counted there
 * @to: another CPU; it is not counted there
 *
 * Moves that gain come to an end: each makes the spread more even.
 *
 * Return: true if it would.
 */
bool spread_gains(const struct spread_cost *from, const struct spread_cost *to);

/**
 * spread_wanted() - is a device of this class busy enough to be spread?
 * @class_id: class of the device
 *
 * The channels of all others stay on the CPU that takes the control messages:
 * a clock and a keyboard need no CPU of their own to be woken for them.
 *
 * Return: true for storage and network.
 */
bool spread_wanted(const struct wire_guid *class_id);

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * spread.c - on which CPU one more channel would be best
 */
#include "spread.h"

/* Below, at or above 0, as a channel is better on @a, equal, or better on @b. */
static int compare(const struct spread_cost *a, const struct spread_cost *b)
{
	if (a->isolation != b->isolation)
		return a->isolation < b->isolation ? -1 : 1;
	if (a->siblings != b->siblings)
		return a->siblings < b->siblings ? -1 : 1;
	if (a->channels != b->channels)
		return a->channels < b->channels ? -1 : 1;
	if (a->node_channels != b->node_channels)
		return a->node_channels < b->node_channels ? -1 : 1;
	return 0;
}

bool spread_better(const struct spread_cost *here, const struct spread_cost *there)
{
	return compare(here, there) < 0;
}

bool spread_gains(const struct spread_cost *from, const struct spread_cost *to)
{
	/* A node's sum is no reason to disturb a channel that runs. */
	struct spread_cost then = { to->isolation, to->siblings, to->channels, 0 };
	struct spread_cost now = { from->isolation, from->siblings, from->channels, 0 };

	now.siblings -= !!now.siblings;
	now.channels -= !!now.channels;
	return compare(&then, &now) < 0;
}

bool spread_wanted(const struct wire_guid *class_id)
{
	static const struct wire_guid busy[] = {
		WIRE_GUID_NIC, WIRE_GUID_SCSI, WIRE_GUID_IDE, WIRE_GUID_FC, WIRE_GUID_RDMA,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(busy); i++)
		if (!memcmp(&busy[i], class_id, sizeof(*class_id)))
			return true;
	return false;
}

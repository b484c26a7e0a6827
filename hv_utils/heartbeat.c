// SPDX-License-Identifier: GPL-2.0
/*
 * heartbeat.c - the host hears that we live, and how the application is
 */
#include "utils.h"

#include <linux/sysfs.h>

static const u32 framework[] = { IC_VERSION(3, 0), IC_VERSION(1, 0), 0 };
static const u32 message[] = { IC_VERSION(3, 0), IC_VERSION(1, 0), 0 };

/* What user space may say; what it has not said, the host's own bytes say. */
#define UNSET	4
static const char * const states[] = {
	[HVIC_APP_UNKNOWN] = "unknown",
	[HVIC_APP_HEALTHY] = "healthy",
	[HVIC_APP_CRITICAL] = "critical",
	[HVIC_APP_STOPPED] = "stopped",
	[UNSET] = "unset",
};

static unsigned int state_of(struct util *u)
{
	return (unsigned int)(unsigned long)READ_ONCE(u->priv);
}

static int start(struct util *u)
{
	u->priv = (void *)(unsigned long)UNSET;
	return 0;
}

static u32 request(struct util *u, void *body, u32 len)
{
	struct hvic_heartbeat *beat = body;
	unsigned int state = state_of(u);

	if (len < HVIC_HEARTBEAT_MIN_LEN)
		return HVIC_STATUS_INVALID_ARGUMENT;
	beat->sequence = cpu_to_le64(le64_to_cpu(beat->sequence) + 1);
	if (state != UNSET && len >= offsetofend(struct hvic_heartbeat, app_state))
		beat->app_state = cpu_to_le32(state);
	return HVIC_STATUS_OK;
}

static ssize_t application_state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", states[state_of(dev_get_drvdata(dev))]);
}

static ssize_t application_state_store(struct device *dev, struct device_attribute *attr,
				       const char *buf, size_t len)
{
	struct util *u = dev_get_drvdata(dev);
	int state = sysfs_match_string(states, buf);

	if (state < 0)
		return state;
	WRITE_ONCE(u->priv, (void *)(unsigned long)state);
	return len;
}
DEVICE_ATTR_RW(application_state);

const struct util_service heartbeat_service = {
	.name = "heartbeat",
	.type = HVIC_TYPE_HEARTBEAT,
	.versions = { framework, message },
	.start = start,
	.request = request,
};

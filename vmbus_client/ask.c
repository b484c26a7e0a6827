// SPDX-License-Identifier: GPL-2.0
/*
 * ask.c - a driver's question to its device, and the one answer, in bounded time
 *
 * The host has a question until its cookie came back, in a completion or when the
 * channel is reaped, and no longer than that is there anything to wait for. An
 * asker whose time is over leaves it with the host: the answer that comes then is
 * nobody's, and until it came nothing else can be asked, or it would be taken for
 * the answer to that.
 */
#include "vmbus.h"

#include <linux/export.h>

void vmbus_ask_init(struct vmbus_ask *ask, void *cookie)
{
	spin_lock_init(&ask->lock);
	init_completion(&ask->over);
	ask->cookie = cookie;
	ask->asked = false;
}
EXPORT_SYMBOL_GPL(vmbus_ask_init);

static bool begin(struct vmbus_ask *ask)
{
	unsigned long irq;
	bool free;

	spin_lock_irqsave(&ask->lock, irq);
	free = !ask->asked;
	if (free) {
		ask->asked = true;
		ask->len = -ENODEV;
		reinit_completion(&ask->over);
	}
	spin_unlock_irqrestore(&ask->lock, irq);
	return free;
}

/* A second end is none: a channel that is gone is reaped as well. */
static void end(struct vmbus_ask *ask, const struct vmbus_pkt *answer)
{
	unsigned long irq;

	spin_lock_irqsave(&ask->lock, irq);
	if (ask->asked && answer) {
		ask->len = min_t(u32, answer->payload_len, sizeof(ask->reply));
		memcpy(ask->reply, answer->payload, ask->len);
	}
	ask->asked = false;
	complete_all(&ask->over);
	spin_unlock_irqrestore(&ask->lock, irq);
}

int vmbus_ask_host(struct vmbus_chan *chan, struct vmbus_ask *ask, const void *msg, u32 len,
		   unsigned long timeout)
{
	int err;

	if (!begin(ask))
		return -EBUSY;
	err = vmbus_chan_send(chan, msg, len, ask->cookie, 0);
	if (err) {
		end(ask, NULL);
		return err;
	}
	/* What ended it has written @len before. */
	return wait_for_completion_timeout(&ask->over, timeout) ? ask->len : -ETIMEDOUT;
}
EXPORT_SYMBOL_GPL(vmbus_ask_host);

void vmbus_ask_answered(struct vmbus_ask *ask, const struct vmbus_pkt *answer)
{
	end(ask, answer);
}
EXPORT_SYMBOL_GPL(vmbus_ask_answered);

void vmbus_ask_dropped(struct vmbus_ask *ask)
{
	end(ask, NULL);
}
EXPORT_SYMBOL_GPL(vmbus_ask_dropped);

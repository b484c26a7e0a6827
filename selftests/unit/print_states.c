// SPDX-License-Identifier: GPL-2.0
/*
 * print_states.c - the channel's table of moves as Markdown, for the documentation
 */
#include <stdio.h>

#include "vmbus_client/proto/chan_state.h"

int main(void)
{
	int state, event, next;

	printf("| state \\ event |");
	for (event = 0; event < CHAN_EVENT_COUNT; event++)
		printf(" %s |", chan_event_name(event));
	printf("\n|---|");
	for (event = 0; event < CHAN_EVENT_COUNT; event++)
		printf("---|");
	printf("\n");
	for (state = 0; state < CHAN_STATE_COUNT; state++) {
		printf("| **%s** |", chan_state_name(state));
		for (event = 0; event < CHAN_EVENT_COUNT; event++) {
			next = chan_state_next(state, event);
			printf(" %s |", next == CHAN_ILLEGAL ? "" : chan_state_name(next));
		}
		printf("\n");
	}
	return 0;
}

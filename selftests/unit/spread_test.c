// SPDX-License-Identifier: GPL-2.0
/*
 * spread_test.c - a machine of a few CPUs and nodes, on which channels are placed
 */
#include "ktap.h"

#include "vmbus_client/proto/spread.h"

#include <stdlib.h>

#define CPUS	8
#define MOST	64

static unsigned int cpu_count, node_count;
static bool online[CPUS];
static u32 isolated[CPUS];
static struct { bool used; int cpu; unsigned int device; } chan[MOST];

static void machine(unsigned int cpus, unsigned int nodes)
{
	unsigned int i;

	cpu_count = cpus;
	node_count = nodes;
	memset(chan, 0, sizeof(chan));
	for (i = 0; i < cpus; i++) {
		online[i] = true;
		isolated[i] = SPREAD_OPEN_TO_ALL;
	}
}

static unsigned int node_of(int cpu)
{
	return (unsigned int)cpu * node_count / cpu_count;
}

/* What a channel of @device finds on @cpu, @except not counted. */
static struct spread_cost cost_of(unsigned int device, int cpu, int except)
{
	struct spread_cost cost = { .isolation = isolated[cpu] };
	int i;

	for (i = 0; i < MOST; i++) {
		if (!chan[i].used || i == except)
			continue;
		cost.channels += chan[i].cpu == cpu;
		cost.siblings += chan[i].cpu == cpu && chan[i].device == device;
		cost.node_channels += node_of(chan[i].cpu) == node_of(cpu);
	}
	return cost;
}

static int choose(unsigned int device, int except)
{
	struct spread_cost cost, least;
	int best = -1;
	unsigned int cpu;

	for (cpu = 0; cpu < cpu_count; cpu++) {
		if (!online[cpu])
			continue;
		cost = cost_of(device, (int)cpu, except);
		if (best < 0 || spread_better(&cost, &least)) {
			best = (int)cpu;
			least = cost;
		}
	}
	return best;
}

static int place(unsigned int device)
{
	int i = 0;

	while (chan[i].used)
		i++;
	chan[i].cpu = choose(device, i);
	chan[i].device = device;
	chan[i].used = true;
	return chan[i].cpu;
}

/* Moves that gain, until there is none; how many there were. */
static unsigned int settle(void)
{
	struct spread_cost from, to;
	unsigned int moves = 0;
	bool moved;
	int i, best;

	do {
		moved = false;
		for (i = 0; i < MOST; i++) {
			if (!chan[i].used)
				continue;
			best = choose(chan[i].device, i);
			from = cost_of(chan[i].device, chan[i].cpu, -1);
			to = cost_of(chan[i].device, best, i);
			if (best == chan[i].cpu || !spread_gains(&from, &to))
				continue;
			chan[i].cpu = best;
			moves++;
			moved = true;
		}
	} while (moved && moves < 1000);
	return moves;
}

static u32 on(int cpu)
{
	return cost_of(0, cpu, -1).channels;
}

/* How uneven one device's channels are: the most on one CPU less the fewest. */
static u32 unevenness(unsigned int device)
{
	u32 most = 0, fewest = MOST, n;
	unsigned int cpu;

	for (cpu = 0; cpu < cpu_count; cpu++) {
		if (!online[cpu])
			continue;
		n = cost_of(device, (int)cpu, -1).siblings;
		most = n > most ? n : most;
		fewest = n < fewest ? n : fewest;
	}
	return most - fewest;
}

TEST(channels_of_one_device_go_on_different_cpus)
{
	unsigned int i;

	machine(4, 1);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(place(0), (int)i);
	EXPECT_EQ(place(0), 0);
}

TEST(a_second_device_begins_where_the_first_is_not)
{
	machine(4, 1);
	EXPECT_EQ(place(0), 0);
	EXPECT_EQ(place(0), 1);
	EXPECT_EQ(place(1), 2);
	EXPECT_EQ(place(1), 3);
	EXPECT_EQ(place(2), 0);
}

TEST(a_cpu_without_a_sibling_is_better_than_one_with_fewer_channels)
{
	machine(2, 1);
	place(0);	/* CPU 0 */
	chan[1].used = chan[2].used = chan[3].used = true;
	chan[1].cpu = chan[2].cpu = chan[3].cpu = 1;
	chan[1].device = chan[2].device = chan[3].device = 9;
	EXPECT_EQ(place(0), 1);
}

TEST(nodes_take_turns)
{
	machine(4, 2);	/* CPUs 0 and 1, CPUs 2 and 3 */
	EXPECT_EQ(place(0), 0);
	EXPECT_EQ(place(0), 2);
	EXPECT_EQ(place(0), 1);
	EXPECT_EQ(place(0), 3);
}

TEST(isolated_cpus_are_left_alone)
{
	unsigned int i;

	machine(4, 1);
	isolated[0] = SPREAD_NO_SCHEDULING;
	isolated[1] = SPREAD_NO_INTERRUPTS;
	for (i = 0; i < 10; i++)
		EXPECT(place(i % 2) >= 2);
	EXPECT_EQ(on(0) + on(1), 0);
}

TEST(of_isolated_cpus_alone_the_less_isolated_are_taken)
{
	machine(3, 1);
	isolated[0] = isolated[1] = isolated[2] = SPREAD_NO_INTERRUPTS;
	EXPECT_EQ(place(0), 0);
	EXPECT_EQ(place(0), 1);
	isolated[2] = SPREAD_NO_SCHEDULING;
	EXPECT_EQ(place(0), 2);
	EXPECT_EQ(place(0), 2);
}

TEST(a_cpu_that_comes_takes_its_share)
{
	unsigned int i;

	machine(4, 1);
	online[3] = false;
	for (i = 0; i < 8; i++)
		place(i % 2);
	online[3] = true;
	EXPECT(settle() > 0);
	EXPECT_EQ(on(3), 2);
	EXPECT(unevenness(0) <= 1);
	EXPECT(unevenness(1) <= 1);
	EXPECT_EQ(settle(), 0);
}

TEST(an_even_spread_is_not_disturbed)
{
	struct spread_cost from = { .siblings = 1, .channels = 1, .node_channels = 5 };
	struct spread_cost to = { .node_channels = 0 };
	unsigned int i;

	/* It would only be the one channel there instead of here. */
	EXPECT(!spread_gains(&from, &to));
	machine(4, 2);
	for (i = 0; i < 9; i++)
		place(i % 3);
	EXPECT_EQ(settle(), 0);
}

TEST(moves_come_to_an_end_wherever_channels_are)
{
	unsigned int run, i, device;

	srand(1);
	for (run = 0; run < 200; run++) {
		machine(1 + (unsigned int)rand() % CPUS, 1);
		for (i = 0; i < cpu_count; i++)
			isolated[i] = rand() % 4 ? SPREAD_OPEN_TO_ALL : SPREAD_NO_INTERRUPTS;
		isolated[rand() % cpu_count] = SPREAD_OPEN_TO_ALL;
		for (i = 0; i < 40; i++) {
			chan[i].used = true;
			chan[i].cpu = rand() % (int)cpu_count;
			chan[i].device = (unsigned int)rand() % 5;
		}
		EXPECT(settle() < 1000);
		for (i = 0; i < cpu_count; i++)
			if (isolated[i])
				EXPECT_EQ(on((int)i), 0);
		for (i = 0; i < cpu_count; i++)
			if (isolated[i])
				online[i] = false;
		for (device = 0; device < 5; device++)
			EXPECT(unevenness(device) <= 1);
	}
}

TEST(storage_and_network_are_spread)
{
	static const struct wire_guid busy[] = {
		WIRE_GUID_NIC, WIRE_GUID_SCSI, WIRE_GUID_IDE, WIRE_GUID_FC, WIRE_GUID_RDMA,
	}, idle[] = {
		WIRE_GUID_SHUTDOWN, WIRE_GUID_TIMESYNC, WIRE_GUID_HEARTBEAT, WIRE_GUID_KVP,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(busy); i++)
		EXPECT(spread_wanted(&busy[i]));
	for (i = 0; i < ARRAY_SIZE(idle); i++)
		EXPECT(!spread_wanted(&idle[i]));
}

KTAP_MAIN

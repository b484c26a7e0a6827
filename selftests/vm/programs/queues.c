// SPDX-License-Identifier: GPL-2.0
/*
 * queues - what the kernel says over netlink of the queues of a NIC
 *
 *   queues NAME     a line for each: direction, number, who polls, packets, bytes; and one for
 *                   the NIC as a whole
 *
 * Exits with 2 if this kernel says nothing of queues. The numbers of the interface are those
 * of linux/netdev.h, which is older on some machines than the kernels in its guests.
 */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { QUEUE_GET = 10, QSTATS_GET = 12 };
enum { QUEUE_ID = 1, QUEUE_IFINDEX, QUEUE_TYPE, QUEUE_NAPI };
enum { STATS_IFINDEX = 1, STATS_TYPE, STATS_ID, STATS_SCOPE, STATS_RX_PACKETS = 8, STATS_RX_BYTES,
       STATS_TX_PACKETS, STATS_TX_BYTES, STATS_MAX };
#define SCOPE_QUEUE	1
#define QUEUES_MAX	64u

static char buffer[65536] __attribute__((aligned(8)));
static int fd;

struct message {
	struct nlmsghdr hdr;
	struct genlmsghdr genl;
	char attrs[128];
};

static void put(struct message *msg, uint16_t type, const void *value, uint16_t len)
{
	struct nlattr *attr = (void *)((char *)msg + NLMSG_ALIGN(msg->hdr.nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy((char *)attr + NLA_HDRLEN, value, len);
	msg->hdr.nlmsg_len = NLMSG_ALIGN(msg->hdr.nlmsg_len) + NLA_ALIGN(attr->nla_len);
}

static void begin(struct message *msg, uint16_t family, uint8_t cmd, uint16_t flags)
{
	memset(msg, 0, sizeof(*msg));
	msg->hdr.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	msg->hdr.nlmsg_type = family;
	msg->hdr.nlmsg_flags = NLM_F_REQUEST | flags;
	msg->genl.cmd = cmd;
	msg->genl.version = 1;
}

/* All that can be a number as a number; others are 0. */
static void parse(const struct nlmsghdr *hdr, uint64_t *values, uint32_t count)
{
	const char *at = (const char *)NLMSG_DATA(hdr) + GENL_HDRLEN;
	const char *end = (const char *)hdr + hdr->nlmsg_len;

	memset(values, 0, count * sizeof(*values));
	while (end - at >= NLA_HDRLEN) {
		const struct nlattr *attr = (const void *)at;
		uint32_t len = attr->nla_len - NLA_HDRLEN, type = attr->nla_type & NLA_TYPE_MASK;

		if (attr->nla_len < NLA_HDRLEN || at + attr->nla_len > end)
			break;
		if (type < count && len <= sizeof(uint64_t))
			memcpy(&values[type], at + NLA_HDRLEN, len);
		at += NLA_ALIGN(attr->nla_len);
	}
}

/* Each message of the answer goes to @take; false if the kernel refuses. */
static int talk(const struct message *msg, void (*take)(const struct nlmsghdr *hdr))
{
	if (send(fd, msg, msg->hdr.nlmsg_len, 0) < 0)
		return 0;
	for (;;) {
		ssize_t len = recv(fd, buffer, sizeof(buffer), 0);
		struct nlmsghdr *hdr = (void *)buffer;

		if (len <= 0)
			return 0;
		for (; NLMSG_OK(hdr, (uint32_t)len); hdr = NLMSG_NEXT(hdr, len)) {
			if (hdr->nlmsg_type == NLMSG_DONE)
				return 1;
			if (hdr->nlmsg_type == NLMSG_ERROR)
				return 0;
			take(hdr);
			if (!(msg->hdr.nlmsg_flags & NLM_F_DUMP))
				return 1;
		}
	}
}

static uint64_t napis[2][QUEUES_MAX];
static uint32_t scope;
static uint16_t family;

static void take_family(const struct nlmsghdr *hdr)
{
	uint64_t values[CTRL_ATTR_FAMILY_ID + 1];

	parse(hdr, values, CTRL_ATTR_FAMILY_ID + 1);
	family = values[CTRL_ATTR_FAMILY_ID];
}

static void take_queue(const struct nlmsghdr *hdr)
{
	uint64_t values[QUEUE_NAPI + 1];

	parse(hdr, values, QUEUE_NAPI + 1);
	if (values[QUEUE_TYPE] < 2 && values[QUEUE_ID] < QUEUES_MAX)
		napis[values[QUEUE_TYPE]][values[QUEUE_ID]] = values[QUEUE_NAPI];
}

static void take_stats(const struct nlmsghdr *hdr)
{
	uint64_t v[STATS_MAX];
	int tx;

	parse(hdr, v, STATS_MAX);
	tx = v[STATS_TYPE] == 1;
	if (scope != SCOPE_QUEUE)
		printf("all rx packets %lu bytes %lu tx packets %lu bytes %lu\n", v[STATS_RX_PACKETS],
		       v[STATS_RX_BYTES], v[STATS_TX_PACKETS], v[STATS_TX_BYTES]);
	else if (v[STATS_ID] < QUEUES_MAX)
		printf("%s %lu napi %lu packets %lu bytes %lu\n", tx ? "tx" : "rx", v[STATS_ID],
		       napis[tx][v[STATS_ID]], v[tx ? STATS_TX_PACKETS : STATS_RX_PACKETS],
		       v[tx ? STATS_TX_BYTES : STATS_RX_BYTES]);
}

int main(int argc, char **argv)
{
	uint32_t index;
	struct message msg;

	index = argc == 2 ? if_nametoindex(argv[1]) : 0;
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (!index || fd < 0) {
		fprintf(stderr, "queues NAME\n");
		return 1;
	}
	begin(&msg, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	put(&msg, CTRL_ATTR_FAMILY_NAME, "netdev", sizeof("netdev"));
	if (!talk(&msg, take_family) || !family)
		return 2;
	begin(&msg, family, QUEUE_GET, NLM_F_DUMP);
	put(&msg, QUEUE_IFINDEX, &index, sizeof(index));
	if (!talk(&msg, take_queue))
		return 2;
	/* The whole comes last: whatever arrives meanwhile, it is not less than its parts. */
	scope = SCOPE_QUEUE;
	begin(&msg, family, QSTATS_GET, NLM_F_DUMP);
	put(&msg, STATS_IFINDEX, &index, sizeof(index));
	put(&msg, STATS_SCOPE, &scope, sizeof(scope));
	if (!talk(&msg, take_stats))
		return 2;
	scope = 0;
	begin(&msg, family, QSTATS_GET, NLM_F_DUMP);
	put(&msg, STATS_IFINDEX, &index, sizeof(index));
	return talk(&msg, take_stats) ? 0 : 1;
}

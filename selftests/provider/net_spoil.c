// SPDX-License-Identifier: GPL-2.0
/*
 * net_spoil.c - lies in what goes to the guest, on script
 *
 * A lie is FIELD[=VALUE] [COUNT[@SKIP]]: in the next COUNT packets (1, * for ever)
 * after SKIP good ones the field has this value.
 */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD(type, field)	(offsetof(type, field) / 4)
#define DATA(field)		(NET_LIE_DATA + WORD(struct rndis_packet, field))
#define PPI(n, field) \
	(NET_LIE_DATA + sizeof(struct rndis_packet) / 4 + (n) * 4 + WORD(struct rndis_ppi, field))

static const struct {
	const char *name;
	uint32_t where;
	bool has_value;
} fields[] = {
	/* Of a packet with frames */
	{ "set_id", NET_LIE_SET_ID, true },
	{ "range_count", NET_LIE_RANGE_COUNT, true },
	{ "range_offset", NET_LIE_RANGE_OFFSET, true },
	{ "range_len", NET_LIE_RANGE_LEN, true },
	{ "nvsp_type", NET_LIE_NVSP_TYPE, true },
	{ "nvsp_channel", NET_LIE_NVSP_CHANNEL, true },
	/* Of a frame */
	{ "type", DATA(hdr.type), true },
	{ "len", DATA(hdr.len), true },
	{ "data_offset", DATA(data_offset), true },
	{ "data_len", DATA(data_len), true },
	{ "oob_offset", DATA(oob_offset), true },
	{ "oob_len", DATA(oob_len), true },
	{ "ppi_offset", DATA(ppi_offset), true },
	{ "ppi_len", DATA(ppi_len), true },
	{ "ppi_size", PPI(0, size), true },
	{ "ppi_type", PPI(0, type), true },
	{ "ppi_data_offset", PPI(0, data_offset), true },
	{ "ppi_value", PPI(1, size) - 1, true },
	{ "ppi2_size", PPI(1, size), true },
	{ "ppi2_type", PPI(1, type), true },
	{ "ppi2_data_offset", PPI(1, data_offset), true },
	{ "ppi2_value", PPI(2, size) - 1, true },
	/* Of an answer or a notice: by the number of its 32-bit word, as request_id is 2 of each */
	{ "reply_type", NET_LIE_REPLY + 0, true },
	{ "reply_len", NET_LIE_REPLY + 1, true },
	{ "reply_id", NET_LIE_REPLY + 2, true },
	{ "reply_status", NET_LIE_REPLY + 3, true },
	{ "reply_info_len", NET_LIE_REPLY + WORD(struct rndis_query_complete, info_len), true },
	{ "reply_info_offset",
	  NET_LIE_REPLY + WORD(struct rndis_query_complete, info_offset), true },
	{ "reply_info", NET_LIE_REPLY + sizeof(struct rndis_query_complete) / 4, true },
	{ "notice_status", NET_LIE_REPLY + WORD(struct rndis_indicate, status), true },
	{ "notice_len", NET_LIE_REPLY + WORD(struct rndis_indicate, info_len), true },
	{ "notice_offset", NET_LIE_REPLY + WORD(struct rndis_indicate, info_offset), true },
	{ "reply_never", NET_LIE_REPLY_NEVER, false },
	{ "reply_twice", NET_LIE_REPLY_TWICE, false },
	/* Of an answer in the handshake: by word */
	{ "nvsp0", NET_LIE_NVSP_REPLY + 0, true },
	{ "nvsp1", NET_LIE_NVSP_REPLY + 1, true },
	{ "nvsp2", NET_LIE_NVSP_REPLY + 2, true },
	{ "nvsp3", NET_LIE_NVSP_REPLY + 3, true },
	{ "nvsp4", NET_LIE_NVSP_REPLY + 4, true },
	{ "nvsp5", NET_LIE_NVSP_REPLY + 5, true },
	{ "nvsp6", NET_LIE_NVSP_REPLY + 6, true },
	/* Of the completion of what the guest has sent */
	{ "tx_status", NET_LIE_TX_STATUS, true },
	{ "tx_never", NET_LIE_TX_NEVER, false },
	{ "tx_twice", NET_LIE_TX_TWICE, false },
};

static bool number(const char *text, uint32_t *value)
{
	char *end;
	unsigned long long n;

	if (*text < '0' || *text > '9')
		return false;
	n = strtoull(text, &end, 0);
	*value = (uint32_t)n;
	return !*end && n <= UINT32_MAX;
}

static const char *parse_times(const char *text, struct net_lie *lie)
{
	char count[16];
	const char *at = strchr(text, '@');

	snprintf(count, sizeof(count), "%.*s", (int)(at ? at - text : (int)strlen(text)), text);
	if (!strcmp(count, "*"))
		lie->count = UINT32_MAX;
	else if (!number(count, &lie->count) || !lie->count)
		return "how often? a number above zero, or *";
	if (at && !number(at + 1, &lie->skip))
		return "no number behind '@'";
	return NULL;
}

const char *net_lie_add(struct net *net, const char *args)
{
	struct net_lie lie = { .count = 1 }, *new, **link;
	char what[40], times[40] = "", *value;
	const char *why = NULL;
	size_t i;

	if (sscanf(args, "%39s %39s", what, times) < 1)
		return "what? FIELD[=VALUE] [COUNT[@SKIP]]";
	value = strchr(what, '=');
	if (value)
		*value++ = '\0';
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (!strcmp(what, fields[i].name))
			break;
	if (i == ARRAY_SIZE(fields))
		return "there is no such field";
	if (fields[i].has_value ? !value || !number(value, &lie.value) : !!value)
		return "the field has a value that is no number, or needs none";
	lie.where = fields[i].where;
	if (*times)
		why = parse_times(times, &lie);
	if (why)
		return why;
	new = malloc(sizeof(*new));
	if (!new)
		return "out of memory";
	*new = lie;
	for (link = &net->lies; *link; link = &(*link)->next)
		;
	*link = new;
	return NULL;
}

void net_lie_clear(struct net *net)
{
	struct net_lie *lie;

	while ((lie = net->lies)) {
		net->lies = lie->next;
		free(lie);
	}
}

/* Each passes one lie about a field at most. */
bool net_lie(struct net *net, uint32_t where, uint32_t *value)
{
	struct net_lie **link, *lie;

	for (link = &net->lies; (lie = *link); link = &lie->next) {
		if (lie->where != where)
			continue;
		if (lie->skip) {
			lie->skip--;
			return false;
		}
		*value = lie->value;
		net->count.lies++;
		if (lie->count != UINT32_MAX && !--lie->count) {
			*link = lie->next;
			free(lie);
		}
		return true;
	}
	return false;
}

void net_lie_words(struct net *net, uint32_t first, void *msg, uint32_t len)
{
	uint32_t i, value;

	if (!net->lies)
		return;
	for (i = 0; i < len / 4 && i < 64; i++) {
		if (!net_lie(net, first + i, &value))
			continue;
		value = cpu_to_le32(value);
		memcpy((uint8_t *)msg + 4 * i, &value, sizeof(value));
	}
}

// SPDX-License-Identifier: GPL-2.0
/*
 * echo.c - the host end of the echo device (wire/echo.h)
 *
 * Control commands, each behind the device's label:
 *   counters                   "name value" lines
 *   send COUNT BYTES [ask]     so many packets on the primary channel, unasked for,
 *                              as by ECHO_OP_SOURCE; ask: each wants a completion
 *   hold | release             answer nothing until released
 */
#include "vsp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "wire/echo.h"

#define DEVICES_MAX		16u
#define SUB_CHANNELS_MAX	64u

/* A request that is not answered yet. */
struct held {
	struct held *next;
	struct vsp_chan *chan;
	uint64_t id;
	uint32_t len;
	uint8_t payload[];
};

struct echo {
	struct vsp *vsp;
	struct vsp_device *device;
	struct vsp_chan *primary;	/* while it is open */
	uint32_t sub_channels_left;	/* that may still be asked for */
	uint32_t sub_channels_max;
	bool hold;
	struct held *held, **held_end;

	uint64_t echoed, sunk, sunk_bytes, sourced, checksums, confirmed, garbled;
};

/* Between the options and vsp_echo_start(); there is no device yet to keep them. */
static struct echo_options {
	struct vsp *vsp;
	struct echo_options *next;
	uint32_t count, sub_channels;
	bool monitor;
} *unstarted;

/* e7c65ac8-0fa5-4c22-ac7b-ea32812c4b00 and up: one for each device */
static const struct wire_guid first_instance =
	WIRE_GUID(0xe7c65ac8, 0x0fa5, 0x4c22, 0xac, 0x7b, 0xea, 0x32, 0x81, 0x2c, 0x4b, 0x00);

/* Answers ----------------------------------------------------------------------------*/

static void answer(struct echo *echo, struct vsp_chan *chan, uint64_t id, const void *payload,
		   uint32_t len)
{
	struct held *held;

	if (!echo->hold) {
		vsp_chan_complete(chan, id, payload, len);
		return;
	}
	held = malloc(sizeof(*held) + len);
	if (!held) {
		vsp_log(echo->vsp, "out of memory, an answer is lost");
		return;
	}
	held->next = NULL;
	held->chan = chan;
	held->id = id;
	held->len = len;
	if (len)
		memcpy(held->payload, payload, len);
	*echo->held_end = held;
	echo->held_end = &held->next;
}

static void release(struct echo *echo)
{
	struct held *held;

	echo->hold = false;
	while ((held = echo->held)) {
		echo->held = held->next;
		if (!echo->held)
			echo->held_end = &echo->held;
		vsp_chan_complete(held->chan, held->id, held->payload, held->len);
		free(held);
	}
}

/* NULL: of all channels. */
static void drop_held(struct echo *echo, const struct vsp_chan *chan)
{
	struct held **at = &echo->held, *held;

	while ((held = *at)) {
		if (chan && held->chan != chan) {
			at = &held->next;
			continue;
		}
		*at = held->next;
		free(held);
	}
	echo->held_end = at;
}

static void reply(struct echo *echo, struct vsp_chan *chan, const struct vsp_pkt *pkt,
		  uint32_t op, uint32_t status, uint32_t value)
{
	struct echo_reply msg = {
		.hdr.op = cpu_to_le32(op),
		.hdr.len = cpu_to_le32(sizeof(msg) - sizeof(msg.hdr)),
		.status = cpu_to_le32(status),
		.value = cpu_to_le32(value),
	};

	if (pkt->wants_completion)
		answer(echo, chan, pkt->id, &msg, sizeof(msg));
}

/* Requests ---------------------------------------------------------------------------*/

static bool send_data(struct echo *echo, struct vsp_chan *chan, uint32_t count, uint32_t body_len,
		      bool ask)
{
	struct echo_data *data;
	uint32_t n, i;

	if (count > ECHO_SOURCE_MAX_PACKETS || (uint64_t)count * body_len > ECHO_SOURCE_MAX_BYTES)
		return false;
	data = malloc(sizeof(*data) + body_len);
	if (!data)
		return false;
	data->hdr.op = cpu_to_le32(ECHO_OP_DATA);
	data->hdr.len = cpu_to_le32((uint32_t)(sizeof(*data) - sizeof(data->hdr)) + body_len);
	data->count = cpu_to_le32(count);
	for (n = 0; n < count; n++) {
		data->number = cpu_to_le32(n);
		for (i = 0; i < body_len; i++)
			((uint8_t *)(data + 1))[i] = (uint8_t)(n + i);
		vsp_chan_send_inband(chan, ask ? n + 1 : 0, ask, data,
				     (uint32_t)sizeof(*data) + body_len);
	}
	free(data);
	echo->sourced += count;
	return true;
}

static void source(struct echo *echo, struct vsp_chan *chan, const struct vsp_pkt *pkt)
{
	struct echo_source msg;
	uint32_t count;
	bool done;

	memcpy(&msg, pkt->payload, sizeof(msg));
	count = le32_to_cpu(msg.count);
	done = send_data(echo, chan, count, le32_to_cpu(msg.body_len),
			 le32_to_cpu(msg.flags) & ECHO_SOURCE_WANT_COMPLETION);
	reply(echo, chan, pkt, ECHO_OP_SOURCE, done ? ECHO_STATUS_OK : ECHO_STATUS_INVALID,
	      done ? count : 0);
}

static void sub_channels(struct echo *echo, struct vsp_chan *chan, const struct vsp_pkt *pkt)
{
	struct echo_sub_channels msg;
	uint32_t count;

	memcpy(&msg, pkt->payload, sizeof(msg));
	count = le32_to_cpu(msg.count);
	if (vsp_chan_index(chan)) {
		reply(echo, chan, pkt, ECHO_OP_SUB_CHANNELS, ECHO_STATUS_INVALID, 0);
		return;
	}
	if (count > echo->sub_channels_left)
		count = echo->sub_channels_left;
	echo->sub_channels_left -= count;
	reply(echo, chan, pkt, ECHO_OP_SUB_CHANNELS, ECHO_STATUS_OK, count);
	vsp_device_offer_sub_channels(echo->device, count);
}

/* As gzip has it, a bit at a time: memory of a test is small. */
static uint32_t crc32(uint32_t crc, const uint8_t *bytes, size_t len)
{
	int bit;

	while (len--) {
		crc ^= *bytes++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return crc;
}

/* False if a part of it is not memory. */
static bool add_memory(struct echo *echo, const struct vsp_gpa_list *list, size_t at, size_t len,
		       uint32_t *crc)
{
	uint8_t chunk[4096];
	size_t part;

	for (; len; at += part, len -= part) {
		part = len < sizeof(chunk) ? len : sizeof(chunk);
		if (vsp_gpa_read(echo->vsp, list, at, chunk, part) != part)
			return false;
		*crc = crc32(*crc, chunk, part);
	}
	return true;
}

static void checksum(struct echo *echo, struct vsp_chan *chan, const struct vsp_pkt *pkt)
{
	uint32_t crc = UINT32_MAX, i;
	bool readable = true;

	for (i = 0; i < pkt->range_count; i++)
		readable = readable && add_memory(echo, &pkt->ranges[i], 0, pkt->ranges[i].len,
						  &crc);
	echo->checksums++;
	reply(echo, chan, pkt, ECHO_OP_CHECKSUM, readable ? ECHO_STATUS_OK : ECHO_STATUS_INVALID,
	      ~crc);
}

static void buffer(struct echo *echo, struct vsp_chan *chan, const struct vsp_pkt *pkt)
{
	const struct vsp_gpa_list *list;
	uint32_t crc = UINT32_MAX, at, bytes;
	struct echo_buffer msg;

	memcpy(&msg, pkt->payload, sizeof(msg));
	at = le32_to_cpu(msg.at);
	bytes = le32_to_cpu(msg.bytes);
	list = vsp_chan_gpadl(chan, le32_to_cpu(msg.gpadl));
	echo->checksums++;
	if (!list || at > list->len || bytes > list->len - at ||
	    !add_memory(echo, list, at, bytes, &crc))
		reply(echo, chan, pkt, ECHO_OP_BUFFER, ECHO_STATUS_INVALID, 0);
	else
		reply(echo, chan, pkt, ECHO_OP_BUFFER, ECHO_STATUS_OK, ~crc);
}

/* What is wrong with a request, or NULL. */
static const char *check(const struct vsp_pkt *pkt, uint32_t op, uint32_t len)
{
	static const uint32_t least[] = {
		[ECHO_OP_ECHO] = sizeof(struct echo_hdr),
		[ECHO_OP_SINK] = sizeof(struct echo_hdr),
		[ECHO_OP_SOURCE] = sizeof(struct echo_source),
		[ECHO_OP_SUB_CHANNELS] = sizeof(struct echo_sub_channels),
		[ECHO_OP_CHECKSUM] = sizeof(struct echo_hdr),
		[ECHO_OP_BUFFER] = sizeof(struct echo_buffer),
	};
	uint32_t total = (uint32_t)sizeof(struct echo_hdr) + len, i;

	if (op >= ARRAY_SIZE(least) || !least[op])
		return "an unknown request";
	if (len > pkt->payload_len || total > pkt->payload_len || total < least[op])
		return "a request with a length that cannot be";
	if (pkt->payload_len - total > 7)
		return "a request in a packet that is too long for it";
	/* What a ring pads with is what lay there before, if nobody took care. */
	for (i = total; i < pkt->payload_len; i++)
		if (pkt->payload[i])
			return "a request padded with other bytes than 0";
	if ((op == ECHO_OP_CHECKSUM) != (pkt->type == VMBUS_PKT_GPA_DIRECT))
		return "a request in the wrong type of packet";
	return NULL;
}

static void echo_packet(void *dev, struct vsp_chan *chan, struct vsp_pkt *pkt)
{
	struct echo *echo = dev;
	struct echo_hdr hdr = { 0 };
	uint32_t op, len;
	const char *why;

	if (pkt->type == VMBUS_PKT_COMPLETION) {
		echo->confirmed++;
		return;
	}
	if (pkt->payload_len >= sizeof(hdr))
		memcpy(&hdr, pkt->payload, sizeof(hdr));
	op = le32_to_cpu(hdr.op);
	len = le32_to_cpu(hdr.len);
	why = check(pkt, op, len);
	if (why) {
		echo->garbled++;
		vsp_violation(echo->vsp, "echo: %s (op %u, %u bytes of %u)", why, op, len,
			      pkt->payload_len);
		reply(echo, chan, pkt, op, ECHO_STATUS_INVALID, 0);
		return;
	}
	switch (op) {
	case ECHO_OP_ECHO:
		echo->echoed++;
		len += (uint32_t)sizeof(hdr);
		if (pkt->wants_completion)
			answer(echo, chan, pkt->id, pkt->payload, len);
		else
			vsp_chan_send_inband(chan, 0, false, pkt->payload, len);
		break;
	case ECHO_OP_SINK:
		echo->sunk++;
		echo->sunk_bytes += len;
		if (pkt->wants_completion)
			answer(echo, chan, pkt->id, NULL, 0);
		break;
	case ECHO_OP_SOURCE:
		source(echo, chan, pkt);
		break;
	case ECHO_OP_SUB_CHANNELS:
		sub_channels(echo, chan, pkt);
		break;
	case ECHO_OP_CHECKSUM:
		checksum(echo, chan, pkt);
		break;
	case ECHO_OP_BUFFER:
		buffer(echo, chan, pkt);
		break;
	}
}

static void echo_opened(void *dev, struct vsp_chan *chan)
{
	struct echo *echo = dev;

	if (vsp_chan_index(chan))
		return;
	echo->primary = chan;
	echo->sub_channels_left = echo->sub_channels_max;
}

static void echo_closed(void *dev, struct vsp_chan *chan)
{
	struct echo *echo = dev;

	drop_held(echo, chan);
	if (echo->primary == chan)
		echo->primary = NULL;
}

/* Control ----------------------------------------------------------------------------*/

static void put_counter(vsp_put_line put, void *ctx, const char *name, uint64_t value)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %llu", name, (unsigned long long)value);
	put(ctx, line);
}

static void echo_counters(void *dev, vsp_put_line put, void *ctx)
{
	struct echo *echo = dev;

	put_counter(put, ctx, "echoed", echo->echoed);
	put_counter(put, ctx, "sunk", echo->sunk);
	put_counter(put, ctx, "sunk_bytes", echo->sunk_bytes);
	put_counter(put, ctx, "sourced", echo->sourced);
	put_counter(put, ctx, "checksums", echo->checksums);
	put_counter(put, ctx, "confirmed", echo->confirmed);
	put_counter(put, ctx, "garbled", echo->garbled);
}

static void echo_reset_counters(void *dev)
{
	struct echo *echo = dev;

	echo->echoed = echo->sunk = echo->sunk_bytes = echo->sourced = 0;
	echo->checksums = echo->confirmed = echo->garbled = 0;
}

static const char *command_send(struct echo *echo, const char *args)
{
	unsigned int count, bytes;
	char word[8] = "", rest;
	int n = sscanf(args, "%u %u %7s %c", &count, &bytes, word, &rest);

	if (n < 2 || n > 3 || (n == 3 && strcmp(word, "ask")))
		return "error: expected COUNT BYTES [ask]";
	if (!echo->primary)
		return "error: the channel is not open";
	if (!send_data(echo, echo->primary, count, bytes, n == 3))
		return "error: that is too much";
	return "ok";
}

static void echo_command(void *dev, const char *line, vsp_put_line put, void *ctx)
{
	struct echo *echo = dev;

	if (!strncmp(line, "send ", 5)) {
		put(ctx, command_send(echo, line + 5));
		return;
	}
	if (!strcmp(line, "counters")) {
		echo_counters(echo, put, ctx);
	} else if (!strcmp(line, "hold")) {
		echo->hold = true;
	} else if (!strcmp(line, "release")) {
		release(echo);
	} else {
		put(ctx, "error: unknown command");
		return;
	}
	put(ctx, "ok");
}

/* Making and unmaking ----------------------------------------------------------------*/

static void echo_destroy(void *dev)
{
	struct echo *echo = dev;

	drop_held(echo, NULL);
	free(echo);
}

static const struct vsp_device_ops echo_ops = {
	.name = "echo",
	.class_id = WIRE_GUID_ECHO,
	.chan_opened = echo_opened,
	.chan_closed = echo_closed,
	.packet = echo_packet,
	.command = echo_command,
	.counters = echo_counters,
	.reset_counters = echo_reset_counters,
	.destroy = echo_destroy,
};

static struct echo_options **find_options(const struct vsp *vsp)
{
	struct echo_options **at = &unstarted;

	while (*at && (*at)->vsp != vsp)
		at = &(*at)->next;
	return at;
}

static bool parse_u32(const char *text, uint32_t max, uint32_t *value)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*value = (uint32_t)n;
	return *text >= '0' && *text <= '9' && !*end && n <= max;
}

/* What the value should have been, or NULL. */
static const char *set_option(struct echo_options *options, const char *name, const char *value)
{
	if (!strcmp(name, "echo"))
		return parse_u32(value, DEVICES_MAX, &options->count) ? NULL :
			"a number of devices, up to 16";
	if (!strcmp(name, "echo_sub_channels"))
		return parse_u32(value, SUB_CHANNELS_MAX, &options->sub_channels) ? NULL :
			"a number up to 64";
	options->monitor = !strcmp(value, "on");
	return options->monitor || !strcmp(value, "off") ? NULL : "on or off";
}

int vsp_echo_option(struct vsp *vsp, const char *name, const char *value, char *err,
		    size_t err_len)
{
	struct echo_options **at = find_options(vsp);
	const char *expected;

	if (strcmp(name, "echo") && strcmp(name, "echo_sub_channels") &&
	    strcmp(name, "echo_monitor"))
		return 1;
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (!*at) {
			snprintf(err, err_len, "out of memory");
			return -ENOMEM;
		}
		(*at)->vsp = vsp;
	}
	expected = set_option(*at, name, value);
	if (!expected)
		return 0;
	snprintf(err, err_len, "%s=%s: must be %s", name, value, expected);
	return -EINVAL;
}

static int add_device(struct vsp *vsp, const struct echo_options *options, uint32_t index)
{
	struct echo *echo = calloc(1, sizeof(*echo));
	struct wire_guid instance = first_instance;
	char label[16];

	if (!echo)
		return -ENOMEM;
	echo->vsp = vsp;
	echo->sub_channels_max = options->sub_channels;
	echo->held_end = &echo->held;
	instance.b[15] = (uint8_t)(instance.b[15] + index);
	snprintf(label, sizeof(label), "echo%u", index);
	echo->device = vsp_device_add(vsp, &echo_ops, echo, &instance, label);
	if (!echo->device) {
		free(echo);
		return -ENOMEM;
	}
	if (options->monitor)
		vsp_device_monitor(echo->device);
	return 0;
}

int vsp_echo_start(struct vsp *vsp, char *err, size_t err_len)
{
	struct echo_options **at = find_options(vsp), *options = *at;
	uint32_t i;
	int r = 0;

	if (!options)
		return 0;
	*at = options->next;
	for (i = 0; i < options->count && !r; i++)
		r = add_device(vsp, options, i);
	free(options);
	if (r)
		snprintf(err, err_len, "echo: the device cannot be added");
	return r;
}

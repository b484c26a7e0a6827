// SPDX-License-Identifier: GPL-2.0
/*
 * net_ctl.c - what people say to a NIC of the host: options, commands, counters
 */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NICS_MAX		8u
#define MTU_DEFAULT		9014u
#define MTU_LEAST		1514u
#define MTU_MOST		65535u
#define SECTION_LEN		6144u
#define TABLE_CNT		128u
#define SPEED_DEFAULT		10000000000ull
#define SOURCE_MAX		10000000u
#define LATE_MAX		60000000u	/* microseconds */

/* All NICs of all hosts in this process, by number. */
static struct net *all;

/* Numbers ---------------------------------------------------------------------------*/

static bool parse_u64(const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*value = strtoull(text, &end, 0);
	return !*end && *value >= least && *value <= most;
}

static bool parse_u32(const char *text, uint32_t least, uint32_t most, uint32_t *value)
{
	uint64_t n;

	if (!parse_u64(text, least, most, &n))
		return false;
	*value = (uint32_t)n;
	return true;
}

static bool parse_switch(const char *text, bool *value)
{
	*value = !strcmp(text, "on");
	return *value || !strcmp(text, "off");
}

static bool parse_mac(const char *text, uint8_t *mac)
{
	unsigned int b[NET_MAC_LEN], i;
	char rest;

	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &rest) != 6)
		return false;
	for (i = 0; i < NET_MAC_LEN; i++)
		mac[i] = (uint8_t)b[i];
	return true;
}

static bool parse_version(const char *text, uint32_t *version)
{
	static const struct {
		const char *name;
		uint32_t version;
	} known[] = {
		{ "1", NVSP_VERSION_1 }, { "2", NVSP_VERSION_2 }, { "4", NVSP_VERSION_4 },
		{ "5", NVSP_VERSION_5 }, { "6", NVSP_VERSION_6 }, { "6.1", NVSP_VERSION_6_1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(text, known[i].name)) {
			*version = known[i].version;
			return true;
		}
	return false;
}

/* Counters --------------------------------------------------------------------------*/

#define COUNTER(name) { #name, offsetof(struct net_counters, name) }
static const struct {
	const char *name;
	size_t at;
} counters[] = {
	COUNTER(tx_frames), COUNTER(tx_bytes), COUNTER(tx_packets), COUNTER(tx_batched),
	COUNTER(tx_copied), COUNTER(tx_direct), COUNTER(tx_mixed),
	COUNTER(tx_lso), COUNTER(tx_csum), COUNTER(tx_tagged), COUNTER(tx_hashed),
	COUNTER(tx_vf_path), COUNTER(tx_refused), COUNTER(tx_bad_sums),
	COUNTER(rx_frames), COUNTER(rx_bytes), COUNTER(rx_packets),
	COUNTER(rx_rsc), COUNTER(rx_rsc_parts), COUNTER(rx_segments),
	COUNTER(rx_filtered), COUNTER(rx_no_carrier), COUNTER(rx_too_long), COUNTER(rx_full),
	COUNTER(rx_waited), COUNTER(rx_vf_path), COUNTER(rx_failed),
	COUNTER(vf_tx_frames), COUNTER(vf_tx_wrong), COUNTER(vf_rx_frames), COUNTER(vf_rx_lost),
	COUNTER(wire_sent), COUNTER(wire_lost),
	COUNTER(vf_switches), COUNTER(vf_ignored),
	COUNTER(control), COUNTER(notices), COUNTER(lies),
	COUNTER(sunk_good), COUNTER(sunk_bad), COUNTER(sunk_lost), COUNTER(answered),
};

static void put_value(vsp_put_line put, void *ctx, const char *name, uint64_t value)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %llu", name, (unsigned long long)value);
	put(ctx, line);
}

void net_put_counters(void *dev, vsp_put_line put, void *ctx)
{
	struct net *net = dev;
	uint64_t value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		memcpy(&value, (const uint8_t *)&net->count + counters[i].at, sizeof(value));
		put_value(put, ctx, counters[i].name, value);
	}
	put_value(put, ctx, "pieces_out", net->pieces ? net->recv.piece_cnt - net->free_cnt : 0);
	put_value(put, ctx, "waiting", net->waiting_cnt);
}

void net_reset_counters(void *dev)
{
	struct net *net = dev;

	memset(&net->count, 0, sizeof(net->count));
}

/* State: "name value" lines ---------------------------------------------------------*/

static void put_state(struct net *net, vsp_put_line put, void *ctx)
{
	static const char *const states[] = { "closed", "new", "configuring", "ready", "ending" };
	const uint8_t *mac = net->current_mac;
	char line[128];

#define SAY(...) do { snprintf(line, sizeof(line), __VA_ARGS__); put(ctx, line); } while (0)
	SAY("state %s", states[net->state]);
	SAY("version %u.%u", net->version >> 16, net->version & 0xffff);
	SAY("ndis 6.%u", net->ndis_minor);
	SAY("capabilities %#llx", (unsigned long long)net->capabilities);
	SAY("mtu %u", net->mtu);
	SAY("mac %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	SAY("filter %#x", net->filter);
	SAY("multicast %u", net->multicast_cnt);
	SAY("channels %u", net->open_cnt);
	SAY("carrier %s", net->carrier ? "on" : "off");
	SAY("recv_buf %u", net->recv.lent ? net->recv.len : 0);
	SAY("recv_pieces %u", net->recv.lent ? net->recv.piece_cnt : 0);
	SAY("recv_piece_len %u", net->recv.lent ? net->recv.piece_len : 0);
	SAY("send_buf %u", net->send.lent ? net->send.len : 0);
	SAY("send_sections %u", net->send.lent ? net->send.piece_cnt : 0);
	SAY("rss %s", net->rss.on ? "on" : "off");
	SAY("rss_hash %#x", net->rss.hash);
	SAY("rss_entries %u", net->rss.table_cnt);
	SAY("lso %u %u", net->offloads.lso_v2_v4, net->offloads.lso_v2_v6);
	SAY("rsc %u %u", net->offloads.rsc_v4, net->offloads.rsc_v6);
	SAY("csum ip %u tcp %u %u udp %u %u", net->offloads.ip_v4_csum, net->offloads.tcp_v4_csum,
	    net->offloads.tcp_v6_csum, net->offloads.udp_v4_csum, net->offloads.udp_v6_csum);
	SAY("vf %s", net->vf ? "associated" : "none");
	SAY("path %s", net->path == NVSP_PATH_VF ? "vf" : "synthetic");
#undef SAY
}

/* Commands: each says why not, or NULL ----------------------------------------------*/

static const char *command_link(struct net *net, const char *args)
{
	bool up = !strcmp(args, "up");

	if (!up && strcmp(args, "down"))
		return "up or down?";
	net->carrier = up;
	net_indicate(net, up ? RNDIS_INDICATE_CONNECT : RNDIS_INDICATE_DISCONNECT, NULL, 0);
	return NULL;
}

static const char *command_speed(struct net *net, const char *args)
{
	uint32_t value;

	if (!parse_u64(args, 100, UINT32_MAX * 100ull, &net->speed))
		return "how many bit/s?";
	value = cpu_to_le32((uint32_t)(net->speed / 100));
	net_indicate(net, RNDIS_INDICATE_LINK_SPEED, &value, sizeof(value));
	return NULL;
}

/* indicate STATUS [WORD]: any notice there is, or is not. */
static const char *command_indicate(struct net *net, const char *args)
{
	long long status, value = 0;
	uint32_t word;
	char rest;
	int n = sscanf(args, "%lli %lli %c", &status, &value, &rest);

	if (n != 1 && n != 2)
		return "indicate STATUS [WORD]";
	word = cpu_to_le32((uint32_t)value);
	return net_indicate(net, (uint32_t)status, &word, n == 2 ? sizeof(word) : 0) ? NULL :
		"the guest is not listening";
}

static const char *command_source(struct net *net, const char *args)
{
	uint32_t count, len, flows = 1;
	char rest;
	int n = sscanf(args, "%u %u %u %c", &count, &len, &flows, &rest);

	if (n != 2 && n != 3)
		return "source COUNT BYTES [FLOWS]";
	if (count > SOURCE_MAX || len > 60000 || !flows || flows > NET_CHANNELS_MAX)
		return "too many, too long, or too many flows";
	if (net->peer > NET_PEER_REFLECT || !net_get32(net->guest4))
		return "there is no station, or the guest has not shown itself yet";
	net_source_start(net, count, len, flows);
	return NULL;
}

static const char *command_delay(struct net *net, const char *args)
{
	uint32_t us;

	if (!parse_u32(args, 0, LATE_MAX, &us))
		return "how many microseconds?";
	net->delay = us * 1000ull;
	net_tx_look(net);
	return NULL;
}

static const char *command_vf(struct net *net, const char *args)
{
	uint32_t serial;

	if (!strncmp(args, "add ", 4) && parse_u32(args + 4, 0, UINT32_MAX, &serial)) {
		net->vf = true;
		net->vf_serial = serial;
		net_announce_vf(net);
	} else if (!strcmp(args, "remove")) {
		net->vf = false;
		net->path = NVSP_PATH_SYNTHETIC;
		net_announce_vf(net);
	} else if (!strcmp(args, "hold")) {
		net->vf_switches = NET_SWITCHES_HELD;
	} else if (!strcmp(args, "ignore")) {
		net->vf_switches = NET_SWITCHES_IGNORED;
	} else if (!strcmp(args, "release")) {
		net->vf_switches = NET_SWITCHES_CONFIRMED;
		net_answer_switches(net);
	} else {
		return "vf add SERIAL, remove, hold, ignore or release";
	}
	return NULL;
}

/* table OFFSET ENTRY...: which channels the guest shall send on. */
static const char *command_table(struct net *net, const char *args)
{
	uint32_t table[NET_TABLE_MAX], count = 0, offset;
	char copy[1024], *word, *rest;

	snprintf(copy, sizeof(copy), "%s", args);
	word = strtok_r(copy, " ", &rest);
	if (!word || !parse_u32(word, 0, UINT32_MAX, &offset))
		return "table OFFSET ENTRY...";
	while ((word = strtok_r(NULL, " ", &rest))) {
		if (count == NET_TABLE_MAX || !parse_u32(word, 0, UINT32_MAX, &table[count]))
			return "too many entries, or one that is no number";
		count++;
	}
	return net_send_table(net, table, count, offset) ? NULL : "the guest is not listening";
}

static const char *command_sums(struct net *net, const char *args)
{
	net->lax_sums = !strcmp(args, "lax");
	return net->lax_sums || !strcmp(args, "strict") ? NULL : "lax or strict?";
}

static const char *command_poison(struct net *net, const char *args)
{
	return parse_switch(args, &net->poison) ? NULL : "on or off?";
}

static const char *command_batch(struct net *net, const char *args)
{
	return parse_u32(args, 1, NET_RANGES_MAX, &net->batch) ? NULL : "how many frames?";
}

static const char *command_sunk(struct net *net, const char *args)
{
	(void)args;
	memset(net->sunk_next, 0, sizeof(net->sunk_next));
	return NULL;
}

static const char *command_behave(struct net *net, const char *args)
{
	(void)args;
	net_lie_clear(net);
	return NULL;
}

static const char *command_hold(struct net *net, const char *args)
{
	(void)args;
	net->hold = true;
	net_tx_look(net);
	return NULL;
}

static const char *command_release(struct net *net, const char *args)
{
	(void)args;
	net->hold = false;
	net_tx_look(net);
	return NULL;
}

static const struct {
	const char *name;
	const char *(*run)(struct net *net, const char *args);
	bool has_args;
} commands[] = {
	{ "link", command_link, true },
	{ "speed", command_speed, true },
	{ "indicate", command_indicate, true },
	{ "source", command_source, true },
	{ "delay", command_delay, true },
	{ "vf", command_vf, true },
	{ "table", command_table, true },
	{ "checksums", command_sums, true },
	{ "poison", command_poison, true },
	{ "batch", command_batch, true },
	{ "spoil", net_lie_add, true },
	{ "behave", command_behave, false },
	{ "recount", command_sunk, false },
	{ "hold", command_hold, false },
	{ "release", command_release, false },
};

void net_command(void *dev, const char *line, vsp_put_line put, void *ctx)
{
	size_t len = strcspn(line, " "), i;
	const char *args = line + len + strspn(line + len, " "), *why = "unknown command";
	struct net *net = dev;
	char reply[256];

	if (!strcmp(line, "counters")) {
		net_put_counters(net, put, ctx);
		put(ctx, "ok");
		return;
	}
	if (!strcmp(line, "state")) {
		put_state(net, put, ctx);
		put(ctx, "ok");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strlen(commands[i].name) != len || strncmp(commands[i].name, line, len))
			continue;
		why = !*args == commands[i].has_args ? "too many words, or too few" :
						       commands[i].run(net, args);
		break;
	}
	snprintf(reply, sizeof(reply), "error: %s", why ? why : "");
	put(ctx, why ? reply : "ok");
}

/* Options ---------------------------------------------------------------------------*/

static const char *option_peer(struct net *net, const char *value)
{
	if (!strcmp(value, "echo")) {
		net->peer = NET_PEER_ECHO;
	} else if (!strcmp(value, "sink")) {
		net->peer = NET_PEER_SINK;
	} else if (!strcmp(value, "reflect")) {
		net->peer = NET_PEER_REFLECT;
	} else if (!strncmp(value, "pair:", 5) && strlen(value + 5) < sizeof(net->pair_label)) {
		net->peer = NET_PEER_PAIR;
		strcpy(net->pair_label, value + 5);
	} else if (!strncmp(value, "tap:", 4) && value[4] &&
		   strlen(value + 4) < sizeof(net->wire_name)) {
		net->peer = NET_PEER_TAP;
		strcpy(net->wire_name, value + 4);
	} else if (!strncmp(value, "socket:", 7) && strchr(value + 7, ':') &&
		   strlen(value + 7) < sizeof(net->wire_name)) {
		net->peer = NET_PEER_SOCKET;
		strcpy(net->wire_name, value + 7);
	} else {
		return "echo, sink, reflect, pair:LABEL, tap:NAME or socket:LOCAL:REMOTE";
	}
	return NULL;
}

/* What the value should have been, or NULL. */
static const char *option_value(struct net *net, const char *name, const char *value)
{
	uint32_t n;

	if (!strcmp(name, "version"))
		return parse_version(value, &net->max_version) ? NULL : "1, 2, 4, 5, 6 or 6.1";
	if (!strcmp(name, "mac"))
		return parse_mac(value, net->mac) ? NULL : "six bytes as 00:15:5d:00:00:00";
	if (!strcmp(name, "mtu")) {
		if (!parse_u32(value, MTU_LEAST - NET_HEADER_LEN, MTU_MOST - NET_HEADER_LEN, &n))
			return "1500 to 65521";
		net->max_mtu = n + NET_HEADER_LEN;
		return NULL;
	}
	if (!strcmp(name, "sub_channels")) {
		if (!parse_u32(value, 0, NET_CHANNELS_MAX, &net->sub_channels_max))
			return "a number up to 64";
		net->sub_channels_given = net->sub_channels_max;
		return NULL;
	}
	if (!strcmp(name, "sub_channels_given"))
		return parse_u32(value, 0, NET_CHANNELS_MAX, &net->sub_channels_given) ? NULL :
			"a number up to 64";
	if (!strcmp(name, "sub_channels_late")) {
		if (!parse_u32(value, 0, LATE_MAX, &n))
			return "microseconds, up to 60000000";
		net->sub_channels_late = n * 1000ull;
		return NULL;
	}
	if (!strcmp(name, "table"))
		return parse_u32(value, 1, NET_TABLE_MAX, &net->table_cnt) ? NULL : "1 to 256";
	if (!strcmp(name, "speed"))
		return parse_u64(value, 100, UINT32_MAX * 100ull, &net->speed) ? NULL : "bit/s";
	if (!strcmp(name, "batch"))
		return parse_u32(value, 1, NET_RANGES_MAX, &net->batch) ? NULL : "1 to 375";
	if (!strcmp(name, "piece"))
		return parse_u32(value, 1024, 65536, &net->piece_wanted) ? NULL : "1024 to 65536";
	if (!strcmp(name, "section"))
		return parse_u32(value, 64, 65536, &net->section_len) ? NULL : "64 to 65536";
	if (!strcmp(name, "layout")) {
		net->roomy = !strcmp(value, "roomy");
		return net->roomy || !strcmp(value, "tight") ? NULL : "tight or roomy";
	}
	if (!strcmp(name, "carrier"))
		return parse_switch(value, &net->carrier) ? NULL : "on or off";
	if (!strcmp(name, "poison"))
		return parse_switch(value, &net->poison) ? NULL : "on or off";
	if (!strcmp(name, "csum"))
		return parse_switch(value, &net->can_csum) ? NULL : "on or off";
	if (!strcmp(name, "lso"))
		return parse_switch(value, &net->can_lso) ? NULL : "on or off";
	if (!strcmp(name, "rsc"))
		return parse_switch(value, &net->can_rsc) ? NULL : "on or off";
	if (!strcmp(name, "monitor"))
		return parse_switch(value, &net->monitor) ? NULL : "on or off";
	if (!strcmp(name, "vf")) {
		net->vf = parse_u32(value, 0, UINT32_MAX, &net->vf_serial);
		return net->vf ? NULL : "a serial number";
	}
	if (!strcmp(name, "vf_cable")) {
		if (!*value || strlen(value) >= sizeof(net->vf_cable))
			return "the beginning of a path, not too long";
		strcpy(net->vf_cable, value);
		return NULL;
	}
	return "an option there is";
}

static struct net *find_net(const struct vsp *vsp, uint32_t number)
{
	struct net *net;

	for (net = all; net; net = net->next)
		if (net->vsp == vsp && net->number == number)
			return net;
	return NULL;
}

static void set_addresses(struct net *net)
{
	const uint8_t mac[NET_MAC_LEN] = { 0x00, 0x15, 0x5d, 0x0a, 0, (uint8_t)net->number };
	const uint8_t peer4[4] = { 10, 7, (uint8_t)net->number, 1 };

	memcpy(net->mac, mac, sizeof(mac));
	memcpy(net->peer_mac, mac, sizeof(mac));
	net->peer_mac[4] = 1;
	memcpy(net->peer4, peer4, sizeof(peer4));
	net->peer6[0] = 0xfd;
	net->peer6[1] = 7;
	net->peer6[3] = (uint8_t)net->number;
	net->peer6[15] = 1;
}

static struct net *net_new(struct vsp *vsp, uint32_t number)
{
	struct net *net = calloc(1, sizeof(*net)), **at;

	if (!net)
		return NULL;
	net->vsp = vsp;
	net->number = number;
	snprintf(net->label, sizeof(net->label), "net%u", number);
	net->max_version = NVSP_VERSION_6_1;
	net->max_mtu = MTU_DEFAULT;
	net->table_cnt = TABLE_CNT;
	net->speed = SPEED_DEFAULT;
	net->batch = 1;
	net->section_len = SECTION_LEN;
	net->poison = true;
	net->can_rsc = net->can_csum = net->can_lso = true;
	net->carrier = true;
	set_addresses(net);
	net_init(net);
	for (at = &all; *at && (*at)->number < number; at = &(*at)->next)
		;
	net->next = *at;
	*at = net;
	return net;
}

int vsp_net_option(struct vsp *vsp, const char *name, const char *value, char *err,
		   size_t err_len)
{
	const char *expected;
	struct net *net;

	if (strncmp(name, "net", 3) || name[3] < '0' || name[3] >= '0' + (int)NICS_MAX ||
	    (name[4] && name[4] != '.'))
		return 1;
	net = find_net(vsp, (uint32_t)(name[3] - '0'));
	if (!net)
		net = net_new(vsp, (uint32_t)(name[3] - '0'));
	if (!net) {
		snprintf(err, err_len, "out of memory");
		return -ENOMEM;
	}
	expected = name[4] ? option_value(net, name + 5, value) : option_peer(net, value);
	if (!expected)
		return 0;
	snprintf(err, err_len, "%s=%s: must be %s", name, value, expected);
	return -EINVAL;
}

/* Making and unmaking ---------------------------------------------------------------*/

static int plug_in(struct net *net, char *err, size_t err_len)
{
	struct net *other;

	if (net->peer != NET_PEER_PAIR || net->pair)
		return 0;
	for (other = all; other; other = other->next)
		if (other->vsp == net->vsp && !strcmp(other->label, net->pair_label))
			break;
	if (!other || other == net || other->pair) {
		snprintf(err, err_len, "%s: '%s' is no other NIC, or has a cable", net->label,
			 net->pair_label);
		return -EINVAL;
	}
	net->pair = other;
	other->pair = net;
	other->peer = NET_PEER_PAIR;
	return 0;
}

static int add_device(struct net *net, char *err, size_t err_len)
{
	/* 7a08391f-f5a0-4ac0-9802-d13fd964f800 and up */
	struct wire_guid instance = WIRE_GUID(0x7a08391f, 0xf5a0, 0x4ac0, 0x98, 0x02, 0xd1, 0x3f,
					      0xd9, 0x64, 0xf8, 0x00);

	int r = net_vf_plug_in(net);

	if (r) {
		snprintf(err, err_len, "%s.vf_cable=%s: %s", net->label, net->vf_cable, strerror(-r));
		return r;
	}
	r = net_peer_plug_in(net);
	if (r) {
		snprintf(err, err_len, "%s=%s:%s: %s", net->label,
			 net->peer == NET_PEER_TAP ? "tap" : "socket", net->wire_name, strerror(-r));
		return r;
	}
	instance.b[15] = (uint8_t)net->number;
	net_rndis_reset(net);
	net->device = vsp_device_add(net->vsp, &net_ops, net, &instance, net->label);
	if (!net->device) {
		snprintf(err, err_len, "%s: the device cannot be added", net->label);
		return -EINVAL;
	}
	if (net->monitor)
		vsp_device_monitor(net->device);
	return 0;
}

/* Those that will never be offered. */
static void forget_unstarted(const struct vsp *vsp)
{
	struct net **at = &all, *net;

	while ((net = *at)) {
		if (net->vsp != vsp || net->device) {
			at = &net->next;
			continue;
		}
		*at = net->next;
		if (net->pair)
			net->pair->pair = NULL;
		free(net);
	}
}

int vsp_net_start(struct vsp *vsp, char *err, size_t err_len)
{
	struct net *net;
	int r = 0;

	for (net = all; net && !r; net = net->next)
		if (net->vsp == vsp && !net->device) {
			r = plug_in(net, err, err_len);
			if (!r)
				r = add_device(net, err, err_len);
		}
	if (r)
		forget_unstarted(vsp);
	return r;
}

void net_destroy(void *dev)
{
	struct net *net = dev, **at;

	for (at = &all; *at != net; at = &(*at)->next)
		;
	*at = net->next;
	if (net->pair)
		net->pair->pair = NULL;
	vsp_timer_cancel(net->vsp, &net->offer_late);
	net_wire_close(&net->wire);
	net_vf_unplug(net);
	net_tx_drop(net, NULL);
	net_rx_stop(net);
	net_lie_clear(net);
	free(net->sections);
	free(net);
}

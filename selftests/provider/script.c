// SPDX-License-Identifier: GPL-2.0
/*
 * script.c - control commands: one line in, some lines out, then "ok" or "error: why"
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

void vsp_put(vsp_put_line put, void *ctx, const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	put(ctx, line);
}

static void ok(vsp_put_line put, void *ctx)
{
	put(ctx, "ok");
}

struct vsp_chan *vsp_chan_named(struct vsp *vsp, const char *name)
{
	size_t label = strcspn(name, "/");
	struct vsp_device *device;
	struct vsp_chan *chan;
	uint32_t number;
	char copy[32];

	if (vsp_number(name, &number))
		return vsp_chan_find(vsp, number);
	snprintf(copy, sizeof(copy), "%.*s", (int)label, name);
	device = vsp_device_find(vsp, copy);
	if (!device || !name[label])
		return device ? device->primary : NULL;
	if (!vsp_number(name + label + 1, &number))
		return NULL;
	for (chan = vsp->chans; chan; chan = chan->next)
		if (chan->device == device && chan->index == number &&
		    chan->state != VSP_CHAN_REVOKED)
			break;
	return chan;
}

static void put_traffic(const char *prefix, const struct vsp_traffic *traffic, vsp_put_line put,
			void *ctx)
{
#define ONE(field) \
	vsp_put(put, ctx, "%s" #field " %llu", prefix, (unsigned long long)traffic->field)
	ONE(signals);
	ONE(signals_spurious);
	ONE(signals_monitor);
	ONE(interrupts);
	ONE(interrupts_coalesced);
	ONE(interrupts_suppressed);
	ONE(packets_in);
	ONE(packets_out);
	ONE(bytes_in);
	ONE(bytes_out);
	ONE(ring_full);
#undef ONE
}

/* A device names its counters for itself; people want to know whose they are. */
struct prefixed {
	const char *prefix;
	vsp_put_line put;
	void *ctx;
};

static void put_prefixed(void *arg, const char *line)
{
	struct prefixed *p = arg;

	vsp_put(p->put, p->ctx, "%s.%s", p->prefix, line);
}

static void do_counters(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	struct vsp_device *device;
	struct vsp_chan *chan;
	char prefix[32];
	uint32_t type;

	(void)args;
	vsp_put(put, ctx, "violations %llu", (unsigned long long)vsp->violations);
	vsp_put(put, ctx, "messages_in %llu", (unsigned long long)vsp->messages_in_total);
	vsp_put(put, ctx, "messages_out %llu", (unsigned long long)vsp->messages_out_total);
	put_traffic("", &vsp->traffic, put, ctx);
	for (type = 0; type < VMBUS_MSG_TYPE_COUNT; type++) {
		if (vsp->messages_in[type])
			vsp_put(put, ctx, "messages_in.%s %llu", vsp_message_name(type),
				(unsigned long long)vsp->messages_in[type]);
		if (vsp->messages_out[type])
			vsp_put(put, ctx, "messages_out.%s %llu", vsp_message_name(type),
				(unsigned long long)vsp->messages_out[type]);
	}
	for (chan = vsp->chans; chan; chan = chan->next) {
		snprintf(prefix, sizeof(prefix), "chan%u.", chan->relid);
		put_traffic(prefix, &chan->traffic, put, ctx);
	}
	for (device = vsp->devices; device; device = device->next) {
		struct prefixed p = { device->label, put, ctx };

		if (device->ops->counters)
			device->ops->counters(device->dev, put_prefixed, &p);
	}
	ok(put, ctx);
}

static void do_reset_counters(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	struct vsp_device *device;
	struct vsp_chan *chan;

	(void)args;
	/* Violations stay: they are a verdict, not a measurement. */
	memset(&vsp->traffic, 0, sizeof(vsp->traffic));
	memset(vsp->messages_in, 0, sizeof(vsp->messages_in));
	memset(vsp->messages_out, 0, sizeof(vsp->messages_out));
	vsp->messages_in_total = 0;
	vsp->messages_out_total = 0;
	for (chan = vsp->chans; chan; chan = chan->next)
		memset(&chan->traffic, 0, sizeof(chan->traffic));
	for (device = vsp->devices; device; device = device->next)
		if (device->ops->reset_counters)
			device->ops->reset_counters(device->dev);
	ok(put, ctx);
}

static void do_channels(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	static const char *const states[] = {
		[VSP_CHAN_OFFERED] = "offered",
		[VSP_CHAN_OPEN] = "open",
		[VSP_CHAN_REVOKED] = "revoked",
	};
	struct vsp_chan *chan;

	(void)args;
	for (chan = vsp->chans; chan; chan = chan->next) {
		if (chan->state == VSP_CHAN_OPEN)
			vsp_put(put, ctx, "relid=%u label=%s index=%u state=%s vp=%d "
				"in=%u out=%u outstanding=%u%s", chan->relid,
				chan->device->label, chan->index,
				chan->broken ? "broken" : states[chan->state],
				(int)chan->target_vp, chan->in.size, chan->out.size,
				chan->asked.count, chan->backlog ? " backlog" : "");
		else
			vsp_put(put, ctx, "relid=%u label=%s index=%u state=%s", chan->relid,
				chan->device->label, chan->index, states[chan->state]);
	}
	ok(put, ctx);
}

static void do_ledger(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	uint32_t gpadls = 0, open = 0, revoked = 0, requests = 0;
	struct vsp_gpadl *gpadl;
	struct vsp_chan *chan;

	(void)args;
	for (gpadl = vsp->gpadls; gpadl; gpadl = gpadl->next)
		gpadls++;
	for (chan = vsp->chans; chan; chan = chan->next) {
		open += chan->state == VSP_CHAN_OPEN;
		revoked += chan->state == VSP_CHAN_REVOKED;
		requests += chan->asked.count;
	}
	vsp_put(put, ctx, "ledger gpadls=%u open=%u unreleased=%u requests=%u connected=%u",
		gpadls, open, revoked, requests, vsp->version != 0);
	ok(put, ctx);
}

static bool may_be_rescinded(const struct vsp_chan *chan)
{
	return chan && chan->state != VSP_CHAN_REVOKED;
}

/* Everything; each device's sub-channels before it, which a host may hold back and turn round. */
static void rescind_all(struct vsp *vsp)
{
	struct vsp_chan *chan;

	for (chan = vsp->chans; chan; chan = chan->next)
		if (!chan->index && may_be_rescinded(chan))
			vsp_chan_rescind(chan);
}

static void do_rescind(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	struct vsp_chan *chan = vsp_chan_named(vsp, args);

	if (!strcmp(args, "all")) {
		rescind_all(vsp);
	} else if (may_be_rescinded(chan)) {
		vsp_chan_rescind(chan);
	} else {
		vsp_put(put, ctx, "error: nothing offered under '%s'", args);
		return;
	}
	ok(put, ctx);
}

static void do_offer(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	struct vsp_device *device = vsp_device_find(vsp, args);

	if (!device) {
		vsp_put(put, ctx, "error: no device '%s'", args);
		return;
	}
	if (device->primary && device->primary->state != VSP_CHAN_REVOKED) {
		vsp_put(put, ctx, "error: '%s' is offered", args);
		return;
	}
	if (device->primary) {
		device->offer_again = true;
		put(ctx, "waits for the guest to release the old channel");
	} else if (vsp_device_offer(device)) {
		put(ctx, "error: no relid left");
		return;
	}
	ok(put, ctx);
}

/* "remove LABEL" or "add LABEL": not now, but as if it had happened while the guest slept. */
static void do_at_contact(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	bool add = !strncmp(args, "add ", 4), remove = !strncmp(args, "remove ", 7);
	struct vsp_device *device = NULL;

	if (add || remove)
		device = vsp_device_find(vsp, args + (add ? 4 : 7));
	if (!device) {
		put(ctx, "error: expected remove or add, and a device");
		return;
	}
	device->comes = add;
	device->leaves = remove;
	ok(put, ctx);
}

/* What hosts do not do: they wait for the old channel's release. */
static void do_reoffer(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	struct vsp_device *device = vsp_device_find(vsp, args);

	if (!device) {
		vsp_put(put, ctx, "error: no device '%s'", args);
		return;
	}
	if (may_be_rescinded(device->primary))
		vsp_chan_rescind(device->primary);
	if (vsp_device_offer(device)) {
		put(ctx, "error: no relid left");
		return;
	}
	ok(put, ctx);
}

/* Misbehaviour ---------------------------------------------------------------------*/

static void do_on(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	char err[256];

	if (vsp_hook_add(vsp, false, args, err, sizeof(err)))
		vsp_put(put, ctx, "error: %s", err);
	else
		ok(put, ctx);
}

static void do_before(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	char err[256];

	if (vsp_hook_add(vsp, true, args, err, sizeof(err)))
		vsp_put(put, ctx, "error: %s", err);
	else
		ok(put, ctx);
}

/* Cut a number off the front of the arguments. */
static bool cut_number(const char **args, uint32_t *value)
{
	size_t len = strcspn(*args, " \t");
	char word[16];

	if (len >= sizeof(word))
		return false;
	memcpy(word, *args, len);
	word[len] = '\0';
	*args += len + strspn(*args + len, " \t");
	return vsp_number(word, value);
}

static void do_after(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	uint32_t ms;

	if (!cut_number(&args, &ms) || !*args)
		put(ctx, "error: after MS COMMAND");
	else if (vsp_later(vsp, ms * 1000000ull, 1, 0, args))
		put(ctx, "error: out of memory");
	else
		ok(put, ctx);
}

static void do_repeat(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	uint32_t count, us;

	if (!cut_number(&args, &count) || !count || !cut_number(&args, &us) || !*args)
		put(ctx, "error: repeat COUNT US COMMAND");
	else if (vsp_later(vsp, 0, count, us * 1000ull, args))
		put(ctx, "error: out of memory");
	else
		ok(put, ctx);
}

static void do_hooks(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	(void)args;
	vsp_hook_list(vsp, put, ctx);
	ok(put, ctx);
}

static void do_behave(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	(void)args;
	vsp_fault_clear(vsp);
	vsp_hurry(vsp);
	vsp_hook_clear(vsp);
	vsp_release_held(vsp, VSP_IN_ORDER);
	ok(put, ctx);
}

static void do_release(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	if (!*args) {
		vsp_release_held(vsp, VSP_IN_ORDER);
	} else if (!strcmp(args, "reversed")) {
		vsp_release_held(vsp, VSP_REVERSED);
	} else if (!strcmp(args, "shuffled")) {
		vsp_release_held(vsp, VSP_SHUFFLED);
	} else {
		put(ctx, "error: reversed or shuffled?");
		return;
	}
	ok(put, ctx);
}

static void do_inject(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	char err[256];

	if (vsp_inject(vsp, args, err, sizeof(err)))
		vsp_put(put, ctx, "error: %s", err);
	else
		ok(put, ctx);
}

static void do_packet(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	char err[256];

	if (vsp_inject_packet(vsp, args, err, sizeof(err)))
		vsp_put(put, ctx, "error: %s", err);
	else
		ok(put, ctx);
}

static void do_barrage(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	(void)args;
	vsp_barrage(vsp);
	ok(put, ctx);
}

static void do_phantoms(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	uint32_t count;

	if (!vsp_number(args, &count))
		put(ctx, "error: how many?");
	else if (vsp_phantoms(vsp, count))
		put(ctx, "error: no relid left");
	else
		ok(put, ctx);
}

/* Put full of packets that mean nothing, until no more fits. */
static void do_refill(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	struct vmbus_pkt_hdr hdr = {
		.type = cpu_to_le16(VMBUS_PKT_INBAND),
		.offset8 = cpu_to_le16(2),
		.len8 = cpu_to_le16(2 + 8),
	};
	struct vsp_chan *chan = vsp_chan_named(vsp, args);
	uint8_t payload[64];

	memset(payload, 0xee, sizeof(payload));
	if (!chan || chan->state != VSP_CHAN_OPEN) {
		put(ctx, "error: no such channel, or it is not open");
		return;
	}
	while (!vsp_chan_put_raw(chan, &hdr, payload, sizeof(payload)))
		;
	ok(put, ctx);
}

/* A flag set for no reason: interrupt RELID|LABEL [vp=N]. */
static void do_interrupt(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	uint32_t relid, vp = vsp->vp;
	char name[32], word[16] = "";
	struct vsp_chan *chan;
	int words = sscanf(args, "%31s vp=%15s", name, word);

	chan = words >= 1 ? vsp_chan_named(vsp, name) : NULL;
	if (words < 1 || (words == 2 && !vsp_number(word, &vp)) ||
	    (!chan && (!vsp_number(name, &relid) || relid >= TLFS_EVENT_FLAG_COUNT))) {
		put(ctx, "error: interrupt RELID|LABEL [vp=N]");
		return;
	}
	if (chan && words == 1) {
		vsp_chan_interrupt(chan);
	} else if (!vsp->transport->vp_exists(vsp->ctx, vp) ||
		   vsp->transport->set_event(vsp->ctx, vp, chan ? chan->relid : relid) < 0) {
		put(ctx, "error: this VP takes no events");
		return;
	}
	ok(put, ctx);
}

/* ring RELID|LABEL FIELD=VALUE, then the guest is interrupted. */
static void do_ring(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	char name[32], field[32], word[16];
	struct vsp_chan *chan = NULL;
	uint32_t value;

	if (sscanf(args, "%31s %31[^=]=%15s", name, field, word) == 3)
		chan = vsp_chan_named(vsp, name);
	if (!chan || !vsp_number(word, &value) || !vsp_chan_scribble(chan, field, value)) {
		put(ctx, "error: ring RELID|LABEL FIELD=VALUE, of an open channel");
		return;
	}
	vsp_chan_interrupt(chan);
	ok(put, ctx);
}

/* The host does not read the guest's ring, whatever it is told. */
static void do_stall(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	struct vsp_chan *chan = vsp_chan_named(vsp, args);

	if (!chan || chan->state != VSP_CHAN_OPEN) {
		put(ctx, "error: no such channel, or it is not open");
		return;
	}
	chan->stalled = true;
	ok(put, ctx);
}

static void do_resume(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	struct vsp_chan *chan = vsp_chan_named(vsp, args);

	if (!chan || chan->state != VSP_CHAN_OPEN || !chan->stalled) {
		put(ctx, "error: no such channel, or it is not stalled");
		return;
	}
	chan->stalled = false;
	vsp_chan_look(chan, 0);
	ok(put, ctx);
}

static void do_fault(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	char err[256];

	if (!*args) {
		vsp_fault_list(vsp, put, ctx);
	} else if (!strcmp(args, "clear")) {
		vsp_fault_clear(vsp);
	} else if (vsp_fault_add(vsp, args, err, sizeof(err))) {
		vsp_put(put, ctx, "error: %s", err);
		return;
	}
	ok(put, ctx);
}

static void do_log(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	vsp_log(vsp, "mark: %s", args);
	ok(put, ctx);
}

static void do_version(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	(void)args;
	if (vsp->version)
		vsp_put(put, ctx, "version %u.%u", VMBUS_VERSION_MAJOR(vsp->version),
			VMBUS_VERSION_MINOR(vsp->version));
	else
		put(ctx, "version none");
	ok(put, ctx);
}

static void do_dump(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	if (strcmp(args, "on") && strcmp(args, "off")) {
		put(ctx, "error: on or off?");
		return;
	}
	vsp->dump_messages = !strcmp(args, "on");
	ok(put, ctx);
}

static void do_utils(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	const char *wrong = strncmp(args, "add ", 4) ? "utils add NAME" :
			    vsp_util_add(vsp, args + 4);

	if (wrong)
		vsp_put(put, ctx, "error: %s", wrong);
	else
		ok(put, ctx);
}

static void do_ping(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx)
{
	(void)vsp, (void)args;
	ok(put, ctx);
}

static const struct {
	const char *name;
	void (*fn)(struct vsp *vsp, const char *args, vsp_put_line put, void *ctx);
} commands[] = {
	{ "ping", do_ping },
	{ "counters", do_counters },
	{ "reset-counters", do_reset_counters },
	{ "channels", do_channels },
	{ "ledger", do_ledger },
	{ "rescind", do_rescind },
	{ "offer", do_offer },
	{ "at-contact", do_at_contact },
	{ "reoffer", do_reoffer },
	{ "fault", do_fault },
	{ "on", do_on },
	{ "before", do_before },
	{ "after", do_after },
	{ "repeat", do_repeat },
	{ "hooks", do_hooks },
	{ "behave", do_behave },
	{ "release", do_release },
	{ "inject", do_inject },
	{ "barrage", do_barrage },
	{ "phantoms", do_phantoms },
	{ "packet", do_packet },
	{ "refill", do_refill },
	{ "ring", do_ring },
	{ "stall", do_stall },
	{ "resume", do_resume },
	{ "interrupt", do_interrupt },
	{ "log", do_log },
	{ "quit-log", do_log },
	{ "version", do_version },
	{ "utils", do_utils },
	{ "dump-messages", do_dump },
};

static void dispatch(struct vsp *vsp, const char *line, vsp_put_line put, void *ctx)
{
	struct vsp_device *device;
	size_t word, i;
	const char *args;

	line += strspn(line, " \t");
	word = strcspn(line, " \t");
	args = line + word + strspn(line + word, " \t");
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strlen(commands[i].name) == word && !strncmp(line, commands[i].name, word)) {
			commands[i].fn(vsp, args, put, ctx);
			return;
		}
	}
	for (device = vsp->devices; device; device = device->next) {
		if (strlen(device->label) != word || strncmp(line, device->label, word))
			continue;
		if (device->ops->command)
			device->ops->command(device->dev, args, put, ctx);
		else
			vsp_put(put, ctx, "error: '%s' takes no commands", device->label);
		return;
	}
	vsp_put(put, ctx, "error: no command or device '%.*s'", (int)word, line);
}

void vsp_command(struct vsp *vsp, const char *line, vsp_put_line put, void *ctx)
{
	dispatch(vsp, line, put, ctx);
	vsp_run_due(vsp);
}

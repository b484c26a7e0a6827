// SPDX-License-Identifier: GPL-2.0
/*
 * util_ctl.c - commands that all integration services have, and their options
 *
 * Control commands, each behind the service's label:
 *   status                     what was negotiated
 *   result [NUMBER]            of a request (the last one), as lines of "name value"
 *   requests                   one line for each request still known
 *   versions V... [/ F...]     to be offered from the next negotiation on; framework behind the /
 *   negotiate                  do it again
 *   impatient on | off         ask before the negotiation has an answer
 *   patience MS                give up requests not answered by then; 0: never
 *   forget                     give up what is asked
 *   spoil WHAT...              the next message is wrong, see docs/provider.md
 */
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Commands -----------------------------------------------------------------------------*/

static const char *const state_names[] = {
	[UTIL_CLOSED] = "closed",
	[UTIL_NEGOTIATING] = "negotiating",
	[UTIL_READY] = "ready",
	[UTIL_REFUSED] = "refused",
};

static const char *const request_state_names[] = {
	[UTIL_WAITING] = "waiting",
	[UTIL_ASKED] = "asked",
	[UTIL_ANSWERED] = "answered",
	[UTIL_GIVEN_UP] = "given-up",
	[UTIL_LOST] = "lost",
};

static void put_status(struct util *u, vsp_put_line put, void *ctx)
{
	util_put(put, ctx, "state %s", state_names[u->state]);
	if (u->state == UTIL_READY) {
		util_put(put, ctx, "framework %u.%u", le16_to_cpu(u->framework.major),
			 le16_to_cpu(u->framework.minor));
		util_put(put, ctx, "version %u.%u", le16_to_cpu(u->version.major),
			 le16_to_cpu(u->version.minor));
	}
	if (u->service->status)
		u->service->status(u, put, ctx);
}

static void put_notes(const struct util_request *rq, vsp_put_line put, void *ctx)
{
	char *copy = rq->notes ? strdup(rq->notes) : NULL, *save, *line;

	for (line = copy ? strtok_r(copy, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		put(ctx, line);
	free(copy);
}

static const char *command_result(struct util *u, int argc, char **argv, vsp_put_line put,
				  void *ctx)
{
	struct util_request *rq, *found = NULL;
	uint64_t number = 0;
	const char *name;

	if (argc > 2 || (argc == 2 && !util_number(argv[1], UINT32_MAX, &number)))
		return "result [NUMBER]";
	for (rq = u->requests; rq; rq = rq->next)
		if (rq->number && (argc == 1 || rq->number == number))
			found = rq;
	if (!found)
		return "no such request, or it is forgotten";
	util_put(put, ctx, "number %u", found->number);
	util_put(put, ctx, "command %s", found->what);
	util_put(put, ctx, "state %s", request_state_names[found->state]);
	util_put(put, ctx, "messages %u", found->messages);
	if (found->state == UTIL_ANSWERED) {
		name = util_status_name(found->status);
		util_put(put, ctx, "status 0x%08x %s", found->status, name ? name : "unknown");
		util_put(put, ctx, "took_us %llu", (unsigned long long)found->took / 1000);
	}
	put_notes(found, put, ctx);
	return NULL;
}

static void put_requests(struct util *u, vsp_put_line put, void *ctx)
{
	struct util_request *rq;

	for (rq = u->requests; rq; rq = rq->next)
		util_put(put, ctx, "request %u %s %s", rq->number, request_state_names[rq->state],
			 *rq->what ? rq->what : "unasked");
}

static const char *command_versions(struct util *u, int argc, char **argv)
{
	struct hvic_version versions[UTIL_VERSIONS_MAX], *frameworks = NULL;
	uint32_t count = 0, before = 0;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "/") && !frameworks) {
			before = count;
			frameworks = versions + count;
		} else if (!util_version(argv[i], &versions[count++])) {
			return "versions V... [/ FRAMEWORK...]";
		}
	}
	u->version_cnt = frameworks ? before : count;
	memcpy(u->versions, versions, u->version_cnt * sizeof(*versions));
	if (frameworks) {
		u->framework_cnt = count - before;
		memcpy(u->frameworks, frameworks, u->framework_cnt * sizeof(*versions));
	}
	return NULL;
}

static bool parse_hex(const char *text, struct util_poke *poke)
{
	unsigned int byte;

	for (poke->len = 0; text[0] && text[1]; text += 2) {
		if (poke->len == sizeof(poke->bytes) || sscanf(text, "%2x", &byte) != 1)
			return false;
		poke->bytes[poke->len++] = (uint8_t)byte;
	}
	return !*text && poke->len;
}

/* "AT:HEX", or "AT:LEN:BYTE" to fill */
static bool parse_poke(struct util_spoil *s, char *value, bool fill)
{
	char *bytes = strchr(value, ':'), *last;
	struct util_poke *poke = &s->poke[s->poke_cnt];
	uint64_t at, len, byte;

	if (!bytes || s->poke_cnt == ARRAY_SIZE(s->poke))
		return false;
	*bytes++ = '\0';
	if (!util_number(value, HVIC_MAX_LEN, &at))
		return false;
	poke->at = (uint32_t)at;
	poke->fill = fill;
	s->poke_cnt++;
	if (!fill)
		return parse_hex(bytes, poke);
	last = strchr(bytes, ':');
	if (!last)
		return false;
	*last++ = '\0';
	if (!util_number(bytes, HVIC_MAX_LEN, &len) || !util_number(last, 255, &byte))
		return false;
	poke->len = (uint32_t)len;
	poke->bytes[0] = (uint8_t)byte;
	return true;
}

/* One "FIELD=VALUE" of spoil. */
static bool parse_spoil(struct util_spoil *s, char *word)
{
	char *value = strchr(word, '=');
	uint64_t number;

	if (!value) {
		s->fit |= !strcmp(word, "fit");
		s->twice |= !strcmp(word, "twice");
		return !strcmp(word, "fit") || !strcmp(word, "twice");
	}
	*value++ = '\0';
	if (!strcmp(word, "poke") || !strcmp(word, "fill"))
		return parse_poke(s, value, *word == 'f');
	if (!strcmp(word, "framework"))
		return s->has_framework = util_version(value, &s->framework);
	if (!strcmp(word, "version"))
		return s->has_version = util_version(value, &s->version);
	if (!util_number(value, UINT64_MAX, &number))
		return false;
	if (!strcmp(word, "packet_id")) {
		s->packet_id = number;
		return s->has_packet_id = true;
	}
#define FIELD(name) \
	if (!strcmp(word, #name)) { \
		s->name = (uint32_t)number; \
		return s->has_##name = true; \
	}
	FIELD(pipe_type)
	FIELD(pipe_len)
	FIELD(type)
	FIELD(body_len)
	FIELD(status)
	FIELD(transaction)
	FIELD(flags)
	FIELD(len)
#undef FIELD
	return false;
}

static const char *command_spoil(struct util *u, int argc, char **argv)
{
	struct util_spoil s = { .armed = argc > 1 };
	int i;

	for (i = 1; i < argc; i++)
		if (!parse_spoil(&s, argv[i]))
			return "spoil: which field, and how?";
	u->spoil = s;
	return NULL;
}

static const char *command_patience(struct util *u, int argc, char **argv)
{
	uint64_t ms;

	if (argc != 2 || !util_number(argv[1], 3600000, &ms))
		return "patience MS";
	u->patience = ms * 1000000;
	return NULL;
}

static const char *run_common(struct util *u, int argc, char **argv, vsp_put_line put, void *ctx,
			      bool *known)
{
	*known = true;
	if (!strcmp(argv[0], "result"))
		return command_result(u, argc, argv, put, ctx);
	if (!strcmp(argv[0], "versions"))
		return command_versions(u, argc, argv);
	if (!strcmp(argv[0], "spoil"))
		return command_spoil(u, argc, argv);
	if (!strcmp(argv[0], "patience"))
		return command_patience(u, argc, argv);
	if (!strcmp(argv[0], "impatient") && argc == 2) {
		u->impatient = !strcmp(argv[1], "on");
		return NULL;
	}
	if (argc == 1 && !strcmp(argv[0], "status")) {
		put_status(u, put, ctx);
	} else if (argc == 1 && !strcmp(argv[0], "requests")) {
		put_requests(u, put, ctx);
	} else if (argc == 1 && !strcmp(argv[0], "counters")) {
		util_counters(u, put, ctx);
	} else if (argc == 1 && !strcmp(argv[0], "forget")) {
		util_give_up(u);
	} else if (argc == 1 && !strcmp(argv[0], "negotiate")) {
		if (!u->chan)
			return "the channel is not open";
		util_negotiate(u);
	} else {
		*known = false;
	}
	return NULL;
}

void util_command(void *dev, const char *line, vsp_put_line put, void *ctx)
{
	char copy[2048], *argv[UTIL_WORDS_MAX + 1];
	struct util_request *rq = NULL;
	struct util *u = dev;
	const char *wrong;
	bool known;
	int argc;

	snprintf(copy, sizeof(copy), "%s", line);
	argc = util_words(copy, argv, UTIL_WORDS_MAX);
	if (argc < 1) {
		put(ctx, argc ? "error: too many words, or no closing quote" : "error: no command");
		return;
	}
	wrong = run_common(u, argc, argv, put, ctx, &known);
	if (!known)
		wrong = u->service->command(u, argc, argv, &rq, put, ctx);
	if (wrong) {
		util_put(put, ctx, "error: %s", wrong);
		return;
	}
	if (rq) {
		snprintf(rq->what, sizeof(rq->what), "%s", line);
		util_put(put, ctx, "number %u", rq->number);
		util_ask(u, rq, false);
	}
	put(ctx, "ok");
}

/* Options ------------------------------------------------------------------------------*/

uint64_t util_epoch;

static const struct util_service *const services[] = {
	&util_shutdown_service, &util_timesync_service, &util_heartbeat_service,
	&util_kvp_service, &util_vss_service, &util_fcopy_service,
};

/* Between the options and vsp_util_start(); there is no device yet to keep them. */
static struct util_options {
	struct vsp *vsp;
	struct util_options *next;
	uint32_t wanted;		/* bits, by place in services[] */
	uint64_t epoch;			/* seconds since 1970 */
} *unstarted;

static struct util_options **find_options(const struct vsp *vsp)
{
	struct util_options **at = &unstarted;

	while (*at && (*at)->vsp != vsp)
		at = &(*at)->next;
	return at;
}

/* The place in services[] of a name of @len characters, or -1. */
static int service_named(const char *name, size_t len)
{
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(services); i++)
		if (strlen(services[i]->ops.name) == len &&
		    !strncmp(services[i]->ops.name, name, len))
			return i;
	return -1;
}

static bool parse_wanted(const char *list, uint32_t *wanted)
{
	size_t len;
	int i;

	if (!strcmp(list, "all")) {
		*wanted = (1u << ARRAY_SIZE(services)) - 1;
		return true;
	}
	for (*wanted = 0; ; list += len + 1) {
		len = strcspn(list, "+");
		i = service_named(list, len);
		if (i < 0)
			return false;
		*wanted |= 1u << i;
		if (!list[len])
			return true;
	}
}

int vsp_util_option(struct vsp *vsp, const char *name, const char *value, char *err,
		    size_t err_len)
{
	struct util_options **at = find_options(vsp);

	if (strcmp(name, "utils") && strcmp(name, "clock"))
		return 1;
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (!*at) {
			snprintf(err, err_len, "out of memory");
			return -ENOMEM;
		}
		(*at)->vsp = vsp;
	}
	if (*name == 'u' ? parse_wanted(value, &(*at)->wanted) :
			   util_number(value, 1ull << 33, &(*at)->epoch))
		return 0;
	snprintf(err, err_len, "%s=%s: must be %s", name, value, *name == 'u' ?
		 "all, or names of services with + between them" : "seconds since 1970");
	return -EINVAL;
}

/* Every instance has its own id; the first of each that of other hosts. */
static struct wire_guid instance_id(const struct util_service *service, uint32_t index)
{
	struct wire_guid id = service->instance_id;

	id.b[15] = (uint8_t)(id.b[15] + index);
	return id;
}

/* All there are, of all hosts. */
static struct util *all;

void util_forget(struct util *u)
{
	struct util **at = &all;

	while (*at && *at != u)
		at = &(*at)->next;
	if (*at)
		*at = u->next;
}

static uint32_t count_of(const struct vsp *vsp, const struct util_service *service)
{
	uint32_t count = 0;
	struct util *u;

	for (u = all; u; u = u->next)
		count += u->vsp == vsp && u->service == service;
	return count;
}

/* Of a kind, they are told apart by their labels: kvp, kvp1, kvp2 */
static int add_service(struct vsp *vsp, const struct util_service *service)
{
	uint32_t index = count_of(vsp, service);
	struct wire_guid id = instance_id(service, index);
	struct util *u = calloc(1, sizeof(*u));

	if (!u)
		return -ENOMEM;
	u->vsp = vsp;
	u->service = service;
	u->own = calloc(1, service->state_len + 1);
	if (!u->own) {
		free(u);
		return -ENOMEM;
	}
	snprintf(u->label, sizeof(u->label), index ? "%s%u" : "%s", service->ops.name, index);
	u->next = all;
	all = u;
	util_init(u);
	u->device = vsp_device_add(vsp, &service->ops, u, &id, u->label);
	if (u->device)
		return 0;
	util_destroy(u);
	return -ENOMEM;
}

const char *vsp_util_add(struct vsp *vsp, const char *args)
{
	int i = service_named(args, strlen(args));

	if (i < 0)
		return "utils add: no such service";
	return add_service(vsp, services[i]) ? "utils add: out of memory" : NULL;
}

int vsp_util_start(struct vsp *vsp, char *err, size_t err_len)
{
	struct util_options **at = find_options(vsp), *options = *at;
	int r = 0;
	size_t i;

	if (!options)
		return 0;
	*at = options->next;
	util_epoch = options->epoch ? options->epoch : (uint64_t)time(NULL);
	for (i = 0; i < ARRAY_SIZE(services) && !r; i++)
		if (options->wanted & 1u << i)
			r = add_service(vsp, services[i]);
	free(options);
	if (r)
		snprintf(err, err_len, "utils: the devices cannot be added");
	return r;
}

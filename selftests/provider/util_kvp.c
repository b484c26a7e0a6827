// SPDX-License-Identifier: GPL-2.0
/*
 * util_kvp.c - the host reads and writes keys of the guest, and its addresses
 *
 * Control commands, behind the label; POOL is external, guest, auto,
 * auto-external or a number:
 *   get POOL KEY
 *   set POOL KEY VALUE [string | expand | u32 | u64 | qword]
 *   delete POOL KEY
 *   enumerate POOL
 *   ip get MAC [v4 | v6 | both]
 *   ip set GUID dhcp | [addresses=A;A] [subnets=...] [gateways=...] [dns=...]
 *
 * Results have "item INDEX TYPE KEY VALUE" for each key, "value TYPE VALUE" for
 * one got; texts are quoted as in JSON.
 */
#include "util.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define V(major, minor)	{ cpu_to_le16(major), cpu_to_le16(minor) }
#define TEXT_MAX	(6 * HVIC_KVP_ADDRESSES_LEN)	/* every character escaped */
#define ITEMS_MAX	4096u

static const struct hvic_version frameworks[] = { V(1, 0), V(3, 0) };
static const struct hvic_version versions[] = { V(1, 0), V(3, 0), V(4, 0), V(5, 0) };

struct kvp {
	uint64_t items;
};

static const struct {
	const char *name;
	uint32_t type;
} value_types[] = {
	{ "string", HVIC_KVP_STRING },
	{ "expand", HVIC_KVP_EXPAND_STRING },
	{ "u32", HVIC_KVP_U32 },
	{ "u64", HVIC_KVP_U64 },
	{ "qword", HVIC_KVP_QWORD },
};


static bool parse_pool(const char *word, uint8_t *pool)
{
	static const char *const names[] = { "external", "guest", "auto", "auto-external" };
	uint64_t number;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(word, names[i])) {
			*pool = (uint8_t)i;
			return true;
		}
	}
	if (!util_number(word, 255, &number))
		return false;
	*pool = (uint8_t)number;
	return true;
}

/* Values -------------------------------------------------------------------------------*/

/* What is wrong with a value in an answer, or NULL; @text is what it says. */
static const char *read_value(const struct hvic_kvp_value *value, const char **type, char *text)
{
	uint32_t size = le32_to_cpu(value->value_size), i;
	uint64_t number = 0;

	for (i = 0, *type = NULL; i < ARRAY_SIZE(value_types); i++)
		if (value_types[i].type == le32_to_cpu(value->type))
			*type = value_types[i].name;
	if (!*type)
		return "a value of unknown type";
	if (size > HVIC_KVP_VALUE_LEN)
		return "a value longer than can be";
	if (**type == 'u' || **type == 'q') {
		if (size != 4 && size != 8)
			return "a number of another size than 4 or 8";
		memcpy(&number, value->value, size);
		sprintf(text, "%llu", (unsigned long long)le64_to_cpu(number));
		return NULL;
	}
	if (size < 2 || size % 2)
		return "a string of no or an odd number of bytes";
	return util_from_utf16(text, TEXT_MAX, value->value, size) ? NULL :
	       "a string without its end, or not of UTF-16";
}

static const char *read_key(const struct hvic_kvp_value *value, char *text)
{
	uint32_t size = le32_to_cpu(value->key_size);

	if (size < 2 || size % 2 || size > HVIC_KVP_KEY_LEN)
		return "a key of a length that cannot be";
	return util_from_utf16(text, TEXT_MAX, value->key, size) ? NULL :
	       "a key without its end, or not of UTF-16";
}

static void blame(struct util *u, const struct util_request *rq, const char *why)
{
	if (!rq->spoiled)
		vsp_violation(u->vsp, "%s: %s (%s)", u->label, why, rq->what);
}

static bool got_value(struct util *u, struct util_request *rq, const uint8_t *body, uint32_t len)
{
	struct hvic_kvp_exchange msg;
	char text[TEXT_MAX];
	const char *type, *why;

	if (len < sizeof(msg))
		return false;
	memcpy(&msg, body, sizeof(msg));
	why = read_value(&msg.value, &type, text);
	if (why)
		blame(u, rq, why);
	else
		util_note(rq, "value %s %s", type, text);
	return false;
}

/* The next index, until the guest says that there is none. */
static bool got_item(struct util *u, struct util_request *rq, const uint8_t *body, uint32_t len)
{
	char key[TEXT_MAX], text[TEXT_MAX];
	struct hvic_kvp_enumerate msg, asked;
	struct kvp *kvp = u->own;
	const char *type, *why;
	uint32_t index;

	if (len < sizeof(msg))
		return false;
	memcpy(&msg, body, sizeof(msg));
	memcpy(&asked, rq->body, sizeof(asked));
	index = le32_to_cpu(asked.index);
	if (msg.index != asked.index)
		blame(u, rq, "an answer with another index than the request");
	why = read_key(&msg.value, key);
	if (!why)
		why = read_value(&msg.value, &type, text);
	if (why) {
		blame(u, rq, why);
		return false;
	}
	kvp->items++;
	util_note(rq, "item %u %s %s %s", index, type, key, text);
	asked.index = cpu_to_le32(index + 1);
	memcpy(rq->body, &asked, sizeof(asked));
	return index < ITEMS_MAX;
}

/* Addresses ----------------------------------------------------------------------------*/

static void note_list(struct util *u, struct util_request *rq, const char *name,
		      const __le16 *list, uint32_t bytes)
{
	char text[TEXT_MAX];

	if (util_from_utf16(text, sizeof(text), list, bytes))
		util_note(rq, "%s %s", name, text);
	else
		blame(u, rq, "a list of addresses without its end, or not of UTF-16");
}

static bool got_ip_text(struct util *u, struct util_request *rq, const uint8_t *body,
			uint32_t len)
{
	struct hvic_kvp_ip_info msg;

	if (len < sizeof(msg))
		return false;
	memcpy(&msg, body, sizeof(msg));
	util_note(rq, "family %u", msg.family);
	util_note(rq, "dhcp %u", msg.dhcp);
	note_list(u, rq, "addresses", msg.addresses, sizeof(msg.addresses));
	note_list(u, rq, "subnets", msg.subnets, sizeof(msg.subnets));
	note_list(u, rq, "gateways", msg.gateways, sizeof(msg.gateways));
	note_list(u, rq, "dns", msg.dns, sizeof(msg.dns));
	return false;
}

struct family {
	int af;
	size_t len;
};

static const struct family families[2] = { { AF_INET, 4 }, { AF_INET6, 16 } };

/* Binary addresses as the other form has them; the counts have been checked. */
static void note_binary(struct util_request *rq, const char *name, const uint8_t *v4,
			uint32_t v4_cnt, const uint8_t *v6, uint32_t v6_cnt)
{
	char line[8192] = "", one[64];
	uint32_t i;

	for (i = 0; i < v4_cnt + v6_cnt; i++) {
		const struct family *f = &families[i >= v4_cnt];

		inet_ntop(f->af, i < v4_cnt ? v4 + i * 4 : v6 + (i - v4_cnt) * 16, one,
			  sizeof(one));
		strcat(line, one);
		strcat(line, ";");
	}
	util_note(rq, "%s \"%s\"", name, line);
}

static void note_subnets(struct util_request *rq, const struct hvic_kvp_ip_binary *msg)
{
	uint32_t v4 = le32_to_cpu(msg->v4_address_cnt), v6 = le32_to_cpu(msg->v6_address_cnt), i;
	char line[4096] = "", one[64];

	for (i = 0; i < v4; i++) {
		inet_ntop(AF_INET, msg->v4_subnets[i], one, sizeof(one));
		strcat(strcat(line, one), ";");
	}
	for (i = 0; i < v6; i++) {
		snprintf(one, sizeof(one), "%u;", le32_to_cpu(msg->v6_subnets[i]));
		strcat(line, one);
	}
	util_note(rq, "subnets \"%s\"", line);
}

static bool got_ip_binary(struct util *u, struct util_request *rq, const uint8_t *body,
			  uint32_t len)
{
	struct hvic_kvp_ip_binary msg;

	if (len < sizeof(msg))
		return false;
	memcpy(&msg, body, sizeof(msg));
	if (le32_to_cpu(msg.v4_address_cnt) > HVIC_KVP_IP_ADDRESSES ||
	    le32_to_cpu(msg.v6_address_cnt) > HVIC_KVP_IP_ADDRESSES ||
	    le32_to_cpu(msg.v4_gateway_cnt) > HVIC_KVP_IP_GATEWAYS ||
	    le32_to_cpu(msg.v6_gateway_cnt) > HVIC_KVP_IP_GATEWAYS ||
	    le32_to_cpu(msg.v4_dns_cnt) > HVIC_KVP_IP_ADDRESSES ||
	    le32_to_cpu(msg.v6_dns_cnt) > HVIC_KVP_IP_ADDRESSES) {
		blame(u, rq, "more addresses than there is room for");
		return false;
	}
	util_note(rq, "family %u", msg.family);
	util_note(rq, "dhcp %u", msg.dhcp);
	note_binary(rq, "addresses", msg.v4_addresses[0], le32_to_cpu(msg.v4_address_cnt),
		    msg.v6_addresses[0], le32_to_cpu(msg.v6_address_cnt));
	note_subnets(rq, &msg);
	note_binary(rq, "gateways", msg.v4_gateways[0], le32_to_cpu(msg.v4_gateway_cnt),
		    msg.v6_gateways[0], le32_to_cpu(msg.v6_gateway_cnt));
	note_binary(rq, "dns", msg.v4_dns[0], le32_to_cpu(msg.v4_dns_cnt),
		    msg.v6_dns[0], le32_to_cpu(msg.v6_dns_cnt));
	return false;
}

static bool kvp_answered(struct util *u, struct util_request *rq, const uint8_t *body,
			 uint32_t len)
{
	uint8_t op = rq->body[0];

	if (len < 2)
		return false;
	if (!rq->spoiled && (body[0] != op || body[1] != rq->body[1]))
		blame(u, rq, "an answer about another operation or pool than the request");
	if (rq->status != HVIC_STATUS_OK)
		return false;
	switch (op) {
	case HVIC_KVP_GET:
		return got_value(u, rq, body, len);
	case HVIC_KVP_ENUMERATE:
		return got_item(u, rq, body, len);
	case HVIC_KVP_GET_IP_INFO:
		return rq->body_len == sizeof(struct hvic_kvp_ip_info) ?
		       got_ip_text(u, rq, body, len) : got_ip_binary(u, rq, body, len);
	default:
		return false;
	}
}

/* Commands -----------------------------------------------------------------------------*/

/* A request of the one size that the four operations with keys have. */
static struct util_request *exchange(struct util *u, uint8_t op, uint8_t pool)
{
	struct util_request *rq = util_request(u, HVIC_KVP_EXCHANGE_LEN, true);

	if (!rq)
		return NULL;
	rq->body[0] = op;
	rq->body[1] = pool;
	return rq;
}

static const char *put_value(struct hvic_kvp_value *value, const char *text, const char *type)
{
	uint32_t size = 0;
	uint64_t number;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(value_types); i++)
		if (!strcmp(type, value_types[i].name))
			break;
	if (i == ARRAY_SIZE(value_types))
		return "string, expand, u32, u64 or qword?";
	value->type = cpu_to_le32(value_types[i].type);
	if (*type == 's' || *type == 'e') {
		size = util_to_utf16((__le16 *)value->value, sizeof(value->value), text);
	} else if (util_number(text, *type == 'u' && type[1] == '3' ? UINT32_MAX : UINT64_MAX,
			       &number)) {
		size = type[1] == '3' ? 4 : 8;
		number = cpu_to_le64(number);
		memcpy(value->value, &number, size);
	}
	value->value_size = cpu_to_le32(size);
	return size ? NULL : "the value is too long, or no number";
}

static const char *command_get_or_set(struct util *u, int argc, char **argv,
				      struct util_request **rq)
{
	bool set = *argv[0] == 's';
	struct hvic_kvp_exchange msg = { .hdr.op = set ? HVIC_KVP_SET : HVIC_KVP_GET };
	const char *wrong = NULL;
	uint32_t size;

	if ((set ? argc < 4 || argc > 5 : argc != 3) || !parse_pool(argv[1], &msg.hdr.pool))
		return "get POOL KEY, or set POOL KEY VALUE [TYPE]";
	size = util_to_utf16(msg.value.key, sizeof(msg.value.key), argv[2]);
	if (!size)
		return "the key is too long";
	msg.value.type = cpu_to_le32(HVIC_KVP_STRING);
	msg.value.key_size = cpu_to_le32(size);
	if (set)
		wrong = put_value(&msg.value, argv[3], argc == 5 ? argv[4] : "string");
	if (wrong)
		return wrong;
	*rq = exchange(u, msg.hdr.op, msg.hdr.pool);
	if (!*rq)
		return "out of memory";
	memcpy((*rq)->body, &msg, sizeof(msg));
	return NULL;
}

static const char *command_delete(struct util *u, int argc, char **argv,
				  struct util_request **rq)
{
	struct hvic_kvp_delete msg = { .hdr.op = HVIC_KVP_DELETE };
	uint32_t size;

	if (argc != 3 || !parse_pool(argv[1], &msg.hdr.pool))
		return "delete POOL KEY";
	size = util_to_utf16(msg.key, sizeof(msg.key), argv[2]);
	if (!size)
		return "the key is too long";
	msg.key_size = cpu_to_le32(size);
	*rq = exchange(u, msg.hdr.op, msg.hdr.pool);
	if (!*rq)
		return "out of memory";
	memcpy((*rq)->body, &msg, sizeof(msg));
	return NULL;
}

static const char *command_enumerate(struct util *u, int argc, char **argv,
				     struct util_request **rq)
{
	uint8_t pool;

	if (argc != 2 || !parse_pool(argv[1], &pool))
		return "enumerate POOL";
	*rq = exchange(u, HVIC_KVP_ENUMERATE, pool);
	return *rq ? NULL : "out of memory";
}

/* What "ip set" says, before it takes the form of the version agreed on. */
struct ip_words {
	const char *addresses, *subnets, *gateways, *dns;
	bool dhcp;
};

static bool ip_word(struct ip_words *words, const char *word)
{
	const struct {
		const char *name;
		const char **list;
	} lists[] = {
		{ "addresses=", &words->addresses },
		{ "subnets=", &words->subnets },
		{ "gateways=", &words->gateways },
		{ "dns=", &words->dns },
	};
	size_t i;

	if (!strcmp(word, "dhcp")) {
		words->dhcp = true;
		return true;
	}
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		if (strncmp(word, lists[i].name, strlen(lists[i].name)))
			continue;
		*lists[i].list = word + strlen(lists[i].name);
		return true;
	}
	return false;
}

static bool has_v6(const char *list)
{
	return strchr(list, ':');
}

static uint8_t family_of(const struct ip_words *words)
{
	uint8_t family = 0;
	const char *list;

	for (list = words->addresses; *list; list += strspn(list, ";")) {
		size_t len = strcspn(list, ";");

		family |= memchr(list, ':', len) ? HVIC_KVP_FAMILY_IPV6 : HVIC_KVP_FAMILY_IPV4;
		list += len;
	}
	return family;
}

static const char *put_ip_text(struct util_request *rq, const struct ip_words *words,
			       const char *adapter, uint8_t family)
{
	struct hvic_kvp_ip_info msg = { .family = family, .dhcp = words->dhcp };

	msg.op = rq->body[0];
	if (!util_to_utf16(msg.adapter, sizeof(msg.adapter), adapter) ||
	    !util_to_utf16(msg.addresses, sizeof(msg.addresses), words->addresses) ||
	    !util_to_utf16(msg.subnets, sizeof(msg.subnets), words->subnets) ||
	    !util_to_utf16(msg.gateways, sizeof(msg.gateways), words->gateways) ||
	    !util_to_utf16(msg.dns, sizeof(msg.dns), words->dns))
		return "a list is too long";
	memcpy(rq->body, &msg, sizeof(msg));
	return NULL;
}

/* A list into the arrays of both families; false if one has no more room, or it is no address. */
static bool put_binary(const char *text, uint8_t *v4, __le32 *v4_cnt, uint8_t *v6,
		       __le32 *v6_cnt, uint32_t room)
{
	uint8_t *to[2] = { v4, v6 };
	uint32_t count[2] = { 0, 0 };
	char one[64];
	size_t len;
	bool six;

	for (; *text; text += strspn(text, ";")) {
		len = strcspn(text, ";");
		snprintf(one, sizeof(one), "%.*s", (int)len, text);
		six = has_v6(one);
		if (count[six] == room || inet_pton(families[six].af, one, to[six] + count[six] *
						    families[six].len) != 1)
			return false;
		count[six]++;
		text += len;
	}
	*v4_cnt = cpu_to_le32(count[0]);
	*v6_cnt = cpu_to_le32(count[1]);
	return true;
}

/* Masks for IPv4, lengths for IPv6, in the order of the addresses of each. */
static bool put_subnets(struct hvic_kvp_ip_binary *msg, const char *text)
{
	uint32_t v4 = 0, v6 = 0;
	uint64_t number;
	char one[64];
	size_t len;

	for (; *text; text += strspn(text, ";")) {
		len = strcspn(text, ";");
		snprintf(one, sizeof(one), "%.*s", (int)len, text);
		if (v4 < HVIC_KVP_IP_ADDRESSES &&
		    inet_pton(AF_INET, one, msg->v4_subnets[v4]) == 1)
			v4++;
		else if (v6 < HVIC_KVP_IP_ADDRESSES && util_number(one, 128, &number))
			msg->v6_subnets[v6++] = cpu_to_le32((uint32_t)number);
		else
			return false;
		text += len;
	}
	return true;
}

static const char *put_ip_binary(struct util_request *rq, const struct ip_words *words,
				 const char *adapter, uint8_t family)
{
	struct hvic_kvp_ip_binary msg = { .family = family, .dhcp = words->dhcp };
	uint32_t i;

	msg.hdr.op = rq->body[0];
	if (!util_to_utf16(msg.adapter, sizeof(msg.adapter), adapter) ||
	    !put_binary(words->addresses, msg.v4_addresses[0], &msg.v4_address_cnt,
			msg.v6_addresses[0], &msg.v6_address_cnt, HVIC_KVP_IP_ADDRESSES) ||
	    !put_subnets(&msg, words->subnets) ||
	    !put_binary(words->gateways, msg.v4_gateways[0], &msg.v4_gateway_cnt,
			msg.v6_gateways[0], &msg.v6_gateway_cnt, HVIC_KVP_IP_GATEWAYS) ||
	    !put_binary(words->dns, msg.v4_dns[0], &msg.v4_dns_cnt, msg.v6_dns[0],
			&msg.v6_dns_cnt, HVIC_KVP_IP_ADDRESSES))
		return "an address that is none, or too many";
	for (i = 0; i < le32_to_cpu(msg.v4_address_cnt) + le32_to_cpu(msg.v6_address_cnt); i++)
		msg.origins[i] = cpu_to_le16(HVIC_KVP_ORIGIN_STATIC);
	memcpy(rq->body, &msg, sizeof(msg));
	return NULL;
}

static const char *command_ip(struct util *u, int argc, char **argv, struct util_request **rq)
{
	struct ip_words words = { "", "", "", "", false };
	bool set = argc > 2 && !strcmp(argv[1], "set");
	bool binary = util_at_least(u, 5, 0);
	uint8_t family = HVIC_KVP_FAMILY_IPV4 | HVIC_KVP_FAMILY_IPV6;
	const char *wrong;
	int i;

	if (argc < 3 || (!set && (strcmp(argv[1], "get") || argc > 4)))
		return "ip get MAC [v4 | v6 | both], or ip set GUID ...";
	if (u->state != UTIL_READY)
		return "the channel is not open, or nothing is agreed on";
	for (i = 3; set && i < argc; i++)
		if (!ip_word(&words, argv[i]))
			return "dhcp, addresses=A;A subnets=S;S gateways=A dns=A";
	if (set)
		family = family_of(&words);
	else if (argc == 4 && strcmp(argv[3], "both"))
		family = !strcmp(argv[3], "v6") ? HVIC_KVP_FAMILY_IPV6 : HVIC_KVP_FAMILY_IPV4;
	*rq = util_request(u, binary ? sizeof(struct hvic_kvp_ip_binary) :
			   sizeof(struct hvic_kvp_ip_info), true);
	if (!*rq)
		return "out of memory";
	(*rq)->body[0] = set ? HVIC_KVP_SET_IP_INFO : HVIC_KVP_GET_IP_INFO;
	wrong = binary ? put_ip_binary(*rq, &words, argv[2], family) :
			 put_ip_text(*rq, &words, argv[2], family);
	if (wrong) {
		util_drop(*rq);
		*rq = NULL;
	}
	return wrong;
}

static const char *kvp_command(struct util *u, int argc, char **argv, struct util_request **rq,
			       vsp_put_line put, void *ctx)
{
	(void)put, (void)ctx;
	if (!strcmp(argv[0], "get") || !strcmp(argv[0], "set"))
		return command_get_or_set(u, argc, argv, rq);
	if (!strcmp(argv[0], "delete"))
		return command_delete(u, argc, argv, rq);
	if (!strcmp(argv[0], "enumerate"))
		return command_enumerate(u, argc, argv, rq);
	if (!strcmp(argv[0], "ip"))
		return command_ip(u, argc, argv, rq);
	return "get, set, delete, enumerate or ip?";
}

static void kvp_counters(struct util *u, vsp_put_line put, void *ctx)
{
	struct kvp *kvp = u->own;

	util_put(put, ctx, "items %llu", (unsigned long long)kvp->items);
}

const struct util_service util_kvp_service = {
	.ops = UTIL_DEVICE("kvp", WIRE_GUID_KVP),
	.instance_id = WIRE_GUID(0x242ff919, 0x07db, 0x4180, 0x9c, 0x2e, 0xb8, 0x6c, 0xb6, 0x8c,
				 0x8c, 0x55),
	.type = HVIC_TYPE_KVP,
	.frameworks = frameworks,
	.framework_cnt = ARRAY_SIZE(frameworks),
	.versions = versions,
	.version_cnt = ARRAY_SIZE(versions),
	.state_len = sizeof(struct kvp),
	.answered = kvp_answered,
	.command = kvp_command,
	.counters = kvp_counters,
};

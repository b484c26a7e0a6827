// SPDX-License-Identifier: GPL-2.0
/*
 * kvp_record.c - keys, values and addresses between host and daemon
 */
#include "kvp_record.h"
#include "text.h"

/* Text -----------------------------------------------------------------------------*/

/* Text of a host's that says how many bytes it has, its NUL included. 0 if that is not so. */
static u32 sized_utf8(u8 *to, u32 room, const __le16 *from, u32 size, u32 most)
{
	if (size > most || size % 2)
		return 0;
	return text_utf8(to, room, from, size / 2);
}

/* Decimal, with a NUL; bytes put. */
static u32 put_number(u8 *to, u64 value)
{
	u8 digits[20];
	u32 count = 0, i;

	do {
		digits[count++] = '0' + (u8)(value % 10);
		value /= 10;
	} while (value);
	for (i = 0; i < count; i++)
		to[i] = digits[count - 1 - i];
	to[count] = 0;
	return count + 1;
}

/* Addresses ------------------------------------------------------------------------*/

/* A list that is being written: elements end in ';', a NUL follows. */
struct list_out {
	u8 *to;
	u32 room;
	u32 at;
	bool full;		/* there was more to put */
};

static void put_char(struct list_out *out, u8 c)
{
	if (out->at + 1 < out->room)
		out->to[out->at++] = c;
	else
		out->full = true;
	out->to[out->at] = 0;
}

static void put_text(struct list_out *out, const u8 *text)
{
	while (*text)
		put_char(out, *text++);
}

static void put_v4(struct list_out *out, const u8 *address)
{
	u8 number[21];
	u32 i;

	for (i = 0; i < 4; i++) {
		put_number(number, address[i]);
		put_text(out, number);
		put_char(out, i < 3 ? '.' : ';');
	}
}

static void put_v6(struct list_out *out, const u8 *address)
{
	static const u8 hex[] = "0123456789abcdef";
	u32 i, shift;

	for (i = 0; i < 16; i += 2) {
		u32 group = (u32)address[i] << 8 | address[i + 1];

		for (shift = 12; shift && !(group >> shift); shift -= 4)
			;
		for (; shift; shift -= 4)
			put_char(out, hex[group >> shift & 0xf]);
		put_char(out, hex[group & 0xf]);
		put_char(out, i < 14 ? ':' : ';');
	}
}

static void put_prefix(struct list_out *out, u32 bits)
{
	u8 number[21];

	put_number(number, bits);
	put_text(out, number);
	put_char(out, ';');
}

/* A decimal number of one to three digits, at most @most. Bytes it took; 0 if there is none. */
static u32 get_number(const u8 *from, u32 len, u32 most, u32 *value)
{
	u32 i;

	*value = 0;
	for (i = 0; i < len && i < 3 && from[i] >= '0' && from[i] <= '9'; i++)
		*value = *value * 10 + (from[i] - '0');
	return *value <= most ? i : 0;
}

static bool get_v4(const u8 *from, u32 len, u8 *address)
{
	u32 i, value, took;

	for (i = 0; i < 4; i++) {
		took = get_number(from, len, 255, &value);
		if (!took)
			return false;
		address[i] = (u8)value;
		from += took;
		len -= took;
		if (i < 3) {
			if (!len || *from != '.')
				return false;
			from++;
			len--;
		}
	}
	return !len;
}

static int hex_digit(u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* With one "::", as everybody writes them; an IPv4 tail is not needed here. */
static bool get_v6(const u8 *from, u32 len, u8 *address)
{
	u32 at = 0, gap = 0, group, digits, i = 0;
	bool has_gap = false;

	memset(address, 0, 16);
	if (len >= 2 && from[0] == ':' && from[1] == ':') {
		has_gap = true;
		i = 2;
	}
	while (i < len) {
		if (at == 16)
			return false;
		group = 0;
		for (digits = 0; i < len && digits < 4 && hex_digit(from[i]) >= 0; digits++)
			group = group << 4 | (u32)hex_digit(from[i++]);
		if (!digits)
			return false;
		address[at++] = (u8)(group >> 8);
		address[at++] = (u8)group;
		if (i == len)
			break;
		if (from[i++] != ':' || i == len)
			return false;
		if (from[i] == ':') {
			if (has_gap)
				return false;
			has_gap = true;
			gap = at;
			i++;
		}
	}
	if (!has_gap)
		return at == 16;
	if (at > 14)
		return false;
	memmove(address + 16 - (at - gap), address + gap, at - gap);
	memset(address + gap, 0, 16 - at);
	return true;
}

/* The daemon writes "/64"; by hand one may leave the stroke out. */
static bool get_prefix(const u8 *from, u32 len, u32 *bits)
{
	u32 skip = len && from[0] == '/';

	return len > skip && get_number(from + skip, len - skip, 128, bits) == len - skip;
}

/* Next element of a list of text; false at its end. Blanks around it are not part of it. */
static bool next_element(const u8 *text, u32 size, u32 *at, const u8 **element, u32 *len)
{
	u32 end;

	while (*at < size && (text[*at] == ';' || text[*at] == ' ' || text[*at] == '\n'))
		(*at)++;
	if (*at >= size || !text[*at])
		return false;
	for (end = *at; end < size && text[end] && text[end] != ';'; end++)
		;
	*element = text + *at;
	*len = end - *at;
	*at = end;
	while (*len && ((*element)[*len - 1] == ' ' || (*element)[*len - 1] == '\n'))
		(*len)--;
	return true;
}

/* Sorts a list of addresses by family; how many of each there are, at most @most. */
static void get_addresses(const u8 *text, u32 size, u8 (*v4)[4], __le32 *v4_cnt,
			  u8 (*v6)[16], __le32 *v6_cnt, u32 most)
{
	u32 at = 0, len, fours = 0, sixes = 0;
	const u8 *element;
	u8 address[16];

	while (next_element(text, size, &at, &element, &len)) {
		if (get_v4(element, len, address)) {
			if (fours < most)
				memcpy(v4[fours++], address, 4);
		} else if (get_v6(element, len, address)) {
			if (sixes < most)
				memcpy(v6[sixes++], address, 16);
		}
	}
	*v4_cnt = cpu_to_le32(fours);
	*v6_cnt = cpu_to_le32(sixes);
}

static void get_subnets(const u8 *text, u32 size, struct hvic_kvp_ip_binary *ip)
{
	u32 at = 0, len, bits, fours = 0, sixes = 0;
	const u8 *element;
	u8 mask[4];

	while (next_element(text, size, &at, &element, &len)) {
		if (get_v4(element, len, mask)) {
			if (fours < HVIC_KVP_IP_ADDRESSES)
				memcpy(ip->v4_subnets[fours++], mask, 4);
		} else if (get_prefix(element, len, &bits)) {
			if (sixes < HVIC_KVP_IP_ADDRESSES)
				ip->v6_subnets[sixes++] = cpu_to_le32(bits);
		}
	}
}

/* To the daemon --------------------------------------------------------------------*/

static u32 key_to_daemon(u8 *to, u32 *to_size, const __le16 *key, __le32 size)
{
	*to_size = sized_utf8(to, HVIC_KVP_KEY_LEN, key, le32_to_cpu(size), HVIC_KVP_KEY_LEN);
	/* An empty key is no key: to the daemons it means that a list has ended. */
	return *to_size > 1 ? HVIC_STATUS_OK : HVIC_STATUS_INVALID_ARGUMENT;
}

static u32 value_to_daemon(struct hvdaemon_kvp_value *to, const struct hvic_kvp_value *from)
{
	u32 size = le32_to_cpu(from->value_size);
	__le32 le32;
	__le64 le64;

	to->type = HVIC_KVP_STRING;
	switch (le32_to_cpu(from->type)) {
	case HVIC_KVP_STRING:
	case HVIC_KVP_EXPAND_STRING:
		to->value_size = 1;
		if (!size)
			return HVIC_STATUS_OK;
		/* The value's bytes are at a multiple of 4. */
		to->value_size = sized_utf8(to->value, sizeof(to->value),
					    (const __le16 *)from->value, size, sizeof(from->value));
		return to->value_size ? HVIC_STATUS_OK : HVIC_STATUS_INVALID_ARGUMENT;
	case HVIC_KVP_U32:
		if (size != sizeof(le32))
			return HVIC_STATUS_INVALID_ARGUMENT;
		memcpy(&le32, from->value, sizeof(le32));
		to->value_size = put_number(to->value, le32_to_cpu(le32));
		return HVIC_STATUS_OK;
	case HVIC_KVP_U64:
	case HVIC_KVP_QWORD:
		if (size != sizeof(le64))
			return HVIC_STATUS_INVALID_ARGUMENT;
		memcpy(&le64, from->value, sizeof(le64));
		to->value_size = put_number(to->value, le64_to_cpu(le64));
		return HVIC_STATUS_OK;
	default:
		return HVIC_STATUS_INVALID_ARGUMENT;
	}
}

static u32 set_to_daemon(const struct hvic_kvp_exchange *set, struct hvdaemon_kvp *to)
{
	u32 status = key_to_daemon(to->value.key, &to->value.key_size, set->value.key,
				   set->value.key_size);

	return status ? status : value_to_daemon(&to->value, &set->value);
}

static u32 get_to_daemon(const struct hvic_kvp_exchange *get, struct hvdaemon_kvp *to)
{
	/* The daemon copies as many bytes as this says. */
	to->value.value_size = sizeof(to->value.value);
	to->value.type = HVIC_KVP_STRING;
	return key_to_daemon(to->value.key, &to->value.key_size, get->value.key,
			     get->value.key_size);
}

/* A field of text that fills an array of the host's. */
#define FIELD_TO_DAEMON(to, from)	text_utf8(to, sizeof(to), from, ARRAY_SIZE(from))

static u32 ip_text_to_daemon(const struct hvic_kvp_ip_info *ip, struct hvdaemon_kvp *to)
{
	struct hvdaemon_kvp_ip *out = &to->ip;

	out->family = ip->family & (HVIC_KVP_FAMILY_IPV4 | HVIC_KVP_FAMILY_IPV6);
	if (!FIELD_TO_DAEMON(out->adapter, ip->adapter))
		return HVIC_STATUS_INVALID_ARGUMENT;
	if (ip->op == HVIC_KVP_GET_IP_INFO)
		return HVIC_STATUS_OK;
	out->dhcp = !!ip->dhcp;
	if (!FIELD_TO_DAEMON(out->addresses, ip->addresses) ||
	    !FIELD_TO_DAEMON(out->subnets, ip->subnets) ||
	    !FIELD_TO_DAEMON(out->gateways, ip->gateways) ||
	    !FIELD_TO_DAEMON(out->dns, ip->dns))
		return HVIC_STATUS_INVALID_ARGUMENT;
	return HVIC_STATUS_OK;
}

static bool counts_fit(const struct hvic_kvp_ip_binary *ip)
{
	return le32_to_cpu(ip->v4_address_cnt) <= HVIC_KVP_IP_ADDRESSES &&
	       le32_to_cpu(ip->v6_address_cnt) <= HVIC_KVP_IP_ADDRESSES &&
	       le32_to_cpu(ip->v4_gateway_cnt) <= HVIC_KVP_IP_GATEWAYS &&
	       le32_to_cpu(ip->v6_gateway_cnt) <= HVIC_KVP_IP_GATEWAYS &&
	       le32_to_cpu(ip->v4_dns_cnt) <= HVIC_KVP_IP_ADDRESSES &&
	       le32_to_cpu(ip->v6_dns_cnt) <= HVIC_KVP_IP_ADDRESSES;
}

/* False if the daemon has no room for so many. */
static bool put_addresses(u8 *to, u32 room, const u8 (*v4)[4], __le32 v4_cnt,
			  const u8 (*v6)[16], __le32 v6_cnt)
{
	struct list_out out = { .to = to, .room = room };
	u32 i;

	for (i = 0; i < le32_to_cpu(v4_cnt); i++)
		put_v4(&out, v4[i]);
	for (i = 0; i < le32_to_cpu(v6_cnt); i++)
		put_v6(&out, v6[i]);
	return !out.full;
}

static bool put_subnets(u8 *to, u32 room, const struct hvic_kvp_ip_binary *ip)
{
	struct list_out out = { .to = to, .room = room };
	u32 i, bits;

	for (i = 0; i < le32_to_cpu(ip->v4_address_cnt); i++)
		put_v4(&out, ip->v4_subnets[i]);
	for (i = 0; i < le32_to_cpu(ip->v6_address_cnt); i++) {
		bits = le32_to_cpu(ip->v6_subnets[i]);
		if (bits > 128)
			return false;
		put_prefix(&out, bits);
	}
	return !out.full;
}

static u32 ip_binary_to_daemon(const struct hvic_kvp_ip_binary *ip, struct hvdaemon_kvp *to)
{
	struct hvdaemon_kvp_ip *out = &to->ip;

	out->family = ip->family & (HVIC_KVP_FAMILY_IPV4 | HVIC_KVP_FAMILY_IPV6);
	if (!FIELD_TO_DAEMON(out->adapter, ip->adapter))
		return HVIC_STATUS_INVALID_ARGUMENT;
	if (ip->hdr.op == HVIC_KVP_GET_IP_INFO)
		return HVIC_STATUS_OK;
	out->dhcp = !!ip->dhcp;
	if (!counts_fit(ip) || !put_subnets(out->subnets, sizeof(out->subnets), ip) ||
	    !put_addresses(out->addresses, sizeof(out->addresses), ip->v4_addresses,
			   ip->v4_address_cnt, ip->v6_addresses, ip->v6_address_cnt) ||
	    !put_addresses(out->gateways, sizeof(out->gateways), ip->v4_gateways,
			   ip->v4_gateway_cnt, ip->v6_gateways, ip->v6_gateway_cnt) ||
	    !put_addresses(out->dns, sizeof(out->dns), ip->v4_dns, ip->v4_dns_cnt,
			   ip->v6_dns, ip->v6_dns_cnt))
		return HVIC_STATUS_INVALID_ARGUMENT;
	return HVIC_STATUS_OK;
}

/* What a body must have at least. */
static u32 least_len(u8 op, u32 version)
{
	switch (op) {
	case HVIC_KVP_GET:
	case HVIC_KVP_SET:
		return sizeof(struct hvic_kvp_exchange);
	case HVIC_KVP_DELETE:
		return sizeof(struct hvic_kvp_delete);
	case HVIC_KVP_ENUMERATE:
		return sizeof(struct hvic_kvp_enumerate);
	default:
		return version >= KVP_VERSION_BINARY_IP ? sizeof(struct hvic_kvp_ip_binary) :
							  sizeof(struct hvic_kvp_ip_info);
	}
}

u32 kvp_to_daemon(const void *body, u32 len, u32 version, struct hvdaemon_kvp *to)
{
	const struct hvic_kvp_hdr *hdr = body;
	const struct hvic_kvp_delete *del = body;
	const struct hvic_kvp_enumerate *list = body;

	memset(to, 0, sizeof(*to));
	if (len < sizeof(*hdr))
		return HVIC_STATUS_INVALID_ARGUMENT;
	if (hdr->op >= HVIC_KVP_OP_COUNT)
		return HVIC_STATUS_NOT_SUPPORTED;
	if (len < least_len(hdr->op, version))
		return HVIC_STATUS_INVALID_ARGUMENT;
	to->op = hdr->op;
	/* About addresses, the pool says nothing. */
	if (hdr->op == HVIC_KVP_GET_IP_INFO || hdr->op == HVIC_KVP_SET_IP_INFO)
		return version >= KVP_VERSION_BINARY_IP ? ip_binary_to_daemon(body, to) :
							  ip_text_to_daemon(body, to);
	/* The daemon has an array of pools and takes our word for it. */
	if (hdr->pool > HVIC_KVP_AUTO_EXTERNAL)
		return HVIC_STATUS_INVALID_ARGUMENT;
	to->pool = hdr->pool;
	switch (hdr->op) {
	case HVIC_KVP_GET:
		return get_to_daemon(body, to);
	case HVIC_KVP_SET:
		return set_to_daemon(body, to);
	case HVIC_KVP_DELETE:
		return key_to_daemon(to->del.key, &to->del.key_size, del->key, del->key_size);
	default:
		to->list.index = le32_to_cpu(list->index);
		/* The daemon counts in int. */
		return to->list.index <= 0x7fffffff ? HVIC_STATUS_OK : HVIC_STATUS_NO_MORE_ITEMS;
	}
}

/* To the host -----------------------------------------------------------------------*/

static void value_to_host(struct hvic_kvp_value *to, const struct hvdaemon_kvp_value *from)
{
	u32 units = text_utf16((__le16 *)to->value, sizeof(to->value) / 2, from->value,
			      sizeof(from->value));

	to->type = cpu_to_le32(HVIC_KVP_STRING);
	to->value_size = cpu_to_le32(2 * units);
}

static u32 list_to_host(struct hvic_kvp_value *to, const struct hvdaemon_kvp_value *from)
{
	/* How daemons of old say that there is no such record. */
	if (!from->key[0])
		return HVIC_STATUS_NO_MORE_ITEMS;
	to->key_size = cpu_to_le32(2 * text_utf16(to->key, ARRAY_SIZE(to->key), from->key,
						 sizeof(from->key)));
	value_to_host(to, from);
	return HVIC_STATUS_OK;
}

#define FIELD_TO_HOST(to, from)	text_utf16(to, ARRAY_SIZE(to), from, sizeof(from))

static void ip_text_to_host(struct hvic_kvp_ip_info *to, const struct hvdaemon_kvp_ip *from)
{
	FIELD_TO_HOST(to->adapter, from->adapter);
	to->family = from->family;
	to->dhcp = from->dhcp;
	FIELD_TO_HOST(to->addresses, from->addresses);
	FIELD_TO_HOST(to->subnets, from->subnets);
	FIELD_TO_HOST(to->gateways, from->gateways);
	FIELD_TO_HOST(to->dns, from->dns);
}

static void ip_binary_to_host(struct hvic_kvp_ip_binary *to, const struct hvdaemon_kvp_ip *from)
{
	u32 i, count, origin = from->dhcp ? HVIC_KVP_ORIGIN_OTHER : HVIC_KVP_ORIGIN_STATIC;
	struct hvic_kvp_hdr hdr = to->hdr;

	memset(to, 0, sizeof(*to));
	to->hdr = hdr;
	FIELD_TO_HOST(to->adapter, from->adapter);
	to->family = from->family;
	to->dhcp = from->dhcp;
	get_addresses(from->addresses, sizeof(from->addresses), to->v4_addresses,
		      &to->v4_address_cnt, to->v6_addresses, &to->v6_address_cnt,
		      HVIC_KVP_IP_ADDRESSES);
	get_subnets(from->subnets, sizeof(from->subnets), to);
	get_addresses(from->gateways, sizeof(from->gateways), to->v4_gateways,
		      &to->v4_gateway_cnt, to->v6_gateways, &to->v6_gateway_cnt,
		      HVIC_KVP_IP_GATEWAYS);
	get_addresses(from->dns, sizeof(from->dns), to->v4_dns, &to->v4_dns_cnt, to->v6_dns,
		      &to->v6_dns_cnt, HVIC_KVP_IP_ADDRESSES);
	count = le32_to_cpu(to->v4_address_cnt) + le32_to_cpu(to->v6_address_cnt);
	for (i = 0; i < count; i++)
		to->origins[i] = cpu_to_le16(origin);
}

u32 kvp_to_host(const struct hvdaemon_kvp *reply, u32 version, void *body)
{
	const struct hvic_kvp_hdr *hdr = body;
	struct hvic_kvp_exchange *exchange = body;
	struct hvic_kvp_enumerate *list = body;

	/* An HRESULT that is no failure would be taken for success. */
	if (reply->error)
		return reply->error & 0x80000000u ? reply->error : HVIC_STATUS_FAIL;
	switch (hdr->op) {
	case HVIC_KVP_GET:
		value_to_host(&exchange->value, &reply->value);
		return HVIC_STATUS_OK;
	case HVIC_KVP_ENUMERATE:
		return list_to_host(&list->value, &reply->list.value);
	case HVIC_KVP_GET_IP_INFO:
		if (version >= KVP_VERSION_BINARY_IP)
			ip_binary_to_host(body, &reply->ip);
		else
			ip_text_to_host(body, &reply->ip);
		return HVIC_STATUS_OK;
	default:
		return HVIC_STATUS_OK;
	}
}

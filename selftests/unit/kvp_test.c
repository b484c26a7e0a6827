// SPDX-License-Identifier: GPL-2.0
/*
 * kvp_test.c - records and addresses on their way between host and daemon
 */
#include "ktap.h"

#include "hv_utils/proto/kvp_record.h"
#include "hv_utils/proto/text.h"

#include <stdlib.h>

#define V4	0x00040000u
#define V5	0x00050000u

static struct hvdaemon_kvp msg;

/* ASCII with its NUL; bytes put. */
static u32 put16(__le16 *to, const char *text)
{
	u32 i;

	for (i = 0; i <= strlen(text); i++)
		to[i] = cpu_to_le16(text[i]);
	return 2 * i;
}

static bool same16(const __le16 *is, const char *should)
{
	u32 i;

	for (i = 0; i <= strlen(should); i++)
		if (le16_to_cpu(is[i]) != (u8)should[i])
			return false;
	return true;
}

static void fill_value(struct hvic_kvp_value *v, const char *key, const char *value)
{
	v->type = cpu_to_le32(HVIC_KVP_STRING);
	v->key_size = cpu_to_le32(put16(v->key, key));
	v->value_size = cpu_to_le32(put16((__le16 *)v->value, value));
}

static struct hvic_kvp_exchange *new_set(const char *key, const char *value)
{
	struct hvic_kvp_exchange *set = calloc(1, sizeof(*set));

	set->hdr.op = HVIC_KVP_SET;
	set->hdr.pool = HVIC_KVP_EXTERNAL;
	fill_value(&set->value, key, value);
	return set;
}

/* As the host sent it, in memory that ends with it. */
static u32 to_daemon(const void *body, u32 len, u32 version)
{
	u8 *copy = malloc(len ? len : 1);
	u32 status;

	memcpy(copy, body, len);
	memset(&msg, 0xee, sizeof(msg));
	status = kvp_to_daemon(copy, len, version, &msg);
	free(copy);
	return status;
}

TEST(text_goes_to_utf8_and_back)
{
	/* A letter, two, three and four bytes of UTF-8. */
	static const __le16 wide[] = { 'a', 0xe4, 0x20ac, 0xd83d, 0xde00, 0 };
	static const u8 narrow[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
	__le16 back[6];
	u8 to[sizeof(narrow)];

	EXPECT_EQ(text_utf8(to, sizeof(to), wide, 6), sizeof(narrow));
	EXPECT_MEM(to, narrow, sizeof(narrow));
	EXPECT_EQ(text_utf16(back, 6, narrow, sizeof(narrow)), 6);
	EXPECT_MEM(back, wide, sizeof(wide));
}

TEST(text_without_an_end_or_room_is_refused)
{
	static const __le16 wide[] = { 'a', 'b', 0x20ac, 0 };
	u8 to[6];

	EXPECT_EQ(text_utf8(to, sizeof(to), wide, 3), 0);
	EXPECT_EQ(text_utf8(to, sizeof(to), wide, 0), 0);
	EXPECT_EQ(text_utf8(to, sizeof(to), wide, 4), 6);
	EXPECT_EQ(text_utf8(to, 5, wide, 4), 0);
	EXPECT_EQ(text_utf8(to, 3, wide, 4), 0);
	EXPECT_EQ(text_utf8(to, 0, wide, 4), 0);
}

TEST(half_a_pair_is_an_unknown_character)
{
	static const __le16 wide[] = { 0xd83d, 'x', 0xde00, 0xd83d, 0 };
	u8 to[32];

	EXPECT_EQ(text_utf8(to, sizeof(to), wide, 5), 11);
	EXPECT_MEM(to, "\xef\xbf\xbdx\xef\xbf\xbd\xef\xbf\xbd", 11);
}

TEST(what_is_not_utf8_is_an_unknown_character)
{
	static const char * const bad[] = {
		"\x80", "\xff", "\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xc3x",
	};
	unsigned int i;
	__le16 to[8];

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		u32 len = (u32)strlen(bad[i]);
		u8 *copy = malloc(len);

		memcpy(copy, bad[i], len);
		EXPECT(text_utf16(to, 8, copy, len) >= 2);
		EXPECT_EQ(le16_to_cpu(to[0]), 0xfffd);
		free(copy);
	}
}

TEST(long_text_is_cut_between_characters)
{
	static const u8 text[] = "ab\xf0\x9f\x98\x80";
	__le16 to[5];

	EXPECT_EQ(text_utf16(to, 5, text, sizeof(text)), 5);
	EXPECT_EQ(text_utf16(to, 4, text, sizeof(text)), 3);
	EXPECT_EQ(le16_to_cpu(to[2]), 0);
	EXPECT_EQ(text_utf16(to, 1, text, sizeof(text)), 1);
	EXPECT_EQ(le16_to_cpu(to[0]), 0);
}

TEST(a_value_is_set)
{
	struct hvic_kvp_exchange *set = new_set("color", "blue");

	EXPECT_EQ(to_daemon(set, sizeof(*set), V4), HVIC_STATUS_OK);
	EXPECT_EQ(msg.op, HVIC_KVP_SET);
	EXPECT_EQ(msg.pool, 0);
	EXPECT_EQ(msg.value.key_size, 6);
	EXPECT_EQ(msg.value.value_size, 5);
	EXPECT_STREQ((char *)msg.value.key, "color");
	EXPECT_STREQ((char *)msg.value.value, "blue");
	/* No byte that was not put there goes to the daemon. */
	EXPECT_EQ(msg.value.key[511] | msg.value.value[2047] | msg.pad, 0);
	free(set);
}

TEST(numbers_are_set_as_text)
{
	static const struct { u32 type, size; u64 value; const char *text; } cases[] = {
		{ HVIC_KVP_U32, 4, 0xffffffffu, "4294967295" },
		{ HVIC_KVP_U32, 4, 0, "0" },
		{ HVIC_KVP_U64, 8, ~0ull, "18446744073709551615" },
		{ HVIC_KVP_QWORD, 8, 1234567890123ull, "1234567890123" },
	};
	struct hvic_kvp_exchange *set = new_set("n", "");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		set->value.type = cpu_to_le32(cases[i].type);
		set->value.value_size = cpu_to_le32(cases[i].size);
		memcpy(set->value.value, &cases[i].value, 8);
		EXPECT_EQ(to_daemon(set, sizeof(*set), V4), HVIC_STATUS_OK);
		EXPECT_STREQ((char *)msg.value.value, cases[i].text);
		EXPECT_EQ(msg.value.value_size, strlen(cases[i].text) + 1);
		set->value.value_size = cpu_to_le32(cases[i].size + 1);
		EXPECT_EQ(to_daemon(set, sizeof(*set), V4), HVIC_STATUS_INVALID_ARGUMENT);
	}
	free(set);
}

TEST(sizes_of_the_hosts_are_not_believed)
{
	static const u32 key_sizes[] = { 0, 1, 2, 3, 10, 13, 514, 0x80000000u, ~0u };
	static const u32 value_sizes[] = { 1, 3, 8, 11, 2050, 0x80000000u, ~0u };
	struct hvic_kvp_exchange *set = new_set("color", "blue");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(key_sizes); i++) {
		set->value.key_size = cpu_to_le32(key_sizes[i]);
		EXPECT_EQ(to_daemon(set, sizeof(*set), V4), HVIC_STATUS_INVALID_ARGUMENT);
	}
	set->value.key_size = cpu_to_le32(12);
	for (i = 0; i < ARRAY_SIZE(value_sizes); i++) {
		set->value.value_size = cpu_to_le32(value_sizes[i]);
		EXPECT_EQ(to_daemon(set, sizeof(*set), V4), HVIC_STATUS_INVALID_ARGUMENT);
	}
	/* More than there is, but the text ends before: no harm. */
	set->value.value_size = cpu_to_le32(2048);
	EXPECT_EQ(to_daemon(set, sizeof(*set), V4), HVIC_STATUS_OK);
	set->value.value_size = 0;
	EXPECT_EQ(to_daemon(set, sizeof(*set), V4), HVIC_STATUS_OK);
	EXPECT_EQ(msg.value.value_size, 1);
	/* Full to the last unit, without an end. */
	memset(set->value.key, 'k', sizeof(set->value.key));
	set->value.key_size = cpu_to_le32(512);
	EXPECT_EQ(to_daemon(set, sizeof(*set), V4), HVIC_STATUS_INVALID_ARGUMENT);
	free(set);
}

TEST(an_empty_key_is_none)
{
	struct hvic_kvp_exchange *set = new_set("", "blue");

	EXPECT_EQ(to_daemon(set, sizeof(*set), V4), HVIC_STATUS_INVALID_ARGUMENT);
	free(set);
}

TEST(unknown_pools_operations_and_types_are_refused)
{
	struct hvic_kvp_exchange *set = new_set("color", "blue");
	u32 i;

	for (i = 0; i < 256; i++) {
		set->hdr.pool = (u8)i;
		EXPECT_EQ(to_daemon(set, sizeof(*set), V4),
			  i < 4 ? HVIC_STATUS_OK : HVIC_STATUS_INVALID_ARGUMENT);
	}
	set->hdr.pool = 0;
	for (i = HVIC_KVP_OP_COUNT; i < 256; i++) {
		set->hdr.op = (u8)i;
		EXPECT_EQ(to_daemon(set, sizeof(*set), V4), HVIC_STATUS_NOT_SUPPORTED);
	}
	set->hdr.op = HVIC_KVP_SET;
	set->value.type = cpu_to_le32(3);
	EXPECT_EQ(to_daemon(set, sizeof(*set), V4), HVIC_STATUS_INVALID_ARGUMENT);
	free(set);
}

TEST(short_bodies_are_refused)
{
	static const struct { u8 op; u32 version, least; } cases[] = {
		{ HVIC_KVP_GET, V4, 2576 }, { HVIC_KVP_SET, V4, 2576 },
		{ HVIC_KVP_DELETE, V4, 520 }, { HVIC_KVP_ENUMERATE, V4, 2580 },
		{ HVIC_KVP_GET_IP_INFO, V4, 7428 }, { HVIC_KVP_SET_IP_INFO, V4, 7428 },
		{ HVIC_KVP_GET_IP_INFO, V5, 3716 }, { HVIC_KVP_SET_IP_INFO, V5, 3716 },
	};
	u8 *body = calloc(1, 7428);
	unsigned int i;
	u32 len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		body[0] = cases[i].op;
		for (len = 0; len < cases[i].least; len += len < 8 ? 1 : 37)
			EXPECT_EQ(to_daemon(body, len, cases[i].version),
				  HVIC_STATUS_INVALID_ARGUMENT);
		EXPECT_EQ(to_daemon(body, cases[i].least - 1, cases[i].version),
			  HVIC_STATUS_INVALID_ARGUMENT);
	}
	free(body);
}

TEST(a_get_asks_for_all_of_the_value_and_brings_it)
{
	struct hvic_kvp_exchange *get = new_set("color", "");

	get->hdr.op = HVIC_KVP_GET;
	EXPECT_EQ(to_daemon(get, sizeof(*get), V4), HVIC_STATUS_OK);
	EXPECT_STREQ((char *)msg.value.key, "color");
	EXPECT_EQ(msg.value.value_size, 2048);
	strcpy((char *)msg.value.value, "green");
	msg.error = 0;
	EXPECT_EQ(kvp_to_host(&msg, V4, get), HVIC_STATUS_OK);
	EXPECT_EQ(le32_to_cpu(get->value.value_size), 12);
	EXPECT_EQ(le32_to_cpu(get->value.type), HVIC_KVP_STRING);
	EXPECT(same16((__le16 *)get->value.value, "green"));
	msg.error = HVIC_STATUS_NO_MORE_ITEMS;
	EXPECT_EQ(kvp_to_host(&msg, V4, get), HVIC_STATUS_NO_MORE_ITEMS);
	free(get);
}

TEST(a_list_is_enumerated_to_its_end)
{
	struct hvic_kvp_enumerate *list = calloc(1, sizeof(*list));

	list->hdr.op = HVIC_KVP_ENUMERATE;
	list->hdr.pool = HVIC_KVP_AUTO;
	list->index = cpu_to_le32(3);
	EXPECT_EQ(to_daemon(list, sizeof(*list), V4), HVIC_STATUS_OK);
	EXPECT_EQ(msg.list.index, 3);
	EXPECT_EQ(msg.pool, 2);
	msg.error = 0;
	strcpy((char *)msg.list.value.key, "OSName");
	memset(msg.list.value.value, 'x', 2048);
	EXPECT_EQ(kvp_to_host(&msg, V4, list), HVIC_STATUS_OK);
	EXPECT(same16(list->value.key, "OSName"));
	EXPECT_EQ(le32_to_cpu(list->value.key_size), 14);
	/* Twice as many bytes as the host has room for. */
	EXPECT_EQ(le32_to_cpu(list->value.value_size), 2048);
	EXPECT_EQ(list->value.value[2046] | list->value.value[2047], 0);
	/* Two ways to say that there is no more. */
	msg.list.value.key[0] = 0;
	EXPECT_EQ(kvp_to_host(&msg, V4, list), HVIC_STATUS_NO_MORE_ITEMS);
	msg.error = HVIC_STATUS_NO_MORE_ITEMS;
	EXPECT_EQ(kvp_to_host(&msg, V4, list), HVIC_STATUS_NO_MORE_ITEMS);
	/* An index the daemon would take for a negative one. */
	list->index = cpu_to_le32(0x80000000u);
	EXPECT_EQ(to_daemon(list, sizeof(*list), V4), HVIC_STATUS_NO_MORE_ITEMS);
	free(list);
}

TEST(a_status_that_is_no_failure_does_not_become_one_of_success)
{
	struct hvic_kvp_exchange *set = new_set("color", "blue");

	memset(&msg, 0, sizeof(msg));
	msg.error = 7;
	EXPECT_EQ(kvp_to_host(&msg, V4, set), HVIC_STATUS_FAIL);
	msg.error = HVIC_STATUS_NOT_FOUND;
	EXPECT_EQ(kvp_to_host(&msg, V4, set), HVIC_STATUS_NOT_FOUND);
	free(set);
}

TEST(addresses_as_text)
{
	struct hvic_kvp_ip_info *ip = calloc(1, sizeof(*ip));

	ip->op = HVIC_KVP_SET_IP_INFO;
	put16(ip->adapter, "{f8615163-0000-1000-2000-00155d000001}");
	ip->family = 3;
	ip->dhcp = 1;
	put16(ip->addresses, "10.0.0.2;fe80::1;");
	put16(ip->subnets, "255.0.0.0;64;");
	put16(ip->gateways, "10.0.0.1;");
	put16(ip->dns, "10.0.0.1;");
	EXPECT_EQ(to_daemon(ip, sizeof(*ip), V4), HVIC_STATUS_OK);
	EXPECT_STREQ((char *)msg.ip.adapter, "{f8615163-0000-1000-2000-00155d000001}");
	EXPECT_EQ(msg.ip.family, 3);
	EXPECT_EQ(msg.ip.dhcp, 1);
	EXPECT_STREQ((char *)msg.ip.addresses, "10.0.0.2;fe80::1;");
	EXPECT_STREQ((char *)msg.ip.subnets, "255.0.0.0;64;");

	ip->op = HVIC_KVP_GET_IP_INFO;
	msg.error = 0;
	strcpy((char *)msg.ip.dns, "9.9.9.9;");
	EXPECT_EQ(kvp_to_host(&msg, V4, ip), HVIC_STATUS_OK);
	EXPECT(same16(ip->dns, "9.9.9.9;"));
	EXPECT(same16(ip->addresses, "10.0.0.2;fe80::1;"));

	/* No end: all of the field is text. */
	ip->op = HVIC_KVP_SET_IP_INFO;
	memset(ip->dns, '1', sizeof(ip->dns));
	EXPECT_EQ(to_daemon(ip, sizeof(*ip), V4), HVIC_STATUS_INVALID_ARGUMENT);
	memset(ip->dns, 0, sizeof(ip->dns));
	memset(ip->adapter, '1', sizeof(ip->adapter));
	EXPECT_EQ(to_daemon(ip, sizeof(*ip), V4), HVIC_STATUS_INVALID_ARGUMENT);
	ip->op = HVIC_KVP_GET_IP_INFO;
	EXPECT_EQ(to_daemon(ip, sizeof(*ip), V4), HVIC_STATUS_INVALID_ARGUMENT);
	free(ip);
}

TEST(binary_addresses_become_text)
{
	static const u8 v6[16] = { 0xfe, 0x80, [6] = 0x01, [14] = 0x0a, [15] = 0xbc };
	struct hvic_kvp_ip_binary *ip = calloc(1, sizeof(*ip));

	ip->hdr.op = HVIC_KVP_SET_IP_INFO;
	put16(ip->adapter, "{x}");
	ip->v4_address_cnt = cpu_to_le32(2);
	ip->v6_address_cnt = cpu_to_le32(1);
	memcpy(ip->v4_addresses[0], "\x0a\x00\x00\x02", 4);
	memcpy(ip->v4_addresses[1], "\xc0\xa8\x0a\xff", 4);
	memcpy(ip->v6_addresses[0], v6, 16);
	memcpy(ip->v4_subnets[0], "\xff\x00\x00\x00", 4);
	memcpy(ip->v4_subnets[1], "\xff\xff\xff\x00", 4);
	ip->v6_subnets[0] = cpu_to_le32(64);
	ip->v4_gateway_cnt = cpu_to_le32(1);
	memcpy(ip->v4_gateways[0], "\x0a\x00\x00\x01", 4);
	EXPECT_EQ(to_daemon(ip, sizeof(*ip), V5), HVIC_STATUS_OK);
	EXPECT_STREQ((char *)msg.ip.addresses, "10.0.0.2;192.168.10.255;fe80:0:0:100:0:0:0:abc;");
	EXPECT_STREQ((char *)msg.ip.subnets, "255.0.0.0;255.255.255.0;64;");
	EXPECT_STREQ((char *)msg.ip.gateways, "10.0.0.1;");
	EXPECT_STREQ((char *)msg.ip.dns, "");
	free(ip);
}

TEST(counts_of_binary_addresses_are_bounded)
{
	static const u32 most[] = { 64, 64, 5, 5, 64, 64 };
	struct hvic_kvp_ip_binary *ip = calloc(1, sizeof(*ip));
	__le32 *counts = &ip->v4_address_cnt;
	unsigned int i;

	ip->hdr.op = HVIC_KVP_SET_IP_INFO;
	for (i = 0; i < ARRAY_SIZE(most); i++) {
		counts[i] = cpu_to_le32(most[i]);
		EXPECT_EQ(to_daemon(ip, sizeof(*ip), V5), HVIC_STATUS_OK);
		counts[i] = cpu_to_le32(most[i] + 1);
		EXPECT_EQ(to_daemon(ip, sizeof(*ip), V5), HVIC_STATUS_INVALID_ARGUMENT);
		counts[i] = ~0u;
		EXPECT_EQ(to_daemon(ip, sizeof(*ip), V5), HVIC_STATUS_INVALID_ARGUMENT);
		counts[i] = 0;
	}
	/* Within the counts, but longer than the daemon's text may be. */
	ip->v6_address_cnt = cpu_to_le32(64);
	memset(ip->v6_addresses, 0xff, sizeof(ip->v6_addresses));
	EXPECT_EQ(to_daemon(ip, sizeof(*ip), V5), HVIC_STATUS_INVALID_ARGUMENT);
	ip->v6_address_cnt = cpu_to_le32(1);
	ip->v6_subnets[0] = cpu_to_le32(129);
	EXPECT_EQ(to_daemon(ip, sizeof(*ip), V5), HVIC_STATUS_INVALID_ARGUMENT);
	free(ip);
}

/* What the host sees of a list of addresses of the daemon's. */
static void get_ip(struct hvic_kvp_ip_binary *ip, const char *addresses, const char *subnets)
{
	memset(ip, 0xee, sizeof(*ip));
	ip->hdr.op = HVIC_KVP_GET_IP_INFO;
	memset(&msg, 0, sizeof(msg));
	strcpy((char *)msg.ip.addresses, addresses);
	strcpy((char *)msg.ip.subnets, subnets);
	EXPECT_EQ(kvp_to_host(&msg, V5, ip), HVIC_STATUS_OK);
}

TEST(text_becomes_binary_addresses)
{
	static const u8 link_local[16] = {
		0xfe, 0x80, [8] = 0x02, 0x15, 0x5d, 0xff, 0xfe, 0, 0, 1
	};
	static const u8 loop[16] = { [15] = 1 }, net[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	static const u8 whole[16] = { 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0xab, 0xcd };
	struct hvic_kvp_ip_binary *ip = calloc(1, sizeof(*ip));

	get_ip(ip, "10.0.0.2;fe80::215:5dff:fe00:1;192.168.1.255; ::1;2001:db8::;1:2:3:4:5:6:7:ABCD",
	       "255.255.255.0;/64;255.0.0.0;/128;32;0");
	EXPECT_EQ(le32_to_cpu(ip->v4_address_cnt), 2);
	EXPECT_EQ(le32_to_cpu(ip->v6_address_cnt), 4);
	EXPECT_MEM(ip->v4_addresses[1], "\xc0\xa8\x01\xff", 4);
	EXPECT_MEM(ip->v6_addresses[0], link_local, 16);
	EXPECT_MEM(ip->v6_addresses[1], loop, 16);
	EXPECT_MEM(ip->v6_addresses[2], net, 16);
	EXPECT_MEM(ip->v6_addresses[3], whole, 16);
	EXPECT_MEM(ip->v4_subnets[0], "\xff\xff\xff\x00", 4);
	EXPECT_MEM(ip->v4_subnets[1], "\xff\x00\x00\x00", 4);
	EXPECT_EQ(le32_to_cpu(ip->v6_subnets[0]), 64);
	EXPECT_EQ(le32_to_cpu(ip->v6_subnets[2]), 32);
	EXPECT_EQ(le16_to_cpu(ip->origins[0]), HVIC_KVP_ORIGIN_STATIC);
	EXPECT_EQ(le16_to_cpu(ip->origins[5]), HVIC_KVP_ORIGIN_STATIC);
	EXPECT_EQ(le16_to_cpu(ip->origins[6]), 0);
	free(ip);
}

TEST(what_is_no_address_is_left_out)
{
	static const char * const bad[] = {
		"10.0.0", "10.0.0.256", "10.0.0.1.", "10..0.1", "1.2.3.4.5", "1000.1.1.1", ":", ":::",
		"1::2::3", "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::",
		"fe80:", "g::", "eth0", " ", ";;;", "::1:",
	};
	struct hvic_kvp_ip_binary *ip = calloc(1, sizeof(*ip));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		get_ip(ip, bad[i], bad[i]);
		EXPECT_EQ(le32_to_cpu(ip->v4_address_cnt), 0);
		EXPECT_EQ(le32_to_cpu(ip->v6_address_cnt), 0);
	}
	free(ip);
}

TEST(more_addresses_than_the_host_has_room_for_are_cut)
{
	struct hvic_kvp_ip_binary *ip = calloc(1, sizeof(*ip));
	char text[2048] = "";
	int i;

	for (i = 0; i < 200; i++)
		strcat(text, "10.0.0.1;");
	get_ip(ip, text, text);
	EXPECT_EQ(le32_to_cpu(ip->v4_address_cnt), 64);
	EXPECT_EQ(le32_to_cpu(ip->v6_address_cnt), 0);
	EXPECT_EQ(le16_to_cpu(ip->origins[63]), HVIC_KVP_ORIGIN_STATIC);
	EXPECT_EQ(le16_to_cpu(ip->origins[64]), 0);
	/* A field full to its last byte has no NUL. */
	memset(msg.ip.gateways, '1', sizeof(msg.ip.gateways));
	EXPECT_EQ(kvp_to_host(&msg, V5, ip), HVIC_STATUS_OK);
	free(ip);
}

KTAP_MAIN

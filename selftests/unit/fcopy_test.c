// SPDX-License-Identifier: GPL-2.0
/*
 * fcopy_test.c - files that a host copies, places it may not, pieces that do not fit
 */
#include "ktap.h"

#include "hv_utils/proto/fcopy_file.h"

#include <stdlib.h>

static const struct fcopy_policy anywhere = { "/", 1ull << 40 };
static struct fcopy_file file;
static u32 sent[(FCOPY_DAEMON_MAX + 3) / 4];
static u32 sent_len;

static void put16(__le16 *to, const char *text)
{
	do
		*to++ = cpu_to_le16((u8)*text);
	while (*text++);
}

static u32 ask(const struct fcopy_policy *policy, const void *body, u32 len)
{
	u8 *copy = malloc(len ? len : 1);
	u32 status;

	memcpy(copy, body, len);
	memset(sent, 0xee, sizeof(sent));
	status = fcopy_request(&file, policy, copy, len, sent, &sent_len);
	free(copy);
	return status;
}

static u32 start(const struct fcopy_policy *policy, const char *path, const char *name, u64 size)
{
	struct hvic_fcopy_start body = { .hdr.op = cpu_to_le32(HVIC_FCOPY_START) };

	put16(body.name, name);
	put16(body.path, path);
	body.flags = cpu_to_le32(~0u);
	body.size = cpu_to_le64(size);
	return ask(policy, &body, sizeof(body));
}

static u32 piece(u64 offset, u32 size)
{
	static struct hvic_fcopy_write body;

	body.hdr.op = cpu_to_le32(HVIC_FCOPY_WRITE);
	body.offset = cpu_to_le64(offset);
	body.size = cpu_to_le32(size);
	memset(body.data, 0x5a, sizeof(body.data));
	return ask(&anywhere, &body, sizeof(body));
}

static u32 simple(u32 op)
{
	struct hvic_fcopy_hdr body = { .op = cpu_to_le32(op) };

	return ask(&anywhere, &body, sizeof(body));
}

static bool was_cancel(void)
{
	return sent_len == 36 && sent[0] == HVIC_FCOPY_CANCEL;
}

/* A transfer of that size has begun. */
static void begin(u64 size)
{
	file = (struct fcopy_file){ 0 };
	EXPECT_EQ(start(&anywhere, "/tmp", "f", size), HVIC_STATUS_OK);
	EXPECT_EQ(fcopy_reply(&file, sent, 0), HVIC_STATUS_OK);
	EXPECT(file.open);
}

TEST(a_file_is_copied)
{
	const struct hvdaemon_fcopy_start *for_daemon = (void *)sent;

	file = (struct fcopy_file){ 0 };
	EXPECT_EQ(start(&anywhere, "/srv/in", "data.bin", 6145), HVIC_STATUS_OK);
	EXPECT_EQ(sent_len, 1088);
	EXPECT_STREQ((const char *)for_daemon->name, "data.bin");
	EXPECT_STREQ((const char *)for_daemon->path, "/srv/in");
	EXPECT_EQ(for_daemon->flags, 3);
	EXPECT_EQ(for_daemon->size, 6145);
	EXPECT_EQ(fcopy_reply(&file, sent, 0), HVIC_STATUS_OK);
	EXPECT_EQ(piece(0, 6144), HVIC_STATUS_OK);
	EXPECT_EQ(sent_len, 6196);
	EXPECT_EQ(fcopy_reply(&file, sent, 0), HVIC_STATUS_OK);
	EXPECT_EQ(piece(6144, 1), HVIC_STATUS_OK);
	EXPECT_EQ(fcopy_reply(&file, sent, 0), HVIC_STATUS_OK);
	EXPECT_EQ(simple(HVIC_FCOPY_COMPLETE), HVIC_STATUS_OK);
	EXPECT_EQ(sent_len, 36);
	EXPECT_EQ(fcopy_reply(&file, sent, 0), HVIC_STATUS_OK);
	EXPECT(!file.open);
}

TEST(pieces_must_belong_to_the_file)
{
	static const struct { u64 offset; u32 size; } bad[] = {
		{ 0, 101 }, { 100, 1 }, { 1, 1 }, { ~0ull, 1 }, { ~0ull, ~0u }, { 0, 6145 },
		{ 0, ~0u },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		begin(100);
		EXPECT_EQ(piece(bad[i].offset, bad[i].size), HVIC_STATUS_INVALID_ARGUMENT);
		EXPECT(was_cancel());
		fcopy_reply(&file, sent, 0);
		EXPECT(!file.open);
	}
}

TEST(a_piece_may_come_twice)
{
	begin(200);
	EXPECT_EQ(piece(0, 100), HVIC_STATUS_OK);
	fcopy_reply(&file, sent, 0);
	EXPECT_EQ(piece(0, 100), HVIC_STATUS_OK);
	fcopy_reply(&file, sent, 0);
	EXPECT_EQ(file.have, 100);
	EXPECT_EQ(piece(50, 150), HVIC_STATUS_OK);
	fcopy_reply(&file, sent, 0);
	EXPECT_EQ(file.have, 200);
}

TEST(a_partial_file_is_never_complete)
{
	begin(100);
	EXPECT_EQ(piece(0, 99), HVIC_STATUS_OK);
	fcopy_reply(&file, sent, 0);
	EXPECT_EQ(simple(HVIC_FCOPY_COMPLETE), HVIC_STATUS_FAIL);
	EXPECT(was_cancel());
	fcopy_reply(&file, sent, 0);
	EXPECT(!file.open);
}

TEST(a_piece_the_daemon_could_not_write_does_not_count)
{
	begin(100);
	EXPECT_EQ(piece(0, 100), HVIC_STATUS_OK);
	EXPECT_EQ(fcopy_reply(&file, sent, HVIC_STATUS_DISK_FULL), HVIC_STATUS_DISK_FULL);
	EXPECT_EQ(simple(HVIC_FCOPY_COMPLETE), HVIC_STATUS_FAIL);
	EXPECT(was_cancel());
}

TEST(cancelled_files_are_gone)
{
	begin(100);
	EXPECT_EQ(simple(HVIC_FCOPY_CANCEL), HVIC_STATUS_OK);
	EXPECT(was_cancel());
	fcopy_reply(&file, sent, 0);
	/* Nothing more comes of it. */
	EXPECT_EQ(piece(0, 1), HVIC_STATUS_FAIL);
	EXPECT_EQ(sent_len, 0);
	EXPECT_EQ(simple(HVIC_FCOPY_COMPLETE), HVIC_STATUS_FAIL);
	EXPECT_EQ(sent_len, 0);
	EXPECT_EQ(simple(HVIC_FCOPY_CANCEL), HVIC_STATUS_OK);
	EXPECT_EQ(sent_len, 0);
}

TEST(a_second_start_ends_the_first)
{
	begin(100);
	EXPECT_EQ(start(&anywhere, "/tmp", "g", 1), HVIC_STATUS_FAIL);
	EXPECT(was_cancel());
	fcopy_reply(&file, sent, 0);
	EXPECT(!file.open);
}

TEST(a_start_that_failed_opens_nothing)
{
	file = (struct fcopy_file){ 0 };
	EXPECT_EQ(start(&anywhere, "/tmp", "f", 1), HVIC_STATUS_OK);
	EXPECT_EQ(fcopy_reply(&file, sent, HVIC_STATUS_EXISTS), HVIC_STATUS_EXISTS);
	EXPECT(!file.open);
	/* A failure whose number says success. */
	EXPECT_EQ(fcopy_reply(&file, sent, 5), HVIC_STATUS_FAIL);
	EXPECT(!file.open);
}

TEST(names_that_lead_elsewhere_are_refused)
{
	static const struct { const char *path, *name; } bad[] = {
		{ "/tmp", "" }, { "/tmp", "." }, { "/tmp", ".." }, { "/tmp", "a/b" }, { "/tmp", "/etc" },
		{ "/tmp", "../f" }, { "", "f" }, { "tmp", "f" }, { "/tmp/..", "f" }, { "/../tmp", "f" },
		{ "/tmp/./x", "f" }, { "/tmp//..", "f" }, { "C:\\tmp", "f" }, { "/tmp\n", "f" },
		{ "/tmp", "f\x1b[2J" }, { "/tmp", "\x7f" },
	};
	static const struct { const char *path, *name; } good[] = {
		{ "/", "f" }, { "/tmp/", "..f" }, { "/tmp//x", "f.." }, { "/tmp/...", ".f" },
	};
	unsigned int i;

	file = (struct fcopy_file){ 0 };
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(start(&anywhere, bad[i].path, bad[i].name, 1),
			  HVIC_STATUS_INVALID_ARGUMENT);
		EXPECT_EQ(sent_len, 0);
	}
	for (i = 0; i < ARRAY_SIZE(good); i++)
		EXPECT_EQ(start(&anywhere, good[i].path, good[i].name, 1), HVIC_STATUS_OK);
}

TEST(names_without_an_end_are_refused)
{
	struct hvic_fcopy_start body = { .hdr.op = cpu_to_le32(HVIC_FCOPY_START) };

	file = (struct fcopy_file){ 0 };
	put16(body.path, "/tmp");
	memset(body.name, 'x', sizeof(body.name));
	EXPECT_EQ(ask(&anywhere, &body, sizeof(body)), HVIC_STATUS_INVALID_ARGUMENT);
	put16(body.name, "f");
	memset(body.path, '/', sizeof(body.path));
	EXPECT_EQ(ask(&anywhere, &body, sizeof(body)), HVIC_STATUS_INVALID_ARGUMENT);
}

TEST(files_go_only_below_the_root)
{
	static const struct { const char *root, *path; bool good; } cases[] = {
		{ "/srv/in", "/srv/in", true }, { "/srv/in", "/srv/in/", true },
		{ "/srv/in", "/srv/in/a/b", true }, { "/srv/in/", "/srv/in", true },
		{ "/srv/in/", "//srv///in/x", true }, { "/srv/in", "/srv/inside", false },
		{ "/srv/in", "/srv", false }, { "/srv/in", "/", false }, { "/srv/in", "/srv/i", false },
		{ "", "/tmp", false }, { "relative", "/relative", false }, { "//", "/x", true },
	};
	unsigned int i;

	file = (struct fcopy_file){ 0 };
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fcopy_policy policy = { cases[i].root, 1000 };

		EXPECT_EQ(start(&policy, cases[i].path, "f", 1),
			  cases[i].good ? HVIC_STATUS_OK : HVIC_STATUS_INVALID_ARGUMENT);
		EXPECT_EQ(sent_len, cases[i].good ? 1088 : 0);
	}
}

TEST(oversized_files_are_refused_at_once)
{
	struct fcopy_policy policy = { "/", 1000 };

	file = (struct fcopy_file){ 0 };
	EXPECT_EQ(start(&policy, "/tmp", "f", 1000), HVIC_STATUS_OK);
	EXPECT_EQ(start(&policy, "/tmp", "f", 1001), HVIC_STATUS_DISK_FULL);
	EXPECT_EQ(sent_len, 0);
	EXPECT_EQ(start(&policy, "/tmp", "f", ~0ull), HVIC_STATUS_DISK_FULL);
}

TEST(short_bodies_and_unknown_operations_are_refused)
{
	u8 body[sizeof(struct hvic_fcopy_write)] = { HVIC_FCOPY_START };
	u32 len;

	begin(100);
	for (len = 0; len < 1088; len += len < 40 ? 1 : 17)
		EXPECT_EQ(ask(&anywhere, body, len), HVIC_STATUS_INVALID_ARGUMENT);
	body[0] = HVIC_FCOPY_WRITE;
	EXPECT_EQ(ask(&anywhere, body, 6195), HVIC_STATUS_INVALID_ARGUMENT);
	body[0] = 4;
	EXPECT_EQ(ask(&anywhere, body, sizeof(body)), HVIC_STATUS_NOT_SUPPORTED);
	EXPECT_EQ(sent_len, 0);
	EXPECT(file.open);
}

KTAP_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * storage_reserve_test.c - persistent reservations and target port groups of
 * the provider's disks, by two controllers that see the same one
 *
 * Source: provider/scsi_reserve.c
 */
#include "storage_rig.h"

#define EXPECT_OK(line)		EXPECT_STREQ(command(line), "ok\n")
#define EXPECT_ERROR(line)	EXPECT(!strncmp(command(line), "error: ", 7))

#define KEY_A	0xa1a2a3a4a5a6a7a8ull
#define KEY_B	0xb1b2b3b4b5b6b7b8ull

enum { REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, PREEMPT_ABORT, REGISTER_ANYHOW };
enum { KEYS, RESERVATION, CAPABILITIES, FULL_STATUS };

/* Two initiators, scsi0 and scsi1; both are ready. */
static bool start_two(void)
{
	if (!start("lun0=ram:1M scsi1.lun0=same:scsi0/0"))
		return false;
	handshake();
	if (!use("scsi1"))
		return false;
	host.device.ops->chan_opened(host.device.dev, &sub_1);
	host.device.ops->chan_opened(host.device.dev, &primary);
	handshake();
	return use("scsi0");
}

static const struct vstor_srb *test_ready(void)
{
	cdb_new(0x00);
	return go(VSTOR_DATA_NONE, 0);
}

static const struct vstor_srb *out(uint8_t action, uint8_t type, uint64_t key, uint64_t service)
{
	uint8_t param[24] = { 0 };

	be(param, key, 8);
	be(param + 8, service, 8);
	buf_put(0, param, sizeof(param));
	cdb_new(0x5f);
	cdb_[1] = action;
	cdb_[2] = type;
	be(cdb_ + 5, sizeof(param), 4);
	return go(VSTOR_DATA_OUT, sizeof(param));
}

static const struct vstor_srb *in(uint8_t action, uint32_t alloc)
{
	cdb_new(0x5e);
	cdb_[1] = action;
	be(cdb_ + 7, alloc, 2);
	return go(VSTOR_DATA_IN, alloc);
}

static const struct vstor_srb *read_one(void)
{
	cdb_extent(0x28, 0, 1);
	return go(VSTOR_DATA_IN, 512);
}

static const struct vstor_srb *write_one(void)
{
	cdb_extent(0x2a, 0, 1);
	return go(VSTOR_DATA_OUT, 512);
}

#define EXPECT_CONFLICT(s) do { \
	const struct vstor_srb *srb_ = (s); \
	EXPECT_EQ(srb_->srb_status, VSTOR_SRB_ERROR); \
	EXPECT_EQ(srb_->scsi_status, 0x18); \
	EXPECT_EQ(srb_->transfer_len, 0); \
} while (0)

#define EXPECT_WHY(s, key_, asc_, ascq_) do { \
	const struct vstor_srb *srb_ = (s); \
	EXPECT_EQ(srb_->scsi_status, 2); \
	EXPECT_EQ(srb_->sense[2], key_); \
	EXPECT_EQ(srb_->sense[12], asc_); \
	EXPECT_EQ(srb_->sense[13], ascq_); \
} while (0)

/* Nobody reserves who is not registered; keys are listed, changed and taken back, and counted. */
TEST(keys_are_registered)
{
	REQUIRE(start_two());
	EXPECT_CONFLICT(out(RESERVE, 1, KEY_A, 0));
	EXPECT_CONFLICT(out(REGISTER, 0, KEY_A, KEY_B));
	EXPECT_GOOD(out(REGISTER, 0, 0, KEY_A), 24);
	EXPECT_GOOD(in(KEYS, 255), 16);
	EXPECT_EQ(get_be(buf_get(0, 4), 4), 1);
	EXPECT_EQ(get_be(buf_get(4, 4), 4), 8);
	EXPECT_EQ(get_be(buf_get(8, 8), 8), KEY_A);
	EXPECT_CONFLICT(out(REGISTER, 0, 0, KEY_B));
	EXPECT_GOOD(out(REGISTER, 0, KEY_A, KEY_B), 24);
	EXPECT_GOOD(out(REGISTER_ANYHOW, 0, 0, KEY_A), 24);
	REQUIRE(use("scsi1"));
	EXPECT_GOOD(out(REGISTER, 0, 0, KEY_B), 24);
	EXPECT_GOOD(in(KEYS, 255), 24);
	EXPECT_EQ(get_be(buf_get(0, 4), 4), 4);
	EXPECT_GOOD(out(REGISTER, 0, KEY_B, 0), 24);
	EXPECT_GOOD(in(KEYS, 255), 16);
	/* Cut to what there is room for, and no more. */
	EXPECT_GOOD(in(KEYS, 12), 12);
	EXPECT_GOOD(in(CAPABILITIES, 8), 8);
	EXPECT_EQ(get_be(buf_get(2, 4), 4), 0x0080ea01);
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* Each type keeps out whom it should: strangers, and members who do not hold it. */
TEST(reservations_keep_others_out)
{
	static const struct {
		uint8_t type;
		bool stranger_reads, member_reads, member_writes;
	} types[] = {
		{ 1, true, true, false },
		{ 3, false, false, false },
		{ 5, true, true, true },
		{ 6, false, true, true },
		{ 7, true, true, true },
		{ 8, false, true, true },
	};
	uint32_t i;

	REQUIRE(start_two());
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_GOOD(out(REGISTER_ANYHOW, 0, 0, KEY_A), 24);
		EXPECT_GOOD(out(RESERVE, types[i].type, KEY_A, 0), 24);
		EXPECT_GOOD(out(RESERVE, types[i].type, KEY_A, 0), 24);
		EXPECT_CONFLICT(out(RESERVE, types[i].type == 1 ? 3 : 1, KEY_A, 0));
		EXPECT_GOOD(in(RESERVATION, 64), 24);
		EXPECT_EQ(get_be(buf_get(8, 8), 8), types[i].type < 7 ? KEY_A : 0);
		EXPECT_EQ(*buf_get(21, 1), types[i].type);
		EXPECT_GOOD(write_one(), 512);

		REQUIRE(use("scsi1"));
		EXPECT_GOOD(test_ready(), 0);
		if (types[i].stranger_reads)
			EXPECT_GOOD(read_one(), 512);
		else
			EXPECT_CONFLICT(read_one());
		EXPECT_CONFLICT(write_one());
		EXPECT_GOOD(out(REGISTER, 0, 0, KEY_B), 24);
		if (types[i].member_reads)
			EXPECT_GOOD(read_one(), 512);
		else
			EXPECT_CONFLICT(read_one());
		if (types[i].member_writes)
			EXPECT_GOOD(write_one(), 512);
		else
			EXPECT_CONFLICT(write_one());
		EXPECT_GOOD(in(FULL_STATUS, 255), 8 + 2 * 48);

		/* What a member relied on is gone: he is told. */
		REQUIRE(use("scsi0"));
		EXPECT_WHY(out(RELEASE, types[i].type == 1 ? 3 : 1, KEY_A, 0), 5, 0x26, 0);
		EXPECT_GOOD(out(RELEASE, types[i].type, KEY_A, 0), 24);
		REQUIRE(use("scsi1"));
		if (types[i].type >= 5)
			EXPECT_WHY(test_ready(), 6, 0x2a, 0x04);
		EXPECT_GOOD(write_one(), 512);
		EXPECT_GOOD(out(REGISTER, 0, KEY_B, 0), 24);
		EXPECT_GOOD(in(RESERVATION, 64), 8);
		REQUIRE(use("scsi0"));
	}
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* Who is registered may throw another out, and have what he had; who is thrown out is told. */
TEST(members_are_preempted)
{
	REQUIRE(start_two());
	EXPECT_GOOD(out(REGISTER, 0, 0, KEY_A), 24);
	EXPECT_GOOD(out(RESERVE, 1, KEY_A, 0), 24);
	REQUIRE(use("scsi1"));
	EXPECT_GOOD(out(REGISTER, 0, 0, KEY_B), 24);
	EXPECT_CONFLICT(out(PREEMPT, 3, KEY_B, 77));
	EXPECT_WHY(out(PREEMPT, 3, KEY_B, 0), 5, 0x26, 0);
	EXPECT_GOOD(out(PREEMPT, 3, KEY_B, KEY_A), 24);
	EXPECT_GOOD(read_one(), 512);
	REQUIRE(use("scsi0"));
	EXPECT_WHY(test_ready(), 6, 0x2a, 0x05);
	EXPECT_CONFLICT(read_one());
	EXPECT_CONFLICT(out(RELEASE, 3, KEY_A, 0));

	/* All registrants: the last to go takes it along. */
	REQUIRE(use("scsi1"));
	EXPECT_GOOD(out(CLEAR, 0, KEY_B, 0), 24);
	EXPECT_GOOD(out(REGISTER, 0, 0, KEY_B), 24);
	EXPECT_GOOD(out(RESERVE, 8, KEY_B, 0), 24);
	REQUIRE(use("scsi0"));
	EXPECT_GOOD(out(REGISTER, 0, 0, KEY_A), 24);
	REQUIRE(use("scsi1"));
	EXPECT_GOOD(out(REGISTER, 0, KEY_B, 0), 24);
	EXPECT_CONFLICT(read_one());
	REQUIRE(use("scsi0"));
	EXPECT_GOOD(read_one(), 512);
	EXPECT_GOOD(out(PREEMPT_ABORT, 1, KEY_A, 0), 24);
	EXPECT_GOOD(out(REGISTER, 0, KEY_A, 0), 24);
	REQUIRE(use("scsi1"));
	EXPECT_GOOD(write_one(), 512);
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* A unit that is taken away takes its registration along. */
TEST(a_unit_goes_with_its_key)
{
	REQUIRE(start_two());
	EXPECT_GOOD(out(REGISTER, 0, 0, KEY_A), 24);
	EXPECT_GOOD(out(RESERVE, 3, KEY_A, 0), 24);
	EXPECT_OK("remove 0 quiet");
	REQUIRE(use("scsi1"));
	EXPECT_GOOD(write_one(), 512);
	EXPECT_GOOD(in(FULL_STATUS, 64), 8);
	stop();
}

/* What no initiator should say is refused, and changes nothing. */
TEST(bad_reservation_commands)
{
	REQUIRE(start_two());
	EXPECT_WHY(in(9, 64), 5, 0x24, 0);
	EXPECT_WHY(out(7, 1, 0, KEY_A), 5, 0x24, 0);
	EXPECT_GOOD(out(REGISTER, 0, 0, KEY_A), 24);
	EXPECT_WHY(out(RESERVE, 2, KEY_A, 0), 5, 0x24, 0);
	EXPECT_WHY(out(RESERVE, 0x11, KEY_A, 0), 5, 0x24, 0);
	cdb_new(0x5f);
	cdb_[1] = RESERVE;
	cdb_[2] = 1;
	be(cdb_ + 5, 23, 4);
	EXPECT_WHY(go(VSTOR_DATA_OUT, 23), 5, 0x1a, 0);
	EXPECT_GOOD(in(RESERVATION, 64), 8);
	stop();
}

/* A disk with paths names them and their states; what cannot be used says so; changes are told. */
TEST(paths)
{
	REQUIRE(start_two());
	cdb_new(0xa3);
	cdb_[1] = 0x0a;
	be(cdb_ + 6, 64, 4);
	EXPECT_WHY(go(VSTOR_DATA_IN, 64), 5, 0x24, 0);
	EXPECT_GOOD(inquiry(LUN0, 0x83, 255), 52);

	EXPECT_OK("path 0 nonoptimized");
	EXPECT_WHY(test_ready(), 6, 0x2a, 0x06);
	EXPECT_GOOD(inquiry(LUN0, 0x83, 255), 68);
	EXPECT_EQ(buf_get(53, 1)[0], 0x14);
	EXPECT_EQ(buf_get(61, 1)[0], 0x15);
	EXPECT_GOOD(inquiry(LUN0, -1, 96), 96);
	EXPECT_EQ(*buf_get(5, 1), 0x10);
	cdb_new(0xa3);
	cdb_[1] = 0x0a;
	be(cdb_ + 6, 64, 4);
	EXPECT_GOOD(go(VSTOR_DATA_IN, 64), 4 + 2 * 12);
	EXPECT_EQ(get_be(buf_get(0, 4), 4), 24);
	EXPECT_EQ(*buf_get(4, 1), 0);		/* the newest first: scsi1's */
	EXPECT_EQ(*buf_get(16, 1), 1);
	EXPECT_EQ(get_be(buf_get(18, 2), 2), 1);

	EXPECT_OK("path 0 standby");
	EXPECT_WHY(test_ready(), 6, 0x2a, 0x06);
	EXPECT_WHY(read_one(), 2, 0x04, 0x0b);
	EXPECT_GOOD(inquiry(LUN0, -1, 96), 96);
	EXPECT_OK("path 0 optimized");
	EXPECT_WHY(test_ready(), 6, 0x2a, 0x06);
	EXPECT_GOOD(read_one(), 512);
	EXPECT_ERROR("path 0 blocked");
	EXPECT_ERROR("path 1 standby");
	EXPECT_ERROR("path 0");
	stop();
}

KTAP_MAIN

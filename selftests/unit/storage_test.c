// SPDX-License-Identifier: GPL-2.0
/*
 * storage_test.c - the provider's SCSI controller and disks, driven packet by
 * packet over a stand-in for the provider's core
 *
 * Source: provider/storage*.c provider/scsi_*.c
 */
#include "storage_rig.h"

/* Handshake ---------------------------------------------------------------------------*/

/* The steps of the stock Linux driver, newest version first, are all answered as it expects. */
TEST(handshake_as_linux_does_it)
{
	const struct vstor_packet *p = &last()->pkt;

	REQUIRE(start("lun0=ram:1M sub_channels=3"));
	EXPECT_STREQ(host.device.label, "scsi0");
	EXPECT_EQ(ask_op(VSTOR_OP_BEGIN_INIT), 0);
	EXPECT_EQ(ask_version(VSTOR_VERSION_WIN10), 0);
	EXPECT_EQ(ask_op(VSTOR_OP_QUERY_PROPERTIES), 0);
	p = &last()->pkt;
	EXPECT_EQ(p->properties.max_sub_channels, 3);
	EXPECT_EQ(p->properties.flags, VSTOR_PROP_MULTI_CHANNEL);
	EXPECT_EQ(p->properties.max_transfer_bytes, 0x40000);
	EXPECT_EQ(ask_op(VSTOR_OP_END_INIT), 0);
	EXPECT_EQ(ask_sub_channels(2), 0);
	EXPECT_EQ(host.offered, 2);
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* A version that is unknown or above vstor_max is refused, and the guest may ask again. */
TEST(refused_version_can_be_asked_again)
{
	REQUIRE(start("lun0=ram:1M vstor_max=6.0 max_transfer=128K"));
	EXPECT_EQ(ask_op(VSTOR_OP_BEGIN_INIT), 0);
	EXPECT_EQ(ask_version(VSTOR_VERSION_WIN10), VSTOR_STATUS_REVISION_MISMATCH);
	EXPECT_EQ(ask_version(VSTOR_VERSION(7u, 0u)), VSTOR_STATUS_REVISION_MISMATCH);
	EXPECT_EQ(ask_version(VSTOR_VERSION(4u, 2u)), VSTOR_STATUS_REVISION_MISMATCH);
	EXPECT_EQ(ask_version(0), VSTOR_STATUS_REVISION_MISMATCH);
	EXPECT_EQ(ask_version(VSTOR_VERSION_WIN8_1), 0);
	EXPECT_EQ(host.violations, 0);
	EXPECT_EQ(ask_op(VSTOR_OP_QUERY_PROPERTIES), 0);
	EXPECT_EQ(last()->pkt.properties.max_transfer_bytes, 128 << 10);
	stop();

	REQUIRE(start("lun0=ram:1M vstor_max=5.1"));
	EXPECT_EQ(ask_op(VSTOR_OP_BEGIN_INIT), 0);
	EXPECT_EQ(ask_version(VSTOR_VERSION_WIN8_1), VSTOR_STATUS_REVISION_MISMATCH);
	EXPECT_EQ(ask_version(VSTOR_VERSION_WIN8), 0);
	stop();
}

/* In every state, every request that does not belong there gets 0xc0000184 and changes nothing. */
TEST(wrong_state_is_refused)
{
	static const uint32_t ops[] = {
		VSTOR_OP_BEGIN_INIT, VSTOR_OP_QUERY_VERSION, VSTOR_OP_QUERY_PROPERTIES,
		VSTOR_OP_END_INIT, VSTOR_OP_EXECUTE_SRB, VSTOR_OP_RESET_LUN,
		VSTOR_OP_RESET_ADAPTER, VSTOR_OP_RESET_BUS, VSTOR_OP_CREATE_SUB_CHANNELS,
	};
	static const uint32_t steps[] = {
		VSTOR_OP_BEGIN_INIT, VSTOR_OP_QUERY_VERSION, VSTOR_OP_QUERY_PROPERTIES,
		VSTOR_OP_END_INIT,
	};
	uint32_t step, i;

	REQUIRE(start("lun0=ram:1M"));
	for (step = 0; step <= ARRAY_SIZE(steps); step++) {
		bool ready = step == ARRAY_SIZE(steps);

		for (i = 0; i < ARRAY_SIZE(ops); i++) {
			uint32_t violations = host.violations;

			if (ready ? i >= 4 : ops[i] == steps[step])
				continue;
			if (step == 3 && ops[i] == VSTOR_OP_CREATE_SUB_CHANNELS)
				continue;
			EXPECT_EQ(ask_op(ops[i]), VSTOR_STATUS_INVALID_STATE);
			EXPECT_EQ(host.violations, violations + 1);
		}
		if (ready)
			break;
		if (steps[step] == VSTOR_OP_QUERY_VERSION)
			EXPECT_EQ(ask_version(VSTOR_VERSION_WIN10), 0);
		else
			EXPECT_EQ(ask_op(steps[step]), 0);
	}
	host.violations = 0;
	EXPECT_EQ(ask_op(VSTOR_OP_RESET_LUN), 0);
	EXPECT_EQ(ask_op(VSTOR_OP_RESET_ADAPTER), 0);
	EXPECT_EQ(ask_op(VSTOR_OP_RESET_BUS), 0);
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* Sub-channels may be asked for once before END_INIT, and after it, up to the maximum. */
TEST(sub_channels_before_and_after_end_init)
{
	REQUIRE(start("lun0=ram:1M sub_channels=4"));
	ask_op(VSTOR_OP_BEGIN_INIT);
	ask_version(VSTOR_VERSION_WIN10);
	ask_op(VSTOR_OP_QUERY_PROPERTIES);
	EXPECT_EQ(ask_sub_channels(5), VSTOR_STATUS_INVALID_PARAMETER);
	EXPECT_EQ(ask_sub_channels(2), 0);
	EXPECT_EQ(host.offered, 2);
	EXPECT_EQ(host.violations, 0);
	EXPECT_EQ(ask_sub_channels(1), VSTOR_STATUS_INVALID_STATE);
	EXPECT_EQ(host.violations, 1);
	EXPECT_EQ(ask_op(VSTOR_OP_END_INIT), 0);
	EXPECT_EQ(ask_sub_channels(3), VSTOR_STATUS_INVALID_PARAMETER);
	EXPECT_EQ(ask_sub_channels(2), 0);
	EXPECT_EQ(host.offered, 4);

	/* The primary closed and opened again: all may be asked for anew. */
	host.device.ops->chan_closed(host.device.dev, &primary);
	host.device.ops->chan_opened(host.device.dev, &primary);
	handshake();
	host.offer_result = -ENOSPC;
	EXPECT_EQ(ask_sub_channels(4), VSTOR_STATUS_INVALID_PARAMETER);
	host.offer_result = 0;
	EXPECT_EQ(ask_sub_channels(4), 0);
	EXPECT_EQ(host.offered, 8);

	/* And again before END_INIT, though they were asked for so the first time. */
	host.device.ops->chan_closed(host.device.dev, &primary);
	host.device.ops->chan_opened(host.device.dev, &primary);
	ask_op(VSTOR_OP_BEGIN_INIT);
	ask_version(VSTOR_VERSION_WIN10);
	ask_op(VSTOR_OP_QUERY_PROPERTIES);
	EXPECT_EQ(ask_sub_channels(1), 0);
	EXPECT_EQ(host.violations, 1);
	stop();
}

/* On a sub-channel only SRBs are served, and only when the primary is ready. */
TEST(only_srbs_on_a_sub_channel)
{
	struct vstor_packet p = request(VSTOR_OP_BEGIN_INIT);
	struct vstor_packet tur;

	REQUIRE(start("lun0=ram:1M sub_channels=1"));
	cdb_new(0x00);
	tur = srb(LUN0, cdb_, cdb_len_, VSTOR_DATA_NONE, 0);
	EXPECT_EQ(ask_on(&sub_1, &p, 64), VSTOR_STATUS_INVALID_STATE);
	EXPECT_EQ(host.violations, 1);
	EXPECT_EQ(ask_on(&sub_1, &tur, 64), VSTOR_STATUS_INVALID_STATE);
	EXPECT_EQ(host.violations, 2);
	handshake();
	EXPECT_EQ(ask_on(&sub_1, &tur, 64), 0);
	EXPECT(last()->chan == &sub_1);
	EXPECT_EQ(host.violations, 2);
	p = request(VSTOR_OP_RESET_BUS);
	EXPECT_EQ(ask_on(&sub_1, &p, 64), VSTOR_STATUS_INVALID_STATE);
	EXPECT_EQ(host.violations, 3);
	/* Closing a sub-channel does not end the handshake; closing the primary does. */
	host.device.ops->chan_closed(host.device.dev, &sub_1);
	EXPECT_EQ(ask(&tur), 0);
	host.device.ops->chan_closed(host.device.dev, &primary);
	EXPECT_EQ(ask(&tur), VSTOR_STATUS_INVALID_STATE);
	stop();
}

/* What is no request at all is answered with an error and reported. */
TEST(operations_of_the_host_are_no_requests)
{
	static const uint32_t ops[] = { 0, 1, 2, 11, 12, 14, 0xffffffff };
	uint32_t i;

	REQUIRE(start_ready("lun0=ram:1M"));
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		EXPECT_EQ(ask_op(ops[i]), VSTOR_STATUS_INVALID_PARAMETER);
		EXPECT_EQ(host.violations, i + 1);
	}
	stop();
}

/* The answer is as long as the request, and odd lengths are refused without being looked into. */
TEST(answer_has_the_length_of_the_request)
{
	static const uint32_t odd[] = { 0, 8, 16, 40, 56 };
	struct vstor_packet p = request(VSTOR_OP_BEGIN_INIT);
	uint8_t big[72] = { 0 };
	uint32_t i;

	REQUIRE(start("lun0=ram:1M"));
	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		uint32_t before = done_cnt;

		send_packet(&primary, &p, odd[i], NULL, 0);
		EXPECT_EQ(done_cnt, before + 1);
		EXPECT_EQ(last()->len, odd[i]);
		EXPECT_EQ(host.violations, i + 1);
	}
	memcpy(big, &p, sizeof(p));
	send_packet(&primary, big, sizeof(big), NULL, 0);
	EXPECT_EQ(last()->len, 64);
	EXPECT_EQ(last()->pkt.status, VSTOR_STATUS_INVALID_PARAMETER);
	host.violations = 0;
	EXPECT_EQ(ask_on(&primary, &p, 48), 0);
	EXPECT_EQ(host.violations, 0);
	EXPECT_EQ(ask_version(VSTOR_VERSION_WIN10), 0);
	stop();
}

/* INQUIRY and its neighbours ---------------------------------------------------------------*/

/* A disk's INQUIRY data, in full and cut off. */
TEST(inquiry_of_a_disk)
{
	const struct vstor_srb *s;
	const uint8_t *d;

	REQUIRE(start_ready("lun0=ram:1M"));
	s = inquiry(LUN0, -1, 255);
	EXPECT_GOOD(s, 104);
	EXPECT_EQ(s->cdb_len, 16);
	EXPECT_EQ(s->sense_len, 20);
	d = buf_get(0, 104);
	EXPECT_EQ(d[0], 0);
	EXPECT_EQ(d[1], 0);
	EXPECT_EQ(d[2], 5);
	EXPECT_EQ(d[3], 2);
	EXPECT_EQ(d[4], 99);
	EXPECT_EQ(d[7], 0x02);
	EXPECT_MEM(d + 8, "Msft    Virtual Disk    1.0 ", 28);
	EXPECT_EQ(*buf_byte(104), 0xee);

	buf_fill(0xee, 255);
	EXPECT_GOOD(inquiry(LUN0, -1, 36), 36);
	EXPECT(buf_is(0xee, 36, 100));

	/* A page code without EVPD means nothing. */
	cdb_new(0x12);
	cdb_[2] = 0x80;
	be(cdb_ + 3, 36, 2);
	EXPECT_ILLEGAL(go(VSTOR_DATA_IN, 36), 0x24);
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* The pages that page 00 lists exist, their lengths are right, others do not exist. */
TEST(vital_product_data)
{
	static const uint8_t listed[] = { 0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2 };
	const struct vstor_srb *s;
	uint8_t naa[2][16];
	const uint8_t *d;
	uint32_t i;

	REQUIRE(start_ready("lun0=ram:1M lun1=ram:1M block_size=512"));
	EXPECT_GOOD(inquiry(LUN0, 0x00, 255), 4 + sizeof(listed));
	d = buf_get(0, 10);
	EXPECT_EQ(d[3], sizeof(listed));
	EXPECT_MEM(d + 4, listed, sizeof(listed));

	for (i = 0; i < 256; i++) {
		bool exists = memchr(listed, i, sizeof(listed));

		s = inquiry(LUN0, i, 255);
		if (!exists) {
			EXPECT_ILLEGAL(s, 0x24);
			continue;
		}
		d = buf_get(0, 4);
		EXPECT_EQ(d[0], 0);
		EXPECT_EQ(d[1], i);
		EXPECT_GOOD(s, 4 + get_be(d + 2, 2));
	}

	inquiry(LUN0, 0xb0, 255);
	d = buf_get(0, 64);
	EXPECT_EQ(get_be(d + 2, 2), 0x3c);
	EXPECT_EQ(get_be(d + 20, 4), 0xffffffff);
	EXPECT_EQ(get_be(d + 24, 4), 4096);
	EXPECT_EQ(get_be(d + 28, 4), 1);
	EXPECT_EQ(get_be(d + 32, 4), 0x80000000);
	EXPECT_EQ(get_be(d + 36, 8), (8 << 20) / 512);
	inquiry(LUN0, 0xb1, 255);
	EXPECT_EQ(get_be(buf_get(4, 2), 2), 1);
	inquiry(LUN0, 0xb2, 255);
	EXPECT_EQ(*buf_byte(5), 0xe4);
	EXPECT_EQ(*buf_byte(6), 2);

	/* Two disks have two names. */
	for (i = 0; i < 2; i++) {
		EXPECT_GOOD(inquiry((struct addr){ 0, 0, i }, 0x83, 255), 52);
		d = buf_get(0, 52);
		EXPECT_MEM(d + 4, "\x01\x01\x00\x18Msft    ", 12);
		EXPECT_MEM(d + 32, "\x01\x03\x00\x10\x60\x02\x24\x80", 8);
		memcpy(naa[i], d + 36, 16);
	}
	EXPECT(memcmp(naa[0], naa[1], 16));
	EXPECT_EQ(host.violations, 0);
	stop();
}

/*
 * An absent LUN says so in its INQUIRY data, because errors of INQUIRY are
 * hidden by the guest's driver; everything else gets INVALID_LUN, no sense.
 */
TEST(absent_lun)
{
	static const struct addr absent[] = {
		{ 0, 0, 0 }, { 0, 0, 7 }, { 0, 0, 63 }, { 0, 0, 255 }, { 0, 1, 3 }, { 7, 0, 3 },
	};
	const struct vstor_srb *s;
	uint32_t i;

	REQUIRE(start_ready("lun3=ram:1M"));
	for (i = 0; i < ARRAY_SIZE(absent); i++) {
		buf_fill(0xee, 64);
		EXPECT_GOOD(inquiry(absent[i], -1, 36), 36);
		EXPECT_EQ(*buf_byte(0), 0x7f);
		EXPECT_EQ(*buf_byte(7), 0);
		EXPECT_EQ(*buf_byte(8), absent[i].lun ? 0 : 'M');
		EXPECT_ILLEGAL(inquiry(absent[i], 0x83, 64), 0x24);
		cdb_new(0x00);
		s = execute_at(absent[i], cdb_, cdb_len_, VSTOR_DATA_NONE, 0);
		EXPECT_EQ(s->srb_status, VSTOR_SRB_INVALID_LUN);
		EXPECT_EQ(s->scsi_status, 2);
		EXPECT_EQ(s->sense[0], 0);
		EXPECT_EQ(last()->pkt.status, 0xc00000c0u);
		cdb_extent(0x28, 0, 8);
		s = execute_at(absent[i], cdb_, cdb_len_, VSTOR_DATA_IN, 4096);
		EXPECT_EQ(s->srb_status, VSTOR_SRB_INVALID_LUN);
		EXPECT_EQ(s->transfer_len, 0);
	}
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* The controller lists the LUNs of 0:0, whichever LUN is asked; other addresses have none. */
TEST(report_luns_by_address)
{
	const uint8_t *d;

	REQUIRE(start_ready("lun2=ram:1M lun63=ram:1M lun0=ram:1M"));
	EXPECT_GOOD(report_luns((struct addr){ 0, 0, 9 }, 0, 4096, 4096), 32);
	d = buf_get(0, 32);
	EXPECT_EQ(get_be(d, 4), 24);
	EXPECT_EQ(get_be(d + 4, 4), 0);
	EXPECT_EQ(get_be(d + 8, 8), 0);
	EXPECT_EQ(get_be(d + 16, 2), 2);
	EXPECT_EQ(get_be(d + 24, 2), 63);
	EXPECT_EQ(get_be(d + 26, 6), 0);
	EXPECT_GOOD(report_luns((struct addr){ 0, 1, 0 }, 0, 4096, 4096), 8);
	EXPECT_EQ(get_be(buf_get(0, 8), 8), 0);
	EXPECT_GOOD(report_luns((struct addr){ 1, 0, 0 }, 2, 4096, 4096), 8);
	EXPECT_GOOD(report_luns(LUN0, 1, 4096, 4096), 8);
	/* Cut to the allocation length, but the list length is the whole list's. */
	EXPECT_GOOD(report_luns(LUN0, 2, 16, 16), 16);
	EXPECT_EQ(get_be(buf_get(0, 4), 4), 24);
	EXPECT_ILLEGAL(report_luns(LUN0, 3, 4096, 4096), 0x24);
	EXPECT_ILLEGAL(report_luns(LUN0, 0, 15, 4096), 0x24);
	EXPECT_OVERRUN(report_luns(LUN0, 0, 4096, 24));
	stop();

	REQUIRE(start_ready("sub_channels=0"));
	EXPECT_GOOD(report_luns(LUN0, 0, 4096, 4096), 8);
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* Capacity, modes and other small commands ---------------------------------------------------*/

/* Both READ CAPACITY forms, with both block sizes, and beyond what the short form can say. */
TEST(capacity)
{
	const uint8_t *d;

	REQUIRE(start_ready("lun0=ram:1M"));
	cdb_new(0x25);
	EXPECT_GOOD(go(VSTOR_DATA_IN, 8), 8);
	EXPECT_EQ(get_be(buf_get(0, 4), 4), 2047);
	EXPECT_EQ(get_be(buf_get(4, 4), 4), 512);
	EXPECT_OVERRUN(go(VSTOR_DATA_IN, 4));
	read_capacity_16();
	d = buf_get(0, 32);
	EXPECT_EQ(get_be(d, 8), 2047);
	EXPECT_EQ(get_be(d + 8, 4), 512);
	EXPECT_EQ(d[12], 0);
	EXPECT_EQ(d[13], 0);
	EXPECT_EQ(d[14], 0xc0);
	/* Another service action */
	cdb_[1] = 0x12;
	EXPECT_ILLEGAL(go(VSTOR_DATA_IN, 32), 0x24);
	stop();

	REQUIRE(start_ready("lun0=ram:1M block_size=4096"));
	read_capacity_16();
	EXPECT_EQ(get_be(buf_get(0, 8), 8), 255);
	EXPECT_EQ(get_be(buf_get(8, 4), 4), 4096);
	stop();

	REQUIRE(start_ready("lun0=ram:3T"));
	cdb_new(0x25);
	EXPECT_GOOD(go(VSTOR_DATA_IN, 8), 8);
	EXPECT_EQ(get_be(buf_get(0, 4), 4), 0xffffffff);
	read_capacity_16();
	EXPECT_EQ(get_be(buf_get(0, 8), 8), (3ull << 40) / 512 - 1);
	write_pattern(0x123456789ull, 16);
	read_blocks(0x123456789ull, 16);
	EXPECT(buf_has_pattern(0x123456789ull * 512, 16 * 512));
	read_blocks(0x23456789, 16);
	EXPECT(buf_is(0, 0, 16 * 512));
	stop();
}

static const struct vstor_srb *mode_sense(uint8_t op, uint8_t page, uint8_t subpage, uint32_t alloc)
{
	cdb_new(op);
	cdb_[2] = page;
	cdb_[3] = subpage;
	if (op == 0x1a)
		cdb_[4] = alloc;
	else
		be(cdb_ + 7, alloc, 2);
	return go(VSTOR_DATA_IN, alloc);
}

/* The cache is on and FUA honoured; other pages do not exist. */
TEST(modes)
{
	REQUIRE(start_ready("lun0=ram:1M"));
	EXPECT_GOOD(mode_sense(0x1a, 0x08, 0, 192), 16);
	EXPECT_MEM(buf_get(0, 16), "\x0f\x00\x10\x00\x08\x0a\x04\0\0\0\0\0\0\0\0\0", 16);
	EXPECT_GOOD(mode_sense(0x1a, 0x3f, 0, 4), 4);
	EXPECT_GOOD(mode_sense(0x1a, 0x3f, 0xff, 192), 16);
	EXPECT_GOOD(mode_sense(0x5a, 0x3f, 0, 512), 20);
	EXPECT_MEM(buf_get(0, 12), "\x00\x12\x00\x10\0\0\0\0\x08\x0a\x04\0", 12);
	/* Changeable values: none. Saved values, other pages, sub-pages: no. */
	EXPECT_GOOD(mode_sense(0x1a, 0x48, 0, 192), 16);
	EXPECT_EQ(*buf_byte(6), 0);
	EXPECT_ILLEGAL(mode_sense(0x1a, 0xc8, 0, 192), 0x24);
	EXPECT_ILLEGAL(mode_sense(0x1a, 0x0a, 5, 192), 0x24);
	EXPECT_ILLEGAL(mode_sense(0x1a, 0x08, 1, 192), 0x24);
	stop();
}

static const struct vstor_srb *mode_select(uint8_t op, uint8_t flags, const void *list,
					   uint32_t len)
{
	cdb_new(op);
	cdb_[1] = flags;
	if (op == 0x15)
		cdb_[4] = len;
	else
		be(cdb_ + 7, len, 2);
	buf_put(0, list, len);
	return go(len ? VSTOR_DATA_OUT : VSTOR_DATA_NONE, len);
}

/* MODE SELECT takes the modes as they are, and no others. */
TEST(modes_cannot_be_changed)
{
	uint8_t six[16] = { 0, 0, 0, 0, 0x08, 0x0a, 0x04 };
	uint8_t ten[20] = { 0, 0, 0, 0, 0, 0, 0, 0, 0x08, 0x0a, 0x04 };

	REQUIRE(start_ready("lun0=ram:1M"));
	EXPECT_GOOD(mode_select(0x15, 0x10, six, 16), 16);
	EXPECT_GOOD(mode_select(0x55, 0x10, ten, 20), 20);
	EXPECT_GOOD(mode_select(0x15, 0x10, six, 0), 0);
	EXPECT_GOOD(mode_select(0x15, 0x10, six, 4), 4);
	EXPECT_ILLEGAL(mode_select(0x15, 0x11, six, 16), 0x24);
	EXPECT_ILLEGAL(mode_select(0x15, 0x00, six, 16), 0x24);
	EXPECT_ILLEGAL(mode_select(0x15, 0x10, six, 3), 0x1a);
	EXPECT_ILLEGAL(mode_select(0x15, 0x10, six, 15), 0x1a);
	EXPECT_ILLEGAL(mode_select(0x55, 0x10, ten, 7), 0x1a);
	six[6] = 0;
	EXPECT_ILLEGAL(mode_select(0x15, 0x10, six, 16), 0x26);
	six[6] = 4;
	six[3] = 8;
	EXPECT_ILLEGAL(mode_select(0x15, 0x10, six, 16), 0x26);
	stop();
}

/* TEST UNIT READY, REQUEST SENSE, START STOP UNIT and their like; what is unknown is 5/20. */
TEST(small_commands)
{
	static const uint8_t unknown[] = { 0x04, 0x16, 0x56, 0xa4, 0x7f, 0xc1, 0xff };
	uint32_t i;

	REQUIRE(start_ready("lun0=ram:1M"));
	cdb_new(0x00);
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	cdb_new(0x1e);
	cdb_[4] = 1;
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	cdb_new(0x1d);
	cdb_[1] = 0x04;
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	cdb_[1] = 0;
	EXPECT_ILLEGAL(go(VSTOR_DATA_NONE, 0), 0x24);
	cdb_new(0x03);
	cdb_[4] = 252;
	EXPECT_GOOD(go(VSTOR_DATA_IN, 252), 18);
	EXPECT_MEM(buf_get(0, 18), "\x70\0\0\0\0\0\0\x0a\0\0\0\0\0\0\0\0\0\0", 18);
	cdb_[1] = 1;
	EXPECT_ILLEGAL(go(VSTOR_DATA_IN, 252), 0x24);
	cdb_new(0x1b);
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	cdb_[4] = 1;
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	cdb_[4] = 2;
	EXPECT_ILLEGAL(go(VSTOR_DATA_NONE, 0), 0x24);
	cdb_[1] = 1;
	cdb_[4] = 1;
	EXPECT_ILLEGAL(go(VSTOR_DATA_NONE, 0), 0x24);
	for (i = 0; i < ARRAY_SIZE(unknown); i++) {
		cdb_new(unknown[i]);
		EXPECT_ILLEGAL(go(VSTOR_DATA_NONE, 0), 0x20);
	}
	/* A CDB too short for its operation code. */
	cdb_extent(0x28, 0, 8);
	cdb_len_ = 9;
	EXPECT_ILLEGAL(go(VSTOR_DATA_IN, 4096), 0x24);
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* Reading and writing ---------------------------------------------------------------------*/

/* Whatever form writes, every form reads back, and the blocks around stay as they were. */
TEST(all_forms_read_and_write_the_same_blocks)
{
	static const uint8_t reads[] = { 0x08, 0x28, 0xa8, 0x88 };
	static const uint8_t writes[] = { 0x0a, 0x2a, 0xaa, 0x8a, 0x2e, 0xae, 0x8e };
	uint32_t w, r;

	REQUIRE(start_ready("lun0=ram:1M"));
	for (w = 0; w < ARRAY_SIZE(writes); w++) {
		uint64_t lba = 100 + 40 * w;

		buf_pattern(lba * 512, 33 * 512);
		cdb_extent(writes[w], lba, 33);
		EXPECT_GOOD(go(VSTOR_DATA_OUT, 33 * 512), 33 * 512);
		for (r = 0; r < ARRAY_SIZE(reads); r++) {
			buf_fill(0xee, 40 * 512);
			cdb_extent(reads[r], lba, 33);
			EXPECT_GOOD(go(VSTOR_DATA_IN, 33 * 512), 33 * 512);
			EXPECT(buf_has_pattern(lba * 512, 33 * 512));
			EXPECT(buf_is(0xee, 33 * 512, 512));
		}
		read_blocks(lba - 1, 1);
		EXPECT(buf_is(0, 0, 512));
		read_blocks(lba + 33, 1);
		EXPECT(buf_is(0, 0, 512));
	}
	/* A count of 0 is 256 in the six-byte form and nothing in the others. */
	cdb_extent(0x08, 0, 0);
	EXPECT_GOOD(go(VSTOR_DATA_IN, 256 * 512), 256 * 512);
	cdb_extent(0x28, 0, 0);
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	cdb_extent(0x2a, 2048, 0);
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* Ranges that end behind the disk, also by wrapping around 64 bits, are 5/21 and do nothing. */
TEST(ranges_beyond_the_end)
{
	static const struct {
		uint8_t op;
		uint64_t lba, count;
	} bad[] = {
		{ 0x08, 2047, 2 }, { 0x08, 0x1fffff, 1 },
		{ 0x28, 2047, 2 }, { 0x28, 2048, 1 }, { 0x28, 2049, 0 }, { 0x28, 0xffffffff, 1 },
		{ 0x28, 0xffffffff, 0xffff }, { 0x2a, 2047, 2 }, { 0x2a, 0xffffffff, 1 },
		{ 0xa8, 0, 0xffffffff }, { 0xa8, 1, 2048 }, { 0xaa, 0xffffffff, 0xffffffff },
		{ 0x88, ~0ull, 1 }, { 0x88, ~0ull, 0xffffffff }, { 0x88, ~0ull - 7, 8 },
		{ 0x88, 1ull << 63, 8 }, { 0x88, 1ull << 55, 8 }, { 0x8a, ~0ull, 2 },
		{ 0x8a, (1ull << 55) + 1, 8 }, { 0x8f, ~0ull, 2 }, { 0x2f, 2048, 1 },
		{ 0x35, 2049, 0 }, { 0x91, ~0ull, 2 }, { 0x41, 2048, 1 }, { 0x93, ~0ull, 8 },
	};
	uint32_t i;

	REQUIRE(start_ready("lun0=ram:1M"));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		uint8_t dir = bad[i].op == 0x08 || bad[i].op == 0x28 || bad[i].op == 0xa8 ||
			      bad[i].op == 0x88 ? VSTOR_DATA_IN : VSTOR_DATA_OUT;

		cdb_extent(bad[i].op, bad[i].lba, bad[i].count);
		EXPECT_ILLEGAL(go(dir, 4096), 0x21);
	}
	EXPECT_EQ(counter("reads") + counter("writes"), 0);
	EXPECT_EQ(counter("errors"), ARRAY_SIZE(bad));
	/* The last block is still there. */
	write_pattern(2047, 1);
	read_blocks(2047, 1);
	EXPECT(buf_has_pattern(2047 * 512, 512));
	stop();
}

/* A buffer too short for the CDB's data is an overrun; a longer one is used in part. */
TEST(buffer_and_cdb_disagree)
{
	REQUIRE(start_ready("lun0=ram:1M"));
	write_pattern(0, 8);
	buf_fill(0xee, 8192);
	cdb_extent(0x28, 0, 8);
	EXPECT_OVERRUN(go(VSTOR_DATA_IN, 4095));
	EXPECT(buf_is(0xee, 0, 8192));
	EXPECT_OVERRUN(go(VSTOR_DATA_NONE, 0));
	EXPECT_GOOD(go(VSTOR_DATA_IN, 8192), 4096);
	EXPECT(buf_has_pattern(0, 4096));
	EXPECT(buf_is(0xee, 4096, 4096));
	buf_fill(0x55, 8192);
	cdb_extent(0x2a, 0, 8);
	EXPECT_OVERRUN(go(VSTOR_DATA_OUT, 512));
	cdb_extent(0xaa, 0, 2048);
	EXPECT_OVERRUN(go(VSTOR_DATA_OUT, 4096));
	read_blocks(0, 8);
	EXPECT(buf_has_pattern(0, 4096));
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* A write that says "to the guest", a read that says "to the host", protection bits: refused. */
TEST(directions_and_protection_bits)
{
	REQUIRE(start_ready("lun0=ram:1M"));
	cdb_extent(0x2a, 0, 8);
	EXPECT_ILLEGAL(go(VSTOR_DATA_IN, 4096), 0x24);
	cdb_extent(0x28, 0, 8);
	EXPECT_ILLEGAL(go(VSTOR_DATA_OUT, 4096), 0x24);
	cdb_[1] = 0x20;
	EXPECT_ILLEGAL(go(VSTOR_DATA_IN, 4096), 0x24);
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* Pages that the guest does not have end in an error and a violation, not in a crash. */
TEST(data_outside_guest_memory)
{
	struct vstor_packet p;
	struct vsp_gpa_list list;

	REQUIRE(start_ready("lun0=ram:1M"));
	cdb_extent(0x28, 0, 32);
	p = srb(LUN0, cdb_, cdb_len_, VSTOR_DATA_IN, 16384);
	list = buf_list(16384);
	list.pfns[2] = GUEST_PAGES;
	send_packet(&primary, &p, sizeof(p), &list, 1);
	EXPECT_SENSE(&last()->pkt.srb, VSTOR_SRB_ERROR, 4, 0x44);
	EXPECT_EQ(host.violations, 1);
	cdb_extent(0x2a, 0, 32);
	p = srb(LUN0, cdb_, cdb_len_, VSTOR_DATA_OUT, 16384);
	list = buf_list(16384);
	list.pfns[0] = ~0ull;
	send_packet(&primary, &p, sizeof(p), &list, 1);
	EXPECT_SENSE(&last()->pkt.srb, VSTOR_SRB_ERROR, 4, 0x44);
	EXPECT_EQ(host.violations, 2);
	stop();
}

/* Flushes and FUA writes are told apart and counted. */
TEST(flush_and_fua_are_counted)
{
	REQUIRE(start_ready("lun0=ram:1M"));
	write_pattern(0, 8);
	EXPECT_EQ(counter("fua_writes"), 0);
	cdb_extent(0x2a, 0, 8);
	cdb_[1] = 0x08;
	EXPECT_GOOD(go(VSTOR_DATA_OUT, 4096), 4096);
	cdb_extent(0x8a, 0, 8);
	cdb_[1] = 0x18;
	EXPECT_GOOD(go(VSTOR_DATA_OUT, 4096), 4096);
	cdb_extent(0x28, 0, 8);
	cdb_[1] = 0x08;
	EXPECT_GOOD(go(VSTOR_DATA_IN, 4096), 4096);
	EXPECT_EQ(counter("fua_writes"), 2);
	EXPECT_EQ(counter("flushes"), 0);
	cdb_extent(0x35, 0, 0);
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	cdb_extent(0x91, 8, 8);
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	EXPECT_EQ(counter("flushes"), 2);
	EXPECT_EQ(counter("writes"), 3);
	EXPECT_EQ(counter("write_bytes"), 3 * 4096);
	EXPECT_EQ(counter("reads"), 1);
	EXPECT_EQ(counter("read_bytes"), 4096);
	EXPECT_EQ(counter("op_8a"), 2);
	EXPECT_EQ(counter("op_35"), 1);
	EXPECT_EQ(counter("errors"), 0);
	EXPECT_EQ(counter("max_outstanding"), 1);
	host.device.ops->reset_counters(host.device.dev);
	EXPECT_EQ(counter("writes") + counter("flushes") + counter("op_35"), 0);
	stop();
}

/* UNMAP, WRITE SAME, VERIFY --------------------------------------------------------------------*/

static void put_descriptor(uint8_t *list, uint32_t i, uint64_t lba, uint32_t count)
{
	be(list + 8 + 16 * i, lba, 8);
	be(list + 16 + 16 * i, count, 4);
	be(list + 20 + 16 * i, 0, 4);
	be(list, 6 + 16 * (i + 1), 2);
	be(list + 2, 16 * (i + 1), 2);
	be(list + 4, 0, 4);
}

static const struct vstor_srb *unmap(const uint8_t *list, uint32_t len)
{
	cdb_new(0x42);
	be(cdb_ + 7, len, 2);
	buf_put(0, list, len);
	return go(len ? VSTOR_DATA_OUT : VSTOR_DATA_NONE, len);
}

/* Unmapped blocks, and only they, read as zero; also where they share a page with others. */
TEST(unmapped_blocks_read_as_zero)
{
	uint8_t list[64];
	uint32_t i;

	REQUIRE(start_ready("lun0=ram:1M"));
	write_pattern(0, 128);
	put_descriptor(list, 0, 3, 1);
	put_descriptor(list, 1, 13, 70);
	put_descriptor(list, 2, 90, 0);
	EXPECT_GOOD(unmap(list, 56), 56);
	EXPECT_EQ(counter("unmaps"), 1);
	EXPECT_EQ(counter("unmapped_blocks"), 71);
	read_blocks(0, 128);
	for (i = 0; i < 128; i++) {
		bool zero = i == 3 || (i >= 13 && i < 83);
		uint32_t at;

		for (at = i * 512; at < (i + 1) * 512; at++)
			if (*buf_byte(at) != (zero ? 0 : pattern(at)))
				break;
		EXPECT_EQ(at, (i + 1) * 512);
	}
	/* And hold data again. */
	write_pattern(13, 8);
	read_blocks(13, 8);
	EXPECT(buf_has_pattern(13 * 512, 4096));
	EXPECT_GOOD(unmap(list, 0), 0);
	stop();
}

/* A list with one bad descriptor or a lying length has no effect at all. */
TEST(bad_unmap_lists_do_nothing)
{
	uint8_t list[64] = { 0 };

	REQUIRE(start_ready("lun0=ram:1M"));
	write_pattern(0, 16);
	put_descriptor(list, 0, 0, 16);
	put_descriptor(list, 1, 2047, 2);
	EXPECT_ILLEGAL(unmap(list, 40), 0x21);
	put_descriptor(list, 1, ~0ull, 0xffffffff);
	EXPECT_ILLEGAL(unmap(list, 40), 0x21);
	put_descriptor(list, 0, 0, 16);
	EXPECT_ILLEGAL(unmap(list, 7), 0x1a);
	EXPECT_ILLEGAL(unmap(list, 23), 0x1a);
	be(list, 6, 2);
	EXPECT_ILLEGAL(unmap(list, 23), 0x1a);
	be(list + 2, 32, 2);
	EXPECT_ILLEGAL(unmap(list, 24), 0x1a);
	be(list + 2, 15, 2);
	EXPECT_ILLEGAL(unmap(list, 24), 0x1a);
	be(list, 0xffff, 2);
	be(list + 2, 0xfff0, 2);
	EXPECT_ILLEGAL(unmap(list, 24), 0x1a);
	put_descriptor(list, 0, 0, 16);
	cdb_new(0x42);
	be(cdb_ + 7, 24, 2);
	EXPECT_OVERRUN(go(VSTOR_DATA_OUT, 23));
	cdb_[1] = 1;
	EXPECT_ILLEGAL(go(VSTOR_DATA_OUT, 24), 0x24);
	EXPECT_EQ(counter("unmaps"), 0);
	EXPECT_EQ(counter("unmapped_blocks"), 0);
	read_blocks(0, 16);
	EXPECT(buf_has_pattern(0, 16 * 512));
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* WRITE SAME repeats a block; with UNMAP it unmaps if the block is zero; NDOB needs no block. */
TEST(write_same)
{
	uint32_t i;

	REQUIRE(start_ready("lun0=ram:16M"));
	buf_pattern(77, 512);
	cdb_extent(0x41, 5, 100);
	EXPECT_GOOD(go(VSTOR_DATA_OUT, 512), 512);
	read_blocks(4, 102);
	EXPECT(buf_is(0, 0, 512));
	EXPECT(buf_is(0, 101 * 512, 512));
	for (i = 512; i < 101 * 512 && *buf_byte(i) == pattern(77 + i % 512); i++)
		;
	EXPECT_EQ(i, 101 * 512);

	/* UNMAP with data that is not zero writes the data. */
	buf_fill(0x42, 512);
	cdb_extent(0x93, 10, 3);
	cdb_[1] = 0x08;
	EXPECT_GOOD(go(VSTOR_DATA_OUT, 512), 512);
	EXPECT_EQ(counter("unmapped_blocks"), 0);
	read_blocks(10, 3);
	EXPECT(buf_is(0x42, 0, 3 * 512));
	buf_fill(0, 512);
	cdb_extent(0x93, 10, 2);
	cdb_[1] = 0x08;
	EXPECT_GOOD(go(VSTOR_DATA_OUT, 512), 512);
	EXPECT_EQ(counter("unmapped_blocks"), 2);
	read_blocks(10, 3);
	EXPECT(buf_is(0, 0, 1024));
	EXPECT(buf_is(0x42, 1024, 512));
	cdb_extent(0x93, 12, 1);
	cdb_[1] = 0x01;
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	read_blocks(12, 1);
	EXPECT(buf_is(0, 0, 512));
	EXPECT_EQ(counter("write_sames"), 4);

	/* The limit that page B0 names, and no block count of 0. */
	cdb_extent(0x93, 0, (8 << 20) / 512);
	EXPECT_GOOD(go(VSTOR_DATA_OUT, 512), 512);
	cdb_extent(0x93, 0, (8 << 20) / 512 + 1);
	EXPECT_ILLEGAL(go(VSTOR_DATA_OUT, 512), 0x24);
	cdb_extent(0x93, 0, 0);
	EXPECT_ILLEGAL(go(VSTOR_DATA_OUT, 512), 0x24);
	cdb_extent(0x93, 0, 1);
	EXPECT_OVERRUN(go(VSTOR_DATA_OUT, 511));
	cdb_[1] = 0x10;
	EXPECT_ILLEGAL(go(VSTOR_DATA_OUT, 512), 0x24);
	stop();
}

/* VERIFY compares when asked to, with as many blocks or with one for all. */
TEST(verify_compares)
{
	REQUIRE(start_ready("lun0=ram:1M"));
	write_pattern(20, 16);
	cdb_extent(0x2f, 20, 16);
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	cdb_[1] = 0x02;
	buf_pattern(20 * 512, 16 * 512);
	EXPECT_GOOD(go(VSTOR_DATA_OUT, 16 * 512), 16 * 512);
	*buf_byte(16 * 512 - 1) ^= 1;
	EXPECT_SENSE(go(VSTOR_DATA_OUT, 16 * 512), VSTOR_SRB_ERROR, 0xe, 0x1d);
	EXPECT_OVERRUN(go(VSTOR_DATA_OUT, 512));
	cdb_[1] = 0x04;
	EXPECT_ILLEGAL(go(VSTOR_DATA_OUT, 16 * 512), 0x24);
	cdb_extent(0x8f, 100, 16);
	cdb_[1] = 0x06;
	buf_fill(0, 512);
	EXPECT_GOOD(go(VSTOR_DATA_OUT, 512), 512);
	cdb_extent(0x8f, 10, 16);
	cdb_[1] = 0x06;
	EXPECT_SENSE(go(VSTOR_DATA_OUT, 512), VSTOR_SRB_ERROR, 0xe, 0x1d);
	stop();
}

/* Blocks of 4096 bytes: all counts are in those. */
TEST(big_blocks)
{
	uint8_t list[24];

	REQUIRE(start_ready("block_size=4096 lun0=ram:1M"));
	buf_pattern(0, 8192);
	cdb_extent(0x2a, 254, 2);
	EXPECT_GOOD(go(VSTOR_DATA_OUT, 8192), 8192);
	EXPECT_OVERRUN(go(VSTOR_DATA_OUT, 4096));
	cdb_extent(0x28, 255, 2);
	EXPECT_ILLEGAL(go(VSTOR_DATA_IN, 8192), 0x21);
	put_descriptor(list, 0, 254, 1);
	EXPECT_GOOD(unmap(list, 24), 24);
	cdb_extent(0x28, 254, 2);
	EXPECT_GOOD(go(VSTOR_DATA_IN, 8192), 8192);
	EXPECT(buf_is(0, 0, 4096));
	EXPECT_EQ(*buf_byte(4096), pattern(4096));
	buf_fill(7, 4096);
	cdb_extent(0x41, 3, 5);
	EXPECT_GOOD(go(VSTOR_DATA_OUT, 4096), 4096);
	cdb_extent(0x28, 2, 7);
	EXPECT_GOOD(go(VSTOR_DATA_IN, 7 * 4096), 7 * 4096);
	EXPECT(buf_is(0, 0, 4096));
	EXPECT(buf_is(7, 4096, 5 * 4096));
	EXPECT(buf_is(0, 6 * 4096, 4096));
	stop();
}

/* Image files ---------------------------------------------------------------------------------*/

static char image[64];

static bool image_new(uint64_t size)
{
	int fd;

	strcpy(image, "/tmp/storage_test.XXXXXX");
	fd = mkstemp(image);
	if (fd < 0 || ftruncate(fd, size)) {
		KTAP_FAIL("%s: %s", image, strerror(errno));
		return false;
	}
	close(fd);
	return true;
}

static uint32_t image_byte(uint64_t at)
{
	uint8_t byte = 0xaa;
	int fd = open(image, O_RDONLY);

	if (fd < 0 || pread(fd, &byte, 1, at) != 1)
		KTAP_FAIL("%s: %s", image, strerror(errno));
	close(fd);
	return byte;
}

/* What the guest writes is in the file, what it unmaps is gone from the file system. */
TEST(image_file_is_the_disk)
{
	struct stat before, after;
	char options[128];
	uint8_t list[24];
	uint32_t i;

	REQUIRE(image_new(1 << 20));
	snprintf(options, sizeof(options), "lun0=file:%s", image);
	REQUIRE(start_ready(options));
	for (i = 0; i < 2048; i += 512)
		write_pattern(i, 512);
	cdb_extent(0x35, 0, 0);
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	cdb_extent(0x2a, 9, 3);
	cdb_[1] = 0x08;
	EXPECT_GOOD(go(VSTOR_DATA_OUT, 3 * 512), 3 * 512);
	EXPECT_EQ(image_byte(100 * 512), pattern(100 * 512));
	EXPECT_EQ(image_byte((1 << 20) - 1), pattern((1 << 20) - 1));
	stat(image, &before);
	put_descriptor(list, 0, 100, 1000);
	EXPECT_GOOD(unmap(list, 24), 24);
	EXPECT_EQ(image_byte(100 * 512), 0);
	EXPECT_EQ(image_byte(99 * 512), pattern(99 * 512));
	EXPECT_EQ(image_byte(1100 * 512), pattern(1100 * 512));
	stat(image, &after);
	EXPECT_EQ(after.st_size, 1 << 20);
	EXPECT(after.st_blocks < before.st_blocks);
	stop();

	/* It survives the host. */
	REQUIRE(start_ready(options));
	read_blocks(1100, 8);
	EXPECT(buf_has_pattern(1100 * 512, 4096));
	EXPECT(strstr(command("lun 0"), "backing file\naccess rw\nbytes 1048576\nblocks 2048\n"));
	stop();
	unlink(image);
}

/* A read-only image says so, and refuses whatever would change it with 7/27. */
TEST(read_only_image)
{
	static const uint8_t ops[] = { 0x0a, 0x2a, 0xaa, 0x8a, 0x2e, 0x41, 0x93 };
	uint8_t list[24];
	char options[128];
	uint32_t i;

	REQUIRE(image_new(1 << 20));
	chmod(image, 0444);
	snprintf(options, sizeof(options), "lun0=file:%s,ro", image);
	REQUIRE(start_ready(options));
	EXPECT_GOOD(mode_sense(0x1a, 0x3f, 0, 4), 4);
	EXPECT_EQ(*buf_byte(2), 0x90);
	EXPECT_GOOD(mode_sense(0x5a, 0x3f, 0, 20), 20);
	EXPECT_EQ(*buf_byte(3), 0x90);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		cdb_extent(ops[i], 0, 1);
		EXPECT_SENSE(go(VSTOR_DATA_OUT, 512), VSTOR_SRB_ERROR, 7, 0x27);
	}
	put_descriptor(list, 0, 0, 8);
	EXPECT_SENSE(unmap(list, 24), VSTOR_SRB_ERROR, 7, 0x27);
	read_blocks(0, 8);
	EXPECT(buf_is(0, 0, 4096));
	cdb_extent(0x35, 0, 0);
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	stop();
	unlink(image);
}

static void expect_refused(const char *name, const char *value, const char *because)
{
	EXPECT_EQ(option(name, value), -EINVAL);
	if (!strstr(option_err, because) || strchr(option_err, '\n'))
		KTAP_FAIL("%s=%s: said \"%s\", not \"%s\"", name, value, option_err, because);
}

/* Everything wrong with the options is one line that says what, and no disk. */
TEST(bad_options_are_one_line)
{
	char spec[128];
	int fd;

	prepare();
	expect_refused("lun0", "file:/nonexistent/image", "No such file");
	expect_refused("lun0", "file:/tmp", "directory");
	expect_refused("lun0", "file:/tmp,ro", "not a regular file");
	expect_refused("lun0", "file:/dev/null", "not a regular file");
	REQUIRE(image_new(0));
	snprintf(spec, sizeof(spec), "file:%s", image);
	expect_refused("lun0", spec, "empty");
	fd = open(image, O_RDWR);
	EXPECT_EQ(ftruncate(fd, 1000), 0);
	expect_refused("lun0", spec, "truncated");
	EXPECT_EQ(ftruncate(fd, 1536), 0);
	expect_refused("lun64", spec, "LUNs are 0 to 63");
	expect_refused("lun1x", spec, "LUNs are 0 to 63");
	expect_refused("lun0", "ram:0", "multiple of 512");
	expect_refused("lun0", "ram:513", "multiple of 512");
	expect_refused("lun0", "ram:", "multiple of 512");
	expect_refused("lun0", "ram:-1", "multiple of 512");
	expect_refused("lun0", "ram:64X", "multiple of 512");
	expect_refused("lun0", "ram:64MB", "multiple of 512");
	expect_refused("lun0", "ram:99999999999T", "multiple of 512");
	expect_refused("lun0", "disk", "ram:SIZE or file:PATH");
	expect_refused("block_size", "1024", "512 or 4096");
	expect_refused("vstor_max", "6.1", "5.1, 6.0 or 6.2");
	expect_refused("max_transfer", "1000", "multiple of 4096");
	expect_refused("max_transfer", "0", "multiple of 4096");
	expect_refused("sub_channels", "256", "up to 255");
	expect_refused("sub_channels", "-1", "up to 255");
	expect_refused("delay", "x", "microseconds");
	expect_refused("reorder", "yes", "on or off");
	expect_refused("lun", "ram:1M", "no such option");
	expect_refused("nonsense", "1", "no such option");
	EXPECT_EQ(option("lun5", spec), 0);
	expect_refused("lun5", "ram:1M", "twice");
	/* Three blocks of 512 are no whole block of 4096. */
	EXPECT_EQ(option("block_size", "4096"), 0);
	EXPECT_EQ(vsp_storage_start(&host, option_err, sizeof(option_err)), -EINVAL);
	EXPECT(strstr(option_err, "lun5: 1536 bytes"));
	EXPECT(!host.device.ops);

	/* Without any storage option there is no controller. */
	EXPECT_EQ(vsp_storage_start(&host, option_err, sizeof(option_err)), 0);
	EXPECT(!host.device.ops);
	close(fd);
	unlink(image);
	stop();
}

/* When answers come -------------------------------------------------------------*/

static uint64_t post_read(struct vsp_chan *chan, uint64_t lba)
{
	struct vstor_packet p;

	cdb_extent(0x28, lba, 1);
	p = srb(LUN0, cdb_, cdb_len_, VSTOR_DATA_IN, 512);
	post(chan, &p);
	return next_id - 1;
}

/* A delayed request is executed when it is answered, and not before its time. */
TEST(delay)
{
	uint64_t begin, first;

	REQUIRE(start_ready("lun0=ram:1M delay=500"));
	begin = host.now;
	done_cnt = 0;
	buf_fill(0xee, 512);
	first = post_read(&primary, 0);
	run_until(begin + 200000);
	post_read(&primary, 1);
	EXPECT_EQ(counter("outstanding"), 2);
	run_until(begin + 499999);
	EXPECT_EQ(done_cnt, 0);
	EXPECT(buf_is(0xee, 0, 512));
	run_until(begin + 500000);
	EXPECT_EQ(done_cnt, 1);
	EXPECT_EQ(done[0].id, first);
	EXPECT(buf_is(0, 0, 512));
	run_until(begin + 700000);
	EXPECT_EQ(done_cnt, 2);
	EXPECT_EQ(counter("outstanding"), 0);
	EXPECT_EQ(counter("max_outstanding"), 2);
	EXPECT(!host.timer);
	EXPECT_STREQ(command("delay 0"), "ok\n");
	post_read(&primary, 2);
	EXPECT_EQ(done_cnt, 3);
	stop();
}

/* Reordered requests are all answered, each once, and not in the order they came in. */
TEST(reorder)
{
	uint32_t i, out_of_order = 0;
	uint8_t seen[200] = { 0 };
	uint64_t first = next_id + 4;	/* behind the handshake */

	REQUIRE(start_ready("lun0=ram:1M reorder=on"));
	done_cnt = 0;
	for (i = 0; i < 200; i++) {
		post_read(i % 2 ? &sub_1 : &primary, i);
		run_until(host.now + 10000);
	}
	run_until(host.now + 1000000);
	EXPECT_EQ(done_cnt, 200);
	for (i = 0; i < 200; i++) {
		uint64_t n = done[i].id - first;

		REQUIRE(n < 200);
		EXPECT_EQ(seen[n]++, 0);
		EXPECT(done[i].chan == (n % 2 ? &sub_1 : &primary));
		out_of_order += i && done[i].id < done[i - 1].id;
	}
	EXPECT(out_of_order > 50);
	EXPECT_EQ(counter("outstanding"), 0);
	EXPECT(counter("max_outstanding") > 10);
	EXPECT_STREQ(command("reorder off"), "ok\n");
	post_read(&primary, 0);
	EXPECT_EQ(done_cnt, 201);
	stop();
}

/* Held requests wait however long it takes; the handshake and resets do not. */
TEST(hold_and_release)
{
	uint64_t first = next_id + 4;
	struct vstor_packet tur;
	uint32_t i;

	REQUIRE(start_ready("lun0=ram:1M"));
	EXPECT_STREQ(command("hold"), "ok\n");
	done_cnt = 0;
	for (i = 0; i < 4; i++)
		post_read(&primary, i);
	/* One without data: a waiting request owns its pages only if it has some. */
	cdb_new(0x00);
	tur = srb(LUN0, cdb_, cdb_len_, VSTOR_DATA_NONE, 0);
	post(&primary, &tur);
	run_until(host.now + 3600000000000ull);
	EXPECT_EQ(done_cnt, 0);
	EXPECT_EQ(counter("outstanding"), 5);
	EXPECT_EQ(ask_op(VSTOR_OP_RESET_BUS), 0);
	EXPECT_STREQ(command("release"), "ok\n");
	EXPECT_EQ(done_cnt, 6);
	for (i = 0; i < 5; i++)
		EXPECT_EQ(done[1 + i].id, first + i);
	EXPECT_EQ(counter("outstanding"), 0);

	/* Holding what a delay has already armed, and releasing before its time. */
	EXPECT_STREQ(command("delay 100"), "ok\n");
	post_read(&primary, 0);
	EXPECT(host.timer);
	EXPECT_STREQ(command("hold"), "ok\n");
	EXPECT(!host.timer);
	EXPECT_STREQ(command("release"), "ok\n");
	EXPECT_EQ(done_cnt, 6);
	run_until(host.now + 100000);
	EXPECT_EQ(done_cnt, 7);
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* Closing a channel drops its requests and nobody else's. */
TEST(closed_channel_drops_its_requests)
{
	uint32_t i;

	REQUIRE(start_ready("lun0=ram:1M sub_channels=1 delay=100"));
	done_cnt = 0;
	for (i = 0; i < 10; i++)
		post_read(i % 2 ? &sub_1 : &primary, i);
	host.device.ops->chan_closed(host.device.dev, &sub_1);
	EXPECT_EQ(counter("outstanding"), 5);
	run_until(host.now + 100000);
	EXPECT_EQ(done_cnt, 5);
	for (i = 0; i < 5; i++)
		EXPECT(done[i].chan == &primary);
	post_read(&primary, 0);
	host.device.ops->chan_closed(host.device.dev, &primary);
	EXPECT_EQ(counter("outstanding"), 0);
	EXPECT(!host.timer);
	/* What is waiting when the host ends is freed (the sanitizer watches). */
	host.device.ops->chan_opened(host.device.dev, &primary);
	handshake();
	post_read(&primary, 0);
	stop();
}

/* Scripted failures hit so many commands, INQUIRY excepted, and those are not executed. */
TEST(scripted_failures)
{
	const struct vstor_srb *s;

	REQUIRE(start_ready("lun0=ram:1M"));
	write_pattern(0, 1);
	EXPECT_STREQ(command("fail 2 84 02 3/11/00"), "ok\n");
	EXPECT_GOOD(inquiry(LUN0, -1, 36), 36);
	buf_fill(0xee, 512);
	cdb_extent(0x28, 0, 1);
	EXPECT_SENSE(go(VSTOR_DATA_IN, 512), VSTOR_SRB_ERROR, 3, 0x11);
	EXPECT(buf_is(0xee, 0, 512));
	cdb_extent(0x2a, 0, 1);
	EXPECT_SENSE(go(VSTOR_DATA_OUT, 512), VSTOR_SRB_ERROR, 3, 0x11);
	read_blocks(0, 1);
	EXPECT(buf_has_pattern(0, 512));
	EXPECT_EQ(counter("errors"), 2);

	/* Only one kind of command, and a status without sense. */
	EXPECT_STREQ(command("fail 1 05 08 - 2a"), "ok\n");
	read_blocks(0, 1);
	cdb_extent(0x2a, 0, 1);
	s = go(VSTOR_DATA_OUT, 512);
	EXPECT_EQ(s->srb_status, VSTOR_SRB_BUSY);
	EXPECT_EQ(s->scsi_status, 8);
	EXPECT_EQ(s->sense[0], 0);
	EXPECT_EQ(last()->pkt.status, 0x80000011u);
	EXPECT_GOOD(go(VSTOR_DATA_OUT, 512), 512);

	/* The flag for sense without any, as a careless host might do. */
	EXPECT_STREQ(command("fail 1 84 00 -"), "ok\n");
	s = go(VSTOR_DATA_OUT, 512);
	EXPECT_EQ(s->srb_status, 0x84);
	EXPECT_EQ(s->scsi_status, 0);
	EXPECT_EQ(s->sense[0], 0);
	stop();
}

/* The pairs of SRB status and NTSTATUS, as the reference host has them. */
TEST(status_pairs)
{
	static const struct {
		uint8_t srb;
		uint32_t nt;
	} pairs[] = {
		{ 0x01, 0 }, { 0x02, 0xc0000120 }, { 0x03, 0xc0000185 }, { 0x04, 0xc0000185 },
		{ 0x05, 0x80000011 }, { 0x06, 0xc0000185 }, { 0x07, 0xc0000185 },
		{ 0x08, 0xc00000c0 }, { 0x09, 0xc00000b5 }, { 0x0a, 0xc000009d },
		{ 0x0b, 0xc00000b5 }, { 0x0d, 0xc0000185 }, { 0x0e, 0xc0000185 },
		{ 0x0f, 0xc0000185 }, { 0x10, 0xc0000185 }, { 0x11, 0xc00000c0 },
		{ 0x12, 0x80000005 }, { 0x13, 0xc0000185 }, { 0x14, 0xc0000185 },
		{ 0x15, 0xc0000010 }, { 0x16, 0xc0000001 }, { 0x20, 0xc00000c0 },
		{ 0x21, 0xc00000c0 }, { 0x22, 0xc0000010 }, { 0x23, 0xc0000185 },
		{ 0x24, 0xc0000185 }, { 0x25, 0xc0000185 }, { 0x30, 0xc0000185 },
	};
	char line[64];
	uint32_t i;

	REQUIRE(start_ready("lun0=ram:1M"));
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		snprintf(line, sizeof(line), "fail 1 %02x 02 5/20/00", pairs[i].srb | 0x80);
		EXPECT_STREQ(command(line), "ok\n");
		cdb_new(0x00);
		EXPECT_EQ(go(VSTOR_DATA_NONE, 0)->srb_status, pairs[i].srb | 0x80);
		EXPECT_EQ(last()->pkt.status, pairs[i].nt);
	}
	stop();
}

/* The checksum is the one everybody has, of the medium as it is. */
TEST(checksum)
{
	REQUIRE(start_ready("lun0=ram:1M"));
	EXPECT_STREQ(command("checksum 0"), "crc32 a738ea1c\nok\n");	/* a mebibyte of zeros */
	buf_fill(0, 512);
	buf_put(0, "123456789", 9);
	cdb_extent(0x2a, 1, 1);
	EXPECT_GOOD(go(VSTOR_DATA_OUT, 512), 512);
	EXPECT_STREQ(command("checksum 0 512 9"), "crc32 cbf43926\nok\n");
	EXPECT_STREQ(command("checksum 0 0x200 0"), "crc32 00000000\nok\n");
	EXPECT(!strncmp(command("checksum 0 1M 1"), "error: ", 7));
	EXPECT(!strncmp(command("checksum 0 512"), "error: ", 7));
	EXPECT(!strncmp(command("checksum 1"), "error: ", 7));
	stop();
}

/* A command that is not understood changes nothing and says "error: ..." in one line. */
TEST(bad_commands)
{
	static const char * const bad[] = {
		"", "   ", "nonsense", "delay", "delay x", "delay -1", "delay 60000001",
		"delay 1 2",
		"reorder", "reorder maybe", "reorder on 0", "reorder on x",
		"reorder on 1 2", "hold 1",
		"fail", "fail 1 84 02", "fail x 84 02 -", "fail 1 184 02 -", "fail 1 84 02 3/11",
		"fail 1 84 02 3/11/00x", "fail 1 84 02 10/11/00", "fail 1 84 02 - 100", "lun",
		"lun 1", "lun x", "lun 64", "checksum", "counters all", "a b c d e f g h i",
	};
	uint32_t i;

	REQUIRE(start_ready("lun0=ram:1M"));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *answer = command(bad[i]);

		if (strncmp(answer, "error: ", 7) || strchr(answer, '\n') != strrchr(answer, '\n'))
			KTAP_FAIL("\"%s\" was answered \"%s\"", bad[i], answer);
	}
	done_cnt = 0;
	post_read(&primary, 0);
	EXPECT_EQ(done_cnt, 1);
	EXPECT_GOOD(&last()->pkt.srb, 512);
	EXPECT(strstr(command("counters"), "\nreads 1\n") || !strncmp(said, "reads 1\n", 8));
	EXPECT(strstr(said, "\nok\n"));
	stop();
}

/* The referee --------------------------------------------------------------------*/

enum breach {
	NO_BREACH, IN_AGAINST_OUT, OUT_AGAINST_IN, BOTH_FLAGS, NO_FLAGS, BAD_DATA_IN, SRB_LENGTH,
	LONG_CDB, RESERVED_1, RESERVED_2, STATUS_SET, LONG_SENSE, NO_PAGES, TWO_RANGES, NO_RANGE,
	SHORT_PAGES, TOO_LONG, NO_COMPLETION_FLAG, BREACHES
};

static void commit_breach(enum breach breach, struct vstor_packet *p)
{
	switch (breach) {
	case IN_AGAINST_OUT:
		p->srb.flags ^= VSTOR_SRBF_DATA_IN | VSTOR_SRBF_DATA_OUT;
		break;
	case OUT_AGAINST_IN:
		p->srb.data_in = VSTOR_DATA_OUT;
		break;
	case BOTH_FLAGS:
		p->srb.flags |= VSTOR_SRBF_DATA_IN | VSTOR_SRBF_DATA_OUT;
		break;
	case NO_FLAGS:
		p->srb.flags = 0;
		break;
	case BAD_DATA_IN:
		p->srb.data_in = 3;
		break;
	case SRB_LENGTH:
		p->srb.length = 36;
		break;
	case LONG_CDB:
		p->srb.cdb_len = 17;
		break;
	case RESERVED_1:
		p->srb.reserved1 = 1;
		break;
	case RESERVED_2:
		p->srb.reserved2 = 1;
		break;
	case STATUS_SET:
		p->srb.srb_status = 1;
		break;
	case LONG_SENSE:
		p->srb.sense_len = 21;
		break;
	case TOO_LONG:
		p->srb.transfer_len = 0x41000;
		break;
	case NO_COMPLETION_FLAG:
		p->flags = 0;
		break;
	default:
		break;
	}
}

/* Each breach of the rules is one violation; every request is answered all the same, once. */
TEST(every_breach_is_one_violation)
{
	enum breach breach;

	REQUIRE(start_ready("lun0=ram:1M"));
	for (breach = NO_BREACH; breach < BREACHES; breach++) {
		struct vsp_gpa_list lists[2];
		struct vstor_packet p;
		uint32_t count = breach == TWO_RANGES ? 2 : 1;
		uint32_t before = done_cnt;

		host.violations = 0;
		cdb_extent(0x28, 0, 8);
		p = srb(LUN0, cdb_, cdb_len_, VSTOR_DATA_IN, 4096);
		commit_breach(breach, &p);
		if (breach == NO_PAGES) {
			send_packet(&primary, &p, sizeof(p), NULL, 0);
		} else {
			lists[0] = buf_list(breach == SHORT_PAGES ? 4095 : p.srb.transfer_len);
			lists[1] = buf_list(4096);
			if (count == 1)
				free(lists[1].pfns);
			if (breach == NO_RANGE) {
				struct vsp_pkt pkt = {
					.type = VMBUS_PKT_GPA_DIRECT, .wants_completion = true,
					.id = next_id++, .payload = (void *)&p,
					.payload_len = sizeof(p),
				};

				free(lists[0].pfns);
				host.device.ops->packet(host.device.dev, &primary, &pkt);
			} else {
				send_packet(&primary, &p, sizeof(p), lists, count);
			}
		}
		EXPECT_EQ(done_cnt, before + 1);
		EXPECT_EQ(last()->id, next_id - 1);
		if (host.violations != (breach != NO_BREACH))
			KTAP_FAIL("breach %d: %u violations, the last: %s", breach, host.violations,
				  host.violation);
	}
	EXPECT_EQ(counter("outstanding"), 0);

	/* Pages for more than the request uses are no breach. */
	host.violations = 0;
	{
		struct vsp_gpa_list list = buf_list(8192);
		struct vstor_packet p = srb(LUN0, cdb_, cdb_len_, VSTOR_DATA_IN, 4096);

		buf_fill(0xee, 8192);
		send_packet(&primary, &p, sizeof(p), &list, 1);
		EXPECT_GOOD(&last()->pkt.srb, 4096);
		EXPECT(buf_is(0xee, 4096, 4096));

		/* But only what the request says may be used. */
		cdb_extent(0x28, 0, 16);
		p = srb(LUN0, cdb_, cdb_len_, VSTOR_DATA_IN, 4096);
		list = buf_list(8192);
		send_packet(&primary, &p, sizeof(p), &list, 1);
		EXPECT_OVERRUN(&last()->pkt.srb);
		EXPECT(buf_is(0xee, 4096, 4096));
	}
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* Who does not ask for a completion gets none, and is reported. */
TEST(no_completion_wanted)
{
	struct vstor_packet p = request(VSTOR_OP_RESET_BUS);
	struct vsp_pkt pkt = {
		.type = VMBUS_PKT_INBAND, .id = 5, .payload = (void *)&p, .payload_len = sizeof(p),
	};

	REQUIRE(start_ready("lun0=ram:1M"));
	done_cnt = 0;
	host.device.ops->packet(host.device.dev, &primary, &pkt);
	EXPECT_EQ(done_cnt, 0);
	EXPECT_EQ(host.violations, 1);
	pkt.type = VMBUS_PKT_COMPLETION;
	pkt.wants_completion = true;
	host.device.ops->packet(host.device.dev, &primary, &pkt);
	EXPECT_EQ(done_cnt, 0);
	EXPECT_EQ(host.violations, 2);
	stop();
}

/* The SRB of the short, older packet: not a guest of ours, but served in its own length. */
TEST(short_packet_srb)
{
	struct vsp_gpa_list list;
	struct vstor_packet p;

	REQUIRE(start_ready("lun0=ram:1M"));
	cdb_extent(0x28, 0, 8);
	p = srb(LUN0, cdb_, cdb_len_, VSTOR_DATA_IN, 4096);
	p.srb.length = 36;
	list = buf_list(4096);
	send_packet(&primary, &p, 48, &list, 1);
	EXPECT_EQ(last()->len, 48);
	EXPECT_EQ(last()->pkt.srb.length, 36);
	EXPECT_EQ(last()->pkt.srb.srb_status, VSTOR_SRB_SUCCESS);
	EXPECT_EQ(last()->pkt.srb.transfer_len, 4096);
	EXPECT_EQ(host.violations, 1);
	stop();
}

/* Anything, at random ---------------------------------------------------------------------------*/

static uint32_t chance(uint32_t n)
{
	static uint64_t state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % n;
}

static void random_srb(struct vstor_packet *p)
{
	static const uint8_t ops[] = {
		0x00, 0x03, 0x08, 0x0a, 0x12, 0x15, 0x1a, 0x1b, 0x1d, 0x1e, 0x25, 0x28, 0x2a, 0x2e,
		0x2f, 0x35, 0x41, 0x42, 0x55, 0x5a, 0x88, 0x8a, 0x8e, 0x8f, 0x91, 0x93, 0x9e, 0xa0,
		0xa8, 0xaa, 0xae, 0xaf,
	};
	uint8_t *cdb = (uint8_t *)&p->srb.cdb;
	uint32_t i;

	cdb_new(chance(20) ? ops[chance(ARRAY_SIZE(ops))] : chance(256));
	*p = srb((struct addr){ !chance(20), !chance(20), chance(3) }, cdb_, cdb_len_,
		 chance(3), 0);
	for (i = 1; i < 16; i++) {
		if (!chance(4))
			cdb[i] = chance(4) ? chance(16) : chance(256);
	}
	if (chance(3))
		p->srb.transfer_len = chance(chance(2) ? 600 : 0x40000);
	if (!chance(20))
		((uint8_t *)p)[chance(sizeof(*p))] = chance(256);
}

/*
 * Commands no sane guest sends, on both channels, while answers are delayed,
 * held and reordered and channels close: each is answered once or dropped with
 * its channel, and the sanitizers stay silent.
 */
TEST(random_requests_are_all_accounted_for)
{
	static const char * const commands[] = {
		"delay 0", "delay 20", "reorder on", "reorder off", "hold", "release", "release",
		"fail 3 84 02 3/11/00", "delay 0", "reorder off",
	};
	struct vsp_chan *chans[2] = { &primary, &sub_1 };
	uint32_t sent = 60000, answered = 0, dropped = 0, twice = 0, i;
	long long before;

	REQUIRE(image_new(1 << 20));
	{
		char options[128];

		snprintf(options, sizeof(options),
			 "lun0=ram:1M lun1=file:%s sub_channels=1", image);
		REQUIRE(start_ready(options));
	}
	memset(tally, 0, sizeof(tally));
	tally_from = next_id;
	for (i = 0; i < sent; i++) {
		struct vstor_packet p;
		struct vsp_gpa_list list;
		struct vsp_chan *chan = chans[chance(2)];

		if (!chance(200))
			command(commands[chance(ARRAY_SIZE(commands))]);
		if (!chance(2000)) {
			before = counter("outstanding");
			host.device.ops->chan_closed(host.device.dev, &sub_1);
			dropped += before - counter("outstanding");
		}
		run_until(host.now + chance(20000));
		random_srb(&p);
		p.op = VSTOR_OP_EXECUTE_SRB;
		if (p.srb.transfer_len && chance(30) && p.srb.transfer_len < BUF_LEN) {
			list = buf_list(p.srb.transfer_len + chance(2) * chance(100));
			if (!chance(50))
				list.pfns[chance(list.pfn_count)] = chance(2) ? ~0ull : GUEST_PAGES;
			send_packet(chan, &p, sizeof(p), &list, 1);
		} else {
			send_packet(chan, &p, sizeof(p), NULL, 0);
		}
	}
	command("release");
	run_until(host.now + 10000000);
	for (i = 0; i < sent; i++) {
		answered += tally[i] == 1;
		twice += tally[i] > 1;
	}
	EXPECT_EQ(twice, 0);
	EXPECT_EQ(counter("outstanding"), 0);
	EXPECT_EQ(answered + dropped, sent);
	EXPECT(counter("reads") > 100 && counter("writes") > 100 && counter("unmaps") > 10);
	EXPECT(dropped > 0);
	stop();
	unlink(image);
}

KTAP_MAIN

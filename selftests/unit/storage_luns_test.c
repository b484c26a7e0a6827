// SPDX-License-Identifier: GPL-2.0
/*
 * storage_luns_test.c - the provider's units while they come, go and change,
 * its drives, and answers that do not come
 *
 * Source: provider/storage*.c provider/scsi_*.c
 */
#include "storage_rig.h"

#define EXPECT_OK(line)		EXPECT_STREQ(command(line), "ok\n")
#define EXPECT_ERROR(line)	EXPECT(!strncmp(command(line), "error: ", 7))

/* Unit attention @asc/@ascq, and that it comes once. */
#define EXPECT_ATTENTION(s, asc_, ascq_) do { \
	const struct vstor_srb *news_ = (s); \
	EXPECT_EQ(news_->srb_status, VSTOR_SRB_ERROR | VSTOR_SRB_AUTOSENSE_VALID); \
	EXPECT_EQ(news_->scsi_status, 2); \
	EXPECT_EQ(news_->sense[2], 6); \
	EXPECT_EQ(news_->sense[12], asc_); \
	EXPECT_EQ(news_->sense[13], ascq_); \
} while (0)

static const struct vstor_srb *test_ready(uint8_t lun)
{
	cdb_new(0x00);
	return execute_at((struct addr){ 0, 0, lun }, cdb_, cdb_len_, VSTOR_DATA_NONE, 0);
}

static uint64_t capacity(uint8_t lun)
{
	cdb_new(0x9e);
	cdb_[1] = 0x10;
	be(cdb_ + 10, 32, 4);
	EXPECT_GOOD(execute_at((struct addr){ 0, 0, lun }, cdb_, 16, VSTOR_DATA_IN, 32), 32);
	return (get_be(buf_get(0, 8), 8) + 1) * get_be(buf_get(8, 4), 4);
}

/* A unit added is announced, listed and can be used; one removed is announced and is not there. */
TEST(units_come_and_go)
{
	const struct vstor_srb *s;
	uint8_t name[16];

	REQUIRE(start_ready("lun0=ram:1M"));
	EXPECT_OK("add 7 ram:2M");
	EXPECT_EQ(notices, 1);
	EXPECT_EQ(notice.op, VSTOR_OP_ENUMERATE_BUS);
	EXPECT_EQ(notice.flags, 0);
	EXPECT_GOOD(report_luns(LUN0, 0, 4096, 4096), 24);
	EXPECT_EQ(get_be(buf_get(16, 2), 2), 7);
	EXPECT_GOOD(test_ready(7), 0);
	EXPECT_EQ(capacity(7), 2u << 20);
	EXPECT_GOOD(inquiry((struct addr){ 0, 0, 7 }, 0x83, 255), 52);
	memcpy(name, buf_get(36, 16), sizeof(name));

	EXPECT_OK("remove 7");
	EXPECT_EQ(notices, 2);
	EXPECT_EQ(notice.op, VSTOR_OP_ENUMERATE_BUS);
	s = test_ready(7);
	EXPECT_EQ(s->srb_status, VSTOR_SRB_INVALID_LUN);
	EXPECT_GOOD(report_luns(LUN0, 0, 4096, 4096), 16);

	/* Another disk at the same place has another name. */
	EXPECT_OK("add 7 ram:2M quiet");
	EXPECT_GOOD(inquiry((struct addr){ 0, 0, 7 }, 0x83, 255), 52);
	EXPECT(memcmp(name, buf_get(36, 16), sizeof(name)));
	EXPECT_OK("remove 7 quiet");
	EXPECT_EQ(notices, 2);

	EXPECT_ERROR("add 0 ram:1M");
	EXPECT_ERROR("add 64 ram:1M");
	EXPECT_ERROR("add 1 ram:1");
	EXPECT_ERROR("add 1");
	EXPECT_ERROR("add 1 ram:1M loud");
	EXPECT_ERROR("remove 1");
	EXPECT_ERROR("remove");
	EXPECT_EQ(host.violations, 0);
	stop();
}

/* A guest that has not finished its handshake sees by itself what is there. */
TEST(nobody_is_told_before_the_handshake)
{
	REQUIRE(start("lun0=ram:1M"));
	EXPECT_OK("add 1 ram:1M");
	EXPECT_ERROR("notify");
	handshake();
	EXPECT_EQ(notices, 0);
	EXPECT_GOOD(test_ready(1), 0);
	EXPECT_OK("notify");
	EXPECT_OK("notify 2 3");
	EXPECT_EQ(notices, 4);
	EXPECT_EQ(notice.op, VSTOR_OP_REMOVE_DEVICE);
	host.device.ops->chan_closed(host.device.dev, &primary);
	EXPECT_ERROR("notify");
	EXPECT_ERROR("notify x");
	EXPECT_ERROR("notify 11 1001");
	stop();
}

/* Larger or smaller: told once, to the first command that is no INQUIRY, and the data stay. */
TEST(resize)
{
	REQUIRE(start_ready("lun0=ram:1M lun1=ram:1M"));
	write_pattern(0, 8);
	EXPECT_OK("resize 0 3M");
	EXPECT_GOOD(inquiry(LUN0, -1, 36), 36);
	EXPECT_GOOD(test_ready(1), 0);
	EXPECT_ATTENTION(test_ready(0), 0x2a, 0x09);
	EXPECT_GOOD(test_ready(0), 0);
	EXPECT_EQ(capacity(0), 3u << 20);
	read_blocks(0, 8);
	EXPECT(buf_has_pattern(0, 8 * 512));
	read_blocks(4096, 8);
	EXPECT(buf_is(0, 0, 8 * 512));

	EXPECT_OK("resize 0 512");
	EXPECT_ATTENTION(test_ready(0), 0x2a, 0x09);
	EXPECT_EQ(capacity(0), 512);
	cdb_extent(0x28, 1, 1);
	EXPECT_ILLEGAL(go(VSTOR_DATA_IN, 512), 0x21);
	EXPECT_ERROR("resize 0 0");
	EXPECT_ERROR("resize 0 513");
	EXPECT_ERROR("resize 5 1M");
	EXPECT_ERROR("resize 0");
	EXPECT_GOOD(test_ready(0), 0);

	/* REQUEST SENSE gets it as data, and that is once, too. */
	EXPECT_OK("resize 0 1M");
	cdb_new(0x03);
	cdb_[4] = 18;
	EXPECT_GOOD(go(VSTOR_DATA_IN, 18), 18);
	EXPECT_EQ(buf_get(0, 18)[2], 6);
	EXPECT_EQ(buf_get(0, 18)[12], 0x2a);
	EXPECT_GOOD(test_ready(0), 0);
	stop();
}

TEST(granularity_of_discards_changes)
{
	REQUIRE(start_ready("lun0=ram:64M"));
	EXPECT_GOOD(inquiry(LUN0, 0xb0, 64), 64);
	EXPECT_EQ(get_be(buf_get(28, 4), 4), 1);
	EXPECT_OK("granularity 0 2M");
	EXPECT_ATTENTION(test_ready(0), 0x3f, 0x02);
	EXPECT_GOOD(inquiry(LUN0, 0xb0, 64), 64);
	EXPECT_EQ(get_be(buf_get(28, 4), 4), 4096);
	EXPECT_ERROR("granularity 0 0");
	EXPECT_ERROR("granularity 0 100");
	EXPECT_ERROR("granularity 1 512");
	stop();
}

/* In order, each once, the same one not twice, and not without bound. */
TEST(attentions_queue)
{
	char line[32];
	int i;

	REQUIRE(start_ready("lun0=ram:1M"));
	EXPECT_OK("attention 0 29/00");
	EXPECT_OK("attention 0 3f/0e");
	EXPECT_OK("attention 0 29/00");
	EXPECT_ATTENTION(test_ready(0), 0x29, 0x00);
	EXPECT_ATTENTION(test_ready(0), 0x3f, 0x0e);
	EXPECT_GOOD(test_ready(0), 0);
	for (i = 0; i < 20; i++) {
		snprintf(line, sizeof(line), "attention 0 29/%02x", i);
		EXPECT_OK(line);
	}
	for (i = 0; i < 8; i++)
		EXPECT_ATTENTION(test_ready(0), 0x29, i);
	EXPECT_GOOD(test_ready(0), 0);
	EXPECT_ERROR("attention 0 29");
	EXPECT_ERROR("attention 1 29/00");
	stop();
}

/* Two controllers with one disk: one name, one content, and news for both. */
TEST(shared_disk)
{
	uint8_t name[16];

	REQUIRE(start("lun0=ram:1M scsi1.lun3=same:scsi0/0"));
	handshake();
	write_pattern(0, 1);
	EXPECT_GOOD(inquiry(LUN0, 0x83, 255), 52);
	memcpy(name, buf_get(36, 16), sizeof(name));
	REQUIRE(use("scsi1"));
	host.device.ops->chan_opened(host.device.dev, &sub_1);
	host.device.ops->chan_opened(host.device.dev, &primary);
	handshake();
	EXPECT_GOOD(inquiry((struct addr){ 0, 0, 3 }, 0x83, 255), 52);
	EXPECT(!memcmp(name, buf_get(36, 16), sizeof(name)));
	cdb_extent(0x28, 0, 1);
	EXPECT_GOOD(execute_at((struct addr){ 0, 0, 3 }, cdb_, cdb_len_, VSTOR_DATA_IN, 512), 512);
	EXPECT(buf_has_pattern(0, 512));
	EXPECT_OK("resize 3 2M");
	EXPECT_ATTENTION(test_ready(3), 0x2a, 0x09);
	REQUIRE(use("scsi0"));
	EXPECT_ATTENTION(test_ready(0), 0x2a, 0x09);
	/* It stays while one of them has it. */
	EXPECT_OK("remove 0");
	REQUIRE(use("scsi1"));
	EXPECT_EQ(capacity(3), 2u << 20);
	EXPECT_OK("remove 3");
	EXPECT_ERROR("add 3 same:scsi0/0");
	EXPECT_ERROR("add 3 same:scsi0");
	EXPECT_ERROR("add 3 same:scsi9/0");
	stop();
}

/* Controllers have labels and ids of their own; a label that is none is refused. */
TEST(several_controllers)
{
	REQUIRE(start("scsi2.lun0=ram:1M lun0=ram:2M scsi2.delay=5"));
	EXPECT_EQ(host.device_cnt, 2);
	EXPECT_STREQ(host.devices[0].label, "scsi2");
	EXPECT_STREQ(host.devices[1].label, "scsi0");
	EXPECT_EQ(host.devices[0].instance.b[0], 0x1c);
	EXPECT_EQ(host.devices[1].instance.b[0], 0x1a);
	stop();
	prepare();
	EXPECT_EQ(option("scsi8.lun0", "ram:1M"), -EINVAL);
	EXPECT_EQ(option("scsi.lun0", "ram:1M"), -EINVAL);
	EXPECT_EQ(option("scsi00.lun0", "ram:1M"), -EINVAL);
	EXPECT_EQ(option("sata0.lun0", "ram:1M"), -EINVAL);
	EXPECT_EQ(option("scsi0.", "1"), -EINVAL);
	stop();
}

/* An IDE disk is where its id says, alone; and has no names to ask for. */
TEST(ide_disk)
{
	struct addr at = { 0, 1, 0 };

	REQUIRE(start_ready("ide11.lun0=ram:1M"));
	EXPECT_STREQ(host.device.label, "ide11");
	EXPECT_MEM(host.device.instance.b,
		   ((uint8_t[16]){ 1, 0, 0, 0, 1, 0, 0x99, 0x88 }), 16);
	EXPECT_EQ(host.device.ops->class_id.b[0], 0x32);
	EXPECT_GOOD(inquiry(at, -1, 36), 36);
	EXPECT_EQ(buf_get(0, 36)[0], 0);
	EXPECT_GOOD(inquiry(LUN0, -1, 36), 36);
	EXPECT_EQ(buf_get(0, 36)[0], 0x7f);
	EXPECT_EQ(host.violations, 0);
	EXPECT_EQ(ask_op(VSTOR_OP_FCHBA_DATA), VSTOR_STATUS_INVALID_PARAMETER);
	EXPECT_EQ(host.violations, 1);
	stop();
	prepare();
	EXPECT_EQ(option("ide00.lun1", "ram:1M"), -EINVAL);
	EXPECT_EQ(option("ide02.lun0", "ram:1M"), -EINVAL);
	EXPECT_EQ(option("ide0.lun0", "ram:1M"), -EINVAL);
	EXPECT_EQ(option("ide00.wwpn", "0123456789abcdef"), -EINVAL);
	/* What a refused option began is started like any other. */
	EXPECT_EQ(vsp_storage_start(&host, option_err, sizeof(option_err)), 0);
	EXPECT_EQ(host.device_cnt, 1);
	stop();
}

static void fc_names(const char *options, bool primary)
{
	static const uint8_t port[8] = { 0x50, 1, 2, 3, 4, 5, 6, 7 };
	static const uint8_t node[8] = { 0x20, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf, 0 };
	const struct vstor_fc_names *names;

	if (!start(options))
		return;
	EXPECT_EQ(host.device.ops->class_id.b[0], 0x4a);
	EXPECT_EQ(ask_op(VSTOR_OP_BEGIN_INIT), 0);
	EXPECT_EQ(ask_version(VSTOR_VERSION_WIN10), 0);
	EXPECT_EQ(ask_op(VSTOR_OP_QUERY_PROPERTIES), 0);
	EXPECT_EQ(ask_op(VSTOR_OP_FCHBA_DATA), 0);
	names = &last()->pkt.fc_names;
	EXPECT_EQ(names->primary_active, primary);
	EXPECT_MEM(primary ? names->primary_port : names->secondary_port, port, 8);
	EXPECT_MEM(primary ? names->primary_node : names->secondary_node, node, 8);
	EXPECT_EQ((primary ? names->secondary_port : names->primary_port)[0], 0xff);
	EXPECT_EQ(ask_op(VSTOR_OP_END_INIT), 0);
	EXPECT_GOOD(inquiry(LUN0, -1, 36), 36);
	EXPECT_EQ(host.violations, 0);
	stop();
}

TEST(fibre_channel_adapter_says_its_names)
{
	fc_names("fc0.lun0=ram:1M fc0.wwpn=5001020304050607 fc0.wwnn=200A0B0C0D0E0F00", true);
	fc_names("fc3.lun0=ram:1M fc3.wwpn=5001020304050607 fc3.wwnn=200a0b0c0d0e0f00 "
		 "fc3.names=secondary", false);
	prepare();
	EXPECT_EQ(option("fc0.wwpn", "123"), -EINVAL);
	EXPECT_EQ(option("fc0.wwnn", "0123456789abcdeg"), -EINVAL);
	EXPECT_EQ(option("fc0.names", "both"), -EINVAL);
	EXPECT_EQ(option("wwpn", "0123456789abcdef"), -EINVAL);
	EXPECT_EQ(vsp_storage_start(&host, option_err, sizeof(option_err)), 0);
	stop();
}

/* Drives ------------------------------------------------------------------------------*/

static const char image[] = "/tmp/vmbus-kit-storage-luns-test.img";

static bool image_new(uint32_t len)
{
	uint32_t i;
	FILE *f = fopen(image, "w");

	for (i = 0; f && i < len; i++)
		fputc(pattern(i), f);
	return f && !fclose(f);
}

TEST(cd_rom)
{
	char spec[96];
	const uint8_t *d;

	REQUIRE(image_new(20 * 2048));
	snprintf(spec, sizeof(spec), "lun1=cd:%s lun0=ram:1M block_size=4096", image);
	REQUIRE(start_ready(spec));
	EXPECT_GOOD(inquiry((struct addr){ 0, 0, 1 }, -1, 255), 36);
	d = buf_get(0, 36);
	EXPECT_EQ(d[0], 5);
	EXPECT_EQ(d[1], 0x80);
	EXPECT_MEM(d + 16, "Virtual DVD-ROM ", 16);
	EXPECT_ILLEGAL(inquiry((struct addr){ 0, 0, 1 }, 0x83, 255), 0x24);
	EXPECT_GOOD(test_ready(1), 0);

	cdb_new(0x25);
	EXPECT_GOOD(execute_at((struct addr){ 0, 0, 1 }, cdb_, 10, VSTOR_DATA_IN, 8), 8);
	EXPECT_EQ(get_be(buf_get(0, 4), 4), 19);
	EXPECT_EQ(get_be(buf_get(4, 4), 4), 2048);
	cdb_extent(0x28, 3, 2);
	EXPECT_GOOD(execute_at((struct addr){ 0, 0, 1 }, cdb_, 10, VSTOR_DATA_IN, 4096), 4096);
	EXPECT(buf_has_pattern(3 * 2048, 4096));
	cdb_extent(0xa8, 19, 2);
	EXPECT_ILLEGAL(execute_at((struct addr){ 0, 0, 1 }, cdb_, 12, VSTOR_DATA_IN, 4096), 0x21);
	cdb_extent(0x2a, 0, 1);
	EXPECT_ILLEGAL(execute_at((struct addr){ 0, 0, 1 }, cdb_, 10, VSTOR_DATA_OUT, 2048), 0x20);

	/* One data track from 0, in both notations, and its end. */
	cdb_new(0x43);
	be(cdb_ + 7, 20, 2);
	EXPECT_GOOD(execute_at((struct addr){ 0, 0, 1 }, cdb_, 10, VSTOR_DATA_IN, 20), 20);
	d = buf_get(0, 20);
	EXPECT_EQ(get_be(d, 2), 18);
	EXPECT_EQ(get_be(d + 8, 4), 0);
	EXPECT_EQ(d[14], 0xaa);
	EXPECT_EQ(get_be(d + 16, 4), 20);
	cdb_[1] = 2;
	EXPECT_GOOD(execute_at((struct addr){ 0, 0, 1 }, cdb_, 10, VSTOR_DATA_IN, 20), 20);
	EXPECT_EQ(get_be(buf_get(8, 4), 4), 0x000200);
	cdb_[2] = 5;
	EXPECT_ILLEGAL(execute_at((struct addr){ 0, 0, 1 }, cdb_, 10, VSTOR_DATA_IN, 20), 0x24);
	EXPECT_EQ(host.violations, 0);
	unlink(image);
	stop();
}

static const struct vstor_srb *media_event(void)
{
	cdb_new(0x4a);
	cdb_[1] = 1;
	cdb_[4] = 0x10;
	be(cdb_ + 7, 8, 2);
	return go(VSTOR_DATA_IN, 8);
}

/* What is in the drive changes: the guest is told, by event and by attention. */
TEST(medium_goes_and_comes)
{
	char line[96];

	REQUIRE(image_new(4096));
	REQUIRE(start_ready("lun0=cd:"));
	EXPECT_SENSE(test_ready(0), VSTOR_SRB_ERROR, 2, 0x3a);
	EXPECT_ERROR("insert 0");
	snprintf(line, sizeof(line), "insert 0 %s", image);
	EXPECT_OK(line);
	EXPECT_ERROR(line);
	EXPECT_ATTENTION(test_ready(0), 0x28, 0x00);
	EXPECT_GOOD(test_ready(0), 0);
	EXPECT_GOOD(media_event(), 8);
	EXPECT_EQ(buf_get(4, 2)[0], 2);
	EXPECT_EQ(buf_get(4, 2)[1], 2);
	EXPECT_GOOD(media_event(), 8);
	EXPECT_EQ(buf_get(4, 2)[0], 0);

	/* The guest takes it out, if it has not locked it in. */
	cdb_new(0x1e);
	cdb_[4] = 1;
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	cdb_new(0x1b);
	cdb_[4] = 2;
	EXPECT_EQ(go(VSTOR_DATA_NONE, 0)->sense[12], 0x53);
	cdb_new(0x1e);
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	cdb_new(0x1b);
	cdb_[4] = 2;
	EXPECT_GOOD(go(VSTOR_DATA_NONE, 0), 0);
	EXPECT_SENSE(test_ready(0), VSTOR_SRB_ERROR, 2, 0x3a);
	EXPECT_ERROR("eject 0");
	EXPECT_OK("insert 0");
	EXPECT_OK("eject 0");
	EXPECT_GOOD(media_event(), 0 + 8);
	EXPECT_EQ(buf_get(4, 2)[0], 3);
	EXPECT_EQ(buf_get(4, 2)[1], 1);
	EXPECT_ERROR("insert 0 /nonexistent");
	EXPECT_ERROR("resize 0 1M");
	EXPECT_ERROR("granularity 0 2K");
	unlink(image);
	stop();
}

/* Answers that do not come ------------------------------------------------------------*/

static void post_read(uint64_t lba)
{
	struct vstor_packet p;

	cdb_extent(0x28, lba, 1);
	p = srb(LUN0, cdb_, cdb_len_, VSTOR_DATA_IN, 512);
	post(&primary, &p);
}

/* Withheld requests are executed when they are answered, in order, and only so many are. */
TEST(withheld_answers)
{
	uint64_t first;

	REQUIRE(start_ready("lun0=ram:1M"));
	EXPECT_OK("withhold 2 28");
	EXPECT_GOOD(test_ready(0), 0);
	done_cnt = 0;
	first = next_id;
	post_read(0);
	post_read(1);
	EXPECT_EQ(done_cnt, 0);
	EXPECT_EQ(counter("outstanding"), 2);
	post_read(2);
	EXPECT_EQ(done_cnt, 1);
	EXPECT_EQ(done[0].id, first + 2);
	EXPECT_OK("answer");
	EXPECT_EQ(done_cnt, 3);
	EXPECT_EQ(done[1].id, first);
	EXPECT_EQ(done[2].id, first + 1);
	EXPECT_EQ(counter("outstanding"), 0);
	/* A closed channel takes them with it. */
	EXPECT_OK("withhold 1");
	post_read(0);
	host.device.ops->chan_closed(host.device.dev, &primary);
	EXPECT_OK("answer");
	EXPECT_EQ(done_cnt, 3);
	EXPECT_EQ(counter("outstanding"), 0);
	EXPECT_ERROR("withhold");
	EXPECT_ERROR("withhold x");
	EXPECT_ERROR("withhold 1 100");
	stop();
}

static uint32_t reset_unit(uint32_t op, uint8_t path, uint8_t lun)
{
	struct vstor_packet p = request(op);

	p.srb.length = sizeof(p.srb);
	p.srb.path = path;
	p.srb.lun = lun;
	send_packet(&primary, &p, sizeof(p), NULL, 0);
	return last()->pkt.status;
}

/* A reset says yes and does nothing, or ends what it is about, or says no, or nothing. */
TEST(resets)
{
	REQUIRE(start_ready("lun0=ram:1M lun1=ram:1M"));
	EXPECT_OK("withhold 3");
	done_cnt = 0;
	post_read(0);
	EXPECT_EQ(reset_unit(VSTOR_OP_RESET_LUN, 0, 0), 0);
	EXPECT_EQ(done_cnt, 1);
	EXPECT_OK("reset finish");
	EXPECT_EQ(reset_unit(VSTOR_OP_RESET_LUN, 0, 1), 0);
	EXPECT_EQ(done_cnt, 2);
	EXPECT_EQ(reset_unit(VSTOR_OP_RESET_LUN, 0, 0), 0);
	EXPECT_EQ(done_cnt, 4);
	EXPECT_EQ(done[2].pkt.srb.srb_status, VSTOR_SRB_BUS_RESET);
	post_read(0);
	EXPECT_EQ(reset_unit(VSTOR_OP_RESET_BUS, 1, 0), 0);
	EXPECT_EQ(done_cnt, 5);
	EXPECT_EQ(reset_unit(VSTOR_OP_RESET_BUS, 0, 9), 0);
	EXPECT_EQ(done_cnt, 7);
	post_read(0);
	EXPECT_EQ(reset_unit(VSTOR_OP_RESET_ADAPTER, 3, 9), 0);
	EXPECT_EQ(done_cnt, 9);
	EXPECT_EQ(counter("outstanding"), 0);
	EXPECT_OK("reset refuse");
	EXPECT_EQ(reset_unit(VSTOR_OP_RESET_BUS, 0, 0), VSTOR_STATUS_IO_ERROR);
	EXPECT_OK("reset silent");
	done_cnt = 0;
	reset_unit(VSTOR_OP_RESET_BUS, 0, 0);
	EXPECT_EQ(done_cnt, 0);
	EXPECT_EQ(counter("resets"), 8);
	EXPECT_ERROR("reset maybe");
	EXPECT_ERROR("reset");
	/* Of what was held, too, and what is held later is answered as ever. */
	EXPECT_OK("reset finish");
	EXPECT_OK("hold");
	post_read(0);
	EXPECT_EQ(reset_unit(VSTOR_OP_RESET_BUS, 0, 0), 0);
	EXPECT_EQ(done_cnt, 2);
	post_read(0);
	EXPECT_OK("release");
	EXPECT_EQ(done_cnt, 3);
	EXPECT_EQ(host.violations, 0);
	stop();
}

TEST(mute_host_hears_nothing)
{
	REQUIRE(start_ready("lun0=ram:1M"));
	EXPECT_OK("mute on");
	done_cnt = 0;
	post_read(0);
	EXPECT_EQ(done_cnt, 0);
	EXPECT_EQ(counter("outstanding"), 0);
	EXPECT_OK("mute off");
	post_read(0);
	EXPECT_EQ(done_cnt, 1);
	EXPECT_ERROR("mute");
	EXPECT_ERROR("mute maybe");
	stop();
}

KTAP_MAIN

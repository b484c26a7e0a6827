// SPDX-License-Identifier: GPL-2.0
/*
 * util_test.c - the provider's integration services, over the loopback: what
 * they ask, and what they hold against a guest that answers wrongly
 *
 * The answers are made here byte by byte, from the tables of the protocol.
 *
 * Source: provider/util.c provider/util_basic.c provider/util_ctl.c
 * provider/util_fcopy.c provider/util_kvp.c provider/util_text.c
 * provider/util_time.c provider/util_vss.c
 */
/* Each test is linked from one object; the guest is shared with pair_test.c. */
#include "unit/miniguest.c"

#include "ktap.h"
#include "vmbus_client/proto/pkt.h"
#include "wire/hvic.h"

#define PAGES		256u
#define PACKET_MAX	8192u

static struct loopback *lb;
static struct miniguest guest;
static struct mg_chan *chan;

/* The request that came last: header and body */
static uint8_t packet[PACKET_MAX] __attribute__((aligned(8)));
static struct pkt_view view;
static uint8_t msg[PACKET_MAX];
static u32 msg_len;
static struct hvic_hdr hdr;
static uint8_t *const body = msg + sizeof(struct hvic_hdr);

static char out[65536];

static bool command(const char *line)
{
	bool good = loopback_command(lb, line, out, sizeof(out));

	loopback_deliver(lb);
	return good;
}

/* One value of the lines a command gives; "" if it has none of that name. */
static const char *value(const char *line, const char *name)
{
	static char found[8192];
	char *at;
	size_t len = strlen(name);

	command(line);
	for (at = out; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, name, len) || at[len] != ' ')
			continue;
		snprintf(found, sizeof(found), "%.*s", (int)strcspn(at + len + 1, "\n"),
			 at + len + 1);
		return found;
	}
	return "";
}

static void send_bytes(const void *bytes, u32 len, u64 id)
{
	struct vmbus_pkt_hdr pkt;
	struct ring_vec vec[2] = { { &pkt, sizeof(pkt) }, { bytes, len } };

	pkt_put_inband(&pkt, len, id, false);
	EXPECT_EQ(ring_tx_put(&chan->tx, vec, 2), 0);
	if (ring_tx_publish(&chan->tx))
		loopback_signal(lb, chan->offer.connection_id);
	loopback_deliver(lb);
}

/* The next request. False: there is none. */
static bool receive(void)
{
	int len;

	loopback_deliver(lb);
	loopback_advance(lb, 0);
	len = ring_rx_next(&chan->rx, packet, sizeof(packet));
	EXPECT(len >= 0);
	if (len <= 0)
		return false;
	EXPECT_EQ(pkt_parse(packet, (u32)len, &view), 0);
	if (ring_rx_commit(&chan->rx))
		loopback_signal(lb, chan->offer.connection_id);
	loopback_deliver(lb);
	msg_len = view.payload_len;
	memset(msg, 0, sizeof(msg));
	memcpy(msg, view.payload, msg_len);
	memcpy(&hdr, msg, sizeof(hdr));
	return true;
}

/* The request back as an answer, with whatever a test has put into msg. */
static void answer(u32 status)
{
	hdr.status = cpu_to_le32(status);
	hdr.flags = HVIC_FLAG_TRANSACTION | HVIC_FLAG_RESPONSE;
	memcpy(msg, &hdr, sizeof(hdr));
	send_bytes(msg, msg_len, view.id);
}

static u32 le32(u32 at)
{
	return msg[at] | msg[at + 1] << 8 | msg[at + 2] << 16 | (u32)msg[at + 3] << 24;
}

static u32 le16(u32 at)
{
	return msg[at] | msg[at + 1] << 8;
}

static u64 le64(u32 at)
{
	return le32(at) | (u64)le32(at + 4) << 32;
}

/* Answer the negotiation, which is the next request, with these. */
static void agree(unsigned int framework, unsigned int major, unsigned int minor)
{
	REQUIRE(receive());
	EXPECT_EQ(le16(12), HVIC_TYPE_NEGOTIATE);
	msg[28] = msg[30] = 1;
	msg[29] = msg[31] = 0;
	memset(msg + 36, 0, 8);
	msg[36] = (uint8_t)framework;
	msg[40] = (uint8_t)major;
	msg[42] = (uint8_t)minor;
	hdr.body_len = cpu_to_le16(HVIC_NEGOTIATE_ANSWER_LEN);
	answer(0);
}

/* A host with one service, whose channel the guest has opened, to be negotiated. */
static void begin_raw(const char *service)
{
	char err[128];

	lb = loopback_new(PAGES);
	REQUIRE(lb);
	mg_init(&guest, lb);
	REQUIRE(!vsp_util_option(lb->vsp, "utils", service, err, sizeof(err)));
	REQUIRE(!vsp_util_option(lb->vsp, "clock", "1700000000", err, sizeof(err)));
	REQUIRE(!vsp_util_start(lb->vsp, err, sizeof(err)));
	mg_contact(&guest, 0);
	mg_settle(&guest);
	REQUIRE(guest.chan[0].used);
	mg_open(&guest, 0);
	mg_settle(&guest);
	REQUIRE(mg_is_open(&guest, 0));
	chan = &guest.chan[0];
}

static void begin(const char *service, unsigned int major, unsigned int minor)
{
	begin_raw(service);
	agree(3, major, minor);
}

static void end(void)
{
	EXPECT_EQ(lb->violations, 0);
	if (lb->violations)
		printf("# %s\n", lb->violation);
	loopback_free(lb);
}

/* The host must have complained of this, and of nothing else. */
static void end_blamed(const char *why)
{
	EXPECT_EQ(lb->violations, 1);
	EXPECT(strstr(lb->violation, why));
	if (!strstr(lb->violation, why))
		printf("# it says: %s\n", lb->violation);
	loopback_free(lb);
}

static void put_utf16(u32 at, const char *text)
{
	for (; ; at += 2, text++) {
		msg[at] = (uint8_t)*text;
		msg[at + 1] = 0;
		if (!*text)
			return;
	}
}

/* Negotiation ----------------------------------------------------------------------------*/

TEST(offers_are_pipes_in_message_mode)
{
	begin_raw("shutdown");
	EXPECT_EQ(chan->offer.flags & VMBUS_OFFER_NAMED_PIPE, VMBUS_OFFER_NAMED_PIPE);
	EXPECT_EQ(chan->offer.user[0], 4);
	end();
}

/* The first request lists everything, framework first, and nothing follows before the answer. */
TEST(negotiation_comes_first_and_is_all_there_is)
{
	begin_raw("shutdown");
	EXPECT(command("shutdown off"));
	REQUIRE(receive());
	EXPECT_EQ(le32(0), 1);
	EXPECT_EQ(le32(4), 20 + 8 + 6 * 4);
	EXPECT_EQ(le16(12), HVIC_TYPE_NEGOTIATE);
	EXPECT_EQ(le16(18), 8 + 6 * 4);
	EXPECT_EQ(msg[25], 3);
	EXPECT_EQ(le16(28), 2);
	EXPECT_EQ(le16(30), 4);
	EXPECT_EQ(le32(36), 1);
	EXPECT_EQ(le32(40), 3);
	EXPECT_EQ(le32(44), 1);
	EXPECT_EQ(le32(48), 3);
	EXPECT_EQ(le32(52), 3 | 1 << 16);
	EXPECT_EQ(le32(56), 3 | 2 << 16);
	EXPECT(!receive());
	EXPECT_STREQ(value("shutdown status", "state"), "negotiating");
	EXPECT_STREQ(value("shutdown result", "state"), "waiting");
	end();
}

TEST(agreed_versions_are_in_what_follows)
{
	begin("shutdown", 3, 2);
	EXPECT_STREQ(value("shutdown status", "framework"), "3.0");
	EXPECT_STREQ(value("shutdown status", "version"), "3.2");
	EXPECT(command("shutdown off"));
	REQUIRE(receive());
	EXPECT_EQ(le32(8), 3);
	EXPECT_EQ(le32(14), 3 | 2 << 16);
	end();
}

TEST(no_version_in_common_is_understood)
{
	begin_raw("vss");
	REQUIRE(receive());
	memset(msg + 28, 0, 4);
	answer(0);
	EXPECT_STREQ(value("vss status", "state"), "refused");
	EXPECT(command("vss check"));
	EXPECT(!receive());
	end();
}

TEST(versions_never_offered_are_blamed)
{
	begin("kvp", 7, 0);
	end_blamed("never offered");
}

TEST(versions_can_be_chosen_and_negotiated_again)
{
	begin("kvp", 4, 0);
	EXPECT(command("kvp versions 9.1 / 1.0 2.0 3.0"));
	EXPECT(command("kvp negotiate"));
	REQUIRE(receive());
	EXPECT_EQ(le16(28), 3);
	EXPECT_EQ(le16(30), 1);
	EXPECT_EQ(le32(48), 9 | 1 << 16);
	end();
}

/* Framing --------------------------------------------------------------------------------*/

TEST(answer_with_another_packet_id_is_blamed)
{
	begin("vss", 5, 0);
	command("vss check");
	REQUIRE(receive());
	view.id++;
	answer(0);
	end_blamed("another packet id");
}

/* The daemon that copies files without the kernel's help has ids of its own. */
TEST(answer_with_any_packet_id_will_do_for_file_copy)
{
	begin("fcopy", 1, 1);
	command("fcopy put gen:10 /tmp x");
	REQUIRE(receive());
	view.id = UINT64_MAX;
	answer(HVIC_STATUS_EXISTS);
	EXPECT_STREQ(value("fcopy result", "status"), "0x80070050 exists");
	end();
}

TEST(answers_that_lie_about_their_length_are_blamed)
{
	begin("vss", 5, 0);
	command("vss check");
	REQUIRE(receive());
	hdr.pipe_len = cpu_to_le32(1000);
	answer(0);
	end_blamed("pipe length");

	begin("vss", 5, 0);
	command("vss check");
	REQUIRE(receive());
	hdr.body_len = cpu_to_le16(1000);
	answer(0);
	end_blamed("body is beyond");

	begin("vss", 5, 0);
	command("vss check");
	REQUIRE(receive());
	msg_len -= 8;
	hdr.pipe_len = cpu_to_le32(msg_len - 8);
	hdr.body_len = 0;
	answer(0);
	end_blamed("another length");

	begin("vss", 5, 0);
	send_bytes(msg, 16, 7);
	end_blamed("shorter than its header");
}

TEST(request_sent_back_unmarked_is_blamed)
{
	begin("vss", 5, 0);
	command("vss check");
	REQUIRE(receive());
	send_bytes(msg, msg_len, view.id);
	end_blamed("not marked");
}

TEST(status_of_no_meaning_is_blamed)
{
	begin("vss", 5, 0);
	command("vss check");
	REQUIRE(receive());
	answer(0x12345678);
	end_blamed("no meaning");
}

TEST(second_answer_is_blamed)
{
	begin("vss", 5, 0);
	command("vss check");
	REQUIRE(receive());
	answer(0);
	answer(0);
	end_blamed("nothing that was asked");
}

TEST(second_answer_to_what_was_sent_twice_is_right)
{
	begin("vss", 5, 0);
	EXPECT(command("vss spoil twice"));
	command("vss check");
	REQUIRE(receive());
	answer(0);
	REQUIRE(receive());
	answer(0);
	EXPECT_STREQ(value("vss counters", "twice"), "1");
	end();
}

TEST(one_is_asked_at_a_time)
{
	begin("vss", 5, 0);
	command("vss check");
	command("vss freeze");
	REQUIRE(receive());
	EXPECT_EQ(body[0], HVIC_VSS_HOT_BACKUP);
	EXPECT(!receive());
	answer(0);
	REQUIRE(receive());
	EXPECT_EQ(body[0], HVIC_VSS_FREEZE);
	EXPECT_EQ(msg_len, (28u + 6260 + 7) & ~7u);
	answer(HVIC_STATUS_FAIL);
	EXPECT_STREQ(value("vss result", "status"), "0x80004005 fail");
	EXPECT_STREQ(value("vss result 1", "status"), "0x00000000 ok");
	end();
}

TEST(late_answers_are_only_counted)
{
	begin("vss", 5, 0);
	EXPECT(command("vss patience 1000"));
	command("vss check");
	command("vss thaw");
	REQUIRE(receive());
	EXPECT(!receive());
	loopback_advance(lb, 1000000000);
	EXPECT_STREQ(value("vss result 1", "state"), "given-up");
	answer(0);
	EXPECT_STREQ(value("vss counters", "late"), "1");
	REQUIRE(receive());
	EXPECT_EQ(body[0], HVIC_VSS_THAW);
	answer(0);
	EXPECT_STREQ(value("vss result", "state"), "answered");
	end();
}

TEST(request_is_lost_when_the_channel_closes)
{
	begin("vss", 5, 0);
	command("vss check");
	REQUIRE(receive());
	mg_close(&guest, 0);
	mg_settle(&guest);
	EXPECT_STREQ(value("vss result", "state"), "lost");
	EXPECT_STREQ(value("vss status", "state"), "closed");
	end();
}

TEST(next_message_can_be_spoilt_in_every_field)
{
	begin("vss", 5, 0);
	EXPECT(command("vss spoil pipe_type=2 pipe_len=3 framework=4.5 type=6 version=7.8 body_len=9 "
		       "status=10 flags=11 transaction=12 packet_id=13 len=60 poke=0:aabb fill=8:4:204"));
	command("vss check");
	REQUIRE(receive());
	EXPECT_EQ(le32(0), 2);
	EXPECT_EQ(le32(4), 3);
	EXPECT_EQ(le32(8), 4 | 5 << 16);
	EXPECT_EQ(le16(12), 6);
	EXPECT_EQ(le32(14), 7 | 8 << 16);
	EXPECT_EQ(le16(18), 9);
	EXPECT_EQ(le32(20), 10);
	EXPECT_EQ(msg[24], 12);
	EXPECT_EQ(msg[25], 11);
	EXPECT_EQ(view.id, 13);
	EXPECT_EQ(msg_len, 64);
	EXPECT_EQ(le16(28), 0xbbaa);
	EXPECT_EQ(le32(36), 0xcccccccc);
	/* Whatever the guest makes of it: nothing waits for it. */
	command("vss thaw");
	REQUIRE(receive());
	EXPECT_EQ(le32(0), 1);
	EXPECT_EQ(body[0], HVIC_VSS_THAW);
	end();
}

TEST(spoil_refuses_what_it_does_not_know)
{
	begin("vss", 5, 0);
	EXPECT(!command("vss spoil nonsense"));
	EXPECT(!command("vss spoil len=x"));
	EXPECT(!command("vss spoil poke=1"));
	EXPECT(!command("vss spoil poke=1:abc"));
	EXPECT(!command("vss spoil fill=1:2"));
	EXPECT(!command("vss nonsense"));
	EXPECT(!command("vss result 99"));
	EXPECT(!command("vss check \"open"));
	end();
}

TEST(second_instance_is_another_device)
{
	begin("vss", 5, 0);
	EXPECT(command("utils add vss"));
	EXPECT(!command("utils add nonsense"));
	mg_settle(&guest);
	REQUIRE(guest.chan[1].used);
	EXPECT_MEM(&guest.chan[0].offer.class_id, &guest.chan[1].offer.class_id, 16);
	EXPECT(memcmp(&guest.chan[0].offer.instance_id, &guest.chan[1].offer.instance_id, 16));
	EXPECT_STREQ(value("vss1 status", "state"), "closed");
	end();
}

TEST(options_that_make_no_sense_are_refused)
{
	char err[128];

	lb = loopback_new(PAGES);
	REQUIRE(lb);
	EXPECT(vsp_util_option(lb->vsp, "utils", "vss+nonsense", err, sizeof(err)) < 0);
	EXPECT(vsp_util_option(lb->vsp, "utils", "", err, sizeof(err)) < 0);
	EXPECT(vsp_util_option(lb->vsp, "clock", "yesterday", err, sizeof(err)) < 0);
	EXPECT_EQ(vsp_util_option(lb->vsp, "echo", "1", err, sizeof(err)), 1);
	EXPECT_EQ(vsp_util_option(lb->vsp, "utils", "vss+kvp+fcopy", err, sizeof(err)), 0);
	EXPECT_EQ(vsp_util_start(lb->vsp, err, sizeof(err)), 0);
	EXPECT(command("kvp status"));
	EXPECT(!command("heartbeat status"));
	end();
}

/* Services -------------------------------------------------------------------------------*/

TEST(shutdown_says_what_it_is_told_to)
{
	begin("shutdown", 3, 2);
	EXPECT(command("shutdown reboot force reason=5 timeout=77 text=\"for \\\"you\\\"\""));
	REQUIRE(receive());
	EXPECT_EQ(le16(12), HVIC_TYPE_SHUTDOWN);
	EXPECT_EQ(le16(18), 2060);
	EXPECT_EQ(le32(28), 5);
	EXPECT_EQ(le32(32), 77);
	EXPECT_EQ(le32(36), 3);
	EXPECT_MEM(msg + 40, "for \"you\"", 10);
	answer(0);
	EXPECT_STREQ(value("shutdown result", "status"), "0x00000000 ok");
	EXPECT(!command("shutdown sideways"));
	end();
}

TEST(heartbeats_come_by_themselves_and_are_counted)
{
	int i;

	begin("heartbeat", 3, 0);
	for (i = 0; i < 3; i++) {
		REQUIRE(receive());
		EXPECT_EQ(le16(12), HVIC_TYPE_HEARTBEAT);
		EXPECT_EQ(le64(28), 2 * i);
		body[0]++;
		body[8] = HVIC_APP_HEALTHY;
		answer(0);
		EXPECT(!receive());
		loopback_advance(lb, 2000000000);
	}
	EXPECT_STREQ(value("heartbeat counters", "answered"), "4");
	EXPECT_STREQ(value("heartbeat status", "app_state"), "healthy");
	EXPECT(command("heartbeat off"));
	while (receive())
		;
	loopback_advance(lb, 60000000000);
	EXPECT(!receive());
	end();
}

TEST(wrong_number_in_a_heartbeat_is_blamed)
{
	begin("heartbeat", 3, 0);
	REQUIRE(receive());
	answer(0);
	end_blamed("number 0 answered with 0");
}

/* Those that were not answered are forgotten, and an answer to one is late and not wrong. */
TEST(guest_that_does_not_answer_gets_heartbeats_all_the_same)
{
	uint8_t first[128];
	u64 first_id;
	int i;

	begin("heartbeat", 3, 0);
	REQUIRE(receive());
	memcpy(first, msg, sizeof(first));
	first_id = view.id;
	for (i = 0; i < 100; i++) {
		loopback_advance(lb, 2000000000);
		REQUIRE(receive());
	}
	first[25] = 5;
	send_bytes(first, msg_len, first_id);
	EXPECT_STREQ(value("heartbeat counters", "late"), "1");
	end();
}

#define UNIX_1700000000	(HVIC_TIME_UNIX_EPOCH + 1700000000 * HVIC_TIME_PER_SECOND)

TEST(time_is_told_once_to_set_and_then_in_samples)
{
	begin("timesync", 4, 0);
	REQUIRE(receive());
	EXPECT_EQ(le16(12), HVIC_TYPE_TIMESYNC);
	EXPECT_EQ(le16(18), 24);
	EXPECT_EQ(le64(28), UNIX_1700000000);
	EXPECT_EQ(le64(36), 0);
	EXPECT_EQ(msg[44], HVIC_TIMESYNC_SYNC);
	answer(0);
	loopback_advance(lb, 5000000000);
	REQUIRE(receive());
	EXPECT_EQ(le64(28), UNIX_1700000000 + 5 * HVIC_TIME_PER_SECOND);
	EXPECT_EQ(le64(36), 5 * HVIC_TIME_PER_SECOND);
	EXPECT_EQ(msg[44], HVIC_TIMESYNC_SAMPLE);
	EXPECT_EQ(msg[46], 1);
	end();
}

TEST(old_guests_are_told_the_time_in_the_old_form)
{
	begin("timesync", 3, 0);
	REQUIRE(receive());
	EXPECT_EQ(le16(18), 28);
	EXPECT_EQ(le64(28), UNIX_1700000000);
	EXPECT_EQ(msg[52], HVIC_TIMESYNC_SYNC);
	end();
}

TEST(clock_jumps_drifts_and_sleeps)
{
	begin("timesync", 4, 0);
	REQUIRE(receive());
	answer(0);
	command("timesync off");
	EXPECT(command("timesync jump -1.5"));
	EXPECT(!receive());
	EXPECT_STREQ(value("timesync clock", "unix"), "1699999998.5000000");
	EXPECT(command("timesync drift 100"));
	loopback_advance(lb, 1000000000000);
	EXPECT_STREQ(value("timesync clock", "unix"), "1700000998.6000000");
	EXPECT(command("timesync sleep 3600"));
	REQUIRE(receive());
	EXPECT_EQ(le64(28), UNIX_1700000000 + 45986 * HVIC_TIME_PER_SECOND / 10);
	EXPECT_EQ(msg[44], HVIC_TIMESYNC_SYNC);
	/* The reference counter knows nothing of all this. */
	EXPECT_EQ(le64(36), 1000 * HVIC_TIME_PER_SECOND);
	answer(0);
	EXPECT(command("timesync sample off=+2 age=600 leap=3 stratum=9"));
	REQUIRE(receive());
	EXPECT_EQ(le64(28), UNIX_1700000000 + 46006 * HVIC_TIME_PER_SECOND / 10);
	EXPECT_EQ(le64(36), 400 * HVIC_TIME_PER_SECOND);
	EXPECT_EQ(msg[45], 3);
	EXPECT_EQ(msg[46], 9);
	end();
}

TEST(keys_and_values_are_utf16_with_their_ends)
{
	begin("kvp", 4, 0);
	EXPECT(command("kvp set guest \"a key\" \"\\u00e9\\u20ac\""));
	REQUIRE(receive());
	EXPECT_EQ(le16(18), 2580);
	EXPECT_EQ(body[0], HVIC_KVP_SET);
	EXPECT_EQ(body[1], 1);
	EXPECT_EQ(le32(32), 1);
	EXPECT_EQ(le32(36), 12);
	EXPECT_EQ(le32(40), 6);
	EXPECT_MEM(msg + 44, "a\0 \0k\0e\0y\0\0", 12);
	EXPECT_MEM(msg + 44 + 512, "\xe9\0\xac\x20\0", 6);
	answer(0);
	EXPECT_STREQ(value("kvp result", "status"), "0x00000000 ok");
	end();
}

TEST(numbers_have_their_types)
{
	begin("kvp", 4, 0);
	command("kvp set external n 305419896 u32");
	REQUIRE(receive());
	EXPECT_EQ(le32(32), 4);
	EXPECT_EQ(le32(40), 4);
	EXPECT_EQ(le32(44 + 512), 305419896);
	answer(0);
	command("kvp set external n 0x123456789abcdef0 qword");
	REQUIRE(receive());
	EXPECT_EQ(le32(32), 11);
	EXPECT_EQ(le32(40), 8);
	EXPECT_EQ(le64(44 + 512), 0x123456789abcdef0);
	answer(0);
	EXPECT(!command("kvp set external n 4294967296 u32"));
	EXPECT(!command("kvp set external n x u64"));
	EXPECT(!command("kvp set nowhere n x"));
	end();
}

TEST(value_got_is_in_the_result)
{
	begin("kvp", 4, 0);
	command("kvp get auto OSName");
	REQUIRE(receive());
	EXPECT_EQ(body[0], HVIC_KVP_GET);
	EXPECT_EQ(body[1], 2);
	msg[40] = 14;
	put_utf16(44 + 512, "say \"A\"");
	msg[40] = 16;
	answer(0);
	EXPECT_STREQ(value("kvp result", "value"), "string \"say \\\"A\\\"\"");
	command("kvp delete 1 x");
	REQUIRE(receive());
	EXPECT_EQ(body[0], HVIC_KVP_DELETE);
	EXPECT_EQ(le32(32), 4);
	EXPECT_EQ(msg[36], 'x');
	answer(HVIC_STATUS_NO_MORE_ITEMS);
	EXPECT_STREQ(value("kvp result", "status"), "0x80070103 no-more-items");
	end();
}

TEST(string_without_end_is_blamed)
{
	begin("kvp", 4, 0);
	command("kvp get auto OSName");
	REQUIRE(receive());
	put_utf16(44 + 512, "Linux");
	msg[40] = 10;
	answer(0);
	end_blamed("without its end");
}

static void item(const char *key, const char *text)
{
	msg[36] = 1;
	msg[40] = (uint8_t)(2 * strlen(key) + 2);
	msg[44] = (uint8_t)(2 * strlen(text) + 2);
	put_utf16(48, key);
	put_utf16(48 + 512, text);
	answer(0);
}

TEST(enumeration_goes_on_to_the_end)
{
	begin("kvp", 4, 0);
	command("kvp enumerate auto");
	REQUIRE(receive());
	EXPECT_EQ(body[0], HVIC_KVP_ENUMERATE);
	EXPECT_EQ(le32(32), 0);
	item("A", "1");
	REQUIRE(receive());
	EXPECT_EQ(le32(32), 1);
	item("B", "2");
	REQUIRE(receive());
	EXPECT_EQ(le32(32), 2);
	answer(HVIC_STATUS_NO_MORE_ITEMS);
	EXPECT_STREQ(value("kvp result", "messages"), "3");
	EXPECT(strstr(out, "\nitem 0 string \"A\" \"1\"\nitem 1 string \"B\" \"2\"\n"));
	EXPECT_STREQ(value("kvp counters", "items"), "2");
	end();
}

TEST(addresses_in_text_up_to_version_4)
{
	begin("kvp", 4, 0);
	command("kvp ip get 00:15:5D:01:02:03 v4");
	REQUIRE(receive());
	EXPECT_EQ(le16(18), 7428);
	EXPECT_EQ(body[0], HVIC_KVP_GET_IP_INFO);
	EXPECT_EQ(body[2], '0');
	EXPECT_EQ(body[258], HVIC_KVP_FAMILY_IPV4);
	body[259] = 1;
	put_utf16(28 + 260, "10.0.0.5;");
	put_utf16(28 + 2308, "255.0.0.0;");
	put_utf16(28 + 4356, "10.0.0.1;");
	put_utf16(28 + 5380, "9.9.9.9;");
	answer(0);
	EXPECT_STREQ(value("kvp result", "dhcp"), "1");
	EXPECT_STREQ(value("kvp result", "addresses"), "\"10.0.0.5;\"");
	EXPECT_STREQ(value("kvp result", "subnets"), "\"255.0.0.0;\"");
	EXPECT_STREQ(value("kvp result", "gateways"), "\"10.0.0.1;\"");
	EXPECT_STREQ(value("kvp result", "dns"), "\"9.9.9.9;\"");
	command("kvp ip set {GUID} addresses=10.0.0.6;fd00::6 subnets=255.0.0.0;64 dns=9.9.9.9");
	REQUIRE(receive());
	EXPECT_EQ(body[0], HVIC_KVP_SET_IP_INFO);
	EXPECT_EQ(body[2], '{');
	EXPECT_EQ(body[258], 3);
	EXPECT_EQ(body[259], 0);
	EXPECT_MEM(body + 260, "1\0" "0\0.\0" "0\0.\0" "0\0.\0" "6\0;\0f\0d\0", 22);
	answer(HVIC_STATUS_NOT_FOUND);
	EXPECT_STREQ(value("kvp result", "status"), "0x80041002 not-found");
	end();
}

TEST(addresses_in_binary_from_version_5_on)
{
	static const uint8_t fd00_6[16] = { 0xfd, [15] = 6 };

	begin("kvp", 5, 0);
	command("kvp ip set {GUID} addresses=10.0.0.6;fd00::6 subnets=255.0.0.0;64 gateways=10.0.0.1 dns=fd00::6");
	REQUIRE(receive());
	EXPECT_EQ(le16(18), 3716);
	EXPECT_EQ(le32(32), 1);
	EXPECT_EQ(le32(36), 1);
	EXPECT_EQ(le32(40), 1);
	EXPECT_EQ(le32(44), 0);
	EXPECT_EQ(le32(48), 0);
	EXPECT_EQ(le32(52), 1);
	EXPECT_EQ(msg[56], '{');
	EXPECT_EQ(msg[32 + 280], 3);
	EXPECT_MEM(msg + 32 + 284, "\x0a\0\0\x06", 4);
	EXPECT_MEM(msg + 32 + 540, fd00_6, 16);
	EXPECT_MEM(msg + 32 + 1564, "\xff\0\0\0", 4);
	EXPECT_EQ(le32(32 + 1820), 64);
	EXPECT_MEM(msg + 32 + 2076, "\x0a\0\0\x01", 4);
	EXPECT_MEM(msg + 32 + 2432, fd00_6, 16);
	EXPECT_EQ(le16(32 + 3456), 2);
	EXPECT_EQ(le16(32 + 3458), 2);
	/* The same bytes are a right answer to the other question. */
	answer(0);
	command("kvp ip get 00:15:5D:01:02:03");
	REQUIRE(receive());
	memcpy(msg + 32 + 284, "\x0a\0\0\x06", 4);
	memcpy(msg + 32 + 540, fd00_6, 16);
	memcpy(msg + 32 + 1564, "\xff\xff\0\0", 4);
	msg[32 + 1820] = 48;
	msg[32] = msg[36] = 1;
	answer(0);
	EXPECT_STREQ(value("kvp result", "addresses"), "\"10.0.0.6;fd00::6;\"");
	EXPECT_STREQ(value("kvp result", "subnets"), "\"255.255.0.0;48;\"");
	EXPECT(!command("kvp ip set {GUID} addresses=nonsense"));
	end();
}

TEST(more_addresses_than_there_is_room_for_are_blamed)
{
	begin("kvp", 5, 0);
	command("kvp ip get 00:15:5D:01:02:03");
	REQUIRE(receive());
	msg[32] = 65;
	answer(0);
	end_blamed("more addresses");
}

TEST(backup_flags_are_in_the_result)
{
	begin("vss", 5, 0);
	command("vss check");
	REQUIRE(receive());
	EXPECT_EQ(le16(18), 39);
	body[8] = HVIC_VSS_HBU_NO_AUTO_RECOVERY;
	answer(0);
	EXPECT_STREQ(value("vss result", "flags"), "5");
	command("vss op 3 9");
	REQUIRE(receive());
	EXPECT_EQ(body[0], HVIC_VSS_GET_DM_INFO);
	EXPECT_EQ(le32(36), 9);
	end();
}

/* Take a file piece by piece. */
static u32 take_file(uint8_t *file, u32 *last_op)
{
	u32 got = 0, size;

	while (receive()) {
		*last_op = le32(28);
		if (*last_op == HVIC_FCOPY_WRITE) {
			EXPECT_EQ(msg_len, (28u + 6196 + 7) & ~7u);
			size = le32(28 + 48);
			EXPECT(size <= HVIC_FCOPY_DATA);
			memcpy(file + le64(28 + 40), msg + 28 + 52, size);
			got += size;
		}
		answer(0);
	}
	return got;
}

static uint32_t crc_of(const uint8_t *bytes, u32 len)
{
	uint32_t crc = UINT32_MAX;
	int bit;

	while (len--) {
		crc ^= *bytes++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

TEST(file_comes_in_pieces_and_whole)
{
	static uint8_t file[20000];
	char crc[16];
	u32 last_op;

	begin("fcopy", 1, 1);
	EXPECT(command("fcopy put gen:20000:7 /tmp/dir name overwrite mkdir"));
	REQUIRE(receive());
	EXPECT_EQ(le16(18), 1088);
	EXPECT_EQ(le32(28), HVIC_FCOPY_START);
	EXPECT_MEM(msg + 28 + 36, "n\0a\0m\0e\0\0", 10);
	EXPECT_MEM(msg + 28 + 556, "/\0t\0m\0p\0/\0", 10);
	EXPECT_EQ(le32(28 + 1076), 3);
	EXPECT_EQ(le64(28 + 1080), 20000);
	answer(0);
	EXPECT_EQ(take_file(file, &last_op), 20000);
	EXPECT_EQ(last_op, HVIC_FCOPY_COMPLETE);
	EXPECT_STREQ(value("fcopy result", "sent"), "20000");
	snprintf(crc, sizeof(crc), "%08x", crc_of(file, 20000));
	EXPECT_STREQ(value("fcopy result", "crc32"), crc);
	end();
}

TEST(file_can_be_cancelled_or_left_half_done)
{
	static uint8_t file[20000];
	u32 last_op;

	begin("fcopy", 1, 1);
	command("fcopy put gen:20000 /tmp a cancel=7000");
	EXPECT_EQ(take_file(file, &last_op), 2 * HVIC_FCOPY_DATA);
	EXPECT_EQ(last_op, HVIC_FCOPY_CANCEL);
	command("fcopy put gen:20000 /tmp b abandon=100");
	EXPECT_EQ(take_file(file, &last_op), HVIC_FCOPY_DATA);
	EXPECT_EQ(last_op, HVIC_FCOPY_WRITE);
	EXPECT_STREQ(value("fcopy result", "state"), "answered");
	/* The guest says no to the first piece: that is the end of it. */
	command("fcopy put gen:20000 /tmp c");
	REQUIRE(receive());
	answer(0);
	REQUIRE(receive());
	answer(HVIC_STATUS_DISK_FULL);
	EXPECT(!receive());
	EXPECT_STREQ(value("fcopy result", "status"), "0x80070070 disk-full");
	EXPECT(!command("fcopy put /nonexistent/file /tmp c"));
	EXPECT(!command("fcopy put gen:x /tmp c"));
	EXPECT(!command("fcopy put gen:1 /tmp c nonsense"));
	end();
}

KTAP_MAIN

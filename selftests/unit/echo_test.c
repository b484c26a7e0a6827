// SPDX-License-Identifier: GPL-2.0
/*
 * echo_test.c - the provider's echo device and its monitor page, over the
 * loopback, with rings driven packet by packet
 *
 * Source: provider/echo.c provider/monitor.c
 */
/* Each test is linked from one object; the guest is shared with pair_test.c. */
#include "unit/miniguest.c"

#include "ktap.h"
#include "vmbus_client/proto/pkt.h"
#include "wire/echo.h"

#define PAGES		256u
#define DATA_PFN	200u		/* memory a test names in packets */
#define MONITOR_PFN	240u		/* and the next one */
#define PACKET_MAX	8192u

static struct loopback *lb;
static struct miniguest guest;
static struct mg_chan *chan;

/* What came last */
static uint8_t packet[PACKET_MAX] __attribute__((aligned(8)));
static struct pkt_view view;

static bool option(const char *name, const char *value)
{
	char err[128];

	return !vsp_echo_option(lb->vsp, name, value, err, sizeof(err));
}

/* A host with one echo device, whose channel the guest has opened. */
static void begin(const char *more, const char *value)
{
	char err[128];

	lb = loopback_new(PAGES);
	REQUIRE(lb);
	mg_init(&guest, lb);
	REQUIRE(option("echo", "1"));
	REQUIRE(!more || option(more, value));
	REQUIRE(!vsp_echo_start(lb->vsp, err, sizeof(err)));
	guest.monitor_pages[0] = MONITOR_PFN * PAGE;
	guest.monitor_pages[1] = (MONITOR_PFN + 1) * PAGE;
	mg_contact(&guest, 0);
	mg_settle(&guest);
	REQUIRE(guest.chan[0].used);
	mg_open(&guest, 0);
	mg_settle(&guest);
	REQUIRE(mg_is_open(&guest, 0));
	chan = &guest.chan[0];
}

static void end(void)
{
	EXPECT_EQ(lb->violations, 0);
	if (lb->violations)
		printf("# %s\n", lb->violation);
	loopback_free(lb);
}

static void send_vec(const struct ring_vec *vec, unsigned int count)
{
	EXPECT_EQ(ring_tx_put(&chan->tx, vec, count), 0);
	if (ring_tx_publish(&chan->tx))
		loopback_signal(lb, chan->offer.connection_id);
}

static void send(const void *msg, u32 len, u64 id)
{
	struct vmbus_pkt_hdr hdr;
	struct ring_vec vec[2] = { { &hdr, sizeof(hdr) }, { msg, len } };

	pkt_put_inband(&hdr, len, id, id != 0);
	send_vec(vec, 2);
}

static bool receive(void)
{
	int len = ring_rx_next(&chan->rx, packet, sizeof(packet));

	EXPECT(len >= 0);
	if (len <= 0)
		return false;
	EXPECT_EQ(pkt_parse(packet, (u32)len, &view), 0);
	if (ring_rx_commit(&chan->rx))
		loopback_signal(lb, chan->offer.connection_id);
	return true;
}

/* The completion of request @id, as a reply. */
static struct echo_reply reply_to(u64 id)
{
	struct echo_reply reply = { .status = ~0u };

	loopback_deliver(lb);
	EXPECT(receive());
	EXPECT_EQ(view.type, VMBUS_PKT_COMPLETION);
	EXPECT_EQ(view.id, id);
	EXPECT_EQ(view.payload_len, sizeof(reply));
	if (view.payload_len >= sizeof(reply))
		memcpy(&reply, view.payload, sizeof(reply));
	return reply;
}

static uint64_t counter(const char *name)
{
	char out[16384], *at;
	char line[64];

	loopback_command(lb, "counters", out, sizeof(out));
	snprintf(line, sizeof(line), "\n%s ", name);
	at = strstr(out, line);
	EXPECT(at);
	return at ? strtoull(at + strlen(line), NULL, 10) : 0;
}

static uint32_t request(uint8_t *msg, uint32_t op, uint32_t body)
{
	struct echo_hdr hdr = { .op = cpu_to_le32(op), .len = cpu_to_le32(body) };
	uint32_t i;

	memcpy(msg, &hdr, sizeof(hdr));
	for (i = 0; i < body; i++)
		msg[sizeof(hdr) + i] = (uint8_t)(body + i * 3);
	return (uint32_t)sizeof(hdr) + body;
}

/* Every size there is room for comes back, byte for byte and padded with zeros. */
TEST(every_size_comes_back_as_completion_and_in_band)
{
	static const uint8_t zeros[8];
	uint8_t msg[PACKET_MAX];
	uint32_t body, len, id;

	begin(NULL, NULL);
	for (body = 0; body < 4200; body += body < 300 ? 1 : 37) {
		for (id = 0; id < 2; id++) {
			len = request(msg, ECHO_OP_ECHO, body);
			send(msg, len, id);
			loopback_deliver(lb);
			REQUIRE(receive());
			EXPECT_EQ(view.type, id ? VMBUS_PKT_COMPLETION : VMBUS_PKT_INBAND);
			EXPECT_EQ(view.id, id);
			REQUIRE(view.payload_len == ((len + 7) & ~7u));
			EXPECT_MEM(view.payload, msg, len);
			EXPECT_MEM((const uint8_t *)view.payload + len, zeros,
				   view.payload_len - len);
		}
	}
	end();
}

TEST(sunk_packets_are_counted_and_not_answered)
{
	uint8_t msg[128];
	int i;

	begin(NULL, NULL);
	for (i = 0; i < 50; i++) {
		send(msg, request(msg, ECHO_OP_SINK, 20), 0);
		loopback_deliver(lb);
	}
	EXPECT(!receive());
	EXPECT_EQ(counter("echo0.sunk"), 50);
	EXPECT_EQ(counter("echo0.sunk_bytes"), 1000);
	send(msg, request(msg, ECHO_OP_SINK, 20), 9);
	loopback_deliver(lb);
	EXPECT(receive());
	EXPECT_EQ(view.id, 9);
	EXPECT_EQ(view.payload_len, 0);
	end();
}

static void ask_source(uint32_t count, uint32_t body_len, uint32_t flags, u64 id)
{
	struct echo_source msg = {
		.hdr.op = cpu_to_le32(ECHO_OP_SOURCE),
		.hdr.len = cpu_to_le32(sizeof(msg) - sizeof(msg.hdr)),
		.count = cpu_to_le32(count),
		.body_len = cpu_to_le32(body_len),
		.flags = cpu_to_le32(flags),
	};

	send(&msg, sizeof(msg), id);
}

/* Far more than the ring holds: what does not fit waits, in order, for room. */
TEST(source_sends_what_was_asked_for_in_order)
{
	const uint8_t *bytes;
	struct echo_data data;
	uint32_t n, i, wrong = 0;

	begin(NULL, NULL);
	ask_source(1000, 100, 0, 5);
	for (n = 0; n < 1000; n++) {
		loopback_deliver(lb);
		REQUIRE(receive());
		EXPECT_EQ(view.type, VMBUS_PKT_INBAND);
		EXPECT_EQ(view.flags, 0);
		REQUIRE(view.payload_len == (sizeof(data) + 100 + 7) / 8 * 8);
		bytes = view.payload;
		memcpy(&data, bytes, sizeof(data));
		EXPECT_EQ(data.hdr.op, ECHO_OP_DATA);
		EXPECT_EQ(data.hdr.len, 108);
		EXPECT_EQ(data.number, n);
		EXPECT_EQ(data.count, 1000);
		for (i = 0; i < 100; i++)
			wrong += bytes[sizeof(data) + i] != (uint8_t)(n + i);
	}
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(reply_to(5).value, 1000);
	EXPECT(counter("ring_full") > 0);
	end();
}

TEST(source_can_want_completions)
{
	struct vmbus_pkt_hdr hdr;
	struct ring_vec vec = { &hdr, sizeof(hdr) };
	u32 n;

	begin(NULL, NULL);
	ask_source(3, 0, ECHO_SOURCE_WANT_COMPLETION, 0);
	loopback_deliver(lb);
	for (n = 1; n <= 3; n++) {
		REQUIRE(receive());
		EXPECT_EQ(view.flags, VMBUS_PKT_FLAG_COMPLETION);
		EXPECT_EQ(view.id, n);
		pkt_put_completion(&hdr, 0, view.id);
		send_vec(&vec, 1);
	}
	loopback_deliver(lb);
	EXPECT_EQ(counter("echo0.confirmed"), 3);
	end();
}

TEST(too_large_a_source_is_refused)
{
	begin(NULL, NULL);
	ask_source(ECHO_SOURCE_MAX_PACKETS + 1, 0, 0, 1);
	EXPECT_EQ(reply_to(1).status, ECHO_STATUS_INVALID);
	ask_source(2, ECHO_SOURCE_MAX_BYTES, 0, 2);
	EXPECT_EQ(reply_to(2).status, ECHO_STATUS_INVALID);
	EXPECT(!receive());
	end();
}

static void ask_subs(uint32_t count, u64 id)
{
	struct echo_sub_channels msg = {
		.hdr.op = cpu_to_le32(ECHO_OP_SUB_CHANNELS),
		.hdr.len = cpu_to_le32(sizeof(msg) - sizeof(msg.hdr)),
		.count = cpu_to_le32(count),
	};

	send(&msg, sizeof(msg), id);
}

/* No more are granted than the option says, however often they are asked for. */
TEST(sub_channels_are_offered_and_echo_too)
{
	uint8_t msg[64];
	uint32_t len;

	begin("echo_sub_channels", "3");
	ask_subs(2, 1);
	EXPECT_EQ(reply_to(1).value, 2);
	ask_subs(2, 2);
	EXPECT_EQ(reply_to(2).value, 1);
	mg_settle(&guest);
	EXPECT(guest.chan[3].used);
	EXPECT_EQ(guest.chan[3].offer.sub_channel_index, 3);
	mg_open(&guest, 2);
	mg_settle(&guest);
	REQUIRE(mg_is_open(&guest, 2));
	chan = &guest.chan[2];
	len = request(msg, ECHO_OP_ECHO, 9);
	send(msg, len, 7);
	loopback_deliver(lb);
	REQUIRE(receive());
	EXPECT_EQ(view.id, 7);
	EXPECT_MEM(view.payload, msg, len);
	ask_subs(1, 8);
	EXPECT_EQ(reply_to(8).status, ECHO_STATUS_INVALID);
	end();
}

/* "123456789", the check value of every description of this CRC. */
#define CHECK_VALUE	0xcbf43926u

TEST(checksum_of_memory_named_in_a_packet)
{
	struct echo_hdr msg = { .op = cpu_to_le32(ECHO_OP_CHECKSUM) };
	u64 pfns[2] = { DATA_PFN, DATA_PFN + 1 };
	struct pkt_gpa_hdr hdr;
	struct ring_vec vec[3] = { { &hdr, sizeof(hdr) }, { pfns, sizeof(pfns) },
				   { &msg, sizeof(msg) } };
	struct echo_reply reply;

	begin(NULL, NULL);
	memcpy((uint8_t *)loopback_page(lb, DATA_PFN) + PAGE - 4, "123456789", 9);
	EXPECT_EQ(pkt_put_gpa_direct(&hdr, PAGE - 4, 9, sizeof(msg), 11), 2);
	send_vec(vec, 3);
	reply = reply_to(11);
	EXPECT_EQ(reply.status, ECHO_STATUS_OK);
	EXPECT_EQ(reply.value, CHECK_VALUE);
	end();
}

static uint32_t checksum_of_buffer(uint32_t gpadl, uint32_t at, uint32_t bytes, uint32_t *status)
{
	struct echo_buffer msg = {
		.hdr.op = cpu_to_le32(ECHO_OP_BUFFER),
		.hdr.len = cpu_to_le32(sizeof(msg) - sizeof(msg.hdr)),
		.gpadl = cpu_to_le32(gpadl),
		.at = cpu_to_le32(at),
		.bytes = cpu_to_le32(bytes),
	};
	struct echo_reply reply;

	send(&msg, sizeof(msg), 3);
	reply = reply_to(3);
	*status = reply.status;
	return reply.value;
}

/* The rings of the channel itself will do as a buffer: the guest has lent no other. */
TEST(checksum_of_a_lent_buffer)
{
	uint32_t status, ring_bytes = 2 * MG_RING_PAGES * PAGE;
	uint8_t *end_of_ring;

	begin(NULL, NULL);
	end_of_ring = (uint8_t *)loopback_page(lb, chan->first_pfn) + ring_bytes - 9;
	memcpy(end_of_ring, "123456789", 9);
	EXPECT_EQ(checksum_of_buffer(chan->gpadl, ring_bytes - 9, 9, &status), CHECK_VALUE);
	EXPECT_EQ(status, ECHO_STATUS_OK);
	checksum_of_buffer(chan->gpadl, ring_bytes - 9, 10, &status);
	EXPECT_EQ(status, ECHO_STATUS_INVALID);
	checksum_of_buffer(chan->gpadl + 1, 0, 1, &status);
	EXPECT_EQ(status, ECHO_STATUS_INVALID);
	end();
}

TEST(held_answers_come_when_released)
{
	uint8_t msg[64];

	begin(NULL, NULL);
	EXPECT(loopback_command(lb, "echo0 hold", NULL, 0));
	send(msg, request(msg, ECHO_OP_ECHO, 8), 1);
	send(msg, request(msg, ECHO_OP_SINK, 8), 2);
	loopback_deliver(lb);
	EXPECT(!receive());
	EXPECT(loopback_command(lb, "echo0 release", NULL, 0));
	REQUIRE(receive());
	EXPECT_EQ(view.id, 1);
	REQUIRE(receive());
	EXPECT_EQ(view.id, 2);
	/* Held ones die with the channel. */
	EXPECT(loopback_command(lb, "echo0 hold", NULL, 0));
	send(msg, request(msg, ECHO_OP_ECHO, 8), 3);
	loopback_deliver(lb);
	mg_close(&guest, 0);
	mg_settle(&guest);
	EXPECT(loopback_command(lb, "echo0 release", NULL, 0));
	end();
}

TEST(host_sends_on_command)
{
	begin(NULL, NULL);
	EXPECT(loopback_command(lb, "echo0 send 4 16", NULL, 0));
	EXPECT(receive() && receive() && receive() && receive() && !receive());
	EXPECT(!loopback_command(lb, "echo0 send 4", NULL, 0));
	EXPECT(!loopback_command(lb, "echo0 send 4 16 please", NULL, 0));
	EXPECT(!loopback_command(lb, "echo0 send 100000 16", NULL, 0));
	end();
}

static void expect_violation(const char *what)
{
	loopback_deliver(lb);
	EXPECT_EQ(lb->violations, 1);
	EXPECT(strstr(lb->violation, what));
	lb->violations = 0;
	EXPECT_EQ(counter("echo0.garbled"), 1);
	loopback_command(lb, "reset-counters", NULL, 0);
}

TEST(requests_that_cannot_be_are_violations)
{
	uint8_t msg[128];
	uint32_t len;

	begin(NULL, NULL);
	send(msg, request(msg, 99, 8), 0);
	expect_violation("unknown");
	send(msg, 4, 0);
	expect_violation("unknown");
	send(msg, request(msg, ECHO_OP_SOURCE, 8), 0);
	expect_violation("length");
	len = request(msg, ECHO_OP_ECHO, 8);
	send(msg, len - 8, 0);
	expect_violation("length");
	send(msg, len + 8, 0);
	expect_violation("too long");
	send(msg, request(msg, ECHO_OP_CHECKSUM, 0), 0);
	expect_violation("wrong type");
	len = request(msg, ECHO_OP_ECHO, 3);
	msg[len] = 0xaa;
	send(msg, len + 1, 0);
	expect_violation("padded");
	end();
}

/* Monitor page -----------------------------------------------------------------------*/

static struct tlfs_monitor_page *monitor_page(void)
{
	return loopback_page(lb, MONITOR_PFN + 1);
}

/* A set bit does what a hypercall does, a little later. */
TEST(a_bit_in_the_monitor_page_is_a_signal)
{
	uint8_t msg[64];
	struct vmbus_pkt_hdr hdr;
	uint32_t len = request(msg, ECHO_OP_ECHO, 8);
	struct ring_vec vec[2] = { { &hdr, sizeof(hdr) }, { msg, len } };

	begin("echo_monitor", "on");
	EXPECT(chan->offer.monitored);
	EXPECT_EQ(chan->offer.monitor_id, 0);
	pkt_put_inband(&hdr, len, 1, true);
	EXPECT_EQ(ring_tx_put(&chan->tx, vec, 2), 0);
	EXPECT(ring_tx_publish(&chan->tx));
	loopback_advance(lb, 200000);
	EXPECT(!receive());

	__atomic_fetch_or(&monitor_page()->group[0].pending, 1, __ATOMIC_SEQ_CST);
	EXPECT(!receive());
	loopback_advance(lb, 100000);
	EXPECT(receive());
	EXPECT_EQ(monitor_page()->group[0].pending, 0);
	EXPECT_EQ(counter("signals_monitor"), 1);
	EXPECT_EQ(counter("signals"), 0);
	end();
}

TEST(nobody_looks_at_the_monitor_page_without_an_open_channel)
{
	begin("echo_monitor", "on");
	EXPECT(lb->timer != UINT64_MAX);
	mg_close(&guest, 0);
	mg_settle(&guest);
	EXPECT(lb->timer == UINT64_MAX);
	end();
}

TEST(a_bit_of_no_channel_is_a_violation)
{
	begin("echo_monitor", "on");
	monitor_page()->group[2].pending = 8;
	loopback_advance(lb, 200000);
	EXPECT_EQ(lb->violations, 1);
	EXPECT(strstr(lb->violation, "67"));
	lb->violations = 0;
	end();
}

TEST(without_the_option_no_offer_has_a_monitor)
{
	begin(NULL, NULL);
	EXPECT(!chan->offer.monitored);
	EXPECT_EQ(chan->offer.monitor_id, 0xff);
	EXPECT(lb->timer == UINT64_MAX);
	end();
}

TEST(options_that_make_no_sense_are_refused)
{
	char err[128];

	lb = loopback_new(PAGES);
	REQUIRE(lb);
	EXPECT(!option("echo", "17"));
	EXPECT(!option("echo", "x"));
	EXPECT(!option("echo_sub_channels", "65"));
	EXPECT(!option("echo_monitor", "yes"));
	EXPECT_EQ(vsp_echo_option(lb->vsp, "lun0", "ram:1M", err, sizeof(err)), 1);
	EXPECT_EQ(vsp_echo_start(lb->vsp, err, sizeof(err)), 0);
	loopback_free(lb);
}

KTAP_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * provider_test.c - the host side over the loopback transport: what it answers a
 * correct guest, and what it calls a violation
 *
 * Source: provider/server.c provider/channel.c provider/fault.c provider/script.c
 *
 * The messages are built by hand here, field by field, so that neither side's
 * encoder is trusted.
 */
#include "ktap.h"

#include <stdlib.h>

#include "env.h"
#include "provider/loopback.h"
#include "provider/ring.h"

#define PAGES		64u
#define RING_PFN	16u	/* where the rings of a test lie */
#define RING_PAGES	8u
#define OUT_PAGE	4u
#define GPADL		0xe1e10u

/* A device that answers: every request is completed with its own payload ------------*/

static struct echo {
	struct vsp *vsp;
	struct vsp_device *device;
	struct vsp_chan *chan;
	uint32_t opened, closed, packets, destroyed, last_range_len;
	uint16_t last_type;
	bool hold;		/* do not answer */
	uint64_t held_id;
} echo;

static void echo_opened(void *dev, struct vsp_chan *chan)
{
	(void)dev;
	echo.chan = chan;
	echo.opened++;
}

static void echo_closed(void *dev, struct vsp_chan *chan)
{
	(void)dev, (void)chan;
	echo.chan = NULL;
	echo.closed++;
}

static void echo_packet(void *dev, struct vsp_chan *chan, struct vsp_pkt *pkt)
{
	(void)dev;
	echo.packets++;
	echo.last_type = pkt->type;
	echo.last_range_len = pkt->range_count ? pkt->ranges[0].len : 0;
	echo.held_id = pkt->id;
	if (pkt->wants_completion && pkt->id && !echo.hold)
		vsp_chan_complete(chan, pkt->id, pkt->payload, pkt->payload_len);
}

static void echo_destroy(void *dev)
{
	(void)dev;
	echo.destroyed++;
}

static const struct vsp_device_ops echo_ops = {
	.name = "echo",
	.class_id = WIRE_GUID_HEARTBEAT,
	.chan_opened = echo_opened,
	.chan_closed = echo_closed,
	.packet = echo_packet,
	.destroy = echo_destroy,
};

/* A guest, by hand ---------------------------------------------------------------------*/

static struct loopback *lb;
static uint32_t conn_id;
static union {
	struct vmbus_msg_hdr hdr;
	struct vmbus_msg_version_response version;
	struct vmbus_msg_version_response_features features;
	struct vmbus_msg_offer offer;
	struct vmbus_msg_open_result open;
	struct vmbus_msg_gpadl_created created;
	struct vmbus_msg_gpadl_torndown torndown;
	struct vmbus_msg_rescind rescind;
	struct vmbus_msg_modify_channel_response modify;
	uint8_t bytes[240];
} got;
static uint32_t got_len;

static void begin(void)
{
	static const struct wire_guid instance = WIRE_GUID_TIMESYNC;

	memset(&echo, 0, sizeof(echo));
	conn_id = 1;
	lb = loopback_new(PAGES);
	echo.vsp = lb->vsp;
	echo.device = vsp_device_add(lb->vsp, &echo_ops, &echo, &instance, "echo0");
}

static void end(void)
{
	loopback_free(lb);
	EXPECT_EQ(echo.destroyed, 1);
	EXPECT_EQ(echo.opened, echo.closed);
}

static bool receive(void)
{
	struct tlfs_message msg;

	memset(&got, 0xee, sizeof(got));
	if (!loopback_receive(lb, 0, &msg))
		return false;
	EXPECT_EQ(msg.type, TLFS_MSG_VMBUS);
	got_len = msg.payload_size;
	memcpy(&got, msg.payload, got_len);
	return true;
}

static bool receive_type(uint32_t type)
{
	return receive() && got.hdr.type == type;
}

static uint16_t post(const void *msg, uint32_t len)
{
	return loopback_post(lb, conn_id, msg, len);
}

static uint16_t post_simple(uint32_t type)
{
	struct vmbus_msg_hdr msg = { .type = type };

	return post(&msg, sizeof(msg));
}

/* CLOSE, RELID_RELEASED and so on: a header and a relid */
static void post_relid(uint32_t type, uint32_t relid)
{
	struct vmbus_msg_close msg = { .hdr.type = type, .relid = relid };

	post(&msg, sizeof(msg));
}

static uint16_t contact(uint32_t version)
{
	struct vmbus_msg_initiate_contact msg = {
		.hdr.type = VMBUS_MSG_INITIATE_CONTACT,
		.version = version,
	};

	if (version >= VMBUS_VERSION_5_0)
		msg.sint = 2;
	conn_id = version >= VMBUS_VERSION_5_0 ? 4 : 1;
	return post(&msg, sizeof(msg));
}

static bool connect_as(uint32_t version)
{
	contact(version);
	if (!receive_type(VMBUS_MSG_VERSION_RESPONSE) || !got.version.supported)
		return false;
	conn_id = version >= VMBUS_VERSION_5_0 ? got.version.message_connection_id : 1;
	return true;
}

/* Connected, and the one offer taken; its relid. */
static uint32_t get_offer(void)
{
	uint32_t relid = 0;

	if (!connect_as(VMBUS_VERSION_5_3))
		return 0;
	post_simple(VMBUS_MSG_REQUEST_OFFERS);
	if (receive_type(VMBUS_MSG_OFFER))
		relid = got.offer.relid;
	EXPECT(receive_type(VMBUS_MSG_ALL_OFFERS_DELIVERED));
	return relid;
}

/* One range of pages from @pfn, in as many messages as it takes. */
static void post_gpadl(uint32_t relid, uint32_t handle, uint64_t pfn, uint32_t pages)
{
	uint8_t msg[240] = { 0 };
	struct vmbus_msg_gpadl_header *header = (void *)msg;
	struct vmbus_msg_gpadl_body *body = (void *)msg;
	struct vmbus_gpa_range range = { .byte_count = pages * 4096 };
	uint32_t done = 0, at;

	header->hdr.type = VMBUS_MSG_GPADL_HEADER;
	header->relid = relid;
	header->gpadl = handle;
	header->range_len = (uint16_t)(8 + pages * 8);
	header->range_count = 1;
	memcpy(msg + 20, &range, 8);
	for (at = 28; done < pages && at + 8 <= 240; at += 8, done++, pfn++)
		memcpy(msg + at, &pfn, 8);
	post(msg, at);
	while (done < pages) {
		memset(msg, 0, sizeof(msg));
		body->hdr.type = VMBUS_MSG_GPADL_BODY;
		body->gpadl = handle;
		for (at = 16; done < pages && at + 8 <= 240; at += 8, done++, pfn++)
			memcpy(msg + at, &pfn, 8);
		post(msg, at);
	}
}

/* The handle and status of the answer; status 0xbad if there is none. */
static uint32_t gpadl_status(uint32_t handle)
{
	if (!receive_type(VMBUS_MSG_GPADL_CREATED) || got.created.gpadl != handle)
		return 0xbad;
	return got.created.status;
}

static void post_open(uint32_t relid, uint32_t handle, uint32_t out_page)
{
	struct vmbus_msg_open msg = {
		.hdr.type = VMBUS_MSG_OPEN,
		.relid = relid,
		.open_id = 0x1234,
		.ring_gpadl = handle,
		.rx_ring_page = out_page,
	};

	post(&msg, sizeof(msg));
}

static uint32_t open_status(uint32_t relid)
{
	if (!receive_type(VMBUS_MSG_OPEN_RESULT) || got.open.relid != relid ||
	    got.open.open_id != 0x1234)
		return 0xbad;
	return got.open.status;
}

static void clear_rings(void)
{
	memset(loopback_page(lb, RING_PFN), 0, RING_PAGES * 4096);
}

/* Up to an open channel; its relid, 0 if that failed. */
static uint32_t get_open(void)
{
	uint32_t relid = get_offer();

	post_gpadl(relid, GPADL, RING_PFN, RING_PAGES);
	if (gpadl_status(GPADL))
		return 0;
	clear_rings();
	post_open(relid, GPADL, OUT_PAGE);
	return open_status(relid) ? 0 : relid;
}

static void post_teardown(uint32_t relid, uint32_t handle)
{
	struct vmbus_msg_gpadl_teardown msg = {
		.hdr.type = VMBUS_MSG_GPADL_TEARDOWN,
		.relid = relid,
		.gpadl = handle,
	};

	post(&msg, sizeof(msg));
}

static bool torn_down(uint32_t handle)
{
	return receive_type(VMBUS_MSG_GPADL_TORNDOWN) && got.torndown.gpadl == handle;
}

/* Write raw bytes at the guest's write index and publish them. */
static void ring_write(const void *bytes, uint32_t len)
{
	struct vmbus_ring_page *ctl = loopback_page(lb, RING_PFN);
	uint8_t *data = loopback_page(lb, RING_PFN + 1);
	uint32_t size = (OUT_PAGE - 1) * 4096, at = ctl->write_index, i;

	for (i = 0; i < len; i++)
		data[(at + i) % size] = ((const uint8_t *)bytes)[i];
	ctl->write_index = (at + len) % size;
}

/* A packet with an 8-byte payload, and a trailer. */
static void send_packet(uint16_t type, uint16_t flags, uint64_t id, uint64_t payload)
{
	struct vmbus_ring_page *ctl = loopback_page(lb, RING_PFN);
	struct {
		struct vmbus_pkt_hdr hdr;
		uint64_t payload;
		struct vmbus_pkt_trailer trailer;
	} pkt = {
		.hdr = { .type = type, .offset8 = 2, .len8 = 3, .flags = flags, .id = id },
		.payload = payload,
		.trailer.start = ctl->write_index,
	};

	ring_write(&pkt, sizeof(pkt));
}

static void kick(uint32_t relid)
{
	EXPECT_EQ(loopback_signal(lb, 0x2000 + relid), TLFS_STATUS_SUCCESS);
	loopback_deliver(lb);
}

/* The next packet in the host-to-guest ring, 8 bytes of payload at most. */
static bool ring_read(struct vmbus_pkt_hdr *hdr, uint64_t *payload)
{
	struct vmbus_ring_page *ctl = loopback_page(lb, RING_PFN + OUT_PAGE);
	uint8_t *data = loopback_page(lb, RING_PFN + OUT_PAGE + 1);
	uint32_t size = (RING_PAGES - OUT_PAGE - 1) * 4096, at = ctl->read_index, i;
	uint8_t copy[24];

	if (at == ctl->write_index)
		return false;
	for (i = 0; i < sizeof(copy); i++)
		copy[i] = data[(at + i) % size];
	memcpy(hdr, copy, sizeof(*hdr));
	memcpy(payload, copy + 16, 8);
	ctl->read_index = (at + hdr->len8 * 8 + 8) % size;
	return true;
}

/* How many violations since the last time asked. */
static uint32_t violations(void)
{
	uint32_t n = lb->violations;

	lb->violations = 0;
	return n;
}

static const char *ledger(void)
{
	static char out[256];

	loopback_command(lb, "ledger", out, sizeof(out));
	out[strcspn(out, "\n")] = '\0';
	return out;
}

#define LEDGER_EMPTY "ledger gpadls=0 open=0 unreleased=0 requests=0 connected="

/* Contact ----------------------------------------------------------------------------*/

TEST(every_version_it_speaks_and_no_other)
{
	static const uint32_t spoken[] = {
		VMBUS_VERSION_4_0, VMBUS_VERSION_4_1, VMBUS_VERSION_5_0,
		VMBUS_VERSION_5_1, VMBUS_VERSION_5_2, VMBUS_VERSION_5_3,
		VMBUS_VERSION_6_0,
	};
	static const uint32_t foreign[] = {
		VMBUS_VERSION(0, 13), VMBUS_VERSION(1, 1), VMBUS_VERSION(2, 4), VMBUS_VERSION(3, 0),
		VMBUS_VERSION(4, 2), VMBUS_VERSION(5, 4), VMBUS_VERSION(6, 1), 0xffffffff,
	};
	unsigned int i;

	begin();
	for (i = 0; i < 7; i++) {
		EXPECT_EQ(contact(spoken[i]), TLFS_STATUS_SUCCESS);
		REQUIRE(receive_type(VMBUS_MSG_VERSION_RESPONSE));
		EXPECT_EQ(got_len, spoken[i] >= VMBUS_VERSION_6_0 ? 20 : 16);
		EXPECT_EQ(got.version.supported, 1);
		EXPECT_EQ(got.version.connection_state, 0);
		EXPECT_EQ(got.version.message_connection_id,
			  spoken[i] >= VMBUS_VERSION_5_0 ? 1 : 0);
	}
	for (i = 0; i < 8; i++) {
		contact(foreign[i]);
		REQUIRE(receive_type(VMBUS_MSG_VERSION_RESPONSE));
		EXPECT_EQ(got_len, 16);
		EXPECT_EQ(got.version.supported, 0);
	}
	EXPECT_EQ(violations(), 0);
	end();
}

static void contact_asking(uint32_t features, uint32_t len)
{
	struct vmbus_msg_initiate_contact_id msg = {
		.contact = {
			.hdr.type = VMBUS_MSG_INITIATE_CONTACT,
			.version = VMBUS_VERSION_6_0,
			.sint = 2,
			.feature_flags = features,
		},
	};

	conn_id = 4;
	post(&msg, len);
}

TEST(features_granted_are_those_asked_for_and_had)
{
	char err[128];

	begin();
	contact_asking(0xf7, 40);
	REQUIRE(receive_type(VMBUS_MSG_VERSION_RESPONSE));
	EXPECT_EQ(got.features.feature_flags, 0);
	REQUIRE(!vsp_option(lb->vsp, "features", "0x2c", err, sizeof(err)));
	contact_asking(0x25, 40);
	REQUIRE(receive_type(VMBUS_MSG_VERSION_RESPONSE));
	EXPECT_EQ(got_len, 20);
	EXPECT_EQ(got.features.feature_flags, 0x24);
	contact_asking(0, 40);
	REQUIRE(receive_type(VMBUS_MSG_VERSION_RESPONSE));
	EXPECT_EQ(got.features.feature_flags, 0);
	/* Of an earlier version the flags are not even there. */
	REQUIRE(connect_as(VMBUS_VERSION_5_3));
	EXPECT_EQ(got_len, 16);
	EXPECT_EQ(violations(), 0);
	/* A client id is promised: it must be there, else no answer. */
	contact_asking(VMBUS_FEATURE_CLIENT_ID, 56);
	REQUIRE(receive_type(VMBUS_MSG_VERSION_RESPONSE));
	EXPECT_EQ(got.features.feature_flags, 8);
	EXPECT_EQ(violations(), 0);
	contact_asking(VMBUS_FEATURE_CLIENT_ID, 40);
	EXPECT(!receive());
	EXPECT_EQ(violations(), 1);
	end();
}

TEST(features_nobody_asked_for_come_in_the_longest_form)
{
	char err[128];

	begin();
	REQUIRE(!vsp_option(lb->vsp, "unasked_features", "0xff", err, sizeof(err)));
	contact_asking(0, 40);
	REQUIRE(receive_type(VMBUS_MSG_VERSION_RESPONSE));
	EXPECT_EQ(got_len, 40);
	EXPECT_EQ(got.features.feature_flags, 0xff);
	end();
}

TEST(an_older_host_has_no_port_four)
{
	char err[128];

	begin();
	REQUIRE(!vsp_option(lb->vsp, "max_version", "4.1", err, sizeof(err)));
	EXPECT_EQ(contact(VMBUS_VERSION_5_3), TLFS_STATUS_INVALID_CONNECTION_ID);
	EXPECT(!receive());
	EXPECT(connect_as(VMBUS_VERSION_4_1));
	REQUIRE(!vsp_option(lb->vsp, "max_version", "5.2", err, sizeof(err)));
	EXPECT(!connect_as(VMBUS_VERSION_5_3));
	EXPECT(connect_as(VMBUS_VERSION_5_2));
	EXPECT_EQ(violations(), 0);
	end();
}

TEST(contact_on_the_wrong_port_is_a_violation)
{
	struct vmbus_msg_initiate_contact msg = {
		.hdr.type = VMBUS_MSG_INITIATE_CONTACT,
		.version = VMBUS_VERSION_5_3,
		.sint = 2,
	};

	begin();
	conn_id = 1;
	post(&msg, sizeof(msg));
	EXPECT_EQ(violations(), 1);
	msg.version = VMBUS_VERSION_4_0;
	conn_id = 4;
	post(&msg, sizeof(msg));
	EXPECT_EQ(violations(), 1);
	end();
}

TEST(contact_with_one_monitor_page_fails)
{
	struct vmbus_msg_initiate_contact msg = {
		.hdr.type = VMBUS_MSG_INITIATE_CONTACT,
		.version = VMBUS_VERSION_4_1,
		.monitor_page_to_guest = 0x3000,
	};

	begin();
	post(&msg, sizeof(msg));
	REQUIRE(receive_type(VMBUS_MSG_VERSION_RESPONSE));
	EXPECT_EQ(got.version.supported, 1);
	EXPECT_EQ(got.version.connection_state, VMBUS_CONTACT_FAILED);
	EXPECT_EQ(violations(), 1);
	post_simple(VMBUS_MSG_REQUEST_OFFERS);	/* we are not connected */
	EXPECT_EQ(violations(), 1);
	end();
}

TEST(contact_again_begins_anew)
{
	begin();
	REQUIRE(get_open());
	REQUIRE(connect_as(VMBUS_VERSION_4_0));
	EXPECT_EQ(echo.closed, 1);
	EXPECT_STREQ(ledger(), LEDGER_EMPTY "1");
	EXPECT_EQ(violations(), 0);
	end();
}

/* A kernel that starts another without a word: what it lent may be anybody's memory now. */
TEST(contact_without_unload_leaves_the_old_rings_alone)
{
	static uint8_t before[RING_PAGES * 4096];
	uint32_t relid;

	begin();
	relid = get_open();
	REQUIRE(relid);
	echo.hold = true;
	send_packet(VMBUS_PKT_INBAND, VMBUS_PKT_FLAG_COMPLETION, 7, 1);
	kick(relid);
	EXPECT_EQ(echo.packets, 1);
	send_packet(VMBUS_PKT_INBAND, VMBUS_PKT_FLAG_COMPLETION, 8, 2);
	memcpy(before, loopback_page(lb, RING_PFN), sizeof(before));
	loopback_signal(lb, 0x2000 + relid);
	EXPECT(connect_as(VMBUS_VERSION_5_3));
	EXPECT_EQ(echo.closed, 1);
	/* Neither a signal that was on its way nor time makes it look there again. */
	loopback_deliver(lb);
	loopback_advance(lb, 1000000000);
	EXPECT_EQ(loopback_signal(lb, 0x2000 + relid), TLFS_STATUS_INVALID_CONNECTION_ID);
	EXPECT_EQ(echo.packets, 1);
	EXPECT_MEM(loopback_page(lb, RING_PFN), before, sizeof(before));
	EXPECT_STREQ(ledger(), LEDGER_EMPTY "1");
	EXPECT_EQ(violations(), 0);
	end();
}

TEST(fresh_relids_are_not_those_of_the_connection_before)
{
	uint32_t relid, last = 0, i;
	char err[128];

	begin();
	EXPECT(vsp_option(lb->vsp, "fresh_relids", "yes", err, sizeof(err)));
	REQUIRE(!vsp_option(lb->vsp, "fresh_relids", "on", err, sizeof(err)));
	for (i = 0; i < 3000; i++) {
		relid = get_offer();
		EXPECT(relid >= 1 && relid <= VMBUS_RELID_MAX && relid != last);
		last = relid;
		if (i % 2) {
			post_simple(VMBUS_MSG_UNLOAD);
			EXPECT(receive_type(VMBUS_MSG_UNLOAD_RESPONSE));
		}
	}
	EXPECT_EQ(violations(), 0);
	end();
}

TEST(devices_leave_and_come_while_nobody_is_connected)
{
	char out[256];

	begin();
	REQUIRE(get_offer());
	EXPECT(!loopback_command(lb, "at-contact remove nobody", out, sizeof(out)));
	EXPECT(!loopback_command(lb, "at-contact echo0", out, sizeof(out)));
	EXPECT(loopback_command(lb, "at-contact remove echo0", out, sizeof(out)));
	EXPECT(!receive());
	REQUIRE(connect_as(VMBUS_VERSION_5_3));
	post_simple(VMBUS_MSG_REQUEST_OFFERS);
	EXPECT(receive_type(VMBUS_MSG_ALL_OFFERS_DELIVERED));
	EXPECT(loopback_command(lb, "at-contact add echo0", out, sizeof(out)));
	EXPECT(!receive());
	EXPECT(get_offer());
	EXPECT_EQ(violations(), 0);
	end();
}

/* What is said out of turn -----------------------------------------------------------*/

TEST(nothing_before_contact)
{
	uint32_t type, wanted = 0;
	uint8_t msg[240] = { 0 };

	begin();
	for (type = 0; type < 40; type++) {
		if (type == VMBUS_MSG_INITIATE_CONTACT)
			continue;
		memcpy(msg, &type, 4);
		EXPECT_EQ(post(msg, sizeof(msg)), TLFS_STATUS_SUCCESS);
		wanted++;
		EXPECT_EQ(lb->violations, wanted);
	}
	EXPECT(!receive());
	end();
}

TEST(short_messages)
{
	static const uint32_t types[] = {
		VMBUS_MSG_OPEN, VMBUS_MSG_CLOSE, VMBUS_MSG_GPADL_HEADER, VMBUS_MSG_GPADL_BODY,
		VMBUS_MSG_GPADL_TEARDOWN, VMBUS_MSG_RELID_RELEASED, VMBUS_MSG_INITIATE_CONTACT,
		VMBUS_MSG_MODIFY_CHANNEL,
	};
	uint8_t msg[240] = { 0 };
	unsigned int i;

	begin();
	get_offer();
	for (i = 0; i < 8; i++) {
		memcpy(msg, &types[i], 4);
		EXPECT_EQ(post(msg, 8), TLFS_STATUS_SUCCESS);
		EXPECT_EQ(violations(), 1);
	}
	EXPECT_EQ(post(msg, 7), TLFS_STATUS_INVALID_PARAMETER);
	EXPECT_EQ(post(msg, 241), TLFS_STATUS_INVALID_PARAMETER);
	EXPECT_EQ(violations(), 2);
	EXPECT(!receive());
	end();
}

TEST(padded_messages_are_fine)
{
	uint8_t msg[240] = { VMBUS_MSG_REQUEST_OFFERS };

	begin();
	REQUIRE(connect_as(VMBUS_VERSION_5_0));
	post(msg, sizeof(msg));
	EXPECT(receive_type(VMBUS_MSG_OFFER));
	EXPECT_EQ(violations(), 0);
	end();
}

TEST(messages_on_a_connection_id_not_agreed_on)
{
	begin();
	get_offer();
	conn_id = 4;
	post_relid(VMBUS_MSG_RELID_RELEASED, 1);
	EXPECT_EQ(violations(), 1);
	conn_id = 5;
	EXPECT_EQ(post_simple(VMBUS_MSG_UNLOAD), TLFS_STATUS_INVALID_CONNECTION_ID);
	end();
}

TEST(modify_channel_is_not_in_4_0)
{
	struct vmbus_msg_modify_channel msg = { .hdr.type = VMBUS_MSG_MODIFY_CHANNEL, .relid = 1 };

	begin();
	REQUIRE(connect_as(VMBUS_VERSION_4_0));
	post(&msg, sizeof(msg));
	EXPECT_EQ(violations(), 1);
	EXPECT(strstr(lb->violation, "4.0"));
	end();
}

/* Offers -----------------------------------------------------------------------------*/

TEST(an_offer_says_what_the_device_is)
{
	static const struct wire_guid class_id = WIRE_GUID_HEARTBEAT, instance = WIRE_GUID_TIMESYNC;

	begin();
	REQUIRE(connect_as(VMBUS_VERSION_5_3));
	post_simple(VMBUS_MSG_REQUEST_OFFERS);
	REQUIRE(receive_type(VMBUS_MSG_OFFER));
	EXPECT_EQ(got_len, 196);
	EXPECT_MEM(&got.offer.class_id, &class_id, 16);
	EXPECT_MEM(&got.offer.instance_id, &instance, 16);
	EXPECT_EQ(got.offer.relid, 1);
	EXPECT_EQ(got.offer.dedicated_interrupt, 1);
	EXPECT_EQ(got.offer.monitor_allocated, 0);
	EXPECT_EQ(got.offer.connection_id, 0x2001);
	EXPECT_EQ(got.offer.sub_channel_index, 0);
	end();
}

TEST(offers_may_be_requested_once)
{
	begin();
	get_offer();
	post_simple(VMBUS_MSG_REQUEST_OFFERS);
	EXPECT_EQ(violations(), 1);
	EXPECT(!receive());
	end();
}

TEST(a_device_added_later_is_offered_at_once)
{
	static const struct wire_guid instance = WIRE_GUID_KVP;

	begin();
	get_offer();
	vsp_device_add(lb->vsp, &echo_ops, &echo, &instance, "echo1");
	REQUIRE(receive_type(VMBUS_MSG_OFFER));
	EXPECT_EQ(got.offer.relid, 2);
	loopback_free(lb);
	EXPECT_EQ(echo.destroyed, 2);
}

/* GPADLs -----------------------------------------------------------------------------*/

TEST(gpadl_of_any_length)
{
	static const uint32_t pages[] = { 1, 25, 26, 27, 28, 54, 55, 8190 };
	unsigned int i;
	uint32_t relid;

	begin();
	loopback_free(lb);
	memset(&echo, 0, sizeof(echo));
	lb = loopback_new(8200);
	static const struct wire_guid instance = WIRE_GUID_TIMESYNC;
	vsp_device_add(lb->vsp, &echo_ops, &echo, &instance, "echo0");
	relid = get_offer();
	for (i = 0; i < 8; i++) {
		post_gpadl(relid, GPADL + i, 1, pages[i]);
		EXPECT_EQ(gpadl_status(GPADL + i), 0);
		EXPECT(!receive());
	}
	for (i = 0; i < 8; i++) {
		post_teardown(relid, GPADL + i);
		EXPECT(torn_down(GPADL + i));
	}
	EXPECT_EQ(violations(), 0);
	EXPECT_STREQ(ledger(), LEDGER_EMPTY "1");
	end();
}

/* A header with these fields and one frame number gets a refusal, not silence. */
static void bad_gpadl(uint32_t relid, uint32_t handle, uint16_t range_len, uint16_t range_count,
		      uint32_t byte_count, uint32_t byte_offset, uint64_t pfn)
{
	uint8_t msg[36] = { 0 };
	struct vmbus_msg_gpadl_header *header = (void *)msg;
	struct vmbus_gpa_range range = { .byte_count = byte_count, .byte_offset = byte_offset };

	header->hdr.type = VMBUS_MSG_GPADL_HEADER;
	header->relid = relid;
	header->gpadl = handle;
	header->range_len = range_len;
	header->range_count = range_count;
	memcpy(msg + 20, &range, 8);
	memcpy(msg + 28, &pfn, 8);
	post(msg, sizeof(msg));
	EXPECT_EQ(violations(), 1);
	EXPECT(gpadl_status(handle) != 0);
	EXPECT(got.created.status != 0xbad);
}

TEST(bad_gpadl_headers)
{
	uint32_t relid;

	begin();
	relid = get_offer();
	bad_gpadl(relid + 1, 7, 16, 1, 4096, 0, 1);	/* no such channel */
	bad_gpadl(relid, 7, 16, 0, 4096, 0, 1);		/* no range */
	bad_gpadl(relid, 7, 8, 1, 4096, 0, 1);		/* no frame number */
	bad_gpadl(relid, 7, 16, 2, 4096, 0, 1);		/* two ranges in the room of one */
	bad_gpadl(relid, 7, 16, 1, 0, 0, 1);		/* zero bytes */
	bad_gpadl(relid, 7, 16, 1, 4096, 1, 1);		/* reaches into a second page */
	bad_gpadl(relid, 7, 16, 1, 100, 4096, 1);	/* offset beyond the page */
	bad_gpadl(relid, 7, 16, 1, 0xffffffff, 0xfff, 1);
	bad_gpadl(relid, 7, 16, 1, 4096, 0, PAGES);	/* beyond RAM */
	bad_gpadl(relid, 7, 16, 1, 4096, 0, 1ull << 60);
	post_gpadl(relid, 7, 1, 1);
	EXPECT_EQ(gpadl_status(7), 0);
	bad_gpadl(relid, 7, 16, 1, 4096, 0, 1);		/* handle in use */
	EXPECT_STREQ(ledger(), "ledger gpadls=1 open=0 unreleased=0 requests=0 connected=1");
	end();
}

TEST(body_without_header_and_body_too_many)
{
	struct vmbus_msg_gpadl_body msg = { .hdr.type = VMBUS_MSG_GPADL_BODY, .gpadl = GPADL };
	uint8_t bytes[24] = { 0 };
	uint32_t relid;

	begin();
	relid = get_offer();
	memcpy(bytes, &msg, sizeof(msg));
	post(bytes, sizeof(bytes));
	EXPECT_EQ(violations(), 1);
	post_gpadl(relid, GPADL, 1, 4);
	EXPECT_EQ(gpadl_status(GPADL), 0);
	post(bytes, sizeof(bytes));
	EXPECT_EQ(violations(), 1);
	EXPECT(!receive());
	end();
}

TEST(teardown_of_what_is_not_there)
{
	uint32_t relid;

	begin();
	relid = get_offer();
	post_teardown(relid, GPADL);
	EXPECT_EQ(violations(), 1);
	post_gpadl(relid, GPADL, 1, 1);
	EXPECT_EQ(gpadl_status(GPADL), 0);
	post_teardown(relid + 1, GPADL);
	EXPECT_EQ(violations(), 1);
	EXPECT(!receive());
	end();
}

/* Open and close ---------------------------------------------------------------------*/

TEST(open_talk_close)
{
	struct vmbus_pkt_hdr hdr;
	uint64_t payload = 0;
	uint32_t relid;

	begin();
	relid = get_open();
	REQUIRE(relid);
	EXPECT_EQ(echo.opened, 1);
	send_packet(VMBUS_PKT_INBAND, 1, 77, 0x1122334455667788);
	kick(relid);
	EXPECT(loopback_take_event(lb, 0, relid));
	REQUIRE(ring_read(&hdr, &payload));
	EXPECT_EQ(hdr.type, VMBUS_PKT_COMPLETION);
	EXPECT_EQ(hdr.id, 77);
	EXPECT_EQ(payload, 0x1122334455667788);
	post_relid(VMBUS_MSG_CLOSE, relid);
	EXPECT_EQ(echo.closed, 1);
	EXPECT_EQ(loopback_signal(lb, 0x2000 + relid), TLFS_STATUS_INVALID_CONNECTION_ID);
	post_teardown(relid, GPADL);
	EXPECT(torn_down(GPADL));
	EXPECT_STREQ(ledger(), LEDGER_EMPTY "1");
	EXPECT_EQ(violations(), 0);
	end();
}

TEST(what_is_in_the_ring_at_open_is_read)
{
	uint32_t relid;

	begin();
	relid = get_offer();
	post_gpadl(relid, GPADL, RING_PFN, RING_PAGES);
	EXPECT_EQ(gpadl_status(GPADL), 0);
	clear_rings();
	send_packet(VMBUS_PKT_INBAND, 0, 0, 1);
	post_open(relid, GPADL, OUT_PAGE);
	EXPECT_EQ(open_status(relid), 0);
	EXPECT_EQ(echo.packets, 1);
	end();
}

TEST(bad_opens)
{
	uint32_t relid, out_page;

	begin();
	relid = get_offer();
	post_open(relid + 1, GPADL, OUT_PAGE);
	EXPECT_EQ(violations(), 1);
	EXPECT(!receive());
	post_open(relid, GPADL, OUT_PAGE);		/* no GPADL */
	EXPECT_EQ(violations(), 1);
	EXPECT_EQ(open_status(relid), 0x8000ffff);
	post_gpadl(relid, GPADL, RING_PFN, RING_PAGES);
	EXPECT_EQ(gpadl_status(GPADL), 0);
	for (out_page = 0; out_page < RING_PAGES + 2; out_page++) {
		if (out_page >= 2 && out_page <= RING_PAGES - 2)
			continue;
		post_open(relid, GPADL, out_page);
		EXPECT_EQ(violations(), 1);
		EXPECT_EQ(open_status(relid), 0x8000ffff);
	}
	clear_rings();
	post_open(relid, GPADL, OUT_PAGE);
	EXPECT_EQ(open_status(relid), 0);
	post_open(relid, GPADL, OUT_PAGE);		/* it is open */
	EXPECT_EQ(violations(), 1);
	EXPECT(!receive());
	end();
}

TEST(close_of_what_is_not_open)
{
	uint32_t relid;

	begin();
	relid = get_open();
	post_relid(VMBUS_MSG_CLOSE, relid + 1);
	EXPECT_EQ(violations(), 1);
	post_relid(VMBUS_MSG_CLOSE, relid);
	EXPECT_EQ(violations(), 0);
	post_relid(VMBUS_MSG_CLOSE, relid);
	EXPECT_EQ(violations(), 1);
	end();
}

TEST(teardown_of_rings_in_use_waits_for_the_close)
{
	uint32_t relid;

	begin();
	relid = get_open();
	post_teardown(relid, GPADL);
	EXPECT(!receive());
	post_relid(VMBUS_MSG_CLOSE, relid);
	EXPECT(torn_down(GPADL));
	EXPECT_EQ(violations(), 0);
	end();
}

TEST(release_once_and_not_while_open)
{
	uint32_t relid;

	begin();
	relid = get_open();
	post_relid(VMBUS_MSG_RELID_RELEASED, relid);
	EXPECT_EQ(violations(), 1);
	post_relid(VMBUS_MSG_CLOSE, relid);
	post_teardown(relid, GPADL);
	EXPECT(torn_down(GPADL));
	post_relid(VMBUS_MSG_RELID_RELEASED, relid);
	EXPECT_EQ(violations(), 0);
	post_relid(VMBUS_MSG_RELID_RELEASED, relid);
	EXPECT_EQ(violations(), 1);
	end();
}

TEST(release_with_memory_still_lent)
{
	uint32_t relid;

	begin();
	relid = get_offer();
	post_gpadl(relid, GPADL, 1, 1);
	EXPECT_EQ(gpadl_status(GPADL), 0);
	post_relid(VMBUS_MSG_RELID_RELEASED, relid);
	EXPECT_EQ(violations(), 1);
	EXPECT_STREQ(ledger(), LEDGER_EMPTY "1");
	end();
}

TEST(unload_closes_everything)
{
	begin();
	REQUIRE(get_open());
	post_simple(VMBUS_MSG_UNLOAD);
	EXPECT(receive_type(VMBUS_MSG_UNLOAD_RESPONSE));
	EXPECT_EQ(echo.closed, 1);
	EXPECT_STREQ(ledger(), LEDGER_EMPTY "0");
	EXPECT_EQ(violations(), 0);
	post_simple(VMBUS_MSG_UNLOAD);
	EXPECT_EQ(violations(), 1);
	EXPECT(!receive());
	end();
}

TEST(modify_channel_moves_its_interrupts)
{
	struct vmbus_msg_modify_channel msg = { .hdr.type = VMBUS_MSG_MODIFY_CHANNEL };

	begin();
	msg.relid = get_open();
	msg.target_vp = 2;
	post(&msg, sizeof(msg));
	REQUIRE(receive_type(VMBUS_MSG_MODIFY_CHANNEL_RESPONSE));
	EXPECT_EQ(got.modify.status, 0);
	/* One last time where it was, and nothing yet where it is. */
	EXPECT(loopback_take_event(lb, 0, msg.relid));
	EXPECT(!loopback_take_event(lb, 2, msg.relid));
	send_packet(VMBUS_PKT_INBAND, 1, 5, 0);
	kick(msg.relid);
	EXPECT(loopback_take_event(lb, 2, msg.relid));
	EXPECT(!loopback_take_event(lb, 0, msg.relid));
	msg.target_vp = LOOPBACK_VPS;
	post(&msg, sizeof(msg));
	REQUIRE(receive_type(VMBUS_MSG_MODIFY_CHANNEL_RESPONSE));
	EXPECT_EQ(got.modify.status, 0x8000ffff);
	EXPECT_EQ(violations(), 1);
	end();
}

TEST(a_second_move_before_the_answer_to_the_first)
{
	struct vmbus_msg_modify_channel msg = { .hdr.type = VMBUS_MSG_MODIFY_CHANNEL };

	begin();
	msg.relid = get_open();
	msg.target_vp = 1;
	EXPECT(loopback_command(lb, "fault modify_channel_response:delay:50", NULL, 0));
	post(&msg, sizeof(msg));
	EXPECT(!receive());
	post(&msg, sizeof(msg));
	EXPECT_EQ(violations(), 1);
	EXPECT(strstr(lb->violation, "before the last move was answered"));
	REQUIRE(receive_type(VMBUS_MSG_MODIFY_CHANNEL_RESPONSE));
	EXPECT_EQ(got.modify.status, 0x8000ffff);
	loopback_advance(lb, 50000000);
	REQUIRE(receive_type(VMBUS_MSG_MODIFY_CHANNEL_RESPONSE));
	EXPECT_EQ(got.modify.status, 0);
	post(&msg, sizeof(msg));
	EXPECT(receive_type(VMBUS_MSG_MODIFY_CHANNEL_RESPONSE));
	EXPECT_EQ(violations(), 0);
	end();
}

/* An open channel of an older version. */
static uint32_t get_open_as(uint32_t version)
{
	uint32_t relid;

	if (!connect_as(version))
		return 0;
	post_simple(VMBUS_MSG_REQUEST_OFFERS);
	if (!receive_type(VMBUS_MSG_OFFER))
		return 0;
	relid = got.offer.relid;
	EXPECT(receive_type(VMBUS_MSG_ALL_OFFERS_DELIVERED));
	post_gpadl(relid, GPADL, RING_PFN, RING_PAGES);
	if (gpadl_status(GPADL))
		return 0;
	clear_rings();
	post_open(relid, GPADL, OUT_PAGE);
	return open_status(relid) ? 0 : relid;
}

TEST(before_5_3_a_move_is_not_answered_and_may_come_late)
{
	struct vmbus_msg_modify_channel msg = { .hdr.type = VMBUS_MSG_MODIFY_CHANNEL };

	begin();
	msg.relid = get_open_as(VMBUS_VERSION_5_2);
	REQUIRE(msg.relid);
	msg.target_vp = 1;
	post(&msg, sizeof(msg));
	EXPECT(loopback_take_event(lb, 0, msg.relid));
	EXPECT(!receive());

	EXPECT(loopback_command(lb, "fault modify_channel_response:delay:50", NULL, 0));
	msg.target_vp = 2;
	post(&msg, sizeof(msg));
	send_packet(VMBUS_PKT_INBAND, 1, 5, 0);
	kick(msg.relid);
	EXPECT(loopback_take_event(lb, 1, msg.relid));
	EXPECT(!loopback_take_event(lb, 2, msg.relid));
	/* The newest counts: the late one is forgotten. */
	msg.target_vp = 3;
	post(&msg, sizeof(msg));
	loopback_advance(lb, 50000000);
	EXPECT(loopback_take_event(lb, 1, msg.relid));
	EXPECT(!loopback_take_event(lb, 2, msg.relid));

	EXPECT(loopback_command(lb, "fault modify_channel_response:delay:50", NULL, 0));
	msg.target_vp = 2;
	post(&msg, sizeof(msg));
	EXPECT(!loopback_take_event(lb, 3, msg.relid));
	loopback_advance(lb, 50000000);
	EXPECT(loopback_take_event(lb, 3, msg.relid));
	EXPECT(!receive());
	EXPECT_EQ(violations(), 0);
	end();
}

/* Rescind ----------------------------------------------------------------------------*/

TEST(rescind_release_offer)
{
	uint32_t relid;

	begin();
	relid = get_open();
	EXPECT(loopback_command(lb, "rescind 1", NULL, 0));
	EXPECT_EQ(echo.closed, 1);
	REQUIRE(receive_type(VMBUS_MSG_RESCIND));
	EXPECT_EQ(got.rescind.relid, relid);
	EXPECT_STREQ(ledger(), "ledger gpadls=0 open=0 unreleased=1 requests=0 connected=1");

	/* A guest that had not heard yet: no answer to an open, one to a teardown. */
	post_open(relid, GPADL, OUT_PAGE);
	post_relid(VMBUS_MSG_CLOSE, relid);
	EXPECT(!receive());
	post_teardown(relid, GPADL);
	EXPECT(torn_down(GPADL));
	post_gpadl(relid, GPADL + 1, RING_PFN, 40);
	EXPECT_EQ(gpadl_status(GPADL + 1), 0);
	EXPECT_STREQ(ledger(), "ledger gpadls=0 open=0 unreleased=1 requests=0 connected=1");

	EXPECT(loopback_command(lb, "offer echo0", NULL, 0));
	EXPECT(!receive());		/* the old one is not released */
	post_relid(VMBUS_MSG_RELID_RELEASED, relid);
	REQUIRE(receive_type(VMBUS_MSG_OFFER));
	EXPECT_EQ(violations(), 0);
	end();
}

TEST(rescind_between_header_and_body)
{
	uint32_t relid;
	uint8_t msg[240] = { 0 };
	struct vmbus_msg_gpadl_header *header = (void *)msg;
	struct vmbus_msg_gpadl_body *body = (void *)msg;
	struct vmbus_gpa_range range = { .byte_count = 54 * 4096 };

	begin();
	relid = get_offer();
	header->hdr.type = VMBUS_MSG_GPADL_HEADER;
	header->relid = relid;
	header->gpadl = GPADL;
	header->range_len = 8 + 54 * 8;
	header->range_count = 1;
	memcpy(msg + 20, &range, 8);
	post(msg, 20 + 8 + 26 * 8);
	EXPECT(loopback_command(lb, "rescind echo0", NULL, 0));
	EXPECT(receive_type(VMBUS_MSG_RESCIND));
	memset(msg, 0, sizeof(msg));
	body->hdr.type = VMBUS_MSG_GPADL_BODY;
	body->gpadl = GPADL;
	post(msg, 16 + 28 * 8);
	EXPECT_EQ(gpadl_status(GPADL), 0);	/* nothing is mapped, but it is answered */
	post_relid(VMBUS_MSG_RELID_RELEASED, relid);
	EXPECT_EQ(violations(), 0);
	EXPECT_STREQ(ledger(), LEDGER_EMPTY "1");
	end();
}

TEST(sub_channels_come_and_go_with_their_primary)
{
	uint32_t relid;

	begin();
	relid = get_offer();
	EXPECT(vsp_device_offer_sub_channels(echo.device, 2) != 0);	/* not open yet */
	post_gpadl(relid, GPADL, RING_PFN, RING_PAGES);
	EXPECT_EQ(gpadl_status(GPADL), 0);
	clear_rings();
	post_open(relid, GPADL, OUT_PAGE);
	EXPECT_EQ(open_status(relid), 0);
	EXPECT_EQ(vsp_device_offer_sub_channels(echo.device, 2), 0);
	REQUIRE(receive_type(VMBUS_MSG_OFFER));
	EXPECT_EQ(got.offer.sub_channel_index, 1);
	REQUIRE(receive_type(VMBUS_MSG_OFFER));
	EXPECT_EQ(got.offer.sub_channel_index, 2);
	EXPECT_EQ(got.offer.relid, 3);
	post_relid(VMBUS_MSG_RELID_RELEASED, 2);	/* the guest does not want it */
	post_relid(VMBUS_MSG_CLOSE, relid);
	REQUIRE(receive_type(VMBUS_MSG_RESCIND));
	EXPECT_EQ(got.rescind.relid, 3);
	post_relid(VMBUS_MSG_RELID_RELEASED, 3);
	EXPECT_EQ(violations(), 0);
	end();
}

/* Rings ------------------------------------------------------------------------------*/

/* One lie in an open channel's ring: the host says so once and reads no further. */
static void expect_broken(const char *why)
{
	uint32_t relid = 1, packets = echo.packets;

	kick(relid);
	EXPECT_EQ(violations(), 1);
	if (!strstr(lb->violation, why))
		KTAP_FAIL("'%s' says nothing of '%s'", lb->violation, why);
	kick(relid);
	EXPECT_EQ(violations(), 0);
	EXPECT_EQ(echo.packets, packets);
	post_relid(VMBUS_MSG_CLOSE, relid);
	EXPECT_EQ(violations(), 0);
	end();
}

TEST(write_index_beyond_the_ring)
{
	struct vmbus_ring_page *ctl;

	begin();
	REQUIRE(get_open());
	ctl = loopback_page(lb, RING_PFN);
	ctl->write_index = (OUT_PAGE - 1) * 4096;
	expect_broken("write index");
}

TEST(write_index_not_aligned)
{
	struct vmbus_ring_page *ctl;

	begin();
	REQUIRE(get_open());
	ctl = loopback_page(lb, RING_PFN);
	ctl->write_index = 28;
	expect_broken("write index");
}

TEST(the_hosts_fields_are_the_hosts)
{
	struct vmbus_ring_page *ctl;

	begin();
	REQUIRE(get_open());
	ctl = loopback_page(lb, RING_PFN);
	ctl->read_index = 8;
	expect_broken("read index");
	begin();
	REQUIRE(get_open());
	ctl = loopback_page(lb, RING_PFN + OUT_PAGE);
	ctl->write_index = 8;
	expect_broken("write index");
}

static void bad_descriptor(uint16_t type, uint16_t offset8, uint16_t len8, uint16_t flags,
			   const char *why)
{
	struct vmbus_pkt_hdr hdr = {
		.type = type, .offset8 = offset8, .len8 = len8, .flags = flags, .id = 1,
	};
	uint8_t packet[64] = { 0 };

	begin();
	REQUIRE(get_open());
	memcpy(packet, &hdr, sizeof(hdr));
	ring_write(packet, sizeof(packet));
	expect_broken(why);
}

TEST(descriptors_that_lie)
{
	bad_descriptor(5, 2, 7, 0, "type");
	bad_descriptor(VMBUS_PKT_TRANSFER_PAGES, 3, 7, 0, "type");
	bad_descriptor(VMBUS_PKT_INBAND, 2, 7, 2, "flags");
	bad_descriptor(VMBUS_PKT_INBAND, 1, 7, 0, "payload begins outside");
	bad_descriptor(VMBUS_PKT_INBAND, 8, 7, 0, "payload begins outside");
	bad_descriptor(VMBUS_PKT_INBAND, 2, 8, 0, "longer than what the ring holds");
	bad_descriptor(VMBUS_PKT_INBAND, 2, 0xffff, 0, "longer than what the ring holds");
	bad_descriptor(VMBUS_PKT_GPA_DIRECT, 2, 7, 0, "without its ranges");
	bad_descriptor(VMBUS_PKT_GPA_DIRECT, 3, 7, 0, "no range");
}

TEST(gpa_direct_hands_over_its_ranges)
{
	struct {
		struct vmbus_pkt_hdr hdr;
		struct vmbus_pkt_gpa_direct direct;
		uint32_t byte_count, byte_offset;
		uint64_t pfn[2], payload;
		struct vmbus_pkt_trailer trailer;
	} pkt = {
		.hdr = {
			.type = VMBUS_PKT_GPA_DIRECT,
			.offset8 = 6, .len8 = 7, .flags = 1, .id = 9,
		},
		.direct.range_count = 1,
		.byte_count = 4096, .byte_offset = 512, .pfn = { 40, 41 },
	};

	begin();
	REQUIRE(get_open());
	ring_write(&pkt, sizeof(pkt));
	kick(1);
	EXPECT_EQ(echo.last_type, VMBUS_PKT_GPA_DIRECT);
	EXPECT_EQ(echo.last_range_len, 4096);
	EXPECT_EQ(violations(), 0);
	pkt.hdr.id = 10;
	pkt.pfn[1] = PAGES;
	pkt.trailer.start = sizeof(pkt);
	ring_write(&pkt, sizeof(pkt));
	expect_broken("beyond guest memory");
}

TEST(transaction_ids)
{
	begin();
	REQUIRE(get_open());
	echo.hold = true;
	send_packet(VMBUS_PKT_INBAND, 1, 5, 0);
	kick(1);
	EXPECT_EQ(violations(), 0);
	EXPECT_STREQ(ledger(), "ledger gpadls=1 open=1 unreleased=0 requests=1 connected=1");
	send_packet(VMBUS_PKT_INBAND, 1, 5, 0);		/* not answered yet */
	kick(1);
	EXPECT_EQ(violations(), 1);
	vsp_chan_complete(echo.chan, 5, NULL, 0);
	send_packet(VMBUS_PKT_INBAND, 1, 5, 0);
	kick(1);
	EXPECT_EQ(violations(), 0);
	send_packet(VMBUS_PKT_INBAND, 1, 0, 0);		/* id 0 is never answered */
	kick(1);
	EXPECT_EQ(violations(), 1);
	send_packet(VMBUS_PKT_COMPLETION, 0, 3, 0);	/* never asked */
	kick(1);
	EXPECT_EQ(violations(), 1);
	vsp_chan_send_inband(echo.chan, 3, true, NULL, 0);
	send_packet(VMBUS_PKT_COMPLETION, 0, 3, 0);
	kick(1);
	EXPECT_EQ(violations(), 0);
	end();
}

TEST(a_wrong_trailer_is_noticed)
{
	struct vmbus_pkt_hdr hdr = { .type = VMBUS_PKT_INBAND, .offset8 = 2, .len8 = 3 };
	uint8_t packet[32] = { 0 };

	begin();
	REQUIRE(get_open());
	memcpy(packet, &hdr, sizeof(hdr));
	packet[28] = 1;
	ring_write(packet, sizeof(packet));
	kick(1);
	EXPECT_EQ(violations(), 1);
	EXPECT_EQ(echo.packets, 1);
	end();
}

TEST(interrupts_only_when_the_ring_was_empty)
{
	struct vmbus_ring_page *ctl;
	struct vmbus_pkt_hdr hdr;
	uint64_t payload, before;

	begin();
	REQUIRE(get_open());
	ctl = loopback_page(lb, RING_PFN + OUT_PAGE);
	before = lb->events;
	vsp_chan_send_inband(echo.chan, 0, false, "a", 1);
	EXPECT_EQ(lb->events, before + 1);
	EXPECT(loopback_take_event(lb, 0, 1));
	vsp_chan_send_inband(echo.chan, 0, false, "b", 1);	/* not read yet */
	EXPECT_EQ(lb->events, before + 1);
	EXPECT(ring_read(&hdr, &payload));
	EXPECT_EQ(payload, 'a');			/* padding is zero */
	EXPECT(ring_read(&hdr, &payload));
	ctl->interrupt_mask = 1;
	vsp_chan_send_inband(echo.chan, 0, false, "c", 1);	/* the guest polls */
	EXPECT_EQ(lb->events, before + 1);
	end();
}

TEST(a_full_ring_loses_nothing)
{
	uint8_t payload[1000] = { 0 };
	struct vmbus_ring_page *ctl;
	struct vmbus_pkt_hdr hdr;
	uint32_t sent, i;
	uint64_t first;

	begin();
	REQUIRE(get_open());
	ctl = loopback_page(lb, RING_PFN + OUT_PAGE);
	for (sent = 0; sent < 50; sent++) {
		memcpy(payload, &sent, sizeof(sent));
		vsp_chan_send_inband(echo.chan, 0, false, payload, sizeof(payload));
	}
	EXPECT(ctl->pending_send_size >= 1024);
	EXPECT_EQ(ctl->feature_bits, 1);
	loopback_take_event(lb, 0, 1);
	for (i = 0; i < 50; i++) {
		while (!ring_read(&hdr, &first)) {
			EXPECT(ctl->pending_send_size != 0);
			kick(1);	/* there is room now */
			REQUIRE(ctl->read_index != ctl->write_index);
		}
		EXPECT_EQ(hdr.len8, 2 + 125);
		EXPECT_EQ((uint32_t)first, i);
	}
	kick(1);
	EXPECT_EQ(ctl->pending_send_size, 0);
	EXPECT(!ring_read(&hdr, &first));
	EXPECT_EQ(violations(), 0);
	end();
}

TEST(the_guest_is_told_of_room_it_waits_for)
{
	struct vmbus_ring_page *ctl;
	uint64_t before;

	begin();
	REQUIRE(get_open());
	ctl = loopback_page(lb, RING_PFN);
	while (4096 * 3 - ctl->write_index > 40)
		send_packet(VMBUS_PKT_INBAND, 0, 0, 0);
	before = lb->events;
	ctl->pending_send_size = 4096;
	ctl->feature_bits = 0;
	kick(1);
	EXPECT_EQ(lb->events, before);		/* it never promised to wait */
	ctl->feature_bits = 1;
	while ((ctl->write_index + 4096 * 3 - ctl->read_index) % (4096 * 3) < 10000)
		send_packet(VMBUS_PKT_INBAND, 0, 0, 0);
	kick(1);
	EXPECT_EQ(lb->events, before + 1);
	ctl->pending_send_size = 4096 * 3;
	send_packet(VMBUS_PKT_INBAND, 0, 0, 0);
	kick(1);
	EXPECT_EQ(violations(), 1);		/* it would wait for ever */
	end();
}

TEST(counters_count)
{
	char out[4096];

	begin();
	REQUIRE(get_open());
	EXPECT(loopback_command(lb, "reset-counters", NULL, 0));
	send_packet(VMBUS_PKT_INBAND, 1, 1, 0);
	send_packet(VMBUS_PKT_INBAND, 1, 2, 0);
	loopback_signal(lb, 0x2001);
	kick(1);
	kick(1);
	REQUIRE(loopback_command(lb, "counters", out, sizeof(out)));
	EXPECT(strstr(out, "\nsignals 3\n"));
	EXPECT(strstr(out, "\nsignals_spurious 2\n"));
	EXPECT(strstr(out, "\npackets_in 2\n"));
	EXPECT(strstr(out, "\npackets_out 2\n"));
	EXPECT(strstr(out, "\nbytes_in 16\n"));
	EXPECT(strstr(out, "\ninterrupts 1\n"));
	EXPECT(strstr(out, "\ninterrupts_suppressed 1\n"));
	EXPECT(strstr(out, "\nchan1.packets_in 2\n"));
	end();
}

/* Faults -----------------------------------------------------------------------------*/

static void fault(const char *text)
{
	char command[128];

	snprintf(command, sizeof(command), "fault %s", text);
	EXPECT(loopback_command(lb, command, NULL, 0));
}

TEST(fault_drop_and_late)
{
	begin();
	fault("version_response:drop:2");
	contact(VMBUS_VERSION_5_3);
	contact(VMBUS_VERSION_5_3);
	EXPECT(!receive());
	fault("version_response:delay:500");
	contact(VMBUS_VERSION_5_3);
	EXPECT(!receive());
	loopback_advance(lb, 499000000);
	EXPECT(!receive());
	loopback_advance(lb, 1000000);
	EXPECT(receive_type(VMBUS_MSG_VERSION_RESPONSE));
	EXPECT(connect_as(VMBUS_VERSION_5_3));
	fault("unload_response:never");
	post_simple(VMBUS_MSG_UNLOAD);
	loopback_advance(lb, 1000000000000);
	EXPECT(!receive());
	end();
}

TEST(fault_status_is_a_real_refusal)
{
	uint32_t relid;

	begin();
	fault("version_response:status:1");
	contact(VMBUS_VERSION_5_3);
	REQUIRE(receive_type(VMBUS_MSG_VERSION_RESPONSE));
	EXPECT_EQ(got.version.connection_state, 1);
	EXPECT_STREQ(ledger(), LEDGER_EMPTY "0");
	relid = get_offer();
	fault("gpadl_created:status:5@1");
	post_gpadl(relid, GPADL, RING_PFN, RING_PAGES);
	EXPECT_EQ(gpadl_status(GPADL), 0);
	post_gpadl(relid, GPADL + 1, RING_PFN, RING_PAGES);
	EXPECT_EQ(gpadl_status(GPADL + 1), 5);
	fault("open_result:status:7");
	post_open(relid, GPADL, OUT_PAGE);
	EXPECT_EQ(open_status(relid), 7);
	EXPECT_STREQ(ledger(), "ledger gpadls=1 open=0 unreleased=0 requests=0 connected=1");
	EXPECT_EQ(violations(), 0);
	end();
}

TEST(fault_dup_short_garbage_rescind_post)
{
	uint32_t relid;

	begin();
	fault("version_response:dup");
	contact(VMBUS_VERSION_5_3);
	EXPECT(receive_type(VMBUS_MSG_VERSION_RESPONSE));
	EXPECT(receive_type(VMBUS_MSG_VERSION_RESPONSE));
	EXPECT(!receive());
	fault("version_response:short");
	contact(VMBUS_VERSION_5_3);
	EXPECT(receive_type(VMBUS_MSG_VERSION_RESPONSE));
	EXPECT_EQ(got_len, 8);
	relid = get_offer();
	fault("gpadl_created:garbage");
	post_gpadl(relid, GPADL, RING_PFN, RING_PAGES);
	EXPECT(receive_type(VMBUS_MSG_GPADL_CREATED));
	EXPECT(got.created.gpadl != GPADL);
	fault("open_result:rescind");
	clear_rings();
	post_open(relid, GPADL, OUT_PAGE);
	EXPECT(receive_type(VMBUS_MSG_RESCIND));
	EXPECT(!receive());
	fault("post:status:0x13:2");
	EXPECT_EQ(post_simple(VMBUS_MSG_UNLOAD), 0x13);
	EXPECT_EQ(post_simple(VMBUS_MSG_UNLOAD), 0x13);
	EXPECT_EQ(post_simple(VMBUS_MSG_UNLOAD), 0);
	EXPECT_EQ(violations(), 0);
	end();
}

TEST(faults_that_make_no_sense)
{
	static const char *const bad[] = {
		"fault nothing:drop", "fault offer:status:1", "fault offer:explode", "fault offer",
		"fault open:drop", "fault offer:delay", "fault offer:drop:0", "fault offer:drop:x",
		"fault offer:rescind", "fault post:drop", "fault offer:drop:1:2",
		"fault offer:drop@x",
	};
	unsigned int i;

	begin();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (loopback_command(lb, bad[i], NULL, 0))
			KTAP_FAIL("'%s' was accepted", bad[i]);
	end();
}

/* Control -----------------------------------------------------------------------------*/

TEST(commands)
{
	char out[512];

	begin();
	EXPECT(loopback_command(lb, "ping", out, sizeof(out)));
	EXPECT_STREQ(out, "ok\n");
	EXPECT(loopback_command(lb, "  version", out, sizeof(out)));
	EXPECT_STREQ(out, "version none\nok\n");
	EXPECT(!loopback_command(lb, "nonsense", out, sizeof(out)));
	EXPECT(!loopback_command(lb, "rescind 9", out, sizeof(out)));
	EXPECT(!loopback_command(lb, "offer nobody", out, sizeof(out)));
	EXPECT(!loopback_command(lb, "dump-messages maybe", out, sizeof(out)));
	REQUIRE(get_open());
	EXPECT(loopback_command(lb, "channels", out, sizeof(out)));
	EXPECT_STREQ(out, "relid=1 label=echo0 index=0 state=open vp=0 "
		     "in=12288 out=12288 outstanding=0\nok\n");
	EXPECT(!loopback_command(lb, "offer echo0", out, sizeof(out)));
	EXPECT(loopback_command(lb, "version", out, sizeof(out)));
	EXPECT_STREQ(out, "version 5.3\nok\n");
	end();
}

TEST(options)
{
	static const char *const bad[][2] = {
		{ "version", "5.4" }, { "version", "5" }, { "max_version", "" }, { "seed", "x" },
		{ "first_relid", "0" }, { "first_relid", "2048" }, { "message_id", "2" },
		{ "fault", "x" }, { "capture", "/nonexistent/dir/file" }, { "no_such_option", "1" },
	};
	char err[256];
	unsigned int i;

	begin();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err[0] = '\0';
		EXPECT(vsp_option(lb->vsp, bad[i][0], bad[i][1], err, sizeof(err)) != 0);
		EXPECT(err[0] != '\0');
	}
	EXPECT_EQ(vsp_option(lb->vsp, "first_relid", "2047", err, sizeof(err)), 0);
	EXPECT_EQ(vsp_option(lb->vsp, "message_id", "4", err, sizeof(err)), 0);
	EXPECT_EQ(get_offer(), 2047);
	EXPECT_EQ(violations(), 0);
	end();
}

TEST(a_reset_machine_starts_from_nothing)
{
	begin();
	REQUIRE(get_open());
	loopback_reset(lb);
	EXPECT_STREQ(ledger(), LEDGER_EMPTY "0");
	REQUIRE(get_open());
	EXPECT_EQ(violations(), 0);
	end();
}

KTAP_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * net_test.c - the provider's NIC over the loopback, with messages put together by hand
 *
 * Source: provider/net*.c
 */
/* Each test is linked from one object; the guest is shared with pair_test.c. */
#include "unit/miniguest.c"

#include "ktap.h"
#include "provider/net_frame.h"
#include "vmbus_client/proto/pkt.h"
#include "wire/nvsp.h"
#include "wire/rndis.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PAGES		2048u
#define RECV_PFN	512u
#define RECV_PAGES	64u
#define SEND_PFN	1024u
#define SEND_PAGES	16u		/* ten sections */
#define DATA_PFN	1200u		/* pages a test names in packets */
#define SECTION_LEN	6144u
#define PACKET_MAX	8192u
#define CAPS		(NVSP_CAP_8021Q | NVSP_CAP_SRIOV | NVSP_CAP_RSC)

static struct loopback *lb;
static struct miniguest guest;

/* One NIC as its guest sees it. */
static struct nic {
	struct mg_chan *chan;
	uint32_t recv_gpadl, send_gpadl;
	uint32_t base;			/* pages its buffers are moved by */
	uint32_t piece_len, piece_cnt;
	uint32_t request;
} nics[2], *nic;

/* What came last */
static uint8_t packet[PACKET_MAX] __attribute__((aligned(8)));
static struct pkt_view view;
static uint8_t message[70000];		/* of RNDIS */
static uint32_t message_len;

static uint64_t next_id;

static bool option(const char *name, const char *value)
{
	char err[128];

	return !vsp_net_option(lb->vsp, name, value, err, sizeof(err));
}

static bool command(const char *line)
{
	char out[8192];

	return loopback_command(lb, line, out, sizeof(out));
}

static uint64_t counter(const char *name)
{
	static char out[32768];
	char line[64], *at;

	loopback_command(lb, "counters", out, sizeof(out));
	snprintf(line, sizeof(line), "\n%s ", name);
	at = strstr(out, line);
	EXPECT(at);
	return at ? strtoull(at + strlen(line), NULL, 10) : 0;
}

/* One line of the state command is this. */
static bool state(const char *label, const char *wanted)
{
	char out[4096], line[96];

	snprintf(line, sizeof(line), "%s state", label);
	loopback_command(lb, line, out, sizeof(out));
	snprintf(line, sizeof(line), "%s\n", wanted);
	return strstr(out, line);
}

static void lend(struct nic *n, uint32_t handle, uint32_t first, uint32_t pages)
{
	uint8_t msg[VMBUS_MSG_MAX_LEN] __attribute__((aligned(8)));
	uint64_t pfns[RECV_PAGES];
	const struct gpadl_range range = { pfns, 0, pages * PAGE };
	struct gpadl_cut cut;
	uint32_t i, len;

	for (i = 0; i < pages; i++)
		pfns[i] = first + i;
	gpadl_cut_start(&cut, n->chan->offer.relid, handle, &range, 1);
	while ((len = gpadl_cut_next(&cut, msg)))
		post(&guest, msg, len);
	mg_settle(&guest);
}

/* Rings ---------------------------------------------------------------------------------*/

static void send_vec(const struct ring_vec *vec, unsigned int count)
{
	EXPECT_EQ(ring_tx_put(&nic->chan->tx, vec, count), 0);
	if (ring_tx_publish(&nic->chan->tx))
		loopback_signal(lb, nic->chan->offer.connection_id);
	mg_settle(&guest);
}

/* Sent with 40 bytes, as Linux does it. @ask 0: no completion wanted. */
static void say(const void *msg, uint32_t len, uint64_t ask)
{
	uint8_t bytes[NVSP_MSG_LEN_6_1] = { 0 };
	struct vmbus_pkt_hdr hdr;
	struct ring_vec vec[2] = { { &hdr, sizeof(hdr) }, { bytes, sizeof(bytes) } };

	memcpy(bytes, msg, len);
	pkt_put_inband(&hdr, sizeof(bytes), ask, ask != 0);
	send_vec(vec, 2);
}

static bool receive(void)
{
	int len;

	mg_settle(&guest);
	len = ring_rx_next(&nic->chan->rx, packet, sizeof(packet));
	EXPECT(len >= 0);
	if (len <= 0)
		return false;
	EXPECT_EQ(pkt_parse(packet, (u32)len, &view), 0);
	if (ring_rx_commit(&nic->chan->rx))
		loopback_signal(lb, nic->chan->offer.connection_id);
	return true;
}

/* A message whose completion is @len bytes of @reply. */
static bool asked(const void *msg, uint32_t len, void *reply, uint32_t reply_len)
{
	uint64_t id = ++next_id;

	say(msg, len, id);
	if (!receive() || view.type != VMBUS_PKT_COMPLETION || view.id != id ||
	    view.payload_len < reply_len)
		return false;
	memcpy(reply, view.payload, reply_len);
	return true;
}

static void confirm(uint64_t id, uint32_t status)
{
	struct nvsp_rndis_packet_complete msg = {
		.hdr.type = cpu_to_le32(NVSP_MSG_RNDIS_PACKET_COMPLETE),
		.status = cpu_to_le32(status),
	};
	struct vmbus_pkt_hdr hdr;
	struct ring_vec vec[2] = { { &hdr, sizeof(hdr) }, { &msg, sizeof(msg) } };

	pkt_put_completion(&hdr, sizeof(msg), id);
	send_vec(vec, 2);
}

/* Copy range @index of the transfer-page packet just received. */
static bool take_range(uint32_t index)
{
	uint32_t at, len;

	if (pkt_transfer_range(&view, index, RECV_PAGES * PAGE, &at, &len) ||
	    len > sizeof(message))
		return false;
	memcpy(message, (uint8_t *)loopback_page(lb, RECV_PFN + nic->base) + at, len);
	message_len = len;
	return true;
}

/* The next message of RNDIS of this channel type, taken and given back. */
static bool next_message(uint32_t channel_type)
{
	struct nvsp_rndis_packet msg;

	if (!receive() || view.type != VMBUS_PKT_TRANSFER_PAGES)
		return false;
	memcpy(&msg, view.payload, sizeof(msg));
	EXPECT_EQ(msg.hdr.type, NVSP_MSG_RNDIS_PACKET);
	EXPECT_EQ(msg.channel_type, channel_type);
	EXPECT_EQ(msg.section, NVSP_SECTION_NONE);
	EXPECT_EQ(pkt_transfer_count(&view), 1);
	if (!take_range(0))
		return false;
	confirm(view.id, NVSP_STATUS_SUCCESS);
	return true;
}

/* Requests ------------------------------------------------------------------------------*/

/* Pages at @at bytes behind DATA_PFN. */
static void send_direct(const struct nvsp_rndis_packet *msg, uint32_t at, uint32_t len, uint64_t id)
{
	uint8_t bytes[NVSP_MSG_LEN_6_1] = { 0 };
	struct pkt_gpa_hdr gpa;
	uint64_t pfns[16];
	struct ring_vec vec[3] = { { &gpa, sizeof(gpa) }, { pfns, 0 }, { bytes, sizeof(bytes) } };
	int count = pkt_put_gpa_direct(&gpa, at % PAGE, len, sizeof(bytes), id), i;

	REQUIRE(count > 0 && count <= 16);
	for (i = 0; i < count; i++)
		pfns[i] = DATA_PFN + at / PAGE + (uint32_t)i;
	vec[1].len = (uint32_t)count * 8;
	memcpy(bytes, msg, sizeof(*msg));
	send_vec(vec, 3);
}

static uint8_t *data_pages(void) { return loopback_page(lb, DATA_PFN); }

static bool completed(uint64_t id, uint32_t status)
{
	struct nvsp_rndis_packet_complete done;

	if (!receive() || view.type != VMBUS_PKT_COMPLETION || view.id != id ||
	    view.payload_len < sizeof(done))
		return false;
	memcpy(&done, view.payload, sizeof(done));
	return le32_to_cpu(done.hdr.type) == NVSP_MSG_RNDIS_PACKET_COMPLETE &&
	       le32_to_cpu(done.status) == status;
}

/* Send a request and have its packet completed. */
static bool control(const void *msg, uint32_t len)
{
	struct nvsp_rndis_packet pkt = {
		.hdr.type = cpu_to_le32(NVSP_MSG_RNDIS_PACKET),
		.channel_type = cpu_to_le32(NVSP_CHANNEL_CONTROL),
		.section = cpu_to_le32(NVSP_SECTION_NONE),
	};
	uint64_t id = ++next_id;

	memcpy(data_pages(), msg, len);
	send_direct(&pkt, 0, len, id);
	return completed(id, NVSP_STATUS_SUCCESS);
}

static uint32_t word(uint32_t at)
{
	uint32_t value;

	memcpy(&value, message + at, sizeof(value));
	return le32_to_cpu(value);
}

static bool initialize(void)
{
	struct rndis_initialize msg = {
		.hdr.type = cpu_to_le32(RNDIS_MSG_INITIALIZE),
		.hdr.len = cpu_to_le32(sizeof(msg)),
		.request_id = cpu_to_le32(++nic->request),
		.major = cpu_to_le32(RNDIS_VERSION_MAJOR),
		.transfer_max = cpu_to_le32(0x4000),
	};

	return control(&msg, sizeof(msg)) && next_message(NVSP_CHANNEL_CONTROL) &&
	       word(0) == RNDIS_MSG_INITIALIZE_COMPLETE && word(8) == nic->request &&
	       word(12) == RNDIS_STATUS_SUCCESS;
}

/* A query or an order. Returns the status; what was asked for is then at info(). */
static uint32_t request(uint32_t type, uint32_t oid, const void *info, uint32_t len)
{
	struct {
		struct rndis_request hdr;
		uint8_t info[1400];
	} msg = {
		.hdr.hdr.type = cpu_to_le32(type),
		.hdr.hdr.len = cpu_to_le32((uint32_t)sizeof(msg.hdr) + len),
		.hdr.request_id = cpu_to_le32(++nic->request),
		.hdr.oid = cpu_to_le32(oid),
		.hdr.info_len = cpu_to_le32(len),
		.hdr.info_offset = cpu_to_le32(sizeof(msg.hdr) - RNDIS_BODY),
	};

	if (len)
		memcpy(msg.info, info, len);
	if (!control(&msg, (uint32_t)sizeof(msg.hdr) + len) ||
	    !next_message(NVSP_CHANNEL_CONTROL) || word(0) != (type | RNDIS_COMPLETE) ||
	    word(4) != message_len || word(8) != nic->request)
		return ~0u;
	return word(12);
}

static uint32_t set_word(uint32_t oid, uint32_t value)
{
	value = cpu_to_le32(value);
	return request(RNDIS_MSG_SET, oid, &value, sizeof(value));
}

static uint32_t query(uint32_t oid) { return request(RNDIS_MSG_QUERY, oid, NULL, 0); }
static const uint8_t *info(void) { return message + RNDIS_BODY + word(20); }
static uint32_t info_len(void) { return word(16); }
static uint32_t info_word(void) { return word(RNDIS_BODY + word(20)); }

static uint32_t set_offloads(uint8_t csum, uint8_t lso, uint8_t rsc)
{
	struct ndis_offload_parameters msg = {
		.hdr.type = NDIS_TYPE_DEFAULT,
		.hdr.revision = NDIS_OFFLOAD_PARAMETERS_REVISION,
		.hdr.size = cpu_to_le16(sizeof(msg)),
		.ip_v4_csum = NDIS_OFFLOAD_CSUM_OFF,
		.tcp_v4_csum = csum, .tcp_v6_csum = csum,
		.udp_v4_csum = csum, .udp_v6_csum = csum,
		.lso_v2_v4 = lso, .lso_v2_v6 = lso,
		.rsc_v4 = rsc, .rsc_v6 = rsc,
	};

	return request(RNDIS_MSG_SET, RNDIS_OID_OFFLOAD_PARAMETERS, &msg, sizeof(msg));
}

/* Life ----------------------------------------------------------------------------*/

static uint32_t propose(uint32_t version)
{
	struct nvsp_init msg = {
		.hdr.type = cpu_to_le32(NVSP_MSG_INIT),
		.version_min = cpu_to_le32(version),
		.version_max = cpu_to_le32(version),
	};
	struct nvsp_init_complete reply;

	if (!asked(&msg, sizeof(msg), &reply, sizeof(reply)) ||
	    reply.hdr.type != cpu_to_le32(NVSP_MSG_INIT_COMPLETE))
		return ~0u;
	return le32_to_cpu(reply.status);
}

static void configure(uint32_t mtu, uint64_t caps)
{
	struct nvsp_ndis_config config = {
		.hdr.type = cpu_to_le32(NVSP_MSG_NDIS_CONFIG),
		.mtu = cpu_to_le32(mtu),
		.capabilities = cpu_to_le64(caps),
	};
	struct nvsp_ndis_version version = {
		.hdr.type = cpu_to_le32(NVSP_MSG_NDIS_VERSION),
		.major = cpu_to_le32(6),
		.minor = cpu_to_le32(30),
	};

	say(&config, sizeof(config), 0);
	say(&version, sizeof(version), 0);
}

static bool lend_recv(void)
{
	struct nvsp_lend_buf msg = {
		.hdr.type = cpu_to_le32(NVSP_MSG_RECV_BUF),
		.gpadl = cpu_to_le32(nic->recv_gpadl),
		.id = cpu_to_le16(NVSP_RECV_BUF_ID),
	};
	struct nvsp_recv_buf_complete reply;

	lend(nic, nic->recv_gpadl, RECV_PFN + nic->base, RECV_PAGES);
	if (!asked(&msg, sizeof(msg), &reply, sizeof(reply)) ||
	    reply.hdr.type != cpu_to_le32(NVSP_MSG_RECV_BUF_COMPLETE))
		return false;
	EXPECT_EQ(reply.section_cnt, 1);
	EXPECT_EQ(reply.sections[0].offset, 0);
	nic->piece_len = le32_to_cpu(reply.sections[0].piece_len);
	nic->piece_cnt = le32_to_cpu(reply.sections[0].piece_cnt);
	EXPECT_EQ(reply.sections[0].end, nic->piece_len * nic->piece_cnt);
	EXPECT(nic->piece_len * nic->piece_cnt <= RECV_PAGES * PAGE);
	return reply.status == cpu_to_le32(NVSP_STATUS_SUCCESS);
}

static bool lend_send(void)
{
	struct nvsp_lend_buf msg = {
		.hdr.type = cpu_to_le32(NVSP_MSG_SEND_BUF),
		.gpadl = cpu_to_le32(nic->send_gpadl),
		.id = cpu_to_le16(NVSP_SEND_BUF_ID),
	};
	struct nvsp_send_buf_complete reply;

	lend(nic, nic->send_gpadl, SEND_PFN + nic->base, SEND_PAGES);
	if (!asked(&msg, sizeof(msg), &reply, sizeof(reply)) ||
	    reply.hdr.type != cpu_to_le32(NVSP_MSG_SEND_BUF_COMPLETE))
		return false;
	EXPECT_EQ(reply.section_len, SECTION_LEN);
	return reply.status == cpu_to_le32(NVSP_STATUS_SUCCESS);
}

static void use(uint32_t n) { nic = &nics[n]; }

/* A host with the NICs the options name, whose channels the guest has opened. */
static void open_nics(uint32_t count)
{
	char err[128];
	uint32_t i;

	REQUIRE(!vsp_net_start(lb->vsp, err, sizeof(err)));
	mg_contact(&guest, 0);
	mg_settle(&guest);
	for (i = 0; i < count; i++) {
		REQUIRE(guest.chan[i].used);
		mg_open(&guest, i);
		mg_settle(&guest);
		REQUIRE(mg_is_open(&guest, i));
		nics[i] = (struct nic) { &guest.chan[i], 0x900 + 2 * i, 0x901 + 2 * i, 64 * i };
	}
	use(0);
}

static void begin_host(void)
{
	lb = loopback_new(PAGES);
	REQUIRE(lb);
	mg_init(&guest, lb);
	next_id = 100;
}

/* All that must be before frames go. */
static void bring_up(uint32_t n)
{
	use(n);
	REQUIRE(propose(NVSP_VERSION_6_1) == NVSP_STATUS_SUCCESS);
	configure(1514, CAPS);
	REQUIRE(lend_recv());
	REQUIRE(lend_send());
	REQUIRE(initialize());
	REQUIRE(set_offloads(NDIS_OFFLOAD_CSUM_BOTH, NDIS_OFFLOAD_ON, NDIS_OFFLOAD_OFF) ==
		RNDIS_STATUS_SUCCESS);
	REQUIRE(set_word(RNDIS_OID_PACKET_FILTER, 0xd) == RNDIS_STATUS_SUCCESS);
}

static void begin(const char *peer)
{
	begin_host();
	REQUIRE(option("net0", peer));
	/* So that answers come behind the completion of what they answer. */
	REQUIRE(option("net0.batch", "2"));
	open_nics(1);
	bring_up(0);
}

static void begin_pair(void)
{
	begin_host();
	REQUIRE(option("net0", "pair:net1"));
	REQUIRE(option("net1", "sink"));
	open_nics(2);
	bring_up(0);
	bring_up(1);
	use(0);
}

static void end_with(uint32_t violations)
{
	EXPECT_EQ(lb->violations, violations);
	if (lb->violations != violations)
		printf("# %s\n", lb->violation);
	loopback_free(lb);
}

static void end(void) { end_with(0); }

/* Frames --------------------------------------------------------------------------------*/

static const uint8_t mac0[6] = { 0, 0x15, 0x5d, 0x0a, 0, 0 };
static const uint8_t mac1[6] = { 0, 0x15, 0x5d, 0x0a, 0, 1 };
static const uint8_t peer_mac[6] = { 0, 0x15, 0x5d, 0x0a, 1, 0 };

static uint8_t frame[66000];
static uint32_t frame_len;

/* An Ethernet, IP and TCP or UDP header with @len bytes behind them; all sums right. */
static void make_frame(const uint8_t *to, uint8_t ip, uint8_t proto, uint32_t len)
{
	uint32_t l4_len = (proto == NET_PROTO_TCP ? 20 : 8) + len, i;
	uint8_t *l3 = frame + 14, *l4 = l3 + (ip == 4 ? 20 : 40);
	struct net_layout at;

	memset(frame, 0, 100);
	memcpy(frame, to, 6);
	memcpy(frame + 6, mac0, 6);
	net_put16(frame + 12, ip == 4 ? NET_TYPE_IPV4 : NET_TYPE_IPV6);
	if (ip == 4) {
		l3[0] = 0x45;
		net_put16(l3 + 2, (uint16_t)(20 + l4_len));
		l3[8] = 64;
		l3[9] = proto;
		net_put32(l3 + 12, 0x0a070002);
		net_put32(l3 + 16, 0x0a070001);
	} else {
		l3[0] = 0x60;
		net_put16(l3 + 4, (uint16_t)l4_len);
		l3[6] = proto;
		l3[7] = 64;
		net_put16(l3 + 8, 0xfd07);
		l3[23] = 2;
		net_put16(l3 + 24, 0xfd07);
		l3[39] = 1;
	}
	net_put16(l4, 4000);
	net_put16(l4 + 2, 7);
	if (proto == NET_PROTO_TCP) {
		net_put32(l4 + 4, 1000);
		l4[12] = 0x50;
		l4[13] = 0x18;
	} else if (proto == NET_PROTO_UDP) {
		net_put16(l4 + 4, (uint16_t)l4_len);
	}
	l4 += proto == NET_PROTO_TCP ? 20 : 8;
	for (i = 0; i < len; i++)
		l4[i] = (uint8_t)(i * 7);
	frame_len = (uint32_t)(l4 - frame) + len;
	net_parse(frame, frame_len, false, &at);
	net_fill_ip_sum(frame, &at);
	net_fill_l4_sum(frame, &at);
}

/* As a driver leaves it for the host to complete; @len is that in the pseudo header. */
static void seed(uint32_t len)
{
	struct net_layout at;

	net_parse(frame, frame_len, false, &at);
	net_put16(frame + net_sum_at(&at), net_pseudo_sum(frame, &at, len));
}

static uint32_t add_element(uint8_t *at, uint32_t type, uint32_t value)
{
	struct rndis_ppi ppi = { cpu_to_le32(16), cpu_to_le32(type), cpu_to_le32(12) };

	value = cpu_to_le32(value);
	memcpy(at, &ppi, sizeof(ppi));
	memcpy(at + sizeof(ppi), &value, sizeof(value));
	return 16;
}

struct element {
	uint32_t type, value;
};

/* The message for the frame at @to; returns its length, padded. */
static uint32_t put_message(uint8_t *to, const struct element *elements, uint32_t count)
{
	struct rndis_packet *pkt = (struct rndis_packet *)to;
	uint32_t at = sizeof(*pkt), i, len;

	memset(to, 0, sizeof(*pkt));
	for (i = 0; i < count; i++)
		at += add_element(to + at, elements[i].type, elements[i].value);
	len = (at + frame_len + 7) & ~7u;
	memset(to + at, 0, len - at);
	memcpy(to + at, frame, frame_len);
	pkt->hdr.type = cpu_to_le32(RNDIS_MSG_PACKET);
	pkt->hdr.len = cpu_to_le32(len);
	pkt->data_offset = cpu_to_le32(at - RNDIS_BODY);
	pkt->data_len = cpu_to_le32(frame_len);
	pkt->ppi_offset = cpu_to_le32(count ? sizeof(*pkt) - RNDIS_BODY : 0);
	pkt->ppi_len = cpu_to_le32(at - (uint32_t)sizeof(*pkt));
	return len;
}

static uint8_t *section(uint32_t n)
{
	return (uint8_t *)loopback_page(lb, SEND_PFN + nic->base) + n * SECTION_LEN;
}

static uint64_t send_section(uint32_t n, uint32_t len)
{
	struct nvsp_rndis_packet msg = {
		.hdr.type = cpu_to_le32(NVSP_MSG_RNDIS_PACKET),
		.channel_type = cpu_to_le32(NVSP_CHANNEL_DATA),
		.section = cpu_to_le32(n),
		.section_len = cpu_to_le32(len),
	};

	say(&msg, sizeof(msg), ++next_id);
	return next_id;
}

/* The frame goes out by section 0 and is accepted. */
static void transmit(const struct element *elements, uint32_t count)
{
	uint64_t id = send_section(0, put_message(section(0), elements, count));

	EXPECT(completed(id, NVSP_STATUS_SUCCESS));
}

/* The same, and the referee says no. */
static bool refused(const struct element *elements, uint32_t count)
{
	uint32_t before = lb->violations;
	uint64_t id = send_section(0, put_message(section(0), elements, count));

	return completed(id, NVSP_STATUS_INVALID_RNDIS) && lb->violations == before + 1;
}

/* A large one goes by pages, everything in a row. */
static void transmit_direct(const struct element *elements, uint32_t count, uint32_t status)
{
	struct nvsp_rndis_packet msg = {
		.hdr.type = cpu_to_le32(NVSP_MSG_RNDIS_PACKET),
		.section = cpu_to_le32(NVSP_SECTION_NONE),
	};
	uint64_t id = ++next_id;

	send_direct(&msg, 0, put_message(data_pages(), elements, count), id);
	EXPECT(completed(id, status));
}

static const uint8_t *received_data(void) { return message + RNDIS_BODY + word(8); }
static uint32_t received_len(void) { return word(12); }

/* The value of the element of this type in the frame just received. */
static bool element_of(uint32_t type, uint32_t *value)
{
	uint32_t at = RNDIS_BODY + word(28), left = word(32);

	for (; left >= 16; at += word(at), left -= word(at))
		if (word(at + 4) == type) {
			*value = word(at + word(at + 8));
			return true;
		}
	return false;
}

static bool next_frame(void)
{
	return next_message(NVSP_CHANNEL_DATA) && word(0) == RNDIS_MSG_PACKET &&
	       RNDIS_BODY + word(8) + word(12) <= message_len;
}

/* Handshake -----------------------------------------------------------------------------*/

TEST(only_known_versions_up_to_the_scripted_one_are_taken)
{
	begin_host();
	REQUIRE(option("net0", "echo"));
	REQUIRE(option("net0.version", "5"));
	open_nics(1);
	EXPECT_EQ(propose(NVSP_VERSION_6_1), NVSP_STATUS_NONE);
	EXPECT_EQ(view.payload_len, 32);
	EXPECT_EQ(propose(NVSP_VERSION_6), NVSP_STATUS_NONE);
	EXPECT_EQ(propose(0x00050001), NVSP_STATUS_NONE);
	EXPECT_EQ(propose(NVSP_VERSION_5), NVSP_STATUS_SUCCESS);
	EXPECT(state("net0", "version 5.0"));
	end();
}

TEST(buffers_are_divided_by_the_mtu)
{
	begin_host();
	REQUIRE(option("net0", "echo"));
	open_nics(1);
	EXPECT_EQ(propose(NVSP_VERSION_6_1), NVSP_STATUS_SUCCESS);
	configure(9014, CAPS);
	EXPECT(lend_recv());
	EXPECT_EQ(view.payload_len, 40);
	EXPECT(nic->piece_len >= 9014 + 44 + 64);
	EXPECT(lend_send());
	EXPECT(state("net0", "state ready"));
	EXPECT(state("net0", "mtu 9014"));
	EXPECT(state("net0", "send_sections 10"));
	end();
}

/* An MTU the host does not have is answered with the usual one. */
TEST(mtu_beyond_the_hosts_is_1500)
{
	begin_host();
	REQUIRE(option("net0", "echo"));
	REQUIRE(option("net0.mtu", "4000"));
	open_nics(1);
	EXPECT_EQ(propose(NVSP_VERSION_2), NVSP_STATUS_SUCCESS);
	configure(9014, NVSP_CAP_8021Q);
	EXPECT(state("net0", "mtu 1514"));
	end();
}

TEST(steps_out_of_order_are_violations)
{
	struct nvsp_lend_buf buf = { .hdr.type = cpu_to_le32(NVSP_MSG_RECV_BUF) };
	struct nvsp_recv_buf_complete reply;

	begin_host();
	REQUIRE(option("net0", "echo"));
	open_nics(1);
	configure(1514, CAPS);			/* two: before any version */
	EXPECT_EQ(lb->violations, 2);
	EXPECT_EQ(propose(NVSP_VERSION_6_1), NVSP_STATUS_SUCCESS);
	EXPECT(asked(&buf, sizeof(buf), &reply, sizeof(reply)));	/* before NDIS is settled */
	EXPECT_EQ(reply.status, NVSP_STATUS_FAILURE);
	EXPECT_EQ(lb->violations, 3);
	configure(1514, CAPS);
	/* Of memory that is not lent */
	EXPECT(asked(&buf, sizeof(buf), &reply, sizeof(reply)));
	EXPECT_EQ(lb->violations, 4);
	EXPECT(lend_recv());
	EXPECT(asked(&buf, sizeof(buf), &reply, sizeof(reply)));	/* twice */
	end_with(5);
}

TEST(close_and_open_begin_anew)
{
	begin("echo");
	mg_close(&guest, 0);
	mg_settle(&guest);
	EXPECT(state("net0", "state closed"));
	EXPECT(state("net0", "filter 0"));
	mg_open(&guest, 0);
	mg_settle(&guest);
	EXPECT_EQ(propose(NVSP_VERSION_6), NVSP_STATUS_SUCCESS);
	end();
}

/* Requests ------------------------------------------------------------------------------*/

TEST(questions_are_answered)
{
	struct ndis_offload offload;

	begin("echo");
	EXPECT_EQ(query(RNDIS_OID_FRAME_MAX), 0);
	EXPECT_EQ(info_word(), 1500);
	EXPECT_EQ(query(RNDIS_OID_PERMANENT_ADDRESS), 0);
	EXPECT_EQ(info_len(), 6);
	EXPECT_MEM(info(), mac0, 6);
	EXPECT_EQ(query(RNDIS_OID_MEDIA_CONNECT), 0);
	EXPECT_EQ(info_word(), RNDIS_MEDIA_CONNECTED);
	EXPECT_EQ(query(RNDIS_OID_LINK_SPEED), 0);
	EXPECT_EQ(info_word(), 100000000);
	EXPECT_EQ(query(RNDIS_OID_FRIENDLY_NAME), 0);
	EXPECT_EQ(info_len(), 512);
	EXPECT_EQ(query(RNDIS_OID_RSS_CAPABILITIES), 0);
	EXPECT_EQ(info_len(), 18);
	EXPECT_EQ(query(RNDIS_OID_PACKET_FILTER), 0);
	EXPECT_EQ(info_word(), 0xd);
	EXPECT_EQ(query(RNDIS_OID_OFFLOAD_CAPABILITIES), 0);
	REQUIRE(info_len() == sizeof(offload));
	memcpy(&offload, info(), sizeof(offload));
	EXPECT_EQ(offload.hdr.type, NDIS_TYPE_OFFLOAD);
	EXPECT_EQ(offload.hdr.size, 156);
	EXPECT_EQ(offload.lso_v2.v4_max, 62780);
	EXPECT_EQ(offload.rsc_v4, 1);
	EXPECT_EQ(query(0x12345678), RNDIS_STATUS_NOT_SUPPORTED);
	EXPECT_EQ(info_len(), 0);
	end();
}

TEST(mac_address_is_changed_by_its_parameter)
{
	static const char name[] = "NetworkAddress", value[] = "0200AABBccdd";
	struct {
		struct rndis_config_parameter hdr;
		uint8_t text[52];
	} msg = {
		.hdr.name_offset = cpu_to_le32(20),
		.hdr.name_len = cpu_to_le32(28),
		.hdr.type = cpu_to_le32(RNDIS_PARAMETER_STRING),
		.hdr.value_offset = cpu_to_le32(48),
		.hdr.value_len = cpu_to_le32(24),
	};
	uint32_t i;

	begin("echo");
	for (i = 0; i < 14; i++)
		msg.text[2 * i] = (uint8_t)name[i];
	for (i = 0; i < 12; i++)
		msg.text[28 + 2 * i] = (uint8_t)value[i];
	EXPECT_EQ(request(RNDIS_MSG_SET, RNDIS_OID_CONFIG_PARAMETER, &msg, sizeof(msg)), 0);
	EXPECT(state("net0", "mac 02:00:aa:bb:cc:dd"));
	msg.text[28] = 'x';
	EXPECT_EQ(request(RNDIS_MSG_SET, RNDIS_OID_CONFIG_PARAMETER, &msg, sizeof(msg)),
		  RNDIS_STATUS_INVALID_DATA);
	msg.hdr.value_len = cpu_to_le32(1000);
	EXPECT_EQ(request(RNDIS_MSG_SET, RNDIS_OID_CONFIG_PARAMETER, &msg, sizeof(msg)),
		  RNDIS_STATUS_INVALID_DATA);
	end_with(1);
}

TEST(rss_table_names_only_channels_there_are)
{
	struct {
		struct ndis_rss_parameters hdr;
		uint32_t table[4];
		uint8_t key[40];
	} msg = {
		.hdr.hdr = { NDIS_TYPE_RSS_PARAMETERS, 2, cpu_to_le16(40) },
		.hdr.hash = cpu_to_le32(0x1701),
		.hdr.table_len = cpu_to_le16(16),
		.hdr.table_offset = cpu_to_le32(40),
		.hdr.key_len = cpu_to_le16(40),
		.hdr.key_offset = cpu_to_le32(56),
	};

	begin("echo");
	EXPECT_EQ(request(RNDIS_MSG_SET, RNDIS_OID_RSS_PARAMETERS, &msg, sizeof(msg)), 0);
	EXPECT(state("net0", "rss on"));
	EXPECT(state("net0", "rss_entries 4"));
	msg.table[3] = cpu_to_le32(1);
	EXPECT_EQ(request(RNDIS_MSG_SET, RNDIS_OID_RSS_PARAMETERS, &msg, sizeof(msg)),
		  RNDIS_STATUS_INVALID_DATA);
	msg.hdr.key_offset = cpu_to_le32(57);
	EXPECT_EQ(request(RNDIS_MSG_SET, RNDIS_OID_RSS_PARAMETERS, &msg, sizeof(msg)),
		  RNDIS_STATUS_INVALID_DATA);
	msg.hdr.flags = cpu_to_le16(NDIS_RSS_DISABLE);
	EXPECT_EQ(request(RNDIS_MSG_SET, RNDIS_OID_RSS_PARAMETERS, &msg, sizeof(msg)), 0);
	EXPECT(state("net0", "rss off"));
	end_with(2);
}

TEST(halt_ends_what_was_set)
{
	struct rndis_halt msg = {
		.hdr.type = cpu_to_le32(RNDIS_MSG_HALT),
		.hdr.len = cpu_to_le32(sizeof(msg)),
	};

	begin("echo");
	EXPECT(control(&msg, sizeof(msg)));
	EXPECT(state("net0", "filter 0"));
	EXPECT(!receive());
	EXPECT(initialize());
	end();
}

TEST(keepalive_is_answered)
{
	struct rndis_keepalive msg = {
		.hdr.type = cpu_to_le32(RNDIS_MSG_KEEPALIVE),
		.hdr.len = cpu_to_le32(sizeof(msg)),
		.request_id = cpu_to_le32(77),
	};

	begin("echo");
	EXPECT(control(&msg, sizeof(msg)));
	EXPECT(next_message(NVSP_CHANNEL_CONTROL));
	EXPECT_EQ(word(0), RNDIS_MSG_KEEPALIVE_COMPLETE);
	EXPECT_EQ(word(8), 77);
	end();
}

/* The station ---------------------------------------------------------------------------*/

TEST(station_answers_arp)
{
	static const uint8_t arp[] = {
		255, 255, 255, 255, 255, 255, 0, 0x15, 0x5d, 0x0a, 0, 0, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1, 0, 0x15, 0x5d, 0x0a, 0, 0, 10, 7, 0, 2,
		0, 0, 0, 0, 0, 0, 10, 7, 0, 1,
	};

	begin("echo");
	memcpy(frame, arp, sizeof(arp));
	frame_len = sizeof(arp);
	transmit(NULL, 0);
	REQUIRE(next_frame());
	EXPECT_EQ(received_len(), sizeof(arp));
	EXPECT_MEM(received_data(), mac0, 6);
	EXPECT_MEM(received_data() + 6, peer_mac, 6);
	EXPECT_EQ(received_data()[21], 2);
	EXPECT_MEM(received_data() + 22, peer_mac, 6);
	/* Whose address it is not it does not answer for. */
	frame[41] = 9;
	transmit(NULL, 0);
	EXPECT(!receive());
	end();
}

TEST(station_answers_pings)
{
	struct net_layout at;
	uint8_t ip;

	begin("echo");
	for (ip = 4; ip <= 6; ip += 2) {
		make_frame(peer_mac, ip, ip == 4 ? NET_PROTO_ICMP : NET_PROTO_ICMPV6, 56);
		net_parse(frame, frame_len, false, &at);
		frame[at.l4] = ip == 4 ? 8 : 128;
		frame[at.l4 + 1] = 0;
		net_fill_l4_sum(frame, &at);
		transmit(NULL, 0);
		REQUIRE(next_frame());
		EXPECT_EQ(received_len(), frame_len);
		EXPECT_EQ(received_data()[at.l4], ip == 4 ? 0 : 129);
		EXPECT(!net_check(received_data(), &at));
		EXPECT_MEM(received_data() + at.l4 + 8, frame + at.l4 + 8, 56);
	}
	end();
}

TEST(station_answers_a_solicitation)
{
	struct net_layout at;

	begin("echo");
	make_frame(peer_mac, 6, NET_PROTO_ICMPV6, 24);
	net_parse(frame, frame_len, false, &at);
	memset(frame + at.l4, 0, 32);
	frame[at.l4] = 135;
	memcpy(frame + at.l4 + 8, frame + at.l3 + 24, 16);
	frame[at.l4 + 24] = 1;
	frame[at.l4 + 25] = 1;
	net_fill_l4_sum(frame, &at);
	transmit(NULL, 0);
	REQUIRE(next_frame());
	EXPECT_EQ(received_data()[at.l4], 136);
	EXPECT_EQ(received_data()[at.l4 + 24], 2);
	EXPECT_MEM(received_data() + at.l4 + 26, peer_mac, 6);
	EXPECT(!net_check(received_data(), &at));
	end();
}

/* What came to UDP port 7 comes back, in its VLAN. */
TEST(tag_comes_back_beside_the_frame)
{
	const struct element vlan = { RNDIS_PPI_8021Q, 5 | 42 << RNDIS_8021Q_ID_SHIFT };
	uint32_t value;

	begin("echo");
	make_frame(peer_mac, 4, NET_PROTO_UDP, 100);
	transmit(&vlan, 1);
	REQUIRE(next_frame());
	EXPECT_EQ(received_len(), frame_len);
	EXPECT(element_of(RNDIS_PPI_8021Q, &value));
	EXPECT_EQ(value, vlan.value);
	EXPECT(element_of(RNDIS_PPI_CHECKSUM, &value));
	EXPECT_EQ(value, RNDIS_CSUM_RX_UDP_OK);
	EXPECT_EQ(counter("net0.tx_tagged"), 1);
	end();
}

/* Frames of the guest -------------------------------------------------------------------*/

TEST(wrong_checksum_is_a_violation)
{
	begin("sink");
	make_frame(peer_mac, 4, NET_PROTO_TCP, 100);
	frame[frame_len - 1] ^= 1;
	transmit(NULL, 0);
	EXPECT_EQ(lb->violations, 1);
	EXPECT(command("net0 checksums lax"));
	transmit(NULL, 0);
	make_frame(peer_mac, 4, NET_PROTO_TCP, 100);
	frame[14 + 10] ^= 1;
	transmit(NULL, 0);
	EXPECT_EQ(counter("net0.tx_bad_sums"), 3);
	end_with(1);
}

/* The host puts in the checksums it is asked for; the other side gets frames that are right. */
TEST(checksums_are_completed)
{
	static const struct {
		uint8_t ip, proto;
		uint32_t bits;
	} kinds[] = {
		{ 4, NET_PROTO_TCP, RNDIS_CSUM_TX_IPV4 | RNDIS_CSUM_TX_TCP | 34 << 16 },
		{ 4, NET_PROTO_UDP, RNDIS_CSUM_TX_IPV4 | RNDIS_CSUM_TX_UDP | 34 << 16 },
		{ 6, NET_PROTO_TCP, RNDIS_CSUM_TX_IPV6 | RNDIS_CSUM_TX_TCP | 54 << 16 },
		{ 6, NET_PROTO_UDP, RNDIS_CSUM_TX_IPV6 | RNDIS_CSUM_TX_UDP | 54 << 16 },
	};
	struct net_layout at;
	uint32_t i, value;

	begin_pair();
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct element csum = { RNDIS_PPI_CHECKSUM, kinds[i].bits };

		use(0);
		make_frame(mac1, kinds[i].ip, kinds[i].proto, 333);
		net_parse(frame, frame_len, false, &at);
		seed(at.end - at.l4);
		transmit(&csum, 1);
		use(1);
		REQUIRE(next_frame());
		EXPECT(!net_check(received_data(), &at));
		EXPECT(element_of(RNDIS_PPI_CHECKSUM, &value));
		EXPECT_EQ(value, kinds[i].proto == NET_PROTO_TCP ? RNDIS_CSUM_RX_TCP_OK :
								  RNDIS_CSUM_RX_UDP_OK);
	}
	end();
}

TEST(wrongly_wanted_checksums_are_refused)
{
	struct element csum = { RNDIS_PPI_CHECKSUM,
				RNDIS_CSUM_TX_IPV4 | RNDIS_CSUM_TX_TCP | 34u << 16 };

	begin("sink");
	make_frame(peer_mac, 4, NET_PROTO_TCP, 100);
	EXPECT(refused(&csum, 1));		/* no seed */
	seed(120);
	csum.value = RNDIS_CSUM_TX_IPV4 | RNDIS_CSUM_TX_TCP | 33u << 16;
	EXPECT(refused(&csum, 1));		/* wrong offset */
	csum.value = RNDIS_CSUM_TX_IPV6 | RNDIS_CSUM_TX_TCP | 34u << 16;
	EXPECT(refused(&csum, 1));		/* wrong IP */
	csum.value = RNDIS_CSUM_TX_IPV4 | RNDIS_CSUM_TX_UDP | 34u << 16;
	EXPECT(refused(&csum, 1));		/* wrong protocol */
	EXPECT_EQ(set_offloads(NDIS_OFFLOAD_CSUM_OFF, 0, 0), 0);
	csum.value = RNDIS_CSUM_TX_IPV4 | RNDIS_CSUM_TX_TCP | 34u << 16;
	EXPECT(refused(&csum, 1));		/* not turned on */
	end_with(5);
}

static void make_large(uint8_t ip, uint32_t len)
{
	make_frame(mac1, ip, NET_PROTO_TCP, len);
	seed(0);
	if (ip == 4) {
		net_put16(frame + 16, 0);
		net_put16(frame + 24, 0);
	} else {
		net_put16(frame + 18, 0);
	}
}

/* A large send arrives as segments: numbered, flagged and summed up as TCP has it. */
TEST(large_send_is_cut)
{
	const struct element lso[] = {
		{ RNDIS_PPI_LSO, RNDIS_LSO_V2 | 34 << RNDIS_LSO_OFFSET_SHIFT | 1448 },
		{ RNDIS_PPI_LSO, RNDIS_LSO_V2 | RNDIS_LSO_IPV6 |
		  54 << RNDIS_LSO_OFFSET_SHIFT | 1400 },
	};
	uint32_t i, n, mss, left, got;
	struct net_layout at;
	const uint8_t *tcp;

	begin_pair();
	for (i = 0; i < 2; i++) {
		use(0);
		make_large(i ? 6 : 4, 10000);
		transmit_direct(&lso[i], 1, NVSP_STATUS_SUCCESS);
		use(1);
		mss = i ? 1400 : 1448;
		for (n = 0, left = 10000; left; n++, left -= got) {
			REQUIRE(next_frame());
			net_parse(received_data(), received_len(), false, &at);
			EXPECT(!net_check(received_data(), &at));
			got = at.end - at.payload;
			EXPECT_EQ(got, left < mss ? left : mss);
			tcp = received_data() + at.l4;
			EXPECT_EQ(net_get32(tcp + 4), 1000 + n * mss);
			EXPECT_EQ(tcp[13], got == left ? 0x18 : 0x10);
			EXPECT_EQ(received_data()[at.payload], (uint8_t)(n * mss * 7));
		}
		EXPECT(!receive());
	}
	EXPECT_EQ(counter("net0.tx_lso"), 2);
	EXPECT_EQ(counter("net1.rx_segments"), 7 + 8);
	end();
}

/* A guest that wants it gets the large frame in slices of one packet. */
TEST(large_send_arrives_coalesced)
{
	const struct element lso = { RNDIS_PPI_LSO,
				     RNDIS_LSO_V2 | 34 << RNDIS_LSO_OFFSET_SHIFT | 1448 };
	static uint8_t whole[20000];
	struct rndis_packet_id id;
	uint32_t i, at = 0, value;
	struct net_layout layout;

	begin_pair();
	use(1);
	EXPECT_EQ(set_offloads(NDIS_OFFLOAD_CSUM_BOTH, NDIS_OFFLOAD_ON, NDIS_OFFLOAD_ON), 0);
	use(0);
	make_large(4, 10000);
	transmit_direct(&lso, 1, NVSP_STATUS_SUCCESS);
	use(1);
	REQUIRE(receive());
	REQUIRE(pkt_transfer_count(&view) == 7);
	for (i = 0; i < 7; i++) {
		REQUIRE(take_range(i));
		REQUIRE(element_of(RNDIS_PPI_PACKET_ID, &value));
		memcpy(&id, &value, sizeof(id));
		EXPECT_EQ(id.version, 1);
		EXPECT_EQ(id.flags, RNDIS_PACKET_ID_PART | (i ? 0 : RNDIS_PACKET_ID_FIRST) |
				    (i == 6 ? RNDIS_PACKET_ID_LAST : 0));
		memcpy(whole + at, received_data(), received_len());
		at += received_len();
	}
	confirm(view.id, NVSP_STATUS_SUCCESS);
	EXPECT_EQ(at, frame_len);
	net_parse(whole, at, false, &layout);
	EXPECT(!net_check(whole, &layout));
	EXPECT_EQ(counter("net1.rx_rsc"), 1);
	EXPECT_EQ(counter("net1.pieces_out"), 0);
	end();
}

TEST(wrong_large_sends_are_refused)
{
	struct element lso[2] = {
		{ RNDIS_PPI_LSO, RNDIS_LSO_V2 | 34 << RNDIS_LSO_OFFSET_SHIFT | 1000 },
		{ RNDIS_PPI_CHECKSUM, RNDIS_CSUM_TX_IPV4 | RNDIS_CSUM_TX_TCP | 34u << 16 },
	};

	begin("sink");
	make_large(4, 3000);
	EXPECT(refused(lso, 2));		/* both */
	lso[0].value &= ~RNDIS_LSO_V2;
	EXPECT(refused(lso, 1));		/* version 1 */
	lso[0].value = RNDIS_LSO_V2 | 34 << RNDIS_LSO_OFFSET_SHIFT;
	EXPECT(refused(lso, 1));		/* no segment size */
	lso[0].value |= 1500;
	EXPECT(refused(lso, 1));		/* beyond the MTU */
	lso[0].value = RNDIS_LSO_V2 | RNDIS_LSO_IPV6 | 34 << RNDIS_LSO_OFFSET_SHIFT | 1000;
	EXPECT(refused(lso, 1));		/* the other IP */
	make_frame(mac1, 4, NET_PROTO_TCP, 3000);
	lso[0].value = RNDIS_LSO_V2 | 34 << RNDIS_LSO_OFFSET_SHIFT | 1000;
	EXPECT(refused(lso, 1));		/* no seed */
	EXPECT(refused(NULL, 0));		/* and a large frame without it */
	end_with(7);
}

TEST(several_messages_in_a_section)
{
	uint32_t at = 0, i;
	uint64_t id;

	begin("reflect");
	for (i = 0; i < 3; i++) {
		make_frame(mac1, 4, NET_PROTO_UDP, 50 + i);
		memcpy(frame + 6, mac1, 6);
		at += put_message(section(1) + at, NULL, 0);
	}
	id = send_section(1, at);
	EXPECT(completed(id, NVSP_STATUS_SUCCESS));
	EXPECT_EQ(counter("net0.tx_frames"), 3);
	EXPECT_EQ(counter("net0.tx_packets"), 1);
	EXPECT_EQ(counter("net0.tx_batched"), 1);
	/* They come back two at a time. */
	EXPECT(!receive());
	EXPECT_EQ(set_word(RNDIS_OID_PACKET_FILTER, RNDIS_FILTER_PROMISCUOUS), 0);
	id = send_section(1, at);
	EXPECT(completed(id, NVSP_STATUS_SUCCESS));
	REQUIRE(receive());
	EXPECT_EQ(pkt_transfer_count(&view), 2);
	REQUIRE(receive());
	EXPECT_EQ(pkt_transfer_count(&view), 1);
	end();
}

TEST(more_messages_than_agreed_and_misplaced_ones_are_refused)
{
	struct rndis_packet *pkt;
	uint32_t at = 0, i, len;
	uint64_t id;

	begin("sink");
	make_frame(peer_mac, 4, NET_PROTO_UDP, 50);
	for (i = 0; i < 9; i++)
		at += put_message(section(1) + at, NULL, 0);
	id = send_section(1, at);
	EXPECT(completed(id, NVSP_STATUS_INVALID_RNDIS));
	EXPECT_EQ(lb->violations, 1);
	/* The first is 4 bytes shorter than its padding: the next begins at no multiple of 8. */
	len = put_message(section(2), NULL, 0);
	pkt = (struct rndis_packet *)section(2);
	pkt->hdr.len = cpu_to_le32(len - 4);
	id = send_section(2, len);
	EXPECT(completed(id, NVSP_STATUS_INVALID_RNDIS));
	pkt->hdr.len = cpu_to_le32(len + 8);
	id = send_section(2, len);
	EXPECT(completed(id, NVSP_STATUS_INVALID_RNDIS));
	pkt->hdr.len = cpu_to_le32(len);
	pkt->data_len = cpu_to_le32(len);
	id = send_section(2, len);
	EXPECT(completed(id, NVSP_STATUS_INVALID_RNDIS));
	end_with(4);
}

/* Header in the section, frame in pages; and in pages alone the header must not be cut. */
TEST(header_in_one_piece_frame_in_others)
{
	const struct element vlan = { RNDIS_PPI_8021Q, 0 };
	struct nvsp_rndis_packet msg = {
		.hdr.type = cpu_to_le32(NVSP_MSG_RNDIS_PACKET),
		.section = cpu_to_le32(3),
	};
	uint32_t head = sizeof(struct rndis_packet) + 16;
	struct rndis_packet *pkt;
	uint8_t whole[2048];
	uint32_t len;

	begin("sink");
	make_frame(peer_mac, 4, NET_PROTO_UDP, 1000);
	len = put_message(whole, &vlan, 1);
	pkt = (struct rndis_packet *)whole;
	pkt->hdr.len = cpu_to_le32(head + frame_len);
	memcpy(section(3), whole, head);
	memcpy(data_pages() + 100, whole + head, frame_len);
	msg.section_len = cpu_to_le32(head);
	send_direct(&msg, 100, frame_len, ++next_id);
	EXPECT(completed(next_id, NVSP_STATUS_SUCCESS));
	EXPECT_EQ(counter("net0.tx_mixed"), 1);
	/* One element less in the section than belongs there */
	memcpy(section(3), whole, head - 16);
	memcpy(data_pages() + 100, whole + head - 16, frame_len + 16);
	msg.section_len = cpu_to_le32(head - 16);
	send_direct(&msg, 100, frame_len + 16, ++next_id);
	EXPECT(completed(next_id, NVSP_STATUS_INVALID_RNDIS));
	EXPECT(len);
	end_with(1);
}

TEST(sections_are_those_of_the_buffer_and_one_at_a_time)
{
	uint64_t first, id;
	uint32_t len;

	begin("sink");
	make_frame(peer_mac, 4, NET_PROTO_UDP, 50);
	len = put_message(section(0), NULL, 0);
	id = send_section(10, len);
	EXPECT(completed(id, NVSP_STATUS_FAILURE));
	id = send_section(0, SECTION_LEN + 1);
	EXPECT(completed(id, NVSP_STATUS_FAILURE));
	id = send_section(0, 0);
	EXPECT(completed(id, NVSP_STATUS_FAILURE));
	EXPECT_EQ(lb->violations, 3);
	EXPECT(command("net0 hold"));
	first = send_section(0, len);
	EXPECT(!receive());
	id = send_section(0, len);
	EXPECT(completed(id, NVSP_STATUS_FAILURE));
	EXPECT_EQ(lb->violations, 4);
	EXPECT(command("net0 release"));
	EXPECT(completed(first, NVSP_STATUS_SUCCESS));
	id = send_section(0, len);
	EXPECT(completed(id, NVSP_STATUS_SUCCESS));
	end_with(4);
}

/* The host looks when it answers: a section written to in between is found out. */
TEST(late_host_sees_what_was_overwritten)
{
	uint64_t id;

	begin("sink");
	make_frame(peer_mac, 4, NET_PROTO_UDP, 50);
	EXPECT(command("net0 delay 1000"));
	id = send_section(0, put_message(section(0), NULL, 0));
	memset(section(0) + 44 + 42, 0xee, 10);
	loopback_advance(lb, 999999);
	EXPECT(!receive());
	loopback_advance(lb, 1);
	EXPECT(completed(id, NVSP_STATUS_SUCCESS));
	EXPECT_EQ(counter("net0.tx_bad_sums"), 1);
	end_with(1);
}

/* Frames to the guest -------------------------------------------------------------------*/

TEST(filter_lets_through_what_was_asked_for)
{
	static const uint8_t other[6] = { 2, 9, 9, 9, 9, 9 }, group[6] = { 1, 0, 0x5e, 0, 0, 5 };
	static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 };
	static const struct {
		uint32_t filter;
		const uint8_t *to;
		bool through;
	} cases[] = {
		{ 0x01, mac1, true }, { 0x01, other, false }, { 0x01, group, false },
		{ 0x01, all, false }, { 0x08, all, true }, { 0x08, mac1, false },
		{ 0x04, group, true }, { 0x02, group, false }, { 0x20, other, true },
		{ 0x00, mac1, false },
	};
	uint32_t i;

	begin_pair();
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		use(1);
		EXPECT_EQ(set_word(RNDIS_OID_PACKET_FILTER, cases[i].filter), 0);
		use(0);
		make_frame(cases[i].to, 4, NET_PROTO_UDP, 10);
		transmit(NULL, 0);
		use(1);
		EXPECT_EQ(next_frame(), cases[i].through);
	}
	EXPECT_EQ(request(RNDIS_MSG_SET, RNDIS_OID_MULTICAST_LIST, group, 6), 0);
	EXPECT_EQ(set_word(RNDIS_OID_PACKET_FILTER, RNDIS_FILTER_MULTICAST), 0);
	use(0);
	make_frame(group, 4, NET_PROTO_UDP, 10);
	transmit(NULL, 0);
	use(1);
	EXPECT(next_frame());
	EXPECT_EQ(counter("net1.rx_filtered"), 6);
	end();
}

/* The buffer is used up, the rest waits for pieces to come back, and nothing is lost. */
TEST(frames_wait_for_pieces)
{
	uint32_t i, n, frames, total = 0;
	uint64_t ids[200];

	begin("sink");
	make_frame(peer_mac, 4, NET_PROTO_UDP, 10);
	transmit(NULL, 0);			/* so that the station knows us */
	EXPECT(command("net0 source 300 500"));
	for (; total < 300; total += frames) {
		for (n = frames = 0; n < ARRAY_SIZE(ids) && receive(); n++) {
			EXPECT_EQ(view.type, VMBUS_PKT_TRANSFER_PAGES);
			frames += (uint32_t)pkt_transfer_count(&view);
			ids[n] = view.id;
		}
		EXPECT(frames > 0 && frames <= nic->piece_cnt - 16);
		if (!n)
			break;
		for (i = 0; i < n; i++)
			confirm(ids[i], NVSP_STATUS_SUCCESS);
	}
	EXPECT_EQ(total, 300);
	EXPECT_EQ(counter("net0.rx_full"), 0);
	EXPECT_EQ(counter("net0.pieces_out"), 0);
	end();
}

TEST(what_was_given_back_is_overwritten)
{
	const uint8_t *piece;
	uint32_t at, len;

	begin("reflect");
	make_frame(peer_mac, 4, NET_PROTO_UDP, 200);
	memcpy(frame + 6, mac0, 6);
	send_section(0, put_message(section(0), NULL, 0));
	while (receive() && view.type != VMBUS_PKT_TRANSFER_PAGES)
		;
	REQUIRE(!pkt_transfer_range(&view, 0, RECV_PAGES * PAGE, &at, &len));
	piece = (uint8_t *)loopback_page(lb, RECV_PFN) + at;
	EXPECT_MEM(piece + 44 + 16, mac0, 6);
	confirm(view.id, NVSP_STATUS_SUCCESS);
	for (len = 0; len < 44 + 242; len++)
		EXPECT_EQ(piece[len], 0xdb);
	end();
}

TEST(failed_receive_is_counted_and_given_back)
{
	begin("reflect");
	make_frame(peer_mac, 4, NET_PROTO_UDP, 200);
	send_section(0, put_message(section(0), NULL, 0));
	while (receive() && view.type != VMBUS_PKT_TRANSFER_PAGES)
		;
	confirm(view.id, NVSP_STATUS_FAILURE);
	EXPECT_EQ(counter("net0.rx_failed"), 1);
	EXPECT_EQ(counter("net0.pieces_out"), 0);
	/* Twice is once too often. */
	confirm(view.id, NVSP_STATUS_SUCCESS);
	end_with(1);
}

TEST(numbered_datagrams_are_checked)
{
	uint8_t *body = frame + 42;
	struct net_layout at;
	uint32_t number;

	begin("sink");
	for (number = 0; number < 5; number++) {
		if (number == 2)
			continue;
		make_frame(peer_mac, 4, NET_PROTO_UDP, 100);
		net_put32(body, 0x766b6974);
		net_put32(body + 4, 3);
		net_put32(body + 8, number);
		for (uint32_t i = 12; i < 100; i++)
			body[i] = (uint8_t)(number + i - 12);
		body[50] ^= number == 4;
		net_parse(frame, frame_len, false, &at);
		net_fill_l4_sum(frame, &at);
		transmit(NULL, 0);
	}
	EXPECT_EQ(counter("net0.sunk_good"), 3);
	EXPECT_EQ(counter("net0.sunk_lost"), 1);
	EXPECT_EQ(counter("net0.sunk_bad"), 1);
	end();
}

/* Notices -------------------------------------------------------------------------------*/

TEST(carrier_and_speed_are_indicated)
{
	begin("echo");
	EXPECT(command("net0 link down"));
	REQUIRE(next_message(NVSP_CHANNEL_CONTROL));
	EXPECT_EQ(word(0), RNDIS_MSG_INDICATE);
	EXPECT_EQ(word(8), RNDIS_INDICATE_DISCONNECT);
	EXPECT_EQ(query(RNDIS_OID_MEDIA_CONNECT), 0);
	EXPECT_EQ(info_word(), RNDIS_MEDIA_DISCONNECTED);
	EXPECT(command("net0 link up"));
	REQUIRE(next_message(NVSP_CHANNEL_CONTROL));
	EXPECT_EQ(word(8), RNDIS_INDICATE_CONNECT);
	EXPECT(command("net0 speed 25000000000"));
	REQUIRE(next_message(NVSP_CHANNEL_CONTROL));
	EXPECT_EQ(word(8), RNDIS_INDICATE_LINK_SPEED);
	EXPECT_EQ(word(12), 4);
	EXPECT_EQ(word(RNDIS_BODY + word(16)), 250000000);
	end();
}

TEST(virtual_function_is_announced_and_the_path_switched)
{
	struct nvsp_switch_data_path msg = {
		.hdr.type = cpu_to_le32(NVSP_MSG_SWITCH_DATA_PATH),
		.path = cpu_to_le32(NVSP_PATH_VF),
	};
	struct nvsp_vf_association vf;

	begin("reflect");
	EXPECT(command("net0 vf add 7"));
	REQUIRE(receive());
	EXPECT_EQ(view.type, VMBUS_PKT_INBAND);
	memcpy(&vf, view.payload, sizeof(vf));
	EXPECT_EQ(vf.hdr.type, NVSP_MSG_VF_ASSOCIATION);
	EXPECT_EQ(vf.allocated, 1);
	EXPECT_EQ(vf.serial, 7);
	EXPECT(command("net0 vf hold"));
	say(&msg, sizeof(msg), 500);
	EXPECT(!receive());
	EXPECT(command("net0 vf release"));
	REQUIRE(receive());
	EXPECT_EQ(view.id, 500);
	EXPECT_EQ(view.payload_len, 0);
	EXPECT(state("net0", "path vf"));
	make_frame(peer_mac, 4, NET_PROTO_UDP, 10);
	transmit(NULL, 0);
	EXPECT(!receive());
	EXPECT_EQ(counter("net0.rx_vf_path"), 1);
	end();
}

static void switch_path(uint32_t path, uint64_t id)
{
	const struct nvsp_switch_data_path msg = {
		.hdr.type = cpu_to_le32(NVSP_MSG_SWITCH_DATA_PATH),
		.path = cpu_to_le32(path),
	};

	say(&msg, sizeof(msg), id);
}

TEST(switches_are_confirmed_in_order_or_ignored_and_none_is_asked_for_twice)
{
	begin("reflect");
	EXPECT(command("net0 vf add 7"));
	REQUIRE(receive());
	EXPECT(command("net0 vf hold"));
	switch_path(NVSP_PATH_VF, 500);
	switch_path(NVSP_PATH_SYNTHETIC, 501);
	EXPECT(!receive());
	EXPECT_EQ(lb->violations, 0);
	switch_path(NVSP_PATH_VF, 502);
	EXPECT_EQ(lb->violations, 1);
	EXPECT(command("net0 vf release"));
	REQUIRE(receive());
	EXPECT_EQ(view.id, 500);
	REQUIRE(receive());
	EXPECT_EQ(view.id, 501);
	EXPECT(state("net0", "path synthetic"));
	EXPECT(command("net0 vf ignore"));
	switch_path(NVSP_PATH_VF, 503);
	EXPECT(!receive());
	EXPECT(state("net0", "path synthetic"));
	EXPECT_EQ(counter("net0.vf_ignored"), 1);
	EXPECT_EQ(counter("net0.vf_switches"), 2);
	end_with(1);
}

/* The other end of a function's cable: what the backend of an emulated NIC has. */
static int plug(const char *prefix)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0), r;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.nic", prefix);
	r = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.host", prefix);
	if (!r)
		r = connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	return r ? -1 : fd;
}

TEST(frames_go_by_the_function_while_the_path_is_its_own)
{
	char prefix[] = "/tmp/net_test.XXXXXX", path[64];
	uint8_t back[2000];
	int fd;

	close(mkstemp(prefix));
	begin_host();
	REQUIRE(option("net0", "reflect"));
	REQUIRE(option("net0.vf_cable", prefix));
	open_nics(1);
	bring_up(0);
	fd = plug(prefix);
	REQUIRE(fd >= 0);
	EXPECT(command("net0 vf add 7"));
	REQUIRE(receive());

	/* By the wrong way: nobody gets it, and somebody counts it. */
	make_frame(peer_mac, 4, NET_PROTO_UDP, 10);
	EXPECT_EQ(write(fd, frame, frame_len), frame_len);
	loopback_look(lb);
	EXPECT_EQ(counter("net0.vf_tx_wrong"), 1);

	switch_path(NVSP_PATH_VF, 500);
	REQUIRE(receive());
	EXPECT_EQ(write(fd, frame, frame_len), frame_len);
	loopback_look(lb);
	EXPECT_EQ(counter("net0.vf_tx_frames"), 1);
	EXPECT_EQ(recv(fd, back, sizeof(back), MSG_DONTWAIT), frame_len);
	EXPECT_MEM(back, frame + 6, 6);
	EXPECT_MEM(back + 12, frame + 12, frame_len - 12);
	/* What the channel brings is answered by the function, too. */
	transmit(NULL, 0);
	EXPECT_EQ(recv(fd, back, sizeof(back), MSG_DONTWAIT), frame_len);
	EXPECT_EQ(counter("net0.vf_rx_frames"), 2);
	EXPECT_EQ(counter("net0.tx_vf_path"), 1);

	/* A tag is one, whichever way it comes. */
	memmove(frame + 16, frame + 12, frame_len - 12);
	net_put16(frame + 12, NET_TYPE_8021Q);
	net_put16(frame + 14, 42);
	frame_len += 4;
	EXPECT_EQ(write(fd, frame, frame_len), frame_len);
	loopback_look(lb);
	EXPECT_EQ(recv(fd, back, sizeof(back), MSG_DONTWAIT), frame_len);
	EXPECT_MEM(back + 12, frame + 12, frame_len - 12);

	/* Nobody is there any more to take it. */
	close(fd);
	transmit(NULL, 0);
	EXPECT_EQ(counter("net0.vf_rx_lost"), 1);
	end();
	snprintf(path, sizeof(path), "%s.nic", prefix);
	unlink(path);
	unlink(prefix);
}

/* A frame each way, between the guest and whoever has @fd. */
static void both_ways(int fd)
{
	uint8_t back[2000];

	make_frame(peer_mac, 4, NET_PROTO_UDP, 10);
	transmit(NULL, 0);
	EXPECT_EQ(recv(fd, back, sizeof(back), MSG_DONTWAIT), frame_len);
	EXPECT_MEM(back, frame, frame_len);
	EXPECT_EQ(counter("net0.wire_sent"), 1);
	make_frame(mac0, 6, NET_PROTO_UDP, 100);
	EXPECT_EQ(write(fd, frame, frame_len), frame_len);
	loopback_look(lb);
	EXPECT_EQ(counter("net0.rx_frames"), 1);
	EXPECT(receive());
	EXPECT_EQ(view.type, VMBUS_PKT_TRANSFER_PAGES);
}

TEST(frames_leave_the_host_by_a_socket)
{
	char prefix[] = "/tmp/net_test.XXXXXX", value[96], path[64];
	int fd;

	close(mkstemp(prefix));
	begin_host();
	snprintf(value, sizeof(value), "socket:%s.host:%s.nic", prefix, prefix);
	REQUIRE(option("net0", value));
	open_nics(1);
	bring_up(0);
	fd = plug(prefix);
	REQUIRE(fd >= 0);
	both_ways(fd);
	close(fd);
	transmit(NULL, 0);
	EXPECT_EQ(counter("net0.wire_lost"), 1);
	end();
	snprintf(path, sizeof(path), "%s.host", prefix);
	EXPECT(access(path, F_OK));
	snprintf(path, sizeof(path), "%s.nic", prefix);
	unlink(path);
	unlink(prefix);
}

/* A network of its own, where the process may make devices; false: not here. */
static bool network_of_its_own(void)
{
	int fd;

	if (unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return false;
	fd = open("/dev/net/tun", O_RDWR);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* What is sent to, and comes out of, the system's end of a tap device. */
static int open_tap_end(const char *name)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	struct sockaddr_ll addr = { .sll_family = AF_PACKET };
	struct ifreq req = { .ifr_flags = IFF_UP | IFF_NOARP };

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	addr.sll_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || !addr.sll_ifindex || ioctl(fd, SIOCSIFFLAGS, &req))
		return -1;
	/* Only now: the system's own first words are none of ours. */
	addr.sll_protocol = htons(0x0003);
	return bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ? -1 : fd;
}

TEST(frames_leave_the_host_by_a_tap_device)
{
	int fd;

	if (!network_of_its_own())
		SKIP("no network of its own, or no tap devices here");
	begin_host();
	REQUIRE(option("net0", "tap:kit0"));
	open_nics(1);
	bring_up(0);
	fd = open_tap_end("kit0");
	REQUIRE(fd >= 0);
	both_ways(fd);
	close(fd);
	end();
	EXPECT(!if_nametoindex("kit0"));
}

/* Channels ------------------------------------------------------------------------------*/

TEST(sub_channels_are_granted_offered_and_used)
{
	struct nvsp_sub_channels msg = {
		.hdr.type = cpu_to_le32(NVSP_MSG_SUB_CHANNELS),
		.operation = cpu_to_le32(NVSP_SUB_CHANNELS_ALLOCATE),
		.count = cpu_to_le32(5),
	};
	struct nvsp_sub_channels_complete reply;
	struct nvsp_indirection_table table;

	begin_host();
	REQUIRE(option("net0", "echo"));
	REQUIRE(option("net0.sub_channels", "2"));
	open_nics(1);
	bring_up(0);
	EXPECT(asked(&msg, sizeof(msg), &reply, sizeof(reply)));
	EXPECT_EQ(reply.status, NVSP_STATUS_SUCCESS);
	EXPECT_EQ(reply.count, 2);
	mg_settle(&guest);
	REQUIRE(guest.chan[1].used && guest.chan[2].used);
	mg_open(&guest, 1);
	mg_settle(&guest);
	EXPECT(!receive());
	mg_open(&guest, 2);
	mg_settle(&guest);
	REQUIRE(receive());
	memcpy(&table, view.payload, sizeof(table));
	EXPECT_EQ(table.hdr.type, NVSP_MSG_INDIRECTION_TABLE);
	EXPECT_EQ(table.count, 16);
	EXPECT_EQ(table.offset, 12);
	EXPECT(state("net0", "channels 3"));
	end();
}

/* From the verification suite of the definition of RSS. */
TEST(hashes_are_those_of_the_definition)
{
	static const uint8_t key[NET_KEY_LEN] = {
		0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
		0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
		0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
	};
	struct net_layout at;

	make_frame(mac1, 4, NET_PROTO_TCP, 0);
	net_put32(frame + 26, 0x420995bb);	/* 66.9.149.187:2794 */
	net_put32(frame + 30, 0xa18e6450);	/* 161.142.100.80:1766 */
	net_put16(frame + 34, 2794);
	net_put16(frame + 36, 1766);
	net_parse(frame, frame_len, false, &at);
	EXPECT_EQ(net_hash(frame, &at, key, true), 0x51ccc178);
	EXPECT_EQ(net_hash(frame, &at, key, false), 0x323e8fc2);
}

/* Lies ----------------------------------------------------------------------------------*/

TEST(lies_are_told_as_often_as_ordered)
{
	uint32_t i;

	begin("reflect");
	EXPECT(command("net0 spoil data_len=99999 1@1"));
	EXPECT(command("net0 spoil ppi_size=0 1"));
	EXPECT(!command("net0 spoil nonsense=1"));
	EXPECT(!command("net0 spoil data_len"));
	EXPECT(!command("net0 spoil tx_twice=1"));
	make_frame(peer_mac, 4, NET_PROTO_UDP, 10);
	for (i = 0; i < 3; i++) {
		send_section(0, put_message(section(0), NULL, 0));
		while (receive() && view.type != VMBUS_PKT_TRANSFER_PAGES)
			;
		REQUIRE(take_range(0));
		EXPECT_EQ(word(12), i == 1 ? 99999 : frame_len);
		EXPECT_EQ(word(44), i == 0 ? 0 : 16);
		confirm(view.id, NVSP_STATUS_SUCCESS);
		while (receive())
			;
	}
	EXPECT_EQ(counter("net0.lies"), 2);
	end();
}

TEST(completions_can_be_doubled_and_withheld)
{
	uint64_t id;

	begin("sink");
	make_frame(peer_mac, 4, NET_PROTO_UDP, 10);
	EXPECT(command("net0 spoil tx_twice"));
	id = send_section(0, put_message(section(0), NULL, 0));
	EXPECT(completed(id, NVSP_STATUS_SUCCESS));
	EXPECT(completed(id, NVSP_STATUS_SUCCESS));
	EXPECT(command("net0 spoil tx_never"));
	send_section(0, put_message(section(0), NULL, 0));
	EXPECT(!receive());
	end();
}

/* Whatever a guest writes, the host stays alive. Only the sanitizers judge. */
TEST(host_survives_any_message)
{
	uint32_t seed_value = 1, i, n;
	uint8_t bytes[256];

	begin("reflect");
	for (n = 0; n < 20000; n++) {
		uint32_t len = 0, at;

		/* A true message, in which some bytes are something else. */
		make_frame(mac0, n & 1 ? 4 : 6, n & 2 ? NET_PROTO_TCP : NET_PROTO_UDP, n % 700);
		len = put_message(section(0), &(struct element) { n % 12, n * 2654435761u }, 1);
		for (i = 0; i < n % 5; i++) {
			seed_value = seed_value * 1664525u + 1013904223u;
			at = (seed_value >> 8) % len;
			section(0)[at] = (uint8_t)(seed_value >> 24);
		}
		if (n % 50) {
			struct nvsp_rndis_packet msg = {
				.hdr.type = cpu_to_le32(NVSP_MSG_RNDIS_PACKET),
				.channel_type = cpu_to_le32(n % 7 == 6),
				.section_len = cpu_to_le32(len),
			};
			memcpy(bytes, &msg, sizeof(msg));
		} else {
			for (i = 0; i < 40; i++)
				bytes[i] = (uint8_t)(seed_value >> (i % 24));
			net_put32(bytes, 0);
			bytes[0] = (uint8_t)(100 + n / 50 % 40);
		}
		/* Taking a buffer back would be the end of it. */
		if (bytes[0] == NVSP_MSG_REVOKE_RECV_BUF || bytes[0] == NVSP_MSG_REVOKE_SEND_BUF)
			continue;
		say(bytes, 40, ++next_id);
		while (receive())
			if (view.type == VMBUS_PKT_TRANSFER_PAGES)
				confirm(view.id, NVSP_STATUS_SUCCESS);
	}
	EXPECT(counter("net0.tx_frames") > 1000);
	EXPECT(counter("net0.tx_refused") > 1000);
	loopback_free(lb);
}

TEST(options_say_what_is_wrong_with_them)
{
	begin_host();
	EXPECT(!option("net0", "nothing"));
	EXPECT(!option("net0", "tap:"));
	EXPECT(!option("net0", "socket:/nowhere"));
	EXPECT(!option("net0.version", "3"));
	EXPECT(!option("net0.mac", "00:11"));
	EXPECT(!option("net0.mtu", "100"));
	EXPECT(!option("net0.no_such", "1"));
	EXPECT(!option("net8", "echo"));
	EXPECT(option("net0", "pair:net5"));
	{
		char err[128];

		EXPECT(vsp_net_start(lb->vsp, err, sizeof(err)));
		EXPECT(strstr(err, "net5"));
	}
	loopback_free(lb);
}

KTAP_MAIN

// SPDX-License-Identifier: GPL-2.0
/*
 * golden_test.c - what we build is, to the byte, what the files in golden/ say
 *
 * Each message and packet a guest sends is taken apart, built again from those
 * values by our builders, and compared. So a newly captured file is tested by
 * putting it into the directory. What differs from one boot to the next, frame
 * numbers and handles, is in the files as it was in the boot they are from.
 */
#include "golden.h"
#include "ktap.h"

#include "storvsc/proto/vstor.h"
#include "vmbus_client/proto/gpadl.h"
#include "vmbus_client/proto/msg.h"
#include "vmbus_client/proto/negotiate.h"
#include "vmbus_client/proto/pkt.h"
#include "vmbus_client/proto/ring.h"

static u64 seen;		/* bit: type of a message that a file shows */
static u32 storage_seen;	/* bit: operation of a storage packet */
static u32 directions_seen;	/* bit: which way a storage request moves data */

static bool is(const struct golden *g, const char *carrier)
{
	return !strcmp(g->carrier, carrier);
}

static u32 le32_at(const u8 *bytes, unsigned int offset)
{
	return bytes[offset] | bytes[offset + 1] << 8 | bytes[offset + 2] << 16 |
	       (u32)bytes[offset + 3] << 24;
}

static u64 le64_at(const u8 *bytes, unsigned int offset)
{
	return le32_at(bytes, offset) | (u64)le32_at(bytes, offset + 4) << 32;
}

static void same(const struct golden *g, unsigned int index, const void *built, u32 len)
{
	const struct golden_record *record = &g->record[index];

	printf("# %s record %u: %u bytes\n", g->name, index, record->len);
	EXPECT_EQ(len, record->len);
	if (len == record->len)
		EXPECT_MEM(built, record->bytes, len);
}

static u32 rebuild_contact(const u8 *in, void *out)
{
	struct vmbus_msg_initiate_contact *msg = out;
	u32 version = le32_at(in, 8), len;
	struct negotiate n;

	negotiate_start(&n, version);
	len = negotiate_ask(&n, le32_at(in, 12), le64_at(in, 24), le64_at(in, 32), msg);
	/* Stock Linux still names an interrupt page to old hosts, which do not look at it. */
	if (version < VMBUS_VERSION_5_0)
		msg->interrupt_page = cpu_to_le64(le64_at(in, 16));
	EXPECT_EQ(n.version, version);
	EXPECT_EQ(n.connection_id, version >= VMBUS_VERSION_5_0 ? 4 : 1);
	return len;
}

static void rebuild_gpadl(const struct golden *g)
{
	const u8 *header = g->record[0].bytes;
	u8 msg[VMBUS_MSG_MAX_LEN] __attribute__((aligned(8)));
	u64 pfns[VMBUS_GPADL_MAX_PFNS];
	const struct gpadl_range range = { pfns, le32_at(header, 24), le32_at(header, 20) };
	unsigned int i, at, count = 0;
	struct gpadl_cut cut;

	for (i = 0; i < g->count; i++)
		for (at = i ? 16 : 28; at + 8 <= g->record[i].len; at += 8)
			pfns[count++] = le64_at(g->record[i].bytes, at);

	EXPECT_EQ(gpadl_cut_start(&cut, le32_at(header, 8), le32_at(header, 12), &range, 1),
		  g->count);
	EXPECT_EQ(cut.units, 1 + count);
	for (i = 0; i < g->count; i++)
		same(g, i, msg, gpadl_cut_next(&cut, msg));
	EXPECT_EQ(gpadl_cut_next(&cut, msg), 0);
}

static void rebuild_message(struct golden *g)
{
	u8 msg[VMBUS_MSG_MAX_LEN] __attribute__((aligned(8)));
	const u8 *in = g->record[0].bytes;
	u32 type, len;

	if (!is(g, "guest-message"))
		return;
	memset(msg, 0xee, sizeof(msg));
	type = le32_at(in, 0);
	seen |= 1ull << (type & 63);
	switch (type) {
	case 3:
	case 16:
		len = msg_put_simple((void *)msg, type);
		break;
	case 5:
		len = msg_put_open((void *)msg, le32_at(in, 8), le32_at(in, 12), le32_at(in, 16),
				   le32_at(in, 20), le32_at(in, 24), in + 28, 120);
		break;
	case 7:
	case 13:
		len = msg_put_relid((void *)msg, type, le32_at(in, 8));
		break;
	case 8:
		rebuild_gpadl(g);
		return;
	case 11:
		len = msg_put_gpadl_teardown((void *)msg, le32_at(in, 8), le32_at(in, 12));
		break;
	case 14:
		len = rebuild_contact(in, msg);
		break;
	case 22:
		len = msg_put_modify_channel((void *)msg, le32_at(in, 8), le32_at(in, 12));
		break;
	default:
		KTAP_FAIL("%s: type %u is none we send", g->name, type);
		return;
	}
	EXPECT_EQ(g->count, 1);
	same(g, 0, msg, len);
}

/*
 * Every file that shows a guest's message comes out of our builders unchanged,
 * and no message that we send goes without a file.
 */
TEST(guest_messages_are_rebuilt_to_the_byte)
{
	static const u8 sent[] = { 3, 5, 7, 8, 11, 13, 14, 16, 22 };
	unsigned int i;

	seen = 0;
	golden_each(rebuild_message);
	for (i = 0; i < ARRAY_SIZE(sent); i++)
		if (!(seen & 1ull << sent[i]))
			KTAP_FAIL("no golden file for type %u", sent[i]);
}

static void accept_message(struct golden *g)
{
	u32 type = 0;

	if (!is(g, "host-message"))
		return;
	printf("# %s\n", g->name);
	EXPECT_EQ(msg_check(g->record[0].bytes, g->record[0].len, VMBUS_VERSION_5_3, &type),
		  MSG_OK);
	EXPECT_EQ(type, le32_at(g->record[0].bytes, 0));
	/* One byte less and it must not pass. */
	EXPECT_EQ(msg_check(g->record[0].bytes, g->record[0].len - 1, VMBUS_VERSION_5_3, &type),
		  MSG_SHORT);
	seen |= 1ull << (type & 63);
}

/* Every file that shows a host's message passes the check, and not a byte is spare. */
TEST(host_messages_are_accepted)
{
	static const u8 received[] = { 1, 2, 4, 6, 10, 12, 15, 17, 24 };
	unsigned int i;

	seen = 0;
	golden_each(accept_message);
	for (i = 0; i < ARRAY_SIZE(received); i++)
		if (!(seen & 1ull << received[i]))
			KTAP_FAIL("no golden file for type %u", received[i]);
}

/* An offer's fields are found where the table says. */
TEST(offer_is_read_from_golden_bytes)
{
	static const struct wire_guid scsi = WIRE_GUID_SCSI;
	struct msg_offer offer;
	struct golden g;

	REQUIRE(golden_load(&g, "offer_scsi"));
	EXPECT_EQ(msg_parse_offer((void *)g.record[0].bytes, &offer), 0);
	EXPECT_MEM(&offer.class_id, &scsi, sizeof(scsi));
	EXPECT_EQ(offer.instance_id.b[0], 0xa0);
	EXPECT_EQ(offer.instance_id.b[15], 0xaf);
	EXPECT_EQ(offer.relid, 1);
	EXPECT_EQ(offer.connection_id, 0x2001);
	EXPECT_EQ(offer.sub_channel_index, 0);
	EXPECT_EQ(offer.monitored, false);
	EXPECT_EQ(offer.dedicated, true);
}

/* The handshake's question of this operation, asked of a host that agrees with the file. */
static bool rebuild_question(u32 op, u16 version, struct vstor_packet *out)
{
	struct vstor_packet answer;
	struct vstor_init in;

	vstor_init_start(&in, 0, false);
	while (vstor_init_next(&in, out)) {
		bool wrong_version = le32_to_cpu(out->op) == 9 &&
				     le16_to_cpu(out->version.version) != version;

		if (le32_to_cpu(out->op) == op && !wrong_version)
			return true;
		memset(&answer, 0, sizeof(answer));
		answer.op = cpu_to_le32(1);
		if (op == 9 && wrong_version)
			answer.status = cpu_to_le32(VSTOR_STATUS_REVISION_MISMATCH);
		if (le32_to_cpu(out->op) == 10)
			answer.properties.max_transfer_bytes = cpu_to_le32(VSTOR_MIN_TRANSFER);
		if (vstor_init_answer(&in, &answer, sizeof(answer)) == VSTOR_INIT_FAILED)
			break;
	}
	return false;
}

/* Offsets into a packet are written out: the structures are what is tested. */
static void rebuild_storage(const u8 *in, u32 len)
{
	struct vstor_packet pkt;
	u32 op = le32_at(in, 0);
	struct vstor_request req = {
		.port = in[16], .path = in[17], .target = in[18], .lun = in[19],
		.cdb_len = in[20], .data = in[22], .len = le32_at(in, 24), .cdb = in + 28,
		.tagged = le32_at(in, 52) & 2, .timeout_s = le32_at(in, 56),
	};

	REQUIRE(len == sizeof(pkt));
	memset(&pkt, 0xee, sizeof(pkt));
	if (op == 3)
		EXPECT_EQ(vstor_put_execute(&pkt, &req), 0);
	else
		REQUIRE(rebuild_question(op, (u16)le32_at(in, 12), &pkt));
	EXPECT_MEM(&pkt, in, sizeof(pkt));
	storage_seen |= 1u << (op & 31);
	if (op == 3)
		directions_seen |= 1u << (req.data & 31);
}

static void rebuild_packet(struct golden *g)
{
	const u8 *in = g->record[0].bytes;
	const struct pkt_gpa_hdr *gpa = (const void *)in;
	struct pkt_gpa_hdr hdr;
	struct pkt_view view;

	if (!is(g, "guest-packet"))
		return;
	EXPECT_EQ(pkt_parse(in, g->record[0].len, &view), 0);
	memset(&hdr, 0xee, sizeof(hdr));
	seen |= 1ull << (view.type & 63);
	switch (view.type) {
	case 0x6:
		pkt_put_inband(&hdr.hdr, view.payload_len, view.id, view.flags & 1);
		break;
	case 0x9:
		EXPECT_EQ(pkt_put_gpa_direct(&hdr, le32_to_cpu(gpa->range.byte_offset),
					     le32_to_cpu(gpa->range.byte_count),
					     view.payload_len, view.id), (view.ext_len - 16) / 8);
		break;
	case 0xb:
		pkt_put_completion(&hdr.hdr, view.payload_len, view.id);
		break;
	default:
		KTAP_FAIL("%s: type %u is none we send", g->name, view.type);
		return;
	}
	printf("# %s\n", g->name);
	EXPECT_MEM(&hdr, in, view.type == 0x9 ? sizeof(hdr) : sizeof(hdr.hdr));
	if (!strncmp(g->name, "vstor_", 6))
		rebuild_storage(view.payload, view.payload_len);
}

/*
 * Descriptors and ranges of a guest's packets come out of our builders unchanged,
 * and so do storage packets: the four questions, and commands of every direction.
 */
TEST(guest_packets_are_rebuilt_to_the_byte)
{
	seen = 0;
	storage_seen = 0;
	directions_seen = 0;
	golden_each(rebuild_packet);
	EXPECT(seen & 1 << 0x6);
	EXPECT(seen & 1 << 0x9);
	EXPECT_EQ(storage_seen, 1 << 3 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10);
	EXPECT_EQ(directions_seen, 7);
}

static void put_packet(struct golden *g)
{
	static u8 page[4096] __attribute__((aligned(4096)));
	static u8 data[4096] __attribute__((aligned(4096)));
	const struct golden_record *record = &g->record[0];
	static const u8 zeros[8];
	struct ring_vec vec[2];
	struct ring_tx tx;

	if (!is(g, "guest-packet"))
		return;
	memset(data, 0xee, sizeof(data));
	ring_tx_init(&tx, page, data, sizeof(data));
	vec[0] = (struct ring_vec) { record->bytes, 16 };
	vec[1] = (struct ring_vec) { record->bytes + 16, record->len - 16 };
	EXPECT_EQ(ring_tx_put(&tx, vec, 2), 0);
	EXPECT(ring_tx_publish(&tx));
	EXPECT_MEM(data, record->bytes, record->len);
	EXPECT_MEM(data + record->len, zeros, 8);	/* trailer: it began at 0 */
	EXPECT_EQ(data[record->len + 8], 0xee);
	EXPECT_EQ(le32_at(page, 0), record->len + 8);
	EXPECT_EQ(le32_at(page, 64), 1);
}

/* A packet in the ring is its bytes and a trailer. */
TEST(guest_packets_lie_in_the_ring_as_sent)
{
	golden_each(put_packet);
}

/* Transfer pages name pieces of the shared buffer. */
TEST(transfer_pages_are_read_from_golden_bytes)
{
	u32 offset, len;
	struct pkt_view view;
	struct golden g;

	REQUIRE(golden_load(&g, "net_receive"));
	REQUIRE(pkt_parse(g.record[0].bytes, g.record[0].len, &view) == 0);
	EXPECT_EQ(view.type, 7);
	EXPECT_EQ(view.id, 0x1234);
	EXPECT_EQ(view.flags, 1);
	EXPECT_EQ(view.payload_len, 40);
	EXPECT_EQ(le32_at(view.payload, 0), 107);
	REQUIRE(pkt_transfer_count(&view) == 2);
	EXPECT_EQ(pkt_transfer_range(&view, 0, 2048, &offset, &len), 0);
	EXPECT_EQ(offset, 0);
	EXPECT_EQ(len, 1514);
	EXPECT_EQ(pkt_transfer_range(&view, 1, 2048, &offset, &len), 0);
	EXPECT_EQ(offset, 1728);
	EXPECT_EQ(len, 60);
}

KTAP_MAIN

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * storage_rig.h - the provider's storage controllers without the provider's
 * core: a stand-in for it, a guest's memory, and packets as the stock Linux
 * driver writes them
 */
#ifndef VMBUS_KIT_STORAGE_RIG_H
#define VMBUS_KIT_STORAGE_RIG_H

/* Not every test needs every tool. */
#pragma GCC diagnostic ignored "-Wunused-function"

#include "provider/vsp.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env.h"
#include "ktap.h"
#include "provider/scsi_disk.h"
#include "wire/vstor.h"

/* The stand-in for the core -----------------------------------------------------*/

#define PAGE		4096u
#define GUEST_PAGES	256u
#define DONE_MAX	1024

struct vsp_device {
	const struct vsp_device_ops *ops;
	void *dev;
	char label[16];
	struct wire_guid instance;
};

struct vsp_chan {
	uint32_t index;
};

#define DEVICES_MAX	8

struct vsp {
	uint64_t now;
	uint32_t seed;
	uint32_t violations;
	char violation[256];
	struct vsp_timer_event *timer;
	uint8_t *ram;
	struct vsp_device devices[DEVICES_MAX];
	uint32_t device_cnt;
	struct vsp_device device;	/* a copy of the one that is spoken to */
	uint32_t offered;
	int offer_result;
};

struct done {
	struct vsp_chan *chan;
	uint64_t id;
	uint32_t len;
	struct vstor_packet pkt;
};

static struct vsp host;
static struct vsp_chan primary = { 0 }, sub_1 = { 1 };
static struct done done[DONE_MAX];
static uint32_t done_cnt;
/* Completions of each request since @tally_from, where a test wants to know. */
#define TALLY_MAX	65536
static uint8_t tally[TALLY_MAX];
static uint64_t tally_from;

uint64_t vsp_now(struct vsp *vsp)
{
	return vsp->now;
}

void vsp_timer_set(struct vsp *vsp, struct vsp_timer_event *ev, uint64_t when)
{
	ev->when = when;
	ev->armed = true;
	vsp->timer = ev;
}

void vsp_timer_cancel(struct vsp *vsp, struct vsp_timer_event *ev)
{
	ev->armed = false;
	vsp->timer = NULL;
}

uint32_t vsp_random(struct vsp *vsp)
{
	vsp->seed = vsp->seed * 1664525u + 1013904223u;
	return vsp->seed >> 8;
}

void vsp_log(struct vsp *vsp, const char *fmt, ...)
{
	(void)vsp;
	(void)fmt;
}

void vsp_violation(struct vsp *vsp, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(vsp->violation, sizeof(vsp->violation), fmt, args);
	va_end(args);
	vsp->violations++;
}

static size_t gpa_copy(const struct vsp_gpa_list *list, size_t at, void *buf, size_t len, bool out)
{
	size_t n = 0;

	while (n < len && at + n < list->len) {
		size_t pos = list->offset + at + n;
		size_t part = PAGE - pos % PAGE;
		uint8_t *p;

		if (part > len - n)
			part = len - n;
		if (part > list->len - at - n)
			part = list->len - at - n;
		if (pos / PAGE >= list->pfn_count || list->pfns[pos / PAGE] >= GUEST_PAGES)
			break;
		p = host.ram + list->pfns[pos / PAGE] * PAGE + pos % PAGE;
		if (out)
			memcpy(p, (uint8_t *)buf + n, part);
		else
			memcpy((uint8_t *)buf + n, p, part);
		n += part;
	}
	return n;
}

size_t vsp_gpa_read(struct vsp *vsp, const struct vsp_gpa_list *list, size_t at, void *buf,
		    size_t len)
{
	(void)vsp;
	return gpa_copy(list, at, buf, len, false);
}

size_t vsp_gpa_write(struct vsp *vsp, const struct vsp_gpa_list *list, size_t at, const void *buf,
		     size_t len)
{
	(void)vsp;
	return gpa_copy(list, at, (void *)buf, len, true);
}

uint32_t vsp_chan_index(const struct vsp_chan *chan)
{
	return chan->index;
}

void vsp_chan_complete(struct vsp_chan *chan, uint64_t id, const void *payload, uint32_t len)
{
	struct done *d = &done[done_cnt % DONE_MAX];

	done_cnt++;
	if (id - tally_from < TALLY_MAX)
		tally[id - tally_from]++;
	memset(d, 0, sizeof(*d));
	d->chan = chan;
	d->id = id;
	d->len = len;
	memcpy(&d->pkt, payload, len < sizeof(d->pkt) ? len : sizeof(d->pkt));
}

/* What the host said without being asked. */
static struct vstor_packet notice;
static uint32_t notices;

void vsp_chan_send_inband(struct vsp_chan *chan, uint64_t id, bool want_completion,
			  const void *payload, uint32_t len)
{
	EXPECT(chan == &primary);
	EXPECT_EQ(id, 0);
	EXPECT(!want_completion);
	EXPECT_EQ(len, sizeof(notice));
	memcpy(&notice, payload, sizeof(notice));
	notices++;
}

struct vsp_device *vsp_device_add(struct vsp *vsp, const struct vsp_device_ops *ops, void *dev,
				  const struct wire_guid *instance_id, const char *label)
{
	struct vsp_device *device = &vsp->devices[vsp->device_cnt++];

	device->ops = ops;
	device->dev = dev;
	device->instance = *instance_id;
	snprintf(device->label, sizeof(device->label), "%s", label);
	/* The first, unless a test asks for another. */
	if (!vsp->device.ops)
		vsp->device = *device;
	return device;
}

/* Speak to this one from now on. */
static bool use(const char *label)
{
	uint32_t i;

	for (i = 0; i < host.device_cnt; i++)
		if (!strcmp(host.devices[i].label, label)) {
			host.device = host.devices[i];
			return true;
		}
	KTAP_FAIL("no device %s", label);
	return false;
}

int vsp_device_offer_sub_channels(struct vsp_device *device, uint32_t count)
{
	(void)device;
	if (host.offer_result)
		return host.offer_result;
	host.offered += count;
	return 0;
}

/* Starting, stopping, commands ---------------------------------------------------*/

static char said[8192];

static void hear(void *ctx, const char *line)
{
	(void)ctx;
	strncat(said, line, sizeof(said) - strlen(said) - 2);
	strcat(said, "\n");
}

/* All lines of the answer, in @said. */
static const char *command(const char *line)
{
	said[0] = 0;
	host.device.ops->command(host.device.dev, line, hear, NULL);
	return said;
}

static long long counter(const char *name)
{
	char want[64];
	char *at;

	snprintf(want, sizeof(want), "\n%s ", name);
	strcpy(said, "\n");
	host.device.ops->counters(host.device.dev, hear, NULL);
	at = strstr(said, want);
	return at ? atoll(at + strlen(want)) : 0;
}

static char option_err[256];

static int option(const char *name, const char *value)
{
	option_err[0] = 0;
	return vsp_storage_option(&host, name, value, option_err, sizeof(option_err));
}

static void prepare(void)
{
	uint8_t *ram = host.ram ? host.ram : malloc(GUEST_PAGES * PAGE);

	memset(&host, 0, sizeof(host));
	host.ram = ram;
	host.now = 1000000;
	host.seed = 1;
	memset(ram, 0xee, GUEST_PAGES * PAGE);
	done_cnt = 0;
	notices = 0;
}

/* @options: "name=value" words, separated by blanks */
static bool start(const char *options)
{
	char copy[512], *save, *word;

	prepare();
	snprintf(copy, sizeof(copy), "%s", options);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *value = strchr(word, '=');

		*value++ = 0;
		if (option(word, value)) {
			KTAP_FAIL("option %s: %s", word, option_err);
			return false;
		}
	}
	if (vsp_storage_start(&host, option_err, sizeof(option_err))) {
		KTAP_FAIL("start: %s", option_err);
		return false;
	}
	host.device.ops->chan_opened(host.device.dev, &primary);
	return true;
}

static void stop(void)
{
	while (host.device_cnt) {
		struct vsp_device *device = &host.devices[--host.device_cnt];

		device->ops->destroy(device->dev);
	}
	memset(&host.device, 0, sizeof(host.device));
	free(host.ram);
	host.ram = NULL;
}

/* Run the clock to @when, firing what is due on the way. */
static void run_until(uint64_t when)
{
	while (host.timer && host.timer->when <= when) {
		struct vsp_timer_event *ev = host.timer;

		if (host.now < ev->when)
			host.now = ev->when;
		host.timer = NULL;
		ev->armed = false;
		ev->fn(ev->arg);
	}
	host.now = when;
}

/* Sending --------------------------------------------------------------------------*/

static uint64_t next_id = 1;

static void send_packet(struct vsp_chan *chan, const void *payload, uint32_t len,
			struct vsp_gpa_list *ranges, uint32_t range_count)
{
	struct vsp_pkt pkt = {
		.type = range_count ? VMBUS_PKT_GPA_DIRECT : VMBUS_PKT_INBAND,
		.wants_completion = true,
		.id = next_id++,
		.payload = payload,
		.payload_len = len,
		.ranges = ranges,
		.range_count = range_count,
	};
	uint32_t i;

	host.device.ops->packet(host.device.dev, chan, &pkt);
	for (i = 0; i < range_count; i++)
		free(ranges[i].pfns);
}

static struct vstor_packet request(uint32_t op)
{
	struct vstor_packet p = { .op = op, .flags = VSTOR_FLAG_COMPLETION };

	return p;
}

static const struct done *last(void)
{
	return &done[(done_cnt - 1) % DONE_MAX];
}

/* Send, and expect one answer at once; returns its status. */
static uint32_t ask_on(struct vsp_chan *chan, const struct vstor_packet *p, uint32_t len)
{
	uint32_t before = done_cnt;

	send_packet(chan, p, len, NULL, 0);
	EXPECT_EQ(done_cnt, before + 1);
	EXPECT_EQ(last()->id, next_id - 1);
	EXPECT_EQ(last()->pkt.op, VSTOR_OP_COMPLETE_IO);
	EXPECT_EQ(last()->len, len);
	return last()->pkt.status;
}

static uint32_t ask(const struct vstor_packet *p)
{
	return ask_on(&primary, p, sizeof(*p));
}

static uint32_t ask_op(uint32_t op)
{
	struct vstor_packet p = request(op);

	return ask(&p);
}

static uint32_t ask_version(uint16_t version)
{
	struct vstor_packet p = request(VSTOR_OP_QUERY_VERSION);

	p.version.version = version;
	return ask(&p);
}

static uint32_t ask_sub_channels(uint16_t count)
{
	struct vstor_packet p = request(VSTOR_OP_CREATE_SUB_CHANNELS);

	p.sub_channels = count;
	return ask(&p);
}

static void handshake(void)
{
	EXPECT_EQ(ask_op(VSTOR_OP_BEGIN_INIT), 0);
	EXPECT_EQ(ask_version(VSTOR_VERSION_WIN8_1), 0);
	EXPECT_EQ(ask_op(VSTOR_OP_QUERY_PROPERTIES), 0);
	EXPECT_EQ(ask_op(VSTOR_OP_END_INIT), 0);
}

static bool start_ready(const char *options)
{
	if (!start(options))
		return false;
	handshake();
	return true;
}

/* The guest's data buffer: pages that lie apart, beginning 512 bytes into the first. */
#define BUF_PAGES	100u
#define BUF_OFFSET	512u
#define BUF_LEN		(BUF_PAGES * PAGE - BUF_OFFSET)

static uint64_t buf_pfn(uint32_t i)
{
	return 1 + i * 37 % 101;
}

static uint8_t *buf_byte(uint32_t at)
{
	at += BUF_OFFSET;
	return host.ram + buf_pfn(at / PAGE) * PAGE + at % PAGE;
}

static void buf_put(uint32_t at, const void *from, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		*buf_byte(at + i) = ((const uint8_t *)from)[i];
}

static void buf_fill(uint8_t value, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		*buf_byte(i) = value;
}

static const uint8_t *buf_get(uint32_t at, uint32_t len)
{
	static uint8_t copy[BUF_LEN];
	uint32_t i;

	for (i = 0; i < len; i++)
		copy[i] = *buf_byte(at + i);
	return copy;
}

static struct vsp_gpa_list buf_list(uint32_t len)
{
	struct vsp_gpa_list list = { .offset = BUF_OFFSET, .len = len };
	uint32_t i;

	list.pfn_count = (BUF_OFFSET + len + PAGE - 1) / PAGE;
	list.pfns = malloc(list.pfn_count * sizeof(*list.pfns));
	for (i = 0; i < list.pfn_count; i++)
		list.pfns[i] = buf_pfn(i);
	return list;
}

struct addr {
	uint8_t path, target, lun;
};

/* An SRB as the stock Linux driver writes it. */
static struct vstor_packet srb(struct addr to, const uint8_t *cdb, uint32_t cdb_len, uint8_t dir,
			       uint32_t len)
{
	struct vstor_packet p = request(VSTOR_OP_EXECUTE_SRB);

	p.srb.length = sizeof(p.srb);
	p.srb.port = 2;
	p.srb.path = to.path;
	p.srb.target = to.target;
	p.srb.lun = to.lun;
	p.srb.cdb_len = cdb_len;
	p.srb.sense_len = VSTOR_SENSE_LEN;
	p.srb.data_in = dir;
	p.srb.transfer_len = len;
	memcpy(p.srb.cdb, cdb, cdb_len);
	p.srb.queue_tag = VSTOR_QUEUE_TAG_NONE;
	p.srb.queue_action = VSTOR_QUEUE_SIMPLE_TAG;
	p.srb.flags = VSTOR_SRBF_NO_SYNC_TRANSFER | VSTOR_SRBF_QUEUE_ACTION |
		      VSTOR_SRBF_NO_QUEUE_FREEZE;
	if (dir == VSTOR_DATA_IN)
		p.srb.flags |= VSTOR_SRBF_DATA_IN;
	if (dir == VSTOR_DATA_OUT)
		p.srb.flags |= VSTOR_SRBF_DATA_OUT;
	p.srb.timeout_s = 60;
	return p;
}

static void post(struct vsp_chan *chan, const struct vstor_packet *p)
{
	struct vsp_gpa_list list;

	if (!p->srb.transfer_len) {
		send_packet(chan, p, sizeof(*p), NULL, 0);
		return;
	}
	list = buf_list(p->srb.transfer_len);
	send_packet(chan, p, sizeof(*p), &list, 1);
}

static const struct vstor_srb *execute_at(struct addr to, const uint8_t *cdb, uint32_t cdb_len,
					  uint8_t dir, uint32_t len)
{
	struct vstor_packet p = srb(to, cdb, cdb_len, dir, len);
	uint32_t before = done_cnt;

	post(&primary, &p);
	EXPECT_EQ(done_cnt, before + 1);
	EXPECT_EQ(last()->id, next_id - 1);
	EXPECT_EQ(last()->len, 64);
	EXPECT_EQ(last()->pkt.op, VSTOR_OP_COMPLETE_IO);
	EXPECT_EQ(last()->pkt.srb.length, 52);
	return &last()->pkt.srb;
}

/* CDBs, with big-endian fields -----------------------------------------------------*/

static uint8_t cdb_[16];
static uint32_t cdb_len_;

static void be(uint8_t *at, uint64_t value, uint32_t bytes)
{
	while (bytes--) {
		at[bytes] = value;
		value >>= 8;
	}
}

static uint64_t get_be(const uint8_t *at, uint32_t bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | *at++;
	return value;
}

static void cdb_new(uint8_t op)
{
	static const uint8_t lens[8] = { 6, 10, 10, 16, 16, 12, 16, 16 };

	memset(cdb_, 0, sizeof(cdb_));
	cdb_[0] = op;
	cdb_len_ = lens[op >> 5];
}

/* Any of the commands with an LBA and a length. */
static void cdb_extent(uint8_t op, uint64_t lba, uint64_t count)
{
	cdb_new(op);
	switch (cdb_len_) {
	case 6:
		be(cdb_ + 1, lba, 3);
		cdb_[4] = count;
		break;
	case 10:
		be(cdb_ + 2, lba, 4);
		be(cdb_ + 7, count, 2);
		break;
	case 12:
		be(cdb_ + 2, lba, 4);
		be(cdb_ + 6, count, 4);
		break;
	default:
		be(cdb_ + 2, lba, 8);
		be(cdb_ + 10, count, 4);
		break;
	}
}

static const struct addr LUN0 = { 0, 0, 0 };

static const struct vstor_srb *go(uint8_t dir, uint32_t len)
{
	return execute_at(LUN0, cdb_, cdb_len_, dir, len);
}

#define EXPECT_GOOD(s, bytes) do { \
	const struct vstor_srb *good_ = (s); \
	EXPECT_EQ(good_->srb_status, VSTOR_SRB_SUCCESS); \
	EXPECT_EQ(good_->scsi_status, 0); \
	EXPECT_EQ(good_->transfer_len, bytes); \
	EXPECT_EQ(last()->pkt.status, 0); \
} while (0)

#define EXPECT_SENSE(s, srb_code, key, asc) do { \
	const struct vstor_srb *bad_ = (s); \
	EXPECT_EQ(bad_->srb_status, (srb_code) | VSTOR_SRB_AUTOSENSE_VALID); \
	EXPECT_EQ(bad_->scsi_status, 2); \
	EXPECT_EQ(bad_->transfer_len, 0); \
	EXPECT_EQ(bad_->sense_len, 20); \
	EXPECT_EQ(bad_->sense[0], 0x70); \
	EXPECT_EQ(bad_->sense[2], key); \
	EXPECT_EQ(bad_->sense[7], 10); \
	EXPECT_EQ(bad_->sense[12], asc); \
	EXPECT_EQ(bad_->sense[13], 0); \
	EXPECT_EQ(last()->pkt.status, VSTOR_STATUS_IO_ERROR); \
} while (0)

#define EXPECT_ILLEGAL(s, asc)	EXPECT_SENSE(s, VSTOR_SRB_INVALID_REQUEST, 5, asc)
#define EXPECT_OVERRUN(s) do { \
	const struct vstor_srb *over_ = (s); \
	EXPECT_EQ(over_->srb_status, VSTOR_SRB_DATA_OVERRUN); \
	EXPECT_EQ(over_->scsi_status, 0); \
	EXPECT_EQ(over_->transfer_len, 0); \
	EXPECT_EQ(last()->pkt.status, 0x80000005u); \
} while (0)

static uint8_t pattern(uint64_t at)
{
	return at * 31 + (at >> 9) * 7 + 1;
}

static void buf_pattern(uint64_t at, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		*buf_byte(i) = pattern(at + i);
}

static bool buf_has_pattern(uint64_t at, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		if (*buf_byte(i) != pattern(at + i))
			return false;
	return true;
}

static bool buf_is(uint8_t value, uint32_t from, uint32_t len)
{
	uint32_t i;

	for (i = from; i < from + len; i++)
		if (*buf_byte(i) != value)
			return false;
	return true;
}

static void write_pattern(uint64_t lba, uint32_t blocks)
{
	buf_pattern(lba * 512, blocks * 512);
	cdb_extent(0x8a, lba, blocks);
	EXPECT_GOOD(go(VSTOR_DATA_OUT, blocks * 512), blocks * 512);
}

static void read_blocks(uint64_t lba, uint32_t blocks)
{
	buf_fill(0xee, blocks * 512);
	cdb_extent(0x88, lba, blocks);
	EXPECT_GOOD(go(VSTOR_DATA_IN, blocks * 512), blocks * 512);
}

static const struct vstor_srb *inquiry(struct addr to, int page, uint32_t alloc)
{
	cdb_new(0x12);
	if (page >= 0) {
		cdb_[1] = 1;
		cdb_[2] = page;
	}
	be(cdb_ + 3, alloc, 2);
	return execute_at(to, cdb_, cdb_len_, VSTOR_DATA_IN, alloc);
}

static const struct vstor_srb *report_luns(struct addr to, uint8_t report, uint32_t alloc,
					   uint32_t len)
{
	cdb_new(0xa0);
	cdb_[2] = report;
	be(cdb_ + 6, alloc, 4);
	return execute_at(to, cdb_, cdb_len_, VSTOR_DATA_IN, len);
}

static void read_capacity_16(void)
{
	cdb_new(0x9e);
	cdb_[1] = 0x10;
	be(cdb_ + 10, 32, 4);
	EXPECT_GOOD(go(VSTOR_DATA_IN, 32), 32);
}

#endif

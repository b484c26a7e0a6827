// SPDX-License-Identifier: GPL-2.0
/*
 * net_tx.c - frames from the guest: found, looked at closely, completed as a
 * host completes them, and sent on their way
 *
 * A packet is looked at when it is answered, not when it comes. A guest that
 * uses a section or a page again too early is found out when answers are late.
 */
#include "net.h"

#include <stdlib.h>
#include <string.h>

#define PACKET_MAX	0x20000u	/* bytes of RNDIS in one packet of the channel */
#define RANGES_MAX	34u		/* as the handshake says */

/* What the guest wants done to a frame. */
struct request {
	bool has_csum, has_lso, has_vlan, has_hash;
	uint32_t csum, lso, vlan;
};

/* Bytes of a packet -----------------------------------------------------------------*/

static bool has_section(const struct net_job *job)
{
	return le32_to_cpu(job->msg.section) != NVSP_SECTION_NONE;
}

/* Why the section is none, or NULL. */
static const char *check_section(const struct net *net, const struct net_job *job)
{
	uint32_t section = le32_to_cpu(job->msg.section);
	uint32_t len = le32_to_cpu(job->msg.section_len);

	if (!has_section(job))
		return job->gpa ? NULL : "a packet without ranges and without a section";
	if (!net->send.lent)
		return "a section of a buffer that is not lent";
	if (section >= net->send.piece_cnt)
		return "a section beyond the end of the buffer";
	if (!len || len > net->send.piece_len)
		return "a section with more bytes than it has, or none";
	return NULL;
}

static uint32_t job_len(const struct net_job *job)
{
	uint64_t len = has_section(job) ? le32_to_cpu(job->msg.section_len) : 0;
	uint32_t i;

	for (i = 0; i < job->range_count; i++)
		len += job->ranges[i].len;
	return len > PACKET_MAX ? 0 : (uint32_t)len;
}

/* All bytes in a row. *first is how many come before the first seam. */
static uint8_t *gather(struct net *net, const struct net_job *job, uint32_t len, uint32_t *first)
{
	const struct vsp_gpa_list *list;
	uint8_t *bytes = malloc(len);
	uint32_t at = 0, i;

	if (!bytes)
		return NULL;
	if (has_section(job)) {
		list = vsp_chan_gpadl(net->chans[0], net->send.gpadl);
		at = le32_to_cpu(job->msg.section_len);
		if (!list || vsp_gpa_read(net->vsp, list,
					  (size_t)le32_to_cpu(job->msg.section) *
					  net->send.piece_len, bytes, at) != at) {
			net_breach(net, "the send buffer is gone while it is lent");
			free(bytes);
			return NULL;
		}
		*first = at;
	} else {
		*first = job->ranges[0].len;
	}
	for (i = 0; i < job->range_count; i++) {
		vsp_gpa_read(net->vsp, &job->ranges[i], 0, bytes + at, job->ranges[i].len);
		at += job->ranges[i].len;
	}
	return bytes;
}

/* One frame -------------------------------------------------------------------------*/

/* What is wrong with an element, or NULL. */
static const char *element(const uint8_t *at, uint32_t len, struct request *want)
{
	struct rndis_ppi ppi;
	uint32_t value, offset, size;

	if (len < sizeof(ppi))
		return "per-packet information ends in the midst of an element";
	memcpy(&ppi, at, sizeof(ppi));
	size = le32_to_cpu(ppi.size);
	offset = le32_to_cpu(ppi.data_offset);
	if (size < sizeof(ppi) + sizeof(value) || size % 4 || size > len)
		return "per-packet information with an element of an impossible size";
	if (offset < sizeof(ppi) || offset > size - sizeof(value))
		return "per-packet information whose data lie outside of the element";
	memcpy(&value, at + offset, sizeof(value));
	value = le32_to_cpu(value);
	switch (le32_to_cpu(ppi.type)) {
	case RNDIS_PPI_CHECKSUM:
		want->has_csum = true;
		want->csum = value;
		break;
	case RNDIS_PPI_LSO:
		want->has_lso = true;
		want->lso = value;
		break;
	case RNDIS_PPI_8021Q:
		want->has_vlan = true;
		want->vlan = value;
		break;
	case RNDIS_PPI_HASH:
		want->has_hash = true;
		break;
	default:
		return "per-packet information of a type no guest sends";
	}
	return NULL;
}

static const char *elements(const uint8_t *at, uint32_t len, struct request *want)
{
	const char *why = NULL;
	uint32_t size;

	while (len && !why) {
		why = element(at, len, want);
		if (why)
			break;
		memcpy(&size, at, sizeof(size));
		size = le32_to_cpu(size);
		at += size;
		len -= size;
	}
	return why;
}

/* What is wrong with the header of a packet that has @len bytes, or NULL. */
static const char *check_header(const struct rndis_packet *pkt, uint32_t len, uint32_t first)
{
	uint32_t data = le32_to_cpu(pkt->data_offset), data_len = le32_to_cpu(pkt->data_len);
	uint32_t ppi = le32_to_cpu(pkt->ppi_offset), ppi_len = le32_to_cpu(pkt->ppi_len);

	if (pkt->oob_offset || pkt->oob_len || pkt->oob_cnt || pkt->vc)
		return "a packet with out-of-band data, or for a virtual circuit";
	if (!data_len || data < sizeof(*pkt) - RNDIS_BODY || data > len - RNDIS_BODY ||
	    data_len > len - RNDIS_BODY - data)
		return "a packet whose frame lies outside of it";
	if (!ppi_len)
		return NULL;
	if (ppi < sizeof(*pkt) - RNDIS_BODY || ppi > data || ppi_len > data - ppi)
		return "per-packet information that is not between header and frame";
	/* Hosts look at these where they lie, and do not put pieces together. */
	if (ppi + ppi_len > first - RNDIS_BODY)
		return "header and per-packet information in more than one range";
	return NULL;
}

static bool csum_on(uint8_t setting)
{
	return setting == NDIS_OFFLOAD_CSUM_TX || setting == NDIS_OFFLOAD_CSUM_BOTH;
}

/* The guest has put the sum of the pseudo header where the checksum belongs. */
static bool seeded(const struct net_frame *frame, const struct net_layout *at, uint32_t len)
{
	return net_get16(frame->data + net_sum_at(at)) == net_pseudo_sum(frame->data, at, len);
}

static const char *large_send(const struct net *net, struct net_frame *frame,
			      struct net_layout *at, uint32_t lso)
{
	uint32_t mss = lso & RNDIS_LSO_MSS_MASK;
	bool v6 = lso & RNDIS_LSO_IPV6;

	if (!(lso & RNDIS_LSO_V2) || !mss)
		return "a large send of version 1, or with segments of 0 bytes";
	if (!at->l4 || at->proto != NET_PROTO_TCP || at->ip != (v6 ? 6 : 4))
		return "a large send of what is not TCP over that IP";
	if ((v6 ? net->offloads.lso_v2_v6 : net->offloads.lso_v2_v4) != NDIS_OFFLOAD_ON)
		return "a large send, which is not turned on";
	if ((lso >> RNDIS_LSO_OFFSET_SHIFT & RNDIS_LSO_OFFSET_MASK) != at->l4)
		return "a large send with the wrong offset of the TCP header";
	if (at->end - at->payload > NET_LSO_MAX || at->payload + mss > net->mtu + NET_TAG_LEN)
		return "a large send beyond the size offered, or with segments beyond the MTU";
	if (!seeded(frame, at, 0))
		return "a large send without the sum of the pseudo header";
	if (at->ip == 4)
		net_put16(frame->data + at->l3 + 2, (uint16_t)(at->end - at->l3));
	else
		net_put16(frame->data + at->l3 + 4, (uint16_t)(at->end - at->l3 - 40));
	net_fill_ip_sum(frame->data, at);
	/* Else it has none before it is cut, or not. */
	if (at->end - at->payload > mss)
		frame->mss = mss;
	else
		net_fill_l4_sum(frame->data, at);
	return NULL;
}

static const char *fill_sums(const struct net *net, struct net_frame *frame,
			     const struct net_layout *at, uint32_t want)
{
	bool tcp = want & RNDIS_CSUM_TX_TCP, udp = want & RNDIS_CSUM_TX_UDP;
	bool v4 = want & RNDIS_CSUM_TX_IPV4, v6 = want & RNDIS_CSUM_TX_IPV6;
	uint32_t offset = want >> RNDIS_CSUM_TX_OFFSET_SHIFT & RNDIS_CSUM_TX_OFFSET_MASK;
	const struct ndis_offload_parameters *on = &net->offloads;

	if (v4 == v6 || at->ip != (v4 ? 4 : 6))
		return "a checksum wanted for the wrong IP";
	if (want & RNDIS_CSUM_TX_IP_HEADER) {
		if (!v4 || !csum_on(on->ip_v4_csum))
			return "a checksum of the IP header wanted, which is not turned on";
		net_fill_ip_sum(frame->data, at);
	}
	if (!tcp && !udp)
		return NULL;
	if (tcp == udp || !at->l4 || at->proto != (tcp ? NET_PROTO_TCP : NET_PROTO_UDP))
		return "a checksum wanted of what is not in the frame";
	if (!csum_on(tcp ? (v4 ? on->tcp_v4_csum : on->tcp_v6_csum) :
			   (v4 ? on->udp_v4_csum : on->udp_v6_csum)))
		return "a checksum wanted, which is not turned on";
	if (offset != at->l4 && (tcp || offset))
		return "a checksum wanted with the wrong offset of the header";
	if (!seeded(frame, at, at->end - at->l4))
		return "a checksum wanted without the sum of the pseudo header";
	net_fill_l4_sum(frame->data, at);
	return NULL;
}

/* @l4: layer 4 is still as the guest has made it. */
static void check_sums(struct net *net, struct net_frame *frame, struct net_layout *at, bool l4)
{
	const char *wrong;

	if (!l4)
		at->l4 = 0;
	wrong = net_check(frame->data, at);

	frame->verdict = wrong ? NET_BAD : NET_GOOD;
	if (!wrong)
		return;
	net->count.tx_bad_sums++;
	if (!net->lax_sums)
		net_breach(net, "a frame of %u bytes with a wrong %s", frame->len, wrong);
}

static const char *act(struct net *net, struct net_frame *frame, const struct request *want)
{
	struct net_counters *count = &net->count;
	struct net_layout at;
	const char *why;

	net_parse(frame->data, frame->len, want->has_lso, &at);
	if (want->has_lso) {
		count->tx_lso++;
		if (want->has_csum)
			return "a large send that also wants a checksum";
		why = large_send(net, frame, &at, want->lso);
	} else {
		if (frame->len > net->mtu + (at.l3 > NET_HEADER_LEN ? NET_TAG_LEN : 0))
			return "a frame beyond the MTU";
		count->tx_csum += want->has_csum;
		why = want->has_csum ? fill_sums(net, frame, &at, want->csum) : NULL;
	}
	if (!why)
		check_sums(net, frame, &at, !want->has_lso &&
			   !(want->csum & (RNDIS_CSUM_TX_TCP | RNDIS_CSUM_TX_UDP)));
	return why;
}

/* What is wrong with it, or NULL. */
static const char *data_message(struct net *net, const uint8_t *bytes, uint32_t len,
				uint32_t first)
{
	struct request want = { 0 };
	struct rndis_packet pkt;
	struct net_frame *frame;
	const char *why;

	if (len < sizeof(pkt) || first < sizeof(pkt))
		return "a packet shorter than its header, or its header in several ranges";
	memcpy(&pkt, bytes, sizeof(pkt));
	why = check_header(&pkt, len, first);
	if (!why)
		why = elements(bytes + RNDIS_BODY + le32_to_cpu(pkt.ppi_offset),
			       le32_to_cpu(pkt.ppi_len), &want);
	if (why)
		return why;
	if (le32_to_cpu(pkt.data_len) < NET_HEADER_LEN ||
	    le32_to_cpu(pkt.data_len) > NET_FRAME_MAX)
		return "a frame shorter than its header, or longer than any";
	frame = net_frame_new(le32_to_cpu(pkt.data_len));
	if (!frame)
		return NULL;
	memcpy(frame->data, bytes + RNDIS_BODY + le32_to_cpu(pkt.data_offset), frame->len);
	frame->tagged = want.has_vlan;
	frame->tci = (uint16_t)((want.vlan & RNDIS_8021Q_PRIORITY_MASK) << 13 |
				(want.vlan & RNDIS_8021Q_CFI ? 1u << 12 : 0) |
				(want.vlan >> RNDIS_8021Q_ID_SHIFT & RNDIS_8021Q_ID_MASK));
	why = act(net, frame, &want);
	if (why) {
		free(frame);
		return why;
	}
	net->count.tx_frames++;
	net->count.tx_bytes += frame->len;
	net->count.tx_tagged += want.has_vlan;
	net->count.tx_hashed += want.has_hash;
	net->count.tx_vf_path += net->path == NVSP_PATH_VF;
	net_transmit(net, frame);
	return NULL;
}

/* Packets ---------------------------------------------------------------------------*/

static const char *data_packet(struct net *net, const uint8_t *bytes, uint32_t len,
			       uint32_t first)
{
	uint32_t at = 0, number = 0, size;
	struct rndis_hdr hdr;
	const char *why;

	if (!net->rndis_up)
		return "a frame while RNDIS is not initialized";
	for (; at < len; at += size, number++) {
		if (number == NET_PACKETS_MAX)
			return "more frames in a packet than the host has said it takes";
		if (at % (1u << NET_ALIGNMENT))
			return "a message that begins where none may begin";
		if (len - at < sizeof(hdr))
			return "bytes behind the last message";
		memcpy(&hdr, bytes + at, sizeof(hdr));
		size = le32_to_cpu(hdr.len);
		if (le32_to_cpu(hdr.type) != RNDIS_MSG_PACKET)
			return "a message on the data channel that is no frame";
		if (size < sizeof(hdr) || size > len - at)
			return "a message longer than the packet it is in";
		why = data_message(net, bytes + at, size, first > at ? first - at : 0);
		if (why)
			return why;
	}
	net->count.tx_batched += number > 1;
	return NULL;
}

static void answer(struct net *net, const struct net_job *job, uint32_t status)
{
	struct nvsp_rndis_packet_complete msg = {
		.hdr.type = cpu_to_le32(NVSP_MSG_RNDIS_PACKET_COMPLETE),
		.status = cpu_to_le32(status),
	};
	uint32_t value = status;

	if (has_section(job) && net->send.lent)
		net->sections[le32_to_cpu(job->msg.section)].busy = false;
	if (!job->wants_completion)
		return;
	if (net_lie(net, NET_LIE_TX_STATUS, &value))
		msg.status = cpu_to_le32(value);
	if (net_lie(net, NET_LIE_TX_NEVER, &value))
		return;
	net_complete(net, job->chan, job->id, &msg, sizeof(msg));
	if (net_lie(net, NET_LIE_TX_TWICE, &value))
		net_complete(net, job->chan, job->id, &msg, sizeof(msg));
}

static void perform(struct net *net, const struct net_job *job)
{
	bool control = le32_to_cpu(job->msg.channel_type) == NVSP_CHANNEL_CONTROL;
	uint32_t len = job_len(job), first = 0;
	uint8_t *bytes = len ? gather(net, job, len, &first) : NULL;
	const char *why = NULL;

	if (!bytes)
		why = "a packet of more bytes than the host takes, or none to be had";
	else if (!control)
		why = data_packet(net, bytes, len, first);
	if (why) {
		net->count.tx_refused++;
		net_breach(net, "%s", why);
	}
	answer(net, job, why ? NVSP_STATUS_INVALID_RNDIS : NVSP_STATUS_SUCCESS);
	if (bytes && control)
		net_control(net, bytes, len);
	free(bytes);
}

/* What is wrong with the packet as such, or NULL. */
static const char *check_packet(const struct net *net, const struct net_job *job)
{
	uint32_t type = le32_to_cpu(job->msg.channel_type);

	if (net->state != NET_READY && !(net->state == NET_CONFIGURING && net->recv.lent))
		return "RNDIS before the buffers are lent, or after they are taken back";
	if (type != NVSP_CHANNEL_DATA && type != NVSP_CHANNEL_CONTROL)
		return "RNDIS on a channel of an unknown type";
	if (type == NVSP_CHANNEL_CONTROL && vsp_chan_index(job->chan))
		return "a request on a sub-channel";
	if (job->range_count > RANGES_MAX)
		return "more ranges than the host has said it takes";
	return check_section(net, job);
}

static bool take_section(struct net *net, const struct net_job *job)
{
	struct net_piece *section;

	if (!has_section(job))
		return true;
	section = &net->sections[le32_to_cpu(job->msg.section)];
	if (section->busy)
		return false;
	section->busy = true;
	return true;
}

static void count_form(struct net *net, const struct net_job *job)
{
	net->count.tx_packets++;
	if (!job->gpa)
		net->count.tx_copied++;
	else if (has_section(job))
		net->count.tx_mixed++;
	else
		net->count.tx_direct++;
}

static bool put_off(struct net *net, struct net_job *arrived, struct vsp_pkt *pkt)
{
	struct net_job *job = malloc(sizeof(*job));

	if (!job)
		return false;
	*job = *arrived;
	pkt->ranges = NULL;		/* ours now */
	pkt->range_count = 0;
	job->next = NULL;
	job->due = vsp_now(net->vsp) + net->delay;
	*net->jobs_end = job;
	net->jobs_end = &job->next;
	if (net->jobs == job && !net->hold)
		vsp_timer_set(net->vsp, &net->timer, job->due);
	return true;
}

void net_tx_arrived(struct net *net, struct vsp_chan *chan, struct vsp_pkt *pkt)
{
	struct net_job job = {
		.chan = chan,
		.id = pkt->id,
		.wants_completion = pkt->wants_completion,
		.gpa = pkt->type == VMBUS_PKT_GPA_DIRECT,
		.ranges = pkt->ranges,
		.range_count = pkt->range_count,
	};
	const char *why;

	memcpy(&job.msg, pkt->payload, sizeof(job.msg));
	why = check_packet(net, &job);
	if (!why && !take_section(net, &job))
		why = "a section that is under way already";
	if (why) {
		net->count.tx_refused++;
		net_breach(net, "%s", why);
		job.msg.section = cpu_to_le32(NVSP_SECTION_NONE);
		answer(net, &job, NVSP_STATUS_FAILURE);
		return;
	}
	if (le32_to_cpu(job.msg.channel_type) == NVSP_CHANNEL_DATA) {
		count_form(net, &job);
		if ((net->hold || net->delay || net->jobs) && put_off(net, &job, pkt))
			return;
	}
	perform(net, &job);
}

/* Later -----------------------------------------------------------------------------*/

static struct net_job *first_job(struct net *net)
{
	struct net_job *job = net->jobs;

	net->jobs = job->next;
	if (!net->jobs)
		net->jobs_end = &net->jobs;
	return job;
}

static void free_job(struct net_job *job)
{
	uint32_t i;

	for (i = 0; i < job->range_count; i++)
		free(job->ranges[i].pfns);
	free(job->ranges);
	free(job);
}

void net_tx_timer(void *arg)
{
	struct net *net = arg;
	uint64_t now = vsp_now(net->vsp);

	while (net->jobs && !net->hold && net->jobs->due <= now) {
		struct net_job *job = first_job(net);

		perform(net, job);
		free_job(job);
	}
	if (net->jobs && !net->hold)
		vsp_timer_set(net->vsp, &net->timer, net->jobs->due);
	else
		vsp_timer_cancel(net->vsp, &net->timer);
}

void net_tx_look(struct net *net)
{
	net_tx_timer(net);
}

void net_tx_drop(struct net *net, const struct vsp_chan *chan)
{
	struct net_job **at = &net->jobs, *job;

	while ((job = *at)) {
		if (chan && job->chan != chan) {
			at = &job->next;
			continue;
		}
		*at = job->next;
		if (has_section(job) && net->sections && net->send.lent)
			net->sections[le32_to_cpu(job->msg.section)].busy = false;
		free_job(job);
	}
	net->jobs_end = at;
	if (!net->jobs)
		vsp_timer_cancel(net->vsp, &net->timer);
}

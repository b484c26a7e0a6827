// SPDX-License-Identifier: GPL-2.0
/*
 * pkt.c - build and check packets: in-band, GPA-direct, transfer pages, completion
 */
#include "pkt.h"
#include "wire/tlfs.h"

#define HDR_LEN		((u32)sizeof(struct vmbus_pkt_hdr))

static void put_hdr(struct vmbus_pkt_hdr *hdr, u16 type, u32 offset, u32 len, u16 flags, u64 id)
{
	hdr->type = cpu_to_le16(type);
	hdr->offset8 = cpu_to_le16(offset >> 3);
	hdr->len8 = cpu_to_le16((len + 7) >> 3);
	hdr->flags = cpu_to_le16(flags);
	hdr->id = cpu_to_le64(id);
}

void pkt_put_inband(struct vmbus_pkt_hdr *hdr, u32 payload_len, u64 id, bool want_completion)
{
	put_hdr(hdr, VMBUS_PKT_INBAND, HDR_LEN, HDR_LEN + payload_len,
		want_completion ? VMBUS_PKT_FLAG_COMPLETION : 0, id);
}

void pkt_put_completion(struct vmbus_pkt_hdr *hdr, u32 payload_len, u64 id)
{
	put_hdr(hdr, VMBUS_PKT_COMPLETION, HDR_LEN, HDR_LEN + payload_len, 0, id);
}

int pkt_put_gpa_direct(struct pkt_gpa_hdr *gpa, u32 byte_offset, u32 byte_count,
		       u32 payload_len, u64 id)
{
	u64 end = (u64)byte_offset + byte_count;
	u32 pfns = (end + TLFS_PAGE_SIZE - 1) >> TLFS_PAGE_SHIFT;
	u32 offset = sizeof(*gpa) + pfns * sizeof(__le64);

	if (!byte_count || byte_offset >= TLFS_PAGE_SIZE)
		return -EINVAL;
	if (offset > PKT_MAX_LEN || payload_len > PKT_MAX_LEN - offset)
		return -EINVAL;

	put_hdr(&gpa->hdr, VMBUS_PKT_GPA_DIRECT, offset, offset + payload_len,
		VMBUS_PKT_FLAG_COMPLETION, id);
	gpa->gpa.reserved = cpu_to_le32(0);
	gpa->gpa.range_count = cpu_to_le32(1);
	gpa->range.byte_count = cpu_to_le32(byte_count);
	gpa->range.byte_offset = cpu_to_le32(byte_offset);
	return pfns;
}

int pkt_put_range(u64 *words, u32 room, u64 addr, u32 len)
{
	u32 offset = addr & (TLFS_PAGE_SIZE - 1);
	u64 pfn = addr >> TLFS_PAGE_SHIFT;
	u64 end = (u64)offset + len;
	u32 pfns = (end + TLFS_PAGE_SIZE - 1) >> TLFS_PAGE_SHIFT, i;
	struct vmbus_gpa_range range = {
		.byte_count = cpu_to_le32(len),
		.byte_offset = cpu_to_le32(offset),
	};

	if (!len || pfns >= room)
		return -EINVAL;
	memcpy(words, &range, sizeof(range));
	for (i = 0; i < pfns; i++)
		words[1 + i] = (__force u64)cpu_to_le64(pfn + i);
	return 1 + pfns;
}

int pkt_put_ranges(struct pkt_ranges_hdr *gpa, u32 count, u32 words, u32 payload_len, u64 id)
{
	u32 offset = sizeof(*gpa) + words * sizeof(u64);

	if (!count || words > PKT_MAX_LEN / sizeof(u64) || offset > PKT_MAX_LEN ||
	    payload_len > PKT_MAX_LEN - offset)
		return -EINVAL;
	put_hdr(&gpa->hdr, VMBUS_PKT_GPA_DIRECT, offset, offset + payload_len,
		VMBUS_PKT_FLAG_COMPLETION, id);
	gpa->gpa.reserved = cpu_to_le32(0);
	gpa->gpa.range_count = cpu_to_le32(count);
	return 0;
}

int pkt_parse(const void *pkt, u32 len, struct pkt_view *view)
{
	const struct vmbus_pkt_hdr *hdr = pkt;
	u32 offset;

	if (len < HDR_LEN || le16_to_cpu(hdr->len8) * 8u != len)
		return -EPROTO;
	offset = le16_to_cpu(hdr->offset8) * 8u;
	if (offset < HDR_LEN || offset > len)
		return -EPROTO;

	view->type = le16_to_cpu(hdr->type);
	view->flags = le16_to_cpu(hdr->flags);
	view->id = le64_to_cpu(hdr->id);
	view->ext = hdr + 1;
	view->ext_len = offset - HDR_LEN;
	view->payload = (const u8 *)pkt + offset;
	view->payload_len = len - offset;
	return 0;
}

/* How many ranges there is room for; -EPROTO if not even for their count. */
static int transfer_room(const struct pkt_view *view)
{
	u32 fixed = sizeof(struct vmbus_pkt_transfer_pages);

	if (view->ext_len < fixed)
		return -EPROTO;
	return (view->ext_len - fixed) / sizeof(struct vmbus_transfer_range);
}

int pkt_transfer_count(const struct pkt_view *view)
{
	const struct vmbus_pkt_transfer_pages *xfer = view->ext;
	int room = transfer_room(view);
	u32 count;

	if (room < 0)
		return room;
	count = le32_to_cpu(xfer->range_count);
	return count <= (u32)room ? (int)count : -EPROTO;
}

int pkt_transfer_range(const struct pkt_view *view, u32 index, u32 buf_len,
		       u32 *offset, u32 *len)
{
	const struct vmbus_pkt_transfer_pages *xfer = view->ext;
	const struct vmbus_transfer_range *range = (const void *)(xfer + 1);
	int room = transfer_room(view);
	u32 start, bytes;

	if (room < 0 || index >= (u32)room)
		return -EPROTO;
	start = le32_to_cpu(range[index].byte_offset);
	bytes = le32_to_cpu(range[index].byte_count);
	if (bytes > buf_len || start > buf_len - bytes)
		return -EPROTO;

	*offset = start;
	*len = bytes;
	return 0;
}

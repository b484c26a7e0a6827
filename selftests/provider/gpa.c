// SPDX-License-Identifier: GPL-2.0
/*
 * gpa.c - page lists to reads and writes of guest memory
 */
#include "core.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 4096u

/* Do @len bytes from @offset of the list's pages, one page at a time. */
static size_t each_page(struct vsp *vsp, const struct vsp_gpa_list *list, size_t at,
			uint8_t *buf, size_t len, bool write)
{
	size_t done = 0;

	if (at >= list->len)
		return 0;
	if (len > list->len - at)
		len = list->len - at;
	while (done < len) {
		uint64_t pos = (uint64_t)list->offset + at + done;
		uint32_t in_page = pos % PAGE, chunk = PAGE - in_page;
		uint8_t *host;

		if (chunk > len - done)
			chunk = (uint32_t)(len - done);
		if (pos / PAGE >= list->pfn_count)
			break;
		host = vsp->transport->map(vsp->ctx, list->pfns[pos / PAGE] * PAGE + in_page,
					   chunk, write);
		if (!host)
			break;
		if (write)
			memcpy(host, buf + done, chunk);
		else
			memcpy(buf + done, host, chunk);
		done += chunk;
	}
	return done;
}

size_t vsp_gpa_read(struct vsp *vsp, const struct vsp_gpa_list *list, size_t at,
		    void *buf, size_t len)
{
	return each_page(vsp, list, at, buf, len, false);
}

size_t vsp_gpa_write(struct vsp *vsp, const struct vsp_gpa_list *list, size_t at,
		     const void *buf, size_t len)
{
	/* each_page() only reads from it */
	return each_page(vsp, list, at, (uint8_t *)(uintptr_t)buf, len, true);
}

/*
 * One range, whose header and frame numbers stand at @ranges. Fills @list and
 * returns the bytes it takes, or 0 with the reason.
 */
static uint32_t parse_range(struct vsp *vsp, const uint8_t *ranges, uint32_t len,
			    struct vsp_gpa_list *list, const char **why)
{
	struct vmbus_gpa_range range;
	uint32_t count, offset, i;
	uint64_t pages;

	if (len < sizeof(range)) {
		*why = "range header beyond the end";
		return 0;
	}
	memcpy(&range, ranges, sizeof(range));
	count = le32_to_cpu(range.byte_count);
	offset = le32_to_cpu(range.byte_offset);
	if (!count) {
		*why = "range of zero bytes";
		return 0;
	}
	if (offset > PAGE - 1) {
		*why = "range offset beyond the first page";
		return 0;
	}
	pages = ((uint64_t)count + offset + PAGE - 1) / PAGE;
	if (pages > (len - sizeof(range)) / 8) {
		*why = "fewer frame numbers than the range has pages";
		return 0;
	}
	list->pfns = malloc(pages * sizeof(*list->pfns));
	if (!list->pfns) {
		*why = "out of memory";
		return 0;
	}
	list->pfn_count = (uint32_t)pages;
	list->offset = offset;
	list->len = count;
	memcpy(list->pfns, ranges + sizeof(range), pages * 8);
	for (i = 0; i < pages; i++) {
		if (list->pfns[i] > UINT64_MAX / PAGE ||
		    !vsp->transport->map(vsp->ctx, list->pfns[i] * PAGE, PAGE, true)) {
			*why = "frame number beyond guest memory";
			return 0;
		}
	}
	return (uint32_t)(sizeof(range) + pages * 8);
}

struct vsp_gpa_list *vsp_gpa_parse(struct vsp *vsp, const uint8_t *ranges, uint32_t len,
				   uint32_t count, uint32_t *used, const char **why)
{
	struct vsp_gpa_list *lists;
	uint32_t at = 0, i, taken;

	/* Each range takes at least its header and one frame number. */
	if (!count || count > len / 16) {
		*why = count ? "more ranges than bytes for them" : "no range";
		return NULL;
	}
	lists = calloc(count, sizeof(*lists));
	if (!lists) {
		*why = "out of memory";
		return NULL;
	}
	for (i = 0; i < count; i++) {
		taken = parse_range(vsp, ranges + at, len - at, &lists[i], why);
		if (!taken) {
			vsp_gpa_free(lists, count);
			return NULL;
		}
		at += taken;
	}
	*used = at;
	return lists;
}

void vsp_gpa_free(struct vsp_gpa_list *lists, uint32_t count)
{
	uint32_t i;

	if (!lists)
		return;
	for (i = 0; i < count; i++)
		free(lists[i].pfns);
	free(lists);
}

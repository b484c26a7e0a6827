// SPDX-License-Identifier: GPL-2.0
/*
 * scsi_medium.c - what a disk's blocks are kept in: a mapping of anonymous
 * memory or of a raw image
 *
 * Data goes straight between the guest's pages and the mapping, without a
 * buffer between. An image that somebody else truncates while it is mapped
 * ends the process with SIGBUS; who serves an image must leave it alone.
 */
#include "scsi_unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_MEDIUM_BYTES	(16ull << 40)
#define CD_BLOCK_SIZE		2048

/* The medium --------------------------------------------------------------------*/

bool scsi_medium_has(const struct scsi_disk *disk, uint64_t lba, uint64_t count)
{
	return lba <= disk->blocks && count <= disk->blocks - lba;
}

/* fdatasync() would leave it to the kernel's good will that a mapping's dirty pages are seen. */
bool scsi_medium_flush(struct scsi_disk *disk, uint64_t at, uint64_t len)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	uint64_t start = at & ~(page - 1);

	if (disk->fd < 0 || disk->read_only || !len)
		return true;
	return !msync(disk->map + start, len + (at - start), MS_SYNC);
}

void scsi_medium_discard(struct scsi_disk *disk, uint64_t at, uint64_t len)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	uint64_t first = (at + page - 1) & ~(page - 1);
	uint64_t last = (at + len) & ~(page - 1);

	if (!len)
		return;
	if (disk->fd >= 0) {
		/* Not every file system has holes; zeros are the promise, room is not. */
		if (fallocate(disk->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, len))
			memset(disk->map + at, 0, len);
		return;
	}
	if (first >= last || madvise(disk->map + first, last - first, MADV_DONTNEED)) {
		memset(disk->map + at, 0, len);
		return;
	}
	memset(disk->map + at, 0, first - at);
	memset(disk->map + last, 0, at + len - last);
}

/* Opening -------------------------------------------------------------------------*/

bool scsi_parse_size(const char *text, uint64_t *value)
{
	static const char suffixes[] = "KMGT";
	const char *suffix;
	uint64_t n;
	char *end;
	int shift;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 0);
	if (errno)
		return false;
	if (*end) {
		suffix = strchr(suffixes, *end);
		if (!suffix || end[1])
			return false;
		shift = 10 * (suffix - suffixes + 1);
		if (n > UINT64_MAX >> shift)
			return false;
		n <<= shift;
	}
	*value = n;
	return true;
}

static bool size_is_right(const struct scsi_disk *disk, uint64_t size)
{
	return size && !(size % disk->block_size) && size <= MAX_MEDIUM_BYTES;
}

static void set_size(struct scsi_disk *disk, uint64_t size)
{
	disk->size = size;
	disk->blocks = size / disk->block_size;
}

static int open_ram(struct scsi_disk *disk, const char *text, char *err, size_t err_len)
{
	uint64_t size;

	if (!scsi_parse_size(text, &size) || !size_is_right(disk, size)) {
		snprintf(err, err_len,
			 "ram:%s: the size must be a multiple of 512 bytes, up to 16T", text);
		return -EINVAL;
	}
	disk->map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (disk->map == MAP_FAILED) {
		snprintf(err, err_len, "ram:%s: %s", text, strerror(errno));
		return -EINVAL;
	}
	set_size(disk, size);
	return 0;
}

static int map_file(struct scsi_disk *disk, const char *path, char *err, size_t err_len)
{
	struct stat st;

	if (fstat(disk->fd, &st)) {
		snprintf(err, err_len, "%s: %s", path, strerror(errno));
		return -EINVAL;
	}
	if (!S_ISREG(st.st_mode)) {
		snprintf(err, err_len, "%s: not a regular file", path);
		return -EINVAL;
	}
	if (!st.st_size) {
		snprintf(err, err_len, "%s: the image is empty", path);
		return -EINVAL;
	}
	if (st.st_size % disk->block_size) {
		snprintf(err, err_len, "%s: %lld bytes are no whole %u-byte blocks: truncated?",
			 path, (long long)st.st_size, disk->block_size);
		return -EINVAL;
	}
	disk->map = mmap(NULL, st.st_size, PROT_READ | (disk->read_only ? 0 : PROT_WRITE),
			 MAP_SHARED, disk->fd, 0);
	if (disk->map == MAP_FAILED) {
		snprintf(err, err_len, "%s: %s", path, strerror(errno));
		return -EINVAL;
	}
	set_size(disk, st.st_size);
	return 0;
}

/* For the next time. */
static void keep_path(struct scsi_disk *disk, const char *path)
{
	free(disk->path);
	disk->path = strdup(path);
}

/* Leaves the drive empty when it fails. */
static int open_path(struct scsi_disk *disk, const char *path, char *err, size_t err_len)
{
	int ret = -EINVAL;

	disk->fd = open(path, (disk->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (disk->fd < 0)
		snprintf(err, err_len, "%s: %s", path, strerror(errno));
	else
		ret = map_file(disk, path, err, err_len);
	if (ret)
		scsi_medium_eject(disk);
	else if (path != disk->path)
		keep_path(disk, path);
	return ret;
}

static int open_file(struct scsi_disk *disk, const char *spec, char *err, size_t err_len)
{
	size_t len = strlen(spec);
	char *path = strdup(spec);
	int ret;

	if (!path) {
		snprintf(err, err_len, "out of memory");
		return -EINVAL;
	}
	if (len > 3 && !strcmp(path + len - 3, ",ro")) {
		disk->read_only = true;
		path[len - 3] = 0;
	}
	ret = open_path(disk, path, err, err_len);
	free(path);
	return ret;
}

static int open_cd(struct scsi_disk *disk, const char *path, char *err, size_t err_len)
{
	disk->kind = SCSI_KIND_CDROM;
	disk->block_size = CD_BLOCK_SIZE;
	disk->read_only = true;
	/* A drive may be empty. */
	return *path ? open_path(disk, path, err, err_len) : 0;
}

int scsi_disk_open(struct scsi_disk **out, const char *spec, const struct wire_guid *id,
		   char *err, size_t err_len)
{
	struct scsi_disk *disk = calloc(1, sizeof(*disk));
	int ret;

	if (!disk) {
		snprintf(err, err_len, "out of memory");
		return -EINVAL;
	}
	disk->refs = 1;
	disk->fd = -1;
	disk->map = MAP_FAILED;
	disk->block_size = 512;
	disk->granularity = 1;
	disk->id = *id;
	if (!strncmp(spec, "ram:", 4)) {
		ret = open_ram(disk, spec + 4, err, err_len);
	} else if (!strncmp(spec, "file:", 5)) {
		ret = open_file(disk, spec + 5, err, err_len);
	} else if (!strncmp(spec, "cd:", 3)) {
		ret = open_cd(disk, spec + 3, err, err_len);
	} else {
		snprintf(err, err_len,
			 "\"%s\": a disk is ram:SIZE or file:PATH[,ro], a drive cd:[PATH]", spec);
		ret = -EINVAL;
	}
	if (ret) {
		scsi_disk_put(disk);
		return ret;
	}
	*out = disk;
	return 0;
}

void scsi_disk_put(struct scsi_disk *disk)
{
	if (!disk || --disk->refs)
		return;
	scsi_medium_eject(disk);
	free(disk->path);
	free(disk);
}

int scsi_disk_set_block_size(struct scsi_disk *disk, uint32_t block_size, char *err,
			     size_t err_len)
{
	if (disk->kind != SCSI_KIND_DISK)
		return 0;
	if (disk->size % block_size) {
		snprintf(err, err_len, "%llu bytes are no whole number of %u-byte blocks",
			 (unsigned long long)disk->size, block_size);
		return -EINVAL;
	}
	disk->block_size = block_size;
	set_size(disk, disk->size);
	return 0;
}

/* Changing while it is used ---------------------------------------------------------*/

bool scsi_medium_loaded(const struct scsi_disk *disk)
{
	return disk->map != MAP_FAILED;
}

void scsi_medium_eject(struct scsi_disk *disk)
{
	if (disk->map != MAP_FAILED)
		munmap(disk->map, disk->size);
	disk->map = MAP_FAILED;
	set_size(disk, 0);
	if (disk->fd >= 0)
		close(disk->fd);
	disk->fd = -1;
}

int scsi_disk_insert(struct scsi_disk *disk, const char *path, char *err, size_t err_len)
{
	if (disk->kind != SCSI_KIND_CDROM || scsi_medium_loaded(disk)) {
		snprintf(err, err_len, "not an empty drive");
		return -EINVAL;
	}
	if (!path)
		path = disk->path;
	if (!path) {
		snprintf(err, err_len, "nothing was ever in it");
		return -EINVAL;
	}
	if (open_path(disk, path, err, err_len))
		return -EINVAL;
	disk->media_event = SCSI_MEDIA_NEW;
	/* NOT READY TO READY CHANGE */
	scsi_disk_attention(disk, NULL, 0x28, 0x00);
	return 0;
}

int scsi_disk_eject(struct scsi_disk *disk, char *err, size_t err_len)
{
	if (disk->kind != SCSI_KIND_CDROM || !scsi_medium_loaded(disk)) {
		snprintf(err, err_len, "not a drive with something in it");
		return -EINVAL;
	}
	scsi_medium_eject(disk);
	disk->media_event = SCSI_MEDIA_REMOVED;
	return 0;
}

int scsi_disk_resize(struct scsi_disk *disk, uint64_t size, char *err, size_t err_len)
{
	void *map;

	if (disk->kind != SCSI_KIND_DISK || !size_is_right(disk, size)) {
		snprintf(err, err_len, "the size must be a multiple of %u bytes, up to 16T",
			 disk->block_size);
		return -EINVAL;
	}
	if (disk->fd >= 0 && (disk->read_only || ftruncate(disk->fd, size))) {
		snprintf(err, err_len, "the image cannot be resized");
		return -EINVAL;
	}
	map = mremap(disk->map, disk->size, size, MREMAP_MAYMOVE);
	if (map == MAP_FAILED) {
		snprintf(err, err_len, "resize: %s", strerror(errno));
		return -EINVAL;
	}
	disk->map = map;
	set_size(disk, size);
	/* CAPACITY DATA HAS CHANGED, once to everybody. */
	scsi_disk_attention(disk, NULL, 0x2a, 0x09);
	return 0;
}

int scsi_disk_set_granularity(struct scsi_disk *disk, uint64_t bytes, char *err, size_t err_len)
{
	if (disk->kind != SCSI_KIND_DISK || !bytes || bytes % disk->block_size ||
	    bytes / disk->block_size > UINT32_MAX) {
		snprintf(err, err_len, "the granularity must be a multiple of %u bytes",
			 disk->block_size);
		return -EINVAL;
	}
	disk->granularity = bytes / disk->block_size;
	/* As a host does that has put a differencing disk on top: OPERATING CONDITIONS CHANGED. */
	scsi_disk_attention(disk, NULL, 0x3f, 0x02);
	return 0;
}

/* For control commands -----------------------------------------------------------*/

uint64_t scsi_disk_size(const struct scsi_disk *disk)
{
	return disk->size;
}

void scsi_disk_info(const struct scsi_disk *disk, vsp_put_line put, void *ctx)
{
	char line[64];

	put(ctx, disk->kind == SCSI_KIND_DISK ? "kind disk" : "kind cdrom");
	put(ctx, !scsi_medium_loaded(disk) ? "backing none" :
		 disk->fd < 0 ? "backing ram" : "backing file");
	put(ctx, disk->read_only ? "access ro" : "access rw");
	snprintf(line, sizeof(line), "bytes %llu", (unsigned long long)disk->size);
	put(ctx, line);
	snprintf(line, sizeof(line), "blocks %llu", (unsigned long long)disk->blocks);
	put(ctx, line);
	snprintf(line, sizeof(line), "block_size %u", disk->block_size);
	put(ctx, line);
	snprintf(line, sizeof(line), "granularity %u", disk->granularity);
	put(ctx, line);
}

uint32_t scsi_disk_crc32(const struct scsi_disk *disk, uint64_t at, uint64_t len)
{
	const uint8_t *p = disk->map + at;
	uint32_t table[8][256];
	uint32_t crc = UINT32_MAX;
	uint32_t i, k;

	/* Eight tables, eight bytes a step: a disk is long. */
	for (i = 0; i < 256; i++) {
		uint32_t c = i;

		for (k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
		table[0][i] = c;
	}
	for (i = 0; i < 256; i++)
		for (k = 1; k < 8; k++)
			table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 0xff];

	for (; len >= 8; len -= 8, p += 8) {
		crc ^= p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
		crc = table[7][crc & 0xff] ^ table[6][crc >> 8 & 0xff] ^
		      table[5][crc >> 16 & 0xff] ^ table[4][crc >> 24] ^
		      table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
	}
	for (; len; len--, p++)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
	return ~crc;
}

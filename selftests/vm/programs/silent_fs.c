// SPDX-License-Identifier: GPL-2.0
/*
 * silent_fs DIRECTORY FILE: mounts a file system with one directory, "sub", which nobody's
 * cache keeps; from when FILE is there it answers nothing more, as a server that is gone
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define ROOT	1
#define SUB	2

static int device;

static void answer(const struct fuse_in_header *in, int error, void *body, size_t len)
{
	struct fuse_out_header out = { .error = error, .unique = in->unique };
	struct iovec parts[] = { { &out, sizeof(out) }, { body, error ? 0 : len } };

	out.len = parts[0].iov_len + parts[1].iov_len;
	if (writev(device, parts, 2) < 0)
		perror("silent_fs");
}

static struct fuse_attr directory(__u64 node)
{
	return (struct fuse_attr){ .ino = node, .mode = S_IFDIR | 0755, .nlink = 2 };
}

static void init(const struct fuse_in_header *in)
{
	struct fuse_init_out body = {
		.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096,
	};

	answer(in, 0, &body, sizeof(body));
}

/* Valid for no time: each walk asks again. */
static void lookup(const struct fuse_in_header *in)
{
	struct fuse_entry_out body = { .nodeid = SUB, .attr = directory(SUB) };

	answer(in, strcmp((const char *)(in + 1), "sub") ? -ENOENT : 0, &body, sizeof(body));
}

static void getattr(const struct fuse_in_header *in)
{
	struct fuse_attr_out body = { .attr = directory(in->nodeid) };

	answer(in, 0, &body, sizeof(body));
}

static void serve(const struct fuse_in_header *in)
{
	switch (in->opcode) {
	case FUSE_INIT:
		init(in);
		break;
	case FUSE_LOOKUP:
		lookup(in);
		break;
	case FUSE_GETATTR:
		getattr(in);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(in, -ENOSYS, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	static char request[FUSE_MIN_READ_BUFFER + 8192] __attribute__((aligned(8)));
	char options[80];

	if (argc != 3)
		return 2;
	device = open("/dev/fuse", O_RDWR);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40755,user_id=0,group_id=0", device);
	if (device < 0 || mount("silent", argv[1], "fuse", 0, options)) {
		perror("silent_fs");
		return 1;
	}
	while (read(device, request, sizeof(request)) > 0) {
		if (!access(argv[2], F_OK))
			pause();
		serve((const struct fuse_in_header *)request);
	}
	return 0;
}

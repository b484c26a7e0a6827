// SPDX-License-Identifier: GPL-2.0
/*
 * xsk - answers pings from user space, over a socket of AF_XDP in copy mode
 *
 *   xsk NAME COUNT     every frame of the first queue of that NIC goes to the socket, and echo
 *                      requests come back as answers; ends well after so many
 *
 * The kernel's program is the shortest there is: it gives each frame to the socket of its queue.
 */
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAMES		128u
#define FRAME_LEN	4096u
#define PATIENCE_MS	60000

/* Where a ping says what it is, and whose. */
#define ETH_TYPE	12
#define IP_PROTO	23
#define IP_FROM		26
#define ICMP_TYPE	34
#define ICMP_SUM	36
#define PING_MIN	42

struct ring {
	uint32_t *producer;
	uint32_t *consumer;
	void *entries;
};

static uint8_t *frames;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int bpf(int cmd, union bpf_attr *attr)
{
	int fd = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	if (fd < 0)
		die("bpf");
	return fd;
}

static int make_map(void)
{
	union bpf_attr attr = { 0 };

	attr.map_type = BPF_MAP_TYPE_XSKMAP;
	attr.key_size = 4;
	attr.value_size = 4;
	attr.max_entries = 64;
	return bpf(BPF_MAP_CREATE, &attr);
}

static int load_program(int map)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 2, .src_reg = 1,
		  .off = offsetof(struct xdp_md, rx_queue_index) },
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map },
		{ .code = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { 0 };

	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = sizeof(program) / sizeof(program[0]);
	attr.license = (uintptr_t)"GPL";
	return bpf(BPF_PROG_LOAD, &attr);
}

/* Until this process ends. */
static void attach(int program, uint32_t nic)
{
	union bpf_attr attr = { 0 };

	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_ifindex = nic;
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_DRV_MODE;
	bpf(BPF_LINK_CREATE, &attr);
}

static struct ring map_ring(int fd, off_t where, const struct xdp_ring_offset *at, size_t entry)
{
	uint8_t *base = mmap(NULL, at->desc + FRAMES * entry, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_POPULATE, fd, where);

	if (base == MAP_FAILED)
		die("ring");
	return (struct ring){ (void *)(base + at->producer), (void *)(base + at->consumer),
			      base + at->desc };
}

static void set(int fd, int option, uint32_t value)
{
	if (setsockopt(fd, SOL_XDP, option, &value, sizeof(value)))
		die("ring size");
}

static int open_socket(uint32_t nic, struct ring *fill, struct ring *done, struct ring *rx,
		       struct ring *tx)
{
	struct sockaddr_xdp addr = { .sxdp_family = AF_XDP, .sxdp_ifindex = nic,
				     .sxdp_flags = XDP_COPY };
	struct xdp_umem_reg umem = { .len = FRAMES * FRAME_LEN, .chunk_size = FRAME_LEN };
	struct xdp_mmap_offsets at;
	socklen_t len = sizeof(at);
	int fd = socket(AF_XDP, SOCK_RAW, 0);

	frames = mmap(NULL, umem.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	umem.addr = (uintptr_t)frames;
	if (fd < 0 || frames == MAP_FAILED ||
	    setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)))
		die("socket");
	set(fd, XDP_UMEM_FILL_RING, FRAMES);
	set(fd, XDP_UMEM_COMPLETION_RING, FRAMES);
	set(fd, XDP_RX_RING, FRAMES);
	set(fd, XDP_TX_RING, FRAMES);
	if (getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &len))
		die("offsets");
	*fill = map_ring(fd, (off_t)XDP_UMEM_PGOFF_FILL_RING, &at.fr, sizeof(uint64_t));
	*done = map_ring(fd, (off_t)XDP_UMEM_PGOFF_COMPLETION_RING, &at.cr, sizeof(uint64_t));
	*rx = map_ring(fd, XDP_PGOFF_RX_RING, &at.rx, sizeof(struct xdp_desc));
	*tx = map_ring(fd, XDP_PGOFF_TX_RING, &at.tx, sizeof(struct xdp_desc));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("bind");
	return fd;
}

static int is_there(const struct ring *r)
{
	return __atomic_load_n(r->producer, __ATOMIC_ACQUIRE) != *r->consumer;
}

static void taken(struct ring *r)
{
	__atomic_store_n(r->consumer, *r->consumer + 1, __ATOMIC_RELEASE);
}

static void give(struct ring *fill, uint64_t addr)
{
	((uint64_t *)fill->entries)[*fill->producer % FRAMES] = addr;
	__atomic_store_n(fill->producer, *fill->producer + 1, __ATOMIC_RELEASE);
}

/* From a request to its answer. */
static int turn(uint8_t *frame, uint32_t len)
{
	uint8_t other[6];
	uint32_t sum;

	if (len < PING_MIN || frame[ETH_TYPE] != 8 || frame[ETH_TYPE + 1] || frame[IP_PROTO] != 1 ||
	    frame[ICMP_TYPE] != 8)
		return 0;
	memcpy(other, frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, other, 6);
	memcpy(other, frame + IP_FROM, 4);
	memcpy(frame + IP_FROM, frame + IP_FROM + 4, 4);
	memcpy(frame + IP_FROM + 4, other, 4);
	frame[ICMP_TYPE] = 0;
	sum = (uint32_t)(frame[ICMP_SUM] << 8 | frame[ICMP_SUM + 1]) + 0x800;
	sum = (sum & 0xffff) + (sum >> 16);
	frame[ICMP_SUM] = (uint8_t)(sum >> 8);
	frame[ICMP_SUM + 1] = (uint8_t)sum;
	return 1;
}

static uint32_t answer(int fd, struct ring *fill, struct ring *rx, struct ring *tx)
{
	uint32_t answers = 0;

	for (; is_there(rx); taken(rx)) {
		struct xdp_desc desc = ((struct xdp_desc *)rx->entries)[*rx->consumer % FRAMES];

		if (!turn(frames + desc.addr, desc.len)) {
			give(fill, desc.addr);
			continue;
		}
		desc.options = 0;
		((struct xdp_desc *)tx->entries)[*tx->producer % FRAMES] = desc;
		__atomic_store_n(tx->producer, *tx->producer + 1, __ATOMIC_RELEASE);
		answers++;
	}
	/* EBUSY and EAGAIN: the rest goes the next time. */
	sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
	return answers;
}

int main(int argc, char **argv)
{
	const struct rlimit no_limit = { RLIM_INFINITY, RLIM_INFINITY };
	uint32_t nic = argc == 3 ? if_nametoindex(argv[1]) : 0, key = 0, value, i, answers = 0;
	struct ring fill, done, rx, tx;
	union bpf_attr attr = { 0 };
	struct pollfd wait;
	int map, fd;

	if (!nic) {
		fprintf(stderr, "xsk NAME COUNT\n");
		return 2;
	}
	setrlimit(RLIMIT_MEMLOCK, &no_limit);
	map = make_map();
	fd = open_socket(nic, &fill, &done, &rx, &tx);
	for (i = 0; i < FRAMES; i++)
		give(&fill, i * FRAME_LEN);
	value = (uint32_t)fd;
	attr.map_fd = (uint32_t)map;
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)&value;
	bpf(BPF_MAP_UPDATE_ELEM, &attr);
	attach(load_program(map), nic);
	puts("ready");
	fflush(stdout);
	wait = (struct pollfd){ .fd = fd, .events = POLLIN };
	while (answers < (uint32_t)atol(argv[2])) {
		if (poll(&wait, 1, PATIENCE_MS) <= 0)
			die("nothing came");
		answers += answer(fd, &fill, &rx, &tx);
		for (; is_there(&done); taken(&done))
			give(&fill, ((uint64_t *)done.entries)[*done.consumer % FRAMES]);
	}
	/* The last answers are under way. */
	usleep(200000);
	printf("%u answers\n", answers);
	return 0;
}

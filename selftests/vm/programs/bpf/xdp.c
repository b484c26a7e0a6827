// SPDX-License-Identifier: GPL-2.0
/*
 * xdp - programs for a NIC: one for each verdict. What is no ping passes.
 *
 * ip link set dev NIC xdpdrv obj xdp.o sec xdp/NAME
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#define SEC(name)	__attribute__((section(name), used))

static long (*bpf_redirect)(__u32 ifindex, __u64 flags) = (void *)BPF_FUNC_redirect;
static long (*bpf_xdp_adjust_tail)(struct xdp_md *ctx, int delta) =
	(void *)BPF_FUNC_xdp_adjust_tail;
static __u64 (*bpf_xdp_get_buff_len)(struct xdp_md *ctx) = (void *)BPF_FUNC_xdp_get_buff_len;
static long (*bpf_xdp_adjust_head)(struct xdp_md *ctx, int delta) =
	(void *)BPF_FUNC_xdp_adjust_head;

/* The header of an echo request, whose own file wants more than a program can have. */
#define ICMP_ECHOREPLY	0
#define ICMP_ECHO	8

struct icmp {
	__u8 type;
	__u8 code;
	__u16 checksum;
};

struct ping {
	struct ethhdr eth;
	struct iphdr ip;
	struct icmp icmp;
} __attribute__((packed));

static inline struct ping *ping_of(struct xdp_md *ctx, __u8 type)
{
	struct ping *ping = (void *)(long)ctx->data;

	if ((void *)(ping + 1) > (void *)(long)ctx->data_end ||
	    ping->eth.h_proto != __builtin_bswap16(ETH_P_IP) || ping->ip.ihl != 5 ||
	    ping->ip.protocol != IPPROTO_ICMP || ping->icmp.type != type)
		return 0;
	return ping;
}

/* From a request to its answer: addresses change places, one word of the sum changes. */
static inline void turn(struct ping *ping)
{
	__u32 addr = ping->ip.saddr, sum;
	int i;

	for (i = 0; i < ETH_ALEN; i++) {
		__u8 byte = ping->eth.h_source[i];

		ping->eth.h_source[i] = ping->eth.h_dest[i];
		ping->eth.h_dest[i] = byte;
	}
	ping->ip.saddr = ping->ip.daddr;
	ping->ip.daddr = addr;
	ping->icmp.type = ICMP_ECHOREPLY;
	sum = ping->icmp.checksum + ICMP_ECHO;
	ping->icmp.checksum = sum + (sum >> 16);
}

/* Moves the frame within its page and back: it arrives as it was. */
SEC("xdp/pass")
int pass(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_head(ctx, -64) || bpf_xdp_adjust_head(ctx, 64))
		return XDP_ABORTED;
	return XDP_PASS;
}

static inline int dropped(struct xdp_md *ctx)
{
	return ping_of(ctx, ICMP_ECHO) ? XDP_DROP : XDP_PASS;
}

SEC("xdp/drop")
int drop(struct xdp_md *ctx)
{
	return dropped(ctx);
}

/* What the host's station sends, numbered: of five hundred the last passes, and says so. */
struct numbered {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	__u32 stamp;
	__u32 flow;
	__u32 number;
} __attribute__((packed));

#define DISCARD_PORT	9

SEC("xdp/sift")
int sift(struct xdp_md *ctx)
{
	struct numbered *frame = (void *)(long)ctx->data;

	if ((void *)(frame + 1) > (void *)(long)ctx->data_end ||
	    frame->eth.h_proto != __builtin_bswap16(ETH_P_IP) || frame->ip.ihl != 5 ||
	    frame->ip.protocol != IPPROTO_UDP || frame->udp.dest != __builtin_bswap16(DISCARD_PORT))
		return XDP_PASS;
	return __builtin_bswap32(frame->number) % 500 == 499 ? XDP_PASS : XDP_DROP;
}

SEC("xdp/aborted")
int aborted(struct xdp_md *ctx)
{
	return ping_of(ctx, ICMP_ECHO) ? XDP_ABORTED : XDP_PASS;
}

static inline int sent_back(struct xdp_md *ctx)
{
	struct ping *ping = ping_of(ctx, ICMP_ECHO);

	if (!ping)
		return XDP_PASS;
	turn(ping);
	return XDP_TX;
}

SEC("xdp/tx")
int tx(struct xdp_md *ctx)
{
	return sent_back(ctx);
}

/* The NIC it came from is as good as another. */
static inline int redirected(struct xdp_md *ctx)
{
	struct ping *ping = ping_of(ctx, ICMP_ECHO);

	if (!ping)
		return XDP_PASS;
	turn(ping);
	return bpf_redirect(ctx->ingress_ifindex, 0);
}

SEC("xdp/redirect")
int redirect(struct xdp_md *ctx)
{
	return redirected(ctx);
}

/*
 * The same for frames that are in several pages, whose beginning is in the first. Loaders
 * know programs of this kind by the section, which is one for all.
 */
SEC("xdp.frags")
int pass_all(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

SEC("xdp.frags")
int drop_all(struct xdp_md *ctx)
{
	return dropped(ctx);
}

SEC("xdp.frags")
int tx_all(struct xdp_md *ctx)
{
	return sent_back(ctx);
}

SEC("xdp.frags")
int redirect_all(struct xdp_md *ctx)
{
	return redirected(ctx);
}

/* What is long loses its last 6000 bytes, all of the last page with them. */
SEC("xdp.frags")
int cut_all(struct xdp_md *ctx)
{
	if (bpf_xdp_get_buff_len(ctx) > 8000 && bpf_xdp_adjust_tail(ctx, -6000))
		return XDP_ABORTED;
	return XDP_PASS;
}

static const char gpl[] SEC("license") = "GPL";

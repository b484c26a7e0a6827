// SPDX-License-Identifier: GPL-2.0
/*
 * net_wire.c - a cable that leaves the host: a tap device, or a datagram socket, each
 * datagram a frame
 *
 * A tag is in the frame out there and beside it in here. What the other end does not
 * take at once waits, up to a limit; if there is no other end it is lost.
 */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* Frames that may wait for the other end to take them. */
#define WAITING_MAX	4096u
/* Frames taken from it in one go. */
#define TAKE_MAX	64u

/* From it ---------------------------------------------------------------------------*/

static void take_tag_out(struct net_frame *frame)
{
	if (frame->len < NET_HEADER_LEN + NET_TAG_LEN ||
	    net_get16(frame->data + 2 * NET_MAC_LEN) != NET_TYPE_8021Q)
		return;
	frame->tagged = true;
	frame->tci = net_get16(frame->data + 2 * NET_MAC_LEN + 2);
	frame->len -= NET_TAG_LEN;
	memmove(frame->data + 2 * NET_MAC_LEN, frame->data + 2 * NET_MAC_LEN + NET_TAG_LEN,
		frame->len - 2 * NET_MAC_LEN);
}

static void arrived(struct net_wire *wire, const uint8_t *data, uint32_t len)
{
	struct net_frame *frame;

	if (len < NET_HEADER_LEN)
		return;
	frame = net_frame_new(len);
	if (!frame)
		return;
	memcpy(frame->data, data, len);
	take_tag_out(frame);
	wire->arrived(wire->net, frame);
}

static void readable(void *arg)
{
	static uint8_t bytes[NET_FRAME_MAX + NET_TAG_LEN];
	struct net_wire *wire = arg;
	unsigned int turn;
	ssize_t len;

	for (turn = 0; turn < TAKE_MAX; turn++) {
		len = read(wire->fd, bytes, sizeof(bytes));
		if (len < 0)
			return;
		arrived(wire, bytes, (uint32_t)len);
	}
}

/* To it -----------------------------------------------------------------------------*/

static ssize_t send_parts(const struct net_wire *wire, struct iovec *parts, int cnt)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct msghdr msg = {
		.msg_name = &addr,
		.msg_namelen = sizeof(addr),
		.msg_iov = parts,
		.msg_iovlen = (size_t)cnt,
	};

	if (!*wire->remote)
		return writev(wire->fd, parts, cnt);
	strcpy(addr.sun_path, wire->remote);
	return sendmsg(wire->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool send_frame(struct net_wire *wire, const struct net_frame *frame)
{
	uint8_t *data = (uint8_t *)(uintptr_t)frame->data;
	uint8_t tag[NET_TAG_LEN];
	struct iovec parts[] = {
		{ data, 2 * NET_MAC_LEN },
		{ tag, frame->tagged ? NET_TAG_LEN : 0 },
		{ data + 2 * NET_MAC_LEN, frame->len - 2 * NET_MAC_LEN },
	};

	net_put16(tag, NET_TYPE_8021Q);
	net_put16(tag + 2, frame->tci);
	if (send_parts(wire, parts, ARRAY_SIZE(parts)) >= 0)
		++*wire->sent;
	else if (errno == EAGAIN || errno == ENOBUFS)
		return false;
	else
		++*wire->lost;
	return true;
}

static void watch(struct net_wire *wire);

static void writable(void *arg)
{
	struct net_wire *wire = arg;
	struct net_frame *frame;

	while ((frame = wire->waiting) && send_frame(wire, frame)) {
		wire->waiting = frame->next;
		wire->waiting_cnt--;
		free(frame);
	}
	if (!wire->waiting)
		wire->waiting_end = &wire->waiting;
	watch(wire);
}

static void watch(struct net_wire *wire)
{
	vsp_watch(wire->net->vsp, wire->fd, readable, wire->waiting ? writable : NULL, wire);
}

void net_wire_send(struct net_wire *wire, struct net_frame *frame)
{
	struct net_frame *list = frame, *next;

	frame->next = NULL;
	if (frame->mss) {
		list = net_cut(frame);
		free(frame);
	}
	for (; list; list = next) {
		next = list->next;
		if (wire->waiting_cnt == WAITING_MAX) {
			++*wire->lost;
			free(list);
			continue;
		}
		list->next = NULL;
		*wire->waiting_end = list;
		wire->waiting_end = &list->next;
		wire->waiting_cnt++;
	}
	writable(wire);
}

/* Its ends ----------------------------------------------------------------------------*/

void net_wire_init(struct net_wire *wire, struct net *net,
		   void (*frame_arrived)(struct net *net, struct net_frame *frame), uint64_t *sent,
		   uint64_t *lost)
{
	wire->net = net;
	wire->fd = -1;
	wire->waiting_end = &wire->waiting;
	wire->arrived = frame_arrived;
	wire->sent = sent;
	wire->lost = lost;
}

static int opened(struct net_wire *wire, int err)
{
	if (!err) {
		watch(wire);
		return 0;
	}
	if (wire->fd >= 0)
		close(wire->fd);
	wire->fd = -1;
	*wire->local = 0;
	return -err;
}

int net_wire_open_sockets(struct net_wire *wire, const char *local, const char *remote)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(local) >= sizeof(addr.sun_path) || strlen(remote) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, local);
	wire->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (wire->fd < 0 || bind(wire->fd, (const struct sockaddr *)&addr, sizeof(addr)))
		return opened(wire, errno);
	strcpy(wire->local, local);
	strcpy(wire->remote, remote);
	return opened(wire, 0);
}

int net_wire_open_tap(struct net_wire *wire, const char *name)
{
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	if (strlen(name) >= sizeof(req.ifr_name))
		return -ENAMETOOLONG;
	strcpy(req.ifr_name, name);
	wire->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (wire->fd < 0 || ioctl(wire->fd, TUNSETIFF, &req))
		return opened(wire, errno);
	return opened(wire, 0);
}

void net_wire_close(struct net_wire *wire)
{
	net_frames_free(wire->waiting);
	wire->waiting = NULL;
	if (wire->fd < 0)
		return;
	vsp_watch(wire->net->vsp, wire->fd, NULL, NULL, NULL);
	close(wire->fd);
	wire->fd = -1;
	if (*wire->local)
		unlink(wire->local);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * net_vf.c - the other way to a NIC's guest: a virtual function, played by any NIC
 * the machine emulates beside us
 *
 * Its cable is a pair of datagram sockets, each datagram a frame: that NIC's
 * backend has PREFIX.nic, we have PREFIX.host. Frames from it go where those of the
 * channel go, and those for the guest go to it, while the data path is its own.
 * What comes by the wrong way is counted and lost, as a switch's port would lose it.
 */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Frames that may wait for that NIC to take them. */
#define WAITING_MAX	4096u
/* Frames taken from it in one go. */
#define TAKE_MAX	64u

static int bind_to(int fd, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(addr.sun_path, path);
	return bind(fd, (const struct sockaddr *)&addr, sizeof(addr));
}

/* From it ---------------------------------------------------------------------------*/

/* A tag is beside a frame, not in it. */
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

static void arrived(struct net *net, const uint8_t *data, uint32_t len)
{
	struct net_frame *frame;

	if (len < NET_HEADER_LEN)
		return;
	if (!net->vf || net->path != NVSP_PATH_VF) {
		net->count.vf_tx_wrong++;
		return;
	}
	frame = net_frame_new(len);
	if (!frame)
		return;
	memcpy(frame->data, data, len);
	take_tag_out(frame);
	net->count.vf_tx_frames++;
	net_transmit(net, frame);
}

static void readable(void *arg)
{
	static uint8_t bytes[NET_FRAME_MAX + NET_TAG_LEN];
	struct net *net = arg;
	unsigned int turn;
	ssize_t len;

	for (turn = 0; turn < TAKE_MAX; turn++) {
		len = recv(net->vf_fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (len < 0)
			return;
		arrived(net, bytes, (uint32_t)len);
	}
}

/* To it -----------------------------------------------------------------------------*/

static bool send_frame(struct net *net, const struct net_frame *frame)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	uint8_t tag[NET_TAG_LEN];
	uint8_t *data = (uint8_t *)(uintptr_t)frame->data;
	struct iovec parts[] = {
		{ data, 2 * NET_MAC_LEN },
		{ tag, frame->tagged ? NET_TAG_LEN : 0 },
		{ data + 2 * NET_MAC_LEN, frame->len - 2 * NET_MAC_LEN },
	};
	struct msghdr msg = {
		.msg_name = &addr,
		.msg_namelen = sizeof(addr),
		.msg_iov = parts,
		.msg_iovlen = ARRAY_SIZE(parts),
	};

	net_put16(tag, NET_TYPE_8021Q);
	net_put16(tag + 2, frame->tci);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.nic", net->vf_cable);
	if (sendmsg(net->vf_fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		net->count.vf_rx_frames++;
	else if (errno == EAGAIN || errno == ENOBUFS)
		return false;
	else
		net->count.vf_rx_lost++;
	return true;
}

static void watch(struct net *net);

static void writable(void *arg)
{
	struct net *net = arg;
	struct net_frame *frame;

	while ((frame = net->vf_waiting) && send_frame(net, frame)) {
		net->vf_waiting = frame->next;
		net->vf_waiting_cnt--;
		free(frame);
	}
	if (!net->vf_waiting)
		net->vf_waiting_end = &net->vf_waiting;
	watch(net);
}

static void watch(struct net *net)
{
	vsp_watch(net->vsp, net->vf_fd, readable, net->vf_waiting ? writable : NULL, net);
}

/* Takes the list. */
static void send_list(struct net *net, struct net_frame *list)
{
	struct net_frame *next;

	for (; list; list = next) {
		next = list->next;
		if (net->vf_waiting_cnt == WAITING_MAX) {
			net->count.vf_rx_lost++;
			free(list);
			continue;
		}
		list->next = NULL;
		*net->vf_waiting_end = list;
		net->vf_waiting_end = &list->next;
		net->vf_waiting_cnt++;
	}
	writable(net);
}

void net_vf_receive(struct net *net, struct net_frame *frame)
{
	struct net_frame *list = frame;

	if (net->vf_fd < 0) {
		net->count.rx_vf_path++;
		free(frame);
		return;
	}
	frame->next = NULL;
	if (frame->mss) {
		list = net_cut(frame);
		free(frame);
	}
	send_list(net, list);
}

/* With the NIC ------------------------------------------------------------------------*/

int net_vf_plug_in(struct net *net)
{
	char path[sizeof(net->vf_cable) + 8];

	if (!*net->vf_cable)
		return 0;
	snprintf(path, sizeof(path), "%s.host", net->vf_cable);
	net->vf_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (net->vf_fd < 0 || bind_to(net->vf_fd, path))
		return -errno;
	watch(net);
	return 0;
}

void net_vf_unplug(struct net *net)
{
	char path[sizeof(net->vf_cable) + 8];

	net_frames_free(net->vf_waiting);
	net->vf_waiting = NULL;
	if (net->vf_fd < 0)
		return;
	vsp_watch(net->vsp, net->vf_fd, NULL, NULL, NULL);
	close(net->vf_fd);
	snprintf(path, sizeof(path), "%s.host", net->vf_cable);
	unlink(path);
}

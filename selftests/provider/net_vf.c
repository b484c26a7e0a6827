// SPDX-License-Identifier: GPL-2.0
/*
 * net_vf.c - the other way to a NIC's guest: a virtual function, played by any NIC
 * the machine emulates beside us
 *
 * Its cable is a pair of datagram sockets: that NIC's backend has PREFIX.nic, we have
 * PREFIX.host. Frames from it go where those of the channel go, and those for the guest
 * go to it, while the data path is its own. What comes by the wrong way is counted and
 * lost, as a switch's port would lose it.
 */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>

static void arrived(struct net *net, struct net_frame *frame)
{
	if (!net->vf || net->path != NVSP_PATH_VF) {
		net->count.vf_tx_wrong++;
		free(frame);
		return;
	}
	net->count.vf_tx_frames++;
	net_transmit(net, frame);
}

void net_vf_receive(struct net *net, struct net_frame *frame)
{
	if (net->vf_wire.fd < 0) {
		net->count.rx_vf_path++;
		free(frame);
		return;
	}
	net_wire_send(&net->vf_wire, frame);
}

void net_vf_init(struct net *net)
{
	net_wire_init(&net->vf_wire, net, arrived, &net->count.vf_rx_frames,
		      &net->count.vf_rx_lost);
}

int net_vf_plug_in(struct net *net)
{
	char local[sizeof(net->vf_cable) + 8], remote[sizeof(net->vf_cable) + 8];

	if (!*net->vf_cable)
		return 0;
	snprintf(local, sizeof(local), "%s.host", net->vf_cable);
	snprintf(remote, sizeof(remote), "%s.nic", net->vf_cable);
	return net_wire_open_sockets(&net->vf_wire, local, remote);
}

void net_vf_unplug(struct net *net)
{
	net_wire_close(&net->vf_wire);
}

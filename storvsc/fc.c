// SPDX-License-Identifier: GPL-2.0
/*
 * fc.c - what makes an adapter a Fibre Channel adapter to user space: its names
 *
 * The host keeps the fabric to itself: the guest sees units at addresses, as on
 * any other adapter, and the adapter's two world-wide names. A remote port that
 * stands for nothing is added so that multipath tools, which ask for the ports
 * below an adapter, find one.
 */
#include "storvsc.h"

#include <scsi/scsi_host.h>
#include <scsi/scsi_transport.h>
#include <scsi/scsi_transport_fc.h>

static struct scsi_transport_template *transport;

static struct fc_function_template functions = {
	.show_host_node_name = 1,
	.show_host_port_name = 1,
};

/* The transport class would look only below its ports; our units are not there. */
static int user_scan(struct Scsi_Host *shost, uint channel, uint id, u64 lun)
{
	struct storvsc_host *host = shost_priv(shost);

	storvsc_bus_changed(host);
	flush_work(&host->scan_work);
	return 0;
}

int storvsc_fc_init(void)
{
	transport = fc_attach_transport(&functions);
	if (!transport)
		return -ENODEV;
	transport->user_scan = user_scan;
	return 0;
}

void storvsc_fc_exit(void)
{
	fc_release_transport(transport);
}

void storvsc_fc_prepare(struct storvsc_host *host)
{
	if (host->class->fibre)
		host->shost->transportt = transport;
}

void storvsc_fc_added(struct storvsc_host *host)
{
	struct fc_rport_identifiers ids = {
		.node_name = host->found.node_name,
		.port_name = host->found.port_name,
		.roles = FC_PORT_ROLE_FCP_DUMMY_INITIATOR,
	};

	if (!host->class->fibre)
		return;
	fc_host_node_name(host->shost) = host->found.node_name;
	fc_host_port_name(host->shost) = host->found.port_name;
	if (!fc_remote_port_add(host->shost, 0, &ids))
		shost_printk(KERN_WARNING, host->shost, "no remote port could be added\n");
}

void storvsc_fc_remove(struct storvsc_host *host)
{
	if (host->class->fibre)
		fc_remove_host(host->shost);
}

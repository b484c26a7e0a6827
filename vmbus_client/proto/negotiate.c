// SPDX-License-Identifier: GPL-2.0
/*
 * negotiate.c - the version ladder, one question at a time
 */
#include "negotiate.h"
#include "wire/tlfs.h"

/* Newest first. Below 4.0 lie hosts older than Windows Server 2016. */
static const u32 ladder[] = {
	VMBUS_VERSION_6_0,
	VMBUS_VERSION_5_3,
	VMBUS_VERSION_5_2,
	VMBUS_VERSION_5_1,
	VMBUS_VERSION_5_0,
	VMBUS_VERSION_4_1,
	VMBUS_VERSION_4_0,
};

/*
 * None of the features is for us. Guest memory is not hidden from the host, so
 * confidential channels and pinning mean nothing; our monitor pages do; one
 * guest needs no client id, and where its interrupts go MODIFYCHANNEL says.
 */
#define FEATURES_WANTED		0u

void negotiate_start(struct negotiate *n, u32 max_version)
{
	*n = (struct negotiate) { 0 };
	if (!max_version)
		return;
	while (n->rung < ARRAY_SIZE(ladder) && ladder[n->rung] > max_version)
		n->rung++;
}

void negotiate_again(struct negotiate *n, u32 version)
{
	negotiate_start(n, version);
	n->oldest = version;
}

u32 negotiate_ask(struct negotiate *n, u32 target_vp, u64 monitor_to_guest,
		  u64 monitor_to_host, struct vmbus_msg_initiate_contact *msg)
{
	if (n->rung >= ARRAY_SIZE(ladder) || ladder[n->rung] < n->oldest)
		return 0;
	n->version = ladder[n->rung];

	*msg = (struct vmbus_msg_initiate_contact) {
		.hdr.type = cpu_to_le32(VMBUS_MSG_INITIATE_CONTACT),
		.version = cpu_to_le32(n->version),
		.target_vp = cpu_to_le32(target_vp),
		.monitor_page_to_guest = cpu_to_le64(monitor_to_guest),
		.monitor_page_to_host = cpu_to_le64(monitor_to_host),
	};
	if (n->version >= VMBUS_VERSION_5_0) {
		n->connection_id = VMBUS_CONN_ID_MESSAGE_V5;
		msg->sint = TLFS_SINT_VMBUS;
	} else {
		/* The interrupt page stays 0: since 2.4 the host has no use for it. */
		n->connection_id = VMBUS_CONN_ID_MESSAGE;
	}
	if (n->version >= VMBUS_VERSION_6_0)
		msg->feature_flags = cpu_to_le32(FEATURES_WANTED);
	return sizeof(*msg);
}

static enum negotiate_verdict step_down(struct negotiate *n)
{
	n->rung++;
	return NEGOTIATE_NEXT;
}

enum negotiate_verdict negotiate_no_port(struct negotiate *n)
{
	return step_down(n);
}

enum negotiate_verdict
negotiate_answer(struct negotiate *n, const struct vmbus_msg_version_response_features *rsp)
{
	u32 id = le32_to_cpu(rsp->base.message_connection_id);

	if (!rsp->base.supported)
		return step_down(n);
	if (rsp->base.connection_state != VMBUS_CONTACT_OK)
		return NEGOTIATE_FAILED;

	/* Below 5.0 the field holds whatever the host likes: 0, or the version. */
	if (n->version >= VMBUS_VERSION_5_0) {
		if (!id || id & ~TLFS_CONNECTION_ID_MASK)
			return NEGOTIATE_FAILED;
		n->connection_id = id;
	}
	if (n->version >= VMBUS_VERSION_6_0)
		n->features = le32_to_cpu(rsp->feature_flags) & FEATURES_WANTED;
	return NEGOTIATE_AGREED;
}

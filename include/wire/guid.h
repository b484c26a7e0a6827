/* SPDX-License-Identifier: GPL-2.0 */
/*
 * guid.h - the 16-byte identifier of device classes and instances
 *
 * On the wire the first three fields of the printed form are little endian and
 * the last eight bytes stand as printed. We keep the bytes exactly as they
 * travel, so that comparing is memcmp() and nothing ever swaps.
 */
#ifndef VMBUS_KIT_WIRE_GUID_H
#define VMBUS_KIT_WIRE_GUID_H

#include "wire.h"

struct wire_guid {
	__u8 b[16];
};
WIRE_SIZE(struct wire_guid, 16);

/* Takes the printed form aaaaaaaa-bbbb-cccc-d0d1-d2d3d4d5d6d7 field by field. */
#define WIRE_GUID(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7) { { \
	(a) & 0xff, ((a) >> 8) & 0xff, ((a) >> 16) & 0xff, ((a) >> 24) & 0xff, \
	(b) & 0xff, ((b) >> 8) & 0xff, \
	(c) & 0xff, ((c) >> 8) & 0xff, \
	(d0), (d1), (d2), (d3), (d4), (d5), (d6), (d7) } }

/* Device classes we speak to; the text form is what modinfo and sysfs show. */

/* f8615163-df3e-46c5-913f-f2d2f965ed0e */
#define WIRE_GUID_NIC \
	WIRE_GUID(0xf8615163, 0xdf3e, 0x46c5, 0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e)
/* ba6163d9-04a1-4d29-b605-72e2ffb1dc7f */
#define WIRE_GUID_SCSI \
	WIRE_GUID(0xba6163d9, 0x04a1, 0x4d29, 0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1, 0xdc, 0x7f)
/* 32412632-86cb-44a2-9b5c-50d1417354f5 */
#define WIRE_GUID_IDE \
	WIRE_GUID(0x32412632, 0x86cb, 0x44a2, 0x9b, 0x5c, 0x50, 0xd1, 0x41, 0x73, 0x54, 0xf5)
/* 2f9bcc4a-0069-4af3-b76b-6fd0be528cda */
#define WIRE_GUID_FC \
	WIRE_GUID(0x2f9bcc4a, 0x0069, 0x4af3, 0xb7, 0x6b, 0x6f, 0xd0, 0xbe, 0x52, 0x8c, 0xda)
/* 0e0b6031-5213-4934-818b-38d90ced39db */
#define WIRE_GUID_SHUTDOWN \
	WIRE_GUID(0x0e0b6031, 0x5213, 0x4934, 0x81, 0x8b, 0x38, 0xd9, 0x0c, 0xed, 0x39, 0xdb)
/* 9527e630-d0ae-497b-adce-e80ab0175caf */
#define WIRE_GUID_TIMESYNC \
	WIRE_GUID(0x9527e630, 0xd0ae, 0x497b, 0xad, 0xce, 0xe8, 0x0a, 0xb0, 0x17, 0x5c, 0xaf)
/* 57164f39-9115-4e78-ab55-382f3bd5422d */
#define WIRE_GUID_HEARTBEAT \
	WIRE_GUID(0x57164f39, 0x9115, 0x4e78, 0xab, 0x55, 0x38, 0x2f, 0x3b, 0xd5, 0x42, 0x2d)
/* a9a0f4e7-5a45-4d96-b827-8a841e8c03e6 */
#define WIRE_GUID_KVP \
	WIRE_GUID(0xa9a0f4e7, 0x5a45, 0x4d96, 0xb8, 0x27, 0x8a, 0x84, 0x1e, 0x8c, 0x03, 0xe6)
/* 35fa2e29-ea23-4236-96ae-3a6ebacba440 */
#define WIRE_GUID_VSS \
	WIRE_GUID(0x35fa2e29, 0xea23, 0x4236, 0x96, 0xae, 0x3a, 0x6e, 0xba, 0xcb, 0xa4, 0x40)
/* 34d14be3-dee4-41c8-9ae7-6b174977c192 */
#define WIRE_GUID_FCOPY \
	WIRE_GUID(0x34d14be3, 0xdee4, 0x41c8, 0x9a, 0xe7, 0x6b, 0x17, 0x49, 0x77, 0xc1, 0x92)

#endif

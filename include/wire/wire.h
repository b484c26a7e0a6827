/* SPDX-License-Identifier: GPL-2.0 */
/*
 * wire.h - size and offset asserts for structures another party reads
 *
 * Every structure in this directory is laid out by somebody else's document.
 * The asserts stand under the structure and fail the build, in the kernel, in
 * the provider and in the tests alike, the moment the compiler disagrees.
 */
#ifndef VMBUS_KIT_WIRE_H
#define VMBUS_KIT_WIRE_H

#include <linux/types.h>

/**
 * WIRE_SIZE() - assert the size of a wire structure
 * @type: complete type
 * @bytes: its size in the protocol
 */
#define WIRE_SIZE(type, bytes) \
	_Static_assert(sizeof(type) == (bytes), #type " is not " #bytes " bytes")

/**
 * WIRE_AT() - assert the offset of one field of a wire structure
 * @type: complete type
 * @field: field name
 * @offset: its byte offset in the protocol
 */
#define WIRE_AT(type, field, offset) \
	_Static_assert(__builtin_offsetof(type, field) == (offset), \
		       #type "." #field " is not at offset " #offset)

#endif

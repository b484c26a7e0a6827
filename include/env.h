/* SPDX-License-Identifier: GPL-2.0 */
/*
 * env.h - what the pure code (the proto directories) may assume of the world
 *
 * Fixed-width types, little-endian reads and writes, memory ordering against
 * another party, memcpy and error numbers: nothing else. No locks, memory,
 * time or logging; code that wants one of those belongs outside proto.
 *
 * Ordering is always against the host, so the kernel half uses the virt_ forms
 * (real barriers even in a kernel built for one CPU). The userspace half uses
 * relaxed atomics for single accesses, because ThreadSanitizer must see them.
 */
#ifndef VMBUS_KIT_ENV_H
#define VMBUS_KIT_ENV_H

#ifdef __KERNEL__

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/byteorder.h>

#define env_mb()		virt_mb()
#define env_rmb()		virt_rmb()
#define env_load_acquire(p)	virt_load_acquire(p)
#define env_store_release(p, v)	virt_store_release(p, v)

#else /* userspace: unit tests, fuzzers, the loopback pair */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/types.h>

#define __force

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define env_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define env_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define env_load_acquire(p)	__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define env_store_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

/* The tests run on little-endian machines only, as the protocol does. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little endian expected");
static inline u16 le16_to_cpu(__le16 v) { return v; }
static inline u32 le32_to_cpu(__le32 v) { return v; }
static inline u64 le64_to_cpu(__le64 v) { return v; }
#define cpu_to_le16(v)		((__le16)(v))
#define cpu_to_le32(v)		((__le32)(v))
#define cpu_to_le64(v)		((__le64)(v))

#endif /* __KERNEL__ */

/* Control messages put 64-bit values at 4-byte offsets. */
static inline void env_put_le64(void *to, u64 value)
{
	__le64 le = cpu_to_le64(value);

	memcpy(to, &le, sizeof(le));
}

static inline void env_put_le32(void *to, u32 value)
{
	__le32 le = cpu_to_le32(value);

	memcpy(to, &le, sizeof(le));
}

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * qemu_abi.h - the functions and the variable of a stock QEMU that the plugin
 * uses, and nothing else
 *
 * QEMU exports its symbols to plugins but has no header for these. Prototypes
 * are as in 7.2 and 10.0; where those differ, both forms are here. All are weak
 * so that the plugin loads everywhere and can say what is missing.
 */
#ifndef VMBUS_KIT_QEMU_ABI_H
#define VMBUS_KIT_QEMU_ABI_H

#include <stdbool.h>
#include <stdint.h>

#define QEMU_SYMBOL extern __attribute__((weak))

/* Opaque objects that live in our memory; QEMU's own are a good deal smaller. */
struct qemu_event_notifier { uint64_t room[8]; };
struct qemu_timer { uint64_t room[16]; };

struct qemu_notifier {
	void (*notify)(struct qemu_notifier *notifier, void *data);
	void *node[2];
};

/* The machine's life */
QEMU_SYMBOL void qemu_add_machine_init_done_notifier(struct qemu_notifier *notifier);
QEMU_SYMBOL void qemu_register_reset(void (*fn)(void *opaque), void *opaque);
QEMU_SYMBOL void *qemu_get_cpu(int index);
QEMU_SYMBOL void run_on_cpu(void *cpu, void (*fn)(void *cpu, uintptr_t data), uintptr_t data);

/* The big lock: 7.2 */
QEMU_SYMBOL void qemu_mutex_lock_iothread_impl(const char *file, int line);
QEMU_SYMBOL void qemu_mutex_unlock_iothread(void);
QEMU_SYMBOL bool qemu_mutex_iothread_locked(void);
/* The big lock: 9.0 and later */
QEMU_SYMBOL void bql_lock_impl(const char *file, int line);
QEMU_SYMBOL void bql_unlock(void);
QEMU_SYMBOL bool bql_locked(void);

/* The main loop */
QEMU_SYMBOL void qemu_set_fd_handler(int fd, void (*readable)(void *opaque),
				     void (*writable)(void *opaque), void *opaque);
QEMU_SYMBOL void *qemu_get_aio_context(void);
QEMU_SYMBOL int aio_bh_poll(void *aio_context);
QEMU_SYMBOL int event_notifier_init(struct qemu_event_notifier *en, int active);
QEMU_SYMBOL int event_notifier_get_fd(const struct qemu_event_notifier *en);
QEMU_SYMBOL void event_notifier_set_handler(struct qemu_event_notifier *en,
					    void (*handler)(struct qemu_event_notifier *en));

/* Time; a null group means the main loop's */
#define QEMU_CLOCK_VIRTUAL 1
QEMU_SYMBOL int64_t qemu_clock_get_ns(int clock);
QEMU_SYMBOL void timer_init_full(struct qemu_timer *timer, void *group, int clock, int scale,
				 int attributes, void (*fn)(void *opaque), void *opaque);
QEMU_SYMBOL void timer_mod(struct qemu_timer *timer, int64_t when);
QEMU_SYMBOL void timer_del(struct qemu_timer *timer);

/* Guest memory. The attributes have 4 bytes in 7.2 and 8 in 10.0: a zero register is both. */
QEMU_SYMBOL char address_space_memory[];
QEMU_SYMBOL void *address_space_map(void *as, uint64_t addr, uint64_t *len, bool is_write,
				    uint64_t attrs);
QEMU_SYMBOL void address_space_unmap(void *as, void *host, uint64_t len, bool is_write,
				     uint64_t access_len);
QEMU_SYMBOL void *qemu_ram_block_from_host(void *host, bool round, uint64_t *offset);
QEMU_SYMBOL void *qemu_ram_block_by_name(const char *name);
QEMU_SYMBOL void *qemu_ram_get_host_addr(void *block);

/* Hyper-V's synthetic interrupt controller */
struct hyperv_post_message_input;	/* struct tlfs_post_message in guest memory */
QEMU_SYMBOL bool hyperv_is_synic_enabled(void);
QEMU_SYMBOL int hyperv_set_msg_handler(uint32_t connection_id,
	uint16_t (*handler)(const struct hyperv_post_message_input *input, void *data),
	void *data);
QEMU_SYMBOL int hyperv_set_event_flag_handler(uint32_t connection_id,
					      struct qemu_event_notifier *en);
QEMU_SYMBOL void *hyperv_sint_route_new(uint32_t vp, uint32_t sint,
					void (*done)(void *data, int status), void *data);
QEMU_SYMBOL void hyperv_sint_route_unref(void *route);
QEMU_SYMBOL int hyperv_post_msg(void *route, void *message);
QEMU_SYMBOL int hyperv_set_event_flag(void *route, unsigned int flag);

/* KVM's own clock; done without if missing */
QEMU_SYMBOL void *kvm_state;
QEMU_SYMBOL int kvm_vm_ioctl(void *state, unsigned long type, ...);

/* Present from 11.0 on, and used for nothing but to know that */
QEMU_SYMBOL char hyperv_enable_synic[];

#endif

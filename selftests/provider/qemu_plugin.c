// SPDX-License-Identifier: GPL-2.0
/*
 * qemu_plugin.c - the provider inside a stock QEMU, loaded with -plugin
 *
 *   -plugin vsp.so,control=/path/socket,lun0=ram:64M,max_version=5.2
 *
 * Everything of the provider runs under QEMU's big lock: in the main loop
 * (events, timers, the control socket) or in a vCPU thread that has just posted
 * a message, which takes the lock first. Lock order: the big lock, nothing else.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "qemu_abi.h"
#include "vsp.h"

#define EXPORT __attribute__((visibility("default")))
#define SINT TLFS_SINT_VMBUS
#define CHUNK_SHIFT 21
#define PAGE_SHIFT TLFS_PAGE_SHIFT

/* Where messages and events for one virtual processor go. */
struct vp {
	struct vp *next;
	uint32_t index;
	/*
	 * One route for both. KVM keeps one interrupt per (VP, SINT), and a
	 * second route steals its acknowledgements: messages then stop for good.
	 */
	void *route;
	bool route_for_messages;
	bool posted;			/* a message is with QEMU */
	bool again;			/* its slot was busy and now is not: post it again */
	bool freed;			/* tell the provider */
	struct tlfs_message msg;
	uint8_t *event_flags;		/* of our SINT in the event page; NULL if not to be seen */
};

/* An event connection id the guest may signal. Reused, never given back. */
struct listener {
	struct qemu_event_notifier en;	/* first: the handler is given this */
	struct listener *next;
	uint32_t connection_id;
	bool active;
};

/* A stretch of guest memory we have a host pointer to. */
struct mapping {
	struct mapping *next;
	uint64_t key;			/* address >> shift */
	uint8_t *host;			/* NULL: known not to be one piece of RAM */
	uint64_t len;
};

#define MAP_BUCKETS 1024
struct map_cache {
	struct mapping *bucket[MAP_BUCKETS];
	unsigned int shift;
};

struct client {
	struct client *next;
	int fd;
	char line[1024];
	size_t line_len;
	bool line_too_long;
	char *out;
	size_t out_len, out_room;
};

/* A descriptor to be watched as soon as there is a main loop. */
struct watched {
	struct watched *next;
	int fd;
	void (*readable)(void *arg);
	void (*writable)(void *arg);
	void *arg;
};

static struct {
	struct vsp *vsp;
	struct vp *vps;
	struct listener *listeners;
	struct map_cache chunks, pages;
	struct client *clients;
	struct watched *watched;
	struct qemu_timer clock, work;
	struct qemu_notifier ready;
	bool running;			/* QEMU's machine exists */
	int control_fd;
	char control_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	pid_t pid;
} plugin = { .control_fd = -1, .chunks.shift = CHUNK_SHIFT, .pages.shift = PAGE_SHIFT };

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *fmt, ...)
{
	char line[600];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	/* One write: vCPUs, QEMU and we share this file. */
	fprintf(stderr, "vsp: %s\n", line);
}

/* The big lock ------------------------------------------------------------------*/

static bool lock(void)
{
	if (bql_lock_impl) {
		if (bql_locked())
			return false;
		bql_lock_impl(__FILE__, __LINE__);
	} else {
		if (qemu_mutex_iothread_locked())
			return false;
		qemu_mutex_lock_iothread_impl(__FILE__, __LINE__);
	}
	return true;
}

static void unlock(bool taken)
{
	if (!taken)
		return;
	if (bql_lock_impl)
		bql_unlock();
	else
		qemu_mutex_unlock_iothread();
}

/* Guest memory ------------------------------------------------------------------*/

/*
 * QEMU maps what is not RAM through a bounce buffer, of which there is one.
 * Memory outside every RAM block is that buffer; give it back.
 */
static uint8_t *map_ram(uint64_t addr, uint64_t *len)
{
	uint64_t offset;
	uint8_t *host = address_space_map(address_space_memory, addr, len, true, 0);

	if (!host)
		return NULL;
	if (qemu_ram_block_from_host(host, false, &offset))
		return host;
	address_space_unmap(address_space_memory, host, *len, true, 0);
	return NULL;
}

/* Mapping costs tens of microseconds in a nested guest: do it once for each stretch. */
static struct mapping *look_up(struct map_cache *cache, uint64_t addr)
{
	uint64_t key = addr >> cache->shift, whole = 1ull << cache->shift;
	struct mapping **bucket = &cache->bucket[key % MAP_BUCKETS], *m;

	for (m = *bucket; m; m = m->next)
		if (m->key == key)
			return m;
	m = calloc(1, sizeof(*m));
	if (!m)
		return NULL;
	m->key = key;
	m->len = whole;
	m->host = map_ram(key << cache->shift, &m->len);
	if (m->host && m->len < whole) {
		address_space_unmap(address_space_memory, m->host, m->len, true, 0);
		m->host = NULL;
	}
	m->next = *bucket;
	*bucket = m;
	return m;
}

static void *map_guest(void *ctx, uint64_t gpa, uint32_t len, bool write)
{
	struct mapping *m;

	(void)ctx, (void)len, (void)write;
	/* A chunk that an overlay or a hole interrupts is looked at page by page. */
	m = look_up(&plugin.chunks, gpa);
	if (!m || !m->host)
		m = look_up(&plugin.pages, gpa);
	if (!m || !m->host)
		return NULL;
	return m->host + (gpa & (m->len - 1));
}

static void forget_mappings(struct map_cache *cache)
{
	unsigned int i;

	for (i = 0; i < MAP_BUCKETS; i++) {
		while (cache->bucket[i]) {
			struct mapping *m = cache->bucket[i];

			cache->bucket[i] = m->next;
			if (m->host)
				address_space_unmap(address_space_memory, m->host, m->len, true,
						    m->len);
			free(m);
		}
	}
}

/* Messages and events to the guest ------------------------------------------------*/

static bool vp_exists(void *ctx, uint32_t index)
{
	(void)ctx;
	/* QEMU numbers VPs as it numbers CPUs. */
	return index < 0x10000 && qemu_get_cpu((int)index);
}

static struct vp *find_vp(uint32_t index)
{
	struct vp *vp;
	char name[40];
	void *block;
	uint8_t *page;

	for (vp = plugin.vps; vp; vp = vp->next)
		if (vp->index == index)
			return vp;
	if (!vp_exists(NULL, index))
		return NULL;	/* QEMU would follow a null pointer */
	vp = calloc(1, sizeof(*vp));
	if (!vp)
		return NULL;
	vp->index = index;
	/* Only to count interrupts exactly; without it every event counts as one. */
	if (qemu_ram_block_by_name && qemu_ram_get_host_addr) {
		snprintf(name, sizeof(name), "synic-%u-event-page", index);
		block = qemu_ram_block_by_name(name);
		page = block ? qemu_ram_get_host_addr(block) : NULL;
		if (page)
			vp->event_flags = page + SINT * sizeof(struct tlfs_event_flags);
	}
	vp->next = plugin.vps;
	plugin.vps = vp;
	return vp;
}

static void work_soon(void)
{
	timer_mod(&plugin.work, 0);
}

/* Main loop. QEMU still holds its copy of the message while this runs: do nothing here but note. */
static void message_done(void *data, int status)
{
	struct vp *vp = data;

	if (!vp->posted)
		return;		/* a reset came between */
	vp->posted = false;
	if (status == -EAGAIN) {
		vp->again = true;
	} else {
		vp->freed = true;
		if (status)
			say("VP %u took no message (%d)", vp->index, status);
	}
	work_soon();
}

static void drop_route(struct vp *vp)
{
	if (vp->route)
		hyperv_sint_route_unref(vp->route);
	vp->route = NULL;
}

/*
 * The guest must have its SynIC on when a route is made, or the route never
 * interrupts. It has: it asks for messages and events only then.
 */
static void *get_route(struct vp *vp, bool for_messages)
{
	if (vp->route && for_messages && !vp->route_for_messages)
		drop_route(vp);
	if (!vp->route) {
		/* Without messages no acknowledgements, which cost the main loop a turn each. */
		vp->route = hyperv_sint_route_new(vp->index, SINT,
						  for_messages ? message_done : NULL, vp);
		vp->route_for_messages = for_messages;
	}
	return vp->route;
}

static int post(struct vp *vp)
{
	void *route = get_route(vp, true);
	int r = route ? hyperv_post_msg(route, &vp->msg) : -ENXIO;

	vp->posted = !r;
	return r;
}

static int post_message(void *ctx, uint32_t index, const struct tlfs_message *msg)
{
	struct vp *vp = find_vp(index);

	(void)ctx;
	if (!vp)
		return -ENXIO;
	if (vp->posted || vp->again || vp->freed)
		return -EAGAIN;
	vp->msg = *msg;
	return post(vp);
}

/* Main loop, with nothing of QEMU's on the stack. */
static void do_work(void *opaque)
{
	struct vp *vp;

	(void)opaque;
	for (vp = plugin.vps; vp; vp = vp->next) {
		if (vp->again) {
			vp->again = false;
			if (post(vp)) {
				say("VP %u lost its route, a message is gone", vp->index);
				vp->freed = true;
			}
		}
		if (vp->freed) {
			vp->freed = false;
			vsp_slot_free(plugin.vsp, vp->index);
		}
	}
}

static int set_event(void *ctx, uint32_t index, uint32_t flag)
{
	struct vp *vp = find_vp(index);
	bool was_set = false;
	void *route;
	int r;

	(void)ctx;
	route = vp ? get_route(vp, false) : NULL;
	if (!route)
		return -ENXIO;
	if (vp->event_flags)
		was_set = __atomic_load_n(&vp->event_flags[flag / 8], __ATOMIC_SEQ_CST) &
			  (1u << flag % 8);
	r = hyperv_set_event_flag(route, flag);
	if (r && !vp->posted) {
		drop_route(vp);	/* made too early, perhaps */
		return r;
	}
	return r ? r : !was_set;
}

/* Events from the guest -------------------------------------------------------------*/

/*
 * KVM adds one to the eventfd for every SignalEvent, so the number read is the
 * number of hypercalls, however late we come.
 */
static void drain_listener(struct listener *l)
{
	uint64_t count;

	if (read(event_notifier_get_fd(&l->en), &count, sizeof(count)) != sizeof(count))
		return;
	if (l->active)
		vsp_event(plugin.vsp, l->connection_id, count);
}

static void on_event(struct qemu_event_notifier *en)
{
	drain_listener((struct listener *)en);
}

static int listen_event(void *ctx, uint32_t connection_id)
{
	struct listener *l;
	int r;

	(void)ctx;
	for (l = plugin.listeners; l; l = l->next)
		if (!l->active)
			break;
	if (!l) {
		l = calloc(1, sizeof(*l));
		if (!l)
			return -ENOMEM;
		r = event_notifier_init(&l->en, 0);
		if (r) {
			free(l);
			return r;
		}
		event_notifier_set_handler(&l->en, on_event);
		l->next = plugin.listeners;
		plugin.listeners = l;
	}
	r = hyperv_set_event_flag_handler(connection_id, &l->en);
	if (r)
		return r;
	l->connection_id = connection_id;
	l->active = true;
	return 0;
}

static void unlisten_event(void *ctx, uint32_t connection_id)
{
	struct listener *l;

	(void)ctx;
	for (l = plugin.listeners; l; l = l->next) {
		if (!l->active || l->connection_id != connection_id)
			continue;
		hyperv_set_event_flag_handler(connection_id, NULL);
		l->active = false;
		drain_listener(l);	/* nobody's any more */
	}
}

/* vCPU thread, without the big lock; @input is guest memory and may change under us. */
static uint16_t on_message(const struct hyperv_post_message_input *input, void *data)
{
	struct tlfs_post_message copy;
	struct listener *l;
	uint16_t status;
	bool taken;

	(void)data;
	memcpy(&copy, input, sizeof(copy));
	if (copy.payload_size > sizeof(copy.payload))
		return TLFS_STATUS_INVALID_PARAMETER;
	taken = lock();
	/* What this CPU signalled before it posted came first. */
	for (l = plugin.listeners; l; l = l->next)
		if (l->active)
			drain_listener(l);
	status = vsp_message(plugin.vsp, copy.connection_id, copy.message_type, copy.payload,
			     copy.payload_size);
	unlock(taken);
	return status;
}

/* Time and log ------------------------------------------------------------------------*/

static uint64_t now(void *ctx)
{
	(void)ctx;
	return plugin.running ? (uint64_t)qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) : 0;
}

/* The counter of a guest of KVM is KVM's clock of that guest. */
static uint64_t reference_time(void *ctx)
{
	struct kvm_clock_data clock;

	if (&kvm_state && kvm_vm_ioctl && kvm_state &&
	    !kvm_vm_ioctl(kvm_state, KVM_GET_CLOCK, &clock))
		return clock.clock / 100;
	return now(ctx) / 100;
}

static void arm_timer(void *ctx, uint64_t when)
{
	(void)ctx;
	if (!plugin.running)
		return;
	if (when > INT64_MAX)
		timer_del(&plugin.clock);
	else
		timer_mod(&plugin.clock, (int64_t)when);
}

static void on_clock(void *opaque)
{
	(void)opaque;
	vsp_timer(plugin.vsp);
}

static void log_line(void *ctx, const char *line)
{
	(void)ctx;
	if (!strncmp(line, "VIOLATION", 9))
		fprintf(stderr, "%s\n", line);
	else
		say("%s", line);
}

/* A device watches once before the machine is ready: that is remembered. */
static void watch_fd(void *ctx, int fd, void (*readable)(void *arg), void (*writable)(void *arg),
		     void *arg)
{
	struct watched *w;

	(void)ctx;
	if (plugin.running) {
		qemu_set_fd_handler(fd, readable, writable, arg);
		return;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return;
	*w = (struct watched){ plugin.watched, fd, readable, writable, arg };
	plugin.watched = w;
}

static void watch_all(void)
{
	struct watched *w;

	while ((w = plugin.watched)) {
		plugin.watched = w->next;
		qemu_set_fd_handler(w->fd, w->readable, w->writable, w->arg);
		free(w);
	}
}

static const struct vsp_transport transport = {
	.post_message = post_message,
	.set_event = set_event,
	.listen_event = listen_event,
	.unlisten_event = unlisten_event,
	.vp_exists = vp_exists,
	.map = map_guest,
	.now = now,
	.reference_time = reference_time,
	.arm_timer = arm_timer,
	.watch = watch_fd,
	.log = log_line,
};

/* The control socket ------------------------------------------------------------------*/

static void drop_client(struct client *client)
{
	struct client **link = &plugin.clients;

	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	qemu_set_fd_handler(client->fd, NULL, NULL, NULL);
	close(client->fd);
	free(client->out);
	free(client);
}

static void client_readable(void *opaque);
static void client_writable(void *opaque);

/* False: the client is gone. */
static bool flush_client(struct client *client)
{
	ssize_t n;

	while (client->out_len) {
		n = send(client->fd, client->out, client->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			drop_client(client);
			return false;
		}
		if (n <= 0)
			break;
		client->out_len -= (size_t)n;
		memmove(client->out, client->out + n, client->out_len);
	}
	qemu_set_fd_handler(client->fd, client_readable,
			    client->out_len ? client_writable : NULL, client);
	return true;
}

static void client_writable(void *opaque)
{
	flush_client(opaque);
}

static void put_line(void *ctx, const char *line)
{
	struct client *client = ctx;
	size_t len = strlen(line), need = client->out_len + len + 1;
	char *out;

	if (need > client->out_room) {
		out = realloc(client->out, need * 2);
		if (!out)
			return;
		client->out = out;
		client->out_room = need * 2;
	}
	memcpy(client->out + client->out_len, line, len);
	client->out[need - 1] = '\n';
	client->out_len = need;
}

static void take_line(struct client *client)
{
	char *line = client->line;

	line[client->line_len] = '\0';
	client->line_len = 0;
	/*
	 * A client may be a terminal that echoes. Our own last words must not
	 * come back as commands, or the two would talk for ever.
	 */
	if (!*line || !strcmp(line, "ok") || !strncmp(line, "error:", 6))
		return;
	vsp_command(plugin.vsp, line, put_line, client);
}

static void client_readable(void *opaque)
{
	struct client *client = opaque;
	char buf[512];
	ssize_t n = recv(client->fd, buf, sizeof(buf), MSG_DONTWAIT), i;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_client(client);
		return;
	}
	for (i = 0; i < n; i++) {
		if (buf[i] == '\n' || buf[i] == '\r') {
			if (client->line_too_long) {
				client->line_len = 0;
				put_line(client, "error: line too long");
			} else {
				take_line(client);
			}
			client->line_too_long = false;
		} else if (client->line_len < sizeof(client->line) - 1) {
			if (buf[i])
				client->line[client->line_len++] = buf[i];
		} else {
			client->line_too_long = true;
		}
	}
	flush_client(client);
}

static void on_connect(void *opaque)
{
	int fd = accept(plugin.control_fd, NULL, NULL);
	struct client *client;

	(void)opaque;
	if (fd < 0)
		return;
	client = calloc(1, sizeof(*client));
	if (!client) {
		close(fd);
		return;
	}
	client->fd = fd;
	client->next = plugin.clients;
	plugin.clients = client;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	qemu_set_fd_handler(fd, client_readable, NULL, client);
}

/* A socket file somebody left behind can go; one somebody listens on, or another file, cannot. */
static bool left_behind(const struct sockaddr_un *addr)
{
	struct stat st;
	bool dead;
	int fd;

	if (lstat(addr->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	dead = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) && errno == ECONNREFUSED;
	close(fd);
	return dead;
}

static int listen_control(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (!*path || strlen(path) >= sizeof(addr.sun_path)) {
		say("control=%s: not a usable path", path);
		return -1;
	}
	if (plugin.control_fd >= 0) {
		say("control given twice");
		return -1;
	}
	strcpy(addr.sun_path, path);
	if (left_behind(&addr))
		unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 8)) {
		say("control=%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	plugin.control_fd = fd;
	strcpy(plugin.control_path, path);
	return 0;
}

/* The machine's life --------------------------------------------------------------------*/

static void nothing(void *cpu, uintptr_t data)
{
	(void)cpu, (void)data;
}

/*
 * QEMU insists that no route is left when it resets the SynIC, but a message
 * on its way holds a reference of its own. Let the CPU try to deliver it and
 * QEMU report how that went. If the report does not come, the message waits for
 * an acknowledgement that a guest about to vanish will not give, and nobody
 * will use its reference again: we put it.
 */
static void abandon_message(struct vp *vp)
{
	if (!vp->posted)
		return;
	run_on_cpu(qemu_get_cpu((int)vp->index), nothing, 0);
	aio_bh_poll(qemu_get_aio_context());
	if (vp->posted && vp->route)
		hyperv_sint_route_unref(vp->route);
	vp->posted = false;
}

static void on_reset(void *opaque)
{
	struct vp *vp;

	(void)opaque;
	vsp_reset(plugin.vsp);
	for (vp = plugin.vps; vp; vp = vp->next) {
		abandon_message(vp);
		vp->again = false;
		vp->freed = false;
		drop_route(vp);
	}
	forget_mappings(&plugin.chunks);
	forget_mappings(&plugin.pages);
}

static void on_machine_ready(struct qemu_notifier *notifier, void *data)
{
	static const uint32_t ports[] = { VMBUS_CONN_ID_MESSAGE, VMBUS_CONN_ID_MESSAGE_V5 };
	unsigned int i;
	int r;

	(void)notifier, (void)data;
	if (!hyperv_is_synic_enabled()) {
		say("this machine has no SynIC; give the CPU hv-synic and what it needs");
		exit(1);
	}
	for (i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		r = hyperv_set_msg_handler(ports[i], on_message, NULL);
		if (r) {
			say("message port %u is taken (%s); is there another VMBus here?",
			    ports[i], strerror(-r));
			exit(1);
		}
	}
	timer_init_full(&plugin.clock, NULL, QEMU_CLOCK_VIRTUAL, 1, 0, on_clock, NULL);
	timer_init_full(&plugin.work, NULL, QEMU_CLOCK_VIRTUAL, 1, 0, do_work, NULL);
	qemu_register_reset(on_reset, NULL);
	if (plugin.control_fd >= 0)
		qemu_set_fd_handler(plugin.control_fd, on_connect, NULL, NULL);
	plugin.running = true;
	watch_all();
}

static void at_exit(void)
{
	/* QEMU forks helpers; the socket is the parent's. */
	if (plugin.control_fd >= 0 && getpid() == plugin.pid)
		unlink(plugin.control_path);
}

/* Loading ---------------------------------------------------------------------------------*/

/* QEMU reads this before it calls us, and no one value suits every release. */
EXPORT int qemu_plugin_version = 1;

static void __attribute__((constructor)) choose_version(void)
{
	if (hyperv_enable_synic)
		qemu_plugin_version = 7;	/* 11.x */
	else if (bql_lock_impl)
		qemu_plugin_version = 4;	/* 10.x takes 2 to 4 */
}

/* The name of the first thing this QEMU lacks, or NULL. */
static const char *missing_symbol(void)
{
	const struct {
		const char *name;
		const void *address;
	} needed[] = {
#define NEED(symbol) { #symbol, (const void *)(uintptr_t)(symbol) }
		NEED(qemu_add_machine_init_done_notifier),
		NEED(qemu_register_reset),
		NEED(qemu_get_cpu),
		NEED(run_on_cpu),
		NEED(qemu_set_fd_handler),
		NEED(qemu_get_aio_context),
		NEED(aio_bh_poll),
		NEED(event_notifier_init),
		NEED(event_notifier_get_fd),
		NEED(event_notifier_set_handler),
		NEED(qemu_clock_get_ns),
		NEED(timer_init_full),
		NEED(timer_mod),
		NEED(timer_del),
		NEED(address_space_memory),
		NEED(address_space_map),
		NEED(address_space_unmap),
		NEED(qemu_ram_block_from_host),
		NEED(hyperv_is_synic_enabled),
		NEED(hyperv_set_msg_handler),
		NEED(hyperv_set_event_flag_handler),
		NEED(hyperv_sint_route_new),
		NEED(hyperv_sint_route_unref),
		NEED(hyperv_post_msg),
		NEED(hyperv_set_event_flag),
	};
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!needed[i].address)
			return needed[i].name;
	if (bql_lock_impl && bql_unlock && bql_locked)
		return NULL;
	if (qemu_mutex_lock_iothread_impl && qemu_mutex_unlock_iothread &&
	    qemu_mutex_iothread_locked)
		return NULL;
	return "bql_lock_impl";
}

static int set_option(char *option)
{
	char *value = strchr(option, '=');
	char err[256];

	if (!value) {
		say("option '%s' has no value", option);
		return -1;
	}
	*value++ = '\0';
	if (!strcmp(option, "control") || !strcmp(option, "ctl"))
		return listen_control(value);
	if (vsp_option(plugin.vsp, option, value, err, sizeof(err))) {
		say("%s", err);
		return -1;
	}
	return 0;
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	const char *missing = missing_symbol();
	char err[256], *option;
	int i, r = 0;

	(void)id, (void)info;
	if (missing) {
		say("this QEMU does not export '%s', the provider cannot run in it", missing);
		return -1;
	}
	plugin.pid = getpid();
	plugin.vsp = vsp_new(&transport, NULL);
	if (!plugin.vsp)
		return -1;
	for (i = 0; i < argc && !r; i++) {
		option = strdup(argv[i]);
		r = option ? set_option(option) : -1;
		free(option);
	}
	if (!r && (vsp_storage_start(plugin.vsp, err, sizeof(err)) ||
		   vsp_echo_start(plugin.vsp, err, sizeof(err)) ||
		   vsp_net_start(plugin.vsp, err, sizeof(err)) ||
		   vsp_util_start(plugin.vsp, err, sizeof(err)))) {
		say("%s", err);
		r = -1;
	}
	atexit(at_exit);
	if (r)
		return -1;
	plugin.ready.notify = on_machine_ready;
	qemu_add_machine_init_done_notifier(&plugin.ready);
	return 0;
}

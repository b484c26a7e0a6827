/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vmbus.h - the API for drivers of devices on the VMBus
 *
 * A driver registers the device classes it serves and gets a struct vmbus_dev
 * per device. It opens the device's channel, sends packets, and drains what
 * the host sent when its event callback runs. The channel is opaque: nothing
 * here presumes who owns the connection to the host.
 *
 * The host is not trusted. What a driver receives are private copies of packets
 * with checked lengths; what is inside them the driver must check.
 */
#ifndef VMBUS_KIT_VMBUS_H
#define VMBUS_KIT_VMBUS_H

#include <linux/bits.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/spinlock.h>

#include "wire/guid.h"
#include "wire/pkt.h"

struct page;
struct vmbus_buf;
struct vmbus_chan;

/**
 * struct vmbus_dev - a device the host offers
 * @dev: its place in the driver model; parent of what the driver creates
 * @chan: its primary channel, valid from probe to the end of remove
 * @class_id: what kind of device it is
 * @instance_id: which one; stable over reboots
 * @vendor: the vendor number sysfs shows
 * @override: name of the only driver that may take it, NULL for any; the bus's own
 * @dma_mask: storage for dev.dma_mask
 * @dma_parms: storage for dev.dma_parms
 *
 * Read-only for drivers, but for driver data in @dev.
 */
struct vmbus_dev {
	struct device dev;
	struct vmbus_chan *chan;
	struct wire_guid class_id;
	struct wire_guid instance_id;
	u16 vendor;
	char *override;
	u64 dma_mask;
	struct device_dma_parameters dma_parms;
};

#define to_vmbus_dev(d)	container_of(d, struct vmbus_dev, dev)

/**
 * struct vmbus_drv - a driver for one or more device classes
 * @name: name in sysfs, as user space knows it
 * @ids: classes served, ended by an all-zero entry; also for MODULE_DEVICE_TABLE(vmbus, ...)
 * @probe: take the device. May sleep. 0 or a negative errno. The id is an entry of
 *	@ids, or, if user space gave it the device, made up: the device's class and
 *	no driver data, valid during the call
 * @remove: let go of it: the device is gone, or the driver is. Must close every
 *	channel it opened. May sleep, must end whether or not the host answers
 * @shutdown: quiesce for power-off or kexec. May sleep. Optional
 * @suspend: the connection will end for a while: close every channel, let go of
 *	sub-channels, revoke buffers. May sleep. 0, or a negative errno to keep the
 *	system awake; then everything must be as before. A driver without it cannot
 *	be suspended
 * @resume: the opposite: the device's channel may be opened again, under another
 *	relid; the host remembers nothing. May sleep. If the device did not come back,
 *	opening fails with -ENODEV and remove follows later; until then nothing may
 *	wait for the host
 * @driver: the driver core's part; set up by vmbus_drv_register()
 */
struct vmbus_drv {
	const char *name;
	const struct hv_vmbus_device_id *ids;
	int (*probe)(struct vmbus_dev *vdev, const struct hv_vmbus_device_id *id);
	void (*remove)(struct vmbus_dev *vdev);
	void (*shutdown)(struct vmbus_dev *vdev);
	int (*suspend)(struct vmbus_dev *vdev);
	int (*resume)(struct vmbus_dev *vdev);
	struct device_driver driver;
};

int __vmbus_drv_register(struct vmbus_drv *drv, struct module *owner, const char *mod_name);

/**
 * vmbus_drv_register() - make a driver known to the bus
 * @drv: driver, static
 *
 * Context: Process context, may sleep; probes devices already there.
 * Return: 0; -ENODEV if there is no VMBus here; another negative errno.
 */
#define vmbus_drv_register(drv) __vmbus_drv_register(drv, THIS_MODULE, KBUILD_MODNAME)

/**
 * vmbus_drv_unregister() - take a driver from the bus
 * @drv: registered driver
 *
 * Context: Process context, may sleep; removes its devices first.
 */
void vmbus_drv_unregister(struct vmbus_drv *drv);

/**
 * module_vmbus_drv() - a module that is one driver and nothing else
 * @drv: driver
 *
 * Stands for module_init() and module_exit().
 */
#define module_vmbus_drv(drv) \
	module_driver(drv, vmbus_drv_register, vmbus_drv_unregister)

/**
 * vmbus_dev_ref_time() - the counter hosts mean when they say when something was
 * @vdev: any device
 * @ticks: 100 ns each since this machine was made; it stands still while the machine does
 *
 * Where the kernel's clock source is made of this counter, both show the same.
 *
 * Context: Any.
 * Return: true; false if this host gives its guests none.
 */
bool vmbus_dev_ref_time(const struct vmbus_dev *vdev, u64 *ticks);

/* Channels -----------------------------------------------------------------*/

/**
 * enum vmbus_events - who drains a channel
 * @VMBUS_EVENTS_BUS: the bus, when the host has rung: @event runs in a softirq
 *	on the CPU interrupted, with the host's interrupts masked, never twice at
 *	once, and takes packets with vmbus_chan_recv(). After a share of them
 *	others get the CPU, and it is called again
 * @VMBUS_EVENTS_DRIVER: the driver, from a context of its own, between
 *	vmbus_chan_poll_begin() and vmbus_chan_poll_end(). @event only says that the
 *	host has rung and is masked now: it has that context scheduled and returns.
 *	Interrupts off; may run on two CPUs at once. None follows until
 *	vmbus_chan_poll_rearm(), but for space wished by vmbus_chan_want_space();
 *	a driver that never rearms and never wishes gets no interrupt at all
 */
enum vmbus_events {
	VMBUS_EVENTS_BUS,
	VMBUS_EVENTS_DRIVER,
};

/**
 * struct vmbus_chan_ops - what the bus calls
 * @event: the host may have sent packets, or freed ring space the driver waits
 *	for. What to do then, and where it runs, is enum vmbus_events' matter.
 *	Optional with VMBUS_EVENTS_DRIVER
 * @gone: the channel broke or was rescinded, and the bus has closed it already:
 *	no further event will come, every send fails, and vmbus_chan_reap() gives
 *	the requests that will never be completed. Process context; may sleep,
 *	but must not wait for remove nor call vmbus_chan_close() on this channel.
 *	A sub-channel whose primary is lost is closed first, and told first.
 *	Optional: remove follows by itself after a rescind
 */
struct vmbus_chan_ops {
	void (*event)(struct vmbus_chan *chan, void *ctx);
	void (*gone)(struct vmbus_chan *chan, void *ctx);
};

/**
 * struct vmbus_chan_config - how a channel shall be opened
 * @ops: callbacks
 * @ctx: handed to them
 * @events: who drains the channel
 * @tx_bytes: data area of the guest-to-host ring, a multiple of 4096
 * @rx_bytes: data area of the host-to-guest ring, a multiple of 4096
 * @max_packet: largest packet the host may send, descriptor included; a larger
 *	one breaks the channel
 * @max_requests: most requests that may wait for a completion; 0 if the driver
 *	sends none that want one
 * @cpu: CPU to interrupt whenever it is online, or -1 to let the bus choose
 * @signal_now: reach the host at once. Some hosts offer, for the channels of some
 *	devices, to look at a bit in memory every now and then instead of being
 *	called: cheaper for us, and up to some 100 microseconds later for them
 * @user: device-specific data for the host, or NULL
 * @user_len: bytes of it, at most 120
 */
struct vmbus_chan_config {
	const struct vmbus_chan_ops *ops;
	void *ctx;
	enum vmbus_events events;
	u32 tx_bytes;
	u32 rx_bytes;
	u32 max_packet;
	u32 max_requests;
	int cpu;
	bool signal_now;
	const void *user;
	u32 user_len;
};

/**
 * struct vmbus_pkt - a packet from the host
 * @type: enum vmbus_pkt_type; an unknown type is passed on as it is
 * @cookie: for a completion, what the request was sent with, handed back once;
 *	completions that answer no request are dropped before the driver sees them
 * @id: for other packets, what vmbus_chan_send_completion() wants back
 * @wants_completion: the host waits for an answer
 * @ext: bytes between descriptor and payload (transfer-page ranges)
 * @ext_len: how many
 * @payload: private copy, valid until the next vmbus_chan_recv()
 * @payload_len: bytes, rounded up to 8 by the sender
 */
struct vmbus_pkt {
	u16 type;
	bool wants_completion;
	void *cookie;
	u64 id;
	const void *ext;
	u32 ext_len;
	const void *payload;
	u32 payload_len;
};

/**
 * struct vmbus_pages - guest memory named in a packet
 * @pfns: 4 KiB frame numbers (bus addresses >> 12), all used whole but the first and last
 * @offset: into the first page, bytes, below 4096
 * @len: bytes
 */
struct vmbus_pages {
	const u64 *pfns;
	u32 offset;
	u32 len;
};

/**
 * struct vmbus_range - contiguous guest memory, one of several pieces
 * @addr: bus address
 * @len: bytes, not 0
 */
struct vmbus_range {
	u64 addr;
	u32 len;
};

/* Ranges, and 4 KiB pages they touch, together at most, in one packet. */
#define VMBUS_RANGE_WORDS	104

/* More follow at once: do not show this one to the host before the last, or vmbus_chan_kick(). */
#define VMBUS_SEND_MORE		BIT(0)

/**
 * vmbus_chan_open() - share rings with the host and start a channel
 * @chan: an offered channel, not open
 * @cfg: how; copied. @cfg->ops must outlive the open channel
 *
 * The event callback may run before this returns.
 *
 * Context: Process context; waits for the host, with a bound.
 * Return: 0; -ENOMEM; -ENODEV if it was rescinded; -ETIMEDOUT if the host did
 * not answer; -EIO if it refused; -EBUSY if the channel is open.
 */
int vmbus_chan_open(struct vmbus_chan *chan, const struct vmbus_chan_config *cfg);

/**
 * vmbus_chan_close() - stop using a channel and take its memory back
 * @chan: an open channel; its sub-channels must be closed first
 *
 * When this returns no callback is running and none will run, nobody polls, and
 * vmbus_chan_poll_begin() says no. Memory the host refuses to let go of is parked,
 * not freed; the caller need not care. Requests without completion are left for
 * vmbus_chan_reap(). Closing a channel that is not open does nothing.
 *
 * Context: Process context; waits for the host, with a bound, and for whoever polls.
 */
void vmbus_chan_close(struct vmbus_chan *chan);

/**
 * vmbus_chan_reap() - next request that was never completed
 * @chan: a channel that was open, after vmbus_chan_close() or in its gone callback
 *
 * The host no longer touches the memory such a request named.
 *
 * Context: Any.
 * Return: the request's cookie, once each; NULL when there is none left.
 */
void *vmbus_chan_reap(struct vmbus_chan *chan);

/**
 * vmbus_chan_send() - send an in-band packet
 * @chan: an open channel
 * @payload: bytes to copy
 * @len: how many
 * @cookie: comes back with the completion; NULL if none is wanted
 * @flags: 0 or VMBUS_SEND_MORE
 *
 * Context: Any.
 * Return: 0; -EAGAIN if ring or request table is full now (packets held back
 * by VMBUS_SEND_MORE have been shown to the host); -ENODEV if the channel is
 * not open, broken or rescinded; -EMSGSIZE if it never fits. After an error the
 * cookie will not come back.
 */
int vmbus_chan_send(struct vmbus_chan *chan, const void *payload, u32 len,
		    void *cookie, unsigned int flags);

/**
 * vmbus_chan_send_pages() - send a packet that names guest memory
 * @chan: an open channel
 * @pages: the memory; until the completion it is the host's
 * @payload: bytes to copy
 * @len: how many
 * @cookie: comes back with the completion; not NULL
 * @flags: 0 or VMBUS_SEND_MORE
 *
 * Context: Any.
 * Return: as vmbus_chan_send().
 */
int vmbus_chan_send_pages(struct vmbus_chan *chan, const struct vmbus_pages *pages,
			  const void *payload, u32 len, void *cookie, unsigned int flags);

/**
 * vmbus_chan_send_ranges() - send a packet that names several pieces of guest memory
 * @chan: an open channel
 * @ranges: the pieces; until the completion they are the host's
 * @count: how many; with the pages they touch at most VMBUS_RANGE_WORDS
 * @payload: bytes to copy
 * @len: how many
 * @cookie: comes back with the completion; not NULL
 * @flags: 0 or VMBUS_SEND_MORE
 *
 * Context: Any.
 * Return: as vmbus_chan_send().
 */
int vmbus_chan_send_ranges(struct vmbus_chan *chan, const struct vmbus_range *ranges, u32 count,
			   const void *payload, u32 len, void *cookie, unsigned int flags);

/**
 * vmbus_chan_send_completion() - answer a packet of the host
 * @chan: the channel it came on
 * @id: its id
 * @payload: bytes to copy
 * @len: how many
 * @flags: 0 or VMBUS_SEND_MORE
 *
 * Context: Any.
 * Return: as vmbus_chan_send().
 */
int vmbus_chan_send_completion(struct vmbus_chan *chan, u64 id, const void *payload,
			       u32 len, unsigned int flags);

/* The longest answer of vmbus_chan_send_completions(). */
#define VMBUS_ANSWER_MAX	16u

/**
 * vmbus_chan_send_completions() - answer several packets of the host alike
 * @chan: the channel they came on
 * @ids: of the packets
 * @count: how many
 * @payload: bytes to copy into each answer
 * @len: how many, at most VMBUS_ANSWER_MAX
 *
 * As vmbus_chan_send_completion() with VMBUS_SEND_MORE for each of them, in less time.
 *
 * Context: Any.
 * Return: how many were put, less than @count if there is no room for more; or -ENODEV.
 */
int vmbus_chan_send_completions(struct vmbus_chan *chan, const u64 *ids, u32 count,
				const void *payload, u32 len);

/**
 * vmbus_chan_send_reply() - answer a packet of the host by a packet like it
 * @chan: the channel it came on
 * @id: its id
 * @payload: bytes to copy
 * @len: how many
 * @flags: 0 or VMBUS_SEND_MORE
 *
 * In band and not a completion: what the devices expect that ask their guests.
 *
 * Context: Any.
 * Return: as vmbus_chan_send().
 */
int vmbus_chan_send_reply(struct vmbus_chan *chan, u64 id, const void *payload, u32 len,
			  unsigned int flags);

/**
 * vmbus_chan_kick() - show the host what VMBUS_SEND_MORE held back
 * @chan: an open channel
 *
 * Context: Any.
 */
void vmbus_chan_kick(struct vmbus_chan *chan);

/**
 * vmbus_chan_want_space() - ask for an event when the host has freed ring space
 * @chan: channel whose send said -EAGAIN
 * @payload_len: what the failed send was given
 * @pages: frame numbers it had
 *
 * Context: Any.
 * Return: true if there is space already: send again, no event is owed.
 */
bool vmbus_chan_want_space(struct vmbus_chan *chan, u32 payload_len, u32 pages);

/**
 * vmbus_chan_recv() - next packet from the host
 * @chan: the channel whose event callback is running, or that is being polled
 * @pkt: to fill in
 *
 * Context: The event callback (VMBUS_EVENTS_BUS); between vmbus_chan_poll_begin()
 * and vmbus_chan_poll_end() (VMBUS_EVENTS_DRIVER).
 * Return: true if there was one. False also when the callback has had its share,
 * and will be called again, or the poll its budget; and when the channel broke.
 */
bool vmbus_chan_recv(struct vmbus_chan *chan, struct vmbus_pkt *pkt);

/**
 * vmbus_chan_poll_begin() - be the one who takes this channel's packets
 * @chan: a channel, opened with VMBUS_EVENTS_DRIVER
 * @budget: most packets vmbus_chan_recv() gives
 *
 * Only one polls at a time, and vmbus_chan_close() waits for him. For NAPI::
 *
 *	int done;
 *
 *	if (!vmbus_chan_poll_begin(chan, budget)) {
 *		napi_complete_done(napi, 0);
 *		return 0;
 *	}
 *	while (vmbus_chan_recv(chan, &pkt))
 *		handle(&pkt);
 *	done = vmbus_chan_poll_end(chan);
 *	if (done < budget && napi_complete_done(napi, done) &&
 *	    vmbus_chan_poll_rearm(chan))
 *		napi_schedule(napi);
 *	return done;
 *
 * Context: Any but the event callback.
 * Return: true if the caller polls and owes a vmbus_chan_poll_end(). False if
 * somebody else does, or there is nothing to poll: not open, closed, broken.
 */
bool vmbus_chan_poll_begin(struct vmbus_chan *chan, int budget);

/**
 * vmbus_chan_poll_end() - give back the space of what was received, and stop polling
 * @chan: channel the caller polls; the last packet's payload is gone now
 *
 * Context: As vmbus_chan_poll_begin().
 * Return: how many packets were taken, completions that answer nothing included.
 */
int vmbus_chan_poll_end(struct vmbus_chan *chan);

/**
 * vmbus_chan_poll_rearm() - have the event callback called when the host sends more
 * @chan: a channel, opened with VMBUS_EVENTS_DRIVER, that was polled until nothing came
 *
 * Also for a context that was not ready yet when the first event came, soon after
 * the channel had been opened. Does nothing to a channel that is not open.
 *
 * Context: Any; after vmbus_chan_poll_end(), when the next event may schedule anew.
 * Return: true if packets came meanwhile: no event will announce them, poll again.
 */
bool vmbus_chan_poll_rearm(struct vmbus_chan *chan);

/**
 * vmbus_chan_cpu() - CPU an open channel interrupts
 * @chan: channel
 *
 * It changes when that CPU goes offline and when it returns, and by the will of
 * the administrator.
 *
 * Context: Any. The channel may move while the caller looks.
 * Return: CPU number.
 */
int vmbus_chan_cpu(const struct vmbus_chan *chan);

/**
 * vmbus_chan_relid() - the number the host knows a channel by
 * @chan: channel
 *
 * Context: Any.
 * Return: 1..2047; for messages and traces only.
 */
u32 vmbus_chan_relid(const struct vmbus_chan *chan);

/**
 * vmbus_chan_gone() - has the host taken this channel away, or did it break?
 * @chan: channel
 *
 * Context: Any. The answer "no" may be old when it arrives.
 * Return: true if nothing can be sent any more.
 */
bool vmbus_chan_gone(const struct vmbus_chan *chan);

/**
 * vmbus_subchans_wait() - wait for sub-channels the host has promised
 * @primary: a device's primary channel
 * @count: how many were promised
 * @timeout_ms: longest wait
 *
 * Context: Process context, sleeps.
 * Return: how many are there, possibly fewer or 0; never more than @count.
 */
u32 vmbus_subchans_wait(struct vmbus_chan *primary, u32 count, u32 timeout_ms);

/**
 * vmbus_subchan_get() - one sub-channel, in order of arrival
 * @primary: a device's primary channel
 * @index: 0 for the first that arrived
 *
 * Context: Process context.
 * Return: the channel with a reference for vmbus_chan_put(), or NULL.
 */
struct vmbus_chan *vmbus_subchan_get(struct vmbus_chan *primary, u32 index);

/**
 * vmbus_chan_put() - drop a reference
 * @chan: from vmbus_subchan_get(), closed
 *
 * Context: Process context.
 */
void vmbus_chan_put(struct vmbus_chan *chan);

/* Questions ------------------------------------------------------------------*/

/**
 * struct vmbus_ask - a question to the host, and room for its answer
 * @cookie: that it is sent with
 * @lock: what follows, while the host has it
 * @over: nobody need wait any more
 * @asked: the host has it
 * @len: bytes of @reply; -ENODEV as long as there is none
 * @reply: start of the completion's payload
 *
 * One at a time: its owner has a lock for it, or asks from one place only. It must
 * outlive the channel's being open, so that an answer that comes after nobody
 * waits any more has a place to go.
 */
struct vmbus_ask {
	void *cookie;
	spinlock_t lock;
	struct completion over;
	bool asked;
	int len;
	u8 reply[64] __aligned(8);
};

/**
 * vmbus_ask_init() - nothing was asked yet
 * @ask: question
 * @cookie: what the driver will know its completion by
 *
 * Context: Any.
 */
void vmbus_ask_init(struct vmbus_ask *ask, void *cookie);

/**
 * vmbus_ask_host() - ask, and wait for the answer
 * @chan: an open channel
 * @ask: question
 * @msg: bytes to copy
 * @len: how many
 * @timeout: longest wait, in jiffies
 *
 * Context: Process context, sleeps. Nobody else asks @ask until the caller has
 * read @ask->reply.
 * Return: bytes of @ask->reply; -ETIMEDOUT; -EBUSY if an earlier answer is still
 * owed; -ENODEV if the channel is gone or was closed meanwhile; or as
 * vmbus_chan_send().
 */
int vmbus_ask_host(struct vmbus_chan *chan, struct vmbus_ask *ask, const void *msg, u32 len,
		   unsigned long timeout);

/**
 * vmbus_ask_answered() - its completion is here
 * @ask: whose cookie the packet has
 * @answer: the packet
 *
 * Context: Any.
 */
void vmbus_ask_answered(struct vmbus_ask *ask, const struct vmbus_pkt *answer);

/**
 * vmbus_ask_dropped() - no answer will ever come
 * @ask: vmbus_chan_reap() gave its cookie, or the gone callback runs for its channel
 *
 * Whoever waits stops waiting. Does nothing if the host has not got the question.
 *
 * Context: Any.
 */
void vmbus_ask_dropped(struct vmbus_ask *ask);

/* Shared buffers -------------------------------------------------------------*/

/**
 * vmbus_buf_alloc() - memory the host can read and write
 * @chan: channel on whose behalf
 * @len: bytes, rounded up to whole pages
 *
 * Zeroed, virtually contiguous, in single pages.
 *
 * Context: Process context; waits for the host, with a bound.
 * Return: buffer, or ERR_PTR.
 */
struct vmbus_buf *vmbus_buf_alloc(struct vmbus_chan *chan, size_t len);

/**
 * vmbus_buf_free() - take it back
 * @chan: the channel it was allocated on
 * @buf: buffer, or NULL, or ERR_PTR
 *
 * Frees the pages once the host has let go of them, else parks them until it
 * forgets the whole connection, and says so.
 *
 * Context: Process context; waits for the host, with a bound.
 */
void vmbus_buf_free(struct vmbus_chan *chan, struct vmbus_buf *buf);

/**
 * vmbus_buf_addr() - where it is mapped
 * @buf: buffer
 *
 * The host may change the content at any time: copy, then look.
 *
 * Context: Any.
 * Return: address of its first byte.
 */
void *vmbus_buf_addr(const struct vmbus_buf *buf);

/**
 * vmbus_buf_pages() - what it is made of
 * @buf: buffer
 *
 * For those who hand out what the host has written, instead of a copy: each page has
 * one reference, the buffer's, and whoever is given a page takes another. The driver
 * tells the host that it may write again only when there is one left. A page that is
 * still in use when the buffer is freed goes with its last reference; when it is
 * to be used anew there is vmbus_buf_renew().
 *
 * Context: Any.
 * Return: its pages, in order, until the buffer is renewed or freed.
 */
struct page *const *vmbus_buf_pages(const struct vmbus_buf *buf);

/**
 * vmbus_buf_renew() - have no page in it that others use
 * @chan: the channel it was allocated on
 * @buf: buffer of which the host knows that it may not write to it now
 *
 * Replaces pages that others have references to. Address, pages and handle may be
 * others afterwards.
 *
 * Context: Process context; waits for the host, with a bound.
 * Return: 0, mostly at once; or as vmbus_buf_alloc(): then the buffer can only be
 * freed, or renewed.
 */
int vmbus_buf_renew(struct vmbus_chan *chan, struct vmbus_buf *buf);

/**
 * vmbus_buf_gpadl() - the handle the host knows it by
 * @buf: buffer
 *
 * Context: Any.
 * Return: handle for device messages.
 */
u32 vmbus_buf_gpadl(const struct vmbus_buf *buf);

#endif

// SPDX-License-Identifier: GPL-2.0
/*
 * buf.c - memory the host can see: allocate, grant (GPADL), revoke, park
 *
 * Single pages, mapped side by side: a ring or a receive buffer never asks the
 * page allocator for a high order.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "buf.h"

#include "proto/gpadl.h"
#include "trace.h"
#include "vmbus.h"
#include "wire/tlfs.h"

#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

/* A revocation after a rescind: hosts that answer at all do so at once. */
#define BRIEF_WAIT_MS	200

struct vmbus_buf {
	struct vmbus_conn *conn;
	struct list_head parked;	/* in conn->parked */
	u32 relid;
	u32 gpadl;			/* 0: the host knows nothing of it */
	bool granted;			/* the host has said that it has it */
	unsigned int page_count;
	struct page **pages;
	void *addr;
};

/* Who else uses one of them keeps it. */
static void put_pages(struct page **pages, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (pages[i])
			put_page(pages[i]);
	kvfree(pages);
}

static void free_pages_of(struct vmbus_buf *buf)
{
	if (buf->addr)
		vunmap(buf->addr);
	put_pages(buf->pages, buf->page_count);
	kfree(buf);
}

static struct vmbus_buf *alloc_buf(struct vmbus_conn *conn, u32 relid, size_t len, int node)
{
	unsigned int i, count = DIV_ROUND_UP(len, PAGE_SIZE);
	struct vmbus_buf *buf;

	buf = kzalloc(sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return NULL;
	INIT_LIST_HEAD(&buf->parked);
	buf->conn = conn;
	buf->relid = relid;
	buf->pages = kvcalloc(count, sizeof(*buf->pages), GFP_KERNEL);
	if (!buf->pages) {
		kfree(buf);
		return NULL;
	}
	buf->page_count = count;
	for (i = 0; i < count; i++) {
		buf->pages[i] = alloc_pages_node(node, GFP_KERNEL | __GFP_ZERO, 0);
		if (!buf->pages[i])
			goto err_free;
	}
	buf->addr = vmap(buf->pages, count, VM_MAP, PAGE_KERNEL);
	if (!buf->addr)
		goto err_free;
	return buf;

err_free:
	free_pages_of(buf);
	return NULL;
}

/* The frame numbers on the wire are 4 KiB whatever our page size. */
static u64 *list_pfns(const struct vmbus_buf *buf)
{
	const unsigned int per_page = PAGE_SIZE / TLFS_PAGE_SIZE;
	unsigned int i, j;
	u64 *pfns;

	pfns = kvmalloc_array((size_t)buf->page_count * per_page, sizeof(*pfns), GFP_KERNEL);
	if (!pfns)
		return NULL;
	for (i = 0; i < buf->page_count; i++)
		for (j = 0; j < per_page; j++)
			pfns[i * per_page + j] = page_to_phys(buf->pages[i]) / TLFS_PAGE_SIZE + j;
	return pfns;
}

static u32 new_handle(struct vmbus_conn *conn)
{
	u32 handle;

	do {
		handle = atomic_inc_return(&conn->next_gpadl);
	} while (!handle);
	return handle;
}

static int post_gpadl(struct vmbus_conn *conn, struct gpadl_cut *cut)
{
	/* u64: the builders write 8-byte aligned headers. */
	u64 msg[VMBUS_MSG_MAX_LEN / sizeof(u64)];
	u32 len;
	int err;

	while ((len = gpadl_cut_next(cut, msg))) {
		err = vmbus_conn_post(conn, msg, len);
		if (err)
			return err;
	}
	return 0;
}

/*
 * Show the pages to the host. Once the first message is out the host may know
 * them: buf->gpadl is set before, so that whatever happens they are revoked.
 */
static int grant(struct vmbus_buf *buf)
{
	struct vmbus_msg_gpadl_created reply;
	struct vmbus_conn *conn = buf->conn;
	struct gpadl_range range;
	struct gpadl_cut cut;
	struct xact x;
	u32 handle;
	u64 *pfns;
	int err;

	pfns = list_pfns(buf);
	if (!pfns)
		return -ENOMEM;
	handle = new_handle(conn);
	buf->gpadl = handle;
	range = (struct gpadl_range) { .pfns = pfns, .byte_count = buf->page_count * PAGE_SIZE };
	err = gpadl_cut_start(&cut, buf->relid, handle, &range, 1);
	if (err < 0) {
		buf->gpadl = 0;
		goto out;
	}

	xact_begin(&conn->xacts, &x, VMBUS_MSG_GPADL_CREATED, buf->relid, buf->gpadl,
		   &reply, sizeof(reply));
	/* A rescind that came before we were listed found nobody to wake. */
	err = vmbus_conn_rescinded(conn, buf->relid) ? -ENODEV : post_gpadl(conn, &cut);
	if (err) {
		xact_cancel(&conn->xacts, &x);
		goto out;
	}
	err = vmbus_conn_wait(conn, &x);
	if (!err && reply.status) {
		pr_err_ratelimited("channel %u: host refused %u pages of memory with status 0x%x\n",
		       buf->relid, buf->page_count, le32_to_cpu(reply.status));
		buf->gpadl = 0;	/* refused: it holds nothing */
		err = -EIO;
	} else if (err == -ETIMEDOUT) {
		pr_err_ratelimited("channel %u: host did not acknowledge %u pages of memory within %u ms\n",
		       buf->relid, buf->page_count, vmbus_reply_timeout());
	}
	buf->granted = !err;
out:
	trace_vmbus_gpadl_grant(buf->relid, handle, buf->page_count, err);
	kvfree(pfns);
	return err;
}

struct vmbus_buf *buf_create(struct vmbus_conn *conn, u32 relid, size_t len, int node)
{
	struct vmbus_buf *buf;
	int err;

	if (!len || DIV_ROUND_UP(len, TLFS_PAGE_SIZE) > VMBUS_GPADL_MAX_PFNS)
		return ERR_PTR(-EINVAL);
	buf = alloc_buf(conn, relid, len, node);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	err = grant(buf);
	if (err) {
		buf_destroy(buf);
		return ERR_PTR(err);
	}
	return buf;
}

static int ask_revoke(struct vmbus_buf *buf)
{
	struct vmbus_msg_gpadl_teardown msg;
	struct vmbus_conn *conn = buf->conn;
	struct xact x;
	int err;

	/* No relid: this wait must outlive a rescind, after which the answer may still come. */
	xact_begin(&conn->xacts, &x, VMBUS_MSG_GPADL_TORNDOWN, 0, buf->gpadl, NULL, 0);
	err = vmbus_conn_post(conn, &msg, msg_put_gpadl_teardown(&msg, buf->relid, buf->gpadl));
	if (err) {
		xact_cancel(&conn->xacts, &x);
		return err;
	}
	if (vmbus_conn_rescinded(conn, buf->relid))
		return xact_wait(&conn->xacts, &x, BRIEF_WAIT_MS);
	return vmbus_conn_wait(conn, &x);
}

static int revoke(struct vmbus_buf *buf)
{
	int err = ask_revoke(buf);

	trace_vmbus_gpadl_revoke(buf->relid, buf->gpadl, buf->page_count, err);
	return err;
}

static void park(struct vmbus_buf *buf, int why)
{
	struct vmbus_conn *conn = buf->conn;

	conn_count(conn, COUNT_GPADL_PARKED);
	trace_vmbus_gpadl_park(buf->relid, buf->gpadl, buf->page_count, why);
	pr_warn_ratelimited("channel %u: host did not give back %u pages of memory; they stay allocated until it forgets us\n",
		buf->relid, buf->page_count);
	spin_lock(&conn->parked_lock);
	list_add(&buf->parked, &conn->parked);
	spin_unlock(&conn->parked_lock);
}

/* Return: 0 once the host has let go of the pages, or why it may still have them. */
static int withdraw(struct vmbus_buf *buf)
{
	int err = buf->gpadl ? revoke(buf) : 0;

	buf->granted = false;
	/*
	 * A rescind, also one that came while we waited, is the host's word that
	 * it had let go before; if it does not answer then, it has nevertheless.
	 */
	if (err && !vmbus_conn_rescinded(buf->conn, buf->relid))
		return err;
	buf->gpadl = 0;
	return 0;
}

void buf_destroy(struct vmbus_buf *buf)
{
	int err = withdraw(buf);

	if (err)
		park(buf, err);
	else
		free_pages_of(buf);
}

/* A page that only we use has one reference. Nobody can take one who has none. */
static unsigned int count_shared(const struct vmbus_buf *buf)
{
	unsigned int i, count = 0;

	for (i = 0; i < buf->page_count; i++)
		count += page_ref_count(buf->pages[i]) != 1;
	return count;
}

/* The pages of @buf, but a new one for each that somebody else uses. */
static struct page **unshared_pages(const struct vmbus_buf *buf)
{
	unsigned int i, count = buf->page_count;
	struct page **pages = kvcalloc(count, sizeof(*pages), GFP_KERNEL);

	if (!pages)
		return NULL;
	for (i = 0; i < count; i++) {
		pages[i] = buf->pages[i];
		if (page_ref_count(pages[i]) == 1) {
			get_page(pages[i]);
			continue;
		}
		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!pages[i]) {
			put_pages(pages, count);
			return NULL;
		}
	}
	return pages;
}

static void use_pages(struct vmbus_buf *buf, struct page **pages, void *addr)
{
	vunmap(buf->addr);
	put_pages(buf->pages, buf->page_count);
	buf->pages = pages;
	buf->addr = addr;
}

int buf_renew(struct vmbus_buf *buf)
{
	struct page **pages;
	void *addr;
	int err;

	if (buf->granted && !count_shared(buf))
		return 0;
	/* No page may change hands before the host has let go of it. */
	err = withdraw(buf);
	if (err)
		return err;
	pages = unshared_pages(buf);
	if (!pages)
		return -ENOMEM;
	addr = vmap(pages, buf->page_count, VM_MAP, PAGE_KERNEL);
	if (!addr) {
		put_pages(pages, buf->page_count);
		return -ENOMEM;
	}
	use_pages(buf, pages, addr);
	err = grant(buf);
	/* Half granted is not granted: the next try begins anew. */
	if (err)
		withdraw(buf);
	return err;
}

void vmbus_buf_free_parked(struct vmbus_conn *conn)
{
	struct vmbus_buf *buf, *next;

	list_for_each_entry_safe(buf, next, &conn->parked, parked)
		free_pages_of(buf);
	INIT_LIST_HEAD(&conn->parked);
}

void vmbus_buf_abandon_parked(struct vmbus_conn *conn)
{
	unsigned long pages = 0;
	struct vmbus_buf *buf;

	list_for_each_entry(buf, &conn->parked, parked)
		pages += buf->page_count;
	if (pages)
		pr_warn("%lu pages given to the host are lost for good\n", pages);
	INIT_LIST_HEAD(&conn->parked);
}

void *vmbus_buf_addr(const struct vmbus_buf *buf)
{
	return buf->addr;
}
EXPORT_SYMBOL_GPL(vmbus_buf_addr);

u32 vmbus_buf_gpadl(const struct vmbus_buf *buf)
{
	return buf->gpadl;
}
EXPORT_SYMBOL_GPL(vmbus_buf_gpadl);

struct page *const *vmbus_buf_pages(const struct vmbus_buf *buf)
{
	return buf->pages;
}
EXPORT_SYMBOL_GPL(vmbus_buf_pages);

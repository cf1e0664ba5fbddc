// SPDX-License-Identifier: GPL-2.0
/*
 * The least that uses RMAP: a service that answers, and a client that asks,
 * checks and measures. Next to memx_floor it shows what RMAP itself costs; by
 * itself it tests RMAP in a kernel without the memory cluster.
 *
 *	server: insmod memx_echo.ko role=server
 *	client: insmod memx_echo.ko role=client
 *		echo "KIND PAGES DEPTH COUNT" > /sys/kernel/debug/memx_echo/run
 *		cat /sys/kernel/debug/memx_echo/run
 *
 * KIND is read (pages come), write (pages go) or echo (pages go and come back,
 * and are compared). The client asks the first node that it hears of.
 */
#include <linux/debugfs.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include "fresh.h"
#include "rmp.h"

MX_IMPORT_NS(MEMX);

#define DEPTH_MAX	128
#define GRANT		512

enum echo_kind { ECHO_READ, ECHO_WRITE, ECHO_ECHO };

static const char * const kind_name[] = { "read", "write", "echo" };

static char *role = "server";
module_param(role, charp, 0444);
MODULE_PARM_DESC(role, "server or client");

static unsigned int patience = 60;
module_param(patience, uint, 0644);
MODULE_PARM_DESC(patience, "client: seconds without any answer after which a run is given up (default 60)");

/**
 * struct echo_head - what request and reply say, in RMP_HEAD_LEN bytes
 * @kind:  enum echo_kind
 * @pages: pages wanted
 * @seed:  of the content, sent back as it came
 * @zero:  not used
 */
struct echo_head {
	__be32	kind;
	__be32	pages;
	__be64	seed;
	u8	zero[RMP_HEAD_LEN - 16];
};

/**
 * struct echo_slot - one call under way
 * @ncall: the call
 * @buf:   pages to send
 * @back:  the reply is copied here
 * @seed:  of the content
 * @index: own index, bit in done_map
 * @bad:   the reply was not as it must be
 */
struct echo_slot {
	struct rmp_node_call	ncall;
	struct rmp_buf		buf;
	void			*back;
	u64			seed;
	unsigned int		index;
	bool			bad;
};

/**
 * struct echo_run - what a run is asked for, and its outcome
 * @kind:   enum echo_kind
 * @pages:  per call
 * @depth:  calls at once
 * @count:  calls in all
 * @failed: calls that ended with an error
 * @bad:    calls with a wrong reply
 * @ns:     time taken
 */
struct echo_run {
	unsigned int	kind;
	unsigned int	pages;
	unsigned int	depth;
	unsigned int	count;
	unsigned int	failed;
	unsigned int	bad;
	u64		ns;
};

static bool is_server;
static struct page *served[RMP_MSG_PAGES];
static struct rmp_node *server;		/* set once, with a reference */
static atomic_t served_n = ATOMIC_INIT(0);
static DECLARE_BITMAP(done_map, DEPTH_MAX);
static DECLARE_WAIT_QUEUE_HEAD(done_wait);
static DEFINE_MUTEX(run_mutex);		/* one run at a time; guards last */
static struct echo_run last;
static struct dentry *debug_dir;

/* Server. */

static void put_all(struct page **pages, unsigned int n)
{
	while (n)
		put_page(pages[--n]);
}

/* Pages with a copy of the request's payload; 0 if memory is short. */
static unsigned int copy_request(const struct rmp_slot *slot, struct page **pages)
{
	unsigned int n = slot->req.len / RMP_PAGE, i;

	for (i = 0; i < n; i++) {
		pages[i] = alloc_page(GFP_ATOMIC | __GFP_NOWARN);
		if (!pages[i]) {
			put_all(pages, i);
			return 0;
		}
		rmp_payload_copy(&slot->req, i * RMP_PAGE,
				 page_address(pages[i]), RMP_PAGE);
	}
	return n;
}

static void echo_request(struct rmp_req *req)
{
	const struct rmp_slot *slot = rmp_req_slot(req);
	struct page *pages[RMP_MSG_PAGES];
	struct echo_head head;
	unsigned int n = 0, i;

	atomic_inc(&served_n);
	memcpy(&head, slot->head, sizeof(head));
	switch (be32_to_cpu(head.kind)) {
	case ECHO_READ:
		n = min_t(u32, be32_to_cpu(head.pages), RMP_MSG_PAGES);
		for (i = 0; i < n; i++) {
			get_page(served[i]);
			pages[i] = served[i];
		}
		break;
	case ECHO_ECHO:
		n = copy_request(slot, pages);
		break;
	}
	rmp_reply(req, (const u8 *)&head, pages, n, 0);
}

static const struct rmp_service echo_service = {
	.port = RMP_PORT_MEMORY,
	.grant = GRANT,
	.request = echo_request,
};

static void echo_advert(u8 *head)
{
	memset(head, 0, RMP_HEAD_LEN);
	memcpy(head, "echo", 4);
}

/* Client. */

static void echo_heard(struct rmp_node *node, const u8 *head)
{
	if (memcmp(head, "echo", 4) || READ_ONCE(server))
		return;
	rmp_node_get(node);
	if (cmpxchg(&server, NULL, node))
		rmp_node_put(node);
}

static struct rmp_watcher echo_watcher = {
	.advert = echo_heard,
};

static u64 word_of(u64 seed, u32 i)
{
	return (seed + i) * 0x9e3779b97f4a7c15ULL;
}

static void fill_pages(struct echo_slot *slot, unsigned int pages)
{
	u32 i, k, words = PAGE_SIZE / sizeof(u64);

	for (i = 0; i < pages; i++) {
		u64 *va = floor_fresh(&slot->buf.page[i]);

		for (k = 0; k < words; k++)
			va[k] = word_of(slot->seed, i * words + k);
	}
}

static bool content_ok(const struct echo_slot *slot)
{
	const u64 *va = slot->back;
	u32 i;

	for (i = 0; i < slot->ncall.call.len / sizeof(u64); i++)
		if (va[i] != word_of(slot->seed, i))
			return false;
	return true;
}

static bool reply_ok(const struct echo_slot *slot)
{
	const struct rmp_call *call = &slot->ncall.call;
	struct echo_head head;

	memcpy(&head, call->rhead, sizeof(head));
	if (be64_to_cpu(head.seed) != slot->seed ||
	    call->reply.len != call->max_reply)
		return false;
	rmp_payload_copy(&call->reply, 0, slot->back, call->reply.len);
	return !call->len || !call->max_reply || content_ok(slot);
}

static void echo_done(struct rmp_node_call *ncall)
{
	struct echo_slot *slot = container_of(ncall, struct echo_slot, ncall);

	if (!ncall->call.status) {
		slot->bad = !reply_ok(slot);
		rmp_payload_free(&ncall->call.reply);
	}
	set_bit(slot->index, done_map);
	wake_up(&done_wait);
}

static void ask(struct echo_slot *slot, const struct echo_run *r, u64 seed)
{
	struct rmp_call *call = &slot->ncall.call;
	struct echo_head head = {
		.kind = cpu_to_be32(r->kind),
		.pages = cpu_to_be32(r->pages),
		.seed = cpu_to_be64(seed),
	};

	slot->seed = seed;
	slot->bad = false;
	slot->ncall.done = echo_done;
	call->port = RMP_PORT_MEMORY;
	memcpy(call->head, &head, sizeof(head));
	call->buf = &slot->buf;
	call->len = r->kind == ECHO_READ ? 0 : r->pages * RMP_PAGE;
	call->max_reply = r->kind == ECHO_WRITE ? 0 : r->pages * RMP_PAGE;
	if (r->kind == ECHO_ECHO)
		fill_pages(slot, r->pages);
	rmp_call(server, &slot->ncall);
}

static void free_slot(struct echo_slot *slot)
{
	unsigned int i;

	if (!slot)
		return;
	for (i = 0; i < RMP_MSG_PAGES; i++)
		if (slot->buf.page[i])
			put_page(slot->buf.page[i]);
	kvfree(slot->back);
	kfree(slot);
}

static struct echo_slot *alloc_slot(unsigned int index, unsigned int pages)
{
	struct echo_slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL);
	unsigned int i;

	if (!slot)
		return NULL;
	slot->index = index;
	slot->back = kvmalloc(RMP_MSG_MAX, GFP_KERNEL);
	for (i = 0; i < pages; i++) {
		slot->buf.page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!slot->buf.page[i])
			break;
	}
	if (slot->back && i == pages)
		return slot;
	free_slot(slot);
	return NULL;
}

/* Takes in the calls that are done. Return: how many. */
static unsigned int collect(struct echo_slot **slots, struct echo_run *r,
			    unsigned long *map)
{
	unsigned int i, n = 0;

	bitmap_zero(map, DEPTH_MAX);
	for_each_set_bit(i, done_map, DEPTH_MAX) {
		clear_bit(i, done_map);
		__set_bit(i, map);
		n++;
		if (slots[i]->ncall.call.status)
			r->failed++;
		else if (slots[i]->bad)
			r->bad++;
	}
	return n;
}

static int run_calls(struct echo_slot **slots, struct echo_run *r)
{
	unsigned int asked = 0, done = 0, i;
	DECLARE_BITMAP(map, DEPTH_MAX);
	u64 start = ktime_get_ns();

	for (i = 0; i < r->depth && asked < r->count; i++)
		ask(slots[i], r, start + asked++);
	while (done < r->count) {
		if (!wait_event_timeout(done_wait,
					!bitmap_empty(done_map, DEPTH_MAX),
					patience * HZ)) {
			for (i = 0; i < r->depth; i++)
				rmp_cancel(server, &slots[i]->ncall);
			/* done may still run on other CPUs, under RCU */
			synchronize_rcu();
			return -ETIMEDOUT;
		}
		done += collect(slots, r, map);
		for_each_set_bit(i, map, DEPTH_MAX)
			if (asked < r->count)
				ask(slots[i], r, start + asked++);
	}
	r->ns = ktime_get_ns() - start;
	return 0;
}

static int run(struct echo_run *r)
{
	struct echo_slot **slots;
	int err = -ENOMEM;
	unsigned int i;

	slots = kcalloc(DEPTH_MAX, sizeof(*slots), GFP_KERNEL);
	if (!slots)
		return err;
	bitmap_zero(done_map, DEPTH_MAX);
	for (i = 0; i < r->depth; i++) {
		slots[i] = alloc_slot(i, r->pages);
		if (!slots[i])
			goto out;
	}
	err = run_calls(slots, r);
out:
	for (i = 0; i < r->depth; i++)
		free_slot(slots[i]);
	kfree(slots);
	return err;
}

static ssize_t run_write(struct file *file, const char __user *ubuf,
			 size_t len, loff_t *pos)
{
	struct echo_run r = { 0 };
	char text[64] = "", kind[8];
	int err;

	if (is_server || len >= sizeof(text) || copy_from_user(text, ubuf, len))
		return -EINVAL;
	if (sscanf(text, "%7s %u %u %u", kind, &r.pages, &r.depth, &r.count) != 4)
		return -EINVAL;
	err = match_string(kind_name, ARRAY_SIZE(kind_name), kind);
	if (err < 0 || !r.depth || r.depth > DEPTH_MAX || !r.count ||
	    r.pages > RMP_MSG_PAGES)
		return -EINVAL;
	r.kind = err;
	if (!READ_ONCE(server))
		return -EHOSTUNREACH;
	mutex_lock(&run_mutex);
	err = run(&r);
	last = r;
	mutex_unlock(&run_mutex);
	return err ? err : len;
}

static int run_show(struct seq_file *seq, void *unused)
{
	u64 ns;

	if (is_server) {
		seq_printf(seq, "served=%d\n", atomic_read(&served_n));
		return 0;
	}
	mutex_lock(&run_mutex);
	ns = div_u64(last.ns, max(last.count, 1U));
	seq_printf(seq, "server=%d kind=%s pages=%u depth=%u count=%u failed=%u bad=%u us=%llu.%03llu rate=%llu\n",
		   !!READ_ONCE(server), kind_name[last.kind], last.pages,
		   last.depth, last.count, last.failed, last.bad, ns / 1000,
		   ns % 1000, ns ? div64_u64(1000000000ULL, ns) : 0);
	mutex_unlock(&run_mutex);
	return 0;
}

static int run_open(struct inode *inode, struct file *file)
{
	return single_open(file, run_show, NULL);
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.open = run_open,
	.read = seq_read,
	.write = run_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int start_server(void)
{
	int err, i;

	for (i = 0; i < RMP_MSG_PAGES; i++) {
		served[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!served[i]) {
			put_all(served, i);
			return -ENOMEM;
		}
	}
	err = rmp_service_register(&echo_service);
	if (err) {
		put_all(served, RMP_MSG_PAGES);
		return err;
	}
	rmp_advert_set(echo_advert);
	return 0;
}

static int __init echo_init(void)
{
	is_server = !strcmp(role, "server");
	if (is_server) {
		int err = start_server();

		if (err)
			return err;
	} else {
		rmp_watcher_register(&echo_watcher);
		rmp_solicit();
	}
	debug_dir = debugfs_create_dir("memx_echo", NULL);
	debugfs_create_file("run", 0600, debug_dir, NULL, &run_fops);
	return 0;
}

static void __exit echo_exit(void)
{
	debugfs_remove(debug_dir);
	if (is_server) {
		rmp_advert_set(NULL);
		rmp_service_unregister(&echo_service);
		put_all(served, RMP_MSG_PAGES);
		return;
	}
	rmp_watcher_unregister(&echo_watcher);
	if (server)
		rmp_node_put(server);
}

module_init(echo_init);
module_exit(echo_exit);

MODULE_DESCRIPTION("MemX: RMAP between two kernels, measured and checked");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/*
 * The floor under any remote memory: one request frame, answered from the
 * ingress hook with a page in as many frames as the MTU asks for, copied into
 * one buffer, waiter woken. No reliability, no checks, no block layer. What
 * MemX takes is measured against this.
 *
 *	server: insmod memx_floor.ko dev=eth0 role=server
 *	client: insmod memx_floor.ko dev=eth0 role=client peer=52:54:00:00:00:02
 *		echo "DEPTH COUNT" > /sys/kernel/debug/memx_floor/run
 *		cat /sys/kernel/debug/memx_floor/run
 *
 * With disk=MIB the client has /dev/memx_floor, the same under a block device.
 */
#include <linux/debugfs.h>
#include <linux/etherdevice.h>
#include <linux/hex.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_netdev.h>
#include <linux/rtnetlink.h>
#include <linux/sched/mm.h>
#include <linux/skbuff.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include "floor.h"

#define FLOOR_ETHERTYPE	0x88b6	/* IEEE local experimental 2 */

static char *dev = "eth0";
module_param(dev, charp, 0444);
MODULE_PARM_DESC(dev, "network interface");

static char *role = "server";
module_param(role, charp, 0444);
MODULE_PARM_DESC(role, "server or client");

static char *peer = "";
module_param(peer, charp, 0444);
MODULE_PARM_DESC(peer, "client: Ethernet address of the server");

static unsigned int size = PAGE_SIZE;
module_param(size, uint, 0444);
MODULE_PARM_DESC(size, "bytes in an answer, at most a page");

static unsigned int disk;
module_param(disk, uint, 0444);
MODULE_PARM_DESC(disk, "client: MiB of /dev/memx_floor, whose pages are all the same one; 0: none");

struct floor_slot floor_slots[2 * DEPTH_MAX];

static struct net_device *floor_dev;
static bool is_server;
static u8 peer_mac[ETH_ALEN];
static struct page *served;
static unsigned long done_map;		/* bit per slot of the run whose answer is whole */
static DECLARE_WAIT_QUEUE_HEAD(done_wait);
static DEFINE_MUTEX(run_mutex);		/* one run at a time; guards result */
static char result[128] = "no run yet\n";
static struct dentry *debug_dir;

/* A frame with @n bytes of @page behind the header, or none. */
static void floor_send(const u8 *dst, const struct floor_hdr *hdr,
		       struct page *page, u32 off, u32 n)
{
	int room = LL_RESERVED_SPACE(floor_dev);
	unsigned int flags;
	struct sk_buff *skb;

	skb = alloc_skb(room + 64, GFP_ATOMIC | __GFP_NOWARN | __GFP_MEMALLOC);
	if (!skb)
		return;
	skb_reserve(skb, room);
	skb->dev = floor_dev;
	skb->protocol = htons(FLOOR_ETHERTYPE);
	skb_reset_network_header(skb);
	skb_put_data(skb, hdr, sizeof(*hdr));
	dev_hard_header(skb, floor_dev, FLOOR_ETHERTYPE, dst, NULL, skb->len);
	if (n) {
		get_page(page);
		skb_fill_page_desc(skb, 0, page, off, n);
		skb->len += n;
		skb->data_len += n;
		skb->truesize += n;
	}
	flags = memalloc_noreclaim_save();
	dev_queue_xmit(skb);
	memalloc_noreclaim_restore(flags);
}

static void serve(const struct sk_buff *skb, const struct floor_hdr *req)
{
	u32 room = floor_dev->mtu - sizeof(*req);
	u32 want = min_t(u32, be16_to_cpu(req->len), PAGE_SIZE);
	u32 frames = DIV_ROUND_UP(want, room);
	u32 unit = round_up(DIV_ROUND_UP(want, max(frames, 1U)), 8);
	struct floor_hdr hdr = *req;
	u32 off;

	hdr.answer = cpu_to_be16(1);
	for (off = 0; off < want; off += unit) {
		u32 n = min(unit, want - off);

		hdr.off = cpu_to_be16(off);
		hdr.len = cpu_to_be16(n);
		floor_send(eth_hdr(skb)->h_source, &hdr, served, off, n);
	}
}

bool floor_take(struct floor_slot *slot, const struct sk_buff *skb,
		const struct floor_hdr *hdr)
{
	u32 off = be16_to_cpu(hdr->off);
	u32 n = be16_to_cpu(hdr->len);

	if (READ_ONCE(slot->seq) != be32_to_cpu(hdr->seq) ||
	    off + n > slot->size ||
	    skb_copy_bits(skb, sizeof(*hdr), slot->to + off, n))
		return false;
	slot->got += n;
	return slot->got >= slot->size;
}

static void take(const struct sk_buff *skb, const struct floor_hdr *hdr)
{
	u32 i = be16_to_cpu(hdr->slot);

	if (i >= 2 * DEPTH_MAX)
		return;
	if (i >= DEPTH_MAX) {
		floor_disk_take(i - DEPTH_MAX, skb, hdr);
	} else if (floor_take(&floor_slots[i], skb, hdr)) {
		set_bit(i, &done_map);
		wake_up(&done_wait);
	}
}

static unsigned int floor_hook(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	const struct floor_hdr *hdr;
	struct floor_hdr copy;

	if (skb->protocol != htons(FLOOR_ETHERTYPE))
		return NF_ACCEPT;
	hdr = skb_header_pointer(skb, 0, sizeof(copy), &copy);
	if (hdr && is_server && !hdr->answer)
		serve(skb, hdr);
	else if (hdr && !is_server && hdr->answer)
		take(skb, hdr);
	consume_skb(skb);
	return NF_STOLEN;
}

static struct nf_hook_ops hook_ops = {
	.hook = floor_hook,
	.pf = NFPROTO_NETDEV,
	.hooknum = NF_NETDEV_INGRESS,
	.priority = INT_MIN,
};

void floor_ask(unsigned int i)
{
	static atomic_t seq;
	struct floor_slot *slot = &floor_slots[i];
	struct floor_hdr hdr = {
		.slot = cpu_to_be16(i),
		.len = cpu_to_be16(slot->size),
	};

	slot->got = 0;
	WRITE_ONCE(slot->seq, atomic_inc_return(&seq));
	hdr.seq = cpu_to_be32(slot->seq);
	local_bh_disable();
	floor_send(peer_mac, &hdr, NULL, 0, 0);
	local_bh_enable();
}

static int run(unsigned int depth, unsigned int count, u64 *ns)
{
	unsigned int asked = 0, answered = 0, i;
	u64 start = ktime_get_ns();

	done_map = 0;
	for (i = 0; i < depth && asked < count; i++, asked++)
		floor_ask(i);
	while (answered < count) {
		unsigned long map;

		if (!wait_event_timeout(done_wait, READ_ONCE(done_map),
					LOST_AFTER))
			return -ETIMEDOUT;
		map = xchg(&done_map, 0);
		for_each_set_bit(i, &map, DEPTH_MAX) {
			answered++;
			if (asked < count) {
				asked++;
				floor_ask(i);
			}
		}
	}
	*ns = ktime_get_ns() - start;
	return 0;
}

static ssize_t run_write(struct file *file, const char __user *ubuf,
			 size_t len, loff_t *pos)
{
	unsigned int depth, count;
	char text[32] = "";
	u64 ns = 0;
	int err;

	if (is_server || len >= sizeof(text) || copy_from_user(text, ubuf, len))
		return -EINVAL;
	if (sscanf(text, "%u %u", &depth, &count) != 2 || !depth || !count ||
	    depth > DEPTH_MAX)
		return -EINVAL;
	mutex_lock(&run_mutex);
	err = run(depth, count, &ns);
	ns = max_t(u64, ns, 1);
	scnprintf(result, sizeof(result), "depth=%u count=%u us=%llu.%03llu rate=%llu\n",
		  depth, count, div_u64(ns, count) / 1000,
		  div_u64(ns, count) % 1000, div64_u64(count * 1000000000ULL, ns));
	mutex_unlock(&run_mutex);
	return err ? err : len;
}

static ssize_t run_read(struct file *file, char __user *ubuf, size_t len,
			loff_t *pos)
{
	ssize_t n;

	mutex_lock(&run_mutex);
	n = simple_read_from_buffer(ubuf, len, pos, result, strlen(result));
	mutex_unlock(&run_mutex);
	return n;
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.read = run_read,
	.write = run_write,
};

static void free_pages_all(void)
{
	int i;

	for (i = 0; i < DEPTH_MAX; i++)
		free_page((unsigned long)floor_slots[i].to);
	if (served)
		put_page(served);
}

static int alloc_pages_all(void)
{
	int i;

	served = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!served)
		return -ENOMEM;
	for (i = 0; i < DEPTH_MAX; i++) {
		floor_slots[i].to = (u8 *)__get_free_page(GFP_KERNEL);
		if (!floor_slots[i].to)
			return -ENOMEM;
		floor_slots[i].size = size;
	}
	return 0;
}

static int __init floor_init(void)
{
	int err;

	is_server = !strcmp(role, "server");
	if ((!is_server && (strcmp(role, "client") || !mac_pton(peer, peer_mac))) ||
	    !size || size > PAGE_SIZE)
		return -EINVAL;
	err = alloc_pages_all();
	if (err)
		goto err_pages;
	err = -ENODEV;
	floor_dev = dev_get_by_name(&init_net, dev);
	if (!floor_dev)
		goto err_pages;
	hook_ops.dev = floor_dev;
	err = nf_register_net_hook(&init_net, &hook_ops);
	if (err)
		goto err_dev;
	err = floor_disk_init(is_server ? 0 : disk);
	if (err)
		goto err_hook;
	debug_dir = debugfs_create_dir("memx_floor", NULL);
	debugfs_create_file("run", 0600, debug_dir, NULL, &run_fops);
	return 0;

err_hook:
	nf_unregister_net_hook(&init_net, &hook_ops);
	synchronize_net();
err_dev:
	dev_put(floor_dev);
err_pages:
	free_pages_all();
	return err;
}

static void __exit floor_exit(void)
{
	debugfs_remove(debug_dir);
	floor_disk_exit();
	nf_unregister_net_hook(&init_net, &hook_ops);
	synchronize_net();
	dev_put(floor_dev);
	free_pages_all();
}

module_init(floor_init);
module_exit(floor_exit);

MODULE_DESCRIPTION("MemX: the least time that a page over raw Ethernet takes");
MODULE_LICENSE("GPL");

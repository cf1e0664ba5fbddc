// SPDX-License-Identifier: GPL-2.0
/*
 * Makes each RMAP frame that comes in one whose pages are somebody else's, as
 * xen-netback does with a guest's frames, and rewrites these pages once the
 * frame has been received.
 *
 *	insmod memx_foreign.ko dev=eth0		after the interface was attached
 *	cat /sys/module/memx_foreign/parameters/held
 *
 * Of hooks of one priority the newest comes first. This one sends a copy of the frame through the
 * receive path, with the payload in zero-copy pages, in place of the frame. When
 * that call has returned, RMAP has checked the frame and has used or queued it.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_netdev.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include "mx_compat_skb.h"
#include "rmp.h"

#define LINEAR		128	/* bytes that netback copies out of a guest's page */
#define PAGES_MAX	4
#define OUR_MARK	0x666f726e	/* on frames that have been made foreign */

static char *dev = "eth0";
module_param(dev, charp, 0444);
MODULE_PARM_DESC(dev, "network interface");

static bool rewrite = true;
module_param(rewrite, bool, 0644);
MODULE_PARM_DESC(rewrite, "rewrite the pages of a frame once it has been received (default Y)");

static unsigned int frames;
module_param(frames, uint, 0444);
MODULE_PARM_DESC(frames, "frames made foreign so far");

static unsigned int kept;
module_param(kept, uint, 0444);
MODULE_PARM_DESC(kept, "frames whose pages were still in use after they had been received");

static atomic_t held = ATOMIC_INIT(0);

static int held_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%d\n", atomic_read(&held));
}

static const struct kernel_param_ops held_ops = {
	.get = held_get,
};
module_param_cb(held, &held_ops, NULL, 0444);
MODULE_PARM_DESC(held, "frames whose pages are in use now");

/**
 * struct foreign - the pages of one frame
 * @ubuf: tells us when the network is done with them
 * @page: the pages
 * @n:    how many
 * @len:  bytes in them
 * @ref:  one of the frame, one of the hook
 */
struct foreign {
	struct ubuf_info ubuf;
	struct page	*page[PAGES_MAX];
	unsigned int	n;
	u32		len;
	refcount_t	ref;
};

static struct net_device *net_dev;
static DECLARE_WAIT_QUEUE_HEAD(idle);

static void foreign_put(struct foreign *f)
{
	if (!refcount_dec_and_test(&f->ref))
		return;
	while (f->n)
		put_page(f->page[--f->n]);
	kfree(f);
}

static void foreign_done(struct sk_buff *skb, struct ubuf_info *ubuf, bool success)
{
	foreign_put(container_of(ubuf, struct foreign, ubuf));
	if (atomic_dec_and_test(&held))
		wake_up(&idle);
}

MX_UBUF_DONE(foreign_ops, foreign_done);

/* Pages with the bytes of @skb from @off on. */
static struct foreign *foreign_make(const struct sk_buff *skb, u32 off)
{
	struct foreign *f = kzalloc(sizeof(*f), GFP_ATOMIC);
	u32 n;

	if (!f)
		return NULL;
	refcount_set(&f->ref, 1);
	for (; off < skb->len && f->n < PAGES_MAX; off += n) {
		struct page *page = alloc_page(GFP_ATOMIC);

		n = min_t(u32, skb->len - off, PAGE_SIZE);
		if (!page)
			break;
		f->page[f->n++] = page;
		f->len += n;
		if (skb_copy_bits(skb, off, page_address(page), n))
			break;
	}
	if (off >= skb->len)
		return f;
	foreign_put(f);
	return NULL;
}

static void foreign_rewrite(const struct foreign *f)
{
	u32 left = f->len, i;

	for (i = 0; i < f->n; i++) {
		u32 n = min_t(u32, left, PAGE_SIZE);

		memset(page_address(f->page[i]), 0x5a, n);
		left -= n;
	}
}

static void foreign_attach(struct sk_buff *skb, struct foreign *f)
{
	u32 left = f->len, i;

	for (i = 0; i < f->n; i++) {
		u32 n = min_t(u32, left, PAGE_SIZE);

		get_page(f->page[i]);
		skb_fill_page_desc(skb, i, f->page[i], 0, n);
		skb->len += n;
		skb->data_len += n;
		skb->truesize += PAGE_SIZE;
		left -= n;
	}
	refcount_inc(&f->ref);
	atomic_inc(&held);
	refcount_set(&f->ubuf.refcnt, 1);
	mx_ubuf_init(&f->ubuf, foreign_ops);
	skb_shinfo(skb)->destructor_arg = &f->ubuf;
	skb_shinfo(skb)->flags |= SKBFL_ZEROCOPY_ENABLE;
}

/* The start of @skb in a frame of its own. */
static struct sk_buff *foreign_head(const struct sk_buff *skb)
{
	u32 n = min_t(u32, skb->len, LINEAR);
	struct sk_buff *head;

	head = alloc_skb(NET_IP_ALIGN + ETH_HLEN + LINEAR, GFP_ATOMIC);
	if (!head)
		return NULL;
	skb_reserve(head, NET_IP_ALIGN);
	skb_reset_mac_header(head);
	skb_put_data(head, eth_hdr(skb), ETH_HLEN);
	__skb_pull(head, ETH_HLEN);
	skb_copy_bits(skb, 0, skb_put(head, n), n);
	head->dev = skb->dev;
	head->protocol = skb->protocol;
	head->pkt_type = skb->pkt_type;
	head->mark = OUR_MARK;
	return head;
}

static bool foreign_receive(const struct sk_buff *skb)
{
	struct sk_buff *head = foreign_head(skb);
	struct foreign *f;

	if (!head)
		return false;
	f = foreign_make(skb, head->len);
	if (!f) {
		kfree_skb(head);
		return false;
	}
	foreign_attach(head, f);
	netif_receive_skb(head);
	frames++;
	if (refcount_read(&f->ref) > 1)
		kept++;
	if (READ_ONCE(rewrite))
		foreign_rewrite(f);
	foreign_put(f);
	return true;
}

static unsigned int foreign_hook(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	if (skb->protocol != htons(RMP_ETHERTYPE) || skb->mark == OUR_MARK ||
	    skb->len <= LINEAR || skb->len > LINEAR + PAGES_MAX * PAGE_SIZE)
		return NF_ACCEPT;
	/* A frame for which there is no memory is lost. */
	foreign_receive(skb);
	consume_skb(skb);
	return NF_STOLEN;
}

static struct nf_hook_ops hook_ops = {
	.hook = foreign_hook,
	.pf = NFPROTO_NETDEV,
	.hooknum = NF_NETDEV_INGRESS,
	.priority = INT_MIN,
};

static int __init foreign_init(void)
{
	int err;

	net_dev = dev_get_by_name(&init_net, dev);
	if (!net_dev)
		return -ENODEV;
	hook_ops.dev = net_dev;
	err = nf_register_net_hook(&init_net, &hook_ops);
	if (err)
		dev_put(net_dev);
	return err;
}

static void __exit foreign_exit(void)
{
	nf_unregister_net_hook(&init_net, &hook_ops);
	synchronize_net();
	wait_event(idle, !atomic_read(&held));
	dev_put(net_dev);
}

module_init(foreign_init);
module_exit(foreign_exit);

MODULE_DESCRIPTION("MemX test: frames whose pages are rewritten after they were received");
MODULE_LICENSE("GPL");

// SPDX-License-Identifier: GPL-2.0
/*
 * Frames that were decided on under a node's lock, and are built, tagged and
 * queued for their device after it was dropped.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "rmp_announce.h"
#include "rmp_cluster_key.h"
#include "rmp_ctx.h"
#include "rmp_draft.h"
#include "rmp_frame.h"
#include "rmp_main.h"
#include "rmp_node.h"
#include "rmp_stats.h"
#include "rmp_trace.h"

/* More are not decided on under one hold of a node's lock. */
#define DRAFTS_MAX RMP_PLAN_MAX

/**
 * struct rmp_drafts - drafts of one processor, the newest on top
 *
 * Bottom halves are off from the first to the last use of an entry, so nobody
 * else on this processor comes near it. Allocated once: there must be some when
 * memory is short.
 *
 * @n:     entries in use
 * @draft: they
 */
struct rmp_drafts {
	unsigned int		n;
	struct rmp_draft	draft[DRAFTS_MAX];
};

static struct rmp_drafts * __percpu *drafts;

int rmp_draft_init(void)
{
	int cpu;

	drafts = alloc_percpu(struct rmp_drafts *);
	if (!drafts)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct rmp_drafts *d = kvzalloc_node(sizeof(*d), GFP_KERNEL,
						     cpu_to_node(cpu));

		if (!d) {
			rmp_draft_exit();
			return -ENOMEM;
		}
		*per_cpu_ptr(drafts, cpu) = d;
	}
	return 0;
}

/* No node is left. */
void rmp_draft_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kvfree(*per_cpu_ptr(drafts, cpu));
	free_percpu(drafts);
}

static void draft_drop(struct rmp_draft *d)
{
	while (d->npages)
		put_page(d->page[--d->npages]);
	if (!rmp_insecure)
		mx_wipe(&d->key.seal, sizeof(d->key.seal));
}

/*
 * rmp_draft_mark() - where the drafts of a context begin
 *
 * Context: bottom halves off.
 */
unsigned int rmp_draft_mark(void)
{
	return (*this_cpu_ptr(drafts))->n;
}

/* Return: whether there is a key for the frame. */
static bool draft_key(struct rmp_ctx *ctx, struct rmp_hdr *hdr, struct rmp_draft *d)
{
	int rc;

	if (rmp_insecure)
		return true;
	rc = rmp_cluster_key_tx(ctx, hdr, &d->key.seal, &d->key.hs);
	if (rc < 0) {
		rmp_stat_inc(rc == -EBUSY ? RMP_G_LIMITED : RMP_G_TX_NOKEY);
		return false;
	}
	d->key.hlen = rc;
	if (rc)
		rmp_stat_inc(RMP_G_HANDSHAKES);
	return true;
}

/*
 * rmp_draft_add() - the engine wants a frame sent
 *
 * All is decided here: the way, the key and its counter, and references are taken
 * on the pages, whose content stays as it is as long as there are any (see struct
 * rmp_buf). Context: node's lock held.
 */
void rmp_draft_add(struct rmp_ctx *ctx, struct rmp_iface *iface, const u8 *mac,
		   const struct rmp_xmit *x)
{
	struct rmp_drafts *all = *this_cpu_ptr(drafts);
	struct rmp_draft *d;

	lockdep_assert_held(&ctx->node->lock);
	if (unlikely(all->n == DRAFTS_MAX)) {
		rmp_stat_inc(RMP_G_TX_NOMEM);
		return;
	}
	d = &all->draft[all->n];
	d->key.hlen = 0;
	d->npages = 0;
	if (!draft_key(ctx, x->hdr, d))
		return;
	if (x->len && !rmp_frame_pages(d, x)) {
		rmp_stat_inc(RMP_G_TX_NOMEM);
		draft_drop(d);
		return;
	}
	d->iface = iface;
	ether_addr_copy(d->mac, mac);
	d->hdr = *x->hdr;
	d->len = x->len;
	d->pad = x->pad;
	/* HELLO has no room for our name, and it may be news. */
	d->announce = x->hdr->type == RMP_T_HELLO;
	if (d->announce)
		d->which = rmp_cluster_key_which(ctx->node->auth.keys.hs.hint);
	all->n++;
}

static void draft_queue(struct rmp_ctx *ctx, struct sk_buff *skb)
{
	if (skb)
		__skb_queue_tail(&ctx->tx, skb);
}

/*
 * rmp_draft_build() - make frames of a context's drafts, in order
 *
 * Context: bottom halves off since they were added; no lock is needed.
 */
void rmp_draft_build(struct rmp_ctx *ctx)
{
	struct rmp_drafts *all = *this_cpu_ptr(drafts);
	unsigned int i;

	for (i = ctx->drafts; i < all->n; i++) {
		struct rmp_draft *d = &all->draft[i];

		draft_queue(ctx, rmp_frame_build(d));
		if (d->announce)
			draft_queue(ctx, rmp_announce_frame(d->iface, d->mac,
							    d->which));
		draft_drop(d);
	}
	all->n = ctx->drafts;
}

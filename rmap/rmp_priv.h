/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of memx_rmap share: interfaces, nodes, and the list of things
 * to do once a node's lock has been dropped.
 *
 * Locks. rmp_node.lock serialises the engine of one node; it is taken with
 * bottom halves off: nothing is sent, freed or called back under it, and only
 * the locks of the queue for room (rmp_budget.c) and of the cluster keys
 * (rmp_cluster_key.c) are taken. The list of interfaces
 * is changed under rtnl, the table of nodes under node_mutex (rmp_node.c),
 * services and watchers under call_mutex (rmp_call.c); all are read under RCU.
 * Order: rtnl or call_mutex, then node_mutex, then rmp_node.lock.
 */
#ifndef RMP_PRIV_H
#define RMP_PRIV_H

#include <linux/etherdevice.h>
#include <linux/hrtimer.h>
#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/workqueue.h>
#include <linux/xxhash.h>
#include "rmp.h"
#include "engine/rmp_auth.h"
#include "rmp_stats.h"

#define RMP_MODULE_VERSION "0.1.0"

static_assert(PAGE_SIZE == RMP_PAGE, "RMAP needs 4 KiB pages");

/**
 * struct rmp_iface_stats - one CPU's frame counters of an interface
 * @rx: RMAP frames received
 * @tx: RMAP frames given to the device
 */
struct rmp_iface_stats {
	u64 rx;
	u64 tx;
};

/**
 * struct rmp_iface - an attached network interface
 * @link:    in the list of interfaces; changed under rtnl, read under RCU
 * @dev:     the device, held while attached
 * @ops:     the ingress hook
 * @mtu_cap: the administrator's limit, 0: none
 * @mtu:     bytes of payload per Ethernet frame in use; written under rtnl
 * @up:      frames may pass; cleared while the device is down. Under rtnl
 * @rounds:  solicitations still to be sent after attachment; only the work
 * @work:    sends them
 * @stats:   frame counters
 * @rcu:     defers the free until no reader of the list can see it
 */
struct rmp_iface {
	struct list_head	link;
	struct net_device	*dev;
	struct nf_hook_ops	ops;
	u32			mtu_cap;
	u32			mtu;
	bool			up;
	int			rounds;
	struct delayed_work	work;
	struct rmp_iface_stats	__percpu *stats;
	struct rcu_head		rcu;
};

/**
 * struct rmp_req - the glue's half of a request that is being served
 *
 * One per slot of the node's engine, at the same index; valid from delivery
 * until the engine gives @buf back.
 *
 * @node: where it came from; a reference is held until it is answered
 * @slot: the engine's half
 * @link: in rmp_ctx.deliver
 * @inc:  incarnation of the requester when it asked
 * @port: service that owes the answer, 0: none (it had gone)
 * @buf:  the answer's pages, one reference on each
 * @n:    number of pages in @buf
 */
struct rmp_req {
	struct rmp_node		*node;
	struct rmp_slot		*slot;
	struct list_head	link;
	u32			inc;
	u16			port;
	u16			n;
	struct rmp_buf		buf;
};

/**
 * struct rmp_way - how frames get to a node
 * @iface:    interface, NULL: none
 * @mac:      the node's address there
 * @heard_ns: when a HELLO, WELCOME or ANNOUNCE last came that way
 */
struct rmp_way {
	struct rmp_iface	*iface;
	u8			mac[ETH_ALEN];
	u64			heard_ns;
};

/**
 * struct rmp_node - another node
 * @hash:     in the table of nodes; changed under node_mutex, read under RCU
 * @ref:      one reference by the table, one per holder, one per open call and
 *            one per request being served. Becomes 0 only by
 *            refcount_dec_if_one() in the collector, or at unload
 * @rcu:      defers the free
 * @id:       node id, constant
 * @lock:     serialises @peer and all fields below it
 * @dead:     taken out of the table; its timer must not be started again
 * @way:      the way to it that is used
 * @since_ns: when @way was last changed
 * @other:    another way on which it was heard
 * @twins:    of the engine's RMP_S_TWINS those that have been told of
 * @room:     in the queue of those that found no room for replies; under that
 *            queue's lock
 * @armed_ns: when the timer will expire; U64_MAX: it is not armed
 * @timer:    calls rmp_peer_timer(); may run earlier than needed
 * @advert:   what it last told of itself; zeros: nothing
 * @name:     its host name, printable, ends in NUL; the last byte is never
 *            written, so that it may be read without the lock
 * @peer:     the engine
 * @auth:     its keys
 * @req:      the glue's part of @peer.slot
 */
struct rmp_node {
	struct hlist_node	hash;
	refcount_t		ref;
	struct rcu_head		rcu;
	u64			id;

	spinlock_t		lock;	/* of the engine; a leaf, BHs off */
	bool			dead;
	struct rmp_way		way;
	u64			since_ns;
	struct rmp_way		other;
	u64			twins;
	struct list_head	room;
	u64			armed_ns;
	struct hrtimer		timer;
	u8			advert[RMP_HEAD_LEN];
	char			name[RMP_NAME_LEN + 1];
	struct rmp_peer		peer;
	struct rmp_auth		auth;
	struct rmp_req		req[RMP_WINDOW];
};

/**
 * struct rmp_ctx - what one call into the engine wants done afterwards
 *
 * On the stack. Filled in under the node's lock by the engine's sink, carried
 * out by rmp_ctx_end() after the lock was dropped, bottom halves still off.
 *
 * @sink:    handed to the engine
 * @node:    the node whose lock is held
 * @now:     time of the event, ns
 * @in:      the frame that the engine is dealing with; NULL: none, or no keys
 * @src:     likewise: what its source address counts as, rmp_cluster_key_src()
 * @iface:   where frames are sent instead of where @node is: back to the sender
 *           of a frame that is not believed to be the node's; NULL: no
 * @mac:     likewise
 * @drafts:  where its drafts begin among the processor's
 * @tx:      frames to send
 * @freed:   received packets to free
 * @done:    calls that have ended
 * @deliver: requests to give to their service
 * @events:  enum rmp_event bits for watchers
 * @advert:  tell watchers the node's advert
 * @gone:    tell watchers that the node is gone
 * @cut:     tell watchers that we cannot reach the node
 * @left:    the node may be found behind other interfaces than this one; NULL: no
 * @twin:    tell the log that two nodes have this one's id
 * @inc:     @twin: the two incarnations
 * @turn:    it is the node's turn to take room for replies
 * @kick:    room for replies was given back, and nodes wait for some
 */
struct rmp_ctx {
	struct rmp_sink		sink;
	struct rmp_node		*node;
	u64			now;
	const struct rmp_auth_in *in;
	u32			src;
	struct rmp_iface	*iface;
	const u8		*mac;
	unsigned int		drafts;
	struct sk_buff_head	tx;
	struct sk_buff_head	freed;
	struct list_head	done;
	struct list_head	deliver;
	u32			events;
	bool			advert;
	bool			gone;
	bool			cut;
	struct rmp_iface	*left;
	bool			twin;
	u32			inc[2];
	bool			turn;
	bool			kick;
};

/**
 * struct rmp_skb_cb - what is kept with a received packet
 * @off: payload's offset from skb->data
 */
struct rmp_skb_cb {
	u32 off;
};

static inline struct rmp_skb_cb *rmp_skb_cb(struct sk_buff *skb)
{
	return (struct rmp_skb_cb *)skb->cb;
}

/**
 * struct rmp_rate - at most so many of something per tenth of a second
 * @since: start of the running tenth, jiffies; races only blur the limit
 * @n:     so many since then
 */
struct rmp_rate {
	unsigned long	since;
	atomic_t	n;
};

static inline bool rmp_rate_ok(struct rmp_rate *rate, int burst)
{
	unsigned long now = jiffies;

	if (time_after(now, READ_ONCE(rate->since) + HZ / 10)) {
		WRITE_ONCE(rate->since, now);
		atomic_set(&rate->n, 0);
	}
	return atomic_inc_return(&rate->n) <= burst;
}

/**
 * struct rmp_tagger - the tag of a frame in progress
 * @keyed: under a key, else a sum
 * @mac:   @keyed
 * @sum:   not @keyed
 */
struct rmp_tagger {
	bool			keyed;
	union {
		struct mx_mac		mac;
		struct xxh64_state	sum;
	};
};

static inline void rmp_tag_begin(struct rmp_tagger *t, const struct rmp_seal *seal)
{
	t->keyed = seal;
	if (seal)
		mx_mac_init(&t->mac, seal->key, seal->nonce);
	else
		xxh64_reset(&t->sum, 0);
}

static inline void rmp_tag_add(struct rmp_tagger *t, const void *data, u32 len)
{
	if (t->keyed)
		mx_mac_update(&t->mac, data, len);
	else
		xxh64_update(&t->sum, data, len);
}

static inline void rmp_tag_end(struct rmp_tagger *t, u8 *tag)
{
	__be64 sum;

	if (t->keyed) {
		mx_mac_final(&t->mac, tag);
		return;
	}
	sum = cpu_to_be64(xxh64_digest(&t->sum));
	memcpy(tag, &sum, sizeof(sum));
	memset(tag + sizeof(sum), 0, RMP_TAG_LEN - sizeof(sum));
}

/*
 * Frames outside of sessions name no receiver, so the addresses that they
 * travel between are in their tags: they cannot be sent on to others, nor from
 * elsewhere. @eth: the frame's Ethernet header.
 */
static inline void rmp_tag_ends(struct rmp_tagger *t, const struct ethhdr *eth,
				u8 type)
{
	if (t->keyed && !rmp_is_session(type))
		rmp_tag_add(t, eth, offsetof(struct ethhdr, h_proto));
}

/**
 * struct rmp_frame_key - what a frame gets of its key
 * @seal: what the tag is made with
 * @hs:   HELLO, WELCOME: payload
 * @hlen: bytes of @hs: all, or 0
 */
struct rmp_frame_key {
	struct rmp_seal	seal;
	struct rmp_hs	hs;
	u16		hlen;
};

/**
 * struct rmp_draft - a frame that is decided on, to be built without a lock
 * @iface:    device to send it through; stays, since bottom halves are off
 * @mac:      its destination
 * @hdr:      header, complete but for the tag, the advert and RMP_F_SUM
 * @key:      not insecure: what it gets of its key; the seal is wiped after use
 * @page:     pages of its payload, one reference on each
 * @npages:   how many
 * @off:      first payload byte in @page[0]
 * @len:      payload bytes
 * @pad:      zero bytes to append
 * @announce: an ANNOUNCE is to follow
 * @which:    number of the cluster key of that
 */
struct rmp_draft {
	struct rmp_iface	*iface;
	u8			mac[ETH_ALEN];
	struct rmp_hdr		hdr;
	struct rmp_frame_key	key;
	struct page		*page[MAX_SKB_FRAGS];
	u16			npages;
	u16			off;
	u16			len;
	u16			pad;
	bool			announce;
	u8			which;
};

/* rmp_main.c */
extern struct workqueue_struct *rmp_wq;
extern bool rmp_insecure;
extern u32 rmp_inc;		/* this node's incarnation */
extern u64 rmp_id;		/* this node's id; 0 until the first attachment */

/* rmp_net.c: the Ethernet seam */
int rmp_net_init(void);
void rmp_net_exit(void);
int rmp_iface_add(const char *name, u32 mtu_cap, struct netlink_ext_ack *extack);
int rmp_iface_del(const char *name, struct netlink_ext_ack *extack);
struct rmp_iface *rmp_iface_by_index(int ifindex);
extern struct list_head rmp_ifaces;
void rmp_iface_frames(const struct rmp_iface *iface, u64 *rx, u64 *tx);

/* rmp_frame.c: frames out */
int rmp_frame_init(void);
void rmp_frame_exit(void);
bool rmp_frame_pages(struct rmp_draft *d, const struct rmp_xmit *x);
struct sk_buff *rmp_frame_build(struct rmp_draft *d);
struct sk_buff *rmp_frame_plain(struct rmp_iface *iface, const u8 *dst,
				struct rmp_hdr *hdr, const void *data, u16 len,
				u8 which);

/* rmp_draft.c: frames decided on under a node's lock */
int rmp_draft_init(void);
void rmp_draft_exit(void);
unsigned int rmp_draft_mark(void);
void rmp_draft_add(struct rmp_ctx *ctx, struct rmp_iface *iface, const u8 *mac,
		   const struct rmp_xmit *x);
void rmp_draft_build(struct rmp_ctx *ctx);

/* rmp_send.c: frames to devices, also rmp_cork() */
void rmp_send_init(void);
void rmp_frame_send(struct sk_buff_head *list);
void rmp_frame_send_one(struct sk_buff *skb);

/* rmp_gso.c: frames given to the device together */
void rmp_gso_init(void);
void rmp_gso_exit(void);
unsigned int rmp_gso_train(struct sk_buff *skb, struct sk_buff_head *list);

/* rmp_recv.c: frames in */
void rmp_recv(struct rmp_iface *iface, struct sk_buff *skb);
struct sk_buff *rmp_recv_own(struct sk_buff *skb);
int rmp_recv_init(void);
void rmp_recv_exit(void);

/* rmp_steer.c: more than one processor for many frames */
int rmp_steer_init(void);
void rmp_steer_exit(void);
bool rmp_steer(struct sk_buff *skb);

/* rmp_node.c: the table of nodes */
int rmp_node_init(void);
void rmp_node_exit(void);
struct rmp_node *rmp_node_lookup(u64 id);
int rmp_node_create(u64 id);
void rmp_node_for_each(void (*fn)(struct rmp_node *node, void *arg), void *arg);
void rmp_node_path(struct rmp_ctx *ctx, struct rmp_iface *iface, const u8 *mac,
		   bool chosen);
bool rmp_node_lost(struct rmp_ctx *ctx, struct rmp_iface *iface);
void rmp_node_grant(u16 pages);
void rmp_node_leave(struct rmp_iface *iface);
void rmp_node_mtu(struct rmp_iface *iface);

/* rmp_ctx.c: running the engine */
void rmp_ctx_begin(struct rmp_ctx *ctx, struct rmp_node *node)
	__acquires(&node->lock) __acquires(RCU);
void rmp_ctx_end(struct rmp_ctx *ctx, u32 events)
	__releases(&ctx->node->lock) __releases(RCU);
enum hrtimer_restart rmp_ctx_timer(struct hrtimer *timer);

/* rmp_budget.c: room for replies */
bool rmp_budget_take(struct rmp_node *node, u16 pages, bool turn);
bool rmp_budget_give(u16 pages);
void rmp_budget_kick(void);
void rmp_budget_leave(struct rmp_node *node);

/* rmp_call.c: services, watchers, calls */
void rmp_call_deliver(struct rmp_req *req);
void rmp_call_advert(struct rmp_node *node);
void rmp_call_event(struct rmp_node *node, u32 events);
void rmp_call_gone(struct rmp_node *node);
void rmp_call_cut(struct rmp_node *node);
bool rmp_call_served(u16 port);
u16 rmp_call_grant(void);

/* rmp_announce.c: who is there */
void rmp_announce_exit(void);
void rmp_announce_iface(struct rmp_iface *iface);
void rmp_announce_iface_work(struct work_struct *work);
bool rmp_announce_fill(u8 *head);
struct sk_buff *rmp_announce_frame(struct rmp_iface *iface, const u8 *dst,
				   u8 which);
void rmp_announce_bye(struct rmp_iface *iface);
void rmp_announce_elsewhere(const struct rmp_iface *iface);

/* rmp_payload.c: payload of received packets */
void rmp_skb_tag(struct sk_buff *skb, const struct rmp_hdr *hdr, u32 len,
		 struct rmp_tagger *t, u8 *tag);

/* rmp_cluster_key.c: cluster keys */
void rmp_cluster_key_init(void);
void rmp_cluster_key_exit(void);
const struct rmp_keyring *rmp_cluster_key(void);
u8 rmp_cluster_keys(void);
u32 rmp_cluster_key_src(const u8 *mac);
int rmp_cluster_key_tx(struct rmp_ctx *ctx, struct rmp_hdr *hdr, struct rmp_seal *seal,
		       struct rmp_hs *hs);
int rmp_cluster_key_tx_group(u8 which, struct rmp_hdr *hdr, struct rmp_seal *seal);
int rmp_cluster_key_good(struct rmp_ctx *ctx, const struct rmp_auth_in *in);
u8 rmp_cluster_key_which(const u8 *hint);
int rmp_cluster_key_add(const u8 *key, struct netlink_ext_ack *extack);
int rmp_cluster_key_drop(u64 name, struct netlink_ext_ack *extack);
bool rmp_cluster_key_hint(int i, u64 *name);
int rmp_cluster_key_id(void);

/* rmp_nl.c: control */
int rmp_nl_init(void);
void rmp_nl_exit(void);

#endif /* RMP_PRIV_H */

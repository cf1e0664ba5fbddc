/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RMAP for other modules: reach nodes on the attached Ethernet segments with
 * reliable messages, serve such messages, and hear who comes and goes.
 */
#ifndef RMP_H
#define RMP_H

#include <linux/kref.h>
#include <linux/mm_types.h>
#include "engine/rmp_engine.h"

struct rmp_node;
struct rmp_req;

/* Pages that hold the longest message: what comes with each is in the last. */
#define RMP_BUF_PAGES	DIV_ROUND_UP(RMP_MSG_MAX, RMP_PAGE)

/**
 * struct rmp_buf - payload to send: whole pages in message order
 * @page: the pages. Frames are built and tagged after the call into RMAP that
 *        decided on them, perhaps after the call or the reply has ended; each
 *        has references of its own on its pages from the decision until the
 *        device has sent it. So a page may be released by its owner meanwhile,
 *        but its content must not change as long as anybody else refers to it:
 *        a frame with a good tag and another content could be executed. Pages
 *        of mx_pool rest in limbo until then; pages stored by a server are never
 *        written to; a claim replaces the page of its calls while others refer to
 *        it (fresh_page() in core/mx_claim.c); the test modules take fresh ones
 * @off:  first payload byte in @page[0] (0 for page data)
 */
struct rmp_buf {
	struct page	*page[RMP_BUF_PAGES];
	u16		off;
};

/**
 * struct rmp_node_call - a call to a node
 * @call: what is asked; @call.buf points to a struct rmp_buf or is NULL
 * @done: called once when the call has ended, in softirq or process context
 *        with bottom halves off, no lock held; must not sleep. It owns the
 *        reply's packets: rmp_payload_free() when read
 * @link: private
 */
struct rmp_node_call {
	struct rmp_call	 call;
	void		(*done)(struct rmp_node_call *ncall);
	struct list_head link;
};

/**
 * rmp_call() - submit a call
 *
 * Context: any but hard interrupt. Does not sleep or allocate memory that
 * reclaim must make. Holds a reference on @node until done.
 */
void rmp_call(struct rmp_node *node, struct rmp_node_call *ncall);

/**
 * rmp_cork() - what leaves this processor until rmp_uncork() leaves together
 *
 * Around several calls, so that a device is told of their frames once. May be
 * nested. Bottom halves are off in between; be short.
 *
 * Context: any but hard interrupt.
 */
void rmp_cork(void);

/** rmp_uncork() - end of rmp_cork(), by the same thread */
void rmp_uncork(void);

/** rmp_flow_setup() - a flow for rmp_call.flow, see struct rmp_flow */
void rmp_flow_setup(struct rmp_flow *flow, u16 weight);

/** rmp_weigh() - give a flow of calls to @node another weight. BHs on or off */
void rmp_weigh(struct rmp_node *node, struct rmp_flow *flow, u16 weight);

/**
 * rmp_cancel() - end a call early with -ECANCELED
 *
 * For reads, and for whatever has no effect to protect: the node may still
 * execute it, even after a newer call. done is called if the call was still
 * open, and may run before this returns. Context: as rmp_call().
 */
void rmp_cancel(struct rmp_node *node, struct rmp_node_call *ncall);

/**
 * rmp_revoke() - give up the effect of a call, but not its id
 *
 * When it returns RMAP needs the payload no more: frames under way have their
 * own references on its pages. A call that was never sent ends with -ECANCELED.
 * One that has been sent stays open, without payload, until its outcome is known:
 * 0 (it was executed: the reply is as usual), -ECANCELED (it was not executed and
 * never will be) or -ESTALE (the node restarted). If the node had forgotten us
 * meanwhile, for which both must have been silent for a minute, call.doubt is set:
 * then -ECANCELED only says that it will not be executed any more.
 *
 * A node without RMP_FEAT_VOID cannot be told. Then the call stays open until
 * the node answers what it has got, or restarts.
 *
 * done may run before this returns. Idempotent. Context: as rmp_call().
 */
void rmp_revoke(struct rmp_node *node, struct rmp_node_call *ncall);

/** rmp_payload_copy() - copy @len bytes from @off of a whole message */
void rmp_payload_copy(const struct rmp_asm *a, u32 off, void *dst, u32 len);

/**
 * rmp_payload_walk() - visit the memory that holds a part of a message
 * @fn: called with pieces in ascending order; each piece lies within one
 *      4 KiB frame of memory. A non-zero return ends the walk.
 *
 * Return: what the last @fn returned.
 */
int rmp_payload_walk(const struct rmp_asm *a, u32 off, u32 len,
		     int (*fn)(void *ctx, struct page *page, u32 page_off,
			       u32 len, u32 msg_off), void *ctx);

/** rmp_payload_free() - free the packets of a message; idempotent */
void rmp_payload_free(struct rmp_asm *a);

/**
 * struct rmp_service - answers requests sent to a port
 * @port:    RMP_PORT_*
 * @request: a request is whole. Softirq; must not sleep; answer now or later,
 *           from any context but hard interrupt, exactly once: rmp_reply()
 * @grant:   pages each peer may have in flight towards us
 */
struct rmp_service {
	u16	port;
	u16	grant;
	void	(*request)(struct rmp_req *req);
};

enum rmp_port {
	RMP_PORT_MEMORY	= 1,	/* memory server */
	RMP_PORT_OWNER	= 2,	/* notices to the owner of a volume */
	RMP_PORT_MAX	= 3,
};

/** rmp_service_register() - Return: 0 or -EBUSY. May sleep. */
int rmp_service_register(const struct rmp_service *svc);

/** rmp_service_unregister() - no request is delivered or unanswered when it
 * returns: waits for the answers owed. May sleep.
 */
void rmp_service_unregister(const struct rmp_service *svc);

/* What a service may ask of a request, until it has answered. */
const struct rmp_slot *rmp_req_slot(const struct rmp_req *req);
u64 rmp_req_node(const struct rmp_req *req);
u32 rmp_req_inc(const struct rmp_req *req);	/* requester's, when it asked */

/**
 * rmp_req_kept() - pages in the answers that are kept for the requester
 *
 * RMAP keeps an answer until the requester has told that it needs it no more; so a
 * service that hands out pages should look at this first. Of all services together.
 * Context: any.
 */
u32 rmp_req_kept(const struct rmp_req *req);

/** rmp_kept() - the same of all nodes together. May sleep. */
u64 rmp_kept(void);

/**
 * rmp_req_orphan() - has the requester given this request up, or restarted?
 *
 * A service that answers later than it is asked must look at this under the lock
 * under which its effects are ordered, right before the effect: an orphan is
 * never executed after a later request. RMAP makes the request an orphan before
 * it delivers what the requester has sent after giving it up. The answer is owed
 * all the same, and is thrown away. Context: any.
 */
bool rmp_req_orphan(const struct rmp_req *req);

/**
 * rmp_reply() - answer a request
 * @head:  RMP_HEAD_LEN bytes
 * @pages: payload; one reference on each passes to RMAP, dropped when the
 *         requester is known to have the reply
 * @n:     number of pages; the payload is @n * RMP_PAGE bytes, or @len if not 0
 */
void rmp_reply(struct rmp_req *req, const u8 *head, struct page **pages,
	       unsigned int n, u32 len);

/**
 * struct rmp_watcher - hears of nodes
 * @advert: a node's advert (ANNOUNCE, HELLO, WELCOME). Softirq.
 * @event:  enum rmp_event bits UP, DOWN, RESTARTED. Softirq or process
 *          context, bottom halves off.
 * @gone:   the node said BYE. Calls to it stay open; adverts may follow, with the
 *          same incarnation
 * @cut:    our interface towards the node went down or was detached, and no
 *          other path to it is known. Likewise
 * @link:   private
 */
struct rmp_watcher {
	void	(*advert)(struct rmp_node *node, const u8 *head);
	void	(*event)(struct rmp_node *node, u32 events);
	void	(*gone)(struct rmp_node *node);
	void	(*cut)(struct rmp_node *node);
	struct list_head link;
};

/** rmp_watcher_register() - replays the adverts known so far. May sleep. */
void rmp_watcher_register(struct rmp_watcher *watcher);

/** rmp_watcher_unregister() - no callback runs when it returns. May sleep. */
void rmp_watcher_unregister(struct rmp_watcher *watcher);

/**
 * rmp_advert_set() - what this node tells of itself
 * @fill: fills in RMP_HEAD_LEN bytes; softirq or process context, must not
 *        sleep; NULL: this node announces itself no more (sends BYE)
 */
void rmp_advert_set(void (*fill)(u8 *head));

/** rmp_advert_now() - announce soon instead of at the next period */
void rmp_advert_now(void);

/** rmp_solicit() - ask on all interfaces who is there. Any context. */
void rmp_solicit(void);

/** rmp_hears() - whether some attached interface is up and has a carrier: this host
 * could hear others. Any context.
 */
bool rmp_hears(void);

/* Nodes. They stay known, with their incarnation, while referenced. */
struct rmp_node *rmp_node_find(u64 id);	/* with a reference, or NULL */
void rmp_node_get(struct rmp_node *node);
void rmp_node_put(struct rmp_node *node);
u64 rmp_node_id(const struct rmp_node *node);
u32 rmp_node_inc(const struct rmp_node *node);
const char *rmp_node_name(const struct rmp_node *node);
/** rmp_node_silent_ms() - milliseconds since anything was heard of it */
u32 rmp_node_silent_ms(const struct rmp_node *node);
/** rmp_node_features() - what it can do, enum rmp_feature; 0 while unknown */
u32 rmp_node_features(const struct rmp_node *node);

/* This node; the id is 0 until an interface is attached. */
u64 rmp_self_node(void);
u32 rmp_self_inc(void);

#endif /* RMP_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kit that simulations are made of: machines with the RMAP engine between
 * them, in one process, in virtual time, all drawn from one seed. What the
 * machines do with RMAP is a run's part (struct run_ops).
 */
#ifndef SIM_KIT_H
#define SIM_KIT_H

#include <stdlib.h>
#include "engine/rmp_auth.h"

enum {
	SIM_CLIENTS	= 3,
	SIM_SERVERS	= 5,		/* at most; a run may have fewer */
	SIM_NODES	= SIM_CLIENTS + SIM_SERVERS,
	SIM_FLOWS	= 3,
	SIM_DONE	= 4096,
	SIM_KEPT	= 64,
};

#define __printf(a, b) __attribute__((format(printf, a, b)))

#define US(n) ((u64)(n) * 1000)
#define MS(n) ((u64)(n) * 1000000)
#define SEC(n) ((u64)(n) * 1000000000)

struct sim;

struct pbuf;

/**
 * struct frame - bytes on the wire, shared by all copies in flight
 * @refs:   who holds it
 * @len:    bytes on the wire after the Ethernet header
 * @stored: the first so many are in @data; of the others, those of a light run
 *          are in @buf, and the rest is zero
 * @buf:    light run: payload that it carries a part of, or NULL
 * @off:    light run: where in @buf that part begins
 * @damaged: light run: its tag is not good any more
 * @data:   header and payload
 */
struct frame {
	u32 refs;
	u32 len;
	u32 stored;
	struct pbuf *buf;
	u32 off;
	bool damaged;
	u8 data[] __aligned(8);
};

/**
 * struct pkt - handle of a received payload, one per arrival
 * @frame: where it is
 * @off:   payload's first byte
 * @len:   payload bytes
 */
struct pkt {
	struct frame *frame;
	u32 off;
	u32 len;
};

/**
 * struct pbuf - handle of a payload to send
 * @refs: who holds it
 * @len:  bytes
 * @uid:  light run: counts up; no two payloads have the same
 * @data: bytes; light run: what the run makes of them
 */
struct pbuf {
	u32 refs;
	u32 len;
	u64 uid;
	u8 data[];
};

/**
 * struct link - a node's view of one other node
 * @sink:   the engine's way out; first, so that callbacks find the link
 * @s:      the simulation
 * @self:   whose view
 * @other:  of whom
 * @addr:   node that it sends to: @other, or its twin if that was heard last
 * @peer:   the engine's object, NULL if there is none
 * @auth:   with keys: those of @peer
 * @in:     with keys: the frame that the engine is dealing with
 * @flow:   volumes that share the way
 * @opened: incarnation of the last session that was open, or a newer one
 * @armed:  when a timer event is due, or RMP_NEVER
 * @done:   calls ended while the engine ran
 * @ndone:  how many
 * @slots:  requests delivered while the engine ran
 * @nslots: how many
 * @blocked: the node asks for too much already; to be kicked
 * @draining: the lists above are being worked off
 * @planned: frames that the engine has decided on in one call
 */
struct link {
	struct rmp_sink sink;
	struct sim *s;
	u8 self;
	u8 other;
	u8 addr;
	struct rmp_peer *peer;
	struct rmp_auth auth;
	const struct rmp_auth_in *in;
	struct rmp_flow flow[SIM_FLOWS];
	u32 opened;
	u64 armed;
	struct rmp_call *done[SIM_DONE];
	u32 ndone;
	struct rmp_slot *slots[RMP_WINDOW];
	u32 nslots;
	bool blocked;
	bool draining;
	u32 planned;
};

/**
 * struct node - a machine
 * @up:       it runs
 * @as:       whose id it has: its own, but for a twin
 * @inc:      its incarnation; changes at each start
 * @skew:     its clock minus the simulation's
 * @mtu:      of its interface
 * @grant:    credit it gives to each peer
 * @budget:   pages of replies it asks for at most, and of requests that are not
 *            whole it keeps
 * @asked:    pages of replies asked for
 * @held:     pages kept of requests that are not whole
 * @resume:   it stands still until then
 * @old:      it is of the first version, which has no features
 * @down:     its interface is down until then
 * @link:     by the other node's number
 * @ring:     with keys: the cluster's
 * @limit:    with keys: on handshakes
 * @key_step: how far it is with the change of keys: 0 old, 1 both, 2 new
 */
struct node {
	bool up;
	u8 as;
	u32 inc;
	u64 skew;
	u32 mtu;
	u16 grant;
	u32 budget;
	u32 asked;
	u32 held;
	u64 resume;
	bool old;
	u64 down;
	struct link *link[SIM_NODES];
	struct rmp_keyring ring;
	struct rmp_limit limit;
	u8 key_step;
};

/**
 * struct wire - one direction between two nodes
 * @cut:     nothing passes until then
 * @burst:   much is lost until then
 * @slow:    every other frame is late, by up to a second, until then
 * @last:    arrival of the last frame, for keeping order
 * @mtu:     of the path, may be less than both interfaces'
 * @gen:     frames of another one are dropped on arrival
 */
struct wire {
	u64 cut;
	u64 burst;
	u64 slow;
	u64 last;
	u32 mtu;
	u32 gen;
};

/**
 * struct faults - probabilities, in 1/100000, and sizes of misfortune
 * @loss:    a frame is lost
 * @dup:     a frame comes twice
 * @reorder: a frame is overtaken
 * @corrupt: bits of a frame flip
 * @spike:   a frame is late by up to 500 ms
 * @events:  partitions, pauses, crashes and so on during the run
 * @replay:  with keys: somebody sends a recorded frame again
 * @delay:   of the network, ns
 */
struct faults {
	u32 loss;
	u32 dup;
	u32 reorder;
	u32 corrupt;
	u32 spike;
	u32 events;
	u32 replay;
	u64 delay;
};

enum ev_kind {
	EV_FRAME,
	EV_TIMER,
	EV_UP,
	EV_START,
	EV_ANNOUNCE,
	EV_KICK,
	EV_FAULT,
	EV_KEY,
	EV_FORGET,
	EV_RUN,		/* the first of the run's own */
};

/**
 * struct event - something to happen
 * @at:    when
 * @seq:   order among those of one time
 * @kind:  enum ev_kind
 * @a:     node, or receiver
 * @b:     other node, or sender
 * @gen:   incarnation or wire generation it belongs to
 * @n:     number, by kind
 * @frame: EV_FRAME
 */
struct event {
	u64 at;
	u64 seq;
	u8 kind;
	u8 a;
	u8 b;
	u32 gen;
	u64 n;
	struct frame *frame;
};

/**
 * struct run_ops - what a simulation has its machines do
 * @name:    program, for the command that replays a seed
 * @past:    file of seeds that come before all others
 * @size:    of its state, which begins with struct sim
 * @nodes:   SIM_CLIENTS and the servers that it has at most
 * @plan:    draws the run: sizes, faults, workload
 * @begin:   a node has started
 * @end:     a node stops; its links are closed already
 * @event:   something of a kind from EV_RUN on is due
 * @waits:   whether a node that stands still has events of that kind later
 * @serves:  whether a node may be asked
 * @news:    what the engine has told of a peer, enum rmp_event
 * @done:    a call has ended
 * @deliver: a request is to be answered
 * @orphans: the link closes: answers still owed are to be given
 * @forget:  whether a link's peer may be forgotten; if so it is
 * @strike:  one of the faults planned by fault_events()
 * @open:    how much is under way that has to end some day
 * @hangs:   none of that has ended for long: fails the run
 * @settle:  faults have ended: ends the work and looks at what is left
 * @free:    gives back what the run has, and looks for what was forgotten
 * @light:   payloads are passed on by handle: what they hold, the run knows
 * @advert:  what a node tells of itself in 32 bytes, or NULL
 * @heard:   the engine has seen a frame of the link's peer, or NULL
 * @cut:     our interface towards the link's peer is gone, or NULL
 * @listens: whether requests are taken in, or NULL: always
 * @usage:   options of its own, or NULL
 * @option:  takes one of these, or NULL
 * @report:  what all seeds together have to show, and whether that will do;
 *           or NULL
 */
struct run_ops {
	const char *name;
	const char *past;
	size_t size;
	u8 nodes;
	void (*plan)(struct sim *s);
	void (*begin)(struct sim *s, u8 node);
	void (*end)(struct sim *s, u8 node);
	void (*event)(struct sim *s, struct event *ev, bool mine);
	bool (*waits)(u8 kind);
	bool (*serves)(struct sim *s, u8 node);
	void (*news)(struct link *l, u32 events);
	void (*done)(struct link *l, struct rmp_call *call);
	void (*deliver)(struct link *l, struct rmp_slot *slot);
	void (*orphans)(struct link *l);
	bool (*forget)(struct link *l);
	void (*strike)(struct sim *s);
	u32 (*open)(struct sim *s);
	void (*hangs)(struct sim *s, u32 seconds);
	void (*settle)(struct sim *s);
	void (*free)(struct sim *s);
	bool light;
	void (*advert)(struct sim *s, u8 node, u8 *head);
	void (*heard)(struct link *l, const struct rmp_info *info);
	void (*cut)(struct link *l);
	bool (*listens)(struct sim *s, u8 node);
	const char *usage;
	bool (*option)(const char *word);
	bool (*report)(void);
};

/**
 * struct sim - one run
 * @run:     what the machines do
 * @seed:    it all follows from
 * @rng:     state of the generator
 * @now:     virtual time, ns
 * @seq:     events made
 * @verbose: tell what happens
 * @hostile: damaged frames pass the tag check, and only memory is watched
 * @keyed:   frames are tagged with keys
 * @twins:   there are two nodes with one id at times
 * @calm:    faults have stopped
 * @failed:  an oracle has spoken
 * @nc:      clients, nodes 0..
 * @ns:      servers, nodes SIM_CLIENTS..
 * @nodes:   clients and servers that the run has at most, SIM_CLIENTS among them
 * @f:       misfortune
 * @end:     when faults stop
 * @node:    machines
 * @wire:    from, to
 * @heap:    events
 * @nheap:   how many
 * @heapcap: room
 * @frames:  frames alive
 * @pkts:    received payloads alive
 * @bufs:    payloads to send alive
 * @uid:     last one given to a payload
 * @inc:     last incarnation given out
 * @kept:    frames that somebody has recorded
 */
struct sim {
	const struct run_ops *run;
	u64 seed;
	u64 rng;
	u64 now;
	u64 seq;
	bool verbose;
	bool hostile;
	bool keyed;
	bool twins;
	bool calm;
	bool failed;
	u8 nc;
	u8 ns;
	u8 nodes;
	struct faults f;
	u64 end;
	struct node node[SIM_NODES];
	struct wire wire[SIM_NODES][SIM_NODES];
	struct event *heap;
	u32 nheap;
	u32 heapcap;
	long frames;
	long pkts;
	long bufs;
	u64 uid;
	u32 inc;
	struct frame *kept[SIM_KEPT];
};

/* kit_util.c */
u64 sim_draw(struct sim *s);
u64 sim_below(struct sim *s, u64 n);
/** sim_below_of() - likewise, from another stream than the seed's own, kept in @rng: what
 * else is drawn stays what it is
 */
u64 sim_below_of(struct sim *s, u64 *rng, u64 n);
bool sim_chance(struct sim *s, u32 per_100000);
void sim_push(struct sim *s, struct event ev);
bool sim_pop(struct sim *s, struct event *ev);
void __printf(2, 3) sim_fail(struct sim *s, const char *fmt, ...);
void __printf(2, 3) sim_trace(struct sim *s, const char *fmt, ...);
struct frame *frame_new(struct sim *s, u32 len, u32 stored);
void frame_put(struct sim *s, struct frame *f);
struct pkt *pkt_new(struct sim *s, struct frame *f, u32 off, u32 len);
void pkt_free(struct sim *s, struct pkt *pkt);
struct pbuf *pbuf_new(struct sim *s, u32 len);
struct pbuf *pbuf_light(struct sim *s, u32 len, u32 stored);
void pbuf_put(struct sim *s, struct pbuf *b);
void fill(u8 *to, u64 key, u32 len);
bool filled(const u8 *at, u64 key, u32 off, u32 len);
void asm_read(const struct rmp_asm *a, u8 *to);
struct pbuf *asm_buf(struct sim *s, const struct rmp_asm *a);
void asm_free(struct sim *s, struct rmp_asm *a);

/* kit_net.c */
void net_send(struct sim *s, u8 from, u8 to, const struct rmp_xmit *x);
void net_arrive(struct sim *s, struct event *ev);
const char *net_type(u8 type);

/* kit_node.c */
static inline bool is_server(u8 node)
{
	return node >= SIM_CLIENTS;
}

u64 node_id(const struct sim *s, u8 node);
void node_twin(struct sim *s, u8 node, u8 of);
int node_by_id(struct sim *s, u64 id);
u64 node_now(struct sim *s, u8 node);
void node_start(struct sim *s, u8 node);
void node_crash(struct sim *s, u8 node, bool polite);
void node_announce(struct sim *s, u8 node);
void node_bye(struct sim *s, u8 node, u64 until);
void node_back(struct sim *s, u8 node);
void node_tell(struct sim *s, u8 node);
struct link *link_get(struct sim *s, u8 self, u8 other);
void link_forget(struct sim *s, u8 self, u8 other);
void link_close(struct sim *s, u8 self, u8 other);
void link_after(struct link *l, u32 events);
void link_timer(struct sim *s, struct event *ev);
void node_kick(struct sim *s, u8 self);

/* kit_auth.c */
void auth_plan(struct sim *s);
void auth_start(struct sim *s, u8 self);
void auth_step(struct sim *s, u8 self);
bool auth_seal(struct sim *s, u8 self, u8 other, struct frame *f, u16 plen);
bool auth_check(struct sim *s, u8 self, u8 other, const struct frame *f,
		const struct rmp_info *info, struct rmp_auth_in *in);
bool auth_good(struct link *l, const struct rmp_auth_in *in);
void auth_eavesdrop(struct sim *s, struct frame *f, u8 to);
void auth_end(struct sim *s);

/* kit_fault.c */
enum {
	FAULT_FORGET	= 6,
	FAULT_KINDS	= 12,
};

u32 draw_rate(struct sim *s, u32 most);
u32 draw_mtu(struct sim *s);
u16 draw_grant(struct sim *s);
u8 draw_node(struct sim *s);
void fault_paths(struct sim *s);
void fault_events(struct sim *s);
void fault_crash(struct sim *s, u8 node);
void fault_strike(struct sim *s, u32 kind);
void fault_end(struct sim *s);

/* kit_main.c */
void run_to(struct sim *s, u64 until, bool idle);
void run_idle(struct sim *s);
int kit_main(const struct run_ops *run, int argc, char **argv);

#endif /* SIM_KIT_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The simulator: clients and servers with the RMAP engine between them, in one
 * process, in virtual time, all drawn from one seed.
 */
#ifndef SIM_H
#define SIM_H

#include <stdlib.h>
#include "engine/rmp_auth.h"

enum {
	SIM_CLIENTS	= 3,
	SIM_SERVERS	= 3,
	SIM_NODES	= SIM_CLIENTS + SIM_SERVERS,
	SIM_PAGES	= 64,		/* pages of a client on each server */
	SIM_MAYBE	= 8,
	SIM_FLOWS	= 3,
	SIM_CALLS	= 4096,
	SIM_QUEUE	= 4096,
	SIM_KEPT	= 64,
};

#define __printf(a, b) __attribute__((format(printf, a, b)))

#define US(n) ((u64)(n) * 1000)
#define MS(n) ((u64)(n) * 1000000)
#define SEC(n) ((u64)(n) * 1000000000)

struct sim;

/**
 * struct frame - bytes on the wire, shared by all copies in flight
 * @refs:   who holds it
 * @len:    bytes on the wire after the Ethernet header
 * @stored: the first so many are in @data, the others are zero
 * @data:   header and payload
 */
struct frame {
	u32 refs;
	u32 len;
	u32 stored;
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
 * @data: bytes
 */
struct pbuf {
	u32 refs;
	u32 len;
	u8 data[];
};

enum op {
	OP_READ,
	OP_WRITE,
	OP_ECHO,
};

/**
 * struct scall - a call of the workload; kept to the end of the run, so that
 * the server can compare what it gets with what was asked
 * @call:      the engine's
 * @uid:       index in sim.calls
 * @op:        enum op
 * @client:    node that asks
 * @server:    node asked
 * @inc:       incarnation of the client
 * @server_life: server's incarnation that executed it last, 0 if none
 * @start:     first page
 * @n:         pages
 * @version:   OP_WRITE: version of the first page; the others count up
 * @rlen:      OP_ECHO: length of the reply
 * @acked:     OP_READ: sim_page.acked of each page when asked
 * @open:      the client waits for it
 * @revoked:   its effect was given up; the client's payload is gone
 * @never:     it was revoked, and has not been executed
 * @forgiven:  the server has lost its session meanwhile: it may execute again
 */
struct scall {
	struct rmp_call call;
	u64 uid;
	u8 op;
	u8 client;
	u8 server;
	u32 inc;
	u32 server_life;
	u32 start;
	u32 n;
	u32 version;
	u32 rlen;
	u32 acked[RMP_MSG_PAGES];
	bool open;
	bool revoked;
	bool never;
	bool forgiven;
};

/**
 * struct sim_page - what a client knows of one of its pages on a server
 * @acked:   version of the last acknowledged write, 0: zeros
 * @last:    version of the last write begun
 * @maybe:   versions of writes with unknown outcome
 * @nmaybe:  how many
 * @writing: a write is under way
 * @frozen:  a write was cancelled: no other before the server restarts
 */
struct sim_page {
	u32 acked;
	u32 last;
	u32 maybe[SIM_MAYBE];
	u8 nmaybe;
	bool writing;
	bool frozen;
};

/**
 * struct answer - a delivered request that a server has yet to answer
 * @slot: the engine's, NULL: entry unused
 * @sc:   the call it carries, NULL if it could not be told
 * @inc:  incarnation of the client that asked
 */
struct answer {
	struct rmp_slot *slot;
	struct scall *sc;
	u32 inc;
};

/**
 * struct link - a node's view of one other node
 * @sink:   the engine's way out; first, so that callbacks find the link
 * @s:      the simulation
 * @self:   whose view
 * @other:  of whom
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
 * @owed:   answers not given yet
 */
struct link {
	struct rmp_sink sink;
	struct sim *s;
	u8 self;
	u8 other;
	struct rmp_peer *peer;
	struct rmp_auth auth;
	const struct rmp_auth_in *in;
	struct rmp_flow flow[SIM_FLOWS];
	u32 opened;
	u64 armed;
	struct rmp_call *done[SIM_CALLS];
	u32 ndone;
	struct rmp_slot *slots[RMP_WINDOW];
	u32 nslots;
	bool blocked;
	bool draining;
	struct answer owed[RMP_WINDOW];
};

/**
 * struct node - a machine
 * @up:       it runs
 * @inc:      its incarnation; changes at each start
 * @skew:     its clock minus the simulation's
 * @mtu:      of its interface
 * @grant:    credit it gives to each peer
 * @budget:   pages of replies it asks for at most
 * @asked:    pages of replies asked for
 * @resume:   it stands still until then
 * @old:      it is of the first version, which has no features
 * @down:     its interface is down until then
 * @link:     by the other node's number
 * @ring:     with keys: the cluster's
 * @limit:    with keys: on handshakes
 * @key_step: how far it is with the change of keys: 0 old, 1 both, 2 new
 * @seen:     client: incarnation of each server that @page is about
 * @store:    server: pages by client and page number
 * @page:     client: knowledge by server and page number; outlives a crash
 * @version:  client: last version given out
 * @quota:    client: calls still to submit
 * @open:     client: calls under way
 * @depth:    client: most calls under way
 */
struct node {
	bool up;
	u32 inc;
	u64 skew;
	u32 mtu;
	u16 grant;
	u32 budget;
	u32 asked;
	u64 resume;
	bool old;
	u64 down;
	struct link *link[SIM_NODES];
	struct rmp_keyring ring;
	struct rmp_limit limit;
	u8 key_step;
	u32 seen[SIM_SERVERS];
	u8 *store[SIM_CLIENTS][SIM_PAGES];
	struct sim_page page[SIM_SERVERS][SIM_PAGES];
	u32 version;
	u32 quota;
	u32 open;
	u32 depth;
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
 * @defer:   a server answers later
 * @rush:    all calls of a client come at once
 * @cancel:  a call is cancelled or revoked some time after
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
	u32 defer;
	bool rush;
	u32 cancel;
	u32 replay;
	u64 delay;
};

enum ev_kind {
	EV_FRAME,
	EV_TIMER,
	EV_SUBMIT,
	EV_CANCEL,
	EV_UP,
	EV_ANSWER,
	EV_START,
	EV_ANNOUNCE,
	EV_KICK,
	EV_FAULT,
	EV_KEY,
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
 * struct sim - one run
 * @seed:    it all follows from
 * @rng:     state of the generator
 * @now:     virtual time, ns
 * @seq:     events made
 * @verbose: tell what happens
 * @hostile: damaged frames pass the tag check, and only memory is watched
 * @keyed:   frames are tagged with keys
 * @calm:    faults have stopped
 * @failed:  an oracle has spoken
 * @nc:      clients, nodes 0..
 * @ns:      servers, nodes SIM_CLIENTS..
 * @f:       misfortune
 * @end:     when faults stop
 * @node:    machines
 * @wire:    from, to
 * @heap:    events
 * @nheap:   how many
 * @heapcap: room
 * @calls:   all calls made
 * @ncalls:  how many
 * @execs:   executions counted, names each reply
 * @frames:  frames alive
 * @pkts:    received payloads alive
 * @bufs:    payloads to send alive
 * @inc:     last incarnation given out
 * @kept:    frames that somebody has recorded
 */
struct sim {
	u64 seed;
	u64 rng;
	u64 now;
	u64 seq;
	bool verbose;
	bool hostile;
	bool keyed;
	bool calm;
	bool failed;
	u8 nc;
	u8 ns;
	struct faults f;
	u64 end;
	struct node node[SIM_NODES];
	struct wire wire[SIM_NODES][SIM_NODES];
	struct event *heap;
	u32 nheap;
	u32 heapcap;
	struct scall *calls[SIM_CALLS];
	u32 ncalls;
	u64 execs;
	long frames;
	long pkts;
	long bufs;
	u32 inc;
	struct frame *kept[SIM_KEPT];
};

/* sim_util.c */
u64 sim_draw(struct sim *s);
u64 sim_below(struct sim *s, u64 n);
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
void pbuf_put(struct sim *s, struct pbuf *b);
void fill(u8 *to, u64 key, u32 len);
bool filled(const u8 *at, u64 key, u32 off, u32 len);
void asm_read(const struct rmp_asm *a, u8 *to);

/* sim_net.c */
void net_send(struct sim *s, u8 from, u8 to, const struct rmp_xmit *x);
void net_arrive(struct sim *s, struct event *ev);
const char *net_type(u8 type);

/* sim_node.c */
static inline bool is_server(u8 node)
{
	return node >= SIM_CLIENTS;
}

u64 node_id(u8 node);
int node_by_id(struct sim *s, u64 id);
u64 node_now(struct sim *s, u8 node);
void node_start(struct sim *s, u8 node);
void node_crash(struct sim *s, u8 node, bool polite);
void node_announce(struct sim *s, u8 node);
void node_bye(struct sim *s, u8 node, u64 until);
void node_back(struct sim *s, u8 node);
struct link *link_get(struct sim *s, u8 self, u8 other);
void link_forget(struct sim *s, u8 self, u8 other);
void link_close(struct sim *s, u8 self, u8 other);
void link_after(struct link *l, u32 events);
void link_timer(struct sim *s, struct event *ev);
void node_kick(struct sim *s, u8 self);

/* sim_auth.c */
void auth_plan(struct sim *s);
void auth_start(struct sim *s, u8 self);
void auth_step(struct sim *s, u8 self);
bool auth_seal(struct sim *s, u8 self, u8 other, struct frame *f, u16 plen);
bool auth_check(struct sim *s, u8 self, u8 other, const struct frame *f,
		const struct rmp_info *info, struct rmp_auth_in *in);
bool auth_good(struct link *l, const struct rmp_auth_in *in);
void auth_eavesdrop(struct sim *s, struct frame *f, u8 to);
void auth_end(struct sim *s);

/* sim_client.c */
void client_submit(struct sim *s, struct scall *want);
void client_next(struct sim *s, u8 client);
void client_done(struct link *l, struct rmp_call *call);
void client_cancel(struct sim *s, u8 client, u64 uid);
void client_end(struct sim *s);
void client_server_lost(struct sim *s, u8 client, u8 server);
u64 page_key(u8 client, u8 server, u32 page, u32 version);

/* sim_server.c */
void server_deliver(struct link *l, struct rmp_slot *slot);
void server_answer(struct sim *s, u8 server, u8 client, u64 index);
void server_orphans(struct link *l);
void server_wipe(struct sim *s, u8 server);

/* sim_fault.c */
void fault_plan(struct sim *s);
void fault_strike(struct sim *s);
void fault_end(struct sim *s);

#endif /* SIM_H */

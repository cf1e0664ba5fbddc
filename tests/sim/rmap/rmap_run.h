/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The run that tries RMAP: clients that read, write and ask for echoes, and
 * stand-ins for servers, with what each may expect of the other.
 */
#ifndef SIM_RMAP_H
#define SIM_RMAP_H

#include "../kit/kit.h"

enum {
	RUN_SERVERS	= 3,
	SIM_PAGES	= 64,		/* pages of a client on each server */
	SIM_MAYBE	= 8,
	SIM_CALLS	= SIM_DONE,
};

/* Events of this run. */
enum {
	EV_SUBMIT = EV_RUN,
	EV_CANCEL,
	EV_ANSWER,
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
 * struct rnode - what the run has of a machine
 * @seen:     client: incarnation of each server that @page is about
 * @store:    server: pages by client and page number
 * @page:     client: knowledge by server and page number; outlives a crash
 * @version:  client: last version given out
 * @quota:    client: calls still to submit
 * @open:     client: calls under way
 * @depth:    client: most calls under way
 * @owed:     server: answers not given yet, by asker
 */
struct rnode {
	u32 seen[SIM_SERVERS];
	u8 *store[SIM_CLIENTS][SIM_PAGES];
	struct sim_page page[SIM_SERVERS][SIM_PAGES];
	u32 version;
	u32 quota;
	u32 open;
	u32 depth;
	struct answer owed[SIM_NODES][RMP_WINDOW];
};

/**
 * struct rsim - one run
 * @s:       what the kit knows of; first
 * @defer:   chance that a server answers later, in 1/100000
 * @rush:    all calls of a client come at once
 * @oblivious: nodes forget each other all the time, and nothing else befalls them
 * @cancel:  chance that a call is cancelled or revoked some time after, in 1/100000
 * @node:    machines
 * @calls:   all calls made
 * @ncalls:  how many
 * @execs:   executions counted, names each reply
 */
struct rsim {
	struct sim s;
	u32 defer;
	bool rush;
	bool oblivious;
	u32 cancel;
	struct rnode node[SIM_NODES];
	struct scall *calls[SIM_CALLS];
	u32 ncalls;
	u64 execs;
};

static inline struct rsim *run_of(struct sim *s)
{
	return container_of(s, struct rsim, s);
}

/* rmap_client.c */
void client_submit(struct sim *s, struct scall *want);
void client_next(struct sim *s, u8 client);
void client_done(struct link *l, struct rmp_call *call);
void client_cancel(struct sim *s, u8 client, u64 uid);
void client_end(struct sim *s);
void client_server_lost(struct sim *s, u8 client, u8 server);
u64 page_key(u8 client, u8 server, u32 page, u32 version);

/* rmap_server.c */
void server_deliver(struct link *l, struct rmp_slot *slot);
void server_answer(struct sim *s, u8 server, u8 client, u64 index);
void server_orphans(struct link *l);
bool server_forget(struct link *l);
void server_wipe(struct sim *s, u8 server);

#endif /* SIM_RMAP_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An operation: one run of pages within one chunk, what it asks of servers (its
 * legs), and what becomes of it when they do not answer.
 *
 * Contract. Sans-IO: the caller serialises all calls on one chunk and its
 * operations. Each call may append operations to a todo list, with bits that
 * say what to do. The caller takes an operation off the list with
 * mx_todo_take(), which tells it what is to be done now, and carries that out;
 * all but MX_DO_PICK after the serialisation has been given up. The order is
 * that of the bits: PICK, FILL, VOID, SEND, WAIT, END, FREE.
 *
 * Life. From mx_op_submit() until MX_DO_FREE the object belongs to the engine.
 * MX_DO_END comes once; from then on nobody waits for the operation any more,
 * and its payload is the caller's again. MX_DO_FREE comes once, with END or
 * later, when no leg is open: the object is the caller's again.
 *
 * Legs. What is abandoned is a leg, never the operation. A leg that is given up
 * becomes a TOMB until its outcome is known, which MX_DO_VOID asks for. A tomb
 * with an effect keeps the operation's place among those on the chunk, so that
 * no newer one can be overtaken; except a placement's, whose server has no copy
 * that anybody reads: it is told to release the chunk if it took it. An outcome
 * that is not known never counts as not executed.
 */
#ifndef MX_OP_H
#define MX_OP_H

#include "mx_chunk.h"

enum mx_op_times {
	MX_PLACE_MS	= 3000,	/* a server that does not take a chunk by then
				 * is passed over; likewise one of several copies
				 */
	MX_BACKOFF_MS	= 10,	/* first pause, doubled up to MX_BACKOFF_MAX_MS */
	MX_BACKOFF_MAX_MS = 320,
};

/**
 * enum mx_op_kind - what an operation is for
 * @MX_KIND_READ:    give pages
 * @MX_KIND_WRITE:   whole pages, or all but the ends of the first and the last; see
 *                   also mx_op_zeros()
 * @MX_KIND_DISCARD: forget pages; one that empties the chunk gives it up. Of no
 *                   page at all: give up a chunk that is empty
 * @MX_KIND_FETCH:   learn which pages the servers have, if that is not known
 * @MX_KIND_UNPLACE: have a server release what it may have of the chunk; see
 *                   mx_op_unplace()
 */
enum mx_op_kind {
	MX_KIND_READ,
	MX_KIND_WRITE,
	MX_KIND_DISCARD,
	MX_KIND_FETCH,
	MX_KIND_UNPLACE,
};

/**
 * enum mx_op_owner - who waits for an operation
 * @MX_OWN_IO:      an I/O
 * @MX_OWN_CLUSTER: nobody: it is the cluster's own work, and has no deadline
 */
enum mx_op_owner {
	MX_OWN_IO,
	MX_OWN_CLUSTER,
};

/**
 * enum mx_op_where - its place on the chunk
 * @MX_OP_OUT:     none
 * @MX_OP_WAITING: in mx_chunk.waiting
 * @MX_OP_ACTIVE:  in mx_chunk.readers or .writers
 * @MX_OP_LEFT:    in mx_chunk.tombs: it excludes nobody
 */
enum mx_op_where {
	MX_OP_OUT,
	MX_OP_WAITING,
	MX_OP_ACTIVE,
	MX_OP_LEFT,
};

/**
 * enum mx_op_phase - what an operation is at while ACTIVE
 * @MX_OP_FETCH:  learning the chunk's bitmap
 * @MX_OP_EDGE:   reading the first or the last page of a write, to complete it
 * @MX_OP_PICK:   a placing write: servers are to be chosen
 * @MX_OP_MAIN:   the operation itself
 * @MX_OP_SETTLE: the members in sync store the next generation
 * @MX_OP_PAUSE:  waiting for mx_op_wake(), to start over
 * @MX_OP_SHUT:   decided; only tombs are left
 */
enum mx_op_phase {
	MX_OP_FETCH,
	MX_OP_EDGE,
	MX_OP_PICK,
	MX_OP_MAIN,
	MX_OP_SETTLE,
	MX_OP_PAUSE,
	MX_OP_SHUT,
};

/**
 * enum mx_leg_state - a request to one server
 * @MX_LEG_FREE: none
 * @MX_LEG_SENT: under way, or about to be sent
 * @MX_LEG_TOMB: given up; the outcome is not known
 * @MX_LEG_DONE: settled; mx_leg.verdict says how
 * @MX_LEG_REST: not executed; to be sent again by mx_op_tick()
 */
enum mx_leg_state {
	MX_LEG_FREE,
	MX_LEG_SENT,
	MX_LEG_TOMB,
	MX_LEG_DONE,
	MX_LEG_REST,
};

/**
 * enum mx_verdict - how a leg has ended
 * @MX_V_OK:      executed
 * @MX_V_FULL:    not executed: no room for the chunk
 * @MX_V_AGAIN:   not executed; may be asked again
 * @MX_V_NOCHUNK: not executed: the server does not have the chunk
 * @MX_V_NOVOL:   not executed: the server does not have the volume
 * @MX_V_STALE:   not executed: a higher claim has the volume
 * @MX_V_OLDGEN:  not executed: the server has stored a newer generation
 * @MX_V_GONE:    the server has restarted: what it held is gone
 * @MX_V_VOID:    never executed, and never will be (rmp_revoke, rmp_cancel)
 * @MX_V_DOUBT:   will not be executed any more, but may have been
 * @MX_V_BAD:     refused as senseless, or the answer makes no sense
 * @MX_V_OVER:    whatever it was: the volume is going away
 */
enum mx_verdict {
	MX_V_OK,
	MX_V_FULL,
	MX_V_AGAIN,
	MX_V_NOCHUNK,
	MX_V_NOVOL,
	MX_V_STALE,
	MX_V_OLDGEN,
	MX_V_GONE,
	MX_V_VOID,
	MX_V_DOUBT,
	MX_V_BAD,
	MX_V_OVER,
};

/**
 * struct mx_result - what a leg has brought
 * @verdict: enum mx_verdict
 * @mask:    READ, OK: pages in the answer, lowest bit first
 * @gen:     OLDGEN: the generation that the server has stored
 */
struct mx_result {
	u8	verdict;
	u32	mask;
	u32	gen;
};

/**
 * struct mx_leg - what is asked of one server
 * @inc:     the server's life when it was chosen
 * @era:     likewise
 * @gen:     generation sent with it
 * @first:   first page it is about, counted from the chunk's start
 * @n:       pages
 * @sent_ms: when it was decided
 * @server:  index
 * @state:   enum mx_leg_state
 * @ask:     enum mx_op_code
 * @flags:   MX_F_PLACE: with WRITE; MX_F_RELEASE: with DISCARD
 * @verdict: enum mx_verdict if DONE
 * @unplace: it takes back a placement that was given up
 * @gens:    the server checks generations
 */
struct mx_leg {
	u32	inc;
	u32	era;
	u32	gen;
	u32	first;
	u32	n;
	u64	sent_ms;
	u8	server;
	u8	state;
	u8	ask;
	u8	flags;
	u8	verdict;
	bool	unplace;
	bool	gens;
};

/**
 * enum mx_do - bits: what is to be done with an operation
 * @MX_DO_PICK: choose mx_op.want servers for the chunk, none in mx_op.tried or
 *              mx_chunk.avoid; then mx_op_picked(), without giving up the
 *              serialisation in between
 * @MX_DO_FILL: a page in mx_op.fill is incomplete, and the rest of it is zeros:
 *              bit 0 the first page, bit 1 the last
 * @MX_DO_VOID: legs in mx_todo_item.legs_void: find out how they end. With an
 *              effect (mx_leg.ask is WRITE, DISCARD, SETGEN): revoke; without:
 *              cancel. It may come more than once for a leg
 * @MX_DO_SEND: legs in mx_todo_item.legs_send: send what mx_op_ask() says
 * @MX_DO_WAIT: call mx_op_wake() in mx_op.wait_ms
 * @MX_DO_END:  tell the owner: mx_op.err. A READ that went well has mx_op.give
 *              (pages of it that are in the answer of leg mx_op.from; the
 *              others are zeros) and mx_op.mask (pages in that answer)
 * @MX_DO_FREE: the object is the caller's again
 */
enum mx_do {
	MX_DO_PICK	= 0x01,
	MX_DO_FILL	= 0x02,
	MX_DO_VOID	= 0x04,
	MX_DO_SEND	= 0x08,
	MX_DO_WAIT	= 0x10,
	MX_DO_END	= 0x20,
	MX_DO_FREE	= 0x40,
};

/**
 * struct mx_op - an operation
 * @link:     in one of the chunk's lists
 * @todo:     in a todo list
 * @began_ms: when its I/O was submitted; the deadline counts from there
 * @tried:    bit per server that has declined the chunk or was passed over
 * @did:      bit per server that has written or discarded the pages
 * @asked:    bit per server of the present home that was asked to
 * @first:    first page, counted from the chunk's start
 * @n:        pages, at most MX_OP_PAGES but for DISCARD
 * @behind:   WAITING: older operations that are in its way; 0 otherwise
 * @gen:      SETTLE: the generation that is being stored
 * @give:     result of a READ, see MX_DO_END
 * @mask:     likewise
 * @wait_ms:  see MX_DO_WAIT
 * @err:      result: 0, -EIO, -ENOSPC or -ESTALE
 * @kind:     enum mx_op_kind
 * @owner:    enum mx_op_owner
 * @where:    enum mx_op_where
 * @phase:    enum mx_op_phase
 * @edges:    WRITE: pages that are incomplete: bit 0 the first, bit 1 the last
 * @fill:     see MX_DO_FILL
 * @from:     READ: leg that has the answer
 * @want:     see MX_DO_PICK
 * @nlegs:    legs that may be used; MX_COPIES_MAX from mx_op_init() on, the caller
 *            may set it lower before it submits
 * @tries:    pauses so far, for back-off
 * @bits:     enum mx_do, not taken off the todo list yet
 * @send:     legs for MX_DO_SEND, a bit each
 * @drop:     legs for MX_DO_VOID, a bit each
 * @zeros:    WRITE: it brings nothing but zeros
 * @keep:     @zeros: the chunk keeps its place, even if it becomes empty
 * @frees:    @zeros: it is carried out as a discard, this time
 * @mixed:    @zeros: copies have executed it in one way, and are asked in the other
 * @whole:    a discard that empties the chunk: sent as a release
 * @alone:    it has begun as one, and excludes all others until it leaves
 * @ended:    MX_DO_END has been queued
 * @done:     the pages have been written or discarded; SETTLE comes before END
 * @later:    placing: some server may take the chunk later
 * @fenced:   placing: some server says that a higher claim is in force
 * @over:     placing: the volume is going away
 * @leg:      legs
 */
struct mx_op {
	struct list_head link;
	struct list_head todo;
	u64	began_ms;
	u64	tried;
	u64	did;
	u64	asked;
	u32	first;
	u32	n;
	u32	behind;
	u32	gen;
	u32	give;
	u32	mask;
	u32	wait_ms;
	int	err;
	u8	kind;
	u8	owner;
	u8	where;
	u8	phase;
	u8	edges;
	u8	fill;
	u8	from;
	u8	want;
	u8	nlegs;
	u8	tries;
	u8	bits;
	u8	send;
	u8	drop;
	bool	zeros;
	bool	keep;
	bool	frees;
	bool	mixed;
	bool	whole;
	bool	alone;
	bool	ended;
	bool	done;
	bool	later;
	bool	fenced;
	bool	over;
	struct mx_leg leg[MX_COPIES_MAX];
};

/** struct mx_todo - operations for which something is to be done. @ops: them */
struct mx_todo {
	struct list_head ops;
};

/**
 * struct mx_todo_item - one of them, taken off the list
 * @op:        operation
 * @bits:      enum mx_do
 * @legs_send: legs to send, a bit each
 * @legs_void: legs to find out about, a bit each
 */
struct mx_todo_item {
	struct mx_op *op;
	u8	bits;
	u8	legs_send;
	u8	legs_void;
};

static inline void mx_todo_init(struct mx_todo *todo)
{
	INIT_LIST_HEAD(&todo->ops);
}

/** mx_todo_take() - the next operation. Return: false: there is none */
bool mx_todo_take(struct mx_todo *todo, struct mx_todo_item *item);

/**
 * mx_op_init() - a new operation, or one that had been freed
 * @edges: WRITE: incomplete pages, see mx_op.edges; 0 otherwise
 * @now_ms: when its I/O was submitted
 */
void mx_op_init(struct mx_op *op, u8 kind, u8 owner, u32 first, u32 n,
		u8 edges, u64 now_ms);

/**
 * mx_op_zeros() - a WRITE brings nothing but zeros; before it is submitted
 * @keep: the chunk is not to be given up by it, so that later writes have room there
 *
 * The engine has servers forget such pages, or does nothing where none is stored.
 * Other than what is discarded, they read as zeros once END has come without an
 * error, for the next owner too. Where that is not certain they are written like
 * others; so it needs its payload.
 */
static inline void mx_op_zeros(struct mx_op *op, bool keep)
{
	op->zeros = true;
	op->keep = keep;
}

/** mx_op_submit() - begin it, or let it wait for its turn */
void mx_op_submit(struct mx_chunk *c, struct mx_op *op,
		  const struct mx_env *env, struct mx_todo *todo);

/** mx_op_unplace() - begin a MX_KIND_UNPLACE: @server may have the chunk of
 * generation @gen or below, which nobody wants
 */
void mx_op_unplace(struct mx_chunk *c, struct mx_op *op, u8 server, u32 gen,
		   const struct mx_env *env, struct mx_todo *todo);

/** mx_op_unplace_left() - begin a MX_KIND_UNPLACE for mx_chunk_left(). Due after
 * the life of a server has changed. Return: whether there was one
 */
bool mx_op_unplace_left(struct mx_chunk *c, struct mx_op *op,
			const struct mx_env *env, struct mx_todo *todo);

/**
 * mx_op_picked() - MX_DO_PICK was carried out
 * @server: indices of servers
 * @n:      how many; fewer than asked for: there are no more
 * @later:  more may be there later
 */
void mx_op_picked(struct mx_chunk *c, struct mx_op *op, const u8 *server, u32 n,
		  bool later, const struct mx_env *env, struct mx_todo *todo);

/** mx_op_leg() - leg @i has ended. The pages of an edge that were in its answer
 * have been filled in, the bitmap of a fetch has been learned
 */
void mx_op_leg(struct mx_chunk *c, struct mx_op *op, u32 i,
	       const struct mx_result *res, const struct mx_env *env,
	       struct mx_todo *todo);

/** mx_op_wake() - the pause is over. May be called at any time */
void mx_op_wake(struct mx_chunk *c, struct mx_op *op, const struct mx_env *env,
		struct mx_todo *todo);

/** mx_op_give_up() - its owner goes away: END comes at once, if it has not. All
 * legs that are SENT have been sent
 */
void mx_op_give_up(struct mx_chunk *c, struct mx_op *op, int err,
		   const struct mx_env *env, struct mx_todo *todo);

/** mx_op_awaited() - is there an operation whose I/O has not been told? */
bool mx_op_awaited(const struct mx_chunk *c);

/** mx_op_advance() - the chunk was changed from outside: start what can start */
void mx_op_advance(struct mx_chunk *c, const struct mx_env *env,
		   struct mx_todo *todo);

/**
 * mx_op_tick() - look at all operations on a chunk for deadlines, and for legs
 * that are better asked elsewhere
 * @sent:   may an operation be acted on? It must have sent all legs that are
 *          SENT; those that have not are left for later
 * @budget: operations acted on at most
 *
 * Return: whether there may be more to do at once.
 */
bool mx_op_tick(struct mx_chunk *c, bool (*sent)(const struct mx_op *op),
		u32 budget, const struct mx_env *env, struct mx_todo *todo);

/**
 * mx_op_abandon() - give up operations of I/Os, see mx_op_give_up()
 * @all: those of the cluster too
 *
 * Other parameters and result: as mx_op_tick().
 */
bool mx_op_abandon(struct mx_chunk *c, bool (*sent)(const struct mx_op *op),
		   u32 budget, bool all, const struct mx_env *env,
		   struct mx_todo *todo);

/** mx_op_void_all() - the volume goes away: MX_DO_VOID for all open legs, which
 * end with MX_V_OVER. To be repeated until no operation is left
 */
void mx_op_void_all(struct mx_chunk *c, struct mx_todo *todo);

/** mx_op_open() - Return: legs that are SENT or TOMB, a bit each */
u32 mx_op_open(const struct mx_op *op);

/**
 * mx_op_ask() - the request of a leg
 * @ask: result; its page counts from the chunk's start, the volume's flags
 *       (MX_F_SEALED) are not in it, and a server without generations is sent
 *       neither gen nor MX_F_PLACE
 */
void mx_op_ask(const struct mx_chunk *c, const struct mx_op *op, u32 i,
	       struct mx_ask *ask);

/** mx_op_setting() - SETTLE: who is in sync in mx_op.gen
 * @leg: result: their legs, which have server and incarnation
 *
 * Return: how many.
 */
u32 mx_op_setting(const struct mx_op *op, u8 leg[MX_COPIES_MAX]);

/** mx_op_edge_page() - EDGE: page that is read, counted from the operation's first */
u32 mx_op_edge_page(const struct mx_op *op);

#endif /* MX_OP_H */

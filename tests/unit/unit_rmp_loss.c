// SPDX-License-Identifier: GPL-2.0
/*
 * How much of the rate a lossy path leaves, and what is sent again for it: a
 * client and a server on 10 Gb/s with 20 us each way, in virtual time.
 */
#include "mxtest.h"
#include "engine/rmp_run.h"

enum {
	DEPTH	 = 32,		/* calls at once */
	RING	 = 4096,	/* frames on the way in one direction */
	DELAY_NS = 20000,
	RUN_MS	 = 400,
};

/**
 * struct shape - what is asked
 * @out:   bytes of a request
 * @back:  bytes of a reply
 * @depth: calls at once
 */
struct shape {
	u32 out;
	u32 back;
	u32 depth;
};

/**
 * struct flight - a frame on the way
 * @at:   when it arrives, ns
 * @len:  bytes behind the header
 * @hdr:  its header
 */
struct flight {
	u64 at;
	u32 len;
	struct rmp_hdr hdr;
};

/**
 * struct end - one of the two nodes
 * @sink:  first, so that callbacks find the end
 * @p:     the engine's object of the other one
 * @w:     the world
 * @to:    the other one
 * @in:    frames on the way to it, a ring
 * @first: next to arrive
 * @last:  where the next one goes
 * @free:  when the wire towards the other one is free again, ns
 * @due:   requests to answer
 * @ndue:  how many
 * @ended: calls to submit again
 * @nended: how many
 */
struct end {
	struct rmp_sink sink;
	struct rmp_peer *p;
	struct world *w;
	struct end *to;
	struct flight *in;
	u32 first;
	u32 last;
	u64 free;
	struct rmp_slot *due[RMP_WINDOW];
	u32 ndue;
	struct rmp_call *ended[DEPTH];
	u32 nended;
};

/**
 * struct world - a run
 * @shape:   what is asked
 * @now:     virtual time, ns
 * @rng:     state of the generator
 * @loss:    frames lost, of 10,000
 * @lost:    frames lost so far
 * @done:    calls answered
 * @client:  asks
 * @server:  answers
 * @call:    the calls
 */
struct world {
	const struct shape *shape;
	u64 now;
	u64 rng;
	u32 loss;
	u64 lost;
	u64 done;
	struct end client;
	struct end server;
	struct rmp_call call[DEPTH];
};

static u32 draw(struct world *w, u32 n)
{
	w->rng = w->rng * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)((w->rng >> 33) % n);
}

static void on_xmit(struct rmp_sink *sink, const struct rmp_xmit *x)
{
	struct end *e = (struct end *)sink;
	struct world *w = e->w;
	u32 len = x->len + x->pad;
	struct flight *f;

	e->free = max(e->free, w->now) + (RMP_HDR_LEN + len + 38) * 8 / 10;
	if (draw(w, 10000) < w->loss) {
		w->lost++;
		return;
	}
	f = &e->to->in[e->to->last++ % RING];
	assert_true(e->to->last - e->to->first < RING);
	*f = (struct flight){ .at = e->free + DELAY_NS, .len = len, .hdr = *x->hdr };
}

static void on_deliver(struct rmp_sink *sink, struct rmp_slot *slot)
{
	struct end *e = (struct end *)sink;

	e->due[e->ndue++] = slot;
}

static void on_done(struct rmp_sink *sink, struct rmp_call *call)
{
	struct end *e = (struct end *)sink;

	assert_int_equal(call->status, 0);
	e->ended[e->nended++] = call;
}

static void on_free(struct rmp_sink *sink, void *handle)
{
}

static bool on_reserve(struct rmp_sink *sink, u16 pages)
{
	return true;
}

static void on_unreserve(struct rmp_sink *sink, u16 pages)
{
}

static bool on_hold(struct rmp_sink *sink, u32 held, u16 pages)
{
	return true;
}

static void on_unhold(struct rmp_sink *sink, u16 pages)
{
}

static void end_init(struct world *w, struct end *e, struct end *to, u64 node)
{
	struct rmp_peer_cfg cfg = {
		.node = 3 - node, .self_node = node, .self_inc = 10 + node,
		.mtu = 1500, .grant = 512,
	};

	e->sink = (struct rmp_sink){ on_xmit, on_deliver, on_done, on_free,
				     on_free, on_reserve, on_unreserve,
				     on_hold, on_unhold };
	e->w = w;
	e->to = to;
	e->p = calloc(1, sizeof(*e->p));
	e->in = calloc(RING, sizeof(*e->in));
	rmp_peer_init(e->p, &cfg);
}

/* What the engine has asked for while it ran. */
static void end_after(struct end *e)
{
	static const u8 head[RMP_HEAD_LEN];
	struct world *w = e->w;
	struct rmp_call *call;

	while (e->ndue)
		rmp_peer_reply(e->p, e->due[--e->ndue], head, w,
			       w->shape->back, w->now, &e->sink);
	while (e->nended) {
		call = e->ended[--e->nended];
		w->done++;
		rmp_peer_call(e->p, call, w->now, &e->sink);
	}
}

static u64 end_next(const struct end *e)
{
	u64 at = rmp_peer_deadline(e->p);

	if (e->first != e->last)
		at = min(at, e->in[e->first % RING].at);
	return at;
}

static void end_run(struct end *e)
{
	struct world *w = e->w;
	struct rmp_frame rf = { .pkt = w };
	struct flight *f = &e->in[e->first % RING];

	if (e->first != e->last && f->at <= w->now) {
		e->first++;
		assert_int_equal(rmp_decode(&f->hdr, RMP_HDR_LEN + f->len,
					    &rf.info), 0);
		rmp_peer_rx(e->p, &rf, w->now, &e->sink);
	}
	if (rmp_peer_deadline(e->p) <= w->now)
		rmp_peer_timer(e->p, w->now, &e->sink);
	end_after(e);
}

/* With so many of 10,000 frames lost. */
static struct world *run(const struct shape *shape, u32 loss)
{
	struct world *w = calloc(1, sizeof(*w));
	u64 end;
	u32 i;

	w->shape = shape;
	w->now = RMP_MS(1000);
	w->rng = 7;
	w->loss = loss;
	end_init(w, &w->client, &w->server, 1);
	end_init(w, &w->server, &w->client, 2);
	for (i = 0; i < shape->depth; i++) {
		w->call[i].len = shape->out;
		w->call[i].buf = w;
		w->call[i].max_reply = shape->back;
		rmp_peer_call(w->client.p, &w->call[i], w->now, &w->client.sink);
	}
	end = w->now + RMP_MS(RUN_MS);
	while (w->now < end) {
		w->now = max(w->now, min(end_next(&w->client),
					 end_next(&w->server)));
		end_run(&w->client);
		end_run(&w->server);
	}
	return w;
}

static u64 resent(const struct world *w)
{
	return w->client.p->stat[RMP_S_RETRANS] + w->server.p->stat[RMP_S_RETRANS];
}

static void world_free(struct world *w)
{
	free(w->client.p);
	free(w->server.p);
	free(w->client.in);
	free(w->server.in);
	free(w);
}

/* @least: of the rate without loss, in hundredths. */
static void expect(const struct shape *shape, u32 loss, u32 least)
{
	struct world *none = run(shape, 0), *some = run(shape, loss);

	print_message("%u/10000 lost: %lu of %lu calls, %lu resent for %lu lost, %lu time-outs %lu fast retransmits\n",
		      loss, some->done, none->done, resent(some), some->lost,
		      some->client.p->stat[RMP_S_TIMEOUTS],
		      some->client.p->stat[RMP_S_FAST_RETRANS]);
	assert_int_equal(resent(none), 0);
	assert_true(some->done * 100 >= none->done * least);
	assert_true(resent(some) <= 2 * some->lost);
	world_free(none);
	world_free(some);
}

static const struct shape reads = { 0, RMP_PAGE, 32 };
static const struct shape writes = { RMP_PAGE, 0, 32 };
static const struct shape long_reads = { 0, RMP_PAGE * RMP_MSG_PAGES, 4 };
static const struct shape long_writes = { RMP_PAGE * RMP_MSG_PAGES, 0, 4 };

static void rmp_loss__one_in_a_thousand(void **state)
{
	expect(&reads, 10, 95);
	expect(&writes, 10, 95);
	expect(&long_reads, 10, 60);
	expect(&long_writes, 10, 45);
}

static void rmp_loss__one_in_a_hundred(void **state)
{
	expect(&reads, 100, 90);
	expect(&writes, 100, 90);
	/* Two of three such calls lose a fragment: the window is at its least. */
	expect(&long_reads, 100, 10);
	expect(&long_writes, 100, 10);
}

static void rmp_loss__one_in_twenty(void **state)
{
	expect(&reads, 500, 60);
	expect(&writes, 500, 60);
	expect(&long_reads, 500, 1);
	expect(&long_writes, 500, 1);
}

static void rmp_loss__one_in_five(void **state)
{
	expect(&reads, 2000, 1);
	expect(&writes, 2000, 1);
	expect(&long_reads, 2000, 0);
	expect(&long_writes, 2000, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_loss__one_in_a_thousand),
		MXT(rmp_loss__one_in_a_hundred),
		MXT(rmp_loss__one_in_twenty),
		MXT(rmp_loss__one_in_five),
	};

	return MXT_RUN(tests);
}

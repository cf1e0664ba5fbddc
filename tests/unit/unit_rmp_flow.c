// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_flow.c: whose turn it is.
 */
#include "rmp_rig.h"

enum { CALLS = 400 };

/**
 * struct line - calls that wait in flows of a peer
 * @p:    the peer
 * @flow: volumes
 * @call: theirs, flow i's at i * CALLS
 */
struct line {
	struct rmp_peer p;
	struct rmp_flow flow[3];
	struct rmp_call call[3 * CALLS];
};

static struct line *line_new(void)
{
	struct line *l = calloc(1, sizeof(*l));
	int i;

	INIT_LIST_HEAD(&l->p.req.flows);
	rmp_flow_init(&l->p.req.flow, 1);
	for (i = 0; i < 3; i++)
		rmp_flow_init(&l->flow[i], 1);
	return l;
}

static void line_add(struct line *l, int flow, int i, u32 len, u32 max_reply)
{
	struct rmp_call *call = &l->call[flow * CALLS + i];

	call->flow = &l->flow[flow];
	call->len = len;
	call->max_reply = max_reply;
	rmp_flow_add(&l->p, call);
}

static void line_free(struct line *l)
{
	struct rmp_call *call;

	while ((call = rmp_flow_any(&l->p)))
		rmp_flow_remove(&l->p, call);
	assert_int_equal(l->p.req.nwaiting, 0);
	assert_true(list_empty(&l->p.req.flows));
	free(l);
}

static int flow_of(struct line *l, const struct rmp_call *call)
{
	return call->flow - l->flow;
}

/* Sends until @pages have been; @got: pages by flow. */
static void serve(struct line *l, u32 pages, u32 *got)
{
	u32 sent = 0;

	memset(got, 0, 3 * sizeof(*got));
	while (sent < pages) {
		struct rmp_call *call = rmp_flow_next(&l->p);

		assert_non_null(call);
		/* Asking twice changes nothing. */
		assert_ptr_equal(rmp_flow_next(&l->p), call);
		got[flow_of(l, call)] += call->cost;
		sent += call->cost;
		rmp_flow_take(&l->p, call);
	}
}

static void rmp_flow_next__nothing(void **state)
{
	struct line *l = line_new();

	assert_null(rmp_flow_next(&l->p));
	line_free(l);
}

static void rmp_flow_next__one_flow_in_order(void **state)
{
	struct line *l = line_new();
	int i;

	for (i = 0; i < 50; i++)
		line_add(l, 1, i, 0, (1 + i % 32) * RMP_PAGE);
	for (i = 0; i < 50; i++) {
		struct rmp_call *call = rmp_flow_next(&l->p);

		assert_ptr_equal(call, &l->call[CALLS + i]);
		rmp_flow_take(&l->p, call);
	}
	assert_null(rmp_flow_next(&l->p));
	line_free(l);
}

static void rmp_flow_next__a_call_without_payload_costs_a_page(void **state)
{
	struct line *l = line_new();

	line_add(l, 0, 0, 0, 0);
	assert_int_equal(rmp_flow_next(&l->p)->cost, 1);
	line_free(l);
}

static void rmp_flow_next__shares_by_weight(void **state)
{
	struct line *l = line_new();
	u32 got[3];
	int i;

	rmp_flow_set_weight(&l->flow[1], 4);
	for (i = 0; i < CALLS; i++) {
		line_add(l, 0, i, 0, RMP_PAGE);
		line_add(l, 1, i, 0, RMP_PAGE);
	}
	serve(l, 400, got);
	assert_in_range(got[1], 4 * got[0] - 20, 4 * got[0] + 20);
	line_free(l);
}

/* It is pages that are shared, not calls. */
static void rmp_flow_next__shares_pages(void **state)
{
	struct line *l = line_new();
	u32 got[3];
	int i;

	for (i = 0; i < CALLS; i++) {
		line_add(l, 0, i, 0, RMP_PAGE);
		line_add(l, 1, i, 0, 32 * RMP_PAGE);
		line_add(l, 2, i, 5 * RMP_PAGE, 0);
	}
	serve(l, 600, got);
	assert_in_range(got[0], 200 - 32, 200 + 32);
	assert_in_range(got[1], 200 - 32, 200 + 32);
	assert_in_range(got[2], 200 - 32, 200 + 32);
	line_free(l);
}

/* Who had nothing to send for long has not saved anything up. */
static void rmp_flow_next__no_savings(void **state)
{
	struct line *l = line_new();
	u32 got[3];
	int i;

	for (i = 0; i < CALLS; i++)
		line_add(l, 0, i, 0, RMP_PAGE);
	line_add(l, 1, 0, 0, RMP_PAGE);
	serve(l, 200, got);
	assert_int_equal(got[1], 1);
	for (i = 1; i < 200; i++)
		line_add(l, 1, i, 0, RMP_PAGE);
	serve(l, 100, got);
	assert_in_range(got[1], 45, 55);
	line_free(l);
}

static void rmp_flow_next__reads_pass_writes(void **state)
{
	struct line *l = line_new();
	u32 reads = 0, writes = 0;
	int i;

	for (i = 0; i < 40; i++)
		line_add(l, 0, i, RMP_PAGE, 0);
	for (i = 40; i < 80; i++)
		line_add(l, 0, i, 0, RMP_PAGE);
	for (i = 0; i < 45; i++) {
		struct rmp_call *call = rmp_flow_next(&l->p);

		*(call->len ? &writes : &reads) += 1;
		rmp_flow_take(&l->p, call);
	}
	assert_int_equal(reads, 40);
	assert_int_equal(writes, 5);	/* but never wait for ever */
	line_free(l);
}

static void rmp_flow_remove__from_the_middle(void **state)
{
	struct line *l = line_new();
	int i;

	for (i = 0; i < 3; i++)
		line_add(l, 0, i, 0, RMP_PAGE);
	rmp_flow_remove(&l->p, &l->call[1]);
	rmp_flow_take(&l->p, rmp_flow_next(&l->p));
	assert_ptr_equal(rmp_flow_next(&l->p), &l->call[2]);
	assert_int_equal(l->p.req.nwaiting, 1);
	line_free(l);
}

static void rmp_flow_init__keeps_weights_in_range(void **state)
{
	struct rmp_flow flow;

	rmp_flow_init(&flow, 0);
	assert_int_equal(flow.weight, 1);
	rmp_flow_set_weight(&flow, 1000);
	assert_int_equal(flow.weight, RMP_WEIGHT_MAX);
}

/* Asking for more than the node can take in waits, and goes on when kicked. */
static void rmp_peer_kick__after_no_room(void **state)
{
	struct rig *rig = rig_up(9000);
	struct rmp_call *a, *b;

	rig->room = 40;
	a = rig_call(rig, 0, 32 * RMP_PAGE);
	rig->p->req.cwnd = 1000;
	b = rig_call(rig, 0, 32 * RMP_PAGE);
	assert_int_equal(a->state, RMP_CALL_SENT);
	assert_int_equal(b->state, RMP_CALL_WAITING);
	rmp_peer_kick(rig->p, rig->now, &rig->sink);
	assert_int_equal(b->state, RMP_CALL_WAITING);
	rig->room = 100;
	rmp_peer_kick(rig->p, rig->now, &rig->sink);
	assert_int_equal(b->state, RMP_CALL_SENT);
	assert_int_equal(rig->asked, 64);
	/* What times out is not expected any more. */
	rig->now += RMP_MS(150);
	rig_timer(rig);
	assert_int_equal(rig->asked, 0);
	rmp_peer_cancel(rig->p, a, rig->now, &rig->sink);
	rmp_peer_cancel(rig->p, b, rig->now, &rig->sink);
	rig_call_free(rig, a);
	rig_call_free(rig, b);
	rig_free(rig);
}

/* A server that has gone down holds no room, though its calls stay open. */
static void rmp_requester_down__gives_room_back(void **state)
{
	struct rig *rig = rig_up(9000);
	struct rmp_call *call = rig_call(rig, 0, 32 * RMP_PAGE);
	struct rmp_frame f = rig_frame(RMP_T_RESET);

	assert_int_equal(rig->asked, 32);
	rig->now += RMP_MS(1);
	f.info.echo = rig_stamp(rig);
	rig_rx(rig, f);
	assert_int_equal(rig->p->ses.state, RMP_PEER_HELLO);
	assert_int_equal(call->state, RMP_CALL_SENT);
	assert_int_equal(rig->asked, 0);
	rmp_peer_cancel(rig->p, call, rig->now, &rig->sink);
	rig_call_free(rig, call);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_flow_next__nothing),
		MXT(rmp_flow_next__one_flow_in_order),
		MXT(rmp_flow_next__a_call_without_payload_costs_a_page),
		MXT(rmp_flow_next__shares_by_weight),
		MXT(rmp_flow_next__shares_pages),
		MXT(rmp_flow_next__no_savings),
		MXT(rmp_flow_next__reads_pass_writes),
		MXT(rmp_flow_remove__from_the_middle),
		MXT(rmp_flow_init__keeps_weights_in_range),
		MXT(rmp_peer_kick__after_no_room),
		MXT(rmp_requester_down__gives_room_back),
	};

	return MXT_RUN(tests);
}

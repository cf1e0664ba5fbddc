// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_responder.c: reassembly, execution at most once, replies
 * kept for as long as they may be asked for.
 */
#include "rmp_rig.h"

static const u8 head[RMP_HEAD_LEN] = { 1, 2, 3 };

static void answer(struct rig *rig, void *buf, u32 len)
{
	rmp_peer_reply(rig->p, rig->slot, head, buf, len, rig->now, &rig->sink);
}

static void rmp_responder_req__single_fragment(void **state)
{
	struct rig *rig = rig_up(1500);

	assert_true(rig_req(rig, RIG_ID, 100, 1376, 0) & RMP_EV_KEPT);
	assert_int_equal(rig->ndelivered, 1);
	assert_int_equal(rig->slot->req.len, 100);
	assert_int_equal(rig->nsent, 0);
	answer(rig, rig, 4096);
	assert_int_equal(rig->nsent, 3);
	assert_int_equal(rig->sent[0].info.type, RMP_T_REP);
	assert_int_equal(rig->sent[0].info.echo, 900);
	assert_int_equal(rig->sent[0].info.credit, 77);
	assert_int_equal(rig->sent[2].off, 2752);
	assert_memory_equal(rig->sent[0].info.head, head, RMP_HEAD_LEN);
	assert_int_equal(rig->pkts, 0);
	rig_free(rig);
}

static void rmp_responder_req__empty_keeps_nothing(void **state)
{
	struct rig *rig = rig_up(1500);

	assert_false(rig_req(rig, RIG_ID, 0, 1376, 0) & RMP_EV_KEPT);
	assert_int_equal(rig->ndelivered, 1);
	answer(rig, NULL, 0);
	assert_int_equal(rig->nsent, 1);
	rig_free(rig);
}

static void rmp_responder_req__hole_is_acked_after_last(void **state)
{
	struct rig *rig = rig_up(1500);
	u64 have[2];

	rig_req(rig, RIG_ID, 4096, 1376, 0);
	assert_int_equal(rig->nsent, 0);
	rig_req(rig, RIG_ID, 4096, 1376, 2);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->type, RMP_T_ACK);
	assert_int_equal(rig_last(rig)->flags, 0);
	rmp_bitmap_get(rig_last(rig)->head, have);
	assert_int_equal(have[0], 5);
	rig_req(rig, RIG_ID, 4096, 1376, 1);
	assert_int_equal(rig->ndelivered, 1);
	assert_int_equal(rig->pkts, 3);
	rig_free(rig);
}

static void rmp_responder_req__repeated_fragment_is_not_kept(void **state)
{
	struct rig *rig = rig_up(1500);

	rig_req(rig, RIG_ID, 4096, 1376, 0);
	assert_false(rig_req(rig, RIG_ID, 4096, 1376, 0) & RMP_EV_KEPT);
	assert_int_equal(rig->p->stat[RMP_S_RX_DUP], 1);
	assert_int_equal(rig->pkts, 1);
	rig_free(rig);
}

static void rmp_responder_req__repeat_while_executing(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f = rig_fragment(RMP_T_REQ, RIG_ID, 4096, 1376, 2);

	rig_req(rig, RIG_ID, 4096, 1376, 0);
	rig_req(rig, RIG_ID, 4096, 1376, 1);
	rig_rx(rig, f);
	assert_int_equal(rig->ndelivered, 1);
	/* A repeated fragment of many asks for nothing, unless it says so. */
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 0);
	f.info.flags = RMP_F_WANT_ACK;
	rig_rx(rig, f);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->flags, RMP_F_PENDING);
	assert_int_equal(rig->ndelivered, 1);
	rig_free(rig);
}

static void rmp_responder_req__repeat_when_answered(void **state)
{
	struct rig *rig = rig_up(1500);

	rig_req(rig, RIG_ID, 10, 1376, 0);
	answer(rig, rig, 4096);
	rig_forget(rig);
	rig_req(rig, RIG_ID, 10, 1376, 0);
	assert_int_equal(rig->nsent, 0);
	rig->now += RMP_REREPLY_GAP_NS;
	rig_req(rig, RIG_ID, 10, 1376, 0);
	assert_int_equal(rig->nsent, 3);
	rig_req(rig, RIG_ID, 10, 1376, 0);
	assert_int_equal(rig->nsent, 3);
	assert_int_equal(rig->ndelivered, 1);
	rig_free(rig);
}

static void rmp_responder_base__back_frees_replies(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f;

	rig_req(rig, RIG_ID, 10, 1376, 0);
	answer(rig, rig, 10);
	f = rig_fragment(RMP_T_REQ, RIG_ID + 1, 10, 1376, 0);
	f.info.back = 1;
	rig_rx(rig, f);
	assert_int_equal(rig->bufs, 0);
	f = rig_fragment(RMP_T_REQ, RIG_ID + 2, 10, 1376, 0);
	f.info.back = 1;
	rig_rx(rig, f);
	assert_int_equal(rig->bufs, 1);
	assert_int_equal(rig->p->rsp.base, RIG_ID + 1);
	/* The freed id must not run again. */
	rig_req(rig, RIG_ID, 10, 1376, 0);
	assert_int_equal(rig->ndelivered, 3);
	assert_int_equal(rig->p->stat[RMP_S_RX_OLD], 1);
	rig_free(rig);
}

static void rmp_responder_req__window_edges(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f;

	f = rig_fragment(RMP_T_REQ, RIG_ID + 127, 10, 1376, 0);
	f.info.back = 127;
	rig_rx(rig, f);
	assert_int_equal(rig->ndelivered, 1);
	/* The decoder lets no back beyond the window pass; this one lies. */
	f = rig_fragment(RMP_T_REQ, RIG_ID + 128, 10, 1376, 0);
	f.info.back = 200;
	rig_rx(rig, f);
	assert_int_equal(rig->ndelivered, 1);
	assert_int_equal(rig->p->stat[RMP_S_RX_WINDOW], 1);
	rig_free(rig);
}

static void rmp_responder_base__executing_becomes_orphan(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_slot *slot;
	struct rmp_frame f;

	rig_req(rig, RIG_ID, 10, 1376, 0);
	slot = rig->slot;
	/* The requester gave that call up, and its window comes round. */
	f = rig_fragment(RMP_T_REQ, RIG_ID + 128, 10, 1376, 0);
	rig_rx(rig, f);
	assert_int_equal(slot->state, RMP_SLOT_ORPHAN);
	assert_int_equal(rig->ndelivered, 1);
	assert_int_equal(rig->p->stat[RMP_S_RX_WINDOW], 1);
	rmp_peer_reply(rig->p, slot, head, rig, 10, rig->now, &rig->sink);
	assert_int_equal(rig->bufs, 1);
	assert_int_equal(rig->nsent, 0);
	rig_rx(rig, f);
	assert_int_equal(rig->ndelivered, 2);
	rig_free(rig);
}

static void rmp_responder_base__partial_is_given_back(void **state)
{
	struct rig *rig = rig_up(1500);

	rig_req(rig, RIG_ID, 4096, 1376, 0);
	assert_int_equal(rig->pkts, 1);
	rig_req(rig, RIG_ID + 1, 0, 1376, 0);
	assert_int_equal(rig->pkts, 0);
	rig_free(rig);
}

static void rmp_responder_fragment__other_size_starts_over(void **state)
{
	struct rig *rig = rig_up(9000);

	rig_req(rig, RIG_ID, 8192, 4096, 0);
	rig_req(rig, RIG_ID, 8192, 1376, 0);
	assert_int_equal(rig->pkts, 1);
	assert_int_equal(rig->p->stat[RMP_S_RX_BAD], 0);
	rig_free(rig);
}

static void rmp_responder_fragment__contradiction_starts_over(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f = rig_fragment(RMP_T_REQ, RIG_ID, 4096, 1376, 1);

	rig_req(rig, RIG_ID, 4096, 1376, 0);
	f.info.volume = 99;
	rig_rx(rig, f);
	assert_int_equal(rig->p->stat[RMP_S_RX_BAD], 1);
	assert_int_equal(rig->pkts, 1);
	f = rig_fragment(RMP_T_REQ, RIG_ID, 4096, 1376, 2);
	f.info.volume = 99;
	rig_rx(rig, f);
	f = rig_fragment(RMP_T_REQ, RIG_ID, 4096, 1376, 0);
	f.info.volume = 99;
	rig_rx(rig, f);
	assert_int_equal(rig->ndelivered, 1);
	rig_free(rig);
}

/* All but the last fragment of a request of 32 pages. */
static void hog(struct rig *rig, u64 msg)
{
	u16 no;

	for (no = 0; no < 95; no++) {
		struct rmp_frame f = rig_fragment(RMP_T_REQ, msg, 32 * RMP_PAGE, 1376,
						  no);

		f.info.back = msg - RIG_ID;
		rig_rx(rig, f);
	}
}

/* However many requests are begun, what is kept of them is bounded. */
static void rmp_slot_hold__bounded(void **state)
{
	struct rig *rig = rig_up(1500);
	u64 i;

	rig->spare = 256;
	for (i = 0; i < RMP_WINDOW; i++)
		hog(rig, RIG_ID + i);
	assert_true(rig->held <= 256);
	assert_true(rig->pkts <= 256 * 3);
	assert_true(rig->p->stat[RMP_S_RX_ROOM]);
	/* Those that were begun may end, and make room for another. */
	rig_req(rig, RIG_ID, 32 * RMP_PAGE, 1376, 95);
	assert_int_equal(rig->ndelivered, 1);
	hog(rig, RIG_ID + 100);
	rig_req(rig, RIG_ID + 100, 32 * RMP_PAGE, 1376, 95);
	assert_int_equal(rig->ndelivered, 2);
	rig_free(rig);
}

/* A request of one fragment is whole at once, and is taken in whatever there is. */
static void rmp_slot_hold__single_fragment(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f = rig_fragment(RMP_T_REQ, RIG_ID + 1, 100, 1376, 0);

	f.info.back = 1;
	rig->spare = 0;
	hog(rig, RIG_ID);
	rig_rx(rig, f);
	assert_int_equal(rig->ndelivered, 1);
	rig_free(rig);
}

/* Room goes to others when nothing has become of a request for long. */
static void rmp_responder_sweep__no_progress(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f = rig_fragment(RMP_T_REQ, RIG_ID + 1, 4096, 1376, 0);

	f.info.back = 1;
	rig->spare = 1;
	rig_req(rig, RIG_ID, 4096, 1376, 0);
	rig_rx(rig, f);
	assert_int_equal(rig->p->stat[RMP_S_RX_ROOM], 1);
	/* Starting over is no progress. */
	rig->now += RMP_HOLD_IDLE_NS / 2;
	rig_req(rig, RIG_ID, 8192, 1376, 0);
	rig->now += RMP_HOLD_IDLE_NS / 2 - 1;
	rig_rx(rig, f);
	assert_int_equal(rig->p->stat[RMP_S_RX_ROOM], 2);
	rig->now += RMP_SWEEP_GAP_NS;
	rig_rx(rig, f);
	assert_int_equal(rig->p->stat[RMP_S_RX_ROOM], 2);
	assert_int_equal(rig->pkts, 1);
	assert_int_equal(rig->p->rsp.slot[RIG_ID % RMP_WINDOW].state, RMP_SLOT_FREE);
	rig_free(rig);
}

/* The request that starts over is itself the one without progress. */
static void rmp_responder_sweep__while_starting_over(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f = rig_fragment(RMP_T_REQ, RIG_ID + 1, 4096, 1376, 0);

	f.info.back = 1;
	rig->spare = 1;
	rig_req(rig, RIG_ID, 4096, 1376, 0);
	rig->spare = 2;
	rig_rx(rig, f);
	assert_int_equal(rig->held, 2);
	rig->spare = 1;
	rig->now += RMP_HOLD_IDLE_NS;
	f.info.msg_len = 8192;
	rig_rx(rig, f);
	assert_int_equal(rig->pkts, 1);
	assert_int_equal(rig->held, 2);
	assert_int_equal(rig->p->rsp.slot[(RIG_ID + 1) % RMP_WINDOW].state,
			 RMP_SLOT_PARTIAL);
	rig_free(rig);
}

static void rmp_peer_tidy__gives_back(void **state)
{
	struct rig *rig = rig_up(1500);

	rig_req(rig, RIG_ID, 4096, 1376, 0);
	rig->now += RMP_HOLD_MOST_NS - 1;
	rmp_peer_tidy(rig->p, rig->now, &rig->sink);
	assert_int_equal(rig->pkts, 1);
	rig_req(rig, RIG_ID, 4096, 1376, 1);
	rig->now += RMP_HOLD_MOST_NS - 1;
	rmp_peer_tidy(rig->p, rig->now, &rig->sink);
	assert_int_equal(rig->pkts, 2);
	rig->now++;
	rmp_peer_tidy(rig->p, rig->now, &rig->sink);
	assert_int_equal(rig->pkts, 0);
	assert_int_equal(rig->held, 0);
	rig_free(rig);
}

static struct rmp_frame reply_ack(u64 msg, u16 frag_size, u64 have)
{
	struct rmp_frame f = rig_frame(RMP_T_ACK);
	u64 map[2] = { have, 0 };

	f.info.flags = RMP_F_REPLY;
	f.info.msg = msg;
	f.info.frag_size = frag_size;
	rmp_bitmap_put(f.info.head, map);
	return f;
}

static void rmp_responder_ack__sends_what_is_missing(void **state)
{
	struct rig *rig = rig_up(1500);

	rig_req(rig, RIG_ID, 10, 1376, 0);
	answer(rig, rig, 8192);
	rig_forget(rig);
	rig_rx(rig, reply_ack(RIG_ID, 1376, 0x15));
	assert_int_equal(rig->nsent, 3);
	assert_int_equal(rig->sent[0].info.frag_no, 1);
	assert_int_equal(rig->sent[2].info.frag_no, 5);
	rig_rx(rig, reply_ack(RIG_ID, 1376, ~0ULL));
	assert_int_equal(rig->nsent, 3);
	rig_free(rig);
}

/* A bitmap that says "nothing" must not make a reply go out at any rate. */
static void rmp_responder_ack__no_amplifier(void **state)
{
	struct rig *rig = rig_up(1500);
	int i;

	rig_req(rig, RIG_ID, 10, 1376, 0);
	answer(rig, rig, RMP_MSG_MAX);
	rig_forget(rig);
	for (i = 0; i < 100; i++) {
		rig_rx(rig, reply_ack(RIG_ID, 1376, i % 2));
		rig->now += RMP_MS(1) / 100;
	}
	assert_in_range(rig->nsent, 95, 2 * 96);
	/* Once asked, what is still missing comes when asked again. */
	rig->now += RMP_RENACK_GAP_NS;
	rig_forget(rig);
	rig_rx(rig, reply_ack(RIG_ID, 1376, ~1ULL));
	assert_int_equal(rig->nsent, 96 - 63);
	/* The next reply in this slot is not held up by that. */
	rig_req(rig, RIG_ID + RMP_WINDOW, 10, 1376, 0);
	answer(rig, rig, 4096);
	rig_forget(rig);
	rig_rx(rig, reply_ack(RIG_ID + RMP_WINDOW, 1376, 0));
	assert_int_equal(rig->nsent, 3);
	rig_free(rig);
}

static void rmp_responder_ack__reply_refragmented(void **state)
{
	struct rig *rig = rig_up(9000);

	rig_req(rig, RIG_ID, 10, 8880, 0);
	answer(rig, rig, 8192);
	assert_int_equal(rig->nsent, 1);
	rmp_peer_set_mtu(rig->p, 1500, rig->now, &rig->sink);
	rig_forget(rig);
	rig_rx(rig, reply_ack(RIG_ID, 8880, 0));
	assert_int_equal(rig->nsent, 6);
	assert_int_equal(rig->sent[0].info.frag_size, 1376);
	/* A bitmap in the old units is about another set of fragments. */
	rig->now += RMP_RENACK_GAP_NS;
	rig_rx(rig, reply_ack(RIG_ID, 8880, 1));
	assert_int_equal(rig->nsent, 12);
	rig_free(rig);
}

static void rmp_responder_ack__idle_frees_all(void **state)
{
	struct rig *rig = rig_up(1500);
	u64 i;

	for (i = 0; i < 5; i++) {
		rig_req(rig, RIG_ID + i, 10, 1376, 0);
		answer(rig, rig, 10);
	}
	rig_rx(rig, reply_ack(RIG_ID + 5, 1376, 0));
	assert_int_equal(rig->bufs, 5);
	assert_int_equal(rig->p->rsp.base, RIG_ID + 5);
	for (i = 0; i < RMP_WINDOW; i++)
		assert_int_equal(rig->p->rsp.slot[i].state, RMP_SLOT_FREE);
	rig_free(rig);
}

static void rmp_peer_reply__not_sent_without_session(void **state)
{
	struct rig *rig = rig_up(1500);
	struct rmp_frame f = rig_frame(RMP_T_RESET);

	rig_req(rig, RIG_ID, 10, 1376, 0);
	f.info.echo = rig_stamp(rig);
	rig_rx(rig, f);
	rig_forget(rig);
	answer(rig, rig, 10);
	assert_int_equal(rig->nsent, 0);
	assert_int_equal(rig->slot->state, RMP_SLOT_REPLIED);
	rig_free(rig);
}

static void void_req(struct rig *rig, u64 msg)
{
	struct rmp_frame f = rig_fragment(RMP_T_REQ, msg, 0, 1376, 0);

	f.info.flags = RMP_F_VOID | RMP_F_WANT_ACK;
	f.info.stamp = 950;
	rig_forget(rig);
	rig->now += RMP_MS(1);
	assert_false(rig_rx(rig, f) & RMP_EV_KEPT);
}

static void expect_void(struct rig *rig)
{
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->type, RMP_T_REP);
	assert_int_equal(rig_last(rig)->flags, RMP_F_VOID);
	assert_int_equal(rig_last(rig)->msg_len, 0);
}

/* It has overtaken the request, which comes late. */
static void rmp_responder_void__before_the_request(void **state)
{
	struct rig *rig = rig_up(1500);

	void_req(rig, RIG_ID);
	expect_void(rig);
	assert_int_equal(rig_last(rig)->echo, 950);
	rig->now += RMP_MS(1);
	rig_forget(rig);
	rig_req(rig, RIG_ID, 100, 1376, 0);
	expect_void(rig);
	assert_int_equal(rig->ndelivered, 0);
	assert_int_equal(rig->p->stat[RMP_S_VOIDED], 1);
	/* The next one in its place is as any other. */
	rig_req(rig, RIG_ID + RMP_WINDOW, 100, 1376, 0);
	assert_int_equal(rig->ndelivered, 1);
	rig_forget(rig);
	answer(rig, rig, 10);
	assert_int_equal(rig_last(rig)->flags, 0);
	rig_free(rig);
}

static void rmp_responder_void__part_is_here(void **state)
{
	struct rig *rig = rig_up(1500);

	rig_req(rig, RIG_ID, 4096, 1376, 0);
	rig_req(rig, RIG_ID, 4096, 1376, 1);
	void_req(rig, RIG_ID);
	expect_void(rig);
	assert_int_equal(rig->pkts, 0);
	rig_req(rig, RIG_ID, 4096, 1376, 2);
	assert_int_equal(rig->ndelivered, 0);
	rig_free(rig);
}

static void rmp_responder_void__too_late(void **state)
{
	struct rig *rig = rig_up(1500);

	rig_req(rig, RIG_ID, 100, 1376, 0);
	void_req(rig, RIG_ID);
	assert_int_equal(rig->nsent, 1);
	assert_int_equal(rig_last(rig)->type, RMP_T_ACK);
	assert_int_equal(rig_last(rig)->flags, RMP_F_PENDING);
	answer(rig, rig, 4096);
	void_req(rig, RIG_ID);
	assert_int_equal(rig->nsent, 3);
	assert_int_equal(rig->sent[0].info.flags, 0);
	assert_memory_equal(rig->sent[0].info.head, head, RMP_HEAD_LEN);
	assert_int_equal(rig->p->stat[RMP_S_VOIDED], 0);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_responder_req__single_fragment),
		MXT(rmp_responder_req__empty_keeps_nothing),
		MXT(rmp_responder_req__hole_is_acked_after_last),
		MXT(rmp_responder_req__repeated_fragment_is_not_kept),
		MXT(rmp_responder_req__repeat_while_executing),
		MXT(rmp_responder_req__repeat_when_answered),
		MXT(rmp_responder_base__back_frees_replies),
		MXT(rmp_responder_req__window_edges),
		MXT(rmp_responder_base__executing_becomes_orphan),
		MXT(rmp_responder_base__partial_is_given_back),
		MXT(rmp_responder_fragment__other_size_starts_over),
		MXT(rmp_responder_fragment__contradiction_starts_over),
		MXT(rmp_slot_hold__bounded),
		MXT(rmp_slot_hold__single_fragment),
		MXT(rmp_responder_sweep__no_progress),
		MXT(rmp_responder_sweep__while_starting_over),
		MXT(rmp_peer_tidy__gives_back),
		MXT(rmp_responder_ack__sends_what_is_missing),
		MXT(rmp_responder_ack__no_amplifier),
		MXT(rmp_responder_ack__reply_refragmented),
		MXT(rmp_responder_ack__idle_frees_all),
		MXT(rmp_peer_reply__not_sent_without_session),
		MXT(rmp_responder_void__before_the_request),
		MXT(rmp_responder_void__part_is_here),
		MXT(rmp_responder_void__too_late),
	};

	return MXT_RUN(tests);
}

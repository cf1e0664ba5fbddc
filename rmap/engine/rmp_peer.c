// SPDX-License-Identifier: GPL-2.0
/*
 * The public calls of the engine, which hand on to the session, the requester and
 * the responder.
 */
#include "rmp_path.h"

static void rmp_run_start(struct rmp_run *r, struct rmp_peer *p, u64 now,
			  struct rmp_sink *sink)
{
	r->p = p;
	r->sink = sink;
	r->now = now;
	r->ev = 0;
	r->frames = 0;
}

/* REQ, REP and ACK: there must be a session. */
static void rmp_peer_message(struct rmp_run *r, struct rmp_frame *f)
{
	struct rmp_info *info = &f->info;

	if (r->p->ses.state != RMP_PEER_UP) {
		rmp_count(r, RMP_S_RX_OLD);
		if (r->p->ses.state == RMP_PEER_DOWN)
			rmp_session_send_reset(r, info, RMP_RESET_GAP_NS);
		return;
	}
	if (info->type == RMP_T_REQ)
		rmp_responder_req(r, f);
	else if (info->type == RMP_T_REP)
		rmp_requester_rep(r, f);
	else if (info->flags & RMP_F_REPLY)
		rmp_responder_ack(r, info);
	else
		rmp_requester_ack(r, info);
}

u32 rmp_peer_rx(struct rmp_peer *peer, struct rmp_frame *frame, u64 now_ns,
		struct rmp_sink *sink)
{
	struct rmp_run r;

	MX_ASSERT(frame->info.node == peer->node);
	rmp_run_start(&r, peer, now_ns, sink);
	if (peer->ses.state == RMP_PEER_CLOSED || frame->info.type == RMP_T_SOLICIT)
		return 0;
	rmp_count(&r, RMP_S_RX_FRAMES);
	if (!rmp_session_check(&r, &frame->info))
		return r.ev;
	peer->heard_ns = now_ns;

	if (rmp_is_session(frame->info.type))
		rmp_peer_message(&r, frame);
	else
		rmp_session_rx(&r, &frame->info);
	return r.ev;
}

void rmp_peer_init(struct rmp_peer *peer, const struct rmp_peer_cfg *cfg)
{
	MX_ASSERT(cfg->node && cfg->self_node && cfg->self_inc);

	peer->node = cfg->node;
	peer->self_node = cfg->self_node;
	peer->self_inc = cfg->self_inc;
	peer->wake_ns = RMP_NEVER;
	peer->rsp.grant = cfg->grant;
	rmp_path_init(&peer->ses, cfg->mtu, cfg->raise_ns);
	rmp_requester_init(peer);
}

u32 rmp_peer_call(struct rmp_peer *peer, struct rmp_call *call, u64 now_ns,
		  struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	rmp_count(&r, RMP_S_CALLS);
	call->status = 0;
	call->reply.got = 0;
	memset(call->reply.have, 0, sizeof(call->reply.have));
	if (peer->ses.state == RMP_PEER_CLOSED || call->len > RMP_MSG_MAX) {
		call->status = call->len > RMP_MSG_MAX ? -EMSGSIZE : -EHOSTDOWN;
		call->state = RMP_CALL_DONE;
		rmp_count(&r, RMP_S_CALLS_FAILED);
		sink->done(sink, call);
		return 0;
	}
	call->asked = 0;
	call->voided = false;
	call->doubt = false;
	rmp_flow_add(peer, call);
	if (peer->ses.state == RMP_PEER_DOWN)
		rmp_session_begin(&r);
	else
		rmp_requester_start(&r);
	return r.ev;
}

u32 rmp_peer_rekey(struct rmp_peer *peer, bool starved, u64 now_ns,
		   struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (starved)
		peer->ses.starved = true;
	if (peer->ses.state == RMP_PEER_UP && peer->ses.asking && !peer->ses.renew) {
		/* Our HELLO was overtaken by the peer's; its answer will do. */
		peer->ses.renew = RMP_RENEW_PATH;
		peer->ses.hello_tries = 1;
		peer->ses.hello_due = now_ns + RMP_HELLO_FIRST_NS;
		rmp_arm(&r, peer->ses.hello_due);
	} else {
		rmp_path_renew(&r);
	}
	return r.ev;
}

u32 rmp_peer_ask(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	rmp_session_ask(&r);
	return r.ev;
}

u32 rmp_peer_confirm(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (peer->ses.state == RMP_PEER_UP)
		rmp_requester_idle(&r);
	return r.ev;
}

u32 rmp_peer_kick(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	rmp_requester_start(&r);
	return r.ev;
}

u32 rmp_peer_tidy(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	rmp_responder_sweep(&r, RMP_HOLD_MOST_NS);
	return r.ev;
}

u32 rmp_peer_timer(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (now_ns < peer->wake_ns)
		return 0;
	peer->wake_ns = RMP_NEVER;
	rmp_session_timer(&r);
	if (peer->ses.state == RMP_PEER_UP) {
		rmp_requester_timer(&r);
		rmp_requester_start(&r);
	}
	return r.ev;
}

u64 rmp_peer_deadline(const struct rmp_peer *peer)
{
	return peer->wake_ns;
}

void rmp_peer_set_grant(struct rmp_peer *peer, u16 pages)
{
	peer->rsp.grant = pages;
}

u32 rmp_peer_set_mtu(struct rmp_peer *peer, u32 mtu, u64 now_ns,
		     struct rmp_sink *sink)
{
	u16 size = rmp_frag_unit(mtu);
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (size == peer->ses.frag_max)
		return 0;
	rmp_path_interface(&r, size);
	return r.ev;
}

u32 rmp_peer_moved(struct rmp_peer *peer, u32 mtu, u64 now_ns,
		   struct rmp_sink *sink)
{
	u16 size = rmp_frag_unit(mtu);
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (peer->ses.state == RMP_PEER_CLOSED)
		return 0;
	if (size != peer->ses.frag_max)
		rmp_path_interface(&r, size);
	else
		rmp_path_renew(&r);
	/* No need to sit out a back-off of the path before. */
	if (peer->ses.state == RMP_PEER_HELLO && peer->ses.hello_tries)
		rmp_session_begin(&r);
	return r.ev;
}

u32 rmp_peer_cut(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (peer->ses.state != RMP_PEER_CLOSED)
		rmp_session_leave(&r);
	return r.ev;
}

u32 rmp_peer_close(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink)
{
	struct rmp_run r;

	rmp_run_start(&r, peer, now_ns, sink);
	if (peer->ses.state == RMP_PEER_CLOSED)
		return 0;
	rmp_session_down(&r);
	peer->ses.state = RMP_PEER_CLOSED;
	rmp_requester_fail(&r, -EHOSTDOWN);
	rmp_responder_drop(&r);
	peer->wake_ns = RMP_NEVER;
	return r.ev;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The size of frames towards a peer: which one HELLO proves next, when a larger
 * one is tried, and what keeps it small.
 *
 * A larger size is tried with traffic only: a session that nobody uses sends
 * nothing and has no timer for it.
 */
#include "rmp_path.h"

void rmp_path_init(struct rmp_session *ses, u32 mtu, u64 raise_ns)
{
	ses->frag_max = rmp_frag_unit(mtu);
	ses->raise_most_ns = raise_ns ? raise_ns : RMP_RAISE_MOST_NS;
	ses->raise_ns = RMP_NEVER;
}

/* The largest size that both interfaces can carry, as far as we know. */
static u16 rmp_path_goal(const struct rmp_peer *p)
{
	return p->ses.peer_max ? min(p->ses.frag_max, p->ses.peer_max) : p->ses.frag_max;
}

enum rmp_path_limit rmp_peer_path_limit(const struct rmp_peer *peer)
{
	if (peer->ses.frag_size >= peer->ses.frag_max)
		return RMP_LIMIT_INTERFACE;
	return peer->ses.frag_size >= rmp_path_goal(peer) ? RMP_LIMIT_PEER :
							RMP_LIMIT_PATH;
}

/* The size the next HELLO announces and is padded to. */
u16 rmp_path_hello_size(const struct rmp_peer *p)
{
	u32 mtu = p->ses.hello_tries & 2 ? 1500 : RMP_MTU_MIN;
	u16 goal = rmp_path_goal(p);

	/* Full, full, 1500, full, least, full, 1500, and so on. */
	if (p->ses.hello_tries < RMP_HELLO_BIG || p->ses.hello_tries & 1)
		return goal;
	return min_t(u16, goal, rmp_frag_unit(mtu));
}

/*
 * How many HELLOs an attempt at a larger size has. The third one is for a size
 * that fell below what MTU 1500 allows, on a path that carries just that.
 */
u8 rmp_path_raise_tries(const struct rmp_peer *p)
{
	u16 less = min_t(u16, rmp_path_goal(p), rmp_frag_unit(1500));

	return p->ses.frag_size < less ? RMP_HELLO_BIG + 1 : RMP_HELLO_BIG;
}

/* A second, a minute, then the longest wait each time. */
static u64 rmp_raise_wait_ns(const struct rmp_peer *p)
{
	switch (p->ses.raises) {
	case 0:
		return RMP_RAISE_FIRST_NS;
	case 1:
		return min_t(u64, RMP_RAISE_AGAIN_NS, p->ses.raise_most_ns);
	default:
		return p->ses.raise_most_ns;
	}
}

static void rmp_raise_plan(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;

	p->ses.raise_ns = RMP_NEVER;
	if (p->ses.frag_size < rmp_path_goal(p))
		p->ses.raise_ns = r->now + rmp_raise_wait_ns(p);
}

/* Something has changed, so a size that failed before may work now. */
static void rmp_raise_anew(struct rmp_run *r)
{
	r->p->ses.raises = 0;
	rmp_raise_plan(r);
}

/* @size is what the path is known to carry. */
void rmp_path_set(struct rmp_run *r, u16 size)
{
	struct rmp_peer *p = r->p;

	if (p->ses.frag_size == size) {
		rmp_raise_plan(r);
		return;
	}
	if (size < p->ses.frag_size) {
		rmp_count(r, RMP_S_PATH_NARROWED);
		rmp_requester_narrowed(r);
	} else if (p->ses.frag_size) {
		rmp_count(r, RMP_S_PATH_RAISED);
	}
	p->ses.frag_size = size;
	rmp_raise_anew(r);
}

/* HELLO and WELCOME say what the sender's interface can carry; 0: nothing. */
void rmp_path_told(struct rmp_run *r, const struct rmp_info *info)
{
	u16 max = rmp_frag_valid(info->frag_no) ? info->frag_no : 0;

	if (r->p->ses.peer_max == max)
		return;
	r->p->ses.peer_max = max;
	rmp_raise_anew(r);
}

/*
 * A HELLO larger than our size has arrived. It proves the other direction only,
 * but the same change may have widened ours, so a larger size is tried soon. An
 * attempt that is due earlier is not put off.
 */
void rmp_path_hint(struct rmp_run *r)
{
	u64 due = r->p->ses.raise_ns;

	if (due == RMP_NEVER)
		return;
	rmp_raise_anew(r);
	r->p->ses.raise_ns = min(r->p->ses.raise_ns, due);
}

/* There is traffic, and an attempt at a larger size is due. */
void rmp_path_raise(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;

	if (p->ses.renew != RMP_RENEW_NONE)
		return;
	p->ses.renew = RMP_RENEW_RAISE;
	p->ses.hello_tries = 0;
	p->ses.raises = min_t(u8, p->ses.raises + 1, RMP_RAISES_MAX);
	rmp_raise_plan(r);
	rmp_count(r, RMP_S_PATH_PROBES);
	rmp_session_send_hello(r);
}

/* Prove the path again, next to the traffic; see RMP_RENEW_PATH. */
void rmp_path_renew(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;

	if (p->ses.state != RMP_PEER_UP || p->ses.renew == RMP_RENEW_PATH)
		return;
	p->ses.renew = RMP_RENEW_PATH;
	p->ses.hello_tries = 0;
	rmp_session_send_hello(r);
}

/* Our interface can carry @size from now on. Less is obeyed at once. */
void rmp_path_interface(struct rmp_run *r, u16 size)
{
	struct rmp_peer *p = r->p;

	p->ses.frag_max = size;
	if (size && p->ses.frag_size > size)
		rmp_path_set(r, size);
	else
		rmp_raise_anew(r);
	rmp_path_renew(r);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing: a window that opens at once, after a pause say, must not become one
 * burst that fills the queues on the way. Twice the window goes in a round
 * trip, as in TCP's slow start, but for a first part that may go at once.
 */
#include "rmp_pace.h"
#include "rmp_run.h"

/* How long @pages take at the pace of the moment. */
static u64 rmp_pace_ns(const struct rmp_peer *p, u32 pages)
{
	u64 srtt_ns = (u64)p->req.rtt.srtt_us * 1000;

	return div64_u64(srtt_ns * pages, (u64)RMP_PACE_GAIN * rmp_delay_window(p));
}

/* @cost pages are being sent. */
void rmp_pace_sent(struct rmp_run *r, u16 cost)
{
	struct rmp_peer *p = r->p;
	u64 burst = min(r->now, rmp_pace_ns(p, RMP_PACE_BURST));

	p->req.pace_ns = max(p->req.pace_ns, r->now - burst) + rmp_pace_ns(p, cost);
}

/* Whether more may be sent; if not, the timer will try again. */
bool rmp_pace_may(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;

	if (p->req.pace_ns <= r->now)
		return true;
	rmp_arm(r, p->req.pace_ns);
	return false;
}

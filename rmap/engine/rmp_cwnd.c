// SPDX-License-Identifier: GPL-2.0
/*
 * How much to have on the way: the congestion window that losses leave.
 */
#include "rmp_cwnd.h"
#include "rmp_run.h"

void rmp_cwnd_init(struct rmp_peer *p)
{
	p->req.cwnd = RMP_CWND_INIT;
	p->req.cwnd_cnt = 0;
	p->req.ssthresh = RMP_CWND_MAX;
	p->req.cut_msg = 0;
	p->req.undo_cwnd = 0;
	rmp_delay_init(&p->req.delay);
}

/*
 * A call that is still accounted to the window was answered. The window does not
 * grow unless it was needed, since nothing shows that a larger one works.
 */
void rmp_cwnd_grow(struct rmp_peer *p, u16 cost)
{
	if (!p->req.nwaiting && p->req.inflight < p->req.cwnd / 2)
		return;
	if (p->req.cwnd < p->req.ssthresh) {
		p->req.cwnd += cost;
	} else if (p->req.delay.grow) {
		p->req.cwnd_cnt += RMP_CWND_STEP * cost;
		if (p->req.cwnd_cnt >= p->req.cwnd) {
			p->req.cwnd_cnt -= p->req.cwnd;
			p->req.cwnd++;
		}
	}
	p->req.cwnd = min_t(u32, p->req.cwnd, RMP_CWND_MAX);
}

/*
 * One loss event concerns all ids given out until it is noticed: halve once.
 * Return: whether this is a new one.
 */
bool rmp_cwnd_cut(struct rmp_peer *p, u64 msg)
{
	if (msg < p->req.cut_msg)
		return false;
	p->req.cut_msg = p->req.next_msg;
	p->req.cwnd = max_t(u32, p->req.cwnd / 2, RMP_CWND_MIN);
	p->req.cwnd_cnt = 0;
	p->req.ssthresh = p->req.cwnd;
	p->req.undo_cwnd = 0;
	return true;
}

/* A time-out may be a loss or a slow answer: what tells them apart is stored. */
void rmp_cwnd_timeout(struct rmp_peer *p, u64 msg, u64 now_ns)
{
	u32 cwnd = p->req.cwnd;
	u32 ssthresh = p->req.ssthresh;

	if (!rmp_cwnd_cut(p, msg))
		return;
	p->req.undo_cwnd = cwnd;
	p->req.undo_ssthresh = ssthresh;
	p->req.undo_msg = msg;
	p->req.undo_stamp = rmp_stamp(now_ns);
}

/*
 * The call that timed out is answered. If the answer is to a copy sent before
 * the time-out nothing was lost, and the window goes back to what it was: the
 * Eifel algorithm, RFC 3522 and RFC 4015. Return: whether it does.
 */
bool rmp_cwnd_undo(struct rmp_peer *p, u64 msg, u32 echo)
{
	u32 cwnd = p->req.undo_cwnd;

	if (!cwnd || msg != p->req.undo_msg)
		return false;
	p->req.undo_cwnd = 0;
	if (!echo || (s32)(echo - p->req.undo_stamp) >= 0)
		return false;
	p->req.cwnd = max(p->req.cwnd, cwnd);
	p->req.ssthresh = max(p->req.ssthresh, p->req.undo_ssthresh);
	return true;
}

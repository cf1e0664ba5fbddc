// SPDX-License-Identifier: GPL-2.0
/*
 * How long to wait for an answer and how much to have on the way: the RTT
 * estimator of RFC 6298 on echoed time stamps, and the congestion window.
 */
#include "rmp_priv.h"

void rmp_rtt_init(struct rmp_rtt *rtt)
{
	memset(rtt, 0, sizeof(*rtt));
	rtt->rto_us = RMP_RTO_INIT_US;
}

/*
 * An echo names the very copy that was answered, so that samples of repeated
 * requests are as good as any (Karn's rule is about those that cannot tell).
 *
 * Return: the sample, or 0 if it is none.
 */
u32 rmp_rtt_sample(struct rmp_rtt *rtt, u64 now_ns, u32 echo)
{
	u32 us = rmp_stamp(now_ns) - echo;
	u32 dev;

	if (!echo || us > RMP_RTT_MAX_US)
		return 0;
	us = max_t(u32, us, 1);
	if (!rtt->srtt_us) {
		rtt->srtt_us = us;
		rtt->rttvar_us = us / 2;
		rtt->min_us = us;
	} else {
		dev = us > rtt->srtt_us ? us - rtt->srtt_us : rtt->srtt_us - us;
		rtt->rttvar_us = (3 * rtt->rttvar_us + dev) / 4;
		rtt->srtt_us = max_t(u32, (7 * rtt->srtt_us + us) / 8, 1);
		rtt->min_us = min(rtt->min_us, us);
	}
	rtt->rto_us = clamp_t(u32, rtt->srtt_us + 4 * rtt->rttvar_us,
			      RMP_RTO_MIN_US, RMP_RTO_MAX_US);
	return us;
}

/*
 * The time-out after @tries fruitless ones, doubled each time up to @max_us.
 * @floor_us: shortest time-out without back-off; only below RMP_RTO_MIN_US does
 * it make a difference.
 */
u64 rmp_rtt_wait_ns(const struct rmp_rtt *rtt, u8 tries, u32 floor_us, u32 max_us)
{
	u64 us = rtt->rto_us;

	if (floor_us < us && rtt->srtt_us)
		us = clamp_t(u64, rtt->srtt_us + 4 * rtt->rttvar_us, floor_us, us);
	us <<= min_t(u8, tries, RMP_TRIES_MAX);

	return min_t(u64, us, max_us) * 1000;
}

void rmp_cwnd_init(struct rmp_peer *p)
{
	p->cwnd = RMP_CWND_INIT;
	p->cwnd_cnt = 0;
	p->ssthresh = RMP_CWND_MAX;
	p->cut_msg = 0;
	p->undo_cwnd = 0;
	rmp_delay_init(&p->delay);
}

/*
 * A call was answered that is still accounted to the window. A window that was
 * not needed does not grow: nothing is known of what it would do.
 */
void rmp_cwnd_grow(struct rmp_peer *p, u16 cost)
{
	if (!p->nwaiting && p->inflight < p->cwnd / 2)
		return;
	if (p->cwnd < p->ssthresh) {
		p->cwnd += cost;
	} else if (p->delay.room) {
		p->cwnd_cnt += RMP_CWND_STEP * cost;
		if (p->cwnd_cnt >= p->cwnd) {
			p->cwnd_cnt -= p->cwnd;
			p->cwnd++;
		}
	}
	p->cwnd = min_t(u32, p->cwnd, RMP_CWND_MAX);
}

/*
 * One loss event concerns all ids given out until it is noticed: halve once.
 * Return: whether this is a new one.
 */
bool rmp_cwnd_cut(struct rmp_peer *p, u64 msg)
{
	if (msg < p->cut_msg)
		return false;
	p->cut_msg = p->next_msg;
	p->cwnd = max_t(u32, p->cwnd / 2, RMP_CWND_MIN);
	p->cwnd_cnt = 0;
	p->ssthresh = p->cwnd;
	p->undo_cwnd = 0;
	return true;
}

/* A time-out may be a loss or only a slow answer: keep what it takes to tell. */
void rmp_cwnd_timeout(struct rmp_peer *p, u64 msg, u64 now_ns)
{
	u32 cwnd = p->cwnd;
	u32 ssthresh = p->ssthresh;

	if (!rmp_cwnd_cut(p, msg))
		return;
	p->undo_cwnd = cwnd;
	p->undo_ssthresh = ssthresh;
	p->undo_msg = msg;
	p->undo_stamp = rmp_stamp(now_ns);
}

/*
 * The call that timed out is answered. If the answer is to a copy sent before
 * the time-out nothing was lost, and the window goes back to what it was: the
 * Eifel algorithm, RFC 3522 and RFC 4015. Return: whether it does.
 */
bool rmp_cwnd_undo(struct rmp_peer *p, u64 msg, u32 echo)
{
	u32 cwnd = p->undo_cwnd;

	if (!cwnd || msg != p->undo_msg)
		return false;
	p->undo_cwnd = 0;
	if (!echo || (s32)(echo - p->undo_stamp) >= 0)
		return false;
	p->cwnd = max(p->cwnd, cwnd);
	p->ssthresh = max(p->ssthresh, p->undo_ssthresh);
	return true;
}

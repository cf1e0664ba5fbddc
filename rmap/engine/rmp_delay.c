// SPDX-License-Identifier: GPL-2.0
/*
 * The window follows delay: how many pages of ours wait somewhere on the way,
 * and how many should.
 *
 * The time of a call beyond the least time of a call of its size is spent in
 * queues. So that part of the pages in flight waits, as in TCP Vegas (Brakmo,
 * O'Malley and Peterson, SIGCOMM 1994). A few waiting pages keep the bottleneck
 * busy. More only delay each other, and what has been sent can no longer be
 * scheduled by the engine.
 */
#include "rmp_run.h"

#define RMP_QUEUE_NONE	(~0U)

void rmp_delay_init(struct rmp_delay *d)
{
	memset(d, 0, sizeof(*d));
	d->queue = RMP_QUEUE_NONE;
	d->grow = true;
}

/*
 * The least time of each period is kept for the next one. It could not be measured
 * again while our own pages fill the queues, so at the end of a period a window
 * that was busy is closed until few pages are in flight: the RTT is probed.
 */
static void rmp_delay_turn(struct rmp_run *r)
{
	struct rmp_delay *d = &r->p->req.delay;
	u8 i;

	if (r->now - d->turn_ns < RMP_LEAST_NS)
		return;
	d->turn_ns = r->now;
	d->probe = d->busy ? RMP_PROBE_RTT_DRAIN : RMP_PROBE_RTT_NOT;
	d->busy = false;
	for (i = 0; i < RMP_DELAY_CLASSES; i++) {
		d->least_us[i][1] = d->least_us[i][0];
		d->least_us[i][0] = 0;
	}
}

static u32 rmp_delay_least(u32 *least, u32 us)
{
	if (!least[0] || us < least[0])
		least[0] = us;
	return least[1] ? min(least[0], least[1]) : least[0];
}

/* One round trip is over: bring the window nearer to the queue wanted. */
static void rmp_delay_round(struct rmp_run *r)
{
	struct rmp_peer *p = r->p;
	u32 queue = p->req.delay.queue;

	p->req.delay.round = p->req.next_msg;
	p->req.delay.queue = RMP_QUEUE_NONE;
	p->req.delay.grow = queue < RMP_QUEUE_LOW;
	if (queue < RMP_QUEUE_LOW)
		return;
	p->req.delay.busy = true;
	if (queue > RMP_QUEUE_HIGH) {
		u32 cwnd = min(p->req.cwnd, p->req.inflight);

		p->req.cwnd = max_t(u32, cwnd - (queue - RMP_QUEUE_HIGH + 1) / 2,
				    RMP_CWND_MIN);
		p->req.cwnd_cnt = 0;
	}
	p->req.ssthresh = min(p->req.ssthresh, p->req.cwnd);
}

/* A call that is still accounted to the window took @us. */
void rmp_delay_sample(struct rmp_run *r, const struct rmp_call *call, u32 us)
{
	struct rmp_peer *p = r->p;
	struct rmp_delay *d = &p->req.delay;
	u8 class = min_t(u8, ilog2(call->cost), RMP_DELAY_CLASSES - 1);
	u32 least, queue = 0;

	rmp_delay_turn(r);
	least = rmp_delay_least(d->least_us[class], us);
	if (us > least)
		queue = div64_u64((u64)p->req.inflight * (us - least), us);
	d->queue = min(d->queue, queue);
	if (d->probe == RMP_PROBE_RTT_WAIT && call->msg >= d->probe_msg)
		d->probe = RMP_PROBE_RTT_NOT;
	if (call->msg >= d->round)
		rmp_delay_round(r);
}

/* A call is being sent. */
void rmp_delay_sent(struct rmp_peer *p, const struct rmp_call *call)
{
	struct rmp_delay *d = &p->req.delay;

	if (d->probe != RMP_PROBE_RTT_DRAIN)
		return;
	d->probe = RMP_PROBE_RTT_WAIT;
	d->probe_msg = call->msg;
}

/* Pages that may be in flight now. */
u32 rmp_delay_window(const struct rmp_peer *p)
{
	return p->req.delay.probe == RMP_PROBE_RTT_NOT ? p->req.cwnd :
					       min_t(u32, p->req.cwnd, RMP_CWND_MIN);
}

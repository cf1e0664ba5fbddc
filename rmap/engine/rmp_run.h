/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One call of the engine in progress, and the small things that all its files use.
 */
#ifndef RMP_RUN_H
#define RMP_RUN_H

#include "rmp_limits.h"
#include "rmp_peer.h"

/**
 * struct rmp_run - one engine call in progress; lives on the caller's stack
 * @p:    the peer
 * @sink: where decisions go
 * @now:  the time the caller gave, ns
 * @ev:   enum rmp_event bits to return
 * @frames: frames that it has decided on
 */
struct rmp_run {
	struct rmp_peer	*p;
	struct rmp_sink	*sink;
	u64		now;
	u32		ev;
	u32		frames;
};

static inline bool rmp_bit(const u64 *map, u16 no)
{
	return (map[no >> 6] >> (no & 63)) & 1;
}

static inline void rmp_bit_set(u64 *map, u16 no)
{
	map[no >> 6] |= 1ULL << (no & 63);
}

/* Something is due at @when. */
static inline void rmp_arm(struct rmp_run *r, u64 when)
{
	if (when < r->p->wake_ns) {
		r->p->wake_ns = when;
		r->ev |= RMP_EV_DEADLINE;
	}
}

/*
 * Whether the rest is to be done by the timer, at once: the caller holds a lock
 * meanwhile, and has to remember each frame.
 */
static inline bool rmp_run_full(struct rmp_run *r)
{
	if (r->frames < RMP_PLAN_FRAMES)
		return false;
	rmp_arm(r, r->now);
	return true;
}

static inline void rmp_count(struct rmp_run *r, enum rmp_stat which)
{
	r->p->stat[which]++;
}

/* A page counts as one with its seal, too. */
static inline u16 rmp_pages(u32 bytes)
{
	return (u16)DIV_ROUND_UP(bytes, RMP_PAGE + RMP_PAGE_EXTRA);
}

/* How long ago the frame that @info echoes was sent, in us; stamps wrap. */
static inline u32 rmp_echo_age_us(const struct rmp_info *info, u64 now_ns)
{
	return rmp_stamp(now_ns) - info->echo;
}

/* Whether that was not before @since_ns. */
static inline bool rmp_echo_since(const struct rmp_info *info, u64 now_ns,
				  u64 since_ns)
{
	return rmp_echo_age_us(info, now_ns) <=
	       div64_u64(now_ns, 1000) - div64_u64(since_ns, 1000);
}

#endif /* RMP_RUN_H */

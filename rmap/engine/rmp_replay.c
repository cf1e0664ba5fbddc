// SPDX-License-Identifier: GPL-2.0
/*
 * The replay window: which counters of a keypair have been seen, as a ring of
 * bits that is cleared word by word ahead of the highest one (RFC 6479).
 */
#include "rmp_keys.h"

static_assert((RMP_REPLAY_WORDS & (RMP_REPLAY_WORDS - 1)) == 0, "masked");
static_assert(RMP_REPLAY_WINDOW <= 64 * (RMP_REPLAY_WORDS - 1), "a word is being cleared");

static u32 rmp_replay_word(u64 ctr)
{
	return (ctr >> 6) & (RMP_REPLAY_WORDS - 1);
}

bool rmp_replay_fresh(const struct rmp_replay *r, u64 ctr)
{
	if (ctr > RMP_CTR_MAX)
		return false;
	if (ctr >= r->top)
		return true;
	return r->top - ctr <= RMP_REPLAY_WINDOW &&
	       !((r->map[rmp_replay_word(ctr)] >> (ctr & 63)) & 1);
}

bool rmp_replay_accept(struct rmp_replay *r, u64 ctr)
{
	u64 word, last;

	if (!rmp_replay_fresh(r, ctr))
		return false;
	if (ctr >= r->top) {
		/* Words entered for the first time since they were last around. */
		last = r->top ? (r->top - 1) >> 6 : 0;
		word = ctr >> 6;
		if (word - last > RMP_REPLAY_WORDS)
			last = word - RMP_REPLAY_WORDS;
		for (; word > last; word--)
			r->map[word & (RMP_REPLAY_WORDS - 1)] = 0;
		r->top = ctr + 1;
	}
	r->map[rmp_replay_word(ctr)] |= 1ULL << (ctr & 63);
	return true;
}

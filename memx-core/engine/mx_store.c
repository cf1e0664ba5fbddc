// SPDX-License-Identifier: GPL-2.0
/*
 * A memory server's decisions about claims, ranges and generations.
 */
#include "mx_store.h"

void mx_store_init(struct mx_store *st, u32 max_vols)
{
	/* Not assigned as a whole: it is large for a stack. */
	memset(st, 0, sizeof(*st));
	st->max_vols = max_vols;
}

bool mx_store_may_answer(const struct mx_store *st, u32 kept, u32 pages)
{
	return !kept || kept + pages <= st->max_answers;
}

void mx_store_start(struct mx_store *st, u64 capacity, u64 room)
{
	mx_quota_init(&st->quota, capacity, room);
	st->state = MX_STORE_RUNNING;
}

static bool is_maker(const struct mx_store_who *who, const struct mx_store_vol *v)
{
	return v->maker.node == who->node && v->maker.inc == who->inc;
}

static void maker_set(struct mx_store_vol *v, const struct mx_store_who *who)
{
	v->maker = (struct mx_life){ .node = who->node, .inc = who->inc };
}

/* Less than 0, 0, more than 0, as the sender's claim is lower, equal, higher. */
static int compare(const struct mx_store_who *who, const struct mx_store_claim *c)
{
	if (who->epoch != c->epoch)
		return who->epoch < c->epoch ? -1 : 1;
	if (who->node != c->node)
		return who->node < c->node ? -1 : 1;
	return 0;
}

static bool is_claim(const struct mx_store_who *who,
		     const struct mx_store_claim *c)
{
	return c->node && !compare(who, c) && who->inc == c->inc;
}

bool mx_store_claims(const struct mx_store_vol *v, const struct mx_store_who *who)
{
	return is_claim(who, &v->claim) || is_claim(who, &v->tentative);
}

static bool claim_has_gen(const struct mx_store_claim *c)
{
	return c->features & MX_FEAT_GEN;
}

bool mx_store_old(const struct mx_store_vol *v)
{
	return v->claim.node && !claim_has_gen(&v->claim);
}

static u32 features_of(const struct mx_ask *ask)
{
	return ask->flags & MX_F_FEATURES ? (u32)ask->arg2 : 0;
}

static void claim_set(struct mx_store_claim *c, const struct mx_store_who *who,
		      u32 features)
{
	*c = (struct mx_store_claim){
		.node		= who->node,
		.epoch		= who->epoch,
		.inc		= who->inc,
		.features	= features,
	};
}

static void claim_end(struct mx_store_claim *c)
{
	*c = (struct mx_store_claim){};
}

/* A claim of the sender's life that it may have raised since. */
static bool is_own(const struct mx_store_who *who, const struct mx_store_claim *c)
{
	return c->node && who->node == c->node && who->inc == c->inc &&
	       who->epoch >= c->epoch;
}

static bool is_sealed(const struct mx_ask *ask)
{
	return ask->flags & MX_F_SEALED;
}

/* --- OPEN -------------------------------------------------------------- */

static bool same_volume(const struct mx_store_vol *v, const struct mx_ask *ask,
			const char *name, u32 len)
{
	return v->pages == ask->page && v->shift == ask->arg &&
	       v->sealed == is_sealed(ask) && strlen(v->name) == len &&
	       !memcmp(v->name, name, len);
}

/*
 * Before there were generations a node that came back after a restart went on
 * at its epoch, and the first of two nodes at one epoch had the volume.
 */
static int open_old(struct mx_store_vol *v, const struct mx_store_who *who,
		    bool *fenced)
{
	if (compare(who, &v->claim) || claim_has_gen(&v->claim))
		return MX_ST_STALE;
	MX_COVER(store_open_old_again);
	*fenced = who->inc != v->claim.inc;
	v->claim.inc = who->inc;
	return MX_ST_OK;
}

/* A claim that a tentative one stands against: it must not be the lower one. */
static bool beats_tentative(const struct mx_store_vol *v,
			    const struct mx_store_who *who)
{
	return !v->tentative.node || compare(who, &v->tentative) > 0 ||
	       is_claim(who, &v->tentative);
}

static int open_tentative(struct mx_store_vol *v,
			  const struct mx_store_who *who, u32 features, u64 *arg)
{
	if (!beats_tentative(v, who)) {
		MX_COVER(store_open_tentative_lower);
		*arg = v->tentative.epoch;
		return MX_ST_STALE;
	}
	MX_COVER(store_open_tentative);
	claim_set(&v->tentative, who, features);
	return MX_ST_OK;
}

/* The claim is higher than the one in force, if there is one. */
static int open_higher(struct mx_store_vol *v, const struct mx_store_who *who,
		       u32 features, u64 *arg, bool *fenced)
{
	/* Another life of the node that has made the tentative claim. */
	if (v->tentative.node && !compare(who, &v->tentative) &&
	    who->inc != v->tentative.inc) {
		*arg = v->tentative.epoch;
		return MX_ST_STALE;
	}
	if (v->tentative.node && compare(who, &v->tentative) >= 0) {
		MX_COVER(store_open_ends_tentative);
		claim_end(&v->tentative);
	}
	MX_COVER(store_open_higher);
	if (!is_maker(who, v))
		v->maker = (struct mx_life){};
	*fenced = v->claim.node;
	claim_set(&v->claim, who, features);
	return MX_ST_OK;
}

/* What an OPEN is told that makes the volume. */
static u64 opened_new(const struct mx_store *st, u64 id)
{
	return MX_OPENED_NEW | (mx_store_tomb(st, id) ? MX_OPENED_EXPIRED : 0);
}

/* Who cannot be told that the volume had been here must not take it for a new one. */
static bool would_mislead(const struct mx_store *st,
			  const struct mx_store_who *who, const struct mx_ask *ask)
{
	return !(features_of(ask) & MX_FEAT_LEASE) &&
	       mx_store_tomb(st, who->volume);
}

/*
 * The volume is not here. If it was, and was dropped without its owner, claims stay
 * in order over that.
 */
static int open_unknown(const struct mx_store *st, const struct mx_store_who *who,
			u64 known, u64 *arg)
{
	const struct mx_store_tomb *tomb = mx_store_tomb(st, who->volume);
	int order = tomb ? compare(who, &tomb->claim) : 1;

	if (order < 0 || (!order && who->inc != tomb->claim.inc)) {
		MX_COVER(store_open_buried_lower);
		*arg = tomb->claim.epoch;
		return MX_ST_STALE;
	}
	/* Nobody after it could claim the volume any more. */
	if (tomb && who->epoch - tomb->claim.epoch > MX_TOMB_EPOCHS) {
		*arg = known;
		return MX_ST_INVAL;
	}
	return st->nvols < st->max_vols ? MX_STORE_MAKE : MX_ST_FULL;
}

static int open_known(struct mx_store_vol *v, const struct mx_store_who *who,
		      const struct mx_ask *ask, u64 *arg, bool *fenced)
{
	bool old = !(ask->flags & MX_F_FEATURES);
	u32 features = features_of(ask);

	if (is_claim(who, &v->claim)) {
		MX_COVER(store_open_same);
		v->claim.features = features;
		return MX_ST_OK;
	}
	*arg = v->claim.epoch;
	if (v->claim.node && old && who->epoch == v->claim.epoch)
		return open_old(v, who, fenced);
	if (v->claim.node && compare(who, &v->claim) <= 0) {
		MX_COVER(store_open_lower);
		return MX_ST_STALE;
	}
	if (ask->flags & MX_F_TENTATIVE)
		return open_tentative(v, who, features, arg);
	return open_higher(v, who, features, arg, fenced);
}

int mx_store_open(const struct mx_store *st, struct mx_store_vol *v,
		  const struct mx_store_who *who, const struct mx_ask *ask,
		  const char *name, u32 len, u64 *arg, bool *fenced)
{
	u64 known = ask->flags & MX_F_FEATURES ? MX_FEAT_KNOWN : 0;
	bool other, unused, made;
	int status;

	*arg = 0;
	*fenced = false;
	if (!who->volume || !mx_name_valid(name, len))
		return MX_ST_INVAL;
	/* It could do nothing but be in the way of others. */
	if (ask->flags & MX_F_TENTATIVE && !(features_of(ask) & MX_FEAT_GEN))
		return MX_ST_INVAL;
	/* Only a tentative claim had it, of somebody else: it is as good as new. */
	unused = !v || (!v->claim.node && !(ask->flags & MX_F_TENTATIVE) &&
			!is_own(who, &v->tentative));
	if ((v && !same_volume(v, ask, name, len)) ||
	    (unused && would_mislead(st, who, ask))) {
		/* Not to be taken for a server that does not know this OPEN. */
		*arg = known;
		return MX_ST_INVAL;
	}
	if (!v)
		return open_unknown(st, who, known, arg);
	other = who->node != v->claim.node || who->inc != v->claim.inc;
	/* The answer to the OPEN that made it may never have arrived. */
	made = unused || is_maker(who, v);
	status = open_known(v, who, ask, arg, fenced);
	if (status == MX_ST_OK) {
		mx_store_heard(st, v);
		if (unused)
			maker_set(v, who);
		*arg = MX_FEAT_KNOWN | (*fenced && other ? MX_OPENED_OVER : 0) |
		       (made ? opened_new(st, who->volume) : 0);
	}
	if (!(ask->flags & MX_F_FEATURES))
		*arg = 0;
	return status;
}

u64 mx_store_vol_init(struct mx_store *st, struct mx_store_vol *v,
		      const struct mx_store_who *who, const struct mx_ask *ask,
		      const char *name, u32 len)
{
	bool tentative = ask->flags & MX_F_TENTATIVE;

	MX_ASSERT(len <= MX_NAME_MAX);
	MX_COVER(store_open_made);
	/* Not assigned as a whole: a roster is large for a stack. */
	memset(v, 0, sizeof(*v));
	v->id = who->volume;
	v->pages = ask->page;
	v->shift = ask->arg;
	v->sealed = is_sealed(ask);
	memcpy(v->name, name, len);
	claim_set(tentative ? &v->tentative : &v->claim, who, features_of(ask));
	maker_set(v, who);
	mx_store_heard(st, v);
	st->nvols++;
	return ask->flags & MX_F_FEATURES ? MX_FEAT_KNOWN | opened_new(st, v->id) : 0;
}

void mx_store_vol_gone(struct mx_store *st)
{
	MX_ASSERT(st->nvols);
	st->nvols--;
}

/* --- the other requests ------------------------------------------------ */

int mx_store_drop(struct mx_store *st, struct mx_store_vol *v,
		  const struct mx_store_who *who)
{
	if (!v)
		return MX_ST_OK;
	if (is_own(who, &v->tentative)) {
		MX_COVER(store_drop_withdraws);
		claim_end(&v->tentative);
		return v->claim.node ? MX_ST_OK : MX_STORE_FREE;
	}
	/* Who was never accepted has nothing here that it could give up. */
	if (!is_own(who, &v->claim)) {
		MX_COVER(store_drop_stranger);
		return who->epoch > v->claim.epoch ? MX_ST_INVAL : MX_ST_STALE;
	}
	if (v->tentative.node) {
		MX_COVER(store_drop_held);
		return is_claim(who, &v->claim) && claim_has_gen(&v->claim) ?
		       MX_ST_HELD : MX_ST_AGAIN;
	}
	MX_COVER(store_drop);
	if (mx_store_tomb(st, v->id))
		mx_store_bury(st, v);
	return MX_STORE_FREE;
}

/* What may be asked under a claim that is not committed. */
static bool tentative_may(const struct mx_ask *ask, u32 len)
{
	return ask->op == MX_OP_LIST || ask->op == MX_OP_BITMAP ||
	       ask->op == MX_OP_STAT || (ask->op == MX_OP_ROSTER && !len);
}

/* Whether a request is of the version of its claim. */
static bool version_fits(const struct mx_store_claim *c, const struct mx_ask *ask)
{
	switch (ask->op) {
	case MX_OP_READ:
	case MX_OP_WRITE:
	case MX_OP_DISCARD:
		return claim_has_gen(c) == !!ask->gen;
	case MX_OP_SETGEN:
	case MX_OP_LIST:
	case MX_OP_BITMAP:
	case MX_OP_ROSTER:
	case MX_OP_RESERVE:
		return claim_has_gen(c);
	}
	return true;
}

static int claim_admit(const struct mx_store_vol *v,
		       const struct mx_store_who *who, const struct mx_ask *ask,
		       u32 len, u64 *arg)
{
	if (is_claim(who, &v->claim))
		return version_fits(&v->claim, ask) ? MX_ST_OK : MX_ST_INVAL;
	if (is_claim(who, &v->tentative))
		return tentative_may(ask, len) ? MX_ST_OK : MX_ST_INVAL;
	if (who->epoch > v->claim.epoch)
		return MX_ST_INVAL;	/* it has to OPEN first */
	MX_COVER(store_stale);
	/* DROP and STAT do not show whether their sender knows arguments. */
	if (ask->gen || ask->op > MX_OP_STAT)
		*arg = v->claim.epoch;
	return MX_ST_STALE;
}

u32 mx_store_chunk_pages(const struct mx_store_vol *v, u64 index)
{
	u64 first = index << v->shift;

	MX_ASSERT(first < v->pages);
	return min((u64)1 << v->shift, v->pages - first);
}

static u64 chunks(const struct mx_store_vol *v)
{
	return (v->pages - 1 + ((u64)1 << v->shift)) >> v->shift;
}

/* Whether @n pages from @page are the volume's, and in one chunk. */
static bool run_valid(const struct mx_store_vol *v, u64 page, u64 n)
{
	if (!n || page >= v->pages || n > v->pages - page)
		return false;
	return page >> v->shift == (page + n - 1) >> v->shift;
}

/* Whether @page is the first of a chunk. */
static bool first_valid(const struct mx_store_vol *v, u64 page)
{
	return page < v->pages && !(page & (((u64)1 << v->shift) - 1));
}

static bool range_valid(const struct mx_store_vol *v, const struct mx_ask *ask)
{
	switch (ask->op) {
	case MX_OP_READ:
	case MX_OP_WRITE:
		/* Ciphertext taken for data, or the reverse, is of no use. */
		return is_sealed(ask) == v->sealed &&
		       run_valid(v, ask->page, ask->npages);
	case MX_OP_DISCARD:
		if (!run_valid(v, ask->page, ask->arg))
			return false;
		return !(ask->flags & MX_F_RELEASE) ||
		       (first_valid(v, ask->page) &&
			ask->arg == mx_store_chunk_pages(v, ask->page >> v->shift));
	case MX_OP_SETGEN:
	case MX_OP_BITMAP:
		return first_valid(v, ask->page);
	case MX_OP_RESERVE:
		return ask->arg <= chunks(v) && ask->arg2 <= chunks(v);
	}
	return true;
}

/*
 * Whether a placement is of an owner that may not know yet that the volume was made
 * anew: it could be older than that, and what it brings would count for what was lost.
 */
static bool is_early(const struct mx_store_vol *v, const struct mx_ask *ask)
{
	return v->maker.node && ask->flags & MX_F_PLACE;
}

int mx_store_admit(const struct mx_store_vol *v, const struct mx_store_who *who,
		   const struct mx_ask *ask, u32 len, u64 *arg)
{
	int status;

	*arg = 0;
	if (!v)
		return MX_ST_NOVOL;
	status = claim_admit(v, who, ask, len, arg);
	if (status == MX_ST_OK && !range_valid(v, ask))
		return MX_ST_INVAL;
	if (status == MX_ST_OK && is_early(v, ask)) {
		MX_COVER(store_place_early);
		return MX_ST_AGAIN;
	}
	return status;
}

static bool same_roster(const struct mx_roster *a, const struct mx_roster *b)
{
	u32 i;

	if (a->epoch != b->epoch || a->number != b->number || a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (a->member[i].node != b->member[i].node ||
		    a->member[i].inc != b->member[i].inc)
			return false;
	return true;
}

int mx_store_roster_set(struct mx_store_vol *v, const struct mx_roster *r,
			u64 *arg)
{
	*arg = 0;
	if (r->epoch != v->claim.epoch)
		return MX_ST_INVAL;
	if (mx_roster_newer(r, &v->roster)) {
		MX_COVER(store_roster_new);
		v->roster = *r;
		v->maker = (struct mx_life){};
		return MX_ST_OK;
	}
	if (same_roster(r, &v->roster))
		return MX_ST_OK;
	MX_COVER(store_roster_old);
	*arg = v->roster.number;
	return MX_ST_OLDGEN;
}

static void claim_show(const struct mx_store_claim *c, struct mx_claimed *to)
{
	*to = (struct mx_claimed){
		.node		= c->node,
		.epoch		= c->epoch,
		.inc		= c->inc,
		.features	= c->features,
	};
}

void mx_store_look(const struct mx_store_vol *v, u32 nchunks, struct mx_look *look)
{
	*look = (struct mx_look){
		.pages		= v->pages,
		.used		= v->share.used,
		.promised	= v->share.reserved,
		.nchunks	= nchunks,
		.shift		= v->shift,
		.sealed		= v->sealed,
	};
	claim_show(&v->claim, &look->claim);
	claim_show(&v->tentative, &look->tentative);
	memcpy(look->name, v->name, sizeof(look->name));
}

/* --- the account ------------------------------------------------------- */

/* Pages for the trailers of a chunk of @size pages. */
static u64 overhead(const struct mx_store_vol *v, u32 size)
{
	return v->sealed ? mx_trailer_pages(size) : 0;
}

/* A server that is being emptied keeps its word, and gives no other. */
static bool may_take(const struct mx_store *st, const struct mx_store_vol *v, u64 need)
{
	return st->state != MX_STORE_DRAINING ||
	       v->share.reserved + v->share.overhead + need <= v->share.firm;
}

int mx_store_promise(struct mx_store *st, struct mx_store_vol *v, u64 index)
{
	u32 size = mx_store_chunk_pages(v, index);
	u64 need = size + overhead(v, size);

	if (st->state == MX_STORE_CLOSING)
		return MX_ST_AGAIN;
	if (may_take(st, v, need) &&
	    mx_quota_promise(&st->quota, &v->share, size, overhead(v, size)))
		return MX_ST_OK;
	/* Somebody holds it who may not get it: that is not the end of a write. */
	if (st->state != MX_STORE_DRAINING &&
	    need <= mx_quota_free(&st->quota) + mx_quota_passing(&st->quota, &v->share)) {
		MX_COVER(store_full_passing);
		return MX_ST_AGAIN;
	}
	MX_COVER(store_full);
	return MX_ST_FULL;
}

/* --- what is kept for a volume ------------------------------------------ */

/* Pages that a chunk of the volume takes at most. */
static u32 unit(const struct mx_store_vol *v)
{
	return (1U << v->shift) + overhead(v, 1U << v->shift);
}

static u64 reserve_arg(const struct mx_store_vol *v, u64 floor)
{
	return MX_RESERVED(floor / unit(v), v->figure);
}

/* Chunks that can be kept for the volume in all. */
static u64 most(const struct mx_store *st, const struct mx_store_vol *v, u64 now)
{
	if (st->state != MX_STORE_RUNNING)
		return now;
	return max(now, mx_quota_most(&st->quota, &v->share) / unit(v));
}

static void reserve_set(struct mx_store *st, struct mx_store_vol *v,
			const struct mx_ask *ask, u64 give)
{
	if (ask->flags & MX_F_TENTATIVE) {
		MX_COVER(store_reserve_hold);
		mx_quota_floor(&st->quota, &v->share, v->share.firm, give * unit(v));
		v->held_at = st->clock;
		return;
	}
	/* For good it is all that was asked for, or what it was before. */
	if (give == ask->arg) {
		MX_COVER(store_reserve_firm);
		mx_quota_floor(&st->quota, &v->share, give * unit(v), 0);
		v->figure = ask->arg2;
	} else {
		mx_quota_floor(&st->quota, &v->share, v->share.firm, 0);
	}
}

int mx_store_reserve(struct mx_store *st, struct mx_store_vol *v,
		     const struct mx_ask *ask, u64 *arg)
{
	u64 now, give;

	*arg = 0;
	if (st->state == MX_STORE_CLOSING)
		return MX_ST_AGAIN;
	if (ask->flags & MX_F_TELL) {
		*arg = reserve_arg(v, v->share.firm);
		return MX_ST_OK;
	}
	now = max(v->share.firm, v->share.hold) / unit(v);
	give = min(ask->arg, most(st, v, now));
	if (give < ask->arg && mx_quota_passing(&st->quota, &v->share)) {
		MX_COVER(store_reserve_wait);
		return MX_ST_AGAIN;
	}
	reserve_set(st, v, ask, give);
	*arg = reserve_arg(v, max(v->share.firm, v->share.hold));
	return MX_ST_OK;
}

void mx_store_unhold(struct mx_store *st, struct mx_store_vol *v)
{
	if (!v->share.hold || st->clock - v->held_at < MX_HOLD_MS)
		return;
	MX_COVER(store_reserve_over);
	mx_quota_floor(&st->quota, &v->share, v->share.firm, 0);
}

void mx_store_unreserve(struct mx_store *st, struct mx_store_vol *v)
{
	mx_quota_floor(&st->quota, &v->share, 0, 0);
}

void mx_store_withdraw(struct mx_store *st, struct mx_store_vol *v, u32 size)
{
	mx_quota_withdraw(&st->quota, &v->share, size, overhead(v, size));
}

void mx_store_stored(struct mx_store *st, struct mx_store_vol *v,
		     struct mx_store_chunk *c, u32 n)
{
	MX_ASSERT(mx_store_here(c) && n <= c->size - c->used);
	c->used += n;
	mx_quota_store(&st->quota, &v->share, n);
}

void mx_store_dropped(struct mx_store *st, struct mx_store_vol *v,
		      struct mx_store_chunk *c, u32 n)
{
	MX_ASSERT(n <= c->used);
	c->used -= n;
	mx_quota_drop(&st->quota, &v->share, n);
}

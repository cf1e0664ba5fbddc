// SPDX-License-Identifier: GPL-2.0
/*
 * Taking a volume over: what servers tell of it, and what that proves.
 */
#include "mx_owner_impl.h"

enum { SURE_MS = 2000 };	/* an answer to OPEN is believed for so long */

/* Above this no generation is left to go on with. */
#define GEN_MAX	0xffff0000U

void mx_take_reset(struct mx_owner *o)
{
	memset(&o->seen, 0, sizeof(o->seen));
	o->roster_proved = false;
	if (o->spec.chunk)
		memset(o->spec.chunk, 0,
		       (size_t)o->spec.nchunks * sizeof(*o->spec.chunk));
}

void mx_take_forget(struct mx_owner *o, u32 i)
{
	u64 keep = ~BIT_ULL(i);
	u32 k;

	if (!o->spec.chunk)
		return;
	for (k = 0; k < o->spec.nchunks; k++) {
		o->spec.chunk[k].copies &= keep;
		o->spec.chunk[k].others &= keep;
	}
}

/* --- Chunks ------------------------------------------------------------ */

static bool is_member(const struct mx_life *m, u32 n, u64 node, u32 inc)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (m[i].node == node && m[i].inc == inc)
			return true;
	return false;
}

/* Whoever has a live copy is a member; no member is named twice. */
static bool sensible(const struct mx_owner *o, const struct mx_owner_srv *s,
		     const struct mx_listed *l)
{
	u32 i;

	if (l->index >= o->spec.nchunks || l->index < s->next ||
	    l->gen > GEN_MAX || l->pages > o->spec.chunk_pages ||
	    l->nmembers > MX_COPIES_MAX || l->state > MX_COPY_FILLING)
		return false;
	for (i = 1; i < l->nmembers; i++)
		if (is_member(l->member, i, l->member[i].node, l->member[i].inc))
			return false;
	/* Made by a client of the first version: no generation, no members. */
	if (l->state == MX_COPY_FILLING || !l->nmembers)
		return true;
	return is_member(l->member, l->nmembers, s->node, s->inc);
}

static bool same_members(const struct mx_owner_chunk *c, const struct mx_life *m,
			 u32 n)
{
	u32 i;

	if (c->nmembers != n)
		return false;
	for (i = 0; i < n; i++)
		if (!is_member(c->member, n, m[i].node, m[i].inc))
			return false;
	return true;
}

static void note_copy(struct mx_owner_chunk *c, u32 i, const struct mx_listed *l,
		      const struct mx_life *m, u32 n)
{
	if (c->listed && l->gen < c->gen) {
		c->others |= BIT_ULL(i);
		return;
	}
	if (!c->listed || l->gen > c->gen) {
		c->others |= c->copies;
		c->copies = 0;
		c->split = false;
		c->pages = 0;
		c->listed = true;
		c->gen = l->gen;
		c->nmembers = n;
		memcpy(c->member, m, n * sizeof(*m));
	} else if (!same_members(c, m, n)) {
		MX_COVER(owner_take_split);
		c->split = true;
	}
	c->copies |= BIT_ULL(i);
	c->pages = max(c->pages, l->pages);
}

int mx_owner_entry(struct mx_owner *o, u32 i, const struct mx_listed *l)
{
	struct mx_owner_srv *s = &o->srv[i];
	struct mx_life self = { .node = s->node, .inc = s->inc };
	struct mx_owner_chunk *c;

	if (s->state != MX_OSRV_LISTING || s->call != MX_CALL_LIST ||
	    s->call_inc != s->inc || s->call_epoch != o->epoch || !o->spec.chunk)
		return 0;	/* nobody wants to know any more */
	if (s->bad_list || !sensible(o, s, l)) {
		s->bad_list = true;
		return -EBADMSG;
	}
	s->next = l->index + 1;
	c = &o->spec.chunk[l->index];
	if (l->state == MX_COPY_FILLING)
		c->others |= BIT_ULL(i);
	else if (!l->nmembers)
		note_copy(c, i, l, &self, 1);
	else
		note_copy(c, i, l, l->member, l->nmembers);
	return 0;
}

/* --- Rosters ----------------------------------------------------------- */

/* Two owners may have used one number: all that either lists counts. */
static void merge(struct mx_roster *to, const struct mx_roster *from)
{
	u32 i;

	for (i = 0; i < from->n && to->n < MX_ROSTER_MAX; i++)
		if (!mx_roster_has(to, from->member[i].node, from->member[i].inc))
			to->member[to->n++] = from->member[i];
}

int mx_owner_roster(struct mx_owner *o, u32 i, const struct mx_roster *r)
{
	struct mx_owner_srv *s = &o->srv[i];

	if (s->state != MX_OSRV_LISTING || s->call != MX_CALL_ROSTER_GET ||
	    s->call_inc != s->inc || s->call_epoch != o->epoch)
		return 0;
	if (r->number >= MX_OWNER_ROSTER_MAX || r->n > MX_ROSTER_MAX ||
	    r->epoch > o->epoch || !r->number != !r->n) {
		s->bad_list = true;
		return -EBADMSG;
	}
	/*
	 * One that an owner has stored which was overtaken and does not know that
	 * may have the higher number.
	 */
	if (r->number && mx_roster_newer(r, &o->seen))
		o->seen = *r;
	else if (r->number && !mx_roster_newer(&o->seen, r))
		merge(&o->seen, r);
	s->roster = r->epoch == o->epoch ? r->number : 0;
	s->stored = r->number;
	return 0;
}

/* --- Proof ------------------------------------------------------------- */

/* Return: index of a node, or MX_MEMBERS. */
static u32 index_of(const struct mx_owner *o, u64 node)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++)
		if (o->srv[i].node == node)
			break;
	return i;
}

static bool life_answered(const struct mx_owner *o, const struct mx_life *life)
{
	u32 i = index_of(o, life->node);

	return i < MX_MEMBERS && o->srv[i].inc == life->inc &&
	       !o->srv[i].made && mx_osrv_answered(&o->srv[i]);
}

/*
 * A server gets chunks when it has stored a roster. One that is in a roster and
 * had stored none has got none, or has lost the volume since; as has one that has
 * no room for it.
 */
static bool stored_none(const struct mx_owner_srv *s)
{
	return s->state == MX_OSRV_REFUSED || (mx_osrv_holds(s) && !s->stored);
}

static bool roster_answered(const struct mx_owner *o, const struct mx_life *life)
{
	return life_answered(o, life) &&
	       !stored_none(&o->srv[index_of(o, life->node)]);
}

static bool any_listed(const struct mx_owner *o)
{
	u32 i;

	for (i = 0; o->spec.chunk && i < o->spec.nchunks; i++)
		if (o->spec.chunk[i].listed)
			return true;
	return false;
}

/*
 * Nobody has stored a roster. Either nobody knows the volume, or it is one of
 * the first version, whose servers are all that are known. Or its servers have
 * lost it, and a claim before this one has made it anew without coming to
 * serve: then there are no chunks either, which must not be taken for holes.
 */
static bool rosterless(const struct mx_owner *o)
{
	u32 i, known = 0;

	if (!o->spec.may_be_new || (o->taking && !any_listed(o)))
		return false;
	for (i = 0; i < MX_MEMBERS; i++) {
		if (!o->srv[i].node)
			continue;
		if (!mx_osrv_answered(&o->srv[i]))
			return false;
		known++;
	}
	return known;
}

static bool all_answered(const struct mx_owner *o)
{
	u32 i;

	if (!o->seen.number)
		return rosterless(o);
	for (i = 0; i < o->seen.n; i++)
		if (!roster_answered(o, &o->seen.member[i]))
			return false;
	return true;
}

/* A server of the roster has lost the volume, with that life or within it. */
static bool life_lost(const struct mx_owner *o, const struct mx_life *life)
{
	u32 i = index_of(o, life->node);

	return i < MX_MEMBERS && mx_osrv_answered(&o->srv[i]) &&
	       (o->srv[i].inc != life->inc || o->srv[i].made ||
		stored_none(&o->srv[i]));
}

/*
 * Its owner has missed pages, and only it knows which: two lives of one node, or
 * a loss that it may have had no time to note. A chunk that has lost pages may
 * have been placed anew since.
 */
static bool roster_lossy(const struct mx_owner *o)
{
	const struct mx_roster *r = &o->seen;
	u32 i;

	for (i = 0; i < r->n; i++)
		if (life_lost(o, &r->member[i]))
			return true;
	return mx_roster_marked(r);
}

void mx_take_roster(struct mx_owner *o)
{
	o->roster_proved = all_answered(o);
	o->roster_lossy = roster_lossy(o);
}

/*
 * What servers have told may be void by now: who forgets the claim may be opened
 * by an owner that it has fenced. All have to know it still.
 */
static bool all_sure(struct mx_owner *o)
{
	bool sure = true;
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_owner_srv *s = &o->srv[i];

		if (s->state != MX_OSRV_OPEN || o->now - s->sure < SURE_MS)
			continue;
		s->verify = true;
		sure = false;
	}
	return sure;
}

bool mx_take_proved(struct mx_owner *o)
{
	u32 i, opened = 0;

	mx_take_roster(o);
	if (!o->taking && !o->roster_proved)
		return false;
	for (i = 0; i < MX_MEMBERS; i++) {
		if (o->spec.clean && mx_osrv_busy(&o->srv[i]))
			return false;
		opened += o->srv[i].state == MX_OSRV_OPEN;
	}
	if (!opened)
		return false;
	if (o->spec.clean)
		return true;
	return o->roster_proved && !mx_owner_unproved(o) && all_sure(o);
}

static bool members_answered(const struct mx_owner *o,
			     const struct mx_owner_chunk *c)
{
	u32 i;

	for (i = 0; i < c->nmembers; i++)
		if (!life_answered(o, &c->member[i]))
			return false;
	return true;
}

/* A member that has not stored the generation yet has an older copy. */
static void fill_home(const struct mx_owner *o, const struct mx_owner_chunk *c,
		      struct mx_owner_home *h)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS && h->n < MX_COPIES_MAX; i++) {
		struct mx_srv_life life;

		if (!(c->copies & BIT_ULL(i)) || !mx_osrv_answered(&o->srv[i]))
			continue;
		mx_owner_life(o, i, &life);
		h->server[h->n] = i;
		h->inc[h->n] = life.inc;
		h->era[h->n] = life.era;
		if (h->n && !o->spec.clean)
			h->stale |= BIT(h->n);
		h->n++;
	}
}

void mx_owner_home(const struct mx_owner *o, u32 index, struct mx_owner_home *h)
{
	const struct mx_owner_chunk *c;
	bool proved;

	memset(h, 0, sizeof(*h));
	h->proof = MX_PROOF_HOLE;
	if (!o->spec.chunk || index >= o->spec.nchunks)
		return;
	c = &o->spec.chunk[index];
	h->gen = c->gen;
	h->others = c->others;
	if (!c->listed) {
		if (!o->roster_proved)
			h->proof = o->accepted ? MX_PROOF_LOST : MX_PROOF_NONE;
		return;
	}
	proved = !c->split && members_answered(o, c) &&
		 (o->roster_proved || (o->spec.clean && !o->roster_lossy));
	if (proved || o->accepted)
		fill_home(o, c, h);
	if (h->n) {
		h->proof = MX_PROOF_PLACED;
		h->pages = c->pages;
	} else {
		h->proof = o->accepted ? MX_PROOF_LOST : MX_PROOF_NONE;
	}
}

u32 mx_owner_unproved(const struct mx_owner *o)
{
	struct mx_owner_home h;
	u32 i, n = 0;

	for (i = 0; o->spec.chunk && i < o->spec.nchunks; i++) {
		mx_owner_home(o, i, &h);
		n += h.proof == MX_PROOF_NONE;
	}
	return n;
}

/* --- What is missing --------------------------------------------------- */

static int lack_of(const struct mx_owner *o, u32 i, u32 inc)
{
	const struct mx_owner_srv *s;

	if (i == MX_MEMBERS)
		return MX_LACK_UNKNOWN;
	s = &o->srv[i];
	if (s->inc != inc)
		return MX_LACK_RESTARTED;
	if (s->expired)
		return MX_LACK_EXPIRED;
	if (s->why)
		return MX_LACK_REFUSED;
	if (s->state == MX_OSRV_FENCED)
		return MX_LACK_FENCED;
	if (s->state == MX_OSRV_OPEN)
		return MX_LACK_RESTARTED;
	return s->alive ? MX_LACK_BUSY : MX_LACK_SILENT;
}

/* Without a roster, every server that is known is missed, and what one has dropped. */
static int missing_any(const struct mx_owner *o, u32 nth, struct mx_life *life,
		       u32 *server)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++) {
		const struct mx_owner_srv *s = &o->srv[i];

		if (!s->node || (mx_osrv_answered(s) && !s->expired) || nth--)
			continue;
		*life = (struct mx_life) { .node = s->node, .inc = s->inc };
		*server = i;
		return lack_of(o, i, s->inc);
	}
	return -ENOENT;
}

int mx_owner_missing(const struct mx_owner *o, u32 nth, struct mx_life *life,
		     u32 *server)
{
	u32 i;

	if (!o->seen.number)
		return missing_any(o, nth, life, server);
	for (i = 0; i < o->seen.n; i++) {
		if (roster_answered(o, &o->seen.member[i]) || nth--)
			continue;
		*life = o->seen.member[i];
		*server = index_of(o, life->node);
		return lack_of(o, *server, life->inc);
	}
	return -ENOENT;
}

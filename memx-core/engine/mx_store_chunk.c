// SPDX-License-Identifier: GPL-2.0
/*
 * A memory server's decisions about one chunk: generations, members, and what
 * becomes of a request about a chunk that is not here.
 */
#include "mx_store.h"

/* A request about a chunk that is not here. */
static int absent(const struct mx_ask *ask)
{
	bool old = !ask->gen;

	MX_COVER(store_chunk_absent);
	switch (ask->op) {
	case MX_OP_WRITE:
		return old || ask->flags & MX_F_PLACE ? MX_STORE_MAKE :
							MX_ST_NOCHUNK;
	case MX_OP_SETGEN:
		return ask->flags & MX_F_PLACE ? MX_STORE_MAKE : MX_ST_NOCHUNK;
	case MX_OP_DISCARD:
		return old || ask->flags & MX_F_RELEASE ? MX_ST_OK :
							  MX_ST_NOCHUNK;
	case MX_OP_READ:
		return old ? MX_ST_OK : MX_ST_NOCHUNK;
	}
	return MX_ST_NOCHUNK;
}

/* A request of a newer generation than the chunk's. */
static int newer(const struct mx_ask *ask)
{
	if (ask->flags & MX_F_PLACE) {
		MX_COVER(store_chunk_renew);
		return MX_STORE_RENEW;
	}
	if (ask->op == MX_OP_SETGEN || ask->flags & MX_F_RELEASE)
		return MX_ST_OK;
	return MX_ST_INVAL;
}

/* Whether a request would have something stored. */
static bool stores(const struct mx_ask *ask)
{
	return ask->op == MX_OP_WRITE || ask->flags & MX_F_PLACE;
}

int mx_store_chunk_admit(const struct mx_store *st,
			 const struct mx_store_chunk *c,
			 const struct mx_ask *ask, u64 *arg)
{
	*arg = 0;
	if (stores(ask) && st->state == MX_STORE_CLOSING) {
		MX_COVER(store_closing);
		return MX_ST_AGAIN;
	}
	if (!mx_store_here(c))
		return absent(ask);
	if (!ask->gen)
		return MX_ST_OK;
	if (ask->gen < c->gen) {
		MX_COVER(store_chunk_older);
		*arg = c->gen;
		return MX_ST_OLDGEN;
	}
	if (ask->gen > c->gen)
		return newer(ask);
	/* What was not copied yet would read as never written. */
	if (ask->op == MX_OP_READ && c->state != MX_SC_LIVE)
		return MX_ST_INVAL;
	return MX_ST_OK;
}

int mx_store_chunk_make(const struct mx_store *st, struct mx_store_chunk *c,
			const struct mx_ask *ask, u64 *arg)
{
	int status = mx_store_chunk_admit(st, c, ask, arg);

	if (status == MX_STORE_RENEW)
		mx_store_chunk_dead(c);
	return status;
}

static bool is_life(const struct mx_life *a, const struct mx_life *b)
{
	return a->node == b->node && a->inc == b->inc;
}

static bool has_life(const struct mx_life *member, u32 n, const struct mx_life *one)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (is_life(&member[i], one))
			return true;
	return false;
}

static void members_set(struct mx_store_chunk *c, const struct mx_life *member,
			u32 n)
{
	MX_ASSERT(n && n <= MX_COPIES_MAX);
	memset(c->member, 0, sizeof(c->member));
	memcpy(c->member, member, n * sizeof(*member));
	c->nmembers = n;
}

/* Members are different nodes, so as many that are all found are the same. */
static bool same_members(const struct mx_store_chunk *c,
			 const struct mx_life *member, u32 n)
{
	u32 i;

	for (i = 0; i < n; i++)
		if (!has_life(c->member, c->nmembers, &member[i]))
			return false;
	return n == c->nmembers;
}

/* A first write without generation makes a chunk of the first one. */
void mx_store_chunk_init(struct mx_store_chunk *c, const struct mx_store_vol *v,
			 const struct mx_ask *ask, const struct mx_life *self,
			 const struct mx_life *member, u32 n)
{
	bool fill = ask->op == MX_OP_SETGEN;

	MX_COVER(store_chunk_made);
	*c = (struct mx_store_chunk){
		.gen	= ask->gen ? ask->gen : 1,
		.size	= mx_store_chunk_pages(v, ask->page >> v->shift),
		.state	= fill ? MX_SC_FILLING : MX_SC_LIVE,
	};
	if (fill)
		members_set(c, member, n);
	else
		members_set(c, self, 1);
}

int mx_store_setgen(struct mx_store_chunk *c, const struct mx_ask *ask,
		    const struct mx_life *self, const struct mx_life *member,
		    u32 n, u64 *arg)
{
	*arg = 0;
	if (ask->gen > c->gen) {
		MX_COVER(store_setgen);
		c->gen = ask->gen;
		c->state = has_life(member, n, self) ? MX_SC_LIVE :
						       MX_SC_FILLING;
		members_set(c, member, n);
		return MX_ST_OK;
	}
	if (ask->gen == c->gen && same_members(c, member, n)) {
		MX_COVER(store_setgen_again);
		return MX_ST_OK;
	}
	*arg = c->gen;
	return MX_ST_OLDGEN;
}

void mx_store_chunk_dead(struct mx_store_chunk *c)
{
	c->state = MX_SC_DEAD;
}

bool mx_store_list_entry(const struct mx_store_chunk *c, u32 index,
			 struct mx_listed *l)
{
	if (!mx_store_here(c))
		return false;
	*l = (struct mx_listed){
		.index		= index,
		.gen		= c->gen,
		.pages		= c->used,
		.nmembers	= c->nmembers,
		.state		= c->state,
	};
	memcpy(l->member, c->member, sizeof(l->member));
	return true;
}

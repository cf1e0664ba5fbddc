// SPDX-License-Identifier: GPL-2.0
/*
 * A server under a claim: the table, the calls to it and what its answers mean.
 */
#include "mx_owner_impl.h"

/* No server goes back to MX_OSRV_NONE but by RESTART, and none by these. */
enum { STAY = MX_OSRV_STATES, RESET };

static const u8 arrow[MX_OSRV_STATES][SI_COUNT] = {
	[MX_OSRV_NONE] = {
		[SI_ASK]	= MX_OSRV_OPENING,
		[SI_DROP]	= MX_OSRV_DROPPED,
	},
	[MX_OSRV_OPENING] = {
		[SI_ACCEPT]	= MX_OSRV_OPEN,
		[SI_KNOWN]	= MX_OSRV_LISTING,
		[SI_REFUSE]	= MX_OSRV_REFUSED,
		[SI_FENCE]	= MX_OSRV_FENCED,
		[SI_RESTART]	= RESET,
		[SI_ANEW]	= STAY,
		[SI_DROP]	= MX_OSRV_DROPPING,
	},
	[MX_OSRV_LISTING] = {
		[SI_LISTED]	= MX_OSRV_OPEN,
		[SI_REFUSE]	= MX_OSRV_REFUSED,
		[SI_FENCE]	= MX_OSRV_FENCED,
		[SI_FORGOT]	= MX_OSRV_REFUSED,
		[SI_RESTART]	= RESET,
		[SI_ANEW]	= MX_OSRV_OPENING,
		[SI_DROP]	= MX_OSRV_DROPPING,
	},
	[MX_OSRV_OPEN] = {
		[SI_REFUSE]	= MX_OSRV_REFUSED,
		[SI_FENCE]	= MX_OSRV_FENCED,
		[SI_FORGOT]	= MX_OSRV_OPENING,
		[SI_RESTART]	= RESET,
		[SI_ANEW]	= MX_OSRV_OPENING,
		[SI_DROP]	= MX_OSRV_DROPPING,
	},
	[MX_OSRV_REFUSED] = {
		[SI_ASK]	= MX_OSRV_OPENING,
		[SI_RESTART]	= RESET,
		[SI_ANEW]	= MX_OSRV_OPENING,
		[SI_DROP]	= MX_OSRV_DROPPING,
	},
	[MX_OSRV_FENCED] = {
		[SI_RESTART]	= RESET,
		[SI_DROP]	= MX_OSRV_DROPPED,
	},
	[MX_OSRV_DROPPING] = {
		[SI_RESTART]	= MX_OSRV_DROPPED,
		[SI_DROPPED]	= MX_OSRV_DROPPED,
		[SI_GIVE_UP]	= MX_OSRV_DROPPED,
	},
};

static void cover(u8 from, u8 input)
{
#define ARROW(state, in) \
	do { \
		if (from == MX_OSRV_##state && input == SI_##in) \
			MX_COVER(owner_srv_##state##_##in); \
	} while (0)

	ARROW(NONE, ASK);
	ARROW(NONE, DROP);
	ARROW(OPENING, ACCEPT);
	ARROW(OPENING, KNOWN);
	ARROW(OPENING, REFUSE);
	ARROW(OPENING, FENCE);
	ARROW(OPENING, RESTART);
	ARROW(OPENING, ANEW);
	ARROW(OPENING, DROP);
	ARROW(LISTING, LISTED);
	ARROW(LISTING, REFUSE);
	ARROW(LISTING, FENCE);
	ARROW(LISTING, FORGOT);
	ARROW(LISTING, RESTART);
	ARROW(LISTING, ANEW);
	ARROW(LISTING, DROP);
	ARROW(OPEN, REFUSE);
	ARROW(OPEN, FENCE);
	ARROW(OPEN, FORGOT);
	ARROW(OPEN, RESTART);
	ARROW(OPEN, ANEW);
	ARROW(OPEN, DROP);
	ARROW(REFUSED, ASK);
	ARROW(REFUSED, RESTART);
	ARROW(REFUSED, ANEW);
	ARROW(REFUSED, DROP);
	ARROW(FENCED, RESTART);
	ARROW(FENCED, DROP);
	ARROW(DROPPING, RESTART);
	ARROW(DROPPING, DROPPED);
	ARROW(DROPPING, GIVE_UP);
#undef ARROW
}

static void doubt(struct mx_owner_srv *s)
{
	s->limbo = true;
	s->blank = false;
	s->in_roster = false;
	s->roster = 0;
	s->verify = false;
	s->news |= BIT(MX_NEWS_LIFE);
}

/* It has to be listed from the start whenever it is asked anew. */
static void begin_list(struct mx_owner *o, u32 i)
{
	struct mx_owner_srv *s = &o->srv[i];

	s->has_roster = false;
	s->stored = 0;
	s->bad_list = false;
	s->next = 0;
	mx_take_forget(o, i);
}

/* What was not made by this claim may have pages that are still needed. */
static bool may_drop(const struct mx_owner *o, const struct mx_owner_srv *s)
{
	if (!s->told)
		return false;
	return o->state == MX_OWN_WITHDRAWING || o->served || o->spec.fresh ||
	       s->made;
}

bool mx_osrv_input(struct mx_owner *o, u32 i, u8 input)
{
	struct mx_owner_srv *s = &o->srv[i];
	u8 to = arrow[s->state][input];

	if (to == MX_OSRV_NONE)
		return false;
	cover(s->state, input);
	o->dirty = true;
	if (to == STAY)
		return true;
	/* The answer to an OPEN that is under way will tell who made the volume. */
	if (to == MX_OSRV_DROPPING && !may_drop(o, s) && s->call != MX_CALL_OPEN)
		to = MX_OSRV_DROPPED;
	s->state = to == RESET ? MX_OSRV_NONE : to;
	/* Who is asked again has refused until it answers. */
	if (input != SI_ASK)
		s->why = MX_WHY_NONE;
	if (to == MX_OSRV_FENCED)
		o->recount = MX_OWNER_COUNTS;
	if (to == MX_OSRV_LISTING || to == MX_OSRV_OPENING)
		begin_list(o, i);
	if (to == MX_OSRV_DROPPING || input == SI_ANEW)
		s->due = 0;
	return true;
}

void mx_osrv_refuse(struct mx_owner *o, u32 i, u8 why)
{
	struct mx_owner_srv *s = &o->srv[i];

	if (!mx_osrv_input(o, i, SI_REFUSE))
		return;
	s->why = why;
	s->due = o->now + MX_OWNER_AGAIN_MS;
	mx_take_forget(o, i);
}

static bool wants(const struct mx_owner *o)
{
	return o->state == MX_OWN_PROPOSING || o->state == MX_OWN_PROPOSED ||
	       (o->state >= MX_OWN_CLAIMING && o->state <= MX_OWN_SERVING);
}

void mx_osrv_begin(struct mx_owner *o)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_owner_srv *s = &o->srv[i];

		if (!s->node || s->state == MX_OSRV_DROPPED)
			continue;
		if (o->state == MX_OWN_LEAVING || o->state == MX_OWN_WITHDRAWING)
			mx_osrv_input(o, i, SI_DROP);
		else if (wants(o) && s->alive && o->now >= s->due)
			mx_osrv_input(o, i, SI_ASK);
	}
}

/* --- What is known of a server ---------------------------------------- */

/* Lives of the past: the one that was not seen for longest is forgotten. */
static void bury(struct mx_owner_srv *s)
{
	memmove(&s->past[1], &s->past[0],
		sizeof(s->past) - sizeof(s->past[0]));
	s->past[0] = (struct mx_owner_life) { .inc = s->inc, .era = s->era };
}

/* Return: the era of a life that was seen before, or 0. */
static u32 unearth(struct mx_owner_srv *s, u32 inc)
{
	u32 i, era = 0;

	for (i = 0; i < MX_OWNER_LIVES; i++) {
		if (s->past[i].inc != inc || !s->past[i].era)
			continue;
		era = era ? era : s->past[i].era;
		s->past[i].era = 0;
	}
	return era;
}

static void restart(struct mx_owner *o, u32 i, u32 inc)
{
	struct mx_owner_srv *s = &o->srv[i];
	u32 era;

	bury(s);
	s->ghost = ~s->inc;
	era = unearth(s, inc);
	doubt(s);
	s->limbo = era != 0;
	s->inc = inc;
	s->era = era ? era : ++s->eras;
	s->accepted = false;
	s->old = false;
	s->features = 0;
	s->strikes = 0;
	s->due = 0;
	s->made = false;
	s->expired = false;
	s->remade = false;
	s->purge = false;
	o->recount = MX_OWNER_COUNTS;
	mx_osrv_input(o, i, SI_RESTART);
	mx_take_forget(o, i);
}

void mx_owner_server(struct mx_owner *o, u32 i, u64 node, u32 inc, bool alive)
{
	struct mx_owner_srv *s;

	if (i >= MX_MEMBERS || !node)
		return;
	s = &o->srv[i];
	if (s->node && s->node != node)
		return;
	if (!s->node) {
		s->node = node;
		s->inc = inc;
		s->era = ++s->eras;
		s->news |= BIT(MX_NEWS_LIFE);
		o->dirty = true;
	}
	if (s->inc != inc)
		restart(o, i, inc);
	if (s->alive != alive)
		o->dirty = true;
	s->alive = alive;
	mx_owner_settle(o);
}

void mx_owner_chunks(struct mx_owner *o, u32 i, u32 n)
{
	if (i < MX_MEMBERS)
		o->srv[i].chunks = n;
}

void mx_owner_counted(struct mx_owner *o)
{
	if (o->recount)
		o->recount--;
	mx_owner_settle(o);
}

void mx_owner_lossy(struct mx_owner *o, bool lossy)
{
	u32 i;

	o->lossy = lossy;
	for (i = 0; i < MX_MEMBERS && !lossy; i++)
		o->srv[i].ghost = 0;
}

void mx_owner_life(const struct mx_owner *o, u32 i, struct mx_srv_life *life)
{
	const struct mx_owner_srv *s = &o->srv[i];

	life->inc = s->inc;
	life->era = s->limbo ? 0 : s->era;
	life->gens = mx_osrv_holds(s);
}

bool mx_owner_ready(const struct mx_owner *o, u32 i)
{
	const struct mx_owner_srv *s = &o->srv[i];
	u32 j;

	if (o->state != MX_OWN_SERVING || s->state != MX_OSRV_OPEN || s->limbo)
		return false;
	/* What is placed anew is not lost any more but for the roster's mark. */
	if (o->lossy && mx_osrv_holds(s) && !mx_roster_marked(&o->base))
		return false;
	if (mx_roster_has(&o->base, s->node, s->inc))
		return s->in_roster || !mx_osrv_holds(s);
	/* Where nobody stores rosters there are none. */
	for (j = 0; j < MX_MEMBERS; j++)
		if (o->srv[j].state == MX_OSRV_OPEN && mx_osrv_holds(&o->srv[j]))
			return false;
	return true;
}

/* --- Calls ------------------------------------------------------------- */

static u8 kind_due(const struct mx_owner *o, u32 i)
{
	const struct mx_owner_srv *s = &o->srv[i];

	/* Whoever was told that all calls have ended gets no other one. */
	if (o->state == MX_OWN_PARKED || o->state == MX_OWN_GONE)
		return MX_CALL_NONE;
	if (s->state == MX_OSRV_DROPPING)
		return may_drop(o, s) ? MX_CALL_DROP : MX_CALL_NONE;
	if (!wants(o))
		return MX_CALL_NONE;
	switch (s->state) {
	case MX_OSRV_OPENING:
		return s->purge ? MX_CALL_DROP : MX_CALL_OPEN;
	case MX_OSRV_LISTING:
		return s->has_roster ? MX_CALL_LIST : MX_CALL_ROSTER_GET;
	case MX_OSRV_OPEN:
		if (s->verify)
			return MX_CALL_OPEN;
		if (mx_roster_due(o, i))
			return MX_CALL_ROSTER_SET;
		return MX_CALL_NONE;
	default:
		return MX_CALL_NONE;
	}
}

static void ask(struct mx_owner *o, u32 i, u8 kind, struct mx_owner_call *call)
{
	struct mx_owner_srv *s = &o->srv[i];

	*call = (struct mx_owner_call) {
		.epoch	= o->epoch,
		.from	= s->next,
		.server	= i,
		.kind	= kind,
		.old	= s->old,
		.tentative = o->tentative && !s->old,
	};
	s->call = kind;
	s->call_inc = s->inc;
	s->call_epoch = o->epoch;
	s->call_old = call->old;
	s->call_tentative = call->tentative;
	s->call_arg = s->next;
	if (kind == MX_CALL_ROSTER_SET)
		s->call_arg = mx_owner_roster_out(o)->number;
	if (kind == MX_CALL_OPEN)
		s->told = true;
}

bool mx_owner_next(struct mx_owner *o, struct mx_owner_call *call)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_owner_srv *s = &o->srv[i];
		u8 kind;

		if (s->call && s->cancel) {
			s->cancel = false;
			*call = (struct mx_owner_call) {
				.server	= i,
				.kind	= MX_CALL_CANCEL,
			};
			return true;
		}
		if (!s->node || s->call || !s->alive || o->now < s->due)
			continue;
		kind = kind_due(o, i);
		if (kind == MX_CALL_NONE)
			continue;
		ask(o, i, kind, call);
		return true;
	}
	return false;
}

static void ask_open(const struct mx_owner_call *call, bool sealed,
		     struct mx_ask *ask)
{
	ask->flags = sealed ? MX_F_SEALED : 0;
	if (call->old)
		return;
	ask->flags |= MX_F_FEATURES | (call->tentative ? MX_F_TENTATIVE : 0);
	ask->arg2 = MX_FEAT_KNOWN;
}

void mx_owner_ask(const struct mx_owner_call *call, u64 pages, u8 shift,
		  bool sealed, struct mx_ask *ask)
{
	*ask = (struct mx_ask) {};
	switch (call->kind) {
	case MX_CALL_OPEN:
		ask->op = MX_OP_OPEN;
		ask->page = pages;
		ask->arg = shift;
		ask_open(call, sealed, ask);
		break;
	case MX_CALL_LIST:
		ask->op = MX_OP_LIST;
		ask->page = call->from;
		ask->npages = MX_OWNER_ASK_PAGES;
		break;
	case MX_CALL_DROP:
		ask->op = MX_OP_DROP;
		break;
	default:
		ask->op = MX_OP_ROSTER;
		break;
	}
}

/* --- Answers ----------------------------------------------------------- */

static void pause_for(struct mx_owner *o, u32 i, u32 ms)
{
	o->srv[i].due = o->now + ms;
}

static void accepted(const struct mx_owner *o, struct mx_owner_srv *s)
{
	s->accepted = true;
	s->epoch = o->epoch;
	s->sure = o->now;
}

/* What a server took before, if anything, is there, or certainly is not. */
static void confirm(struct mx_owner *o, struct mx_owner_srv *s, bool made)
{
	/* It still knows what it knew. */
	if (s->state == MX_OSRV_OPEN && s->accepted && !made && !s->limbo) {
		accepted(o, s);
		return;
	}
	if (made && (s->accepted || s->limbo)) {
		/* Once: the others' answers must not make them ask us again. */
		mx_osrv_verify(o);
		s->era = ++s->eras;
		s->in_roster = false;
		s->roster = 0;
		s->ghost = ~s->inc;
		s->remade = true;
		/* No roster without a mark before the caller has counted. */
		o->lossy |= s->chunks;
	}
	s->made |= made;
	s->blank |= made;
	s->limbo = false;
	accepted(o, s);
	s->news |= BIT(MX_NEWS_LIFE);
	o->recount = MX_OWNER_COUNTS;
}

/* Another claim had the volume before ours, which has to be seen to be later. */
static bool must_raise(const struct mx_owner *o, const struct mx_owner_srv *s,
		       bool made)
{
	return !made && !o->spec.fresh && !o->taking && !s->accepted &&
	       (o->state == MX_OWN_CLAIMING || o->state == MX_OWN_PROPOSING);
}

/*
 * It had accepted the claim, has lost the volume since, and has let somebody
 * have it who was overtaken long ago. While we serve, what it holds is not ours,
 * and must not be found beside ours; before that, it has to be listed once more.
 * Return: whether it is asked anew
 */
static bool strangers(struct mx_owner *o, u32 i, const struct mx_answer *ans)
{
	struct mx_owner_srv *s = &o->srv[i];

	if (s->call_old || s->epoch != o->epoch || !(ans->arg & MX_OPENED_OVER))
		return false;
	if (o->state == MX_OWN_SERVING) {
		MX_COVER(owner_purge);
		s->purge = true;
	} else if (s->state != MX_OSRV_OPEN) {
		return false;
	}
	if (mx_osrv_input(o, i, SI_FORGOT))
		doubt(s);
	return true;
}

static void accept(struct mx_owner *o, u32 i, const struct mx_answer *ans)
{
	struct mx_owner_srv *s = &o->srv[i];
	bool gens = !s->call_old && (ans->arg & MX_FEAT_GEN);
	bool made = gens ? ans->arg & MX_OPENED_NEW : !ans->vol_pages;
	/* It says so again, as it does not know whether we have heard it. */
	bool again = made && s->blank && s->accepted && gens;

	made &= !again;
	s->features = gens ? (u32)ans->arg : 0;
	if (strangers(o, i, ans))
		return;
	if (!gens && !made && !o->spec.fresh && !s->accepted) {
		mx_osrv_refuse(o, i, MX_WHY_OLD);
		return;
	}
	if (must_raise(o, s, made)) {
		accepted(o, s);
		if (mx_owner_raise(o, o->epoch))
			return;
	}
	if (!made && !again && !o->spec.fresh && !o->served)
		o->taking = true;
	confirm(o, s, made);
	s->verify = false;
	if (made || again || !gens || !o->spec.chunk)
		mx_osrv_input(o, i, SI_ACCEPT);
	else
		mx_osrv_input(o, i, SI_KNOWN);
}

static void outranked(struct mx_owner *o, u32 i, const struct mx_answer *ans)
{
	struct mx_owner_srv *s = &o->srv[i];
	u64 epoch = s->call_old ? o->epoch : max_t(u64, ans->arg, o->epoch);

	/*
	 * Of two that claim the volume now, one has to give in. A claim that this
	 * one was raised to may be there since long ago, as a tentative one is
	 * whose owner has died.
	 */
	if ((s->accepted && s->epoch == o->epoch) || o->spec.fresh) {
		mx_osrv_input(o, i, SI_FENCE);
	} else if (epoch - o->epoch > MX_OWNER_EPOCH_STEP ||
		   epoch >= MX_OWNER_EPOCH_MAX) {
		mx_osrv_refuse(o, i, MX_WHY_EPOCH);
	} else if (!mx_owner_raise(o, epoch)) {
		mx_osrv_input(o, i, SI_FENCE);
	}
}

/* A server of the first version does not know this form of OPEN; one of today
 * says so only if its volume is another one.
 */
static void senseless(struct mx_owner *o, u32 i, const struct mx_answer *ans)
{
	struct mx_owner_srv *s = &o->srv[i];

	if (s->call_old || (ans->arg & MX_FEAT_GEN))
		mx_osrv_refuse(o, i, MX_WHY_OTHER);
	else if (o->tentative || (!o->spec.fresh && ans->vol_pages))
		mx_osrv_refuse(o, i, MX_WHY_OLD);
	else
		s->old = true;
}

/* It has made the volume, and may say so again. */
static void made_there(struct mx_owner *o, struct mx_owner_srv *s,
		       const struct mx_answer *ans)
{
	s->made = true;
	if (s->blank || !(ans->arg & MX_OPENED_EXPIRED))
		return;
	MX_COVER(owner_expired);
	s->expired = true;
	s->news |= BIT(MX_NEWS_EXPIRED);
	/* It is not a new volume, whatever the other servers say. */
	if (!o->spec.fresh && !o->served)
		o->taking = true;
}

static void open_answer(struct mx_owner *o, u32 i, const struct mx_answer *ans)
{
	struct mx_owner_srv *s = &o->srv[i];

	/* Also of an epoch that was raised meanwhile: the next OPEN will not say. */
	if (ans->status == MX_ST_OK && !s->call_old &&
	    ans->arg & MX_FEAT_GEN && ans->arg & MX_OPENED_NEW)
		made_there(o, s, ans);
	if (s->call_epoch != o->epoch ||
	    s->call_tentative != (o->tentative && !s->call_old))
		return;
	switch (ans->status) {
	case MX_ST_OK:
		accept(o, i, ans);
		break;
	case MX_ST_STALE:
		outranked(o, i, ans);
		break;
	case MX_ST_INVAL:
		senseless(o, i, ans);
		break;
	case MX_ST_FULL:
		mx_osrv_refuse(o, i, MX_WHY_FULL);
		break;
	case MX_ST_AGAIN:
		/* Who was asked only whether it still knows us is asked once more. */
		if (s->state == MX_OSRV_OPEN)
			pause_for(o, i, MX_OWNER_HELD_MS);
		else
			mx_osrv_refuse(o, i, MX_WHY_MUTE);
		break;
	case MX_ST_NOVOL:
		/* A tentative claim makes no volume. */
		if (s->call_tentative)
			mx_osrv_input(o, i, SI_ACCEPT);
		else
			mx_osrv_refuse(o, i, MX_WHY_BAD);
		break;
	default:
		mx_osrv_refuse(o, i, MX_WHY_BAD);
		break;
	}
}

static void list_answer(struct mx_owner *o, u32 i, const struct mx_answer *ans)
{
	struct mx_owner_srv *s = &o->srv[i];

	if (s->bad_list) {
		mx_osrv_refuse(o, i, MX_WHY_BAD);
	} else if (ans->arg == MX_LIST_END) {
		mx_osrv_input(o, i, SI_LISTED);
	} else if (ans->arg <= s->call_arg || ans->arg < s->next ||
		   ans->arg >= o->spec.nchunks) {
		mx_osrv_refuse(o, i, MX_WHY_BAD);
	} else {
		s->next = ans->arg;
	}
}

static void forgot(struct mx_owner *o, u32 i)
{
	struct mx_owner_srv *s = &o->srv[i];
	bool listing = s->state == MX_OSRV_LISTING;

	if (!mx_osrv_input(o, i, SI_FORGOT))
		return;
	doubt(s);
	if (listing) {
		s->why = MX_WHY_BAD;
		pause_for(o, i, MX_OWNER_AGAIN_MS);
	}
}

/* LIST and both kinds of ROSTER. */
static void ask_answer(struct mx_owner *o, u32 i, u8 kind,
		       const struct mx_answer *ans)
{
	struct mx_owner_srv *s = &o->srv[i];
	u8 expected = kind == MX_CALL_ROSTER_SET ? MX_OSRV_OPEN : MX_OSRV_LISTING;

	if (s->state != expected || s->call_epoch != o->epoch)
		return;
	switch (ans->status) {
	case MX_ST_STALE:
		mx_osrv_input(o, i, SI_FENCE);
		return;
	case MX_ST_NOVOL:
		pause_for(o, i, MX_OWNER_HELD_MS);
		forgot(o, i);
		return;
	case MX_ST_AGAIN:
		pause_for(o, i, MX_OWNER_HELD_MS);
		return;
	}
	if (kind == MX_CALL_ROSTER_SET) {
		if (mx_roster_answer(o, i, ans))
			mx_osrv_refuse(o, i, MX_WHY_BAD);
	} else if (ans->status != MX_ST_OK || s->bad_list) {
		mx_osrv_refuse(o, i, MX_WHY_BAD);
	} else if (kind == MX_CALL_ROSTER_GET) {
		s->has_roster = true;
	} else {
		list_answer(o, i, ans);
	}
}

static void drop_answer(struct mx_owner *o, u32 i, const struct mx_answer *ans)
{
	struct mx_owner_srv *s = &o->srv[i];

	if (ans->status == MX_ST_HELD || ans->status == MX_ST_AGAIN)
		pause_for(o, i, MX_OWNER_HELD_MS);
	else if (s->state != MX_OSRV_OPENING)
		mx_osrv_input(o, i, SI_DROPPED);
	else if (ans->status == MX_ST_STALE)
		mx_osrv_input(o, i, SI_FENCE);
	else if (ans->status != MX_ST_OK)
		mx_osrv_refuse(o, i, MX_WHY_BAD);
	/* It may be somebody else's again: the next OPEN tells. */
	if (ans->status != MX_ST_HELD && ans->status != MX_ST_AGAIN)
		s->purge = false;
}

/* The OPEN that was under way when the volume was to be dropped has ended. */
static void late_open(struct mx_owner *o, u32 i, const struct mx_answer *ans)
{
	struct mx_owner_srv *s = &o->srv[i];

	if (ans && ans->status == MX_ST_OK && !s->call_old &&
	    (ans->arg & MX_OPENED_NEW))
		s->made = true;
	if (!may_drop(o, s))
		mx_osrv_input(o, i, SI_DROPPED);
}

/* A call has ended without an answer that can be read. */
static void unanswered(struct mx_owner *o, u32 i, u8 kind, int err)
{
	struct mx_owner_srv *s = &o->srv[i];

	pause_for(o, i, MX_OWNER_HELD_MS);
	if (s->state == MX_OSRV_DROPPING && kind == MX_CALL_OPEN)
		late_open(o, i, NULL);
	if (err == -ESTALE) {
		/* Its new incarnation will be told by mx_owner_server(). */
		s->accepted = false;
		doubt(s);
		mx_osrv_input(o, i, SI_RESTART);
		mx_take_forget(o, i);
	} else if (err == -EBADMSG && kind != MX_CALL_DROP) {
		mx_osrv_refuse(o, i, MX_WHY_BAD);
	} else if (s->state == MX_OSRV_OPENING && err != -ENOBUFS) {
		mx_osrv_refuse(o, i, MX_WHY_MUTE);
	}
}

void mx_owner_answer(struct mx_owner *o, u32 i, int err,
		     const struct mx_answer *ans)
{
	struct mx_owner_srv *s = &o->srv[i];
	u8 kind = s->call;

	s->call = MX_CALL_NONE;
	s->cancel = false;
	o->dirty = true;
	if (s->call_inc != s->inc)
		;	/* about a life that has ended */
	else if (err)
		unanswered(o, i, kind, err);
	else if (kind == MX_CALL_DROP)
		drop_answer(o, i, ans);
	else if (s->state == MX_OSRV_DROPPING && kind == MX_CALL_OPEN)
		late_open(o, i, ans);
	else if (!wants(o))
		;	/* nobody wants to know any more */
	else if (kind == MX_CALL_OPEN)
		open_answer(o, i, ans);
	else
		ask_answer(o, i, kind, ans);
	mx_owner_settle(o);
}

void mx_osrv_verify(struct mx_owner *o)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++)
		if (o->srv[i].state == MX_OSRV_OPEN)
			o->srv[i].verify = true;
}

void mx_owner_stale(struct mx_owner *o, u32 i, u32 inc)
{
	if (i >= MX_MEMBERS || o->srv[i].inc != inc || !wants(o))
		return;
	/* Do the others know the higher claim too? */
	if (mx_osrv_input(o, i, SI_FENCE))
		mx_osrv_verify(o);
	mx_owner_settle(o);
}

void mx_owner_novol(struct mx_owner *o, u32 i, u32 inc)
{
	if (i >= MX_MEMBERS || o->srv[i].inc != inc || !wants(o))
		return;
	/* Who is being asked already, or is not asked any more, is in doubt as well. */
	if (o->srv[i].state == MX_OSRV_OPEN)
		forgot(o, i);
	else if (!o->srv[i].limbo)
		doubt(&o->srv[i]);
	mx_owner_settle(o);
}

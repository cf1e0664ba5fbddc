// SPDX-License-Identifier: GPL-2.0
/*
 * A claim's life: the table, and what follows from the state of its servers.
 */
#include "mx_owner_impl.h"

/* MX_OWN_NONE: no such arrow; none leads there. */
static const u8 arrow[MX_OWN_STATES][IN_COUNT] = {
	[MX_OWN_NONE] = {
		[IN_PROPOSE]	= MX_OWN_PROPOSING,
		[IN_CLAIM]	= MX_OWN_CLAIMING,
		[IN_DROP]	= MX_OWN_LEAVING,
		[IN_PARK]	= MX_OWN_PARKED,
	},
	[MX_OWN_PROPOSING] = {
		[IN_COMMIT]	= MX_OWN_CLAIMING,
		[IN_WITHDRAW]	= MX_OWN_WITHDRAWING,
		[IN_DROP]	= MX_OWN_WITHDRAWING,
		[IN_PARK]	= MX_OWN_PARKED,
		[IN_LACKING]	= MX_OWN_PROPOSED,
		[IN_RAISED]	= MX_OWN_PROPOSING,
		[IN_FENCED]	= MX_OWN_FENCED,
	},
	[MX_OWN_PROPOSED] = {
		[IN_COMMIT]	= MX_OWN_CLAIMING,
		[IN_WITHDRAW]	= MX_OWN_WITHDRAWING,
		[IN_DROP]	= MX_OWN_WITHDRAWING,
		[IN_PARK]	= MX_OWN_PARKED,
		[IN_MORE]	= MX_OWN_PROPOSING,
		[IN_FENCED]	= MX_OWN_FENCED,
	},
	[MX_OWN_WITHDRAWING] = {
		[IN_PARK]	= MX_OWN_PARKED,
		[IN_IDLE]	= MX_OWN_GONE,
	},
	[MX_OWN_CLAIMING] = {
		[IN_DROP]	= MX_OWN_LEAVING,
		[IN_PARK]	= MX_OWN_PARKED,
		[IN_OPENED]	= MX_OWN_LISTING,
		[IN_FIRST]	= MX_OWN_SERVING,
		[IN_PROVED]	= MX_OWN_SERVING,
		[IN_RAISED]	= MX_OWN_CLAIMING,
		[IN_FENCED]	= MX_OWN_FENCED,
	},
	[MX_OWN_LISTING] = {
		[IN_ACCEPT]	= MX_OWN_SERVING,
		[IN_DROP]	= MX_OWN_LEAVING,
		[IN_PARK]	= MX_OWN_PARKED,
		[IN_PROVED]	= MX_OWN_SERVING,
		[IN_LACKING]	= MX_OWN_WAITING,
		[IN_RAISED]	= MX_OWN_CLAIMING,
		[IN_FENCED]	= MX_OWN_FENCED,
	},
	[MX_OWN_WAITING] = {
		[IN_ACCEPT]	= MX_OWN_SERVING,
		[IN_DROP]	= MX_OWN_LEAVING,
		[IN_PARK]	= MX_OWN_PARKED,
		[IN_MORE]	= MX_OWN_LISTING,
		[IN_PROVED]	= MX_OWN_SERVING,
		[IN_FENCED]	= MX_OWN_FENCED,
	},
	[MX_OWN_SERVING] = {
		[IN_DROP]	= MX_OWN_LEAVING,
		[IN_PARK]	= MX_OWN_PARKED,
		[IN_FENCED]	= MX_OWN_FENCED,
	},
	/* Who was fenced must not make the servers of another owner forget. */
	[MX_OWN_FENCED] = {
		[IN_DROP]	= MX_OWN_PARKED,
		[IN_WITHDRAW]	= MX_OWN_PARKED,
		[IN_PARK]	= MX_OWN_PARKED,
	},
	[MX_OWN_LEAVING] = {
		[IN_PARK]	= MX_OWN_PARKED,
		[IN_IDLE]	= MX_OWN_GONE,
	},
};

/* One mark for each arrow, so that the simulator can tell which were taken. */
static void cover(u8 from, u8 input)
{
#define ARROW(state, in) \
	do { \
		if (from == MX_OWN_##state && input == IN_##in) \
			MX_COVER(owner_##state##_##in); \
	} while (0)

	ARROW(NONE, PROPOSE);
	ARROW(NONE, CLAIM);
	ARROW(NONE, DROP);
	ARROW(NONE, PARK);
	ARROW(PROPOSING, COMMIT);
	ARROW(PROPOSING, WITHDRAW);
	ARROW(PROPOSING, DROP);
	ARROW(PROPOSING, PARK);
	ARROW(PROPOSING, LACKING);
	ARROW(PROPOSING, RAISED);
	ARROW(PROPOSING, FENCED);
	ARROW(PROPOSED, COMMIT);
	ARROW(PROPOSED, WITHDRAW);
	ARROW(PROPOSED, DROP);
	ARROW(PROPOSED, PARK);
	ARROW(PROPOSED, MORE);
	ARROW(PROPOSED, FENCED);
	ARROW(WITHDRAWING, PARK);
	ARROW(WITHDRAWING, IDLE);
	ARROW(CLAIMING, DROP);
	ARROW(CLAIMING, PARK);
	ARROW(CLAIMING, OPENED);
	ARROW(CLAIMING, FIRST);
	ARROW(CLAIMING, PROVED);
	ARROW(CLAIMING, RAISED);
	ARROW(CLAIMING, FENCED);
	ARROW(LISTING, ACCEPT);
	ARROW(LISTING, DROP);
	ARROW(LISTING, PARK);
	ARROW(LISTING, PROVED);
	ARROW(LISTING, LACKING);
	ARROW(LISTING, RAISED);
	ARROW(LISTING, FENCED);
	ARROW(WAITING, ACCEPT);
	ARROW(WAITING, DROP);
	ARROW(WAITING, PARK);
	ARROW(WAITING, MORE);
	ARROW(WAITING, PROVED);
	ARROW(WAITING, FENCED);
	ARROW(SERVING, DROP);
	ARROW(SERVING, PARK);
	ARROW(SERVING, FENCED);
	ARROW(FENCED, DROP);
	ARROW(FENCED, WITHDRAW);
	ARROW(FENCED, PARK);
	ARROW(LEAVING, PARK);
	ARROW(LEAVING, IDLE);
#undef ARROW
}

static void drop_all(struct mx_owner *o)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++)
		if (o->srv[i].node)
			mx_osrv_input(o, i, SI_DROP);
}

static void cancel_all(struct mx_owner *o)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++)
		if (o->srv[i].call)
			o->srv[i].cancel = true;
}

/* A take-over has come to its end: the roster seen is the one to go on from. */
static void serve(struct mx_owner *o)
{
	o->served = true;
	o->base = o->seen;
	o->base.epoch = o->epoch;
	o->rewrite = o->taking;
	o->news |= BIT(MX_NEWS_SERVING);
}

static void enter(struct mx_owner *o, u8 from, u8 input)
{
	switch (o->state) {
	case MX_OWN_SERVING:
		serve(o);
		break;
	case MX_OWN_WAITING:
		o->news |= BIT(MX_NEWS_WAITING);
		break;
	case MX_OWN_FENCED:
		o->news |= BIT(MX_NEWS_FENCED);
		break;
	case MX_OWN_LEAVING:
	case MX_OWN_WITHDRAWING:
		drop_all(o);
		break;
	case MX_OWN_PARKED:
		cancel_all(o);
		break;
	}
}

bool mx_owner_input(struct mx_owner *o, u8 input)
{
	u8 from = o->state;
	u8 to = arrow[from][input];

	if (to == MX_OWN_NONE)
		return false;
	cover(from, input);
	o->state = to;
	enter(o, from, input);
	return true;
}

static void anew_all(struct mx_owner *o)
{
	u32 i;

	mx_take_reset(o);
	for (i = 0; i < MX_MEMBERS; i++)
		if (o->srv[i].node)
			mx_osrv_input(o, i, SI_ANEW);
	mx_osrv_begin(o);
}

bool mx_owner_raise(struct mx_owner *o, u32 epoch)
{
	if (o->state == MX_OWN_SERVING || o->raises >= MX_OWNER_RAISES ||
	    epoch >= MX_OWNER_EPOCH_MAX || !mx_owner_input(o, IN_RAISED))
		return false;
	o->raises++;
	o->epoch = epoch + 1;
	o->taking = true;
	anew_all(o);
	return true;
}

static bool any_busy(const struct mx_owner *o)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++)
		if (mx_osrv_busy(&o->srv[i]))
			return true;
	return false;
}

/* Whether a server that can be asked has not accepted the claim yet. */
static bool any_opening(const struct mx_owner *o)
{
	u32 i, known = 0;

	for (i = 0; i < MX_MEMBERS; i++) {
		const struct mx_owner_srv *s = &o->srv[i];

		known += s->node && s->alive;
		if (mx_osrv_busy(s) && s->state != MX_OSRV_LISTING)
			return true;
	}
	return !known;
}

static bool any_open(const struct mx_owner *o)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++)
		if (o->srv[i].state == MX_OSRV_OPEN)
			return true;
	return false;
}

/*
 * While I/O is served, servers with chunks count, as soon as the chunks have been
 * counted anew, and those that may have some after all; before that, servers that
 * have accepted the claim.
 */
static bool fenced(const struct mx_owner *o)
{
	bool serving = o->state == MX_OWN_SERVING;
	u32 i, count = 0;

	if (serving && o->recount)
		return false;
	for (i = 0; i < MX_MEMBERS; i++) {
		const struct mx_owner_srv *s = &o->srv[i];

		if (serving && s->limbo && s->state != MX_OSRV_FENCED)
			return false;
		if (serving ? !s->chunks : !s->accepted)
			continue;
		if (s->state != MX_OSRV_FENCED)
			return false;
		count++;
	}
	return count;
}

static bool all_ended(const struct mx_owner *o, bool dropped)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++) {
		const struct mx_owner_srv *s = &o->srv[i];

		if (s->node && (s->call ||
				(dropped && s->state != MX_OSRV_DROPPED)))
			return false;
	}
	return true;
}

/* All may be there, and wait only for servers to say that they still know the claim. */
static bool proving(const struct mx_owner *o)
{
	return o->state == MX_OWN_CLAIMING || o->state == MX_OWN_LISTING ||
	       o->state == MX_OWN_WAITING;
}

static void settle_answers(struct mx_owner *o)
{
	if (o->spec.fresh && any_open(o) && mx_owner_input(o, IN_FIRST))
		return;
	if (!o->spec.fresh && !any_opening(o))
		mx_owner_input(o, IN_OPENED);
	if (o->dirty && !o->spec.fresh && proving(o) && mx_take_proved(o)) {
		mx_owner_input(o, IN_PROVED);
		return;
	}
	if (o->state == MX_OWN_SERVING && o->spec.clean && o->dirty &&
	    o->spec.chunk) {
		mx_take_roster(o);
		o->news |= BIT(MX_NEWS_CHUNKS);
	}
	mx_owner_input(o, any_busy(o) || any_opening(o) ? IN_MORE : IN_LACKING);
	o->dirty = false;
}

void mx_owner_settle(struct mx_owner *o)
{
	mx_osrv_begin(o);
	switch (o->state) {
	case MX_OWN_PROPOSING:
	case MX_OWN_PROPOSED:
	case MX_OWN_CLAIMING:
	case MX_OWN_LISTING:
	case MX_OWN_WAITING:
	case MX_OWN_SERVING:
		if (fenced(o))
			mx_owner_input(o, IN_FENCED);
		else
			settle_answers(o);
		break;
	case MX_OWN_LEAVING:
	case MX_OWN_WITHDRAWING:
		if (all_ended(o, true))
			mx_owner_input(o, IN_IDLE);
		break;
	}
	if (o->state == MX_OWN_SERVING) {
		mx_roster_establish(o);
		mx_roster_grow(o);
	}
	if (!o->ended && (o->state == MX_OWN_PARKED || o->state == MX_OWN_GONE) &&
	    all_ended(o, false)) {
		o->ended = true;
		o->news |= BIT(MX_NEWS_ENDED);
	}
}

void mx_owner_init(struct mx_owner *o, const struct mx_owner_spec *spec)
{
	memset(o, 0, sizeof(*o));
	o->spec = *spec;
	o->epoch = spec->epoch ? spec->epoch : 1;
	if (spec->fresh)
		o->spec.chunk = NULL;
	mx_take_reset(o);
}

static int begin(struct mx_owner *o, u8 input)
{
	if (o->epoch > MX_OWNER_EPOCH_MAX ||
	    (!o->spec.fresh && !o->spec.chunk) || !mx_owner_input(o, input))
		return -EINVAL;
	mx_owner_settle(o);
	return 0;
}

int mx_owner_claim(struct mx_owner *o)
{
	return begin(o, IN_CLAIM);
}

int mx_owner_propose(struct mx_owner *o)
{
	if (o->state != MX_OWN_NONE)
		return -EINVAL;
	o->tentative = true;
	return begin(o, IN_PROPOSE);
}

/* The same epoch, so that nobody who was told of the claim has to be asked twice
 * which one it is; but what servers have listed may have changed since.
 */
int mx_owner_commit(struct mx_owner *o)
{
	if (!mx_owner_input(o, IN_COMMIT))
		return -EINVAL;
	o->tentative = false;
	anew_all(o);
	mx_owner_settle(o);
	return 0;
}

int mx_owner_withdraw(struct mx_owner *o)
{
	if (!mx_owner_input(o, IN_WITHDRAW))
		return -EINVAL;
	mx_owner_settle(o);
	return 0;
}

int mx_owner_accept(struct mx_owner *o)
{
	bool serving = o->state == MX_OWN_SERVING && !mx_owner_done(o);

	if (o->state != MX_OWN_LISTING && o->state != MX_OWN_WAITING && !serving)
		return -EINVAL;
	o->accepted = true;
	o->lossy = true;	/* until the caller has counted */
	mx_take_roster(o);
	if (serving)
		o->news |= BIT(MX_NEWS_CHUNKS);
	else
		mx_owner_input(o, IN_ACCEPT);
	mx_owner_settle(o);
	return 0;
}

void mx_owner_drop(struct mx_owner *o, u64 give_up)
{
	o->give_up = give_up;
	mx_owner_input(o, IN_DROP);
	mx_owner_settle(o);
}

void mx_owner_park(struct mx_owner *o)
{
	mx_owner_input(o, IN_PARK);
	mx_owner_settle(o);
}

static void give_up(struct mx_owner *o)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_owner_srv *s = &o->srv[i];

		if (s->call)
			s->cancel = true;
		else if (mx_osrv_input(o, i, SI_GIVE_UP))
			o->drops_given_up++;
	}
}

/* While no I/O would show it: is the claim still known where it was accepted? */
static void look_out(struct mx_owner *o)
{
	if (o->state != MX_OWN_WAITING && o->state != MX_OWN_PROPOSED)
		return;
	if (o->now - o->verified < MX_OWNER_AGAIN_MS)
		return;
	o->verified = o->now;
	mx_osrv_verify(o);
}

/*
 * A server drops a volume whose owner asks for nothing, if it was told to. Those of
 * the first version know no leases, and OPEN is no mere question to them.
 */
static void renew(struct mx_owner *o)
{
	u32 i;

	if (o->state != MX_OWN_SERVING)
		return;
	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_owner_srv *s = &o->srv[i];

		if (s->state != MX_OSRV_OPEN || !mx_osrv_holds(s) ||
		    o->now - s->sure < MX_OWNER_RENEW_MS)
			continue;
		MX_COVER(owner_renew);
		s->verify = true;
	}
}

void mx_owner_tick(struct mx_owner *o, u64 now)
{
	o->now = now;
	look_out(o);
	renew(o);
	if (o->give_up && now >= o->give_up &&
	    (o->state == MX_OWN_LEAVING || o->state == MX_OWN_WITHDRAWING))
		give_up(o);
	mx_owner_settle(o);
}

bool mx_owner_done(const struct mx_owner *o)
{
	if (o->state != MX_OWN_SERVING)
		return false;
	return o->spec.fresh || o->accepted || !o->spec.clean ||
	       !mx_owner_unproved(o);
}

void mx_owner_taken(struct mx_owner *o)
{
	if (mx_owner_done(o) || o->state == MX_OWN_FENCED ||
	    o->state >= MX_OWN_LEAVING)
		o->spec.chunk = NULL;
}

static bool claim_note(struct mx_owner *o, struct mx_owner_note *note)
{
	static const u8 order[] = {
		MX_NEWS_SERVING, MX_NEWS_CHUNKS, MX_NEWS_WAITING,
		MX_NEWS_FENCED, MX_NEWS_ENDED,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (!(o->news & BIT(order[i])))
			continue;
		o->news &= ~BIT(order[i]);
		note->what = order[i];
		note->server = MX_NO_SERVER;
		return true;
	}
	return false;
}

static bool srv_note(struct mx_owner *o, u32 i, struct mx_owner_note *note)
{
	struct mx_owner_srv *s = &o->srv[i];
	bool ready = mx_owner_ready(o, i);

	note->server = i;
	if (s->news & BIT(MX_NEWS_LIFE)) {
		s->news &= ~BIT(MX_NEWS_LIFE);
		note->what = MX_NEWS_LIFE;
		return true;
	}
	if (s->news & BIT(MX_NEWS_EXPIRED)) {
		s->news &= ~BIT(MX_NEWS_EXPIRED);
		note->what = MX_NEWS_EXPIRED;
		return true;
	}
	if (ready != s->was_ready) {
		s->was_ready = ready;
		note->what = MX_NEWS_READY;
		return true;
	}
	return false;
}

bool mx_owner_note(struct mx_owner *o, struct mx_owner_note *note)
{
	u32 i;

	/* Lives first: what is adopted must be of the present ones. */
	for (i = 0; i < MX_MEMBERS; i++)
		if (srv_note(o, i, note))
			return true;
	return claim_note(o, note);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The room that servers keep for a volume: who is asked for what, and what becomes
 * of it.
 */
#include "mx_booking.h"

/*
 * IDLE: what is not to be kept is given back. HOLD: servers are asked, one after the
 * other, for the time being. FIX: those that hold something are asked for good.
 */
enum { PHASE_IDLE, PHASE_HOLD, PHASE_FIX };

void mx_booking_init(struct mx_booking *b, u32 chunks, u32 unit, u32 less, u8 copies,
		     bool learn)
{
	/* Not assigned as a whole: it is large for a stack. */
	memset(b, 0, sizeof(*b));
	b->most = chunks;
	b->unit = unit;
	b->less = less;
	b->copies = copies;
	b->learn = learn;
	b->cur = -1;
	b->pause = MX_BOOK_AGAIN_MS;
}

u32 mx_booking_chunks(u64 bytes, u8 shift, u32 most)
{
	u64 size = (u64)MX_PAGE_SIZE << shift;
	u64 n = (bytes >> (MX_PAGE_SHIFT + shift)) + !!(bytes & (size - 1));

	return min_t(u64, n, most);
}

u64 mx_booking_limit(u64 bytes, u32 unit, u8 copies)
{
	u32 each = unit * copies;
	u64 pages = bytes >> MX_PAGE_SHIFT;

	return pages / each;
}

/* --- what there is ------------------------------------------------------- */

static bool is_open(const struct mx_booking_srv *s)
{
	return s->node && s->avail == MX_BOOK_OPEN && !s->gone;
}

static u32 needed(const struct mx_booking *b)
{
	return b->chunks * b->copies;
}

/* A server has each chunk once at most. @held: what is held for now counts too */
static u32 has(const struct mx_booking *b, const struct mx_booking_srv *s, bool held)
{
	u32 n = held ? max(s->firm, s->hold) : s->firm;

	return s->node && !s->gone ? min(n, b->chunks) : 0;
}

static u32 lacking(const struct mx_booking *b, bool held)
{
	u32 sum = 0, i;

	for (i = 0; i < MX_MEMBERS; i++)
		sum += has(b, &b->srv[i], held);
	return needed(b) - min(needed(b), sum);
}

u32 mx_booking_granted(const struct mx_booking *b)
{
	return (needed(b) - lacking(b, false)) / b->copies;
}

u32 mx_booking_kept(const struct mx_booking *b, u32 i)
{
	return b->srv[i].node && !b->srv[i].gone ? b->srv[i].firm : 0;
}

u32 mx_booking_old(const struct mx_booking *b)
{
	u32 n = 0, i;

	for (i = 0; i < MX_MEMBERS; i++)
		n += b->srv[i].node && b->srv[i].avail == MX_BOOK_OLD;
	return n;
}

u8 mx_booking_state(const struct mx_booking *b)
{
	if (!b->chunks)
		return MX_BOOK_NONE;
	if (!lacking(b, false))
		return MX_BOOK_GRANTED;
	if (b->met)
		return MX_BOOK_DEGRADED;
	return b->refused ? MX_BOOK_REFUSED : MX_BOOK_ASKING;
}

const char *mx_booking_name(u8 state)
{
	static const char * const name[] = {
		[MX_BOOK_NONE]		= "none",
		[MX_BOOK_ASKING]	= "asking",
		[MX_BOOK_GRANTED]	= "granted",
		[MX_BOOK_REFUSED]	= "refused",
		[MX_BOOK_DEGRADED]	= "degraded",
	};

	return state < MX_BOOK_STATES ? name[state] : "unknown";
}

bool mx_booking_busy(const struct mx_booking *b)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++)
		if (b->srv[i].call)
			return true;
	return false;
}

/* --- what is to be kept --------------------------------------------------- */

/* What is kept there and not in use. */
static u32 unused(const struct mx_booking_srv *s)
{
	return s->keep > s->placed ? s->keep - s->placed : 0;
}

/* Where it is in use least it is given up first; of two alike, where it is asked last. */
static struct mx_booking_srv *least_used(struct mx_booking *b)
{
	struct mx_booking_srv *best = NULL;
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_booking_srv *s = &b->srv[i];

		if (!s->node || s->gone || !s->keep)
			continue;
		if (!best || unused(s) > unused(best) ||
		    (unused(s) == unused(best) && s->node > best->node))
			best = s;
	}
	return best;
}

/* More is kept than is wanted: so much less is to be. */
static void trim(struct mx_booking *b)
{
	struct mx_booking_srv *s;
	u32 sum = 0, i, less;

	for (i = 0; i < MX_MEMBERS; i++) {
		s = &b->srv[i];
		s->keep = min(s->keep, b->chunks);
		if (s->node && !s->gone)
			sum += s->keep;
	}
	while (sum > needed(b)) {
		MX_COVER(book_trim);
		s = least_used(b);
		less = unused(s) ? unused(s) : s->keep;
		less = min(less, sum - needed(b));
		s->keep -= less;
		sum -= less;
	}
}

/* --- a round --------------------------------------------------------------- */

static void round_over(struct mx_booking *b)
{
	b->phase = PHASE_IDLE;
	b->cur = -1;
	b->ask = false;
	b->again = b->now + b->pause;
	b->pause = min_t(u32, 2 * b->pause, MX_BOOK_AGAIN_MOST_MS);
}

static u32 open_servers(const struct mx_booking *b)
{
	u32 n = 0, i;

	for (i = 0; i < MX_MEMBERS; i++)
		n += is_open(&b->srv[i]);
	return n;
}

/* All that was got in this round goes back, as IDLE sees to it. */
static void refuse(struct mx_booking *b)
{
	MX_COVER(book_refused);
	b->lacked = lacking(b, true);
	if (b->soft)
		b->why = MX_BOOK_WHY_SILENT;
	else
		b->why = open_servers(b) ? MX_BOOK_WHY_ROOM : MX_BOOK_WHY_SERVERS;
	b->refused = true;
	round_over(b);
}

static void round_failed(struct mx_booking *b)
{
	b->soft = true;
	refuse(b);
}

static void round_begin(struct mx_booking *b)
{
	u32 i;

	MX_COVER(book_round);
	/* What was held where nobody can be asked ends by itself. */
	for (i = 0; i < MX_MEMBERS; i++)
		if (!is_open(&b->srv[i]) || !b->srv[i].known)
			b->srv[i].hold = 0;
	b->phase = PHASE_HOLD;
	b->soft = false;
	b->cursor = 0;
	b->cur = -1;
}

/*
 * What a server has of the volume takes no other room there, but that its last chunk,
 * which may be smaller, takes some.
 */
static u32 unkept(const struct mx_booking *b, const struct mx_booking_srv *s)
{
	u32 now = max(s->firm, s->hold) + !!b->less;
	u32 placed = min(s->placed, b->chunks);

	return is_open(s) && s->known && !s->shy && placed > now ? placed - now : 0;
}

/*
 * How many a server is asked for in this round. What servers that are asked after it
 * have of the volume is counted before all else, and left to them: none is asked
 * twice, since who went back to one would wait there with others held.
 */
static u32 wanted_of(const struct mx_booking *b, const struct mx_booking_srv *s)
{
	u32 now = max(s->firm, s->hold);
	u32 more = lacking(b, true);
	u32 mine = min(unkept(b, s), more), later = 0, i;

	for (i = 0; i < MX_MEMBERS; i++)
		if (b->srv[i].node > s->node)
			later += unkept(b, &b->srv[i]);
	more -= min(more - mine, later);
	return max(now, min(b->chunks, now + more));
}

/* Servers that are not ready yet are awaited, but not for long. */
static bool awaited(const struct mx_booking *b, const struct mx_booking_srv *s)
{
	return b->now < b->began + MX_BOOK_COMING_MS && s->node &&
	       (s->avail == MX_BOOK_COMING || (is_open(s) && !s->known));
}

/* The next server in order behind @b->cursor that can be asked or is awaited, or -1. */
static int next_server(const struct mx_booking *b)
{
	int i, found = -1;

	for (i = 0; i < MX_MEMBERS; i++) {
		const struct mx_booking_srv *s = &b->srv[i];

		if (!s->node || s->node <= b->cursor)
			continue;
		if (!awaited(b, s) && !(is_open(s) && s->known &&
					wanted_of(b, s) > max(s->firm, s->hold)))
			continue;
		if (found < 0 || s->node < b->srv[found].node)
			found = i;
	}
	return found;
}

static void passed(struct mx_booking *b)
{
	struct mx_booking_srv *s = &b->srv[b->cur];

	b->cursor = s->node;
	s->busy = 0;
	b->cur = -1;
}

/* The one that is being asked cannot be asked any more. */
static void lose_cur(struct mx_booking *b)
{
	const struct mx_booking_srv *s = &b->srv[b->cur];

	if (s->call || (is_open(s) && s->known))
		return;
	MX_COVER(book_cur_lost);
	b->soft = true;
	passed(b);
}

static void hold(struct mx_booking *b)
{
	int i;

	if (b->cur >= 0)
		lose_cur(b);
	while (b->cur < 0) {
		if (!lacking(b, true)) {
			MX_COVER(book_fix);
			b->phase = PHASE_FIX;
			return;
		}
		i = next_server(b);
		if (i >= 0 && awaited(b, &b->srv[i]))
			return;
		if (i < 0) {
			refuse(b);
			return;
		}
		b->cur = i;
	}
}

static void fix(struct mx_booking *b)
{
	bool more = false;
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_booking_srv *s = &b->srv[i];

		if (!s->node || s->hold <= s->firm)
			continue;
		if (!is_open(s) || !s->known) {
			MX_COVER(book_fix_lost);
			round_failed(b);
			return;
		}
		more = true;
	}
	if (more)
		return;
	for (i = 0; i < MX_MEMBERS; i++)
		b->srv[i].keep = b->srv[i].firm;
	if (lacking(b, false)) {
		round_failed(b);
		return;
	}
	MX_COVER(book_granted);
	round_over(b);
}

/* What it has already takes no other room; the last chunk is among that, perhaps. */
u32 mx_booking_room(const struct mx_booking *b, u32 i, u64 free)
{
	const struct mx_booking_srv *s = &b->srv[i];
	u32 has = min(s->firm, b->chunks);

	if (s->placed > s->firm)
		free += (u64)(s->placed - s->firm) * b->unit - b->less;
	return min_t(u64, free / b->unit, b->chunks - has);
}

/* Room that servers say they have, as far as it is of use. */
static bool room_enough(const struct mx_booking *b)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++) {
		const struct mx_booking_srv *s = &b->srv[i];

		if (is_open(s) && s->known)
			sum += mx_booking_room(b, i, s->free);
	}
	return sum >= lacking(b, false);
}

/* What was got or told before, and is not to be kept, is still being given back. */
static bool settling(const struct mx_booking *b)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++) {
		const struct mx_booking_srv *s = &b->srv[i];

		if (s->call || (is_open(s) && s->known &&
				(s->hold || s->firm != s->keep)))
			return true;
	}
	return false;
}

static bool any_awaited(const struct mx_booking *b)
{
	u32 i;

	for (i = 0; i < MX_MEMBERS; i++)
		if (awaited(b, &b->srv[i]))
			return true;
	return false;
}

static void idle(struct mx_booking *b)
{
	trim(b);
	if (!lacking(b, false)) {
		b->met |= b->chunks > 0;
		b->refused = false;
		b->ask = false;
		b->why = MX_BOOK_WHY_NONE;
		b->pause = MX_BOOK_AGAIN_MS;
		b->began = b->now;
		return;
	}
	if (settling(b))
		return;
	if (b->ask) {
		if (!any_awaited(b))
			round_begin(b);
	} else if (!room_enough(b)) {
		/* It is asked again when there is, and not for long after that. */
		b->pause = MX_BOOK_AGAIN_MS;
	} else if (b->now >= b->again) {
		MX_COVER(book_again);
		b->began = b->now;
		round_begin(b);
	}
}

/* The arrows that follow from what is known now. */
static void settle(struct mx_booking *b)
{
	u8 phase;

	if (!b->on || b->ended)
		return;
	do {
		phase = b->phase;
		if (phase == PHASE_IDLE)
			idle(b);
		else if (phase == PHASE_HOLD)
			hold(b);
		else
			fix(b);
	} while (b->phase != phase);
}

bool mx_booking_settled(const struct mx_booking *b)
{
	if (b->phase != PHASE_IDLE || settling(b) || b->ask)
		return false;
	return !lacking(b, false) || !room_enough(b);
}

void mx_booking_set(struct mx_booking *b, u32 chunks)
{
	MX_ASSERT(chunks <= b->most);
	b->said = true;
	if (chunks == b->chunks && !b->refused)
		return;
	if (b->phase != PHASE_IDLE) {
		MX_COVER(book_set_anew);
		round_over(b);
	}
	b->met &= chunks == b->chunks;
	b->chunks = chunks;
	b->refused = false;
	b->ask = true;
	b->began = b->now;
	b->pause = MX_BOOK_AGAIN_MS;
	settle(b);
}

/* --- servers ---------------------------------------------------------------- */

/* Another life: whatever was kept in the one before is lost. */
static void new_life(struct mx_booking *b, struct mx_booking_srv *s, u64 node,
		     const struct mx_srv_life *life)
{
	if (s->firm) {
		MX_COVER(book_lost);
		b->ask = true;
		b->began = b->now;
	}
	s->over = s->call;
	s->node = node;
	s->inc = life->inc;
	s->era = life->era;
	s->firm = 0;
	s->keep = 0;
	s->hold = 0;
	s->all = 0;
	s->busy = 0;
	s->due = 0;
	s->known = false;
	s->fresh = true;
	s->shy = false;
}

/* It does not let us have the volume: what it keeps for that is not ours. */
static bool is_barred(const struct mx_owner_srv *s)
{
	return s->state == MX_OSRV_REFUSED || s->state == MX_OSRV_FENCED ||
	       s->state == MX_OSRV_DROPPING || s->state == MX_OSRV_DROPPED;
}

static u8 avail_of(const struct mx_owner *o, u32 i, const struct mx_srv_life *life)
{
	const struct mx_owner_srv *s = &o->srv[i];

	if (!s->alive || is_barred(s))
		return MX_BOOK_AWAY;
	if (!mx_owner_ready(o, i) || !life->era)
		return MX_BOOK_COMING;
	return s->features & MX_FEAT_RESERVE ? MX_BOOK_OPEN : MX_BOOK_OLD;
}

static void look(struct mx_booking *b, u32 i, const struct mx_owner *o,
		 const struct mx_member *m)
{
	struct mx_booking_srv *s = &b->srv[i];
	u64 node = o->srv[i].node;
	struct mx_srv_life life;
	bool gone;

	if (!node)
		return;
	mx_owner_life(o, i, &life);
	if (life.era && (s->node != node || s->inc != life.inc || s->era != life.era))
		new_life(b, s, node, &life);
	if (!s->node)
		s->node = node;
	gone = (s->inc && s->inc != life.inc) || m->state >= MX_MEMBER_DEAD ||
	       is_barred(&o->srv[i]);
	if (gone && !s->gone && s->firm) {
		MX_COVER(book_gone);
		b->ask = true;
		b->began = b->now;
	}
	/* It may be back with less, if others have made the volume anew meanwhile. */
	if (s->gone && !gone)
		s->known = false;
	s->gone = gone;
	s->avail = avail_of(o, i, &life);
	s->placed = o->srv[i].chunks;
	s->free = m->free;
}

void mx_booking_tick(struct mx_booking *b, const struct mx_owner *o,
		     const struct mx_members *members, u64 now)
{
	u32 i;

	b->now = now;
	b->epoch = o->epoch;
	if (!b->on && o->state == MX_OWN_SERVING)
		b->began = now;
	b->on = o->state == MX_OWN_SERVING;
	for (i = 0; i < MX_MEMBERS; i++)
		look(b, i, o, &members->m[i]);
	settle(b);
}

/* --- calls -------------------------------------------------------------------- */

/* What a server is to be asked now. @n: result, chunks. Return: enum mx_booking_kind */
static u8 due_call(const struct mx_booking *b, u32 i, u32 *n)
{
	const struct mx_booking_srv *s = &b->srv[i];

	*n = 0;
	if (!is_open(s) || b->now < s->due)
		return MX_BOOK_CALL_NONE;
	/* Also what it was last told to give back, if that was not answered. */
	if (!s->known)
		return b->chunks || b->learn || s->hold || !s->fresh ?
		       MX_BOOK_CALL_TELL : MX_BOOK_CALL_NONE;
	if (b->phase == PHASE_HOLD && (int)i == b->cur) {
		*n = wanted_of(b, s);
		return MX_BOOK_CALL_HOLD;
	}
	if (b->phase == PHASE_HOLD && s->hold) {
		*n = s->hold;
		return b->now >= s->renewed + MX_BOOK_RENEW_MS ? MX_BOOK_CALL_HOLD :
								 MX_BOOK_CALL_NONE;
	}
	if (b->phase == PHASE_FIX && s->hold > s->firm) {
		*n = s->hold;
		return MX_BOOK_CALL_KEEP;
	}
	*n = s->keep;
	if (b->phase == PHASE_IDLE &&
	    (s->hold || s->firm != s->keep || (s->keep && s->all != b->chunks)))
		return MX_BOOK_CALL_KEEP;
	return MX_BOOK_CALL_NONE;
}

static void call_make(struct mx_booking *b, u32 i, u8 kind, u32 n,
		      struct mx_booking_call *call)
{
	static const u8 flags[] = {
		[MX_BOOK_CALL_TELL]	= MX_F_TELL,
		[MX_BOOK_CALL_HOLD]	= MX_F_TENTATIVE,
		[MX_BOOK_CALL_KEEP]	= 0,
	};
	struct mx_booking_srv *s = &b->srv[i];

	s->call = kind;
	s->since = b->now;
	s->sent = n;
	s->sent_all = kind == MX_BOOK_CALL_TELL ? 0 : b->chunks;
	s->over = false;
	s->cancel = false;
	*call = (struct mx_booking_call){
		.ask = { .op = MX_OP_RESERVE, .flags = flags[kind], .arg = n,
			 .arg2 = s->sent_all },
		.epoch	= b->epoch,
		.server	= i,
		.kind	= kind,
	};
}

/* Nobody waits for the answer of a call any more. */
static bool is_vain(const struct mx_booking *b, const struct mx_booking_srv *s)
{
	return b->ended || !b->on || s->gone || s->over ||
	       b->now >= s->since + MX_BOOK_CALL_MS;
}

bool mx_booking_next(struct mx_booking *b, struct mx_booking_call *call)
{
	u32 i, n;
	u8 kind;

	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_booking_srv *s = &b->srv[i];

		if (s->call && !s->cancel && is_vain(b, s)) {
			s->cancel = true;
			*call = (struct mx_booking_call){
				.server = i, .kind = MX_BOOK_CALL_CANCEL };
			return true;
		}
		if (s->call || b->ended || !b->on)
			continue;
		kind = due_call(b, i, &n);
		if (!kind)
			continue;
		call_make(b, i, kind, n, call);
		return true;
	}
	return false;
}

void mx_booking_end(struct mx_booking *b)
{
	b->ended = true;
}

/* --- answers -------------------------------------------------------------------- */

/* What a new owner learns of what the one before has wanted. */
static void learn(struct mx_booking *b, u32 here, u32 all)
{
	if (b->said || !b->learn || !here || all <= b->chunks || all > b->most)
		return;
	MX_COVER(book_learned);
	b->chunks = all;
	b->met = true;
	b->ask = true;
	b->began = b->now;
}

static void told(struct mx_booking *b, struct mx_booking_srv *s, u32 here, u32 all)
{
	s->known = true;
	s->firm = here;
	s->all = all;
	s->keep = s->fresh ? here : min(s->keep, here);
	s->fresh = false;
	learn(b, here, all);
}

/* In a round: a server has not given what was counted on. */
static void let_down(struct mx_booking *b, u32 i)
{
	if (b->phase == PHASE_HOLD && b->cur == (int)i) {
		b->soft = true;
		passed(b);
	} else if (b->phase != PHASE_IDLE && b->srv[i].hold) {
		round_failed(b);
	}
}

static void held(struct mx_booking *b, u32 i, u32 here)
{
	struct mx_booking_srv *s = &b->srv[i];
	bool less = here < s->hold;

	s->renewed = b->now;
	s->hold = here > s->firm ? here : 0;
	s->shy = here < s->sent && here < s->placed;
	if (b->phase == PHASE_HOLD && b->cur == (int)i)
		passed(b);
	else if (b->phase != PHASE_IDLE && less)
		round_failed(b);
}

static void kept(struct mx_booking *b, u32 i, u32 here)
{
	struct mx_booking_srv *s = &b->srv[i];

	s->hold = 0;
	s->firm = here;
	if (here == s->sent) {
		s->all = s->sent_all;
	} else {
		s->keep = min(s->keep, here);
		s->all = b->chunks;
		if (b->phase == PHASE_FIX)
			round_failed(b);
	}
}

static u32 busy_pause(const struct mx_booking *b, const struct mx_booking_srv *s)
{
	u64 since = b->now - s->busy;

	return clamp_t(u64, since, MX_BOOK_BUSY_MS, MX_BOOK_BUSY_MOST_MS);
}

/* Others hold room there, or it cannot do it now. */
static void again(struct mx_booking *b, u32 i)
{
	struct mx_booking_srv *s = &b->srv[i];

	if (!s->busy)
		s->busy = b->now;
	s->due = b->now + busy_pause(b, s);
	if (b->now - s->busy < MX_BOOK_BUSY_ALL_MS)
		return;
	s->busy = 0;
	s->shy = true;
	let_down(b, i);
}

/* No answer, or none that helps: it is not known what it has done. */
static void unanswered(struct mx_booking *b, u32 i, u8 kind)
{
	struct mx_booking_srv *s = &b->srv[i];

	s->due = b->now + MX_BOOK_AGAIN_MS;
	if (kind == MX_BOOK_CALL_KEEP)
		s->firm = min(s->firm, s->sent);
	let_down(b, i);
	s->hold = max(s->hold, kind == MX_BOOK_CALL_HOLD ? s->sent : 0);
	s->known = false;
}

static void answered(struct mx_booking *b, u32 i, u8 kind, const struct mx_answer *ans)
{
	u32 here = MX_RESERVED_HERE(ans->arg);

	b->srv[i].busy = 0;
	if (kind == MX_BOOK_CALL_TELL)
		told(b, &b->srv[i], here, MX_RESERVED_ALL(ans->arg));
	else if (kind == MX_BOOK_CALL_HOLD)
		held(b, i, here);
	else
		kept(b, i, here);
}

void mx_booking_answer(struct mx_booking *b, u32 i, int err, const struct mx_answer *ans)
{
	struct mx_booking_srv *s = &b->srv[i];
	u8 kind = s->call;

	s->call = MX_BOOK_CALL_NONE;
	s->cancel = false;
	if (s->over)
		;	/* about a life that is over */
	else if (!err && ans->status == MX_ST_OK)
		answered(b, i, kind, ans);
	else if (!err && ans->status == MX_ST_AGAIN)
		again(b, i);
	else
		unanswered(b, i, kind);
	s->over = false;
	settle(b);
}

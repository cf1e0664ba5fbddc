// SPDX-License-Identifier: GPL-2.0
/*
 * Room that servers keep for volumes, and limits of volumes, in a share of the seeds:
 * figures that change at any time, and what has to be so when faults are over. It is
 * drawn from a stream of its own, so that the other seeds stay what they are.
 */
#include "cluster.h"

enum {
	SETTLE_S	= 90,	/* until all know what they have, once faults are over */
	CONTESTS	= 3,	/* for the last room, when faults are over */
};

static u64 draw(struct sim *s, u64 n)
{
	return sim_below_of(s, &cl_of(s)->book_rng, n);
}

/* --- the plan ----------------------------------------------------------- */

/* Residues that no seed of seeds-cluster.txt has: those stay what they are. */
static bool is_booked(u64 seed)
{
	return seed % 14 == 6 || seed % 14 == 10;
}

static u32 draw_figure(struct sim *s, const struct cl_truth *t)
{
	return draw(s, 4) ? 1 + draw(s, t->nchunks) : 0;
}

void cl_book_plan(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u32 i, n;

	cs->booked = is_booked(s->seed);
	cs->book_rng = s->seed * 0x9e3779b97f4a7c15ULL + 13;
	for (i = 0; i < cs->nvols; i++)
		cs->truth[i].limit = CL_CHUNKS;
	if (!cs->booked)
		return;
	for (i = 0; i < SIM_SERVERS && draw(s, 4); i++)
		cs->server[i].capacity = draw(s, 8) * CL_CHUNK + draw(s, CL_CHUNK);
	for (i = 0; i < cs->nvols; i++) {
		struct cl_truth *t = &cs->truth[i];

		t->figure = draw_figure(s, t);
		if (!draw(s, 4))
			t->limit = max_t(u32, t->figure, 1 + draw(s, t->nchunks));
	}
	for (i = 0, n = draw(s, 12); i < n; i++)
		sim_push(s, (struct event){
			.kind = EV_BOOK, .at = draw(s, s->end),
			.b = draw(s, cs->nvols) });
}

/* --- figures -------------------------------------------------------------- */

void cl_book_begin(struct cl_vol *v)
{
	struct cl_sim *cs = cl_of(v->s);
	struct cl_truth *t = v->truth;

	mx_booking_init(&v->b, t->nchunks, CL_CHUNK, t->nchunks * CL_CHUNK - t->pages,
			t->copies, cs->booked && v->no > 1);
	/* Who takes over may not know, and is told by the servers. */
	if (cs->booked && (v->no == 1 || draw(v->s, 2)))
		mx_booking_set(&v->b, t->figure);
}

static void set_figure(struct sim *s, struct cl_truth *t, u32 figure)
{
	struct cl_vol *v;
	u32 i;

	t->figure = min(figure, t->limit);
	sim_trace(s, "volume %u wants %u chunks kept", t->no, t->figure);
	for (i = 0; i < SIM_CLIENTS; i++) {
		v = cl_of(s)->client[i].vol[t->no];
		if (!v || v->leaving)
			continue;
		mx_booking_set(&v->b, t->figure);
		cl_run(v);
	}
}

void cl_book_event(struct sim *s, struct event *ev)
{
	struct cl_truth *t = &cl_of(s)->truth[ev->b];

	set_figure(s, t, draw_figure(s, t));
}

/* What is said to be granted is kept by servers, when no more of them fail. */
static void check_granted(struct cl_vol *v)
{
	u32 need = v->b.chunks * v->truth->copies, i, n = 0;
	u64 free;

	if (!cl_of(v->s)->contest || v->leaving || !cl_vol_newest(v) ||
	    mx_booking_state(&v->b) != MX_BOOK_GRANTED)
		return;
	for (i = 0; i < CL_MEMBERS; i++)
		if (v->b.srv[i].node && !v->b.srv[i].gone)
			n += cl_server_kept(v, i, &free);
	if (n < need)
		sim_fail(v->s, "%u/%u says that %u chunks are granted, and servers keep %u",
			 v->node, v->truth->no, need, n);
}

/* --- calls ------------------------------------------------------------------ */

static void book_done(struct cl_call *nc)
{
	struct cl_srv *srv = container_of(nc, struct cl_srv, bnc);
	struct cl_vol *v = srv->vol;
	struct mx_answer ans = {};
	int err = nc->call.status;

	srv->bbusy = false;
	if (!err)
		err = mx_answer_decode(nc->call.rhead, nc->call.reply.len,
				       &srv->bask, &ans);
	cl_reply_free(v->s, nc);
	if (!v->s->node[v->node].up)
		return;
	sim_trace(v->s, "%u/%u book call %x %llu to %u: %d status %u arg %llx", v->node,
		  v->truth->no, srv->bask.flags, (unsigned long long)srv->bask.arg,
		  srv->idx, err, ans.status, (unsigned long long)ans.arg);
	if (!err && ans.status == MX_ST_STALE)
		mx_owner_stale(&v->o, srv->idx, v->b.srv[srv->idx].inc);
	if (!err && ans.status == MX_ST_NOVOL)
		mx_owner_novol(&v->o, srv->idx, v->b.srv[srv->idx].inc);
	mx_booking_answer(&v->b, srv->idx, err, &ans);
	check_granted(v);
	cl_run(v);
}

static void book_call(struct cl_vol *v, const struct mx_booking_call *bc)
{
	struct cl_srv *srv = &v->srv[bc->server];
	struct rmp_call *call = &srv->bnc.call;
	struct link *l = cl_link(v, bc->server);

	if (bc->kind == MX_BOOK_CALL_CANCEL) {
		link_after(l, rmp_peer_cancel(l->peer, call,
					      node_now(v->s, v->node), &l->sink));
		return;
	}
	if (srv->bbusy) {
		sim_fail(v->s, "server %u is asked to keep room twice", bc->server);
		return;
	}
	srv->bbusy = true;
	srv->bask = bc->ask;
	memset(&srv->bnc, 0, sizeof(srv->bnc));
	srv->bnc.done = book_done;
	mx_ask_encode(&srv->bask, call->head);
	call->volume = v->truth->id;
	call->epoch = bc->epoch;
	call->port = CL_PORT;
	call->flow = &srv->flow;
	link_after(l, rmp_peer_call(l->peer, call, node_now(v->s, v->node),
				    &l->sink));
}

bool cl_book_run(struct cl_vol *v)
{
	struct mx_booking_call bc;
	bool any = false;

	while (mx_booking_next(&v->b, &bc)) {
		book_call(v, &bc);
		any = true;
	}
	return any;
}

void cl_book_tick(struct cl_vol *v)
{
	if (v->leaving)
		mx_booking_end(&v->b);
	mx_booking_tick(&v->b, &v->o, &cl_client(v)->members,
			node_now(v->s, v->node) / 1000000);
	check_granted(v);
	cl_run(v);
}

/* --- limits ------------------------------------------------------------------- */

static bool takes_room(const struct cl_vchunk *c)
{
	return c->c.state == MX_CHUNK_PLACED || c->c.state == MX_CHUNK_RELEASING ||
	       (c->c.state == MX_CHUNK_PLACING && c->counted);
}

/* May the chunk be placed, as the volume's limit has it? */
bool cl_book_may_place(struct cl_vol *v, u32 chunk)
{
	u32 i, n = 0;

	for (i = 0; i < v->truth->nchunks; i++)
		n += i != chunk && takes_room(&v->chunk[i]);
	v->chunk[chunk].counted = n < v->truth->limit;
	return v->chunk[chunk].counted;
}

/* Is a write within what is kept for the volume? Then some server takes it soon. */
bool cl_book_within(const struct cl_vol *v)
{
	u32 i, n = 0;

	for (i = 0; i < v->truth->nchunks; i++)
		n += takes_room(&v->chunk[i]);
	return mx_booking_state(&v->b) == MX_BOOK_GRANTED &&
	       n <= mx_booking_granted(&v->b);
}

/* --- what has to be so ----------------------------------------------------------- */

static struct cl_vol *serving(struct sim *s, u8 vol)
{
	u32 i;

	for (i = 0; i < SIM_CLIENTS; i++) {
		struct cl_vol *v = cl_of(s)->client[i].vol[vol];

		if (v && !v->leaving && cl_vol_newest(v) &&
		    v->o.state == MX_OWN_SERVING)
			return v;
	}
	return NULL;
}

static bool all_settled(struct sim *s)
{
	struct cl_vol *v;
	u32 i;

	for (i = 0; i < cl_of(s)->nvols; i++) {
		v = serving(s, i);
		if (!v || !mx_booking_settled(&v->b))
			return false;
	}
	return true;
}

static void tell_booking(struct cl_vol *v)
{
	u32 i;

	for (i = 0; i < CL_MEMBERS; i++) {
		const struct mx_booking_srv *srv = &v->b.srv[i];

		if (srv->node)
			sim_trace(v->s, "%u/%u server %u: avail %u known %u gone %u firm %u keep %u hold %u placed %u free %llu call %u",
				  v->node, v->truth->no, i, srv->avail, srv->known,
				  srv->gone, srv->firm, srv->keep, srv->hold,
				  srv->placed, (unsigned long long)srv->free, srv->call);
	}
}

/* What servers keep is what the owner says, and there is room where it says no. */
static void check_volume(struct cl_vol *v)
{
	u32 need = mx_booking_granted(&v->b) * v->truth->copies, i, firm;
	u64 kept = 0, more = 0;
	u8 state = mx_booking_state(&v->b);

	for (i = 0; i < CL_MEMBERS; i++) {
		const struct mx_booking_srv *srv = &v->b.srv[i];
		u64 free;

		if (!srv->node || srv->avail != MX_BOOK_OPEN || srv->gone)
			continue;
		firm = cl_server_kept(v, i, &free);
		if (firm != srv->firm)
			sim_fail(v->s, "%u/%u server %u keeps %u chunks, not %u",
				 v->node, v->truth->no, i, firm, srv->firm);
		kept += min(firm, v->b.chunks);
		more += mx_booking_room(&v->b, i, free);
	}
	if (kept < need)
		sim_fail(v->s, "%u/%u has %u chunks granted, and servers keep %llu",
			 v->node, v->truth->no, need, (unsigned long long)kept);
	if (state != MX_BOOK_GRANTED && state != MX_BOOK_NONE &&
	    kept + more >= v->b.chunks * v->truth->copies)
		sim_fail(v->s, "%u/%u is %s, and there is room", v->node,
			 v->truth->no, mx_booking_name(state));
	if (kept > v->b.chunks * v->truth->copies)
		sim_fail(v->s, "%u/%u has more kept than it wants", v->node,
			 v->truth->no);
	/* All of it or nothing. */
	if (cl_of(v->s)->contest && state == MX_BOOK_REFUSED && kept > v->truth->kept)
		sim_fail(v->s, "%u/%u was refused, and servers keep %llu chunks, not %u",
			 v->node, v->truth->no, (unsigned long long)kept, v->truth->kept);
	v->truth->kept = kept;
}

/* Until nobody asks for anything any more. */
static void settle(struct sim *s)
{
	struct cl_vol *v;
	u32 i;

	for (i = 0; i < SETTLE_S && !s->failed; i++) {
		/* Nor does anybody hold anything. */
		run_to(s, s->now + SEC(1), false);
		if (i > 8 && all_settled(s))
			break;
	}
	for (i = 0; i < cl_of(s)->nvols && !s->failed; i++) {
		v = serving(s, i);
		if (!v)
			continue;
		tell_booking(v);
		if (!mx_booking_settled(&v->b))
			sim_fail(s, "%u/%u is %s, and asks for ever", v->node, i,
				 mx_booking_name(mx_booking_state(&v->b)));
		else
			check_volume(v);
	}
	for (i = 0; i < s->ns && !s->failed; i++)
		cl_server_check(s, SIM_CLIENTS + i);
}

/* A copy that nobody remembers takes what is kept. */
static bool has_others(const struct cl_vol *v)
{
	u32 i;

	for (i = 0; i < v->truth->nchunks; i++)
		if (v->chunk[i].c.others || v->chunk[i].c.nleft)
			return true;
	return false;
}

/*
 * Return: how a write of a page ended. One of a part of it, as may be drawn, fails if
 * the rest was lost.
 */
static int write_page(struct cl_vol *v, u32 page)
{
	u32 tries = 0;

	do {
		cl_io_begin(v, MX_KIND_WRITE, page, 1);
		run_idle(v->s);
	} while (v->last_err && !v->s->failed && ++tries < 3);
	return v->last_err;
}

/* All that is kept can be written. */
static void fill_kept(struct cl_vol *v)
{
	u32 i, n = 0, left = 0;

	if (has_others(v))
		return;

	for (i = 0; i < v->truth->nchunks; i++)
		n += takes_room(&v->chunk[i]);
	if (mx_booking_state(&v->b) == MX_BOOK_GRANTED)
		left = mx_booking_granted(&v->b) - min(n, mx_booking_granted(&v->b));
	for (i = 0; i < v->truth->nchunks && left && !v->s->failed; i++) {
		if (takes_room(&v->chunk[i]))
			continue;
		left--;
		if (write_page(v, i * CL_CHUNK) && !v->s->failed)
			sim_fail(v->s, "%u/%u room for chunk %u is kept, and it cannot be written: %d",
				 v->node, v->truth->no, i, v->last_err);
	}
}

/* All want other figures at once, and what there is goes to those who fit. */
static void contest(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	u32 i;

	for (i = 0; i < cs->nvols && !s->failed; i++)
		set_figure(s, &cs->truth[i], draw_figure(s, &cs->truth[i]));
	settle(s);
}

void cl_book_end(struct sim *s)
{
	struct cl_sim *cs = cl_of(s);
	struct cl_vol *v;
	u32 i;

	/* What is said of servers that lie, or that two have been, is not so. */
	if (!cs->booked || cs->odd.lied || s->twins)
		return;
	for (i = 0; i < cs->nvols; i++)
		set_figure(s, &cs->truth[i], cs->truth[i].figure);
	settle(s);
	cs->contest = true;
	for (i = 0; i < CONTESTS && !s->failed; i++)
		contest(s);
	cs->contest = false;
	for (i = 0; i < cs->nvols && !s->failed; i++) {
		v = serving(s, i);
		if (v)
			fill_kept(v);
	}
}

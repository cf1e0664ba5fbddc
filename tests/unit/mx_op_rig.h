/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A chunk with operations on it for the tests of the operation's engine: todo
 * lists become text in the test's log.
 */
#ifndef MX_OP_RIG_H
#define MX_OP_RIG_H

#include "mxtest.h"
#include "engine/mx_op.h"

enum { RIG_PAGES = 256, RIG_OPS = 8, RIG_SERVERS = 4 };

/**
 * struct rig - a chunk under test
 * @c:       chunk
 * @have:    its bitmap
 * @lost:    its bitmap
 * @members: servers, all alive at first
 * @life:    the volume on them; incarnation 100 + index, first era
 * @env:     what the engine knows
 * @todo:    what it wants
 * @op:      operations
 */
struct rig {
	struct mx_chunk c;
	u64 have[RIG_PAGES / 64];
	u64 lost[RIG_PAGES / 64];
	struct mx_members members;
	struct mx_srv_life life[MX_MEMBERS];
	struct mx_env env;
	struct mx_todo todo;
	struct mx_op op[RIG_OPS];
};

static inline struct rig *rig(u8 copies)
{
	static struct rig r;
	u32 i;

	memset(&r, 0, sizeof(r));
	mx_chunk_init(&r.c, r.have, r.lost, RIG_PAGES);
	mx_todo_init(&r.todo);
	for (i = 0; i < RIG_SERVERS; i++) {
		r.members.m[i].state = MX_MEMBER_ALIVE;
		r.life[i] = (struct mx_srv_life) {
			.inc = 100 + i, .era = 1, .gens = true,
		};
	}
	r.env = (struct mx_env) {
		.members	= &r.members,
		.life		= r.life,
		.now_ms		= 1000000,
		.timeout_ms	= 10000,
		.awake_ms	= 1000000,
		.copies		= copies,
	};
	return &r;
}

static inline bool rig_sent(const struct mx_op *op)
{
	return true;
}

static inline const char *leg_text(struct rig *r, struct mx_op *op, u32 i)
{
	static const char * const name[] = {
		[MX_OP_READ] = "READ", [MX_OP_WRITE] = "WRITE",
		[MX_OP_DISCARD] = "DISCARD", [MX_OP_SETGEN] = "SETGEN",
		[MX_OP_BITMAP] = "BITMAP",
	};
	static char text[64];
	struct mx_ask ask;

	mx_op_ask(&r->c, op, i, &ask);
	snprintf(text, sizeof(text), "%s%s%s s%u g%u",
		 name[ask.op], ask.flags & MX_F_PLACE ? "|PLACE" : "",
		 ask.flags & MX_F_RELEASE ? "|RELEASE" : "", op->leg[i].server,
		 ask.gen);
	return text;
}

/* Carries out what is asked for, by a line of text each, as in LOG(). */
static inline void rig_run(struct rig *r)
{
	struct mx_todo_item t;
	u32 i, n;

	while (mx_todo_take(&r->todo, &t)) {
		n = t.op - r->op;
		if (t.bits & MX_DO_PICK)
			mxt_log("%u:PICK %u", n, t.op->want);
		if (t.bits & MX_DO_FILL) {
			mxt_log("%u:FILL %u", n, t.op->fill);
			t.op->fill = 0;
		}
		for (i = 0; i < MX_COPIES_MAX; i++)
			if (t.legs_void & BIT(i))
				mxt_log("%u:VOID s%u", n, t.op->leg[i].server);
		for (i = 0; i < MX_COPIES_MAX; i++)
			if (t.legs_send & BIT(i))
				mxt_log("%u:%s", n, leg_text(r, t.op, i));
		if (t.bits & MX_DO_WAIT)
			mxt_log("%u:WAIT %u", n, t.op->wait_ms);
		if (t.bits & MX_DO_END)
			mxt_log("%u:END %d", n, t.op->err);
		if (t.bits & MX_DO_FREE)
			mxt_log("%u:FREE", n);
	}
}

/* What was asked for since: "0:WRITE|PLACE s1 g1; 0:END 0; 0:FREE". */
static inline const char *rig_log(struct rig *r)
{
	rig_run(r);
	return mxt_log_take();
}

#define LOG(r, text) assert_string_equal(rig_log(r), text)

static inline void submit(struct rig *r, u32 n, u8 kind, u32 first, u32 pages)
{
	mx_op_init(&r->op[n], kind, MX_OWN_IO, first, pages, 0, r->env.now_ms);
	mx_op_submit(&r->c, &r->op[n], &r->env, &r->todo);
	rig_run(r);
}

static inline void submit_edges(struct rig *r, u32 n, u32 first, u32 pages, u8 edges)
{
	mx_op_init(&r->op[n], MX_KIND_WRITE, MX_OWN_IO, first, pages, edges,
		   r->env.now_ms);
	mx_op_submit(&r->c, &r->op[n], &r->env, &r->todo);
	rig_run(r);
}

static inline void picked(struct rig *r, u32 n, u32 servers)
{
	u8 server[RIG_SERVERS], count = 0, i;

	for (i = 0; i < RIG_SERVERS; i++)
		if (servers & BIT(i))
			server[count++] = i;
	mx_op_picked(&r->c, &r->op[n], server, count, false, &r->env, &r->todo);
	rig_run(r);
}

static inline void none_picked(struct rig *r, u32 n, bool later)
{
	mx_op_picked(&r->c, &r->op[n], NULL, 0, later, &r->env, &r->todo);
	rig_run(r);
}

/* The open leg of an operation to a server. */
static inline u32 leg_to(struct rig *r, u32 n, u8 server)
{
	u32 i, open = mx_op_open(&r->op[n]);

	for (i = 0; i < MX_COPIES_MAX; i++)
		if (open & BIT(i) && r->op[n].leg[i].server == server)
			return i;
	fail_msg("operation %u has no open leg to server %u", n, server);
	return 0;
}

static inline void answer_mask(struct rig *r, u32 n, u8 server, u8 verdict, u32 mask)
{
	struct mx_result res = { .verdict = verdict, .mask = mask };

	mx_op_leg(&r->c, &r->op[n], leg_to(r, n, server), &res, &r->env, &r->todo);
	rig_run(r);
}

static inline void answer(struct rig *r, u32 n, u8 server, u8 verdict)
{
	answer_mask(r, n, server, verdict, 0);
}

static inline void wake(struct rig *r, u32 n)
{
	mx_op_wake(&r->c, &r->op[n], &r->env, &r->todo);
	rig_run(r);
}

static inline void give_up(struct rig *r, u32 n)
{
	mx_op_give_up(&r->c, &r->op[n], -EIO, &r->env, &r->todo);
	rig_run(r);
}

static inline bool tick(struct rig *r, u32 ms)
{
	bool more;

	r->env.now_ms += ms;
	more = mx_op_tick(&r->c, rig_sent, 8, &r->env, &r->todo);
	rig_run(r);
	return more;
}

/* A write that places the chunk on one server. */
static inline void place(struct rig *r, u32 n, u32 first, u32 pages, u8 server)
{
	submit(r, n, MX_KIND_WRITE, first, pages);
	picked(r, n, BIT(server));
	answer(r, n, server, MX_V_OK);
}

/* The cluster's own operation, not submitted yet. */
static inline struct mx_op *own_op(struct rig *r, u32 n, u8 kind, u32 pages)
{
	mx_op_init(&r->op[n], kind, MX_OWN_CLUSTER, 0, pages, 0, 0);
	return &r->op[n];
}

static inline bool unplace_left(struct rig *r, u32 n)
{
	struct mx_op *op = own_op(r, n, MX_KIND_UNPLACE, 0);

	return mx_op_unplace_left(&r->c, op, &r->env, &r->todo);
}

/* After a take-over: server 2 has the chunk, and it is not known which pages. */
static inline void adopt(struct rig *r)
{
	struct mx_home_member m = { .inc = 102, .era = 1, .server = 2 };

	mx_chunk_adopt(&r->c, &m, 1, 5);
}

/* Pages on servers, with nothing under way. */
static inline void have_pages(struct rig *r, u32 n, u32 first, u32 pages, u32 servers)
{
	u32 i, k;

	submit(r, n, MX_KIND_WRITE, first, pages);
	if (r->op[n].phase == MX_OP_PICK)
		picked(r, n, servers);
	for (k = 0; k < 2; k++)
		for (i = 0; i < RIG_SERVERS; i++)
			if (servers & BIT(i) && mx_op_open(&r->op[n]))
				answer(r, n, i, MX_V_OK);
	rig_log(r);
	assert_true(mx_chunk_idle(&r->c));
}

/* A chunk that has its first pages on servers, a copy on each. */
static inline struct rig *rig_with(u8 copies, u32 pages, u32 servers)
{
	struct rig *r = rig(copies);

	have_pages(r, 0, 0, pages, servers);
	return r;
}

#endif /* MX_OP_RIG_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of rmap/engine/rmp_delay.c: the window that follows delay. The path is
 * a single queue: it takes BASE us, and a page every SERVICE us.
 */
#include "rmp_rig.h"
#include "engine/rmp_cwnd.h"

enum { BASE = 200, SERVICE = 10 };

/**
 * struct path - a peer, its window always full, and a queue on the way
 * @p:        the peer
 * @now:      us
 * @idle_at:  when the queue has served what it has
 * @done_at:  when each call in flight, by its id, has been served
 * @sent_at:  and when it was sent
 */
struct path {
	struct rmp_peer p;
	u64 now;
	u64 idle_at;
	u64 done_at[1 << 16];
	u64 sent_at[1 << 16];
};

static struct path *path_new(void)
{
	struct path *path = calloc(1, sizeof(*path));

	rmp_cwnd_init(&path->p);
	path->p.req.nwaiting = 1;
	path->p.req.una = 1;
	path->p.req.next_msg = 1;
	path->now = 1000000;
	return path;
}

static void path_send(struct path *path)
{
	struct rmp_peer *p = &path->p;

	while (p->req.next_msg - p->req.una < 512 &&
	       (!p->req.inflight || p->req.inflight + 1 <= rmp_delay_window(p))) {
		struct rmp_call call = { .msg = p->req.next_msg, .cost = 1 };
		u16 i = (u16)p->req.next_msg++;

		path->idle_at = max(path->idle_at, path->now) + SERVICE;
		path->sent_at[i] = path->now;
		path->done_at[i] = path->idle_at + BASE;
		p->req.inflight++;
		rmp_delay_sent(p, &call);
	}
}

/* Lets @n calls through; @extra: us that the path is longer now. */
static void path_run(struct path *path, u32 n, u32 extra)
{
	struct rmp_peer *p = &path->p;

	while (n--) {
		struct rmp_call call = { .msg = p->req.una, .cost = 1 };
		struct rmp_run r = { .p = p };
		u16 i = (u16)p->req.una;

		path_send(path);
		path->now = max(path->now, path->done_at[i]);
		r.now = path->now * 1000;
		rmp_delay_sample(&r, &call,
				 path->now - path->sent_at[i] + extra);
		rmp_cwnd_grow(p, 1);
		p->req.inflight--;
		p->req.una++;
	}
}

/* BASE / SERVICE pages are on the way, some more wait, but not too many. */
static void rmp_delay__settles(void **state)
{
	struct path *path = path_new();

	path_run(path, 4000, 0);
	assert_in_range(path->p.req.cwnd, BASE / SERVICE + 16, BASE / SERVICE + 112);
	assert_true(path->p.req.ssthresh < RMP_CWND_MAX);
	free(path);
}

/* It stays there, though the empty path is never seen by itself. */
static void rmp_delay__stays(void **state)
{
	struct path *path = path_new();
	u64 end = path->now + 65 * 1000000ULL;
	u32 most = 0, least = ~0U;

	path_run(path, 4000, 0);
	while (path->now < end) {
		path_run(path, 100, 0);
		most = max(most, path->p.req.cwnd);
		least = min(least, path->p.req.cwnd);
	}
	assert_in_range(least, BASE / SERVICE + 16, BASE / SERVICE + 112);
	assert_in_range(most, BASE / SERVICE + 16, BASE / SERVICE + 112);
	free(path);
}

/* A window that others have filled the path beside is given back quickly. */
static void rmp_delay__shrinks(void **state)
{
	struct path *path = path_new();

	path_run(path, 4000, 0);
	path->p.req.cwnd = 500;
	path->p.req.ssthresh = 500;
	path_run(path, 4000, 0);
	assert_in_range(path->p.req.cwnd, BASE / SERVICE + 16, BASE / SERVICE + 112);
	free(path);
}

/* A path that has become longer is believed in after two periods. */
static void rmp_delay__longer_path(void **state)
{
	struct path *path = path_new();
	u64 end;

	path_run(path, 4000, 0);
	path_run(path, 1000, 3000);
	assert_true(path->p.req.cwnd < BASE / SERVICE + 112);
	end = path->now + 30 * 1000000ULL;
	while (path->now < end)
		path_run(path, 100, 3000);
	assert_int_equal(path->p.req.delay.grow || path->p.req.cwnd > 100, 1);
	assert_true(path->p.req.cwnd >= 16);
	free(path);
}

/* Long calls take long without anything waiting: sizes are not compared. */
static void rmp_delay_sample__by_size(void **state)
{
	struct rmp_peer *p = calloc(1, sizeof(*p));
	struct rmp_run r = { .p = p, .now = RMP_MS(20000) };
	struct rmp_call call = { .msg = 1, .cost = 1 };

	rmp_cwnd_init(p);
	p->req.inflight = 64;
	p->req.next_msg = 1000;
	p->req.delay.round = 500;
	rmp_delay_sample(&r, &call, 200);
	call.cost = 32;
	rmp_delay_sample(&r, &call, 2000);
	assert_int_equal(p->req.delay.queue, 0);
	rmp_delay_sample(&r, &call, 4000);
	assert_int_equal(p->req.delay.queue, 0);	/* the least of the round */
	p->req.delay.queue = ~0U;
	rmp_delay_sample(&r, &call, 4000);
	assert_int_equal(p->req.delay.queue, 32);
	free(p);
}

/* Looking at the empty path: little is sent until that is answered. */
static void rmp_delay_window__look(void **state)
{
	struct rmp_peer *p = calloc(1, sizeof(*p));
	struct rmp_run r = { .p = p, .now = RMP_MS(20000) };
	struct rmp_call call = { .msg = 1, .cost = 1 };

	rmp_cwnd_init(p);
	p->req.cwnd = 100;
	p->req.inflight = 100;
	p->req.next_msg = 1000;
	p->req.delay.round = 5000;
	p->req.delay.busy = true;
	rmp_delay_sample(&r, &call, 200);
	assert_int_equal(rmp_delay_window(p), RMP_CWND_MIN);
	call.msg = 1000;
	rmp_delay_sent(p, &call);
	call.msg = 999;
	rmp_delay_sample(&r, &call, 200);
	assert_int_equal(rmp_delay_window(p), RMP_CWND_MIN);
	call.msg = 1000;
	rmp_delay_sample(&r, &call, 200);
	assert_int_equal(rmp_delay_window(p), 100);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(rmp_delay__settles),
		MXT(rmp_delay__stays),
		MXT(rmp_delay__shrinks),
		MXT(rmp_delay__longer_path),
		MXT(rmp_delay_sample__by_size),
		MXT(rmp_delay_window__look),
	};

	return MXT_RUN(tests);
}

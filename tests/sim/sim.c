// SPDX-License-Identifier: GPL-2.0
/*
 * Runs simulations: sim [--seeds N] [--start S], or sim --seed S [--verbose],
 * and the seeds in tests/sim/seeds.txt before any others.
 */
#include <signal.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif
#include "sim.h"

enum { SETTLE_S = 20 };	/* virtual seconds in which some call must end */

static const char usage[] =
	"usage: sim [--seeds N] [--start S] [--seed S] [--verbose]\n"
	"           [--first-failure]\n";

static u64 running;

static void say_replay(void)
{
	char line[80];
	int n = snprintf(line, sizeof(line),
			 "replay: build/sim/sim --seed %llu --verbose\n",
			 (unsigned long long)running);

	if (write(STDOUT_FILENO, line, n) < 0)
		_exit(1);
}

static void on_abort(int sig)
{
	say_replay();
	signal(sig, SIG_DFL);
	raise(sig);
}

static void happen(struct sim *s, struct event *ev)
{
	struct node *n = &s->node[ev->a];
	bool mine = n->up && ev->gen == n->inc;

	if (mine && s->now < n->resume &&
	    (ev->kind == EV_ANSWER || ev->kind == EV_CANCEL ||
	     ev->kind == EV_KICK)) {
		ev->at = n->resume;
		sim_push(s, *ev);
		return;
	}
	switch (ev->kind) {
	case EV_FRAME:
		net_arrive(s, ev);
		break;
	case EV_TIMER:
		link_timer(s, ev);
		break;
	case EV_SUBMIT:
		if (mine)
			client_next(s, ev->a);
		break;
	case EV_CANCEL:
		if (mine)
			client_cancel(s, ev->a, ev->n);
		break;
	case EV_UP:
		if (mine)
			node_back(s, ev->a);
		break;
	case EV_ANSWER:
		if (mine)
			server_answer(s, ev->a, ev->b, ev->n);
		break;
	case EV_START:
		node_start(s, ev->a);
		break;
	case EV_ANNOUNCE:
		if (mine)
			node_announce(s, ev->a);
		break;
	case EV_KICK:
		if (mine)
			node_kick(s, ev->a);
		break;
	case EV_FAULT:
		fault_strike(s);
		break;
	case EV_KEY:
		auth_step(s, ev->a);
		break;
	}
}

static u32 calls_open(const struct sim *s)
{
	u32 i, open = 0;

	for (i = 0; i < SIM_CLIENTS; i++)
		open += s->node[i].open;
	return open;
}

/* Runs to @until; with @idle only until no call is open. */
static void run_to(struct sim *s, u64 until, bool idle)
{
	struct event ev;

	while (!s->failed && s->nheap && s->heap[0].at <= until) {
		if (idle && !calls_open(s))
			return;
		sim_pop(s, &ev);
		s->now = ev.at;
		happen(s, &ev);
	}
	if (!idle || calls_open(s))
		s->now = until;
}

/*
 * All calls end. A server that takes its time with each of many may need long,
 * so what counts is that it goes on.
 */
static void run_idle(struct sim *s)
{
	u32 i, open;

	do {
		open = calls_open(s);
		run_to(s, s->now + SEC(SETTLE_S), true);
	} while (!s->failed && calls_open(s) && calls_open(s) < open);
	if (!calls_open(s))
		return;
	for (i = 0; i < s->ncalls; i++)
		if (s->calls[i]->open)
			break;
	sim_fail(s, "call %u hangs: none has ended for %u s", i, SETTLE_S);
}

/* All pages are read again by all, which also tells the servers they are idle. */
static void ask_all(struct sim *s)
{
	u8 c, m;

	for (c = 0; c < s->nc; c++)
		for (m = 0; m < s->ns; m++) {
			struct scall want = {
				.op = OP_READ, .client = c,
				.server = SIM_CLIENTS + m, .n = RMP_MSG_PAGES,
			};

			client_submit(s, &want);
			want.start = RMP_MSG_PAGES;
			client_submit(s, &want);
		}
}

static void expect_clean(struct sim *s, struct link *l)
{
	u32 i;

	if (!l->peer)
		return;
	if (l->peer->inflight || l->peer->una != l->peer->next_msg ||
	    l->peer->nwaiting)
		sim_fail(s, "%u>%u: %u pages in flight at the end", l->self,
			 l->other, l->peer->inflight);
	for (i = 0; i < RMP_WINDOW; i++)
		if (l->peer->slot[i].state != RMP_SLOT_FREE)
			sim_fail(s, "%u>%u: slot %u in state %u at the end",
				 l->self, l->other, i, l->peer->slot[i].state);
}

/*
 * With traffic, and nothing lost, each side finds the largest size that it
 * can: what both interfaces carry, else what HELLO has for a narrow path. It
 * may take a narrow path for a wide one until it has something large to send.
 * Return: that size.
 */
static u16 size_due(struct sim *s, struct link *l)
{
	u32 goal = min(s->node[l->self].mtu, s->node[l->other].mtu);
	u32 path = min(s->wire[l->self][l->other].mtu,
		       s->wire[l->other][l->self].mtu);

	return rmp_frag_unit(min(goal, path));
}

static bool too_small(struct sim *s, struct link *l)
{
	return l->peer && l->peer->state == RMP_PEER_UP &&
	       l->peer->frag_size < size_due(s, l);
}

static void expect_size(struct sim *s, struct link *l)
{
	if (too_small(s, l))
		sim_fail(s, "%u>%u: fragments of %u, not of %u", l->self,
			 l->other, l->peer->frag_size, size_due(s, l));
}

static bool any_too_small(struct sim *s)
{
	u8 i, k;

	for (i = 0; i < SIM_NODES; i++)
		for (k = 0; k < SIM_NODES; k++)
			if (s->node[i].link[k] && too_small(s, s->node[i].link[k]))
				return true;
	return false;
}

/*
 * Some traffic, with time between. The first calls may end because they find
 * out about a restart, the next ones because they find out about another, the
 * third open a session with small frames, and the fourth may try larger ones.
 */
static void use_paths(struct sim *s)
{
	u32 i;

	for (i = 0; !s->failed && (i < 3 || (i < 5 && any_too_small(s))); i++) {
		ask_all(s);
		run_idle(s);
		run_to(s, s->now + SEC(2), false);
	}
}

static void expect_all(struct sim *s,
		       void (*expect)(struct sim *s, struct link *l))
{
	u8 i, k;

	for (i = 0; i < SIM_NODES; i++)
		for (k = 0; k < SIM_NODES && !s->failed; k++)
			if (s->node[i].link[k])
				expect(s, s->node[i].link[k]);
}

static void settle(struct sim *s)
{
	run_idle(s);
	if (s->failed)
		return;
	use_paths(s);
	run_to(s, s->now + SEC(2), false);
	expect_all(s, expect_size);
	expect_all(s, expect_clean);
}

static void tear_down(struct sim *s)
{
	struct event ev;
	u32 i, k;

	for (i = 0; i < SIM_NODES; i++)
		if (s->node[i].up)
			node_crash(s, i, false);
	while (sim_pop(s, &ev))
		if (ev.kind == EV_FRAME)
			frame_put(s, ev.frame);
	auth_end(s);
	if (s->frames || s->pkts || s->bufs)
		sim_fail(s, "left over: %ld frames, %ld packets, %ld buffers",
			 s->frames, s->pkts, s->bufs);
	for (i = 0; i < SIM_NODES; i++)
		for (k = 0; k < SIM_NODES; k++)
			free(s->node[i].link[k]);
	for (i = 0; i < s->ncalls; i++)
		free(s->calls[i]);
	free(s->heap);
}

static bool run_seed(u64 seed, bool verbose)
{
	struct sim *s = calloc(1, sizeof(*s));
	bool ok;
	u8 i;

	if (!s)
		abort();
	running = seed;
	s->seed = seed;
	s->rng = seed;
	s->verbose = verbose;
	s->keyed = seed % 4 == 0;
	fault_plan(s);
	for (i = 0; i < s->nc; i++)
		node_start(s, i);
	for (i = 0; i < s->ns; i++)
		node_start(s, SIM_CLIENTS + i);
	run_to(s, s->end, false);
	if (!s->failed)
		fault_end(s);
	if (!s->failed && !s->hostile)
		settle(s);
	/* After a failure nothing is where it belongs; let it lie. */
	if (!s->failed)
		tear_down(s);
	ok = !s->failed;
	free(s);
	return ok;
}

static void run_past(u32 most, u32 *passed, u32 *failed)
{
	FILE *f = fopen("tests/sim/seeds.txt", "r");
	char line[256];
	char *end;
	u64 seed;

	while (f && *failed < most && fgets(line, sizeof(line), f)) {
		seed = strtoull(line, &end, 10);
		if (end == line)
			continue;
		if (run_seed(seed, false))
			++*passed;
		else
			++*failed;
	}
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	u64 seed = 0, start = 1, seeds = 1000;
	bool verbose = false, one = false;
	u32 passed = 0, failed = 0, most = 10;
	int i;

	for (i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (!strcmp(argv[i], "--verbose")) {
			verbose = true;
		} else if (!strcmp(argv[i], "--first-failure")) {
			most = 1;
		} else if (!strcmp(argv[i], "--seeds") && more) {
			seeds = strtoull(argv[++i], NULL, 0);
		} else if (!strcmp(argv[i], "--start") && more) {
			start = strtoull(argv[++i], NULL, 0);
		} else if (!strcmp(argv[i], "--seed") && more) {
			seed = strtoull(argv[++i], NULL, 0);
			one = true;
		} else {
			fputs(usage, stderr);
			return 2;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGABRT, on_abort);
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_set_death_callback(say_replay);
#else
	signal(SIGSEGV, on_abort);
#endif
	if (one) {
		start = seed;
		seeds = 1;
	} else {
		run_past(most, &passed, &failed);
	}
	for (seed = start; seed < start + seeds && failed < most; seed++) {
		if (run_seed(seed, verbose))
			passed++;
		else
			failed++;
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed ? 1 : 0;
}

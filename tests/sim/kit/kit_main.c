// SPDX-License-Identifier: GPL-2.0
/*
 * Runs simulations: PROGRAM [--seeds N] [--start S], or PROGRAM --seed S
 * [--verbose], and the seeds in the run's file before any others.
 */
#include <signal.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif
#include "kit.h"

enum { SETTLE_S = 20 };	/* virtual seconds in which some call must end */

static const char usage[] =
	"usage: %s [--seeds N] [--start S] [--seed S] [--verbose]\n"
	"           [--first-failure | --failures N]%s\n";

static const struct run_ops *program;
static u64 running;

static void say_replay(void)
{
	char line[80];
	int n = snprintf(line, sizeof(line),
			 "replay: build/sim/%s --seed %llu --verbose\n",
			 program->name, (unsigned long long)running);

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
	    (ev->kind >= EV_RUN ? s->run->waits(ev->kind) :
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
	case EV_START:
		node_start(s, ev->a);
		break;
	case EV_ANNOUNCE:
		if (mine)
			node_announce(s, ev->a);
		break;
	case EV_UP:
		if (mine)
			node_back(s, ev->a);
		break;
	case EV_KICK:
		if (mine)
			node_kick(s, ev->a);
		break;
	case EV_FAULT:
		s->run->strike(s);
		break;
	case EV_FORGET:
		if (mine)
			link_forget(s, ev->a, ev->b);
		break;
	case EV_KEY:
		auth_step(s, ev->a);
		break;
	default:
		s->run->event(s, ev, mine);
		break;
	}
}

/* Runs to @until; with @idle only until nothing is open. */
void run_to(struct sim *s, u64 until, bool idle)
{
	struct event ev;

	while (!s->failed && s->nheap && s->heap[0].at <= until) {
		if (idle && !s->run->open(s))
			return;
		sim_pop(s, &ev);
		s->now = ev.at;
		happen(s, &ev);
	}
	if (!idle || s->run->open(s))
		s->now = until;
}

/*
 * All work ends. A server that takes its time with each of many may need long,
 * so what counts is that it goes on.
 */
void run_idle(struct sim *s)
{
	u32 open;

	do {
		open = s->run->open(s);
		run_to(s, s->now + SEC(SETTLE_S), true);
	} while (!s->failed && s->run->open(s) && s->run->open(s) < open);
	if (s->run->open(s))
		s->run->hangs(s, SETTLE_S);
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
	s->run->free(s);
	if (s->frames || s->pkts || s->bufs)
		sim_fail(s, "left over: %ld frames, %ld packets, %ld buffers",
			 s->frames, s->pkts, s->bufs);
	for (i = 0; i < SIM_NODES; i++)
		for (k = 0; k < SIM_NODES; k++)
			free(s->node[i].link[k]);
	free(s->heap);
}

static bool run_seed(u64 seed, bool verbose)
{
	struct sim *s = calloc(1, program->size);
	bool ok;
	u8 i;

	if (!s)
		abort();
	running = seed;
	s->run = program;
	s->nodes = program->nodes;
	s->seed = seed;
	s->rng = seed;
	s->verbose = verbose;
	s->keyed = seed % 4 == 0 && !program->light;
	for (i = 0; i < SIM_NODES; i++)
		s->node[i].as = i;
	program->plan(s);
	for (i = 0; i < s->nc; i++)
		node_start(s, i);
	for (i = 0; i < s->ns; i++)
		node_start(s, SIM_CLIENTS + i);
	run_to(s, s->end, false);
	if (!s->failed)
		fault_end(s);
	if (!s->failed && !s->hostile)
		program->settle(s);
	/* After a failure nothing is where it belongs; let it lie. */
	if (!s->failed)
		tear_down(s);
	ok = !s->failed;
	free(s);
	return ok;
}

static void run_past(u32 most, u32 *passed, u32 *failed)
{
	FILE *f = fopen(program->past, "r");
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

/**
 * struct choice - what the command line asks for
 * @start:   first seed
 * @seeds:   how many
 * @most:    failures after which it ends
 * @one:     no past seeds
 * @verbose: tell what happens
 */
struct choice {
	u64 start;
	u64 seeds;
	u32 most;
	bool one;
	bool verbose;
};

/* Return: whether the words make sense. */
static bool choose(struct choice *c, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (!strcmp(argv[i], "--verbose")) {
			c->verbose = true;
		} else if (!strcmp(argv[i], "--first-failure")) {
			c->most = 1;
		} else if (!strcmp(argv[i], "--failures") && more) {
			c->most = strtoull(argv[++i], NULL, 0);
		} else if (!strcmp(argv[i], "--seeds") && more) {
			c->seeds = strtoull(argv[++i], NULL, 0);
		} else if (!strcmp(argv[i], "--start") && more) {
			c->start = strtoull(argv[++i], NULL, 0);
		} else if (!strcmp(argv[i], "--seed") && more) {
			c->start = strtoull(argv[++i], NULL, 0);
			c->one = true;
		} else if (!program->option || !program->option(argv[i])) {
			return false;
		}
	}
	if (c->one)
		c->seeds = 1;
	return true;
}

int kit_main(const struct run_ops *run, int argc, char **argv)
{
	struct choice c = { .start = 1, .seeds = 1000, .most = 10 };
	u32 passed = 0, failed = 0;
	u64 seed;

	program = run;
	if (!choose(&c, argc, argv)) {
		fprintf(stderr, usage, run->name, run->usage ? run->usage : "");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGABRT, on_abort);
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_set_death_callback(say_replay);
#else
	signal(SIGSEGV, on_abort);
#endif
	if (!c.one)
		run_past(c.most, &passed, &failed);
	for (seed = c.start; seed < c.start + c.seeds && failed < c.most; seed++) {
		if (run_seed(seed, c.verbose))
			passed++;
		else
			failed++;
	}
	if (run->report && !run->report())
		failed++;
	printf("%u passed, %u failed\n", passed, failed);
	return failed ? 1 : 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What follows from the answers of a volume's servers.
 */
#include <stdlib.h>
#include <string.h>
#include "pm.h"
#include "size.h"

const char *pm_host(const struct pm *pm, uint64_t node)
{
	unsigned int i;

	for (i = 0; i < pm->nservers; i++)
		if (pm->server[i].node == node)
			return pm->server[i].host;
	return NULL;
}

const char *pm_verdict_word(enum pm_verdict verdict)
{
	static const char *const word[] = {
		[PM_NONE]	= "none",
		[PM_WHOLE]	= "whole",
		[PM_MISSING]	= "missing",
		[PM_LOST]	= "lost",
		[PM_CONFLICT]	= "conflict",
	};

	return word[verdict];
}

static const struct pm_server *server_find(const struct pm *pm, uint64_t node)
{
	unsigned int i;

	for (i = 0; i < pm->nservers; i++)
		if (pm->server[i].node == node)
			return &pm->server[i];
	return NULL;
}

const char *pm_life_word(const struct pm *pm, const struct memx_life *life, bool *proved)
{
	const struct pm_server *s = server_find(pm, life->node);

	*proved = false;
	if (!s)
		return "is not known here";
	if (s->answer == PM_SILENT)
		return s->why;
	/* A server that cannot be asked may still be in that life. */
	if (s->inc != life->inc)
		return "has restarted since and lost it";
	if (s->answer == PM_UNKNOWN)
		return "has lost it since";
	if (s->answer == PM_DROPPED || s->answer == PM_REFUSED)
		return s->why;
	/* Who accepts a volume stores its roster before it is given a chunk. */
	if (!s->rnumber)
		return "has no roster: it has lost it since";
	*proved = true;
	return "has told";
}

/* Less than 0, 0, more than 0 as claim @a is lower than, equal to, above @b. */
static int claim_compare(const struct pm_claim *a, const struct pm_claim *b)
{
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	if (a->node != b->node)
		return a->node < b->node ? -1 : 1;
	return 0;
}

static bool roster_newer(const struct pm_server *a, const struct pm_server *b)
{
	return a->repoch == b->repoch ? a->rnumber > b->rnumber : a->repoch > b->repoch;
}

/* Are they the same lives, in whatever order? */
static bool lives_same(const struct memx_life *a, unsigned int na,
		       const struct memx_life *b, unsigned int nb)
{
	unsigned int i, k;

	if (na != nb)
		return false;
	for (i = 0; i < na; i++) {
		for (k = 0; k < nb; k++)
			if (a[i].node == b[k].node && a[i].inc == b[k].inc)
				break;
		if (k == nb)
			return false;
	}
	return true;
}

static void claim_and_roster(struct pm *pm)
{
	const struct pm_server *s, *best = NULL;
	unsigned int i;

	memset(&pm->claim, 0, sizeof(pm->claim));
	pm->roster = -1;
	pm->split = false;
	pm->total = 0;
	for (i = 0; i < pm->nservers; i++) {
		s = &pm->server[i];
		if (s->answer != PM_HAS)
			continue;
		if (claim_compare(&s->claim, &pm->claim) > 0)
			pm->claim = s->claim;
		if (!pm->total)
			pm->total = ((s->size / SIZE_PAGE) + (1ULL << s->shift) - 1) >> s->shift;
		if (!s->rnumber)
			continue;
		if (!best || roster_newer(s, best)) {
			best = s;
			pm->roster = i;
		}
	}
	for (i = 0; best && i < pm->nservers; i++) {
		s = &pm->server[i];
		if (s->answer == PM_HAS && s->rnumber && !roster_newer(best, s) &&
		    !lives_same(s->life, s->nlives, best->life, best->nlives))
			pm->split = true;
	}
}

/* A server's copy joins what is known of its chunk. */
static void copy_add(struct pm_run *run, unsigned int server, const struct memx_listed *l)
{
	/* It is no member, whatever generation it says, and no other copy is older for it. */
	if (l->filling) {
		run->stale |= 1ULL << server;
		return;
	}
	if (l->gen > run->high) {
		run->stale |= run->copies;
		run->copies = 0;
		run->low = l->gen;
		run->high = l->gen;
		run->verdict = PM_WHOLE;
		run->nmembers = l->nmembers < PM_COPIES ? l->nmembers : PM_COPIES;
		memcpy(run->member, l->member, run->nmembers * sizeof(run->member[0]));
	}
	if (l->gen < run->high) {
		run->stale |= 1ULL << server;
		return;
	}
	run->copies |= 1ULL << server;
	if (!lives_same(run->member, run->nmembers, l->member, l->nmembers))
		run->verdict = PM_CONFLICT;
}

/* Whether all that should have the chunk have told of it. */
static void chunk_judge(const struct pm *pm, struct pm_run *run)
{
	unsigned int i, k;
	bool proved;

	for (i = 0; i < run->nmembers && run->verdict != PM_CONFLICT; i++) {
		const struct pm_server *s = server_find(pm, run->member[i].node);

		pm_life_word(pm, &run->member[i], &proved);
		k = s ? s - pm->server : 0;
		if (proved && run->copies & 1ULL << k)
			continue;
		/* It has told, and not of this chunk; or that life is over. */
		if (s && (proved || s->answer == PM_UNKNOWN || s->answer == PM_DROPPED ||
			  (s->answer != PM_SILENT && s->inc != run->member[i].inc)))
			run->verdict = PM_LOST;
		else if (run->verdict < PM_MISSING)
			run->verdict = PM_MISSING;
	}
}

/* Whether @run goes on with what is known of the next chunk. */
static bool run_joins(const struct pm_run *run, const struct pm_run *next)
{
	unsigned int i;

	if (run->first + run->count != next->first || run->verdict != next->verdict ||
	    run->copies != next->copies || run->stale != next->stale ||
	    run->nmembers != next->nmembers)
		return false;
	for (i = 0; i < run->nmembers; i++)
		if (run->member[i].node != next->member[i].node ||
		    run->member[i].inc != next->member[i].inc)
			return false;
	return true;
}

static void run_add(struct pm *pm, const struct pm_run *next)
{
	struct pm_run *run = pm->nruns ? &pm->run[pm->nruns - 1] : NULL;

	pm->counts[next->verdict]++;
	if (run && run_joins(run, next)) {
		run->count++;
		if (next->low < run->low)
			run->low = next->low;
		if (next->high > run->high)
			run->high = next->high;
		return;
	}
	pm->run = out_need(reallocarray(pm->run, pm->nruns + 1, sizeof(*run)));
	pm->run[pm->nruns++] = *next;
}

/* Lists are in ascending order, so all of them are gone through together. */
static void chunks(struct pm *pm)
{
	unsigned int *at = out_need(calloc(pm->nservers + 1, sizeof(*at)));
	const struct pm_server *s;
	uint64_t least;
	unsigned int i;

	for (;;) {
		struct pm_run run = { .count = 1 };

		least = UINT64_MAX;
		for (i = 0; i < pm->nservers; i++) {
			s = &pm->server[i];
			if (at[i] < s->nchunks && s->chunk[at[i]].index < least)
				least = s->chunk[at[i]].index;
		}
		if (least == UINT64_MAX)
			break;
		run.first = least;
		for (i = 0; i < pm->nservers; i++) {
			s = &pm->server[i];
			if (at[i] < s->nchunks && s->chunk[at[i]].index == least)
				copy_add(&run, i, &s->chunk[at[i]++]);
		}
		chunk_judge(pm, &run);
		run_add(pm, &run);
	}
	free(at);
}

static bool roster_proved(const struct pm *pm)
{
	const struct pm_server *s;
	bool proved;
	unsigned int i;

	if (pm->roster < 0 || pm->split)
		return false;
	s = &pm->server[pm->roster];
	for (i = 0; i < s->nlives; i++) {
		pm_life_word(pm, &s->life[i], &proved);
		if (!proved)
			return false;
	}
	return true;
}

void pm_analyse(struct pm *pm)
{
	memset(pm->counts, 0, sizeof(pm->counts));
	pm->nruns = 0;
	claim_and_roster(pm);
	chunks(pm);
	if (pm->total > pm->counts[PM_WHOLE] + pm->counts[PM_MISSING] +
	    pm->counts[PM_LOST] + pm->counts[PM_CONFLICT])
		pm->counts[PM_NONE] = pm->total - pm->counts[PM_WHOLE] -
				      pm->counts[PM_MISSING] - pm->counts[PM_LOST] -
				      pm->counts[PM_CONFLICT];
	pm->proved = roster_proved(pm) && !pm->counts[PM_MISSING] &&
		     !pm->counts[PM_LOST] && !pm->counts[PM_CONFLICT];
}

void pm_clear(struct pm *pm)
{
	unsigned int i;

	for (i = 0; i < pm->nservers; i++) {
		free(pm->server[i].host);
		free(pm->server[i].state);
		free(pm->server[i].name);
		free(pm->server[i].life);
		free(pm->server[i].chunk);
	}
	free(pm->server);
	free(pm->run);
	memset(pm, 0, sizeof(*pm));
}

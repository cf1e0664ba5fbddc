// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what is known of a volume.
 */
#include <inttypes.h>
#include <string.h>
#include "pm.h"
#include "size.h"

static const char *answer_word(const struct pm_server *s)
{
	return s->answer == PM_HAS ? "has told" : s->why;
}

/* --- JSON ---------------------------------------------------------------- */

static void node_json(const struct pm *pm, struct json_object *to, uint64_t node,
		      uint32_t inc)
{
	const char *host = pm_host(pm, node);

	out_hex(to, "node", node, 16);
	if (host)
		out_str(to, "host", host);
	else
		out_null(to, "host");
	out_hex(to, "incarnation", inc, 8);
}

static void claim_json(const struct pm *pm, struct json_object *to, const char *key,
		       const struct pm_claim *c)
{
	struct json_object *one;

	if (!c->node) {
		out_null(to, key);
		return;
	}
	one = out_object();
	out_u64(one, "epoch", c->epoch);
	node_json(pm, one, c->node, c->inc);
	out_add(to, key, one);
}

static void told_json(const struct pm *pm, struct json_object *to,
		      const struct pm_server *s)
{
	struct json_object *roster;

	out_str(to, "name", s->name);
	out_u64(to, "size", s->size);
	out_u64(to, "chunk", (uint64_t)SIZE_PAGE << s->shift);
	out_bool(to, "sealed", s->sealed);
	out_u64(to, "used_pages", s->used);
	out_u64(to, "reserved_pages", s->promised);
	out_u64(to, "chunks", s->nchunks);
	claim_json(pm, to, "claim", &s->claim);
	claim_json(pm, to, "tentative", &s->tentative);
	if (!s->rnumber) {
		out_null(to, "roster");
		return;
	}
	roster = out_object();
	out_u64(roster, "epoch", s->repoch);
	out_u64(roster, "number", s->rnumber);
	out_add(to, "roster", roster);
}

static struct json_object *servers_json(const struct pm *pm)
{
	struct json_object *all = out_array(), *one;
	unsigned int i;

	for (i = 0; i < pm->nservers; i++) {
		const struct pm_server *s = &pm->server[i];

		one = out_object();
		node_json(pm, one, s->node, s->inc);
		out_str(one, "state", s->state);
		out_bool(one, "told", s->answer == PM_HAS);
		out_str(one, "answer", answer_word(s));
		if (s->answer == PM_HAS)
			told_json(pm, one, s);
		out_add(all, NULL, one);
	}
	return all;
}

static struct json_object *lives_json(const struct pm *pm, const struct memx_life *life,
				      unsigned int n)
{
	struct json_object *all = out_array(), *one;
	unsigned int i;
	bool proved;

	for (i = 0; i < n; i++) {
		one = out_object();
		node_json(pm, one, life[i].node, life[i].inc);
		out_str(one, "answer", pm_life_word(pm, &life[i], &proved));
		out_bool(one, "proved", proved);
		out_add(all, NULL, one);
	}
	return all;
}

static struct json_object *nodes_json(const struct pm *pm, uint64_t bits)
{
	struct json_object *all = out_array();
	unsigned int i;

	for (i = 0; i < pm->nservers; i++)
		if (bits & 1ULL << i)
			out_hex(all, NULL, pm->server[i].node, 16);
	return all;
}

static struct json_object *runs_json(const struct pm *pm)
{
	struct json_object *all = out_array(), *one;
	unsigned int i;

	for (i = 0; i < pm->nruns; i++) {
		const struct pm_run *run = &pm->run[i];

		one = out_object();
		out_u64(one, "first", run->first);
		out_u64(one, "count", run->count);
		out_str(one, "verdict", pm_verdict_word(run->verdict));
		out_u64(one, "generation_low", run->low);
		out_u64(one, "generation_high", run->high);
		out_add(one, "members", lives_json(pm, run->member, run->nmembers));
		out_add(one, "copies", nodes_json(pm, run->copies));
		out_add(one, "stale", nodes_json(pm, run->stale));
		out_add(all, NULL, one);
	}
	return all;
}

static void counts_json(const struct pm *pm, struct json_object *to)
{
	struct json_object *counts = out_object();
	int v;

	for (v = PM_NONE; v <= PM_CONFLICT; v++)
		out_u64(counts, pm_verdict_word(v), pm->counts[v]);
	out_add(to, "counts", counts);
}

struct json_object *pm_json(const struct pm *pm, struct json_object *here)
{
	struct json_object *doc = out_object(), *roster;

	out_hex(doc, "id", pm->id, 16);
	out_bool(doc, "proved", pm->proved);
	out_add(doc, "here", here);
	claim_json(pm, doc, "claim", &pm->claim);
	if (pm->roster < 0) {
		out_null(doc, "roster");
	} else {
		const struct pm_server *s = &pm->server[pm->roster];

		roster = out_object();
		out_u64(roster, "epoch", s->repoch);
		out_u64(roster, "number", s->rnumber);
		out_bool(roster, "split", pm->split);
		out_add(roster, "lives", lives_json(pm, s->life, s->nlives));
		out_add(doc, "roster", roster);
	}
	out_add(doc, "servers", servers_json(pm));
	counts_json(pm, doc);
	out_add(doc, "chunks", runs_json(pm));
	return doc;
}

/* --- For people ---------------------------------------------------------- */

enum { TEXT = 256 };

static const char *host_text(const struct pm *pm, uint64_t node, char *text)
{
	const char *host = pm_host(pm, node);

	if (host)
		snprintf(text, TEXT, "%s", host);
	else
		snprintf(text, TEXT, "%016" PRIx64, node);
	return text;
}

static const char *claim_text(const struct pm *pm, const struct pm_claim *c, char *text)
{
	char host[TEXT];

	if (!c->node)
		return "-";
	snprintf(text, TEXT, "%u by %.64s", c->epoch, host_text(pm, c->node, host));
	return text;
}

static void servers_print(const struct pm *pm, FILE *out)
{
	static const char *const titles[] = {
		"SERVER", "STATE", "ANSWER", "CLAIM", "TENTATIVE", "ROSTER", "CHUNKS", "USED",
	};
	struct libscols_table *table = out_table(out, true);
	struct libscols_line *line;
	char text[TEXT];
	unsigned int i;

	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		out_column(table, titles[i], i >= 6);
	for (i = 0; i < pm->nservers; i++) {
		const struct pm_server *s = &pm->server[i];

		line = out_line(table);
		out_cell(line, 0, s->host);
		out_cell(line, 1, s->state);
		out_cell(line, 2, answer_word(s));
		if (s->answer != PM_HAS)
			continue;
		out_cell(line, 3, claim_text(pm, &s->claim, text));
		out_cell(line, 4, claim_text(pm, &s->tentative, text));
		snprintf(text, sizeof(text), "%u.%u", s->repoch, s->rnumber);
		out_cell(line, 5, s->rnumber ? text : "-");
		snprintf(text, sizeof(text), "%u", s->nchunks);
		out_cell(line, 6, text);
		out_cell(line, 7, size_format(s->used * SIZE_PAGE, text));
	}
	out_table_print(table);
}

static void roster_print(const struct pm *pm, FILE *out)
{
	const struct pm_server *s;
	char host[TEXT];
	unsigned int i;
	bool proved;

	if (pm->roster < 0) {
		fputs("roster: no server has one\n", out);
		return;
	}
	s = &pm->server[pm->roster];
	fprintf(out, "roster %u.%u%s:\n", s->repoch, s->rnumber,
		pm->split ? ", of which there are several different ones" : "");
	for (i = 0; i < s->nlives; i++)
		fprintf(out, "  %s, incarnation %08x, %s\n",
			host_text(pm, s->life[i].node, host), s->life[i].inc,
			pm_life_word(pm, &s->life[i], &proved));
}

static void run_print(const struct pm *pm, const struct pm_run *run, FILE *out)
{
	char host[TEXT];
	unsigned int i;
	bool proved;

	fprintf(out, "  %u-%u %s, generation %u", run->first, run->first + run->count - 1,
		pm_verdict_word(run->verdict), run->low);
	if (run->high != run->low)
		fprintf(out, "-%u", run->high);
	for (i = 0; i < run->nmembers; i++)
		fprintf(out, "; %s %s", host_text(pm, run->member[i].node, host),
			pm_life_word(pm, &run->member[i], &proved));
	for (i = 0; i < pm->nservers; i++)
		if (run->stale & 1ULL << i)
			fprintf(out, "; %s has an older copy", pm->server[i].host);
	fputc('\n', out);
}

void pm_print(const struct pm *pm, FILE *out)
{
	char text[TEXT];
	unsigned int i;

	fprintf(out, "volume %016" PRIx64 ", claim in force %s\n\n", pm->id,
		claim_text(pm, &pm->claim, text));
	servers_print(pm, out);
	fputc('\n', out);
	roster_print(pm, out);
	fprintf(out, "\nchunks: %u whole, %u missing, %u lost, %u in conflict, %u that no server lists\n",
		pm->counts[PM_WHOLE], pm->counts[PM_MISSING], pm->counts[PM_LOST],
		pm->counts[PM_CONFLICT], pm->counts[PM_NONE]);
	for (i = 0; i < pm->nruns; i++)
		run_print(pm, &pm->run[i], out);
	fprintf(out, "\n%s\n", pm->proved ?
		"All is proved as things stand: a take-over would be served." :
		"Not all is proved as things stand: a take-over would be refused.");
}

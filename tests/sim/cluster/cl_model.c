// SPDX-License-Identifier: GPL-2.0
/*
 * Registers with intervals: the oracle of what pages hold.
 */
#include "cl_model.h"

void model_init(struct model *m, u32 pages)
{
	u32 i;

	memset(m, 0, sizeof(*m));
	m->page = calloc(pages, sizeof(*m->page));
	if (!m->page)
		abort();
	m->pages = pages;
	m->tick = 1;
	for (i = 0; i < pages; i++) {
		m->page[i].n = 1;
		m->page[i].v[0].ended = 1;
	}
}

void model_free(struct model *m)
{
	free(m->page);
	m->page = NULL;
}

u64 model_now(struct model *m)
{
	return ++m->tick;
}

/* Room for one more: what was ruled out longest ago goes. */
static struct model_value *new_value(struct model_page *p)
{
	u8 i, oldest = MODEL_VALUES;

	if (p->n < MODEL_VALUES)
		return &p->v[p->n++];
	for (i = 0; i < p->n; i++)
		if (p->v[i].until && (oldest == MODEL_VALUES ||
				      p->v[i].until < p->v[oldest].until))
			oldest = i;
	if (oldest == MODEL_VALUES)
		return NULL;
	if (p->v[oldest].until > p->blind)
		p->blind = p->v[oldest].until;
	p->unseen += !p->v[oldest].ended;
	return &p->v[oldest];
}

void model_write(struct model *m, u32 page, u64 uid, u64 value, u32 claim)
{
	struct model_page *p = &m->page[page];
	struct model_value *v = new_value(p);

	/* Too many that nobody knows the end of: anything goes until a read. */
	if (!v) {
		p->blind = ~0ULL;
		p->unseen++;
		return;
	}
	*v = (struct model_value){ .uid = uid, .value = value, .claim = claim,
				   .since = model_now(m) };
}

const char *model_written(struct model *m, u32 page, u64 uid, bool ok, bool hint)
{
	struct model_page *p = &m->page[page];
	struct model_value *w = NULL;
	u64 now = model_now(m);
	u8 i;

	for (i = 0; i < p->n; i++)
		if (p->v[i].uid == uid)
			w = &p->v[i];
	if (!w) {
		MX_ASSERT(p->unseen);
		p->unseen--;
		p->unseen_end = now;
		return NULL;
	}
	w->ended = now;
	w->acked = ok;
	if (!ok)
		return NULL;
	for (i = 0; i < p->n; i++) {
		struct model_value *v = &p->v[i];
		bool before = v->ended && v->ended < w->since;

		if (v != w && before && !hint)
			v->may_return = false;
		if (v == w || v->until)
			continue;
		if (hint)
			v->may_return = before && !v->acked && v->uid;
		if (v->claim > w->claim && before && v->acked)
			return "a write of an older claim is acknowledged after one of a newer";
		/*
		 * Those of one claim run in the order in which they came; of
		 * two claims, those that were under way together in any.
		 */
		if (v->claim == w->claim ? v->uid < uid :
					   before && v->claim < w->claim)
			v->until = now;
	}
	return NULL;
}

static bool fits(const struct model_value *v, u64 since)
{
	return !v->until || v->until >= since;
}

/* Nothing was under way: later reads have to agree with this one. */
static void settled(struct model *m, struct model_page *p, u64 value)
{
	struct model_value *same = NULL;
	u64 now = model_now(m);
	u8 i;

	for (i = 0; i < p->n; i++) {
		struct model_value *v = &p->v[i];

		if (v->value == value && (!same || !v->until)) {
			same = v;
		} else if (!v->until && v->value != value) {
			v->until = now;
			v->may_return = !v->acked && v->uid;
		}
	}
	if (p->blind == ~0ULL)
		p->blind = now;
	if (same) {
		same->until = 0;
		return;
	}
	same = new_value(p);
	if (same)
		*same = (struct model_value){ .value = value, .since = now,
					      .ended = now };
}

const char *model_read(struct model *m, u32 page, u64 since, u64 value,
		       bool settle)
{
	struct model_page *p = &m->page[page];
	bool busy = p->unseen || p->unseen_end > since;
	bool found = false, known = false;
	u8 i;

	for (i = 0; i < p->n; i++) {
		const struct model_value *v = &p->v[i];

		if (v->value == value) {
			known = true;
			found |= fits(v, since);
		}
		if (v->since > since || !v->ended || v->ended > since)
			busy = true;
	}
	if (!found && since > p->blind)
		return known ? "it is not what was written last" : value ?
			"nobody has written that" : "it reads as never written";
	if (!settle || busy)
		return NULL;
	settled(m, p, value);
	return NULL;
}

void model_forgive(struct model *m, u32 page)
{
	m->page[page].blind = ~0ULL;
}

bool model_written_since(const struct model *m, u32 page, u64 since)
{
	const struct model_page *p = &m->page[page];
	u8 i;

	for (i = 0; i < p->n; i++)
		if (p->v[i].acked && p->v[i].ended >= since)
			return true;
	return false;
}

void model_return(struct model *m)
{
	u32 i;
	u8 k;

	for (i = 0; i < m->pages; i++)
		for (k = 0; k < m->page[i].n; k++) {
			struct model_value *v = &m->page[i].v[k];

			if (v->may_return)
				v->until = 0;
			v->may_return = false;
		}
}

void model_forget(struct model *m)
{
	u32 i;

	for (i = 0; i < m->pages; i++)
		model_forgive(m, i);
}

bool model_only(const struct model *m, u32 page, u64 *value)
{
	const struct model_page *p = &m->page[page];
	bool one = false;
	u8 i;

	for (i = 0; i < p->n; i++) {
		const struct model_value *v = &p->v[i];

		if (v->until)
			continue;
		if (!v->ended || (one && v->value != *value))
			return false;
		one = true;
		*value = v->value;
	}
	return one && p->blind != ~0ULL;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What the simulation is made of: its dice, its queue of events, and handles
 * that are counted so that none gets lost.
 */
#include <stdarg.h>
#include "kit.h"

static u64 mix(u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

u64 sim_draw(struct sim *s)
{
	s->rng += 0x9e3779b97f4a7c15ULL;
	return mix(s->rng);
}

u64 sim_below(struct sim *s, u64 n)
{
	return n ? sim_draw(s) % n : 0;
}

u64 sim_below_of(struct sim *s, u64 *rng, u64 n)
{
	u64 own = s->rng, drawn;

	s->rng = *rng;
	drawn = sim_below(s, n);
	*rng = s->rng;
	s->rng = own;
	return drawn;
}

bool sim_chance(struct sim *s, u32 per_100000)
{
	return per_100000 && sim_below(s, 100000) < per_100000;
}

static bool before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

void sim_push(struct sim *s, struct event ev)
{
	u32 i = s->nheap++;

	if (s->nheap > s->heapcap) {
		s->heapcap = s->heapcap ? 2 * s->heapcap : 1024;
		s->heap = realloc(s->heap, s->heapcap * sizeof(*s->heap));
		if (!s->heap)
			abort();
	}
	ev.seq = s->seq++;
	for (; i && before(&ev, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = ev;
}

bool sim_pop(struct sim *s, struct event *ev)
{
	struct event last;
	u32 i = 0, kid;

	if (!s->nheap)
		return false;
	*ev = s->heap[0];
	last = s->heap[--s->nheap];
	while ((kid = 2 * i + 1) < s->nheap) {
		if (kid + 1 < s->nheap && before(&s->heap[kid + 1], &s->heap[kid]))
			kid++;
		if (!before(&s->heap[kid], &last))
			break;
		s->heap[i] = s->heap[kid];
		i = kid;
	}
	if (s->nheap)
		s->heap[i] = last;
	return true;
}

static void say(struct sim *s, const char *fmt, va_list ap)
{
	printf("%12.6f ", s->now / 1e9);
	vprintf(fmt, ap);
	putchar('\n');
}

void sim_fail(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (s->failed)
		return;
	s->failed = true;
	printf("seed %llu failed:\n", (unsigned long long)s->seed);
	va_start(ap, fmt);
	say(s, fmt, ap);
	va_end(ap);
	printf("replay: build/sim/%s --seed %llu --verbose\n", s->run->name,
	       (unsigned long long)s->seed);
}

void sim_trace(struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (!s->verbose)
		return;
	va_start(ap, fmt);
	say(s, fmt, ap);
	va_end(ap);
}

struct frame *frame_new(struct sim *s, u32 len, u32 stored)
{
	struct frame *f = calloc(1, sizeof(*f) + stored);

	if (!f)
		abort();
	f->refs = 1;
	f->len = len;
	f->stored = stored;
	s->frames++;
	return f;
}

void frame_put(struct sim *s, struct frame *f)
{
	if (--f->refs)
		return;
	if (f->buf)
		pbuf_put(s, f->buf);
	s->frames--;
	free(f);
}

struct pkt *pkt_new(struct sim *s, struct frame *f, u32 off, u32 len)
{
	struct pkt *pkt = malloc(sizeof(*pkt));

	if (!pkt)
		abort();
	f->refs++;
	*pkt = (struct pkt){ .frame = f, .off = off, .len = len };
	s->pkts++;
	return pkt;
}

void pkt_free(struct sim *s, struct pkt *pkt)
{
	frame_put(s, pkt->frame);
	free(pkt);
	s->pkts--;
}

struct pbuf *pbuf_new(struct sim *s, u32 len)
{
	struct pbuf *b = malloc(sizeof(*b) + len);

	if (!b)
		abort();
	b->refs = 1;
	b->len = len;
	s->bufs++;
	return b;
}

/* @len bytes on the wire, of which the run keeps @stored. */
struct pbuf *pbuf_light(struct sim *s, u32 len, u32 stored)
{
	struct pbuf *b = pbuf_new(s, stored);

	b->len = len;
	b->uid = ++s->uid;
	return b;
}

void pbuf_put(struct sim *s, struct pbuf *b)
{
	if (--b->refs)
		return;
	s->bufs--;
	free(b);
}

static u64 word(u64 key, u32 i)
{
	return (key + i) * 0x9e3779b97f4a7c15ULL ^ key >> 7;
}

/* Bytes that depend on @key and place alone. */
void fill(u8 *to, u64 key, u32 len)
{
	u32 i;
	u64 w;

	for (i = 0; i + 8 <= len; i += 8) {
		w = word(key, i);
		memcpy(to + i, &w, 8);
	}
	w = word(key, i);
	memcpy(to + i, &w, len - i);
}

/* Whether @len bytes are those from @off of what fill() makes. */
bool filled(const u8 *at, u64 key, u32 off, u32 len)
{
	u32 i = 0, step;
	u64 w;

	while (i < len) {
		w = word(key, (off + i) & ~7u);
		step = 8 - ((off + i) & 7);
		if (step > len - i)
			step = len - i;
		if (memcmp(at + i, (u8 *)&w + ((off + i) & 7), step))
			return false;
		i += step;
	}
	return true;
}

/* Collects a whole message. */
void asm_read(const struct rmp_asm *a, u8 *to)
{
	const struct pkt *pkt;
	u32 off, len;
	u16 no;

	for (no = 0; no < a->nfrags && a->len; no++) {
		len = rmp_frag_range(a->len, a->frag_size, no, &off);
		pkt = a->pkt[no];
		if (pkt->len != len)
			abort();
		memcpy(to + off, pkt->frame->data + pkt->off, len);
	}
}

/* What a whole message was sent from: all its parts are of one payload. */
struct pbuf *asm_buf(struct sim *s, const struct rmp_asm *a)
{
	struct pbuf *b = NULL;
	u32 off, len;
	u16 no;

	for (no = 0; no < a->nfrags && a->len; no++) {
		const struct pkt *pkt = a->pkt[no];

		len = rmp_frag_range(a->len, a->frag_size, no, &off);
		if (!b)
			b = pkt->frame->buf;
		if (pkt->len != len || pkt->frame->buf != b ||
		    pkt->frame->off != off || !b || b->len != a->len) {
			sim_fail(s, "a message is put together of several");
			return NULL;
		}
	}
	return b;
}

/* A reply's packets belong to who has asked. */
void asm_free(struct sim *s, struct rmp_asm *a)
{
	u16 no;

	for (no = 0; no < a->nfrags && a->len && a->got; no++)
		pkt_free(s, a->pkt[no]);
	a->got = 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes a claim: whatever servers answer, there is one call per server at a
 * time, epochs and rosters stay in bounds, and nothing is proved by servers that
 * have not answered.
 */
#include "engine/mx_owner_impl.h"
#include "input.h"

enum { INPUTS = 300, SERVERS = 4, CHUNKS = 6, PAGES = 256 };

static struct mx_owner o;
static struct mx_owner_chunk chunk[CHUNKS];
static struct mx_owner_call under_way[SERVERS];
static u64 now;

static void take_calls(void)
{
	struct mx_owner_call call;
	u32 n = 0;

	while (mx_owner_next(&o, &call)) {
		must(call.server < SERVERS && n++ < 2 * SERVERS);
		if (call.kind == MX_CALL_CANCEL) {
			must(under_way[call.server].kind);
			continue;
		}
		must(!under_way[call.server].kind);
		must(call.epoch && call.epoch <= MX_OWNER_EPOCH_MAX);
		under_way[call.server] = call;
	}
}

static void check_homes(void)
{
	struct mx_owner_home h;
	u32 i, k;

	for (i = 0; i < CHUNKS; i++) {
		mx_owner_home(&o, i, &h);
		must(h.n <= MX_COPIES_MAX && (h.n > 0) == (h.proof == MX_PROOF_PLACED));
		for (k = 0; k < h.n; k++)
			must(mx_osrv_answered(&o.srv[h.server[k]]));
	}
}

static void take_news(void)
{
	struct mx_owner_note note;
	u32 n = 0;

	while (mx_owner_note(&o, &note)) {
		must(n++ < 3 * MX_MEMBERS);
		if (note.what != MX_NEWS_SERVING || o.state != MX_OWN_SERVING)
			continue;
		must(o.spec.clean || !mx_owner_unproved(&o));
		mx_owner_taken(&o);
	}
}

static void check(void)
{
	u32 i, n = 0;

	must(o.state < MX_OWN_STATES);
	must(o.raises <= MX_OWNER_RAISES);
	must(o.base.n <= MX_ROSTER_MAX && o.pending.n <= MX_ROSTER_MAX);
	must(o.base.number <= MX_OWNER_ROSTER_MAX);
	must(o.pending.number <= MX_OWNER_ROSTER_MAX);
	for (i = 0; i < SERVERS; i++) {
		must(o.srv[i].state < MX_OSRV_STATES);
		n += mx_owner_ready(&o, i);
	}
	must(!n || o.state == MX_OWN_SERVING);
}

static u32 number(struct input *in)
{
	static const u32 odd[] = { 0, 0x7fffffff, 0xfffeffff, 0xffff0000, ~0U };
	u8 b = byte(in);

	return b < 250 ? b % 8 : odd[b - 251 + (b == 250)];
}

static struct mx_life life(struct input *in)
{
	u8 b = byte(in);

	return (struct mx_life) { .node = 1 + b % 5, .inc = 1 + b / 8 % 3 };
}

static void entries(struct input *in, u32 i)
{
	struct mx_listed l;
	u32 k;

	while (byte(in) & 3) {
		l = (struct mx_listed) {
			.index = byte(in) % (CHUNKS + 1), .gen = number(in),
			.pages = byte(in), .nmembers = byte(in) % 4,
			.state = byte(in) % 8 == 7,
		};
		for (k = 0; k < l.nmembers; k++)
			l.member[k] = k ? life(in) : (struct mx_life) {
				.node = o.srv[i].node, .inc = o.srv[i].inc };
		if (mx_owner_entry(&o, i, &l))
			break;
	}
}

static void rosters(struct input *in, u32 i)
{
	struct mx_roster r = { .number = number(in) };
	u32 back = byte(in) % 4;
	u32 n = r.number ? 1 + byte(in) % 5 : 0;

	for (; r.n < n; r.n++)
		r.member[r.n] = life(in);
	r.epoch = r.number ? o.epoch + 1 - back : 0;
	mx_owner_roster(&o, i, &r);
}

static void answer(struct input *in, u32 i)
{
	static const int errs[] = { -ESTALE, -ECANCELED, -EBADMSG };
	struct mx_owner_call call = under_way[i];
	struct mx_answer ans = {};
	u8 b = byte(in);

	if (!call.kind)
		return;
	under_way[i].kind = MX_CALL_NONE;
	if (b >= 0xf0) {
		mx_owner_answer(&o, i, errs[b % ARRAY_SIZE(errs)], NULL);
		return;
	}
	ans.status = b & 0x80 ? b % (MX_ST_MAX + 1) : MX_ST_OK;
	ans.vol_pages = b & 1;
	switch (call.kind) {
	case MX_CALL_OPEN:
		ans.arg = ans.status == MX_ST_OK ?
			  MX_FEAT_GEN | (b & 2 ? MX_OPENED_NEW : 0) |
			  (b & 4 ? MX_OPENED_OVER : 0) : number(in);
		break;
	case MX_CALL_LIST:
		entries(in, i);
		ans.arg = b & 4 ? number(in) : MX_LIST_END;
		break;
	case MX_CALL_ROSTER_GET:
		rosters(in, i);
		break;
	default:
		ans.arg = number(in);
		break;
	}
	mx_owner_answer(&o, i, 0, &ans);
}

static void user(struct input *in)
{
	switch (byte(in) % 16) {
	case 0:
		mx_owner_commit(&o);
		break;
	case 1:
		mx_owner_withdraw(&o);
		break;
	case 2:
		mx_owner_accept(&o);
		break;
	case 3:
		mx_owner_drop(&o, now + byte(in));
		break;
	case 4:
		mx_owner_park(&o);
		break;
	default:
		mx_owner_lossy(&o, byte(in) & 1);
		break;
	}
}

static void step(struct input *in)
{
	u8 b = byte(in);
	u32 i = b % SERVERS;

	switch (b / SERVERS % 8) {
	case 0:
		b = byte(in);
		mx_owner_server(&o, i, 1 + i, 1 + (b & 15 ? 0 : b / 16 % 3), b & 3);
		break;
	case 1:
		mx_owner_stale(&o, i, o.srv[i].inc);
		break;
	case 2:
		mx_owner_novol(&o, i, o.srv[i].inc);
		break;
	case 3:
		mx_owner_chunks(&o, i, byte(in) & 1);
		user(in);
		break;
	case 4:
		now += byte(in) * 32;
		mx_owner_tick(&o, now);
		break;
	default:
		answer(in, i);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	u8 how = byte(&in);
	struct mx_owner_spec spec = {
		.chunk = chunk, .nchunks = CHUNKS, .chunk_pages = PAGES,
		.fresh = how & 1, .clean = how & 2, .may_be_new = how & 4,
		.epoch = how & 8 ? MX_OWNER_EPOCH_MAX - how / 64 : 0,
	};
	u32 i;

	now = 0;
	memset(under_way, 0, sizeof(under_way));
	mx_owner_init(&o, &spec);
	if (how & 16)
		mx_owner_propose(&o);
	else
		mx_owner_claim(&o);
	for (i = 0; i < SERVERS; i++)
		mx_owner_server(&o, i, 1 + i, 1, how & 32);
	for (i = 0; i < INPUTS && in.left; i++) {
		take_calls();
		step(&in);
		check();
		check_homes();
		take_news();
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What servers keep for a volume, and how much its chunks may take: calls, answers,
 * and words for those who want to know.
 */
#include <linux/mm.h>
#include "mx_book.h"
#include "mx_main.h"
#include "mx_members.h"
#include "mx_volume.h"

enum { BOOK_WAIT_MS = 5000 };	/* for a new volume's answer */

static u64 now_ms(void)
{
	return ktime_to_ms(ktime_get());
}

/* The engine has no copies but those that volumes are made with. */
static u8 copies_of(const struct mx_volume *vol)
{
	struct mx_env env;

	mx_volume_env(vol, &env);
	return env.copies;
}

/* Pages that a chunk of @pages takes on a server. */
static u32 room_of(const struct mx_volume *vol, u32 pages)
{
	return pages + (vol->sealed ? mx_trailer_pages(pages) : 0);
}

/* --- calls --------------------------------------------------------------- */

static void call_done(struct rmp_node_call *nc)
{
	struct mx_vsrv *s = container_of(nc, struct mx_vsrv, book.nc);
	struct mx_claim *claim = s->vol->claim;

	/* Pairs with the work: what the call has brought is seen with the bit. */
	smp_mb__before_atomic();
	set_bit(s->idx, claim->book.answered);
	queue_work(mx_wq, &claim->work);
}

static void make_call(struct mx_volume *vol, const struct mx_booking_call *call)
{
	struct mx_vsrv *s = vol->srv[call->server];
	struct rmp_call *c = &s->book.nc.call;

	if (call->kind == MX_BOOK_CALL_CANCEL) {
		rmp_cancel(s->node, &s->book.nc);
		return;
	}
	s->book.ask = call->ask;
	mx_ask_encode(&s->book.ask, c->head);
	c->volume = vol->id;
	c->epoch = call->epoch;
	c->port = RMP_PORT_MEMORY;
	c->len = 0;
	c->buf = NULL;
	c->max_reply = 0;
	s->book.nc.done = call_done;
	rmp_call(s->node, &s->book.nc);
}

static void take_answer(struct mx_volume *vol, struct mx_vsrv *s)
{
	struct mx_claim *claim = vol->claim;
	struct rmp_call *c = &s->book.nc.call;
	struct mx_answer ans = {};
	u32 inc = claim->book.b.srv[s->idx].inc;
	int err = c->status;

	if (!err)
		err = mx_answer_decode(c->rhead, c->reply.len, &s->book.ask, &ans);
	if (!c->status)
		rmp_payload_free(&c->reply);
	if (err == -EBADMSG)
		mx_vstat_inc(vol, MX_VS_BAD_REPLIES);
	if (!err)
		mx_member_figures(&mx_members.m[s->idx], ans.free, ans.load);
	if (!err && ans.status == MX_ST_STALE)
		mx_owner_stale(&claim->o, s->idx, inc);
	if (!err && ans.status == MX_ST_NOVOL)
		mx_owner_novol(&claim->o, s->idx, inc);
	mx_booking_answer(&claim->book.b, s->idx, err, &ans);
}

/* What is read without the mutex. */
static void publish(struct mx_volume *vol)
{
	struct mx_book *book = &vol->claim->book;
	u8 state = mx_booking_state(&book->b);
	u32 has = mx_booking_granted(&book->b);
	bool changed = state != book->state || has != book->had;
	u8 i;

	for (i = 0; i < MX_MEMBERS; i++)
		if (vol->srv[i])
			WRITE_ONCE(vol->srv[i]->kept, mx_booking_kept(&book->b, i));
	WRITE_ONCE(book->granted, state == MX_BOOK_GRANTED ? has : 0);
	WRITE_ONCE(book->state, state);
	book->had = has;
	if (!changed)
		return;
	wake_up_all(&vol->wq);
	mx_volume_changed(vol);
}

static void run(struct mx_volume *vol)
{
	struct mx_booking_call call;

	while (mx_booking_next(&vol->claim->book.b, &call))
		make_call(vol, &call);
	publish(vol);
}

void mx_book_work(struct mx_volume *vol)
{
	struct mx_book *book = &vol->claim->book;
	u8 i;

	lockdep_assert_held(&vol->claim->mutex);
	for (i = 0; i < MX_MEMBERS; i++)
		if (test_and_clear_bit(i, book->answered))
			take_answer(vol, vol->srv[i]);
	mx_booking_tick(&book->b, &vol->claim->o, &mx_members, now_ms());
	run(vol);
}

void mx_book_tick(struct mx_volume *vol)
{
	lockdep_assert_held(&vol->claim->mutex);
	mx_booking_tick(&vol->claim->book.b, &vol->claim->o, &mx_members, now_ms());
	run(vol);
}

void mx_book_end(struct mx_volume *vol)
{
	lockdep_assert_held(&vol->claim->mutex);
	mx_booking_end(&vol->claim->book.b);
	run(vol);
}

bool mx_book_busy(const struct mx_volume *vol)
{
	lockdep_assert_held(&vol->claim->mutex);
	return mx_booking_busy(&vol->claim->book.b);
}

/* --- what is wanted -------------------------------------------------------- */

void mx_book_init(struct mx_volume *vol, bool learn)
{
	struct mx_book *book = &vol->claim->book;
	u32 unit = room_of(vol, 1U << vol->shift);
	u32 last = room_of(vol, vol->cks[vol->nchunks - 1].c.pages);

	mx_booking_init(&book->b, vol->nchunks, unit, unit - last, copies_of(vol), learn);
	book->most = U32_MAX;
}

/* Chunks that users may reach only. */
static u32 wanted(const struct mx_volume *vol, u64 reserve)
{
	u32 most = mx_booking_chunks(READ_ONCE(vol->bytes), vol->shift, vol->nchunks);

	return mx_booking_chunks(reserve, vol->shift, most);
}

void mx_book_resized(struct mx_volume *vol)
{
	struct mx_claim *claim = vol->claim;
	struct mx_book *book = &claim->book;

	mutex_lock(&claim->mutex);
	if (book->asked) {
		mx_booking_set(&book->b, wanted(vol, book->asked));
		run(vol);
	}
	mutex_unlock(&claim->mutex);
}

static const char *refuse(u64 reserve, u64 limit)
{
	if (limit && reserve > limit)
		return "the reservation is more than the limit";
	return NULL;
}

int mx_book_set(struct mx_volume *vol, const u64 *reserve, const u64 *limit,
		const char **why)
{
	struct mx_claim *claim = vol->claim;
	struct mx_book *book = &claim->book;
	u64 chunks;

	mutex_lock(&claim->mutex);
	*why = refuse(reserve ? *reserve : book->asked, limit ? *limit : book->limit);
	if (*why) {
		mutex_unlock(&claim->mutex);
		return -EINVAL;
	}
	if (limit) {
		book->limit = *limit;
		chunks = mx_booking_limit(*limit, book->b.unit, book->b.copies);
		WRITE_ONCE(book->most, *limit ? min_t(u64, chunks, U32_MAX) : U32_MAX);
	}
	if (reserve) {
		book->asked = *reserve;
		mx_booking_set(&book->b, wanted(vol, *reserve));
	}
	run(vol);
	mutex_unlock(&claim->mutex);
	mx_volume_changed(vol);
	return 0;
}

/* --- what it is ------------------------------------------------------------ */

static u64 mib_of(const struct mx_volume *vol, u64 chunks)
{
	return chunks << (vol->shift + MX_PAGE_SHIFT) >> 20;
}

static void reason(const struct mx_volume *vol, char *text, size_t size)
{
	const struct mx_booking *b = &vol->claim->book.b;
	u32 all = b->chunks * b->copies, old = mx_booking_old(b);

	text[0] = '\0';
	switch (b->why) {
	case MX_BOOK_WHY_ROOM:
		scnprintf(text, size, "servers could keep %llu MiB of %llu MiB only",
			  mib_of(vol, all - min(all, b->lacked)), mib_of(vol, all));
		break;
	case MX_BOOK_WHY_SERVERS:
		scnprintf(text, size, "there is no memory server that keeps room");
		break;
	case MX_BOOK_WHY_SILENT:
		scnprintf(text, size, "a memory server did not answer; it is asked again");
		break;
	case MX_BOOK_WHY_NONE:
		if (mx_booking_state(b) == MX_BOOK_DEGRADED)
			scnprintf(text, size,
				  "a memory server has lost what it kept; others are being asked");
		return;
	}
	if (old)
		scnprintf(text + strlen(text), size - strlen(text),
			  " (%u of an older version keep none)", old);
}

void mx_book_info(struct mx_volume *vol, struct mx_vol_booking *info)
{
	struct mx_claim *claim = vol->claim;
	struct mx_book *book = &claim->book;
	u64 chunk = (u64)MX_PAGE_SIZE << vol->shift;

	mutex_lock(&claim->mutex);
	memset(info, 0, sizeof(*info));
	/* Nobody has said it here: it is what servers knew. */
	info->asked = book->b.said ? book->asked : book->b.chunks * chunk;
	info->limit = book->limit;
	info->granted = mx_booking_granted(&book->b) * chunk;
	/* What is beyond the volume's size, or less than a chunk, needs no room. */
	if (mx_booking_state(&book->b) == MX_BOOK_GRANTED)
		info->granted = info->asked;
	info->granted = min(info->granted, info->asked);
	info->state = mx_booking_name(mx_booking_state(&book->b));
	reason(vol, info->why, sizeof(info->why));
	mutex_unlock(&claim->mutex);
}

bool mx_book_take(struct mx_volume *vol)
{
	struct mx_book *book = &vol->claim->book;
	u32 most = READ_ONCE(book->most);

	if (atomic_inc_return(&book->taken) <= (int)min_t(u32, most, S32_MAX))
		return true;
	atomic_dec(&book->taken);
	return false;
}

bool mx_book_within(const struct mx_volume *vol)
{
	const struct mx_book *book = &vol->claim->book;

	return atomic_read(&book->taken) <= (int)READ_ONCE(book->granted);
}

int mx_book_wait(struct mx_volume *vol)
{
	const struct mx_book *book = &vol->claim->book;
	long left;

	left = wait_event_killable_timeout(vol->wq,
					   READ_ONCE(book->state) != MX_BOOK_ASKING,
					   msecs_to_jiffies(BOOK_WAIT_MS));
	return left < 0 ? left : 0;
}

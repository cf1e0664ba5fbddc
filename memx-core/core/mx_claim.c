// SPDX-License-Identifier: GPL-2.0
/*
 * A volume's claim: calls to servers and their answers, news, and words for
 * whoever waits for them.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "mx_compat_nl.h"
#include "mx_claim.h"
#include "mx_main.h"
#include "mx_members.h"
#include "mx_recover.h"

enum {
	OPEN_WAIT_MS	= 2000,		/* for the first server of a new volume */
	TAKE_WAIT_MS	= 10000,	/* for all servers of one that is taken over */
	DROP_MS		= 60000,	/* until a server's answer is given up */
	UNLOAD_MS	= 2000,		/* likewise, when unloading */
	DROP_TICK_MS	= 50,
};

static u64 now_ms(void)
{
	return ktime_to_ms(ktime_get());
}

/* --- Calls ------------------------------------------------------------- */

static void call_done(struct rmp_node_call *nc)
{
	struct mx_vsrv *s = container_of(nc, struct mx_vsrv, nc);
	struct mx_claim *claim = s->vol->claim;

	/* Pairs with the work: what the call has brought is seen with the bit. */
	smp_mb__before_atomic();
	set_bit(s->idx, claim->answered);
	queue_work(mx_wq, &claim->work);
}

/*
 * A payload gets a page that nobody else refers to: frames of the call before may
 * still wait for their device, see struct rmp_buf. That is over in milliseconds
 * as a rule, so without memory the old page will do a little later.
 * Return: whether @s has such a page
 */
static bool fresh_page(struct mx_vsrv *s)
{
	struct page *page;

	if (page_count(s->page) == 1)
		return true;
	page = alloc_page(GFP_NOWAIT | __GFP_NOWARN);
	if (!page)
		return false;
	put_page(s->page);
	s->page = page;
	return true;
}

/* Return: bytes of payload in the server's page, or -ENOBUFS. */
static int payload_of(struct mx_vsrv *s, u8 kind)
{
	int len;
	u8 *to;

	if (kind != MX_CALL_OPEN && kind != MX_CALL_ROSTER_SET)
		return 0;
	if (!fresh_page(s))
		return -ENOBUFS;
	to = page_address(s->page);
	if (kind == MX_CALL_OPEN) {
		len = strlen(s->vol->name);
		memcpy(to, s->vol->name, len);
		return len;
	}
	return mx_roster_encode(mx_owner_roster_out(&s->vol->claim->o), to);
}

static u32 reply_of(u8 kind)
{
	switch (kind) {
	case MX_CALL_LIST:
		return MX_OWNER_ASK_PAGES * MX_PAGE_SIZE;
	case MX_CALL_ROSTER_GET:
		return MX_PAGE_SIZE;
	default:
		return 0;
	}
}

static void make_call(struct mx_volume *vol, const struct mx_owner_call *call)
{
	struct mx_vsrv *s = vol->srv[call->server];
	struct rmp_call *c = &s->nc.call;
	int len;

	if (call->kind == MX_CALL_CANCEL) {
		rmp_cancel(s->node, &s->nc);
		return;
	}
	len = payload_of(s, call->kind);
	if (len < 0) {
		mx_owner_answer(&vol->claim->o, s->idx, len, NULL);
		return;
	}
	s->call = *call;
	mx_owner_ask(call, vol->pages, vol->shift, vol->sealed, &s->ask);
	mx_ask_encode(&s->ask, c->head);
	c->volume = vol->id;
	c->epoch = call->epoch;
	c->port = RMP_PORT_MEMORY;
	c->len = len;
	s->buf.page[0] = s->page;
	c->buf = c->len ? &s->buf : NULL;
	c->max_reply = reply_of(call->kind);
	s->nc.done = call_done;
	rmp_call(s->node, &s->nc);
}

/* --- Answers ----------------------------------------------------------- */

static int read_list(struct mx_claim *claim, struct mx_vsrv *s)
{
	const struct rmp_asm *reply = &s->nc.call.reply;
	u8 raw[sizeof(struct mx_wire_chunk)];
	struct mx_listed listed;
	u32 at;

	for (at = 0; at + sizeof(raw) <= reply->len; at += sizeof(raw)) {
		rmp_payload_copy(reply, at, raw, sizeof(raw));
		if (mx_listed_decode(raw, &listed) ||
		    mx_owner_entry(&claim->o, s->idx, &listed))
			return -EBADMSG;
	}
	return 0;
}

static int read_roster(struct mx_claim *claim, struct mx_vsrv *s)
{
	const struct rmp_asm *reply = &s->nc.call.reply;

	if (reply->len > sizeof(claim->raw))
		return -EBADMSG;
	rmp_payload_copy(reply, 0, claim->raw, reply->len);
	if (mx_roster_decode(claim->raw, reply->len, &claim->roster))
		return -EBADMSG;
	return mx_owner_roster(&claim->o, s->idx, &claim->roster);
}

/* What an answer has besides its head. Return: 0 or -EBADMSG */
static int read_payload(struct mx_claim *claim, struct mx_vsrv *s)
{
	switch (s->call.kind) {
	case MX_CALL_LIST:
		return read_list(claim, s);
	case MX_CALL_ROSTER_GET:
		return read_roster(claim, s);
	default:
		return 0;
	}
}

static void take_answer(struct mx_claim *claim, struct mx_vsrv *s)
{
	struct rmp_call *c = &s->nc.call;
	struct mx_answer ans = {};
	int err = c->status;

	if (!err)
		err = mx_answer_decode(c->rhead, c->reply.len, &s->ask, &ans);
	if (!err)
		mx_member_figures(&mx_members.m[s->idx], ans.free, ans.load);
	if (!err && ans.status == MX_ST_OK)
		err = read_payload(claim, s);
	if (!c->status)
		rmp_payload_free(&c->reply);
	if (err == -EBADMSG)
		mx_vstat_inc(claim->vol, MX_VS_BAD_REPLIES);
	mx_owner_answer(&claim->o, s->idx, err, &ans);
}

/* --- News -------------------------------------------------------------- */

/* Operations read a life without a lock: an era of 0 is none that they know. */
static void set_life(struct mx_volume *vol, u8 idx)
{
	struct mx_srv_life *to = &vol->life[idx];
	struct mx_srv_life life;

	mx_owner_life(&vol->claim->o, idx, &life);
	spin_lock_bh(&vol->lock);
	/* Nobody is to see a life go that has not changed. */
	if (to->inc == life.inc && to->era == life.era &&
	    to->gens == life.gens)
		goto out;
	WRITE_ONCE(to->era, 0);
	smp_wmb();	/* no era but 0 with another one's incarnation */
	WRITE_ONCE(to->inc, life.inc);
	WRITE_ONCE(to->gens, life.gens);
	smp_wmb();	/* likewise */
	WRITE_ONCE(to->era, life.era);
out:
	spin_unlock_bh(&vol->lock);
}

static void count_lost(struct mx_volume *vol)
{
	mx_owner_lossy(&vol->claim->o, atomic64_read(&vol->lost) > 0);
}

/* Chunks that have been proved get their homes. */
static void adopt_all(struct mx_claim *claim)
{
	struct mx_volume *vol = claim->vol;
	struct mx_owner_home home;
	u32 i, placed = 0, lost = 0;

	for (i = 0; i < vol->nchunks; i++) {
		mx_owner_home(&claim->o, i, &home);
		placed += home.proof == MX_PROOF_PLACED;
		lost += home.proof == MX_PROOF_LOST;
		mx_recover_proved(vol, i, &home);
	}
	if (claim->o.taking)
		pr_info("memx_core: volume %s: taken over at epoch %u, %u chunks, %u lost\n",
			vol->name, claim->o.epoch, placed, lost);
	if (!mx_owner_done(&claim->o))
		return;
	mx_owner_taken(&claim->o);
	kvfree(claim->chunk);
	claim->chunk = NULL;
}

static void host_of(u32 idx, u64 node, char *host, size_t size)
{
	struct mx_member_info info;

	if (idx < MX_MEMBERS && mx_members_show(idx, &info))
		strscpy(host, info.host, size);
	else
		scnprintf(host, size, "%llx", node);
}

/* Once for each time that a server has dropped the volume. */
static void tell_expired(struct mx_claim *claim, u32 idx)
{
	char host[RMP_NAME_LEN + 1];

	host_of(idx, claim->o.srv[idx].node, host, sizeof(host));
	mx_stat_inc(MX_S_LEASE_EXPIRED);
	pr_warn_ratelimited("memx_core: volume %s: memory server %s had dropped it, as its lease had expired or an admin there wanted it: what was there is lost\n",
			    claim->vol->name, host);
}

static void tell(struct mx_claim *claim, const struct mx_owner_note *note)
{
	struct mx_volume *vol = claim->vol;

	switch (note->what) {
	case MX_NEWS_LIFE:
		set_life(vol, note->server);
		mx_recover_server(vol, note->server);
		break;
	case MX_NEWS_SERVING:
		WRITE_ONCE(vol->epoch, claim->o.epoch);
		fallthrough;
	case MX_NEWS_CHUNKS:
		if (claim->chunk)
			adopt_all(claim);
		break;
	case MX_NEWS_EXPIRED:
		tell_expired(claim, note->server);
		break;
	case MX_NEWS_WAITING:
		WRITE_ONCE(claim->lacking, true);
		break;
	case MX_NEWS_FENCED:
		pr_warn("memx_core: volume %s: another owner has taken it over\n",
			vol->name);
		break;
	case MX_NEWS_ENDED:
		WRITE_ONCE(claim->ended, true);
		break;
	}
}

static bool hopeful(const struct mx_owner *o, u8 idx)
{
	u8 state = o->srv[idx].state;

	return state != MX_OSRV_REFUSED && state != MX_OSRV_FENCED;
}

/* What is read without the mutex. */
static void publish(struct mx_claim *claim)
{
	struct mx_volume *vol = claim->vol;
	bool changed = claim->state != claim->o.state;
	int i;

	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_vsrv *s = vol->srv[i];

		if (!s)
			continue;
		changed |= s->ready != mx_owner_ready(&claim->o, i);
		WRITE_ONCE(s->ready, mx_owner_ready(&claim->o, i));
		WRITE_ONCE(s->hope, hopeful(&claim->o, i));
	}
	WRITE_ONCE(claim->taken, claim->o.taking);
	WRITE_ONCE(claim->state, claim->o.state);
	if (!changed)
		return;
	wake_up_all(&vol->wq);
	mx_volume_changed(vol);
}

/* Everything that the engine wants done. */
static void run(struct mx_claim *claim)
{
	struct mx_owner_call call;
	struct mx_owner_note note;
	bool more = true;

	while (more) {
		more = false;
		while (mx_owner_note(&claim->o, &note)) {
			tell(claim, &note);
			more = true;
		}
		count_lost(claim->vol);
		while (mx_owner_next(&claim->o, &call)) {
			make_call(claim->vol, &call);
			more = true;
		}
	}
	publish(claim);
}

/* --- Inputs ------------------------------------------------------------ */

/* How many chunks the volume has on server @i, if it is a server of the volume. */
static void tell_chunks(struct mx_claim *claim, u8 i)
{
	const struct mx_vsrv *s = claim->vol->srv[i];

	if (s)
		mx_owner_chunks(&claim->o, i, atomic_read(&s->chunks));
}

static void work(struct work_struct *w)
{
	struct mx_claim *claim = container_of(w, struct mx_claim, work);
	struct mx_volume *vol = claim->vol;
	int i;

	mutex_lock(&claim->mutex);
	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_vsrv *s = vol->srv[i];

		if (!s)
			continue;
		tell_chunks(claim, i);
		if (test_and_clear_bit(i, claim->stale))
			mx_owner_stale(&claim->o, i, READ_ONCE(s->stale_inc));
		if (test_and_clear_bit(i, claim->novol))
			mx_owner_novol(&claim->o, i, READ_ONCE(s->novol_inc));
		/* What is lost by that is told before the next answer. */
		run(claim);
		if (test_and_clear_bit(i, claim->answered))
			take_answer(claim, s);
		run(claim);
	}
	mx_book_work(vol);
	run(claim);
	mutex_unlock(&claim->mutex);
}

void mx_claim_tick(struct mx_volume *vol)
{
	struct mx_claim *claim = vol->claim;
	u8 i;

	mutex_lock(&claim->mutex);
	for (i = 0; i < MX_MEMBERS; i++)
		tell_chunks(claim, i);
	mx_owner_counted(&claim->o);
	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_vsrv *s = mx_vsrv_get(vol, i);

		if (!s)
			continue;
		mx_owner_server(&claim->o, i, rmp_node_id(s->node),
				READ_ONCE(mx_members.m[i].inc),
				mx_member_alive(i));
		run(claim);
	}
	mx_owner_tick(&claim->o, now_ms());
	run(claim);
	mx_book_tick(vol);
	mutex_unlock(&claim->mutex);
}

/* --- Life -------------------------------------------------------------- */

int mx_claim_make(struct mx_volume *vol, bool known)
{
	struct mx_claim *claim = kvzalloc(sizeof(*claim), GFP_KERNEL);
	struct mx_owner_spec spec = {
		.nchunks	= vol->nchunks,
		.chunk_pages	= 1U << vol->shift,
		.fresh		= !known,
		.may_be_new	= true,
	};

	if (!claim)
		return -ENOMEM;
	vol->claim = claim;
	claim->vol = vol;
	mutex_init(&claim->mutex);
	INIT_WORK(&claim->work, work);
	if (known) {
		claim->chunk = kvcalloc(vol->nchunks, sizeof(*claim->chunk),
					GFP_KERNEL | __GFP_RETRY_MAYFAIL);
		if (!claim->chunk)
			return -ENOMEM;
	}
	spec.chunk = claim->chunk;
	mx_owner_init(&claim->o, &spec);
	mx_book_init(vol, known);
	return 0;
}

void mx_claim_free(struct mx_volume *vol)
{
	struct mx_claim *claim = vol->claim;

	if (!claim)
		return;
	/* The work may have been faster than the callback that has queued it. */
	synchronize_rcu();
	cancel_work_sync(&claim->work);
	kvfree(claim->chunk);
	kvfree(claim);
	vol->claim = NULL;
}

void mx_claim_begin(struct mx_volume *vol)
{
	struct mx_claim *claim = vol->claim;

	mutex_lock(&claim->mutex);
	mx_owner_tick(&claim->o, now_ms());
	mx_owner_claim(&claim->o);
	mutex_unlock(&claim->mutex);
	mx_claim_tick(vol);
}

bool mx_claim_taken(const struct mx_volume *vol)
{
	return READ_ONCE(vol->claim->taken);
}

bool mx_claim_fenced(const struct mx_volume *vol)
{
	return READ_ONCE(vol->claim->state) == MX_OWN_FENCED;
}

void mx_claim_drop(struct mx_volume *vol)
{
	struct mx_claim *claim = vol->claim;
	u64 end = now_ms() + DROP_MS;
	bool busy = true;

	while (!READ_ONCE(claim->ended) || busy) {
		if (READ_ONCE(mx_unloading))
			end = min_t(u64, end, now_ms() + UNLOAD_MS);
		mutex_lock(&claim->mutex);
		mx_book_end(vol);
		busy = mx_book_busy(vol);
		mx_owner_drop(&claim->o, end);
		run(claim);
		mutex_unlock(&claim->mutex);
		mx_claim_tick(vol);
		if (!READ_ONCE(claim->ended) || busy)
			wait_event_timeout(vol->wq, READ_ONCE(claim->ended) && !busy,
					   msecs_to_jiffies(DROP_TICK_MS));
	}
	mx_stat_add(MX_S_DROP_GIVEN_UP, claim->o.drops_given_up);
}

/* --- Words ------------------------------------------------------------- */

static const char *lack_word(const struct mx_owner *o, int lack, u32 idx)
{
	if (lack == MX_LACK_REFUSED)
		return mx_owner_why_name(o->srv[idx].why);
	return mx_owner_lack_name(lack);
}

/*
 * Logs the servers that are missing. Return: how many; @host and @why are the
 * first one's.
 */
static u32 missing(struct mx_claim *claim, char *host, size_t size,
		   const char **why)
{
	char name[RMP_NAME_LEN + 1];
	struct mx_life life;
	const char *word;
	u32 nth, idx;
	int lack;

	for (nth = 0; ; nth++) {
		lack = mx_owner_missing(&claim->o, nth, &life, &idx);
		if (lack < 0)
			return nth;
		host_of(idx, life.node, name, sizeof(name));
		word = lack_word(&claim->o, lack, idx);
		pr_warn("memx_core: volume %s: memory server %s %s\n",
			claim->vol->name, name, word);
		if (nth)
			continue;
		*why = word;
		strscpy(host, name, size);
	}
}

/* An ack is short: one server stands for all. */
static int refuse(struct mx_claim *claim, struct netlink_ext_ack *ack)
{
	u32 n = mx_owner_unproved(&claim->o);
	char host[RMP_NAME_LEN + 1] = "";
	const char *why = "";

	if (!missing(claim, host, sizeof(host), &why))
		mx_extack_fmt(ack, "%u chunks are not proved: the servers have lost them", n);
	else if (claim->o.taking)
		mx_extack_fmt(ack, "%u chunks are not proved: server %.20s %s", n, host, why);
	else
		mx_extack_fmt(ack, "cannot be taken over: server %.20s %s", host, why);
	return -EHOSTUNREACH;
}

/* Return: whether there is something to say to whoever waits for the claim. */
static bool settled(struct mx_volume *vol)
{
	return mx_claim_fenced(vol) || mx_vsrv_any_ready(vol);
}

int mx_claim_wait(struct mx_volume *vol, struct netlink_ext_ack *ack)
{
	struct mx_claim *claim = vol->claim;
	bool known = !claim->o.spec.fresh;
	long left;
	int err = 0;

	left = wait_event_killable_timeout(vol->wq, settled(vol),
					   msecs_to_jiffies(known ? TAKE_WAIT_MS :
								    OPEN_WAIT_MS));
	if (left < 0)
		return left;
	mutex_lock(&claim->mutex);
	if (claim->o.state == MX_OWN_FENCED) {
		NL_SET_ERR_MSG(ack, "another owner is claiming the volume");
		err = -ESTALE;
	} else if (claim->o.state != MX_OWN_SERVING && READ_ONCE(claim->lacking)) {
		err = refuse(claim, ack);
	} else if (!left) {
		NL_SET_ERR_MSG(ack, "no memory server has accepted the volume");
		err = -ENOTCONN;
	}
	mutex_unlock(&claim->mutex);
	return err;
}

const char *mx_claim_word(const struct mx_volume *vol)
{
	return mx_owner_state_name(READ_ONCE(vol->claim->state));
}

static const char *srv_word(const struct mx_owner *o, u8 i)
{
	const struct mx_owner_srv *s = &o->srv[i];

	if (s->state == MX_OSRV_REFUSED)
		return mx_owner_why_name(s->why);
	return mx_owner_srv_name(s->state);
}

void mx_claim_text(struct mx_volume *vol, char *buf, size_t size)
{
	struct mx_claim *claim = vol->claim;
	char host[RMP_NAME_LEN + 1];
	int i, at = 0;

	buf[0] = '\0';
	mutex_lock(&claim->mutex);
	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_vsrv *s = vol->srv[i];

		if (!s)
			continue;
		host_of(i, rmp_node_id(s->node), host, sizeof(host));
		at += scnprintf(buf + at, size - at, "%s%s: %s, %d chunks",
				at ? "; " : "", host, srv_word(&claim->o, i),
				atomic_read(&s->chunks));
	}
	mutex_unlock(&claim->mutex);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Asks a memory server whatever a test wants, sensible or not, and keeps it
 * busy with reads, writes and discards whose outcome is known.
 *
 *	echo "call OP VOLUME EPOCH PAGE NPAGES ARG FLAGS [TEXT]" > do
 *	echo "gen OP VOLUME EPOCH PAGE NPAGES ARG FLAGS GEN ARG2 [TEXT]" > do
 *	echo "storm VOLUME EPOCH PAGES COUNT DEPTH SEED [FLAGS [GEN]]" > do
 *	cat do
 *
 * The file is /sys/kernel/debug/memx_ask/do, VOLUME hexadecimal, OP the number
 * on the wire. TEXT is the name for OPEN, the content's number for WRITE, for
 * SETGEN the members as NODE:INC,… in decimal, "self" for the server, and for
 * ROSTER NUMBER/ before such a list. "gen" asks as nodes with generations do,
 * "call" as those of before; a storm with GEN places its chunks at that
 * generation. With the flag for sealed volumes, a WRITE sends trailers that have the page's
 * number, and a READ counts a page without the right one as torn.
 * It asks the first memory server that it hears of, or the one named by node=.
 */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/unaligned.h>
#include <linux/wait.h>
#include "fresh.h"
#include "rmp.h"
#include "engine/mx_wire.h"

MX_IMPORT_NS(MEMX);

static unsigned long long node;
module_param(node, ullong, 0444);
MODULE_PARM_DESC(node, "id of the server to ask");

#define DEPTH_MAX	64
#define STORM_PAGES	65536
#define CHUNK		BIT(MX_CHUNK_SHIFT_MIN)	/* storms stay in such runs */
#define WORDS		(PAGE_SIZE / sizeof(u64))
#define LOST_AFTER	(60 * HZ)
#define MIXED		(~0ULL)		/* a page that is not of one number */

/**
 * struct ask_slot - one request under way
 * @ncall: the call
 * @buf:   pages to send
 * @back:  one page of a reply at a time
 * @ask:   what is asked
 * @ans:   decoded reply, if @err is 0
 * @seed:  content's number sent
 * @seen:  READ: number of each page that came, MIXED if it is torn
 * @len:   bytes of payload that came
 * @err:   of the call or of the reply
 * @index: own index, bit in done_map
 */
struct ask_slot {
	struct rmp_node_call	ncall;
	struct rmp_buf		buf;
	u64			*back;
	struct mx_ask		ask;
	struct mx_answer	ans;
	u64			seed;
	u64			seen[MX_OP_PAGES];
	u32			len;
	int			err;
	unsigned int		index;
};

/**
 * struct storm - random requests with known outcome
 * @vol:    volume
 * @epoch:  its epoch
 * @pages:  its pages that are used
 * @count:  requests in all
 * @depth:  at once
 * @flags:  of READ and WRITE
 * @gen:    generation of its chunks, 0: as before there were any
 * @rnd:    what decides
 * @number: content's number of the next write
 * @want:   number that each page must have, 0: none
 * @busy:   bit per page that a request is about
 * @failed: calls that ended with an error
 * @again:  requests answered with AGAIN
 * @bad:    answers that were not as they must be
 */
struct storm {
	u64		vol;
	u32		epoch;
	u32		pages;
	u32		count;
	u32		depth;
	u32		flags;
	u32		gen;
	struct rnd_state rnd;
	u64		number;
	u64		*want;
	unsigned long	*busy;
	u32		failed;
	u32		again;
	u32		bad;
};

static struct rmp_node *server;		/* set once, with a reference */
static DECLARE_BITMAP(done_map, DEPTH_MAX);
static DECLARE_WAIT_QUEUE_HEAD(done_wait);
static DEFINE_MUTEX(do_mutex);		/* one command at a time; guards all below */
static struct ask_slot *slots[DEPTH_MAX];
static struct storm last;
static bool last_is_storm;
static struct dentry *debug_dir;

static void heard(struct rmp_node *from, const u8 *head)
{
	struct mx_ad ad;

	if (READ_ONCE(server) || mx_ad_decode(head, &ad) ||
	    !(ad.roles & MX_ROLE_SERVER) ||
	    (node && rmp_node_id(from) != node))
		return;
	rmp_node_get(from);
	if (cmpxchg(&server, NULL, from))
		rmp_node_put(from);
}

static struct rmp_watcher watcher = {
	.advert = heard,
};

/* Content: a page of number n has n * (word + 1) in each word. */

static void fill_page(u64 *va, u64 number)
{
	u32 i;

	for (i = 0; i < WORDS; i++)
		va[i] = number * (i + 1);
}

static u64 page_number(const u64 *va)
{
	u32 i;

	for (i = 0; i < WORDS; i++)
		if (va[i] != va[0] * (i + 1))
			return MIXED;
	return va[0];
}

static bool sealed(const struct ask_slot *slot)
{
	return slot->ask.flags & MX_F_SEALED;
}

/* Trailers: 32 bytes each, of which the first 8 are the content's number. */

static void fill_trailers(struct ask_slot *slot, u32 n)
{
	u8 *va = floor_fresh(&slot->buf.page[n]);
	u32 i;

	for (i = 0; i < n; i++)
		put_unaligned_le64(slot->seed + i, va + i * MX_TRAILER_LEN);
}

static void look_at_trailers(struct ask_slot *slot)
{
	u32 bit, i = 0, n = hweight32(slot->ans.mask);
	__le64 number;

	for (bit = 0; bit < MX_OP_PAGES; bit++) {
		if (!(slot->ans.mask & BIT(bit)))
			continue;
		rmp_payload_copy(&slot->ncall.call.reply,
				 n * PAGE_SIZE + i++ * MX_TRAILER_LEN, &number,
				 sizeof(number));
		if (le64_to_cpu(number) != slot->seen[bit])
			slot->seen[bit] = MIXED;
	}
}

static void look_at_pages(struct ask_slot *slot)
{
	unsigned int bit, n = 0;

	for (bit = 0; bit < MX_OP_PAGES; bit++) {
		if (!(slot->ans.mask & BIT(bit)))
			continue;
		rmp_payload_copy(&slot->ncall.call.reply, n++ * PAGE_SIZE,
				 slot->back, PAGE_SIZE);
		slot->seen[bit] = page_number(slot->back);
	}
	if (sealed(slot))
		look_at_trailers(slot);
}

/* What has no pages is shown from its beginning. */
static void look_at_reply(struct ask_slot *slot)
{
	if (slot->ask.op == MX_OP_READ)
		look_at_pages(slot);
	else if (slot->len)
		rmp_payload_copy(&slot->ncall.call.reply, 0, slot->back,
				 min_t(u32, slot->len, PAGE_SIZE));
}

static void ask_done(struct rmp_node_call *ncall)
{
	struct ask_slot *slot = container_of(ncall, struct ask_slot, ncall);
	struct rmp_call *call = &ncall->call;

	slot->err = call->status;
	if (!slot->err) {
		slot->err = mx_answer_decode(call->rhead, call->reply.len,
					     &slot->ask, &slot->ans);
		slot->len = call->reply.len;
		if (!slot->err)
			look_at_reply(slot);
		rmp_payload_free(&call->reply);
	}
	set_bit(slot->index, done_map);
	wake_up(&done_wait);
}

static void ask(struct ask_slot *slot, u64 vol, u32 epoch, u32 len)
{
	struct rmp_call *call = &slot->ncall.call;
	unsigned int i;

	memset(&slot->ans, 0, sizeof(slot->ans));
	memset(slot->seen, 0, sizeof(slot->seen));
	slot->len = 0;
	for (i = 0; slot->ask.op == MX_OP_WRITE && i < slot->ask.npages &&
	     i < MX_OP_PAGES; i++)
		fill_page(floor_fresh(&slot->buf.page[i]), slot->seed + i);
	if (slot->ask.op == MX_OP_WRITE && sealed(slot))
		fill_trailers(slot, i);
	mx_ask_encode(&slot->ask, call->head);
	slot->ncall.done = ask_done;
	call->port = RMP_PORT_MEMORY;
	call->volume = vol;
	call->epoch = epoch;
	call->buf = &slot->buf;
	call->len = len;
	call->max_reply = RMP_MSG_MAX;
	rmp_call(server, &slot->ncall);
}

/* Return: false if nothing has ended for a long time; all is cancelled then. */
static bool wait_some(void)
{
	int i;

	if (wait_event_timeout(done_wait, !bitmap_empty(done_map, DEPTH_MAX),
			       LOST_AFTER))
		return true;
	for (i = 0; i < DEPTH_MAX; i++)
		rmp_cancel(server, &slots[i]->ncall);
	synchronize_rcu();	/* done may still run on other CPUs */
	return false;
}

/* NODE:INC or "self", with commas between. Return: how many. */
static u32 get_lives(char *word, struct mx_life *life, u32 most)
{
	char *one;
	u32 n = 0;

	while (n < most && (one = strsep(&word, ","))) {
		if (!strcmp(one, "self")) {
			life[n].node = rmp_node_id(server);
			life[n].inc = rmp_node_inc(server);
		} else if (sscanf(one, "%llu:%u", &life[n].node, &life[n].inc) != 2) {
			break;
		}
		n++;
	}
	return n;
}

/* Return: bytes of the payload that @word tells of, or an error. */
static int put_payload(struct ask_slot *slot, u32 epoch, char *word)
{
	u8 *to = floor_fresh(&slot->buf.page[0]);
	static struct mx_roster r;
	char *list;

	switch (slot->ask.op) {
	case MX_OP_WRITE:
		if (kstrtou64(word, 0, &slot->seed))
			return -EINVAL;
		return mx_payload_len(min_t(u32, slot->ask.npages, MX_OP_PAGES),
				      sealed(slot));
	case MX_OP_OPEN:
		memcpy(to, word, strlen(word));
		return strlen(word);
	case MX_OP_SETGEN:
		r.n = get_lives(word, r.member, MX_ROSTER_MAX);
		return mx_members_encode(r.member, r.n, to);
	case MX_OP_ROSTER:
		list = strchr(word, '/');
		if (!list)
			return 0;
		*list++ = 0;
		r.n = get_lives(list, r.member, MX_ROSTER_MAX);
		r.epoch = epoch;
		return kstrtou32(word, 0, &r.number) ?: mx_roster_encode(&r, to);
	}
	return 0;
}

static int do_call(const char *text, bool gens)
{
	struct ask_slot *slot = slots[0];
	unsigned int op, npages, flags, epoch, gen = 0;
	char word[2 * MX_NAME_MAX] = "";
	u64 vol, page, arg, arg2 = 0;
	int n = 0, len;

	if (sscanf(text, "%u %llx %u %llu %u %llu %u%n", &op, &vol, &epoch,
		   &page, &npages, &arg, &flags, &n) < 7)
		return -EINVAL;
	text += n;
	n = 0;
	if (gens && sscanf(text, "%u %llu%n", &gen, &arg2, &n) < 2)
		return -EINVAL;
	if (sscanf(text + n, "%125s", word) < 1)
		word[0] = 0;
	slot->ask = (struct mx_ask){ .op = op, .npages = npages, .page = page,
				     .arg = arg, .flags = flags, .gen = gen,
				     .arg2 = arg2 };
	len = put_payload(slot, epoch, word);
	if (len < 0)
		return len;
	ask(slot, vol, epoch, len);
	if (!wait_some())
		return -ETIMEDOUT;
	bitmap_zero(done_map, DEPTH_MAX);
	last_is_storm = false;
	return 0;
}

/* A run of pages that no other request is about, within a chunk. */
static bool choose(struct storm *s, struct mx_ask *a)
{
	u32 n = 1 + prandom_u32_state(&s->rnd) % MX_OP_PAGES;
	u32 page = prandom_u32_state(&s->rnd) % s->pages;
	u32 what = prandom_u32_state(&s->rnd) % 16;

	n = min3(n, (u32)(CHUNK - page % CHUNK), s->pages - page);
	if (find_next_bit(s->busy, page + n, page) < page + n)
		return false;
	*a = (struct mx_ask){ .page = page, .npages = n, .flags = s->flags,
			      .gen = s->gen };
	if (what < 8) {
		a->op = MX_OP_WRITE;
		a->flags |= s->gen ? MX_F_PLACE : 0;
	} else if (what < 14) {
		a->op = MX_OP_READ;
	} else {
		a->op = MX_OP_DISCARD;
		a->flags = 0;
		a->npages = 0;
		a->arg = n;
	}
	bitmap_set(s->busy, page, n);
	return true;
}

static u32 pages_of(const struct mx_ask *a)
{
	return a->op == MX_OP_DISCARD ? a->arg : a->npages;
}

static void storm_ask(struct storm *s, struct ask_slot *slot)
{
	bool write;

	while (!choose(s, &slot->ask))
		cpu_relax();
	write = slot->ask.op == MX_OP_WRITE;
	slot->seed = s->number;
	s->number += MX_OP_PAGES;
	ask(slot, s->vol, s->epoch,
	    write ? mx_payload_len(slot->ask.npages, sealed(slot)) : 0);
}

static void expect(struct storm *s, const struct ask_slot *slot)
{
	u64 *want = s->want + slot->ask.page;
	u32 i, n = pages_of(&slot->ask);

	for (i = 0; i < n; i++) {
		if (slot->ask.op == MX_OP_WRITE)
			want[i] = slot->seed + i;
		else if (slot->ask.op == MX_OP_DISCARD)
			want[i] = 0;
		else if (slot->seen[i] != want[i])
			s->bad++;
	}
}

/* A chunk that is not there reads as nothing, and has nothing to discard. */
static bool storm_good(const struct ask_slot *slot)
{
	return slot->ans.status == MX_ST_OK ||
	       (slot->ans.status == MX_ST_NOCHUNK &&
		slot->ask.op != MX_OP_WRITE);
}

static void storm_take(struct storm *s, const struct ask_slot *slot)
{
	bitmap_clear(s->busy, slot->ask.page, pages_of(&slot->ask));
	if (slot->err)
		s->failed++;
	else if (slot->ans.status == MX_ST_AGAIN)
		s->again++;
	else if (!storm_good(slot))
		s->failed++;
	else
		expect(s, slot);
}

static int storm_run(struct storm *s)
{
	u32 asked, done = 0, i;

	for (asked = 0; asked < min(s->depth, s->count); asked++)
		storm_ask(s, slots[asked]);
	while (done < s->count) {
		if (!wait_some())
			return -ETIMEDOUT;
		for_each_set_bit(i, done_map, DEPTH_MAX) {
			clear_bit(i, done_map);
			done++;
			storm_take(s, slots[i]);
			if (asked < s->count) {
				storm_ask(s, slots[i]);
				asked++;
			}
		}
	}
	return 0;
}

/* What an earlier storm left in the volume must be there at the next one. */
static int do_storm(const char *text)
{
	struct storm s = { .number = 1 };
	bool more;
	u64 seed;
	int err;

	if (sscanf(text, "%llx %u %u %u %u %llu %u %u", &s.vol, &s.epoch,
		   &s.pages, &s.count, &s.depth, &seed, &s.flags, &s.gen) < 6)
		return -EINVAL;
	if (!s.pages || s.pages > STORM_PAGES || !s.depth ||
	    s.depth > DEPTH_MAX || s.pages < 4 * s.depth * MX_OP_PAGES)
		return -EINVAL;
	prandom_seed_state(&s.rnd, seed);
	more = last.vol == s.vol && last.pages == s.pages && last.want;
	s.want = more ? last.want :
			kvcalloc(s.pages, sizeof(*s.want), GFP_KERNEL);
	s.busy = bitmap_zalloc(s.pages, GFP_KERNEL);
	if (!more)
		kvfree(last.want);
	else
		s.number = last.number;
	last.want = NULL;
	err = s.want && s.busy ? storm_run(&s) : -ENOMEM;
	bitmap_free(s.busy);
	s.busy = NULL;
	last = s;
	last_is_storm = true;
	return err;
}

static ssize_t do_write(struct file *file, const char __user *ubuf, size_t len,
			loff_t *pos)
{
	char text[256] = "";
	int err = -EINVAL;

	if (len >= sizeof(text) || copy_from_user(text, ubuf, len))
		return -EINVAL;
	if (!READ_ONCE(server))
		return -EHOSTUNREACH;
	mutex_lock(&do_mutex);
	bitmap_zero(done_map, DEPTH_MAX);
	if (!strncmp(text, "call ", 5))
		err = do_call(text + 5, false);
	else if (!strncmp(text, "gen ", 4))
		err = do_call(text + 4, true);
	else if (!strncmp(text, "storm ", 6))
		err = do_storm(text + 6);
	mutex_unlock(&do_mutex);
	return err ? err : len;
}

/* Each as INDEX:GEN:PAGES:STATE:MEMBERS, of the first page of them. */
static void show_list(struct seq_file *seq, const struct ask_slot *slot)
{
	const u32 size = sizeof(struct mx_wire_chunk);
	struct mx_listed l;
	u32 at;

	seq_puts(seq, " list=");
	for (at = 0; at < slot->len && at < PAGE_SIZE; at += size) {
		if (mx_listed_decode((u8 *)slot->back + at, &l))
			seq_puts(seq, "bad");
		else
			seq_printf(seq, "%s%u:%u:%u:%u:%u", at ? "," : "",
				   l.index, l.gen, l.pages, l.state, l.nmembers);
	}
}

static void show_roster(struct seq_file *seq, const struct ask_slot *slot)
{
	static struct mx_roster r;

	if (mx_roster_decode((u8 *)slot->back, slot->len, &r))
		seq_puts(seq, " roster=bad");
	else
		seq_printf(seq, " roster=%u:%u", r.number, r.n);
}

/* The number of stored pages in a bitmap, as far as it fits one page. */
static void show_bits(struct seq_file *seq, const struct ask_slot *slot)
{
	const u8 *bits = (u8 *)slot->back;
	u32 i, n = 0;

	for (i = 0; i < slot->len && i < PAGE_SIZE; i++)
		n += hweight8(bits[i]);
	seq_printf(seq, " bits=%u first=%x", n, bits[0]);
}

static void show_call(struct seq_file *seq, const struct ask_slot *slot)
{
	bool good = !slot->err && slot->ans.status == MX_ST_OK;
	unsigned int i;

	seq_printf(seq, "err=%d status=%u mask=%x free=%llu vol=%llu load=%u arg=%llu len=%u",
		   slot->err, slot->ans.status, slot->ans.mask, slot->ans.free,
		   slot->ans.vol_pages, slot->ans.load, slot->ans.arg, slot->len);
	if (good && slot->ask.op == MX_OP_LIST)
		show_list(seq, slot);
	else if (good && slot->ask.op == MX_OP_BITMAP)
		show_bits(seq, slot);
	else if (good && slot->ask.op == MX_OP_ROSTER && slot->len)
		show_roster(seq, slot);
	seq_puts(seq, " seen=");
	for (i = 0; i < MX_OP_PAGES && i < slot->ask.npages; i++)
		seq_printf(seq, "%s%lld", i ? "," : "", (s64)slot->seen[i]);
	seq_putc(seq, '\n');
}

static int do_show(struct seq_file *seq, void *unused)
{
	mutex_lock(&do_mutex);
	if (!READ_ONCE(server))
		seq_puts(seq, "server=0\n");
	else if (last_is_storm)
		seq_printf(seq, "server=1 failed=%u again=%u bad=%u\n",
			   last.failed, last.again, last.bad);
	else
		show_call(seq, slots[0]);
	mutex_unlock(&do_mutex);
	return 0;
}

static int do_open(struct inode *inode, struct file *file)
{
	return single_open(file, do_show, NULL);
}

static const struct file_operations do_fops = {
	.owner = THIS_MODULE,
	.open = do_open,
	.read = seq_read,
	.write = do_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static void free_slots(void)
{
	unsigned int i, p;

	for (i = 0; i < DEPTH_MAX && slots[i]; i++) {
		for (p = 0; p < RMP_BUF_PAGES; p++)
			if (slots[i]->buf.page[p])
				put_page(slots[i]->buf.page[p]);
		kfree(slots[i]->back);
		kfree(slots[i]);
	}
}

static bool alloc_slot(unsigned int index)
{
	struct ask_slot *slot = kzalloc(sizeof(*slot), GFP_KERNEL);
	unsigned int p;

	if (!slot)
		return false;
	slots[index] = slot;
	slot->index = index;
	slot->back = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!slot->back)
		return false;
	for (p = 0; p < RMP_BUF_PAGES; p++) {
		slot->buf.page[p] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!slot->buf.page[p])
			return false;
	}
	return true;
}

static int __init ask_init(void)
{
	unsigned int i;

	for (i = 0; i < DEPTH_MAX; i++) {
		if (!alloc_slot(i)) {
			free_slots();
			return -ENOMEM;
		}
	}
	rmp_watcher_register(&watcher);
	rmp_solicit();
	debug_dir = debugfs_create_dir("memx_ask", NULL);
	debugfs_create_file("do", 0600, debug_dir, NULL, &do_fops);
	return 0;
}

static void __exit ask_exit(void)
{
	debugfs_remove(debug_dir);
	rmp_watcher_unregister(&watcher);
	if (server)
		rmp_node_put(server);
	free_slots();
	kvfree(last.want);
}

module_init(ask_init);
module_exit(ask_exit);
MODULE_DESCRIPTION("MemX test: asks a memory server");
MODULE_LICENSE("GPL");

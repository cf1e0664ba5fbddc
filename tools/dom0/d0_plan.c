// SPDX-License-Identifier: GPL-2.0
/*
 * What a domain's figures mean for its disks, and what their answers mean for
 * the domain.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "d0_plan.h"
#include "mx_xs_domain.h"
#include "mx_xs_keys.h"
#include "size.h"

enum { WEIGHT_MOST = 64, SHOWN = 40 };

static const char *const figure_names[] = { "reservation", "limit", "weight" };
static const char *const figure_words[] = { "reserve", "limit", "weight" };
static const char *const state_names[] = {
	[D0_NONE] = MX_XD_STATE_NONE,
	[D0_GRANTED_ALL] = MX_XD_STATE_GRANTED,
	[D0_ASKING] = MX_XD_STATE_ASKING,
	[D0_DEGRADED] = MX_XD_STATE_DEGRADED,
	[D0_REFUSED] = MX_XD_STATE_REFUSED,
};

const char *d0_figure_name(enum d0_figure figure)
{
	return figure_names[figure];
}

const char *d0_state_name(enum d0_state state)
{
	return state_names[state];
}

enum d0_state d0_state_parse(const char *word)
{
	int state;

	for (state = 0; state < D0_STATES; state++)
		if (!strcmp(word, state_names[state]))
			return state;
	return D0_ASKING;
}

/* Others read it on their terminals, and part of it comes from others. */
static void printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

void d0_words(char *text, const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	if (len && len + 3 < D0_TEXT) {
		strcpy(text + len, "; ");
		len += 2;
	}
	va_start(args, format);
	vsnprintf(text + len, D0_TEXT - len, format, args);
	va_end(args);
	printable(text);
}

bool d0_key_stale(const struct d0_key *key)
{
	return key->cut || strcmp(key->now, key->want);
}

static void want(struct d0_key *key, const char *text)
{
	snprintf(key->want, sizeof(key->want), "%s", text);
}

static void want_number(struct d0_key *key, uint64_t n)
{
	snprintf(key->want, sizeof(key->want), "%" PRIu64, n);
}

static void want_as_is(struct d0_key *key)
{
	memcpy(key->want, key->now, sizeof(key->want));
}

static int weight_parse(const char *text, uint64_t *n, char *why)
{
	if (!number_parse(text, WEIGHT_MOST, n) && *n)
		return 0;
	d0_words(why, "weight '%.*s' is no number from 1 to %d", SHOWN, text, WEIGHT_MOST);
	return -EINVAL;
}

int d0_figure_parse(enum d0_figure figure, const char *text, uint64_t *n, char *why)
{
	const char *name = figure_names[figure];
	int err;

	if (figure == D0_WEIGHT)
		return weight_parse(text, n, why);
	err = size_parse(text, n);
	if (err == -ERANGE)
		d0_words(why, "%s %.*s is more than a number can be here", name, SHOWN, text);
	else if (err)
		d0_words(why, "%s '%.*s' is no size (8G, 512M, ...)", name, SHOWN, text);
	else if (*n % SIZE_PAGE)
		d0_words(why, "%s %.*s is no multiple of 4K", name, SHOWN, text);
	else
		return 0;
	return -EINVAL;
}

/* word=value, as block-memx takes them; what others mean is not of interest. */
static void item_parse(struct d0_target *target, const char *item, size_t len)
{
	char word[16], value[SHOWN + 1], why[D0_TEXT] = "";
	const char *is = memchr(item, '=', len);
	struct d0_number *to = NULL;
	int f, as = D0_RESERVATION;

	if (!is || is - item >= (ptrdiff_t)sizeof(word))
		return;
	snprintf(word, sizeof(word), "%.*s", (int)(is - item), item);
	snprintf(value, sizeof(value), "%.*s", (int)(item + len - is - 1), is + 1);
	if (!strcmp(word, "size"))
		to = &target->size;
	for (f = 0; f < D0_FIGURES && !to; f++) {
		if (strcmp(word, figure_words[f]))
			continue;
		to = &target->figure[f];
		as = f;
	}
	if (!to)
		return;
	to->there = !d0_figure_parse(as, value, &to->n, why) &&
		    to->n <= (as == D0_LIMIT ? D0_LIMIT_MOST : D0_SIZE_MOST);
	if (!to->there)
		d0_words(target->why, "%s=%s in its target makes no sense", word, value);
	if (as == D0_LIMIT && !to->n)
		to->there = false;	/* it says that there is none */
	if (!to->there)
		to->n = 0;
}

void d0_target_parse(const char *text, struct d0_target *target)
{
	size_t len;

	memset(target, 0, sizeof(*target));
	/* of a vbd3, the toolstack puts the kind of image before it */
	if (!strncmp(text, "aio:", 4))
		text += 4;
	for (; *text; text += len + (text[len] == ',')) {
		len = strcspn(text, ",");
		item_parse(target, text, len);
	}
}

/* The bytes that the disks hold, as far as it is known. */
static uint64_t sizes_sum(const struct d0_disk *disks, unsigned int ndisks)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < ndisks; i++)
		if (disks[i].size.there)
			sum += disks[i].size.n;
	return sum;
}

void d0_split(struct d0_disk *disks, unsigned int ndisks, uint64_t bytes)
{
	/* products of two sizes do not fit 64 bits */
	unsigned __int128 upto = 0;
	uint64_t sum = sizes_sum(disks, ndisks);
	uint64_t pages = bytes / SIZE_PAGE, given = 0, due;
	unsigned int i;

	/* What all disks up to this one are due, less what was given out. */
	for (i = 0; i < ndisks; i++) {
		if (disks[i].size.there)
			upto += disks[i].size.n;
		due = sum ? pages * upto / sum : 0;
		disks[i].share = (due - given) * SIZE_PAGE;
		given = due;
	}
}

/* What all targets together say of a figure; false: nothing. */
static bool target_sum(const struct d0_domain *domain, enum d0_figure f, uint64_t *sum)
{
	const struct d0_disk *disk;
	bool some = false;
	unsigned int i;

	*sum = 0;
	for (i = 0; i < domain->ndisks; i++)
		some = some || domain->disks[i].target.figure[f].there;
	for (i = 0; i < domain->ndisks && some; i++) {
		const struct d0_number *said;

		disk = &domain->disks[i];
		said = &disk->target.figure[f];
		if (f == D0_WEIGHT && (!said->there || (i && said->n != *sum)))
			return false;
		if (f == D0_WEIGHT)
			*sum = said->n;
		else if (said->there)
			*sum += said->n;
		else if (f == D0_LIMIT && !disk->size.there)
			return false;
		else if (f == D0_LIMIT)
			*sum += disk->size.n;
	}
	return some;
}

static bool same_number(const char *a, const char *b)
{
	uint64_t m, n;

	return !size_parse(a, &m) && !size_parse(b, &n) && m == n;
}

/*
 * A figure follows the targets until somebody writes another one, and again once
 * that is taken away. What the targets said last stands beside it, so that this
 * can be told by whoever is started anew.
 */
static void figure_settle(struct d0_domain *domain, enum d0_figure f)
{
	struct d0_key *key = &domain->key[f], *record = &domain->key[D0_TARGET + f];
	uint64_t sum;

	if (target_sum(domain, f, &sum))
		want_number(record, sum);
	else
		want(record, "");
	domain->set[f] = key->cut || (key->now[0] && !same_number(key->now, record->now));
	if (domain->set[f])
		want_as_is(key);
	else
		want(key, record->want);
	domain->keep[f] = domain->set[f] ? D0_KEEP_VALUE : D0_KEEP_NONE;
}

static void figure_is_bad(struct d0_domain *domain, enum d0_figure f)
{
	domain->bad[f] = true;
	if (domain->set[f])
		domain->keep[f] = D0_KEEP_AS_IS;
}

/*
 * Reads what the figure is to be; what makes no sense changes nothing.
 * Return: whether there is one.
 */
static bool figure_get(struct d0_domain *domain, enum d0_figure f, uint64_t *n)
{
	const char *text = domain->key[f].want;

	if (!*text)
		return false;
	if (d0_figure_parse(f, text, n, domain->why)) {
		figure_is_bad(domain, f);
		return false;
	}
	return true;
}

static void disks_as_they_are(struct d0_domain *domain, enum d0_figure f)
{
	unsigned int i;

	for (i = 0; i < domain->ndisks; i++)
		want_as_is(&domain->disks[i].key[D0_DISK_FIGURE + f]);
}

/*
 * What a disk is told of a figure that nobody gives it: nothing, as it has none of
 * itself; or, once it was told something, that this is over.
 */
static void want_none(struct d0_key *key, enum d0_figure f, bool always)
{
	if (always || key->now[0])
		want(key, f == D0_WEIGHT ? "1" : "0");
	else
		want(key, "");
}

/* Of a figure that the targets make, each disk has what its own says. */
static void disks_by_target(struct d0_domain *domain, enum d0_figure f)
{
	unsigned int i;
	uint64_t n;

	for (i = 0; i < domain->ndisks; i++) {
		struct d0_disk *disk = &domain->disks[i];
		struct d0_key *key = &disk->key[D0_DISK_FIGURE + f];

		n = disk->target.figure[f].n;
		if (f == D0_RESERVATION && disk->size.there && n > disk->size.n) {
			n = disk->size.n;
			d0_words(domain->why, "%s: reserve= in its target is more than its size",
				 disk->vdev);
		}
		if (disk->target.figure[f].there)
			want_number(key, n);
		else
			want_none(key, f, f == D0_RESERVATION && domain->key[f].want[0]);
	}
}

static void over_say(struct d0_domain *domain, uint64_t have)
{
	char text[SIZE_TEXT];

	domain->over = true;
	d0_words(domain->why, "reservation %.*s is more than its disks have: %s are asked for",
		 SHOWN, domain->key[D0_RESERVATION].want, size_format(have, text));
}

/* A limit leaves each disk a page, as 0 means that there is none. */
static void limit_split(struct d0_domain *domain, uint64_t bytes, unsigned int known)
{
	uint64_t least = (uint64_t)known * SIZE_PAGE;
	bool none = false;
	unsigned int i;

	d0_split(domain->disks, domain->ndisks, bytes);
	for (i = 0; i < domain->ndisks; i++)
		none = none || (domain->disks[i].size.there && !domain->disks[i].share);
	if (!none || !bytes)
		return;
	d0_split(domain->disks, domain->ndisks, bytes > least ? bytes - least : 0);
	for (i = 0; i < domain->ndisks; i++)
		domain->disks[i].share += SIZE_PAGE;
}

static void disks_by_size(struct d0_domain *domain, enum d0_figure f, uint64_t bytes)
{
	uint64_t have = sizes_sum(domain->disks, domain->ndisks);
	unsigned int i, known = 0;

	for (i = 0; i < domain->ndisks; i++)
		known += domain->disks[i].size.there;
	if (f == D0_RESERVATION && bytes > have) {
		if (known == domain->ndisks)
			over_say(domain, have);
		bytes = have;
	}
	if (f == D0_LIMIT)
		limit_split(domain, bytes, known);
	else
		d0_split(domain->disks, domain->ndisks, bytes);
	for (i = 0; i < domain->ndisks; i++) {
		const struct d0_disk *disk = &domain->disks[i];
		struct d0_key *key = &domain->disks[i].key[D0_DISK_FIGURE + f];

		if (!disk->size.there)
			want_as_is(key);
		else
			want_number(key, disk->share < D0_LIMIT_MOST ? disk->share : D0_LIMIT_MOST);
	}
}

static void disks_same(struct d0_domain *domain, enum d0_figure f, uint64_t n)
{
	unsigned int i;

	for (i = 0; i < domain->ndisks; i++)
		want_number(&domain->disks[i].key[D0_DISK_FIGURE + f], n);
}

static void figure_share(struct d0_domain *domain, enum d0_figure f, bool there, uint64_t n)
{
	if (domain->bad[f])
		disks_as_they_are(domain, f);
	else if (!domain->set[f])
		disks_by_target(domain, f);
	else if (!there)
		disks_as_they_are(domain, f);
	else if (f == D0_WEIGHT)
		disks_same(domain, f, n);
	else if (domain->ndisks && !sizes_sum(domain->disks, domain->ndisks))
		disks_as_they_are(domain, f);
	else
		disks_by_size(domain, f, n);
}

static void limit_check(struct d0_domain *domain, const bool *there, const uint64_t *n)
{
	char limit[SIZE_TEXT], reservation[SIZE_TEXT];

	if (!there[D0_LIMIT] || !n[D0_LIMIT] || !there[D0_RESERVATION] ||
	    n[D0_LIMIT] >= n[D0_RESERVATION])
		return;
	d0_words(domain->why, "limit %s is less than reservation %s: neither is changed",
		 size_format(n[D0_LIMIT], limit), size_format(n[D0_RESERVATION], reservation));
	figure_is_bad(domain, D0_LIMIT);
	figure_is_bad(domain, D0_RESERVATION);
}

/* A domain that has lost its last disk has nothing to say but what was set. */
static void disks_prepare(struct d0_domain *domain)
{
	unsigned int i;

	for (i = 0; i < domain->ndisks; i++) {
		struct d0_disk *disk = &domain->disks[i];

		want(&disk->key[D0_DISK_UUID], domain->uuid);
		if (disk->target.why[0])
			d0_words(domain->why, "%s: %s", disk->vdev, disk->target.why);
	}
}

/* A disk that could not be set up has no volume, and so no part of anything. */
static void disk_has_none(struct d0_disk *disk)
{
	int f;

	for (f = 0; f < D0_FIGURES; f++)
		want(&disk->key[D0_DISK_FIGURE + f], "");
}

void d0_plan_ask(struct d0_domain *domain)
{
	uint64_t n[D0_FIGURES] = { 0 };
	bool there[D0_FIGURES];
	unsigned int i;
	int f;

	memset(domain->bad, 0, sizeof(domain->bad));
	domain->over = false;
	domain->why[0] = 0;
	disks_prepare(domain);
	for (f = 0; f < D0_FIGURES; f++) {
		figure_settle(domain, f);
		there[f] = figure_get(domain, f, &n[f]);
	}
	limit_check(domain, there, n);
	for (f = 0; f < D0_FIGURES; f++)
		figure_share(domain, f, there[f], n[f]);
	for (i = 0; i < domain->ndisks; i++) {
		struct d0_disk *disk = &domain->disks[i];

		if (disk->trouble[0])
			disk_has_none(disk);
		if (number_parse(disk->key[D0_DISK_FIGURE + D0_RESERVATION].want,
				 UINT64_MAX, &disk->asked))
			disk->asked = 0;
	}
}

/* What was granted for an earlier, smaller reservation is no answer to this one. */
static enum d0_state disk_state(const struct d0_disk *disk)
{
	if (!disk->asked)
		return D0_NONE;
	if (disk->answer == D0_NONE ||
	    (disk->answer == D0_GRANTED_ALL && disk->granted < disk->asked))
		return D0_ASKING;
	return disk->answer;
}

/* Sums of what others say: no more than a number can be. */
static uint64_t add(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

void d0_plan_answer(struct d0_domain *domain)
{
	enum d0_state state, worst = domain->bad[D0_RESERVATION] ? D0_REFUSED : D0_NONE;
	uint64_t asked = 0, granted = 0, used = 0;
	unsigned int i;
	int key;

	snprintf(domain->key[D0_ERROR].want, D0_TEXT, "%s", domain->why);
	if (domain->gone[0])
		d0_words(domain->key[D0_ERROR].want, "%s", domain->gone);
	for (i = 0; i < domain->ndisks; i++) {
		const struct d0_disk *disk = &domain->disks[i];

		asked = add(asked, disk->asked);
		granted = add(granted, disk->granted);
		used = add(used, disk->used);
		state = disk_state(disk);
		if (state > worst)
			worst = state;
		if (disk->trouble[0])
			d0_words(domain->key[D0_ERROR].want, "%s: %s", disk->vdev, disk->trouble);
		if (disk->why[0])
			d0_words(domain->key[D0_ERROR].want, "%s: %s", disk->vdev, disk->why);
	}
	if (domain->key[D0_RESERVATION].want[0] && worst == D0_NONE && domain->ndisks &&
	    !sizes_sum(domain->disks, domain->ndisks))
		worst = D0_ASKING;	/* until it is known what they hold */
	want_number(&domain->key[D0_ASKED], asked);
	want_number(&domain->key[D0_GRANTED], granted);
	want_number(&domain->key[D0_USED], used);
	want(&domain->key[D0_STATE], state_names[worst]);
	if (domain->ndisks)
		return;
	for (key = D0_ASKED; key < D0_DOMAIN_KEYS; key++)
		if (key != D0_ERROR || !domain->gone[0])
			want(&domain->key[key], "");
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of how a domain's figures are read, divided and answered.
 */
#include "mxtest.h"
#include "../../tools/lib/size.c"
#include "../../tools/dom0/d0_plan.c"

#define GIB (1ULL << 30)
#define MIB (1ULL << 20)

static struct d0_disk disks[D0_DISKS];
static struct d0_domain domain;

/* A domain with disks whose targets are given; their sizes are those of the targets. */
static void make(const char *first, const char *second)
{
	const char *const targets[] = { first, second };
	unsigned int i;

	memset(&domain, 0, sizeof(domain));
	memset(disks, 0, sizeof(disks));
	domain.domid = 5;
	domain.disks = disks;
	strcpy(domain.uuid, "01234567-89ab-cdef-0123-456789abcdef");
	for (i = 0; i < 2 && targets[i]; i++) {
		d0_target_parse(targets[i], &disks[i].target);
		disks[i].size = disks[i].target.size;
		snprintf(disks[i].vdev, sizeof(disks[i].vdev), "xvd%c", 'a' + i);
		domain.ndisks++;
	}
}

/* What is written becomes what stands there. */
static void settle(void)
{
	unsigned int i, k;

	for (k = 0; k < D0_DOMAIN_KEYS; k++)
		memcpy(domain.key[k].now, domain.key[k].want, D0_TEXT);
	for (i = 0; i < domain.ndisks; i++)
		for (k = 0; k < D0_DISK_KEYS; k++)
			memcpy(disks[i].key[k].now, disks[i].key[k].want, D0_TEXT);
}

static void plan(void)
{
	d0_plan_ask(&domain);
	d0_plan_answer(&domain);
}

static void set(enum d0_figure f, const char *text)
{
	strcpy(domain.key[f].now, text);
}

static const char *figure(enum d0_figure f)
{
	return domain.key[f].want;
}

static const char *share(unsigned int disk, enum d0_figure f)
{
	return disks[disk].key[D0_DISK_FIGURE + f].want;
}

static void shares(enum d0_figure f, const char *first, const char *second)
{
	assert_string_equal(share(0, f), first);
	assert_string_equal(share(1, f), second);
}

static const char *answer(void)
{
	return domain.key[D0_STATE].want;
}

static const char *why(void)
{
	return domain.key[D0_ERROR].want;
}

static void says(const char *part)
{
	if (!strstr(why(), part))
		fail_msg("'%s' is not in '%s'", part, why());
}

static void d0_words__bounds(void **state)
{
	char text[D0_TEXT] = "", long_one[2 * D0_TEXT];
	int i;

	d0_words(text, "a\nb\x7f%d", 1);
	assert_string_equal(text, "a?b?1");
	d0_words(text, "c");
	assert_string_equal(text, "a?b?1; c");
	memset(long_one, 'x', sizeof(long_one));
	long_one[sizeof(long_one) - 1] = 0;
	for (i = 0; i < 5; i++) {
		d0_words(text, "%s", long_one);
		assert_int_equal(strlen(text), D0_TEXT - 1);
	}
}

static void figure_is(enum d0_figure f, const char *text, uint64_t wanted)
{
	char words[D0_TEXT] = "";
	uint64_t n;

	assert_int_equal(d0_figure_parse(f, text, &n, words), 0);
	assert_string_equal(words, "");
	assert_true(n == wanted);
}

static void figure_refused(enum d0_figure f, const char *text, const char *words)
{
	char got[D0_TEXT] = "";
	uint64_t n;

	assert_int_equal(d0_figure_parse(f, text, &n, got), -EINVAL);
	assert_string_equal(got, words);
}

static void d0_figure_parse__sizes(void **state)
{
	figure_is(D0_RESERVATION, "8G", 8 * GIB);
	figure_is(D0_RESERVATION, "8GiB", 8 * GIB);
	figure_is(D0_RESERVATION, "8589934592", 8 * GIB);
	figure_is(D0_RESERVATION, "4k", 4096);
	figure_is(D0_RESERVATION, "0", 0);
	figure_is(D0_LIMIT, "512M", 512 * MIB);
	figure_refused(D0_RESERVATION, "", "reservation '' is no size (8G, 512M, ...)");
	figure_refused(D0_RESERVATION, "lots", "reservation 'lots' is no size (8G, 512M, ...)");
	figure_refused(D0_RESERVATION, "-1", "reservation '-1' is no size (8G, 512M, ...)");
	figure_refused(D0_RESERVATION, "8 G", "reservation '8 G' is no size (8G, 512M, ...)");
	figure_refused(D0_RESERVATION, "8G\n", "reservation '8G?' is no size (8G, 512M, ...)");
	figure_refused(D0_RESERVATION, "5000", "reservation 5000 is no multiple of 4K");
	figure_refused(D0_RESERVATION, "99999999999999999999999999",
		       "reservation 99999999999999999999999999 is more than a number can be here");
	figure_refused(D0_RESERVATION, "99999999999T",
		       "reservation 99999999999T is more than a number can be here");
	figure_is(D0_LIMIT, "0", 0);
	figure_refused(D0_LIMIT, "8X", "limit '8X' is no size (8G, 512M, ...)");
}

static void d0_figure_parse__weights(void **state)
{
	figure_is(D0_WEIGHT, "1", 1);
	figure_is(D0_WEIGHT, "64", 64);
	figure_refused(D0_WEIGHT, "0", "weight '0' is no number from 1 to 64");
	figure_refused(D0_WEIGHT, "65", "weight '65' is no number from 1 to 64");
	figure_refused(D0_WEIGHT, "1K", "weight '1K' is no number from 1 to 64");
	figure_refused(D0_WEIGHT, "", "weight '' is no number from 1 to 64");
	figure_refused(D0_WEIGHT, "99999999999999999999999",
		       "weight '99999999999999999999999' is no number from 1 to 64");
}

static void d0_state_parse__words(void **state)
{
	int s;

	for (s = 0; s < D0_STATES; s++)
		assert_int_equal(d0_state_parse(d0_state_name(s)), s);
	assert_int_equal(d0_state_parse(""), D0_ASKING);
	assert_int_equal(d0_state_parse("grante"), D0_ASKING);
}

static void d0_target_parse__words(void **state)
{
	struct d0_target target;

	d0_target_parse("vol=a,size=8G,reserve=4G,limit=6G,weight=3,thin=yes", &target);
	assert_true(target.size.there && target.size.n == 8 * GIB);
	assert_true(target.figure[D0_RESERVATION].there);
	assert_true(target.figure[D0_RESERVATION].n == 4 * GIB);
	assert_true(target.figure[D0_LIMIT].n == 6 * GIB);
	assert_true(target.figure[D0_WEIGHT].n == 3);
	assert_string_equal(target.why, "");
	d0_target_parse("aio:vol=a,reserve=4K", &target);
	assert_true(target.figure[D0_RESERVATION].n == 4096);
	assert_false(target.size.there || target.figure[D0_LIMIT].there);
	d0_target_parse("", &target);
	assert_false(target.figure[D0_RESERVATION].there);
}

static void d0_target_parse__nonsense(void **state)
{
	static const char *const bad[] = {
		"reserve=", "reserve=x", "reserve=17T", "reserve=5", "limit=65T", "weight=0",
		"weight=65", "size=x", "reserve=99999999999999999999999999999999999999999999999G",
	};
	struct d0_target target;
	size_t i;
	int f;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		d0_target_parse(bad[i], &target);
		assert_false(target.size.there);
		for (f = 0; f < D0_FIGURES; f++)
			assert_false(target.figure[f].there);
		assert_non_null(strstr(target.why, "in its target makes no sense"));
	}
	d0_target_parse("limit=0,weight=2", &target);
	assert_false(target.figure[D0_LIMIT].there);
	assert_string_equal(target.why, "");
	d0_target_parse(",,=,x,=y,reserve,averyveryverylongword=1,,reserve=4K,", &target);
	assert_true(target.figure[D0_RESERVATION].n == 4096);
	assert_string_equal(target.why, "");
}

static void sizes(unsigned int n, const uint64_t *pages)
{
	unsigned int i;

	memset(disks, 0, sizeof(disks));
	for (i = 0; i < n; i++) {
		disks[i].size.there = pages[i] > 0;
		disks[i].size.n = pages[i] * 4096;
	}
}

static void split_is(unsigned int n, const uint64_t *pages, uint64_t total, const uint64_t *wanted)
{
	unsigned int i;

	sizes(n, pages);
	d0_split(disks, n, total * 4096);
	for (i = 0; i < n; i++)
		assert_true(disks[i].share == wanted[i] * 4096);
}

#define U64S(...) ((const uint64_t[]){ __VA_ARGS__ })

static void d0_split__figures(void **state)
{
	split_is(1, U64S(5), 3, U64S(3));
	split_is(2, U64S(4, 4), 8, U64S(4, 4));
	split_is(2, U64S(6, 2), 4, U64S(3, 1));
	split_is(3, U64S(1, 1, 1), 2, U64S(0, 1, 1));
	split_is(3, U64S(7, 7, 7), 10, U64S(3, 3, 4));
	split_is(3, U64S(4, 0, 4), 6, U64S(3, 0, 3));
	split_is(2, U64S(0, 0), 6, U64S(0, 0));
	split_is(2, U64S(1, 1000000), 3, U64S(0, 3));
	split_is(2, U64S(1ULL << 32, 1ULL << 32), 1ULL << 51, U64S(1ULL << 50, 1ULL << 50));
}

/* Sums exactly, in whole pages, never more than a disk holds; all from one seed. */
static void d0_split__any(void **state)
{
	uint64_t seed = 1, pages[8], total, sum, have;
	unsigned int round, n, i;

	for (round = 0; round < 20000; round++) {
		n = 1 + round % 8;
		have = 0;
		for (i = 0; i < n; i++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			pages[i] = 1 + (seed >> 33) % (1ULL << (1 + round % 32));
			have += pages[i];
		}
		total = round % 3 ? (seed >> 20) % (have + 1) : have - round % 2;
		sizes(n, pages);
		d0_split(disks, n, total * 4096);
		sum = 0;
		for (i = 0; i < n; i++) {
			assert_true(disks[i].share % 4096 == 0);
			assert_true(disks[i].share <= disks[i].size.n);
			sum += disks[i].share;
		}
		assert_true(sum == total * 4096);
	}
}

static void d0_plan_ask__nothing_said(void **state)
{
	make("vol=a,size=8G", "vol=b,size=4G");
	plan();
	assert_string_equal(figure(D0_RESERVATION), "");
	shares(D0_RESERVATION, "", "");
	shares(D0_LIMIT, "", "");
	shares(D0_WEIGHT, "", "");
	assert_string_equal(answer(), "none");
	assert_string_equal(why(), "");
	assert_string_equal(disks[0].key[D0_DISK_UUID].want, domain.uuid);
}

static void d0_plan_ask__targets(void **state)
{
	make("vol=a,size=8G,reserve=6G,weight=2", "vol=b,size=4G,reserve=1G,limit=2G,weight=2");
	plan();
	assert_string_equal(figure(D0_RESERVATION), "7516192768");
	assert_string_equal(domain.key[D0_TARGET + D0_RESERVATION].want, "7516192768");
	assert_string_equal(figure(D0_LIMIT), "10737418240");
	assert_string_equal(figure(D0_WEIGHT), "2");
	/* each has what its own target says, not a part by size */
	shares(D0_RESERVATION, "6442450944", "1073741824");
	shares(D0_LIMIT, "", "2147483648");
	shares(D0_WEIGHT, "2", "2");
	assert_int_equal(domain.keep[D0_RESERVATION], D0_KEEP_NONE);
	assert_string_equal(answer(), "asking");
	assert_string_equal(domain.key[D0_ASKED].want, "7516192768");
}

static void d0_plan_ask__targets_follow(void **state)
{
	make("vol=a,size=8G,reserve=6G", "vol=b,size=4G");
	plan();
	shares(D0_RESERVATION, "6442450944", "0");
	assert_string_equal(figure(D0_WEIGHT), "");
	settle();
	/* a disk comes after the first look, and goes again */
	d0_target_parse("vol=b,size=4G,reserve=2G", &disks[1].target);
	plan();
	assert_string_equal(figure(D0_RESERVATION), "8589934592");
	shares(D0_RESERVATION, "6442450944", "2147483648");
	settle();
	domain.ndisks = 1;
	plan();
	assert_string_equal(figure(D0_RESERVATION), "6442450944");
	settle();
	domain.ndisks = 0;
	plan();
	assert_string_equal(figure(D0_RESERVATION), "");
	assert_string_equal(answer(), "");
}

static void d0_plan_ask__targets_differ(void **state)
{
	make("vol=a,size=8G,weight=3", "vol=b,size=4G,weight=5");
	plan();
	assert_string_equal(figure(D0_WEIGHT), "");
	shares(D0_WEIGHT, "3", "5");
	make("vol=a,size=8G,weight=3", "vol=b,size=4G");
	plan();
	assert_string_equal(figure(D0_WEIGHT), "");
	shares(D0_WEIGHT, "3", "");
}

static void d0_plan_ask__target_too_large(void **state)
{
	make("vol=a,size=8G,reserve=9G", NULL);
	plan();
	assert_string_equal(share(0, D0_RESERVATION), "8589934592");
	says("xvda: reserve= in its target is more than its size");
}

static void d0_plan_ask__set(void **state)
{
	make("vol=a,size=6G,reserve=1G", "vol=b,size=2G,reserve=1G");
	plan();
	settle();
	set(D0_RESERVATION, "4G");
	set(D0_LIMIT, "6G");
	set(D0_WEIGHT, "7");
	plan();
	assert_string_equal(figure(D0_RESERVATION), "4G");
	assert_string_equal(domain.key[D0_TARGET + D0_RESERVATION].want, "2147483648");
	shares(D0_RESERVATION, "3221225472", "1073741824");
	shares(D0_LIMIT, "4831838208", "1610612736");
	shares(D0_WEIGHT, "7", "7");
	assert_int_equal(domain.keep[D0_RESERVATION], D0_KEEP_VALUE);
	assert_int_equal(domain.keep[D0_LIMIT], D0_KEEP_VALUE);
	settle();
	/* a disk goes: all is the other's */
	domain.ndisks = 1;
	plan();
	assert_string_equal(share(0, D0_RESERVATION), "4294967296");
	domain.ndisks = 2;
	/* the same as the targets say, in other words: nobody has set anything */
	set(D0_RESERVATION, "2G");
	plan();
	assert_int_equal(domain.keep[D0_RESERVATION], D0_KEEP_NONE);
	shares(D0_RESERVATION, "1073741824", "1073741824");
	settle();
	/* taken away: as the targets say */
	set(D0_LIMIT, "");
	set(D0_WEIGHT, "");
	plan();
	shares(D0_LIMIT, "0", "0");
	shares(D0_WEIGHT, "1", "1");
	assert_int_equal(domain.keep[D0_WEIGHT], D0_KEEP_NONE);
}

static void d0_plan_ask__set_to_nothing(void **state)
{
	make("vol=a,size=6G,reserve=1G", "vol=b,size=2G,reserve=1G");
	plan();
	settle();
	set(D0_RESERVATION, "0");
	plan();
	shares(D0_RESERVATION, "0", "0");
	assert_string_equal(answer(), "none");
	assert_int_equal(domain.keep[D0_RESERVATION], D0_KEEP_VALUE);
}

static void d0_plan_ask__nonsense(void **state)
{
	make("vol=a,size=6G", "vol=b,size=2G");
	set(D0_RESERVATION, "4G");
	set(D0_LIMIT, "6G");
	set(D0_WEIGHT, "2");
	plan();
	settle();
	set(D0_RESERVATION, "plenty");
	set(D0_LIMIT, "5");
	set(D0_WEIGHT, "-2");
	plan();
	/* what was good still is */
	shares(D0_RESERVATION, "3221225472", "1073741824");
	shares(D0_LIMIT, "4831838208", "1610612736");
	shares(D0_WEIGHT, "2", "2");
	assert_string_equal(answer(), "refused");
	says("reservation 'plenty' is no size");
	says("limit 5 is no multiple of 4K");
	says("weight '-2' is no number");
	assert_string_equal(figure(D0_RESERVATION), "plenty");
	assert_int_equal(domain.keep[D0_RESERVATION], D0_KEEP_AS_IS);
	assert_int_equal(domain.keep[D0_WEIGHT], D0_KEEP_AS_IS);
	settle();
	set(D0_RESERVATION, "2G");
	set(D0_LIMIT, "");
	set(D0_WEIGHT, "");
	plan();
	assert_string_equal(why(), "");
	shares(D0_RESERVATION, "1610612736", "536870912");
}

static void d0_plan_ask__cut(void **state)
{
	make("vol=a,size=6G", NULL);
	memset(domain.key[D0_RESERVATION].now, '7', D0_TEXT - 1);
	domain.key[D0_RESERVATION].cut = true;
	domain.key[D0_LIMIT].cut = true;
	plan();
	assert_string_equal(answer(), "refused");
	assert_string_equal(share(0, D0_RESERVATION), "");
}

static void d0_plan_ask__limit_below(void **state)
{
	make("vol=a,size=6G", "vol=b,size=2G");
	set(D0_RESERVATION, "4G");
	set(D0_LIMIT, "6G");
	plan();
	settle();
	set(D0_LIMIT, "2G");
	plan();
	assert_string_equal(answer(), "refused");
	says("limit 2G is less than reservation 4G: neither is changed");
	shares(D0_RESERVATION, "3221225472", "1073741824");
	shares(D0_LIMIT, "4831838208", "1610612736");
	set(D0_LIMIT, "4G");
	plan();
	assert_string_equal(why(), "");
	shares(D0_LIMIT, "3221225472", "1073741824");
}

static void d0_plan_ask__limit_tiny(void **state)
{
	make("vol=a,size=16T", "vol=b,size=4K");
	set(D0_LIMIT, "4K");
	plan();
	shares(D0_LIMIT, "4096", "4096");
	set(D0_LIMIT, "12K");
	plan();
	shares(D0_LIMIT, "8192", "4096");
	/* more than any number of bytes that a volume has */
	set(D0_LIMIT, "16777215T");
	plan();
	shares(D0_LIMIT, "70368744177664", "4294967296");
	/* none at all */
	set(D0_LIMIT, "0");
	set(D0_RESERVATION, "1G");
	plan();
	shares(D0_LIMIT, "0", "0");
	assert_string_equal(why(), "");
}

static void d0_plan_ask__more_than_there_is(void **state)
{
	make("vol=a,size=6G", "vol=b,size=2G");
	set(D0_RESERVATION, "16777215T");
	plan();
	shares(D0_RESERVATION, "6442450944", "2147483648");
	says("reservation 16777215T is more than its disks have: 8G are asked for");
	assert_true(domain.over);
	assert_string_equal(domain.key[D0_ASKED].want, "8589934592");
	assert_string_equal(answer(), "asking");
}

static void d0_plan_ask__sizes_not_known(void **state)
{
	make("vol=a", "vol=b");
	set(D0_RESERVATION, "4G");
	plan();
	shares(D0_RESERVATION, "", "");
	assert_string_equal(answer(), "asking");
	settle();
	disks[0].size.there = true;
	disks[0].size.n = 2 * GIB;
	plan();
	shares(D0_RESERVATION, "2147483648", "");
	assert_string_equal(why(), "");
	settle();
	disks[1].size.there = true;
	disks[1].size.n = 6 * GIB;
	plan();
	shares(D0_RESERVATION, "1073741824", "3221225472");
	make("vol=a,limit=1G", "vol=b");
	plan();
	assert_string_equal(figure(D0_LIMIT), "");
	shares(D0_LIMIT, "1073741824", "");
}

static void d0_plan_ask__many(void **state)
{
	unsigned int i;
	uint64_t n, sum = 0;

	make("vol=a,size=16T", NULL);
	domain.ndisks = D0_DISKS;
	for (i = 1; i < D0_DISKS; i++)
		disks[i].size = disks[0].size;
	set(D0_RESERVATION, "4095T");
	plan();
	for (i = 0; i < D0_DISKS; i++) {
		assert_int_equal(number_parse(share(i, D0_RESERVATION), UINT64_MAX, &n), 0);
		sum += n;
	}
	assert_true(sum == 4095ULL << 40);
}

static void answers(unsigned int disk, enum d0_state state, uint64_t granted, const char *words)
{
	disks[disk].answer = state;
	disks[disk].granted = granted;
	strcpy(disks[disk].why, words);
}

static void d0_plan_answer__worst(void **state)
{
	make("vol=a,size=6G", "vol=b,size=2G");
	set(D0_RESERVATION, "4G");
	answers(0, D0_GRANTED_ALL, 3 * GIB, "");
	answers(1, D0_GRANTED_ALL, GIB, "");
	disks[0].used = 10 * MIB;
	disks[1].used = MIB;
	plan();
	assert_string_equal(answer(), "granted");
	assert_string_equal(domain.key[D0_GRANTED].want, "4294967296");
	assert_string_equal(domain.key[D0_USED].want, "11534336");
	answers(1, D0_DEGRADED, GIB, "server 12 is gone");
	plan();
	assert_string_equal(answer(), "degraded");
	assert_string_equal(why(), "xvdb: server 12 is gone");
	answers(0, D0_REFUSED, 0, "no\nroom");
	plan();
	assert_string_equal(answer(), "refused");
	assert_string_equal(why(), "xvda: no?room; xvdb: server 12 is gone");
	answers(0, D0_ASKING, 0, "");
	plan();
	assert_string_equal(answer(), "degraded");
}

/* What was granted before is no answer to what is asked now. */
static void d0_plan_answer__old_news(void **state)
{
	make("vol=a,size=6G", NULL);
	set(D0_RESERVATION, "4G");
	answers(0, D0_GRANTED_ALL, 3 * GIB, "");
	plan();
	assert_string_equal(answer(), "asking");
	answers(0, D0_NONE, 0, "");
	plan();
	assert_string_equal(answer(), "asking");
	answers(0, D0_GRANTED_ALL, 5 * GIB, "");
	plan();
	assert_string_equal(answer(), "granted");
}

static void d0_plan_answer__lies(void **state)
{
	make("vol=a,size=6G", "vol=b,size=2G");
	answers(0, D0_GRANTED_ALL, UINT64_MAX, "");
	answers(1, D0_GRANTED_ALL, UINT64_MAX, "");
	disks[0].used = UINT64_MAX;
	disks[1].used = UINT64_MAX;
	plan();
	assert_string_equal(domain.key[D0_GRANTED].want, "18446744073709551615");
	assert_string_equal(domain.key[D0_USED].want, "18446744073709551615");
	assert_string_equal(answer(), "none");
}

static void d0_key_stale__cases(void **state)
{
	static struct d0_key key;

	assert_false(d0_key_stale(&key));
	strcpy(key.want, "a");
	assert_true(d0_key_stale(&key));
	strcpy(key.now, "a");
	assert_false(d0_key_stale(&key));
	key.cut = true;
	assert_true(d0_key_stale(&key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MXT(d0_words__bounds),
		MXT(d0_figure_parse__sizes),
		MXT(d0_figure_parse__weights),
		MXT(d0_state_parse__words),
		MXT(d0_target_parse__words),
		MXT(d0_target_parse__nonsense),
		MXT(d0_split__figures),
		MXT(d0_split__any),
		MXT(d0_plan_ask__nothing_said),
		MXT(d0_plan_ask__targets),
		MXT(d0_plan_ask__targets_follow),
		MXT(d0_plan_ask__targets_differ),
		MXT(d0_plan_ask__target_too_large),
		MXT(d0_plan_ask__set),
		MXT(d0_plan_ask__set_to_nothing),
		MXT(d0_plan_ask__nonsense),
		MXT(d0_plan_ask__cut),
		MXT(d0_plan_ask__limit_below),
		MXT(d0_plan_ask__limit_tiny),
		MXT(d0_plan_ask__more_than_there_is),
		MXT(d0_plan_ask__sizes_not_known),
		MXT(d0_plan_ask__many),
		MXT(d0_plan_answer__worst),
		MXT(d0_plan_answer__old_news),
		MXT(d0_plan_answer__lies),
		MXT(d0_key_stale__cases),
	};

	return MXT_RUN(tests);
}

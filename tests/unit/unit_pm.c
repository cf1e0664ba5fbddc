// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of what memxctl postmortem makes of the servers' answers.
 */
#include "mxtest.h"
#include "../../tools/lib/text.c"
#include "../../tools/lib/out.c"
#include "../../tools/lib/size.c"
#include "../../tools/pm.c"
#include "../../tools/pm_show.c"

enum { S = 3, CHUNKS = 8 };

static struct pm_server server[S];
static struct memx_life lives[S][S];
static struct memx_listed chunk[S][CHUNKS];
static struct pm pm;
static char *shown;
static size_t shown_len;

static struct memx_life life(unsigned int i)
{
	return (struct memx_life){ .node = 0x10 + i, .inc = 0x100 + i };
}

/* Three servers that know a volume of 8 chunks, with a roster of all three. */
static int set_up(void **state)
{
	static char hosts[S][4] = { "s0", "s1", "s2" };
	unsigned int i, k;

	memset(server, 0, sizeof(server));
	memset(chunk, 0, sizeof(chunk));
	for (i = 0; i < S; i++) {
		for (k = 0; k < S; k++)
			lives[i][k] = life(k);
		server[i] = (struct pm_server){
			.node = life(i).node, .inc = life(i).inc, .host = hosts[i],
			.state = "alive", .answer = PM_HAS, .name = "v",
			.size = CHUNKS << 20, .shift = 8, .claim = { 0x99, 7, 2 },
			.repoch = 2, .rnumber = 5, .life = lives[i], .nlives = S,
			.chunk = chunk[i],
		};
	}
	memset(&pm, 0, sizeof(pm));
	pm.id = 0xabc;
	pm.server = server;
	pm.nservers = S;
	return mxt_setup(state);
}

static int tear_down(void **state)
{
	free(pm.run);
	free(shown);
	shown = NULL;
	return mxt_teardown(state);
}

static void has(unsigned int i, uint32_t index, uint32_t gen, unsigned int member)
{
	struct pm_server *s = &server[i];

	s->chunk[s->nchunks++] = (struct memx_listed){
		.index = index, .gen = gen, .pages = 1, .nmembers = 1,
		.member = { life(member) },
	};
}

static void silent(unsigned int i, enum pm_answer answer, const char *why)
{
	server[i].answer = answer;
	strcpy(server[i].why, why);
	server[i].nchunks = 0;
	server[i].nlives = 0;
	server[i].rnumber = 0;
}

static const char *text_of(void)
{
	FILE *out;

	free(shown);
	shown = NULL;
	out = open_memstream(&shown, &shown_len);
	pm_print(&pm, out);
	fclose(out);
	return shown;
}

static void pm_analyse__whole(void **state)
{
	has(0, 0, 1, 0);
	has(0, 1, 3, 0);
	has(1, 4, 1, 1);
	pm_analyse(&pm);
	assert_true(pm.proved);
	assert_int_equal(pm.total, CHUNKS);
	assert_int_equal(pm.counts[PM_WHOLE], 3);
	assert_int_equal(pm.counts[PM_NONE], 5);
	assert_int_equal(pm.nruns, 2);
	assert_int_equal(pm.run[0].count, 2);
	assert_int_equal(pm.run[0].low, 1);
	assert_int_equal(pm.run[0].high, 3);
	assert_int_equal(pm.run[1].first, 4);
	assert_non_null(strstr(text_of(), "All is proved"));
	assert_non_null(strstr(shown, "chunks: 3 whole, 0 missing, 0 lost, 0 in conflict, "));
	assert_non_null(strstr(shown, "5 that no server lists"));
}

static void pm_analyse__silent_server(void **state)
{
	has(0, 0, 1, 0);
	silent(2, PM_SILENT, "is silent, for 40 s now");
	pm_analyse(&pm);
	assert_false(pm.proved);
	assert_int_equal(pm.counts[PM_WHOLE], 1);
	assert_non_null(strstr(text_of(), "s2, incarnation 00000102, is silent, for 40 s now"));
	assert_non_null(strstr(shown, "Not all is proved"));
}

/* A member that has not told: of a chunk with two members one copy is seen. */
static void pm_analyse__missing_member(void **state)
{
	has(0, 3, 4, 0);
	chunk[0][0].nmembers = 2;
	chunk[0][0].member[1] = life(1);
	silent(1, PM_SILENT, "does not answer");
	pm_analyse(&pm);
	assert_int_equal(pm.counts[PM_MISSING], 1);
	assert_int_equal(pm.run[0].verdict, PM_MISSING);
	assert_int_equal(pm.run[0].copies, 1);
}

static void pm_analyse__restarted_server(void **state)
{
	has(0, 3, 4, 0);
	chunk[0][0].nmembers = 2;
	chunk[0][0].member[1] = life(1);
	silent(1, PM_UNKNOWN, "does not know the volume");
	server[1].inc = 0x777;
	pm_analyse(&pm);
	assert_false(pm.proved);
	assert_int_equal(pm.counts[PM_LOST], 1);
	assert_non_null(strstr(text_of(), "s1 has restarted since and lost it"));
}

/* It had a copy, and has dropped the volume since its lease had expired. */
static void pm_analyse__dropped(void **state)
{
	has(0, 3, 4, 0);
	chunk[0][0].nmembers = 2;
	chunk[0][0].member[1] = life(1);
	silent(1, PM_DROPPED, "has dropped the volume without its owner");
	pm_analyse(&pm);
	assert_false(pm.proved);
	assert_int_equal(pm.counts[PM_LOST], 1);
	assert_non_null(strstr(text_of(), "s1 has dropped the volume without its owner"));
}

/* In the same life, but it has forgotten the volume, or has it without a roster. */
static void pm_life_word__forgotten(void **state)
{
	struct memx_life of = life(1);
	bool proved;

	silent(1, PM_UNKNOWN, "does not know the volume");
	assert_string_equal(pm_life_word(&pm, &of, &proved), "has lost it since");
	assert_false(proved);
	silent(1, PM_DROPPED, "has dropped the volume without its owner");
	assert_non_null(strstr(pm_life_word(&pm, &of, &proved), "without its owner"));
	assert_false(proved);
	server[1].answer = PM_HAS;
	assert_non_null(strstr(pm_life_word(&pm, &of, &proved), "has no roster"));
	assert_false(proved);
	of.node = 0x1234;
	assert_string_equal(pm_life_word(&pm, &of, &proved), "is not known here");
}

static void pm_analyse__older_copy(void **state)
{
	has(0, 3, 1, 0);
	has(1, 3, 2, 1);
	pm_analyse(&pm);
	assert_true(pm.proved);
	assert_int_equal(pm.run[0].copies, 2);
	assert_int_equal(pm.run[0].stale, 1);
	assert_int_equal(pm.run[0].high, 2);
	assert_non_null(strstr(text_of(), "s0 has an older copy"));
}

static void pm_analyse__conflict(void **state)
{
	has(0, 3, 2, 0);
	has(1, 3, 2, 1);
	pm_analyse(&pm);
	assert_false(pm.proved);
	assert_int_equal(pm.counts[PM_CONFLICT], 1);
}

/* A server lists a copy that is being filled: it does not count. */
static void pm_analyse__filling(void **state)
{
	has(0, 3, 2, 0);
	has(1, 3, 2, 0);
	chunk[1][0].filling = 1;
	pm_analyse(&pm);
	assert_int_equal(pm.counts[PM_WHOLE], 1);
	assert_int_equal(pm.run[0].copies, 1);
	assert_int_equal(pm.run[0].stale, 2);
	/* Whatever generation that is to have one day. */
	chunk[1][0].gen = 7;
	pm_analyse(&pm);
	assert_int_equal(pm.counts[PM_WHOLE], 1);
	assert_int_equal(pm.run[0].copies, 1);
	assert_int_equal(pm.run[0].stale, 2);
}

/* The newest roster counts, by epoch before number; the highest claim likewise. */
static void pm_analyse__newest_roster(void **state)
{
	server[0].repoch = 1;
	server[0].rnumber = 9;
	server[0].claim.epoch = 1;
	server[2].claim = (struct pm_claim){ 0x100, 8, 2 };
	pm_analyse(&pm);
	assert_int_equal(pm.roster, 1);
	assert_int_equal(pm.claim.node, 0x100);
	assert_true(pm.proved);
}

static void pm_analyse__split_roster(void **state)
{
	server[1].nlives = 2;
	pm_analyse(&pm);
	assert_true(pm.split);
	assert_false(pm.proved);
	assert_non_null(strstr(text_of(), "several different ones"));
}

static void pm_analyse__nobody(void **state)
{
	unsigned int i;

	for (i = 0; i < S; i++)
		silent(i, PM_UNKNOWN, "does not know the volume");
	pm_analyse(&pm);
	assert_false(pm.proved);
	assert_int_equal(pm.roster, -1);
	assert_non_null(strstr(text_of(), "no server has one"));
	pm.nservers = 0;
	pm_analyse(&pm);
	assert_false(pm.proved);
}

static void pm_json__has_all(void **state)
{
	struct json_object *doc, *servers, *one, *value;

	has(0, 3, 4, 0);
	silent(1, PM_SILENT, "does not answer");
	pm_analyse(&pm);
	doc = pm_json(&pm, NULL);
	assert_true(json_object_object_get_ex(doc, "proved", &value));
	assert_false(json_object_get_boolean(value));
	assert_true(json_object_object_get_ex(doc, "here", &value));
	assert_null(value);
	assert_true(json_object_object_get_ex(doc, "servers", &servers));
	assert_int_equal(json_object_array_length(servers), S);
	one = json_object_array_get_idx(servers, 1);
	assert_true(json_object_object_get_ex(one, "answer", &value));
	assert_string_equal(json_object_get_string(value), "does not answer");
	assert_true(json_object_object_get_ex(doc, "chunks", &value));
	one = json_object_array_get_idx(value, 0);
	assert_true(json_object_object_get_ex(one, "verdict", &value));
	assert_string_equal(json_object_get_string(value), "whole");
	json_object_put(doc);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(pm_life_word__forgotten),
		CASE(pm_analyse__whole),
		CASE(pm_analyse__silent_server),
		CASE(pm_analyse__missing_member),
		CASE(pm_analyse__restarted_server),
		CASE(pm_analyse__dropped),
		CASE(pm_analyse__older_copy),
		CASE(pm_analyse__conflict),
		CASE(pm_analyse__filling),
		CASE(pm_analyse__newest_roster),
		CASE(pm_analyse__split_roster),
		CASE(pm_analyse__nobody),
		CASE(pm_json__has_all),
	};

	return MXT_RUN(tests);
}

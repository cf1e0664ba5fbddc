// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl domain: shows and sets what domains have of the servers' memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "d0_domain.h"
#include "d0_lock.h"
#include "d0_look.h"
#include "now.h"
#include "out.h"
#include "size.h"

enum {
	NAME		= 256,
	WAIT_S		= 5,	/* for an answer, unless told otherwise */
	WAIT_MOST_S	= 3600,
	POLL_MS		= 100,
	REFUSED_MS	= 1000,	/* a refusal that stands so long is not one of before */
};

/**
 * struct words - the command line of `set`
 * @domain: name or number
 * @text:   figures, as given; NULL: not
 * @wait:   --wait
 * @json:   --json
 */
struct words {
	const char	*domain;
	const char	*text[D0_FIGURES];
	const char	*wait;
	bool		json;
};

static int usage(const char *words)
{
	d0_complain("%s; see memxctl help domain", words);
	return 2;
}

static int store_failed(int err)
{
	if (err == -EACCES || err == -EPERM)
		return d0_complain("xenstore: permission denied: this is for root in dom0");
	if (err == -EAGAIN)
		return d0_complain("xenstore: others are writing all the time; try again");
	return d0_complain("xenstore: %s", strerror(-err));
}

static int store_open(struct d0_store **store)
{
	int err = d0_live_open(store);

	if (!err)
		return 0;
	if (err == -EACCES || err == -EPERM)
		return store_failed(err);
	return d0_complain("there is no xenstore here (%s): this is for the dom0 of a Xen host",
			   strerror(-err));
}

static void name_read(struct d0_store *store, unsigned int domid, char *name)
{
	char path[D0_PATH];

	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	if (store->ops->read(store, path, name, NAME) < 0)
		name[0] = 0;
}

/* A number that has disks of MemX, or its name. Return: exit code */
static int domain_find(struct d0_store *store, const char *word, unsigned int *domid)
{
	unsigned int i, n, *domids;
	bool found = false;
	char name[NAME];
	uint64_t number;
	int err;

	err = d0_domains(store, &domids, &n);
	if (err)
		return store_failed(err);
	if (number_parse(word, UINT32_MAX, &number))
		number = UINT64_MAX;
	for (i = 0; i < n && !found; i++) {
		name_read(store, domids[i], name);
		found = domids[i] == number || !strcmp(name, word);
		*domid = domids[i];
	}
	free(domids);
	return found ? 0 : d0_complain("there is no domain '%s'", word);
}

/* --- list --- */

static void text_or_null(struct json_object *to, const char *name, const char *text)
{
	if (*text)
		out_str(to, name, text);
	else
		out_null(to, name);
}

/* A figure as a number, or as it stands if it is none. */
static void figure_json(struct json_object *to, const char *name, const char *text)
{
	uint64_t n;

	if (*text && !size_parse(text, &n))
		out_u64(to, name, n);
	else
		text_or_null(to, name, text);
}

static struct json_object *disk_json(const struct d0_disk *disk)
{
	struct json_object *one = out_object();
	const struct d0_key *key = &disk->key[D0_DISK_FIGURE];

	out_str(one, "vdev", disk->vdev);
	out_str(one, "backend", disk->backend);
	if (disk->size.there)
		out_u64(one, "size", disk->size.n);
	else
		out_null(one, "size");
	figure_json(one, "reserve", key[D0_RESERVATION].now);
	figure_json(one, "limit", key[D0_LIMIT].now);
	figure_json(one, "weight", key[D0_WEIGHT].now);
	out_u64(one, "granted", disk->granted);
	out_u64(one, "used", disk->used);
	return one;
}

static struct json_object *domain_json(const struct d0_domain *domain, const char *name)
{
	struct json_object *one = out_object(), *disks = out_array();
	const struct d0_key *key = domain->key;
	unsigned int i;

	out_u64(one, "domain", domain->domid);
	out_str(one, "name", name);
	out_str(one, "uuid", domain->uuid);
	figure_json(one, "reservation", key[D0_RESERVATION].now);
	figure_json(one, "limit", key[D0_LIMIT].now);
	figure_json(one, "weight", key[D0_WEIGHT].now);
	figure_json(one, "asked", key[D0_ASKED].now);
	figure_json(one, "granted", key[D0_GRANTED].now);
	figure_json(one, "used", key[D0_USED].now);
	text_or_null(one, "state", key[D0_STATE].now);
	text_or_null(one, "error", key[D0_ERROR].now);
	for (i = 0; i < domain->ndisks; i++)
		out_add(disks, NULL, disk_json(&domain->disks[i]));
	out_add(one, "disks", disks);
	return one;
}

static const char *const titles[] = {
	"DOMAIN", "NAME", "RESERVED", "GRANTED", "USED", "LIMIT", "WEIGHT", "STATE", "WHY",
};

enum { FIRST_NUMBER = 2, LAST_NUMBER = 6 };

/* Bytes for people; what is no number stands as it is. */
static const char *figure_text(const char *text, char *buffer)
{
	uint64_t n;

	if (!*text)
		return "-";
	return size_parse(text, &n) ? text : size_format(n, buffer);
}

static void domain_line(struct libscols_table *table, const struct d0_domain *domain,
			const char *name)
{
	static const int keys[] = { D0_RESERVATION, D0_GRANTED, D0_USED, D0_LIMIT, D0_WEIGHT };
	struct libscols_line *line = out_line(table);
	char text[SIZE_TEXT];
	unsigned int i;

	snprintf(text, sizeof(text), "%u", domain->domid);
	out_cell(line, 0, text);
	out_cell(line, 1, name);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		out_cell(line, FIRST_NUMBER + i, figure_text(domain->key[keys[i]].now, text));
	out_cell(line, 7, domain->key[D0_STATE].now[0] ? domain->key[D0_STATE].now : "-");
	out_cell(line, 8, domain->key[D0_ERROR].now);
}

/* One domain, into whichever of both there is. */
static int domain_show(struct d0_store *store, unsigned int domid, struct json_object *all,
		       struct libscols_table *table)
{
	struct d0_domain domain;
	char name[NAME];
	int err;

	err = d0_domain_read(store, domid, &domain);
	if (!err && (domain.ndisks || domain.gone[0])) {
		name_read(store, domid, name);
		if (all)
			out_add(all, NULL, domain_json(&domain, name));
		else
			domain_line(table, &domain, name);
	}
	d0_domain_clear(&domain);
	return err == -ENOENT ? 0 : err;
}

static struct libscols_table *table_begin(void)
{
	struct libscols_table *table = out_table(stdout, true);
	unsigned int i;

	for (i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		out_column(table, titles[i], i >= FIRST_NUMBER && i <= LAST_NUMBER);
	return table;
}

static int list_all(struct d0_store *store, bool json)
{
	struct json_object *all = json ? out_array() : NULL;
	struct libscols_table *table = json ? NULL : table_begin();
	unsigned int i, n, *domids;
	int err;

	err = d0_domains(store, &domids, &n);
	for (i = 0; i < n && !err; i++)
		err = domain_show(store, domids[i], all, table);
	free(domids);
	if (err && json)
		json_object_put(all);
	else if (err)
		scols_unref_table(table);
	else if (json)
		out_json(stdout, all);
	else
		out_table_print(table);
	if (err)
		return store_failed(err);
	return fflush(stdout) ? d0_complain("writing the answer: %s", strerror(errno)) : 0;
}

static int list(int argc, char **argv)
{
	struct d0_store *store;
	bool json = false;
	int i, ret;

	for (i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json"))
			return usage("memxctl domain list takes no other words");
		json = true;
	}
	ret = store_open(&store);
	if (ret)
		return ret;
	ret = list_all(store, json);
	d0_live_close(store);
	if (!ret && !d0_lock_held())
		d0_complain("memx-dom0 does not run here: what is shown may be old");
	return ret;
}

/* --- set --- */

/* Option @name with its value at argv[*i], perhaps as one word. NULL: another one. */
static const char *option_take(const char *name, int argc, char **argv, int *i)
{
	size_t len = strlen(name);

	if (strncmp(argv[*i], name, len))
		return NULL;
	if (argv[*i][len] == '=')
		return argv[*i] + len + 1;
	if (argv[*i][len] || *i + 1 >= argc)
		return NULL;
	return argv[++*i];
}

static int word_take(struct words *words, int argc, char **argv, int *i)
{
	static const char *const options[D0_FIGURES + 1] = {
		"--reservation", "--limit", "--weight", "--wait",
	};
	int o;

	if (!strcmp(argv[*i], "--json")) {
		words->json = true;
		return 0;
	}
	for (o = 0; o <= D0_FIGURES; o++) {
		const char **to = o < D0_FIGURES ? &words->text[o] : &words->wait;
		const char *value = option_take(options[o], argc, argv, i);

		if (!value)
			continue;
		if (*to)
			return usage("an option is given twice");
		*to = value;
		return 0;
	}
	if (argv[*i][0] == '-')
		return usage("there is no such option, or its value is missing");
	if (words->domain)
		return usage("one domain at a time");
	words->domain = argv[*i];
	return 0;
}

/* What makes no sense anywhere is refused before anything is read. */
static int words_check(struct words *words)
{
	char why[D0_TEXT] = "";
	bool some = false;
	uint64_t n;
	int f;

	for (f = 0; f < D0_FIGURES; f++) {
		if (!words->text[f])
			continue;
		some = true;
		if (!strcmp(words->text[f], "default"))
			words->text[f] = "";
		else if (d0_figure_parse(f, words->text[f], &n, why))
			return d0_complain("%s", why), 2;
	}
	if (words->wait && number_parse(words->wait, WAIT_MOST_S, &n))
		return usage("--wait takes seconds");
	if (!words->domain)
		return usage("which domain?");
	return some ? 0 : usage("nothing to be set");
}

static void answer_print(const struct words *words, const struct d0_domain *domain,
			 struct d0_store *store)
{
	char name[NAME], granted[SIZE_TEXT];

	name_read(store, domain->domid, name);
	if (words->json)
		out_json(stdout, domain_json(domain, name));
	else if (!strcmp(domain->key[D0_STATE].now, d0_state_name(D0_NONE)))
		puts("set");
	else
		printf("%s: %s granted\n", domain->key[D0_STATE].now,
		       figure_text(domain->key[D0_GRANTED].now, granted));
	fflush(stdout);
}

/*
 * The service has taken the figure up when it says that it asks for as much as
 * @asked; then its state is the answer.
 */
static bool is_answered(const struct d0_domain *domain, const char *asked)
{
	return !strcmp(domain->key[D0_ASKED].now, asked) && domain->key[D0_STATE].now[0] &&
	       strcmp(domain->key[D0_STATE].now, d0_state_name(D0_ASKING));
}

static bool is_refused(const struct d0_domain *domain)
{
	return !strcmp(domain->key[D0_STATE].now, d0_state_name(D0_REFUSED));
}

/* Waits for the answer. Return: exit code */
static int answer_wait(struct d0_store *store, const struct words *words,
		       unsigned int domid, const char *asked)
{
	uint64_t seconds = WAIT_S, end, refused = 0;
	struct d0_domain domain;
	int ret = -1, err;

	if (words->wait)
		number_parse(words->wait, WAIT_MOST_S, &seconds);
	if (!seconds)
		return 0;
	end = now_ms() + seconds * 1000;
	while (ret < 0) {
		err = d0_domain_read(store, domid, &domain);
		if (err) {
			ret = err == -ENOENT ? d0_complain("the domain has gone") :
			      store_failed(err);
		} else if (is_answered(&domain, asked) && !is_refused(&domain)) {
			answer_print(words, &domain, store);
			ret = 0;
		} else if (is_answered(&domain, asked)) {
			refused = refused ? refused : now_ms();
			if (now_ms() - refused >= REFUSED_MS)
				ret = d0_complain("refused: %s", domain.key[D0_ERROR].now);
		} else if (now_ms() >= end) {
			ret = d0_complain("it is set, but there is no answer yet; see memxctl domain list");
		} else {
			refused = 0;
		}
		d0_domain_clear(&domain);
		if (ret < 0)
			usleep(POLL_MS * 1000);
	}
	return ret;
}

/* Writes the figures; what is asked for then is known already. Return: exit code */
static int figures_write(struct d0_store *store, const struct words *words,
			 unsigned int domid, char *asked)
{
	struct d0_domain after;
	int err, ret = 0;

	err = d0_set(store, domid, words->text, &after);
	if (err == -EINVAL)
		ret = d0_complain("%s", after.why);
	else if (err == -ENODEV)
		ret = d0_complain("domain %u has no disk of MemX", domid);
	else if (err == -ENOENT)
		ret = d0_complain("domain %u has gone", domid);
	else if (err)
		ret = store_failed(err);
	d0_plan_answer(&after);
	snprintf(asked, D0_NUMBER, "%.23s", after.key[D0_ASKED].want);
	d0_domain_clear(&after);
	return ret;
}

static int set(int argc, char **argv)
{
	struct words words = { 0 };
	struct d0_store *store;
	char asked[D0_NUMBER];
	unsigned int domid = 0;
	int i, ret = 0;

	for (i = 0; i < argc && !ret; i++)
		ret = word_take(&words, argc, argv, &i);
	if (!ret)
		ret = words_check(&words);
	if (ret)
		return ret;
	ret = store_open(&store);
	if (ret)
		return ret;
	ret = domain_find(store, words.domain, &domid);
	if (!ret && !d0_lock_held())
		ret = d0_complain("memx-dom0 does not run here, and nobody else acts on it: start it first");
	if (!ret)
		ret = figures_write(store, &words, domid, asked);
	if (!ret)
		ret = answer_wait(store, &words, domid, asked);
	d0_live_close(store);
	return ret;
}

int d0_domain_main(int argc, char **argv)
{
	if (argc > 0 && !strcmp(argv[0], "list"))
		return list(argc - 1, argv + 1);
	if (argc > 0 && !strcmp(argv[0], "set"))
		return set(argc - 1, argv + 1);
	return usage("memxctl domain list, or memxctl domain set");
}

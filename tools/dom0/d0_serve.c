// SPDX-License-Identifier: GPL-2.0
/*
 * The service: which domains are to be looked at, and when.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "d0_look.h"
#include "d0_serve.h"
#include "mx_xs_domain.h"
#include "mx_xs_keys.h"
#include "size.h"

/* Of the watches that are always there; those of a domain have its number. */
static const char domains_token[] = "domains";
static const char toolstack_token[] = "toolstack";
static const char toolstack_home[] = "/libxl";

static struct d0_known *known_find(struct d0_serve *serve, unsigned int domid)
{
	unsigned int i;

	for (i = 0; i < serve->nknown; i++)
		if (serve->known[i].domid == domid)
			return &serve->known[i];
	return NULL;
}

static struct d0_known *known_add(struct d0_serve *serve, unsigned int domid)
{
	struct d0_known *grown;

	grown = reallocarray(serve->known, serve->nknown + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	serve->known = grown;
	memset(&grown[serve->nknown], 0, sizeof(*grown));
	grown[serve->nknown].domid = domid;
	grown[serve->nknown].dirty = true;
	return &grown[serve->nknown++];
}

static void token_make(char *token, unsigned int domid)
{
	snprintf(token, D0_NUMBER, "%u", domid);
}

static void home_make(char *path, unsigned int domid)
{
	snprintf(path, D0_PATH, "/local/domain/%u/%s", domid, MX_XD_DIR);
}

/* Watches of nodes that are gone may be gone too: errors mean nothing here. */
static void known_unwatch(struct d0_serve *serve, struct d0_known *known)
{
	char path[D0_PATH], token[D0_NUMBER];
	unsigned int i;

	token_make(token, known->domid);
	home_make(path, known->domid);
	if (known->home)
		serve->store->ops->unwatch(serve->store, path, token);
	known->home = false;
	for (i = 0; i < known->nwatches; i++)
		serve->store->ops->unwatch(serve->store, known->watches[i].path, token);
	free(known->watches);
	known->watches = NULL;
	known->nwatches = 0;
}

static void known_drop(struct d0_serve *serve, struct d0_known *known)
{
	known_unwatch(serve, known);
	*known = serve->known[--serve->nknown];
}

static void say(struct d0_serve *serve, unsigned int domid, const char *words)
{
	char line[D0_TEXT + 192];

	snprintf(line, sizeof(line), "domain %u: %s", domid, words);
	serve->log(line);
}

/* Says once what fails again and again; "" is the end of it. */
static void say_failed(struct d0_serve *serve, struct d0_known *known, const char *words)
{
	if (!strcmp(known->failed, words))
		return;
	snprintf(known->failed, sizeof(known->failed), "%s", words);
	if (*words)
		say(serve, known->domid, words);
}

int d0_serve_start(struct d0_serve *serve, struct d0_store *store, const char *configs,
		   d0_log_fn log)
{
	int err;

	memset(serve, 0, sizeof(*serve));
	serve->store = store;
	serve->configs = configs;
	serve->log = log;
	serve->scan = true;
	err = store->ops->watch(store, "@introduceDomain", domains_token);
	if (!err)
		err = store->ops->watch(store, "@releaseDomain", domains_token);
	if (!err)
		err = store->ops->watch(store, toolstack_home, toolstack_token);
	return err;
}

static void domain_dirty(struct d0_serve *serve, const char *number)
{
	struct d0_known *known;
	uint64_t domid;

	if (number_parse(number, 0x7fff, &domid))
		return;
	known = known_find(serve, domid);
	if (known)
		known->dirty = true;
	else if (!known_add(serve, domid))
		serve->scan = true;
}

/* /libxl/<domid>/device/vbd/…; of the rest, only a domain's whole node matters. */
static void toolstack_event(struct d0_serve *serve, const char *path)
{
	char number[D0_NUMBER];
	const char *rest;

	if (strncmp(path, "/libxl/", 7))
		return;
	rest = path + 7 + strcspn(path + 7, "/");
	if (*rest && strncmp(rest, "/device/vbd", 11) && strcmp(rest, "/device"))
		return;
	snprintf(number, sizeof(number), "%.*s", (int)(rest - path - 7), path + 7);
	domain_dirty(serve, number);
}

void d0_serve_event(struct d0_serve *serve, const char *path, const char *token)
{
	if (!strcmp(token, domains_token))
		serve->scan = true;
	else if (!strcmp(token, toolstack_token))
		toolstack_event(serve, path);
	else
		domain_dirty(serve, token);
}

/* Finds domains that came and went. */
static int domains_scan(struct d0_serve *serve)
{
	unsigned int i, n, *domids;
	struct d0_known *known;
	int err;

	err = d0_domains(serve->store, &domids, &n);
	if (err)
		return err;
	for (i = 0; i < serve->nknown; i++)
		serve->known[i].listed = false;
	for (i = 0; i < n && !err; i++) {
		known = known_find(serve, domids[i]);
		if (!known)
			known = known_add(serve, domids[i]);
		if (known)
			known->listed = true;
		else
			err = -ENOMEM;
	}
	free(domids);
	for (i = serve->nknown; i-- && !err; )
		if (!serve->known[i].listed)
			known_drop(serve, &serve->known[i]);
	return err;
}

static int watch_add(struct d0_serve *serve, struct d0_known *known, const char *path)
{
	struct d0_watch *grown;
	char token[D0_NUMBER];
	int err;

	grown = reallocarray(known->watches, known->nwatches + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	known->watches = grown;
	token_make(token, known->domid);
	err = serve->store->ops->watch(serve->store, path, token);
	if (err)
		return err;
	snprintf(grown[known->nwatches].path, D0_PATH, "%s", path);
	grown[known->nwatches++].used = true;
	return 0;
}

/*
 * Has the answer of a disk watched if dom0 serves it: nobody else can write that
 * then. What a driver domain says is read at the sweep.
 */
static int disk_watch(struct d0_serve *serve, struct d0_known *known,
		      const struct d0_disk *disk)
{
	static const char dom0[] = "/local/domain/0/";
	char path[D0_PATH];
	unsigned int i;

	if (strncmp(disk->backend, dom0, sizeof(dom0) - 1) ||
	    snprintf(path, sizeof(path), "%s/%s", disk->backend, MX_XS_RESERVE_STATE) >=
	    (int)sizeof(path))
		return 0;
	for (i = 0; i < known->nwatches; i++) {
		if (!strcmp(known->watches[i].path, path)) {
			known->watches[i].used = true;
			return 0;
		}
	}
	return watch_add(serve, known, path);
}

static int watches_set(struct d0_serve *serve, struct d0_known *known,
		       const struct d0_domain *domain)
{
	char path[D0_PATH], token[D0_NUMBER];
	unsigned int i;
	int err = 0;

	token_make(token, known->domid);
	home_make(path, known->domid);
	if (!known->home)
		err = serve->store->ops->watch(serve->store, path, token);
	known->home = !err;
	for (i = 0; i < known->nwatches; i++)
		known->watches[i].used = false;
	for (i = 0; i < domain->ndisks && !err; i++)
		err = disk_watch(serve, known, &domain->disks[i]);
	for (i = known->nwatches; i-- && !err; ) {
		if (known->watches[i].used)
			continue;
		serve->store->ops->unwatch(serve->store, known->watches[i].path, token);
		known->watches[i] = known->watches[--known->nwatches];
	}
	return err;
}

/* What an admin finds in the log: each answer to the reservation, and what is wrong. */
static void answer_say(struct d0_serve *serve, struct d0_known *known,
		       const struct d0_domain *domain)
{
	const char *text = domain->key[D0_RESERVATION].want, *why = domain->key[D0_ERROR].want;
	const char *state = domain->key[D0_STATE].want;
	char line[sizeof(known->told)];

	if (!*text && *why && (!*state || !strcmp(state, d0_state_name(D0_NONE))))
		snprintf(line, sizeof(line), "%s", why);
	else
		snprintf(line, sizeof(line), "reservation %.40s: %.16s%s%s", *text ? text : "-",
			 *state ? state : "none", *why ? ": " : "", why);
	if (!strcmp(line, known->told) || (!known->told[0] && !*text && !*why))
		return;
	memcpy(known->told, line, sizeof(line));
	say(serve, known->domid, line);
}

/*
 * While a domain is being made its file is not there yet. Return: tell of it.
 */
static bool config_missing(struct d0_known *known, bool missing, uint64_t now)
{
	if (missing && !known->missing)
		known->missing_ms = now;
	known->missing = missing;
	return missing && now - known->missing_ms >= D0_MISSED_MS;
}

/*
 * What was set at run time goes into libxl's file; why not, into @words.
 * Return: try again soon
 */
static bool config_keep(struct d0_serve *serve, struct d0_known *known,
			const struct d0_domain *domain, uint64_t now, char *words)
{
	bool some = false;
	int f, err;

	for (f = 0; f < D0_FIGURES; f++)
		some = some || domain->keep[f] == D0_KEEP_VALUE;
	err = d0_config_sync(&known->config, serve->configs, domain);
	if (err == -EAGAIN)
		return true;
	if (config_missing(known, some && err == -ENOENT, now) || (err && err != -ENOENT))
		snprintf(words, sizeof(known->failed),
			 "what is set will not survive a reboot: its configuration in %.40s %s",
			 serve->configs, err == -ENOENT ? "is not there" :
			 err == -EBADMSG ? "is not what libxl writes" : strerror(-err));
	return false;
}

/* A domain of the same number may be another one than before. */
static void known_same(struct d0_known *known, const char *uuid)
{
	if (!strcmp(known->uuid, uuid))
		return;
	memcpy(known->uuid, uuid, sizeof(known->uuid));
	memset(&known->config, 0, sizeof(known->config));
	known->told[0] = 0;
	known->failed[0] = 0;
}

/*
 * Looks at a domain. *gone: it is no longer to be known.
 * Return: 0, or an error after which the connection is of no use.
 */
static int known_look(struct d0_serve *serve, struct d0_known *known, uint64_t now,
		      bool *gone)
{
	struct d0_domain domain;
	char words[sizeof(known->failed)] = "";
	int err;

	known->dirty = false;
	err = d0_look(serve->store, known->domid, !known->secured, &domain);
	*gone = err == -ENOENT || (!err && !d0_domain_matters(&domain));
	if (!err && !*gone) {
		known->secured = domain.there;
		known_same(known, domain.uuid);
		err = watches_set(serve, known, &domain);
		answer_say(serve, known, &domain);
		known->dirty = config_keep(serve, known, &domain, now, words);
	} else if (err == -EAGAIN) {
		known->dirty = true;
	}
	d0_domain_clear(&domain);
	if (d0_lost(err))
		return err;
	if (err && err != -EAGAIN)
		snprintf(words, sizeof(words), "xenstore: %s", strerror(-err));
	if (!*gone && !known->dirty)
		say_failed(serve, known, words);
	return 0;
}

/* When a domain is to be looked at. */
static uint64_t known_due(const struct d0_known *known)
{
	if (!known->looked)
		return 0;
	return known->look_ms + (known->dirty ? D0_LOOK_MS : D0_SWEEP_MS);
}

/* When to look for domains. */
static uint64_t scan_due(const struct d0_serve *serve)
{
	if (!serve->scanned)
		return 0;
	return serve->scan_ms + (serve->scan ? D0_LOOK_MS : D0_SCAN_MS);
}

static int scan_turn(struct d0_serve *serve, uint64_t now)
{
	int err;

	if (scan_due(serve) > now)
		return 0;
	err = domains_scan(serve);
	serve->scan = err != 0;
	serve->scanned = true;
	serve->scan_ms = now;
	return d0_lost(err) ? err : 0;
}

int d0_serve_turn(struct d0_serve *serve, uint64_t now, uint64_t *next)
{
	unsigned int i;
	bool gone;
	int err;

	err = scan_turn(serve, now);
	for (i = serve->nknown; i-- && !err; ) {
		struct d0_known *known = &serve->known[i];

		if (known_due(known) > now)
			continue;
		known->looked = true;
		known->look_ms = now;
		err = known_look(serve, known, now, &gone);
		if (!err && gone)
			known_drop(serve, known);
	}
	*next = scan_due(serve);
	for (i = 0; i < serve->nknown; i++)
		if (known_due(&serve->known[i]) < *next)
			*next = known_due(&serve->known[i]);
	return err;
}

void d0_serve_end(struct d0_serve *serve)
{
	unsigned int i;

	for (i = 0; i < serve->nknown; i++)
		free(serve->known[i].watches);
	free(serve->known);
	serve->known = NULL;
	serve->nknown = 0;
}

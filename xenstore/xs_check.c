// SPDX-License-Identifier: GPL-2.0
/*
 * Checks the record of a disk against keys.def and for sense.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mx_xs_keys.h"
#include "mx_xs_table.h"
#include "xs_record.h"

enum { PAGE = 4096, WORDS_BYTES = 200 };

/**
 * struct rule - a line of keys.def
 * @path:  relative to the backend's node
 * @type:  as there
 * @limit: most bytes
 */
struct rule {
	const char *path;
	const char *type;
	size_t limit;
};

#define RULE(name, path, writer, type, limit) { path, type, limit },
static const struct rule rules[] = { MX_XS_KEYS(RULE) };

/**
 * struct check - a check under way
 * @fault:  caller's function
 * @ctx:    for it
 * @faults: found
 */
struct check {
	xs_fault_fn fault;
	void *ctx;
	unsigned int faults;
};

static void found(struct check *check, const char *key, const char *words)
{
	check->faults++;
	check->fault(check->ctx, key, words);
}

/* The rule for a key; memx/map/7 comes under memx/map/N. */
static const struct rule *rule_for(const char *key)
{
	unsigned long part;
	char *end;
	size_t i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!strcmp(rules[i].path, key))
			return &rules[i];
	if (strncmp(key, MX_XS_MAP "/", sizeof(MX_XS_MAP)))
		return NULL;
	key += sizeof(MX_XS_MAP);
	if (!isdigit((unsigned char)*key) || (key[0] == '0' && key[1]))
		return NULL;
	part = strtoul(key, &end, 10);
	return *end || part >= MX_XS_MAP_COUNT ? NULL : rule_for(MX_XS_MAP "/N");
}

static bool is_number(const char *s)
{
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	strtoull(s, &end, 10);
	return !errno && !*end;
}

static bool is_hex64(const char *s)
{
	size_t len = strspn(s, "0123456789abcdefABCDEF");

	return len && len <= 16 && !s[len];
}

static bool is_name(const char *s)
{
	size_t i;

	for (i = 0; s[i]; i++)
		if (!isalnum((unsigned char)s[i]) && (!i || !strchr("._-", s[i])))
			return false;
	return i > 0;
}

static bool is_one_of(const char *value, const char *words)
{
	size_t len;

	for (; *words; words += len + (words[len] == ',')) {
		len = strcspn(words, ",");
		if (strlen(value) == len && !memcmp(value, words, len))
			return true;
	}
	return false;
}

static bool is_text(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

/* What is wrong with a value, or NULL; lists and maps are looked at later. */
static const char *type_fault(const char *type, const char *value, char *words)
{
	if (!strcmp(type, "name"))
		return is_name(value) ? NULL : "is no name of a volume";
	if (!strcmp(type, "hex64"))
		return is_hex64(value) ? NULL : "is not 1 to 16 hex digits";
	if (!strcmp(type, "uint"))
		return is_number(value) ? NULL : "is no number";
	if (!strcmp(type, "bytes"))
		return is_number(value) && !(strtoull(value, NULL, 10) % PAGE) ?
		       NULL : "is no multiple of 4096";
	if (!strncmp(type, "word:", 5) && !is_one_of(value, type + 5)) {
		snprintf(words, WORDS_BYTES, "is none of %s", type + 5);
		return words;
	}
	return is_text(value) ? NULL : "holds characters that cannot be printed";
}

static void key_check(struct check *check, const struct xs_pair *pair)
{
	const struct rule *rule = rule_for(pair->key);
	bool ours = !strncmp(pair->key, MX_XS_DIR "/", sizeof(MX_XS_DIR));
	bool directory = !strcmp(pair->key, MX_XS_MAP) && !pair->len;
	char words[WORDS_BYTES];
	const char *fault;

	if (!rule) {
		if (ours && !directory)
			found(check, pair->key, "is not in keys.def");
		return;
	}
	if (pair->len > rule->limit) {
		snprintf(words, sizeof(words), "has %zu bytes, at most %zu are allowed",
			 pair->len, rule->limit);
		found(check, pair->key, words);
	}
	if (strlen(pair->value) != pair->len) {
		found(check, pair->key, "holds a zero byte");
		return;
	}
	fault = type_fault(rule->type, pair->value, words);
	if (fault)
		found(check, pair->key, fault);
}

/* Parts are there from 0 on without a gap. */
static unsigned int parts_check(struct check *check, const struct xs_disk *disk)
{
	unsigned int i, parts = 0;
	char key[32];

	for (i = 0; i < MX_XS_MAP_COUNT; i++) {
		snprintf(key, sizeof(key), MX_XS_MAP_FMT, i);
		if (!xs_pair(disk, key))
			continue;
		if (i != parts)
			found(check, key, "has no part before it");
		parts = i + 1;
	}
	return parts;
}

static void map_check(struct check *check, const struct xs_disk *disk)
{
	const char *key, *words;
	struct xs_map map;
	int err;

	if (parts_check(check, disk) && xs_pair(disk, MX_XS_MAP_ERROR))
		found(check, MX_XS_MAP_ERROR, "says there is no map, but there is one");
	err = xs_map_read(disk, &map, &key, &words);
	if (err)
		found(check, key, err == -EBADMSG ? words : strerror(-err));
	xs_map_clear(&map);
}

/* A record with a generation is whole. */
static void whole_check(struct check *check, const struct xs_disk *disk)
{
	static const char *const all[] = {
		MX_XS_STATE, MX_XS_ID, MX_XS_EPOCH, MX_XS_SIZE, MX_XS_CHUNK,
		MX_XS_USED, MX_XS_SERVERS,
	};
	size_t i;

	if (!xs_pair(disk, MX_XS_GEN))
		return;
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!xs_pair(disk, all[i]))
			found(check, all[i], "is missing although there is " MX_XS_GEN);
	if (is_number(xs_value(disk, MX_XS_USED)) &&
	    strtoull(xs_value(disk, MX_XS_USED), NULL, 10) >
	    strtoull(xs_value(disk, MX_XS_SIZE), NULL, 10) / PAGE)
		found(check, MX_XS_USED, "is more than the volume's size");
}

unsigned int xs_check(const struct xs_disk *disk, xs_fault_fn fault, void *ctx)
{
	struct check check = { .fault = fault, .ctx = ctx };
	unsigned int i;

	for (i = 0; i < disk->npairs; i++)
		key_check(&check, &disk->pairs[i]);
	map_check(&check, disk);
	whole_check(&check, disk);
	return check.faults;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl postmortem: what all servers and this host know of a volume. It asks,
 * and claims nothing.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "memx_nl.h"
#include "memxctl.h"
#include "pm.h"
#include "size.h"

enum { SERVERS_MOST = 64, TRIES = 5, TRY_MS = 200 };

static const struct schema here_schema = {
	.fields = FIELDS(
		{ MEMX_A_NAME, F_STR, "name", "NAME" },
		{ MEMX_A_ID, F_ID64, "id", "ID" },
		{ MEMX_A_STATE, F_STR, "state", "STATE" },
		{ MEMX_A_CLAIM, F_STR, "claim", "CLAIM" },
		{ MEMX_A_EPOCH, F_U32, "epoch", "EPOCH" },
		{ MEMX_A_USER, F_STR, "user", "USER" },
		{ MEMX_A_SIZE, F_BYTES, "size", "SIZE" },
		{ MEMX_A_USED_PAGES, F_PAGES, "used_pages", "USED" },
		{ MEMX_A_PLACED, F_U32, "placed", "PLACED" },
		{ MEMX_A_CHUNKS, F_U32, "chunks", "CHUNKS" }
	),
};

enum { HERE_NAME, HERE_ID };	/* numbers of fields */

static const struct schema server_schema = {
	.fields = FIELDS(
		{ MEMX_A_NODE, F_ID64, "node", "NODE" },
		{ MEMX_A_INC, F_ID32, "incarnation", "INCARNATION" },
		{ MEMX_A_HOST, F_STR, "host", "HOST" },
		{ MEMX_A_STATE, F_STR, "state", "STATE" }
	),
};

enum { SERVER_NODE, SERVER_INC, SERVER_HOST, SERVER_STATE };

/**
 * struct answer - an answer that is being read
 * @s:    where to
 * @next: chunk to go on with, 0: that was all
 */
struct answer {
	struct pm_server *s;
	uint32_t	next;
};

static bool is_u32(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U32) >= 0;
}

static bool is_u64(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U64) >= 0;
}

static int claim_read(const struct nlattr *nest, struct pm_claim *c)
{
	const struct nlattr *attr;

	if (mnl_attr_validate(nest, MNL_TYPE_NESTED) < 0)
		return -EBADMSG;
	mnl_attr_for_each_nested(attr, nest) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == MEMX_A_NODE && is_u64(attr))
			c->node = mnl_attr_get_u64(attr);
		else if (type == MEMX_A_INC && is_u32(attr))
			c->inc = mnl_attr_get_u32(attr);
		else if (type == MEMX_A_EPOCH && is_u32(attr))
			c->epoch = mnl_attr_get_u32(attr);
	}
	return 0;
}

/* An array of @size bytes each behind the @n that are there. Return: 0 or an error */
static int array_read(const struct nlattr *attr, size_t size, void **array, unsigned int *n)
{
	size_t len = mnl_attr_get_payload_len(attr);
	char *grown;

	if (len % size)
		return -EBADMSG;
	if (!len)
		return 0;
	grown = out_need(reallocarray(*array, *n + len / size, size));
	memcpy(grown + *n * size, mnl_attr_get_payload(attr), len);
	*array = grown;
	*n += len / size;
	return 0;
}

static int roster_read(const struct nlattr *nest, struct pm_server *s)
{
	const struct nlattr *attr;
	int err = 0;

	if (mnl_attr_validate(nest, MNL_TYPE_NESTED) < 0)
		return -EBADMSG;
	s->nlives = 0;
	mnl_attr_for_each_nested(attr, nest) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == MEMX_A_EPOCH && is_u32(attr))
			s->repoch = mnl_attr_get_u32(attr);
		else if (type == MEMX_A_NUMBER && is_u32(attr))
			s->rnumber = mnl_attr_get_u32(attr);
		else if (type == MEMX_A_LIVES && !err)
			err = array_read(attr, sizeof(*s->life), (void **)&s->life, &s->nlives);
	}
	return err;
}

static int attr_read(const struct nlattr *attr, struct answer *a)
{
	struct pm_server *s = a->s;

	switch (mnl_attr_get_type(attr)) {
	case MEMX_A_OWNER:
		return claim_read(attr, &s->claim);
	case MEMX_A_TENTATIVE:
		return claim_read(attr, &s->tentative);
	case MEMX_A_ROSTER:
		return roster_read(attr, s);
	case MEMX_A_LISTED:
		return array_read(attr, sizeof(*s->chunk), (void **)&s->chunk, &s->nchunks);
	case MEMX_A_NAME:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
			return -EBADMSG;
		free(s->name);
		s->name = out_need(strdup(mnl_attr_get_str(attr)));
		return 0;
	case MEMX_A_SEALED:
		s->sealed = true;
		return 0;
	case MEMX_A_CHUNK_SHIFT:
		if (mnl_attr_validate(attr, MNL_TYPE_U8) < 0 || mnl_attr_get_u8(attr) > 32)
			return -EBADMSG;
		s->shift = mnl_attr_get_u8(attr);
		return 0;
	case MEMX_A_INC:
	case MEMX_A_CHUNK_NEXT:
		if (!is_u32(attr))
			return -EBADMSG;
		if (mnl_attr_get_type(attr) == MEMX_A_INC)
			s->inc = mnl_attr_get_u32(attr);
		else
			a->next = mnl_attr_get_u32(attr);
		return 0;
	case MEMX_A_SIZE:
	case MEMX_A_USED_PAGES:
	case MEMX_A_RESERVED:
		if (!is_u64(attr))
			return -EBADMSG;
		if (mnl_attr_get_type(attr) == MEMX_A_SIZE)
			s->size = mnl_attr_get_u64(attr);
		else if (mnl_attr_get_type(attr) == MEMX_A_USED_PAGES)
			s->used = mnl_attr_get_u64(attr);
		else
			s->promised = mnl_attr_get_u64(attr);
		return 0;
	}
	return 0;	/* of a newer kernel */
}

static int look_read(const struct nlmsghdr *msg, void *data)
{
	const struct nlattr *attr;
	int err = 0;

	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr)) {
		err = attr_read(attr, data);
		if (err)
			break;
	}
	return err;
}

/* One question, again if the server is busy. Return: 0 or a negative error */
static int look(struct ctl *ctl, uint64_t id, uint32_t first, struct answer *a)
{
	struct timespec pause = { 0, TRY_MS * 1000000L };
	struct nlmsghdr *msg;
	int err, tries;

	for (tries = 0; tries < TRIES; tries++) {
		if (tries)
			nanosleep(&pause, NULL);
		a->next = 0;
		msg = nl_begin(&ctl->nl, NL_CORE, MEMX_C_LOOK, NLM_F_ACK);
		mnl_attr_put_u64(msg, MEMX_A_NODE, a->s->node);
		mnl_attr_put_u64(msg, MEMX_A_ID, id);
		mnl_attr_put_u32(msg, MEMX_A_CHUNK_FIRST, first);
		err = nl_talk(&ctl->nl, look_read, a);
		if (err != -EAGAIN)
			break;
	}
	return err;
}

static enum pm_answer answer_of(int err)
{
	switch (err) {
	case 0:
		return PM_HAS;
	case -ENOENT:
		return PM_UNKNOWN;
	case -EIDRM:
		return PM_DROPPED;
	case -EHOSTDOWN:
	case -ETIMEDOUT:
		return PM_SILENT;
	}
	return PM_REFUSED;
}

/* Return: enum ctl_exit; that a server does not answer is no failure. */
static int server_ask(struct ctl *ctl, uint64_t id, struct pm_server *s)
{
	struct answer a = { .s = s };
	uint32_t first = 0;
	int err;

	do {
		err = look(ctl, id, first, &a);
		if (!err && a.next && a.next <= first)
			err = -EBADMSG;
		first = a.next;
	} while (!err && first);
	if (err == -EPERM || err == -EIO)
		return ctl_failed(ctl);
	if (err == -EBADMSG && !ctl->nl.why[0])
		snprintf(ctl->nl.why, sizeof(ctl->nl.why), "gives an answer that makes no sense");
	s->answer = answer_of(err);
	if (err) {
		s->nchunks = 0;
		s->nlives = 0;
		s->rnumber = 0;
		snprintf(s->why, sizeof(s->why), "%.*s", PM_WORDS - 1, ctl->nl.why);
	}
	return CTL_OK;
}

static int servers_ask(struct ctl *ctl, struct pm *pm)
{
	struct table table = { .schema = &server_schema };
	unsigned int r;
	int ret;

	ret = ctl_dump(ctl, NL_CORE, MEMX_C_SERVER_GET, &table, 0, NULL);
	if (!ret && table.nrows)
		pm->server = out_need(calloc(table.nrows, sizeof(*pm->server)));
	for (r = 0; r < table.nrows && r < SERVERS_MOST && !ret; r++) {
		const struct cell *cells = table.rows[r].cells;
		struct pm_server *s = &pm->server[pm->nservers++];

		s->node = cells[SERVER_NODE].num;
		s->inc = cells[SERVER_INC].num;
		s->host = out_need(strdup(cells[SERVER_HOST].set ? cells[SERVER_HOST].str : "?"));
		s->state = out_need(strdup(cells[SERVER_STATE].set ?
					   cells[SERVER_STATE].str : "?"));
		ret = server_ask(ctl, pm->id, s);
	}
	table_clear(&table);
	return ret;
}

/* This host's volume, or NULL. */
static const struct row *here_find(const struct table *table, const char *name, uint64_t id)
{
	unsigned int r;

	for (r = 0; r < table->nrows; r++) {
		const struct cell *cells = table->rows[r].cells;

		if (name ? cells[HERE_NAME].set && !strcmp(cells[HERE_NAME].str, name) :
			   cells[HERE_ID].num == id)
			return &table->rows[r];
	}
	return NULL;
}

static void show(struct ctl *ctl, const struct pm *pm, const struct table *table,
		 const struct row *here)
{
	if (ctl->json) {
		out_json(ctl->out, pm_json(pm, here ? row_json(table, here) : NULL));
		return;
	}
	if (here)
		row_print(table, here, ctl->out);
	else
		fputs("this host does not have the volume\n", ctl->out);
	fputc('\n', ctl->out);
	pm_print(pm, ctl->out);
}

static int postmortem(struct ctl *ctl, int argc, char **argv)
{
	struct table volumes = { .schema = &here_schema };
	const char *name = NULL, *id = NULL;
	const struct opt opts[] = { { "--id", &id }, { 0 } };
	const struct row *here;
	struct pm pm = { 0 };
	int ret;

	if (args_parse(argc, argv, opts, &name, 0, 1) < 0)
		return CTL_USAGE;
	if (!name == !id)
		return usage("which volume? its name, or --id ID if this host does not have it");
	if (id && (hex_parse(id, &pm.id) || !pm.id))
		return usage("'%s' is no id of a volume", id);
	if (name && !name_valid(name))
		return usage("'%s' is no name of a volume", name);
	if (ctl->field)
		return usage("postmortem has no --field; take --json");
	ret = ctl_dump(ctl, NL_CORE, MEMX_C_VOL_GET, &volumes, 0, NULL);
	here = ret ? NULL : here_find(&volumes, name, pm.id);
	if (!ret && name && !here) {
		complain("this host has no volume '%s'; give its id with --id (server volumes tells it on a server)",
			 name);
		ret = CTL_FAILED;
	}
	if (here)
		pm.id = here->cells[HERE_ID].num;
	if (!ret)
		ret = servers_ask(ctl, &pm);
	if (!ret) {
		pm_analyse(&pm);
		show(ctl, &pm, &volumes, here);
	}
	pm_clear(&pm);
	table_clear(&volumes);
	return ret;
}

const struct command postmortem_commands[] = {
	{ "postmortem", NULL, postmortem, "VOLUME | --id ID",
	  "tell what all servers and this host know of a volume; nothing is changed" },
	{ 0 }
};

// SPDX-License-Identifier: GPL-2.0
/*
 * memxctl monitor: tells what happens to servers and volumes, as it happens.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "memx_nl.h"
#include "memxctl.h"
#include "text.h"

/* Not of the kernel: no attribute has these numbers. */
enum { A_TIME = UINT16_MAX - 1, A_OBJECT = UINT16_MAX };

/* Numbers of the fields that both have. */
enum { TIME, OBJECT, EVENT, SEQ, NAME };

enum { TIME_TEXT = 32 };

static const struct schema server_schema = {
	.fields = FIELDS(
		{ A_TIME, F_STR, "time" },
		{ A_OBJECT, F_STR, "object" },
		{ MEMX_A_EVENT, F_STR, "event" },
		{ MEMX_A_SEQ, F_U64, "seq" },
		{ MEMX_A_HOST, F_STR, "host" },
		{ MEMX_A_NODE, F_ID64, "node" },
		{ MEMX_A_STATE, F_STR, "state" },
		{ MEMX_A_INC, F_ID32, "incarnation" }
	),
};

static const struct schema volume_schema = {
	.fields = FIELDS(
		{ A_TIME, F_STR, "time" },
		{ A_OBJECT, F_STR, "object" },
		{ MEMX_A_EVENT, F_STR, "event" },
		{ MEMX_A_SEQ, F_U64, "seq" },
		{ MEMX_A_NAME, F_STR, "name" },
		{ MEMX_A_ID, F_ID64, "id" },
		{ MEMX_A_SIZE, F_BYTES, "size" },
		{ MEMX_A_STATE, F_STR, "state" },
		{ MEMX_A_EPOCH, F_U32, "epoch" },
		{ MEMX_A_CLAIM, F_STR, "claim" },
		{ MEMX_A_USER, F_STR, "user" },
		{ MEMX_A_RESERVE_STATE, F_STR, "reserve_state" },
		{ MEMX_A_GRANTED, F_BYTES, "granted" }
	),
};

static const struct schema lost_schema = {
	.fields = FIELDS(
		{ A_TIME, F_STR, "time" },
		{ A_OBJECT, F_STR, "object" },
		{ MEMX_A_EVENT, F_STR, "event" }
	),
};

static void cell_say(struct row *row, unsigned int field, const char *text)
{
	struct cell *cell = &row->cells[field];

	free(cell->str);
	cell->str = out_need(strdup(text));
	cell->set = true;
}

/* UTC, as the hosts of a cluster may stand in several zones. */
static const char *now_text(char *text)
{
	struct timespec now;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	len = strftime(text, TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, TIME_TEXT - len, ".%03dZ", (int)(now.tv_nsec / 1000000));
	return text;
}

/* What people read behind the event: the values of the fields from @first on. */
static void details_print(const struct table *table, const struct row *row,
			  unsigned int first, FILE *out)
{
	const struct field *field = table->schema->fields;
	unsigned int i;

	for (i = first; field[i].key; i++) {
		if (!row->cells[i].set)
			continue;
		fprintf(out, "%s%s ", i == first ? "" : ", ", field[i].key);
		row_value(table, row, field[i].key, out);
	}
	fputc('\n', out);
}

/* Prints the rows of a table, which are of one kind, at once. */
static void rows_tell(struct ctl *ctl, struct table *table, const char *object,
		      const char *event)
{
	char text[TIME_TEXT];
	unsigned int r;

	for (r = 0; r < table->nrows; r++) {
		struct row *row = &table->rows[r];

		cell_say(row, TIME, now_text(text));
		cell_say(row, OBJECT, object);
		if (event)
			cell_say(row, EVENT, event);
		if (ctl->json) {
			out_json_line(ctl->out, row_json(table, row));
			continue;
		}
		fprintf(ctl->out, "%s  %-6s  ", row->cells[TIME].str, object);
		text_print(row->cells[EVENT].set ? row->cells[EVENT].str : "-", ctl->out);
		fputs("  ", ctl->out);
		details_print(table, row, NAME, ctl->out);
	}
	fflush(ctl->out);
}

/* What is now: at the beginning, and after events have been lost. */
static int present_tell(struct ctl *ctl)
{
	struct table servers = { .schema = &server_schema };
	struct table volumes = { .schema = &volume_schema };
	int ret;

	ret = ctl_dump(ctl, NL_CORE, MEMX_C_SERVER_GET, &servers, 0, NULL);
	if (!ret)
		ret = ctl_dump(ctl, NL_CORE, MEMX_C_VOL_GET, &volumes, 0, NULL);
	if (!ret) {
		rows_tell(ctl, &servers, "server", "now");
		rows_tell(ctl, &volumes, "volume", "now");
	}
	table_clear(&servers);
	table_clear(&volumes);
	return ret;
}

static void lost_tell(struct ctl *ctl)
{
	struct row row = { 0 };
	struct table table = { .schema = &lost_schema, .rows = &row, .nrows = 1 };

	if (ctl->json) {
		rows_tell(ctl, &table, "events", "lost");
	} else {
		char text[TIME_TEXT];

		fprintf(ctl->out, "%s  events  lost  what follows is the present state\n",
			now_text(text));
		fflush(ctl->out);
	}
	free(row.cells[TIME].str);
	free(row.cells[OBJECT].str);
	free(row.cells[EVENT].str);
}

/* One event. What a newer kernel tells of other things is passed over. */
static int event_tell(const struct nlmsghdr *msg, void *data)
{
	const struct genlmsghdr *head = mnl_nlmsg_get_payload(msg);
	struct table table = { 0 };
	int err;

	if (mnl_nlmsg_get_payload_len(msg) < sizeof(*head))
		return -EBADMSG;
	if (head->cmd == MEMX_C_SERVER_EVENT)
		table.schema = &server_schema;
	else if (head->cmd == MEMX_C_VOLUME_EVENT)
		table.schema = &volume_schema;
	else
		return 0;
	err = table_add(msg, &table);
	if (!err)
		rows_tell(data, &table, table.schema == &server_schema ? "server" : "volume",
			  NULL);
	table_clear(&table);
	return err;
}

static int monitor(struct ctl *ctl, int argc, char **argv)
{
	const struct opt none[] = { { 0 } };
	int ret, err;

	if (args_parse(argc, argv, none, NULL, 0, 0) < 0)
		return CTL_USAGE;
	if (ctl->field)
		return usage("monitor has no --field; take --json");
	ret = ctl_family(ctl, NL_CORE, false);
	if (ret)
		return ret;
	/* Listening comes first, so that nothing falls between. */
	if (nl_listen(&ctl->nl, NL_CORE, MEMX_NL_EVENTS))
		return ctl_failed(ctl);
	ret = present_tell(ctl);
	while (!ret && !ferror(ctl->out)) {
		err = nl_next(&ctl->nl, event_tell, ctl);
		if (err == -ENOBUFS) {
			/* Anew: what is queued is older than what was lost. */
			if (nl_listen(&ctl->nl, NL_CORE, MEMX_NL_EVENTS))
				return ctl_failed(ctl);
			lost_tell(ctl);
			ret = present_tell(ctl);
		} else if (err) {
			ret = ctl_failed(ctl);
		}
	}
	return ret;
}

const struct command monitor_commands[] = {
	{ "monitor", NULL, monitor, "",
	  "tell what happens to servers and volumes, until it is stopped", true },
	{ 0 }
};

// SPDX-License-Identifier: GPL-2.0
/*
 * Reads netlink attributes into rows, by a description of their fields.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "size.h"
#include "table.h"

static enum mnl_attr_data_type type_of(uint8_t kind)
{
	switch (kind) {
	case F_STR:
		return MNL_TYPE_NUL_STRING;
	case F_U8:
	case F_CHUNK:
	case F_WORD:
		return MNL_TYPE_U8;
	case F_U32:
	case F_ID32:
		return MNL_TYPE_U32;
	case F_FLAG:
		return MNL_TYPE_FLAG;
	case F_STATS:
		return MNL_TYPE_NESTED;
	default:
		return MNL_TYPE_U64;
	}
}

static bool attr_ok(const struct nlattr *attr, uint8_t kind)
{
	size_t len = mnl_attr_get_payload_len(attr);

	if (kind == F_MAC)
		return len == 6;
	if (kind == F_HIST)
		return len && !(len % sizeof(uint64_t)) &&
		       len <= HIST_MOST * sizeof(uint64_t);
	return mnl_attr_validate(attr, type_of(kind)) >= 0;
}

static int hist_read(struct cell *cell, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);
	uint64_t *hist = malloc(len);

	if (!hist)
		return -ENOMEM;
	free(cell->hist);
	cell->hist = memcpy(hist, mnl_attr_get_payload(attr), len);
	cell->num = len / sizeof(*hist);
	cell->set = true;
	return 0;
}

static int cell_read(struct cell *cell, const struct nlattr *attr, uint8_t kind)
{
	const uint8_t *byte;
	int i;

	if (!attr_ok(attr, kind))
		return -EBADMSG;
	if (kind == F_HIST)
		return hist_read(cell, attr);
	switch (type_of(kind)) {
	case MNL_TYPE_NUL_STRING:
		free(cell->str);
		cell->str = strdup(mnl_attr_get_str(attr));
		if (!cell->str)
			return -ENOMEM;
		break;
	case MNL_TYPE_U8:
		cell->num = mnl_attr_get_u8(attr);
		break;
	case MNL_TYPE_U32:
		cell->num = mnl_attr_get_u32(attr);
		break;
	case MNL_TYPE_FLAG:
		cell->num = 1;
		break;
	default:
		if (kind == F_MAC) {
			byte = mnl_attr_get_payload(attr);
			cell->num = 0;
			for (i = 0; i < 6; i++)
				cell->num = cell->num << 8 | byte[i];
		} else {
			cell->num = mnl_attr_get_u64(attr);
		}
	}
	if (kind == F_CHUNK) {
		if (cell->num > 32)
			return -EBADMSG;
		cell->num = (uint64_t)SIZE_PAGE << cell->num;
	}
	cell->set = true;
	return 0;
}

static int counter_read(const struct schema *schema, struct row *row,
			const struct nlattr *nest)
{
	struct cell name = { 0 }, value = { 0 }, help = { 0 };
	const struct nlattr *attr;
	struct counter *grown;
	int err = 0;

	if (!attr_ok(nest, F_STATS))
		return -EBADMSG;
	mnl_attr_for_each_nested(attr, nest) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == schema->stat_name)
			err = cell_read(&name, attr, F_STR);
		else if (type == schema->stat_value)
			err = cell_read(&value, attr, F_U64);
		else if (type == schema->stat_help)
			err = cell_read(&help, attr, F_STR);
		if (err)
			goto out;
	}
	err = -EBADMSG;
	if (!name.set || !value.set)
		goto out;
	err = -ENOMEM;
	grown = reallocarray(row->counters, row->ncounters + 1, sizeof(*grown));
	if (!grown)
		goto out;
	row->counters = grown;
	grown[row->ncounters++] = (struct counter){ name.str, help.str, value.num };
	return 0;
out:
	free(name.str);
	free(help.str);
	return err;
}

static int stats_read(const struct schema *schema, struct row *row,
		      const struct nlattr *nest)
{
	const struct nlattr *attr;
	int err;

	if (mnl_attr_get_type(nest) == schema->stat)
		return counter_read(schema, row, nest);
	if (!attr_ok(nest, F_STATS))
		return -EBADMSG;
	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) != schema->stat)
			continue;
		err = counter_read(schema, row, attr);
		if (err)
			return err;
	}
	return 0;
}

static int attr_read(const struct schema *schema, struct row *row,
		     const struct nlattr *attr)
{
	const struct field *field = schema->fields;
	unsigned int i;

	for (i = 0; field[i].key; i++) {
		if (field[i].attr != mnl_attr_get_type(attr))
			continue;
		if (field[i].kind == F_STATS)
			return stats_read(schema, row, attr);
		return cell_read(&row->cells[i], attr, field[i].kind);
	}
	return 0;	/* of a newer kernel */
}

int table_add_attrs(struct table *table, const void *attrs, size_t len)
{
	const struct nlattr *attr;
	struct row *row, *grown;
	int err;

	grown = reallocarray(table->rows, table->nrows + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	table->rows = grown;
	row = &grown[table->nrows++];
	memset(row, 0, sizeof(*row));
	mnl_attr_for_each_payload(attrs, len) {
		err = attr_read(table->schema, row, attr);
		if (err)
			return err;
	}
	return 0;
}

int table_add(const struct nlmsghdr *msg, void *table)
{
	size_t skip = MNL_ALIGN(4);	/* struct genlmsghdr */

	if (mnl_nlmsg_get_payload_len(msg) < skip)
		return -EBADMSG;
	return table_add_attrs(table, mnl_nlmsg_get_payload_offset(msg, skip),
			       mnl_nlmsg_get_payload_len(msg) - skip);
}

void table_clear(struct table *table)
{
	unsigned int i, k;

	for (i = 0; i < table->nrows; i++) {
		struct row *row = &table->rows[i];

		for (k = 0; k < TABLE_FIELDS; k++) {
			free(row->cells[k].str);
			free(row->cells[k].hist);
		}
		for (k = 0; k < row->ncounters; k++) {
			free(row->counters[k].name);
			free(row->counters[k].help);
		}
		free(row->counters);
	}
	free(table->rows);
	table->rows = NULL;
	table->nrows = 0;
}

const struct cell *row_cell(const struct table *table, const struct row *row,
			    const char *key)
{
	static const struct cell none;
	const struct field *field = table->schema->fields;
	unsigned int i;

	for (i = 0; field[i].key; i++)
		if (!strcmp(field[i].key, key))
			return &row->cells[i];
	return &none;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes memxctl's reading of netlink attributes and showing what it has read.
 */
#include <stdlib.h>
#include "../../tools/lib/out.c"
#include "../../tools/lib/size.c"
#include "../../tools/lib/text.c"
#include "../../tools/show.c"
#include "../../tools/table.c"
#include "input.h"

static const char *const words[] = { "down", "hello", "up", NULL };

/* One field of each kind, by the number of its kind. */
static const struct schema schema = {
	.fields = (const struct field[]){
		{ 1, F_STR, "str", "STR", NULL },
		{ 2, F_U8, "u8", "U8", NULL },
		{ 3, F_U32, "u32", "U32", NULL },
		{ 4, F_U64, "u64", "U64", NULL },
		{ 5, F_BYTES, "bytes", "BYTES", NULL },
		{ 6, F_PAGES, "pages", "PAGES", NULL },
		{ 7, F_ID32, "id32", "ID32", NULL },
		{ 8, F_ID64, "id64", NULL, NULL },
		{ 9, F_CHUNK, "chunk", "CHUNK", NULL },
		{ 10, F_FLAG, "flag", "FLAG", NULL },
		{ 11, F_MAC, "mac", "MAC", NULL },
		{ 12, F_WORD, "word", "WORD", words },
		{ 13, F_STATS, "counters", NULL, NULL },
		{ 0, 0, NULL, NULL, NULL }
	},
	.stat = 14,
	.stat_name = 15,
	.stat_value = 16,
	.stat_help = 17,
};

static void show(const struct table *table, FILE *out)
{
	unsigned int r;

	out_json(out, table_json(table));
	out_json_line(out, table_json(table));
	table_print(table, out);
	for (r = 0; r < table->nrows; r++) {
		row_print(table, &table->rows[r], out);
		if (row_fields(table, &table->rows[r], "str,chunk,word", out))
			abort();
		if (!row_fields(table, &table->rows[r], "counters", out))
			abort();
	}
}

/* The input is two messages' attributes: a length, then these, then the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct table table = { .schema = &schema };
	uint32_t *copy = malloc(size + 8);
	size_t first, text_len;
	char *text = NULL;
	FILE *out;

	if (!copy)
		abort();
	first = size ? MNL_ALIGN(data[0] * 4) : 0;
	if (size && first < size) {
		memcpy(copy, data + 1, size - 1);
		table_add_attrs(&table, copy, first < size - 1 ? first : size - 1);
		table_add_attrs(&table, copy + first / 4,
				first < size - 1 ? size - 1 - first : 0);
	}
	out = open_memstream(&text, &text_len);
	if (!out)
		abort();
	show(&table, out);
	fclose(out);
	free(text);
	table_clear(&table);
	free(copy);
	return 0;
}

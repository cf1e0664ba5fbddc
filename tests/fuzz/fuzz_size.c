// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes what memxctl takes from the command line and prints: sizes, numbers,
 * names, text.
 */
#include <stdlib.h>
#include "../../tools/lib/out.c"
#include "../../tools/lib/size.c"
#include "../../tools/lib/text.c"
#include "input.h"

/* Whatever goes in, what comes out has no byte that a terminal acts on. */
static void try_text(const char *text, size_t size)
{
	char *out = NULL;
	size_t len, i;
	struct json_object *doc = out_array();
	FILE *f = open_memstream(&out, &len);

	must(f);
	text_print(text, f);
	out_str(doc, NULL, text);
	out_json_line(f, doc);
	fclose(f);
	must(len >= 5 && len <= 8 * size + 5 && out[--len] == '\n');
	for (i = 0; i < len; i++)
		must((unsigned char)out[i] >= 0x20 && out[i] != 0x7f);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), shortest[SIZE_TEXT];
	uint64_t bytes, again;

	must(text);
	memcpy(text, data, size);
	text[size] = 0;
	if (!size_parse(text, &bytes)) {
		size_format(bytes, shortest);
		must(!!strchr(shortest, '.') ||
		     (!size_parse(shortest, &again) && again == bytes));
	}
	if (!number_parse(text, 1000, &bytes))
		must(bytes <= 1000);
	if (name_valid(text))
		must(strlen(text) <= 63 && !strchr(text, '/') && text[0] != '.');
	try_text(text, size);
	free(text);
	return 0;
}

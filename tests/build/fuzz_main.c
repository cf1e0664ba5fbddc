// SPDX-License-Identifier: GPL-2.0
/*
 * Drives a fuzz target where libFuzzer is missing: replays the corpus, then
 * mutations of it from a fixed seed. Takes -runs=N and corpus folders.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_BYTES = 16384,
	CORPUS_FILES = 512,
};

/**
 * struct input - one input in memory
 * @data: INPUT_BYTES bytes, allocated
 * @size: bytes used
 */
struct input {
	uint8_t *data;
	size_t size;
};

static struct input corpus[CORPUS_FILES];
static size_t corpus_count;
static uint64_t state = 0x9e3779b97f4a7c15ULL;

static uint32_t draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % below;
}

static void add_file(const char *dir, const char *name)
{
	struct input *in = &corpus[corpus_count];
	char path[4096];
	FILE *f;

	if (name[0] == '.' || corpus_count == CORPUS_FILES)
		return;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (!f)
		return;
	in->data = malloc(INPUT_BYTES);
	in->size = in->data ? fread(in->data, 1, INPUT_BYTES, f) : 0;
	corpus_count += in->data ? 1 : 0;
	fclose(f);
}

static void add_dir(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	if (!d)
		return;
	while ((e = readdir(d)))
		add_file(dir, e->d_name);
	closedir(d);
}

static void mutate(struct input *to)
{
	uint32_t edits = 1 + draw(8);

	to->size = 0;
	if (corpus_count) {
		const struct input *from = &corpus[draw(corpus_count)];

		memcpy(to->data, from->data, from->size);
		to->size = from->size;
	}
	if (!to->size || !draw(4))
		to->size = 1 + draw(1U << (1 + draw(13)));
	while (edits--)
		to->data[draw(to->size)] = draw(2) ? draw(256) : draw(2) * 255;
}

int main(int argc, char **argv)
{
	long runs = 10000;
	uint8_t *exact;
	struct input in;
	int i;

	for (i = 1; i < argc; i++) {
		if (argv[i][0] != '-')
			add_dir(argv[i]);
		else if (!strncmp(argv[i], "-runs=", 6))
			runs = atol(argv[i] + 6);
	}
	for (i = 0; i < (int)corpus_count; i++)
		LLVMFuzzerTestOneInput(corpus[i].data, corpus[i].size);

	in.data = calloc(1, INPUT_BYTES);
	if (!in.data)
		return 1;
	for (; runs > 0; runs--) {
		mutate(&in);
		/* A block of the exact size lets ASan see one byte too far. */
		exact = malloc(in.size);
		if (!exact)
			return 1;
		memcpy(exact, in.data, in.size);
		LLVMFuzzerTestOneInput(exact, in.size);
		free(exact);
	}
	free(in.data);
	for (i = 0; i < (int)corpus_count; i++)
		free(corpus[i].data);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Writes to a block device words that tell where they belong and which seed
 * wrote them, or reads them back and names the first that is wrong.
 *
 *	pattern write|verify|insist DEVICE OFFSET LENGTH SEED [BLOCK]
 *
 * Sizes take a suffix K, M or G. Goes past the page cache (O_DIRECT). insist is
 * verify that repeats reads that fail.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t size_arg(const char *s)
{
	char *end;
	uint64_t v = strtoull(s, &end, 0);

	switch (*end) {
	case 'G': case 'g':
		v <<= 10;
		/* fall through */
	case 'M': case 'm':
		v <<= 10;
		/* fall through */
	case 'K': case 'k':
		v <<= 10;
	}
	return v;
}

/* A different word for each position and seed (splitmix64). */
static uint64_t word_at(uint64_t pos, uint64_t seed)
{
	uint64_t z = pos + seed * 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static void fill(uint64_t *buf, uint64_t pos, size_t len, uint64_t seed)
{
	for (size_t i = 0; i < len / sizeof(*buf); i++)
		buf[i] = word_at(pos + i * sizeof(*buf), seed);
}

static int compare(const uint64_t *buf, uint64_t pos, size_t len, uint64_t seed)
{
	for (size_t i = 0; i < len / sizeof(*buf); i++) {
		uint64_t at = pos + i * sizeof(*buf), want = word_at(at, seed);

		if (buf[i] == want)
			continue;
		printf("mismatch at byte %" PRIu64 ": %016" PRIx64 ", expected %016" PRIx64 "\n",
		       at, buf[i], want);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t pos, end, seed;
	size_t block;
	void *buf;
	int fd, writing, insisting;

	writing = argc > 5 && !strcmp(argv[1], "write");
	insisting = argc > 5 && !strcmp(argv[1], "insist");
	if (argc < 6 || (!writing && !insisting && strcmp(argv[1], "verify"))) {
		fprintf(stderr, "usage: pattern write|verify|insist DEVICE OFFSET LENGTH SEED [BLOCK]\n");
		return 2;
	}
	pos = size_arg(argv[3]);
	end = pos + size_arg(argv[4]);
	seed = strtoull(argv[5], NULL, 0);
	block = argc > 6 ? size_arg(argv[6]) : 128 << 10;
	fd = open(argv[2], (writing ? O_WRONLY : O_RDONLY) | O_DIRECT);
	if (fd < 0 || posix_memalign(&buf, 4096, block)) {
		fprintf(stderr, "pattern: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	for (; pos < end; pos += block) {
		size_t len = end - pos < block ? end - pos : block;
		ssize_t n;

		if (writing)
			fill(buf, pos, len, seed);
		do
			n = writing ? pwrite(fd, buf, len, pos) : pread(fd, buf, len, pos);
		while (insisting && n < 0);
		if (n != (ssize_t)len) {
			printf("%s of %zu bytes at %" PRIu64 ": %s\n", argv[1], len, pos,
			       n < 0 ? strerror(errno) : "short");
			return 1;
		}
		if (!writing && compare(buf, pos, len, seed))
			return 1;
	}
	if (writing && fsync(fd)) {
		printf("fsync: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Overwrites the same pages of a block device again and again, in large and in
 * small pieces, and shows that none is ever older than its last good write.
 *
 *	versions DEVICE OFFSET PAGES WORKERS SECONDS
 *
 * Each worker has PAGES pages of its own, at most MAX_PAGES. In a round it
 * writes them all with one write, then some of them one by one, each until that
 * has been done, and reads all back. Each page carries its number and a
 * version. A write that fails may have been done or not: a page must have at
 * least the version of the last write that did not fail, and at most that of
 * the last one that was tried. What was read once must not become older. Ends
 * with a line of JSON.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096
#define MAX_PAGES	64
#define MAX_WORKERS	64
#define WORDS		(PAGE / sizeof(uint64_t))
#define SINGLES		3	/* pages that are written one by one in a round */

/**
 * struct worker - what one has done; shared with the parent
 * @rounds: rounds
 * @failed: writes that failed
 * @unread: reads that failed
 * @stale:  pages that were older than they may be, or torn
 * @late:   longest time a write or read took, ms
 */
struct worker {
	uint64_t rounds;
	uint64_t failed;
	uint64_t unread;
	uint64_t stale;
	uint64_t late;
};

/**
 * struct area - a worker's pages
 * @fd:   the device
 * @at:   byte where the first one is
 * @n:    how many
 * @next: version of the next write
 * @good: version that each has at least
 * @most: version that each has at most
 * @buf:  for all of them
 * @w:    where it counts
 */
struct area {
	int fd;
	uint64_t at;
	unsigned int n;
	uint64_t next;
	uint64_t good[MAX_PAGES];
	uint64_t most[MAX_PAGES];
	uint64_t *buf;
	struct worker *w;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

static void took(struct worker *w, uint64_t since)
{
	uint64_t ms = now_ms() - since;

	if (ms > w->late)
		w->late = ms;
}

/* Return: whether it was done. */
static int write_pages(struct area *a, unsigned int first, unsigned int n)
{
	uint64_t version = a->next++, start = now_ms();
	unsigned int i;
	ssize_t done;

	for (i = 0; i < n * WORDS; i++)
		a->buf[i] = version << 32 | (first + i / WORDS) << 16 | i % WORDS;
	for (i = first; i < first + n; i++)
		a->most[i] = version;
	done = pwrite(a->fd, a->buf, n * PAGE, a->at + first * PAGE);
	took(a->w, start);
	if (done != (ssize_t)(n * PAGE)) {
		a->w->failed++;
		return 0;
	}
	for (i = first; i < first + n; i++)
		a->good[i] = version;
	return 1;
}

/* The version of a page, 0 if it was never written, ~0 if it is torn. */
static uint64_t version_of(const uint64_t *page, unsigned int number)
{
	uint64_t version = page[0] >> 32;
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		if (page[i] != (version ? version << 32 | number << 16 | i : 0))
			return ~0ull;
	return version;
}

static void check_page(struct area *a, unsigned int number)
{
	uint64_t version = version_of(a->buf + number * WORDS, number);

	if (version >= a->good[number] && version <= a->most[number]) {
		a->good[number] = version;
		return;
	}
	a->w->stale++;
	printf("page %u at %" PRIu64 ": version %" PRId64 ", not %" PRIu64 " to %" PRIu64 "\n",
	       number, a->at, (int64_t)version, a->good[number], a->most[number]);
	fflush(stdout);
	a->good[number] = 0;
	a->most[number] = a->next;
}

static void read_pages(struct area *a)
{
	uint64_t start = now_ms();
	unsigned int i;
	ssize_t n = pread(a->fd, a->buf, a->n * PAGE, a->at);

	took(a->w, start);
	if (n != (ssize_t)(a->n * PAGE)) {
		a->w->unread++;
		return;
	}
	for (i = 0; i < a->n; i++)
		check_page(a, i);
}

static void work(struct area *a, uint64_t end)
{
	unsigned int i;

	while (now_ms() < end) {
		write_pages(a, 0, a->n);
		for (i = 0; i < SINGLES && i < a->n; i++)
			while (!write_pages(a, (a->w->rounds + i) % a->n, 1) && now_ms() < end)
				usleep(50000);
		read_pages(a);
		a->w->rounds++;
	}
	/* What was under way has come to its end by now, or never will. */
	sleep(3);
	read_pages(a);
}

static void start(char **argv, unsigned int index, struct worker *w, uint64_t end)
{
	struct area a = { .n = strtoul(argv[3], NULL, 0), .next = 1, .w = w };

	a.at = strtoull(argv[2], NULL, 0) + (uint64_t)index * a.n * PAGE;
	a.fd = open(argv[1], O_RDWR | O_DIRECT);
	if (a.fd < 0 || posix_memalign((void **)&a.buf, PAGE, MAX_PAGES * PAGE)) {
		fprintf(stderr, "versions: %s: %s\n", argv[1], strerror(errno));
		_exit(1);
	}
	work(&a, end);
	fflush(stdout);
	_exit(0);
}

static int report(const struct worker *w, unsigned int n)
{
	struct worker sum = { 0 };
	unsigned int i;

	for (i = 0; i < n; i++) {
		sum.rounds += w[i].rounds;
		sum.failed += w[i].failed;
		sum.unread += w[i].unread;
		sum.stale += w[i].stale;
		if (w[i].late > sum.late)
			sum.late = w[i].late;
	}
	printf("{\"rounds\": %" PRIu64 ", \"failed\": %" PRIu64 ", \"unread\": %" PRIu64
	       ", \"stale\": %" PRIu64 ", \"longest_ms\": %" PRIu64 "}\n",
	       sum.rounds, sum.failed, sum.unread, sum.stale, sum.late);
	return sum.stale ? 1 : 0;
}

int main(int argc, char **argv)
{
	unsigned int workers, i;
	struct worker *w;
	uint64_t end;
	int status, bad = 0;

	workers = argc == 6 ? strtoul(argv[4], NULL, 0) : 0;
	if (!workers || workers > MAX_WORKERS || strtoul(argv[3], NULL, 0) > MAX_PAGES) {
		fprintf(stderr, "usage: versions DEVICE OFFSET PAGES WORKERS SECONDS\n");
		return 2;
	}
	w = mmap(NULL, workers * sizeof(*w), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	end = now_ms() + strtoul(argv[5], NULL, 0) * 1000;
	for (i = 0; i < workers; i++)
		if (!fork())
			start(argv, i, w + i, end);
	while (wait(&status) > 0)
		bad |= status;
	if (bad)
		return 3;
	return report(w, workers);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Sorts more integers than there is memory: fills N MiB with numbers from a
 * seed, sorts them in place, and proves order and content afterwards. Or changes
 * a number in each page, again and again, for some seconds, which tells how fast
 * pages come and go. The last line of output is one JSON object with the times
 * and the pages swapped.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define SMALL	24		/* runs this short are sorted by insertion */
#define PAGE	(4096 / sizeof(uint32_t))

/**
 * struct digest - what a permutation of the numbers cannot change
 * @sum: their sum modulo 2^64
 * @xor: their exclusive or
 * @squares: the sum of their squares modulo 2^64
 */
struct digest {
	uint64_t sum;
	uint32_t xor;
	uint64_t squares;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static uint64_t vmstat(const char *key)
{
	char name[64];
	uint64_t value, found = 0;
	FILE *f = fopen("/proc/vmstat", "r");

	if (!f)
		return 0;
	while (fscanf(f, "%63s %" SCNu64, name, &value) == 2)
		if (!strcmp(name, key))
			found = value;
	fclose(f);
	return found;
}

static void digest_add(struct digest *d, uint32_t v)
{
	d->sum += v;
	d->xor ^= v;
	d->squares += (uint64_t)v * v;
}

static struct digest fill(uint32_t *a, size_t n, uint64_t seed)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15ull + 1;
	struct digest d = { 0 };

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		a[i] = x >> 16;
		digest_add(&d, a[i]);
	}
	return d;
}

static void insertion_sort(uint32_t *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint32_t v = a[i];
		size_t j = i;

		for (; j && a[j - 1] > v; j--)
			a[j] = a[j - 1];
		a[j] = v;
	}
}

static uint32_t median(uint32_t a, uint32_t b, uint32_t c)
{
	if (a < b)
		return b < c ? b : a < c ? c : a;
	return a < c ? a : b < c ? c : b;
}

/* Hoare's partition; returns the first index of the upper part, never 0 or n. */
static size_t split(uint32_t *a, size_t n)
{
	uint32_t pivot = median(a[0], a[n / 2], a[n - 1]);
	size_t i = 0, j = n - 1;

	for (;;) {
		while (a[i] < pivot)
			i++;
		while (a[j] > pivot)
			j--;
		if (i >= j)
			return i ? i : 1;
		uint32_t v = a[i];

		a[i++] = a[j];
		a[j--] = v;
	}
}

/* Recurses into the smaller part, so the stack stays logarithmic. */
static void quicksort(uint32_t *a, size_t n)
{
	while (n > SMALL) {
		size_t k = split(a, n);

		if (k < n - k) {
			quicksort(a, k);
			a += k;
			n -= k;
		} else {
			quicksort(a + k, n - k);
			n = k;
		}
	}
	insertion_sort(a, n);
}

static bool sorted(const uint32_t *a, size_t n, const struct digest *want)
{
	struct digest d = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (i && a[i - 1] > a[i]) {
			printf("out of order at %zu: %u, %u\n", i, a[i - 1], a[i]);
			return false;
		}
		digest_add(&d, a[i]);
	}
	if (d.sum != want->sum || d.xor != want->xor || d.squares != want->squares) {
		printf("the sorted numbers are not the numbers filled in\n");
		return false;
	}
	return true;
}

/* Goes over the pages in order for so many seconds. */
static void churn(uint32_t *a, size_t n, double seconds)
{
	uint64_t in = vmstat("pswpin");
	double start = now(), took;
	size_t i = 0;

	do {
		a[i]++;
		i = (i + PAGE) % n;
		took = now() - start;
	} while (took < seconds);
	printf("{\"seconds\": %.3f, \"pswpin\": %" PRIu64 "}\n", took,
	       vmstat("pswpin") - in);
}

int main(int argc, char **argv)
{
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	size_t n = (mib << 20) / sizeof(uint32_t);
	uint64_t in = vmstat("pswpin"), out = vmstat("pswpout"), major = vmstat("pgmajfault");
	double t0 = now(), t1, t2, t3;
	struct digest want;
	uint32_t *a;
	bool ok;

	if (!mib) {
		fprintf(stderr, "usage: memsort MIB [SEED [SECONDS]]\n");
		return 2;
	}
	a = mmap(NULL, n * sizeof(*a), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (a == MAP_FAILED) {
		perror("memsort: mmap");
		return 1;
	}
	want = fill(a, n, seed);
	if (argc > 3) {
		churn(a, n, strtod(argv[3], NULL));
		return 0;
	}
	t1 = now();
	quicksort(a, n);
	t2 = now();
	ok = sorted(a, n, &want);
	t3 = now();
	printf("{\"ok\": %s, \"mib\": %zu, ", ok ? "true" : "false", mib);
	printf("\"fill_s\": %.3f, \"sort_s\": %.3f, \"verify_s\": %.3f, ",
	       t1 - t0, t2 - t1, t3 - t2);
	printf("\"pswpin\": %" PRIu64 ", \"pswpout\": %" PRIu64 ", \"pgmajfault\": %" PRIu64 "}\n",
	       vmstat("pswpin") - in, vmstat("pswpout") - out, vmstat("pgmajfault") - major);
	return ok ? 0 : 1;
}

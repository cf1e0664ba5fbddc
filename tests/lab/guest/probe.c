// SPDX-License-Identifier: GPL-2.0
/*
 * Measures how long single I/Os of a block device take while the host is short
 * of memory and swaps, which other processes of this program see to.
 *
 *	probe DEVICE SECONDS HOGS MIB CHURN OFFSET...
 *
 * At each OFFSET (bytes) one page is written, and read back, in turn. Each of
 * HOGS processes changes pages of MIB MiB of its own in random order; one more
 * asks for CHURN MiB, fills them and gives them back. All of them pause between
 * steps, so that the device has more to do than nothing and less than it can.
 * Every second a line is written:
 *
 *	SECOND IOS ERRORS LONGEST_MS STEPS
 *
 * LONGEST_MS counts an I/O that is still under way, STEPS what the hogs did.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096
#define HOG_MS		40	/* pause of a hog after each page */
#define CHURN_MS	100	/* pause after CHURN_STEP pages that were filled */
#define CHURN_STEP	64

/**
 * struct shared - what all processes see
 * @steps: what the hogs have done
 * @since: ms when the I/O under way began; 0: none
 * @most:  longest time of an I/O of this second, ms
 * @ios:   I/Os of this second
 * @errors: of them, those that failed or read something else than was written
 */
struct shared {
	_Atomic uint64_t steps;
	_Atomic uint64_t since;
	_Atomic uint64_t most;
	_Atomic uint64_t ios;
	_Atomic uint64_t errors;
};

/**
 * struct places - what the prober goes through
 * @fd: the device
 * @at: bytes where
 * @n:  how many
 * @s:  where it counts
 */
struct places {
	int fd;
	uint64_t *at;
	unsigned int n;
	struct shared *s;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

static void pause_ms(unsigned int ms)
{
	struct timespec t = { .tv_nsec = ms * 1000000L };

	nanosleep(&t, NULL);
}

static void no_swap_for_me(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);

	if (mlockall(MCL_CURRENT | MCL_FUTURE) || fd < 0 || write(fd, "-1000", 5) != 5)
		fprintf(stderr, "probe: %s\n", strerror(errno));
	close(fd);
}

/* Changes pages of its own in random order, for ever. */
static void hog(struct shared *s, size_t bytes, unsigned int seed)
{
	char *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t pages = bytes / PAGE, i;

	for (i = 0; i < pages; i++)
		*(uint64_t *)(mem + i * PAGE) = i;
	for (;;) {
		size_t page = rand_r(&seed) % pages;
		uint64_t *word = (uint64_t *)(mem + page * PAGE);

		if (*word % pages != page)
			abort();
		*word += pages;
		s->steps++;
		pause_ms(HOG_MS);
	}
}

/* Asks for memory, fills it and gives it back, for ever. */
static void churn(struct shared *s, size_t bytes)
{
	for (;;) {
		char *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		size_t i;

		for (i = 0; i < bytes; i += PAGE) {
			mem[i] = 1;
			if (i / PAGE % CHURN_STEP)
				continue;
			s->steps++;
			pause_ms(CHURN_MS);
		}
		munmap(mem, bytes);
	}
}

static void one_io(struct places *p, void *buf, uint64_t at, int writing)
{
	uint64_t start = now_ms(), took;
	ssize_t n;

	p->s->since = start;
	n = writing ? pwrite(p->fd, buf, PAGE, at) : pread(p->fd, buf, PAGE, at);
	took = now_ms() - start;
	p->s->since = 0;
	p->s->ios++;
	if (n != PAGE)
		p->s->errors++;
	if (took > p->s->most)
		p->s->most = took;
}

static void *prober(void *arg)
{
	struct places *p = arg;
	uint64_t *buf, round;
	unsigned int i;

	if (posix_memalign((void **)&buf, PAGE, PAGE))
		return NULL;
	for (round = 1;; round++) {
		for (i = 0; i < p->n; i++) {
			memset(buf, round, PAGE);
			one_io(p, buf, p->at[i], 1);
			memset(buf, 0, PAGE);
			one_io(p, buf, p->at[i], 0);
			if ((uint8_t)buf[0] != (uint8_t)round)
				p->s->errors++;
			pause_ms(10);
		}
	}
	return NULL;
}

/* A hog that found something else than it wrote has ended itself. */
static void count_lost(struct shared *s)
{
	int status;

	while (waitpid(-1, &status, WNOHANG) > 0)
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT)
			s->errors++;
}

static void tell(struct shared *s, unsigned int second)
{
	uint64_t since = s->since, most = s->most, now = now_ms();
	char line[128];
	int n;

	if (since && now > since && now - since > most)
		most = now - since;
	n = snprintf(line, sizeof(line), "%u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
		     second, s->ios, s->errors, most, s->steps);
	s->ios = 0;
	s->most = 0;
	if (write(1, line, n) != n)
		exit(1);
}

static int start_probing(int argc, char **argv, struct shared *s)
{
	struct places *p = calloc(1, sizeof(*p));
	pthread_t thread;
	int i;

	if (!p)
		return -1;
	p->s = s;
	p->n = argc - 6;
	p->at = calloc(p->n, sizeof(*p->at));
	p->fd = open(argv[1], O_RDWR | O_DIRECT);
	if (!p->at || p->fd < 0)
		return -1;
	for (i = 0; i < (int)p->n; i++)
		p->at[i] = strtoull(argv[6 + i], NULL, 0);
	return pthread_create(&thread, NULL, prober, p);
}

int main(int argc, char **argv)
{
	unsigned int seconds, hogs, i;
	struct shared *s;
	size_t bytes;
	pid_t pid[65];

	hogs = argc > 6 ? strtoul(argv[3], NULL, 0) : 0;
	if (!hogs || hogs > 64) {
		fprintf(stderr, "usage: probe DEVICE SECONDS HOGS MIB CHURN OFFSET...\n");
		return 2;
	}
	seconds = strtoul(argv[2], NULL, 0);
	bytes = strtoul(argv[4], NULL, 0) << 20;
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i <= hogs; i++) {
		pid[i] = fork();
		if (!pid[i] && i < hogs)
			hog(s, bytes, i + 1);
		else if (!pid[i])
			churn(s, strtoul(argv[5], NULL, 0) << 20);
	}
	no_swap_for_me();
	if (start_probing(argc, argv, s)) {
		fprintf(stderr, "probe: %s: %s\n", argv[1], strerror(errno));
		seconds = 0;
	}
	for (i = 1; i <= seconds; i++) {
		sleep(1);
		count_lost(s);
		tell(s, i);
	}
	for (i = 0; i <= hogs; i++)
		kill(pid[i], SIGKILL);
	_exit(seconds ? 0 : 1);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Reads or writes pages of a block device at random places, a number of them at a
 * time, by Linux' own asynchronous I/O, and says how many there were a second and
 * how long one took.
 *
 *	aio DEVICE MIB read|write DEPTH SECONDS
 *
 * The first RAMP_MS do not count. Ends with a line of JSON: "iops", and "us", the
 * mean time of one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE		4096
#define MAX_DEPTH	256
#define RAMP_MS		500

/**
 * struct load - what is done, and what has been
 * @fd:    the device
 * @pages: of it that are used
 * @op:    IOCB_CMD_PREAD or IOCB_CMD_PWRITE
 * @depth: at a time
 * @ctx:   the kernel's handle
 * @buf:   a page for each
 * @cb:    the requests
 * @began: ns when each was submitted
 * @seed:  of the places
 * @ios:   requests that ended and count
 * @ns:    their time, all together
 */
struct load {
	int fd;
	uint64_t pages;
	uint16_t op;
	unsigned int depth;
	aio_context_t ctx;
	char *buf;
	struct iocb cb[MAX_DEPTH];
	uint64_t began[MAX_DEPTH];
	uint64_t seed;
	uint64_t ios;
	uint64_t ns;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "aio: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* xorshift64 */
static uint64_t drawn(struct load *l)
{
	l->seed ^= l->seed << 13;
	l->seed ^= l->seed >> 7;
	l->seed ^= l->seed << 17;
	return l->seed;
}

static void submit(struct load *l, unsigned int i)
{
	struct iocb *cb = &l->cb[i];

	*cb = (struct iocb) {
		.aio_data	= i,
		.aio_lio_opcode	= l->op,
		.aio_fildes	= l->fd,
		.aio_buf	= (uintptr_t)(l->buf + i * PAGE),
		.aio_nbytes	= PAGE,
		.aio_offset	= drawn(l) % l->pages * PAGE,
	};
	l->began[i] = now_ns();
	if (syscall(SYS_io_submit, l->ctx, 1, &cb) != 1)
		fail("io_submit");
}

/* Waits for at least one; those that ended are counted if @counts, and go on if @more. */
static unsigned int reap(struct load *l, bool counts, bool more)
{
	struct io_event ev[MAX_DEPTH];
	int i, n = syscall(SYS_io_getevents, l->ctx, 1, l->depth, ev, NULL);
	uint64_t now = now_ns();

	if (n < 1)
		fail("io_getevents");
	for (i = 0; i < n; i++) {
		if (ev[i].res != PAGE) {
			errno = ev[i].res < 0 ? -ev[i].res : EIO;
			fail("a request");
		}
		if (counts) {
			l->ios++;
			l->ns += now - l->began[ev[i].data];
		}
		if (more)
			submit(l, ev[i].data);
	}
	return n;
}

static void run(struct load *l, unsigned int seconds)
{
	uint64_t start = now_ns() + RAMP_MS * 1000000ULL;
	uint64_t end = start + seconds * 1000000000ULL, now;
	unsigned int i;

	for (i = 0; i < l->depth; i++)
		submit(l, i);
	while ((now = now_ns()) < end)
		reap(l, now >= start, true);
	printf("{\"iops\": %.1f, \"us\": %.1f}\n", l->ios * 1e9 / (now - start),
	       l->ios ? l->ns / 1e3 / l->ios : 0);
	for (i = 0; i < l->depth; )
		i += reap(l, false, false);
}

int main(int argc, char **argv)
{
	static struct load l = { .seed = 88172645463325252ULL };
	uint64_t mib;

	if (argc != 6)
		return fprintf(stderr, "usage: aio DEVICE MIB read|write DEPTH SECONDS\n"), 2;
	mib = strtoull(argv[2], NULL, 10);
	l.op = strcmp(argv[3], "write") ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE;
	l.depth = strtoul(argv[4], NULL, 10);
	if (!mib || !l.depth || l.depth > MAX_DEPTH)
		return fprintf(stderr, "aio: no such size or depth\n"), 2;
	l.pages = mib << 8;
	l.fd = open(argv[1], O_RDWR | O_DIRECT);
	if (l.fd < 0)
		fail(argv[1]);
	l.buf = mmap(NULL, (size_t)l.depth * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (l.buf == MAP_FAILED)
		fail("memory");
	memset(l.buf, 0x5a, (size_t)l.depth * PAGE);
	if (syscall(SYS_io_setup, l.depth, &l.ctx))
		fail("io_setup");
	run(&l, strtoul(argv[5], NULL, 10));
	return 0;
}

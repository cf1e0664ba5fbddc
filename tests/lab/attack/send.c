// SPDX-License-Identifier: GPL-2.0
/*
 * Sends given Ethernet frames again and again, at a rate or as fast as it goes;
 * the attacker's hand in tests of hostile segments.
 *
 * usage: send IFACE FILE PER_SECOND SECONDS	(PER_SECOND 0: full speed)
 * FILE: for each frame two bytes of length, big-endian, and the frame itself.
 * Ends early on SIGTERM. Prints how many were sent.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAMES_MAX = 65536, BATCH = 32 };

static struct iovec frames[FRAMES_MAX];
static unsigned int nframes;
static volatile sig_atomic_t ended;

static void end(int sig)
{
	(void)sig;
	ended = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "send: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void load(const char *path)
{
	FILE *f = fopen(path, "rb");
	unsigned char len[2];

	if (!f)
		die(path);
	while (nframes < FRAMES_MAX && fread(len, sizeof(len), 1, f) == 1) {
		struct iovec *v = &frames[nframes++];

		v->iov_len = len[0] << 8 | len[1];
		v->iov_base = malloc(v->iov_len);
		if (!v->iov_base || fread(v->iov_base, 1, v->iov_len, f) != v->iov_len)
			die("a frame is cut off");
	}
	fclose(f);
	if (!nframes)
		die("no frames");
}

static int wire(const char *iface)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(iface),
	};
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || !to.sll_ifindex ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)))
		die(iface);
	return fd;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Return: how many were sent from frame number @at on. */
static unsigned int burst(int fd, unsigned int at, unsigned int n)
{
	struct mmsghdr msg[BATCH] = { 0 };
	unsigned int i;
	int sent;

	for (i = 0; i < n; i++) {
		msg[i].msg_hdr.msg_iov = &frames[(at + i) % nframes];
		msg[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(fd, msg, n, 0);
	return sent > 0 ? sent : 0;
}

int main(int argc, char **argv)
{
	double start, rate, seconds;
	unsigned long sent = 0;
	int fd;

	if (argc != 5) {
		fputs("usage: send IFACE FILE PER_SECOND SECONDS\n", stderr);
		return 2;
	}
	rate = atof(argv[3]);
	seconds = atof(argv[4]);
	load(argv[2]);
	fd = wire(argv[1]);
	signal(SIGTERM, end);
	for (start = now(); !ended && now() - start < seconds;) {
		unsigned int n = BATCH;

		if (rate > 0) {
			double due = (now() - start) * rate - sent;

			if (due < 1) {
				usleep(500);
				continue;
			}
			n = due < BATCH ? (unsigned int)due : BATCH;
		}
		sent += burst(fd, sent % nframes, n);
	}
	printf("%lu\n", sent);
	return 0;
}

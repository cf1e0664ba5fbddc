// SPDX-License-Identifier: GPL-2.0
/*
 * memx-dom0: the service in a Xen host's dom0 that divides what domains have of
 * the servers' memory among their disks, and tells driver domains what they may
 * not read. Behind the word "domain", memxctl's commands of that name.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "../lib/text.h"
#include "d0_domain.h"
#include "d0_lock.h"
#include "d0_serve.h"
#include "now.h"

enum {
	EVENTS_A_TURN	= 1000,
	AGAIN_MS	= 1000,	/* after the connection to xenstore was lost */
	LINE		= 1024,
};

static const char usage_text[] =
	"usage: memx-dom0 [--foreground] [--xen-dir DIR]\n"
	"       memx-dom0 domain list|set …      what memxctl domain does\n"
	"\n"
	"Divides each domain's reservation, limit and weight in xenstore\n"
	"(/local/domain/<domid>/memx) among its disks of MemX, writes back what the\n"
	"servers say to it, and keeps what was set at run time over reboots. With\n"
	"--foreground it stays where it was started and logs to standard error, else\n"
	"it goes to the background and logs to syslog. --xen-dir is where libxl has\n"
	"its files (/var/lib/xen). It may be stopped and started at any time.\n";

static const char *program = "memx-dom0";
static bool to_syslog;

/**
 * struct options - the command line
 * @foreground: --foreground
 * @xen_dir:    --xen-dir
 */
struct options {
	bool		foreground;
	const char	*xen_dir;
};

int d0_complain(const char *format, ...)
{
	char line[LINE];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "%s: ", program);
	text_print(line, stderr);
	fputc('\n', stderr);
	return 1;
}

static void log_line(const char *line)
{
	char *plain;

	if (!to_syslog) {
		d0_complain("%s", line);
		return;
	}
	plain = text_plain(line);
	syslog(LOG_NOTICE, "%s", plain ? plain : "out of memory");
	free(plain);
}

/* Waits for a signal or, if @fd is one, for something to read. Return: asked to end */
static bool wait_for(int signals, int fd, int ms, bool *broken)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};

	fds[1].revents = 0;
	if (poll(fds, fd < 0 ? 1 : 2, ms) <= 0)
		return false;
	*broken = fds[1].revents & (POLLERR | POLLHUP | POLLNVAL);
	return fds[0].revents;
}

/*
 * Takes down what has changed, some of it at a time.
 * Return: 1 if there may be more, 0, or an error: the connection is gone
 */
static int events_take(struct d0_serve *serve)
{
	char **event;
	int i, err;

	for (i = 0; i < EVENTS_A_TURN; i++) {
		err = d0_live_event(serve->store, &event);
		if (err)
			return err == -EAGAIN ? 0 : err;
		d0_serve_event(serve, event[0], event[1]);
		free(event);
	}
	return 1;
}

/* Serves until asked to end (0) or until the connection is gone (an error). */
static int serve_run(struct d0_store *store, const char *xen_dir, int signals)
{
	struct d0_serve serve;
	bool broken = false;
	uint64_t next = 0, now;
	int err, more = 1;

	err = d0_serve_start(&serve, store, xen_dir, log_line);
	while (!err) {
		now = now_ms();
		if (wait_for(signals, d0_live_fd(store), more || next <= now ? 0 : next - now,
			     &broken))
			break;
		more = broken ? -EPIPE : events_take(&serve);
		err = more < 0 ? more : d0_serve_turn(&serve, now_ms(), &next);
	}
	d0_serve_end(&serve);
	return err;
}

/* Return: asked to end while waiting */
static bool again(struct d0_store **store, int signals, int err)
{
	bool broken;

	d0_complain("xenstore: %s; connecting again", strerror(-err));
	if (to_syslog)
		syslog(LOG_ERR, "xenstore: %s; connecting again", strerror(-err));
	d0_live_close(*store);
	*store = NULL;
	do {
		if (wait_for(signals, -1, AGAIN_MS, &broken))
			return true;
	} while (d0_live_open(store));
	return false;
}

static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/*
 * Leaves the terminal. The process that was started ends when the one that stays
 * is ready, or has failed. Return: where to say that it is, or an error
 */
static int background(void)
{
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe(ends))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 1 ? 0 : 1);
	}
	close(ends[0]);
	setsid();
	if (chdir("/"))
		return -errno;
	return ends[1];
}

static void ready(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
	openlog("memx-dom0", LOG_PID, LOG_DAEMON);
	to_syslog = true;
	if (write(fd, "", 1) != 1)
		syslog(LOG_ERR, "whoever started this is gone");
	close(fd);
}

static int service(const struct options *options)
{
	struct d0_store *store = NULL;
	int signals, lock, err, told = -1;

	if (!options->foreground) {
		told = background();
		if (told < 0)
			return d0_complain("%s", strerror(-told));
	}
	lock = d0_lock_take();
	if (lock == -EWOULDBLOCK)
		return d0_complain("it runs already");
	if (lock < 0)
		return d0_complain("its lock: %s", strerror(-lock));
	d0_lock_sign(lock);
	signals = signals_open();
	if (signals < 0)
		return d0_complain("signals: %s", strerror(errno));
	err = d0_live_open(&store);
	if (err)
		return d0_complain("there is no xenstore here (%s): it runs in a Xen host's dom0",
				   strerror(-err));
	if (told >= 0)
		ready(told);
	do {
		err = serve_run(store, options->xen_dir, signals);
	} while (err && !again(&store, signals, err));
	d0_live_close(store);
	close(signals);
	close(lock);
	return 0;
}

static bool options_take(struct options *options, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--foreground"))
			options->foreground = true;
		else if (!strcmp(argv[i], "--xen-dir") && i + 1 < argc)
			options->xen_dir = argv[++i];
		else
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct options options = { .xen_dir = "/var/lib/xen" };
	const char *slash;

	if (argc > 0) {
		slash = strrchr(argv[0], '/');
		program = slash ? slash + 1 : argv[0];
	}
	if (argc > 1 && !strcmp(argv[1], "domain"))
		return d0_domain_main(argc - 2, argv + 2);
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))) {
		fputs(usage_text, stdout);
		return 0;
	}
	if (!options_take(&options, argc, argv)) {
		fputs(usage_text, stderr);
		return 2;
	}
	return service(&options);
}

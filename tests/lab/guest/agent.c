// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the lab runner's commands on a host or in a guest, many at a time, as
 * the machine's process 1.
 *
 * From the runner:  "R ID LEN\n" + command   run it by sh -c, input empty
 *                   "S ID LEN\n" + command   run it, input follows
 *                   "I ID LEN\n" + bytes     input;  "E ID 0\n" its end
 *                   "K ID SIG\n"             signal to the command's session
 * To the runner:    "H 0 0\n"                ready
 *                   "O ID LEN\n" + bytes     output and errors, in order
 *                   "X ID RC\n"              ended (128 + n: by signal n)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent.h"

#define JOBS	64
#define MAXCMD	(1 << 20)

/**
 * struct job - one command in flight
 * @id: the runner's name for it
 * @pid: its session leader, 0 for a free slot, -1 once reaped
 * @rc: exit code, valid once reaped
 * @out: read end of its output, -1 once at its end
 * @in: write end of its input, -1 when it has none
 */
struct job {
	unsigned int id;
	pid_t pid;
	int rc;
	int out;
	int in;
};

static struct job jobs[JOBS];
static struct lab_link *lnk;
static volatile sig_atomic_t child_ended;

static void on_child(int sig)
{
	(void)sig;
	child_ended = 1;
}

static void send_frame(char kind, unsigned int id, int number, const void *buf)
{
	char frame[4096 + 64];
	int n = snprintf(frame, 64, "%c %u %d\n", kind, id, number);

	if (buf) {
		memcpy(frame + n, buf, number);
		n += number;
	}
	lnk->send(frame, n);
}

static struct job *job_find(unsigned int id)
{
	for (struct job *j = jobs; j < jobs + JOBS; j++)
		if (j->pid && j->id == id)
			return j;
	return NULL;
}

static void refuse(unsigned int id, const char *why)
{
	send_frame('O', id, strlen(why), why);
	send_frame('X', id, 126, NULL);
}

static void child_exec(const char *cmd, int in, int out)
{
	sigset_t none;

	setsid();
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
	_exit(127);
}

static void job_start(unsigned int id, const char *cmd, bool input)
{
	struct job *j = NULL;
	int out[2], in[2] = { -1, -1 };

	for (struct job *k = jobs; k < jobs + JOBS && !j; k++)
		if (!k->pid)
			j = k;
	if (!j) {
		refuse(id, "agent: too many commands in flight\n");
		return;
	}
	if (pipe2(out, O_CLOEXEC)) {
		refuse(id, "agent: no pipe\n");
		return;
	}
	if (input && pipe2(in, O_CLOEXEC))
		input = false;
	if (!input)
		in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	j->id = id;
	j->out = out[0];
	j->in = input ? in[1] : -1;
	j->pid = fork();
	if (!j->pid)
		child_exec(cmd, in[0], out[1]);
	close(out[1]);
	close(in[0]);
	if (j->pid < 0) {
		close(out[0]);
		if (j->in >= 0)
			close(j->in);
		j->pid = 0;
		refuse(id, "agent: cannot fork\n");
		return;
	}
	fcntl(j->out, F_SETFL, O_NONBLOCK);
	if (j->in >= 0)
		fcntl(j->in, F_SETFL, O_NONBLOCK);
}

static void job_input(struct job *j, const char *buf, size_t len)
{
	while (len && j->in >= 0) {
		ssize_t n = write(j->in, buf, len);
		struct pollfd p = { .fd = j->in, .events = POLLOUT };

		if (n > 0) {
			buf += n;
			len -= n;
		} else if (errno == EAGAIN) {
			poll(&p, 1, 1000);
		} else if (errno != EINTR) {
			close(j->in);
			j->in = -1;
		}
	}
}

static void frame_in(char kind, unsigned int id, int number, const char *body)
{
	struct job *j = job_find(id);

	if (kind == 'R' || kind == 'S') {
		job_start(id, body, kind == 'S');
	} else if (j && kind == 'I') {
		job_input(j, body, number);
	} else if (j && kind == 'E' && j->in >= 0) {
		close(j->in);
		j->in = -1;
	} else if (j && kind == 'K' && j->pid > 0) {
		kill(-j->pid, number);
	}
}

/* Gathers the stream into frames; a command may come in many pieces. */
void agent_bytes(const char *buf, size_t len)
{
	static char body[MAXCMD + 1], head[64];
	static size_t have, headlen;
	static unsigned int id;
	static int number;
	static char kind;

	while (len) {
		if (!kind) {
			if (headlen < sizeof(head) - 1)
				head[headlen++] = *buf;
			len--;
			if (*buf++ != '\n')
				continue;
			head[headlen] = 0;
			headlen = 0;
			have = 0;
			if (sscanf(head, "%c %u %d", &kind, &id, &number) != 3 ||
			    number < 0 || number > MAXCMD) {
				kind = 0;
				continue;
			}
		} else {
			size_t n = number - have < len ? number - have : len;

			memcpy(body + have, buf, n);
			have += n;
			buf += n;
			len -= n;
		}
		if (strchr("RSI", kind) && have < (size_t)number)
			continue;
		body[have] = 0;
		frame_in(kind, id, number, body);
		kind = 0;
	}
}

/* Passes on what @j has written; false when there is no more for now. */
static bool job_output(struct job *j)
{
	char buf[4096];
	ssize_t n = read(j->out, buf, sizeof(buf));

	if (n > 0) {
		send_frame('O', j->id, n, buf);
		return true;
	}
	if (!n || (errno != EAGAIN && errno != EINTR)) {
		close(j->out);
		j->out = -1;
	}
	return false;
}

/* A command has ended once its shell has: what it left running keeps no one waiting. */
static void job_end(struct job *j)
{
	while (j->out >= 0 && job_output(j))
		;
	if (j->out >= 0)
		close(j->out);
	if (j->in >= 0)
		close(j->in);
	send_frame('X', j->id, j->rc, NULL);
	j->pid = 0;
}

static void reap(void)
{
	int status;
	pid_t pid;

	child_ended = 0;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (struct job *j = jobs; j < jobs + JOBS; j++) {
			if (j->pid != pid)
				continue;
			j->rc = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
			job_end(j);
		}
	}
}

static void serve(const sigset_t *waiting)
{
	struct pollfd p[JOBS + 1];
	struct job *who[JOBS + 1];

	for (;;) {
		int n = 1;

		p[0] = (struct pollfd){ .fd = lnk->fd, .events = POLLIN };
		for (struct job *j = jobs; j < jobs + JOBS && !lnk->full(); j++) {
			if (!j->pid || j->out < 0)
				continue;
			who[n] = j;
			p[n++] = (struct pollfd){ .fd = j->out, .events = POLLIN };
		}
		ppoll(p, n, NULL, waiting);
		for (int i = 1; i < n; i++)
			if (p[i].revents && who[i]->out == p[i].fd)
				job_output(who[i]);
		if (child_ended)
			reap();
		if (p[0].revents)
			lnk->input();
	}
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_child };
	sigset_t chld, waiting;

	if (argc != 3) {
		fprintf(stderr, "usage: agent port|tty DEVICE\n");
		return 2;
	}
	lnk = strcmp(argv[1], "tty") ? link_port_open(argv[2]) : link_tty_open(argv[2]);
	if (!lnk) {
		fprintf(stderr, "agent: %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	/* So that it answers when the machine's swap does not. */
	mlockall(MCL_CURRENT | MCL_FUTURE);
	sigaction(SIGCHLD, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &waiting);
	sigdelset(&waiting, SIGCHLD);
	send_frame('H', 0, 0, NULL);
	serve(&waiting);
	return 0;
}

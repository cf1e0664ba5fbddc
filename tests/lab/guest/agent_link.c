// SPDX-License-Identifier: GPL-2.0
/*
 * The agent's two links: a virtio port, which is a clean pipe, and a console,
 * which the kernel's own messages may cut into. On the console every piece of
 * the stream is a line "@memx SEQ CRC BASE64"; the runner asks for lines again
 * that did not arrive whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "agent.h"

#define PIECE	120		/* payload bytes of one line */
#define KEPT	64		/* lines kept until the runner has them */

/**
 * struct piece - one line's payload
 * @len: bytes used
 * @data: the payload
 */
struct piece {
	unsigned char len;
	unsigned char data[PIECE];
};

static struct lab_link port, tty;
static struct piece kept[KEPT];		/* indexed by sequence number modulo KEPT */
static uint32_t next_seq;		/* number of the next new line */
static uint32_t unacked;		/* oldest line the runner may still want */

static const char b64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			_exit(1);
		if (n > 0) {
			p += n;
			len -= n;
		}
	}
}

static void port_send(const void *buf, size_t len)
{
	write_all(port.fd, buf, len);
}

static void port_input(void)
{
	char buf[4096];
	ssize_t n = read(port.fd, buf, sizeof(buf));

	if (n > 0)
		agent_bytes(buf, n);
	else if (!n)
		usleep(100000);		/* the runner's end is not open (yet) */
}

static bool port_full(void)
{
	return false;
}

struct lab_link *link_port_open(const char *path)
{
	port.fd = open(path, O_RDWR | O_CLOEXEC);
	if (port.fd < 0)
		return NULL;
	port.send = port_send;
	port.input = port_input;
	port.full = port_full;
	return &port;
}

static uint16_t crc16(const unsigned char *p, size_t len)
{
	uint16_t crc = 0xffff;

	while (len--) {
		crc ^= (uint16_t)(*p++ << 8);
		for (int i = 0; i < 8; i++)
			crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
	}
	return crc;
}

static size_t b64_encode(const unsigned char *in, size_t len, char *out)
{
	char *start = out;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t v = in[i] << 16;

		if (i + 1 < len)
			v |= in[i + 1] << 8;
		if (i + 2 < len)
			v |= in[i + 2];
		*out++ = b64[v >> 18];
		*out++ = b64[v >> 12 & 63];
		*out++ = i + 1 < len ? b64[v >> 6 & 63] : '=';
		*out++ = i + 2 < len ? b64[v & 63] : '=';
	}
	return out - start;
}

static size_t b64_decode(const char *in, unsigned char *out, size_t max)
{
	uint32_t v = 0;
	size_t len = 0;
	int bits = 0;

	for (; *in && *in != '='; in++) {
		const char *at = strchr(b64, *in);

		if (!at || len == max)
			break;
		v = v << 6 | (uint32_t)(at - b64);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[len++] = v >> bits;
		}
	}
	return len;
}

static void tty_line(uint32_t seq)
{
	const struct piece *p = &kept[seq % KEPT];
	char line[PIECE * 2 + 32];
	int n = snprintf(line, sizeof(line), "\n@memx %u %04x ", seq, crc16(p->data, p->len));

	n += b64_encode(p->data, p->len, line + n);
	line[n++] = '\n';
	write_all(tty.fd, line, n);
}

static void tty_send(const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		size_t n = len < PIECE ? len : PIECE;
		struct piece *k = &kept[next_seq % KEPT];

		while (next_seq - unacked >= KEPT)
			tty.input();
		memcpy(k->data, p, n);
		k->len = n;
		tty_line(next_seq++);
		p += n;
		len -= n;
	}
}

/*
 * "@N SEQ": everything before SEQ arrived. "@R SEQ": and SEQ and what follows
 * is wanted again. "@D CRC BASE64": a piece of the runner's stream.
 */
static void tty_command(char *line)
{
	unsigned char data[1024];
	unsigned int seq, crc;
	size_t len;
	int at = 0;

	if (sscanf(line, "@D %x %n", &crc, &at) == 1 && at) {
		len = b64_decode(line + at, data, sizeof(data));
		if (crc16(data, len) == crc)
			agent_bytes((char *)data, len);
	} else if (line[0] == '@' && sscanf(line + 2, " %u", &seq) == 1) {
		if (seq - unacked <= next_seq - unacked)
			unacked = seq;
		if (line[1] == 'R')
			for (seq = unacked; seq != next_seq; seq++)
				tty_line(seq);
	}
}

static void tty_input(void)
{
	static char line[2048];
	static size_t used;
	char buf[512];
	ssize_t n = read(tty.fd, buf, sizeof(buf));

	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n' || buf[i] == '\r') {
			line[used] = 0;
			used = 0;
			if (line[0])
				tty_command(line);
		} else if (used < sizeof(line) - 1) {
			line[used++] = buf[i];
		}
	}
}

static bool tty_full(void)
{
	return next_seq - unacked >= KEPT / 2;
}

struct lab_link *link_tty_open(const char *path)
{
	struct termios t;

	tty.fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty.fd < 0 || tcgetattr(tty.fd, &t))
		return NULL;
	cfmakeraw(&t);
	if (tcsetattr(tty.fd, TCSANOW, &t))
		return NULL;
	tty.send = tty_send;
	tty.input = tty_input;
	tty.full = tty_full;
	return &tty;
}

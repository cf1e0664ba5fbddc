/* SPDX-License-Identifier: GPL-2.0 */
/* The lab's agent: what the command half and the two kinds of link know of each other. */
#ifndef LAB_AGENT_H
#define LAB_AGENT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct lab_link - carries the agent's byte stream to the runner and back
 * @fd: device that poll() watches for input
 * @send: sends @len bytes; may block
 * @input: reads what is there and hands the payload to agent_bytes()
 * @full: true while so much is unacknowledged that commands' output must wait
 */
struct lab_link {
	int fd;
	void (*send)(const void *buf, size_t len);
	void (*input)(void);
	bool (*full)(void);
};

/* Both return NULL with errno set when the device cannot be used. */
struct lab_link *link_port_open(const char *path);
struct lab_link *link_tty_open(const char *path);

/* Writes all of @buf to @fd, whatever it takes; a vanished reader ends the agent. */
void write_all(int fd, const void *buf, size_t len);

/* Called by a link with bytes of the runner's stream. */
void agent_bytes(const char *buf, size_t len);

#endif

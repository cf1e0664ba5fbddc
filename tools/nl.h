/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to MemX's generic netlink families.
 */
#ifndef MX_NL_H
#define MX_NL_H

#include <libmnl/libmnl.h>
#include <stdint.h>

enum nl_family {
	NL_RMAP,
	NL_CORE,
	NL_CLIENT,
	NL_SERVER,
	NL_FAMILIES,
};

enum { NL_OUT_BYTES = 1024, NL_IN_BYTES = 32768, NL_WHY_BYTES = 512 };

/**
 * struct nl - a connection to the kernel
 * @sock:   socket
 * @events: socket of nl_listen(), or NULL
 * @port:   its port id
 * @seq:    of the last request
 * @id:     of each family, 0 while unknown
 * @out:    the request being built
 * @in:     what is being received
 * @why:    after a failure: the reason in words
 */
struct nl {
	struct mnl_socket *sock;
	struct mnl_socket *events;
	unsigned int	port;
	unsigned int	seq;
	uint16_t	id[NL_FAMILIES];
	uint64_t	out[NL_OUT_BYTES / 8];
	uint64_t	in[NL_IN_BYTES / 8];
	char		why[NL_WHY_BYTES];
};

/**
 * typedef nl_reply_fn - told of each message of a reply
 *
 * Return: 0, or a negative error that becomes nl_talk()'s result.
 */
typedef int (*nl_reply_fn)(const struct nlmsghdr *msg, void *ctx);

int nl_open(struct nl *nl);
void nl_close(struct nl *nl);

/**
 * nl_family() - find a family
 * @load: have its module loaded when it is missing
 *
 * Return: 0; -ENOENT: the module is not there; -EPROTO: it is of another
 * version. nl->why says so in words.
 */
int nl_family(struct nl *nl, enum nl_family family, bool load);

/** nl_family_word() - "rmap", "core", "client", "server" */
const char *nl_family_word(enum nl_family family);

/**
 * nl_begin() - begin a request; attributes are added by nl_put_*()
 * @flags: NLM_F_ACK, or NLM_F_DUMP for a list
 */
struct nlmsghdr *nl_begin(struct nl *nl, enum nl_family family, uint8_t cmd,
			  uint16_t flags);

/**
 * nl_talk() - send the request begun and take the reply
 *
 * Return: 0; the kernel's or @reply's error, with nl->why set for the former;
 * -EINTR: the list has changed while it was read, ask again.
 */
int nl_talk(struct nl *nl, nl_reply_fn reply, void *ctx);

/**
 * nl_listen() - join a multicast group of a family that nl_family() has found
 *
 * What was joined before is left, with all that it had still to tell.
 *
 * Return: 0; -ENOENT: the family has no such group; -EIO. nl->why says so.
 */
int nl_listen(struct nl *nl, enum nl_family family, const char *group);

/**
 * nl_next() - wait for messages to that group
 * @told: gets them
 *
 * Return: 0; -ENOBUFS: some have been lost; @told's error; -EIO with nl->why.
 */
int nl_next(struct nl *nl, nl_reply_fn told, void *ctx);

/** nl_wipe() - overwrite what was sent and received: it held a secret */
void nl_wipe(struct nl *nl);

#endif /* MX_NL_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a domain's figures mean for its disks, and what their answers mean for
 * the domain: decisions only, nothing is read or written here.
 */
#ifndef MX_D0_PLAN_H
#define MX_D0_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	D0_TEXT		= 384,	/* longest value that is used, and its end */
	D0_PATH		= 160,	/* longest path of a disk, and its end */
	D0_VDEV		= 32,
	D0_UUID		= 37,
	D0_NUMBER	= 24,	/* a decimal number of 64 bits, and its end */
	D0_DISKS	= 256,	/* most disks of a domain that share its figures */
};

#define D0_SIZE_MOST	(16ULL << 40)	/* bytes of a volume */
#define D0_LIMIT_MOST	(64ULL << 40)	/* that it may be limited to */

/* What an admin can give a domain. */
enum d0_figure {
	D0_RESERVATION,
	D0_LIMIT,
	D0_WEIGHT,
	D0_FIGURES,
};

/* Keys of a domain, in the order of xenstore/domain-keys.def. */
enum d0_domain_key {
	D0_TARGET = D0_FIGURES,		/* D0_TARGET + figure: what the targets say */
	D0_ASKED = D0_TARGET + D0_FIGURES,
	D0_GRANTED,
	D0_USED,
	D0_STATE,
	D0_ERROR,
	D0_DOMAIN_KEYS,
};

/* Keys of a disk that are written. D0_DISK_FIGURE + figure is its part of it. */
enum d0_disk_key {
	D0_DISK_FIGURE,
	D0_DISK_UUID = D0_DISK_FIGURE + D0_FIGURES,
	D0_DISK_KEYS,
};

/* From best to worst; a domain is as badly off as its worst disk. */
enum d0_state {
	D0_NONE,
	D0_GRANTED_ALL,
	D0_ASKING,
	D0_DEGRADED,
	D0_REFUSED,
	D0_STATES,
};

/**
 * struct d0_key - a key that this program writes
 * @now:  what stands there; empty: nothing does
 * @want: what is to stand there; empty: nothing
 * @cut:  what stands there is longer than @now
 */
struct d0_key {
	char	now[D0_TEXT];
	char	want[D0_TEXT];
	bool	cut;
};

/**
 * struct d0_number - a number that may be missing
 * @there: it is not
 * @n:     the number
 */
struct d0_number {
	bool		there;
	uint64_t	n;
};

/**
 * struct d0_target - what a disk's target= says
 * @size:   bytes
 * @figure: what it gives the disk; bytes, or a weight
 * @why:    what makes no sense in it, or empty
 */
struct d0_target {
	struct d0_number	size;
	struct d0_number	figure[D0_FIGURES];
	char			why[D0_TEXT];
};

/**
 * struct d0_disk - a disk of MemX
 * @backend:  its node, absolute
 * @vdev:     its name for people
 * @devid:    its number
 * @target:   what its target= says
 * @size:     bytes of the volume, as the backend or else the target says
 * @used:     bytes stored
 * @granted:  bytes that the servers keep for it, as the backend says
 * @answer:   what the backend says to its reservation
 * @why:      the backend's words for that
 * @trouble:  why the disk does not come to be connected, in the words of the script
 *            or of the backend, or empty
 * @key:      what is written below @backend
 * @share:    by d0_split(): its part
 * @asked:    by d0_plan_ask(): bytes that it is to ask for
 */
struct d0_disk {
	char			backend[D0_PATH];
	char			vdev[D0_VDEV];
	unsigned int		devid;
	struct d0_target	target;
	struct d0_number	size;
	uint64_t		used;
	uint64_t		granted;
	enum d0_state		answer;
	char			why[D0_TEXT];
	char			trouble[D0_TEXT];
	struct d0_key		key[D0_DISK_KEYS];
	uint64_t		share;
	uint64_t		asked;
};

/* What becomes of a figure in the configuration that libxl keeps. */
enum d0_keep {
	D0_KEEP_NONE,	/* the targets say it already */
	D0_KEEP_VALUE,	/* it was set at run time: keep it */
	D0_KEEP_AS_IS,	/* it makes no sense: leave what is kept alone */
};

/**
 * struct d0_domain - a domain with its disks
 * @domid: its number
 * @uuid:  lower case
 * @there: its node memx/ exists
 * @disks: in the order of their numbers, owned
 * @ndisks: how many
 * @gone:  disks that are not among them, as their driver domain is no more, in
 *         words, or empty
 * @key:   what is written below its node; D0_RESERVATION to D0_WEIGHT may have
 *         been written by others
 * @set:   by d0_plan_ask(): a figure was set at run time
 * @bad:   likewise: a figure makes no sense and changes nothing
 * @over:  likewise: the reservation is more than the disks hold
 * @keep:  likewise: enum d0_keep for each figure
 * @why:   likewise: what is wrong, in words, or empty
 */
struct d0_domain {
	unsigned int	domid;
	char		uuid[D0_UUID];
	bool		there;
	struct d0_disk	*disks;
	unsigned int	ndisks;
	char		gone[D0_TEXT];
	struct d0_key	key[D0_DOMAIN_KEYS];
	bool		set[D0_FIGURES];
	bool		bad[D0_FIGURES];
	bool		over;
	enum d0_keep	keep[D0_FIGURES];
	char		why[D0_TEXT];
};

/** d0_target_parse() - read a disk's target=, of which only some words matter */
void d0_target_parse(const char *text, struct d0_target *target);

/**
 * d0_figure_parse() - read a figure as people write it
 * @why: D0_TEXT bytes for the reason, if there is one
 *
 * Return: 0, or -EINVAL with @why.
 */
int d0_figure_parse(enum d0_figure figure, const char *text, uint64_t *n, char *why);

/** d0_figure_name() - what people call it */
const char *d0_figure_name(enum d0_figure figure);

/** d0_state_parse() - a word of a backend; what is none of them counts as asking */
enum d0_state d0_state_parse(const char *word);
const char *d0_state_name(enum d0_state state);

/**
 * d0_split() - divide bytes among disks in proportion to their sizes
 *
 * The shares are multiples of 4096 and add up to @bytes, which is one; where that
 * is at most what all disks hold, none is more than its disk holds. A disk
 * whose size is not known gets nothing. Nothing is divided if none is known.
 */
void d0_split(struct d0_disk *disks, unsigned int ndisks, uint64_t bytes);

/**
 * d0_plan_ask() - decide what the domain's figures and its disks' parts of them are
 *
 * Sets @want of the figures and of the disks' keys, @set, @bad, @over, @keep, @why.
 */
void d0_plan_ask(struct d0_domain *domain);

/** d0_plan_answer() - after that: decide what the domain is told */
void d0_plan_answer(struct d0_domain *domain);

/** d0_key_stale() - whether a key must be written or removed */
bool d0_key_stale(const struct d0_key *key);

/** d0_words() - add to words, "; " between; what does not fit is cut off */
void d0_words(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif /* MX_D0_PLAN_H */

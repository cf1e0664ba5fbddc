/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is known of a volume, and what follows from it: the rules of a take-over
 * (docs/ownership.md), on what servers tell to whoever looks. Where these would
 * still find a way, by rosters that agree in part or without any, this says that
 * nothing is proved.
 */
#ifndef MX_PM_H
#define MX_PM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "memx_nl.h"
#include "out.h"

enum { PM_WORDS = 160, PM_COPIES = 3 };

/**
 * struct pm_claim - a claim
 * @node:  whose, 0: there is none
 * @inc:   the node's incarnation
 * @epoch: its epoch
 */
struct pm_claim {
	uint64_t	node;
	uint32_t	inc;
	uint32_t	epoch;
};

/**
 * enum pm_answer - what became of the question
 * @PM_SILENT:  no answer
 * @PM_UNKNOWN: the server does not know the volume
 * @PM_DROPPED: it had the volume, and has dropped it without its owner
 * @PM_REFUSED: it cannot or will not tell, or what it tells makes no sense
 * @PM_HAS:     it has told
 */
enum pm_answer {
	PM_SILENT,
	PM_UNKNOWN,
	PM_DROPPED,
	PM_REFUSED,
	PM_HAS,
};

/**
 * struct pm_server - a server that this host knows
 * @node:      node id
 * @inc:       incarnation, as this host knows it
 * @host:      name, owned
 * @state:     as this host sees it, owned
 * @answer:    enum pm_answer
 * @why:       why there is no answer, in words that go on "server s1 …"
 * @name:      the volume's there, owned
 * @size:      bytes
 * @shift:     log2 of pages in a chunk
 * @sealed:    its pages are sealed
 * @used:      pages stored
 * @promised:  pages promised
 * @claim:     in force
 * @tentative: not committed
 * @repoch:    epoch of the roster
 * @rnumber:   its number, 0: there is none
 * @life:      its entries, owned
 * @nlives:    how many
 * @chunk:     chunks there, by number, owned
 * @nchunks:   how many
 */
struct pm_server {
	uint64_t	node;
	uint32_t	inc;
	char		*host;
	char		*state;
	enum pm_answer	answer;
	char		why[PM_WORDS];
	char		*name;
	uint64_t	size;
	uint8_t		shift;
	bool		sealed;
	uint64_t	used;
	uint64_t	promised;
	struct pm_claim	claim;
	struct pm_claim	tentative;
	uint32_t	repoch;
	uint32_t	rnumber;
	struct memx_life *life;
	unsigned int	nlives;
	struct memx_listed *chunk;
	unsigned int	nchunks;
};

/**
 * enum pm_verdict - what is to be said of a chunk, the worst last
 * @PM_NONE:     no server lists it
 * @PM_WHOLE:    all servers that have it in its newest generation have told
 * @PM_MISSING:  one of them has not told
 * @PM_LOST:     one of them has another life, or does not list the chunk
 * @PM_CONFLICT: servers name different ones for the same generation
 */
enum pm_verdict {
	PM_NONE,
	PM_WHOLE,
	PM_MISSING,
	PM_LOST,
	PM_CONFLICT,
};

/**
 * struct pm_run - chunks in a row of which the same is to be said
 * @first:   number of the first
 * @count:   how many
 * @verdict: enum pm_verdict
 * @low:     lowest generation
 * @high:    highest
 * @copies:  servers with the newest generation, by index, as bits
 * @stale:   servers with an older one, or a copy that is being filled
 * @member:  who should have it
 * @nmembers: how many
 */
struct pm_run {
	uint32_t	first;
	uint32_t	count;
	enum pm_verdict	verdict;
	uint32_t	low;
	uint32_t	high;
	uint64_t	copies;
	uint64_t	stale;
	struct memx_life member[PM_COPIES];
	unsigned int	nmembers;
};

/**
 * struct pm - all that is known
 * @id:      the volume
 * @server:  owned; at most 64
 * @nservers: how many
 * @claim:   highest claim in force
 * @roster:  server with the newest roster, -1: nobody has one
 * @split:   servers have different rosters of that number
 * @total:   chunks of the volume, 0: unknown
 * @run:     by number, owned; those that nobody lists are not in it
 * @nruns:   how many
 * @counts:  chunks by verdict
 * @proved:  a take-over would find all chunks proved, as things stand
 */
struct pm {
	uint64_t	id;
	struct pm_server *server;
	unsigned int	nservers;
	struct pm_claim	claim;
	int		roster;
	bool		split;
	uint32_t	total;
	struct pm_run	*run;
	unsigned int	nruns;
	uint32_t	counts[PM_CONFLICT + 1];
	bool		proved;
};

/** pm_analyse() - fill in what follows from the servers' answers */
void pm_analyse(struct pm *pm);
void pm_clear(struct pm *pm);

/** pm_life_word() - what is known of a life that should have some of the volume:
 * "has told", "is silent", …; @proved: nothing of it is missing
 */
const char *pm_life_word(const struct pm *pm, const struct memx_life *life, bool *proved);
/** pm_host() - name of a node, or NULL if this host does not know it */
const char *pm_host(const struct pm *pm, uint64_t node);
/** pm_verdict_word() - "whole", "missing", … */
const char *pm_verdict_word(enum pm_verdict verdict);

/** pm_json() - all of it. @here: this host's volume, or NULL */
struct json_object *pm_json(const struct pm *pm, struct json_object *here);
/** pm_print() - for people */
void pm_print(const struct pm *pm, FILE *out);

#endif /* MX_PM_H */

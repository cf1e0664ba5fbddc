/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A volume's claim: the calls that engine/mx_owner.h asks for, and what follows
 * from its news. docs/ownership.md has the tables.
 *
 * The engine is called with mx_claim.mutex held, by the tick and by a work item.
 * Callbacks of RMAP and legs of operations only leave a bit and queue the work.
 */
#ifndef MX_CLAIM_H
#define MX_CLAIM_H

#include <linux/bitmap.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include "mx_book.h"
#include "engine/mx_owner.h"

struct mx_volume;
struct netlink_ext_ack;

/**
 * struct mx_claim - a volume's claim
 * @vol:      volume
 * @mutex:    protects @o, @chunk, @roster and @raw; taken under mx_vols_mutex
 * @o:        engine
 * @book:     what servers keep for the volume
 * @chunk:    memory for a take-over, NULL when that is over
 * @work:     deals with @answered, @stale and @novol
 * @answered: bit per server whose call has ended; atomic, like the next two
 * @stale:    bit per server that has said STALE to an operation
 * @novol:    bit per server that has said NOVOL to an operation
 * @roster:   a roster that a server has told
 * @raw:      the same as it came
 * @state:    enum mx_owner_state as of the last news; read without the mutex
 * @taken:    servers knew the volume before; likewise
 * @ended:    no call will be made any more; likewise
 * @lacking:  WAITING was told; likewise
 */
struct mx_claim {
	struct mx_volume *vol;
	struct mutex	mutex;	/* the engine */
	struct mx_owner	o;
	struct mx_book	book;
	struct mx_owner_chunk *chunk;
	struct work_struct work;
	DECLARE_BITMAP(answered, MX_MEMBERS);
	DECLARE_BITMAP(stale, MX_MEMBERS);
	DECLARE_BITMAP(novol, MX_MEMBERS);
	struct mx_roster roster;
	u8		raw[MX_PAGE_SIZE];
	u8		state;
	bool		taken;
	bool		ended;
	bool		lacking;
};

/** mx_claim_make() - a new volume's claim. @known: servers may know the id: it
 * is taken over then. May sleep. Return: 0 or -ENOMEM
 */
int mx_claim_make(struct mx_volume *vol, bool known);
/** mx_claim_free() - after mx_claim_drop(), or if it was never begun */
void mx_claim_free(struct mx_volume *vol);
/** mx_claim_begin() - servers are told from now on. May sleep */
void mx_claim_begin(struct mx_volume *vol);
/** mx_claim_wait() - until chunks can be placed, and all that exist are proved
 * Return: 0; -ENOTCONN: no server has accepted the volume in time; -ESTALE,
 * -EHOSTUNREACH: it cannot be taken over, see @ack; -ERESTARTSYS
 */
int mx_claim_wait(struct mx_volume *vol, struct netlink_ext_ack *ack);
/** mx_claim_tick() - look after the servers. May sleep */
void mx_claim_tick(struct mx_volume *vol);
/** mx_claim_drop() - servers forget the volume, if it is ours. Sleeps until they
 * have answered or were given up
 */
void mx_claim_drop(struct mx_volume *vol);

/** mx_claim_taken() - servers had the volume before. Any context */
bool mx_claim_taken(const struct mx_volume *vol);
/** mx_claim_fenced() - another owner has the volume. Any context */
bool mx_claim_fenced(const struct mx_volume *vol);
/** mx_claim_word() - the claim's state. Any context */
const char *mx_claim_word(const struct mx_volume *vol);
/** mx_claim_text() - the servers' states in words: "a: open, 5 chunks; b: …".
 * May sleep
 */
void mx_claim_text(struct mx_volume *vol, char *buf, size_t size);

#endif /* MX_CLAIM_H */

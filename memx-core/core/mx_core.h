/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Volumes for block devices and backends: open one by name, submit I/O, learn
 * its geometry, state and map.
 */
#ifndef MX_CORE_H
#define MX_CORE_H

#include <linux/types.h>
#include <linux/list.h>
#include "rmp.h"
#include "engine/mx_share.h"
#include "engine/mx_wire.h"

struct mx_volume;

enum mx_io_op {
	MX_IO_READ,
	MX_IO_WRITE,
	MX_IO_DISCARD,
	MX_IO_FLUSH,
};

enum {
	MX_SECTOR	= 512,
	MX_IO_MAX_BYTES	= MX_OP_PAGES * MX_PAGE_SIZE,
	/* Data not aligned to pages, and a page of trailers for each of two runs. */
	MX_IO_PAGES	= MX_OP_PAGES + 3,
	MX_IO_SLOTS	= MX_SHARE_SLOTS,
};

/**
 * struct mx_serial - lets one at a time do a thing that may call for itself again
 *
 * What is begun may end at once and call for the next to begin, one level of the
 * stack for each; so only who came first goes on, once more for those who came
 * meanwhile.
 *
 * @n: those who came since nobody was at it
 */
struct mx_serial {
	atomic_t n;
};

/** mx_serial_run() - do the work, or leave it to whoever is at it */
static inline void mx_serial_run(struct mx_serial *turn, void (*work)(void *ctx),
				 void *ctx)
{
	int seen;

	if (atomic_inc_return(&turn->n) != 1)
		return;
	do {
		seen = atomic_read(&turn->n);
		work(ctx);
	} while (atomic_sub_return(seen, &turn->n));
}

/**
 * struct mx_piece - a place to read payload from: mx_piece_copy() and
 * mx_piece_walk() get at it. It is zeros if neither @reply nor @plain is set
 * @pos: byte position relative to mx_io.pos
 * @len: bytes
 * @reply: message that holds them, or NULL
 * @plain: first of the adjacent pages of memory that hold them, or NULL
 * @off: first byte within @reply or from the start of @plain
 */
struct mx_piece {
	u32		pos;
	u32		len;
	const struct rmp_asm *reply;
	struct page	*plain;
	u32		off;
};

/** mx_piece_copy() - copy @len bytes from @off of a piece */
void mx_piece_copy(const struct mx_piece *piece, u32 off, void *dst, u32 len);

/**
 * mx_piece_walk() - visit the memory that holds a piece, which is not zeros
 * @fn: as for rmp_payload_walk(), but for its msg_off, which says nothing
 *
 * Return: what the last @fn returned.
 */
int mx_piece_walk(const struct mx_piece *piece,
		  int (*fn)(void *ctx, struct page *page, u32 page_off,
			    u32 len, u32 msg_off), void *ctx);

/**
 * struct mx_io - one I/O on a volume; the caller's, until done
 *
 * @vol:    volume
 * @op:     enum mx_io_op
 * @pos:    first byte, multiple of 512
 * @len:    bytes, multiple of 512; READ and WRITE at most MX_IO_MAX_BYTES, for
 *          DISCARD see mx_submit()
 * @pages:  WRITE: private pages from mx_pages_get(), pages[i] holding the
 *          volume's page (pos >> 12) + i; bytes outside [pos, pos + len) of the
 *          first and the last may be anything and are filled in from the
 *          volume. They belong to the core from submission on, which changes
 *          them; behind them are pages that only the core uses
 * @zeros:  WRITE: all bytes are known to be zeros (@pages hold such). Pages of
 *          zeros are not stored, which is found out by looking at them if it is
 *          false; but not of a sealed volume, whose servers would learn which
 *          pages are zeros
 * @keep:   WRITE: what had room for the pages keeps it, if they are zeros
 * @npages: private: pages in @pages
 * @slot:   private: whose share of reserves it takes, see mx_io_slot()
 * @place:  READ: called for each piece in any order, before done; softirq or
 *          process context, BHs off; must not sleep. The payload is gone when
 *          it returns. Return 0 or a negative error, which fails the I/O
 * @done:   called once; context as @place. @err: 0, or -EIO (lost or failed),
 *          -ENOSPC (no server takes it), -ESTALE (another owner has the volume)
 * @link:   private: in the volume's list of I/Os waiting for memory
 * @start:  private: when it was submitted, ns
 * @zero:   private: WRITE: bit per page of @pages: zeros that need not be stored
 * @next:   private: next page to deal with: DISCARD: of the volume, WRITE: of
 *          @pages
 * @left:   private: runs not finished, and one if more are to come
 * @err:    private: first error
 */
struct mx_io {
	struct mx_volume *vol;
	u8		op;
	u64		pos;
	u32		len;
	struct page	*pages[MX_IO_PAGES];
	bool		zeros;
	bool		keep;
	u16		npages;
	u8		slot;
	int		(*place)(struct mx_io *io, const struct mx_piece *piece);
	void		(*done)(struct mx_io *io, int err);
	struct list_head link;
	u64		start;
	u64		zero;
	u64		next;
	atomic_t	left;
	int		err;
};

/**
 * mx_io_slot() - what an I/O at byte @pos has to wait with
 *
 * Reserves are divided among the servers of a volume. If one I/O lacks memory,
 * those of the same slot do as well, and those of others do not.
 *
 * Return: 0 to MX_IO_SLOTS - 1. It may be another one next time.
 */
u8 mx_io_slot(struct mx_volume *vol, u64 pos);

/**
 * mx_submit() - start an I/O
 *
 * Context: any but hard interrupt. Never sleeps, never allocates; done may run
 * before it returns. A DISCARD may be as long as mx_vol_info.discard_max, since
 * all of its chunks may be dealt with at once (whole pages inside the range are
 * freed; the caller sees it done when all chunks are).
 */
void mx_submit(struct mx_io *io);

/**
 * mx_plug() - I/Os submitted until mx_unplug() leave together
 *
 * May be nested. Bottom halves are off in between; be short.
 *
 * Context: any but hard interrupt.
 */
void mx_plug(void);

/** mx_unplug() - end of mx_plug(), by the same thread */
void mx_unplug(void);

/**
 * struct mx_waiter - to be told when pages are back in the reserve
 * @wake: softirq or process context, BHs off; may call mx_pages_get() again.
 *        Must not free the waiter
 * @link: private
 * @need: private: pages asked for, by slot; 0: none
 * @busy: private: calls of @wake under way
 */
struct mx_waiter {
	void		(*wake)(struct mx_waiter *waiter);
	struct list_head link;
	u8		need[MX_IO_SLOTS];
	unsigned int	busy;
};

/** mx_waiter_init() - before its first use */
static inline void mx_waiter_init(struct mx_waiter *waiter,
				  void (*wake)(struct mx_waiter *waiter))
{
	waiter->wake = wake;
	INIT_LIST_HEAD(&waiter->link);
	memset(waiter->need, 0, sizeof(waiter->need));
	waiter->busy = 0;
}

/**
 * mx_pages_get() - private pages for a write from the volume's reserve
 * @io:     with vol, pos and len set; gets its pages
 * @waiter: initialised, or NULL
 *
 * Return: true, or false when its server's share of the reserve is used up: call
 * again after @waiter's callback, which this call has armed for once, has run.
 * A waiter may wait for several I/Os: it is called when there is enough for one
 * of them.
 * Context: any but hard interrupt.
 */
bool mx_pages_get(struct mx_io *io, struct mx_waiter *waiter);
/** mx_pages_put() - give back the pages of a write that is not submitted */
void mx_pages_put(struct mx_io *io);
/** mx_waiter_cancel() - the waiter will not be called when this returns. Not from
 * its callback. Context: any but hard interrupt
 */
void mx_waiter_cancel(struct mx_volume *vol, struct mx_waiter *waiter);

enum mx_vol_state {
	MX_VOL_OK,		/* all chunks' servers answer */
	MX_VOL_STALLED,		/* some server is silent; its pages may return */
	MX_VOL_LOST,		/* some written pages are gone */
	MX_VOL_FENCED,		/* another owner has the volume */
};

/** mx_vol_state_name() - the word that people and tools see */
const char *mx_vol_state_name(enum mx_vol_state state);

/**
 * struct mx_vol_info - a snapshot of a volume
 * @id:      random, non-zero
 * @name:    NUL-terminated
 * @bytes:   size
 * @grow:    size that it may be given while it is in use, and that servers know
 * @epoch:   owner's epoch
 * @state:   enum mx_vol_state
 * @chunk_shift: log2 of pages per chunk
 * @discard_max: bytes of a DISCARD at most, a power of two
 * @chunks:  number of chunks
 * @placed:  chunks that have a server
 * @used_pages: pages written and not discarded since
 * @key_check: tells the key that its pages are sealed with from others; 0: they
 *             are not sealed. Public
 * @map_gen: changes whenever the chunk map does
 */
struct mx_vol_info {
	u64	id;
	char	name[MX_NAME_MAX + 1];
	u64	bytes;
	u64	grow;
	u32	epoch;
	u8	state;
	u8	chunk_shift;
	u32	discard_max;
	u32	chunks;
	u32	placed;
	u64	used_pages;
	u64	key_check;
	u64	map_gen;
};

/**
 * struct mx_vol_tuning - what may be changed of a volume while it is in use
 * @with_reserve: @reserve is to be changed
 * @with_limit:   @limit is to be changed
 * @reserve: bytes that servers are to keep room for, 0: none
 * @limit:   bytes that its chunks may take on servers, with all copies and trailers,
 *           0: any number
 * @weight:  share among the volumes of this host, 1 … RMP_WEIGHT_MAX; 0: as it is
 */
struct mx_vol_tuning {
	bool	with_reserve;
	bool	with_limit;
	u64	reserve;
	u64	limit;
	u32	weight;
};

/** mx_volume_tune() - change it. @why: result, a text if it is refused, and nothing has
 * changed then. May sleep, not for the network. Return: 0 or -EINVAL
 */
int mx_volume_tune(struct mx_volume *vol, const struct mx_vol_tuning *tuning,
		   const char **why);

/**
 * struct mx_vol_booking - what servers keep for a volume
 * @asked:   bytes that they are to keep room for
 * @granted: bytes that they keep room for
 * @limit:   see struct mx_vol_tuning
 * @state:   "none", "asking", "granted", "refused" or "degraded"
 * @why:     a text, empty if there is nothing to be said
 */
struct mx_vol_booking {
	u64	asked;
	u64	granted;
	u64	limit;
	const char *state;
	char	why[120];
};

/** mx_volume_booking() - a snapshot. Watchers are told when it changes. May sleep, not for
 * the network
 */
void mx_volume_booking(struct mx_volume *vol, struct mx_vol_booking *info);

/**
 * mx_volume_claim() - become the one user of a volume
 * @name: its name
 * @user: who, for messages: "xvdma of domain 3", "/dev/memxa"
 *
 * Return: the volume, or ERR_PTR: -ENOENT, -EBUSY. May sleep, not for the
 * network.
 */
struct mx_volume *mx_volume_claim(const char *name, const char *user);

/**
 * mx_volume_release() - end of use; all I/O must be done, see mx_volume_abort()
 * May sleep, not for the network.
 */
void mx_volume_release(struct mx_volume *vol);

/**
 * mx_volume_abort() - finish all I/O now, with -EIO where the servers have not
 * answered, so that a user can go away while servers are dead. I/O submitted
 * later fails likewise, until the volume is claimed anew. Does not wait for
 * the network.
 */
void mx_volume_abort(struct mx_volume *vol);

/** mx_volume_info() - a snapshot. Any context but hard interrupt */
void mx_volume_info(struct mx_volume *vol, struct mx_vol_info *info);

/**
 * mx_volume_map_text() - the chunk map as recorded in xenstore
 * @servers: result: "A=<node>:<inc>,B=…" (hexadecimal), at most 2047 bytes
 * @buf:     result: map text, see memx-core/engine/mx_maptext.h
 * @size:    of @buf
 * @gen:     result: map_gen the text belongs to
 *
 * Return: bytes in @buf, or -E2BIG. May sleep.
 */
int mx_volume_map_text(struct mx_volume *vol, char *servers, char *buf,
		       size_t size, u64 *gen);

/**
 * struct mx_vol_watch - told when a volume's map, state or usage has changed
 * @changed: process or softirq context, must not sleep; coalesced
 * @link:    private, from watch to unwatch
 */
struct mx_vol_watch {
	void (*changed)(struct mx_vol_watch *watch);
	struct list_head link;
};

void mx_volume_watch(struct mx_volume *vol, struct mx_vol_watch *watch);
/** mx_volume_unwatch() - no callback runs when it returns. May sleep. */
void mx_volume_unwatch(struct mx_volume *vol, struct mx_vol_watch *watch);

#endif /* MX_CORE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The world around the backend under the fuzzer: a guest with its grants and
 * rings, xenstore, and a volume. It checks what the backend does to each.
 */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include "mxbk.h"

#undef memcpy

enum {
	GUEST		= 7,	/* domain id */
	FRAMES		= 12,	/* of a guest's memory for data */
	FRAME_REF	= 8,	/* reference of the first */
	RING_FRAMES	= 32,	/* for rings */
	RING_REF	= 32,	/* reference of the first */
	RINGS		= 2,
	PORTS		= 4,	/* event channels 1 to 4 */
	DISK_PAGES	= 64,
	DISK_BYTES	= DISK_PAGES * 4096,
	DISK_SECTORS	= DISK_PAGES * 8,
	HOLDS		= 2048,	/* requests that may be known at a time */
	UNWRITTEN	= 0xa5,	/* what a page of the reserve holds at first; no guest writes it */
};

enum frame_state { FRAME_OK, FRAME_READONLY, FRAME_BAD, FRAME_AWAY, FRAME_STATES };

/**
 * struct hold - a request that the backend has taken and not answered
 * @live:  it is there
 * @ring:  number of its ring
 * @id:    of the response; unique
 * @seq:   when it was taken
 * @raw:   the slot as it was read
 * @segs:  indirect: the segments as they were copied last
 * @copied: indirect: there are such
 * @out:   the volume has it
 * @done:  the volume has ended it without an error
 */
struct hold {
	bool live;
	u8 ring;
	u64 id;
	u32 seq;
	u8 raw[MXBK_SLOT_MAX];
	u8 segs[MXBK_SEGS_MAX * MXBK_SEG_BYTES];
	bool copied;
	bool out;
	bool done;
};

/**
 * struct mring - a ring as the guest knows it
 * @mapped:   by the backend
 * @attached: its indices have been read
 * @bad:      an impossible index was read: nothing may be taken any more
 * @first:    its first frame
 * @n:        frames
 * @abi32:    layout
 * @slots:    of the ring
 * @cons:     requests taken
 * @rsp:      responses produced; @told: of these, told
 * @avail:    requests that may be taken by the index read last
 * @swept:    requests taken since model_begins()
 * @ring:     the backend's
 */
struct mring {
	bool mapped;
	bool attached;
	bool bad;
	u32 first;
	u32 n;
	bool abi32;
	u32 slots;
	u32 cons;
	u32 rsp;
	u32 told;
	u32 avail;
	u32 swept;
	struct mxbk_ring *ring;
};

/**
 * struct model - all that can be looked at
 * @now:     counts what happens
 * @step:    counts what the kernel runs
 * @xdev:    the disk
 * @ring:    rings by order of mapping
 * @frame:   the guest's data; @state: of the grants
 * @mem:     the guest's rings, poisoned
 * @races:   bytes that say what the guest changes after each read
 * @nraces:  how many
 * @hyper_fail: the next hypercall fails as a whole
 * @eois:    ends of interrupts without work that were not called spurious
 * @excuses: what may excuse one
 * @readonly: so is the disk
 * @lines:   lines in the log
 */
struct model {
	u32 now;
	u32 step;
	struct xenbus_device xdev;
	struct mring ring[RINGS];
	u8 (*frame)[4096];
	u8 state[FRAMES];
	u8 (*mem)[4096];
	u8 races[16];
	u8 nraces;
	bool hyper_fail;
	u32 eois;
	u32 excuses;
	bool readonly;
	u32 lines;
};

extern struct model model;

/* guest.c */
void guest_reset(void);
void model_begins(void);
void guest_poke(u32 frame, u32 off, const void *from, u32 len);
void guest_peek(u32 frame, u32 off, void *to, u32 len);
void guest_event(u32 port);
/* Lets pending events in. Return: whether there was one. */
bool guest_events(void);
u32 guest_bound(void);
struct mring *ring_of(const struct mxbk_ring *ring);

/* hold.c: oracles of requests */
void hold_reset(void);
struct hold *hold_take(u32 ring, bool abi32, const u8 *raw, u64 id);
struct hold *hold_find(u64 id);
void hold_answer(struct hold *hold, u8 op, s16 status);
u32 hold_count(u32 ring);
/* A copy between the guest's frame @ref and @local was made. */
void hold_copied_out(u32 ref, u32 off, u32 len, const u8 *local);
void hold_copied_in(u32 ref, u32 off, u32 len, u8 *local);

/* store.c */
void store_reset(void);
void store_put(const char *dir, const char *node, const char *text);
void store_drop(const char *dir, const char *node);
const char *store_get(const char *dir, const char *node);
u32 store_count(void);
u32 store_watches(void);
void store_fire(const char *node);
extern u32 store_fail;		/* the so-manieth write from now on fails */
extern bool store_again;	/* the next transaction meets a conflict */

/* volume.c */
void volume_reset(u32 reserve);
bool volume_end_one(u32 n, int err);
bool volume_refill(u32 pages);
void volume_changed(void);
bool volume_claimed(void);
u32 volume_open(void);
extern u8 volume_how;		/* bits: see volume.c */
extern u8 (*volume_disk)[4096];
/* Byte of the disk that a byte in a page of the reserve is for, or -1. */
s64 volume_place(const u8 *local);

#endif /* FUZZ_MODEL_H */

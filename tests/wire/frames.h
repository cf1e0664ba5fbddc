/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames as they would be captured, and what the dissector is to say of each:
 * shared by the files that make them and the one that writes them down.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "engine/rmp_engine.h"
#include "engine/mx_wire.h"

enum {
	FRAME_MAX  = 16384,	/* bytes after the Ethernet header */
	FRAMES_MAX = 20000,
	PORT_MEMORY = 1,	/* RMP_PORT_MEMORY, in a header of the kernel's */
};

/**
 * struct frame - one captured frame
 * @bytes: after the Ethernet header
 * @len:   how many
 * @now:   when, ns
 * @from:  number of the sender, for its address
 * @bad:   word that says why a receiver drops it, "+" for any, NULL: the
 *         decoder decides
 * @linked: @first, @whole, @again and @took are to be compared
 * @first: number of the frame that first asked for this, 0: none
 * @whole: number of the frame that made the reply whole, 0: none
 * @again: number of the frame that this one repeats, 0: none
 * @took:  ns from request to reply, of the frame that made it whole
 * @info:  text of the info column, NULL: not compared
 */
struct frame {
	u8	*bytes;
	u32	len;
	u64	now;
	u8	from;
	const char *bad;
	bool	linked;
	u32	first;
	u32	whole;
	u32	again;
	u64	took;
	char	*info;
};

extern struct frame frames[FRAMES_MAX];	/* number 1 is the first */
extern u32 nframes;

/* frames.c */
struct frame *frame_add(const void *bytes, u32 len, u64 now, u8 from);
void frame_seal(u8 *bytes);
u32 frame_put(u8 *bytes, struct rmp_hdr *hdr, const void *data, u32 pad);

/* frames_talk.c: an exchange between two nodes, by the engine */
void talk(void);

/* frames_bad.c: each fault that the decoder knows, and bytes changed blindly */
void faults(void);

/* frames_want.c */
void want_write(FILE *out);

#endif /* FRAMES_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the two halves of memx_floor share: requests under way, and the disk.
 */
#ifndef FLOOR_H
#define FLOOR_H

#include <linux/jiffies.h>
#include <linux/skbuff.h>

/* Requests of a run at most, and of the disk, whose slots follow the run's. */
#define DEPTH_MAX	64
#define LOST_AFTER	HZ

/**
 * struct floor_hdr - start of each frame
 * @seq:    number of the request
 * @slot:   the client's place for the answer
 * @answer: 0: request, 1: answer
 * @off:    answer: offset of this frame's bytes
 * @len:    request: bytes wanted; answer: bytes in this frame
 */
struct floor_hdr {
	__be32	seq;
	__be16	slot;
	__be16	answer;
	__be16	off;
	__be16	len;
} __packed;

/**
 * struct floor_slot - one request under way
 * @seq:  its number; frames with another one are late
 * @size: bytes wanted
 * @got:  bytes of the answer here
 * @to:   where the answer goes
 */
struct floor_slot {
	u32	seq;
	u32	size;
	u32	got;
	u8	*to;
};

extern struct floor_slot floor_slots[2 * DEPTH_MAX];

/**
 * floor_ask() - send the request of a slot
 * @i: slot, @size and @to set
 *
 * Context: process or softirq; the disk's holds the read's lock.
 */
void floor_ask(unsigned int i);

/** floor_take() - a part of an answer; return: whether the answer is whole */
bool floor_take(struct floor_slot *slot, const struct sk_buff *skb,
		const struct floor_hdr *hdr);

/* floor_disk.c */
/** floor_disk_init() - @mib: size of the disk, 0: none; may sleep */
int floor_disk_init(unsigned int mib);
void floor_disk_exit(void);
/** floor_disk_take() - as floor_take(), for slot @i of the disk; softirq */
void floor_disk_take(unsigned int i, const struct sk_buff *skb,
		     const struct floor_hdr *hdr);

#endif /* FLOOR_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * What the backend has in hand, and whether it is believed.
 */
#include "mxbf_req.h"

enum { INDEX_BITS = 8 };

void mxbf_table_init(struct mxbf_table *table)
{
	u32 i;

	memset(table, 0, sizeof(*table));
	for (i = 0; i < MXBF_SLOTS; i++)
		table->free[i] = MXBF_SLOTS - 1 - i;
	table->nfree = MXBF_SLOTS;
}

struct mxbf_slot *mxbf_slot_take(struct mxbf_table *table, u8 op, u64 sector)
{
	struct mxbf_slot *slot;
	u32 index;

	if (!table->nfree)
		return NULL;
	index = table->free[--table->nfree];
	slot = &table->slot[index];
	memset(slot, 0, sizeof(*slot));
	slot->id = ++table->seq << INDEX_BITS | index;
	slot->sector = sector;
	slot->op = op;
	slot->state = MXBF_OUT;
	table->out++;
	return slot;
}

bool mxbf_slot_give(struct mxbf_table *table, struct mxbf_slot *slot, u64 sectors)
{
	slot->give = true;
	slot->sectors = sectors;
	return ++table->gives < MXBF_GIVES;
}

void mxbf_slot_done(struct mxbf_table *table, struct mxbf_slot *slot)
{
	MX_ASSERT(slot->state == MXBF_OUT);
	slot->state = MXBF_DONE;
	table->out--;
	if (slot->give)
		table->gives--;
}

void mxbf_slot_free(struct mxbf_table *table, struct mxbf_slot *slot)
{
	MX_ASSERT(slot->state == MXBF_DONE && table->nfree < MXBF_SLOTS);
	slot->state = MXBF_FREE;
	table->free[table->nfree++] = mxbf_index(table, slot);
}

u32 mxbf_slot_add(struct mxbf_slot *slot, u8 op, u64 sector, u32 bytes)
{
	u32 most = op == MXBF_DISCARD ? 1 : MXBF_PARTS;

	if (op != slot->op || sector != slot->sector + slot->sectors || slot->parts == most)
		return 0;
	if (op != MXBF_DISCARD)
		bytes = min_t(u32, bytes, MXBF_BYTES - (u32)slot->sectors * 512);
	if (!bytes)
		return 0;
	slot->sectors += bytes / 512;
	slot->parts++;
	return bytes;
}

int mxbf_unread(const struct mxbf_table *table, u32 cons, u32 prod)
{
	u32 unread = prod - cons;

	return unread <= table->out ? (int)unread : -EPROTO;
}

struct mxbf_slot *mxbf_answer(struct mxbf_table *table, u64 id, u8 op)
{
	u32 index = id & (BIT(INDEX_BITS) - 1);
	struct mxbf_slot *slot = &table->slot[index % MXBF_SLOTS];

	if (slot->state != MXBF_OUT || slot->id != id || slot->op != op)
		return NULL;
	mxbf_slot_done(table, slot);
	return slot;
}

bool mxbf_gives_meet(const struct mxbf_table *table, u64 sector, u64 sectors)
{
	const struct mxbf_slot *slot;

	if (likely(!table->gives))
		return false;
	for (slot = table->slot; slot < table->slot + MXBF_SLOTS; slot++)
		if (slot->state == MXBF_OUT && slot->give &&
		    sector < slot->sector + slot->sectors && slot->sector < sector + sectors)
			return true;
	return false;
}

/* Numbers as in xen-vbd-interface(7). */
enum {
	EXTENDED	= 1 << 28,
	XVD_MAJOR	= 202,
	MEMX_FIRST	= 338,	/* of xvdma; xvdmz is the 26th from there */
};

static char *prepend(char *at, const char *text)
{
	u32 len = strlen(text);

	return memcpy(at - len, text, len);
}

static char *prepend_number(char *at, u32 n)
{
	do {
		*--at = '0' + n % 10;
		n /= 10;
	} while (n);
	return at;
}

/* 0: a, 25: z, 26: aa */
static char *prepend_letters(char *at, u32 n)
{
	for (; n >= 26; n = n / 26 - 1)
		*--at = 'a' + n % 26;
	*--at = 'a' + n;
	return at;
}

void mxbf_name(u32 vdev, char *name)
{
	bool extended = vdev & EXTENDED;
	u32 bits = extended ? 8 : 4;
	u32 disk = (extended ? vdev & (EXTENDED - 1) : vdev & 0xff) >> bits;
	u32 part = vdev & ((1U << bits) - 1);
	char text[MXBF_NAME], *at = text + sizeof(text) - 1;

	*at = '\0';
	if (vdev >> (extended ? 29 : 8) != (extended ? 0 : XVD_MAJOR)) {
		at = prepend_number(at, vdev);
	} else if (extended && disk - MEMX_FIRST < 26 && !part) {
		at = prepend_letters(at, disk - MEMX_FIRST);
		at = prepend(at, "memx");
		goto copy;
	} else {
		if (part)
			at = prepend_number(at, part);
		at = prepend_letters(at, disk);
		at = prepend(at, "xvd");
	}
	at = prepend(at, "memx-");
copy:
	memcpy(name, at, text + sizeof(text) - at);
}

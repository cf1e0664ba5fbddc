// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the frontend's table of requests against a hostile backend: whatever it
 * answers, each request ends once, nothing ends that was not asked, and what is
 * asked is what bios are, in order.
 *
 * Input: steps of a few bytes: a bio, freed swap slots, a response, an index.
 */
#include <string.h>

#include "mxbf_req.h"
#include "input.h"

/**
 * struct model - what the fuzzer knows by itself
 * @id:    of each slot's request that is in the backend's hand, or 0
 * @op:    its operation
 * @done:  requests that were answered and not freed yet
 * @out:   requests in the backend's hand
 */
struct model {
	uint64_t id[MXBF_SLOTS];
	uint8_t op[MXBF_SLOTS];
	struct mxbf_slot *done[MXBF_SLOTS];
	uint32_t ndone;
	uint32_t out;
};

static const uint8_t ops[] = { MXBF_READ, MXBF_WRITE, MXBF_DISCARD };

static void ask(struct input *in, struct mxbf_table *table, struct model *model)
{
	uint8_t op = ops[byte(in) % 3];
	uint64_t sector = byte(in) * 8ULL;
	uint32_t bytes = (1 + byte(in)) * 512u, n, all = 0, parts = 0;
	struct mxbf_slot *slot = mxbf_slot_take(table, op, sector);

	must(!slot == (model->out + model->ndone == MXBF_SLOTS));
	if (!slot)
		return;
	if (op == MXBF_DISCARD && byte(in) & 1) {
		if (table->gives < MXBF_GIVES)
			mxbf_slot_give(table, slot, bytes / 512);
	} else {
		for (; (n = mxbf_slot_add(slot, op, sector, bytes)); all += n, parts++) {
			must(n <= bytes && n % 512 == 0);
			sector += n / 512;
			if (n < bytes)
				bytes -= n;
		}
		must(parts == slot->parts && parts >= 1 && parts <= MXBF_PARTS);
		must(all == slot->sectors * 512 && (op == MXBF_DISCARD || all <= MXBF_BYTES));
	}
	n = mxbf_index(table, slot);
	must(n < MXBF_SLOTS && !model->id[n] && slot->id);
	model->id[n] = slot->id;
	model->op[n] = op;
	model->out++;
}

/* Near the truth: an id that was asked, with a bit of it wrong, or of a time before. */
static void answer(struct input *in, struct mxbf_table *table, struct model *model)
{
	uint32_t which = byte(in) % MXBF_SLOTS, twist = byte(in), i;
	uint64_t id = table->slot[which].id;
	uint8_t op = table->slot[which].op;
	struct mxbf_slot *slot;
	bool is = false;

	if (twist & 0x80)
		id ^= 1ULL << (twist & 63);
	if (twist & 0x40)
		op = byte(in);
	for (i = 0; i < MXBF_SLOTS; i++)
		is |= model->id[i] && model->id[i] == id && model->op[i] == op;
	slot = mxbf_answer(table, id, op);
	must(!slot == !is);
	if (!slot)
		return;
	i = mxbf_index(table, slot);
	must(i < MXBF_SLOTS && model->id[i] == id);
	model->id[i] = 0;
	model->out--;
	model->done[model->ndone++] = slot;
}

static void gives(struct input *in, struct mxbf_table *table)
{
	uint64_t sector = byte(in) * 8ULL, sectors = 1 + byte(in), at;
	bool meets = false;
	uint32_t i, n = 0;

	for (i = 0; i < MXBF_SLOTS; i++) {
		const struct mxbf_slot *slot = &table->slot[i];

		if (slot->state != MXBF_OUT || !slot->give)
			continue;
		n++;
		for (at = sector; at < sector + sectors; at++)
			meets |= at >= slot->sector && at - slot->sector < slot->sectors;
	}
	must(n == table->gives);
	must(mxbf_gives_meet(table, sector, sectors) == meets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct model model = {};
	struct mxbf_table table;
	uint32_t cons, prod;
	int n;

	mxbf_table_init(&table);
	while (in.left) {
		switch (byte(&in) % 5) {
		case 0:
		case 1:
			ask(&in, &table, &model);
			break;
		case 2:
			answer(&in, &table, &model);
			break;
		case 3:
			while (model.ndone)
				mxbf_slot_free(&table, model.done[--model.ndone]);
			break;
		default:
			gives(&in, &table);
			cons = byte(&in) * 0x01010101u;
			prod = cons + (int8_t)byte(&in);
			n = mxbf_unread(&table, cons, prod);
			must(n < 0 || ((uint32_t)n == prod - cons && (uint32_t)n <= model.out));
			must(n >= 0 || prod - cons > model.out);
		}
		must(table.out == model.out);
	}
	return 0;
}

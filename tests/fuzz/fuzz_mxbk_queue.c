// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes what a frontend may write about its rings: whatever is taken lies within
 * the offer, and rings that are taken have no page and no event channel in common.
 *
 * Input: two bytes of an offer; three texts, each ended by a byte 0; then a byte
 * for each number that the rings say.
 */
#include "mxbk_queue.h"
#include "input.h"

enum { TEXT = 32, RINGS = 6 };

/* Return: @text, or NULL for an empty one that begins with 255. */
static const char *text_of(struct input *in, char *text)
{
	unsigned int n = 0;
	uint8_t c = byte(in);

	if (c == 0xff)
		return NULL;
	for (; c && n < TEXT - 1; c = byte(in))
		text[n++] = c;
	text[n] = '\0';
	return text;
}

/* A plain reading of the same text, for numbers of up to nine digits. */
static void check_number(const char *text)
{
	uint32_t value = 0, slow = 0;
	int err = mxbk_number(text, &value);
	unsigned int n;

	for (n = 0; text && text[n] >= '0' && text[n] <= '9'; n++)
		slow = slow * 10 + (text[n] - '0');
	if (text && n && !text[n] && n < 10)
		must(!err && value == slow);
	else if (!text || !n || text[n])
		must(err);
}

/* Each place against each other one. */
static bool clash(const struct mxbk_says *all, uint32_t n)
{
	const struct mxbk_says *last = &all[n - 1];
	uint32_t i, k, ring;

	for (ring = 0; ring < n; ring++)
		for (i = 0; i < last->nrefs; i++)
			for (k = 0; k < all[ring].nrefs; k++)
				if ((ring != n - 1 || i != k) &&
				    all[ring].ref[k] == last->ref[i])
					return true;
	for (ring = 0; ring < n - 1; ring++)
		if (all[ring].evtchn == last->evtchn)
			return true;
	return false;
}

static void check_rings(struct input *in, const struct mxbk_plan *plan)
{
	struct mxbk_says all[RINGS] = {};
	uint32_t i, k;

	for (i = 0; i < RINGS && i < plan->queues; i++) {
		all[i].nrefs = 1u << plan->order;
		all[i].evtchn = byte(in);
		for (k = 0; k < all[i].nrefs; k++)
			all[i].ref[k] = byte(in) * 0x01000193u;
		if (!mxbk_says_check(all, i + 1)) {
			must(!clash(all, i + 1));
			continue;
		}
		must(clash(all, i + 1));
		return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	char text[3][TEXT];
	struct mxbk_asked asked;
	struct mxbk_offer offer;
	struct mxbk_plan plan;

	mxbk_offer_make(&offer, 1 + byte(&in) % 8, 8, byte(&in));
	must(offer.queues >= 1 && offer.order <= MXBK_ORDER_MAX);
	asked.protocol = text_of(&in, text[0]);
	asked.order = text_of(&in, text[1]);
	asked.queues = text_of(&in, text[2]);
	check_number(asked.order);
	check_number(asked.queues);
	if (mxbk_plan_make(&asked, "x86_64-abi", &offer, &plan))
		return 0;
	must(plan.abi == &mxbk_abi_64 || plan.abi == &mxbk_abi_32);
	must(plan.order <= offer.order);
	must(plan.queues >= 1 && plan.queues <= offer.queues);
	check_rings(&in, &plan);
	return 0;
}

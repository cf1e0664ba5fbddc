/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages of the test modules that are sent and then filled anew.
 */
#ifndef FRESH_H
#define FRESH_H

#include <linux/delay.h>
#include <linux/mm.h>

/*
 * floor_fresh() - a page that may be written to
 * @page: the one used last; replaced if a frame still refers to it, since it may
 *        be built and tagged after its call has ended, see struct rmp_buf
 *
 * Context: may sleep.
 */
static inline void *floor_fresh(struct page **page)
{
	struct page *next;

	while (page_count(*page) > 1) {
		next = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (next) {
			put_page(*page);
			*page = next;
			break;
		}
		msleep(20);
	}
	return page_address(*page);
}

#endif /* FRESH_H */

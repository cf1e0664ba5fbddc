// SPDX-License-Identifier: GPL-2.0
/*
 * Operations on sealed volumes: pages are sealed before they are sent and
 * opened before anybody gets them.
 *
 * A write's pages are ours alone and are sealed in place. What has arrived may
 * be shared with others (a tap, a server on the same host that sent its own
 * pages), so it is copied and opened in memory of the CPU's own; to its user it
 * is copied from there.
 */
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include "mx_sealed.h"

/* First of MX_PLAIN_PAGES adjacent pages; used with bottom halves off. */
static DEFINE_PER_CPU(struct page *, plain);

/* Only those who load keys take it: a mutex that waits for memory must not be
 * one that anybody needs to write memory out.
 */
static DEFINE_MUTEX(init_mutex);

int mx_sealed_init(void)
{
	int cpu, err = 0;

	mutex_lock(&init_mutex);
	for_each_possible_cpu(cpu) {
		if (per_cpu(plain, cpu))
			continue;
		per_cpu(plain, cpu) = alloc_pages(GFP_KERNEL | __GFP_NOWARN,
						  MX_PLAIN_ORDER);
		if (!per_cpu(plain, cpu)) {
			err = -ENOMEM;
			break;
		}
	}
	mutex_unlock(&init_mutex);
	return err;
}

/* No volume is left. */
void mx_sealed_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct page *page = per_cpu(plain, cpu);

		if (!page)
			continue;
		mx_wipe(page_address(page), PAGE_SIZE << MX_PLAIN_ORDER);
		__free_pages(page, MX_PLAIN_ORDER);
	}
}

void mx_seal_pages(struct mx_vop *vop)
{
	u32 i, n = vop->op.n;
	u8 *trailers = page_address(vop->buf.page[n]);
	u8 *random = trailers + MX_OP_PAGES * MX_TRAILER_LEN;

	get_random_bytes(random, n * MX_SEAL_RANDOM);
	for (i = 0; i < n; i++)
		mx_seal_page(&vop->vol->seal, vop->page + i,
			     random + i * MX_SEAL_RANDOM,
			     page_address(vop->buf.page[i]),
			     trailers + i * MX_TRAILER_LEN);
	vop->sealed = true;
}

static_assert(MX_OP_PAGES * (MX_TRAILER_LEN + MX_SEAL_RANDOM) <= MX_PAGE_SIZE,
	      "room for trailers and what is drawn for them");

static void complain(struct mx_volume *vol, u8 server, u64 page)
{
	mx_vstat_inc(vol, MX_VS_BAD_SEALS);
	pr_err_ratelimited("memx_core: volume %s: page %llu as server %016llx gives it is not what was written: read fails\n",
			   vol->name, page, rmp_node_id(vol->srv[server]->node));
}

struct page *mx_unseal_pages(struct mx_volume *vol, const struct mx_sealed *from,
			     u64 page, u32 n)
{
	u8 trailers[MX_PLAIN_PAGES * MX_TRAILER_LEN];
	struct page *pages = this_cpu_read(plain);
	u8 *text = page_address(pages);
	u32 k;

	rmp_payload_copy(from->reply, from->at << MX_PAGE_SHIFT, text,
			 n << MX_PAGE_SHIFT);
	rmp_payload_copy(from->reply, (from->count << MX_PAGE_SHIFT) +
			 from->at * MX_TRAILER_LEN, trailers, n * MX_TRAILER_LEN);
	for (k = 0; k < n; k++) {
		if (mx_seal_open(&vol->seal, page + k,
				 trailers + k * MX_TRAILER_LEN,
				 text + (k << MX_PAGE_SHIFT)))
			continue;
		complain(vol, from->server, page + k);
		return NULL;
	}
	return pages;
}

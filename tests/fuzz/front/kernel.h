/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Enough of the kernel, in user space, to run the frontend's way of bios to the ring
 * and back as it is: bios, locks, the ring's macros, a work item. The kernel's own
 * headers are empty files there. There is one thread.
 */
#ifndef FUZZ_FRONT_KERNEL_H
#define FUZZ_FRONT_KERNEL_H

#include "mx_port.h"
#include "../input.h"

#define READ_ONCE(x) (x)
#define virt_rmb() do { } while (0)
#define virt_mb() do { } while (0)
#define LIST_HEAD(name) struct list_head name = { &(name), &(name) }
#define msecs_to_jiffies(ms) (ms)
#define dev_err(dev, ...) ((void)(dev), kernel_errors++)
static unsigned int kernel_errors;

/* --- locks ------------------------------------------------------------------ */

typedef struct { bool held; } spinlock_t;

static inline void kernel_lock(spinlock_t *lock)
{
	must(!lock->held);
	lock->held = true;
}

static inline void kernel_unlock(spinlock_t *lock)
{
	must(lock->held);
	lock->held = false;
}

#define spin_lock_irq(lock) kernel_lock(lock)
#define spin_unlock_irq(lock) kernel_unlock(lock)
#define spin_lock_irqsave(lock, flags) ((flags) = 0, kernel_lock(lock))
#define spin_unlock_irqrestore(lock, flags) ((void)(flags), kernel_unlock(lock))

typedef struct { int unused; } wait_queue_head_t;
#define wq_has_sleeper(wq) ((void)(wq), false)
#define wake_up_all(wq) ((void)(wq))
#define wait_event(wq, cond) must(cond)

struct work_struct { void (*func)(struct work_struct *work); bool queued; };
struct delayed_work { struct work_struct work; };
struct workqueue_struct;
#define INIT_DELAYED_WORK(w, fn) ((w)->work.func = (fn))
#define queue_delayed_work(wq, w, delay) ((void)(wq), (w)->work.queued = true)

/* --- bits and memory ---------------------------------------------------------- */

#define BITS_TO_LONGS(n) (((n) + 63) / 64)
#define GFP_NOIO 0
#define __GFP_NOWARN 0
#define kvcalloc(n, size, gfp) calloc(n, size)
#define kvfree(p) free(p)
#define kfree(p) free(p)

static inline bool test_bit(unsigned long bit, const unsigned long *map)
{
	return map[bit / 64] >> bit % 64 & 1;
}

static inline void __set_bit(unsigned long bit, unsigned long *map)
{
	map[bit / 64] |= 1UL << bit % 64;
}

static inline void __clear_bit(unsigned long bit, unsigned long *map)
{
	map[bit / 64] &= ~(1UL << bit % 64);
}

static inline void bitmap_clear(unsigned long *map, unsigned long first, unsigned long n)
{
	while (n--)
		__clear_bit(first + n, map);
}

static inline void bitmap_copy(unsigned long *to, const unsigned long *from, unsigned long n)
{
	memcpy(to, from, BITS_TO_LONGS(n) * 8);
}

static inline unsigned long find_next(const unsigned long *map, unsigned long end,
				      unsigned long at, bool is)
{
	while (at < end && test_bit(at, map) != is)
		at++;
	return at < end ? at : end;
}

#define find_next_bit(map, end, at) find_next(map, end, at, true)
#define find_next_zero_bit(map, end, at) find_next(map, end, at, false)

/* --- bios ----------------------------------------------------------------------- */

#define SECTOR_SHIFT 9
#define PAGE_SECTORS_SHIFT 3
#define PAGE_SECTORS 8
typedef u64 sector_t;
typedef int blk_status_t;

struct page { u8 bytes[4096]; };
struct bio_vec { u8 *bv_page; u32 bv_len; };
struct bvec_iter { sector_t bi_sector; u32 bi_size, bi_idx, bi_bvec_done; };
struct gendisk { void *private_data; };
struct block_device { struct gendisk *bd_disk; sector_t start; };

enum { BIO_VECS = 8 };
enum { REQ_OP_READ, REQ_OP_WRITE, REQ_OP_DISCARD, REQ_OP_OTHER };
#define REQ_NOWAIT 0x100
#define BLK_STS_NOTSUPP 95
#define errno_to_blk_status(err) (-(err))

struct bio {
	struct bio		*bi_next;
	struct block_device	*bi_bdev;
	struct bvec_iter	bi_iter;
	struct bio_vec		vec[BIO_VECS];
	u32			bi_opf;
	blk_status_t		bi_status;
	int			remaining;
	u32			accounted, began;
	void			*model;
};

void model_end(struct bio *bio);

#define page_address(page) ((void *)(page))
#define flush_dcache_page(page) ((void)(page))
#define bvec_kmap_local(bv) ((bv)->bv_page)
#define kunmap_local(p) ((void)(p))
#define get_start_sect(bdev) ((bdev)->start)
#define bio_op(bio) ((bio)->bi_opf & 0xff)
#define bio_sectors(bio) ((bio)->bi_iter.bi_size >> SECTOR_SHIFT)
#define bio_inc_remaining(bio) ((bio)->remaining++)

static inline void bio_advance_iter(const struct bio *bio, struct bvec_iter *iter, u32 bytes)
{
	must(bytes <= iter->bi_size && !(bytes && bio_op(bio) == REQ_OP_DISCARD));
	iter->bi_sector += bytes >> SECTOR_SHIFT;
	iter->bi_size -= bytes;
	for (bytes += iter->bi_bvec_done; bytes && bytes >= bio->vec[iter->bi_idx].bv_len;
	     iter->bi_idx++)
		bytes -= bio->vec[iter->bi_idx].bv_len;
	iter->bi_bvec_done = bytes;
}

static inline struct bio_vec bio_vec_at(const struct bio *bio, const struct bvec_iter *iter)
{
	struct bio_vec bv = bio->vec[iter->bi_idx];

	bv.bv_page += iter->bi_bvec_done;
	bv.bv_len = min(bv.bv_len - iter->bi_bvec_done, iter->bi_size);
	return bv;
}

/* Parts of a sector are stepped over without its number. */
static inline void bio_step(const struct bio *bio, struct bvec_iter *iter, u32 bytes)
{
	sector_t sector = iter->bi_sector;

	bio_advance_iter(bio, iter, bytes);
	iter->bi_sector = sector;
}

#define __bio_for_each_segment(bv, bio, iter, from) \
	for ((iter) = (from); \
	     (iter).bi_size && (((bv) = bio_vec_at(bio, &(iter))), true); \
	     bio_step(bio, &(iter), (bv).bv_len))

static inline void bio_endio(struct bio *bio)
{
	must(bio->remaining > 0);
	if (!--bio->remaining)
		model_end(bio);
}

static inline void bio_io_error(struct bio *bio)
{
	bio->bi_status = EIO;
	bio_endio(bio);
}

#define bio_wouldblock_error(bio) bio_io_error(bio)

static inline unsigned long bio_start_io_acct(struct bio *bio)
{
	bio->began += bio->bi_iter.bi_size;
	return 1;
}

static inline void bio_end_io_acct(struct bio *bio, unsigned long start)
{
	must(start == 1);
	bio->accounted += bio->bi_iter.bi_size;
}

struct bio_list { struct bio *head, *tail; };
#define BIO_EMPTY_LIST { NULL, NULL }
#define bio_list_peek(list) ((list)->head)
#define bio_list_init(list) ((list)->head = (list)->tail = NULL)

static inline void bio_list_add(struct bio_list *list, struct bio *bio)
{
	bio->bi_next = NULL;
	if (list->tail)
		list->tail->bi_next = bio;
	else
		list->head = bio;
	list->tail = bio;
}

static inline struct bio *bio_list_pop(struct bio_list *list)
{
	struct bio *bio = list->head;

	if (bio) {
		list->head = bio->bi_next;
		if (!list->head)
			list->tail = NULL;
		bio->bi_next = NULL;
	}
	return bio;
}

static inline void bio_list_merge(struct bio_list *list, struct bio_list *more)
{
	if (!more->head)
		return;
	if (list->tail)
		list->tail->bi_next = more->head;
	else
		list->head = more->head;
	list->tail = more->tail;
}

static inline u32 bio_list_size(const struct bio_list *list)
{
	const struct bio *bio;
	u32 n = 0;

	for (bio = list->head; bio; bio = bio->bi_next)
		n++;
	return n;
}

/* A plug that gathers, while the model has one. */
struct blk_plug_cb {
	void (*callback)(struct blk_plug_cb *cb, bool from_schedule);
	void *data;
};

static struct blk_plug_cb *kernel_plug;
static bool kernel_plugged;

static inline struct blk_plug_cb *blk_check_plugged(void (*fn)(struct blk_plug_cb *cb, bool),
						    void *data, size_t size)
{
	if (!kernel_plugged)
		return NULL;
	if (!kernel_plug) {
		kernel_plug = calloc(1, size);
		kernel_plug->callback = fn;
		kernel_plug->data = data;
	}
	return kernel_plug;
}

/* --- the ring -------------------------------------------------------------------- */

typedef u32 grant_ref_t, RING_IDX;
typedef int irqreturn_t;
#define IRQ_HANDLED 1
#define XEN_EOI_FLAG_SPURIOUS 1
#define BLKIF_RSP_OKAY 0
#define BLKIF_RSP_EOPNOTSUPP (-2)

struct device { int unused; };
struct xenbus_device { struct device dev; };

struct blkif_segment { grant_ref_t gref; u8 first_sect, last_sect; };

struct blkif_request {
	u8 operation;
	union {
		struct {
			u8 nr_segments;
			u64 id, sector_number;
			struct blkif_segment seg[11];
		} rw;
		struct { u64 id, sector_number, nr_sectors; } discard;
	} u;
};

struct blkif_response { u64 id; u8 operation; s16 status; };
struct blkif_sring {
	RING_IDX req_prod, req_event, rsp_prod, rsp_event;
	union { struct blkif_request req; struct blkif_response rsp; } ring[32];
};

struct blkif_front_ring { RING_IDX req_prod_pvt, rsp_cons; struct blkif_sring *sring; };

#define RING_GET_REQUEST(r, i) (&(r)->sring->ring[(i) & 31].req)
#define RING_COPY_RESPONSE(r, i, to) (*(to) = (r)->sring->ring[(i) & 31].rsp)
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(r, notify) \
	((r)->sring->req_prod = (r)->req_prod_pvt, (notify) = 1)
#define notify_remote_via_irq(irq) ((void)(irq))
#define xen_irq_lateeoi(irq, flags) ((void)(irq), (void)(flags))

#endif /* FUZZ_FRONT_KERNEL_H */

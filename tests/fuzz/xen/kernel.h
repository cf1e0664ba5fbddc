/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Enough of the kernel, in user space, to run the backend as it is against a
 * model of Xen: memory, lists, locks, deferred work, printing. Forced in front of
 * each file of the backend; the kernel's own headers are empty files there.
 *
 * There is one thread. What the kernel would do later or elsewhere is kept until
 * the model runs it; so locks are never waited for, and one that is taken twice, or
 * slept under, is a mistake that ends the program.
 */
#ifndef FUZZ_KERNEL_H
#define FUZZ_KERNEL_H

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/types.h>
#include "mx_port.h"
#include "../input.h"

/* --- memory that a guest can change ------------------------------------- */

/*
 * Each read of shared memory is one of these, and the guest may change it right
 * after. A plain access to it is found by ASan: it is poisoned in between.
 */
void shared_load(void *to, const volatile void *from, size_t len);
void shared_store(volatile void *to, const void *from, size_t len);

#undef WRITE_ONCE
#define READ_ONCE(x) ({ \
	union { __typeof__(x) value; u8 bytes[sizeof(x)]; } once_; \
	shared_load(once_.bytes, &(x), sizeof(x)); \
	once_.value; \
})
#define WRITE_ONCE(x, v) do { \
	__typeof__(x) once_ = (v); \
	shared_store(&(x), &once_, sizeof(once_)); \
} while (0)
#define memcpy(to, from, len) kernel_memcpy(to, from, len)
/* libc's is another one. */
#define remove kernel_remove

static inline void *kernel_memcpy(void *to, const void *from, size_t len)
{
	static u8 private[4096];

	/* At most one of the two is shared. */
	must(len <= sizeof(private));
	shared_load(private, from, len);
	shared_store(to, private, len);
	return to;
}

#define smp_store_release(p, v) (*(p) = (v))
#define smp_load_acquire(p) (*(p))
#define barrier() __asm__ __volatile__("" : : : "memory")
#define virt_mb() barrier()
#define virt_rmb() barrier()
#define virt_wmb() barrier()
#define xchg(p, v) ({ __typeof__(*(p)) was_ = *(p); *(p) = (v); was_; })

/* --- words -------------------------------------------------------------- */

#undef static_assert
#define static_assert(expr, ...) _Static_assert(expr, #expr)
#define __printf(a, b) __attribute__((format(printf, a, b)))
#define __init
#define __exit
#define pr_info(...) do { } while (0)
#define dev_dbg(dev, ...) do { if (0) printf(__VA_ARGS__); } while (0)
/* What a guest can cause without limit must be limited: this may not be reached. */
#define dev_warn(dev, ...) ({ printf(__VA_ARGS__); abort(); })
#define dev_warn_ratelimited(dev, ...) kernel_log(__VA_ARGS__)
#define dev_info_ratelimited(dev, ...) kernel_log(__VA_ARGS__)
#define dev_info(dev, ...) kernel_log(__VA_ARGS__)
void kernel_log(const char *fmt, ...) __printf(1, 2);

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096UL
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define XEN_PAGE_SIZE PAGE_SIZE
#define offset_in_page(p) ((unsigned long)(p) & ~PAGE_MASK)

#define ERR_PTR(err) ((void *)(long)(err))
#define PTR_ERR(p) ((long)(p))
#define IS_ERR(p) ((unsigned long)(p) >= (unsigned long)-4095)

/* A page and its memory are the same here, so pages that follow each other do so
 * in memory.
 */
struct page {
	u8 bytes[4096];
};

#define virt_to_page(p) ((struct page *)((unsigned long)(p) & PAGE_MASK))

/* --- allocations: counted, and the n-th may fail -------------------------- */

#define GFP_KERNEL 0
extern long kernel_live;	/* allocations that were not freed */
extern unsigned int kernel_fail;	/* the so-manieth from now on fails; 0: none */

void *kernel_alloc(size_t size, bool zero);
void kfree(const void *p);
char *kasprintf(int gfp, const char *fmt, ...) __printf(2, 3);
char *kernel_strdup(const char *text);
#define kmalloc(size, gfp) kernel_alloc(size, false)
#define kzalloc(size, gfp) kernel_alloc(size, true)
#define kcalloc(n, size, gfp) kernel_alloc((n) * (size), true)
#define kvcalloc(n, size, gfp) kernel_alloc((n) * (size), true)
#define kvzalloc(size, gfp) kernel_alloc(size, true)
#define kvfree(p) kfree(p)

/* --- lists, bits, atomics: what mx_port.h lacks --------------------------- */

#define LIST_HEAD(name) struct list_head name = { &(name), &(name) }
#define list_first_entry_or_null(head, type, member) \
	(list_empty(head) ? NULL : list_first_entry(head, type, member))

static inline void list_splice_tail_init(struct list_head *from,
					 struct list_head *to)
{
	while (!list_empty(from))
		list_move_tail(from->next, to);
}

static inline void list_splice_init(struct list_head *from, struct list_head *to)
{
	while (!list_empty(from)) {
		struct list_head *last = from->prev;

		list_del_init(last);
		list_add(last, to);
	}
}

#define DECLARE_BITMAP(name, bits) unsigned long name[((bits) + 63) / 64]

static inline bool test_bit(unsigned int bit, const unsigned long *map)
{
	return map[bit / 64] >> bit % 64 & 1;
}

static inline void set_bit(unsigned int bit, unsigned long *map)
{
	map[bit / 64] |= 1UL << bit % 64;
}

static inline void clear_bit(unsigned int bit, unsigned long *map)
{
	map[bit / 64] &= ~(1UL << bit % 64);
}

static inline void bitmap_zero(unsigned long *map, unsigned int bits)
{
	memset(map, 0, (bits + 63) / 64 * 8);
}

typedef struct { int n; } atomic_t;
typedef struct { s64 n; } atomic64_t;
#define atomic_read(a) ((a)->n)
#define atomic_inc_return(a) (++(a)->n)
#define atomic_sub_return(v, a) ((a)->n -= (v))
#define atomic64_inc(a) ((a)->n++)
#define atomic64_read(a) ((a)->n)

static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len = strlen(from);

	must(size);
	snprintf(to, size, "%s", from);
	return len < size ? (ssize_t)len : -E2BIG;
}

static inline int vscnprintf(char *to, size_t size, const char *fmt,
			     va_list args)
{
	int len = vsnprintf(to, size, fmt, args);

	return len < (int)size ? len : (int)size - 1;
}

static inline int __printf(3, 4) scnprintf(char *to, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vscnprintf(to, size, fmt, args);
	va_end(args);
	return len;
}

static inline int kstrtou64(const char *text, unsigned int base, u64 *value)
{
	char *end;

	if (!isdigit((u8)*text))
		return -EINVAL;
	errno = 0;
	*value = strtoull(text, &end, base);
	if (*end == '\n')
		end++;
	return errno ? -ERANGE : *end ? -EINVAL : 0;
}

static inline const char *kbasename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

#define S64_MAX INT64_MAX

/* --- contexts and locks --------------------------------------------------- */

extern unsigned int kernel_atomic;	/* depth of what must not sleep */

static inline void might_sleep(void)
{
	must(!kernel_atomic);
}

typedef struct { bool held; } spinlock_t;

static inline void kernel_lock(spinlock_t *lock)
{
	must(!lock->held);
	lock->held = true;
	kernel_atomic++;
}

static inline void kernel_unlock(spinlock_t *lock)
{
	must(lock->held);
	lock->held = false;
	kernel_atomic--;
}

#define spin_lock_init(lock) ((lock)->held = false)
#define spin_lock_bh(lock) kernel_lock(lock)
#define spin_unlock_bh(lock) kernel_unlock(lock)
#define spin_lock(lock) kernel_lock(lock)
#define spin_unlock(lock) kernel_unlock(lock)
#define local_lock_t spinlock_t
#define INIT_LOCAL_LOCK(name) { false }
#define local_lock(lock) kernel_lock(lock)
#define local_unlock(lock) kernel_unlock(lock)
#define DEFINE_PER_CPU(type, name) type name
#define this_cpu_ptr(p) (p)
#define num_online_cpus() 2U
#define nr_cpu_ids 2U
#define page_address(page) ((void *)(page))
#define lockdep_assert_held(lock) must((lock)->held)

struct mutex {
	bool held;
};

static inline void mutex_lock(struct mutex *lock)
{
	might_sleep();
	must(!lock->held);
	lock->held = true;
}

static inline bool mutex_trylock(struct mutex *lock)
{
	if (lock->held)
		return false;
	lock->held = true;
	return true;
}

static inline void mutex_unlock(struct mutex *lock)
{
	must(lock->held);
	lock->held = false;
}

#define DEFINE_MUTEX(name) struct mutex name
#define mutex_init(lock) ((lock)->held = false)
#define mutex_destroy(lock) must(!(lock)->held)

/* --- time and what is done later ------------------------------------------ */

#define HZ 250
#define ktime_get_seconds() (jiffies / HZ)
#define ktime_get_ns() (jiffies * 4000000ULL)
extern unsigned long jiffies;
#define msecs_to_jiffies(ms) ((ms) / 4 + 1)
#define time_before(a, b) ((long)((a) - (b)) < 0)
#define time_after(a, b) time_before(b, a)

/**
 * struct later - something that the kernel will call
 * @next: in the list of all that are pending
 * @run:  does it
 * @soft: in a softirq: it must not sleep
 * @pending: it is in the list
 */
struct later {
	struct later *next;
	void (*run)(struct later *later);
	bool soft;
	bool pending;
};

void kernel_later(struct later *later);
bool kernel_cancel(struct later *later);
/* Runs the @n-th that is pending, or the last; @soft: softirqs only. Return: whether
 * there was one.
 */
bool kernel_run(unsigned int n, bool soft);

struct tasklet_struct {
	struct later later;
	void (*callback)(struct tasklet_struct *task);
};

void tasklet_setup(struct tasklet_struct *task,
		   void (*callback)(struct tasklet_struct *task));
void tasklet_kill(struct tasklet_struct *task);
#define tasklet_schedule(task) kernel_later(&(task)->later)
#define from_tasklet(var, task, field) \
	container_of(task, __typeof__(*(var)), field)

struct timer_list {
	struct later later;
	void (*function)(struct timer_list *timer);
};

void timer_setup(struct timer_list *timer,
		 void (*function)(struct timer_list *timer), unsigned int flags);
#define mod_timer(timer, when) ((void)(when), kernel_later(&(timer)->later))
#define timer_delete_sync(timer) kernel_cancel(&(timer)->later)
#define timer_container_of(var, timer, field) \
	container_of(timer, __typeof__(*(var)), field)

struct work_struct {
	struct later later;
	void (*func)(struct work_struct *work);
};

struct delayed_work {
	struct work_struct work;
};

struct workqueue_struct;
void kernel_work_init(struct work_struct *work,
		      void (*func)(struct work_struct *work));
#define INIT_WORK(w, fn) kernel_work_init(w, fn)
#define INIT_DELAYED_WORK(w, fn) kernel_work_init(&(w)->work, fn)
#define queue_work(wq, w) kernel_later(&(w)->later)
#define cancel_work_sync(w) kernel_cancel(&(w)->later)
#define queue_delayed_work(wq, w, delay) kernel_later(&(w)->work.later)
#define mod_delayed_work(wq, w, delay) kernel_later(&(w)->work.later)
#define cancel_delayed_work_sync(w) \
	(might_sleep(), kernel_cancel(&(w)->work.later))

typedef struct { int unused; } wait_queue_head_t;
#define init_waitqueue_head(wq) ((wq)->unused = 0)
#define wake_up(wq) ((void)(wq))
/* Everybody else goes on until @cond holds or nobody can go on. */
bool kernel_others(void);
#define wait_event_timeout(wq, cond, timeout) ({ \
	long left_ = (timeout); \
	bool met_; \
	\
	might_sleep(); \
	while (!(met_ = (cond)) && kernel_others()) \
		; \
	met_ ? left_ : 0; \
})

/* --- modules, devices, sysfs ------------------------------------------------ */

#define THIS_MODULE NULL
extern int kernel_module_refs;
#define try_module_get(module) (kernel_module_refs++, true)
#define module_put(module) must(kernel_module_refs-- > 0)
#define module_param(name, type, perm) struct kernel_swallow_##name
#define MODULE_PARM_DESC(name, text) struct kernel_swallow_text_##name

struct device {
	void *drvdata;
};

#define dev_get_drvdata(dev) ((dev)->drvdata)
#define dev_set_drvdata(dev, data) ((dev)->drvdata = (data))

struct attribute {
	const char *name;
};

struct attribute_group {
	const char *name;
	struct attribute **attrs;
};

struct device_attribute {
	struct attribute attr;
	ssize_t (*show)(struct device *dev, struct device_attribute *attr,
			char *buf);
};

#define __ATTR(file, mode, show_, store_) { .attr = { #file }, .show = show_ }
#define sysfs_emit(buf, ...) snprintf(buf, 4096, __VA_ARGS__)
#define sysfs_emit_at(buf, at, ...) snprintf((buf) + (at), 4096 - (at), __VA_ARGS__)

struct device_driver {
	const struct attribute_group **dev_groups;
};

#include "xen.h"

#endif /* FUZZ_KERNEL_H */

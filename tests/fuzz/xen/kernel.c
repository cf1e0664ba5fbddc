// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel behind the backend under the fuzzer: allocations, and what is to be
 * done later.
 */
#include "model.h"

long kernel_live;
unsigned int kernel_fail;
unsigned int kernel_atomic;
unsigned long jiffies;
int kernel_module_refs;

static struct later *pending;

/* --- memory --------------------------------------------------------------- */

void *kernel_alloc(size_t size, bool zero)
{
	size_t align = 16;
	void *p;

	might_sleep();
	if (kernel_fail && !--kernel_fail)
		return NULL;
	/* As kmalloc() does: a power of two in size is aligned to it. */
	if (size && size <= 4096 && !(size & (size - 1)) && size > align)
		align = size;
	if (posix_memalign(&p, align, size ? size : 1))
		return NULL;
	memset(p, zero ? 0 : 0xa5, size);
	kernel_live++;
	return p;
}

void kfree(const void *p)
{
	if (!p)
		return;
	kernel_live--;
	free((void *)p);
}

char *kernel_strdup(const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = kernel_alloc(len, false);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

char *kasprintf(int gfp, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return kernel_strdup(text);
}

/* --- later ---------------------------------------------------------------- */

void kernel_later(struct later *later)
{
	struct later **at = &pending;

	must(later->run);
	if (later->pending)
		return;
	while (*at)
		at = &(*at)->next;
	later->next = NULL;
	later->pending = true;
	*at = later;
}

bool kernel_cancel(struct later *later)
{
	struct later **at = &pending;

	for (; *at; at = &(*at)->next) {
		if (*at != later)
			continue;
		*at = later->next;
		later->pending = false;
		return true;
	}
	return false;
}

static void call(struct later *later)
{
	bool soft = later->soft;

	must(!kernel_atomic);
	/* It may free itself. */
	kernel_cancel(later);
	kernel_atomic += soft;
	model_begins();
	later->run(later);
	kernel_atomic -= soft;
	must(!kernel_atomic);
}

bool kernel_run(unsigned int n, bool soft)
{
	struct later *later, *last = NULL;

	for (later = pending; later; later = later->next) {
		if (soft && !later->soft)
			continue;
		last = later;
		if (!n--)
			break;
	}
	if (!last)
		return false;
	call(last);
	return true;
}

static void run_tasklet(struct later *later)
{
	struct tasklet_struct *task = container_of(later, struct tasklet_struct,
						   later);

	task->callback(task);
}

void tasklet_setup(struct tasklet_struct *task,
		   void (*callback)(struct tasklet_struct *task))
{
	task->later = (struct later) { .run = run_tasklet, .soft = true };
	task->callback = callback;
}

void tasklet_kill(struct tasklet_struct *task)
{
	might_sleep();
	/* Waits until it has run, if it was scheduled. */
	while (task->later.pending)
		call(&task->later);
}

static void run_timer(struct later *later)
{
	struct timer_list *timer = container_of(later, struct timer_list, later);

	timer->function(timer);
}

void timer_setup(struct timer_list *timer,
		 void (*function)(struct timer_list *timer), unsigned int flags)
{
	timer->later = (struct later) { .run = run_timer, .soft = true };
	timer->function = function;
}

static void run_work(struct later *later)
{
	struct work_struct *work = container_of(later, struct work_struct,
						later);

	work->func(work);
}

void kernel_work_init(struct work_struct *work,
		      void (*func)(struct work_struct *work))
{
	work->later = (struct later) { .run = run_work };
	work->func = func;
}

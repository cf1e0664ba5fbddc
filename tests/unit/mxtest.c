// SPDX-License-Identifier: GPL-2.0
/*
 * The allocation knob, the leak check and the effect log of mxtest.h; the
 * linker's --wrap sends the test program's allocations here.
 */
#include "mxtest.h"

enum {
	BLOCKS = 65536,
	LOG_BYTES = 65536,
};

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);

static void *blocks[BLOCKS];
static size_t live;
static unsigned int fail_in;
static bool failed;
static char log_text[2][LOG_BYTES];
static size_t log_len;
static unsigned int log_side;

static bool fails_now(void)
{
	if (!fail_in || --fail_in)
		return false;
	failed = true;
	return true;
}

static void *track(void *block)
{
	size_t i = ((uintptr_t)block >> 4) % BLOCKS;

	if (!block)
		return NULL;
	if (live >= BLOCKS / 2)
		fail_msg("mxtest: more than %d blocks at once", BLOCKS / 2);
	while (blocks[i])
		i = (i + 1) % BLOCKS;
	blocks[i] = block;
	live++;
	return block;
}

/* Open addressing: what stands behind the gap is entered again. */
static void untrack(const void *block)
{
	size_t i = ((uintptr_t)block >> 4) % BLOCKS;

	while (blocks[i] != block) {
		if (!blocks[i])
			return;	/* not from here: libc gave it */
		i = (i + 1) % BLOCKS;
	}
	blocks[i] = NULL;
	live--;
	for (i = (i + 1) % BLOCKS; blocks[i]; i = (i + 1) % BLOCKS) {
		void *again = blocks[i];

		blocks[i] = NULL;
		live--;
		track(again);
	}
}

void *__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : track(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails_now() ? NULL : track(__real_calloc(n, size));
}

void *__wrap_realloc(void *old, size_t size)
{
	void *block;

	if (fails_now())
		return NULL;
	block = __real_realloc(old, size);
	if (block || !size) {
		if (old)
			untrack(old);
		track(block);
	}
	return block;
}

void __wrap_free(void *block)
{
	if (block)
		untrack(block);
	__real_free(block);
}

void mxt_fail_nth(unsigned int n)
{
	fail_in = n;
	failed = false;
}

bool mxt_failed(void)
{
	return failed;
}

size_t mxt_live(void)
{
	return live;
}

void mxt_log(const char *fmt, ...)
{
	char *at = log_text[log_side];
	va_list ap;
	int n;

	if (log_len)
		log_len += snprintf(at + log_len, LOG_BYTES - log_len, "; ");
	va_start(ap, fmt);
	n = vsnprintf(at + log_len, LOG_BYTES - log_len, fmt, ap);
	va_end(ap);
	if (n < 0 || log_len + n + 2 >= LOG_BYTES)
		fail_msg("mxtest: the effect log is full");
	log_len += n;
}

const char *mxt_log_take(void)
{
	const char *taken = log_text[log_side];

	log_side = !log_side;
	log_text[log_side][0] = '\0';
	log_len = 0;
	return taken;
}

int mxt_setup(void **state)
{
	memset(blocks, 0, sizeof(blocks));
	live = 0;
	mxt_fail_nth(0);
	mxt_log_take();
	return 0;
}

int mxt_teardown(void **state)
{
	mxt_fail_nth(0);
	if (live)
		print_error("%zu blocks leaked\n", live);
	return live ? -1 : 0;
}

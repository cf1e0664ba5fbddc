// SPDX-License-Identifier: GPL-2.0
/*
 * memx-xs: shows, checks and awaits what xenstore says about MemX's disks.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../tools/lib/text.h"
#include "mx_xs_keys.h"
#include "xs_live.h"
#include "xs_show.h"

enum { WORDS = 6, POLL_MS = 250, WAIT_MS = 30000 };

static const char usage_text[] =
	"usage: memx-xs list [--json]\n"
	"       memx-xs show [DOMID [VDEV]] [--json]\n"
	"       memx-xs check [DOMID]\n"
	"       memx-xs wait DOMID VDEV KEY VALUE [--timeout SECONDS]\n"
	"\n"
	"list the disks, show their records with the chunk map decoded, check them\n"
	"against the schema, or wait until memx/KEY of a disk is VALUE (30 s); waiting\n"
	"for state ok ends with the reason when the disk could not be set up.\n"
	"VDEV is a name such as xvdma or the disk's number. --from FILE reads what\n"
	"xenstore-ls -f has printed instead of the running xenstore. Exit codes: 0\n"
	"done, 1 failed, faults found or waited in vain, 2 wrong usage.\n";

/**
 * struct args - the command line
 * @word:    words
 * @nwords:  how many
 * @from:    --from
 * @timeout: --timeout
 * @json:    --json
 */
struct args {
	const char	*word[WORDS];
	int		nwords;
	const char	*from;
	const char	*timeout;
	bool		json;
};

static int complain(const char *format, ...)
{
	va_list list;

	fputs("memx-xs: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	return 1;
}

static bool args_take(struct args *args, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		const char **value = NULL;

		if (!strcmp(argv[i], "--json"))
			args->json = true;
		else if (!strcmp(argv[i], "--from"))
			value = &args->from;
		else if (!strcmp(argv[i], "--timeout"))
			value = &args->timeout;
		else if (argv[i][0] != '-' && args->nwords < WORDS)
			args->word[args->nwords++] = argv[i];
		else
			return false;
		if (value && ++i == argc)
			return false;
		if (value)
			*value = argv[i];
	}
	return args->nwords > 0;
}

static bool number_parse(const char *text, unsigned long most, unsigned long *n)
{
	char *end;

	errno = 0;
	*n = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *n <= most;
}

/* By number or by the name in the toolstack's `dev`. */
static bool disk_is(const struct xs_disk *disk, unsigned long domid,
		    const char *vdev)
{
	unsigned long devid;

	if (disk->domid != domid)
		return false;
	if (!vdev || !strcmp(xs_value(disk, "dev"), vdev))
		return true;
	return number_parse(vdev, 0x7fffffff, &devid) && disk->devid == devid;
}

static int store_read(struct xs_store *store, const char *from)
{
	struct xs_handle *xs;
	FILE *in;
	int err;

	if (!from) {
		xs = xs_live_open(store);
		if (!xs)
			return complain("%s", store->why);
		err = xs_live_read(xs, store);
		xs_live_close(xs);
		if (err)
			return complain("%s", store->why);
		return 0;
	}
	in = fopen(from, "r");
	if (!in)
		return complain("%s: %s", from, strerror(errno));
	err = xs_store_dump(store, in);
	fclose(in);
	return err ? complain("%s: %s", from, store->why) : 0;
}

/* Leaves only the disks that the command line asks for. */
static int store_narrow(struct xs_store *store, const struct args *args)
{
	const char *vdev = args->nwords > 2 ? args->word[2] : NULL;
	struct xs_store rest = { 0 };
	unsigned int i, to = 0;
	unsigned long domid;

	xs_store_own(store);
	if (args->nwords < 2)
		return 0;
	if (!number_parse(args->word[1], 0x7fff, &domid))
		return complain("'%s' is no domain's number", args->word[1]);
	for (i = 0; i < store->ndisks; i++) {
		struct xs_disk *disk = &store->disks[i], kept = *disk;

		if (!disk_is(disk, domid, vdev))
			continue;
		*disk = store->disks[to];
		store->disks[to++] = kept;
	}
	/* what was moved behind the end is cleared as a store of its own */
	rest.ndisks = store->ndisks - to;
	rest.disks = calloc(rest.ndisks + 1, sizeof(*rest.disks));
	if (!rest.disks)
		return complain("out of memory");
	if (rest.ndisks)
		memcpy(rest.disks, store->disks + to, rest.ndisks * sizeof(*rest.disks));
	store->ndisks = to;
	xs_store_clear(&rest);
	if (!to)
		return complain("domain %lu has no %s%sdisk of MemX", domid,
				vdev ? vdev : "", vdev ? " that is a " : "");
	return 0;
}

static void fault_print(void *ctx, const char *key, const char *words)
{
	const struct xs_disk *disk = ctx;

	printf("%s/%s %s\n", disk->path, key, words);
}

static int check(const struct xs_store *store)
{
	unsigned int i, faults = 0;

	for (i = 0; i < store->ndisks; i++)
		faults += xs_check(&store->disks[i], fault_print,
				   (void *)&store->disks[i]);
	printf("%u %s checked, %u %s\n", store->ndisks,
	       store->ndisks == 1 ? "disk" : "disks", faults,
	       faults == 1 ? "fault" : "faults");
	return faults ? 1 : 0;
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/**
 * struct waiting - what wait_look() has seen
 * @found:    the disk exists; it is watched from then on
 * @hopeless: what is waited for cannot come: the disk could not be set up
 * @last:     the value of the key
 * @why:      what is known to be wrong, owned; NULL: nothing was heard yet
 */
struct waiting {
	bool	found;
	bool	hopeless;
	char	last[128];
	char	*why;
};

/* One look at the disk. Return: whether the key has the value. */
static bool wait_look(struct xs_handle *xs, const struct args *args,
		      unsigned long domid, struct waiting *waiting)
{
	struct xs_store store = { 0 };
	bool there = false;
	unsigned int i;
	char key[64];

	snprintf(key, sizeof(key), MX_XS_DIR "/%s", args->word[3]);
	if (!xs_live_read(xs, &store))
		xs_store_own(&store);
	for (i = 0; i < store.ndisks; i++) {
		const struct xs_disk *disk = &store.disks[i];

		if (!disk_is(disk, domid, args->word[2]))
			continue;
		if (!waiting->found)
			waiting->found = !xs_live_watch(xs, disk->path);
		snprintf(waiting->last, sizeof(waiting->last), "%s", xs_value(disk, key));
		there = !strcmp(waiting->last, args->word[4]);
		waiting->hopeless = !strcmp(key, MX_XS_STATE) && xs_is_hopeless(disk) &&
				    !strcmp(args->word[4], MX_XS_STATE_OK);
		free(waiting->why);
		waiting->why = text_plain(xs_trouble(disk));
	}
	xs_store_clear(&store);
	return there;
}

/* Says why the wait was in vain. */
static int wait_failed(const struct args *args, unsigned long domid, unsigned long seconds,
		       const struct waiting *waiting)
{
	const char *why = waiting->why ? waiting->why : "";

	if (waiting->hopeless)
		return complain("%s of domain %lu could not be set up: %s", args->word[2], domid,
				why);
	return complain("%s of %s of domain %lu is '%s' after %lu s%s%s", args->word[3],
			args->word[2], domid, waiting->last, seconds, *why ? ": " : "", why);
}

static int wait_for(const struct args *args)
{
	unsigned long domid, seconds = WAIT_MS / 1000;
	struct waiting waiting = { 0 };
	struct xs_store none = { 0 };
	struct xs_handle *xs;
	long long end, left;
	int ret = 0;

	if (!number_parse(args->word[1], 0x7fff, &domid) ||
	    (args->timeout && !number_parse(args->timeout, 86400, &seconds))) {
		complain("a number is wrong");
		return 2;
	}
	xs = xs_live_open(&none);
	if (!xs)
		return complain("%s", none.why);
	end = now_ms() + seconds * 1000LL;
	while (!ret && !wait_look(xs, args, domid, &waiting)) {
		left = end - now_ms();
		if (left <= 0 || waiting.hopeless)
			ret = wait_failed(args, domid, seconds, &waiting);
		else
			xs_live_pause(xs, waiting.found || left < POLL_MS ? left : POLL_MS);
	}
	xs_live_close(xs);
	free(waiting.why);
	return ret;
}

static int read_and_run(const struct args *args)
{
	struct xs_store store = { 0 };
	int ret;

	ret = store_read(&store, args->from);
	if (!ret)
		ret = store_narrow(&store, args);
	if (ret)
		goto out;
	if (!strcmp(args->word[0], "check"))
		ret = check(&store);
	else if (!strcmp(args->word[0], "list"))
		xs_show_list(&store, args->json);
	else
		ret = xs_show_records(&store, args->json) ?
		      complain("out of memory") : 0;
	if (fflush(stdout))
		ret = complain("writing the answer: %s", strerror(errno));
out:
	xs_store_clear(&store);
	return ret;
}

int main(int argc, char **argv)
{
	struct args args = { 0 };
	const char *command;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))) {
		fputs(usage_text, stdout);
		return 0;
	}
	if (!args_take(&args, argc, argv))
		goto usage;
	command = args.word[0];
	if (!strcmp(command, "wait") && args.nwords == 5 && !args.from && !args.json)
		return wait_for(&args);
	if ((!strcmp(command, "list") && args.nwords == 1) ||
	    (!strcmp(command, "show") && args.nwords <= 3) ||
	    (!strcmp(command, "check") && args.nwords <= 2 && !args.json))
		return args.timeout ? 2 : read_and_run(&args);
usage:
	fputs(usage_text, stderr);
	return 2;
}

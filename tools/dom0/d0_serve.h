/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The service: which domains are to be looked at, and when.
 *
 * All that it knows can be found again in xenstore and in libxl's files, so it may
 * end at any moment. What a guest or a driver domain can write is not watched but
 * read now and then; and however often something changes, a domain is looked at
 * once in D0_LOOK_MS at most.
 */
#ifndef MX_D0_SERVE_H
#define MX_D0_SERVE_H

#include "d0_config.h"
#include "d0_store.h"

enum {
	D0_LOOK_MS	= 200,	/* least time from one look at a domain to the next */
	D0_SWEEP_MS	= 5000,	/* most time, for what is not watched */
	D0_SCAN_MS	= 60000, /* most time between looks for domains */
	D0_MISSED_MS	= 60000, /* until a file that is not there is told of: it comes late */
};

/**
 * struct d0_watch - a watch on a disk's answer
 * @path: of it
 * @used: the disk was there at the last look
 */
struct d0_watch {
	char	path[D0_PATH];
	bool	used;
};

/**
 * struct d0_known - a domain that has disks of MemX, or had
 * @domid:    its number
 * @uuid:     a number can come to another domain
 * @dirty:    something has changed: look at it
 * @looked:   whether it was looked at yet
 * @look_ms:  when
 * @home:     its node memx/ is watched
 * @secured:  the rights of that were set
 * @listed:   by d0_serve_turn(): the toolstack knows it
 * @watches:  on its disks' answers, owned
 * @nwatches: how many
 * @config:   the file that libxl keeps of it
 * @missing:  it is not there, though there is something to be kept
 * @missing_ms: since when
 * @told:     what the log was told last of its figures
 * @failed:   and of what failed
 */
struct d0_known {
	unsigned int	domid;
	char		uuid[D0_UUID];
	bool		dirty;
	bool		looked;
	uint64_t	look_ms;
	bool		home;
	bool		secured;
	bool		listed;
	struct d0_watch	*watches;
	unsigned int	nwatches;
	struct d0_config config;
	bool		missing;
	uint64_t	missing_ms;
	char		told[D0_TEXT + 128];
	char		failed[128];
};

typedef void (*d0_log_fn)(const char *line);

/**
 * struct d0_serve - the service
 * @store:   xenstore
 * @configs: folder of libxl's files
 * @log:     takes a line for the log
 * @known:   domains with disks of MemX, owned
 * @nknown:  how many
 * @scan:    look for domains
 * @scanned: whether that was ever done
 * @scan_ms: when
 */
struct d0_serve {
	struct d0_store	*store;
	const char	*configs;
	d0_log_fn	log;
	struct d0_known	*known;
	unsigned int	nknown;
	bool		scan;
	bool		scanned;
	uint64_t	scan_ms;
};

/** d0_serve_start() - begin, with nothing known. Return: 0 or an error */
int d0_serve_start(struct d0_serve *serve, struct d0_store *store, const char *configs,
		   d0_log_fn log);

/** d0_serve_event() - something watched has changed; only taken down here */
void d0_serve_event(struct d0_serve *serve, const char *path, const char *token);

/**
 * d0_serve_turn() - do what is due
 * @now:  milliseconds of a clock that does not jump
 * @next: result: when there is something to be done without an event
 *
 * Return: 0, or an error after which the connection is of no use.
 */
int d0_serve_turn(struct d0_serve *serve, uint64_t now, uint64_t *next);

/** d0_serve_end() - forget all; the watches go with the connection */
void d0_serve_end(struct d0_serve *serve);

#endif /* MX_D0_SERVE_H */

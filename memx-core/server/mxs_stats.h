/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory server's figures: free-running counters kept per CPU, and levels
 * read when asked for. Each X(symbol, name, help).
 */
#ifndef MXS_STATS_H
#define MXS_STATS_H

#include <linux/percpu.h>
#include "mx_port.h"

#define MXS_STATS(X) \
	X(READS,	"reads",	"READ requests answered with OK") \
	X(WRITES,	"writes",	"WRITE requests answered with OK") \
	X(DISCARDS,	"discards",	"DISCARD requests answered with OK") \
	X(OPENS,	"opens",	"OPEN requests answered with OK") \
	X(DROPS,	"drops",	"volumes dropped by their owner") \
	X(EXPIRED,	"leases_expired", "volumes dropped since their owner was silent for too long") \
	X(DROPPED_HERE,	"dropped_here",	"volumes dropped by an admin of this host") \
	X(SETGENS,	"setgens",	"SETGEN requests answered with OK") \
	X(LISTS,	"lists",	"LIST, BITMAP and ROSTER requests answered with OK") \
	X(PAGES_IN,	"pages_in",	"pages received in WRITEs") \
	X(PAGES_OUT,	"pages_out",	"pages sent in answers to READs") \
	X(PAGES_FREED,	"pages_freed",	"stored pages freed by DISCARD, or with their volume") \
	X(DECLINED,	"declined",	"requests answered with FULL") \
	X(AGAIN,	"again",	"requests answered with AGAIN") \
	X(NOVOL,	"novol",	"requests for a volume that is not open") \
	X(STALE,	"stale",	"requests of a claim that is not in force") \
	X(INVAL,	"inval",	"requests that make no sense") \
	X(NOCHUNK,	"nochunk",	"requests for a chunk that is not here") \
	X(OLDGEN,	"oldgen",	"requests of an older generation or roster") \
	X(HELD,		"held",		"DROPs refused because of a tentative claim") \
	X(ORPHANS,	"orphans",	"requests not done because their sender had given them up") \
	X(DEFERRED,	"deferred",	"requests that had to wait for memory or a worker") \
	X(SCRUBBED,	"scrubbed",	"pages cleared after they left the store") \
	X(UNSCRUBBED,	"unscrubbed",	"pages still in use elsewhere at unload, not cleared") \
	X(SQUEEZED,	"squeezed",	"stock pages given back because the host was short") \
	X(STOCK_DRY,	"stock_dry",	"writes that found too few pages in stock") \
	X(PAGES_CREATED, "pages_created", "pages taken from the host") \
	X(PAGES_DESTROYED, "pages_destroyed", "pages given back to the host") \
	X(CHUNKS_CREATED, "chunks_created", "chunks made") \
	X(CHUNKS_DESTROYED, "chunks_destroyed", "chunks freed") \
	X(VOLUMES_CREATED, "volumes_created", "volumes made") \
	X(VOLUMES_DESTROYED, "volumes_destroyed", "volumes freed")

#define MXS_GAUGES(X) \
	X(STOCK,	"stock",	"clean pages ready for writes") \
	X(STOCK_TARGET,	"stock_target",	"clean pages that are kept ready") \
	X(DIRTY,	"dirty",	"freed pages waiting to be cleared") \
	X(LIMBO,	"limbo",	"freed pages that are still being sent") \
	X(WAITING,	"waiting",	"requests with a worker right now") \
	X(ANSWERS,	"answers",	"pages in answers that clients may still ask for")

#define MXS_STAT_ENUM(sym, name, help) MXS_S_##sym,
#define MXS_GAUGE_ENUM(sym, name, help) MXS_G_##sym,

enum mxs_stat {
	MXS_STATS(MXS_STAT_ENUM)
	MXS_S_COUNT
};

enum mxs_gauge {
	MXS_GAUGES(MXS_GAUGE_ENUM)
	MXS_G_COUNT
};

#undef MXS_STAT_ENUM
#undef MXS_GAUGE_ENUM

/**
 * struct mxs_counters - one CPU's counters
 * @n: free-running, by enum mxs_stat
 */
struct mxs_counters {
	u64	n[MXS_S_COUNT];
};

DECLARE_PER_CPU(struct mxs_counters, mxs_counters);

static inline void mxs_count(enum mxs_stat stat, u64 n)
{
	this_cpu_add(mxs_counters.n[stat], n);
}

/** mxs_total() - a counter over all CPUs */
u64 mxs_total(enum mxs_stat stat);

#endif /* MXS_STATS_H */

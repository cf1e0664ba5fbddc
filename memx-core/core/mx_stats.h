/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of memx_core: free-running, one set per CPU, named and explained in
 * one table each.
 */
#ifndef MX_STATS_H
#define MX_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>
#include "engine/rmp_engine.h"

/* Of the module: X(symbol, name, help) */
#define MX_STATS(X) \
	X(VOL_MADE,	"volumes_created",	"volumes made") \
	X(VOL_FREED,	"volumes_destroyed",	"volumes freed, with all they had") \
	X(CHUNK_MADE,	"chunks_created",	"chunk objects made") \
	X(CHUNK_FREED,	"chunks_destroyed",	"chunk objects freed") \
	X(OP_MADE,	"ops_created",		"operations on chunks begun") \
	X(OP_FREED,	"ops_destroyed",	"operations on chunks ended") \
	X(PAGE_MADE,	"pages_created",	"private pages allocated") \
	X(PAGE_FREED,	"pages_destroyed",	"private pages freed") \
	X(SRV_NEW,	"servers_seen",		"memory servers that got an entry") \
	X(SRV_RESTART,	"servers_restarted",	"new incarnations of memory servers") \
	X(SRV_TWIN,	"servers_twin",		"memory servers with an incarnation that was over: two nodes with one id") \
	X(SRV_FULL,	"servers_table_full",	"servers ignored: the table is full") \
	X(ADVERT_BAD,	"adverts_bad",		"adverts that make no sense") \
	X(DROP_GIVEN_UP, "drops_given_up",	"volumes not freed on a server that went away") \
	X(LEASE_EXPIRED, "leases_expired",	"volumes that a server had dropped without this host")

enum mx_stat {
#define MX_STAT_ENUM(sym, name, help) MX_S_##sym,
	MX_STATS(MX_STAT_ENUM)
#undef MX_STAT_ENUM
	MX_S_COUNT
};

/* Of a volume: X(symbol, name, help) */
#define MX_VOL_STATS(X) \
	X(READS,	"reads",		"reads done") \
	X(WRITES,	"writes",		"writes done") \
	X(DISCARDS,	"discards",		"discards done") \
	X(FLUSHES,	"flushes",		"flushes done") \
	X(READ_BYTES,	"read_bytes",		"bytes read") \
	X(WRITE_BYTES,	"write_bytes",		"bytes written") \
	X(ZERO_READS,	"zero_reads",		"runs read as zeros without asking a server") \
	X(EDGE_READS,	"edge_reads",		"pages read to complete a partial write") \
	X(ERRORS,	"errors",		"I/Os that failed") \
	X(WAITS,	"waits",		"runs that waited for an overlapping one or for placement") \
	X(RETRIES,	"retries",		"runs sent again because a server asked for it or went away") \
	X(STARVED,	"starved",		"I/Os that waited for an operation object") \
	X(NO_PAGES,	"no_pages",		"requests for private pages that had to wait") \
	X(DECLINED,	"declined",		"chunks that a server declined") \
	X(PLACED,	"placements",		"chunks given to a server") \
	X(RELEASED,	"releases",		"chunks taken from a server because they became empty") \
	X(MOVED,	"abandoned",		"placements given up because the server did not answer") \
	X(LOSSES,	"losses",		"chunks whose server lost them") \
	X(REGAINED,	"regained",		"chunks whose server had them after all") \
	X(BAD_REPLIES,	"bad_replies",		"answers that make no sense") \
	X(BAD_SEALS,	"bad_seals",		"times that a server's answer held pages that are not what was written") \
	X(ZOMBIES,	"given_up",		"runs given up while their server had not answered") \
	X(LAT_NS,	"latency_ns_sum",	"time from submission to end, all I/Os") \
	X(LAT_MAX,	"latency_ns_max",	"longest time from submission to end")

enum mx_vol_stat {
#define MX_STAT_ENUM(sym, name, help) MX_VS_##sym,
	MX_VOL_STATS(MX_STAT_ENUM)
#undef MX_STAT_ENUM
	MX_VS_COUNT
};

/** struct mx_stats - one CPU's counters of the module. @v: enum mx_stat */
struct mx_stats {
	u64 v[MX_S_COUNT];
};

/**
 * struct mx_vol_stats - one CPU's counters of a volume
 * @v:       enum mx_vol_stat
 * @latency: reads, and writes, by the time they took: rmp_lat_bucket()
 */
struct mx_vol_stats {
	u64 v[MX_VS_COUNT];
	u64 latency[2][RMP_LAT_BUCKETS];
};

/** struct mx_stat_desc - a counter in words. @name: its name. @help: what for */
struct mx_stat_desc {
	const char *name;
	const char *help;
};

DECLARE_PER_CPU(struct mx_stats, mx_stats);
extern const struct mx_stat_desc mx_stat_desc[MX_S_COUNT];
extern const struct mx_stat_desc mx_vol_stat_desc[MX_VS_COUNT];

static inline void mx_stat_add(enum mx_stat which, u64 n)
{
	this_cpu_add(mx_stats.v[which], n);
}

static inline void mx_stat_inc(enum mx_stat which)
{
	mx_stat_add(which, 1);
}

u64 mx_stat_sum(enum mx_stat which);
/** mx_vol_stat_sum() - over all CPUs; the longest for MX_VS_LAT_MAX */
u64 mx_vol_stat_sum(struct mx_vol_stats __percpu *stats, enum mx_vol_stat which);
/** mx_vol_latency() - over all CPUs. @write: of writes, else of reads */
void mx_vol_latency(struct mx_vol_stats __percpu *stats, bool write,
		    u64 sum[RMP_LAT_BUCKETS]);

#endif /* MX_STATS_H */

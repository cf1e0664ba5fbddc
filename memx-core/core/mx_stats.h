/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of memx_core: free-running, one set per CPU, named and explained in
 * one table each.
 */
#ifndef MX_STATS_H
#define MX_STATS_H

#include <linux/types.h>
#include "engine/rmp_engine.h"
#include "mx_counters.h"

/* Of the module. */
#define MX_STATS(X) \
	X(MX_S_VOL_MADE,	"volumes_created",	"volumes made") \
	X(MX_S_VOL_FREED,	"volumes_destroyed",	"volumes freed, with all they had") \
	X(MX_S_CHUNK_MADE,	"chunks_created",	"chunk objects made") \
	X(MX_S_CHUNK_FREED,	"chunks_destroyed",	"chunk objects freed") \
	X(MX_S_OP_MADE,	"ops_created",		"operations on chunks begun") \
	X(MX_S_OP_FREED,	"ops_destroyed",	"operations on chunks ended") \
	X(MX_S_PAGE_MADE,	"pages_created",	"private pages allocated") \
	X(MX_S_PAGE_FREED,	"pages_destroyed",	"private pages freed") \
	X(MX_S_SRV_NEW,	"servers_seen",		"memory servers that got an entry") \
	X(MX_S_SRV_RESTART,	"servers_restarted",	"new incarnations of memory servers") \
	X(MX_S_SRV_TWIN,	"servers_twin",		"memory servers with an incarnation that was over: two nodes with one id") \
	X(MX_S_SRV_FULL,	"servers_table_full",	"servers ignored: the table is full") \
	X(MX_S_ADVERT_BAD,	"adverts_bad",		"adverts that make no sense") \
	X(MX_S_DROP_GIVEN_UP, "drops_given_up",	"volumes not freed on a server that went away") \
	X(MX_S_EVENT_LOST, "events_lost",	"events not told to listeners as memory was short") \
	X(MX_S_LEASE_EXPIRED, "leases_expired", "volumes that a server had dropped without this host")

MX_COUNTERS_DECLARE(mx_stat, mx_stat, MX_S_COUNT, MX_STATS)

/* Of a volume. */
#define MX_VOL_STATS(X) \
	X(MX_VS_READS,	"reads",		"reads done") \
	X(MX_VS_WRITES,	"writes",		"writes done") \
	X(MX_VS_DISCARDS,	"discards",		"discards done") \
	X(MX_VS_FLUSHES,	"flushes",		"flushes done") \
	X(MX_VS_READ_BYTES,	"read_bytes",		"bytes read") \
	X(MX_VS_WRITE_BYTES,	"write_bytes",		"bytes written") \
	X(MX_VS_ZERO_READS,	"zero_reads",		"runs read as zeros without asking a server") \
	X(MX_VS_ZERO_PAGES,	"zero_pages",		"pages of zeros written and not stored") \
	X(MX_VS_EDGE_READS,	"edge_reads",		"pages read to complete a partial write") \
	X(MX_VS_ERRORS,	"errors",		"I/Os that failed") \
	X(MX_VS_WAITS,	"waits",		"runs that waited for an overlapping one or for placement") \
	X(MX_VS_RETRIES,	"retries",		"runs sent again because a server asked for it or went away") \
	X(MX_VS_STARVED,	"starved",		"I/Os that waited for an operation object") \
	X(MX_VS_NO_PAGES,	"no_pages",		"requests for private pages that had to wait") \
	X(MX_VS_DECLINED,	"declined",		"chunks that a server declined") \
	X(MX_VS_LIMITED,	"limited",		"chunks not placed because the volume's limit was reached") \
	X(MX_VS_PLACED,	"placements",		"chunks given to a server") \
	X(MX_VS_RELEASED,	"releases",		"chunks taken from a server because they became empty") \
	X(MX_VS_MOVED,	"abandoned",		"placements given up because the server did not answer") \
	X(MX_VS_LOSSES,	"losses",		"chunks whose server lost them") \
	X(MX_VS_REGAINED,	"regained",		"chunks whose server had them after all") \
	X(MX_VS_BAD_REPLIES,	"bad_replies",		"answers that make no sense") \
	X(MX_VS_BAD_SEALS,	"bad_seals",		"times that a server's answer held pages that are not what was written") \
	X(MX_VS_ZOMBIES,	"given_up",		"runs given up while their server had not answered") \
	X(MX_VS_LAT_NS,	"latency_ns_sum",	"time from submission to end, all I/Os") \
	X(MX_VS_LAT_MAX,	"latency_ns_max",	"longest time from submission to end")

MX_COUNTERS_ENUM(mx_vol_stat, MX_VS_COUNT, MX_VOL_STATS);

/**
 * struct mx_vol_stats - one CPU's counters of a volume
 * @v:       enum mx_vol_stat
 * @latency: reads, and writes, by the time they took: rmp_lat_bucket()
 */
struct mx_vol_stats {
	u64 v[MX_VS_COUNT];
	u64 latency[2][RMP_LAT_BUCKETS];
};

extern const struct mx_counter mx_vol_stat_words[MX_VS_COUNT];

/** mx_vol_stat_sum() - over all CPUs; the longest for MX_VS_LAT_MAX */
u64 mx_vol_stat_sum(struct mx_vol_stats __percpu *stats, enum mx_vol_stat which);
/** mx_vol_latency() - over all CPUs. @write: of writes, else of reads */
void mx_vol_latency(struct mx_vol_stats __percpu *stats, bool write,
		    u64 sum[RMP_LAT_BUCKETS]);

#endif /* MX_STATS_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory server's figures: free-running counters kept per CPU, and levels
 * read when asked for.
 */
#ifndef MXS_STATS_H
#define MXS_STATS_H

#include "mx_counters.h"
#include "mx_port.h"

#define MXS_STATS(X) \
	X(MXS_S_READS,	"reads",	"READ requests answered with OK") \
	X(MXS_S_WRITES,	"writes",	"WRITE requests answered with OK") \
	X(MXS_S_DISCARDS,	"discards",	"DISCARD requests answered with OK") \
	X(MXS_S_OPENS,	"opens",	"OPEN requests answered with OK") \
	X(MXS_S_DROPS,	"drops",	"volumes dropped by their owner") \
	X(MXS_S_EXPIRED,	"leases_expired", "volumes dropped since their owner was silent for too long") \
	X(MXS_S_DROPPED_HERE,	"dropped_here",	"volumes dropped by an admin of this host") \
	X(MXS_S_SETGENS,	"setgens",	"SETGEN requests answered with OK") \
	X(MXS_S_LISTS,	"lists",	"LIST, BITMAP, ROSTER and LOOK requests answered with OK") \
	X(MXS_S_RESERVES,	"reserves",	"RESERVE requests answered with OK") \
	X(MXS_S_PAGES_IN,	"pages_in",	"pages received in WRITEs") \
	X(MXS_S_PAGES_OUT,	"pages_out",	"pages sent in answers to READs") \
	X(MXS_S_PAGES_FREED,	"pages_freed",	"stored pages freed by DISCARD, or with their volume") \
	X(MXS_S_DECLINED,	"declined",	"requests answered with FULL") \
	X(MXS_S_AGAIN,	"again",	"requests answered with AGAIN") \
	X(MXS_S_NOVOL,	"novol",	"requests for a volume that is not open") \
	X(MXS_S_STALE,	"stale",	"requests of a claim that is not in force") \
	X(MXS_S_INVAL,	"inval",	"requests that make no sense") \
	X(MXS_S_NOCHUNK,	"nochunk",	"requests for a chunk that is not here") \
	X(MXS_S_OLDGEN,	"oldgen",	"requests of an older generation or roster") \
	X(MXS_S_HELD,		"held",		"DROPs refused because of a tentative claim") \
	X(MXS_S_ORPHANS,	"orphans",	"requests not done because their sender had given them up") \
	X(MXS_S_DEFERRED,	"deferred",	"requests that had to wait for memory or a worker") \
	X(MXS_S_SCRUBBED,	"scrubbed",	"pages cleared after they left the store") \
	X(MXS_S_UNSCRUBBED,	"unscrubbed",	"pages still in use elsewhere at unload, not cleared") \
	X(MXS_S_SQUEEZED,	"squeezed",	"stock pages given back because the host was short") \
	X(MXS_S_STOCK_DRY,	"stock_dry",	"writes that found too few pages in stock") \
	X(MXS_S_PAGES_CREATED, "pages_created", "pages taken from the host") \
	X(MXS_S_PAGES_DESTROYED, "pages_destroyed", "pages given back to the host") \
	X(MXS_S_CHUNKS_CREATED, "chunks_created", "chunks made") \
	X(MXS_S_CHUNKS_DESTROYED, "chunks_destroyed", "chunks freed") \
	X(MXS_S_VOLUMES_CREATED, "volumes_created", "volumes made") \
	X(MXS_S_VOLUMES_DESTROYED, "volumes_destroyed", "volumes freed")

#define MXS_GAUGES(X) \
	X(MXS_G_STOCK,	"stock",	"clean pages ready for writes") \
	X(MXS_G_STOCK_TARGET,	"stock_target",	"clean pages that are kept ready") \
	X(MXS_G_DIRTY,	"dirty",	"freed pages waiting to be cleared") \
	X(MXS_G_LIMBO,	"limbo",	"freed pages that are still being sent") \
	X(MXS_G_WAITING,	"waiting",	"requests with a worker right now") \
	X(MXS_G_ANSWERS,	"answers",	"pages in answers that clients may still ask for")

MX_COUNTERS_DECLARE(mxs_stat, mxs_stat, MXS_S_COUNT, MXS_STATS)

MX_COUNTERS_ENUM(mxs_gauge, MXS_G_COUNT, MXS_GAUGES);

#endif /* MXS_STATS_H */

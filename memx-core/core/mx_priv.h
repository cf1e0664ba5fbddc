/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of memx_core share: volumes, their chunks and their servers.
 *
 * Locks, outermost first. mx_vols_mutex: the list of volumes and who uses them.
 * mx_ck.lock: one chunk and the operations on it. mx_volume.lock: the volume's
 * lists of operations and the state of its servers. mx_pool.lock and the lock
 * of the server table are leaves. All but the mutex are taken with bottom
 * halves off. RMAP is called, and I/Os are completed, with none of them held.
 */
#ifndef MX_PRIV_H
#define MX_PRIV_H

#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include "mx_core.h"
#include "mx_pool.h"
#include "mx_stats.h"
#include "engine/mx_chunk.h"
#include "engine/mx_member.h"
#include "engine/mx_seal.h"

enum {
	MX_OPEN_WAIT_MS		= 2000,	/* for the first server of a new volume */
	MX_TICK_MS		= 500,
	MX_REOPEN_MS		= 5000,	/* until a server is asked again */
	MX_NOTIFY_MS		= 100,	/* changes told to watchers together */
	MX_DROP_MS		= 60000, /* a dead server's volume is forgotten */
	MX_UNLOAD_MS		= 2000,	/* likewise, when unloading */
	MX_OPS_RESERVED		= 64,	/* operations that need no memory */
};

/* Chunks that have a server; marks of mx_volume.map. */
#define MX_MARK_PLACED	XA_MARK_1

/**
 * struct mx_ck - a chunk
 * @lock:  protects it, and the state of operations on it
 * @c:     engine
 * @avoid: bit per server that may have taken the chunk without our knowing:
 *         the volume must not be placed there until it was told to release it
 */
struct mx_ck {
	spinlock_t	lock;
	struct mx_chunk	c;
	u64		avoid;
};

/**
 * enum mx_vsrv_state - a volume on a server
 * @MX_VSRV_NONE:    the server does not know it, as far as we know
 * @MX_VSRV_BUSY:    it is being told (OPEN or DROP under way)
 * @MX_VSRV_OPEN:    it knows the volume: chunks can be placed
 * @MX_VSRV_REFUSED: it does not want it; asked again later
 */
enum mx_vsrv_state {
	MX_VSRV_NONE,
	MX_VSRV_BUSY,
	MX_VSRV_OPEN,
	MX_VSRV_REFUSED,
};

/**
 * struct mx_vsrv - a server as a volume sees it; lives as long as the volume
 * @vol:    volume
 * @node:   server, with a reference
 * @nc:     OPEN or DROP under way
 * @buf:    payload of OPEN
 * @flow:   the volume's operations on that server, as RMAP takes them in turn
 * @due:    jiffies when to ask again if REFUSED
 * @chunks: chunks placed there
 * @era:    raised when the server has lost the volume; what was placed in an
 *          older era is gone. Under mx_volume.lock, read without
 * @inc:    incarnation that @era belongs to; only the tick
 * @idx:    index in the server table and in mx_volume.srv
 * @state:  enum mx_vsrv_state; under mx_volume.lock, read without
 * @stale:  chunks of an older era have to be looked for; under mx_volume.lock
 * @dropped: DROP was answered; only the work that deletes the volume
 */
struct mx_vsrv {
	struct mx_volume *vol;
	struct rmp_node	*node;
	struct rmp_node_call nc;
	struct rmp_buf	buf;
	struct rmp_flow	flow;
	unsigned long	due;
	atomic_t	chunks;
	u32		era;
	u32		inc;
	u8		idx;
	u8		state;
	bool		stale;
	bool		dropped;
};

/* Bits of mx_volume.flags. */
enum mx_vol_flag {
	MX_VF_ABORTED,		/* all I/O fails until the volume is claimed anew */
	MX_VF_FENCED,		/* a server knows a newer epoch */
	MX_VF_DYING,		/* being deleted: no new calls but DROP */
	MX_VF_CHANGED,		/* watchers have to be told */
	MX_VF_SPARE,		/* some placed chunk has become empty */
};

/**
 * struct mx_volume - a volume
 * @link:    in the list of volumes; under mx_vols_mutex
 * @name:    constant, as are @id, @bytes, @pages, @nchunks, @shift and @thin
 * @id:      random, non-zero
 * @bytes:   size
 * @pages:   size in pages
 * @epoch:   owner's epoch, in every call
 * @nchunks: chunks
 * @shift:   log2 of pages per chunk
 * @thin:    larger than the servers could promise when it was made
 * @weight:  share among the volumes of this host; under mx_vols_mutex, read
 *           without
 * @sealed:  its pages are sealed; constant, as is @seal
 * @seal:    with what
 * @user:    who has claimed it, empty: nobody; under mx_vols_mutex
 * @flags:   enum mx_vol_flag
 * @map:     chunk number to struct mx_ck; entries never change, MX_MARK_PLACED
 *           does
 * @cks:     the chunks
 * @bitmaps: two per chunk
 * @pool:    private pages
 * @ops:     reserve of operation objects
 * @lock:    protects @zombies, @retry, @starved and the state in @srv
 * @srv:     servers by index of the server table; an entry, once set, stays
 * @zombies: operations that nobody waits for, whose call is still under way
 * @retry:   operations that are tried again later
 * @starved: I/Os that wait for operation objects, oldest first
 * @feeding: turn of whoever begins those
 * @timer:   for @retry
 * @nops:    operation objects in use
 * @wq:      woken when @nops or a server's state changes
 * @used:    pages written and not discarded
 * @lost:    pages written and lost
 * @placed:  chunks that have a server
 * @map_gen: changes with the chunk map
 * @stats:   counters
 * @watch_mutex: protects @watches and their callbacks
 * @watches: struct mx_vol_watch
 * @notify:  tells @watches
 * @drop:    deletes the volume
 * @name_page: the name, payload of OPEN
 */
struct mx_volume {
	struct list_head link;
	char		name[MX_NAME_MAX + 1];
	u64		id;
	u64		bytes;
	u64		pages;
	u32		epoch;
	u32		nchunks;
	u8		shift;
	bool		thin;
	u16		weight;
	bool		sealed;
	struct mx_seal	seal;
	char		user[64];
	unsigned long	flags;

	struct xarray	map;
	struct mx_ck	*cks;
	u64		*bitmaps;
	struct mx_pool	pool;
	mempool_t	*ops;

	spinlock_t	lock;
	struct mx_vsrv	*srv[MX_MEMBERS];
	struct list_head zombies;
	struct list_head retry;
	struct list_head starved;
	struct mx_serial	feeding;
	struct timer_list timer;

	atomic_t	nops;
	wait_queue_head_t wq;
	atomic64_t	used;
	atomic64_t	lost;
	atomic_t	placed;
	atomic64_t	map_gen;
	struct mx_vol_stats __percpu *stats;

	struct mutex	watch_mutex;
	struct list_head watches;
	struct delayed_work notify;
	struct work_struct drop;
	struct page	*name_page;
};

/**
 * struct mx_snap - a chunk's figures before a change
 * @nhave:  pages it has
 * @nlost:  pages it has lost
 * @server: its server
 */
struct mx_snap {
	u32 nhave;
	u32 nlost;
	u8 server;
};

static inline void mx_vstat_add(struct mx_volume *vol, enum mx_vol_stat which,
				u64 n)
{
	this_cpu_add(vol->stats->v[which], n);
}

static inline void mx_vstat_inc(struct mx_volume *vol, enum mx_vol_stat which)
{
	mx_vstat_add(vol, which, 1);
}

/* mx_main.c */
extern struct workqueue_struct *mx_wq;		/* may be needed to free memory */
extern struct workqueue_struct *mx_slow_wq;	/* waits for servers */
extern unsigned int mx_write_timeout_s;
extern unsigned int mx_reserve_pages;
extern bool mx_unloading;

/* mx_volume.c */
extern struct mutex mx_vols_mutex;
extern struct list_head mx_vols;
struct netlink_ext_ack;

enum mx_vol_encrypt {
	MX_ENCRYPT_IF_KEY,	/* if a client key is loaded */
	MX_ENCRYPT_NO,
	MX_ENCRYPT_YES,
};

/**
 * struct mx_vol_spec - a volume to be made
 * @name:  valid name
 * @bytes: size, multiple of MX_PAGE_SIZE
 * @id:    0: draw one
 * @shift: log2 of pages per chunk, 0: choose
 * @weight: share among the volumes of this host, 1 ... RMP_WEIGHT_MAX, 0: 1
 * @thin:  may be larger than what the servers can promise
 * @encrypt: enum mx_vol_encrypt
 * @key_check: mx_seal.check as recorded of the volume with this @id, 0: none
 */
struct mx_vol_spec {
	const char *name;
	u64	bytes;
	u64	id;
	u8	shift;
	u16	weight;
	bool	thin;
	u8	encrypt;
	u64	key_check;
};

int mx_volume_make(const struct mx_vol_spec *spec, struct netlink_ext_ack *ack);
int mx_volume_remove(const char *name, struct netlink_ext_ack *ack);
int mx_volume_weigh(const char *name, u16 weight, struct netlink_ext_ack *ack);
/** mx_volume_find() - under mx_vols_mutex. Return: NULL if there is none */
struct mx_volume *mx_volume_find(const char *name);
void mx_volume_free(struct mx_volume *vol);
/** mx_volume_changed() - map, state or usage: watchers will be told */
void mx_volume_changed(struct mx_volume *vol);

/* mx_map.c */
void mx_ck_lock(struct mx_ck *ck, struct mx_snap *snap);
/** mx_ck_unlock() - end of a change: carries figures over to the volume */
void mx_ck_unlock(struct mx_volume *vol, struct mx_ck *ck,
		  const struct mx_snap *snap);
enum mx_vol_state mx_volume_state(struct mx_volume *vol);
/** mx_map_server() - Return: index of a chunk's server, or -1 */
int mx_map_server(struct mx_volume *vol, u32 chunk);

/* mx_vsrv.c */
void mx_vsrv_tick(struct mx_volume *vol);
void mx_vsrv_lose(struct mx_volume *vol, u8 idx, u32 era);
/** mx_vsrv_pick() - a server for a chunk
 * @tried: bit per server that has declined
 * @avoid: bit per server that must not be asked now
 *
 * Return: index, -ENOSPC (all declined) or -EAGAIN (none can be asked now)
 */
int mx_vsrv_pick(struct mx_volume *vol, u32 chunk, u64 tried, u64 avoid);
bool mx_vsrv_any_open(struct mx_volume *vol);
void mx_vsrv_drop_all(struct mx_volume *vol);
void mx_vsrv_free_all(struct mx_volume *vol);

/* mx_members.c */
extern struct mx_members mx_members;

/**
 * struct mx_member_info - a snapshot of a server
 * @m:         entry of the table
 * @host:      its host's name
 * @state:     @m.state as a word
 * @silent_ms: since anything was heard of it
 */
struct mx_member_info {
	struct mx_member m;
	char	host[RMP_NAME_LEN + 1];
	const char *state;
	u32	silent_ms;
};

/** mx_members_show() - Return: whether there is such a server */
bool mx_members_show(u8 idx, struct mx_member_info *info);
void mx_members_init(void);
void mx_members_exit(void);
/** mx_members_kick() - look after servers and volumes soon */
void mx_members_kick(void);
/** mx_members_node() - a server's node with a reference, or NULL */
struct rmp_node *mx_members_node(u8 idx, u32 *inc);
void mx_members_use(u8 idx, int by);
/** mx_members_awake_ms() - since when this host has been running without a pause */
unsigned int mx_members_awake_ms(void);
/** mx_members_room() - pages that servers promise. @alive: how many there are */
u64 mx_members_room(unsigned int *alive);

static inline bool mx_member_alive(u8 idx)
{
	return READ_ONCE(mx_members.m[idx].state) == MX_MEMBER_ALIVE;
}

static inline bool mx_member_dead(u8 idx)
{
	return READ_ONCE(mx_members.m[idx].state) >= MX_MEMBER_DEAD;
}

/* mx_keys.c: client keys. All may sleep */
int mx_keys_add(const u8 *key, struct netlink_ext_ack *ack);
/** mx_keys_drop() - @id: of the key, 0: the oldest */
int mx_keys_drop(u64 id, struct netlink_ext_ack *ack);
/** mx_keys_list() - @ids: result, MX_CLIENT_KEYS places. Return: how many */
unsigned int mx_keys_list(u64 *ids);
/** mx_keys_loaded() - is there any? */
bool mx_keys_loaded(void);
/** mx_keys_seal() - see mx_client_keys_seal() */
int mx_keys_seal(u64 volume, u64 check, struct mx_seal *seal,
		 struct netlink_ext_ack *ack);
void mx_keys_exit(void);

/* mx_sealed.c */
/** mx_sealed_init() - memory that opened pages pass through; repeating it is
 * harmless. The caller serialises. May sleep. Return: 0 or -ENOMEM
 */
int mx_sealed_init(void);
void mx_sealed_exit(void);

/* mx_nl.c */
int mx_nl_init(void);
void mx_nl_exit(void);

#endif /* MX_PRIV_H */

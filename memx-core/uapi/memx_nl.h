/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Generic netlink of the memory cluster; this comment is the specification.
 *
 * Three families, each registered by the module it controls and versioned by
 * MEMX_NL_VERSION. Changes need CAP_NET_ADMIN in the initial user namespace.
 * Errors carry an extended ack in words. All integers are in host byte order,
 * sizes in bytes, counts of memory in pages of 4 KiB.
 *
 * Family "memx" (memx_core):
 *  MEMX_C_VOL_NEW   do    NAME, SIZE and any other option of options.def.
 *                         ENCRYPT absent: if there is a client key. ID: reuse
 *                         this id. KEY_CHECK: as recorded of the volume with
 *                         this ID: it is sealed, with the client key that gives
 *                         it. Makes a volume, or takes the one over that
 *                         servers have with this ID.
 *                         Refused: -ENOKEY: no client key is loaded, or none
 *                         that gives KEY_CHECK; -EEXIST; -ENOTCONN: no memory
 *                         server is known, or none has accepted it; -ENOSPC:
 *                         SIZE is more than the servers can promise and THIN is
 *                         absent; -EHOSTUNREACH: what is there is not proved
 *                         (the ack names a server that is missing); -ESTALE:
 *                         somebody else is taking it over; -EFBIG, -EINVAL
 *  MEMX_C_VOL_SET   do    NAME and one or more of WEIGHT, RESERVE, LIMIT, SIZE. RESERVE
 *                         and LIMIT 0: none. Servers are asked in the background;
 *                         RESERVE as it was has them asked anew. -ENOENT;
 *                         -EINVAL: RESERVE is more than LIMIT. SIZE: -EFBIG:
 *                         it was not made to GROW so far; -ENOSPC; -EBUSY: it is
 *                         in use and would become smaller; -ENOTEMPTY: it would,
 *                         and something is stored beyond SIZE
 *  MEMX_C_VOL_DEL   do    NAME. Frees the volume's pages on the servers, in
 *                         the background. -ENOENT, -EBUSY: in use (the ack
 *                         names the user)
 *  MEMX_C_VOL_GET   do    NAME -> one volume;   dump -> all
 *                         NAME ID SIZE GROW EPOCH STATE USER CHUNK_SHIFT CHUNKS
 *                         PLACED USED_PAGES MAP_GEN THIN WEIGHT SEALED
 *                         KEY_CHECK CLAIM SERVERS RESERVE (asked) GRANTED LIMIT
 *                         RESERVE_STATE ("none", "asking", "granted", "refused",
 *                         "degraded") RESERVE_ERROR
 *                         READ_LATENCY WRITE_LATENCY, counters as STAT nests
 *  MEMX_C_MAP_GET   dump  NAME -> one message per run of chunks on one server:
 *                         CHUNK_FIRST CHUNK_COUNT NODE INC
 *  MEMX_C_SERVER_GET dump memory servers: NODE INC HOST STATE LOAD CAPACITY
 *                         FREE USED SILENT_MS
 *  MEMX_C_KEY_ADD   do    KEY. From now on new volumes are sealed with it.
 *                         -EEXIST; -ENOSPC: two are loaded
 *  MEMX_C_KEY_DEL   do    optional KEY_ID; absent: the oldest. Volumes keep
 *                         their keys. -ENOENT
 *  MEMX_C_KEY_GET   dump  client keys, newest first: KEY_ID
 *  MEMX_C_STATS_GET dump  one counter per message: STAT_NAME STAT_VALUE
 *                         STAT_HELP
 *  MEMX_C_LOOK      do    NODE (of a server), ID (of a volume), optional
 *                         CHUNK_FIRST: what that server has of the volume, from
 *                         that chunk on. Nothing is claimed or changed. INC (of
 *                         the server) NAME SIZE CHUNK_SHIFT SEALED USED_PAGES
 *                         RESERVED CHUNKS (all there), OWNER and TENTATIVE (nests
 *                         of NODE INC EPOCH, absent: none), ROSTER (nest of EPOCH
 *                         NUMBER LIVES, absent: none), LISTED, CHUNK_NEXT (where
 *                         to go on, absent: that was all). -ENOENT: it does not
 *                         know the volume; -EIDRM: it has dropped it without its
 *                         owner; -EHOSTDOWN: it is not alive;
 *                         -ETIMEDOUT; -EOPNOTSUPP: it is of an older version;
 *                         -EAGAIN; -EBADMSG
 *  Multicast group "events", which anybody may join. SEQ is one more than that
 *  of the event before; an event that found no memory is missing, and then
 *  recv() fails once with ENOBUFS, as it does when a listener reads too slowly.
 *  MEMX_C_SERVER_EVENT    EVENT SEQ NODE INC HOST STATE. EVENT: "new": a server
 *                         has become known; "restart": it has another
 *                         incarnation; "state"
 *  MEMX_C_VOLUME_EVENT    EVENT SEQ NAME ID SIZE STATE EPOCH CLAIM RESERVE GRANTED LIMIT
 *                         RESERVE_STATE RESERVE_ERROR, with "used" USER.
 *                         EVENT: "made", "removed", "used", "released",
 *                         "resized", "state"
 *                         (STATE, EPOCH or CLAIM has changed), "reserve"
 *                         (RESERVE_STATE or GRANTED has), "limit" (a chunk was not
 *                         placed because of LIMIT)
 *
 * Family "memx_client" (memx_client):
 *  MEMX_C_DEV_NEW   do    NAME (of the volume) -> DEV, the disk's name
 *  MEMX_C_DEV_DEL   do    DEV. -EBUSY while open
 *  MEMX_C_DEV_GET   dump  DEV NAME SIZE
 *  MEMX_C_STATS_GET dump
 *
 * Family "memx_server" (memx_server):
 *  MEMX_C_SRV_START do    CAPACITY (pages). Memory is taken as it is used,
 *                         never more but for a small stock of clean pages, and
 *                         never the host's last. -EALREADY; -ENOMEM: more than
 *                         the host can spare; -EBUSY; -EINVAL
 *  MEMX_C_SRV_STOP  do    optional FORCE (flag). -ENOTEMPTY: pages are stored
 *                         and FORCE is absent; -ESRCH: not running. All memory
 *                         is free when it is answered, but for pages that are
 *                         still being sent
 *  MEMX_C_SRV_SET   do    EXPIRY (seconds). A volume whose owner was not heard for
 *                         so long is dropped; 0: none is, as when the module was
 *                         loaded. -EINVAL: shorter than 30 s
 *  MEMX_C_SRV_GET   do    STATE ("stopped", "running", "stopping") CAPACITY
 *                         FREE USED RESERVED GUARANTEED LOAD VOLUMES EXPIRY
 *  MEMX_C_SVOL_GET  dump  volumes stored: ID NAME SIZE EPOCH CHUNK_SHIFT
 *                         USED_PAGES RESERVED GUARANTEED CHUNKS NODE (owner) INC (of the
 *                         owner) STATE ("alive", "silent", "over": the node has
 *                         another incarnation; "unknown": its version asks for
 *                         nothing while it is idle) SILENT_MS SEALED PROTOCOL
 *                         (that the owner speaks)
 *  MEMX_C_SVOL_DEL  do    NAME or ID, optional FORCE (flag). Drops a volume; its
 *                         next owner is told that it was dropped. -ENOENT;
 *                         -ENOTUNIQ: several have that name; -EBUSY: the owner
 *                         is or may be alive, and FORCE is absent
 *  MEMX_C_SVOL_FORGET do  ID, of a volume that was dropped by SVOL_DEL or since
 *                         its lease had expired: its id is free. -ENOENT
 *  MEMX_C_STATS_GET dump
 */
#ifndef MEMX_NL_H
#define MEMX_NL_H

#include <linux/types.h>
#include "memx_options.h"

#define MEMX_NL_CORE	"memx"
#define MEMX_NL_CLIENT	"memx_client"
#define MEMX_NL_SERVER	"memx_server"
#define MEMX_NL_VERSION	1
#define MEMX_NL_EVENTS	"events"	/* multicast group of MEMX_NL_CORE */

enum memx_cmd {
	MEMX_C_UNSPEC,
	MEMX_C_VOL_NEW,
	MEMX_C_VOL_SET,
	MEMX_C_VOL_DEL,
	MEMX_C_VOL_GET,
	MEMX_C_MAP_GET,
	MEMX_C_SERVER_GET,
	MEMX_C_STATS_GET,
	MEMX_C_DEV_NEW,
	MEMX_C_DEV_DEL,
	MEMX_C_DEV_GET,
	MEMX_C_SRV_START,
	MEMX_C_SRV_STOP,
	MEMX_C_SRV_GET,
	MEMX_C_SVOL_GET,
	MEMX_C_KEY_ADD,
	MEMX_C_KEY_DEL,
	MEMX_C_KEY_GET,
	MEMX_C_SERVER_EVENT,
	MEMX_C_VOLUME_EVENT,
	MEMX_C_SRV_SET,
	MEMX_C_SVOL_DEL,
	MEMX_C_SVOL_FORGET,
	MEMX_C_LOOK,
};

/**
 * struct memx_life - a server in one of its lives
 * @node: node id
 * @inc:  incarnation
 * @pad:  zero
 */
struct memx_life {
	__u64	node;
	__u32	inc;
	__u32	pad;
};

/**
 * struct memx_listed - a chunk that a server has
 * @index:    its number
 * @gen:      its generation
 * @pages:    pages stored
 * @nmembers: entries of @member in use
 * @filling:  1: the copy is being filled and is no member
 * @pad:      zero
 * @member:   servers in sync in that generation
 */
struct memx_listed {
	__u32	index;
	__u32	gen;
	__u32	pages;
	__u8	nmembers;
	__u8	filling;
	__u16	pad;
	struct memx_life member[3];
};

/* Numbers that are missing here are those of options, in memx_options.h. */
enum memx_attr {
	MEMX_A_UNSPEC,
	MEMX_A_PAD,
	MEMX_A_NAME,		/* string: volume */
	MEMX_A_EPOCH = 5,	/* u32 */
	MEMX_A_STATE,		/* string: a word, see docs/operations.md */
	MEMX_A_USER,		/* string: who has the volume, absent if nobody */
	MEMX_A_CHUNKS = 9,	/* u32 */
	MEMX_A_PLACED,		/* u32: chunks that have a server */
	MEMX_A_USED_PAGES,	/* u64 */
	MEMX_A_MAP_GEN,		/* u64 */
	/*
	 * array of u64: how many took less than 64 us, how many of the others
	 * less than 128 us, and so on; the last has all the rest
	 */
	MEMX_A_READ_LATENCY = 15,
	MEMX_A_WRITE_LATENCY,
	MEMX_A_CHUNK_FIRST,	/* u32 */
	MEMX_A_CHUNK_COUNT,	/* u32 */
	MEMX_A_NODE,		/* u64: node id */
	MEMX_A_INC,		/* u32: incarnation */
	MEMX_A_HOST,		/* string: host name */
	MEMX_A_LOAD,		/* u8: 0 idle to 255 saturated */
	MEMX_A_CAPACITY,	/* u64: pages */
	MEMX_A_FREE,		/* u64: pages that can still be promised */
	MEMX_A_USED,		/* u64: pages stored */
	MEMX_A_RESERVED,	/* u64: pages promised, used or not */
	MEMX_A_SILENT_MS,	/* u32: since anything was heard */
	MEMX_A_VOLUMES,		/* u32 */
	MEMX_A_DEV,		/* string: disk name, "memxa" */
	MEMX_A_FORCE,		/* flag */
	MEMX_A_STAT,		/* nest: STAT_NAME STAT_VALUE STAT_HELP */
	MEMX_A_STAT_NAME,	/* string */
	MEMX_A_STAT_VALUE,	/* u64 */
	MEMX_A_STAT_HELP,	/* string */
	MEMX_A_SEALED = 36,	/* flag: the volume's pages are sealed */
	MEMX_A_KEY = 38,	/* 32 bytes: a client key */
	MEMX_A_KEY_ID,		/* u64: names a client key, not 0 */
	MEMX_A_CLAIM,		/* string: a word, see docs/ownership.md */
	MEMX_A_SERVERS,		/* string: what each server says of the volume */
	MEMX_A_PROTOCOL,	/* u8: version of the memory protocol, from 0 on */
	MEMX_A_EVENT,		/* string: what has happened */
	MEMX_A_SEQ,		/* u64: number of an event */
	MEMX_A_EXPIRY,		/* u32: seconds, 0: never */
	MEMX_A_OWNER,		/* nest: NODE INC EPOCH */
	MEMX_A_TENTATIVE,	/* nest: NODE INC EPOCH */
	MEMX_A_ROSTER,		/* nest: EPOCH NUMBER LIVES */
	MEMX_A_NUMBER,		/* u32: of a roster */
	MEMX_A_LIVES,		/* array of struct memx_life */
	MEMX_A_LISTED,		/* array of struct memx_listed */
	MEMX_A_CHUNK_NEXT,	/* u32 */
	MEMX_A_GRANTED,		/* u64: bytes that servers keep room for */
	MEMX_A_RESERVE_STATE,	/* string: a word, see docs/reservations.md */
	MEMX_A_RESERVE_ERROR,	/* string: why not, absent if there is nothing to say */
	MEMX_A_GUARANTEED,	/* u64: pages that are kept for volumes, used or not */
	MEMX_A_COUNT,
	MEMX_A_MAX = 111,	/* options take 96 to 111 */
};

#endif /* MEMX_NL_H */

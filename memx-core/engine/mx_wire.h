/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What volumes and memory servers say to each other: the 32-byte heads of RMAP
 * messages on RMP_PORT_MEMORY and the advert of a node. docs/rmap-protocol.md
 * tells about the frames around them; volume and epoch are in those.
 */
#ifndef MX_WIRE_H
#define MX_WIRE_H

#include "mx_port.h"

enum mx_limits {
	MX_PAGE_SHIFT		= 12,
	MX_PAGE_SIZE		= 1 << MX_PAGE_SHIFT,
	MX_OP_PAGES		= 32,		/* pages in one READ or WRITE */
	MX_CHUNK_SHIFT_MIN	= 8,		/* pages: 1 MiB */
	MX_CHUNK_SHIFT_MAX	= 18,		/* pages: 1 GiB */
	MX_CHUNKS_MAX		= 16384,	/* chunks in a volume */
	MX_NAME_MAX		= 63,		/* bytes in a volume's name */
	MX_TRAILER_LEN		= 32,		/* bytes stored with a sealed page */
	MX_COPIES_MAX		= 3,		/* members of a chunk's home */
	MX_ROSTER_MAX		= 64,		/* servers in a roster */
};

/**
 * enum mx_op_code - requests on RMP_PORT_MEMORY; fields that are not named for
 * an operation are zero
 * @MX_OP_OPEN:    claim a volume: @page its size in pages, @arg its chunk shift,
 *                 payload its name. Repeating it is harmless. A claim that is
 *                 higher than the one in force, by epoch and then by node, takes
 *                 the volume over; a lower one is STALE. With MX_F_SEALED its
 *                 pages are sealed; all OPENs must agree. With MX_F_FEATURES
 *                 @arg2 has the sender's enum mx_feature, and the answer's @arg
 *                 the server's, and MX_OPENED_NEW, perhaps with
 *                 MX_OPENED_EXPIRED, or MX_OPENED_OVER; INVAL has the
 *                 server's too if the volume is of another size, name or kind.
 *                 With MX_F_TENTATIVE the claim stands beside the one in force,
 *                 which it does not fence
 * @MX_OP_DROP:    forget the volume and free all its pages; done when unknown.
 *                 Under a tentative claim: withdraw that claim
 * @MX_OP_READ:    @npages from @page, all in one chunk. The reply's mask says
 *                 which were ever written; only those are in the payload, and
 *                 behind them, with MX_F_SEALED, a trailer of MX_TRAILER_LEN
 *                 bytes for each
 * @MX_OP_WRITE:   @npages whole pages at @page, all in one chunk, in the
 *                 payload, with MX_F_SEALED their trailers behind them. With
 *                 MX_F_PLACE the chunk is made, and room reserved for all of
 *                 it, if it is not there
 * @MX_OP_DISCARD: free @arg pages from @page, all in one chunk; they read as
 *                 never written. With MX_F_RELEASE it must cover the chunk,
 *                 whose reservation is given up too
 * @MX_OP_STAT:    nothing but the reply head's figures
 * @MX_OP_SETGEN:  store the chunk's generation and, from the payload (1 to
 *                 MX_COPIES_MAX struct mx_wire_node), the members that are in
 *                 sync in it. @page: the chunk's first page. Answered once no
 *                 request of an older generation can take effect here. With
 *                 MX_F_PLACE the chunk is made, to be filled
 * @MX_OP_LIST:    the volume's chunks from the one with number @page on; the
 *                 reply has at most @npages pages of struct mx_wire_chunk in
 *                 ascending order, its @arg is the number to go on with or
 *                 MX_LIST_END
 * @MX_OP_BITMAP:  which pages of the chunk at @page are stored: the reply has a
 *                 bit for each, lowest bit of the first byte first
 * @MX_OP_ROSTER:  with payload (struct mx_wire_roster, then struct mx_wire_node)
 *                 store the volume's roster if its number is higher than the
 *                 stored one's; without: the reply has the stored one
 * @MX_OP_LOOK:    what is here of the volume, told to anybody, whatever its claim,
 *                 and without any effect. The reply's first page is struct
 *                 mx_wire_look and behind it the roster; then come at most
 *                 @npages (0 to MX_OP_PAGES - 1) pages of chunks as with LIST,
 *                 which is what @page and the reply's @arg mean too
 * @MX_OP_RESERVE: keep room for @arg chunks of the volume on this server in all,
 *                 those included that are there: an absolute number, so a
 *                 repetition changes nothing. @arg2: chunks to be kept on all
 *                 servers together, each counted once, for the next owner. With
 *                 MX_F_TENTATIVE as many as there is room for are held for some
 *                 seconds, until they are asked for without it: then all of them
 *                 or no change. With MX_F_TELL nothing changes. The reply's @arg:
 *                 MX_RESERVED()
 */
enum mx_op_code {
	MX_OP_OPEN	= 1,
	MX_OP_DROP	= 2,
	MX_OP_READ	= 3,
	MX_OP_WRITE	= 4,
	MX_OP_DISCARD	= 5,
	MX_OP_STAT	= 6,
	MX_OP_SETGEN	= 7,
	MX_OP_LIST	= 8,
	MX_OP_BITMAP	= 9,
	MX_OP_ROSTER	= 10,
	MX_OP_LOOK	= 11,
	MX_OP_RESERVE	= 12,
	MX_OP_MAX	= MX_OP_RESERVE,
};

/**
 * enum mx_req_flag - bits of mx_req.flags; each in the operations named only
 * @MX_F_RELEASE:   DISCARD: give the chunk up
 * @MX_F_SEALED:    OPEN, READ, WRITE: the volume is sealed: a trailer belongs to
 *                  each page. READ and WRITE must say what OPEN said
 * @MX_F_PLACE:     WRITE, SETGEN: make the chunk here if it is not here yet
 * @MX_F_TENTATIVE: OPEN: the claim is not committed yet. RESERVE: nor is what is
 *                  asked for
 * @MX_F_FEATURES:  OPEN: @arg2 has the sender's features
 * @MX_F_TELL:      RESERVE: what is kept, as it is
 */
enum mx_req_flag {
	MX_F_RELEASE	= 0x01,
	MX_F_SEALED	= 0x02,
	MX_F_PLACE	= 0x04,
	MX_F_TENTATIVE	= 0x08,
	MX_F_FEATURES	= 0x10,
	MX_F_TELL	= 0x20,
};

/**
 * enum mx_feature - what a node can do beyond the first version of this protocol
 * @MX_FEAT_GEN: generations: mx_req.gen is not 0 and is checked, a chunk is made
 *               only with MX_F_PLACE, and SETGEN, LIST, BITMAP and ROSTER exist
 * @MX_FEAT_LEASE: leases: it knows MX_OPENED_EXPIRED
 * @MX_FEAT_LOOK: LOOK exists. Who has not made an OPEN learns it from the answer:
 *               a server without it says INVAL
 * @MX_FEAT_RESERVE: RESERVE exists
 */
enum mx_feature {
	MX_FEAT_GEN	= 0x01,
	MX_FEAT_LEASE	= 0x02,
	MX_FEAT_LOOK	= 0x04,
	MX_FEAT_RESERVE	= 0x08,
	MX_FEAT_KNOWN	= MX_FEAT_GEN | MX_FEAT_LEASE | MX_FEAT_LOOK |
			  MX_FEAT_RESERVE,
};

/*
 * OPEN with MX_F_FEATURES: bits of the answer's @arg: the OPEN made the volume, or
 * there had been no more than a tentative claim on it, or its sender has made it
 * and has stored no roster since; or it took it over from a claim of another node
 * or of another life. With MX_OPENED_NEW: the server had
 * the volume before, and has dropped it since its lease had expired or an admin
 * wanted it to; told to senders with MX_FEAT_LEASE only, others are refused.
 */
#define MX_OPENED_NEW	BIT_ULL(32)
#define MX_OPENED_OVER	BIT_ULL(33)
#define MX_OPENED_EXPIRED BIT_ULL(34)

/*
 * LOOK: the answer's @arg with NOVOL, or 0: the volume was here, and was dropped
 * since its lease had expired or an admin wanted it to.
 */
#define MX_LOOK_DROPPED	1

/*
 * RESERVE: the answer's @arg: chunks that are kept here now (to MX_F_TELL: for good),
 * and those that are to be kept in all, as was last said for good.
 */
#define MX_RESERVED(here, all)	((u64)(all) << 32 | (here))
#define MX_RESERVED_HERE(arg)	((u32)(arg))
#define MX_RESERVED_ALL(arg)	((u32)((arg) >> 32))

/* LIST: the answer's @arg if there are no more chunks. */
#define MX_LIST_END	(~0ULL)

/**
 * struct mx_req - head of a request
 * @op:       enum mx_op_code
 * @flags:    enum mx_req_flag
 * @npages:   READ, WRITE, LIST: 1 to MX_OP_PAGES
 * @gen:      READ, WRITE, DISCARD, SETGEN, BITMAP: the chunk's generation as the
 *            sender knows it; 0 from a sender without MX_FEAT_GEN
 * @page:     see enum mx_op_code
 * @arg:      see enum mx_op_code
 * @arg2:     see enum mx_op_code
 */
struct mx_req {
	u8	op;
	u8	flags;
	__be16	npages;
	__be32	gen;
	__be64	page;
	__be64	arg;
	__be64	arg2;
} __packed __aligned(8);

/**
 * struct mx_wire_node - a server in one of its lives
 * @node:     node id
 * @inc:      incarnation
 * @reserved: zero
 */
struct mx_wire_node {
	__be64	node;
	__be32	inc;
	__be32	reserved;
} __packed __aligned(8);

/**
 * struct mx_wire_chunk - LIST: a chunk that a server has
 * @index:    its number
 * @gen:      its generation
 * @pages:    pages stored
 * @nmembers: entries of @member in use
 * @state:    enum mx_chunk_copy
 * @reserved: zero
 * @member:   those in sync in @gen; the others are zero
 */
struct mx_wire_chunk {
	__be32	index;
	__be32	gen;
	__be32	pages;
	u8	nmembers;
	u8	state;
	__be16	reserved;
	struct mx_wire_node member[MX_COPIES_MAX];
} __packed __aligned(8);

/**
 * enum mx_chunk_copy - what a server's copy of a chunk is
 * @MX_COPY_LIVE:    it has all pages of its generation
 * @MX_COPY_FILLING: it is being filled and is no member
 */
enum mx_chunk_copy {
	MX_COPY_LIVE	= 0,
	MX_COPY_FILLING	= 1,
};

/**
 * struct mx_wire_roster - servers that may have chunks of a volume
 * @epoch:    of the claim under which it was stored; 0: there is none yet
 * @number:   counts up with each change; 0: there is none yet
 * @n:        struct mx_wire_node that follow, at most MX_ROSTER_MAX
 * @reserved: 0
 */
struct mx_wire_roster {
	__be32	epoch;
	__be32	number;
	__be32	n;
	__be32	reserved;
} __packed __aligned(8);

/**
 * struct mx_wire_claim - LOOK: a claim
 * @node:     whose it is; 0: there is none, and the rest is 0
 * @epoch:    its epoch
 * @inc:      the node's incarnation
 * @features: enum mx_feature of that node
 * @reserved: zero
 */
struct mx_wire_claim {
	__be64	node;
	__be32	epoch;
	__be32	inc;
	__be32	features;
	__be32	reserved;
} __packed __aligned(8);

/**
 * struct mx_wire_look - LOOK: what a server has of a volume; a roster follows, and
 * zeros up to the end of the page
 * @pages:     the volume's size
 * @used:      pages stored here
 * @promised:  pages promised here, used or not
 * @nchunks:   chunks here
 * @shift:     log2 of pages in a chunk
 * @sealed:    1: its pages are sealed
 * @reserved:  zero
 * @claim:     in force; none if there has only been a tentative one
 * @tentative: not committed, or none
 * @name:      the volume's, zeros behind it
 */
struct mx_wire_look {
	__be64	pages;
	__be64	used;
	__be64	promised;
	__be32	nchunks;
	u8	shift;
	u8	sealed;
	__be16	reserved;
	struct mx_wire_claim claim;
	struct mx_wire_claim tentative;
	u8	name[MX_NAME_MAX + 1];
} __packed __aligned(8);

/**
 * enum mx_status - how a request ended. Those from MX_ST_NOCHUNK on are answers
 * to senders with MX_FEAT_GEN only
 * @MX_ST_OK:     done
 * @MX_ST_FULL:   no room: the server declines this chunk or volume
 * @MX_ST_NOVOL:  the volume is not open here
 * @MX_ST_STALE:  a higher claim is in force; the answer's @arg is its epoch
 * @MX_ST_INVAL:  the request makes no sense (its sender is at fault): among
 *                others an epoch that was not announced by an OPEN
 * @MX_ST_AGAIN:  not now, as when it is out of pages or does not know yet whether
 *                the owner knows that the volume was made anew; ask again
 * @MX_ST_NOCHUNK: the chunk is not here
 * @MX_ST_OLDGEN: the chunk (or roster) here is newer; @arg is its generation (or
 *                number)
 * @MX_ST_HELD:   DROP: somebody has a tentative claim
 */
enum mx_status {
	MX_ST_OK	= 0,
	MX_ST_FULL	= 1,
	MX_ST_NOVOL	= 2,
	MX_ST_STALE	= 3,
	MX_ST_INVAL	= 4,
	MX_ST_AGAIN	= 5,
	MX_ST_NOCHUNK	= 6,
	MX_ST_OLDGEN	= 7,
	MX_ST_HELD	= 8,
	MX_ST_MAX	= MX_ST_HELD,
};

/**
 * struct mx_rep - head of a reply
 * @status:    enum mx_status
 * @op:        as asked
 * @load:      server's load, 0 idle to 255 saturated
 * @mask:      READ: bit per page, lowest first: written at some time
 * @free:      pages the server can still promise
 * @vol_pages: pages it stores for this volume
 * @arg:       see enum mx_op_code and enum mx_status; 0 to a sender without
 *             MX_FEAT_GEN
 */
struct mx_rep {
	__be16	status;
	u8	op;
	u8	load;
	__be32	mask;
	__be64	free;
	__be64	vol_pages;
	__be64	arg;
} __packed __aligned(8);

enum mx_role {
	MX_ROLE_SERVER	= 0x01,
	MX_ROLE_CLIENT	= 0x02,
	MX_ROLE_KNOWN	= 0x03,
};

/**
 * struct mx_advert - what a node tells of itself in ANNOUNCE, HELLO, WELCOME
 * @roles:    enum mx_role bits; 0: neither yet
 * @load:     as in struct mx_rep
 * @flags:    zero
 * @reserved: zero
 * @capacity: pages the server was started with
 * @free:     pages it can still promise
 * @used:     pages it stores
 */
struct mx_advert {
	u8	roles;
	u8	load;
	__be16	flags;
	__be32	reserved;
	__be64	capacity;
	__be64	free;
	__be64	used;
} __packed __aligned(8);

static_assert(sizeof(struct mx_req) == 32, "fits RMP_HEAD_LEN");
static_assert(sizeof(struct mx_rep) == 32, "fits RMP_HEAD_LEN");
static_assert(sizeof(struct mx_advert) == 32, "fits RMP_HEAD_LEN");
static_assert(sizeof(struct mx_wire_chunk) == 64, "a page has 64 of them");
static_assert(sizeof(struct mx_wire_roster) +
	      MX_ROSTER_MAX * sizeof(struct mx_wire_node) <= MX_PAGE_SIZE,
	      "a roster is one page");
static_assert(sizeof(struct mx_wire_look) + sizeof(struct mx_wire_roster) +
	      MX_ROSTER_MAX * sizeof(struct mx_wire_node) <= MX_PAGE_SIZE,
	      "they are one page together");

/* Memory of a server for the trailers of @n sealed pages, in pages. */
static inline u64 mx_trailer_pages(u64 n)
{
	return (n * MX_TRAILER_LEN + MX_PAGE_SIZE - 1) >> MX_PAGE_SHIFT;
}

/* Bytes on the wire for @n pages. */
static inline u32 mx_payload_len(u32 n, bool sealed)
{
	return n * (MX_PAGE_SIZE + (sealed ? MX_TRAILER_LEN : 0));
}

/* Host-order forms, made and checked by mx_codec.c and mx_payload.c. */

/** struct mx_ask - a decoded request; fields as in struct mx_req */
struct mx_ask {
	u8	op;
	u8	flags;
	u16	npages;
	u32	gen;
	u64	page;
	u64	arg;
	u64	arg2;
};

/** struct mx_answer - a decoded reply; fields as in struct mx_rep */
struct mx_answer {
	u16	status;
	u8	op;
	u8	load;
	u32	mask;
	u64	free;
	u64	vol_pages;
	u64	arg;
};

/**
 * struct mx_life - a server in one of its lives
 * @node: node id
 * @inc:  incarnation
 */
struct mx_life {
	u64	node;
	u32	inc;
};

/**
 * struct mx_listed - a decoded struct mx_wire_chunk
 * @index:    the chunk's number
 * @gen:      its generation
 * @pages:    pages stored
 * @nmembers: entries of @member in use
 * @state:    enum mx_chunk_copy
 * @member:   those in sync in @gen
 */
struct mx_listed {
	u32	index;
	u32	gen;
	u32	pages;
	u8	nmembers;
	u8	state;
	struct mx_life member[MX_COPIES_MAX];
};

/**
 * struct mx_roster - a decoded roster
 * @epoch:  of the claim under which it was stored, 0: there is none
 * @number: counts up with each change; 0: there is none
 * @n:      entries of @member in use
 * @member: servers that may have chunks of the volume
 */
struct mx_roster {
	u32	epoch;
	u32	number;
	u32	n;
	struct mx_life member[MX_ROSTER_MAX];
};

/**
 * struct mx_claimed - a claim as LOOK tells it
 * @node:     whose it is, 0: there is none
 * @epoch:    its epoch
 * @inc:      the node's incarnation
 * @features: enum mx_feature of that node
 */
struct mx_claimed {
	u64	node;
	u32	epoch;
	u32	inc;
	u32	features;
};

/**
 * struct mx_look - a decoded struct mx_wire_look; fields as there
 * @pages:     size
 * @used:      pages stored
 * @promised:  pages promised
 * @nchunks:   chunks here
 * @shift:     log2 of pages in a chunk
 * @sealed:    its pages are sealed
 * @claim:     in force, or none
 * @tentative: not committed, or none
 * @name:      NUL-terminated
 */
struct mx_look {
	u64	pages;
	u64	used;
	u64	promised;
	u32	nchunks;
	u8	shift;
	bool	sealed;
	struct mx_claimed claim;
	struct mx_claimed tentative;
	char	name[MX_NAME_MAX + 1];
};

/** struct mx_ad - a decoded advert; fields as in struct mx_advert */
struct mx_ad {
	u8	roles;
	u8	load;
	u64	capacity;
	u64	free;
	u64	used;
};

void mx_ask_encode(const struct mx_ask *ask, u8 *head);
/** mx_ask_decode() - @len: payload bytes. Checks all that needs no state.
 * Return: 0 or -EBADMSG; @ask is filled in either way
 */
int mx_ask_decode(const u8 *head, u32 len, struct mx_ask *ask);
void mx_answer_encode(const struct mx_answer *ans, u8 *head);
/** mx_answer_decode() - @ask: what was asked; @len: payload bytes of the reply.
 * Return: 0 or -EBADMSG
 */
int mx_answer_decode(const u8 *head, u32 len, const struct mx_ask *ask,
		     struct mx_answer *ans);

/** mx_members_encode() - payload of SETGEN; @n: 1 to MX_COPIES_MAX. Return: bytes */
u32 mx_members_encode(const struct mx_life *member, u32 n, u8 *payload);
/** mx_members_decode() - @member: result, MX_COPIES_MAX places
 * Return: how many, or -EBADMSG
 */
int mx_members_decode(const u8 *payload, u32 len, struct mx_life *member);
void mx_listed_encode(const struct mx_listed *l, u8 *entry);
/** mx_listed_decode() - one entry of 64 bytes. Return: 0 or -EBADMSG */
int mx_listed_decode(const u8 *entry, struct mx_listed *l);
/** mx_roster_encode() - Return: bytes, at most MX_PAGE_SIZE */
u32 mx_roster_encode(const struct mx_roster *r, u8 *payload);
/** mx_roster_newer() - is @a newer than @b: of a higher claim, or of a higher number? */
static inline bool mx_roster_newer(const struct mx_roster *a,
				   const struct mx_roster *b)
{
	return a->epoch == b->epoch ? a->number > b->number :
				      a->epoch > b->epoch;
}

/** mx_roster_decode() - Return: 0 or -EBADMSG */
int mx_roster_decode(const u8 *payload, u32 len, struct mx_roster *r);

/** mx_look_encode() - @page: MX_PAGE_SIZE bytes of zeros */
void mx_look_encode(const struct mx_look *look, const struct mx_roster *r, u8 *page);
/** mx_look_decode() - @page: MX_PAGE_SIZE bytes. Return: 0 or -EBADMSG */
int mx_look_decode(const u8 *page, struct mx_look *look, struct mx_roster *r);

void mx_ad_encode(const struct mx_ad *ad, u8 *head);
int mx_ad_decode(const u8 *head, struct mx_ad *ad);

/** mx_name_valid() - a volume's name: a letter or digit, then letters, digits,
 * '.', '_' and '-', at most MX_NAME_MAX bytes in all
 */
bool mx_name_valid(const char *name, size_t len);

/** mx_chunk_shift() - the smallest chunk (log2 of pages) that keeps a volume of
 * @pages within MX_CHUNKS_MAX chunks. Return: shift, or -EFBIG
 */
int mx_chunk_shift(u64 pages);

#endif /* MX_WIRE_H */

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
};

/**
 * enum mx_op_code - requests on RMP_PORT_MEMORY; fields that are not named for
 * an operation are zero
 * @MX_OP_OPEN:    make the volume known: @page its size in pages, @arg its
 *                 chunk shift; payload its name. Repeating it is harmless; a
 *                 higher epoch in the header takes the volume over. With
 *                 MX_F_SEALED its pages are sealed; all OPENs must agree
 * @MX_OP_DROP:    forget the volume and free all its pages; done when unknown
 * @MX_OP_READ:    @npages from @page, all in one chunk. The reply's mask says
 *                 which were ever written; only those are in the payload, and
 *                 behind them, with MX_F_SEALED, a trailer of MX_TRAILER_LEN
 *                 bytes for each
 * @MX_OP_WRITE:   @npages whole pages at @page, all in one chunk, in the
 *                 payload, with MX_F_SEALED their trailers behind them. The
 *                 first write to a chunk reserves room for it all
 * @MX_OP_DISCARD: free @arg pages from @page, all in one chunk; they read as
 *                 never written. With MX_F_RELEASE it must cover the chunk,
 *                 whose reservation is given up too
 * @MX_OP_STAT:    nothing but the reply head's figures
 */
enum mx_op_code {
	MX_OP_OPEN	= 1,
	MX_OP_DROP	= 2,
	MX_OP_READ	= 3,
	MX_OP_WRITE	= 4,
	MX_OP_DISCARD	= 5,
	MX_OP_STAT	= 6,
	MX_OP_MAX	= MX_OP_STAT,
};

/**
 * enum mx_req_flag - bits of mx_req.flags; each in the operations named only
 * @MX_F_RELEASE: DISCARD: give the chunk up
 * @MX_F_SEALED:  OPEN, READ, WRITE: the volume is sealed: a trailer belongs to
 *                each page. READ and WRITE must say what OPEN said
 */
enum mx_req_flag {
	MX_F_RELEASE	= 0x01,
	MX_F_SEALED	= 0x02,
};

/**
 * struct mx_req - head of a request
 * @op:       enum mx_op_code
 * @flags:    enum mx_req_flag
 * @npages:   READ, WRITE: 1 to MX_OP_PAGES
 * @reserved: zero
 * @page:     see enum mx_op_code
 * @arg:      see enum mx_op_code
 * @reserved2: zero
 */
struct mx_req {
	u8	op;
	u8	flags;
	__be16	npages;
	__be32	reserved;
	__be64	page;
	__be64	arg;
	__be64	reserved2;
} __packed __aligned(8);

/**
 * enum mx_status - how a request ended
 * @MX_ST_OK:     done
 * @MX_ST_FULL:   no room: the server declines this chunk or volume
 * @MX_ST_NOVOL:  the volume is not open here
 * @MX_ST_STALE:  the header's epoch is older than the volume's, or another node
 *                opened the volume at this epoch
 * @MX_ST_INVAL:  the request makes no sense (its sender is at fault): among
 *                others an epoch that was not announced by an OPEN
 * @MX_ST_AGAIN:  out of pages for the moment; ask again
 */
enum mx_status {
	MX_ST_OK	= 0,
	MX_ST_FULL	= 1,
	MX_ST_NOVOL	= 2,
	MX_ST_STALE	= 3,
	MX_ST_INVAL	= 4,
	MX_ST_AGAIN	= 5,
	MX_ST_MAX	= MX_ST_AGAIN,
};

/**
 * struct mx_rep - head of a reply
 * @status:    enum mx_status
 * @op:        as asked
 * @load:      server's load, 0 idle to 255 saturated
 * @mask:      READ: bit per page, lowest first: written at some time
 * @free:      pages the server can still promise
 * @vol_pages: pages it stores for this volume
 * @arg:       zero
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

/* Host-order forms, made and checked by mx_codec.c. */

/** struct mx_ask - a decoded request; fields as in struct mx_req */
struct mx_ask {
	u8	op;
	u8	flags;
	u16	npages;
	u64	page;
	u64	arg;
};

/** struct mx_answer - a decoded reply; fields as in struct mx_rep */
struct mx_answer {
	u16	status;
	u8	op;
	u8	load;
	u32	mask;
	u64	free;
	u64	vol_pages;
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

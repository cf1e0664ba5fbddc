/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What RMAP puts on the wire: one header for every frame, big-endian, at the
 * start of the Ethernet payload. docs/rmap-protocol.md explains the exchanges.
 */
#ifndef RMP_WIRE_H
#define RMP_WIRE_H

#include "mx_port.h"

enum rmp_limits {
	RMP_ETHERTYPE	= 0x88b5,	/* ETH_P_802_EX1, IEEE local experimental 1 */
	RMP_VERSION	= 1,
	RMP_HDR_LEN	= 120,
	RMP_HEAD_LEN	= 32,		/* application head carried by every frame */
	RMP_TAG_LEN	= 16,
	RMP_PAGE	= 4096,
	RMP_PAGE_EXTRA	= 32,		/* what may come with each page: its seal */
	RMP_MSG_PAGES	= 32,		/* pages in the longest message */
	RMP_MSG_MAX	= (RMP_PAGE + RMP_PAGE_EXTRA) * RMP_MSG_PAGES,
	RMP_FRAGS_MAX	= 128,		/* fragments of the longest message */
	RMP_FRAG_MIN	= RMP_MSG_MAX / RMP_FRAGS_MAX,
	RMP_FRAG_MAX	= 61440,	/* 15 pages; fits plen */
	RMP_WINDOW	= 128,		/* message ids open at once per direction */
	RMP_MTU_MIN	= RMP_HDR_LEN + RMP_FRAG_MIN,
	RMP_NAME_LEN	= 64,		/* longest host name in an announcement */
	RMP_HS_LEN	= 72,		/* handshake in HELLO and WELCOME, with keys */
};

/**
 * enum rmp_type - what a frame is
 * @RMP_T_SOLICIT:  broadcast question "who is there"; no payload
 * @RMP_T_ANNOUNCE: "I am here": head is the node's advert (opaque to RMAP),
 *                  payload its host name; broadcast, or unicast to a solicitor
 * @RMP_T_HELLO:    opens a session; with keys its payload is the first message
 *                  of a handshake; padded to the largest frame the sender
 *                  would like to use, so that its arrival proves the path
 * @RMP_T_WELCOME:  answers HELLO, padded likewise to the agreed size
 * @RMP_T_REQ:      fragment of a request
 * @RMP_T_REP:      fragment of a reply; acknowledges the whole request
 * @RMP_T_ACK:      which fragments of a message have arrived (bitmap in head)
 * @RMP_T_RESET:    "I have no session with you": answer to a REQ, REP or ACK
 *                  whose peer_inc is not the receiver's incarnation or whose
 *                  sender is unknown (rate-limited), and to a HELLO of an
 *                  incarnation that is news, which must prove to be alive by
 *                  echoing the RESET's stamp
 * @RMP_T_BYE:      the sender's node is leaving; broadcast
 */
enum rmp_type {
	RMP_T_SOLICIT	= 1,
	RMP_T_ANNOUNCE	= 2,
	RMP_T_HELLO	= 3,
	RMP_T_WELCOME	= 4,
	RMP_T_REQ	= 5,
	RMP_T_REP	= 6,
	RMP_T_ACK	= 7,
	RMP_T_RESET	= 8,
	RMP_T_BYE	= 9,
	RMP_T_MAX	= RMP_T_BYE,
};

/** rmp_is_session() - whether frames of a type belong to a session */
static inline bool rmp_is_session(u8 type)
{
	return type >= RMP_T_REQ && type <= RMP_T_ACK;
}

/* Each X(name): the types once more, for whoever needs their names. */
#define RMP_TYPES(X) \
	X(SOLICIT) X(ANNOUNCE) X(HELLO) X(WELCOME) X(REQ) X(REP) X(ACK) \
	X(RESET) X(BYE)

#define RMP_TYPE_BIT(name) | 1 << RMP_T_##name
static_assert((0 RMP_TYPES(RMP_TYPE_BIT)) == (2 << RMP_T_MAX) - 2,
	      "RMP_TYPES has all types");
#undef RMP_TYPE_BIT

/**
 * enum rmp_flag - bits of rmp_hdr.flags
 * @RMP_F_SUM:      the tag covers the payload as well as the header
 * @RMP_F_WANT_ACK: the sender wants an ACK for what has arrived so far
 * @RMP_F_REPLY:    in an ACK: the bitmap tells of reply fragments (it comes
 *                  from the requester); else of request fragments
 * @RMP_F_PENDING:  in an ACK: the request is whole and being executed
 * @RMP_F_KEYED:    the tag is made with a key, and always covers the payload
 * @RMP_F_VOID:     in a REQ: the requester gives the request up: unless it has
 *                  been delivered it must not be executed any more. In a REP:
 *                  it was not executed, and will not be. No payload in either
 */
enum rmp_flag {
	RMP_F_SUM	= 0x01,
	RMP_F_WANT_ACK	= 0x02,
	RMP_F_REPLY	= 0x04,
	RMP_F_PENDING	= 0x08,
	RMP_F_KEYED	= 0x10,
	RMP_F_VOID	= 0x20,
	RMP_F_KNOWN	= 0x3f,
};

/* Each X(name): the flags once more, for whoever needs their names. */
#define RMP_FLAGS(X) X(SUM) X(WANT_ACK) X(REPLY) X(PENDING) X(KEYED) X(VOID)

#define RMP_FLAG_BIT(name) | RMP_F_##name
static_assert((0 RMP_FLAGS(RMP_FLAG_BIT)) == RMP_F_KNOWN,
	      "RMP_FLAGS has all flags");
#undef RMP_FLAG_BIT

/**
 * enum rmp_feature - what a node can do, told in its HELLO and WELCOME
 * @RMP_FEAT_VOID: it understands RMP_F_VOID
 */
enum rmp_feature {
	RMP_FEAT_VOID	= 0x01,
	RMP_FEATURES	= 0x01,		/* all that this version has */
};

/**
 * struct rmp_hdr - the header of every RMAP frame
 * @version:   RMP_VERSION; a receiver drops what it does not speak
 * @type:      enum rmp_type
 * @flags:     enum rmp_flag; unknown bits make the frame invalid
 * @hlen:      header length in units of 8 bytes; payload starts there. At
 *             least RMP_HDR_LEN / 8; a later minor extension may append
 * @plen:      payload bytes in this frame; bytes after them are padding
 * @back:      REQ, ACK|REPLY: msg minus the lowest id the requester still has
 *             open, so the responder may forget all below
 * @node:      the sender's node id, stable over restarts; never 0
 * @inc:       the sender's incarnation, random at each start; never 0
 * @peer_inc:  the receiver's incarnation as the sender knows it; 0 if unknown
 * @msg:       message id: counts up per requester and responder from a first
 *             id that is above all ids the requester's incarnation gave out
 *             before; the same on every copy; in HELLO and WELCOME the lowest
 *             id the sender still has open. 1 to 2^63 - 1
 * @volume:    volume the message is about, or 0; in HELLO and WELCOME the
 *             sender's birth: the first id above, which tells a sender that
 *             has lost its session state from one that has not
 * @epoch:     the sender's epoch of that volume; in HELLO and WELCOME what the
 *             sender can do, enum rmp_feature (0 from the first version 1)
 * @credit:    pages (4 KiB) the sender, as a responder, lets the receiver
 *             have in flight towards it; REP, ACK, HELLO, WELCOME
 * @port:      service the message is for (REQ) or from (REP)
 * @msg_len:   payload bytes of the whole message
 * @frag_size: fragment size, see rmp_frag_range(); HELLO, WELCOME: the size
 *             being proven
 * @frag_no:   number of this fragment; HELLO, WELCOME: largest fragment size
 *             that the sender's interface can carry
 * @stamp:     sender's clock in microseconds, any origin
 * @echo:      the stamp of the frame that caused this one, or 0
 * @head:      application head of the message, the same in all its fragments;
 *             in an ACK the bitmap of fragments received (two __be64, fragment
 *             0 is the lowest bit of the first; in units of @frag_size)
 * @nonce:     key id (16 bits) and counter (48) of the key that made the tag,
 *             see docs/rmap-keys.md; 0 without keys
 * @tag:       tag over the frame with this field zero, see docs/rmap-keys.md;
 *             without RMP_F_KEYED bytes 0..7 are a big-endian xxh64 (seed 0) of the header (all
 *             @hlen * 8 bytes) and, with RMP_F_SUM, of the @plen payload bytes
 *             after it, never of padding; bytes 8..15 are zero
 */
struct rmp_hdr {
	u8	version;
	u8	type;
	u8	flags;
	u8	hlen;
	__be16	plen;
	__be16	back;
	__be64	node;
	__be32	inc;
	__be32	peer_inc;
	__be64	msg;
	__be64	volume;
	__be32	epoch;
	__be16	credit;
	__be16	port;
	__be32	msg_len;
	__be16	frag_size;
	__be16	frag_no;
	__be32	stamp;
	__be32	echo;
	u8	head[RMP_HEAD_LEN];
	__be64	nonce;
	u8	tag[RMP_TAG_LEN];
} __packed __aligned(8);

static_assert(sizeof(struct rmp_hdr) == RMP_HDR_LEN, "RMAP header size");
static_assert(RMP_HDR_LEN % 8 == 0, "hlen counts units of 8 bytes");
static_assert(RMP_FRAG_MIN * RMP_FRAGS_MAX == RMP_MSG_MAX && RMP_FRAG_MIN % 8 == 0,
	      "the smallest fragments make the longest message");

/*
 * Where the fields are: each X(member, first byte, bytes, shown as, title).
 * It pins the layout down, docs/rmap-protocol.md is checked against it, and
 * the tables in tools/wireshark/rmap.lua are made from it. Whoever changes the
 * struct changes this and the document, and runs tests/wire/lua-table --write.
 */
#define RMP_HDR_FIELDS(X) \
	X(version,	0,	1,	DEC,	"Version") \
	X(type,		1,	1,	DEC,	"Type") \
	X(flags,	2,	1,	HEX,	"Flags") \
	X(hlen,		3,	1,	DEC,	"Header length in 8 bytes") \
	X(plen,		4,	2,	DEC,	"Payload bytes in this frame") \
	X(back,		6,	2,	DEC,	"Ids back to the lowest open one") \
	X(node,		8,	8,	HEX,	"Sender's node") \
	X(inc,		16,	4,	HEX,	"Sender's incarnation") \
	X(peer_inc,	20,	4,	HEX,	"Receiver's incarnation") \
	X(msg,		24,	8,	DEC,	"Message id") \
	X(volume,	32,	8,	HEX,	"Volume") \
	X(epoch,	40,	4,	DEC,	"Epoch of the volume") \
	X(credit,	44,	2,	DEC,	"Credit in pages") \
	X(port,		46,	2,	DEC,	"Port") \
	X(msg_len,	48,	4,	DEC,	"Payload bytes of the message") \
	X(frag_size,	52,	2,	DEC,	"Fragment size") \
	X(frag_no,	54,	2,	DEC,	"Fragment number") \
	X(stamp,	56,	4,	DEC,	"Sender's clock in us") \
	X(echo,		60,	4,	DEC,	"Stamp of the frame answered") \
	X(head,		64,	32,	BYTES,	"Application head") \
	X(nonce,	96,	8,	HEX,	"Key id and counter") \
	X(tag,		104,	16,	BYTES,	"Integrity tag")

#define RMP_FIELD_PLACE(name, at, size, shown, title) \
	static_assert(offsetof(struct rmp_hdr, name) == (at) && \
		      sizeof(((struct rmp_hdr *)0)->name) == (size), \
		      "place of rmp_hdr." #name);
RMP_HDR_FIELDS(RMP_FIELD_PLACE)
#undef RMP_FIELD_PLACE

#define RMP_FIELD_SIZE(name, at, size, shown, title) + (size)
static_assert((0 RMP_HDR_FIELDS(RMP_FIELD_SIZE)) == RMP_HDR_LEN,
	      "RMP_HDR_FIELDS has all fields");
#undef RMP_FIELD_SIZE

#endif /* RMP_WIRE_H */

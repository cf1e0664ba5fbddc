/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The RMAP engine: sessions, fragmentation, reassembly, acknowledgment,
 * retransmission, windows and credits between two nodes, without any I/O.
 *
 * Contract. The engine reads no clock, takes no lock, allocates nothing and
 * never looks at payload: it passes opaque handles on. Every call is
 * (object, input, now, sink); what is to happen comes out through the sink
 * while the call runs. The caller serialises all calls on one peer, and a sink
 * must not call back into the engine for the same peer: it queues, and acts
 * after the call has returned.
 *
 * Roles. A peer is the other node as seen from here. Either side may be
 * requester and responder; the two halves do not depend on each other.
 * Reliability is the requester's business: only it has timers. The responder
 * executes each message id at most once and keeps the reply until the
 * requester says (hdr.back) that it needs it no more.
 */
#ifndef RMP_ENGINE_H
#define RMP_ENGINE_H

#include "rmp_wire.h"

#define RMP_NEVER	(~0ULL)		/* a deadline that never comes */

/**
 * struct rmp_info - a frame's header in host byte order
 *
 * Fields as in struct rmp_hdr. Made by rmp_decode() only, so whoever holds one
 * may trust that lengths, counts and enums are within the protocol's limits.
 */
struct rmp_info {
	u8	type;
	u8	flags;
	u16	hlen;		/* bytes */
	u16	plen;
	u16	back;
	u64	node;
	u32	inc;
	u32	peer_inc;
	u64	msg;
	u64	volume;
	u32	epoch;
	u16	credit;
	u16	port;
	u32	msg_len;
	u16	frag_size;
	u16	frag_no;
	u32	stamp;
	u32	echo;
	u8	head[RMP_HEAD_LEN];
	u64	nonce;
};

/**
 * struct rmp_frame - one received frame on its way into the engine
 * @info: decoded header
 * @pkt:  the caller's handle of the frame's payload. The engine keeps it when
 *        it needs the payload (RMP_EV_KEPT) and gives it back through
 *        sink->free_pkt, or with the call or slot that it belongs to
 */
struct rmp_frame {
	struct rmp_info	info;
	void		*pkt;
};

/**
 * struct rmp_asm - a message being put together, or put together
 * @len:       payload bytes of the whole message
 * @frag_size: fragment size in force for this assembly, 0 if none yet
 * @nfrags:    fragments that make the message
 * @got:       fragments here
 * @have:      bit per fragment
 * @pkt:       handle per fragment, valid where @have is set and the fragment
 *             has payload
 */
struct rmp_asm {
	u32	len;
	u16	frag_size;
	u16	nfrags;
	u16	got;
	u64	have[RMP_FRAGS_MAX / 64];
	void	*pkt[RMP_FRAGS_MAX];
};

#define RMP_WEIGHT_MAX	64

/**
 * struct rmp_flow - calls to one peer that share a weight, a volume's for one
 *
 * The submitter makes it with rmp_flow_init() and keeps it as long as any of
 * its calls is open; the engine owns the fields.
 *
 * @link:    in the peer's list of flows while calls wait
 * @reads:   waiting calls without payload, oldest first
 * @writes:  waiting calls with payload, oldest first
 * @weight:  its share among the flows of the peer, 1 ... RMP_WEIGHT_MAX
 * @passes:  reads sent in a row while a write waited
 * @deficit: pages that it may still have sent in this round
 */
struct rmp_flow {
	struct list_head link;
	struct list_head reads;
	struct list_head writes;
	u16	weight;
	u16	passes;
	u32	deficit;
};

/**
 * enum rmp_call_state - where a request is
 * @RMP_CALL_IDLE:    not in the engine's hands
 * @RMP_CALL_WAITING: submitted; waits for a session, an id or window
 * @RMP_CALL_SENT:    has an id; its fragments have been sent at least once
 * @RMP_CALL_PENDING: the responder has it whole and executes it
 * @RMP_CALL_DONE:    given back through sink->done
 */
enum rmp_call_state {
	RMP_CALL_IDLE,
	RMP_CALL_WAITING,
	RMP_CALL_SENT,
	RMP_CALL_PENDING,
	RMP_CALL_DONE,
};

/**
 * struct rmp_call - one request and its reply
 *
 * The submitter fills in the first group and keeps the object and @buf alive
 * until sink->done; the engine owns everything else in between.
 *
 * @volume:    goes into the header
 * @epoch:     goes into the header
 * @port:      service asked
 * @head:      request head
 * @buf:       handle of the request payload; it must not change until done
 * @len:       request payload bytes, at most RMP_MSG_MAX
 * @max_reply: longest reply payload acceptable, at most RMP_MSG_MAX
 * @flow:      what it waits in line with; NULL: those that have none
 *
 * @status:    0, or -ESTALE (the peer restarted: whether the request was
 *             executed before is not known, and all it held is gone),
 *             -ECANCELED (rmp_peer_cancel(), or rmp_peer_revoke() with the
 *             outcome that it was not executed and never will be), -EMSGSIZE
 *             (reply longer than @max_reply, or request longer than
 *             RMP_MSG_MAX), -EHOSTDOWN (the peer object is going away)
 * @rhead:     reply head, valid if @status is 0
 * @reply:     reply payload, valid if @status is 0; the submitter frees the
 *             packets in it. With any other status it is empty
 * @doubt:     the peer lost its session state after the request had been sent
 *             (a minute without a frame either way): it may have been executed
 *             before, whatever @status says of later
 *
 * @link:      in its flow while it waits
 * @msg:       message id once SENT
 * @state:     enum rmp_call_state
 * @frag_size: fragmentation of the request, fixed when first sent
 * @nfrags:    fragments of the request
 * @tries:     time-outs in a row without progress, for back-off
 * @skips:     later calls answered since anything was last asked for it or came
 * @hurried:   more was asked because later calls were answered before it
 * @voided:    rmp_peer_revoke() has taken its payload away
 * @cost:      pages accounted to the window
 * @asked:     pages of its reply reserved with sink->reserve
 * @acked:     request fragments known to have arrived
 * @sent_ns:   when last (re)sent, whole or in part
 * @first_ns:  when first sent, for latency figures
 * @due_ns:    when the timer acts on it
 * @nack_ns:   when missing reply fragments were last asked for
 */
struct rmp_call {
	u64		volume;
	u32		epoch;
	u16		port;
	u8		head[RMP_HEAD_LEN];
	void		*buf;
	u32		len;
	u32		max_reply;
	struct rmp_flow	*flow;

	int		status;
	u8		rhead[RMP_HEAD_LEN];
	struct rmp_asm	reply;
	bool		doubt;

	struct list_head link;
	u64		msg;
	u8		state;
	u16		frag_size;
	u16		nfrags;
	u8		tries;
	u8		skips;
	bool		hurried;
	bool		voided;
	u16		cost;
	u16		asked;
	u64		acked[RMP_FRAGS_MAX / 64];
	u64		sent_ns;
	u64		first_ns;
	u64		due_ns;
	u64		nack_ns;
};

/**
 * enum rmp_slot_state - where a received request is
 * @RMP_SLOT_FREE:      no message
 * @RMP_SLOT_PARTIAL:   some fragments are here
 * @RMP_SLOT_DELIVERED: whole and given to the service, which owes an answer
 * @RMP_SLOT_REPLIED:   answered; the reply is kept for retransmission
 * @RMP_SLOT_ORPHAN:    DELIVERED when the requester restarted or gave up the
 *                      call; the answer will be thrown away, until then the
 *                      slot cannot be used. The service must not execute it
 *                      after a later request, so it looks at the state right
 *                      before any effect
 */
enum rmp_slot_state {
	RMP_SLOT_FREE,
	RMP_SLOT_PARTIAL,
	RMP_SLOT_DELIVERED,
	RMP_SLOT_REPLIED,
	RMP_SLOT_ORPHAN,
};

/**
 * struct rmp_slot - one received request, at index msg % RMP_WINDOW
 * @state:     enum rmp_slot_state; ORPHAN may be read without the peer's lock
 * @voided:    REPLIED: given up by the requester before it was whole, so it was
 *             not executed
 * @msg:       its message id
 * @volume:    from the header
 * @epoch:     from the header
 * @port:      from the header
 * @head:      request head
 * @req:       request payload; the service may read it until it answers, the
 *             engine gives its packets back then
 * @rhead:     reply head
 * @rbuf:      handle of the reply payload, or NULL; given back through
 *             sink->free_buf when the slot is recycled
 * @rlen:      reply payload bytes
 * @rfrag_size: fragmentation of the reply
 * @rnfrags:   fragments of the reply
 * @stamp:     stamp of the newest copy of the request, echoed in the reply
 * @rsent_ns:  when the whole reply was last sent
 */
struct rmp_slot {
	u8		state;
	bool		voided;
	u64		msg;
	u64		volume;
	u32		epoch;
	u16		port;
	u8		head[RMP_HEAD_LEN];
	struct rmp_asm	req;
	u8		rhead[RMP_HEAD_LEN];
	void		*rbuf;
	u32		rlen;
	u16		rfrag_size;
	u16		rnfrags;
	u32		stamp;
	u64		rsent_ns;
};

/**
 * enum rmp_peer_state - the session with a peer
 * @RMP_PEER_DOWN:  known, no session wanted
 * @RMP_PEER_HELLO: HELLO sent, repeated with back-off until answered
 * @RMP_PEER_UP:    session open both ways
 * @RMP_PEER_CLOSED: after rmp_peer_close(): only owed answers are accepted
 */
enum rmp_peer_state {
	RMP_PEER_DOWN,
	RMP_PEER_HELLO,
	RMP_PEER_UP,
	RMP_PEER_CLOSED,
};

/**
 * enum rmp_path_limit - what keeps the frames towards a peer small
 * @RMP_LIMIT_INTERFACE: our interface: no larger ones could be sent
 * @RMP_LIMIT_PEER:      the peer's interface, as the peer says
 * @RMP_LIMIT_PATH:      something between the two, or a peer that does not say
 */
enum rmp_path_limit {
	RMP_LIMIT_INTERFACE,
	RMP_LIMIT_PEER,
	RMP_LIMIT_PATH,
};

/**
 * enum rmp_stat - free-running counters of a peer
 *
 * Each X(symbol, name, help). Generates the enum here, names in memxctl and
 * the table in docs.
 */
#define RMP_STATS(X) \
	X(TX_FRAMES,	"tx_frames",	"frames handed to the bearer") \
	X(RX_FRAMES,	"rx_frames",	"valid frames received") \
	X(CALLS,	"calls",	"requests submitted") \
	X(CALLS_DONE,	"calls_done",	"requests answered") \
	X(CALLS_FAILED,	"calls_failed",	"requests ended without an answer") \
	X(SERVED,	"served",	"requests executed") \
	X(RETRANS,	"retrans",	"fragments sent again") \
	X(TIMEOUTS,	"timeouts",	"retransmission time-outs") \
	X(SPURIOUS,	"spurious",	"time-outs that proved to be slow answers") \
	X(REVOKED,	"revoked",	"requests given up after they had been sent") \
	X(VOIDED,	"voided",	"requests of the peer not executed as it had given them up") \
	X(HURRIES,	"hurries",	"times more was asked as later requests were answered first") \
	X(RX_DUP,	"rx_dup",	"duplicate fragments and requests received") \
	X(RX_OLD,	"rx_old",	"frames of finished messages received") \
	X(RX_WINDOW,	"rx_window",	"requests beyond the window, dropped") \
	X(RX_STALE_INC,	"rx_stale_inc",	"frames for or from another incarnation") \
	X(RX_BAD,	"rx_bad",	"frames that contradict their message") \
	X(RESTARTS,	"restarts",	"restarts of the peer noticed") \
	X(TWINS,	"twins",	"times a former life of the peer came back: two nodes with one id") \
	X(FORGOTTEN,	"forgotten",	"times the peer had lost the session") \
	X(TX_RESETS,	"tx_resets",	"RESETs sent") \
	X(PATH_PROBES,	"path_probes",	"times larger frames were tried") \
	X(PATH_RAISED,	"path_raised",	"times frames became larger") \
	X(PATH_NARROWED, "path_narrowed", "times frames became smaller")

enum rmp_stat {
#define RMP_STAT_ENUM(sym, name, help) RMP_S_##sym,
	RMP_STATS(RMP_STAT_ENUM)
#undef RMP_STAT_ENUM
	RMP_S_COUNT
};

/*
 * Latencies are counted in buckets: 0 is below 64 us, each next one reaches
 * twice as far, and the last has all the rest, from 4.2 s on.
 */
enum {
	RMP_LAT_SHIFT	= 6,
	RMP_LAT_BUCKETS	= 18,
};

/** rmp_lat_bucket() - which of RMP_LAT_BUCKETS a time belongs to */
static inline u8 rmp_lat_bucket(u64 ns)
{
	u64 n = div64_u64(ns, 1000) >> RMP_LAT_SHIFT;

	return n ? min_t(u8, ilog2(n) + 1, RMP_LAT_BUCKETS - 1) : 0;
}

/**
 * struct rmp_rtt - round-trip estimator, after RFC 6298, in microseconds
 * @srtt_us:   smoothed round-trip time, 0 before the first sample
 * @rttvar_us: its mean deviation
 * @rto_us:    retransmission time-out without back-off
 * @min_us:    smallest sample seen in this session
 */
struct rmp_rtt {
	u32	srtt_us;
	u32	rttvar_us;
	u32	rto_us;
	u32	min_us;
};

#define RMP_DELAY_CLASSES 6	/* calls of 1, 2-3, 4-7, 8-15, 16-31, 32 pages */

/**
 * enum rmp_look - looking at the path while little is in flight
 * @RMP_LOOK_NOT:   no
 * @RMP_LOOK_DRAIN: nothing is sent until little is in flight
 * @RMP_LOOK_WAIT:  what was sent then is not answered yet
 */
enum rmp_look {
	RMP_LOOK_NOT,
	RMP_LOOK_DRAIN,
	RMP_LOOK_WAIT,
};

/**
 * struct rmp_delay - how much of what is in flight waits on the way
 * @least_us: least time of a call, by size: in this period, in the one before;
 *            0: none
 * @turn_ns:  start of the period
 * @round:    first id of the round trip in progress
 * @queue:    least queue of that round so far, pages
 * @look_msg: RMP_LOOK_WAIT: first id sent with little in flight
 * @look:     enum rmp_look
 * @room:     the last round found fewer pages waiting than should
 * @busy:     a round of this period found as many as should
 */
struct rmp_delay {
	u32	least_us[RMP_DELAY_CLASSES][2];
	u64	turn_ns;
	u64	round;
	u32	queue;
	u64	look_msg;
	u8	look;
	bool	room;
	bool	busy;
};

/**
 * struct rmp_peer - the other node as seen from here; large, caller allocates
 *
 * @node:      its node id
 * @inc:       its incarnation, 0 while unknown
 * @former:    incarnation believed before @inc, 0: none
 * @features:  what it can do, enum rmp_feature; 0 while unknown
 * @since_ns:  when @inc was first believed or the session last opened; only
 *             frames that echo a stamp of ours from after that may end it
 * @shared_ns: when the peer was last found to have forgotten the session: what
 *             answers calls as sent before is void
 * @self_node: our node id
 * @self_inc:  our incarnation
 * @state:     enum rmp_peer_state
 * @frag_max:  largest fragment size our interface can carry
 * @frag_size: fragment size in force for the session
 * @peer_max:  largest fragment size that the peer's interface can carry, as its
 *             newest HELLO or WELCOME said; 0: it did not
 * @raises:    attempts at a larger size since @frag_size, @frag_max or @peer_max
 *             changed, up to RMP_RAISES_MAX
 * @raise_ns:  the first message from then on makes the next attempt, ns;
 *             RMP_NEVER: @frag_size is as large as the interfaces allow
 * @raise_most_ns: longest time between attempts, ns
 * @known:     there has been a session, with whatever incarnation
 * @wanted:    rmp_peer_connect() asked for a session
 * @renew:     enum rmp_renew: HELLO is being sent though the state is UP
 * @hello_tries: HELLOs since the last answer
 * @hello_due: when to send the next HELLO, ns
 * @proof:     stamp of the RESET that answered a HELLO, to be echoed in the
 *             next; 0 if none
 * @proof_sent: the last HELLO went out at once with @proof
 * @asking:    a HELLO was sent and no WELCOME has come since
 * @renew_stamp: stamp of the first HELLO since the last answer
 * @hello_stamp: stamp of the newest HELLO received, 0 if none
 * @hello_ns:  when it came
 * @birth:     first message id we gave or shall give to this peer object, 0
 *             until the first HELLO or WELCOME is sent
 * @peer_birth: the same of the peer's object for us, 0 while unknown
 * @wake_ns:   not later than the earliest deadline; may be earlier, since it
 *             is only made exact by rmp_peer_timer()
 * @idle_due:  when to tell the responder that no call is open, or RMP_NEVER
 * @idle_left: how often still
 * @starved:   frames could not be sent for want of keys
 * @reset_ns:  when the last RESET was sent
 * @doubt_ns:  when an ANNOUNCE of another life was last looked into
 * @heard_ns:  when the last valid frame came
 * @rtt:       estimator
 * @next_msg:  next message id to give out
 * @una:       lowest id still open; all below are finished
 * @inflight:  pages of calls SENT or PENDING
 * @cwnd:      pages that loss and RTT let us have in flight
 * @pace_ns:   when what has been sent should be through, at the pace of then,
 *             less what may go at once
 * @cwnd_cnt:  pages acknowledged since @cwnd last grew
 * @ssthresh:  slow start below this many pages
 * @cut_msg:   first id sent after the last reduction, so that one loss event
 *             halves the window once
 * @undo_cwnd: @cwnd before a time-out cut it, 0: nothing to take back
 * @undo_ssthresh: @ssthresh before that
 * @undo_msg: the call that timed out
 * @undo_stamp: when, as in rmp_hdr.stamp
 * @delay:     what delay says about @cwnd
 * @credit:    pages the peer lets us have in flight
 * @call:      open calls, index msg % RMP_WINDOW
 * @flows:     flows with calls not sent yet, the next one's turn first
 * @flow:      of the calls that name none
 * @nwaiting:  calls in all flows
 * @base:      responder: ids below are finished; 0 until the peer's HELLO or
 *             WELCOME told its lowest open id
 * @grant:     responder: pages we let the peer have in flight
 * @slot:      responder: received requests, index msg % RMP_WINDOW
 * @stat:      counters, enum rmp_stat
 * @latency:   calls answered, by the time since they were first sent
 */
struct rmp_peer {
	u64		node;
	u32		inc;
	u32		former;
	u32		features;
	u64		since_ns;
	u64		shared_ns;
	u64		self_node;
	u32		self_inc;
	u8		state;
	u16		frag_max;
	u16		frag_size;
	u16		peer_max;
	u8		raises;
	u64		raise_ns;
	u64		raise_most_ns;
	bool		known;
	bool		wanted;
	u8		renew;
	u8		hello_tries;
	u64		hello_due;
	u32		proof;
	bool		proof_sent;
	bool		asking;
	u32		renew_stamp;
	u32		hello_stamp;
	u64		hello_ns;
	u64		birth;
	u64		peer_birth;
	u64		wake_ns;
	u64		idle_due;
	u8		idle_left;
	bool		starved;
	u64		reset_ns;
	u64		doubt_ns;
	u64		heard_ns;
	struct rmp_rtt	rtt;

	u64		next_msg;
	u64		una;
	u32		inflight;
	u32		cwnd;
	u64		pace_ns;
	u32		cwnd_cnt;
	u32		ssthresh;
	u64		cut_msg;
	u32		undo_cwnd;
	u32		undo_ssthresh;
	u64		undo_msg;
	u32		undo_stamp;
	struct rmp_delay delay;
	u16		credit;
	struct rmp_call	*call[RMP_WINDOW];
	struct list_head flows;
	struct rmp_flow	flow;
	u32		nwaiting;

	u64		base;
	u16		grant;
	struct rmp_slot	slot[RMP_WINDOW];

	u64		stat[RMP_S_COUNT];
	u64		latency[RMP_LAT_BUCKETS];
};

/**
 * struct rmp_xmit - one frame to send
 * @hdr: complete but for tag, nonce, RMP_F_SUM and RMP_F_KEYED; valid during the sink call only
 * @buf: payload handle, or NULL
 * @off: first payload byte within @buf
 * @len: payload bytes (hdr->plen)
 * @pad: zero bytes to append (path probing in HELLO and WELCOME)
 */
struct rmp_xmit {
	struct rmp_hdr	*hdr;
	void		*buf;
	u32		off;
	u16		len;
	u16		pad;
};

/**
 * struct rmp_sink - where the engine's decisions go; all members are required
 * @xmit:     send a frame; may fail silently, as wires do
 * @deliver:  a request is whole; answer with rmp_peer_reply(), exactly once,
 *            after the engine call has returned
 * @done:     a call is finished, see struct rmp_call
 * @free_pkt: the engine needs a received payload no more
 * @free_buf: the engine needs a reply payload no more
 * @reserve:  whether the reply of a call may be asked for, @pages long: all
 *            peers of a node together ask for no more than it can take in. If
 *            not, the caller sees to it that rmp_peer_kick() is called soon
 * @unreserve: @pages that had been reserved have come, or are given up
 */
struct rmp_sink {
	void (*xmit)(struct rmp_sink *sink, const struct rmp_xmit *x);
	void (*deliver)(struct rmp_sink *sink, struct rmp_slot *slot);
	void (*done)(struct rmp_sink *sink, struct rmp_call *call);
	void (*free_pkt)(struct rmp_sink *sink, void *pkt);
	void (*free_buf)(struct rmp_sink *sink, void *buf);
	bool (*reserve)(struct rmp_sink *sink, u16 pages);
	void (*unreserve)(struct rmp_sink *sink, u16 pages);
};

/**
 * enum rmp_event - bits returned by the calls that take a sink
 * @RMP_EV_KEPT:      rmp_peer_rx(): the engine keeps frame->pkt; otherwise the
 *                    caller still owns it
 * @RMP_EV_UP:        the session has opened
 * @RMP_EV_RESTARTED: the peer has a new incarnation: all it held is gone
 * @RMP_EV_DOWN:      the session is closed (BYE, RESET, restart); calls stay
 *                    open unless the peer restarted
 * @RMP_EV_DEADLINE:  rmp_peer_deadline() has moved nearer
 */
enum rmp_event {
	RMP_EV_KEPT	 = 0x01,
	RMP_EV_UP	 = 0x02,
	RMP_EV_RESTARTED = 0x04,
	RMP_EV_DOWN	 = 0x08,
	RMP_EV_DEADLINE	 = 0x10,
};

/* --- codec (rmp_codec.c) ---------------------------------------------- */

/**
 * rmp_decode() - check a header and turn it into host byte order
 * @raw:   the first bytes of the frame, at least RMP_HDR_LEN of them
 * @len:   bytes of the whole frame after the Ethernet header
 * @info:  result
 *
 * Everything that needs no state is checked here: version, type, flags,
 * lengths against @len, fragment number and length against the layout rule,
 * nodes and incarnations that may not be 0. The tag is the caller's to check
 * (it alone can walk the payload): see rmp_sum_*().
 *
 * Return: 0, or -EPROTONOSUPPORT (version), or -EBADMSG.
 */
int rmp_decode(const void *raw, u32 len, struct rmp_info *info);

/**
 * rmp_frag_unit() - fragment size for a path
 * @mtu: bytes an Ethernet frame may carry
 *
 * What fits beside the header, rounded down to 8 bytes: a sealed page goes in
 * three at MTU 1500.
 *
 * Return: bytes, or 0 if @mtu is below RMP_MTU_MIN.
 */
u16 rmp_frag_unit(u32 mtu);

/** rmp_frag_count() - fragments of a message of @len bytes; at least 1 */
u16 rmp_frag_count(u32 len, u16 frag_size);

/**
 * rmp_frag_range() - which bytes of a message a fragment holds
 * @len:       message length
 * @frag_size: a value that rmp_frag_unit() can return
 * @no:        fragment number, below rmp_frag_count()
 * @off:       result: first byte
 *
 * Return: bytes in the fragment.
 */
u16 rmp_frag_range(u32 len, u16 frag_size, u16 no, u32 *off);

/** rmp_frag_valid() - whether @frag_size is a value rmp_frag_unit() returns */
bool rmp_frag_valid(u16 frag_size);

/* --- peer (rmp_peer.c, rmp_tx.c, rmp_rx.c, rmp_rtt.c) ------------------ */

/**
 * struct rmp_peer_cfg - what a peer needs to know from the start
 * @node:      the peer's node id
 * @self_node: ours
 * @self_inc:  ours
 * @mtu:       of the interface towards the peer
 * @grant:     pages we let the peer have in flight towards us
 * @raise_ns:  longest time between attempts at larger frames on a path that
 *             carries less than both interfaces, ns; 0: ten minutes
 */
struct rmp_peer_cfg {
	u64	node;
	u64	self_node;
	u32	self_inc;
	u32	mtu;
	u16	grant;
	u64	raise_ns;
};

/** rmp_peer_init() - prepare zeroed memory as a peer in state DOWN */
void rmp_peer_init(struct rmp_peer *peer, const struct rmp_peer_cfg *cfg);

/** rmp_flow_init() - a flow without calls; @weight is brought into 1 ... RMP_WEIGHT_MAX */
void rmp_flow_init(struct rmp_flow *flow, u16 weight);

/** rmp_flow_set_weight() - from now on; serialised with the peer's calls */
void rmp_flow_set_weight(struct rmp_flow *flow, u16 weight);

/** rmp_peer_kick() - there may be room again after sink->reserve had none */
u32 rmp_peer_kick(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

/**
 * rmp_peer_believes() - whether rmp_peer_rx() would take a frame's sender for
 * the peer's present life
 */
bool rmp_peer_believes(const struct rmp_peer *peer, const struct rmp_info *info,
		       u64 now_ns);

/**
 * rmp_peer_rekey() - the session's keys are to be renewed: HELLO is sent until
 * it is answered
 * @starved: frames could not be sent meanwhile; what is open is repeated then
 */
u32 rmp_peer_rekey(struct rmp_peer *peer, bool starved, u64 now_ns,
		   struct rmp_sink *sink);

/** rmp_peer_ask() - find out by HELLO, but not often, which life the peer lives */
u32 rmp_peer_ask(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

/** rmp_peer_confirm() - send a frame of the session, whatever it says */
u32 rmp_peer_confirm(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

/** rmp_peer_connect() - want a session; sends HELLO if there is none */
u32 rmp_peer_connect(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

/**
 * rmp_peer_rx() - a decoded frame from this peer (info.node matches)
 *
 * Takes every type but SOLICIT, whichever incarnations it names; RESET in
 * answer to frames of a session that is not open is sent from here, too, so
 * the caller sends RESET for nodes without a peer object only.
 */
u32 rmp_peer_rx(struct rmp_peer *peer, struct rmp_frame *frame, u64 now_ns,
		struct rmp_sink *sink);

/**
 * rmp_peer_call() - submit a request
 *
 * Never fails: without a session or window the call waits inside the engine,
 * and is told by @done when it ends. Connects if the peer is DOWN.
 */
u32 rmp_peer_call(struct rmp_peer *peer, struct rmp_call *call, u64 now_ns,
		  struct rmp_sink *sink);

/**
 * rmp_peer_cancel() - give a call back with -ECANCELED
 *
 * For calls without an effect that has to be protected: the peer may still
 * execute it, even after a newer one. A call that is not in the engine is left
 * alone.
 */
u32 rmp_peer_cancel(struct rmp_peer *peer, struct rmp_call *call, u64 now_ns,
		    struct rmp_sink *sink);

/**
 * rmp_peer_revoke() - give up a call's effect, but not its id
 *
 * The engine does not use @call->buf any more when this returns. A call that
 * still waits ends at once with -ECANCELED. One that has been sent stays open
 * until its outcome is known: 0 (it was executed), -ECANCELED (it was not, and
 * never will be; but see rmp_call.doubt) or -ESTALE. A peer without
 * RMP_FEAT_VOID cannot be told: then it stays open until the peer answers what
 * it has got, or restarts. Idempotent; a call that is not in the engine is left
 * alone.
 */
u32 rmp_peer_revoke(struct rmp_peer *peer, struct rmp_call *call, u64 now_ns,
		    struct rmp_sink *sink);

/**
 * rmp_peer_reply() - answer a delivered request
 * @slot: from sink->deliver
 * @head: RMP_HEAD_LEN bytes
 * @buf:  reply payload handle or NULL; the engine owns it until free_buf
 * @len:  payload bytes, at most RMP_MSG_MAX
 */
u32 rmp_peer_reply(struct rmp_peer *peer, struct rmp_slot *slot, const u8 *head,
		   void *buf, u32 len, u64 now_ns, struct rmp_sink *sink);

/** rmp_peer_timer() - the time of rmp_peer_deadline() has come */
u32 rmp_peer_timer(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

/**
 * rmp_peer_deadline() - when rmp_peer_timer() is due; RMP_NEVER: never
 *
 * May be earlier than anything there is to do (calls that end do not move it
 * away): a timer call then does nothing but make it exact. It only moves nearer
 * in other calls, which say so by RMP_EV_DEADLINE.
 */
u64 rmp_peer_deadline(const struct rmp_peer *peer);

/** rmp_peer_path_limit() - what keeps the frames of an open session small */
enum rmp_path_limit rmp_peer_path_limit(const struct rmp_peer *peer);

/**
 * rmp_peer_cut() - our interface towards the peer is gone
 *
 * The session is closed as by a BYE: calls stay open under their ids, slots stay
 * as they are.
 */
u32 rmp_peer_cut(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

/**
 * rmp_peer_moved() - the peer is reached another way from now on
 * @mtu: of the interface there
 *
 * An open session goes on; HELLOs prove what the new path carries and show the
 * peer the way back.
 */
u32 rmp_peer_moved(struct rmp_peer *peer, u32 mtu, u64 now_ns,
		   struct rmp_sink *sink);

/** rmp_peer_set_grant() - change the credit given to the peer, in pages */
void rmp_peer_set_grant(struct rmp_peer *peer, u16 pages);

/**
 * rmp_peer_set_mtu() - the interface's MTU changed
 *
 * A smaller one is obeyed at once; the peer is told by a new HELLO.
 */
u32 rmp_peer_set_mtu(struct rmp_peer *peer, u32 mtu, u64 now_ns,
		     struct rmp_sink *sink);

/**
 * rmp_peer_close() - give everything back: calls end with -EHOSTDOWN, packets
 * and reply buffers go to the sink, delivered slots become orphans
 *
 * Final: frames are ignored and new calls end with -EHOSTDOWN. Answers still
 * owed must be given (rmp_peer_reply()) before the memory is freed.
 */
u32 rmp_peer_close(struct rmp_peer *peer, u64 now_ns, struct rmp_sink *sink);

/**
 * rmp_make_hdr() - a header for a frame outside of any peer: SOLICIT,
 * ANNOUNCE, BYE
 * @hdr:  result, complete but for tag
 * @type: RMP_T_SOLICIT, RMP_T_ANNOUNCE or RMP_T_BYE
 * @node: our node id
 * @inc:  our incarnation
 * @peer_inc: 0
 * @head: RMP_HEAD_LEN bytes, or NULL for zeros
 * @plen: payload bytes that will follow
 */
void rmp_make_hdr(struct rmp_hdr *hdr, u8 type, u64 node, u32 inc, u32 peer_inc,
		  const u8 *head, u16 plen);

/**
 * rmp_make_reset() - a RESET in answer to a REQ, REP or ACK of a node for which
 * there is no peer object
 * @hdr:  result, complete but for tag
 * @node: our node id
 * @inc:  our incarnation
 * @info: the frame answered; its stamp is echoed, else RESET is not believed
 * @now_ns: time
 */
void rmp_make_reset(struct rmp_hdr *hdr, u64 node, u32 inc,
		    const struct rmp_info *info, u64 now_ns);

#endif /* RMP_ENGINE_H */

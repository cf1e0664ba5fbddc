/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RMAP's keys: cluster keys, the handshake between two nodes, keypairs with
 * their replay windows, and a limit on handshakes. docs/rmap-keys.md says what
 * they are for and what they do not give.
 *
 * The rules of rmp_engine.h hold: no clock, no lock, no allocation, no I/O and
 * no random numbers but those handed in. The caller serialises all calls on one
 * object. Keys are in host memory in the clear; every function that makes one
 * on its stack overwrites it.
 *
 * A frame's tag is made outside: rmp_keys_tx(), rmp_keys_rx(), rmp_group_tx()
 * and rmp_group_rx() fill in a struct rmp_seal, and mx_mac_init() with its key
 * and nonce takes the frame's bytes from there. So no lock is held meanwhile.
 */
#ifndef RMP_KEYS_H
#define RMP_KEYS_H

#include "mx_port.h"
#include "mx_crypto.h"

enum rmp_key_limits {
	RMP_HINT_LEN	= 8,
	RMP_NOISE_LEN	= MX_KEY_LEN + MX_TAG_LEN,	/* either message */
	RMP_RING_KEYS	= 2,		/* cluster keys at a time: new and old */
	RMP_PAIRS	= 3,		/* keypairs of a peer: previous, current, next */
	RMP_CTR_BITS	= 48,		/* of a nonce field; the rest is the key id */
	RMP_REPLAY_WINDOW = 2048,	/* counters back that are still judged one by one */
	RMP_REPLAY_WORDS = 64,		/* a power of two with room for them and a word more */
	RMP_LIMIT_SOURCES = 64,		/* a power of two */
};

#define RMP_CTR_MAX		((1ULL << RMP_CTR_BITS) - 1)
#define RMP_REKEY_FRAMES	BIT_ULL(32)	/* make a new keypair */
#define RMP_REJECT_FRAMES	BIT_ULL(40)	/* use this one no more */

/* Times; the reasons are in docs/rmap-keys.md. */
#define RMP_KEY_MS(n)		((u64)(n) * 1000000)
#define RMP_REKEY_NS		RMP_KEY_MS(120000)	/* by who began the last handshake */
#define RMP_REKEY_LATE_NS	RMP_KEY_MS(150000)	/* by the other, if that one has not */
#define RMP_REKEY_JITTER_MS	10000			/* up to so much later */
#define RMP_REJECT_NS		RMP_KEY_MS(180000)
#define RMP_RETIRE_NS		RMP_KEY_MS(10000)	/* left when the cluster key was dropped */
#define RMP_HS_NS		RMP_KEY_MS(10000)	/* message 2 comes within, or not at all */

/* --- cluster keys (rmp_keyring.c) --------------------------------------- */

/**
 * struct rmp_cluster_key - a cluster key and what is derived from it
 * @psk:   the key itself, the handshake's pre-shared key
 * @hint:  names the key on the wire without giving it away
 * @group: secret from which each sender's group key is derived
 * @self:  group key of our own frames
 */
struct rmp_cluster_key {
	u8	psk[MX_KEY_LEN];
	u8	hint[RMP_HINT_LEN];
	u8	group[MX_KEY_LEN];
	u8	self[MX_KEY_LEN];
};

/**
 * struct rmp_keyring - a node's cluster keys; one per node
 * @node: our node id
 * @inc:  our incarnation
 * @next: counter of the next frame under any of our group keys
 * @n:    keys there are; none: nothing can be sent, nothing is believed
 * @key:  the keys, newest first
 */
struct rmp_keyring {
	u64			node;
	u32			inc;
	u64			next;
	u8			n;
	struct rmp_cluster_key	key[RMP_RING_KEYS];
};

/**
 * struct rmp_seal - with what one frame's tag is made; wipe it after use
 * @key:   ChaCha20 key
 * @nonce: of RFC 8439; never the same twice under one key
 * @field: what the frame carries of it: key id << RMP_CTR_BITS | counter
 * @rekey: rmp_keys_tx(): a new keypair is due; rmp_keys_hello() makes it
 */
struct rmp_seal {
	u8	key[MX_KEY_LEN];
	u8	nonce[MX_NONCE_LEN];
	u64	field;
	bool	rekey;
};

/**
 * rmp_keyring_init() - a ring without keys
 * @node: our node id
 * @inc:  our incarnation
 * @secs: wall clock in seconds; where the counter starts
 *
 * The group keys are @node's and @inc's alone, so a counter may start anywhere
 * as long as no incarnation comes twice. Should it be drawn again, a start
 * from the clock still keeps its counters apart.
 */
void rmp_keyring_init(struct rmp_keyring *ring, u64 node, u32 inc, u32 secs);

/**
 * rmp_keyring_add() - configure a cluster key, which becomes the first choice
 * @key: MX_KEY_LEN bytes, as random as a key should be
 *
 * Return: 0, -EEXIST, -ENOSPC (drop one first) or -EINVAL (all zeros).
 */
int rmp_keyring_add(struct rmp_keyring *ring, const u8 *key);

/**
 * rmp_keyring_drop() - forget a cluster key
 *
 * Keypairs made with it stay; see rmp_keys_retire().
 *
 * Return: 0 or -ENOENT.
 */
int rmp_keyring_drop(struct rmp_keyring *ring, const u8 *hint);

/** rmp_keyring_find() - the key that a hint names, or NULL */
const struct rmp_cluster_key *rmp_keyring_find(const struct rmp_keyring *ring,
					       const u8 *hint);

/** rmp_keyring_which() - its number; that of the newest if there is none */
u8 rmp_keyring_which(const struct rmp_keyring *ring, const u8 *hint);

/** rmp_keyring_wipe() - forget all keys; init must come before the next use */
void rmp_keyring_wipe(struct rmp_keyring *ring);

/**
 * rmp_group_tx() - seal for a frame outside of a session
 * @which: number of the cluster key, below ring->n. What is meant for all goes
 *         out once under each; an answer under the key of what it answers
 *
 * Return: 0, -ENOKEY (no such key) or -EKEYEXPIRED (counters used up).
 */
int rmp_group_tx(struct rmp_keyring *ring, u8 which, struct rmp_seal *seal);

/**
 * rmp_group_rx() - seal to check a frame outside of a session with
 * @which: number of the cluster key to try; start with 0 and go on after a
 *         wrong tag
 * @node:  sender, as the frame has it
 * @inc:   its incarnation, likewise
 * @field: nonce field of the frame
 *
 * Return: the number of the key that the seal is of, from @which on, or
 * -ENOKEY: no other fits. Costs a key derivation (four SHA-256 blocks).
 */
int rmp_group_rx(const struct rmp_keyring *ring, u8 which, u64 node, u32 inc,
		 u64 field, struct rmp_seal *seal);

/* --- limit on handshakes (rmp_keyring.c) -------------------------------- */

/**
 * struct rmp_bucket - a token bucket, kept as the time when it is full again
 * @full_ns: then; now or earlier: it is full
 */
struct rmp_bucket {
	u64	full_ns;
};

/**
 * struct rmp_limit - how many handshakes a node answers; one per node
 * @all:    of everybody
 * @source: by hash of the source address; sources with one hash share
 */
struct rmp_limit {
	struct rmp_bucket	all;
	struct rmp_bucket	source[RMP_LIMIT_SOURCES];
};

/**
 * rmp_limit_take() - may a handshake be answered now?
 * @src: hash of the source address, under a secret of the caller's
 *
 * Zeroed memory is a limit with full buckets. A refusal takes no token.
 */
bool rmp_limit_take(struct rmp_limit *limit, u32 src, u64 now_ns);

/* --- handshake (rmp_noise.c) -------------------------------------------- */

/**
 * struct rmp_bytes - some bytes of somebody else's
 * @p:   first of them
 * @len: how many, may be 0
 */
struct rmp_bytes {
	const void	*p;
	u32		len;
};

/**
 * struct rmp_noise - a handshake between its two messages; secret as a whole
 *
 * Noise_NNpsk0_25519_ChaChaPoly_SHA256, named as in the Noise specification.
 *
 * @ck: chaining key
 * @h:  hash of all that was said
 * @k:  key of the next payload; its nonce is always 0
 * @e:  initiator: our secret ephemeral key
 * @re: responder: the initiator's public one
 */
struct rmp_noise {
	u8	ck[MX_HASH_LEN];
	u8	h[MX_HASH_LEN];
	u8	k[MX_KEY_LEN];
	u8	e[MX_KEY_LEN];
	u8	re[MX_KEY_LEN];
};

/**
 * struct rmp_split - what a handshake comes to; secret
 * @i2r: key from the initiator to the responder
 * @r2i: the other direction's
 */
struct rmp_split {
	u8	i2r[MX_KEY_LEN];
	u8	r2i[MX_KEY_LEN];
};

/**
 * rmp_noise_write1() - the initiator begins
 * @n:      result: the handshake's state
 * @psk:    cluster key
 * @bind:   two parts of what both sides must see alike
 * @secret: MX_KEY_LEN random bytes, never used before
 * @msg:    result: RMP_NOISE_LEN bytes
 *
 * Return: 0 or -EINVAL (@secret has no public key).
 */
int rmp_noise_write1(struct rmp_noise *n, const u8 *psk,
		     const struct rmp_bytes bind[2], const u8 *secret, u8 *msg);

/**
 * rmp_noise_read1() - the responder checks message 1, without any X25519
 *
 * Return: 0, or -EBADMSG: not from who has @psk, or not what was sent.
 */
int rmp_noise_read1(struct rmp_noise *n, const u8 *psk,
		    const struct rmp_bytes bind[2], const u8 *msg);

/**
 * rmp_noise_write2() - the responder answers and has the keys; ends @n
 * @bind: as above, for message 2. Mixed into the hash before it, which the
 *        Noise specification does not have; nothing if both parts are empty
 *
 * Return: 0, or -EBADMSG: the initiator's key is none.
 */
int rmp_noise_write2(struct rmp_noise *n, const struct rmp_bytes bind[2],
		     const u8 *secret, u8 *msg, struct rmp_split *split);

/**
 * rmp_noise_read2() - the initiator checks the answer and has the keys
 *
 * Return: 0, and @n is over; or -EBADMSG, and @n is as before, so that a forged
 * answer does not end the handshake.
 */
int rmp_noise_read2(struct rmp_noise *n, const struct rmp_bytes bind[2],
		    const u8 *msg, struct rmp_split *split);

/* --- replay window (rmp_replay.c) ---------------------------------------- */

/**
 * struct rmp_replay - which counters have been seen, after RFC 6479
 * @top: highest counter accepted, plus one; 0: none yet
 * @map: bit per counter, modulo the size of the map
 */
struct rmp_replay {
	u64	top;
	u64	map[RMP_REPLAY_WORDS];
};

/** rmp_replay_fresh() - whether rmp_replay_accept() would take the counter */
bool rmp_replay_fresh(const struct rmp_replay *r, u64 ctr);

/**
 * rmp_replay_accept() - enter a counter, once the frame's tag is known good
 *
 * Return: false if it has been seen, or is too old to tell.
 */
bool rmp_replay_accept(struct rmp_replay *r, u64 ctr);

/* --- keypairs of a peer (rmp_keys.c) ------------------------------------ */

/**
 * struct rmp_hs - what HELLO and WELCOME carry of the handshake
 * @hint:  names the cluster key
 * @order: HELLO: rises with every handshake of the sender with this peer;
 *         WELCOME: that of the HELLO answered
 * @id:    key id under which the sender wants to receive; not 0
 * @zero:  zeros; bound by the handshake, but not looked at
 * @noise: message 1 or 2
 */
struct rmp_hs {
	u8	hint[RMP_HINT_LEN];
	__be64	order;
	__be16	id;
	u8	zero[6];
	u8	noise[RMP_NOISE_LEN];
} __packed __aligned(8);

static_assert(sizeof(struct rmp_hs) == 72, "a whole number of header units");
static_assert(offsetof(struct rmp_hs, noise) == 24, "handshake layout");

/**
 * struct rmp_keypair - the keys of both directions from one handshake
 * @serial:    rises with each handshake of the peer; the highest wins; 0: empty
 * @tx_key:    of what we send
 * @rx_key:    of what we receive
 * @tx_next:   counter of the next frame sent
 * @rx:        counters received
 * @rekey_ns:  when a frame to be sent asks for a new keypair
 * @dies_ns:   when it is used no more, in either direction
 * @tx_id:     key id that the peer chose for what it receives
 * @rx_id:     key id that we chose for what we receive
 * @initiator: we began the handshake: tells the directions' nonces apart
 * @hint:      of the cluster key it was made with
 */
struct rmp_keypair {
	u64			serial;
	u8			tx_key[MX_KEY_LEN];
	u8			rx_key[MX_KEY_LEN];
	u64			tx_next;
	struct rmp_replay	rx;
	u64			rekey_ns;
	u64			dies_ns;
	u16			tx_id;
	u16			rx_id;
	bool			initiator;
	u8			hint[RMP_HINT_LEN];
};

/**
 * struct rmp_hs_open - a handshake that we began and that is not answered yet
 * @noise:   its state
 * @order:   that of our HELLO; 0: there is none open
 * @serial:  what the keypair will get if the peer's handshakes outrank ours
 * @dies_ns: when an answer counts no more
 * @id:      key id that we chose
 * @hint:    of the cluster key tried
 */
struct rmp_hs_open {
	struct rmp_noise	noise;
	u64			order;
	u64			serial;
	u64			dies_ns;
	u16			id;
	u8			hint[RMP_HINT_LEN];
};

/**
 * struct rmp_keys - all keys shared with one peer
 * @outranked: the peer's handshakes count as newer than ours begun before them
 * @cur:       the keypair that we send under, index into @pair; its serial is 0
 *             if there is none
 * @tries:     handshakes begun since the last one that was answered
 * @last_id:   key id last given out
 * @serial:    last one given out
 * @order_tx:  of our newest HELLO
 * @order_rx:  of the newest HELLO that proved good
 * @hs:        the handshake that we began
 * @pair:      keypairs; the one being sent under, older ones (frames under way
 *             are still good) and newer ones (unconfirmed)
 */
struct rmp_keys {
	bool			outranked;
	u8			cur;
	u8			tries;
	u16			last_id;
	u64			serial;
	u64			order_tx;
	u64			order_rx;
	struct rmp_hs_open	hs;
	struct rmp_keypair	pair[RMP_PAIRS];
};

/**
 * struct rmp_hs_env - what a step of the handshake needs besides its message
 * @ring:    our cluster keys
 * @limit:   rmp_keys_welcome(): the node's limit
 * @src:     likewise: hash of the source address
 * @now_ns:  time
 * @order:   rmp_keys_hello(): a value that rises over the node's whole life and
 *           its restarts, say a clock's; made to rise if it does not
 * @hello:   what HELLO's header says and both must see alike (nodes,
 *           incarnations); rmp_keys_hello() and rmp_keys_welcome()
 * @welcome: the same of WELCOME's; rmp_keys_welcome() and rmp_keys_finish()
 * @secret:  MX_KEY_LEN random bytes, never used before; not in finish()
 * @jitter:  a random number; not in hello()
 */
struct rmp_hs_env {
	const struct rmp_keyring	*ring;
	struct rmp_limit		*limit;
	u32				src;
	u64				now_ns;
	u64				order;
	struct rmp_bytes		hello;
	struct rmp_bytes		welcome;
	const u8			*secret;
	u32				jitter;
};

/**
 * rmp_keys_init() - no keys yet
 * @self: our node id
 * @peer: the peer's; never ours
 * @id:   random: key ids are given out from here on
 */
void rmp_keys_init(struct rmp_keys *keys, u64 self, u64 peer, u16 id);

/**
 * rmp_keys_wipe() - forget every keypair and handshake
 *
 * When it is no longer wanted, and before the memory is freed.
 */
void rmp_keys_wipe(struct rmp_keys *keys);

/**
 * rmp_keys_restarted() - the peer lives anew: forget its keypairs
 * @but_current: the one in use is of its new life already
 *
 * A handshake that we began stays open.
 */
void rmp_keys_restarted(struct rmp_keys *keys, bool but_current);

/**
 * rmp_keys_hello() - begin a handshake; one begun before is forgotten
 *
 * Call it anew for each HELLO, repeated ones as well. With two cluster keys
 * every third attempt is made with the old one.
 *
 * Return: 0, -ENOKEY (no cluster key), or -EINVAL (a secret that is none).
 */
int rmp_keys_hello(struct rmp_keys *keys, const struct rmp_hs_env *env,
		   struct rmp_hs *hello);

/**
 * rmp_keys_hello_good() - whether a handshake is one to be answered
 * @env:   @ring, @now_ns and @hello are needed
 * @hello: as received
 *
 * No X25519. Return: 0, or what rmp_keys_welcome() would, but for -EBUSY.
 */
int rmp_keys_hello_good(const struct rmp_keys *keys, const struct rmp_hs_env *env,
			const struct rmp_hs *hello);

/**
 * rmp_keys_welcome() - answer a handshake
 * @hello:   as received, in a frame whose tag was good
 * @welcome: result
 *
 * The keypair made is not sent under before a frame under it arrives.
 *
 * Return: 0, or and nothing has changed: -ENOKEY (hint unknown), -EALREADY
 * (repeated or overtaken by a later one), -EBADMSG (not from who has the
 * cluster key, or changed under way), -EBUSY (too many). Silence is the answer
 * to all of these. -EINVAL: a secret that is none.
 */
int rmp_keys_welcome(struct rmp_keys *keys, const struct rmp_hs_env *env,
		     const struct rmp_hs *hello, struct rmp_hs *welcome);

/**
 * rmp_keys_finish() - the answer is here: there is a new keypair
 * @welcome: as received, in a frame whose tag was good
 *
 * From now on we send under it, and should do so at once: the peer waits for a
 * frame that confirms it.
 *
 * Return: 0; or -EALREADY: it answers no handshake that is open, or a newer
 * keypair is in use already; or -EBADMSG, and the handshake is still open.
 */
int rmp_keys_finish(struct rmp_keys *keys, const struct rmp_hs_env *env,
		    const struct rmp_hs *welcome);

/**
 * rmp_keys_tx() - take the next counter of the keypair in use
 * @seal: result; @seal->rekey tells that rmp_keys_hello() is due
 *
 * Return: 0, or -ENOKEY: there is none, or it is too old; rmp_keys_hello().
 */
int rmp_keys_tx(struct rmp_keys *keys, u64 now_ns, struct rmp_seal *seal);

/**
 * rmp_keys_rx() - seal to check a frame with
 * @field: its nonce field
 *
 * Return: 0, -ENOKEY (key id unknown or too old), -EALREADY (seen before or too
 * late to tell). Nothing changes: anybody can send a field.
 */
int rmp_keys_rx(const struct rmp_keys *keys, u64 field, u64 now_ns,
		struct rmp_seal *seal);

/**
 * rmp_keys_rx_good() - the tag was good; to be called before anything else is
 * done with the frame
 *
 * Return: 0; 1: this confirmed a new keypair, which is sent under from now on;
 * or an error as above: drop the frame, another copy was faster or the keypair
 * went away meanwhile.
 */
int rmp_keys_rx_good(struct rmp_keys *keys, u64 field, u64 now_ns);

/**
 * rmp_keys_retire() - a cluster key was dropped
 *
 * Keypairs made with it are due for a new one at once and die soon; a handshake
 * begun with it is forgotten.
 */
void rmp_keys_retire(struct rmp_keys *keys, const u8 *hint, u64 now_ns);

/** rmp_keys_live() - whether there is a keypair to send under */
bool rmp_keys_live(const struct rmp_keys *keys, u64 now_ns);

/** rmp_keys_timer() - wipe what has died */
void rmp_keys_timer(struct rmp_keys *keys, u64 now_ns);

/** rmp_keys_deadline() - when rmp_keys_timer() is due; ~0: never */
u64 rmp_keys_deadline(const struct rmp_keys *keys);

/* --- between the files -------------------------------------------------- */

/**
 * enum rmp_dir - who sent a frame, in the first word of its nonce
 * @RMP_DIR_I2R:   the initiator of the keypair's handshake
 * @RMP_DIR_R2I:   the responder
 * @RMP_DIR_GROUP: anybody: a frame outside of a session
 */
enum rmp_dir {
	RMP_DIR_I2R	= 0,
	RMP_DIR_R2I	= 1,
	RMP_DIR_GROUP	= 2,
};

/* Fills in key, nonce and field. */
void rmp_seal_set(struct rmp_seal *seal, const u8 *key, enum rmp_dir dir, u64 field);

#endif /* RMP_KEYS_H */

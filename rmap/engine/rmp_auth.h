/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys in frames: which key each frame of a peer is tagged under, what is to be
 * checked of those that come, and when a new keypair is due. It stands between
 * the engine's peer and its bearer; docs/rmap-keys.md has the reasons.
 *
 * Out:  rmp_auth_tx() for each frame that the engine hands to sink->xmit, or
 *       rmp_auth_group() for one outside of any peer; the tag over the result.
 * In:   rmp_auth_rx(), the tag checked, rmp_auth_good(), rmp_peer_rx(), and
 *       rmp_auth_after() in the end.
 *
 * The rules of rmp_engine.h hold. The peer's caller serialises all calls on one
 * struct rmp_auth together with those on its peer, but rmp_auth_rx() for frames
 * outside of sessions, which does not look at it.
 */
#ifndef RMP_AUTH_H
#define RMP_AUTH_H

#include "rmp_engine.h"
#include "rmp_keys.h"

static_assert(sizeof(struct rmp_hs) == RMP_HS_LEN, "HELLO's payload");
static_assert((int)RMP_TAG_LEN == MX_TAG_LEN, "a tag fits its field");

/**
 * struct rmp_auth - keys and guards of one peer, kept next to its struct rmp_peer
 * @keys:    its keypairs
 * @hint:    a cluster key that the peer is known to have; zeros: none yet
 * @inc:     incarnation that @group is about; 0: none believed yet
 * @group:   counters of its frames outside of sessions
 * @top:     above all those of its former lives
 * @rekey:   a new keypair is due: HELLO is to be sent
 * @starved: frames were not sent since there was no keypair
 * @ask:     it may live anew, but this does not prove it: HELLO is to be sent
 * @confirm: a keypair is new to the peer: a frame should be sent at once
 */
struct rmp_auth {
	struct rmp_keys		keys;
	u8			hint[RMP_HINT_LEN];
	u32			inc;
	struct rmp_replay	group;
	u64			top;
	bool			rekey;
	bool			starved;
	bool			ask;
	bool			confirm;
};

/**
 * struct rmp_auth_env - what a call needs besides its frame
 * @ring:   cluster keys; rmp_auth_tx() and rmp_auth_group() count in it
 * @limit:  rmp_auth_tx() of WELCOME: the node's limit on handshakes
 * @src:    likewise: hash of the source address, under a secret
 * @order:  a value that rises over the node's life and restarts: a clock
 * @random: fills in @len random bytes, which are never used for anything else
 * @ctx:    for @random
 */
struct rmp_auth_env {
	struct rmp_keyring	*ring;
	struct rmp_limit	*limit;
	u32			src;
	u64			order;
	void			(*random)(void *ctx, void *to, u32 len);
	void			*ctx;
};

/**
 * struct rmp_auth_in - a frame whose tag was good
 * @info:  its header
 * @which: what rmp_auth_rx() returned: the cluster key it is under
 * @hs:    HELLO and WELCOME: the payload
 */
struct rmp_auth_in {
	const struct rmp_info	*info;
	u8			which;
	struct rmp_hs		hs;
};

/** rmp_auth_init() - no keys yet; @id: random */
void rmp_auth_init(struct rmp_auth *a, const struct rmp_peer *p, u16 id);

/** rmp_auth_wipe() - before the memory is freed */
void rmp_auth_wipe(struct rmp_auth *a);

/**
 * rmp_auth_group() - key for a frame outside of any peer
 * @which: number of the cluster key; what is meant for all goes out under each
 * @hdr:   the frame's; flag and nonce are set
 * @seal:  result
 *
 * Return: 0 or an error of rmp_group_tx().
 */
int rmp_auth_group(struct rmp_keyring *ring, u8 which, struct rmp_hdr *hdr,
		   struct rmp_seal *seal);

/**
 * rmp_auth_tx() - key for a frame that the peer's engine wants sent
 * @env:  not looked at for REQ, REP and ACK
 * @in:   the frame that the engine is dealing with, NULL: none
 * @hdr:  the frame's; flag, nonce and payload length are set
 * @seal: result: what the tag is made with
 * @hs:   result: HELLO and WELCOME: payload, goes in place of as much padding
 *
 * Return: payload bytes in @hs; or -ENOKEY (no keypair: HELLO follows), -EBUSY
 * (too many handshakes), or another error: the frame is not to be sent.
 */
int rmp_auth_tx(struct rmp_auth *a, const struct rmp_peer *p,
		const struct rmp_auth_env *env, const struct rmp_auth_in *in,
		u64 now_ns, struct rmp_hdr *hdr, struct rmp_seal *seal,
		struct rmp_hs *hs);

/**
 * rmp_auth_rx() - key to check a frame with
 * @a:     the sender's; only looked at for REQ, REP and ACK; NULL: unknown
 * @which: cluster key to try: 0, and one more than returned after a wrong tag
 * @seal:  result
 *
 * Return: number of the cluster key, 0 for REQ, REP and ACK; -ENOKEY: there is
 * no (other) key; -EALREADY: seen before.
 */
int rmp_auth_rx(const struct rmp_auth *a, const struct rmp_keyring *ring,
		const struct rmp_info *info, u8 which, u64 now_ns,
		struct rmp_seal *seal);

/**
 * rmp_auth_good() - the frame's tag was good; to be called before rmp_peer_rx()
 * @env: not looked at for REQ, REP and ACK
 *
 * Return: 0, and rmp_auth_after() must follow rmp_peer_rx(); or -EALREADY (seen
 * before) or -EBADMSG (handshake): drop it.
 */
int rmp_auth_good(struct rmp_auth *a, const struct rmp_peer *p,
		  const struct rmp_auth_env *env, const struct rmp_auth_in *in,
		  u64 now_ns);

/**
 * rmp_auth_after() - after calls of the engine: makes it renew the keys
 *
 * Return: enum rmp_event bits, as the engine's calls.
 */
u32 rmp_auth_after(struct rmp_auth *a, struct rmp_peer *p, u64 now_ns,
		   struct rmp_sink *sink);

#endif /* RMP_AUTH_H */

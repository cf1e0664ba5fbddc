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

#include "rmp_codec.h"
#include "rmp_peer.h"

#endif /* RMP_ENGINE_H */

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Proves that the simulator's oracles bite: breaks a copy of the engine in one
# place at a time, and each break must be found within a number of seeds.
#
# usage: tests/sim/mutants.sh [NAME…]      (after make sim; SEEDS=, O=, CC=)
set -u

cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
CC=${CC:-cc}
seeds=${SEEDS:-4000}
work=$O/sim/mutants

# name, engine file, sed program
mutants() {
	cat <<-'END'
	replied-executes-again	rmp_responder	/^void rmp_responder_req/,/^}/s/RMP_SLOT_FREE ||/RMP_SLOT_FREE || slot->state == RMP_SLOT_REPLIED ||/
	finished-id-accepted	rmp_responder	/^void rmp_responder_req/,/^}/s/if (info->msg < p->rsp.base)/if (0)/;s/if (info->msg - p->rsp.base >= RMP_WINDOW/if ((s64)(info->msg - p->rsp.base) >= RMP_WINDOW/
	orphan-slot-reused	rmp_responder	s/ || slot->state == RMP_SLOT_ORPHAN) {/) {/
	delivered-slot-freed	rmp_responder	/^static void rmp_slot_recycle/,/^}/s/(slot->state, RMP_SLOT_ORPHAN)/(slot->state, RMP_SLOT_FREE)/
	fragment-not-awaited	rmp_asm	s/^\ta->got++;/\ta->got += no == 1 ? 2 : 1;/
	duplicate-counts	rmp_asm	/^bool rmp_asm_add/,/^}/s/if (rmp_bit(a->have, no))/if (0)/
	refragmented-mixes	rmp_asm	s/return a->len == info->msg_len && a->frag_size == info->frag_size/return a->len == info->msg_len/
	reply-kept-for-ever	rmp_responder	/^static void rmp_slot_recycle/,/^}/s/if (slot->rbuf)/if (0)/
	request-kept-for-ever	rmp_responder	/^u32 rmp_peer_reply/,/^}/s/rmp_asm_free(&r, &slot->req);//
	orphan-answer-leaks	rmp_responder	/^u32 rmp_peer_reply/,/^}/s/if (buf)$/if (0)/
	no-ack-for-holes	rmp_responder	s/} else if (info->frag_no == slot->req.nfrags - 1 ||/} else if (0 \&\&/
	reply-never-repeated	rmp_responder	/^static void rmp_responder_repeat/,/^}/s/rmp_resend_reply(r, slot, NULL);//
	reply-not-refragmented	rmp_responder	s/if (!skip || slot->rfrag_size > r->p->ses.frag_size)/if (0)/
	any-incarnation-served	rmp_session	/^bool rmp_session_check/,/^}/s/if (info->inc != p->ses.inc) {/if (info->inc != p->ses.inc \&\& !session) {/
	for-another-life-of-us	rmp_session	/^bool rmp_session_check/,/^}/s/info->peer_inc != p->self_inc/0/;s/rmp_responder_base(r, info->msg);//
	restart-shares-nothing	rmp_session	s/return !p->ses.known || rmp_is_fresh(p, info, now);/return !p->ses.peer_birth || rmp_is_fresh(p, info, now);/
	stale-news-believed	rmp_session	s/return !p->ses.known || rmp_is_fresh(p, info, now);/return true;/
	no-news-believed	rmp_session	s/return !p->ses.known || rmp_is_fresh(p, info, now);/return !p->ses.known;/
	births-alike		rmp_session	s/p->ses.birth = (r->now >> 8) + 1;/p->ses.birth = 1;/
	base-outlives-restart	rmp_session	/^static void rmp_session_restarted/,/^}/s/p->rsp.base = 0;//
	calls-outlive-restart	rmp_session	/^static void rmp_session_restarted/,/^}/s/rmp_requester_fail(r, -ESTALE);//
	hello-only-at-full-size	rmp_path	/^u16 rmp_path_hello_size/,/^}/s/if (p->ses.hello_tries < .*/if (1)/
	size-never-raised	rmp_path	/^static void rmp_raise_plan/,/^}/s/p->ses.raise_ns = r->now.*/;/
	hello-once		rmp_session	/^void rmp_session_send_hello/,/^}/s/rmp_arm(r, p->ses.hello_due);//
	no-proof-in-hello	rmp_session	s/hdr.echo = cpu_to_be32(p->ses.proof);//
	timer-not-armed		rmp_requester	/^static void rmp_call_wait/,/^}/s/rmp_arm(r, call->due_ns);//
	reply-holes-not-asked	rmp_requester	/^static void rmp_call_repeat/,/^}/s/rmp_send_nack(r, call);/;/
	call-not-refragmented	rmp_requester	s/if (call->frag_size > p->ses.frag_size) {/if (0) {/
	path-never-renewed	rmp_requester	s/if (call->tries > RMP_TRIES_PATH/if (0/
	window-not-kept		rmp_requester	s/if (p->req.next_msg - p->req.una >= RMP_WINDOW)/if (0)/
	window-not-given-back	rmp_requester	s/^\tp->req.inflight -= call->cost;/\tp->req.inflight -= call->cost - (call->cost > 4);/
	cancel-leaks-reply	rmp_requester	/^static void rmp_call_end/,/^}/s/if (status)$/if (0)/
	small-credit-stops-all	rmp_requester	/^static bool rmp_call_may_start/,/^}/s/if (!p->req.inflight)$/if (0)/
	others-reply-taken	rmp_requester	s/if (call && call->msg == info->msg \&\&/if (call \&\&/
	old-reply-taken		rmp_requester	s/rmp_echo_since(info, r->now, r->p->req.shared_ns))/1)/
	idleness-not-told	rmp_requester	/^static void rmp_idle_timer/,/^}/s/rmp_requester_idle(r);//
	back-too-small		rmp_requester	/^static u16 rmp_call_send/,/^}/s/(call->msg - r->p->req.una)/0/
	room-not-given-back	rmp_requester	/^static void rmp_call_unreserve/,/^}/s/if (call->asked)/if (0)/
	room-given-twice	rmp_requester	/^static void rmp_call_unreserve/,/^}/s/call->asked = 0;//
	void-late-copy-executed	rmp_responder	/^static void rmp_responder_void/,/^}/s/slot->state = RMP_SLOT_REPLIED;/slot->state = RMP_SLOT_FREE;/
	void-not-told		rmp_responder	s/slot->voided ? RMP_F_VOID : 0/0/
	void-though-delivered	rmp_responder	/^void rmp_responder_req/,/^}/s/RMP_SLOT_PARTIAL) {/RMP_SLOT_PARTIAL || info->flags \& RMP_F_VOID) {/
	void-for-the-next-one	rmp_responder	/^static void rmp_slot_start/,/^}/s/slot->voided = false;//
	void-with-payload	rmp_requester	s/.buf = call->voided ? NULL : call->buf/.buf = call->buf/;s/return call->voided ? 0 : call->len;/return call->len;/
	void-keeps-window	rmp_requester	/^static void rmp_call_void/,/^}/s/r->p->req.inflight -= call->cost - 1;//
	void-is-any-answer	rmp_requester	s/f->info.flags & RMP_F_VOID/call->voided/
	bye-ends-calls		rmp_session	/^void rmp_session_leave/,/^}/s/rmp_session_down(r);/rmp_session_down(r); rmp_requester_fail(r, -EHOSTDOWN);/
	bye-forgets-slots	rmp_session	/^void rmp_session_leave/,/^}/s/rmp_session_down(r);/rmp_session_down(r); rmp_responder_drop(r);/
	bye-without-hello	rmp_session	/^void rmp_session_leave/,/^}/s/if (!rmp_requester_busy(p))/if (1)/
	flow-forgotten		rmp_flow	/^void rmp_flow_remove/,/^}/s/if (rmp_flow_empty(flow))/if (1)/
	turn-never-comes	rmp_flow	/^struct rmp_call .rmp_flow_next/,/^}/s/list_move_tail(&flow->link, &p->req.flows);/break;/
	part-misplaced		rmp_codec	s/^\t\*off = (u32)no \* frag_size;/\t*off = (u32)no * frag_size - (no % 3 > 1 ? 8 : 0);/
	fragment-length-free	rmp_codec	s/info->plen == rmp_frag_range(/info->plen <= rmp_frag_range(/
	hello-for-another	rmp_auth	s/return rmp_rx_hello_hs(a, p, env, in, now_ns);/return 0;/
	keypair-not-confirmed	rmp_keys	/^int rmp_keys_rx_good/,/^}/s/keys->cur = i;//
	lowest-open-too-high	rmp_requester	s/u64 msg = min(p->req.next_msg, .*/u64 msg = p->req.next_msg;/;s/(u16)(msg - p->req.una)/(u16)min_t(u64, msg - p->req.una, 127)/
	END
}

build() {
	rm -rf "$work/engine"
	mkdir -p "$work/engine"
	cp rmap/engine/*.[ch] "$work/engine"
	sed -i "$2" "$work/engine/$1.c"
	if cmp -s "rmap/engine/$1.c" "$work/engine/$1.c"; then
		echo "the patch changes nothing"
		return 1
	fi
	"$CC" -std=gnu11 -O2 -g -w -Icompat -o "$work/sim" "$work"/engine/*.c "$O"/fast/tests/sim/{kit,rmap}/*.o -lsodium
}

caught=0
missed=0
while read -r name file patch; do
	[ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
	if ! why=$(build "$file" "$patch" 2>&1); then
		echo "$name: not built: $why"
		missed=$((missed + 1))
		continue
	fi
	out=$(timeout 300 "$work/sim" --seeds "$seeds" --first-failure 2>&1)
	rc=$?
	if [ "$rc" = 0 ] || [ "$rc" = 124 ]; then
		echo "$name: not found in $seeds seeds"
		missed=$((missed + 1))
	else
		seed=$(sed -n 's/.*--seed \([0-9]*\).*/\1/p' <<<"$out" | head -n 1)
		reason=$(grep -vE '^(seed|replay|[0-9]+ passed)' <<<"$out" | head -n 1)
		echo "$name: found by seed $seed: ${reason:0:100}"
		caught=$((caught + 1))
	fi
done < <(mutants)
echo "$caught passed, $missed failed"
[ "$missed" = 0 ]

#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Proves that the simulators' oracles bite: breaks a copy of an engine in one
# place at a time, and each break must be found within a number of seeds.
#
# usage: tests/sim/mutants.sh [NAME…]      (after make sim sim-cluster; SEEDS=, O=, CC=)
#        tests/sim/mutants.sh DIR           the same with each DIR/*.patch (-p1)
# KEEP=1 leaves the last one's program in build/sim/mutants.
set -u

patches=
[ $# = 1 ] && [ -d "$1" ] && patches=$(realpath "$1")
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
CC=${CC:-cc}
work=$O/sim/mutants
[ -n "${KEEP:-}" ] || trap 'rm -rf "$work"' EXIT

# RMAP's engine: name, file, sed program
rmap_mutants() {
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
	requests-keep-room	rmp_responder	/^static void rmp_slot_unhold/,/^}/s/r->sink->unhold(.*//
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

# The cluster's engines, likewise. Those marked with the letter of a fault bring
# it back: 6a an outcome that is not known counts as not executed, 6c what nobody
# waits for is never ended, 6e one server fences all, 6f no deadline but by
# silence, 6g what was lost once is lost for good.
cluster_mutants() {
	cat <<-'END'
	6a-tomb-keeps-no-place	mx_op_legs	/^bool mx_op_holds_place/,/^}/s/== MX_LEG_TOMB/== 99/
	6c-reads-not-ended	mx_op_legs	/^void mx_op_bury/,/^}/s/mx_op_want(op, MX_DO_VOID, todo);/if (op->kind != MX_KIND_READ) mx_op_want(op, MX_DO_VOID, todo);/
	6e-one-fences-all	mx_owner	/^static bool fenced/,/^}/{/MX_OSRV_FENCED)$/{n;s/return false;/continue;/}}
	6f-no-deadline		mx_op_time	/^static bool overdue/,/^}/s/return !op->ended/return 0 \&\& !op->ended/
	6g-lost-for-good	mx_home		/^bool mx_home_regain/,/^}/s/mx_home_in_sync(h))/1)/
	overlap-ignored		mx_op_legs	/^static bool share_pages/,/^}/s/return a->first < .*/return false;/
	queue-jumped		mx_op_legs	s| + overlaps_in(&c->waiting, op)||;s|MX_ASSERT(other->behind);|if (!other->behind) continue;|
	way-never-clear		mx_op_legs	/^static void clear_way/,/^}/s|other->behind--;|;|
	lost-reads-as-zeros	mx_op		s/if (lost_any(c, op)) {/if (0) {/
	release-forgets-lost	mx_op		/^static void executed/,/^}/s/c->nhave -= mx_bits_clear(c->have, 0, c->pages);/mx_chunk_freed(c, 0, c->pages);/
	denied-copy-comes-back	mx_chunk	/^bool mx_chunk_gone/,/^}/s/mx_home_forget(.*//
	stale-copy-stays	mx_home		/^bool mx_home_stale/,/^}/s/h->member.i..state = MX_HOME_STALE;//
	copy-before-counts	mx_home		/^bool mx_home_has/,/^}/s/h->member.i..since <= gen/1/
	next-gen-not-awaited	mx_op		s/if (c->home.unsettled && mx_home_in_sync(&c->home)) {/if (0) {/
	generation-used-twice	mx_home		s/return ++h->last;/return h->last ? h->last : ++h->last;/
	edges-are-zeros		mx_op		s/switch (mx_chunk_page(c, page)) {/switch (MX_PAGE_ZERO) {/
	blind-trusts-itself	mx_op		s/c->state == MX_CHUNK_PLACED && c->blind/0/
	bitmap-not-learned	mx_chunk	/^void mx_chunk_learn/,/^}/s/i < len/i < len \/ 2/
	loss-not-noticed	mx_chunk	/^static void lose_all/,/^}/s/c->lost.w. |= c->have.w.;//
	write-not-remembered	mx_chunk	/^void mx_chunk_wrote/,/^}/s/c->nhave += .*//
	discard-keeps-pages	mx_chunk	/^void mx_chunk_freed/,/^}/s/c->nhave -= .*//
	older-gen-served	mx_store_chunk	s/if (ask->gen < c->gen) {/if (0) {/
	made-without-place	mx_store_chunk	/^static int absent/,/^}/s/return old || ask->flags & MX_F_PLACE/return 1/
	left-over-stays		mx_store_chunk	/^static int newer/,/^}/s/return MX_STORE_RENEW;/return MX_ST_OK;/
	setgen-not-stored	mx_store_chunk	/^int mx_store_setgen/,/^}/s/members_set(c, member, n);//
	older-claim-served	mx_store	/^static int claim_admit/,/^}/s/if (is_claim(who, &v->claim))/if (1)/
	older-claim-opens	mx_store	/^static int open_known/,/^}/s/compare(who, &v->claim) <= 0/0/
	anybody-drops		mx_store	/^int mx_store_drop/,/^}/s/if (!is_own(who, &v->claim)) {/if (0) {/
	promise-not-given-back	mx_quota	/^void mx_quota_withdraw/,/^}/s/q->reserved -= pages;//
	pages-counted-twice	mx_quota	/^void mx_quota_store/,/^}/s/q->used += pages;/q->used += 2 * pages;/
	epoch-not-raised	mx_owner	/^bool mx_owner_raise/,/^}/s/o->epoch = epoch + 1;/o->epoch = epoch;/
	roster-not-awaited	mx_owner_take	/^static bool all_answered/,/^}/s/return false;/continue;/
	loss-not-told		mx_owner_srv	/^void mx_owner_lossy/,/^}/s/o->lossy = lossy;/o->lossy = false;/
	roster-not-stored	mx_owner_srv	/^bool mx_owner_ready/,/^}/s/return s->in_roster || .*/return true;/
	novol-is-no-loss	mx_owner_srv	/^static void confirm/,/^}/s/s->era = ++s->eras;//
	lost-twice-is-had	mx_chunk	/^static void lose_all/,/^}/s/c->lost_of = MX_LOST_MIXED;/;/
	zeros-not-told		mx_op		/^static bool start_discard/,/^}/s/if (!op->whole && (!op->n/if (op->zeros || !op->whole \&\& (!op->n/
	kept-room-is-free	mx_quota	/^u64 mx_quota_free/,/^}/s/q->overhead - q->spare/q->overhead/;/^u64 mx_quota_free/,/^}/s/q->used + q->spare/q->used/
	chunk-gives-room-away	mx_quota	/^void mx_quota_withdraw/,/^}/s/enter(q, s);//
	kept-room-outlives-all	mx_store	/^void mx_store_unreserve/,/^}/s/mx_quota_floor(.*//
	held-for-ever		mx_store	/^void mx_store_unhold/,/^}/s/mx_quota_floor(.*//
	refused-keeps-all	mx_booking	/^static void refuse/,/^}/s/b->refused = true;/{ u32 k; for (k = 0; k < MX_MEMBERS; k++) b->srv[k].keep = max(b->srv[k].firm, b->srv[k].hold); } b->refused = true;/
	granted-when-held	mx_booking	/^u8 mx_booking_state/,/^}/s/lacking(b, false)/lacking(b, true)/
	loss-not-noticed-kept	mx_booking	/^static void new_life/,/^}/s/s->firm = 0;//;/^static void look/,/^}/s/gone = .*/gone = false;/
	never-asked-again	mx_booking	/^static void idle/,/^}/s/!room_enough(b)/1/
	END
}

# engine's folder, its file, sed program, objects of the run
build() {
	local dir=$1 file=$2 patch=$3 run=$4

	rm -rf "$work"
	mkdir -p "$work/engine"
	cp "$dir"/engine/*.[ch] "$work/engine"
	sed -i "$patch" "$work/engine/$file.c"
	if cmp -s "$dir/engine/$file.c" "$work/engine/$file.c"; then
		echo "the patch changes nothing"
		return 1
	fi
	# What is found here is not taken from the archive.
	"$CC" -std=gnu11 -O2 -g -w -Icompat -Irmap -Imemx-core -c -o "$work/$file.o" "$work/engine/$file.c" &&
		"$CC" -o "$work/sim" "$work/$file.o" "$O"/"$run"/tests/sim/kit/*.o "${@:5}" "$O/$run/engines.a" -lsodium
}

# Says which seed finds the program $2 out, of $3; those in $known do not count.
known=
hunt() {
	local name=$1 program=$2 seeds=$3 start=1 out rc seed why

	while [ "$start" -le "$seeds" ]; do
		out=$(timeout 300 "$program" --start "$start" --seeds $((seeds - start + 1)) --first-failure 2>&1)
		rc=$?
		if [ "$rc" = 0 ] || [ "$rc" = 124 ]; then
			break
		fi
		seed=$(sed -n 's/.*--seed \([0-9]*\).*/\1/p' <<<"$out" | head -n 1)
		if [ -n "$seed" ] && [[ " $known " == *" $seed "* ]]; then
			start=$((seed + 1))
			continue
		fi
		why=$(grep -vE '^(seed|replay|[0-9]+ passed|$)' <<<"$out" | head -n 1 | cut -c 1-100)
		echo "$name: found by ${program##*/} --seed ${seed:-?}: ${why:-ends with status $rc}"
		return 0
	done
	return 1
}

not_found() {
	echo "$1: not found in $2"
	return 1
}

caught=0
missed=0
count() {
	if "$@"; then
		caught=$((caught + 1))
	else
		missed=$((missed + 1))
	fi
}

# Seeds that fail without any mutant prove nothing.
failing() {
	"$@" --failures 1000000 2>/dev/null | sed -n 's/^replay: .*--seed \([0-9]*\) .*/\1/p' | tr '\n' ' '
}

rmap_seeds=${SEEDS:-4000}
cluster_seeds=${SEEDS:-1500}

# Anybody's patches, each on a copy of the tree.
if [ -n "$patches" ]; then
	# What fails without them.
	make -s O="$O" SEEDS= "$O/sim/sim-cluster" || exit 1
	failing=$(failing "$O/sim/sim-cluster" --seeds "$cluster_seeds")
	for patch in "$patches"/*.patch; do
		[ -e "$patch" ] || { echo "no patches in $patches"; exit 1; }
		tree=$work/tree
		rm -rf "$tree"
		mkdir -p "$tree"
		git ls-files -z | xargs -0 cp --parents -t "$tree" 2>/dev/null
		name=$(basename "$patch" .patch)
		if ! patch -s -p1 -d "$tree" <"$patch" ||
			! make -s -C "$tree" O=build SEEDS= build/sim/sim build/sim/sim-cluster >/dev/null; then
			echo "$name: not built"
			missed=$((missed + 1))
			continue
		fi
		known=$failing
		if hunt "$name" "$tree/build/sim/sim-cluster" "$cluster_seeds" ||
			{ known='' && hunt "$name" "$tree/build/sim/sim" "$rmap_seeds"; }; then
			caught=$((caught + 1))
		else
			count not_found "$name" "$cluster_seeds seeds of the cluster's and $rmap_seeds of RMAP's"
		fi
	done
	echo "$caught passed, $missed failed"
	[ "$missed" = 0 ]
	exit
fi

one() {
	local name=$1 why

	shift
	if ! why=$(build "$1" "$2" "$3" "$4" "${@:6}" 2>&1); then
		echo "$name: not built: $why"
		return 1
	fi
	hunt "$name" "$work/sim" "$5" || not_found "$name" "$5 seeds"
}

while read -r name file patch; do
	[ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
	count one "$name" rmap "$file" "$patch" fast "$rmap_seeds" "$O"/fast/tests/sim/rmap/*.o
done < <(rmap_mutants)

first=1
while read -r name file patch; do
	[ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
	[ "$first" = 0 ] || known=$(failing "$O/sim/sim-cluster" --seeds "$cluster_seeds")
	first=0
	count one "$name" memx-core "$file" "$patch" cover "$cluster_seeds" "$O"/cover/tests/sim/cluster/*.o
done < <(cluster_mutants)
echo "$caught passed, $missed failed"
# A name that nothing has is a mistake.
[ "$missed" = 0 ] && [ "$caught" != 0 ]

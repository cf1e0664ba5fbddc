#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
# Proves that what fuzz_mxbk_guest looks at bites: breaks a copy of the backend in
# one place at a time, and each break must be found within a number of runs.
#
# usage: tests/fuzz/mutants.sh [NAME…]      (RUNS=, O=, JOBS=)
set -u

cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
runs=${RUNS:-10000}
tree=$O/fuzz/mutants
program=build/fuzz/bin/fuzz_mxbk_guest

# Name, file, sed program
mutants() {
	cat <<-'END'
	decoded-in-place	mxbk_ring	s/mxbk_req_decode(slot, /mxbk_req_decode(slot_at(ring, ring->cons - 1), /
	segments-read-twice	mxbk_ring	s/^\tpend->tries = 0;/\tpend->req.nsegs = slot_at(ring, ring->cons - 1)[MXBK_REQ_NSEGS];\n&/
	req-prod-unchecked	mxbk_req	s/if (asked > slots || asked < open)/if (0)/
	broken-ring-served	mxbk_ring	s/^\tring->broken = true;/\tring->broken = false;/
	indirect-not-bounded	mxbk_req	s/if (!req->nsegs || req->nsegs > MXBK_SEGS_MAX)/if (!req->nsegs)/
	direct-not-bounded	mxbk_req	s/if (req->nsegs > MXBK_SEGS_DIRECT)/if (0)/
	last-sector-free	mxbk_req	s/ || last >= MXBK_SECTORS_PER_FRAME)/)/
	first-after-last	mxbk_req	s/if (first > last || /if (/
	range-wraps		mxbk_req	s/if (sector > lim->sectors || count > lim->sectors - sector)/if (sector + count > lim->sectors)/
	indirect-range-free	mxbk_req	/^int mxbk_req_segs/,/^}/s/return check_range(.*/return 0;/;/^int mxbk_req_segs/,/^}/s/^\t\t\t   req->len >> .*//
	readonly-written	mxbk_req	s/if (req->op != MXBK_READ && lim->readonly)/if (0)/
	readonly-indirect	mxbk_req	/^static int decode_indirect/,/^}/s/if (lim->readonly)/if (0)/
	readonly-discarded	mxbk_req	/^static int decode_discard/,/^}/s/if (lim->readonly)/if (0)/
	response-not-cleared	mxbk_req	/^void mxbk_response/,/^}/s/memset(rsp, .*//
	eagain-is-success	mxbk_grant	s/pend->again = true;/;/
	bad-grant-is-success	mxbk_grant	/^void mxbk_batch_flush/,/^}/s/pend->err = -EIO;/;/
	ring-grants-unchecked	mxbk_ring	s/if (!mxbk_grants_good(.*/if (0)/
	flush-jumps-writes	mxbk_ring	/^static u32 end_in_order/,/^}/s/if (pend->req.op == MXBK_FLUSH)/if (0)/
	sweep-unbounded		mxbk_ring	s/while (todo-- && taken < budget) {/while (todo--) {/
	storm-is-excused	mxbk_req	/^bool mxbk_event_spurious/,/^}/s/e->grace = false;//
	toggling-leaks-rings	mxbk_xenbus	/^static void connect/,/^}/s/mxbk_disconnect(dev, false);//
	failed-open-leaks	mxbk_ring	/^err_unmap:/,/^}/s/xenbus_unmap_ring_vfree(dev->xdev, mem);//
	failed-open-keeps-pool	mxbk_ring	/^err_pool:/,/^}/s/pool_free(ring);//
	hungry-forgotten	mxbk_ring	/^void mxbk_ring_stop/,/^}/s/list_splice_tail_init(&ring->hungry, &list);//
	put-off-forgotten	mxbk_ring	/^void mxbk_ring_stop/,/^}/s/list_splice_tail_init(&ring->again, &list);//
	pages-not-given-back	mxbk_io		/^static void drop_pages/,/^}/s/mx_pages_put(&pend->io);/;/
	live-ring-from-zero	mxbk_ring	/^static int ring_attach/,/^}/s/ring->cons = at;/ring->cons = 0;/
	map-outlives-ring	mxbk_ring	/^void mxbk_ring_close/,/^}/s/xenbus_unmap_ring_vfree(.*//
	event-outlives-ring	mxbk_ring	/^void mxbk_ring_close/,/^}/s/unbind_from_irqhandler(.*//
	watch-outlives-disk	mxbk_xenbus	/^static void retire/,/^}/s/unwatch_node(&dev->online);//
	failed-probe-frees	mxbk_xenbus	/^static int probe/,/^}/s/retire(dev);/dev_free(dev);/
	trial-stays-mapped	mxbk_grant	s/return !HYPERVISOR_grant_table_op(GNTTABOP_unmap_grant_ref.*/return true;/;s/^\t       unmap.status == GNTST_okay;//
	log-takes-anything	mxbk_xs		s/^\tmxbk_plain(words);//
	queues-not-bounded	mxbk_queue	s/asked->queues, 1, 1, offer->queues/asked->queues, 1, 1, ~0U/
	order-not-bounded	mxbk_queue	s/asked->order, 0, 0, offer->order/asked->order, 0, 0, 8/
	pages-named-twice	mxbk_queue	s/if (has_ref(&all\[k\], .*/if (0)/
	discards-without-turns	mxbk_req	/^bool mxbk_turn_take/,/^}/s/if (turns->busy < turns->most)/if (1)/
	END
}

[ -z "${KEEP:-}" ] && trap 'rm -rf "$tree"' EXIT
rm -rf "$tree"
mkdir -p "$tree"
git ls-files -z --cached --others --exclude-standard -- Makefile backend compat memx-core rmap xenstore tools tests/build tests/fuzz hotplug-scripts |
	xargs -0 cp --parents -t "$tree"

build() {
	make -s -C "$tree" O=build -j"${JOBS:-2}" "$program" 2>&1
}

# What the program says, if it fails
run() {
	local kept=

	[ -d tests/fuzz/corpus/mxbk_guest ] && kept=$PWD/tests/fuzz/corpus/mxbk_guest
	rm -rf "$tree/out"
	mkdir "$tree/out"
	# shellcheck disable=SC2086 # an empty name is no folder
	(cd "$tree/out" && timeout 600 "../$program" -runs="$runs" -seed=1 -timeout=10 . $kept 2>&1)
}

caught=0
missed=0
if ! why=$(build); then
	echo "not built: $why"
	exit 1
fi
if ! why=$(run); then
	echo "fails without any of these: $(tail -n 5 <<<"$why")"
	exit 1
fi
while read -r name file patch; do
	[ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
	cp "backend/$file.c" "$tree/backend/$file.c"
	sed -i "$patch" "$tree/backend/$file.c"
	if cmp -s "backend/$file.c" "$tree/backend/$file.c"; then
		echo "$name: the patch changes nothing"
		missed=$((missed + 1))
	elif ! why=$(build); then
		echo "$name: not built: $(head -n 3 <<<"$why")"
		missed=$((missed + 1))
	elif why=$(run); then
		echo "$name: not found in $runs runs"
		missed=$((missed + 1))
	else
		echo "$name: found: $(grep -m1 -oE 'ERROR: [^(]*|runtime error: .*|Assertion.*' <<<"$why" | cut -c 1-100)"
		caught=$((caught + 1))
	fi
	cp "backend/$file.c" "$tree/backend/$file.c"
done < <(mutants)
echo "$caught passed, $missed failed"
# A name that nothing has is a mistake.
[ "$missed" = 0 ] && [ "$caught" != 0 ]

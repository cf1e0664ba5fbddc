// SPDX-License-Identifier: GPL-2.0
/*
 * Prints what goes over the wire as the headers and the decoder define it, for
 * the scripts that compare the dissector and docs/rmap-protocol.md with it.
 *
 * One line each, words between spaces, what is last may hold spaces:
 *   const NAME VALUE                    all in decimal
 *   type NAME VALUE, flag NAME VALUE
 *   rule TYPE FLAGS NEEDS               NEEDS: words with commas, or -
 *   field STRUCT NAME AT SIZE SHOWN TITLE
 *   value SET NAME VALUE                of the memory protocol
 */
#include <stdio.h>
#include "engine/rmp_codec.c"
#include "engine/rmp_flow.h"
#include "engine/rmp_limits.h"
#include "engine/mx_wire.h"

/* What the document and the dissector name; engine/rmp_limits.h has them. */
#define CONSTANTS(X) \
	X(RMP_ETHERTYPE) X(RMP_VERSION) X(RMP_HDR_LEN) X(RMP_HEAD_LEN) \
	X(RMP_TAG_LEN) X(RMP_PAGE) X(RMP_MSG_PAGES) X(RMP_MSG_MAX) \
	X(RMP_FRAGS_MAX) X(RMP_WINDOW) X(RMP_MTU_MIN) X(RMP_NAME_LEN) X(RMP_HS_LEN) \
	X(RMP_PAGE_EXTRA) X(RMP_FRAG_MIN) X(RMP_FRAG_MAX) X(RMP_CWND_INIT) X(RMP_CWND_MIN) X(RMP_CWND_MAX) \
	X(RMP_CWND_STEP) X(RMP_QUEUE_LOW) X(RMP_QUEUE_HIGH) X(RMP_QUANTUM) X(RMP_PACE_BURST) X(RMP_PACE_GAIN) \
	X(RMP_PASSES) X(RMP_WEIGHT_MAX) X(RMP_LEAST_NS) \
	X(RMP_BURST) X(RMP_ACK_BURST) X(RMP_TIMEOUTS) X(RMP_SKIPS) X(RMP_TRIES_PATH) \
	X(RMP_HELLO_BIG) X(RMP_IDLE_ACKS) X(RMP_RTO_MIN_US) \
	X(RMP_RTO_LOST_US) X(RMP_RTO_INIT_US) X(RMP_RTO_MAX_US) X(RMP_PROBE_MAX_US) \
	X(RMP_FRESH_US) X(RMP_HELLO_FIRST_NS) X(RMP_HELLO_LAST_NS) \
	X(RMP_RAISE_FIRST_NS) X(RMP_RAISE_AGAIN_NS) X(RMP_RAISE_MOST_NS) \
	X(RMP_IDLE_NS) X(RMP_IDLE_AGAIN_NS) X(RMP_DOUBT_GAP_NS) X(RMP_ASK_GAP_NS) \
	X(RMP_RESET_GAP_NS) X(RMP_REREPLY_GAP_NS) X(RMP_RENACK_GAP_NS) X(RMP_HOLD_IDLE_NS) X(RMP_HOLD_MOST_NS) \
	X(RMP_ROOM_MOST_NS)

#define NEEDS(X) X(PEER) X(MSG) X(FRAG) X(SIZE) X(PAD) X(NAME)

#define MX_REQ_FIELDS(X) \
	X(mx_req, op,		DEC,	"Operation") \
	X(mx_req, flags,	HEX,	"Flags") \
	X(mx_req, npages,	DEC,	"Pages") \
	X(mx_req, gen,		DEC,	"Generation of the chunk") \
	X(mx_req, page,		DEC,	"First page") \
	X(mx_req, arg,		DEC,	"Argument") \
	X(mx_req, arg2,		HEX,	"Second argument")

#define MX_REP_FIELDS(X) \
	X(mx_rep, status,	DEC,	"Status") \
	X(mx_rep, op,		DEC,	"Operation") \
	X(mx_rep, load,		DEC,	"Load of the server, of 255") \
	X(mx_rep, mask,		HEX,	"Pages ever written") \
	X(mx_rep, free,		DEC,	"Pages the server can promise") \
	X(mx_rep, vol_pages,	DEC,	"Pages stored for the volume") \
	X(mx_rep, arg,		DEC,	"Argument")

#define MX_ADVERT_FIELDS(X) \
	X(mx_advert, roles,	HEX,	"Roles") \
	X(mx_advert, load,	DEC,	"Load, of 255") \
	X(mx_advert, flags,	HEX,	"Flags") \
	X(mx_advert, reserved,	HEX,	"Reserved") \
	X(mx_advert, capacity,	DEC,	"Capacity in pages") \
	X(mx_advert, free,	DEC,	"Pages it can promise") \
	X(mx_advert, used,	DEC,	"Pages stored")

#define OPS(X) X(OPEN) X(DROP) X(READ) X(WRITE) X(DISCARD) X(STAT) \
	X(SETGEN) X(LIST) X(BITMAP) X(ROSTER) X(LOOK) X(RESERVE)
#define STATUSES(X) X(OK) X(FULL) X(NOVOL) X(STALE) X(INVAL) X(AGAIN) \
	X(NOCHUNK) X(OLDGEN) X(HELD)
#define ROLES(X) X(SERVER) X(CLIENT)
#define OP_FLAGS(X) X(RELEASE) X(SEALED) X(PLACE) X(TENTATIVE) X(FEATURES) X(TELL)

/* Each list has all there is. */
#define OP_BIT(name) | 1 << MX_OP_##name
#define STATUS_BIT(name) | 1 << MX_ST_##name
#define ROLE_BIT(name) | MX_ROLE_##name
#define SIZE(type, name, shown, title) + sizeof(((struct type *)0)->name)
static_assert((0 OPS(OP_BIT)) == (2 << MX_OP_MAX) - 2, "operations");
static_assert((0 STATUSES(STATUS_BIT)) == (2 << MX_ST_MAX) - 1, "statuses");
static_assert((0 ROLES(ROLE_BIT)) == MX_ROLE_KNOWN, "roles");
static_assert((0 MX_REQ_FIELDS(SIZE)) == sizeof(struct mx_req), "mx_req");
static_assert((0 MX_REP_FIELDS(SIZE)) == sizeof(struct mx_rep), "mx_rep");
static_assert((0 MX_ADVERT_FIELDS(SIZE)) == sizeof(struct mx_advert),
	      "mx_advert");

static void print_rule(const char *name, const struct rmp_rule *rule)
{
	const char *comma = "";

	printf("rule %s %d ", name, rule->flags);
#define NEED(n) \
	if (rule->need & RMP_N_##n) { \
		printf("%s" #n, comma); \
		comma = ","; \
	}
	NEEDS(NEED)
#undef NEED
#define NEED_BIT(n) | RMP_N_##n
	if (rule->need & ~(0 NEEDS(NEED_BIT)))
		printf("%sUNKNOWN", comma);
	printf("%s\n", rule->need ? "" : "-");
}

static void print_frames(void)
{
#define CONST(name) printf("const %s %llu\n", #name, (unsigned long long)name);
	CONSTANTS(CONST)
#define TYPE(name) printf("type %s %d\n", #name, RMP_T_##name);
	RMP_TYPES(TYPE)
#define FLAG(name) printf("flag %s %d\n", #name, RMP_F_##name);
	RMP_FLAGS(FLAG)
#define RULE(name) print_rule(#name, &rmp_rules[RMP_T_##name]);
	RMP_TYPES(RULE)
#define HDR_FIELD(name, at, size, shown, title) \
	printf("field rmp_hdr %s %d %d %s %s\n", #name, at, size, #shown, title);
	RMP_HDR_FIELDS(HDR_FIELD)
}

static void print_memory(void)
{
#define FIELD(type, name, shown, title) \
	printf("field %s %s %zu %zu %s %s\n", #type, #name, \
	       offsetof(struct type, name), sizeof(((struct type *)0)->name), \
	       #shown, title);
	MX_REQ_FIELDS(FIELD)
	MX_REP_FIELDS(FIELD)
	MX_ADVERT_FIELDS(FIELD)
#define OP(name) printf("value op %s %d\n", #name, MX_OP_##name);
	OPS(OP)
#define STATUS(name) printf("value status %s %d\n", #name, MX_ST_##name);
	STATUSES(STATUS)
#define ROLE(name) printf("value role %s %d\n", #name, MX_ROLE_##name);
	ROLES(ROLE)
#define OP_FLAG(name) printf("value op_flag %s %d\n", #name, MX_F_##name);
	OP_FLAGS(OP_FLAG)
}

int main(void)
{
	print_frames();
	print_memory();
	return 0;
}

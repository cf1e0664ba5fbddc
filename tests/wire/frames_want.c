// SPDX-License-Identifier: GPL-2.0
/*
 * Writes down what the dissector is to show of each frame: a line of column
 * names, then a line a frame, with tabs between. "*" stands for anything, "+"
 * for anything but nothing. Values are read through the structs and the
 * engine's own functions.
 */
#include <stdarg.h>
#include "engine/rmp_out.h"
#include "frames.h"

#define COLUMN(name, at, size, shown, title) "rmap." #name,

static const char * const columns[] = {
	RMP_HDR_FIELDS(COLUMN)
	"rmap.open", "rmap.birth", "rmap.features", "rmap.proven",
	"rmap.flags.sum", "rmap.flags.want_ack", "rmap.flags.reply", "rmap.flags.pending",
	"rmap.flags.keyed", "rmap.flags.void", "rmap.handshake", "rmap.malformed",
	"rmap.tag.status", "rmap.host", "rmap.fragments", "rmap.missing",
	"rmap.lowest", "rmap.padding", "rmap.request_in", "rmap.response_in",
	"rmap.repeat_of", "rmap.time", "memx.req.op", "memx.req.flags",
	"memx.req.npages", "memx.req.gen", "memx.req.page", "memx.req.arg",
	"memx.req.arg2", "memx.rep.status", "memx.rep.op", "memx.rep.load",
	"memx.rep.mask", "memx.rep.free", "memx.rep.vol_pages", "memx.rep.arg",
	"memx.advert.roles", "memx.advert.load",
	"memx.advert.capacity", "memx.advert.free", "memx.advert.used",
	"memx.volume_name", "_ws.col.Info",
};

static char row[ARRAY_SIZE(columns)][200];

static u32 column_no(const char *column)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(columns); i++)
		if (!strcmp(columns[i], column))
			return i;
	fprintf(stderr, "frames_want.c: no column %s\n", column);
	exit(1);
}

__attribute__((format(printf, 2, 3)))
static void want(const char *column, const char *format, ...)
{
	u32 i = column_no(column);
	va_list args;

	va_start(args, format);
	vsnprintf(row[i], sizeof(row[i]), format, args);
	va_end(args);
}

#define DEC(v) "%llu", (unsigned long long)(v)

static void want_bytes(const char *column, const u8 *bytes, u32 n)
{
	char text[2 * RMP_HS_LEN + 1];
	u32 i;

	for (i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	want(column, "%s", text);
}

static void want_flags(u8 flags)
{
	want("rmap.flags", "0x%02x", flags);
	want("rmap.flags.sum", "%d", !!(flags & RMP_F_SUM));
	want("rmap.flags.want_ack", "%d", !!(flags & RMP_F_WANT_ACK));
	want("rmap.flags.reply", "%d", !!(flags & RMP_F_REPLY));
	want("rmap.flags.pending", "%d", !!(flags & RMP_F_PENDING));
	want("rmap.flags.keyed", "%d", !!(flags & RMP_F_KEYED));
	want("rmap.flags.void", "%d", !!(flags & RMP_F_VOID));
}

static void want_header(const struct rmp_hdr *hdr)
{
	bool opens = hdr->type == RMP_T_HELLO || hdr->type == RMP_T_WELCOME;

	want("rmap.version", DEC(hdr->version));
	want("rmap.type", DEC(hdr->type));
	want_flags(hdr->flags);
	want("rmap.hlen", DEC(hdr->hlen));
	want("rmap.plen", DEC(be16_to_cpu(hdr->plen)));
	want("rmap.back", DEC(be16_to_cpu(hdr->back)));
	want("rmap.node", "0x%016llx", (unsigned long long)be64_to_cpu(hdr->node));
	want("rmap.inc", "0x%08x", be32_to_cpu(hdr->inc));
	want("rmap.peer_inc", "0x%08x", be32_to_cpu(hdr->peer_inc));
	want(opens ? "rmap.open" : "rmap.msg", DEC(be64_to_cpu(hdr->msg)));
	if (opens)
		want("rmap.birth", DEC(be64_to_cpu(hdr->volume)));
	else
		want("rmap.volume", "0x%016llx",
		     (unsigned long long)be64_to_cpu(hdr->volume));
	if (opens)
		want("rmap.features", "0x%08x", be32_to_cpu(hdr->epoch));
	else
		want("rmap.epoch", DEC(be32_to_cpu(hdr->epoch)));
	want("rmap.credit", DEC(be16_to_cpu(hdr->credit)));
	want("rmap.port", DEC(be16_to_cpu(hdr->port)));
	want("rmap.msg_len", DEC(be32_to_cpu(hdr->msg_len)));
	want(opens ? "rmap.proven" : "rmap.frag_size",
	     DEC(be16_to_cpu(hdr->frag_size)));
	want("rmap.frag_no", DEC(be16_to_cpu(hdr->frag_no)));
	want("rmap.stamp", DEC(be32_to_cpu(hdr->stamp)));
	want("rmap.echo", DEC(be32_to_cpu(hdr->echo)));
	want("rmap.nonce", "0x%016llx",
	     (unsigned long long)be64_to_cpu(hdr->nonce));
	want_bytes("rmap.tag", hdr->tag, sizeof(hdr->tag));
}

static void want_ask(const struct frame *f, const struct rmp_info *info)
{
	struct mx_req req;

	memcpy(&req, info->head, sizeof(req));
	want("memx.req.op", DEC(req.op));
	want("memx.req.flags", "0x%02x", req.flags);
	want("memx.req.npages", DEC(be16_to_cpu(req.npages)));
	want("memx.req.gen", DEC(be32_to_cpu(req.gen)));
	want("memx.req.page", DEC(be64_to_cpu(req.page)));
	want("memx.req.arg", DEC(be64_to_cpu(req.arg)));
	want("memx.req.arg2", "0x%016llx",
	     (unsigned long long)be64_to_cpu(req.arg2));
	/* Blindly changed ones have payload that is no name. */
	if (req.op == MX_OP_OPEN && info->plen)
		want("memx.volume_name", f->linked ? "%.*s" : "*", info->plen,
		     (const char *)f->bytes + info->hlen);
}

static void want_answer(const struct rmp_info *info)
{
	struct mx_rep rep;

	memcpy(&rep, info->head, sizeof(rep));
	want("memx.rep.status", DEC(be16_to_cpu(rep.status)));
	want("memx.rep.op", DEC(rep.op));
	want("memx.rep.load", DEC(rep.load));
	want("memx.rep.mask", "0x%08x", be32_to_cpu(rep.mask));
	want("memx.rep.free", DEC(be64_to_cpu(rep.free)));
	want("memx.rep.vol_pages", DEC(be64_to_cpu(rep.vol_pages)));
	want("memx.rep.arg", DEC(be64_to_cpu(rep.arg)));
}

static void want_advert(const struct rmp_info *info)
{
	static const u8 none[RMP_HEAD_LEN];
	struct mx_advert ad;

	memcpy(&ad, info->head, sizeof(ad));
	if (!memcmp(&ad, none, sizeof(ad)))
		return;
	want("memx.advert.roles", "0x%02x", ad.roles);
	want("memx.advert.load", DEC(ad.load));
	want("memx.advert.capacity", DEC(be64_to_cpu(ad.capacity)));
	want("memx.advert.free", DEC(be64_to_cpu(ad.free)));
	want("memx.advert.used", DEC(be64_to_cpu(ad.used)));
}

/* Runs of fragments that are not in the bitmap, as "0, 3-7". */
static void want_missing(const struct rmp_info *info, u16 n)
{
	u64 have[RMP_FRAGS_MAX / 64];
	char text[200] = "";
	u16 no, end;

	rmp_bitmap_get(info->head, have);
	for (no = 0; no < n; no = end + 1) {
		for (end = no; end < n && !rmp_bit(have, end); end++)
			;
		if (end == no)
			continue;
		sprintf(text + strlen(text), "%s%d", *text ? ", " : "", no);
		if (end > no + 1)
			sprintf(text + strlen(text), "-%d", end - 1);
	}
	want("rmap.missing", "%s", text);
}

static void want_ack(const struct rmp_info *info)
{
	u64 have[RMP_FRAGS_MAX / 64];
	u16 n = RMP_FRAGS_MAX;

	rmp_bitmap_get(info->head, have);
	if (info->flags & RMP_F_REPLY && !rmp_bitmap_count(have, n))
		return;
	/* The decoder leaves an ACK's length alone. */
	if (info->msg_len <= RMP_MSG_MAX)
		n = rmp_frag_count(info->msg_len, info->frag_size);
	want("rmap.fragments", DEC(n));
	if (!(info->flags & RMP_F_PENDING))
		want_missing(info, n);
}

/* A frame that passes the decoder. */
static void want_content(const struct frame *f, const struct rmp_info *info)
{
	u32 beyond = f->len - info->hlen - info->plen;
	bool message = info->type == RMP_T_REQ || info->type == RMP_T_REP;
	bool nothing = info->type == RMP_T_REP && info->flags & RMP_F_VOID;

	if (info->type == RMP_T_ANNOUNCE && info->plen)
		want("rmap.host", "%.*s", info->plen,
		     (const char *)f->bytes + info->hlen);
	if (info->type == RMP_T_ANNOUNCE || info->type == RMP_T_HELLO ||
	    info->type == RMP_T_WELCOME)
		want_advert(info);
	if (info->type != RMP_T_ANNOUNCE && info->plen && !message)
		want_bytes("rmap.handshake", f->bytes + info->hlen, info->plen);
	if (message)
		want("rmap.fragments", DEC(rmp_frag_count(info->msg_len,
							  info->frag_size)));
	if (nothing)
		;	/* there is no answer in it */
	else if (message && info->port != PORT_MEMORY)
		want_bytes("rmap.head", info->head, RMP_HEAD_LEN);
	else if (info->type == RMP_T_REQ)
		want_ask(f, info);
	else if (info->type == RMP_T_REP)
		want_answer(info);
	if (info->type == RMP_T_ACK)
		want_ack(info);
	if (info->type == RMP_T_REQ ||
	    (info->type == RMP_T_ACK && info->flags & RMP_F_REPLY))
		want("rmap.lowest", DEC(info->msg - info->back));
	if (beyond)
		want("rmap.padding", DEC(beyond));
}

static void want_tag(const struct frame *f)
{
	u8 *copy = calloc(1, FRAME_MAX);

	memcpy(copy, f->bytes, f->len);
	frame_seal(copy);
	want("rmap.tag.status",
	     memcmp(copy, f->bytes, RMP_HDR_LEN) ? "bad" : "good");
	free(copy);
}

static void want_number(const char *column, bool linked, u32 number)
{
	if (!linked)
		want(column, "*");
	else if (number)
		want(column, "%u", number);
}

static void want_links(const struct frame *f)
{
	want_number("rmap.request_in", f->linked, f->first);
	want_number("rmap.response_in", f->linked, f->whole);
	want_number("rmap.repeat_of", f->linked, f->again);
	if (f->took)
		want("rmap.time", "0.%09u", (u32)f->took);
	else if (!f->linked)
		want("rmap.time", "*");
	want("_ws.col.Info", "%s", f->info ? f->info : "*");
}

static void want_row(const struct frame *f)
{
	const struct rmp_hdr *hdr = (const struct rmp_hdr *)f->bytes;
	struct rmp_info info;
	int err = rmp_decode(f->bytes, f->len, &info);

	memset(row, 0, sizeof(row));
	want_links(f);
	if (err)
		want("rmap.malformed", "%s", f->bad ? f->bad : "+");
	if (err == -EPROTONOSUPPORT)
		want("rmap.version", DEC(hdr->version));
	if (err == -EPROTONOSUPPORT || f->len < RMP_HDR_LEN)
		return;
	want_header(hdr);
	if (err) {
		want_bytes("rmap.head", hdr->head, sizeof(hdr->head));
		return;
	}
	if (!(hdr->flags & RMP_F_KEYED))
		want_tag(f);
	want_content(f, &info);
}

void want_write(FILE *out)
{
	u32 i, k;

	for (k = 0; k < ARRAY_SIZE(columns); k++)
		fprintf(out, "%s%s", k ? "\t" : "", columns[k]);
	fprintf(out, "\n");
	for (i = 1; i <= nframes; i++) {
		want_row(&frames[i]);
		for (k = 0; k < ARRAY_SIZE(columns); k++)
			fprintf(out, "%s%s", k ? "\t" : "", row[k]);
		fprintf(out, "\n");
	}
}

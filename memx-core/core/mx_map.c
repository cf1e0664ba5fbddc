// SPDX-License-Identifier: GPL-2.0
/*
 * The chunk map: changes of a chunk carried over to the volume, and the map as
 * text.
 */
#include <linux/slab.h>
#include "mx_map.h"
#include "mx_members.h"
#include "mx_trace.h"
#include "engine/mx_maptext.h"
#include "engine/mx_span.h"

void mx_map_lock(struct mx_vchunk *ck, struct mx_snap *snap)
	__acquires(&ck->lock)
{
	spin_lock_bh(&ck->lock);
	snap->nhave = ck->c.nhave;
	snap->nlost = ck->c.nlost;
	snap->server = ck->c.server;
	snap->state = ck->c.state;
	snap->held = ck->c.held;
}

/* Servers lose chunks and are back with them without any operation's doing. */
static void count_moves(struct mx_volume *vol, const struct mx_chunk *c,
			const struct mx_snap *snap)
{
	bool released = snap->state == MX_CHUNK_RELEASING &&
			c->nlost == snap->nlost;

	if (c->server == MX_NO_SERVER)
		mx_vstat_inc(vol, released ? MX_VS_RELEASED : MX_VS_LOSSES);
	else if (snap->state == MX_CHUNK_LOST || snap->state == MX_CHUNK_HOLE)
		mx_vstat_inc(vol, MX_VS_REGAINED);
	else
		mx_vstat_inc(vol, MX_VS_PLACED);
}

static void server_changed(struct mx_volume *vol, struct mx_vchunk *ck, u8 old)
{
	unsigned long index = ck - vol->cks;
	bool placed = ck->c.server != MX_NO_SERVER;

	if (old != MX_NO_SERVER) {
		atomic_dec(&vol->srv[old]->chunks);
		atomic_dec(&vol->placed);
	}
	if (placed) {
		atomic_inc(&vol->srv[ck->c.server]->chunks);
		atomic_inc(&vol->placed);
	}
	xa_lock_bh(&vol->map);
	if (placed)
		__xa_set_mark(&vol->map, index, MX_MARK_PLACED);
	else
		__xa_clear_mark(&vol->map, index, MX_MARK_PLACED);
	xa_unlock_bh(&vol->map);
	atomic64_inc(&vol->map_gen);
	trace_mx_chunk_moved(vol, index, old == MX_NO_SERVER ? -1 : old,
			     placed ? ck->c.server : -1);
}

/* A chunk that is being placed counts from when a server was picked. */
static void count_room(struct mx_volume *vol, struct mx_vchunk *ck)
{
	bool takes = ck->c.server != MX_NO_SERVER ||
		     (ck->c.state == MX_CHUNK_PLACING && ck->counted);

	if (takes == ck->counted)
		return;
	ck->counted = takes;
	if (takes) {
		atomic_inc(&vol->claim->book.taken);
		return;
	}
	atomic_dec(&vol->claim->book.taken);
	clear_bit(MX_VF_LIMITED, &vol->flags);
}

void mx_map_unlock(struct mx_volume *vol, struct mx_vchunk *ck,
		   const struct mx_snap *snap)
	__releases(&ck->lock)
{
	const struct mx_chunk *c = &ck->c;
	bool changed = c->server != snap->server;

	lockdep_assert_held(&ck->lock);
	count_room(vol, ck);
	if (changed) {
		count_moves(vol, c, snap);
		server_changed(vol, ck, snap->server);
	}
	if (c->nhave != snap->nhave) {
		atomic64_add((s64)c->nhave - snap->nhave, &vol->used);
		changed = true;
	}
	if (!c->nhave && (snap->nhave || (snap->held && !c->held)))
		set_bit(MX_VF_SPARE, &vol->flags);
	if (c->nlost != snap->nlost) {
		atomic64_add((s64)c->nlost - snap->nlost, &vol->lost);
		changed = true;
	}
	spin_unlock_bh(&ck->lock);
	if (changed)
		mx_volume_changed(vol);
}

int mx_map_server(struct mx_volume *vol, u32 chunk)
{
	u8 server = READ_ONCE(vol->cks[chunk].c.server);

	return server == MX_NO_SERVER ? -1 : server;
}

enum mx_vol_state mx_volume_state(struct mx_volume *vol)
{
	int i;

	if (mx_claim_fenced(vol))
		return MX_VOL_FENCED;
	if (atomic64_read(&vol->lost))
		return MX_VOL_LOST;
	for (i = 0; i < MX_MEMBERS; i++) {
		struct mx_vsrv *s = READ_ONCE(vol->srv[i]);

		if (s && atomic_read(&s->chunks) && !mx_member_alive(i))
			return MX_VOL_STALLED;
	}
	return MX_VOL_OK;
}

const char *mx_vol_state_name(enum mx_vol_state state)
{
	switch (state) {
	case MX_VOL_OK:
		return "ok";
	case MX_VOL_STALLED:
		return "stalled";
	case MX_VOL_LOST:
		return "lost";
	case MX_VOL_FENCED:
		return "fenced";
	}
	return "unknown";
}
MX_EXPORT_SYMBOL(mx_vol_state_name);

void mx_volume_info(struct mx_volume *vol, struct mx_vol_info *info)
{
	memset(info, 0, sizeof(*info));
	info->id = vol->id;
	strscpy(info->name, vol->name, sizeof(info->name));
	info->bytes = READ_ONCE(vol->bytes);
	info->grow = vol->pages << MX_PAGE_SHIFT;
	info->epoch = vol->epoch;
	info->state = mx_volume_state(vol);
	info->chunk_shift = vol->shift;
	info->discard_max = mx_span_max(vol->shift);
	info->chunks = vol->nchunks;
	info->placed = atomic_read(&vol->placed);
	info->used_pages = atomic64_read(&vol->used);
	info->key_check = vol->sealed ? vol->seal.check : 0;
	info->map_gen = atomic64_read(&vol->map_gen);
}
MX_EXPORT_SYMBOL(mx_volume_info);

/**
 * struct lettering - servers of a map and their letters
 * @vol:   volume
 * @index: letter number by index in the server table, -1: none yet
 * @order: index in the server table by letter number
 * @n:     letters given out
 */
struct lettering {
	struct mx_volume *vol;
	s8	index[MX_MEMBERS];
	u8	order[MX_MEMBERS];
	int	n;
};

static int letter_of(void *ctx, u32 chunk)
{
	struct lettering *l = ctx;
	int server = mx_map_server(l->vol, chunk);

	if (server < 0)
		return -1;
	if (l->index[server] < 0) {
		l->index[server] = l->n;
		l->order[l->n++] = server;
	}
	return l->index[server];
}

enum { SERVERS_TEXT = 2048 };

static int servers_text(const struct lettering *l, char *servers)
{
	int i, at = 0;

	servers[0] = '\0';
	for (i = 0; i < l->n; i++) {
		struct mx_vsrv *s = l->vol->srv[l->order[i]];

		at += scnprintf(servers + at, SERVERS_TEXT - at, "%s%c=%llx:%x",
				i ? "," : "", i < 26 ? 'A' + i : 'a' + i - 26,
				rmp_node_id(s->node),
				READ_ONCE(l->vol->life[s->idx].inc));
		if (at >= SERVERS_TEXT - 1)
			return -E2BIG;
	}
	return 0;
}

int mx_volume_map_text(struct mx_volume *vol, char *servers, char *buf,
		       size_t size, u64 *gen)
{
	struct lettering *l;
	int len, err;

	l = kmalloc(sizeof(*l), GFP_KERNEL);
	if (!l)
		return -ENOMEM;
	l->vol = vol;
	l->n = 0;
	memset(l->index, -1, sizeof(l->index));
	/* A change after this makes another gen: the text is made again. */
	*gen = atomic64_read(&vol->map_gen);
	len = mx_maptext_encode(letter_of, l, vol->nchunks, buf, size);
	if (len >= 0) {
		err = servers_text(l, servers);
		if (err)
			len = err;
	} else if (len == -ERANGE) {
		len = -E2BIG;
	}
	kfree(l);
	return len;
}
MX_EXPORT_SYMBOL(mx_volume_map_text);

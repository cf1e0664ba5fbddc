// SPDX-License-Identifier: GPL-2.0
/*
 * Whether a volume can be as it is wanted, and why not.
 */
#include <linux/mm.h>
#include "mx_compat_nl.h"
#include "mx_keys.h"
#include "mx_members.h"
#include "mx_spec.h"
#include "engine/mx_wire.h"

/*
 * Whether its pages will be sealed. A key's check value belongs to one volume,
 * so it comes with an id; an id without it is that of a plain volume.
 */
static int check_encrypt(struct mx_vol_spec *spec, struct netlink_ext_ack *ack)
{
	struct mx_seal seal;
	int err;

	if (spec->key_check && !spec->id) {
		NL_SET_ERR_MSG(ack, "a key's check value is of no use without the volume's id");
		return -EINVAL;
	}
	if (spec->key_check && spec->encrypt == MX_CHOICE_NO) {
		NL_SET_ERR_MSG(ack, "the volume was made encrypted and cannot be used without encryption");
		return -EINVAL;
	}
	if (spec->id && !spec->key_check && spec->encrypt == MX_CHOICE_YES) {
		NL_SET_ERR_MSG(ack, "the volume was made without encryption and cannot be used with it");
		return -EINVAL;
	}
	if (spec->key_check || (spec->encrypt == MX_CHOICE_OPEN &&
				!spec->id && mx_keys_loaded()))
		spec->encrypt = MX_CHOICE_YES;
	if (spec->encrypt != MX_CHOICE_YES)
		return 0;
	err = mx_keys_seal(spec->id, spec->key_check, &seal, ack);
	mx_wipe(&seal, sizeof(seal));
	return err;
}

static int check_size(struct mx_vol_spec *spec, struct netlink_ext_ack *ack)
{
	int shift;

	if (!spec->bytes || spec->bytes & (MX_PAGE_SIZE - 1)) {
		NL_SET_ERR_MSG(ack, "the size must be a multiple of 4 KiB");
		return -EINVAL;
	}
	if (!spec->grow)
		spec->grow = spec->bytes;
	if (spec->grow < spec->bytes || spec->grow & (MX_PAGE_SIZE - 1)) {
		NL_SET_ERR_MSG(ack, "the size to grow to must be a multiple of 4 KiB, and not less than the size");
		return -EINVAL;
	}
	shift = mx_chunk_shift(spec->grow >> MX_PAGE_SHIFT);
	if (shift < 0) {
		NL_SET_ERR_MSG(ack, "the size is more than 16 TiB");
		return -EFBIG;
	}
	if (spec->shift && (spec->shift < shift ||
			    spec->shift > MX_CHUNK_SHIFT_MAX)) {
		mx_extack_fmt(ack, "a volume of this size needs chunks of %u KiB to 1 GiB",
			      1U << (shift + 2));
		return -EINVAL;
	}
	spec->shift = max_t(int, shift, spec->shift);
	return 0;
}

int mx_spec_room(const struct mx_vol_spec *spec, struct netlink_ext_ack *ack)
{
	u64 need = spec->bytes >> MX_PAGE_SHIFT;
	unsigned int alive;
	u64 room;

	room = mx_members_room(&alive);
	if (spec->encrypt == MX_CHOICE_YES)
		need += mx_trailer_pages(need);
	if (room < need && !spec->thin) {
		mx_extack_fmt(ack, "%u memory servers have room for %llu MiB only",
			      alive, room >> (20 - MX_PAGE_SHIFT));
		return -ENOSPC;
	}
	return 0;
}

/* The room of a volume that servers know already is reserved. */
int mx_spec_check(struct mx_vol_spec *spec, struct netlink_ext_ack *ack)
{
	unsigned int alive;
	u64 bitmaps, spare;
	int err;

	if (!mx_name_valid(spec->name, strlen(spec->name))) {
		NL_SET_ERR_MSG(ack, "a volume's name is a letter or digit, then letters, digits, '.', '_' or '-'");
		return -EINVAL;
	}
	err = check_size(spec, ack);
	if (!err && spec->limit && spec->reserve > spec->limit) {
		NL_SET_ERR_MSG(ack, "the reservation is more than the limit");
		err = -EINVAL;
	}
	if (!err)
		err = check_encrypt(spec, ack);
	if (err)
		return err;
	bitmaps = (spec->grow >> MX_PAGE_SHIFT) / 4;
	spare = (u64)si_mem_available() << PAGE_SHIFT;
	if (bitmaps > spare / 2) {
		NL_SET_ERR_MSG(ack, "not enough memory on this host for the volume's map");
		return -ENOMEM;
	}
	mx_members_room(&alive);
	if (!alive) {
		NL_SET_ERR_MSG(ack, "no memory server is known");
		return -ENOTCONN;
	}
	return spec->id ? 0 : mx_spec_room(spec, ack);
}

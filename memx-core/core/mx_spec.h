/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is wanted of a new volume, and whether it can be.
 */
#ifndef MX_SPEC_H
#define MX_SPEC_H

#include <linux/types.h>

struct netlink_ext_ack;

/**
 * enum mx_choice - an option that may be left open
 * @MX_CHOICE_OPEN: nothing was said
 * @MX_CHOICE_NO:   it was refused
 * @MX_CHOICE_YES:  it was asked for
 */
enum mx_choice {
	MX_CHOICE_OPEN,
	MX_CHOICE_NO,
	MX_CHOICE_YES,
};

/**
 * struct mx_vol_spec - a volume to be made
 *
 * uapi/options.def names the fields. A field's type follows from its option's:
 * bytes and hex64: u64; chunk and choice: u8; number: u32; flag: bool.
 *
 * @name:  valid name
 * @bytes: size, multiple of MX_PAGE_SIZE
 * @grow:  size that it may be given later, multiple of MX_PAGE_SIZE, 0: @bytes
 * @id:    0: draw one
 * @shift: log2 of pages per chunk, 0: choose
 * @weight: share among the volumes of this host, 1 ... RMP_WEIGHT_MAX, 0: 1
 * @reserve: bytes that servers are to keep room for, 0: nothing was said
 * @limit: bytes that its chunks may take on servers, 0: any number
 * @thin:  may be larger than what the servers can promise
 * @encrypt: enum mx_choice; open: if a client key is loaded
 * @key_check: mx_seal.check as recorded of the volume with this @id, 0: none
 */
struct mx_vol_spec {
	const char *name;
	u64	bytes;
	u64	grow;
	u64	id;
	u8	shift;
	u32	weight;
	u64	reserve;
	u64	limit;
	bool	thin;
	u8	encrypt;
	u64	key_check;
};

/** mx_spec_check() - fill in what the caller left open. Return: 0, or an error
 * with @ack: it cannot be
 */
int mx_spec_check(struct mx_vol_spec *spec, struct netlink_ext_ack *ack);
/** mx_spec_room() - can the servers promise all of it? Return: 0 or -ENOSPC */
int mx_spec_room(const struct mx_vol_spec *spec, struct netlink_ext_ack *ack);

#endif /* MX_SPEC_H */

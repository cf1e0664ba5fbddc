/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is wanted of a new volume, and whether it can be.
 */
#ifndef MX_SPEC_H
#define MX_SPEC_H

#include <linux/types.h>

struct netlink_ext_ack;

enum mx_vol_encrypt {
	MX_ENCRYPT_IF_KEY,	/* if a client key is loaded */
	MX_ENCRYPT_NO,
	MX_ENCRYPT_YES,
};

/**
 * struct mx_vol_spec - a volume to be made
 * @name:  valid name
 * @bytes: size, multiple of MX_PAGE_SIZE
 * @id:    0: draw one
 * @shift: log2 of pages per chunk, 0: choose
 * @weight: share among the volumes of this host, 1 ... RMP_WEIGHT_MAX, 0: 1
 * @thin:  may be larger than what the servers can promise
 * @encrypt: enum mx_vol_encrypt
 * @key_check: mx_seal.check as recorded of the volume with this @id, 0: none
 */
struct mx_vol_spec {
	const char *name;
	u64	bytes;
	u64	id;
	u8	shift;
	u16	weight;
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

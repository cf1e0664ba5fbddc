/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Client keys, which volumes are sealed with. All functions may sleep.
 */
#ifndef MX_KEYS_H
#define MX_KEYS_H

#include <linux/types.h>
#include "engine/mx_seal.h"

struct netlink_ext_ack;

int mx_keys_add(const u8 *key, struct netlink_ext_ack *ack);
/** mx_keys_drop() - @id: of the key, 0: the oldest */
int mx_keys_drop(u64 id, struct netlink_ext_ack *ack);
/** mx_keys_list() - @ids: result, MX_CLIENT_KEYS places. Return: how many */
unsigned int mx_keys_list(u64 *ids);
/** mx_keys_loaded() - is there any? */
bool mx_keys_loaded(void);
/** mx_keys_seal() - see mx_client_keys_seal() */
int mx_keys_seal(u64 volume, u64 check, struct mx_seal *seal,
		 struct netlink_ext_ack *ack);
void mx_keys_exit(void);

#endif /* MX_KEYS_H */

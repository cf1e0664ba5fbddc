/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The node's cluster keys.
 */
#ifndef RMP_CLUSTER_KEY_H
#define RMP_CLUSTER_KEY_H

#include <linux/types.h>
#include "engine/rmp_auth.h"

struct netlink_ext_ack;
struct rmp_ctx;

void rmp_cluster_key_init(void);
void rmp_cluster_key_exit(void);
const struct rmp_keyring *rmp_cluster_key(void);
u8 rmp_cluster_keys(void);
u32 rmp_cluster_key_src(const u8 *mac);
int rmp_cluster_key_tx(struct rmp_ctx *ctx, struct rmp_hdr *hdr, struct rmp_seal *seal,
		       struct rmp_hs *hs);
int rmp_cluster_key_tx_group(u8 which, struct rmp_hdr *hdr, struct rmp_seal *seal);
int rmp_cluster_key_good(struct rmp_ctx *ctx, const struct rmp_auth_in *in);
u8 rmp_cluster_key_which(const u8 *hint);
int rmp_cluster_key_add(const u8 *key, struct netlink_ext_ack *extack);
int rmp_cluster_key_drop(u64 name, struct netlink_ext_ack *extack);
bool rmp_cluster_key_hint(int i, u64 *name);
int rmp_cluster_key_id(void);

#endif /* RMP_CLUSTER_KEY_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The size of frames towards a peer.
 */
#ifndef RMP_PATH_H
#define RMP_PATH_H

#include "rmp_run.h"

void rmp_path_init(struct rmp_session *ses, u32 mtu, u64 raise_ns);
u16 rmp_path_hello_size(const struct rmp_peer *p);
u8 rmp_path_raise_tries(const struct rmp_peer *p);
void rmp_path_set(struct rmp_run *r, u16 size);
void rmp_path_told(struct rmp_run *r, const struct rmp_info *info);
void rmp_path_hint(struct rmp_run *r);
void rmp_path_raise(struct rmp_run *r);
void rmp_path_renew(struct rmp_run *r);
void rmp_path_interface(struct rmp_run *r, u16 size);
/* A message is being sent, in an open session: a larger size may be due. */
static inline void rmp_path_traffic(struct rmp_run *r)
{
	if (r->now >= r->p->ses.raise_ns)
		rmp_path_raise(r);
}

#endif /* RMP_PATH_H */

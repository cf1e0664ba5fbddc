/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Looks at a domain in xenstore and puts right what stands there.
 */
#ifndef MX_D0_LOOK_H
#define MX_D0_LOOK_H

#include "d0_plan.h"
#include "d0_store.h"

/**
 * d0_domain_read() - all that is known of a domain and its disks of MemX
 * @domain: to be ended by d0_domain_clear(), whatever is returned
 *
 * What toolstack and dom0 have written is believed, a backend only about its own
 * disks that the toolstack knows of. In a transaction or not.
 * Return: 0, -ENOENT when there is no such domain, or another error.
 */
int d0_domain_read(struct d0_store *store, unsigned int domid, struct d0_domain *domain);
void d0_domain_clear(struct d0_domain *domain);

/** d0_domain_matters() - whether there is anything to be said of it, after d0_domain_read() */
bool d0_domain_matters(const struct d0_domain *domain);

/**
 * d0_domains() - numbers of all domains that the toolstack knows
 * @domids: result, to be freed
 */
int d0_domains(struct d0_store *store, unsigned int **domids, unsigned int *n);

/**
 * d0_look() - read a domain, decide, and write what has to be, in one transaction
 * @secure: set the rights of its node as well
 * @domain: what was found; to be ended by d0_domain_clear(), whatever is returned
 *
 * Return: 0, -ENOENT when there is no such domain, -EAGAIN when others were
 * faster several times, or another error. Then nothing was written.
 */
int d0_look(struct d0_store *store, unsigned int domid, bool secure,
	    struct d0_domain *domain);

/**
 * d0_set() - write figures of a domain, unless they make no sense
 * @text:  of each figure; NULL: leave it, empty: take it away
 * @after: what it comes to, with the reason in @why if it was refused; to be ended
 *         by d0_domain_clear(), whatever is returned
 *
 * Return: 0, -EINVAL when refused, -ENODEV when the domain has no disk of MemX, or as
 * d0_look().
 */
int d0_set(struct d0_store *store, unsigned int domid, const char *const *text,
	   struct d0_domain *after);

#endif /* MX_D0_LOOK_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keys in xenstore, relative to a domain's node, /local/domain/<domid>.
 * Made by gen-keys.sh from domain-keys.def; do not edit.
 */
#ifndef MX_XS_DOMAIN_H
#define MX_XS_DOMAIN_H

#define MX_XD_DIR "memx"
#define MX_XD_RESERVATION "memx/reservation"
#define MX_XD_RESERVATION_MAX 63
#define MX_XD_LIMIT "memx/limit"
#define MX_XD_LIMIT_MAX 63
#define MX_XD_WEIGHT "memx/weight"
#define MX_XD_WEIGHT_MAX 63
#define MX_XD_TARGET_RESERVATION "memx/target-reservation"
#define MX_XD_TARGET_RESERVATION_MAX 20
#define MX_XD_TARGET_LIMIT "memx/target-limit"
#define MX_XD_TARGET_LIMIT_MAX 20
#define MX_XD_TARGET_WEIGHT "memx/target-weight"
#define MX_XD_TARGET_WEIGHT_MAX 2
#define MX_XD_ASKED "memx/asked"
#define MX_XD_ASKED_MAX 20
#define MX_XD_GRANTED "memx/granted"
#define MX_XD_GRANTED_MAX 20
#define MX_XD_USED "memx/used"
#define MX_XD_USED_MAX 20
#define MX_XD_STATE "memx/state"
#define MX_XD_STATE_MAX 8
#define MX_XD_STATE_NONE "none"
#define MX_XD_STATE_ASKING "asking"
#define MX_XD_STATE_GRANTED "granted"
#define MX_XD_STATE_REFUSED "refused"
#define MX_XD_STATE_DEGRADED "degraded"
#define MX_XD_ERROR "memx/error"
#define MX_XD_ERROR_MAX 383

#endif /* MX_XS_DOMAIN_H */

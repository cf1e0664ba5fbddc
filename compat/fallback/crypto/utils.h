/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Found only on kernels before 6.4, where crypto_memneq() is declared in
 * algapi.h.
 */
#include <crypto/algapi.h>

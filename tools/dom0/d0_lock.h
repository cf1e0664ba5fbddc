/* SPDX-License-Identifier: GPL-2.0 */
/*
 * There is one service on a host: it holds a lock, by which others see that it runs.
 */
#ifndef MX_D0_LOCK_H
#define MX_D0_LOCK_H

/**
 * d0_lock_take() - be the one
 *
 * Return: a descriptor that holds the lock as long as it is open, -EWOULDBLOCK when
 * another one runs, or another error.
 */
int d0_lock_take(void);

/** d0_lock_sign() - write this process's number into the lock's file */
int d0_lock_sign(int fd);

/** d0_lock_held() - whether the service runs: 1, 0, or an error if that cannot be told */
int d0_lock_held(void);

#endif /* MX_D0_LOCK_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files that hold one key: a line of hexadecimal digits that only its owner
 * may read.
 */
#ifndef MX_KEYFILE_H
#define MX_KEYFILE_H

enum { KEYFILE_KEY = 32 /* bytes */ };

/**
 * keyfile_read() - take the key out of a file
 * @path: a file of the caller's or of root's, itself no link, that neither its
 *        group nor others may use in any way
 * @key:  result; the caller wipes it
 *
 * Return: 0, or a negative error after a message.
 */
int keyfile_read(const char *path, unsigned char key[KEYFILE_KEY]);

/**
 * keyfile_create() - write a key to a file that is not there yet
 *
 * Return: 0, or a negative error after a message; then no file is left behind.
 */
int keyfile_create(const char *path, const unsigned char key[KEYFILE_KEY]);

#endif /* MX_KEYFILE_H */

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The chunk map as text, small enough for xenstore: run-length coded, one
 * letter per server.
 *
 * Grammar:  map  = *( run )          chunks in order, from chunk 0
 *           run  = who [ count ]     count: decimal, at least 2; absent: 1
 *           who  = "-"               no server (reads as zeros)
 *                | A-Z a-z           server 0-51 in the servers' list
 * A trailing run of "-" is left out: chunks past the end have no server.
 * Worst case one byte a chunk: 16,384 chunks fit 9 nodes of 1,900 bytes.
 */
#ifndef MX_MAPTEXT_H
#define MX_MAPTEXT_H

#include "mx_port.h"

enum {
	MX_MAP_SERVERS	  = 52,
	MX_MAP_NODE_BYTES = 1900,	/* bytes in one xenstore node */
	MX_MAP_NODES	  = 16,
};

/**
 * mx_maptext_encode() - write a map
 * @who:    returns the server index of a chunk, or -1
 * @ctx:    for @who
 * @chunks: number of chunks
 * @buf:    result, NUL-terminated
 * @size:   of @buf
 *
 * Return: bytes written without the NUL, or -E2BIG, or -ERANGE for an index
 * that has no letter.
 */
int mx_maptext_encode(int (*who)(void *ctx, u32 chunk), void *ctx, u32 chunks,
		      char *buf, size_t size);

/**
 * mx_maptext_decode() - read a map
 * @text:   map text
 * @len:    its bytes
 * @chunks: the volume's number of chunks; more in the text is an error
 * @run:    called for each run with a server; non-zero ends with that value
 *
 * Return: 0, -EBADMSG, or what @run returned.
 */
int mx_maptext_decode(const char *text, size_t len, u32 chunks,
		      int (*run)(void *ctx, u32 first, u32 count, int server),
		      void *ctx);

#endif /* MX_MAPTEXT_H */

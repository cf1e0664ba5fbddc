/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sealed pages: encrypted and authenticated for one volume and one place in it,
 * so that who stores them can neither read nor change them, nor pass one off as
 * another. docs/volume-encryption.md says what this gives and what it does not.
 *
 * Sans-IO; an object is constant once made, so any number of calls may use it
 * at the same time.
 */
#ifndef MX_SEAL_H
#define MX_SEAL_H

#include "mx_crypto.h"
#include "mx_wire.h"

enum mx_seal_limits {
	MX_SEAL_RANDOM	= MX_TRAILER_LEN - MX_TAG_LEN,	/* bytes of the nonce */
	MX_CLIENT_KEYS	= 2,	/* loaded at a time: the new and the old one */
};

/**
 * struct mx_seal - what seals and opens the pages of one volume
 * @key:    the volume's, derived from a client key and the volume's id; secret
 * @volume: its id
 * @check:  tells keys of one volume apart; public, never 0
 */
struct mx_seal {
	u8	key[MX_KEY_LEN];
	u64	volume;
	u64	check;
};

/**
 * struct mx_client_keys - client keys, the newest first
 * @n:   how many there are
 * @key: the keys; secret
 */
struct mx_client_keys {
	u32	n;
	u8	key[MX_CLIENT_KEYS][MX_KEY_LEN];
};

/** mx_seal_init() - derive a volume's key from a client key */
void mx_seal_init(struct mx_seal *seal, const u8 *client_key, u64 volume);

/**
 * mx_seal_page() - seal a page in place
 * @page:    its number in the volume
 * @random:  MX_SEAL_RANDOM bytes, drawn for this page and time only
 * @text:    MX_PAGE_SIZE bytes
 * @trailer: result: MX_TRAILER_LEN bytes
 */
void mx_seal_page(const struct mx_seal *seal, u64 page, const u8 *random,
		  u8 *text, u8 *trailer);

/**
 * mx_seal_open() - open a page in place
 *
 * Return: false, with @text untouched, if this is not what was sealed as that
 * page of that volume with that key.
 */
bool mx_seal_open(const struct mx_seal *seal, u64 page, const u8 *trailer,
		  u8 *text);

/** mx_client_key_id() - a name for a client key that does not tell it, not 0 */
u64 mx_client_key_id(const u8 *key);

/** mx_client_keys_add() - Return: 0, -EEXIST (it is there), -ENOSPC (full) */
int mx_client_keys_add(struct mx_client_keys *keys, const u8 *key);

/**
 * mx_client_keys_drop() - forget a key
 * @id: of the key; 0: the oldest
 *
 * Return: 0 or -ENOENT.
 */
int mx_client_keys_drop(struct mx_client_keys *keys, u64 id);

/**
 * mx_client_keys_seal() - a volume's seal by the key that it needs
 * @check: what was recorded when the volume was made; 0: it is new, and the
 *         newest key is taken
 *
 * Return: 0; -ENOKEY: no key is loaded, or none that gives @check.
 */
int mx_client_keys_seal(const struct mx_client_keys *keys, u64 volume, u64 check,
			struct mx_seal *seal);

#endif /* MX_SEAL_H */

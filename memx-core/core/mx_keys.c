// SPDX-License-Identifier: GPL-2.0
/*
 * The client keys of this host, from which the keys of sealed volumes are
 * derived. A volume keeps its own, so dropping a client key disturbs none.
 */
#include <linux/mutex.h>
#include <linux/random.h>
#include "mx_compat_nl.h"
#include "mx_keys.h"
#include "mx_sealed.h"

static DEFINE_MUTEX(keys_mutex);	/* guards keys */
static struct mx_client_keys keys;

static int add(const u8 *key, struct netlink_ext_ack *ack)
{
	int err = mx_client_keys_add(&keys, key);

	if (err == -EEXIST)
		NL_SET_ERR_MSG(ack, "this client key is loaded already");
	else if (err == -ENOSPC)
		NL_SET_ERR_MSG(ack, "two client keys are loaded; drop the older one first");
	return err;
}

int mx_keys_add(const u8 *key, struct netlink_ext_ack *ack)
{
	int err;

	/* The nonces of sealed pages must be random from the first one on. */
	err = wait_for_random_bytes();
	if (err)
		return err;
	err = mx_sealed_init();
	if (err) {
		NL_SET_ERR_MSG(ack, "not enough memory on this host for encryption");
		return err;
	}
	mutex_lock(&keys_mutex);
	err = add(key, ack);
	mutex_unlock(&keys_mutex);
	return err;
}

int mx_keys_drop(u64 id, struct netlink_ext_ack *ack)
{
	int err;

	mutex_lock(&keys_mutex);
	err = mx_client_keys_drop(&keys, id);
	mutex_unlock(&keys_mutex);
	if (err && id)
		NL_SET_ERR_MSG(ack, "no client key with this id is loaded");
	else if (err)
		NL_SET_ERR_MSG(ack, "no client key is loaded");
	return err;
}

unsigned int mx_keys_list(u64 *ids)
{
	unsigned int i, n;

	mutex_lock(&keys_mutex);
	n = keys.n;
	for (i = 0; i < n; i++)
		ids[i] = mx_client_key_id(keys.key[i]);
	mutex_unlock(&keys_mutex);
	return n;
}

bool mx_keys_loaded(void)
{
	return READ_ONCE(keys.n);
}

int mx_keys_seal(u64 volume, u64 check, struct mx_seal *seal,
		 struct netlink_ext_ack *ack)
{
	bool none;
	int err;

	mutex_lock(&keys_mutex);
	none = !keys.n;
	err = mx_client_keys_seal(&keys, volume, check, seal);
	mutex_unlock(&keys_mutex);
	if (err && none)
		NL_SET_ERR_MSG(ack, "encryption needs a client key, and none is loaded (memxctl key add client FILE)");
	else if (err)
		NL_SET_ERR_MSG(ack, "the volume was encrypted with another client key than those loaded");
	return err;
}

void mx_keys_exit(void)
{
	mx_wipe(&keys, sizeof(keys));
	mx_sealed_exit();
}

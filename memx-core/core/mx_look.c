// SPDX-License-Identifier: GPL-2.0
/*
 * Asks one memory server what it has of a volume, without any claim on it.
 */
#include <linux/completion.h>
#include <linux/slab.h>
#include "mx_compat_nl.h"
#include "mx_look.h"
#include "mx_members.h"

enum { LOOK_WAIT_MS = 2000 };

/**
 * struct looking - a call under way
 * @nc:   the call
 * @ask:  what is asked
 * @done: it has ended
 */
struct looking {
	struct rmp_node_call nc;
	struct mx_ask ask;
	struct completion done;
};

static void call_done(struct rmp_node_call *nc)
{
	complete(&container_of(nc, struct looking, nc)->done);
}

/* A server of the table that may answer. Return: its node, or NULL with @err */
static struct rmp_node *server_node(u64 id, u32 *inc, int *err,
				    struct netlink_ext_ack *ack)
{
	struct mx_member_info info;
	int i;

	*err = -EHOSTDOWN;
	for (i = 0; i < MX_MEMBERS; i++)
		if (mx_members_show(i, &info) && info.m.node == id)
			break;
	if (i == MX_MEMBERS) {
		NL_SET_ERR_MSG(ack, "is not known here");
		return NULL;
	}
	if (info.m.state != MX_MEMBER_ALIVE && info.m.state != MX_MEMBER_SUSPECT) {
		if (info.m.state == MX_MEMBER_GONE)
			NL_SET_ERR_MSG(ack, "has stopped");
		else
			mx_extack_fmt(ack, "is silent, for %u s now", info.silent_ms / 1000);
		return NULL;
	}
	return mx_members_node(i, inc);
}

/* An answer that cannot be had any more is not waited for. */
static int wait(struct rmp_node *node, struct looking *l)
{
	long left = wait_for_completion_killable_timeout(&l->done,
							 msecs_to_jiffies(LOOK_WAIT_MS));

	if (left > 0)
		return 0;
	rmp_cancel(node, &l->nc);
	wait_for_completion(&l->done);
	return left ? -EINTR : 0;
}

static int answer_error(const struct mx_answer *ans, struct netlink_ext_ack *ack)
{
	switch (ans->status) {
	case MX_ST_OK:
		return 0;
	case MX_ST_NOVOL:
		if (ans->arg == MX_LOOK_DROPPED) {
			NL_SET_ERR_MSG(ack, "has dropped the volume without its owner");
			return -EIDRM;
		}
		NL_SET_ERR_MSG(ack, "does not know the volume");
		return -ENOENT;
	case MX_ST_AGAIN:
		NL_SET_ERR_MSG(ack, "is busy; ask again");
		return -EAGAIN;
	case MX_ST_INVAL:
		NL_SET_ERR_MSG(ack, "is of an older version, which cannot be asked");
		return -EOPNOTSUPP;
	}
	NL_SET_ERR_MSG(ack, "gives an answer that makes no sense");
	return -EBADMSG;
}

/* The payload; numbers of chunks rise. Return: 0 or -EBADMSG */
static int payload_read(const struct rmp_asm *reply, const struct mx_ask *ask,
			struct mx_looked *to)
{
	u8 raw[sizeof(struct mx_wire_chunk)];
	u64 least = ask->page;
	u32 at;

	rmp_payload_copy(reply, 0, to->page, MX_PAGE_SIZE);
	if (mx_look_decode(to->page, &to->look, &to->roster))
		return -EBADMSG;
	for (at = MX_PAGE_SIZE; at < reply->len; at += sizeof(raw)) {
		struct mx_listed *l = &to->chunk[to->n++];

		rmp_payload_copy(reply, at, raw, sizeof(raw));
		if (mx_listed_decode(raw, l) || l->index < least || l->index >= to->next)
			return -EBADMSG;
		least = l->index + 1ULL;
	}
	/* Who goes on without telling much would be asked for ever. */
	return to->next != MX_LIST_END && to->n < MX_PAGE_SIZE / sizeof(raw) ?
	       -EBADMSG : 0;
}

static int answer_read(struct looking *l, struct mx_looked *to,
		       struct netlink_ext_ack *ack)
{
	struct rmp_call *c = &l->nc.call;
	struct mx_answer ans = {};
	int err = c->status;

	if (err) {
		NL_SET_ERR_MSG(ack, "does not answer");
		return -ETIMEDOUT;
	}
	err = mx_answer_decode(c->rhead, c->reply.len, &l->ask, &ans);
	if (!err && ans.status == MX_ST_OK) {
		to->next = ans.arg;
		err = payload_read(&c->reply, &l->ask, to);
	}
	rmp_payload_free(&c->reply);
	if (err) {
		NL_SET_ERR_MSG(ack, "gives an answer that makes no sense");
		return -EBADMSG;
	}
	return answer_error(&ans, ack);
}

int mx_look(u64 id, u64 volume, u32 first, struct mx_looked *to,
	    struct netlink_ext_ack *ack)
{
	struct looking *l = kzalloc(sizeof(*l), GFP_KERNEL);
	struct rmp_node *node;
	int err;

	if (!l)
		return -ENOMEM;
	node = server_node(id, &to->inc, &err, ack);
	if (!node)
		goto out;
	to->n = 0;
	l->ask = (struct mx_ask) {
		.op = MX_OP_LOOK, .npages = MX_LOOK_PAGES, .page = first,
	};
	init_completion(&l->done);
	mx_ask_encode(&l->ask, l->nc.call.head);
	l->nc.call.volume = volume;
	l->nc.call.port = RMP_PORT_MEMORY;
	l->nc.call.max_reply = (1 + MX_LOOK_PAGES) * MX_PAGE_SIZE;
	l->nc.done = call_done;
	rmp_call(node, &l->nc);
	err = wait(node, l);
	if (!err)
		err = answer_read(l, to, ack);
	else if (!l->nc.call.status)
		rmp_payload_free(&l->nc.call.reply);
	rmp_node_put(node);
out:
	kfree(l);
	return err;
}

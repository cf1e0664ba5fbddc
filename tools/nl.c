// SPDX-License-Identifier: GPL-2.0
/*
 * Requests to MemX's generic netlink families.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "memx_nl.h"
#include "module.h"
#include "nl.h"
#include "rmp_nl.h"

/**
 * struct family - what user space must know of a family
 * @name:    in generic netlink
 * @word:    on the command line
 * @module:  which registers it
 * @version: the one this program speaks
 */
static const struct family {
	const char *name;
	const char *word;
	const char *module;
	uint8_t version;
} families[NL_FAMILIES] = {
	[NL_RMAP]   = { RMP_GENL_NAME, "rmap", "memx_rmap", RMP_GENL_VERSION },
	[NL_CORE]   = { MEMX_NL_CORE, "core", "memx_core", MEMX_NL_VERSION },
	[NL_CLIENT] = { MEMX_NL_CLIENT, "client", "memx_client", MEMX_NL_VERSION },
	[NL_SERVER] = { MEMX_NL_SERVER, "server", "memx_server", MEMX_NL_VERSION },
};

/**
 * struct talk - a request under way
 * @nl:    connection
 * @reply: caller's function, or NULL
 * @ctx:   for @reply
 * @err:   how it ended
 */
struct talk {
	struct nl *nl;
	nl_reply_fn reply;
	void *ctx;
	int err;
};

/**
 * struct found - a family as the kernel describes it
 * @id:      message type
 * @version: of the family
 * @group:   name of a group that is wanted, or NULL
 * @number:  of that group, 0: there is none
 */
struct found {
	uint16_t id;
	uint32_t version;
	const char *group;
	uint32_t number;
};

int nl_open(struct nl *nl)
{
	int one = 1;

	memset(nl, 0, sizeof(*nl));
	nl->sock = mnl_socket_open(NETLINK_GENERIC);
	if (!nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		snprintf(nl->why, sizeof(nl->why), "netlink: %s", strerror(errno));
		return -EIO;
	}
	/* Without these there are only error numbers; not worth failing for. */
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &one, sizeof(one));
	nl->port = mnl_socket_get_portid(nl->sock);
	nl->seq = time(NULL);
	return 0;
}

void nl_close(struct nl *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	if (nl->events)
		mnl_socket_close(nl->events);
	nl->sock = NULL;
	nl->events = NULL;
}

static struct nlmsghdr *begin(struct nl *nl, uint16_t type, uint8_t cmd,
			      uint8_t version, uint16_t flags)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(nl->out);
	struct genlmsghdr *head;

	msg->nlmsg_type = type;
	msg->nlmsg_flags = NLM_F_REQUEST | flags;
	msg->nlmsg_seq = ++nl->seq;
	head = mnl_nlmsg_put_extra_header(msg, sizeof(*head));
	head->cmd = cmd;
	head->version = version;
	return msg;
}

struct nlmsghdr *nl_begin(struct nl *nl, enum nl_family family, uint8_t cmd,
			  uint16_t flags)
{
	return begin(nl, nl->id[family], cmd, families[family].version, flags);
}

/* The kernel's sentence, if it gave one, behind @skip bytes of payload. */
static const char *sentence(const struct nlmsghdr *msg, size_t skip)
{
	const struct nlattr *attr;

	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    mnl_nlmsg_get_payload_len(msg) < skip)
		return NULL;
	mnl_attr_for_each(attr, msg, skip)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
			return mnl_attr_get_str(attr);
	return NULL;
}

static void explain(struct nl *nl, const char *words, int err)
{
	if (words)
		snprintf(nl->why, sizeof(nl->why), "%s", words);
	else if (err == -EPERM)
		snprintf(nl->why, sizeof(nl->why),
			 "this needs root (CAP_NET_ADMIN)");
	else
		snprintf(nl->why, sizeof(nl->why), "%s", strerror(-err));
}

static int on_error(const struct nlmsghdr *msg, void *data)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(msg);
	struct talk *talk = data;
	size_t skip = sizeof(*error);

	if (mnl_nlmsg_get_payload_len(msg) < sizeof(*error)) {
		talk->err = -EBADMSG;
		return MNL_CB_STOP;
	}
	if (!(msg->nlmsg_flags & NLM_F_CAPPED))
		skip += error->msg.nlmsg_len - sizeof(error->msg);
	talk->err = error->error > 0 ? -error->error : error->error;
	if (talk->err)
		explain(talk->nl, sentence(msg, MNL_ALIGN(skip)), talk->err);
	return MNL_CB_STOP;
}

static int on_done(const struct nlmsghdr *msg, void *data)
{
	struct talk *talk = data;
	int error;

	if (mnl_nlmsg_get_payload_len(msg) < sizeof(error))
		return MNL_CB_STOP;
	memcpy(&error, mnl_nlmsg_get_payload(msg), sizeof(error));
	if (error < 0) {
		talk->err = error;
		explain(talk->nl, sentence(msg, sizeof(error)), error);
	}
	return MNL_CB_STOP;
}

static int on_message(const struct nlmsghdr *msg, void *data)
{
	struct talk *talk = data;
	int err;

	if (msg->nlmsg_flags & NLM_F_DUMP_INTR) {
		talk->err = -EINTR;
		return MNL_CB_OK;
	}
	err = talk->reply && !talk->err ? talk->reply(msg, talk->ctx) : 0;
	if (err)
		talk->err = err;
	return MNL_CB_OK;
}

int nl_talk(struct nl *nl, nl_reply_fn reply, void *ctx)
{
	static mnl_cb_t control[NLMSG_MIN_TYPE] = {
		[NLMSG_ERROR] = on_error,
		[NLMSG_DONE] = on_done,
	};
	struct talk talk = { .nl = nl, .reply = reply, .ctx = ctx };
	const struct nlmsghdr *msg = (void *)nl->out;
	ssize_t len;
	int more = 1;

	nl->why[0] = 0;
	if (mnl_socket_sendto(nl->sock, msg, msg->nlmsg_len) < 0)
		goto broken;
	while (more > 0) {
		len = mnl_socket_recvfrom(nl->sock, nl->in, sizeof(nl->in));
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			goto broken;
		more = mnl_cb_run2(nl->in, len, nl->seq, nl->port, on_message,
				   &talk, control, NLMSG_MIN_TYPE);
		/* A late answer to an earlier request is not ours to judge. */
		if (more < 0 && errno == EPROTO)
			more = 1;
	}
	if (more < 0)
		goto broken;
	return talk.err;

broken:
	snprintf(nl->why, sizeof(nl->why), "netlink: %s", strerror(errno));
	return -EIO;
}

/* One group of a family; that is noted whose number is wanted. */
static void group_read(const struct nlattr *nest, struct found *found)
{
	const struct nlattr *attr;
	const char *name = NULL;
	uint32_t number = 0;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			name = mnl_attr_get_str(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID &&
			 mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			number = mnl_attr_get_u32(attr);
	}
	if (found->group && name && !strcmp(name, found->group))
		found->number = number;
}

static int on_family(const struct nlmsghdr *msg, void *data)
{
	struct found *found = data;
	const struct nlattr *attr, *group;

	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case CTRL_ATTR_FAMILY_ID:
			if (mnl_attr_validate(attr, MNL_TYPE_U16) < 0)
				return -EBADMSG;
			found->id = mnl_attr_get_u16(attr);
			break;
		case CTRL_ATTR_VERSION:
			if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
				return -EBADMSG;
			found->version = mnl_attr_get_u32(attr);
			break;
		case CTRL_ATTR_MCAST_GROUPS:
			if (mnl_attr_validate(attr, MNL_TYPE_NESTED) < 0)
				return -EBADMSG;
			mnl_attr_for_each_nested(group, attr)
				group_read(group, found);
			break;
		}
	}
	return 0;
}

static int family_find(struct nl *nl, const struct family *family,
		       struct found *found)
{
	struct nlmsghdr *msg;

	msg = begin(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK);
	mnl_attr_put_strz(msg, CTRL_ATTR_FAMILY_NAME, family->name);
	return nl_talk(nl, on_family, found);
}

int nl_family(struct nl *nl, enum nl_family which, bool load)
{
	const struct family *family = &families[which];
	struct found found = { 0 };
	int err;

	if (nl->id[which])
		return 0;
	err = family_find(nl, family, &found);
	if (err == -ENOENT && load && !geteuid()) {
		/* Whether it helped is seen by the family being there. */
		module_probe(family->module, NULL);
		err = family_find(nl, family, &found);
	}
	if (err == -ENOENT) {
		snprintf(nl->why, sizeof(nl->why),
			 "the kernel module %s is not loaded (modprobe %s)",
			 family->module, family->module);
		return err;
	}
	if (err)
		return err;
	if (found.version != family->version) {
		snprintf(nl->why, sizeof(nl->why),
			 "the module %s speaks version %u, this program version %u",
			 family->module, found.version, family->version);
		return -EPROTO;
	}
	nl->id[which] = found.id;
	return 0;
}

int nl_listen(struct nl *nl, enum nl_family which, const char *group)
{
	struct found found = { .group = group };
	int err;

	err = family_find(nl, &families[which], &found);
	if (err)
		return err;
	if (!found.number) {
		snprintf(nl->why, sizeof(nl->why), "the module %s of this version tells no events",
			 families[which].module);
		return -ENOENT;
	}
	if (nl->events)
		mnl_socket_close(nl->events);
	nl->events = mnl_socket_open(NETLINK_GENERIC);
	if (nl->events && mnl_socket_bind(nl->events, 0, MNL_SOCKET_AUTOPID) >= 0 &&
	    mnl_socket_setsockopt(nl->events, NETLINK_ADD_MEMBERSHIP, &found.number,
				  sizeof(found.number)) >= 0)
		return 0;
	snprintf(nl->why, sizeof(nl->why), "netlink: %s", strerror(errno));
	return -EIO;
}

/* Events have no request that they answer: port and number are 0. */
int nl_next(struct nl *nl, nl_reply_fn told, void *ctx)
{
	const struct nlmsghdr *msg = (void *)nl->in;
	ssize_t got;
	int len, err = 0;

	do {
		got = mnl_socket_recvfrom(nl->events, nl->in, sizeof(nl->in));
	} while (got < 0 && errno == EINTR);
	if (got < 0 && errno == ENOBUFS)
		return -ENOBUFS;
	if (got < 0) {
		snprintf(nl->why, sizeof(nl->why), "netlink: %s", strerror(errno));
		return -EIO;
	}
	for (len = got; !err && mnl_nlmsg_ok(msg, len); msg = mnl_nlmsg_next(msg, &len))
		if (msg->nlmsg_type >= NLMSG_MIN_TYPE)
			err = told(msg, ctx);
	if (err)
		snprintf(nl->why, sizeof(nl->why), "an event of the kernel makes no sense to this version of memxctl");
	return err;
}

const char *nl_family_word(enum nl_family family)
{
	return families[family].word;
}

void nl_wipe(struct nl *nl)
{
	explicit_bzero(nl->out, sizeof(nl->out));
	explicit_bzero(nl->in, sizeof(nl->in));
}

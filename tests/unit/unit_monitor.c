// SPDX-License-Identifier: GPL-2.0
/*
 * Unit tests of memxctl monitor: what it prints of events, and what it does when
 * some were lost.
 */
#include "mxtest.h"
#include "../../tools/lib/text.c"
#include "../../tools/lib/out.c"
#include "../../tools/lib/size.c"
#include "../../tools/table.c"
#include "../../tools/show.c"
#include "../../tools/cmd_monitor.c"

enum { ROUNDS = 8 };

static char request[1024];
static char *text;
static size_t text_len;
static struct ctl ctl;
static int rounds[ROUNDS];	/* what nl_next() gives, one after the other */
static int round;
static bool refused;

/* --- What monitor stands on -------------------------------------------- */

int usage(const char *format, ...)
{
	mxt_log("usage");
	return CTL_USAGE;
}

int args_parse(int argc, char **argv, const struct opt *opts, const char **pos,
	       int least, int most)
{
	return 0;
}

int ctl_family(struct ctl *c, enum nl_family family, bool load)
{
	return CTL_OK;
}

int ctl_failed(struct ctl *c)
{
	mxt_log("failed");
	return CTL_FAILED;
}

int nl_listen(struct nl *nl, enum nl_family family, const char *group)
{
	mxt_log("listen %s", group);
	return refused ? -ENOENT : 0;
}

static struct nlmsghdr *begin(uint8_t cmd)
{
	struct nlmsghdr *msg;
	struct genlmsghdr *head;

	memset(request, 0, sizeof(request));
	msg = mnl_nlmsg_put_header(request);
	head = mnl_nlmsg_put_extra_header(msg, sizeof(*head));
	head->cmd = cmd;
	return msg;
}

static const struct nlmsghdr *server(uint8_t cmd, const char *event)
{
	struct nlmsghdr *msg = begin(cmd);

	if (event) {
		mnl_attr_put_u64(msg, MEMX_A_SEQ, 7);
		mnl_attr_put_strz(msg, MEMX_A_EVENT, event);
	}
	mnl_attr_put_u64(msg, MEMX_A_NODE, 0x525400000001ULL);
	mnl_attr_put_u32(msg, MEMX_A_INC, 0xabc);
	mnl_attr_put_strz(msg, MEMX_A_HOST, "s1");
	mnl_attr_put_strz(msg, MEMX_A_STATE, "dead");
	return msg;
}

static const struct nlmsghdr *volume(uint8_t cmd, const char *event)
{
	struct nlmsghdr *msg = begin(cmd);

	if (event) {
		mnl_attr_put_u64(msg, MEMX_A_SEQ, 8);
		mnl_attr_put_strz(msg, MEMX_A_EVENT, event);
	}
	mnl_attr_put_strz(msg, MEMX_A_NAME, "v\x1b[m");
	mnl_attr_put_u64(msg, MEMX_A_ID, 0x1f);
	mnl_attr_put_u64(msg, MEMX_A_SIZE, 1 << 20);
	mnl_attr_put_strz(msg, MEMX_A_STATE, "ok");
	mnl_attr_put_u32(msg, MEMX_A_EPOCH, 2);
	mnl_attr_put_strz(msg, MEMX_A_CLAIM, "serving");
	return msg;
}

int ctl_dump(struct ctl *c, enum nl_family family, uint8_t cmd,
	     struct table *table, uint16_t attr, const char *name)
{
	if (cmd == MEMX_C_SERVER_GET)
		return table_add(server(cmd, NULL), table) ? CTL_FAILED : CTL_OK;
	return table_add(volume(cmd, NULL), table) ? CTL_FAILED : CTL_OK;
}

int nl_next(struct nl *nl, nl_reply_fn told, void *ctx)
{
	int what = rounds[round++];

	if (what <= 0)
		return what ? what : -EIO;
	return told(what == MEMX_C_SERVER_EVENT ? server(what, "state") :
						  volume(what, "made"), ctx);
}

/* --- Help --------------------------------------------------------------- */

static int run(bool json)
{
	int ret;

	free(text);
	text = NULL;
	ctl = (struct ctl){ .json = json };
	ctl.out = open_memstream(&text, &text_len);
	ret = monitor(&ctl, 0, NULL);
	fclose(ctl.out);
	return ret;
}

/* The n-th line without its time, which is as long each time; it must be there. */
static const char *line(int n, size_t skip)
{
	static char one[512];
	const char *s = text;
	size_t len;

	for (; n; n--) {
		s = strchr(s, '\n');
		assert_non_null(s);
		s++;
	}
	len = strcspn(s, "\n");
	assert_true(len > skip && len - skip < sizeof(one));
	memcpy(one, s + skip, len - skip);
	one[len - skip] = 0;
	return one;
}

static int set_up(void **state)
{
	memset(rounds, 0, sizeof(rounds));
	round = 0;
	refused = false;
	return mxt_setup(state);
}

static int tear_down(void **state)
{
	free(text);
	text = NULL;
	return mxt_teardown(state);
}

/* --- Tests --------------------------------------------------------------- */

/* "2026-01-01T00:00:00.000Z" */
enum { STAMP = 24, JSON_STAMP = STAMP + 10 };

static void monitor__present_first(void **state)
{
	assert_int_equal(run(false), CTL_FAILED);
	assert_string_equal(mxt_log_take(), "listen events; failed");
	assert_string_equal(line(0, STAMP),
			    "  server  now  host s1, node 0000525400000001, state dead, incarnation 00000abc");
	assert_string_equal(line(1, STAMP),
			    "  volume  now  name v?[m, id 000000000000001f, size 1M, state ok, epoch 2, claim serving");
}

static void monitor__json_one_a_line(void **state)
{
	rounds[0] = MEMX_C_SERVER_EVENT;
	rounds[1] = MEMX_C_VOLUME_EVENT;
	assert_int_equal(run(true), CTL_FAILED);
	mxt_log_take();
	assert_string_equal(line(0, JSON_STAMP),
			    ",\"object\":\"server\",\"event\":\"now\",\"seq\":null,\"host\":\"s1\",\"node\":\"0000525400000001\",\"state\":\"dead\",\"incarnation\":\"00000abc\"}");
	assert_string_equal(line(2, JSON_STAMP),
			    ",\"object\":\"server\",\"event\":\"state\",\"seq\":7,\"host\":\"s1\",\"node\":\"0000525400000001\",\"state\":\"dead\",\"incarnation\":\"00000abc\"}");
	assert_string_equal(line(3, JSON_STAMP),
			    ",\"object\":\"volume\",\"event\":\"made\",\"seq\":8,\"name\":\"v\\u001b[m\",\"id\":\"000000000000001f\",\"size\":1048576,\"state\":\"ok\",\"epoch\":2,\"claim\":\"serving\",\"user\":null,\"reserve_state\":null,\"granted\":null}");
}

/* What was missed is made good by the present state. */
static void monitor__lost(void **state)
{
	rounds[0] = -ENOBUFS;
	assert_int_equal(run(false), CTL_FAILED);
	/* Another socket: the old one still has events that are older. */
	assert_string_equal(mxt_log_take(), "listen events; listen events; failed");
	assert_string_equal(line(2, STAMP), "  events  lost  what follows is the present state");
	assert_non_null(strstr(line(3, STAMP), "server  now"));
	assert_non_null(strstr(line(4, STAMP), "volume  now"));
	round = 0;
	assert_int_equal(run(true), CTL_FAILED);
	mxt_log_take();
	assert_string_equal(line(2, JSON_STAMP), ",\"object\":\"events\",\"event\":\"lost\"}");
	assert_non_null(strstr(line(4, JSON_STAMP), "\"now\""));
}

static void monitor__no_group(void **state)
{
	refused = true;
	assert_int_equal(run(false), CTL_FAILED);
	assert_string_equal(mxt_log_take(), "listen events; failed");
	assert_string_equal(text, "");
}

static void event_tell__odd(void **state)
{
	ctl = (struct ctl){ .out = open_memstream(&text, &text_len) };
	/* of a newer kernel */
	assert_int_equal(event_tell(begin(200), &ctl), 0);
	/* too short for a head */
	memset(request, 0, sizeof(request));
	assert_int_equal(event_tell(mnl_nlmsg_put_header(request), &ctl), -EBADMSG);
	/* an attribute of another type */
	mnl_attr_put_u8(begin(MEMX_C_SERVER_EVENT), MEMX_A_NODE, 1);
	assert_int_equal(event_tell((void *)request, &ctl), -EBADMSG);
	fclose(ctl.out);
	assert_string_equal(text, "");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(monitor__present_first),
		CASE(monitor__json_one_a_line),
		CASE(monitor__lost),
		CASE(monitor__no_group),
		CASE(event_tell__odd),
	};

	return MXT_RUN(tests);
}

// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of backend/mxbk_fsm.c: every state of the frontend against every state
 * of the backend, with all that the toolstack and the script may say.
 */
#include "mxtest.h"
#include "mxbk_fsm.h"

enum { OWN = MXBK_XB_CLOSED + 1 };

/* One letter per action, in the order of enum mxbk_action. */
static const char letters[] = ".ocws";

/* Rows: frontend's state; columns: own state. '-' there is no such state. */
static const char * const online_ready[MXBK_XB_STATES] = {
	[MXBK_XB_UNKNOWN]	= ".ss-ss.",
	[MXBK_XB_INITIALISING]	= ".o.-ooo",
	[MXBK_XB_INIT_WAIT]	= "...-...",
	[MXBK_XB_INITIALISED]	= "..c-.cc",
	[MXBK_XB_CONNECTED]	= "..c-.cc",
	[MXBK_XB_CLOSING]	= ".ww-w..",
	[MXBK_XB_CLOSED]	= ".ss-ss.",
	[MXBK_XB_RECONFIGURING]	= "...-...",
	[MXBK_XB_RECONFIGURED]	= "...-...",
};

static const char * const online_waiting[MXBK_XB_STATES] = {
	[MXBK_XB_UNKNOWN]	= ".ss-ss.",
	[MXBK_XB_INITIALISING]	= ".o.-ooo",
	[MXBK_XB_INIT_WAIT]	= "...-...",
	[MXBK_XB_INITIALISED]	= "...-...",
	[MXBK_XB_CONNECTED]	= "...-...",
	[MXBK_XB_CLOSING]	= ".ww-w..",
	[MXBK_XB_CLOSED]	= ".ss-ss.",
	[MXBK_XB_RECONFIGURING]	= "...-...",
	[MXBK_XB_RECONFIGURED]	= "...-...",
};

static const char * const offline[MXBK_XB_STATES] = {
	[MXBK_XB_UNKNOWN]	= ".ss-ss.",
	[MXBK_XB_INITIALISING]	= ".ss-ss.",
	[MXBK_XB_INIT_WAIT]	= "...-...",
	[MXBK_XB_INITIALISED]	= "...-...",
	[MXBK_XB_CONNECTED]	= "...-...",
	[MXBK_XB_CLOSING]	= ".ww-w..",
	[MXBK_XB_CLOSED]	= ".ss-ss.",
	[MXBK_XB_RECONFIGURING]	= "...-...",
	[MXBK_XB_RECONFIGURED]	= "...-...",
};

static u8 act(u32 front, u8 own, bool online, bool ready)
{
	struct mxbk_view view = {
		.front = front, .own = own, .online = online, .ready = ready,
	};

	return mxbk_fsm(&view);
}

static void check_grid(const char * const *grid, bool online, bool ready)
{
	u32 front;
	u8 own;

	for (front = 0; front < MXBK_XB_STATES; front++)
		for (own = 0; own < OWN; own++) {
			u8 got = act(front, own, online, ready);

			if (grid[front][own] == '-')
				continue;
			if (letters[got] != grid[front][own])
				fail_msg("front %u own %u online %d ready %d: %c, not %c",
					 front, own, online, ready,
					 letters[got], grid[front][own]);
		}
}

static void mxbk_fsm__online_and_ready(void **state)
{
	check_grid(online_ready, true, true);
}

static void mxbk_fsm__before_the_script(void **state)
{
	check_grid(online_waiting, true, false);
}

static void mxbk_fsm__unwanted(void **state)
{
	check_grid(offline, false, true);
	check_grid(offline, false, false);
}

static void mxbk_fsm__garbage_does_nothing(void **state)
{
	static const u32 fronts[] = { 9, 10, 255, 256, 0x7fffffff, ~0u };
	unsigned int i, own;

	for (i = 0; i < ARRAY_SIZE(fronts); i++)
		for (own = 0; own < 256; own++)
			assert_int_equal(act(fronts[i], own, true, true),
					 MXBK_DO_NOTHING);
	for (own = OWN; own < 256; own++)
		for (i = 0; i < MXBK_XB_STATES; i++)
			assert_int_equal(act(i, own, false, true),
					 MXBK_DO_NOTHING);
}

/* The state that an action leaves behind. */
static u8 after(u8 action, u8 own)
{
	switch (action) {
	case MXBK_DO_INIT_WAIT:
		return MXBK_XB_INIT_WAIT;
	case MXBK_DO_CONNECT:
		return MXBK_XB_CONNECTED;
	case MXBK_DO_CLOSING:
		return MXBK_XB_CLOSING;
	case MXBK_DO_CLOSE:
		return MXBK_XB_CLOSED;
	default:
		return own;
	}
}

/* A second look at the same nodes finds nothing to do. */
static void mxbk_fsm__settles(void **state)
{
	unsigned int front, own, i;

	for (front = 0; front < MXBK_XB_STATES; front++)
		for (own = 0; own < OWN; own++)
			for (i = 0; i < 4; i++) {
				bool online = i & 1, ready = i & 2;
				u8 next = after(act(front, own, online, ready),
						own);

				assert_int_equal(act(front, next, online, ready),
						 MXBK_DO_NOTHING);
			}
}

static void mxbk_fsm__live_disk_is_never_closed_by_us(void **state)
{
	u32 front;
	unsigned int i;

	for (front = 0; front < MXBK_XB_STATES; front++)
		for (i = 0; i < 2; i++) {
			u8 got = act(front, MXBK_XB_CONNECTED, true, i);

			if (front == MXBK_XB_CLOSING || front == MXBK_XB_CLOSED ||
			    front == MXBK_XB_UNKNOWN)
				continue;
			assert_int_not_equal(got, MXBK_DO_CLOSING);
			assert_int_not_equal(got, MXBK_DO_CLOSE);
		}
}

/* attach, the guest unloads its driver and loads it again, detach */
static void mxbk_fsm__life(void **state)
{
	static const struct {
		u32 front;
		bool online, ready;
		u8 want;
	} step[] = {
		{ MXBK_XB_INITIALISING, true, false, MXBK_DO_INIT_WAIT },
		{ MXBK_XB_INITIALISED, true, false, MXBK_DO_NOTHING },
		{ MXBK_XB_INITIALISED, true, true, MXBK_DO_CONNECT },
		{ MXBK_XB_CONNECTED, true, true, MXBK_DO_NOTHING },
		{ MXBK_XB_CLOSING, true, true, MXBK_DO_CLOSING },
		{ MXBK_XB_CLOSED, true, true, MXBK_DO_CLOSE },
		{ MXBK_XB_INITIALISING, true, true, MXBK_DO_INIT_WAIT },
		{ MXBK_XB_INITIALISED, true, true, MXBK_DO_CONNECT },
		{ MXBK_XB_CONNECTED, false, true, MXBK_DO_NOTHING },
		{ MXBK_XB_CLOSING, false, true, MXBK_DO_CLOSING },
		{ MXBK_XB_CLOSED, false, true, MXBK_DO_CLOSE },
		{ MXBK_XB_UNKNOWN, false, true, MXBK_DO_NOTHING },
	};
	u8 own = MXBK_XB_INITIALISING;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(step); i++) {
		u8 got = act(step[i].front, own, step[i].online, step[i].ready);

		assert_int_equal(got, step[i].want);
		own = after(got, own);
	}
	assert_int_equal(own, MXBK_XB_CLOSED);
}

/* A guest that writes state 0 has a closed disk, and gets it back when it begins anew. */
static void mxbk_fsm__no_state_is_closed(void **state)
{
	u8 own = MXBK_XB_CONNECTED;

	own = after(act(MXBK_XB_UNKNOWN, own, true, true), own);
	assert_int_equal(own, MXBK_XB_CLOSED);
	own = after(act(MXBK_XB_INITIALISING, own, true, true), own);
	assert_int_equal(own, MXBK_XB_INIT_WAIT);
	own = after(act(MXBK_XB_INITIALISED, own, true, true), own);
	assert_int_equal(own, MXBK_XB_CONNECTED);
}

static void mxbk_action_name__all_differ(void **state)
{
	u8 a, b;

	for (a = 0; a < MXBK_ACTIONS; a++)
		for (b = 0; b < a; b++)
			assert_string_not_equal(mxbk_action_name(a),
						mxbk_action_name(b));
	assert_string_equal(mxbk_action_name(MXBK_ACTIONS), "?");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		MXT(mxbk_fsm__online_and_ready),
		MXT(mxbk_fsm__before_the_script),
		MXT(mxbk_fsm__unwanted),
		MXT(mxbk_fsm__garbage_does_nothing),
		MXT(mxbk_fsm__settles),
		MXT(mxbk_fsm__live_disk_is_never_closed_by_us),
		MXT(mxbk_fsm__life),
		MXT(mxbk_fsm__no_state_is_closed),
		MXT(mxbk_action_name__all_differ),
	};

	return MXT_RUN(tests);
}

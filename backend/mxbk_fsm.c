// SPDX-License-Identifier: GPL-2.0
/*
 * The backend's state table.
 *
 * Two rules stand behind it. A disk is never closed under a live guest by our
 * own decision: a row leads to Closing or Closed only when the frontend or the
 * toolstack has begun it. And a device that the toolstack wants gone does not
 * wait for a frontend that has no ring: it closes at once, so that the
 * toolstack runs the script's `remove` in time.
 */
#include "mxbk_fsm.h"

/**
 * enum rule - an action that may depend on @online and @ready
 * @NOP:   nothing
 * @OFFER: InitWait if online, else close and go
 * @LINK:  connect if online and ready, else nothing
 * @CLOSING: Closing
 * @SHUT:  Closed, and go unless online
 * @LEAVE: nothing if online, else go: it is closed already
 * @REMOVE: go
 */
enum rule { NOP, OFFER, LINK, CLOSING, SHUT, LEAVE, REMOVE };

enum { OWN_STATES = MXBK_XB_CLOSED + 1 };

static const u8 table[MXBK_XB_STATES][OWN_STATES] = {
	[MXBK_XB_UNKNOWN] = {
		REMOVE, REMOVE, REMOVE, REMOVE, REMOVE, REMOVE, REMOVE,
	},
	[MXBK_XB_INITIALISING] = {
		[MXBK_XB_INITIALISING] = OFFER,
		[MXBK_XB_INIT_WAIT] = OFFER,
		[MXBK_XB_CONNECTED] = OFFER,
		[MXBK_XB_CLOSING] = OFFER,
		[MXBK_XB_CLOSED] = OFFER,
	},
	[MXBK_XB_INITIALISED] = {
		[MXBK_XB_INIT_WAIT] = LINK,
		[MXBK_XB_CLOSING] = LINK,
		[MXBK_XB_CLOSED] = LINK,
	},
	[MXBK_XB_CONNECTED] = {
		[MXBK_XB_INIT_WAIT] = LINK,
		[MXBK_XB_CLOSING] = LINK,
		[MXBK_XB_CLOSED] = LINK,
	},
	[MXBK_XB_CLOSING] = {
		[MXBK_XB_INITIALISING] = CLOSING,
		[MXBK_XB_INIT_WAIT] = CLOSING,
		[MXBK_XB_CONNECTED] = CLOSING,
	},
	[MXBK_XB_CLOSED] = {
		[MXBK_XB_INITIALISING] = SHUT,
		[MXBK_XB_INIT_WAIT] = SHUT,
		[MXBK_XB_CONNECTED] = SHUT,
		[MXBK_XB_CLOSING] = SHUT,
		[MXBK_XB_CLOSED] = LEAVE,
	},
};

u8 mxbk_fsm(const struct mxbk_view *view)
{
	if (view->front >= MXBK_XB_STATES || view->own >= OWN_STATES)
		return MXBK_DO_NOTHING;

	switch (table[view->front][view->own]) {
	case OFFER:
		if (!view->online)
			return MXBK_DO_CLOSE_GONE;
		return view->own == MXBK_XB_INIT_WAIT ? MXBK_DO_NOTHING :
							MXBK_DO_INIT_WAIT;
	case LINK:
		return view->online && view->ready ? MXBK_DO_CONNECT :
						     MXBK_DO_NOTHING;
	case CLOSING:
		return MXBK_DO_CLOSING;
	case SHUT:
		return view->online ? MXBK_DO_CLOSE : MXBK_DO_CLOSE_GONE;
	case LEAVE:
		return view->online ? MXBK_DO_NOTHING : MXBK_DO_GONE;
	case REMOVE:
		return MXBK_DO_GONE;
	default:
		return MXBK_DO_NOTHING;
	}
}

const char *mxbk_action_name(u8 action)
{
	static const char * const names[MXBK_ACTIONS] = {
		[MXBK_DO_NOTHING] = "stay",
		[MXBK_DO_INIT_WAIT] = "offer",
		[MXBK_DO_CONNECT] = "connect",
		[MXBK_DO_CLOSING] = "closing",
		[MXBK_DO_CLOSE] = "close",
		[MXBK_DO_CLOSE_GONE] = "close and remove",
		[MXBK_DO_GONE] = "remove",
	};

	return action < MXBK_ACTIONS ? names[action] : "?";
}

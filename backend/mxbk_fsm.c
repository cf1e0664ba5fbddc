// SPDX-License-Identifier: GPL-2.0
/*
 * The backend's state table.
 *
 * Two rules stand behind it. A disk is never closed under a live guest by our
 * own decision: a row leads to Closing or Closed only when the frontend or the
 * toolstack has begun it. And a device that the toolstack wants gone does not
 * wait for a frontend that has no ring: it closes at once, so that the
 * toolstack runs the script's `remove` in time.
 *
 * No device is unregistered here: the toolstack removes the nodes of a closed
 * disk, and xenbus unregisters it then. This runs in xenwatch, which would wait for
 * the device's lock; and whoever unbinds a device holds that lock while it waits for
 * xenwatch.
 */
#include "mxbk_fsm.h"

/**
 * enum rule - an action that may depend on @online and @ready
 * @NOP:   nothing
 * @OFFER: InitWait if online, else Closed
 * @LINK:  connect if online and ready, else nothing
 * @CLOSING: Closing
 * @SHUT:  Closed
 */
enum rule { NOP, OFFER, LINK, CLOSING, SHUT };

enum { OWN_STATES = MXBK_XB_CLOSED + 1 };

static const u8 table[MXBK_XB_STATES][OWN_STATES] = {
	[MXBK_XB_UNKNOWN] = {
		[MXBK_XB_INITIALISING] = SHUT,
		[MXBK_XB_INIT_WAIT] = SHUT,
		[MXBK_XB_CONNECTED] = SHUT,
		[MXBK_XB_CLOSING] = SHUT,
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
	},
};

/* The frontend has not begun: it is offered the disk, unless that is to go. */
static u8 offer(const struct mxbk_view *view)
{
	u8 own = view->online ? MXBK_XB_INIT_WAIT : MXBK_XB_CLOSED;

	if (view->own == own)
		return MXBK_DO_NOTHING;
	return view->online ? MXBK_DO_INIT_WAIT : MXBK_DO_CLOSE;
}

u8 mxbk_fsm(const struct mxbk_view *view)
{
	if (view->front >= MXBK_XB_STATES || view->own >= OWN_STATES)
		return MXBK_DO_NOTHING;

	switch (table[view->front][view->own]) {
	case OFFER:
		return offer(view);
	case LINK:
		return view->online && view->ready ? MXBK_DO_CONNECT :
						     MXBK_DO_NOTHING;
	case CLOSING:
		return MXBK_DO_CLOSING;
	case SHUT:
		return MXBK_DO_CLOSE;
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
	};

	return action < MXBK_ACTIONS ? names[action] : "?";
}

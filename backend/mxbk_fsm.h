/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What to do when the frontend, the toolstack or the hotplug script has moved:
 * a pure function of what xenstore says. Sans-IO.
 */
#ifndef MXBK_FSM_H
#define MXBK_FSM_H

#include "mx_port.h"

/* As in xenstore's `state` nodes. */
enum mxbk_xb_state {
	MXBK_XB_UNKNOWN		= 0,	/* no such node, or the guest wrote that */
	MXBK_XB_INITIALISING	= 1,
	MXBK_XB_INIT_WAIT	= 2,
	MXBK_XB_INITIALISED	= 3,
	MXBK_XB_CONNECTED	= 4,
	MXBK_XB_CLOSING		= 5,
	MXBK_XB_CLOSED		= 6,
	MXBK_XB_RECONFIGURING	= 7,
	MXBK_XB_RECONFIGURED	= 8,
	MXBK_XB_STATES,
};

/**
 * enum mxbk_action - what the backend does
 * @MXBK_DO_NOTHING:   stay
 * @MXBK_DO_INIT_WAIT: give up the rings, if any, and offer anew: InitWait
 * @MXBK_DO_CONNECT:   give up old rings, connect new ones, go to Connected
 * @MXBK_DO_CLOSING:   the frontend is going: Closing; rings stay
 * @MXBK_DO_CLOSE:     give up the rings: Closed
 */
enum mxbk_action {
	MXBK_DO_NOTHING,
	MXBK_DO_INIT_WAIT,
	MXBK_DO_CONNECT,
	MXBK_DO_CLOSING,
	MXBK_DO_CLOSE,
	MXBK_ACTIONS,
};

/**
 * struct mxbk_view - what xenstore says
 * @front:  frontend's state; may be any number, it is the guest's
 * @own:    our own state, as last set by us
 * @online: the toolstack wants the disk to be there
 * @ready:  the hotplug script has made the volume
 */
struct mxbk_view {
	u32	front;
	u8	own;
	bool	online;
	bool	ready;
};

/** mxbk_fsm() - Return: enum mxbk_action */
u8 mxbk_fsm(const struct mxbk_view *view);

/** mxbk_action_name() - for messages */
const char *mxbk_action_name(u8 action);

#endif /* MXBK_FSM_H */

// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the backend's state table with sequences of what a frontend, the
 * toolstack and the script may write, against a model of the device: rings
 * exist in Connected and Closing only, and a live disk is not closed unless
 * somebody else began it.
 *
 * Input: two bytes per step: frontend's state; online and ready in two bits.
 */
#include <stdlib.h>
#include "mxbk_fsm.h"
#include "input.h"

/**
 * struct model - the device
 * @own:   state
 * @rings: connected
 */
struct model {
	u8	own;
	bool	rings;
};

static void apply(struct model *m, const struct mxbk_view *view, u8 action)
{
	switch (action) {
	case MXBK_DO_NOTHING:
		return;
	case MXBK_DO_INIT_WAIT:
		must(view->online);
		m->rings = false;
		m->own = MXBK_XB_INIT_WAIT;
		return;
	case MXBK_DO_CONNECT:
		must(view->online && view->ready);
		must(m->own != MXBK_XB_CONNECTED);
		m->rings = true;
		m->own = MXBK_XB_CONNECTED;
		return;
	case MXBK_DO_CLOSING:
		must(view->front == MXBK_XB_CLOSING);
		m->own = MXBK_XB_CLOSING;
		return;
	case MXBK_DO_CLOSE:
		must(view->front == MXBK_XB_CLOSED ||
		     view->front == MXBK_XB_UNKNOWN ||
		     (view->front == MXBK_XB_INITIALISING && !view->online));
		m->rings = false;
		m->own = MXBK_XB_CLOSED;
		return;
	default:
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model m = { .own = MXBK_XB_INITIALISING };
	struct mxbk_view view;
	size_t i;

	for (i = 0; i + 1 < size; i += 2) {
		view.front = data[i] & 0x80 ? data[i] * 0x01010101u :
					      data[i] % 10;
		view.own = m.own;
		view.online = data[i + 1] & 1;
		view.ready = data[i + 1] & 2;
		apply(&m, &view, mxbk_fsm(&view));
		must(m.rings == (m.own == MXBK_XB_CONNECTED) ||
		     m.own == MXBK_XB_CLOSING);
		view.own = m.own;
		must(mxbk_fsm(&view) == MXBK_DO_NOTHING);
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * What the backend tells others of a disk by xenstore: numbers that belong
 * together, and why it cannot do what was asked.
 */
#include "mxbk.h"

void mxbk_say(struct mxbk_dev *dev, int err, const char *fmt, ...)
{
	char words[sizeof(dev->said)];
	va_list args;

	va_start(args, fmt);
	vscnprintf(words, sizeof(words), fmt, args);
	va_end(args);
	/* A retry that fails for the same reason has nothing to add. */
	if (!strcmp(words, dev->said))
		return;
	strscpy(dev->said, words, sizeof(dev->said));
	xenbus_write(XBT_NIL, dev->xdev->nodename, MX_XS_ERROR, words);
	/* A guest can make us say things as often as it likes. */
	dev_warn_ratelimited(&dev->xdev->dev, "%s (error %d)\n", words, err);
}

static int write_all(struct xenbus_transaction xbt, const char *dir,
		     const struct mxbk_number *numbers, unsigned int count,
		     const char *state)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < count && !err; i++)
		err = xenbus_printf(xbt, dir, numbers[i].node, "%llu",
				    numbers[i].value);
	if (!err && state)
		err = xenbus_write(xbt, dir, MX_XS_STATE, state);
	return err;
}

int mxbk_xs_write(struct mxbk_dev *dev, const struct mxbk_number *numbers,
		  unsigned int count, const char *state)
{
	struct xenbus_transaction xbt;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		err = write_all(xbt, dev->xdev->nodename, numbers, count, state);
		if (err) {
			xenbus_transaction_end(xbt, 1);
			return err;
		}
		err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	return err;
}

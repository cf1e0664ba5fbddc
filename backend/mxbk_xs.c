// SPDX-License-Identifier: GPL-2.0
/*
 * What the backend tells others of a disk by xenstore: numbers that belong
 * together, and why it cannot do what was asked.
 */
#include "mxbk.h"

/**
 * struct note - what is written in one transaction
 * @numbers: numbers
 * @count:   how many
 * @node:    node for @word
 * @word:    text, or NULL
 */
struct note {
	const struct mxbk_number *numbers;
	unsigned int	count;
	const char	*node;
	const char	*word;
};

bool mxbk_xs_there(struct xenbus_transaction xbt, struct mxbk_dev *dev)
{
	return xenbus_exists(xbt, dev->xdev->nodename, "state");
}

u32 mxbk_xs_state(struct xenbus_device *xdev)
{
	return xenbus_read_unsigned(xdev->nodename, "state", MXBK_XB_UNKNOWN);
}

static int write_all(struct xenbus_transaction xbt, struct mxbk_dev *dev,
		     const struct note *note)
{
	const char *dir = dev->xdev->nodename;
	unsigned int i;
	int err = 0;

	if (!mxbk_xs_there(xbt, dev))
		return -ENOENT;
	for (i = 0; i < note->count && !err; i++)
		err = xenbus_printf(xbt, dir, note->numbers[i].node, "%llu",
				    note->numbers[i].value);
	if (!err && note->word)
		err = xenbus_write(xbt, dir, note->node, note->word);
	return err;
}

static int write_note(struct mxbk_dev *dev, const struct note *note)
{
	struct xenbus_transaction xbt;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		err = write_all(xbt, dev, note);
		if (err) {
			xenbus_transaction_end(xbt, 1);
			return err;
		}
		err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	return err;
}

int mxbk_xs_write(struct mxbk_dev *dev, const struct mxbk_number *numbers,
		  unsigned int count, const char *state)
{
	const struct note note = { numbers, count, MX_XS_STATE, state };

	return write_note(dev, &note);
}

int mxbk_xs_word(struct mxbk_dev *dev, const char *node, const char *word)
{
	const struct note note = { .node = node, .word = word };

	return write_note(dev, &note);
}

void mxbk_say_nothing(struct mxbk_dev *dev)
{
	mutex_lock(&dev->say_lock);
	dev->said[0] = '\0';
	xenbus_rm(XBT_NIL, dev->xdev->nodename, MX_XS_ERROR);
	mutex_unlock(&dev->say_lock);
}

/* Return: whether these words are new. */
static __printf(2, 0)
bool note_words(struct mxbk_dev *dev, const char *fmt, va_list args)
{
	char words[sizeof(dev->said)];

	lockdep_assert_held(&dev->say_lock);
	vscnprintf(words, sizeof(words), fmt, args);
	mxbk_plain(words);
	/* A retry that fails for the same reason has nothing to add. */
	if (!strcmp(words, dev->said))
		return false;
	strscpy(dev->said, words, sizeof(dev->said));
	mxbk_xs_word(dev, MX_XS_ERROR, words);
	return true;
}

void mxbk_say(struct mxbk_dev *dev, int err, const char *fmt, ...)
{
	va_list args;

	mutex_lock(&dev->say_lock);
	va_start(args, fmt);
	if (note_words(dev, fmt, args))
		dev_warn_ratelimited(&dev->xdev->dev, "%s (error %d)\n",
				     dev->said, err);
	va_end(args);
	mutex_unlock(&dev->say_lock);
}

void mxbk_blame(struct mxbk_dev *dev, int err, const char *fmt, ...)
{
	va_list args;

	mutex_lock(&dev->say_lock);
	va_start(args, fmt);
	/* A guest can make us say things as often as it likes. */
	if (note_words(dev, fmt, args) &&
	    mxbk_hush_over(&dev->blamed, ktime_get_seconds()))
		dev_warn_ratelimited(&dev->xdev->dev,
				     "%s (error %d; for a minute, only memx/error tells more of this frontend)\n",
				     dev->said, err);
	va_end(args);
	mutex_unlock(&dev->say_lock);
}

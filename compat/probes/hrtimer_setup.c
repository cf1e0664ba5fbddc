/* {"have": "HAVE_HRTIMER_SETUP", "since": "6.13", "reason": "hrtimer_init() plus an assignment became hrtimer_setup()"} */
#include <linux/hrtimer.h>

void mx_probe(struct hrtimer *t, enum hrtimer_restart (*fn)(struct hrtimer *))
{
	hrtimer_setup(t, fn, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
}

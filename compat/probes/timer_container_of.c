/* {"have": "HAVE_TIMER_CONTAINER_OF", "since": "6.16", "reason": "from_timer() was renamed"} */
#include <linux/timer.h>

struct mx_timed {
	int value;
	struct timer_list timer;
};

int mx_probe(struct timer_list *t)
{
	struct mx_timed *timed = timer_container_of(timed, t, timer);

	return timed->value;
}

/* {"have": "HAVE_TIMER_DELETE", "since": "6.2", "reason": "del_timer() and del_timer_sync() were renamed; the old names went in 6.15"} */
#include <linux/timer.h>

int mx_probe(struct timer_list *t)
{
	return timer_delete(t) + timer_delete_sync(t);
}

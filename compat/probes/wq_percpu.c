/* {"have": "HAVE_WQ_PERCPU", "since": "6.17", "reason": "a work queue must say whether it is per CPU or unbound"} */
#include <linux/workqueue.h>

struct workqueue_struct *mx_probe(void)
{
	return alloc_workqueue("memx", WQ_PERCPU | WQ_MEM_RECLAIM, 0);
}

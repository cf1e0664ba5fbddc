/* {"have": "HAVE_CLASS_CREATE_NAME", "since": "6.4", "reason": "class_create() lost its owner argument"} */
#include <linux/device/class.h>

struct class *mx_probe(void)
{
	return class_create("memx");
}

// SPDX-License-Identifier: GPL-2.0
/*
 * xenstore under the fuzzed backend: two directories, one of them the guest's,
 * who changes what it likes whenever it was read.
 */
#include "model.h"

enum {
	NODES = 96,
};

/**
 * struct node - a node
 * @ours: in the backend's directory, else in the frontend's
 * @name: empty: free
 * @text: its value
 */
struct node {
	bool ours;
	char name[48];
	char text[192];
};

u32 store_fail;
bool store_again;

static struct node nodes[NODES];
static struct xenbus_watch *watches;
static bool transaction;

void store_reset(void)
{
	must(!watches && !transaction);
	memset(nodes, 0, sizeof(nodes));
	store_fail = 0;
	store_again = false;
}

static struct node *find(const char *dir, const char *name, bool make)
{
	bool ours = !strcmp(dir, model.xdev.nodename);
	struct node *free = NULL;
	char path[48];
	u32 i;

	/* A folder of the frontend's is a part of the name. */
	if (!ours && dir[2]) {
		snprintf(path, sizeof(path), "%s/%s", dir + 3, name);
		name = path;
	}
	for (i = 0; i < NODES; i++) {
		if (nodes[i].ours == ours && !strcmp(nodes[i].name, name))
			return &nodes[i];
		if (!nodes[i].name[0] && !free)
			free = &nodes[i];
	}
	if (!make)
		return NULL;
	must(free && strlen(name) < sizeof(free->name));
	free->ours = ours;
	strcpy(free->name, name);
	return free;
}

void store_put(const char *dir, const char *node, const char *text)
{
	snprintf(find(dir, node, true)->text, sizeof(nodes->text), "%s", text);
}

void store_drop(const char *dir, const char *node)
{
	struct node *n = find(dir, node, false);

	if (n)
		n->name[0] = '\0';
}

const char *store_get(const char *dir, const char *node)
{
	struct node *n = find(dir, node, false);

	return n ? n->text : NULL;
}

u32 store_count(void)
{
	u32 i, n = 0;

	for (i = 0; i < NODES; i++)
		n += nodes[i].name[0] && nodes[i].ours;
	return n;
}

/* The guest's nodes may have changed by the time they are read again. */
static void race(struct node *n)
{
	static const char * const texts[] = { "", "1", "32", "4294967295" };
	u8 r;

	if (n->ours || !model.nraces)
		return;
	r = model.races[--model.nraces];
	if (r & 0x40)
		strcpy(n->text, texts[r & 3]);
	if (r & 0x80)
		n->name[0] = '\0';
}

void *xenbus_read(struct xenbus_transaction t, const char *dir,
		  const char *node, unsigned int *len)
{
	struct node *n;
	char *text;

	might_sleep();
	n = find(dir, node, false);
	if (!n)
		return ERR_PTR(-ENOENT);
	text = kernel_strdup(n->text);
	if (!text)
		return ERR_PTR(-ENOMEM);
	if (len)
		*len = strlen(text);
	race(n);
	return text;
}

int xenbus_write(struct xenbus_transaction t, const char *dir, const char *node,
		 const char *text)
{
	might_sleep();
	must(!strcmp(dir, model.xdev.nodename));
	must(!t.id || transaction);
	if (store_fail && !--store_fail)
		return -ENOSPC;
	store_put(dir, node, text);
	return 0;
}

int xenbus_printf(struct xenbus_transaction t, const char *dir,
		  const char *node, const char *fmt, ...)
{
	char text[192];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return xenbus_write(t, dir, node, text);
}

static int scan(const char *dir, const char *node, const char *fmt, va_list args)
{
	char *text = xenbus_read(XBT_NIL, dir, node, NULL);
	int got;

	if (IS_ERR(text))
		return PTR_ERR(text);
	got = vsscanf(text, fmt, args);
	kfree(text);
	return got > 0 ? got : -ERANGE;
}

int xenbus_scanf(struct xenbus_transaction t, const char *dir, const char *node,
		 const char *fmt, ...)
{
	va_list args;
	int got;

	va_start(args, fmt);
	got = scan(dir, node, fmt, args);
	va_end(args);
	return got;
}

unsigned int xenbus_read_unsigned(const char *dir, const char *node,
				  unsigned int otherwise)
{
	unsigned int v;

	return xenbus_scanf(XBT_NIL, dir, node, "%u", &v) == 1 ? v : otherwise;
}

int xenbus_exists(struct xenbus_transaction t, const char *dir, const char *node)
{
	might_sleep();
	return !!find(dir, node, false);
}

int xenbus_rm(struct xenbus_transaction t, const char *dir, const char *node)
{
	might_sleep();
	must(!strcmp(dir, model.xdev.nodename));
	store_drop(dir, node);
	return 0;
}

int xenbus_transaction_start(struct xenbus_transaction *t)
{
	might_sleep();
	must(!transaction);
	transaction = true;
	t->id = 1;
	return 0;
}

int xenbus_transaction_end(struct xenbus_transaction t, int abort)
{
	must(transaction && t.id);
	transaction = false;
	if (store_again && !abort) {
		store_again = false;
		return -EAGAIN;
	}
	return 0;
}

/* Each watch is called once when it is registered, and it may be at any time. */
static void turn_of_xenwatch(void)
{
	struct xenbus_watch *w, *next;

	for (w = watches; w; w = next) {
		next = w->next;
		w->callback(w, w->node, "");
	}
}

int register_xenbus_watch(struct xenbus_watch *watch)
{
	might_sleep();
	/* Nobody watches what the guest may write: it could fill dom0's memory. */
	must(strncmp(watch->node, model.xdev.otherend, strlen(model.xdev.otherend)));
	if (kernel_fail && !--kernel_fail) {
		turn_of_xenwatch();
		return -ENOMEM;
	}
	watch->next = watches;
	watches = watch;
	return 0;
}

void unregister_xenbus_watch(struct xenbus_watch *watch)
{
	struct xenbus_watch **at;

	might_sleep();
	for (at = &watches; *at && *at != watch; at = &(*at)->next)
		;
	must(*at);
	*at = watch->next;
}

u32 store_watches(void)
{
	struct xenbus_watch *w;
	u32 n = 0;

	for (w = watches; w; w = w->next)
		n++;
	return n;
}

/* A watch is told of its node, and of what is below it. */
void store_fire(const char *node)
{
	struct xenbus_watch *w;
	char path[96];

	for (w = watches; w; w = w->next) {
		const char *base = kbasename(w->node);
		size_t len = strlen(base);

		if (strncmp(node, base, len) || (node[len] && node[len] != '/'))
			continue;
		snprintf(path, sizeof(path), "%s%s", w->node, node + len);
		w->callback(w, path, "");
		return;
	}
}

int xenbus_switch_state(struct xenbus_device *xdev, enum xenbus_state state)
{
	might_sleep();
	if (xdev->state == state)
		return 0;
	if (store_fail && !--store_fail)
		return -ENOSPC;
	xdev->state = state;
	return xenbus_printf(XBT_NIL, xdev->nodename, "state", "%d", state);
}

int xenbus_dev_is_online(struct xenbus_device *xdev)
{
	return xenbus_read_unsigned(xdev->nodename, "online", 0) == 1;
}

const char *xenbus_strstate(enum xenbus_state state)
{
	return state < 9 ? "state" : "?";
}

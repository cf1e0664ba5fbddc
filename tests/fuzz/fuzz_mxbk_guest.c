// SPDX-License-Identifier: GPL-2.0
/*
 * Fuzzes the Xen backend as a whole with a guest that does whatever it likes: the
 * files of memx_blkback as the module has them, on stand-ins for the kernel
 * (xen/kernel.h), against a model of the guest's memory and grants, of xenstore and
 * of a volume (xen/model.h), which say at each step what may never be.
 *
 * Afterwards the guest behaves, and: every request that was taken has been
 * answered, a ring that was not broken is served, a disk that comes back is served,
 * and nothing is left when it goes.
 *
 * Input: a byte of choices, then steps: a byte each, and what these want to know.
 */
#include "xen/model.h"

enum {
	STEPS = 200,
	NODES_OURS = 48,	/* that the backend may have, however often a guest comes back */
	QUIET = 20000,		/* steps after which all must have ended */
};

static const char back[] = "/b", front[] = "/f";

/* --- what the rest of the module has -------------------------------------------- */

struct workqueue_struct *mxbk_wq;
struct page *mxbk_zeros;
atomic64_t mxbk_made[MXBK_N_THINGS];
atomic64_t mxbk_freed[MXBK_N_THINGS];

bool mxbk_is_ours(struct xenbus_device *xdev)
{
	return true;
}

bool mxbk_parked(void)
{
	return false;
}

void mxbk_park_add(struct mxbk_dev *dev)
{
}

void mxbk_park_del(struct mxbk_dev *dev)
{
}

bool mxbk_leaving(void)
{
	return false;
}

void kernel_log(const char *fmt, ...)
{
	char line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	/* No guest writes control characters into a log. */
	for (fmt = line; *fmt && *fmt != '\n'; fmt++)
		must(*fmt >= ' ' && *fmt <= '~');
	model.lines++;
}

bool kernel_others(void)
{
	model_begins();
	return kernel_run(0, true) || volume_end_one(0, 0);
}

/* --- what a guest can do ----------------------------------------------------------- */

/**
 * struct guest - what the guest knows
 * @in:    what is left of the input
 * @state: was written, and the backend has not heard
 * @bound: the backend's driver has the disk
 */
struct guest {
	struct input in;
	bool state;
	bool bound;
};

static struct guest g;

static struct mxbk_dev *the_dev(void)
{
	return dev_get_drvdata(&model.xdev.dev);
}

static void put_number(const char *node, u32 v)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", v);
	store_put(front, node, text);
}

static void put_state(u32 state)
{
	put_number("state", state);
	g.state = true;
}

static void hear_state(void)
{
	const char *text = store_get(front, "state");

	g.state = false;
	if (g.bound)
		mxbk_driver.otherend_changed(&model.xdev,
					     text ? strtoul(text, NULL, 10) : 0);
}

/* Nodes of a frontend that knows its business. */
static void offer_rings(u32 order, u32 rings, bool abi32)
{
	char node[32];
	u32 i, k;

	store_put(front, "protocol", abi32 ? "x86_32-abi" : "x86_64-abi");
	put_number("ring-page-order", order);
	put_number("multi-queue-num-queues", rings);
	for (i = 0; i < rings; i++) {
		const char *dir = rings == 1 ? "" : i ? "queue-1/" : "queue-0/";

		snprintf(node, sizeof(node), "%sring-ref", dir);
		put_number(node, RING_REF + i * 16);
		for (k = 0; k < 1U << order; k++) {
			snprintf(node, sizeof(node), "%sring-ref%u", dir, k);
			put_number(node, RING_REF + i * 16 + k);
		}
		snprintf(node, sizeof(node), "%sevent-channel", dir);
		put_number(node, i + 1);
	}
}

static void odd_node(void)
{
	static const char * const names[] = {
		"protocol", "ring-page-order", "multi-queue-num-queues",
		"ring-ref", "ring-ref0", "ring-ref1", "event-channel",
		"queue-0/ring-ref", "queue-1/ring-ref", "queue-1/ring-ref0",
		"queue-0/event-channel", "queue-1/event-channel",
	};
	static const char * const texts[] = {
		"", "0", "1", "2", "4", "5", "31", "32", "47", "48", "4294967295",
		"-1", "99999999999999999999", "x86_32-abi", "x86_64-abi", "\033[2J\n%s%n",
	};
	u8 which = byte(&g.in), what = byte(&g.in);
	const char *name = names[which % ARRAY_SIZE(names)];

	if (what & 0x80)
		store_drop(front, name);
	else
		store_put(front, name, texts[what % ARRAY_SIZE(texts)]);
}

static struct mring *some_ring(u8 b)
{
	struct mring *m = &model.ring[b % RINGS];

	return m->mapped && m->attached ? m : NULL;
}

static u32 get_index(const struct mring *m, u32 off)
{
	u32 v;

	guest_peek(m->first, off, &v, sizeof(v));
	return v;
}

static void put_index(const struct mring *m, u32 off, u32 v)
{
	guest_poke(m->first, off, &v, sizeof(v));
}

static void put_seg(u8 *at, u8 b, u8 c)
{
	u32 ref = FRAME_REF + b % FRAMES;

	if (b >= 250)
		ref = b;
	memcpy(at, &ref, sizeof(ref));
	at[4] = c & 7;
	at[5] = c & 0x40 ? c >> 3 & 15 : 7;
}

/* Segments of an indirect request in a frame of the guest's. */
static void put_list(u32 frame, u32 n)
{
	u32 i;

	for (i = 0; i < n && i < 64; i++) {
		put_seg(model.frame[frame] + i * 8, i + frame, 0);
		model.frame[frame][i * 8 + 6] = 0;
		model.frame[frame][i * 8 + 7] = 0;
	}
	for (i = 0; i < 3; i++)
		put_seg(model.frame[frame] + byte(&g.in) % 32 * 8, byte(&g.in), byte(&g.in));
}

/* A request that may be a good one, by three bytes or more. */
static u32 make_slot(u8 *raw, bool abi32)
{
	static const u8 ops[] = { 0, 0, 0, 1, 1, 1, 3, 3, 5, 6, 6, 6, 2, 7, 0, 1 };
	u8 kind = byte(&g.in), where = byte(&g.in), n = byte(&g.in);
	u64 sector = where & 0x80 ? DISK_SECTORS - (where & 15) : where * 4;
	u64 count = n * 8;
	u32 ref, i;

	memset(raw, kind, MXBK_SLOT_MAX);
	raw[0] = ops[kind & 15];
	raw[1] = n & 0x80 ? n : n % 13;
	if (kind & 0x80)
		sector = ~0ULL << (where & 63);
	memcpy(raw + (abi32 ? 12 : 16), &sector, sizeof(sector));
	if (raw[0] == 5) {
		raw[1] = kind >> 4 & 1;
		memcpy(raw + (abi32 ? 20 : 24), &count, sizeof(count));
	} else if (raw[0] == 6) {
		raw[1] = kind >> 4 & 1 ? n & 3 : kind >> 5 & 1;
		raw[2] = n & 0x3f;
		raw[3] = n == 0xff;
		ref = FRAME_REF + n % FRAMES;
		memcpy(raw + (abi32 ? 24 : 28), &ref, sizeof(ref));
		put_list(n % FRAMES, n & 0x3f);
	} else {
		for (i = 0; i < 11; i++)
			put_seg(raw + (abi32 ? 20 : 24) + i * 8, n + i,
				kind & 0x40 ? byte(&g.in) : 0);
	}
	return abi32 ? 108 : 112;
}

static void put_slot(const struct mring *m, u32 index, const u8 *raw, u32 len)
{
	guest_poke(m->first, MXBK_RING_HDR + (index & (m->slots - 1)) * len, raw, len);
}

static void ask(u8 b)
{
	struct mring *m = some_ring(b);
	u32 n = b & 0x40 ? 1 + b / 4 % 16 : 1, prod, len, i;
	u8 raw[MXBK_SLOT_MAX];

	if (!m)
		return;
	prod = get_index(m, 0);
	len = make_slot(raw, m->abi32);
	for (i = 0; i < n; i++)
		put_slot(m, prod + i, raw, len);
	put_index(m, 0, prod + n);
	guest_event(b % RINGS + 1);
}

static void ask_nonsense(u8 b)
{
	struct mring *m = some_ring(b);
	u8 raw[MXBK_SLOT_MAX];
	u32 i;

	if (!m)
		return;
	for (i = 0; i < sizeof(raw); i++)
		raw[i] = byte(&g.in);
	put_slot(m, get_index(m, 0), raw, m->abi32 ? 108 : 112);
	put_index(m, 0, get_index(m, 0) + 1);
	guest_event(b % RINGS + 1);
}

static void odd_index(u8 b)
{
	struct mring *m = some_ring(b);
	u8 c = byte(&g.in);

	if (!m)
		return;
	/* Only those that the guest owns: what it does to ours is not read. */
	switch (b >> 2 & 3) {
	case 0:
		put_index(m, 0, get_index(m, 0) + (s8)c);
		break;
	case 1:
		put_index(m, 0, m->told + m->slots + (c & 1));
		break;
	case 2:
		put_index(m, 12, get_index(m, 8) + (s8)c);
		break;
	default:
		put_index(m, 8, c * 0x01010101U);
	}
	guest_event(b % RINGS + 1);
}

static void odd_frame(u8 b)
{
	u32 at = byte(&g.in) * 16, i;

	for (i = 0; i < 16; i++) {
		u8 c = byte(&g.in);

		model.frame[b % FRAMES][at + i] = c == UNWRITTEN ? 0 : c;
	}
}

/* --- what others do ------------------------------------------------------------------ */

static void look_at_stats(void)
{
	const struct attribute_group **group = mxbk_driver.driver.dev_groups;
	char text[4096];
	struct device_attribute *file;
	struct attribute **attr;

	for (; *group; group++)
		for (attr = (*group)->attrs; *attr; attr++) {
			file = container_of(*attr, struct device_attribute, attr);
			file->show(&model.xdev.dev, file, text);
		}
}

/* What dom0 wants of the volume, sense or not. */
static void tune(u8 b)
{
	static const char * const nodes[] = {
		MX_XS_RESERVE, MX_XS_LIMIT, MX_XS_WEIGHT, MX_XS_GRANTED,
	};
	static const char * const texts[] = {
		"0", "64", "65", "1048576", "-1", "12x", "", "18446744073709551616",
	};

	store_put(back, nodes[b & 3], texts[b >> 2 & 7]);
	store_fire(nodes[b & 3]);
}

static void toolstack(u8 b)
{
	switch (b & 3) {
	case 0:
		store_put(back, "online", b & 4 ? "1" : "0");
		store_fire("online");
		break;
	case 1:
		store_put(back, MX_XS_HOTPLUG_STATUS, b & 4 ? "connected" : "error");
		store_fire(MX_XS_HOTPLUG_STATUS);
		break;
	case 2:
		store_put(back, MX_XS_VOLUME, b & 4 ? "v" : "w");
		break;
	default:
		if (b & 4)
			tune(b >> 3);
		else
			look_at_stats();
	}
}

static void bind_driver(void)
{
	if (!g.bound)
		g.bound = !mxbk_driver.probe(&model.xdev, NULL);
}

static void unbind_driver(void)
{
	if (g.bound)
		mxbk_driver.remove(&model.xdev);
	g.bound = false;
}

static void trouble(u8 b)
{
	switch (b & 7) {
	case 0:
		kernel_fail = 1 + byte(&g.in) % 64;
		break;
	case 1:
		store_fail = 1 + byte(&g.in) % 16;
		break;
	case 2:
		store_again = true;
		break;
	case 3:
		model.hyper_fail = true;
		break;
	case 4:
		unbind_driver();
		break;
	case 5:
		bind_driver();
		break;
	case 6:
		model.nraces = 0;
		while (model.nraces < sizeof(model.races))
			model.races[model.nraces++] = byte(&g.in);
		break;
	default:
		volume_how = byte(&g.in);
	}
}

static void step(u8 b)
{
	u8 c = byte(&g.in);

	model.now++;
	switch (b & 15) {
	case 0:
	case 1:
	case 2:
		ask(c);
		break;
	case 3:
		ask_nonsense(c);
		break;
	case 4:
		odd_index(c);
		break;
	case 5:
		model.state[c % FRAMES] = c >> 4 & 3;
		break;
	case 6:
		odd_frame(c);
		break;
	case 7:
		if (c & 0x80)
			store_drop(front, "state");
		else
			put_number("state", c & 0x40 ? c * 77U : c % 9);
		g.state = true;
		break;
	case 8:
		odd_node();
		break;
	case 9:
		offer_rings(c & 3 ? c & 1 : c >> 2 & 3, 1 + (c >> 4 & 1), c & 0x20);
		put_state(c & 0x40 ? 3 : 4);
		break;
	case 10:
		toolstack(c);
		break;
	case 11:
		trouble(c);
		break;
	case 12:
		if (c & 0x80)
			volume_refill(c & 15);
		else
			volume_changed();
		break;
	default:
		guest_event(c % PORTS + 1);
		volume_end_one(c, b & 0x40 ? -EIO : 0);
	}
	if (b & 0x80)
		guest_events();
	if (b & 0x40)
		kernel_run(c, b & 0x20);
	if (g.state && b & 0x10)
		hear_state();
}

/* --- what must be true -------------------------------------------------------------- */

/* All that can happen has happened. */
static void settle(void)
{
	u32 n;

	for (n = 0;; n++) {
		must(n < QUIET);
		jiffies++;
		model_begins();
		if (!guest_events() && !kernel_run(0, false) &&
		    !volume_end_one(0, 0) && !volume_refill(0))
			break;
	}
}

static void heal(void)
{
	memset(model.state, 0, sizeof(model.state));
	model.nraces = 0;
	model.hyper_fail = false;
	kernel_fail = 0;
	store_fail = 0;
	store_again = false;
	volume_how = 0;
	/* Else it is tried again once a second, for ever. */
	store_put(back, MX_XS_VOLUME, "v");
	volume_refill(64);
}

/* A ring that its guest has not broken answers a read. */
static void must_serve(struct mring *m, u32 port)
{
	u8 raw[MXBK_SLOT_MAX] = { 0 };
	u32 was, ref = FRAME_REF, prod;
	u64 reads;

	/* What it has left there first. */
	guest_event(port);
	settle();
	if (m->bad)
		return;
	prod = get_index(m, 0);
	was = m->rsp;
	reads = m->ring->stats.n[MXBK_S_RD_REQ];
	raw[0] = 0;
	raw[1] = 1;
	memcpy(raw + (m->abi32 ? 20 : 24), &ref, sizeof(ref));
	raw[(m->abi32 ? 20 : 24) + 5] = 7;
	put_slot(m, prod, raw, m->abi32 ? 108 : 112);
	put_index(m, 0, prod + 1);
	guest_event(port);
	settle();
	must(m->rsp == was + 1 && m->told == m->rsp);
	must(m->ring->stats.n[MXBK_S_RD_REQ] == reads + 1);
}

static void check_rings(void)
{
	u32 i;

	for (i = 0; i < RINGS; i++) {
		struct mring *m = &model.ring[i];

		if (!m->mapped)
			continue;
		must(m->ring && m->attached);
		must(!hold_count(i) && m->told == m->rsp && m->rsp == m->cons);
		must(m->ring->broken == m->bad);
	}
	must(store_count() <= NODES_OURS);
	/* An event without work is excused no more often than something happened. */
	must(model.eois <= 2 * model.excuses + 4);
}

static void serve_what_is_whole(void)
{
	u32 i;

	for (i = 0; i < RINGS; i++) {
		struct mring *m = &model.ring[i];

		if (m->mapped && !m->bad && !m->ring->quiet)
			must_serve(m, m->ring->irq - 100);
	}
}

/* The same guest comes back with a driver that behaves. */
static void come_back(void)
{
	u8 nothing[4096] = { 0 };
	u32 i;

	bind_driver();
	must(g.bound);
	store_put(back, "online", "1");
	store_put(back, MX_XS_HOTPLUG_STATUS, "connected");
	store_put(back, MX_XS_VOLUME, "v");
	put_state(1);
	hear_state();
	settle();
	must(model.xdev.state == (enum xenbus_state)MXBK_XB_INIT_WAIT);
	for (i = 0; i < RING_FRAMES; i++)
		guest_poke(i, 0, nothing, sizeof(nothing));
	offer_rings(0, 1, false);
	put_state(3);
	hear_state();
	settle();
	must(model.xdev.state == (enum xenbus_state)MXBK_XB_CONNECTED);
	must(the_dev()->nrings == 1 && volume_claimed());
	must_serve(ring_of(&the_dev()->rings[0]), 1);
}

static void check_nothing_left(void)
{
	u32 i;

	settle();
	must(!kernel_live && !kernel_module_refs && !kernel_atomic);
	must(!volume_claimed() && !volume_open());
	must(!guest_bound() && !store_watches());
	for (i = 0; i < RINGS; i++)
		must(!model.ring[i].mapped);
	for (i = 0; i < MXBK_N_THINGS; i++)
		must(mxbk_made[i].n == mxbk_freed[i].n);
	mxbk_grant_exit();
}

static void begin(u8 how)
{
	static u8 zeros[4096] __aligned(4096);

	guest_reset();
	hold_reset();
	model.xdev = (struct xenbus_device) {
		.devicetype = "vbd", .nodename = back, .otherend = front,
		.otherend_id = GUEST,
		.state = (enum xenbus_state)MXBK_XB_INITIALISING,
	};
	model.readonly = !(how & 3);
	store_reset();
	volume_reset((how & 12) == 12 ? 3 : 40);
	mxbk_zeros = (struct page *)zeros;
	must(!mxbk_grant_init());
	store_put(back, "state", "1");
	store_put(back, "online", "1");
	store_put(back, "dev", how & 1 ? "xvdma" : "\x01x\n");
	store_put(back, "mode", model.readonly ? "r" : "w");
	store_put(back, MX_XS_HOTPLUG_STATUS, "connected");
	store_put(back, MX_XS_VOLUME, "v");
	put_state(1);
	bind_driver();
	must(g.bound);
	if (how >= 0xf0)
		return;
	/* Most begin with a disk that is connected. */
	offer_rings(how >> 4 & 1, 1 + (how >> 5 & 1), how & 0x40);
	put_state(3);
	hear_state();
	must(model.xdev.state == (enum xenbus_state)MXBK_XB_CONNECTED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u32 i;

	g = (struct guest) { .in = { data, size } };
	begin(byte(&g.in));
	for (i = 0; i < STEPS && g.in.left; i++)
		step(byte(&g.in));
	heal();
	settle();
	check_rings();
	serve_what_is_whole();
	come_back();
	unbind_driver();
	check_nothing_left();
	return 0;
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's side of Xen: memory shared by rings, grants, event channels. Sees
 * each access of the backend, and may change what was read right after.
 */
#include "model.h"
#include <sanitizer/asan_interface.h>

struct model model;

/**
 * struct port - an event channel that is bound
 * @handler: the backend's
 * @ctx:     its argument
 * @bound:   it is bound
 * @masked:  an event is being dealt with
 * @pending: an event has come
 * @step:    in which it was let in
 */
struct port {
	irqreturn_t (*handler)(int irq, void *ctx);
	void *ctx;
	bool bound;
	bool masked;
	bool pending;
};

static struct port ports[PORTS + 1];
static u64 next_id;

enum { IRQ0 = 100 };

/* --- shared memory --------------------------------------------------------- */

void guest_reset(void)
{
	static u8 frames[FRAMES][4096] __aligned(4096);
	static u8 mem[RING_FRAMES][4096] __aligned(4096);
	u32 i;

	__asan_unpoison_memory_region(mem, sizeof(mem));
	memset(mem, 0, sizeof(mem));
	__asan_poison_memory_region(mem, sizeof(mem));
	memset(&model, 0, sizeof(model));
	memset(ports, 0, sizeof(ports));
	model.frame = frames;
	model.mem = mem;
	for (i = 0; i < FRAMES; i++)
		memset(frames[i], i + 1, sizeof(frames[i]));
}

void model_begins(void)
{
	u32 i;

	model.step++;
	for (i = 0; i < RINGS; i++)
		model.ring[i].swept = 0;
}

static bool is_shared(const volatile void *at)
{
	const u8 *p = (const u8 *)at;

	return p >= ((u8 *)model.mem) && p < model.mem[RING_FRAMES];
}

void guest_poke(u32 frame, u32 off, const void *from, u32 len)
{
	u8 *at = ((u8 *)model.mem) + frame * 4096 + off;

	if (at < ((u8 *)model.mem) || at + len > model.mem[RING_FRAMES])
		return;
	__asan_unpoison_memory_region(at, len);
	memcpy(at, from, len);
	__asan_poison_memory_region(model.mem, sizeof(u8[RING_FRAMES][4096]));
}

void guest_peek(u32 frame, u32 off, void *to, u32 len)
{
	u8 *at = ((u8 *)model.mem) + frame * 4096 + off;

	__asan_unpoison_memory_region(at, len);
	memcpy(to, at, len);
	__asan_poison_memory_region(model.mem, sizeof(u8[RING_FRAMES][4096]));
}

static struct mring *ring_at(const u8 *at, u32 *off)
{
	u32 frame = (at - ((u8 *)model.mem)) / 4096;
	u32 i;

	for (i = 0; i < RINGS; i++) {
		struct mring *m = &model.ring[i];

		if (m->mapped && frame >= m->first && frame < m->first + m->n) {
			*off = at - model.mem[m->first];
			return m;
		}
	}
	/* Read or written after it was unmapped. */
	abort();
}

static void attach(struct mring *m, u32 at)
{
	struct mxbk_dev *dev = dev_get_drvdata(&model.xdev.dev);
	u32 bytes = m->n * 4096 - MXBK_RING_HDR;

	/* The one that is being opened. */
	m->ring = &dev->rings[dev->nrings];
	must((u8 *)m->ring->sring == model.mem[m->first]);
	m->abi32 = m->ring->abi == &mxbk_abi_32;
	m->slots = 1;
	while (m->slots * 2 * (m->abi32 ? 108 : 112) <= bytes)
		m->slots *= 2;
	m->cons = at;
	m->rsp = at;
	m->told = at;
	m->attached = true;
}

static void saw_prod(struct mring *m, u32 prod)
{
	u32 asked = prod - m->told;

	if (!m->attached)
		return;
	if (asked > m->slots || asked < m->cons - m->told)
		m->bad = true;
	m->avail = prod - m->cons;
}

static u32 slot_off(const struct mring *m, u32 index)
{
	return MXBK_RING_HDR + (index & (m->slots - 1)) * (m->abi32 ? 108 : 112);
}

static void take(struct mring *m, u8 *at, u32 off, u32 len)
{
	u64 id = ++next_id;

	must(m->attached);
	must(!m->bad && m->avail);
	must(len == (m->abi32 ? 108 : 112) && off == slot_off(m, m->cons));
	must(++m->swept <= MXBK_SWEEP);
	m->avail--;
	m->cons++;
	/* The guest wrote just this id. */
	memcpy(at + (m->abi32 ? 4 : 8), &id, sizeof(id));
	hold_take(m - model.ring, m->abi32, at, id);
	model.excuses++;
}

/* What another processor of the guest does right after a read. */
static void race(struct mring *m, u8 *at, u32 len)
{
	u8 r;
	u32 v;

	if (!model.nraces)
		return;
	r = model.races[--model.nraces];
	if (r & 1)
		memset(at, r, len > 2 ? 24 : len);
	if (r & 2)
		at[len - 1] ^= r;
	if (r & 4) {
		memcpy(&v, model.mem[m->first], 4);
		v += (s8)r >> 4;
		memcpy(model.mem[m->first], &v, 4);
	}
	if (r & 8)
		model.state[r % FRAMES] = r >> 4 & 3;
}

void shared_load(void *to, const volatile void *from, size_t len)
{
	struct mring *m;
	u8 *at = (u8 *)from;
	u32 off, v;

	if (!is_shared(from)) {
		memcpy(to, at, len);
		return;
	}
	m = ring_at(at, &off);
	must(off + len <= m->n * 4096);
	__asan_unpoison_memory_region(model.mem, sizeof(u8[RING_FRAMES][4096]));
	model.now++;
	if (len > 4)
		take(m, at, off, len);
	memcpy(to, at, len);
	if (len == 4) {
		memcpy(&v, to, 4);
		if (off == 8 && !m->attached)
			attach(m, v);
		else if (off == 0)
			saw_prod(m, v);
	}
	race(m, at, len);
	__asan_poison_memory_region(model.mem, sizeof(u8[RING_FRAMES][4096]));
}

static void answered(struct mring *m, const u8 *rsp, u32 off, u32 len)
{
	u8 want[16] = { 0 };
	struct hold *hold;
	s16 status;
	u64 id;

	must(len == (m->abi32 ? 12 : 16) && off == slot_off(m, m->rsp));
	memcpy(&id, rsp, sizeof(id));
	memcpy(&status, rsp + 10, sizeof(status));
	hold = hold_find(id);
	must(hold && hold->ring == m - model.ring);
	/* Nothing of ours in what is no field. */
	memcpy(want, rsp, 9);
	memcpy(want + 10, &status, sizeof(status));
	must(!memcmp(want, rsp, len));
	hold_answer(hold, rsp[8], status);
	m->rsp++;
	model.excuses++;
}

void shared_store(volatile void *to, const void *from, size_t len)
{
	struct mring *m;
	u8 *at = (u8 *)to;
	u32 off, v;

	if (!is_shared(to)) {
		memcpy(at, from, len);
		return;
	}
	m = ring_at(at, &off);
	must(off + len <= m->n * 4096 && m->attached);
	if (off >= MXBK_RING_HDR) {
		answered(m, from, off, len);
	} else if (off == 8) {
		memcpy(&v, from, 4);
		must(v == m->rsp);
		m->told = v;
	} else {
		must(off == 4);
	}
	__asan_unpoison_memory_region(at, len);
	memcpy(at, from, len);
	__asan_poison_memory_region(model.mem, sizeof(u8[RING_FRAMES][4096]));
}

static bool is_ring_ref(u32 ref)
{
	return ref >= RING_REF && ref < RING_REF + RING_FRAMES;
}

int xenbus_map_ring_valloc(struct xenbus_device *xdev, grant_ref_t *refs,
			   unsigned int n, void **vaddr)
{
	struct mring *m = NULL;
	u32 i;

	might_sleep();
	must(n && n <= 16);
	for (i = 0; i < n; i++) {
		/* xenbus would close the disk, and the log would have it each time. */
		must(is_ring_ref(refs[i]));
		/* What the model cannot do. */
		if (refs[i] != refs[0] + i)
			return -ENOMEM;
	}
	for (i = 0; i < RINGS; i++)
		if (!model.ring[i].mapped)
			m = &model.ring[i];
	must(m);
	*m = (struct mring) {
		.mapped = true, .first = refs[0] - RING_REF, .n = n,
	};
	for (i = 0; i < RINGS; i++) {
		struct mring *other = &model.ring[i];

		/* Two rings in the same memory would answer into each other. */
		must(other == m || !other->mapped || m->first >= other->first + other->n ||
		     other->first >= m->first + m->n);
	}
	*vaddr = model.mem[m->first];
	return 0;
}

int xenbus_unmap_ring_vfree(struct xenbus_device *xdev, void *vaddr)
{
	u32 i;

	might_sleep();
	for (i = 0; i < RINGS; i++) {
		struct mring *m = &model.ring[i];

		if (!m->mapped || vaddr != model.mem[m->first])
			continue;
		must(!hold_count(i));
		m->mapped = false;
		return 0;
	}
	abort();
}

struct mring *ring_of(const struct mxbk_ring *ring)
{
	u32 i;

	for (i = 0; i < RINGS; i++)
		if (model.ring[i].mapped && model.ring[i].ring == ring)
			return &model.ring[i];
	return NULL;
}

/* --- grants ------------------------------------------------------------------ */

static u8 *local_at(const struct gnttab_copy_ptr *ptr, u32 len)
{
	u8 *at = (u8 *)(unsigned long)(ptr->u.gmfn << PAGE_SHIFT) + ptr->offset;

	must(ptr->domid == DOMID_SELF && ptr->offset + len <= 4096);
	return at;
}

static s16 copy_one(const struct gnttab_copy *op)
{
	bool out = op->flags & GNTCOPY_dest_gref;
	const struct gnttab_copy_ptr *far = out ? &op->dest : &op->source;
	u8 *local = local_at(out ? &op->source : &op->dest, op->len);
	u32 frame = far->u.ref - FRAME_REF;

	must(op->flags == (out ? GNTCOPY_dest_gref : GNTCOPY_source_gref));
	must(far->domid == GUEST && far->offset + op->len <= 4096);
	/* Whatever Xen will say, the guest has asked for this one. */
	if (frame >= FRAMES || model.state[frame] == FRAME_BAD)
		return GNTST_bad_gntref;
	if (model.state[frame] == FRAME_AWAY)
		return GNTST_eagain;
	if (out && model.state[frame] == FRAME_READONLY)
		return GNTST_permission_denied;
	if (out) {
		memcpy(model.frame[frame] + far->offset, local, op->len);
		hold_copied_out(far->u.ref, far->offset, op->len, local);
	} else {
		memcpy(local, model.frame[frame] + far->offset, op->len);
		hold_copied_in(far->u.ref, far->offset, op->len, local);
	}
	return GNTST_okay;
}

/* A grant that is mapped for a moment, one at a time. */
static struct gnttab_map_grant_ref tried;

int gnttab_alloc_pages(int n, struct page **pages)
{
	static u8 page[4096] __aligned(4096);

	must(n == 1);
	*pages = (struct page *)page;
	return 0;
}

void gnttab_free_pages(int n, struct page **pages)
{
	must(n == 1 && !tried.handle);
}

static int try_map(struct gnttab_map_grant_ref *map)
{
	must(!tried.handle && map->dom == GUEST && map->flags == GNTMAP_host_map);
	map->status = is_ring_ref(map->ref) ? GNTST_okay : GNTST_bad_gntref;
	if (map->status == GNTST_okay) {
		map->handle = map->ref + 1;
		tried = *map;
	}
	return 0;
}

static int try_unmap(struct gnttab_unmap_grant_ref *unmap)
{
	must(tried.handle && unmap->handle == tried.handle &&
	     unmap->host_addr == tried.host_addr);
	tried.handle = 0;
	unmap->status = GNTST_okay;
	return 0;
}

int HYPERVISOR_grant_table_op(unsigned int cmd, void *ops, unsigned int count)
{
	struct gnttab_copy *op = ops;
	u32 i;

	if (cmd == GNTTABOP_unmap_grant_ref && count == 1)
		return try_unmap(ops);
	must(count && count <= MXBK_BATCH);
	if (model.hyper_fail) {
		model.hyper_fail = false;
		return -ENOSYS;
	}
	model.now++;
	if (cmd == GNTTABOP_map_grant_ref && count == 1)
		return try_map(ops);
	must(cmd == GNTTABOP_copy);
	for (i = 0; i < count; i++)
		op[i].status = copy_one(&op[i]);
	return 0;
}

/* --- events ------------------------------------------------------------------ */

int bind_interdomain_evtchn_to_irqhandler_lateeoi(struct xenbus_device *xdev,
						  evtchn_port_t port,
						  irqreturn_t (*handler)(int, void *),
						  unsigned long flags,
						  const char *name, void *ctx)
{
	might_sleep();
	if (!port || port > PORTS || ports[port].bound)
		return -EINVAL;
	/* One that was sent before comes at once. */
	ports[port] = (struct port) {
		.handler = handler, .ctx = ctx, .bound = true, .pending = true,
	};
	return IRQ0 + port;
}

void unbind_from_irqhandler(unsigned int irq, void *ctx)
{
	struct port *p = &ports[irq - IRQ0];

	might_sleep();
	must(irq > IRQ0 && irq <= IRQ0 + PORTS && p->bound && p->ctx == ctx);
	p->bound = false;
}

void xen_irq_lateeoi(unsigned int irq, unsigned int flags)
{
	struct port *p = &ports[irq - IRQ0];

	must(irq > IRQ0 && irq <= IRQ0 + PORTS && p->bound && p->masked);
	p->masked = false;
	if (!(flags & XEN_EOI_FLAG_SPURIOUS))
		model.eois++;
}

void notify_remote_via_irq(int irq)
{
	must(irq > IRQ0 && irq <= IRQ0 + PORTS && ports[irq - IRQ0].bound);
}

void guest_event(u32 port)
{
	if (port && port <= PORTS)
		ports[port].pending = true;
}

bool guest_events(void)
{
	u32 port;

	for (port = 1; port <= PORTS; port++) {
		struct port *p = &ports[port];

		if (!p->bound || p->masked || !p->pending)
			continue;
		p->pending = false;
		p->masked = true;
		kernel_atomic++;
		must(p->handler(IRQ0 + port, p->ctx) == IRQ_HANDLED);
		kernel_atomic--;
		return true;
	}
	return false;
}

u32 guest_bound(void)
{
	u32 port, n = 0;

	for (port = 1; port <= PORTS; port++)
		n += ports[port].bound;
	return n;
}

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What Linux offers a backend of Xen, as far as memx_blkback uses it: grants,
 * event channels, the shared ring's layout and xenbus. Behind it is the model.
 */
#ifndef FUZZ_XEN_H
#define FUZZ_XEN_H

typedef u32 grant_ref_t;
typedef u32 evtchn_port_t;
typedef u16 domid_t;

/* --- grants ---------------------------------------------------------------- */

enum {
	DOMID_SELF		= 0x7ff0,
	GNTCOPY_source_gref	= 1,
	GNTCOPY_dest_gref	= 2,
	GNTTABOP_map_grant_ref	= 0,
	GNTTABOP_unmap_grant_ref = 1,
	GNTTABOP_copy		= 5,
	GNTMAP_host_map		= 2,
	GNTST_okay		= 0,
	GNTST_bad_gntref	= -3,
	GNTST_permission_denied	= -8,
	GNTST_eagain		= -12,
};

struct gnttab_copy_ptr {
	union {
		grant_ref_t ref;
		u64 gmfn;
	} u;
	domid_t domid;
	u16 offset;
};

struct gnttab_copy {
	struct gnttab_copy_ptr source;
	struct gnttab_copy_ptr dest;
	u16 len;
	u16 flags;
	s16 status;
};

struct gnttab_map_grant_ref {
	u64 host_addr;
	u32 flags;
	grant_ref_t ref;
	domid_t dom;
	s16 status;
	u32 handle;
};

struct gnttab_unmap_grant_ref {
	u64 host_addr;
	u32 handle;
	s16 status;
};

static inline void gnttab_set_map_op(struct gnttab_map_grant_ref *map, u64 at,
				     u32 flags, grant_ref_t ref, domid_t domain)
{
	*map = (struct gnttab_map_grant_ref){
		.host_addr = at, .flags = flags, .ref = ref, .dom = domain };
}

static inline void gnttab_set_unmap_op(struct gnttab_unmap_grant_ref *unmap, u64 at,
				       u32 flags, u32 handle)
{
	*unmap = (struct gnttab_unmap_grant_ref){ .host_addr = at, .handle = handle };
}

int gnttab_alloc_pages(int n, struct page **pages);
void gnttab_free_pages(int n, struct page **pages);

struct xen_page_foreign {
	domid_t domid;
	grant_ref_t gref;
};

#define xen_page_to_gfn(page) ((u64)(unsigned long)(page) >> PAGE_SHIFT)
/* No page of ours is another guest's here. */
#define xen_page_foreign(page) ((struct xen_page_foreign *)((void)(page), NULL))
int HYPERVISOR_grant_table_op(unsigned int cmd, void *ops, unsigned int count);

/* --- events ---------------------------------------------------------------- */

typedef int irqreturn_t;
#define IRQ_HANDLED 1
#define XEN_EOI_FLAG_SPURIOUS 1
struct xenbus_device;

int bind_interdomain_evtchn_to_irqhandler_lateeoi(struct xenbus_device *xdev,
						  evtchn_port_t port,
						  irqreturn_t (*handler)(int, void *),
						  unsigned long flags,
						  const char *name, void *ctx);
void unbind_from_irqhandler(unsigned int irq, void *ctx);
void xen_irq_lateeoi(unsigned int irq, unsigned int flags);
void notify_remote_via_irq(int irq);

/* --- the ring --------------------------------------------------------------- */

enum {
	BLKIF_OP_READ = 0,
	BLKIF_OP_WRITE = 1,
	BLKIF_OP_FLUSH_DISKCACHE = 3,
	BLKIF_OP_DISCARD = 5,
	BLKIF_OP_INDIRECT = 6,
	VDISK_READONLY = 4,
};

#define XEN_IO_PROTO_ABI_X86_32 "x86_32-abi"
#define XEN_IO_PROTO_ABI_X86_64 "x86_64-abi"
#define XEN_IO_PROTO_ABI_NATIVE XEN_IO_PROTO_ABI_X86_64

struct blkif_request_segment {
	grant_ref_t gref;
	u8 first_sect;
	u8 last_sect;
};

struct blkif_request {
	u8 operation;
	union {
		struct __packed {
			u8 nr_segments;
			u16 handle;
			u32 pad;
			u64 id;
			u64 sector_number;
			struct blkif_request_segment seg[11];
		} rw;
		struct __packed {
			u8 flag;
			u16 pad1;
			u32 pad2;
			u64 id;
			u64 sector_number;
			u64 nr_sectors;
			u8 pad3;
		} discard;
		struct __packed {
			u8 indirect_op;
			u16 nr_segments;
			u32 pad1;
			u64 id;
			u64 sector_number;
			u16 handle;
			u16 pad2;
			grant_ref_t indirect_grefs[8];
			u64 pad3;
		} indirect;
	} u;
} __packed;

struct blkif_response {
	u64 id;
	u8 operation;
	s16 status;
};

struct blkif_sring {
	u32 req_prod;
	u32 req_event;
	u32 rsp_prod;
	u32 rsp_event;
	u8 pad[48];
	u8 ring[];
};

/* --- xenbus ------------------------------------------------------------------ */

enum xenbus_state {
	XenbusStateUnknown,
};

struct xenbus_device {
	const char *devicetype;
	const char *nodename;
	const char *otherend;
	int otherend_id;
	struct device dev;
	enum xenbus_state state;
};

struct xenbus_device_id {
	char devicetype[32];
};

struct xenbus_driver {
	const char *name;
	const struct xenbus_device_id *ids;
	bool allow_rebind;
	int (*probe)(struct xenbus_device *dev,
		     const struct xenbus_device_id *id);
	void (*otherend_changed)(struct xenbus_device *dev,
				 enum xenbus_state state);
	void (*remove)(struct xenbus_device *dev);
	struct device_driver driver;
};

struct xenbus_watch {
	const char *node;
	void (*callback)(struct xenbus_watch *watch, const char *path,
			 const char *token);
	struct xenbus_watch *next;
};

struct xenbus_transaction {
	u32 id;
};

#define XBT_NIL ((struct xenbus_transaction) { 0 })

void *xenbus_read(struct xenbus_transaction t, const char *dir,
		  const char *node, unsigned int *len);
int xenbus_write(struct xenbus_transaction t, const char *dir, const char *node,
		 const char *text);
int xenbus_printf(struct xenbus_transaction t, const char *dir,
		  const char *node, const char *fmt, ...) __printf(4, 5);
int xenbus_scanf(struct xenbus_transaction t, const char *dir, const char *node,
		 const char *fmt, ...);
unsigned int xenbus_read_unsigned(const char *dir, const char *node,
				  unsigned int otherwise);
int xenbus_exists(struct xenbus_transaction t, const char *dir,
		  const char *node);
int xenbus_rm(struct xenbus_transaction t, const char *dir, const char *node);
int xenbus_transaction_start(struct xenbus_transaction *t);
int xenbus_transaction_end(struct xenbus_transaction t, int abort);
int register_xenbus_watch(struct xenbus_watch *watch);
void unregister_xenbus_watch(struct xenbus_watch *watch);
int xenbus_switch_state(struct xenbus_device *xdev, enum xenbus_state state);
int xenbus_dev_is_online(struct xenbus_device *xdev);
const char *xenbus_strstate(enum xenbus_state state);
int xenbus_map_ring_valloc(struct xenbus_device *xdev, grant_ref_t *refs,
			   unsigned int n, void **vaddr);
int xenbus_unmap_ring_vfree(struct xenbus_device *xdev, void *vaddr);

#endif /* FUZZ_XEN_H */

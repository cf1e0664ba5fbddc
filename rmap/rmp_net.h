/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Ethernet seam: attached interfaces.
 */
#ifndef RMP_NET_H
#define RMP_NET_H

#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/workqueue.h>

struct netlink_ext_ack;

/**
 * struct rmp_iface_stats - one CPU's frame counters of an interface
 * @rx: RMAP frames received
 * @tx: RMAP frames given to the device
 */
struct rmp_iface_stats {
	u64 rx;
	u64 tx;
};

/**
 * struct rmp_iface - an attached network interface
 * @link:    in the list of interfaces; changed under rtnl, read under RCU
 * @dev:     the device, held while attached
 * @ops:     the ingress hook
 * @mtu_cap: the administrator's limit, 0: none
 * @mtu:     bytes of payload per Ethernet frame in use; written under rtnl
 * @up:      frames may pass; cleared while the device is down. Under rtnl
 * @vlan0:   the device was asked to pass frames of VLAN 0. Under rtnl
 * @rounds:  solicitations still to be sent after attachment; only the work
 * @work:    sends them
 * @stats:   frame counters
 * @rcu:     defers the free until no reader of the list can see it
 */
struct rmp_iface {
	struct list_head	link;
	struct net_device	*dev;
	struct nf_hook_ops	ops;
	u32			mtu_cap;
	u32			mtu;
	bool			up;
	bool			vlan0;
	int			rounds;
	struct delayed_work	work;
	struct rmp_iface_stats	__percpu *stats;
	struct rcu_head		rcu;
};

int rmp_net_init(void);
void rmp_net_exit(void);
int rmp_iface_add(const char *name, u32 mtu_cap, struct netlink_ext_ack *extack);
int rmp_iface_del(const char *name, struct netlink_ext_ack *extack);
struct rmp_iface *rmp_iface_by_index(int ifindex);
extern struct list_head rmp_ifaces;
void rmp_iface_frames(const struct rmp_iface *iface, u64 *rx, u64 *tx);

#endif /* RMP_NET_H */

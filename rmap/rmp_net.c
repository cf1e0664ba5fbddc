// SPDX-License-Identifier: GPL-2.0
/*
 * The Ethernet seam: attached interfaces, their ingress hooks, and what
 * happens to the devices below.
 *
 * Frames are taken in the netfilter ingress hook of the port. It runs before a
 * bridge takes the frame, and before the kernel drops frames of unknown
 * protocols that were received into emergency reserves, which are just the
 * frames that let a host that is short of memory go on.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/if_vlan.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/netfilter_netdev.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>
#include "rmp_announce.h"
#include "rmp_cluster_key.h"
#include "rmp_main.h"
#include "rmp_net.h"
#include "rmp_node.h"
#include "rmp_recv.h"
#include "rmp_steer.h"

#define NO_KEY \
	"no cluster key is configured: give one with memxctl key add cluster FILE, or load memx_rmap with insecure=1 to run without authentication"

/* Changed under rtnl, read under RCU. */
LIST_HEAD(rmp_ifaces);

/*
 * A frame of a VLAN is for the VLAN's device. One of VLAN 0 is of none: its tag
 * says a priority only. Whether the card took the tag off or not, the kernel has
 * done so before this hook, and has the tag in the skb. Of two tags it takes the
 * outer one off, and the protocol is that of the inner one.
 */
static bool of_vlan(const struct sk_buff *skb)
{
	return skb_vlan_tag_present(skb) && skb_vlan_tag_get_id(skb);
}

static unsigned int net_hook(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	struct rmp_iface *iface = priv;

	if (likely(skb->protocol != htons(RMP_ETHERTYPE)))
		return NF_ACCEPT;
	/* Those for other hosts are for a guest. */
	if (of_vlan(skb) || skb->pkt_type == PACKET_OTHERHOST)
		return NF_ACCEPT;
	if (unlikely(!READ_ONCE(iface->up))) {
		kfree_skb(skb);
		return NF_STOLEN;
	}
	skb = rmp_recv_own(skb);
	if (skb && !rmp_steer(skb))
		rmp_recv(iface, skb);
	return NF_STOLEN;
}

static struct rmp_iface *iface_find(const struct net_device *dev)
{
	struct rmp_iface *iface;

	list_for_each_entry_rcu(iface, &rmp_ifaces, link, lockdep_rtnl_is_held())
		if (iface->dev == dev)
			return iface;
	return NULL;
}

/** rmp_iface_by_index() - Caller is in an RCU read section. */
struct rmp_iface *rmp_iface_by_index(int ifindex)
{
	struct rmp_iface *iface;

	list_for_each_entry_rcu(iface, &rmp_ifaces, link)
		if (iface->dev->ifindex == ifindex)
			return iface;
	return NULL;
}

bool rmp_hears(void)
{
	struct rmp_iface *iface;
	bool hears = false;

	rcu_read_lock();
	list_for_each_entry_rcu(iface, &rmp_ifaces, link)
		hears |= READ_ONCE(iface->up) && netif_carrier_ok(iface->dev);
	rcu_read_unlock();
	return hears;
}
MX_EXPORT_SYMBOL(rmp_hears);

void rmp_iface_frames(const struct rmp_iface *iface, u64 *rx, u64 *tx)
{
	int cpu;

	*rx = 0;
	*tx = 0;
	for_each_possible_cpu(cpu) {
		const struct rmp_iface_stats *stats;

		stats = per_cpu_ptr(iface->stats, cpu);
		*rx += READ_ONCE(stats->rx);
		*tx += READ_ONCE(stats->tx);
	}
}

static u32 iface_mtu(const struct net_device *dev, u32 cap)
{
	u32 mtu = READ_ONCE(dev->mtu);

	return cap ? min(mtu, cap) : mtu;
}

/* Frames may pass from now on. */
static void iface_start(struct rmp_iface *iface)
{
	WRITE_ONCE(iface->up, true);
	rmp_announce_iface(iface);
}

/*
 * No frame passes from now on, and no node is reached this way. @bye: frames
 * can still be sent, so tell the others. Under rtnl.
 */
static void iface_stop(struct rmp_iface *iface, bool bye)
{
	if (!iface->up)
		return;
	WRITE_ONCE(iface->up, false);
	synchronize_net();
	if (bye)
		rmp_announce_bye(iface);
	rmp_node_leave(iface);
}

/*
 * A card that filters VLANs drops frames of VLAN 0 unless it is told otherwise. The
 * kernel counts who asks: 8021q does so for every device, if it is loaded.
 */
static void vlan0_want(struct rmp_iface *iface)
{
	int err = vlan_vid_add(iface->dev, htons(ETH_P_8021Q), 0);

	iface->vlan0 = !err;
	if (err)
		netdev_warn(iface->dev, "memx_rmap: frames with a priority tag may not be heard (error %d)\n",
			    err);
}

static void iface_detach(struct rmp_iface *iface)
{
	struct net_device *dev = iface->dev;

	ASSERT_RTNL();
	iface_stop(iface, netif_running(dev));
	list_del_rcu(&iface->link);
	if (iface->vlan0)
		vlan_vid_del(dev, htons(ETH_P_8021Q), 0);
	nf_unregister_net_hook(dev_net(dev), &iface->ops);
	cancel_delayed_work_sync(&iface->work);
	/* Frames built for the device are sent in the same RCU section. */
	synchronize_net();
	pr_info("%s detached\n", netdev_name(dev));
	dev_put(dev);
	free_percpu(iface->stats);
	kfree(iface);
}

static int iface_check(const struct net_device *dev, u32 mtu_cap,
		       struct netlink_ext_ack *extack)
{
	u64 hint;

	if (!rmp_insecure && !rmp_cluster_key_hint(0, &hint)) {
		NL_SET_ERR_MSG(extack, NO_KEY);
		return -ENOKEY;
	}
	if (dev->type != ARPHRD_ETHER || dev->flags & IFF_LOOPBACK ||
	    dev->addr_len != ETH_ALEN) {
		NL_SET_ERR_MSG(extack, "not an Ethernet interface");
		return -EINVAL;
	}
	if (!netif_running(dev)) {
		NL_SET_ERR_MSG(extack, "the interface is down: bring it up first");
		return -ENETDOWN;
	}
	if (!rmp_frag_unit(iface_mtu(dev, mtu_cap))) {
		NL_SET_ERR_MSG(extack, "the MTU is too small: RMAP needs at least 1152 bytes");
		return -EINVAL;
	}
	if (iface_find(dev)) {
		NL_SET_ERR_MSG(extack, "the interface is attached already");
		return -EEXIST;
	}
	return 0;
}

static int set_node_id(const struct net_device *dev)
{
	const u8 *mac = dev->perm_addr;
	int err;

	if (rmp_id)
		return 0;
	if (!is_valid_ether_addr(mac))
		mac = dev->dev_addr;
	WRITE_ONCE(rmp_id, ether_addr_to_u64(mac));
	err = rmp_cluster_key_id();
	if (err)
		WRITE_ONCE(rmp_id, 0);
	return err;
}

static struct rmp_iface *iface_alloc(struct net_device *dev, u32 mtu_cap)
{
	struct rmp_iface *iface = kzalloc(sizeof(*iface), GFP_KERNEL);

	if (!iface)
		return NULL;
	iface->stats = alloc_percpu(struct rmp_iface_stats);
	if (!iface->stats) {
		kfree(iface);
		return NULL;
	}
	iface->dev = dev;
	iface->mtu_cap = mtu_cap;
	iface->mtu = iface_mtu(dev, mtu_cap);
	iface->ops.hook = net_hook;
	iface->ops.priv = iface;
	iface->ops.dev = dev;
	iface->ops.pf = NFPROTO_NETDEV;
	iface->ops.hooknum = NF_NETDEV_INGRESS;
	iface->ops.priority = INT_MIN;
	INIT_DELAYED_WORK(&iface->work, rmp_announce_iface_work);
	return iface;
}

static int iface_attach(struct net_device *dev, u32 mtu_cap,
			struct netlink_ext_ack *extack)
{
	struct rmp_iface *iface;
	int err;

	err = iface_check(dev, mtu_cap, extack);
	if (err)
		return err;
	err = set_node_id(dev);
	if (err)
		return err;
	iface = iface_alloc(dev, mtu_cap);
	if (!iface)
		return -ENOMEM;
	err = nf_register_net_hook(dev_net(dev), &iface->ops);
	if (err) {
		NL_SET_ERR_MSG(extack, "the ingress hook could not be registered");
		free_percpu(iface->stats);
		kfree(iface);
		return err;
	}
	dev_hold(dev);
	vlan0_want(iface);
	list_add_tail_rcu(&iface->link, &rmp_ifaces);
	pr_info("%s attached, node %012llx, MTU %u\n",
		netdev_name(dev), rmp_id, iface->mtu);
	if (rmp_insecure)
		pr_warn_once("insecure=1: frames are neither authenticated nor encrypted\n");
	iface_start(iface);
	return 0;
}

/*
 * rmp_iface_add() - attach an interface
 * @mtu_cap: use at most this MTU; 0: the interface's
 *
 * Return: 0, or a negative error number, with words in @extack. May sleep.
 */
int rmp_iface_add(const char *name, u32 mtu_cap, struct netlink_ext_ack *extack)
{
	struct net_device *dev;
	int err = -ENODEV;

	rtnl_lock();
	dev = __dev_get_by_name(&init_net, name);
	if (dev)
		err = iface_attach(dev, mtu_cap, extack);
	else
		NL_SET_ERR_MSG(extack, "no such network interface");
	rtnl_unlock();
	return err;
}

/** rmp_iface_del() - detach an interface; return as rmp_iface_add() */
int rmp_iface_del(const char *name, struct netlink_ext_ack *extack)
{
	struct rmp_iface *iface = NULL;
	struct net_device *dev;

	rtnl_lock();
	dev = __dev_get_by_name(&init_net, name);
	if (dev)
		iface = iface_find(dev);
	if (iface)
		iface_detach(iface);
	else
		NL_SET_ERR_MSG(extack, "the interface is not attached");
	rtnl_unlock();
	return iface ? 0 : -ENODEV;
}

static void iface_new_mtu(struct rmp_iface *iface)
{
	u32 mtu = iface_mtu(iface->dev, iface->mtu_cap);

	if (!rmp_frag_unit(mtu)) {
		netdev_warn(iface->dev, "memx_rmap: MTU %u is too small for RMAP\n",
			    mtu);
		return;
	}
	WRITE_ONCE(iface->mtu, mtu);
	rmp_node_mtu(iface);
}

static int net_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct rmp_iface *iface = iface_find(dev);

	if (!iface)
		return NOTIFY_DONE;
	switch (event) {
	case NETDEV_GOING_DOWN:
		iface_stop(iface, true);
		break;
	case NETDEV_UP:
		/* The administrator's attachment outlasts a restart of the link. */
		iface_start(iface);
		break;
	case NETDEV_CHANGEMTU:
		iface_new_mtu(iface);
		break;
	case NETDEV_CHANGEADDR:
		if (iface->up)
			rmp_announce_iface(iface);
		break;
	case NETDEV_UNREGISTER:
		iface_detach(iface);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block net_notifier = {
	.notifier_call = net_event,
};

int rmp_net_init(void)
{
	return register_netdevice_notifier(&net_notifier);
}

void rmp_net_exit(void)
{
	struct rmp_iface *iface, *next;

	/*
	 * Replays going down and unregistration of every device to the
	 * notifier, which detaches them; the loop is for whatever is left.
	 */
	unregister_netdevice_notifier(&net_notifier);
	rtnl_lock();
	list_for_each_entry_safe(iface, next, &rmp_ifaces, link)
		iface_detach(iface);
	rtnl_unlock();
}

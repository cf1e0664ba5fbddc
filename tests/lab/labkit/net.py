# SPDX-License-Identifier: GPL-2.0
"""The virtual switches: bridges in the run's own network namespace, and a tap for each interface of a host."""
import os
import subprocess

PREFIX = "10.77.0."
MTU = "9000"
SWITCH = "br0"                  # frames sent on it leave by the port of the host they are for
SECOND = "br1"                  # where the second interfaces of hosts are


def _ip(*args):
    env = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
    subprocess.run(["ip", *args], check=True, env=env)


def switch():
    """Makes the bridges; they only switch, the namespace's own IP stack is not used."""
    for bridge in (SWITCH, SECOND):
        _ip("link", "add", bridge, "type", "bridge", "stp_state", "0", "mcast_snooping", "0", "forward_delay", "0")
        _ip("link", "set", bridge, "mtu", MTU, "addrgenmode", "none", "up")


def plug(index, nics=1):
    """Makes the taps for host number @index and returns their names; each interface is on a switch of its own."""
    taps = [f"tap{index}", f"tap{index}b"][:nics]
    for tap, bridge in zip(taps, (SWITCH, SECOND)):
        _ip("tuntap", "add", tap, "mode", "tap", "vnet_hdr")
        _ip("link", "set", tap, "mtu", MTU, "master", bridge, "addrgenmode", "none", "up")
    return taps


def cable(index, connected):
    """Pulls or plugs the cable of host number @index."""
    _ip("link", "set", f"tap{index}", "up" if connected else "down")


def port_mtu(index, size):
    """Largest frame that the switch passes to host number @index; None: as large as any host's."""
    _ip("link", "set", f"tap{index}", "mtu", str(size or MTU))


def secure(index):
    """Ties the address of host number @index to its port, and learns no others there, as switches with port security do."""
    env = {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
    subprocess.run(["bridge", "fdb", "replace", mac_of(index), "dev", f"tap{index}", "master", "static"], check=True, env=env)
    subprocess.run(["bridge", "link", "set", "dev", f"tap{index}", "learning", "off"], check=True, env=env)


def ip_of(index):
    return f"{PREFIX}{index}"


def mac_of(index, nic=0):
    return f"52:54:00:4d:{0x58 + nic:02x}:{index:02x}"

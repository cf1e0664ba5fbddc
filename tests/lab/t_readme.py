# SPDX-License-Identifier: GPL-2.0
"""What README says about real hosts, done word by word on hosts with nothing but Debian: a guest swaps, and a plain host has its disk."""
import os
import re

from lab import Test, linux, xen
from labkit import bare
from labkit.paths import ROOT
from labkit.memx import Cluster, Server, told

SMALLER = 16                            # times, are all sizes than README's: the hosts are small
ELSEWHERE = "on one of them"            # README's words for a line that is not for all hosts
GUEST = "mkswap /dev/xvdma && swapon /dev/xvdma && memsort 64"


def section():
    """README's part on real hosts."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        return f.read().split("\n## On real hosts\n")[1].split("\n## ")[0]


def packages():
    """What README says is to be installed."""
    return re.search(r"on Debian `([^`]*)`", section()).group(1).split()


def blocks():
    """The commands of each of README's blocks, one per line; the hosts' sizes."""
    found = re.findall(r"^```\n(.*?)^```$", section(), re.M | re.S)
    smaller = [re.sub(r"\b(\d+)G\b", lambda size: f"{int(size.group(1)) * 1024 // SMALLER}M", block) for block in found]
    return [block.strip().splitlines() for block in smaller]


class T(Test):
    hosts = {"x1": xen(nics=2, vcpus=2, memory=2048, dom0=1536), "s1": linux(nics=2, vcpus=2, memory=1024)}
    timeout = 1500
    debian_kernel = True

    @classmethod
    def before_boot(cls):
        root = bare.disk(packages(), blocks()[0][0])
        for options in cls.hosts.values():
            options.root = root

    def run(self):
        every, server, client, disk, plain = blocks()
        for host in (self.x1, self.s1):
            host.sh("ip link set eth1 up")
        self.keys(every[1:])
        self.do(self.s1, server)
        self.do(self.x1, client[:-1])
        cluster = Cluster(self, self.x1, (self.s1,))
        cluster.heard()
        self.check(re.search(r"s1 +alive", self.last(self.x1, client)), "the Xen host sees the server")
        self.guest(re.search(r"'(vdev=[^']*)'", disk[0]).group(1))
        self.plain(plain)

    @staticmethod
    def command(line):
        """A line without what it says to the reader."""
        return line.split(" # ")[0].strip()

    def do(self, host, lines):
        for line in lines:
            out = host.sh(self.command(line), 120)
            self.say(f"{host}: {self.command(line)}{': ' + out.strip() if out.strip() else ''}")

    def last(self, host, lines):
        return host.sh(self.command(lines[-1]))

    def keys(self, lines):
        """The rest of the first block: a key is made on one host, and carried to the other."""
        for line in lines:
            self.do(self.s1, [line])
            if ELSEWHERE in line:
                path = re.search(r"/etc/\S+", line).group()
                self.x1.put(path, self.s1.get(path), 0o600)
            else:
                self.do(self.x1, [line])

    def guest(self, spec):
        guest = self.x1.guest_create("g1", memory=96, disks=[spec], script=GUEST, timeout=300)
        rc, out = guest.wait(900)
        self.check(rc == 0, f"the guest sorts more than its memory holds: {out.strip()[-200:]}")
        self.check(Server(self.s1).used() > 0, "its pages are with the server")
        stored = Server(self.s1).volumes()
        self.check([v["name"] for v in stored] == ["swap0"] and stored[0]["sealed"], f"sealed, as there is a client's key: {stored}")
        guest.shutdown()
        guest.wait_gone()

    def plain(self, lines):
        self.do(self.x1, lines[:-1])
        dev = self.last(self.x1, lines).strip()
        self.check(dev == "/dev/memxa", f"the device's name is printed: {dev}")
        self.x1.sh(f"head -c 16M /dev/urandom > /root/data && cp /root/data {dev} && cmp -n 16777216 /root/data {dev}", 120)
        self.check("scratch" in [v["name"] for v in told(self.x1, "volume list")], "and it keeps what is written")

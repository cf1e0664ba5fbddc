# SPDX-License-Identifier: GPL-2.0
"""Broken disk specs and a cluster that cannot serve: xl create says why, soon, and leaves nothing behind."""
import json
import time

from lab import Test, linux, xen
from labkit.memx import Server, load

# An xl create that fails takes as long as one with a stock disk, and the end of that guest; a wait for a state that
# does not come, 10 s of it at least, would be seen.
SLOWER, MARGIN = 1.5, 3             # times, and seconds

# target, and what xl must say
BROKEN = (
    ("size=64M,persist=yes", "persist=yes needs vol=NAME"),
    ("thin=yes", "size= is missing"),
    ("vol=,size=64M", "vol= is empty"),
    ("vol=a/b,size=64M", "a name has only"),
    ("vol=-a,size=64M", "a name begins with"),
    ("vol=a,size=64M,colour=red", "unknown key 'colour'"),
    ("vol=a,size=64M,size=32M", "size= is given twice"),
    ("vol=a,size", "'size' is not KEY=VALUE"),
    ("vol=a:size=64M", "no ':'"),
    ("vol=a,size=0", "more than 0"),
    ("vol=a,size=-64M", "is no size"),
    ("vol=a,size=huge", "is no size"),
    ("vol=a,size=5000", "no multiple of 4K"),
    ("vol=a,size=17T", "more than 16T"),
    ("vol=a,size=64M,chunk=3M", "a chunk is 1M"),
    ("vol=a,size=64M,persist=maybe", "persist= is yes or no"),
    ("vol=a", "so size= is needed"),
    ("", "size= is missing"),
)
GOOD = "vol=a,size=64M"


class T(Test):
    hosts = {"x1": xen(), "s1": linux()}
    timeout = 1800

    def disk(self, target, vdev="xvdma"):
        """A disk spec."""
        return f"vdev={vdev},script=block-memx,target={target}"

    def refused(self, target, words, name="g1"):
        """xl create must fail in time and say @words."""
        path = self.x1.guest_config(name, memory=128, disks=[self.disk(target)])
        start = time.monotonic()
        rc, out = self.x1.rc(f"xl create {path}", 60)
        seconds = time.monotonic() - start
        self.check(rc != 0, f"target '{target}' is refused")
        self.check(words in out, f"target '{target}': xl says '{words}':\n{out}")
        if seconds > self.limit():
            self.plain = max(self.plain, self.stock())
        self.check(seconds <= self.limit(), f"target '{target}' took {seconds:.1f} s, with a stock disk it takes {self.plain:.1f}")
        self.slowest = max(self.slowest, seconds)
        self.refusals += 1

    def limit(self):
        return SLOWER * self.plain + MARGIN

    def stock(self):
        """Seconds that xl takes to make a guest with a stock disk, and to end it."""
        path = self.x1.guest_config("stock", memory=128, disks=["vdev=xvda,format=raw,target=/tmp/stock.img"])
        start = time.monotonic()
        self.x1.sh(f"xl create -p {path} && xl destroy stock", 120)
        return time.monotonic() - start

    def nothing_left(self, domains=1):
        """No domain, node, claim or volume is left, here or on the server."""
        x1 = self.x1
        self.check(x1.sh("xl list | wc -l").strip() == str(1 + domains), "no domain is left")
        if domains == 1:
            self.check(not x1.sh("xenstore-list /local/domain/0/backend/vbd 2>/dev/null", check=False).strip(),
                       "no backend node is left")
            self.check(not x1.sh("ls /run/memx/volumes 2>/dev/null", check=False).strip(), "no claim is left")
            self.check(self.volumes() == [], "no volume is left")

    def volumes(self):
        """Names of the volumes of x1; none while the core is not loaded."""
        rc, out = self.x1.rc("memxctl --json volume list")
        return [v["name"] for v in json.loads(out)] if rc == 0 else []

    def run(self):
        self.slowest = 0
        self.refusals = 0
        self.x1.sh("truncate -s 1M /tmp/stock.img")
        self.plain = self.stock()
        self.without_cluster()
        self.server = Server(self.s1)
        self.server.start("192M")
        self.refused("vol=a,size=8G", "volume 'a': ")
        for target, words in BROKEN:
            self.refused(target, words)
            self.nothing_left()
        self.good()
        self.figure("refusals", self.refusals)
        self.figure("slowest_refusal_s", round(self.slowest, 1))
        self.figure("stock_s", round(self.plain, 1))

    def without_cluster(self):
        """From a host without any module of ours to one without servers."""
        self.refused(GOOD, "the kernel module memx_blkback is not loaded")
        self.nothing_left()
        load(self.x1, "memx_blkback", devs=())
        self.refused(GOOD, "no interface is attached")
        self.nothing_left()
        self.x1.sh("memxctl attach eth0")
        self.refused(GOOD, "memory server")
        self.nothing_left()

    def good(self):
        """The same guest with a good spec; others cannot get at its volume."""
        guest = self.x1.guest_create("g1", memory=128, disks=[self.disk(GOOD)])
        guest.sh("pattern write /dev/xvdma 0 16M 5")
        self.refused(GOOD, "volume 'a' is in use by xvdma of domain", name="g2")
        self.nothing_left(domains=2)
        self.check(self.volumes() == ["a"], "the volume of the living guest is left alone")
        guest.sh("pattern verify /dev/xvdma 0 16M 5")
        self.check(len(self.server.volumes()) == 1, "the server stores the volume")
        guest.shutdown()
        self.nothing_left()
        self.until(lambda: self.server.volumes() == [], "the server has dropped the volume", 30)

        self.x1.sh("memxctl volume create kept --size 64M")
        self.refused("vol=kept,size=32M", "volume 'kept' exists with size 64M, not 32M")
        self.check(self.volumes() == ["kept"], "a volume of the administrator's is left alone")
        self.x1.sh("memxctl volume remove kept")
        self.nothing_left()

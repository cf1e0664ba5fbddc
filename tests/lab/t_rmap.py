# SPDX-License-Identifier: GPL-2.0
"""RMAP between two bare hosts without a memory cluster: sessions, calls, faults, restarts, what it costs over the floor."""
import re

from lab import Test, linux

RUN = "/sys/kernel/debug/memx_echo/run"
FLOOR = "/sys/kernel/debug/memx_floor/run"
LEFT = re.compile(r"unloaded, nodes created (\d+) destroyed (\d+), packets kept (\d+) freed (\d+)")


class T(Test):
    hosts = {"c1": linux(), "s1": linux()}
    timeout = 900

    def run(self):
        for host in (self.c1, self.s1):
            host.sh("mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug")
        self.refusals()
        for mtu in (1500, 9000):
            self.floor(mtu)
        self.load()
        self.speed(1500)
        self.faults()
        self.speed(9000)
        self.mixed_mtu()
        self.link_down()
        self.restart()
        self.unload()

    # Steps.

    def refusals(self):
        """What cannot be attached is refused in words."""
        self.c1.insmod("memx_rmap")
        self.refused("eth0", "no cluster key")
        self.c1.sh("rmmod memx_rmap")
        self.c1.insmod("memx_rmap", "insecure=1")
        self.refused("lo", "not an Ethernet interface")
        self.refused("eth7", "no such network interface")
        self.refused("eth0 --mtu 1000", "MTU is too small")
        self.c1.sh("memxctl attach eth0")
        self.refused("eth0", "attached already")
        self.c1.sh("memxctl detach eth0")
        self.c1.sh("rmmod memx_rmap")

    def refused(self, what, words):
        rc, out = self.c1.rc(f"memxctl attach {what}")
        self.check(rc != 0 and words in out, f"attach {what} is refused with '{words}': {out.strip()}")

    def floor(self, mtu):
        for host in (self.c1, self.s1):
            host.mtu(mtu)
        self.s1.insmod("memx_floor", "role=server")
        self.c1.insmod("memx_floor", f"role=client peer={self.s1.mac}")
        for depth, count in ((1, 3000), (32, 30000)):
            self.c1.sh(f"echo {depth} {count} > {FLOOR}")
            self.record(f"floor_{mtu}_d{depth}", self.c1.get(FLOOR), depth)
        for host in (self.c1, self.s1):
            host.sh("rmmod memx_floor")
            host.mtu(1500)

    def record(self, key, text, depth):
        words = dict(w.split("=") for w in text.split())
        if depth == 1:
            self.figure(key + "_us", float(words["us"]))
        else:
            self.figure(key + "_per_s", int(words["rate"]))

    def load(self):
        for host in (self.c1, self.s1):
            host.insmod("memx_rmap", "insecure=1")
            host.sh("memxctl attach eth0")
        self.s1.insmod("memx_echo", "role=server")
        self.c1.insmod("memx_echo", "role=client")
        self.heard()

    def heard(self):
        self.until(lambda: "server=1" in self.c1.get(RUN), "the client has heard of the server", 10)

    def calls(self, kind, pages, depth, count, timeout=120):
        self.c1.sh(f"echo {kind} {pages} {depth} {count} > {RUN}", timeout)
        text = self.c1.get(RUN)
        self.check(" failed=0 bad=0 " in text, f"all calls were answered, and rightly: {text.strip()}")
        return text

    def speed(self, mtu):
        for host in (self.c1, self.s1):
            host.mtu(mtu)
        self.calls("echo", 1, 1, 10)
        self.calls("echo", 32, 4, 200)
        self.calls("read", 0, 16, 1000)
        for kind in ("read", "write"):
            for depth, count in ((1, 3000), (32, 30000)):
                self.record(f"rmap_{mtu}_{kind}_d{depth}", self.calls(kind, 1, depth, count), depth)
        self.calls("echo", 1, 128, 5000)

    def faults(self):
        for what in ("loss 2%", "duplicate 5%", "delay 2ms 1ms", "loss 1% duplicate 1% delay 1ms reorder 25%",
                     "corrupt 1%"):
            for host in (self.c1, self.s1):
                host.netem(what)
            self.calls("echo", 1, 32, 3000)
            self.calls("echo", 32, 8, 100)
        for host in (self.c1, self.s1):
            host.netem(None)
        drops = self.s1.counters("rmap")
        self.check(drops["drop_tag"] > 0, "damaged frames were seen and dropped")

    def mixed_mtu(self):
        """One end with big frames, the other without: they find the size that passes."""
        self.s1.mtu(1500)
        self.calls("echo", 8, 8, 300)
        self.c1.mtu(1500)
        self.s1.mtu(9000)
        self.calls("echo", 8, 8, 300)
        self.s1.mtu(1500)

    def link_down(self):
        self.s1.sh("ip link set eth0 down")
        self.s1.sh("sleep 1; ip link set eth0 up")
        self.calls("echo", 1, 8, 100)
        run = self.c1.bg(f"echo echo 1 8 20000 > {RUN}")
        self.s1.cable(False)
        self.s1.sh("sleep 2")
        self.s1.cable(True)
        run.wait(60)
        text = self.c1.get(RUN)
        self.check(" failed=0 bad=0 " in text, f"calls outlast a pulled cable: {text.strip()}")

    def restart(self):
        """A server that comes back as another incarnation is a new server."""
        self.s1.sh("rmmod memx_echo memx_rmap")
        self.s1.insmod("memx_rmap", "insecure=1")
        self.s1.sh("memxctl attach eth0")
        self.s1.insmod("memx_echo", "role=server")
        self.calls("echo", 1, 8, 100)

    def unload(self):
        for host in (self.c1, self.s1):
            host.sh("rmmod memx_echo memx_rmap")
            ends = LEFT.findall(host.dmesg())
            self.check(ends, "the module tells its counts")
            for made, gone, kept, freed in ends:
                self.check(made == gone and kept == freed,
                           f"{host} leaves nothing: nodes {made}/{gone}, packets {kept}/{freed}")

# SPDX-License-Identifier: GPL-2.0
"""Every module comes and goes: refused when in use, gone when idle, nothing left behind."""
import re

from lab import Test, linux, xen
from labkit.memx import Cluster, Server

CYCLES = 20
LINE = re.compile(r"(memx_\w+): unloaded, (.*)")
COUNT = re.compile(r"([a-z -]+?) (?:created|kept) (\d+)(?:,)? (?:destroyed|freed) (\d+)")


class T(Test):
    hosts = {"x1": xen(), "s1": linux()}
    timeout = 1500

    def run(self):
        self.cluster = Cluster(self, self.x1, (self.s1,), "memx_blkback")
        self.in_use()
        self.x1.sh("dmesg -C")
        self.s1.sh("dmesg -C")
        before = [self.slab(host) for host in (self.x1, self.s1)]
        for _ in range(CYCLES):
            self.cycle()
        self.balanced(self.x1, ("memx_rmap", "memx_core", "memx_client", "memx_blkback"))
        self.balanced(self.s1, ("memx_rmap", "memx_core", "memx_server"))
        for host, start in zip((self.x1, self.s1), before):
            self.figure(f"{host}_memory_kib", self.slab(host) - start)

    def slab(self, host):
        """Memory of the kernel's own, in KiB."""
        host.sh("sync; echo 3 > /proc/sys/vm/drop_caches; sleep 1")
        text = host.get("/proc/meminfo") + host.get("/proc/vmallocinfo").count("memx") * "x"
        return sum(int(v) for v in re.findall(r"(?:SUnreclaim|VmallocUsed): +(\d+)", text))

    def load(self):
        """Everything up on both hosts, and a volume."""
        self.cluster.start("128M")
        self.cluster.make("64M")

    def unload(self):
        """Everything down again, as an admin would."""
        self.cluster.unmake()
        self.until(lambda: "v" not in self.x1.sh("memxctl volume list").split(), "the volume is gone", 20)
        Server(self.s1).stop(force=True)
        for host in (self.x1, self.s1):
            host.memx_unload()

    def refused(self, host, module):
        rc, out = host.rc(f"rmmod {module}")
        self.check(rc != 0 and "in use" in out, f"rmmod {module} is refused: {out.strip()}")

    def in_use(self):
        """rmmod of what is in use says so and breaks nothing."""
        self.load()
        user = self.x1.bg("exec 3<>/dev/memxa; sleep 600")
        self.until(lambda: self.x1.rc("fuser -s /dev/memxa || ls -l /proc/*/fd 2>/dev/null | grep -q memxa")[0] == 0,
                   "the device is open")
        for host, module in ((self.x1, "memx_client"), (self.x1, "memx_core"), (self.x1, "memx_rmap"),
                             (self.s1, "memx_server"), (self.s1, "memx_core"), (self.s1, "memx_rmap")):
            self.refused(host, module)
        user.kill()
        self.until(lambda: self.x1.rc("ls -l /proc/*/fd 2>/dev/null | grep -q memxa")[0] != 0, "the device is closed")
        guest = self.x1.guest_create("g", disks=["vdev=xvdma,script=block-memx,target=vol=gv,size=32M"])
        self.until(lambda: guest.rc("test -b /dev/xvdma")[0] == 0, "the guest has the disk")
        self.refused(self.x1, "memx_blkback")
        guest.sh("pattern write /dev/xvdma 0 1M 1 && pattern verify /dev/xvdma 0 1M 1")
        guest.shutdown()
        self.until(lambda: "gv" not in self.x1.sh("memxctl volume list").split(), "the guest's volume is gone", 20)
        self.unload()

    def cycle(self):
        """Loads everything, uses it, and unloads it."""
        self.load()
        self.x1.sh("head -c 4M /dev/urandom > /tmp/data && dd if=/tmp/data of=/dev/memxa bs=64k oflag=direct status=none && "
                   "cmp -n 4194304 /tmp/data /dev/memxa")
        self.unload()

    def balanced(self, host, modules):
        """What each module said of itself when it left."""
        seen = {}
        for module, text in LINE.findall(host.dmesg()):
            counts = COUNT.findall(text)
            self.check(counts, f"{module} tells its counts: {text}")
            for what, made, gone in counts:
                self.check(made == gone, f"{module} on {host}: {what} {made} created, {gone} destroyed")
            seen[module] = seen.get(module, 0) + 1
        for module in modules:
            self.check(seen.get(module) == CYCLES, f"{module} on {host} came and went {CYCLES} times: {seen.get(module)}")

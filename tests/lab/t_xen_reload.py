# SPDX-License-Identifier: GPL-2.0
"""memx_blkback is exchanged under guests that write, read and swap: nothing is lost, no request fails; or it is refused, and all goes on."""
import json

from lab import Test, linux, xen
from labkit.memx import Cluster

XVDMA = 1 << 28 | 338 << 8
DISK = "vdev=xvdma,script=block-memx,target=vol={},size=64M"
ROUNDS = 5
DRIVERS = "/sys/bus/xen-backend/drivers"
PARKED = "/sys/module/memx_blkback/parameters/parked"
STEP = 8                        # MiB that a process of the guest has to itself


class T(Test):
    hosts = {"x1": xen(memory=1792), "s1": linux()}
    timeout = 1800

    def run(self):
        self.cluster = Cluster(self, self.x1, (self.s1,), "memx_blkback")
        self.cluster.start("448M")
        self.file = f"{self.x1.module_dir()}/memx_blkback.ko"
        self.one = self.x1.guest_create("g1", memory=96, disks=[DISK.format("a")],
                                        cmdline="xen_blkfront.max_ring_page_order=4")
        self.two = self.x1.guest_create("g2", memory=96, disks=[DISK.format("b")])
        self.two.sh("mkswap /dev/xvdma && swapon /dev/xvdma")
        self.upgrades()
        self.gap()
        self.given_up()
        self.silent()
        for guest in (self.one, self.two):
            guest.shutdown()
        self.until(lambda: self.cluster.used(self.s1) == 0, "nothing is left on the server", 30)

    def state(self, guest):
        return self.x1.xenstore(f"/local/domain/0/backend/vbd/{guest.id}/{XVDMA}/state")

    def rings(self, guest):
        rc, out = self.x1.rc(f"cat {DRIVERS}/memx-vbd/vbd-{guest.id}-{XVDMA}/statistics/rings")
        return int(out) if rc == 0 else 0

    def work(self, guest, first, last):
        """Four processes that write and verify, each its part, once for each seed."""
        return guest.bg("".join(
            f"(for seed in $(seq {first} {last}); do pattern write /dev/xvdma {i * STEP}M {STEP}M $seed 16K && "
            f"pattern verify /dev/xvdma {i * STEP}M {STEP}M $seed 32K || echo bad; done) &\n" for i in range(4)) + "wait")

    def whole(self, job, limit=600):
        out = job.wait(limit)
        self.check("bad" not in out, f"every request was answered, and what was written is there: {out[-300:]}")

    def upgrade(self, more=""):
        return self.x1.rc(f"memxctl --json upgrade {more}", 60)

    def upgrades(self):
        job = self.work(self.one, 1, 12)
        sort = self.two.bg("memsort 60 1")
        waited = []
        for _ in range(ROUNDS):
            rc, out = self.upgrade(self.file)
            self.check(rc == 0, f"the module is exchanged: {out.strip()[-300:]}")
            said = json.loads(out)
            self.check(said["disks"] == 2, f"both disks are served again: {said}")
            waited.append(said["waited_ms"])
            self.check(self.state(self.one) == self.state(self.two) == "4", "for the guests the disks stay connected")
        self.check(job.running(), "the guest was writing all the time")
        self.figure("waited_ms", sorted(waited)[ROUNDS // 2])
        self.figure("waited_ms_max", max(waited))
        self.whole(job)
        out = sort.wait(600)
        self.check('"ok":true' in out.replace(" ", ""), f"a sort that swaps meanwhile is right: {out[-200:]}")

    def gap(self):
        """While no module serves the disks requests wait; the stock backend may get hold of one, and serves nothing."""
        job = self.work(self.one, 60, 65)
        self.x1.sh(f"echo 1 > {PARKED} && rmmod memx_blkback")
        self.check(self.state(self.one) == "4", "for the guest the disk is connected")
        self.x1.sh(f"modprobe xen-blkback; echo vbd-{self.one.id}-{XVDMA} > {DRIVERS}/vbd/bind", check=False)
        self.x1.sh("sleep 2")
        self.check(job.running(), "the guest waits")
        self.x1.memx_load("memx_blkback", memx_rmap="insecure=1")
        self.until(lambda: self.rings(self.one) and self.rings(self.two), "both are served again")
        self.whole(job)

    def given_up(self):
        """An admin who parks the disks and does not replace the module."""
        job = self.work(self.one, 70, 73)
        self.x1.sh(f"echo 1 > {PARKED}")
        self.check(self.rings(self.one) == 0, "the disks are parked")
        self.x1.sh(f"echo 0 > {PARKED}")
        self.until(lambda: self.rings(self.one) and self.rings(self.two), "they are served again")
        self.whole(job)

    def silent(self):
        """With requests that cannot be answered it is refused; the guest notices nothing of that."""
        self.s1.cable(False)
        job = self.one.bg("pattern verify /dev/xvdma 0 4M 73 32K || echo bad")
        self.x1.sh("sleep 1")
        rc, out = self.upgrade(self.file)
        self.check(rc == 1 and "refused" in out, f"refused in words: {out.strip()[-300:]}")
        self.check("have not been answered" in self.x1.dmesg(), "the log says of which disk")
        self.check(self.rings(self.one) == 1 and self.x1.get(PARKED).strip() == "N", "it is served as before")
        self.s1.cable(True)
        self.whole(job)
        rc, out = self.upgrade(self.file)
        self.check(rc == 0, f"and once the server is back it is done: {out.strip()[-300:]}")

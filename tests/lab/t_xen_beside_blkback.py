# SPDX-License-Identifier: GPL-2.0
"""memx_blkback and the stock backend, loaded in either order: each serves exactly its own disks, and one goes without the other."""
from lab import Test, linux, xen
from labkit.memx import Cluster

DEVICES = "/sys/bus/xen-backend/devices"
OURS = 1 << 28 | 338 << 8
STOCK = 202 << 8 | 1 << 4       # xvdb


class T(Test):
    hosts = {"x1": xen(), "s1": linux()}
    timeout = 1200

    def run(self):
        self.cluster = Cluster(self, self.x1, (self.s1,), "memx_client")
        self.cluster.start("128M")
        self.x1.sh("truncate -s 32M /tmp/stock.img")
        self.guest = self.x1.guest_create("g1", memory=96)
        for order in (("memx_blkback", "xen-blkback"), ("xen-blkback", "memx_blkback")):
            self.both(order)
        self.alone()

    def load(self, module):
        if module == "xen-blkback":
            self.x1.sh("modprobe xen-blkback")
        else:
            self.x1.insmod(module)

    def unload(self):
        self.x1.sh("for m in memx_blkback xen_blkback; do [ ! -d /sys/module/$m ] || rmmod $m || exit; done")

    def driver(self, devid):
        return self.x1.sh(f"basename $(readlink {DEVICES}/vbd-{self.guest.id}-{devid}/driver)").strip()

    def attach(self):
        self.x1.sh("xl block-attach g1 'vdev=xvdma,script=block-memx,target=vol=a,size=32M'")
        self.x1.sh("xl block-attach g1 'vdev=xvdb,format=raw,target=/tmp/stock.img'")
        self.until(lambda: self.guest.rc("test -b /dev/xvdma && test -b /dev/xvdb")[0] == 0, "the guest has both disks", 20)
        self.check(self.driver(OURS) == "memx-vbd", "memx_blkback has the disk of block-memx")
        self.check(self.driver(STOCK) == "vbd", "the stock backend has the other one")

    def works(self, disk, seed):
        self.guest.sh(f"pattern write /dev/{disk} 0 4M {seed} && pattern verify /dev/{disk} 0 4M {seed}", 60)

    def both(self, order):
        self.unload()
        for module in order:
            self.load(module)
        self.attach()
        self.works("xvdma", 1)
        self.works("xvdb", 2)
        self.check(self.cluster.used(self.s1) == 1024, "the pages of the one are on the server, of the other are not")
        rc, out = self.x1.rc("rmmod memx_blkback")
        self.check(rc != 0 and "in use" in out, f"memx_blkback stays while it serves a disk: {out.strip()}")
        self.detach("xvdma", "a")
        self.detach("xvdb", None)

    def detach(self, disk, volume):
        self.x1.sh(f"xl block-detach g1 {disk}")
        self.until(lambda: self.guest.rc(f"test -b /dev/{disk}")[0] != 0, f"{disk} is gone", 20)
        if volume:
            self.until(lambda: volume not in self.x1.sh("memxctl --field name volume list").split(), "its volume, too", 20)

    def alone(self):
        """memx_blkback goes and comes while a disk of the stock backend is in use, and does not touch it."""
        self.x1.sh("xl block-attach g1 'vdev=xvdb,format=raw,target=/tmp/stock.img'")
        self.until(lambda: self.guest.rc("test -b /dev/xvdb")[0] == 0, "the guest has the disk", 20)
        job = self.guest.bg("for seed in $(seq 20); do pattern write /dev/xvdb 0 4M $seed 16K && pattern verify /dev/xvdb 0 4M $seed || exit; done")
        for _ in range(3):
            self.x1.sh("rmmod memx_blkback")
            self.x1.insmod("memx_blkback")
            self.check(self.driver(STOCK) == "vbd", "the stock backend keeps its disk")
        job.wait(240)
        self.works("xvdb", 3)
        self.detach("xvdb", None)

# SPDX-License-Identifier: GPL-2.0
"""Beside the stock backend, whichever is loaded first: each driver serves its own disks, and comes and goes without the other."""
from lab import Test, linux, xen
from labkit.memx import Cluster

MIB = 16
MEMX = {"xvdma": 1 << 28 | 338 << 8, "xvdmb": 1 << 28 | 339 << 8}
STOCK = {"xvdb": 51728, "xvdc": 51744}
SEED = {"xvdma": 1, "xvdmb": 2, "xvdb": 3, "xvdc": 4}
SPEC = {
    "xvdma": f"vdev=xvdma,script=block-memx,target=vol=a,size={MIB}M",
    "xvdmb": f"vdev=xvdmb,script=block-memx,target=vol=b,size={MIB}M",
    "xvdb": "vdev=xvdb,format=raw,target=/tmp/file.img",
    "xvdc": "phy:/dev/loop7,xvdc,w",
}


class T(Test):
    hosts = {"x1": xen(memory=1792), "s1": linux()}
    timeout = 2400

    def run(self):
        self.cluster = Cluster(self, self.x1, (self.s1,), "memx_blkback")
        self.cluster.start("192M")
        self.x1.sh(f"truncate -s {MIB}M /tmp/file.img /tmp/phy.img && losetup /dev/loop7 /tmp/phy.img")
        self.order("stock", "memx")
        self.order("memx", "stock")

    # Modules.

    def load(self, which):
        if which == "memx":
            self.x1.memx_load("memx_blkback")
        else:
            self.x1.sh("modprobe xen-blkback")

    def unload(self, which):
        self.x1.sh("rmmod " + {"memx": "memx_blkback", "stock": "xen_blkback"}[which])

    def stays(self, which):
        """A module whose disk is connected is not unloaded."""
        module = {"memx": "memx_blkback", "stock": "xen_blkback"}[which]
        rc, out = self.x1.rc(f"rmmod {module}")
        self.check(rc != 0 and "in use" in out, f"rmmod {module} is refused: {out.strip()}")

    # Disks.

    def drivers(self, guest, *disks):
        """These disks are there and connected, each with its own driver."""
        want = {f"vbd-{guest.id}-{MEMX.get(d) or STOCK[d]}": "memx-vbd" if d in MEMX else "vbd" for d in disks}
        self.until(lambda: {n: d for n, d in self.x1.backend_drivers().items() if n.startswith("vbd-")} == want, f"drivers are {want}", 10)
        for d in disks:
            self.until(lambda d=d: guest.rc(f"test -b /dev/{d}")[0] == 0, f"the guest has {d}")

    def fill(self, guest, *disks):
        self.together(*(lambda d=d: guest.sh(f"pattern write /dev/{d} 0 {MIB}M {SEED[d]} 64K", 240) for d in disks))

    def verify(self, guest, *disks):
        self.together(*(lambda d=d: guest.sh(f"pattern verify /dev/{d} 0 {MIB}M {SEED[d]} 64K", 240) for d in disks))

    def attach(self, guest, d):
        self.x1.sh(f"xl block-attach {guest.name} '{SPEC[d]}'")

    def detach(self, guest, d):
        self.x1.sh(f"xl block-detach {guest.name} {d}")

    def busy(self, guest, d):
        """A job that reads a disk again and again until keep() is called with it."""
        return guest.bg(f"while [ ! -e /tmp/{d} ]; do pattern verify /dev/{d} 0 {MIB}M {SEED[d]} 64K || exit; done; rm /tmp/{d}")

    def kept(self, guest, d, job):
        self.check(job.running(), f"{d} was read all the time")
        guest.sh(f"touch /tmp/{d}")
        job.wait(240)

    def no_notes(self):
        """Nobody is told of an error that is none."""
        notes = self.x1.sh("xenstore-ls -f /local/domain/0/error 2>/dev/null | grep vbd/", check=False)
        self.check(not notes, f"no error is noted of any disk: {notes}")

    # Steps.

    def order(self, first, second):
        """@first is loaded before @second; then each goes and comes back while the other one works."""
        self.x1.sh("rmmod memx_blkback; rmmod xen_blkback")
        self.load(first)
        self.load(second)
        guest = self.x1.guest_create("g1", memory=96, disks=[SPEC[d] for d in ("xvdma", "xvdb", "xvdc")])
        self.drivers(guest, "xvdma", "xvdb", "xvdc")
        self.no_notes()
        self.fill(guest, "xvdma", "xvdb", "xvdc")
        self.verify(guest, "xvdma", "xvdb", "xvdc")
        self.stays("memx")
        self.stays("stock")
        self.without_memx(guest)
        self.without_stock(guest)
        guest.shutdown()
        self.cluster.empty()
        self.no_notes()

    def without_memx(self, guest):
        self.detach(guest, "xvdma")
        self.drivers(guest, "xvdb", "xvdc")
        jobs = [(d, self.busy(guest, d)) for d in ("xvdb", "xvdc")]
        self.unload("memx")
        self.drivers(guest, "xvdb", "xvdc")
        self.load("memx")
        self.drivers(guest, "xvdb", "xvdc")
        self.attach(guest, "xvdma")
        self.attach(guest, "xvdmb")
        self.drivers(guest, "xvdma", "xvdmb", "xvdb", "xvdc")
        for d, job in jobs:
            self.kept(guest, d, job)
        self.fill(guest, "xvdma", "xvdmb")
        self.verify(guest, "xvdma", "xvdmb", "xvdb", "xvdc")
        self.no_notes()

    def without_stock(self, guest):
        self.detach(guest, "xvdb")
        self.detach(guest, "xvdc")
        self.drivers(guest, "xvdma", "xvdmb")
        job = self.busy(guest, "xvdma")
        self.unload("stock")
        self.drivers(guest, "xvdma", "xvdmb")
        self.load("stock")
        self.attach(guest, "xvdb")
        self.detach(guest, "xvdmb")
        self.drivers(guest, "xvdma", "xvdb")
        self.kept(guest, "xvdma", job)
        self.verify(guest, "xvdma", "xvdb")
        self.no_notes()

# SPDX-License-Identifier: GPL-2.0
"""A disk comes, goes and comes back: big rings, a driver that lets go, rebinding under load, no driver, dead servers."""
import re

from lab import Test, linux, xen
from labkit.memx import Cluster

XVDMA = 1 << 28 | 338 << 8
DRIVER = "/sys/bus/xen-backend/drivers/memx-vbd"
DISK = "vdev=xvdma,script=block-memx,target=vol={},size=32M"


class T(Test):
    hosts = {"x1": xen(), "s1": linux()}
    timeout = 1200

    def run(self):
        self.cluster = Cluster(self, self.x1, (self.s1,), "memx_blkback")
        self.cluster.start("448M")
        guest = self.x1.guest_create("g1", memory=96, cmdline="xen_blkfront.max_ring_page_order=4")
        self.attach(guest, "a")
        self.big_ring(guest)
        self.let_go(guest)
        self.rebind(guest)
        self.odd_frontend(guest)
        self.detach(guest, "a")
        self.no_driver(guest)
        self.dead_server(guest)

    def attach(self, guest, volume):
        self.x1.sh(f"xl block-attach {guest.name} '{DISK.format(volume)}'")
        self.until(lambda: guest.rc("test -b /dev/xvdma && blockdev --getsize64 /dev/xvdma | grep -qx 33554432")[0] == 0,
                   "the guest has the disk")

    def detach(self, guest, volume):
        self.x1.sh(f"xl block-detach {guest.name} xvdma")
        self.gone(guest, volume)

    def gone(self, guest, volume):
        """The toolstack runs the script's `remove` only for a backend that closed in time."""
        self.until(lambda: volume not in self.x1.sh("memxctl --field name volume list").split(),
                   f"volume {volume} went with its disk", 20)
        self.check(self.x1.xenstore(f"{self.backend(guest)}/state") is None, "the backend's nodes are gone")

    def backend(self, guest):
        return f"/local/domain/0/backend/vbd/{guest.id}/{XVDMA}"

    def big_ring(self, guest):
        order = self.x1.xenstore(f"/local/domain/{guest.id}/device/vbd/{XVDMA}/ring-page-order")
        self.check(order == "4", f"the ring has 16 pages: order {order}")
        jobs = [guest.bg(f"pattern write /dev/xvdma {4 * i}M 4M 1 {128 >> i % 3}K && "
                         f"pattern verify /dev/xvdma {4 * i}M 4M 1 {32 << i % 3}K") for i in range(8)]
        for job in jobs:
            job.wait(240)
        rc, out = self.x1.rc("rmmod memx_blkback")
        self.check(rc != 0 and "in use" in out, f"the module stays while a disk is connected: {out}")

    def let_go(self, guest):
        """The guest's driver lets go of the disk: it is closed, keeps its volume, and can be taken away."""
        guest.sh(f"echo vbd-{XVDMA} > /sys/bus/xen/drivers/vbd/unbind")
        self.until(lambda: self.x1.xenstore(f"{self.backend(guest)}/memx/state") == "closed", "the backend has closed")
        self.check(self.cluster.used(self.s1) == 8192, "what was written is still there")
        self.detach(guest, "a")
        self.check(self.cluster.used(self.s1) == 0, "the server has its memory back")
        self.attach(guest, "a")

    def rebind(self, guest):
        """An admin takes the driver away and gives it back while the guest writes: it notices nothing."""
        name = f"vbd-{guest.id}-{XVDMA}"
        job = guest.bg("for seed in 2 3 4 5 6 7 8 9; do pattern write /dev/xvdma 0 8M $seed 16K || exit; "
                       "pattern verify /dev/xvdma 0 8M $seed 16K || exit; done")
        for _ in range(3):
            self.x1.sh(f"echo {name} > {DRIVER}/unbind")
            self.check(self.x1.xenstore(f"{self.backend(guest)}/state") == "4", "for the guest the disk stays connected")
            self.x1.sh(f"echo {name} > {DRIVER}/bind")
            self.until(lambda: self.x1.xenstore(f"{self.backend(guest)}/memx/state") == "ok", "it is served again")
        self.check(job.running(), "the guest was writing all the time")
        job.wait(400)
        errors = self.x1.get(f"/sys/bus/xen-backend/devices/{name}/statistics/err")
        self.check(int(errors) == 0, f"no request failed: {errors}")

    def odd_frontend(self, guest):
        """A frontend that writes state 0 has a closed disk that says so; its text stands in no log as it is."""
        front = f"/local/domain/{guest.id}/device/vbd/{XVDMA}"
        error = f"{self.backend(guest)}/memx/error"
        self.x1.sh(f"xenstore-write {front}/state 0")
        self.until(lambda: self.x1.xenstore(f"{self.backend(guest)}/memx/state") == "closed", "the disk is closed")
        self.check(self.x1.xenstore(f"{self.backend(guest)}/state") == "6", "the backend says so, too")
        self.check("no state" in self.x1.xenstore(error), "memx/error says why")
        self.until(lambda: self.x1.xenstore(f"{front}/state") == "6", "the guest's driver has closed it, too")
        self.x1.sh("dmesg -C")
        self.x1.sh(f"xenstore-write {front}/protocol \"$(printf 'x\\033y\\nz')\"")
        self.x1.sh(f"xenstore-write {front}/state 1")
        self.until(lambda: self.x1.xenstore(f"{self.backend(guest)}/state") == "2", "the disk is offered anew")
        self.x1.sh(f"xenstore-write {front}/state 3")
        self.until(lambda: "x?y?z" in (self.x1.xenstore(error) or ""), "memx/error shows what cannot be printed as '?'")
        self.check("\033" not in self.x1.sh("dmesg"), "the log has nothing of it as it was, either")
        self.x1.sh(f"xenstore-write {front}/state 6")

    def no_driver(self, guest):
        """A disk for a guest that has no driver waits, and can be taken away again."""
        self.until(lambda: guest.rc("rmmod xen_blkfront")[0] == 0, "the guest has no driver")
        self.x1.sh(f"xl block-attach {guest.name} '{DISK.format('b')}'")
        self.check(self.x1.xenstore(f"{self.backend(guest)}/state") == "2", "the backend waits for a frontend")
        self.detach(guest, "b")
        guest.sh("modprobe xen-blkfront")

    def dead_server(self, guest):
        """With its server dead a disk does not hold up the guest's end."""
        self.attach(guest, "c")
        guest.sh("pattern write /dev/xvdma 0 8M 1")
        self.check(self.cluster.used(self.s1) == 2048, "the pages are on the server")
        self.s1.kill()
        guest.bg("pattern verify /dev/xvdma 0 8M 1")
        self.until(lambda: self.x1.xenstore(f"{self.backend(guest)}/memx/state") == "stalled", "its state says why it hangs", 60)
        self.x1.sh("xl destroy g1", 60)
        self.check(self.x1.rc("test -e /run/memx/volumes/c")[0] != 0, "the script's `remove` was run")
        left = self.x1.sh("ls /sys/bus/xen-backend/devices | grep ^vbd", check=False)
        self.check(not left, f"no device is left on the bus: {left}")
        self.x1.sh("rmmod memx_blkback")
        line = self.x1.sh("dmesg | grep 'memx_blkback: unloaded'")
        for made, freed in re.findall(r"created (\d+) destroyed (\d+)", line):
            self.check(made == freed, f"the module leaves nothing behind: {line.strip()}")

# SPDX-License-Identifier: GPL-2.0
"""Two guests with a slice each, one encrypted, beside a disk of the stock backend: none sees what another wrote, then or later."""
from lab import Test, linux, xen
from labkit.memx import Cluster

DISK = "/dev/xvdma"
SIZE = 48                                       # MiB, each


class T(Test):
    hosts = {"x1": xen(memory=1792), "s1": linux()}
    timeout = 1800

    def run(self):
        self.cluster = Cluster(self, self.x1, (self.s1,), "memx_blkback")
        self.cluster.start("448M")
        self.x1.sh(f"truncate -s {SIZE}M /tmp/stock.img")
        self.without_key()
        self.x1.sh("memxctl key generate /root/key && memxctl key add client /root/key")
        one = self.guest("g1", "v1,encrypt=no", "vdev=xvdb,format=raw,target=/tmp/stock.img")
        two = self.guest("g2", "v2")
        self.drivers(one, two)
        self.sealed(one, two)
        self.together(lambda: self.fill(one, DISK, 1), lambda: self.fill(two, DISK, 2),
                      lambda: self.fill(one, "/dev/xvdb", 3))
        self.own(one, DISK, 1)
        self.own(two, DISK, 2)
        self.own(one, "/dev/xvdb", 3)
        self.discard(one, two)
        one.shutdown()
        self.until(lambda: self.volumes() == {"v2"}, "the first guest's volume is gone", 20)
        self.own(two, DISK, 2)
        three = self.guest("g3", "v3,encrypt=yes")
        self.check(self.others(three, SIZE) == 0, "a new guest reads zeros where others' pages were stored")
        self.own(two, DISK, 2)
        for guest in (two, three):
            guest.shutdown()
        self.until(lambda: not self.volumes() and self.cluster.used(self.s1) == 0, "nothing is left on the server", 20)

    def guest(self, name, volume, *more):
        return self.x1.guest_create(name, memory=96, disks=(
            f"vdev=xvdma,script=block-memx,target=vol={volume},size={SIZE}M",) + more)

    def without_key(self):
        """A guest whose disk must be encrypted does not start without a key, and is told why."""
        path = self.x1.guest_config("g0", memory=96, disks=(
            f"vdev=xvdma,script=block-memx,target=vol=v0,encrypt=yes,size={SIZE}M",))
        rc, out = self.x1.rc(f"xl create {path}", 60)
        self.check(rc != 0 and "encryption needs a client key" in out, f"no key, no disk: {out.strip()[-300:]}")

    def sealed(self, one, two):
        """Which slice is encrypted is known to tools and to whoever reads the record."""
        sealed = dict(line.split() for line in self.x1.sh("memxctl --field name,sealed volume list").splitlines())
        self.check(sealed == {"v1": "no", "v2": "yes"}, f"what was asked for: {sealed}")
        check = self.cluster.volume("v2")["key_check"]
        self.until(lambda: self.record(two) is not None, "the record is written", 10)
        self.check(int(self.record(two), 16) == int(check, 16), f"the key's check value is recorded: {check}")
        self.check(self.record(one) is None, "and none for the other")
        self.x1.sh("/memx-build/tools/memx-xs check")

    def record(self, guest):
        return self.x1.xenstore(f"/local/domain/0/backend/vbd/{guest.id}/{1 << 28 | 338 << 8}/memx/key-check")

    def volumes(self):
        return set(self.x1.sh("memxctl --field name volume list").split())

    def drivers(self, one, two):
        """Each disk is with the right driver, though all are of one type."""
        of = self.x1.backend_drivers()
        ours = {name for name, driver in of.items() if driver == "memx-vbd"}
        memx = 1 << 28 | 338 << 8               # xvdma
        self.check(ours == {f"vbd-{one.id}-{memx}", f"vbd-{two.id}-{memx}"}, f"two disks are ours: {of}")
        self.check(of.get(f"vbd-{one.id}-51728") == "vbd", "xvdb is with the stock driver")

    def fill(self, guest, disk, seed):
        guest.sh(f"pattern write {disk} 0 {SIZE}M {seed} 64K", 240)

    def own(self, guest, disk, seed):
        guest.sh(f"pattern verify {disk} 0 {SIZE}M {seed} 64K", 240)
        for other in {1, 2, 3} - {seed}:
            rc, out = guest.rc(f"pattern verify {disk} 0 {SIZE}M {other} 64K", 240)
            self.check(rc != 0 and "mismatch at byte 0:" in out, f"{guest} finds nothing of {other} on {disk}: {out}")

    def others(self, guest, mib):
        """How many of the first bytes of a disk are not zero."""
        return int(guest.sh(f"head -c {mib << 20} {DISK} | tr -d '\\000' | wc -c", 180))

    def discard(self, one, two):
        """Memory given back by one guest does not come out of another's."""
        before = self.cluster.used(self.s1)
        one.sh(f"blkdiscard -o 0 -l {SIZE >> 1}M {DISK}", 120)
        pages = (SIZE >> 1) * 256
        self.until(lambda: self.cluster.used(self.s1) == before - pages, "the server has half of one disk back", 20)
        self.own(two, DISK, 2)
        rest = SIZE - (SIZE >> 1)
        one.sh(f"pattern verify {DISK} {SIZE >> 1}M {rest}M 1 64K", 240)
        self.check(self.others(one, SIZE >> 1) == 0, "what was discarded reads as zeros")

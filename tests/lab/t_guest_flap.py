# SPDX-License-Identifier: GPL-2.0
"""A guest reconnects its disk again and again, its ring full of reads, while their server is dead: dom0 keeps its memory."""
from lab import Test, linux, xen
from labkit.memx import Cluster

XVDMA = 1 << 28 | 338 << 8
MIB = 32
READERS = 64                    # processes with a read of BLOCK KiB each under way
BLOCK = 256
FLAPS = {"silent": 60, "dead": 200}
OPS = 8 * READERS               # operations that may be open at a time, however often the guest has come back
KIB = 12288                     # of dom0's memory that may be gone

# What the guest's kernel could write at any time: dom0 does it in its name. The backend gives up the ring, offers
# anew, and takes the same ring back, which the guest goes on filling.
FLAP = """
dev=/local/domain/{id}/device/vbd/{vdev}/state
back=/local/domain/0/backend/vbd/{id}/{vdev}/state
reach() {{
    n=0
    until [ "$(xenstore-read $back)" = "$1" ]; do
        n=$((n + 1)); [ $n -gt 600 ] && {{ echo "backend stays in $(xenstore-read $back), not $1"; exit 1; }}
        sleep 0.05
    done
}}
for i in $(seq {count}); do
    xenstore-write $dev 1 && reach 2
    xenstore-write $dev 3 && reach 4
    sleep 0.1
done
xenstore-write $dev 4
"""


class T(Test):
    hosts = {"x1": xen(memory=1792), "s1": linux()}
    timeout = 3600

    def run(self):
        cluster = Cluster(self, self.x1, (self.s1,), "memx_blkback")
        cluster.start("96M")
        guest = self.x1.guest_create("g1", memory=160, cmdline="xen_blkfront.max_ring_page_order=4 loglevel=1", disks=[
            f"vdev=xvdma,script=block-memx,target=vol=v,size={MIB}M"])
        guest.sh(f"pattern write /dev/xvdma 0 {MIB}M 1", 120)
        self.check(cluster.used(self.s1) == MIB * 256, "the pages are on the server")
        self.silent(guest)
        self.back()
        self.dead(guest)
        self.x1.sh("xl destroy g1", 60)
        self.until(lambda: self.open_ops() == 0, "no operation is left once the guest is gone", 60)
        self.check(self.x1.xenstore(f"/local/domain/0/backend/vbd/{guest.id}/{XVDMA}/state") is None, "and nothing of its disk")

    def stuck(self, guest):
        """Silences the server and fills the ring with reads, which are repeated when they fail."""
        self.s1.cable(False)
        step = (MIB * 1024 - BLOCK) // (READERS - 1) // 4 * 4
        job = guest.bg(f"""for i in $(seq 0 {READERS - 1}); do
    pattern insist /dev/xvdma $((i * {step}))K {BLOCK}K 1 {BLOCK}K || echo bad $i &
done
wait""")
        self.until(lambda: self.open_ops() >= READERS, "the ring is full of reads", 60)
        self.flap(guest, 5)
        return job

    # Looking.

    def open_ops(self):
        figures = self.x1.counters("core")
        return figures["ops_created"] - figures["ops_destroyed"]

    def made(self):
        return self.x1.counters("core")["ops_created"]

    def memory(self):
        """What dom0 has free, in KiB, with its caches given up, and the kernel's own."""
        return self.x1.kib("MemAvailable", "SUnreclaim")

    def flap(self, guest, count):
        """The frontend goes and comes back @count times, its ring as it is."""
        job = self.x1.bg(FLAP.format(id=guest.id, vdev=XVDMA, count=count))
        out = job.wait(1500, check=False)
        self.check(job.rc == 0, f"the frontend reconnects {count} times: {out[-500:]}")
        return job.seconds

    def flaps(self, guest, words):
        """Compares dom0's memory before and after many reconnections."""
        before, made = self.memory(), self.made()
        self.figure(f"{words}_seconds", round(self.flap(guest, FLAPS[words]), 1))
        after, made = self.memory(), self.made() - made
        gone, slab, ops = before[0] - after[0], after[1] - before[1], self.open_ops()
        for key, value in (("gone_kib", gone), ("slab_kib", slab), ("open_ops", ops), ("ops", made)):
            self.figure(f"{words}_{key}", value)
        self.check(made > FLAPS[words] * READERS // 2, f"{words}: the guest has asked again after each reconnection: {made} operations")
        self.check(ops <= OPS, f"{words}: open operations are those of one ring: {ops}, not above {OPS}")
        self.check(gone < KIB, f"{words}: dom0 has as much memory as before: {gone} KiB less")
        self.check(slab < KIB, f"{words}: nor has its kernel taken any: {slab} KiB more")

    # Steps.

    def silent(self, guest):
        self.job = self.stuck(guest)
        self.flaps(guest, "silent")

    def back(self):
        """When the server is back the guest's reads are done, and no console tells of a stall."""
        self.s1.cable(True)
        out = self.job.wait(240)
        self.check("bad" not in out and "mismatch" not in out, f"every read of the guest was answered, and right: {out[-500:]}")
        self.until(lambda: self.open_ops() == 0, "what was given up has ended", 120)

    def dead(self, guest):
        """The same with a server that does not come back."""
        self.stuck(guest)
        self.s1.kill()
        self.flaps(guest, "dead")

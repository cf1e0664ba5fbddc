# SPDX-License-Identifier: GPL-2.0
"""A disk with several rings of many pages, read-only disks, disks without discard, and counters that are exact."""
from lab import Test, linux, xen
from labkit.memx import Cluster

DEVICES = "/sys/bus/xen-backend/devices"
DRIVER = "/sys/bus/xen-backend/drivers/memx-vbd"
RINGS = 4
MIB = 32
OPS = ("read", "write", "flush", "discard")
REQUESTS = ("rd_req", "wr_req", "f_req", "ds_req")
DONE = (0, 4, 15, 11)           # in the guest's /sys/block/<disk>/stat: reads, writes, flushes, discards completed


def devid(letter):
    """Number of /dev/xvdm<letter>."""
    return 1 << 28 | (338 + ord(letter) - ord("a")) << 8


class T(Test):
    hosts = {"x1": xen(vcpus=2, memory=1792, xen_cmdline=f"dom0_max_vcpus={RINGS}"), "s1": linux()}
    timeout = 1800

    def run(self):
        self.cluster = Cluster(self, self.x1, (self.s1,), "memx_blkback")
        self.cluster.start("448M")
        self.guest = self.x1.guest_create(
            "g1", memory=128, type="pv", vcpus=RINGS,
            cmdline=f"xen_blkfront.max_queues={RINGS} xen_blkfront.max_ring_page_order=4")
        self.attach("a")
        self.rings()
        self.exact()
        self.resize()
        self.read_only()
        self.refused()
        self.no_discard()
        self.one_ring()
        self.verify()
        self.rebind()
        self.discard()
        self.nonsense()
        self.guest.shutdown()
        self.until(lambda: self.cluster.used(self.s1) == 0, "nothing is left on the server", 30)

    # Paths.

    def back(self, letter):
        return f"/local/domain/0/backend/vbd/{self.guest.id}/{devid(letter)}"

    def front(self, letter):
        return f"/local/domain/{self.guest.id}/device/vbd/{devid(letter)}"

    def bus(self, letter):
        return f"vbd-{self.guest.id}-{devid(letter)}"

    def stat(self, letter, name):
        return self.x1.get(f"{DEVICES}/{self.bus(letter)}/statistics/{name}").strip()

    def attach(self, letter, more="", tail=""):
        self.x1.sh(f"xl block-attach g1 'vdev=xvdm{letter},{more}script=block-memx,target=vol={letter},size={MIB}M{tail}'")
        self.until(lambda: self.guest.rc(f"blockdev --getsize64 /dev/xvdm{letter} | grep -qx {MIB << 20}")[0] == 0,
                   f"the guest has disk {letter}")

    def detach(self, letter):
        self.x1.sh(f"xl block-detach g1 xvdm{letter}")
        self.until(lambda: letter not in self.x1.sh("memxctl --field name volume list").split(),
                   f"volume {letter} went with its disk", 20)

    # Steps.

    def rings(self):
        """What was offered is what is used."""
        self.check(self.x1.xenstore(f"{self.back('a')}/multi-queue-max-queues") == str(RINGS), "a ring is offered for each processor")
        self.check(self.x1.xenstore(f"{self.front('a')}/multi-queue-num-queues") == str(RINGS), "the guest's driver asks for them")
        self.check(self.x1.xenstore(f"{self.front('a')}/ring-page-order") == "4", "rings have 16 pages")
        self.check(self.stat("a", "rings") == str(RINGS), "they are connected")

    def events(self):
        """Events that each ring's channel has brought, on all processors."""
        lines = self.x1.sh("grep memx-blkback /proc/interrupts").splitlines()
        return [sum(int(word) for word in line.split()[1:] if word.isdigit()) for line in lines]

    def job(self, seeds):
        """On each of the guest's processors a part is written that the next processor reads; again for each seed."""
        step = MIB // RINGS
        parts = []
        for cpu in range(RINGS):
            at = step * cpu
            parts.append(f"(for seed in {seeds}; do taskset -c {cpu} pattern write /dev/xvdma {at}M {step}M $seed 16K && "
                         f"taskset -c {(cpu + 1) % RINGS} pattern verify /dev/xvdma {at}M {step}M $seed 64K "
                         f"|| echo bad part at {at}; done) &")
        return self.guest.bg("\n".join(parts) + "\nwait")

    def verify(self):
        """What is written by way of one ring is read by way of another one."""
        before = self.events()
        out = self.job("1 2").wait(300)
        self.check("bad" not in out, f"data is what was written: {out[-300:]}")
        after = self.events()
        self.check(len(after) == RINGS and all(b > a for a, b in zip(before, after)), f"every ring was used: {before}, {after}")

    def rebind(self):
        """The backend's driver is taken away and given back under load: all rings go on where they were."""
        job = self.job("3 4 5 6")
        for _ in range(3):
            self.x1.sh(f"echo {self.bus('a')} > {DRIVER}/unbind")
            self.check(self.x1.xenstore(f"{self.back('a')}/state") == "4", "for the guest the disk stays connected")
            self.x1.sh(f"echo {self.bus('a')} > {DRIVER}/bind")
            self.until(lambda: self.x1.xenstore(f"{self.back('a')}/memx/state") == "ok", "it is served again")
        self.check(self.stat("a", "rings") == str(RINGS), "by all rings")
        self.check(job.running(), "the guest was writing all the time")
        out = job.wait(600)
        self.check("bad" not in out, f"data is what was written: {out[-300:]}")
        self.check(self.stat("a", "err") == "0", "no request failed")

    def discard(self):
        used = self.cluster.used(self.s1)
        self.guest.sh(f"blkdiscard -o 0 -l {MIB >> 1}M /dev/xvdma")
        self.until(lambda: self.cluster.used(self.s1) == used - MIB * 128, "the server has back what the guest has discarded", 10)

    def counts(self):
        return [int(self.stat("a", name)) for name in REQUESTS]

    def done(self):
        fields = [int(word) for word in self.guest.sh("cat /sys/block/xvdma/stat").split()]
        reads, writes, flushes, discards = (fields[i] for i in DONE)
        # A flush is there once more, as a write of nothing.
        return [reads, writes - flushes, flushes, discards]

    def exact(self):
        """Each request is counted once, and is once in the histogram of its kind; guest and backend agree."""
        before = self.counts(), self.done()
        self.guest.sh("pattern write /dev/xvdma 0 4M 9 16K && pattern verify /dev/xvdma 0 4M 9 32K && "
                      "blkdiscard -o 0 -l 1M /dev/xvdma && blkdiscard -o 2M -l 1M /dev/xvdma", 60)
        after = self.counts(), self.done()
        mine, theirs = ([b - a for a, b in zip(*pair)] for pair in zip(before, after))
        self.check(mine == theirs, f"requests of each kind, as the backend and as the guest counts them: {mine}, {theirs}")
        self.check(mine[0] >= 128 and mine[1] == 256 and mine[2] >= 1 and mine[3] == 2, f"they are those that were made: {mine}")
        for op, count in zip(OPS, self.counts()):
            sums = [int(word) for word in self.stat("a", f"latency_{op}").split()]
            self.check(sum(sums) == count, f"the histogram of {op} has each of them: {sums}, {count}")

    def size(self, disk):
        return int(self.guest.sh(f"blockdev --getsize64 {disk}"))

    def resize(self):
        """Disks become larger while they are mounted and swapped to."""
        self.attach("e", tail=f",grow={4 * MIB}M")
        self.guest.sh("modprobe crc32c_generic && modprobe ext4 && mke2fs /dev/xvdme >/dev/null && mkdir -p /mnt && "
                      "mount -t ext4 /dev/xvdme /mnt && "
                      "dd if=/dev/urandom of=/mnt/data bs=64k count=64 && sync && md5sum /mnt/data >/mnt/sum", 60)
        rc, out = self.x1.rc(f"memxctl volume resize e {8 * MIB}M")
        self.check(rc != 0 and "grow to" in out, f"no more than was asked for: {out.strip()[-200:]}")
        rc, out = self.x1.rc(f"memxctl volume resize e {MIB >> 1}M")
        self.check(rc != 0 and "in use" in out, f"no smaller while in use: {out.strip()[-200:]}")
        job = self.guest.bg(f"for seed in 1 2 3; do pattern write /dev/xvdma 0 8M $seed 16K && pattern verify /dev/xvdma 0 8M $seed; done")
        self.x1.sh(f"memxctl volume resize e {2 * MIB}M")
        self.until(lambda: self.size("/dev/xvdme") == 2 * MIB << 20, "the guest sees the new size", 10)
        self.until(lambda: self.x1.xenstore(f"{self.back('e')}/memx/size") == str(2 * MIB << 20), "the record has it, too", 10)
        self.check(self.guest.rc("cd /mnt && md5sum -c sum")[0] == 0, "what is on the file system is whole")
        job.wait(120)
        self.guest.sh("umount /mnt && mkswap /dev/xvdme && swapon /dev/xvdme")
        self.x1.sh(f"memxctl volume resize e {4 * MIB}M")
        self.until(lambda: self.size("/dev/xvdme") == 4 * MIB << 20, "it grows while it is swap", 10)
        self.guest.sh("swapoff /dev/xvdme")
        self.guest.sh(f"pattern write /dev/xvdme {4 * MIB - 2}M 2M 5 && pattern verify /dev/xvdme {4 * MIB - 2}M 2M 5", 60)
        self.check(self.guest.rc(f"pattern write /dev/xvdme {4 * MIB}M 1M 5")[0] != 0, "there is no more than that")
        self.detach("e")
        self.local_disk()

    def local_disk(self):
        """The same with /dev/memxa, and a volume that becomes smaller again."""
        disk = self.cluster.make("16M", "f", "--grow 32M")
        self.x1.sh("memxctl volume resize f 32M")
        self.until(lambda: int(self.x1.sh(f"blockdev --getsize64 {disk}")) == 32 << 20, f"{disk} sees the new size", 10)
        self.x1.sh(f"dd if=/dev/urandom of={disk} bs=64k seek=448 count=1 oflag=direct")
        self.x1.sh(f"memxctl device remove {disk}")
        rc, out = self.x1.rc("memxctl volume resize f 24M")
        self.check(rc != 0 and "stored beyond" in out, f"no smaller than what is stored: {out.strip()[-200:]}")
        self.x1.sh("memxctl volume resize f 30M")
        self.check(self.cluster.volume("f")["size"] == 30 << 20, "but as small as that")
        self.x1.sh("memxctl volume remove f")

    def read_only(self):
        """A disk that the guest may only read says so."""
        self.attach("b", "access=ro,")
        self.check(self.guest.sh("cat /sys/block/xvdmb/ro").strip() == "1", "the guest knows that it is read-only")
        self.check(self.guest.rc("pattern write /dev/xvdmb 0 64K 1")[0] != 0, "it is not written to")
        self.guest.sh("dd if=/dev/xvdmb of=/dev/null bs=64k count=4")
        self.detach("b")

    def refused(self):
        """The backend refuses writes itself: here the guest does not know that it may only read."""
        self.guest.sh("pattern write /dev/xvdma 0 1M 7")
        self.mode("r")
        before = int(self.stat("a", "err"))
        for command in ("pattern write /dev/xvdma 0 64K 8", "blkdiscard -o 0 -l 1M /dev/xvdma"):
            rc, out = self.guest.rc(command)
            self.check(rc != 0, f"refused: {command}: {out.strip()[-100:]}")
        self.check(int(self.stat("a", "err")) >= before + 2, "the backend has refused them")
        self.mode("w")
        self.guest.sh("pattern verify /dev/xvdma 0 1M 7")
        self.guest.sh("pattern write /dev/xvdma 0 1M 8")

    def mode(self, word):
        """Changes what the toolstack allows, and connects the disk anew."""
        self.x1.sh(f"xenstore-write {self.back('a')}/mode {word}")
        self.x1.sh(f"echo {self.bus('a')} > {DRIVER}/unbind; echo {self.bus('a')} > {DRIVER}/bind")
        self.until(lambda: self.x1.xenstore(f"{self.back('a')}/memx/state") == "ok", f"the disk is connected with mode {word}")

    def no_discard(self):
        self.attach("c", "no-discard,")
        self.check(self.x1.xenstore(f"{self.back('c')}/feature-discard") == "0", "discard is not offered")
        self.check(self.guest.sh("cat /sys/block/xvdmc/queue/discard_max_bytes").strip() == "0", "the guest does not discard")
        self.check(self.guest.rc("blkdiscard -o 0 -l 1M /dev/xvdmc")[0] != 0, "nor can it be made to")
        self.detach("c")

    def one_ring(self):
        """An admin allows one ring."""
        parameter = "/sys/module/memx_blkback/parameters/max_queues"
        self.x1.sh(f"echo 1 > {parameter}")
        self.attach("d")
        self.check(self.x1.xenstore(f"{self.back('d')}/multi-queue-max-queues") == "1", "one ring is offered")
        self.check(self.stat("d", "rings") in ("1", str(RINGS)), "it is what the guest takes, or it had read the stock backend's offer")
        self.guest.sh("pattern write /dev/xvdmd 0 4M 1 && pattern verify /dev/xvdmd 0 4M 1", 60)
        self.x1.sh(f"echo {RINGS} > {parameter}")
        self.detach("d")

    def nonsense(self):
        """What a frontend could write at any time is refused in words, and nothing is closed or served for it."""
        front, back = self.front("a"), self.back("a")
        keep = {node: self.x1.xenstore(f"{front}/{node}") for node in
                ("multi-queue-num-queues", "ring-page-order", "queue-1/event-channel", "queue-1/ring-ref3", "queue-0/ring-ref0",
                 "queue-0/event-channel")}
        self.x1.sh(f"xenstore-write {front}/state 0")
        self.until(lambda: self.x1.xenstore(f"{front}/state") == "6", "the guest's driver has closed the disk")
        self.x1.sh(f"xenstore-write {front}/state 1")
        self.until(lambda: self.x1.xenstore(f"{back}/state") == "2", "the disk is offered anew")
        for node, value, words in (
                ("multi-queue-num-queues", "0", 'wants "0" rings'),
                ("multi-queue-num-queues", "5000", 'wants "5000" rings'),
                ("multi-queue-num-queues", "-1", 'wants "-1" rings'),
                ("multi-queue-num-queues", "4294967297", 'wants "4294967297" rings'),
                ("multi-queue-num-queues", "two", 'wants "two" rings'),
                ("ring-page-order", "5", 'rings of 2^"5" pages'),
                ("queue-1/event-channel", "none", "event channel of ring 1"),
                ("queue-1/event-channel", keep["queue-0/event-channel"], "one event channel for ring 1"),
                ("queue-1/ring-ref3", "", "references to ring 1"),
                ("queue-1/ring-ref3", keep["queue-0/ring-ref0"], "names a page of ring 1 twice")):
            for name, old in keep.items():
                self.x1.sh(f"xenstore-write {front}/{name} '{old}'")
            self.x1.sh(f"xenstore-write -- {front}/{node} '{value}' && xenstore-write {front}/state 3")
            self.until(lambda: words in (self.x1.xenstore(f"{back}/memx/error") or ""), f"{node} = {value}: refused in words: {words}")
            self.check(self.x1.xenstore(f"{back}/state") == "2", "and the backend stays where it was")
        self.x1.sh(f"xenstore-write {front}/state 6")
        self.detach("a")

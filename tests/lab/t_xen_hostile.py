# SPDX-License-Identifier: GPL-2.0
"""A guest whose block frontend does all that no driver should; another one's disk works on, at half of the rate or more."""
import os
import re
import time

import peers
from labkit.cpio import Archive
from labkit.memx import Cluster
from labkit.paths import BUILD

from lab import Test, linux, xen

XVDMA = 1 << 28 | 338 << 8
CORES = len(os.sched_getaffinity(0))
# What an attack is, and the lines that the log of dom0 may and must have about the disk. What Xen deals with by itself
# (events for nothing, a full directory) is none of the backend's mistakes to tell.
ATTACKS = {"fetch": 1, "garbage": 1, "grants": 1, "storm": 0, "states": 1, "producer": 1, "flood": 0}
ROUNDS = 5
SLOT = 3.0                      # seconds of each measurement
SHARE = 0.5                     # of the victim's rate beside a guest that behaves
KIB = 16384                     # of dom0's memory that may be gone
SIZE = 32                       # MiB of each disk

VICTIM = """seed=1
while [ ! -e /tmp/stop ]; do
    pattern write /dev/xvdma 0 {mib}M $seed 16K && pattern verify /dev/xvdma 0 {mib}M $seed 16K || {{ echo failed; exit 1; }}
    seed=$((seed + 1))
done
echo rounds $seed"""


# A PVH guest may die in its first moments on two emulated processors.
KIND = "pv" if CORES > 1 else "pvh"


def two_cores():
    """With a second core, dom0 has one to itself, as it would have: what guests take of the other is not dom0's doing."""
    if CORES < 2:
        return {}
    return {"vcpus": 2, "xen_cmdline": "dom0_max_vcpus=1 dom0_vcpus_pin"}


class T(Test):
    hosts = {"x1": xen(memory=1792, **two_cores()), "s1": linux()}
    timeout = 5400

    def run(self):
        self.cluster = Cluster(self, self.x1, (self.s1,), "memx_blkback")
        self.cluster.start("256M")
        self.make_initrd()
        before = self.memory()
        self.victim = self.x1.guest_create("victim", memory=96, type=KIND, cfg_extra=self.cpus(), disks=[self.disk("v")])
        job = self.victim.bg(VICTIM.format(mib=SIZE // 4))
        self.until(lambda: self.work() > 0, "the victim's disk works", 60)
        for name, lines in ATTACKS.items():
            self.attack(name, lines)
        self.victim.sh("touch /tmp/stop")
        out = job.wait(300, check=False)
        self.check(job.rc == 0 and "rounds" in out, f"the victim read what it had written, all the time: {out[-300:]}")
        errors = self.statistic(self.victim, "err")
        self.check(errors == 0, f"none of its requests failed: {errors}")
        self.fresh()
        self.victim.shutdown()
        self.nothing_left(before)

    @staticmethod
    def disk(volume):
        return f"vdev=xvdma,script=block-memx,target=vol={volume},size={SIZE}M"

    @staticmethod
    def cpus():
        return 'cpus = "1"' if CORES > 1 else ""

    def make_initrd(self):
        """A guest's first file system with the hostile driver, and without the one that would take the disk."""
        module = os.path.join(BUILD, "modules", os.path.basename(self.x1.module_dir()), "memx_hostile.ko")
        archive = Archive()
        archive.file("lib/memx_hostile.ko", module)
        archive.data("etc/boot-modules", b"xen-netfront\n")
        archive.write(os.path.join(self.x1.share, "hostile.cpio"))
        self.x1.guest_config("none")            # brings what guests boot from
        self.x1.sh("cd /run/lab-boot && cp guest.initrd hostile.initrd && truncate -s %4 hostile.initrd && "
                   "cat /share/hostile.cpio >> hostile.initrd")

    # Looking.

    def statistic(self, guest, name):
        return int(self.x1.get(f"/sys/bus/xen-backend/devices/vbd-{guest.id}-{XVDMA}/statistics/{name}"))

    def work(self):
        """Sectors of the victim's so far."""
        return self.statistic(self.victim, "rd_sect") + self.statistic(self.victim, "wr_sect")

    def memory(self):
        """What dom0 has free, in KiB, with its caches given up."""
        self.x1.sh("sync; echo 3 > /proc/sys/vm/drop_caches; sleep 1")
        return int(re.search(r"MemAvailable: +(\d+)", self.x1.get("/proc/meminfo"))[1])

    def rate(self):
        """The victim's sectors per second from now on."""
        was, start = self.work(), time.monotonic()
        time.sleep(SLOT)
        return (self.work() - was) / (time.monotonic() - start)

    @staticmethod
    def counts(guest):
        words = guest.sh("cat /sys/module/memx_hostile/parameters/counts", 120).split()
        return dict(zip(words[::2], map(int, words[1::2])))

    def switch(self, guest, mode):
        """The offender goes on in another mode, which it begins with a connection as it should be."""
        was = self.counts(guest)
        guest.sh(f"echo {mode} > /sys/module/memx_hostile/parameters/mode", 120)
        self.until(lambda: self.counts(guest)["connections"] > was["connections"], f"it has begun with {mode}", 60)

    def lines(self, guest):
        """What dom0's log has of the offender's disk, but for its connection."""
        return [line for line in self.x1.sh("dmesg").splitlines() if f"vbd-{guest.id}-" in line and "connected to volume" not in line]

    # Steps.

    def attack(self, name, lines):
        """The victim's rate beside an offender, as a share of that beside the same guest when it behaves; median of rounds."""
        guest = self.x1.guest_create(f"h-{name}", memory=96, type=KIND, vcpus=2, disks=[self.disk(f"h-{name}")],
                                     cfg_extra=f'ramdisk = "/run/lab-boot/hostile.initrd"\n{self.cpus()}')
        guest.sh("insmod /lib/memx_hostile.ko", 120)
        shares, tried, start = [], 0, time.monotonic()
        for _ in range(ROUNDS):
            self.switch(guest, "normal")
            normal = self.rate()
            self.switch(guest, name)
            was = self.counts(guest)["tried"]
            attacked = self.rate()
            tried += self.counts(guest)["tried"] - was
            if normal:                          # a turn in which the machine gave nobody anything says nothing
                shares.append(attacked / normal)
            self.say(f"{name}: {normal:.0f} sectors/s beside it as it should be, {attacked:.0f} beside the attack")
        self.check(self.counts(guest)["good"] > 0, f"{name}: its requests are answered when it behaves")
        share = round(peers.median(shares), 2) if shares else 0
        self.figure(f"share_{name}", share)
        self.figure(f"tried_{name}", tried)
        self.check(tried > ROUNDS, f"{name}: it was done {tried} times while the victim was looked at")
        self.check(share >= SHARE, f"{name}: the victim keeps half of its rate: {share}")
        self.one_line(guest, name, lines, start)
        guest.destroy()
        self.until(lambda: f"h-{name}" not in self.x1.sh("memxctl --field name volume list").split(), f"{name}: its volume is gone", 60)
        self.x1.sh("xenstore-ls /local/domain/0/backend >/dev/null", 60)

    def one_line(self, guest, name, lines, start):
        """The log names the offender once, however often it was at it, or once in each minute that it went on."""
        time.sleep(2)                           # what is to be told is told within a second
        told = self.lines(guest)
        minutes = 1 + int(time.monotonic() - start) // 60
        self.say(f"{name}: in {minutes} minute(s): {told}")
        self.figure(f"lines_{name}", len(told))
        self.check(lines <= len(told) <= lines * minutes, f"{name}: the log tells of it {lines} time(s) a minute: {told}")

    def fresh(self):
        """A guest that comes afterwards has a disk like any other."""
        guest = self.x1.guest_create("fresh", memory=96, type=KIND, disks=[self.disk("fresh")])
        guest.sh("pattern write /dev/xvdma 0 8M 1 16K && pattern verify /dev/xvdma 0 8M 1 16K", 240)
        guest.shutdown()

    def nothing_left(self, before):
        self.until(lambda: not self.x1.sh("memxctl --field name volume list").split(), "no volume is left", 60)
        self.x1.sh("rmmod memx_blkback")
        line = self.x1.sh("dmesg | grep 'memx_blkback: unloaded'")
        pairs = re.findall(r"created (\d+) destroyed (\d+)", line)
        self.check(len(pairs) == 3 and all(made == freed for made, freed in pairs), f"the backend leaves nothing behind: {line.strip()}")
        gone = before - self.memory()
        self.figure("gone_kib", gone)
        self.check(gone < KIB, f"dom0 has as much memory as before: {gone} KiB less")

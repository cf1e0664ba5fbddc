# SPDX-License-Identifier: GPL-2.0
"""memx_blkfront in a guest, beside the stock driver: data, swap whose slots are given back, detach, resize, save, reboot; measured against stock."""
import json
import os
import shutil
import time

import peers
from lab import Test, linux, xen
from labkit.cpio import Archive
from labkit.memx import Cluster
from labkit.paths import BUILD

XVDMA = 1 << 28 | 338 << 8
NEXT = 1 << 8
XVDB = 202 << 8 | 16
OURS, STOCK = "memx-vbd-front", "vbd"
DRIVERS = "/sys/bus/xen/drivers"
MIB = 32                        # of a disk that is measured
SWAP = 224                      # MiB of each of the two large disks
SORT = 112                      # MiB that a guest of 128 MiB sorts, of which it has some 50 to itself
OUT = 32                        # MiB of that which must be swapped out
ROUNDS = 5
SORTS = 2
SECONDS = 2                     # of each measurement
WHAT = {                        # figure: which one of aio's, and how it is asked
    "us": ("us", "read 1"),
    "iops": ("iops", "read 32"),
    "write_iops": ("iops", "write 32"),
}


def bus(letter):
    """Name on the guest's bus of the disk xvdm<letter>."""
    return f"vbd-{XVDMA + NEXT * (ord(letter) - ord('a'))}"


class T(Test):
    hosts = {"x1": xen(memory=1792), "s1": linux(memory=896)}
    timeout = 3600

    def run(self):
        self.taken = {}
        self.cluster = Cluster(self, self.x1, (self.s1,), "memx_blkback")
        self.cluster.start(f"{2 * SWAP + 128}M")
        shutil.copy(os.path.join(self.boot.folder, "aio"), self.x1.share)
        self.ram = peers.ram_disk(self.x1, 16)
        self.make_initrd()
        self.guest = self.create()
        self.each_to_its_own()
        self.data()
        self.rebind()
        self.measure()
        self.swap()
        self.hotplug()
        self.refused_while_used()
        self.saved()
        self.gone_by_force()
        self.unload()
        self.reboot()
        self.until(lambda: self.used() <= 1024, "nothing is left on the server but what it was not told of", 60)

    def make_initrd(self):
        """A guest's first file system with the driver, and no disk driver loaded by itself."""
        module = os.path.join(BUILD, "modules", os.path.basename(self.x1.module_dir()), "memx_blkfront.ko")
        archive = Archive()
        archive.file("lib/memx_blkfront.ko", module)
        archive.data("etc/boot-modules", b"xen-netfront\n")
        archive.write(os.path.join(self.x1.share, "frontend.cpio"))
        self.x1.guest_config("none")            # brings what guests boot from
        self.x1.sh("cd /run/lab-boot && cp guest.initrd frontend.initrd && truncate -s %4 frontend.initrd && "
                   "cat /share/frontend.cpio >> frontend.initrd")

    def create(self):
        disks = [f"vdev=xvdm{letter},script=block-memx,target=vol={letter},size={SWAP}M" for letter in "ab"]
        return self.x1.guest_create("g1", memory=128, vcpus=1, disks=[*disks, f"phy:{self.ram},xvdb,w"],
                                    cfg_extra='ramdisk = "/run/lab-boot/frontend.initrd"\non_reboot = "restart"')

    # What is known.

    def driver(self, name):
        return self.guest.sh(f"basename $(readlink /sys/bus/xen/devices/{name}/driver) 2>/dev/null || true").strip()

    def there(self, path):
        return self.guest.rc(f"test -b {path}")[0] == 0

    def used(self):
        return self.cluster.used(self.s1)

    # Steps.

    def each_to_its_own(self):
        """Loaded before the stock driver it takes MemX's disks, and leaves the others to that one."""
        self.guest.sh("insmod /lib/memx_blkfront.ko && modprobe xen-blkfront")
        self.until(lambda: self.there("/dev/memxa") and self.there("/dev/memxb") and self.there("/dev/xvdb"), "all disks are there")
        found = [self.driver(name) for name in (bus("a"), bus("b"), f"vbd-{XVDB}")]
        self.check(found == [OURS, OURS, STOCK], f"each has its driver: {found}")
        self.check(not self.there("/dev/xvdma"), "none has two")
        self.guest.sh("pattern write /dev/xvdb 0 1M 1 && pattern verify /dev/xvdb 0 1M 1")

    def data(self):
        """Requests of all sizes, at places that fit no page, several at a time; bios that become many requests."""
        self.guest.sh("pattern write /dev/memxa 0 8M 2 4K && pattern verify /dev/memxa 0 8M 2 256K && "
                      "pattern write /dev/memxa 8M 8M 3 512K && pattern verify /dev/memxa 8M 8M 3 4K && pattern verify /dev/memxa 0 8M 2 16K", 240)
        self.guest.sh("dd if=/dev/urandom of=/tmp/x bs=512 count=3001 2>/dev/null && dd if=/tmp/x of=/dev/memxa bs=512 seek=40001 conv=fsync 2>/dev/null && "
                      "echo 3 > /proc/sys/vm/drop_caches && dd if=/dev/memxa bs=512 skip=40001 count=3001 2>/dev/null | cmp - /tmp/x", 120)
        self.guest.sh("for i in 0 1 2 3; do (pattern write /dev/memxa $((24 + i * 4))M 4M $i 16K && "
                      "pattern verify /dev/memxa $((24 + i * 4))M 4M $i 64K || touch /tmp/bad) & done; wait; test ! -e /tmp/bad", 240)
        used = self.used()
        self.guest.sh("blkdiscard -o 0 -l 16M /dev/memxa")
        self.until(lambda: self.used() <= used - 4096, "what is discarded is given back", 20)

    def bind(self, letter, old, new, dev):
        self.guest.sh(f"echo {bus(letter)} > {DRIVERS}/{old}/unbind && echo {bus(letter)} > {DRIVERS}/{new}/bind")
        self.until(lambda: self.there(dev) and self.guest.rc(f"test $(blockdev --getsize64 {dev}) -gt 0")[0] == 0, f"{dev} is there")

    def rebind(self):
        """The admin of a guest gives a disk to the stock driver, takes it back, and gives it away again: data stays."""
        self.guest.sh("pattern write /dev/memxb 0 4M 4 16K", 60)
        self.bind("b", OURS, STOCK, "/dev/xvdmb")
        self.check(not self.there("/dev/memxb"), "the disk has one name at a time")
        self.guest.sh("pattern verify /dev/xvdmb 0 4M 4 16K && pattern write /dev/xvdmb 0 4M 5 16K", 60)
        self.bind("b", STOCK, OURS, "/dev/memxb")
        self.guest.sh("pattern verify /dev/memxb 0 4M 5 16K", 60)
        self.bind("b", OURS, STOCK, "/dev/xvdmb")

    def measure(self):
        """The two drivers on two disks alike, in turns."""
        size = os.path.getsize(os.path.join(self.x1.share, "aio"))
        self.x1.sh(f"dd if=/share/aio of={self.ram} conv=notrunc,fsync status=none")
        self.guest.sh(f"echo 3 > /proc/sys/vm/drop_caches; head -c {size} /dev/xvdb >/tmp/aio && chmod +x /tmp/aio")
        paths = {"memx": "/dev/memxa", "stock": "/dev/xvdmb"}
        for path in paths.values():
            self.guest.sh(f"dd if=/dev/urandom of={path} bs=1M count={MIB} conv=fsync 2>/dev/null", 120)
        for _ in range(ROUNDS):
            for what, (figure, how) in WHAT.items():
                for name, path in paths.items():
                    found = json.loads(self.guest.sh(f"/tmp/aio {path} {MIB} {how} {SECONDS}", 60))
                    self.taken.setdefault((name, what), []).append(found[figure])
        self.guest.sh("rm /tmp/aio")
        for what in WHAT:
            self.compared(what)

    def compared(self, what):
        ours, stock = self.taken["memx", what], self.taken["stock", what]
        self.figure(f"memx_{what}", round(peers.median(ours), 1))
        self.figure(f"stock_{what}", round(peers.median(stock), 1))
        self.figure(f"{what}_of_stock", round(peers.median([a / b for a, b in zip(ours, stock)]), 2))
        self.check(all(value > 0 for value in ours + stock), f"both drivers did something: {what}")

    def swap(self):
        """A sort beyond memory; slots come back when they are free, not when the swap is switched off."""
        self.guest.sh("blkdiscard /dev/memxa && blkdiscard /dev/xvdmb", 60)
        for turn in range(SORTS):
            for name, dev, flag in (("memx", "/dev/memxa", ""), ("stock", "/dev/xvdmb", "-d")):
                self.sort(turn, name, dev, flag)
        self.compared("sort_s")

    def sort(self, turn, name, dev, flag):
        self.guest.sh(f"mkswap {dev} && swapon {flag} {dev} && echo 5 > /proc/sys/vm/page-cluster")
        before = self.used()
        job = self.guest.bg(f"memsort {SORT} {turn}")
        peak = before
        while job.running():
            peak = max(peak, self.used())
            time.sleep(2)                       # looking costs the hosts time too
        sort = json.loads(job.wait(60).splitlines()[-1])
        self.check(sort["ok"] and sort["pswpout"] * 4096 > OUT << 20, f"{name}: sorted, by swapping: {sort}")
        self.check(peak > before + (OUT << 8), f"{name}: the server held what did not fit: {peak} pages")
        seconds = sort["fill_s"] + sort["sort_s"] + sort["verify_s"]
        self.taken.setdefault((name, "sort_s"), []).append(round(seconds, 1))
        if name == "memx":
            # What busybox and the kernel have out still is little.
            self.until(lambda: self.used() < before + (peak - before) // 4, "freed slots are given back while the swap is on", 30)
        self.guest.sh(f"swapoff {dev}", 120)
        self.guest.sh(f"blkdiscard {dev}")

    def hotplug(self):
        """A disk that comes while the guest runs, and grows: it is ours from its first moment."""
        self.x1.sh(f"xl block-attach g1 'vdev=xvdmc,script=block-memx,target=vol=c,size={MIB}M,grow={2 * MIB}M'", 60)
        self.until(lambda: self.there("/dev/memxc"), "the disk is there")
        self.check(not self.there("/dev/xvdmc") and self.driver(bus("c")) == OURS, "and the stock driver has not got it")
        job = self.guest.bg("for seed in 1 2 3; do pattern write /dev/memxc 0 8M $seed 16K && pattern verify /dev/memxc 0 8M $seed || echo bad; done")
        self.x1.sh(f"memxctl volume resize c {2 * MIB}M")
        self.until(lambda: self.guest.sh("blockdev --getsize64 /dev/memxc").strip() == str(2 * MIB << 20), "the guest sees its new size", 20)
        self.check("bad" not in job.wait(240), "what it wrote meanwhile is whole")
        self.guest.sh(f"pattern write /dev/memxc {2 * MIB - 2}M 2M 5 && pattern verify /dev/memxc {2 * MIB - 2}M 2M 5", 60)

    def refused_while_used(self):
        """A disk that is swapped to is not taken away, and works on; afterwards it is."""
        self.guest.sh("mkswap /dev/memxc && swapon /dev/memxc")
        rc, out = self.x1.rc("xl block-detach g1 xvdmc", 120)
        self.check(rc != 0, f"the disk is in use: {out.strip()[-200:]}")
        self.guest.sh(f"memsort {SORT - OUT} 9 && swapoff /dev/memxc", 900)
        self.x1.rc("xl block-detach g1 xvdmc", 120)
        self.until(lambda: not self.there("/dev/memxc"), "it goes once it is not in use", 60)
        self.until(lambda: "c" not in self.x1.sh("memxctl --field name volume list").split(), "and its volume with it", 60)

    def saved(self):
        """Requests that were outstanding are asked again of the new backend."""
        self.guest.sh("pattern write /dev/memxa 0 4M 6")
        self.guest.sh("(for seed in 1 2 3 4 5 6; do pattern write /dev/memxa 8M 8M $seed 16K && pattern verify /dev/memxa 8M 8M $seed || echo bad; done; "
                      "echo over) >/tmp/out 2>&1 &")
        self.x1.sh("xl save g1 /tmp/f", 240)
        self.x1.sh("xl restore /tmp/f", 240)
        self.guest.attach(self.x1)
        self.until(lambda: "over" in self.guest.sh("cat /tmp/out"), "what was under way goes on", 240)
        out = self.guest.sh("cat /tmp/out")
        self.check("bad" not in out, f"what was being written and read is whole: {out[-200:]}")
        self.guest.sh("pattern verify /dev/memxa 0 4M 6", 120)

    def gone_by_force(self):
        """The server is silent and the toolstack takes the disk: who reads is told so, and nothing hangs."""
        self.x1.sh(f"xl block-attach g1 'vdev=xvdmd,script=block-memx,target=vol=d,size={MIB}M'", 60)
        self.until(lambda: self.there("/dev/memxd"), "the disk is there")
        self.guest.sh("pattern write /dev/memxd 0 4M 7")
        self.s1.freeze()
        job = self.guest.bg("pattern verify /dev/memxd 0 4M 7; echo ended $?")
        self.x1.rc("xl block-detach --force g1 xvdmd", 120)
        out = job.wait(120)
        self.check("ended" in out and "ended 0" not in out, f"the read has failed: {out[-200:]}")
        self.until(lambda: not self.there("/dev/memxd"), "the disk is gone", 60)
        self.s1.thaw()
        self.until(lambda: self.cluster.states() == ["alive"], "the server is back", 60)
        self.guest.sh("pattern verify /dev/memxa 0 4M 6", 120)

    def unload(self):
        rc, _ = self.guest.rc("rmmod memx_blkfront")
        self.check(rc != 0, "the module stays while a disk is bound to it")
        self.guest.sh(f"echo {bus('a')} > {DRIVERS}/{OURS}/unbind && rmmod memx_blkfront")
        self.guest.sh(f"echo {bus('a')} > {DRIVERS}/{STOCK}/bind")
        self.until(lambda: self.there("/dev/xvdma"), "the stock driver has the disk")
        self.guest.sh("pattern verify /dev/xvdma 0 4M 6", 120)
        self.guest.sh(f"echo {bus('a')} > {DRIVERS}/{STOCK}/unbind && insmod /lib/memx_blkfront.ko")
        self.until(lambda: self.there("/dev/memxa"), "and gives it back to the module, loaded anew")
        self.guest.sh("pattern verify /dev/memxa 0 4M 6", 120)

    def reboot(self):
        before = self.x1.domid("g1")
        self.guest.bg("busybox reboot -f")
        self.until(lambda: self.x1.domid("g1") not in (None, before), "the guest is made anew", 120)
        self.guest = self.x1.guest_join("g1")
        self.guest.sh("insmod /lib/memx_blkfront.ko && modprobe xen-blkfront")
        self.until(lambda: self.there("/dev/memxa") and self.there("/dev/xvdb"), "its disks are there again")
        self.guest.sh("pattern write /dev/memxa 0 4M 8 && pattern verify /dev/memxa 0 4M 8", 120)
        self.guest.shutdown()

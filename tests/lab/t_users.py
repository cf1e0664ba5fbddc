# SPDX-License-Identifier: GPL-2.0
"""Jobs that users of other network disks and Xen backends ran into: tags, partitions, zeros, guests that come back, refusals."""
import json
import os
import shutil
import time

from lab import Test, linux, xen
from labkit.memx import DEV, Cluster, Server, shown

MIB = 256                               # pages
XVDMA = 1 << 28 | 338 << 8
TABLE = """import struct
part = lambda start, sectors: struct.pack("<B3sB3sII", 0, b"", 0x83, b"", start, sectors)
with open("/dev/memxa", "r+b") as disk:
    disk.write(bytes(446) + part(2048, 32768) + part(34816, 65536) + bytes(32) + b"\\x55\\xaa")
"""


class T(Test):
    hosts = {"x1": xen(), "s1": linux()}
    timeout = 2400

    def run(self):
        Cluster(self, self.x1, (self.s1,), "memx_blkback").start(memory="256M")
        shutil.copy(os.path.join(self.boot.folder, "pattern"), self.x1.share)
        self.until(lambda: self.server() == "alive", "the server is heard", 20)
        for job in (self.priority_tags, self.partitions, self.zeros, self.file_system, self.guest_zeros, self.save, self.refusal):
            start = time.monotonic()
            job()
            self.figure(f"{job.__name__}_s", round(time.monotonic() - start))

    # What they share.

    def server(self):
        """State of the server, as dom0 sees it."""
        return json.loads(self.x1.sh("memxctl --json servers"))[0]["state"]

    def make(self, size, options=""):
        self.x1.sh(f"memxctl volume create v --size {size} {options}")
        self.check(self.x1.sh("memxctl device create v").strip() == DEV, "the device is there")

    def unmake(self):
        self.x1.sh("memxctl device remove memxa && memxctl volume remove v")
        self.until(lambda: Server(self.s1).used() == 0, "the server has its memory back", 30)

    def volume(self, name="v"):
        return shown(self.x1, f"volume show {name}")

    def pattern(self, what, offset, length, seed=1):
        return self.x1.rc(f"/share/pattern {what} {DEV} {offset} {length} {seed}", 120)[0] == 0

    def zero_pages(self):
        """Pages of zeros that were written, and of which nothing is stored."""
        return self.volume()["counters"]["zero_pages"]

    def taken(self):
        """MiB that the server stores or has promised."""
        return shown(self.s1, "server show")["reserved_pages"] / MIB

    # Jobs.

    def tag(self, vid):
        self.s1.sh(f"tc filter del dev eth0 egress; tc filter add dev eth0 egress matchall action vlan push id {vid} priority 5")

    def priority_tags(self):
        """What comes with a priority, and in no VLAN, is heard; what is in a VLAN is not."""
        self.make("64M")
        self.check(self.pattern("write", 0, "4M"), "pages are written")
        self.s1.sh("tc qdisc add dev eth0 clsact")
        self.tag(0)
        rc, out = self.x1.rc("timeout 20 tcpdump -i eth0 -c 3 'vlan 0 and ether proto 0x88b5'", 30)
        self.check(rc == 0, f"the server's frames have a tag of VLAN 0: {out}")
        self.x1.sh("sleep 5")
        self.check(self.server() == "alive", "a server with a priority is heard")
        self.check(self.pattern("verify", 0, "4M") and self.pattern("write", "4M", "4M"), "and serves")
        self.tag(5)
        self.until(lambda: self.server() != "alive", "a server in a VLAN is not heard outside of it", 20)
        self.s1.sh("tc qdisc del dev eth0 clsact")
        self.until(lambda: self.server() == "alive", "it is heard again", 20)
        self.check(self.pattern("verify", "4M", "4M"), "and serves again")
        self.unmake()

    def partition(self, number):
        """Sectors of a partition, or 0."""
        return int(self.x1.sh(f"cat /sys/class/block/memxa{number}/size 2>/dev/null || echo 0"))

    def partitions(self):
        """sfdisk has the kernel read the table anew (BLKRRPART), partx adds and deletes partitions itself (BLKPG)."""
        x1 = self.x1
        self.make("64M")
        x1.put("/tmp/table.py", TABLE)
        x1.sh(f"python3 /tmp/table.py && blockdev --rereadpt {DEV}")
        self.check([self.partition(n) for n in (1, 2, 3)] == [32768, 65536, 0], "the kernel has read the partition table")
        x1.sh("/share/pattern write /dev/memxa2 0 1M 7")
        same = x1.sh(f"dd if={DEV} bs=512 skip=34816 count=2048 iflag=direct status=none | sha256sum; "
                     "dd if=/dev/memxa2 bs=1M count=1 iflag=direct status=none | sha256sum").split()
        self.check(same[0] == same[2], "a partition is where the table says")
        x1.sh(f"partx -d {DEV}")
        self.check(self.partition(1) == 0, "partx takes them away")
        x1.sh(f"partx -a {DEV}")
        self.check(self.partition(2) == 65536, "and adds them")
        holder = x1.bg("exec 3</dev/memxa2; touch /tmp/held; exec sleep 100")
        self.until(lambda: x1.rc("test -e /tmp/held")[0] == 0, "a partition is open", 10)
        rc, out = x1.rc("memxctl device remove memxa")
        self.check(rc != 0 and "the device is open" in out, f"a disk with a partition in use stays: {out}")
        holder.kill()
        self.until(lambda: x1.rc("memxctl device remove memxa")[0] == 0, "it goes when nobody has it open", 10)
        x1.sh("memxctl device create v")
        self.until(lambda: x1.rc(f"head -c 512 {DEV} >/dev/null && test -b /dev/memxa2")[0] == 0,
                   "they are found when the disk is opened", 10)
        self.unmake()

    def zeros(self):
        """Ranges that are to be zeros are freed, and read as zeros; what is around them stays."""
        x1 = self.x1
        self.make("64M", "--chunk 1M")
        most = int(x1.sh("cat /sys/class/block/memxa/queue/write_zeroes_max_bytes"))
        self.check(most > 0, f"write-zeroes is offered: {most}")
        self.check(self.pattern("write", 0, "16M"), "pages are written")
        self.holds(4096, 16)
        # Aligned, and the chunks' places are kept (REQ_NOUNMAP) or not.
        x1.sh(f"blkdiscard -z -o 1M -l 2M {DEV}")
        self.holds(4096 - 512, 16)
        x1.sh(f"fallocate -p -o 3M -l 1M {DEV}")
        self.holds(4096 - 768, 15)
        x1.sh(f"fallocate -p -o 2M -l 1M {DEV}")
        self.until(lambda: self.volume()["placed"] == 14, "what is freed altogether is given up", 10)
        self.are_zeros("1M", "3M")
        # Not aligned to pages: 512 bytes in front of the whole pages, and 1024 behind them.
        x1.sh(f"blkdiscard -z -o {(5 << 20) - 512} -l {(1 << 20) + 1536} {DEV}")
        self.holds(4096 - 1024, 14)
        self.are_zeros((5 << 20) - 512, (1 << 20) + 1536)
        for offset, length in ((0, 1 << 20), (4 << 20, (1 << 20) - 4096), ((6 << 20) + 4096, (10 << 20) - 4096)):
            self.check(self.pattern("verify", offset, length), f"{length} bytes from {offset} on are what they were")
        self.around((5 << 20) - 4096, (5 << 20) - 512, ((6 << 20) + 1024, (6 << 20) + 4096))
        # Written by hand.
        x1.sh(f"dd if=/dev/zero of={DEV} bs=1M seek=8 count=4 oflag=direct conv=notrunc status=none")
        self.holds(4096 - 2048, 10)
        # Some pages of a request are zeros, some are not.
        x1.sh(f"dd if={DEV} of=/tmp/mixed bs=4k skip=1024 count=30 iflag=direct status=none && "
              "dd if=/dev/zero of=/tmp/mixed bs=4k seek=3 count=5 conv=notrunc status=none && "
              "dd if=/dev/zero of=/tmp/mixed bs=4k seek=20 count=1 conv=notrunc status=none && "
              f"dd if=/tmp/mixed of={DEV} bs=120k count=1 seek=16M oflag=direct,seek_bytes conv=notrunc status=none && "
              f"dd if={DEV} of=/tmp/back bs=120k count=1 skip=16M iflag=direct,skip_bytes status=none && cmp /tmp/mixed /tmp/back")
        self.holds(4096 - 2048 + 24, 11)
        self.unmake()

    def holds(self, pages, chunks):
        """What the volume holds, as its owner and the server see it."""
        now = self.volume()
        self.check(now["used_pages"] == Server(self.s1).used() == pages, f"{pages} pages are stored: {now['used_pages']}, {Server(self.s1).used()}")
        # A chunk that several requests have emptied together is given up a moment later.
        self.until(lambda: self.volume()["placed"] <= chunks, f"{chunks} chunks have a place", 10)
        self.check(self.volume()["placed"] == chunks, f"and not fewer: {self.volume()['placed']}")

    def are_zeros(self, offset, length):
        left = self.x1.sh(f"dd if={DEV} bs=512 iflag=direct,skip_bytes,count_bytes skip={offset} count={length} status=none | tr -d '\\0' | wc -c", 120)
        self.check(int(left) == 0, f"{length} bytes from {offset} on are zeros: {left.strip()} are not")

    def around(self, first, first_end, second):
        """The rest of pages of which a part became zeros: not zeros, and the same on a second reading from the server."""
        for start, end in ((first, first_end), second):
            read = f"dd if={DEV} bs=512 iflag=direct,skip_bytes,count_bytes skip={start} count={end - start} status=none"
            self.check(int(self.x1.sh(f"{read} | tr -d '\\0' | wc -c")) > (end - start) * 9 // 10, f"from {start} to {end} nothing became zeros")

    def file_system(self):
        """An empty ext4 of 32 GiB on a thin volume takes little, also if mkfs writes its zeros one by one."""
        self.make("32G", "--thin")
        self.x1.sh(f"UNIX_IO_NOZEROOUT=1 mkfs.ext4 -q -F -E nodiscard,lazy_itable_init=1,lazy_journal_init=0 {DEV}", 600)
        self.check(self.zero_pages() > 100 * MIB, f"mkfs has written zeros: {self.zero_pages()} pages")
        self.check(self.taken() < 64, f"a new ext4 takes {self.taken():.1f} MiB")
        self.figure("mkfs_mib", round(self.taken(), 1))
        self.x1.sh("memxctl device remove memxa")

    def guest_zeros(self):
        """A guest mounts it and leaves it alone: its kernel writes zeros, as blkfront knows nothing better."""
        guest = self.x1.guest_create("g1", memory=128, disks=["vdev=xvdma,script=block-memx,target=vol=v"])
        guest.sh("modprobe crc32c_generic && modprobe ext4 && mkdir -p /mnt && mount -t ext4 -o init_itable=0 /dev/xvdma /mnt")
        before = self.zero_pages()
        self.until(lambda: "ext4lazyinit" not in guest.sh("ps"), "the inode tables are made", 600)
        made = self.zero_pages() - before
        self.check(made > 400 * MIB, f"the guest has written zeros: {made} pages")
        self.check(self.taken() < 64, f"an ext4 that is mounted and left alone takes {self.taken():.1f} MiB")
        self.figure("mounted_mib", round(self.taken(), 1))
        guest.sh("cp /bin/busybox /mnt/b && umount /mnt && mount -t ext4 /dev/xvdma /mnt && cmp /bin/busybox /mnt/b && umount /mnt", 120)
        guest.shutdown()
        rc, out = self.x1.rc(f"memxctl device create v && fsck.ext4 -f -n {DEV}", 300)
        self.check(rc == 0, f"the file system is whole: {out[-300:]}")
        self.unmake()

    # Guests that come back.

    DISK = "vdev=xvdma,script=block-memx,target=vol=a,size=32M"

    def names(self):
        return self.x1.sh("memxctl --field name volume list").split()

    def save(self):
        """A guest that is saved and restored finds what it has written, or is refused; so is one that is migrated."""
        x1 = self.x1
        guest = x1.guest_create("g1", memory=128, disks=[self.DISK])
        guest.sh("pattern write /dev/xvdma 0 8M 3")
        x1.sh("xl save g1 /tmp/f", 120)
        self.check(self.names() == ["a"] and Server(self.s1).used() == 8 * MIB, "the volume of a guest that was saved is kept")
        x1.sh("xl restore /tmp/f", 120)
        guest.attach(x1)
        guest.sh("pattern verify /dev/xvdma 0 8M 3", 120)
        self.refused("xl migrate -s '' g1 'xl migrate-receive'", "volume 'a' is in use by")
        guest.sh("pattern verify /dev/xvdma 0 8M 3 && pattern write /dev/xvdma 0 8M 4", 120)
        # From here on the guest does not run any more.
        x1.sh("xl save g1 /tmp/f", 120)
        other = x1.guest_config("g2", memory=128, disks=[self.DISK])
        self.refused(f"xl create {other}", "volume 'a' is kept for a guest that was saved")
        self.check(self.names() == ["a"] and Server(self.s1).used() == 8 * MIB, "it is left alone")
        # What is gone here, or is on another host.
        x1.sh("memxctl volume remove a")
        self.refused("xl restore /tmp/f", "its volume 'a' is not on this host")
        self.check(self.names() == [], "no fresh volume was made for it")
        fresh = x1.guest_create("g2", memory=128, disks=[self.DISK])
        self.refused("xl restore /tmp/f", "volume 'a' is in use by")
        fresh.shutdown()
        self.until(lambda: self.names() == [], "the volume of a guest that ends goes with it", 20)

    def refused(self, command, words):
        rc, out = self.x1.rc(command, 180)
        self.check(rc != 0 and words in out, f"{command}: is refused with '{words}': {out[-800:]}")

    def refusal(self):
        """An attachment that is refused says so in one line; xl leaves the device listed until it is detached."""
        x1 = self.x1
        guest = x1.guest_create("g3", memory=128)
        bad = "vdev=xvdma,script=block-memx,target=vol=a,size=64M,colour=red"
        rc, out = x1.rc(f"xl block-attach g3 '{bad}'", 60)
        told = [line for line in out.splitlines() if "unknown key 'colour'" in line]
        self.check(rc != 0 and len(told) == 1, f"the reason is told once: {out}")
        self.check(str(XVDMA) in x1.sh("xl block-list g3"), "the device stays listed, as the manual says")
        x1.sh("xl block-detach g3 xvdma", 60)
        x1.sh(f"xl block-attach g3 '{self.DISK}'", 60)
        self.until(lambda: guest.rc("test -b /dev/xvdma")[0] == 0, "after it was detached, a good one is attached", 20)
        guest.shutdown()

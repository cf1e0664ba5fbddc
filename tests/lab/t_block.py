# SPDX-License-Identifier: GPL-2.0
"""A client's block device on two servers: fio with verify, ext4, mmap, swap, discard; at MTU 9000; on a bad network."""
import peers
from lab import Test, linux
from labkit.memx import DEV, Cluster

SIZE = 192                              # MiB
BAD = "loss 1% duplicate 1% delay 1ms 1ms reorder 10%"


class T(Test):
    hosts = {"c1": linux(memory=400), "s1": linux(), "s2": linux()}
    timeout = 4200

    def run(self):
        self.set_up()
        self.plain()
        self.nowait()
        self.batches()
        self.sub_pages()
        self.file_system()
        self.swap()
        self.discard()
        self.jumbo()
        self.bad_network()
        self.cluster.balanced()

    def set_up(self):
        self.cluster = Cluster(self, self.c1, (self.s1, self.s2))
        self.cluster.start("200M")
        self.make()

    def make(self):
        self.check(self.cluster.make(f"{SIZE}M") == DEV, "the first device is memxa")

    def unmake(self):
        self.cluster.unmake()
        self.cluster.empty()

    # Looking.

    def agreed(self):
        """Client and servers count the same pages."""
        used, stored = self.cluster.volume()["used_pages"], self.cluster.stored()
        self.check(used == sum(stored), f"client counts {used} pages, servers {stored}")
        return stored

    # Steps.

    def verify(self, name, bs, size, depth=32):
        """Writes all of a part of the device in random order, then reads and checks it."""
        out = peers.fio_once(self.c1, DEV, rw="randwrite", bs=bs, depth=depth, size=size,
                             extra="--verify=crc32c --verify_fatal=1 --do_verify=1 --randseed=7")
        self.check(out["errors"] == 0, f"fio {name}: no error")
        self.figure(f"{name}_iops", out["iops"])

    def mixed(self, name, size, seconds=10):
        """Reads and writes of all sizes at once, each read checked."""
        out = peers.fio(self.c1, DEV, rw="randrw", bs="4k", depth=32, seconds=seconds, size=size,
                        extra="--bsrange=512-128k --bs_unaligned=0 --verify=crc32c --verify_fatal=1 "
                              "--verify_backlog=64 --serialize_overlap=1")
        self.check(out["errors"] == 0, f"fio {name}: no error")
        self.figure(f"{name}_iops", out["iops"])

    def plain(self):
        zero = self.c1.sh(f"cmp -n 64M {DEV} /dev/zero && echo same").strip()
        self.check(zero == "same" and self.cluster.stored() == [0, 0], "what was never written reads as zeros and takes no page")
        self.verify("write_4k", "4k", "64M")
        stored = self.agreed()
        self.check(min(stored) > 0 and sum(stored) == 64 * 256, f"64 MiB are spread over both servers: {stored}")
        self.mixed("mixed", "128M")
        self.verify("write_128k", "128k", "160M", depth=8)
        self.agreed()
        self.figure("read_us", peers.latency_us(self.c1, DEV, 4))
        self.figure("read_iops", peers.rate(self.c1, DEV, seconds=4))

    def nowait(self):
        """Who must not be made to wait is served directly, without a kernel thread for each I/O."""
        out = peers.fio_once(self.c1, DEV, rw="randread", depth=1, size="4M", extra="--ioengine=pvsync2 --nowait=1")
        self.check(out["errors"] == 0, "reads that must not wait are taken")
        out = peers.fio_once(self.c1, DEV, depth=64, size="32M", extra="--ioengine=io_uring --verify=crc32c --verify_fatal=1")
        self.check(out["errors"] == 0, "fio by io_uring: no error")

    def batches(self):
        """What is submitted together leaves together: a request to read is one frame, so trains are of several."""
        before = self.c1.counters("rmap")["tx_trains"]
        out = peers.fio_once(self.c1, DEV, rw="randread", size="16M",
                             extra="--iodepth_batch_submit=8 --iodepth_batch_complete_min=8 --iodepth_batch_complete_max=8")
        trains = self.c1.counters("rmap")["tx_trains"] - before
        self.check(out["errors"] == 0 and trains > 256, f"4,096 reads submitted by eights left in {trains} trains and more")

    def sub_pages(self):
        """Writes smaller than a page leave the rest of the page as it was."""
        self.c1.sh(f"""set -e
dd if=/dev/urandom of=/tmp/want bs=64k count=16 status=none
dd if=/tmp/want of={DEV} bs=64k oflag=direct conv=notrunc status=none
for i in 1 7 8 15 100 101 102 1000 2047; do
    dd if=/dev/urandom of=/tmp/bit bs=512 count=3 status=none
    dd if=/tmp/bit of=/tmp/want bs=512 seek=$i conv=notrunc status=none
    dd if=/tmp/bit of={DEV} bs=1536 seek=$((i * 512)) oflag=direct,seek_bytes conv=notrunc status=none
done
truncate -s 1M /tmp/want
dd if={DEV} of=/tmp/is bs=64k count=16 iflag=direct status=none
cmp /tmp/want /tmp/is""")

    def file_system(self):
        self.c1.sh(f"""set -e
mkfs.ext4 -q -F {DEV}
mkdir -p /mnt/v
mount {DEV} /mnt/v
fio --name=mm --directory=/mnt/v --ioengine=mmap --rw=randrw --bs=4k --size=48M --verify=crc32c --verify_fatal=1 >/tmp/mm
for i in 1 2 3 4; do head -c 8M /dev/urandom | tee /mnt/v/f$i | sha256sum | sed "s,-,/mnt/v/f$i," >>/tmp/sums; done
umount /mnt/v
echo 3 >/proc/sys/vm/drop_caches
fsck.ext4 -f -n {DEV}
mount {DEV} /mnt/v
sha256sum --quiet -c /tmp/sums
rm /mnt/v/f* /mnt/v/mm*
fstrim /mnt/v
umount /mnt/v
rm /tmp/sums
fsck.ext4 -f -n {DEV}""", 300)

    def swap(self):
        """The client itself swaps to the device."""
        self.c1.sh(f"mkswap {DEV} && swapon --discard {DEV}")
        out = self.c1.sh("mount -t tmpfs -o size=380M none /mnt/v && head -c 340M /dev/urandom | tee /mnt/v/big | sha256sum"
                         " && sha256sum </mnt/v/big && awk '/^pswp/ {print $1, $2}' /proc/vmstat", 600)
        first, second, *swapped = out.split("\n")[:4]
        self.check(first == second, "what was swapped out came back")
        counts = dict(line.split() for line in swapped)
        self.check(int(counts["pswpout"]) > 1000 and int(counts["pswpin"]) > 1000, f"and it was swapped: {counts}")
        self.figure("pages_swapped_in", int(counts["pswpin"]))
        self.c1.sh(f"umount /mnt/v && swapoff {DEV}", 120)

    def discard(self):
        """Discard gives memory back, and chunks when they are empty."""
        self.c1.sh(f"blkdiscard {DEV}")
        self.check(self.agreed() == [0, 0], "a discarded device has no pages")
        self.until(lambda: self.cluster.volume()["placed"] == 0, "and no chunks", 10)
        self.c1.sh(f"dd if=/dev/urandom of={DEV} bs=1M count=8 oflag=direct status=none")
        self.check(sum(self.agreed()) == 2048, "8 MiB are 2048 pages")
        self.c1.sh(f"blkdiscard -o 4096 -l 8192 {DEV}")
        self.check(sum(self.agreed()) == 2046, "two less")
        zeros = self.c1.sh(f"dd if={DEV} bs=4096 skip=1 count=2 iflag=direct status=none | cmp -n 8192 - /dev/zero && echo same")
        self.check(zeros.strip() == "same", "and they read as zeros")

    def jumbo(self):
        self.unmake()
        for host in (self.c1, self.s1, self.s2):
            host.sh("memxctl detach eth0", check=False)
            host.mtu(9000)
            host.sh("memxctl attach eth0")
        self.cluster.heard()
        self.make()
        self.verify("jumbo_write_4k", "4k", "64M")
        self.mixed("jumbo_mixed", "64M", 5)
        self.figure("jumbo_read_us", peers.latency_us(self.c1, DEV, 3))
        self.figure("jumbo_read_iops", peers.rate(self.c1, DEV, seconds=3))
        self.unmake()

    def trains(self):
        return self.s1.counters("rmap")["tx_trains"]

    def bad_network(self):
        for host in (self.c1, self.s1, self.s2):
            host.mtu(1500)
            host.netem(BAD)
        trains = self.trains()
        self.check(trains > 0, "a server gives frames of one answer to its device together")
        self.make()
        self.verify("bad_write_4k", "4k", "16M")
        self.mixed("bad_mixed", "32M")
        self.check(self.trains() == trains, "what spoils frames gets them one by one")
        self.agreed()
        self.unmake()
        for host in (self.c1, self.s1, self.s2):
            host.netem(None)

# SPDX-License-Identifier: GPL-2.0
"""Side by side in one run: raw frames, a disk right on them, NVMe/TCP and /dev/memxa, at both MTUs, without keys and with them."""
import peers
from lab import Test, linux
from labkit.memx import DEV, Cluster, Server

MIB = 200
FLOOR = "/sys/kernel/debug/memx_floor/run"
FLOOR_DISK = "/dev/memx_floor"
ROUNDS = 5
SECONDS = 2                     # of each measurement
MTUS = (1500, 9000)
READS = ("us", "iops")          # what raw frames and the disk on them can do
FIO = {                         # for each measurement, which of fio's figures, and how it is asked
    "us": ("lat_us", {}),
    "iops": ("iops", {"depth": 32}),
    "write_iops": ("iops", {"rw": "randwrite", "depth": 32}),
    "seq_mbps": ("mbps", {"rw": "read", "bs": "128k", "depth": 8}),
}


class T(Test):
    hosts = {"c1": linux(), "s1": linux(memory=1024)}
    timeout = 6000

    def run(self):
        self.taken = {}
        self.judged = []
        for host in (self.c1, self.s1):
            host.sh("mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug")
        peers.nvmet_export(self.s1, peers.ram_disk(self.s1, MIB + 8))
        self.cluster = Cluster(self, self.c1, (self.s1,))
        self.start()
        for mtu in MTUS:
            self.at_mtu(mtu)
            # TCP takes the size of its segments from the MTU when it connects.
            self.rounds(str(mtu), {"floor_disk": FLOOR_DISK, "memx": DEV, "nvmetcp": peers.nvme_connect(self.c1, self.s1)})
            peers.nvme_disconnect(self.c1)
        trains = self.s1.counters("rmap")["tx_trains"]
        self.check(trains > 0, f"frames of one answer were given to the device together: {trains} times")
        self.stop()
        self.start(key=1)
        for mtu in MTUS:
            self.at_mtu(mtu)
            self.rounds(f"{mtu}_keyed", {"memx": DEV})
        self.judge()

    def start(self, key=0):
        """A memory server, a volume on it with every page written, and the raw frames beside it."""
        self.at_mtu(1500)
        self.cluster.start(f"{MIB + 56}M", key=key)
        self.s1.memx_load("memx_floor", memx_floor="role=server")
        self.c1.memx_load("memx_floor", memx_floor=f"role=client peer={self.s1.mac} disk={MIB}")
        self.cluster.make(f"{MIB}M")
        peers.fio_once(self.c1, DEV, rw="write", bs="128k", depth=8, size=f"{MIB}M")

    def stop(self):
        self.cluster.unmake()
        Server(self.s1).stop(force=True)
        for host in (self.c1, self.s1):
            host.memx_unload()

    def at_mtu(self, mtu):
        for host in (self.c1, self.s1):
            host.mtu(mtu)
        if self.c1.rc(f"[ -b {DEV} ]")[0] == 0:
            peers.fio_once(self.c1, DEV, rw="read", bs="128k", depth=8, size=f"{MIB}M")
            self.c1.sh("sleep 2")

    def rounds(self, suffix, disks):
        """All that are compared take turns within seconds, so that a busy moment of the machine hits all."""
        for _ in range(ROUNDS):
            for what in FIO:
                for name in ("floor", *disks):
                    if what in READS or name not in ("floor", "floor_disk"):
                        value = self.floor(what) if name == "floor" else self.fio(disks[name], what)
                        self.taken.setdefault((name, what, suffix), []).append(value)
        for (name, what, when), values in self.taken.items():
            if when == suffix:
                self.figure(f"{name}_{what}_{suffix}", round(peers.median(values), 1))

    def floor(self, what):
        self.c1.sh(f"echo {'1 3000' if what == 'us' else '32 20000'} > {FLOOR}", 120)
        found = dict(word.split("=") for word in self.c1.get(FLOOR).split())
        return float(found["us"]) if what == "us" else int(found["rate"])

    def fio(self, path, what):
        figure, how = FIO[what]
        return peers.fio(self.c1, path, seconds=SECONDS, size=f"{MIB}M", **how)[figure]

    def ratio(self, words, what, name, suffix, other, other_suffix=None):
        """The median of the rounds' ratios; of what never ran in the same round, the ratio of the medians."""
        a, b = self.taken[name, what, suffix], self.taken[other, what, other_suffix or suffix]
        if other_suffix:
            a, b = [peers.median(a)], [peers.median(b)]
        self.figure(words, round(peers.median([x / y for x, y in zip(a, b)]), 2))
        return self.figures[words]

    def judge(self):
        """Against the disk on raw frames; what NVMe/TCP does beside it moves with the machine, and is shown only."""
        for mtu in map(str, MTUS):
            keyed = mtu + "_keyed"
            for what in FIO:
                self.ratio(f"{what}_of_nvmetcp_{mtu}", what, "memx", mtu, "nvmetcp")
                self.ratio(f"{what}_keyed_of_insecure_{mtu}", what, "memx", keyed, "memx", mtu)
            of_disk = {what: self.ratio(f"{what}_of_floor_disk_{mtu}", what, "memx", mtu, "floor_disk") for what in READS}
            for what in READS:
                self.ratio(f"floor_disk_{what}_of_nvmetcp_{mtu}", what, "floor_disk", mtu, "nvmetcp")
            self.ratio(f"floor_disk_us_of_floor_{mtu}", "us", "floor_disk", mtu, "floor")
            self.ratio(f"us_of_floor_{mtu}", "us", "memx", mtu, "floor")
            self.ratio(f"us_of_floor_{keyed}", "us", "memx", keyed, "floor")
            self.judged.append((of_disk["us"] <= 1.25, f"MTU {mtu}: one read at a time takes {of_disk['us']} of the time of a disk right on "
                                                       "raw frames, at most 1.25"))
            self.judged.append((of_disk["iops"] >= 0.6, f"MTU {mtu}: 32 at a time are {of_disk['iops']} of its rate, at least 0.6"))
        for good, words in self.judged:         # when all figures have been recorded
            self.check(good, words)

# SPDX-License-Identifier: GPL-2.0
"""Side by side in one run: raw frames, NVMe/TCP and /dev/memxa, 4 KiB random reads one at a time and 32 at a time."""
import peers
from lab import Test, linux

MIB = 200
FLOOR = "/sys/kernel/debug/memx_floor/run"
ROUNDS = 7
SECONDS = 2                     # of each measurement


class T(Test):
    hosts = {"c1": linux(), "s1": linux(memory=1024)}
    timeout = 900
    mtu = 1500

    def run(self):
        for host in (self.c1, self.s1):
            host.mtu(self.mtu)
            host.sh("mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug")
        self.start()
        nvme = peers.nvmetcp(self.c1, self.s1, MIB + 8)
        # Interleaved, so that a busy moment of the machine hits all three.
        taken = {}
        for _ in range(ROUNDS):
            for key, value in self.once(nvme).items():
                taken.setdefault(key, []).append(value)
        for key, values in taken.items():
            self.figure(key, round(peers.median(values), 1))
        self.judge()

    def start(self):
        """A memory server, a volume on it with every page written, and the raw frames beside it."""
        self.s1.memx_load("memx_server", "memx_floor", memx_rmap="insecure=1", memx_floor="role=server")
        self.s1.sh(f"memxctl server start --dev eth0 --memory {MIB + 56}M")
        self.c1.memx_load("memx_client", "memx_floor", memx_rmap="insecure=1",
                          memx_floor=f"role=client peer={self.s1.mac}")
        self.c1.sh(f"memxctl attach eth0 && memxctl volume create v --size {MIB}M && memxctl device create v")
        peers.fio_once(self.c1, "/dev/memxa", rw="write", bs="128k", depth=8, size=f"{MIB}M")

    def floor(self, depth, count):
        self.c1.sh(f"echo {depth} {count} > {FLOOR}", 120)
        words = dict(word.split("=") for word in self.c1.get(FLOOR).split())
        return float(words["us"]) if depth == 1 else int(words["rate"])

    def once(self, nvme):
        size = f"{MIB}M"
        return {
            "floor_us": self.floor(1, 3000),
            "memx_us": peers.fio(self.c1, "/dev/memxa", seconds=SECONDS, size=size)["lat_us"],
            "nvmetcp_us": peers.fio(self.c1, nvme, seconds=SECONDS, size=size)["lat_us"],
            "floor_iops": self.floor(32, 20000),
            "memx_iops": peers.fio(self.c1, "/dev/memxa", depth=32, seconds=SECONDS, size=size)["iops"],
            "nvmetcp_iops": peers.fio(self.c1, nvme, depth=32, seconds=SECONDS, size=size)["iops"],
            "memx_write_iops": peers.fio(self.c1, "/dev/memxa", "randwrite", depth=32, seconds=SECONDS, size=size)["iops"],
            "nvmetcp_write_iops": peers.fio(self.c1, nvme, "randwrite", depth=32, seconds=SECONDS, size=size)["iops"],
        }

    def judge(self):
        f = self.figures
        trains = self.s1.counters("rmap")["tx_trains"]
        self.check(trains > 0, f"frames of one answer were given to the device together: {trains} times")
        self.figure("us_of_nvmetcp", round(f["memx_us"] / f["nvmetcp_us"], 2))
        self.figure("us_of_floor", round(f["memx_us"] / f["floor_us"], 2))
        self.figure("iops_of_nvmetcp", round(f["memx_iops"] / f["nvmetcp_iops"], 2))
        self.check(f["memx_us"] <= 0.6 * f["nvmetcp_us"], "one read at a time takes at most 0.6 of NVMe/TCP's time")
        self.check(f["memx_iops"] >= 2 * f["nvmetcp_iops"], "32 at a time are at least twice NVMe/TCP's rate")

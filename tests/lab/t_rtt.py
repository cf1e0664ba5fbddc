# SPDX-License-Identifier: GPL-2.0
"""Side by side in one run: raw frames, a disk right on them, NVMe/TCP and /dev/memxa, at both MTUs, without keys and with them."""
import peers
from lab import Test, linux

MIB = 200
FLOOR = "/sys/kernel/debug/memx_floor/run"
FLOOR_DISK = "/dev/memx_floor"
ROUNDS = 5
SECONDS = 2                     # of each measurement
MTUS = (1500, 9000)


class T(Test):
    hosts = {"c1": linux(), "s1": linux(memory=1024)}
    timeout = 1200

    def run(self):
        for host in (self.c1, self.s1):
            host.sh("mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug")
        peers.nvmet_export(self.s1, peers.ram_disk(self.s1, MIB + 8))
        self.start("insecure=1")
        for mtu in MTUS:
            self.at_mtu(mtu)
            # TCP takes the size of its segments from the MTU when it connects.
            nvme = peers.nvme_connect(self.c1, self.s1)
            self.rounds(f"_{mtu}", lambda nvme=nvme: self.floor() | self.reads("floor_disk", FLOOR_DISK) |
                        self.disk("memx", "/dev/memxa") | self.disk("nvmetcp", nvme))
            self.c1.sh(f"nvme disconnect -n {peers.NQN}")
        trains = self.s1.counters("rmap")["tx_trains"]
        self.check(trains > 0, f"frames of one answer were given to the device together: {trains} times")
        self.stop()
        self.start("")
        for mtu in MTUS:
            self.at_mtu(mtu)
            self.rounds(f"_{mtu}_keyed", lambda: self.floor() | self.disk("memx", "/dev/memxa"))
        self.judge()

    def start(self, rmap):
        """A memory server, a volume on it with every page written, and the raw frames beside it."""
        self.at_mtu(1500)
        self.s1.memx_load("memx_server", "memx_floor", memx_rmap=rmap, memx_floor="role=server")
        self.c1.memx_load("memx_client", "memx_floor", memx_rmap=rmap,
                          memx_floor=f"role=client peer={self.s1.mac} disk={MIB}")
        if not rmap:
            self.c1.cluster_key()
            self.s1.cluster_key()
        self.s1.sh(f"memxctl server start --dev eth0 --memory {MIB + 56}M")
        self.c1.sh(f"memxctl attach eth0 && memxctl volume create v --size {MIB}M && memxctl device create v")
        peers.fio_once(self.c1, "/dev/memxa", rw="write", bs="128k", depth=8, size=f"{MIB}M")

    def stop(self):
        self.c1.sh("memxctl device remove memxa && memxctl volume remove v")
        self.s1.sh("memxctl server stop --force")
        for host in (self.c1, self.s1):
            host.memx_unload()

    def at_mtu(self, mtu):
        for host in (self.c1, self.s1):
            host.mtu(mtu)
        if self.c1.rc("[ -b /dev/memxa ]")[0] == 0:
            peers.fio_once(self.c1, "/dev/memxa", rw="read", bs="128k", depth=8, size=f"{MIB}M")
            self.c1.sh("sleep 2")

    def rounds(self, suffix, once):
        """Medians of measurements that take turns, so that a busy moment of the machine hits all."""
        taken = {}
        for _ in range(ROUNDS):
            for key, value in once().items():
                taken.setdefault(key + suffix, []).append(value)
        for key, values in taken.items():
            self.figure(key, round(peers.median(values), 1))

    def floor(self):
        def one(depth, count):
            self.c1.sh(f"echo {depth} {count} > {FLOOR}", 120)
            return dict(word.split("=") for word in self.c1.get(FLOOR).split())
        return {"floor_us": float(one(1, 3000)["us"]), "floor_iops": int(one(32, 20000)["rate"])}

    def reads(self, name, path):
        return {
            f"{name}_us": self.fio(path)["lat_us"],
            f"{name}_iops": self.fio(path, depth=32)["iops"],
        }

    def disk(self, name, path):
        return self.reads(name, path) | {
            f"{name}_write_iops": self.fio(path, "randwrite", depth=32)["iops"],
            f"{name}_seq_mbps": self.fio(path, "read", bs="128k", depth=8)["mbps"],
        }

    def fio(self, path, *args, **more):
        return peers.fio(self.c1, path, *args, seconds=SECONDS, size=f"{MIB}M", **more)

    def judge(self):
        f = self.figures
        for mtu in MTUS:
            for key in ("us", "iops", "write_iops", "seq_mbps"):
                self.figure(f"{key}_of_nvmetcp_{mtu}", round(f[f"memx_{key}_{mtu}"] / f[f"nvmetcp_{key}_{mtu}"], 2))
                self.figure(f"{key}_keyed_of_insecure_{mtu}", round(f[f"memx_{key}_{mtu}_keyed"] / f[f"memx_{key}_{mtu}"], 2))
            for name, other in (("memx", "floor_disk"), ("floor_disk", "nvmetcp")):
                for key in ("us", "iops"):
                    self.figure(f"{name}_{key}_of_{other}_{mtu}", round(f[f"{name}_{key}_{mtu}"] / f[f"{other}_{key}_{mtu}"], 2))
            self.figure(f"floor_disk_us_of_floor_{mtu}", round(f[f"floor_disk_us_{mtu}"] / f[f"floor_us_{mtu}"], 2))
            self.figure(f"us_of_floor_{mtu}", round(f[f"memx_us_{mtu}"] / f[f"floor_us_{mtu}"], 2))
            self.figure(f"us_of_floor_{mtu}_keyed", round(f[f"memx_us_{mtu}_keyed"] / f[f"floor_us_{mtu}_keyed"], 2))
            self.check(f[f"us_of_nvmetcp_{mtu}"] <= 0.6, "one read at a time takes at most 0.6 of NVMe/TCP's time")
            self.check(f[f"iops_of_nvmetcp_{mtu}"] >= 2, "32 at a time are at least twice NVMe/TCP's rate")
            self.check(f[f"us_keyed_of_insecure_{mtu}"] <= 1.5, "with keys, a read takes at most 1.5 of the time")

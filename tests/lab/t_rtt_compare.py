# SPDX-License-Identifier: GPL-2.0
"""Latency and rate of today's modules beside those of another commit, as ratios of medians of interleaved rounds."""
import peers
from lab import Test, linux
from labkit import builds
from labkit.memx import DEV, Cluster, Server

MIB = 128
ROUNDS = 7
SECONDS = 2                     # of each measurement
WITHIN = 0.10                   # by which today may be the worse one
MTUS = (1500, 9000)
FIO = {                         # for each measurement, which of fio's figures, how it is asked, and whether more is better
    "us": ("lat_us", {}, False),
    "iops": ("iops", {"depth": 32}, True),
    "write_iops": ("iops", {"rw": "randwrite", "depth": 32}, True),
}
JUDGED = ("us", "iops")


class T(Test):
    hosts = {"c1": linux(), "s1": linux()}
    timeout = 5400

    @classmethod
    def before_boot(cls):
        cls.base = builds.built()

    def run(self):
        self.taken = {}
        self.cluster = Cluster(self, self.c1, (self.s1,))
        self.say(f"today's beside {self.base}")
        for n in range(ROUNDS):
            pair = [("before", self.base), ("after", "")]
            for name, build in pair[::-1 if n % 2 else 1]:
                self.round(name, build)
        self.judge()

    def round(self, name, build):
        """Both hosts run one build; all is measured once."""
        for host in (self.c1, self.s1):
            host.use(build)
            host.mtu(MTUS[0])
        self.cluster.start(memory=f"{MIB + 56}M")
        self.cluster.make(f"{MIB}M")
        for mtu in MTUS:
            for host in (self.c1, self.s1):
                host.mtu(mtu)
            peers.fio_once(self.c1, DEV, rw="write", bs="128k", depth=8, size=f"{MIB}M")
            self.c1.sh("sleep 2")               # the path's MTU has been found
            for what, (figure, how, _) in FIO.items():
                value = peers.fio(self.c1, DEV, seconds=SECONDS, size=f"{MIB}M", **how)[figure]
                self.taken.setdefault((name, f"{what}_{mtu}"), []).append(value)
        self.cluster.unmake()
        Server(self.s1).stop(force=True)
        for host in (self.c1, self.s1):
            host.memx_unload()

    def judge(self):
        ratios = {}
        for what, (_, _, more) in FIO.items():
            for mtu in MTUS:
                before, after = (peers.median(self.taken[name, f"{what}_{mtu}"]) for name in ("before", "after"))
                self.figure(f"{what}_{mtu}_before", before)
                self.figure(f"{what}_{mtu}_after", after)
                ratios[what, mtu] = after / before if more else before / after
                self.figure(f"{what}_{mtu}_after_of_before", round(after / before, 3))
        for (what, mtu), ratio in ratios.items():
            self.check(what not in JUDGED or ratio >= 1 - WITHIN,
                       f"{what} at MTU {mtu} is within {WITHIN:.0%} of what it was: {ratio:.2f} as good")

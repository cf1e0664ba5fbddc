# SPDX-License-Identifier: GPL-2.0
"""Latency and rate of today's modules beside those of another commit, on two pairs of hosts that take turns within seconds."""
import peers
from lab import Test, linux
from labkit import builds
from labkit.memx import DEV, Cluster, Server

MIB = 64
HALVES = 2                      # after the first one the pairs swap what they run
ROUNDS = 7                      # of each half
SECONDS = 2                     # of each measurement
WITHIN = 0.10                   # by which today may be the worse one
MTUS = (1500, 9000)
FIO = {                         # for each measurement, which of fio's figures, how it is asked, and whether more is better
    "us": ("lat_us", {}, False),
    "iops": ("iops", {"depth": 32}, True),
    "write_iops": ("iops", {"rw": "randwrite", "depth": 32}, True),
}
JUDGED = ("us", "iops")


class Pair:
    """A client and a server on a switch of their own, so that the pairs do not hear each other."""

    def __init__(self, test, client, server, dev):
        self.hosts = (client, server)
        self.client = client
        self.server = server
        self.dev = dev
        self.cluster = Cluster(test, client, (server,))

    def mtu(self, mtu):
        """Changes the MTU, and reads until the path's has been found."""
        for host in self.hosts:
            host.sh(f"ip link set {self.dev} up mtu {mtu}")
        peers.fio_once(self.client, DEV, rw="read", bs="128k", depth=8, size=f"{MIB}M")

    def start(self, build):
        for host in self.hosts:
            host.use(build)
            host.sh(f"ip link set {self.dev} up mtu {MTUS[0]}")
        self.cluster.start(memory=f"{MIB + 56}M", devs=(self.dev,))
        self.cluster.make(f"{MIB}M")
        peers.fio_once(self.client, DEV, rw="write", bs="128k", depth=8, size=f"{MIB}M")

    def stop(self):
        self.cluster.unmake()
        Server(self.server).stop(force=True)
        for host in self.hosts:
            host.memx_unload()


class T(Test):
    hosts = {"c1": linux(nics=2), "s1": linux(nics=2), "c2": linux(nics=2), "s2": linux(nics=2)}
    timeout = 5400

    @classmethod
    def before_boot(cls):
        cls.base = builds.built()

    def run(self):
        self.taken = {}
        self.say(f"today's beside {self.base}")
        pairs = [Pair(self, self.c1, self.s1, "eth0"), Pair(self, self.c2, self.s2, "eth1")]
        for _ in range(HALVES):
            self.half({"before": pairs[0], "after": pairs[1]})
            pairs.reverse()
        self.judge()

    def half(self, pairs):
        """Each pair runs one build; all is measured ROUNDS times."""
        pairs["before"].start(self.base)
        pairs["after"].start("")
        for mtu in MTUS:
            for pair in pairs.values():
                pair.mtu(mtu)
            self.c1.sh("sleep 2")
            for n in range(ROUNDS):
                for what in FIO:
                    for name in ("before", "after")[::-1 if n % 2 else 1]:
                        self.measure(name, pairs[name], what, mtu)
        for pair in pairs.values():
            pair.stop()

    def measure(self, name, pair, what, mtu):
        figure, how, _ = FIO[what]
        value = peers.fio(pair.client, DEV, seconds=SECONDS, size=f"{MIB}M", **how)[figure]
        self.taken.setdefault((name, what, mtu), []).append(value)

    def judge(self):
        """By the median of the rounds' ratios: what this machine does beside it hits both sides of a ratio."""
        worse = []
        for what, (_, _, more) in FIO.items():
            for mtu in MTUS:
                before, after = (self.taken[name, what, mtu] for name in ("before", "after"))
                self.figure(f"{what}_{mtu}_before", peers.median(before))
                self.figure(f"{what}_{mtu}_after", peers.median(after))
                ratio = round(peers.median([a / b if more else b / a for a, b in zip(after, before)]), 3)
                self.figure(f"{what}_{mtu}_as_good", ratio)
                if what in JUDGED:
                    worse.append((ratio, f"{what} at MTU {mtu} is within {WITHIN:.0%} of what it was: {ratio:.2f} as good"))
        for ratio, words in worse:              # when all figures have been recorded
            self.check(ratio >= 1 - WITHIN, words)

# SPDX-License-Identifier: GPL-2.0
"""What loss, duplicates, reordering and jitter do to /dev/memxa: nothing to what it holds, little to its rate."""
import peers
from lab import Test, linux
from labkit.memx import DEV, Cluster, told

SIZE = 64                       # MiB
ROUNDS = 5
SECONDS = 3                     # of each measurement
FEW = 50                        # fewer dropped frames say nothing of a ratio
TURNS = 5                       # a busy machine sends more again than was lost, for what is late; never less

# Name, what netem does on both hosts, and MiB that fio writes and reads back in pages.
NETWORKS = (
    ("none", "loss 0%", 16),
    ("loss_0.1", "loss 0.1%", 48),
    ("loss_1", "loss 1%", 16),
    ("loss_5", "loss 5%", 8),
    ("loss_20", "loss 20%", 2),
    ("bursts", "loss gemodel 1% 20%", 8),       # 5 frames in a row, 4.8 % of all
    ("duplicates", "duplicate 5%", 8),
    ("reordering", "delay 1ms reorder 95%", 8),  # 5 % come 1 ms later than what was sent after them
    ("jitter", "delay 5ms 5ms", 8),
)


class T(Test):
    hosts = {"c1": linux(memory=400), "s1": linux(memory=400)}
    timeout = 1500

    def run(self):
        self.set_up()
        for name, what, mib in NETWORKS:
            ratios = []
            while len(ratios) < TURNS and (not ratios or ratios[-1] > 2):
                ratios.append(self.verify(name, what, mib))
            self.check(ratios[-1] <= 2, f"{name}: at most twice what was lost is sent again: {ratios}")
        self.goodput()

    def set_up(self):
        cluster = Cluster(self, self.c1, (self.s1,))
        cluster.start(f"{SIZE + 16}M")
        cluster.make(f"{SIZE}M")
        peers.fio_once(self.c1, DEV, rw="write", bs="128k", depth=8, size=f"{SIZE}M")

    def network(self, what):
        """A fresh qdisc on both hosts, so that its counters begin at 0."""
        for host in (self.c1, self.s1):
            host.netem(None)
            host.netem(what)

    def counters(self):
        """Of both hosts' sessions with each other, added up."""
        both = [told(host, "peers")[0]["counters"] for host in (self.c1, self.s1)]
        return {key: sum(each[key] for each in both) for key in both[0]}

    def fio(self, bs, depth, mib):
        out = peers.fio_once(self.c1, DEV, bs=bs, depth=depth, size=f"{mib}M", timeout=300,
                             extra="--verify=crc32c --verify_fatal=1 --do_verify=1 --randseed=7")
        self.check(out["errors"] == 0, "what was read is what was written")
        return out["iops"]

    def verify(self, name, what, mib):
        """Single pages, then messages of many fragments, written and read back. Gives what tell() does."""
        self.network(what)
        before = self.counters()
        self.figure(f"{name}_iops", self.fio("4k", 32, mib))
        self.fio("128k", 4, mib)
        after = self.counters()
        return self.tell(name, {key: after[key] - before[key] for key in after})

    def tell(self, name, counts):
        """
        Fragments sent again by either side, for each frame that netem dropped on either: a fragment that was lost must be
        sent again once, or twice if that is lost, too, which is then dropped, too. Lost acknowledgements are among them.
        Gives that ratio, 0 if there are too few.
        """
        dropped = self.c1.dropped() + self.s1.dropped()
        self.figure(f"{name}_dropped", dropped)
        for key in ("tx_frames", "retrans", "timeouts", "spurious", "fast_retrans", "rx_dup"):
            self.figure(f"{name}_{key}", counts[key])
        self.check(counts["calls_failed"] == 0, "no call failed")
        if dropped < FEW:
            return 0
        self.figure(f"{name}_retrans_of_dropped", round(counts["retrans"] / dropped, 2))
        return self.figures[f"{name}_retrans_of_dropped"]

    def goodput(self):
        """1 % loss beside none under the same qdisc, in turn."""
        taken = {}
        for _ in range(ROUNDS):
            for loss in ("0", "1"):
                self.network(f"loss {loss}%")
                for rw in ("randread", "randwrite"):
                    out = peers.fio(self.c1, DEV, rw, depth=32, seconds=SECONDS, size=f"{SIZE}M")
                    taken.setdefault(f"{rw}_loss{loss}_iops", []).append(out["iops"])
        for key, values in taken.items():
            self.figure(key, round(peers.median(values)))
        for rw in ("randread", "randwrite"):
            ratio = self.figures[f"{rw}_loss1_iops"] / self.figures[f"{rw}_loss0_iops"]
            self.figure(f"{rw}_loss1_of_none", round(ratio, 2))
            self.check(ratio >= 0.7, f"{rw}: 1 % loss leaves at least 0.7 of the rate: {ratio:.2f}")

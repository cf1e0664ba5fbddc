# SPDX-License-Identifier: GPL-2.0
"""A client short of memory swaps to two servers, one of which falls silent: I/O to the other goes on as before."""
import os
import shutil

from lab import Test, linux
from labkit.memx import DEV, Cluster

SWAP, TAIL = 448, 64            # MiB of the device to swap to, and behind these for the prober; chunks of 1 MiB
HOGS, HOG = 12, 12              # processes that change memory, MiB of each
CHURN = 240                     # MiB that are filled and given back all the time
PLACES = 6                      # chunks that the prober uses
QUIET, ALIVE, DEAD = 25, 40, 50  # seconds: before anything is measured, with both servers, with one
FACTOR = 3                      # of the longest wait with both servers
SHORTEST = 500                  # ms: what is shorter tells of the machine, not of us

# Nobody may write to a device that is swapped to, so the swap is a device-mapper target on a part of it.
LINEAR = """
import fcntl, struct
def dm(number, table=b""):
    head = struct.pack("=3IIIIiIIIQ128s129s7x", 4, 0, 0, 312 + len(table), 312, bool(table), 0, 0, 0, 0, 0, b"swap", b"")
    with open("/dev/mapper/control", "rb") as control:
        fcntl.ioctl(control, 0xc138fd00 | number, bytearray(head + table))
words = b"%s 0" + bytes(8)
dm(3)
dm(9, struct.pack("=QQiI16s", 0, %d, 0, 0, b"linear") + words)
dm(6)
"""


class T(Test):
    hosts = {"c1": linux(memory=256), "s1": linux(), "s2": linux()}
    timeout = 1500
    allow = [r"Out of memory: Killed process \d+ \(probe\)"]    # half of the swap is away

    def run(self):
        shutil.copy(os.path.join(self.boot.folder, "probe"), self.c1.share)
        self.cluster = Cluster(self, self.c1, (self.s1, self.s2))
        self.cluster.start(memory="400M")
        self.cluster.make(f"{SWAP + TAIL}M")
        dead, places = self.places()
        self.c1.put("/tmp/linear.py", LINEAR % (DEV, SWAP << 11))
        self.c1.sh("modprobe dm-mod && python3 /tmp/linear.py && cp /share/probe /tmp/probe && mkswap /dev/dm-0 && swapon /dev/dm-0 && echo 0 > /proc/sys/vm/page-cluster")
        seconds = QUIET + ALIVE + DEAD + 40
        job = self.c1.bg(f"exec /tmp/probe {DEV} {seconds} {HOGS} {HOG} {CHURN} {' '.join(str(p << 20) for p in places)}")
        alive = self.longest(job, QUIET, QUIET + ALIVE, "both")
        dead.freeze()
        one = self.longest(job, QUIET + ALIVE, QUIET + ALIVE + DEAD, "one")
        dead.thaw()
        self.recovered(job)
        self.check(one <= FACTOR * max(alive, SHORTEST), f"the longest wait for the living server with the other dead, {one} ms, "
                                                         f"is at most {FACTOR} times that with both, {alive} ms")

    def places(self):
        """A chunk each for the prober, all on one server. Gives the other server and the chunks."""
        for chunk in range(SWAP, SWAP + TAIL):
            self.c1.sh(f"dd if=/dev/urandom of={DEV} bs=4k count=1 seek={chunk * 256 + 1} oflag=direct conv=notrunc status=none")
        mine = {server: self.cluster.chunks(self.cluster.node(server)) for server in (self.s1, self.s2)}
        living, dead = sorted(mine, key=lambda server: -len(mine[server]))
        self.check(len(mine[living]) >= PLACES, f"a server has chunks for the prober: {len(mine[living])}")
        return dead, mine[living][:PLACES]

    def rows(self, job):
        """What the prober has said: second, I/Os, errors, longest ms, steps of the hogs."""
        lines = [line.split() for line in job.output.splitlines()]
        return [tuple(map(int, line)) for line in lines if len(line) == 5 and all(word.isdigit() for word in line)]

    def longest(self, job, begin, end, name):
        """The longest wait in a part of the prober's seconds."""
        self.until(lambda: len(self.rows(job)) >= end or not job.running(), f"the prober has measured {name}", 4 * (end - begin) + 120)
        rows = self.rows(job)
        self.check(len(rows) >= end, f"the prober runs: {job.output[-300:]}")
        rows = rows[begin:end]
        most = max(row[3] for row in rows)
        self.figure(f"{name}_longest_ms", most)
        self.figure(f"{name}_ios", sum(row[1] for row in rows))
        self.figure(f"{name}_steps", rows[-1][4] - rows[0][4])
        self.check(rows[-1][2] == 0, f"no I/O of the prober has failed with {name}: {rows[-1][2]}")
        return most

    def recovered(self, job):
        """With the server back all goes on."""
        at = len(self.rows(job))
        self.until(lambda: len(self.rows(job)) >= at + 20 or not job.running(), "the prober goes on", 200)
        rows = self.rows(job)[at:]
        self.check(rows and rows[-1][4] > rows[0][4], "the server is back, and memory is changed again")
        job.wait(200, check=False)
        swapped = dict(line.split() for line in self.c1.sh("grep ^pswp /proc/vmstat").splitlines())
        self.figure("pages_out", int(swapped["pswpout"]))
        self.check(int(swapped["pswpout"]) > 10000, f"the client has swapped: {swapped}")

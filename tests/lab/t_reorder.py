# SPDX-License-Identifier: GPL-2.0
"""Overwrites of the same pages while interfaces flap and the server's workers are late: nothing older comes after something newer."""
import json
import os
import shutil

from lab import Test, linux
from labkit.memx import DEV, Cluster

WORKERS, PAGES = 8, 32          # pages of each, written at once and one by one
STOCK = 31                      # pages that the server keeps ready: a write of 32 finds too few and becomes a job
ROUNDS = 8
BUSY = 3                        # seconds that the server's workers do not run; it still answers in softirq

# Nothing but interrupts and ksoftirqd runs beside the loop.
HOG = f"chrt -f 60 timeout {BUSY} chrt -f 50 sh -c 'while :; do :; done'"


class T(Test):
    hosts = {"c1": linux(), "s1": linux()}
    timeout = 900

    def run(self):
        shutil.copy(os.path.join(self.boot.folder, "versions"), self.c1.share)
        cluster = Cluster(self, self.c1, (self.s1,))
        cluster.start(memory="64M", memx_server=f"stock_pages={STOCK}")
        cluster.make("32M")
        self.s1.sh("sysctl -q kernel.sched_rt_runtime_us=-1 && for p in $(pgrep ksoftirqd); do chrt -f -p 70 $p; done")
        job = self.c1.bg(f"/share/versions {DEV} 0 {PAGES} {WORKERS} {ROUNDS * (BUSY + 7)}")
        for n in range(ROUNDS):
            self.one_round(job, n)
        out = job.wait(300, check=False)
        self.judge(job.rc, out)
        cluster.unmake()
        cluster.empty()
        cluster.balanced()

    def one_round(self, job, n):
        """The client's interface, or in every fourth round the server's, goes down and up while jobs wait."""
        self.c1.sh("sleep 1")
        self.check(job.running(), f"overwrites go on in round {n}: {job.output[-500:] if not job.running() else ''}")
        if n % 4 == 3:
            self.s1.flap("eth0", 1)
        else:
            hog = self.s1.bg(HOG)
            self.c1.sh("sleep 0.7")
            self.c1.flap("eth0", (0.1, 0.5, 1)[n % 3])
            hog.wait(60, check=False)
        self.c1.sh("sleep 2")

    def judge(self, rc, out):
        self.check(out.strip().endswith("}"), f"the overwrites have ended: {rc}, {out[-1000:]}")
        found = json.loads(out.splitlines()[-1])
        for key, value in found.items():
            self.figure(key, value)
        deferred = self.s1.counters("server")["deferred"]
        self.figure("deferred", deferred)
        self.check(deferred > 100, f"writes were deferred: {deferred}")
        self.check(found["stale"] == 0, f"no page was older than its last acknowledged write: {out[:1500]}")
        self.check(found["rounds"] > ROUNDS * WORKERS, f"much was overwritten: {found['rounds']} rounds")
        self.check(found["failed"] == found["unread"] == 0, f"and no write or read failed: {found}")

# SPDX-License-Identifier: GPL-2.0
"""RMAP on hosts of two processors while everything around it changes: settings, links, peers, power."""
import re

from lab import Test, linux

RUN = "/sys/kernel/debug/memx_echo/run"
LEFT = re.compile(r"unloaded, nodes created (\d+) destroyed (\d+), packets kept (\d+) freed (\d+)")


class T(Test):
    hosts = {"c1": linux(vcpus=2), "c2": linux(vcpus=2, mtu=9000), "s1": linux(vcpus=2, mtu=9000)}
    timeout = 1200

    def run(self):
        self.together(*(lambda h=h: self.load(h) for h in (self.s1, self.c1, self.c2)))
        for client in (self.c1, self.c2):
            self.until(lambda c=client: "server=1" in c.get(RUN), f"{client} has heard of the server", 15)
        self.change_things()
        self.leave_under_load()
        self.power()
        self.check(self.s1.counters("rmap")["rx_spread"] > 1000, "both processors of the server took frames in")
        self.unload(self.c1, self.c2)

    def load(self, host):
        host.sh("mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug")
        # One of the clients takes frames in where they come, the others wherever.
        host.insmod("memx_rmap", "insecure=1" if host is self.c1 else "insecure=1 spread_above=0")
        host.sh("memxctl attach eth0")
        host.insmod("memx_echo", "role=server" if host is self.s1 else "role=client patience=20")

    def start(self, host, count, depth=64):
        return host.bg(f"for n in $(seq {count}); do for p in 1 7 32; do\n"
                       f"echo echo $p {depth} 300 > {RUN} || echo cut $n $p; cat {RUN}; done; done")

    def right(self, job, timeout=300, cut=False):
        """No answer was wrong; and unless @cut, none was missing."""
        out = job.wait(timeout, check=False)
        runs = [dict(w.split("=") for w in line.split()) for line in out.splitlines() if "failed=" in line]
        self.check(runs and all(r["bad"] == "0" for r in runs), f"{len(runs)} runs, none with a wrong answer")
        if not cut:
            self.check("cut" not in out and all(r["failed"] == "0" for r in runs), "every call was answered")

    def change_things(self):
        """Two clients at work while sizes, links and settings change and everything is being looked at."""
        jobs = [self.start(self.c1, 4), self.start(self.c2, 4)]
        look = self.s1.bg("for n in $(seq 30); do memxctl peers; memxctl --json counters rmap; sleep 0.2; done")
        for n in range(6):
            self.s1.mtu(1500 if n % 2 else 4300)
            self.c2.mtu(9000 if n % 2 else 1500)
            self.c1.sh(f"echo {'NY'[n % 2]} > /sys/module/memx_rmap/parameters/payload_sum")
            self.s1.netem(("loss 3%", "delay 1ms 1ms", None)[n % 3])
            self.s1.sh("sleep 1")
        self.s1.netem(None)
        for job in jobs:
            self.right(job)
        look.wait(120)

    def leave_under_load(self):
        """The service, the attachment and the whole module go away while they are being used."""
        jobs = [self.start(self.c1, 4), self.start(self.c2, 4)]
        for _ in range(3):
            self.s1.sh("sleep 0.5; rmmod memx_echo")
            self.s1.insmod("memx_echo", "role=server")
            self.s1.sh("sleep 0.5; memxctl detach eth0; sleep 0.2; memxctl attach eth0")
            self.s1.sh("sleep 0.5; ip link set eth0 down; ip link set eth0 up")
            self.c1.sh("memxctl detach eth0; memxctl attach eth0")
            self.s1.sh("sleep 0.5; rmmod memx_echo memx_rmap")
            self.load(self.s1)
        for job in jobs:
            self.right(job, cut=True)
        for client in (self.c1, self.c2):
            self.right(self.start(client, 1))

    def power(self):
        """The server's power fails: calls wait, are given up, and work again with its next incarnation."""
        jobs = [self.start(self.c1, 1), self.start(self.c2, 1)]
        self.s1.sh("sleep 0.5")
        self.s1.kill()
        for job in jobs:
            self.right(job, cut=True)
        self.s1.boot()
        self.load(self.s1)
        for client in (self.c1, self.c2):
            self.until(lambda c=client: c.rc(f"echo echo 1 1 1 > {RUN}")[0] == 0, f"{client} reaches the server anew", 30)
            self.right(self.start(client, 1))

    def unload(self, *hosts):
        for host in hosts:
            host.sh("rmmod memx_echo memx_rmap")
            ends = LEFT.findall(host.dmesg())
            self.check(ends, "the module tells its counts")
            for made, gone, kept, freed in ends:
                self.check(made == gone and kept == freed,
                           f"{host} leaves nothing: nodes {made}/{gone}, packets {kept}/{freed}")

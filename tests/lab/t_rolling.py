# SPDX-License-Identifier: GPL-2.0
"""Servers and clients of an older commit and of today, changed one by one in both directions: they work together or say why not."""
import os
import re
import shutil

from lab import Test, linux
from labkit import builds
from labkit.memx import DEV, Cluster, Server

MIB = 24
WORDS = re.compile(r"version|incompatible|feature|older|newer|upgrade", re.I)
PATIENCE = 60                   # seconds in which a write must have come to an end, whatever that is


class T(Test):
    hosts = {"c1": linux(), "s1": linux(), "s2": linux()}
    timeout = 1500

    @classmethod
    def before_boot(cls):
        cls.old = builds.built()

    def run(self):
        shutil.copy(os.path.join(self.boot.folder, "pattern"), self.c1.share)
        self.cluster = Cluster(self, self.c1, (self.s1, self.s2))
        self.have = {}
        self.seed = 0
        for host in (self.s1, self.s2, self.c1):
            self.change(host, self.old)
        self.step("all old")
        for build, name in (("", "new"), (self.old, "old again")):
            for host in (self.s2, self.s1, self.c1):
                self.change(host, build)
                self.step(f"{host} {name}")

    def change(self, host, build):
        """Puts another build on a host, as an admin would: what runs is stopped, and started anew."""
        if host is self.c1 and self.have.get(host) is not None:
            self.unmake()
        elif self.have.get(host) is not None:
            Server(host).stop(force=True)
        host.memx_unload()
        host.use(build)
        self.have[host] = build
        if host is not self.c1:
            self.cluster.serve(host, "64M")
            return
        self.cluster.join(wait=False)
        self.volume = False

    def unmake(self):
        if self.volume:
            self.cluster.unmake()
        self.volume = False

    def said(self):
        """What the hosts' kernels and the list of servers say of builds that do not fit."""
        text = "".join(host.sh("dmesg | grep memx") for host in self.have) + self.c1.sh("memxctl servers")
        return [line for line in text.splitlines() if WORDS.search(line)]

    def mates(self):
        """Servers of the client's own build."""
        return [host for host in (self.s1, self.s2) if self.have[host] == self.have[self.c1]]

    def step(self, name):
        """Writes and reads all of the volume; where that fails, somebody must have said why."""
        self.seed += 1
        self.until(lambda: self.cluster.states().count("alive") == 2 or self.said(), f"{name}: servers are heard, or refused in words", 20)
        if not self.volume:
            rc, out = self.c1.rc(f"memxctl volume create v --size {MIB}M && memxctl device create v", PATIENCE)
            if rc:
                self.refused(name, out)
                return
            self.volume = True
        self.c1.rc(f"blkdiscard -f {DEV}", PATIENCE)
        rc, out = self.c1.rc(f"/share/pattern write {DEV} 0 {MIB}M {self.seed}", 2 * PATIENCE)
        if rc:
            self.refused(name, out)
            return
        rc, out = self.c1.rc(f"/share/pattern verify {DEV} 0 {MIB}M {self.seed}", PATIENCE)
        self.check(rc == 0, f"{name}: what was written is what is read: {out.strip()}")
        chunks = [len(self.cluster.chunks(self.cluster.node(server))) for server in (self.s1, self.s2)]
        self.figure(name, "works, chunks " + "+".join(map(str, chunks)))
        self.check(sum(chunks) == MIB, f"{name}: all chunks are on a server: {chunks}")

    def refused(self, name, out):
        self.check(not self.mates(), f"{name}: with a server of its own build a client works: {out.strip()}")
        words = self.said()
        self.check(words, f"{name}: the refusal is told in words: {out.strip()}")
        self.figure(name, "refused: " + words[-1].strip())

# SPDX-License-Identifier: GPL-2.0
"""Frames whose pages are another's, and are rewritten after they came: what is stored and read is what was sent."""
import peers
from lab import Test, linux
from labkit.memx import DEV, Cluster, Server

MIB = 32
FOREIGN = "/sys/module/memx_foreign/parameters"


class T(Test):
    hosts = {"c1": linux(), "s1": linux()}
    timeout = 600

    def run(self):
        self.cluster = Cluster(self, self.c1, (self.s1,))
        self.on(1500, self.s1)
        self.on(1500, self.c1)
        self.on(9000, self.c1, self.s1)

    def on(self, mtu, *hosts):
        """All frames that @hosts get are foreign ones."""
        for host in (self.c1, self.s1):
            host.mtu(mtu)
        self.cluster.start(memory="64M")
        for host in hosts:
            host.insmod("memx_foreign", "dev=eth0")         # the newest hook sees frames first
        self.cluster.make(f"{MIB}M")
        where = f"{'_'.join(map(str, hosts))}_{mtu}"
        for bs, depth in (("128k", 8), ("4k", 32)):
            out = peers.fio_once(self.c1, DEV, rw="randwrite", bs=bs, depth=depth, size=f"{MIB}M",
                                 extra="--verify=crc32c --verify_fatal=1 --do_verify=1 --randseed=3")
            self.check(out["errors"] == 0, f"{where}, {bs}: what was written is what is read")
        for host in hosts:
            self.judge(host, where)
        self.cluster.unmake()
        self.cluster.empty()
        Server(self.s1).stop()
        for host in (self.c1, self.s1):
            host.memx_unload()
        for host in hosts:
            host.sh("rmmod memx_foreign")

    def judge(self, host, where):
        frames, kept = (int(host.get(f"{FOREIGN}/{name}")) for name in ("frames", "kept"))
        self.figure(f"{where}_frames_{host}", frames)
        self.figure(f"{where}_kept_{host}", kept)
        self.check(frames > MIB * 256 // 2, f"{where}: {host} got foreign frames: {frames}")
        self.check(kept == 0, f"{where}: {host} keeps no page that is not its own: {kept} of {frames} frames")

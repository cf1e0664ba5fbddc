# SPDX-License-Identifier: GPL-2.0
"""In one guest, in turns: a slice, the stock backend on a RAM disk (the ring's own cost) and on NVMe/TCP from the same server; beside /dev/memxa in dom0."""
import json
import os
import shutil

import peers
from lab import Test, linux, xen
from labkit.memx import DEV, Cluster

MIB = 64
ROUNDS = 7
SECONDS = 2                     # of each measurement
WHAT = {                        # figure: which one of aio's, and how it is asked
    "us": ("us", "read 1"),
    "iops": ("iops", "read 32"),
    "write_iops": ("iops", "write 32"),
}
GUEST = {"memx": "/dev/xvdma", "ram": "/dev/xvdb", "nvme": "/dev/xvdc"}


class T(Test):
    hosts = {"x1": xen(memory=1792), "s1": linux(memory=768)}
    timeout = 1800

    def run(self):
        self.taken = {}
        cluster = Cluster(self, self.x1, (self.s1,), "memx_blkback")
        cluster.start(f"{3 * MIB}M")
        self.x1.memx_load("memx_client")
        shutil.copy(os.path.join(self.boot.folder, "aio"), self.x1.share)
        ram = peers.ram_disk(self.x1, MIB)
        nvme = peers.nvmetcp(self.x1, self.s1, MIB)
        local = cluster.make(f"{MIB}M")
        self.guest = self.x1.guest_create("g1", memory=128, vcpus=1, disks=(
            f"vdev=xvdma,script=block-memx,target=vol=slice,size={MIB}M", f"phy:{ram},xvdb,w", f"phy:{nvme},xvdc,w"))
        # The guest gets the program by a disk.
        size = os.path.getsize(os.path.join(self.x1.share, "aio"))
        self.x1.sh(f"dd if=/share/aio of={ram} conv=notrunc,fsync status=none")
        self.guest.sh(f"head -c {size} {GUEST['ram']} >/tmp/aio && chmod +x /tmp/aio")
        for path in GUEST.values():
            self.guest.sh(f"dd if=/dev/urandom of={path} bs=1M count={MIB}", 120)
        self.x1.sh(f"dd if=/dev/urandom of={local} bs=1M count={MIB} oflag=direct status=none", 120)
        for _ in range(ROUNDS):
            for what in WHAT:
                for name, path in GUEST.items():
                    self.take(name, what, self.guest, "/tmp/aio", path)
                self.take("dom0", what, self.x1, "/share/aio", DEV)
        self.judge()
        self.guest.shutdown()
        cluster.unmake()

    def take(self, name, what, machine, program, path):
        """One measurement of a turn."""
        figure, how = WHAT[what]
        found = json.loads(machine.sh(f"{program} {path} {MIB} {how} {SECONDS}", 60))
        self.taken.setdefault((name, what), []).append(found[figure])

    def judge(self):
        """By the medians of the rounds' ratios; NVMe/TCP is shown, not judged."""
        for (name, what), values in self.taken.items():
            self.figure(f"{name}_{what}", round(peers.median(values), 1))
        ours, ram, dom0 = (self.taken[name, "us"] for name in ("memx", "ram", "dom0"))
        of_sum = round(peers.median([a / (d + r) for a, r, d in zip(ours, ram, dom0)]), 2)
        self.figure("us_of_dom0_and_ring", of_sum)
        share = {}
        for what in ("iops", "write_iops"):
            for other in ("ram", "nvme"):
                share[what, other] = round(peers.median([a / b for a, b in zip(self.taken["memx", what], self.taken[other, what])]), 2)
                self.figure(f"{what}_of_{other}", share[what, other])
        self.figure("us_of_nvme", round(peers.median([a / b for a, b in zip(ours, self.taken["nvme", "us"])]), 2))
        self.check(of_sum <= 1.10, f"a read takes {of_sum} of what it takes in dom0 and on the ring to a RAM disk together, at most 1.10")
        self.check(share["iops", "ram"] >= 0.75, f"32 reads at a time are {share['iops', 'ram']} of the RAM disk's, at least 0.75")

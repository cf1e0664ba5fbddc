# SPDX-License-Identifier: GPL-2.0
"""What the tests with a swapping guest share: memory servers, a disk of their memory, a sort that needs it."""
import json
import time

from lab import Test, linux, xen
from labkit.memx import Cluster

SORT_MIB = 320
SWAP = "512M"


class GuestSwap(Test):
    """A guest of 128 MiB sorts 320 MiB of integers, its swap being memory of two other machines."""

    hosts = {"x1": xen(), "s1": linux(), "s2": linux()}
    timeout = 5400
    type = "pvh"

    def run(self):
        self.cluster = Cluster(self, self.x1, (self.s1, self.s2), "memx_blkback")
        self.cluster.start("448M")
        self.check(sum(self.cluster.stored()) == 0, "nothing is stored at first")
        guest = self.x1.guest_create("g1", type=self.type, memory=128, disks=[
            f"vdev=xvdma,script=block-memx,target=vol=swap0,size={SWAP}"])
        kib = int(guest.sh("awk '/MemTotal/ { print $2 }' /proc/meminfo"))
        self.check(kib < 128 << 10, f"the guest has less than 128 MiB: {kib} KiB")
        # Read ahead as much as one request holds: a sort goes through its data in order.
        guest.sh("mkswap /dev/xvdma && swapon -d /dev/xvdma && echo 5 > /proc/sys/vm/page-cluster")
        job = guest.bg(f"memsort {SORT_MIB} 1")
        peaks = self.watch(job)
        self.sorted(job, peaks)
        guest.sh("swapoff /dev/xvdma", 120)
        guest.shutdown()
        self.cluster.empty()
        self.check("swap0" not in self.x1.sh("memxctl volume list"), "the volume went with the guest")

    def watch(self, job):
        """Follows the servers' used pages while the guest sorts; returns the most that each held."""
        peaks = [0, 0]
        while job.running():
            peaks = [max(pair) for pair in zip(peaks, self.cluster.stored())]
            time.sleep(3)                       # looking costs the hosts time too
        return peaks

    def sorted(self, job, peaks):
        out = job.wait(60)
        sort = json.loads(out.splitlines()[-1])
        self.check(sort["ok"] and sort["mib"] == SORT_MIB, "the numbers are sorted, and are the same")
        self.check(sort["pswpin"] > 0 and sort["pswpout"] * 4096 > (SORT_MIB - 128) << 20, f"the guest swapped: {sort}")
        need = ((SORT_MIB - 128) << 20) // 4096
        self.check(sum(peaks) > need, f"the servers held what the guest had no room for: {peaks} pages")
        self.check(all(peaks), f"both servers had a share: {peaks}")
        seconds = sort["fill_s"] + sort["sort_s"] + sort["verify_s"]
        self.figure("seconds", round(seconds, 1))
        self.figure("sort_mib", SORT_MIB)
        self.figure("pages_in", sort["pswpin"])
        self.figure("pages_out", sort["pswpout"])
        self.figure("pages_in_per_s", round(sort["pswpin"] / seconds))
        self.figure("server_peak_pages", peaks)

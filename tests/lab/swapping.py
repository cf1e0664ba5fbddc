# SPDX-License-Identifier: GPL-2.0
"""What the tests with a swapping guest share: memory servers, a disk of their memory, a sort that needs it."""
import json
import time

from lab import Test, linux, xen

SORT_MIB = 320
SWAP = "512M"


def cluster(test, driver, servers, memory="448M"):
    """Starts memory servers and lets the driver domain use them."""
    def serve(server):
        server.memx_load("memx_server", memx_rmap="insecure=1")
        server.sh(f"memxctl server start --dev eth0 --memory {memory}")

    test.together(*(lambda s=s: serve(s) for s in servers))
    driver.memx_load("memx_blkback", memx_rmap="insecure=1")
    driver.sh("memxctl attach eth0")


def used(server):
    """Pages stored on a memory server."""
    return json.loads(server.sh("memxctl --json server show"))["used_pages"]


class GuestSwap(Test):
    """A guest of 128 MiB sorts 320 MiB of integers, its swap being memory of two other machines."""

    hosts = {"x1": xen(), "s1": linux(), "s2": linux()}
    timeout = 2400                      # minutes on a quiet machine, many on a busy one
    type = "pvh"

    def run(self):
        servers = (self.s1, self.s2)
        cluster(self, self.x1, servers)
        self.check(sum(map(used, servers)) == 0, "nothing is stored at first")
        guest = self.x1.guest_create("g1", type=self.type, memory=128, disks=[
            f"vdev=xvdma,script=block-memx,target=vol=swap0,size={SWAP}"])
        kib = int(guest.sh("awk '/MemTotal/ { print $2 }' /proc/meminfo"))
        self.check(kib < 128 << 10, f"the guest has less than 128 MiB: {kib} KiB")
        # Read ahead as much as one request holds: a sort goes through its data in order.
        guest.sh("mkswap /dev/xvdma && swapon -d /dev/xvdma && echo 5 > /proc/sys/vm/page-cluster")
        job = guest.bg(f"memsort {SORT_MIB} 1")
        peaks = self.watch(job, servers)
        self.sorted(job, peaks)
        guest.sh("swapoff /dev/xvdma", 120)
        guest.shutdown()
        self.until(lambda: sum(map(used, servers)) == 0, "the servers have their memory back", 30)
        self.check("swap0" not in self.x1.sh("memxctl volume list"), "the volume went with the guest")

    def watch(self, job, servers):
        """Follows the servers' used pages while the guest sorts; returns the most that each held."""
        peaks = [0 for _ in servers]
        while job.running():
            peaks = [max(p, used(s)) for p, s in zip(peaks, servers)]
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

# SPDX-License-Identifier: GPL-2.0
"""The guided tour: a guest on real Xen sorts more than it has memory for, its swap being memory of other machines."""
import json
import time

from lab import Test, linux, xen
from labkit.memx import Cluster

GUEST_MIB = 128
SORT_MIB = 256
SWAP = "512M"
DISK_MS = 8.3                   # a disk access in the paper
DISK_SECONDS = 60               # a sample: the whole sort would take very long on such a disk


class T(Test):
    hosts = {"x1": xen(memory=2048, dom0=1000), "s1": linux(), "s2": linux()}
    timeout = 7200

    def run(self):
        self.say("one Xen host (x1) and two memory servers (s1, s2) are up")
        self.cluster = Cluster(self, self.x1, (self.s1, self.s2), "memx_blkback")
        self.cluster.start("448M")
        self.say("s1 and s2 offer 448 MiB each; x1's dom0 is attached:")
        self.show(self.x1.sh("memxctl servers"))
        remote = self.on_memory()
        disk = self.on_disk()
        self.table(remote, disk)

    def show(self, text):
        for line in text.rstrip().splitlines():
            print("    " + line, flush=True)

    def on_memory(self):
        """The whole sort, swapping to the servers."""
        self.say(f"creating a PVH guest of {GUEST_MIB} MiB with "
                 f"disk = ['vdev=xvdma,script=block-memx,target=vol=swap0,size={SWAP}']")
        guest = self.x1.guest_create("g1", memory=GUEST_MIB, disks=[
            f"vdev=xvdma,script=block-memx,target=vol=swap0,size={SWAP}"])
        guest.sh("mkswap /dev/xvdma && swapon -d /dev/xvdma")
        self.say(f"the guest swaps on xvdma and sorts {SORT_MIB} MiB of integers")
        guest.run_script(f"memsort {SORT_MIB} 1")
        most = [0, 0]
        last = 0
        while guest._script.running():
            now = self.cluster.stored()
            most = [max(a, b) for a, b in zip(most, now)]
            if time.monotonic() - last > 5:
                last = time.monotonic()
                self.say(f"pages on s1 {now[0]:6}, on s2 {now[1]:6}")
            time.sleep(2)                       # looking costs the hosts time too
        rc, out = guest.wait(60)
        self.check(rc == 0, f"the sort came to its end: {out}")
        sort = json.loads(out.splitlines()[-1])
        self.check(sort["ok"], "the numbers are sorted and complete")
        self.show(self.x1.sh("memxctl volume list"))
        guest.sh("swapoff /dev/xvdma", 120)
        guest.shutdown()
        self.cluster.empty()
        self.say("the guest is gone and the servers have their memory back")
        sort["reading_s"] = sort["sort_s"] + sort["verify_s"]
        sort["seconds"] = sort["fill_s"] + sort["reading_s"]
        sort["most"] = most
        return sort

    def on_disk(self):
        """A sample of the same on a virtual disk whose every access takes 8.3 ms."""
        self.say(f"for comparison the same sort by the same guest, swapping on a virtual disk delayed to {DISK_MS} ms "
                 f"an access: {DISK_SECONDS} s of it")
        self.slow_disk()
        guest = self.x1.guest_create("g2", memory=GUEST_MIB, disks=["vdev=xvda,format=raw,target=/dev/nullb0"])
        guest.sh("mkswap /dev/xvda && swapon /dev/xvda", 120)
        guest.run_script(f"memsort {SORT_MIB} 1")
        self.until(lambda: self.pages_in(guest) > 500, "the guest has filled its memory and reads back", 300)
        start, before = time.monotonic(), self.pages_in(guest)
        while guest._script.running() and time.monotonic() - start < DISK_SECONDS:
            time.sleep(1)
        sample = {"pswpin": self.pages_in(guest) - before, "seconds": time.monotonic() - start}
        guest.destroy()
        return sample

    def slow_disk(self):
        """/dev/nullb0 in dom0's memory, one access at a time."""
        self.x1.sh(f"""set -e
modprobe null_blk nr_devices=0
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
mkdir /sys/kernel/config/nullb/nullb0
cd /sys/kernel/config/nullb/nullb0
echo {SWAP[:-1]} > size
echo 1 > memory_backed
echo 2 > irqmode
echo {round(DISK_MS * 1e6)} > completion_nsec
echo 1 > hw_queue_depth
echo 1 > power
ls -l /dev/nullb0""")

    def pages_in(self, guest):
        return int(guest.sh("awk '/^pswpin/ { print $2 }' /proc/vmstat", 300))

    def table(self, remote, disk):
        remote_rate = remote["pswpin"] / remote["reading_s"]
        disk_rate = disk["pswpin"] / disk["seconds"]
        self.figure("sort_s", round(remote["seconds"], 1))
        self.figure("pages_in_per_s_remote", round(remote_rate))
        self.figure("pages_in_per_s_disk", round(disk_rate, 1))
        rows = (
            ("memory of the guest", f"{GUEST_MIB} MiB"),
            ("data sorted", f"{remote['mib']} MiB, order and content checked"),
            ("time taken", f"{remote['seconds']:.1f} s"),
            ("page-ins per second, remote memory", f"{remote_rate:.0f}"),
            (f"page-ins per second, disk of {DISK_MS} ms", f"{disk_rate:.0f}   (sample of {disk['seconds']:.0f} s)"),
            ("most pages on server s1", f"{remote['most'][0]}"),
            ("most pages on server s2", f"{remote['most'][1]}"),
        )
        print()
        for name, value in rows:
            print(f"    {name:44} {value}", flush=True)
        print()

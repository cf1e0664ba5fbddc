# SPDX-License-Identifier: GPL-2.0
"""The guided tour: a guest on real Xen sorts more than it has memory for, its swap being memory of other machines."""
import json
import os
import subprocess
import time

from lab import Test, linux, xen
from labkit.memx import Cluster

CORES = len(os.sched_getaffinity(0))
GUEST_MIB = 128
SWAP = "512M"
# MiB to sort, and page-ins that it takes such a guest: they depend on its memory, not on how fast the machine is.
SORTS = {80: 45_000, 96: 67_000, 112: 89_000, 144: 140_000, 192: 220_000, 256: 320_000}
SORT_SECONDS = 90               # what the sort may take; the largest that does is done
LOOP_MIB = 16                   # sorted within the guest's memory: the loop that tells how slow a guest's processor is
TRY_SECONDS = 4                 # of pages that come and go in order, from which the sort is chosen
SORTING = 0.6                   # of that rate is a sort's, which comes from both ends
FEW = 500                       # page-ins that tell nothing yet
DISK_MS = 8.3                   # a disk access in the paper
DISK_SECONDS = 8                # a sample: the whole sort would take very long on such a disk
NEXT = "next: \"make lab-shell\" for a prompt among such hosts, README.md (\"On real hosts\") for your own, docs/operations.md for all there is"


def two_cores():
    """
    What the Xen host gets of this machine: with a second core, dom0 and the guest have a processor each. A page-in is work
    of both, while the servers have little to do.
    """
    if CORES < 2:
        return {}
    return {"vcpus": 2, "xen_cmdline": "dom0_max_vcpus=1 dom0_vcpus_pin"}


class Plan:
    """
    The steps of the tour. Of each it knows the seconds that it takes on any machine, and those that it takes on a quick one;
    how much longer the latter are here shows as the tour goes on.
    """

    def __init__(self, started, **steps):
        self.started = started
        self.begun = time.monotonic()
        self.steps = steps
        self.step = next(iter(steps))
        self.pace = 1

    def begin(self, step):
        """Those before @step are over."""
        self.step = step
        names = list(self.steps)
        fixed, work = self.sum(names[:names.index(step)])
        if work:
            self.pace = min(max((time.monotonic() - self.begun - fixed) / work, 0.5), 20)

    def expect(self, step, seconds):
        """It has turned out how long a step takes here."""
        self.steps[step] = (seconds, 0)

    def sum(self, names):
        return tuple(sum(self.steps[name][part] for name in names) for part in (0, 1))

    def total(self):
        """Seconds since the start of all."""
        return time.time() - self.started

    def words(self):
        names = list(self.steps)
        fixed, work = self.sum(names[names.index(self.step):])
        return f"[{self.total():.0f} s, about {fixed + work * self.pace:.0f} s to go]"


class T(Test):
    # A page in one frame, as on a network made for storage.
    hosts = {"x1": xen(memory=2048, dom0=1000, mtu=9000, **two_cores()), "s1": linux(mtu=9000), "s2": linux(mtu=9000)}
    timeout = 3600

    def start_hosts(self):
        self.plan = Plan(float(os.environ.get("LAB_STARTED") or time.time()), boot=(0, 15), cluster=(0, 5), guest=(0, 12),
                         choice=(TRY_SECONDS, 12), sort=(SORT_SECONDS, 0), disk=(DISK_SECONDS, 15),
                         scaled=(DISK_SECONDS, 15), end=(0, 6))
        self.step("boot", f"booting a Xen host (x1, {two_cores().get('vcpus', 1)} of this machine's {CORES} processors) and two memory servers (s1, s2)")
        super().start_hosts()

    def run(self):
        self.step("cluster", "they are up; s1 and s2 offer 448 MiB each, and x1's dom0 joins them:")
        self.cluster = Cluster(self, self.x1, (self.s1, self.s2), "memx_blkback")
        self.cluster.start("448M")
        self.show(self.x1.sh("memxctl servers"))
        guest = self.guest()
        slowdown, mib = self.choice(guest)
        remote = self.on_memory(guest, mib)
        self.plan.expect("sort", remote["seconds"])
        disk = self.on_disk(guest, "disk", DISK_MS, mib, f"the same sort on a virtual disk, an access of which takes {DISK_MS} ms")
        self.no_disk(guest)
        scaled = self.on_disk(guest, "scaled", DISK_MS * slowdown, mib, f"and on one that takes {DISK_MS} ms of the guest's own time, "
                              f"{DISK_MS * slowdown:.0f} ms, as its processor is {slowdown:.1f} times slower than a real one")
        self.end(guest)
        self.table(remote, disk, scaled, slowdown)

    # Saying.

    def step(self, name, words):
        """A step begins."""
        self.plan.begin(name)
        self.say(f"{self.plan.words()} {words}")

    def show(self, text):
        for line in text.rstrip().splitlines():
            print("    " + line, flush=True)

    # Steps.

    def guest(self):
        disk = f"vdev=xvdma,script=block-memx,target=vol=swap0,size={SWAP}"
        self.step("guest", f"creating a PV guest of {GUEST_MIB} MiB with disk = ['{disk}'], on which it swaps")
        pin = 'cpus = "1"' if CORES > 1 else ""
        guest = self.x1.guest_create("g1", pin, memory=GUEST_MIB, type="pv", disks=[disk])
        guest.sh("mkswap /dev/xvdma && swapon -d /dev/xvdma")
        self.free = int(guest.sh("awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo"))
        return guest

    def choice(self, guest):
        """How slow the guest's processor is, and which sort takes a good minute here."""
        self.step("choice", f"the guest has {self.free} MiB free; looking how fast pages come back, to choose what it sorts")
        program = os.path.join(self.boot.folder, "memsort")
        here = min(self.loop(subprocess.run([program, str(LOOP_MIB)], stdout=subprocess.PIPE, text=True, check=True).stdout) for _ in range(3))
        there = min(self.loop(guest.sh(f"memsort {LOOP_MIB}")) for _ in range(2))
        tried = json.loads(guest.sh(f"memsort {min(SORTS)} 1 {TRY_SECONDS}", 300))
        self.rate = SORTING * tried["pswpin"] / tried["seconds"]
        self.check(self.rate > 0, "pages come back")
        mib = max((mib for mib in SORTS if self.seconds(mib, there) <= SORT_SECONDS), default=min(SORTS))
        self.plan.expect("sort", self.seconds(mib, there))
        return there / here, mib

    @staticmethod
    def loop(out):
        said = json.loads(out.splitlines()[-1])
        return said["fill_s"] + said["sort_s"]

    def seconds(self, mib, loop):
        """What a sort takes by what was measured: pages that come back, and work."""
        return SORTS[mib] / self.rate + loop * mib / LOOP_MIB

    def on_memory(self, guest, mib):
        """The whole sort, swapping to the servers."""
        self.step("sort", f"some {self.rate:.0f} pages a second: the guest sorts {mib} MiB of integers")
        guest.run_script(f"memsort {mib} 1")
        start, most = self.swapped_in(guest), [0, 0]
        while guest._script.running():
            time.sleep(5)                       # looking costs the hosts time too
            stored = self.cluster.stored()
            most = [max(pair) for pair in zip(most, stored)]
            now = self.swapped_in(guest)
            if now[1] - start[1] < FEW:
                start = (now[0], start[1])      # the clock starts when pages come back
            self.say(f"{self.left(now[0] - start[0], now[1] - start[1], mib)}; {stored[0]} pages on s1, {stored[1]} on s2")
        rc, out = guest.wait(60)
        self.check(rc == 0, f"the sort came to its end: {out}")
        sort = json.loads(out.splitlines()[-1])
        self.check(sort["ok"], "the numbers are sorted and complete")
        self.show(self.x1.sh("memxctl volume list"))
        sort["reading_s"] = sort["sort_s"] + sort["verify_s"]
        sort["seconds"] = sort["fill_s"] + sort["reading_s"]
        sort["most"] = most
        return sort

    @staticmethod
    def left(seconds, done, mib):
        if done < FEW:
            return "the guest fills its memory"
        rate = done / seconds
        if done >= SORTS[mib]:
            return f"{done:,} page-ins, {rate:.0f} a second, a few more to go"
        return f"{done:,} of about {SORTS[mib]:,} page-ins, {rate:.0f} a second, about {(SORTS[mib] - done) / rate:.0f} s of it to go"

    def swapped_in(self, guest):
        """Seconds by the guest's clock, and its page-ins so far."""
        uptime, *rest = guest.sh("cat /proc/uptime /proc/vmstat", 300).splitlines()
        return float(uptime.split()[0]), next(int(line.split()[1]) for line in rest if line.startswith("pswpin "))

    def on_disk(self, guest, step, ms, mib, words):
        """A sample of the same sort on a disk of which every access takes so long, one at a time."""
        self.step(step, words + f"; {DISK_SECONDS} s of it")
        self.slow_disk(ms)
        guest.sh("swapoff /dev/xvdma 2>/dev/null; true", 300)
        self.x1.sh("xl block-attach g1 'vdev=xvda,format=raw,target=/dev/nullb0'")
        self.until(lambda: guest.rc("test -b /dev/xvda")[0] == 0, "the guest has the disk")
        guest.sh("mkswap /dev/xvda && swapon /dev/xvda", 120)
        job = guest.bg(f"exec memsort {mib} 1")
        first = self.swapped_in(guest)
        self.until(lambda: self.swapped_in(guest)[1] > first[1] + 100, "the guest has filled its memory and reads back", 300, 1)
        before = self.swapped_in(guest)
        time.sleep(DISK_SECONDS)
        after = self.swapped_in(guest)
        self.check(job.running(), f"the sort was at work all the time: {job.output}")
        job.kill()
        job.wait(120, check=False)
        return (after[1] - before[1]) / (after[0] - before[0])

    def no_disk(self, guest):
        """Takes it away again."""
        guest.sh("swapoff /dev/xvda", 300)
        self.x1.sh("xl block-detach g1 xvda")
        self.until(lambda: self.x1.rc("echo 0 > /sys/kernel/config/nullb/nullb0/power && rmdir /sys/kernel/config/nullb/nullb0")[0] == 0,
                   "the disk is gone")

    def slow_disk(self, ms):
        """/dev/nullb0 in dom0's memory."""
        self.x1.sh(f"""set -e
modprobe null_blk nr_devices=0
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
mkdir /sys/kernel/config/nullb/nullb0
cd /sys/kernel/config/nullb/nullb0
echo {SWAP[:-1]} > size
echo 1 > memory_backed
echo 2 > irqmode
echo {round(ms * 1e6)} > completion_nsec
echo 1 > hw_queue_depth
echo 1 > power
ls -l /dev/nullb0""")

    def end(self, guest):
        self.step("end", "the guest is destroyed, and its volume goes with it")
        guest.destroy()
        self.cluster.empty()

    def table(self, remote, disk, scaled, slowdown):
        rate = remote["pswpin"] / remote["reading_s"]
        self.figure("total_s", round(self.plan.total()))
        self.figure("sort_s", round(remote["seconds"], 1))
        self.figure("pages_in_per_s_remote", round(rate))
        self.figure("pages_in_per_s_disk", round(disk, 1))
        self.figure("pages_in_per_s_disk_scaled", round(scaled, 1))
        self.figure("slowdown", round(slowdown, 1))
        self.figure("pages_in", remote["pswpin"])
        rows = (
            ("memory of the guest", f"{GUEST_MIB} MiB, of which {self.free} MiB free"),
            ("data sorted", f"{remote['mib']} MiB, order and content checked"),
            ("time taken", f"{remote['seconds']:.1f} s"),
            ("page-ins per second, remote memory", f"{rate:.0f}"),
            (f"page-ins per second, disk of {DISK_MS} ms", f"{disk:.0f}   (sample of {DISK_SECONDS} s)"),
            (f"the same, {DISK_MS} ms of the guest's time (*)", f"{scaled:.0f}   (sample of {DISK_SECONDS} s)"),
            ("most pages on server s1", f"{remote['most'][0]}"),
            ("most pages on server s2", f"{remote['most'][1]}"),
        )
        print()
        for name, value in rows:
            print(f"    {name:44} {value}", flush=True)
        print(f"\n    (*) All but the disk is emulated: a fixed loop takes {slowdown:.1f} times as long in the guest as on this machine, so a disk\n"
              f"        of {DISK_MS} ms by the clock looks that much too good. Here each access takes {slowdown:.1f} times {DISK_MS} ms.\n", flush=True)
        print(f"    {NEXT}\n", flush=True)

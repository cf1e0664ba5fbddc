# SPDX-License-Identifier: GPL-2.0
"""What admins do: attach, detach, crash, reboot, rename, checkpoint, scripts at once and killed, 200 disks in turn; xl says what went wrong."""
import re
import time

from lab import Test, linux, xen
from labkit.memx import Cluster, Server

XVDMA = 1 << 28 | 338 << 8
SIZE = "16M"
PAGES = 16 * 256
CYCLES = 200
WARM = 5                            # cycles after which nothing may grow any more
KIB = {"MemAvailable": 8192, "SUnreclaim": 2048}       # that may be gone of dom0's memory after CYCLES

# An end that waits for something that does not come takes at least 10 s longer than others.
SLOWER, MARGIN = 1.5, 3             # times, and seconds

# Has a script end, unseen by itself, before the command of that number.
KILLER = """case $0-${1-} in
*/block-memx-add)
    set -T
    trap '{ ((++memx_count)); [ $BASHPID != $$ ] || echo $memx_count >/tmp/count; [ $memx_count != "$MEMX_KILL" ] || kill -KILL $$; }' DEBUG ;;
esac
"""
POINTS = (0.02, 0.2, 0.4, 0.6, 0.8, 0.97)       # of a script's commands

# In two places in turn: a guest that has much to do and sees only that a device is there, as it was, takes it for the old one.
CYCLE = """vdev=xvdma
for i in $(seq {count}); do
    xl block-attach {name} "vdev=$vdev,{disk}" || {{ echo "attach $i"; exit 1; }}
    /memx-build/tools/memx-xs wait {id} $vdev state ok --timeout 60 || {{
        echo "connect $i"
        xenstore-ls -f | grep '/vbd/.*/state = '
        exit 1
    }}
    xl block-detach {name} $vdev || {{ echo "detach $i"; exit 1; }}
    [ $vdev = xvdma ] && vdev=xvdmb || vdev=xvdma
done
"""


def what(volume, more=""):
    """A disk without its place."""
    return f"script=block-memx,target=vol={volume},size={SIZE}{more}"


def disk(volume, vdev="xvdma", more=""):
    """A disk as the manual has it."""
    return f"vdev={vdev},{what(volume, more)}"


class T(Test):
    hosts = {"x1": xen(memory=1792), "s1": linux()}
    timeout = 9000
    # A guest that ends itself says so.
    allow = [r"Kernel panic - not syncing: sysrq triggered crash", r"Call Trace:"]

    def run(self):
        self.cluster = Cluster(self, self.x1, (self.s1,), "memx_blkback")
        self.cluster.start("192M")
        self.ends = []
        guest = self.x1.guest_create("g1", memory=96)
        for step in (self.attach_detach, self.silent_guest, self.force, self.at_once, self.killed, self.killed_create,
                     self.checkpoint, self.cycles, self.unwatched):
            self.timed(step, guest)
        for step in (self.swapped_on, self.preserve, self.restart, self.dead_servers):
            self.timed(step)
        self.balanced()

    def timed(self, step, *args):
        start = time.monotonic()
        step(*args)
        self.figure(f"{step.__name__}_s", round(time.monotonic() - start))

    # Looking.

    def volumes(self):
        return set(self.x1.sh("memxctl --field name volume list").split())

    def backend(self, guest, vdev=XVDMA):
        return f"/local/domain/0/backend/vbd/{guest.id}/{vdev}"

    def nothing(self, words, guest=None):
        """No volume, claim, node or device is left of a disk, here or on the server."""
        self.until(lambda: not self.volumes(), f"{words}: no volume is left", 20)
        self.check(not self.x1.sh("ls -A /run/memx/volumes"), f"{words}: nor a claim on one")
        self.check(not self.x1.sh("ls /sys/bus/xen-backend/devices | grep ^vbd", check=False), f"{words}: nor a device")
        self.until(lambda: not Server(self.s1).volumes() and not self.cluster.used(self.s1), f"{words}: nor anything on the server", 20)
        if guest:
            self.check(not self.listed(guest), f"{words}: nor what xl lists")

    def listed(self, guest):
        """Numbers of the disks that xl lists."""
        return re.findall(r"^(\d+) ", self.x1.sh(f"xl block-list {guest.name}"), re.M)

    def empty(self, guest, words):
        """The first 4 MiB of its disk are zeros."""
        out = guest.sh("head -c 4194304 /dev/xvdma | tr -d '\\000' | wc -c")
        self.check(out.strip() == "0", f"{words} is new: {out}")

    # Doing.

    def xl(self, words, told=None, env="", timeout=120):
        """xl does it (@told: None), or fails and says so. Gives what it says."""
        rc, out = self.x1.rc(f"{env} xl {words}", timeout)
        if told is None:
            self.check(rc == 0, f"xl {words}: {out[-800:]}")
        else:
            self.check(rc != 0 and told in out, f"xl {words} fails and says '{told}': {rc}, {out[-800:]}")
        return out

    def attach(self, guest, volume="a", vdev="xvdma"):
        self.xl(f"block-attach {guest.name} '{disk(volume, vdev)}'")
        self.there(guest, vdev)

    def there(self, guest, vdev="xvdma"):
        self.until(lambda: guest.rc(f"blockdev --getsize64 /dev/{vdev} | grep -qx {PAGES * 4096}")[0] == 0, "the guest has the disk")

    def detach(self, guest, vdev="xvdma"):
        self.xl(f"block-detach {guest.name} {vdev}")

    def end(self, guest, words):
        """Destroys a guest, which takes no longer than it takes for others."""
        start = time.monotonic()
        self.xl(f"destroy {guest.name}")
        seconds = time.monotonic() - start
        guest.commands.lose("destroyed by the test")
        if self.ends and seconds > self.limit(self.ends):
            self.ends.append(self.plain_end())
        if self.ends:
            self.check(seconds <= self.limit(self.ends), f"{words} is destroyed in {seconds:.1f} s, others in {max(self.ends):.1f}")
        self.ends.append(seconds)
        return seconds

    def plain_end(self):
        """Seconds that it takes now to destroy a guest that has no disk."""
        self.xl(f"create -p {self.x1.guest_config('plain', memory=96)}")
        start = time.monotonic()
        self.xl("destroy plain")
        return time.monotonic() - start

    @staticmethod
    def limit(usual):
        return SLOWER * max(usual) + MARGIN

    # Steps that share a guest.

    def attach_detach(self, guest):
        """A disk comes and goes, and another one in its place has nothing of it."""
        self.attach(guest)
        guest.sh("pattern write /dev/xvdma 0 4M 1")
        self.check(self.listed(guest) == [str(XVDMA)] and self.volumes() == {"a"}, "xl lists the disk, memxctl the volume")
        self.xl(f"block-attach {guest.name} '{disk('b')}'", "already exists")
        self.check(self.volumes() == {"a"}, "a second disk in its place was refused by xl")
        guest.sh("pattern verify /dev/xvdma 0 4M 1")
        self.detach(guest)
        self.nothing("detached", guest)
        self.xl(f"block-detach {guest.name} xvdma", "not connected")
        self.attach(guest)
        self.empty(guest, "the next disk of that name")
        self.detach(guest)
        self.nothing("detached again", guest)

    def swapped_on(self):
        """Whether a disk that is swapped on goes is for the guest's frontend to say, whoever serves it; the guest goes on."""
        self.x1.sh("truncate -s 16M /tmp/stock.img")
        guest = self.x1.guest_create("g0", memory=96, disks=[disk("a"), "vdev=xvdb,format=raw,target=/tmp/stock.img"])
        ends = []
        for vdev in ("xvdma", "xvdb"):
            guest.sh(f"mkswap /dev/{vdev} && swapon /dev/{vdev}")
            before = len(self.listed(guest))
            rc, out = self.x1.rc(f"xl block-detach {guest.name} {vdev}", 60)
            ends.append((rc, before - len(self.listed(guest))))
            self.check(guest.sh("echo on").strip() == "on", f"the guest goes on: {out}")
        self.check(ends[0] == ends[1], f"what becomes of the disk is what becomes of a stock one: {ends}")
        self.figure("goes_while_swapped_on", ends[0][1])
        self.end(guest, "a guest without its swap")
        self.nothing("detached while swapped on")

    def silent_guest(self, guest):
        """A guest that does not answer keeps its disk; xl says so, and takes it once the guest has answered."""
        self.attach(guest)
        guest.sh("pattern write /dev/xvdma 0 1M 1")
        self.xl(f"pause {guest.name}")
        self.xl(f"block-detach {guest.name} xvdma", "unable to remove device")
        self.check(self.volumes() == {"a"} and self.listed(guest), "the disk is as it was")
        self.xl(f"unpause {guest.name}")
        self.until(lambda: self.x1.xenstore(f"{self.backend(guest)}/state") == "6", "the guest lets go when it runs again")
        self.detach(guest)
        self.nothing("detached when the guest had answered", guest)

    def force(self, guest):
        """A disk whose server is silent, with reads under way, is taken by force in the time that it takes otherwise."""
        usual = [self.forced(guest)]
        self.nothing("taken by force", guest)
        self.attach(guest)
        guest.sh("pattern write /dev/xvdma 0 8M 1")
        self.s1.cable(False)
        reader = guest.bg("pattern verify /dev/xvdma 0 8M 1")
        self.until(lambda: self.x1.xenstore(f"{self.backend(guest)}/memx/state") == "stalled", "its state says why it hangs", 60)
        seconds = self.take(guest)
        reader.wait(30, check=False)
        self.check(reader.rc != 0, "the guest's read has failed")
        self.check(not self.listed(guest), "xl lists it no more")
        self.until(lambda: not self.volumes(), "its volume is gone", 20)
        self.s1.cable(True)
        self.cluster.heard()
        self.nothing("taken by force while its server was silent", guest)
        if seconds > self.limit(usual):
            usual.append(self.forced(guest))
        self.check(seconds <= self.limit(usual), f"it was taken in {seconds:.1f} s, with its server there in {max(usual):.1f}")

    def forced(self, guest):
        """Seconds that it takes to take a disk by force that is in order."""
        self.attach(guest)
        guest.sh("pattern write /dev/xvdma 0 8M 1")
        return self.take(guest)

    def take(self, guest):
        start = time.monotonic()
        self.xl(f"block-detach --force {guest.name} xvdma")
        return time.monotonic() - start

    def at_once(self, guest):
        """Two scripts at once: of two volumes both come, of one volume one is refused in words."""
        jobs = [self.x1.bg(f"xl block-attach {guest.name} '{disk(volume, vdev)}'") for volume, vdev in (("a", "xvdma"), ("b", "xvdmb"))]
        for job in jobs:
            job.wait(120)
        for vdev, seed in (("xvdma", 1), ("xvdmb", 2)):
            self.there(guest, vdev)
            guest.sh(f"pattern write /dev/{vdev} 0 1M {seed}")
        guest.sh("pattern verify /dev/xvdma 0 1M 1 && pattern verify /dev/xvdmb 0 1M 2")
        jobs = [self.x1.bg(f"xl block-detach {guest.name} {vdev}") for vdev in ("xvdma", "xvdmb")]
        for job in jobs:
            job.wait(120)
        self.nothing("two detached at once", guest)
        jobs = {vdev: self.x1.bg(f"xl block-attach {guest.name} '{disk('a', vdev)}'") for vdev in ("xvdma", "xvdmb")}
        for job in jobs.values():
            job.wait(120, check=False)
        bad = [vdev for vdev, job in jobs.items() if job.rc]
        self.check(len(bad) == 1, f"one of two that want one volume is refused: {bad}")
        good = ({"xvdma", "xvdmb"} - set(bad)).pop()
        words = f"volume 'a' is in use by {good} of domain {guest.id}"
        self.check(words in jobs[bad[0]].output, f"xl says '{words}': {jobs[bad[0]].output}")
        self.there(guest, good)
        guest.sh(f"pattern write /dev/{good} 0 1M 3")
        self.detach(guest, bad[0])
        guest.sh(f"pattern verify /dev/{good} 0 1M 3")
        self.check(self.volumes() == {"a"}, "the other one's volume is left alone when it is taken away")
        self.detach(guest, good)
        self.nothing("both taken away", guest)

    def killed(self, guest):
        """Scripts that are killed half-way: xl says so and lists the disk, and detaching it leaves nothing."""
        self.x1.put("/root/killer", KILLER)
        self.xl(f"block-attach {guest.name} '{disk('a')}'", env="BASH_ENV=/root/killer MEMX_KILL=0")
        self.commands = int(self.x1.get("/tmp/count"))
        self.figure("commands_of_add", self.commands)
        self.there(guest)
        self.detach(guest)
        for point in POINTS:
            at = max(1, int(self.commands * point))
            self.xl(f"block-attach {guest.name} '{disk('a')}'", "died due to fatal signal Killed", f"BASH_ENV=/root/killer MEMX_KILL={at}")
            self.check(self.listed(guest) == [str(XVDMA)], f"killed at {at} of {self.commands}: xl lists the disk")
            self.detach(guest)
            self.nothing(f"killed at {at} and detached", guest)
        self.attach(guest)
        self.detach(guest)
        self.nothing("attached as usual", guest)

    def killed_create(self, _guest):
        """Likewise when a guest is made: it is not, and nothing is left."""
        path = self.x1.guest_config("g2", memory=96, disks=[disk("b")])
        for point in (0.5, 0.9):
            at = int(self.commands * point)
            self.xl(f"create {path}", "died due to fatal signal Killed", f"BASH_ENV=/root/killer MEMX_KILL={at}")
            self.check(self.x1.domid("g2") is None, "the guest was not made")
            self.nothing(f"killed at {at}")

    def checkpoint(self, guest):
        """A guest that was renamed, and one that goes on after a checkpoint, have their data; the checkpoint is no second guest."""
        self.attach(guest)
        guest.sh("pattern write /dev/xvdma 0 8M 1")
        job = guest.bg("for seed in 2 3 4 5 6 7 8 9; do pattern write /dev/xvdma 8M 4M $seed 16K && "
                       "pattern verify /dev/xvdma 8M 4M $seed 16K || exit; done")
        self.xl(f"save -c {guest.name} /tmp/f")
        job.wait(400)
        guest.sh("pattern verify /dev/xvdma 0 8M 1")
        self.check(self.volumes() == {"a"} and self.x1.domid(guest.name) == guest.id, "a guest goes on after a checkpoint")
        self.xl(f"rename {guest.name} g3")
        guest.name = "g3"
        self.xl("restore /tmp/f", f"volume 'a' is in use by xvdma of domain {guest.id}")
        guest.sh("pattern verify /dev/xvdma 0 8M 1")
        self.attach(guest, "b", "xvdmb")
        guest.sh("pattern write /dev/xvdmb 0 1M 2")
        self.detach(guest, "xvdmb")
        self.check(self.volumes() == {"a"}, "a disk comes and goes under the new name")
        guest.sh("pattern verify /dev/xvdma 0 8M 1")
        self.detach(guest)
        self.nothing("detached under the new name", guest)
        self.xl("restore /tmp/f", "its volume 'a' is not on this host")
        self.nothing("not restored")
        self.x1.sh("rm /tmp/f")

    def cycles(self, guest):
        """Many disks come and go, and leave nothing in dom0, in xenstore or on the server."""
        writer = guest.bg("while :; do for i in a b; do [ ! -b /dev/xvdm$i ] || pattern write /dev/xvdm$i 0 64K 1; done; sleep 2; done >/dev/null 2>&1")
        self.cycle(guest, WARM)
        before = self.leavings(guest)
        memory = self.x1.kib(*KIB)
        self.figure("cycles_of_s", round(self.cycle(guest, CYCLES), 1))
        gone = [abs(now - then) for now, then in zip(self.x1.kib(*KIB), memory)]
        after = self.leavings(guest)
        writer.kill()
        for key, value in zip(KIB, gone):
            self.figure(f"{key}_kib", value)
            self.check(value < KIB[key], f"after {CYCLES} disks dom0's {key} is what it was: {value} KiB")
        self.check(before == after, f"as many nodes and files as before: {before}, {after}")
        self.cluster.balanced()

    def cycle(self, guest, count):
        job = self.x1.bg(CYCLE.format(id=guest.id, name=guest.name, disk=what("a"), count=count))
        out = job.wait(60 + 20 * count, check=False)
        self.check(job.rc == 0, f"{count} disks come and go: {out[-800:]}")
        self.nothing(f"{count} disks", guest)
        return job.seconds

    def leavings(self, guest):
        """Nodes in xenstore, files of scripts and of xl, and processes of the guest's toolstack."""
        return tuple(int(self.x1.sh(f"{words} | wc -l", check=False)) for words in (
            "xenstore-ls -f", "find /run/memx /run/xen-hotplug /var/lib/xen -type f", f"xl block-list {guest.id}", "ps ax | grep '[b]lock-memx'"))

    # Guests that end.

    def unwatched(self, guest):
        """xl has ceased to watch a guest of which it took a checkpoint: when that has ended it is there, disk and all, until it is destroyed."""
        self.attach(guest)
        guest.sh("pattern write /dev/xvdma 0 1M 1")
        guest.bg("busybox poweroff -f")
        self.until(lambda: re.search(r" [-rbp]{3}s-", self.x1.sh(f"xl list {guest.name}").splitlines()[-1]), "the guest has ended and is there")
        self.check(self.volumes() == {"a"}, "so is its volume")
        self.end(guest, "a guest that has ended")
        self.nothing("a guest that had ended is destroyed")

    def preserve(self):
        """A guest that crashed and is preserved keeps its disk; destroyed, it does not."""
        guest = self.x1.guest_create("g4", 'on_crash = "preserve"', memory=96, disks=[disk("a")])
        guest.sh("pattern write /dev/xvdma 0 4M 1")
        self.crash(guest)
        self.until(lambda: re.search(r" [-rbp]{3}sc", self.x1.sh("xl list g4").splitlines()[-1]), "the guest has crashed and is kept")
        self.check(self.volumes() == {"a"} and self.cluster.used(self.s1) == 1024, "so are its volume and what is in it")
        path = self.x1.guest_config("g5", memory=96, disks=[disk("a")])
        self.xl(f"create {path}", f"volume 'a' is in use by xvdma of domain {guest.id}")
        self.end(guest, "a guest that has crashed")
        self.nothing("a guest that had crashed is destroyed")
        guest = self.x1.guest_create("g6", memory=96, disks=[disk("a")])
        guest.sh("pattern write /dev/xvdma 0 4M 1")
        self.crash(guest)
        guest.wait_gone()
        self.nothing("a guest that crashes and is to be destroyed")

    def crash(self, guest):
        guest.bg("echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger")

    def restart(self):
        """A guest that starts again, by itself or after a crash, has a new disk, and its old one if that is persistent."""
        kept = disk("kept", "xvdmb", ",persist=yes")
        guest = self.x1.guest_create("g7", 'on_crash = "restart"\non_reboot = "restart"', memory=96, disks=[disk("a"), kept])
        for way in ("busybox reboot -f", "echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger"):
            guest.sh("pattern write /dev/xvdma 0 4M 1 && pattern write /dev/xvdmb 0 4M 2")
            old = guest
            guest.bg(way)
            self.until(lambda: self.x1.domid("g7") not in (None, old.id), "the toolstack makes it anew", 60)
            old.commands.lose("started anew by the toolstack")
            guest = self.x1.guest_join("g7")
            self.empty(guest, "its disk")
            guest.sh("pattern verify /dev/xvdmb 0 4M 2")
            self.check(self.volumes() == {"a", "kept"}, "and it has the same two volumes")
        self.end(guest, "a guest that was restarted")
        self.check(self.volumes() == {"kept"}, "what is persistent is kept")
        self.x1.sh("memxctl volume remove kept")
        self.nothing("removed by hand")

    def dead_servers(self):
        """With all servers dead a guest, I/O under way, is destroyed as soon as others are."""
        guest = self.x1.guest_create("g8", memory=96, disks=[disk("a")])
        guest.sh("pattern write /dev/xvdma 0 8M 1")
        self.s1.kill()
        guest.bg("pattern verify /dev/xvdma 0 8M 1")
        self.until(lambda: self.x1.xenstore(f"{self.backend(guest)}/memx/state") == "stalled", "its state says why it hangs", 60)
        self.figure("destroy_s", round(max(self.ends), 1))
        self.figure("destroy_dead_s", round(self.end(guest, "a guest whose servers are dead"), 1))
        self.until(lambda: not self.volumes(), "its volume goes with it", 20)
        self.check(not self.x1.sh("ls -A /run/memx/volumes"), "and the script's claim on it")

    def balanced(self):
        """What the backend says of itself when it leaves."""
        self.x1.sh("rmmod memx_blkback")
        line = self.x1.sh("dmesg | grep 'memx_blkback: unloaded'")
        counts = re.findall(r"created (\d+) destroyed (\d+)", line)
        self.check(len(counts) == 3 and all(made == freed and int(made) >= CYCLES for made, freed in counts),
                   f"the backend has freed what it has made: {line.strip()}")

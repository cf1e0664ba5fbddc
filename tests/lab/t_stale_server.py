# SPDX-License-Identifier: GPL-2.0
"""A memory server that refuses or keeps silent though it announces itself: it costs nobody but itself, and nobody waits for ever."""
import os
import shutil

from lab import Test, linux
from labkit.memx import DEV, Cluster, Server, load

TIMEOUT = 4                     # write_timeout_s
LIMIT = TIMEOUT + 20            # seconds in which what is asked of a silent server must have ended, on a slow machine
MIB = 32
MODE = "/sys/module/memx_rogue/parameters/mode"


class T(Test):
    hosts = {"c1": linux(), "s1": linux(), "s2": linux()}
    timeout = 900

    def run(self):
        shutil.copy(os.path.join(self.boot.folder, "pattern"), self.c1.share)
        self.cluster = Cluster(self, self.c1, (self.s1, self.s2))
        self.cluster.serve(self.s1, "96M")
        load(self.s2, "memx_core")
        self.s2.insmod("memx_rogue", "mode=stale")
        self.cluster.join(memx_core=f"write_timeout_s={TIMEOUT}")
        self.rogue = self.cluster.node(self.s2)
        self.stale()
        self.stale_later()
        self.mute_writes()
        self.mute_discards()
        Server(self.s1).stop()

    def mode(self, word):
        self.s2.sh(f"echo {word} > {MODE}")

    def room(self, pages):
        """What the rogue announces, and the client has heard of."""
        self.s2.sh(f"echo {pages} > /sys/module/memx_rogue/parameters/room")
        self.until(lambda: [s["free_pages"] for s in self.cluster.known()
                            if s["node"] == self.rogue] == [pages], f"the rogue has room for {pages} pages", 20)

    def shared(self, seed):
        """A volume of which the rogue has the first half, the other server the second. Gives the rogue's chunks and the other's."""
        self.mode("ok")
        self.cluster.make(f"{MIB}M")
        self.until(lambda: self.takes(MIB - 1, seed), "the rogue takes chunks", 60)
        self.good(self.write(0, f"{MIB // 2}M", seed), "the first half is written, to the rogue")
        self.room(0)
        self.good(self.write(f"{MIB // 2}M", f"{MIB // 2}M", seed), "the second half is written, to the other server")
        self.room(1 << 24)
        theirs = self.cluster.chunks(self.rogue)
        ours = sorted(set(range(MIB)) - set(theirs))
        self.check(len(theirs) >= 4 and len(ours) >= 4, f"both have chunks: the rogue {len(theirs)} of {MIB}")
        return theirs, ours

    def takes(self, chunk, seed):
        """Whether the rogue takes a chunk, which the other one gives up if it was the one."""
        self.good(self.write(f"{chunk}M", "1M", seed), f"chunk {chunk} is written")
        if self.cluster.chunks(self.rogue):
            return True
        self.c1.sh(f"blkdiscard -f -o {chunk << 20} -l {1 << 20} {DEV}")
        return False

    def asked(self):
        return int(self.s2.get("/sys/module/memx_rogue/parameters/asked"))

    def write(self, offset, size, seed, timeout=60):
        return self.c1.rc(f"/share/pattern write {DEV} {offset} {size} {seed}", timeout)

    def verify(self, offset, size, seed):
        return self.c1.rc(f"/share/pattern verify {DEV} {offset} {size} {seed}", 60)

    def good(self, answer, words):
        self.check(answer[0] == 0, f"{words}: {answer[1].strip()}")

    def remove(self, words):
        """Device and volume go away, without waiting for the rogue for long."""
        job = self.c1.bg("memxctl device remove memxa && memxctl volume remove v")
        job.wait(60)
        self.check(job.seconds < 2 * LIMIT, f"{words}, the volume is removed after {job.seconds:.1f} s")
        self.until(lambda: not self.cluster.used(self.s1), f"{words}, the good server has its memory back", 30)

    # Steps.

    def stale(self):
        """A server that holds nothing says STALE: it is not used, and the volume is not fenced."""
        before = self.asked()
        self.cluster.make(f"{MIB}M")
        answer = self.write(0, f"{MIB}M", 1)
        state = self.cluster.volume()["state"]
        self.good(answer, f"all is written though one server says STALE to everything (volume {state})")
        self.check(self.asked() > before, f"the rogue was asked: {self.asked() - before} times")
        self.check(state == "ok", f"the volume is not fenced by a server that holds nothing of it: {state}")
        self.check(not self.cluster.chunks(self.rogue), "no chunk is on the rogue")
        self.good(self.verify(0, f"{MIB}M", 1), "and all is read")
        self.remove("after STALE")

    def stale_later(self):
        """A server that says STALE for the chunks it was given costs these, no others."""
        theirs, ours = self.shared(2)
        self.mode("stale")
        self.c1.rc(f"dd if=/dev/zero of={DEV} bs=4k count=1 seek={min(theirs) * 256} oflag=direct conv=notrunc", LIMIT + 40)
        for chunk in ours[:4]:
            self.good(self.write(f"{chunk}M", "1M", 3), f"chunk {chunk} of the other server can be written")
            self.good(self.verify(f"{chunk}M", "1M", 3), "and read")
        self.check(self.cluster.volume()["state"] != "fenced", "the volume is not fenced by one server of two")
        self.remove("after STALE for chunks")

    def timed(self, commands, words):
        """Runs all at once; each must end within LIMIT. Gives how many succeeded."""
        jobs = [self.c1.bg(command) for command in commands]
        for job in jobs:
            job.wait(4 * LIMIT, check=False)
        longest = max(job.seconds for job in jobs)
        fine = sum(job.rc == 0 for job in jobs)
        self.figure(words.replace(" ", "_") + "_longest_s", round(longest, 1))
        self.figure(words.replace(" ", "_") + "_done", f"{fine} of {len(jobs)}")
        self.check(longest < LIMIT, f"{words} end within {LIMIT} s of which write_timeout_s are {TIMEOUT}: {longest:.1f} s")
        return fine

    def mute_writes(self):
        """First writes that a server does not answer end, or go elsewhere."""
        self.mode("mute")
        self.cluster.make(f"{MIB}M")
        before = self.asked()
        self.timed([f"dd if=/dev/urandom of={DEV} bs=4k count=1 seek={chunk * 256} oflag=direct conv=notrunc" for chunk in range(16)],
                   "first writes")
        self.check(self.asked() > before, "the rogue was asked")
        self.check(self.cluster.state_of_node(self.rogue) == "alive", "it is alive by its announcements")
        self.good(self.write("24M", "1M", 4, LIMIT + 40), "the volume can be written meanwhile")
        self.good(self.verify("24M", "1M", 4), "and read")
        self.remove("with a mute server")

    def mute_discards(self):
        """Discards of pages and of whole chunks, which release them, and later writes end as well."""
        theirs, _ = self.shared(5)
        self.mode("mute")
        whole, part, again = theirs[1:4]
        # -f: it would look for file systems first, and reads do wait.
        self.timed([f"blkdiscard -f -o {whole << 20} -l {1 << 20} {DEV}"], "releases")
        self.timed([f"blkdiscard -f -o {part << 20} -l 65536 {DEV}"], "discards")
        self.timed([f"dd if=/dev/urandom of={DEV} bs=4k count=1 seek={again * 256} oflag=direct conv=notrunc"], "overwrites")
        self.remove("with chunks on a mute server")

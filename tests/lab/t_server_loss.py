# SPDX-License-Identifier: GPL-2.0
"""Servers that fall silent, restart, fill up or stop: reads wait, writes fail in time, lost pages are never zeros."""
import os
import shutil
import time

from lab import Test, linux
from labkit.memx import DEV, Cluster, Server, told

MIB = 256                               # pages


class T(Test):
    hosts = {"c1": linux(), "s1": linux(), "s2": linux()}
    timeout = 1200

    def run(self):
        shutil.copy(os.path.join(self.boot.folder, "pattern"), self.c1.share)
        self.cluster = Cluster(self, self.c1, (self.s1, self.s2))
        self.cluster.start("64M")
        self.no_room()
        self.silence()
        self.death()
        self.restart()
        self.stop_and_start()
        self.removal_while_dead()
        self.end()

    # Looking.

    def states(self):
        return self.cluster.states()

    def state(self):
        """The volume's."""
        return self.cluster.volume()["state"]

    def chunks_of(self, host):
        return self.cluster.chunks(self.cluster.node(host))

    def freed(self):
        """No server has any page, as the client hears."""
        return sum(s["used_pages"] for s in self.cluster.known()) == 0

    def write(self, offset, size, seed, timeout=60):
        return self.c1.rc(f"/share/pattern write {DEV} {offset} {size} {seed}", timeout)

    def verify(self, offset, size, seed, timeout=60):
        return self.c1.rc(f"/share/pattern verify {DEV} {offset} {size} {seed}", timeout)

    def good(self, answer, words):
        self.check(answer[0] == 0, f"{words}: {answer[1].strip()}")

    def refused(self, answer, words):
        self.check(answer[0] != 0, f"{words}: {answer[1].strip()}")

    @staticmethod
    def ended(process):
        process.wait(60, check=False)
        return process.rc

    # Steps.

    def no_room(self):
        rc, out = self.c1.rc("memxctl volume create v --size 1G")
        self.check(rc != 0 and "room for" in out, f"more than there is is refused: {out.strip()}")
        self.cluster.make("256M", options="--thin")
        rc, out = self.c1.rc(f"dd if=/dev/urandom of={DEV} bs=1M count=160 oflag=direct status=none")
        self.check(rc != 0 and "No space" in out, f"full servers end a write with 'no space': {out.strip()}")
        self.check(self.cluster.volume()["placed"] == 128, "all they promise was given out")
        self.c1.sh(f"blkdiscard -o 64M -l 4M {DEV}")
        self.good(self.write("64M", "4M", 5), "what was discarded can be written again")
        self.good(self.verify("64M", "4M", 5), "and read")
        self.cluster.unmake()
        self.until(self.freed, "all is free again", 20)

    def silence(self):
        """A few seconds of silence cost time only."""
        self.cluster.make("96M")
        self.good(self.write("0", "64M", 1), "a pattern is written")
        self.check(self.chunks_of(self.s1) and self.chunks_of(self.s2), "both servers have some of it")
        self.s1.freeze()
        reader = self.c1.bg(f"/share/pattern verify {DEV} 0 64M 1")
        self.until(lambda: "suspect" in self.states(), "the silent server is suspect", 20)
        self.check(self.state() == "stalled", "and so is the volume")
        self.good(self.write("64M", "8M", 2), "new chunks go to the other server")
        self.s1.thaw()
        self.check(self.ended(reader) == 0, "the reader has waited and read all")
        self.until(lambda: self.states() == ["alive", "alive"] and self.state() == "ok", "all is well again", 20)
        self.good(self.verify("64M", "8M", 2), "what was written meanwhile is there")

    def death(self):
        """A long silence: writes to the server fail in time, reads wait."""
        at = self.chunks_of(self.s1)[0]
        self.s1.freeze()
        self.until(lambda: "suspect" in self.states(), "the server is silent", 20)
        self.refused(self.write(f"{at}M", "1M", 3), "a write to it fails in time")
        self.check("dead" in self.states(), "the server counts as dead")
        start = time.monotonic()
        self.refused(self.write(f"{at}M", "64K", 3), "now a write to it fails")
        self.check(time.monotonic() - start < 5, f"and at once: after {time.monotonic() - start:.1f} s")
        reader = self.c1.bg(f"dd if={DEV} of=/tmp/out bs=4k skip={at * MIB + 300} count=1 iflag=direct status=none")
        self.s1.thaw()
        self.check(self.ended(reader) == 0, "a read waits until it is back")
        self.until(lambda: self.states() == ["alive", "alive"], "it is alive again", 20)
        self.good(self.write(f"{at}M", "1M", 4), "it can be written again")
        self.good(self.verify(f"{at}M", "1M", 4), "and the newest write is what is read")

    def restart(self):
        """A server that restarts has lost its pages: reads fail, new writes go on."""
        mine, other = self.chunks_of(self.s1)[0], self.chunks_of(self.s2)[0]
        self.s1.kill()
        self.s1.boot()
        self.cluster.serve(self.s1, "64M")
        self.until(lambda: self.state() == "lost", "the loss is noticed", 40)
        self.until(lambda: self.states() == ["alive", "alive"], "it serves again", 20)
        self.refused(self.c1.rc(f"dd if={DEV} of=/dev/null bs=4k skip={mine * MIB} count=1 iflag=direct"),
                     "a lost page cannot be read")
        self.refused(self.c1.rc(f"dd if=/dev/zero of={DEV} bs=512 seek={mine * MIB * 8} count=1 oflag=direct conv=notrunc"),
                     "nor written in part")
        self.good(self.c1.rc(f"dd if={DEV} of=/dev/null bs=4k skip={other * MIB} count=1 iflag=direct"),
                  "the other server's pages can")
        self.good(self.write(f"{mine}M", "8K", 6), "written whole it is good again")
        self.good(self.verify(f"{mine}M", "8K", 6), "and reads as written")
        self.refused(self.c1.rc(f"dd if={DEV} of=/dev/null bs=4k skip={mine * MIB + 2} count=1 iflag=direct"),
                     "its neighbours are still lost")
        self.c1.sh(f"blkdiscard -f {DEV}")
        self.check(self.state() == "ok", "what is discarded is not missed")

    def stop_and_start(self):
        """A server stopped by force and started again in the same life has lost its pages, too."""
        self.good(self.write("0", "64M", 7), "a pattern is written")
        mine = self.chunks_of(self.s2)[0]
        Server(self.s2).stop(force=True)
        self.s2.sh("memxctl server start --memory 64M")
        rc, out = self.c1.rc(f"dd if={DEV} of=/dev/null bs=4k skip={mine * MIB} count=1 iflag=direct", 60)
        self.check(rc != 0, f"a lost page cannot be read: {out.strip()}")
        self.until(lambda: self.state() == "lost", "the loss is known", 10)
        self.good(self.write("0", "64M", 8), "all of it can be written again")
        self.good(self.verify("0", "64M", 8), "and read")
        self.check(self.state() == "ok", "nothing is missing")

    def removal_while_dead(self):
        """A device on a dead server can be removed, and the volume goes when the server is back or forgotten."""
        at = self.chunks_of(self.s1)[0]
        self.s1.freeze()
        reader = self.c1.bg(f"dd if={DEV} of=/dev/null bs=4k skip={at * MIB} count=1 iflag=direct")
        writer = self.c1.bg(f"dd if=/dev/zero of={DEV} bs=4k seek={at * MIB + 1} count=1 oflag=direct conv=notrunc")
        self.until(lambda: sum(map(int, self.c1.get("/sys/block/memxa/inflight").split())) == 2, "both wait", 10, 0.1)
        rc, out = self.c1.rc("memxctl device remove memxa")
        self.check(rc != 0 and "open" in out, f"not while it is open: {out.strip()}")
        self.check(self.ended(writer) != 0, "the writer gets its error")
        self.s1.thaw()
        self.check(self.ended(reader) == 0, "the reader its page")
        self.s1.freeze()
        self.cluster.unmake()
        self.check(told(self.c1, "volume list") == [], "the volume is gone from the list")
        self.s1.thaw()
        self.until(self.freed, "and from the servers", 30)

    def end(self):
        self.cluster.balanced()
        self.c1.memx_unload()

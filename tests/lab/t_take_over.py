# SPDX-License-Identifier: GPL-2.0
"""A volume whose host is gone is taken over by another one: all that was written is there, or it is refused in words."""
import os
import shutil

from lab import Test, linux
from labkit.memx import DEV, Cluster, Volume, told

MIB = 256                               # pages


class T(Test):
    hosts = {"c1": linux(), "c2": linux(), "s1": linux(), "s2": linux()}
    timeout = 1200

    def run(self):
        self.cluster = Cluster(self, self.c1, (self.s1, self.s2))
        self.cluster.start("128M")
        self.cluster.join(host=self.c2)
        for host in (self.c1, self.c2):
            shutil.copy(os.path.join(self.boot.folder, "pattern"), host.share)
        self.fresh()
        self.missing()
        self.taken()
        self.old_owner()
        self.back()
        self.gone()

    # Looking.

    def volume(self, host):
        return Volume(host).show()

    def write(self, host, offset, size, seed, timeout=60):
        return host.rc(f"/share/pattern write {DEV} {offset} {size} {seed}", timeout)

    def verify(self, host, offset, size, seed, timeout=120):
        return host.rc(f"/share/pattern verify {DEV} {offset} {size} {seed}", timeout)

    def good(self, answer, words):
        self.check(answer[0] == 0, f"{words}: {answer[1].strip()}")

    def refused(self, answer, part, words):
        self.check(answer[0] == 1 and part in answer[1], f"{words}: {answer[1].strip()}")

    def create(self, host):
        return host.rc(f"memxctl volume create v --size 96M --id {self.id}", 60)

    def whole(self, host):
        """What c1 has written first, less what was written anew or discarded."""
        self.good(self.verify(host, "0", "32M", 1), "the first part is there")
        self.good(self.verify(host, "32M", "8M", self.second), "the second as it was written last")
        self.good(self.verify(host, "48M", "100K", 3), "and a part of a chunk")
        for skip in (40 * MIB, 48 * MIB + 25, 90 * MIB):
            rc, out = host.rc(f"dd if={DEV} bs=4k skip={skip} count=1 iflag=direct status=none | tr -d '\\0' | wc -c")
            self.check(rc == 0 and out.strip() == "0", f"page {skip} reads as zeros")

    # Steps.

    def fresh(self):
        self.cluster.make("96M")
        volume = self.volume(self.c1)
        self.id, self.second = volume["id"], 1
        self.check(volume["epoch"] == 1 and volume["claim"] == "serving", "a new volume is at epoch 1")
        self.check("s1: open" in volume["servers"] and "s2: open" in volume["servers"], volume["servers"])
        self.good(self.write(self.c1, "0", "48M", 1), "a pattern is written")
        self.good(self.write(self.c1, "48M", "100K", 3), "and a part of a chunk")
        self.c1.sh(f"blkdiscard -o 40M -l 8M {DEV}")
        self.used = self.volume(self.c1)["used_pages"]
        self.refused(self.c2.rc(f"memxctl volume create v --size 64M --id {self.id}", 60), "another size", "its size is checked")
        self.good(self.verify(self.c1, "0", "40M", 1), "which costs its owner nothing")

    def missing(self):
        # Its clock jumps when it goes on, which looks like a stall.
        self.c1.sh("echo 1 > /sys/module/rcupdate/parameters/rcu_cpu_stall_suppress")
        self.c1.freeze()
        self.s2.freeze()
        self.until(lambda: "alive" not in [s["state"] for s in self.cluster.known(self.c2) if s["host"] == "s2"],
                   "the owner and a server are silent", 20)
        self.refused(self.create(self.c2), "chunks are not proved: server s2 is silent", "one server is missing")
        self.check(told(self.c2, "volume list") == [], "nothing is left of the attempt")
        self.s2.thaw()
        self.cluster.heard(host=self.c2)

    def taken(self):
        self.good(self.create(self.c2), "now it is taken over")
        volume = self.volume(self.c2)
        self.check(volume["epoch"] > 1 and volume["claim"] == "serving", f"at epoch {volume['epoch']}")
        Volume(self.c2).connect()
        self.whole(self.c2)
        self.check(self.volume(self.c2)["used_pages"] == self.used, "and nothing else")
        self.second = 2
        self.good(self.write(self.c2, "32M", "8M", 2), "it can be written")
        self.whole(self.c2)

    def old_owner(self):
        self.c1.thaw()
        rc, out = self.write(self.c1, "0", "32M", 9)
        self.check(rc != 0, f"who comes back cannot write: {out.strip()}")
        self.until(lambda: self.volume(self.c1)["state"] == "fenced", "its volume is fenced", 20)
        self.check(self.c1.rc(f"dd if={DEV} of=/dev/null bs=4k count=1 iflag=direct", 30)[0] != 0, "nor read")
        self.cluster.unmake()
        self.until(lambda: self.c1.counters("core")["volumes_destroyed"] >= 1, "the old owner lets go", 20)
        self.whole(self.c2)

    def back(self):
        """The host of today dies; the first one takes over, with a server that has come back meanwhile."""
        epoch = self.volume(self.c2)["epoch"]
        self.c2.kill()
        self.good(self.create(self.c1), "the first host takes it over again")
        volume = self.volume(self.c1)
        self.check(volume["epoch"] > epoch, f"at epoch {volume['epoch']}, after {epoch}")
        Volume(self.c1).connect()
        self.whole(self.c1)

    def gone(self):
        """A server that has restarted has lost pages: nothing goes on as if they had never been."""
        self.c1.kill()
        self.c1.boot()
        shutil.copy(os.path.join(self.boot.folder, "pattern"), self.c1.share)
        self.s2.kill()
        self.s2.boot()
        self.cluster.serve(self.s2, "128M")
        self.cluster.join()
        self.refused(self.create(self.c1), "server s2 has lost it since", "what is lost is not taken for zeros")
        self.check(all(s["used_pages"] > 0 for s in self.cluster.known() if s["host"] == "s1"), "the other server keeps its part")
        self.until(lambda: self.balanced(self.c1), "nothing is left in memory", 20)
        self.c1.memx_unload()

    def balanced(self, host):
        figures = host.counters("core")
        return all(figures[f"{what}_created"] == figures[f"{what}_destroyed"] for what in ("volumes", "chunks", "ops", "pages"))

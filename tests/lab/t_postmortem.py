# SPDX-License-Identifier: GPL-2.0
"""memxctl postmortem says of a volume what its servers know, from its own host and from another one, and changes nothing."""
import json
import os
import shutil

from lab import Test, linux
from labkit.memx import DEV, Cluster, Server

MIB = 8


class T(Test):
    hosts = {"c1": linux(), "c2": linux(), "s1": linux(), "s2": linux()}
    timeout = 1200

    def run(self):
        shutil.copy(os.path.join(self.boot.folder, "pattern"), self.c1.share)
        self.cluster = Cluster(self, self.c1, (self.s1, self.s2))
        self.cluster.start()
        self.other = Cluster(self, self.c2, (self.s1, self.s2))
        self.other.join()
        self.nobody()
        self.cluster.make(f"{MIB}M")
        self.write()
        self.id = self.cluster.volume()["id"]
        self.whole()
        self.elsewhere()
        self.silent()
        self.owner_dead()
        self.restarted()

    def look(self, host, words):
        return json.loads(host.sh(f"memxctl --json postmortem {words}", 60))

    def write(self):
        rc, out = self.c1.rc(f"/share/pattern write {DEV} 0 {MIB}M 1", 60)
        self.check(rc == 0, f"the volume is written: {out.strip()}")

    def answers(self, found):
        return {s["host"]: s["answer"] for s in found["servers"]}

    def nobody(self):
        found = self.look(self.c2, "--id 1f")
        self.check(not found["proved"] and found["claim"] is None and found["roster"] is None, "nobody knows a volume that never was")
        self.check(set(self.answers(found).values()) == {"does not know the volume"}, f"and both say so: {self.answers(found)}")
        rc, out = self.c2.rc("memxctl postmortem v")
        self.check(rc == 1 and "--id" in out, f"a name that this host does not have: {out.strip()}")

    def whole(self):
        found = self.look(self.c1, "v")
        self.check(found["proved"] and found["counts"]["whole"] == MIB, f"all chunks are whole: {found['counts']}")
        self.check(found["here"]["claim"] == "serving" and found["here"]["id"] == self.id, "its own host serves it")
        self.check(found["claim"]["epoch"] == 1 and found["claim"]["host"] is None, "the claim is that of a host that is no server")
        self.check({life["host"] for life in found["roster"]["lives"]} == {"s1", "s2"}, "both servers are in the roster")
        self.check(sum(s["chunks"] for s in found["servers"]) == MIB, "each chunk is on one server")
        text = self.c1.sh("memxctl postmortem v")
        self.check("All is proved" in text and f"chunks: {MIB} whole" in text, "people are told the same")

    def elsewhere(self):
        """Looked at from a host that does not have it, over and over: its owner is not fenced, and nothing is claimed."""
        before = self.cluster.volume()
        for _ in range(5):
            found = self.look(self.c2, f"--id {self.id}")
        self.check(found["here"] is None and found["proved"], "another host sees the same")
        after = self.cluster.volume()
        self.check(after["epoch"] == before["epoch"] and after["claim"] == "serving" and after["state"] == "ok", "its owner goes on")
        rc, out = self.c1.rc(f"/share/pattern verify {DEV} 0 {MIB}M 1", 60)
        self.check(rc == 0, f"and reads what it wrote: {out.strip()}")
        self.write()

    def silent(self):
        self.s2.cable(False)
        self.until(lambda: "silent" in self.answers(self.look(self.c2, f"--id {self.id}"))["s2"], "a server that is silent is shown as such", 60)
        found = self.look(self.c2, f"--id {self.id}")
        self.check(not found["proved"], "nothing is proved then")
        self.check([life["proved"] for life in found["roster"]["lives"] if life["host"] == "s2"] == [False], "as the roster has that server")
        self.s2.cable(True)
        self.other.heard()
        self.cluster.heard()

    def owner_dead(self):
        """Nobody is left who has the volume: another host sees all of it, and takes it over."""
        self.c1.kill()
        found = self.look(self.c2, f"--id {self.id}")
        self.check(found["proved"] and found["counts"]["whole"] == MIB, f"all is there although its host has died: {found['counts']}")
        self.c2.sh(f"memxctl volume create v --size {MIB}M --id {self.id}", 60)
        found = self.look(self.c2, "v")
        self.check(found["claim"]["epoch"] == 2 and found["here"]["claim"] == "serving", "it is taken over as was foretold")

    def restarted(self):
        """The server that has most of it comes back with nothing."""
        servers = self.look(self.c2, f"--id {self.id}")["servers"]
        victim = getattr(self, max(servers, key=lambda s: s["chunks"])["host"])
        Server(victim).stop(force=True)
        victim.memx_unload()
        self.cluster.serve(victim)
        self.other.heard()
        found = self.look(self.c2, f"--id {self.id}")
        words = [life["answer"] for life in found["roster"]["lives"] if life["host"] == victim.name]
        self.check(not found["proved"] and any("lost it" in word for word in words), f"a server that has restarted has lost it: {words}")

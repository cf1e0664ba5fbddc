# SPDX-License-Identifier: GPL-2.0
"""Volumes of a host that has crashed are listed with their age, dropped by an admin or when their lease expires, and never read as zeros."""
import os
import shutil

from lab import Test, linux
from labkit.memx import DEV, Cluster, Server, Volume, shown, told

EXPIRY = 30                             # seconds, the shortest
LIMIT = EXPIRY + 90                     # until it must have expired, on a slow machine


class T(Test):
    hosts = {"c1": linux(), "c2": linux(), "s1": linux()}
    timeout = 1500

    def run(self):
        self.cluster = Cluster(self, self.c1, [self.s1])
        self.cluster.serve(self.s1)
        for host in (self.c1, self.c2):
            self.client(host)
        self.settings()
        self.alive()
        self.cut_off()
        self.crashed()
        self.taken_over()
        self.too_late()
        self.restarted()

    def client(self, host):
        shutil.copy(os.path.join(self.boot.folder, "pattern"), host.share)
        self.cluster.join(host=host)

    def stored(self, name):
        """What the server says of a volume, or None."""
        return next((v for v in told(self.s1, "server volume list") if v["name"] == name), None)

    def seen(self, host):
        """What a host's postmortem says that the server answers about the volume of self.id."""
        return told(host, f"postmortem --id {self.id}")["servers"][0]["answer"]

    def pattern(self, host, what, seed, size="16M"):
        return host.rc(f"/share/pattern {what} {DEV} 0 {size} {seed}", 180)

    def good(self, answer, words):
        self.check(answer[0] == 0, f"{words}: {answer[1].strip()}")

    def refused(self, answer, part, words):
        self.check(answer[0] == 1 and part in answer[1], f"{words}: {answer[1].strip()}")

    def make(self, host, name, seed):
        volume = Volume(host, name)
        volume.make("32M")
        self.good(self.pattern(host, "write", seed), f"{name} is written")
        return volume.show()

    def expiry(self, words):
        self.s1.sh(f"memxctl server set --expiry {words}")

    # Steps.

    def settings(self):
        self.check(Server(self.s1).show()["expiry_s"] == 0, "leases do not expire at first")
        self.refused(self.s1.rc("memxctl server set --expiry 29"), "30 s", "a lease cannot be shorter")
        self.refused(self.s1.rc("memxctl server volume drop nobody"), "no such volume", "what is not there is not dropped")

    def alive(self):
        """An owner that is only idle keeps its volume, and nobody drops it by mistake."""
        self.id = self.make(self.c1, "v", 1)["id"]
        self.expiry(EXPIRY)
        self.check(Server(self.s1).show()["expiry_s"] == EXPIRY, "the setting is shown")
        self.s1.sh(f"sleep {EXPIRY + 10}", EXPIRY + 60)
        v = self.stored("v")
        self.check(v and v["state"] == "alive", f"an idle owner is alive: {v}")
        node = shown(self.c1, "node")
        self.check((v["owner"], v["owner_incarnation"]) == (node["node"], node["incarnation"]), "it is named with its incarnation")
        self.refused(self.s1.rc("memxctl server volume drop v"), "alive", "a volume in use is not dropped")
        self.good(self.pattern(self.c1, "verify", 1), "all is there")

    def cut_off(self):
        """An owner that comes back in time has lost nothing."""
        self.expiry(600)
        self.c1.cable(False)
        self.until(lambda: self.stored("v")["state"] == "silent", "an owner that is cut off is silent", 90)
        age = self.stored("v")["silent_ms"]
        self.check(age >= 10000, f"and its age is shown: {age} ms")
        self.c1.cable(True)
        self.until(lambda: self.stored("v")["state"] == "alive", "it is back", 90)
        self.good(self.pattern(self.c1, "verify", 1), "all is there")

    def crashed(self):
        self.c1.kill()
        self.expiry(EXPIRY)
        self.until(lambda: self.stored("v") is None, "the volume of a host that has crashed expires", LIMIT)
        self.until(lambda: Server(self.s1).show()["used_pages"] == 0, "its memory is free", 30)
        self.check(self.s1.counters("server")["leases_expired"] == 1, "that is counted")
        self.check(f"volume v ({self.id})" in self.s1.dmesg() and "lease expired" in self.s1.dmesg(), "and logged")
        self.check("without its owner" in self.seen(self.c2), "and told to whoever asks")

    def taken_over(self):
        """Whoever takes it over is told, every time; only an admin of the server makes it a new volume."""
        for _ in range(2):
            self.refused(self.c2.rc(f"memxctl volume create v --size 32M --id {self.id}", 60), "lease expired",
                         "the next owner is told")
            self.check(told(self.c2, "volume list") == [] and self.stored("v") is None, "nothing is left of the attempt")
        self.refused(self.s1.rc(f"memxctl server volume drop --id {self.id}"), "dropped here before", "to drop it again does not make it new")
        self.s1.sh(f"memxctl server volume forget --id {self.id}")
        self.refused(self.s1.rc(f"memxctl server volume forget --id {self.id}"), "no volume of this id", "that is forgotten once")
        self.check(self.seen(self.c2) == "does not know the volume", "by all")
        self.good(self.c2.rc(f"memxctl volume create v --size 32M --id {self.id}", 60), "then it is a new volume")
        self.c2.sh("memxctl volume remove v")
        self.until(lambda: self.stored("v") is None, "which goes", 60)

    def too_late(self):
        """An owner that comes back after its lease has expired reads errors, not zeros, and can write anew."""
        self.make(self.c2, "u", 3)
        self.c2.cable(False)
        self.until(lambda: self.stored("u") is None, "the lease of an owner that is cut off expires", LIMIT)
        self.c2.cable(True)
        self.until(lambda: "had dropped it" in self.c2.dmesg(), "the owner says what has happened", 60)
        rc, out = self.c2.rc(f"dd if={DEV} bs=1M count=16 iflag=direct status=none | tr -d '\\0' | wc -c", 60)
        self.check("error" in out.lower(), f"what was written cannot be read: {out.strip()}")
        self.good(self.pattern(self.c2, "write", 4), "it can be written anew")
        self.good(self.pattern(self.c2, "verify", 4), "and read")
        self.check(self.s1.counters("server")["leases_expired"] == 2, "both leases were counted")
        self.expiry("off")

    def restarted(self):
        """A node that is back with another incarnation is alive, but not the owner of what it had before."""
        self.c1.boot()
        self.client(self.c1)
        self.make(self.c1, "w", 5)
        self.c1.kill()
        self.c1.boot()
        self.client(self.c1)
        self.make(self.c1, "x", 6)
        self.until(lambda: self.stored("w")["state"] == "over", "the former incarnation is over", 60)
        self.check(self.stored("x")["state"] == "alive", "the present one has its volume")
        self.s1.sh("memxctl server volume drop w")
        self.check(self.stored("w") is None, "an admin drops what is left")
        self.good(self.pattern(self.c1, "verify", 6), "which costs the other volume nothing")
        self.check(self.s1.counters("server")["dropped_here"] == 1, "that is counted")
        self.s1.sh("memxctl server volume drop x --force")
        rc, out = self.pattern(self.c1, "verify", 6)
        self.check(rc != 0, f"--force takes it from an owner that is alive: {out.strip()}")

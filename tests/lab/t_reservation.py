# SPDX-License-Identifier: GPL-2.0
"""Room kept for volumes: met in full where others find none, never promised twice, asked anew when a server is lost; limits; xenstore's keys."""
import os
import shutil

from lab import Test, linux, xen
from labkit.memx import DEV, Cluster, Server, Volume, load, shown

MIB = 1 << 20
SERVER = 64                             # MiB that each of two servers lends
ROUNDS = 50


class T(Test):
    hosts = {"c1": linux(), "x1": xen(), "s1": linux(), "s2": linux()}
    timeout = 2400

    def run(self):
        self.cluster = Cluster(self, self.c1, (self.s1, self.s2))
        self.cluster.start(f"{SERVER}M")
        load(self.x1, "memx_blkback")
        self.cluster.heard(host=self.x1)
        shutil.copy(os.path.join(self.boot.folder, "pattern"), self.c1.share)
        self.full_cluster()
        self.last_room()
        self.guest()
        self.lost_server()

    # Looking.

    @staticmethod
    def state(volume):
        return volume.show()["reserve_state"]

    def granted(self, volume, mib, words):
        seen = volume.show()
        self.check((seen["reserve_state"], seen["granted"]) == ("granted", mib * MIB), f"{words}: {seen}")

    def guaranteed(self):
        """MiB that all servers keep for volumes."""
        return sum(Server(s).show()["guaranteed_pages"] for s in (self.s1, self.s2) if s.running()) / 256

    def pattern(self, what, size, seed):
        return self.c1.rc(f"/share/pattern {what} {self.dev} 0 {size}M {seed}", 180)

    # Steps.

    def full_cluster(self):
        """Others fill the cluster; who has room kept for it is met in full after that."""
        kept, other = Volume(self.x1, "kept"), Volume(self.c1, "other")
        kept.create("48M", "--reserve 48M")
        self.granted(kept, 48, "room is kept for a volume of another host")
        self.check(self.guaranteed() == 48, "servers say so")
        self.dev = other.make("256M", "--thin")
        rc, out = self.pattern("write", 256, 1)
        self.check(rc != 0 and "No space" in out, f"the cluster is full for all others: {out.strip()}")
        used = other.show()["used_pages"] / 256
        self.check(2 * SERVER - 48 - 2 <= used <= 2 * SERVER - 48, f"they have what is left: {used} MiB")
        late = Volume(self.c1, "late")
        late.create("64M", "--thin --reserve 64M")
        seen = late.show()
        self.check(seen["reserve_state"] == "refused" and seen["granted"] == 0, "who comes late is refused")
        self.check("servers could keep" in seen["reserve_error"], f"and told why: {seen['reserve_error']}")
        rc, out = self.c1.rc("memxctl volume create more --size 64M")
        self.check(rc == 1 and "have room for" in out, f"a volume that does not fit is refused in words: {out.strip()}")
        self.check(self.guaranteed() == 48, "nothing is left of what was refused")
        late.remove()
        self.x1.memx_load("memx_client")
        kept.connect()
        rc, out = self.x1.rc(f"dd if=/dev/urandom of={DEV} bs=1M count=48 oflag=direct", 180)
        self.check(rc == 0, f"who has room kept for it writes all of it: {out.strip()}")
        self.check(kept.show()["placed"] == 48, "it has all of its chunks")
        kept.unmake()
        other.unmake()
        self.cluster.empty(60)
        self.check(self.guaranteed() == 0, "what is kept goes with its volume")

    def ask(self, volume, mib):
        """Sets a figure and waits for the answer."""
        volume.host.sh(f"memxctl volume set {volume.name} --reserve {mib}M")
        return self.until(lambda: (self.state(volume) != "asking" and self.state(volume)), f"{volume.name} has an answer", 60)

    def last_room(self):
        """Two hosts ask for the last room at once."""
        a, b = Volume(self.c1, "a"), Volume(self.x1, "b")
        for volume in (a, b):
            volume.create("96M")
        wins = {"a": 0, "b": 0}
        for i in range(ROUNDS):
            mib = 64 if i % 10 == 9 else 65 + i % 30
            answer = {}

            def one(volume, mib=mib, answer=answer):
                answer[volume.name] = self.ask(volume, mib)

            self.together(lambda: one(a), lambda: one(b))
            if mib == 64:
                self.check(list(answer.values()) == ["granted"] * 2, f"both get {mib} MiB, which fit: {answer}")
            else:
                self.check(sorted(answer.values()) == ["granted", "refused"], f"one of two gets {mib} MiB: {answer}")
                self.check(self.guaranteed() == mib, f"and the other nothing: {self.guaranteed()}")
                wins[next(name for name, state in answer.items() if state == "granted")] += 1
            self.together(lambda: self.ask(a, 0), lambda: self.ask(b, 0))
            self.until(lambda: self.guaranteed() == 0, "all is given back", 60)
        self.figure("won_by_a", wins["a"])
        self.figure("won_by_b", wins["b"])
        a.remove()
        b.remove()

    def keys(self, guest):
        """A key of its disk's directory in xenstore, and what is written there."""
        path = f"/local/domain/0/backend/vbd/{guest.id}/{1 << 28 | 338 << 8}/memx"
        read = lambda key: self.x1.sh(f"xenstore-read {path}/{key} 2>/dev/null", check=False).strip()
        write = lambda key, text: self.x1.sh(f"xenstore-write {path}/{key} '{text}'")
        return read, write

    def guest(self):
        """The same by a guest's disk, and by what dom0 writes of it in xenstore."""
        guest = self.x1.guest_create("g", memory=96, disks=["vdev=xvdma,script=block-memx,target=vol=g,size=32M,reserve=32M"])
        read, write = self.keys(guest)

        def says(state, mib):
            return read("reserve-state") == state and read("granted") == str(mib * MIB)

        self.until(lambda: says("granted", 32), "what target= says is granted, and told in xenstore", 60)
        write("reserve", 16 * MIB)
        self.until(lambda: says("granted", 16), "another figure in xenstore counts", 60)
        write("reserve", "plenty")
        self.until(lambda: "no number" in read("reserve-error"), "nonsense is refused in words", 60)
        self.check(says("granted", 16), "and changes nothing")
        write("reserve", 1 << 40)
        self.until(lambda: read("reserve-state") == "granted" and not read("reserve-error"), "more than the volume's size is its size", 60)
        write("limit", 8 * MIB)
        self.until(lambda: "more than the limit" in read("reserve-error"), "what contradicts itself is refused in words", 60)
        write("reserve", 8 * MIB)
        self.until(lambda: says("granted", 8) and not read("reserve-error"), "until it does not", 60)
        rc, out = guest.rc("pattern write /dev/xvdma 0 32M 1", 120)
        seen = shown(self.x1, "volume show g")
        self.check(rc != 0 and seen["placed"] == 8, f"the guest cannot write beyond the limit: {out.strip()}, {seen['placed']} MiB are stored")
        self.check("its limit is reached" in self.x1.dmesg(), "and the log says so")
        self.x1.sh("/memx-build/tools/memx-xs check")
        guest.destroy()
        self.until(lambda: self.guaranteed() == 0, "what is kept goes with the disk", 60)

    def lost_server(self):
        """What was kept on a server that is lost is asked for anew, and had when there is room for it."""
        v, w = Volume(self.c1, "v"), Volume(self.x1, "w")
        v.create("48M", "--reserve 40M")
        self.granted(v, 40, "room is kept on one server")
        first = next(s for s in (self.s1, self.s2) if Server(s).show()["guaranteed_pages"])
        w.create("64M", "--reserve 64M")
        self.granted(w, 64, "and on both for another volume")
        events = self.c1.bg("memxctl --json monitor")
        first.kill()
        self.until(lambda: self.state(v) == "degraded" and v.show()["granted"] == 0, "when the server is lost it is degraded", 60)
        self.until(lambda: v.show()["reserve_error"], "and says why", 60)
        w.remove()
        self.until(lambda: self.state(v) == "granted" and self.guaranteed() == 40, "the other server keeps it when it has the room", 120)
        events.kill()
        self.check('"degraded"' in events.output and '"granted"' in events.output, "both is told by events")
        v.remove()

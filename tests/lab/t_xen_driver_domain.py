# SPDX-License-Identifier: GPL-2.0
"""Disks from a domain other than dom0: they come and go, a failed script is told in dom0, and what its crash does is what the manual says."""
import json
import re

from lab import Test, linux, xen
from labkit import driver
from labkit.memx import Cluster, Server, told

MIB = 1 << 20
XVDMA = 1 << 28 | 338 << 8
NAMES = "abcdefgh"
XS = "/memx-build/tools/memx-xs"
SERVICE = "/memx-build/tools/memx-dom0"
SEVERAL = 4                     # disks of one guest

# A guest's program that goes on with its disk; beside its number of rounds it says when one has failed.
ROUNDS = """seed=1
while :; do
    pattern write /dev/xvdma 8M 1M $seed 16K && pattern verify /dev/xvdma 8M 1M $seed 16K || { echo failed; exit 1; }
    echo $seed > /tmp/rounds
    seed=$((seed + 1))
done"""


def vdev(name):
    return f"xvdm{name}"


def number(name):
    """Of the disk xvdm<name>."""
    return XVDMA + (NAMES.index(name) << 8)


def disk(name, target):
    return f"vdev={vdev(name)},backend=memxdd,script=block-memx,target={target}"


class T(Test):
    hosts = {"x1": xen(memory=2048, spare=True), "s1": linux()}
    timeout = 5400
    # A guest whose I/O waits says so.
    allow = [r"task \S+ blocked for more than", r"Call Trace:"]

    @classmethod
    def before_boot(cls):
        driver.install()

    def run(self):
        driver.bridge(self.x1)
        Cluster.serve(self.s1, "256M")
        self.x1.sh(SERVICE)
        self.dd = driver.DriverDomain(self, self.x1)
        self.dd.up()
        self.cluster = Cluster(self, self.dd.guest, (self.s1,), "memx_blkback")
        self.cluster.heard(60)
        guest = self.x1.guest_create("g1", memory=96, disks=[disk("a", "vol=a,size=32M")])
        for step in (self.works, self.several, self.reserved, self.bad_targets, self.devd_anew, self.quota):
            step(guest)
        guest.shutdown()
        self.nothing("the guest has ended")
        for step in (self.crash, self.started_anew, self.idle_comes_back, self.busy_comes_back, self.clear_away):
            step()

    # Looking.

    def volumes(self):
        return set(self.dd.guest.sh("memxctl --field name volume list").split())

    def nothing(self, words):
        self.until(lambda: not self.volumes(), f"{words}: no volume is left", 60)
        self.until(lambda: not Server(self.s1).volumes(), f"{words}: nor anything on the server", 60)

    def backend(self, guest, name):
        return f"/local/domain/{self.dd.guest.id}/backend/vbd/{guest.id}/{number(name)}"

    def listed(self, guest):
        """The numbers of a guest's disks, as xl lists them."""
        return {int(n) for n in re.findall(r"^(\d+) ", self.x1.sh(f"xl block-list {guest.name}"), re.M)}

    def domain(self, guest):
        """What dom0 says of a guest."""
        return next((row for row in json.loads(self.x1.sh("memxctl --json domain list")) if row["name"] == guest.name), None)

    def connected(self, guest, name):
        self.x1.sh(f"{XS} wait {guest.id} {vdev(name)} state ok --timeout 120", 180)
        self.until(lambda: guest.rc(f"test -b /dev/{vdev(name)}")[0] == 0, f"the guest has {vdev(name)}", 60)

    @staticmethod
    def pattern(guest, name, seed, size="1M"):
        guest.sh(f"pattern write /dev/{vdev(name)} 0 {size} {seed} 16K && pattern verify /dev/{vdev(name)} 0 {size} {seed} 4K", 240)

    def attach(self, guest, name, target):
        self.x1.sh(f"xl block-attach {guest.name} '{disk(name, target)}'", 120)

    def detach(self, guest, name):
        """xl waits no longer than 10 s for the driver domain, of which a slow machine may need more; said again, it clears away the rest."""
        words = f"xl block-detach {guest.name} {vdev(name)}"
        rc, out = self.x1.rc(words, 120)
        self.until(lambda: self.x1.xenstore(f"{self.backend(guest, name)}/state") is None, f"{vdev(name)}: the driver domain has removed it", 60)
        if rc:
            self.check("timed out" in out, f"xl says why it has not ended well: {out}")
            self.x1.sh(words, 120)

    # A driver domain that is well.

    def works(self, guest):
        """Verified I/O, and dom0 sees whose it is."""
        self.connected(guest, "a")
        self.pattern(guest, "a", 1, "4M")
        self.check(self.volumes() == {"a"}, "the driver domain has the volume")
        self.check(not self.x1.rc("[ -d /sys/module/memx_core ]")[0] == 0, "dom0 has nothing of it")
        line = next(row for row in self.x1.sh(f"xl block-list {guest.name}").splitlines() if row.startswith(str(XVDMA)))
        self.check(line.split()[1] == str(self.dd.guest.id), f"xl says that its backend is the driver domain: {line}")
        listed = json.loads(self.x1.sh(f"{XS} list --json"))
        self.check([(row["volume"], row["state"]) for row in listed] == [("a", "ok")], f"memx-xs in dom0 knows the disk: {listed}")
        out = self.dd.guest.sh("memx-xs list")
        self.check(" a " in out, f"and in the driver domain: {out}")
        out = self.dd.guest.sh("memx-xs check")
        self.check("0 faults" in out, f"its record is as it should be: {out}")

    def several(self, guest):
        """More disks come, one without vol=, and go again."""
        uuid = self.x1.xenstore(f"/local/domain/{guest.id}/vm").split("/")[-1]
        for name in NAMES[1:SEVERAL]:
            self.attach(guest, name, "size=16M" if name == "b" else f"vol={name},size=16M")
        for name in NAMES[1:SEVERAL]:
            self.connected(guest, name)
        self.check(self.volumes() == {"a", f"{uuid}-b", *NAMES[2:SEVERAL]}, f"without vol= it is named by the uuid: {self.volumes()}")
        self.check(self.listed(guest) == {number(name) for name in NAMES[:SEVERAL]}, "xl lists all of them")
        self.together(*(lambda n=n: self.pattern(guest, n, ord(n)) for n in NAMES[1:SEVERAL]))
        guest.sh("pattern verify /dev/xvdma 0 4M 1 16K", 240)
        for name in NAMES[1:SEVERAL]:
            self.detach(guest, name)
        self.until(lambda: self.volumes() == {"a"}, "their volumes are gone", 30)
        self.check(self.listed(guest) == {XVDMA}, "xl lists the one that is left")

    def reserved(self, guest):
        """dom0's service asks the driver domain's backend for what was set."""
        out = self.x1.sh(f"memxctl domain set {guest.name} --reservation 16M --wait 60", 240)
        self.check("granted" in out, f"a reservation is granted: {out}")
        self.check(self.domain(guest)["granted"] == 16 * MIB, "dom0 says so")
        self.check(Server(self.s1).show()["guaranteed_pages"] * 4096 >= 16 * MIB, "the server keeps it")

    # What goes wrong in it.

    def bad_target(self, guest, target, words):
        """xl does not wait for the script; memx-xs does, and dom0's service tells of it."""
        self.attach(guest, "b", target)
        rc, out = self.x1.rc(f"{XS} wait {guest.id} xvdmb state ok --timeout 300", 400)
        self.check(rc == 1 and words in out and "300 s" not in out, f"'{target}': memx-xs wait says '{words}': {out}")
        self.until(lambda: re.search(f"xvdmb: .*{words}", self.domain(guest)["error"] or ""), f"'{target}': dom0's service says it too", 20)
        self.check(words in self.x1.sh(f"{XS} list"), "and so does memx-xs list")
        self.until(lambda: self.domain(guest)["state"] == "granted" and self.domain(guest)["granted"] >= 16 * MIB,
                   "the reservation is granted to the disk that is there", 20)
        self.detach(guest, "b")
        self.until(lambda: self.domain(guest)["error"] is None, "once it is detached all is well", 20)
        self.check(self.volumes() == {"a"} and self.listed(guest) == {XVDMA}, "and nothing is left of it")

    def bad_targets(self, guest):
        self.bad_target(guest, "vol=b,size=lots", "'lots' is no size")
        self.bad_target(guest, "vol=b,size=8G", "have room for")
        self.bad_target(guest, "vol=a,size=32M", "is in use by xvdma of domain")
        self.attach(guest, "b", "vol=b,size=16M")
        self.connected(guest, "b")
        self.pattern(guest, "b", 3)
        self.detach(guest, "b")

    def devd_anew(self, guest):
        """xl devd may be killed: what is connected works on, and what came meanwhile is seen to by the next one."""
        self.dd.kill_devd()
        guest.sh("pattern verify /dev/xvdma 0 4M 1 16K", 240)
        self.attach(guest, "b", "vol=b,size=16M")
        self.check(self.x1.xenstore(f"{self.backend(guest, 'b')}/hotplug-status") is None, "nobody has run its script")
        self.dd.start_devd()
        self.connected(guest, "b")
        self.pattern(guest, "b", 4)
        self.detach(guest, "b")
        guest.sh("pattern verify /dev/xvdma 0 4M 1 16K", 240)

    def quota(self, guest):
        """A driver domain that has as many nodes as xenstored allows: a disk more is refused in words, the others work on."""
        nodes = self.nodes()
        self.figure("nodes", nodes)
        self.x1.sh(f"xenstore-control quota set nodes {nodes + 24}")
        rc, out = self.x1.rc(f"xl block-attach {guest.name} '{disk('b', 'vol=b,size=16M')}'", 120)
        self.figure("quota_xl", rc)
        rc, said = self.x1.rc(f"{XS} wait {guest.id} xvdmb state ok --timeout 300", 400)
        self.check(rc == 1 and "quota is used up" in said, f"memx-xs wait says why: {said}")
        self.until(lambda: re.search("xvdmb: .*quota is used up", self.domain(guest)["error"] or ""), f"dom0's service tells of it, xl said: {out}", 30)
        self.pattern(guest, "a", 1, "4M")
        self.detach(guest, "b")
        self.x1.sh("xenstore-control quota set nodes 1000")
        self.attach(guest, "b", "vol=b,size=16M")
        self.connected(guest, "b")
        self.pattern(guest, "b", 5)
        self.figure("nodes_of_a_disk", self.nodes() - nodes)
        self.detach(guest, "b")

    def nodes(self):
        """Nodes that count as the driver domain's."""
        return len(re.findall(rf"\(n{self.dd.guest.id}[,)]", self.x1.sh("xenstore-ls -f -p", 120)))

    # Its crash.

    def crash(self):
        """With a guest's I/O under way, and another guest that is idle."""
        self.dd.guest.sh("memxctl volume create keep --size 32M && memxctl volume create idle --size 32M")
        self.busy = self.x1.guest_create("g2", memory=128, disks=[disk("a", "vol=keep")])
        self.idle = self.x1.guest_create("g3", memory=128, disks=[disk("a", "vol=idle")])
        for guest, seed in ((self.busy, 21), (self.idle, 31)):
            self.connected(guest, "a")
            self.pattern(guest, "a", seed)
        self.attach(self.busy, "b", "vol=gone,size=16M")
        self.connected(self.busy, "b")
        self.pattern(self.busy, "b", 22)
        self.idle.sh("echo kept > /tmp/memory")
        self.job = self.busy.bg(ROUNDS)
        self.until(lambda: int(self.busy.sh("cat /tmp/rounds 2>/dev/null || echo 0")) > 2, "the guest is at work", 120)
        self.crashed = self.dd.guest.id
        self.dd.lost()
        self.x1.sh("xl destroy memxdd", 120)
        self.rounds = self.stuck()
        self.told_gone(self.busy)

    def started_anew(self):
        """A new driver domain alone brings nothing back; it takes the volumes back by the manual's command."""
        self.dd.up()
        self.cluster.client = self.dd.guest
        self.cluster.heard(60)
        self.check(self.stuck() == self.rounds, "a new driver domain alone does not bring the guest's I/O back")
        self.told_gone(self.busy)
        self.take_back("keep", "idle")

    def stuck(self):
        """The guest's I/O waits, and it does so without an error; the rest of the guest works. Gives how far it came."""
        self.x1.sh("sleep 5")
        was = self.busy.sh("cat /tmp/rounds")
        self.x1.sh("sleep 15")
        self.check(self.busy.sh("cat /tmp/rounds") == was and self.job.running(), f"its I/O waits: {was}, {self.job.output[-200:]}")
        return was

    def told_gone(self, guest):
        for name in "ab":
            self.until(lambda n=name: re.search(f"xvdm{n}: domain {self.crashed}, which served it, is gone", self.domain(guest)["error"] or ""),
                       f"dom0's service says what is wrong with xvdm{name}", 20)

    def take_back(self, *names):
        """The command of the manual, with what a server lists."""
        rows = {row["name"]: row for row in told(self.s1, "server volume list")}
        self.check(set(rows) == {"keep", "idle", "gone"}, f"the server has all volumes: {rows}")
        for name in names:
            self.check(rows[name]["state"] in ("over", "silent", "alive"), f"{name}: {rows[name]['state']}")
            self.say(f"{name} is {rows[name]['state']}")
            self.dd.guest.sh(f"memxctl volume create {name} --size {rows[name]['size']} --id {rows[name]['id']}", 120)

    def idle_comes_back(self):
        """A guest that has nothing under way may be saved and restored: it goes on where it was."""
        idle = self.idle
        self.x1.sh("xl save g3 /tmp/g3", 240)
        self.x1.sh("xl restore /tmp/g3", 240)
        idle.attach(self.x1)
        self.connected(idle, "a")
        self.check(idle.sh("cat /tmp/memory").strip() == "kept", "it is the same guest")
        idle.sh("pattern verify /dev/xvdma 0 1M 31 16K", 240)
        self.pattern(idle, "a", 32)
        idle.shutdown()

    def busy_comes_back(self):
        """A guest whose I/O is stuck is destroyed and started: its data is there."""
        self.busy.destroy(180)
        guest = self.x1.guest_create("g2", memory=128, disks=[disk("a", "vol=keep")])
        self.connected(guest, "a")
        guest.sh("pattern verify /dev/xvdma 0 1M 21 16K", 240)
        self.attach(guest, "b", "vol=gone,size=16M")
        self.connected(guest, "b")
        out = guest.sh("head -c 4194304 /dev/xvdmb | tr -d '\\000' | wc -c")
        self.check(out.strip() == "0", f"the volume that was its disk's alone is a new one: {out}")
        self.pattern(guest, "b", 23)
        guest.shutdown()

    def clear_away(self):
        """What the crash has left on the server goes by the manual's commands."""
        self.until(lambda: self.volumes() == {"keep", "idle"}, "what was there before the guests stays", 30)
        for name in ("keep", "idle"):
            self.dd.guest.sh(f"memxctl volume remove {name}")
        left = self.until(lambda: [row for row in told(self.s1, "server volume list") if row["name"] == "gone"],
                          "the server still has what the crashed domain's disk had", 30)
        self.check(len(left) == 1, f"one of it: {left}")
        self.s1.sh(f"memxctl server volume drop --id {left[0]['id']}")
        self.until(lambda: not Server(self.s1).volumes() and not self.cluster.used(self.s1), "the server has its memory back", 60)

# SPDX-License-Identifier: GPL-2.0
"""vdev=memx in xl: by a shim before the stock one, and by Xen's libraries with our patch; what is stored stays what stock xl knows."""
import json
import os
import re
import shutil
import subprocess

from lab import Test, linux, xen
from labkit import libxl
from labkit.memx import Cluster, Server
from labkit.paths import BUILD, ROOT, LabError

XL = "/usr/lib/xen-4.17/bin/xl"
SHIM = "/memx-build/xl-shim/memx-xl-shim.so"
SCRIPT = "/memx/packaging/xl-shim/xl-shim"
LIBRARIES = "/usr/lib/x86_64-linux-gnu"
XVDMA, NEXT = 1 << 28 | 338 << 8, 1 << 8
WRONG = ("memxaa", "memxb1", "memx1", "memxA")
# A disk's other name, where xenstore has the name of a disk.
ALIAS = re.compile(r'/dev = "memx')


class T(Test):
    hosts = {"x1": xen(), "s1": linux()}
    timeout = 2400

    @classmethod
    def before_boot(cls):
        cls.patched = libxl.patched()
        done = subprocess.run(["make", "-s", "-C", ROOT, "xl-shim", f"O={BUILD}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        if done.returncode:
            raise LabError("the shim cannot be compiled:\n" + done.stdout)

    def run(self):
        Cluster(self, self.x1, (self.s1,), "memx_blkback").start(memory="256M")
        self.verify = self.x1.sh("dpkg --verify xen-utils-4.17 libxenmisc4.17", check=False)
        self.stock()
        self.refusals_of_shim()
        self.shim("install")
        self.names("with the shim", "g1")
        self.survivor()
        self.patch()
        self.names("with the patch", "g3")
        self.unpatch()
        self.stock()

    # xl as it is now.

    def spec(self, vdev, more="target=size=32M"):
        return f"vdev={vdev}{',' + more if more else ''}"

    def create_fails(self, words, *disks):
        """xl create must fail and say one of @words, and leave nothing."""
        path = self.x1.guest_config("bad", memory=128, disks=disks)
        rc, out = self.x1.rc(f"xl create {path}", 120)
        self.check(rc != 0 and words in out, f"{' and '.join(disks)} is refused with '{words}': {out[-600:]}")
        self.check(self.x1.domid("bad") is None, "no domain is left")

    def volumes(self):
        return self.x1.sh("memxctl --field name volume list").split()

    def uuid(self, guest):
        return self.x1.xenstore(f"/local/domain/{self.x1.domid(guest.name)}/vm").rsplit("/", 1)[1]

    def stored(self, guest):
        """Of what xl has stored of a domain, the disks; nowhere in it, nor in xenstore, is a name that stock xl would not know."""
        config = self.x1.sh(f"xl list -l {guest.name} 2>/dev/null")
        disks = json.loads(config)[0]["config"].get("disks", [])
        names = [disk["vdev"] for disk in disks]
        self.check(all(re.fullmatch(r"xvd[a-z]+", name) for name in names), f"the configuration has stock names: {names}")
        self.check(all(disk["script"] == "block-memx" for disk in disks), f"and the script: {disks}")
        nodes = self.x1.sh("xenstore-ls -f /local/domain/0/backend/vbd; xenstore-ls -f /libxl")
        found = [line for line in nodes.splitlines() if ALIAS.search(line)]
        self.check('/dev = "xvdma"' in nodes and not found, f"so has xenstore: {found}")
        return names

    def listed(self, guest):
        """Numbers of a guest's disks, as xl block-list has them."""
        return [int(line.split()[0]) for line in self.x1.sh(f"xl block-list {guest.name}").splitlines()[1:]]

    # Stock.

    def stock(self):
        """Without us xl has its own words, and everything of Xen's packages is as they have it."""
        self.check(self.x1.sh("dpkg-divert --list '*xen*'").strip() == "", "nothing is diverted")
        now = self.x1.sh("dpkg --verify xen-utils-4.17 libxenmisc4.17", check=False)
        self.check(now == self.verify, f"Xen's packages are as dpkg knows them: {now}")
        self.create_fails("Disk vdev=memx failed to stat", self.spec("memx"))
        rc, out = self.x1.rc("xl -N block-attach 0 vdev=memx")
        self.check(rc != 0 and "no target specified" in out, f"xl is the stock one: {out}")

    # The shim.

    def shim(self, what, check=True):
        rc, out = self.x1.rc(f"{SCRIPT} {what} {SHIM if what == 'install' else ''}")
        self.check(rc == 0 or not check, f"xl-shim {what}: {out}")
        self.say(out.strip())
        return out

    def refusals_of_shim(self):
        """Where the shim does not fit it says so, and changes nothing."""
        x1 = self.x1
        x1.sh(f"sed 's/VERS_4.17.0/VERS_4.19.0/g' {SHIM} >/tmp/memx-xl-shim.so")
        rc, out = x1.rc(f"{SCRIPT} install /tmp/memx-xl-shim.so")
        self.check(rc != 0 and "was made for Xen 4.19" in out, f"a shim for another Xen is refused: {out}")
        x1.sh(f"cp {XL} /tmp/xl && sed -i 's/VERS_4.17.0/VERS_4.17.5/g' {XL}")
        rc, out = x1.rc(f"{SCRIPT} install {SHIM}")
        self.check(rc != 0 and "may lie elsewhere" in out, f"an xl of other libraries is refused: {out}")
        x1.sh(f"cp -p /tmp/xl {XL}")
        x1.sh(f"dpkg-divert --quiet --local --no-rename --divert {XL}.theirs --add {XL}")
        rc, out = x1.rc(f"{SCRIPT} install {SHIM}")
        self.check(rc != 0 and f"diverted to {XL}.theirs" in out, f"somebody else's diversion is left alone: {out}")
        x1.sh(f"dpkg-divert --quiet --local --no-rename --divert {XL}.theirs --remove {XL}")
        self.check(x1.rc(f"{SCRIPT} status")[0] == 1, "nothing was installed")

    def survivor(self):
        """A guest made with the shim lives on without it: stock xl reboots, saves, restores it and takes its disks away."""
        x1 = self.x1
        guest = x1.guest_create("g2", memory=128, disks=[self.spec("memx")])
        guest.sh("pattern write /dev/xvdma 0 8M 5")
        name = f"{self.uuid(guest)}-a"
        self.shim("remove")
        self.shim("remove")
        self.stock()
        self.check(self.stored(guest) == ["xvdma"], "the guest's disk is there")
        x1.sh("xl save g2 /tmp/f", 120)
        self.check(self.volumes() == [name], "its volume is kept")
        x1.sh("xl restore /tmp/f", 120)
        guest.attach(x1)
        guest.sh("pattern verify /dev/xvdma 0 8M 5", 120)
        self.check(self.volumes() == [name], "and found again by its name")
        x1.sh("xl block-detach g2 xvdma", 60)
        self.until(lambda: self.volumes() == [], "the disk goes, and its volume", 20)
        guest.shutdown()

    # The patch.

    def patch(self):
        """Xen's libraries are replaced by ours, as packages would do it."""
        for library in ("libxlutil", "libxenlight"):
            shutil.copy(os.path.join(self.patched, library + ".so"), self.x1.share)
            self.x1.sh(f"cd {LIBRARIES} && cp -p {library}.so.4.17.0 /root/{library} && cp /share/{library}.so {library}.new && "
                       f"mv {library}.new {library}.so.4.17.0")

    def unpatch(self):
        for library in ("libxlutil", "libxenlight"):
            self.x1.sh(f"cd {LIBRARIES} && cp -p /root/{library} {library}.new && mv {library}.new {library}.so.4.17.0")

    # What both do.

    def names(self, how, name):
        """create, block-attach, block-list, block-detach and errors."""
        self.say(how)
        x1 = self.x1
        guest = x1.guest_create(name, memory=128, disks=[self.spec("memx"), self.spec("memxz", "target=vol=z,size=16M")],
                                cfg_extra='on_reboot = "restart"')
        uuid = self.uuid(guest)
        self.check(sorted(self.volumes()) == sorted([f"{uuid}-a", "z"]), f"the volumes have the domain's uuid and their name: {self.volumes()}")
        guest.sh("test -b /dev/xvdma && test -b /dev/xvdmz && pattern write /dev/xvdma 0 8M 3 && pattern verify /dev/xvdma 0 8M 3")
        x1.sh(f"xl block-attach {name} {self.spec('memxb')}", 60)
        x1.sh(f"xl block-attach {name} vdev=memxc access=rw target=size=16M", 60)
        self.until(lambda: guest.rc("test -b /dev/xvdmb && test -b /dev/xvdmc")[0] == 0, "the guest has them", 20)
        self.check(self.stored(guest) == ["xvdma", "xvdmz", "xvdmb", "xvdmc"], "xl has stored them")
        self.check(sorted(self.listed(guest)) == [XVDMA, XVDMA + NEXT, XVDMA + 2 * NEXT, XVDMA + 25 * NEXT], "and lists them")
        guest.sh("pattern write /dev/xvdmb 0 8M 4 && pattern verify /dev/xvdmb 0 8M 4 && pattern verify /dev/xvdma 0 8M 3")
        x1.sh(f"xl block-detach {name} memxb", 60)
        x1.sh(f"xl block-detach {name} xvdmc", 60)
        self.until(lambda: sorted(self.volumes()) == sorted([f"{uuid}-a", "z"]), "they are gone, with their volumes", 20)
        self.check(self.stored(guest) == ["xvdma", "xvdmz"], "and xl has forgotten them")
        self.errors(guest)
        self.reboot(guest, uuid)
        self.until(lambda: self.volumes() == [] and Server(self.s1).used() == 0, "nothing is left", 30)

    def errors(self, guest):
        x1 = self.x1
        for wrong in WRONG:
            rc, out = x1.rc(f"xl block-attach {guest.name} {self.spec(wrong, 'script=block-memx,target=size=16M')}", 60)
            self.check(rc != 0 and f"identifier {wrong}" in out, f"{wrong}: xl's own words: {out[-300:]}")
            rc, out = x1.rc(f"xl block-detach {guest.name} {wrong}", 60)
            self.check(rc != 0 and f"{wrong} not connected" in out, f"{wrong}: is not connected: {out}")
        rc, out = x1.rc(f"xl block-attach {guest.name} {self.spec('memxd', '')}", 60)
        self.check(rc != 0 and "size= is missing" in out, f"without a size: {out[-300:]}")
        x1.sh(f"xl block-detach {guest.name} memxd", 60)
        rc, out = x1.rc(f"xl block-attach {guest.name} {self.spec('memxd', 'target=size=16M,persist=yes')}", 60)
        self.check(rc != 0 and "persist=yes needs vol=NAME" in out, f"without a name that lasts: {out[-300:]}")
        x1.sh(f"xl block-detach {guest.name} memxd", 60)
        rc, out = x1.rc(f"xl block-detach {guest.name} memxq", 60)
        self.check(rc != 0 and "memxq not connected" in out, f"one that there is not: {out}")
        self.create_fails("no target specified", "vdev=xvdma,script=block-memx")
        for disks in (("memx", "xvdma"), ("xvdma", "memx")):
            specs = [self.spec(vdev, f"script=block-memx,target=vol=twice{n},size=16M") for n, vdev in enumerate(disks)]
            path = x1.guest_config("bad", memory=128, disks=specs)
            rc, out = x1.rc(f"xl create {path}", 120)
            self.check(rc != 0 and "xvdma" in out and "memx" in re.sub(r"script|block-memx", "", out), f"{disks} are the same disk: {out[-400:]}")
        self.until(lambda: len(self.volumes()) == 2, "no volume is left of them", 20)
        self.check(self.stored(guest) == ["xvdma", "xvdmz"], "nothing of all this is stored")

    def reboot(self, guest, uuid):
        """The domain is made anew with its uuid: its volume is a fresh one, of the same name."""
        x1 = self.x1
        before, was = x1.domid(guest.name), self.identity(f"{uuid}-a")
        guest.bg("busybox reboot -f")
        self.until(lambda: x1.domid(guest.name) not in (None, before), "the guest is made anew", 60)
        self.until(lambda: x1.xenstore(f"/local/domain/0/backend/vbd/{x1.domid(guest.name)}/{XVDMA}/memx/state") == "ok", "its disk is connected", 60)
        self.check(self.identity(f"{uuid}-a") not in (None, was), "with a fresh volume of the same name")
        self.until(lambda: Server(self.s1).used() == 0, "and nothing is left of what was there", 20)
        self.check(self.stored(guest) == ["xvdma", "xvdmz"], "and its disks have stock names still")
        guest.destroy()

    def identity(self, name):
        """A volume's random id, or None."""
        found = {v["name"]: v["id"] for v in json.loads(self.x1.sh("memxctl --json volume list"))}
        return found.get(name)

# SPDX-License-Identifier: GPL-2.0
"""Guests of other kinds: PV, a newer Debian kernel, GRUB's own disk driver, which boots Linux from a slice, and roots on slices."""
import os
import shutil

from lab import Test, linux, xen
from labkit import debian, recipe
from labkit.memx import Cluster

XVDMA = 1 << 28 | 338 << 8
DISK = "vdev=xvdma,script=block-memx,target=vol={},size=32M"
ROOT = "vdev=xvdma,script=block-memx,target=vol=root"
SUITE = "trixie"
GRUBS = {"pvh": "grub-i386-xen_pvh.bin", "pv": "grub-x86_64-xen.bin"}

# GRUB looks for this file on every disk that it finds. A PV guest's kernel is not packed, as GRUB has its own ways to unpack.
GRUB_CFG = """echo "GRUB reads from ($root)"
if [ "$grub_platform" = xen_pvh ]; then kernel=/boot/vmlinuz; else kernel=/boot/vmlinux; fi
linux $kernel console=hvc0 loglevel=5 mitigations=off random.trust_cpu=on panic=-1 lab.grub
initrd /boot/initrd
boot
"""

# The first stage: from here on the guest lives on its disk.
STAGE1 = """#!/bin/sh
export PATH=/bin:/sbin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in xen-blkfront crc32c_generic ext4; do modprobe $module; done
tries=0
until [ -b /dev/xvdma ]; do
	tries=$((tries + 1))
	[ $tries -gt 600 ] && { echo "lab: no root disk"; poweroff -f; }
	sleep 0.1
done
mount -t ext4 -o noatime /dev/xvdma /mnt || { echo "lab: no root file system"; poweroff -f; }
umount /sys /proc
exec switch_root /mnt /init
"""


class T(Test):
    hosts = {"x1": xen(memory=1792), "s1": linux()}
    timeout = 2400

    @classmethod
    def before_boot(cls):
        debian.package("grub-xen-host")
        debian.fetch_kernel(SUITE)

    def run(self):
        self.cluster = Cluster(self, self.x1, (self.s1,), "memx_blkback")
        self.cluster.start("448M")
        self.sums = {}
        self.plain("pv")
        self.newer()
        self.prepare()
        for kind in GRUBS:
            self.grub(kind)
        self.reboot()
        self.look()

    # Linux.

    def good(self, guest):
        """The guest's disk keeps what is written, in pieces of all sizes."""
        for block in ("4K", "64K", "1M"):
            guest.sh(f"pattern write /dev/xvdma 0 16M 1 {block} && pattern verify /dev/xvdma 0 16M 1 16K", 240)
        self.until(lambda: self.x1.xenstore(f"/local/domain/0/backend/vbd/{guest.id}/{XVDMA}/memx/state") == "ok", "its state is ok")

    def plain(self, kind):
        """A guest with the lab's kernel."""
        guest = self.x1.guest_create("g1", type=kind, memory=96, disks=[DISK.format("a")])
        self.good(guest)
        guest.shutdown()
        self.cluster.empty()

    def newer(self):
        """Guests with the kernel of the next Debian."""
        folder = os.path.join(self.x1.share, "newer")
        release = debian.guest_kernel(SUITE, self.boot.root, self.boot.folder, folder, recipe.GUEST_BOOT_MODULES)
        self.x1.sh("mkdir -p /run/newer && cp /share/newer/vmlinux /share/newer/guest.initrd /run/newer/")
        for kind in ("pvh", "pv"):
            guest = self.x1.guest_create("g2", 'kernel = "/run/newer/vmlinux"\nramdisk = "/run/newer/guest.initrd"', type=kind, memory=160,
                                         disks=[DISK.format("b")])
            self.check(guest.sh("uname -r").strip() == release, f"a guest runs {release}")
            self.good(guest)
            guest.shutdown()
            self.cluster.empty()
        self.x1.sh("rm -r /run/newer")
        self.figure("newer", release)

    # GRUB.

    def prepare(self):
        """A volume with a file system: GRUB's configuration, kernel and initramfs, and a root of a guest."""
        for name in GRUBS.values():
            shutil.copy(os.path.join(debian.package("grub-xen-host"), "usr/lib/grub-xen", name), self.x1.share)
        debian.overlay(os.path.join(self.x1.share, "stage1"), init=STAGE1)
        dev = self.cluster.make("160M", "root")
        self.x1.put("/tmp/grub.cfg", GRUB_CFG)
        self.x1.sh(f"mkfs.ext2 -q -F {dev} && mkdir -p /tmp/root && mount {dev} /tmp/root && cd /tmp/root && "
                   "busybox cpio -idm < /lab-boot/guest.initrd && mkdir -p boot/grub && cp /tmp/grub.cfg boot/grub/ && "
                   "cp /lab-boot/vmlinuz /lab-boot/vmlinux boot/ && cat /lab-boot/guest.initrd /share/stage1 > boot/initrd && "
                   "sync && cd / && umount /tmp/root", 240)
        self.x1.sh("memxctl device remove memxa")

    def grub(self, kind):
        """GRUB, and then Linux, with its root on the same disk; what was written there is there at the next start."""
        lines = f'kernel = "/share/{GRUBS[kind]}"\nramdisk = ""\nextra = ""'
        for start in range(2):
            guest = self.x1.guest_create("g3", lines, type=kind, memory=256, disks=[ROOT], timeout=240)
            self.check("lab.grub" in guest.sh("cat /proc/cmdline"), f"a {kind} guest was booted by GRUB from its disk")
            self.rooted(guest)
            if start == 0:
                self.write(guest, kind)
            else:
                self.found(guest)
            self.off(guest)

    # A root file system.

    def rooted(self, guest):
        self.check("/dev/xvdma / ext4" in guest.sh("cat /proc/mounts"), f"the root of {guest} is on its disk")

    def write(self, guest, name):
        """Puts a file into the root."""
        guest.sh(f"dd if=/dev/urandom of=/{name} bs=1M count=4 && sync", 120)
        self.sums[name] = guest.sh(f"sha256sum /{name}").split()[0]

    def found(self, machine, folder="/"):
        """All files that guests have written are in @folder as they were written."""
        machine.sh("echo 3 > /proc/sys/vm/drop_caches")
        sums = {name: machine.sh(f"sha256sum {os.path.join(folder, name)}", 120).split()[0] for name in self.sums}
        self.check(sums == self.sums, f"{machine} finds what guests have written: {sorted(sums)}")

    def off(self, guest):
        guest.sh("mount -o remount,ro /", check=False)
        guest.shutdown()

    def reboot(self):
        """A guest whose kernel comes from dom0 mounts that root, and xl has it start again."""
        self.x1.sh("cat /lab-boot/guest.initrd /share/stage1 > /run/lab-boot/root.initrd")
        guest = self.x1.guest_create("g4", 'ramdisk = "/run/lab-boot/root.initrd"\non_reboot = "restart"', memory=160, disks=[ROOT])
        self.rooted(guest)
        self.write(guest, "direct")
        self.x1.sh("xl reboot g4")
        self.until(lambda: self.x1.domid("g4") not in (None, guest.id), "the toolstack makes it anew", 60)
        guest.commands.lose("started anew by the toolstack")
        guest = self.x1.guest_join("g4")
        self.rooted(guest)
        self.found(guest)
        self.off(guest)

    def look(self):
        """With no guest on it the disk is attached to dom0 itself, as an admin does who wants to see or change a guest's root."""
        self.x1.sh(f"modprobe xen-blkfront && xl block-attach 0 '{ROOT}'", 60)
        self.until(lambda: self.x1.rc("test -b /dev/xvdma")[0] == 0, "dom0 has the disk", 20)
        self.x1.sh("mount -o ro /dev/xvdma /tmp/root")
        self.found(self.x1, "/tmp/root")
        self.x1.sh("umount /tmp/root && xl block-detach 0 xvdma", 60)
        self.check("root" in self.x1.sh("memxctl --field name volume list").split(), "the volume stays: it was there before all of them")

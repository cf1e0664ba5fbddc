# SPDX-License-Identifier: GPL-2.0
"""Builds what changes more often than the image: the agent, the guests' tools and both initramfs."""
import os
import shutil
import subprocess

from . import recipe
from .cache import forget_old
from .cpio import Archive
from .image import root_image
from .paths import CACHE, LAB, LabError

PROGRAMS = {"agent": ("agent.c", "agent_link.c"), "memsort": ("memsort.c",), "pattern": ("pattern.c",),
            "probe": ("probe.c",), "versions": ("versions.c",), "aio": ("aio.c",)}
# A guest of 96 MiB has no room for more.
IN_GUESTS = ("agent", "memsort", "pattern")
APPLETS = "sh mount umount mkdir insmod modprobe switch_root cat cp sleep ln ls echo poweroff".split()


class Boot:
    """Paths of everything a host or guest boots from."""

    def __init__(self, root, folder):
        self.folder = folder
        self.root = root
        self.root_img = os.path.join(root, "root.img")
        self.vmlinux = os.path.join(root, "vmlinux")
        self.vmlinuz = os.path.join(root, "vmlinuz")
        self.xen = os.path.join(root, "xen")
        self.host_initrd = os.path.join(folder, "host.initrd")
        self.guest_initrd = os.path.join(folder, "guest.initrd")
        with open(os.path.join(root, "kernel-version"), encoding="ascii") as f:
            self.release = f.read().strip()


def _compile(out):
    for name, sources in PROGRAMS.items():
        cmd = ["gcc", "-O2", "-Wall", "-Wextra", "-static", "-o", os.path.join(out, name)]
        cmd += [os.path.join(LAB, "guest", s) for s in sources]
        done = subprocess.run(cmd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise LabError(f"cannot compile the lab's {name}:\n{done.stdout}")


def _common(root, modules, names, release):
    archive = Archive()
    for folder in ("proc", "sys", "run", "tmp", "root", "mnt"):
        archive.folder(folder)
    archive.file("bin/busybox", os.path.join(root, "busybox"), 0o755)
    for applet in APPLETS:
        archive.link("bin/" + applet, "busybox")
    for name in os.listdir(modules):
        archive.file(f"lib/modules/{release}/{name}", os.path.join(modules, name))
    for path, source in names.items():
        archive.file(path, source, 0o755)
    return archive


def _host_initrd(root, out, release):
    names = {"init": os.path.join(LAB, "host", "init"), "lab/init": os.path.join(LAB, "host", "root-init"),
             "lab/agent": os.path.join(out, "agent")}
    archive = _common(root, os.path.join(root, "host-modules"), names, release)
    archive.data("etc/boot-modules", " ".join(recipe.HOST_MODULES).encode() + b"\n")
    archive.write(os.path.join(out, "host.initrd"))


def guest_initrd(root, programs, release, modules, out):
    """Writes the guests' initramfs into the folder @out. @root has busybox, @programs what IN_GUESTS names, @modules the kernel's."""
    names = {"init": os.path.join(LAB, "guest", "init")}
    for program in IN_GUESTS:
        names["bin/" + program] = os.path.join(programs, program)
    archive = _common(root, modules, names, release)
    archive.data("etc/boot-modules", " ".join(recipe.GUEST_BOOT_MODULES).encode() + b"\n")
    archive.data("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    archive.write(os.path.join(out, "guest.initrd"))


def prepare(force=False):
    """Builds whatever of image, programs and initramfs is not there yet."""
    root, key = root_image(force)
    out = os.path.join(CACHE, "boot-" + recipe.boot_key(key))
    boot = Boot(root, out)
    if force or not os.path.exists(boot.guest_initrd):
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        _compile(out)
        for kernel in ("vmlinux", "vmlinuz"):
            os.link(os.path.join(root, kernel), os.path.join(out, kernel))
        _host_initrd(root, out, boot.release)
        guest_initrd(root, out, boot.release, os.path.join(root, "guest-modules"), out)
    forget_old(2, "[0-9a-f]" * 12, root)
    forget_old(6, "boot-*", out)
    return boot

# SPDX-License-Identifier: GPL-2.0
"""What tests take from Debian beside the image: files of a package, another suite's kernel for guests."""
import glob
import lzma
import os
import shutil
import subprocess

from . import boot
from .cpio import Archive
from .elf import vmlinux
from .paths import CACHE, ROOT, LabError


def package(name):
    """The folder with the files of a package, fetched when it is not there; nothing is installed."""
    out = os.path.join(CACHE, "package-" + name)
    if not os.path.isdir(out):
        work = out + ".new"
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        got = subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", name], cwd=work, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, check=False)
        debs = glob.glob(os.path.join(work, "*.deb"))
        if got.returncode or len(debs) != 1:
            raise LabError(f"{name} cannot be fetched:\n{got.stdout}")
        subprocess.run(["dpkg-deb", "-x", debs[0], work], check=True)
        os.unlink(debs[0])
        os.rename(work, out)
    return out


def fetch_kernel(suite):
    """Makes the kernel of another suite be there, as the suite `builds` of make check has it, and gives its folder."""
    pattern = os.path.join(ROOT, ".cache", "kernels", suite + "-*")
    if not any(os.path.exists(os.path.join(folder, ".made")) for folder in glob.glob(pattern)):
        subprocess.run([os.path.join(ROOT, "compat/build-all.sh"), suite], stdout=subprocess.DEVNULL, check=True)
    return next(folder for folder in glob.glob(pattern) if os.path.exists(os.path.join(folder, ".made")))


def _modules(folder, names, into):
    """Unpacks modules that need no others, with a list of them that busybox's modprobe understands."""
    os.makedirs(into)
    with open(os.path.join(folder, "modules.dep"), encoding="ascii") as f:
        where = {os.path.basename(path): (path, needs.split()) for path, _, needs in (line.partition(":") for line in f)}
    with open(os.path.join(into, "modules.dep"), "w", encoding="ascii") as dep:
        for name in names:
            path, needs = where[name + ".ko.xz"]
            if needs:
                raise LabError(f"{name} needs {needs}")
            with lzma.open(os.path.join(folder, path)) as f, open(os.path.join(into, name + ".ko"), "wb") as to:
                shutil.copyfileobj(f, to)
            dep.write(name + ".ko:\n")


def guest_kernel(suite, image_folder, tools, out, modules):
    """
    Writes vmlinux and guest.initrd of another suite into the folder @out, with these modules. @image_folder, @tools: where
    the image's busybox and the guests' programs are. Gives the kernel's release.
    """
    tree = fetch_kernel(suite)
    newest = sorted(glob.glob(os.path.join(tree, "boot", "vmlinuz-*")))[-1]
    release = os.path.basename(newest)[len("vmlinuz-"):]
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    with open(newest, "rb") as f, open(os.path.join(out, "vmlinux"), "wb") as to:
        to.write(vmlinux(f.read()))
    plain = os.path.join(out, "modules")
    _modules(os.path.join(tree, "lib/modules", release), modules, plain)
    boot.guest_initrd(image_folder, tools, release, plain, out)
    return release


def overlay(path, **files):
    """Writes an initramfs with programs that take the place of those in the one before it: overlay(path, init=text)."""
    archive = Archive()
    for name, text in files.items():
        archive.data(name, text.encode(), 0o755)
    archive.write(path)

# SPDX-License-Identifier: GPL-2.0
"""Builds the one root image that all hosts share, and takes kernel, hypervisor and modules out of it."""
import gzip
import os
import shutil
import subprocess
import sys
import time

from . import recipe
from .elf import vmlinux
from .paths import CACHE, LabError

TOOLS = {"mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs", "qemu-system-x86_64": "qemu-system-x86",
         "ip": "iproute2", "gcc": "gcc"}
# Settings of this machine's apt that must hold inside the image's bootstrap too.
APT_KEEP = ("Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::Check-Valid-Until", "Acquire::Check-Date")

DEBIAN_KERNEL = """
chroot "$root" sh -c "cd /tmp && apt-get -o APT::Sandbox::User=root download linux-image-$release" || {
    echo "the archive has no linux-image-$release any more: apt-get update, apt-get install linux-headers-amd64" >&2
    exit 1
}
dpkg-deb --fsys-tarfile "$root"/tmp/linux-image-*.deb | tar -C "$root" -x --keep-directory-symlink
rm -f "$root"/tmp/*.deb
"""

OWN_KERNEL = """
make -s -C "$LAB_KERNEL" INSTALL_MOD_PATH="$root" INSTALL_MOD_STRIP=1 modules_install
cp "$LAB_KERNEL/arch/x86/boot/bzImage" "$root/boot/vmlinuz-$release"
"""

HOOK_BEGIN = """
set -e
root=$1
release=%(release)s
%(install)s
for d in %(prune)s; do rm -rf "$root/lib/modules/$release/kernel/$d"; done
chroot "$root" depmod "$release"
"""

HOOK = HOOK_BEGIN + """
rm -rf "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/locale "$root"/var/cache/apt/*
ssh-keygen -q -t ed25519 -N '' -C lab -f "$root/root/.ssh/id_ed25519" 2>/dev/null || {
    mkdir -p -m 700 "$root/root/.ssh"
    chroot "$root" ssh-keygen -q -t ed25519 -N '' -C lab -f /root/.ssh/id_ed25519
}
cp "$root/root/.ssh/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
printf 'StrictHostKeyChecking no\\nUserKnownHostsFile /dev/null\\nLogLevel ERROR\\n' > "$root/root/.ssh/config"
mkdir -p "$root/share" "$root/memx" "$root/memx-build" "$root/lab-boot" "$root/run/sshd"
"""


def say(words):
    print(words, file=sys.stderr, flush=True)


def check_tools():
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    lacking = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool, path=path)})
    if lacking:
        raise LabError("the lab needs programs that are not here: apt-get install " + " ".join(lacking))


def _mirrors():
    mirror = os.environ.get("LAB_MIRROR", "http://deb.debian.org/debian")
    security = os.environ.get("LAB_MIRROR_SECURITY", "http://deb.debian.org/debian-security")
    suite = recipe.SUITE
    return [f"deb {mirror} {suite} main", f"deb {mirror} {suite}-updates main",
            f"deb {security} {suite}-security main"]


def _apt_options():
    out = subprocess.run(["apt-config", "dump"], stdout=subprocess.PIPE, text=True, check=False).stdout
    return [line for line in out.splitlines() if line.split(" ")[0] in APT_KEEP]


def _as_root():
    """Prefix that gives a lone ordinary user the ids to unpack a root file system."""
    return [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user"]


def bootstrap(work, packages, commands):
    """
    Makes the folder @work with an archive of Debian and @packages, on which the shell @commands were run with its path as
    $1. Gives the archive's path.
    """
    subprocess.run([*_as_root(), "rm", "-rf", work], check=True)
    os.makedirs(work)
    hook = os.path.join(work, "hook")
    with open(hook, "w", encoding="ascii") as f:
        f.write(commands)
    tar = os.path.join(work, "root.tar")
    log = os.path.join(work, "mmdebstrap.log")
    cmd = ["mmdebstrap", "--variant=minbase", "--include=" + ",".join(packages),
           "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/doc/*",
           "--dpkgopt=path-exclude=/usr/share/locale/*", f'--customize-hook=sh {hook} "$1"']
    cmd += ["--aptopt=" + option for option in _apt_options()]
    cmd += [recipe.SUITE, tar, *_mirrors()]
    with open(log, "w", encoding="utf-8") as f:
        rc = subprocess.run(cmd, stdout=f, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False).returncode
    if rc:
        with open(log, encoding="utf-8", errors="replace") as f:
            raise LabError("mmdebstrap failed:\n" + "".join(f.readlines()[-25:]))
    return tar


def unpack(tar, work):
    """Makes the folder @work/tree of such an archive; gives its path."""
    tree = os.path.join(work, "tree")
    subprocess.run([*_as_root(), "rm", "-rf", tree], check=True)
    os.makedirs(tree)
    subprocess.run([*_as_root(), "tar", "-C", tree, "-xf", tar, "--exclude=./dev/*", "--numeric-owner"], check=True)
    return tree


def make_ext4(work, name):
    """Makes a disk of @work/tree, in the file of that name beside it, and removes the tree."""
    tree = os.path.join(work, "tree")
    used = int(subprocess.run(["du", "-sm", tree], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[0])
    subprocess.run([*_as_root(), "mke2fs", "-q", "-F", "-t", "ext4", "-O", "^has_journal", "-m", "0",
                    "-L", "lab", "-d", tree, os.path.join(work, name), f"{used + used // 4 + 1024}M"], check=True,
                   env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"})
    subprocess.run([*_as_root(), "rm", "-rf", tree], check=True)


def _modules_with_needs(tree, release, names):
    """Paths of the modules and of all they depend on, in an order in which insmod can take them."""
    base = os.path.join(tree, "lib/modules", release)
    needs, where = {}, {}
    with open(os.path.join(base, "modules.dep"), encoding="ascii") as f:
        for line in f:
            path, _, rest = line.partition(":")
            name = os.path.basename(path)[:-3].replace("-", "_")
            where[name] = path
            needs[path] = rest.split()
    order = []
    for name in names:
        path = where.get(name.replace("-", "_"))
        if path is None:
            continue                        # built in
        for p in [*reversed(needs[path]), path]:
            if p not in order:
                order.append(p)
    return base, order, needs


def _take_modules(tree, release, names, into):
    base, order, needs = _modules_with_needs(tree, release, names)
    os.makedirs(into)
    with open(os.path.join(into, "modules.dep"), "w", encoding="ascii") as f:
        for path in order:
            shutil.copy(os.path.join(base, path), into)
            f.write(os.path.basename(path) + ":" + "".join(" " + os.path.basename(p) for p in needs[path]) + "\n")


def _take_kernels(tree, release, out):
    with open(os.path.join(tree, "boot", "vmlinuz-" + release), "rb") as f:
        image = f.read()
    with open(os.path.join(out, "vmlinuz"), "wb") as f:
        f.write(image)
    with open(os.path.join(out, "vmlinux"), "wb") as f:
        f.write(vmlinux(image))
    with gzip.open(os.path.join(tree, "boot", f"xen-{recipe.XEN}-amd64.gz")) as src, \
            open(os.path.join(out, "xen"), "wb") as dst:
        shutil.copyfileobj(src, dst)
    with open(os.path.join(out, "kernel-version"), "w", encoding="ascii") as f:
        f.write(release + "\n")


def _build(out, release):
    start = time.monotonic()
    say(f"lab: building the hosts' image for Linux {release} and Xen {recipe.XEN} (once, about two minutes)")
    install = OWN_KERNEL if recipe.own_kernel() else DEBIAN_KERNEL
    work = out + ".new"
    tar = bootstrap(work, recipe.PACKAGES, HOOK % {"release": release, "install": install % {"release": release},
                                                   "prune": " ".join(recipe.PRUNE)})
    tree = unpack(tar, work)
    os.unlink(tar)
    _take_kernels(tree, release, work)
    _take_modules(tree, release, recipe.HOST_MODULES, os.path.join(work, "host-modules"))
    _take_modules(tree, release, recipe.GUEST_MODULES, os.path.join(work, "guest-modules"))
    shutil.copy(os.path.join(tree, "bin/busybox"), work)
    make_ext4(work, "root.img")
    os.rename(work, out)
    say(f"lab: image ready after {time.monotonic() - start:.0f} s")


def root_image(force=False):
    """The folder with root.img, kernels and modules of the current recipe; built when it is not there."""
    check_tools()
    release = recipe.kernel_version()
    key = recipe.root_key(release)
    out = os.path.join(CACHE, key)
    if force:
        shutil.rmtree(out, ignore_errors=True)
    if not os.path.exists(os.path.join(out, "root.img")):
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(CACHE, exist_ok=True)
        _build(out, release)
    return out, key

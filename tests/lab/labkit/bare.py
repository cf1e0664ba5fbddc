# SPDX-License-Identifier: GPL-2.0
"""A root disk with nothing of the project's on it, for a test that does on it what a manual says."""
import os
import shutil
import subprocess
import time

from . import image, recipe
from .cache import forget_old
from .paths import CACHE, LabError

# What an installed Debian has and the smallest one lacks, as far as a host of the lab needs it; and Xen's tools.
PACKAGES = """
kmod iproute2 procps sudo util-linux e2fsprogs ca-certificates
xen-utils-4.17 xen-utils-common xenstore-utils
""".split()

# The packages that a manual names wait in apt's cache: no host of the lab can reach an archive.
HOOK = image.HOOK_BEGIN + """
apt() { chroot "$root" apt-get -q -y -o APT::Sandbox::User=root --no-install-recommends "$@"; }
apt --download-only install %(wanted)s
mkdir -p "$root/share" "$root/memx" "$root/memx-build" "$root/lab-boot"
"""


def disk(wanted):
    """
    The path of the disk, built when it is not there. @wanted: packages that `apt-get install --no-install-recommends` can
    install on it. Runs before anything boots, as it needs the archive.
    """
    if recipe.own_kernel():
        raise LabError("a bare Debian runs Debian's own kernel: leave out KERNEL= and LAB_KERNEL=")
    image.check_tools()
    release = recipe.kernel_version()
    out = os.path.join(CACHE, "bare-" + recipe.bare_key(release, PACKAGES, wanted))
    path = os.path.join(out, "root.img")
    if not os.path.exists(path):
        start = time.monotonic()
        image.say(f"lab: building a bare Debian's disk for Linux {release} (once, some minutes)")
        hook = HOOK % {"release": release, "install": image.DEBIAN_KERNEL % {"release": release},
                       "prune": " ".join(recipe.PRUNE), "wanted": " ".join(wanted)}
        work = image.unpack(out + ".new", PACKAGES, hook, ["--skip=cleanup/apt"])
        image.make_ext4(work, "root.img")
        shutil.rmtree(out, ignore_errors=True)
        os.rename(work, out)
        image.say(f"lab: disk ready after {time.monotonic() - start:.0f} s")
    forget_old(1, "bare-*", out)
    return path


def checkout(folder):
    """Copies what git knows of this repository, as it is now, into @folder of this machine."""
    files = subprocess.run(["git", "-C", image.ROOT, "ls-files", "-z"], stdout=subprocess.PIPE, check=True).stdout
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    pack = subprocess.Popen(["tar", "-C", image.ROOT, "--null", "-T", "-", "-c"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    unpack = subprocess.Popen(["tar", "-C", folder, "-x"], stdin=pack.stdout)
    pack.stdin.write(files)
    pack.stdin.close()
    if pack.wait() or unpack.wait():
        raise LabError("the checkout cannot be copied")

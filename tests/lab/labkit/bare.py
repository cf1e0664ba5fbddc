# SPDX-License-Identifier: GPL-2.0
"""A root disk for a test that does what a manual says: Debian, what the manual has installed, and what it has built there."""
import os
import subprocess
import sys

from . import image, recipe
from .cache import forget_old
from .paths import BUILD, CACHE, ROOT, LabError

# What an installed Debian has and the smallest one lacks, as far as a host of the lab needs it; and Xen's tools.
PACKAGES = """
kmod iproute2 procps sudo util-linux e2fsprogs ca-certificates
xen-utils-4.17 xen-utils-common xenstore-utils
""".split()

HOOK = image.HOOK_BEGIN + """
mkdir -p "$root/share" "$root/memx" "$root/memx-build" "$root/lab-boot" "$root/root/memx"
"""

# A shell command in a tree, as root there, with this machine's /dev and /proc.
INSIDE = """
mount --rbind /dev "$1/dev" && mount --rbind /proc "$1/proc" &&
exec chroot "$1" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C sh -c "$2"
"""


def _debian(wanted):
    """An archive of Debian with @wanted, made when it is not there."""
    release = recipe.kernel_version()
    out = os.path.join(CACHE, "bare-" + recipe.bare_key(release, PACKAGES, wanted))
    if not os.path.isdir(out):
        image.say(f"lab: fetching a bare Debian for Linux {release} (once, some minutes)")
        hook = HOOK % {"release": release, "install": image.DEBIAN_KERNEL % {"release": release}, "prune": " ".join(recipe.PRUNE)}
        image.bootstrap(out + ".new", [*PACKAGES, *wanted], hook)
        os.rename(out + ".new", out)
    forget_old(1, "bare-*", out)
    return os.path.join(out, "root.tar")


def _checkout(folder):
    """Copies what git knows of this repository, as it is now, into @folder."""
    files = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], stdout=subprocess.PIPE, check=True).stdout
    with subprocess.Popen(["tar", "-C", ROOT, "--null", "-T", "-", "-c"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as pack:
        with subprocess.Popen(["tar", "-C", folder, "-x"], stdin=pack.stdout) as unpack:
            pack.stdin.write(files)
            pack.stdin.close()
    if pack.returncode or unpack.returncode:
        raise LabError("the checkout cannot be copied")


def _inside(tree, command, log):
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    with open(log, "a", encoding="utf-8") as f:
        f.write(f"# {command}\n")
        f.flush()
        done = subprocess.run(["unshare", *as_root, "--mount", "sh", "-c", INSIDE, "sh", tree, command], stdout=f,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        with open(log, encoding="utf-8", errors="replace") as f:
            raise LabError(f"on a bare Debian, this fails: {command}\n" + "".join(f.readlines()[-25:]))


def disk(wanted, command):
    """
    The path of a root disk with Debian, the packages @wanted and nothing else, on which the shell @command was run in a
    checkout of this repository. That is done by this machine, which compiles some ten times as fast as the hosts that it
    emulates; their kernel is not the one that runs, so each word "make" gets KVER=. Runs before anything boots.
    """
    if recipe.own_kernel():
        raise LabError("a bare Debian runs Debian's own kernel: leave out KERNEL= and LAB_KERNEL=")
    image.check_tools()
    work = os.path.join(BUILD, "bare")
    log = os.path.join(BUILD, "bare.log")
    tree = image.unpack(_debian(wanted), work)
    _checkout(os.path.join(tree, "root/memx"))
    if os.path.exists(log):
        os.unlink(log)
    words = [f"make KVER={recipe.kernel_version()}" if word == "make" else word for word in command.split()]
    print(f"on a bare Debian: {' '.join(words)} …", file=sys.stderr, flush=True)
    _inside(tree, "cd /root/memx && " + " ".join(words), log)
    image.make_ext4(work, "root.img")
    return os.path.join(work, "root.img")

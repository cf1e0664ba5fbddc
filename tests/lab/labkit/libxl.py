# SPDX-License-Identifier: GPL-2.0
"""Xen's libraries that xl stands on, built of Debian's source with the patches of packaging/xen, for tests that replace a host's."""
import glob
import hashlib
import os
import shutil
import time

from . import image, recipe
from .cache import forget_old
from .paths import CACHE, ROOT

PATCHES = os.path.join(ROOT, "packaging", "xen")
# What the parts below need to be configured and compiled; Xen's other libraries come from Debian as they are.
PACKAGES = """
gcc libc6-dev make pkg-config dpkg-dev patch xz-utils perl python3-dev flex bison autoconf autotools-dev acpica-tools
libyajl-dev uuid-dev zlib1g-dev libncurses-dev libxen-dev
""".split()
LIBRARIES = ("util/libxlutil", "light/libxenlight")

# In the new root. Of security updates the archive has no sources for long, of the release it has.
BUILD = r"""
set -eu
unset MAKEFLAGS MFLAGS MAKELEVEL
cd /root
find /etc/apt -name '*.list' | xargs sed -n 's/^deb \(.* %(suite)s main\)/deb-src \1/p' >/tmp/source
mv /tmp/source /etc/apt/sources.list.d/source.list
apt-get -qq update
version=$(apt-cache showsrc xen | sed -n 's/^Version: //p' | sort -V | tail -n 1)
apt-get -qq -o APT::Sandbox::User=root --only-source source "xen=$version"
cd xen-*
/root/patches/apply .
cp /usr/share/misc/config.sub /usr/share/misc/config.guess .
./autogen.sh
./configure -q --prefix=/usr --libdir=/usr/lib/x86_64-linux-gnu --with-libexec-leaf-dir=xen-4.17 --sysconfdir=/etc \
    --with-libexec-libdir-suffix=/x86_64-linux-gnu --localstatedir=/var --disable-stubdom --disable-docs --disable-xen \
    --disable-ocamltools --disable-qemu-traditional --disable-rombios --disable-pvshim --disable-golang --disable-ipxe \
    --with-system-qemu=/usr/libexec/xen-qemu-system-i386 --with-system-seabios=/usr/share/seabios/bios-256k.bin
make -s -C tools/include XEN_TARGET_ARCH=x86_64
for so in /usr/lib/x86_64-linux-gnu/libxen*.so; do
    name=${so##*/libxen}
    name=${name%%.so}
    if [ "$name" != light ] && [ -d "tools/libs/$name" ]; then ln -s "$so" "tools/libs/$name/"; fi
done
make -s -j2 -C tools/libs/light XEN_TARGET_ARCH=x86_64 libxenlight.so
make -s -j2 -C tools/libs/util XEN_TARGET_ARCH=x86_64 libxlutil.so
"""

HOOK = """
set -e
root=$1
mkdir "$root/root/patches"
cp %(patches)s/* "$root/root/patches/"
cat > "$root/root/build" <<'END'
%(build)s
END
chroot "$root" sh /root/build
for lib in %(libraries)s; do cp -L "$root"/root/xen-*/tools/libs/$lib.so "%(out)s/"; done
rm -rf "$root"/root/xen-*
"""


def _key():
    digest = hashlib.sha256()
    for path in [__file__, *sorted(glob.glob(os.path.join(PATCHES, "*.patch"))), os.path.join(PATCHES, "series"), os.path.join(PATCHES, "apply")]:
        with open(path, "rb") as f:
            digest.update(f.read())
    return digest.hexdigest()[:12]


def patched():
    """The folder with the patched libraries, built when they are not there. Runs on this machine, before anything boots."""
    out = os.path.join(CACHE, "libxl-" + _key())
    if not os.path.isdir(out):
        start = time.monotonic()
        image.say("lab: building xl's libraries with vdev=memx (once, some minutes)")
        new = out + ".new"
        build = BUILD % {"suite": recipe.SUITE}
        # what bootstrap() leaves lies beside what is kept
        shutil.rmtree(new, ignore_errors=True)
        os.makedirs(new)
        hook = HOOK % {"patches": PATCHES, "build": build, "libraries": " ".join(LIBRARIES), "out": new}
        tar = image.bootstrap(out + ".root", PACKAGES, hook)
        os.unlink(tar)
        shutil.rmtree(out + ".root", ignore_errors=True)
        os.rename(new, out)
        image.say(f"lab: they are ready after {time.monotonic() - start:.0f} s")
    forget_old(1, "libxl-????????????", out)
    return out

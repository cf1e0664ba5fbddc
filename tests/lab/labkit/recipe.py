# SPDX-License-Identifier: GPL-2.0
"""What the hosts' image is made of, and the hash under which it is cached."""
import glob
import hashlib
import os
import re
import subprocess

from .paths import LAB, LabError

SUITE = "bookworm"
XEN = "4.17"
# The tools' libraries are libmnl0, libjson-c5 and libsmartcols1, which util-linux depends on.
PACKAGES = """
xen-utils-4.17 xen-hypervisor-4.17-amd64 xen-utils-common xenstore-utils libxenstore4
kmod iproute2 iputils-ping ethtool tcpdump openssh-server openssh-client
e2fsprogs fio nvme-cli util-linux procps python3-minimal jq busybox-static strace
libmnl0 libjson-c5
""".split()

# Module folders that no host of the lab can use; leaving them out halves the image.
PRUNE = """
drivers/gpu drivers/media sound drivers/net/wireless drivers/infiniband/hw drivers/net/ethernet
drivers/usb drivers/staging drivers/iio drivers/hid drivers/input drivers/hwmon drivers/scsi
drivers/platform drivers/bluetooth net/bluetooth net/wireless net/mac80211 drivers/comedi
drivers/isdn drivers/ata drivers/mmc drivers/mfd drivers/rtc drivers/leds drivers/power
""".split()

# Loaded by the first stage, before the root file system is there (dependencies come with them).
HOST_MODULES = """
virtio_pci virtio_blk virtio_net virtio_console ext4 crc32c_generic 9p 9pnet_virtio
""".split()

# Loaded by the guests' init; and those beside them that a guest may modprobe.
GUEST_BOOT_MODULES = "xen-blkfront xen-netfront".split()
GUEST_MODULES = GUEST_BOOT_MODULES + "ext4 crc32c_generic zram loop".split()


def own_kernel():
    """A kernel tree, built, that the hosts are to run instead of Debian's; None: Debian's."""
    return os.environ.get("LAB_KERNEL")


def memory(mib):
    """What a machine gets that asks for so much: twice that with a kernel of one's own, which is one for debugging, or LAB_MEMORY times."""
    return int(os.environ.get("LAB_MEMORY") or (2 if own_kernel() else 1)) * mib


def kernel_version():
    """The release whose headers the modules are built against: the hosts run that very kernel."""
    if own_kernel():
        return subprocess.run(["make", "-s", "-C", own_kernel(), "kernelrelease"], stdout=subprocess.PIPE, text=True,
                              check=True).stdout.strip()
    found = []
    for path in glob.glob("/usr/src/linux-headers-*-amd64"):
        release = os.path.basename(path)[len("linux-headers-"):]
        if re.match(r"6\.1\.0-\d+-amd64$", release):
            found.append(release)
    if not found:
        raise LabError("no headers of Debian 12's kernel here, and the hosts must run the kernel that the "
                       "modules are built for: apt-get install linux-headers-amd64")
    return max(found, key=lambda r: int(re.split(r"[-.]", r)[3]))


def _hash(parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else part)
        digest.update(b"\0")
    return digest.hexdigest()[:12]


def read(*names):
    """The bytes of files in the lab's folder."""
    out = []
    for name in names:
        with open(os.path.join(LAB, name), "rb") as f:
            out.append(f.read())
    return out


def root_key(kernel):
    built = str(os.stat(os.path.join(own_kernel(), "vmlinux")).st_mtime) if own_kernel() else ""
    return _hash(["root", SUITE, XEN, kernel + built, *PACKAGES, *PRUNE, *HOST_MODULES, *GUEST_MODULES,
                  *read("labkit/image.py")])


def bare_key(kernel, packages, wanted):
    return _hash(["bare", SUITE, kernel, *packages, "", *wanted, *PRUNE, *read("labkit/bare.py", "labkit/image.py")])


def boot_key(root):
    names = sorted(os.path.join(d, n) for d in ("guest", "host") for n in os.listdir(os.path.join(LAB, d)))
    return _hash(["boot", root, *HOST_MODULES, *GUEST_MODULES, *names, *read("labkit/boot.py", *names)])

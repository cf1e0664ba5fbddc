# SPDX-License-Identifier: GPL-2.0
"""A Xen driver domain: a guest whose root is the hosts' disk, with the project on it as `make install` puts it, and run by its units."""
import os
import re
import subprocess

from . import recipe
from .builds import plain_env
from .cpio import Archive
from .paths import BUILD, LAB, ROOT, LabError

FOLDER = os.path.join(BUILD, "driver-domain")
UNITS = "/usr/local/lib/systemd/system"
BRIDGE = "xenbr0"
CONFIG = """driver_domain = 1
ramdisk = "/run/lab-boot/{name}.initrd"
vif = ["mac=00:16:3e:4d:58:{number:02x},bridge={bridge}"]
"""
CMDLINE = "lab.kind=driver lab.bare=1 lab.name={name} lab.mtu=1500 net.ifnames=0"


def install():
    """Installs the project where DriverDomain finds it. On this machine, before anything boots."""
    kernel = f"KDIR={recipe.own_kernel()}" if recipe.own_kernel() else f"KVER={recipe.kernel_version()}"
    subprocess.run(["rm", "-rf", FOLDER], check=True)
    # The modules are those that all tests use.
    done = subprocess.run(["make", "-C", ROOT, "install", "kbuild=true", f"DESTDIR={FOLDER}", kernel], env=plain_env(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise LabError(f"the project cannot be installed:\n{done.stdout[-2000:]}")


def _pack(path, programs):
    """Writes what goes before a guest's first stage: another first stage, and what it puts onto the root."""
    archive = Archive()
    archive.file("init", os.path.join(LAB, "guest", "driver-init"), 0o755)
    archive.file("lab/init", os.path.join(LAB, "host", "root-init"), 0o755)
    archive.file("lab/agent", os.path.join(programs, "agent"), 0o755)
    for folder, _, names in os.walk(FOLDER):
        for name in names:
            source = os.path.join(folder, name)
            to = os.path.relpath(source, FOLDER)
            # where Debian's /lib leads
            to = os.path.join("usr", to) if to.startswith("lib/") else to
            archive.file(os.path.join("project", to), source, os.stat(source).st_mode & 0o777)
    archive.write(path)


def bridge(host):
    """Puts the host's interface on a bridge, where the driver domain's is put beside it."""
    host.sh(f"ip link add {BRIDGE} type bridge stp_state 0 forward_delay 0 && ip addr flush dev eth0 && "
            f"ip link set eth0 master {BRIDGE} && ip link set {BRIDGE} up")


class DriverDomain:
    """A driver domain on a Xen host that has the option `spare`; it may end and be started anew."""

    def __init__(self, test, host, name="memxdd", number=1, memory=320, **options):
        self.test = test
        self.host = host
        self.name = name
        self.number = number
        self.memory = memory
        self.options = options
        self.guest = None
        self.devd = None
        host.guest_config("none")               # brings what guests boot from
        _pack(os.path.join(host.share, f"{name}.cpio"), test.boot.folder)
        host.sh(f"cd /run/lab-boot && cp guest.initrd {name}.initrd && truncate -s %4 {name}.initrd && "
                f"cat /share/{name}.cpio >> {name}.initrd")

    def start(self):
        """Makes the domain and waits until commands can run in it; gives the guest that it is."""
        extra = CONFIG.format(name=self.name, number=self.number, bridge=BRIDGE)
        self.guest = self.host.guest_create(self.name, extra, memory=self.memory, disks=["vdev=xvda,format=raw,access=ro,target=/dev/vdb"],
                                            cmdline=CMDLINE.format(name=self.name), timeout=300, **self.options)
        return self.guest

    def keys(self):
        """Lets it take part in the cluster, as an admin does before the units are enabled."""
        if os.environ.get("LAB_KEYS") == "1":
            self.guest.put("/etc/memx.key", f"{1:064x}\n", 0o600)
        else:
            self.guest.put("/etc/modprobe.d/memx.conf", "options memx_rmap insecure=1\n")

    def _commands(self, unit, instance=""):
        """What systemd would run to start a unit, in order, and as what."""
        text = self.guest.get(f"{UNITS}/{unit}.service")
        return [(key, line.replace("%i", instance)) for key, line in re.findall(r"^(ExecStart\w*)=(.*)$", text, re.M)]

    def serve(self):
        """Does what systemd would do with the units enabled."""
        self.keys()
        for _, command in self._commands("memx-attach@", "eth0"):
            self.guest.sh(command)
        self.start_devd()

    def up(self):
        """All of that."""
        self.start()
        self.serve()
        return self.guest

    def start_devd(self):
        """Starts it as systemd would."""
        commands = self._commands("memx-devd")
        main = next(i for i, (key, _) in enumerate(commands) if key == "ExecStart")
        for i, (_, command) in enumerate(commands):
            if i == main:
                self.devd = self.guest.bg(command)
            else:
                self.guest.sh(command)

    def kill_devd(self):
        """Ends xl devd and what it started, as a crash would."""
        self.devd.kill()

    def lost(self):
        """Tells that the domain is gone, so that nothing waits for it."""
        self.guest.commands.lose("the driver domain has ended")

# SPDX-License-Identifier: GPL-2.0
"""A host: a QEMU machine with bare Linux, or with Xen and its dom0."""
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field

from . import net, qemu, recipe
from .channel import Failed
from .guest import FETCH, Guest, config
from .machine import Machine
from .paths import BUILD

# Loading order; each needs those before it that NEEDS names.
MODULES = ("memx_rmap", "memx_core", "memx_server", "memx_client", "memx_blkback", "memx_floor")
NEEDS = {"memx_core": ("memx_rmap",), "memx_server": ("memx_rmap", "memx_core"),
         "memx_client": ("memx_rmap", "memx_core"), "memx_blkback": ("memx_rmap", "memx_core", "memx_client")}


@dataclass
class Options:
    """What a test can choose for a host."""

    kind: str                       # "linux" or "xen"
    memory: int = 0                 # MiB of the machine; 0: 768, with Xen 1536
    dom0: int = 700                 # MiB of it for dom0
    vcpus: int = 1
    core: int = -1                  # of this machine that all of it runs on; -1: any
    mtu: int = 1500                 # of eth0; up to 9000
    nics: int = 1                   # 2: an eth1, down, on a switch of its own
    xenstored: str = "C"            # or "oxenstored"
    kernel: str = "6.1"
    cmdline: str = ""               # more for Linux's command line
    xen_cmdline: str = ""           # more for Xen's
    root: str = ""                  # another root disk, see bare.py; the project's tools are not linked into it
    spare: bool = False             # a second disk like the first, vdb, for a driver domain
    qemu: list = field(default_factory=list)

    def __post_init__(self):
        self.memory = recipe.memory(self.memory or (1536 if self.kind == "xen" else 768))
        self.dom0 = recipe.memory(self.dom0)
        if self.kind not in ("linux", "xen") or self.xenstored not in ("C", "oxenstored") or self.kernel != "6.1":
            raise ValueError(f"no such kind of host: {self}")


def linux(**options):
    """A bare Linux host."""
    return Options("linux", **options)


def xen(**options):
    """A Xen host and its dom0."""
    return Options("xen", **options)


class Host(Machine):
    """A host of a running test."""

    BOOT_LIMIT = 600

    def __init__(self, name, index, options, run):
        super().__init__(name, run.log, self._transmit)
        self.index = index
        self.options = options
        self.ip = net.ip_of(index)
        self.mac = net.mac_of(index)
        self.peers = run.peers
        self.share = os.path.join(run.folder, "share-" + name)
        self.console_path = os.path.join(run.folder, name + ".console.log")
        self.guests = []
        self.build = ""
        self._run = run
        self._qemu = None
        self._socket = None
        self._boots = 0
        self.taps = net.plug(index, options.nics)

    # Power.

    def start(self):
        """Switches the host on; wait_ready() waits until commands can run."""
        if self._boots:
            os.rename(self.console_path, os.path.join(self._run.folder, f"{self.name}.{self._boots}.console.log"))
            Machine.__init__(self, self.name, self.log, self._transmit)
        self._boots += 1
        mine, theirs = socket.socketpair()
        self._socket = mine
        with open(os.path.join(self._run.folder, self.name + ".qemu.log"), "a", encoding="utf-8") as out:
            self._qemu = subprocess.Popen(qemu.command(self, self._run.boot, theirs.fileno()), stdout=out,
                                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                          pass_fds=[theirs.fileno()], start_new_session=True)
        theirs.close()
        if self.options.core in os.sched_getaffinity(0):
            os.sched_setaffinity(self._qemu.pid, {self.options.core})
        threading.Thread(target=self._receive, args=(mine, self.commands), daemon=True).start()

    def wait_ready(self):
        """Waits until the host has booted."""
        start = time.monotonic()
        if not self.commands.wait_for(lambda: self.commands.ready, self.BOOT_LIMIT):
            raise Failed(f"{self.name}: not up after {self.BOOT_LIMIT} s; its console ends:\n{self.console()[-2000:]}")
        self.log.say(self.name, f"up (waited {time.monotonic() - start:.1f} s)")
        if os.environ.get("LAB_MODULES"):
            self.use(os.environ["LAB_MODULES"])

    def running(self):
        """True while the machine has power."""
        return self._qemu is not None and self._qemu.poll() is None

    def kill(self):
        """Pulls the plug."""
        self.log.say(self.name, "power off")
        self.commands.lose("switched off by the test")
        if self.running():
            self._qemu.send_signal(signal.SIGKILL)
            self._qemu.wait()

    def boot(self):
        """Switches a killed host on again, with a fresh disk, and waits for it."""
        self.start()
        self.wait_ready()

    def processor_s(self):
        """Seconds of this machine's processors that the host has taken so far, whatever else runs there."""
        # What clock_getcpuclockid(3) gives, which Python has for threads only.
        return time.clock_gettime(~self._qemu.pid << 3 | 2)

    def freeze(self):
        """Stops the whole machine in its tracks (it answers nothing, its clock stands still)."""
        self.log.say(self.name, "freeze")
        self._qemu.send_signal(signal.SIGSTOP)

    def thaw(self):
        """Lets a frozen machine go on."""
        self.log.say(self.name, "thaw")
        self._qemu.send_signal(signal.SIGCONT)

    def _transmit(self, data):
        try:
            self._socket.sendall(data)
        except OSError:
            self.commands.lose("its machine has stopped")

    def _receive(self, sock, commands):
        while True:
            try:
                data = sock.recv(65536)
            except OSError:
                data = b""
            if not data:
                commands.lose("its machine has stopped")
                return
            commands.feed(data)

    # Looking in.

    def console(self):
        """What its console has shown since it was switched on."""
        try:
            with open(self.console_path, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def dmesg(self):
        """The kernel's log."""
        return self.sh("dmesg")

    def kib(self, *keys):
        """Figures of /proc/meminfo by their names, with caches given up."""
        self.sh("sync; echo 3 > /proc/sys/vm/drop_caches; sleep 1")
        text = self.get("/proc/meminfo")
        return tuple(int(re.search(rf"^{key}: +(\d+)", text, re.M)[1]) for key in keys)

    # Network.

    def netem(self, what):
        """Puts loss, delay, duplication, … on what eth0 sends ("loss 1% duplicate 1%"); None takes it off."""
        if what:
            self.sh(f"modprobe sch_netem && tc qdisc replace dev eth0 root netem {what}")
        else:
            self.sh("tc qdisc del dev eth0 root", check=False)

    def dropped(self):
        """Frames that what netem() put on eth0 has dropped so far."""
        return json.loads(self.sh("tc -s -j qdisc show dev eth0 root"))[0]["drops"]

    def flap(self, dev, seconds):
        """Takes an interface down for so long."""
        self.sh(f"ip link set {dev} down; sleep {seconds}; ip link set {dev} up", seconds + 60)

    def mtu(self, size):
        """Sets eth0's MTU."""
        self.sh(f"ip link set eth0 mtu {size}")

    def port_security(self):
        """The switch believes no other address on this host's port, and its own nowhere else."""
        net.secure(self.index)

    def port_mtu(self, size):
        """Makes the switch drop frames to this host above @size bytes, of which no host is told; None: it passes all."""
        self.log.say(self.name, f"port MTU {size or net.MTU}")
        net.port_mtu(self.index, size)

    def cable(self, connected):
        """Pulls (False) or plugs (True) the network cable."""
        self.log.say(self.name, "cable " + ("in" if connected else "out"))
        net.cable(self.index, connected)

    def sshd(self):
        """Starts an SSH server that the other hosts' root may log in to, as xl migrate does."""
        self.sh("pgrep -x sshd >/dev/null || { mkdir -p /run/sshd; /usr/sbin/sshd; }")

    # The project's modules.

    def module_dir(self):
        """Where this host sees the built modules."""
        release = self._run.boot.release
        if not os.path.isdir(os.path.join(BUILD, self.build, "modules", release)):
            raise Failed(f"no modules built for the hosts' kernel {release}: run make KVER={release}")
        return os.path.join("/memx-build", self.build, "modules", release)

    def use(self, build=""):
        """Modules and memxctl come from another folder of build/ from now on, see builds.py; "": today's."""
        self.build = build
        self.sh(f"ln -sf {os.path.join('/memx-build', build, 'tools/memxctl')} /usr/sbin/memxctl")

    def memx_load(self, *modules, **params):
        """
        Loads modules and those they need; parameters by module:
        memx_load("memx_client", memx_rmap="insecure=1", memx_core={"x": 3}).
        """
        wanted = set(modules) | {need for module in modules for need in NEEDS.get(module, ())}
        unknown = (wanted | set(params)) - set(MODULES)
        if unknown:
            raise ValueError(f"no such module: {unknown}")
        for module in (m for m in MODULES if m in wanted):
            given = params.get(module, "")
            if isinstance(given, dict):
                given = " ".join(f"{key}={value}" for key, value in given.items())
            if self.rc(f"[ -d /sys/module/{module} ]")[0]:
                self.insmod(module, given)

    def insmod(self, module, params=""):
        """
        Loads one module, and what it needs of the kernel's own. With LAB_KEYS=1 in the environment, memx_rmap gets a
        cluster key instead of insecure=1.
        """
        keyed = module == "memx_rmap" and "insecure=1" in params.split() and os.environ.get("LAB_KEYS") == "1"
        if keyed:
            params = " ".join(word for word in params.split() if word != "insecure=1")
        file = f"{self.module_dir()}/{module}.ko"
        self.sh(f"for need in $(modinfo -F depends {file} | tr ',' ' '); do\n"
                f"  case $need in memx_*) ;; *) modprobe $need || exit ;; esac\ndone\n"
                f"insmod {file} {params} || {{ dmesg | tail -n 20; exit 1; }}")
        if keyed:
            self.cluster_key()

    def cluster_key(self, number=1):
        """Gives the host one of the lab's cluster keys, which differ by number; returns its name."""
        path = f"/root/cluster-{number}.key"
        self.put(path, f"{number:064x}\n", 0o600)
        self.sh(f"memxctl key add cluster {path}")
        return self.sh("memxctl --field key key list").split()[0]

    def memx_unload(self, *modules):
        """Unloads the given modules, or all of the project's, in the right order."""
        for module in reversed(MODULES):
            if not modules or module in modules:
                self.sh(f"[ ! -d /sys/module/{module} ] || rmmod {module}")

    def counters(self, part):
        """Values of a module's counters by name; @part is a word of `memxctl counters`."""
        return {c["name"]: c["value"] for c in json.loads(self.sh(f"memxctl --json counters {part}"))}

    # Guests.

    def guest_config(self, name, cfg_extra="", memory=128, type="pvh", disks=(), vcpus=1, cmdline=""):
        """Writes an xl configuration and returns its path; @disks are xl disk specs, @cfg_extra more lines."""
        path = f"/etc/xen/{name}.cfg"
        self.sh(FETCH)
        self.put(path, config(name, cfg_extra, recipe.memory(memory), type, disks, vcpus, cmdline))
        return path

    def guest_create(self, name, cfg_extra="", memory=128, type="pvh", disks=(), script=None, vcpus=1,
                     cmdline="", timeout=120):
        """Creates a guest, waits for its agent, and starts @script in it (guest.wait() gives its result)."""
        path = self.guest_config(name, cfg_extra, memory, type, disks, vcpus, cmdline)
        self.sh(f"xl create {shlex.quote(path)}", timeout)
        guest = self.guest_join(name, timeout)
        if script:
            guest.run_script(script)
        return guest

    def guest_join(self, name, timeout=120):
        """A guest that somebody has made, the toolstack for one when it was to start again: waits for its agent."""
        guest = Guest(self, name, self._run)
        self.guests.append(guest)
        guest.attach(self)
        guest.wait_ready(timeout)
        return guest

    def backend_drivers(self):
        """The driver of each device on Xen's backend bus, by the device's name; "" if it has none."""
        lines = self.sh("cd /sys/bus/xen-backend/devices && for d in *; do "
                        "[ ! -e $d ] || echo $d $(basename \"$(readlink $d/driver)\"); done", check=False)
        return {name: driver for name, _, driver in (line.partition(" ") for line in lines.splitlines())}

    def domid(self, name):
        """The number of a domain, or None."""
        rc, out = self.rc(f"xl domid {shlex.quote(name)} 2>/dev/null")
        return int(out) if rc == 0 and re.match(r"\d+\s*$", out) else None

    def xenstore(self, path):
        """A node's value, or None when it is not there."""
        rc, out = self.rc(f"xenstore-read {shlex.quote(path)} 2>/dev/null")
        return out.rstrip("\n") if rc == 0 else None

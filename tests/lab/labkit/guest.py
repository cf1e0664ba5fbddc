# SPDX-License-Identifier: GPL-2.0
"""A guest on a Xen host; its agent is reached over its console."""
import os
import shlex
import threading
import time

from .channel import PATIENCE, ConsoleLines, Failed
from .machine import Machine

# Xen does not trust an emulated machine's time stamp counter and would trap every reading of it by a guest, which
# costs 0.1 ms each here; no machine in use today needs that.
CONFIG = """name = "{name}"
type = "{type}"
kernel = "{boot}/vmlinux"
ramdisk = "{boot}/guest.initrd"
extra = "console=hvc0 loglevel=5 mitigations=off random.trust_cpu=on panic=-1 {nopci} {cmdline}"
memory = {memory}
vcpus = {vcpus}
tsc_mode = "native"
disk = [{disks}]
on_poweroff = "destroy"
on_reboot = "destroy"
on_crash = "destroy"
{extra}
"""

# xl maps the kernel, and maps it page by page over the shared folder: 9 s instead of 1.
BOOT = "/run/lab-boot"
FETCH = (f"[ -e {BOOT}/done ] || {{ mkdir -p {BOOT} && cp /lab-boot/vmlinux /lab-boot/guest.initrd {BOOT}/ && "
         f"touch {BOOT}/done; }}")


def config(name, extra, memory, kind, disks, vcpus, cmdline):
    """The text of an xl configuration."""
    # A PVH guest has no PCI, and looking for it through an emulated CPU takes a second.
    nopci = "iommu=noaperture pci=off" if kind == "pvh" else ""
    return CONFIG.format(name=name, type=kind, memory=memory, vcpus=vcpus, cmdline=cmdline, extra=extra, nopci=nopci,
                         boot=BOOT, disks=", ".join(f"'{disk}'" for disk in disks))


# xenconsoled names the console's terminal in xenstore some time after the domain was made.
JOIN = """n=0
until t=$(xenstore-read /local/domain/{id}/console/tty 2>/dev/null) && [ -c "$t" ]; do
    n=$((n + 1)); [ $n -gt {tries} ] && exit 1
    sleep 0.1
done
stty -F $t raw -echo && exec 3<>$t && {{ cat <&3 & exec cat >&3; }}"""


class Guest(Machine):
    """A guest of a running test."""

    TTY_LIMIT = 120             # seconds until the console has its terminal
    MOVE_LIMIT = 90             # seconds between the end of a stream and the next one, after a migration

    def __init__(self, host, name, run):
        super().__init__(name, run.log, lambda data: self._lines.send(data))
        self.host = host
        self.id = None
        self._script = None
        self._stream = None
        self._console = open(os.path.join(run.folder, f"{name}.console.log"), "ab", buffering=0)
        self._console_path = self._console.name
        self._lines = ConsoleLines(self.commands.feed, self._text)
        threading.Thread(target=self._poll, daemon=True).start()

    def _text(self, line):
        if not line.startswith((b"@R ", b"@N ", b"@D ")):       # our own words, echoed before the agent was there
            self._console.write(line + b"\n")

    def _dead(self, stream):
        """A stream that has ended ends all that waits for it: before the agent was heard at once, later unless attach() makes another."""
        if self.commands.ready:
            time.sleep(self.MOVE_LIMIT)
        if stream is self._stream:
            self.commands.lose(f"the stream to its console has ended, with code {stream.rc}")

    def _poll(self):
        while not self._console.closed:
            time.sleep(1)
            stream = self._stream
            if stream and not stream.running():
                self._dead(stream)
            elif stream and (not self.commands.ready or self.commands.waiting()):
                self._lines.poll()

    def attach(self, host):
        """Connects to the guest's console on @host: at its creation, and again after a migration."""
        self.host = host
        self.id = host.domid(self.name)
        if self.id is None:
            raise Failed(f"{self.name}: no such domain on {host}; its console said:\n{self._early(host)}")
        # The words to the log are this command's; what it prints is the stream.
        self._stream = host.bg(JOIN.format(id=self.id, tries=self.TTY_LIMIT * 10), stdin=True, on_output=self._lines.feed)
        self._lines.connect(self._stream.write)

    def wait_ready(self, timeout):
        """Waits for the agent."""
        try:
            if self.commands.wait_for(lambda: self.commands.ready or not self._stream.running(), timeout * PATIENCE) \
                    and self.commands.ready:
                return
        except Failed:
            pass
        raise Failed(f"{self.name}: its agent does not answer; its console said:\n{self._early(self.host)}")

    def _early(self, host):
        return host.sh(f"tail -n 40 /var/log/xen/console/guest-{shlex.quote(self.name)}.log", check=False)

    def console(self):
        """What its kernel has said on the console."""
        with open(self._console_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def run_script(self, script):
        """Starts a script; wait() gives its result."""
        self._script = self.bg(script)

    def wait(self, timeout):
        """Waits for the script of guest_create and returns (exit code, output)."""
        out = self._script.wait(timeout, check=False)
        return self._script.rc, out

    def alive(self):
        """True while the domain is there."""
        return self.host.domid(self.name) is not None

    def destroy(self, timeout=60):
        """Destroys the domain."""
        self.commands.lose("destroyed by the test")
        self.host.sh(f"xl destroy {shlex.quote(self.name)}", timeout)

    def shutdown(self, timeout=60):
        """Lets the guest power itself off and waits until the domain is gone."""
        self.bg("busybox poweroff -f")
        self.wait_gone(timeout)
        self.commands.lose("shut down by the test")

    def wait_gone(self, timeout=60):
        """Waits until the domain is gone from its host."""
        self.host.sh(f"while xl domid {shlex.quote(self.name)} >/dev/null 2>&1; do sleep 0.3; done", timeout)

    def close(self):
        """Lets go of the console's file."""
        self._console.close()

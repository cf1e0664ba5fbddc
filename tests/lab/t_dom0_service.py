# SPDX-License-Identifier: GPL-2.0
"""The service in dom0 divides a domain's figures among its disks, survives being killed, and keeps what was set over save and reboot."""
import json
import re

from lab import Test, linux, xen
from labkit.memx import Cluster

MIB = 1 << 20
SERVICE = "/memx-build/tools/memx-dom0"
A, B = (1 << 28 | n << 8 for n in (338, 339))       # xvdma, xvdmb
DISKS = [f"vdev=xvdm{name},script=block-memx,target=vol={name},size={size}M,weight=3" for name, size in (("a", 64), ("b", 32))]
# Requests to xenstored, as the kernel passes them on: type, request, transaction, length; then the words.
READ, WRITE = 2, 11


class T(Test):
    hosts = {"x1": xen(xenstored="oxenstored"), "s1": linux()}
    timeout = 1800

    def run(self):
        host = self.x1
        Cluster(self, host, (self.s1,), "memx_blkback").start("256M")
        host.sh(SERVICE)
        rc, out = host.rc(SERVICE)
        self.check(rc == 1 and "it runs already" in out, f"there is one of it: {out}")
        guest = host.guest_create("g1", memory=96, disks=DISKS, cfg_extra='on_reboot = "restart"')
        self.told(host)
        self.divided(host)
        self.answered(host)
        self.nonsense(host)
        self.killed(host)
        self.guest_cannot(host, guest)
        self.disks_change(host)
        self.saved(host)
        self.rebooted(host)
        host.sh("xl destroy g1")
        self.until(lambda: json.loads(host.sh("memxctl --json domain list")) == [], "no domain is left", 20)
        host.sh("kill $(cat /run/memx/dom0.lock)")
        self.until(lambda: host.rc("kill -0 $(cat /run/memx/dom0.lock)")[0] != 0, "it ends when it is asked to", 10)

    # Where things stand.

    def home(self, host):
        return f"/local/domain/{host.domid('g1')}"

    def key(self, host, name):
        """A key of the domain; None if there is none."""
        return host.xenstore(f"{self.home(host)}/memx/{name}")

    def disk(self, host, devid, name):
        """A key of one of its disks."""
        return host.xenstore(f"/local/domain/0/backend/vbd/{host.domid('g1')}/{devid}/memx/{name}")

    def disks(self, host, name):
        return [self.disk(host, devid, name) for devid in (A, B)]

    def put(self, host, name, value):
        host.sh(f"xenstore-write {self.home(host)}/memx/{name} '{value}'")

    def become(self, host, name, first, second, why):
        want = [str(first), str(second)]
        self.until(lambda: self.disks(host, name) == want, f"{why}: memx/{name} of the disks is {want}", 20)

    def listed(self, host):
        return json.loads(host.sh("memxctl --json domain list"))[0]

    # What it does.

    def told(self, host):
        """The uuid, and what the targets say."""
        uuid = host.xenstore(f"{self.home(host)}/vm").split("/")[-1]
        self.become(host, "uuid", uuid, uuid, "each backend is told the uuid")
        self.become(host, "weight", 3, 3, "at the beginning the targets are right")
        self.until(lambda: self.key(host, "weight") == "3" and self.key(host, "state") == "none", "and the domain's keys are there", 20)
        self.check(self.key(host, "reservation") is None and self.disks(host, "reserve") == [None, None], "nobody has asked for a reservation")

    def divided(self, host):
        """Set by the command and by hand; the numbers are right to the page."""
        host.sh("memxctl domain set g1 --reservation 48M --limit 72M --wait 0")
        self.become(host, "reserve", 32 * MIB, 16 * MIB, "divided by size")
        self.become(host, "limit", 48 * MIB, 24 * MIB, "the limit likewise")
        self.put(host, "weight", 5)
        self.become(host, "weight", 5, 5, "the weight is that of each")
        self.put(host, "reservation", "40004K")         # 10001 pages: 6667.33 and 3333.67
        self.become(host, "reserve", 6667 * 4096, 3334 * 4096, "in whole pages that add up")
        self.put(host, "reservation", 48 * MIB)
        self.become(host, "reserve", 32 * MIB, 16 * MIB, "bytes are good as well")

    def answer(self, host, state, first, second):
        """Says what the servers would, for a backend that does not."""
        for devid, granted in ((A, first), (B, second)):
            path = f"/local/domain/0/backend/vbd/{host.domid('g1')}/{devid}/memx"
            host.sh(f"xenstore-write {path}/granted {granted} {path}/reserve-state {state}")

    def answered(self, host):
        """The answers are added up, and `domain set` waits for them."""
        if self.disk(host, A, "reserve-state") is None:
            self.answer(host, "granted", 32 * MIB, 16 * MIB)
        self.until(lambda: self.key(host, "state") == "granted", "the answer is granted", 20)
        out = host.sh("memxctl domain set g1 --reservation 24M")
        self.check("granted" in out, f"the command has waited for the answer: {out}")
        self.become(host, "reserve", 16 * MIB, 8 * MIB, "what was granted is what was asked for")
        row = self.listed(host)
        self.check((row["name"], row["reservation"], row["asked"], row["limit"], row["weight"], row["state"]) ==
                   ("g1", 24 * MIB, 24 * MIB, 72 * MIB, 5, "granted"), f"the list says so: {row}")
        self.check(row["granted"] >= 24 * MIB and len(row["disks"]) == 2, "and what was granted")
        lines = host.sh("memxctl domain list").splitlines()
        self.check(len(lines) == 2 and lines[1].split()[1:3] == ["g1", "24M"], f"people see it too: {lines}")

    def refused(self, host, words, options):
        rc, out = host.rc(f"memxctl domain set {options}")
        self.check(rc != 0 and words in out, f"domain set {options} is refused with '{words}': {out}")

    def nonsense(self, host):
        """Whoever writes it is told in words, and the disks keep what they have."""
        self.refused(host, "reservation 'lots' is no size", "g1 --reservation lots")
        self.refused(host, "limit 72M is less than reservation 1G", "g1 --reservation 1G")
        self.refused(host, "reservation 1G is more than its disks have", "g1 --reservation 1G --limit 0")
        self.refused(host, "limit 16M is less than reservation 24M", "g1 --limit 16M")
        self.refused(host, "weight '65' is no number from 1 to 64", "g1 --weight 65")
        self.refused(host, "there is no domain 'g7'", "g7 --weight 5")
        for value, words in (("lots", "reservation 'lots' is no size"), ("5000", "is no multiple of 4K"),
                             ("99999999999999999999999", "more than a number can be"), ("8G8", "is no size")):
            self.put(host, "reservation", value)
            self.until(lambda w=words: w in (self.key(host, "error") or ""), f"'{value}': {words}", 20)
            self.check(self.key(host, "state") == "refused", f"'{value}' is refused")
            self.check(self.disks(host, "reserve") == [str(16 * MIB), str(8 * MIB)], f"'{value}' changes nothing")
        self.put(host, "reservation", "24M")
        self.until(lambda: self.key(host, "error") is None and self.key(host, "state") == "granted", "it is forgiven", 20)

    def kill(self, host):
        host.sh("kill -9 $(cat /run/memx/dom0.lock)")

    def killed(self, host):
        """It may die at any moment."""
        self.kill(host)
        self.put(host, "reservation", "12M")
        self.until(lambda: "memx-dom0 does not run here" in host.sh("memxctl domain list 2>&1"), "the list says that nobody looks", 10)
        self.refused(host, "memx-dom0 does not run here", "g1 --reservation 24M")
        self.check(self.disks(host, "reserve") == [str(16 * MIB), str(8 * MIB)], "nothing happens meanwhile")
        host.sh(SERVICE)
        self.become(host, "reserve", 8 * MIB, 4 * MIB, "after its death it is right again")
        for n in range(8):
            size = 12 * (n % 2 + 1)
            host.sh(f"xenstore-write {self.home(host)}/memx/reservation {size}M; sleep 0.{n}; "
                    f"kill -9 $(cat /run/memx/dom0.lock); {SERVICE}")
            self.become(host, "reserve", size * MIB * 2 // 3, size * MIB // 3, f"killed {n} tenths of a second after a change")

    def guest_cannot(self, host, guest):
        """It reads its figures, and can neither change them nor add to them."""
        home = self.home(host)
        rows = host.sh(f"xenstore-ls -p {home}/memx")
        rights = set(re.findall(r"\((\S+)\)\s*$", rows, re.M))
        self.check(rights == {f"n0,r{host.domid('g1')}"}, f"dom0 owns the keys, the guest may read them: {rights}")
        self.check(self.request(guest, READ, "memx/reservation")[0] == READ, "the guest reads its reservation")
        for name in ("reservation", "granted", "state", "limit", "mine"):
            kind, words = self.request(guest, WRITE, f"memx/{name}", "90M")
            self.check(kind == 16 and "EACCES" in words, f"the guest cannot write memx/{name}: {kind} {words}")
        backend = f"/local/domain/0/backend/vbd/{host.domid('g1')}/{A}/memx"
        for name in ("reserve", "granted", "reserve-state"):
            kind, words = self.request(guest, WRITE, f"{backend}/{name}", "1")
            self.check(kind == 16 and "EACCES" in words, f"nor {name} of its disk: {kind} {words}")
        self.check(self.key(host, "reservation") == "24M", "all is as it was")

    def request(self, guest, kind, path, value=None):
        """Asks xenstored from within the guest; gives the kind of its answer and the words."""
        words = path.encode() + b"\0" + (value or "").encode()
        head = b"".join(n.to_bytes(4, "little") for n in (kind, 1, 0, len(words)))
        text = "".join(f"\\{c:03o}" for c in head + words)
        out = guest.sh("[ -e /dev/xen/xenbus ] || { mkdir -p /dev/xen; mknod /dev/xen/xenbus c $(tr : ' ' </sys/class/misc/xen!xenbus/dev); }; "
                       f"exec 3<>/dev/xen/xenbus; printf '{text}' >&3; dd bs=64 count=1 <&3 2>/dev/null | hexdump -v -e '1/1 \"%02x\"'")
        answer = bytes.fromhex("".join(out.split()))
        return int.from_bytes(answer[:4], "little"), answer[16:].rstrip(b"\0").decode(errors="replace")

    def disks_change(self, host):
        """A disk that goes and one that comes change the division."""
        host.sh("xl block-detach g1 xvdmb", 120)
        self.until(lambda: self.disk(host, A, "reserve") == str(24 * MIB), "the one that is left has all", 20)
        host.sh(f"xl block-attach g1 '{DISKS[1]}'", 120)
        self.become(host, "reserve", 16 * MIB, 8 * MIB, "divided again")

    def kept(self, host, when):
        """What was set at run time is in the configuration, which stock xl still reads."""
        shown = self.until(lambda: self.config(host), f"{when}: the configuration has it", 20)
        self.check(shown == {"memx/reservation": "24M", "memx/limit": "72M", "memx/weight": "5"}, f"{when}: that and nothing else is in it: {shown}")

    def config(self, host):
        rc, out = host.rc("xl list -l g1")
        if rc:
            return None
        return json.loads(out)[0]["config"]["c_info"].get("xsdata")

    def back(self, host, before, when):
        """The domain is there again, with another number and the same figures."""
        self.until(lambda: host.domid("g1") not in (None, before), f"{when}: it is there again", 120)
        self.become(host, "reserve", 16 * MIB, 8 * MIB, when)
        self.become(host, "limit", 48 * MIB, 24 * MIB, when)
        self.become(host, "weight", 5, 5, when)
        self.check(self.key(host, "reservation") == "24M", f"{when}: the figure is as it was written")
        self.kept(host, when)

    def saved(self, host):
        self.kept(host, "before")
        before = host.domid("g1")
        host.sh("xl save g1 /tmp/f", 180)
        host.sh("xl restore /tmp/f", 180)
        self.back(host, before, "after save and restore")

    def rebooted(self, host):
        before = host.domid("g1")
        host.sh("xenstore-write /local/domain/%s/control/sysrq b" % before)
        self.back(host, before, "after a reboot")

# SPDX-License-Identifier: GPL-2.0
"""An encrypted volume on two servers: what they hold and what travels, keys that change, pages that were tampered with."""
import peers
from lab import Test, linux
from labkit.memx import Cluster, Server, Volume, told

MIB = 64
MARK = 8                                # MiB of text that is looked for
TEXT = "memx plain text"                # and a line's end: 16 bytes
ASK = "/sys/kernel/debug/memx_ask/do"
OPEN, READ, WRITE = 1, 3, 4
SEALED = 2
OK, INVAL = 0, 4
BAD = "loss 1% duplicate 1% delay 1ms 1ms reorder 10%"
ROUNDS = 5

# Counts the text in a host's memory, but for the few places where this program has it.
LOOK = f"""
import os, struct
what = {TEXT!r}.encode() + bytes([10])
fd = os.open("/proc/kcore", os.O_RDONLY)
head = os.pread(fd, 64, 0)
at, size, n = struct.unpack_from("<Q", head, 32)[0], *struct.unpack_from("<HH", head, 54)
found = 0
for i in range(n):
    kind, _, off, _, phys, length = struct.unpack_from("<IIQQQQ", os.pread(fd, size, at + i * size))
    if kind != 1 or phys == 2 ** 64 - 1:
        continue
    while length > 0:
        try:
            data = os.pread(fd, min(length, 1 << 20), off)
        except OSError:
            data = b""
        found += data.count(what)
        off += 1 << 20
        length -= 1 << 20
print(found)
"""


class T(Test):
    hosts = {"c1": linux(), "s1": linux(), "s2": linux()}
    timeout = 2400

    def run(self):
        self.set_up()
        self.without_key()
        self.secret()
        self.use()
        self.small_writes()
        self.file_system()
        self.keys()
        self.tampered()
        self.spoiled("jumbo", 9000, None)
        self.spoiled("bad", 1500, BAD)
        self.ratio()
        self.plain()
        self.end()

    def set_up(self):
        self.cluster = Cluster(self, self.c1, (self.s1, self.s2))
        self.cluster.start("200M")
        self.c1.sh("for n in 1 2 3; do memxctl key generate /root/k$n; done")

    # Looking.

    def volume(self, name="v"):
        return Volume(self.c1, name).show()

    def refused(self, words, command):
        rc, out = self.c1.rc(command, 20)
        self.check(rc != 0 and words in out, f"{command}: {out.strip()}")

    def make(self, name, dev, options=""):
        self.check(self.cluster.make(f"{MIB}M", name, options) == f"/dev/{dev}", f"{name} is {dev}")

    def unmake(self, name, dev):
        self.cluster.unmake(name, dev)

    def same(self, dev="memxa"):
        """The marked text is there, read from the servers."""
        self.c1.sh(f"dd if=/dev/{dev} bs=128k count={MARK * 8} iflag=direct status=none | cmp - /tmp/text")

    def hits(self, host):
        return int(host.sh("python3 /tmp/look.py", 120))

    def captured(self, host):
        """Times that the text is in what came and went on the host's port."""
        host.sh("kill -INT $(cat /tmp/dump.pid); sleep 1")
        return int(host.sh(f"grep -a -o '{TEXT}' /tmp/cap | wc -l", 60)), int(host.sh("stat -c %s /tmp/cap"))

    def capture(self, host):
        host.sh("rm -f /tmp/cap; tcpdump -Z root -i eth0 -w /tmp/cap -B 16384 ether proto 0x88b5 >/tmp/dump.log 2>&1 & "
                "echo $! > /tmp/dump.pid; sleep 2")

    def watched(self, dev):
        """Writes and reads the marked text. Gives how often it was seen on the wire and in the servers' memory."""
        for host in (self.s1, self.s2):
            host.put("/tmp/look.py", LOOK)
            self.capture(host)
        self.c1.sh(f"yes '{TEXT}' | head -c {MARK}M > /tmp/text && dd if=/tmp/text of=/dev/{dev} bs=128k oflag=direct status=none")
        self.same(dev)
        wire, size = map(sum, zip(self.captured(self.s1), self.captured(self.s2)))
        self.check(size > 2 * MARK << 20, f"both ways were recorded: {size} bytes")
        return wire, self.hits(self.s1) + self.hits(self.s2)

    # Steps.

    def without_key(self):
        self.refused("none is loaded", f"memxctl volume create v --size {MIB}M --encrypt")
        self.c1.sh("chmod 644 /root/k1")
        self.refused("open to others", "memxctl key add client /root/k1")
        self.c1.sh("chmod 600 /root/k1 && memxctl key add client /root/k1")
        self.refused("loaded already", "memxctl key add client /root/k1")
        self.check([k["kind"] for k in told(self.c1, "key list")].count("client") == 1, "one key is loaded")
        key = self.c1.get("/root/k1").strip()
        self.check(key not in self.c1.sh("memxctl key list; memxctl --json key list; dmesg"), "and not shown")

    def secret(self):
        self.make("v", "memxa")
        shown = self.volume()
        self.check(shown["sealed"] and shown["key_check"], f"with a key loaded a volume is encrypted: {shown['key_check']}")
        self.check(all(v["sealed"] for v in Server(self.s1).volumes()), "servers know that")
        self.c1.sh("cmp -n 4M /dev/memxa /dev/zero")
        wire, memory = self.watched("memxa")
        self.check(wire == 0, f"none of {MARK << 16} lines was on the wire: {wire}")
        self.check(memory < 100, f"and none is in the servers' memory: {memory}")
        server = Server(self.s1).show()
        self.check(server["reserved_pages"] + server["free_pages"] <= server["capacity_pages"], f"room for trailers: {server}")

    def use(self):
        self.c1.sh("memxctl device remove memxa && memxctl device create v")
        self.same()
        out = peers.fio(self.c1, "/dev/memxa", rw="randrw", depth=32, seconds=8, size=f"{MIB}M",
                        extra="--bsrange=512-128k --bs_unaligned=0 --verify=crc32c --verify_fatal=1 --verify_backlog=64 "
                              "--serialize_overlap=1")
        self.check(out["errors"] == 0, "reads and writes of all sizes, verified")
        self.figure("mixed_iops", out["iops"])
        self.check(self.volume()["used_pages"] == sum(self.cluster.stored()),
                   "client and servers count the same pages")

    def small_writes(self):
        """Writes smaller than a page leave the rest of the page as it was."""
        self.c1.sh("""set -e
dd if=/dev/urandom of=/tmp/want bs=64k count=16 status=none
dd if=/tmp/want of=/dev/memxa bs=64k oflag=direct conv=notrunc status=none
for i in 1 7 8 15 100 101 102 1000 2040; do
    dd if=/dev/urandom of=/tmp/bit bs=512 count=3 status=none
    dd if=/tmp/bit of=/tmp/want bs=512 seek=$i conv=notrunc status=none
    dd if=/tmp/bit of=/dev/memxa bs=1536 seek=$((i * 512)) oflag=direct,seek_bytes conv=notrunc status=none
done
blkdiscard -o 2097152 -l 1048576 /dev/memxa
dd if=/dev/urandom of=/tmp/bit bs=512 count=1 status=none
dd if=/tmp/bit of=/dev/memxa bs=512 seek=4097 oflag=direct conv=notrunc status=none
{ head -c 512 /dev/zero; cat /tmp/bit; head -c 3072 /dev/zero; } > /tmp/hole
dd if=/dev/memxa bs=4096 skip=512 count=1 iflag=direct status=none | cmp - /tmp/hole
dd if=/dev/memxa of=/tmp/is bs=64k count=16 iflag=direct status=none
cmp /tmp/want /tmp/is""")

    def file_system(self):
        self.c1.sh("""set -e
mkfs.ext4 -q -F /dev/memxa
mkdir -p /mnt/v
mount /dev/memxa /mnt/v
for i in 1 2 3 4; do head -c 8M /dev/urandom | tee /mnt/v/f$i | sha256sum | sed "s,-,/mnt/v/f$i," >>/tmp/sums; done
umount /mnt/v
memxctl device remove memxa
memxctl device create v
mount /dev/memxa /mnt/v
sha256sum --quiet -c /tmp/sums
umount /mnt/v
fsck.ext4 -f -n /dev/memxa""", 300)

    def keys(self):
        """A volume in use keeps its key; one that comes back needs the one it was made with."""
        old = self.volume()
        self.c1.sh("memxctl key add client /root/k2")
        self.refused("two client keys are loaded", "memxctl key add client /root/k3")
        self.make("w", "memxb")
        self.unmake("w", "memxb")
        self.c1.sh("memxctl key drop client")
        self.c1.sh("mount /dev/memxa /mnt/v && sha256sum --quiet -c /tmp/sums && umount /mnt/v", 60)
        back = f"memxctl volume create back --size {MIB}M --id {old['id']}"
        self.refused("another client key", f"{back} --key-check {old['key_check']}")
        self.refused("cannot be used without", f"{back} --key-check {old['key_check']} --no-encrypt")
        self.refused("cannot be used with it", f"{back} --encrypt")
        self.c1.sh("memxctl key add client /root/k1")
        self.refused("exists", f"{back} --key-check {old['key_check']}")
        self.unmake("v", "memxa")
        self.until(lambda: self.cluster.used(self.s1) == 0, "it is gone", 20)
        self.c1.sh("memxctl key add client /root/k2", check=False)
        self.c1.sh(f"{back} --key-check {old['key_check']}")
        self.check(self.volume("back")["key_check"] == old["key_check"], "the right one of two keys is taken")
        self.c1.sh("memxctl volume remove back")

    def ask(self, vol, op, page=0, n=0, arg=0, flags=0, text="", gen=0):
        self.c1.sh(f"echo 'gen {op} {vol} 1 {page} {n} {arg} {flags} {gen} 0 {text}' > {ASK}")
        words = dict(word.split("=") for word in self.c1.get(ASK).split())
        return int(words["err"]), int(words["status"]), int(words["mask"], 16)

    def tampered(self):
        """What a server has changed is an I/O error, not data."""
        self.make("v", "memxa")
        self.c1.sh("dd if=/tmp/text of=/dev/memxa bs=128k oflag=direct status=none")
        where = Volume(self.c1).map()[0]
        self.c1.sh(f"insmod {self.c1.module_dir()}/memx_ask.ko node=0x{where['node'].removeprefix('0x')}")
        self.until(lambda: "server=0" not in self.c1.get(ASK), "a server is heard", 10)
        vol = self.volume()["id"]
        self.check(self.ask(vol, OPEN, MIB * 256, arg=8, text="v")[:2] == (0, INVAL), "a sealed volume is not opened as a plain one")
        page = where["first"] * 256 + 100
        gen = next((g for g in range(1, 9) if self.ask(vol, READ, page, 1, flags=SEALED, gen=g) == (0, OK, 1)), 0)
        self.check(gen, "its pages can be asked for")
        self.check(self.ask(vol, READ, page, 1, gen=gen)[:2] == (0, INVAL), "but not as plain ones")
        self.check(self.ask(vol, WRITE, page, 1, flags=SEALED, gen=gen, text="77")[:2] == (0, OK),
                   "a page is changed behind the client's back")
        rc, out = self.c1.rc(f"dd if=/dev/memxa of=/tmp/is bs=4k skip={page} count=1 iflag=direct")
        self.check(rc != 0 and "Input/output error" in out, f"reading it fails: {out.strip()}")
        self.check(f"volume v: page {page} as server" in self.c1.dmesg(), "and is logged")
        counters = self.volume()["counters"]
        self.check(counters["bad_seals"] >= 1, f"and counted: {counters['bad_seals']}")
        rc, out = self.c1.rc(f"dd if=/tmp/text of=/dev/memxa bs=512 count=1 seek={page * 8} oflag=direct conv=notrunc")
        self.check(rc != 0, "a part of it cannot be written")
        self.c1.sh(f"dd if=/dev/memxa bs=4k skip={page + 1} count=8 iflag=direct status=none | cmp -n 32768 - /tmp/text")
        self.c1.sh(f"dd if=/tmp/text of=/dev/memxa bs=4k count=1 seek={page} oflag=direct conv=notrunc status=none")
        self.same()
        self.c1.sh("rmmod memx_ask")

    def spoiled(self, name, mtu, netem):
        """With other frames, and with a network that loses some."""
        for host in (self.c1, self.s1, self.s2):
            host.mtu(mtu)
            host.netem(netem)
        out = peers.fio_once(self.c1, "/dev/memxa", bs="4k", size="16M",
                             extra="--verify=crc32c --verify_fatal=1 --do_verify=1 --randseed=7")
        self.check(out["errors"] == 0, f"{name}: verified")
        self.figure(f"{name}_write_iops", out["iops"])
        out = peers.fio_once(self.c1, "/dev/memxa", bs="128k", depth=8, size="16M",
                             extra="--verify=crc32c --verify_fatal=1 --do_verify=1 --randseed=8")
        self.check(out["errors"] == 0, f"{name}: verified in large pieces")

    def ratio(self):
        """What encryption costs, side by side."""
        for host in (self.c1, self.s1, self.s2):
            host.netem(None)
        self.make("p", "memxb", "--no-encrypt")
        self.check(not self.volume("p")["sealed"] and self.volume("p")["key_check"] is None, "p is plain")
        for dev in ("memxa", "memxb"):
            peers.fio_once(self.c1, f"/dev/{dev}", rw="write", bs="128k", depth=8, size=f"{MIB}M")
        taken = {}
        for _ in range(ROUNDS):
            for dev, kind in (("memxa", "sealed"), ("memxb", "plain")):
                taken.setdefault(f"{kind}_us", []).append(peers.fio(self.c1, f"/dev/{dev}", seconds=2, size=f"{MIB}M")["lat_us"])
                for rw in ("randread", "randwrite"):
                    iops = peers.fio(self.c1, f"/dev/{dev}", rw, depth=32, seconds=2, size=f"{MIB}M")["iops"]
                    taken.setdefault(f"{kind}_{rw}_iops", []).append(iops)
        for key, values in taken.items():
            self.figure(key, round(peers.median(values), 1))
        for what in ("us", "randread_iops", "randwrite_iops"):
            self.figure(f"sealed_of_plain_{what}", round(self.figures[f"sealed_{what}"] / self.figures[f"plain_{what}"], 2))
        self.unmake("v", "memxa")

    def plain(self):
        """What is looked for above can be found."""
        wire, memory = self.watched("memxb")
        self.check(wire > MARK << 16, f"without encryption the text is on the wire: {wire}")
        self.check(memory > MARK << 15, f"and in the servers' memory: {memory}")
        self.unmake("p", "memxb")

    def end(self):
        for host in (self.s1, self.s2):
            self.until(lambda h=host: Server(h).show()["reserved_pages"] == 0, "all promises are given back", 20)
            host.sh("memxctl server stop && rmmod memx_server")
            text = [line for line in host.dmesg().split("\n") if "memx_server: unloaded" in line][-1]
            self.check("freed without clearing" not in host.dmesg(), f"nothing is left behind: {text}")
        self.cluster.balanced()

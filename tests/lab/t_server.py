# SPDX-License-Identifier: GPL-2.0
"""The memory server asked directly: what it stores, what it refuses, how it frees, and what a stop leaves behind."""
import os
import re

from lab import Test, linux
from labkit.memx import Server, load
from labkit.paths import ROOT

DO = "/sys/kernel/debug/memx_ask/do"
OPEN, DROP, READ, WRITE, DISCARD, STAT, SETGEN, LIST, BITMAP, ROSTER = range(1, 11)
OK, FULL, NOVOL, STALE, INVAL, AGAIN, NOCHUNK, OLDGEN, HELD = range(9)
RELEASE, SEALED, PLACE, TENTATIVE, FEATURES = 1, 2, 4, 8, 16
FEAT_GEN, NEW, OVER, END = 1, 2**32, 2**33, 2**64 - 1
with open(os.path.join(ROOT, "memx-core/engine/mx_wire.h"), encoding="utf-8") as header:
    FEATURES_KNOWN = sum(int(bit, 16) for bit in re.findall(r"MX_FEAT_[A-Z]+\t*= (0x[0-9a-f]+)", header.read()))
MIB = 256                               # pages
LEFT = re.compile(r"memx_server: unloaded, (.*)")


class T(Test):
    hosts = {"s1": linux(memory=1024), "c1": linux(), "c2": linux()}
    timeout = 1800

    def run(self):
        self.s1.sh("mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug")
        self.s1.memx_load("memx_server", memx_rmap="insecure=1")
        self.refusals()
        self.s1.sh("memxctl server start --dev eth0 --memory 64M")
        for host in (self.c1, self.c2):
            host.sh("mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug")
            load(host, "memx_core")
            host.sh(f"insmod {host.module_dir()}/memx_ask.ko")
            self.until(lambda: "server=0" not in host.get(DO), "the server is heard", 10)
        self.volumes()
        self.pages()
        self.sealed()
        self.hostile()
        self.capacity()
        self.freeing()
        self.owners()
        self.generations()
        self.claims()
        self.listing()
        self.storms()
        self.pressure()
        self.stop()

    # Asking.

    def ask(self, op, vol=1, epoch=1, page=0, n=0, arg=0, flags=0, text="", gen=None, features=0, host=None):
        """As nodes of before generations ask, unless there is a generation."""
        host = host or self.c1
        how, more = ("call", "") if gen is None else ("gen", f"{gen} {features} ")
        host.sh(f"echo '{how} {op} {vol:x} {epoch} {page} {n} {arg} {flags} {more}{text}' > {DO}")
        words = dict(word.split("=") for word in host.get(DO).split())
        self.check(words["err"] == "0", f"the reply is sound: {words}")
        self.seen = [int(s) for s in words["seen"].split(",") if s]
        self.free, self.used = int(words["free"]), int(words["vol"])
        self.arg, self.words = int(words["arg"]), words
        return int(words["status"])

    def good(self, op, **what):
        status = self.ask(op, **what)
        self.check(status == OK, f"op {op} {what} is done: status {status}")

    def bad(self, expected, op, **what):
        status = self.ask(op, **what)
        self.check(status == expected, f"op {op} {what}: status {status}, not {expected}")

    def read(self, page, n=1, **what):
        self.good(READ, page=page, n=n, **what)
        return self.seen

    def show(self):
        return Server(self.s1).show()

    def stats(self):
        return self.s1.counters("server")

    # Steps.

    def refusals(self):
        rc, out = self.s1.rc("memxctl server start --dev eth0 --memory 8G")
        self.check(rc != 0 and "spare" in out, f"more than the host has is refused: {out.strip()}")
        rc, out = self.s1.rc("memxctl server stop")
        self.check(rc != 0 and "not running" in out, f"there is nothing to stop: {out.strip()}")

    def volumes(self):
        self.bad(NOVOL, READ, n=1)
        self.bad(NOVOL, WRITE, n=1, text="7")
        self.good(OPEN, page=1000, arg=8, text="one")
        self.good(OPEN, page=1000, arg=8, text="one")
        self.bad(INVAL, OPEN, page=1001, arg=8, text="one")
        self.bad(INVAL, OPEN, page=1000, arg=9, text="one")
        self.bad(INVAL, OPEN, page=1000, arg=8, text="two")
        self.bad(INVAL, OPEN, vol=2, page=1000, arg=8, text="-x")
        self.bad(INVAL, OPEN, vol=0, page=1000, arg=8, text="zero")
        self.good(DROP, vol=99)
        self.good(STAT)
        rc, out = self.s1.rc("memxctl server start --memory 64M")
        self.check(rc != 0 and "already" in out, f"one server is enough: {out.strip()}")
        rc, out = self.s1.rc("rmmod memx_server")
        self.check(rc != 0 and "in use" in out, f"a running server cannot be unloaded: {out.strip()}")

    def pages(self):
        self.check(self.read(0, 4) == [0, 0, 0, 0], "nothing was written yet")
        self.good(WRITE, page=2, n=1, text="40")
        self.check(self.used == 1 and self.free == 64 * MIB - MIB, f"one page, one chunk: {self.used} {self.free}")
        self.check(self.read(0, 4) == [0, 0, 40, 0], "and there it is")
        self.good(WRITE, page=1, n=3, text="50")
        self.check(self.read(0, 4) == [0, 50, 51, 52], "overwritten")
        self.good(DISCARD, page=2, arg=1)
        self.check(self.read(0, 4) == [0, 50, 0, 52], "discarded")
        self.good(WRITE, page=999, n=1, text="60")
        self.check(self.free == 64 * MIB - MIB - (1000 - 3 * MIB), "the last chunk is only as big as the rest")
        self.good(DISCARD, page=768, arg=1000 - 768, flags=RELEASE)
        self.check(self.free == 64 * MIB - MIB, "a released chunk gives its promise up")

    def sealed(self):
        """Pages with trailers: kept with them, promised with them, and not to be mixed up with plain ones."""
        self.good(STAT)
        free = self.free
        self.good(OPEN, vol=6, page=4000, arg=8, text="six", flags=SEALED)
        self.bad(INVAL, OPEN, vol=6, page=4000, arg=8, text="six")
        self.bad(INVAL, OPEN, page=1000, arg=8, text="one", flags=SEALED)
        self.bad(INVAL, WRITE, vol=6, page=2, n=3, text="40")
        self.good(WRITE, vol=6, page=2, n=3, text="40", flags=SEALED)
        self.check(self.free == free - MIB - 2, f"a chunk takes two pages more: {free} {self.free}")
        self.check(self.read(0, 6, vol=6, flags=SEALED) == [0, 0, 40, 41, 42, 0], "pages with their trailers")
        self.good(WRITE, vol=6, page=3, n=1, text="60", flags=SEALED)
        self.good(DISCARD, vol=6, page=2, arg=1)
        self.check(self.read(0, 32, vol=6, flags=SEALED)[:6] == [0, 0, 0, 60, 42, 0], "each with its own")
        self.good(WRITE, vol=6, page=100, n=32, text="100", flags=SEALED)
        self.check(self.read(100, 32, vol=6, flags=SEALED) == list(range(100, 132)), "as many as fit")
        self.bad(INVAL, READ, vol=6, page=3, n=1)
        self.bad(INVAL, READ, page=3, n=1, flags=SEALED)
        self.bad(INVAL, WRITE, page=3, n=1, text="1", flags=SEALED)
        self.bad(INVAL, DISCARD, vol=6, page=0, arg=1, flags=SEALED)
        self.good(OPEN, vol=0x66, page=16 * MIB, arg=8, text="storm", flags=SEALED)
        self.storm(self.c1, 0x66, 9, count=4000, depth=16, pages=16 * MIB, flags=SEALED)
        self.good(DROP, vol=6)
        self.good(DROP, vol=0x66)
        self.until(lambda: self.ask(STAT) == OK and self.free == free, "all is given back", 10)

    def hostile(self):
        for what in (dict(op=READ, page=1000, n=1), dict(op=READ, page=999, n=2), dict(op=READ, page=255, n=2),
                     dict(op=READ, n=0), dict(op=READ, n=33), dict(op=READ, n=1, arg=1), dict(op=READ, n=1, flags=1),
                     dict(op=READ, page=2**63, n=1), dict(op=READ, page=2**64 - 1, n=32),
                     dict(op=WRITE, n=33, text="1"), dict(op=WRITE, page=1000, n=1, text="1"),
                     dict(op=WRITE, page=250, n=32, text="1"), dict(op=DISCARD, arg=0), dict(op=DISCARD, arg=257),
                     dict(op=DISCARD, arg=2**64 - 1), dict(op=DISCARD, page=10, arg=256, flags=RELEASE),
                     dict(op=DISCARD, arg=255, flags=RELEASE), dict(op=DISCARD, arg=1, flags=2), dict(op=0),
                     dict(op=7), dict(op=255), dict(op=STAT, arg=1), dict(op=DROP, page=1),
                     dict(op=OPEN, page=1000, arg=7, text="one"), dict(op=OPEN, page=1000, arg=63, text="one"),
                     dict(op=OPEN, page=2**40, arg=18, text="big"), dict(op=OPEN, page=0, arg=8, text="one"),
                     dict(op=OPEN, vol=3, page=1000, arg=8, text="n" * 64)):
            self.bad(INVAL, **what)
        self.check(self.read(0, 4) == [0, 50, 0, 52], "what is stored is as it was")
        self.check(len(Server(self.s1).volumes()) == 1, "no volume was made of it")

    def capacity(self):
        """64 MiB are 64 chunks of 1 MiB: one is taken already."""
        self.good(OPEN, vol=5, page=100 * MIB, arg=8, text="large")
        for chunk in range(63):
            self.good(WRITE, vol=5, page=chunk * MIB, n=1, text="9")
        self.check(self.free == 0, "all is promised")
        self.bad(FULL, WRITE, vol=5, page=63 * MIB, n=1, text="9")
        self.good(WRITE, vol=5, page=62 * MIB + 1, n=32, text="100")
        shown = self.show()
        self.check(shown["reserved_pages"] == 64 * MIB and shown["free_pages"] == 0, f"so the server says: {shown}")
        self.good(DISCARD, vol=5, page=3 * MIB, arg=MIB, flags=RELEASE)
        self.check(self.free == MIB, "a chunk is free")
        self.good(WRITE, vol=5, page=63 * MIB, n=1, text="9")
        self.bad(FULL, WRITE, vol=5, page=3 * MIB, n=1, text="9")

    def freeing(self):
        self.good(DROP, vol=5)
        self.bad(NOVOL, READ, vol=5, n=1)
        self.until(lambda: self.ask(STAT) == OK and self.free == 63 * MIB, "all its room is free", 10)
        self.until(lambda: self.stats()["limbo"] + self.stats()["dirty"] == 0, "and cleared", 10)
        figures = self.stats()
        self.check(figures["pages_created"] - figures["pages_destroyed"] == figures["stock"] + 2,
                   f"what it has of the host is the stock and two stored pages: {figures}")

    def owners(self):
        """An epoch belongs to a node; a higher one takes the volume over."""
        for op in (dict(op=READ, n=1), dict(op=WRITE, n=1, text="1"), dict(op=DISCARD, arg=1), dict(op=DROP),
                   dict(op=OPEN, page=1000, arg=8, text="one")):
            self.bad(STALE, host=self.c2, **op)
            self.bad(STALE, epoch=0, **op)
        self.bad(INVAL, READ, n=1, epoch=2)
        self.good(OPEN, page=1000, arg=8, text="one", epoch=2, host=self.c2)
        self.bad(STALE, READ, n=1)
        self.bad(STALE, OPEN, page=1000, arg=8, text="one")
        self.bad(STALE, WRITE, n=1, text="1")
        self.check(self.read(0, 4, epoch=2, host=self.c2) == [0, 50, 0, 52], "the pages went with it")
        self.check(self.protocol() == 0, "the server says that its owner knows no generations")
        self.good(DROP, epoch=2, host=self.c2)
        self.until(lambda: self.show()["used_pages"] == 0, "nothing is stored", 10)

    def protocol(self):
        return Server(self.s1).volumes()[0]["protocol"]

    def claim(self, epoch, flags=0, host=None, status=OK):
        what = dict(vol=8, page=1000, arg=8, text="eight", flags=FEATURES | flags, gen=0, features=FEAT_GEN)
        self.bad(status, OPEN, epoch=epoch, host=host, **what)

    def knows(self, vol, **what):
        """Chunks are placed once the owner's roster shows that it knows of the volume."""
        self.good(ROSTER, vol=vol, gen=0, text="1/self", **what)

    def generations(self):
        """What is of an older generation than the chunk has no effect."""
        self.claim(1)
        self.check(self.arg == NEW | FEATURES_KNOWN, f"made, and it knows generations: {self.arg:x}")
        self.check(self.protocol() == 1, "the server says so")
        one = dict(vol=8, n=1)
        self.bad(NOCHUNK, READ, gen=1, **one)
        self.bad(NOCHUNK, WRITE, gen=1, text="1", **one)
        self.bad(AGAIN, WRITE, gen=3, flags=PLACE, text="70", **one)
        self.knows(8)
        self.good(WRITE, gen=3, flags=PLACE, text="70", **one)
        self.good(WRITE, gen=3, page=1, text="71", **one)
        self.check(self.read(0, 3, vol=8, gen=3) == [70, 71, 0], "placed, and written to")
        self.bad(INVAL, READ, **one)
        self.good(SETGEN, vol=8, gen=4, text="self,77:1")
        self.good(SETGEN, vol=8, gen=4, text="77:1,self")
        for op in (dict(op=READ, n=1), dict(op=WRITE, n=1, text="1"), dict(op=DISCARD, arg=1),
                   dict(op=DISCARD, arg=256, flags=RELEASE), dict(op=BITMAP), dict(op=SETGEN, text="self")):
            self.bad(OLDGEN, vol=8, gen=3, **op)
            self.check(self.arg == 4, f"it says which it has: {self.arg}")
        self.bad(OLDGEN, SETGEN, vol=8, gen=4, text="self")
        self.bad(INVAL, SETGEN, vol=8, gen=5, text="self,self")
        self.bad(INVAL, SETGEN, vol=8, gen=5, page=1, text="self")
        self.bad(INVAL, WRITE, gen=5, text="1", **one)
        self.good(WRITE, gen=5, flags=PLACE, text="90", **one)
        self.check(self.read(0, 3, vol=8, gen=5) == [90, 0, 0], "a left-over is gone with all its pages")
        self.good(SETGEN, vol=8, page=256, gen=1, flags=PLACE, text="77:1")
        self.bad(INVAL, READ, page=256, gen=1, **one)
        self.good(WRITE, page=256, gen=1, text="91", **one)
        self.good(SETGEN, vol=8, page=256, gen=2, text="self")
        self.check(self.read(256, 1, vol=8, gen=2) == [91], "a copy that was filled and is a member can be read")

    def claims(self):
        """A tentative claim looks, and holds the volume; a committed one takes it."""
        self.claim(2, TENTATIVE, host=self.c2)
        two = dict(vol=8, epoch=2, gen=0, host=self.c2)
        self.good(LIST, n=1, **two)
        self.check(self.words["list"] == "0:5:1:0:1,1:2:1:0:1" and self.arg == END, f"its chunks: {self.words['list']}")
        self.bad(INVAL, READ, vol=8, epoch=2, gen=5, n=1, host=self.c2)
        self.bad(INVAL, ROSTER, text="1/self", **two)
        self.good(WRITE, vol=8, n=1, page=3, gen=5, text="93")
        self.bad(HELD, DROP, vol=8)
        self.good(DROP, vol=8, epoch=2, host=self.c2)
        self.claim(2, TENTATIVE, host=self.c2)
        self.claim(2, host=self.c2)
        self.check(self.arg == OVER | FEATURES_KNOWN, f"taken over, not made: {self.arg:x}")
        self.bad(STALE, WRITE, vol=8, n=1, gen=5, text="1")
        self.check(self.arg == 2, "the loser learns the epoch")
        self.claim(1, status=STALE)
        self.claim(1, TENTATIVE, status=STALE)
        self.good(BITMAP, vol=8, epoch=2, gen=5, host=self.c2)
        self.check(self.words["bits"] == "2" and self.words["first"] == "9" and self.words["len"] == "32",
                   f"pages 0 and 3: {self.words}")
        self.good(ROSTER, **two)
        self.check(self.words["roster"] == "1:1", f"the other owner's roster: {self.words['roster']}")
        self.good(ROSTER, text="5/self,77:1", **two)
        self.bad(OLDGEN, ROSTER, text="5/self", **two)
        self.bad(OLDGEN, ROSTER, text="4/self", **two)
        self.bad(INVAL, ROSTER, text="6/self,self", **two)
        self.good(ROSTER, **two)
        self.check(self.words["roster"] == "5:2", f"as it was stored: {self.words['roster']}")
        self.good(DROP, vol=8, epoch=2, host=self.c2)
        self.until(lambda: self.show()["used_pages"] == 0, "nothing is stored", 10)

    def listing(self):
        """More chunks than an answer has room for are told in steps."""
        self.good(OPEN, vol=11, page=60 * MIB, arg=8, text="many", flags=FEATURES | SEALED, gen=0, features=FEAT_GEN)
        self.knows(11)
        for chunk in range(0, 60, 2):
            self.good(WRITE, vol=11, page=chunk * MIB, n=1, gen=chunk + 1, flags=PLACE | SEALED, text=str(chunk + 1))
        self.good(LIST, vol=11, n=32, gen=0, page=57)
        self.check(self.words["list"] == "58:59:1:0:1" and self.arg == END, f"from the one asked for on: {self.words}")
        self.good(LIST, vol=11, n=1, gen=0)
        self.check(self.words["list"].count(",") == 29 and self.arg == END, f"30 chunks: {self.words}")
        self.good(LIST, vol=11, n=1, gen=0, page=16383)
        self.check(self.words["len"] == "0" and self.arg == END, "none beyond the end")
        self.good(DROP, vol=11)
        self.good(OPEN, vol=12, page=MIB << 16, arg=18, text="big", flags=FEATURES, gen=0, features=FEAT_GEN)
        self.knows(12)
        self.bad(FULL, WRITE, vol=12, n=1, gen=1, flags=PLACE, text="1")
        self.good(DROP, vol=12)
        self.until(lambda: self.show()["free_pages"] == 64 * MIB, "all its room is free", 10)

    def storm(self, host, vol, seed, depth=32, count=8000, pages=28 * MIB, epoch=1, flags=0, gen=0):
        host.sh(f"echo 'storm {vol:x} {epoch} {pages} {count} {depth} {seed} {flags} {gen}' > {DO}", 240)
        words = dict(word.split("=") for word in host.get(DO).split())
        self.check(words["failed"] == "0" and words["bad"] == "0", f"{host}: every answer is right: {words}")
        return int(words["again"])

    def storms(self):
        """Two clients at once, one of before generations, each page checked; then again on a bad network."""
        self.good(OPEN, vol=0xa1, page=28 * MIB, arg=8, text="storm")
        self.good(OPEN, vol=0xa2, page=28 * MIB, arg=8, text="storm", flags=FEATURES, gen=0, features=FEAT_GEN,
                  host=self.c2)
        self.knows(0xa2, host=self.c2)
        self.together(lambda: self.storm(self.c1, 0xa1, 1), lambda: self.storm(self.c2, 0xa2, 2, gen=7))
        for host in (self.c1, self.c2, self.s1):
            host.netem("loss 1% duplicate 1% delay 1ms reorder 25%")
        self.together(lambda: self.storm(self.c1, 0xa1, 3, count=2000), lambda: self.storm(self.c2, 0xa2, 4, count=2000, gen=7))
        for host in (self.c1, self.c2, self.s1):
            host.netem(None)
        figures = self.stats()
        for key in ("deferred", "stock_dry", "scrubbed", "again"):
            self.figure(key, figures[key])

    def pressure(self):
        """56 of 64 MiB are promised. The host runs out of memory: the server gives its stock back and kills nobody."""
        self.check(self.show()["free_pages"] == 8 * MIB, "there is room")
        self.s1.sh("mount -t tmpfs -o size=2G none /mnt")
        free = int(self.s1.sh("awk '/MemAvailable/ {print int($2 / 1024)}' /proc/meminfo"))
        self.s1.sh(f"head -c {max(free - 40, 1)}M /dev/zero > /mnt/fill", 120)
        self.until(lambda: self.show()["free_pages"] == 0, "nothing is promised any more", 10)
        self.good(OPEN, vol=7, page=MIB, arg=8, text="late")
        self.bad(FULL, WRITE, vol=7, n=1, text="1")
        again = self.storm(self.c1, 0xa1, 5, count=2000)
        self.figure("again_short_of_memory", again)
        self.s1.sh("umount /mnt")
        self.until(lambda: self.show()["free_pages"] > 0, "and then again", 10)
        self.good(WRITE, vol=7, n=1, text="1")
        self.storm(self.c1, 0xa1, 6, count=2000)
        self.check("Out of memory" not in self.s1.dmesg() and "oom-kill" not in self.s1.dmesg(), "nobody was killed")

    def stop(self):
        rc, out = self.s1.rc("memxctl server stop")
        self.check(rc != 0 and "would lose" in out, f"a stop that loses pages is refused: {out.strip()}")
        self.storm(self.c1, 0xa1, 7, count=1000)
        self.s1.sh("memxctl server stop --force", 60)
        shown = self.show()
        self.check(shown["state"] == "stopped" and shown["used_pages"] == 0 and shown["volumes"] == 0, f"stopped: {shown}")
        figures = self.stats()
        self.check(figures["stock"] == figures["dirty"] == 0, f"no stock is left: {figures}")
        self.s1.sh("memxctl server start --memory 64M && memxctl server stop")
        self.s1.sh("rmmod memx_server")
        text = LEFT.findall(self.s1.dmesg())[-1]
        counts = re.findall(r"created (\d+) destroyed (\d+)", text)
        self.check(len(counts) == 3 and all(a == b for a, b in counts), f"nothing is left behind: {text}")
        self.check("freed without clearing" not in self.s1.dmesg(), "all was cleared")
